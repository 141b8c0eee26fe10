//! Which places a text names: 宁波市鄞州区, 浙江慈溪, 温州; told by their division codes (GB/T 2260).
//!
//! Full names, and the short names of provinces and prefectures, count wherever they stand. A county counts by its full name, or
//! by its short name right behind its city or province; by its short name alone where everybody calls it so (义乌, 昆山). 江浙沪 is all
//! it names. A name that several counties share needs their city or province before it
//! and is left out otherwise: no place is better than a wrong one, since letters go out by place. For the same reason a name that
//! is an ordinary word (日照, 公安) or borne by something else (北京大学, 南京东路) is no place.
//!
//! This module must not know what a place is good for. `names` says what could be meant, `words` what spoils it. Start at
//! [`find`].

mod names;
#[cfg(test)]
mod tests;
mod words;

use names::{Ask, Division, Hit, NAMES, Names, Row};
use std::collections::BTreeMap;
use std::ops::Range;

/// More places than this in one text are not told.
pub const MOST: usize = 10_000;

/// A word like 老城区 belongs to the city that stands at most this many characters before it.
const NEAR: usize = 12;

/// A place named in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Six digits: 330000 a province, 330200 a prefecture, 330212 a county.
    pub code: &'static str,
    /// The official name without what stands above it: 鄞州区.
    pub name: &'static str,
    /// The bytes of the text, the city and province before it included (宁波市鄞州区). Those of 江浙沪 share theirs.
    pub at: Range<usize>,
}

/// The places that a folded text (see [`crate::text::fold`]) names, as they stand, each chain of names once and as narrow as it
/// tells. At most [`MOST`].
#[must_use]
pub fn find(folded: &str) -> Vec<Place> {
    let mut walk = Walk { text: folded, names: &NAMES, found: Vec::new(), seen: BTreeMap::new() };
    walk.run();
    walk.found
}

/// The official name of a division, by two, four or six digits, padded with zeros or not: 33, 3302 and 330200. Not told for
/// codes that are no division of their own, like 110100 (市辖区).
#[must_use]
pub fn name_of(code: &str) -> Option<&'static str> {
    if !matches!(code.len(), 2 | 4 | 6) {
        return None;
    }
    let row = NAMES.row(&format!("{code:0<6}"))?;
    NAMES.division(row).map(|division| division.name)
}

/// Whether one of two codes lies in the other, whichever is the wider: 330200 and 330212 yes, 330203 and 330212 no. The empty
/// code is everywhere.
#[must_use]
pub fn covers(a: &str, b: &str) -> bool {
    let (a, b) = (bare(a), bare(b));
    a.starts_with(b) || b.starts_with(a)
}

/// The code without its trailing pairs of zeros, which say: all of it.
fn bare(code: &str) -> &str {
    code.trim_end_matches("00")
}

/// Where a search has got to.
struct Walk<'t> {
    text: &'t str,
    names: &'static Names,
    found: Vec<Place>,
    /// Where each province and prefecture was named last, by the end.
    seen: BTreeMap<Row, usize>,
}

