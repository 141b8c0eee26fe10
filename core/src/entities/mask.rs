//! Takes identity numbers out of texts and addresses before anybody sees, logs or stores them.
//!
//! A 身份证 number (18 signs with a check digit, or 15 of the old kind) and a certificate number (T and 18 signs) lose their
//! middle, sign for sign, so that offsets counted in characters hold. It must not depend on how the digits are written: full-width,
//! circled, spaced, spread over lines and cells. When in doubt it masks. Start at [`mask_ids`].

use super::address::percent_decoded;
use crate::text::digit;
use std::borrow::Cow;

/// Signs kept in front and at the end: T3301**********123X.
const KEPT: usize = 4;
/// Signs that may stand between two digits of one number.
const GAP: usize = 2;
/// The same where a line or a cell ends between them.
const BREAK: usize = 6;
/// Years of birth of those whose number may be put together from several lines or cells: a date of today in a table is none.
const BORN: std::ops::Range<u32> = 1920..2012;
/// Years of birth of anybody whose number may be written somewhere, with a wrong check sign.
const LIVED: std::ops::Range<u32> = 1900..2030;
/// Signs right before a number, among which its name may stand.
const NEAR: usize = 12;
/// Signs before an old number in pieces, among which something has to say that it is one.
const CUE: usize = 40;

/// A digit of the text, or the X that may end an ID.
#[derive(Clone, Copy)]
struct Digit {
    at: usize,
    length: usize,
    /// 10 is X.
    value: u8,
    /// What stands between it and the one before.
    gap: Gap,
}

/// What may stand between two digits of one number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    Nothing,
    /// A sign or two that people set between the parts of a number.
    Apart,
    /// The end of a line or of a cell. The first digit of all has it too.
    Break,
}

