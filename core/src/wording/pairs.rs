//! What is known of two numbers side by side, laid out small: a page asks some thousand times, and what does not fit near the processor
//! costs more than all else that is done with it.
//!
//! A flat table with open addressing, of which a look touches one line, behind bits that tell of most pairs that nothing is known of
//! them. Start at [`Pairs::at`].

/// Key of a free slot; no sign has the number.
const FREE: u32 = u32::MAX;
/// Bits of [`Pairs::hints`], as a power of two: 32 KiB.
const HINT_BITS: u32 = 18;

/// Values by two numbers below [`u16::MAX`].
#[derive(Debug, Clone)]
pub(super) struct Pairs<V> {
    /// Bits of the pairs that there are.
    hints: Vec<u64>,
    /// A power of two of them, half of which are free.
    slots: Vec<(u32, V)>,
}

impl<V: Copy + Default> Default for Pairs<V> {
    fn default() -> Self {
        Self::new(&[])
    }
}

fn key(first: u16, second: u16) -> u32 {
    u32::from(first) << 16 | u32::from(second)
}

fn mixed(key: u32) -> u32 {
    key.wrapping_mul(0x9E37_79B1)
}

fn hint(key: u32) -> (usize, u32) {
    let bit = mixed(key) >> (u32::BITS - HINT_BITS);
    ((bit / u64::BITS) as usize, bit % u64::BITS)
}

impl<V: Copy + Default> Pairs<V> {
    /// Of pairs, each once, and their values.
    pub(super) fn new(pairs: &[(u16, u16, V)]) -> Self {
        let slots = vec![(FREE, V::default()); (2 * pairs.len()).next_power_of_two()];
        let mut laid = Pairs { hints: vec![0; 1 << HINT_BITS >> 6], slots };
        for (first, second, value) in pairs {
            let key = key(*first, *second);
            let (word, bit) = hint(key);
            laid.hints[word] |= 1 << bit;
            let slot = laid.find(key);
            laid.slots[slot] = (key, *value);
        }
        laid
    }

    /// The slot of a key, or the free one where it would be.
    #[inline]
    fn find(&self, key: u32) -> usize {
        let last = self.slots.len() - 1;
        // From other bits than the hint's: what that lets pass should not meet here again.
        let mut slot = (mixed(key) >> 7 ^ mixed(key).rotate_left(16)) as usize & last;
        while ![FREE, key].contains(&self.slots[slot].0) {
            slot = (slot + 1) & last;
        }
        slot
    }

    /// The value of a pair and the number of its slot; none where nothing is known of it.
    #[inline]
    pub(super) fn at(&self, first: u16, second: u16) -> Option<(usize, V)> {
        let key = key(first, second);
        let (word, bit) = hint(key);
        if self.hints[word] >> bit & 1 == 0 {
            return None;
        }
        let slot = self.find(key);
        let (own, value) = self.slots[slot];
        (own == key).then_some((slot, value))
    }

    /// Above the number of every slot.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The pairs and their values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, u16, V)> {
        let taken = self.slots.iter().filter(|(key, _)| *key != FREE);
        taken.map(|(key, value)| ((key >> 16) as u16, *key as u16, *value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_pair_has_its_own_value_and_slot_and_others_have_none(
            pairs in prop::collection::btree_map((0u16..40, 0u16..40), any::<i16>(), 0..300),
        ) {
            let laid = Pairs::new(&pairs.iter().map(|((a, b), value)| (*a, *b, *value)).collect::<Vec<_>>());
            let mut slots = BTreeMap::new();
            for (first, second) in (0u16..45).flat_map(|a| (0u16..45).map(move |b| (a, b))) {
                let told = laid.at(first, second);
                prop_assert_eq!(told.map(|(_, value)| value), pairs.get(&(first, second)).copied());
                if let Some((slot, _)) = told {
                    prop_assert!(slot < laid.slots() && slots.insert(slot, (first, second)).is_none());
                }
            }
        }
    }
}
