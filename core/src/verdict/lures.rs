//! Where a page leads that imitates an authority by its name: an empty page that forwards to cx-mem.top is part of the fake.
//!
//! Only names are looked at, nothing is fetched. What stands on one's own host is no lure: that host speaks for itself. A warning
//! that names a fake in its text leads nobody there; one that links it does so in a sentence that reports. Start at [`establish`].

use super::facts::{host_of, origin};
use super::reading::Reading;
use super::voice;
use crate::host::{self, Standing};
use crate::page::Link;
use crate::rules::{Fact, Lists};

/// Hosts that are told of one page.
const MOST: usize = 8;
/// How far before a link a report may stand, in bytes of folded text.
const ABOVE: usize = 240;
/// Longest words of a link that are read for an address in them, in bytes.
const WORDS: usize = 200;

/// An imitator's host to which the page leads.
#[derive(Debug, Clone)]
pub(crate) struct Lure {
    /// How it leads there.
    pub(crate) fact: Fact,
    pub(crate) host: String,
    /// The genuine host that is imitated.
    pub(crate) near: Option<String>,
}

/// Establishes the facts of lures. Needs what was found in the text.
pub(super) fn establish(reading: &mut Reading) {
    let extract = reading.extract;
    let mut lures: Vec<Lure> = Vec::new();
    let mut note = |fact: Fact, found: Lure| {
        if lures.len() < MOST && !lures.iter().any(|known| known.fact == fact && known.host == found.host) {
            lures.push(Lure { fact, ..found });
        }
    };
    let sent = extract.redirects.iter().chain(&extract.frames).chain(extract.forms.iter().map(|form| &form.action));
    sent.filter_map(|address| imitator(reading, address)).for_each(|found| note(Fact::SentToSpoof, found));
    // The address before up to its path, where it is nobody's who imitates: most links of a page go to one host.
    let mut harmless: Option<&str> = None;
    for link in &extract.links {
        if harmless.is_some_and(|origin| link.href.starts_with(origin)) && !link.href.contains('@') {
            continue;
        }
        if is_harmless(reading, &link.href) {
            harmless = origin(&link.href);
            continue;
        }
        let Some(found) = imitator(reading, &link.href) else { continue };
        if names_genuine(reading, link) {
            note(Fact::FalseLinkToSpoof, found);
        } else if !is_reported(reading, link, &found.host) {
            note(Fact::LinkToSpoof, found);
        }
    }
    let codes = extract.qr.iter().filter_map(|code| imitator(reading, code.trim()));
    codes.for_each(|found| note(Fact::LinkToSpoof, found));
    for lure in &lures {
        reading.facts.insert(lure.fact);
    }
    reading.lures = lures;
}

/// Whether an address is plainly the page's own host's, or one's whose name imitates nobody.
fn is_harmless(reading: &Reading, address: &str) -> bool {
    !address.contains('@')
        && host_of(address)
            .is_some_and(|host| *host == *reading.host.host || reading.rules.authorities.is_plainly_clean(&host))
}

/// Whether an address is on somebody else's host whose name imitates an authority's.
fn imitator(reading: &Reading, address: &str) -> Option<Lure> {
    let host = host_of(address)?;
    if is_harmless(reading, address) {
        return None;
    }
    let authorities = &reading.rules.authorities;
    // cx.mem.gov.cn@x.top is told by the whole address.
    let plain = !address.contains('@');
    let verdict = if plain { authorities.judge(&host) } else { authorities.judge_line(address) }.ok()?;
    let own = host::registrable(&verdict.host) == host::registrable(&reading.host.host);
    (verdict.standing == Standing::Spoof && !own).then_some(Lure {
        fact: Fact::LinkToSpoof,
        host: verdict.host,
        near: verdict.near,
    })
}

/// Whether the words of a link hold an official address.
fn names_genuine(reading: &Reading, link: &Link) -> bool {
    let words = reading.extract.text.get(link.at.clone()).unwrap_or_default();
    if words.len() > WORDS || !words.contains('.') {
        return false;
    }
    let pieces = words.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'));
    pieces
        .filter(|piece| piece.contains('.'))
        .filter_map(|piece| host::host_of(piece).ok())
        .any(|shown| host::is_government(&shown) || reading.rules.authorities.by_host(&shown).is_some())
}

/// Whether a link shows where it leads, and wrong-doing is reported in its sentence or right before: a warning with a list. 谨防假冒 beside
/// a link that says 点击查询 warns of others.
fn is_reported(reading: &Reading, link: &Link, host: &str) -> bool {
    let words = reading.extract.text.get(link.at.clone()).filter(|words| words.len() <= WORDS).unwrap_or_default();
    let shown = words.to_ascii_lowercase();
    if !shown.contains(host.strip_prefix("www.").unwrap_or(host)) {
        return false;
    }
    let folded = &reading.folded;
    let at = folded.folded_from(link.at.start)..folded.folded_from(link.at.end);
    let sentence = voice::sentence(folded.as_str(), &at);
    let from = sentence.start.min(at.start.saturating_sub(ABOVE));
    let mut cues = reading.list(Lists::Reporting).filter(|found| found.block.is_some());
    cues.any(|found| found.at.start < sentence.end && found.at.end > from)
}
