//! Weighs what speaks for and against a reading of a word: a sum of learned weights, one for each sign that is there.
//!
//! A cue alone decides little where people write as they like; many small signs together decide. The weights stand in a table that
//! people can read beside the module that looks for the signs, and are learned anew from lines that were looked at, by that
//! module's own test. Start at [`Weights`].

use rustc_hash::FxHashMap;
use std::ops::Range;

/// Words by what they say, to be looked for in what stands around. Windows are short and many, and at most of their signs no word begins:
/// that is told by a bit, and no byte has to be walked through.
#[derive(Debug)]
pub(crate) struct Lexicon<S> {
    /// By code below U+10000: whether a word begins with the sign.
    begins: Vec<u64>,
    /// By the first sign, the longest first.
    words: FxHashMap<char, Vec<Word<S>>>,
}

#[derive(Debug)]
struct Word<S> {
    text: String,
    /// Its second sign, if it has one.
    second: Option<char>,
    says: S,
}

impl<S: Copy> Lexicon<S> {
    /// Of a short constant list; the words that say the same are parted by `|`.
    pub(crate) fn new(words: &[(S, &str)]) -> Self {
        Self::of(words.iter().flat_map(|(says, words)| words.split('|').map(move |word| (*says, word))))
    }

    fn of<'w>(all: impl Iterator<Item = (S, &'w str)>) -> Self {
        let mut lexicon = Self { begins: vec![0; 1 << 10], words: FxHashMap::default() };
        for (says, word) in all {
            debug_assert!(word.trim() == word, "a list that was broken in its midst");
            let mut signs = word.chars();
            let first = signs.next();
            debug_assert!(first.is_some(), "a list that was broken in its midst");
            let Some(first) = first else { continue };
            if let Some(bits) = lexicon.begins.get_mut(first as usize >> 6) {
                *bits |= 1 << (first as usize & 0x3F);
            }
            let word = Word { text: word.to_owned(), second: signs.next(), says };
            lexicon.words.entry(first).or_default().push(word);
        }
        lexicon.words.values_mut().for_each(|words| words.sort_by_key(|word| std::cmp::Reverse(word.text.len())));
        lexicon
    }

    /// What the words of a window say, in their order, and where they stand; of two that overlap the first, the longest of those.
    pub(crate) fn find<'w>(&'w self, window: &'w str) -> impl Iterator<Item = (S, Range<usize>)> + use<'w, S> {
        let mut at = 0;
        std::iter::from_fn(move || {
            while let Some(first) = window[at..].chars().next() {
                let start = at;
                at += first.len_utf8();
                let bits = self.begins.get(first as usize >> 6).copied();
                // Signs beyond are few, and are looked up.
                if bits.is_some_and(|bits| bits >> (first as usize & 0x3F) & 1 == 0) {
                    continue;
                }
                let second = window[at..].chars().next();
                let stands = |word: &&Word<S>| {
                    (word.second.is_none() || word.second == second) && window[start..].starts_with(&word.text)
                };
                if let Some(word) = self.words.get(&first).and_then(|words| words.iter().find(stands)) {
                    at = start + word.text.len();
                    return Some((word.says, start..at));
                }
            }
            None
        })
    }
}

/// What stands around a word in its line, and the word itself where it tells something: cut into single signs and pairs of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'t> {
    pub(crate) before: &'t str,
    pub(crate) word: &'t str,
    pub(crate) after: &'t str,
}

/// Where a gram of a context stands; the letter that it has in a table.
const BEFORE: u8 = b'b';
const AFTER: u8 = b'a';
const RIGHT_BEFORE: u8 = b'B';
const RIGHT_AFTER: u8 = b'A';
const WORD: u8 = b'w';

