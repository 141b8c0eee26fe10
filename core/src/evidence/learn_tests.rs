//! Weights from lines that were looked at: what the tables' own tests learn anew and hold. It runs in tests only.

use super::Weights;
use serde_json::Value;
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
    pub(crate) right: bool,
    pub(crate) counts: f64,
}

/// Logistic regression, by gradient; the pull towards zero keeps signs that are seldom there from deciding.
pub(crate) fn weights(examples: &[&Example], pull: f64) -> Vec<f64> {
    const ROUNDS: usize = 1500;
    let signs = examples[0].signs.len();
    let sparse: Vec<Vec<usize>> = examples.iter().map(|e| (0..signs).filter(|at| e.signs[*at]).collect()).collect();
    let (mut weights, mut speed) = (vec![0.0; signs], vec![1e-9_f64; signs]);
    for _ in 0..ROUNDS {
        let mut slope: Vec<f64> = weights.iter().map(|weight| weight * pull).collect();
        for (example, there) in examples.iter().zip(&sparse) {
            let sum: f64 = there.iter().map(|at| weights[*at]).sum();
            let off = (1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(example.right))) * example.counts;
            there.iter().for_each(|at| slope[*at] += off);
        }
        for at in 0..signs {
            speed[at] += slope[at] * slope[at];
            weights[at] -= 0.5 * slope[at] / speed[at].sqrt();
        }
    }
    weights
}

/// The table as it is kept.
pub(crate) fn table(head: &str, names: &[&str], weights: &[f64]) -> String {
    let mut out = head.to_owned();
    names.iter().zip(weights).for_each(|(name, weight)| writeln!(out, "{name} {weight:.1}").unwrap());
    out
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rows of a folder's files that may be looked at.
pub(crate) fn rows(folder: &str) -> Vec<Value> {
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
    let taught = table(head, names, &weights(&all.iter().collect::<Vec<_>>(), PULL));
    if std::env::var("LEARN_WEIGHTS").is_ok() {
        std::fs::write(root().join(file), taught).unwrap();
        left_out(all);
        return;
    }
    let weight = |line: &str| line.split_once(' ').and_then(|(_, weight)| weight.parse::<f64>().ok());
    assert_eq!(taught.lines().count(), kept.lines().count());
    for (new, old) in taught.lines().zip(kept.lines()).filter(|(_, old)| !old.starts_with('#')) {
        let (new_weight, old_weight) = (weight(new).unwrap(), weight(old).unwrap());
        assert!((new_weight - old_weight).abs() < 0.15, "taught {new}, kept {old}");
    }
}

/// How families fare whose lines had no part in the weights, in ten lots.
fn left_out(all: &[Example]) {
    let lot =
        |family: &str| family.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 10;
    let mut told: Vec<(f64, &Example)> = Vec::new();
    for out in 0..10 {
        let taught: Vec<&Example> = all.iter().filter(|e| lot(&e.family) != out || e.family == "clean").collect();
        let weights = Weights(weights(&taught, PULL));
        let asked = all.iter().filter(|e| lot(&e.family) == out && e.counts >= 1.0);
        told.extend(asked.map(|example| (weights.weigh(&example.signs), example)));
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
