//! Simhash: a 64-bit number that changes little when the content changes little (Charikar 2002).
//!
//! Shingles are hashed by a fixed function, so numbers of different days and machines can be compared.

/// Adds up shingles; [`Simhash::finish`] gives the number.
pub(super) struct Simhash {
    /// How often each bit was set, as binary numbers that lie across: the lowest digit of all 64 counts is one word, and so on.
    digits: [u64; DIGITS],
    /// Shingles that are not counted yet.
    waiting: [u64; GROUP],
    pending: usize,
    count: usize,
}

/// Shingles beyond this many add nothing (and cannot overflow the counts).
const MOST: usize = 16_000;
/// Enough for a count of [`MOST`].
const DIGITS: usize = 14;
/// Eight shingles are counted at once: seven additions of whole words come to one carry, where one by one each would carry on.
const GROUP: usize = 8;

impl Simhash {
    pub(super) fn new() -> Self {
        Self { digits: [0; DIGITS], waiting: [0; GROUP], pending: 0, count: 0 }
    }

    pub(super) fn add(&mut self, shingle: u64) {
        if self.count >= MOST {
            return;
        }
        self.waiting[self.pending] = shingle;
        self.pending += 1;
        self.count += 1;
        if self.pending == GROUP {
            let group = self.waiting.map(mix);
            self.settle(group);
        }
    }

    /// Counts a group.
    fn settle(&mut self, group: [u64; GROUP]) {
        let [ones, twos, fours, more @ ..] = &mut self.digits;
        let mut pairs = [0; 4];
        for (pair, two) in pairs.iter_mut().zip(group.chunks_exact(2)) {
            (*ones, *pair) = sum(*ones, two[0], two[1]);
        }
        let (low, four_a) = sum(*twos, pairs[0], pairs[1]);
        let (low, four_b) = sum(low, pairs[2], pairs[3]);
        *twos = low;
        let mut carry;
        (*fours, carry) = sum(*fours, four_a, four_b);
        for digit in more {
            if carry == 0 {
                break;
            }
            (*digit, carry) = (*digit ^ carry, *digit & carry);
        }
        self.pending = 0;
    }

    /// A bit is set where most shingles set it.
    pub(super) fn finish(&mut self) -> u64 {
        let mut group = [0; GROUP];
        for (place, shingle) in group.iter_mut().zip(&self.waiting[..self.pending]) {
            *place = mix(*shingle);
        }
        self.settle(group);
        let set = |bit: usize| self.digits.iter().rev().fold(0, |set, digit| 2 * set + (digit >> bit & 1) as usize);
        (0..64).fold(0, |sum, bit| sum | (u64::from(2 * set(bit) > self.count) << bit))
    }
}

/// Three words added bit by bit: the sums' low digits, and their high ones.
fn sum(a: u64, b: u64, c: u64) -> (u64, u64) {
    (a ^ b ^ c, (a & b) | (c & (a ^ b)))
}

/// A 64-bit finaliser (Stafford's variant 13 of MurmurHash3's).
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Simhash of the text's three-character shingles; a quarter of them, chosen by their own hash, is enough for 64 bits.
pub(super) fn of_text(text: &str) -> u64 {
    let mut hash = Simhash::new();
    let (mut a, mut b) = (0u64, 0u64);
    let (mut chosen, mut many) = ([0; 64], 0);
    for c in text.chars().filter(|c| counts(*c)) {
        let c = c as u64;
        let shingle = (a << 42) ^ (b << 21) ^ c;
        // The top bits of one product choose; the full mix is for those that are chosen. There is no branch on the choice: one in
        // four is what no processor can guess.
        chosen[many] = shingle;
        many += usize::from((a != 0) & (shingle.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 62 == 0));
        if many == chosen.len() {
            chosen.iter().for_each(|shingle| hash.add(*shingle));
            many = 0;
        }
        (a, b) = (b, c);
    }
    chosen[..many].iter().for_each(|shingle| hash.add(*shingle));
    hash.finish()
}

/// Letters and digits. Common ideographs and the marks between them, the bulk of the text, are told without the tables of Unicode.
pub(crate) fn counts(c: char) -> bool {
    match c {
        '\u{4E00}'..='\u{9FFF}' => true,
        '\u{2010}'..='\u{2027}' | '\u{3000}'..='\u{3003}' | '\u{3008}'..='\u{301F}' | '\u{FF01}'..='\u{FF0F}' => false,
        _ => c.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_without_the_tables_is_what_the_tables_say() {
        for c in '\0'..=char::MAX {
            assert_eq!(counts(c), c.is_alphanumeric(), "{c:?}");
        }
    }

    fn far(a: &str, b: &str) -> u32 {
        (of_text(a) ^ of_text(b)).count_ones()
    }

    #[test]
    fn near_texts_have_near_numbers() {
        let page = (0..200)
            .map(|i| format!("第{i}条，特种作业人员应当接受与其所从事的特种作业相应的安全技术培训。"))
            .collect::<String>();
        let changed = page.replacen("安全技术", "专门技能", 2);
        let other = (0..200)
            .map(|i| format!("{i}号菜谱：把土豆切成丝，放进热油里快炒，加盐出锅即可享用美味。"))
            .collect::<String>();
        assert_eq!(far(&page, &page), 0);
        assert!(far(&page, &changed) <= 4, "{}", far(&page, &changed));
        assert!(far(&page, &other) >= 12, "{}", far(&page, &other));
        assert_eq!(of_text(""), 0);
    }
}
