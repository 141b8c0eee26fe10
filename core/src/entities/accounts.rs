//! WeChat, QQ and Telegram names in folded text.
//!
//! A name is one only behind its cue, with nothing but marks and call words between (微信号：, VX/电话). Words, addresses,
//! classes and amounts behind a cue are none. Start at [`find`].

use super::apart;
use super::called::{again, is_begun, odd_id, told_beside};
use super::chain;
use super::columns;
use super::cues::{CUES, Cue, CueHit};
use super::glued;
use super::handles;
use super::labelled;
use super::mail;
use super::no_names::is_no_name;
use super::parts;
use super::qq;
use super::qq_weigh;
use super::registered;
use super::same::{called_before, for_all, same_after, same_number};
use super::series;
use super::shared;
use super::spelt;
use super::telegram;
use super::weigh;
use super::{Found, Kind};
use std::ops::Range;

/// Adds the accounts of the text, and what stands at the marks of [`registered`]. `phones` are those that [`super::phones::find`] found in it.
pub(super) fn find(text: &str, cues: &[CueHit], phones: &[Found], found: &mut Vec<Found>) {
    behind_cues(text, cues, phones, found);
    telegram::in_parts(text, found);
    handles::find(text, cues, phones, found);
    qq_weigh::find(text, cues, phones, found);
    weigh::find(text, cues, phones, found);
    shared::find(text, phones, found);
}

