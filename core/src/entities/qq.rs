//! QQ numbers in folded text, behind a word for QQ or for a group.
//!
//! What is counted, paid or dialled behind such a word is none, and neither is what bears the letters as its code. Start at [`after_word`].

use super::accounts::{dotted, name_after};
use super::cues::Cue;
use super::{Found, Kind, codes, is_hotline, phones, qq_number, series, spelt};
use std::ops::Range;

/// The number behind a word for QQ, and those in a row with it.
pub(super) fn after_word(text: &str, from: usize, cue: Cue, numbers: &[Found], found: &mut Vec<Found>) {
    // qq_30001234 is what forums call whoever came in with the account.
    if text[from..].starts_with('.') || text[from..].starts_with('_') && text[..from].ends_with('q') {
        return;
    }
    let Some(name) = name_after(text, from) else { return };
    if name.addressed || !name.word.as_bytes()[0].is_ascii_digit() {
        return;
    }
    // 批号 QQ20251017 is no number of anybody's; neither is the name that a platform gave whoever came in with it: QQ20130001：能复审吗.
    let glued = name.at == from && text[..from].ends_with("qq");
    if glued && (codes::is_named(text, from) || is_password(&text[..from - 2])) {
        return;
    }
    let (digits, end) = spelt::digits(text, name.at);
    let poster = glued
        && (text[..from - 2].is_empty() || text[..from - 2].ends_with('\n'))
        && text[end..]
            .strip_prefix(':')
            .is_some_and(|said| said.trim_start().starts_with(|sign: char| !sign.is_ascii()));
    if poster {
        return;
    }
    // A cell QQ20230131 under 编码.
    let cell = glued && text[..from - 2].ends_with('\t') && qq_number::is_date(&digits);
    if cell || is_counted(&text[end..]) {
        return;
    }
    let after = text[end..].chars().next();
    let stops = after.is_some_and(|sign| {
        sign.is_ascii_alphanumeric()
            || matches!(
                sign,
                '@' | '_' | '元' | '块' | '年' | '月' | '人' | '个' | '万' | '%' | '天' | '位' | '家' | '级'
            )
    });
    let least = if cue == Cue::Qq { 5 } else { 6 };
    // Whom to call about a group; the head of another column.
    let phone = phones::is_mobile(&digits) && (cue == Cue::Group || text[from..name.at].contains(['\n', '\t']));
    if !stops
        && !phone
        && !dotted(&text[end..])
        && (least..=11).contains(&digits.len())
        && !digits.starts_with('0')
        && !is_hotline(&digits)
    {
        found.push((Kind::Qq, digits, name.at..end));
        series::more(text, Kind::Qq, name.at..end, numbers, found);
    }
}

/// Whether the next cell counts something too: qq⇥1300190⇥90013.
pub(super) fn is_counted(after: &str) -> bool {
    after.strip_prefix('\t').is_some_and(|next| {
        let length = next.bytes().take(7).take_while(u8::is_ascii_digit).count();
        (1..7).contains(&length) && next[length..].chars().next().is_none_or(|sign| matches!(sign, '\t' | '\n'))
    })
}

/// Whether letters and digits behind this are a password: 解压密码 qq20000801, 口令：qq130130.
pub(super) fn is_password(before: &str) -> bool {
    let before = before.trim_end_matches([' ', ':', '为', '是', '"', '“', '「', '(']);
    ["密码", "口令", "解压码", "提取码", "密钥"].iter().any(|word| before.ends_with(word))
}

/// A number right behind 扣 or q: seven to ten digits, no amount that is taken off. 扣我就行 30001234, 扣一下 30001234.
pub(super) fn knocked(text: &str, from: usize, numbers: &[Found], found: &mut Vec<Found>) {
    const LEADS: [&str; 7] = ["就行", "就好", "一下", "也行", "即可", "是", "吧"];
    let said = LEADS.iter().find(|word| text[from..].starts_with(**word)).map_or(0, |word| word.len());
    let from = from + said;
    let rest = text[from..].trim_start_matches([' ', ':', '丨', ',']);
    let at = text.len() - rest.len();
    if at - from <= 3
        && rest.starts_with(|sign: char| sign.is_ascii_digit())
        && (7..=10).contains(&spelt::digits(text, at).0.len())
    {
        after_word(text, from, Cue::Qq, numbers, found);
    }
}

/// The number in a link that stands in the text as it is: tencent://message/?uin=30001234, https://q1.qlogo.cn/g?b=qq&nk=30001234.
pub(super) fn in_link(text: &str, key: Range<usize>, found: &mut Vec<Found>) {
    const NEAR: usize = 120;
    let from = crate::text::boundary_before(text, key.start.saturating_sub(NEAR));
    let link = text[from..key.start].rsplit([' ', '\n', '"', '\'']).next().unwrap_or("");
    let hosts: &[&str] =
        if text[key.clone()].starts_with('u') { &["qq.com", "tencent:", "mqq"] } else { &["qlogo.cn"] };
    let length = text[key.end..].bytes().take(12).take_while(u8::is_ascii_digit).count();
    let at = key.end..key.end + length;
    let digits = &text[at.clone()];
    let fits = (5..=10).contains(&length) && !digits.starts_with('0') && link.ends_with(['?', '&']);
    if fits && hosts.iter().any(|host| link.contains(host)) {
        found.push((Kind::Qq, digits.to_owned(), at));
    }
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn qq(text: &str) -> Vec<String> {
        contacts(&in_text(text, &crate::text::fold(text))).qq
    }

    #[test]
    fn numbers_stand_behind_and_before_words_for_qq() {
        for text in [
            "扣我就行 30001234",
            "急的扣一下 30001234",
            "扣丨30001234",
            "他扣是30001234",
            "30001234←我企鹅",
            "鹅号 30001234",
            "扣扣裙 3 0 0 0 1 2 3 4",
            "扣扣 3000 1234",
            "tencent://message/?v=3&uin=30001234&site=qq",
            "https://q1.qlogo.cn/g?b=qq&nk=30001234&s=640",
            "客服2QQ30001234",
            "售后③QQ 30001234",
        ] {
            assert_eq!(qq(text), ["30001234"], "{text}");
        }
    }

    #[test]
    fn groups_of_a_list_are_each_one() {
        assert_eq!(qq("玩家QQ①群300012340（满）②群300012341"), ["300012340", "300012341"]);
        assert_eq!(qq("联系人 电话 QQ\n王工 13000001234 30001234"), ["30001234"]);
    }

    #[test]
    fn posters_other_houses_and_years_have_none() {
        for text in [
            "QQ20130001：焊工证过期两年还能复审吗",
            "钉钉群号 700193120",
            "扣扣 2026 1127",
            "价格扣一下 200 元",
            "解压密码 qq20000801",
            "口令：qq130130",
            "打开 http://b.example/?uin=30001234",
            "企鹅号作者后台：昨日推荐量 2100615",
            "qq\t1300190\t90013\n",
            "型号\tQQ20230131\t",
        ] {
            assert!(qq(text).is_empty(), "{text}: {:?}", qq(text));
        }
    }
}
