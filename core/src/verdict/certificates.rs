//! Which certificates a page names: by their words, by names that only say what is meant, and by short words in company.
//!
//! 电工 is a man and 登高 a poem; in 电工、焊工、登高证, and in 电工证 850 元，焊工 900 元, they are certificates.
//! What is told here accuses nobody. Start at [`told`].

use super::reading::{Found, Reading};
use crate::rules::rule::Place;

/// One word on the page and the certificate it means; `short` words wait for company.
#[derive(Clone, Copy)]
struct Named<'a> {
    found: &'a Found,
    number: u16,
    short: bool,
}

/// Certificates on the page, in the order they appear, each with its issuing body. A word inside a longer one (电工证 in
/// 建筑电工证) tells nothing of its own, and a category is not told where one of its items is.
pub(super) fn told<'a>(reading: &Reading<'a>) -> Vec<(String, &'a str)> {
    let table = &reading.rules.certificates;
    let mut all = named(reading, Place::Title.bit() | Place::Main.bit() | Place::Control.bit());
    if all.iter().all(|named| named.short) {
        all = named(reading, Place::Hidden.bit());
    }
    let mut numbers: Vec<u16> = Vec::new();
    for named in in_company(reading.folded.as_str(), outermost(all)) {
        if !numbers.contains(&named.number) {
            numbers.push(named.number);
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

/// Category in the table for words that mean any certificate of the trade (特种作业操作证, 上岗证): never told as a type.
const GENERIC: &str = "特种作业";

/// Every word in these places, in the order in which they stand, longer ones first.
fn named<'r>(reading: &'r Reading, places: u8) -> Vec<Named<'r>> {
    let lists =
        [(&reading.certificates, false), (&reading.certificate_names, false), (&reading.certificate_shorts, true)];
    let mut all: Vec<Named> = lists
        .into_iter()
        .flat_map(|(list, short)| list.iter().map(move |(number, index)| (*number, *index, short)))
        .map(|(number, index, short)| Named { found: &reading.found[index as usize], number, short })
        .filter(|named| named.found.place & places != 0)
        .collect();
    all.sort_by_key(|named| (named.found.at.start, usize::MAX - named.found.at.end));
    all
}

/// Those that stand in no longer one.
fn outermost(all: Vec<Named>) -> Vec<Named> {
    let mut reach = 0..0;
    all.into_iter()
        .filter(|named| {
            let inside = named.found.at.end <= reach.end && named.found.at != reach;
            if !inside {
                reach = named.found.at.clone();
            }
            !inside
        })
        .collect()
}

/// Without the short words that nothing speaks for. `text` is the folded text of the visible page.
fn in_company<'r>(text: &str, all: Vec<Named<'r>>) -> Vec<Named<'r>> {
    if all.iter().all(|named| named.short) {
        return Vec::new();
    }
    let joined = |pair: &[Named]| {
        pair.iter().all(|named| named.found.block.is_some())
            && (pair[1].found.at.start <= pair[0].found.at.end
                || text.get(pair[0].found.at.end..pair[1].found.at.start).is_some_and(is_separator))
    };
    let mut kept = Vec::with_capacity(all.len());
    for row in all.chunk_by(|a, b| joined(&[*a, *b])) {
        let speaks = row.iter().any(|named| !named.short);
        kept.extend(row.iter().copied().filter(|named| !named.short || speaks && !is_graded(text, named)));
    }
    kept
}

/// Whether a short word is the trade of a skill level: 高级电工, 中级焊工, 焊工技师.
fn is_graded(text: &str, named: &Named) -> bool {
    let (before, after) = (&text[..named.found.at.start], &text[named.found.at.end..]);
    before.ends_with("级")
        || before.ends_with("维修")
        || ["职业", "技能", "技师", "师傅", "初级", "中级", "高级"].iter().any(|word| after.starts_with(word))
}

/// Whether only the sign of a list stands between two words, or the price of the first: 焊工、登高, 电工/焊工, 焊工 登高,
/// 电工证 850 元一本，焊工.
fn is_separator(between: &str) -> bool {
    const LONGEST: usize = 48;
    if between.len() > LONGEST {
        return false;
    }
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
