//! Asking against sources and ledgers made of tables: budgets, walls, what a cut-off leaves.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::*;
use crate::discover::definition::Overrides;

/// A web of canned replies, and the requests that came.
#[derive(Default)]
struct Web {
    /// For each path, the replies in order; the last one stays.
    pages: Mutex<HashMap<String, VecDeque<Result<Reply, NetError>>>>,
    seen: Mutex<Vec<(Request, Instant)>>,
    slow: Option<Duration>,
}

impl Web {
    fn with(self, path: &str, replies: impl IntoIterator<Item = Result<Reply, NetError>>) -> Web {
        self.pages.lock().expect("no test panics with it").insert(path.to_owned(), replies.into_iter().collect());
        self
    }

    fn paths(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("no test panics with it");
        seen.iter()
            .map(|(r, _)| format!("{}{}", r.url.path(), r.url.query().map_or(String::new(), |q| format!("?{q}"))))
            .collect()
    }
}

impl Net for Web {
    async fn get(&self, request: Request) -> Result<Reply, NetError> {
        if let Some(slow) = self.slow {
            tokio::time::sleep(slow).await;
        }
        let path = request.url.path().to_owned();
        let url = request.url.clone();
        self.seen.lock().expect("no test panics with it").push((request, Instant::now()));
        let mut pages = self.pages.lock().expect("no test panics with it");
        let replies = pages.get_mut(&path).unwrap_or_else(|| panic!("nobody expects {path}"));
        let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        reply.expect("a page has a reply").map(|reply| Reply { final_url: url, ..reply })
    }
}

fn page(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Reply, NetError> {
    Ok(Reply {
        status,
        final_url: url::Url::parse("http://set.by.web.example/").expect("a fixed address"),
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
    })
}

fn results(titles: &[&str]) -> Result<Reply, NetError> {
    let items: String = titles
        .iter()
        .enumerate()
        .map(|(at, title)| format!("<div class=r><a href='http://hit{at}.example/'>{title}</a></div>"))
        .collect();
    page(200, &[], &format!("<html>{items}</html>"))
}

/// A ledger in memory that writes down what happened in which order.
#[derive(Default)]
struct Book {
    records: Mutex<Vec<Record<usize>>>,
    events: Mutex<Vec<String>>,
    found: Mutex<Vec<Candidate>>,
    before_today: u32,
    rests: Mutex<Option<Timestamp>>,
    fails: bool,
}

impl Book {
    fn note(&self, event: String) {
        self.events.lock().expect("no test panics with it").push(event);
    }
    fn events(&self) -> Vec<String> {
        self.events.lock().expect("no test panics with it").clone()
    }
}

impl Ledger for Book {
    type Id = usize;
    type Error = &'static str;

    async fn history(&self, source: &str) -> Result<Vec<Record<usize>>, &'static str> {
        let records = self.records.lock().expect("no test panics with it");
        Ok(records.iter().filter(|r| r.ask.source == source).cloned().collect())
    }
    async fn asked_today(&self, source: &str) -> Result<u32, &'static str> {
        let records = self.records.lock().expect("no test panics with it");
        Ok(self.before_today + records.iter().filter(|r| r.ask.source == source).count() as u32)
    }
    async fn rests_until(&self, _: &str) -> Result<Option<Timestamp>, &'static str> {
        Ok(*self.rests.lock().expect("no test panics with it"))
    }
    async fn rest(&self, _: &str, until: Timestamp) -> Result<(), &'static str> {
        *self.rests.lock().expect("no test panics with it") = Some(until);
        Ok(())
    }
    async fn begin(&self, ask: &Ask) -> Result<usize, &'static str> {
        if self.fails {
            return Err("disk full");
        }
        self.note(format!("begin {} {}", ask.query, ask.page));
        let mut records = self.records.lock().expect("no test panics with it");
        let id = records.len();
        records.push(Record { id, ask: ask.clone(), end: None });
        Ok(id)
    }
    async fn found(&self, ask: &Ask, candidates: Vec<Candidate>) -> Result<(), &'static str> {
        self.note(format!("found {} {}", ask.query, candidates.len()));
        self.found.lock().expect("no test panics with it").extend(candidates);
        Ok(())
    }
    async fn end(&self, id: usize, end: End) -> Result<(), &'static str> {
        self.note(format!("end {}", end.outcome.name()));
        self.records.lock().expect("no test panics with it")[id].end = Some(end);
        Ok(())
    }
}

