//! Rule files, as officers write them, to a checked [`RuleSet`] that judges pages.
//!
//! [`RuleSet::compile`] reads every file, reports every mistake at once, and builds one automaton over all phrases. After that
//! nothing can fail: a rule set is immutable and shared. What pages are judged by is in the files; this module knows how a
//! condition works, never which words are guilty. [`rule`] is the format, [`Fact`] names what a page can be found to be,
//! [`crate::verdict`] weighs. Start at [`RuleSet`].

mod certificate;
mod compile;
pub mod contrast;
mod fact;
pub(crate) mod gap;
mod named;
pub mod problem;
mod proof;
pub mod refit;
mod routing;
pub mod rule;
mod scanner;
mod scanner_table;
pub mod sheet;
pub mod syntax;
pub(crate) mod tally;
pub(crate) mod uses;
mod words;

pub use certificate::Certificate;
pub(crate) use compile::{Compiled, Wanted};
pub use compile::{RuleSet, Use};
pub use fact::{Fact, FactSet};
pub use problem::Problem;
pub use routing::Routing;
pub use words::Lists;
