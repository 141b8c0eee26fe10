//! Undoes what sellers do to text so that machines do not read it, and remembers where everything stood.
//!
//! [`fold`] makes lower-case, simplified, NFKC-like text: full-width, circled, keycap and mathematical letters and digits,
//! radicals, traditional characters, invisible signs, numbers in disguise (`digits`), names that stand in for WeChat and QQ
//! (`aliases`), and an odd sign between all characters is left out (满丨意丨给). [`squeeze`] joins other characters that were set apart
//! (满/意). Separators inside numbers stay; white space is not
//! collapsed and lines stay lines, so that offsets are simple. Rules and entities match on the folded text; what people see
//! is quoted from the raw text through [`Folded::raw_range`].
//!
//! This module must not know what the words mean. Start at [`fold`].

mod aliases;
mod digits;
mod map;
mod signs;
mod sound;
mod squeeze;
#[cfg(test)]
mod tests;

pub(crate) use digits::numeral as chinese_digit;
use map::OffsetMap;
pub(crate) use map::{boundary_before, next_byte};
pub(crate) use signs::digit;
use signs::{FIRST, LAST, Sign, changes, fold_sign, look_alike, simplified};
pub use sound::Sounds;
pub(crate) use sound::syllable;
pub use squeeze::{Squeezed, squeeze};
use std::ops::Range;

/// Text beyond this is not folded. Pages are cut long before; it keeps offsets in 32 bits.
pub const LONGEST: usize = 1 << 29;

/// Folded text and where each piece of it stood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    text: String,
    map: OffsetMap,
    raw_len: usize,
}

impl Folded {
    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the raw text that a byte range of the folded text stands for: on character boundaries, and whole signs
    /// where one sign became several.
    #[must_use]
    pub fn raw_range(&self, folded: Range<usize>) -> Range<usize> {
        self.map.range(&self.text, folded, self.raw_len)
    }

    /// Where in the raw text stands what begins at bytes of the folded text, asked for one after another: the starts of
    /// [`Folded::raw_range`], for places inside the text and at character boundaries.
    pub(crate) fn raw_starts(&self) -> impl FnMut(usize) -> usize {
        let mut cursor = self.map.cursor();
        move |folded| cursor.start(folded)
    }

    /// Where a byte of the raw text stands in the folded text. Never falls as `raw` rises.
    #[must_use]
    pub fn folded_from(&self, raw: usize) -> usize {
        if raw >= self.raw_len { self.text.len() } else { self.map.folded_from(&self.text, raw) }
    }
}

/// What an ASCII byte asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ascii {
    Plain,
    Capital,
    /// Looks like a digit next to one.
    Soft,
    Open,
    LetterV,
    LetterW,
    Control,
}

static ASCII: [Ascii; 128] = {
    let mut table = [Ascii::Plain; 128];
    let mut at = 0;
    while at < 128 {
        table[at] = match at as u8 {
            b'\t' | b'\n' | b'\r' | 0x0C => Ascii::Plain,
            0..0x20 | 0x7F => Ascii::Control,
            b'o' | b'O' | b'l' | b'L' | b'i' | b'I' => Ascii::Soft,
            b'(' | b'[' | b'{' | b'<' => Ascii::Open,
            b'v' | b'V' => Ascii::LetterV,
            b'w' | b'W' => Ascii::LetterW,
            b'A'..=b'Z' => Ascii::Capital,
            _ => Ascii::Plain,
        };
        at += 1;
    }
    table
};

