//! Reading a body from a server that may never end it, drip it, or lie about its length.
//!
//! Whatever ends the reading, what came is returned. It must not decode. Start at [`read`].

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Limits;
use super::answer::Truncated;

/// Up to `max` bytes of the body, and why it is not whole.
pub(super) async fn read(
    mut response: reqwest::Response,
    max: usize,
    deadline: Instant,
    limits: &Limits,
) -> (Vec<u8>, Option<Truncated>) {
    // Content-Length is a claim: take it as a hint for a modest first allocation only.
    let hint = response.content_length().unwrap_or(0).min(256 << 10);
    let mut body = Vec::with_capacity(usize::try_from(hint).unwrap_or(0).min(max));
    let mut pace = Pace::new(Instant::now(), limits);
    loop {
        let now = Instant::now();
        let until = deadline.min(now + limits.idle);
        let chunk = match timeout_at(until, response.chunk()).await {
            Err(_) => return (body, Some(Truncated::Time)),
            Ok(Err(_)) => return (body, Some(Truncated::Disconnect)),
            Ok(Ok(None)) => return (body, None),
            Ok(Ok(Some(chunk))) => chunk,
        };
        let room = max - body.len();
        if chunk.len() > room {
            body.extend_from_slice(&chunk[..room]);
            return (body, Some(Truncated::Length));
        }
        body.extend_from_slice(&chunk);
        if pace.is_drip(Instant::now(), chunk.len()) {
            return (body, Some(Truncated::Time));
        }
    }
}

/// Bytes of the last window of time.
struct Pace {
    start: Instant,
    window: Duration,
    least: u64,
    recent: VecDeque<(Instant, u64)>,
    sum: u64,
}

impl Pace {
    fn new(start: Instant, limits: &Limits) -> Pace {
        let least = limits.drip_rate.saturating_mul(limits.drip_window.as_millis() as u64) / 1000;
        Pace { start, window: limits.drip_window, least, recent: VecDeque::new(), sum: 0 }
    }

    /// Takes a piece that just came; whether a whole window has brought too little.
    fn is_drip(&mut self, now: Instant, bytes: usize) -> bool {
        // Pieces within a tenth of a window count as one, so that a fast body keeps a dozen of them, not thousands.
        match self.recent.back_mut() {
            Some((at, sum)) if now - *at < self.window / 10 => *sum += bytes as u64,
            _ => self.recent.push_back((now, bytes as u64)),
        }
        self.sum += bytes as u64;
        while let Some(&(at, bytes)) = self.recent.front()
            && now - at > self.window
        {
            self.sum -= bytes;
            self.recent.pop_front();
        }
        now - self.start >= self.window && self.sum < self.least
    }
}
