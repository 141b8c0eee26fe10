//! Which encoding a page is in, and its text in UTF-8.
//!
//! The order is the browsers' (WHATWG "encoding sniffing"): byte order mark, HTTP header, `<meta>` in the first kilobyte, then a
//! guess. Chinese pages often declare one thing and are another, so a declared encoding loses to the guess where the bytes contradict
//! it and say more in another one (`readings`). Decoding never fails: what cannot be read becomes U+FFFD. Start at [`decode`].

mod readings;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use std::borrow::Cow;

use self::readings::{Readings, telling};
use super::token::{Token, Tokenizer};

/// How much of a page is searched for `<meta charset>`. The standard's first look is at 1,024 bytes, but browsers begin anew where
/// one comes later.
const META_WINDOW: usize = 16 * 1024;
/// How much of what tells is shown to the detector. Chinese text shows itself within this.
const GUESS_WINDOW: usize = 64 * 1024;

/// What told the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// A byte order mark.
    Mark,
    /// The HTTP header.
    Header,
    /// A `<meta>` tag.
    Meta,
    /// The bytes themselves.
    Guess,
}

/// Decoded text.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text, without byte order mark.
    pub text: Cow<'a, str>,
    /// The encoding that was used, by its standard name.
    pub charset: &'static str,
    /// What told it.
    pub told: Told,
}

/// Decodes a page. `header` is the charset of the Content-Type header, as far as there was one; it may be wrong.
pub fn decode<'a>(bytes: &'a [u8], header: Option<&str>) -> Decoded<'a> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return Decoded { text, charset: encoding.name(), told: Told::Mark };
    }
    let declared = header
        .and_then(known)
        .filter(|e| !wide(e) || looks_wide(bytes))
        .map(|e| (e, Told::Header))
        .or_else(|| meta(bytes).map(|e| (e, Told::Meta)));
    if let Some((encoding, told)) = declared {
        let encoding = widen(encoding);
        if encoding != UTF_8 && surely_utf8(bytes) {
            let text = String::from_utf8_lossy(bytes);
            return Decoded { text, charset: UTF_8.name(), told: Told::Guess };
        }
        let (text, bad) = encoding.decode_without_bom_handling(bytes);
        // A single-byte encoding fits every byte there is; a server's default that a page's own word contradicts is no witness.
        let idle = encoding.is_single_byte() && told == Told::Header && bytes.iter().any(|b| *b >= 0x80);
        if !idle && holds(encoding, &text, bad, bytes) {
            return Decoded { text, charset: encoding.name(), told };
        }
        // Labelled wrongly. If a meta tag tells something else that fits, it is believed before the guess.
        if told == Told::Header
            && let Some(other) = meta(bytes).map(widen).filter(|o| *o != encoding)
        {
            let (text, bad) = other.decode_without_bom_handling(bytes);
            if holds(other, &text, bad, bytes) {
                return Decoded { text, charset: other.name(), told: Told::Meta };
            }
        }
    }
    let encoding = guess(bytes);
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, charset: encoding.name(), told: Told::Guess }
}

/// GBK pages use characters of its superset; decoding them as GB18030 loses nothing.
fn widen(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

/// Valid UTF-8 with several three-byte characters: next to impossible by chance in GBK or Big5 (two characters may do it, 联通
/// being the famous pair), while UTF-8 read as GB18030 hardly ever shows an error. A cut at the very end is forgiven.
fn surely_utf8(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none() && e.valid_up_to() + 3 >= bytes.len(),
    };
    valid && bytes.iter().filter(|b| (0xE2..=0xEF).contains(*b)).take(4).count() == 4
}

/// Whether a label is to be believed. What is broken counts by its share and against what another encoding would say: pages are cut,
/// comments hold rubbish, and a browser shows both cleanly. Where nothing is broken GBK and Big5 may still be mistaken for each other.
fn holds(encoding: &'static Encoding, text: &str, bad: bool, bytes: &[u8]) -> bool {
    if !(bad || encoding == BIG5 || encoding == GB18030 && has_private(text)) {
        return true;
    }
    let readings = Readings::of(&telling(bytes));
    if encoding == UTF_8 {
        readings.may_be_utf8() || wide_by_zeros(bytes).is_none() && !readings.says_more_than_utf8()
    } else if encoding == GB18030 {
        !readings.is_utf8() && !readings.is_big5() && (!bad || readings.gb.is_clear() || !contradicted(text, bytes))
    } else if encoding == BIG5 {
        !readings.is_utf8() && !readings.is_gb() && (!bad || readings.big5.is_clear() || !contradicted(text, bytes))
    } else {
        !bad || !contradicted(text, bytes)
    }
}

/// Several characters of the private area (U+E000 to U+EFFF, EE in UTF-8), which Big5 becomes when it is read as GBK.
fn has_private(text: &str) -> bool {
    memchr::memchr_iter(0xEE, text.as_bytes()).take(4).count() == 4
}

/// Is the text so full of replacements that the label must be wrong?
fn contradicted(text: &str, bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    let broken = text.matches('\u{FFFD}').count();
    broken > 2 && broken * 10 > high / 2
}

