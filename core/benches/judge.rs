//! What a page costs: reading and judging it, each beside scraper's parse of the same page in the same run.
//!
//! `cargo bench -p jianzheng-core --bench judge`. Absolute numbers are the machine's; the ratios are what counts (judge ≤ 0.5). Pages are
//! generated: Chinese text of some 28 KB in the markup of ordinary sites, one in ten a seller's or a look-up's.
//! With `pages`, `many` or `corpus` as an argument only the judging of the generated pages, of these under many rules or of the clean corpus
//! runs, over and over, for a profiler. With a folder as an argument it is the pages saved there (`*.html`, any charset) that are parsed and
//! judged (with `pages` beside it: judged over and over), because generated pages hold more text, and of the trade alone, than real ones.

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

/// How many rules a unit may come to have.
const MANY: usize = 500;

fn rules() -> RuleSet {
    RuleSet::compile(&files()).expect("the shipped rules")
}

/// The shipped rules and as many of a unit's own as make [`MANY`]: four phrases each, of words that the pages are full of, most of them
/// in an order that no page has.
fn many_rules() -> RuleSet {
    const SIGNS: [&str; 20] = [
        "报名", "培训", "时间", "地点", "单位", "电力", "施工", "企业", "证", "考", "办", "拿", "免", "快", "包", "真",
        "网", "查", "钱", "微信",
    ];
    let shipped = rules().rules().len();
    let mut own = String::from("[[family]]\nid = \"own\"\ntitle = \"本单位\"\nrest = 3\n");
    let mut known = std::collections::HashSet::new();
    let mut next = filler::numbers(77);
    for rule in shipped..MANY {
        let mut phrases = Vec::new();
        while phrases.len() < 4 {
            let phrase: String = (0..2 + next(3)).map(|_| SIGNS[next(SIGNS.len())]).collect();
            if phrase.chars().count() >= 3 && known.insert(phrase.clone()) {
                phrases.push(format!("\"{phrase}\""));
            }
        }
        own += &format!(
            "[[rule]]\nid = \"seller.own-{rule}\"\ntitle = \"自写\"\nkind = \"seller\"\nfamily = \"own\"\npoints = 2\nstatus = \"在用\"\n\
             author = \"本单位\"\ndate = \"2026-11-27\"\nany = [{}]\nnear = [\"@证书词\"]\nfalse_alarms = \"只为量时间，不会误报\"\nhit = [\"甲\"]\nmiss = [\"乙\"]\n",
            phrases.join(", ")
        );
    }
    let mut files = files();
    files.push(("own.toml".to_owned(), own));
    RuleSet::compile(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Pages that want to be slow to judge, of about `bytes`: each repeats what wakes most.
fn hostile(bytes: usize) -> Vec<(&'static str, String)> {
    let repeated = |what: &'static str| {
        let mut page = String::from("<!DOCTYPE html><title>低压电工证</title><p>");
        while page.len() < bytes {
            page.push_str(what);
        }
        page
    };
    vec![
        ("offers", repeated("低压电工证代办不用考试三天拿证微信demo_tzzy88电话13000001234，")),
        ("gaps that never close", repeated("不用去不用来包你不用")),
        ("denials and quotations", repeated("警方提醒：“谨防免考拿证”，所谓包过都是骗局。")),
        ("digits", repeated("1 3 0 零 ０ ①〇壹-")),
        ("one sentence without an end", repeated("证考办")),
        ("marks in every sign", repeated("不\u{200b}用\u{200b}考\u{200b}试\u{200b}")),
    ]
}

fn files() -> Vec<(String, String)> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    std::fs::read_dir(dir)
        .expect("rules folder")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "toml"))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(entry.path()).expect("rule file"))
        })
        .collect()
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

