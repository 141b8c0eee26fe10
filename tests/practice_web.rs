//! The practice web as a stranger meets it: over a real socket, held against what `seeds/practice` says in its own words.
//!
//! `web.toml` is read here once more, by other means than the server's, so that a mistake of its reader is seen.

#![expect(clippy::disallowed_methods, reason = "our own server answers here, with what the test put there")]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use encoding_rs::GBK;
use jianzheng::crawl::client::{Fetcher, Get, Settings};
use jianzheng::crawl::guard::Guard;
use jianzheng::crawl::resolver::Table;
use jianzheng::discover::queries::{QueryFile, day_number, plan};
use jianzheng::discover::reading::read;
use jianzheng::discover::request::request;
use jianzheng::discover::{Ask, Definition, Outcome, Reading, Reply};
use jianzheng::practice::{self, Part, PracticeWeb, Running};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use toml::Value;
use url::Url;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/practice")
}

fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn table(path: &str) -> toml::Table {
    String::from_utf8(bytes(path)).unwrap().parse().unwrap()
}

fn entries(table: &toml::Table, key: &str) -> Vec<toml::Table> {
    table[key].as_array().unwrap().iter().map(|entry| entry.as_table().unwrap().clone()).collect()
}

fn text<'t>(entry: &'t toml::Table, key: &str) -> Option<&'t str> {
    entry.get(key).map(|value| value.as_str().unwrap())
}

/// First and last day of an entry.
fn days(entry: &toml::Table) -> (i64, i64) {
    let (from, to) = text(entry, "days").unwrap_or("1-").split_once('-').unwrap();
    (from.parse().unwrap(), if to.is_empty() { i64::MAX } else { to.parse().unwrap() })
}

fn is_on(entry: &toml::Table, day: i64) -> bool {
    let (from, to) = days(entry);
    (from..=to).contains(&day)
}

struct Visitor {
    client: Client,
    web: Running,
}

impl Visitor {
    async fn on(day: u32) -> Visitor {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let web = PracticeWeb::load().unwrap().serve(day).await.unwrap();
        let builder = Client::builder().no_proxy().redirect(Policy::none()).timeout(Duration::from_secs(20));
        let builder = web.hosts().into_iter().fold(builder, |builder, (host, at)| builder.resolve(&host, at));
        Visitor { client: builder.build().unwrap(), web }
    }

    async fn get(&self, url: &str) -> Response {
        self.client.get(url).send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"))
    }

    async fn page(&self, url: &str) -> (u16, Vec<u8>) {
        let response = self.get(url).await;
        (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
    }

    /// Asks a source as its shipped definition says, and reads the answer by it.
    async fn ask(&self, source: &str, query: &str, page: u32) -> Reading {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("rules/sources/{source}.toml"));
        let definition = Definition::parse(source, source, &std::fs::read_to_string(path).unwrap()).unwrap();
        let settings: toml::Table = practice::settings().parse().unwrap();
        let base = Url::parse(settings["sources"][source]["url"].as_str().unwrap()).unwrap();
        let ask = Ask { source: source.into(), query: query.into(), query_id: "test".into(), page };
        let asked = request(&definition, &base, true, &ask);
        let headers =
            asked.headers.iter().fold(self.client.get(asked.url), |get, (name, value)| get.header(name, value));
        let reply = reply(headers.send().await.unwrap()).await;
        read(&definition, &ask, &reply)
    }
}

