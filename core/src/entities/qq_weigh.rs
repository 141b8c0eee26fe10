//! QQ numbers that stand behind no cue that [`super::qq`] knows: everything around a number near a name for QQ is weighed.
//!
//! The name may stand a sentence before its number, behind it, at the head of a table or in the question that it answers. What speaks for a
//! number is the name and how near it is, somebody asking to be added, a line of its own; against it, another thing that has numbers
//! (an order, a price, a date, a telephone). How much each weighs is learned from tests/data/entities (`qq_weigh.txt`; the test below
//! says how). Pages that name QQ nowhere are not looked at. Start at [`find`].

use super::cues::{CUES, Cue, CueHit};
use super::qq_number::{Number, Shape, is_date, numbers};
use super::qq_signs::SIGNS;
use super::qq_words::{Said, Says, said};
use super::surroundings::{window_after, window_before};
use super::{
    Found, Kind, accounts, codes, is_hotline, labelled, phones,
    qq::{is_counted, is_password},
};
use crate::evidence::{Context, Weights};
use crate::text::boundary_before;
use std::ops::Range;
use std::sync::OnceLock;

/// So many numbers of a page are weighed.
const MOST: usize = 200;

/// So much has to speak for a number: one that is nobody's QQ may accuse somebody.
const SURE: f64 = 0.5;

/// So much more has to speak for a part of a number in groups than for the whole.
const PART: f64 = 1.5;

/// How far from a name for QQ numbers are looked for, in bytes: before and behind one that means nothing else, and one that may.
const REACH: (usize, usize) = (400, 600);
const NEAR: (usize, usize) = (120, 200);

/// How far behind an address its number may be said to be a QQ one, in bytes.
const MAIL: usize = 400;

/// What is known of the whole page.
struct Page<'a> {
    /// A name for QQ that means nothing else stands on it, a group.
    qq: bool,
    group: bool,
    /// One number of it is long enough, and no telephone's.
    one: bool,
    phones: &'a [Found],
    found: &'a [Found],
}

/// Marks that stand between a name and its number.
fn is_mark(sign: char) -> bool {
    matches!(
        sign,
        ' ' | '\t'
            | ':'
            | '-'
            | '~'
            | '='
            | '|'
            | '/'
            | '('
            | ')'
            | '['
            | ']'
            | '【'
            | '】'
            | '「'
            | '」'
            | '《'
            | '"'
            | '“'
            | '”'
            | '\''
            | '>'
            | '<'
            | '!'
            | ','
            | '.'
            | '·'
            | '─'
            | '…'
            | '号'
            | '码'
            | '是'
            | '丨'
            | '为'
            | '我'
            | '的'
    ) || matches!(sign, '\u{2190}'..='\u{21FF}' | '\u{2500}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{FE0F}' | '🌀'..='🫿')
}

/// Whether the number stands in the column of a table whose head names QQ, or at the place that QQ has in the list of names before it.
fn under_name(text: &str, at: &Range<usize>) -> (bool, bool) {
    const LINES: usize = 12;
    const FAR: usize = 900;
    let line_start = memchr::memrchr(b'\n', &text.as_bytes()[..at.start]).map_or(0, |line| line + 1);
    let line_end = memchr::memchr(b'\n', &text.as_bytes()[at.end..]).map_or(text.len(), |end| at.end + end);
    let line = &text[line_start..line_end];
    let from = boundary_before(text, line_start.saturating_sub(FAR));
    let above = text[from..line_start].trim_end_matches('\n').rsplit('\n').take(LINES);
    let sign = ['\t', '|', ' '].into_iter().find(|sign| line.contains(*sign)).unwrap_or('\t');
    let cells = |line: &str| line.trim_matches([' ', '|']).split(sign).count();
    let (count, cell) =
        (cells(line), text[line_start..at.start].trim_start_matches([' ', '|']).split(sign).count() - 1);
    let names = |cell: &str| {
        cell.chars().count() <= 8
            && said(cell).iter().any(|said| matches!(said.says, Says::Qq | Says::Maybe | Says::Group))
    };
    let head = |line: &str| {
        let line = line.trim_matches([' ', '|']);
        cells(line) == count
            && line.split(sign).all(|cell| cell.chars().count() <= 8)
            && line.split(sign).nth(cell).is_some_and(names)
    };
    let column = count > 1 && (count > 2 || sign != ' ') && above.clone().any(head);
    (column, count == 1 && line_start == at.start && is_in_list(above))
}

