//! Which certificates a page names: by their words, by names that only say what is meant, by short words in a row with others, and by what stands
//! around them ([`company`]).
//!
//! 电工 is a man and 登高 a poem; in 电工、焊工、登高证, and in 电工证 850 元，焊工 900 元, they are certificates. So are three or more in a row that
//! are spoken of as papers: 电工/焊工/叉车 三证齐办.
//! What is told here accuses nobody. Start at [`told`].

use super::company;
use super::reading::{Found, Reading};
use crate::rules::Certificate;
use crate::rules::rule::Place;
use crate::text::boundary_before;
use std::cell::OnceCell;

/// One word on the page and the certificate it means; `short` words wait for company.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) found: &'a Found,
    pub(super) number: u16,
    pub(super) short: bool,
}

/// Certificates on the page, in the order they appear, each with its issuing body. A word inside a longer one (电工证 in
/// 建筑电工证) tells nothing of its own, and a category is not told where one of its items is.
pub(super) fn told<'a>(reading: &Reading<'a>) -> Vec<(String, &'a str)> {
    let table = &reading.rules.certificates;
    let words = named_words(reading);
    let mut kept = in_rows(reading.folded.as_str(), table, words.clone());
    kept.extend(company::are_papers(reading, &words, &kept));
    if kept.is_empty() {
        // A page whose own text names none, as what is left of a shop's: what its menus and its foot name.
        let aside = outermost(reading.folded.as_str(), named(reading, Place::Side.bit()));
        kept = in_rows(reading.folded.as_str(), table, aside);
    }
    if kept.is_empty() {
        kept = in_rows(
            reading.hidden.as_str(),
            table,
            outermost(reading.hidden.as_str(), named(reading, Place::Hidden.bit())),
        );
    }
    kept.retain(|named| !drives(reading.folded.as_str(), named));
    kept.retain(|named| !is_counted(reading.folded.as_str(), named));
    of_builders(reading.folded.as_str(), table, &mut kept);
    kept.sort_by_key(|named| named.found.at.start);
    let mut numbers: Vec<u16> = Vec::new();
    for named in &kept {
        if !numbers.contains(&named.number) {
            numbers.push(named.number);
        }
    }
    for number in letters(reading.folded.as_str(), table, &kept) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    let item_told = |category: &str| {
        numbers.iter().any(|n| table[*n as usize].category == category && !table[*n as usize].item.is_empty())
    };
    let mut names: Vec<(String, &str)> = Vec::new();
    for number in &numbers {
        let certificate = &table[*number as usize];
        let generic = certificate.category.is_empty() || certificate.category == GENERIC;
        if generic || (certificate.item.is_empty() && item_told(&certificate.category)) {
            continue;
        }
        if !names.iter().any(|(n, _)| n == certificate.name()) {
            names.push((certificate.name().to_owned(), &certificate.body));
        }
    }
    names
}

/// The words for certificates of the visible page.
pub(super) fn named_words<'r>(reading: &'r Reading) -> Vec<Named<'r>> {
    let places = Place::Title.bit() | Place::Main.bit() | Place::Control.bit();
    outermost(reading.folded.as_str(), named(reading, places))
}

/// Whether a letter's licence (A证, C证) is one for driving cars: a driving school or its exam is named near.
fn drives(text: &str, named: &Named) -> bool {
    const NEAR: usize = 90;
    let at = named.found.at.clone();
    if !text.get(at.clone()).is_some_and(|word| word.starts_with(['a', 'b', 'c']) && word.ends_with('证')) {
        return false;
    }
    let from = boundary_before(text, at.start.saturating_sub(NEAR));
    let near = &text[from..boundary_before(text, at.end + NEAR)];
    ["驾校", "驾照", "科目", "科二", "科三", "教练", "货车", "客车", "轿车"].iter().any(|word| near.contains(word))
}

/// Whether what looks like a code counts questions or names a type: Q1：资料在哪下？, Q2-16.
fn is_counted(text: &str, named: &Named) -> bool {
    let at = named.found.at.clone();
    let code = |word: &str| matches!(word.as_bytes(), [b'a'..=b'z', b'0'..=b'9']);
    if !text.get(at.clone()).is_some_and(code) {
        return false;
    }
    let mut after = text[at.end..].chars();
    match after.next() {
        Some('-') => after.next().is_some_and(|sign| sign.is_ascii_digit()),
        Some(':' | '.') => {
            let line = after.as_str().split('\n').next().unwrap_or_default();
            text[at].starts_with('q') && line.trim_end_matches(' ').ends_with('?')
        }
        _ => false,
    }
}

