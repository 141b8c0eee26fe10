//! Telephone numbers that are WeChat ids as well: 微信 130…, 130… (微信同号), 电话同微信.
//!
//! The words stand before the number, behind it, or anywhere near; which number they speak of is told here and nowhere else.
//! Start at [`called_before`], [`same_after`] and [`same_number`].

use super::accounts::{FILL_WORDS, fills, set_apart};
use super::{Found, Kind};
use crate::text::boundary_before;
use std::ops::Range;

/// Whether a WeChat word stands before the number, with only marks between.
pub(super) fn called_before(text: &str, start: usize) -> bool {
    let mut before = &text[..start];
    let mut lined = false;
    // 薇 and 威 alone are names of people as well (王薇).
    let alone = |rest: &str| !rest.ends_with(|sign: char| ('\u{4E00}'..='\u{9FFF}').contains(&sign));
    for _ in 0..10 {
        // (同薇130…)
        if before.strip_suffix(['薇', '威']).is_some_and(|rest| alone(rest) || rest.ends_with('同')) {
            return true;
        }
        for word in ["微信", "vx", "wx", "weixin", "wechat", "v", "微", "v信"] {
            if let Some(rest) = before.strip_suffix(word) {
                let latin = word.as_bytes()[0].is_ascii();
                // 电话/v:130…, t/v:130…
                let shared = rest.strip_suffix('/').is_some_and(|rest| {
                    rest.ends_with(|sign: char| !sign.is_ascii())
                        || rest.ends_with('t') && set_apart(rest, rest.len() - 1)
                });
                let inside = !shared
                    && rest.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '@'));
                // ids have their word in brackets behind them: jia_01(wx) 130….
                let behind = rest
                    .strip_suffix('(')
                    .is_some_and(|id| id.trim_end().ends_with(|c: char| c.is_ascii_alphanumeric()));
                if !(latin && inside) {
                    return !behind || before.len() == start;
                }
            }
        }
        let Some(sign) = before.chars().next_back() else { return false };
        let word = FILL_WORDS.iter().find(|word| before.ends_with(*word));
        if let Some(word) = word {
            before = &before[..before.len() - word.len()];
        } else if sign == '\n' && !lined || fills(sign) && (!lined || matches!(sign, ':' | ' ' | '号')) {
            lined |= sign == '\n';
            before = &before[..before.len() - sign.len_utf8()];
        } else {
            return false;
        }
    }
    false
}

/// Whether the words behind a number go for those listed before it as well: 130…、131…均为微信.
pub(super) fn for_all(text: &str, end: usize) -> bool {
    text[end..].trim_start_matches([' ', '(']).starts_with(['都', '均'])
}

/// Characters on either side in which 微信同号 speaks of a number.
const SAME: usize = 60;

/// And of a QQ number.
const QQ: usize = 16;

/// Numbers on either side that are looked at, and those among which one is the only one.
const AROUND: usize = 8;
const ALL: usize = 64;

/// The mobile number that is said to be the WeChat one: the nearest, or the only one of the text.
pub(super) fn same_number(text: &str, cue: &Range<usize>, phones: &[Found], found: &mut Vec<Found>) {
    // 也是微不足道, 同微机: a short word has to end where it ends.
    let goes_on = |sign: char| sign.is_alphanumeric() && !matches!(sign, '信' | '号' | '联');
    if text[..cue.end].ends_with(['微', '薇', 'v']) && text[cue.end..].starts_with(goes_on) {
        return;
    }
    // 小程序账号同微信昵称
    if ["昵称", "头像", "名"].iter().any(|word| text[cue.end..].starts_with(word)) {
        return;
    }
    // 支付宝账号同手机
    if text[cue.clone()].starts_with('号') && text[..cue.start].ends_with(['账', '帐']) {
        return;
    }
    // qq同微信, qq微信同号, 微信同qq speak of the QQ number.
    let of_qq = text[..cue.end].ends_with('q')
        || text[..cue.start].trim_end_matches(['/', '、', '号', ' ', '和']).ends_with("qq");
    // Only what was found last is looked at: a page may say it a hundred thousand times.
    let last_qq = |found: &[Found], near: &dyn Fn(&Range<usize>) -> bool| {
        found.iter().rev().take(AROUND).find(|(kind, _, at)| *kind == Kind::Qq && near(at)).cloned()
    };
    if of_qq {
        let near = |at: &Range<usize>| {
            let between = at.end.min(cue.end)..at.start.max(cue.start);
            between.len() <= 4 * QQ && text.get(between).is_some_and(|between| between.chars().count() <= QQ)
        };
        if let Some((_, number, at)) = last_qq(found, &near) {
            found.push((Kind::Wechat, number, at));
        }
        return;
    }
    // 同上 speaks of the line above, be it one for QQ.
    if text[..cue.end].ends_with("同上")
        && let Some((_, number, at)) = last_qq(found, &|at| {
            text.get(at.end..cue.start)
                .is_some_and(|between| between.len() <= 8 && !between.contains(char::is_alphanumeric))
        })
    {
        found.push((Kind::Wechat, number, at));
        return;
    }
    let mobile = |phone: &&Found| phone.0 == Kind::Phone && super::phones::is_mobile(&phone.1);
    let here = phones.partition_point(|phone| phone.2.start < cue.start);
    let around = &phones[here.saturating_sub(AROUND)..(here + AROUND).min(phones.len())];
    let mobiles = around.iter().filter(mobile);
    let away = |at: &Range<usize>| {
        let (from, to) = if at.end <= cue.start { (at.end, cue.start) } else { (cue.end, at.start) };
        match to.saturating_sub(from) {
            0 => 0,
            far if far > 4 * SAME => usize::MAX,
            _ => text.get(from..to).map_or(usize::MAX, |between| between.chars().count()),
        }
    };
    // What stands before the words is spoken of sooner than what follows.
    let near = mobiles.map(|m| (away(&m.2), m.2.start > cue.start, m)).filter(|(far, ..)| *far <= SAME);
    let nearest =
        near.min_by_key(|(far, follows, _)| (*far + if *follows { 12 } else { 0 }, *follows)).map(|(_, _, m)| m);
    let only = || {
        let mut all = phones.iter().filter(mobile).take(ALL);
        let first = all.next()?;
        all.all(|other| other.1 == first.1).then_some(first)
    };
    // 扣扣号30001234，微信也是这个
    if nearest.is_none() {
        let near = |at: &Range<usize>| {
            let between = text.get(at.end..cue.start).filter(|between| between.len() <= 16).unwrap_or("\n");
            between.chars().count() <= 4 && !between.contains('\n')
        };
        let qq = last_qq(found, &near);
        if let Some((_, number, at)) = qq {
            found.push((Kind::Wechat, number, at));
            return;
        }
    }
    if let Some((_, digits, at)) = nearest.or_else(only) {
        found.push((Kind::Wechat, digits.clone(), at.clone()));
    }
}