async fn reply(response: Response) -> Reply {
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    Reply {
        status: response.status().as_u16(),
        final_url: response.url().clone(),
        headers,
        body: response.bytes().await.unwrap().to_vec(),
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_page_is_served_as_written_on_each_day() {
    let web = table("web.toml");
    let pages = entries(&web, "page");
    let visitor = Visitor::on(1).await;
    for day in 1..=3 {
        visitor.web.set_day(day);
        let day = i64::from(day);
        let mut urls: BTreeSet<&str> = pages.iter().map(|page| text(page, "url").unwrap()).collect();
        // Two of them think for more than a second each.
        if day == 3 {
            urls.retain(|url| !url.contains("slow-demo"));
        }
        for url in urls {
            let of_url = || pages.iter().filter(|page| text(page, "url") == Some(url));
            let Some(page) = of_url().find(|page| is_on(page, day)) else {
                let gone = of_url().filter(|page| days(page).1 < day).max_by_key(|page| days(page).1);
                let wanted = match gone.and_then(|page| text(page, "after_gone")) {
                    Some("parked") => (200, bytes("pages/parked.html")),
                    None | Some("404") => (404, bytes("pages/error-404.html")),
                    Some(other) => panic!("{url}: no test for {other}"),
                };
                assert!(visitor.page(url).await == wanted, "{url} on day {day}");
                continue;
            };
            if let Some(first) = page.get("first") {
                let response = visitor.get(url).await;
                assert_eq!(i64::from(response.status().as_u16()), first["status"].as_integer().unwrap(), "{url}");
                for (name, value) in first["headers"].as_table().unwrap() {
                    assert_eq!(header(&response, name).as_deref(), value.as_str(), "{url}");
                }
                assert_eq!(response.bytes().await.unwrap().len(), 0, "{url}");
            }
            let response = visitor.get(url).await;
            let status = page.get("status").map_or(200, |status| status.as_integer().unwrap());
            assert_eq!(i64::from(response.status().as_u16()), status, "{url} on day {day}");
            assert_eq!(header(&response, "content-type").as_deref(), text(page, "type"), "{url}");
            assert_eq!(header(&response, "location").as_deref(), text(page, "redirect"), "{url}");
            let body = text(page, "file").map(bytes).unwrap_or_default();
            assert!(response.bytes().await.unwrap() == body, "{url} on day {day}");
        }
    }
    let log = visitor.web.log();
    let known: HashSet<_> = visitor.web.hosts().into_iter().map(|(host, _)| host).collect();
    assert!(log.len() > 300 && log.iter().all(|served| served.status.is_some() && known.contains(&served.host)));
    visitor.web.stop().await;
}

#[tokio::test]
async fn what_changes_on_the_second_day_is_what_the_truth_says() {
    let truth = practice::truth().unwrap();
    let visitor = Visitor::on(2).await;
    let today = truth.days.iter().find(|day| day.day == 2).unwrap();
    for url in &today.gone {
        assert_eq!(visitor.page(url).await.0, 404, "{url}");
    }
    for url in today.new.iter().chain(today.back.iter().map(|back| &back.now)) {
        assert_eq!(visitor.page(url).await.0, 200, "{url}");
    }
    for url in &today.unseen {
        assert_eq!(visitor.page(url).await.0, 403, "{url}");
    }
    visitor.web.set_day(1);
    for url in today.new.iter().chain(today.back.iter().map(|back| &back.now)) {
        assert_eq!(visitor.page(url).await.0, 404, "{url}");
    }
    for url in today.gone.iter().chain(&today.unseen).chain(today.back.iter().map(|back| &back.was)) {
        assert_eq!(visitor.page(url).await.0, 200, "{url}");
    }
}

#[test]
fn truth_and_web_name_the_same_pages() {
    let pages = |entries: Vec<toml::Table>| -> BTreeSet<(String, String)> {
        let page = |e: &toml::Table| !text(e, "type").is_some_and(|kind| kind.starts_with("image/"));
        let named = |e: &toml::Table| (text(e, "url").unwrap().to_owned(), text(e, "days").unwrap_or("1-").to_owned());
        entries.iter().filter(|e| page(e)).map(named).collect()
    };
    let (web, truth) = (table("web.toml"), table("truth.toml"));
    assert_eq!(pages(entries(&web, "page")), pages(entries(&truth, "page")));

    let truth = practice::truth().unwrap();
    let urls: HashSet<&str> = truth.pages.iter().map(|page| page.url.as_str()).collect();
    for url in &truth.never_accuse {
        assert!(urls.contains(url.as_str()), "{url}");
        assert!(truth.pages.iter().all(|page| page.url != *url || !page.expect.accuses()), "{url}");
    }
    let engines = entries(&web, "engine");
    for indexed in engines.iter().flat_map(|engine| entries(engine, "index")) {
        assert!(urls.contains(text(&indexed, "url").unwrap()), "{indexed:?}");
    }
}

#[test]
fn every_file_is_used() {
    let web = String::from_utf8(bytes("web.toml")).unwrap();
    for part in ["pages", "images", "engines"] {
        for file in std::fs::read_dir(folder().join(part)).unwrap() {
            let name = format!("{part}/{}", file.unwrap().file_name().into_string().unwrap());
            assert!(web.contains(&format!("\"{name}\"")) || web.contains(&name), "{name} is in nobody's hands");
        }
    }
}

#[tokio::test]
async fn robots_are_as_written_and_else_not_there() {
    let visitor = Visitor::on(1).await;
    let web = table("web.toml");
    let written: BTreeMap<String, String> = entries(&web, "host")
        .iter()
        .filter_map(|host| Some((text(host, "name")?.to_owned(), text(host, "robots")?.to_owned())))
        .collect();
    assert!(written.len() >= 3);
    let slow = |host: &str| host == "slow-demo.example";
    for (host, _) in visitor.web.hosts().into_iter().filter(|(host, _)| !slow(host)) {
        let (status, body) = visitor.page(&format!("http://{host}/robots.txt")).await;
        match written.get(&host) {
            Some(rules) => assert_eq!((status, String::from_utf8(body).unwrap()), (200, rules.clone()), "{host}"),
            None => assert_eq!(status, 404, "{host}"),
        }
    }
}

#[tokio::test]
async fn a_slow_host_is_slow_and_keeps_nobody_else_waiting() {
    let visitor = Visitor::on(1).await;
    let start = Instant::now();
    let slow = async {
        assert_eq!(visitor.page("http://slow-demo.example/").await.0, 200);
        start.elapsed()
    };
    let other = async {
        assert_eq!(visitor.page("http://nav-demo.example/").await.0, 200);
        start.elapsed()
    };
    let (slow, other) = tokio::join!(slow, other);
    assert!(slow >= Duration::from_millis(1200) && other < slow, "{slow:?} {other:?}");
}

#[tokio::test]
async fn the_loop_has_no_end_and_no_trade_words() {
    let visitor = Visitor::on(1).await;
    let mut seen = HashSet::from(["/2026/11/".to_owned()]);
    let mut here = "/2026/11/".to_owned();
    for _ in 0..20 {
        let (status, body) = visitor.page(&format!("http://rili-demo.example{here}")).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, 200);
        assert!(["证", "查询", "电工", "焊", "考"].iter().all(|word| !body.contains(word)), "{body}");
        let links: Vec<_> =
            body.split("href=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned()).collect();
        assert_eq!(links.len(), 5);
        assert!(links.iter().all(|link| seen.insert(link.clone())), "{links:?}");
        here = links[3].clone();
    }
}

#[tokio::test]
async fn searxng_answers_what_the_shipped_definition_reads() {
    let visitor = Visitor::on(1).await;
    let found = visitor.ask("searxng", "特种作业操作证查询 官网", 1).await;
    assert_eq!((found.outcome, found.why.as_str()), (Outcome::Ok, ""));
    assert!(found.found.len() >= 3 && found.found.iter().all(|c| !c.needs_lookup && c.engine.is_some()));
    assert_eq!(visitor.ask("searxng", "红烧肉的做法", 1).await.outcome, Outcome::Zero);
    assert_eq!(visitor.ask("searxng", "电工证 焊工证 办理", 9).await.outcome, Outcome::Zero, "beyond the last page");
    for _ in 3..8 {
        assert_eq!(visitor.ask("searxng", "焊工证 代办", 1).await.outcome, Outcome::Ok);
    }
    let ninth = visitor.ask("searxng", "焊工证 代办", 1).await;
    assert_eq!(ninth.outcome, Outcome::Degraded);
    assert_eq!(ninth.silent[0].engine, "sogou");
    assert!(!ninth.found.is_empty() && ninth.found.iter().all(|c| c.engine.as_deref() != Some("sogou")));
    assert_eq!(visitor.ask("searxng", "红烧肉的做法", 1).await.outcome, Outcome::Degraded, "none, but not all spoke");
    visitor.web.set_day(2);
    assert_eq!(visitor.ask("searxng", "焊工证 代办", 1).await.outcome, Outcome::Ok);
    assert_eq!(visitor.page("http://searx-demo.example/search?q=x").await.0, 403, "HTML is not switched on");
}

#[tokio::test]
async fn baidu_answers_what_the_shipped_definition_reads() {
    let visitor = Visitor::on(1).await;
    let front = visitor.get("http://www.baidu.com/").await;
    assert!(header(&front, "set-cookie").is_some_and(|cookie| cookie.starts_with("BAIDUID=")));

    let first = visitor.ask("baidu", "电工证 焊工 免考 操作证 办理", 1).await;
    assert_eq!((first.outcome, first.why.as_str()), (Outcome::Ok, ""));
    let ads: Vec<_> = first.found.iter().filter(|candidate| candidate.ad).collect();
    assert_eq!(ads.len(), 1, "{ads:?}");
    assert_eq!((ads[0].rank, ads[0].url.as_str()), (1, "http://jiage.zhengjian-demo.test/list.html"));
    assert!(first.found.iter().all(|c| !c.needs_lookup && !c.title.is_empty() && !c.snippet.is_empty()));
    assert!(!first.more, "nine items have no second page");
    let none = visitor.ask("baidu", "红烧肉的做法", 1).await;
    assert_eq!(none.outcome, Outcome::Zero);
    // Third to sixth.
    let url = "http://www.baidu.com/s?wd=%E7%84%8A%E5%B7%A5&tn=json";
    let json: serde_json::Value = serde_json::from_slice(&visitor.page(url).await.1).unwrap();
    let entries = json["feed"]["entry"].as_array().unwrap();
    assert_eq!(entries.len() as u64, json["feed"]["all"].as_u64().unwrap());
    for entry in entries {
        assert!(entry["title"].is_string() && entry["abs"].is_string() && entry["time"].is_i64(), "{entry}");
    }
    for _ in 4..=6 {
        assert_eq!(visitor.ask("baidu", "焊工证", 1).await.outcome, Outcome::Ok);
    }
    let seventh = visitor.ask("baidu", "焊工证", 1).await;
    assert_eq!(seventh.outcome, Outcome::Blocked);
    assert!(seventh.why.contains("安全验证"), "{}", seventh.why);
    let walled = visitor.get(url).await;
    assert_eq!((walled.status().as_u16(), header(&walled, "location").unwrap().contains("wappass")), (302, true));
    let (status, wall) = visitor.page("http://wappass.baidu.com/static/captcha/tuxing_v2.html").await;
    assert!(status == 200 && wall == bytes("engines/baidu-wall.html"));
    visitor.web.set_day(2);
    assert_eq!(visitor.ask("baidu", "焊工证", 1).await.outcome, Outcome::Ok, "the wall stands for a day");
}

#[tokio::test]
async fn a_link_of_baidu_leads_to_the_address_it_stands_for() {
    let visitor = Visitor::on(1).await;
    let (_, body) = visitor.page("http://www.baidu.com/s?wd=%E5%A4%8D%E5%AE%A1+%E7%84%8A%E5%B7%A5").await;
    let body = String::from_utf8(body).unwrap();
    let attribute = |line: &str, name: &str| line.split_once(name).unwrap().1.split('"').next().unwrap().to_owned();
    let mut checked = BTreeSet::new();
    for line in body.lines().flat_map(|line| line.split_inclusive("</h3>")).filter(|line| line.contains(" mu=\"")) {
        let Some(link) = line.contains("href=\"http").then(|| attribute(line, "href=\"")) else { continue };
        let response = visitor.get(&link).await;
        assert_eq!(header(&response, "location"), Some(attribute(line, " mu=\"")), "{link}");
        checked.insert(link.contains("baidu.php"));
    }
    assert_eq!(checked, BTreeSet::from([false, true]), "an item and an ad");
}

/// Practice asks little, and what only an engine knows must be among what it asks.
#[tokio::test]
async fn what_only_an_engine_knows_is_found_by_the_queries_of_the_day() {
    let queries = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/queries.toml")).unwrap();
    let plan = plan(&QueryFile::parse("queries.toml", &queries).unwrap(), &["示例区".to_owned()], &[]);
    let settings: toml::Table = practice::settings().parse().unwrap();
    let truth = practice::truth().unwrap();
    let visitor = Visitor::on(1).await;
    for day in 1..=3 {
        visitor.web.set_day(day);
        let date = jianzheng::clock::shanghai_date(practice::clock(day, Part::Morning));
        let mut found = BTreeSet::new();
        for source in ["searxng", "baidu"] {
            let of_source = |key: &str| settings["sources"][source][key].as_integer().unwrap();
            let budget = of_source("daily") / of_source("pages");
            for query in plan.of_day(day_number(date), usize::try_from(budget).unwrap()) {
                let reading = visitor.ask(source, &query.text, 1).await;
                if reading.outcome == Outcome::Blocked {
                    break;
                }
                found.extend(reading.found.into_iter().map(|candidate| candidate.url.to_string()));
            }
        }
        let wanted = truth.on(day).filter(|page| page.reach.as_deref() == Some("engine"));
        let missed: Vec<_> = wanted.map(|page| &page.url).filter(|url| !found.contains(url.as_str())).collect();
        assert!(missed.is_empty(), "day {day}: {missed:#?}");
    }
}

#[test]
fn qr_codes_hold_the_ways_that_nothing_else_shows() {
    let mut payloads = BTreeSet::new();
    for file in std::fs::read_dir(folder().join("images")).unwrap() {
        let picture = image::open(file.unwrap().path()).unwrap().to_luma8();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            picture.get_pixel(u32::try_from(x).unwrap(), u32::try_from(y).unwrap()).0[0]
        });
        payloads.extend(prepared.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text));
    }
    let truth = practice::truth().unwrap();
    let hidden: Vec<_> = truth.pages.iter().filter(|page| page.reach.as_deref() == Some("qr")).collect();
    assert_eq!(hidden.len(), 2);
    for page in hidden {
        assert!(payloads.contains(&page.url), "{} is in no picture: {payloads:?}", page.url);
    }
    assert!(payloads.iter().any(|payload| payload.starts_with("tel:")), "{payloads:?}");
    assert_eq!(payloads.len(), 5, "two fakes, a telephone number, two WeChat cards: {payloads:?}");
}

