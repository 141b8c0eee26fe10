//! How sellers word it, and how fakes do: small weights of signs, words and their neighbours, learned from labelled pages.
//!
//! Phrases of rules catch what somebody thought of; a seller says it in a way that nobody did. The weights are evidence like
//! any rule's: decibans that add up, in files that one can read, within bounds. They count only where the page speaks of the matter at
//! all, and by stretches of some hundred characters, so that a long page is not accused for its length. What the page shows beside
//! counts with them ([`Circumstances`]), and what stands outside of quotations counts by itself, since a seller's words in a report are
//! somebody else's. It must not know pages, hosts or contacts: what is learned are two signs or two words of Chinese at most, from three
//! pages or more, and digits are all one.
//! Start at [`Wording::weigh`]; the weights come from [`learn`], which passages of a page count is told by [`stretches`] and its callers.

mod circumstances;
mod gram;
mod learning;
mod pairs;
mod quotation;
mod sheet;
mod spelt;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::hint::select_unpredictable;
use std::ops::Range;

use rustc_hash::FxHashMap;

pub use circumstances::Circumstances;
pub use learning::{Labelled, Learned, Passage, learn};

use crate::text::boundary_before;
use gram::{Gram, Parts};
use pairs::Pairs;
use spelt::{Beside, Spelt};
use vocabulary::Vocabulary;

/// Whose manner a table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// An offer of certificates.
    Offer,
    /// A page that poses as an authority's look-up.
    Fake,
}

impl Manner {
    /// Both.
    pub const ALL: [Manner; 2] = [Manner::Offer, Manner::Fake];

    /// What the signal is called in verdicts, as if it were a rule.
    pub fn rule(self) -> &'static str {
        match self {
            Manner::Offer => "seller.wording",
            Manner::Fake => "fake.wording",
        }
    }

    /// How far around a word of the matter the text is weighed, in bytes, and how many stretches of a text. An offer is a few sentences,
    /// which drown in the matter around them: with 240 characters in a stretch instead of 600 more sellers are found at the same share
    /// of innocents accused (docs/DETECTION.md). A look-up's imitation is the page as a whole.
    fn reach(self) -> (usize, usize) {
        match self {
            Manner::Offer => (360, 4),
            Manner::Fake => (900, 1),
        }
    }

    /// The longest stretch, in bytes.
    pub fn longest(self) -> usize {
        2 * self.reach().0
    }

    /// Whose table a file of that name is.
    pub fn of_file(name: &str) -> Option<Manner> {
        Self::ALL.into_iter().find(|manner| manner.file() == name)
    }

    /// The file of its table.
    pub fn file(self) -> &'static str {
        match self {
            Manner::Offer => "wording-offers.toml",
            Manner::Fake => "wording-fakes.toml",
        }
    }
}

/// Stretches of a text that are looked at to choose those that are weighed.
const LOOKED_AT: usize = 200;
/// Ends of clauses, for quotes.
const STOPS: [char; 10] = ['。', ',', '!', '?', ';', '…', '|', '丨', '、', ':'];

/// The weights. Laid out small, because a page asks some thousand times: signs get numbers, and pairs are asked for by these. Points are tenths of
/// a deciban.
#[derive(Debug, Clone, Default)]
pub struct Wording {
    /// By code below U+10000: the sign's number, 0 for none. The vocabulary's signs have the numbers that it gave them.
    signs: Vec<u16>,
    /// The numbers of signs beyond.
    far: FxHashMap<char, u16>,
    /// The numbers that there are, with that of none.
    count: u16,
    /// What signs and pairs are worth wherever they stand.
    everywhere: Signs<Beside>,
    /// What they are worth besides where they stand outside of quotations, in a passage that quotes.
    outside: Signs<i16>,
    vocabulary: Vocabulary,
    words: Words,
    /// The points of each circumstance.
    circumstances: [i16; circumstances::COUNT],
    /// What a full stretch has without any known gram, in decibans.
    base: f64,
    /// Signs of a passage from which base and bounds count in full: a shorter one had no room for what speaks for or against.
    full: f64,
    /// See [`Learned::even`].
    even: Option<f64>,
    /// The least and the most that wording adds, in decibans.
    bounds: (f64, f64),
    /// What a verdict says of wording that speaks for, and against.
    say: (String, String),
}

/// What signs and pairs are worth.
#[derive(Debug, Clone, Default)]
struct Signs<V: Copy + Default> {
    /// By number of the sign: the points of the sign alone.
    alone: Vec<i16>,
    pairs: Pairs<V>,
}

