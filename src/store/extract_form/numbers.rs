//! Numbers, texts and lists as bytes, and back. What is read may be damaged: nothing is believed that the bytes do not bear out.
//!
//! Start at [`Writer`] and [`Reader`].

use std::ops::Range;

/// Bytes that are written to.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(room: usize) -> Self {
        Self(Vec::with_capacity(room))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Seven bits a byte, the lowest first; the top bit says that there are more.
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A number of which all bits are as likely.
    pub(super) fn whole(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A range that mostly begins where the one before ended.
    pub(super) fn range(&mut self, range: &Range<usize>, end: usize) {
        let step = range.start as i64 - end as i64;
        self.number((step << 1 ^ step >> 63) as u64);
        self.number((range.end - range.start) as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A long text, in the encoding in which it is shorter: UTF-8, or UTF-16 of the low byte first.
    pub(super) fn wide_text(&mut self, text: &str) {
        let mut units = vec![0; text.len() + 1];
        let many = encoding_rs::mem::convert_str_to_utf16(text, &mut units);
        if 2 * many >= text.len() {
            self.byte(0);
            return self.text(text);
        }
        self.byte(1);
        self.number(many as u64);
        let begin = self.0.len();
        self.0.resize(begin + 2 * many, 0);
        for (pair, unit) in self.0[begin..].chunks_exact_mut(2).zip(&units[..many]) {
            pair.copy_from_slice(&unit.to_le_bytes());
        }
    }

    /// An address: how much of it is the beginning of the one before, and the rest.
    pub(super) fn address(&mut self, address: &str, before: &str) {
        let mut same = address.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
        while !address.is_char_boundary(same) {
            same -= 1;
        }
        self.number(same as u64);
        self.text(&address[same..]);
    }

    pub(super) fn list<'t, T>(&mut self, list: &'t [T], mut one: impl FnMut(&mut Self, &'t T)) {
        self.number(list.len() as u64);
        list.iter().for_each(|item| one(self, item));
    }
}

/// What addresses may take over from those before them. Four bytes can stand for as many as were ever read: without a bound a
/// megabyte would be a hundred gigabytes.
const TAKEN_OVER: usize = 64 << 20;

/// Bytes that are read from.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// What addresses may still take over.
    left: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, left: TAKEN_OVER }
    }

    /// Nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn whole(&mut self) -> Option<u64> {
        let (bytes, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(u64::from_le_bytes(*bytes))
    }

    pub(super) fn range(&mut self, end: usize) -> Option<Range<usize>> {
        let step = self.number()?;
        let step = (step >> 1) as i64 ^ -((step & 1) as i64);
        let start = end.checked_add_signed(isize::try_from(step).ok()?)?;
        Some(start..start.checked_add(self.size()?)?)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let length = self.size()?;
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    pub(super) fn wide_text(&mut self) -> Option<String> {
        if self.byte()? == 0 {
            return self.text();
        }
        let many = self.size()?;
        let bytes = self.take(many.checked_mul(2)?)?;
        let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        String::from_utf16(&units).ok()
    }

    pub(super) fn address(&mut self, before: &str) -> Option<String> {
        let same = self.size()?;
        self.left = self.left.checked_sub(same)?;
        Some(before.get(..same)?.to_owned() + &self.text()?)
    }

    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let many = self.size()?;
        // Each takes a byte at least.
        let mut list = Vec::with_capacity(many.min(self.bytes.len()).min(4096));
        for _ in 0..many {
            list.push(one(self)?);
        }
        Some(list)
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_only_repeat_come_to_an_end() {
        let long = "a".repeat(1 << 20);
        let mut out = Writer::new(0);
        let mut before = "";
        for _ in 0..100 {
            out.address(&long, before);
            before = &long;
        }
        let bytes = out.finish();
        assert!(bytes.len() < (1 << 20) + 600);
        let (mut from, mut before) = (Reader::new(&bytes), String::new());
        let read = (0..100).map_while(|_| from.address(&before).inspect(|address| before.clone_from(address)));
        assert_eq!(read.filter(|address| *address == long).count(), 1 + (TAKEN_OVER >> 20));
    }

    #[test]
    fn a_length_that_the_bytes_do_not_bear_out_is_refused_before_there_is_room_for_it() {
        for many in [5, 1 << 32, u64::MAX >> 1, u64::MAX] {
            let mut out = Writer::new(0);
            out.number(many);
            out.byte(7);
            let bytes = out.finish();
            assert_eq!(Reader::new(&bytes).text(), None);
            assert_eq!(Reader::new(&bytes).list(Reader::byte), None);
            assert_eq!(Reader::new(&[&[1], &bytes[..]].concat()).wide_text(), None);
            assert_eq!(Reader::new(&bytes).address("abc"), None);
            assert_eq!(Reader::new(&[&[4], &bytes[..bytes.len() - 1]].concat()).range(usize::MAX - 1), None);
        }
        assert_eq!(Reader::new(&[0xFF; 20]).number(), None);
    }
}
