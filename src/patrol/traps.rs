//! Pages without end: how many new addresses of one pattern a host gets in a round, and when a pattern has nothing new.
//!
//! Calendars and session ids make addresses for ever. Ordinary lists of offers (`list_2.html`) look the same from outside, so what a
//! pattern leads to decides: it is closed when page after page under it has the same text, or when its dates leave the years in
//! which anybody posts anything; else it only has a generous cap. Each pattern that is closed or full is listed once a round as not
//! looked at, with the reason. Nothing is remembered beyond the round: the next one tries again. Start at [`Ledger::admit`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jianzheng_core::page::Extract;
use jianzheng_core::{likeness, pattern};
use jiff::Timestamp;
use jiff::tz::Offset;
use url::Url;

use super::{Shared, walls};
use crate::crawl::frontier::{Found, Kind};
use crate::store::{Changes, NotLooked, PageText, Via};

/// Pages in a row with the same text after which a pattern has nothing new.
const ALIKE: u32 = 10;
/// The same where they accuse and only numbers tell them apart: whoever posts one offer a hundred times is to be taken down a hundred
/// times, within reason. What differs in a token is one page.
const ALIKE_HITS: u32 = 50;
/// New addresses of one pattern on one host in a round: several times what a host gets of pages, for large markets are honest.
const MANY: u32 = 2_000;
/// The same where the dates lie where nobody posts anything.
const OTHER_TIMES: u32 = 10;
/// Months before and behind today in which pages have their dates.
const PAST: i32 = 15 * 12;
const FUTURE: i32 = 3;
/// Bits by which the numbers of one text differ.
const SAME_TEXT: u32 = 3;
/// Bytes of a text whose letters are hashed.
const SHORT: usize = 4_096;
/// Patterns of one host, and hosts, that are held in memory; beyond, nothing is counted.
const PATTERNS: usize = 512;
const HOSTS: usize = 20_000;

/// What a round has seen of each host's patterns.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    hosts: Mutex<HashMap<String, HashMap<String, Seen>>>,
}

/// What was seen under one pattern.
#[derive(Debug, Default)]
struct Seen {
    taken: u32,
    out_of_time: u32,
    /// The last text, and how many pages in a row had it.
    last: Option<Text>,
    alike: u32,
    /// Whether those accuse.
    hits: bool,
    told: bool,
}

/// What a page says, for telling whether another one says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text {
    /// Hash of a short text's letters, digits aside, for a calendar's pages differ in nothing else; 0 for a long text.
    letters: u64,
    number: Option<u64>,
}

impl Text {
    pub(super) fn of(extract: &Extract) -> Text {
        let text = if extract.text.len() <= SHORT { extract.text.as_str() } else { "" };
        // FNV-1a: only equality is asked of it. Of a long text the extract's simhash says as much, and is there already.
        let letters = text
            .bytes()
            .filter(|b| !b.is_ascii_digit())
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Text { letters: if text.is_empty() { 0 } else { letters }, number: likeness::number_of(extract) }
    }

    pub(super) fn is_as(self, other: Text) -> bool {
        let near = self.number.zip(other.number).is_some_and(|(a, b)| (a ^ b).count_ones() <= SAME_TEXT);
        (self.letters == other.letters && self.letters != 0) || near
    }
}

impl From<PageText> for Text {
    fn from(PageText { letters, number }: PageText) -> Text {
        Text { letters, number }
    }
}

impl From<Text> for PageText {
    fn from(Text { letters, number }: Text) -> PageText {
        PageText { letters, number }
    }
}

/// What becomes of a new address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is taken.
    Taken,
    /// It is left out; the reason is told with the first of its pattern.
    Left(Option<String>),
}

impl Ledger {
    /// Asks for a new address of a host. `today`: years times twelve and months from January.
    pub(super) fn admit(&self, host: &str, url: &Url, today: i32) -> Admission {
        let Some(pattern) = pattern::of(url) else { return Admission::Taken };
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = entry(&mut hosts, host, &pattern) else { return Admission::Taken };
        let out_of_time = pattern::month_of(url).is_some_and(|m| m < today - PAST || m > today + FUTURE);
        let enough = if seen.hits && !pattern.contains('*') { ALIKE_HITS } else { ALIKE };
        let why = if seen.alike >= enough {
            format!("同一样式的网址（{pattern}）连看 {} 页，内容都一样", seen.alike)
        } else if out_of_time && seen.out_of_time >= OTHER_TIMES {
            format!("像日历一样没有尽头的网址（{pattern}），日期不在平常的年月里")
        } else if seen.taken >= MANY {
            format!("同一样式的网址（{pattern}）本轮已取 {MANY} 个")
        } else {
            seen.taken += 1;
            seen.out_of_time += u32::from(out_of_time);
            return Admission::Taken;
        };
        let first = !std::mem::replace(&mut seen.told, true);
        Admission::Left(first.then(|| format!("{why}，其余本轮不看")))
    }

