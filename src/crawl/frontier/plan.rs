//! The frontier's memory: the set of known URLs, the hosts, and the order in which they may be asked.
//!
//! Pure but for reading blocks; every change that must last goes into rows that the caller hands to the store under the same
//! lock. Start at [`Plan::next`].

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Counts, Found, Kind, Lease, Next, Now, Politeness,
    entry::{self, Entry},
    host::{Delayed, HostQueue, Item, Take},
    seen::Seen,
};
use crate::store::{FrontierRows, QueueKey, SLOTS, Store, StoreError};

/// Longer URLs are traps.
const URL_BYTES: usize = 4096;
/// While fewer entries than this are in memory a host reads a whole block at a time, beyond it one by one.
const WINDOWED: usize = 100_000;
/// How soon to look again for entries that are on their way to the disk.
const ON_ITS_WAY: Duration = Duration::from_millis(5);

/// See the module.
pub(super) struct Plan {
    seen: Seen,
    hosts: Vec<HostQueue>,
    by_name: hashbrown::HashMap<Arc<str>, u32>,
    /// When each host may be asked, the order of coming among equals, and the host's number. An entry whose time is not the
    /// host's own `queued_at` is a leftover.
    ready: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    turn: u64,
    leased: HashSet<(QueueKey, u8)>,
    windowed: usize,
    connections: u32,
    pub round: u64,
}

impl Plan {
    /// Rebuilds everything from the store's blocks.
    pub(super) fn read(store: &Store, now: Now) -> Result<Self, StoreError> {
        let mut plan = Self {
            seen: Seen::new(store.fingerprint_keys()),
            hosts: Vec::new(),
            by_name: hashbrown::HashMap::new(),
            ready: BinaryHeap::new(),
            turn: 0,
            leased: HashSet::new(),
            windowed: 0,
            connections: 1,
            round: 0,
        };
        let mut marks = store.queue_marks().peekable();
        for block in store.queue_blocks() {
            let (key, block) = block?;
            // Both lists have the same order, but not every block has marks.
            while marks.peek().is_some_and(|mark| mark.as_ref().is_ok_and(|(at, _)| *at < key)) {
                marks.next();
            }
            let mut done = 0;
            if let Some(mark) = marks.next_if(|mark| mark.as_ref().map_or(true, |(at, _)| *at == key)) {
                done = mark?.1;
            }
            plan.take_up(key, &block, done);
        }
        for number in 0..plan.hosts.len() as u32 {
            plan.enqueue(number, now.mono);
        }
        Ok(plan)
    }

    fn take_up(&mut self, key: QueueKey, block: &crate::store::QueueBlock, done: u64) {
        while self.hosts.len() <= key.host as usize {
            // A number without a block is a host whose rechecks were swept away; it may be given to nobody else.
            self.hosts.push(HostQueue::new(Arc::from("")));
        }
        let queue = &mut self.hosts[key.host as usize];
        if queue.name.is_empty() {
            queue.name = Arc::from(block.host.as_str());
            self.by_name.insert(Arc::clone(&queue.name), key.host);
        }
        let (mut taken, mut bytes) = (0, 0);
        for (place, raw) in &block.entries {
            taken |= 1 << (place % SLOTS);
            bytes += raw.len();
            if key.lane % 2 == 1
                && let Some(url) = entry::url(raw)
            {
                self.seen.insert(url);
            }
        }
        queue.found(key, taken, done, bytes);
    }

    pub(super) fn add(&mut self, found: Vec<Found>, rows: &mut FrontierRows, now: Now) -> Vec<bool> {
        found.into_iter().map(|one| self.add_one(one, rows, now)).collect()
    }

    fn add_one(&mut self, found: Found, rows: &mut FrontierRows, now: Now) -> bool {
        let Found { url, host, depth, kind, via, priority, not_before } = found;
        if url.len() > URL_BYTES || host.is_empty() || (kind != Kind::Recheck && !self.seen.insert(&url)) {
            return false;
        }
        let number = self.number_of(&host);
        let bytes = entry::encode(&Entry { url, depth, kind, not_before, via });
        let queue = &mut self.hosts[number as usize];
        let (key, place) = queue.add(number, kind, priority, bytes.len());
        rows.add(key, Arc::clone(&queue.name), place, bytes);
        self.enqueue(number, now.mono);
        true
    }

    fn number_of(&mut self, host: &str) -> u32 {
        if let Some(number) = self.by_name.get(host) {
            return *number;
        }
        let name: Arc<str> = Arc::from(host);
        let number = self.hosts.len() as u32;
        self.hosts.push(HostQueue::new(Arc::clone(&name)));
        self.by_name.insert(name, number);
        number
    }

    pub(super) fn next(&mut self, store: &Store, now: Now, limits: &Politeness) -> Result<Next, StoreError> {
        self.connections = limits.connections.max(1);
        while let Some(&Reverse((at, _, number))) = self.ready.peek() {
            let queue = &self.hosts[number as usize];
            if queue.queued_at != Some(at) {
                self.ready.pop();
                continue;
            }
            if at > now.mono {
                return Ok(Next::WaitUntil(at));
            }
            self.ready.pop();
            let queue = &mut self.hosts[number as usize];
            queue.queued_at = None;
            if queue.parked || queue.in_flight >= self.connections {
                continue;
            }
            if let Some(later) = queue.next_at.filter(|later| *later > now.mono) {
                self.enqueue_at(number, later);
                continue;
            }
            let over = limits.host_pages > 0 && queue.pages >= limits.host_pages;
            let before = queue.windowed();
            let budget = if self.windowed < WINDOWED { usize::from(SLOTS) } else { 1 };
            let taken = queue.take(number, store, now, over, budget, &mut self.turn);
            self.windowed = (self.windowed + queue.windowed()).saturating_sub(before);
            match taken {
                Ok(Take::Item(item)) => return Ok(Next::Lease(self.lease(number, item, now, limits))),
                Ok(Take::Later(later)) => self.enqueue_at(number, later.max(now.mono + Duration::from_millis(1))),
                Ok(Take::NotYet) => self.enqueue_at(number, now.mono + ON_ITS_WAY),
                Ok(Take::Nothing) => {}
                Err(error) => {
                    self.enqueue_at(number, now.mono + ON_ITS_WAY);
                    return Err(error);
                }
            }
        }
        Ok(if self.leased.is_empty() { Next::Empty } else { Next::InFlight })
    }

