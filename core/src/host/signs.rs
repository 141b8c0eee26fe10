//! Which telling words a host name is made of.
//!
//! A name is cut at dots and hyphens; within a piece the words are laid so that as few letters as possible stay unexplained.
//! That is what keeps `member` and `cxmemory` innocent without a list of exceptions: `mem` is not taken where a longer
//! ordinary word explains more. What the words add up to is `judge`'s business. Start at [`Signs::glance`] and [`Signs::read`].

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::form::{Form, MERGED, look_of, looks};
use super::lay::Token;
use super::skeleton::{fold_byte, merged};
use super::skeleton::{is_foreign, is_mistaken};
use super::slips::{chunks_of, slips_of, stumbles_of};

/// Longest word, in bytes.
pub(super) const MAX_WORD: usize = 60;
/// From this many letters on a word is known with an edit in it, whatever stands around it.
const LONG: usize = 11;
/// … and from this weight on: each costs wakings by its chunks.
const HEAVY: i32 = 4;

/// What kind of sign a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Authority,
    Bureau,
    Trade,
    Cert,
    Lookup,
    Gov,
    Nation,
    Place,
    Filler,
    Innocent,
}

impl Role {
    pub(super) const ALL: [Role; 10] = [
        Role::Authority,
        Role::Bureau,
        Role::Trade,
        Role::Cert,
        Role::Lookup,
        Role::Gov,
        Role::Nation,
        Role::Place,
        Role::Filler,
        Role::Innocent,
    ];

    /// The key in the file.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Role::Authority => "authority",
            Role::Bureau => "bureau",
            Role::Trade => "trade",
            Role::Cert => "cert",
            Role::Lookup => "lookup",
            Role::Gov => "gov",
            Role::Nation => "nation",
            Role::Place => "place",
            Role::Filler => "filler",
            Role::Innocent => "innocent",
        }
    }

    /// A word that only explains letters and tells nothing.
    pub(super) const fn is_plain(self) -> bool {
        matches!(self, Role::Filler | Role::Innocent)
    }

    /// Names a body.
    pub(super) const fn is_body(self) -> bool {
        matches!(self, Role::Authority | Role::Bureau)
    }

    /// No name is flagged without one of these in it, so only they wake the reader.
    const fn wakes(self) -> bool {
        matches!(self, Role::Authority | Role::Bureau | Role::Trade | Role::Cert | Role::Gov)
    }

    pub(super) const fn tells(self) -> bool {
        !self.is_plain() && !matches!(self, Role::Place | Role::Nation)
    }
}

/// A word of the file.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) role: Role,
    pub(super) points: i32,
    pub(super) say: String,
    pub(super) of: Option<String>,
    pub(super) alone: bool,
    pub(super) typo: bool,
    pub(super) short: bool,
}

impl Word {
    /// One that only explains letters.
    pub(super) const fn plain(text: String, role: Role) -> Word {
        let say = String::new();
        Word { text, role, points: 0, say, of: None, alone: false, typo: false, short: false }
    }

    /// The name of a place.
    pub(super) fn place(text: String, points: i32, of: &str) -> Word {
        Word { points, of: Some(of.to_owned()), ..Word::plain(text, Role::Place) }
    }
}

/// A word found in a name.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    pub(super) word: usize,
    pub(super) span: Range<usize>,
    /// Written with look-alike characters.
    pub(super) disguised: bool,
    /// … of a script that .cn names are not made of.
    pub(super) foreign: bool,
    /// One letter off.
    pub(super) misspelt: bool,
    /// … and that letter doubled, or two swapped.
    pub(super) stumbled: bool,
    /// Between dots and hyphens there is nothing else.
    pub(super) whole: bool,
    /// Nothing but this word, places and filler in its label, which is the last before the public suffix.
    pub(super) alone: bool,
}

impl Sign {
    pub(super) const fn misspelt(word: usize, span: Range<usize>) -> Sign {
        Sign {
            word,
            span,
            disguised: false,
            foreign: false,
            misspelt: true,
            stumbled: false,
            whole: false,
            alone: false,
        }
    }
}

/// What a first look at a name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance {
    /// A well-formed lower-case ASCII name with nothing in it.
    Asleep,
    /// Well-formed, and some word is in it.
    Awake,
    /// Not in normal form.
    Odd,
}

/// The words, ready to be looked for.
#[derive(Debug)]
pub(super) struct Signs {
    pub(super) words: Vec<Word>,
    /// How each word looks.
    pub(super) look: Vec<String>,
    /// Short words that allow slips → how the slips look.
    pub(super) slips: HashMap<usize, Vec<String>>,
    /// Words that may be told with a letter wrong.
    pub(super) mistakable: Vec<usize>,
    /// Places whose names are long enough to be told with a letter wrong.
    pub(super) places: Vec<usize>,
    /// Words long enough to be known with an edit in them, each with chunks of which one survives the edit.
    pub(super) long: Vec<(usize, Vec<String>)>,
    /// All words; pattern number = word number.
    find: AhoCorasick,
    /// The words that wake, and the hosts that must not be slept over.
    wake: AhoCorasick,
}

