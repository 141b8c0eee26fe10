//! The table of divisions and the automata over every way to write them.
//!
//! Nothing here decides whether a name in a text is meant as a place; it only says what a name could mean and what it needs
//! around it. Start at [`Names`].

use super::words;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, MatchKind, StartKind};
use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

static TABLE: &str = include_str!("../../data/divisions.txt");

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Division {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
}

impl Division {
    pub(super) fn is_county(&self) -> bool {
        !self.code.ends_with("00")
    }

    pub(super) fn is_province(&self) -> bool {
        self.code.ends_with("0000")
    }
}

/// A row of the table by its number.
pub(super) type Row = u16;

/// What a piece of text that is a name or a word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// 浙江省, 宁波市, 恩施州, 市中区 with its city's short name before it: a place wherever it stands.
    Nothing,
    /// 宁波, 浙江; behind its city, 鄞州: unless something else bears the name.
    NoBearer,
    /// 日照, 白银: only right behind its province or right before one of its counties.
    Company,
    /// A county's full name, told by the suffix.
    Suffix,
    /// A county's full name that several share or use: its city or province must stand somewhere before.
    Earlier,
    /// A county's full name that is an ordinary word: its city or province must stand close before.
    Near,
    /// 江浙沪: all of the places that it means.
    All,
    /// An ordinary word.
    Word,
}

/// What a pattern could mean.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) ask: Ask,
    /// Never empty but for words.
    pub(super) rows: Vec<Row>,
}

/// A name found in a text.
pub(super) struct Hit<'a> {
    pub(super) at: Range<usize>,
    pub(super) meaning: &'a Meaning,
}

/// Names that are looked for all over a text, as one automaton that walks by characters: a page's text is long.
pub(super) struct Anywhere {
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    meanings: Vec<Meaning>,
}

impl Anywhere {
    fn new(names: BTreeMap<String, Meaning>) -> Anywhere {
        let (patterns, meanings): (Vec<_>, Vec<_>) = names.into_iter().unzip();
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new()
            .match_kind(daachorse::MatchKind::LeftmostLongest)
            .build(patterns)
            .expect("a few thousand short names, each once, are far below the automaton's limits");
        Anywhere { automaton, meanings }
    }

    /// The first name at or after a byte.
    pub(super) fn next(&self, text: &str, from: usize) -> Option<Hit<'_>> {
        let found = self.automaton.leftmost_find_iter(text.get(from..)?).next()?;
        let at = from + found.start()..from + found.end();
        Some(Hit { at, meaning: self.meanings.get(found.value() as usize)? })
    }
}

/// Names that count only at one place of a text.
pub(super) struct Behind {
    automaton: AhoCorasick,
    meanings: Vec<Meaning>,
}

impl Behind {
    fn new(names: BTreeMap<String, Meaning>) -> Behind {
        let (patterns, meanings): (Vec<_>, Vec<_>) = names.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .start_kind(StartKind::Anchored)
            .build(patterns)
            .expect("a few thousand short names are far below the automaton's limits");
        Behind { automaton, meanings }
    }

    /// The longest name that begins at a byte.
    pub(super) fn here(&self, text: &str, at: usize) -> Option<Hit<'_>> {
        let found = self.automaton.find(Input::new(text).span(at..text.len()).anchored(Anchored::Yes))?;
        Some(Hit { at: found.range(), meaning: self.meanings.get(found.pattern().as_usize())? })
    }
}

/// Everything known about names.
pub(super) struct Names {
    /// Ascending by code.
    pub(super) divisions: Vec<Division>,
    /// Names that can stand anywhere, and words.
    pub(super) anywhere: Anywhere,
    /// Names of counties, full and short, that count right behind their city or province.
    pub(super) behind: Behind,
}

pub(super) static NAMES: LazyLock<Names> = LazyLock::new(Names::new);

impl Names {
    fn new() -> Names {
        let divisions: Vec<Division> = TABLE
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(code, name)| Division { code, name })
            .collect();
        let anywhere = Anywhere::new(anywhere(&divisions));
        let behind = Behind::new(behind(&divisions));
        Names { divisions, anywhere, behind }
    }

    pub(super) fn division(&self, row: Row) -> Option<&Division> {
        self.divisions.get(usize::from(row))
    }

    /// The row of a six-digit code.
    pub(super) fn row(&self, code: &str) -> Option<Row> {
        row(&self.divisions, code)
    }
}

