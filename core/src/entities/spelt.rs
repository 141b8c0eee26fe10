//! Accounts that are written sign by sign (微信 j i a _ 0 1, QQ 2 6 0 0 …) or backwards (倒过来念).
//!
//! Signs must all be set apart by the same separator, so that sentences and lists are none. Start at [`id`].

use super::{Found, Kind, glued, phones, series};
use std::ops::Range;

/// An id whose signs are set apart one by one, and its end: j i a _ 0 1, j-i-a-_-0-1.
pub(super) fn id(text: &str, from: usize) -> Option<(String, usize)> {
    let sign_at = |at: usize| {
        text.as_bytes().get(at).copied().filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').map(char::from)
    };
    let separator = text.get(from + 1..)?.chars().next().filter(|sign| {
        matches!(sign, ' ' | '-' | '.' | '·' | '•' | '*' | '~' | '丨' | '|' | '/' | ',' | '、' | '+' | '\n')
    })?;
    let step = 1 + separator.len_utf8();
    let mut id = sign_at(from)?.to_string();
    let mut at = from;
    while id.len() <= 20 && text[at + 1..].starts_with(separator) {
        let Some(sign) = sign_at(at + step) else { break };
        id.push(sign);
        at += step;
    }
    let end = at + 1;
    let goes_on = text[end..].starts_with(|sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-' | '@'));
    ((6..=20).contains(&id.len()) && id.starts_with(|sign: char| sign.is_ascii_alphabetic()) && !goes_on)
        .then_some((id, end))
}

/// An id whose last signs stand in brackets one by one, and its end: jia【2】【0】【2】【6】. One or two are remarks.
pub(super) fn bracketed(text: &str, from: usize) -> Option<(String, usize)> {
    const LEAST: usize = 3;
    let mut id = series::word(text, from).to_owned();
    let (mut end, mut pieces) = (from + id.len(), 0);
    while id.len() <= 20
        && let Some(inside) = text[end..].strip_prefix('【')
        && let Some(sign) = inside.chars().next().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '_')
        && inside[1..].starts_with('】')
    {
        id.push(sign);
        end += "【】".len() + 1;
        pieces += 1;
    }
    let goes_on = text[end..].starts_with(|sign: char| sign.is_ascii_alphanumeric() || sign == '【');
    let fits = (6..=20).contains(&id.len()) && id.starts_with(|sign: char| sign.is_ascii_alphabetic());
    (pieces >= LEAST && fits && !goes_on).then_some((id, end))
}

/// What people say of an id whose pieces stand apart.
pub(super) const TOGETHER: [&str; 15] = [
    "连写",
    "空格",
    "连起来",
    "连着",
    "连在一",
    "连一起",
    "合起来",
    "拼起来",
    "拼一起",
    "拼在一",
    "组合",
    "合在一",
    "竖着",
    "一列",
    "一排",
];

/// An id whose pieces stand apart, with words behind it that say so, and its end: jia demo 01（去空格）, jia⏎_⏎01（竖着看连着打）; or
/// quoted one by one and added up: 「jia」加上「01」.
pub(super) fn pieces(text: &str, from: usize) -> Option<(String, usize)> {
    const NEAR: usize = 12;
    const GAP: usize = 12;
    let mut id = series::word(text, from).to_owned();
    let mut end = from + id.len();
    let first = end;
    let mut added = true;
    while id.len() <= 20 {
        let rest = text[end..].trim_start_matches(|sign: char| {
            matches!(
                sign,
                ' ' | '\n'
                    | '+'
                    | '👉'
                    | '👇'
                    | '➡'
                    | '→'
                    | '·'
                    | '\u{FE0F}'
                    | '「'
                    | '」'
                    | '“'
                    | '”'
                    | '"'
                    | '加'
                    | '上'
            )
        });
        let at = text.len() - rest.len();
        let next = series::word(text, at);
        if next.is_empty() || at == end || at - end > GAP || phones::is_mobile(next) || series::is_labelled(next) {
            break;
        }
        let between = &text[end..at];
        added &= between.contains(['+', '加']) && between.contains(['「', '“', '"']);
        id.push_str(next);
        end = at + next.len();
    }
    let note = text[end..].trim_start_matches([' ', ',', '\n', '(']);
    let told = !note.starts_with(|sign: char| sign.is_ascii())
        && note.char_indices().take(NEAR).any(|(at, _)| TOGETHER.iter().any(|word| note[at..].starts_with(word)));
    (end > first && (told || added) && (6..=20).contains(&id.len()) && series::is_odd(&id)).then_some((id, end))
}

