//! Accounts in a row behind one word for them: 微信 jia_01、jia_02, QQ 30001234 / 30001235.
//!
//! What follows must be made like the first; anything else ends the row, and so does a telephone number. Start at [`more`].

use super::{Found, Kind, glued, labelled};
use std::ops::Range;

/// Nobody gives more in a row.
const MOST: usize = 8;

/// Adds what follows the account that stands at `first` and was just found.
pub(super) fn more(text: &str, kind: Kind, first: Range<usize>, phones: &[Found], found: &mut Vec<Found>) {
    let model = &text[first.clone()];
    if kind == Kind::Wechat && !is_odd(model) {
        return;
    }
    let mut end = first.end;
    for _ in 0..MOST {
        let Some((at, listed)) = past_separator(text, end) else { return };
        let word = word(text, at);
        let length = word.len();
        end = at + length;
        let like = match kind {
            Kind::Qq => {
                (6..=11).contains(&length)
                    && word.bytes().all(|byte| byte.is_ascii_digit())
                    && !word.starts_with('0')
                    && word.len().abs_diff(model.len()) <= 1
                    && phones.binary_search_by_key(&at, |phone| phone.2.start).is_err()
            }
            // The next one's own word may be glued to it: qq30001234.
            _ => {
                (5..=20).contains(&length)
                    && is_odd(word)
                    && !is_labelled(word)
                    && (listed || word.get(..2) == model.get(..2))
            }
        };
        if !like || goes_on_at(text, at, end) {
            return;
        }
        found.push((kind, word.to_owned(), at..end));
    }
}

/// A word for another account and its number.
pub(super) fn is_labelled(word: &str) -> bool {
    let number = word.trim_start_matches(|sign: char| sign.is_ascii_alphabetic());
    matches!(&word[..word.len() - number.len()], "qq" | "q" | "tel" | "phone")
        && number.len() >= 5
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The word of letters, digits, _ and - that begins here, up to where another contact's word is glued to it.
pub(super) fn word(text: &str, at: usize) -> &str {
    const LONGEST: usize = 24;
    let run = run(text, at);
    let length = glued::seam(run, &text[at + run.len()..]);
    &run[..if length < run.len() { length } else { length.min(LONGEST) }]
}

/// The same with all that is glued to it.
pub(super) fn run(text: &str, at: usize) -> &str {
    const LONGEST: usize = 40;
    let length =
        text[at..].bytes().take(LONGEST).take_while(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)).count();
    &text[at..at + length]
}

/// Whether the word that ended here goes on as something else, a word glued to it for another contact aside.
pub(super) fn goes_on_at(text: &str, start: usize, end: usize) -> bool {
    goes_on(&text[end..]) && !(text[start..end] == *word(text, start) && run(text, start).len() > end - start)
}

/// An id that is no word: a letter first, and a digit or a line in it.
pub(super) fn is_odd(id: &str) -> bool {
    id.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && id.bytes().any(|b| b.is_ascii_digit() || b"_-".contains(&b))
}

/// Where the next of a row begins, and whether signs of a list or somebody's name stand between, not spaces alone. A short remark in
/// brackets belongs to the one before.
fn past_separator(text: &str, from: usize) -> Option<(usize, bool)> {
    let mut at = from;
    if let Some(inside) = text[at..].trim_start_matches(' ').strip_prefix('(') {
        // (满了加30001235)
        if let Some(next) = NEXT.iter().find_map(|word| inside.strip_prefix(word)) {
            return Some((text.len() - next.trim_start_matches([' ', ':']).len(), true));
        }
        let (close, _) = inside.char_indices().take(8).find(|(_, sign)| *sign == ')')?;
        at = text.len() - inside.len() + close + 1;
    }
    let mut listed = false;
    for _ in 0..4 {
        let sign = text[at..].chars().next()?;
        match sign {
            '、' | ',' | '/' | '|' | ';' | '和' | '或' | '及' | '者' | '&' | '+' | '@' | '\n' => {
                listed |= sign != '@'
            }
            ' ' | '\t' => {}
            _ => break,
        }
        at += sign.len_utf8();
    }
    if at == from {
        return None;
    }
    // 1: jia_01 2: yi_02
    if text[at..].starts_with(|sign: char| ('2'..='9').contains(&sign)) && text[at + 1..].starts_with(':') {
        return Some((text.len() - text[at + 2..].trim_start_matches(' ').len(), true));
    }
    // jia_01 | 李老师 yi_02, jia_01 备用：yi_02; in a new line only behind its colon.
    let new_line = text[from..at].contains('\n');
    let name = NEXT
        .iter()
        .find(|word| text[at..].starts_with(**word))
        .map(|word| word.len())
        .or_else(|| labelled::person(text, at));
    match name {
        Some(length) => {
            let rest = text[at + length..].trim_start_matches([' ', '(']);
            // 客服二:
            let number = rest.trim_start_matches(['二', '三', '四', '2', '3', '4']);
            let rest = if number.starts_with(':') { number } else { rest };
            let marked = rest.starts_with(':');
            let next = text.len() - rest.trim_start_matches([':', ' ', '@']).len();
            (marked || !new_line).then_some((next, true))
        }
        None => (!new_line).then_some((at, listed)),
    }
}

