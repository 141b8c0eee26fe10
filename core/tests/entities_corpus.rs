//! How many of the contacts, certificates and places of tests/data/entities are found, and how much of what is found is right.
//!
//! Half of the families are held out: of these only counts are printed, so that nobody tunes anything to them. Of the others each
//! line that is wrong is shown. `cargo test -p jianzheng-core --test entities_corpus -- --nocapture` prints the table of
//! docs/DETECTION.md. What is counted is what the README beside the lines says.

use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use jianzheng_core::{page, place, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use url::Url;

const KINDS: [&str; 8] = ["phones", "wechat", "qq", "telegram", "emails", "icp", "cert_types", "areas"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
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

/// Whether a family is one of those that nobody looks at: bit 8 of its name's FNV-1a hash.
fn is_held(family: &str) -> bool {
    let hash = family
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash >> 8 & 1 == 1
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }

    fn row(&self, name: &str) -> String {
        let (found, wanted) = (self.right + self.wrong, self.right + self.missed);
        format!("{name:24} right {}  found {}", share(self.right, found), share(self.right, wanted))
    }
}

/// A share with Wilson's interval of 95 %.
fn share(part: usize, of: usize) -> String {
    if of == 0 {
        return format!("{:>9} {:29}", "0/0", "");
    }
    let (z, n) = (1.96_f64, of as f64);
    let p = part as f64 / n;
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    let part_of = format!("{part}/{of}");
    format!(
        "{part_of:>9} {:5.1} % ({:5.1} to {:5.1} %)",
        p * 100.0,
        (middle - half) * 100.0,
        ((middle + half) * 100.0).min(100.0)
    )
}

/// Names of accounts are one in capitals and in small letters.
fn texts(of: &Value, kind: &str) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let small = matches!(kind, "wechat" | "telegram");
    of.as_array().into_iter().flatten().map(|v| if small { text(v).to_ascii_lowercase() } else { text(v) }).collect()
}

fn shipped() -> RuleSet {
    RuleSet::compile(&files(&root().join("rules"), "toml")).expect("the shipped rules")
}

/// The page of a row, as `judge` would get it.
fn page_of(row: &Value) -> String {
    if let Some(html) = row["html"].as_str() {
        return html.to_owned();
    }
    let escaped = row["text"].as_str().unwrap().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lines: String = escaped.lines().map(|line| format!("<p>{line}</p>\n")).collect();
    format!("<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body>{lines}</body></html>")
}

/// What is found on a page, kind by kind.
fn found(rules: &RuleSet, html: &str) -> BTreeMap<&'static str, BTreeSet<String>> {
    let url = Url::parse("http://www.passages.example/1.html").unwrap();
    let extract = page::read_text(html, Some(&url));
    let verdict = rules.judge(&extract, &url, Thresholds::default());
    let contacts = verdict.contacts;
    // A verdict tells places only of those it accuses.
    let places = place::find(text::fold(&extract.text).as_str()).into_iter().map(|found| found.code.to_owned());
    let lists: [Vec<String>; 8] = [
        contacts.phones,
        contacts.wechat,
        contacts.qq,
        contacts.telegram,
        contacts.emails,
        contacts.icp,
        verdict.cert_types,
        places.collect(),
    ];
    KINDS.into_iter().zip(lists.map(BTreeSet::from_iter)).collect()
}

/// The counts of one half: by kind, and by family over all kinds.
#[derive(Debug, Default)]
struct Half {
    kinds: BTreeMap<&'static str, Count>,
    families: BTreeMap<String, Count>,
}

impl Half {
    fn count(held: bool) -> Self {
        let rules = shipped();
        let mut half = Self::default();
        for (name, lines) in files(&root().join("tests/data/entities"), "ndjson") {
            let family = name.trim_end_matches(".ndjson");
            if is_held(family) != held {
                continue;
            }
            for line in lines.lines() {
                let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{family}: {error}"));
                assert_eq!(row["family"], family, "{}", row["id"]);
                half.compare(&row, &found(&rules, &page_of(&row)), !held);
            }
        }
        half.print(if held { "held out" } else { "looked at" });
        half
    }

    /// The lines of a hand that nobody's rules were tuned to: counts alone, and no line is shown.
    fn of_hand(folder: &str, name: &str) -> Self {
        let rules = shipped();
        let mut all = Self::default();
        for (file, lines) in files(&root().join("tests/data/entities").join(folder), "ndjson") {
            for line in lines.lines() {
                let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{file}: {error}"));
                all.compare(&row, &found(&rules, &page_of(&row)), false);
            }
        }
        all.print(name);
        all
    }

