//! What addresses that differ only in a number, a date or a token have in common: one pattern, under which a site can have pages
//! without end.
//!
//! A pattern accuses nobody: lists of offers have one too (`/list_2.html`). Who counts pages under it decides when it is a
//! trap. Start at [`of`].

use url::Url;

/// Letters and digits in a row from which they are a token, if both kinds are among them.
const TOKEN: usize = 12;

/// The path and query with each number as `0` and each token as `*`; none where nothing in the address varies.
pub fn of(url: &Url) -> Option<String> {
    let text = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut pattern = String::with_capacity(text.len());
    let mut varies = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // A byte that is written in digits is none: the names of two trades are two names.
        if let Some((escape, behind)) = rest.split_at_checked(3).filter(|_| first == '%') {
            pattern.push_str(escape);
            rest = behind;
            continue;
        }
        let run = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (word, behind) = rest.split_at(run.max(first.len_utf8()));
        rest = behind;
        if is_token(word) {
            pattern.push('*');
            varies = true;
            continue;
        }
        let mut number = false;
        for c in word.chars() {
            let digit = c.is_ascii_digit();
            match (digit, number) {
                (true, false) => pattern.push('0'),
                (true, true) => {}
                (false, _) => pattern.push(c),
            }
            (number, varies) = (digit, varies || digit);
        }
    }
    varies.then_some(pattern)
}

fn is_token(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    word.len() >= TOKEN && word.bytes().all(|b| b.is_ascii_alphanumeric()) && digits > 0 && digits < word.len()
}

/// The month (years times twelve and months from January) of a date in the address: `/2031/05/`, `2031-5`, `201105`,
/// `year=2031&month=5`. Digits in a token are no date.
pub fn month_of(url: &Url) -> Option<i32> {
    let text = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !is_token(word));
    let numbers = words.flat_map(|word| word.split(|c: char| !c.is_ascii_digit())).filter(|run| !run.is_empty());
    let numbers: Vec<&str> = numbers.collect();
    let whole = |year: &str, month: &str| -> Option<i32> {
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        ((1900..=2999).contains(&year) && (1..=12).contains(&month)).then_some(year * 12 + month - 1)
    };
    let pairs = numbers.windows(2).filter(|pair| pair[0].len() == 4 && pair[1].len() <= 2);
    let joined = numbers.iter().filter(|run| matches!(run.len(), 6 | 8));
    pairs.filter_map(|pair| whole(pair[0], pair[1])).chain(joined.filter_map(|run| whole(&run[..4], &run[4..6]))).next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(rest: &str) -> Url {
        Url::parse(&format!("http://a.example{rest}")).unwrap()
    }

    #[test]
    fn addresses_that_differ_in_a_number_or_a_token_have_one_pattern() {
        let check = |rest: &str, wanted: Option<&str>| assert_eq!(of(&url(rest)).as_deref(), wanted, "{rest}");
        check("/list_2.html", Some("/list_0.html"));
        check("/list_217.html?p=3", Some("/list_0.html?p=0"));
        check("/2026/11/27/a.html", Some("/0/0/0/a.html"));
        check("/e?sid=0af35c9e2b7d41aa&x=y", Some("/e?sid=*&x=y"));
        check("/item/5b0f7c1e9a3d4428b6.html", Some("/item/*.html"));
        check("/about/contact", None);
        check("/qualification/certificate", None);
        check("/a1b2/", Some("/a0b0/"));
        check("/%E7%94%B5%E5%B7%A5", None);
        check("/%E7%94%B5/12", Some("/%E7%94%B5/0"));
    }

    #[test]
    fn a_date_in_an_address_is_a_month() {
        let check = |rest: &str, wanted: Option<(i32, i32)>| {
            assert_eq!(month_of(&url(rest)), wanted.map(|(year, month)| year * 12 + month - 1), "{rest}");
        };
        check("/2031/05/", Some((2031, 5)));
        check("/cal?year=2031&month=5", Some((2031, 5)));
        check("/art/2026/9/18/art_1_3021.html", Some((2026, 9)));
        check("/n/20261105.html", Some((2026, 11)));
        check("/c/202611/x", Some((2026, 11)));
        check("/post/118.html", None);
        check("/p/2026", None);
        check("/sell/2088/13.html", None);
        check("/123456789", None);
        check("/p?sid=0af3x203105x5e9c2b", None);
    }

    proptest! {
        #[test]
        fn any_address_has_a_pattern_or_none_and_a_pattern_is_its_own(rest in "/[ -~一-龥]{0,60}") {
            if let Ok(url) = Url::parse(&format!("http://a.example{rest}")) {
                let _ = month_of(&url);
                if let Some(pattern) = of(&url) {
                    prop_assert!(pattern.len() <= url.as_str().len());
                }
            }
        }
    }
}
