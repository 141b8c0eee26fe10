//! Which signs are words, learned from the pages themselves, and how a text is cut into words.
//!
//! A word is two to four Chinese signs that stand together more often than chance would have it and have many different neighbours (Harris,
//! Distributional structure, 1954; as branching entropy: Jin & Tanaka-Ishii, ACL 2006). No dictionary is needed, and the trade's own words are among
//! them. Measured against cutting by a dictionary of 350,000 words in docs/DETECTION.md. A text is cut from the left, the longest word first: learning and
//! weighing cut alike, which matters more than that each cut is a linguist's. Start at [`Vocabulary::learn`] and [`Vocabulary::cut`].

use rustc_hash::FxHashMap;

use super::pairs::Pairs;
use crate::text::fold;

/// Signs of the longest word.
const LONGEST: usize = 4;
/// Pages on which a word must stand.
const PAGES: u32 = 4;
/// How much more often its signs stand together than by chance: a logarithm, for the weakest place to cut it.
const TOGETHER: f64 = 1.5;
/// Entropy of its neighbours, in nats, on the side that has fewer. The edge of a run of Chinese signs is a new neighbour each time.
const FREE: f64 = 1.2;
/// Of two signs with which no word begins.
pub(super) const NO_WORDS: u32 = u32::MAX;
/// Most words of a vocabulary.
pub(super) const MOST: usize = 100_000;

/// A word or a sign between words, as a number: a sign's code, or a word's number with a bit above all codes. Never 0 for a text's signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Token(pub(super) u32);

impl Token {
    /// Bits of a token.
    pub(super) const BITS: u32 = 22;
    pub(super) const MASK: u32 = (1 << Self::BITS) - 1;
    const WORD: u32 = 1 << 21;

    pub(super) fn is_word(self) -> bool {
        self.0 & Self::WORD != 0
    }

    /// The word's number.
    pub(super) fn word(self) -> Option<usize> {
        self.is_word().then_some((self.0 & !Self::WORD) as usize)
    }
}

/// The words, ascending, and how to find them.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    words: Vec<String>,
    /// By code from U+4E00 on: the number of a sign that is some word's, from 1 on.
    signs: Vec<u16>,
    /// How many signs have numbers.
    count: u16,
    /// By the numbers of the two signs with which words begin: where their ends stand.
    begins: Pairs<u32>,
    ends: Vec<End>,
}

/// How a word goes on behind its first two signs. Of words that begin alike the longest come first.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The numbers of its third sign and of its fourth, 0 for none.
    rest: [u16; LONGEST - 2],
    word: u32,
    /// No other word begins so.
    last: bool,
}

/// Whether a sign can be a word's.
fn is_chinese(sign: char) -> bool {
    (FIRST..='\u{9FFF}').contains(&sign)
}

const FIRST: char = '\u{4E00}';

/// Up to four Chinese signs as one number: 16 bits each, the last lowest.
fn packed(signs: &[char]) -> u64 {
    signs.iter().fold(0, |all, sign| all << 16 | u64::from(u32::from(*sign)))
}

impl Vocabulary {
    /// Of words that are given; those that [`Vocabulary::is_word`] refuses are left out.
    pub(super) fn of(words: impl IntoIterator<Item = String>) -> Vocabulary {
        let mut words: Vec<String> = words.into_iter().filter(|word| Self::is_word(word)).collect();
        words.sort_unstable();
        words.dedup();
        words.truncate(MOST);
        let mut vocabulary = Vocabulary { signs: vec![0; 0x5200], ..Vocabulary::default() };
        let mut numbered: Vec<(Vec<u16>, u32)> = (0..)
            .zip(&words)
            .map(|(word, text)| (text.chars().map(|sign| vocabulary.number_or_new(sign)).collect(), word))
            .collect();
        numbered.sort_by_key(|(signs, _)| (signs[0], signs[1], std::cmp::Reverse(signs.len())));
        let mut begins = Vec::new();
        for alike in numbered.chunk_by(|(one, _), (other, _)| one[..2] == other[..2]) {
            begins.push((alike[0].0[0], alike[0].0[1], vocabulary.ends.len() as u32));
            vocabulary.ends.extend(alike.iter().map(|(signs, word)| {
                let rest = std::array::from_fn(|at| signs.get(2 + at).copied().unwrap_or(0));
                End { rest, word: *word, last: false }
            }));
            vocabulary.ends.last_mut().into_iter().for_each(|end| end.last = true);
        }
        vocabulary.begins = Pairs::new(&begins);
        Vocabulary { words, ..vocabulary }
    }