fn row(divisions: &[Division], code: &str) -> Option<Row> {
    let at = divisions.binary_search_by(|division| division.code.cmp(code)).ok()?;
    Row::try_from(at).ok()
}

fn listed(words: &'static str) -> BTreeSet<&'static str> {
    words.split_whitespace().collect()
}

fn rows(divisions: &[Division]) -> impl Iterator<Item = (Row, &Division)> {
    (0..).zip(divisions)
}

fn anywhere(divisions: &[Division]) -> BTreeMap<String, Meaning> {
    let mut names = BTreeMap::new();
    for word in words::SWALLOWED.split_whitespace() {
        names.insert(word.to_owned(), Meaning { ask: Ask::Word, rows: Vec::new() });
    }
    let (weak, near, earlier) = (listed(words::WEAK), listed(words::NEAR), listed(words::EARLIER));
    // Provinces come before their prefectures: 吉林 and 海南 are the provinces.
    let above = || rows(divisions).filter(|(_, division)| !division.is_county());
    let (provinces, cities): (Vec<_>, Vec<_>) = above().partition(|(_, division)| division.is_province());
    let mut shorts: BTreeMap<String, Row> = BTreeMap::new();
    for (row, division) in provinces.into_iter().chain(cities) {
        let short = short(division.name);
        let ask = if weak.contains(short.as_str()) { Ask::Company } else { Ask::NoBearer };
        if division.name.ends_with("自治州") {
            names.entry(format!("{short}州")).or_insert(Meaning { ask: Ask::Nothing, rows: vec![row] });
        }
        if ask == Ask::Company && division.name.ends_with('市') {
            // 白银市 is a place, 白银市场 a trade.
            names.insert(format!("{}场", division.name), Meaning { ask: Ask::Word, rows: Vec::new() });
        }
        names.insert(division.name.to_owned(), Meaning { ask: Ask::Nothing, rows: vec![row] });
        if ask == Ask::NoBearer {
            shorts.entry(short.clone()).or_insert(row);
        }
        names.entry(short).or_insert(Meaning { ask, rows: vec![row] });
    }
    if let Some(row) = row(divisions, "150000") {
        names.insert("内蒙".to_owned(), Meaning { ask: Ask::NoBearer, rows: vec![row] });
    }
    for (row, division) in rows(divisions).filter(|(_, division)| division.is_county()) {
        let city = city_of(divisions, division);
        if let (true, Some(city)) = (division.name.starts_with('市'), city) {
            // 乐山市中区 leaves out one 市 of 乐山市市中区.
            let chain = format!("{}{}", short(city.name), division.name);
            names.insert(chain, Meaning { ask: Ask::Nothing, rows: vec![row] });
        }
        for name in full_names(division.name) {
            let ask = match name.as_str() {
                name if near.contains(name) => Ask::Near,
                name if earlier.contains(name) => Ask::Earlier,
                _ => Ask::Suffix,
            };
            // 西安区域, 海南区域, 河北区域: a county named after another's city counts only behind its own.
            let borrowed =
                name.strip_suffix(['区', '县', '市']).and_then(|short| shorts.get(short)).is_some_and(|&other| {
                    divisions.get(usize::from(other)).is_some_and(|other| !super::covers(other.code, division.code))
                });
            if name.chars().count() < 3 || borrowed {
                continue;
            }
            let meaning = names.entry(name).or_insert(Meaning { ask, rows: Vec::new() });
            if meaning.ask == Ask::Nothing {
                continue; // 嘉峪关市 is its own only district
            }
            meaning.rows.push(row);
            if meaning.rows.len() > 1 && meaning.ask == Ask::Suffix {
                meaning.ask = Ask::Earlier;
            }
        }
    }
    for group in words::GROUPS.split(';') {
        let mut codes = group.split_whitespace();
        let name = codes.next().unwrap_or_default();
        let rows: Vec<Row> = codes.filter_map(|code| row(divisions, code)).collect();
        names.insert(name.to_owned(), Meaning { ask: Ask::All, rows });
    }
    let mut former = words::FORMER.split_whitespace();
    while let (Some(name), Some(code)) = (former.next(), former.next()) {
        if let Some(row) = row(divisions, code) {
            names.entry(name.to_owned()).or_insert(Meaning { ask: Ask::NoBearer, rows: vec![row] });
        }
    }
    let alone = listed(words::ALONE);
    for (row, county) in rows(divisions).filter(|(_, division)| division.is_county()) {
        let short = short(county.name);
        if alone.contains(short.as_str()) {
            names.entry(short).or_insert(Meaning { ask: Ask::NoBearer, rows: vec![row] });
        }
    }
    names
}

fn behind(divisions: &[Division]) -> BTreeMap<String, Meaning> {
    let ordinary = listed(words::WORDS);
    let mut names: BTreeMap<String, Meaning> = BTreeMap::new();
    for (row, division) in rows(divisions).filter(|(_, division)| division.is_county()) {
        for name in full_names(division.name) {
            names.entry(name).or_insert(Meaning { ask: Ask::Suffix, rows: Vec::new() }).rows.push(row);
        }
        let short = short(division.name);
        if !is_zone(division) && short.chars().count() >= 2 && !ordinary.contains(short.as_str()) {
            let meaning = names.entry(short).or_insert(Meaning { ask: Ask::NoBearer, rows: Vec::new() });
            // Where one county's short name is another's full name, the suffix tells of both.
            if meaning.rows.last() != Some(&row) {
                meaning.rows.push(row);
            }
        }
    }
    names
}

/// The prefecture of a county, where it has one.
fn city_of<'a>(divisions: &'a [Division], county: &Division) -> Option<&'a Division> {
    let code = format!("{}00", county.code.get(..4)?);
    divisions.get(usize::from(row(divisions, &code)?))
}

