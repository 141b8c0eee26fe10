//! A made-up web on a made-up clock: many hosts, a platform, and a trap of 50,000 links; who gets which turn, and what choosing
//! costs. The million is run by hand: `cargo test --release --lib a_million_hosts -- --ignored --nocapture`.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::tests::{FAST, Rig, page, run};
use super::*;

const LIMITS: Politeness = Politeness { delay: Duration::from_secs(1), connections: 1, ..FAST };
const CONNECTIONS: usize = 64;
const TRAP: &str = "trap.example";
/// Links that a page of the trap brings forth, until it has made all of them.
const LINKS: u32 = 100;

/// How a web is made.
#[derive(Debug, Clone, Copy)]
struct Web {
    hosts: u32,
    pages: u32,
    platform: u32,
    trap: u32,
}

/// What came of it.
#[derive(Debug, Default)]
struct Run {
    /// When each ordinary host's pages began, by host, since the start.
    ordinary: BTreeMap<u32, Vec<Duration>>,
    /// The same of names of the platform.
    platform: Vec<(u32, Duration)>,
    /// When pages of the trap began.
    trap: Vec<Duration>,
    /// When the last ordinary page had ended.
    done: Duration,
    /// The most heap steps that one choice took, and all of them.
    most: u64,
    steps: u64,
    choices: u64,
}

fn took(url: &str) -> Duration {
    let sum = url.bytes().fold(17u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    Duration::from_millis(100 + sum % 400)
}

/// Crawls until the ordinary hosts are done, and gives who had which turn.
fn crawl(web: Web) -> Run {
    let mut rig = Rig::new();
    let ordinary = |n: u32| format!("h{n}.example");
    // The trap is known first, and worth as much as anybody.
    if web.trap > 0 {
        rig.add((0..LINKS.min(web.trap)).map(|n| page(TRAP, n)).collect());
    }
    let shops = (0..web.platform).flat_map(|n| (0..2).map(move |path| page(&format!("s{n}.platform.example"), path)));
    let hosts = (0..web.hosts).flat_map(|n| (0..web.pages).map(move |path| page(&ordinary(n), path)));
    let mut all: Vec<Found> = Vec::new();
    for one in shops.chain(hosts) {
        all.push(one);
        if all.len() == 5000 {
            rig.add(std::mem::take(&mut all));
        }
    }
    rig.add(all);
    let (start, mut made) = (rig.now.mono, LINKS.min(web.trap));
    let mut left = web.hosts * web.pages;
    let mut result = Run::default();
    let mut flying: BinaryHeap<Reverse<(Instant, usize)>> = BinaryHeap::new();
    let mut leases: Vec<Option<Lease>> = Vec::new();
    let mut pending = Vec::new();
    while left > 0 {
        let full = flying.len() >= CONNECTIONS;
        let before = rig.frontier().plan().turns.moves;
        let next = if full { Next::InFlight } else { run(rig.frontier().next(rig.now, &LIMITS)).unwrap() };
        if !full {
            let steps = rig.frontier().plan().turns.moves - before;
            result.most = result.most.max(steps);
            result.steps += steps;
            result.choices += 1;
        }
        let until = match next {
            Next::Lease(lease) => {
                let began = rig.now.mono - start;
                let name = lease.host().split('.').next().unwrap_or_default();
                match (lease.host(), name.get(1..).and_then(|n| n.parse().ok())) {
                    (TRAP, _) => result.trap.push(began),
                    (host, Some(n)) if host.ends_with("platform.example") => result.platform.push((n, began)),
                    (_, n) => result.ordinary.entry(n.unwrap()).or_default().push(began),
                }
                flying.push(Reverse((rig.now.mono + took(lease.url()), leases.len())));
                leases.push(Some(lease));
                continue;
            }
            Next::WaitUntil(at) => Some(at),
            Next::InFlight | Next::Empty => None,
        };
        let ends = flying.peek().map(|Reverse((at, _))| *at);
        let at = until.into_iter().chain(ends).min().expect("something is left");
        rig.now.mono = rig.now.mono.max(at);
        while let Some(Reverse((at, which))) = flying.peek().copied().filter(|Reverse((at, _))| *at <= rig.now.mono) {
            flying.pop();
            let lease = leases[which].take().unwrap();
            let mut found = Vec::new();
            if lease.host() == TRAP {
                let more = made.saturating_add(LINKS).min(web.trap);
                found = (made..more).map(|n| page(TRAP, n)).collect();
                made = more;
            } else if !lease.host().ends_with("platform.example") {
                left -= 1;
                result.done = at - start;
            }
            pending.push(rig.frontier().finish(lease, found, Changes::new(), rig.now).1);
        }
        if pending.len() >= 256 {
            pending.drain(..).for_each(|one| drop(one.wait().unwrap()));
        }
    }
    result
}

const SMALL: Web = Web { hosts: 1500, pages: 4, platform: 0, trap: 0 };

#[test]
fn a_trap_of_fifty_thousand_links_starves_nobody() {
    let alone = crawl(SMALL);
    let beside = crawl(Web { trap: 50_000, ..SMALL });
    assert!(beside.done <= alone.done + LIMITS.delay, "{:?} with it, {:?} without", beside.done, alone.done);
    // Its turns come as often as those of any other, no more.
    let turns = beside.trap.len() as u32;
    assert!((SMALL.pages..=SMALL.pages + 2).contains(&turns), "{turns}");
    assert!(beside.trap.windows(2).all(|pair| pair[1] - pair[0] >= LIMITS.delay));
}

#[test]
fn every_host_has_its_first_turn_before_any_has_many() {
    let run = crawl(Web { platform: 200, trap: 50_000, ..SMALL });
    let last_first = run.ordinary.values().map(|turns| turns[0]).max().unwrap();
    let first_third = run.ordinary.values().map(|turns| turns[2]).min().unwrap();
    assert!(last_first <= first_third, "{last_first:?}, {first_third:?}");
    assert_eq!(run.ordinary.len(), 1500);
    // The platform goes on beside them, one name after the other, with as many turns as any of them.
    let names: std::collections::BTreeSet<u32> = run.platform.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), run.platform.len(), "nobody on it had two turns before all had one");
    assert!(run.platform.windows(2).all(|pair| pair[1].1 - pair[0].1 >= LIMITS.delay));
    assert!(run.platform.len() as u32 >= SMALL.pages, "{}", run.platform.len());
}

