//! One round: discover, crawl, judge, keep, look again, and today's digests.
//!
//! [`run`] joins the steps; each of them lives where the map says. A round that was cut off goes on under its own number, and
//! its summary covers all its parts, because every count is read from what is kept. Nothing here opens a connection, knows
//! sled, or weighs a word. Start at `run`.

pub mod summary;

pub use summary::{DigestLine, SourceLine, Summary};

use std::path::PathBuf;

/// What a round is asked to do, beyond the settings.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Replaces `general.seeds`.
    pub seeds: Option<Vec<PathBuf>>,
    /// Only these sources, and these switched on.
    pub sources: Option<Vec<String>>,
    /// At most so many page fetches.
    pub max_pages: Option<u64>,
    /// Digests are neither made nor sent.
    pub no_mail: bool,
}
