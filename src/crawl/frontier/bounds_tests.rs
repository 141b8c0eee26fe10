//! Claims about what the frontier may cost and what may not count twice: blocks read, entries in memory, rows, shares of a round.

use std::time::Duration;

use super::tests::{FAST, Rig, page, run};
use super::*;
use crate::store::QueueKey;

#[test]
fn a_choice_reads_no_more_blocks_than_it_may_and_comes_to_what_lies_behind() {
    let mut rig = Rig::new();
    let later = Some(rig.now.wall + Duration::from_secs(86_400));
    // A platform: one cell, a block of its own for each of three hundred names, all for tomorrow; and one page for today.
    let names = |n: u32| format!("s{n}.shop.example");
    let dated = |n: u32| Found { not_before: later, ..page(&names(n), 1) };
    rig.add((0..300).map(dated).chain([page(&names(300), 1)]).collect());
    // And one name with three hundred blocks.
    let long = |n: u32| Found { not_before: later, ..page("long.example", n) };
    rig.add((0..300 * 64).map(long).chain([page("long.example", 300 * 64)]).collect());
    let (mut calls, mut got) = (0, Vec::new());
    while got.len() < 2 {
        calls += 1;
        assert!(calls < 100, "{got:?}");
        match run(rig.frontier().next(rig.now, &FAST)).unwrap() {
            Next::Lease(lease) => {
                got.push(lease.host().to_owned());
                rig.finish(lease, Vec::new());
            }
            Next::WaitUntil(at) => rig.now.mono = rig.now.mono.max(at),
            next => panic!("{next:?}"),
        }
    }
    got.sort();
    assert_eq!(got, ["long.example", "s300.shop.example"]);
    assert!(calls > 600 / 64, "{calls} calls for 600 blocks");
}

#[test]
fn of_a_block_with_several_dates_each_comes_on_its_own() {
    let mut rig = Rig::new();
    let minute = Duration::from_secs(60);
    let dated =
        |n: u32, minutes: u32| Found { not_before: Some(rig.now.wall + minute * minutes), ..page("a.example", n) };
    rig.add(vec![dated(1, 1), dated(2, 2), dated(3, 4), dated(4, 3)]);
    let mut got = Vec::new();
    for _ in 0..5 {
        got.push(rig.drain(&FAST).len());
        rig.pass(minute);
    }
    assert_eq!(got, [0, 1, 1, 1, 1]);
}

#[test]
fn while_much_is_in_memory_hosts_bring_in_one_url_at_a_time() {
    let mut rig = Rig::new();
    let later = Some(rig.now.wall + Duration::from_secs(60));
    rig.add((0..20).map(|n| Found { not_before: later.filter(|_| n < 10), ..page("a.example", n) }).collect());
    let take = |rig: &Rig| {
        let mut plan = rig.frontier().plan();
        let mut budget = host::Budget { entries: 1, blocks: 9 };
        let taken = plan.hosts[0].take(0, rig.store.as_ref().unwrap(), rig.now, false, &mut budget).unwrap();
        assert!(plan.hosts[0].windowed() == 0 && matches!(taken, host::Take::Item(_)));
    };
    (0..10).for_each(|_| take(&rig));
    // Those with a date are looked for behind the one that is due as well.
    rig.pass(Duration::from_secs(60));
    (0..10).for_each(|_| take(&rig));
}

#[test]
fn long_addresses_fit_the_store_and_longer_ones_are_refused() {
    let mut rig = Rig::new();
    let long = |n: u32, bytes: usize| {
        let url = format!("http://a.example/{n:06}/");
        Found { url: format!("{url}{}", "x".repeat(bytes - url.len())), ..page("a.example", n) }
    };
    assert!(rig.add((0..300).map(|n| long(n, 4096)).collect()).iter().all(|new| *new));
    assert_eq!(rig.add(vec![long(300, 4097), Found { host: String::new(), ..page("b.example", 1) }]), [false, false]);
    rig.reopen();
    rig.add((301..310).map(|n| long(n, 4096)).collect());
    assert_eq!(rig.drain(&FAST).len(), 309);
}

