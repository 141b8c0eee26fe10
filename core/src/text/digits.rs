//! Numbers written so that a machine does not see them: 一三零零…, 13OOOOl234, 130(电)0000(微)1234.
//!
//! A letter or a word is a digit only inside a run that becomes a number of seven digits or more; 一建, 二级, 二〇二六年, prices
//! and words stay. Separators stay too (the entities read across them): only signs in brackets between digits go.
//! Start at [`number_at`].

use super::signs::{Sign, fold_sign, simplified};
use std::ops::Range;

/// No number that one can dial has more signs than this, its separators included.
const REACH: usize = 48;

/// What a sign can be inside a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// A digit, or two that come in one sign.
    Real([u8; 2], usize),
    /// A Chinese numeral.
    Word(u8),
    /// A letter or ring that looks like one.
    Soft(u8),
    Gap,
    Nothing,
    Open,
    Close,
    Other,
}

/// The value of a Chinese numeral, simplified form.
pub(crate) const fn numeral(sign: char) -> Option<u8> {
    Some(match sign {
        '零' | '〇' | '洞' => 0,
        '一' | '壹' | '幺' | '腰' => 1,
        '二' | '贰' | '两' => 2,
        '三' | '叁' | '仨' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' | '拐' => 7,
        '八' | '捌' => 8,
        '九' | '玖' | '勾' => 9,
        _ => return None,
    })
}

/// Whether a mobile number stands here, in plain or full-width digits and whole.
pub(super) fn is_plain_mobile(raw: &str) -> bool {
    let digit = |sign: char| match sign {
        '0'..='9' => Some(sign as u8 - b'0'),
        '０'..='９' => Some((sign as u32 - '０' as u32) as u8),
        _ => None,
    };
    let digits: Vec<u8> = raw.chars().take(12).map_while(digit).collect();
    is_mobile(&digits)
}

/// Letters and rings that pass for digits.
pub(super) fn soft(sign: char) -> Option<u8> {
    match sign {
        'o' | 'O' | 'о' | 'О' | 'ο' | 'Ο' | '○' | '◯' | '⭕' => Some(0),
        'l' | 'L' | 'i' | 'I' | '丨' => Some(1),
        _ => None,
    }
}

fn unit(sign: char, bar_is_gap: bool) -> Unit {
    // Nearly all of a text, for speed only.
    if super::is_plain_sign(sign) {
        return Unit::Other;
    }
    if sign == '丨' && bar_is_gap {
        return Unit::Gap;
    }
    if let Some(value) = soft(sign) {
        return Unit::Soft(value);
    }
    if let Some(value) = numeral(simplified(sign as u32).unwrap_or(sign)) {
        return Unit::Word(value);
    }
    let one = match fold_sign(sign) {
        Sign::Keep => sign,
        Sign::Drop => return Unit::Nothing,
        Sign::One(one) => one,
        Sign::Few(few) => {
            return match few.as_str().as_bytes() {
                &[a @ b'0'..=b'9', b @ b'0'..=b'9'] => Unit::Real([a - b'0', b - b'0'], 2),
                _ => Unit::Other,
            };
        }
    };
    match one {
        '0'..='9' => Unit::Real([one as u8 - b'0', 0], 1),
        _ if soft(one).is_some() => Unit::Soft(soft(one).unwrap_or_default()),
        _ if numeral(one).is_some() => Unit::Word(numeral(one).unwrap_or_default()),
        ' ' | '-' | '.' | '·' | '•' | '_' | '*' | '~' | '/' | '|' | '–' | '—' | '‐' | '−' | '★' | '☆' | '✦' => {
            Unit::Gap
        }
        '🌀'..='🫿' | '☀'..='➿' => Unit::Gap,
        '(' | '[' | '{' | '【' | '〔' | '〖' | '「' | '『' | '<' | '《' => Unit::Open,
        ')' | ']' | '}' | '】' | '〕' | '〗' | '」' | '』' | '>' | '》' => Unit::Close,
        _ => Unit::Other,
    }
}

/// One digit sign of a run.
#[derive(Debug, Clone, Copy)]
struct Item {
    at: usize,
    end: usize,
    unit: Unit,
    /// Nothing stands between it and the digit before.
    joined: bool,
}

impl Item {
    fn width(&self) -> usize {
        if let Unit::Real(_, count) = self.unit { count } else { 1 }
    }
}

#[derive(Debug, Default)]
struct Run {
    items: Vec<Item>,
    /// Bracketed signs between two digits.
    groups: Vec<Range<usize>>,
}

/// A number in disguise: what to write in place of each of its signs, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) range: Range<usize>,
    /// Signs that are digits in disguise, and brackets to leave out (`None`).
    pub(super) changes: Vec<(Range<usize>, Option<u8>)>,
}

