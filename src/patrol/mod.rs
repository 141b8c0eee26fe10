//! One round: discover, crawl, judge, keep, look again, and today's digests.
//!
//! [`run`] joins the steps; each of them lives where the map says. A round that was cut off goes on under its own number, and
//! its summary covers all its parts, because every count is read from what is kept. Nothing here opens a connection, knows
//! sled, or weighs a word. Start at [`run`], then `visit`.

pub mod aging;
mod asking;
mod disguise;
mod finding;
pub mod guests;
mod host_facts;
mod keeper;
mod links;
mod manners;
pub mod metrics;
pub mod pictures;
mod prepare;
pub mod progress;
pub mod reading;
pub mod rendering;
mod shared;
mod soft_404;
mod straying;
mod summary;
mod threads;
mod too_large;
mod traps;
mod unchanged;
mod visit;
mod walls;
mod worth;

pub use asking::name_of_rest;
pub use keeper::{KeepError, Keeper};
pub use summary::{DigestLine, SourceLine, Summary};

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jianzheng_core::rules::RuleSet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::clock::{Clock, QuietHours};
use crate::config::Robots;
use crate::crawl::client::Fetcher;
use crate::crawl::frontier::{Frontier, Next, Now, Politeness};
use crate::crawl::robots::RobotsCache;
use crate::discover::asking::{Order as SourceOrder, ask_all};
use crate::discover::definition::{Definition, Terms as SourceTerms};
use crate::discover::queries::Query;
use crate::store::{Changes, Store, StoreError};
use progress::Progress;
use shared::Shared;

/// What a round is asked to do, beyond the settings.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Replaces `general.seeds`.
    pub seeds: Option<Vec<PathBuf>>,
    /// Only these sources, and these switched on.
    pub sources: Option<Vec<String>>,
    /// At most so many page fetches.
    pub max_pages: Option<u64>,
    /// Digests are neither made nor sent.
    pub no_mail: bool,
}

/// What ends a round before its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store failed, or the disk is full.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The evidence could not be written.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// Something of ours broke.
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    /// There is no room left: the round ends in good order.
    pub fn is_full(&self) -> bool {
        match self {
            Failure::Store(error) => matches!(error, StoreError::Full { .. }),
            Failure::Keep(error) => error.is_full(),
            Failure::Broken(_) => false,
        }
    }
}

/// The parts that a round works with, built by [`crate::wiring`].
pub struct Parts {
    /// The rules of this round; a new set goes live at the next one.
    pub rules: Arc<RuleSet>,
    /// What is kept.
    pub store: Store,
    /// What waits.
    pub frontier: Arc<Frontier>,
    /// The guarded client.
    pub fetcher: Arc<Fetcher>,
    /// What robots.txt files said.
    pub robots_cache: Arc<RobotsCache>,
    /// The evidence writer.
    pub keeper: Keeper,
    /// The calendar.
    pub clock: Clock,
    /// Shown to people.
    pub progress: Arc<Progress>,
    /// What renders pages; none: `network.render = "off"`.
    pub stage: Option<rendering::Stage>,
}

/// How the unit wants it done, from the settings.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Obey robots.txt, or not, by order of the unit.
    pub robots: Robots,
    /// Intervals and limits by host.
    pub politeness: Politeness,
    /// When no fetch begins.
    pub quiet: Option<Quiet>,
    /// Fetches at a time.
    pub connections: usize,
    /// Tries after the first.
    pub retries: u32,
    /// Depth and links a page.
    pub depth: u8,
    /// Links of one page that are followed.
    pub links: usize,
    /// Hours between looks at an open case.
    pub recheck_hours: u64,
    /// The round's end, whatever is left; none: the work's end.
    pub minutes: Option<Duration>,
    /// How answers are read and what is noted with them.
    pub terms: reading::Terms,
    /// When pages are looked at as somebody else.
    pub disguise: guests::Manner,
    /// The practice day.
    pub day: Option<u32>,
}

/// Hours in which no fetch begins, and whose hours they are. A round that meets them ends, and lists what is left as not looked at:
/// the next one goes on with it. Looks that a person orders by hand are that person's business.
#[derive(Debug, Clone)]
pub struct Quiet {
    /// The hours.
    pub hours: QuietHours,
    /// The unit's zone.
    pub zone: TimeZone,
}

impl Quiet {
    fn holds(&self, now: Timestamp) -> bool {
        self.hours.hold(self.zone.to_datetime(now).time())
    }
}

/// A source and what it is to be asked.
pub struct SourcePlan {
    /// Its definition.
    pub definition: Arc<Definition>,
    /// The unit's terms for it.
    pub terms: SourceTerms,
    /// Its queries of today, in order.
    pub queries: Vec<Query>,
}

/// A URL of a seed list.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The list.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The address.
    pub url: url::Url,
    /// What the line says of it.
    pub tags: Vec<String>,
}

