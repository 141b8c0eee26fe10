//! Ids behind what calls without saying where: a bare v, 加我, 同步; and what looks like such a call and is none.
//!
//! Only what looks like an id and nothing else counts there. Start at [`odd_id`].

use super::accounts::{set_apart, word_at};
use super::{Found, Kind, codes, glued, labelled, series};
use std::ops::Range;

/// Whether a letter or sign that is called to is the beginning of another word: 加V认证, 加V型槽, 加薇诺娜, 加微量元素.
pub(super) fn is_begun(text: &str, end: usize) -> bool {
    const LETTER: [&str; 9] = ["认证", "型", "带", "槽", "形", "领", "字", "电压", "电平"];
    const SIGN: [&str; 12] = ["诺娜", "量", "波", "型", "创", "单相", "距", "米", "分", "士忌", "尼斯", "廉"];
    let (before, after) = (&text[..end], text[end..].trim_start_matches(' '));
    let begins = |words: &[&str]| words.iter().any(|word| after.starts_with(word));
    before.ends_with('v') && begins(&LETTER) || before.ends_with(['微', '薇', '威']) && begins(&SIGN)
}

/// What looks like an id and nothing else right behind a bare v, or behind a call that does not say where to add somebody.
pub(super) fn odd_id(text: &str, cue: Range<usize>, found: &mut Vec<Found>) {
    let letter = text[cue.clone()].is_ascii();
    if letter && let Some(at) = glued::id(text, cue.end, false) {
        found.push((Kind::Wechat, text[at.clone()].to_owned(), at));
        return;
    }
    let joined = !text.as_bytes()[cue.end - 1].is_ascii_alphanumeric();
    let apart = joined
        || text[cue.end..].starts_with(|sign| sign == ' ' || is_arrow(sign))
        || is_enclosed(&text[cue.end..])
        || labelled::person(text, cue.end).is_some();
    if letter && (!(set_apart(text, cue.start) && apart) || codes::is_named(text, cue.start)) {
        return;
    }
    // let v=abc_1 is code: behind a sign that joins only where a sentence of Chinese goes on.
    if joined
        && letter
        && !text[..cue.start]
            .trim_end_matches(' ')
            .ends_with(|sign: char| !sign.is_ascii() || matches!(sign, ',' | ':' | '!'))
    {
        return;
    }
    let rest = &text[cue.end..];
    // 可以加我:jia_01, 加我好友 jia_01.
    let whom = ["我好友", "我", "他", "她", "好友"]
        .iter()
        .find(|whom| !letter && rest.starts_with(**whom))
        .map_or(0, |whom| whom.len());
    let rest = if rest[whom..].starts_with([':', ' ', ',']) || rest[whom..].starts_with(is_arrow) {
        &rest[whom..]
    } else {
        rest
    };
    let cue = cue.start..text.len() - rest.len();
    let person =
        if letter { labelled::person(text, cue.end + rest.len() - rest.trim_start_matches(' ').len()) } else { None };
    let arrows = rest.trim_start_matches(' ').starts_with(is_arrow);
    let marks = |sign: char| {
        matches!(sign, ' ' | ':' | '+' | ',' | '"' | '\'' | '“' | '「' | '【' | '[')
            || is_arrow(sign)
            || sign == '\n' && arrows
    };
    let spaces = rest.len() - rest.trim_start_matches(' ').len();
    let rest = rest[person.map_or(0, |length| spaces + length)..].trim_start_matches(marks);
    let at = text.len() - rest.len();
    let Some(word) = word_at(text, at) else { return };
    let id = word.trim_end_matches(['-', '_']);
    let told = (6..=20).contains(&id.len())
        && series::is_odd(id)
        && !series::is_labelled(id)
        && !series::goes_on_at(text, at, at + word.len());
    if at - cue.end <= 8 + person.unwrap_or(0) && told {
        found.push((Kind::Wechat, id.to_owned(), at..at + id.len()));
    }
}

/// A number behind a bare v that is somebody's at QQ already: Q30001234或V30001234.
pub(super) fn again(text: &str, from: usize, found: &mut Vec<Found>) {
    const BACK: usize = 8;
    let digits = series::run(text, from);
    let said = |(kind, value, _): &&Found| *kind == Kind::Qq && value == digits;
    if digits.len() >= 6 && found.iter().rev().take(BACK).any(|one| said(&one)) {
        found.push((Kind::Wechat, digits.to_owned(), from..from + digits.len()));
    }
}

/// One word alone in the brackets of Chinese: v【jia_01】. Those of code are others.
fn is_enclosed(rest: &str) -> bool {
    [('【', '】'), ('「', '」')].iter().any(|(open, close)| {
        rest.strip_prefix(*open).is_some_and(|inside| inside[series::word(inside, 0).len()..].starts_with(*close))
    })
}

fn is_arrow(sign: char) -> bool {
    matches!(sign, '\u{2190}'..='\u{21FF}' | '\u{25A0}'..='\u{27BF}' | '🌀'..='🫿')
}

/// The id right behind words that say that another number is the WeChat one as well: V信同步:jia_01.
pub(super) fn told_beside(text: &str, from: usize) -> Option<Range<usize>> {
    if !text[..from].ends_with(['同', '步', '号']) {
        return None;
    }
    let rest = text[from..].trim_start_matches(|sign: char| matches!(sign, ' ' | ':') || is_arrow(sign));
    let at = text.len() - rest.len();
    let word = series::word(text, at);
    let id = word.trim_end_matches(['-', '_']);
    let fits = (6..=20).contains(&id.len()) && series::is_odd(id) && !series::is_labelled(id) && at - from <= 8;
    (fits && !series::goes_on_at(text, at, at + word.len())).then_some(at..at + id.len())
}