/// The rows of the city and the province a county lies in; none for a level that it does not have.
pub(super) fn above(names: &Names, county: &Division) -> [Option<Row>; 2] {
    let at = |length: usize| names.row(&format!("{:0<6}", county.code.get(..length)?));
    [at(4), at(2)]
}

/// Development zones that the statistics bureau counts like districts; nobody calls them by a shorter name.
fn is_zone(division: &Division) -> bool {
    division.code.as_bytes().get(4) == Some(&b'7')
}

/// 景宁畲族自治县 is also written 景宁县; 管城回族区 管城区.
fn full_names(name: &'static str) -> Vec<String> {
    let mut all = vec![name.to_owned()];
    let plain = short(name);
    let autonomous = name.ends_with("自治县") || name.ends_with("自治旗") || name.ends_with("族区");
    if let (true, Some(suffix)) = (autonomous && plain.chars().count() > 1, name.chars().last()) {
        all.push(format!("{plain}{suffix}"));
    }
    all
}

/// The name without what tells its kind and its peoples: 浙江, 宁波, 恩施, 鄞州.
pub(super) fn short(name: &str) -> String {
    const KINDS: [&str; 14] = [
        "特别行政区",
        "自治区",
        "自治州",
        "自治县",
        "自治旗",
        "地区",
        "林区",
        "特区",
        "新区",
        "省",
        "市",
        "区",
        "县",
        "旗",
    ];
    let kind = KINDS.iter().copied().chain(["盟"]).find(|kind| name.ends_with(kind));
    let mut rest = kind.and_then(|kind| name.strip_suffix(kind)).unwrap_or(name);
    let autonomous = kind.is_some_and(|kind| kind.starts_with("自治")) || rest.ends_with('族');
    while let Some(shorter) = without_people(rest).filter(|_| autonomous) {
        rest = shorter;
    }
    // 东乡族自治县 is named after its people, 内蒙古 after its land.
    let bare = rest.strip_suffix('族').filter(|bare| bare.chars().count() > 1);
    bare.unwrap_or(rest).to_owned()
}

/// The name without the people it ends with, if something is left to call it by.
fn without_people(name: &str) -> Option<&str> {
    let shorter = words::PEOPLES.split_whitespace().find_map(|people| name.strip_suffix(people))?;
    (shorter.chars().count() > 1).then_some(shorter)
}