/// Those that stand at a cue.
pub(super) fn behind_cues(text: &str, cues: &[CueHit], phones: &[Found], found: &mut Vec<Found>) {
    let mut listed = usize::MAX;
    for (number, (kind, digits, at)) in phones.iter().enumerate() {
        if *kind != Kind::Phone || !super::phones::is_mobile(digits) {
            continue;
        }
        // 微信 130… / 130…: what is called so goes for the row.
        let called = called_before(text, at.start) || text.get(listed..at.start).is_some_and(series::joins);
        let same = same_after(text, at.end);
        if called || same {
            found.push((Kind::Wechat, digits.clone(), at.clone()));
        }
        if same && for_all(text, at.end) {
            let mut next = at.start;
            for (_, digits, at) in phones[..number].iter().rev().filter(|phone| super::phones::is_mobile(&phone.1)) {
                if !text.get(at.end..next).is_some_and(series::joins) {
                    break;
                }
                found.push((Kind::Wechat, digits.clone(), at.clone()));
                next = at.start;
            }
        }
        listed = if called { at.end } else { usize::MAX };
    }
    columns::find(text, cues, found);
    for (number, at) in cues {
        let cue = CUES[usize::from(*number)].1;
        if let Cue::Registered(mark) = cue {
            registered::at_mark(text, mark, at.clone(), found);
            continue;
        }
        if text.as_bytes()[at.start].is_ascii_alphanumeric() && inside_word(text, at.clone(), cue) {
            continue;
        }
        match cue {
            Cue::WechatCall if is_begun(text, at.end) => {}
            // 绿泡泡机 is a toy.
            Cue::WechatCall
                if text[..at.end].ends_with("泡泡") && text[at.end..].starts_with(['机', '水', '枪', '糖']) => {}
            Cue::TelegramLink => telegram::in_link(text, at.end, found),
            Cue::TelegramSaid => telegram::in_said_link(text, at.end, found),
            Cue::TelegramHalf if telegram::half(text, at.start).is_some() => {
                telegram::after_word(text, at.end - 1, Cue::Telegram, phones, found);
            }
            // What is said so is weighed: see handles.
            Cue::TelegramHalf | Cue::TelegramHint => {}
            // 微xiao_01: the id begins with the letter.
            Cue::Wechat
                if text[..at.end].ends_with("微x")
                    && text.as_bytes().get(at.end).is_some_and(u8::is_ascii_lowercase) =>
            {
                apart::nick(text, at.start..at.end - 1, found);
            }
            Cue::Wechat | Cue::WechatCall | Cue::WechatLatin => {
                let before = found.len();
                wechat(text, past_note(text, at.end), cue, phones, found);
                if found.len() == before {
                    apart::wechat(text, at, cue, found);
                }
                if found.len() == before {
                    labelled::wechat(text, at, found);
                }
            }
            Cue::Qq => {
                let before = found.len();
                // 你加他QQ吧，30001234
                let end = ["吧,", "吧:", "吧 "].iter().find(|word| text[at.end..].starts_with(**word));
                let end = at.end + end.map_or(0, |word| word.len());
                qq::after_word(text, past_remark(text, end), cue, phones, found);
                if found.len() == before {
                    labelled::qq(text, at, phones, found);
                }
                if found.len() == before {
                    apart::qq(text, at, phones, found);
                }
            }
            // 微信群 has no number; 人群 and 客群 are no groups to join.
            Cue::AnyGroup if is_crowd(text, at.start) => {}
            // 钉钉群号 is another house's.
            Cue::Group | Cue::AnyGroup
                if ["钉钉", "飞书", "企业微信", "企微", "yy"].iter().any(|house| text[..at.start].ends_with(house)) =>
                {}
            Cue::Group | Cue::AnyGroup => {
                let before = found.len();
                qq::after_word(text, past_remark(text, at.end), Cue::Group, phones, found);
                if found.len() == before && cue == Cue::Group {
                    apart::qq(text, at, phones, found);
                }
            }
            Cue::Telegram | Cue::TelegramLatin => {
                let before = found.len();
                telegram::after_word(text, at.end, cue, phones, found);
                if found.len() == before {
                    labelled::telegram(text, at, found);
                }
            }
            Cue::WechatNick => apart::nick(text, at.clone(), found),
            Cue::Search if !labelled::among_wechat(text, at) => {}
            Cue::CallOther if labelled::among_others(text, at) => {}
            Cue::Part => parts::find(text, at.start, found),
            Cue::Reversed => spelt::backwards(text, at.clone(), found),
            // jia_01 <--v
            Cue::WechatLetter if text[..at.start].ends_with(['-', '←', '>']) => labelled::wechat(text, at, found),
            Cue::Search | Cue::WechatLetter | Cue::Call | Cue::CallOther => {
                odd_id(text, at.clone(), found);
                if cue == Cue::WechatLetter {
                    again(text, at.end, found);
                }
            }
            Cue::QqLetter if !set_apart(text, at.start) => {}
            Cue::QqLetter | Cue::QqKnock => {
                let before = found.len();
                qq::knocked(text, at.end, phones, found);
                // 30001234←我企鹅
                if found.len() == before && text[at.clone()].ends_with("企鹅") {
                    labelled::qq(text, at, phones, found);
                }
            }
            Cue::QqLink => qq::in_link(text, at.clone(), found),
            Cue::WechatOwn => own_id(text, at.clone(), found),
            Cue::At => mail::at_stand_in(text, at.clone(), found),
            Cue::SignForAt => mail::around_hint(text, at.clone(), found),
            // 加微信就是这个号 jia_01
            Cue::Same if text[..at.end].ends_with("这个") && points_ahead(text, at.end) => {
                wechat(text, at.end, Cue::WechatCall, phones, found);
            }
            Cue::Same => {
                if text[..at.end].ends_with("qq") {
                    qq::after_word(text, at.end, Cue::Qq, phones, found);
                }
                same_number(text, at, phones, found);
                // V信同步:jia_01
                if let Some(at) = told_beside(text, at.end) {
                    found.push((Kind::Wechat, text[at.clone()].to_owned(), at));
                }
                // whatsapp同微信都系jia_01
                if let Some(word) = ["都系", "都是", "都叫"].iter().find(|word| text[at.end..].starts_with(**word))
                    && points_ahead(text, at.end + word.len())
                {
                    wechat(text, at.end + word.len(), Cue::WechatCall, phones, found);
                }
            }
            // Among a page's phrases "(微信 " stands without its space: 130…(微信不同号).
            Cue::WechatBehind if text[at.clone()].ends_with('信') && !text[at.end..].starts_with([' ', ')']) => {}
            Cue::WechatBehind | Cue::QqBehind => {
                let before = found.len();
                labelled::in_brackets(text, at.start, cue, found);
                // (微信) may also stand before its id.
                if cue == Cue::WechatBehind && found.len() == before {
                    wechat(text, at.end, Cue::Wechat, phones, found);
                }
            }
            Cue::QqName | Cue::Registered(_) => {}
        }
    }
    mail::find(text, found);
}

/// Whether 群 is the end of another word: 人群, 客群; 微信群 has no number.
pub(super) fn is_crowd(text: &str, at: usize) -> bool {
    text[..at].ends_with(['人', '客', '社', '集', '种', '族', '信', '建', '楼'])
}

