//! A web that does everything to a crawler, through whole rounds: every page ends in a recorded reason or is judged by what was read of
//! it, nobody who is not to be asked is asked, the round ends, and memory stays where it was.
//!
//! What a single fetch makes of a bad server is told beside the client (`src/crawl/client/tests`); here stands what becomes of it.

#[path = "hostile_web/cases.rs"]
mod cases;
#[path = "../core/benches/filler/mod.rs"]
#[allow(dead_code)]
mod filler;
mod loopback;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::End::{Failed, Judged};
use cases::{Case, End, SELLER, bodies, floods, heads, offer};
use jianzheng::store::{Outcome, Page, Store};
use loopback::{Names, Reply, Way, bait, html, memory, pages, redirect, round, serve, with};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Each case by its name: what its host answers to `/`, and what has to become of that.
type Cases = HashMap<&'static str, (Reply, End)>;

/// Every page's record by its URL, the last one of each.
fn records(store: &Store) -> HashMap<String, Page> {
    pages(store).into_iter().map(|page| (page.url.clone(), page)).collect()
}

fn end_of(page: &Page) -> (String, u16, String) {
    let verdict = page.verdict.clone().unwrap_or_default();
    match &page.outcome {
        Outcome::Failed { code, say } => {
            assert!(!say.is_empty(), "{}: a reason for people", page.url);
            (code.clone(), 0, verdict)
        }
        Outcome::Fetched { status } => {
            assert!(page.capture.is_some(), "{}: what came is kept", page.url);
            (String::new(), *status, verdict)
        }
    }
}

fn check(what: &str, page: Option<&Page>, want: End) {
    let got = end_of(page.unwrap_or_else(|| panic!("{what}: nothing is recorded")));
    let want = match want {
        Failed(code) => (code.to_owned(), 0, String::new()),
        Judged(status, verdict) => (String::new(), status, verdict.to_owned()),
    };
    assert_eq!(got, want, "{what}");
}

fn by_name(cases: Vec<Case>) -> Cases {
    cases.into_iter().map(|(name, reply, end)| (name, (reply, end))).collect()
}

/// How many records ended so; what came is under the empty word.
fn codes(records: &HashMap<String, Page>) -> HashMap<String, usize> {
    let mut codes = HashMap::new();
    for page in records.values() {
        *codes.entry(end_of(page).0).or_default() += 1;
    }
    codes
}

