//! How words are laid over a label, and where a word with an edit in it hides among what they leave bare.
//!
//! Start at [`Signs::lay`].

use std::ops::Range;

use super::form::Form;
use super::signs::{MAX_WORD, Sign, Signs};

impl Signs {
    /// Lays words over one label so that the fewest letters stay bare, then the fewest words, then the weightiest.
    pub(super) fn lay(&self, form: &Form, label: Range<usize>, by_start: &[Vec<(usize, usize)>]) -> Vec<Token> {
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
    pub(super) fn credible(&self, form: &Form, token: &Token, slip: Option<&Sign>) -> bool {
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
    pub(super) fn mend(&self, form: &Form, token: &mut Token, by_start: &[Vec<(usize, usize)>]) {
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
        token.slip = Some(Sign::misspelt(word, span));
    }

    /// A bare stretch, or the whole of a piece that words do not explain, one slip off a word.
    pub(super) fn slip(&self, form: &Form, token: &Token) -> Option<Sign> {
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
            let near = self.mistakable.iter().copied().filter(|&word| self.is_slip(word, run));
            let word = near.max_by_key(|&word| self.look[word].len())?;
            Some(Sign::misspelt(word, span))
        })
    }

    /// A place with a letter wrong, between the words that tell: other names of places that lie in it (hn in sahndong) do not. A
    /// stretch that words explain whole is what it is: hebei is no misspelt hubei.
    pub(super) fn misplaced(&self, form: &Form, token: &Token) -> Option<Sign> {
        let bare = token.bare_runs();
        let kept = token.laid.iter().filter(|(_, word)| self.words[*word].role.tells());
        bare_between(&token.span, kept.map(|(span, _)| span)).into_iter().find_map(|span| {
            let run = &form.look[span.clone()];
            let explained = !bare.iter().any(|bare| span.start <= bare.start && bare.end <= span.end);
            if explained || run.len() < 4 || run.len() > MAX_WORD || !run.is_ascii() {
                return None;
            }
            let near = self.places.iter().copied().filter(|&word| {
                let look = self.look[word].as_bytes();
                let ends = look.first() == run.as_bytes().first() || look.last() == run.as_bytes().last();
                ends && look.len().abs_diff(run.len()) <= 1 && strsim::osa_distance(&self.look[word], run) == 1
            });
            // Of two the one that is as long: shanaxi is shaanxi with two letters swapped.
            let word = near.min_by_key(|&word| self.look[word].len().abs_diff(run.len()))?;
            Some(Sign::misspelt(word, span))
        })
    }

    /// Short words allow only slips of the finger: any one edit of three letters makes hundreds of other words.
    fn is_slip(&self, word: usize, run: &str) -> bool {
        let (entry, look) = (&self.words[word], &self.look[word]);
        if look.len().abs_diff(run.len()) > 2 {
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
pub(super) struct Token {
    pub(super) span: Range<usize>,
    pub(super) laid: Vec<(Range<usize>, usize)>,
    /// A long word with an edit in it, around which the others are laid.
    pub(super) slip: Option<Sign>,
}

impl Token {
    pub(super) fn has_slip(&self) -> bool {
        self.slip.is_some()
    }

    pub(super) fn letters_left(&self, form: &Form) -> usize {
        self.bare_runs().into_iter().flatten().filter(|&at| form.counts(at)).count()
    }

    /// The stretches that no word covers.
    pub(super) fn bare_runs(&self) -> Vec<Range<usize>> {
        bare_between(&self.span, self.laid.iter().map(|(span, _)| span))
    }
}

/// The stretches of a piece between some of its words.
fn bare_between<'s>(piece: &Range<usize>, words: impl Iterator<Item = &'s Range<usize>>) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut from = piece.start;
    for span in words {
        if span.start > from {
            runs.push(from..span.start);
        }
        from = span.end;
    }
    if piece.end > from {
        runs.push(from..piece.end);
    }
    runs
}