impl Walk<'_> {
    fn run(&mut self) {
        let mut from = 0;
        while self.found.len() < MOST {
            let next = self.names.anywhere.next(self.text, from);
            if let Some((row, at)) = self.behind(from, next.as_ref()).or_else(|| self.listed(from, next.as_ref())) {
                from = at.end;
                self.push(row, at);
                continue;
            }
            let Some(hit) = next else { break };
            if hit.meaning.ask == Ask::All {
                // 风云贵州, 长江浙江段: the name of one place hides in it.
                let second = hit.at.start + self.rest(hit.at.start).chars().next().map_or(1, char::len_utf8);
                let hidden = self.names.anywhere.next(self.text, second).is_some_and(|inner| {
                    inner.at.start < hit.at.end && inner.at.end > hit.at.end && inner.meaning.ask != Ask::Word
                });
                if hidden {
                    from = second;
                    continue;
                }
                if !words::bears_a_name(self.rest(hit.at.end)) {
                    hit.meaning.rows.iter().for_each(|row| self.push(*row, hit.at.clone()));
                }
                from = hit.at.end;
                continue;
            }
            from = match self.judge(&hit) {
                Some(row) => {
                    self.push(row, hit.at.clone());
                    hit.at.end
                }
                None if hit.meaning.ask == Ask::Word => hit.at.end,
                // What is no place may hide one that begins inside it.
                None => hit.at.start + self.rest(hit.at.start).chars().next().map_or(1, char::len_utf8),
            };
        }
    }

    /// A county right behind the city or province that was found last and ends at `from`, unless `next` says it better.
    fn behind(&self, from: usize, next: Option<&Hit<'_>>) -> Option<(Row, Range<usize>)> {
        let above = self.found.last().filter(|above| above.at.end == from && above.code.ends_with("00"))?;
        self.county(above.code, past_gap(self.text, from), next)
    }

    /// A county of the same city in a list: 宁波、余姚、慈溪, 杭州萧山、余杭, 苏州 昆山 太仓.
    fn listed(&self, from: usize, next: Option<&Hit<'_>>) -> Option<(Row, Range<usize>)> {
        let before = self.found.last().filter(|before| before.at.end == from && !before.code.ends_with("0000"))?;
        // 苏州昆山太仓常熟: a county behind another of the same city needs no sign.
        let start = past_list_sign(self.text, from).unwrap_or_else(|| past_gap(self.text, from));
        self.county(&before.code[..4], start, next)
    }

    /// A county of a city or province at `start`, unless `next` says it better.
    fn county(&self, above: &str, start: usize, next: Option<&Hit<'_>>) -> Option<(Row, Range<usize>)> {
        let hit = self.names.behind.here(self.text, start)?;
        let spoilt = match hit.meaning.ask {
            Ask::NoBearer => words::bears_a_name(self.rest(hit.at.end)),
            _ => words::breaks_suffix(&self.text[hit.at.clone()], self.rest(hit.at.end)),
        };
        let row = self.only_one_in(above, &hit.meaning.rows).filter(|_| !spoilt)?;
        let better = next.is_some_and(|next| {
            let word = next.meaning.ask == Ask::Word;
            next.at.start == start
                && (next.at.end > hit.at.end && word || next.at.end >= hit.at.end && self.judge(next).is_some())
        });
        (!better).then_some((row, hit.at))
    }

    /// The row among several that lies in a division, if just one does.
    fn only_one_in(&self, code: &str, rows: &[Row]) -> Option<Row> {
        let mut inside =
            rows.iter().filter(|row| self.division(**row).is_some_and(|division| covers(code, division.code)));
        let first = inside.next()?;
        inside.next().is_none().then_some(*first)
    }

    /// What a name means where it stands, if it is a place.
    fn judge(&self, hit: &Hit<'_>) -> Option<Row> {
        let (rows, rest) = (&hit.meaning.rows, self.rest(hit.at.end));
        let row = *rows.first()?;
        match hit.meaning.ask {
            Ask::Word | Ask::All => None,
            Ask::Nothing => Some(row),
            Ask::NoBearer => (!words::bears_a_name(rest)).then_some(row),
            Ask::Company => (!words::bears_a_name(rest) && self.has_company(row, &hit.at)).then_some(row),
            Ask::Suffix | Ask::Earlier | Ask::Near if words::breaks_suffix(&self.text[hit.at.clone()], rest) => None,
            Ask::Suffix => Some(row).filter(|row| !self.contradicted(*row, hit.at.start)),
            Ask::Earlier => self.nearest(rows, hit.at.start).map(|(row, _)| row),
            Ask::Near => {
                self.nearest(rows, hit.at.start).filter(|(_, end)| self.near(*end, hit.at.start)).map(|(row, _)| row)
            }
        }
    }

    /// Whether a prefecture stands right behind its province, in a list behind another of it, or right before the full name of one of
    /// its counties.
    fn has_company(&self, row: Row, at: &Range<usize>) -> bool {
        let Some(city) = self.division(row) else { return false };
        let province = self.touching(at.start).is_some_and(|place| covers(place.code, city.code));
        let county = self.names.behind.here(self.text, past_gap(self.text, at.end));
        let listed = self.found.last().is_some_and(|place| {
            place.code[..2] == city.code[..2] && past_list_sign(self.text, place.at.end) == Some(at.start)
        });
        province
            || listed
            || county.is_some_and(|county| {
                county.meaning.ask == Ask::Suffix && self.only_one_in(city.code, &county.meaning.rows).is_some()
            })
    }

    /// The county among several whose city or province was named last, and where that ended. A province speaks for a county
    /// only if no other of the several lies in it.
    fn nearest(&self, rows: &[Row], start: usize) -> Option<(Row, usize)> {
        let last_named = |row: Row| {
            let county = self.division(row)?;
            let [city, province] = names::above(self.names, county);
            let province = province.filter(|_| self.only_one_in(&county.code[..2], rows).is_some());
            [city, province].into_iter().flatten().filter_map(|above| self.seen.get(&above).copied()).max()
        };
        let named = rows.iter().filter_map(|&row| Some((row, last_named(row)?)));
        named.max_by_key(|(_, end)| *end).filter(|(row, _)| !self.contradicted(*row, start))
    }

    /// Whether the city or province right before a county is not its own: the 东城区 of 东莞 is not that of 北京.
    fn contradicted(&self, row: Row, start: usize) -> bool {
        let above = self.found.last().filter(|above| above.at.end == start && above.code.ends_with("00"));
        above.zip(self.division(row)).is_some_and(|(above, county)| !covers(above.code, county.code))
    }

    fn near(&self, end: usize, start: usize) -> bool {
        self.text.get(end..start).is_some_and(|between| between.chars().nth(NEAR).is_none())
    }

    /// The place found last, if it reaches up to here.
    fn touching(&self, start: usize) -> Option<&Place> {
        self.found.last().filter(|place| past_gap(self.text, place.at.end) == start)
    }

    fn push(&mut self, row: Row, at: Range<usize>) {
        let Some(&Division { code, name }) = self.division(row) else { return };
        if code.ends_with("00") {
            self.seen.insert(row, at.end);
        } else if let Some(division) = self.division(row)
            && let [Some(city), _] = names::above(self.names, division)
        {
            // 鄞州区 speaks of 宁波: the 江北区 behind it is that of 宁波.
            self.seen.insert(city, at.end);
        }
        let chain = self
            .touching(at.start)
            .filter(|above| bare(above.code).len() < bare(code).len() && covers(above.code, code));
        let start = chain.map(|above| above.at.start);
        if start.is_some() {
            self.found.pop();
        }
        self.found.push(Place { code, name, at: start.unwrap_or(at.start)..at.end });
    }

    fn division(&self, row: Row) -> Option<&'static Division> {
        self.names.division(row)
    }

    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }
}

/// Behind one sign between two of a list.
fn past_list_sign(text: &str, at: usize) -> Option<usize> {
    // 盐城市区、东台
    let rest = text.get(at..)?;
    let quarter =
        ["市区", "城区", "全市", "各区", "地区", "周边", "区"].into_iter().find(|word| rest.starts_with(word));
    let quarter = quarter.filter(|word| *word != "区" || text[..at].ends_with('市'));
    let at = at + quarter.map_or(0, str::len);
    let sign = text.get(at..)?.chars().next()?;
    matches!(sign, '、' | '和' | '及' | '与' | ',').then(|| at + sign.len_utf8())
}

/// The end of at most three signs that stand between a place and the next narrower one: 浙江 - 宁波 is a chain, a list 浙江、宁波 is not.
fn past_gap(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let signs = rest.chars().take(3).take_while(|sign| matches!(sign, ' ' | '·' | '-' | '/' | '>' | '|' | '(' | ':'));
    at + signs.map(char::len_utf8).sum::<usize>()
}
