//! Rounds against a site of the test's own on loopback: looks as somebody else, copies that have not changed, traps, soft 404s.
//! What the site was asked is what is claimed, beside what the store keeps of it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jianzheng::clock::Clock;
use jianzheng::config::Robots;
use jianzheng::crawl::client::{self, Fetcher};
use jianzheng::crawl::frontier::{Frontier, Now, Politeness};
use jianzheng::crawl::guard::Guard;
use jianzheng::crawl::resolver::Table;
use jianzheng::crawl::robots::RobotsCache;
use jianzheng::evidence::Origin;
use jianzheng::patrol::progress::Progress;
use jianzheng::patrol::{self, Keeper, Manner, Parts, Seed, Work, guests, reading};
use jianzheng::store::{Hit, HitState, Opts, Outcome, Page, Store};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OFFER: &str = "<title>快速拿证</title><h1>低压电工证免考试免培训</h1><p>人不用来，三天出证，官网可查，先出证后付款，加微信 demo_nb88 办理</p>";
const FLOWERS: &str =
    "<title>示例花店</title><h1>示例花店</h1><p>鲜花、绿植、开业花篮，当天送到，欢迎订购，节日另有优惠。</p>";
const TRADE: &str = "低压电工证办理";

/// What a site answers to a request's head: status line, further fields, body.
type Answer = (&'static str, String, String);
/// How it answers now.
type Manners = Arc<Mutex<Box<dyn Fn(&str) -> Answer + Send>>>;

fn ok(body: &str) -> Answer {
    ("200 OK", String::new(), body.to_owned())
}

fn missing() -> Answer {
    ("404 Not Found", String::new(), "没有".to_owned())
}

fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// A site whose answers the test may change between rounds.
struct Site {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Manners,
}

impl Site {
    async fn start(answer: impl Fn(&str) -> Answer + Send + 'static) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Site {
            address: listener.local_addr().unwrap(),
            heads: Arc::default(),
            answer: Arc::new(Mutex::new(Box::new(answer))),
        };
        let (heads, answer) = (site.heads.clone(), site.answer.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, heads.clone(), answer.clone()));
            }
        });
        site
    }

    fn now_answers(&self, answer: impl Fn(&str) -> Answer + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    /// The heads since the last call, robots.txt aside.
    fn asked(&self) -> Vec<String> {
        let mut heads = std::mem::take(&mut *self.heads.lock().unwrap());
        heads.retain(|head| path(head) != "/robots.txt" && path(head) != "/favicon.ico");
        heads
    }
}