/// Signs of three bytes that stay as they are wherever they stand: of U+3400–9FFF those that are their own simplified form, no numeral, not
/// the first sign of a contact word, and the commonest stops. Nearly all of a text, told by one look: a bit by the last byte, in a word by the
/// first two.
static PLAIN: [u64; 1 << 10] = {
    let mut table = [0; 1 << 10];
    let mut code = FIRST;
    while code <= LAST {
        let sign = match char::from_u32(code as u32) {
            Some(sign) => sign,
            None => ' ',
        };
        if !changes(code) && digits::numeral(sign).is_none() && sign != '丨' && !aliases::leads(sign) {
            table[code >> 6] |= 1 << (code & 0x3F);
        }
        code += 1;
    }
    let stops = ['、', '。', '》', '」', '』'];
    let mut at = 0;
    while at < stops.len() {
        table[stops[at] as usize >> 6] |= 1 << (stops[at] as usize & 0x3F);
        at += 1;
    }
    table
};

/// Whether these three bytes are a sign of [`PLAIN`].
#[inline]
fn is_plain([first, middle, last]: [u8; 3]) -> bool {
    let word = PLAIN[usize::from(first & 0x0F) << 6 | usize::from(middle & 0x3F)];
    matches!(first, 0xE3..=0xE9) && word >> (last & 0x3F) & 1 != 0
}

/// Whether a sign is a Chinese one that stays as it is wherever it stands.
fn is_plain_sign(sign: char) -> bool {
    let code = sign as usize;
    (0x4E00..=LAST).contains(&code) && PLAIN[code >> 6] >> (code & 0x3F) & 1 != 0
}

/// Folds a text. Linear; the result is at most four times as long.
#[must_use]
pub fn fold(raw: &str) -> Folded {
    let raw = &raw[..boundary_before(raw, LONGEST)];
    let mut folder = Folder { raw, out: Folded::default(), copied: 0, judged: 0, capitals: false };
    folder.out.text.reserve(raw.len() + raw.len() / 16);
    // A clause has a few dozen bytes, and its comma becomes another.
    folder.out.map.reserve(raw.len() / 32);
    folder.out.raw_len = raw.len();
    folder.run();
    folder.out
}

struct Folder<'a> {
    raw: &'a str,
    out: Folded,
    /// What lies before is in the output; from here to the current sign nothing changes but case.
    copied: usize,
    /// Digit runs before this were judged.
    judged: usize,
    /// What was not copied yet has capital letters.
    capitals: bool,
}

