//! Claims about the frontier: nothing is lost, nothing comes twice, everybody gets a turn. The clocks are made up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU64, Ordering},
};

use proptest::prelude::*;

use super::*;
use crate::store::Opts;

pub(super) const FAST: Politeness =
    Politeness { delay: Duration::ZERO, connections: 1000, host_pages: 0, host_bytes: 0, host_time: Duration::ZERO };

pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// A frontier over a store of its own, with clocks that go when told.
pub(super) struct Rig {
    folder: tempfile::TempDir,
    pub(super) store: Option<Store>,
    frontier: Option<Frontier>,
    pub(super) now: Now,
    free: fn(&std::path::Path) -> std::io::Result<u64>,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with_disk(|_| Ok(1 << 40))
    }

    fn with_disk(free: fn(&std::path::Path) -> std::io::Result<u64>) -> Self {
        let now = Now { mono: Instant::now(), wall: Timestamp::from_second(1_772_400_000).unwrap() };
        let mut rig = Self { folder: tempfile::tempdir().unwrap(), store: None, frontier: None, now, free };
        rig.reopen();
        rig
    }

    /// As after a kill: whoever held a lease is gone.
    pub(super) fn reopen(&mut self) {
        self.frontier = None;
        self.store = None;
        let opts = Opts { ballast: 0, free_floor: 0, free: self.free, ..Opts::default() };
        let store = Store::open(self.folder.path(), opts).unwrap();
        let frontier = Frontier::open(&store, self.now).unwrap();
        frontier.begin_round(1, 1, self.now).unwrap();
        self.store = Some(store);
        self.frontier = Some(frontier);
    }

    pub(super) fn frontier(&self) -> &Frontier {
        self.frontier.as_ref().unwrap()
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.wall += time;
    }

    pub(super) fn add(&self, urls: Vec<Found>) -> Vec<bool> {
        let (new, pending) = self.frontier().add(urls, Changes::new(), self.now);
        pending.wait().unwrap();
        new
    }

    /// The next lease that may be had without waiting.
    pub(super) fn lease(&mut self, limits: &Politeness) -> Option<Lease> {
        for _ in 0..1000 {
            match run(self.frontier().next(self.now, limits)).unwrap() {
                Next::Lease(lease) => return Some(lease),
                // Entries on their way to the disk: real time has to go by for them, made-up time for the frontier.
                Next::WaitUntil(at) if at <= self.now.mono + Duration::from_millis(5) => {
                    std::thread::sleep(Duration::from_millis(1));
                    self.pass(at - self.now.mono);
                }
                Next::WaitUntil(_) | Next::InFlight | Next::Empty => return None,
            }
        }
        panic!("entries never came to the disk");
    }

    pub(super) fn finish(&self, lease: Lease, found: Vec<Found>) -> Vec<bool> {
        let (new, pending) = self.frontier().finish(lease, found, Changes::new(), self.now);
        pending.wait().unwrap();
        new
    }

    /// Fetches all there is, and gives the URLs in their order.
    pub(super) fn drain(&mut self, limits: &Politeness) -> Vec<String> {
        let mut urls = Vec::new();
        while let Some(lease) = self.lease(limits) {
            urls.push(lease.url().to_owned());
            self.finish(lease, Vec::new());
        }
        urls
    }
}

pub(super) fn page(host: &str, path: u32) -> Found {
    Found {
        url: format!("http://{host}/{path}"),
        host: host.to_owned(),
        depth: 1,
        kind: Kind::Page,
        via: Via::Link { page: 1, text: "证".to_owned() },
        priority: 1,
        not_before: None,
    }
}

pub(super) fn recheck(host: &str, path: u32) -> Found {
    Found { kind: Kind::Recheck, via: Via::Recheck { hit: 1 }, ..page(host, path) }
}

#[test]
fn a_url_is_a_candidate_once_and_a_recheck_always() {
    let mut rig = Rig::new();
    assert_eq!(rig.add(vec![page("a.example", 1), page("a.example", 1), page("b.example", 1)]), [true, false, true]);
    rig.reopen();
    assert_eq!(rig.add(vec![page("a.example", 1), recheck("a.example", 1)]), [false, true]);
    assert_eq!(rig.drain(&FAST).len(), 3);
    assert_eq!(rig.add(vec![recheck("a.example", 1), page("b.example", 1)]), [true, false]);
    assert_eq!(rig.drain(&FAST), ["http://a.example/1"]);
    assert!(run(rig.frontier().knows("http://a.example/1")));
    let long = Found { url: format!("http://a.example/{}", "x".repeat(5000)), ..page("a.example", 9) };
    assert_eq!(rig.add(vec![long]), [false]);
    let counts = run(rig.store.as_ref().unwrap().round_counts(1)).unwrap();
    assert_eq!(counts.candidates, 4);
}

