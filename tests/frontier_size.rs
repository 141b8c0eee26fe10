//! How large the frontier gets and how long it takes: a fiftieth in CI, ten million by hand:
//! `cargo test --release --test frontier_size -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use jianzheng::{
    crawl::frontier::{Found, Frontier, Kind, Next, Now, Politeness},
    store::{Changes, Opts, Store, Via},
};
use jiff::Timestamp;

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
    // Most hosts are small, some are large, as on the web: the number of a host is squared out of the range.
    let place = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let host = place * place / (u32::MAX as u64) * hosts / (u32::MAX as u64 + 1);
    let host = format!("www.shop-{host}.example");
    Found {
        url: format!("http://{host}/article/list/{n}.html?from=search"),
        via: Via::Link { page: n / 30, text: "特种作业操作证报名".to_owned() },
        host,
        depth: 1,
        kind: Kind::Page,
        priority: (n % 3) as u8,
        not_before: None,
    }
}

/// Adds `urls` URLs on `hosts` hosts, opens again, and takes and ends some. Gives the peak resident MiB after the opening.
fn measure(urls: u64, hosts: u64) -> (u64, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(folder.path(), Opts { ballast: 0, free_floor: 0, ..Opts::default() }).unwrap();
    let before = memory("VmRSS:");
    let begun = Instant::now();
    {
        let store = open();
        let frontier = Frontier::open(&store, now()).unwrap();
        for start in (0..urls).step_by(5000) {
            let some = (start..urls.min(start + 5000)).map(|n| found(n, hosts)).collect();
            runtime.block_on(frontier.add(some, Changes::new(), now()).1).unwrap();
        }
        println!(
            "added {urls} on {hosts} hosts: {:.1?}, {} MiB resident (from {before})",
            begun.elapsed(),
            memory("VmRSS:")
        );
        println!("on disk: {} MiB", store.size_on_disk().unwrap() >> 20);
        assert_eq!(store.unsynced_files(), 0);
    }
    let begun = Instant::now();
    let store = open();
    let frontier = Frontier::open(&store, now()).unwrap();
    let opened = begun.elapsed();
    println!("opened again: {opened:.1?}, {} MiB resident", memory("VmRSS:"));
    assert_eq!(runtime.block_on(frontier.counts()).waiting, urls);

    let limits = Politeness { delay: Duration::from_secs(1), connections: 1, host_pages: 0 };
    let begun = Instant::now();
    let (mut taken, mut pending) = (0u32, Vec::new());
    while taken < 20_000 {
        match runtime.block_on(frontier.next(now(), &limits)).unwrap() {
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
    let each = begun.elapsed() / taken.max(1);
    println!("{taken} taken and ended: {each:.1?} each; {} MiB resident, peak {}", memory("VmRSS:"), memory("VmHWM:"));
    assert!(taken > 1000);
    (memory("VmHWM:").saturating_sub(before), opened)
}

#[test]
fn a_fiftieth_of_ten_million_fits_with_room_to_spare() {
    let (peak, opened) = measure(200_000, 2_000);
    assert!(peak < 400, "{peak} MiB for a fiftieth");
    assert!(opened < Duration::from_secs(10), "{opened:?}");
}

#[test]
#[ignore = "minutes and gigabytes: by hand, with --release"]
fn ten_million_stay_below_500_mib() {
    let (peak, opened) = measure(10_000_000, 100_000);
    assert!(peak < 500, "{peak} MiB");
    assert!(opened < Duration::from_secs(60), "{opened:?}");
}
