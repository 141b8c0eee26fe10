//! What is to be fetched: ten million URLs on disk, a fair and polite choice of the next one, and nothing lost by a kill.
//!
//! URLs lie in the store in blocks per host; in memory are a fingerprint of each URL ever known, a few numbers per host, and a
//! heap of hosts by the time at which each may be asked. A URL is leased, and stays unfinished on disk until [`Frontier::finish`]
//! puts its end down in one set with the page and with what was found on it: after a kill, what was finished is never fetched
//! again and what was in flight comes back.
//!
//! The frontier hands its rows to the store itself, under its own lock, so that sets reach the writer in the order in which
//! the frontier decided them; a link on disk is therefore never missing the page that it stands on.
//! It must not look at a clock (times come in as [`Now`]), fetch, or judge. Start at [`Frontier::next`].

#[cfg(test)]
mod bounds_tests;
mod choice;
mod entry;
mod groups;
mod hold;
mod host;
mod pace;
mod parked;
mod plan;
#[cfg(test)]
mod politeness_tests;
mod seen;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod tests;
mod turns;

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;

pub use hold::{Hold, HostState};

pub use crate::store::Kind;
use crate::store::{Changes, Committed, FrontierRows, Pending, QueueKey, Store, StoreError, Via};
use host::Item;
use plan::Plan;

/// The two clocks: one for delays and one for dates.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The monotonic clock.
    pub mono: Instant,
    /// The calendar clock, which may be a set one.
    pub wall: Timestamp,
}

impl Now {
    /// When a date comes, by the monotonic clock; dates too far away to count are a month away.
    fn instant_of(self, date: Timestamp) -> Instant {
        let wait = Duration::try_from(date.duration_since(self.wall)).unwrap_or_default();
        self.mono + wait.min(Duration::from_secs(31 * 86_400))
    }
}

/// A candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The canonical URL; longer ones than 4096 bytes are refused.
    pub url: String,
    /// The host key: the name, and the port where it is not the scheme's.
    pub host: String,
    /// Steps from a seed or result.
    pub depth: u8,
    /// What it is for. Rechecks pass by the set of known URLs.
    pub kind: Kind,
    /// Why it is a candidate.
    pub via: Via,
    /// 0 soonest to 3, within its host.
    pub priority: u8,
    /// Not to be fetched before.
    pub not_before: Option<Timestamp>,
}

/// How hosts are treated. The default waits for nothing and limits nothing but connections, to one a host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Politeness {
    /// From the end of a fetch to the start of the next one, over all names of a registrable domain and all of an address. None
    /// switches all waits of politeness off; then `connections` holds for each host by itself.
    pub delay: Duration,
    /// Fetches at once, over the same.
    pub connections: u32,
    /// Pages of a host a round; 0: no limit. What is over a limit waits on disk for the next round; rechecks go on.
    pub host_pages: u32,
    /// Bytes of bodies of a host a round, as they come over the wire; 0: no limit.
    pub host_bytes: u64,
    /// How long connections may be a host's in a round, added up; zero: no limit.
    pub host_time: Duration,
}

/// What an answer tells of its host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heard {
    /// The address that answered, where other names on it shall share its turns.
    pub address: Option<IpAddr>,
    /// From the request to the answer's head, or to our patience's end.
    pub waited: Duration,
    /// Bytes of the body, as they came over the wire.
    pub bytes: u64,
}

/// A URL that somebody is fetching. It ends by being given back in one of four ways; one that is dropped instead keeps its
/// host's connection, and its domain's and address's, until the next round begins.
#[derive(Debug)]
#[must_use = "a lease holds one of its host's connections"]
pub struct Lease {
    item: Item,
    host: Arc<str>,
}

