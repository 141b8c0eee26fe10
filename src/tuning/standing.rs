//! What each rule has done: hits that it had a part in, how many of them officers confirmed or called wrong, what it costs.
//!
//! Read from the hits that are kept, so it tells of what was found, not of what was missed. Start at [`of_hits`].

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::time::{Duration, Instant};

use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jiff::Timestamp;

use super::clean;
use crate::cases::is_confirmed;
use crate::store::{Case, CaseState, Hit, Store, StoreError};

/// Confirmed hits after which a trial rule has earned its points, if it had a part in no false alarm.
pub const EARNED: u64 = 3;
/// Times the pages are looked through for the time that a rule takes.
const TURNS: u32 = 5;
/// Rows after which other tasks get their turn.
const BREATH: usize = 500;

/// What officers say of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// It is what it was called: labelled so, or its case is confirmed.
    Right,
    /// It is innocent: labelled so, or its case is called a false alarm.
    Wrong,
}

/// What officers call a hit: its label, or what its case was confirmed as, or innocent where the case is a false alarm.
pub fn called<'a>(hit: &'a Hit, case: Option<&'a Case>) -> Option<&'a str> {
    match (word(hit, case)?, hit.label.as_deref(), case) {
        (_, Some(label @ ("fake_site" | "seller" | "official" | "notice" | "benign")), _) => Some(label),
        (Word::Right, _, Some(case)) => Some(case.kind.as_str()),
        (Word::Right, _, None) => None,
        (Word::Wrong, _, _) => Some("benign"),
    }
}

/// What officers say of a hit, if anybody said anything. The label is of this very page, so it goes before the case.
pub fn word(hit: &Hit, case: Option<&Case>) -> Option<Word> {
    match hit.label.as_deref() {
        Some("fake_site" | "seller") => return Some(Word::Right),
        Some("official" | "notice" | "benign") => return Some(Word::Wrong),
        _ => {}
    }
    let case = case?;
    match case.state {
        CaseState::Wrong => Some(Word::Wrong),
        _ if is_confirmed(case) => Some(Word::Right),
        _ => None,
    }
}

/// What one rule has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Hits that it spoke on.
    pub hits: u64,
    /// Of these, confirmed by officers.
    pub confirmed: u64,
    /// Of these, innocents according to officers.
    pub false_alarms: u64,
    /// When the last of them was last seen.
    pub last_hit: Option<Timestamp>,
}

/// What all rules have done, by their ids; rules that spoke on no hit are not among them.
///
/// # Errors
/// The store failed.
pub async fn of_hits(store: &Store) -> Result<HashMap<String, Standing>, StoreError> {
    let mut cases: HashMap<u64, Option<Case>> = HashMap::new();
    let mut all: HashMap<String, Standing> = HashMap::new();
    for (n, hit) in store.hits().enumerate() {
        let hit = hit?;
        if let std::collections::hash_map::Entry::Vacant(place) = cases.entry(hit.case) {
            place.insert(store.case(hit.case).await?);
        }
        let said = word(&hit, cases.get(&hit.case).and_then(Option::as_ref));
        for reason in &hit.reasons {
            let standing = all.entry(reason.rule.clone()).or_default();
            standing.hits += 1;
            standing.confirmed += u64::from(said == Some(Word::Right));
            standing.false_alarms += u64::from(said == Some(Word::Wrong));
            standing.last_hit = standing.last_hit.max(Some(hit.last_seen));
        }
        if n % BREATH == BREATH - 1 {
            tokio::task::yield_now().await;
        }
    }
    Ok(all)
}

/// False alarms that officers found within a time, by rule, the most frequent first: hits labelled innocent, and hits of cases
/// called false alarms, where that is still what officers say. A hit counts once.
///
/// # Errors
/// The store failed.
pub async fn false_alarms(store: &Store, within: Range<Timestamp>) -> Result<Vec<(String, u64)>, StoreError> {
    let mut hits: BTreeSet<u64> = BTreeSet::new();
    for label in store.labels() {
        let label = label?;
        if within.contains(&label.time) && matches!(label.label.as_str(), "official" | "notice" | "benign") {
            hits.insert(label.hit);
        }
    }
    for (n, row) in store.audit().reversed().enumerate() {
        let row = row?;
        // Rows are not always in the order of their times: a clock may have been set.
        let case = (row.action == "case.wrong" && within.contains(&row.time))
            .then(|| row.subject.strip_prefix("case ")?.parse().ok())
            .flatten();
        if let Some(case) = case {
            hits.extend(store.case_hits(case).collect::<Result<Vec<u64>, _>>()?);
        }
        if n % BREATH == BREATH - 1 {
            tokio::task::yield_now().await;
        }
    }
    let mut rules: HashMap<String, u64> = HashMap::new();
    for id in hits {
        let Some(hit) = store.hit(id).await? else { continue };
        // What was taken back since is no false alarm.
        if word(&hit, store.case(hit.case).await?.as_ref()) != Some(Word::Wrong) {
            continue;
        }
        for reason in hit.reasons {
            if reason.points > 0.0 && reason.kind != "notice" {
                *rules.entry(reason.rule).or_default() += 1;
            }
        }
    }
    let mut rules: Vec<(String, u64)> = rules.into_iter().collect();
    rules.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(rules)
}

/// What it takes to let each rule look at a page, by its place in the set: the mean over the pages of the clean corpus. The one pass
/// that finds all phrases is common to all rules and not counted.
pub fn time_of_rules(rules: &RuleSet, files: &[(String, String)]) -> Vec<Duration> {
    let mut spent = vec![Duration::ZERO; rules.rules().len()];
    let mut pages = 0;
    // What cannot be read is told by `rules test`.
    for (html, url) in clean::pages(files) {
        let extract = page::read_text(&html, Some(&url));
        pages += 1;
        rules.rule_by_rule(&extract, &url, |rule, look| {
            let began = Instant::now();
            for _ in 0..TURNS {
                std::hint::black_box(look());
            }
            spent[rule] += began.elapsed();
        });
    }
    let looks = pages * TURNS;
    spent.into_iter().map(|time| time.checked_div(looks).unwrap_or_default()).collect()
}