/// 安全员证 and A证 are the builders' where their letters are named, A of firms, B of projects, C of sites: 安全员证代报名，A本B本C本都可以; A证老总、
/// B证项目经理.
fn of_builders(text: &str, table: &[Certificate], kept: &mut [Named]) {
    const NEAR: usize = 90;
    let Some(builders) = table.iter().position(|certificate| certificate.category == "建筑施工企业三类人员")
    else {
        return;
    };
    let safety = |named: &Named| table[usize::from(named.number)].category == SAFETY;
    for named in kept.iter_mut().filter(|named| safety(named) || text.get(named.found.at.clone()) == Some("a证")) {
        let at = named.found.at.clone();
        let from = boundary_before(text, at.start.saturating_sub(NEAR));
        let near = &text[from..boundary_before(text, at.end + NEAR)];
        let letter = |(at, _): (usize, &str)| {
            let apart = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_ascii_alphanumeric());
            // C1 and C2 are kinds of C.
            let rest = near[at + 1..].trim_start_matches(['1', '2', '3']);
            apart(near[..at].chars().next_back()) && apart(rest.chars().next()) && near.len() - at - rest.len() <= 2
        };
        let letters = ["a", "b", "c"].iter().filter(|sign| near.match_indices(**sign).any(letter)).count();
        if letters >= 2 {
            named.number = builders as u16;
        }
    }
}

/// Category of whoever answers for safety, which the builders' trade has papers of its own for.
const SAFETY: &str = "安全生产知识和管理能力考核合格证";

/// The codes of one letter, T of lifts and A of whoever manages devices, which are codes only beside others: N1 Q1 T A; N1 900，T 1800.
fn letters(text: &str, table: &[Certificate], kept: &[Named]) -> Vec<u16> {
    const CODES: [(u8, &str); 2] = [(b't', "电梯"), (b'a', "特种设备安全管理")];
    const NEAR: usize = 120;
    // N1, N1证, 叉车N1证.
    let code = |named: &&Named| {
        let word = text.get(named.found.at.clone()).unwrap_or_default();
        match word.trim_start_matches(|sign: char| !sign.is_ascii()).as_bytes() {
            [b'a'..=b'z', b'0'..=b'9', rest @ ..] => rest.first().is_none_or(|byte| !byte.is_ascii()),
            _ => false,
        }
    };
    let bytes = text.as_bytes();
    let mut told = Vec::new();
    let mut read = 0;
    for named in kept.iter().filter(code) {
        let at = named.found.at.clone();
        let (from, to) = (at.start.saturating_sub(NEAR).max(read), (at.end + NEAR).min(bytes.len()));
        let alone = |at: usize, letter: u8| {
            let part = |byte: Option<&u8>| {
                byte.is_some_and(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@' | b'&')
                })
            };
            bytes[at] == letter && !part(at.checked_sub(1).and_then(|at| bytes.get(at))) && !part(bytes.get(at + 1))
        };
        // A、B、C are answers to a question, gates, or classes of something else.
        let classes = (from..to).any(|at| alone(at, b'b') || alone(at, b'd'));
        for (letter, item) in CODES {
            let named = (from..to).any(|at| alone(at, letter) && is_code(text, at));
            if named && !classes {
                told.extend(table.iter().position(|certificate| certificate.item == item).map(|number| number as u16));
            }
        }
        read = to;
    }
    told.sort_unstable();
    told.dedup();
    told
}

/// Whether a letter stands as codes do: at the beginning of something, and before a sign, a price, its name or what is counted.
fn is_code(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(' ').chars().next_back();
    let opens = before.is_none_or(|sign| {
        !sign.is_alphanumeric() || "填考报办要和目是管机梯个".contains(sign) || sign.is_ascii_digit()
    });
    let behind = &text[at + 1..];
    let after = behind.trim_start_matches(' ');
    let next = after.chars().next();
    // Q：…？ A：… is an answer.
    let closes = behind.starts_with(' ') && next != Some(':')
        || next.is_none_or(|sign| !sign.is_alphanumeric() && sign != ':' || "证本类项一二两三四五".contains(sign))
        || ["电梯", "安全管理", "安管"].iter().any(|name| after.starts_with(name))
        || after.bytes().take_while(u8::is_ascii_digit).count() >= 3;
    opens && closes
}