/// The text with the middle of each ID number starred, char for char.
#[must_use]
pub fn mask_ids(text: &str) -> Cow<'_, str> {
    // Nothing to do without fifteen signs that may be digits; most texts leave here or below.
    let mut stars: Vec<(usize, usize)> = Vec::new();
    let mut row: Vec<Digit> = Vec::new();
    let (mut gap, mut broken) = (0, false);
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
                let gap_before = match gap {
                    _ if row.is_empty() || broken => Gap::Break,
                    0 => Gap::Nothing,
                    _ => Gap::Apart,
                };
                row.push(Digit { at: here, length: sign.len_utf8(), value, gap: gap_before });
                (gap, broken) = (0, false);
            }
            _ if !row.is_empty() && goes_on(sign, gap, broken) => {
                gap += 1;
                broken |= breaks(sign);
            }
            _ => {
                find(text, &row, lead, &mut stars);
                row.clear();
                (gap, broken) = (0, false);
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

pub(super) fn value(sign: char) -> Option<u8> {
    match sign {
        '0'..='9' => Some(sign as u8 - b'0'),
        'x' | 'X' | 'ｘ' | 'Ｘ' | 'х' | 'Х' | 'Χ' | '×' | 'Ⅹ' => Some(10),
        _ if sign.is_ascii() => None,
        // Ideographs are the bulk of the text and never show a digit.
        '\u{3000}'..='\u{FEFF}' => None,
        _ => digit(sign),
    }
}

/// Signs that people set between the parts of a number, invisible ones, and those that make keycaps of digits.
pub(super) fn sets_apart(sign: char) -> bool {
    matches!(
        sign,
        ' ' | '\u{A0}' | '\u{3000}' | '-' | '－' | '\u{2010}'..='\u{2014}' | '\u{2212}' | '.' | '·' | '_' | '\u{200B}'
            ..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{2009}' | '\u{202F}' | '\u{FE0F}' | '\u{20E3}'
    )
}

/// The end of a line or of a cell.
pub(super) fn breaks(sign: char) -> bool {
    matches!(sign, '\n' | '\t' | '\r' | '\x0B' | '\x0C' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a number may go on behind `sign`, the next of the gap that it is in.
fn goes_on(sign: char, gap: usize, broken: bool) -> bool {
    if breaks(sign) {
        return gap < BREAK;
    }
    gap < if broken { BREAK } else { GAP } && sets_apart(sign)
}

/// Marks the ID numbers of one row of digits.
fn find(text: &str, row: &[Digit], lead: Option<char>, stars: &mut Vec<(usize, usize)>) {
    if row.len() < 15 {
        return;
    }
    let t = matches!(lead, Some('T' | 't' | 'Ｔ' | 'ｔ' | 'Т' | 'т' | 'Τ'));
    let mut at = 0;
    while at < row.len() {
        // Lines and cells by themselves first, then what only several of them make.
        let piece = 1 + row[at + 1..].iter().take_while(|digit| digit.gap != Gap::Break).count();
        find_in_piece(text, &row[at..at + piece], t && at == 0, stars);
        at += piece;
    }
    if row.iter().skip(1).any(|digit| digit.gap == Gap::Break) {
        find_over_breaks(text, row, t, stars);
    }
    debug_assert!(stars.iter().all(|&(at, length)| text.get(at..at + length).is_some()));
}

fn star(number: &[Digit], tail: usize, stars: &mut Vec<(usize, usize)>) {
    stars.extend(number[KEPT..number.len() - tail].iter().map(|digit| (digit.at, digit.length)));
}

/// Marks the ID numbers of one line or cell.
fn find_in_piece(text: &str, row: &[Digit], t: bool, stars: &mut Vec<(usize, usize)>) {
    let joined = |digit: &Digit| digit.gap == Gap::Nothing;
    let mut at = 0;
    while at + 15 <= row.len() {
        let rest = &row[at..];
        // A number in the middle of a longer one is an ID only if all of it fits; behind a T, or alone, less is enough: who mistypes
        // his number has given most of it away.
        let starts = at == 0 || !joined(&row[at]);
        let alone = |length: usize| starts && row.get(at + length).is_none_or(|next| !joined(next));
        let called = || names_id(text, row[at].at);
        let lived = |rest: &[Digit]| is_place(rest) && is_born(rest, LIVED) && is_parted_by_meaning(rest);
        if rest.len() >= 18 && (is_id(rest) || alone(18) && body(rest) && (at == 0 && t || lived(rest) || called())) {
            star(&rest[..18], KEPT, stars);
            at += 18;
        } else if alone(15)
            && rest[1..15].iter().all(joined)
            && (is_old_id(rest) || rest[..15].iter().all(|digit| digit.value < 10) && called())
        {
            star(&rest[..15], 3, stars);
            at += 15;
        } else {
            at += 1;
        }
    }
}

/// Whether a number of 18 signs is in one piece, or in those of its meaning: place, year, month, day, order.
fn is_parted_by_meaning(row: &[Digit]) -> bool {
    row[..18].iter().enumerate().skip(1).all(|(at, digit)| digit.gap == Gap::Nothing || matches!(at, 6 | 10 | 12 | 14))
}

/// Whether the words right before say that an ID follows.
fn names_id(text: &str, at: usize) -> bool {
    const NAMES: [&str; 8] = ["身份证", "身份證", "证件号", "證件號", "身份号", "身份號", "证号", "證號"];
    let from = text[..at].char_indices().rev().take(NEAR).last().map_or(at, |(from, _)| from);
    let line = text[from..at].rsplit('\n').next().unwrap_or_default();
    NAMES.iter().any(|name| line.contains(name))
}

/// Marks the ID numbers that lines or cells make together. Tables of numbers are full of neighbours that nobody means to be
/// read as one: the number has to begin and end where cells do, and to be that of somebody who may have a permit.
fn find_over_breaks(text: &str, row: &[Digit], t: bool, stars: &mut Vec<(usize, usize)>) {
    let mut at = 0;
    while at + 15 <= row.len() {
        let rest = &row[at..];
        let set_off = |length: usize| {
            rest[0].gap != Gap::Nothing
                && rest.get(length).is_none_or(|next| next.gap != Gap::Nothing)
                && rest[1..length].iter().any(|digit| digit.gap == Gap::Break)
        };
        // Behind a T the check sign may be wrong, as it may where nothing is broken.
        if rest.len() >= 18 && set_off(18) && is_grown_up(rest) && (is_id(rest) || t && at == 0) {
            star(&rest[..18], KEPT, stars);
            at += 18;
        } else if row.len() == 15 && is_old_id(row) && is_cut_by_meaning(row) && is_called_id(text, row[0].at) {
            star(row, 3, stars);
            return;
        } else {
            at += 1;
        }
    }
}

/// Place, day and order of an old number, each in one piece.
fn is_cut_by_meaning(row: &[Digit]) -> bool {
    row.iter().enumerate().all(|(at, digit)| (digit.gap == Gap::Nothing) != matches!(at, 0 | 6 | 12))
}

/// Whether the words shortly before say that an ID follows: an old number has no check sign of its own.
fn is_called_id(text: &str, at: usize) -> bool {
    text[..at].chars().rev().take(CUE).any(|sign| matches!(sign, '证' | '證'))
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
    let sum: u32 = row.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.value) * weight).sum();
    is_born(row, 1890..2100) && row[17].value == CHECK[(sum % 11) as usize]
}

/// Place and date fit somebody who may have a permit by now.
fn is_grown_up(row: &[Digit]) -> bool {
    body(row) && is_place(row) && is_born(row, BORN)
}

/// Whether signs 7 to 14 are a day of one of these years.
fn is_born(row: &[Digit], years: std::ops::Range<u32>) -> bool {
    let year = number(&row[6..10]);
    years.contains(&year) && is_day(year, number(&row[10..12]), number(&row[12..14]))
}

fn number(digits: &[Digit]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit.value))
}

