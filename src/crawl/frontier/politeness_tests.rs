//! Claims about politeness: what is owed to a host, to one party's names and to one server, and that nobody waits for ever.
//! The clocks are made up. Start at the property at the end: every choice against a model of the rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;

use super::tests::{FAST, Rig, page, recheck, run};
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const POLITE: Politeness = Politeness { delay: SECOND, connections: 1, ..FAST };

fn from(address: &str) -> Heard {
    let address = Some(address.parse().unwrap());
    Heard { address, waited: Duration::from_millis(50), bytes: 1000 }
}

fn hear(rig: &Rig, host: &str, heard: Heard) {
    run(rig.frontier().heard(host, heard, rig.now));
}

/// Fetches one URL that may be had now, and tells its host.
fn fetch(rig: &mut Rig, limits: &Politeness) -> Option<String> {
    let lease = rig.lease(limits)?;
    let host = lease.host().to_owned();
    rig.finish(lease, Vec::new());
    Some(host)
}

fn state(rig: &Rig, host: &str) -> HostState {
    run(rig.frontier().host_state(host, rig.now)).unwrap()
}

#[test]
fn names_of_one_domain_share_its_connection_and_its_delay() {
    let mut rig = Rig::new();
    rig.add(vec![page("a.shop.example", 1), page("b.shop.example", 1), page("shop.example:8080", 1)]);
    let first = rig.lease(&POLITE).unwrap();
    rig.pass(5 * SECOND);
    assert!(rig.lease(&POLITE).is_none(), "one connection for all of them");
    rig.finish(first, Vec::new());
    assert!(rig.lease(&POLITE).is_none(), "the delay counts from the end, whatever the name");
    rig.pass(SECOND);
    let second = rig.lease(&POLITE).unwrap();
    assert_eq!(second.host(), "b.shop.example");
    rig.finish(second, Vec::new());
    rig.pass(SECOND);
    assert_eq!(fetch(&mut rig, &POLITE).as_deref(), Some("shop.example:8080"));
}

#[test]
fn names_under_a_public_suffix_are_strangers_to_each_other() {
    let mut rig = Rig::new();
    rig.add(["a.com.cn", "b.com.cn", "a.github.io", "b.github.io"].map(|host| page(host, 1)).into());
    let leases: Vec<Lease> = std::iter::from_fn(|| rig.lease(&POLITE)).collect();
    assert_eq!(leases.len(), 4);
}

#[test]
fn names_on_one_address_share_it_once_it_is_known() {
    let mut rig = Rig::new();
    let names = ["a.example", "b.example", "c.example"];
    rig.add(names.iter().flat_map(|host| [page(host, 1), page(host, 2), page(host, 3)]).collect());
    let leases: Vec<Lease> = std::iter::from_fn(|| rig.lease(&POLITE)).collect();
    assert_eq!(leases.len(), 3, "nobody knows yet that they are one server");
    for lease in leases {
        hear(&rig, lease.host(), from("203.0.113.7"));
        rig.finish(lease, Vec::new());
    }
    for want in names {
        assert!(rig.lease(&POLITE).is_none(), "one delay for all of them");
        rig.pass(SECOND);
        assert_eq!(fetch(&mut rig, &POLITE).as_deref(), Some(want), "in turn");
    }
    // One of them moves away: it waits for nobody any more.
    rig.pass(SECOND);
    let moved = rig.lease(&POLITE).unwrap();
    assert_eq!(moved.host(), "a.example");
    hear(&rig, "a.example", from("203.0.113.8"));
    rig.add(vec![page("a.example", 4)]);
    rig.pass(5 * SECOND);
    rig.finish(moved, Vec::new());
    assert!(rig.lease(&POLITE).is_none(), "its old server was busy until now, and rests like the new one");
    rig.pass(SECOND);
    let leases: Vec<Lease> = std::iter::from_fn(|| rig.lease(&POLITE)).collect();
    let hosts: BTreeSet<&str> = leases.iter().map(Lease::host).collect();
    assert_eq!(hosts.into_iter().collect::<Vec<_>>(), ["a.example", "b.example"]);
}

