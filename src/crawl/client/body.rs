//! Reading a body from a server that may never end it, drip it, or lie about its length.
//!
//! Whatever ends the reading, what came is returned. Large bodies take turns: sixty of them at a time, each of eight megabytes, would be
//! half a gigabyte that waits to be judged. It must not decode. Start at [`read`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::Limits;
use super::answer::Truncated;

/// A body longer than this needs a [`Room`].
pub(super) const SMALL: usize = 1 << 20;
/// Large bodies in memory at a time.
pub(super) const ROOMS: usize = 8;

/// The right to a large body in memory, given back when the last clone goes: keep it as long as the body.
#[derive(Debug, Clone)]
pub struct Room(#[expect(dead_code, reason = "held for its drop")] Arc<OwnedSemaphorePermit>);

/// A body as far as it came.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// Why it is not whole.
    pub(super) truncated: Option<Truncated>,
    /// Where it is large.
    pub(super) room: Option<Room>,
}

/// Up to `max` bytes of the body. Waiting for a room is not counted as the server's slowness.
pub(super) async fn read(
    mut response: reqwest::Response,
    max: usize,
    mut deadline: Instant,
    limits: &Limits,
    rooms: &Arc<Semaphore>,
) -> Body {
    // Content-Length is a claim: take it as a hint for a modest first allocation only.
    let hint = response.content_length().unwrap_or(0).min(256 << 10);
    let mut body = Vec::with_capacity(usize::try_from(hint).unwrap_or(0).min(max));
    let mut pace = Pace::new(Instant::now(), limits);
    let mut room = None;
    let truncated = loop {
        let now = Instant::now();
        let until = deadline.min(now + limits.idle);
        let chunk = match timeout_at(until, response.chunk()).await {
            Err(_) => break Some(Truncated::Time),
            Ok(Err(_)) => break Some(Truncated::Disconnect),
            Ok(Ok(None)) => break None,
            Ok(Ok(Some(chunk))) => chunk,
        };
        let mut end = max;
        if room.is_none() && body.len() + chunk.len() > SMALL.min(max) && max > SMALL {
            let waiting = Instant::now();
            // Who holds a room has a deadline too. Should all wait for each other, this one is judged by what came.
            match timeout_at(waiting + limits.total, Arc::clone(rooms).acquire_owned()).await {
                Ok(Ok(permit)) => room = Some(Room(Arc::new(permit))),
                Ok(Err(_)) | Err(_) => end = SMALL,
            }
            deadline += waiting.elapsed();
            pace = Pace::new(Instant::now(), limits);
        }
        let left = end - body.len();
        if chunk.len() > left {
            body.extend_from_slice(&chunk[..left]);
            break Some(Truncated::Length);
        }
        body.extend_from_slice(&chunk);
        if pace.is_drip(Instant::now(), chunk.len()) {
            break Some(Truncated::Time);
        }
    };
    Body { bytes: body, truncated, room }
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
