//! Telegram names in folded text, behind a word for it (电报, TG, 纸飞机) or in a link.
//!
//! Aeroplanes and flights bear the same words: behind a Chinese one only a name with its @, a mark or an odd shape counts.
//! Start at [`after_word`].

use super::accounts::{dotted, name_after};
use super::cues::Cue;
use super::no_names::is_no_name;
use super::{Found, Kind, joined, series, spelt};

/// The name behind a word for Telegram, and those in a row with it.
pub(super) fn after_word(text: &str, from: usize, cue: Cue, phones: &[Found], found: &mut Vec<Found>) {
    let Some(name) = name_after(text, from) else {
        behind_words(text, from, phones, found);
        return;
    };
    let plain = name.word.bytes().all(|byte| byte.is_ascii_alphabetic());
    // 飞机 MU12345 is a flight: Chinese words want a mark.
    let latin = cue == Cue::TelegramLatin;
    // Tele:jia_01, ✈jia_01, 纸飞机jia_01: set apart by a sign, or by a word that no machine in the air has.
    let set_apart = name.at > from
        || text[..from].ends_with(|sign: char| !sign.is_alphanumeric())
        || text[..from].ends_with("纸飞机") && name.word.contains('_');
    let odd = !plain && set_apart && (latin || series::is_odd(name.word));
    if (name.addressed || (name.marked || odd) && (latin || !is_flight(name.word))) && !is_no_name(name.word) {
        let before = found.len();
        push(text, name.at, found);
        if let Some((.., at)) = found.get(before).cloned() {
            series::more(text, Kind::Telegram, at, phones, found);
        }
    } else if name.marked
        && let Some((id, end)) = spelt::id(text, name.at).filter(|(id, _)| series::is_odd(id))
    {
        // 飞机号：j i a _ 0 1
        found.push((Kind::Telegram, id, name.at..end));
    }
}

/// The name some words behind: 电报群主 @jia_01, 飞机找我 jia_01.
fn behind_words(text: &str, from: usize, phones: &[Found], found: &mut Vec<Found>) {
    const REACH: usize = 8;
    const LEADS: [&str; 10] = ["找", "联系", "客服", "私", "群主", "频道", "号", "搜", "加", ":"];
    let rest = &text[from..];
    let name = |sign: char| sign.is_ascii_alphanumeric() || sign == '@';
    let Some((gap, first)) = rest.char_indices().take(REACH + 1).find(|(_, sign)| name(*sign)) else { return };
    let between = &rest[..gap];
    if between.contains(['。', ',', '票', '班', '场'])
        || between.contains('\t') && first != '@'
        || between.bytes().filter(|byte| *byte == b'\n').count() > 1
    {
        return;
    }
    let at = from + gap + usize::from(first == '@');
    let word = series::word(text, at);
    let odd = || series::is_odd(word) && !is_flight(word) && LEADS.iter().any(|lead| between.contains(lead));
    if first == '@' || odd() {
        let before = found.len();
        push(text, at, found);
        if let Some((.., at)) = found.get(before).cloned() {
            series::more(text, Kind::Telegram, at, phones, found);
        }
    }
}

/// Where a word for Telegram begins whose two halves another sign parts, by its second half: 电🐤报.
pub(super) fn half(text: &str, second: usize) -> Option<usize> {
    let before = &text[..second];
    let sign =
        before.chars().next_back().filter(|sign| !sign.is_alphanumeric() && !matches!(sign, '。' | ',' | '\n'))?;
    before[..before.len() - sign.len_utf8()].strip_suffix('电').map(str::len)
}

/// Two signs of an airline or a type, a number, and of a type its make: mu5101, b737_800, a320neo.
pub(super) fn is_flight(word: &str) -> bool {
    let head = word.split(['_', '-']).next().unwrap_or(word);
    let letters = head.bytes().take_while(u8::is_ascii_alphabetic).count();
    let make = ["neo", "max", "xwb", "ceo", "er", "lr", "f"].iter().find(|make| head.ends_with(**make));
    let head = make.filter(|_| letters == 1).and_then(|make| head.strip_suffix(make)).unwrap_or(head);
    letters <= 2
        && (3..=5).contains(&head.len().saturating_sub(letters))
        && head[letters..].bytes().all(|byte| byte.is_ascii_digit())
}

