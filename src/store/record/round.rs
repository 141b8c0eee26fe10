//! Records of a round: the round itself, what its sources were asked, what it did not look at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, Table, time};

/// One patrol round. A round that was cut off goes on under the same id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its number, from 1; 0 asks the store for the next one.
    pub id: u64,
    /// When its first part began.
    #[serde(with = "time")]
    pub started: Timestamp,
    /// When it ended; none while it runs or waits to be gone on with.
    #[serde(with = "time::option")]
    pub finished: Option<Timestamp>,
    /// The hash of the rule set it runs under.
    pub rules: String,
    /// The practice day, where it is practice.
    pub day: Option<u32>,
    /// Pages from this number on belong to this round or a later one.
    pub first_page: u64,
    /// Whether its last part was cut off.
    pub cut_off: bool,
    /// The cap on page fetches, where one was set.
    pub max_pages: Option<u64>,
    /// The sources it asks.
    pub sources: Vec<String>,
    /// The seed files it reads.
    pub seeds: Vec<String>,
    /// Whether its seeds and due looks are all in the frontier.
    #[serde(default)]
    pub prepared: bool,
    /// How many times it was begun or gone on with.
    pub parts: u32,
    /// URLs that it added to the frontier. Kept by the store with the additions; what a caller puts here is not stored.
    #[serde(skip)]
    pub candidates: u64,
}

impl Record for Round {
    const TABLE: Table = Table::Rounds;
}

/// One search request, written down before it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The round.
    pub round: u64,
    /// Its number within the round.
    pub n: u64,
    /// The source asked.
    pub source: String,
    /// The query as sent.
    pub query: String,
    /// The query's id in the rules.
    pub query_id: String,
    /// Which page of results.
    pub page: u32,
    /// When it was written down.
    #[serde(with = "time")]
    pub begun: Timestamp,
    /// ok, zero, blocked, degraded, broken, timeout; none while it is under way, or since it was cut off.
    pub outcome: Option<String>,
    /// Why, in Chinese.
    pub why: String,
    /// What follows from its end: more, done, retry, cut-off; empty while it is under way.
    #[serde(default)]
    pub next: String,
    /// How many results it gave.
    pub hits: u32,
}

impl Record for Ask {
    const TABLE: Table = Table::Asks;
}

/// A URL that a round knew and did not look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotLooked {
    /// The round.
    pub round: u64,
    /// The URL's fingerprint, which makes listing it twice the same as once; filled in by the store.
    pub n: u64,
    /// The URL.
    pub url: String,
    /// Why, in Chinese.
    pub why: String,
}

impl Record for NotLooked {
    const TABLE: Table = Table::NotLooked;
}
