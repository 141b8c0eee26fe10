//! What wording is made of: signs, pairs of neighbours, words and neighbouring words, each as one number, and how a table's file calls them.
//!
//! Signs and pairs hold for all of a passage. Where a passage quotes somebody, those that stand outside its quotations count once more as
//! grams of their own: a report, a novel and a warning have a seller's words in quotation marks, and a narrator's around them. Start at [`all`].

use super::vocabulary::{Token, Vocabulary};
use super::{circumstances, quotation};

/// A sign, a pair, a word, two words or a circumstance, as one number.
///
/// From the top: one bit for circumstances, one for what stands outside quotations, one for words. A pair has its first sign's code in the
/// upper half and the second's in the lower, a sign by itself only the lower. Words have two [`Token`]s.
pub(crate) type Gram = u64;

const OUTSIDE: Gram = 1 << 62;
const WORDS: Gram = 1 << 61;

pub(super) fn single(sign: char) -> Gram {
    u64::from(u32::from(sign))
}

pub(super) fn pair(first: char, second: char) -> Gram {
    u64::from(u32::from(first)) << 32 | u64::from(u32::from(second))
}

fn words(first: Option<Token>, second: Token) -> Gram {
    WORDS | tokens(first, second)
}

/// One token or two as one number.
pub(super) fn tokens(first: Option<Token>, second: Token) -> u64 {
    first.map_or(0, |first| u64::from(first.0)) << Token::BITS | u64::from(second.0)
}

/// A gram, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// By number.
    Circumstance(usize),
    Signs {
        outside: bool,
        first: Option<char>,
        second: char,
    },
    Words {
        first: Option<Token>,
        second: Token,
    },
}

pub(super) fn parts(gram: Gram) -> Parts {
    if let Some(number) = circumstances::number(gram) {
        return Parts::Circumstance(number);
    }
    if gram & WORDS != 0 {
        let token = |bits: u64| Token(bits as u32 & Token::MASK);
        let (first, second) = (token(gram >> Token::BITS), token(gram));
        return Parts::Words { first: (first.0 != 0).then_some(first), second };
    }
    let sign = |code: u64| char::from_u32(code as u32).unwrap_or(' ');
    let pair = gram & !OUTSIDE;
    Parts::Signs {
        outside: gram & OUTSIDE != 0,
        first: (pair >> 32 != 0).then(|| sign(pair >> 32)),
        second: sign(pair & 0xFFFF_FFFF),
    }
}

/// Whether it is a sign or a pair, wherever it stands.
pub(super) fn is_of_signs(gram: Gram) -> bool {
    matches!(parts(gram), Parts::Signs { outside: false, .. })
}

/// Keeps the signs of a text as they count, and nothing else: digits are all one, and so is white space, however much of it there is; none at
/// the beginning.
pub(super) fn keep_signs(text: &str, kept: &mut Vec<char>) {
    kept.clear();
    kept.reserve(text.len());
    let mut white = true;
    for sign in text.chars() {
        let sign = self::kept(sign);
        if sign != '\n' || !white {
            kept.push(sign);
        }
        white = sign == '\n';
    }
}

/// What a sign counts as: digits are all one, and so is white space.
#[inline]
pub(super) fn kept(sign: char) -> char {
    match sign {
        '0'..='9' => '0',
        sign if sign.is_whitespace() => '\n',
        sign => sign,
    }
}

/// Every gram of a passage, as often as it stands there, circumstances but for quotations left out; and how many signs it has. Before the
/// beginning of each part there is white space.
pub(super) fn all(passage: &[&str], vocabulary: &Vocabulary) -> (Vec<Gram>, usize) {
    let mut all = Vec::new();
    let mut count = 0;
    let mut kept = Vec::new();
    for part in passage {
        keep_signs(part, &mut kept);
        count += kept.len();
        push_signs(&kept, 0, &mut all);
        let numbers: Vec<u16> = kept.iter().map(|sign| vocabulary.number(*sign)).collect();
        let begins = |at: usize| vocabulary.begins(&numbers, at);
        each_words(&kept, &numbers, vocabulary, begins, |first, second| all.push(words(first, second)));
    }
    if let Some(outside) = quotation::outside(passage) {
        all.push(circumstances::gram(circumstances::QUOTES));
        for part in &outside {
            keep_signs(part, &mut kept);
            push_signs(&kept, OUTSIDE, &mut all);
        }
    }
    (all, count)
}

