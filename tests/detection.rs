//! What the shipped rules make of pages that were written by others. The counts are held so that a change of rules or code that
//! accuses more innocents, or misses more, is seen. `cargo test --test detection -- --nocapture` prints them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use serde_json::Value;
use url::Url;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

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

/// Pages by what they are and what they were called; notice, official and benign are one: innocent.
#[derive(Debug, Default)]
struct Counts(BTreeMap<(String, String), usize>);

impl Counts {
    fn of(set: &str) -> Self {
        let rules = RuleSet::compile(&files(&root().join("rules"), "toml")).expect("the shipped rules");
        let class = |verdict: &str| match verdict {
            "notice" | "official" | "benign" => "innocent".to_owned(),
            other => other.to_owned(),
        };
        let mut counts = Self::default();
        for (name, text) in files(&root().join("tests/data/pages").join(set), "ndjson") {
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}"));
                let url = Url::parse(row["url"].as_str().unwrap()).unwrap();
                let extract = page::read_text(row["html"].as_str().unwrap(), Some(&url));
                let is = rules.judge(&extract, &url, Thresholds::default()).kind.as_str();
                let wanted = row["want"]["verdict"].as_str().unwrap();
                *counts.0.entry((class(wanted), class(is))).or_default() += 1;
            }
        }
        println!("{set}: {:?}", counts.0);
        counts
    }

    fn called(&self, is: &str, called: &[&str]) -> usize {
        let fits = |(wanted, got): &(String, String)| wanted == is && called.contains(&got.as_str());
        self.0.iter().filter(|(pair, _)| fits(pair)).map(|(_, count)| count).sum()
    }

    fn accused(&self) -> usize {
        self.called("innocent", &["seller", "fake_site"])
    }
}

#[test]
fn what_was_found_once_is_found_again() {
    let tuned = Counts::of("tuned");
    let (sellers, fakes) = (tuned.called("seller", &["seller"]), tuned.called("fake_site", &["fake_site"]));
    assert!(sellers >= 78, "{sellers} sellers");
    assert!(fakes >= 72, "{fakes} fakes");
    assert!(tuned.accused() <= 1, "{} innocents accused", tuned.accused());
}

#[test]
fn what_nobody_looked_at_is_judged_no_worse_than_before() {
    let held = Counts::of("held");
    let fakes = held.called("fake_site", &["fake_site", "suspicious"]);
    assert!(fakes >= 34, "{fakes} fakes");
    assert!(held.accused() <= 4, "{} innocents accused", held.accused());
}

#[test]
fn hard_innocents_are_accused_no_more_than_before() {
    let innocents = Counts::of("innocents");
    let all = innocents.called("innocent", &["innocent", "suspicious", "seller", "fake_site"]);
    assert!(all > 100, "{all} innocents");
    assert!(innocents.accused() <= 15, "{} of {all} innocents accused", innocents.accused());
}
