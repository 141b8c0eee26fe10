//! Records of a mailed list: the job, and which cases it told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DigestState, Record, Table, time};

/// One list to one contact: composed once, its bytes in a file, its sending accounted for here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// `2026-03-02.<contact hash>.r0`: starts with the day, so digests sort by day.
    pub id: String,
    /// The day it is for, `2026-03-02`.
    pub day: String,
    /// The contact's unit and name.
    pub contact: String,
    /// The address.
    pub email: String,
    /// 0, then one more for each extra or corrected list of that day.
    pub revision: u32,
    /// How far it came.
    pub state: DigestState,
    /// Tries so far.
    pub attempts: u32,
    /// Times the same bytes were sent again after an unknown end.
    pub resends: u32,
    /// When to try next.
    #[serde(with = "time::option")]
    pub next_try: Option<Timestamp>,
    /// What the server said last.
    pub last_error: Option<String>,
    /// The Message-ID.
    pub message_id: String,
    /// The .eml, relative to DATA.
    pub file: String,
    /// SHA-256 of that file.
    pub sha256: String,
    /// When it was composed.
    #[serde(with = "time")]
    pub composed: Timestamp,
    /// When the server took it.
    #[serde(with = "time::option")]
    pub sent_at: Option<Timestamp>,
    /// How many rows it has.
    pub rows: u32,
    /// Whether it is one that `digest send --extra` made.
    pub extra: bool,
}

impl Record for Digest {
    const TABLE: Table = Table::Digests;
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestRow {
    /// The hit.
    pub hit: u64,
    /// Its case.
    pub case: u64,
    /// 新增, 仍在, 已消失, 复活, 看不到 or 更正.
    pub state: String,
    /// The URL as listed, where it is no longer the hit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Some rows of a list, as many as fit into one row of the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::store) struct DigestRows(pub Vec<DigestRow>);

impl Record for DigestRows {
    const TABLE: Table = Table::DigestRows;
}