/// Ends of what stands before the slash of a link to Telegram: t.me, t点me, telegram.dog, the /s of a channel's preview.
const HOSTS: [&str; 4] = ["me", "telegram.dog", "me/s", "dog/s"];

/// The name in a link, behind its host.
pub(super) fn in_link(text: &str, from: usize, found: &mut Vec<Found>) {
    // A channel's preview has /s/ before its name.
    let from = from + if text[from..].starts_with("s/") { 2 } else { 0 };
    let rest = &text[from..];
    if !["joinchat", "share", "addstickers", "proxy", "socks", "iv?"].iter().any(|word| rest.starts_with(word)) {
        push(text, from, found);
    }
}

/// The name in a link that is said in words, behind its host: t点me斜杠jia_01, t.me 后面加斜杠再加 jia_01.
pub(super) fn in_said_link(text: &str, from: usize, found: &mut Vec<Found>) {
    let Some(at) = past_slash(text, from) else { return };
    if let Some((id, end)) = joined::name(text, at) {
        found.push((Kind::Telegram, id, at..end));
        return;
    }
    in_link(text, at, found);
}

/// Where the name begins behind a slash that is drawn, or said.
fn past_slash(text: &str, from: usize) -> Option<usize> {
    const MOST: usize = 10;
    const SLASHES: [&str; 8] = ["反斜杠", "斜杠", "斜线", "斜杆", "slash", "/", "\\", "|"];
    const WORDS: [&str; 14] =
        ["后面", "后边", "然后", "再", "加", "上", "接", "跟", "一个", "个", "是", "输入", "打", "写"];
    let (mut at, mut slash) = (from, false);
    for _ in 0..MOST {
        let rest = &text[at..];
        if let Some(word) = SLASHES.iter().find(|word| rest.starts_with(**word)) {
            slash = true;
            at += word.len();
        } else if let Some(word) = WORDS.iter().find(|word| rest.starts_with(**word)) {
            at += word.len();
        } else {
            let sign = rest
                .chars()
                .next()
                .filter(|sign| matches!(sign, ' ' | ',' | ':' | '(' | ')' | '[' | ']' | '“' | '”' | '"'))?;
            at += sign.len_utf8();
        }
        if slash && text[at..].starts_with(|sign: char| sign.is_ascii_alphabetic()) && !text[at..].starts_with("slash")
        {
            return Some(at);
        }
    }
    None
}

/// Whether a name that begins here stands in a link, drawn or said.
pub(super) fn is_linked(text: &str, at: usize) -> bool {
    const FAR: usize = 24;
    let start = text[..at].char_indices().rev().take(FAR).last().map_or(at, |(start, _)| start);
    let before = &text[start..at];
    before.ends_with("domain=")
        || HOSTS.iter().any(|host| {
            before.match_indices(host).any(|(host_at, _)| {
                !before[..host_at].ends_with(|sign: char| sign.is_ascii_alphanumeric())
                    && past_slash(text, start + host_at + host.len()) == Some(at)
            })
        })
}

/// The names with their @ behind somebody's part (客服 @jia_01, 频道主 @jia_02), where the text speaks of Telegram anyway or is a channel's:
/// there nobody says each time where the name is to be sought. A name that nobody is called to is a bystander's.
pub(super) fn in_parts(text: &str, found: &mut Vec<Found>) {
    if !text.contains('@') || !(found.iter().any(|(kind, ..)| *kind == Kind::Telegram) || is_channel(text)) {
        return;
    }
    for (at, _) in text.match_indices('@') {
        let before = said_before(text, at);
        if PARTS.iter().any(|part| before.ends_with(part)) {
            push(text, at + 1, found);
        }
    }
}