#[test]
fn names_that_resolve_to_one_address_share_it_from_the_first_fetch_on() {
    let mut rig = Rig::new();
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let names = ["a.example", "b.example", "c.example", "d.example"];
    rig.add(names.iter().map(|host| page(host, 1)).collect());
    let leases: Vec<Lease> = std::iter::from_fn(|| rig.lease(&POLITE)).collect();
    assert_eq!(leases.len(), 4);
    let mut placed = Vec::new();
    for lease in leases {
        assert!(!run(rig.frontier().is_placed(&lease)));
        let address = ip(if lease.host() == "d.example" { "203.0.113.8" } else { "203.0.113.7" });
        placed.extend(run(rig.frontier().place(lease, address, rig.now)));
    }
    assert_eq!(placed.iter().map(Lease::host).collect::<Vec<_>>(), ["a.example", "d.example"]);
    assert!(run(rig.frontier().is_placed(&placed[0])));
    rig.pass(5 * SECOND);
    assert!(rig.lease(&POLITE).is_none(), "the server is busy");
    for lease in placed {
        rig.finish(lease, Vec::new());
    }
    for want in ["b.example", "c.example"] {
        assert!(rig.lease(&POLITE).is_none(), "the server rests");
        rig.pass(SECOND);
        let lease = rig.lease(&POLITE).unwrap();
        assert!(run(rig.frontier().is_placed(&lease)));
        assert_eq!((lease.host(), lease.attempt()), (want, 0));
        rig.finish(lease, Vec::new());
        assert_eq!(state(&rig, want).pages, 1, "what was put off does not count");
    }
}

#[test]
fn who_finds_names_waiting_for_his_address_waits_behind_them() {
    let mut rig = Rig::new();
    let ip: IpAddr = "203.0.113.7".parse().unwrap();
    rig.add(["a.example", "b.example", "c.example"].map(|host| page(host, 1)).into());
    let mut leases = std::iter::from_fn(|| rig.lease(&POLITE)).collect::<Vec<_>>().into_iter();
    let mut place = |rig: &Rig| run(rig.frontier().place(leases.next().unwrap(), ip, rig.now));
    let first = place(&rig).unwrap();
    assert!(place(&rig).is_none());
    rig.pass(SECOND);
    assert!(rig.lease(&POLITE).is_none(), "the second stands in line now");
    rig.finish(first, Vec::new());
    rig.pass(SECOND);
    assert!(place(&rig).is_none(), "free, but the second comes first");
    assert_eq!(fetch(&mut rig, &POLITE).as_deref(), Some("b.example"));
    rig.pass(SECOND);
    assert_eq!(fetch(&mut rig, &POLITE).as_deref(), Some("c.example"));
}

#[test]
fn no_delay_switches_the_waits_for_other_names_off() {
    let mut rig = Rig::new();
    rig.add((0..20).map(|n| page(&format!("s{n}.shop.example"), 1)).collect());
    hear(&rig, "s1.shop.example", from("203.0.113.7"));
    let limits = Politeness { connections: 1, ..FAST };
    let leases: Vec<Lease> = std::iter::from_fn(|| rig.lease(&limits)).collect();
    assert_eq!(leases.len(), 20);
}

#[test]
fn a_platform_of_many_names_is_neither_hammered_nor_starved() {
    let mut rig = Rig::new();
    rig.add((0..300).flat_map(|n| [1, 2].map(|path| page(&format!("s{n}.platform.example"), path))).collect());
    rig.add(vec![page("other.example", 1)]);
    let mut hosts = Vec::new();
    for _ in 0..600 {
        while let Some(host) = fetch(&mut rig, &POLITE) {
            hosts.push(host);
        }
        rig.pass(SECOND);
    }
    assert_eq!(hosts.len(), 601, "one a second, and the last one too");
    assert!(hosts[..2].contains(&"other.example".to_owned()), "others do not wait for the platform");
    hosts.retain(|host| host != "other.example");
    assert_eq!(hosts[..300].iter().collect::<BTreeSet<_>>().len(), 300, "all names had a turn before any had two");
}

