//! Character references (`&amp;`, `&#20013;`, `&copy`) by the WHATWG standard, §13.2.5.72 and following.
//!
//! Names come from the table that html5ever carries; this module only walks it. It must not allocate where there is nothing to
//! replace, and what it makes is at most twice as long as what it read.

use std::borrow::Cow;

use markup5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::{memchr, memchr2};

/// Appends `source` to `out` with its references replaced. In an attribute `&copy=1` stays as it is.
pub fn decode_into(source: &str, in_attribute: bool, out: &mut String) {
    let mut rest = source;
    while let Some(i) = memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..i]);
        rest = &rest[i..];
        let used = reference(rest, in_attribute, out);
        if used == 0 {
            out.push('&');
            rest = &rest[1..];
        } else {
            rest = &rest[used..];
        }
    }
    out.push_str(rest);
}

/// An attribute's value as a browser has it: line ends unified, NULs replaced, then references.
pub fn decode_attribute(source: &str) -> Cow<'_, str> {
    let plain = match memchr2(b'\r', 0, source.as_bytes()) {
        None => Cow::Borrowed(source),
        Some(_) => Cow::Owned(without_nul(&unify_lines(source)).into_owned()),
    };
    if memchr(b'&', plain.as_bytes()).is_none() {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    decode_into(&plain, true, &mut out);
    Cow::Owned(out)
}

/// CR LF and CR as LF: what the standard does to a page before it is read (§13.2.3.5).
pub fn unify_lines(source: &str) -> Cow<'_, str> {
    match memchr(b'\r', source.as_bytes()) {
        None => Cow::Borrowed(source),
        Some(_) => Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n")),
    }
}

/// U+FFFD for NUL: what the tokenizer's states do everywhere but in the text of markup.
pub fn without_nul(source: &str) -> Cow<'_, str> {
    match memchr(0, source.as_bytes()) {
        None => Cow::Borrowed(source),
        Some(_) => Cow::Owned(source.replace('\0', "\u{FFFD}")),
    }
}

/// Reads one reference at the start of `text` (which starts with '&'); gives the bytes it used, 0 if it is none.
fn reference(text: &str, in_attribute: bool, out: &mut String) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'#') => numeric(bytes, out),
        Some(b) if b.is_ascii_alphanumeric() => named(text, in_attribute, out),
        _ => 0,
    }
}

fn numeric(bytes: &[u8], out: &mut String) -> usize {
    let hex = matches!(bytes.get(2), Some(b'x' | b'X'));
    let start = if hex { 3 } else { 2 };
    let mut at = start;
    let mut code: u32 = 0;
    while let Some(digit) = bytes.get(at).and_then(|b| (*b as char).to_digit(if hex { 16 } else { 10 })) {
        // Anything above the last code point stays above it.
        code = code.saturating_mul(if hex { 16 } else { 10 }).saturating_add(digit).min(0x11_0000);
        at += 1;
    }
    if at == start {
        return 0;
    }
    if bytes.get(at) == Some(&b';') {
        at += 1;
    }
    let c = match code {
        0 => '\u{FFFD}',
        0x80..=0x9F => C1_REPLACEMENTS[(code - 0x80) as usize].or(char::from_u32(code)).unwrap_or('\u{FFFD}'),
        _ => char::from_u32(code).unwrap_or('\u{FFFD}'),
    };
    out.push(c);
    at
}

fn named(text: &str, in_attribute: bool, out: &mut String) -> usize {
    let bytes = text.as_bytes();
    // The longest name wins. The table has every prefix of a name too, with no characters, so the walk ends early.
    let mut best: Option<(usize, (u32, u32))> = None;
    let mut end = 1;
    while end < bytes.len() && (bytes[end].is_ascii_alphanumeric() || bytes[end] == b';') {
        end += 1;
        match NAMED_ENTITIES.get(&text[1..end]) {
            None => break,
            Some(&(0, _)) => {}
            Some(&characters) => best = Some((end, characters)),
        }
        if bytes[end - 1] == b';' {
            break;
        }
    }
    let Some((end, (first, second))) = best else { return 0 };
    if in_attribute && bytes[end - 1] != b';' && bytes.get(end).is_some_and(|b| *b == b'=' || b.is_ascii_alphanumeric())
    {
        return 0;
    }
    out.extend(char::from_u32(first));
    if second != 0 {
        out.extend(char::from_u32(second));
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, in_attribute: bool, wanted: &str) {
        let mut out = String::new();
        decode_into(source, in_attribute, &mut out);
        assert_eq!(out, wanted, "{source}");
    }

    #[test]
    fn references_are_replaced_as_in_a_browser() {
        check("a&amp;b&lt;&#20013;&#x6587;&nbsp;", false, "a&b<中文\u{a0}");
        check("&copy2026 &notit; &notin;", false, "©2026 ¬it; ∉");
        check("&unknown; & &; &# &#; &#x;", false, "&unknown; & &; &# &#; &#x;");
        check("&#0;&#x110000;&#xD800;&#128;&#99999999999;", false, "\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}");
        check("?a=1&copy=2&amp;b=&lt", true, "?a=1&copy=2&b=<");
        check("加&#24494;信", false, "加微信");
    }

    #[test]
    fn text_grows_twofold_at_most() {
        for name in NAMED_ENTITIES.keys() {
            let source = format!("&{name}");
            let mut out = String::new();
            decode_into(&source, false, &mut out);
            assert!(out.len() <= 2 * source.len(), "{name}");
        }
    }
}