impl<'t> Context<'t> {
    /// So many characters of the word's line on either side.
    pub(crate) fn of(text: &'t str, at: Range<usize>, most: usize) -> Self {
        let before = &text[..at.start];
        let start = before.char_indices().rev().take(most).take_while(|(_, sign)| *sign != '\n').last();
        let end = text[at.end..].char_indices().take(most + 1).take_while(|(_, sign)| *sign != '\n').enumerate().last();
        let end = match end {
            None => at.end,
            Some((number, (last, _))) if number == most => at.end + last,
            Some((_, (last, sign))) => at.end + last + sign.len_utf8(),
        };
        Self {
            before: &text[start.map_or(at.start, |(start, _)| start)..at.start],
            word: &text[at.clone()],
            after: &text[at.end..end],
        }
    }

    /// Calls `see` for every gram and where it stands.
    fn grams(self, mut see: impl FnMut(u8, &'t str)) {
        for (side, text) in [(BEFORE, self.before), (AFTER, self.after)] {
            let mut last: Option<usize> = None;
            for (at, sign) in text.char_indices() {
                let end = at + sign.len_utf8();
                see(side, &text[at..end]);
                if let Some(last) = last {
                    see(side, &text[last..end]);
                }
                last = Some(at);
            }
        }
        let mut back = self.before.char_indices().rev();
        let mut on = self.after.char_indices().map(|(at, sign)| at + sign.len_utf8());
        for _ in 0..2 {
            back.next().into_iter().for_each(|(at, _)| see(RIGHT_BEFORE, &self.before[at..]));
            on.next().into_iter().for_each(|end| see(RIGHT_AFTER, &self.after[..end]));
        }
        if !self.word.is_empty() {
            see(WORD, self.word);
        }
    }
}

/// The weight of each sign, in its order, and of what grams of a context a table has.
#[derive(Debug)]
pub(crate) struct Weights {
    signs: Vec<f64>,
    grams: FxHashMap<(u8, &'static str), f64>,
}

impl Weights {
    /// Reads a table of lines `sign weight`, grams behind them; one that has other signs than `names`, or others' order, is a mistake of
    /// ours.
    pub(crate) fn read(table: &'static str, names: &[&str]) -> Self {
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let signs = names.iter().map(|name| {
            let line = lines.next().and_then(|line| line.split_once(' '));
            line.filter(|(sign, _)| sign == name).and_then(|(_, weight)| weight.trim().parse().ok()).unwrap_or(0.0)
        });
        let signs = signs.collect();
        // A blank may be part of a gram.
        let gram = |line: &'static str| {
            let (gram, weight) = line.rsplit_once(' ')?;
            Some(((*gram.as_bytes().first()?, gram.get(1..)?), weight.parse().ok()?))
        };
        Self { signs, grams: lines.filter_map(gram).collect() }
    }

    /// Above zero: the signs speak for it.
    pub(crate) fn weigh(&self, signs: &[bool]) -> f64 {
        self.signs.iter().zip(signs).filter(|(_, there)| **there).map(|(weight, _)| weight).sum()
    }

    /// The same with what stands around.
    pub(crate) fn weigh_in(&self, signs: &[bool], context: Context<'_>) -> f64 {
        let mut sum = self.weigh(signs);
        context.grams(|side, gram| sum += self.grams.get(&(side, gram)).copied().unwrap_or(0.0));
        sum
    }
}

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasick, MatchKind};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_found_as_an_automaton_finds_them(
            words in prop::collection::vec("[微信加qv🛰é]{1,4}", 1..30),
            window in "[微信加qv🛰é x号]{0,60}",
        ) {
            let lexicon = Lexicon::of(words.iter().map(String::as_str).enumerate());
            let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&words).unwrap();
            let wanted: Vec<_> = automaton.find_iter(&window).map(|hit| (hit.pattern().as_usize(), hit.range())).collect();
            prop_assert_eq!(lexicon.find(&window).collect::<Vec<_>>(), wanted);
        }
    }
}

#[cfg(test)]
#[path = "learn_tests.rs"]
pub(crate) mod learn;
