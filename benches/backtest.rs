//! A backtest of kept pages, on one thread, against the bare judge on the same pages in the same run.
//!
//! `cargo bench --bench backtest [-- PAGES]`. The pages are those of the test corpora and fillers of some 28 KB, kept as a round keeps
//! them; they are judged under two rule sets each. The budget is 2,000 pages a second and core (docs/ARCHITECTURE.md).

#[path = "../core/benches/filler/mod.rs"]
mod filler;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jianzheng::store::{Changes, Kind, Opts, Outcome, Page, Store, Via, extract_form};
use jianzheng::tuning::backtest::{self, Trial};
use jianzheng::tuning::past::Judge;
use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use jiff::Timestamp;
use url::Url;

fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

#[tokio::main]
async fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(4_000usize);
    let set = files(&root.join("rules"), "toml");
    let rules = Arc::new(RuleSet::compile(&set).unwrap());
    // Another set: the same rules, another hash.
    let mut other = set;
    other[0].1.push_str("\n# 另一套\n");
    let other = Arc::new(RuleSet::compile(&other).unwrap());

    let mut sources: Vec<String> = files(&root.join("rules/clean"), "ndjson")
        .iter()
        .chain(&files(&root.join("tests/data/pages/tuned"), "ndjson"))
        .flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap()["html"].as_str().unwrap().to_owned())
        .collect();
    // As many full-grown pages as short ones.
    for number in 0..sources.len() {
        let mut next = filler::numbers(number);
        let mut html = format!("<title>第{number}页</title><div class=main>");
        while html.len() < 28_000 {
            html.push_str("<p>");
            filler::sentence(&mut html, &mut next);
            html.push_str("</p>");
        }
        if number % 40 == 0 {
            html.push_str(filler::OFFER);
        }
        sources.push(html);
    }
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path(), Opts::default()).unwrap();
    let mut extracts = Vec::new();
    for number in 0..pages {
        let url = format!("http://h{}.bench.example/{number}", number % 50);
        let extract = page::read_text(&sources[number % sources.len()], Url::parse(&url).ok().as_ref());
        let seq = store.page_seq();
        let mut changes = Changes::new();
        changes.put_page(Page {
            seq,
            round: 1,
            url: url.clone(),
            final_url: url.clone(),
            host: format!("h{}.bench.example", number % 50),
            via: Via::Seed { file: "bench".into(), line: 1, tags: Vec::new(), last: None },
            depth: 0,
            fetched: Timestamp::UNIX_EPOCH,
            outcome: Outcome::Fetched { status: 200 },
            capture: None,
            verdict: Some("benign".into()),
            score: 1.0,
            rules: rules.hash().to_owned(),
            extract: true,
            charset: "UTF-8".into(),
            kind: Kind::Page,
            rendering: None,
            unrendered: None,
            looks: Vec::new(),
            cloaks: Vec::new(),
            copy: None,
            unchanged: None,
            note: None,
        });
        changes.put_extract(seq, extract_form::pack(&extract));
        store.commit(changes).await.unwrap();
        extracts.push((extract, Url::parse(&url).unwrap()));
    }

    let bare = Instant::now();
    for (extract, url) in &extracts {
        for set in [&rules, &other] {
            std::hint::black_box(set.judge(extract, url, Thresholds::default()));
        }
    }
    let bare = bare.elapsed().as_secs_f64();
    let judge = Judge { rules: other, baselines: Arc::default(), thresholds: Thresholds::default() };
    let trial = Trial { new: judge, old: Some(rules), since: None, threads: 1 };
    let (_on, stop) = tokio::sync::watch::channel(false);
    let began = Instant::now();
    let count = backtest::run(&store, trial, &stop, |_| {}, |_, _| {}).await.unwrap();
    let whole = began.elapsed().as_secs_f64();
    assert_eq!((count.judged, count.moved.len()), (pages, 0));
    println!(
        "backtest: {:.0} pages/s on one thread, judged under two sets each; {:.2} x the time of the bare judge ({:.0} pages/s)",
        pages as f64 / whole,
        whole / bare,
        pages as f64 / bare
    );
}
