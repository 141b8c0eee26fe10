//! Live progress on stderr: a moving bar on a terminal, a plain line now and then elsewhere.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::metrics::Metrics;

/// How often a plain line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Over how long rates are taken.
const RECENT: Duration = Duration::from_secs(10);

/// What a round has done so far, for the eyes.
pub struct Progress {
    bar: Option<ProgressBar>,
    last_line: Mutex<Instant>,
    quiet: bool,
    hits: AtomicU64,
    asked: AtomicU64,
    failed: AtomicU64,
    metrics: Metrics,
    /// When there were so many pages and bytes, over the last while.
    recent: Mutex<VecDeque<(Instant, u64, u64)>>,
}

impl Progress {
    /// Shows itself on stderr.
    pub fn on_stderr() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, quiet: false, ..Self::silent() }
    }

    /// Shows nothing; for tests and benches.
    pub fn silent() -> Self {
        Self {
            bar: None,
            last_line: Mutex::new(Instant::now()),
            quiet: true,
            hits: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            metrics: Metrics::default(),
            recent: Mutex::default(),
        }
    }

    /// A search request is about to be sent.
    pub fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// A page was fetched.
    pub fn fetched(&self, hit: bool) {
        self.metrics.page(hit);
        self.hits.fetch_add(u64::from(hit), Ordering::Relaxed);
    }

    /// A page could not be looked at, for the reason of this code.
    pub fn failed(&self, code: &str) {
        self.metrics.unseen(code);
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// The numbers of the round.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A stage begins, in Chinese.
    pub fn stage(&self, words: &str) {
        match &self.bar {
            Some(bar) => bar.println(words),
            None if !self.quiet => eprintln!("{words}"),
            None => {}
        }
    }

    /// Shows where the round stands.
    pub fn show(&self, waiting: u64, in_flight: u64, hosts: u64) {
        let (fetched, bytes) = self.metrics.so_far();
        let (pages_s, bytes_s) = self.rates(fetched, bytes);
        let kib_s = bytes_s / 1024.0;
        let message = format!(
            "已看 {fetched} 页（{pages_s:.1} 页/秒，{kib_s:.0} KB/秒） 线索 {} 看不到 {} 搜索 {} 次 待看 {waiting} 正在看 {in_flight} 页 / {hosts} 站",
            self.hits.load(Ordering::Relaxed),
            self.failed.load(Ordering::Relaxed),
            self.asked.load(Ordering::Relaxed),
        );
        match &self.bar {
            Some(bar) => bar.set_message(message),
            None if self.quiet => {}
            None => {
                let mut last = self.last_line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    eprintln!("{message}");
                }
            }
        }
    }

    /// Pages and bytes a second, over the last while: what a round did an hour ago says nothing of how it goes.
    fn rates(&self, pages: u64, bytes: u64) -> (f64, f64) {
        let mut recent = self.recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        recent.push_back((now, pages, bytes));
        while recent.len() > 2 && recent.front().is_some_and(|(at, ..)| now - *at > RECENT) {
            recent.pop_front();
        }
        let Some(&(since, had, read)) = recent.front() else { return (0.0, 0.0) };
        let seconds = (now - since).as_secs_f64().max(0.1);
        ((pages - had) as f64 / seconds, (bytes - read) as f64 / seconds)
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
