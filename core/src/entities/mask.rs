//! Takes identity numbers out of texts and addresses before anybody sees, logs or stores them.
//!
//! A 身份证 number (18 signs with a check digit, or 15 of the old kind) and a certificate number (T and 18 signs) lose their
//! middle, sign for sign, so that offsets counted in characters hold. It must not depend on how the digits are written: full-width,
//! circled, spaced. When in doubt it masks. Start at [`mask_ids`].

use super::address::percent_decoded;
use crate::text::digit;
use std::borrow::Cow;

/// Signs kept in front and at the end: T3301**********123X.
const KEPT: usize = 4;

/// A digit of the text, or the X that may end an ID.
#[derive(Clone, Copy)]
struct Digit {
    at: usize,
    length: usize,
    /// 10 is X.
    value: u8,
    /// Nothing stands between it and the one before.
    joined: bool,
}

/// The text with the middle of each ID number starred, char for char.
#[must_use]
pub fn mask_ids(text: &str) -> Cow<'_, str> {
    // Nothing to do without fifteen signs that may be digits; most texts leave here or below.
    let mut stars: Vec<(usize, usize)> = Vec::new();
    let mut row: Vec<Digit> = Vec::new();
    let mut gap = 0;
    let mut before = None;
    let mut lead = None;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        // Between numbers: letters, marks and ideographs, the bulk of a text, are passed byte by byte.
        if row.is_empty() {
            match byte {
                b'0'..=b'9' => {}
                0..0x80 => {
                    before = Some(char::from(byte));
                    at += 1;
                    continue;
                }
                0xE3..=0xED => {
                    before = None;
                    at += 3;
                    continue;
                }
                _ => {}
            }
        }
        let Some(sign) = text[at..].chars().next() else { break };
        let here = at;
        at += sign.len_utf8();
        let value = if sign.is_ascii() || sign >= '\u{B2}' { value(sign) } else { None };
        match value {
            Some(value) if value < 10 || !row.is_empty() => {
                if row.is_empty() {
                    lead = before;
                }
                row.push(Digit { at: here, length: sign.len_utf8(), value, joined: gap == 0 && !row.is_empty() });
                gap = 0;
            }
            _ if !row.is_empty() && gap < 2 && sets_apart(sign) => gap += 1,
            _ => {
                find(text, &row, lead, &mut stars);
                row.clear();
                gap = 0;
            }
        }
        before = Some(sign);
    }
    find(text, &row, lead, &mut stars);
    if stars.is_empty() {
        return Cow::Borrowed(text);
    }
    stars.sort_unstable();
    stars.dedup();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, length) in stars {
        out.push_str(&text[copied..at]);
        out.push('*');
        copied = at + length;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn value(sign: char) -> Option<u8> {
    match sign {
        '0'..='9' => Some(sign as u8 - b'0'),
        'x' | 'X' | 'ｘ' | 'Ｘ' | 'х' | 'Х' | 'Χ' | '×' | 'Ⅹ' => Some(10),
        _ if sign.is_ascii() => None,
        // Ideographs are the bulk of the text and never show a digit.
        '\u{3000}'..='\u{FEFF}' => None,
        _ => digit(sign),
    }
}

/// Signs that people set between the parts of a number, and invisible ones.
fn sets_apart(sign: char) -> bool {
    matches!(
        sign,
        ' ' | '\u{A0}' | '\u{3000}' | '-' | '－' | '.' | '·' | '_' | '\u{200B}'
            ..='\u{200D}' | '\u{FEFF}' | '\u{AD}' | '\u{2009}' | '\u{202F}'
    )
}

/// Marks the ID numbers of one row of digits.
fn find(text: &str, row: &[Digit], lead: Option<char>, stars: &mut Vec<(usize, usize)>) {
    if row.len() < 15 {
        return;
    }
    let t = matches!(lead, Some('T' | 't' | 'Ｔ' | 'ｔ' | 'Т' | 'т' | 'Τ'));
    let mut at = 0;
    while at < row.len() {
        let rest = &row[at..];
        // A number in the middle of a longer one is an ID only if all of it fits; behind a T, or alone, less is enough.
        let starts = at == 0 || !row[at].joined;
        let ends = |length: usize| row.get(at + length).is_none_or(|next| !next.joined);
        let masked = if rest.len() >= 18 && (is_id(rest) || at == 0 && t && body(rest) && ends(18)) {
            18
        } else if rest.len() >= 15
            && starts
            && ends(15)
            && rest[1..15].iter().all(|sign| sign.joined)
            && is_old_id(rest)
        {
            15
        } else {
            at += 1;
            continue;
        };
        let tail = if masked == 18 { KEPT } else { 3 };
        stars.extend(rest[KEPT..masked - tail].iter().map(|digit| (digit.at, digit.length)));
        at += masked;
    }
    debug_assert!(stars.iter().all(|&(at, length)| text.get(at..at + length).is_some()));
}

fn body(row: &[Digit]) -> bool {
    row[..17].iter().all(|digit| digit.value < 10)
}

/// GB 11643: place, date and check sign fit.
fn is_id(row: &[Digit]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: [u8; 11] = [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    if !body(row) || !is_place(row) {
        return false;
    }
    let number = |from: usize, to: usize| row[from..to].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit.value));
    let sum: u32 = row.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.value) * weight).sum();
    (1890..2100).contains(&number(6, 10))
        && is_day(number(6, 10), number(10, 12), number(12, 14))
        && row[17].value == CHECK[(sum % 11) as usize]
}

