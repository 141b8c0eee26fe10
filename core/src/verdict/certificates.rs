//! Which certificates a page names: by their words, by names that only say what is meant, and by short words in company.
//!
//! 电工 is a man and 登高 a poem; in 电工、焊工、登高证, and before a price on a page that names a certificate, they are certificates.
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
    let lists = [
        (&reading.certificates, false),
        (&reading.certificate_names, false),
        (&reading.certificate_shorts, true),
    ];
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
    let visible = |named: &Named| named.found.block.is_some();
    let joined = |pair: &[Named]| {
        pair.iter().all(visible)
            && (pair[1].found.at.start <= pair[0].found.at.end
                || text.get(pair[0].found.at.end..pair[1].found.at.start).is_some_and(is_separator))
    };
    let mut kept = Vec::with_capacity(all.len());
    for row in all.chunk_by(|a, b| joined(&[*a, *b])) {
        let speaks = row.iter().any(|named| !named.short);
        kept.extend(row.iter().copied().filter(|named| speaks || visible(named) && priced(text, named.found.at.end)));
    }
    kept
}

/// Whether only the sign of a list stands between two words: 焊工、登高, 电工/焊工, 焊工 登高, and 证 or 本 of the first.
fn is_separator(between: &str) -> bool {
    let between = between.trim_start_matches(['证', '本']);
    between.chars().count() <= 3
        && between.chars().all(|sign| matches!(sign, ' ' | '\t' | '、' | '/' | '|' | '·' | '+' | '&' | '和' | '及'))
}

/// Whether a price follows: 焊工 900 元一本; wages by the month or day are none.
fn priced(text: &str, end: usize) -> bool {
    let rest = text[end..].trim_start_matches(['证', '本', ' ', '\t', ':', '¥']);
    if text.len() - rest.len() - end > 12 {
        return false;
    }
    let digits = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
    let unit = rest[digits..].trim_start_matches(' ');
    (3..=4).contains(&digits)
        && unit.strip_prefix(['元', '块']).is_some_and(|behind| !behind.starts_with(['/', '每', '-', '起']))
}
