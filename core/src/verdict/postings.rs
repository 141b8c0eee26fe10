//! For each condition, each list: the phrases that were found for it, in the order in which they were written down.
//!
//! Posting lists in one arena, because a page fills a few of hundreds of lists with a few entries each.

/// Ends a list.
const NONE: u32 = u32::MAX;

/// Posting lists by number.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// By list: its first and its last entry.
    ends: Vec<(u32, u32)>,
    /// What was found, and the next entry of the same list.
    entries: Vec<(u32, u32)>,
}

impl Postings {
    /// So many empty lists.
    pub(crate) fn new(lists: usize) -> Self {
        Self { ends: vec![(NONE, NONE); lists], entries: Vec::with_capacity(2_048) }
    }

    /// Appends to a list.
    pub(crate) fn push(&mut self, list: usize, found: u32) {
        let entry = self.entries.len() as u32;
        self.entries.push((found, NONE));
        let (first, last) = &mut self.ends[list];
        if *first == NONE {
            *first = entry;
        } else {
            self.entries[*last as usize].1 = entry;
        }
        *last = entry;
    }

    /// Whether a list holds anything.
    pub(crate) fn has(&self, list: usize) -> bool {
        self.ends[list].0 != NONE
    }

    /// What a list holds.
    pub(crate) fn of(&self, list: usize) -> impl Iterator<Item = u32> {
        let entry = |at: u32| self.entries.get(at as usize);
        std::iter::successors(entry(self.ends[list].0), move |(_, next)| entry(*next)).map(|(found, _)| *found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_list_holds_its_own_in_order(pushed in prop::collection::vec((0usize..4, 0u32..100), 0..60)) {
            let mut postings = Postings::new(4);
            pushed.iter().for_each(|(list, found)| postings.push(*list, *found));
            for list in 0..4 {
                let wanted: Vec<u32> = pushed.iter().filter(|(l, _)| *l == list).map(|(_, found)| *found).collect();
                prop_assert_eq!(postings.has(list), !wanted.is_empty());
                prop_assert_eq!(postings.of(list).collect::<Vec<_>>(), wanted);
            }
        }
    }
}