#[test]
fn a_lease_tells_what_was_found() {
    let mut rig = Rig::new();
    let found = Found { depth: 2, kind: Kind::Image, ..page("a.example:8080", 1) };
    rig.add(vec![found.clone()]);
    rig.reopen();
    let lease = rig.lease(&FAST).unwrap();
    assert_eq!(
        (lease.url(), lease.host(), lease.depth(), lease.kind(), lease.via(), lease.attempt()),
        (&*found.url, "a.example:8080", 2, Kind::Image, &found.via, 0)
    );
    let _ = lease;
}

#[test]
fn what_was_in_flight_at_a_kill_comes_back_and_what_was_finished_does_not() {
    let mut rig = Rig::new();
    rig.add((0..150).map(|n| page("a.example", n)).collect());
    let mut leases: Vec<Lease> = (0..100).map(|_| rig.lease(&FAST).unwrap()).collect();
    // Out of order, over the borders of blocks.
    let finished: Vec<String> = (0..40)
        .map(|n| {
            let lease = leases.swap_remove(n);
            let url = lease.url().to_owned();
            rig.finish(lease, Vec::new());
            url
        })
        .collect();
    rig.reopen();
    let rest = rig.drain(&FAST);
    assert_eq!(rest.len(), 110);
    assert!(finished.iter().all(|url| !rest.contains(url)));
    rig.reopen();
    assert_eq!(rig.drain(&FAST).len(), 0);
}

#[test]
fn a_host_is_asked_in_its_own_time() {
    let mut rig = Rig::new();
    let limits = Politeness { delay: Duration::from_secs(1), connections: 1, ..Politeness::default() };
    rig.add((0..3).map(|n| page("a.example", n)).collect());
    let first = rig.lease(&limits).unwrap();
    rig.pass(Duration::from_secs(5));
    assert!(rig.lease(&limits).is_none(), "one connection");
    rig.finish(first, Vec::new());
    assert!(rig.lease(&limits).is_none(), "the delay counts from the end");
    rig.pass(Duration::from_secs(1));
    let second = rig.lease(&limits).unwrap();
    run(rig.frontier().host_delay("a.example", Duration::from_secs(20)));
    rig.finish(second, Vec::new());
    run(rig.frontier().host_until("a.example", rig.now.mono + Duration::from_secs(30)));
    rig.pass(Duration::from_secs(29));
    assert!(rig.lease(&limits).is_none());
    rig.pass(Duration::from_secs(1));
    assert!(rig.lease(&limits).is_some());
}

#[test]
fn a_host_of_many_links_does_not_starve_the_others() {
    let mut rig = Rig::new();
    rig.add((0..5000).map(|n| page("big.example", n)).collect());
    rig.add((0..20).flat_map(|host| (0..3).map(move |n| page(&format!("h{host}.example"), n))).collect());
    let mut hosts = Vec::new();
    for _ in 0..90 {
        let lease = rig.lease(&Politeness { connections: 1, ..FAST }).unwrap();
        hosts.push(lease.host().to_owned());
        rig.finish(lease, Vec::new());
        rig.pass(Duration::from_millis(1));
    }
    let small = hosts.iter().filter(|host| *host != "big.example").count();
    assert_eq!(small, 60, "all of the small hosts' pages are among the first 90");
}

#[test]
fn within_a_host_the_more_urgent_goes_first_and_rechecks_before_pages() {
    let mut rig = Rig::new();
    let with = |priority, found: Found| Found { priority, ..found };
    rig.add(vec![
        with(3, page("a.example", 1)),
        with(1, page("a.example", 2)),
        with(0, page("a.example", 3)),
        with(1, recheck("a.example", 4)),
    ]);
    let order: Vec<String> = rig.drain(&FAST).iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(order, ["3", "4", "2", "1"]);
}