impl<V: Copy + Default> Signs<V> {
    /// Numbers of what is told by signs: those by themselves, the slots of pairs, and one for pairs of which nothing is known.
    fn grams(&self) -> usize {
        self.alone.len() + self.pairs.slots() + 1
    }
}

/// What words and neighbouring words are worth.
#[derive(Debug, Clone, Default)]
struct Words {
    /// By number of the word: the points of the word alone.
    alone: Vec<i16>,
    /// By the tokens of two neighbours: their number and their points.
    pairs: FxHashMap<u64, (u32, i16)>,
    /// Bits of the neighbours that there are: most are none, and that is told without asking.
    hints: Vec<u64>,
}

impl Words {
    fn add_pair(&mut self, tokens: u64, points: i16) {
        let next = self.pairs.len() as u32;
        self.pairs.insert(tokens, (next, points));
        self.hints.resize(HINTS / 64, 0);
        let hint = hint(tokens);
        self.hints[hint / 64] |= 1 << (hint % 64);
    }

    /// The number of two neighbours behind all words, and their points.
    #[inline]
    fn pair(&self, tokens: u64) -> Option<(usize, i16)> {
        let hint = hint(tokens);
        if self.hints.get(hint / 64)? >> (hint % 64) & 1 == 0 {
            return None;
        }
        self.pairs.get(&tokens).map(|(number, points)| (self.alone.len() + *number as usize, *points))
    }

    fn grams(&self) -> usize {
        self.alone.len() + self.pairs.len()
    }
}

/// What was found in a passage, each once.
struct Found {
    seen: Vec<u64>,
    sum: i32,
}

impl Found {
    #[inline]
    fn once(&mut self, number: usize, points: i16) {
        let (word, bit) = (&mut self.seen[number / 64], 1u64 << (number % 64));
        // Added in any case: whether a gram was there before is as good as chance to the processor.
        self.sum += select_unpredictable(*word & bit == 0, i32::from(points), 0);
        *word |= bit;
    }
}

impl Wording {
    fn new(
        vocabulary: Vocabulary,
        weights: &[(Gram, f64)],
        (base, full, even): (f64, f64, Option<f64>),
        bounds: (f64, f64),
        say: (String, String),
    ) -> Wording {
        let mut wording = Wording {
            signs: vec![0; 0x1_0000],
            count: 1,
            vocabulary,
            base,
            full,
            even,
            bounds,
            say,
            ..Wording::default()
        };
        for (sign, number) in wording.vocabulary.signs() {
            wording.signs[sign as usize] = number;
            wording.count = wording.count.max(number + 1);
        }
        // The signs that count as one, as in [`gram::keep_signs`].
        let (digit, white) = (wording.number_or_new('0'), wording.number_or_new('\n'));
        for code in 0..0x1_0000 {
            match char::from_u32(code) {
                Some('0'..='9') => wording.signs[code as usize] = digit,
                Some(sign) if sign.is_whitespace() => wording.signs[code as usize] = white,
                _ => {}
            }
        }
        wording.words.alone = vec![0; wording.vocabulary.words().len()];
        let mut alone: [Vec<(u16, i16)>; 2] = Default::default();
        let mut pairs: [Vec<(u16, u16, i16)>; 2] = Default::default();
        for (gram, points) in weights {
            let points = (points / learning::STEP).round() as i16;
            match gram::parts(*gram) {
                Parts::Circumstance(number) => wording.circumstances[number] = points,
                Parts::Signs { outside, first, second } => {
                    let first = first.map(|sign| wording.number_or_new(sign));
                    let second = wording.number_or_new(second);
                    match first {
                        Some(first) => pairs[usize::from(outside)].push((first, second, points)),
                        None => alone[usize::from(outside)].push((second, points)),
                    }
                }
                Parts::Words { first: None, second } => {
                    if let Some(place) = second.word().and_then(|word| wording.words.alone.get_mut(word)) {
                        *place = points;
                    }
                }
                Parts::Words { first, second } => wording.words.add_pair(gram::tokens(first, second), points),
            }
        }
        let by_number = |alone: &[(u16, i16)]| {
            let mut by_number = vec![0; usize::from(wording.count)];
            alone.iter().for_each(|(sign, points)| by_number[usize::from(*sign)] = *points);
            by_number
        };
        // Pairs and the beginnings of words are asked for together.
        let mut beside: FxHashMap<(u16, u16), Beside> = FxHashMap::default();
        pairs[0]
            .iter()
            .for_each(|(first, second, points)| beside.entry((*first, *second)).or_default().points = *points);
        wording.vocabulary.beginnings().for_each(|(first, second, ends)| {
            beside.entry((first, second)).or_default().begins = ends;
        });
        let mut beside: Vec<_> = beside.into_iter().map(|((first, second), known)| (first, second, known)).collect();
        beside.sort_unstable_by_key(|(first, second, _)| (*first, *second));
        wording.everywhere = Signs { alone: by_number(&alone[0]), pairs: Pairs::new(&beside) };
        wording.outside = Signs { alone: by_number(&alone[1]), pairs: Pairs::new(&pairs[1]) };
        wording
    }

