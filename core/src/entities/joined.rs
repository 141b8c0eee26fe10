//! Names of which a text gives one piece after the other: jia加_01, j i a /下划线/ 0 1, 【jia】+【_01】, jia（第一段）_01（第二段）.
//!
//! Between two pieces nothing may stand but what people say to join them. Signs that stand one by one must all be set apart alike.
//! Start at [`name`].

use super::spelt::TOGETHER;
use super::{phones, series};

/// The longest name of Telegram.
const LONGEST: usize = 32;

/// What people say for a line in a name that knows but one.
const LINES: [&str; 15] = [
    "下划线",
    "下横线",
    "底划线",
    "底线",
    "底杠",
    "下杠",
    "短横线",
    "小横杠",
    "短横",
    "短杠",
    "横杠",
    "横线",
    "杠",
    "划线",
    "underscore",
];

/// What joins two pieces.
const JOINS: [&str; 20] = [
    "加",
    "再",
    "接",
    "跟",
    "后面",
    "后边",
    "后头",
    "然后",
    "中间",
    "最后",
    "结尾",
    "末尾",
    "尾巴",
    "下一行",
    "换行",
    "第二段",
    "第三段",
    "第四段",
    "连",
    "尾数",
];

/// What may stand between them as well, and joins nothing.
const FILLS: [&str; 24] = [
    "一个", "两个", "三个", "四个", "五个", "六个", "字母", "数字", "英文", "小写", "大写", "空格", "拼音", "是", "上",
    "着", "个", "一条", "位", "去", "来", "四位", "三位", "两位",
];

/// Latin words that begin something else.
const OTHERS: [&str; 14] =
    ["tg", "telegram", "tele", "vx", "wx", "qq", "v", "q", "id", "tel", "wechat", "weixin", "whatsapp", "line"];

/// What is said of a separator that is no part of the name.
const LEFT_OUT: [&str; 6] = ["去掉", "去除", "删掉", "忽略", "不要", "不算"];

/// The word of letters, digits and _ that begins here.
fn piece(text: &str, at: usize) -> &str {
    let length = text[at..].bytes().take(LONGEST + 1).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    &text[at..at + length]
}

/// What stands between two pieces.
#[derive(Default)]
struct Gap {
    end: usize,
    /// How many lines were said.
    said: usize,
    /// Words or a plus join what stands around.
    joins: bool,
    /// A remark in brackets stands there, or one piece's bracket ends and the next one's begins.
    remark: bool,
    lines: usize,
    /// Nothing but this sign.
    sign: Option<char>,
}

fn gap(text: &str, from: usize) -> Gap {
    const MOST: usize = 12;
    let mut gap = Gap { end: from, ..Gap::default() };
    let (mut closed, mut tokens) = (false, 0);
    while tokens < MOST {
        tokens += 1;
        let rest = &text[gap.end..];
        let starts = |words: &[&str]| words.iter().find(|word| rest.starts_with(**word)).map(|word| word.len());
        if let Some(length) = starts(&LINES) {
            gap.said += if text[..gap.end].ends_with("两个") { 2 } else { 1 };
            gap.end += length;
            gap.joins = true;
            continue;
        }
        if let Some(length) = starts(&JOINS) {
            gap.end += length;
            gap.joins = true;
            continue;
        }
        if let Some(length) = starts(&FILLS) {
            gap.end += length;
            continue;
        }
        if let Some((length, joins)) = remark(rest) {
            gap.end += length;
            gap.remark = true;
            gap.joins |= joins;
            continue;
        }
        let Some(sign) = rest.chars().next() else { break };
        match sign {
            '\n' => gap.lines += 1,
            '+' | '➕' | '➜' => gap.joins = true,
            '】' | '」' | '”' | ']' => closed = true,
            '【' | '「' | '“' | '[' => gap.remark |= closed,
            ' ' | '\t' | ',' | '、' | ':' | ';' | '.' | '·' | '•' | '*' | '~' | '丨' | '|' | '/' | '-' | '"' | '\''
            | '(' | ')' | '👉' | '👇' | '➡' | '→' | '…' => {}
            _ => break,
        }
        gap.end += sign.len_utf8();
    }
    let between = text[from..gap.end].trim_matches(' ');
    gap.sign = between.chars().next().filter(|sign| sign.len_utf8() == between.len());
    if between.is_empty() && gap.end > from {
        gap.sign = Some(' ');
    }
    gap
}

/// A remark in brackets: its length, and whether it says that more is to come or which piece this is.
fn remark(text: &str) -> Option<(usize, bool)> {
    const REMARK: usize = 8;
    let inside = text.strip_prefix('(')?;
    let (close, _) = inside.char_indices().take(REMARK + 1).find(|(_, sign)| *sign == ')')?;
    let words = &inside[..close];
    let said = !words.is_empty() && words.chars().all(|sign| !sign.is_ascii()) && !LINES.contains(&words);
    let orders = words.starts_with('第') || words.contains("接") || words.contains("下一行");
    said.then_some((close + 2, orders))
}