#[test]
fn a_retry_waits_and_a_deferred_url_waits_over_a_restart_and_is_listed() {
    let mut rig = Rig::new();
    rig.add(vec![page("a.example", 1), page("b.example", 1)]);
    let lease = rig.lease(&FAST).unwrap();
    run(rig.frontier().retry(lease, Duration::from_secs(10), rig.now));
    let other = rig.lease(&FAST).unwrap();
    let until = rig.now.wall + Duration::from_secs(3600);
    rig.frontier().defer(other, until, "对方要求一小时后再来", Changes::new(), rig.now).wait().unwrap();
    assert!(rig.lease(&FAST).is_none());
    rig.pass(Duration::from_secs(10));
    let again = rig.lease(&FAST).unwrap();
    assert_eq!((again.url(), again.attempt()), ("http://a.example/1", 1));
    rig.finish(again, Vec::new());
    let listed = |rig: &Rig| {
        let store = rig.store.as_ref().unwrap();
        let all: Vec<_> = store.not_looked(1).map(|entry| entry.unwrap().url).collect();
        assert_eq!(all.len() as u64, run(store.round_counts(1)).unwrap().not_looked_at);
        all
    };
    assert_eq!(listed(&rig), ["http://b.example/1"]);
    rig.reopen();
    assert!(rig.lease(&FAST).is_none(), "still deferred");
    rig.pass(Duration::from_secs(3600));
    assert_eq!(rig.drain(&FAST), ["http://b.example/1"]);
    assert_eq!(listed(&rig), [""; 0], "looked at after all");
}

#[test]
fn a_candidate_with_a_date_waits_for_it() {
    let mut rig = Rig::new();
    let later = Some(rig.now.wall + Duration::from_secs(60));
    rig.add(vec![Found { not_before: later, ..page("a.example", 1) }, page("a.example", 2)]);
    assert_eq!(rig.drain(&FAST), ["http://a.example/2"]);
    let Next::WaitUntil(at) = run(rig.frontier().next(rig.now, &FAST)).unwrap() else { panic!("it waits") };
    assert!(at > rig.now.mono + Duration::from_secs(50));
    rig.pass(Duration::from_secs(61));
    assert_eq!(rig.drain(&FAST), ["http://a.example/1"]);
}

#[test]
fn a_hosts_share_of_pages_is_its_limit_and_rechecks_go_on() {
    let mut rig = Rig::new();
    let limits = Politeness { host_pages: 5, ..FAST };
    rig.add((0..20).map(|n| page("a.example", n)).collect());
    assert_eq!(rig.drain(&limits).len(), 5);
    rig.add(vec![recheck("a.example", 3)]);
    assert_eq!(rig.drain(&limits).len(), 1);
    let state = run(rig.frontier().host_state("a.example", rig.now)).unwrap();
    assert_eq!((state.waiting, state.pages, state.hold), (15, 5, Some(Hold::Pages(5))));
    assert_eq!(run(rig.frontier().list_waiting("超过每站页数上限", 10, rig.now)).unwrap(), 10);
    rig.frontier().begin_round(2, 1, rig.now).unwrap();
    assert_eq!(rig.drain(&limits).len(), 5);
}

#[test]
fn a_dropped_host_is_listed_and_comes_again_next_round() {
    let mut rig = Rig::new();
    rig.add((0..300).map(|n| page("a.example", n)).collect());
    let lease = rig.lease(&FAST).unwrap();
    assert_eq!(run(rig.frontier().drop_host("a.example", "连续失败", rig.now)).unwrap(), 299);
    rig.finish(lease, Vec::new());
    assert!(rig.lease(&FAST).is_none());
    assert_eq!(run(rig.store.as_ref().unwrap().round_counts(1)).unwrap().not_looked_at, 299);
    rig.frontier().begin_round(2, 1, rig.now).unwrap();
    assert_eq!(rig.drain(&FAST).len(), 299);
}

#[test]
fn rechecks_leave_nothing_behind() {
    let mut rig = Rig::new();
    for _ in 0..5 {
        rig.add((0..200).map(|n| recheck("a.example", n)).collect());
        assert_eq!(rig.drain(&FAST).len(), 200);
    }
    let left = rig.store.as_ref().unwrap().queue_blocks().count();
    assert!(left <= 1, "{left} blocks");
    rig.reopen();
    rig.add((0..200).map(|n| recheck("a.example", n)).collect());
    assert_eq!(rig.drain(&FAST).len(), 200);
}

#[test]
fn a_url_found_on_two_pages_at_once_survives_the_kill_with_one_of_them() {
    let mut rig = Rig::new();
    rig.add(vec![page("a.example", 1), page("a.example", 2)]);
    let (first, second) = (rig.lease(&FAST).unwrap(), rig.lease(&FAST).unwrap());
    let link = || vec![page("b.example", 1)];
    let (new, one) = rig.frontier().finish(first, link(), Changes::new(), rig.now);
    let (known, two) = rig.frontier().finish(second, link(), Changes::new(), rig.now);
    assert_eq!((new, known), (vec![true], vec![false]));
    // Submitted in this order, so nobody can see the second without the first.
    two.wait().unwrap();
    one.wait().unwrap();
    rig.reopen();
    assert_eq!(rig.drain(&FAST), ["http://b.example/1"]);
}

