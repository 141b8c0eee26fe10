//! What the sources are asked: patterns over lists of words, as `rules/queries.toml` says.
//!
//! Pure. [`plan`] makes all queries, the worthier words first; [`Plan::of_day`] deals out a day's part, each pattern having turns by
//! its share, so that a small budget still holds all kinds, and going on where the day before ended. Must not know a source or
//! a word: those are in the file.
//! Start at [`QueryFile::parse`].

use std::collections::{HashMap, HashSet};

use jianzheng_core::rules::Problem;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use jianzheng_core::rules::sheet::{Part, Placed, Sheet, WRONG_VALUE};

const TEMPLATE: &str = "template";
/// The list that the unit's own places are added to.
const PLACES: &str = "地点";
/// Queries of one pattern: at a thousand a day, ten days' worth.
const MAX_KIND: usize = 10_000;
/// Turns looked at for each query of a day, when small patterns have come round.
const MAX_ROUNDS: usize = 8;
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

/// All that may be asked, ready to be cut into days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    always: Vec<Query>,
    kinds: Vec<Kind>,
    /// Which kind has which turn, over and over.
    turns: Vec<usize>,
}

/// The queries of one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    share: u32,
    queries: Vec<Query>,
}

/// All queries of the file with the unit's own `places`, and `imported` ones, an officer's own words, which are asked every day.
pub fn plan(file: &QueryFile, places: &[String], imported: &[String]) -> Plan {
    let mut lists: HashMap<&str, Vec<&str>> =
        file.lists.iter().map(|(name, words)| (name.as_str(), words.iter().map(String::as_str).collect())).collect();
    let listed = lists.remove(PLACES).unwrap_or_default();
    lists.insert(PLACES, places.iter().map(String::as_str).chain(listed).collect());

    let mut seen = HashSet::new();
    let mut always = Vec::new();
    for (pattern, texts, why) in [("imported", imported, "人工导入的查询词"), ("always", &file.always, "每天必问")]
    {
        for text in texts.iter().filter(|text| seen.insert((*text).clone())) {
            always.push(Query { always: true, ..query(pattern, text, why) });
        }
    }
    let mut kinds = Vec::new();
    for pattern in &file.patterns {
        let texts = combinations(&pattern.pieces, &lists).take(MAX_KIND);
        let fresh = texts.filter(|text| text.chars().count() <= MAX_QUERY && seen.insert(text.clone()));
        let queries: Vec<Query> = fresh.map(|text| query(&pattern.id, &text, &pattern.why)).collect();
        if !queries.is_empty() {
            kinds.push(Kind { share: pattern.share, queries });
        }
    }
    Plan { turns: turns(&kinds), always, kinds }
}

/// A cycle in which each kind has as many turns as its share, spread as evenly as they go.
fn turns(kinds: &[Kind]) -> Vec<usize> {
    let total: i64 = kinds.iter().map(|kind| i64::from(kind.share)).sum();
    let mut credit = vec![0i64; kinds.len()];
    let mut turns = Vec::new();
    for _ in 0..total {
        for (credit, kind) in credit.iter_mut().zip(kinds) {
            *credit += i64::from(kind.share);
        }
        // The first of the richest: `max_by_key` would take the last.
        let richest = (0..kinds.len()).rev().max_by_key(|at| credit[*at]).unwrap_or_default();
        credit[richest] -= total;
        turns.push(richest);
    }
    turns
}