    /// Writes down what a page under its pattern says.
    pub(super) fn read(&self, host: &str, url: &Url, extract: &Extract, hit: bool) {
        let Some(pattern) = pattern::of(url) else { return };
        let text = Text::of(extract);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = entry(&mut hosts, host, &pattern) else { return };
        seen.alike = if seen.last.is_some_and(|last| last.is_as(text)) { seen.alike + 1 } else { 1 };
        (seen.last, seen.hits) = (Some(text), hit);
    }
}

fn entry<'m>(hosts: &'m mut HashMap<String, HashMap<String, Seen>>, host: &str, pattern: &str) -> Option<&'m mut Seen> {
    if !hosts.contains_key(host) && hosts.len() >= HOSTS {
        return None;
    }
    let patterns = hosts.entry(host.to_owned()).or_default();
    if !patterns.contains_key(pattern) && patterns.len() >= PATTERNS {
        return None;
    }
    Some(patterns.entry(pattern.to_owned()).or_default())
}

impl Shared {
    /// Counts what a page says to its pattern. Walls and pages that only a browser can show are alike for other reasons.
    pub(super) fn read_under_pattern(&self, host: &str, url: &Url, extract: &Extract, hit: bool) {
        if hit || !extract.needs_eyes && !walls::is_wall_page(&self.rules, extract, url) {
            self.traps.read(host, url, extract, hit);
        }
    }

    /// Leaves out links that lead into a trap; what is known already is not asked about.
    pub(super) async fn without_traps(&self, changes: &mut Changes, found: Vec<Found>) -> Vec<Found> {
        let today = month(self.clock.now());
        let mut kept = Vec::with_capacity(found.len());
        for one in found {
            let by_link = matches!(one.via, Via::Link { .. } | Via::Frame { .. } | Via::Refresh { .. });
            if one.kind == Kind::Page
                && by_link
                && !self.frontier.knows(&one.url).await
                && let Ok(url) = Url::parse(&one.url)
                && let Admission::Left(why) = self.traps.admit(&one.host, &url, today)
            {
                if let Some(why) = why {
                    changes.put_not_looked(NotLooked { round: self.round, n: 0, url: one.url, why });
                }
                continue;
            }
            kept.push(one);
        }
        kept
    }
}

