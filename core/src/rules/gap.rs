//! Phrases with gaps: `不用…考` is 不用 and, up to ten characters on in the same sentence, 考. A piece may be a list: `@不用…@到场`.
//!
//! People say the same thing in a hundred ways and in one order. The pieces ride in the one automaton; what is left here is to
//! see whether they follow each other closely. Linear in what was found, and what is found is capped. Start at [`find`].

use std::ops::Range;

use super::compile::Use;

/// The sign of a gap. Several in a row are one.
pub(crate) const SIGN: char = '…';
/// Characters between two pieces at most.
pub(crate) const WIDE: usize = 10;
/// Occurrences of one piece that are looked at.
pub(crate) const PIECES: usize = 2_000;
/// Room made for places before any is told.
const USUAL: usize = 512;
/// Matches of one phrase that are told.
const MATCHES: usize = 40;
/// A gap does not reach over the end of a sentence.
const ENDS: [char; 8] = ['。', '！', '？', '!', '?', '；', ';', '\n'];

/// What people type for the sign of a gap, where a phrase has it: it would match nothing.
pub(crate) fn mistyped(phrase: &str) -> Option<&'static str> {
    ["...", "。。", "．．", "···"].into_iter().find(|sign| phrase.contains(sign))
}

/// Part of a phrase with gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A word, folded.
    Word(String),
    /// A word of a list.
    List(String),
}

impl Piece {
    /// The pieces of a phrase as an officer writes it; none if it has no gap.
    pub(crate) fn parse(phrase: &str) -> Option<Vec<Piece>> {
        if !phrase.contains(SIGN) {
            return None;
        }
        let parts = phrase.split(SIGN).map(str::trim).filter(|part| !part.is_empty());
        let piece = |part: &str| match part.strip_prefix('@') {
            Some(name) => Piece::List(name.to_owned()),
            None => Piece::Word(crate::text::fold(part).as_str().to_owned()),
        };
        Some(parts.map(piece).collect())
    }
}

/// A phrase with gaps, compiled: numbers of its pieces, and what it is there for.
#[derive(Debug)]
pub(crate) struct Gapped {
    pub(crate) pieces: Vec<u16>,
    pub(crate) uses: Vec<Use>,
}

/// Where each piece stands in a text.
#[derive(Debug)]
pub(crate) struct Pieces {
    /// By number of the piece: how many places are told of it.
    counts: Vec<u32>,
    /// The places as they were told, with the number of the piece.
    told: Vec<(u16, Range<usize>)>,
}

impl Pieces {
    pub(crate) fn new(count: usize) -> Self {
        Self { counts: vec![0; count], told: Vec::with_capacity(USUAL) }
    }

    pub(crate) fn push(&mut self, piece: u16, at: Range<usize>) {
        let count = &mut self.counts[usize::from(piece)];
        if (*count as usize) < PIECES {
            *count += 1;
            self.told.push((piece, at));
        }
    }

    /// The places in the order of the pieces' numbers, of each piece in their own, and by number where a piece's end.
    fn sorted(self) -> (Vec<Range<usize>>, Vec<u32>) {
        let mut ends = self.counts;
        let mut next = 0;
        for count in &mut ends {
            next += std::mem::replace(count, next);
        }
        let mut places = vec![0..0; self.told.len()];
        for (piece, at) in self.told {
            let end = &mut ends[usize::from(piece)];
            places[*end as usize] = at;
            *end += 1;
        }
        let mut start = 0;
        for end in &ends {
            let own = &mut places[start..*end as usize];
            // They came by their ends; hardly any list is out of order.
            if !own.is_sorted_by_key(|at| (at.start, at.end)) {
                own.sort_unstable_by_key(|at| (at.start, at.end));
            }
            start = *end as usize;
        }
        (places, ends)
    }
}

/// The phrases whose pieces follow each other in `text`: the number of each among `gapped`, and from where to where it reaches.
pub(crate) fn find(text: &str, gapped: &[Gapped], pieces: Pieces) -> Vec<(usize, Range<usize>)> {
    // Hidden text is a line or two on most pages.
    if pieces.told.is_empty() {
        return Vec::new();
    }
    let (places, ends) = pieces.sorted();
    let of = |piece: &u16| {
        let start = piece.checked_sub(1).map_or(0, |before| ends[usize::from(before)]);
        &places[start as usize..ends[usize::from(*piece)] as usize]
    };
    let mut found = Vec::new();
    for (number, phrase) in gapped.iter().enumerate() {
        let Some((first, rest)) = phrase.pieces.split_first() else { continue };
        if phrase.pieces.iter().any(|piece| of(piece).is_empty()) {
            continue;
        }
        let before = found.len();
        let mut last = 0;
        for begin in of(first) {
            if begin.start < last {
                continue;
            }
            let end = rest.iter().try_fold(begin.end, |end, piece| next(text, end, of(piece)));
            if let Some(end) = end {
                found.push((number, begin.start..end));
                last = end;
                if found.len() - before >= MATCHES {
                    break;
                }
            }
        }
    }
    found
}

/// Where the nearest of these places after `from` ends, if it is near enough.
fn next(text: &str, from: usize, places: &[Range<usize>]) -> Option<usize> {
    let index = places.partition_point(|at| at.start < from);
    let at = places.get(index)?;
    let between = if at.start - from <= WIDE * 4 { &text[from..at.start] } else { return None };
    (between.chars().count() <= WIDE && !between.contains(ENDS)).then_some(at.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, pieces: &[&[&str]]) -> Vec<String> {
        let mut places = Pieces::new(pieces.len());
        for (number, words) in pieces.iter().enumerate() {
            for word in *words {
                for (at, _) in text.match_indices(word) {
                    places.push(number as u16, at..at + word.len());
                }
            }
        }
        let phrase = Gapped { pieces: (0..pieces.len() as u16).collect(), uses: Vec::new() };
        find(text, &[phrase], places).into_iter().map(|(_, at)| text[at].to_owned()).collect()
    }

    #[test]
    fn pieces_follow_each_other_closely_and_in_order() {
        assert_eq!(found("电工证不用您亲自去考", &[&["不用"], &["考"]]), ["不用您亲自去考"]);
        assert_eq!(found("不用考", &[&["不用"], &["考"]]), ["不用考"]);
        assert_eq!(found("考完不用", &[&["不用"], &["考"]]), [""; 0]);
        assert_eq!(found("不用一二三四五六七八九十考", &[&["不用"], &["考"]]).len(), 1, "ten between");
        assert_eq!(found("不用一二三四五六七八九十一考", &[&["不用"], &["考"]]), [""; 0], "eleven between");
    }

    #[test]
    fn a_gap_does_not_reach_over_the_end_of_a_sentence() {
        assert_eq!(found("不用。考", &[&["不用"], &["考"]]), [""; 0]);
        assert_eq!(found("不用，考", &[&["不用"], &["考"]]), ["不用，考"]);
    }

    #[test]
    fn lists_and_more_than_two_pieces() {
        let text = "有人替你去考，老师帮您答题";
        assert_eq!(found(text, &[&["有人", "老师"], &["替", "帮"], &["考", "答题"]]), ["有人替你去考", "老师帮您答题"]);
    }

    #[test]
    fn a_phrase_without_a_gap_is_none() {
        assert_eq!(Piece::parse("不用考"), None);
        let pieces = Piece::parse("@不用……考 ").unwrap();
        assert_eq!(pieces, [Piece::List("不用".into()), Piece::Word("考".into())]);
    }
}