#[test]
fn a_choice_costs_as_few_steps_among_many_hosts_as_among_few() {
    let few = crawl(Web { hosts: 50, pages: 20, platform: 10, trap: 200 });
    let many = crawl(Web { hosts: 4000, pages: 2, platform: 2000, trap: 200 });
    for run in [&few, &many] {
        assert!(run.steps <= 10 * run.choices, "{} steps for {} choices", run.steps, run.choices);
        assert!(run.most <= 200, "{} steps for one choice", run.most);
    }
}

#[test]
#[ignore = "minutes: by hand, with --release"]
fn a_million_hosts_are_served_in_turn() {
    let web = Web { hosts: 1_000_000, pages: 1, platform: 10_000, trap: 50_000 };
    let begun = Instant::now();
    let run = crawl(web);
    let per_choice = run.steps as f64 / run.choices as f64;
    println!(
        "{} hosts in {:?} of their time, {:.0?} of ours; trap {}, platform {}; {per_choice:.1} steps a choice, at most {}",
        run.ordinary.len(),
        run.done,
        begun.elapsed(),
        run.trap.len(),
        run.platform.len(),
        run.most,
    );
    assert_eq!(run.ordinary.len(), 1_000_000);
    assert!(run.steps <= 10 * run.choices && run.most <= 200);
    // 64 connections at 300 ms a page are some 213 pages a second; nobody may hold that up.
    assert!(run.done < Duration::from_secs(1_000_000 / 200), "{:?}", run.done);
}