/// Whether the lines above, the nearest first, are as many names as there are values, and QQ has this value's place among them:
/// 电话⏎微信⏎QQ⏎130…⏎jia_01⏎30001234.
fn is_in_list<'t>(above: impl Iterator<Item = &'t str>) -> bool {
    const LONGEST: usize = 6;
    let says: Vec<Option<Says>> = above
        .map(|line| {
            let line = line.trim_matches([' ', ':']);
            let short = line.chars().count() <= LONGEST && !line.contains(|sign: char| sign.is_ascii_digit());
            said(line).first().filter(|_| short).map(|said| said.says)
        })
        .collect();
    let values = says.iter().take_while(|line| line.is_none()).count();
    let named = |lines: Range<usize>| says.get(lines).is_some_and(|lines| lines.iter().all(Option::is_some));
    (2..=5).any(|count| {
        matches!(says.get(count - 1), Some(Some(Says::Qq | Says::Maybe)))
            && values < count
            && named(values..count)
            && named(count..count + values)
    })
}

/// What stands around a number, and what its words say.
struct Around<'t> {
    before: &'t str,
    after: &'t str,
    told: Vec<Said>,
    follows: Vec<Said>,
}

impl<'t> Around<'t> {
    fn of(text: &'t str, number: &Number) -> Self {
        let at = &number.at;
        let (before, mut after) = (window_before(text, at.start), window_after(text, at.end));
        // That an address is named by the account's number may be said sentences later.
        if number.shape == Shape::Mail {
            after = &text[at.end..boundary_before(text, (at.end + MAIL).min(text.len()))];
        }
        Self { before, after, told: said(before), follows: said(after) }
    }

    fn named(&self, says: &[Says]) -> bool {
        self.told.iter().chain(&self.follows).any(|said| says.contains(&said.says))
    }

    /// The last thing named before the number that may have one. QQ/微信：30001234 goes for the first as well.
    fn nearest(&self) -> Option<&Said> {
        let names = |says: Says| {
            matches!(says, Says::Qq | Says::Maybe | Says::Group | Says::Contact | Says::Mail | Says::Thing)
        };
        let shared = |said: &Said| {
            let others = self.before[..said.at.start].trim_end_matches(' ');
            let first = others.strip_suffix(['/', '|', '和', '同', '、']).map_or("", |rest| rest.trim_end_matches(' '));
            self.told.iter().any(|earlier| earlier.says == Says::Qq && earlier.at.end == first.len())
        };
        self.told.iter().rev().find(|said| names(said.says) && !(said.says == Says::Contact && shared(said)))
    }

