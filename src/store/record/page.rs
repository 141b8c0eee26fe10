//! Records of a fetch: what was asked for and why, what came back, where the evidence lies.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, Rendering, Table, time};

words! {
    /// What a fetch was for.
    Kind {
        /// A page, counted by `--max-pages`.
        Page = "page",
        /// A picture to read QR codes from.
        Image = "image",
        /// Another look at what is known; never held back by the seen-set.
        Recheck = "recheck",
    }
}

/// Why a URL is a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A line of a seed list.
    Seed {
        /// The list.
        file: String,
        /// Its line, from 1.
        line: u32,
        /// What the line says of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
    },
    /// A result of a search.
    Source {
        /// The source.
        source: String,
        /// The query as sent.
        query: String,
        /// The page of results, from 1.
        page: u32,
        /// The place on it, from 1.
        rank: u32,
        /// The result's title.
        title: String,
        /// Whether it was a paid place.
        ad: bool,
    },
    /// A link on a page.
    Link {
        /// The page's seq.
        page: u64,
        /// The link's words.
        text: String,
    },
    /// Where a page redirected to.
    Redirect {
        /// The page's seq.
        page: u64,
    },
    /// A QR code in a picture on a page.
    Qr {
        /// The page's seq.
        page: u64,
        /// The picture's URL.
        image: String,
    },
    /// A picture on a page.
    Image {
        /// The page's seq.
        page: u64,
    },
    /// Where a page's refresh points to.
    Refresh {
        /// The page's seq.
        page: u64,
    },
    /// A frame of a page.
    Frame {
        /// The page's seq.
        page: u64,
    },
    /// Another look at a hit.
    Recheck {
        /// The hit.
        hit: u64,
    },
    /// A known page whose revisit date came.
    Revisit {
        /// The seq of its last fetch.
        page: u64,
    },
    /// Something that a person reported.
    Tip {
        /// The tip's number.
        tip: u64,
    },
    /// A contact, number or template shared with a case.
    Pivot {
        /// The case.
        case: u64,
        /// What is shared.
        what: String,
    },
    /// A new or look-alike name.
    Name {
        /// Where the name comes from: a CT log, the look-alike generator, an import.
        from: String,
    },
}

impl Via {
    /// The page whose own candidacy explains this one.
    pub fn page(&self) -> Option<u64> {
        match self {
            Self::Link { page, .. }
            | Self::Redirect { page }
            | Self::Qr { page, .. }
            | Self::Image { page }
            | Self::Refresh { page }
            | Self::Frame { page }
            | Self::Revisit { page } => Some(*page),
            Self::Seed { .. }
            | Self::Source { .. }
            | Self::Recheck { .. }
            | Self::Tip { .. }
            | Self::Pivot { .. }
            | Self::Name { .. } => None,
        }
    }
}

/// Where a body is kept, and what proves that it is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// SHA-256 of the body as stored, in hexadecimal.
    pub sha256: String,
    /// SM3 of the same, where it was taken.
    pub sm3: Option<String>,
    /// The WARC file, relative to DATA.
    pub warc: String,
    /// Where the record's gzip member starts.
    pub offset: u64,
    /// The member's length in bytes.
    pub length: u64,
    /// Bytes right before it that belong to it: the request's member.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub before: u64,
    /// Bytes right behind it that belong to it: the metadata's member.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// When the body came.
    #[serde(with = "time")]
    pub time: Timestamp,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What became of a fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer came.
    Fetched {
        /// The HTTP status.
        status: u16,
    },
    /// None came, or none that may be read.
    Failed {
        /// A stable word: timeout, dns, tls, guard, robots, …
        code: String,
        /// The same in Chinese, with the details.
        say: String,
    },
}

impl Outcome {
    /// A page came. A redirect to another host and what could not be had are none.
    pub fn is_page(&self) -> bool {
        matches!(self, Outcome::Fetched { status } if !matches!(status, 301 | 302 | 303 | 307 | 308))
    }
}

/// One fetch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Its number, from `Store::page_seq`.
    pub seq: u64,
    /// The round.
    pub round: u64,
    /// The canonical URL asked for.
    pub url: String,
    /// Where redirects ended.
    pub final_url: String,
    /// The host key of `url`.
    pub host: String,
    /// Why it was a candidate.
    pub via: Via,
    /// Steps from a seed or result.
    pub depth: u8,
    /// When the answer was complete, or given up.
    #[serde(with = "time")]
    pub fetched: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// Its evidence.
    pub capture: Option<Capture>,
    /// The verdict's word, where it was judged.
    pub verdict: Option<String>,
    /// The verdict's score.
    pub score: f64,
    /// The rule set's hash.
    pub rules: String,
    /// Whether an extract is kept under this seq.
    pub extract: bool,
    /// The charset it was read as.
    pub charset: String,
    /// What the fetch was for.
    pub kind: Kind,
    /// How a browser showed it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<Rendering>,
    /// Why no browser showed it, where one should have, in Chinese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrendered: Option<String>,
}

impl Record for Page {
    const TABLE: Table = Table::Pages;
}
