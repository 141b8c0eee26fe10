//! Whether results have anything to do with the query.
//!
//! An engine that does not want to answer may give a page of anything. The test is deliberately weak: one shared word, or one
//! shared pair of Chinese characters, in one title or text is enough. Start at [`any_relevant`].

use super::Candidate;

/// Whether one of the results shares a word with the query. A query without words shares with everything.
pub(super) fn any_relevant(query: &str, found: &[Candidate]) -> bool {
    let grams = grams(query);
    grams.is_empty()
        || found.iter().any(|candidate| {
            [&candidate.title, &candidate.snippet].into_iter().any(|text| {
                let text: String = squeezed(text).collect();
                grams.iter().any(|gram| text.contains(gram.as_str()))
            })
        })
}

/// Lower-case letters, digits and Chinese, full-width forms undone, everything else gone: sellers write 办.证.
fn squeezed(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .map(|c| match c {
            '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            _ => c,
        })
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
}

/// Latin words of two letters or more, and pairs of neighbouring other characters. Operators such as `site:` are no words.
fn grams(query: &str) -> Vec<String> {
    let mut grams = Vec::new();
    for word in query.split_whitespace().filter(|word| !word.contains(':')) {
        let chars: Vec<char> = squeezed(word).collect();
        for run in chars.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
            if run.len() >= 2 && run[0].is_ascii() {
                grams.push(run.iter().collect());
            } else if run.len() >= 2 {
                grams.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
            }
        }
    }
    grams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_shared_word_makes_results_relevant() {
        let check = |query: &str, title: &str, wanted: bool| {
            let candidate = Candidate {
                url: url::Url::parse("http://a.example/").expect("a fixed address"),
                title: title.into(),
                snippet: String::new(),
                date: None,
                rank: 1,
                ad: false,
                needs_lookup: false,
                engine: None,
            };
            assert_eq!(any_relevant(query, &[candidate]), wanted, "{query} / {title}");
        };
        check("低压电工证 代办", "电工上岗证怎么考", true);
        check("低压电工证 代办", "今日天气晴", false);
        check("办.证", "快速办 证", true);
        check("N1叉车证", "ｎ１ 培训", true);
        check("site:58.com 焊工证", "58.com 首页", false);
        check("tzzy 查询", "TZZY", true);
        check("\"\"", "随便什么", true);
    }
}
