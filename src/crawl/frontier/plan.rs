//! The frontier's memory: the set of known URLs, the hosts, and what is known of how they may be asked.
//!
//! Pure but for reading blocks; every change that must last goes into rows that the caller hands to the store under the same
//! lock. Whose turn it is stands in `choice`. Start at [`Plan::add`].

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Counts, Found, Heard, HostState, Kind, Now, Politeness,
    entry::{self, Entry},
    groups::Groups,
    host::{Delayed, HostQueue, Item},
    seen::Seen,
    turns::Turns,
};
use crate::store::{FrontierRows, QueueKey, SLOTS, Store, StoreError};

/// Longer URLs are traps.
const URL_BYTES: usize = 4096;

/// A lease that is out.
#[derive(Debug, Clone)]
pub(super) struct Out {
    since: Instant,
    /// The cell that its host lay in, whose groups count it.
    cell: u32,
}

/// See the module.
pub(super) struct Plan {
    seen: Seen,
    pub(super) hosts: Vec<HostQueue>,
    by_name: hashbrown::HashMap<Arc<str>, u32>,
    pub(super) groups: Groups,
    pub(super) turns: Turns,
    leased: HashMap<(QueueKey, u8), Out>,
    /// Entries in memory.
    pub(super) windowed: usize,
    /// How the unit wants hosts treated, as last told.
    pub(super) limits: Politeness,
    pub(super) round: u64,
}

