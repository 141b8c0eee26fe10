//! Undoes words that are written with others of the same sound: 垫工正, 特总作业曹作正, 免烤.
//!
//! A word of the trade that is spelt by its sound is found by its sound (Mandarin without tones; zh, ch, sh and z, c, s are one, and so
//! are -en and -eng, -in and -ing: many speakers and their input methods do not part them). One such word proves nothing: 电工正在施工
//! has the sound of 电工证. A text is changed only where several words are written so, and then each sign becomes the one that was
//! meant, in its place: a sign of three bytes for one of three bytes, so that no offset moves.
//!
//! Which words there are is the rules' (list 谐音词). Start at [`Sounds::undo`].

use std::sync::LazyLock;

use pinyin::ToPinyin;
use rustc_hash::FxHashMap;

use super::{Folded, boundary_before};

/// Signs that have a sound, all of them three bytes long: U+4E00–9FFF.
const FIRST: usize = 0x4E00;
const LAST: usize = 0x9FFF;
/// The first sign whose three bytes begin like those of the signs above: U+4000.
const LEAST: usize = 0x4000;
const TABLE: usize = LAST + 1 - LEAST;

/// A word of so many signs is evidence of the disguise; shorter ones are only undone.
const TELLING: usize = 3;
/// So many different words, and so many signs exchanged in them, tell that the text is disguised.
const WORDS: usize = 2;
const EXCHANGED: usize = 4;

/// So much of a text tells whether it is disguised, in bytes: some 1,000 signs. Who hides his words hides them from the first.
const TOLD: usize = 3_000;

/// The sound of each sign by number, 0 for none.
static SOUND: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut numbers: FxHashMap<String, u16> = FxHashMap::default();
    let sign = |code: usize| char::from_u32(code as u32).and_then(|sign| sign.to_pinyin());
    (FIRST..=LAST)
        .map(|code| {
            sign(code).map_or(0, |sound| {
                let next = numbers.len() as u16 + 1;
                *numbers.entry(plain(sound.plain())).or_insert(next)
            })
        })
        .collect()
});

/// A syllable with what many speakers do not part made one.
fn plain(syllable: &str) -> String {
    let mut out = syllable.to_owned();
    if matches!(out.as_bytes(), [b'z' | b'c' | b's', b'h', ..]) {
        out.remove(1);
    }
    if out.ends_with("eng") || out.ends_with("ing") {
        out.pop();
    }
    out
}

/// How a sign sounds, without its tone.
pub(crate) fn syllable(sign: char) -> Option<&'static str> {
    sign.to_pinyin().map(|sound| sound.plain())
}

fn sound(sign: char) -> u16 {
    SOUND.get((sign as usize).wrapping_sub(FIRST)).copied().unwrap_or(0)
}

/// A word that may be written by its sound.
#[derive(Debug, Clone)]
struct Word {
    signs: Vec<char>,
    sounds: Vec<u16>,
}

/// The words that are looked for.
#[derive(Debug, Clone)]
pub struct Sounds {
    /// Words that are evidence.
    telling: Words,
    /// All words, for a text that is disguised.
    all: Words,
}

/// Some words, by how they sound.
#[derive(Debug, Clone)]
struct Words {
    words: Vec<Word>,
    /// By their first two sounds: indices into the words, the longest first.
    by_start: FxHashMap<(u16, u16), Vec<u16>>,
    /// For each sign, in which of the first places of some word its sound stands, as bits: nearly all of a text is told by a look.
    places: Box<[u8; TABLE]>,
    /// Signs that every word has at least, up to as many as there are bits.
    shortest: usize,
}

/// A word found: where it stands in the text, in bytes, and which.
struct Heard {
    at: usize,
    word: u16,
    exchanged: usize,
}

impl Sounds {
    /// Looks for these words: folded, of two or more Chinese signs; others are left out.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let words = words.into_iter().map(|word| {
            let signs: Vec<char> = word.chars().collect();
            let sounds = signs.iter().map(|sign| sound(*sign)).collect();
            Word { signs, sounds }
        });
        let all: Vec<Word> = words.filter(|word| word.signs.len() > 1 && !word.sounds.contains(&0)).collect();
        let telling = all.iter().filter(|word| word.signs.len() >= TELLING).cloned().collect();
        Sounds { telling: Words::new(telling), all: Words::new(all) }
    }

    /// Writes the words that were meant into a folded text, if it is disguised so; whether it was.
    pub fn undo(&self, folded: &mut Folded) -> bool {
        let mut telling: Vec<u16> = Vec::new();
        let mut exchanged = 0;
        for found in self.telling.hear(&folded.text[..boundary_before(&folded.text, TOLD)]) {
            if !telling.contains(&found.word) {
                telling.push(found.word);
                exchanged += found.exchanged;
            }
        }
        if telling.len() < WORDS || exchanged < EXCHANGED {
            return false;
        }
        let heard = self.all.hear(&folded.text);
        let mut text = std::mem::take(&mut folded.text).into_bytes();
        for found in heard {
            let mut at = found.at;
            for sign in &self.all.words[usize::from(found.word)].signs {
                sign.encode_utf8(&mut text[at..at + 3]);
                at += 3;
            }
        }
        // Whole signs took the place of whole signs.
        folded.text =
            String::from_utf8(text).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned());
        true
    }
}