impl Signs {
    pub(super) fn build(mut words: Vec<Word>, hosts: &[String]) -> Result<Signs, String> {
        words.extend(stumbling(&words));
        let look: Vec<String> = words.iter().map(|word| looks(&word.text)).collect();
        let find = AhoCorasick::new(&look).map_err(|error| format!("字样太多，建不成查找表：{error}"))?;
        // A genuine look-up's own label tells something beside another word for looking up.
        let tells = |word: &Word| word.role.wakes() || (word.role == Role::Lookup && word.of.is_some());
        let waking = words.iter().zip(&look).filter(|(word, _)| tells(word) && word.text.is_ascii());
        let mut literals: Vec<String> = waking.map(|(_, look)| look.clone()).collect();
        literals.extend(hosts.iter().map(|host| looks(host)));
        // china or hebei as a chunk would wake on half the country.
        let ordinary = &|chunk: &str| words.iter().zip(&look).any(|(word, look)| !word.role.tells() && look == chunk);
        let is_long = |word: &Word, look: &str| {
            word.role.wakes() && word.points >= HEAVY && word.text.is_ascii() && look.len() >= LONG
        };
        let long: Vec<(usize, Vec<String>)> = (0..words.len())
            .filter(|&at| is_long(&words[at], &look[at]))
            .map(|at| (at, chunks_of(&look[at], ordinary)))
            .collect();
        literals.extend(long.iter().flat_map(|(_, chunks)| chunks.iter().cloned()));
        literals.push("xn--".to_owned());
        // A DFA is what makes three million names a second: the automatic choice is an NFA at this size, half as fast.
        let wake = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(&literals)
            .map_err(|error| format!("字样太多，建不成查找表：{error}"))?;
        let short = |word: &Word| word.typo && word.text.is_ascii() && word.text.len() < 5;
        let slips = |word: &Word| slips_of(&word.text).iter().map(|slip| looks(slip)).collect();
        let slips =
            words.iter().enumerate().filter(|(_, word)| short(word)).map(|(at, word)| (at, slips(word))).collect();
        let mistakable = (0..words.len()).filter(|&at| words[at].role.tells() && words[at].text.is_ascii()).collect();
        let is_place = |at: &usize| words[*at].role == Role::Place && look[*at].is_ascii() && look[*at].len() >= 5;
        let places = (0..words.len()).filter(is_place).collect();
        Ok(Signs { words, look, slips, mistakable, places, long, find, wake })
    }

    /// A first look that allocates nothing.
    pub(super) fn glance(&self, host: &str) -> Glance {
        let bytes = host.as_bytes();
        let mut looks = [0u8; 253];
        if bytes.len() > looks.len() {
            return Glance::Odd;
        }
        let (mut label, mut pairs, mut before) = (0usize, false, 0u8);
        for (slot, &b) in looks.iter_mut().zip(bytes) {
            let look = fold_byte(b);
            if look == 0 {
                return Glance::Odd;
            }
            *slot = look;
            if b == b'.' {
                if label == 0 {
                    return Glance::Odd;
                }
                label = 0;
            } else {
                label += 1;
                if label > 63 {
                    return Glance::Odd;
                }
            }
            pairs |= merged(before, b).is_some();
            before = b;
        }
        if label == 0 {
            return Glance::Odd;
        }
        let looks = &mut looks[..bytes.len()];
        if self.wake.is_match(&*looks) {
            return Glance::Awake;
        }
        if !pairs {
            return Glance::Asleep;
        }
        let (mut from, mut to) = (0, 0);
        while from < bytes.len() {
            match bytes.get(from + 1).and_then(|&next| merged(bytes[from], next)) {
                Some(one) => {
                    looks[to] = fold_byte(one);
                    from += 2;
                }
                None => {
                    looks[to] = fold_byte(bytes[from]);
                    from += 1;
                }
            }
            to += 1;
        }
        if self.wake.is_match(&looks[..to]) { Glance::Awake } else { Glance::Asleep }
    }

