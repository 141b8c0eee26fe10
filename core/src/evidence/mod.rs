//! Weighs what speaks for and against a reading of a word: a sum of learned weights, one for each sign that is there.
//!
//! A cue alone decides little where people write as they like; many small signs together decide. The weights stand in a table that
//! people can read beside the module that looks for the signs, and are learned anew from lines that were looked at, by that
//! module's own test. Start at [`Weights`].

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::ops::Range;

/// Words by what they say, to be looked for in what stands around.
#[derive(Debug)]
pub(crate) struct Lexicon<S> {
    scanner: AhoCorasick,
    says: Vec<S>,
}

impl<S: Copy> Lexicon<S> {
    /// Of a short constant list; the words that say the same are parted by `|`.
    pub(crate) fn new(words: &[(S, &str)]) -> Self {
        let all = || words.iter().flat_map(|(says, words)| words.split('|').map(move |word| (*says, word)));
        // Windows are short and many, and the list is small: one look a byte is worth the table.
        let scanner = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostLongest)
            .build(all().map(|(_, word)| word));
        Self {
            scanner: scanner.expect("a short constant list, far below the automaton's limits"),
            says: all().map(|(says, _)| says).collect(),
        }
    }

    /// What the words of a window say, in their order, and where they stand; of two that overlap the first, the longest of those.
    pub(crate) fn find<'w>(&self, window: &'w str) -> impl Iterator<Item = (S, Range<usize>)> + use<'w, '_, S> {
        self.scanner.find_iter(window).map(|hit| (self.says[hit.pattern().as_usize()], hit.range()))
    }
}

/// The weight of each sign, in its order.
#[derive(Debug)]
pub(crate) struct Weights(pub(crate) Vec<f64>);

impl Weights {
    /// Reads a table of lines `sign weight`; one that has other signs than `names`, or others' order, is a mistake of ours.
    pub(crate) fn read(table: &str, names: &[&str]) -> Self {
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let weights = names.iter().map(|name| {
            let line = lines.next().and_then(|line| line.split_once(' '));
            line.filter(|(sign, _)| sign == name).and_then(|(_, weight)| weight.trim().parse().ok()).unwrap_or(0.0)
        });
        Self(weights.collect())
    }

    /// Above zero: the signs speak for it.
    pub(crate) fn weigh(&self, signs: &[bool]) -> f64 {
        self.0.iter().zip(signs).filter(|(_, there)| **there).map(|(weight, _)| weight).sum()
    }
}

#[cfg(test)]
#[path = "learn_tests.rs"]
pub(crate) mod learn;
