//! The law of looks: what a look at a hit changes, when the next one is due, when known pages are visited again.
//!
//! "Blocked" is not "gone": only two looks that found the page missing, six hours apart, make it gone, and a look that saw
//! nothing never does. All functions of their arguments; the clock is the caller's, and may have been set back.
//! Start at [`after_look`].

use jiff::{SignedDuration, Timestamp};

/// So long two looks that find a page missing must be apart before it is gone, and two looks at an open case at least.
pub const GONE_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// What the last look at a hit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// There.
    Up,
    /// There, with another text.
    Changed,
    /// Not seen: a wall, a timeout, a TLS error; or missing for the first time.
    Unseen,
    /// Missing twice, at least six hours apart.
    Gone,
    /// Was gone and is there again.
    Back,
}

/// What one look saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// The page, still what it was found to be.
    There {
        /// With another text than before.
        changed: bool,
    },
    /// 404, 410, a parking page, innocent content, no such name, refused by a host while others answer.
    Missing,
    /// A wall, 401, 403, 429, 5xx, a timeout, a TLS error: nothing is known.
    Unseen,
}

/// The hit's state and the first of the looks that miss it, after a look.
///
/// What is back stays so until it is missed again: 复活 must be read by people, not only by the next look.
pub fn after_look(
    state: State,
    missing_since: Option<Timestamp>,
    seen: Seen,
    now: Timestamp,
) -> (State, Option<Timestamp>) {
    match seen {
        Seen::There { changed } => {
            let next = match state {
                State::Gone | State::Back => State::Back,
                _ if changed => State::Changed,
                State::Up | State::Changed | State::Unseen => State::Up,
            };
            (next, None)
        }
        Seen::Missing => {
            // A clock that was set back must not make a page unlosable: the earlier of the two counts.
            let since = missing_since.map_or(now, |since| since.min(now));
            let gone = state == State::Gone || now.duration_since(since) >= GONE_AFTER;
            (if gone { State::Gone } else { State::Unseen }, Some(since))
        }
        Seen::Unseen if state == State::Gone => (State::Gone, missing_since),
        Seen::Unseen => (State::Unseen, missing_since),
    }
}

/// Whether an open case's hit is to be looked at again: `hours`, six at least, have passed since the last look, or the clock
/// was set back by as much.
pub fn due(last_look: Timestamp, now: Timestamp, hours: u64) -> bool {
    let hours = i64::try_from(hours).unwrap_or(i64::MAX).min(24 * 365);
    now.duration_since(last_look).abs() >= SignedDuration::from_hours(hours).max(GONE_AFTER)
}

/// What a visit to a known page found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Found {
    /// A seed or a search result, which leads to new pages.
    Root,
    /// Any other page that is no hit.
    Innocent,
    /// Nothing: its host does not answer.
    Dead,
    /// A hit: its case has its own looks.
    Hit,
}

