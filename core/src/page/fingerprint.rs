//! Simhash: a 64-bit number that changes little when the content changes little (Charikar 2002).
//!
//! Shingles are hashed by a fixed function, so numbers of different days and machines can be compared.

/// Adds up shingles; [`Simhash::finish`] gives the number.
pub(super) struct Simhash {
    weight: [i16; 64],
    count: u32,
}

/// Shingles beyond this many add nothing (and cannot overflow the sums).
const MOST: u32 = 16_000;

impl Simhash {
    pub(super) fn new() -> Self {
        Self { weight: [0; 64], count: 0 }
    }

    pub(super) fn add(&mut self, shingle: u64) {
        if self.count >= MOST {
            return;
        }
        self.count += 1;
        let hash = mix(shingle);
        for (bit, weight) in self.weight.iter_mut().enumerate() {
            *weight += ((hash >> bit) & 1) as i16 * 2 - 1;
        }
    }

    pub(super) fn finish(&self) -> u64 {
        self.weight.iter().enumerate().fold(0, |sum, (bit, weight)| sum | (u64::from(*weight > 0) << bit))
    }
}

/// A 64-bit finaliser (Stafford's variant 13 of MurmurHash3's).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Simhash of the text's three-character shingles; a quarter of them, chosen by their own hash, is enough for 64 bits.
pub(super) fn of_text(text: &str) -> u64 {
    let mut hash = Simhash::new();
    let (mut a, mut b) = (0u64, 0u64);
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        let c = c as u64;
        let shingle = (a << 42) ^ (b << 21) ^ c;
        if a != 0 && mix(shingle ^ 0x5bd1_e995).trailing_zeros() >= 2 {
            hash.add(shingle);
        }
        (a, b) = (b, c);
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

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
