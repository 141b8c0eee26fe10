//! What in a folded text might be a QQ number: digits in a row, in groups, over lines, in Chinese numerals, in parts that have names
//! (前五位17000，后四位1234), the name of a mail address.
//!
//! Whether it is one is not asked here. Start at [`numbers`].

use crate::text::chinese_digit;
use std::ops::Range;

/// A number that might be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) digits: String,
    pub(super) at: Range<usize>,
    pub(super) shape: Shape,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// In a row.
    Plain,
    /// In groups with the same sign between.
    Grouped,
    /// The same, over lines.
    Lined,
    /// In parts that have names.
    Parts,
    /// The name of an address at QQ's own mail.
    Mail,
}

/// Digits in a row.
#[derive(Debug)]
struct Group {
    at: Range<usize>,
    digits: String,
    /// Letters, a sign of an address or a decimal point stand beside it: no number by itself.
    walled: bool,
}

/// So many digits QQ's numbers have.
const DIGITS: std::ops::RangeInclusive<usize> = 5..=10;

/// In groups, shorter ones are anything.
const LEAST_GROUPED: usize = 7;

/// Adds what stands in a stretch of the text.
pub(super) fn numbers(text: &str, stretch: Range<usize>, all: &mut Vec<Number>) {
    let groups = groups(text, stretch);
    for (number, group) in groups.iter().enumerate() {
        if DIGITS.contains(&group.digits.len()) && !group.walled {
            push(all, group.digits.clone(), group.at.clone(), Shape::Plain);
        }
        strung(text, &groups[number..], number.checked_sub(1).map(|before| &groups[before]), all);
        parts(text, &groups[number..], all);
    }
}

fn push(all: &mut Vec<Number>, digits: String, at: Range<usize>, shape: Shape) {
    if !digits.starts_with('0') {
        all.push(Number { digits, at, shape });
    }
}

fn groups(text: &str, stretch: Range<usize>) -> Vec<Group> {
    let mut all: Vec<Group> = Vec::new();
    for (at, sign) in text[stretch.clone()].char_indices() {
        let at = stretch.start + at;
        let digit = match sign {
            '0'..='9' => sign as u8 - b'0',
            _ if sign.is_ascii() => continue,
            // 两 and 勾 are said of numbers on the telephone only.
            '两' | '勾' | '洞' | '腰' => continue,
            _ => match chinese_digit(sign) {
                Some(digit) => digit,
                None => continue,
            },
        };
        let end = at + sign.len_utf8();
        match all.last_mut() {
            Some(last) if last.at.end == at => last.at.end = end,
            _ => all.push(Group { at: at..end, digits: String::new(), walled: false }),
        }
        if let Some(last) = all.last_mut() {
            last.digits.push(char::from(b'0' + digit));
        }
    }
    for group in &mut all {
        group.walled = is_walled(text, &group.at);
    }
    all
}

fn is_walled(text: &str, at: &Range<usize>) -> bool {
    let before = &text[..at.start];
    let letters = before.bytes().rev().take(4).take_while(u8::is_ascii_alphabetic).count();
    // The word for it may be glued: q30001234, qun700300400.
    let word = &before[before.len() - letters..];
    let glued =
        letters > 0 && (!matches!(word, "q" | "qq" | "qun" | "kk") || is_inside(&before[..before.len() - letters]));
    let mut back = before.chars().rev();
    let (last, second) = (back.next(), back.next());
    let address = match last {
        Some('_' | '@' | '#' | '¥' | '$' | '%' | '&' | '=' | '\\') => true,
        // Where a stretch was cut.
        Some(sign) if sign.is_ascii_digit() => true,
        Some('.' | '/' | ',' | '-' | ':') => {
            second.is_some_and(|sign| sign.is_ascii_alphanumeric()) && last != Some(':')
        }
        _ => false,
    };
    let mut after = text[at.end..].chars();
    let (next, second) = (after.next(), after.next());
    let goes_on = match next {
        Some(sign) if sign.is_ascii_alphanumeric() => true,
        Some('_' | '@' | '%') => true,
        Some('.' | ',' | '/' | '-' | ':') => second.is_some_and(|sign| sign.is_ascii_alphanumeric()),
        _ => false,
    };
    glued || address || goes_on
}