/// A round over hosts of these cases, and a friendly host beside them.
async fn over(cases: Cases) -> (Store, loopback::Log, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let replies: HashMap<String, Reply> =
        cases.iter().map(|(name, (reply, _))| (format!("{name}.example"), reply.clone())).collect();
    let before = memory("VmRSS");
    let (address, log) = serve(move |host, path| match (replies.get(host), path) {
        (_, "/robots.txt") => with("404 Not Found", "", b""),
        (Some(reply), "/") => reply.clone(),
        _ => html("<p>普通网页</p>"),
    })
    .await;
    let mut seeds: Vec<String> = cases.keys().map(|name| format!("http://{name}.example/")).collect();
    seeds.push("http://friendly.example/".to_owned());
    let (store, ended) = round(folder.path(), &seeds, Way::all_to(address)).await;
    assert!(!ended.cut_off && ended.why.is_none(), "{:?}", ended.why);
    let records = records(&store);
    for (name, (_, end)) in &cases {
        check(name, records.get(&format!("http://{name}.example/")), *end);
    }
    check("friendly", records.get("http://friendly.example/"), Judged(200, "benign"));
    let grown = memory("VmHWM").saturating_sub(before);
    assert!(grown < 600 << 20, "{} MiB more than before", grown >> 20);
    // Whatever failed counts as not looked at.
    let failed = records.values().filter(|page| matches!(page.outcome, Outcome::Failed { .. })).count() as u64;
    assert!(store.round_counts(1).await.unwrap().not_looked_at >= failed);
    // And the file of metrics tells the same: pages that came, each reason by its word.
    let metrics = std::fs::read_to_string(folder.path().join("metrics.prom")).unwrap();
    for (code, count) in codes(&records) {
        let line = match code.as_str() {
            "" => format!("jianzheng_pages_total {count}"),
            code => format!("jianzheng_unseen_total{{reason=\"{code}\"}} {count}"),
        };
        assert!(metrics.lines().any(|found| found == line), "{line} is missing in\n{metrics}");
    }
    assert!(
        metrics.contains("jianzheng_held_body_bytes 0\n") && metrics.contains("jianzheng_round_running 0\n"),
        "{metrics}"
    );
    (store, log, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_heads_end_in_a_recorded_reason() {
    over(by_name(heads())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_judged_by_what_was_read() {
    over(by_name(bodies())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_are_read_and_lead_no_further_than_the_limits() {
    let (store, log, _folder) = over(by_name(floods())).await;
    let asked = log.lock().unwrap().len();
    // 200 links of a page, and frames and pictures by their own few.
    assert!(asked < 13 * (200 + 40) + 200 * 2, "{asked} requests");
    let hosts = pages(&store).into_iter().filter(|page| page.host.ends_with(".flood.example")).count();
    assert!((100..=200).contains(&hosts), "{hosts} hosts of the flood");
}

#[tokio::test(flavor = "multi_thread")]
async fn loops_and_chains_come_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let next =
        |name: &str| name.split('-').nth(1).and_then(|n| n.split('.').next()?.parse::<u32>().ok()).unwrap_or(0) + 1;
    let (address, log) = serve(move |host, path| match (host, path) {
        (_, "/robots.txt") => with("404 Not Found", "", b""),
        ("self.example", _) => redirect("/"),
        ("cookie.example", path) => {
            with("302 Found", &format!("Location: {path}\r\nSet-Cookie: n={}", path.len()), b"")
        }
        ("within.example", path) => redirect(&format!("{path}x")),
        ("ping.example", _) => redirect("http://pong.example/"),
        ("pong.example", _) => redirect("http://ping.example/"),
        // A name server that knows every name: hosts cost nothing.
        (host, _) if host.starts_with("chain-") => redirect(&format!("http://chain-{}.example/", next(host))),
        (host, _) if host.starts_with("frame-") => {
            html(&format!("<iframe src=http://frame-{}.example/></iframe>", next(host)))
        }
        (host, _) if host.starts_with("fresh-") => {
            html(&format!("<meta http-equiv=refresh content='0;url=http://fresh-{}.example/'>", next(host)))
        }
        (host, _) if host.starts_with("farm-") => {
            html(&format!("{}<a href=http://farm-{}.example/>下一家</a>", offer(), next(host)))
        }
        (_, path) => html(&format!("<p>普通网页 {path}</p>")),
    })
    .await;
    let names = ["self", "cookie", "within", "ping", "chain-0", "frame-0", "fresh-0", "farm-0"];
    let seeds: Vec<String> = names.iter().map(|name| format!("http://{name}.example/")).collect();
    let (store, ended) = round(folder.path(), &seeds, Way::all_to(address)).await;
    assert!(!ended.cut_off && ended.why.is_none());
    let records = records(&store);
    let of = |name: &str| records.get(&format!("http://{name}.example/"));
    check("self", of("self"), Failed("redirect-loop"));
    check("within", of("within"), Failed("too-many-redirects"));
    for name in ["ping", "pong", "chain-0", "chain-10"] {
        check(name, of(name), Judged(302, ""));
    }
    assert!(log.lock().unwrap().len() < 300, "{} requests", log.lock().unwrap().len());
    let whys: Vec<_> = store.not_looked(1).map(Result::unwrap).collect();
    for name in ["chain", "frame", "fresh", "farm"] {
        assert!(of(&format!("{name}-9")).is_some() && of(&format!("{name}-20")).is_none(), "{name}");
        let listed = whys.iter().find(|entry| entry.url.contains(&format!("/{name}-")));
        assert!(listed.is_some_and(|entry| entry.why.contains("不再跟下去")), "{name}: {listed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_domain_with_a_name_for_everything_does_not_fill_the_round() {
    let folder = tempfile::tempdir().unwrap();
    let count = AtomicUsize::new(0);
    // Each page of the farm is an offer and leads to forty sisters that nobody has seen yet.
    let (address, log) = serve(move |host, path| match (host, path) {
        (_, "/robots.txt") => with("404 Not Found", "", b""),
        (_, "/") => {
            let links: String = (0..40)
                .map(|_| format!("<a href=http://s{}.farm.example/>x</a>", count.fetch_add(1, Ordering::Relaxed)))
                .collect();
            html(&(offer() + &links))
        }
        _ => with("404 Not Found", "", b""),
    })
    .await;
    let (store, ended) = round(folder.path(), &["http://farm.example/".to_owned()], Way::all_to(address)).await;
    assert!(!ended.cut_off && ended.why.is_none());
    let seen =
        pages(&store).into_iter().filter(|page| page.host.ends_with("farm.example") && page.url.ends_with("/")).count();
    assert!((300..=501).contains(&seen), "{seen} hosts of one domain");
    assert!(store.not_looked(1).any(|entry| entry.unwrap().why.contains("不再增加")));
    drop(log);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_forbidden_address_is_connected_to() {
    let folder = tempfile::tempdir().unwrap();
    let (forbidden, visits) = bait("127.0.0.2:0").await;
    let port = forbidden.port();
    let spellings: Vec<String> = [
        "127.0.0.2",
        "127.2",
        "127.0.2",
        "2130706434",
        "0x7f000002",
        "0x7f.0.0.2",
        "0177.0.0.2",
        "017700000002",
        "127.0.0.2.",
        "１２７.0.0.2",
        "127。0。0。2",
        "①②⑦.0.0.2",
        "%31%32%37.0.0.2",
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:2]",
        "[::127.0.0.2]",
        "[64:ff9b::127.0.0.2]",
        "[64:ff9b::7f00:2]",
        "[2002:7f00:2::]",
        "friendly.example@127.0.0.2",
        "friendly.example:80@127.0.0.2",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "only-bad.example",
        "mixed.example",
        "turning.example",
    ]
    .iter()
    .map(|host| format!("{host}:{port}"))
    .collect();
    let bad = [
        "http://[::1]:8080/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/",
        "file:///etc/passwd",
        "gopher://127.0.0.2/",
        "http://metadata.google.internal/",
        "http://10.0.0.1:6379/",
    ];
    let spelled = spellings.clone();
    let (address, _log) = serve(move |host, path| {
        let number = |at: &str| path.strip_prefix(at).and_then(|n| n.parse::<usize>().ok());
        match (host, path) {
            (_, "/robots.txt") => with("404 Not Found", "", b""),
            ("links.example", "/") => {
                let links: String = spelled.iter().zip(0..).map(|(to, n)| format!("<a href=\"http://{to}/link{n}\">x</a>")).collect();
                html(&links)
            }
            ("ways.example", "/") => {
                let ways = (0..spelled.len()).map(|n| format!("<a href=/redirect{n}>r</a><a href=/refresh{n}>m</a><a href=/frame{n}>f</a>"));
                let others = (0..bad.len()).map(|n| format!("<a href=/other{n}>o</a>"));
                html(&ways.chain(others).collect::<String>())
            }
            ("ways.example", _) => match (number("/redirect"), number("/refresh"), number("/frame"), number("/other")) {
                (Some(n), ..) => redirect(&format!("http://{}/redirected{n}", spelled[n])),
                (_, Some(n), ..) => html(&format!("<meta http-equiv=refresh content=\"0;url=http://{}/refreshed{n}\">", spelled[n])),
                (_, _, Some(n), _) => html(&format!("<iframe src=\"http://{0}/framed{n}\"></iframe><p>特种作业操作证</p><img src=\"http://{0}/pictured{n}.png\">", spelled[n])),
                (.., Some(n)) => redirect(bad[n]),
                _ => with("404 Not Found", "", b""),
            },
            _ => html("<p>普通网页</p>"),
        }
    })
    .await;
    let turn = AtomicUsize::new(0);
    let (allowed, own) = (SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([127, 0, 0, 2], port)));
    let lookup = Names(move |name: &str| match name {
        "links.example" | "ways.example" => vec![address],
        "only-bad.example" => vec![own, "10.0.0.1:80".parse().unwrap()],
        "mixed.example" => vec![own, allowed],
        // Good when it is checked, bad when it is asked again.
        "turning.example" if turn.fetch_add(1, Ordering::Relaxed) == 0 => vec![allowed],
        "turning.example" => vec![own],
        "localhost" | "localhost." | "a.localhost" => vec![own],
        _ => Vec::new(),
    });
    let seeds = ["http://links.example/".to_owned(), "http://ways.example/".to_owned()];
    let way = Way { lookup: Arc::new(lookup), ..Way::all_to(address) };
    let (store, ended) = round(folder.path(), &seeds, way).await;
    assert!(!ended.cut_off && ended.why.is_none());
    assert_eq!(*visits.lock().unwrap(), 0, "somebody knocked at the forbidden address");
    let all = pages(&store);
    let mut ends: HashMap<String, u32> = HashMap::new();
    for page in all.iter().filter(|page| !page.host.ends_with("s.example")) {
        *ends.entry(end_of(page).0).or_default() += 1;
    }
    // Spellings of one address are one candidate for each path; those that are no URL at all never become one.
    assert!(
        ends["refused-address"] >= 4 * 15 && ends.keys().all(|code| !code.is_empty() && code != "timeout-head"),
        "{ends:?}"
    );
    let redirected = all.iter().filter(|page| page.url.starts_with("http://ways.example/redirect")).count();
    assert_eq!(redirected, spellings.len(), "the page that pointed there is recorded as well");
}

struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn certificate(name: &str, last_year: i32) -> Shown {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2015, 1, 1);
    params.not_after = date_time_ymd(last_year, 12, 31);
    let cert = params.self_signed(&key).unwrap();
    Shown { chain: vec![cert.der().clone()], key: key.serialize_der().try_into().unwrap() }
}

/// An https server with this certificate that sells.
async fn secure(shown: Shown) -> SocketAddr {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(shown.chain, shown.key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            let answer = Arc::new(|_: &str, path: &str| match path {
                "/" => html(&offer()),
                _ => with("404 Not Found", "", b""),
            });
            tokio::spawn(async move {
                loopback::talk(acceptor.accept(stream).await?, loopback::Log::default(), answer).await
            });
        }
    });
    address
}

/// Answers each connection with these bytes and closes it.
async fn blunt(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut hello = [0; 64];
                tokio::io::AsyncReadExt::read_exact(&mut stream, &mut hello).await?;
                stream.write_all(bytes).await?;
                stream.shutdown().await?;
                // What is left of the hello is read, or the system would send a reset over the answer.
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_tls_is_read_with_its_fault_written_down_or_named_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut places: HashMap<&str, SocketAddr> = HashMap::new();
    for (name, cert) in [
        ("expired.example", certificate("expired.example", 2016)),
        ("own.example", certificate("own.example", 2095)),
        ("wrong.example", certificate("other.example", 2095)),
    ] {
        places.insert(name, secure(cert).await);
    }
    for (name, bytes) in [
        ("old.example", &[21, 3, 1, 0, 2, 2, 70][..]),
        ("gm.example", &[21, 1, 1, 0, 2, 2, 40]),
        ("suites.example", &[21, 3, 3, 0, 2, 2, 40]),
        ("eof.example", b""),
        ("plain.example", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ] {
        places.insert(name, blunt(bytes).await);
    }
    let seeds: Vec<String> = places.keys().map(|name| format!("https://{name}/")).collect();
    let first = places["own.example"];
    let lookup = Names(move |name: &str| places.get(name).copied().into_iter().collect());
    let (store, ended) = round(folder.path(), &seeds, Way { lookup: Arc::new(lookup), ..Way::all_to(first) }).await;
    assert!(!ended.cut_off && ended.why.is_none());
    let records = records(&store);
    for (name, end) in [
        ("expired", SELLER),
        ("own", SELLER),
        ("wrong", SELLER),
        ("old", Failed("tls-unsupported")),
        ("gm", Failed("tls-unsupported")),
        ("suites", Failed("tls-unsupported")),
        ("eof", Failed("tls-handshake")),
        ("plain", Failed("tls")),
    ] {
        check(name, records.get(&format!("https://{name}.example/")), end);
    }
    for (name, fault) in [("expired", "expired"), ("own", "unknown-issuer"), ("wrong", "unknown-issuer")] {
        let capture = records[&format!("https://{name}.example/")].capture.clone().unwrap();
        let file = std::fs::read(folder.path().join(&capture.warc)).unwrap();
        let from = (capture.offset + capture.length) as usize;
        let mut behind = Vec::new();
        let members = &file[from..from + capture.after as usize];
        std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(members), &mut behind).unwrap();
        let text = String::from_utf8_lossy(&behind);
        for part in [
            "tls_version: TLSv1.3",
            &format!("tls_problem: {fault}"),
            "tls_certificate_1_sha256: ",
            "application/pkix-cert",
        ] {
            assert!(text.contains(part), "{name}: {part} in {text}");
        }
    }
}
