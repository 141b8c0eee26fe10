//! Kept pages judged again under other rules, without changing anything: who gains, who loses, by which rule.
//!
//! Each address counts once: a hit by the capture that decided it, any other page by its last fetch. Pages are judged on as many
//! threads as asked for; the store is only read. Start at [`run`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Arc;

use jianzheng_core::rules::{RuleSet, rule::Status};
use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;

use super::past::{Judge, extract_of};
use super::standing::{Word, word};
use crate::cases;
use crate::store::{Depicted, Hit, Page, Reason, Store, StoreError};

/// Pages that one thread takes at a time.
const BATCH: usize = 64;
/// Rules told of one page.
const RULES: usize = 8;

/// What is tried.
pub struct Trial {
    /// The rules that are tried, and what else pages are judged by.
    pub new: Judge,
    /// The rules that they are held against; none: what was said of each page when it was fetched.
    pub old: Option<Arc<RuleSet>>,
    /// Only pages fetched at or after this time.
    pub since: Option<Timestamp>,
    /// Threads that judge.
    pub threads: usize,
}

/// A page that the new rules call otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its hit, where it is one.
    pub hit: Option<u64>,
    /// What officers say of it.
    pub word: Option<Word>,
    /// What it was called, and its score.
    pub was: (String, f64),
    /// What it is called, and its score.
    pub is: (&'static str, f64),
    /// Rules on trial that speak on it, by their ids.
    pub on_trial: Vec<String>,
    /// Rules that speak otherwise: id, points before, points now, the page's words.
    pub rules: Vec<(String, f64, f64, Option<String>)>,
}

/// How a page stands to the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// Nobody hears of it.
    Innocent,
    /// An officer looks first.
    Review,
    /// It is on the day's list.
    Listed,
}

/// The rank of a verdict's word.
pub fn rank(verdict: &str) -> Rank {
    match verdict {
        "fake_site" | "seller" => Rank::Listed,
        "suspicious" => Rank::Review,
        _ => Rank::Innocent,
    }
}

/// The count at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Pages that were to be judged.
    pub wanted: usize,
    /// Pages that were judged.
    pub judged: usize,
    /// Pages of which neither extract nor capture can be read.
    pub not_kept: usize,
    /// Pages that are called otherwise, by what they were, what they are, and what officers say of them.
    pub moved: BTreeMap<(Rank, Rank, Option<Word>), usize>,
    /// Confirmed hits that were listed, and those that still would be.
    pub confirmed: (usize, usize),
    /// False alarms that were listed, and those that still would be.
    pub false_alarms: (usize, usize),
    /// By rule on trial: pages that it speaks on, and of these those that officers confirmed and those that they called innocent.
    pub on_trial: BTreeMap<String, (usize, usize, usize)>,
    /// It was told to stop before the end.
    pub cut_off: bool,
}

/// A hit, as much of it as is needed.
struct Known {
    id: u64,
    sha256: String,
    depicted: Depicted,
    word: Option<Word>,
    /// The verdict that is kept of it, its score and its reasons; none where the trial judges by the old rules itself.
    said: Option<(String, f64, Vec<Reason>)>,
}

/// The number of a page to be judged, and its hit.
type Work = (u64, Option<Arc<Known>>);

/// Judges the kept pages again. `each` gets what moved, in no order; `done` how many of how many are judged, now and then.
///
/// # Errors
/// The store failed.
pub async fn run(
    store: &Store,
    trial: Trial,
    stop: &watch::Receiver<bool>,
    mut each: impl FnMut(Moved),
    done: impl Fn(usize, usize),
) -> Result<Count, StoreError> {
    let work = pages(store, &trial, stop).await?;
    let mut count = Count { wanted: work.len(), ..Count::default() };
    let trial = Arc::new(trial);
    let mut batches = work.chunks(BATCH).map(<[Work]>::to_vec);
    let mut running = tokio::task::JoinSet::new();
    loop {
        while running.len() < trial.threads.max(1)
            && !*stop.borrow()
            && let Some(batch) = batches.next()
        {
            let (store, trial) = (store.clone(), Arc::clone(&trial));
            let handle = tokio::runtime::Handle::current();
            running.spawn_blocking(move || {
                let judged = batch.into_iter().map(|(seq, known)| {
                    let Some(page) = handle.block_on(store.page(seq))? else { return Ok(None) };
                    let stored = handle.block_on(store.extract(seq))?;
                    Ok(judge(&trial, store.data(), &page, known.as_deref(), stored.as_deref()))
                });
                judged.collect::<Result<Vec<_>, StoreError>>()
            });
        }
        let Some(judged) = running.join_next().await else { break };
        for page in judged.map_err(|_| StoreError::Closed)?? {
            let Some(judged) = page else {
                count.not_kept += 1;
                continue;
            };
            count.judged += 1;
            let (was, is) = (rank(&judged.was.0), rank(judged.is.0));
            let tally = match judged.word {
                Some(Word::Right) => Some(&mut count.confirmed),
                Some(Word::Wrong) => Some(&mut count.false_alarms),
                None => None,
            };
            if let Some(tally) = tally {
                tally.0 += usize::from(was == Rank::Listed);
                tally.1 += usize::from(is == Rank::Listed);
            }
            for rule in &judged.on_trial {
                let of = count.on_trial.entry(rule.clone()).or_default();
                of.0 += 1;
                of.1 += usize::from(judged.word == Some(Word::Right));
                of.2 += usize::from(judged.word == Some(Word::Wrong));
            }
            // From one kind of guilt to the other is another case.
            if was != is || (was == Rank::Listed && judged.was.0 != judged.is.0) {
                *count.moved.entry((was, is, judged.word)).or_default() += 1;
                each(judged);
            }
        }
        done(count.judged + count.not_kept, count.wanted);
    }
    count.cut_off = count.judged + count.not_kept < count.wanted || *stop.borrow();
    Ok(count)
}

