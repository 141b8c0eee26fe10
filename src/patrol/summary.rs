//! What a round tells at its end: CONTRACT.md's summary line.

use serde::Serialize;

/// The last line of `patrol --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Always `summary`.
    pub event: &'static str,
    /// The round's number.
    pub round: u64,
    /// It was stopped before its end.
    pub cut_off: bool,
    /// Why it was cut off, in Chinese, where that was not a signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What was asked of each source.
    pub sources: Vec<SourceLine>,
    /// URLs added to the frontier.
    pub candidates: u64,
    /// Page fetches.
    pub fetched: u64,
    /// URLs known and not looked at.
    pub not_looked_at: u64,
    /// Hits found for the first time.
    pub hits_new: u64,
    /// Hits of earlier rounds found again.
    pub hits_again: u64,
    /// New hits of this round by verdict: fake_site, seller, suspicious.
    pub hits_by_kind: std::collections::BTreeMap<String, u64>,
    /// Open cases.
    pub cases_open: u64,
    /// Today's digests.
    pub digests: Vec<DigestLine>,
}

/// One source in the summary; `asked` is the sum of the outcomes.
#[derive(Debug, Clone, Serialize)]
pub struct SourceLine {
    /// Its name.
    pub source: String,
    /// Search requests.
    pub asked: u64,
    /// Answered.
    pub ok: u64,
    /// The engine says there is none.
    pub zero: u64,
    /// Walled.
    pub blocked: u64,
    /// Partly silent, or beside the point.
    pub degraded: u64,
    /// No readable answer.
    pub broken: u64,
    /// No whole answer in time.
    pub timeout: u64,
    /// The last reason, in Chinese.
    pub why: String,
}

/// One digest in the summary.
#[derive(Debug, Clone, Serialize)]
pub struct DigestLine {
    /// The contact.
    pub contact: String,
    /// The address.
    pub email: String,
    /// queued, sent, temporary, permanent, unknown.
    pub state: String,
    /// The .eml, relative to DATA.
    pub file: String,
}
