//! Pages without end: how many new addresses of one pattern a host gets in a round, and when a pattern or a host has nothing new.
//!
//! Calendars and session ids make addresses for ever. Ordinary lists of offers (`list_2.html`) look the same from outside, so what a
//! pattern leads to decides: it is closed when page after page under it has the same text, or when its dates leave the years in
//! which anybody posts anything; else it only has a generous cap. Each pattern that is closed or full is listed once a round as not
//! looked at, with the reason. Nothing is remembered beyond the round: the next one tries again.
//!
//! A host may show one offer at every address that it is asked for, whatever the pattern, and link to a hundred more on each page. So
//! what accuses is also counted over the whole host: where page after page says what others said, of the same certificates, places and
//! contacts, its links are left, those that wait too. One made-up address tells soon whether the host shows it everywhere. Start at [`Ledger::admit`].

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use jianzheng_core::entities::Contacts;
use jianzheng_core::page::Extract;
use jianzheng_core::verdict::Verdict;
use jianzheng_core::{likeness, pattern};
use jiff::Timestamp;
use jiff::tz::Offset;
use url::Url;

use super::{Failure, Shared, walls};
use crate::crawl::frontier::{Found, Kind, Lease};
use crate::store::{Changes, NotLooked, Outcome, PageText, StoreError, Via};

/// Pages in a row with the same text after which a pattern has nothing new.
const ALIKE: u32 = 10;
/// The same where they accuse and only numbers tell them apart: whoever posts one offer a hundred times is to be taken down a hundred
/// times, within reason. What differs in a token is one page.
const ALIKE_HITS: u32 = 50;
/// Different offers of a host that are remembered.
const OFFERS: usize = 16;
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

/// The code of a page that was left for such a reason.
pub(super) const TRAP: &str = "trap";

/// What a round has seen of each host's patterns.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    hosts: Mutex<HashMap<String, House>>,
}

/// What was seen of one host.
#[derive(Debug, Default)]
struct House {
    patterns: HashMap<String, Seen>,
    /// What its latest offers say, and of which certificates, places and contacts.
    offers: VecDeque<(Text, u64)>,
    /// How many in a row said nothing else than those.
    stale: u32,
    /// How many of them were not known before: looks at known hits close nothing, or what lies behind would never be seen.
    fresh: u32,
    /// It shows the same at an address that nobody ever made.
    anywhere: bool,
    told: bool,
}

impl House {
    /// Why none of its links is worth a look.
    fn closed(&self) -> Option<String> {
        let House { stale, fresh, anywhere, .. } = self;
        if *anywhere && *stale >= ALIKE {
            return Some(format!("这个网站随便哪个网址都给同一页（连看 {stale} 页，编造的网址也一样）"));
        }
        let why = || format!("这个网站连看 {fresh} 页，证书、地方和联系方式都一样，没有新内容");
        (*fresh >= ALIKE_HITS).then(why)
    }
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
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(house) = hosts.get_mut(host)
            && let Some(why) = house.closed()
        {
            let first = !std::mem::replace(&mut house.told, true);
            return Admission::Left(first.then(|| format!("{why}，其余链接本轮不看")));
        }
        let Some(pattern) = pattern::of(url) else { return Admission::Taken };
        let Some(seen) = entry(&mut hosts, host, &pattern) else { return Admission::Taken };
        let out_of_time = pattern::month_of(url).is_some_and(|m| m < today - PAST || m > today + FUTURE);
        let why = if let Some(why) = seen.alike(&pattern) {
            why
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

    /// Why an address of the host that waits is not worth a look any more.
    fn closed(&self, host: &str) -> Option<String> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(host)?.closed()
    }

    /// Writes down what an accusing page of a host says, and of what; `known`: it was a hit before. True: a made-up address would tell
    /// whether that says the same.
    fn offered(&self, host: &str, offer: (Text, u64), known: bool) -> bool {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if !hosts.contains_key(host) && hosts.len() >= HOSTS {
            return false;
        }
        let house = hosts.entry(host.to_owned()).or_default();
        if house.offers.iter().any(|(text, what)| text.is_as(offer.0) && *what == offer.1) {
            house.stale += 1;
            house.fresh += u32::from(!known);
        } else {
            (house.stale, house.fresh, house.anywhere) = (0, 0, false);
            house.offers.truncate(OFFERS - 1);
            house.offers.push_front(offer);
        }
        house.stale == ALIKE
    }

    fn shows_it_anywhere(&self, host: &str) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(house) = hosts.get_mut(host) {
            house.anywhere = true;
        }
    }

    /// Writes down what a page under its pattern says.
    pub(super) fn read(&self, host: &str, url: &Url, extract: &Extract, hit: bool) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if !hit && let Some(house) = hosts.get_mut(host) {
            // Between the offers of a board or market stand others' pages, and behind them other sellers'.
            (house.stale, house.fresh) = (0, 0);
        }
        let Some(pattern) = pattern::of(url) else { return };
        let text = Text::of(extract);
        let Some(seen) = entry(&mut hosts, host, &pattern) else { return };
        seen.alike = if seen.last.is_some_and(|last| last.is_as(text)) { seen.alike + 1 } else { 1 };
        (seen.last, seen.hits) = (Some(text), hit);
    }
}

impl Seen {
    /// Why one more page of the pattern would say nothing new.
    fn alike(&self, pattern: &str) -> Option<String> {
        let enough = if self.hits && !pattern.contains('*') { ALIKE_HITS } else { ALIKE };
        let say = || format!("同一样式的网址（{pattern}）连看 {} 页，内容都一样", self.alike);
        (self.alike >= enough).then(say)
    }
}