    fn number(&self, sign: char) -> u16 {
        match self.signs.get(sign as usize) {
            Some(number) => *number,
            None => self.far.get(&sign).copied().unwrap_or(0),
        }
    }

    fn number_or_new(&mut self, sign: char) -> u16 {
        let known = self.number(sign);
        if known != 0 {
            return known;
        }
        let number = self.count;
        self.count += 1;
        match self.signs.get_mut(sign as usize) {
            Some(place) => *place = number,
            None => drop(self.far.insert(sign, number)),
        }
        number
    }

    /// Whether there is a table at all.
    pub fn is_empty(&self) -> bool {
        self.everywhere.alone.is_empty()
    }

    /// What a verdict says of it.
    pub fn say(&self, points: f64) -> &str {
        if points < 0.0 { &self.say.1 } else { &self.say.0 }
    }

    /// What a passage is worth, in decibans: each gram that stands in it once, and each circumstance where a page's count at all, within
    /// the table's bounds. Its parts are folded texts that are read as one.
    pub fn weigh(&self, passage: &[&str], page: Option<Circumstances>) -> f64 {
        let mut found = self.nothing_found();
        let mut signs = 0;
        let mut may_quote = false;
        for part in passage {
            let (spelt, all) = (self.spell(part), 0..part.len());
            may_quote |= spelt.may_quote(&all);
            signs += self.add(&spelt, spelt.within(&all), &mut found);
        }
        self.points(found, if may_quote { passage } else { &[] }, signs, page)
    }

    /// The same of each of some stretches of a folded text, ascending, that are passages by themselves.
    pub fn weigh_stretches(&self, text: &str, stretches: &[Range<usize>], page: Option<Circumstances>) -> Vec<f64> {
        let mut out = Vec::with_capacity(stretches.len());
        let mut spelt = Spelt::default();
        // What is spelt of the text.
        let mut known = 0..0;
        for (at, stretch) in stretches.iter().enumerate() {
            if stretch.end > known.end {
                known = stretch.clone();
                for next in &stretches[at + 1..] {
                    if next.start < known.end {
                        known.end = known.end.max(next.end);
                    }
                }
                spelt = self.spell(&text[known.clone()]);
            }
            let here = stretch.start - known.start..stretch.end - known.start;
            let mut found = self.nothing_found();
            let signs = self.add(&spelt, spelt.within(&here), &mut found);
            let quoting = if spelt.may_quote(&here) { &[&text[stretch.clone()]][..] } else { &[] };
            out.push(self.points(found, quoting, signs, page));
        }
        out
    }

    fn spell(&self, text: &str) -> Spelt {
        Spelt::new(text, |sign| self.number(sign), &self.everywhere.pairs)
    }

    fn nothing_found(&self) -> Found {
        let all = self.everywhere.grams() + self.outside.grams() + self.words.grams();
        Found { seen: vec![0; all.div_ceil(64)], sum: 0 }
    }

    /// Adds what stands in some signs of a text, as if nothing stood before them; how many they are.
    fn add(&self, text: &Spelt, at: Range<usize>, found: &mut Found) -> usize {
        let (signs, numbers) = (&text.signs[at.clone()], &text.numbers[at.clone()]);
        let beside = &text.beside[at.clone()];
        let (Some(first), Some((_, others))) = (numbers.first(), beside.split_first()) else { return 0 };
        let alone = &self.everywhere.alone;
        if let Some((pair, known)) = self.everywhere.pairs.at(self.number('\n'), *first) {
            found.once(alone.len() + pair, known.points);
        }
        for (pair, known) in others {
            found.once(alone.len() + *pair as usize, known.points);
        }
        for number in numbers {
            found.once(usize::from(*number), alone[usize::from(*number)]);
        }
        let words = self.everywhere.grams() + self.outside.grams();
        let begins = |at: usize| others[at].1.begins;
        gram::each_words(signs, numbers, &self.vocabulary, begins, |first, second| {
            let told = match (first, second.word()) {
                (None, Some(word)) => Some((word, self.words.alone[word])),
                _ => self.words.pair(gram::tokens(first, second)),
            };
            if let Some((number, points)) = told {
                found.once(words + number, points);
            }
        });
        signs.len()
    }

