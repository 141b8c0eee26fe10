//! Documents that an address holds in itself: `<iframe src="data:text/html,…">`. Start at [`document`].

use crate::page::charset;

use super::{FRAMED, cut};

/// Four bytes of an address are one of a document at most, with room to tell that more was cut.
const MOST: usize = 4 * FRAMED;

/// The document as markup, by RFC 2397 and the standard that browsers keep (Fetch §6); none where the address is another, or holds
/// something that is shown otherwise.
pub(super) fn document(address: &str) -> Option<String> {
    let address = address.trim_ascii();
    let rest = address
        .get(..5)
        .filter(|scheme| scheme.eq_ignore_ascii_case("data:"))
        .map(|scheme| &address[scheme.len()..])?;
    // Browsers see a fragment even where a page builder forgot to escape the sign of a colour.
    let rest = rest.split('#').next()?;
    let (kind, data) = rest.split_once(',')?;
    let mut parts = kind.split(';').map(str::trim_ascii);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let mut parts = parts.peekable();
    let (mut label, mut is_base64) = (None, false);
    while let Some(part) = parts.next() {
        is_base64 = parts.peek().is_none() && part.eq_ignore_ascii_case("base64");
        if let Some((name, value)) = part.split_once('=')
            && name.eq_ignore_ascii_case("charset")
        {
            label = label.or(Some(value.trim_matches('"')));
        }
    }
    let plain = match &*essence {
        "text/html" | "application/xhtml+xml" => false,
        "text/plain" | "" => true,
        _ => return None,
    };
    let mut bytes = unescaped(cut(data, MOST));
    if is_base64 {
        bytes = base64(&bytes);
    }
    let text = charset::decode(&bytes, label).text;
    Some(if plain { format!("<plaintext>{text}") } else { text.into_owned() })
}

/// Undoes %XX; line ends and tabs are no part of an address.
fn unescaped(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'\r' | b'\n' | b'\t', ..) => {}
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    out
}

/// What of it is base64; the rest ends it, as a part of a document is better read than nothing.
fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_hold_a_document_in_several_spellings() {
        for (address, wanted) in [
            ("data:text/html,<p>电工证", Some("<p>电工证")),
            (" DATA:Text/HTML;charset=utf-8,%3Cp%3E%E7%94%B5%E5%B7%A5", Some("<p>电工")),
            ("data:text/html;charset=\"gbk\",%B5%E7%B9%A4%D6%A4", Some("电工证")),
            ("data:text/html;base64,PHA+55S15bel6K+B", Some("<p>电工证")),
            ("data:text/html;charset=utf-8;base64,PHA%2B55S1\n5bel6K+B", Some("<p>电工证")),
            ("data:application/xhtml+xml,<p/>", Some("<p/>")),
            ("data:,电工<b>证", Some("<plaintext>电工<b>证")),
            ("data:text/html,甲#乙", Some("甲")),
            ("data:text/html,100%", Some("100%")),
            ("data:image/svg+xml,<svg/>", None),
            ("data:text/html", None),
            ("http://a.example/,data:text/html,x", None),
            ("数据，库", None),
        ] {
            assert_eq!(document(address).as_deref(), wanted, "{address}");
        }
    }
}
