//! From bytes of a reply to text that is safe to keep. Start at [`decode`].

use std::borrow::Cow;

use jianzheng_core::page::charset;

/// The body as text, in the charset it is told in or looks like.
pub(crate) fn decode<'b>(body: &'b [u8], content_type: Option<&str>) -> Cow<'b, str> {
    charset::decode(body, content_type.and_then(charset::of_content_type)).text
}

/// One line of at most `most` characters: blanks collapsed, controls and invisible marks gone.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut kept = 0;
    let mut blank = false;
    for c in text.chars() {
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        let invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || invisible {
            continue;
        }
        if kept >= most {
            break;
        }
        if blank && kept > 0 {
            line.push(' ');
            kept += 1;
        }
        blank = false;
        line.push(c);
        kept += 1;
    }
    line
}

/// Bytes behind base64, either alphabet, padding optional.
pub(super) fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0u32);
    for b in text.trim_end_matches('=').bytes() {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_text_is_one_clean_line() {
        assert_eq!(clean("  低压\u{200b}电工\n\t证\u{1b}[31m  ", 20), "低压电工 证[31m");
        assert_eq!(clean("一二三四", 2), "一二");
    }

    #[test]
    fn base64_is_read_in_both_alphabets() {
        assert_eq!(base64url("aHR0cHM6Ly9hLmV4YW1wbGUvP3E9MQ").as_deref(), Some(b"https://a.example/?q=1".as_slice()));
        assert_eq!(base64url("-_8=").as_deref(), Some([0xfb, 0xff].as_slice()));
        assert_eq!(base64url("a b"), None);
    }
}
