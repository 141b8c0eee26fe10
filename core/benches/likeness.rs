//! What it costs to find the pages near one among 1,000,000, beside a look at all of them in the same run; and what prints cost.
//!
//! `cargo bench -p jianzheng-core --bench likeness`. The numbers are skewed as those of real pages are: a third stand in heaps of near ones
//! (pages of a template), a tenth are one and the same (error pages), the rest are anywhere. Absolute numbers are the machine's;
//! the ratios are what counts.

mod filler;

use std::hint::black_box;
use std::time::{Duration, Instant};

use jianzheng_core::likeness::{Index, Prints};
use jianzheng_core::page;
use scraper::Html;
use url::Url;

const PAGES: usize = 1_000_000;
const QUESTIONS: usize = 2_000;
const LOOKS: usize = 40;
const PRINTED: usize = 200;

/// Numbers of pages, and questions that are a few bits beside some of them.
fn numbers() -> (Vec<u64>, Vec<u64>) {
    let mut next = filler::numbers(1);
    let mut anywhere = move || (0..4).fold(0u64, |sum, _| sum << 16 | next(1 << 16) as u64);
    let heaps: Vec<u64> = (0..2_000).map(|_| anywhere()).collect();
    let mut all = Vec::with_capacity(PAGES);
    for at in 0..PAGES {
        let random = anywhere();
        all.push(match at % 30 {
            0..10 => heaps[(random % 2_000) as usize] ^ (1 << (random >> 32 & 63)) ^ (1 << (random >> 40 & 63)),
            10..13 => 0x5A5A_1234_9876_F0F0,
            _ => random,
        });
    }
    let beside = |number: u64, random: u64| number ^ (1 << (random & 63)) ^ (1 << (random >> 8 & 63));
    let questions = (0..QUESTIONS).map(|at| beside(all[at * (PAGES / QUESTIONS)], anywhere())).collect();
    (all, questions)
}

fn time<T>(times: usize, work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let done = work();
    (began.elapsed() / times as u32, done)
}

fn main() {
    let (all, questions) = numbers();
    let (built, index) = time(1, || Index::new(&all));
    println!("{PAGES} pages, {QUESTIONS} questions");
    println!(
        "index: built in {built:.0?}, {:.1} bytes a page beside {} of the bare number",
        index.bytes() as f64 / PAGES as f64,
        size_of::<u64>()
    );
    for (distance, budget) in [(3u32, 0.01), (7, 0.05)] {
        let (look, found_by_look) = time(LOOKS, || {
            let near = |asked: &u64| all.iter().filter(|number| (**number ^ asked).count_ones() <= distance).count();
            questions.iter().take(LOOKS).map(near).sum::<usize>()
        });
        let few =
            || questions.iter().take(LOOKS).map(|asked| index.near(*asked, distance, PAGES).found.len()).sum::<usize>();
        assert_eq!(found_by_look, few(), "the index finds what a look at all finds");
        let (ask, _) = time(QUESTIONS, || {
            questions.iter().for_each(|asked| drop(black_box(index.near(*asked, distance, 100))));
        });
        println!(
            "within {distance} bits: look at all {look:>9.1?}, index {ask:>9.1?} a question   {:.4} × (budget {budget})",
            ask.as_secs_f64() / look.as_secs_f64()
        );
    }

    let mut next = filler::numbers(7);
    let mut html = format!("<title>某某网</title>{}", filler::OFFER);
    while html.len() < 26_000 {
        filler::sentence(&mut html, &mut next);
        html.push_str("。</p><a href=/a.html>详情</a></div>");
    }
    let url = Url::parse("http://www.shili.example/").expect("a constant");
    let extract = page::read_text(&html, Some(&url));
    let (parse, ()) = time(PRINTED, || (0..PRINTED).for_each(|_| drop(black_box(Html::parse_document(&html)))));
    let (prints, ()) = time(PRINTED, || (0..PRINTED).for_each(|_| drop(black_box(Prints::of(&extract)))));
    println!(
        "prints of an extract of {} KB {prints:>9.1?}   {:.2} × scraper's parse",
        html.len() / 1000,
        prints.as_secs_f64() / parse.as_secs_f64()
    );
}