impl Lease {
    /// The canonical URL.
    pub fn url(&self) -> &str {
        &self.item.entry.url
    }
    /// The host key.
    pub fn host(&self) -> &str {
        &self.host
    }
    /// Steps from a seed or result.
    pub fn depth(&self) -> u8 {
        self.item.entry.depth
    }
    /// What the fetch is for.
    pub fn kind(&self) -> Kind {
        self.item.entry.kind
    }
    /// Why it is a candidate.
    pub fn via(&self) -> &Via {
        &self.item.entry.via
    }
    /// How often it was tried before, since the store was opened.
    pub fn attempt(&self) -> u32 {
        self.item.attempt
    }
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Fetch this.
    Lease(Lease),
    /// Nothing may be fetched before that time, or before a lease ends.
    WaitUntil(Instant),
    /// Nothing waits, but leases are out, and their pages may bring something.
    InFlight,
    /// Nothing waits and nothing is out.
    Empty,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// URLs that wait, those of parked hosts and those over a host's pages too.
    pub waiting: u64,
    /// Leases that are out.
    pub in_flight: u64,
    /// Hosts with leases out.
    pub hosts_in_flight: u64,
    /// URLs ever known.
    pub seen: u64,
    /// Hosts ever known.
    pub hosts: u64,
}

/// The frontier. One a store.
pub struct Frontier {
    store: Store,
    plan: Mutex<Plan>,
    /// Raised where the store did not take what this frontier believes.
    lost: Arc<AtomicBool>,
}

impl std::fmt::Debug for Frontier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frontier").field("counts", &self.plan().counts()).finish_non_exhaustive()
    }
}

impl Frontier {
    /// Reads what the store has. Leases of a dead process are waiting again.
    pub fn open(store: &Store, now: Now) -> Result<Self, StoreError> {
        let plan = Plan::read(store, now)?;
        Ok(Self { store: store.clone(), plan: Mutex::new(plan), lost: Arc::default() })
    }

    /// Forgets what is in memory and reads the store again: the way on after a set was refused for want of room.
    /// No lease may be out.
    pub fn reload(&self, now: Now) -> Result<(), StoreError> {
        let mut plan = self.plan();
        let mut fresh = Plan::read(&self.store, now)?;
        fresh.carry_over(&plan, now.mono);
        *plan = fresh;
        self.lost.store(false, Ordering::Release);
        Ok(())
    }

    /// Begins or goes on with a round: dropped hosts are free again, each host's pages and bytes are counted from those already
    /// fetched in it (bytes as they were kept, compressed). Leases that nobody gave back wait again.
    pub fn begin_round(&self, round: u64, first_page: u64, now: Now) -> Result<(), StoreError> {
        let mut fetched = std::collections::HashMap::<String, (u32, u64)>::new();
        for page in self.store.pages(first_page) {
            let page = page?;
            if page.round == round {
                let (pages, bytes) = fetched.entry(page.host).or_default();
                // Of several looks the first is the page's own.
                *pages += if page.kind == Kind::Page { page.looks.len().max(1) as u32 } else { 0 };
                *bytes += page.capture.map_or(0, |capture| capture.length);
            }
        }
        if self.plan().has_leases() {
            self.reload(now)?;
        }
        self.plan().begin_round(round, &fetched, now);
        Ok(())
    }

    /// Adds candidates that were not known, in one set with `changes`. For each: whether it is new.
    ///
    /// Some thousands at a time; the answer need not be waited for before the next call, but that bounds memory.
    pub fn add(&self, found: Vec<Found>, changes: Changes, now: Now) -> (Vec<bool>, Pending<Committed>) {
        let mut plan = self.plan();
        let mut rows = FrontierRows::new(plan.round);
        let new = plan.add(found, &mut rows, now);
        (new, self.submit(&plan, changes, rows))
    }

    /// The next URL to fetch, or how long to wait. Each host in its turn, each host's URLs by priority and age.
    pub async fn next(&self, now: Now, limits: &Politeness) -> Result<Next, StoreError> {
        if self.lost.load(Ordering::Acquire) {
            return Err(StoreError::Refused("候选网址未能写入存储，需要重新载入后才能继续抓取".to_owned()));
        }
        self.plan().next(&self.store, now, limits)
    }