impl Plan {
    /// How many queries there are.
    pub fn len(&self) -> usize {
        self.always.len() + self.kinds.iter().map(|kind| kind.queries.len()).sum::<usize>()
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The query of a turn; turns are numbered without end, and every kind goes round its own queries.
    fn at(&self, turn: i128) -> &Query {
        let cycle = self.turns.len() as i128;
        let place = turn.rem_euclid(cycle) as usize;
        let kind = &self.kinds[self.turns[place]];
        let before = self.turns[..place].iter().filter(|k| **k == self.turns[place]).count() as i128;
        let served = turn.div_euclid(cycle) * i128::from(kind.share) + before;
        &kind.queries[served.rem_euclid(kind.queries.len() as i128) as usize]
    }

    /// What a day may ask, at most `budget` queries in their order: those of every day (half of it at most), then the turns that
    /// follow on those of the day before. The same for the same day number and budget.
    pub fn of_day(&self, day: i64, budget: usize) -> Vec<Query> {
        let budget = budget.min(self.len());
        let fixed = if self.kinds.is_empty() { budget } else { self.always.len().min(budget.div_ceil(2)) };
        let from = i128::from(day) * fixed as i128;
        // Too many for every day take turns as well.
        let mut part: Vec<Query> = (0..fixed as i128)
            .map(|step| self.always[(from + step).rem_euclid(self.always.len() as i128) as usize].clone())
            .collect();
        if self.kinds.is_empty() {
            return part;
        }
        let left = budget - fixed;
        let from = i128::from(day) * left as i128;
        let mut taken = HashSet::new();
        // A small kind may come round twice in a day; then its turn is left out and the next ones move up.
        for turn in (from..).take(left.saturating_mul(MAX_ROUNDS)) {
            if part.len() >= budget {
                break;
            }
            let query = self.at(turn);
            if taken.insert(query.id.as_str()) {
                part.push(query.clone());
            }
        }
        part
    }
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

    fn texts(part: &[Query]) -> Vec<&str> {
        part.iter().map(|q| q.text.as_str()).collect()
    }

    fn small(text: &str) -> QueryFile {
        let file = format!(
            "{text}\n[lists]\na=['1','2','3','4']\nb=['x','y','z']\n[[pattern]]\nid='p'\nwhy='w'\ntext='{{a}} {{b}}'"
        );
        QueryFile::parse("q.toml", &file).expect("a right file")
    }

    #[test]
    fn the_shipped_words_make_a_plan_without_repeats_that_is_the_same_each_time() {
        let plan = plan(&shipped(), &places(), &[]);
        let all: Vec<&Query> = plan.always.iter().chain(plan.kinds.iter().flat_map(|kind| &kind.queries)).collect();
        let texts: HashSet<&str> = all.iter().map(|q| q.text.as_str()).collect();
        let ids: HashSet<&str> = all.iter().map(|q| q.id.as_str()).collect();
        assert!(plan.len() > 1000, "{}", plan.len());
        assert_eq!((texts.len(), ids.len()), (plan.len(), plan.len()));
        assert!(all.iter().all(|q| q.text.chars().count() <= MAX_QUERY && !q.text.contains(['{', '}'])));
        assert_eq!(plan, super::plan(&shipped(), &places(), &[]));
    }

    #[test]
    fn a_small_budget_covers_every_pattern_and_many_words_on_any_day() {
        let file = shipped();
        let plan = plan(&file, &places(), &[]);
        for day in [0, 1, 7, 20_780] {
            let part = plan.of_day(day, 60);
            let distinct: HashSet<&str> = part.iter().map(|q| q.id.as_str()).collect();
            assert_eq!((part.len(), distinct.len()), (60, 60));
            for pattern in &file.patterns {
                assert!(part.iter().any(|q| pattern_of(q) == pattern.id), "{} on day {day}", pattern.id);
            }
            let words: HashSet<&str> = part.iter().flat_map(|q| q.text.split(' ')).collect();
            assert!(words.len() > 50, "{} different words on day {day}", words.len());
        }
    }

    #[test]
    fn the_next_day_goes_on_where_this_one_ended_until_all_was_asked() {
        let plan = plan(&small(""), &[], &[]);
        assert_eq!(plan.len(), 12);
        let days: HashSet<String> = (20_780..20_784).flat_map(|day| plan.of_day(day, 3)).map(|q| q.text).collect();
        assert_eq!(days.len(), 12);
        assert_eq!(plan.of_day(4, 3), plan.of_day(0, 3));
        assert_eq!(plan.of_day(-1, 3), plan.of_day(3, 3));
        assert_eq!(plan.of_day(7, 100).len(), 12);
        assert!(plan.of_day(7, 0).is_empty());
    }

    #[test]
    fn patterns_have_turns_by_their_shares_and_small_ones_do_not_repeat_in_a_day() {
        let text = "[lists]\na=['1','2']\nb=['u','v','w','x','y','z']\n[[pattern]]\nid='p'\nwhy='w'\nshare=1\ntext='{a}'\n[[pattern]]\nid='q'\nwhy='w'\nshare=2\ntext='{b}'";
        let plan = plan(&QueryFile::parse("q.toml", text).expect("a right file"), &[], &[]);
        assert_eq!(texts(&plan.of_day(0, 3)), ["u", "1", "v"]);
        assert_eq!(texts(&plan.of_day(1, 3)), ["w", "2", "x"]);
        assert_eq!(texts(&plan.of_day(0, 8)), ["u", "1", "v", "w", "2", "x", "y", "z"]);
    }

    #[test]
    fn neighbours_of_a_pattern_differ_in_every_word() {
        let plan = plan(&small(""), &[], &[]);
        let part = plan.of_day(0, 12);
        assert_eq!(texts(&part), ["1 x", "2 y", "3 z", "4 x", "1 y", "2 z", "3 x", "4 y", "1 z", "2 x", "3 y", "4 z"]);
    }

    #[test]
    fn imported_words_and_those_of_every_day_come_first_every_day() {
        let file = small("always=['天天']");
        let plan = plan(&file, &[], &["13000001234".to_owned(), "天天".to_owned()]);
        for day in 0..9 {
            let part = plan.of_day(day, 4);
            assert_eq!(texts(&part)[..2], ["13000001234", "天天"], "day {day}");
            assert_eq!(part.len(), 4);
        }
        assert_eq!(plan.always.len(), 2);
        let only = super::plan(&QueryFile::parse("q.toml", "always=['一','二','三']").expect("a right file"), &[], &[]);
        assert_eq!(texts(&only.of_day(0, 2)), ["一", "二"]);
        assert_eq!(texts(&only.of_day(1, 2)), ["三", "一"]);
    }

    #[test]
    fn a_place_pattern_without_places_asks_nothing() {
        let file = QueryFile::parse("q.toml", "[lists]\na=['1']\n[[pattern]]\nid='p'\nwhy='w'\ntext='{地点} {a}'")
            .expect("a right file");
        assert!(plan(&file, &[], &[]).is_empty());
        assert!(plan(&file, &[], &[]).of_day(3, 5).is_empty());
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
