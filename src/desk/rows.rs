//! The shapes of CONTRACT.md's "Lists as JSON lines": what goes out on stdout, and later to the console.
//!
//! Wire format only; each row is made from stored records in one place (`desk::local`).

use serde::Serialize;

/// One line of `hits list`.
#[derive(Debug, Clone, Serialize)]
pub struct HitRow {
    /// Stable number.
    pub id: u64,
    /// URL by which it was first found.
    pub url: String,
    /// Canonical final URL.
    pub final_url: String,
    /// Its host.
    pub host: String,
    /// Its title.
    pub title: String,
    /// fake_site, seller or suspicious.
    pub verdict: String,
    /// The larger score.
    pub score: f64,
    /// First route.
    pub route: String,
    /// All routes.
    pub routes: Vec<String>,
    /// The authority that is imitated.
    pub authority: Option<String>,
    /// compromised_official and the like.
    pub notes: Vec<String>,
    /// Its case.
    pub case: u64,
    /// up, changed, unseen, gone, back.
    pub state: &'static str,
    /// RFC 3339.
    pub first_seen: String,
    /// RFC 3339.
    pub last_seen: String,
    /// The source that led to it.
    pub source: String,
    /// The query that led to it.
    pub query: String,
    /// Why it is a candidate.
    pub chain: Vec<String>,
    /// Contacts.
    pub entities: EntityRow,
    /// Certificates on offer.
    pub cert_types: Vec<String>,
    /// Division codes.
    pub areas: Vec<String>,
    /// What the verdict rests on.
    pub reasons: Vec<ReasonRow>,
    /// The deciding capture.
    pub capture: CaptureRow,
    /// How a browser showed it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendering: Option<RenderingRow>,
    /// An officer's label.
    pub label: Option<String>,
    /// The rule set's hash.
    pub rules: String,
}

/// Contacts of a page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EntityRow {
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

/// One reason of a verdict.
#[derive(Debug, Clone, Serialize)]
pub struct ReasonRow {
    /// The rule.
    pub rule: String,
    /// Which kind it speaks for.
    pub kind: String,
    /// Decibans.
    pub points: f64,
    /// In Chinese.
    pub say: String,
    /// The page's own words.
    pub quote: Option<String>,
}

/// Where the evidence lies.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CaptureRow {
    /// Of the body as stored.
    pub sha256: String,
    /// Of the same.
    pub sm3: String,
    /// Relative to DATA.
    pub warc: String,
    /// Of the gzip member.
    pub offset: u64,
    /// RFC 3339.
    pub time: String,
}

/// How a browser showed a page.
#[derive(Debug, Clone, Serialize)]
pub struct RenderingRow {
    /// Where the page ended.
    pub url: String,
    /// RFC 3339.
    pub time: String,
    /// The browser and its version.
    pub browser: String,
    /// The verdict on what was shown.
    pub verdict: String,
    /// Its score.
    pub score: f64,
    /// It decided.
    pub decided: bool,
    /// The HTML.
    pub html: CaptureRow,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<CaptureRow>,
    /// What a person should know of how it was seen.
    pub notes: Vec<String>,
}

/// Who was told of a case.
#[derive(Debug, Clone, Serialize)]
pub struct NotifiedRow {
    /// The contact.
    pub contact: String,
    /// The digest.
    pub digest: String,
    /// RFC 3339.
    pub time: String,
    /// State of the digest's mail.
    pub state: &'static str,
}

/// One line of `cases list`.
#[derive(Debug, Clone, Serialize)]
pub struct CaseRow {
    /// Stable number.
    pub id: u64,
    /// fake_site or seller.
    pub kind: String,
    /// Registrable host, or `phone:…`, `wechat:…`, `qq:…`.
    pub target: String,
    /// new, review, confirmed …
    pub state: &'static str,
    /// Who was told, when.
    pub notified: Vec<NotifiedRow>,
    /// How many hits.
    pub hits: u64,
    /// Highest score.
    pub score: f64,
    /// First route.
    pub route: String,
    /// All routes.
    pub routes: Vec<String>,
    /// Division codes.
    pub areas: Vec<String>,
    /// RFC 3339.
    pub first_seen: String,
    /// RFC 3339.
    pub last_seen: String,
    /// 挂牌督办.
    pub supervised: bool,
}

