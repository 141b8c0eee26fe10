//! Which encoding a page is in, and its text in UTF-8.
//!
//! The order is the browsers' (WHATWG "encoding sniffing"): byte order mark, HTTP header, `<meta>` in the first kilobyte, then a
//! guess. Chinese pages often declare one thing and are another, so a declared encoding that the bytes contradict loses to
//! the guess. Decoding never fails: what cannot be read becomes U+FFFD. Start at [`decode`].

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// How much of a page is searched for `<meta charset>`; the standard says 1,024, real pages need more.
const META_WINDOW: usize = 4096;
/// How much of a page is shown to the detector. Chinese text shows itself within this.
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
        .and_then(|label| Encoding::for_label(label.trim().as_bytes()))
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
        if !idle && (!bad || !contradicted(&text, bytes)) {
            return Decoded { text, charset: encoding.name(), told };
        }
        // Labelled wrongly. If a meta tag tells something else that fits, it is believed before the guess.
        if told == Told::Header
            && let Some(other) = meta(bytes).map(widen).filter(|o| *o != encoding)
        {
            let (text, bad) = other.decode_without_bom_handling(bytes);
            if !bad {
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

/// Is the text so full of replacements that the label must be wrong? A few bad bytes are no proof: pages are cut, comments broken.
fn contradicted(text: &str, bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    let broken = text.matches('\u{FFFD}').count();
    broken > 2 && broken * 10 > high / 2
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    // UTF-16 without a mark: every second byte of its markup is zero.
    let head = &bytes[..bytes.len().min(512)];
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    if head.len() >= 64 {
        if zeros(1) > head.len() / 8 && zeros(0) == 0 {
            return UTF_16LE;
        }
        if zeros(0) > head.len() / 8 && zeros(1) == 0 {
            return UTF_16BE;
        }
    }
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let window = &bytes[..bytes.len().min(GUESS_WINDOW)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(window, true);
    widen(detector.guess(None, Utf8Detection::Allow))
}

/// The encoding that a `<meta>` in the first bytes declares.
fn meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let window = &bytes[..bytes.len().min(META_WINDOW)];
    let lower = window.to_ascii_lowercase();
    let mut from = 0;
    while let Some(i) = memchr::memmem::find(&lower[from..], b"charset") {
        let at = from + i;
        from = at + 7;
        // Only inside a tag (meta, ?xml), never in running text.
        let open = lower[..at].iter().rposition(|b| *b == b'<' || *b == b'>');
        let inside = open.is_some_and(|o| lower[o..].starts_with(b"<meta"));
        if !inside {
            continue;
        }
        let rest = lower[from..].trim_ascii_start();
        let Some(rest) = rest.strip_prefix(b"=") else { continue };
        let rest = rest.trim_ascii_start();
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let end = rest.iter().position(|b| !b.is_ascii_alphanumeric() && !b"-_.:".contains(b)).unwrap_or(rest.len());
        if let Some(encoding) = Encoding::for_label(&rest[..end]) {
            // The standard: a meta tag that could be read cannot be in UTF-16.
            return Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding });
        }
    }
    None
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
mod tests {
    use super::*;

    const TEXT: &str =
        "<title>特种作业操作证查询平台</title><p>电工作业、焊接与热切割作业，请输入证件号码和姓名进行查询。</p>";

    fn check(bytes: &[u8], header: Option<&str>, charset: &str, told: Told) {
        let decoded = decode(bytes, header);
        assert_eq!((decoded.charset, decoded.told), (charset, told), "{header:?}");
        assert!(decoded.text.contains("特种作业操作证查询平台"), "{}", decoded.text);
    }

    fn encode(encoding: &'static Encoding, text: &str) -> Vec<u8> {
        encoding.encode(text).0.into_owned()
    }

    #[test]
    fn an_honest_page_is_believed() {
        check(TEXT.as_bytes(), Some("utf-8"), "UTF-8", Told::Header);
        check(&encode(GBK, TEXT), Some("gb2312"), "gb18030", Told::Header);
        check(&encode(GBK, &format!("<meta charset=\"gbk\">{TEXT}")), None, "gb18030", Told::Meta);
        let old = format!("<META http-equiv=Content-Type content='text/html; charset=gb2312'>{TEXT}");
        check(&encode(GBK, &old), None, "gb18030", Told::Meta);
        check(format!("\u{FEFF}{TEXT}").as_bytes(), Some("gbk"), "UTF-8", Told::Mark);
    }

    #[test]
    fn a_wrong_label_loses_to_the_bytes() {
        check(TEXT.as_bytes(), Some("gbk"), "UTF-8", Told::Guess);
        check(&encode(GBK, TEXT), Some("utf-8"), "gb18030", Told::Guess);
        check(&encode(GBK, &format!("<meta charset=gbk>{TEXT}")), Some("utf-8"), "gb18030", Told::Meta);
        check(&encode(GBK, TEXT), Some("nonsense"), "gb18030", Told::Guess);
        check(&encode(GBK, TEXT), Some("iso-8859-1"), "gb18030", Told::Guess);
        check(&encode(GBK, &format!("<meta charset=gb2312>{TEXT}")), Some("iso-8859-1"), "gb18030", Told::Meta);
    }

    #[test]
    fn an_unlabelled_page_is_guessed() {
        check(TEXT.as_bytes(), None, "UTF-8", Told::Guess);
        check(&encode(GBK, TEXT), None, "gb18030", Told::Guess);
        let with_markup = format!("<html><head><meta name=a><link rel=b><body class=c>{TEXT}");
        let wide: Vec<u8> = with_markup.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&wide, None, "UTF-16LE", Told::Guess);
    }

    #[test]
    fn big5_is_read() {
        let text =
            "<title>特種作業操作證</title><p>不用考試，三天拿證，電工證焊工證高空證全國可查，聯繫電話請加微信。</p>";
        let (bytes, _, _) = encoding_rs::BIG5.encode(text);
        assert_eq!(decode(&bytes, Some("big5")).text, text);
        assert_eq!(decode(&bytes, None).text, text);
    }

    #[test]
    fn a_content_type_gives_its_charset() {
        assert_eq!(of_content_type("text/html; charset=GBK"), Some("GBK"));
        assert_eq!(of_content_type("text/html;Charset=\"utf-8\"; x=y"), Some("utf-8"));
        assert_eq!(of_content_type("text/html"), None);
        assert_eq!(of_content_type("text/html; charset="), None);
    }
}