    fn number_or_new(&mut self, sign: char) -> u16 {
        let place = &mut self.signs[sign as usize - FIRST as usize];
        if *place == 0 {
            self.count += 1;
            *place = self.count;
        }
        *place
    }

    /// The number of a sign that is some word's; 0 of another.
    pub(super) fn number(&self, sign: char) -> u16 {
        let place = (sign as usize).checked_sub(FIRST as usize);
        place.and_then(|place| self.signs.get(place)).copied().unwrap_or(0)
    }

    /// The signs that have numbers.
    pub(super) fn signs(&self) -> impl Iterator<Item = (char, u16)> {
        let signs = (FIRST..).zip(&self.signs).map(|(sign, number)| (sign, *number));
        signs.filter(|(_, number)| *number != 0)
    }

    /// Whether a text can be a word: two to four Chinese signs that folding leaves as they are.
    pub(super) fn is_word(text: &str) -> bool {
        text.chars().all(is_chinese) && (2..=LONGEST).contains(&text.chars().count()) && fold(text).as_str() == text
    }

    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// What a token is written as.
    pub(super) fn text(&self, token: Token) -> String {
        match token.word() {
            Some(word) => self.words.get(word).cloned().unwrap_or_default(),
            None => char::from_u32(token.0).map(String::from).unwrap_or_default(),
        }
    }

    /// The token that is written so: one sign, or a word of this vocabulary.
    pub(super) fn token(&self, text: &str) -> Option<Token> {
        let mut signs = text.chars();
        match (signs.next(), signs.next()) {
            (Some(sign), None) => Some(Token(u32::from(sign))),
            _ => self
                .words
                .binary_search_by(|word| word.as_str().cmp(text))
                .ok()
                .map(|at| Token(Token::WORD | at as u32)),
        }
    }