    /// Whether the number is another thing's, however many signs are for it: 工号300041, 快手号 3000376658, 2600000617 元.
    fn is_elsewhere(&self, text: &str, number: &Number, telephone: bool) -> bool {
        const UNITS: [char; 28] = [
            '元', '块', '年', '月', '日', '人', '个', '万', '%', '天', '位', '家', '级', '次', '台', '条', '字', '分',
            '册', '吨', '米', '股', '粉', '件', '票', '币', '届', '期',
        ];
        if number.shape == Shape::Mail {
            return !(self.named(&[Says::Qq, Says::Maybe]) && self.named(&[Says::Same]));
        }
        let digits = number.digits.as_str();
        let nearest = self.nearest();
        let between = nearest.map_or("", |said| &self.before[said.at.end..]);
        let is = |says: &[Says]| nearest.is_some_and(|said| says.contains(&said.says));
        let at_once = nearest.is_some() && between.chars().all(is_mark);
        let other = at_once && is(&[Says::Contact, Says::Mail, Says::Thing]);
        let follows = self.follows.first();
        let behind = follows.is_some_and(|said| said.says == Says::Thing && self.after[..said.at.start].trim() == "");
        // Short numbers count and price things: only right behind the name.
        let short = digits.len() < 7 && !(at_once && is(&[Says::Qq, Says::Group]));
        let telephone = telephone && !(at_once && is(&[Says::Qq, Says::Maybe, Says::Group]));
        // 扣1111111, 20261127
        let said = digits.as_bytes().windows(6).any(|six| six[0] != b'0' && six.iter().all(|digit| *digit == six[0]));
        // 850 300 400: prices of a row.
        let prices = number.shape == Shape::Grouped
            && !at_once
            && text[number.at.clone()]
                .split(|sign: char| !sign.is_ascii_digit())
                .all(|group| group.is_empty() || group.ends_with('0'));
        // 客服1 and 30001234 in the next element.
        let line = self.before.rsplit('\n').next().unwrap_or("");
        let numbered = ["客服", "售前", "售后", "咨询", "业务", "销售"].iter().any(|word| self.before.ends_with(word))
            && !self.told.iter().any(|said| said.says == Says::Qq && said.at.start >= self.before.len() - line.len());
        // 工号八位，例如20006066
        let example = self.before.trim_end_matches([' ', ':', '"', '“']).ends_with('如');
        let unit = self.after.trim_start_matches(' ').starts_with(UNITS);
        other
            || behind
            || prices
            || example
            || short
            || telephone
            || said
            || numbered
            || unit
            || digits.len() == 8 && is_date(digits)
    }
}

