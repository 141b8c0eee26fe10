//! What a text says itself, where it also quotes: a seller's words in a report are somebody else's.
//!
//! Only marks of quotation count, and only around what is longer than a term in quotes and shorter than a letter. Start at [`outside`].

/// Marks with which quotations begin.
pub(super) const OPEN: [char; 4] = ['“', '「', '『', '"'];
const CLOSE: [char; 4] = ['”', '」', '』', '"'];
/// Signs between the marks of a quotation: fewer are a term, more are no longer one.
const LONG: std::ops::RangeInclusive<usize> = 5..=160;

/// The parts of a passage without what stands in their quotations; none where nothing is quoted.
pub(super) fn outside(passage: &[&str]) -> Option<Vec<String>> {
    let quotes = passage.iter().any(|part| part.contains(OPEN) && next(part).is_some());
    quotes.then(|| passage.iter().map(|part| without(part)).collect())
}

fn without(mut text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    while let Some(at) = next(text) {
        out.push_str(&text[..at.start]);
        out.push_str("“”");
        text = &text[at.end..];
    }
    out + text
}

/// The first quotation of a text with its marks, in bytes.
fn next(text: &str) -> Option<std::ops::Range<usize>> {
    text.char_indices().filter(|(_, sign)| OPEN.contains(sign)).find_map(|(start, sign)| {
        let inner = start + sign.len_utf8();
        let (long, (end, mark)) = text[inner..]
            .char_indices()
            .enumerate()
            .take(LONG.end() + 1)
            .find(|(_, (_, sign))| CLOSE.contains(sign))?;
        LONG.contains(&long).then(|| start..inner + end + mark.len_utf8())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_left_out() {
        let one = |text: &str| outside(&[text]).map(|parts| parts.concat());
        assert_eq!(one("他说:“照片发来就行,别的不管”,我没信").as_deref(), Some("他说:“”,我没信"));
        assert_eq!(one("他说:\"照片发来就行\",又说「别的都不用管」").as_deref(), Some("他说:“”,又说“”"));
        assert_eq!(one("所谓“包过”的“老师”"), None, "terms");
        assert_eq!(one("他说:“照片发来就行,别的不管"), None, "never closed");
        assert_eq!(one(&format!("“{}”", "长".repeat(161))), None, "a letter");
        assert_eq!(outside(&["照片发来", "“照片发来就行”"]), Some(vec!["照片发来".to_owned(), "“”".to_owned()]));
    }

    #[test]
    fn many_open_marks_cost_little_and_change_nothing() {
        let text = "“".repeat(10_000);
        assert_eq!(outside(&[&text]), None);
    }
}