/// What the next of a row is called by.
const NEXT: [&str; 12] =
    ["满了加", "满员加", "备用", "小号", "大号", "副号", "新号", "主号", "满加", "二号", "客服", "助理"];

/// Whether nothing but the sign of a row stands between two numbers, and whose the first one is: 130…（陈）、131….
pub(super) fn joins(between: &str) -> bool {
    let remark = between.strip_prefix('(').and_then(|inside| inside.split_once(')'));
    let between = remark.filter(|(whose, _)| whose.chars().count() <= 4).map_or(between, |(_, rest)| rest);
    matches!(between.trim_matches(' '), "、" | "/") && between.len() <= 5
}

/// Letters, an address, an amount or a date: the word is no account.
pub(super) fn goes_on(after: &str) -> bool {
    let mut signs = after.chars();
    match signs.next() {
        Some('.') => signs.next().is_some_and(|sign| sign.is_ascii_alphanumeric()),
        Some(sign) => {
            sign.is_ascii_alphanumeric()
                || matches!(
                    sign,
                    '@' | '=' | '_' | '-' | '元' | '块' | '年' | '月' | '人' | '个' | '万' | '%' | '天' | '位'
                )
                || sign == ':' && after.starts_with("://")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn told(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        (all.phones, all.wechat, all.qq)
    }

    fn check(text: &str, phones: &[&str], wechat: &[&str], qq: &[&str]) {
        let own = |list: &[&str]| list.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        assert_eq!(told(text), (own(phones), own(wechat), own(qq)), "{text}");
    }

    #[test]
    fn a_word_goes_for_the_whole_row() {
        check("微信：jia_01、jia_02（备用）", &[], &["jia_01", "jia_02"], &[]);
        check("客服QQ 30001234（早班）30001235", &[], &[], &["30001234", "30001235"]);
        check("微信1: jia_01 微信2: jia_02", &[], &["jia_01", "jia_02"], &[]);
        check("电话0571-85000123/85000124", &["057185000123", "057185000124"], &[], &[]);
        let two = ["13000001234", "13000001235"];
        check("微信 13000001234 / 13000001235", &two, &two, &[]);
    }

    #[test]
    fn what_is_made_otherwise_ends_the_row() {
        check("微信 jia_01 iphone15 出售", &[], &["jia_01"], &[]);
        check("QQ 300012345 2026-11-27", &[], &[], &["300012345"]);
        check("QQ 30001234、13000001234", &["13000001234"], &[], &["30001234"]);
        check("电话0571-85000123、2026年", &["057185000123"], &[], &[]);
    }

    #[test]
    fn a_letter_calls_only_by_itself() {
        check("咨询 V jia_01 或 Q1000200030", &[], &["jia_01"], &["1000200030"]);
        check("字段 verified_by 与 visa_demo28", &[], &[], &[]);
        check("model v abc_123, Q1指挥，seq1000200030", &[], &[], &[]);
    }

    #[test]
    fn names_and_amounts_are_no_accounts() {
        check("联系人：王薇 13000001234", &["13000001234"], &[], &[]);
        check("罚扣1000000元，扣300积分，客群3000000人", &[], &[], &[]);
        check("企业QQ：8000012345", &[], &[], &["8000012345"]);
        check("微信jia_01，QQ同微信名，电联13000001234", &["13000001234"], &["jia_01"], &[]);
    }
}