#[test]
fn pages_have_the_bytes_they_claim() {
    // What lies there in GBK; the rest is UTF-8, whatever its header says.
    const IN_GBK: [&str; 10] = [
        "benign-labour.html",
        "benign-poem.html",
        "benign-school-gbk.html",
        "fake-frame-main.html",
        "fake-gbk-asp.html",
        "fake-old-cms.html",
        "notice-yjj-warning.html",
        "seller-clumsy.html",
        "seller-hacked-gov.html",
        "seller-price-list.html",
    ];
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder().join("pages")).unwrap() {
        let path = file.unwrap().path();
        let body = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if std::str::from_utf8(&body).is_err() {
            let (text, _, broken) = GBK.decode(&body);
            assert!(!broken && text.chars().any(|c| ('一'..='龥').contains(&c)), "{name}");
            found.insert(name);
        }
    }
    assert_eq!(found, IN_GBK.iter().map(|name| (*name).to_owned()).collect());
}

#[tokio::test]
async fn only_plain_get_and_head_of_known_hosts_are_answered() {
    let web = PracticeWeb::load().unwrap().serve(1).await.unwrap();
    let say = async |bytes: &str| -> String {
        let mut stream = tokio::net::TcpStream::connect(web.address()).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        // A reset is an end as good as another.
        let _ = read.expect("no connection may hang");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let close = "Connection: close\r\n\r\n";
    let full = say(&format!("GET / HTTP/1.1\r\nHost: NAV-demo.example:80\r\n{close}")).await;
    assert!(full.starts_with("HTTP/1.1 200 OK\r\n") && full.contains("</html>"), "{full}");
    let head = say(&format!("HEAD / HTTP/1.1\r\nHost: nav-demo.example\r\n{close}")).await;
    let size = bytes("pages/benign-directory.html").len();
    assert!(head.contains(&format!("Content-Length: {size}\r\n")) && head.ends_with("\r\n\r\n"), "{head}");
    let first = "GET http://nav-demo.example HTTP/1.1\r\nHost: x\r\n\r\n";
    let two = say(&format!("{first}GET /no HTTP/1.1\r\nHost: nav-demo.example\r\n{close}")).await;
    assert!(two.starts_with("HTTP/1.1 200") && two.contains("HTTP/1.1 404"), "two requests on one connection");
    for (bytes, wanted) in [
        ("POST / HTTP/1.1\r\nHost: nav-demo.example\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 405"),
        ("GET / HTTP/1.1\r\nHost: nav-demo.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 405"),
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
        ("GET / FTP\r\nHost: nav-demo.example\r\n\r\n", "HTTP/1.1 400"),
        ("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", ""),
        ("\u{16}\u{3}\u{1}\u{2}", ""),
    ] {
        let answer = say(bytes).await;
        assert!(answer.starts_with(wanted) && answer.is_empty() == wanted.is_empty(), "{bytes:?}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(100_000));
    let answer = say(&long).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    let address: SocketAddr = web.address();
    assert!(address.ip().is_loopback() && web.hosts().iter().all(|(_, at)| at.ip().is_loopback()));
    web.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens after the end");
}

#[tokio::test]
async fn the_crawler_reaches_these_hosts_and_no_other() {
    let web = PracticeWeb::load().unwrap().serve(1).await.unwrap();
    let fetcher = Fetcher::new(Settings {
        guard: Guard::new(vec!["127.0.0.1/32".parse().unwrap()]),
        lookup: Arc::new(Table::new(web.hosts())),
        ..Settings::default()
    })
    .unwrap();
    let get = async |url: &str| fetcher.get(Get::page(Url::parse(url).unwrap())).await;
    let chain = get("http://gh.weld-demo.example/go/1").await.unwrap();
    assert_eq!((chain.exchange.status, chain.hops.len()), (200, 3));
    assert_eq!(chain.final_url().as_str(), "http://www.weld-demo.example/wz/yahu.html");
    let nowhere = get("http://www.example.com/").await.unwrap_err();
    assert_eq!(nowhere.as_code(), "dns-none");
    let start = Instant::now();
    let secure = get("https://www.baidu.com/").await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "no handshake is waited for: {secure:?}");
    assert!(get(practice::plain(&Url::parse("https://www.baidu.com/").unwrap()).as_str()).await.is_ok());
}

#[test]
fn the_program_holds_the_files_as_they_lie_here() {
    for (compiled, file) in [(practice::settings(), "settings.toml"), (practice::seeds(), practice::SEEDS_FILE)] {
        assert_eq!(compiled.as_bytes(), bytes(file), "{file}");
    }
    let settings: toml::Table = practice::settings().parse().unwrap();
    assert_eq!(settings["general"]["seeds"], Value::from(vec![practice::SEEDS_FILE]));
}
