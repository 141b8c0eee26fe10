//! Contacts and numbers in a text or a link, as one would dial or type them.
//!
//! Everything runs on folded text, so disguises are undone already ([`crate::text`]); what is left here is spacing, cues and
//! traps: a number is a phone only in a shape that people write, a WeChat or QQ name needs its cue close by. ID numbers are not
//! entities: [`mask_ids`] takes them out of what people see, [`mask_url`] out of addresses, [`mask_source`] out of pages. Nothing here judges whose
//! contact it is. Start at [`in_text`].

mod accounts;
mod address;
mod apart;
mod called;
mod chain;
mod codes;
mod columns;
mod cue;
mod cues;
mod glued;
mod handles;
mod joined;
mod labelled;
mod mail;
mod mask;
mod no_names;
mod parts;
mod phones;
mod qq;
mod qq_number;
mod qq_signs;
mod qq_weigh;
mod qq_words;
mod registered;
mod remains;
mod same;
mod series;
mod shared;
mod spelt;
mod surroundings;
mod telegram;
#[cfg(test)]
mod tests;
mod weigh;
mod words;

use crate::text::Folded;
pub use address::in_address;
pub(crate) use address::{leads_on, percent_decoded, plain_web};
pub(crate) use cues::{CueHit, words as cue_words};
pub use mask::{mask_ids, mask_source, mask_url};
use std::collections::HashSet;
use std::ops::Range;

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A mobile or 400/800 number: digits only, no +86.
    Phone,
    /// A landline number with its area code: digits only.
    Landline,
    /// A WeChat id or a number that serves as one, lower case.
    Wechat,
    /// A QQ number or group.
    Qq,
    /// A Telegram name without @, lower case.
    Telegram,
    /// An e-mail address, lower case.
    Email,
    /// An ICP licence number: 浙ICP备12345678号-1.
    Icp,
    /// A police record number (公安备案): 浙公网安备33021202000001号.
    PoliceRecord,
    /// The code of a government site (政府网站标识码): ten digits, or bm and eight.
    SiteCode,
    /// A Baidu statistics id: 32 hexadecimal digits.
    BaiduStat,
    /// A price in yuan: digits only.
    Price,
}

/// One thing found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// Its normal form.
    pub value: String,
    /// The bytes of the raw text that say it; `None` for what stood in an address.
    pub at: Option<Range<usize>>,
}

/// The contacts of a page, each once, in the order in which they first appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts {
    /// Mobile, 400/800 and landline numbers.
    pub phones: Vec<String>,
    /// WeChat ids.
    pub wechat: Vec<String>,
    /// QQ numbers and groups.
    pub qq: Vec<String>,
    /// Telegram names.
    pub telegram: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// ICP licence numbers.
    pub icp: Vec<String>,
}

/// More entities than this no page of interest has; the rest is left out.
pub const MOST: usize = 4096;

/// A finding in the folded text.
type Found = (Kind, String, Range<usize>);

/// Every entity of a text, in the order in which they stand. `folded` is the fold of `raw`.
#[must_use]
pub fn in_text(raw: &str, folded: &Folded) -> Vec<Entity> {
    from_cues(raw, folded, &cues::cues(folded.as_str()))
}

/// The same for a text that somebody scanned already; `cues` are the [`cue_words`] found in the folded text, overlapping ones
/// included.
pub(crate) fn in_scanned(raw: &str, folded: &Folded, cues: Vec<CueHit>) -> Vec<Entity> {
    from_cues(raw, folded, &cues::leftmost(cues))
}

fn from_cues(raw: &str, folded: &Folded, cues: &[CueHit]) -> Vec<Entity> {
    let text = folded.as_str();
    let mut found: Vec<Found> = Vec::new();
    let mut phones = phones::find(text);
    accounts::find(text, cues, &phones, &mut found);
    // A QQ number may begin with 400 or 800 and have ten digits.
    let accounts: HashSet<usize> =
        found.iter().filter(|(kind, ..)| *kind == Kind::Qq).map(|(.., at)| at.start).collect();
    found.iter_mut().for_each(|entity| past_list_sign(raw, folded, entity));
    phones.retain(|(kind, digits, at)| {
        *kind == Kind::Landline || phones::is_mobile(digits) || !accounts.contains(&at.start)
    });
    found.extend(phones);
    found.sort_by_key(|(kind, _, at)| (at.start, *kind, at.end));
    found.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1 && a.2.start == b.2.start);
    found.truncate(MOST);
    let named = |kind: Kind| matches!(kind, Kind::Wechat | Kind::Qq | Kind::Telegram | Kind::Email);
    found.retain(|(kind, _, at)| !named(*kind) || !remains::is_of_person(text, at));
    let place = |at: Range<usize>| {
        let at = folded.raw_range(at);
        debug_assert!(raw.get(at.clone()).is_some());
        Some(at)
    };
    let mut all: Vec<Entity> =
        found.into_iter().map(|(kind, value, at)| Entity { kind, value, at: place(at) }).collect();
    let remains = if all.is_empty() { Vec::new() } else { remains::find(raw) };
    all.retain(|entity| {
        let stands_in = |remains: &Range<usize>| {
            entity.at.as_ref().is_some_and(|at| at.start < remains.end && remains.start < at.end)
        };
        !remains.iter().any(stands_in)
    });
    all
}

/// QQ①30001234 is the first of several: the circled digit counts them, where plain ones follow.
fn past_list_sign(raw: &str, folded: &Folded, (kind, value, at): &mut Found) {
    if *kind != Kind::Qq || value.len() <= 5 {
        return;
    }
    let sign = raw.get(folded.raw_range(at.start..at.start + 1)).and_then(|sign| sign.chars().next());
    let next = raw.get(folded.raw_range(at.start + 1..at.start + 2)).unwrap_or_default();
    if matches!(sign, Some('①'..='⑨' | '❶'..='❾' | '➀'..='➈')) && next.bytes().all(|byte| byte.is_ascii_digit())
    {
        value.remove(0);
        at.start += 1;
    }
}

/// Gathers the contacts: those of the text first, as they stand there, then those of addresses, as they came.
#[must_use]
pub fn contacts(all: &[Entity]) -> Contacts {
    let mut order: Vec<&Entity> = all.iter().collect();
    order.sort_by_key(|entity| entity.at.as_ref().map_or(usize::MAX, |at| at.start));
    let mut out = Contacts::default();
    let mut seen: HashSet<(Kind, &str)> = HashSet::new();
    for entity in order {
        let (kind, list) = match entity.kind {
            Kind::Phone | Kind::Landline => (Kind::Phone, &mut out.phones),
            Kind::Wechat => (Kind::Wechat, &mut out.wechat),
            Kind::Qq => (Kind::Qq, &mut out.qq),
            Kind::Telegram => (Kind::Telegram, &mut out.telegram),
            Kind::Email => (Kind::Email, &mut out.emails),
            Kind::Icp => (Kind::Icp, &mut out.icp),
            Kind::PoliceRecord | Kind::SiteCode | Kind::BaiduStat | Kind::Price => continue,
        };
        if seen.insert((kind, &entity.value)) {
            // weixin://dl/chat?T…, mailto:3302…@…: an ID number is masked here as well.
            list.push(mask_ids(&entity.value).into_owned());
        }
    }
    out
}

/// Public lines that nobody sells from: 110, 12350, 96110 …
fn is_hotline(digits: &str) -> bool {
    matches!(digits, "110" | "119" | "120" | "122" | "114")
        || digits.len() == 5 && (digits.starts_with("123") || digits.starts_with("961") || digits.starts_with("95"))
}
