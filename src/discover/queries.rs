//! What the sources are asked: patterns over lists of words, as `rules/queries.toml` says.
//!
//! Pure. [`plan`] makes all queries in an order in which any stretch holds many kinds, the worthier words first; [`of_day`]
//! cuts a day's part out of it, going on where the day before ended. Must not know a source or a word: those are in the file.
//! Start at [`QueryFile::parse`].

use std::collections::{HashMap, HashSet};

use jianzheng_core::rules::Problem;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::discover::sheet::{Part, Placed, Sheet, WRONG_VALUE};

const TEMPLATE: &str = "template";
/// The list that the unit's own places are added to.
const PLACES: &str = "地点";
/// Queries of one plan: at a thousand a day, a month's worth.
const MAX_PLAN: usize = 30_000;
/// Engines cut longer ones.
const MAX_QUERY: usize = 72;
/// Lists that one pattern may join.
const MAX_LISTS: usize = 3;

/// One query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The pattern and a hash of the words: stays the same when the file's order changes.
    pub id: String,
    /// The words.
    pub text: String,
    /// Why it is asked, in Chinese.
    pub why: String,
    /// Whether it is asked every day.
    pub always: bool,
}

/// The checked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryFile {
    always: Vec<String>,
    lists: Vec<(String, Vec<String>)>,
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    id: String,
    why: String,
    share: u32,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    List(String),
}

impl QueryFile {
    /// Reads the file.
    ///
    /// # Errors
    /// Every mistake of the file, in its order.
    pub fn parse(file: &str, text: &str) -> Result<QueryFile, Vec<Problem>> {
        Sheet::read(file, text, |top| {
            let always = checked_words(top, top.texts("always"));
            let lists: Vec<(String, Vec<String>)> =
                top.lists("lists").into_iter().map(|(name, words)| (name, checked_words(top, words.value))).collect();
            let patterns: Vec<Pattern> = top.parts("pattern").iter().filter_map(|part| pattern(part, &lists)).collect();
            let mut seen = HashSet::new();
            if let Some(twice) = patterns.iter().find(|p| !seen.insert(p.id.as_str())) {
                let say = format!("有两个 [[pattern]] 都叫 {}", twice.id);
                top.report(WRONG_VALUE, 0, say, "给其中一个换个 id");
            }
            Some(QueryFile { always, lists, patterns })
        })
    }
}

fn checked_words(top: &Part<'_>, words: Vec<Placed<String>>) -> Vec<String> {
    let mut checked: Vec<String> = Vec::with_capacity(words.len());
    for Placed { value, at } in words {
        if value.chars().count() > MAX_QUERY || value.chars().any(char::is_control) {
            top.report(WRONG_VALUE, at, format!("“{value}”太长或含控制字符"), format!("一个词不超过 {MAX_QUERY} 个字"));
        } else if checked.contains(&value) {
            top.report(WRONG_VALUE, at, format!("“{value}”在同一个表里写了两次"), "删去一个");
        } else {
            checked.push(value);
        }
    }
    checked
}

fn pattern(part: &Part<'_>, lists: &[(String, Vec<String>)]) -> Option<Pattern> {
    let id = part.need_text("id", "写一个英文短名，例如 id = \"offer\"");
    if let Some(id) = &id {
        let plain = id.value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !plain || id.value == "always" || id.value == "imported" {
            let say = format!("id = \"{}\" 不能用", id.value);
            part.report(WRONG_VALUE, id.at, say, "只用小写字母、数字和 -，不用 always、imported");
        }
    }
    let why = part.need_text("why", "写一句为什么这样问");
    let share = part.number("share", 1..=100).unwrap_or(1);
    let text = part.need_text("text", "写查询词的样式，例如 text = \"{证书} {说法}\"");
    let pieces = text.and_then(|text| pieces(part, &text, lists));
    part.finish();
    Some(Pattern { id: id?.value, why: why?.value, share, pieces: pieces? })
}

fn pieces(part: &Part<'_>, text: &Placed<String>, lists: &[(String, Vec<String>)]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text.value.as_str();
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|close| open + close) else {
            part.report(TEMPLATE, text.at, format!("\"{}\" 里的花括号没有成对", text.value), "补上 }");
            return None;
        };
        let name = &rest[open + 1..close];
        if name != PLACES && !lists.iter().any(|(list, _)| list == name) {
            let known: Vec<&str> = lists.iter().map(|(list, _)| list.as_str()).collect();
            let advice = format!("[lists] 里有 {}；{PLACES} 由单位所在地自动填", known.join("、"));
            part.report(TEMPLATE, text.at, format!("\"{}\" 里的 {{{name}}} 不在 [lists] 里", text.value), advice);
            return None;
        }
        if open > 0 {
            pieces.push(Piece::Text(rest[..open].to_owned()));
        }
        pieces.push(Piece::List(name.to_owned()));
        rest = &rest[close + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    if pieces.iter().filter(|piece| matches!(piece, Piece::List(_))).count() > MAX_LISTS {
        let say = format!("\"{}\" 一次用了 {MAX_LISTS} 个以上的表，组合太多", text.value);
        part.report(TEMPLATE, text.at, say, "拆成几个 [[pattern]]");
        return None;
    }
    Some(pieces)
}