impl Folder<'_> {
    fn run(&mut self) {
        let bytes = self.raw.as_bytes();
        let mut at = 0;
        loop {
            while bytes[at..].first_chunk().is_some_and(|sign| is_plain(*sign)) {
                at += 3;
            }
            let Some(&byte) = bytes.get(at) else { break };
            at = match byte {
                0..0x80 => match ASCII[usize::from(byte)] {
                    Ascii::Plain => at + 1,
                    class => self.ascii(at, class),
                },
                0xE3..=0xE9 => {
                    let code = u32::from(byte & 0x0F) << 12
                        | u32::from(bytes[at + 1] & 0x3F) << 6
                        | u32::from(bytes[at + 2] & 0x3F);
                    match code as usize {
                        FIRST..=LAST => self.ideograph(at, code),
                        _ => self.other(at),
                    }
                }
                // ！，：；？ by far the most of the full-width forms, and none of them part of a number.
                0xEF if bytes[at + 1] == 0xBC && matches!(bytes[at + 2], 0x81 | 0x8C | 0x9A | 0x9B | 0x9F) => {
                    self.flush(at);
                    self.out.map.push(self.out.text.len(), at, 3, 1);
                    self.out.text.push(char::from(bytes[at + 2] - 0x60));
                    self.copied = at + 3;
                    at + 3
                }
                _ => self.other(at),
            };
        }
        self.flush(bytes.len());
    }

    /// Copies what has waited, in lower case.
    fn flush(&mut self, upto: usize) {
        if self.copied < upto {
            let start = self.out.text.len();
            self.out.map.push(start, self.copied, 1, 1);
            self.out.text.push_str(&self.raw[self.copied..upto]);
            if self.capitals {
                self.out.text[start..].make_ascii_lowercase();
            }
            self.capitals = false;
        }
        self.copied = self.copied.max(upto);
    }

    /// Writes `text` in place of the raw bytes from `at` to `end`.
    fn put(&mut self, at: usize, end: usize, text: &str) {
        self.flush(at);
        let start = self.out.text.len();
        let one = text.chars().nth(1).is_none();
        if one && text.len() == end - at {
            self.out.map.push(start, at, 1, 1);
        } else if !text.is_empty() {
            self.out.map.push(start, at, end - at, text.len());
        }
        self.out.text.push_str(text);
        self.copied = end;
    }

    fn put_char(&mut self, at: usize, end: usize, sign: char) {
        self.put(at, end, sign.encode_utf8(&mut [0; 4]));
    }

    fn put_sign(&mut self, at: usize, sign: char) {
        let end = at + sign.len_utf8();
        match fold_sign(sign) {
            Sign::Keep => {}
            Sign::Drop => self.put(at, end, ""),
            Sign::One(one) => self.put_char(at, end, one),
            Sign::Few(few) => self.put(at, end, few.as_str()),
        }
    }

    fn ascii(&mut self, at: usize, class: Ascii) -> usize {
        let bytes = self.raw.as_bytes();
        let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
        let after = bytes.get(at + 1).copied().unwrap_or(b' ');
        let near_digit = |byte: u8| byte.is_ascii_digit() || !byte.is_ascii();
        match class {
            Ascii::Control => self.put(at, at + 1, ""),
            Ascii::Soft if near_digit(before) || near_digit(after) => {
                let sign = char::from(bytes[at]);
                if let Some(end) = self.number(at, sign) {
                    return end;
                }
            }
            Ascii::Open if near_digit(before) => {
                if let Some(end) = self.number(at, char::from(bytes[at])) {
                    return end;
                }
            }
            Ascii::LetterV if !after.is_ascii() && !before.is_ascii_alphanumeric() => {
                if let Some(end) = self.alias(at, 'v') {
                    return end;
                }
            }
            Ascii::LetterW if !after.is_ascii() && !before.is_ascii_alphanumeric() => {
                if let Some(end) = self.alias(at, 'w') {
                    return end;
                }
            }
            _ => {}
        }
        // Only now: on the way here what stands before may have been copied.
        self.capitals |= bytes[at].is_ascii_uppercase();
        at + 1
    }

    #[inline]
    fn ideograph(&mut self, at: usize, code: u32) -> usize {
        let simple = simplified(code);
        let sign = simple.unwrap_or_else(|| sign_of(code));
        // Both kinds are few: one look at the sign decides.
        if digits::numeral(sign).is_some() || sign == '丨' {
            if !self.stands_in_words(at)
                && let Some(end) = self.number(at, sign)
            {
                return end;
            }
            if sign == '丨' && self.interleaves(at, sign) {
                self.put(at, at + 3, "");
                return at + 3;
            }
        } else if aliases::leads(sign)
            && let Some(end) = self.alias(at, sign)
        {
            return end;
        }
        if simple.is_some() {
            self.put_char(at, at + 3, sign);
        }
        at + 3
    }

    /// Whether ordinary signs stand on both sides of an ideograph, as with most numerals (这一点): no number runs through it.
    fn stands_in_words(&self, at: usize) -> bool {
        let plain = |sign: Option<&[u8; 3]>| sign.is_some_and(|sign| sign[0] >= 0xE4 && is_plain(*sign));
        plain(self.raw.as_bytes()[..at].last_chunk()) && plain(self.raw.as_bytes()[at + 3..].first_chunk())
    }

    /// Everything beyond ASCII and the common ideographs.
    #[cold]
    fn other(&mut self, at: usize) -> usize {
        let Some(sign) = self.raw[at..].chars().next() else { return at + 1 };
        let end = at + sign.len_utf8();
        let folded = match fold_sign(sign) {
            Sign::Keep => sign,
            Sign::One(one) => one,
            Sign::Drop | Sign::Few(_) => {
                self.put_sign(at, sign);
                return end;
            }
        };
        // ①13000001234: the sign counts the numbers of a list and is no digit of one.
        if folded.is_ascii_digit() && digits::is_plain_mobile(&self.raw[end..]) {
            self.put(at, end, " ");
            return end;
        }
        if squeeze::is_odd(folded) && self.interleaves(at, sign) {
            self.put(at, end, "");
            return end;
        }
        let opens = matches!(folded, '(' | '[' | '{' | '<' | '【' | '〔' | '〖' | '「' | '『' | '《');
        if (opens || digits::soft(folded).is_some() || digits::numeral(folded).is_some())
            && let Some(end) = self.number(at, sign)
        {
            return end;
        }
        if aliases::leads(folded)
            && !self.raw[..at].ends_with(|sign: char| sign.is_ascii_alphanumeric())
            && let Some(end) = self.alias(at, folded)
        {
            return end;
        }
        if let Some(latin) = look_alike(folded) {
            self.flush(at);
            if self.out.text.ends_with(|sign: char| sign.is_ascii_lowercase()) {
                self.put_char(at, end, latin);
                return end;
            }
        }
        self.put_sign(at, sign);
        end
    }

    /// Whether the sign stands between single Chinese characters, and the same sign between one of them and the next: 微丨信丨同. Menus
    /// and titles set words apart.
    fn interleaves(&self, at: usize, sign: char) -> bool {
        let han = |sign: Option<char>| sign.is_some_and(squeeze::is_han);
        let mut before = self.raw[..at].chars().rev();
        let mut after = self.raw[at + sign.len_utf8()..].chars();
        if !han(before.next()) || !han(after.next()) {
            return false;
        }
        let (left, right) = (before.next(), after.next());
        let single = |side: Option<char>| !han(side);
        left == Some(sign) && han(before.next()) && single(right)
            || right == Some(sign) && han(after.next()) && single(left)
    }

    /// Rewrites the number in disguise around `at`, if there is one, and says where it ends.
    fn number(&mut self, at: usize, sign: char) -> Option<usize> {
        if at < self.judged || !digits::worth_a_look(self.raw, at, sign_at(self.raw, at).unwrap_or(sign)) {
            return None;
        }
        let (number, judged) = digits::number_at(self.raw, at, self.judged.min(at));
        self.judged = judged;
        let number = number.filter(|number| number.range.end > at)?;
        self.flush(at);
        self.rewind(number.range.start);
        let mut changes = number.changes.into_iter().peekable();
        let mut here = number.range.start;
        while here < number.range.end {
            match changes.next_if(|(range, _)| range.start == here) {
                Some((range, Some(value))) => {
                    self.put_char(range.start, range.end, char::from(b'0' + value));
                    here = range.end;
                }
                Some((range, None)) => {
                    self.put(range.start, range.end, "");
                    here = range.end;
                }
                None => {
                    let sign = sign_at(self.raw, here)?;
                    self.put_sign(here, sign);
                    here += sign.len_utf8();
                }
            }
        }
        self.judged = self.judged.max(number.range.end);
        Some(number.range.end)
    }

    /// Takes back what was written for the raw text from `raw` on.
    fn rewind(&mut self, raw: usize) {
        if raw < self.copied {
            let at = self.out.map.folded_from(&self.out.text, raw);
            self.out.text.truncate(at);
            self.out.map.truncate(raw);
            self.copied = raw;
        }
    }

    /// Writes the plain name of a contact word, if one stands here.
    fn alias(&mut self, at: usize, sign: char) -> Option<usize> {
        debug_assert!(aliases::leads(sign));
        if !aliases::may_stand(self.raw, at) {
            return None;
        }
        self.flush(at);
        let (end, name) = aliases::alias_at(self.raw, at, &self.out.text)?;
        self.put(at, end, name);
        Some(end)
    }
}

fn sign_of(code: u32) -> char {
    char::from_u32(code).unwrap_or(' ')
}

fn sign_at(raw: &str, at: usize) -> Option<char> {
    raw[at..].chars().next()
}
