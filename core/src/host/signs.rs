//! Which telling words a host name is made of.
//!
//! A name is cut at dots and hyphens; within a piece the words are laid so that as few letters as possible stay unexplained.
//! That is what keeps `member` and `cxmemory` innocent without a list of exceptions: `mem` is not taken where a longer
//! ordinary word explains more. What the words add up to is `judge`'s business. Start at [`Signs::glance`] and [`Signs::read`].

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::form::{Form, look_of, looks};
use super::skeleton::{fold_byte, merged};
use super::slips::{chunks_of, slips_of};

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
    Place,
    Filler,
    Innocent,
}

impl Role {
    pub(super) const ALL: [Role; 9] = [
        Role::Authority,
        Role::Bureau,
        Role::Trade,
        Role::Cert,
        Role::Lookup,
        Role::Gov,
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

    const fn tells(self) -> bool {
        !self.is_plain() && !matches!(self, Role::Place)
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

/// A word found in a name.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    pub(super) word: usize,
    pub(super) span: Range<usize>,
    /// Written with look-alike characters.
    pub(super) disguised: bool,
    /// One letter off.
    pub(super) misspelt: bool,
    /// Nothing but this word, places and filler in its label, which is the last before the public suffix.
    pub(super) alone: bool,
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
    look: Vec<String>,
    /// Short words that allow slips → how the slips look.
    slips: HashMap<usize, Vec<String>>,
    /// Words long enough to be known with an edit in them, each with chunks of which one survives the edit.
    long: Vec<(usize, Vec<String>)>,
    /// All words; pattern number = word number.
    find: AhoCorasick,
    /// The words that wake, and the hosts that must not be slept over.
    wake: AhoCorasick,
}

impl Signs {
    pub(super) fn build(words: Vec<Word>, hosts: &[String]) -> Result<Signs, String> {
        let look: Vec<String> = words.iter().map(|word| looks(&word.text)).collect();
        let find = AhoCorasick::new(&look).map_err(|error| format!("字样太多，建不成查找表：{error}"))?;
        let waking = words.iter().zip(&look).filter(|(word, _)| word.role.wakes() && word.text.is_ascii());
        let mut literals: Vec<String> = waking.map(|(_, look)| look.clone()).collect();
        literals.extend(hosts.iter().map(|host| looks(host)));
        // china or hebei as a chunk would wake on half the country.
        let ordinary = |chunk: &str| words.iter().zip(&look).any(|(word, look)| !word.role.tells() && look == chunk);
        let is_long = |word: &Word, look: &str| {
            word.role.wakes() && word.points >= HEAVY && word.text.is_ascii() && look.len() >= LONG
        };
        let long: Vec<(usize, Vec<String>)> = (0..words.len())
            .filter(|&at| is_long(&words[at], &look[at]))
            .map(|at| (at, chunks_of(&look[at]).into_iter().filter(|chunk| !ordinary(chunk)).collect()))
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
        Ok(Signs { words, look, slips, long, find, wake })
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
                if !self.credible(form, token, slip.as_ref()) {
                    continue;
                }
                let whole = slip.as_ref().is_some_and(|slip| slip.span == token.span);
                signs.extend(slip);
                if whole {
                    continue;
                }
                for (span, word) in &token.laid {
                    let entry = &self.words[*word];
                    if entry.role.is_plain() {
                        continue;
                    }
                    signs.push(Sign {
                        word: *word,
                        span: span.clone(),
                        disguised: self.changes(form, *word, span.start) != (0, false),
                        misspelt: false,
                        alone: entry.alone && number == last && unexplained == 0 && telling == 1,
                    });
                }
            }
        }
        signs
    }

    /// How many ASCII characters differ from the word as the file writes it, and whether foreign letters stand in.
    fn changes(&self, form: &Form, word: usize, start: usize) -> (usize, bool) {
        let (mut changed, mut foreign) = (0, false);
        let mut at = start;
        for c in self.words[word].text.chars() {
            let raw = form.raw(at);
            if raw != c {
                if raw.is_ascii() { changed += 1 } else { foreign = true }
            }
            at += look_of(c).len_utf8();
        }
        (changed, foreign)
    }

    /// A word may be disguised, but not beyond half its letters, and the words that tell nothing not at all.
    fn fits(&self, form: &Form, word: usize, start: usize) -> bool {
        let entry = &self.words[word];
        let (changed, _) = self.changes(form, word, start);
        changed == 0 || (entry.role.tells() && entry.text.len() > 2 && changed * 2 <= entry.text.len())
    }

    /// Lays words over one label so that the fewest letters stay bare, then the fewest words, then the weightiest.
    fn lay(&self, form: &Form, label: Range<usize>, by_start: &[Vec<(usize, usize)>]) -> Vec<Token> {
        const LETTER: i64 = 10_000;
        const PIECE: i64 = 100;
        let length = label.len();
        let mut best: Vec<(i64, Option<(usize, usize)>)> = vec![(0, None); length + 1];
        for at in (0..length).rev() {
            let position = label.start + at;
            let bare = if form.counts(position) { LETTER } else { 0 };
            let mut choice = (best[at + 1].0 + bare, None);
            for &(end, word) in by_start[position].iter().filter(|(end, _)| *end <= label.end) {
                let cost = best[end - label.start].0 + PIECE - i64::from(self.words[word].points);
                if cost < choice.0 {
                    choice = (cost, Some((end, word)));
                }
            }
            best[at] = choice;
        }
        let mut tokens = Vec::new();
        let mut token = Token { span: label.start..label.start, laid: Vec::new(), slip: None };
        let mut at = label.start;
        while at < label.end {
            match best[at - label.start].1 {
                Some((end, word)) => {
                    token.laid.push((at..end, word));
                    at = end;
                }
                None => {
                    if matches!(form.raw(at), '-' | '_') {
                        token.span.end = at;
                        let next = Token { span: at + 1..at + 1, laid: Vec::new(), slip: None };
                        tokens.push(std::mem::replace(&mut token, next));
                    }
                    at += 1;
                }
            }
        }
        token.span.end = label.end;
        tokens.push(token);
        tokens
    }

