//! How a sheet is written: blocks with their selectors, comments, strings, names and escapes. Linear, and nothing of it fails.

use super::is_for_screens;

/// Shows each block of declarations of a sheet with its selectors, and whether it counts for every screen.
pub(super) fn blocks(text: &str, see: &mut dyn FnMut(&str, &str, bool)) {
    let mut at = 0;
    // Of each group around: it counts for every screen.
    let mut groups: Vec<bool> = Vec::new();
    while at < text.len() {
        let (end, sign) = next_sign(text, at, b"{};");
        let prelude = without_comments(&text[at..end]);
        let prelude = prelude.trim().trim_start_matches("<!--").trim_start_matches("-->").trim();
        at = end + 1;
        match sign {
            b'{' if prelude.starts_with('@') => {
                let (word, condition) = prelude.split_at(prelude.find([' ', '(']).unwrap_or(prelude.len()));
                match word.to_ascii_lowercase().as_str() {
                    "@media" => groups.push(is_for_screens(condition)),
                    "@layer" | "@supports" | "@scope" => groups.push(true),
                    _ => at = past_block(text, at),
                }
            }
            b'{' => {
                let end = past_block(text, at);
                // The last block may lack its end.
                let body = &text[at..end];
                let body = without_comments(body.strip_suffix('}').unwrap_or(body));
                // Rules inside of rules are for other elements.
                let own =
                    body.split_once('{').map_or(&*body, |(own, _)| own.rsplit_once(';').map_or("", |(own, _)| own));
                see(prelude, own, groups.iter().all(|certain| *certain));
                at = end;
            }
            b'}' => _ = groups.pop(),
            _ => {}
        }
    }
}

/// Where one of these signs stands next, outside of comments and strings, and which; the end and a 0 where none does.
fn next_sign(text: &str, from: usize, signs: &[u8]) -> (usize, u8) {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        // Nearly all of a sheet is none of these.
        at += bytes[at.min(bytes.len())..].iter().take_while(|byte| !COUNTS[usize::from(**byte)]).count();
        let Some(&byte) = bytes.get(at) else { return (bytes.len(), 0) };
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = memchr::memmem::find(&bytes[at + 2..], b"*/").map_or(bytes.len(), |end| at + 4 + end);
                continue;
            }
            b'\\' => at += 1,
            b'"' | b'\'' => {
                // A string ends with its line at the latest.
                let rest = &bytes[at + 1..];
                let ends = |(index, sign): (usize, &u8)| {
                    *sign == b'\n' || *sign == byte && (index == 0 || rest[index - 1] != b'\\')
                };
                at += rest.iter().enumerate().position(ends).map_or(rest.len(), |end| end + 1);
            }
            _ if signs.contains(&byte) => return (at, byte),
            _ => {}
        }
        at += 1;
    }
}

/// The signs that a sheet is cut by.
static COUNTS: [bool; 256] = {
    let mut table = [false; 256];
    let signs = b"/\\\"'{};";
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
};

/// Where the text goes on behind the block whose content begins at `from`.
fn past_block(text: &str, from: usize) -> usize {
    let (mut at, mut depth) = (from, 1);
    while depth > 0 {
        let (end, sign) = next_sign(text, at, b"{}");
        match sign {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => return text.len(),
        }
        at = end + 1;
    }
    at
}

fn without_comments(text: &str) -> std::borrow::Cow<'_, str> {
    if memchr::memchr(b'/', text.as_bytes()).is_none() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out.into()
}

/// Parts between signs that stand in no brackets and are not escaped; empty ones are left out.
pub(super) fn split(text: &str, ends: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    // Signs since a backslash that may be its number.
    let mut escape = None;
    let parts = text.split(move |sign: char| {
        escape = match escape {
            Some(digits) if sign.is_ascii_hexdigit() && digits < 6 => Some(digits + 1),
            // The sign itself, or the blank that ends its number.
            Some(digits) if digits == 0 || sign == ' ' => {
                escape = None;
                return false;
            }
            _ => (sign == '\\').then_some(0),
        };
        match sign {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && escape.is_none() && ends(sign)
    });
    parts.filter(|part| !part.is_empty())
}

/// The name that a text begins with, and what follows.
pub(super) fn name(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        if sign == '\\' {
            rest = escaped(&rest[1..], &mut out);
        } else if sign.is_alphanumeric() || matches!(sign, '-' | '_') || sign >= '\u{80}' {
            out.push(sign);
            rest = &rest[sign.len_utf8()..];
        } else {
            break;
        }
    }
    (out, rest)
}

/// Adds the sign that stands behind a backslash, as itself or as its number: \5fae.
pub(super) fn escaped<'t>(rest: &'t str, out: &mut String) -> &'t str {
    let digits = rest.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
    if digits == 0 {
        let mut signs = rest.chars();
        out.extend(signs.next().filter(|sign| *sign != '\n'));
        return signs.as_str();
    }
    out.extend(u32::from_str_radix(&rest[..digits], 16).ok().and_then(char::from_u32).filter(|sign| *sign != '\0'));
    let rest = &rest[digits..];
    rest.strip_prefix([' ', '\n', '\t']).unwrap_or(rest)
}

pub(super) fn past_brackets(text: &str) -> &str {
    if !text.starts_with('(') {
        return text;
    }
    let mut depth = 0;
    for (at, sign) in text.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' if depth == 1 => return &text[at + 1..],
            ')' => depth -= 1,
            _ => {}
        }
    }
    ""
}
