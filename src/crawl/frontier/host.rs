//! The queue of one host: lanes of URLs by priority, and those that wait for a time.
//!
//! A lane's URLs lie in the store; only a window of them is in memory. Places in a lane are given out once, in order, and a
//! lane is read in that order, so a lane needs no more than a head and the number of places in each block.
//! It must not decide when a host may be asked. Start at [`HostQueue::take`].

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    Hold, HostState, Kind, Now, Politeness,
    entry::{self, Entry},
    pace::Pace,
    parked::{Dated, Parked},
};
use crate::store::{QueueBlock, QueueKey, SLOTS, Store, StoreError};

/// A block takes entries until it has 64, or so many bytes. Small, because sled writes 16 neighbouring rows anew for every ten
/// changes among them: larger blocks would save little memory and cost a rewrite each link.
const BLOCK_BYTES: usize = 8 * 1024;
/// Every so many URLs a host's least urgent one goes first, so that it is not put off for as long as others are found.
const LEAST_EVERY: u8 = 8;
/// Longer intervals are worth a word to whoever asks why a host waits.
const NOTABLE: Duration = Duration::from_secs(60);

/// A URL and where it lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub key: QueueKey,
    pub place: u8,
    pub attempt: u32,
    pub entry: Entry,
}

/// An item that waits. Ordered by time, then by number, so that the order of equals is that of their coming.
#[derive(Debug)]
pub(super) struct Delayed {
    pub at: Instant,
    pub turn: u64,
    pub item: Item,
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.turn) == (other.at, other.turn)
    }
}
impl Eq for Delayed {}
impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.turn).cmp(&(other.at, other.turn))
    }
}

/// URLs of one host, class and priority.
#[derive(Debug)]
pub(super) struct Lane {
    /// Priority times two; odd: pages and pictures, even: rechecks, which go first and need not be remembered.
    id: u8,
    /// Places given out in each block.
    places: Vec<u8>,
    tail_bytes: u32,
    head: (u32, u8),
    /// Where the lane ended when the store was opened: what is missing before it never reached the disk.
    opened_at: (u32, u8),
    window: VecDeque<Item>,
    /// URLs that wait in this lane, in memory or not.
    left: u32,
    /// Those of them whose date has not come.
    parked: Option<Box<Parked>>,
}

impl Lane {
    fn new(id: u8) -> Self {
        Self {
            id,
            places: Vec::new(),
            tail_bytes: 0,
            head: (0, 0),
            opened_at: (0, 0),
            window: VecDeque::new(),
            left: 0,
            parked: None,
        }
    }

    fn is_recheck(&self) -> bool {
        self.id.is_multiple_of(2)
    }

    /// A place for an entry of so many bytes.
    fn give_place(&mut self, bytes: usize) -> (u32, u8) {
        let full = self.places.last().is_none_or(|places| *places >= SLOTS)
            || (self.tail_bytes > 0 && self.tail_bytes as usize + bytes > BLOCK_BYTES);
        if full {
            self.places.push(0);
            self.tail_bytes = 0;
        }
        let block = self.places.len() - 1;
        let place = self.places[block];
        self.places[block] += 1;
        self.tail_bytes += bytes as u32;
        (block as u32, place)
    }

    /// Whether no more places will be given out in a block.
    fn is_closed(&self, block: u32) -> bool {
        (block as usize) + 1 < self.places.len() || self.places.get(block as usize).is_some_and(|n| *n >= SLOTS)
    }

