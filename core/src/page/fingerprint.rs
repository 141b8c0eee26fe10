//! Simhash: a 64-bit number that changes little when the content changes little (Charikar 2002).
//!
//! Shingles are hashed by a fixed function, so numbers of different days and machines can be compared.

/// Adds up shingles; [`Simhash::finish`] gives the number.
pub(super) struct Simhash {
    /// How often each bit was set, without what is still in `lanes`.
    ones: [u32; 64],
    /// The same as eight times eight counters of a byte: a shingle then costs eight additions.
    lanes: [u64; 8],
    /// Shingles in `lanes`; at 255 a counter is full.
    pending: u32,
    count: u32,
}

/// Each bit of a byte in a byte of its own.
static SPREAD: [u64; 256] = {
    let mut table = [0u64; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            table[byte] |= ((byte as u64 >> bit) & 1) << (8 * bit);
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// Shingles beyond this many add nothing (and cannot overflow the sums).
const MOST: u32 = 16_000;

impl Simhash {
    pub(super) fn new() -> Self {
        Self { ones: [0; 64], lanes: [0; 8], pending: 0, count: 0 }
    }

    pub(super) fn add(&mut self, shingle: u64) {
        if self.count >= MOST {
            return;
        }
        self.count += 1;
        for (lane, byte) in self.lanes.iter_mut().zip(mix(shingle).to_le_bytes()) {
            *lane += SPREAD[usize::from(byte)];
        }
        self.pending += 1;
        if self.pending == 255 {
            self.settle();
        }
    }

    fn settle(&mut self) {
        for (lane, ones) in self.lanes.iter_mut().zip(self.ones.chunks_exact_mut(8)) {
            for (ones, more) in ones.iter_mut().zip(lane.to_le_bytes()) {
                *ones += u32::from(more);
            }
            *lane = 0;
        }
        self.pending = 0;
    }

    /// A bit is set where most shingles set it.
    pub(super) fn finish(&mut self) -> u64 {
        self.settle();
        let bits = self.ones.iter().enumerate();
        bits.fold(0, |sum, (bit, ones)| sum | (u64::from(2 * ones > self.count) << bit))
    }
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
    for c in text.chars().filter(|c| counts(*c)) {
        let c = c as u64;
        let shingle = (a << 42) ^ (b << 21) ^ c;
        // The top bits of one product choose; the full mix is for those that are chosen.
        if a != 0 && shingle.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 62 == 0 {
            hash.add(shingle);
        }
        (a, b) = (b, c);
    }
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