/// One of the encodings of two bytes a character.
fn wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Could this be UTF-16 at all? Markup in it has zeros; a label that says so of a page without is a mistake.
fn looks_wide(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(512)].contains(&0)
}

/// UTF-16 without a mark: every second byte of its markup is zero, and hardly one between them (一 is 4E 00).
fn wide_by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(512)];
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let many = |count: usize| head.len() >= 16 && count > head.len() / 8;
    match (zeros(0), zeros(1)) {
        (even, odd) if many(odd) && even * 8 <= odd => Some(UTF_16LE),
        (even, odd) if many(even) && odd * 8 <= even => Some(UTF_16BE),
        _ => None,
    }
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if let Some(wide) = wide_by_zeros(bytes) {
        return wide;
    }
    // A page that ends in the midst of a character is one that was cut.
    if std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return UTF_8;
    }
    let telling = telling(bytes);
    let readings = Readings::of(&telling);
    if readings.is_utf8() {
        return UTF_8;
    }
    // No hint of the host's ending is given. With one of .cn even titles of two signs in GBK are told (931 of 952 instead of 586), but
    // no Big5 at all, however long. Without one, of texts of 16 signs 900 of 902 are told in GBK and 696 of 696 in Big5 (labelled pages'
    // beginnings, November 2026).
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    // Not the last piece: what is cut at its end is no error.
    detector.feed(&telling[..telling.len().min(GUESS_WINDOW)], false);
    let guessed = widen(detector.guess(None, Utf8Detection::Allow));
    // The detector drops an encoding at the first byte that it does not have.
    match guessed.is_single_byte() {
        true if readings.is_big5() && readings.big5.is_clear() => BIG5,
        true if readings.is_gb() && readings.gb.is_clear() => GB18030,
        _ => guessed,
    }
}

/// The encoding that the first bytes declare: an XML declaration, or a `<meta>` by the standard's rules (§13.2.3.2, "prescan").
fn meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let window = &bytes[..bytes.len().min(META_WINDOW)];
    let xml = window.starts_with(b"<?xml");
    if !xml && !window.windows(7).any(|w| w.eq_ignore_ascii_case(b"charset")) {
        return None;
    }
    // Names and labels are ASCII in any encoding that a tag could have been read in; what is not is no part of them.
    let ascii: String = window.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '?' }).collect();
    if xml && let Some(encoding) = xml_declaration(&ascii) {
        return Some(encoding);
    }
    let mut tokens = Tokenizer::new(&ascii);
    while let Some(token) = tokens.next_token() {
        // A script or a style may hold a tag: nobody knows yet that it is one.
        tokens.read_as_markup();
        let Token::Start { name, .. } = token else { continue };
        if !name.eq_ignore_ascii_case("meta") {
            continue;
        }
        let pragma = tokens.attribute("http-equiv").is_some_and(|h| h.eq_ignore_ascii_case("content-type"));
        let label =
            tokens.attribute("charset").or_else(|| tokens.attribute("content").filter(|_| pragma).and_then(in_content));
        if let Some(encoding) = label.and_then(declared) {
            return Some(encoding);
        }
    }
    None
}

/// The encoding of a label inside the page. What could be read byte by byte is not in UTF-16 (the standard).
fn declared(label: &str) -> Option<&'static Encoding> {
    let encoding = known(label)?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

/// The encoding of a label. Those that browsers refuse to read (hz-gb-2312 and the like, which become a single U+FFFD) tell us
/// nothing: such a page is guessed.
fn known(label: &str) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    Some(if encoding == X_USER_DEFINED { WINDOWS_1252 } else { encoding })
}

/// `<?xml version="1.0" encoding="gb2312"?>`: many pages made for old phones say it nowhere else.
fn xml_declaration(head: &str) -> Option<&'static Encoding> {
    let declaration = &head[..head.find('>')?];
    let rest = declaration[declaration.find("encoding")? + 8..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = &rest[1..];
    declared(&label[..label.find(quote)?])
}

/// The charset in the content of a `<meta http-equiv>`.
fn in_content(content: &str) -> Option<&str> {
    let lower = content.to_ascii_lowercase();
    let mut from = 0;
    loop {
        from += lower[from..].find("charset")? + 7;
        let Some(rest) = content[from..].trim_start().strip_prefix('=') else { continue };
        let rest = rest.trim_start();
        return match rest.chars().next()? {
            quote @ ('"' | '\'') => rest[1..].find(quote).map(|end| &rest[1..=end]),
            _ => Some(rest.split([' ', '\t', '\n', '\x0c', '\r', ';']).next().unwrap_or(rest)),
        };
    }
}

/// The charset parameter of a Content-Type header's value.
pub fn of_content_type(value: &str) -> Option<&str> {
    let at = value.to_ascii_lowercase().find("charset")?;
    let rest = value[at + 7..].trim_start().strip_prefix('=')?.trim_start();
    let rest = rest.strip_prefix('"').or_else(|| rest.strip_prefix('\'')).unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.:".contains(c)).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

#[cfg(test)]
#[path = "charset_tests.rs"]
mod tests;
