//! How large the frontier gets and how long it takes: a fiftieth in CI, ten million by hand:
//! `cargo test --release --test frontier_size -- --ignored --nocapture --test-threads 1`: what a process holds tells of one test at a
//! time.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use jianzheng::{
    crawl::frontier::{Found, Frontier, Kind, Next, Now, Politeness},
    store::{Changes, Opts, Store, Via},
};
use jiff::{SignedDuration, Timestamp};

const FOLDER: &str = "JIANZHENG_TEST_FRONTIER_FOLDER";

/// A line of /proc/self/status, in MiB.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn now() -> Now {
    Now { mono: Instant::now(), wall: Timestamp::UNIX_EPOCH }
}

fn found(n: u64, hosts: u64) -> Found {
    // A page's links come together and mostly stay on its host. Most hosts are small, some are large: the number of a host is
    // squared out of the range.
    let place = (n / 25).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let host = place * place / (u32::MAX as u64) * hosts / (u32::MAX as u64 + 1);
    let host = format!("www.shop-{host}.example");
    Found {
        url: format!("http://{host}/article/list/{n}.html?from=search"),
        via: Via::Link { page: n / 30, text: "特种作业操作证报名".to_owned() },
        host,
        depth: 1,
        kind: Kind::Page,
        priority: (n % 3) as u8,
        // Of what is known most was seen and is due again in a week; none of it may cost memory for that.
        not_before: (!n.is_multiple_of(4)).then(|| now().wall + SignedDuration::from_hours(7 * 24)),
    }
}

fn open(folder: &Path) -> Store {
    Store::open(folder, Opts { ballast: 0, free_floor: 0, ..Opts::default() }).unwrap()
}

/// Adds `urls` URLs on `hosts` hosts, and lets a new process open them and take some. Each prints what it took; the peak of
/// resident MiB and the time of the opening come back.
fn measure(urls: u64, hosts: u64) -> (u64, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    {
        let store = open(folder.path());
        let frontier = Frontier::open(&store, now()).unwrap();
        for start in (0..urls).step_by(5000) {
            let some = (start..urls.min(start + 5000)).map(|n| found(n, hosts)).collect();
            runtime.block_on(frontier.add(some, Changes::new(), now()).1).unwrap();
        }
        assert_eq!(runtime.block_on(frontier.counts()).waiting, urls);
        assert_eq!(store.unsynced_files(), 0);
        let disk = store.size_on_disk().unwrap() >> 20;
        println!(
            "added {urls} on {hosts} hosts: {:.1?}, {disk} MiB on disk, peak {} MiB",
            begun.elapsed(),
            memory("VmHWM:")
        );
    }
    let grown = memory("VmHWM:");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "second_process_that_opens_and_takes", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    let word = |name: &str| {
        let mut words = said.split_whitespace().skip_while(|word| *word != name).skip(1);
        words.next().and_then(|word| word.parse::<u64>().ok()).unwrap()
    };
    assert_eq!(word("waiting"), urls);
    (grown.max(word("peak")), Duration::from_millis(word("opened")))
}

#[test]
fn second_process_that_opens_and_takes() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let begun = Instant::now();
    let store = open(Path::new(&folder));
    println!("the store alone: {} MiB", memory("VmRSS:"));
    let frontier = Frontier::open(&store, now()).unwrap();
    let counts = runtime.block_on(frontier.counts());
    println!("opened {} ms, waiting {} , {} MiB", begun.elapsed().as_millis(), counts.waiting, memory("VmRSS:"));

    let limits = Politeness { delay: Duration::from_secs(1), connections: 1, ..Politeness::default() };
    let begun = Instant::now();
    let (mut taken, mut pending) = (0u32, Vec::new());
    let (mut picking, mut longest) = (Duration::ZERO, Duration::ZERO);
    while taken < 20_000 {
        let asked = Instant::now();
        let next = runtime.block_on(frontier.next(now(), &limits)).unwrap();
        let took = asked.elapsed();
        (picking, longest) = (picking + took, longest.max(took));
        match next {
            Next::Lease(lease) => {
                taken += 1;
                pending.push(frontier.finish(lease, Vec::new(), Changes::new(), now()).1);
                if pending.len() == 64 {
                    for one in pending.drain(..) {
                        runtime.block_on(one).unwrap();
                    }
                }
            }
            Next::WaitUntil(_) | Next::InFlight | Next::Empty => break,
        }
    }
    assert!(taken > 1000);
    println!(
        "picked {taken} in {:.1?} each, {longest:.1?} at most; with their ends on disk {:.1?} each; peak {} MiB",
        picking / taken,
        begun.elapsed() / taken,
        memory("VmHWM:")
    );
}

#[test]
fn a_fiftieth_of_ten_million_fits_with_room_to_spare() {
    let (peak, opened) = measure(200_000, 2_000);
    assert!(peak < 400, "{peak} MiB for a fiftieth");
    assert!(opened < Duration::from_secs(10), "{opened:?}");
}

#[test]
#[ignore = "a minute: by hand, with --release"]
fn a_fifth_of_ten_million() {
    measure(2_000_000, 20_000);
}

#[test]
#[ignore = "minutes and gigabytes: by hand, with --release"]
fn ten_million_stay_below_500_mib() {
    let (peak, opened) = measure(10_000_000, 100_000);
    assert!(peak < 500, "{peak} MiB");
    assert!(opened < Duration::from_secs(60), "{opened:?}");
}