/// The signs around a number, in the order of [`SIGNS`].
fn signs(text: &str, number: &Number, around: &Around, page: &Page) -> Vec<bool> {
    use Says::{Asks, Contact, Gone, Group, Joined, Mail, Maybe, Not, Qq, Same, Thing, Which};
    let (at, digits, shape) = (number.at.clone(), number.digits.as_str(), number.shape);
    let Around { before, after, told, follows } = around;
    let (before, after) = (*before, *after);
    let nearest = around.nearest();
    let between = nearest.map_or("", |said| &before[said.at.end..]);
    let lines = between.bytes().filter(|byte| *byte == b'\n').count();
    let at_once = nearest.is_some() && between.chars().all(is_mark);
    let sentence = !between.contains(['。', '!', '?', '\n']);
    let clause = sentence && !between.contains([',', ';']) && between.chars().count() <= 12;
    let line_before =
        lines > 0 && between.trim_matches(|sign: char| is_mark(sign) || sign == '\n').chars().count() <= 8;
    let is = |says: Says| nearest.is_some_and(|said| said.says == says || says == Contact && said.says == Mail);
    let gap = |said: &Said| before[said.at.end..].chars().count();
    let near = |says: Says, most: usize| told.iter().any(|said| said.says == says && gap(said) <= most);
    let next = |says: Says, most: usize| {
        follows.iter().any(|said| said.says == says && after[..said.at.start].chars().count() <= most)
    };
    let any = |says: Says| told.iter().any(|said| said.says == says);
    let bare = before.trim_end_matches([' ', '"', '“', '「', '【', '(', '[', ':', '\t']);
    let last = before.chars().next_back();
    let mark = before.trim_end_matches(' ').chars().next_back();
    let after_spaces = after.trim_start_matches(' ').chars().next();
    let own_line = bare.is_empty() || bare.ends_with('\n');
    let ends_line = after.trim_start_matches([' ', '。', '!', ')', '】', ']', '~', ',']).starts_with('\n')
        || after.trim_start_matches(' ').is_empty();
    let latin = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric());
    let han = |sign: char| ('\u{4E00}'..='\u{9FFF}').contains(&sign);
    let over = |other: &Range<usize>| other.start < at.end && at.start < other.end;
    let close = |other: &Range<usize>| other.start.abs_diff(at.start) < 160 && !over(other);
    let here = page.phones.partition_point(|phone| phone.2.start + 160 < at.start);
    let mut beside = page.phones[here..].iter().take_while(|phone| phone.2.start < at.end + 160);
    let contact = beside.any(|(.., other)| close(other))
        || page.found.iter().any(|(kind, _, other)| matches!(kind, Kind::Wechat | Kind::Telegram) && close(other));
    let telephone = page.phones[here..].iter().take_while(|phone| phone.2.start < at.end).any(|phone| over(&phone.2));
    let of_qq = |found: &&Found| found.0 == Kind::Qq && !over(&found.2);
    let ten = || {
        (0..=4).any(|back| {
            let trimmed = before.trim_end_matches([' ', ':', '(']);
            let start = trimmed.char_indices().rev().nth(back).map(|(start, _)| start);
            start.is_some_and(|start| {
                labelled::person(before, start).is_some_and(|length| start + length >= trimmed.len())
            })
        })
    };
    let bytes = digits.as_bytes();
    let steps = bytes.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
    let grouped = matches!(shape, Shape::Grouped | Shape::Lined);
    let (column, aligned) = under_name(text, &at);
    vec![
        true,
        digits.len() == 5,
        digits.len() == 6,
        digits.len() == 7,
        digits.len() == 8,
        digits.len() == 10,
        is_date(digits),
        steps + 2 >= digits.len(),
        digits.ends_with("000"),
        shape == Shape::Grouped,
        shape == Shape::Lined,
        shape == Shape::Parts,
        shape == Shape::Mail,
        shape == Shape::Grouped
            && text[at.clone()].chars().filter(|sign| sign.is_alphanumeric()).count() <= digits.len()
            && text[at.clone()].chars().count() >= 2 * digits.len() - 1,
        text[at.clone()].contains(han),
        telephone,
        is(Qq) && at_once,
        is(Qq) && !at_once && clause,
        is(Qq) && !at_once && !clause && sentence,
        is(Qq) && !at_once && line_before,
        is(Qq) && !at_once && !sentence && !line_before,
        is(Maybe) && at_once,
        is(Maybe) && !at_once && clause,
        is(Maybe) && !at_once && line_before,
        is(Maybe) && !at_once && !clause && !line_before,
        is(Group) && at_once,
        is(Group) && !at_once && clause,
        is(Group) && !at_once && line_before,
        is(Group) && !at_once && !clause && !line_before,
        is(Contact) && at_once,
        is(Contact) && !at_once && clause,
        is(Contact) && !at_once && !clause,
        is(Thing) && at_once,
        is(Thing) && !at_once && clause,
        is(Thing) && !at_once && !clause,
        nearest.is_none(),
        any(Qq),
        any(Group),
        any(Contact),
        any(Thing),
        page.qq,
        page.group,
        page.one,
        next(Qq, 3),
        next(Qq, 16),
        next(Maybe, 2),
        next(Group, 16),
        next(Contact, 2),
        next(Thing, 2),
        next(Joined, 10),
        near(Joined, 10),
        near(Asks, 1),
        near(Asks, 8),
        next(Asks, 8),
        any(Which),
        near(Same, 6),
        next(Same, 8),
        near(Not, 4),
        near(Gone, 8) || next(Gone, 3),
        ten(),
        mark == Some(':'),
        matches!(mark, Some('(' | '[' | '【' | '「' | '《' | '“' | '"')),
        mark.is_some_and(
            |sign| matches!(sign, '\u{2190}'..='\u{21FF}' | '\u{2500}'..='\u{27BF}' | '>' | '🌀'..='🫿' | '\u{FE0F}'),
        ),
        matches!(mark, Some(',' | '、' | ';')),
        last == Some(' '),
        last.is_some_and(han),
        latin(mark),
        after.chars().next().is_some_and(han),
        own_line && ends_line,
        own_line,
        ends_line,
        matches!(after_spaces, None | Some('。' | ',' | ';' | '!' | ')' | '】' | '\n' | '?')),
        contact,
        page.found.iter().any(|found| of_qq(&found) && close(&found.2)),
        page.found.iter().any(|found| of_qq(&found) && found.1 == digits),
        column,
        aligned,
        own_line && ends_line && (line_before || lines > 0) && is(Qq),
        own_line && any(Which) && (any(Qq) || any(Maybe)),
        shape == Shape::Mail && (next(Same, 20) || near(Same, 8)),
        grouped && around.named(&[Qq, Maybe, Group]),
    ]
}

