//! Whose turn it is: those that wait for a time in a heap, those that may go in queues by what they are worth.
//!
//! Of four turns three go to the class that is worth most and has something, one to whoever has waited longest: neither a
//! flood of promising hosts nor one of worthless ones keeps the other out. An entry carries a number; its owner tells whether it
//! is still the one that counts, so nothing has to be searched for to be taken back.
//! It must not know what a turn is taken for. Start at [`Turns::pop`].

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    time::Instant,
};

/// Classes of worth: the priorities of URLs.
const CLASSES: usize = 4;
/// Every so many turns the one who waited longest goes first.
const OLDEST_EVERY: u64 = 4;
/// Entries whose time has come that one call moves, so that no call pays for all who come due together.
const MOVED: usize = 64;

/// Who waits for a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// A cell's next host.
    Cell(u32),
    /// The cells that wait for a group.
    Group(u32),
}

/// An entry whose time has come, with when it came, by count.
#[derive(Debug, Clone, Copy)]
struct Due {
    came: u64,
    number: u64,
    who: Who,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Turns {
    later: BinaryHeap<Reverse<(Instant, u64, u8, Who)>>,
    due: [VecDeque<Due>; CLASSES],
    numbers: u64,
    came: u64,
    taken: u64,
    /// Entries put in, moved and taken out: the work that choosing costs.
    #[cfg(test)]
    pub moves: u64,
}

impl Turns {
    /// A number that was never given out.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Enters somebody for a turn from a time on; gives the number of the entry.
    pub(super) fn push(&mut self, at: Instant, class: u8, who: Who, now: Instant) -> u64 {
        let number = self.number();
        if at <= now {
            self.came_due(class, number, who);
        } else {
            self.later.push(Reverse((at, number, class, who)));
        }
        #[cfg(test)]
        {
            self.moves += 1;
        }
        number
    }

    /// Who goes next, if anybody may. `counts` tells whether an entry is still its owner's.
    pub(super) fn pop(&mut self, now: Instant, counts: impl Fn(Who, u64) -> bool) -> Option<Who> {
        let mut moved = 0;
        while moved < MOVED
            && let Some(&Reverse((at, number, class, who))) = self.later.peek()
            && at <= now
        {
            self.later.pop();
            #[cfg(test)]
            {
                self.moves += 1;
            }
            if counts(who, number) {
                self.came_due(class, number, who);
                moved += 1;
            }
        }
        for queue in &mut self.due {
            while queue.front().is_some_and(|due| !counts(due.who, due.number)) {
                queue.pop_front();
            }
        }
        let waiting = self.due.iter_mut().filter(|queue| !queue.is_empty());
        self.taken += 1;
        let queue = if self.taken.is_multiple_of(OLDEST_EVERY) {
            waiting.min_by_key(|queue| queue.front().map(|due| due.came))
        } else {
            waiting.into_iter().next()
        };
        let due = queue?.pop_front()?;
        #[cfg(test)]
        {
            self.moves += 1;
        }
        Some(due.who)
    }

    /// When the next one may go, where nobody may now.
    pub(super) fn next_time(&mut self, counts: impl Fn(Who, u64) -> bool) -> Option<Instant> {
        while let Some(&Reverse((at, number, _, who))) = self.later.peek() {
            if counts(who, number) {
                return Some(at);
            }
            self.later.pop();
        }
        None
    }

    fn came_due(&mut self, class: u8, number: u64, who: Who) {
        self.came += 1;
        self.due[usize::from(class).min(CLASSES - 1)].push_back(Due { came: self.came, number, who });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn all(turns: &mut Turns, now: Instant) -> Vec<u32> {
        let number = |who| match who {
            Who::Cell(n) | Who::Group(n) => n,
        };
        std::iter::from_fn(|| turns.pop(now, |_, _| true).map(number)).collect()
    }

    #[test]
    fn nobody_goes_before_his_time_and_what_no_longer_counts_never_does() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let later = now + Duration::from_secs(1);
        turns.push(later, 0, Who::Cell(1), now);
        let dead = turns.push(now, 0, Who::Cell(2), now);
        let gone = turns.push(now + Duration::from_millis(1), 0, Who::Cell(3), now);
        let counts = |_, number| number != dead && number != gone;
        assert_eq!(turns.pop(now, counts), None);
        assert_eq!(turns.next_time(counts), Some(later));
        assert_eq!(turns.pop(later, counts), Some(Who::Cell(1)));
        assert_eq!((turns.pop(later, counts), turns.next_time(counts)), (None, None));
    }

    #[test]
    fn worth_goes_first_and_age_is_not_forgotten() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        turns.push(now, 3, Who::Cell(300), now);
        turns.push(now, 3, Who::Cell(301), now);
        for n in 0..12 {
            turns.push(now, 1, Who::Cell(n), now);
        }
        turns.push(now, 0, Who::Cell(100), now);
        assert_eq!(all(&mut turns, now), [100, 0, 1, 300, 2, 3, 4, 301, 5, 6, 7, 8, 9, 10, 11]);
    }

    #[test]
    fn a_crowd_that_comes_due_at_once_is_taken_in_a_little_at_a_time() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let then = now + Duration::from_secs(1);
        for n in 0..10_000 {
            turns.push(then, 1, Who::Cell(n), now);
        }
        turns.moves = 0;
        assert_eq!(turns.pop(then, |_, _| true), Some(Who::Cell(0)));
        assert!(turns.moves <= MOVED as u64 + 1, "{}", turns.moves);
        assert_eq!(all(&mut turns, then).len(), 9_999);
    }
}
