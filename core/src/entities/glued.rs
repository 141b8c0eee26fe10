//! Contacts without a sign between: ids glued to the letters that call them (加Vjiade88, VXjiade88, 上岗证Vjiade88), and where one contact ends to which
//! the next one's word is glued (jia_01QQ:30001234).
//!
//! Letters glued to letters are mostly one word (加Visa, vlan_01): what is left of it has to begin like a name in pinyin, and behind a bare letter
//! somebody has to ask, or to speak of papers. Start at [`id`] and [`seam`].

use super::no_names::is_no_name;
use super::weigh::is_pinyin;
use super::words::{Says, said};
use super::{phones, series};
use crate::text::boundary_before;
use std::ops::Range;

/// Words that begin like a call and are none: of networks, programs, pictures.
const WORDS: [&str; 22] = [
    "vlan", "vlog", "vpn", "vps", "vnc", "vscode", "vmware", "vray", "vrchat", "vtuber", "vcd", "vga", "vcc", "vba",
    "vhf", "wxapp", "wxpay", "wxml", "wxss", "wxwork", "wxgzh", "wxmini",
];

/// The letters that call, right before an id.
const CALLS: [&str; 5] = ["v", "vx", "wx", "wechat", "weixin"];

/// Who writes these before a bare letter calls somebody to it, or speaks of papers.
const BEFORE: [&str; 22] = [
    "加", "佳", "+", "找", "联系", "咨询", "私", "滴", "问", "搜", "聊", "要", "证", "办理", "代办", "办", "复审",
    "年审", "报名", "可查", "包过", "价",
];

/// How far before the letters another thing's word is looked for, in bytes.
const NEAR: usize = 60;

/// The id glued to the letters that end at `from`; `called` where a word before them calls (加v).
pub(super) fn id(text: &str, from: usize, called: bool) -> Option<Range<usize>> {
    let before = text[..from].bytes().rev().take(24).take_while(u8::is_ascii_alphanumeric).count();
    let run = &text[from - before..from];
    let seam = |letters: &str| run.len() > letters.len() && is_seam(text, from - letters.len());
    let letters = *CALLS.iter().find(|letters| **letters == run || run.ends_with(**letters) && seam(letters))?;
    let start = from - letters.len();
    let called = called || letters != run;
    let at = from..from + series::word(text, from).len();
    let mut id = trimmed(text, at);
    // 加vxiaoli88: the x is the name's.
    if letters == "vx" || letters == "wx" {
        let wider = from - 1..id.end;
        if !begins_name(&text[id.clone()]) || !is_of_pinyin(&text[id.clone()]) && is_of_pinyin(&text[wider.clone()]) {
            id = wider;
        }
    }
    let (name, whole) = (&text[id.clone()], &text[start..id.end]);
    let stem = stem(whole);
    let word = WORDS.iter().any(|word| stem == *word || word.len() > 3 && stem.starts_with(word)) || is_no_name(name);
    let fits = (6..=20).contains(&name.len()) && begins_name(name) && !word && !ends_in_code(text, &id);
    let shaped =
        if called { series::is_odd(name) || is_of_pinyin(name) } else { series::is_odd(name) && is_of_pinyin(name) };
    (fits && shaped && (called || is_called(text, start..id.end, letters.len() == 1))).then_some(id)
}

fn trimmed(text: &str, at: Range<usize>) -> Range<usize> {
    at.start..at.start + text[at].trim_end_matches(['-', '_']).len()
}

/// The letters that a word begins with.
fn stem(word: &str) -> &str {
    &word[..word.bytes().take_while(u8::is_ascii_alphabetic).count()]
}

/// Whether a name may begin so behind a letter: v and a vowel begin words (video, volcano), unless all of it is pinyin.
fn begins_name(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b'i' | b'u') | None => false,
        Some(b'a' | b'e' | b'o') => is_pinyin(stem(name)),
        Some(first) => first.is_ascii_alphabetic(),
    }
}

/// Whether the letters are syllables, or initials, or both: laoli, dgz, dglaoli, laolizz.
pub(super) fn is_of_pinyin(name: &str) -> bool {
    const INITIALS: usize = 4;
    let stem = stem(name);
    let vowel = |byte: &u8| b"aeiou".contains(byte);
    let consonants = stem.bytes().take_while(|byte| !vowel(byte)).count();
    let behind = stem.bytes().rev().take_while(|byte| !vowel(byte)).count();
    consonants == stem.len() && stem.len() <= 6
        || (0..=consonants.min(INITIALS)).any(|first| {
            (0..=behind.min(INITIALS))
                .any(|last| first + last < stem.len() && is_pinyin(&stem[first..stem.len() - last]))
        })
}

/// An address, a file, a call of a program.
fn ends_in_code(text: &str, id: &Range<usize>) -> bool {
    let after = text[id.end..].trim_start_matches(['-', '_']);
    let cut = series::word(text, id.start).len() < series::run(text, id.start).len();
    !cut && series::goes_on(after)
        || after.starts_with(['(', '[', '{']) && after[1..].starts_with(|sign: char| sign.is_ascii())
}

