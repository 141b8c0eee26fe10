//! Accounts whose word stands behind them: jia_01（微信）, jia_01 是老师微信, 30001234 企鹅号; and the names of people that stand
//! between a word and its account: 微信 李经理 jia_01.
//!
//! Asked only where nothing was found behind the word. What stands before must look like an account and nothing else, since the
//! words for WeChat close many a sentence. Start at [`wechat`].

use super::cues::Cue;
use super::{Found, Kind, is_hotline, phones, series};
use std::ops::Range;

/// The id right before a mark in brackets.
pub(super) fn in_brackets(text: &str, mark: usize, cue: Cue, found: &mut Vec<Found>) {
    let before = text[..mark].trim_end_matches(' ');
    if mark - before.len() > 2 {
        return;
    }
    let at = word_before(before);
    let (id, length) = (&before[at.clone()], at.len());
    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
    match cue {
        Cue::QqBehind if digits && (5..=11).contains(&length) && !id.starts_with('0') => {
            found.push((Kind::Qq, id.to_owned(), at));
        }
        Cue::WechatBehind
            if phones::is_mobile(id)
                || (id.starts_with(|sign: char| sign.is_ascii_alphabetic()) && (6..=20).contains(&length)) =>
        {
            found.push((Kind::Wechat, id.to_owned(), at));
        }
        _ => {}
    }
}

/// The word of letters, digits, _ and - that ends here; longer than any name, if it is.
fn word_before(before: &str) -> Range<usize> {
    let length = before.bytes().rev().take(21).take_while(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)).count();
    before.len() - length..before.len()
}

