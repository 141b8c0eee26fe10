//! What masking left of an ID number: its ends, in which nobody may see a contact of anybody.
//!
//! Start at [`find`].

use std::ops::Range;

use super::mask::{breaks, sets_apart, value};

/// Stars of one number: eight of the old kind, ten of today's, one more where a cut made two of one.
const STARS: std::ops::RangeInclusive<usize> = 8..=11;
/// Digits left before and behind them.
const KEPT: usize = 4;
/// The same behind a number of the old kind.
const KEPT_OF_OLD: usize = 3;
/// Signs that may stand between two signs of one number.
const GAP: usize = 6;

/// Where masked numbers stand in a text, with the digits that were left of them.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = memchr::memchr(b'*', &text.as_bytes()[from..]).map(|at| from + at) {
        let (stars, end) = run(text[start..].char_indices().map(|(at, sign)| (start + at, sign)), usize::MAX, is_star);
        from = end;
        if !STARS.contains(&stars) {
            continue;
        }
        let back = text[..start].char_indices().rev();
        let (before, first) = run_back(back, start);
        let behind = text[end..].char_indices().map(|(at, sign)| (end + at, sign));
        let (after, last) = run(behind, KEPT, |sign| value(sign).is_some());
        if before == KEPT && after >= KEPT_OF_OLD {
            found.push(first..last);
            from = last;
        }
    }
    found
}

fn is_star(sign: char) -> bool {
    sign == '*'
}

fn is_gap(sign: char) -> bool {
    sets_apart(sign) || breaks(sign)
}

/// How many signs of a kind follow each other with no more than a gap between two, and where the last of them ends.
fn run(signs: impl Iterator<Item = (usize, char)>, most: usize, is: impl Fn(char) -> bool) -> (usize, usize) {
    let (mut count, mut end, mut gap) = (0, 0, 0);
    for (at, sign) in signs {
        if is(sign) {
            (count, end, gap) = (count + 1, at + sign.len_utf8(), 0);
            if count == most {
                break;
            }
        } else if is_gap(sign) && gap < GAP {
            gap += 1;
        } else {
            break;
        }
    }
    (count, end)
}

/// The digits left before the stars, backwards: how many, and where the first of them begins.
fn run_back(signs: impl Iterator<Item = (usize, char)>, start: usize) -> (usize, usize) {
    let (mut count, mut first, mut gap) = (0, start, 0);
    for (at, sign) in signs {
        if value(sign).is_some() {
            (count, first, gap) = (count + 1, at, 0);
            if count == KEPT {
                break;
            }
        } else if is_gap(sign) && gap < GAP {
            gap += 1;
        } else {
            break;
        }
    }
    (count, first)
}

/// How far around a contact its number's other digits are looked for, in bytes.
const AROUND: usize = 40;

/// Whether what was found in the folded text is a piece of somebody's number that masking had no rule for: cut short, glued to letters, starred by
/// whoever wrote it.
pub(super) fn is_of_person(text: &str, at: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let from = crate::text::boundary_before(text, at.start.saturating_sub(AROUND));
    let to = crate::text::boundary_before(text, (at.end + AROUND).min(text.len()));
    let mut here = from;
    while let Some(start) = (here..to).find(|&here| bytes[here].is_ascii_digit()) {
        // A run that begins before the window is cut off there, and is none.
        let cut = start == from && start > 0 && bytes[start - 1].is_ascii_digit();
        let (digits, end) = number(bytes, start);
        here = end.max(start + 1);
        if !cut && is_persons(&digits) && start < at.end && at.start < end {
            return true;
        }
    }
    starred(text, at)
}

/// The digits that begin here, each group but one sign away from the one before, and where they end.
fn number(bytes: &[u8], start: usize) -> (Vec<u8>, usize) {
    const MOST: usize = 24;
    let (mut digits, mut end) = (Vec::new(), start);
    while digits.len() < MOST {
        let run = bytes[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits.extend(bytes[end..end + run].iter().map(|byte| byte - b'0'));
        end += run;
        // The place, the day and the order of birth are what people set apart.
        let joint = matches!(digits.len(), 6 | 10 | 12 | 14);
        let sign = if bytes[end..].starts_with("、".as_bytes()) { "、".len() } else { 1 };
        let set_apart = sign > 1 || bytes.get(end).is_some_and(|byte| b" /,:.-_|()".contains(byte));
        if !joint || !set_apart || !bytes.get(end + sign).is_some_and(u8::is_ascii_digit) {
            break;
        }
        end += sign;
    }
    (digits, end)
}

/// Whether digits begin as numbers of persons do, with a place and a day of birth.
fn is_persons(digits: &[u8]) -> bool {
    digits.len() >= 14 && is_province(digits) && is_birthday(&digits[6..14])
}

fn decimal(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(*digit))
}

