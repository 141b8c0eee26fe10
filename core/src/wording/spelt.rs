//! A text spelt out for weighing: its signs as they count, and what is known of each two neighbours, looked up once for all stretches that
//! have them.
//!
//! Looking up is what weighing costs, and stretches overlap by half. It must not add anything up. Start at [`Spelt::new`].

use std::ops::Range;

use super::gram::kept;
use super::pairs::Pairs;
use super::quotation;
use super::vocabulary::NO_WORDS;

/// What is known of two neighbours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside {
    /// What they are worth, wherever they stand.
    pub(super) points: i16,
    /// Where the ends of the words that begin so stand in the vocabulary, or [`NO_WORDS`].
    pub(super) begins: u32,
}

impl Default for Beside {
    fn default() -> Self {
        Self { points: 0, begins: NO_WORDS }
    }
}

/// A text, sign by sign. White space before its beginning is one sign, which is left out.
#[derive(Debug, Default)]
pub(super) struct Spelt {
    pub(super) signs: Vec<char>,
    pub(super) numbers: Vec<u16>,
    /// Where each stands, in bytes.
    starts: Vec<u32>,
    /// What is known of each and the one before: the slot, above all slots where nothing is.
    pub(super) beside: Vec<(u32, Beside)>,
    /// Where quotations may begin.
    marks: Vec<u32>,
}

impl Spelt {
    /// `number` tells a sign's number, `white` is that of white space.
    pub(super) fn new(text: &str, number: impl Fn(char) -> u16, pairs: &Pairs<Beside>) -> Self {
        let mut spelt = Self::default();
        // Most of a text is Chinese.
        let usual = text.len() / 3 + 16;
        spelt.signs.reserve(usual);
        spelt.numbers.reserve(usual);
        spelt.starts.reserve(usual);
        let mut before = '\n';
        for (at, sign) in text.char_indices() {
            // A Chinese sign is no mark, no digit and no white space.
            if ('\u{4E00}'..='\u{9FFF}').contains(&sign) {
                spelt.signs.push(sign);
                spelt.numbers.push(number(sign));
                spelt.starts.push(at as u32);
                before = sign;
                continue;
            }
            if quotation::OPEN.contains(&sign) {
                spelt.marks.push(at as u32);
            }
            let sign = kept(sign);
            if sign != '\n' || before != '\n' {
                spelt.signs.push(sign);
                spelt.numbers.push(number(sign));
                spelt.starts.push(at as u32);
            }
            before = sign;
        }
        let nothing = (pairs.slots() as u32, Beside::default());
        let white = number('\n');
        let befores = std::iter::once(&white).chain(&spelt.numbers);
        spelt.beside = befores
            .zip(&spelt.numbers)
            .map(|(before, number)| pairs.at(*before, *number).map_or(nothing, |(slot, known)| (slot as u32, known)))
            .collect();
        spelt
    }

    /// The signs of a stretch of the text, which is given in bytes; white space with which it begins is left out.
    pub(super) fn within(&self, at: &Range<usize>) -> Range<usize> {
        let place = |byte: usize| self.starts.partition_point(|start| (*start as usize) < byte);
        let (start, end) = (place(at.start), place(at.end));
        let white = self.signs.get(start) == Some(&'\n') && start < end;
        start + usize::from(white)..end
    }

    /// Whether a quotation may begin in a stretch of the text.
    pub(super) fn may_quote(&self, at: &Range<usize>) -> bool {
        self.marks.iter().any(|mark| at.contains(&(*mark as usize)))
    }
}
