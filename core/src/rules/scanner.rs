//! All phrases in one pass: every place where any of them stands, overlaps and all.
//!
//! An Aho-Corasick automaton by characters, laid out so that the processor has nothing to guess. Where an automaton stands depends on all
//! that it read, and on Chinese text it falls back at every other sign: each step waits for the one before, and every fall is guessed wrong.
//! Most of what it knows is which two signs stand side by side, and that is looked up without it. Only what is known of three signs
//! and more is the automaton's; its falls among these are worked out beforehand, so that a step is always one look. It must not decide what
//! a phrase means. Start at [`Scanner::each`]; `scanner_table` makes the tables.

use std::hint::select_unpredictable;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::scanner_table::{NONE, Table, TooMany, Trie};
use super::uses::Look;

/// Number of a sign that stands in no phrase.
pub(super) const UNKNOWN: u16 = 0;
/// The state in which nothing of a phrase has been read, or one sign that is none by itself.
pub(super) const NOWHERE: u32 = 0;
/// So many ends of phrases are told together.
const MANY: usize = 256;

/// Every phrase of a rule set.
pub(crate) struct Scanner {
    signs: Signs,
    /// By number of the sign: where its row begins among the pairs, and the state where it is a phrase.
    singles: Vec<(u32, u32)>,
    /// Neighbours that begin a phrase.
    pairs: Table,
    /// Steps from two signs and more.
    steps: Table,
    /// States from here on are ends of phrases.
    telling: u32,
    /// By state from [`Self::telling`] on: where its phrases end among `told`.
    ends: Vec<u32>,
    /// What ends at each state, the longest first.
    told: Vec<Told>,
}

/// A phrase as it is told: with what is asked of each, or that would be another walk through memory.
#[derive(Debug, Clone, Copy)]
struct Told {
    phrase: u32,
    /// In bytes.
    length: u32,
    look: Look,
}

/// How far a text was walked through.
#[derive(Clone, Copy)]
struct Walk {
    at: usize,
    /// The rows of the sign before and of the state that it led to.
    before: u32,
    here: u32,
}

/// Signs by number.
#[derive(Default)]
pub(super) struct Signs {
    /// By code below U+10000.
    near: Vec<u16>,
    far: FxHashMap<char, u16>,
}

impl Signs {
    pub(super) fn new() -> Self {
        Self { near: vec![UNKNOWN; 0x1_0000], far: FxHashMap::default() }
    }

    /// The place for the number of a sign.
    pub(super) fn place(&mut self, sign: char) -> &mut u16 {
        match self.near.get_mut(sign as usize) {
            Some(number) => number,
            None => self.far.entry(sign).or_insert(UNKNOWN),
        }
    }
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanner").field("ends", &self.ends.len()).finish_non_exhaustive()
    }
}

impl Scanner {
    /// The phrases get their numbers in the order in which they come; none may come twice or be empty. `looks` are what they are, by number.
    ///
    /// # Errors
    /// The phrases do not fit into the tables.
    pub(crate) fn new(phrases: &[String], looks: impl Fn(usize) -> Look) -> Result<Self, TooMany> {
        let trie = Trie::new(phrases)?;
        let (numbers, telling) = trie.numbered();
        let mut steps = Table::new(trie.steps(&numbers), trie.alphabet());
        let mut pairs = Table::new(trie.pairs(&numbers), trie.alphabet());
        let rows = steps.rows();
        pairs.link(&rows);
        steps.link(&rows);
        let rows = pairs.rows().into_iter().chain(std::iter::repeat(NONE));
        let singles = rows.zip(trie.singles(&numbers)).collect();
        let mut scanner =
            Scanner { signs: Signs::default(), singles, pairs, steps, telling, ends: vec![0], told: Vec::new() };
        for phrases_here in trie.told(&numbers, telling) {
            scanner.told.extend(phrases_here.into_iter().map(|phrase| {
                let number = phrase as usize;
                Told { phrase, length: phrases[number].len() as u32, look: looks(number) }
            }));
            scanner.ends.push(scanner.told.len() as u32);
        }
        scanner.signs = trie.into_signs();
        Ok(scanner)
    }

    /// Calls `found` with the number of the phrase and where it stands, by ascending ends and of those that end together the longest first,
    /// until it answers `false`.
    pub(crate) fn each(&self, text: &str, mut found: impl FnMut(usize, Range<usize>) -> bool) {
        self.each_look(text, |phrase, at, _| found(phrase, at));
    }

