//! Records of a finding: the hit, its reasons and contacts, an officer's label on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Capture, HitState, KeptPicture, Record, Rendering, Table, time};

/// The score of each kind, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct KindScores {
    /// Imitates an authority.
    pub fake_site: f64,
    /// Sells certificates.
    pub seller: f64,
}

/// Contacts on the page, normalised as CONTRACT.md says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entities {
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// WeChat ids.
    pub wechat: Vec<String>,
    /// QQ numbers and groups.
    pub qq: Vec<String>,
    /// Telegram names.
    pub telegram: Vec<String>,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// ICP filings.
    pub icp: Vec<String>,
}

/// One signal of the deciding verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule.
    pub rule: String,
    /// Which kind it speaks for.
    pub kind: String,
    /// What it added, in decibans.
    pub points: f64,
    /// What it says, in Chinese.
    pub say: String,
    /// The page's own words, masked.
    pub quote: Option<String>,
}

/// A finding: one canonical final URL with a verdict of fake_site, seller or suspicious.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its number; 0 asks the store for the next one.
    pub id: u64,
    /// The URL by which it was first found.
    pub url: String,
    /// The canonical final URL; no two hits have the same.
    pub final_url: String,
    /// Its host.
    pub host: String,
    /// fake_site, seller or suspicious.
    pub verdict: String,
    /// The larger of the scores.
    pub score: f64,
    /// The score of each kind.
    pub kind_scores: KindScores,
    /// The first of `routes`.
    pub route: String,
    /// The bodies that should act.
    pub routes: Vec<String>,
    /// The authority that is imitated.
    pub authority: Option<String>,
    /// Notes of the verdict, such as compromised_official.
    pub notes: Vec<String>,
    /// Its case; 0 while it has none.
    pub case: u64,
    /// What the last look found.
    pub state: HitState,
    /// When it was first seen.
    #[serde(with = "time")]
    pub first_seen: Timestamp,
    /// When it was last seen up.
    #[serde(with = "time")]
    pub last_seen: Timestamp,
    /// When it was last looked at, whatever was seen.
    #[serde(with = "time")]
    pub last_look: Timestamp,
    /// The first of the looks that found it missing.
    #[serde(with = "time::option")]
    pub missing_since: Option<Timestamp>,
    /// The source that led to it.
    pub source: String,
    /// The query that led to it.
    pub query: String,
    /// Why it was a candidate, in Chinese, one sentence a step.
    pub chain: Vec<String>,
    /// Contacts on the page.
    pub entities: Entities,
    /// Certificates on offer.
    pub cert_types: Vec<String>,
    /// Division codes.
    pub areas: Vec<String>,
    /// The page's title.
    pub title: String,
    /// Why the verdict is what it is.
    pub reasons: Vec<Reason>,
    /// The deciding capture.
    pub capture: Option<Capture>,
    /// Earlier and later captures, at most five.
    pub captures: Vec<Capture>,
    /// How a browser showed it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<Rendering>,
    /// The rule set's hash.
    pub rules: String,
    /// The round that found it.
    pub first_round: u64,
    /// The round that last saw it.
    pub last_round: u64,
    /// What QR codes of its pictures said; a later look judges with them, for pictures are fetched once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// How its pictures looked, for the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<KeptPicture>,
    /// Simhash of its text in hexadecimal, where the text is long enough for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A number of every letter of a text too short for that, in hexadecimal: equal texts have equal ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_text: Option<String>,
    /// As whom it was seen, where the patrol itself was shown something else: `jianzheng_core::cloaking::Guest::as_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_as: Option<String>,
    /// From whom it is hidden, by `jianzheng_core::cloaking::Cloak::name`; rules of another day judge with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cloaks: Vec<String>,
    /// An officer's label.
    pub label: Option<String>,
    /// Whether robots.txt was set aside by order of the unit.
    pub robots_ignored: bool,
    /// Whether it was kept under a set clock.
    pub set_clock: bool,
}

impl Hit {
    /// The simhash of its text.
    pub fn text_number(&self) -> Option<u64> {
        self.text.as_deref().and_then(|text| u64::from_str_radix(text, 16).ok())
    }

    /// What hits that say the same are looked up by: the simhash, or of a short text the number of all its letters. That one is kept in the
    /// same table: of numbers without a likeness none is near another but by a chance of one in 10^15.
    pub fn near_number(&self) -> Option<u64> {
        let short = self.short_text.as_deref().and_then(|text| u64::from_str_radix(text, 16).ok());
        self.text_number().or(short)
    }
}

impl Record for Hit {
    const TABLE: Table = Table::Hits;
}

/// What an officer says a hit is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// The hit.
    pub hit: u64,
    /// The label.
    pub label: String,
    /// Who gave it.
    pub actor: String,
    /// When.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// The rules that spoke then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<String>,
}

impl Record for Label {
    const TABLE: Table = Table::Labels;
}
