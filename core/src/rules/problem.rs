//! One mistake in a file that people write, told so that the person at the keyboard can mend it.
//!
//! Every reader of such files (rules, sources, query words, seed lists) gathers all mistakes of a file before it says a word,
//! so nobody mends them one a run. Must not print or decide anything.

/// A mistake: where it is, what is wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Stable name of the kind of mistake, `area.what`; never translated.
    pub code: &'static str,
    /// The file as the person named it.
    pub file: String,
    /// Line in the file, the first is 1; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong, in Chinese.
    pub say: String,
    /// What to do about it, in Chinese.
    pub advice: String,
}