fn entry<'m>(hosts: &'m mut HashMap<String, House>, host: &str, pattern: &str) -> Option<&'m mut Seen> {
    if !hosts.contains_key(host) && hosts.len() >= HOSTS {
        return None;
    }
    let patterns = &mut hosts.entry(host.to_owned()).or_default().patterns;
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

    /// Counts an offer to its host, and asks for a made-up address where the host says the same on page after page.
    pub(super) async fn offered(
        self: &Arc<Self>,
        changes: &mut Changes,
        lease: &Lease,
        url: &Url,
        (extract, verdict): (&Extract, &Verdict),
    ) -> Result<(), Failure> {
        let mut what = DefaultHasher::new();
        let Contacts { phones, wechat, qq, telegram, .. } = &verdict.contacts;
        ([phones, wechat, qq, telegram], &verdict.cert_types, &verdict.areas).hash(&mut what);
        let known = matches!(lease.via(), Via::Recheck { .. });
        if self.traps.offered(lease.host(), (Text::of(extract), what.finish()), known)
            && self.is_soft_404(changes, lease, url, extract).await? == Some(true)
        {
            self.traps.shows_it_anywhere(lease.host());
        }
        Ok(())
    }

    /// Why a page that waits is not looked at: its host has shown nothing new for long. What was asked for by name, and
    /// what is known from earlier, is looked at all the same.
    pub(super) async fn is_trapped(&self, lease: &Lease) -> Result<Option<String>, StoreError> {
        if lease.kind() == Kind::Image {
            return Ok(None);
        }
        let Some(why) = self.traps.closed(lease.host()) else { return Ok(None) };
        let by_link = match lease.via() {
            via if is_link(via) => true,
            // One that was left for this before.
            Via::Revisit { page } => {
                let before = self.store.page(*page).await?.map(|page| page.outcome);
                matches!(before, Some(Outcome::Failed { code, .. }) if code == TRAP)
            }
            _ => false,
        };
        Ok(by_link.then(|| format!("{why}，本轮不再看")))
    }

    /// Leaves out links that lead into a trap; what is known already is not asked about.
    pub(super) async fn without_traps(&self, changes: &mut Changes, found: Vec<Found>) -> Vec<Found> {
        let today = month(self.clock.now());
        let mut kept = Vec::with_capacity(found.len());
        for one in found {
            if one.kind == Kind::Page
                && is_link(&one.via)
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

fn is_link(via: &Via) -> bool {
    matches!(via, Via::Link { .. } | Via::Frame { .. } | Via::Refresh { .. })
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
    fn a_host_that_says_nothing_new_is_closed_and_one_with_new_offers_is_not() {
        let offer = |text: &str, people: u64| (Text::of(&page(text)), people);
        let pages = |offers: &dyn Fn(u64) -> (Text, u64), known: bool, anywhere: bool| {
            let ledger = Ledger::default();
            let (mut seen, mut asked) = (0, 0);
            while seen < 300 && ledger.closed("a.example").is_none() {
                if ledger.offered("a.example", offers(seen), known) {
                    asked += 1;
                    if anywhere {
                        ledger.shows_it_anywhere("a.example");
                    }
                }
                seen += 1;
            }
            (seen, asked)
        };
        let same = |_| offer("低压电工证代办，三天出证", 1);
        assert_eq!(pages(&same, false, true), (1 + u64::from(ALIKE), 1), "any address shows it");
        assert_eq!(pages(&same, false, false), (1 + u64::from(ALIKE_HITS), 1), "an offer that is posted often");
        let by_turns = |n: u64| offer(["低压电工证代办", "焊工证代办", "叉车证代办"][n as usize % 3], 1);
        assert_eq!(pages(&by_turns, false, false).0, 3 + u64::from(ALIKE_HITS), "three offers are three");
        let words = |n: u64| -> String {
            (1..30).filter_map(|k| char::from_u32(0x4E00 + (n * 911 * k % 5_000) as u32)).collect()
        };
        let sellers = |n: u64| offer("低压电工证代办，三天出证", n);
        assert_eq!(pages(&sellers, false, true), (300, 0), "one text, and another seller on each page");
        let market = |n: u64| match n % 30 {
            0 => offer(&format!("{}证代办", words(n)), 1),
            _ => same(n),
        };
        assert_eq!(pages(&market, false, false).0, 300, "now and then something new");
        let ledger = Ledger::default();
        for n in 0..300 {
            ledger.offered("a.example", same(n), false);
            if n % 20 == 0 {
                ledger.read("a.example", &url("/about"), &page("二手家具转让"), false);
            }
        }
        assert_eq!(ledger.closed("a.example"), None, "a board on which others write, too");
        assert_eq!(pages(&same, true, false).0, 300, "hits that are looked at again hide nothing behind them");
        assert_eq!(pages(&same, true, true).0, 1 + u64::from(ALIKE));
        // What its pages link to is left then, and that is said once.
        let ledger = Ledger::default();
        for n in 0..=u64::from(ALIKE_HITS) {
            ledger.offered("a.example", same(n), false);
        }
        let next = |rest| ledger.admit("a.example", &url(rest), TODAY);
        let Admission::Left(Some(why)) = next("/about") else { panic!("closed") };
        assert!(why.contains("没有新内容"), "{why}");
        assert_eq!(
            (next("/other"), ledger.admit("b.example", &url("/about"), TODAY)),
            (Admission::Left(None), Admission::Taken)
        );
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
        assert!(ledger.hosts.lock().unwrap()["a.example"].patterns.len() <= PATTERNS);
        for n in 0..HOSTS + 10 {
            assert_eq!(ledger.admit(&format!("h{n}.example"), &url("/list_1.html"), TODAY), Admission::Taken);
        }
        assert!(ledger.hosts.lock().unwrap().len() <= HOSTS);
    }
}
