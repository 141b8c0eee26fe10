//! What each phrase is there for, laid out flat: a page asks this hundreds of times, and a list a phrase is a walk through memory.
//!
//! Most are words of conditions and of the program's own lists: these are told as numbers of posting lists, without anything to choose.
//! Start at [`Uses::posted`].

use super::{Lists, Use};

/// The phrase is there for more than the entities or a gap.
const PHRASE: u8 = 1;
/// It is a piece of phrases with gaps.
const PIECE: u8 = 2;
/// It begins or ends with a Latin letter or a digit: it may be part of a longer word.
const LATIN: u8 = 4;
const NO_CUE: u16 = u16::MAX;
const NO_TALLY: u8 = u8::MAX;
const NO_PIECE: u16 = u16::MAX;

/// By number of the phrase; the phrases with gaps follow behind the scanned ones.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    posted: Vec<u32>,
    uses: Vec<Use>,
    pieces: Vec<u16>,
    phrases: Vec<Entry>,
}

/// The posting list of a condition's words.
pub(crate) fn condition(number: u32) -> usize {
    Lists::NAMES.len() + number as usize
}

/// The posting list of one of the program's own lists.
pub(crate) fn list(list: Lists) -> usize {
    list as usize
}

/// One phrase: where its posting lists, other uses and pieces end, and what one look must tell.
#[derive(Debug, Clone, Copy)]
struct Entry {
    posted: u32,
    uses: u32,
    pieces: u32,
    look: Look,
}

/// What is asked of each phrase that is found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    flags: u8,
    /// [`NO_TALLY`] for none.
    tally: u8,
    /// [`NO_CUE`] for none.
    cue: u16,
    /// Where it is one piece, as nearly all that are some; [`NO_PIECE`] otherwise.
    piece: u16,
}

impl Default for Look {
    fn default() -> Self {
        Self { flags: 0, tally: NO_TALLY, cue: NO_CUE, piece: NO_PIECE }
    }
}

impl Look {
    /// Whether rules, lists or tables ask for it.
    pub(crate) fn is_phrase(self) -> bool {
        self.flags & PHRASE != 0
    }

    /// Whether it is a piece of phrases with gaps.
    pub(crate) fn is_piece(self) -> bool {
        self.flags & PIECE != 0
    }

    /// The only piece that it is; none where it is none or several.
    pub(crate) fn piece(self) -> Option<u16> {
        Some(self.piece).filter(|piece| *piece != NO_PIECE)
    }

    /// Whether it may be part of a longer word, in Latin letters or digits.
    pub(crate) fn is_latin(self) -> bool {
        self.flags & LATIN != 0
    }

    /// The entities' own number for it, if a contact may stand behind it.
    pub(crate) fn cue(self) -> Option<u16> {
        Some(self.cue).filter(|cue| *cue != NO_CUE)
    }

    /// Its number among the words that a page counts; of another one that no word has.
    pub(crate) fn tally(self) -> u8 {
        self.tally
    }
}

impl Uses {
    /// Adds the next phrase: what it is there for, and which pieces it is. A phrase with gaps has no text.
    pub(crate) fn push(&mut self, text: &str, uses: &[Use], pieces: &[u16]) {
        let latin = |sign: Option<&u8>| sign.is_some_and(u8::is_ascii_alphanumeric);
        let latin = latin(text.as_bytes().first()) || latin(text.as_bytes().last());
        let phrase = uses.iter().any(|purpose| !matches!(purpose, Use::Cue(_) | Use::Tally(_)));
        let cue = uses.iter().find_map(|purpose| if let Use::Cue(number) = purpose { Some(*number) } else { None });
        let tally = uses.iter().find_map(|purpose| if let Use::Tally(number) = purpose { Some(*number) } else { None });
        for purpose in uses {
            match *purpose {
                Use::Condition(number) => self.posted.push(condition(number) as u32),
                Use::List(number) => self.posted.push(u32::from(number)),
                Use::Cue(_) | Use::Tally(_) => {}
                other => self.uses.push(other),
            }
        }
        self.pieces.extend(pieces);
        self.phrases.push(Entry {
            posted: self.posted.len() as u32,
            uses: self.uses.len() as u32,
            pieces: self.pieces.len() as u32,
            look: Look {
                flags: if phrase { PHRASE } else { 0 }
                    | if pieces.is_empty() { 0 } else { PIECE }
                    | if latin { LATIN } else { 0 },
                tally: tally.unwrap_or(NO_TALLY),
                cue: cue.unwrap_or(NO_CUE),
                piece: if let [piece] = pieces { *piece } else { NO_PIECE },
            },
        });
    }

    /// The posting lists of the conditions and own lists of which the phrase is a word ([`condition`], [`list`]).
    pub(crate) fn posted(&self, phrase: usize) -> &[u32] {
        let start = phrase.checked_sub(1).map_or(0, |before| self.phrases[before].posted as usize);
        &self.posted[start..self.phrases[phrase].posted as usize]
    }

    /// What else the phrase is there for, besides the entities.
    pub(crate) fn of(&self, phrase: usize) -> &[Use] {
        let start = phrase.checked_sub(1).map_or(0, |before| self.phrases[before].uses as usize);
        &self.uses[start..self.phrases[phrase].uses as usize]
    }

    /// Which pieces of phrases with gaps it is.
    pub(crate) fn pieces(&self, phrase: usize) -> &[u16] {
        let start = phrase.checked_sub(1).map_or(0, |before| self.phrases[before].pieces as usize);
        &self.pieces[start..self.phrases[phrase].pieces as usize]
    }

    /// What it is, at a look.
    pub(crate) fn look(&self, phrase: usize) -> Look {
        self.phrases[phrase].look
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phrase_keeps_its_own() {
        let mut uses = Uses::default();
        uses.push("甲v", &[Use::Condition(1), Use::Cue(7), Use::List(2)], &[]);
        uses.push("", &[], &[3, 4]);
        uses.push("8个", &[Use::Cue(8)], &[]);
        uses.push("甲1乙", &[Use::Certificate(5), Use::Tally(2)], &[6]);
        assert_eq!(uses.posted(0), [condition(1) as u32, 2]);
        assert_eq!(uses.of(0), []);
        assert_eq!((uses.posted(3), uses.of(3)), (&[][..], &[Use::Certificate(5)][..]));
        assert_eq!([0, 1, 2, 3].map(|phrase| uses.look(phrase).is_phrase()), [true, false, false, true]);
        assert_eq!([0, 1, 2, 3].map(|phrase| uses.look(phrase).is_latin()), [true, false, true, false]);
        assert_eq!([0, 1, 2, 3].map(|phrase| uses.look(phrase).cue()), [Some(7), None, Some(8), None]);
        assert_eq!([0, 1, 2, 3].map(|phrase| uses.look(phrase).tally()), [NO_TALLY, NO_TALLY, NO_TALLY, 2]);
        assert_eq!([0, 1, 2, 3].map(|phrase| uses.look(phrase).is_piece()), [false, true, false, true]);
        assert_eq!([0, 1, 2, 3].map(|phrase| uses.look(phrase).piece()), [None, None, None, Some(6)]);
        assert_eq!([0, 1, 2, 3].map(|phrase| uses.pieces(phrase)), [&[][..], &[3, 4], &[], &[6]]);
    }
}
