//! Weighs what speaks for and against a reading of a word: a sum of learned weights, one for each sign that is there.
//!
//! A cue alone decides little where people write as they like; many small signs together decide. The weights stand in a table that
//! people can read beside the module that looks for the signs, and are learned anew from lines that were looked at, by that
//! module's own test. Start at [`Weights`].

/// The weight of each sign, in its order.
#[derive(Debug)]
pub(crate) struct Weights(pub(crate) Vec<f64>);

impl Weights {
    /// Reads a table of lines `sign weight`; one that has other signs than `names`, or others' order, is a mistake of ours.
    pub(crate) fn read(table: &str, names: &[&str]) -> Self {
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let weights = names.iter().map(|name| {
            let line = lines.next().and_then(|line| line.split_once(' '));
            line.filter(|(sign, _)| sign == name).and_then(|(_, weight)| weight.trim().parse().ok()).unwrap_or(0.0)
        });
        Self(weights.collect())
    }

    /// Above zero: the signs speak for it.
    pub(crate) fn weigh(&self, signs: &[bool]) -> f64 {
        self.0.iter().zip(signs).filter(|(_, there)| **there).map(|(weight, _)| weight).sum()
    }
}

#[cfg(test)]
#[path = "learn_tests.rs"]
pub(crate) mod learn;
