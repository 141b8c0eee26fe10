//! What a page is: an imitation, a seller's offer, a warning, an authority's own page, or nothing of all this.
//!
//! [`RuleSet::judge`] folds the text, finds every phrase in one pass ([`reading`]), decides whose voice speaks ([`voice`]),
//! establishes facts ([`facts`], whose face the page wears and where it leads among them), lets the rules fire ([`weigh`]) and names the outcome ([`outcome`]). Points are decibans and
//! add up, so that an officer can check a verdict with a pencil. No single phrase convicts anybody: rules demand a contact near an
//! offer, an authority's face on a foreign host. Nothing here may know a particular site.
//! Start at [`RuleSet::judge`].

mod apart;
mod certificates;
mod company;
mod face;
pub mod facts;
mod lures;
pub mod outcome;
mod passages;
mod postings;
pub mod reading;
pub mod voice;
pub mod weigh;

use std::ops::Range;

use url::Url;

use crate::cloaking::Cloak;
use crate::entities::Contacts;
use crate::likeness::Copied;
use crate::page::Extract;
use crate::rules::{Lists, RuleSet, Use, uses};
use crate::wording::{Manner, Passage};

/// Odds against any page being a hit, before anything is known of it: one in a hundred.
pub const PRIOR: f64 = -20.0;

/// Where the unit draws its lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Score from which a page is a hit.
    pub hit: f64,
    /// Score from which an officer must look.
    pub review: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { hit: 80.0, review: 50.0 }
    }
}

/// What a page was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Imitates an authority or its look-up.
    FakeSite,
    /// Sells certificates without training or exam.
    Seller,
    /// An officer must look.
    Suspicious,
    /// A protected body's own page.
    Official,
    /// An official or press warning.
    Notice,
    /// None of these.
    Benign,
}

impl Kind {
    /// Name in records and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::FakeSite => "fake_site",
            Kind::Seller => "seller",
            Kind::Suspicious => "suspicious",
            Kind::Official => "official",
            Kind::Notice => "notice",
            Kind::Benign => "benign",
        }
    }

    /// Is it kept as a hit?
    pub fn is_hit(self) -> bool {
        matches!(self, Kind::FakeSite | Kind::Seller | Kind::Suspicious)
    }
}

/// Something that speaks for or against.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The rule's id.
    pub rule: String,
    /// fake_site, seller or notice.
    pub kind: &'static str,
    /// What it added, in decibans, after its family's cap.
    pub points: f64,
    /// What it says, in Chinese.
    pub say: String,
    /// The words of the page that it rests on.
    pub quote: Option<String>,
    /// Where they stand in the visible text, in Unicode scalar values; none where the words are not visible text.
    pub at: Option<Range<usize>>,
}

/// The verdict on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What it is.
    pub kind: Kind,
    /// The larger of the two scores, 0 to 100.
    pub score: f64,
    /// Score as an imitation.
    pub fake_score: f64,
    /// Score as a seller's offer.
    pub seller_score: f64,
    /// Bodies that should act, the first one first; empty for innocents.
    pub routes: Vec<&'static str>,
    /// The genuine host that is imitated, or whose page it is.
    pub authority: Option<String>,
    /// Certificates offered or named, as the catalogue spells them.
    pub cert_types: Vec<String>,
    /// The page speaks of certificates at all; its pictures are then worth a look.
    pub names_certificates: bool,
    /// It wears an authority's face, or asks for the number of a paper or a person; its icon is then worth a look.
    pub poses: bool,
    /// `compromised_official`, `needs_eyes` …
    pub notes: Vec<&'static str>,
    /// Contacts of the whole page.
    pub contacts: Contacts,
    /// Division codes of the places the page says it works in; told of hits only.
    pub areas: Vec<String>,
    /// What the scores rest on.
    pub signals: Vec<Signal>,
}

/// What is known of a page beside its own bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What it was found to have copied ([`crate::likeness::Baselines::copied`]).
    pub copied: &'a [Copied],
    /// From whom it is hidden ([`crate::cloaking::compare`]).
    pub cloaks: &'a [Cloak],
}

/// 100 / (1 + 10^(−decibans/10)).
pub fn score(decibans: f64) -> f64 {
    100.0 / (1.0 + 10f64.powf(-decibans / 10.0))
}

impl RuleSet {
    /// Judges a page that was read from `url`.
    pub fn judge(&self, extract: &Extract, url: &Url, thresholds: Thresholds) -> Verdict {
        self.judge_beside(extract, url, &[], thresholds)
    }

    /// The same for a page that was held against baselines ([`crate::likeness::Baselines::copied`]) and found to have copied this.
    pub fn judge_beside(&self, extract: &Extract, url: &Url, copied: &[Copied], thresholds: Thresholds) -> Verdict {
        self.judge_knowing(extract, url, Beside { copied, cloaks: &[] }, thresholds)
    }

    /// The same with all that may be known beside the page.
    pub fn judge_knowing(&self, extract: &Extract, url: &Url, beside: Beside<'_>, thresholds: Thresholds) -> Verdict {
        let mut reading = reading::Reading::new(self, extract, url);
        (reading.copied, reading.cloaks) = (beside.copied, beside.cloaks);
        facts::establish(&mut reading);
        let weighed = weigh::weigh(&reading);
        outcome::decide(&reading, weighed, thresholds)
    }

    /// Whether a line (a result's title, a tag of a seed, the words of a link) speaks of certificates of the trade or of looking them up.
    pub fn speaks_of_trade(&self, line: &str) -> bool {
        let folded = crate::text::fold(line);
        let trade = |one: &Use| matches!(one, Use::Certificate(_) | Use::AuthorityTitle(_));
        let own = uses::list(Lists::OwnTrail) as u32;
        let mut speaks = false;
        self.scanner.each(folded.as_str(), |pattern, _| {
            speaks = self.uses.posted(pattern).contains(&own) || self.uses.of(pattern).iter().any(trade);
            !speaks
        });
        speaks
    }

    /// The passages of a page whose wording is weighed, folded: what [`crate::wording::learn`] learns from.
    pub fn wording_of(&self, manner: Manner, extract: &Extract, url: &Url) -> Vec<Passage> {
        let reading = reading::Reading::new(self, extract, url);
        let page = reading.circumstances(manner);
        let texts =
            |passage: Vec<passages::Part>| passage.iter().map(|part| reading.text_of(part).to_owned()).collect();
        reading.passages(manner).into_iter().map(|passage| Passage { texts: texts(passage), page }).collect()
    }

    /// Lets each rule look at the page by itself: `around` gets its number and the look, which it may time or leave out.
    pub fn rule_by_rule(&self, extract: &Extract, url: &Url, mut around: impl FnMut(usize, &dyn Fn() -> bool)) {
        let mut reading = reading::Reading::new(self, extract, url);
        facts::establish(&mut reading);
        for rule in 0..self.rules.len() {
            around(rule, &|| weigh::fires(&reading, rule).is_some());
        }
    }

    /// Does this one rule fire on the page? For the rules' own examples.
    pub fn fires(&self, rule: usize, extract: &Extract, url: &Url, beside: Beside<'_>) -> bool {
        let mut reading = reading::Reading::new(self, extract, url);
        (reading.copied, reading.cloaks) = (beside.copied, beside.cloaks);
        facts::establish(&mut reading);
        weigh::fires(&reading, rule).is_some()
    }
}

#[cfg(test)]
mod tests;