    fn compare(&mut self, row: &Value, found: &BTreeMap<&'static str, BTreeSet<String>>, shown: bool) {
        for kind in KINDS {
            if kind == "areas" && row["want"]["areas"].is_null() {
                continue;
            }
            let (want, may, got) = (texts(&row["want"][kind], kind), texts(&row["may"][kind], kind), &found[kind]);
            let wrong: Vec<&String> =
                got.iter().filter(|&value| !want.contains(value) && !may.contains(value)).collect();
            let missed: Vec<&String> = want.difference(got).collect();
            let count = Count { right: want.intersection(got).count(), wrong: wrong.len(), missed: missed.len() };
            if shown && count.wrong + count.missed > 0 {
                let said = row["text"].as_str().or(row["html"].as_str()).unwrap().replace('\n', " ⏎ ");
                println!("{} {kind}: wrong {wrong:?} missed {missed:?}\n    {said}", row["id"].as_str().unwrap());
            }
            self.kinds.entry(kind).or_default().add(count);
            self.families.entry(row["family"].as_str().unwrap().to_owned()).or_default().add(count);
        }
    }

    /// All kinds of which `which` is true, together.
    fn sum(&self, which: impl Fn(&str) -> bool) -> Count {
        let mut sum = Count::default();
        self.kinds.iter().filter(|(kind, _)| which(kind)).for_each(|(_, count)| sum.add(*count));
        sum
    }

    fn contacts(&self) -> Count {
        self.sum(|kind| kind != "cert_types" && kind != "areas")
    }

    fn certificates(&self) -> Count {
        self.sum(|kind| kind == "cert_types")
    }

    fn print(&self, name: &str) {
        println!("--- {name}");
        self.families.iter().for_each(|(family, count)| println!("{}", count.row(family)));
        println!();
        KINDS.iter().filter_map(|kind| self.kinds.get(kind).map(|c| (kind, c))).for_each(|(kind, count)| {
            println!("{}", count.row(kind));
        });
        println!("{}", self.contacts().row("contacts"));
        println!("{}\n", self.sum(|_| true).row("all"));
    }
}

/// In a hundred: how many of those found are right, and how many of those that are there are found.
fn hold(name: &str, count: Count, right: usize, found: usize) {
    let (told, wanted) = (count.right + count.wrong, count.right + count.missed);
    assert!(count.right * 100 >= right * told, "{name}: {} of {told} right", count.right);
    assert!(count.right * 100 >= found * wanted, "{name}: {} of {wanted} found", count.right);
}

#[test]
fn contacts_and_certificates_that_were_looked_at() {
    let half = Half::count(false);
    hold("contacts", half.contacts(), 98, 95);
    // Half of the lines are words of the trade that mean no paper, written to be mistaken for one.
    hold("certificates", half.certificates(), 96, 96);
    hold("places", half.sum(|kind| kind == "areas"), 99, 99);
}

#[test]
fn contacts_and_certificates_that_nobody_looked_at() {
    let half = Half::count(true);
    hold("contacts", half.contacts(), 99, 95);
    hold("certificates", half.certificates(), 96, 97);
    hold("places", half.sum(|kind| kind == "areas"), 97, 90);
}

#[test]
fn contacts_and_certificates_of_another_hand_that_nobody_looked_at() {
    let all = Half::of_hand("fair", "another hand's");
    hold("contacts", all.contacts(), 98, 95);
    hold("certificates", all.certificates(), 98, 96);
}

/// Passages in natural proportion by one more hand.
#[test]
fn contacts_and_certificates_of_one_more_hand_that_nobody_looked_at() {
    let all = Half::of_hand("fair-again", "one more hand's");
    hold("contacts", all.contacts(), 97, 93);
    hold("certificates", all.certificates(), 95, 94);
}

/// Passages as rough as the web's: what is still missed is most of all what needs reasoning, and trades named without a word for a paper.
#[test]
fn contacts_and_certificates_of_a_rough_hand() {
    let all = Half::of_hand("rough", "a rough hand's");
    hold("contacts", all.contacts(), 99, 92);
    hold("certificates", all.certificates(), 94, 94);
}
