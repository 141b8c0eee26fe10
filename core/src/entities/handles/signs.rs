//! The signs around a word that might be a Telegram name. Start at [`signs`].

use super::Name;
use super::words::{Says, said};
use crate::entities::telegram::is_flight;
use crate::entities::{Found, Kind, labelled, no_names::is_no_name};
use std::ops::Range;

/// How far around a word is looked, in characters.
const BEFORE: usize = 48;
const AFTER: usize = 32;

/// Every sign that is weighed, in the order of the table.
pub(super) const SIGNS: [&str; 104] = [
    "always",
    "told.cue",
    "told.glued",
    "shape.addressed",
    "shape.line",
    "shape.digit",
    "shape.letters",
    "shape.long-digits",
    "shape.flight",
    "shape.first-one-letter",
    "shape.no-name",
    "shape.ends-as-names-do",
    "shape.bot",
    "shape.begins-as-codes-do",
    "shape.long",
    "shape.short",
    "shape.joined",
    "shape.spelt",
    "shape.part-of-joined",
    "nearest.telegram-at-once",
    "nearest.telegram-in-clause",
    "nearest.telegram-in-sentence",
    "nearest.telegram-line-before",
    "nearest.telegram-far",
    "nearest.maybe-at-once",
    "nearest.maybe-in-clause",
    "nearest.maybe-in-sentence",
    "nearest.maybe-line-before",
    "nearest.maybe-far",
    "nearest.house-at-once",
    "nearest.house-in-clause",
    "nearest.house-far",
    "nearest.thing-at-once",
    "nearest.thing-in-clause",
    "nearest.thing-far",
    "nearest.none",
    "before.telegram",
    "before.maybe",
    "before.house",
    "after.telegram-at-once",
    "after.telegram-near",
    "after.maybe-at-once",
    "after.maybe-near",
    "after.house-at-once",
    "after.house-near",
    "after.telegram-in-sentence",
    "after.telegram-alone",
    "after.telegram-addressed",
    "page.sure",
    "page.link",
    "page.channel",
    "asks.at-once",
    "asks.near",
    "asks.after",
    "room.near",
    "room.after",
    "called.at-once",
    "person.near",
    "gone.near",
    "gone.after",
    "bystander.near",
    "sky.near",
    "sky.after",
    "code.near",
    "mark.colon",
    "mark.quote",
    "mark.arrow",
    "mark.comma",
    "mark.space",
    "mark.glued",
    "mark.latin-before",
    "mark.latin-after",
    "mark.han-after",
    "mark.quote-after",
    "line.start",
    "line.end",
    "line.own",
    "clause.end",
    "row.telegram",
    "row.alike",
    "contact.near",
    "alone.of-page",
    "addressed.page-sure",
    "addressed.telegram-in-sentence",
    "addressed.maybe-in-sentence",
    "addressed.house-nearest",
    "addressed.none-nearest",
    "addressed.person",
    "addressed.asks",
    "addressed.room",
    "odd.telegram-at-once",
    "odd.maybe-at-once",
    "odd.asks-and-page-sure",
    "odd.line-before",
    "letters.telegram-at-once",
    "letters.maybe-at-once",
    "maybe.sky",
    "maybe.page-sure",
    "maybe.unasked",
    "telegram.unasked",
    "latin.telegram-in-sentence",
    "called.page-sure",
    "told.nothing-against",
    "thing.page-unsure",
];

fn window_before(text: &str, at: usize) -> &str {
    &text[text[..at].char_indices().rev().take(BEFORE).last().map_or(at, |(start, _)| start)..at]
}

fn window_after(text: &str, at: usize) -> &str {
    &text[at..text[at..].char_indices().nth(AFTER).map_or(text.len(), |(end, _)| at + end)]
}

/// What is known of the whole page.
pub(super) struct Page<'a> {
    /// It speaks of Telegram by a name that nothing else has.
    pub(super) sure: bool,
    pub(super) link: bool,
    pub(super) channel: bool,
    pub(super) phones: &'a [Found],
    pub(super) found: &'a [Found],
    /// How many of its words have the shape of a name with a digit or a line in it.
    pub(super) odd: usize,
}

/// Marks that stand between a name and what it names.
pub(super) fn is_mark(sign: char) -> bool {
    matches!(sign,
        ' ' | '\t' | ':' | '-' | '~' | '=' | '|' | '/' | '(' | ')' | '[' | ']' | '【' | '】' | '「' | '〔' | '《' | '"' | '“' | '\'' | '>' | '!'
        | ',' | '.' | '·' | '─' | '…' | '号' | '是' | '丨' | '@' | '*'
        | '\u{2190}'..='\u{21FF}' | '\u{2500}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{FE0F}' | '🌀'..='🫿')
}

