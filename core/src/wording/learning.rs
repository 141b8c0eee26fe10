//! From labelled pages to weights: logistic regression, regularised, over which signs and pairs a page has at all. A gram that by
//! itself tells the guilty from others is let off lightly by the regularisation, one that tells nothing is held down (Wang & Manning,
//! Baselines and Bigrams, ACL 2012): at equal finds that accuses half as many innocents (docs/DETECTION.md).
//!
//! Deterministic: the same pages in the same order give the same table, to the last digit that is written. What a page is called
//! comes from people; nothing here decides it. Start at [`learn`].

use std::collections::{BTreeMap, BTreeSet};

use crate::text::fold;

use super::gram::{self, Gram};
use super::vocabulary::Vocabulary;
use super::{Circumstances, Manner, circumstances, each, fullness, sheet};

/// A page somebody has called guilty or not.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// What of it is weighed.
    pub passages: Vec<Passage>,
    /// A seller's page, or a fake.
    pub guilty: bool,
}

/// What is weighed as one.
#[derive(Debug, Clone)]
pub struct Passage {
    /// One or more folded texts that are read as one.
    pub texts: Vec<String>,
    /// What the page shows beside, where that counts.
    pub page: Option<Circumstances>,
}

impl Passage {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
}

/// What was learned: decibans of a passage without any known gram, and of each gram.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Whose manner.
    pub manner: Manner,
    /// Pages that had a passage to be weighed, guilty ones and others.
    pub pages: (usize, usize),
    /// What a passage has before anything is found in it.
    pub base: f64,
    /// Signs of a passage from which base and bounds count in full.
    pub full: f64,
    /// Signs of a passage in which a gram counts as it is written: in a shorter one it counts for more, in a longer one for less, since
    /// of many signs more speak for or against by chance. Where there is none it counts the same in all.
    pub even: Option<f64>,
    /// The words that texts are cut into, ascending.
    pub vocabulary: Vec<String>,
    /// By points, in tenths of a deciban, the grams worth so much, as the table's file calls them; in order.
    pub weights: BTreeMap<i32, Vec<String>>,
}

/// Weights are written in steps of this many decibans.
pub(super) const STEP: f64 = 0.1;
/// Decibans below which a gram is not written: half of all are worth so little, and without them the table is half as long and judges as well.
const SIGNS_WORTH: f64 = 0.4;
/// The same for words, and for what stands outside of quotations, of which there are more.
const WORDS_WORTH: f64 = 1.0;
/// A gram must stand on so many pages to be learned.
const PAGES: usize = 3;
/// Weight of the pages against the wish for small weights: the inverse of the regularisation.
const TRUST: f64 = 0.3;
/// Pages that every gram is taken to have stood on beforehand, guilty and not.
const PRIOR: f64 = 1.0;
/// The heaviest that a table may hold.
const HEAVIEST: i32 = (sheet::HEAVIEST / STEP) as i32;

/// How a table is made of what was learned: chosen so that wording and rules together accuse few hard innocents of families that were
/// held out (docs/DETECTION.md).
struct Tuning {
    /// How much louder the wording speaks than its own odds say.
    loudness: f64,
    /// What is added to it, in decibans.
    lean: f64,
    /// See [`Learned::full`].
    full: f64,
    /// See [`Learned::even`].
    even: Option<f64>,
}

fn tuning(manner: Manner) -> Tuning {
    match manner {
        Manner::Offer => Tuning { loudness: 10.0, lean: -6.0, full: 20.0, even: Some(120.0) },
        Manner::Fake => Tuning { loudness: 2.5, lean: 0.0, full: 40.0, even: None },
    }
}

/// Times the guilty passages are chosen anew, the loudest of each page.
const CHOICES: usize = 3;
const STEPS: usize = 200;
/// Pairs of steps that the search for the minimum remembers.
const MEMORY: usize = 10;

/// One passage: its grams by number, ascending, how much each counts, and how much of the base it has.
struct Row {
    grams: Vec<u32>,
    each: f64,
    fullness: f64,
}

/// One passage's grams before they have numbers, how much each counts, and how much of the base it has.
type Grams = (Vec<Gram>, f64, f64);

/// Learns from labelled pages. Pages without a passage teach nothing.
///
/// Learned twice: most words that stand out of a text tell nothing about the manner, and a text is cut faster by those alone that do.
pub fn learn(manner: Manner, pages: &[Labelled]) -> Learned {
    let every = Vocabulary::learn(pages.iter().map(|page| page.passages.iter().flat_map(Passage::texts).collect()));
    let (_, telling) = learn_with(manner, pages, &every);
    learn_with(manner, pages, &Vocabulary::of(telling)).0
}