async fn talk(mut stream: TcpStream, heads: Arc<Mutex<Vec<String>>>, answer: Manners) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    heads.lock().unwrap().push(head.clone());
    let (status, fields, body) = answer.lock().unwrap()(&head);
    let kind = "Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
    let text = format!("HTTP/1.1 {status}\r\n{kind}{fields}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// One unit: its store, its rules, its wishes.
struct Unit {
    folder: tempfile::TempDir,
    store: Store,
    rules: Arc<RuleSet>,
    site: Site,
    looks: u32,
    thresholds: Thresholds,
}

impl Unit {
    async fn new(answer: impl Fn(&str) -> Answer + Send + 'static) -> Unit {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Opts::default()).unwrap();
        let site = Site::start(answer).await;
        Unit { folder, store, rules: Arc::new(rules()), site, looks: 6, thresholds: Thresholds::default() }
    }

    /// A round some hours after the first, with these seeds.
    async fn round(&self, hours: i64, seeds: &[(&str, &str)]) -> u64 {
        let start = Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_hours(hours);
        let clock = Clock::starting_at(start);
        let now = Now { mono: Instant::now(), wall: clock.now() };
        let name = "a.example".to_owned();
        let fetcher = Fetcher::new(client::Settings {
            guard: Guard::new(vec!["127.0.0.1/32".parse().unwrap()]),
            lookup: Arc::new(Table::new([(name, self.site.address)])),
            ..client::Settings::default()
        });
        let origin = Origin { software: "test".into(), notes: Vec::new() };
        let parts = Parts {
            rules: Arc::clone(&self.rules),
            store: self.store.clone(),
            frontier: Arc::new(Frontier::open(&self.store, now).unwrap()),
            fetcher: Arc::new(fetcher.unwrap()),
            robots_cache: Arc::new(RobotsCache::default()),
            keeper: Keeper::start(self.folder.path(), origin).unwrap(),
            clock,
            progress: Arc::new(Progress::silent()),
            stage: None,
        };
        let engines = vec![("baidu".to_owned(), "https://www.baidu.com/".to_owned())];
        let manner = Manner {
            robots: Robots::Obey,
            politeness: Politeness {
                delay: Duration::ZERO,
                connections: 1,
                host_pages: 500,
                host_bytes: 0,
                host_time: Duration::ZERO,
            },
            quiet: None,
            connections: 4,
            retries: 0,
            depth: 8,
            links: 200,
            recheck_hours: 6,
            minutes: None,
            disguise: guests::Manner { looks: self.looks, engines },
            terms: reading::Terms { max_body: 1 << 20, thresholds: self.thresholds, ..reading::Terms::default() },
            day: None,
        };
        let seed = |(rest, tag): &(&str, &str)| Seed {
            file: "test".into(),
            line: 1,
            url: format!("http://a.example:{}{rest}", self.site.address.port()).parse().unwrap(),
            tags: if tag.is_empty() { Vec::new() } else { vec![(*tag).to_owned()] },
        };
        let work = Work { sources: Vec::new(), seeds: seeds.iter().map(seed).collect(), max_pages: None };
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let ended = patrol::run(parts, manner, work, stopped).await.unwrap();
        assert!(ended.why.is_none(), "{:?}", ended.why);
        ended.round
    }

    /// The record of the last look at a path.
    fn page(&self, rest: &str) -> Page {
        let of_path = |page: &Page| page.url.ends_with(rest);
        self.store.pages(0).map(Result::unwrap).filter(of_path).last().unwrap_or_else(|| panic!("{rest} is not kept"))
    }

    fn hits(&self) -> Vec<Hit> {
        self.store.hits().map(Result::unwrap).collect()
    }
}

fn rules() -> RuleSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<(String, String)> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    RuleSet::compile(&files).unwrap()
}

/// As whom a head asks.
fn guest(head: &str) -> &'static str {
    match () {
        () if head.contains("MicroMessenger") => "wechat",
        () if head.contains("Referer: https://www.baidu.com/") => "search",
        () if head.contains("User-Agent: Mozilla/5.0 (Windows") => "desktop",
        () => "named",
    }
}

