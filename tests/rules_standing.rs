//! What each shipped rule does on pages that nobody who wrote rules had looked at: the files say it, and here it is counted again.
//! `BLESS=1 cargo test --test rules_standing` writes the counts into the rule files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jianzheng::tuning::standing::EARNED;
use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::rules::rule::{Kind, Rule, Status};
use jianzheng_core::verdict::Thresholds;
use serde_json::Value;
use url::Url;

/// Live rules that too few of these pages could set off, each for its reason. A rule that earns its place leaves this list.
const UNPROVEN: [(&str, &str); 19] = [
    ("fake.copied-page", "wants a baseline, which the unit captures"),
    ("fake.copied-text", "wants a baseline"),
    ("fake.copied-layout", "wants a baseline"),
    ("fake.copied-files", "wants a baseline"),
    ("fake.copied-statistics", "wants a baseline"),
    ("fake.copied-form", "wants a baseline"),
    ("fake.copied-icon", "wants a baseline"),
    ("fake.copied-look", "wants a baseline"),
    ("fake.cloaked", "wants a second look as somebody else"),
    ("fake.shy-of-patrol", "wants a second look"),
    ("seller.cloaked", "wants a second look"),
    ("seller.shy-of-patrol", "wants a second look"),
    ("fake.false-link", "one page; no innocent"),
    ("fake.sent-to-spoof", "no writer leads a page to an imitator's host; a sceptic's pages do"),
    ("fake.official-name-to-spoof", "the same"),
    ("fake.link-to-spoof", "the same"),
    ("fake.official-resource", "no writer thought of it; the real fakes of FIELD.md do it"),
    ("seller.hours-arranged", "no writer thought of it"),
    ("seller.image-only", "pages in NDJSON have no pictures"),
];

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

/// By rule: pages of its own kind, and innocent pages, on which it spoke.
fn counted(rules: &RuleSet) -> BTreeMap<String, (u32, u32)> {
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for set in ["held", "learned", "mirrored"] {
        for (name, text) in files(&root().join("tests/data/pages").join(set), "ndjson") {
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}"));
                let url = Url::parse(row["url"].as_str().unwrap()).unwrap();
                let extract = page::read_text(row["html"].as_str().unwrap(), Some(&url));
                let is = row["want"]["verdict"].as_str().unwrap();
                let verdict = rules.judge(&extract, &url, Thresholds::default());
                let mut spoke: Vec<(&str, &str)> =
                    verdict.signals.iter().map(|signal| (signal.rule.as_str(), signal.kind)).collect();
                spoke.sort_unstable();
                spoke.dedup();
                for (rule, kind) in spoke {
                    let count = counts.entry(rule.to_owned()).or_default();
                    match is {
                        "benign" | "notice" | "official" => count.1 += 1,
                        guilty if guilty == kind => count.0 += 1,
                        _ => {}
                    }
                }
            }
        }
    }
    counts
}

/// The file with these counts in its rules, behind their `false_alarms`.
fn blessed(text: &str, counts: &BTreeMap<String, (u32, u32)>) -> String {
    let (mut id, mut out) = (None, String::new());
    for line in text.lines() {
        if line.starts_with("held = ") || line.starts_with("held_wrong = ") {
            continue;
        }
        out += line;
        out.push('\n');
        if line.starts_with("[[") {
            id = None;
        } else if let Some(name) = line.strip_prefix("id = \"") {
            id = name.strip_suffix('"').map(str::to_owned);
        } else if line.starts_with("false_alarms = ") {
            let (guilty, innocent) = id.as_ref().and_then(|id| counts.get(id)).copied().unwrap_or_default();
            out += &format!("held = {guilty}\nheld_wrong = {innocent}\n");
        }
    }
    out
}

#[test]
fn shipped_rules_say_what_they_did_on_pages_that_nobody_had_looked_at() {
    let folder = root().join("rules");
    let texts = files(&folder, "toml");
    let rules = RuleSet::compile(&texts).unwrap();
    let counts = counted(&rules);
    if std::env::var_os("BLESS").is_some() {
        for (name, text) in texts.iter().filter(|(_, text)| text.contains("[[rule]]")) {
            std::fs::write(folder.join(name), blessed(text, &counts)).unwrap();
        }
        return;
    }
    let says = |rule: &Rule| rule.held.unwrap_or_else(|| panic!("{} says nothing of held pages", rule.id));
    let wrong: Vec<String> = rules
        .rules()
        .iter()
        .filter(|rule| rule.status != Status::Retired)
        .filter(|rule| says(rule) != counts.get(&rule.id).copied().unwrap_or_default())
        .map(|rule| format!("{} says {:?}, is {:?}", rule.id, says(rule), counts.get(&rule.id)))
        .collect();
    assert!(wrong.is_empty(), "count anew with BLESS=1 cargo test --test rules_standing\n{}", wrong.join("\n"));
    let speaks_against_somebody = |rule: &&Rule| {
        rule.status == Status::Live && rule.points > 0.0 && matches!(rule.kind, Kind::Seller | Kind::FakeSite)
    };
    let unproven: Vec<&str> = rules
        .rules()
        .iter()
        .filter(speaks_against_somebody)
        .filter(|rule| u64::from(says(rule).0) < EARNED)
        .map(|rule| rule.id.as_str())
        .collect();
    let mut named: Vec<&str> = UNPROVEN.iter().map(|(id, _)| *id).collect();
    let mut found = unproven.clone();
    named.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, named, "live rules with fewer than {EARNED} hits on held pages");
}
