//! What a page costs: reading and judging it, each beside scraper's parse of the same page in the same run.
//!
//! `cargo bench -p jianzheng-core --bench judge`. Absolute numbers are the machine's; the ratios are what counts (judge ≤ 0.5). Pages are
//! generated: Chinese text of some 28 KB in the markup of ordinary sites, one in ten a seller's or a look-up's.

mod filler;

use std::hint::black_box;
use std::time::{Duration, Instant};

use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use scraper::{Html, Selector};
use url::Url;

const PAGES: usize = 400;
const ROUNDS: usize = 5;

fn rules() -> RuleSet {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let files: Vec<(String, String)> = std::fs::read_dir(dir)
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

/// A page of some 28 KB, the same for the same number.
fn generated(number: usize) -> String {
    let mut next = filler::numbers(number);
    let mut html =
        format!("<!DOCTYPE html><html><head><meta charset=utf-8><title>第{number}页 某某网</title></head><body>");
    html.push_str("<div class='header nav'><ul>");
    for i in 0..20 {
        html += &format!("<li class=\"nav-item\"><a href=\"/c{i}/index.html\">栏目{i}</a></li>");
    }
    html.push_str("</ul></div><div class=\"content main\">");
    if number.is_multiple_of(10) {
        html.push_str(filler::OFFER);
    }
    while html.len() < 26_000 {
        filler::sentence(&mut html, &mut next);
        html += &format!(
            "。</p><span class=date>2026-0{}-1{}</span> <a href='/a/{}.html'>详情</a></div>",
            1 + next(9),
            next(9),
            next(99_999)
        );
    }
    html.push_str("</div><div class=footer>版权所有 某某公司 浙ICP备00000000号</div></body></html>");
    html
}

/// The best of several rounds, in time a page.
fn time(mut work: impl FnMut()) -> Duration {
    (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed() / PAGES as u32
        })
        .min()
        .unwrap_or_default()
}

/// The pages of the clean corpus: whole small pages about the trade, each with its address.
fn corpus() -> Vec<String> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/clean");
    let files = std::fs::read_dir(dir).expect("the clean corpus").flatten();
    let texts = files.map(|file| std::fs::read_to_string(file.path()).expect("a file of pages"));
    let mut pages: Vec<String> = texts.flat_map(|text| text.lines().map(page_of).collect::<Vec<_>>()).collect();
    pages.sort();
    pages
}

/// The page in a line of JSON; no reader of JSON is needed for one field that is well written.
fn page_of(line: &str) -> String {
    let start = line.find("\"html\": \"").expect("a page") + 9;
    let mut page = String::new();
    let mut signs = line[start..].chars();
    while let Some(sign) = signs.next().filter(|sign| *sign != '"') {
        match sign {
            '\\' => match signs.next() {
                Some('n') => page.push('\n'),
                Some(other) => page.push(other),
                None => break,
            },
            sign => page.push(sign),
        }
    }
    page
}

fn main() {
    let rules = rules();
    let pages: Vec<String> = (0..PAGES).map(generated).collect();
    let url = Url::parse("http://www.shili.example/a/1.html").expect("a constant");
    let extracts: Vec<page::Extract> = pages.iter().map(|p| page::read_text(p, Some(&url))).collect();
    let small = corpus();
    let small_extracts: Vec<page::Extract> = small.iter().map(|p| page::read_text(p, Some(&url))).collect();
    let link = Selector::parse("a[href]").expect("a constant");

    let parse = time(|| pages.iter().for_each(|p| drop(black_box(Html::parse_document(p)))));
    let scraper = time(|| {
        for page in &pages {
            let html = Html::parse_document(page);
            let text: usize = html.root_element().text().map(str::len).sum();
            let links = html.select(&link).filter_map(|a| a.value().attr("href")).count();
            black_box((text, links));
        }
    });
    let read = time(|| pages.iter().for_each(|p| drop(black_box(page::read_text(p, Some(&url))))));
    let again = time(|| {
        for (page, first) in pages.iter().zip(&extracts) {
            drop(black_box(page::read_again(page.as_bytes(), Some("utf-8"), Some(&url), first)));
        }
    });
    let judge = time(|| extracts.iter().for_each(|e| drop(black_box(rules.judge(e, &url, Thresholds::default())))));

    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!("{PAGES} pages, {} KB each, {} rules", pages[0].len() / 1000, rules.rules().len());
    println!("scraper: parse                      {parse:>10.1?} a page");
    println!("scraper: parse, text, links         {scraper:>10.1?} a page");
    println!(
        "ours: extract (text, links, forms…) {read:>10.1?} a page   {:.2} × scraper's parse, text, links",
        ratio(read, scraper)
    );
    println!(
        "ours: the same through a tree       {again:>10.1?} a page   {:.2} × scraper's parse, text, links",
        ratio(again, scraper)
    );
    println!(
        "ours: judge an extract              {judge:>10.1?} a page   {:.2} × scraper's parse",
        ratio(judge, parse)
    );
    // Time of all of them in one go, or a page would be too short a while.
    let whole = |work: &mut dyn FnMut()| time(work) * PAGES as u32;
    let parse = whole(&mut || small.iter().for_each(|p| drop(black_box(Html::parse_document(p)))));
    let judge = whole(&mut || {
        small_extracts.iter().for_each(|e| drop(black_box(rules.judge(e, &url, Thresholds::default()))));
    });
    println!(
        "{} pages of the clean corpus, {} KB together",
        small.len(),
        small.iter().map(String::len).sum::<usize>() / 1000
    );
    println!("scraper: parse                      {parse:>10.1?}");
    println!(
        "ours: judge an extract              {judge:>10.1?}          {:.2} × scraper's parse",
        ratio(judge, parse)
    );
}