/// Category in the table for words that mean any certificate of the trade (特种作业操作证, 上岗证): never told as a type.
pub(super) const GENERIC: &str = "特种作业";

/// Every word in these places, in the order in which they stand, longer ones first.
fn named<'r>(reading: &'r Reading, places: u8) -> Vec<Named<'r>> {
    let lists =
        [(&reading.certificates, false), (&reading.certificate_names, false), (&reading.certificate_shorts, true)];
    let mut all: Vec<Named> = lists
        .into_iter()
        .flat_map(|(list, short)| list.iter().map(move |(number, index)| (*number, *index, short)))
        .map(|(number, index, short)| Named { found: &reading.found[index as usize], number, short })
        .filter(|named| named.found.place & places != 0 && !in_address(reading, named.found))
        .collect();
    all.sort_by_key(|named| (named.found.at.start, usize::MAX - named.found.at.end));
    all
}

/// Whether letters are part of an address or a name: peixun@dgz.example.com, dgz-88.
fn in_address(reading: &Reading, found: &Found) -> bool {
    let text = if found.place & Place::Hidden.bit() != 0 { &reading.hidden } else { &reading.folded }.as_str();
    let Some(word) = text.get(found.at.clone()).filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()))
    else {
        return false;
    };
    // Of an id that is said in pieces: dgz下划线01.
    if found.place & Place::Hidden.bit() == 0 {
        use crate::entities::Kind;
        let raw = reading.folded.raw_range(found.at.clone());
        let named = |kind| matches!(kind, Kind::Wechat | Kind::Telegram | Kind::Email);
        let inside = |at: &std::ops::Range<usize>| at.start <= raw.start && raw.end <= at.end;
        if reading.entities.iter().any(|entity| named(entity.kind) && entity.at.as_ref().is_some_and(inside)) {
            return true;
        }
    }
    let mut after = text[found.at.end..].chars();
    let joins = after.next().is_some_and(|sign| matches!(sign, '.' | '-' | '@' | '#'))
        && after.next().is_some_and(|sign| sign.is_ascii_alphanumeric());
    word.len() > 2 && (joins || text[..found.at.start].ends_with(['@', '#', '.']))
}

/// Those that stand in no longer one, nor lack only its beginning: the 起重机司机证 of 塔式起重机司机证.
fn outermost<'r>(text: &str, all: Vec<Named<'r>>) -> Vec<Named<'r>> {
    let mut reach = 0..0;
    all.into_iter()
        .filter(|named| {
            let at = &named.found.at;
            let tail = text.get(reach.end..at.end).filter(|_| at.start < reach.end && at.start > reach.start);
            let inside = at.end <= reach.end && *at != reach
                || tail
                    .is_some_and(|tail| matches!(tail, "证" | "证书" | "操作证" | "上岗证" | "资格证" | "本" | "卡"));
            if !inside || named.found.at.end > reach.end {
                reach = named.found.at.clone();
            }
            !inside
        })
        .collect()
}

/// Without the short words that no row speaks for. `text` is the folded text of the visible page.
pub(super) fn in_rows<'r>(text: &str, table: &[Certificate], all: Vec<Named<'r>>) -> Vec<Named<'r>> {
    let joined = |pair: &[Named]| {
        pair.iter().all(|named| named.found.block.is_some())
            && (pair[1].found.at.start <= pair[0].found.at.end
                || text.get(pair[0].found.at.end..pair[1].found.at.start).is_some_and(is_separator))
    };
    let mut kept = Vec::with_capacity(all.len());
    let studied = OnceCell::new();
    let studied =
        || *studied.get_or_init(|| !text.contains(['证', '考']) && STUDIES.iter().any(|word| text.contains(word)));
    let all: Vec<Named> = all.into_iter().filter(|named| named.short || !is_thing(text, named, studied)).collect();
    for row in all.chunk_by(|a, b| joined(&[*a, *b])) {
        let speaks = row.iter().any(|named| !named.short || is_examined(text, named)) || are_papers(text, row);
        kept.extend(row.iter().copied().filter(|named| !named.short || speaks && !is_graded(text, named)));
    }
    pairs(text, table, &all, &mut kept);
    kept
}

