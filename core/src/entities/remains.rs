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
}