/// Whether a run can hold the sign at `at` at all: something like a digit or a gap stands next to it. Cheap; for plain text.
pub(super) fn worth_a_look(raw: &str, at: usize, sign: char) -> bool {
    let near =
        |other: Option<char>| other.is_some_and(|c| !matches!(unit(c, false), Unit::Other | Unit::Open | Unit::Close));
    near(raw[at + sign.len_utf8()..].chars().next()) || near(raw[..at].chars().next_back())
}

/// The number in disguise around `at`, where a look-alike, a numeral or a bracket stands. Also returns how far the text was
/// judged, so that nobody asks twice for the same run. `floor` is where the last answer ended.
pub(super) fn number_at(raw: &str, at: usize, floor: usize) -> (Option<Number>, usize) {
    let from = raw[floor..at].char_indices().rev().take(REACH).last().map_or(at, |(back, _)| floor + back);
    let mut start = from;
    loop {
        let (mut run, mut end) = parse(raw, start, false);
        let reached = end;
        let bars = run.items.iter().filter(|item| raw[item.at..].starts_with('丨')).count();
        if bars > 3 {
            (run, end) = parse(raw, start, true);
        }
        if reached > at || start >= at {
            let sign = raw[at..].chars().next().map_or(1, char::len_utf8);
            let told = if begins_mobile(&run) { dictated(raw, start) } else { None };
            let number = judge(raw, run).or(told);
            let judged = number.as_ref().map_or(reached, |number| number.range.end.max(reached));
            return (number, judged.max(at + sign));
        }
        start = end.max(start + raw[start..].chars().next().map_or(1, char::len_utf8));
    }
}

/// Whether a run of numerals begins as a mobile number does and is too short to be one: 一三零 of 一三零，零零零零，….
fn begins_mobile(run: &Run) -> bool {
    let word = |at: usize| run.items.get(at).filter(|item| matches!(item.unit, Unit::Word(_))).map(|item| item.unit);
    let begins = matches!((word(0), word(1)), (Some(Unit::Word(1)), Some(Unit::Word(3..=9))));
    begins && (3..11).contains(&run.items.len())
}

/// What stands between the parts of a number that is said or dictated.
const PAUSES: [&str; 8] = ["、", "，", ",", "…", "然后是", "然后", "接着", " "];

/// A mobile number that is said in parts, all of it numerals: 一三零、零零零零、五二七八.
fn dictated(raw: &str, start: usize) -> Option<Number> {
    const MOST: usize = 4;
    let mut changes: Vec<(Range<usize>, Option<u8>)> = Vec::new();
    let (mut digits, mut at) = (Vec::new(), start);
    while digits.len() < 11 {
        let mut pauses = 0;
        while let Some(pause) = PAUSES.iter().find(|pause| !digits.is_empty() && raw[at..].starts_with(**pause)) {
            pauses += 1;
            changes.push((at..at + pause.len(), None));
            at += pause.len();
        }
        let sign = raw[at..].chars().next()?;
        let Unit::Word(value) = unit(sign, false) else { return None };
        if pauses > MOST {
            return None;
        }
        changes.push((at..at + sign.len_utf8(), Some(value)));
        digits.push(value);
        at += sign.len_utf8();
    }
    let ends = !raw[at..].starts_with(|sign| matches!(unit(sign, false), Unit::Word(_) | Unit::Real(..)));
    (is_mobile(&digits) && ends).then_some(Number { range: start..at, changes })
}

/// Reads one run from `start`: digits with up to two separators, or one bracketed sign, between them.
fn parse(raw: &str, start: usize, bar_is_gap: bool) -> (Run, usize) {
    let mut run = Run::default();
    let (mut at, mut end) = (start, start);
    let (mut gaps, mut joined) = (0, false);
    while let Some(sign) = raw[at..].chars().next() {
        let next = at + sign.len_utf8();
        match unit(sign, bar_is_gap) {
            unit @ (Unit::Real(..) | Unit::Word(_) | Unit::Soft(_)) => {
                if run.items.len() == REACH {
                    break;
                }
                run.items.push(Item { at, end: next, unit, joined: joined && gaps == 0 });
                (end, gaps, joined) = (next, 0, true);
            }
            Unit::Nothing if !run.items.is_empty() => {}
            Unit::Gap if !run.items.is_empty() && gaps < 2 => gaps += 1,
            Unit::Open if joined && gaps == 0 => match bracketed(raw, next) {
                Some(close) => {
                    run.groups.push(at..close);
                    (at, joined) = (close, true);
                    continue;
                }
                None => break,
            },
            _ => break,
        }
        at = next;
    }
    run.groups.retain(|group| group.end <= end);
    (run, end)
}

/// The end of `X)` or `XY)` with a digit after it, where neither sign is a digit.
fn bracketed(raw: &str, inside: usize) -> Option<usize> {
    let mut signs = raw[inside..].char_indices();
    for count in 0..=2 {
        let (at, sign) = signs.next()?;
        match unit(sign, true) {
            Unit::Close if count > 0 => {
                let after = signs.next().map(|(_, sign)| sign);
                // 900614090（满）②群: the next of a list.
                let listed = after.is_some_and(|sign| matches!(sign, '①'..='⑨' | '❶'..='❾' | '➀'..='➈'));
                let after = after.filter(|_| !listed).map(|sign| unit(sign, false));
                let digit = matches!(after, Some(Unit::Real(..) | Unit::Word(_) | Unit::Soft(_)));
                return digit.then_some(inside + at + sign.len_utf8());
            }
            Unit::Other | Unit::Gap => {}
            _ => return None,
        }
    }
    None
}