/// What is done for a paper and with nothing else: 低压实操, 煤气（复审）, 叉车初训.
const EXAMS: [&str; 12] =
    ["实操", "初训", "初审", "复审", "复训", "新训", "换证", "取证", "考证", "补考", "机考", "题库"];

/// Whether the words right beside a short one say that its paper is meant: 考塔吊的, 一本低压, 煤气（复审）.
fn is_examined(text: &str, named: &Named) -> bool {
    let (before, after) = (&text[..named.found.at.start], &text[named.found.at.end..]);
    let after = after.trim_start_matches([' ', '(']);
    if EXAMS.iter().any(|word| after.starts_with(word)) {
        return true;
    }
    let whole = |before: &str| !before.ends_with(['参', '思', '高', '中', '主', '监', '查', '备']);
    ["考", "考个", "考了", "考过", "报考", "考一个"].iter().any(|word| before.strip_suffix(word).is_some_and(whole))
        || ["一本", "两本", "办本", "这本", "考本", "张证", "本证"].iter().any(|word| before.ends_with(word))
}

/// What is said where a name of the catalogue is a subject of studies.
const STUDIES: [&str; 8] = ["主修", "毕业", "升学", "学士", "硕士", "本科", "高校", "论文"];

/// What a name of the catalogue is not a paper before: 防爆电气柜, 高处作业安全带, 钎焊材料.
const THINGS: [&str; 27] = [
    "面",
    "材料",
    "柜",
    "设备",
    "装置",
    "产品",
    "元件",
    "配件",
    "附件",
    "接头",
    "安全带",
    "安全绳",
    "敷设",
    "机器人",
    "平台",
    "厂家",
    "箱",
    "车间",
    "现场",
    "钎料",
    "焊料",
    "膏",
    "管网",
    "管道",
    "室",
    "分级",
    "等级",
];

/// Whether a name that things bear too is here a thing's: things go on behind it, or the page speaks of studies and of no papers.
fn is_thing(text: &str, named: &Named, studied: impl FnOnce() -> bool) -> bool {
    const BOTH: [&str; 9] =
        ["防爆电气", "电力电缆", "继电保护", "电气试验", "钎焊", "压力焊", "熔化焊", "高处作业", "起重机司机"];
    BOTH.contains(&&text[named.found.at.clone()])
        && (THINGS.iter().any(|word| text[named.found.at.end..].starts_with(word)) || studied())
}

/// Adds two short words for items of one category, side by side, that are spoken of as papers: 低压高压代报; or that stand behind
/// the paper of their category: 电工证可挂靠，高压，低压都有. Switchgear is 高压、低压 too: then its word follows.
fn pairs<'r>(text: &str, table: &[Certificate], all: &[Named<'r>], kept: &mut Vec<Named<'r>>) {
    const NEAR: usize = 60;
    let category = |named: &Named| table[usize::from(named.number)].category.as_str();
    let at = |named: &Named| named.found.at.clone();
    for (first, pair) in all.windows(2).enumerate() {
        let [one, two] = pair else { continue };
        let items = one.short
            && two.short
            && one.number != two.number
            && category(one) == category(two)
            && pair
                .iter()
                .all(|named| !table[usize::from(named.number)].item.is_empty() && named.found.block.is_some())
            && text
                .get(at(one).end..at(two).start)
                .is_some_and(|sign| matches!(sign, "" | "," | "、" | "/" | "和" | " "));
        let Some(after) = text.get(at(two).end..).filter(|_| items) else { continue };
        let begins = |words: &[&str]| words.iter().any(|word| after.starts_with(word));
        let papers = || begins(&["代报", "代考", "包过", "双证", "两证", "两本"]);
        let behind_paper = || {
            // Only the nearest are looked at: a page may say it a hundred thousand times.
            let mut nearest = all[..first].iter().rev().take(4);
            let before = nearest.find(|named| !named.short && category(named) == category(one));
            let between = before.and_then(|paper| text.get(at(paper).end..at(one).start));
            between.is_some_and(|between| between.len() <= NEAR && !between.contains(['\n', '。', ';']))
        };
        if papers() || begins(&["都有", "都能", "都可", "都行", "都办", "都考", "都要"]) && behind_paper()
        {
            kept.extend(pair);
        }
    }
    kept.sort_by_key(|named| named.found.at.start);
}

