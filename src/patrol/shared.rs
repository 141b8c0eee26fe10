//! What all visits of a round have in common: the parts, the unit's manner, and what the round has seen so far.
//!
//! It must not decide what is fetched or what a page is; visits do. Start at [`Shared`].

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jianzheng_core::rules::RuleSet;
use tokio::sync::Notify;

use super::keeper::Keeper;
use super::progress::Progress;
use super::{guests, links, reading, rendering, threads, traps, worth};
use crate::clock::Clock;
use crate::config::Robots;
use crate::crawl::client::Fetcher;
use crate::crawl::frontier::{Frontier, Kind, Lease, Now, Politeness};
use crate::crawl::robots::RobotsCache;
use crate::store::{Outcome, Page, Store};

/// What all visits of a round share.
pub(super) struct Shared {
    pub(super) rules: Arc<RuleSet>,
    pub(super) store: Store,
    pub(super) frontier: Arc<Frontier>,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) robots_cache: Arc<RobotsCache>,
    pub(super) keeper: Keeper,
    pub(super) clock: Clock,
    pub(super) progress: Arc<Progress>,
    pub(super) round: u64,
    pub(super) robots: Robots,
    pub(super) politeness: Politeness,
    pub(super) retries: u32,
    pub(super) limits: links::Limits,
    pub(super) recheck_hours: u64,
    pub(super) terms: reading::Terms,
    /// What each source gave in earlier rounds.
    pub(super) yields: HashMap<String, worth::Yield>,
    /// What each host has shown in this part of the round.
    pub(super) shown: Mutex<HashMap<String, worth::Shown>>,
    /// What renders pages, where they are rendered.
    pub(super) stage: Option<rendering::Stage>,
    /// Who reads pages.
    pub(super) thinkers: threads::Thinkers,
    pub(super) disguise: guests::Manner,
    /// Looks as somebody else in this round, by registrable domain.
    pub(super) disguised: Mutex<HashMap<String, u32>>,
    /// Hosts with hits from before this part of the round, each with the case of its newest.
    pub(super) accused: HashMap<String, u64>,
    /// Hosts that were asked for a made-up address in this round.
    pub(super) probed: Mutex<HashSet<String>>,
    /// How many pages of each pattern a host has had.
    pub(super) traps: traps::Ledger,
    /// Told when something new may be leased.
    pub(super) wake: Notify,
    /// Failures to connect in a row, by host.
    pub(super) failures: Mutex<HashMap<String, u32>>,
    /// Hosts whose answer of this round is written down.
    pub(super) greeted: Mutex<HashSet<String>>,
    /// Hosts that came in by links of other hosts, by registrable domain.
    pub(super) domains: Mutex<HashMap<String, HashSet<u64>>>,
    /// Turns of pages whose pictures come in; pages share them by number.
    pub(super) page_turns: [tokio::sync::Mutex<()>; 64],
    /// Hosts that answered anything in this part of the round.
    pub(super) answered: AtomicU64,
    /// Pages of the round so far, as its summary counts them.
    pub(super) pages: AtomicU64,
}

impl Shared {
    pub(super) fn now(&self) -> Now {
        Now { mono: Instant::now(), wall: self.clock.now() }
    }

    /// The record of a fetch, before its outcome is known.
    pub(super) fn page(&self, lease: &Lease, seq: u64, final_url: &str) -> Page {
        Page {
            seq,
            round: self.round,
            url: lease.url().to_owned(),
            final_url: final_url.to_owned(),
            host: lease.host().to_owned(),
            via: lease.via().clone(),
            depth: lease.depth(),
            fetched: self.clock.now(),
            outcome: Outcome::Fetched { status: 0 },
            capture: None,
            verdict: None,
            score: 0.0,
            rules: String::new(),
            extract: false,
            charset: String::new(),
            kind: lease.kind(),
            rendering: None,
            unrendered: None,
            looks: Vec::new(),
            cloaks: Vec::new(),
            copy: None,
            unchanged: None,
            note: None,
        }
    }

    /// Counts a page towards the round's limit.
    pub(super) fn counted(&self, page: &Page) {
        self.pages.fetch_add(u64::from(page.kind != Kind::Image && page.outcome.is_page()), Ordering::Relaxed);
    }

    /// Held while a picture changes what is kept of its page: two at once would each forget what the other brought.
    pub(super) async fn page_turn(&self, seq: u64) -> tokio::sync::MutexGuard<'_, ()> {
        self.page_turns[(seq % self.page_turns.len() as u64) as usize].lock().await
    }

    pub(super) fn host_failed(&self, host: &str) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(host.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(super) fn host_answered(&self, host: &str) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
    }

    /// A page of the host was read; gives what the host has shown so far.
    pub(super) fn page_read(&self, host: &str, telling: bool) -> worth::Shown {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let host = shown.entry(host.to_owned()).or_default();
        host.page(telling);
        *host
    }

    /// Somebody answered: what does not is to blame itself, not our line. A closed port says so at once, before anybody could have
    /// answered, so this waits a little for the first who does.
    pub(super) async fn line_works(&self) -> bool {
        const PATIENCE: u32 = 30;
        for _ in 0..PATIENCE {
            if self.answered.load(Ordering::Relaxed) > 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    }

    /// Moves retries apart, by the URL, so that what failed together does not come back together.
    pub(super) fn spread(&self, url: &str) -> u8 {
        url.bytes().fold(7u8, |sum, b| sum.wrapping_mul(31).wrapping_add(b))
    }

    /// A backoff, or nothing to speak of where the unit switched all waits off.
    pub(super) fn patience(&self, wait: Duration) -> Duration {
        if self.politeness.delay.is_zero() { wait.min(Duration::from_millis(200)) } else { wait }
    }
}