/// The fetch that stands for each address, newest first.
async fn pages(store: &Store, trial: &Trial, stop: &watch::Receiver<bool>) -> Result<Vec<Work>, StoreError> {
    let mut hits: HashMap<String, Arc<Known>> = HashMap::new();
    for (n, hit) in store.hits().enumerate() {
        let hit = hit?;
        if n % 500 == 499 {
            tokio::task::yield_now().await;
        }
        if *stop.borrow() {
            break;
        }
        let case = store.case(hit.case).await?;
        let said = word(&hit, case.as_ref());
        let depicted = Depicted::of_hit(&hit);
        let Hit { id, final_url, capture, verdict, score, notes, reasons, .. } = hit;
        let acquitted = notes.iter().any(|note| note == cases::ACQUITTED);
        let verdict = if acquitted { "benign".to_owned() } else { verdict };
        let said_then = trial.old.is_none().then_some((verdict, score, reasons));
        let sha256 = capture.map_or_else(String::new, |capture| capture.sha256);
        hits.insert(final_url, Arc::new(Known { id, sha256, depicted, word: said, said: said_then }));
    }
    // A million addresses are told apart by their hashes; the key is new each time, so nobody can make two of them meet.
    let (mut seen, key) = (HashSet::new(), RandomState::new());
    let mut work = Vec::new();
    for (n, page) in store.pages(0).reversed().enumerate() {
        let page = page?;
        if n % 500 == 499 {
            tokio::task::yield_now().await;
        }
        if *stop.borrow() {
            break;
        }
        if page.verdict.is_none() || trial.since.is_some_and(|since| page.fetched < since) {
            continue;
        }
        let known = hits.get(&page.final_url);
        let decides = known.is_none_or(|known| page.capture.as_ref().is_some_and(|c| c.sha256 == known.sha256));
        if decides && seen.insert(key.hash_one(&page.final_url)) {
            work.push((page.seq, known.cloned()));
        }
    }
    Ok(work)
}

fn judge(trial: &Trial, data: &Path, page: &Page, known: Option<&Known>, stored: Option<&[u8]>) -> Option<Moved> {
    let mut extract = extract_of(data, page, stored)?;
    let url = Url::parse(&page.final_url).ok()?;
    if let Some(known) = known {
        known.depicted.put_into(&mut extract);
    }
    let new = trial.new.judge(&extract, &url, &page.cloaks);
    let (was, before) = match &trial.old {
        Some(old) => {
            let old = Judge { rules: Arc::clone(old), ..trial.new.clone() }.judge(&extract, &url, &page.cloaks);
            ((old.kind.as_str().to_owned(), old.score), cases::reasons(&old))
        }
        None => match known.and_then(|known| known.said.clone()) {
            Some((verdict, score, reasons)) => ((verdict, score), reasons),
            None => ((page.verdict.clone().unwrap_or_default(), page.score), Vec::new()),
        },
    };
    let is = (new.kind.as_str(), new.score);
    let mut rules = if was.0 == is.0 { Vec::new() } else { cases::differences(before, &cases::reasons(&new)) };
    rules.truncate(RULES);
    let trial_rule =
        |id: &str| trial.new.rules.rules().iter().any(|rule| rule.id == id && rule.status == Status::Trial);
    let on_trial = new.signals.iter().filter(|signal| trial_rule(&signal.rule)).map(|signal| signal.rule.clone());
    let on_trial = on_trial.collect();
    Some(Moved {
        on_trial,
        url: jianzheng_core::entities::mask_url(&page.final_url).into_owned(),
        title: extract.title,
        hit: known.map(|known| known.id),
        word: known.and_then(|known| known.word),
        was,
        is,
        rules,
    })
}