/// An id behind its word whose letters and digits stand apart by one blank each, and its end: dgz 88 kk. Prices have three digits: dg 650 hg 700.
pub(super) fn by_blanks(text: &str, from: usize) -> Option<(String, usize)> {
    const LONGEST: usize = 5;
    const OTHERS: [&str; 27] = [
        "pro", "max", "mini", "win", "mac", "pc", "os", "app", "vip", "api", "sdk", "id", "no", "tel", "tg", "qq",
        "wx", "vx", "v", "q", "nfc", "gps", "web", "pdf", "ppt", "tv", "hd",
    ];
    let (mut id, mut end, mut pieces, mut digits) = (String::new(), from, 0, 0);
    loop {
        let piece = series::run(text, end);
        let letters = piece.bytes().all(|byte| byte.is_ascii_alphabetic());
        let number = piece.bytes().all(|byte| byte.is_ascii_digit());
        let fits = if letters {
            piece.len() <= LONGEST && !OTHERS.contains(&piece) && glued::is_of_pinyin(piece)
        } else {
            number && pieces > 0 && matches!(piece.len(), 2 | 4)
        };
        if piece.is_empty() || !fits {
            return None;
        }
        id.push_str(piece);
        end += piece.len();
        pieces += 1;
        digits += usize::from(number);
        let next = text[end..]
            .strip_prefix(' ')
            .is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_alphanumeric()));
        if !next {
            break;
        }
        end += 1;
    }
    let after = text[end..].trim_start_matches(' ');
    let counted = after.starts_with([
        '元', '块', '年', '月', '日', '人', '个', '万', '%', '天', '位', '级', '版', '期', '号', '楼', '栋', '套', '-',
        '.', '@',
    ]);
    (pieces >= 3 && digits > 0 && !counted && (6..=14).contains(&id.len())).then_some((id, end))
}

/// An id of which lines of their own hold the rest, and its end: jia⏎_01.
pub(super) fn over_lines(text: &str, from: usize) -> Option<(String, usize)> {
    let first = series::word(text, from);
    let (mut id, mut end) = (first.to_owned(), from + first.len());
    while let Some(rest) =
        text[end..].trim_start_matches(' ').strip_prefix('\n').map(|rest| rest.trim_start_matches(' '))
        && rest.starts_with(['_', '-'])
        && id.len() <= 20
    {
        let at = text.len() - rest.len();
        let next = series::word(text, at);
        if next.trim_matches(['_', '-']).is_empty() {
            break;
        }
        id.push_str(next);
        end = at + next.len();
    }
    let whole = text[end..].trim_start_matches(' ').chars().next().is_none_or(|sign| !sign.is_ascii_alphanumeric());
    (id.len() > first.len() && (6..=20).contains(&id.len()) && series::is_odd(&id) && whole).then_some((id, end))
}

/// Digits in a row, or set apart: 1 2 3 4 5 6, or in three groups and more, 2600 0004 27.
pub(super) fn digits(text: &str, from: usize) -> (String, usize) {
    let bytes = text.as_bytes();
    let run =
        |at: usize| bytes.get(at..).unwrap_or(&[]).iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    let first = run(from);
    let plain = (text[from..from + first].to_owned(), from + first);
    let Some(separator) = text[plain.1..].chars().next().filter(|sign| sets_apart(*sign)) else { return plain };
    if let Some(halves) = halves(text, from, first) {
        return halves;
    }
    if !(1..=4).contains(&first) {
        return plain;
    }
    let ((mut digits, mut end), mut groups) = (plain.clone(), 1);
    // One by one, or in groups of any size: 1000 0 0772.
    let single = first == 1 && run(plain.1 + separator.len_utf8()) == 1;
    while digits.len() < 12 && text[end..].starts_with(separator) {
        let start = end + separator.len_utf8();
        let length = run(start);
        if length == 0 || single && length > 1 || length > 4 {
            break;
        }
        digits.push_str(&text[start..start + length]);
        end = start + length;
        groups += 1;
    }
    // 2026-11-27 has eight digits as well.
    let date = first == 4 && groups == 3 && digits.len() <= 8;
    let grouped = groups >= 3 && (8..=10).contains(&digits.len()) && !date && !series::goes_on(&text[end..]);
    if single || grouped { (digits, end) } else { plain }
}

