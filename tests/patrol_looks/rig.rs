//! A unit with its store, and a site of the test's own that writes down what it was asked. Start at [`Unit::round`].

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jianzheng::clock::Clock;
use jianzheng::config::Robots;
use jianzheng::crawl::client::{self, Fetcher};
use jianzheng::crawl::frontier::{Frontier, Now, Politeness};
use jianzheng::crawl::guard::Guard;
use jianzheng::crawl::render::Renderer;
use jianzheng::crawl::resolver::Table;
use jianzheng::crawl::robots::RobotsCache;
use jianzheng::evidence::Origin;
use jianzheng::patrol::progress::Progress;
use jianzheng::patrol::rendering::Stage;
use jianzheng::patrol::{self, Keeper, Manner, Parts, Seed, Work, guests, reading};
use jianzheng::store::{Hit, Opts, Page, Store};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const OFFER: &str = "<title>快速拿证</title><h1>低压电工证免考试免培训</h1><p>人不用来，三天出证，官网可查，先出证后付款，加微信 demo_nb88 办理</p>";
pub const FLOWERS: &str =
    "<title>示例花店</title><h1>示例花店</h1><p>鲜花、绿植、开业花篮，当天送到，欢迎订购，节日另有优惠。</p>";
pub const TRADE: &str = "低压电工证办理";

pub const IMITATION: &str = "cx-mem-gov.cn.example";

/// The status of a connection that ends without an answer, and the fields of an answer of which only half comes.
pub const DROPPED: &str = "dropped";
pub const HALF: &str = "half";

/// What a site answers to a request's head: status line, further fields, body.
pub type Answer = (&'static str, String, String);
/// How it answers now.
type Manners = Arc<Mutex<Box<dyn Fn(&str) -> Answer + Send>>>;

pub fn ok(body: &str) -> Answer {
    ("200 OK", String::new(), body.to_owned())
}

pub fn missing() -> Answer {
    ("404 Not Found", String::new(), "没有".to_owned())
}

pub fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// A site whose answers the test may change between rounds.
pub struct Site {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<(Instant, String)>>>,
    answer: Manners,
}

impl Site {
    pub async fn start(answer: impl Fn(&str) -> Answer + Send + 'static) -> Site {
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

    pub fn now_answers(&self, answer: impl Fn(&str) -> Answer + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    /// The heads since the last call, robots.txt aside.
    pub fn asked(&self) -> Vec<String> {
        let heads = std::mem::take(&mut *self.heads.lock().unwrap()).into_iter().map(|(_, head)| head);
        heads.filter(|head| path(head) != "/robots.txt" && path(head) != "/favicon.ico").collect()
    }

    /// When each request since the last call came, with its head.
    pub fn times(&self) -> Vec<(Instant, String)> {
        std::mem::take(&mut *self.heads.lock().unwrap())
    }
}

async fn talk(
    mut stream: TcpStream,
    heads: Arc<Mutex<Vec<(Instant, String)>>>,
    answer: Manners,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    heads.lock().unwrap().push((Instant::now(), head.clone()));
    let (status, fields, body) = answer.lock().unwrap()(&head);
    if status == DROPPED {
        return Ok(());
    }
    let missing = if fields == HALF { body.len() } else { 0 };
    let fields = if fields == HALF { String::new() } else { fields };
    let kind = "Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
    let text = format!("HTTP/1.1 {status}\r\n{kind}{fields}Content-Length: {}\r\n\r\n{body}", body.len() + missing);
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// One unit: its store, its rules, its wishes.
pub struct Unit {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub rules: Arc<RuleSet>,
    pub site: Site,
    pub looks: u32,
    pub thresholds: Thresholds,
    pub delay: Duration,
    pub host_pages: u32,
    pub depth: u8,
    pub robots: Robots,
    /// What renders pages, where they are rendered.
    pub renderer: Option<fn(&Unit) -> Renderer>,
}

impl Unit {
    pub async fn new(answer: impl Fn(&str) -> Answer + Send + 'static) -> Unit {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Opts::default()).unwrap();
        let site = Site::start(answer).await;
        Unit {
            folder,
            store,
            rules: Arc::new(rules()),
            site,
            looks: 6,
            thresholds: Thresholds::default(),
            delay: Duration::ZERO,
            host_pages: 500,
            depth: 8,
            robots: Robots::Obey,
            renderer: None,
        }
    }

    /// A round some hours after the first, with these seeds.
    pub async fn round(&self, hours: i64, seeds: &[(&str, &str)]) -> u64 {
        let start = Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_hours(hours);
        let clock = Clock::starting_at(start);
        let now = Now { mono: Instant::now(), wall: clock.now() };
        let fetcher = Fetcher::new(client::Settings {
            guard: Guard::new(vec!["127.0.0.1/32".parse().unwrap()]),
            lookup: self.names(),
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
            stage: self.renderer.map(|renderer| Stage::new(renderer(self), false)),
        };
        let engines = vec![("baidu".to_owned(), "https://www.baidu.com/".to_owned())];
        let manner = Manner {
            robots: self.robots,
            politeness: Politeness {
                delay: self.delay,
                connections: 1,
                host_pages: self.host_pages,
                host_bytes: 0,
                host_time: Duration::ZERO,
            },
            quiet: None,
            connections: 4,
            retries: 0,
            depth: self.depth,
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

    /// Names of three domains, all the site's; one that imitates an authority's.
    pub fn names(&self) -> Arc<Table> {
        Arc::new(Table::new(["a.example", "b.example", IMITATION].map(|name| (name.to_owned(), self.site.address))))
    }

    /// The record of the last look at a path.
    pub fn page(&self, rest: &str) -> Page {
        let of_path = |page: &Page| page.url.ends_with(rest);
        self.store.pages(0).map(Result::unwrap).filter(of_path).last().unwrap_or_else(|| panic!("{rest} is not kept"))
    }

    pub fn hits(&self) -> Vec<Hit> {
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
pub fn guest(head: &str) -> &'static str {
    match () {
        () if head.contains("MicroMessenger") => "wechat",
        () if head.contains("Referer: https://www.baidu.com/") => "search",
        () if head.contains("User-Agent: Mozilla/5.0 (Windows") => "desktop",
        () => "named",
    }
}