/// All queries, in the order in which they are to be asked: `imported` (an officer's own words) and those of every day first,
/// then the patterns by their shares, so that any stretch holds many kinds. `places` are the unit's own.
pub fn plan(file: &QueryFile, places: &[String], imported: &[String]) -> Vec<Query> {
    let mut lists: HashMap<&str, Vec<&str>> =
        file.lists.iter().map(|(name, words)| (name.as_str(), words.iter().map(String::as_str).collect())).collect();
    let listed = lists.remove(PLACES).unwrap_or_default();
    lists.insert(PLACES, places.iter().map(String::as_str).chain(listed).collect());

    let mut seen = HashSet::new();
    let mut plan = Vec::new();
    for (pattern, texts, why) in [("imported", imported, "人工导入的查询词"), ("always", &file.always, "每天必问")]
    {
        for text in texts.iter().filter(|text| seen.insert((*text).clone())) {
            plan.push(Query { always: true, ..query(pattern, text, why) });
        }
    }
    let mut turns: Vec<(u64, Query)> = Vec::new();
    for pattern in &file.patterns {
        for (turn, text) in combinations(&pattern.pieces, &lists).take(MAX_PLAN).enumerate() {
            if text.chars().count() <= MAX_QUERY && seen.insert(text.clone()) {
                let place = (turn as u64 + 1) * 1000 / u64::from(pattern.share);
                turns.push((place, query(&pattern.id, &text, &pattern.why)));
            }
        }
    }
    // Stable: between equals the file's order decides.
    turns.sort_by_key(|(place, _)| *place);
    plan.extend(turns.into_iter().map(|(_, query)| query));
    plan.truncate(MAX_PLAN);
    plan
}

fn query(pattern: &str, text: &str, why: &str) -> Query {
    let hash = Sha256::digest(text.as_bytes());
    let short = hash.iter().take(6).map(|b| format!("{b:02x}")).collect::<String>();
    Query { id: format!("{pattern}-{short}"), text: text.to_owned(), why: why.to_owned(), always: false }
}

/// Every combination once. From one to the next each list moves on, so that neighbours differ in every word, and the heads of
/// the lists meet first.
fn combinations<'f>(pieces: &'f [Piece], lists: &'f HashMap<&str, Vec<&str>>) -> impl Iterator<Item = String> + 'f {
    let words = |name: &String| lists.get(name.as_str()).map_or(&[][..], Vec::as_slice);
    let sizes: Vec<usize> = pieces
        .iter()
        .filter_map(|piece| if let Piece::List(name) = piece { Some(words(name).len()) } else { None })
        .collect();
    let total = sizes.iter().fold(1usize, |product, size| product.saturating_mul(*size));
    (0..total).map(move |turn| {
        // Each list is shifted by the sum of the counters before it: for any value of those, all its words still come once.
        let (mut counter, mut shift) = (turn, 0);
        let mut filled = String::new();
        let mut list = 0;
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::List(name) => {
                    let size = sizes[list];
                    shift += counter % size;
                    counter /= size;
                    filled.push_str(words(name)[shift % size]);
                    list += 1;
                }
            }
        }
        filled
    })
}

/// The part of the plan for a day, at most `budget` queries: those of every day (half of it at most), then a stretch of the rest
/// that begins where the day before ended.
pub fn of_day(plan: &[Query], day: i64, budget: usize) -> Vec<Query> {
    if budget >= plan.len() {
        return plan.to_vec();
    }
    let (always, rest): (Vec<&Query>, Vec<&Query>) = plan.iter().partition(|query| query.always);
    let fixed = if rest.is_empty() { budget } else { always.len().min(budget / 2) };
    // Too many for every day take turns like the rest.
    let head = stretch(&always, day, fixed);
    let tail = stretch(&rest, day, budget - fixed);
    head.chain(tail).cloned().collect()
}

fn stretch<'q>(queries: &[&'q Query], day: i64, length: usize) -> impl Iterator<Item = &'q Query> {
    let (size, length) = (queries.len() as i128, length.min(queries.len()));
    let from = if size == 0 { 0 } else { (i128::from(day) * length as i128).rem_euclid(size) };
    (0..length).map(move |step| queries[((from + step as i128) % size) as usize]).collect::<Vec<_>>().into_iter()
}