    fn lease(&mut self, number: u32, item: Item, now: Now, limits: &Politeness) -> Lease {
        let queue = &mut self.hosts[number as usize];
        queue.in_flight += 1;
        queue.pages += u32::from(item.entry.kind == Kind::Page && item.attempt == 0);
        // A delay of none switches all waits of politeness off, the host's own wishes too.
        let own = queue.delay.filter(|_| !limits.delay.is_zero());
        queue.interval = own.map_or(limits.delay, |own| own.max(limits.delay));
        queue.next_at = Some(now.mono + queue.interval);
        let host = Arc::clone(&queue.name);
        self.leased.insert((item.key, item.place));
        self.enqueue(number, now.mono);
        Lease { item, host }
    }

    pub(super) fn finish(&mut self, item: Item, rows: &mut FrontierRows, now: Now) {
        let number = item.key.host;
        let closed = self.hosts[number as usize].may_sweep(item.key);
        rows.done(item.key, item.place, item.entry.url, closed);
        self.end_lease(number, (item.key, item.place), now);
    }

    pub(super) fn give_back(&mut self, item: Item, at: Instant, now: Now) {
        let (number, place) = (item.key.host, (item.key, item.place));
        self.turn += 1;
        if item.entry.kind == Kind::Page && item.attempt == 0 {
            let queue = &mut self.hosts[number as usize];
            queue.pages = queue.pages.saturating_sub(1);
        }
        self.hosts[number as usize].delayed.push(Reverse(Delayed { at, turn: self.turn, item }));
        self.end_lease(number, place, now);
    }

    fn end_lease(&mut self, number: u32, place: (QueueKey, u8), now: Now) {
        // A lease from before a reload is not this plan's.
        if self.leased.remove(&place) {
            let queue = &mut self.hosts[number as usize];
            queue.in_flight = queue.in_flight.saturating_sub(1);
            queue.next_at = queue.next_at.max(Some(now.mono + queue.interval));
        }
        self.enqueue(number, now.mono);
    }

    /// Puts a host in the heap, if it has anything to offer and a connection to spare.
    fn enqueue(&mut self, number: u32, now: Instant) {
        let queue = &self.hosts[number as usize];
        if queue.parked || queue.in_flight >= self.connections || queue.waiting() == 0 {
            return;
        }
        self.enqueue_at(number, queue.next_at.unwrap_or(now).max(now));
    }

    fn enqueue_at(&mut self, number: u32, at: Instant) {
        let queue = &mut self.hosts[number as usize];
        if queue.queued_at.is_none_or(|queued| queued > at) {
            queue.queued_at = Some(at);
            self.turn += 1;
            self.ready.push(Reverse((at, self.turn, number)));
        }
    }

    pub(super) fn begin_round(&mut self, round: u64, fetched: &HashMap<String, u32>, now: Now) {
        self.round = round;
        for number in 0..self.hosts.len() as u32 {
            let queue = &mut self.hosts[number as usize];
            queue.parked = false;
            queue.pages = fetched.get(&*queue.name).copied().unwrap_or(0);
            self.enqueue(number, now.mono);
        }
    }

    /// Takes over what an earlier plan of this round knew and the store does not.
    pub(super) fn carry_over(&mut self, old: &Self) {
        self.round = old.round;
        for known in &old.hosts {
            if let Some(queue) = self.host_mut(&known.name) {
                queue.parked = known.parked;
                queue.pages = known.pages;
                queue.delay = known.delay;
                queue.next_at = known.next_at;
            }
        }
    }

    pub(super) fn park(&mut self, host: &str) -> Vec<QueueKey> {
        let Some(number) = self.by_name.get(host).copied() else { return Vec::new() };
        self.hosts[number as usize].parked = true;
        self.hosts[number as usize].queued_at = None;
        self.blocks_of(number)
    }

    pub(super) fn pause(&mut self, host: &str, until: Instant) {
        if let Some(queue) = self.host_mut(host) {
            queue.next_at = queue.next_at.max(Some(until));
        }
    }

    pub(super) fn host_mut(&mut self, host: &str) -> Option<&mut HostQueue> {
        let number = *self.by_name.get(host)?;
        self.hosts.get_mut(number as usize)
    }

    pub(super) fn hosts_waiting(&self) -> Vec<u32> {
        (0..self.hosts.len() as u32).filter(|number| self.hosts[*number as usize].waiting() > 0).collect()
    }

    pub(super) fn blocks_of(&self, number: u32) -> Vec<QueueKey> {
        self.hosts[number as usize].open_blocks(number)
    }

    pub(super) fn is_leased(&self, key: QueueKey, place: u8) -> bool {
        self.leased.contains(&(key, place))
    }

    pub(super) fn knows(&self, url: &str) -> bool {
        self.seen.contains(url)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            waiting: self.hosts.iter().map(HostQueue::waiting).sum(),
            in_flight: self.leased.len() as u64,
            hosts_in_flight: self.hosts.iter().filter(|queue| queue.in_flight > 0).count() as u64,
            seen: self.seen.len() as u64,
            hosts: self.by_name.len() as u64,
        }
    }
}