/// A case with all that belongs to it.
#[derive(Debug, Clone, Serialize)]
pub struct CaseDetail {
    /// The case.
    #[serde(flatten)]
    pub case: CaseRow,
    /// Its contacts.
    pub contacts: Vec<String>,
    /// Its hits.
    pub sightings: Vec<HitRow>,
    /// Notes, oldest first.
    pub notes: Vec<NoteRow>,
    /// What was decided, oldest first.
    pub history: Vec<AuditLine>,
}

/// A note on a case.
#[derive(Debug, Clone, Serialize)]
pub struct NoteRow {
    /// RFC 3339.
    pub time: String,
    /// By whom.
    pub actor: String,
    /// What it says.
    pub text: String,
}

/// One line of the log of decisions.
#[derive(Debug, Clone, Serialize)]
pub struct AuditLine {
    /// Number in the chain.
    pub seq: u64,
    /// RFC 3339.
    pub time: String,
    /// Who.
    pub actor: String,
    /// Did what.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Hash of the row.
    pub hash: String,
}

/// One line of `digest status`.
#[derive(Debug, Clone, Serialize)]
pub struct DigestStatus {
    /// Its id.
    pub digest: String,
    /// The day it is for.
    pub day: String,
    /// The contact.
    pub contact: String,
    /// The address.
    pub email: String,
    /// queued, sent, temporary, permanent, unknown.
    pub state: &'static str,
    /// Tries so far.
    pub attempts: u32,
    /// Message-ID.
    pub message_id: String,
    /// The .eml, relative to DATA.
    pub file: String,
    /// Rows it has.
    pub rows: u32,
    /// What the server said last.
    pub why: Option<String>,
}

/// What a digest would say.
#[derive(Debug, Clone, Serialize)]
pub struct DigestPreview {
    /// The contact.
    pub contact: String,
    /// The address.
    pub email: String,
    /// Subject of the mail.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Rows it has.
    pub rows: u32,
}

/// What is known of a host.
#[derive(Debug, Clone, Serialize)]
pub struct HostReport {
    /// The host.
    pub host: String,
    /// spoof, watch, official, clean.
    pub verdict: String,
    /// What the name says, in Chinese.
    pub why: Vec<String>,
    /// How robots.txt was answered.
    pub robots: String,
    /// Failures in a row.
    pub fails: u32,
    /// RFC 3339.
    pub last_ok: Option<String>,
    /// It asked not to be asked before then.
    pub not_before: Option<String>,
    /// URLs that wait.
    pub waiting: u64,
    /// Why they wait, in Chinese.
    pub waits: Vec<String>,
    /// What the last round that asked it for anything asked of it.
    pub last_round: Option<HostRoundRow>,
    /// What the last round of all did not look at, by reason, the most frequent first.
    pub unseen: Vec<UnseenRow>,
    /// Hits on it.
    pub hits: u64,
    /// Hits elsewhere that say nearly the same as its latest.
    pub near: Vec<NearRow>,
}

/// What one round asked of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostRoundRow {
    /// The round.
    pub round: u64,
    /// Pages begun.
    pub pages: u32,
    /// Bytes of bodies, as they came over the wire.
    pub bytes: u64,
    /// How long connections were the host's, in seconds.
    pub seconds: u64,
    /// From the end of a fetch to the start of the next one, as it was last, in milliseconds.
    pub interval_ms: u64,
    /// Whether that was longer because the answers had become slow.
    pub slowed: bool,
    /// What kept its URLs waiting: dropped, pages, bytes, time, asked, crawl-delay, or nothing.
    pub hold: String,
}

/// URLs that were not looked at for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnseenRow {
    /// The reason, in Chinese.
    pub why: String,
    /// How many.
    pub urls: u64,
}

/// A hit that says nearly the same as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearRow {
    /// Its number.
    pub hit: u64,
    /// Its host.
    pub host: String,
    /// Its canonical final URL.
    pub final_url: String,
    /// Its case.
    pub case: u64,
    /// Of the 64 bits of the texts' simhashes so many differ.
    pub bits: u32,
}

/// `hits show`: a hit with those that say nearly the same.
#[derive(Debug, Clone, Serialize)]
pub struct HitDetail {
    /// The hit.
    #[serde(flatten)]
    pub hit: HitRow,
    /// The others, the nearest first.
    pub near: Vec<NearRow>,
}
