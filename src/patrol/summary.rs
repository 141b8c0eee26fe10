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
    /// Why the digests could not be made or sent, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_error: Option<String>,
    /// In practice: how what was found compares with what is true, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<String>,
}

impl Summary {
    /// The summary of two rounds of one day: this one's, with what the earlier one did added.
    pub fn after(mut self, before: Summary) -> Summary {
        for (line, earlier) in before.sources.into_iter().map(|l| (l.source.clone(), l)) {
            match self.sources.iter_mut().find(|l| l.source == line) {
                Some(line) => line.add(&earlier),
                None => self.sources.push(earlier),
            }
        }
        for (kind, count) in before.hits_by_kind {
            *self.hits_by_kind.entry(kind).or_default() += count;
        }
        self.candidates += before.candidates;
        self.fetched += before.fetched;
        self.not_looked_at = self.not_looked_at.max(before.not_looked_at);
        self.hits_new += before.hits_new;
        self.hits_again = self.hits_again.max(before.hits_again);
        self
    }
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

impl SourceLine {
    /// A source that was not asked yet.
    pub fn none(source: String) -> Self {
        Self { source, asked: 0, ok: 0, zero: 0, blocked: 0, degraded: 0, broken: 0, timeout: 0, why: String::new() }
    }

    /// Counts one ask by its outcome's name.
    pub fn count(&mut self, outcome: &str) {
        self.asked += 1;
        *match outcome {
            "ok" => &mut self.ok,
            "zero" => &mut self.zero,
            "blocked" => &mut self.blocked,
            "degraded" => &mut self.degraded,
            "timeout" => &mut self.timeout,
            _ => &mut self.broken,
        } += 1;
    }

    fn add(&mut self, other: &SourceLine) {
        self.asked += other.asked;
        self.ok += other.ok;
        self.zero += other.zero;
        self.blocked += other.blocked;
        self.degraded += other.degraded;
        self.broken += other.broken;
        self.timeout += other.timeout;
        if self.why.is_empty() {
            self.why.clone_from(&other.why);
        }
    }
}