/// Eight to ten digits with one blank in the middle: 27900 00381. A year, an amount, the area code of a telephone or a third group
/// behind the blank is a number of its own.
fn halves(text: &str, from: usize, first: usize) -> Option<(String, usize)> {
    let second = text[from + first..].strip_prefix(' ')?;
    let length = second.bytes().take(8).take_while(u8::is_ascii_digit).count();
    let (digits, after) = second.split_at(length);
    let year = length == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    let goes_on = series::goes_on(after)
        || after.starts_with(['/', ':', '次', '家', '级', '~', '—', '–'])
        || after
            .trim_start_matches(' ')
            .starts_with(|sign: char| sign.is_ascii_digit() || matches!(sign, '元' | '块' | '年' | '人' | '-'));
    let years = |digits: &str| digits.starts_with("19") || digits.starts_with("20");
    let fits = matches!((first, length), (4, 5 | 6) | (5, 4 | 5) | (6, 4))
        || (first, length) == (4, 4) && !years(&text[from..from + first]);
    (fits && !digits.starts_with("05") && !year && !goes_on)
        .then(|| (format!("{}{digits}", &text[from..from + first]), from + first + 1 + length))
}

/// What people set between the signs of a number.
fn sets_apart(sign: char) -> bool {
    matches!(sign, ' ' | '-' | '.' | '·' | '•' | '*' | '~' | '丨' | '|' | '_')
}

/// Digits set apart one by one that end at `end`, and where they begin: the name of an address.
pub(super) fn before(text: &str, end: usize) -> Option<(usize, String)> {
    const LEAST: usize = 5;
    let digit_before = |at: usize| text.as_bytes()[at.checked_sub(1)?].is_ascii_digit().then(|| at - 1);
    let mut at = digit_before(end)?;
    let separator = text[..at].chars().next_back().filter(|sign| sets_apart(*sign))?;
    let mut digits = text[at..end].to_owned();
    while let Some(next) = text[..at].strip_suffix(separator).and_then(|rest| digit_before(rest.len()))
        && digits.len() < 12
    {
        digits.insert(0, char::from(text.as_bytes()[next]));
        at = next;
    }
    let alone = !text[..at].ends_with(|sign: char| sign.is_ascii_alphanumeric());
    (digits.len() >= LEAST && alone).then_some((at, digits))
}

/// How far from the words that say so, in characters, what is to be read backwards may stand.
const NEAR: usize = 16;
/// How far before those words, in characters, WeChat may be named.
const WORDS: usize = 60;