/// The best of several rounds.
fn best(mut work: impl FnMut()) -> Duration {
    (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// The best of several rounds over the generated pages, in time a page.
fn time(work: impl FnMut()) -> Duration {
    best(work) / PAGES as u32
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

/// Real pages, by whoever has some: all of them together, then page by page.
fn saved(dir: &std::path::Path, url: &Url) {
    let mut files: Vec<_> = std::fs::read_dir(dir).expect("a folder").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "html" || end == "htm"));
    let pages: Vec<Vec<u8>> = files.iter().filter_map(|path| std::fs::read(path).ok()).collect();
    let sources: Vec<String> = pages.iter().map(|page| page::charset::decode(page, None).text.into_owned()).collect();
    let extracts: Vec<page::Extract> = pages.iter().map(|page| page::read(page, None, Some(url))).collect();
    if std::env::args().any(|argument| argument == "pages") {
        let rules = rules();
        for extract in std::iter::repeat_n(&extracts, 300).flatten() {
            black_box(rules.judge(extract, url, Thresholds::default()));
        }
        return;
    }
    let bytes: usize = sources.iter().map(String::len).sum();
    let text: usize = extracts.iter().map(|extract| extract.text.len()).sum();
    println!("{} pages of {}, {} KB together, {} KB of it text", pages.len(), dir.display(), bytes / 1000, text / 1000);
    for rules in [rules(), many_rules()] {
        let (mut parsed, mut judged, mut shares) = (0.0, 0.0, Vec::new());
        for (source, extract) in sources.iter().zip(&extracts) {
            let parse = best(|| drop(black_box(Html::parse_document(source)))).as_secs_f64();
            let judge = best(|| drop(black_box(rules.judge(extract, url, Thresholds::default())))).as_secs_f64();
            parsed += parse;
            judged += judge;
            shares.push(judge / parse);
        }
        shares.sort_by(f64::total_cmp);
        println!(
            "{} rules: parsed in {:.1} ms, judged in {:.1} ms, {:.2} × scraper's parse; page by page the middle one {:.2}, one in ten above {:.2}, the worst {:.2}",
            rules.rules().len(),
            parsed * 1e3,
            judged * 1e3,
            judged / parsed,
            shares[shares.len() / 2],
            shares[shares.len() * 9 / 10],
            shares[shares.len() - 1]
        );
    }
}

fn main() {
    let rules = rules();
    let pages: Vec<String> = (0..PAGES).map(generated).collect();
    let url = Url::parse("http://www.shili.example/a/1.html").expect("a constant");
    let extracts: Vec<page::Extract> = pages.iter().map(|p| page::read_text(p, Some(&url))).collect();
    let small = corpus();
    let small_extracts: Vec<page::Extract> = small.iter().map(|p| page::read_text(p, Some(&url))).collect();
    let link = Selector::parse("a[href]").expect("a constant");
    let judge_all = |rules: &RuleSet, extracts: &[page::Extract]| {
        extracts.iter().for_each(|e| drop(black_box(rules.judge(e, &url, Thresholds::default()))));
    };
    if let Some(dir) = std::env::args().skip(1).map(std::path::PathBuf::from).find(|path| path.is_dir()) {
        return saved(&dir, &url);
    }
    for (name, extracts, rounds) in [("pages", &extracts, 60), ("corpus", &small_extracts, 300)] {
        if std::env::args().any(|argument| argument == name) {
            return (0..rounds).for_each(|_| judge_all(&rules, extracts));
        }
    }
    let many = many_rules();
    if std::env::args().any(|argument| argument == "many") {
        return (0..60).for_each(|_| judge_all(&many, &extracts));
    }

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
    let judge = time(|| judge_all(&rules, &extracts));

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
    let judge = time(|| judge_all(&many, &extracts));
    println!(
        "the same under {} rules             {judge:>10.1?} a page   {:.2} × scraper's parse",
        many.rules().len(),
        ratio(judge, parse)
    );
    // Time of all of them in one go, or a page would be too short a while.
    let parse = best(|| small.iter().for_each(|p| drop(black_box(Html::parse_document(p)))));
    let judge = best(|| judge_all(&rules, &small_extracts));
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
    println!("hostile pages: judged at 250 KB and at 1 MB; 4 means in proportion, 16 would be quadratic");
    let once = |page: &str| {
        let extract = page::read_text(page, Some(&url));
        best(|| drop(black_box(rules.judge(&extract, &url, Thresholds::default()))))
    };
    for ((name, quarter), (_, whole)) in hostile(250_000).iter().zip(&hostile(1_000_000)) {
        let (quarter, whole) = (once(quarter), once(whole));
        println!("  {name:<30} {quarter:>10.1?} {whole:>10.1?}   {:.1} ×", ratio(whole, quarter));
    }
}