fn is_province(digits: &[u8]) -> bool {
    matches!(decimal(&digits[..2]), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91)
}

fn is_birthday(digits: &[u8]) -> bool {
    (1900..2030).contains(&decimal(&digits[..4]))
        && (1..=12).contains(&decimal(&digits[4..6]))
        && (1..=31).contains(&decimal(&digits[6..8]))
}

/// Whether it is what somebody left on either side of his stars: 3302061990****1231, t3302****1235, 33020619900101****.
fn starred(text: &str, at: &Range<usize>) -> bool {
    const LEAST: usize = 3;
    let bytes = text.as_bytes();
    let digit = |byte: &&u8| byte.is_ascii_digit();
    let stars = |byte: &&u8| **byte == b'*';
    // The stars behind it, or before it.
    let behind = bytes[at.end..].iter().take_while(stars).count();
    let before = bytes[..at.start].iter().rev().take_while(stars).count();
    let (left, right) = if behind >= LEAST {
        (at.end, at.end + behind)
    } else if before >= LEAST {
        (at.start - before, at.start)
    } else {
        return false;
    };
    let kept: Vec<u8> = bytes[..left].iter().rev().take(18).take_while(digit).map(|byte| byte - b'0').collect();
    let kept: Vec<u8> = kept.into_iter().rev().collect();
    let tail = bytes[right..].iter().take(6).take_while(digit).count();
    let born = || kept.len() >= 10 && (1900..2030).contains(&decimal(&kept[6..10]));
    (3..=14).contains(&kept.len()) && is_province(&kept) && ((1..=4).contains(&tail) || born())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::{contacts, in_text, mask_ids};

    #[test]
    fn the_ends_of_a_masked_number_are_found() {
        for (text, wanted) in [
            ("ab330212199001011232", vec!["3302**********1232"]),
            ("T330212199001011232、330212900101123", vec!["3302**********1232", "3302********123"]),
            ("330212\n19900101\n1232", vec!["3302**\n********\n1232"]),
            ("139****1234", vec![]),
            ("**微信：demo_tz8**", vec![]),
            ("**********微信1234**********", vec![]),
            ("密码 ********", vec![]),
        ] {
            let masked = mask_ids(text);
            let pieces: Vec<&str> = find(&masked).into_iter().map(|at| &masked[at]).collect();
            assert_eq!(pieces, wanted, "{text}");
        }
    }

    #[test]
    fn nothing_is_taken_from_what_masking_left() {
        let told = |text: &str| {
            let masked = mask_ids(text);
            let all = contacts(&in_text(&masked, &crate::text::fold(&masked)));
            [all.phones, all.wechat, all.qq, all.emails].concat()
        };
        assert_eq!(told("微信ab330212199001011232"), [""; 0]);
        assert_eq!(told("邮箱330212199001011232@163.com"), [""; 0]);
        assert_eq!(told("QQ：33021\t219900101\t1232"), [""; 0]);
        assert_eq!(told("身份证330212199001011232 微信 demo_tz8"), ["demo_tz8"]);
        assert_eq!(told("**微信：demo_tz8** 13000001234"), ["13000001234", "demo_tz8"]);
    }

    #[test]
    fn pieces_of_a_number_that_was_cut_or_starred_by_hand_are_nobodys() {
        let told = |text: &str| {
            let all = contacts(&in_text(text, &crate::text::fold(text)));
            [all.wechat, all.qq, all.telegram, all.emails].concat()
        };
        for text in [
            "微信ab3302121990****1232",
            "电报 @T3302****1235",
            "3302121990****1232@163.com",
            "加V33021219900101****",
            "33021219900101123@163.com",
            "QQ:330212/19900101/1235",
            "微信 a330212199001011",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
        assert_eq!(told("微信 demo_1990****限时"), ["demo_1990"]);
        assert_eq!(told("QQ 3000123490"), ["3000123490"]);
    }
}