/// Whether the run is a number, and what has to be changed in it.
fn judge(raw: &str, mut run: Run) -> Option<Number> {
    trim_letters(raw, &mut run.items);
    let mut digits = spell(&run.items);
    if digits.len() > 11 && is_mobile(&digits[..11]) {
        // 一三零…四 followed by 一级: the mobile number ends where it ends.
        let mut width = 0;
        let keep = run
            .items
            .iter()
            .take_while(|item| {
                width += item.width();
                width <= 11
            })
            .count();
        if run.items[..keep].iter().map(Item::width).sum::<usize>() == 11 {
            run.items.truncate(keep);
            digits.truncate(11);
        }
    }
    let (first, last) = (run.items.first()?, run.items.last()?);
    let range = first.at..last.end;
    run.groups.retain(|group| range.start <= group.start && group.end <= range.end);
    let words = run.items.iter().filter(|item| matches!(item.unit, Unit::Word(_))).count();
    let softs: Vec<usize> = (0..run.items.len()).filter(|&at| matches!(run.items[at].unit, Unit::Soft(_))).collect();
    let firm = digits.len() - softs.len();
    if digits.len() < 7 || firm < 4 || words + softs.len() + run.groups.len() == 0 {
        return None;
    }
    // Letters that stand apart from every digit are words of their own.
    let attached = |at: usize| run.items[at].joined || run.items.get(at + 1).is_some_and(|next| next.joined);
    if softs.iter().any(|&at| !attached(at)) {
        return None;
    }
    let dialable = is_mobile(&digits) || digits.len() == 13 && digits.starts_with(&[8, 6]) && is_mobile(&digits[2..]);
    // Seven plain digits are a number already: what is written next to them is a word (…1234 一级建造师).
    if words + softs.len() > 0 && longest_plain(&run.items) >= 7 && !dialable {
        return None;
    }
    if !run.groups.is_empty() && !dialable && !(10..=12).contains(&digits.len()) {
        return None;
    }
    let mut changes: Vec<_> = run.groups.into_iter().map(|group| (group, None)).collect();
    changes.extend(run.items.iter().filter_map(|item| match item.unit {
        Unit::Word(value) | Unit::Soft(value) => Some((item.at..item.end, Some(value))),
        _ => None,
    }));
    changes.sort_by_key(|(range, _)| range.start);
    Some(Number { range, changes })
}

/// Takes letters off both ends that belong to a word or stand alone: the "llo" of "hello 130…".
fn trim_letters(raw: &str, items: &mut Vec<Item>) {
    let word = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric() || sign == '_');
    let is_soft = |item: &Item| matches!(item.unit, Unit::Soft(_));
    let head = items.iter().take_while(|item| is_soft(item)).count();
    if head > 0 {
        let inside_word = word(raw[..items[0].at].chars().next_back());
        let alone = items.get(head).is_none_or(|next| !next.joined);
        if inside_word || alone || head > 2 {
            items.drain(..head);
        }
    }
    let tail = items.iter().rev().take_while(|item| is_soft(item)).count();
    if tail > 0 && tail < items.len() {
        let inside_word = word(raw[items[items.len() - 1].end..].chars().next());
        let alone = !items[items.len() - tail].joined;
        if inside_word || alone {
            items.truncate(items.len() - tail);
        }
    }
    // An identifier (abc1OO…) is spelled as it is, unless the word before is a cue.
    if let Some(first) = items.first()
        && word(raw[..first.at].chars().next_back())
    {
        // The longest cue has three letters: a fourth says that it is none, however long the word.
        let length = raw[..first.at].chars().rev().take(4).take_while(|&sign| word(Some(sign))).count();
        let name = &raw[first.at - length..first.at];
        if !["v", "vx", "wx", "vv", "tel", "qq", "q", "t"].iter().any(|cue| name.eq_ignore_ascii_case(cue)) {
            items.clear();
        }
    }
}

fn spell(items: &[Item]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(items.len() + 2);
    for item in items {
        match item.unit {
            Unit::Real(values, count) => digits.extend_from_slice(&values[..count]),
            Unit::Word(value) | Unit::Soft(value) => digits.push(value),
            _ => {}
        }
    }
    digits
}

fn longest_plain(items: &[Item]) -> usize {
    let (mut longest, mut now) = (0, 0);
    for item in items {
        now = if matches!(item.unit, Unit::Real(..)) { now + item.width() } else { 0 };
        longest = longest.max(now);
    }
    longest
}

fn is_mobile(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[0] == 1 && digits[1] >= 3
}
