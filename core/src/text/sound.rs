//! Undoes words that are written with others of the same sound: 垫工正, 特总作业曹作正, 免烤.
//!
//! A word of the trade that is spelt by its sound is found by its sound (Mandarin without tones; zh, ch, sh and z, c, s are one, and so
//! are -en and -eng, -in and -ing: many speakers and their input methods do not part them). One such word proves nothing: 电工正在施工
//! has the sound of 电工证. A text is changed only where several words are written so, and then each sign becomes the one that was
//! meant, in its place: a sign of three bytes for one of three bytes, so that no offset moves.
//!
//! Names of certificates are undone without that where their place tells what is meant: 汉工正 beside 官网可查, 搞压、悍工、差车 in a row.
//! Who writes a single word so is not told to hide his words.
//!
//! Which words there are is the rules' (list 谐音词, and the certificates' names). Start at [`Sounds::undo`].

use std::sync::LazyLock;

use pinyin::ToPinyin;
use rustc_hash::FxHashMap;

use super::{Folded, Squeezed, boundary_before};

/// Signs that have a sound, all of them three bytes long: U+4E00–9FFF.
const FIRST: usize = 0x4E00;
const LAST: usize = 0x9FFF;

/// A word of so many signs is evidence of the disguise; shorter ones are only undone.
const TELLING: usize = 3;
/// So many different words, and so many signs exchanged in them, tell that the text is disguised.
const WORDS: usize = 2;
const EXCHANGED: usize = 4;

/// Of so many sounds behind the first two a word is told without being read.
const NEXT: usize = 6;

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

/// Above the number of every sound.
static SOUNDS: LazyLock<usize> = LazyLock::new(|| SOUND.iter().max().map_or(1, |last| usize::from(*last) + 1));

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
    /// Names of certificates, and the short ones of the trade's words.
    names: Words,
    /// How evidence and names begin: every text is asked for both, in one pass.
    asked: Starts,
    /// How any word begins.
    any: Starts,
}

/// How a word goes on behind its first two sounds, and its index.
type Begun = ([u16; NEXT], u16);

/// Some words, by how they sound.
#[derive(Debug, Clone)]
struct Words {
    words: Vec<Word>,
    /// By their first two sounds: the next ones, 0 for none, and indices into the words, the longest first. Dozens begin as
    /// 特种设备 does.
    by_start: FxHashMap<(u16, u16), Vec<Begun>>,
}

/// Two sounds with which some word begins, as bits: nearly all of a text is told by a look.
#[derive(Debug, Clone, Default)]
struct Starts {
    bits: Vec<u64>,
}

impl Starts {
    fn add(&mut self, words: &Words) {
        self.bits.resize((*SOUNDS * *SOUNDS).div_ceil(64), 0);
        for (first, second) in words.by_start.keys() {
            let bit = usize::from(*first) * *SOUNDS + usize::from(*second);
            self.bits[bit / 64] |= 1 << (bit % 64);
        }
    }

    fn of(words: &Words) -> Self {
        let mut starts = Self::default();
        starts.add(words);
        starts
    }

    /// Calls `each` where two signs stand side by side whose sounds begin a word, from left to right: where the first of them stands, and
    /// the sounds.
    fn each(&self, text: &str, mut each: impl FnMut(usize, (u16, u16))) {
        let (bytes, sounds, count) = (text.as_bytes(), &SOUND[..], *SOUNDS);
        let (mut at, mut before) = (0, 0);
        while let Some(&[lead, middle, last]) = bytes.get(at..at + 3).and_then(|signs| signs.first_chunk::<3>()) {
            if !matches!(lead, 0xE4..=0xE9) {
                // Where this stops inside another sign, no sign of three bytes begins there.
                before = 0;
                at += 1;
                continue;
            }
            let code = usize::from(lead & 0x0F) << 12 | usize::from(middle & 0x3F) << 6 | usize::from(last & 0x3F);
            let sound = sounds.get(code.wrapping_sub(FIRST)).copied().unwrap_or(0);
            let bit = usize::from(before) * count + usize::from(sound);
            if self.bits[bit / 64] >> (bit % 64) & 1 != 0 {
                each(at - 3, (before, sound));
            }
            before = sound;
            at += 3;
        }
    }
}

/// A word found: where it stands in the text, in bytes, and which.
#[derive(Debug, Clone, Copy)]
struct Heard {
    at: usize,
    word: u16,
    exchanged: usize,
}

