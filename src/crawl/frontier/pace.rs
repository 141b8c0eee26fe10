//! How fast a host answers, held against its own best: a host that slows down under us is asked less often.
//!
//! A moving average of the time to an answer's head; its body is no sign of strain, since large pages take long everywhere. The
//! pause grows with the average over the best, bounded, and shrinks as answers come faster again. It must not wait or look at a
//! clock. Start at [`Pace::heard`].

use std::time::Duration;

/// Below this many milliseconds nothing climbs: the scatter of ordinary lines.
const FLOOR_MS: u32 = 250;
/// Twice its best is scatter; from there on it is strain.
const STRAIN: u32 = 2;
/// A pause is never stretched beyond this, unless the site itself asks for more.
const LONGEST: Duration = Duration::from_secs(30);
/// One answer counts for no more than this.
const SLOWEST_MS: u32 = 60_000;

/// What a host's answers took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// The quickest, drifting up slowly so that a host that has moved to a farther line is not held to the near one. 0: none yet.
    best_ms: u32,
    mean_ms: u32,
}

impl Pace {
    /// Takes in what one answer took from its request to its head.
    pub(super) fn heard(&mut self, waited: Duration) {
        let ms = u32::try_from(waited.as_millis()).unwrap_or(u32::MAX).clamp(1, SLOWEST_MS);
        if self.best_ms == 0 {
            (self.best_ms, self.mean_ms) = (ms, ms);
            return;
        }
        self.mean_ms = (self.mean_ms * 3 + ms) / 4;
        self.best_ms = if ms < self.best_ms { ms } else { self.best_ms + (ms - self.best_ms) / 1024 };
    }

    /// The pause that a host with this pace is given instead of `interval`. Never shorter; none stays none.
    pub(super) fn stretched(&self, interval: Duration) -> Duration {
        let best = self.best_ms.max(FLOOR_MS);
        if self.mean_ms < best * STRAIN {
            return interval;
        }
        (interval * self.mean_ms / best).min(LONGEST.max(interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(answers: &[u64]) -> Duration {
        let mut pace = Pace::default();
        answers.iter().for_each(|ms| pace.heard(Duration::from_millis(*ms)));
        pace.stretched(SECOND)
    }

    #[test]
    fn a_host_that_slows_down_is_asked_less_often_and_more_often_when_it_recovers() {
        let mut pace = Pace::default();
        (0..20).for_each(|_| pace.heard(Duration::from_millis(300)));
        assert_eq!(pace.stretched(SECOND), SECOND);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            pace.heard(Duration::from_secs(6));
            pauses.push(pace.stretched(SECOND));
        }
        assert!(pauses[..8].is_sorted() && pauses[0] > SECOND, "{pauses:?}");
        assert!(*pauses.last().unwrap() > 10 * SECOND && *pauses.last().unwrap() <= LONGEST, "{pauses:?}");
        (0..16).for_each(|_| pace.heard(Duration::from_millis(300)));
        assert_eq!(pace.stretched(SECOND), SECOND);
    }

    #[test]
    fn what_was_always_slow_and_what_is_merely_uneven_is_not_slowed_down() {
        assert_eq!(after(&[]), SECOND);
        assert_eq!(after(&[4000; 30]), SECOND);
        assert_eq!(after(&[20, 400, 30, 350, 25, 200, 20]), SECOND);
    }

    #[test]
    fn a_pause_is_bounded_and_a_longer_wish_of_the_site_stays() {
        let mut pace = Pace::default();
        pace.heard(Duration::from_millis(10));
        (0..50).for_each(|_| pace.heard(Duration::MAX));
        assert_eq!(pace.stretched(10 * SECOND), LONGEST);
        assert_eq!(pace.stretched(90 * SECOND), 90 * SECOND);
        assert_eq!(pace.stretched(Duration::ZERO), Duration::ZERO);
    }
}