/// Whether letters that follow are the rest of a word. One digit numbers one of several: 客服2qq30001234.
fn is_inside(before: &str) -> bool {
    let mut back = before.chars().rev();
    match back.next() {
        Some('1'..='9') => back.next().is_some_and(|sign| sign.is_ascii()),
        sign => sign.is_some_and(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.' | '@' | '/')),
    }
}

/// What stands between two groups of one number, as far as it tells: the sign, or the whole of it.
fn gap<'t>(text: &'t str, left: &Group, right: &Group) -> Option<&'t str> {
    const LONGEST: usize = 14;
    let between = text.get(left.at.end..right.at.start).filter(|between| between.len() <= LONGEST)?;
    let bare = between.trim_matches(' ');
    if bare.trim_matches('\n').is_empty() && bare.contains('\n') {
        return Some("\n");
    }
    if bare.is_empty() {
        return Some(" ");
    }
    Some(bare)
}

/// Whether a gap is a sign that parts the groups of a number, of which two may be enough.
fn is_sign(gap: &str) -> bool {
    let mut signs = gap.chars();
    let sign = signs.next();
    signs.next().is_none()
        && sign.is_some_and(|sign| {
            matches!(
                sign,
                ' ' | '-' | '.' | '·' | '•' | '*' | '~' | '|' | '丨' | '_' | '\n' | '…' | '→' | '+' | '—' | '–'
            ) || ('🌀'..='🫿').contains(&sign)
        })
}

/// The number that the first groups make, with the same gap between all of them.
fn strung(text: &str, groups: &[Group], before: Option<&Group>, all: &mut Vec<Number>) {
    const MOST: usize = 10;
    let [first, second, ..] = groups else { return };
    let Some(apart) = gap(text, first, second) else { return };
    // It begins where the row does.
    if before.is_some_and(|before| gap(text, before, first) == Some(apart)) {
        return;
    }
    let mut digits = first.digits.clone();
    let mut last = first;
    let mut count = 1;
    for group in groups.iter().skip(1).take(MOST) {
        if gap(text, last, group) != Some(apart) || digits.len() + group.digits.len() > *DIGITS.end() {
            break;
        }
        digits.push_str(&group.digits);
        last = group;
        count += 1;
    }
    // Lists are set apart so as well, until each group is one digit.
    let listed = matches!(apart, "," | "、" | "/" | ";" | ":" | "\t");
    let single = digits.len() == count;
    let fits = if is_sign(apart) { count >= 2 } else { count >= 3 && (!listed || single) };
    // 2026-11-27, 2026 1127, QQ-2023-00721.
    let year = first.digits.len() == 4 && is_year(&first.digits);
    // Standards end with their year, and a year begins something else: 8001-2006, 30001 2026届.
    let standard = count == 2 && last.digits.len() == 4 && is_year(&last.digits);
    let date = standard || year && (apart != " " && apart != "\n" || digits.len() == 8 && is_date(&digits));
    // Signs of a list before and behind a number: 客服1 30001234, 30001234 2微信.
    let headed = (first.digits.len() == 1 || last.digits.len() == 1) && !single && count == 2;
    let open = |at: usize| !text[..at].ends_with(['_', '@', '.', '¥']);
    // 30001 0571-85000123
    let mut after = text[last.at.end..].chars();
    let ends = match (after.next(), after.next()) {
        (Some('@' | '_' | '%'), _) => false,
        (Some('-' | '/' | '.' | ':'), Some(sign)) => !sign.is_ascii_digit(),
        (sign, _) => !sign.is_some_and(|sign| sign.is_ascii_alphabetic()),
    };
    if fits && count >= 2 && digits.len() >= LEAST_GROUPED && !date && !headed && open(first.at.start) && ends {
        let shape = if apart == "\n" { Shape::Lined } else { Shape::Grouped };
        push(all, digits, first.at.start..last.at.end, shape);
    }
}

