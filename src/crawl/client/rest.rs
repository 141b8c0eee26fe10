//! Visits that wait a pause of politeness out in their midst: how many there are, so that they keep nobody else from going on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How many rest.
#[derive(Debug, Default)]
pub(super) struct Resting(AtomicUsize);

impl Resting {
    pub(super) async fn rest(&self, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        let _rest = Rest(&self.0);
        tokio::time::sleep(pause).await;
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One that rests, until it is dropped: a visit may be given up in its sleep.
struct Rest<'c>(&'c AtomicUsize);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
