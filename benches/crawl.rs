//! A whole crawl over loopback: everything that a round does (guard, robots, frontier on disk, judging, every body kept as WARC)
//! against a bare loop of reqwest and scraper that keeps nothing, on the same server, turn about in the same run.
//!
//! `cargo bench --bench crawl [-- PAGES]`. 5,000 Chinese pages of some 28 KB on 50 hosts, one in ten in GBK, politeness off. The
//! ratio is what counts: absolute rates are the machine's. The bare loop is told every address beforehand; the round finds
//! them by their links.

#[path = "../core/benches/filler/mod.rs"]
mod filler;

use std::collections::HashMap;
use std::hint::black_box;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use jianzheng::clock::Clock;
use jianzheng::config::Robots;
use jianzheng::crawl::client::{self, Fetcher};
use jianzheng::crawl::frontier::{Frontier, Now, Politeness};
use jianzheng::crawl::guard::Guard;
use jianzheng::crawl::resolver::Table;
use jianzheng::crawl::robots::RobotsCache;
use jianzheng::evidence::Origin;
use jianzheng::patrol::progress::Progress;
use jianzheng::patrol::{self, Keeper, Manner, Parts, Seed, Work, reading};
use jianzheng::store::{Opts, Store};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use scraper::{Html, Selector};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HOSTS: usize = 50;
const ROUNDS: usize = 3;
const IN_FLIGHT: usize = 32;

/// Answers by host and path, ready to be sent.
type Site = HashMap<(String, String), Vec<u8>>;

fn host(number: usize) -> String {
    format!("h{number}.bench.example")
}

/// A page of some 28 KB that links to its neighbours; one in forty sells.
fn page(host_number: usize, number: usize, pages: usize) -> String {
    let mut next = filler::numbers(host_number * 10_000 + number);
    let mut html = format!(
        "<!DOCTYPE html><html><head><title>第{number}页 某某网{host_number}</title></head><body><div class='nav'><ul>"
    );
    for step in 1..=20 {
        html +=
            &format!("<li class=\"nav-item\"><a href=\"/p/{}.html\">栏目{step}</a></li>", (number * 3 + step) % pages);
    }
    html.push_str("</ul></div><div class=\"content main\">");
    if number.is_multiple_of(40) {
        html.push_str(filler::OFFER);
    }
    while html.len() < 27_000 {
        filler::sentence(&mut html, &mut next);
        html += &format!("。</p><span class=date>2026-0{}-1{}</span></div>", 1 + next(9), next(9));
    }
    html.push_str("</div><div class=footer>版权所有 某某公司 浙ICP备00000000号</div></body></html>");
    html
}

fn site(pages: usize) -> Site {
    let mut site = Site::new();
    for h in 0..HOSTS {
        for p in 0..pages {
            let html = page(h, p, pages);
            let gbk = p % 10 == 3;
            let body = if gbk { encoding_rs::GBK.encode(&html).0.into_owned() } else { html.into_bytes() };
            let charset = if gbk { "gbk" } else { "utf-8" };
            let mut answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            )
            .into_bytes();
            answer.extend_from_slice(&body);
            site.insert((host(h), format!("/p/{p}.html")), answer);
        }
    }
    site
}

/// A server that is far quicker than who asks it: whole answers from memory, connections kept open.
async fn serve(site: Arc<Site>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&site)));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, site: Arc<Site>) -> std::io::Result<()> {
    const MISSING: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&head);
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let named = text.lines().find_map(|l| l.strip_prefix("Host: ").or_else(|| l.strip_prefix("host: ")));
        let name = named.unwrap_or_default().split(':').next().unwrap_or_default().to_owned();
        stream.write_all(site.get(&(name, path)).map_or(MISSING, Vec::as_slice)).await?;
    }
}

/// The bare loop: fetch, decode, parse, title, text, links; nothing is kept.
async fn bare(address: SocketAddr, pages: usize) -> Duration {
    let mut builder = reqwest::Client::builder().no_proxy().http1_only().pool_max_idle_per_host(IN_FLIGHT);
    for h in 0..HOSTS {
        builder = builder.resolve(&host(h), address);
    }
    let client = builder.build().expect("a plain client");
    let urls: Vec<String> =
        (0..pages).flat_map(|p| (0..HOSTS).map(move |h| (h, p))).map(|(h, p)| url(h, p, address)).collect();
    let began = Instant::now();
    let done = futures_util::stream::iter(urls)
        .map(|url| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut response = client.get(url).send().await.expect("loopback answers");
                let gbk = response.headers()["content-type"].as_bytes().ends_with(b"gbk");
                let mut body = Vec::new();
                while let Some(chunk) = response.chunk().await.expect("a whole body") {
                    body.extend_from_slice(&chunk);
                }
                let encoding = if gbk { encoding_rs::GBK } else { encoding_rs::UTF_8 };
                let (text, ..) = encoding.decode(&body);
                let html = Html::parse_document(&text);
                let title = Selector::parse("title").expect("a constant");
                let link = Selector::parse("a[href]").expect("a constant");
                let title: String = html.select(&title).flat_map(|t| t.text()).collect();
                let words: String = html.root_element().text().collect();
                let links: Vec<String> =
                    html.select(&link).filter_map(|a| a.value().attr("href")).map(str::to_owned).collect();
                black_box((title, words, links)).2.len()
            })
        })
        .buffer_unordered(IN_FLIGHT)
        .fold(0, |sum, links| async move { sum + links.expect("no panic") })
        .await;
    assert!(done > 0);
    began.elapsed()
}

