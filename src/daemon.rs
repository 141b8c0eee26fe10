//! The daemon: rounds at their hours, the digest at its minute, waiting mail tried again, until a signal ends it.
//!
//! What is due is a function of the calendar and of what is kept ([`due`]), never of how long the process slept: after a
//! sleep, a crash or a late start the missed round and the missed digest are caught up once. The calendar is looked at anew every
//! few seconds, so a clock that jumps does no harm. Start at [`run`].

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tokio::sync::watch;

use crate::clock::QuietHours;
use crate::patrol::Order;
use crate::store::StoreError;
use crate::wiring::{Opened, Renewed};

/// How often the calendar is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How often waiting mail is tried, each by its own calendar.
const MAIL: Duration = Duration::from_secs(60);
/// Mistakes in saved rules that are told.
const SHOWN: usize = 20;
/// Pause after a round that failed before it began.
const AFTER_FAILURE: Duration = Duration::from_secs(300);

/// When things happen, by the unit's clock.
#[derive(Debug, Clone)]
pub struct Hours {
    /// Rounds start at these times of day.
    pub rounds: Vec<Time>,
    /// The digest goes out at this time of day.
    pub digest: Time,
    /// No round begins in these hours; one that is due begins when they are over.
    pub quiet: Option<QuietHours>,
    /// The unit's zone.
    pub zone: TimeZone,
}

/// What has happened so far, from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// When the last round began.
    pub round: Option<Timestamp>,
    /// A round was cut off and waits to be gone on with.
    pub unfinished: bool,
    /// The last day whose digests were made.
    pub digest: Option<Date>,
    /// Some round was ever finished.
    pub ever_finished: bool,
}

/// What is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    /// A round.
    pub round: bool,
    /// Today's digests.
    pub digest: bool,
}

/// What is due at `now`, and when to be asked again at the latest.
pub fn due(hours: &Hours, done: Done, now: Timestamp) -> (Due, Timestamp) {
    let local = hours.zone.to_datetime(now);
    let last_start = done.round.map(|t| hours.zone.to_datetime(t));
    let latest = latest_before(&hours.rounds, local);
    let quiet = hours.quiet.is_some_and(|quiet| quiet.hold(local.time()));
    let round = done.unfinished || latest.is_some_and(|start| last_start.is_none_or(|last| last < start));
    let round = round && !quiet;
    let digest = local.time() >= hours.digest && done.digest.is_none_or(|day| day < local.date());
    let over = hours.quiet.as_ref().map(|quiet| &quiet.to);
    let next = first_after(hours.rounds.iter().chain([&hours.digest]).chain(over), local);
    let next = next.and_then(|when| hours.zone.to_timestamp(when).ok()).unwrap_or(now);
    (Due { round, digest }, next)
}

impl Hours {
    /// When the first round after `now` begins.
    pub fn next_round(&self, now: Timestamp) -> Option<Timestamp> {
        let start = first_after(self.rounds.iter(), self.zone.to_datetime(now))?;
        let quiet = self.quiet.filter(|quiet| quiet.hold(start.time()));
        let when = quiet.map_or(Some(start), |quiet| first_after([quiet.to].iter(), start))?;
        self.zone.to_timestamp(when).ok()
    }
}

/// The first of the times of day after `local`, today or tomorrow.
fn first_after<'a>(times: impl Iterator<Item = &'a Time>, local: DateTime) -> Option<DateTime> {
    times
        .flat_map(|time| [local.date(), local.date().saturating_add(1.day())].map(|day| day.to_datetime(*time)))
        .filter(|when| *when > local)
        .min()
}

/// The latest of the times of day that is not after `local`, today or yesterday.
fn latest_before(times: &[Time], local: DateTime) -> Option<DateTime> {
    times
        .iter()
        .flat_map(|time| [local.date(), local.date().saturating_sub(1.day())].map(|day| day.to_datetime(*time)))
        .filter(|start| *start <= local)
        .max()
}