impl Plan {
    /// Rebuilds everything from the store's blocks.
    pub(super) fn read(store: &Store, now: Now) -> Result<Self, StoreError> {
        let mut plan = Self {
            seen: Seen::new(store.fingerprint_keys()),
            hosts: Vec::new(),
            by_name: hashbrown::HashMap::new(),
            groups: Groups::default(),
            turns: Turns::default(),
            leased: HashMap::new(),
            windowed: 0,
            limits: Politeness::default(),
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
            self.hosts.push(HostQueue::new(Arc::from(""), 0));
        }
        let queue = &mut self.hosts[key.host as usize];
        if queue.name.is_empty() {
            queue.name = Arc::from(block.host.as_str());
            queue.cell = self.groups.cell_of(&queue.name);
            self.by_name.insert(Arc::clone(&queue.name), key.host);
        }
        let (mut taken, mut bytes) = (0, 0);
        for (place, raw) in &block.entries {
            taken |= 1 << (place % SLOTS);
            bytes += raw.len();
        }
        if key.lane % 2 == 1 {
            self.seen.insert_all(block.entries.iter().filter_map(|(_, raw)| entry::url(raw)));
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
        let cell = self.groups.cell_of(&name);
        self.hosts.push(HostQueue::new(Arc::clone(&name), cell));
        self.by_name.insert(name, number);
        number
    }

    /// Counts a lease that goes out.
    pub(super) fn lease_out(&mut self, number: u32, item: &Item, now: Instant) {
        let queue = &mut self.hosts[number as usize];
        queue.in_flight += 1;
        queue.pages += u32::from(item.entry.kind == Kind::Page && item.attempt == 0);
        queue.next_at = Some(now + queue.interval(&self.limits));
        let cell = queue.cell;
        for group in self.groups.cell(cell).groups() {
            self.groups.group_mut(group).began(now, self.limits.delay);
        }
        self.leased.insert((item.key, item.place), Out { since: now, cell });
        self.enqueue(number, now);
    }

    /// Whether it is known which address a lease asks.
    pub(super) fn is_placed(&self, item: &Item) -> bool {
        self.leased.get(&(item.key, item.place)).is_none_or(|out| self.groups.cell(out.cell).has_address())
    }

    /// Takes in which address a lease is about to ask, which then counts it too. False where it may not be asked now.
    pub(super) fn place(&mut self, item: &Item, address: IpAddr, now: Instant) -> bool {
        self.lies_on(item.key.host, address, now);
        let Some(out) = self.leased.get_mut(&(item.key, item.place)) else { return true };
        if self.groups.cell(out.cell).has_address() {
            return true;
        }
        let cell = self.groups.cell_on(out.cell, address);
        let Some(group) = self.groups.cell(cell).address_group() else { return true };
        let group = self.groups.group_mut(group);
        // Who finds others waiting waits behind them, as everywhere.
        if group.is_held(now, &self.limits) || !group.line.is_empty() {
            return false;
        }
        group.began(now, self.limits.delay);
        out.cell = cell;
        true
    }

    pub(super) fn finish(&mut self, item: Item, rows: &mut FrontierRows, now: Now) {
        let number = item.key.host;
        let closed = self.hosts[number as usize].may_sweep(item.key);
        rows.done(item.key, item.place, item.entry.url, closed);
        self.end_lease(number, (item.key, item.place), true, now);
    }

    /// `asked`: something was asked for it.
    pub(super) fn give_back(&mut self, item: Item, at: Instant, asked: bool, now: Now) {
        let (number, place) = (item.key.host, (item.key, item.place));
        let turn = self.turns.number();
        if item.entry.kind == Kind::Page && item.attempt == 0 {
            let queue = &mut self.hosts[number as usize];
            queue.pages = queue.pages.saturating_sub(1);
        }
        self.hosts[number as usize].delayed.push(Reverse(Delayed { at, turn, item }));
        self.end_lease(number, place, asked, now);
    }

    /// As [`Plan::give_back`], for the whole host, and however long the host's own interval is.
    pub(super) fn put_back(&mut self, item: Item, at: Instant, now: Now) {
        let number = item.key.host;
        let queue = &mut self.hosts[number as usize];
        let own = queue.delay.take();
        queue.next_at = Some(at).max(queue.asked_until);
        self.give_back(item, at, true, now);
        self.hosts[number as usize].delay = own;
    }

    fn end_lease(&mut self, number: u32, place: (QueueKey, u8), asked: bool, now: Now) {
        let now = now.mono;
        let rest = |interval: Duration| if asked { interval } else { Duration::ZERO };
        // A lease from before a reload is not this plan's.
        if let Some(out) = self.leased.remove(&place) {
            let queue = &mut self.hosts[number as usize];
            queue.in_flight = queue.in_flight.saturating_sub(1);
            queue.next_at = queue.next_at.max(Some(now + rest(queue.interval(&self.limits))));
            queue.spent += now.saturating_duration_since(out.since);
            let cell = queue.cell;
            for group in self.groups.cell(out.cell).groups() {
                self.groups.group_mut(group).ended(now, rest(self.limits.delay));
                self.enter_group(group, now);
            }
            // What the answer told of its address came after the lease.
            for group in self.groups.cell(cell).groups() {
                self.groups.group_mut(group).rests(now, rest(self.limits.delay));
            }
        }
        self.enqueue(number, now);
    }

    /// Takes in what a host's answer told.
    pub(super) fn heard(&mut self, host: &str, heard: &Heard, now: Instant) {
        let Some(number) = self.by_name.get(host).copied() else { return };
        let queue = &mut self.hosts[number as usize];
        queue.bytes = queue.bytes.saturating_add(heard.bytes);
        queue.pace.heard(heard.waited);
        if let Some(address) = heard.address {
            self.lies_on(number, address, now);
        }
    }

    fn lies_on(&mut self, number: u32, address: IpAddr, now: Instant) {
        let queue = &mut self.hosts[number as usize];
        let cell = self.groups.cell_on(queue.cell, address);
        if cell != queue.cell {
            queue.cell = cell;
            if queue.queued_at.take().is_some() {
                self.enqueue(number, now);
            }
        }
    }

    pub(super) fn begin_round(&mut self, round: u64, fetched: &HashMap<String, (u32, u64)>, now: Now) {
        self.round = round;
        for number in 0..self.hosts.len() as u32 {
            let queue = &mut self.hosts[number as usize];
            let (pages, bytes) = fetched.get(&*queue.name).copied().unwrap_or_default();
            queue.begin_round(pages, bytes);
            self.enqueue(number, now.mono);
        }
    }

    /// Takes over what an earlier plan of this round knew and the store does not.
    pub(super) fn carry_over(&mut self, old: &Self, now: Instant) {
        self.round = old.round;
        self.limits = old.limits;
        let addresses = old.groups.addresses();
        for known in &old.hosts {
            let Some(number) = self.by_name.get(&known.name).copied() else { continue };
            let queue = &mut self.hosts[number as usize];
            queue.dropped.clone_from(&known.dropped);
            (queue.pages, queue.bytes, queue.spent) = (known.pages, known.bytes, known.spent);
            (queue.delay, queue.pace) = (known.delay, known.pace);
            (queue.next_at, queue.asked_until) = (known.next_at, known.asked_until);
            if let Some(address) = addresses.get(&known.cell) {
                self.lies_on(number, *address, now);
            }
        }
    }

    pub(super) fn drop_host(&mut self, host: &str, why: &str) -> Vec<QueueKey> {
        let Some(number) = self.by_name.get(host).copied() else { return Vec::new() };
        let queue = &mut self.hosts[number as usize];
        (queue.dropped, queue.queued_at) = (Some(why.into()), None);
        self.blocks_of(number)
    }

    pub(super) fn pause(&mut self, host: &str, until: Instant) {
        if let Some(queue) = self.host_mut(host) {
            queue.next_at = queue.next_at.max(Some(until));
            queue.asked_until = queue.asked_until.max(Some(until));
        }
    }

    pub(super) fn has_leases(&self) -> bool {
        !self.leased.is_empty()
    }

    pub(super) fn state(&self, host: &str, now: Instant) -> Option<HostState> {
        let number = *self.by_name.get(host)?;
        Some(self.hosts[number as usize].state(&self.limits, now))
    }

    /// How each host stands that was asked for anything in this round, or dropped.
    pub(super) fn states(&self, now: Instant) -> Vec<(Arc<str>, HostState)> {
        let touched = |queue: &&HostQueue| queue.pages > 0 || !queue.spent.is_zero() || queue.dropped.is_some();
        let hosts = self.hosts.iter().filter(touched);
        hosts.map(|queue| (Arc::clone(&queue.name), queue.state(&self.limits, now))).collect()
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
        self.leased.contains_key(&(key, place))
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
