//! What bytes would be in the encodings that Chinese pages come in: how much of them makes sense, how much is broken.
//!
//! Chance writes little: of text in GBK one sign in thirty is well-formed UTF-8 of three bytes, of UTF-8 one in six is a common sign in
//! GBK; Big5 read as GBK falls into its private areas. So a label is held against the other readings, and a few bytes that fit nowhere
//! (a cut, a comment, bytes that somebody strewed in) decide nothing. What readers never see is not counted. Start at [`Readings::of`].

use memchr::{memchr, memmem};

/// Bytes that are looked at, after what says nothing was left out.
const WINDOW: usize = 128 * 1024;
/// So much ASCII after other bytes belongs to them; what goes on longer says nothing.
const AFTER: usize = 32;
/// And so much before them.
const BEFORE: usize = 16;

/// One reading: characters that make sense in it, and bytes that are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) sound: usize,
    pub(super) broken: usize,
}

impl Reading {
    /// Hardly anything is broken.
    pub(super) fn is_clear(self) -> bool {
        self.sound >= 8 && self.broken * 16 <= self.sound
    }
}

/// The same bytes in each encoding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Readings {
    /// UTF-8, in sequences of three bytes or more.
    utf8: Reading,
    /// UTF-8 in two bytes: chance writes many of those.
    pairs: usize,
    pub(super) gb: Reading,
    pub(super) big5: Reading,
}

impl Readings {
    /// Reads what [`telling`] left over.
    pub(super) fn of(bytes: &[u8]) -> Readings {
        let (utf8, pairs) = utf8(bytes);
        // Common ideographs and the marks between them; their second bytes are high.
        let gb = two_bytes(bytes, 0x80, |lead, trail| matches!(lead, 0xB0..=0xD7 | 0xA1 | 0xA3) && trail >= 0xA1);
        let big5 = two_bytes(bytes, 0xA1, |lead, _| matches!(lead, 0xA4..=0xC6 | 0xA1));
        Readings { utf8, pairs, gb, big5 }
    }

    /// It may well be UTF-8 with something broken in it.
    pub(super) fn may_be_utf8(&self) -> bool {
        self.utf8.broken <= self.pairs + 4 * self.utf8.sound
    }

    /// It is UTF-8, whatever else is said.
    pub(super) fn is_utf8(&self) -> bool {
        self.utf8.sound > 0 && self.may_be_utf8() && self.utf8.sound > 2 * self.gb.sound.max(self.big5.sound)
    }

    /// In another encoding it would say more.
    pub(super) fn says_more_than_utf8(&self) -> bool {
        self.gb.sound.max(self.big5.sound) > self.utf8.sound + self.pairs
    }

    /// Big5 and not GBK: of GBK two signs in three are common in Big5 as well, of Big5 one in four in GBK.
    pub(super) fn is_big5(&self) -> bool {
        self.big5.sound > 2 * self.gb.sound
    }

    /// GBK and not Big5.
    pub(super) fn is_gb(&self) -> bool {
        self.gb.sound > self.big5.sound
    }
}

fn utf8(bytes: &[u8]) -> (Reading, usize) {
    let (mut reading, mut pairs, mut rest) = (Reading::default(), 0, bytes);
    let mut last = None;
    while !rest.is_empty() {
        let (good, bad) = match std::str::from_utf8(rest) {
            Ok(_) => (rest.len(), 0),
            Err(error) => (error.valid_up_to(), error.error_len().unwrap_or(rest.len() - error.valid_up_to())),
        };
        reading.sound += rest[..good].iter().filter(|byte| **byte >= 0xE0).count();
        pairs += rest[..good].iter().filter(|byte| (0xC2..0xE0).contains(*byte)).count();
        // A cut at the end is no error, and no text says the same broken byte again and again.
        let again = good == 0 && bad > 0 && last == rest.first();
        reading.broken += if good + bad < rest.len() && !again { bad } else { 0 };
        last = rest.get(good);
        rest = &rest[good + bad..];
    }
    (reading, pairs)
}

/// Two bytes a character, the second of which may be ASCII, or is `high` or more.
fn two_bytes(bytes: &[u8], high: u8, common: fn(u8, u8) -> bool) -> Reading {
    let (mut reading, mut at) = (Reading::default(), 0);
    while let Some(&lead) = bytes.get(at) {
        at += 1;
        if lead < 0x80 {
            continue;
        }
        match bytes.get(at) {
            Some(&trail) if (0x81..0xFF).contains(&lead) && is_trail(trail, high) => {
                reading.sound += usize::from(common(lead, trail));
                at += 1;
            }
            Some(next) => reading.broken += usize::from(*next != lead),
            None => {}
        }
    }
    reading
}

fn is_trail(byte: u8, high: u8) -> bool {
    (0x40..0x7F).contains(&byte) || (high..0xFF).contains(&byte)
}

/// What tells an encoding: the stretches around bytes beyond ASCII, without comments, scripts and styles where there are any besides.
/// All these encodings write `<` and what stands behind it as ASCII does.
pub(super) fn telling(bytes: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some((end, next)) = next_unseen(rest) {
        stretches(&rest[..end], &mut found);
        rest = &rest[next..];
    }
    stretches(rest, &mut found);
    if found.is_empty() {
        stretches(bytes, &mut found);
    }
    found
}

/// Where the next part begins that readers do not see, and where it ends.
fn next_unseen(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'<', &bytes[from..])?;
        let rest = &bytes[at..];
        let begins = |tag: &[u8]| rest.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag));
        let end = if rest.starts_with(b"<!--") {
            Some(memmem::find(rest, b"-->"))
        } else if begins(b"<script") {
            Some(end_tag(rest, b"</script"))
        } else if begins(b"<style") {
            Some(end_tag(rest, b"</style"))
        } else {
            None
        };
        if let Some(end) = end {
            return Some((at, end.map_or(bytes.len(), |end| at + end)));
        }
        from = at + 1;
    }
}

fn end_tag(bytes: &[u8], tag: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', bytes)
        .find(|at| bytes.get(*at..at + tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag)))
}

fn stretches(bytes: &[u8], found: &mut Vec<u8>) {
    let mut from = 0;
    while found.len() < WINDOW
        && let Some(high) = bytes[from..].iter().position(|byte| *byte >= 0x80)
    {
        let begin = from + high;
        let (mut end, mut plain) = (begin, 0);
        while end < bytes.len() && plain < AFTER && end - begin < WINDOW {
            plain = if bytes[end] < 0x80 { plain + 1 } else { 0 };
            end += 1;
        }
        // What was cut off behind a high byte is no second byte of it.
        found.extend_from_slice(&bytes[begin.saturating_sub(BEFORE).max(from)..end]);
        from = end;
    }
}