/// Whether letters that look like a cue are the rest of a word, a class, an address.
pub(super) fn inside_word(text: &str, at: Range<usize>, cue: Cue) -> bool {
    let mut back = text[..at.start].chars().rev();
    match back.next() {
        // Wechat/QQ:30001234: one word for each.
        Some('/') if ["wechat", "weixin", "qq", "vx", "wx"].iter().any(|word| text[..at.start - 1].ends_with(word)) => {
            cue == Cue::TelegramLink
        }
        // jia_01qq:30001234
        Some('a'..='z' | '0'..='9' | '_' | '-') if glued::is_seam(text, at.start) => false,
        // v:jia_01/q:30001234.
        Some('/')
            if text[at.clone()].ends_with(':')
                && text[at.end..].starts_with(|sign: char| sign.is_ascii_alphanumeric()) =>
        {
            false
        }
        // ③QQ：30001234: the number of a line of a list.
        Some('1'..='9')
            if matches!(cue, Cue::Qq | Cue::WechatLatin | Cue::TelegramLatin)
                && back.next().is_none_or(|sign| sign == '\n')
                && text[at.end..].trim_start_matches(' ').starts_with([':', '号']) =>
        {
            false
        }
        // 客服2QQ30001234: one of several.
        Some('1'..='9')
            if cue == Cue::Qq
                && back.next().is_none_or(|sign| !sign.is_ascii() || matches!(sign, '\n' | ' '))
                && numbered(&text[at.end..]) =>
        {
            false
        }
        // Links to Telegram come with their scheme; 微信/QQ is no path.
        Some('/') => cue != Cue::TelegramLink && back.next().is_none_or(|sign| sign.is_ascii()),
        // jia_01 <--v
        Some('-') if back.next() == Some('-') && cue == Cue::WechatLetter => false,
        Some(sign) => sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.' | '@' | '-' | '#'),
        None => false,
    }
}

/// Whether a number long enough for QQ follows.
fn numbered(after: &str) -> bool {
    let digits = after.trim_start_matches([' ', ':']);
    after.len() - digits.len() <= 2 && digits.bytes().take(7).filter(u8::is_ascii_digit).count() == 7
}

/// What may stand between a cue and its name.
pub(super) fn fills(sign: char) -> bool {
    matches!(sign,
        ' ' | '\t' | ':' | '/' | '|' | '(' | ')' | '[' | ']' | '【' | '】' | '「' | '」' | '<' | '>' | '-' | '~' | '=' | '"' | '\'' | '“' | '”' | '、' | '+' | '&'
        | '·' | '•' | '.' | '_' | '*' | '→' | '丨' | '—' | '–'
        | '号' | '码' | '是' | '为' | '我' | '的' | '加' | '同' | '步' | '电' | '话' | '手' | '机' | '群' | '扫' | '联' | '系' | '咨' | '询' | '老' | '师'
        | '就' | '私' | '请' | '微' | '账' | '帐' | '添' | '搜' | '索' | '热' | '线' | '和' | '客' | '服' | '信' | '也' | '与' | '报' | '飞'
        | '\u{2190}'..='\u{21FF}' | '\u{25A0}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '🌀'..='🫿')
}

/// Words that may stand there too.
pub(super) const FILL_WORDS: [&str; 12] =
    ["id", "qq", "tel", "vx", "wx", "v", "wechat", "weixin", "tg", "number", "no", "telegram"];

/// Words that lead to an id: 微信如下, 微信是拼音jia….
const LEADS: [&str; 8] = ["如下", "写的是", "填的是", "拼音", "字母", "英文", "全拼", "小写"];

/// A name behind a cue.
pub(super) struct Name<'a> {
    pub(super) at: usize,
    pub(super) word: &'a str,
    /// A colon, 号 or 加 stood between.
    pub(super) marked: bool,
    /// An @ stood right before it.
    pub(super) addressed: bool,
}

