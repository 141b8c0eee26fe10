//! Addresses that can be read but not clicked: `hxxp://a[.]example/x`.
//!
//! Mail programs make links of anything that looks like a host, in titles and quotes too; so every text from outside goes
//! through here before it stands in a body. Rather one dot too many is taken than one too few.

/// Rewrites every address and host name in a text. Doing it twice changes nothing more.
pub fn defang(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if chars[at..].starts_with(&[':', '/', '/']) {
            scheme(&mut out);
            at += 3;
        } else if is_dot(&chars, at) && !is_decimal(&chars, at) {
            out.push_str("[.]");
            at += 1;
        } else {
            out.push(c);
            at += 1;
        }
    }
    out
}

/// What has just been written is the scheme: http becomes hxxp, others lose their colon.
fn scheme(out: &mut String) {
    for (name, written) in [("http", "hxxp"), ("https", "hxxps"), ("hxxp", "hxxp"), ("hxxps", "hxxps")] {
        let start = out.len().checked_sub(name.len()).filter(|start| out.is_char_boundary(*start));
        let Some(start) = start.filter(|start| out[*start..].eq_ignore_ascii_case(name)) else { continue };
        // "xhttps" is no scheme of the web; its end must not be mistaken for one.
        if out[..start].ends_with(|c: char| c.is_ascii_alphanumeric()) {
            continue;
        }
        out.truncate(start);
        out.push_str(written);
        out.push_str("://");
        return;
    }
    out.push_str("[:]//");
}

fn is_dot(chars: &[char], at: usize) -> bool {
    let inner = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let latin = |c: &char| c.is_ascii_alphanumeric();
    let before = at.checked_sub(1).and_then(|at| chars.get(at));
    let (Some(before), Some(after)) = (before, chars.get(at + 1)) else { return false };
    match chars[at] {
        '.' | '．' | '｡' => inner(before) && inner(after),
        // Between Chinese characters it ends a sentence; between Latin letters a browser takes it for a dot.
        '。' => latin(before) && latin(after),
        _ => false,
    }
}

/// 3.5元 is a price; 1.2.3.4, //1.2 and 1.2:80 are hosts.
fn is_decimal(chars: &[char], at: usize) -> bool {
    let digits_before = chars[..at].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let digits_after = chars[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
    if digits_before == 0 || digits_after == 0 || digits_before + digits_after > 9 {
        return false;
    }
    let host = |c: char| c.is_ascii_alphanumeric() || ".．。｡-_@:/[]".contains(c);
    let before = (at - digits_before).checked_sub(1).map(|at| chars[at]);
    let after = chars.get(at + 1 + digits_after).copied();
    !before.is_some_and(host) && !after.is_some_and(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_and_hosts_cannot_be_clicked() {
        let table = [
            ("http://a.example.test/x.html?q=1.5", "hxxp://a[.]example[.]test/x[.]html?q=1.5"),
            ("HTTPS://A.Example.test", "hxxps://A[.]Example[.]test"),
            ("请访问www.example.test查询", "请访问www[.]example[.]test查询"),
            ("证书查询.example", "证书查询[.]example"),
            ("www。example。test", "www[.]example[.]test"),
            ("www．example．test", "www[.]example[.]test"),
            ("http://192.0.2.7:8080/", "hxxp://192[.]0[.]2[.]7:8080/"),
            ("192.0.2.7", "192[.]0[.]2[.]7"),
            ("http://1.2/", "hxxp://1[.]2/"),
            ("http://user:pw@a.test/", "hxxp://user:pw@a[.]test/"),
            ("ftp://a.test tg://join?x=1", "ftp[:]//a[.]test tg[:]//join?x=1"),
            ("a@b.test", "a@b[.]test"),
            ("低压电工。三天拿证。仅3.5元", "低压电工。三天拿证。仅3.5元"),
            ("hxxp://a[.]test", "hxxp://a[.]test"),
        ];
        for (text, expected) in table {
            assert_eq!(defang(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn twice_is_once_and_no_link_survives(text in "(https?://)?[a-z0-9.。：/_ 证-]{0,40}") {
            let once = defang(&text);
            prop_assert_eq!(defang(&once), once.clone());
            prop_assert!(!once.to_lowercase().contains("http://") && !once.contains("https://"));
        }
    }
}