/// The number or id beside 倒过来: a mobile, or an id where WeChat is named before it.
pub(super) fn backwards(text: &str, hint: Range<usize>, found: &mut Vec<Found>) {
    let named = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-');
    // Only what stands near is looked at: a page may say it a hundred thousand times in one line.
    let ahead = text[hint.end..].char_indices().take(NEAR).take_while(|(_, sign)| *sign != '\n');
    let behind = text[..hint.start].char_indices().rev().take(NEAR).take_while(|(_, sign)| *sign != '\n');
    let line_start = text[..hint.start].char_indices().rev().take(WORDS).take_while(|(_, sign)| *sign != '\n').last();
    let line_start = line_start.map_or(hint.start, |(at, _)| at);
    let ahead = ahead.map(|(at, sign)| (hint.end + at, sign)).find(|(_, sign)| named(*sign));
    let words = ahead.into_iter().chain(behind.into_iter().find(|(_, sign)| named(*sign))).map(|(at, _)| at);
    for at in words {
        let start = text[..at].bytes().rev().take(24).take_while(|byte| named(char::from(*byte))).count();
        let length = text[at..].bytes().take(24).take_while(|byte| named(char::from(*byte))).count();
        let at = at - start..at + length;
        let turned: String = text[at.clone()].chars().rev().collect();
        let wechat = || {
            let near = &text[line_start.min(at.start)..at.start.max(hint.end)];
            ["微信", "vx", "wx", "v", "微"].iter().any(|word| near.contains(word))
        };
        if phones::is_mobile(&turned) {
            found.push((Kind::Phone, turned, at));
            return;
        }
        if (6..=20).contains(&turned.len()) && series::is_odd(&turned) && wechat() {
            // What was read forwards is none.
            found.retain(|(kind, _, other)| *kind != Kind::Wechat || other.end <= at.start || at.end <= other.start);
            found.push((Kind::Wechat, turned, at));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn check(text: &str, phones: &[&str], wechat: &[&str], qq: &[&str]) {
        let own = |list: &[&str]| list.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        assert_eq!((all.phones, all.wechat, all.qq), (own(phones), own(wechat), own(qq)), "{text}");
    }

    #[test]
    fn accounts_are_read_sign_by_sign() {
        check("V：j i a _ 0 1", &[], &["jia_01"], &[]);
        check("微信：j.i.a.0.1.2", &[], &["jia012"], &[]);
        check("QQ 2600 0004 27", &[], &[], &["2600000427"]);
        check("QQ 2 6 0 0 0 0 0 4 2 7", &[], &[], &["2600000427"]);
        check("QQ：2·6·0·0·0·0·0·4·2·7", &[], &[], &["2600000427"]);
        check("QQ 2026-11-27", &[], &[], &[]);
        check("QQ：27900 00381，加时注明", &[], &[], &["2790000381"]);
        check("客服QQ写的是8000 62110", &[], &[], &["800062110"]);
        check("裙号 1000 0 0772，进群", &[], &[], &["100000772"]);
        check("感兴趣的 Q 我 1000 330 91", &[], &[], &["100033091"]);
        check("③QQ ：1000200030", &[], &[], &["1000200030"]);
        check("座机0731—8 0 0 0 0 1 7 7", &["073180000177"], &[], &[]);
        check("电话一三零、零零零零、一二三四，二楼", &["13000001234"], &[], &[]);
        check("打我一三零……零零零零……然后是一二……三四，对", &["13000001234"], &[], &[]);
        check("一、三、五、七、八、九", &[], &[], &[]);
        check("QQ 30001 2026届学员", &[], &[], &["30001"]);
        check("QQ 30001 2026年开班", &[], &[], &["30001"]);
        check("QQ 30001 1500元", &[], &[], &["30001"]);
        check("QQ 30001 0571-85000123", &["057185000123"], &[], &["30001"]);
        check("QQ 30001 13000001234", &["13000001234"], &[], &["30001"]);
        check("订单 27900 00381", &[], &[], &[]);
        check("微信 a b 两组", &[], &[], &[]);
    }

    #[test]
    fn lines_and_digits_may_be_said() {
        check("微信 jia下划线demo", &[], &["jia_demo"], &[]);
        check("V：jia（下划线）01a", &[], &["jia_01a"], &[]);
        check("微信号是拼音jiademo加数字01", &[], &["jiademo01"], &[]);
        check("微信：字母jia，数字2026", &[], &["jia2026"], &[]);
        check("微信：jiademo加13000001234", &["13000001234"], &["jiademo"], &[]);
    }

    #[test]
    fn signs_may_stand_in_brackets_and_blanks_may_be_none() {
        check("加店主薇♥领资料：jiademo【8】【8】【0】【2】", &[], &["jiademo8802"], &[]);
        check("微信：jia_demo【1】", &[], &["jia_demo"], &[]);
        check("微信：jiademo【1】【2】", &[], &["jiademo"], &[]);
        check("微 信 号 jiade mo99（中间没空格）", &[], &["jiademo99"], &[]);
        check("微信：jia 521 demo（去空格）", &[], &["jia521demo"], &[]);
        check("微信：jiade 521 hg（去空格）", &[], &["jiade521hg"], &[]);
        check("微信 jia_demo iphone15 出售", &[], &["jia_demo"], &[]);
        check("加我 V 号 jiade 下划线 2026", &[], &["jiade_2026"], &[]);
        check("10 kV 号杆 jiade_2026", &[], &[], &[]);
        check("V心 jiade\n2 0 2 4\n连起来，中间没有空格", &[], &["jiade2024"], &[]);
        check("微信\nj\ni\na\n_\n0\n1", &[], &["jia_01"], &[]);
        check("卫星联系：jia 横杠 de 横杠 01", &[], &["jia-de-01"], &[]);
        check("微信 jiade_01\n2 楼 203 室", &[], &["jiade_01"], &[]);
    }

    #[test]
    fn letters_and_digits_may_stand_apart_by_blanks() {
        check("低压电工证 VX dgz 88 kk", &[], &["dgz88kk"], &[]);
        check("微信 jia de 2024 都小写", &[], &["jiade2024"], &[]);
        for text in ["VX dg 650 hg 700 都能办", "微信 app 88 kk", "微信 win 10 64 位", "微信 dg 88 hg 98 元"]
        {
            check(text, &[], &[], &[]);
        }
    }

    #[test]
    fn accounts_are_read_backwards_where_the_text_says_so() {
        check("电话倒过来：43210000031", &["13000001234"], &[], &[]);
        check("10_aij 倒着念是微信", &[], &[], &[]);
        check("微信倒着看：10_aij_yi", &[], &["iy_jia_01"], &[]);
        check("把口诀倒过来背 20261127 遍", &[], &[], &[]);
    }
}
