//! Records of a target: the case and the notes on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CaseState, Record, Table, time};

/// A target, followed over all its sightings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its number; 0 asks the store for the next one.
    pub id: u64,
    /// fake_site or seller.
    pub kind: String,
    /// The registrable host, or `phone:…`, `wechat:…`, `qq:…`.
    pub target: String,
    /// Where it stands.
    pub state: CaseState,
    /// The highest score of its hits.
    pub score: f64,
    /// The first of `routes`.
    pub route: String,
    /// The bodies that should act.
    pub routes: Vec<String>,
    /// Division codes.
    pub areas: Vec<String>,
    /// When its first hit was first seen.
    #[serde(with = "time")]
    pub first_seen: Timestamp,
    /// When one of its hits was last seen up.
    #[serde(with = "time")]
    pub last_seen: Timestamp,
    /// Whether it is 挂牌督办.
    pub supervised: bool,
    /// Who confirmed it.
    pub confirmed_by: Option<String>,
    /// When it was confirmed.
    #[serde(with = "time::option")]
    pub confirmed_at: Option<Timestamp>,
    /// Contacts by which later hits find it, spelt as targets are.
    pub contacts: Vec<String>,
    /// How many notes it has; kept by the store.
    pub notes: u64,
    /// The case that took over its hits.
    pub merged_into: Option<u64>,
    /// Where it stood when an officer set it aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside_from: Option<CaseState>,
    /// The rules that spoke when an officer called it a false alarm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<String>,
    /// Something new was found after that, and no officer has confirmed it: nobody else is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubted: bool,
}

impl Case {
    /// Everything that leads to this case.
    pub(in crate::store) fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.target.as_str()).chain(self.contacts.iter().map(String::as_str))
    }
}

impl Record for Case {
    const TABLE: Table = Table::Cases;
}

/// One note on a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseNote {
    /// The case.
    pub case: u64,
    /// Its number within the case, from 1; filled in by the store.
    pub n: u64,
    /// When it was written.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// By whom.
    pub actor: String,
    /// What it says.
    pub text: String,
}

impl Record for CaseNote {
    const TABLE: Table = Table::CaseNotes;
}