#[test]
fn a_host_that_slows_down_is_left_longer_alone() {
    let mut rig = Rig::new();
    rig.add((0..9).map(|n| page("a.example", n)).collect());
    let mut pauses = Vec::new();
    for waited in [100, 100, 5000, 5000, 100] {
        let lease = rig.lease(&POLITE).unwrap();
        hear(&rig, "a.example", Heard { waited: Duration::from_millis(waited), ..Heard::default() });
        rig.finish(lease, Vec::new());
        pauses.push(state(&rig, "a.example").interval);
        assert!(rig.lease(&POLITE).is_none());
        rig.pass(*pauses.last().unwrap());
    }
    assert_eq!(pauses[..2], [SECOND, SECOND]);
    assert!(pauses[2] > 3 * SECOND && pauses[3] > pauses[2] && pauses[4] < pauses[3], "{pauses:?}");
    assert!(state(&rig, "a.example").slowed);
    rig.pass(30 * SECOND);
    assert!(fetch(&mut rig, &FAST).is_some() && fetch(&mut rig, &FAST).is_some(), "no delay, no pause");
}

#[test]
fn a_site_may_ask_for_more_patience_than_the_unit_has_and_not_for_less() {
    let mut rig = Rig::new();
    rig.add(vec![page("a.example", 1)]);
    let interval = |rig: &Rig, asked: Duration, limits: &Politeness| {
        run(rig.frontier().host_delay("a.example", asked));
        let _ = run(rig.frontier().next(rig.now, limits)).unwrap();
        state(rig, "a.example").interval
    };
    assert_eq!(interval(&rig, 3 * SECOND, &POLITE), 3 * SECOND);
    assert_eq!(interval(&rig, SECOND / 2, &POLITE), SECOND);
    assert_eq!(interval(&rig, 3 * SECOND, &FAST), Duration::ZERO, "no delay, no wishes");
    rig.pass(SECOND);
}

#[test]
fn a_turn_is_worth_what_may_be_asked_for_now() {
    let mut rig = Rig::new();
    let later = Some(rig.now.wall + 60 * SECOND);
    let of = |n: u32, priority: u8| Found { priority, ..page("a.example", n) };
    rig.add(vec![Found { not_before: later, ..of(1, 0) }, of(2, 2), of(3, 3)]);
    let class = |rig: &Rig| rig.frontier().plan().hosts[0].class();
    let first = rig.lease(&FAST).unwrap();
    assert_eq!((first.url(), class(&rig)), ("http://a.example/2", 3), "the best is for another day");
    run(rig.frontier().retry(first, SECOND, rig.now));
    assert_eq!(class(&rig), 2, "what is tried again is worth what it was");
}

#[test]
fn bytes_and_minutes_end_a_hosts_round_with_their_reason() {
    let mut rig = Rig::new();
    let limits = Politeness { host_bytes: 3 << 20, host_time: 2 * 60 * SECOND, ..FAST };
    rig.add((0..9).flat_map(|n| [page("big.example", n), page("slow.example", n), page("c.example", n)]).collect());
    let mut fetched = BTreeMap::<String, u32>::new();
    while let Some(lease) = rig.lease(&Politeness { connections: 1, ..limits }) {
        let host = lease.host().to_owned();
        *fetched.entry(host.clone()).or_default() += 1;
        match host.as_str() {
            "big.example" => hear(&rig, &host, Heard { bytes: 1 << 20, ..Heard::default() }),
            "slow.example" => rig.pass(30 * SECOND),
            _ => {}
        }
        rig.finish(lease, Vec::new());
    }
    let want = [("big.example", 3), ("c.example", 9), ("slow.example", 4)];
    assert_eq!(fetched, want.map(|(host, n)| (host.to_owned(), n)).into());
    rig.add(vec![recheck("big.example", 1), recheck("slow.example", 1)]);
    assert_eq!(rig.drain(&limits).len(), 2, "an open case is looked at all the same");
    assert_eq!(run(rig.frontier().list_waiting("本轮时间用完", 100, rig.now)).unwrap(), 11);
    let mut reasons = HashMap::<String, u32>::new();
    for entry in rig.store.as_ref().unwrap().not_looked(1) {
        *reasons.entry(entry.unwrap().why).or_default() += 1;
    }
    assert_eq!(reasons["这个网站本轮已读满 3 MiB（crawl.host_mb）"], 6, "{reasons:?}");
    assert_eq!(reasons["这个网站本轮已用满 2 分钟（crawl.host_minutes）"], 5, "{reasons:?}");
    rig.frontier().begin_round(2, 1, rig.now).unwrap();
    assert!(rig.drain(&limits).len() >= 11);
}

