//! From labelled pages to weights: logistic regression, regularised, over which signs and pairs a page has at all.
//!
//! Deterministic: the same pages in the same order give the same table, to the last digit that is written. What a page is called
//! comes from people; nothing here decides it. Start at [`learn`].

use std::collections::BTreeMap;

use crate::text::fold;

use super::{Gram, fullness, grams, stretches, word};

/// A page somebody has called a seller's or not.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// Its folded texts, each with the places where it speaks of the trade, in bytes, ascending.
    pub texts: Vec<(String, Vec<usize>)>,
    /// A seller's page.
    pub seller: bool,
}

/// What was learned: decibans of a stretch without any known gram, and of each gram.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Pages that had a place to be weighed at, sellers' and others'.
    pub pages: (usize, usize),
    /// What a stretch has before anything is found in it.
    pub base: f64,
    /// By points, in tenths of a deciban, the words worth so much; the words in order.
    pub weights: BTreeMap<i32, Vec<String>>,
}

/// Weights are written in steps of this many decibans.
pub(super) const STEP: f64 = 0.1;
/// A gram must stand on so many pages to be learned.
const PAGES: usize = 3;
/// Weight of the pages against the wish for small weights: the inverse of the regularisation.
const TRUST: f64 = 0.3;
/// How much louder the wording speaks than its own odds say, and what is added to it: chosen so that wording and rules together accuse
/// one or two in a hundred hard innocents of families that were held out (docs/DETECTION.md).
const LOUDNESS: f64 = 5.0;
const LEAN: f64 = -3.0;
/// Times the sellers' stretches are chosen anew, the loudest of each page.
const CHOICES: usize = 3;
const STEPS: usize = 200;
/// Pairs of steps that the search for the minimum remembers.
const MEMORY: usize = 10;

/// One stretch: its grams by number, ascending, and how much of the base it has.
struct Row {
    grams: Vec<u32>,
    fullness: f64,
}

/// One stretch before its grams have numbers, and how much of the base it has.
type Passage = (Vec<Gram>, f64);

