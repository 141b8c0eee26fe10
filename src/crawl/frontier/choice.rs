//! Whose turn it is: from all hosts to the one URL that may be fetched now, in a handful of heap steps.
//!
//! A host stands in its cell by the time at which it may be asked; a cell enters itself for a turn by its first host, or stands
//! in the line of a group that holds it up; a group with a line enters itself by the time at which it opens. Each step of a
//! choice takes one entry out or moves it to where it has to wait, and one choice takes no more than [`TRIES`] of them.
//! Who comes to a group with a line stands at its end, even if the group opens at that moment.
//! It must not change what is on disk. Start at [`Plan::next`].

use std::{
    cmp::Reverse,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Lease, Next, Now, Politeness,
    groups::Standing,
    host::{Budget, Take},
    plan::Plan,
    turns::Who,
};
use crate::store::{SLOTS, Store, StoreError};

/// While fewer entries than this are in memory a host reads a whole block at a time, beyond it one by one.
const WINDOWED: usize = 100_000;
/// How soon to look again for entries that are on their way to the disk.
const ON_ITS_WAY: Duration = Duration::from_millis(5);
/// Entries that one call looks at. Where all of them only had to be moved elsewhere, the caller comes again at once.
const TRIES: usize = 64;
/// Blocks that one call reads: of a host that has thousands of URLs with a date there may be as many before the first that is due.
/// Where they bring nothing the caller comes again.
const BLOCKS_AT_ONCE: usize = 64;

impl Plan {
    /// The next URL, or how long to wait.
    pub(super) fn next(&mut self, store: &Store, now: Now, limits: &Politeness) -> Result<Next, StoreError> {
        self.limits = *limits;
        let mut blocks = BLOCKS_AT_ONCE;
        for _ in 0..TRIES {
            if blocks == 0 {
                break;
            }
            let (turns, groups) = (&mut self.turns, &self.groups);
            let counts = |who, number| match who {
                Who::Cell(cell) => {
                    matches!(groups.cell(cell).standing, Standing::Entered { number: own, .. } if own == number)
                }
                Who::Group(group) => groups.group(group).entered == Some(number),
            };
            let lease = match turns.pop(now.mono, counts) {
                Some(Who::Cell(cell)) => self.try_cell(cell, None, store, now, &mut blocks)?,
                Some(Who::Group(group)) => self.try_line(group, store, now, &mut blocks)?,
                None => {
                    return Ok(match turns.next_time(counts) {
                        Some(at) => Next::WaitUntil(at),
                        None if self.has_leases() => Next::InFlight,
                        None => Next::Empty,
                    });
                }
            };
            if let Some(lease) = lease {
                return Ok(Next::Lease(lease));
            }
        }
        Ok(Next::WaitUntil(now.mono))
    }

    /// Lets the first cell in a group's line try, if the group may be asked.
    fn try_line(
        &mut self,
        group: u32,
        store: &Store,
        now: Now,
        blocks: &mut usize,
    ) -> Result<Option<Lease>, StoreError> {
        let line = self.groups.group_mut(group);
        line.entered = None;
        let first = if line.is_held(now.mono, &self.limits) { None } else { line.line.pop_front() };
        let lease = first.map(|cell| self.try_cell(cell, Some(group), store, now, blocks));
        self.enter_group(group, now.mono);
        lease.transpose().map(Option::flatten)
    }

    /// The first URL of a cell's hosts that may be asked, or the cell goes to where it has to wait. `line`: where it waited.
    fn try_cell(
        &mut self,
        cell: u32,
        line: Option<u32>,
        store: &Store,
        now: Now,
        blocks: &mut usize,
    ) -> Result<Option<Lease>, StoreError> {
        self.groups.cell_mut(cell).standing = Standing::Idle;
        while let Some((at, number)) = self.first_host(cell) {
            if at > now.mono || *blocks == 0 {
                break;
            }
            let holds = |group: &u32| {
                let group = self.groups.group(*group);
                // Who has waited his turn in one line does not begin again in another that nobody holds up.
                group.is_held(now.mono, &self.limits) || line.is_none() && !group.line.is_empty()
            };
            let holder = self.groups.cell(cell).groups().find(holds);
            if let Some(group) = holder {
                self.groups.cell_mut(cell).standing = Standing::InLine;
                self.groups.group_mut(group).line.push_back(cell);
                self.enter_group(group, now.mono);
                return Ok(None);
            }
            self.groups.cell_mut(cell).hosts.pop();
            self.hosts[number as usize].queued_at = None;
            match self.try_host(number, store, now, blocks) {
                Ok(None) => {}
                tried => {
                    self.enter_cell(cell, now.mono);
                    return tried;
                }
            }
        }
        self.enter_cell(cell, now.mono);
        Ok(None)
    }

