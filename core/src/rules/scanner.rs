//! All phrases in one pass: every place where any of them stands, overlaps and all.
//!
//! The library's own iterator over overlapping matches starts anew after each of them, which on pages full of certificate words
//! is most of its time; this walks the table once. The table is the contiguous NFA: with 2,900 Chinese phrases the DFA's table is
//! so much larger that pages were judged a tenth slower with it (0.92 against 0.81 of scraper's parse). It must not decide what a phrase means. Start at [`Scanner::each`].

use std::ops::Range;

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError, MatchKind};

/// Every phrase of a rule set.
#[derive(Debug)]
pub(crate) struct Scanner(NFA);

impl Scanner {
    /// # Errors
    /// The phrases do not fit into one table.
    pub(crate) fn new(phrases: &[String]) -> Result<Self, BuildError> {
        NFA::builder().match_kind(MatchKind::Standard).build(phrases).map(Self)
    }

    /// Calls `found` with the number of the phrase and where it stands, by ascending ends, until it answers `false`.
    pub(crate) fn each(&self, text: &str, mut found: impl FnMut(usize, Range<usize>) -> bool) {
        let dfa = &self.0;
        // A table for unanchored search always has this state; without it there would be nothing to find.
        let Ok(mut state) = dfa.start_state(Anchored::No) else { return };
        for (at, byte) in text.bytes().enumerate() {
            state = dfa.next_state(Anchored::No, state, byte);
            // Dead and start states are special too.
            if !dfa.is_special(state) || !dfa.is_match(state) {
                continue;
            }
            for index in 0..dfa.match_len(state) {
                let phrase = dfa.match_pattern(state, index);
                let end = at + 1;
                if !found(phrase.as_usize(), end - dfa.pattern_len(phrase)..end) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_the_librarys_iterator_finds(
            phrases in prop::collection::vec("[考证免]{1,3}", 1..12),
            text in "[考证免 x]{0,40}",
        ) {
            let peer = AhoCorasick::new(&phrases).unwrap();
            let wanted: Vec<_> =
                peer.find_overlapping_iter(&text).map(|hit| (hit.pattern().as_usize(), hit.range())).collect();
            let mut found = Vec::new();
            Scanner::new(&phrases).unwrap().each(&text, |phrase, at| {
                found.push((phrase, at));
                true
            });
            let by_place = |matches: &mut Vec<(usize, Range<usize>)>| matches.sort_by_key(|(phrase, at)| (at.end, *phrase));
            let mut wanted = wanted;
            by_place(&mut wanted);
            by_place(&mut found);
            prop_assert_eq!(found, wanted);
        }
    }
}
