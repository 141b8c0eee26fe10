//! Telegram names, wherever in a sentence they stand: everything around a word that looks like one is weighed.
//!
//! What stands right behind a word for Telegram is a name or a flight, a part's number, the name of another house's account; and
//! many a name stands lines away from that word. What speaks for a name is its @, its shape, a word for Telegram near, somebody
//! asking to be written to; against it, another house or thing that has names, and aeroplanes. How much each weighs is learned
//! from tests/data/entities (`weights.txt`; `tests` says how). Pages that do not speak of Telegram are left alone, and so are
//! links, which need no weighing. Start at [`find`].

mod signs;
#[cfg(test)]
mod tests;
mod words;

use super::accounts::{dotted, inside_word};
use super::cues::{CUES, Cue, CueHit};
use super::telegram::{half, is_channel, is_flight, is_linked};
use super::{Found, Kind, joined, no_names::is_no_name, series, spelt};
use crate::evidence::{Context, Weights};
use crate::text::next_byte;
use signs::{Page, SIGNS, is_mark, signs};
use std::ops::Range;
use std::sync::OnceLock;
use words::{Says, said};

/// So many words of a page are weighed.
const MOST: usize = 300;

/// So much has to speak for a name: one that is none may accuse somebody.
const SURE: f64 = 0.3;

/// A word that might be a name.
struct Name<'a> {
    text: &'a str,
    at: Range<usize>,
    /// Its pieces put together, where they stand apart.
    joined: Option<String>,
    /// A word for Telegram stands where the cues look for one.
    told: bool,
    /// It is a piece of a name that is given in pieces.
    part: bool,
}

impl Name<'_> {
    fn id(&self) -> &str {
        self.joined.as_deref().unwrap_or(&self.text[self.at.clone()])
    }

    /// An @ stands right before it, or somebody says so.
    fn is_addressed(&self) -> bool {
        let before = self.text[..self.at.start].trim_end_matches(' ');
        before.ends_with(['@', '◎']) || before.ends_with("艾特")
    }
}

/// The words of the text that have the shape of a name and are no part of an address, of code or of a longer word.
fn shaped(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(start) = next_byte(bytes, from, |byte| byte.is_ascii_alphabetic()) {
            let begins = !bytes[from..start].last().is_some_and(part);
            from = start + bytes[start..].iter().take_while(|byte| part(byte)).count();
            if begins && (5..=32).contains(&(from - start)) && stands_free(text, start..from) {
                return Some(start..from);
            }
        }
        None
    })
}

fn stands_free(text: &str, at: Range<usize>) -> bool {
    let mut back = text[..at.start].chars().rev();
    let (last, before) = (back.next(), back.next());
    let latin = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric());
    let joined = match last {
        Some('#' | '\\' | '$' | '%' | '&' | '?' | '.') => true,
        // t.me/+ leads to a group that has no name.
        Some('+') => before == Some('/'),
        // somebody@host
        Some('@') => before.is_some_and(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.' | '-')),
        Some('/' | ':') => latin(before) && last == Some('/') || matches!(before, Some('/' | '\'' | '"')),
        Some('=' | '-' | '\'' | '"') => latin(before),
        // ni🐟hao_01: a picture stands for a syllable.
        Some('🀀'..='🫿') => latin(before),
        _ => false,
    };
    let mut after = text[at.end..].chars();
    let (next, second) = (after.next(), after.next());
    let goes_on = match next {
        Some('@' | '{' | '\\') => true,
        Some('-') => latin(second),
        Some('(' | '[') => second.is_some_and(|sign| sign.is_ascii_lowercase() || sign == ')'),
        Some('=') => second.is_some_and(|sign| sign.is_ascii() && sign != '='),
        Some('/' | ':') => second == Some('/'),
        Some('🀀'..='🫿') => latin(second),
        _ => dotted(&text[at.end..]),
    };
    !joined && !goes_on
}

/// The words around, of which the table has many as they stand.
fn context<'t>(name: &Name<'t>) -> Context<'t> {
    const FAR: usize = 10;
    Context { word: "", ..Context::of(name.text, name.at.clone(), FAR) }
}

fn weights() -> &'static Weights {
    static TABLE: OnceLock<Weights> = OnceLock::new();
    TABLE.get_or_init(|| Weights::read(include_str!("weights.txt"), &SIGNS))
}

/// The words for Telegram in a text, and whether each is a name that nothing else has.
fn named<'c>(text: &'c str, cues: &'c [CueHit]) -> impl Iterator<Item = (Range<usize>, bool)> + 'c {
    cues.iter().filter_map(move |(number, at)| {
        let (word, cue) = CUES[usize::from(*number)];
        let sure = match cue {
            Cue::TelegramLink | Cue::TelegramSaid => true,
            Cue::Telegram => !matches!(word, "飞机" | "飞 机" | "✈" | "小飞机" | "飞x"),
            Cue::TelegramLatin => word.starts_with("te"),
            Cue::TelegramHint => false,
            Cue::TelegramHalf => return half(text, at.start).map(|start| (start..at.end, true)),
            _ => return None,
        };
        let whole = !text.as_bytes()[at.start].is_ascii_alphanumeric() || !inside_word(text, at.clone(), cue);
        whole.then(|| (at.clone(), sure))
    })
}