/// The same with these words, and which of them tell something.
fn learn_with(manner: Manner, pages: &[Labelled], vocabulary: &Vocabulary) -> (Learned, BTreeSet<String>) {
    let tuning = tuning(manner);
    let mut numbers: BTreeMap<Gram, (usize, usize)> = BTreeMap::new();
    let pages: Vec<(bool, Vec<Grams>)> = pages
        .iter()
        .map(|page| {
            let rows = page.passages.iter().map(|passage| {
                let (mut all, signs) = gram::all(&passage.texts().collect::<Vec<_>>(), vocabulary);
                let fullness = fullness(signs, tuning.full);
                all.extend(passage.page.iter().flat_map(|page| page.of(signs)).map(circumstances::gram));
                all.sort_unstable();
                all.dedup();
                (all, each(signs, tuning.even), fullness)
            });
            (page.guilty, rows.collect::<Vec<_>>())
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    for (_, rows) in &pages {
        let mut all: Vec<Gram> = rows.iter().flat_map(|(grams, ..)| grams).copied().collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().for_each(|gram| numbers.entry(gram).or_default().0 += 1);
    }
    numbers.retain(|_, (pages, _)| *pages >= PAGES);
    numbers.values_mut().enumerate().for_each(|(number, (_, own))| *own = number);
    let known: Vec<(bool, Vec<Row>)> = pages
        .iter()
        .map(|(guilty, rows)| {
            let row = |(grams, each, fullness): &Grams| Row {
                grams: grams.iter().filter_map(|g| numbers.get(g)).map(|(_, n)| *n as u32).collect(),
                each: *each,
                fullness: *fullness,
            };
            (*guilty, rows.iter().map(row).collect())
        })
        .collect();
    let model = fit(&known, &telling(&known, numbers.len()));
    let scale = tuning.loudness * 10.0 / std::f64::consts::LN_10;
    let mut weights: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    let mut words = BTreeSet::new();
    for (gram, (_, number)) in &numbers {
        let steps = ((model[*number] * scale / STEP).round() as i32).clamp(-HEAVIEST, HEAVIEST);
        // A pair that would fold to something else by itself could not be told from it in the file.
        let text = gram::text(*gram, vocabulary);
        let worth = if gram::is_of_signs(*gram) { SIGNS_WORTH } else { WORDS_WORTH };
        let tells = circumstances::number(*gram).is_some() || f64::from(steps).abs() * STEP >= worth;
        if steps != 0 && tells && fold(&text).as_str() == text {
            weights.entry(steps).or_default().push(gram::name(*gram, vocabulary));
            words.extend(gram::words_of(*gram, vocabulary));
        }
    }
    let guilty = known.iter().filter(|(guilty, _)| *guilty).count();
    let base = model[numbers.len()] * scale + tuning.lean;
    let base = (base / STEP).round() * STEP;
    let base = base.clamp(-sheet::BASE, sheet::BASE);
    let learned = Learned {
        manner,
        pages: (guilty, known.len() - guilty),
        base,
        full: tuning.full,
        even: tuning.even,
        vocabulary: vocabulary.words().to_vec(),
        weights,
    };
    (learned, words)
}

/// How much each gram by itself tells: how far apart its shares of the two kinds' grams lie, as a logarithm; their mean square is 1.
fn telling(pages: &[(bool, Vec<Row>)], grams: usize) -> Vec<f64> {
    let mut shares = [vec![PRIOR; grams], vec![PRIOR; grams]];
    for (guilty, passages) in pages {
        let share = 1.0 / passages.len() as f64;
        let own = &mut shares[usize::from(*guilty)];
        passages.iter().flat_map(|row| &row.grams).for_each(|gram| own[*gram as usize] += share);
    }
    let [others, guilty] = shares;
    let apart = (others.iter().sum::<f64>() / guilty.iter().sum::<f64>()).ln();
    let mut told: Vec<f64> = guilty.iter().zip(&others).map(|(g, o)| ((g / o).ln() + apart).abs()).collect();
    let mean = (told.iter().map(|t| t * t).sum::<f64>() / grams as f64).sqrt();
    // Where nothing tells anything, all is held down alike.
    told.iter_mut().for_each(|t| *t = if mean > 0.0 { *t / mean } else { 1.0 });
    told
}

/// Weights by gram, the base last. Every passage of an innocent page is innocent; of a guilty page only the loudest is guilty. What is
/// searched and held small is a gram's weight by how much it `tells`.
fn fit(pages: &[(bool, Vec<Row>)], tells: &[f64]) -> Vec<f64> {
    let grams = tells.len();
    let mut model = vec![0.0; grams + 1];
    for choice in 0..CHOICES {
        let mut rows: Vec<(&Row, f64)> = Vec::new();
        for (guilty, passages) in pages {
            if !guilty {
                // A long page is one page.
                let share = 1.0 / passages.len() as f64;
                rows.extend(passages.iter().map(|row| (row, -share)));
            } else if choice == 0 {
                let share = 1.0 / passages.len() as f64;
                rows.extend(passages.iter().map(|row| (row, share)));
            } else {
                let logit = |row| logit(&model, tells, row);
                let loudest = passages.iter().max_by(|a, b| logit(a).total_cmp(&logit(b)));
                rows.extend(loudest.map(|row| (row, 1.0)));
            }
        }
        minimise(&mut model, |model, slope| {
            slope.copy_from_slice(model);
            slope[grams] = 0.0;
            let mut cost = 0.5 * model[..grams].iter().map(|w| w * w).sum::<f64>();
            for (row, label) in &rows {
                let (sign, share) = (label.signum(), TRUST * label.abs());
                let margin = sign * logit(model, tells, row);
                // ln(1 + e^-m), without overflow.
                cost += share * ((-margin.abs()).exp().ln_1p() + (-margin).max(0.0));
                let pull = -share * sign / (1.0 + margin.exp());
                row.grams.iter().for_each(|gram| slope[*gram as usize] += pull * row.each * tells[*gram as usize]);
                slope[grams] += pull * row.fullness;
            }
            cost
        });
    }
    model.iter_mut().zip(tells).for_each(|(weight, tells)| *weight *= tells);
    model
}

fn logit(model: &[f64], tells: &[f64], row: &Row) -> f64 {
    row.each * row.grams.iter().map(|gram| model[*gram as usize] * tells[*gram as usize]).sum::<f64>()
        + model[model.len() - 1] * row.fullness
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