/// Runs until `stop` turns true; work in hand is parked in order.
///
/// # Errors
/// The store is beyond use; the service manager starts the program again, and the store opens or says why not.
pub async fn run(opened: &Opened, hours: Hours, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    tell(&opened.hold_to_proven_rules());
    let mut last_mail = std::time::Instant::now();
    let mut quiet_until = std::time::Instant::now();
    loop {
        if *stop.borrow() {
            return Ok(());
        }
        let so_far = done(opened, &hours).await?;
        let (now, _) = due(&hours, so_far, opened.now());
        // Lists before anything was ever looked at would say 无新增 of a web that nobody has seen.
        let seen = !now.round || so_far.ever_finished;
        if now.digest && seen {
            digest(opened, true).await;
        }
        if now.round && std::time::Instant::now() >= quiet_until {
            // A round that was cut off goes on under the rules that it began with, as far as this process knows them.
            if !so_far.unfinished {
                tell(&opened.renew_rules());
            }
            let round = opened.patrol(Order { no_mail: true, ..Order::default() }, stop.clone());
            tokio::pin!(round);
            let ended = loop {
                tokio::select! {
                    ended = &mut round => break ended,
                    // A round may take hours: the digest does not wait for it.
                    () = tokio::time::sleep(LOOK) => {
                        let so_far = done(opened, &hours).await?;
                        if !*stop.borrow() && so_far.ever_finished && due(&hours, so_far, opened.now()).0.digest {
                            digest(opened, true).await;
                        }
                        if last_mail.elapsed() >= MAIL {
                            last_mail = std::time::Instant::now();
                            digest(opened, false).await;
                        }
                    }
                }
            };
            match ended {
                Ok(summary) => {
                    if let Some(why) = &summary.why {
                        tracing::error!(round = summary.round, %why, "round ended early");
                        quiet_until = std::time::Instant::now() + AFTER_FAILURE;
                    }
                    tracing::info!(
                        round = summary.round,
                        fetched = summary.fetched,
                        new = summary.hits_new,
                        "round ended"
                    );
                }
                Err(error) => {
                    tracing::error!(%error, "round failed");
                    quiet_until = std::time::Instant::now() + AFTER_FAILURE;
                }
            }
            continue;
        }
        if last_mail.elapsed() >= MAIL {
            last_mail = std::time::Instant::now();
            digest(opened, false).await;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Tells what became of saved rules.
pub(crate) fn tell(renewed: &Renewed) {
    match renewed {
        Renewed::Same => {}
        Renewed::InForce => tracing::info!("new rules in force"),
        Renewed::Refused(problems) => {
            tracing::error!(problems = problems.len(), "saved rules refused");
            eprintln!("保存的规则有 {} 处问题，仍用原来通过检验的一套（从来没有过就先用它）：", problems.len());
            for problem in problems.iter().take(SHOWN) {
                eprintln!("  {}", crate::telemetry::escape(&problem.to_string()));
            }
        }
    }
}

/// Makes today's digests where asked, and tries the mails whose time has come.
async fn digest(opened: &Opened, make: bool) {
    if let Err(error) = opened.mail(make).await {
        tracing::error!(%error, "digest");
    }
}

async fn done(opened: &Opened, hours: &Hours) -> Result<Done, StoreError> {
    let round = opened.store().last_round().await?;
    let today = hours.zone.to_datetime(opened.now()).date();
    let made = opened.store().digests_of_day(&today.to_string()).next().transpose()?;
    let nobody = opened.contacts() == 0;
    Ok(Done {
        round: round.as_ref().map(|r| r.started),
        unfinished: round.is_some_and(|r| r.finished.is_none()),
        digest: (made.is_some() || nobody).then_some(today),
        ever_finished: opened.store().rounds().filter_map(Result::ok).any(|round| round.finished.is_some()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        let time = |text: &str| text.parse().unwrap();
        Hours {
            rounds: vec![time("02:00"), time("14:00")],
            digest: time("08:30"),
            quiet: None,
            zone: TimeZone::fixed(jiff::tz::offset(8)),
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}:00+08:00").parse().unwrap()
    }

    fn check(now: &str, round: Option<&str>, digest: Option<&str>, wanted: (bool, bool), next: &str) {
        let digest = digest.map(|d| d.parse().unwrap());
        let done = Done { round: round.map(at), unfinished: false, digest, ever_finished: true };
        let (due, when) = due(&hours(), done, at(now));
        assert_eq!((due.round, due.digest), wanted, "{now}");
        assert_eq!(when, at(next), "{now}");
    }

    #[test]
    fn each_round_starts_once_at_its_hour() {
        check("2026-03-02T01:59", Some("2026-03-01T14:00"), Some("2026-03-01"), (false, false), "2026-03-02T02:00");
        check("2026-03-02T02:00", Some("2026-03-01T14:00"), Some("2026-03-01"), (true, false), "2026-03-02T08:30");
        check("2026-03-02T02:01", Some("2026-03-02T02:00"), Some("2026-03-01"), (false, false), "2026-03-02T08:30");
    }

    #[test]
    fn the_next_round_is_the_first_after_now() {
        assert_eq!(hours().next_round(at("2026-03-02T01:59")), Some(at("2026-03-02T02:00")));
        assert_eq!(hours().next_round(at("2026-03-02T02:00")), Some(at("2026-03-02T14:00")));
        assert_eq!(hours().next_round(at("2026-03-02T23:00")), Some(at("2026-03-03T02:00")));
    }

    #[test]
    fn a_round_that_is_due_in_quiet_hours_begins_when_they_are_over() {
        let time = |text: &str| text.parse().unwrap();
        let quiet = |from, to| Hours { quiet: Some(QuietHours { from: time(from), to: time(to) }), ..hours() };
        let is_due = |hours: &Hours, now: &str, unfinished| {
            let round = Some(at("2026-03-01T14:00"));
            due(hours, Done { round, unfinished, ever_finished: true, ..Done::default() }, at(now))
        };
        for (from, to) in [("00:00", "06:00"), ("22:00", "06:00")] {
            let hours = quiet(from, to);
            for now in ["2026-03-02T02:00", "2026-03-02T05:59"] {
                let (due, next) = is_due(&hours, now, true);
                assert_eq!((due.round, next), (false, at("2026-03-02T06:00")), "{now}");
            }
            assert!(is_due(&hours, "2026-03-02T06:00", false).0.round);
            assert_eq!(hours.next_round(at("2026-03-01T23:00")), Some(at("2026-03-02T06:00")));
            assert_eq!(hours.next_round(at("2026-03-02T06:00")), Some(at("2026-03-02T14:00")));
        }
        assert!(is_due(&quiet("03:00", "06:00"), "2026-03-02T02:00", false).0.round);
    }

    #[test]
    fn the_digest_goes_once_a_day_and_is_caught_up() {
        check("2026-03-02T08:29", Some("2026-03-02T02:00"), Some("2026-03-01"), (false, false), "2026-03-02T08:30");
        check("2026-03-02T08:30", Some("2026-03-02T02:00"), Some("2026-03-01"), (false, true), "2026-03-02T14:00");
        check("2026-03-02T23:00", Some("2026-03-02T14:00"), Some("2026-03-01"), (false, true), "2026-03-03T02:00");
        check("2026-03-02T23:00", Some("2026-03-02T14:00"), Some("2026-03-02"), (false, false), "2026-03-03T02:00");
    }

    #[test]
    fn what_a_sleep_missed_is_done_once() {
        check("2026-03-05T12:00", Some("2026-03-01T14:00"), Some("2026-03-01"), (true, true), "2026-03-05T14:00");
        check("2026-03-05T12:30", Some("2026-03-05T12:00"), Some("2026-03-05"), (false, false), "2026-03-05T14:00");
        check("2026-03-05T01:00", None, None, (true, false), "2026-03-05T02:00");
    }

    #[test]
    fn a_round_that_was_cut_off_is_taken_up_at_once() {
        let done = Done { round: Some(at("2026-03-02T02:00")), unfinished: true, digest: None, ever_finished: false };
        assert!(due(&hours(), done, at("2026-03-02T03:00")).0.round);
    }
}