    /// The numbers of every two signs with which words begin, and what [`Self::begins`] tells of them.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = (u16, u16, u32)> {
        self.begins.iter()
    }

    /// Where the ends of the words stand that begin with the sign at this place and the next, or [`NO_WORDS`]. Of the numbers see
    /// [`Self::cut`].
    pub(super) fn begins(&self, numbers: &[u16], at: usize) -> u32 {
        let two = numbers.get(at).zip(numbers.get(at + 1));
        two.and_then(|(first, second)| self.begins.at(*first, *second)).map_or(NO_WORDS, |(_, ends)| ends)
    }

    /// Calls `each` with every token of a text's signs, from the left. `numbers` are the signs' own, or any others that agree with
    /// [`Self::number`] where that is not 0 and are above all of those where it is; `begins` is [`Self::begins`], which the last
    /// sign is not asked for.
    #[inline]
    pub(super) fn cut(
        &self,
        signs: &[char],
        numbers: &[u16],
        begins: impl Fn(usize) -> u32,
        mut each: impl FnMut(Token),
    ) {
        let mut at = 0;
        while at < signs.len() {
            let first = if at + 1 < signs.len() { begins(at) } else { NO_WORDS };
            match self.longest(first, &numbers[at..]) {
                Some((long, word)) => {
                    each(Token(Token::WORD | word));
                    at += long;
                }
                None => {
                    each(Token(u32::from(signs[at])));
                    at += 1;
                }
            }
        }
    }

    /// The longest word with which these signs begin, and how many signs it has.
    #[inline]
    fn longest(&self, first: u32, numbers: &[u16]) -> Option<(usize, u32)> {
        let mut ends = self.ends.get(first as usize..)?;
        let next = [2, 3].map(|at| numbers.get(at).copied().unwrap_or(0));
        while let Some((end, others)) = ends.split_first() {
            let there = |at: usize| end.rest[at] == 0 || end.rest[at] == next[at];
            if there(0) && there(1) {
                return Some((2 + end.rest.iter().filter(|sign| **sign != 0).count(), end.word));
            }
            ends = if end.last { &[] } else { others };
        }
        None
    }

    /// The words of some pages, each of one or more folded texts.
    pub(super) fn learn<'a>(pages: impl Iterator<Item = Vec<&'a str>>) -> Vocabulary {
        // Runs of Chinese signs, and where each page's begin.
        let pages: Vec<Vec<Vec<char>>> = pages.map(|texts| texts.into_iter().flat_map(runs).collect()).collect();
        let mut counts: FxHashMap<u64, Count> = FxHashMap::default();
        for long in 1..=LONGEST {
            // What is on few pages is part of nothing that is on many.
            let known = |counts: &FxHashMap<u64, Count>, signs: &[char]| {
                long <= 2
                    || [&signs[1..], &signs[..long - 1]]
                        .into_iter()
                        .all(|part| counts.get(&packed(part)).is_some_and(|c| c.pages >= PAGES))
            };
            let mut found: FxHashMap<u64, Count> = FxHashMap::default();
            for (page, runs) in (1u32..).zip(&pages) {
                for signs in runs.iter().flat_map(|run| run.windows(long)).filter(|signs| known(&counts, signs)) {
                    found.entry(packed(signs)).or_default().add(page);
                }
            }
            counts.extend(found);
        }
        let total = pages.iter().flatten().map(Vec::len).sum::<usize>() as f64;
        let count = |signs: &[char]| counts.get(&packed(signs)).map_or(1.0, |count| f64::from(count.times));
        let together = |signs: &[char]| {
            let apart = |at: usize| (count(signs) * total / (count(&signs[..at]) * count(&signs[at..]))).ln();
            (1..signs.len()).map(apart).fold(f64::INFINITY, f64::min)
        };
        // The neighbours of each that may be a word, on either side; 0 is an edge.
        let mut beside: [Vec<(u64, u32)>; 2] = Default::default();
        let mut bound: FxHashMap<u64, bool> = FxHashMap::default();
        for run in pages.iter().flatten() {
            for long in 2..=LONGEST {
                for (at, signs) in run.windows(long).enumerate() {
                    let key = packed(signs);
                    if counts.get(&key).is_none_or(|count| count.pages < PAGES) {
                        continue;
                    }
                    if *bound.entry(key).or_insert_with(|| together(signs) >= TOGETHER) {
                        let neighbour =
                            |at: Option<usize>| at.and_then(|at| run.get(at)).map_or(0, |sign| u32::from(*sign));
                        beside[0].push((key, neighbour(at.checked_sub(1))));
                        beside[1].push((key, neighbour(Some(at + long))));
                    }
                }
            }
        }
        let [mut left, right] = beside.map(free);
        left.retain(|key, entropy| *entropy >= FREE && right.get(key).is_some_and(|entropy| *entropy >= FREE));
        Vocabulary::of(left.into_keys().map(unpacked))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    times: u32,
    pages: u32,
    /// The page it was last seen on.
    last: u32,
}

impl Count {
    fn add(&mut self, page: u32) {
        self.times += 1;
        if self.last != page {
            (self.last, self.pages) = (page, self.pages + 1);
        }
    }
}

/// The runs of Chinese signs in a text.
fn runs(text: &str) -> Vec<Vec<char>> {
    text.split(|sign| !is_chinese(sign)).filter(|run| !run.is_empty()).map(|run| run.chars().collect()).collect()
}