/// What stands around, of which the table has much as it is.
fn context<'t>(text: &'t str, number: &Number) -> Context<'t> {
    const FAR: usize = 12;
    Context { word: "", ..Context::of(text, number.at.clone(), FAR) }
}

fn weights() -> &'static Weights {
    static TABLE: OnceLock<Weights> = OnceLock::new();
    TABLE.get_or_init(|| Weights::read(include_str!("qq_weigh.txt"), &SIGNS))
}

/// What the cues say of a page: where numbers are looked for, and whether QQ or a group is named for certain.
struct Named {
    stretches: Vec<Range<usize>>,
    qq: bool,
    group: bool,
}

/// Whether a bare q begins a code: Q235B, Q2-16, Q/CC 8001.
fn is_code(after: &str) -> bool {
    let digits = after.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let counts = (1..5).contains(&digits) && !after[digits..].starts_with([':', ' ', '群', '裙']);
    counts || after.strip_prefix('/').is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_alphabetic()))
}

fn named(text: &str, cues: &[CueHit]) -> Named {
    let mut named = Named { stretches: Vec::new(), qq: false, group: false };
    for (number, at) in cues {
        let cue = CUES[usize::from(*number)].1;
        let sure = match cue {
            Cue::Qq | Cue::QqBehind => true,
            Cue::Group => {
                named.group = true;
                true
            }
            Cue::QqKnock | Cue::QqLetter | Cue::QqName | Cue::AnyGroup => false,
            _ => continue,
        };
        let latin = text.as_bytes()[at.start].is_ascii_alphanumeric();
        if latin && accounts::inside_word(text, at.clone(), cue)
            || cue == Cue::QqLetter && !accounts::set_apart(text, at.start)
            || cue == Cue::QqLetter && is_code(&text[at.end..])
            || cue == Cue::AnyGroup && accounts::is_crowd(text, at.start)
        {
            continue;
        }
        named.qq |= sure && (cue != Cue::Group || text[at.clone()].contains(['q', '扣', '鹅']));
        let (back, on) = if sure { REACH } else { NEAR };
        let start = boundary_before(text, at.start.saturating_sub(back));
        let end = boundary_before(text, (at.end + on).min(text.len()));
        match named.stretches.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => named.stretches.push(start..end),
        }
    }
    named
}

/// Whether the number names whoever says what follows: QQ20130001：能复审吗, 4楼 13200000：路过.
fn is_poster(text: &str, number: &Number) -> bool {
    let before = &text[..number.at.start];
    let before = before.strip_suffix("qq").unwrap_or(before);
    let opens = before.is_empty() || before.ends_with(['\n', ']']) || before.ends_with("] ");
    let said = text[number.at.end..].trim_start_matches(['\n', ' ']).strip_prefix(':').map(str::trim_start);
    opens && said.is_some_and(|said| said.starts_with(|sign: char| !sign.is_ascii() && !matches!(sign, '企' | '扣')))
}

