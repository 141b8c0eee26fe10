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
        /// The seq of its last fetch, of a seed that is visited again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<u64>,
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
    /// A page came. A redirect to another host, "not modified" and what could not be had are none.
    pub fn is_page(&self) -> bool {
        matches!(self, Outcome::Fetched { status } if !matches!(status, 301 | 302 | 303 | 304 | 307 | 308))
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
    /// All looks at the address, where it was looked at as somebody else too; `capture` and the verdict are those of one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<Look>,
    /// From whom the page is hidden, by `jianzheng_core::cloaking::Cloak::name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cloaks: Vec<String>,
    /// What the server calls this copy of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyTags>,
    /// The server said that the page has not changed since then: no body came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<Unchanged>,
    /// What else the look told, in Chinese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Page {
    /// Whether somebody else was shown what this record tells, and who (`jianzheng_core::cloaking::Guest::as_code`).
    pub fn seen_as(&self) -> Option<&Look> {
        let best = self.looks.iter().find(|look| look.capture.is_some() && look.capture == self.capture);
        best.filter(|look| look.guest != NAMED)
    }
}

/// The code of the patrol's own name among guests.
const NAMED: &str = "named";

/// One of several looks at an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// As whom: `jianzheng_core::cloaking::Guest::as_code`.
    pub guest: String,
    /// Why there was more than one look, in Chinese; told once, with the first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What was shown, in Chinese.
    pub say: String,
    /// Where redirects ended.
    pub final_url: String,
    /// Its verdict, where a page came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// That verdict's score.
    #[serde(default)]
    pub score: f64,
    /// Its evidence; none where no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
}

/// What a server calls a copy of a page, to be asked with whether it still is the one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CopyTags {
    /// `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
}

/// The page that a server said is still the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchanged {
    /// The fetch whose body it was.
    pub page: u64,
    /// When that body came.
    #[serde(with = "time")]
    pub since: Timestamp,
}

impl Record for Page {
    const TABLE: Table = Table::Pages;
}
