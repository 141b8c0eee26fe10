//! What stands around a word that might be an id, and what is said there. Start at [`Surroundings::of`].

use super::words::{Said, said};
use std::ops::Range;

/// How far around a word is looked, in characters.
const BEFORE: usize = 48;
const AFTER: usize = 60;

pub(super) fn window_before(text: &str, at: usize) -> &str {
    let start = text[..at].char_indices().rev().take(BEFORE).last().map_or(at, |(start, _)| start);
    &text[start..at]
}

pub(super) fn window_after(text: &str, at: usize) -> &str {
    let end = text[at..].char_indices().nth(AFTER).map_or(text.len(), |(end, _)| at + end);
    &text[at..end]
}

/// What stands around a word, and what its words say.
pub(super) struct Around<'a> {
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    /// Of the words before, where they stand in `before`.
    pub(super) told: Vec<Said>,
    /// Of the words after, where they stand in `after`.
    pub(super) follows: Vec<Said>,
}

/// What is said around the words of a text. Windows overlap where words stand close, as all words of an English text do: what they share is
/// read once.
pub(super) struct Surroundings<'a> {
    text: &'a str,
    said: Vec<Said>,
}

impl<'a> Surroundings<'a> {
    /// Of words in the order of their places.
    pub(super) fn of<'w>(text: &'a str, places: impl Iterator<Item = &'w Range<usize>>) -> Self {
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for at in places {
            let window = Self::window(text, at);
            match stretches.last_mut() {
                Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
                _ => stretches.push(window),
            }
        }
        let said = stretches.into_iter().flat_map(|stretch| {
            let shift = stretch.start;
            said(&text[stretch])
                .into_iter()
                .map(move |one| Said { at: one.at.start + shift..one.at.end + shift, ..one })
        });
        Self { text, said: said.collect() }
    }

    fn window(text: &str, at: &Range<usize>) -> Range<usize> {
        at.start - window_before(text, at.start).len()..at.end + window_after(text, at.end).len()
    }

    pub(super) fn around(&self, at: &Range<usize>) -> Around<'a> {
        let window = Self::window(self.text, at);
        let here = self.said.partition_point(|said| said.at.start < window.start);
        let there = &self.said[here..];
        let there = &there[..there.partition_point(|said| said.at.start < window.end)];
        let inside = |of: &Range<usize>| {
            there
                .iter()
                .filter(|said| of.start <= said.at.start && said.at.end <= of.end)
                .map(|said| Said { at: said.at.start - of.start..said.at.end - of.start, says: said.says })
                .collect()
        };
        let (before, after) = (window.start..at.start, at.end..window.end);
        Around { told: inside(&before), follows: inside(&after), before: &self.text[before], after: &self.text[after] }
    }
}
