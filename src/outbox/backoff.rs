//! When to try a temporary failure again: quickly at first, because the daily list is bound to its day, and for five days at
//! most, as mail servers do (the steps are those of Stalwart's queue).

use std::time::Duration;

const MINUTE: u64 = 60;
const STEPS: [u64; 7] = [2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 120 * MINUTE];

/// After this long without success a mail is given up and shown to the officer.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 24 * 60 * MINUTE);

/// How long to wait after `attempts` failed attempts (at least one): 2, 5, 10, 15, 30 minutes, 1 hour, then every 2 hours.
/// `None`: the waits together have reached [`GIVE_UP_AFTER`].
pub fn next_attempt(attempts: u32) -> Option<Duration> {
    let step = |n: u32| STEPS[(n as usize).min(STEPS.len() - 1)];
    let done = attempts.max(1) - 1;
    let early: u64 = (0..done.min(STEPS.len() as u32)).map(step).sum();
    let late = u64::from(done.saturating_sub(STEPS.len() as u32)) * STEPS[STEPS.len() - 1];
    let next = step(done);
    (early + late + next <= GIVE_UP_AFTER.as_secs()).then(|| Duration::from_secs(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_two_hours_and_stay_there() {
        let minutes: Vec<_> = (1..=9).map(|n| next_attempt(n).unwrap().as_secs() / 60).collect();
        assert_eq!(minutes, [2, 5, 10, 15, 30, 60, 120, 120, 120]);
        assert_eq!(next_attempt(0), next_attempt(1));
    }

    #[test]
    fn it_gives_up_within_five_days_and_for_good() {
        let waits: Vec<_> = (1..).map_while(next_attempt).collect();
        let total: Duration = waits.iter().sum();
        assert!(total <= GIVE_UP_AFTER && total + Duration::from_secs(7200) > GIVE_UP_AFTER, "{total:?}");
        assert_eq!(next_attempt(u32::MAX), None);
    }
}