/// Whether the number is said to be the WeChat one right behind it: (微信同号), 同微信, 微信.
pub(super) fn same_after(text: &str, end: usize) -> bool {
    let near = &text[end..boundary_before(text, end + 96)];
    let line = near.split('\n').next().unwrap_or("");
    let from = line.char_indices().find(|&(at, sign)| {
        at > 24
            || !matches!(
                sign,
                ' ' | '('
                    | '['
                    | '【'
                    | '/'
                    | '、'
                    | ','
                    | '|'
                    | '-'
                    | '同'
                    | '步'
                    | '电'
                    | '话'
                    | '手'
                    | '机'
                    | '号'
                    | '和'
                    | '与'
                    | '即'
                    | '也'
                    | '是'
                    | '加'
                    | '添'
                    | '+'
                    | '可'
                    | '这'
                    | '就'
                    | '能'
                    | '到'
                    | '都'
                    | '均'
                    | '为'
                    | '我'
                    | '的'
                    | '老'
                    | '师'
                    | '以'
                    | '直'
                    | '接'
                    | '~'
                    | '\u{2190}'..='\u{21FF}'
                    | '🌀'..='🫿'
            )
    });
    let Some((skipped, _)) = from else { return false };
    let (marks, rest) = line.split_at(skipped);
    let Some(cue) = ["微信", "vx", "wx", "weixin", "wechat", "v信", "v", "微", "薇", "威", "徽", "绿泡泡"]
        .iter()
        .find(|cue| rest.starts_with(*cue))
    else {
        return false;
    };
    let tail = rest[cue.len()..].trim_start_matches(['号', ' ']).trim_start_matches("电话").trim_start_matches("手机");
    let said = ["同", "一样", "也是这", "搜索同", "都是这", "都能", "都可", "都行", "同一"];
    if said.iter().any(|word| tail.starts_with(word)) || marks.contains('同') {
        return true;
    }
    // 薇 and 威 are names of people as well.
    if ["薇", "威", "徽"].contains(cue) && !marks.contains('是') {
        return false;
    }
    // 130…加微信聊, but for an id that follows: 130…加微信联系 jia_01.
    let talks =
        ["聊", "详聊", "细聊", "详谈", "咨询", "联系", "沟通", "了解"].iter().find_map(|word| tail.strip_prefix(word));
    let id = |rest: &str| rest.trim_start_matches([' ', ':']).starts_with(|sign: char| sign.is_ascii_alphanumeric());
    if marks.contains(['加', '+']) && !marks.contains([',', '、', '|']) && talks.is_some_and(|rest| !id(rest)) {
        return true;
    }
    !marks.contains([',', '、', '|'])
        && tail.chars().next().is_none_or(|sign| matches!(sign, ')' | ']' | '】' | '。' | '!' | ',' | ';'))
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn check(text: &str, wechat: &[&str], qq: &[&str]) {
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        assert_eq!(all.wechat, wechat, "{text}");
        assert_eq!(all.qq, qq, "{text}");
    }

    #[test]
    fn the_same_is_what_stands_above() {
        check("Q Q：27900 00381\n威 信：同Q号", &["2790000381"], &["2790000381"]);
        check("联系方式\t13000001234\n微信号\t同上", &["13000001234"], &[]);
        check("电话：13000001234\nQQ：30001234\n微信：同上", &["30001234"], &["30001234"]);
        check("QQ：30001234\n电话：13000001234\n微信：同上", &["13000001234"], &["30001234"]);
        check("微信同期上线，电话13000001234", &[], &[]);
    }

    #[test]
    fn this_one_points_back_unless_an_id_follows() {
        check("老师姓钱，130.0000.1234，加微信就是这个号", &["13000001234"], &[]);
        check("电话13000001234，加微信就是这个号：jia_01", &["jia_01"], &[]);
        check("电话13000001234，微信就是这个号 jia_01", &["jia_01"], &[]);
    }

    #[test]
    fn a_number_may_be_added_as_it_stands() {
        check("13000001234可以加微信", &["13000001234"], &[]);
        check("13000001234加微信聊", &["13000001234"], &[]);
        check("考证王姐（同薇13000001234）", &["13000001234"], &[]);
        check("V信同步：jia_demo01", &["jia_demo01"], &[]);
        check("13000001234（微信不同号）", &[], &[]);
        check("13000001234 加微信联系 jia_demo01", &["jia_demo01"], &[]);
        check("微信同步聊天记录到 backup_2024", &[], &[]);
    }
}
