//! Weights from lines that were looked at: what the tables' own tests learn anew and hold. It runs in tests only.

use super::Context;
use crate::page;
use crate::text::{Folded, fold};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Pulls weights towards zero.
const PULL: f64 = 2.0;

/// One word that was looked at: its signs, whether it is what it was asked to be, and how much it counts.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) family: String,
    /// For whoever reads what was told wrongly.
    pub(crate) what: String,
    pub(crate) signs: Vec<bool>,
    /// What stands around, where that is weighed.
    pub(crate) grams: Vec<String>,
    pub(crate) right: bool,
    pub(crate) counts: f64,
}

/// Grams are many: each is pulled harder; and such as so few examples have teach nothing.
const GRAM_PULL: f64 = 8.0;
const SELDOM: usize = 4;

/// What examples teach: a weight for each sign, and for each gram that is not seldom.
struct Taught {
    signs: Vec<f64>,
    grams: BTreeMap<String, f64>,
}

impl Taught {
    fn weigh(&self, example: &Example) -> f64 {
        let signs = self.signs.iter().zip(&example.signs).filter(|(_, there)| **there).map(|(weight, _)| weight);
        signs.sum::<f64>() + example.grams.iter().filter_map(|gram| self.grams.get(gram)).sum::<f64>()
    }
}

/// Logistic regression, by gradient; the pull towards zero keeps what is seldom there from deciding.
fn taught(examples: &[&Example]) -> Taught {
    const ROUNDS: usize = 1500;
    let signs = examples[0].signs.len();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    examples.iter().flat_map(|e| &e.grams).for_each(|gram| *counts.entry(gram).or_default() += 1);
    counts.retain(|_, count| *count >= SELDOM);
    let places: BTreeMap<&str, usize> = counts.into_keys().enumerate().map(|(at, gram)| (gram, signs + at)).collect();
    let sparse: Vec<Vec<usize>> = examples
        .iter()
        .map(|e| {
            let there = (0..signs).filter(|at| e.signs[*at]);
            there.chain(e.grams.iter().filter_map(|gram| places.get(gram.as_str()).copied())).collect()
        })
        .collect();
    let all = signs + places.len();
    let (mut weights, mut speed) = (vec![0.0; all], vec![1e-9_f64; all]);
    for _ in 0..ROUNDS {
        let mut slope: Vec<f64> =
            weights.iter().enumerate().map(|(at, weight)| weight * if at < signs { PULL } else { GRAM_PULL }).collect();
        for (example, there) in examples.iter().zip(&sparse) {
            let sum: f64 = there.iter().map(|at| weights[*at]).sum();
            let off = (1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(example.right))) * example.counts;
            there.iter().for_each(|at| slope[*at] += off);
        }
        for at in 0..all {
            speed[at] += slope[at] * slope[at];
            weights[at] -= 0.5 * slope[at] / speed[at].sqrt();
        }
    }
    let grams = places.into_iter().map(|(gram, at)| (gram.to_owned(), weights[at])).collect();
    weights.truncate(signs);
    Taught { signs: weights, grams }
}

/// The table as it is kept: without the grams whose weight rounds to nothing.
fn table(head: &str, names: &[&str], taught: &Taught) -> String {
    let mut out = head.to_owned();
    names.iter().zip(&taught.signs).for_each(|(name, weight)| writeln!(out, "{name} {weight:.1}").unwrap());
    let told = taught.grams.iter().filter(|(_, weight)| weight.abs() >= 0.05);
    told.for_each(|(gram, weight)| writeln!(out, "{gram} {weight:.1}").unwrap());
    out
}

/// One line of the corpus, read as a page is, and what is to be told of it.
pub(crate) struct Line<'r> {
    row: &'r Value,
    pub(crate) folded: Folded,
}

impl<'r> Line<'r> {
    pub(crate) fn read(row: &'r Value) -> Self {
        Line { row, folded: fold(&page::read_text(&html(row), None).text) }
    }

    /// Whether it says what is to be told; pages of innocents say nothing.
    pub(crate) fn is_labelled(&self) -> bool {
        self.row["want"].is_object()
    }

    /// Whether its `want` or `may` lists this of a kind. Only Telegram's names are the same in both cases.
    pub(crate) fn lists(&self, key: &str, kind: &str, id: &str) -> bool {
        let same = |one: &Value| match kind {
            "telegram" => one.as_str().unwrap().eq_ignore_ascii_case(id),
            _ => one == id,
        };
        self.row[key][kind].as_array().into_iter().flatten().any(same)
    }

