//! Joins characters that were set apart: 满/意/给/钱, 办·证, 特/种 作 业.
//!
//! Menus and tables use the same separators, so the joined copy is kept apart from the text and made only of the stretches
//! around separators; who matches on it asks [`Squeezed::crosses`] and decides what that is worth. Start at [`squeeze`].

use super::Folded;
use super::map::OffsetMap;
use memchr::memmem;
use std::ops::Range;

/// Of a longer word next to a separator, this many characters are taken along.
const MARGIN: usize = 12;

/// Copies of those stretches of a text where single Chinese characters stand between separators, with the separators gone and
/// a line feed between stretches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Squeezed {
    pub(super) text: String,
    map: OffsetMap,
    /// Where in `text` a separator was taken out, ascending.
    seams: Vec<u32>,
    raw_len: usize,
}

impl Squeezed {
    /// The joined stretches, one a line; empty when nothing was set apart.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the raw text that a byte range stands for, separators inside included.
    #[must_use]
    pub fn raw_range(&self, squeezed: Range<usize>) -> Range<usize> {
        self.map.range(&self.text, squeezed, self.raw_len)
    }

    /// Whether at least one separator was taken out inside the range.
    #[must_use]
    pub fn crosses(&self, squeezed: Range<usize>) -> bool {
        let first = self.seams.partition_point(|&seam| seam as usize <= squeezed.start);
        self.seams.get(first).is_some_and(|&seam| (seam as usize) < squeezed.end)
    }

    fn push(&mut self, folded: &Folded, word: Range<usize>) {
        if let Some(raw) = folded.map.copied(word.clone()) {
            self.map.push(self.text.len(), raw, 1, 1);
            self.text.push_str(&folded.text[word]);
            return;
        }
        for (at, sign) in folded.as_str()[word.clone()].char_indices() {
            let at = word.start + at;
            let raw = folded.raw_range(at..at + sign.len_utf8());
            let (here, length) = (self.text.len(), sign.len_utf8());
            if raw.len() == length {
                self.map.push(here, raw.start, 1, 1);
            } else {
                self.map.push(here, raw.start, raw.len().min(255), length);
            }
            self.text.push(sign);
        }
    }
}

/// What stands between two words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// Also in menus, tables and dates: joins only where a single character stands alone.
    Common,
    /// Nobody sets it between two characters without a reason.
    Odd,
}

fn separator(sign: char) -> Option<Separator> {
    match sign {
        ' ' | '|' | '/' | '\\' | '-' | '_' | '.' | '+' | '=' | '#' | '&' | '`' | '\'' | '"' | '^' | ':' | ';' => {
            Some(Separator::Common)
        }
        '–' | '—' | '―' | '‐' | '−' | '…' | '¦' => Some(Separator::Common),
        '丨' | '·' | '•' | '・' | '･' | '‧' | '∙' | '⋅' | '~' | '*' | '✱' | '＊' | '╬' | '┃' | '│' | '║' => {
            Some(Separator::Odd)
        }
        '■'..='⟿' | '⬀'..='⯿' | '🌀'..='🫿' => Some(Separator::Odd),
        _ => None,
    }
}

/// Whether nobody sets the sign between two characters without a reason.
pub(super) fn is_odd(sign: char) -> bool {
    sign != '*' && sign != '~' && separator(sign) == Some(Separator::Odd)
}

