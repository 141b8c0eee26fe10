//! Records of what is known of a host, and of who decided what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{KeptPicture, Record, Table, time};

/// What earlier fetches taught about a host.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HostFacts {
    /// The host key.
    pub host: String,
    /// When robots.txt was last fetched.
    #[serde(with = "time::option")]
    pub robots_fetched: Option<Timestamp>,
    /// How that went: a status, or a word such as unreachable. The body is kept beside this record.
    pub robots: String,
    /// Failures in a row.
    pub fails: u32,
    /// When it last answered.
    #[serde(with = "time::option")]
    pub last_ok: Option<Timestamp>,
    /// It asked not to be asked before.
    #[serde(with = "time::option")]
    pub not_before: Option<Timestamp>,
    /// Its crawl-delay.
    pub delay_ms: Option<u64>,
    /// By its crawl-delay it is not to be asked before, where that is longer than the unit's own interval.
    #[serde(with = "time::option", default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Timestamp>,
    /// How it stood at the end of the last round that asked it for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<HostRound>,
    /// What it answers for an address that nobody ever made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_up: Option<MadeUp>,
    /// How its icon and the pictures of its pages look: each is fetched once, and many of its pages may show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<KeptPicture>,
}

/// What one round asked of a host, and why it asked no more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostRound {
    /// The round.
    pub round: u64,
    /// Pages begun.
    pub pages: u32,
    /// Bytes of bodies, as they came over the wire.
    pub bytes: u64,
    /// How long connections were the host's, in milliseconds.
    pub spent_ms: u64,
    /// From the end of a fetch to the start of the next one, as it was last, in milliseconds.
    pub interval_ms: u64,
    /// Whether that was longer because the answers had become slow.
    pub slowed: bool,
    /// What kept its URLs waiting: a short word, or nothing.
    pub hold: String,
    /// The same, as people are told it.
    pub why: String,
}

/// A host's answer for a made-up address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeUp {
    /// When it was asked.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// The status.
    pub status: u16,
    /// The page, where one came.
    pub text: Option<PageText>,
}

/// Two numbers of a page's text by which it is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageText {
    /// Hash of its letters.
    pub letters: u64,
    /// Its simhash, where the text is long enough for one.
    pub number: Option<u64>,
}

impl Record for HostFacts {
    const TABLE: Table = Table::Hosts;
}

/// One link of the audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its number, from 1 without a gap.
    pub seq: u64,
    /// When.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// Who.
    pub actor: String,
    /// Did what.
    pub action: String,
    /// To what.
    pub subject: String,
    /// SHA-256 of the payload, in hexadecimal; the payload itself may be forgotten.
    pub digest: String,
    /// The hash of the row before; of the first one, 64 zeros.
    pub prev: String,
    /// SHA-256 over all of the above.
    pub hash: String,
}

impl Record for AuditRow {
    const TABLE: Table = Table::Audit;
}
