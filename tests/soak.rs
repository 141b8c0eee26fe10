//! A long round over loopback: memory stays where it was, and pages are neither lost nor doubled.
//!
//! 4,000 pages here; `tests/soak.sh` does 200,000 in a release build and prints what memory was held on the way. No time is asserted.

#[path = "../core/benches/filler/mod.rs"]
#[allow(dead_code)]
mod filler;
mod loopback;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use loopback::{Reply, Way, memory, round, serve, with};

/// Counts what is held. What the system says a process has moves by tens of megabytes with the allocator's habits, which would hide
/// thousands of pages that nobody let go of.
struct Counting;

static HELD: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does it all; here is only counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_add((size as u64).wrapping_sub(layout.size() as u64), Ordering::Relaxed);
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Pages of one host: links fan out by seven, so all of them lie within five steps.
const HOST: usize = 400;

fn page(number: usize, next: &mut impl FnMut(usize) -> usize) -> String {
    let mut html = format!("<!DOCTYPE html><html><head><meta charset=utf-8><title>第{number}页</title></head><body>");
    for step in 1..=7 {
        let to = number * 7 + step;
        if to < HOST {
            html += &format!("<a href=/{to}>第{to}页</a>");
        }
    }
    if number.is_multiple_of(100) {
        html.push_str(filler::OFFER);
    }
    while html.len() < 6_000 {
        filler::sentence(&mut html, next);
        html.push_str("。</p></div>");
    }
    html
}

/// What a page may leave behind while the store's cache fills: less than its own bytes.
const PAGE_KIB: u64 = 4;
/// What the store's cache may still fill by once there were many, and what a page known may cost beside it.
const CACHE_KIB: u64 = 24 << 10;
const KNOWN_BYTES: u64 = 128;

/// What a process holds tells of one test at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A whole answer on a connection that stays open.
fn kept(html: &str) -> Reply {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n", html.len());
    Reply::Keep([head.as_bytes(), html.as_bytes()].concat().into())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_over_thousands_of_pages() {
    let _alone = ALONE.lock().await;
    let pages: usize = std::env::var("SOAK_PAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000);
    let hosts = (pages / HOST).max(2);
    let total = hosts * HOST;
    let folder = tempfile::tempdir().unwrap();
    let mut next = filler::numbers(1);
    let answers: Vec<Reply> = (0..HOST).map(|number| kept(&page(number, &mut next))).collect();
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let (address, log) = serve(move |_, path| match path.trim_start_matches('/').parse::<usize>() {
        Ok(number) if number < HOST => {
            count.fetch_add(1, Ordering::Relaxed);
            answers[number].clone()
        }
        _ => with("404 Not Found", "", b""),
    })
    .await;
    // The least that was held in every twentieth part of the way, and what the process had at its end; the log of the test's own
    // server is emptied, or it would be the growth.
    let over = Arc::new(AtomicBool::new(false));
    let watch = std::thread::spawn({
        let (over, asked) = (Arc::clone(&over), Arc::clone(&asked));
        move || {
            let (mut held, mut resident, mut least) = (Vec::new(), Vec::new(), u64::MAX);
            while !over.load(Ordering::Relaxed) {
                log.lock().unwrap().clear();
                least = least.min(HELD.load(Ordering::Relaxed));
                if asked.load(Ordering::Relaxed) >= (held.len() as u64 + 1) * total as u64 / 20 {
                    held.push(std::mem::replace(&mut least, u64::MAX) >> 10);
                    resident.push(memory("VmRSS") >> 20);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            (held, resident)
        }
    });
    let seeds: Vec<String> = (0..hosts).map(|host| format!("http://h{host}.soak{}.example/0", host % 97)).collect();
    let (store, ended) = round(folder.path(), &seeds, Way { depth: 8, ..Way::all_to(address) }).await;
    over.store(true, Ordering::Relaxed);
    let (held, resident) = watch.join().unwrap();
    println!("{total} pages on {hosts} hosts; at each twentieth KiB held: {held:?}");
    println!("MiB resident: {resident:?}; at most {}", memory("VmHWM") >> 20);
    assert!(!ended.cut_off && ended.why.is_none(), "{:?}", ended.why);
    let counts = store.round_counts(1).await.unwrap();
    assert_eq!((counts.fetched, counts.not_looked_at), (total as u64, 0));
    assert_eq!(asked.load(Ordering::Relaxed), total as u64, "no page is asked for twice");
    assert!(counts.hits_new >= hosts as u64, "one page in a hundred sells: {}", counts.hits_new);
    assert!(held.len() >= 15);
    let (half, end) = (held[held.len() / 2], held[held.len() - 1]);
    // The store keeps what it read and wrote last, up to a bound.
    let allowed = (total as u64 / 2 * PAGE_KIB).min(CACHE_KIB + ((total as u64 / 2 * KNOWN_BYTES) >> 10));
    assert!(end < half + allowed, "grew from {half} to {end} KiB in the second half, {allowed} allowed");
    assert!(resident[resident.len() - 1] < 600, "{resident:?} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_large_pages_at_once_do_not_pile_up() {
    const LARGE: usize = 8 << 20;
    const HOSTS: usize = 64;
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    // An offer, then a comment: much to hold, little to read, and coming in slowly enough to be there all at once.
    let mut body = filler::OFFER.to_owned() + "<!--";
    body.push_str(&"-".repeat(LARGE - 64 - body.len()));
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer: Arc<[u8]> = [head.as_bytes(), body.as_bytes()].concat().into();
    drop(body);
    let before = memory("VmRSS");
    let (address, _log) = serve(move |_, path| match path {
        "/" => Reply::Bytes(Arc::clone(&answer)),
        _ => with("404 Not Found", "", b""),
    })
    .await;
    let seeds: Vec<String> = (0..HOSTS).map(|host| format!("http://h{host}.example/")).collect();
    let mut way = Way { max_body: LARGE, ..Way::all_to(address) };
    // On a machine that is busy otherwise they still have to come whole.
    (way.limits.total, way.limits.idle) = (Duration::from_secs(60), Duration::from_secs(30));
    let most = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let watch = std::thread::spawn({
        let (most, over) = (Arc::clone(&most), Arc::clone(&over));
        move || {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(memory("VmRSS"), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    let (store, ended) = round(folder.path(), &seeds, way).await;
    over.store(true, Ordering::Relaxed);
    watch.join().unwrap();
    assert!(!ended.cut_off && ended.why.is_none());
    assert_eq!(store.round_counts(1).await.unwrap().hits_new, HOSTS as u64, "each is read whole and judged");
    let grown = most.load(Ordering::Relaxed).saturating_sub(before) >> 20;
    println!("{grown} MiB more than before for {} MiB of bodies", (HOSTS * LARGE) >> 20);
    assert!(grown < 420, "{grown} MiB");
}
