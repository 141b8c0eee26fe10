//! Names a second, one core: the judge on ordinary traffic, against edit distance to every genuine host in the same run.
//!
//! `cargo bench -p jianzheng-core --bench hosts [-- FILE]`; without a file the sample under tests/data is read.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jianzheng_core::host::{Authorities, Standing};

const RULES: &str = include_str!("../../rules/authorities.toml");
const ORDINARY: &str = include_str!("../tests/data/hosts_ordinary.txt");

fn main() {
    let authorities = Authorities::parse("rules/authorities.toml", RULES).expect("the shipped list is right");
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let list = file.map(|path| std::fs::read_to_string(path).expect("the list can be read"));
    let list = list.as_deref().unwrap_or(ORDINARY);
    let names: Vec<&str> = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let genuine: Vec<&str> = authorities.iter().flat_map(|a| a.hosts.iter().map(String::as_str)).collect();
    let awake = names.iter().filter(|name| !authorities.is_plainly_clean(name)).count();
    println!("{} names, {awake} need more than a first look, {} genuine hosts", names.len(), genuine.len());

    let judge = rate(&names, |name| matches!(authorities.judge(name), Ok(v) if v.standing != Standing::Clean));
    let glance = rate(&names, |name| !authorities.is_plainly_clean(name));
    let few: Vec<&str> = names.iter().copied().step_by(20).collect();
    let floor = rate(&few, |name| genuine.iter().any(|host| strsim::osa_distance(host, name) <= 1));
    println!("judge          {judge:>12.0} names/s");
    println!("first look     {glance:>12.0} names/s");
    println!("strsim over all{floor:>12.0} names/s");
    println!("judge / strsim {:>12.0}", judge / floor);
}

/// The best of several runs: the machine may be shared.
fn rate(names: &[&str], mut each: impl FnMut(&str) -> bool) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..15 {
        let start = Instant::now();
        let hits = names.iter().filter(|name| each(black_box(name))).count();
        black_box(hits);
        best = best.min(start.elapsed());
    }
    names.len() as f64 / best.as_secs_f64()
}