    /// The same with what each phrase is.
    pub(crate) fn each_look(&self, text: &str, mut found: impl FnMut(usize, Range<usize>, Look) -> bool) {
        let mut walk = Walk { at: 0, before: NONE, here: NONE };
        let mut hits = [(0u32, 0usize); MANY];
        loop {
            let count = self.walk(text, &mut walk, &mut hits);
            if !self.tell(&hits[..count], &mut found) || count < MANY {
                return;
            }
        }
    }

    /// Goes on through a text until it has as many ends of phrases as there is room for, or to the end of the text; how many they are. By
    /// itself, apart from what is done with them: what it holds at each sign has to stay in the processor's registers.
    #[inline(never)]
    fn walk(&self, text: &str, walk: &mut Walk, hits: &mut [(u32, usize); MANY]) -> usize {
        let bytes = text.as_bytes();
        let near = &self.signs.near[..0x1_0000];
        let mut count = 0;
        let Walk { mut at, mut before, mut here } = *walk;
        while at < bytes.len() && count < MANY {
            let number = match bytes[at..].first_chunk() {
                Some([lead @ 0xE0..0xF0, middle, last]) => {
                    at += 3;
                    let lead = usize::from(lead & 0x0F) << 12;
                    near[lead | usize::from(middle & 0x3F) << 6 | usize::from(last & 0x3F)]
                }
                _ if bytes[at].is_ascii() => {
                    at += 1;
                    near[usize::from(bytes[at - 1])]
                }
                _ => self.other(text, &mut at),
            };
            let pair = self.pairs.at(before, number);
            let (row, single) = self.singles[usize::from(number)];
            // Chosen without a branch: which of them holds is as good as chance.
            let begun = select_unpredictable(pair.row == before, (pair.state, pair.next), (single, NONE));
            let (mut state, mut next) = begun;
            // At most signs nothing is under way of which a third sign would be wanted, and then nothing waits for the sign before.
            if here != NONE {
                let step = self.steps.at(here, number);
                (state, next) = select_unpredictable(step.row == here, (step.state, step.next), begun);
            }
            (before, here) = (row, next);
            // Written down in any case and kept if it counts.
            hits[count] = (state, at);
            count += usize::from(state >= self.telling);
        }
        *walk = Walk { at, before, here };
        count
    }

    /// Tells the phrases that end at each of these states; whether to go on.
    fn tell(&self, hits: &[(u32, usize)], found: &mut impl FnMut(usize, Range<usize>, Look) -> bool) -> bool {
        hits.iter().all(|(state, end)| {
            let place = (state - self.telling) as usize;
            let told = &self.told[self.ends[place] as usize..self.ends[place + 1] as usize];
            told.iter().all(|told| found(told.phrase as usize, end - told.length as usize..*end, told.look))
        })
    }

    /// The number of a sign of two bytes or of four, past which it goes.
    fn other(&self, text: &str, at: &mut usize) -> u16 {
        let Some(sign) = text[*at..].chars().next() else { return UNKNOWN };
        *at += sign.len_utf8();
        self.signs.near.get(sign as usize).or_else(|| self.signs.far.get(&sign)).copied().unwrap_or(UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_byte_wise_table_finds(
            phrases in prop::collection::btree_set("[考证免aé🀄]{1,5}", 1..40),
            text in "[考证免aéx 🀄]{0,300}",
        ) {
            let phrases: Vec<String> = BTreeSet::into_iter(phrases).collect();
            let peer = AhoCorasick::new(&phrases).unwrap();
            let mut wanted: Vec<_> =
                peer.find_overlapping_iter(&text).map(|hit| (hit.pattern().as_usize(), hit.range())).collect();
            let mut found = Vec::new();
            Scanner::new(&phrases, |_| Look::default()).unwrap().each(&text, |phrase, at| {
                found.push((phrase, at));
                true
            });
            prop_assert!(found.is_sorted_by_key(|(_, at)| at.end));
            let by_place = |matches: &mut Vec<(usize, Range<usize>)>| matches.sort_by_key(|(phrase, at)| (at.end, *phrase));
            by_place(&mut wanted);
            by_place(&mut found);
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn it_stops_when_told() {
        let mut seen = 0;
        Scanner::new(&["考".into()], |_| Look::default()).unwrap().each("考考考", |_, _| {
            seen += 1;
            seen < 2
        });
        assert_eq!(seen, 2);
    }
}