impl Sounds {
    /// Looks for these words and these names of certificates: folded, of two or more Chinese signs; others are left out. Of the names
    /// only those count that begin with one of the words: 起重复审 sounds as 其中复审 does, 试验证 as 实验证明.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>, names: impl IntoIterator<Item = &'a str>) -> Self {
        let read = |word: &str| {
            let signs: Vec<char> = word.chars().collect();
            let sounds: Vec<u16> = signs.iter().map(|sign| sound(*sign)).collect();
            (signs.len() > 1 && !sounds.contains(&0)).then_some(Word { signs, sounds })
        };
        let all: Vec<Word> = words.into_iter().filter_map(read).collect();
        let known = |word: &Word| all.iter().any(|other| word.signs.starts_with(&other.signs));
        let mut named: Vec<Word> = names.into_iter().filter_map(read).filter(known).collect();
        named.sort_by(|a, b| a.signs.cmp(&b.signs));
        named.dedup_by(|a, b| a.signs == b.signs);
        let telling = all.iter().filter(|word| word.signs.len() >= TELLING).cloned().collect();
        let (telling, all, names) = (Words::new(telling), Words::new(all), Words::new(named));
        let mut asked = Starts::of(&telling);
        asked.add(&names);
        Sounds { any: Starts::of(&all), telling, all, names, asked }
    }

    /// Writes the words that were meant into a folded text, if it is disguised so; whether it was.
    pub fn undo(&self, folded: &mut Folded) -> bool {
        let beginning = &folded.text[..boundary_before(&folded.text, TOLD)];
        let (mut evidence, mut named) = (Hearing::new(&self.telling), Hearing::new(&self.names));
        self.asked.each(beginning, |at, start| {
            evidence.hear(beginning, at, start);
            named.hear(beginning, at, start);
        });
        let mut telling: Vec<u16> = Vec::new();
        let mut exchanged = 0;
        for found in evidence.heard.iter().filter(|found| found.exchanged > 0) {
            if !telling.contains(&found.word) {
                telling.push(found.word);
                exchanged += found.exchanged;
            }
        }
        if telling.len() < WORDS || exchanged < EXCHANGED {
            let told = self.meant(beginning, named.heard);
            self.names.write(&told, &mut folded.text);
            return false;
        }
        let mut written = Hearing::new(&self.all);
        self.any.each(&folded.text, |at, start| written.hear(&folded.text, at, start));
        let mut heard = written.heard;
        heard.retain(|found| found.exchanged > 0);
        self.all.write(&heard, &mut folded.text);
        true
    }

    /// The same for what was set apart: 电.工.正，应.急.局.
    pub fn undo_apart(&self, squeezed: &mut Squeezed) {
        let beginning = &squeezed.text[..boundary_before(&squeezed.text, TOLD)];
        let mut named = Hearing::new(&self.names);
        self.asked.each(beginning, |at, start| named.hear(beginning, at, start));
        let told = self.meant(beginning, named.heard);
        self.names.write(&told, &mut squeezed.text);
    }

    /// Of the names of certificates that were heard in a text those that are written by their sound and can be nothing else where they stand.
    fn meant(&self, text: &str, heard: Vec<Heard>) -> Vec<Heard> {
        if heard.iter().all(|one| one.exchanged == 0) {
            return Vec::new();
        }
        let papers = SPEAKS.iter().any(|word| text.contains(word));
        let end = |one: &Heard| one.at + 3 * self.names.words[usize::from(one.word)].signs.len();
        let beside = |one: &Heard, other: &Heard| {
            let between = one.at.max(other.at).checked_sub(end(one).min(end(other)));
            let start = end(one).min(end(other));
            between.is_some_and(|length| {
                length <= 4 && text.get(start..start + length).is_some_and(|sign| LISTS.contains(&sign))
            })
        };
        let meant = |number: usize| {
            let one = &heard[number];
            let word = &self.names.words[usize::from(one.word)];
            let (written, after) = (&text[one.at..end(one)], &text[end(one)..]);
            if one.exchanged == 0 || ORDINARY.iter().any(|word| written.starts_with(word)) {
                return false;
            }
            // 电工正在施工: where only the last sign is another, it has to be a paper's, and to end there.
            let body = written.chars().zip(&word.signs).take(word.signs.len() - 1);
            let body = body.filter(|(sign, own)| sign != *own).count();
            let ends = written.ends_with(PAPER_SIGNS)
                && after.chars().next().is_none_or(|sign| sound(sign) == 0 || ENDS.contains(sign));
            // 一点题, 讲师说,高空: what begins inside another word is none.
            let begins = text[..one.at].chars().next_back().is_none_or(|sign| sound(sign) == 0 || OPENS.contains(sign));
            match word.signs.len() {
                2 => {
                    let neighbours = [number.checked_sub(1), Some(number + 1)].into_iter().flatten();
                    let mut row = neighbours.filter_map(|other| heard.get(other)).filter(|other| beside(one, other));
                    begins
                        && (papers && PAPERS.iter().any(|paper| after.starts_with(paper))
                            || row.any(|other| papers || other.exchanged > 0))
                }
                3 => papers && (body > 0 || ends),
                _ => body > 0 || papers && ends,
            }
        };
        (0..heard.len()).filter(|number| meant(*number)).map(|number| heard[number]).collect()
    }
}

