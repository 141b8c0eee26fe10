//! Numbers that a register gave out (ICP, 公安备案, 网站标识码, Baidu statistics) and prices, in folded text.
//!
//! Each is looked for from a literal that must stand in it. Whether a number belongs to the site that shows it is not asked.
//! Start at [`at_mark`].

use super::{Found, Kind};
use crate::text::chinese_digit;
use std::ops::Range;

const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川蜀贵黔云滇藏陕甘陇青宁新";

/// A literal that must stand in such a number, or beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// `icp`.
    Icp,
    /// 公网安备.
    Police,
    /// 标识码.
    SiteCode,
    /// `hm.js?`.
    BaiduStat,
    /// 元, 块, rmb: what a price ends with.
    Unit,
    /// ¥: what one begins with.
    Yuan,
}

/// Adds what stands at a mark of the text.
pub(super) fn at_mark(text: &str, mark: Mark, at: Range<usize>, found: &mut Vec<Found>) {
    found.extend(match mark {
        Mark::Icp => icp(text, at.start),
        Mark::Police => police(text, at.start),
        Mark::SiteCode => site_code(text, at.start),
        Mark::BaiduStat => baidu(text, at.end).map(|id| (Kind::BaiduStat, id.to_owned(), at.end..at.end + id.len())),
        Mark::Unit => price_before(text, at),
        Mark::Yuan => price_after(text, at),
    });
}

/// The province sign before `at`, spaces between allowed, and where it stands.
fn province(text: &str, at: usize) -> Option<(char, usize)> {
    let before = text[..at].trim_end_matches(' ');
    let sign = before.chars().next_back().filter(|&sign| PROVINCES.contains(sign))?;
    (at - before.len() <= 2).then_some((sign, before.len() - sign.len_utf8()))
}

/// Skips a few spaces.
fn spaces(text: &str, at: usize) -> usize {
    at + text[at..].bytes().take(3).take_while(|&byte| byte == b' ').count()
}

fn digits(text: &str, at: usize) -> &str {
    let length = text[at..].bytes().take(24).take_while(u8::is_ascii_digit).count();
    &text[at..at + length]
}

fn icp(text: &str, at: usize) -> Option<Found> {
    let (sign, start) = province(text, at)?;
    let mut here = spaces(text, at + 3);
    let mut word = '备';
    if let Some(next @ ('备' | '证')) = text[here..].chars().next() {
        word = next;
        here += next.len_utf8();
    }
    here = spaces(text, here);
    here += text[here..].chars().next().filter(|sign| matches!(sign, ':' | '第')).map_or(0, char::len_utf8);
    here = spaces(text, here);
    let number = digits(text, here);
    if !(6..=10).contains(&number.len()) {
        return None;
    }
    let mut end = here + number.len();
    let hao = spaces(text, end);
    if text[hao..].starts_with('号') {
        end = hao + '号'.len_utf8();
    }
    let mut value = format!("{sign}ICP{word}{number}号");
    let dash = spaces(text, end);
    if let Some(line @ ('-' | '–' | '—' | '−' | '‐')) = text[dash..].chars().next() {
        let part = spaces(text, dash + line.len_utf8());
        let index = digits(text, part);
        if (1..=3).contains(&index.len()) {
            value.push('-');
            value.push_str(index);
            end = part + index.len();
        }
    }
    Some((Kind::Icp, value, start..end))
}

fn police(text: &str, at: usize) -> Option<Found> {
    let (sign, start) = province(text, at)?;
    let here = spaces(text, at + "公网安备".len());
    let number = digits(text, here);
    let value = format!("{sign}公网安备{number}号");
    let end = here + number.len();
    let end = if text[end..].starts_with('号') { end + '号'.len_utf8() } else { end };
    (13..=14).contains(&number.len()).then_some((Kind::PoliceRecord, value, start..end))
}

fn site_code(text: &str, at: usize) -> Option<Found> {
    let here = at + "标识码".len();
    let here = here + text[here..].bytes().take(3).take_while(|byte| b" :".contains(byte)).count();
    let ministry = text[here..].starts_with("bm");
    let number = digits(text, here + if ministry { 2 } else { 0 });
    let end = here + number.len() + if ministry { 2 } else { 0 };
    (number.len() == if ministry { 8 } else { 10 }).then(|| (Kind::SiteCode, text[here..end].to_owned(), here..end))
}