fn only_wechat(head: &str) -> Answer {
    match (path(head), guest(head)) {
        ("/robots.txt", _) => missing(),
        (_, "wechat") => ok(OFFER),
        _ => ok(FLOWERS),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_wechat_is_shown_is_found_kept_whole_and_not_gone_the_next_day() {
    let unit = Unit::new(only_wechat).await;
    unit.round(0, &[("/x", TRADE)]).await;
    let guests: Vec<_> = unit.site.asked().iter().map(|head| guest(head)).collect();
    assert_eq!(guests, ["named", "desktop", "wechat"], "the desk before WeChat, and no more once it was seen");
    let page = unit.page("/x");
    assert_eq!(page.looks.iter().map(|look| look.guest.as_str()).collect::<Vec<_>>(), guests);
    assert!(page.looks.iter().all(|look| look.capture.is_some()) && page.looks[0].why.contains("一个字没提"));
    assert_eq!((page.verdict.as_deref(), page.cloaks.as_slice()), (Some("seller"), &["微信".to_owned()][..]));
    let hit = &unit.hits()[0];
    assert_eq!((hit.seen_as.as_deref(), hit.state), (Some("wechat"), HitState::Up));
    assert_eq!(hit.capture, page.looks[2].capture, "the verdict rests on the look that saw it");
    assert_eq!(hit.captures.len(), 3, "the others prove the difference");
    assert!(
        hit.chain[0].contains("以“手机微信”的身份看到") && hit.chain[0].contains("网页“示例花店”"),
        "{:?}",
        hit.chain
    );
    assert!(hit.reasons.iter().any(|reason| reason.rule == "seller.cloaked"), "{:?}", hit.reasons);
    for capture in &hit.captures {
        let kept = jianzheng::evidence::read(unit.folder.path(), &capture.warc, capture.offset, 1 << 20).unwrap();
        assert!(!kept.body.is_empty());
    }

    unit.round(24, &[]).await;
    assert_eq!(unit.hits()[0].state, HitState::Up);
    assert!(unit.site.asked().iter().any(|head| guest(head) == "wechat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_that_only_others_see_is_not_missed_by_who_may_not_look_as_they_do() {
    let mut unit = Unit::new(only_wechat).await;
    unit.round(0, &[("/x", TRADE)]).await;
    unit.site.asked();
    unit.looks = 0;
    for hours in [24, 48, 72] {
        unit.round(hours, &[]).await;
        assert!(unit.site.asked().iter().all(|head| guest(head) == "named"));
    }
    assert_eq!(unit.hits()[0].state, HitState::Unseen);
    unit.looks = 6;
    unit.site.now_answers(|_| missing());
    for hours in [96, 120] {
        unit.round(hours, &[]).await;
    }
    assert_eq!(unit.hits()[0].state, HitState::Gone, "everybody looked, and nobody sees it");
}

#[tokio::test(flavor = "multi_thread")]
async fn disguised_looks_have_a_cause_a_cap_and_the_patrols_own_robots() {
    let unit = Unit::new(|head| match path(head) {
        "/robots.txt" => ("200 OK", String::new(), "User-agent: jianzheng\nDisallow: /barred\n".to_owned()),
        _ => ok(FLOWERS),
    })
    .await;
    let seeds: Vec<String> = (0..5).map(|n| format!("/x{n}")).collect();
    let mut all: Vec<(&str, &str)> = seeds.iter().map(|rest| (rest.as_str(), TRADE)).collect();
    // Nobody said anything of the second, and the first is not for us.
    all.extend([("/barred", TRADE), ("/plain", "")]);
    unit.round(0, &all).await;
    let asked = unit.site.asked();
    let mut count: HashMap<&str, usize> = HashMap::new();
    asked.iter().for_each(|head| *count.entry(guest(head)).or_default() += 1);
    assert_eq!(count["named"], 6, "{count:?}");
    assert_eq!(count["desktop"] + count["wechat"] + count["search"], 6, "{count:?}");
    assert!(asked.iter().all(|head| path(head) != "/barred"));
    assert!(asked.iter().filter(|head| path(head) == "/plain").all(|head| guest(head) == "named"));
    assert!(unit.hits().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_only_searchers_are_sent_is_followed() {
    let unit = Unit::new(|head| match (path(head), guest(head)) {
        ("/robots.txt", _) => missing(),
        ("/x", "search") => ("302 Found", "Location: /real\r\n".to_owned(), String::new()),
        ("/x", _) => ("302 Found", "Location: http://www.baidu.com/\r\n".to_owned(), String::new()),
        ("/real", _) => ok(OFFER),
        _ => missing(),
    })
    .await;
    unit.round(0, &[("/x", TRADE)]).await;
    let hit = &unit.hits()[0];
    assert!(hit.final_url.ends_with("/real"), "{}", hit.final_url);
    assert_eq!(hit.seen_as.as_deref(), Some("search"));
    let page = unit.page("/x");
    assert_eq!((page.looks[0].say.as_str(), page.cloaks.as_slice()), ("转到 www.baidu.com", &["搜索".to_owned()][..]));
}

/// A page with a tag, which it answers for.
fn tagged(head: &str) -> Answer {
    let fields = "ETag: \"v1\"\r\nLast-Modified: Mon, 21 Sep 2026 00:00:00 GMT\r\n".to_owned();
    match path(head) {
        "/robots.txt" => missing(),
        _ if head.contains("If-None-Match: \"v1\"\r\n") => ("304 Not Modified", fields, String::new()),
        "/offer" => ("200 OK", fields, OFFER.to_owned()),
        _ => ("200 OK", fields, format!("{FLOWERS}<a href=/more>更多</a>")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_seen_and_judged_by_what_we_kept() {
    let mut unit = Unit::new(tagged).await;
    unit.round(0, &[("/x", ""), ("/offer", "")]).await;
    let first = unit.page("/x");
    assert!(first.copy.is_some() && first.unchanged.is_none());
    assert!(unit.page("/offer").copy.is_none(), "what accuses is always asked for whole");
    unit.site.asked();

    for day in [1, 2] {
        let round = unit.round(24 * day, &[]).await;
        let asked = unit.site.asked();
        let of = |rest: &str| asked.iter().find(|head| path(head) == rest).unwrap();
        assert!(of("/x").contains("If-None-Match: \"v1\"\r\n") && of("/x").contains("If-Modified-Since: Mon, 21 Sep"));
        assert!(!of("/offer").contains("If-"), "{}", of("/offer"));
        let page = unit.page("/x");
        assert_eq!((page.round, &page.outcome), (round, &Outcome::Fetched { status: 304 }));
        assert_eq!(page.unchanged.as_ref().unwrap().page, first.seq);
        assert_eq!((&page.verdict, page.extract), (&first.verdict, true));
        assert!(unit.store.extract(page.seq).await.unwrap().is_some());
        assert!(page.capture.is_some() && page.capture != first.capture, "the answer of that day is its evidence");
        assert_eq!(unit.hits()[0].state, HitState::Up);
    }

    // Rules that see something in it want the page itself.
    unit.thresholds = Thresholds { hit: 0.0, review: 0.0 };
    unit.round(72, &[]).await;
    let asked = unit.site.asked();
    let of_x: Vec<_> =
        asked.iter().filter(|head| path(head) == "/x").map(|head| head.contains("If-None-Match")).collect();
    assert_eq!(of_x, [true, false]);
    assert_eq!(unit.page("/x").outcome, Outcome::Fetched { status: 200 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_serves_four_weeks_and_a_304_that_nobody_asked_for_shows_nothing() {
    let unit = Unit::new(tagged).await;
    unit.round(0, &[("/x", ""), ("/offer", "")]).await;
    unit.round(24 * 20, &[]).await;
    unit.site.asked();
    unit.round(24 * 29, &[]).await;
    assert!(unit.site.asked().iter().all(|head| !head.contains("If-None-Match")));
    assert_eq!(unit.page("/x").outcome, Outcome::Fetched { status: 200 });

    unit.site.now_answers(|_| ("304 Not Modified", String::new(), String::new()));
    for day in [30, 31, 32] {
        unit.round(24 * day, &[]).await;
    }
    assert_eq!(unit.hits()[0].state, HitState::Unseen, "never gone by a 304");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_end_ends_and_its_offers_are_all_seen() {
    let unit = Unit::new(|head| {
        let at = path(head);
        let number: u32 = at.trim_start_matches("/list_").trim_end_matches(".html").parse().unwrap_or(1);
        match at {
            "/robots.txt" => missing(),
            at if at.starts_with("/list_") => {
                let word = ["焊机", "吊车", "扳手", "电缆", "水泵"][number as usize % 5].repeat(number as usize);
                let next = if number < 40 { format!("<a href=/list_{}.html>下一页</a>", number + 1) } else { String::new() };
                ok(&format!("<title>二手</title><p>转让{word}，八成新，可以上门看货。</p>{next}"))
            }
            at => {
                // Each link carries a session of its own, and the page says the same everywhere.
                let seed = at.bytes().fold(7u64, |sum, b| sum.wrapping_mul(131).wrapping_add(u64::from(b)));
                let links: String =
                    (0..5u64).map(|n| format!("<a href='/e?s=a{:015x}'>活动</a>", seed.wrapping_mul(31 + n) >> 8)).collect();
                ok(&format!("<title>活动</title><p>本周活动安排，欢迎参加，名额有限，先到先得。</p>{links}<a href=/list_1.html>二手</a>"))
            }
        }
    })
    .await;
    unit.round(0, &[("/", "")]).await;
    // A visit goes eight steps from its seed; later seeds go on where the list was left.
    for day in 1..=4 {
        unit.round(24 * day, &[(&format!("/list_{}.html", day * 9), "")]).await;
    }
    let asked = unit.site.asked();
    let under = |start: &str| asked.iter().filter(|head| path(head).starts_with(start)).count();
    let lists: std::collections::HashSet<&str> =
        asked.iter().map(|head| path(head)).filter(|at| at.starts_with("/list_")).collect();
    assert_eq!(lists.len(), 40, "every page of the list");
    assert!(under("/e?") < 250, "{} of them", under("/e?"));
    let told: Vec<String> = unit.store.not_looked(1).map(|row| row.unwrap().why).collect();
    assert_eq!(told.iter().filter(|why| why.contains("/e?s=*") && why.contains("内容都一样")).count(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_a_site_shows_for_any_address_is_told_from_a_changed_one() {
    let unit = Unit::new(|head| match path(head) {
        "/robots.txt" => missing(),
        "/sell/1.html" => ok(OFFER),
        "/sell/2.html" => ok(&OFFER.replace("demo_nb88", "demo_nb99")),
        _ => missing(),
    })
    .await;
    unit.round(0, &[("/sell/1.html", ""), ("/sell/2.html", "")]).await;
    assert_eq!(unit.hits().len(), 2);
    unit.site.asked();
    unit.site.now_answers(|head| match path(head) {
        "/robots.txt" => missing(),
        "/sell/2.html" => ok(FLOWERS),
        _ => ok("<title>信息不存在</title><p>您要找的信息已经被发布者删除，看看别的吧。</p>"),
    });
    unit.round(24, &[]).await;
    assert!(unit.page("/sell/1.html").note.unwrap().contains("已经撤下"));
    assert!(unit.page("/sell/2.html").note.unwrap().contains("换了内容"));
    let told: String = unit.hits().iter().flat_map(|hit| hit.chain.clone()).collect();
    assert!(told.contains("复看：本站对不存在的网址也给这一页") && told.contains("换了内容"), "{told}");
    let probes =
        |asked: &[String]| asked.iter().filter(|head| !["/sell/1.html", "/sell/2.html"].contains(&path(head))).count();
    assert_eq!(probes(&unit.site.asked()), 1, "one probe a host");
    let port = unit.site.address.port();
    let facts = unit.store.host(&format!("a.example:{port}")).await.unwrap().unwrap();
    assert!(facts.made_up.is_some_and(|answer| answer.status == 200 && answer.text.is_some()));
    unit.round(48, &[]).await;
    assert_eq!(probes(&unit.site.asked()), 0, "and not again the next day");
    assert!(unit.hits().iter().all(|hit| hit.state == HitState::Gone));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_for_all_but_wechat_is_not_gone() {
    let unit = Unit::new(|head| if path(head) == "/robots.txt" { missing() } else { ok(OFFER) }).await;
    unit.round(0, &[("/x", "")]).await;
    unit.site.now_answers(|head| match path(head) {
        "/robots.txt" => missing(),
        _ => ok("<title>提示</title><h3>请在微信客户端打开链接</h3>"),
    });
    for day in [1, 2, 3] {
        unit.round(24 * day, &[]).await;
    }
    assert_eq!(unit.hits()[0].state, HitState::Unseen);
}