fn unpacked(signs: u64) -> String {
    (0..LONGEST)
        .rev()
        .filter_map(|at| char::from_u32((signs >> (16 * at) & 0xFFFF) as u32))
        .filter(|sign| *sign != '\0')
        .collect()
}

/// The entropy of each one's neighbours, in nats.
fn free(mut beside: Vec<(u64, u32)>) -> FxHashMap<u64, f64> {
    beside.sort_unstable();
    beside
        .chunk_by(|one, other| one.0 == other.0)
        .map(|all| {
            let times = all.len() as f64;
            let entropy = all.chunk_by(|one, other| one.1 == other.1).map(|same| {
                let share = same.len() as f64 / times;
                if same[0].1 == 0 { share * times.ln() } else { -share * share.ln() }
            });
            (all[0].0, entropy.sum())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(vocabulary: &Vocabulary, text: &str) -> Vec<String> {
        let mut cut = Vec::new();
        let signs: Vec<char> = text.chars().collect();
        let numbers: Vec<u16> = signs.iter().map(|sign| vocabulary.number(*sign)).collect();
        let begins = |at: usize| vocabulary.begins(&numbers, at);
        vocabulary.cut(&signs, &numbers, begins, |token| cut.push(vocabulary.text(token)));
        cut
    }

    #[test]
    fn a_text_is_cut_from_the_left_the_longest_word_first() {
        let vocabulary = Vocabulary::of(["电工", "电工证", "工证", "包过"].map(String::from));
        assert_eq!(cut(&vocabulary, "电工证,包过!电工"), ["电工证", ",", "包过", "!", "电工"]);
        assert_eq!(cut(&vocabulary, "a电"), ["a", "电"]);
        assert_eq!(cut(&vocabulary, ""), [""; 0]);
        assert_eq!(cut(&Vocabulary::default(), "电工证"), ["电", "工", "证"]);
    }

    proptest! {
        #[test]
        fn it_cuts_as_words_are_looked_up_one_by_one(
            words in prop::collection::btree_set("[考证免包]{2,4}", 0..30),
            text in "[考证免包过a]{0,60}",
        ) {
            let vocabulary = Vocabulary::of(words.iter().cloned());
            let signs: Vec<char> = text.chars().collect();
            let (mut wanted, mut at) = (Vec::new(), 0);
            while at < signs.len() {
                let word = |long: &usize| signs.get(at..at + long).is_some_and(|s| words.contains(&String::from_iter(s)));
                let long = (2..=LONGEST).rev().find(word).unwrap_or(1);
                wanted.push(String::from_iter(&signs[at..at + long]));
                at += long;
            }
            prop_assert_eq!(cut(&vocabulary, &text), wanted);
        }
    }

    #[test]
    fn what_is_no_word_is_left_out() {
        let vocabulary = Vocabulary::of(["证", "电工证照片", "v信", "電工", "电工"].map(String::from));
        assert_eq!(vocabulary.words(), ["电工"]);
        assert_eq!(vocabulary.token("電工"), None);
    }

    #[test]
    fn words_stand_between_many_neighbours_and_keep_together() {
        let mut pages: Vec<String> = Vec::new();
        for (at, sign) in "天地玄黄宇宙洪荒日月盈昃".chars().enumerate() {
            let other = "寒来暑往秋收冬藏闰余成岁".chars().nth(at).unwrap();
            pages.push(format!("{sign}叉车{other}{sign}塔吊司机{other}"));
        }
        let vocabulary = Vocabulary::learn(pages.iter().map(|page| vec![page.as_str()]));
        assert_eq!(vocabulary.words(), ["叉车", "塔吊司机"], "塔吊 is always followed by 司机, 吊司 is part of it");
        let again = Vocabulary::learn(pages.iter().take(3).map(|page| vec![page.as_str()]));
        assert!(again.words().is_empty(), "three pages are too few");
    }
}