/// Who is to be asked, or that one is to ask.
const PARTS: [&str; 27] = [
    "客服",
    "频道",
    "频道主",
    "群主",
    "管理",
    "管理员",
    "助理",
    "助手",
    "担保",
    "供需",
    "投诉",
    "双向",
    "机器人",
    "备用",
    "小号",
    "大号",
    "联系",
    "私聊",
    "咨询",
    "唯一",
    "下单",
    "对接",
    "老板",
    "唤我",
    "接单",
    "本人",
    "📩",
];

/// What stands before a name, without the signs that point at it and a remark in brackets: 客服(夜班): @jia_01.
fn said_before(text: &str, at: usize) -> &str {
    const REMARK: usize = 8;
    let pointing = [' ', ':', '-', '>', '👉', '☞', '➡', '→', '⇒', '▸'];
    let before = text[..at].trim_end_matches(pointing);
    let Some(inside) = before.strip_suffix(')') else { return before };
    let open = inside.char_indices().rev().take(REMARK).find(|(_, sign)| *sign == '(');
    open.map_or(before, |(open, _)| inside[..open].trim_end_matches(pointing))
}

/// Whether a text names prices in tether or what groups of traders are secured by, as hardly anybody does but channels.
pub(super) fn is_channel(text: &str) -> bool {
    let priced = || {
        text.match_indices('u').any(|(at, _)| {
            text[..at].ends_with(|sign: char| sign.is_ascii_digit())
                && !text[at + 1..].starts_with(|sign: char| sign.is_ascii_alphanumeric())
        })
    };
    ["usdt", "trc20", "trc-20", "泰达币", "上押", "公群", "双向机器人"].iter().any(|word| text.contains(word))
        || priced()
}

fn push(text: &str, at: usize, found: &mut Vec<Found>) {
    let length = text[at..].bytes().take(33).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let fits = (5..=32).contains(&length) && text.as_bytes()[at].is_ascii_alphabetic();
    if fits && !dotted(&text[at + length..]) && !text[at + length..].starts_with('@') {
        found.push((Kind::Telegram, text[at..at + length].to_owned(), at..at + length));
    }
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn check(text: &str, telegram: &[&str]) {
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        assert_eq!(all.telegram, telegram, "{text}");
    }

    #[test]
    fn names_stand_behind_their_word_and_in_rows() {
        check("电报群主 @jia_demo01", &["jia_demo01"]);
        check("飞机找我 jia_demo01", &["jia_demo01"]);
        check("电报 jia_demo01", &["jia_demo01"]);
        check("Tele：jia_demo01", &["jia_demo01"]);
        check("✈️jia_demo01", &["jia_demo01"]);
        check("纸飞机jia_demo01", &["jia_demo01"]);
        check("TG频道\t@jia_demo01", &["jia_demo01"]);
        check("TG：@jia_demo01 / @jia_demo02", &["jia_demo01", "jia_demo02"]);
        check("telegram 频道：@jia_demo01，客服 @jia_demo02", &["jia_demo01", "jia_demo02"]);
    }

    #[test]
    fn in_a_channel_names_stand_behind_somebodys_part() {
        check("电报频道 @jia_demo01\n客服:@jia_demo02\n担保 @jia_demo03", &["jia_demo01", "jia_demo02", "jia_demo03"]);
        check("电报频道 @jia_demo01\n谢谢 @yi_demo02 捧场", &["jia_demo01"]);
        check(
            "低压 35u，高压 40u\n老板：@jia_demo04\n客服（夜班）：@jia_demo05\n@everyone 放假",
            &["jia_demo04", "jia_demo05"],
        );
        check("收 USDT\n📩 @jia_demo06", &["jia_demo06"]);
        check("客服 @jia_demo02 在微博回了我", &[]);
        check("机柜 42U1 台，客服 @jia_demo07", &[]);
    }

    #[test]
    fn flights_and_types_are_no_names() {
        for text in
            ["乘飞机：MU5101_A 登机口", "飞机 B737_800", "飞机票找 CA12345", "飞机模型 A320_200", "电报大楼 abc_1234"]
        {
            check(text, &[]);
        }
    }
}
