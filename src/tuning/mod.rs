//! What a change of the rules does, shown before it counts.
//!
//! [`clean`] holds a rule set against pages of innocents, [`standing`] tells what each rule has done so far, [`doubts`] which of
//! the unit's own rules count without having earned it. Nothing here decides what a page is (the core does) and nothing writes a rule file: a person does. Start at [`clean::test()`].

pub mod backtest;
pub mod clean;
pub mod doubts;
pub mod past;
pub mod renewal;
pub mod standing;
pub mod suggest;