impl Words {
    fn new(words: Vec<Word>) -> Words {
        let mut by_start: FxHashMap<(u16, u16), Vec<u16>> = FxHashMap::default();
        for (number, word) in words.iter().enumerate() {
            by_start.entry((word.sounds[0], word.sounds[1])).or_default().push(number as u16);
        }
        let length = |word: &u16| std::cmp::Reverse(words[usize::from(*word)].signs.len());
        by_start.values_mut().for_each(|words| words.sort_by_key(length));
        let shortest = words.iter().map(|word| word.signs.len()).min().unwrap_or(0).min(8);
        let mut bits: FxHashMap<u16, u8> = FxHashMap::default();
        for word in &words {
            word.sounds
                .iter()
                .take(shortest)
                .enumerate()
                .for_each(|(at, sound)| *bits.entry(*sound).or_default() |= 1 << at);
        }
        let mut places = Box::new([0; TABLE]);
        let own = places[FIRST - LEAST..].iter_mut().zip(SOUND.iter());
        own.for_each(|(place, sound)| *place = bits.get(sound).copied().unwrap_or(0));
        Words { words, by_start, places, shortest }
    }

    /// The words that stand in a text with other signs than their own, from left to right, none over another.
    fn hear(&self, text: &str) -> Vec<Heard> {
        let mut heard = Vec::new();
        if self.words.is_empty() {
            return heard;
        }
        let bytes = text.as_bytes();
        // Bit n: the last n + 1 signs sound as the first n + 1 of some word may (shift-and, Baeza-Yates and Gonnet 1992).
        let (mut state, accepted) = (0u8, 1u8 << (self.shortest - 1));
        let (mut at, mut until) = (0, 0);
        let places: &[u8; TABLE] = &self.places;
        while let Some(&[lead, middle, last]) = bytes.get(at..at + 3).and_then(|signs| signs.first_chunk::<3>()) {
            if !matches!(lead, 0xE4..=0xE9) {
                // Where this stops inside another sign, no sign of three bytes begins there.
                state = 0;
                at += 1;
                continue;
            }
            let code = usize::from(lead & 0x0F) << 12 | usize::from(middle & 0x3F) << 6 | usize::from(last & 0x3F);
            state = (state << 1 | 1) & places[code - LEAST];
            at += 3;
            if state & accepted == 0 {
                continue;
            }
            let start = at - 3 * self.shortest;
            if start >= until
                && let Some((word, exchanged)) = self.word_at(&text[start..])
            {
                if exchanged > 0 {
                    heard.push(Heard { at: start, word, exchanged });
                }
                until = start + 3 * self.words[usize::from(word)].signs.len();
            }
        }
        heard
    }

    /// The longest word that the text begins with, by its sound, and how many signs of it are others.
    fn word_at(&self, text: &str) -> Option<(u16, usize)> {
        let mut signs = text.chars().map(sound);
        let words = self.by_start.get(&(signs.next()?, signs.next()?))?;
        words.iter().find_map(|word| Some((*word, self.words[usize::from(*word)].exchanged(text)?)))
    }
}

impl Word {
    /// How many signs of the word are others in the text that begins here; none where it does not sound like the word.
    fn exchanged(&self, text: &str) -> Option<usize> {
        let mut signs = text.chars();
        let mut exchanged = 0;
        for (own, wanted) in self.signs.iter().zip(&self.sounds) {
            let sign = signs.next()?;
            if sign != *own {
                if sound(sign) != *wanted {
                    return None;
                }
                exchanged += 1;
            }
        }
        Some(exchanged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    fn undone(text: &str) -> (bool, String) {
        let sounds = Sounds::new(["电工证", "焊工证", "特种作业", "操作证", "登高证", "免考", "官网可查"]);
        let mut folded = fold(text);
        let was = sounds.undo(&mut folded);
        (was, folded.as_str().to_owned())
    }

    #[test]
    fn words_that_are_spelt_by_sound_are_written_out() {
        let (was, text) = undone("垫工正 悍工正 等高正,特总作业曹作正,免烤,官王可察");
        assert!(was);
        assert_eq!(text, "电工证 焊工证 登高证,特种作业操作证,免考,官网可查");
    }

    #[test]
    fn ordinary_words_that_sound_alike_stay() {
        for text in
            ["电工正在施工,焊工正在休息", "电工证 焊工证 特种作业操作证 免考", "店面公证处,汉宫征集", "电工政策"]
        {
            assert_eq!(undone(text), (false, text.to_owned()));
        }
    }

    #[test]
    fn quotes_still_come_from_the_page() {
        let sounds = Sounds::new(["电工证", "焊工证"]);
        let raw = "ＡＢ:垫宫正,悍宫正!";
        let mut folded = fold(raw);
        assert!(sounds.undo(&mut folded));
        let at = folded.as_str().find("焊工证").unwrap();
        assert_eq!(&raw[folded.raw_range(at..at + 9)], "悍宫正");
    }
}