/// The 32 hexadecimal digits here.
pub(super) fn baidu(text: &str, at: usize) -> Option<&str> {
    let length = text[at..].bytes().take(33).take_while(u8::is_ascii_hexdigit).count();
    (length == 32).then(|| &text[at..at + 32])
}

/// Words that say that an amount is no price.
const NO_PRICE: [&str; 11] = ["罚", "处", "赔", "资本", "学费", "诈骗", "被骗", "损失", "涉案", "获利", "补贴"];

fn price_before(text: &str, unit: Range<usize>) -> Option<Found> {
    if matches!(text[unit.end..].chars().next(), Some('/' | '旦' | '素' | '件')) {
        return None;
    }
    let before = text[..unit.start].trim_end_matches(' ');
    if unit.start - before.len() <= 2 { amount_before(before, unit.end) } else { None }
}

fn price_after(text: &str, sign: Range<usize>) -> Option<Found> {
    let here = spaces(text, sign.end);
    let number = digits(text, here);
    let end = here + number.len();
    let fits = (2..=5).contains(&number.len()) && !text[end..].starts_with([',', '万']) && !is_fine(text, sign.start);
    fits.then(|| (Kind::Price, number.to_owned(), sign.start..end))
}

/// The amount that ends right before its unit: 800, 1,300, 八百, 一千三.
fn amount_before(before: &str, end: usize) -> Option<Found> {
    let length = before.bytes().rev().take(9).take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let start = before.len() - length;
    if length > 0 {
        let written = &before[start..];
        let number: String = written.chars().filter(char::is_ascii_digit).collect();
        let grouped = !written.contains(',') || grouped(written);
        let cut =
            before[..start].ends_with(['.', '¥']) || before[..start].ends_with(|sign: char| sign.is_ascii_alphabetic());
        let fits =
            (2..=5).contains(&number.len()) && grouped && !cut && !number.starts_with('0') && !is_fine(before, start);
        return fits.then_some((Kind::Price, number, start..end));
    }
    let tail: Vec<(usize, char)> = before.char_indices().rev().take(6).take_while(|&(_, sign)| spelled(sign)).collect();
    let start = tail.last()?.0;
    let value = spell(tail.iter().rev().map(|&(_, sign)| sign))?;
    (!is_fine(before, start)).then(|| (Kind::Price, value.to_string(), start..end))
}

/// 1,300 and 12,000, no other commas.
fn grouped(written: &str) -> bool {
    written
        .split_once(',')
        .is_some_and(|(head, tail)| (1..=2).contains(&head.len()) && tail.len() == 3 && !tail.contains(','))
}

fn spelled(sign: char) -> bool {
    chinese_digit(sign).is_some() || matches!(sign, '十' | '百' | '千')
}

/// 八百 → 800, 一千三 → 1300, 一千零五十 → 1050; only with 百 or 千 in it.
fn spell(signs: impl Iterator<Item = char>) -> Option<u32> {
    let (mut sum, mut digit, mut unit, mut zero) = (0, 0, 0, false);
    for sign in signs {
        if let Some(value) = chinese_digit(sign) {
            zero = value == 0;
            digit = u32::from(value);
            continue;
        }
        let size = match sign {
            '十' => 10,
            '百' => 100,
            _ => 1000,
        };
        if unit != 0 && size >= unit {
            return None;
        }
        sum += digit.max(1) * size;
        (digit, unit, zero) = (0, size, false);
    }
    let largest = sum >= 100;
    let last = if zero || unit < 100 { 1 } else { unit / 10 };
    largest.then_some(sum + digit * last)
}

/// A fine, a loss, a capital stands close before: not what somebody asks for.
fn is_fine(text: &str, at: usize) -> bool {
    let from = text[..at].char_indices().rev().take(8).last().map_or(at, |(start, _)| start);
    NO_PRICE.iter().any(|word| text[from..at].contains(word))
}