fn url(host_number: usize, page: usize, address: SocketAddr) -> String {
    format!("http://{}:{}/p/{page}.html", host(host_number), address.port())
}

/// The round, with everything on and politeness off, in a store of its own.
async fn round(address: SocketAddr, pages: usize, rules: Arc<RuleSet>) -> (Duration, u64, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), Opts::default()).expect("a new store");
    let clock = Clock::system();
    let frontier = Frontier::open(&store, Now { mono: Instant::now(), wall: clock.now() }).expect("a new frontier");
    let names = (0..HOSTS).map(|h| (host(h), address));
    let fetcher = Fetcher::new(client::Settings {
        guard: Guard::new(vec!["127.0.0.1/32".parse().expect("a block")]),
        lookup: Arc::new(Table::new(names)),
        ..client::Settings::default()
    });
    let parts = Parts {
        rules,
        store: store.clone(),
        frontier: Arc::new(frontier),
        fetcher: Arc::new(fetcher.expect("a client")),
        robots_cache: Arc::new(RobotsCache::default()),
        keeper: Keeper::start(folder.path(), Origin { software: "bench".into(), notes: Vec::new() }).expect("a file"),
        clock,
        stage: None,
        progress: Arc::new(Progress::silent()),
    };
    let manner = Manner {
        robots: Robots::Obey,
        politeness: Politeness { delay: Duration::ZERO, connections: 4, ..Politeness::default() },
        quiet: None,
        connections: 64,
        retries: 2,
        depth: 250,
        links: 1_000,
        recheck_hours: 6,
        minutes: None,
        disguise: Default::default(),
        terms: reading::Terms {
            max_body: 8 << 20,
            thresholds: Thresholds::default(),
            notes: Vec::new(),
            practice: false,
            ..reading::Terms::default()
        },
        day: None,
    };
    let seeds = (0..HOSTS)
        .map(|h| Seed {
            file: "bench".into(),
            line: h as u32,
            url: url(h, 0, address).parse().expect("an address"),
            tags: Vec::new(),
        })
        .collect();
    let work = Work { sources: Vec::new(), seeds, max_pages: None };
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let began = Instant::now();
    let ended = patrol::run(parts, manner, work, stopped).await.expect("a round");
    let took = began.elapsed();
    assert!(ended.why.is_none(), "{:?}", ended.why);
    let counts = store.round_counts(ended.round).await.expect("counts");
    assert_eq!(counts.fetched, (HOSTS * pages) as u64, "every page is fetched once");
    (took, counts.fetched, kept(folder.path()))
}

/// Bytes of evidence on disk.
fn kept(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder.join("warc")).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|m| m.len()).sum()
}

/// What the whole process has had of the processors, the server's part and the kernel's work for it included: on a machine with
/// other jobs the measure that varies less.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // Behind the name, which may hold anything; user and system time are the 14th and 15th field, in hundredths of a second.
    let fields = stat.rsplit_once(')').expect("a name").1.split_whitespace().skip(11);
    Duration::from_millis(fields.take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum::<u64>() * 10)
}

fn rules() -> RuleSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("rules folder")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "toml"))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(entry.path()).expect("rule file"))
        })
        .collect();
    RuleSet::compile(&files).expect("the shipped rules")
}

fn main() {
    // The bare client takes the process's default; ours brings its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pages: usize = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(5_000) / HOSTS;
    let rules = Arc::new(rules());
    let site = Arc::new(site(pages));
    let total = pages * HOSTS;
    let bytes: usize = site.values().map(Vec::len).sum();
    println!("{total} pages of {} KB on {HOSTS} hosts, {} rules", bytes / total / 1000, rules.rules().len());
    // The server and who asks share the processors, as they do in every figure of ours.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let address = runtime.block_on(serve(site));
    let mut ratios = Vec::new();
    let mut work = Vec::new();
    for number in 1..=ROUNDS {
        let start = processor();
        let plain = runtime.block_on(bare(address, pages));
        let between = processor();
        let (full, _, kept) = runtime.block_on(round(address, pages, Arc::clone(&rules)));
        let end = processor();
        let rate = |took: Duration| total as f64 / took.as_secs_f64();
        let each = |took: Duration| took.as_secs_f64() * 1e3 / total as f64;
        let (ratio, worked) = (plain.as_secs_f64() / full.as_secs_f64(), [between - start, end - between]);
        ratios.push(ratio);
        work.push(worked[0].as_secs_f64() / worked[1].as_secs_f64());
        println!(
            "run {number}: bare reqwest + scraper {:>6.0} pages/s, {:.2} ms of processor each   a round, everything kept {:>6.0} pages/s, {:.2} ms ({} MB of WARC)   {ratio:.2} × bare",
            rate(plain),
            each(worked[0]),
            rate(full),
            each(worked[1]),
            kept >> 20
        );
    }
    let median = |ratios: &mut Vec<f64>| {
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    };
    println!("median {:.2} × bare by the clock, {:.2} by processor time", median(&mut ratios), median(&mut work));
}