/// The number of a calendar day, counted from 1970-01-01.
pub fn day_number(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> QueryFile {
        QueryFile::parse("rules/queries.toml", include_str!("../../rules/queries.toml"))
            .expect("the shipped file is right")
    }

    fn places() -> Vec<String> {
        vec!["示例区".to_owned(), "示例市".to_owned()]
    }

    fn pattern_of(query: &Query) -> &str {
        query.id.rsplit_once('-').map_or("", |(pattern, _)| pattern)
    }

    #[test]
    fn the_shipped_words_make_a_plan_without_repeats_that_is_the_same_each_time() {
        let plan = plan(&shipped(), &places(), &[]);
        let texts: HashSet<&str> = plan.iter().map(|q| q.text.as_str()).collect();
        let ids: HashSet<&str> = plan.iter().map(|q| q.id.as_str()).collect();
        assert!(plan.len() > 1000, "{}", plan.len());
        assert_eq!((texts.len(), ids.len()), (plan.len(), plan.len()));
        assert!(plan.iter().all(|q| q.text.chars().count() <= MAX_QUERY && !q.text.contains(['{', '}'])));
        assert_eq!(plan, super::plan(&shipped(), &places(), &[]));
    }

    #[test]
    fn a_small_budget_still_covers_every_pattern_and_many_words() {
        let file = shipped();
        let plan = plan(&file, &places(), &[]);
        for day in [0, 1, 20_000] {
            let part = of_day(&plan, day, 100);
            assert_eq!(part.len(), 100);
            for pattern in &file.patterns {
                assert!(part.iter().any(|q| pattern_of(q) == pattern.id), "{} on day {day}", pattern.id);
            }
            let words: HashSet<&str> = part.iter().flat_map(|q| q.text.split(' ')).collect();
            assert!(words.len() > 50, "{} different words on day {day}", words.len());
        }
    }

    #[test]
    fn the_next_day_goes_on_where_this_one_ended_until_all_was_asked() {
        let file = QueryFile::parse(
            "q.toml",
            "[lists]\na=['1','2','3','4','5']\nb=['x','y','z']\n[[pattern]]\nid='p'\nwhy='w'\ntext='{a} {b}'",
        )
        .expect("a right file");
        let plan = plan(&file, &[], &[]);
        assert_eq!(plan.len(), 15);
        let days: Vec<String> = (0..5).flat_map(|day| of_day(&plan, day, 3)).map(|q| q.text).collect();
        assert_eq!(days, plan.iter().map(|q| q.text.clone()).collect::<Vec<_>>());
        assert_eq!(of_day(&plan, 5, 3), of_day(&plan, 0, 3));
        assert_eq!(of_day(&plan, -1, 3), of_day(&plan, 4, 3));
        assert_eq!(of_day(&plan, 7, 100).len(), 15);
        assert!(of_day(&plan, 7, 0).is_empty());
    }

    #[test]
    fn neighbours_in_a_plan_differ_in_every_word() {
        let file = QueryFile::parse(
            "q.toml",
            "[lists]\na=['1','2','3','4']\nb=['x','y']\n[[pattern]]\nid='p'\nwhy='w'\ntext='{a} {b}'",
        )
        .expect("a right file");
        let plan = plan(&file, &[], &[]);
        let texts: Vec<&str> = plan.iter().map(|q| q.text.as_str()).collect();
        assert_eq!(texts, ["1 x", "2 y", "3 x", "4 y", "1 y", "2 x", "3 y", "4 x"]);
    }

    #[test]
    fn imported_words_and_those_of_every_day_come_first_every_day() {
        let file = QueryFile::parse("q.toml", "always=['天天']\n[lists]\na=['1','2','3','4','5','6','7','8','9']\n[[pattern]]\nid='p'\nwhy='w'\ntext='证{a}'")
            .expect("a right file");
        let plan = plan(&file, &[], &["13000001234".to_owned(), "天天".to_owned()]);
        for day in 0..9 {
            let texts: Vec<String> = of_day(&plan, day, 4).into_iter().map(|q| q.text).collect();
            assert_eq!(texts[..2], ["13000001234", "天天"], "day {day}");
            assert_eq!(texts.len(), 4);
        }
        assert_eq!(plan.iter().filter(|q| q.text == "天天").count(), 1);
    }

    #[test]
    fn a_place_pattern_without_places_asks_nothing() {
        let file = QueryFile::parse("q.toml", "[lists]\na=['1']\n[[pattern]]\nid='p'\nwhy='w'\ntext='{地点} {a}'")
            .expect("a right file");
        assert!(plan(&file, &[], &[]).is_empty());
        assert_eq!(plan(&file, &places(), &[]).len(), 2);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "always = 5\n[lists]\na = ['1', '1']\n[[pattern]]\nid = 'P'\nwhy = 'w'\ntext = '{b}'\n[[pattern]]\nid = 'q'\ntxt = ''\n";
        let problems = QueryFile::parse("q.toml", text).expect_err("a file full of mistakes");
        let told: Vec<(usize, &str)> = problems.iter().map(|p| (p.line, p.code)).collect();
        let wanted = [
            (1, "wrong-type"),
            (3, "bad-value"),
            (5, "bad-value"),
            (7, "template"),
            (8, "missing-key"),
            (8, "missing-key"),
            (10, "unknown-key"),
        ];
        assert_eq!(told, wanted, "{problems:#?}");
        assert!(problems[6].advice.contains("text"), "{}", problems[6].advice);
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(day_number(Date::constant(1970, 1, 2)), 1);
        assert_eq!(day_number(Date::constant(2026, 11, 23)), 20_780);
    }
}
