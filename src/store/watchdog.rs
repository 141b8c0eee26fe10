//! Ends the process when the database hangs: sled can deadlock under load, and a process that is killed goes on where it was.
//!
//! It watches the writer and, because reads share sled's locks, a read of its own every few seconds. It must not touch the
//! database on its own thread, or it would hang with it. Start at [`spawn`].

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{engine::Engine, tables::Table, tx::Rows as _};

const PROBE_EVERY: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(500);

/// Since when somebody is inside the database.
pub(super) struct Busy {
    born: Instant,
    /// Milliseconds after `born`, plus one; 0 while nobody is inside.
    since: AtomicU64,
}

impl Busy {
    pub(super) fn new() -> Self {
        Self { born: Instant::now(), since: AtomicU64::new(0) }
    }

    pub(super) fn begin(&self) {
        self.since.store(self.now() + 1, Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.since.store(0, Ordering::Release);
    }

    fn overdue(&self, limit: Duration) -> bool {
        let since = self.since.load(Ordering::Acquire);
        since != 0 && self.now() + 1 - since > limit.as_millis() as u64
    }

    fn now(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }
}

/// Watches until the engine is gone. `limit`: how long an operation may take.
pub(super) fn spawn(engine: Weak<Engine>, writer: Weak<Busy>, limit: Duration) -> std::io::Result<()> {
    let probe = Arc::new(Busy::new());
    let probing = Arc::clone(&probe);
    thread::Builder::new().name("store-probe".to_owned()).spawn(move || {
        let mut last = Instant::now();
        loop {
            thread::sleep(TICK);
            if engine.strong_count() == 0 {
                return;
            }
            if last.elapsed() >= PROBE_EVERY
                && let Some(engine) = engine.upgrade()
            {
                last = Instant::now();
                probing.begin();
                // What it says does not matter here, only that it says something.
                let _ = engine.get(Table::Meta, b"schema");
                probing.end();
            }
        }
    })?;
    thread::Builder::new().name("store-watchdog".to_owned()).spawn(move || {
        loop {
            thread::sleep(TICK);
            let Some(writer) = writer.upgrade() else { return };
            let stuck = [("写入", &*writer), ("读取", &*probe)].into_iter().find(|(_, busy)| busy.overdue(limit));
            if let Some((what, _)) = stuck {
                tracing::error!(
                    "存储{what}超过 {} 秒没有返回，进程中止；重新启动会从最后一次确认处继续",
                    limit.as_secs()
                );
                std::process::abort();
            }
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_inside_for_too_long_is_overdue() {
        let busy = Busy::new();
        assert!(!busy.overdue(Duration::ZERO));
        busy.begin();
        thread::sleep(Duration::from_millis(20));
        assert!(busy.overdue(Duration::from_millis(5)));
        assert!(!busy.overdue(Duration::from_secs(30)));
        busy.end();
        assert!(!busy.overdue(Duration::ZERO));
    }
}