    /// What a passage of so many signs is worth by what was found in it and, where it may quote, stands outside of its quotations.
    fn points(&self, mut found: Found, quoting: &[&str], signs: usize, page: Option<Circumstances>) -> f64 {
        if let Some(parts) = quotation::outside(quoting) {
            found.sum += i32::from(self.circumstances[circumstances::QUOTES]);
            let (mut kept, from) = (Vec::new(), self.everywhere.grams());
            for part in &parts {
                gram::keep_signs(part, &mut kept);
                self.add_outside(&kept, from, &mut found);
            }
        }
        let circumstances = page.map(|page| page.of(signs).map(|number| i32::from(self.circumstances[number])));
        let sum = f64::from(found.sum + circumstances.iter().flatten().sum::<i32>()) * learning::STEP;
        let sum = sum * each(signs, self.even);
        let fullness = fullness(signs, self.full);
        let (least, most) = self.bounds;
        // Of a few words nobody can tell the manner: they are worth little either way.
        (self.base * fullness + sum).clamp(least * fullness * fullness, most * fullness * fullness)
    }

    /// Adds the signs and pairs of what stands outside of quotations, which are numbered from `from`.
    fn add_outside(&self, signs: &[char], from: usize, found: &mut Found) {
        let mut before = self.number('\n');
        for number in signs.iter().map(|sign| self.number(*sign)) {
            if let Some((pair, points)) = self.outside.pairs.at(before, number) {
                found.once(from + self.outside.alone.len() + pair, points);
            }
            before = number;
            found.once(from + usize::from(number), self.outside.alone[usize::from(number)]);
        }
    }

    /// The clause of a folded text that is worth most for its length, in bytes; none where nothing speaks for.
    pub fn clause(&self, text: &str) -> Option<Range<usize>> {
        let mut best = (0.0, 0..0);
        let (mut sum, mut signs, mut start) = (0, 0u16, 0);
        let (white, digit) = (self.number('\n'), self.number('0'));
        let mut before = white;
        let ends = text.char_indices().chain([(text.len(), '\n')]);
        for (here, sign) in ends {
            let number = self.number(sign);
            if STOPS.contains(&sign) || number == white {
                let worth = f64::from(sum) / f64::from(signs).max(1.0).sqrt();
                if worth > best.0 {
                    best = (worth, start..here);
                }
                (sum, signs, start) = (0, 0, here + sign.len_utf8());
            } else if number != digit {
                // A telephone number is no quotation.
                let pair = self.everywhere.pairs.at(before, number).map_or(0, |(_, known)| known.points);
                sum += i32::from(self.everywhere.alone[usize::from(number)] + pair);
                signs = signs.saturating_add(1);
            }
            before = number;
        }
        (!best.1.is_empty()).then_some(best.1)
    }
}

/// How much each gram of a passage of so many signs counts; see [`Learned::even`].
fn each(signs: usize, even: Option<f64>) -> f64 {
    even.map_or(1.0, |even| (even / (signs as f64).max(FEW)).sqrt())
}

/// Shorter passages are taken to have so many signs.
const FEW: f64 = 10.0;

/// How much of the base a passage of so many signs has.
fn fullness(signs: usize, full: f64) -> f64 {
    (signs as f64 / full).min(1.0)
}

/// Bits of [`Words::hints`], as a power of two: 32 KiB, of which the neighbours of a table set some twelfth.
const HINT_BITS: u32 = 18;
const HINTS: usize = 1 << HINT_BITS;

fn hint(tokens: u64) -> usize {
    (tokens.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - HINT_BITS)) as usize
}

/// The stretches of a text around some places, ascending, none longer than twice the manner's reach; where places lie close together the
/// stretches overlap by half. Of many those with most places are taken.
pub fn stretches(manner: Manner, text: &str, places: &[usize]) -> Vec<Range<usize>> {
    let (reach, most) = manner.reach();
    let mut around: Vec<Range<usize>> = Vec::new();
    for place in places {
        let window = place.saturating_sub(reach)..(place + reach).min(text.len());
        match around.last_mut() {
            Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
            _ => around.push(window),
        }
    }
    let mut out = Vec::new();
    for window in around {
        let mut start = window.start;
        while out.len() < LOOKED_AT {
            let end = (start + 2 * reach).min(window.end);
            out.push(boundary_before(text, start)..boundary_before(text, end));
            if end == window.end {
                break;
            }
            start += reach;
        }
    }
    if out.len() > most {
        let within = |at: &Range<usize>| {
            places.partition_point(|place| *place < at.end) - places.partition_point(|place| *place < at.start)
        };
        out.sort_by_cached_key(|at| (std::cmp::Reverse(within(at)), at.start));
        out.truncate(most);
        out.sort_by_key(|at| at.start);
    }
    out
}
