//! What waits for a date, by block: of ten million pages that are due in a week, none is in memory.
//!
//! A lane that comes to an entry whose date lies ahead leaves it on disk and keeps its place here, one small record for up to all
//! places of a block. When the first date of a block has come the lane reads it again, takes what is due, and puts the rest back.
//! It must not read. Start at [`Parked::put`].

use std::{cmp::Reverse, collections::BinaryHeap};

/// Places of one block that wait for a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dated {
    /// The first of their dates, in seconds.
    pub at: i64,
    pub block: u32,
    pub places: u64,
}

/// What waits for a date, by block: of ten million pages that are due in a week, none is in memory.
#[derive(Debug, Default)]
pub(super) struct Parked {
    /// The block that is being read, which may get more.
    reading: Option<Dated>,
    others: BinaryHeap<Reverse<Dated>>,
    /// How many places.
    pub count: u32,
}

impl Parked {
    /// Puts a place away until a date. Blocks come in order.
    pub(super) fn put(&mut self, block: u32, place: u8, at: i64) {
        match &mut self.reading {
            Some(group) if group.block == block => {
                group.at = group.at.min(at);
                group.places |= 1 << place;
            }
            reading => {
                let before = reading.replace(Dated { at, block, places: 1 << place });
                self.others.extend(before.map(Reverse));
            }
        }
        self.count += 1;
    }

    /// The first date.
    pub(super) fn first(&self) -> Option<i64> {
        let other = self.others.peek().map(|Reverse(group)| group.at);
        self.reading.map(|group| group.at).into_iter().chain(other).min()
    }

    /// A block of which something is due.
    pub(super) fn due(&mut self, now: i64) -> Option<Dated> {
        let group = if self.reading.is_some_and(|group| group.at <= now) {
            self.reading.take()?
        } else {
            self.others.peek().filter(|Reverse(group)| group.at <= now)?;
            self.others.pop()?.0
        };
        self.count -= group.places.count_ones();
        Some(group)
    }

    /// Puts back what is left of a block.
    pub(super) fn put_back(&mut self, group: Dated) {
        if group.places != 0 {
            self.count += group.places.count_ones();
            self.others.push(Reverse(group));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_by_their_first_date_with_all_their_places_once() {
        let mut parked = Parked::default();
        for (block, place, at) in [(0, 3, 50), (0, 63, 20), (1, 0, 10), (2, 7, 30), (2, 8, 90)] {
            parked.put(block, place, at);
        }
        assert_eq!((parked.count, parked.first(), parked.due(9)), (5, Some(10), None));
        assert_eq!(parked.due(100), Some(Dated { at: 30, block: 2, places: 0b11 << 7 }), "the one that is being read");
        assert_eq!(parked.due(10), Some(Dated { at: 10, block: 1, places: 1 }));
        assert_eq!((parked.count, parked.first(), parked.due(19)), (2, Some(20), None));
        let first = parked.due(20).unwrap();
        assert_eq!(first, Dated { at: 20, block: 0, places: 1 << 63 | 1 << 3 });
        parked.put_back(Dated { at: 50, places: 1 << 3, ..first });
        parked.put_back(Dated { places: 0, ..first });
        assert_eq!((parked.count, parked.first(), parked.due(49)), (1, Some(50), None));
        assert!(parked.due(50).is_some());
        assert_eq!((parked.count, parked.first(), parked.due(i64::MAX)), (0, None, None));
    }
}