fn month(now: Timestamp) -> i32 {
    let date = Offset::UTC.to_datetime(now).date();
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: i32 = 2026 * 12 + 10;

    fn url(rest: &str) -> Url {
        Url::parse(&format!("http://a.example{rest}")).unwrap()
    }

    fn page(text: &str) -> Extract {
        jianzheng_core::page::read_text(&format!("<p>{text}</p>"), None)
    }

    fn taken(ledger: &Ledger, rests: impl Iterator<Item = String>) -> usize {
        rests.filter(|rest| ledger.admit("a.example", &url(rest), TODAY) == Admission::Taken).count()
    }

    #[test]
    fn pages_that_say_the_same_close_their_pattern_and_say_so_once() {
        let ledger = Ledger::default();
        for n in 0..ALIKE {
            assert_eq!(ledger.admit("a.example", &url(&format!("/e?sid=a{n}b4c9d2e7f100")), TODAY), Admission::Taken);
            ledger.read(
                "a.example",
                &url(&format!("/e?sid=a{n}b4c9d2e7f100")),
                &page(&format!("活动日历 {n} 日")),
                false,
            );
        }
        let next = |rest| ledger.admit("a.example", &url(rest), TODAY);
        let Admission::Left(Some(why)) = next("/e?sid=ffb4c9d2e7f100") else { panic!("the eleventh is taken") };
        assert!(why.contains("/e?sid=*") && why.contains("内容都一样"), "{why}");
        assert_eq!(next("/e?sid=eeb4c9d2e7f100"), Admission::Left(None));
        // Others of the host, and the same on another host, are as before.
        assert_eq!(next("/offer_3.html"), Admission::Taken);
        assert_eq!(ledger.admit("b.example", &url("/e?sid=eeb4c9d2e7f100"), TODAY), Admission::Taken);
    }

    #[test]
    fn lists_of_offers_are_no_trap() {
        let ledger = Ledger::default();
        let list = |n: u32| format!("/list_{n}.html");
        for n in 0..200 {
            assert_eq!(ledger.admit("a.example", &url(&list(n)), TODAY), Admission::Taken, "page {n}");
            // Now and then a deleted one, as every market has.
            let text = if n % 12 < 8 {
                "信息已删除".to_owned()
            } else {
                format!("第{}家焊工转让设备", "甲".repeat(n as usize))
            };
            ledger.read("a.example", &url(&list(n)), &page(&text), false);
        }
        // News of last year, day by day.
        let days = (1..=12).flat_map(|m| (1..=20).map(move |d| format!("/2025/{m:02}/{d:02}/a.html")));
        assert_eq!(taken(&ledger, days), 240);
    }

    #[test]
    fn one_offer_under_numbers_is_taken_often_and_under_tokens_as_any_page() {
        let taken = |address: fn(u32) -> String| {
            let ledger = Ledger::default();
            let all = (0..200).filter(|n| {
                let url = url(&address(*n));
                ledger.read("a.example", &url, &page("低压电工证代办"), true);
                ledger.admit("a.example", &url, TODAY) == Admission::Taken
            });
            all.count() as u32
        };
        assert_eq!(taken(|n| format!("/sell/{n}.html")), ALIKE_HITS - 1);
        assert_eq!(taken(|n| format!("/p?sid={n:04}af35c9e2b7d4")), ALIKE - 1);
    }

    #[test]
    fn a_calendar_has_an_end() {
        let ledger = Ledger::default();
        let months = (2027..2127).flat_map(|y| (1..=12).map(move |m| format!("/cal?year={y}&month={m}")));
        // Those of the coming weeks are as good as any.
        assert!(taken(&ledger, months) <= OTHER_TIMES as usize + FUTURE as usize);
        // A month of ours under that pattern is one like others.
        assert_eq!(taken(&ledger, (1..9).map(|m| format!("/cal?year=2026&month={m}"))), 8);
        let before = (1900..2000).map(|y| format!("/arch/{y}/05/"));
        assert_eq!(taken(&ledger, before), OTHER_TIMES as usize);
        let counter = (0..10_000).map(|n| format!("/next?n={n}"));
        assert_eq!(taken(&ledger, counter), MANY as usize);
    }

    /// Page after page under one pattern; how many were taken.
    fn walked(texts: impl Iterator<Item = String>) -> usize {
        let ledger = Ledger::default();
        let mut taken = 0;
        for (n, text) in texts.enumerate() {
            let at = url(&format!("/offer_{n}.html"));
            if ledger.admit("a.example", &at, TODAY) != Admission::Taken {
                break;
            }
            taken += 1;
            ledger.read("a.example", &at, &page(&text), false);
        }
        taken
    }

    #[test]
    fn what_pages_under_a_pattern_say_decides_however_the_first_one_began() {
        let entrance = || std::iter::once("欢迎光临，请选择您的城市".to_owned());
        let same = |n: usize| format!("活动日历 {n} 日，没有安排");
        assert_eq!(walked(entrance().chain((0..100).map(same))), 1 + ALIKE as usize);
        // Texts too long for letters: the same but for a number, and each of its own words.
        let chapter = |seed: u32| -> String {
            (0..700u32)
                .map(|at| char::from_u32(0x4E00 + (seed * 7919 + at * at * 31 + at * 17) % 6000).unwrap())
                .collect()
        };
        assert!(page(&chapter(0)).text.len() < SHORT);
        let long = |seed: u32| chapter(seed) + &chapter(seed + 1000) + &chapter(seed + 2000);
        assert!(page(&long(0)).text.len() > SHORT);
        assert_eq!(walked((0..100).map(|n| format!("{}第{n}号", long(7)))), ALIKE as usize);
        assert_eq!(walked((0..100).map(long)), 100);
        assert_eq!(walked((0..100).map(|n| format!("第{n}号：{}", chapter(n)))), 100);
    }

    #[test]
    fn a_host_of_endless_patterns_costs_bounded_memory() {
        let ledger = Ledger::default();
        let words = |n: u32| -> String {
            format!("{n:x}")
                .chars()
                .map(|c| if c.is_ascii_digit() { (b'p' + c as u8 - b'0') as char } else { c })
                .collect()
        };
        let all = (0..5_000).map(|n| format!("/{}/1", words(n)));
        assert_eq!(taken(&ledger, all), 5_000);
        assert!(ledger.hosts.lock().unwrap()["a.example"].len() <= PATTERNS);
        for n in 0..HOSTS + 10 {
            assert_eq!(ledger.admit(&format!("h{n}.example"), &url("/list_1.html"), TODAY), Admission::Taken);
        }
        assert!(ledger.hosts.lock().unwrap().len() <= HOSTS);
    }
}