    /// Whether the words explain enough of a piece: in a long run of letters a short word stands by chance.
    fn credible(&self, form: &Form, token: &Token, slip: Option<&Sign>) -> bool {
        let telling = token.laid.iter().filter(|(_, word)| self.words[*word].role.tells());
        let mut told: usize = telling.clone().map(|(span, _)| span.len()).sum();
        let mut bare = token.letters_left(form);
        if let Some(slip) = slip {
            told += slip.span.len();
            bare = bare.saturating_sub(slip.span.len());
        }
        let chinese = telling.clone().any(|(_, word)| !self.words[*word].text.is_ascii());
        chinese || bare == 0 || (told >= 6 && bare <= 2) || (told >= 8 && bare <= 4) || told >= 11
    }

    /// Looks for a long word with an edit in it and lays the rest of the piece anew around it.
    fn mend(&self, form: &Form, token: &mut Token, by_start: &[Vec<(usize, usize)>]) {
        let piece = &form.look[token.span.clone()];
        if !piece.is_ascii() || piece.len() > MAX_WORD {
            return;
        }
        let mut best: Option<(usize, Range<usize>, usize)> = None;
        for (word, chunks) in &self.long {
            let look = &self.look[*word];
            // A word that stands there whole is no slip: a window one letter off it always exists.
            if piece.contains(look) || !chunks.iter().any(|chunk| piece.contains(chunk)) {
                continue;
            }
            for length in look.len() - 1..=look.len() + 1 {
                for at in 0..(piece.len() + 1).saturating_sub(length) {
                    let off = strsim::osa_distance(look, &piece[at..at + length]);
                    let span = token.span.start + at..token.span.start + at + length;
                    let better = best.as_ref().is_none_or(|(old, held, _)| (off, held.len()) < (*old, length));
                    if off == 1 && better {
                        best = Some((off, span, *word));
                    }
                }
            }
        }
        let Some((_, span, word)) = best else { return };
        let mut laid = Vec::new();
        for side in [token.span.start..span.start, span.end..token.span.end] {
            laid.extend(self.lay(form, side, by_start).into_iter().flat_map(|part| part.laid));
        }
        token.laid = laid;
        token.slip = Some(Sign { word, span, disguised: false, misspelt: true, alone: false });
    }

    /// A bare stretch, or the whole of a piece that words do not explain, one slip off a word.
    fn slip(&self, form: &Form, token: &Token) -> Option<Sign> {
        let bare = token.bare_runs();
        if bare.is_empty() {
            return None;
        }
        let whole = (!self.credible(form, token, None)).then(|| token.span.clone());
        whole.into_iter().chain(bare).find_map(|span| {
            let run = &form.look[span.clone()];
            if run.len() < 3 || run.len() > MAX_WORD || !run.is_ascii() {
                return None;
            }
            let near = (0..self.words.len()).filter(|&word| self.is_slip(word, run));
            let word = near.max_by_key(|&word| self.look[word].len())?;
            Some(Sign { word, span, disguised: false, misspelt: true, alone: false })
        })
    }

    /// Short words allow only slips of the finger: any one edit of three letters makes hundreds of other words.
    fn is_slip(&self, word: usize, run: &str) -> bool {
        let (entry, look) = (&self.words[word], &self.look[word]);
        if !entry.role.tells() || !entry.text.is_ascii() || look.len().abs_diff(run.len()) > 2 {
            return false;
        }
        // One edit leaves the first or the last letter in place: most words are out before any distance is measured.
        let (a, b) = (look.as_bytes(), run.as_bytes());
        if look.len() < 10 && a.first() != b.first() && a.last() != b.last() {
            return false;
        }
        match look.len() {
            0..5 => entry.typo && self.slips.get(&word).is_some_and(|slips| slips.iter().any(|slip| slip == run)),
            5..10 => look.len().abs_diff(run.len()) <= 1 && strsim::osa_distance(look, run) == 1,
            _ => (1..=2).contains(&strsim::osa_distance(look, run)),
        }
    }
}

/// A piece of a label between hyphens, with the words laid over it.
struct Token {
    span: Range<usize>,
    laid: Vec<(Range<usize>, usize)>,
    /// A long word with an edit in it, around which the others are laid.
    slip: Option<Sign>,
}

impl Token {
    fn has_slip(&self) -> bool {
        self.slip.is_some()
    }

    fn letters_left(&self, form: &Form) -> usize {
        self.bare_runs().into_iter().flatten().filter(|&at| form.counts(at)).count()
    }

    /// The stretches that no word covers.
    fn bare_runs(&self) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut from = self.span.start;
        for (span, _) in &self.laid {
            if span.start > from {
                runs.push(from..span.start);
            }
            from = span.end;
        }
        if self.span.end > from {
            runs.push(from..self.span.end);
        }
        runs
    }
}