/// When a known page is visited again. A little less than a day, a week, a month: a round that starts at the same hour must
/// find it due though it came to it some minutes into the last one.
pub fn next_visit(found: Found, visited: Timestamp) -> Option<Timestamp> {
    let hours = match found {
        Found::Root => 20,
        Found::Innocent => 7 * 24 - 4,
        Found::Dead => 30 * 24 - 4,
        Found::Hit => return None,
    };
    Some(visited.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THERE: Seen = Seen::There { changed: false };
    const CHANGED: Seen = Seen::There { changed: true };

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_772_400_000 + minutes * 60).unwrap()
    }

    #[test]
    fn looks_move_a_hit_like_this() {
        use State::*;
        let table: &[(&[(i64, Seen)], State)] = &[
            (&[(0, THERE)], Up),
            (&[(0, CHANGED)], Changed),
            (&[(0, CHANGED), (360, THERE)], Up),
            (&[(0, Seen::Missing)], Unseen),
            (&[(0, Seen::Missing), (359, Seen::Missing)], Unseen),
            (&[(0, Seen::Missing), (360, Seen::Missing)], Gone),
            (&[(0, Seen::Missing), (100, Seen::Missing), (360, Seen::Missing)], Gone),
            (&[(0, Seen::Missing), (100, THERE), (360, Seen::Missing)], Unseen),
            (&[(0, Seen::Missing), (100, Seen::Unseen), (360, Seen::Missing)], Gone),
            (&[(0, Seen::Unseen), (10_000, Seen::Unseen)], Unseen),
            (&[(0, Seen::Unseen), (10_000, Seen::Missing)], Unseen),
            (&[(0, Seen::Missing), (360, Seen::Missing), (720, Seen::Unseen)], Gone),
            (&[(0, Seen::Missing), (360, Seen::Missing), (720, CHANGED)], Back),
            (&[(0, Seen::Missing), (360, Seen::Missing), (720, THERE), (1080, CHANGED)], Back),
            (&[(0, Seen::Missing), (360, Seen::Missing), (720, THERE), (1080, Seen::Missing)], Unseen),
            (&[(5000, Seen::Missing), (0, Seen::Missing), (360, Seen::Missing)], Gone),
        ];
        for (looks, expected) in table {
            let (mut state, mut since) = (Up, None);
            for (minute, seen) in *looks {
                (state, since) = after_look(state, since, *seen, at(*minute));
            }
            assert_eq!(state, *expected, "{looks:?}");
        }
    }

    #[test]
    fn looks_are_due_after_six_hours_at_least() {
        for (minutes, hours, expected) in [
            (359, 6, false),
            (360, 6, true),
            (360, 0, true),
            (359, 0, false),
            (600, 12, false),
            (720, 12, true),
            (-10, 6, false),
            (-400, 6, true),
            (360, u64::MAX, false),
        ] {
            assert_eq!(due(at(0), at(minutes), hours), expected, "{minutes} min, {hours} h");
        }
    }

    #[test]
    fn roots_are_visited_daily_innocents_weekly_dead_hosts_monthly() {
        let days =
            |found| next_visit(found, at(0)).map(|next| (next.duration_since(at(0)).as_hours() as f64 / 24.0).round());
        assert_eq!(days(Found::Root), Some(1.0));
        assert_eq!(days(Found::Innocent), Some(7.0));
        assert_eq!(days(Found::Dead), Some(30.0));
        assert_eq!(days(Found::Hit), None);
        assert_eq!(next_visit(Found::Root, Timestamp::MAX), Some(Timestamp::MAX));
    }

    fn a_seen() -> impl Strategy<Value = Seen> {
        prop::sample::select(vec![THERE, CHANGED, Seen::Missing, Seen::Unseen])
    }

    proptest! {
        #[test]
        fn gone_needs_two_missing_looks_six_hours_apart_with_nothing_seen_between(
            looks in prop::collection::vec((0..300i64, a_seen()), 1..30),
        ) {
            let (mut state, mut since, mut minute) = (State::Up, None, 0);
            let mut history: Vec<(i64, Seen)> = Vec::new();
            for (step, seen) in looks {
                minute += step;
                let was = state;
                (state, since) = after_look(state, since, seen, at(minute));
                history.push((minute, seen));
                if state == State::Gone && was != State::Gone {
                    prop_assert_eq!(seen, Seen::Missing);
                    let run = history.iter().rev().take_while(|(_, seen)| !matches!(seen, Seen::There { .. }));
                    let first = run.filter(|(_, seen)| *seen == Seen::Missing).last().unwrap().0;
                    prop_assert!(minute - first >= 360);
                }
                prop_assert!(state != State::Gone || since.is_some());
                let there = matches!(seen, Seen::There { .. });
                prop_assert!(!there || since.is_none());
            }
        }

        #[test]
        fn the_same_look_twice_is_the_same_as_once(
            before in prop::collection::vec((0..300i64, a_seen()), 0..10),
            last in a_seen(),
        ) {
            let (mut state, mut since, mut minute) = (State::Up, None, 0);
            for (step, seen) in before {
                minute += step;
                (state, since) = after_look(state, since, seen, at(minute));
            }
            let once = after_look(state, since, last, at(minute));
            prop_assert_eq!(after_look(once.0, once.1, last, at(minute)), once);
        }
    }
}