#[test]
fn an_unreadable_candidate_is_given_up_and_holds_nobody_up() {
    let mut rig = Rig::new();
    rig.add(vec![page("a.example", 1)]);
    let mut rows = FrontierRows::new(1);
    let key = QueueKey { host: 0, lane: 3, block: 0 };
    rows.add(key, "a.example".into(), 1, b"no entry".to_vec());
    let mut changes = Changes::new();
    changes.frontier(rows);
    run(rig.store.as_ref().unwrap().commit(changes)).unwrap();
    rig.reopen();
    assert_eq!(rig.drain(&FAST), ["http://a.example/1"]);
    assert!(matches!(run(rig.frontier().next(rig.now, &FAST)).unwrap(), Next::Empty));
}

#[test]
fn what_was_finished_is_known_for_ever_however_full_its_block() {
    let mut rig = Rig::new();
    rig.add((0..64).map(|n| page("a.example", n)).collect());
    assert_eq!(rig.drain(&FAST).len(), 64);
    rig.add(vec![page("a.example", 64)]);
    assert_eq!(rig.drain(&FAST).len(), 1);
    rig.reopen();
    assert!(rig.add((0..65).map(|n| page("a.example", n)).collect()).iter().all(|new| !new));
    assert!(rig.drain(&FAST).is_empty());
}

#[test]
fn a_page_counts_once_however_often_it_is_tried() {
    let mut rig = Rig::new();
    let limits = Politeness { host_pages: 2, ..FAST };
    rig.add((0..4).map(|n| page("a.example", n)).collect());
    let pages = |rig: &Rig| run(rig.frontier().host_state("a.example", rig.now)).unwrap().pages;
    let (first, second) = (rig.lease(&limits).unwrap(), rig.lease(&limits).unwrap());
    assert_eq!(pages(&rig), 2);
    // One that is begun is gone on with, though the host has had its share.
    run(rig.frontier().retry(first, Duration::from_secs(1), rig.now));
    rig.finish(second, Vec::new());
    assert!(rig.lease(&limits).is_none());
    rig.pass(Duration::from_secs(1));
    assert_eq!(pages(&rig), 2);
    let third = rig.lease(&limits).unwrap();
    assert_eq!((third.attempt(), pages(&rig)), (1, 2));
    run(rig.frontier().release(third, rig.now));
    assert_eq!(pages(&rig), 2, "it was asked for once, and counts");
}

#[test]
fn what_may_not_be_asked_in_this_round_is_not_waited_for() {
    let mut rig = Rig::new();
    rig.add((0..2).map(|n| page("a.example", n)).collect());
    let (first, second) = (rig.lease(&FAST).unwrap(), rig.lease(&FAST).unwrap());
    run(rig.frontier().release(second, rig.now));
    let limits = Politeness { host_pages: 1, ..FAST };
    rig.pass(Duration::from_secs(1));
    assert!(rig.lease(&limits).is_none());
    rig.finish(first, Vec::new());
    let mut next = run(rig.frontier().next(rig.now, &limits)).unwrap();
    if let Next::WaitUntil(at) = next {
        rig.now.mono = at;
        next = run(rig.frontier().next(rig.now, &limits)).unwrap();
    }
    assert!(matches!(next, Next::Empty), "{next:?}");
}

#[test]
fn entries_in_memory_are_counted_and_have_a_bound() {
    let mut rig = Rig::new();
    rig.add((0..40).map(|n| page(if n % 2 == 0 { "a.example" } else { "b.example" }, n)).collect());
    let first = rig.lease(&FAST).unwrap();
    assert_eq!(rig.frontier().plan().windowed, 19);
    rig.finish(first, Vec::new());
    rig.frontier().plan().windowed = 1_000_000;
    let second = rig.lease(&FAST).unwrap();
    assert_eq!(second.host(), "b.example");
    assert_eq!(rig.frontier().plan().windowed, 1_000_000, "one was read, and given out");
}

#[test]
fn what_was_asked_for_and_not_seen_is_listed_once_and_does_not_come_again() {
    let mut rig = Rig::new();
    rig.add(vec![page("a.example", 1)]);
    let lease = rig.lease(&FAST).unwrap();
    rig.frontier().finish_unseen(lease, "连接超时".to_owned(), Vec::new(), Changes::new(), rig.now).wait().unwrap();
    let listed: Vec<_> = rig.store.as_ref().unwrap().not_looked(1).map(Result::unwrap).collect();
    assert_eq!(listed.iter().map(|row| row.why.as_str()).collect::<Vec<_>>(), ["连接超时"]);
    rig.reopen();
    assert!(rig.drain(&FAST).is_empty());
}