    /// Reads the next entries into the window, as many as may be: those whose date has come, then those behind. Entries that are not
    /// on disk yet are waited for.
    fn load(&mut self, host: u32, store: &Store, now: i64, may: &mut Budget) -> Result<(), StoreError> {
        let budget = may.entries;
        while self.window.is_empty() && may.blocks > 0 {
            if let Some(group) = self.parked.as_mut().and_then(|parked| parked.due(now)) {
                may.blocks -= 1;
                self.load_due(host, store, group, now, budget)?;
                continue;
            }
            let Some(&places) = self.places.get(self.head.0 as usize) else { return Ok(()) };
            if self.head.1 >= places {
                if self.head.0 as usize + 1 >= self.places.len() {
                    return Ok(());
                }
                self.head = (self.head.0 + 1, 0);
                continue;
            }
            let key = QueueKey { host, lane: self.id, block: self.head.0 };
            may.blocks -= 1;
            let block = store.queue_block(key)?;
            let entries = by_place(&block);
            while self.head.1 < places && self.window.len() < budget {
                let place = self.head.1;
                if block.done & 1 << place == 0 {
                    let Some(bytes) = entries[usize::from(place)] else {
                        if self.head >= self.opened_at {
                            return Ok(());
                        }
                        self.head.1 += 1;
                        continue;
                    };
                    match self.decode(key, &block, place, bytes) {
                        Some((entry, date)) if date <= now => {
                            self.window.push_back(Item { key, place, attempt: 0, entry });
                        }
                        Some((_, date)) => self.parked.get_or_insert_default().put(key.block, place, date),
                        None => {}
                    }
                }
                self.head.1 += 1;
            }
        }
        Ok(())
    }

    /// Reads what is due of a block, and puts the rest away again.
    fn load_due(&mut self, host: u32, store: &Store, group: Dated, now: i64, budget: usize) -> Result<(), StoreError> {
        let key = QueueKey { host, lane: self.id, block: group.block };
        let block = match store.queue_block(key) {
            Ok(block) => block,
            Err(error) => {
                self.parked.get_or_insert_default().put_back(group);
                return Err(error);
            }
        };
        let mut rest = Dated { at: i64::MAX, places: 0, ..group };
        for (bytes, place) in by_place(&block).into_iter().zip(0..) {
            let Some(bytes) = bytes.filter(|_| group.places & 1 << place != 0) else { continue };
            match self.decode(key, &block, place, bytes) {
                Some((entry, date)) if date <= now && self.window.len() < budget => {
                    self.window.push_back(Item { key, place, attempt: 0, entry });
                }
                Some((_, date)) => {
                    rest.at = rest.at.min(date);
                    rest.places |= 1 << place;
                }
                None => {}
            }
        }
        self.parked.get_or_insert_default().put_back(rest);
        Ok(())
    }

    /// An entry and its date, in seconds; one that is unreadable is given up.
    fn decode(&mut self, key: QueueKey, block: &QueueBlock, place: u8, bytes: &[u8]) -> Option<(Entry, i64)> {
        let Some(mut entry) = entry::decode(bytes) else {
            tracing::error!(?key, place, "unreadable candidate left out");
            self.left = self.left.saturating_sub(1);
            return None;
        };
        let waits = block.deferred.iter().find(|(at, _)| *at == place);
        entry.not_before = entry.not_before.max(waits.and_then(|(_, until)| Timestamp::from_second(*until).ok()));
        let date = entry.not_before.map_or(i64::MIN, Timestamp::as_second);
        Some((entry, date))
    }

    /// Whether anything but what waits for a date is left.
    fn has_undated(&self) -> bool {
        self.left > self.parked.as_ref().map_or(0, |parked| parked.count)
    }
}

fn by_place(block: &QueueBlock) -> [Option<&[u8]>; SLOTS as usize] {
    let mut entries = [None; SLOTS as usize];
    for (place, bytes) in &block.entries {
        entries[usize::from(*place % SLOTS)] = Some(bytes.as_slice());
    }
    entries
}

/// What a choice may still bring into memory.
pub(super) struct Budget {
    /// Entries of one host.
    pub entries: usize,
    /// Blocks, of all hosts that it looks at.
    pub blocks: usize,
}

/// What a host's queue has to offer.
pub(super) enum Take {
    /// A URL.
    Item(Item),
    /// Nothing before that time.
    Later(Instant),
    /// Nothing in memory, and the next is still on its way to the disk.
    NotYet,
    /// Nothing.
    Nothing,
}

/// One host.
#[derive(Debug)]
pub(super) struct HostQueue {
    pub name: Arc<str>,
    /// The cell of hosts that it lies in.
    pub cell: u32,
    lanes: Vec<Lane>,
    pub delayed: BinaryHeap<Reverse<Delayed>>,
    /// URLs given out, as far as that decides whose turn it is.
    given: u8,
    pub in_flight: u32,
    /// Not to be asked before.
    pub next_at: Option<Instant>,
    /// It asked itself not to be asked before.
    pub asked_until: Option<Instant>,
    /// Its own interval, where it is longer than the unit's.
    pub delay: Option<Duration>,
    /// How fast it answers.
    pub pace: Pace,
    /// The time under which it stands in its cell.
    pub queued_at: Option<Instant>,
    /// Why it is left alone for the rest of the round.
    pub dropped: Option<Box<str>>,
    /// Pages begun this round.
    pub pages: u32,
    /// Bytes of bodies read this round, as they came over the wire.
    pub bytes: u64,
    /// How long connections were its in this round.
    pub spent: Duration,
}

