//! The tables of the store and how their keys are spelt.
//!
//! Keys sort as bytes, so numbers are big-endian and of fixed width; text in a key stands last or has a fixed-size digest in
//! its place. A table's name on disk never changes. Start at [`Table`].

use sha2::{Digest as _, Sha256};

/// One sled tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Table {
    /// Schema version, fingerprint keys, next ids.
    Meta,
    /// (what, round) → a count.
    Counters,
    /// round → Round.
    Rounds,
    /// (round, n) → Ask.
    Asks,
    /// (round, fingerprint of the URL) → NotLooked.
    NotLooked,
    /// seq → Page.
    Pages,
    /// (seq, 0) → the place of an extract; of older ones (seq, chunk) → deflated bytes.
    Extracts,
    /// id → Hit.
    Hits,
    /// digest of the final URL → hit id.
    HitUrls,
    /// id → Case.
    Cases,
    /// (case, hit) → nothing.
    CaseHits,
    /// digest of a target or contact → case id.
    Targets,
    /// (case, n) → CaseNote.
    CaseNotes,
    /// digest id (starts with its day) → Digest.
    Digests,
    /// (digest id, chunk) → DigestRows.
    DigestRows,
    /// (case / 16, digest id) → which of the sixteen it told.
    CaseDigests,
    /// host → HostFacts.
    Hosts,
    /// host → body of its robots.txt.
    Robots,
    /// hit → Label.
    Labels,
    /// seq → AuditRow.
    Audit,
    /// (host number, lane, block) → URLs of the frontier.
    Blocks,
    /// (host number, lane, block) → which of them are done.
    Done,
    /// digest of host and URL → Baseline.
    Baselines,
    /// (quarter, its sixteen bits, hit) → simhash of the hit's text.
    HitTexts,
    /// n → places of extracts that the last set took away, until their room was given back.
    Freed,
}

impl Table {
    /// All of them, in the order of their discriminants.
    pub(super) const ALL: [Self; 25] = [
        Self::Meta,
        Self::Counters,
        Self::Rounds,
        Self::Asks,
        Self::NotLooked,
        Self::Pages,
        Self::Extracts,
        Self::Hits,
        Self::HitUrls,
        Self::Cases,
        Self::CaseHits,
        Self::Targets,
        Self::CaseNotes,
        Self::Digests,
        Self::DigestRows,
        Self::CaseDigests,
        Self::Hosts,
        Self::Robots,
        Self::Labels,
        Self::Audit,
        Self::Blocks,
        Self::Done,
        Self::Baselines,
        Self::HitTexts,
        Self::Freed,
    ];

    /// The tree's name on disk.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Counters => "counters",
            Self::Rounds => "rounds",
            Self::Asks => "asks",
            Self::NotLooked => "not_looked",
            Self::Pages => "pages",
            Self::Extracts => "extracts",
            Self::Hits => "hits",
            Self::HitUrls => "hit_urls",
            Self::Cases => "cases",
            Self::CaseHits => "case_hits",
            Self::Targets => "targets",
            Self::CaseNotes => "case_notes",
            Self::Digests => "digests",
            Self::DigestRows => "digest_rows",
            Self::CaseDigests => "case_digests",
            Self::Hosts => "hosts",
            Self::Robots => "robots",
            Self::Labels => "labels",
            Self::Audit => "audit",
            Self::Blocks => "frontier_blocks",
            Self::Done => "frontier_done",
            Self::Baselines => "baselines",
            Self::HitTexts => "hit_texts",
            Self::Freed => "freed",
        }
    }
}

/// A key of one number.
pub(super) fn id_key(id: u64) -> [u8; 8] {
    id.to_be_bytes()
}

/// A key of two numbers, the first the coarser.
pub(super) fn pair_key(a: u64, b: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&a.to_be_bytes());
    key[8..].copy_from_slice(&b.to_be_bytes());
    key
}

/// A key of a number and a text.
pub(super) fn text_key(a: u64, text: &str) -> Vec<u8> {
    [&a.to_be_bytes()[..], text.as_bytes()].concat()
}

/// A key of fixed width for a text of any length.
pub(super) fn digest_key(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The number that a value or a part of a key holds; 0 for anything that is not eight bytes.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_stands_at_its_own_number_under_its_own_name() {
        let names: std::collections::BTreeSet<_> = Table::ALL.iter().map(|t| t.name()).collect();
        assert_eq!(names.len(), Table::ALL.len());
        for (at, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, at);
        }
    }

    #[test]
    fn keys_sort_as_their_numbers_do() {
        assert!(pair_key(1, u64::MAX) < pair_key(2, 0));
        assert!(id_key(255) < id_key(256));
        assert!(text_key(1, "z") < text_key(2, "a"));
        assert_eq!(number(&id_key(77)), 77);
    }
}