/// What is said where papers are dealt in, and hardly elsewhere.
const SPEAKS: [&str; 30] = [
    "复审",
    "初训",
    "应急局",
    "应急",
    "安监",
    "住建",
    "质监",
    "市监",
    "包过",
    "免考",
    "官网",
    "国网",
    "联网",
    "上网",
    "可查",
    "操作证",
    "特种",
    "出证",
    "拿证",
    "下证",
    "考证",
    "代考",
    "代报",
    "取证",
    "本子",
    "名额",
    "换证",
    "挂靠",
    "持证",
    "证书",
];

/// Between the names of a row.
const LISTS: [&str; 7] = ["、", "/", ",", " ", "+", "和", "|"];

/// What stands behind a name of two signs that is a paper's.
const PAPERS: [&str; 20] = [
    "证",
    "正",
    "怔",
    "征",
    "本",
    "卡",
    "牌",
    "操作",
    "作业",
    "复审",
    "初训",
    "类",
    "司机",
    "的证",
    "的本",
    "的复审",
    "的名额",
    "名额",
    "换证",
    "都",
];

/// What may stand behind a paper's last sign that is written as another: 电工正复审, and not 电工正在.
const ENDS: &str = "复全包可代办拿出都也是那这有年急,名挂换";

/// Signs that are written for 证 in a name that is else written as it is; 电工挣 and 焊工真 say something.
const PAPER_SIGNS: [char; 6] = ['正', '政', '怔', '征', '症', '郑'];

/// What may stand before a name of two signs in its clause.
const OPENS: &str = "张本个的考办要有出做和及加代报理招收接类";

/// Ordinary words that sound like names of certificates.
const ORDINARY: [&str; 15] = [
    "高雅", "抵押", "等高", "过路", "查车", "地压", "汉宫", "新号", "店提", "含公", "含工", "点题", "点焊", "搞出",
    "电动",
];

impl Words {
    fn new(words: Vec<Word>) -> Words {
        let mut by_start: FxHashMap<(u16, u16), Vec<Begun>> = FxHashMap::default();
        for (number, word) in words.iter().enumerate() {
            let next = std::array::from_fn(|at| word.sounds.get(2 + at).copied().unwrap_or(0));
            by_start.entry((word.sounds[0], word.sounds[1])).or_default().push((next, number as u16));
        }
        let length = |(_, word): &Begun| std::cmp::Reverse(words[usize::from(*word)].signs.len());
        by_start.values_mut().for_each(|words| words.sort_by_key(length));
        Words { words, by_start }
    }

    /// Writes words that were heard in a text into it.
    fn write(&self, heard: &[Heard], written: &mut String) {
        if heard.is_empty() {
            return;
        }
        let mut text = std::mem::take(written).into_bytes();
        for found in heard {
            let mut at = found.at;
            for sign in &self.words[usize::from(found.word)].signs {
                sign.encode_utf8(&mut text[at..at + 3]);
                at += 3;
            }
        }
        // Whole signs took the place of whole signs.
        *written =
            String::from_utf8(text).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned());
    }

    /// The longest word that the text begins with, by its sound, and how many signs of it are others.
    fn word_at(&self, text: &str, start: (u16, u16)) -> Option<(u16, usize)> {
        let words = self.by_start.get(&start)?;
        // The two that are known have three bytes each.
        let mut signs = text[6..].chars();
        let next: [u16; NEXT] = std::array::from_fn(|_| signs.next().map_or(0, sound));
        let fits = |wanted: &[u16; NEXT]| wanted.iter().zip(&next).all(|(wanted, next)| *wanted == 0 || wanted == next);
        let mut words = words.iter().filter(|(wanted, _)| fits(wanted)).map(|(_, word)| word);
        words.find_map(|word| Some((*word, self.words[usize::from(*word)].exchanged(text)?)))
    }
}

/// The words that stand in a text, from left to right, none over another: those that stand there as they are among them.
struct Hearing<'a> {
    words: &'a Words,
    heard: Vec<Heard>,
    /// Where the last of them ends.
    until: usize,
}

impl<'a> Hearing<'a> {
    fn new(words: &'a Words) -> Self {
        Self { words, heard: Vec::new(), until: 0 }
    }

    /// Hears what begins at a place, where two signs have these sounds.
    fn hear(&mut self, text: &str, at: usize, start: (u16, u16)) {
        if at >= self.until
            && let Some((word, exchanged)) = self.words.word_at(&text[at..], start)
        {
            self.heard.push(Heard { at, word, exchanged });
            self.until = at + 3 * self.words.words[usize::from(word)].signs.len();
        }
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
#[path = "sound_tests.rs"]
mod tests;