fn source(name: &str, more: &str) -> Definition {
    let text = format!(
        "title='试'\nkind='html'\nurl='http://e.example/'\nenabled=true\n[ask]\npath='/{name}'\nparams={{q='{{query}}',p='{{page}}'}}\n{more}\n\
         [budget]\ndaily=100\ndelay_ms=0\n[read]\nitem='div.r'\ntitle='a'\n[zero]\ntext='查无结果'\n\
         [[wall]]\nhost='wall.example'\nsay='要求验证'\n[[link]]\npath='/jump'\nway='lookup'\n"
    );
    Definition::parse(name, "s.toml", &text).expect("a right file")
}

fn order<'d>(definition: &'d Definition, overrides: Overrides, queries: &[&str]) -> Order<'d> {
    let query =
        |text: &&str| Query { id: format!("p-{text}"), text: (*text).to_owned(), why: String::new(), always: false };
    Order { definition, terms: definition.terms(&overrides), queries: queries.iter().map(query).collect() }
}

fn noon() -> Timestamp {
    "2026-11-23T04:00:00Z".parse().expect("a fixed time")
}

fn run<L: Ledger>(
    web: &Web,
    book: &L,
    orders: &[Order<'_>],
    stop: &watch::Receiver<bool>,
) -> Result<Vec<SourceCounts>, L::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(ask_all(web, book, orders, stop, &noon))
}

fn counts(web: &Web, book: &Book, order: Order<'_>) -> SourceCounts {
    let (_keep, stop) = watch::channel(false);
    let all = run(web, book, &[order], &stop).expect("this ledger does not fail");
    let only = all.into_iter().next().expect("one source");
    let sum = only.ok + only.zero + only.blocked + only.degraded + only.broken + only.timeout;
    assert_eq!(only.asked, sum);
    only
}

#[test]
fn an_ask_is_written_down_before_it_is_sent_and_ended_after_its_candidates_are_kept() {
    let definition = source("s", "");
    let web = Web::default()
        .with("/s", [results(&["电工证 免考"]), page(200, &[], "<p>查无结果</p>"), page(200, &[], "<p>x</p>")]);
    let book = Book::default();
    let counts = counts(&web, &book, order(&definition, Overrides::default(), &["电工证", "焊工证", "登高证"]));
    assert_eq!((counts.asked, counts.ok, counts.zero, counts.broken), (3, 1, 1, 1));
    let wanted =
        ["begin 电工证 1", "found 电工证 1", "end ok", "begin 焊工证 1", "end zero", "begin 登高证 1", "end broken"];
    assert_eq!(book.events(), wanted);
    assert!(counts.why.contains("版面"), "{}", counts.why);
}

#[test]
fn a_wall_ends_the_asking_and_says_so() {
    let definition = source("s", "");
    let wall = page(302, &[("Location", "http://wall.example/x")], "");
    let web = Web::default().with("/s", [results(&["电工证"]), wall]);
    let book = Book::default();
    let counts =
        counts(&web, &book, order(&definition, Overrides::default(), &["电工证", "焊工证", "登高证", "制冷证"]));
    assert_eq!((counts.asked, counts.ok, counts.blocked), (2, 1, 1));
    assert!(
        counts.why.contains("要求验证") && counts.why.contains("余下 3 个") && counts.why.contains("下一轮"),
        "{}",
        counts.why
    );
    assert_eq!(web.paths().len(), 2, "the wall itself is not visited");
    let again = self::counts(&web, &book, order(&definition, Overrides::default(), &["电工证", "焊工证"]));
    assert_eq!((again.asked, web.paths().len()), (2, 2), "nor is it tried again when the round goes on");
}