#[derive(Debug, Clone)]
enum Step {
    Add(Vec<(u8, u8, bool)>),
    Next,
    Finish(u8, Vec<(u8, u8)>),
    Retry(u8),
    Crash,
    Full,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::vec((0..4u8, 0..200u8, any::<bool>()), 1..90).prop_map(Step::Add),
        8 => Just(Step::Next),
        6 => (any::<u8>(), prop::collection::vec((0..4u8, 0..200u8), 0..20)).prop_map(|(n, found)| Step::Finish(n, found)),
        2 => any::<u8>().prop_map(Step::Retry),
        1 => Just(Step::Crash),
        1 => Just(Step::Full),
    ]
}

static DISK: AtomicU64 = AtomicU64::new(1 << 40);

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Against a model that is two sets: what is waiting for its end, and how often each URL may still end.
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(steps in prop::collection::vec(step(), 1..120)) {
        DISK.store(1 << 40, Ordering::Relaxed);
        let mut rig = Rig::with_disk(|_| Ok(DISK.load(Ordering::Relaxed)));
        let mut known = BTreeSet::new();
        let mut open: BTreeMap<(String, bool), u32> = BTreeMap::new();
        let mut leases: Vec<Lease> = Vec::new();
        let name = |host: u8| format!("h{host}.example");
        for step in steps {
            match step {
                Step::Add(urls) => {
                    let found: Vec<Found> = urls
                        .iter()
                        .map(|(host, n, again)| if *again { recheck(&name(*host), (*n).into()) } else { page(&name(*host), (*n).into()) })
                        .collect();
                    let new = rig.add(found.clone());
                    for (one, new) in found.into_iter().zip(new) {
                        let again = one.kind == Kind::Recheck;
                        prop_assert_eq!(new, again || known.insert(one.url.clone()));
                        if new {
                            *open.entry((one.url, again)).or_default() += 1;
                        }
                    }
                }
                Step::Next => {
                    if let Some(lease) = rig.lease(&FAST) {
                        let id = (lease.url().to_owned(), lease.kind() == Kind::Recheck);
                        let out = leases.iter().filter(|l| l.url() == id.0 && (l.kind() == Kind::Recheck) == id.1).count();
                        prop_assert!(open.get(&id).copied().unwrap_or(0) as usize > out, "{id:?} came once too often");
                        leases.push(lease);
                    } else {
                        prop_assert_eq!(open.values().sum::<u32>() as usize, leases.len());
                    }
                }
                Step::Finish(n, found) if !leases.is_empty() => {
                    let lease = leases.swap_remove(usize::from(n) % leases.len());
                    let id = (lease.url().to_owned(), lease.kind() == Kind::Recheck);
                    let found: Vec<Found> = found.iter().map(|(host, n)| page(&name(*host), (*n).into())).collect();
                    for (one, new) in found.clone().into_iter().zip(rig.finish(lease, found)) {
                        prop_assert_eq!(new, known.insert(one.url.clone()));
                        if new {
                            *open.entry((one.url, false)).or_default() += 1;
                        }
                    }
                    let left = open.get_mut(&id).unwrap();
                    *left -= 1;
                    if *left == 0 {
                        open.remove(&id);
                    }
                }
                Step::Retry(n) if !leases.is_empty() => {
                    let lease = leases.swap_remove(usize::from(n) % leases.len());
                    run(rig.frontier().retry(lease, Duration::ZERO, rig.now));
                }
                Step::Crash => {
                    leases.clear();
                    rig.reopen();
                }
                Step::Full => {
                    DISK.store(0, Ordering::Relaxed);
                    let (_, refused) = rig.frontier().add(vec![page("full.example", 1), page("h1.example", 9999)], Changes::new(), rig.now);
                    prop_assert!(refused.wait().is_err());
                    if let Some(lease) = leases.pop() {
                        let (_, refused) = rig.frontier().finish(lease, vec![page("h2.example", 9999)], Changes::new(), rig.now);
                        prop_assert!(refused.wait().is_err());
                    }
                    prop_assert!(run(rig.frontier().next(rig.now, &FAST)).is_err(), "it says so");
                    DISK.store(1 << 40, Ordering::Relaxed);
                    // Taken, behind a place that never came to the disk.
                    let late = page("h1.example", 9998);
                    if rig.add(vec![late.clone()]) == [true] {
                        known.insert(late.url.clone());
                        *open.entry((late.url, false)).or_default() += 1;
                    }
                    leases.clear();
                    rig.frontier().reload(rig.now).unwrap();
                }
                Step::Finish(..) | Step::Retry(_) => {}
            }
        }
        drop(leases.drain(..));
        rig.reopen();
        let mut rest: BTreeMap<String, u32> = BTreeMap::new();
        for ((url, _), n) in open {
            *rest.entry(url).or_default() += n;
        }
        for url in rig.drain(&FAST) {
            let left = rest.get_mut(&url);
            prop_assert!(left.is_some(), "{} came after its end", url);
            let left = left.unwrap();
            *left -= 1;
            if *left == 0 {
                rest.remove(&url);
            }
        }
        prop_assert!(rest.is_empty(), "lost: {rest:?}");
    }
}

