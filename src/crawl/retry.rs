//! What is worth asking again, and when: pure functions of an outcome and of the time.
//!
//! It must not wait or count: the frontier and the sources keep their own attempts. Start at [`worth_retrying`].

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::client::FetchError;

/// Beyond this a server's wish is a way to get rid of us, not a request for patience.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Waits before the second, third … attempt; after the last of them one gives up.
const BACKOFF: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(45), Duration::from_secs(300)];

/// Whether the same request may succeed a little later. A status outside 4xx and 5xx is an answer, not a failure.
pub fn worth_retrying(outcome: Result<u16, &FetchError>) -> bool {
    match outcome {
        Ok(status) => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 520..=524),
        Err(error) => match error {
            FetchError::DnsFailed { .. }
            | FetchError::Connect { .. }
            | FetchError::ProxyDown { .. }
            | FetchError::Handshake { .. }
            | FetchError::Timeout { .. }
            | FetchError::Broken { .. } => true,
            FetchError::Refused(_)
            | FetchError::DnsNone { .. }
            | FetchError::Tls { .. }
            | FetchError::TlsUnsupported { .. }
            | FetchError::TooManyRedirects { .. }
            | FetchError::RedirectLoop { .. }
            | FetchError::BadRedirect { .. }
            | FetchError::HeaderTooLarge
            | FetchError::BadRequest { .. } => false,
        },
    }
}

/// How long to wait after `failed` failed attempts (1 after the first); `None`: give up. `spread` in 0..=255 moves it by
/// up to a tenth either way, so that what failed together does not come back together.
pub fn backoff(failed: u32, spread: u8) -> Option<Duration> {
    let wait = *BACKOFF.get(usize::try_from(failed.checked_sub(1)?).ok()?)?;
    Some(wait * 9 / 10 + wait * u32::from(spread) / (5 * 255))
}

/// `Retry-After` in either form (RFC 9110 §10.2.3), no longer than [`MAX_RETRY_AFTER`]; a moment gone by is no wait.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Digits beyond u64 are still a number, just a silly one.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    }
    let wait = http_date(value)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default().min(MAX_RETRY_AFTER))
}

/// The three forms of RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`,
/// `Sun Nov  6 08:49:37 1994`. The week day is not held against the date.
pub fn http_date(text: &str) -> Option<Timestamp> {
    if text.len() > 40 {
        return None;
    }
    let rest = text.split_once(',').map_or(text, |(_, rest)| rest).trim().trim_end_matches("GMT").trim();
    let civil = ["%d %b %Y %H:%M:%S", "%d-%b-%y %H:%M:%S", "%a %b %d %H:%M:%S %Y"]
        .iter()
        .find_map(|form| DateTime::strptime(form, rest).ok())?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_a_date_are_one_moment() {
        let want: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text), Some(want), "{text}");
        }
        for text in ["", "tomorrow", "Sun, 99 Nov 1994 08:49:37 GMT", &"9".repeat(400)] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_longer_than_a_day() {
        let now: Timestamp = "2026-12-05T00:00:00Z".parse().unwrap();
        for (value, want) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(86_400)),
            ("Sat, 05 Dec 2026 00:00:30 GMT", Some(30)),
            ("Sat, 05 Dec 2020 00:00:30 GMT", Some(0)),
            ("Sat, 05 Dec 2099 00:00:30 GMT", Some(86_400)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now).map(|wait| wait.as_secs()), want, "{value:?}");
        }
    }

    #[test]
    fn each_wait_is_longer_than_the_one_before_and_then_it_ends() {
        let waits: Vec<_> = (1..).map_while(|failed| backoff(failed, 128)).collect();
        assert_eq!(waits.len(), BACKOFF.len());
        assert!(waits.windows(2).all(|pair| pair[0] * 2 < pair[1]));
        assert_eq!(backoff(0, 0), None);
        assert!(
            backoff(1, 0).unwrap() >= Duration::from_millis(1800)
                && backoff(1, 255).unwrap() <= Duration::from_millis(2200)
        );
    }

    #[test]
    fn what_will_not_change_is_not_asked_again() {
        for (status, want) in [
            (200, false),
            (301, false),
            (404, false),
            (410, false),
            (403, false),
            (429, true),
            (503, true),
            (501, false),
        ] {
            assert_eq!(worth_retrying(Ok(status)), want, "{status}");
        }
        assert!(worth_retrying(Err(&FetchError::DnsFailed { name: "a.example".into() })));
        assert!(!worth_retrying(Err(&FetchError::DnsNone { name: "a.example".into() })));
        assert!(!worth_retrying(Err(&FetchError::HeaderTooLarge)));
    }
}