#[test]
fn what_may_pass_is_asked_once_more_and_counted() {
    let definition = source("s", "");
    let check = |replies: Vec<Result<Reply, NetError>>, asked: u32, ok: u32| {
        let web = Web::default().with("/s", replies);
        let counts = counts(&web, &Book::default(), order(&definition, Overrides::default(), &["电工证"]));
        assert_eq!((counts.asked, counts.ok), (asked, ok), "{}", counts.why);
    };
    check(vec![Err(NetError::Timeout), results(&["电工证"])], 2, 1);
    check(vec![page(500, &[], ""), results(&["电工证"])], 2, 1);
    check(vec![Err(NetError::Refused), Err(NetError::Refused), results(&["电工证"])], 2, 0);
    check(vec![Err(NetError::Forbidden("内网".into())), results(&["电工证"])], 1, 0);
    check(vec![page(200, &[], ""), results(&["电工证"])], 1, 0);
    check(vec![page(429, &[("Retry-After", "0")], ""), results(&["电工证"])], 2, 1);
}

#[test]
fn a_long_rest_is_kept_and_heeded_and_a_short_one_is_waited_out() {
    let definition = source("s", "");
    let web = Web::default().with("/s", [page(503, &[("Retry-After", "7200")], "")]);
    let book = Book::default();
    let first = counts(&web, &book, order(&definition, Overrides::default(), &["电工证", "焊工证"]));
    assert_eq!((first.asked, first.broken), (1, 1));
    assert!(first.why.contains("11-23 14:00"), "{}", first.why);
    let later = Book { rests: Mutex::new(*book.rests.lock().expect("no test panics with it")), ..Book::default() };
    let second = counts(&web, &later, order(&definition, Overrides::default(), &["电工证"]));
    assert_eq!(second.asked, 0);
    assert!(second.why.contains("11-23 14:00"), "{}", second.why);

    let web = Web::default().with("/s", [page(429, &[("Retry-After", "1")], ""), results(&["电工证"])]);
    let started = Instant::now();
    let waited = counts(&web, &Book::default(), order(&definition, Overrides::default(), &["电工证"]));
    assert_eq!((waited.blocked, waited.ok), (1, 1));
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn pages_are_asked_up_to_their_number_and_no_further_than_there_are_results() {
    let definition = source("s", "");
    let web = Web::default().with("/s", [results(&["电工证"]), results(&["电工证"]), page(200, &[], "查无结果")]);
    let overrides = Overrides { pages: Some(2), ..Overrides::default() };
    let counts = counts(&web, &Book::default(), order(&definition, overrides, &["电工证", "焊工证"]));
    assert_eq!((counts.asked, counts.zero), (3, 1));
    let pages: Vec<String> = web.paths().iter().map(|path| path.chars().rev().take(3).collect()).collect();
    assert_eq!(pages, ["1=p", "2=p", "1=p"]);
}

#[test]
fn the_budget_of_the_day_is_never_exceeded() {
    let definition = source("s", "");
    let web = Web::default().with("/s", [Err(NetError::Timeout)]);
    let book = Book { before_today: 2, ..Book::default() };
    let overrides = Overrides { daily: Some(5), ..Overrides::default() };
    let first = counts(&web, &book, order(&definition, overrides.clone(), &["一证", "二证", "三证", "四证"]));
    assert_eq!((first.asked, first.timeout), (3, 3));
    assert!(first.why.contains("额度 5 次已用完"), "{}", first.why);
    let spent = Book { before_today: 5, ..Book::default() };
    assert_eq!(counts(&web, &spent, order(&definition, overrides, &["一证"])).asked, 0);
}

#[test]
fn a_dead_source_is_given_up() {
    let definition = source("s", "");
    let web = Web::default().with("/s", [Err(NetError::Refused)]);
    let queries: Vec<String> = (0..30).map(|n| format!("证{n}")).collect();
    let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
    let counts = counts(&web, &Book::default(), order(&definition, Overrides::default(), &queries));
    assert_eq!((counts.asked, counts.broken), (10, 10));
    assert!(counts.why.contains("接连"), "{}", counts.why);
}

#[test]
fn what_a_kill_cut_off_is_broken_and_asked_again_and_what_was_settled_is_not() {
    let definition = source("s", "");
    let ask = |query: &str| Ask { source: "s".into(), query: query.into(), query_id: format!("p-{query}"), page: 1 };
    let done = End { outcome: Outcome::Ok, why: String::new(), next: Next::Done };
    let book = Book::default();
    *book.records.lock().expect("no test panics with it") =
        vec![Record { id: 0, ask: ask("电工证"), end: Some(done) }, Record { id: 1, ask: ask("焊工证"), end: None }];
    let web = Web::default().with("/s", [results(&["焊工证 登高证"])]);
    let counts = counts(&web, &book, order(&definition, Overrides::default(), &["电工证", "焊工证", "登高证"]));
    assert_eq!((counts.asked, counts.ok, counts.broken), (4, 3, 1));
    assert_eq!(book.events()[..2], ["end broken", "begin 焊工证 1"]);
    assert_eq!(web.paths().len(), 2);
}

#[test]
fn a_stop_parks_the_ask_in_hand_and_the_next_part_goes_on() {
    let definition = source("s", "");
    let web = Web { slow: Some(Duration::from_secs(30)), ..Web::default() }.with("/s", [results(&["电工证"])]);
    let book = Book::default();
    let (tell, stop) = watch::channel(false);
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let orders = [order(&definition, Overrides::default(), &["电工证", "焊工证"])];
    let parts = runtime.block_on(async {
        let stopper = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            tell.send_replace(true);
        };
        futures_util::future::join(ask_all(&web, &book, &orders, &stop, &noon), stopper).await.0
    });
    let counts = &parts.expect("this ledger does not fail")[0];
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!((counts.asked, counts.broken), (1, 1));
    assert!(counts.why.contains("余下 2 个"), "{}", counts.why);

    let web = Web::default().with("/s", [results(&["电工证 焊工证"])]);
    let rest = self::counts(&web, &book, order(&definition, Overrides::default(), &["电工证", "焊工证"]));
    assert_eq!((rest.asked, rest.ok, rest.broken), (3, 2, 1));
}