/// What this round is to look at.
pub struct Work {
    /// Sources and queries.
    pub sources: Vec<SourcePlan>,
    /// Seeds of all lists.
    pub seeds: Vec<Seed>,
    /// At most so many page fetches.
    pub max_pages: Option<u64>,
}

/// How a round ended.
#[derive(Debug)]
pub struct Ended {
    /// Its number.
    pub round: u64,
    /// It was stopped before its end.
    pub cut_off: bool,
    /// Why, where that was not a signal.
    pub why: Option<Failure>,
}

/// How long work in hand may go on after a stop.
const DRAIN: Duration = Duration::from_secs(6);
/// Visits that may wait their hosts' pauses out beside those that are busy.
const RESTING: usize = 256;
/// URLs that are listed as not looked at, at most.
const LISTED: u64 = 100_000;

/// Runs a round, or goes on with one that was cut off.
///
/// # Errors
/// The store failed before or after the round proper. A failure in its midst ends it in order and is in [`Ended::why`].
pub async fn run(parts: Parts, manner: Manner, work: Work, mut stop: watch::Receiver<bool>) -> Result<Ended, Failure> {
    let round = prepare::begin(&parts, &manner, &work).await?;
    parts.frontier.begin_round(round.id, round.first_page, Now { mono: Instant::now(), wall: parts.clock.now() })?;
    let before = parts.store.round_counts(round.id).await?.fetched;
    let yields = worth::yields(&parts.store)?;
    let accused = prepare::accused(&parts.store, &parts.rules)?;
    let shared = Arc::new(Shared {
        rules: parts.rules,
        store: parts.store,
        frontier: parts.frontier,
        fetcher: parts.fetcher,
        robots_cache: parts.robots_cache,
        keeper: parts.keeper,
        clock: parts.clock,
        progress: parts.progress,
        round: round.id,
        robots: manner.robots,
        politeness: manner.politeness,
        retries: manner.retries,
        limits: links::Limits { depth: manner.depth, links: manner.links },
        recheck_hours: manner.recheck_hours,
        terms: manner.terms.clone(),
        yields,
        shown: Mutex::default(),
        stage: parts.stage,
        thinkers: threads::Thinkers::start()?,
        disguise: manner.disguise.clone(),
        disguised: Mutex::default(),
        accused,
        traps: traps::Ledger::default(),
        probed: Mutex::default(),
        wake: Notify::new(),
        failures: Mutex::default(),
        answered: AtomicU64::new(0),
        greeted: Mutex::default(),
        page_turns: std::array::from_fn(|_| tokio::sync::Mutex::default()),
        domains: Mutex::default(),
        pages: AtomicU64::new(before),
    });
    let reporter = tokio::spawn(metrics::keep_writing(Arc::clone(&shared)));
    let failure = match prepare::fill(&shared, &round, &work).await {
        Err(failure) => Some(failure),
        Ok(()) => go(&shared, &manner, &work, &mut stop).await.err(),
    };
    let stopped = *stop.borrow();
    let ended = close(&shared, round.id, stopped || failure.is_some()).await;
    reporter.abort();
    metrics::write_once(&shared, false).await;
    shared.progress.done();
    match (failure, ended) {
        (None, Err(error)) => Err(error),
        (why, _) => Ok(Ended { round: round.id, cut_off: stopped || why.is_some(), why }),
    }
}

/// Asks the sources and crawls, both at once, until neither has anything left to do.
async fn go(
    shared: &Arc<Shared>,
    manner: &Manner,
    work: &Work,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), Failure> {
    let (asked, asking_done) = watch::channel(false);
    // The sources stop with the crawl, whatever ended it.
    let (halt, halted) = watch::channel(*stop.borrow());
    let ask = async {
        let orders: Vec<SourceOrder> = work
            .sources
            .iter()
            .map(|s| SourceOrder { definition: &s.definition, terms: s.terms.clone(), queries: s.queries.clone() })
            .collect();
        let ledger = asking::Asked::new(Arc::clone(shared)).await?;
        let clock = shared.clock.clone();
        let counts = ask_all(shared, &ledger, &orders, &halted, &move || clock.now()).await;
        asked.send_replace(true);
        shared.wake.notify_one();
        counts.map(|_| ()).map_err(Failure::from)
    };
    let mut stop_ask = stop.clone();
    let crawl = async {
        let done = crawl(shared, manner, work, stop, asking_done).await;
        halt.send_replace(true);
        done
    };
    let relay = async {
        // A stop reaches the sources at once, not only when the crawl has drained.
        let _ = stop_ask.wait_for(|stop| *stop).await;
        halt.send_replace(true);
        std::future::pending::<()>().await;
    };
    let both = async { tokio::join!(ask, crawl) };
    tokio::select! {
        (asked, crawled) = both => crawled.and(asked),
        () = relay => Ok(()),
    }
}