fn is_year(digits: &str) -> bool {
    digits.starts_with("19") || digits.starts_with("20")
}

/// Whether eight digits, or six, are a day: 20261127, 261127.
pub(super) fn is_date(digits: &str) -> bool {
    let Some((year, day)) = digits.len().checked_sub(4).map(|year| digits.split_at(year)) else { return false };
    let within = |part: &str, most: u8| part.parse::<u8>().is_ok_and(|part| (1..=most).contains(&part));
    (year.len() == 4 && is_year(year) || year.len() == 2) && within(&day[..2], 12) && within(&day[2..], 31)
}

/// The number whose parts have names: 前五位17000，后四位1234.
fn parts(text: &str, groups: &[Group], all: &mut Vec<Number>) {
    const NAME: usize = 18;
    const APART: usize = 60;
    let Some(first) = groups.first() else { return };
    let start = crate::text::boundary_before(text, first.at.start.saturating_sub(NAME));
    let named = &text[start..first.at.start];
    if !["前", "头", "开头", "先是"].iter().any(|word| named.contains(word)) {
        return;
    }
    let (mut digits, mut end) = (first.digits.clone(), first.at.end);
    for group in &groups[1..] {
        let Some(between) = text.get(end..group.at.start).filter(|between| between.len() <= APART) else { break };
        // 后四位: the count is no part.
        let counts = text[group.at.end..].starts_with(['位', '个', '段', '截', '半', '节', '字']);
        if counts {
            continue;
        }
        if between.contains('。') || !["后", "中", "尾", "末", "接", "再"].iter().any(|word| between.contains(word))
        {
            break;
        }
        if digits.len() + group.digits.len() > *DIGITS.end() {
            return;
        }
        digits.push_str(&group.digits);
        end = group.at.end;
    }
    let counts = text[first.at.end..].starts_with(['位', '个', '段', '截', '半', '节', '字', '面']);
    if !counts && end > first.at.end && digits.len() >= LEAST_GROUPED {
        push(all, digits, first.at.start..end, Shape::Parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(String, Shape)> {
        let mut all = Vec::new();
        numbers(text, 0..text.len(), &mut all);
        all.into_iter().map(|number| (number.digits, number.shape)).collect()
    }

    #[test]
    fn numbers_may_be_grouped_over_lines_or_in_parts() {
        let check = |text: &str, digits: &str, shape: Shape| {
            assert!(all(text).contains(&(digits.to_owned(), shape)), "{text}: {:?}", all(text));
        };
        check("加 30001234", "30001234", Shape::Plain);
        check("q30001234", "30001234", Shape::Plain);
        check("300012 34，", "30001234", Shape::Grouped);
        check("700-310-226", "700310226", Shape::Grouped);
        check("300 扣;012 扣;345", "300012345", Shape::Grouped);
        check("三、零、零、零、一、二、三、四", "30001234", Shape::Grouped);
        check("二八零\n零零一\n八五一\n", "280001851", Shape::Lined);
        check("前四位3000，后四位1234", "30001234", Shape::Parts);
    }

    #[test]
    fn dates_codes_and_amounts_are_no_numbers() {
        for text in [
            "2026-11-27",
            "2026 1127",
            "GB 8001-2006",
            "QQ-2023-00721",
            "a30001234",
            "¥30001234",
            "30001234.5",
            "30001234@",
        ] {
            assert_eq!(all(text), [], "{text}");
        }
        assert!(all("1 30001234").iter().all(|(digits, _)| digits == "30001234"));
    }
}