    fn try_host(
        &mut self,
        number: u32,
        store: &Store,
        now: Now,
        blocks: &mut usize,
    ) -> Result<Option<Lease>, StoreError> {
        let queue = &mut self.hosts[number as usize];
        if queue.dropped.is_some() || queue.in_flight >= self.limits.connections.max(1) {
            return Ok(None);
        }
        if let Some(later) = queue.next_at.filter(|later| *later > now.mono) {
            self.enqueue_at(number, later);
            return Ok(None);
        }
        let over = queue.over(&self.limits).is_some();
        let before = queue.windowed();
        let entries = if self.windowed < WINDOWED { usize::from(SLOTS) } else { 1 };
        let mut budget = Budget { entries, blocks: *blocks };
        let taken = queue.take(number, store, now, over, &mut budget);
        *blocks = budget.blocks;
        self.windowed = (self.windowed + queue.windowed()).saturating_sub(before);
        match taken {
            Ok(Take::Item(item)) => {
                let host = Arc::clone(&queue.name);
                self.lease_out(number, &item, now.mono);
                return Ok(Some(Lease { item, host }));
            }
            Ok(Take::Later(later)) => self.enqueue_at(number, later.max(now.mono + Duration::from_millis(1))),
            Ok(Take::NotYet) => self.enqueue_at(number, now.mono + ON_ITS_WAY),
            Ok(Take::Nothing) => {}
            Err(error) => {
                self.enqueue_at(number, now.mono + ON_ITS_WAY);
                return Err(error);
            }
        }
        Ok(None)
    }

    /// Puts a host into its cell, if it has anything to offer and a connection to spare.
    pub(super) fn enqueue(&mut self, number: u32, now: Instant) {
        let queue = &self.hosts[number as usize];
        if queue.dropped.is_some() || queue.in_flight >= self.limits.connections.max(1) || queue.waiting() == 0 {
            return;
        }
        let cell = queue.cell;
        self.enqueue_at(number, queue.next_at.unwrap_or(now).max(now));
        self.enter_cell(cell, now);
    }

    fn enqueue_at(&mut self, number: u32, at: Instant) {
        let queue = &mut self.hosts[number as usize];
        if queue.queued_at.is_none_or(|queued| queued > at) {
            queue.queued_at = Some(at);
            let turn = self.turns.number();
            let hosts = &mut self.groups.cell_mut(queue.cell).hosts;
            if hosts.capacity() == 0 {
                // Most cells have one host, and there are as many cells as hosts.
                hosts.reserve_exact(1);
            }
            hosts.push(Reverse((at, turn, number)));
            #[cfg(test)]
            {
                self.turns.moves += 1;
            }
        }
    }

    /// The host of a cell that comes first, and when.
    fn first_host(&mut self, cell: u32) -> Option<(Instant, u32)> {
        let hosts = &mut self.groups.cell_mut(cell).hosts;
        while let Some(&Reverse((at, _, number))) = hosts.peek() {
            let queue = &self.hosts[number as usize];
            if queue.cell == cell && queue.queued_at == Some(at) {
                return Some((at, number));
            }
            hosts.pop();
        }
        None
    }

    /// Enters a cell for a turn by its first host. A cell in a line is entered with the group. However long the host has been
    /// ready, the cell comes after those who wait already: turns go by the order of entering.
    fn enter_cell(&mut self, cell: u32, now: Instant) {
        let Some((at, number)) = self.first_host(cell) else { return };
        match self.groups.cell(cell).standing {
            Standing::InLine => return,
            Standing::Entered { at: entered, .. } if entered <= at => return,
            Standing::Entered { .. } | Standing::Idle => {}
        }
        let class = self.hosts[number as usize].class();
        let number = self.turns.push(at, class, Who::Cell(cell), now);
        self.groups.cell_mut(cell).standing = Standing::Entered { at, number };
    }

    /// Enters a group for a turn of the first in its line. One that is full is entered when a fetch of it ends.
    pub(super) fn enter_group(&mut self, group: u32, now: Instant) {
        let held = self.groups.group(group);
        let Some(first) = held.line.front().copied().filter(|_| held.entered.is_none() && !held.is_full(&self.limits))
        else {
            return;
        };
        let at = held.opens_at(now, &self.limits);
        let class = self.first_host(first).map_or(u8::MAX, |(_, number)| self.hosts[number as usize].class());
        let number = self.turns.push(at, class, Who::Group(group), now);
        self.groups.group_mut(group).entered = Some(number);
    }
}
