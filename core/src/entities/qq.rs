//! QQ numbers in folded text, behind a word for QQ or for a group.
//!
//! What is counted, paid or dialled behind such a word is none, and neither is what bears the letters as its code. Start at [`after_word`].

use super::accounts::{dotted, name_after};
use super::cues::Cue;
use super::{Found, Kind, codes, is_hotline, phones, series, spelt};

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
    if glued && codes::is_named(text, from) {
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
    let after = text[end..].chars().next();
    let stops = after.is_some_and(|sign| {
        sign.is_ascii_alphanumeric()
            || matches!(
                sign,
                '@' | '_' | '元' | '块' | '年' | '月' | '人' | '个' | '万' | '%' | '天' | '位' | '家' | '级'
            )
    });
    let least = if cue == Cue::Qq { 5 } else { 6 };
    // Whom to call about a group.
    let phone = cue == Cue::Group && phones::is_mobile(&digits);
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
        ] {
            assert_eq!(qq(text), ["30001234"], "{text}");
        }
    }

    #[test]
    fn posters_other_houses_and_years_have_none() {
        for text in
            ["QQ20130001：焊工证过期两年还能复审吗", "钉钉群号 700193120", "扣扣 2026 1127", "价格扣一下 200 元"]
        {
            assert!(qq(text).is_empty(), "{text}: {:?}", qq(text));
        }
    }
}
