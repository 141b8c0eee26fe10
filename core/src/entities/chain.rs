//! Ids that a sentence builds up piece by piece: jia 下划线 01; 字母 jia 打头，接着是数字 88，末尾再来一个 k; z、h、a、o，然后 6、6; jia 再加电话后四位.
//!
//! Between two pieces stands nothing but words that lead from one to the next, and one of them says that more comes. Start at
//! [`read`].

use super::{phones, series};
use crate::text::{boundary_before, chinese_digit};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What a word between two pieces does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A sign of the id.
    Line(char),
    /// More comes.
    More,
    /// Digits come behind letters.
    Digits,
    /// Nothing of its own.
    Fills,
    /// Signs are told one by one.
    Apart,
    /// The last digits of the telephone number are the piece: so many.
    Tail(usize),
}

/// Words by what they do, set apart by |.
const WORDS: &[(Says, &str)] = &[
    (Says::Line('_'), "下划线|下横线|底划线|底线|底杠|下杠"),
    (Says::Line('-'), "中划线|短横线|小横杠|短横|短杠|横杠|横线|减号|中杠|连字符|杠|横"),
    (
        Says::More,
        "然后|接着|紧接着|后面跟|后面加|后面接|后面添|后面是|后面再|后面|后头|后边|后接|后跟|后添|后加|再接|再加上|再跟|再来|再添|再打|再是|\
         末尾|最后|尾巴|中间夹|中间加|中间|紧跟|跟着|跟上|图二|图2|第二张|第二段|后半截|后半段|连上|接上|加上|补上|添上|拼上|接一个|续上",
    ),
    (Says::Digits, ",数字|加数字|+数字|再加|加|接|跟|数字|添|+"),
    (
        Says::Fills,
        "一|一个|一条|一道|这个|那个|两个|三个|四个|几个|字母|单词|英文|拼音|全拼|开头|打头|起头|先打出来|先打|写着|写的是|阿拉伯|答:|生日|区号|年份|\
         出生年|邮编|门牌|大写|小写|全小写|就是|是|为|的|了|它|字|位|我|手机号|手机|电话号|电话|号码|尾数",
    ),
    (Says::Apart, "空格|顿号"),
    (Says::Tail(4), "后四位|后4位|末四位|尾号四位|最后四位|尾号"),
    (Says::Tail(6), "后六位|后6位|末六位|最后六位"),
];

/// Signs that may stand between two pieces. A comma ends what is told one by one nowhere, and everything else unless more is said to come.
fn is_sign(sign: char) -> bool {
    matches!(sign, ' ' | '\n' | ',' | '、' | ':' | '“' | '”' | '"' | '「' | '」' | '【' | '】' | '[' | ']' | '·' | '…')
}

/// So many signs stand between two pieces at most, and so long a remark in brackets.
const GAP: usize = 20;
const REMARK: usize = 14;

/// How far before the words for its last digits a telephone number may stand, in bytes.
const PHONE: usize = 400;

/// What stands between one piece and the next.
#[derive(Default)]
struct Between {
    lines: String,
    more: bool,
    digits: bool,
    apart: bool,
    comma: bool,
    quoted: bool,
    tail: usize,
    end: usize,
}

/// The words by their first sign: most signs begin none, and each word of an English text is asked for what follows it.
static BY_SIGN: LazyLock<FxHashMap<char, Vec<(Says, &str)>>> = LazyLock::new(|| {
    let mut by_sign: FxHashMap<char, Vec<_>> = FxHashMap::default();
    let all = WORDS.iter().flat_map(|(says, words)| words.split('|').map(move |word| (*says, word)));
    for (says, word) in all {
        word.chars().take(1).for_each(|sign| by_sign.entry(sign).or_default().push((says, word)));
    }
    by_sign
});

/// The word that stands here: the longest.
fn word_at(rest: &str) -> Option<(Says, usize)> {
    let words = BY_SIGN.get(&rest.chars().next()?)?;
    words
        .iter()
        .filter(|(_, word)| rest.starts_with(word))
        .map(|(says, word)| (*says, word.len()))
        .max_by_key(|(_, length)| *length)
}