#[test]
fn what_waits_for_a_date_is_not_held_in_memory_and_comes_when_it_is_due() {
    let mut rig = Rig::new();
    let day = Duration::from_secs(86_400);
    let dated = |n: u32, days: u32| Found { not_before: Some(rig.now.wall + day * days), ..page("a.example", n) };
    // Three blocks: of each place the date is another one, none, or that of its neighbour.
    let urls: Vec<Found> = (0..190)
        .map(|n| match n % 5 {
            0 => page("a.example", n),
            1 | 2 => dated(n, 1),
            3 => dated(n, 2),
            _ => dated(n, 2 + n / 64),
        })
        .collect();
    let due = |last: u32| -> BTreeSet<String> {
        let date =
            |found: &Found| found.not_before.map_or(0, |at| at.duration_since(rig.now.wall).as_hours() as u32 / 24);
        urls.iter().filter(|found| date(found) == last).map(|found| found.url.clone()).collect()
    };
    let wanted = [due(0), due(1), due(2), due(3), due(4)];
    rig.add(urls);
    for (days, wanted) in wanted.into_iter().enumerate() {
        let got = rig.drain(&FAST);
        assert_eq!(got.len(), wanted.len(), "day {days}: nothing twice");
        assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), wanted, "day {days}");
        {
            let plan = rig.frontier().plan();
            let host = &plan.hosts[0];
            assert_eq!((host.delayed.len(), host.windowed(), plan.windowed), (0, 0, 0));
        }
        if days == 1 {
            rig.reopen();
        }
        rig.pass(day - Duration::from_secs(1));
        assert!(rig.drain(&FAST).is_empty());
        rig.pass(Duration::from_secs(1));
    }
    assert!(matches!(run(rig.frontier().next(rig.now, &FAST)).unwrap(), Next::Empty));
}

#[test]
fn who_asked_for_robots_is_put_back_and_comes_first_whatever_interval_that_told() {
    const SECOND: Duration = Duration::from_secs(1);
    let polite = Politeness { delay: SECOND, connections: 1, ..FAST };
    let mut rig = Rig::new();
    rig.add(vec![page("a.example", 1), page("a.example", 2), page("b.example", 1)]);
    let lease = rig.lease(&polite).unwrap();
    assert_eq!(lease.host(), "a.example");
    run(rig.frontier().put_back(lease, 50 * SECOND, rig.now));
    run(rig.frontier().host_delay("a.example", 3600 * SECOND));
    let other = rig.lease(&polite).unwrap();
    assert_eq!(other.host(), "b.example", "nobody else waits with it");
    rig.finish(other, Vec::new());
    rig.pass(49 * SECOND);
    assert!(rig.lease(&polite).is_none());
    rig.pass(SECOND);
    let lease = rig.lease(&polite).unwrap();
    assert_eq!(
        (lease.host(), lease.attempt(), run(rig.frontier().host_state("a.example", rig.now)).unwrap().pages),
        ("a.example", 0, 1)
    );
    // The interval is known now, and robots.txt has to be asked for once more.
    run(rig.frontier().put_back(lease, 50 * SECOND, rig.now));
    rig.pass(50 * SECOND);
    let lease = rig.lease(&polite).unwrap();
    rig.finish(lease, Vec::new());
    rig.pass(3599 * SECOND);
    assert!(rig.lease(&polite).is_none());
    rig.pass(SECOND);
    assert!(rig.lease(&polite).is_some());
}
