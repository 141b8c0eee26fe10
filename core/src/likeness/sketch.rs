//! Samples of shingles: what two texts have in common, told by a few numbers of each.
//!
//! Of all shingles' hashes the smallest are kept (Broder 1997, "bottom k"): two texts draw the same shingles, so the share of
//! equal ones estimates what they share. 128 of them tell a share within some 4 points.

use crate::page::{counts, mix};

/// Hashes kept of a text.
const KEPT: usize = 128;
/// Hashes gathered before the largest are thrown away.
const GATHERED: usize = 4096;
/// Pairs kept of a title.
const PAIRS: usize = 64;
/// Hashes from which a share means something.
const ENOUGH: usize = 24;

/// How many letters and digits a text has, counted up to `most`.
pub(super) fn letters(text: &str, most: usize) -> usize {
    text.chars().filter(|c| counts(*c)).take(most).count()
}

/// The smallest hashes of the text's shingles of four letters, ascending, each once.
pub(super) fn sample(text: &str) -> Vec<u32> {
    let mut gathered: Vec<u32> = Vec::with_capacity(1024);
    let mut limit = u32::MAX;
    let mut shingle = [0u64; 4];
    for c in text.chars().filter(|c| counts(*c)) {
        shingle = [shingle[1], shingle[2], shingle[3], u64::from(u32::from(c))];
        if shingle[0] == 0 {
            continue;
        }
        let key = mix((shingle[0] << 42) ^ (shingle[1] << 21) ^ shingle[2]) ^ shingle[3];
        let hash = (mix(key) >> 32) as u32;
        if hash < limit {
            gathered.push(hash);
            if gathered.len() == GATHERED {
                smallest(&mut gathered);
                limit = gathered.last().copied().filter(|_| gathered.len() == KEPT).unwrap_or(u32::MAX);
            }
        }
    }
    smallest(&mut gathered);
    gathered.shrink_to_fit();
    gathered
}

fn smallest(hashes: &mut Vec<u32>) {
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(KEPT);
}

/// Hashes of the title's pairs of neighbours, ascending, each once.
pub(super) fn pairs(title: &str) -> Vec<u32> {
    let letters: Vec<char> =
        title.chars().filter(|c| counts(*c)).flat_map(char::to_lowercase).take(PAIRS + 1).collect();
    let pair = |two: &[char]| (mix((u64::from(u32::from(two[0])) << 32) | u64::from(u32::from(two[1]))) >> 32) as u32;
    let mut pairs: Vec<u32> = letters.windows(2).map(pair).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// How much of the text behind `ours` the text behind `theirs` repeats, 0 to 1; none where the samples are too small to tell.
pub(super) fn repeated(ours: &[u32], theirs: &[u32]) -> Option<f64> {
    // A full sample says nothing of hashes above its largest.
    let reach = theirs.last().copied().filter(|_| theirs.len() >= KEPT).unwrap_or(u32::MAX);
    let comparable = &ours[..ours.partition_point(|hash| *hash <= reach)];
    if comparable.len() < ENOUGH {
        return None;
    }
    Some(common(comparable, theirs) as f64 / comparable.len() as f64)
}

/// What two sets have in common beside all that they have, 0 to 1.
pub(super) fn alike(a: &[u32], b: &[u32]) -> f64 {
    let both = common(a, b);
    both as f64 / (a.len() + b.len() - both).max(1) as f64
}

fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().filter(|hash| b.binary_search(hash).is_ok()).count()
}