pub(super) fn is_han(sign: char) -> bool {
    matches!(sign, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' | '〇') && sign != '丨'
}

/// A run of Chinese characters.
#[derive(Clone)]
struct Word {
    range: Range<usize>,
    count: usize,
}

/// The run of Chinese characters that begins here.
fn word_at(text: &str, start: usize) -> Option<Word> {
    let bytes = text.as_bytes();
    let (mut at, mut count) = (start, 0);
    loop {
        match bytes.get(at) {
            // U+5000–9FFF in three bytes, without decoding them.
            Some(0xE5..=0xE9) => at += 3,
            Some(byte) if !byte.is_ascii() => match text[at..].chars().next().filter(|&sign| is_han(sign)) {
                Some(sign) => at += sign.len_utf8(),
                None => break,
            },
            _ => break,
        }
        count += 1;
    }
    (count > 0).then_some(Word { range: start..at, count })
}

/// Joins what was set apart in a folded text.
#[must_use]
pub fn squeeze(folded: &Folded) -> Squeezed {
    let text = folded.as_str();
    let mut out = Squeezed { raw_len: folded.raw_len, ..Squeezed::default() };
    let bytes = text.as_bytes();
    // Their first bytes begin ordinary words too, so that they are not looked for in each place.
    let rare = RARE.iter().any(|sign| memmem::find(bytes, sign.as_bytes()).is_some());
    if rare {
        join_from(folded, 0, &mut out, true);
        return out;
    }
    let mut from = 0;
    while let Some(gap) = next_gap(bytes, from) {
        if let Some(next) = stays_apart(bytes, gap) {
            from = next;
            continue;
        }
        let start = run_before(text, from, gap);
        let past = gap + text[gap..].chars().next().map_or(1, char::len_utf8);
        from = if start < gap { join_from(folded, start, &mut out, false) } else { past };
    }
    out
}

/// Separators whose first bytes begin ordinary words too.
const RARE: [&str; 2] = ["丨", "・"];

/// So many bytes are looked at in one step.
const STEP: usize = 32;

/// Whether a byte may begin a separator, those of [`RARE`] left out.
const fn may_separate(sign: u8) -> bool {
    let word = sign.is_ascii_alphanumeric()
        | matches!(
            sign,
            b',' | b'!' | b'?' | b'(' | b')' | b'[' | b']' | b'<' | b'>' | b'@' | b'%' | b'$' | b'{' | b'}'
        );
    matches!(sign, b' '..=0x7F) && !word || matches!(sign, 0xC2 | 0xE2 | 0xEF | 0xF0)
}

/// Where the next separator may stand that follows a sign beyond ASCII: what all joining begins with.
fn next_gap(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from.max(1);
    while at < bytes.len() {
        let end = (at + STEP).min(bytes.len());
        let (before, signs) = (&bytes[at - 1..end - 1], &bytes[at..end]);
        // Not && and ||: without branches the compiler looks at many bytes in one step.
        let any = before.iter().zip(signs).fold(false, |any, (&before, &sign)| {
            let word = sign.is_ascii_alphanumeric() | (sign == b',') | (sign == b'!') | (sign == b'?');
            let other = (sign == 0xC2) | (sign == 0xE2) | (sign == 0xEF) | (sign == 0xF0);
            any | (before >= 0x80) & ((sign.wrapping_sub(b' ') < 0x60) & !word | other)
        });
        if any {
            let gap = before.iter().zip(signs).position(|(&before, &sign)| before >= 0x80 && may_separate(sign));
            if let Some(gap) = gap {
                return Some(at + gap);
            }
        }
        at = end;
    }
    None
}

/// Of most gaps the signs beside tell that nothing is joined over them: one common separator, and behind it none and no Chinese sign, or
/// two of them on either side. Then this is where to look on.
fn stays_apart(bytes: &[u8], gap: usize) -> Option<usize> {
    // U+5000–9FFF in three bytes, without decoding them.
    let two = |signs: Option<&[u8; 6]>| matches!(signs, Some([0xE5..=0xE9, _, _, 0xE5..=0xE9, _, _]));
    if !bytes[gap].is_ascii() {
        return None;
    }
    match bytes.get(gap + 1)? {
        b'0'..=b'9' | b'a'..=b'z' | b'\n' => Some(gap + 1),
        // 4E00–4FFF, rarer signs and other separators are left to who reads signs.
        0xE5..=0xE9
            if !matches!(bytes[gap], b'~' | b'*')
                && two(bytes[..gap].last_chunk())
                && two(bytes[gap + 1..].first_chunk()) =>
        {
            Some(gap + 1)
        }
        _ => None,
    }
}

/// Where the run of Chinese characters begins that ends at `end`; `end` if none does.
fn run_before(text: &str, from: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    let mut start = end;
    while start > from {
        // U+5000–9FFF in three bytes, without decoding them.
        let sign = match bytes[from..start].last_chunk() {
            Some([0xE5..=0xE9, 0x80..0xC0, 0x80..0xC0]) => Some(3),
            _ => text[from..start].chars().next_back().filter(|&sign| is_han(sign)).map(char::len_utf8),
        };
        match sign {
            Some(length) => start -= length,
            None => break,
        }
    }
    start
}

/// Joins what stands apart from `start` on; returns where nothing more follows on it, or the end of the text where it goes `through`.
/// Nothing is joined over the end of a line, which is no separator.
fn join_from(folded: &Folded, start: usize, out: &mut Squeezed, through: bool) -> usize {
    let text = folded.as_str();
    // The word before the gap, what the gap is, whether that word is in the output already.
    let mut left: Option<Word> = None;
    let mut gap: Option<Separator> = None;
    let mut gap_signs = 0;
    let mut open = false;
    let mut at = start;
    while let Some(sign) = text[at..].chars().next() {
        if let Some(word) = word_at(text, at) {
            at = word.range.end;
            let joins = match (&left, gap) {
                (Some(left), Some(kind)) => kind == Separator::Odd || left.count == 1 || word.count == 1,
                _ => false,
            };
            match left.take() {
                Some(before) if joins => open = join(out, folded, &before, &word, open),
                _ => open = false,
            }
            (left, gap, gap_signs) = (Some(word), None, 0);
            continue;
        }
        at += sign.len_utf8();
        if let Some(kind) = separator(sign)
            && gap_signs < 3
            && left.is_some()
        {
            gap_signs += 1;
            gap = Some(if gap == Some(Separator::Odd) { Separator::Odd } else { kind });
        } else if through {
            (left, gap, gap_signs, open) = (None, None, 0, false);
        } else {
            return at;
        }
    }
    at
}

/// Appends `right`, after `left` where that is not there yet; says whether the stretch may go on.
fn join(out: &mut Squeezed, folded: &Folded, left: &Word, right: &Word, open: bool) -> bool {
    let text = folded.as_str();
    if !open {
        if !out.text.is_empty() {
            let raw = folded.raw_range(left.range.start..left.range.start).start;
            out.map.push(out.text.len(), raw, 0, 1);
            out.text.push('\n');
        }
        let tail = text[left.range.clone()].char_indices().rev().take(MARGIN).last().map_or(0, |(at, _)| at);
        out.push(folded, left.range.start + tail..left.range.end);
    }
    out.seams.push(out.text.len() as u32);
    let head =
        text[right.range.clone()].char_indices().nth(MARGIN).map_or(right.range.end, |(at, _)| right.range.start + at);
    out.push(folded, right.range.start..head);
    head == right.range.end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::fold;

    proptest! {
        #[test]
        fn nothing_is_passed_over_that_would_be_joined(raw in "([免考证丨·•・｜＊*—‐■🀄 /a1，。\n]|\\PC){0,24}") {
            let folded = fold(&raw);
            let mut whole = Squeezed { raw_len: folded.raw_len, ..Squeezed::default() };
            join_from(&folded, 0, &mut whole, true);
            prop_assert_eq!(squeeze(&folded), whole);
        }
    }
}