/// Leases and visits until nothing is due.
async fn crawl(
    shared: &Arc<Shared>,
    manner: &Manner,
    work: &Work,
    stop: &mut watch::Receiver<bool>,
    mut asking_done: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let deadline = manner.minutes.map(|minutes| Instant::now() + minutes);
    let mut visits: JoinSet<Result<(), Failure>> = JoinSet::new();
    let mut last_shown = Instant::now();
    let mut why_left = "超过本轮的限制".to_owned();
    let result = loop {
        while let Some(done) = visits.try_join_next() {
            ended(done)?;
        }
        if last_shown.elapsed() >= Duration::from_millis(250) {
            last_shown = Instant::now();
            let counts = shared.frontier.counts().await;
            shared.progress.show(counts.waiting, counts.in_flight, counts.hosts_in_flight);
        }
        if *stop.borrow() {
            break Ok(());
        }
        if deadline.is_some_and(|end| Instant::now() >= end) {
            why_left = "本轮时间用完".to_owned();
            break Ok(());
        }
        if let Some(quiet) = manner.quiet.as_ref().filter(|quiet| quiet.holds(shared.clock.now())) {
            why_left = format!("到了安静时段（{}）", quiet.hours);
            shared.progress.stage(&format!("{why_left}：本轮到此为止，没看完的下一轮接着看"));
            break Ok(());
        }
        let pages = shared.pages.load(Ordering::Relaxed);
        let spent = work.max_pages.is_some_and(|most| pages >= most);
        if spent && visits.is_empty() && *asking_done.borrow() {
            why_left = "达到本轮页数上限".to_owned();
            break Ok(());
        }
        // What is in flight may yet turn out to be a page, so it is counted as one until it is done. The sources go on.
        // Who waits a pause out in the midst of a visit keeps nobody else from going on, up to a bound that memory sets.
        let busy = visits.len().saturating_sub(shared.fetcher.resting());
        let full = busy >= manner.connections
            || visits.len() >= manner.connections.saturating_add(RESTING)
            || work.max_pages.is_some_and(|most| pages + visits.len() as u64 >= most);
        let next = if full { Next::InFlight } else { shared.frontier.next(shared.now(), &shared.politeness).await? };
        let wait_until = match next {
            Next::Lease(lease) => {
                visits.spawn(visit::visit(Arc::clone(shared), lease));
                continue;
            }
            Next::WaitUntil(when) => {
                let far = when > Instant::now() + visit::WORTH_WAITING;
                if far && visits.is_empty() && *asking_done.borrow() {
                    break Ok(());
                }
                Some(when)
            }
            Next::InFlight => None,
            Next::Empty if visits.is_empty() && *asking_done.borrow() => break Ok(()),
            Next::Empty => None,
        };
        let pause =
            wait_until.map_or(Duration::from_millis(500), |when| when.saturating_duration_since(Instant::now()));
        let idle = wait_until.map(|_| Instant::now());
        tokio::select! {
            Some(done) = visits.join_next() => ended(done)?,
            () = tokio::time::sleep(pause.min(Duration::from_millis(500))) => {}
            () = shared.wake.notified() => {}
            _ = stop.changed() => {}
            _ = asking_done.changed(), if !*asking_done.borrow() => {}
        }
        if let Some(since) = idle {
            shared.progress.metrics().waited(since.elapsed());
        }
    };
    let stopped = *stop.borrow();
    let drained = tokio::time::timeout(if stopped { DRAIN } else { Duration::from_secs(60) }, async {
        while let Some(done) = visits.join_next().await {
            ended(done)?;
        }
        Ok::<(), Failure>(())
    });
    // What is not done by then is dropped: its leases come back when the store opens.
    match drained.await {
        Ok(Err(failure)) => return Err(failure),
        Ok(Ok(())) => {}
        Err(_) => visits.shutdown().await,
    }
    if !stopped {
        shared.tell_hosts().await?;
        if shared.frontier.list_waiting(&why_left, LISTED, shared.now()).await? >= LISTED {
            shared.progress.stage(&format!("没看完的网址太多，只逐个列出了 {LISTED} 个，汇总里也只数了这些"));
        }
    }
    result
}

fn ended(done: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    done.map_err(|error| Failure::Broken(format!("处理一个网页的任务出错：{error}")))?
}

/// Takes back that a round is finished: it was stopped while its mails went out.
///
/// # Errors
/// The store failed.
pub async fn reopen(store: &Store, round: u64) -> Result<(), StoreError> {
    let mut changes = Changes::new();
    changes.update_round(round, |round| {
        round.cut_off = true;
        round.finished = None;
        Ok(())
    });
    store.commit(changes).await.map(drop)
}

/// Writes down how the round ended.
async fn close(shared: &Shared, round: u64, cut_off: bool) -> Result<(), Failure> {
    let now = shared.clock.now();
    let mut changes = Changes::new();
    changes.update_round(round, move |round| {
        round.cut_off = cut_off;
        round.finished = (!cut_off).then_some(now);
        Ok(())
    });
    shared.store.commit(changes).await?;
    Ok(())
}