#[test]
fn what_waits_is_listed_with_its_hosts_own_reason() {
    let mut rig = Rig::new();
    let hosts = ["asked.example", "delay.example", "dropped.example", "ordinary.example"];
    rig.add(hosts.iter().flat_map(|host| [page(host, 1), page(host, 2)]).collect());
    run(rig.frontier().host_until("asked.example", rig.now.mono + 600 * SECOND));
    run(rig.frontier().host_delay("delay.example", 90 * SECOND));
    run(rig.frontier().drop_host("dropped.example", "连续失败", rig.now)).unwrap();
    assert!(rig.lease(&POLITE).is_some());
    rig.add(vec![page("dropped.example", 3)]);
    run(rig.frontier().list_waiting("本轮时间用完", 100, rig.now)).unwrap();
    let listed = rig.store.as_ref().unwrap().not_looked(1).map(|entry| entry.unwrap());
    let why: BTreeMap<String, String> = listed.map(|entry| (entry.url, entry.why)).collect();
    for (url, want) in [
        ("http://asked.example/2", "网站要求 600 秒以后再来"),
        ("http://delay.example/2", "网站的 robots.txt 要求两次访问至少隔 90 秒"),
        ("http://dropped.example/2", "连续失败"),
        ("http://dropped.example/3", "连续失败"),
        ("http://ordinary.example/2", "本轮时间用完"),
    ] {
        assert_eq!(why[url], want, "{url}");
    }
    assert_eq!(state(&rig, "asked.example").hold.unwrap().as_code(), "asked");
}

#[test]
fn a_lease_that_nobody_gave_back_holds_its_domain_until_the_next_round() {
    let mut rig = Rig::new();
    rig.add(vec![page("a.shop.example", 1), page("b.shop.example", 1)]);
    drop(rig.lease(&POLITE).unwrap());
    rig.pass(100 * SECOND);
    assert!(rig.lease(&POLITE).is_none());
    rig.frontier().begin_round(2, 1, rig.now).unwrap();
    let mut hosts = Vec::new();
    for _ in 0..2 {
        hosts.extend(fetch(&mut rig, &POLITE));
        rig.pass(SECOND);
    }
    assert_eq!(hosts, ["a.shop.example", "b.shop.example"]);
}

#[test]
fn a_reload_keeps_what_was_learned_of_hosts() {
    let mut rig = Rig::new();
    rig.add(["a.example", "b.example"].iter().flat_map(|host| [page(host, 1), page(host, 2)]).collect());
    for _ in 0..2 {
        let lease = rig.lease(&POLITE).unwrap();
        hear(&rig, lease.host(), from("203.0.113.7"));
        rig.finish(lease, Vec::new());
    }
    rig.frontier().reload(rig.now).unwrap();
    assert_eq!((state(&rig, "a.example").pages, state(&rig, "b.example").bytes), (1, 1000));
    rig.pass(SECOND);
    assert!(fetch(&mut rig, &POLITE).is_some());
    assert!(rig.lease(&POLITE).is_none(), "still one server");
    // What a host asked for, and whom the round has left alone.
    rig.pass(SECOND);
    rig.add((10..15).flat_map(|n| [page("c.example", n), page("d.example", n), page("e.example", n)]).collect());
    run(rig.frontier().host_delay("c.example", 90 * SECOND));
    run(rig.frontier().host_until("d.example", rig.now.mono + 60 * SECOND));
    run(rig.frontier().host_until("d.example", rig.now.mono + SECOND));
    assert_eq!(run(rig.frontier().drop_host("e.example", "连续失败", rig.now)).unwrap(), 5);
    rig.frontier().reload(rig.now).unwrap();
    assert_eq!(state(&rig, "d.example").hold, Some(Hold::Asked(60 * SECOND)), "the longer wish");
    assert_eq!(state(&rig, "e.example").hold, Some(Hold::Dropped("连续失败".to_owned())));
    rig.pass(2 * SECOND);
    let hosts: BTreeSet<String> = std::iter::from_fn(|| fetch(&mut rig, &POLITE)).collect();
    assert!(hosts.contains("c.example") && !hosts.contains("d.example") && !hosts.contains("e.example"), "{hosts:?}");
    assert_eq!(state(&rig, "c.example").interval, 90 * SECOND);
}