#[test]
fn asks_of_one_source_are_spaced_while_sources_do_not_wait_for_each_other() {
    let (a, b) = (source("a", ""), source("b", ""));
    let web = Web::default().with("/a", [results(&["证书"])]).with("/b", [results(&["证书"])]);
    let delay = Duration::from_millis(120);
    let overrides = Overrides { delay: Some(delay), ..Overrides::default() };
    let orders = [order(&a, overrides.clone(), &["证书", "证书 二"]), order(&b, overrides, &["证书", "证书 二"])];
    let (_keep, stop) = watch::channel(false);
    let all = run(&web, &Book::default(), &orders, &stop).expect("this ledger does not fail");
    assert_eq!(all.iter().map(|c| (c.source.as_str(), c.ok)).collect::<Vec<_>>(), [("a", 2), ("b", 2)]);
    let seen = web.seen.lock().expect("no test panics with it");
    let order: Vec<&str> = seen.iter().map(|(r, _)| r.url.path()).collect();
    assert_eq!(order, ["/a", "/b", "/a", "/b"]);
    assert!(seen[2].1 - seen[0].1 >= delay);
}

#[test]
fn cookies_are_fetched_once_carried_along_and_not_counted() {
    let definition = source("s", "cookies='/front'");
    let front = page(
        200,
        &[("Set-Cookie", "ID=abc; path=/; HttpOnly"), ("set-cookie", "bad\nname=1"), ("Set-Cookie", "B=2")],
        "",
    );
    let web = Web::default().with("/front", [front]).with("/s", [results(&["证书"])]);
    let counts = counts(&web, &Book::default(), order(&definition, Overrides::default(), &["证书", "证书 二"]));
    assert_eq!(counts.asked, 2);
    let seen = web.seen.lock().expect("no test panics with it");
    let cookies: Vec<Option<&str>> =
        seen.iter().map(|(r, _)| r.headers.iter().find(|(n, _)| n == "Cookie").map(|(_, v)| v.as_str())).collect();
    assert_eq!(cookies, [None, Some("ID=abc; B=2"), Some("ID=abc; B=2")]);
}