fn between(text: &str, from: usize) -> Option<Between> {
    let mut told = Between { end: from, ..Between::default() };
    while text[from..told.end].chars().count() <= GAP {
        let rest = &text[told.end..];
        let sign = rest.chars().next()?;
        if sign == '(' {
            // (接上一行), (减号), (没有空格): the line in brackets is the one told already.
            let (close, _) = rest.char_indices().take(REMARK).find(|(_, sign)| *sign == ')')?;
            let remark = &rest[1..close];
            if remark.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
                return Some(told);
            }
            match word_at(remark) {
                Some((Says::Line(line), _)) if told.lines.is_empty() => told.lines.push(line),
                Some((Says::More | Says::Digits, _)) => told.more = true,
                _ => {}
            }
            told.end += close + 1;
        } else if is_sign(sign) {
            told.comma |= matches!(sign, ',' | '\n');
            told.apart |= sign == '、';
            told.quoted |= matches!(sign, '“' | '”' | '"' | '「' | '」' | '【' | '】' | '[' | ']');
            told.end += sign.len_utf8();
        } else if repeated(rest).is_some() {
            return Some(told);
        } else if let Some((says, length)) = (!sign.is_ascii() || sign == '+').then(|| word_at(rest)).flatten() {
            match says {
                Says::Line(line) => told.lines.push(line),
                Says::More => told.more = true,
                Says::Digits => told.digits = true,
                Says::Apart => told.apart = true,
                Says::Tail(digits) => told.tail = digits,
                Says::Fills => {}
            }
            told.end += length;
            if told.tail > 0 {
                return Some(told);
            }
        } else {
            return Some(told);
        }
    }
    None
}

/// 三个八: a digit so many times, and the length of its words.
fn repeated(rest: &str) -> Option<(String, usize)> {
    let mut signs = rest.chars();
    let times =
        signs.next().filter(|sign| !sign.is_ascii()).and_then(chinese_digit).filter(|times| (2..=6).contains(times))?;
    if signs.next()? != '个' {
        return None;
    }
    let start = rest.len() - signs.as_str().trim_start_matches(' ').len();
    let sign = rest[start..].chars().next()?;
    let digit = sign.to_digit(10).map(|digit| digit as u8).or_else(|| chinese_digit(sign))?;
    let end = start + sign.len_utf8();
    let alone = !rest[end..].starts_with(|sign: char| sign.is_ascii_alphanumeric() || "位个字十百".contains(sign));
    alone.then(|| (char::from(b'0' + digit).to_string().repeat(usize::from(times)), end))
}

/// The last digits of the nearest telephone number before.
fn tail(text: &str, from: usize, digits: usize) -> Option<String> {
    let near = &text[boundary_before(text, from.saturating_sub(PHONE))..from];
    let numbers = near.rsplit(|sign: char| !sign.is_ascii_digit());
    let number = numbers.take(16).find(|number| phones::is_mobile(number))?;
    Some(number[number.len() - digits..].to_owned())
}

/// What may be a piece and names another account.
fn is_other(piece: &str) -> bool {
    matches!(piece, "qq" | "q" | "vx" | "wx" | "v" | "tg" | "tel" | "wechat" | "weixin" | "telegram")
        || phones::is_mobile(piece)
        || series::is_labelled(piece)
}

/// An id told in pieces that begins here, and its end.
pub(super) fn read(text: &str, from: usize) -> Option<(String, usize)> {
    let first = series::word(text, from);
    let mut id = first.to_owned();
    let (mut end, mut pieces, mut told) = (from + first.len(), 1, false);
    let mut single = first.len() == 1;
    if let Some(struck) = struck_out(text, first, end) {
        return Some((struck, end));
    }
    while (1..=20).contains(&id.len()) {
        let Some(between) = between(text, end) else { break };
        let rest = &text[between.end..];
        let piece = if between.tail > 0 {
            tail(text, from, between.tail).map(|digits| (digits, 0))
        } else {
            repeated(rest).or_else(|| {
                let piece = series::word(text, between.end);
                (!piece.is_empty() && !is_other(piece)).then(|| (piece.to_owned(), piece.len()))
            })
        };
        let Some((piece, length)) = piece else { break };
        let letters = id.bytes().all(|byte| byte.is_ascii_alphabetic());
        let counted = piece.bytes().all(|byte| byte.is_ascii_digit()) && (2..=8).contains(&piece.len());
        // Behind an id that is whole already 然后 and 最后 lead to something else.
        let whole =
            pieces == 1 && id.len() >= 6 && id.bytes().any(|byte| byte.is_ascii_digit()) && !between.quoted && !single;
        let one_by_one = single && piece.len() == 1 && (between.apart || between.quoted);
        let joined = !between.lines.is_empty()
            || between.more && !(whole && between.comma)
            || between.tail > 0
            || between.digits && letters && counted
            || one_by_one;
        let after = rest[length..].trim_start_matches(' ');
        if !joined || between.end == end && between.tail == 0 || ends_otherwise(&rest[length..], after) {
            break;
        }
        told |= between.more || between.tail > 0 || between.digits || !between.lines.is_empty();
        id.push_str(&between.lines);
        id.push_str(&piece);
        end = between.end + length;
        single = piece.len() == 1;
        pieces += 1;
    }
    let fits = (6..=20).contains(&id.len()) && id.starts_with(|sign: char| sign.is_ascii_alphabetic());
    (pieces >= 2 && fits && (told || pieces >= 6)).then_some((id, end))
}

