//! A web on loopback that the test makes up, and whole rounds over it with everything that the program does, waits aside.
//!
//! One server answers for every name; which reply a request gets is the test's closure's to say. Start at [`serve`] and [`round`].

// Each test uses its own part of it.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jianzheng::clock::Clock;
use jianzheng::config::Robots;
use jianzheng::crawl::client::{self, Fetcher, Limits};
use jianzheng::crawl::frontier::{Frontier, Now, Politeness};
use jianzheng::crawl::guard::Guard;
use jianzheng::crawl::resolver::{Looking, Lookup};
use jianzheng::crawl::robots::RobotsCache;
use jianzheng::evidence::Origin;
use jianzheng::patrol::progress::Progress;
use jianzheng::patrol::{self, Ended, Keeper, Manner, Parts, Seed, Work, reading};
use jianzheng::store::{Opts, Page, Store};
use jianzheng_core::likeness::Baselines;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Sends this and closes.
    Bytes(Arc<[u8]>),
    /// Sends this and waits for the next request.
    Keep(Arc<[u8]>),
    /// Sends this, then nothing, until the other side leaves.
    Silence(Arc<[u8]>),
    /// Sends the first, then the second over and over with a pause between.
    Again(Arc<[u8]>, Arc<[u8]>, Duration),
}

/// What was asked so far: host and path.
pub type Log = Arc<Mutex<Vec<(String, String)>>>;

/// A whole response.
pub fn with(status: &str, fields: &str, body: &[u8]) -> Reply {
    let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat().into())
}

/// A page in UTF-8.
pub fn html(body: &str) -> Reply {
    with("200 OK", "Content-Type: text/html; charset=utf-8", body.as_bytes())
}

/// Sends the other side elsewhere.
pub fn redirect(to: &str) -> Reply {
    with("302 Found", &format!("Location: {to}"), b"")
}

/// Serves on a port of the system's choosing.
pub async fn serve(answer: impl Fn(&str, &str) -> Reply + Send + Sync + 'static) -> (SocketAddr, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (log, answer) = (Log::default(), Arc::new(answer));
    let kept = Arc::clone(&log);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, Arc::clone(&kept), Arc::clone(&answer)));
        }
    });
    (address, log)
}

/// Answers on any kind of stream.
pub async fn talk(
    mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin,
    log: Log,
    answer: Arc<impl Fn(&str, &str) -> Reply + Send + Sync>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default();
        let host = text.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        log.lock().unwrap().push((host.to_owned(), path.to_owned()));
        match answer(host, path) {
            Reply::Bytes(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Reply::Keep(bytes) => stream.write_all(&bytes).await?,
            Reply::Silence(bytes) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                stream.read_u8().await?;
                return Ok(());
            }
            Reply::Again(first, bytes, pause) => {
                stream.write_all(&first).await?;
                loop {
                    stream.write_all(&bytes).await?;
                    stream.flush().await?;
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// A port of loopback that counts who comes, and says nothing.
pub async fn bait(place: &str) -> (SocketAddr, Arc<Mutex<u32>>) {
    let listener = TcpListener::bind(place).await.unwrap();
    let address = listener.local_addr().unwrap();
    let visits = Arc::<Mutex<u32>>::default();
    let count = Arc::clone(&visits);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *count.lock().unwrap() += 1;
            drop::<TcpStream>(stream);
        }
    });
    (address, visits)
}

/// Names by a closure; no address: there is no such name.
pub struct Names<F>(pub F);

impl<F: Fn(&str) -> Vec<SocketAddr> + Send + Sync> Lookup for Names<F> {
    fn lookup<'a>(&'a self, name: &'a str) -> Looking<'a> {
        Box::pin(async move { Ok((self.0)(name)) })
    }
}

/// How a round is done.
pub struct Way {
    /// Where names lead.
    pub lookup: Arc<dyn Lookup>,
    /// Bounds in time.
    pub limits: Limits,
    /// Largest body.
    pub max_body: usize,
    /// Depth of links.
    pub depth: u8,
    /// Links of a page.
    pub links: usize,
    /// Pages of a host.
    pub host_pages: u32,
    /// Fetches at a time.
    pub connections: usize,
    /// What protected sites look like.
    pub baselines: Arc<Baselines>,
}

impl Way {
    /// Every name leads to this address; times long enough for a busy machine and short enough for a test.
    pub fn all_to(address: SocketAddr) -> Way {
        Way {
            lookup: Arc::new(Names(move |_: &str| vec![address])),
            limits: Limits {
                connect: Duration::from_secs(3),
                head: Duration::from_secs(3),
                idle: Duration::from_secs(2),
                total: Duration::from_secs(6),
                drip_window: Duration::from_secs(2),
                drip_rate: 1000,
            },
            max_body: 1 << 20,
            depth: 2,
            links: 200,
            host_pages: 500,
            connections: 64,
            baselines: Arc::default(),
        }
    }
}

/// One round from these seeds, to its end. Whatever the web does, there is one.
pub async fn round(folder: &Path, seeds: &[String], way: Way) -> (Store, Ended) {
    let store = Store::open(folder, Opts { ballast: 0, free_floor: 0, ..Opts::default() }).unwrap();
    let clock = Clock::system();
    let frontier = Frontier::open(&store, Now { mono: Instant::now(), wall: clock.now() }).unwrap();
    let fetcher = Fetcher::new(client::Settings {
        guard: Guard::new(vec!["127.0.0.1/32".parse().unwrap()]),
        lookup: way.lookup,
        limits: way.limits,
        ..client::Settings::default()
    });
    let parts = Parts {
        rules: rules(),
        store: store.clone(),
        frontier: Arc::new(frontier),
        fetcher: Arc::new(fetcher.unwrap()),
        robots_cache: Arc::new(RobotsCache::default()),
        keeper: Keeper::start(folder, Origin { software: "test".into(), notes: Vec::new() }).unwrap(),
        clock,
        progress: Arc::new(Progress::silent()),
        stage: None,
    };
    let manner = Manner {
        robots: Robots::Obey,
        politeness: Politeness {
            delay: Duration::ZERO,
            connections: 4,
            host_pages: way.host_pages,
            host_bytes: 0,
            host_time: Duration::ZERO,
        },
        quiet: None,
        disguise: jianzheng::patrol::guests::Manner::default(),
        connections: way.connections,
        retries: 0,
        depth: way.depth,
        links: way.links,
        recheck_hours: 6,
        minutes: None,
        terms: reading::Terms {
            max_body: way.max_body,
            thresholds: Thresholds::default(),
            baselines: way.baselines,
            ..reading::Terms::default()
        },
        day: None,
    };
    let seeds = seeds
        .iter()
        .zip(1..)
        .map(|(url, line)| Seed { file: "test".into(), line, url: url.parse().unwrap(), tags: Vec::new() })
        .collect();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let work = Work { sources: Vec::new(), seeds, max_pages: None };
    let ended = patrol::run(parts, manner, work, stopped).await.unwrap();
    (store, ended)
}

/// All pages that were fetched or failed, in their order.
pub fn pages(store: &Store) -> Vec<Page> {
    store.pages(0).map(Result::unwrap).collect()
}

/// The shipped rules, compiled once.
pub fn rules() -> Arc<RuleSet> {
    static RULES: std::sync::LazyLock<Arc<RuleSet>> = std::sync::LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let files: Vec<(String, String)> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        Arc::new(RuleSet::compile(&files).unwrap())
    });
    Arc::clone(&RULES)
}

/// Bytes of memory that this process holds now; `VmHWM` gives the most that it ever held.
pub fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