/// The signs around a word, in the order of [`SIGNS`].
pub(super) fn signs(name: &Name, page: &Page) -> Vec<bool> {
    use Says::{Asks, Bystander, Called, Code, Gone, House, Maybe, Person, Room, Sky, Telegram, Thing};
    let (text, at, id) = (name.text, name.at.clone(), name.id());
    let addressed = name.is_addressed();
    // The @ is the name's own.
    let start = match addressed {
        true => text[..at.start].trim_end_matches([' ', '@', '◎']).len(),
        false => at.start,
    };
    let (before, after) = (window_before(text, start), window_after(text, at.end));
    let (told, follows) = (said(before), said(after));
    // Telegram/WhatsApp: jia_01 goes for the first as well.
    let shared = |said: &Range<usize>| {
        let others = before[..said.start].trim_end_matches(' ');
        let first = others.strip_suffix(['/', '|', '和', '、', '&']).map_or("", |rest| rest.trim_end_matches(' '));
        told.iter()
            .any(|(says, earlier)| matches!(says, Telegram | Maybe) && earlier.end == first.len() && !first.is_empty())
    };
    let nearest =
        told.iter().rev().find(|(says, at)| matches!(says, Telegram | Maybe | Thing) || *says == House && !shared(at));
    let between = nearest.map_or("", |(_, at)| &before[at.end..]);
    let lines = between.bytes().filter(|byte| *byte == b'\n').count();
    let is = |says: Says| nearest.is_some_and(|(said, _)| *said == says);
    let at_once = nearest.is_some() && between.chars().all(is_mark);
    let sentence = !between.contains(['。', '!', '?', '\n']);
    let clause = sentence && !between.contains([',', ';']) && between.chars().count() <= 12;
    let line_before =
        lines > 0 && between.trim_matches(|sign: char| is_mark(sign) || sign == '\n').chars().count() <= 4;
    let near = |says: Says, most: usize| {
        told.iter().any(|(said, at)| *said == says && before[at.end..].chars().count() <= most)
    };
    let next = |says: Says, most: usize| {
        follows.iter().any(|(said, at)| *said == says && after[..at.start].chars().count() <= most)
    };
    let any = |says: Says| told.iter().any(|(said, _)| *said == says);
    let bare = before.trim_end_matches([' ', '"', '“', '「', '【', '(', '[', '〔', ':', '\t']);
    let last = before.chars().next_back();
    let mark = before.trim_end_matches(' ').chars().next_back();
    let (next_sign, after_spaces) = (after.chars().next(), after.trim_start_matches(' ').chars().next());
    let starts_line = bare.is_empty() || bare.ends_with('\n');
    let ends_line = after.trim_start_matches([' ', '。', '!', ')', '】', ']', '~']).starts_with('\n')
        || after.trim_start_matches(' ').is_empty();
    let han = |sign: Option<char>| sign.is_some_and(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign));
    let latin = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric());
    let letters = id.bytes().all(|byte| byte.is_ascii_alphabetic());
    let piece = |words: &[&str]| id.split('_').any(|piece| words.contains(&piece));
    let stem = id.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '_');
    let named = ["kf", "kefu", "tg", "bot", "zs", "vip", "gm", "fly", "kefu1", "channel", "group", "news", "boss"];
    let codes = ["test", "tests", "sample", "catalog", "img", "pp", "table", "step", "cg", "sn", "no", "fx", "mu"];
    let overlaps = |other: &Range<usize>| other.start < at.end && at.start < other.end;
    let close = |other: &Range<usize>, far: usize| !overlaps(other) && other.start.abs_diff(at.start) < far;
    let row = page.found.iter().any(|(kind, value, other)| *kind == Kind::Telegram && value != id && close(other, 120));
    // jia_01, jia_02
    let like = |value: &str| value != id && value.get(..3).is_some_and(|head| id.starts_with(head));
    let alike =
        page.found.iter().any(|(kind, value, other)| *kind == Kind::Telegram && like(value) && !overlaps(other));
    let contact = page.phones.iter().any(|(.., other)| close(other, 160))
        || page
            .found
            .iter()
            .any(|(kind, _, other)| matches!(kind, Kind::Qq | Kind::Wechat | Kind::Email) && close(other, 160));
    let person = near(Person, 3)
        || (1..=4).any(|back| {
            let before = before.trim_end_matches([' ', ':', '(']);
            let start = before.char_indices().rev().nth(back).map(|(start, _)| start);
            start.is_some_and(|start| {
                labelled::person(before, start).is_some_and(|length| start + length >= before.len())
            })
        });
    let asks = near(Asks, 3);
    let unasked = !asks && !person && !near(Called, 1) && !near(Room, 4) && !addressed;
    // jia_01 ← 这是我电报: what is named first behind it, before the sentence ends.
    let ahead =
        follows.iter().find(|(says, _)| matches!(says, Telegram | Maybe | House | Thing)).is_some_and(|(says, at)| {
            matches!(says, Telegram | Maybe) && !after[..at.start].contains(['。', '\n', '!', '?'])
        });
    let (telegram, maybe) = (is(Telegram) && (at_once || sentence), is(Maybe) && (at_once || sentence));
    vec![
        true,
        name.told,
        name.told && text[..at.start].ends_with(|sign: char| sign.is_ascii_alphanumeric() || sign == '_'),
        addressed,
        id.contains('_'),
        id.bytes().any(|byte| byte.is_ascii_digit()),
        letters,
        id.bytes().rev().take_while(u8::is_ascii_digit).count() >= 5,
        is_flight(id),
        id.split('_').next().is_some_and(|first| first.len() == 1),
        is_no_name(id) || id.split('_').all(is_no_name),
        named.iter().any(|word| stem.ends_with(word) && stem.len() > word.len()) || piece(&named),
        id.ends_with("bot"),
        id.split('_').next().is_some_and(|first| codes.contains(&first)),
        id.len() >= 14,
        id.len() < 7,
        name.joined.as_deref().is_some_and(|joined| joined.len() > text[at.clone()].len() / 2),
        name.joined.as_deref().is_some_and(|joined| joined.len() <= text[at.clone()].len() / 2),
        name.part,
        is(Telegram) && at_once,
        is(Telegram) && !at_once && clause,
        is(Telegram) && !at_once && !clause && sentence,
        is(Telegram) && !at_once && line_before,
        is(Telegram) && !at_once && !sentence && !line_before,
        is(Maybe) && at_once,
        is(Maybe) && !at_once && clause,
        is(Maybe) && !at_once && !clause && sentence,
        is(Maybe) && !at_once && line_before,
        is(Maybe) && !at_once && !sentence && !line_before,
        is(House) && at_once,
        is(House) && !at_once && clause,
        is(House) && !at_once && !clause,
        is(Thing) && at_once,
        is(Thing) && !at_once && clause,
        is(Thing) && !at_once && !clause,
        nearest.is_none(),
        any(Telegram),
        any(Maybe),
        any(House),
        next(Telegram, 4),
        next(Telegram, 24),
        next(Maybe, 4),
        next(Maybe, 24),
        next(House, 3),
        next(House, 16),
        ahead,
        ahead && (nearest.is_none() || line_before),
        ahead && addressed,
        page.sure,
        page.link,
        page.channel,
        near(Asks, 1),
        near(Asks, 6),
        next(Asks, 8),
        near(Room, 4),
        next(Room, 6),
        near(Called, 1),
        person,
        near(Gone, 8),
        next(Gone, 10),
        near(Bystander, 6),
        near(Sky, 24),
        next(Sky, 24),
        near(Code, 24) || next(Code, 24),
        mark == Some(':'),
        matches!(mark, Some('(' | '[' | '【' | '「' | '〔' | '《' | '“' | '"')),
        mark.is_some_and(
            |sign| matches!(sign, '\u{2190}'..='\u{21FF}' | '\u{2500}'..='\u{27BF}' | '>' | '🌀'..='🫿' | '\u{FE0F}'),
        ),
        matches!(mark, Some(',' | '、' | ';')),
        last == Some(' '),
        han(last),
        latin(mark),
        latin(after_spaces),
        han(next_sign),
        matches!(next_sign, Some(')' | ']' | '】' | '」' | '〕' | '》' | '”' | '"')),
        starts_line,
        ends_line,
        starts_line && ends_line,
        matches!(after_spaces, None | Some('。' | ',' | ';' | '!' | ')' | '】' | '\n' | '?')),
        row,
        alike,
        contact,
        !letters && page.odd == 1,
        addressed && page.sure,
        addressed && telegram,
        addressed && maybe,
        addressed && is(House),
        addressed && nearest.is_none(),
        addressed && person,
        addressed && asks,
        addressed && near(Room, 3),
        !letters && is(Telegram) && at_once,
        !letters && is(Maybe) && at_once,
        !letters && asks && page.sure,
        !letters && line_before && (is(Telegram) || is(Maybe)),
        letters && is(Telegram) && at_once,
        letters && is(Maybe) && at_once,
        (near(Sky, BEFORE) || next(Sky, AFTER)) && is(Maybe),
        is(Maybe) && page.sure,
        is(Maybe) && unasked && !name.told,
        is(Telegram) && unasked && !name.told,
        latin(mark) && telegram,
        near(Called, 1) && page.sure,
        name.told && !is(House) && !is(Thing) && !near(Sky, BEFORE) && !next(Sky, AFTER),
        any(Thing) && !page.sure,
    ]
}