/// The 15 digits given out until 1999: no century, no check sign.
fn is_old_id(row: &[Digit]) -> bool {
    row[..15].iter().all(|digit| digit.value < 10)
        && is_place(row)
        && is_day(1900 + number(&row[6..8]), number(&row[8..10]), number(&row[10..12]))
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

/// The source of a page with ID numbers starred: those too that its tags cut in pieces, and those that its addresses encode.
#[must_use]
pub fn mask_source(html: &str) -> String {
    // Addresses in attributes and scripts first: they have ways of their own.
    let mut whole = String::with_capacity(html.len());
    let ends = |sign: char| sign.is_ascii_whitespace() || "\"'<>`".contains(sign);
    for word in html.split_inclusive(ends) {
        let (address, end) = word.split_at(word.trim_end_matches(ends).len());
        match address.contains(['/', '?', '=', '%']) {
            true => whole.push_str(&mask_url(address)),
            false => whole.push_str(address),
        }
        whole.push_str(end);
    }
    // What a reader sees, as far as digits go: tags and the white space around them are one break.
    let (mut seen, mut places) = (String::with_capacity(whole.len()), Vec::with_capacity(whole.len()));
    let (mut in_tag, mut broken) = (false, false);
    for (at, sign) in whole.char_indices() {
        in_tag |= sign == '<';
        if in_tag || sign.is_ascii_whitespace() {
            in_tag &= sign != '>';
            if !std::mem::replace(&mut broken, true) {
                seen.push('\n');
                places.push(at);
            }
        } else {
            broken = false;
            seen.push(sign);
            places.push(at);
        }
    }
    let masked = mask_ids(&seen);
    let mut out = String::with_capacity(whole.len());
    let mut copied = 0;
    for ((at, old), new) in
        places.into_iter().zip(seen.chars()).zip(masked.chars()).filter(|((_, old), new)| old != new)
    {
        debug_assert_eq!(new, '*');
        out.push_str(&whole[copied..at]);
        out.push(new);
        copied = at + old.len_utf8();
    }
    out.push_str(&whole[copied..]);
    mask_ids(&out).into_owned()
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

#[cfg(test)]
#[path = "mask_tests.rs"]
mod tests;