/// Calls `each` for every number that might be one, with its signs.
fn each(text: &str, cues: &[CueHit], phones: &[Found], found: &[Found], mut each: impl FnMut(&Number, Vec<bool>)) {
    let named = named(text, cues);
    if named.stretches.is_empty() {
        return;
    }
    let mut all = Vec::new();
    for stretch in &named.stretches {
        numbers(text, stretch.clone(), &mut all);
        // Addresses at QQ's own mail are named by the account's number.
        for (kind, value, at) in found.iter().filter(|(.., at)| stretch.contains(&at.start)) {
            let number = value.strip_suffix("@qq.com").or_else(|| value.strip_suffix("@vip.qq.com"));
            let digits =
                |number: &&str| number.bytes().all(|byte| byte.is_ascii_digit()) && (5..=10).contains(&number.len());
            if let Some(number) = number.filter(|_| *kind == Kind::Email).filter(digits) {
                all.push(Number { digits: number.to_owned(), at: at.clone(), shape: Shape::Mail });
            }
        }
        if all.len() > MOST {
            break;
        }
    }
    all.truncate(MOST);
    let over = |at: &Range<usize>, other: &Range<usize>| other.start < at.end && at.start < other.end;
    let free = |number: &Number| {
        let here = phones.partition_point(|phone| phone.2.end <= number.at.start);
        let telephone = phones[here..]
            .iter()
            .take_while(|phone| phone.2.start < number.at.end)
            .any(|phone| phone.0 == Kind::Landline || phones::is_mobile(&phone.1));
        let taken =
            number.shape != Shape::Mail && found.iter().any(|(kind, _, at)| *kind != Kind::Qq && over(&number.at, at));
        let code = number.shape == Shape::Plain
            && (codes::is_named(text, number.at.start)
                || text[..number.at.start].strip_suffix("qq").is_some_and(is_password)
                || is_counted(&text[number.at.end..]));
        !telephone && !taken && !code && !is_hotline(&number.digits) && !is_poster(text, number)
    };
    all.retain(free);
    let one = all.iter().filter(|number| number.digits.len() >= 7).take(2).count() == 1;
    let page = Page { qq: named.qq, group: named.group, one, phones, found };
    for number in &all {
        let around = Around::of(text, number);
        let here = phones.partition_point(|phone| phone.2.end <= number.at.start);
        let telephone = phones[here..].first().is_some_and(|phone| phone.2.start < number.at.end);
        if !around.is_elsewhere(text, number, telephone) {
            each(number, signs(text, number, &around, &page));
        }
    }
}

/// Adds the numbers that everything around them speaks for. `found` holds what the cues told already: what they read in part is read as a
/// whole.
pub(super) fn find(text: &str, cues: &[CueHit], phones: &[Found], found: &mut Vec<Found>) {
    let mut weighed: Vec<(f64, Number)> = Vec::new();
    each(text, cues, phones, found, |number, signs| {
        weighed.push((weights().weigh_in(&signs, context(text, number)), number.clone()));
    });
    let over = |at: &Range<usize>, other: &Range<usize>| other.start < at.end && at.start < other.end;
    // What is part of a number in groups is not told by itself.
    let whole = |(weight, number): &(f64, Number)| {
        weighed.iter().any(|(other, larger)| {
            *other > SURE
                && other + PART > *weight
                && larger.digits.len() > number.digits.len()
                && over(&number.at, &larger.at)
        })
    };
    let mut sure: Vec<&(f64, Number)> = weighed.iter().filter(|one| one.0 > SURE && !whole(one)).collect();
    sure.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut taken: Vec<Range<usize>> = Vec::new();
    for (_, number) in sure {
        if taken.iter().any(|other| over(&number.at, other)) {
            continue;
        }
        // A cue may have read the first of its groups.
        let told = found.iter().position(|(kind, _, at)| *kind == Kind::Qq && over(&number.at, at));
        if let Some(told) = told {
            if number.shape == Shape::Mail || number.digits.len() <= found[told].1.len() {
                continue;
            }
            found.remove(told);
        }
        taken.push(number.at.clone());
        found.push((Kind::Qq, number.digits.clone(), number.at.clone()));
    }
}

#[cfg(test)]
#[path = "qq_weigh_tests.rs"]
mod tests;