    /// The signs in the part of a name left of its public suffix.
    pub(super) fn read(&self, form: &Form) -> Vec<Sign> {
        let mut by_start: Vec<Vec<(usize, usize)>> = vec![Vec::new(); form.look.len()];
        for hit in self.find.find_overlapping_iter(&form.look) {
            let word = hit.pattern().as_usize();
            if self.fits(form, word, hit.start()) {
                by_start[hit.start()].push((hit.end(), word));
            }
        }
        let mut labels = Vec::new();
        let mut start = 0;
        for label in form.look.split('.') {
            let range = start..start + label.len();
            start = range.end + 1;
            let mut tokens = self.lay(form, range, &by_start);
            let unexplained = tokens.iter_mut().filter(|token| token.letters_left(form) > 0);
            if let Some(token) = unexplained.last().filter(|_| !labels.iter().flatten().any(Token::has_slip)) {
                self.mend(form, token, &by_start);
            }
            labels.push(tokens);
        }
        let anchored =
            labels.iter().flatten().flat_map(|token| &token.laid).any(|&(_, word)| self.words[word].role.wakes());
        let bureau = labels
            .iter()
            .flatten()
            .flat_map(|token| &token.laid)
            .any(|&(_, word)| self.words[word].role == Role::Bureau);
        let mut signs = Vec::new();
        let mut room_for_slip = anchored && !labels.iter().flatten().any(Token::has_slip);
        let last = labels.len().saturating_sub(1);
        for (number, tokens) in labels.iter().enumerate() {
            let unexplained: usize = tokens.iter().map(|token| token.letters_left(form)).sum();
            let telling =
                tokens.iter().flat_map(|t| &t.laid).filter(|(_, word)| self.words[*word].role.tells()).count();
            for token in tokens {
                let slip = match &token.slip {
                    None if room_for_slip => self.slip(form, token),
                    mended => mended.clone(),
                };
                room_for_slip &= slip.is_none();
                let slip = slip.or_else(|| if bureau { self.misplaced(form, token) } else { None });
                if !self.credible(form, token, slip.as_ref()) {
                    continue;
                }
                let whole = slip.as_ref().is_some_and(|slip| slip.span == token.span);
                signs.extend(slip.map(|slip| {
                    let word = &self.words[slip.word];
                    let stumbled = word.text.len() > 5 && self.is_stumble(word, &form.look[slip.span.clone()]);
                    let alone = word.alone && stumbled && whole && number == last && tokens.len() == 1;
                    Sign { whole, alone, stumbled, ..slip }
                }));
                if whole {
                    continue;
                }
                for (span, word) in &token.laid {
                    let entry = &self.words[*word];
                    if entry.role.is_plain() {
                        continue;
                    }
                    let changes = self.changes(form, *word, span.start);
                    signs.push(Sign {
                        word: *word,
                        span: span.clone(),
                        disguised: changes.any(),
                        foreign: changes.foreign,
                        misspelt: false,
                        stumbled: false,
                        whole: *span == token.span,
                        alone: entry.alone && number == last && unexplained == 0 && telling == 1,
                    });
                }
            }
        }
        signs
    }

    /// How what is written differs from the word as the file writes it.
    fn changes(&self, form: &Form, word: usize, start: usize) -> Changes {
        let mut changes = Changes::default();
        let mut at = start;
        for c in self.words[word].text.chars() {
            let raw = form.raw(at);
            match raw {
                _ if raw == c => changes.kept += 1,
                _ if raw == MERGED => changes.merged += 1,
                _ if raw.is_ascii() => changes.swapped += 1,
                _ if is_mistaken(raw) => changes.mistaken += 1,
                _ if is_foreign(raw) => changes.foreign = true,
                _ => {
                    changes.kept += 1;
                    changes.traditional = true;
                }
            }
            at += look_of(c).len_utf8();
        }
        changes
    }

    /// A word may be disguised, but not beyond half its letters, and the words that tell nothing not at all. Two letters run
    /// together change a word less than a digit does: rnern is all of mem.
    fn fits(&self, form: &Form, word: usize, start: usize) -> bool {
        let entry = &self.words[word];
        let changes = self.changes(form, word, start);
        let written_over = 2 * changes.swapped + changes.merged;
        (written_over == 0 || (entry.role.tells() && entry.text.len() > 2 && written_over <= entry.text.len()))
            && (changes.mistaken == 0
                || (entry.role.tells() && changes.kept >= 2 && changes.mistaken * 3 <= changes.kept + 1))
    }

    /// Whether a misspelt word has a letter doubled or two swapped. Any edit at all makes mohur of mohurd, and yingjideng (应急灯)
    /// of yingjiting (应急厅).
    fn is_stumble(&self, word: &Word, run: &str) -> bool {
        stumbles_of(&word.text).iter().any(|one| looks(one) == run)
    }
}

/// Short words that may be mistaken, with a letter doubled or two swapped: words by themselves, so that they are found among others.
fn stumbling(words: &[Word]) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    for word in words.iter().filter(|word| word.typo && word.text.is_ascii()) {
        // emm and mme are in too many names.
        for text in stumbles_of(&word.text).into_iter().filter(|text| text.len() > 3) {
            if words.iter().chain(&out).all(|other| other.text != text) {
                let say = format!("与“{}”（{}）只差一个键", word.text, word.say);
                let points = word.points - 1;
                out.push(Word { text, say, points, alone: false, typo: false, ..word.clone() });
            }
        }
    }
    out
}

/// What stands in place of a word's characters.
#[derive(Debug, Default)]
struct Changes {
    /// As the file has it, or the same Chinese character in another writing.
    kept: usize,
    /// Another ASCII character.
    swapped: usize,
    /// Two letters that make one.
    merged: usize,
    /// Another Chinese character of much the same shape or sound.
    mistaken: usize,
    /// A letter of another script, or with a mark.
    foreign: bool,
    /// One of these is in another writing.
    traditional: bool,
}

impl Changes {
    const fn any(&self) -> bool {
        self.swapped + self.merged + self.mistaken > 0 || self.foreign || self.traditional
    }
}