    /// Ends a lease for good, in one set with `changes` (the page's record) and with what was found on it.
    pub fn finish(
        &self,
        lease: Lease,
        found: Vec<Found>,
        changes: Changes,
        now: Now,
    ) -> (Vec<bool>, Pending<Committed>) {
        self.end(lease, found, changes, None, now)
    }

    /// As [`Frontier::finish`], of a URL that was asked for and not seen: it is listed as not looked at.
    pub fn finish_unseen(
        &self,
        lease: Lease,
        why: String,
        found: Vec<Found>,
        changes: Changes,
        now: Now,
    ) -> Pending<Committed> {
        self.end(lease, found, changes, Some(why), now).1
    }

    fn end(
        &self,
        lease: Lease,
        found: Vec<Found>,
        changes: Changes,
        unseen: Option<String>,
        now: Now,
    ) -> (Vec<bool>, Pending<Committed>) {
        let mut plan = self.plan();
        let mut rows = FrontierRows::new(plan.round);
        // What was found goes first: the block of a page is then not swept before its links are known.
        let new = plan.add(found, &mut rows, now);
        if let Some(why) = unseen {
            rows.list(lease.url().to_owned(), why);
        }
        plan.finish(lease.item, &mut rows, now);
        (new, self.submit(&plan, changes, rows))
    }

    /// Ends a lease for now: it comes again after a while, or, after a kill, at once.
    pub async fn retry(&self, lease: Lease, wait: Duration, now: Now) {
        let Lease { mut item, .. } = lease;
        item.attempt += 1;
        self.plan().give_back(item, now.mono + wait, true, now);
    }

    /// Gives a lease back because its host was asked for its robots.txt just now: nothing of the host is leased for so long, and then
    /// something is, whatever interval the host has.
    pub async fn put_back(&self, lease: Lease, wait: Duration, now: Now) {
        self.plan().put_back(lease.item, now.mono + wait, now);
    }

    /// Gives a lease back untried.
    pub async fn release(&self, lease: Lease, now: Now) {
        self.plan().give_back(lease.item, now.mono, false, now);
    }

    /// Whether it is known which address a lease asks; if not, [`Frontier::place`] is to be told before anything is asked.
    pub async fn is_placed(&self, lease: &Lease) -> bool {
        self.plan().is_placed(&lease.item)
    }

    /// Takes in which address a lease is about to ask. Where that may not be asked now, because of other names on it, the lease is
    /// taken back untried and comes again in its turn.
    pub async fn place(&self, lease: Lease, address: IpAddr, now: Now) -> Option<Lease> {
        let mut plan = self.plan();
        if plan.place(&lease.item, address, now.mono) {
            return Some(lease);
        }
        plan.give_back(lease.item, now.mono, false, now);
        None
    }

    /// Ends a lease until a date, also over restarts, in one set with `changes`, and lists its URL as not looked at.
    pub fn defer(&self, lease: Lease, until: Timestamp, why: &str, changes: Changes, now: Now) -> Pending<Committed> {
        let mut plan = self.plan();
        let mut rows = FrontierRows::new(plan.round);
        let Lease { mut item, .. } = lease;
        item.entry.not_before = Some(until);
        rows.defer(item.key, item.place, until.as_second());
        rows.list(item.entry.url.clone(), why.to_owned());
        plan.give_back(item, now.instant_of(until), true, now);
        self.submit(&plan, changes, rows)
    }

    /// Leaves a host alone for the rest of the round, and lists what waits of it as not looked at. Gives how many.
    pub async fn drop_host(&self, host: &str, why: &str, now: Now) -> Result<u64, StoreError> {
        let (round, blocks) = {
            let mut plan = self.plan();
            let blocks = plan.drop_host(host, why);
            (plan.round, blocks)
        };
        self.list(round, blocks, why, u64::MAX, now).await
    }

