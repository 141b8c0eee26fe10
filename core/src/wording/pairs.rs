//! What is known of two numbers side by side, laid out small: a page asks some thousand times, and what does not fit near the processor
//! costs more than all else that is done with it.
//!
//! The rows of all first numbers lie over each other in one table, each shifted to where its own slots are free (Tarjan and Yao, Storing a
//! sparse table, 1979): one look tells, and most slots are used. Start at [`Pairs::at`].

/// First number of a free slot; no sign has it.
const FREE: u16 = u16::MAX;

/// Values by two numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs<V> {
    /// By first number: where its row begins.
    begins: Vec<u32>,
    slots: Vec<(u16, V)>,
}

impl<V: Copy + Default> Pairs<V> {
    /// Of pairs of numbers below `numbers`, each once, and their values.
    pub(super) fn new(mut pairs: Vec<(u16, u16, V)>, numbers: u16) -> Self {
        pairs.sort_unstable_by_key(|(first, second, _)| (*first, *second));
        let mut rows: Vec<&[(u16, u16, V)]> = pairs.chunk_by(|one, other| one.0 == other.0).collect();
        // The longest find their place while there is room.
        rows.sort_by_key(|row| std::cmp::Reverse(row.len()));
        let mut room = pairs.len() + pairs.len() / 4 + 1;
        loop {
            let slots = vec![(FREE, V::default()); room + usize::from(numbers)];
            let mut laid = Pairs { begins: vec![0; usize::from(numbers)], slots };
            if rows.iter().all(|row| laid.lay(row, room)) {
                return laid;
            }
            room += room / 8 + 1;
        }
    }

    fn lay(&mut self, row: &[(u16, u16, V)], room: usize) -> bool {
        let first = row[0].0;
        let from = usize::from(first).wrapping_mul(0x9E37_79B1) % room;
        let fits = |begin: &usize| row.iter().all(|(_, second, _)| self.slots[begin + usize::from(*second)].0 == FREE);
        let Some(begin) = (from..room).chain(0..from).find(fits) else { return false };
        for (_, second, value) in row {
            self.slots[begin + usize::from(*second)] = (first, *value);
        }
        self.begins[usize::from(first)] = begin as u32;
        true
    }

    /// The value of a pair and the number of its slot; none where nothing is known of it.
    #[inline]
    pub(super) fn at(&self, first: u16, second: u16) -> Option<(usize, V)> {
        let slot = *self.begins.get(usize::from(first))? as usize + usize::from(second);
        let (own, value) = *self.slots.get(slot)?;
        (own == first).then_some((slot, value))
    }

    /// Above the number of every slot.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// How many pairs there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.slots.iter().filter(|(first, _)| *first != FREE).count()
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
            let laid = Pairs::new(pairs.iter().map(|((a, b), value)| (*a, *b, *value)).collect(), 40);
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
