//! New rules are in force: the open cases are judged again by them, and what changed is told.
//!
//! A hit is judged again from the capture that decided it, never from a later answer, which may be a wall. Each case is one
//! transaction, and a hit says by which rules it was judged, so a kill costs nothing: the next round goes on. What cannot be judged
//! again stays as it is and is counted. Start at [`judge_open_cases`].

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;

use super::past::{Judge, extract_of};
use crate::cases::{self, Judgement, Rejudged};
use crate::store::{Capture, Hit, Page, Store, StoreError};

/// Rows after which other tasks get their turn.
const BREATH: usize = 500;

/// What new rules made of the open cases.
#[derive(Debug, Default)]
pub struct Renewal {
    /// Hits that were judged again.
    pub judged: usize,
    /// Hits of which nothing is kept that could be judged.
    pub not_kept: usize,
    /// Those that are called otherwise now, in the order of their cases.
    pub changes: Vec<Rejudged>,
    /// It was told to stop before the end.
    pub cut_off: bool,
}

impl Renewal {
    /// The list for people, as it is written into the reports; empty where nothing is called otherwise.
    pub fn report(&self, rules: &str, now: Timestamp) -> String {
        if self.changes.is_empty() {
            return String::new();
        }
        let mut text = format!(
            "规则变更后重判未结案件\n规则：{rules}\n时间：{now}\n重判线索 {} 条，判定有变 {} 条，没有留存、判不了 {} 条\n\n",
            self.judged,
            self.changes.len(),
            self.not_kept
        );
        for change in &self.changes {
            let _ = writeln!(text, "案件 {}  {}", change.case, cases::told(change));
            for (rule, before, now, quote) in &change.rules {
                let quote = quote.as_ref().map_or(String::new(), |quote| format!("  原文：“{quote}”"));
                let _ = writeln!(text, "    {rule} {before:+.1} → {now:+.1}{quote}");
            }
        }
        text
    }
}

/// Judges the hits of open cases again that were judged by other rules.
///
/// # Errors
/// The store failed.
pub async fn judge_open_cases(
    store: &Store,
    judge: &Judge,
    now: Timestamp,
    stop: &watch::Receiver<bool>,
) -> Result<Renewal, StoreError> {
    let mut renewal = Renewal::default();
    let mut wanted: BTreeMap<u64, Vec<Hit>> = BTreeMap::new();
    let mut open: HashMap<u64, bool> = HashMap::new();
    for (n, hit) in store.hits().enumerate() {
        let hit = hit?;
        if hit.rules != judge.rules.hash() && is_open(store, &mut open, hit.case).await? {
            wanted.entry(hit.case).or_default().push(hit);
        }
        breathe(n).await;
    }
    let mut pages = deciding_pages(store, wanted.values().flatten()).await?;
    for (case, hits) in wanted {
        if *stop.borrow() {
            renewal.cut_off = true;
            break;
        }
        let mut judgements = Vec::new();
        for hit in hits {
            let Some(page) = pages.remove(&hit.id) else {
                renewal.not_kept += 1;
                continue;
            };
            let stored = store.extract(page.seq).await?;
            let (data, judge) = (store.data().to_owned(), judge.clone());
            let judged = tokio::task::spawn_blocking(move || {
                let mut extract = extract_of(&data, &page, stored.as_deref())?;
                let url = Url::parse(&hit.final_url).ok()?;
                for code in hit.codes {
                    if !extract.qr.contains(&code) {
                        extract.qr.push(code);
                    }
                }
                Some((hit.id, Judgement::of(&judge.judge(&extract, &url), judge.rules.hash())))
            });
            match judged.await.map_err(|_| StoreError::Closed)? {
                Some(judgement) => judgements.push(judgement),
                None => renewal.not_kept += 1,
            }
        }
        if judgements.is_empty() {
            continue;
        }
        renewal.judged += judgements.len();
        let changes = store.transact(move |tx| cases::rejudged(tx, case, judgements, now)).await?;
        renewal.changes.extend(changes.into_iter().filter(Rejudged::matters));
    }
    Ok(renewal)
}

async fn is_open(store: &Store, open: &mut HashMap<u64, bool>, case: u64) -> Result<bool, StoreError> {
    if let Some(known) = open.get(&case) {
        return Ok(*known);
    }
    let is = store.case(case).await?.is_some_and(|case| case.state.is_open());
    open.insert(case, is);
    Ok(is)
}

/// By hit, the last fetch of its address with the body that decided it. A capture may have been copied since, so the body's hash tells.
async fn deciding_pages(store: &Store, hits: impl Iterator<Item = &Hit>) -> Result<HashMap<u64, Page>, StoreError> {
    let body = |url: &str, capture: &Capture| (url.to_owned(), capture.sha256.clone());
    let wanted: HashMap<(String, String), u64> =
        hits.filter_map(|hit| Some((body(&hit.final_url, hit.capture.as_ref()?), hit.id))).collect();
    let mut found = HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    for (n, page) in store.pages(0).reversed().enumerate() {
        let page = page?;
        let hit = page.capture.as_ref().and_then(|capture| wanted.get(&body(&page.final_url, capture)));
        if let Some(hit) = hit
            && !found.contains_key(hit)
        {
            found.insert(*hit, page);
        }
        if found.len() == wanted.len() {
            break;
        }
        breathe(n).await;
    }
    Ok(found)
}

async fn breathe(n: usize) {
    if n % BREATH == BREATH - 1 {
        tokio::task::yield_now().await;
    }
}