/// What may stand between an id and its word: jia_01 ← 微信, jia_01 是老师的微信.
fn leads_on(sign: char) -> bool {
    matches!(sign,
        ' ' | '-' | '=' | '<' | ':' | '(' | '[' | '【' | '〔' | '「' | '《' | '"' | '“'
        | '是' | '为' | '这' | '个' | '加' | '我' | '老' | '师' | '的' | '即' | '都' | '均' | '就' | '扫' | '搜' | '添'
        | '\u{2190}'..='\u{21FF}' | '\u{25A0}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '🌀'..='🫿')
}

/// Whether the clause ends behind a word, 号 aside, or goes on to say that one may write to it.
fn ends(after: &str) -> bool {
    let rest = after.trim_start_matches(['号', '码', ' ']);
    let closes = |sign: char| {
        matches!(sign, '。' | ',' | ';' | '!' | '\n' | '\t' | ')' | ']' | '】' | '〕' | '」' | '》' | '"' | '”' | '~')
    };
    rest.chars().next().is_none_or(closes) || ["联系", "咨询", "备注", "找我"].iter().any(|word| rest.starts_with(word))
}

/// Where the account would end that stands before a word, behind at most eight signs that lead on; with those signs.
fn lead(text: &str, word: usize) -> Option<(usize, &str)> {
    const MOST: usize = 8;
    let (at, _) = text[..word].char_indices().rev().take(MOST + 1).find(|(_, sign)| !leads_on(*sign))?;
    let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
    Some((end, &text[end..word]))
}

/// An id before a word for WeChat.
pub(super) fn wechat(text: &str, cue: &Range<usize>, found: &mut Vec<Found>) {
    let after = &text[cue.end..];
    // jia_01，微信联系即可: behind a comma only whoever asks for it, or says it of all: 都是微信.
    let before = text[..cue.start].trim_end_matches(['都', '均', '是', '为']);
    let all = before.len() < cue.start && text[before.len()..].starts_with(['都', '均']);
    let start = match before.strip_suffix(',') {
        Some(before) if all || ["联系", "咨询"].iter().any(|word| after.starts_with(word)) => before.len(),
        _ => cue.start,
    };
    let Some((end, between)) = lead(text, start).filter(|_| ends(after)) else {
        named(text, cue, found);
        return;
    };
    let Some(mut at) = odd_id(text, end) else {
        named(text, cue, found);
        return;
    };
    found.push((Kind::Wechat, text[at.clone()].to_owned(), at.clone()));
    // jia_01 备用 jia_02 都是微信
    for _ in 0..4 {
        let other = |sign: char| sign != '\n' && !sign.is_ascii_alphanumeric();
        let more = text[..at.start].trim_end_matches(other);
        let apart = text[more.len()..at.start].chars().count();
        if !(all || between.contains(['都', '均'])) || apart > 8 {
            return;
        }
        let Some(next) = odd_id(text, more.len()) else { return };
        found.push((Kind::Wechat, text[next.clone()].to_owned(), next.clone()));
        at = next;
    }
}

/// Ids in brackets behind people's names, in a line that asks to be added on WeChat: 小雨（jia_01）…，加微信时备注姓名.
fn named(text: &str, cue: &Range<usize>, found: &mut Vec<Found>) {
    const NEAR: usize = 60;
    if !text[..cue.end].ends_with("微信")
        || !text[..cue.end - "微信".len()].ends_with(['加', '+', '过'])
            && !text[cue.start..cue.end].starts_with(['加', '+'])
    {
        return;
    }
    let line = text[..cue.start].char_indices().rev().take(NEAR).take_while(|(_, sign)| *sign != '\n').last();
    let Some((from, _)) = line else { return };
    for (open, _) in text[from..cue.start].match_indices('(') {
        let open = from + open;
        let id = series::word(text, open + 1);
        let at = open + 1..open + 1 + id.len();
        let name = text[from..open]
            .char_indices()
            .rev()
            .take(4)
            .any(|(back, _)| person(text, from + back) == Some(open - from - back));
        if name && (6..=20).contains(&id.len()) && series::is_odd(id) && text[at.end..].starts_with(')') {
            found.push((Kind::Wechat, id.to_owned(), at));
        }
    }
}

/// An id that is no word and ends here.
fn odd_id(text: &str, end: usize) -> Option<Range<usize>> {
    let at = word_before(&text[..end]);
    let fits = (6..=20).contains(&at.len()) && series::is_odd(&text[at.clone()]);
    (fits && !text[..at.start].ends_with(['@', '.', '/', '#', '='])).then_some(at)
}

/// A number before a word for QQ.
pub(super) fn qq(text: &str, cue: &Range<usize>, phones: &[Found], found: &mut Vec<Found>) {
    let Some((end, _)) = lead(text, cue.start).filter(|_| ends(&text[cue.end..])) else { return };
    let at = word_before(&text[..end]);
    let digits = &text[at.clone()];
    let fits = (7..=11).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
        && !is_hotline(digits);
    let taken = || {
        phones.iter().any(|(.., phone)| phone.start < at.end && at.start < phone.end)
            || found.iter().any(|(.., other)| other.start < at.end && at.start < other.end)
    };
    if fits && !text[..at.start].ends_with(['.', '¥', '$', '/', '#', '=']) && !taken() {
        found.push((Kind::Qq, digits.to_owned(), at));
    }
}

/// A name with its @ before a word for Telegram.
pub(super) fn telegram(text: &str, cue: &Range<usize>, found: &mut Vec<Found>) {
    let Some((end, _)) = lead(text, cue.start).filter(|_| ends(&text[cue.end..])) else { return };
    let length =
        text[..end].bytes().rev().take(33).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let at = end - length..end;
    let alone = text[..at.start].strip_suffix('@').is_some_and(|before| {
        !before.ends_with(|sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-'))
    });
    if (5..=32).contains(&length) && alone && text.as_bytes()[at.start].is_ascii_alphabetic() {
        found.push((Kind::Telegram, text[at.clone()].to_owned(), at));
    }
}

/// What people are called by, behind their surname.
const TITLES: [&str; 20] = [
    "老师", "经理", "师傅", "教练", "主任", "校长", "老板", "客服", "助理", "顾问", "先生", "女士", "小姐", "主管",
    "工", "姐", "哥", "总", "班长", "学姐",
];

/// The length of somebody's name here: 李经理, 小陈, 老马, 阿强哥.
pub(super) fn person(text: &str, at: usize) -> Option<usize> {
    const LONGEST: usize = 4;
    let han = |sign: char| ('\u{4E00}'..='\u{9FFF}').contains(&sign);
    let rest = &text[at..];
    let length: usize = rest.chars().take(LONGEST + 1).take_while(|sign| han(*sign)).map(char::len_utf8).sum();
    let name = &rest[..length];
    let count = name.chars().count();
    // 老 was passed already where it may fill.
    let familiar = |name: &str, most: usize| name.starts_with(['小', '老', '阿']) && (2..=most).contains(&count);
    let called = (2..=LONGEST).contains(&count) && TITLES.iter().any(|title| name.ends_with(title))
        || familiar(name, 3)
        || count == 1 && text[..at].ends_with(['老', '小', '阿']);
    let other = ["小程", "小红书", "小时", "小区", "小店", "小组", "小学"].iter().any(|word| name.starts_with(word));
    (called && !other).then_some(length)
}

/// Places with names of their own.
const PLACES: [&str; 14] = [
    "公众号",
    "视频号",
    "小程序",
    "抖音",
    "快手",
    "小红书",
    "闲鱼",
    "淘宝",
    "微博",
    "电报",
    "飞机",
    "telegram",
    "b站",
    "qq",
];

/// Whether the line has named another place than WeChat shortly before.
pub(super) fn among_others(text: &str, cue: &Range<usize>) -> bool {
    const NEAR: usize = 30;
    let from = text[..cue.start].char_indices().rev().take(NEAR).take_while(|(_, sign)| *sign != '\n').last();
    let before = &text[from.map_or(cue.start, |(at, _)| at)..cue.start];
    PLACES.iter().any(|place| before.contains(place))
}

/// Whether a call to look for an id speaks of WeChat, in its line, and of no other place where people look for names.
pub(super) fn among_wechat(text: &str, cue: &Range<usize>) -> bool {
    const NEAR: usize = 30;
    let from = text[..cue.start].char_indices().rev().take(NEAR).take_while(|(_, sign)| *sign != '\n').last();
    let before = &text[from.map_or(cue.start, |(at, _)| at)..cue.start];
    let to = text[cue.end..].char_indices().take(NEAR).find(|(_, sign)| *sign == '\n');
    let rest = &text[cue.end..];
    let after =
        &rest[..to.map_or_else(|| rest.char_indices().nth(NEAR).map_or(rest.len(), |(at, _)| at), |(at, _)| at)];
    // 电报搜 jia_01
    if ["电报", "飞机", "telegram", "tg"].iter().any(|word| before.trim_end_matches(' ').ends_with(word)) {
        return false;
    }
    let near = |words: &[&str]| words.iter().any(|word| before.contains(word) || after.contains(word));
    near(&["微信", "扫", "好友", "朋友", "添加", "加老师", "加我", "二维码", "vx", "名片", "威信", "薇信"])
        && !near(&["公众号", "视频号", "小程序", "抖音", "快手", "小红书", "闲鱼", "淘宝", "官网", "百度", "qq"])
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn check(text: &str, wechat: &[&str], qq: &[&str], telegram: &[&str]) {
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        assert_eq!((all.wechat, all.qq, all.telegram), (own(wechat), own(qq), own(telegram)), "{text}");
    }

    fn own(list: &[&str]) -> Vec<String> {
        list.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn a_word_may_stand_behind_its_account() {
        check("jia_demo01 ← 微信号", &["jia_demo01"], &[], &[]);
        check("jia_demo01 是老师的微信，备注焊工", &["jia_demo01"], &[], &[]);
        check("jia-demo，微信联系", &["jia-demo"], &[], &[]);
        check("jia_demo01 备用 yi_demo02 都是微信", &["jia_demo01", "yi_demo02"], &[], &[]);
        check("1000200030 企鹅号", &[], &["1000200030"], &[]);
        check("@jia_demo01 纸飞机", &[], &[], &["jia_demo01"]);
    }

    #[test]
    fn a_word_may_close_a_sentence_of_other_things() {
        check("iphone15 支持微信支付", &[], &[], &[]);
        check("课程编号 dg_2026 请用微信扫码", &[], &[], &[]);
        check("订单 20261127 登录 QQ 查看", &[], &[], &[]);
        check("乘 @home 飞机上", &[], &[], &[]);
    }

    #[test]
    fn people_stand_between_a_word_and_an_id() {
        check("微信 李经理 jia_demo01", &["jia_demo01"], &[], &[]);
        check("微信（孙工）：jia_demo01", &["jia_demo01"], &[], &[]);
        check("V老马 jia_demo01", &["jia_demo01"], &[], &[]);
        check("微信小程序 abc_123", &[], &[], &[]);
        check("微信公众平台 abc_123", &[], &[], &[]);
    }

    #[test]
    fn an_id_to_look_for_is_one_of_wechat_among_its_words() {
        check("扫码或搜 jia_demo01 加老师", &["jia_demo01"], &[], &[]);
        check("抖音搜索 jia_demo01 添加关注", &[], &[], &[]);
        check("电报搜 jia_demo01  微信不敢用了", &[], &[], &["jia_demo01"]);
        check("商城搜索 iphone15 下单", &[], &[], &[]);
    }
}
