//! The shape of a verdict on the wire: one line of `judge`, and what `check --json` says of a page.
//!
//! Borrowed from the verdict and written at once. URLs are masked here, so that no way out can forget it; the page's text and
//! quotes come masked from core. Start at [`VerdictRow::new`].

use std::borrow::Cow;

use jianzheng_core::entities::{self, Contacts};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::{PRIOR, Signal, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;

/// A verdict as CONTRACT.md's `judge` promises it.
#[derive(Debug, Serialize)]
pub struct VerdictRow<'a> {
    /// What the caller named the page; none where nobody asked for a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a RawValue>,
    /// The address as it was given, masked.
    pub url: Cow<'a, str>,
    /// The host that counted, as a lower-case A-label.
    pub host: String,
    /// fake_site, seller, suspicious, official, notice, benign.
    pub verdict: &'static str,
    /// The larger of the two scores.
    pub score: f64,
    /// Both scores.
    pub kind_scores: KindScores,
    /// Decibans before anything is known.
    pub prior: f64,
    /// The first body that should act, or `none`.
    pub route: &'static str,
    /// All bodies that should act.
    pub routes: &'a [&'static str],
    /// The genuine host that is imitated, or whose page it is.
    pub authority: Option<&'a str>,
    /// Certificates as the catalogue spells them.
    pub cert_types: &'a [String],
    /// Division codes of the places named.
    pub areas: &'a [String],
    /// compromised_official and the like.
    pub notes: &'a [&'static str],
    /// Contacts of the whole page.
    pub entities: Entities<'a>,
    /// What the scores rest on.
    pub signals: Vec<SignalRow<'a>>,
    /// The rule set's hash.
    pub rules: &'a str,
    /// What different guests were shown and why they were asked, of a page that was looked at as somebody else too (`check`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<serde_json::Value>,
    /// The visible text that `at` counts in, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

/// Both scores.
#[derive(Debug, Serialize)]
pub struct KindScores {
    /// As an imitation.
    pub fake_site: f64,
    /// As an offer.
    pub seller: f64,
}

/// Contacts, borrowed.
#[derive(Debug, Serialize)]
pub struct Entities<'a> {
    /// Telephone numbers.
    pub phones: &'a [String],
    /// WeChat ids.
    pub wechat: &'a [String],
    /// QQ numbers and groups.
    pub qq: &'a [String],
    /// Telegram names.
    pub telegram: &'a [String],
    /// Mail addresses.
    pub emails: &'a [String],
    /// ICP filings.
    pub icp: &'a [String],
}

/// One signal.
#[derive(Debug, Serialize)]
pub struct SignalRow<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// What it speaks for.
    pub kind: &'static str,
    /// Decibans after its family's cap.
    pub points: f64,
    /// What it says, in Chinese.
    pub say: &'a str,
    /// The page's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<&'a str>,
    /// Where they stand: start and end in Unicode scalar values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<[usize; 2]>,
}

impl<'a> VerdictRow<'a> {
    /// The row of a verdict on `url`, whose host (or whose final URL's) is `host`.
    pub fn new(rules: &'a RuleSet, url: &'a str, host: String, verdict: &'a Verdict) -> Self {
        VerdictRow {
            id: None,
            url: entities::mask_url(url),
            host: entities::mask_ids(&host).into_owned(),
            verdict: verdict.kind.as_str(),
            score: verdict.score,
            kind_scores: KindScores { fake_site: verdict.fake_score, seller: verdict.seller_score },
            prior: PRIOR,
            route: verdict.routes.first().copied().unwrap_or("none"),
            routes: &verdict.routes,
            authority: verdict.authority.as_deref(),
            cert_types: &verdict.cert_types,
            areas: &verdict.areas,
            notes: &verdict.notes,
            entities: Entities::of(&verdict.contacts),
            signals: verdict.signals.iter().map(SignalRow::of).collect(),
            rules: rules.hash(),
            looks: None,
            text: None,
        }
    }
}

impl<'a> Entities<'a> {
    fn of(contacts: &'a Contacts) -> Self {
        let Contacts { phones, wechat, qq, telegram, emails, icp } = contacts;
        Entities { phones, wechat, qq, telegram, emails, icp }
    }
}

impl<'a> SignalRow<'a> {
    fn of(signal: &'a Signal) -> Self {
        SignalRow {
            rule: &signal.rule,
            kind: signal.kind,
            points: signal.points,
            say: &signal.say,
            quote: signal.quote.as_deref(),
            at: signal.at.as_ref().map(|at| [at.start, at.end]),
        }
    }
}