/// The names that are given in pieces behind a word for Telegram.
fn in_pieces<'t>(text: &'t str, cues: &[CueHit]) -> Vec<Name<'t>> {
    /// How far behind the word the first piece may stand, in characters, and how many words are tried.
    const REACH: usize = 26;
    const TRIED: usize = 4;
    let mut names: Vec<Name> = Vec::new();
    let linked = |cue: &Range<usize>| text[..cue.end].ends_with(['/', '=']) || text[..cue.end].ends_with("me");
    for (cue, _) in named(text, cues).filter(|(cue, _)| !linked(cue)).take(MOST) {
        let mut from = cue.end;
        let end = text[from..].char_indices().nth(REACH).map_or(text.len(), |(end, _)| from + end);
        for _ in 0..TRIED {
            let Some(gap) = text[from..end].find(|sign: char| sign.is_ascii_alphanumeric()) else { break };
            if text[from..from + gap].contains(['。', '!', '\t']) || text[cue.end..from + gap].matches('\n').count() > 1
            {
                break;
            }
            let start = from + gap;
            if ["t.me", "http", "telegram", "www"].iter().any(|link| text[start..].starts_with(link)) {
                break;
            }
            let pieced = joined::name(text, start)
                .or_else(|| spelt::pieces(text, start))
                .or_else(|| spelt::bracketed(text, start));
            let pieced = pieced.filter(|(id, _)| id.bytes().all(|byte| byte != b'-'));
            if let Some((id, stop)) = pieced.filter(|(_, stop)| names.last().is_none_or(|last| last.at.end < *stop)) {
                names.push(Name { text, at: start..stop, joined: Some(id), told: false, part: false });
                break;
            }
            from = start + text[start..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            if from >= end {
                break;
            }
        }
    }
    names
}

/// Whether a text speaks of Telegram, or of names as its channels give them.
fn speaks_of_it(text: &str, cues: &[CueHit], found: &[Found]) -> bool {
    found.iter().any(|(kind, ..)| *kind == Kind::Telegram) || named(text, cues).next().is_some()
}

/// Calls `each` for every word of the text that might be a name and was not found to be anything else, with its signs.
fn each(text: &str, cues: &[CueHit], phones: &[Found], found: &[Found], mut each: impl FnMut(&Name, Vec<bool>)) {
    let mut taken: Vec<&Range<usize>> = Vec::new();
    let mut names = in_pieces(text, cues);
    let pieced: Vec<Range<usize>> = names.iter().map(|name| name.at.clone()).collect();
    let overlaps = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
    let part = |at: &Range<usize>| pieced.iter().any(|whole| overlaps(whole, at));
    for (kind, _, at) in found {
        taken.push(at);
        if *kind == Kind::Telegram && names.len() < MOST && !is_linked(text, at.start) {
            names.push(Name { text, at: at.clone(), joined: None, told: true, part: part(at) });
        }
    }
    taken.extend(phones.iter().map(|(.., at)| at));
    taken.sort_unstable_by_key(|at| at.start);
    let is_taken = |at: &Range<usize>| {
        let here = taken.partition_point(|other| other.start < at.end);
        taken[..here].iter().rev().take(4).any(|other| other.end > at.start)
    };
    let words: Vec<Range<usize>> = shaped(text).take(MOST).collect();
    let odd = words.iter().filter(|at| series::is_odd(&text[(*at).clone()])).take(3).count();
    for at in words {
        let word = &text[at.clone()];
        let name = Name { text, at: at.clone(), joined: None, told: false, part: part(&at) };
        // A word of letters is one only behind its @ or where Telegram was named just before.
        let plain = !series::is_odd(word) && !name.is_addressed();
        let flies = is_flight(word) && !name.is_addressed();
        if !is_taken(&at) && !flies && !(plain && (is_no_name(word) || !is_named_before(text, at.start))) {
            names.push(name);
        }
    }
    let mut sure = named(text, cues).filter(|(_, sure)| *sure).map(|(at, _)| at).peekable();
    let page = Page {
        sure: sure.peek().is_some(),
        link: sure.any(|at| text[at].ends_with('/')),
        channel: text.contains('@') && is_channel(text),
        phones,
        found,
        odd,
    };
    for name in &names {
        each(name, signs(name, &page));
    }
}

/// Whether a word for Telegram stands right before, but for marks.
fn is_named_before(text: &str, at: usize) -> bool {
    const NEAR: usize = 12;
    let start = text[..at].char_indices().rev().take(NEAR).take_while(|(_, sign)| *sign != '\n').last();
    let before = &text[start.map_or(at, |(start, _)| start)..at];
    let between = |word: &Range<usize>| before[word.end..].trim_matches(is_mark).chars().count();
    said(before).iter().any(|(says, word)| match says {
        Says::Telegram | Says::Maybe => between(word) == 0,
        _ => false,
    })
}

/// Adds the names that everything around them speaks for, and takes those out that it speaks against. `found` holds what the cues
/// told already.
pub(super) fn find(text: &str, cues: &[CueHit], phones: &[Found], found: &mut Vec<Found>) {
    if !speaks_of_it(text, cues, found) {
        return;
    }
    let mut names: Vec<Found> = Vec::new();
    let mut pieced: Vec<Range<usize>> = Vec::new();
    each(text, cues, phones, found, |name, signs| {
        if weights().weigh_in(&signs, context(name)) > SURE {
            if name.joined.is_some() {
                pieced.push(name.at.clone());
            }
            names.push((Kind::Telegram, name.id().to_owned(), name.at.clone()));
        }
    });
    // Of a name in pieces no piece is one.
    let is_piece =
        |at: &Range<usize>| pieced.iter().any(|whole| whole != at && whole.start <= at.start && at.end <= whole.end);
    names.retain(|(.., at)| !is_piece(at));
    found.retain(|(kind, _, at)| *kind != Kind::Telegram || is_linked(text, at.start));
    found.retain(|(kind, _, at)| *kind != Kind::Wechat || !is_piece(at));
    found.extend(names);
}