#[test]
fn hosts_of_more_worth_go_first_and_the_others_are_not_forgotten() {
    let mut rig = Rig::new();
    let with = |priority: u8, n: u32| Found { priority, ..page(&format!("p{priority}-{n}.example"), 1) };
    rig.add((0..30).map(|n| with(3, n)).collect());
    rig.add((0..30).map(|n| with(0, n)).collect());
    let order: Vec<String> = std::iter::from_fn(|| fetch(&mut rig, &POLITE)).collect();
    assert_eq!(order.len(), 60);
    let worthy = order[..40].iter().filter(|host| host.starts_with("p0")).count();
    assert_eq!(worthy, 30, "three turns of four are theirs: {order:?}");
}

#[test]
fn within_a_host_the_least_urgent_is_not_put_off_for_ever() {
    let mut rig = Rig::new();
    let with = |priority, n| Found { priority, ..page("a.example", n) };
    rig.add(vec![with(3, 1000)]);
    for n in 0..20 {
        rig.add(vec![with(1, 2 * n), with(1, 2 * n + 1)]);
        if rig.lease(&FAST).map(|lease| lease.url().ends_with("/1000")) == Some(true) {
            return;
        }
    }
    panic!("more urgent ones kept coming, and it never had a turn");
}

#[derive(Debug, Clone)]
enum Step {
    Add(Vec<(usize, u8)>),
    Next,
    End(usize, Option<u8>),
    Place(usize, u8),
    Retry(usize, u8),
    Defer(usize, u8),
    Delay(usize, u8),
    Until(usize, u8),
    Pass(u16),
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let host = || 0..HOSTS.len();
    prop_oneof![
        3 => prop::collection::vec((host(), 0..60u8), 1..20).prop_map(Step::Add),
        10 => Just(Step::Next),
        7 => (any::<usize>(), prop::option::of(0..3u8)).prop_map(|(n, address)| Step::End(n, address)),
        4 => (any::<usize>(), 0..3u8).prop_map(|(n, address)| Step::Place(n, address)),
        1 => (any::<usize>(), 0..9u8).prop_map(|(n, wait)| Step::Retry(n, wait)),
        1 => (any::<usize>(), 1..30u8).prop_map(|(n, wait)| Step::Defer(n, wait)),
        1 => (host(), 0..5u8).prop_map(|(host, delay)| Step::Delay(host, delay)),
        1 => (host(), 0..9u8).prop_map(|(host, wait)| Step::Until(host, wait)),
        6 => (1..2500u16).prop_map(Step::Pass),
        1 => Just(Step::Crash),
    ]
}

const HOSTS: [(&str, &str); 7] = [
    ("a.one.example", "one.example"),
    ("b.one.example", "one.example"),
    ("two.example", "two.example"),
    ("three.example", "three.example"),
    ("c.three.example:8080", "three.example"),
    ("203.0.113.9", "203.0.113.9"),
    ("203.0.113.9:81", "203.0.113.9"),
];

/// What is owed to a host, a domain or an address.
#[derive(Debug, Default, Clone, Copy)]
struct Owed {
    out: u32,
    from: Option<Instant>,
}

impl Owed {
    fn may(&self, now: Instant, limits: &Politeness) -> bool {
        self.out < limits.connections && self.from.is_none_or(|from| from <= now)
    }

    fn rest(&mut self, until: Instant) {
        self.from = self.from.max(Some(until));
    }
}

/// The rules by the letter, without any cleverness.
#[derive(Debug, Default)]
struct Model {
    /// By URL: its host and from when on it may come; `None`: it is out.
    open: BTreeMap<String, (usize, Option<Instant>)>,
    known: BTreeSet<String>,
    owed: BTreeMap<String, Owed>,
    delays: BTreeMap<usize, Duration>,
    addresses: BTreeMap<usize, u8>,
    deferred: BTreeMap<String, Instant>,
}