/// Whether three or more short words of different certificates are spoken of as papers, right before or behind their row.
fn are_papers(text: &str, row: &[Named]) -> bool {
    const NEAR: usize = 12;
    let mut numbers: Vec<u16> = row.iter().map(|named| named.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return false };
    if numbers.len() < 3 || first.found.block.is_none() {
        return false;
    }
    let (Some(before), Some(after)) = (text.get(..first.found.at.start), text.get(last.found.at.end..)) else {
        return false;
    };
    let start = before.char_indices().rev().take(NEAR).take_while(|(_, sign)| *sign != '\n').last();
    let before = &before[start.map_or(before.len(), |(at, _)| at)..];
    let end = after.char_indices().take(NEAR).find(|(_, sign)| *sign == '\n');
    let after: String = after[..end.map_or(after.len(), |(at, _)| at)].chars().take(NEAR).collect();
    // 认证 and 保证 are no papers.
    let papers = |near: &str| {
        near.match_indices('证').any(|(at, _)| !near[..at].ends_with(['认', '保', '验', '查', '身', '论', '公']))
            || [
                "代办",
                "复审",
                "考试",
                "年审",
                "官网可查",
                "作业项目",
                "一起报",
                "一起办",
                "一起考",
                "都能办",
                "都可办",
                "均可办",
                "全都办",
            ]
            .iter()
            .any(|word| near.contains(word))
    };
    papers(before) || papers(&after) || before.trim_end_matches([' ', ':']).ends_with(['办', '考'])
}

/// Whether a short word is the trade of a skill level: 高级电工, 中级焊工, 焊工技师.
fn is_graded(text: &str, named: &Named) -> bool {
    let (before, after) = (&text[..named.found.at.start], &text[named.found.at.end..]);
    before.ends_with("级")
        || before.ends_with("维修")
        || ["职业", "技能", "技师", "师傅", "初级", "中级", "高级", "一级", "二级", "三级", "四级", "五级"]
            .iter()
            .any(|word| after.starts_with(word))
}

/// Whether only the sign of a list stands between two words, or the price of the first: 焊工、登高, 电工/焊工, 焊工 登高,
/// 电工证 850 元一本，焊工.
fn is_separator(between: &str) -> bool {
    const LONGEST: usize = 48;
    if between.len() > LONGEST {
        return false;
    }
    // N1、Q2、T、G1: a code of one letter is one of the row.
    let between = ["、t、", "、a、", "/t/", "/a/", " t ", " a ", ",t,", ",a,"]
        .iter()
        .find_map(|code| between.strip_prefix(code).filter(|rest| rest.is_empty()).map(|_| "、"))
        .unwrap_or(between);
    let rest = between.trim_start_matches(['证', '本']).trim_start_matches([' ', '\t', ':', '¥']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let priced = (3..=4).contains(&digits);
    let mut rest = if priced { rest[digits..].trim_start_matches(' ') } else { rest };
    if priced {
        rest = rest.strip_prefix(['元', '块']).unwrap_or(rest);
        rest = ["一本", "/本", "每本", "一个"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    }
    rest.chars().count() <= 3
        && rest.chars().all(|sign| {
            matches!(sign, ' ' | '\t' | '、' | '/' | '|' | '·' | '+' | '&' | '和' | '及')
                || priced && matches!(sign, ',' | ';' | '\n')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_a_list_and_prices_stand_between_two_of_a_row() {
        for between in ["、", "/", " ", "证、", "证 850元一本,", "证800元, ", " 550元\n", ""] {
            assert!(is_separator(between), "{between}");
        }
        for between in ["。", ",", "\n", "机 900元、", "的人说", "证 850元一本,还有人问", "15000元、"]
        {
            assert!(!is_separator(between), "{between}");
        }
    }
}