/// The word that follows a cue, past marks and the number of one of several: 微信2:, qq1:.
pub(super) fn name_after(text: &str, from: usize) -> Option<Name<'_>> {
    let number = from + usize::from(text[from..].starts_with(' '));
    let from = match text.as_bytes().get(number) {
        Some(b'1'..=b'9') if text[number + 1..].starts_with([':', '号']) => number + 1,
        _ => from,
    };
    let mut at = from;
    let (mut marked, mut addressed, mut passed, mut lines) = (false, false, 0, 0);
    let mut person = false;
    loop {
        let sign = text[at..].chars().next()?;
        if sign.is_ascii_alphanumeric() {
            let word = word_at(text, at)?;
            if FILL_WORDS.contains(&word) && !addressed {
                at += word.len();
                passed += 1;
            } else {
                let fits =
                    !person || series::is_odd(word) || word.len() >= 7 && word.bytes().all(|b| b.is_ascii_digit());
                return fits.then_some(Name { at, word, marked, addressed });
            }
        } else if sign == '\n'
            && (lines == 0 && (marked || at == from || text[at + 1..].starts_with(['号', ':']))
                || lines == 1 && passed > 0)
        {
            lines += 1;
            at += 1;
            continue;
        } else if let Some(word) = LEADS.iter().find(|word| text[at..].starts_with(*word)) {
            marked = true;
            at += word.len();
            passed += 1;
        } else if lines == 1 && past_remark(text, at) > at {
            // A line of its own between a label and its value: (长按复制).
            at = past_remark(text, at);
            passed += 1;
        } else if sign == '@' && !addressed {
            addressed = true;
            at += 1 + usize::from(text[at + 1..].starts_with(' '));
            continue;
        } else if (fills(sign) || sign == ';' && at == from) && !addressed {
            marked |= matches!(sign, ':' | '号' | '加' | '搜' | '是');
            at += sign.len_utf8();
            passed += 1;
        } else if let Some(name) = labelled::person(text, at).filter(|_| !addressed && !person) {
            person = true;
            at += name;
            passed += 1;
        } else if let Some(colon) = label(&text[at..]).filter(|colon| !addressed && (at == from || *colon <= 2 * 3)) {
            at += colon;
            passed += 1;
        } else {
            return None;
        }
        if passed > 9 {
            return None;
        }
    }
}

/// What the name is for, up to its colon: 微信下单：, 微信办理：. A public account's name is nobody's to be rung.
fn label(text: &str) -> Option<usize> {
    const LONGEST: usize = 4;
    let (colon, _) = text.char_indices().take(LONGEST + 1).find(|(_, sign)| *sign == ':')?;
    let words = &text[..colon];
    let han = words.chars().all(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign));
    (han && !["公众", "用户", "小程", "支付", "名称", "昵称", "视频", "服务", "订阅", "读书"]
        .iter()
        .any(|word| words.contains(word)))
    .then_some(colon)
}

/// The word of letters, digits, _ and - here, up to where another contact is glued to it; `None` if it is longer than any name.
pub(super) fn word_at(text: &str, at: usize) -> Option<&str> {
    let run = series::run(text, at);
    (run.len() < 40).then(|| &run[..glued::seam(run, &text[at + run.len()..])])
}

