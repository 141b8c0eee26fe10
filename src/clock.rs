//! The calendar clock of the program, and how its times are written for people.
//!
//! Everything that asks "what day is it" asks a [`Clock`] handed to it, so that `--as-of` and the practice days can set it.
//! It must not be used for delays, timeouts or leases: those run on the monotonic clock and are never set. Nothing here
//! sleeps. Start at [`Clock`].

use std::{fmt, time::Instant};

use jiff::{
    Timestamp, ZonedDateTime,
    civil::{Date, Time},
    tz::{self, TimeZone},
};

/// Tells the calendar time: the machine's, or one that was set and ticks from there. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    set: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock { set: None }
    }

    /// A clock that shows `start` now and ticks with the monotonic clock.
    pub fn starting_at(start: Timestamp) -> Self {
        Clock { set: Some((start, Instant::now())) }
    }

    /// The time of day. A set clock never runs backwards; at the end of the calendar it stands still.
    pub fn now(&self) -> Timestamp {
        match self.set {
            None => Timestamp::now(),
            Some((start, since)) => {
                // Saturates by itself; the only error is a duration beyond jiff's range, some 19,996 years of uptime.
                start.saturating_add(since.elapsed()).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Whether the time was set by hand. What is kept under a set clock says so, and letters refuse it.
    pub fn is_set(&self) -> bool {
        self.set.is_some()
    }
}

/// Hours of each day in which no fetch begins, from the first to before the second; they may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    pub from: Time,
    /// When they are over.
    pub to: Time,
}

impl QuietHours {
    /// Whether it is one of these hours at that time of day.
    pub fn hold(self, time: Time) -> bool {
        if self.from <= self.to { (self.from..self.to).contains(&time) } else { time >= self.from || time < self.to }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

/// The time of mainland China. A fixed offset, not the zone's history: since 1991 the two agree, and this needs no table.
pub fn shanghai() -> TimeZone {
    TimeZone::fixed(tz::offset(8))
}

/// The date that people in China write for `time`.
pub fn shanghai_date(time: Timestamp) -> Date {
    date_in(time, &shanghai())
}

/// The date in the zone of `general.timezone`.
pub fn date_in(time: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(time).date()
}

/// RFC 3339 in whole seconds with China's offset: `2026-12-05T09:00:00+08:00`.
pub fn rfc3339(time: Timestamp) -> String {
    rfc3339_in(time, &shanghai())
}

/// RFC 3339 in whole seconds with the offset of the zone of `general.timezone`.
pub fn rfc3339_in(time: Timestamp, zone: &TimeZone) -> String {
    ZonedDateTime::new(time, zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Why the text after `--as-of` is no time to start at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsOfError {
    /// Not a date, a time of day and an offset.
    #[error("--as-of 的时间写法不对：“{0}”；要写日期、时间和时区，例如 2026-12-05T09:00:00+08:00")]
    Shape(String),
    /// A date and time, but nobody said in which zone.
    #[error("--as-of 的时间没有写时区：“{0}”；北京时间在末尾加 +08:00")]
    NoOffset(String),
    /// So far away that sums with it would leave the calendar.
    #[error("--as-of 的年份要在 1990 到 2200 之间：“{0}”")]
    FarAway(String),
}

/// The time after `--as-of`.
pub fn parse_as_of(text: &str) -> Result<Timestamp, AsOfError> {
    let shown = || crate::telemetry::escape(text).chars().take(60).collect::<String>();
    let time: Timestamp = text.trim().parse().map_err(|_| {
        // A zone is the one thing people leave out; say so instead of showing the whole form again.
        let with_offset = format!("{}+08:00", text.trim());
        if with_offset.parse::<Timestamp>().is_ok() { AsOfError::NoOffset(shown()) } else { AsOfError::Shape(shown()) }
    })?;
    match shanghai_date(time).year() {
        1990..=2200 => Ok(time),
        _ => Err(AsOfError::FarAway(shown())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_set_clock_starts_where_it_was_told_and_ticks() {
        let start = at("2026-12-05T09:00:00+08:00");
        let clock = Clock::starting_at(start);
        let same = clock.clone();
        let first = clock.now();
        assert!(first >= start && clock.is_set());
        std::thread::sleep(Duration::from_millis(5));
        let later = same.now();
        assert!(
            later.duration_since(first) >= jiff::SignedDuration::from_millis(5),
            "a clone ticks on, it does not start anew"
        );
    }

    #[test]
    fn the_system_clock_is_not_set() {
        assert!(!Clock::system().is_set());
        assert!(Clock::system().now() > at("2024-01-01T00:00:00Z"));
    }

    #[test]
    fn a_clock_set_to_the_end_of_the_calendar_stands_still() {
        assert_eq!(Clock::starting_at(Timestamp::MAX).now(), Timestamp::MAX);
    }

    #[test]
    fn people_see_the_date_and_time_of_china() {
        let eve = at("2026-12-04T16:00:00.9Z");
        assert_eq!(shanghai_date(eve), jiff::civil::date(2026, 12, 5));
        assert_eq!(rfc3339(eve), "2026-12-05T00:00:00+08:00");
        assert_eq!(rfc3339_in(eve, &TimeZone::UTC), "2026-12-04T16:00:00+00:00");
        assert_eq!(date_in(eve, &TimeZone::UTC), jiff::civil::date(2026, 12, 4));
        let urumqi = TimeZone::get("Asia/Urumqi").unwrap();
        assert_eq!(rfc3339_in(eve, &urumqi), "2026-12-04T22:00:00+06:00");
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        let time = at("2026-12-05T09:00:00+08:00");
        assert_eq!(parse_as_of(&rfc3339(time)), Ok(time));
    }

    #[test]
    fn as_of_takes_a_whole_time_and_says_what_is_missing() {
        let nine = at("2026-12-05T01:00:00Z");
        assert_eq!(parse_as_of("2026-12-05T09:00:00+08:00"), Ok(nine));
        assert_eq!(parse_as_of("2026-12-05 09:00:00+08:00"), Ok(nine));
        assert_eq!(parse_as_of("2026-12-05T01:00:00Z"), Ok(nine));
        for (text, word) in [
            ("2026-12-05T09:00:00", "+08:00"),
            ("2026-12-05 09:00", "没有写时区"),
            ("2026-12-05", "例如"),
            ("昨天", "“昨天”"),
            ("", "写法不对"),
            ("2026-13-05T09:00:00+08:00", "写法不对"),
            ("9999-01-01T00:00:00Z", "1990 到 2200"),
            ("\u{1b}[2J", "u{1b}"),
        ] {
            let error = parse_as_of(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
            assert!(!error.contains('\u{1b}'));
        }
    }
}