impl HostQueue {
    pub(super) fn new(name: Arc<str>, cell: u32) -> Self {
        Self {
            name,
            cell,
            lanes: Vec::new(),
            delayed: BinaryHeap::new(),
            given: 0,
            in_flight: 0,
            next_at: None,
            asked_until: None,
            delay: None,
            pace: Pace::default(),
            queued_at: None,
            dropped: None,
            pages: 0,
            bytes: 0,
            spent: Duration::ZERO,
        }
    }

    /// What it may still be asked for in this round: nothing, if there is an answer, but for rechecks.
    pub(super) fn over(&self, limits: &Politeness) -> Option<Hold> {
        let Politeness { host_pages, host_bytes, host_time, .. } = *limits;
        if host_pages > 0 && self.pages >= host_pages {
            Some(Hold::Pages(host_pages))
        } else if host_bytes > 0 && self.bytes >= host_bytes {
            Some(Hold::Bytes(host_bytes))
        } else if !host_time.is_zero() && self.spent >= host_time {
            Some(Hold::Time(host_time))
        } else {
            None
        }
    }

    /// From the end of a fetch to the start of the next one. A delay of none switches all waits of politeness off, the host's own
    /// wishes too.
    pub(super) fn interval(&self, limits: &Politeness) -> Duration {
        let delay = limits.delay;
        if delay.is_zero() { delay } else { self.pace.stretched(self.delay.map_or(delay, |own| own.max(delay))) }
    }

    /// What keeps its URLs waiting longer than its turn.
    pub(super) fn hold(&self, limits: &Politeness, now: Instant) -> Option<Hold> {
        if let Some(why) = &self.dropped {
            return Some(Hold::Dropped(why.to_string()));
        }
        let asked = self.asked_until.filter(|until| *until > now);
        let slow = self.delay.filter(|delay| *delay > NOTABLE && !limits.delay.is_zero());
        self.over(limits).or(asked.map(|until| Hold::Asked(until - now))).or(slow.map(Hold::CrawlDelay))
    }

    pub(super) fn state(&self, limits: &Politeness, now: Instant) -> HostState {
        let interval = self.interval(limits);
        HostState {
            waiting: self.waiting(),
            pages: self.pages,
            bytes: self.bytes,
            spent: self.spent,
            interval,
            slowed: interval > self.delay.unwrap_or_default().max(limits.delay),
            hold: self.hold(limits, now),
        }
    }

    /// Begins a round in which it was asked for so much already.
    pub(super) fn begin_round(&mut self, pages: u32, bytes: u64) {
        (self.dropped, self.pages, self.bytes, self.spent) = (None, pages, bytes, Duration::ZERO);
    }

    /// The priority of the most urgent that waits: what a turn of this host is worth.
    pub(super) fn class(&self) -> u8 {
        let ready = self.lanes.iter().find(|lane| lane.has_undated());
        let lane = ready.or(self.lanes.iter().find(|lane| lane.left > 0)).map(|lane| lane.id);
        let delayed = self.delayed.peek().map(|Reverse(first)| first.item.key.lane);
        lane.into_iter().chain(delayed).min().unwrap_or(u8::MAX) / 2
    }

    /// URLs that wait, for whatever reason.
    pub(super) fn waiting(&self) -> u64 {
        self.lanes.iter().map(|lane| u64::from(lane.left)).sum::<u64>() + self.delayed.len() as u64
    }

    /// The lanes' blocks from the first that may have something waiting on.
    pub(super) fn open_blocks(&self, host: u32) -> Vec<QueueKey> {
        let of = |lane: &Lane| (0..lane.places.len() as u32).map(|block| (lane.id, block)).collect::<Vec<_>>();
        self.lanes.iter().flat_map(of).map(|(lane, block)| QueueKey { host, lane, block }).collect()
    }