    /// A word of it as an example that counts whole and has no grams.
    pub(crate) fn example(&self, word: &str, signs: Vec<bool>, right: bool) -> Example {
        let family = self.row["family"].as_str().unwrap_or("clean").to_owned();
        Example { family, what: format!("{} {word}", self.row["id"]), signs, grams: Vec::new(), right, counts: 1.0 }
    }
}

/// The examples of all rows of these folders that may be looked at.
pub(crate) fn examples(folders: &[&str], of: impl Fn(&Value, &mut Vec<Example>)) -> Vec<Example> {
    let mut all = Vec::new();
    folders.iter().flat_map(|folder| rows(folder)).for_each(|row| of(&row, &mut all));
    all
}

/// The grams of a context as a table names them.
pub(crate) fn grams(context: Context<'_>) -> Vec<String> {
    let mut grams = Vec::new();
    context.grams(|side, gram| grams.push(format!("{}{gram}", char::from(side))));
    grams
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rows of a folder's files that may be looked at.
fn rows(folder: &str) -> Vec<Value> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(root().join(folder)).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "ndjson"));
    files.sort();
    let held = |file: &Path| {
        let hash = file.file_stem().unwrap().to_str().unwrap().bytes();
        hash.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)) >> 8
            & 1
            == 1
    };
    let lines = files
        .iter()
        .filter(|file| folder != "tests/data/entities" || !held(file))
        .map(|file| std::fs::read_to_string(file).unwrap());
    lines
        .flat_map(|lines| lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>())
        .collect()
}

pub(crate) fn html(row: &Value) -> String {
    row["html"].as_str().map_or_else(
        || {
            let escaped = row["text"].as_str().unwrap().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            escaped.lines().map(|line| format!("<p>{line}</p>\n")).collect()
        },
        str::to_owned,
    )
}

/// Holds a kept table to what the examples teach. With LEARN_WEIGHTS in the environment it is written anew instead, and what is
/// told of families that had no part in the weights is printed.
pub(crate) fn hold(all: &[Example], head: &str, names: &[&str], file: &str, kept: &str) {
    assert!(all.len() > 50, "{} examples", all.len());
    let new = table(head, names, &taught(&all.iter().collect::<Vec<_>>()));
    if std::env::var("LEARN_WEIGHTS").is_ok() {
        std::fs::write(root().join(file), new).unwrap();
        left_out(all);
        return;
    }
    fn read(table: &str) -> BTreeMap<&str, f64> {
        let lines = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        lines.map(|(name, weight)| (name, weight.parse().unwrap())).collect()
    }
    let (new, old) = (read(&new), read(kept));
    // A gram whose weight rounds to nothing is in no table.
    for name in new.keys().chain(old.keys()) {
        let weight = |table: &BTreeMap<&str, f64>| table.get(name).copied().unwrap_or_default();
        assert!((weight(&new) - weight(&old)).abs() < 0.15, "{name}: taught {}, kept {}", weight(&new), weight(&old));
    }
}

/// How families fare whose lines had no part in the weights, in ten lots.
fn left_out(all: &[Example]) {
    let lot =
        |family: &str| family.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 10;
    let mut told: Vec<(f64, &Example)> = Vec::new();
    for out in 0..10 {
        let taught: Vec<&Example> = all.iter().filter(|e| lot(&e.family) != out || e.family == "clean").collect();
        let weights = self::taught(&taught);
        let asked = all.iter().filter(|e| lot(&e.family) == out && e.counts >= 1.0);
        told.extend(asked.map(|example| (weights.weigh(example), example)));
    }
    told.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (sum, example) in told.iter().filter(|(sum, example)| (*sum > 0.0) != example.right) {
        println!("{sum:5.1} {} {}", if example.right { "missed" } else { "wrong" }, example.what);
    }
    for least in [-0.5, 0.0, 0.5, 1.0] {
        let count =
            |above: bool, right: bool| told.iter().filter(|(s, e)| (*s > least) == above && e.right == right).count();
        println!(
            "above {least}: {} right, {} wrong, {} missed",
            count(true, true),
            count(true, false),
            count(false, true)
        );
    }
}
