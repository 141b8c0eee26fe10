//! New rules are in force: the open cases are judged again by them, and what changed is told.
//!
//! A hit is judged again from the capture that decided it, never from a later answer, which may be a wall. Each case is one
//! transaction, and a hit says by which rules it was judged, so a kill costs nothing: the next round goes on. What cannot be judged
//! again stays as it is and is counted. Start at [`judge_open_cases`].

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use url::Url;

use super::past::{Judge, extract_of};
use crate::cases::{self, Judgement, Rejudged};
use crate::store::{Capture, Depicted, Store, StoreError};
use crate::telemetry::escape;

/// Rows after which other tasks get their turn.
const BREATH: usize = 500;

/// What new rules made of the open cases.
#[derive(Debug, Default)]
pub struct Renewal {
    /// Hits that were judged again.
    pub judged: usize,
    /// Hits of which nothing is kept that could be judged.
    pub not_kept: usize,
    /// Those that are called otherwise now.
    pub changed: usize,
    /// It was told to stop before the end.
    pub cut_off: bool,
}

/// The lines of a report about one hit that is called otherwise now. Quotes are a stranger's words, so each line is escaped.
pub fn report(change: &Rejudged) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&escape(&words));
        text.push('\n');
    };
    line(format!("案件 {}  {}", change.case, cases::told(change)));
    for (rule, before, now, quote) in &change.rules {
        let quote = quote.as_ref().map_or(String::new(), |quote| format!("  原文：“{quote}”"));
        line(format!("    {rule} {before:+.1} → {now:+.1}{quote}"));
    }
    text
}

/// Judges the hits of open cases again that were judged by other rules. `told` gets each that is called otherwise, case by case, once it is
/// on disk.
///
/// # Errors
/// The store failed.
pub async fn judge_open_cases(
    store: &Store,
    judge: &Judge,
    now: Timestamp,
    stop: &watch::Receiver<bool>,
    mut told: impl FnMut(&Rejudged),
) -> Result<Renewal, StoreError> {
    let mut renewal = Renewal::default();
    // Only numbers and digests are held: there may be a million hits.
    let mut wanted: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut bodies: HashMap<Body, u64> = HashMap::new();
    let mut open: HashMap<u64, bool> = HashMap::new();
    for (n, hit) in store.hits().enumerate() {
        let hit = hit?;
        if hit.rules != judge.rules.hash() && is_open(store, &mut open, hit.case).await? {
            wanted.entry(hit.case).or_default().push(hit.id);
            bodies.extend(hit.capture.as_ref().map(|capture| (body(&hit.final_url, capture), hit.id)));
        }
        breathe(n).await;
        if *stop.borrow() {
            return Ok(Renewal { cut_off: true, ..renewal });
        }
    }
    let Some(pages) = deciding_pages(store, &bodies, stop).await? else {
        return Ok(Renewal { cut_off: true, ..renewal });
    };
    for (case, hits) in wanted {
        let mut judgements = Vec::new();
        for id in hits {
            if *stop.borrow() {
                renewal.cut_off = true;
                break;
            }
            let kept = match pages.get(&id) {
                Some(seq) => store.page(*seq).await?.zip(store.hit(id).await?),
                None => None,
            };
            let Some((page, hit)) = kept else {
                renewal.not_kept += 1;
                continue;
            };
            let stored = store.extract(page.seq).await?;
            let (data, judge) = (store.data().to_owned(), judge.clone());
            let judged = tokio::task::spawn_blocking(move || {
                let mut extract = extract_of(&data, &page, stored.as_deref())?;
                let url = Url::parse(&hit.final_url).ok()?;
                Depicted::of_hit(&hit).put_into(&mut extract);
                Some((hit.id, Judgement::of(&judge.judge(&extract, &url, &hit.cloaks), judge.rules.hash())))
            });
            match judged.await.map_err(|_| StoreError::Closed)? {
                Some(judgement) => judgements.push(judgement),
                None => renewal.not_kept += 1,
            }
        }
        if !judgements.is_empty() {
            renewal.judged += judgements.len();
            // A part of a case is as good as all of it: the next round goes on with the rest.
            let changes = store.transact(move |tx| cases::rejudged(tx, case, judgements, now)).await?;
            for change in changes.iter().filter(|change| change.matters()) {
                renewal.changed += 1;
                told(change);
            }
        }
        if renewal.cut_off {
            break;
        }
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

/// A body at an address, as a digest.
type Body = [u8; 16];

fn body(url: &str, capture: &Capture) -> Body {
    let mut hash = Sha256::new();
    hash.update(url.as_bytes());
    hash.update([0]);
    hash.update(capture.sha256.as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

/// By hit, the number of the last fetch of its address with the body that decided it; nothing where it was told to stop. A capture may
/// have been copied since, so the body's hash tells.
async fn deciding_pages(
    store: &Store,
    wanted: &HashMap<Body, u64>,
    stop: &watch::Receiver<bool>,
) -> Result<Option<HashMap<u64, u64>>, StoreError> {
    let mut found: HashMap<u64, u64> = HashMap::new();
    if wanted.is_empty() {
        return Ok(Some(found));
    }
    for (n, page) in store.pages(0).reversed().enumerate() {
        let page = page?;
        if let Some(hit) = page.capture.as_ref().and_then(|capture| wanted.get(&body(&page.final_url, capture))) {
            found.entry(*hit).or_insert(page.seq);
        }
        if found.len() == wanted.len() {
            break;
        }
        breathe(n).await;
        if *stop.borrow() {
            return Ok(None);
        }
    }
    Ok(Some(found))
}

async fn breathe(n: usize) {
    if n % BREATH == BREATH - 1 {
        tokio::task::yield_now().await;
    }
}