/// Learns from labelled pages. Pages without a place to be weighed at teach nothing.
pub fn learn(pages: &[Labelled]) -> Learned {
    let mut numbers: BTreeMap<Gram, (usize, usize)> = BTreeMap::new();
    let pages: Vec<(bool, Vec<Passage>)> = pages
        .iter()
        .map(|page| {
            let rows = page.texts.iter().flat_map(|(text, places)| {
                stretches(text, places).into_iter().map(move |at| {
                    let mut all = grams(&text[at]);
                    // Every sign ends one pair.
                    let fullness = fullness(all.iter().filter(|gram| *gram >> 32 != 0).count());
                    all.sort_unstable();
                    all.dedup();
                    (all, fullness)
                })
            });
            (page.seller, rows.collect::<Vec<_>>())
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    for (_, rows) in &pages {
        let mut all: Vec<Gram> = rows.iter().flat_map(|(grams, _)| grams).copied().collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().for_each(|gram| numbers.entry(gram).or_default().0 += 1);
    }
    numbers.retain(|_, (pages, _)| *pages >= PAGES);
    numbers.values_mut().enumerate().for_each(|(number, (_, own))| *own = number);
    let known: Vec<(bool, Vec<Row>)> = pages
        .iter()
        .map(|(seller, rows)| {
            let row = |(grams, fullness): &Passage| Row {
                grams: grams.iter().filter_map(|g| numbers.get(g)).map(|(_, n)| *n as u32).collect(),
                fullness: *fullness,
            };
            (*seller, rows.iter().map(row).collect())
        })
        .collect();
    let model = fit(&known, numbers.len());
    let scale = LOUDNESS * 10.0 / std::f64::consts::LN_10;
    let mut weights: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for (gram, (_, number)) in &numbers {
        let steps = (model[*number] * scale / STEP).round() as i32;
        // A pair that would fold to something else by itself could not be told from it in the file.
        let word = word(*gram);
        if steps != 0 && fold(&word).as_str() == word {
            weights.entry(steps).or_default().push(word);
        }
    }
    let sellers = known.iter().filter(|(seller, _)| *seller).count();
    let base = ((model[numbers.len()] * scale + LEAN) * 10.0).round() / 10.0;
    Learned { pages: (sellers, known.len() - sellers), base, weights }
}

/// Weights by gram, the base last. Every stretch of an innocent's page is innocent; of a seller's page only the loudest offers.
fn fit(pages: &[(bool, Vec<Row>)], grams: usize) -> Vec<f64> {
    let mut model = vec![0.0; grams + 1];
    for choice in 0..CHOICES {
        let mut rows: Vec<(&Row, f64)> = Vec::new();
        for (seller, stretches) in pages {
            if !seller {
                // A long page is one page.
                let share = 1.0 / stretches.len() as f64;
                rows.extend(stretches.iter().map(|row| (row, -share)));
            } else if choice == 0 {
                let share = 1.0 / stretches.len() as f64;
                rows.extend(stretches.iter().map(|row| (row, share)));
            } else {
                let loudest = stretches.iter().max_by(|a, b| logit(&model, a).total_cmp(&logit(&model, b)));
                rows.extend(loudest.map(|row| (row, 1.0)));
            }
        }
        minimise(&mut model, |model, slope| {
            slope.copy_from_slice(model);
            slope[grams] = 0.0;
            let mut cost = 0.5 * model[..grams].iter().map(|w| w * w).sum::<f64>();
            for (row, label) in &rows {
                let (sign, share) = (label.signum(), TRUST * label.abs());
                let margin = sign * logit(model, row);
                // ln(1 + e^-m), without overflow.
                cost += share * ((-margin.abs()).exp().ln_1p() + (-margin).max(0.0));
                let pull = -share * sign / (1.0 + margin.exp());
                row.grams.iter().for_each(|gram| slope[*gram as usize] += pull);
                slope[grams] += pull * row.fullness;
            }
            cost
        });
    }
    model
}

fn logit(model: &[f64], row: &Row) -> f64 {
    row.grams.iter().map(|gram| model[*gram as usize]).sum::<f64>() + model[model.len() - 1] * row.fullness
}

/// Limited-memory BFGS with a step that is halved until it descends (Nocedal & Wright, Numerical Optimization, 2nd ed., alg. 7.4, 7.5).
fn minimise(point: &mut Vec<f64>, mut cost_and_slope: impl FnMut(&[f64], &mut [f64]) -> f64) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut slope = vec![0.0; point.len()];
    let mut cost = cost_and_slope(point, &mut slope);
    let mut memory: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..STEPS {
        let mut direction: Vec<f64> = slope.iter().map(|s| -s).collect();
        let mut shares = Vec::with_capacity(memory.len());
        for (moved, turned, curve) in memory.iter().rev() {
            let share = dot(moved, &direction) / curve;
            direction.iter_mut().zip(turned).for_each(|(d, t)| *d -= share * t);
            shares.push(share);
        }
        if let Some((_, turned, curve)) = memory.last() {
            let scale = curve / dot(turned, turned);
            direction.iter_mut().for_each(|d| *d *= scale);
        }
        for ((moved, turned, curve), share) in memory.iter().zip(shares.into_iter().rev()) {
            let back = dot(turned, &direction) / curve;
            direction.iter_mut().zip(moved).for_each(|(d, m)| *d += (share - back) * m);
        }
        let descent = dot(&slope, &direction);
        if descent > -1e-9 {
            return;
        }
        let mut step = if memory.is_empty() { 1.0 / dot(&slope, &slope).sqrt().max(1.0) } else { 1.0 };
        let mut next_slope = vec![0.0; point.len()];
        let (next, next_cost) = loop {
            let next: Vec<f64> = point.iter().zip(&direction).map(|(p, d)| p + step * d).collect();
            let next_cost = cost_and_slope(&next, &mut next_slope);
            if next_cost <= cost + 1e-4 * step * descent {
                break (next, next_cost);
            }
            step *= 0.5;
            if step < 1e-12 {
                return;
            }
        };
        let moved: Vec<f64> = next.iter().zip(point.iter()).map(|(n, p)| n - p).collect();
        let turned: Vec<f64> = next_slope.iter().zip(&slope).map(|(n, s)| n - s).collect();
        let curve = dot(&moved, &turned);
        if curve > 1e-12 {
            if memory.len() == MEMORY {
                memory.remove(0);
            }
            memory.push((moved, turned, curve));
        }
        let done = (cost - next_cost) <= 1e-9 * cost.abs().max(1.0);
        (*point, slope, cost) = (next, next_slope, next_cost);
        if done {
            return;
        }
    }
}