/// Whether what stands behind a piece makes something else of it: an amount, an address.
fn ends_otherwise(behind: &str, after: &str) -> bool {
    behind.starts_with(|sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '@' | '='))
        || after.starts_with(['元', '块', '年', '月', '人', '万', '%', '天', '楼', '室', '路', '点', '张'])
}

/// g_a_o_8_8(下划线不要): the lines between single signs are none of the id.
fn struck_out(text: &str, word: &str, end: usize) -> Option<String> {
    const LEAST: usize = 5;
    let line = word[1.min(word.len())..].chars().next().filter(|sign| matches!(sign, '_' | '-'))?;
    let pieces = word.split(line);
    if pieces.clone().count() < LEAST || !pieces.clone().all(|piece| piece.len() == 1) {
        return None;
    }
    let remark = &text[end..text[end..].char_indices().nth(REMARK).map_or(text.len(), |(at, _)| end + at)];
    let told = ["不要", "去掉", "不用", "忽略", "删掉", "去了", "不打"].iter().any(|word| remark.contains(word));
    told.then(|| pieces.collect())
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn ids(text: &str) -> Vec<String> {
        contacts(&in_text(text, &crate::text::fold(text))).wechat
    }

    #[test]
    fn a_sentence_builds_up_an_id() {
        assert_eq!(ids("微信号很好记：前面是jiademo，后面跟88两个数字"), ["jiademo88"]);
        assert_eq!(ids("微信是店名的全拼 jiademo，然后一条下划线，最后是 2019"), ["jiademo_2019"]);
        assert_eq!(ids("加我微信：字母 jia 打头，接着是数字 7703，末尾再来一个字母 k"), ["jia7703k"]);
        assert_eq!(ids("VX开头三个字母 jia，中间一横（减号），后头 tools 这个单词"), ["jia-tools"]);
        assert_eq!(ids("电话 13000002216，微信不是手机号，是 jiad 再加上这个电话的后四位"), ["jiad2216"]);
        assert_eq!(ids("我有他微信，就是他名字 jiademo 后面添 66，全是小写"), ["jiademo66"]);
    }

    #[test]
    fn signs_are_told_one_by_one() {
        assert_eq!(ids("微信是 j、i、a、d，然后 6、6、0、1，没有大写"), ["jiad6601"]);
        assert_eq!(ids("微信：j 空格 i 空格 a 空格 d 空格 5 空格 8"), ["jiad58"]);
        assert_eq!(ids("微信号：“j”，“i”，“a”，接着三个八，然后是“t”“y”"), ["jia888ty"]);
        assert_eq!(ids("加微信 j_i_a_d_8_8（下划线不要）"), ["jiad88"]);
    }

    #[test]
    fn what_follows_an_id_is_not_always_a_piece_of_it() {
        assert_eq!(ids("微信 jia_demo01，然后 3 天内回复"), ["jia_demo01"]);
        assert_eq!(ids("微信 jia_demo01，最后 2026 年的名额"), ["jia_demo01"]);
        assert_eq!(ids("微信：jiademo，加 13000001234 也行"), ["jiademo"]);
        assert_eq!(ids("微信 jiademo，然后 QQ 30001234"), ["jiademo"]);
        assert_eq!(ids("步骤：先打开 config，然后 setup01，最后 run"), [""; 0]);
    }
}