impl Model {
    /// The names under which something is owed to a host.
    fn creditors(&self, host: usize) -> Vec<String> {
        let address = self.addresses.get(&host).map(|address| format!("address {address}"));
        [format!("host {}", HOSTS[host].0), format!("domain {}", HOSTS[host].1)].into_iter().chain(address).collect()
    }

    fn interval(&self, host: usize, creditor: &str) -> Duration {
        let own = self.delays.get(&host).copied().filter(|_| creditor.starts_with("host")).unwrap_or_default();
        own.max(SECOND)
    }

    fn may(&self, host: usize, now: Instant, limits: &Politeness) -> bool {
        self.creditors(host).iter().all(|name| self.owed.get(name).is_none_or(|owed| owed.may(now, limits)))
    }

    fn began(&mut self, host: usize, now: Instant) -> Vec<String> {
        let creditors = self.creditors(host);
        for name in &creditors {
            let until = now + self.interval(host, name);
            let owed = self.owed.entry(name.clone()).or_default();
            owed.out += 1;
            owed.rest(until);
        }
        creditors
    }

    /// `began`: to whom the fetch was owed when it began; an address may have come since.
    fn ended(&mut self, host: usize, began: &[String], now: Instant) {
        for name in began {
            self.owed.get_mut(name).unwrap().out -= 1;
        }
        let now_too: BTreeSet<String> = began.iter().cloned().chain(self.creditors(host)).collect();
        for name in now_too {
            let until = now + self.interval(host, &name);
            self.owed.entry(name).or_default().rest(until);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 400, ..ProptestConfig::default() })]

    /// No lease against the rules, and none withheld that they allow; nothing lost, nothing twice.
    #[test]
    fn every_choice_is_one_that_the_rules_allow_and_none_is_missed(
        connections in 1..3u32,
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let limits = Politeness { connections, ..POLITE };
        let mut rig = Rig::new();
        let mut model = Model::default();
        let mut out: Vec<(Lease, usize, Vec<String>)> = Vec::new();
        for step in steps {
            match step {
                Step::Add(urls) => {
                    let found: Vec<Found> = urls.iter().map(|(host, n)| page(HOSTS[*host].0, (*n).into())).collect();
                    for (one, (new, (host, _))) in found.clone().into_iter().zip(rig.add(found).into_iter().zip(urls)) {
                        prop_assert_eq!(new, model.known.insert(one.url.clone()));
                        if new {
                            model.open.insert(one.url, (host, Some(rig.now.mono)));
                        }
                    }
                }
                Step::Next => {
                    let lease = rig.lease(&limits);
                    let now = rig.now.mono;
                    let Some(lease) = lease else {
                        let due = |(host, at): &(usize, Option<Instant>)| {
                            at.is_some_and(|at| at <= now) && model.may(*host, now, &limits)
                        };
                        let missed: Vec<_> = model.open.iter().filter(|(_, open)| due(open)).collect();
                        prop_assert!(missed.is_empty(), "withheld: {missed:?}");
                        continue;
                    };
                    let (host, at) = model.open.get_mut(lease.url()).expect("it waits");
                    let host = *host;
                    prop_assert_eq!(HOSTS[host].0, lease.host());
                    let due = at.take();
                    // A date is kept in whole seconds.
                    prop_assert!(due.is_some_and(|at| at <= now + SECOND), "{} came {due:?}", lease.url());
                    prop_assert!(model.may(host, now, &limits), "{} is not to be asked yet: {model:?}", lease.host());
                    let creditors = model.began(host, now);
                    out.push((lease, host, creditors));
                }
                Step::End(n, address) if !out.is_empty() => {
                    let (lease, host, began) = out.swap_remove(n % out.len());
                    let heard = address.map(|address| from(&format!("198.51.100.{address}")));
                    hear(&rig, lease.host(), heard.unwrap_or_default());
                    model.addresses.extend(address.map(|address| (host, address)));
                    model.ended(host, &began, rig.now.mono);
                    model.open.remove(lease.url());
                    model.deferred.remove(lease.url());
                    rig.finish(lease, Vec::new());
                }
                Step::Place(n, address) if !out.is_empty() => {
                    let (lease, host, mut began) = out.swap_remove(n % out.len());
                    let url = lease.url().to_owned();
                    let ip = format!("198.51.100.{address}").parse().unwrap();
                    let now = rig.now.mono;
                    if run(rig.frontier().is_placed(&lease)) {
                        prop_assert!(began.iter().any(|name| name.starts_with("address")));
                        out.push((lease, host, began));
                        continue;
                    }
                    prop_assert!(!began.iter().any(|name| name.starts_with("address")));
                    model.addresses.insert(host, address);
                    let owed = model.owed.entry(format!("address {address}")).or_default();
                    match run(rig.frontier().place(lease, ip, rig.now)) {
                        Some(lease) => {
                            prop_assert!(owed.may(now, &limits), "{url} is not to be asked yet: {model:?}");
                            owed.out += 1;
                            owed.rest(now + SECOND);
                            began.push(format!("address {address}"));
                            out.push((lease, host, began));
                        }
                        // Also where others wait for the address already, which the model does not know.
                        None => {
                            for name in &began {
                                model.owed.get_mut(name).unwrap().out -= 1;
                            }
                            model.open.get_mut(&url).unwrap().1 = Some(now);
                        }
                    }
                }
                Step::Retry(n, wait) if !out.is_empty() => {
                    let (lease, host, began) = out.swap_remove(n % out.len());
                    let wait = SECOND * u32::from(wait);
                    model.ended(host, &began, rig.now.mono);
                    model.open.get_mut(lease.url()).unwrap().1 = Some(rig.now.mono + wait);
                    run(rig.frontier().retry(lease, wait, rig.now));
                }
                Step::Defer(n, wait) if !out.is_empty() => {
                    let (lease, host, began) = out.swap_remove(n % out.len());
                    let wait = SECOND * u32::from(wait);
                    model.ended(host, &began, rig.now.mono);
                    model.open.get_mut(lease.url()).unwrap().1 = Some(rig.now.mono + wait);
                    model.deferred.insert(lease.url().to_owned(), rig.now.mono + wait);
                    let until = rig.now.wall.saturating_add(wait).unwrap();
                    rig.frontier().defer(lease, until, "以后再来", Changes::new(), rig.now).wait().unwrap();
                }
                Step::Delay(host, seconds) => {
                    let delay = SECOND * u32::from(seconds);
                    // Only of hosts that are known; it counts from the next fetch on.
                    if model.known.iter().any(|url| url.starts_with(&format!("http://{}/", HOSTS[host].0))) {
                        run(rig.frontier().host_delay(HOSTS[host].0, delay));
                        model.delays.insert(host, delay);
                    }
                }
                Step::Until(host, seconds) => {
                    let until = rig.now.mono + SECOND * u32::from(seconds);
                    if model.known.iter().any(|url| url.starts_with(&format!("http://{}/", HOSTS[host].0))) {
                        run(rig.frontier().host_until(HOSTS[host].0, until));
                        model.owed.entry(format!("host {}", HOSTS[host].0)).or_default().rest(until);
                    }
                }
                Step::Pass(ms) => rig.pass(Duration::from_millis(ms.into())),
                Step::Crash => {
                    out.clear();
                    rig.reopen();
                    (model.owed, model.delays, model.addresses) = Default::default();
                    for (url, (_, at)) in &mut model.open {
                        *at = Some(model.deferred.get(url).copied().unwrap_or(rig.now.mono));
                    }
                }
                Step::End(..) | Step::Place(..) | Step::Retry(..) | Step::Defer(..) => {}
            }
        }
        for (lease, ..) in out {
            run(rig.frontier().release(lease, rig.now));
        }
        rig.pass(100 * SECOND);
        let mut rest: Vec<String> = rig.drain(&FAST);
        rest.sort();
        prop_assert_eq!(rest, model.open.into_keys().collect::<Vec<_>>());
        prop_assert!(matches!(run(rig.frontier().next(rig.now, &FAST)).unwrap(), Next::Empty));
    }
}
