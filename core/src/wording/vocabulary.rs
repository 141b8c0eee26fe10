//! Which signs are words, learned from the pages themselves, and how a text is cut into words.
//!
//! A word is two to four Chinese signs that stand together more often than chance would have it and have many different neighbours (Harris,
//! Distributional structure, 1954; as branching entropy: Jin & Tanaka-Ishii, ACL 2006). No dictionary is needed, and the trade's own words are among
//! them. Measured against cutting by a dictionary of 350,000 words in docs/DETECTION.md. A text is cut from the left, the longest word first: learning and
//! weighing cut alike, which matters more than that each cut is a linguist's. Start at [`Vocabulary::learn`] and [`Vocabulary::cut`].

use rustc_hash::FxHashMap;

use crate::text::fold;

/// Signs of the longest word.
const LONGEST: usize = 4;
/// Pages on which a word must stand.
const PAGES: u32 = 4;
/// How much more often its signs stand together than by chance: a logarithm, for the weakest place to cut it.
const TOGETHER: f64 = 1.5;
/// Entropy of its neighbours, in nats, on the side that has fewer. The edge of a run of Chinese signs is a new neighbour each time.
const FREE: f64 = 1.2;
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
}

/// The words, ascending, and how to find them.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    words: Vec<String>,
    /// By a word's signs as one number: its own number.
    numbers: FxHashMap<u64, u32>,
    /// Bits of the pairs of signs with which a word begins: most pairs begin none, and that is told without asking.
    begins: Vec<u64>,
}

/// Bits of [`Vocabulary::begins`], as a power of two.
const BEGIN_BITS: u32 = 17;

fn begin(first: char, second: char) -> usize {
    let both = u32::from(first) << 16 ^ u32::from(second);
    (both.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BEGIN_BITS)) as usize
}

/// Whether a sign can be a word's.
fn is_chinese(sign: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&sign)
}

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
        let mut begins = vec![0; 1 << BEGIN_BITS >> 6];
        let mut numbers = FxHashMap::default();
        for (number, word) in words.iter().enumerate() {
            let signs: Vec<char> = word.chars().collect();
            let begin = begin(signs[0], signs[1]);
            begins[begin / 64] |= 1 << (begin % 64);
            numbers.insert(packed(&signs), number as u32);
        }
        Vocabulary { words, numbers, begins }
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
        match token.is_word() {
            true => self.words.get((token.0 & !Token::WORD) as usize).cloned().unwrap_or_default(),
            false => char::from_u32(token.0).map(String::from).unwrap_or_default(),
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

    /// Calls `each` with every token of a text's signs, from the left.
    #[inline]
    pub(super) fn cut(&self, signs: &[char], mut each: impl FnMut(Token)) {
        let mut at = 0;
        while at < signs.len() {
            let (long, token) = self.longest(&signs[at..]);
            each(token);
            at += long;
        }
    }

    /// The longest word with which these signs begin, or the first sign; and how many signs that are.
    #[inline]
    fn longest(&self, signs: &[char]) -> (usize, Token) {
        let sign = (1, Token(u32::from(signs[0])));
        let [first, second, ..] = *signs else { return sign };
        if self.numbers.is_empty() || !is_chinese(first) || !is_chinese(second) {
            return sign;
        }
        let begin = begin(first, second);
        if self.begins[begin / 64] >> (begin % 64) & 1 == 0 {
            return sign;
        }
        let run = 2 + signs[2..].iter().take(LONGEST - 2).take_while(|sign| is_chinese(**sign)).count();
        (2..=run)
            .rev()
            .find_map(|long| {
                self.numbers.get(&packed(&signs[..long])).map(|number| (long, Token(Token::WORD | number)))
            })
            .unwrap_or(sign)
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
    use super::*;

    fn cut(vocabulary: &Vocabulary, text: &str) -> Vec<String> {
        let mut cut = Vec::new();
        vocabulary.cut(&text.chars().collect::<Vec<_>>(), |token| cut.push(vocabulary.text(token)));
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