/// Calls `each` with every word and with every two neighbours of which one is a word. The numbers and `begins` are what
/// [`Vocabulary::cut`] wants.
#[inline]
pub(super) fn each_words(
    signs: &[char],
    numbers: &[u16],
    vocabulary: &Vocabulary,
    begins: impl Fn(usize) -> u32,
    mut each: impl FnMut(Option<Token>, Token),
) {
    let mut before: Option<Token> = None;
    vocabulary.cut(signs, numbers, begins, |token| {
        if token.is_word() {
            each(None, token);
        }
        if let Some(before) = before.replace(token).filter(|before| before.is_word() || token.is_word()) {
            each(Some(before), token);
        }
    });
}

fn push_signs(signs: &[char], mark: Gram, all: &mut Vec<Gram>) {
    let mut before = '\n';
    for sign in signs.iter().copied() {
        if sign != '\n' {
            all.push(mark | single(sign));
        }
        all.push(mark | pair(before, sign));
        before = sign;
    }
}

/// What a gram's signs are, one after the other; none of a circumstance.
pub(super) fn text(gram: Gram, vocabulary: &Vocabulary) -> String {
    match parts(gram) {
        Parts::Circumstance(_) => String::new(),
        Parts::Signs { first, second, .. } => first.into_iter().chain([second]).collect(),
        Parts::Words { first, second } => {
            first.into_iter().chain([second]).map(|token| vocabulary.text(token)).collect()
        }
    }
}

/// The words among what a gram is made of.
pub(super) fn words_of(gram: Gram, vocabulary: &Vocabulary) -> impl Iterator<Item = String> {
    let tokens = match parts(gram) {
        Parts::Words { first, second } => [first, Some(second)],
        _ => [None; 2],
    };
    tokens.into_iter().flatten().filter(|token| token.is_word()).map(|token| vocabulary.text(token))
}

/// How a table's file calls a gram: 免考 two signs, 外〈免考〉 those outside of quotations, 【免考】 a word, 【免考+包过】 two, 〔…〕 a circumstance. ␤
/// stands for white space. All but signs and pairs are longer than two signs, so that none can be taken for another.
pub(super) fn name(gram: Gram, vocabulary: &Vocabulary) -> String {
    let shown = |text: String| text.replace('\n', "␤");
    match parts(gram) {
        Parts::Circumstance(number) => circumstances::name(number),
        Parts::Signs { outside: false, .. } => shown(text(gram, vocabulary)),
        Parts::Signs { outside: true, .. } => format!("外〈{}〉", shown(text(gram, vocabulary))),
        Parts::Words { first: None, second } => format!("【{}】", shown(vocabulary.text(second))),
        Parts::Words { first: Some(first), second } => {
            format!("【{}+{}】", shown(vocabulary.text(first)), shown(vocabulary.text(second)))
        }
    }
}

/// The gram of that name; none where it is no name.
pub(super) fn named(name: &str, vocabulary: &Vocabulary) -> Option<Gram> {
    if name.chars().count() <= 2 {
        return of_signs(name);
    }
    if let Some(inner) = name.strip_prefix("外〈").and_then(|rest| rest.strip_suffix('〉')) {
        return of_signs(inner).map(|gram| OUTSIDE | gram);
    }
    if let Some(inner) = name.strip_prefix('【').and_then(|rest| rest.strip_suffix('】')) {
        // A token is one sign, whichever, or a word, which has no + in it.
        let first = inner.chars().next()?.len_utf8();
        let end = inner[first..].find('+').map_or(inner.len(), |at| first + at);
        let token = |text: &str| vocabulary.token(&text.replace('␤', "\n"));
        let one = token(&inner[..end])?;
        let two = inner.get(end + 1..).map(token);
        return match two {
            None => one.is_word().then(|| words(None, one)),
            Some(two) => two.filter(|two| one.is_word() || two.is_word()).map(|two| words(Some(one), two)),
        };
    }
    circumstances::named(name)
}

/// One sign, or two.
fn of_signs(text: &str) -> Option<Gram> {
    let mut signs = text.chars().map(|sign| if sign == '␤' { '\n' } else { sign });
    match (signs.next(), signs.next(), signs.next()) {
        (Some(one), None, None) => Some(single(one)),
        (Some(first), Some(second), None) => Some(pair(first, second)),
        _ => None,
    }
}