/// The 15 digits given out until 1999: no century, no check sign.
fn is_old_id(row: &[Digit]) -> bool {
    let number = |from: usize, to: usize| row[from..to].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit.value));
    row[..15].iter().all(|digit| digit.value < 10)
        && is_place(row)
        && is_day(1900 + number(6, 8), number(8, 10), number(10, 12))
}

/// Whether the first two digits are a province (GB/T 2260, and 91 for foreigners' permits).
fn is_place(row: &[Digit]) -> bool {
    matches!(
        row[0].value * 10 + row[1].value.min(9),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91
    )
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// The address with ID numbers starred: plain, percent-encoded, and base64 values that hold one (these go whole).
#[must_use]
pub fn mask_url(url: &str) -> Cow<'_, str> {
    let (path, query) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    let mut out = String::with_capacity(url.len());
    let mut changed = false;
    let mut piece = |part: &str, out: &mut String| match masked_value(part) {
        Some(masked) => {
            changed = true;
            out.push_str(&masked);
        }
        None => out.push_str(part),
    };
    for part in path.split_inclusive(['/', ';']) {
        let (value, end) = split_end(part, &['/', ';']);
        piece(value, &mut out);
        out.push_str(end);
    }
    // A / may be part of base64 in a query.
    for part in query.split_inclusive(['?', '#', '&', ';']) {
        let (pair, end) = split_end(part, &['?', '#', '&', ';']);
        match pair.split_once('=') {
            Some((key, value)) => {
                piece(key, &mut out);
                out.push('=');
                piece(value, &mut out);
            }
            None => piece(pair, &mut out),
        }
        out.push_str(end);
    }
    if !changed {
        // A number may be cut by the delimiters' own signs (33-0212…): the whole is looked at once more.
        return mask_ids(url);
    }
    Cow::Owned(mask_ids(&out).into_owned())
}

fn split_end<'a>(part: &'a str, ends: &[char]) -> (&'a str, &'a str) {
    part.split_at(part.trim_end_matches(ends).len())
}

/// What to write in place of one value of an address, if it holds an ID.
fn masked_value(value: &str) -> Option<String> {
    if let Cow::Owned(masked) = mask_ids(value) {
        return Some(masked);
    }
    let mut plain = value.to_owned();
    // Encoded twice is seen; deeper nesting is not worth the time.
    for _ in 0..2 {
        if !plain.contains('%') {
            break;
        }
        plain = percent_decoded(&plain);
        if let Cow::Owned(masked) = mask_ids(&plain) {
            return Some(percent_encoded(&masked));
        }
    }
    holds_base64_id(plain.trim_end_matches('='), 2).then(|| "***".to_owned())
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~*".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Whether the value is base64 (either alphabet) of a text with an ID, possibly wrapped once more.
fn holds_base64_id(value: &str, depth: usize) -> bool {
    if depth == 0 || !(20..=8192).contains(&value.len()) {
        return false;
    }
    let Some(bytes) = base64(value) else { return false };
    let plain = String::from_utf8_lossy(&bytes);
    matches!(mask_ids(&plain), Cow::Owned(_)) || holds_base64_id(plain.trim().trim_end_matches('='), depth - 1)
}

fn base64(value: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(value.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in value.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' | b' ' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}