/// The name whose first piece begins here, and its end.
pub(super) fn name(text: &str, from: usize) -> Option<(String, usize)> {
    let mut id = piece(text, from).to_owned();
    let mut end = from + id.len();
    let mut last = id.len();
    if id.is_empty() || last > 1 && OTHERS.contains(&id.as_str()) {
        return None;
    }
    // Which sign sets single signs apart; whether pieces of several signs are set apart by it.
    let (mut apart, mut loose) = (None, false);
    let (mut joined, mut singles) = (0, usize::from(last == 1));
    while id.len() <= LONGEST {
        let gap = gap(text, end);
        let next = piece(text, gap.end);
        // Whoever has given a whole name goes on with something else where that is whole as well.
        let whole = id.len() >= 5 && series::is_odd(&id);
        let other = OTHERS.contains(&next) && !(last == 1 && next.len() == 1)
            || phones::is_mobile(next)
            || next.starts_with(&id)
            || whole && next.len() >= 5 && !next.starts_with('_')
            || id.len() + next.len() + gap.said > LONGEST;
        if next.is_empty() || gap.end == end || gap.lines > 1 || other {
            break;
        }
        let continues = next.starts_with('_') && (gap.lines == 1 || gap.remark);
        let alike = gap.sign.filter(|sign| sets_apart(*sign)).is_some_and(|sign| {
            apart.is_none_or(|apart| apart == sign) && (sign != '\n' || last == 1 && next.len() == 1)
        });
        if gap.joins && (gap.lines == 0 || gap.remark || gap.said > 0 || continues) || continues || gap.remark && !whole
        {
            joined += 1;
        } else if alike && last == 1 && (next.len() == 1 || next.len() <= 4 && is_tail(next)) {
            apart = gap.sign;
        } else if alike && gap.sign != Some(',') && gap.sign != Some('、') {
            loose = true;
            apart = gap.sign;
        } else {
            break;
        }
        // 下划线 may only explain the line that stands there.
        if !(id.ends_with('_') || next.starts_with('_')) {
            id.extend(std::iter::repeat_n('_', gap.said));
        }
        id.push_str(next);
        (end, last) = (gap.end + next.len(), next.len());
        singles += usize::from(last == 1);
    }
    let together = if loose { is_told_to_join(&text[end..]) } else { joined > 0 || singles >= 5 };
    let after = &text[end..];
    let measures = ['个', '位', '元', '块', '年', '月', '人', '楼', '%', '号'];
    let goes_on = after.starts_with(|sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '@'))
        || text[..end].ends_with(|sign: char| sign.is_ascii_digit())
            && after.trim_start_matches(' ').starts_with(measures);
    let fits = (5..=LONGEST).contains(&id.len()) && id.starts_with(|sign: char| sign.is_ascii_alphabetic());
    (together && fits && !goes_on).then_some((id, end))
}

/// What people set between the signs and the pieces of a name.
fn sets_apart(sign: char) -> bool {
    matches!(sign, ' ' | '\n' | '-' | '.' | '·' | '•' | '*' | '~' | '丨' | '|' | '/' | ',' | '、' | '+')
}

/// Digits, or what begins with a line: the end of a name whose letters stand one by one.
fn is_tail(piece: &str) -> bool {
    piece.starts_with('_') || piece.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether what follows says that the pieces are one, or that what parts them is to be left out.
fn is_told_to_join(after: &str) -> bool {
    const NEAR: usize = 14;
    let line = after.trim_start_matches(['\n', ' ']);
    line.char_indices()
        .take(NEAR)
        .take_while(|(_, sign)| *sign != '\n')
        .any(|(at, _)| TOGETHER.iter().chain(&LEFT_OUT).any(|word| line[at..].starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: Option<&str>) {
        let folded = crate::text::fold(text);
        assert_eq!(name(folded.as_str(), 0).map(|(id, _)| id).as_deref(), wanted, "{text}");
    }

    #[test]
    fn pieces_are_joined_by_what_people_say() {
        check("jiade加_01", Some("jiade_01"));
        check("jia，中间一个下划线，后面是0101", Some("jia_0101"));
        check("jia 后面两个下划线再加 demo", Some("jia__demo"));
        check("jia】+【_demo01】。", Some("jia_demo01"));
        check("jia（第一段）demo（第二段）_01（第三段）", Some("jiademo_01"));
        check("jia（甲）de（得）_01。", Some("jiade_01"));
        check("jia\n_demo\n_01\n三行", Some("jia_demo_01"));
        check("jia_（下划线）demo01", Some("jia_demo01"));
    }

    #[test]
    fn signs_may_stand_one_by_one() {
        check("j i a d e /下划线/ 0 1 0 1", Some("jiade_0101"));
        check("j、i、a、d、e，一个下划线，再四个数字：0101。", Some("jiade_0101"));
        check("J+I+A+_+0+1", Some("jia_01"));
        check("j.i.a.d.e.0.1，点不要", Some("jiade01"));
        check("j i a d e 0101", Some("jiade0101"));
        check("jia*demo*01（星号去掉）", Some("jiademo01"));
    }

    #[test]
    fn what_is_whole_is_followed_by_other_things() {
        check("jia_demo01 加微信 yi_demo02", None);
        check("jia_demo01 加 yi_demo02", None);
        check("jia_demo01 后面 2 个", None);
        check("jia_demo01, yi_demo02", None);
        check("jia*demo*01", None);
        check("jia demo 01 hello", None);
        check("model ship 1912", None);
        check("a b c", None);
        check("tg 后面 jia_demo01", None);
    }
}