#[test]
fn links_of_the_source_are_looked_up_there_and_never_beyond_and_not_counted() {
    let definition = source("s", "");
    let serp = "<div class=r><a href='/jump?1'>证书 一</a></div><div class=r><a href='/jump2'>证书 二</a></div><div class=r><a href='/jump3'>证书 三</a></div>";
    let web = Web::default()
        .with("/s", [page(200, &[], serp)])
        .with("/jump", [page(302, &[("Location", "/jumpb")], "")])
        .with("/jumpb", [page(200, &[], "<script>location.replace('http://seller.example/a')</script>")])
        .with("/jump2", [page(302, &[("Location", "/jump2")], "")])
        .with("/jump3", [page(403, &[], "")]);
    let book = Book::default();
    let counts = counts(&web, &book, order(&definition, Overrides::default(), &["证书"]));
    assert_eq!((counts.asked, counts.ok), (1, 1));
    let found = book.found.lock().expect("no test panics with it");
    let told: Vec<(&str, bool)> = found.iter().map(|c| (c.url.as_str(), c.needs_lookup)).collect();
    let wanted =
        [("http://seller.example/a", false), ("http://e.example/jump2", true), ("http://e.example/jump3", true)];
    assert_eq!(told, wanted);
    assert_eq!(web.paths().iter().filter(|p| p.starts_with("/jump2")).count(), 3, "at most three hops");
}

#[test]
fn a_redirect_is_followed_on_the_same_host_only() {
    let definition = source("s", "");
    let check = |location: &str, ok: u32| {
        let web =
            Web::default().with("/s", [page(301, &[("Location", location)], "")]).with("/s/", [results(&["证书"])]);
        let counts = counts(&web, &Book::default(), order(&definition, Overrides::default(), &["证书"]));
        assert_eq!((counts.asked, counts.ok), (1, ok), "{location}");
    };
    check("/s/?q=x", 1);
    check("https://e.example/s/?q=x", 1);
    check("http://other.example/s/", 0);
    check("http://e.example:8080/s/", 0);
}

#[test]
fn a_source_that_is_off_is_left_out_and_one_without_an_address_says_so() {
    let definition = source("s", "");
    let off = order(&definition, Overrides { enabled: Some(false), ..Overrides::default() }, &["证书"]);
    let mut lost = order(&definition, Overrides::default(), &["证书"]);
    lost.terms.url = None;
    let (_keep, stop) = watch::channel(false);
    let all = run(&Web::default(), &Book::default(), &[off, lost], &stop).expect("this ledger does not fail");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].asked, 0);
    assert!(all[0].why.contains("sources.s"), "{}", all[0].why);
}

#[test]
fn nothing_is_sent_that_could_not_be_written_down() {
    let definition = source("s", "");
    let (_keep, stop) = watch::channel(false);
    let book = Book { fails: true, ..Book::default() };
    let result = run(&Web::default(), &book, &[order(&definition, Overrides::default(), &["证书"])], &stop);
    assert_eq!(result, Err("disk full"));
}