/// Whether somebody asks to be added right before the letters, or speaks of papers in their line, and nothing else that has names is spoken of.
fn is_called(text: &str, whole: Range<usize>, bare: bool) -> bool {
    let line = text[boundary_before(text, whole.start.saturating_sub(NEAR))..whole.start]
        .rsplit('\n')
        .next()
        .unwrap_or_default();
    let other = said(line).iter().any(|said| said.says == Says::Other);
    let before = line.trim_end_matches(' ');
    let asked = BEFORE.iter().any(|word| before.ends_with(word));
    let opens = || before.is_empty() && !text[whole.end..].starts_with([':', ' ', '\n']) && whole.end < text.len();
    !other && (asked || !bare && opens())
}

/// How much of a word is one contact, where the next one's word is glued to it: jia_01qq:30001234, 30001234v:jia_01, jia_01tg@jia. `after` is what
/// stands behind the word.
pub(super) fn seam(word: &str, after: &str) -> usize {
    // Most words end long before, and need no look.
    if word.len() < 7 {
        return word.len();
    }
    let digits = |text: &str| text.bytes().take(12).take_while(u8::is_ascii_digit).count();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // What is left has to be an account by itself.
    let whole = |head: &str, sure: bool| {
        is_number(head) && head.len() >= 7
            || head.len() >= 6
                && head.starts_with(|sign: char| sign.is_ascii_alphabetic())
                && (sure || series::is_odd(head))
    };
    let colon = after.strip_prefix(':').map(|rest| rest.trim_start_matches(' '));
    for label in ["qq", "vx", "wx", "tg", "tel", "q", "v"] {
        let Some(head) = word.strip_suffix(label).filter(|head| whole(head, label == "qq")) else { continue };
        let number = after.trim_start_matches(['群', '号', ':']);
        let leads = match label {
            "qq" => number.len() < after.len() && (5..=11).contains(&digits(number)),
            "q" => colon.is_some_and(|rest| (7..=10).contains(&digits(rest))),
            "tel" => colon.is_some_and(|rest| digits(rest) >= 7),
            "tg" => {
                let name = after.strip_prefix('@').or(colon).map(|rest| rest.trim_start_matches('@'));
                name.is_some_and(|name| {
                    let length = name.bytes().take(33).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
                    length >= 5 && !name[length..].starts_with('.')
                })
            }
            _ => colon.is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_alphanumeric())),
        };
        if leads {
            return head.len();
        }
    }
    // jia_01qq30001234
    let tail = word.bytes().rev().take_while(u8::is_ascii_digit).count();
    for (label, least) in [("qq", 7), ("tel", 11)] {
        let head = word[..word.len() - tail].strip_suffix(label).filter(|head| tail >= least && whole(head, true));
        if let Some(head) = head.filter(|_| label == "qq" || phones::is_mobile(&word[word.len() - tail..])) {
            return head.len();
        }
    }
    // 30001234vjia_01
    let first = digits(word);
    let rest = &word[first..];
    let label = ["qq", "vx", "wx", "tg", "v"].iter().find(|label| rest.starts_with(**label));
    match label {
        Some(label) if (7..=11).contains(&first) && rest.len() >= label.len() + 6 => first,
        _ => word.len(),
    }
}

/// Whether a contact ends where a word for another begins.
pub(super) fn is_seam(text: &str, at: usize) -> bool {
    const LONGEST: usize = 24;
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let before = text[..at].bytes().rev().take(LONGEST + 1).take_while(part).count();
    before <= LONGEST && series::word(text, at - before).len() == before
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn check(text: &str, wechat: &[&str], qq: &[&str]) {
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        let own = |list: &[&str]| list.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        assert_eq!((all.wechat, all.qq), (own(wechat), own(qq)), "{text}");
    }

    #[test]
    fn an_id_may_be_glued_to_the_letters_that_call() {
        check("电工证复审加Vjiade6550", &["jiade6550"], &[]);
        check("有意＋Vdgjia_88", &["dgjia_88"], &[]);
        check("老板加Vxzhengde01", &["zhengde01"], &[]);
        check("老板加Vxiaode88", &["xiaode88"], &[]);
        check("VXhangde0571电焊证", &["hangde0571"], &[]);
        check("电工上岗证Vxiaode990 官网可查", &["xiaode990"], &[]);
    }

    #[test]
    fn words_begin_with_these_letters_too() {
        for text in [
            "加Visa卡 gold_2024 权益",
            "加Vlog拍摄 vlog_day01",
            "加volcano88 题库",
            "加VLAN_1001 到交换机",
            "加Vue3_admin 后台",
            "型号Vbaode88",
            "用户 wxlaode88 发表于 3 天前",
        ] {
            check(text, &[], &[]);
        }
    }

    #[test]
    fn one_contact_ends_where_the_next_ones_word_begins() {
        check("微信:jiade77kkQQ:300012377", &["jiade77kk"], &["300012377"]);
        check("V：jia_58QQ300045678电话13000004471", &["jia_58"], &["300045678"]);
        check("手机13000004473V:jia_66Q:300022119", &["jia_66"], &["300022119"]);
        check("微信jia_ban01扣扣300077123", &["jia_ban01"], &["300077123"]);
        check("Wechat/QQ：300055667", &["300055667"], &["300055667"]);
        check("微信 jia_faq01，编号 qq88", &["jia_faq01"], &[]);
    }
}