    /// Lists what waits as not looked at, at most `cap` URLs; at the end of a round. `why` is for those whose hosts have no
    /// reason of their own. What is not due yet is not missing and is not listed. Gives how many.
    pub async fn list_waiting(&self, why: &str, cap: u64, now: Now) -> Result<u64, StoreError> {
        let (round, hosts) = {
            let plan = self.plan();
            (plan.round, plan.hosts_waiting())
        };
        let mut listed = 0;
        for host in hosts {
            if listed >= cap {
                break;
            }
            let (blocks, hold) = {
                let plan = self.plan();
                (plan.blocks_of(host), plan.hosts[host as usize].hold(&plan.limits, now.mono))
            };
            let why = hold.map_or_else(|| why.to_owned(), |hold| hold.to_string());
            listed += self.list(round, blocks, &why, cap - listed, now).await?;
        }
        Ok(listed)
    }

    /// Sets the interval of a host, such as its crawl-delay; the unit's own is the least.
    pub async fn host_delay(&self, host: &str, delay: Duration) {
        if let Some(queue) = self.plan().host_mut(host) {
            queue.delay = Some(delay);
        }
    }

    /// Leaves a host alone until its next turn by its own interval, which was asked for before this frontier knew it.
    pub async fn host_turn(&self, host: &str, delay: Duration, until: Instant) {
        if let Some(queue) = self.plan().host_mut(host) {
            queue.delay = Some(delay);
            queue.next_at = queue.next_at.max(Some(until));
        }
    }

    /// Leaves a host alone until a time, such as its Retry-After.
    pub async fn host_until(&self, host: &str, until: Instant) {
        self.plan().pause(host, until);
    }

    /// Counts further fetches of a lease's page to its host.
    pub async fn charge(&self, host: &str, fetches: u32) {
        if let Some(queue) = self.plan().host_mut(host) {
            queue.pages = queue.pages.saturating_add(fetches);
        }
    }

    /// How much there is. Walks the hosts: for progress lines, not for every page.
    pub async fn counts(&self) -> Counts {
        self.plan().counts()
    }

    /// Takes in what an answer of a host told; before its lease ends.
    pub async fn heard(&self, host: &str, heard: Heard, now: Now) {
        self.plan().heard(host, &heard, now.mono);
    }

    /// How a host stands.
    pub async fn host_state(&self, host: &str, now: Now) -> Option<HostState> {
        self.plan().state(host, now.mono)
    }

    /// How each host stands that was asked for anything in this round, or dropped.
    pub async fn host_states(&self, now: Now) -> Vec<(Arc<str>, HostState)> {
        self.plan().states(now.mono)
    }

    /// Whether a URL was ever a candidate.
    pub async fn knows(&self, url: &str) -> bool {
        self.plan().knows(url)
    }

    async fn list(&self, round: u64, blocks: Vec<QueueKey>, why: &str, cap: u64, now: Now) -> Result<u64, StoreError> {
        const AT_ONCE: u64 = 256;
        let mut listed = 0;
        let (mut rows, mut in_rows) = (FrontierRows::new(round), 0);
        for key in blocks {
            let block = self.store.queue_block(key)?;
            for (place, bytes) in &block.entries {
                let due = entry::not_before(bytes).is_none_or(|date| date <= now.wall);
                let waits = due && block.done & 1 << place == 0 && !self.plan().is_leased(key, *place);
                if let Some(url) = entry::url(bytes).filter(|_| waits && listed < cap) {
                    rows.list(url.to_owned(), why.to_owned());
                    listed += 1;
                    in_rows += 1;
                }
            }
            if in_rows >= AT_ONCE {
                let mut changes = Changes::new();
                changes.frontier(std::mem::replace(&mut rows, FrontierRows::new(round)));
                in_rows = 0;
                self.store.commit(changes).await?;
            }
        }
        let mut changes = Changes::new();
        changes.frontier(rows);
        self.store.commit(changes).await?;
        Ok(listed)
    }

    /// The guard of the plan is proof that the order of submissions is that of decisions.
    fn submit(&self, _: &MutexGuard<'_, Plan>, mut changes: Changes, rows: FrontierRows) -> Pending<Committed> {
        changes.frontier(rows);
        self.store.submit_or_mark(changes, Some(Arc::clone(&self.lost)))
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        // A panic inside leaves numbers that the next opening corrects; the rest of the crawl may go on.
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