fn wechat(text: &str, from: usize, cue: Cue, phones: &[Found], found: &mut Vec<Found>) {
    // weixin-box, wx.config, vx[0] are code.
    if cue == Cue::WechatLatin && text[from..].starts_with(['-', '_', '.', '[', '=', '{']) {
        return;
    }
    let Some(name) = name_after(text, from) else { return };
    // Letters glued to letters are one word: vxabc, wxapp, 加vip.
    let one_word = name.at == from
        && text.as_bytes()[from - 1].is_ascii_alphanumeric()
        && name.word.as_bytes()[0].is_ascii_alphabetic();
    if one_word {
        if let Some(at) = glued::id(text, from, cue == Cue::WechatCall) {
            found.push((Kind::Wechat, text[at.clone()].to_owned(), at));
        }
        return;
    }
    let pieced = spelt::id(text, name.at)
        .or_else(|| chain::read(text, name.at))
        .or_else(|| spelt::bracketed(text, name.at))
        .or_else(|| spelt::pieces(text, name.at))
        .or_else(|| spelt::by_blanks(text, name.at))
        .or_else(|| spelt::over_lines(text, name.at));
    if let Some((id, end)) = pieced.filter(|_| !name.addressed) {
        found.push((Kind::Wechat, id, name.at..end));
        return;
    }
    let end = name.at + name.word.len();
    let after = text[end..].chars().next();
    let word = name.word.trim_end_matches(['-', '_']);
    if word.as_bytes()[0].is_ascii_digit() {
        let at_phone = phones.binary_search_by(|phone| {
            if phone.2.end <= name.at {
                std::cmp::Ordering::Less
            } else if phone.2.start > name.at {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        });
        let amount = matches!(
            after,
            Some(
                '元' | '块'
                    | '年'
                    | '月'
                    | '日'
                    | '人'
                    | '个'
                    | '次'
                    | '万'
                    | '%'
                    | '.'
                    | ':'
                    | '/'
                    | '天'
                    | '位'
                    | '家'
            )
        );
        let marked = name.marked || cue == Cue::WechatCall;
        if at_phone.is_err()
            && marked
            && !amount
            && (6..=10).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_digit())
        {
            found.push((Kind::Wechat, word.to_owned(), name.at..name.at + word.len()));
        }
        return;
    }
    let code = matches!(after, Some('@' | '=' | '{'))
        || dotted(&text[end..])
        || text[end..].starts_with("://")
        || cue == Cue::WechatLatin
            && text[end..].strip_prefix('(').is_some_and(|inside| inside.starts_with(|sign: char| sign.is_ascii()));
    // 微信扫码 step_2: what one scans is no id.
    let scanned = !name.marked && text[from..name.at].contains("扫码");
    let plain = word.bytes().all(|byte| byte.is_ascii_alphabetic());
    // wx and 16 hexadecimal digits are an app's id, not a person's.
    let app = word.len() == 18 && word.starts_with("wx") && word[2..].bytes().all(|byte| byte.is_ascii_hexdigit());
    let named = !plain || ((name.marked || cue == Cue::WechatCall) && !is_no_name(word));
    if !code && !app && !scanned && named && (6..=20).contains(&word.len()) && !name.addressed {
        let at = name.at..name.at + word.len();
        found.push((Kind::Wechat, word.to_owned(), at.clone()));
        series::more(text, Kind::Wechat, at, phones, found);
    }
}

/// The end of a remark in brackets, if one stands here that is no number itself: 群(1000人):.
fn past_remark(text: &str, from: usize) -> usize {
    const LONGEST: usize = 10;
    let Some(inside) = text[from..].strip_prefix('(') else { return from };
    match inside.char_indices().take(LONGEST).find(|(_, sign)| *sign == ')') {
        Some((close, _)) if inside[..close].bytes().filter(u8::is_ascii_digit).count() < 6 => from + close + 2,
        _ => from,
    }
}

/// The end of a note in brackets between a word for WeChat and its id, which is no id itself: 微信(24h):, 微信(长按复制).
fn past_note(text: &str, from: usize) -> usize {
    let behind = past_remark(text, from);
    let note = text[from..behind].trim_matches(['(', ')']);
    let id = note.len() >= 6 && note.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let goes_on = text[behind..].starts_with(|sign: char| sign == ':' || sign.is_ascii_alphanumeric());
    if behind > from && !id && goes_on { behind } else { from }
}

/// An id that WeChat gave out itself: wxid_ and letters and digits.
fn own_id(text: &str, cue: Range<usize>, found: &mut Vec<Found>) {
    let length = text[cue.end..].bytes().take(24).take_while(u8::is_ascii_alphanumeric).count();
    if (8..=16).contains(&length) {
        let at = cue.start..cue.end + length;
        found.push((Kind::Wechat, text[at.clone()].to_owned(), at));
    }
}

/// Whether an id stands behind 就是这个, so that it does not speak of a number before.
fn points_ahead(text: &str, from: usize) -> bool {
    text[from..].trim_start_matches(['号', '码', ':', ' ']).starts_with(|sign: char| sign.is_ascii_alphabetic())
}

/// Whether a letter stands by itself among Chinese: no Latin word before it.
pub(super) fn set_apart(text: &str, start: usize) -> bool {
    // A number is no word: Q群60000123 V jia_01.
    let before = text[..start].trim_end_matches(' ');
    let digits = before.bytes().rev().take(12).take_while(u8::is_ascii_digit).count();
    if before.len() < start && (5..12).contains(&digits) {
        return !before[..before.len() - digits]
            .ends_with(|sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-'));
    }
    !text[..start].trim_end_matches(' ').ends_with(|sign: char| {
        sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.' | '-' | '/' | '@' | '#' | '&' | '$' | '\'' | '"' | '=')
    })
}

/// A dot and a letter or digit follow: a file, a host, a version.
pub(super) fn dotted(after: &str) -> bool {
    let mut signs = after.chars();
    signs.next() == Some('.') && signs.next().is_some_and(|sign| sign.is_ascii_alphanumeric())
}