    /// Gives an entry its place and counts it as waiting.
    pub(super) fn add(&mut self, host: u32, kind: Kind, priority: u8, bytes: usize) -> (QueueKey, u8) {
        let id = lane_id(kind, priority);
        let lane = self.lane(id);
        let (block, place) = lane.give_place(bytes);
        lane.left += 1;
        (QueueKey { host, lane: id, block }, place)
    }

    /// Takes up a block that was found on disk, with which of its places are taken and which done.
    pub(super) fn found(&mut self, key: QueueKey, taken: u64, done: u64, bytes: usize) {
        let lane = self.lane(key.lane);
        if lane.places.len() <= key.block as usize {
            lane.places.resize(key.block as usize + 1, 0);
        }
        lane.places[key.block as usize] = (u64::BITS - taken.leading_zeros()) as u8;
        lane.tail_bytes = bytes as u32;
        lane.opened_at = (key.block, lane.places[key.block as usize]);
        let open = taken & !done;
        // Blocks come in order: the first with something left is where reading starts.
        if open != 0 && lane.left == 0 {
            lane.head = (key.block, open.trailing_zeros() as u8);
        } else if open == 0 && lane.left == 0 {
            lane.head = (key.block, lane.places[key.block as usize]);
        }
        lane.left += open.count_ones();
    }

    /// The next URL that may be asked for now. `over`: the host had its share of pages, only rechecks go on.
    pub(super) fn take(
        &mut self,
        host: u32,
        store: &Store,
        now: Now,
        over: bool,
        budget: &mut Budget,
    ) -> Result<Take, StoreError> {
        let may = |item: &Item| !over || item.entry.kind == Kind::Recheck || item.attempt > 0;
        if self.delayed.peek().is_some_and(|Reverse(first)| first.at <= now.mono && may(&first.item))
            && let Some(Reverse(first)) = self.delayed.pop()
        {
            return Ok(Take::Item(first.item));
        }
        let least_first = self.given % LEAST_EVERY == LEAST_EVERY - 1;
        for at in 0..self.lanes.len() {
            let at = if least_first { self.lanes.len() - 1 - at } else { at };
            let lane = &mut self.lanes[at];
            if over && !lane.is_recheck() {
                continue;
            }
            if lane.window.is_empty() && lane.left > 0 {
                lane.load(host, store, now.wall.as_second(), budget)?;
            }
            if let Some(item) = lane.window.pop_front() {
                if lane.window.is_empty() {
                    // Of many thousand hosts even the room of an empty window counts.
                    lane.window = VecDeque::new();
                }
                lane.left = lane.left.saturating_sub(1);
                self.given = self.given.wrapping_add(1);
                return Ok(Take::Item(item));
            }
            if lane.has_undated() {
                return Ok(Take::NotYet);
            }
        }
        let lanes = self.lanes.iter().filter(|lane| !over || lane.is_recheck());
        let date = lanes.filter_map(|lane| lane.parked.as_ref()?.first()).min();
        let date = date.and_then(|at| Timestamp::from_second(at).ok()).map(|date| now.instant_of(date));
        let delayed = self.delayed.peek().filter(|Reverse(first)| may(&first.item)).map(|Reverse(first)| first.at);
        Ok(date.into_iter().chain(delayed).min().map_or(Take::Nothing, Take::Later))
    }

    /// Whether a block takes no more and its URLs need not be remembered: it may go when all is done.
    pub(super) fn may_sweep(&self, key: QueueKey) -> bool {
        self.lanes.iter().any(|lane| lane.id == key.lane && lane.is_recheck() && lane.is_closed(key.block))
    }

    /// Entries of this host in memory.
    pub(super) fn windowed(&self) -> usize {
        self.lanes.iter().map(|lane| lane.window.len()).sum()
    }

    fn lane(&mut self, id: u8) -> &mut Lane {
        let at = match self.lanes.binary_search_by_key(&id, |lane| lane.id) {
            Ok(at) => at,
            Err(at) => {
                // A host has few, and there are many hosts.
                self.lanes.reserve_exact(1);
                self.lanes.insert(at, Lane::new(id));
                at
            }
        };
        &mut self.lanes[at]
    }
}

fn lane_id(kind: Kind, priority: u8) -> u8 {
    priority.min(3) * 2 + u8::from(kind != Kind::Recheck)
}
