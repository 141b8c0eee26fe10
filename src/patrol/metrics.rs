//! What a round does, in numbers: for a monitoring system, and for whoever asks why it takes so long.
//!
//! Kept while the round runs and written every few seconds to `DATA/metrics.prom` in Prometheus' text format, which its node exporter
//! picks up from a folder; a file in place of a port, because nothing of ours should listen only to be measured. Counts begin anew with
//! each round. No address of a page and nothing that a page says is in it. Start at [`Metrics::text`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Shared;
use crate::crawl::frontier::Counts;

/// The file below DATA.
pub const FILE: &str = "metrics.prom";
/// How often it is written.
const EVERY: Duration = Duration::from_secs(5);
/// Upper bounds of the classes of fetch times, in milliseconds.
const CLASSES: [u64; 10] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];
/// Reasons that are told apart; they are words of ours, and fewer than this.
const MAX_REASONS: usize = 64;

/// Counts of a round.
#[derive(Debug, Default)]
pub struct Metrics {
    pages: AtomicU64,
    hits: AtomicU64,
    bytes: AtomicU64,
    held: AtomicU64,
    judged: AtomicU64,
    judging_us: AtomicU64,
    waited_ms: AtomicU64,
    fetches: [AtomicU64; CLASSES.len() + 1],
    fetch_ms: AtomicU64,
    reasons: Mutex<BTreeMap<String, u64>>,
}

impl Metrics {
    /// An answer came: bytes of its body as sent, and how long the visit took.
    pub fn answered(&self, bytes: usize, took: Duration) {
        let ms = took.as_millis() as u64;
        self.bytes.fetch_add(bytes as u64, Relaxed);
        self.fetches[CLASSES.partition_point(|class| *class < ms)].fetch_add(1, Relaxed);
        self.fetch_ms.fetch_add(ms, Relaxed);
    }

    /// A page was kept; whether it accuses somebody.
    pub fn page(&self, hit: bool) {
        self.pages.fetch_add(1, Relaxed);
        self.hits.fetch_add(u64::from(hit), Relaxed);
    }

    /// A page could not be looked at, for the reason of this code.
    pub fn unseen(&self, code: &str) {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = reasons.get_mut(code) {
            *count += 1;
        } else if reasons.len() < MAX_REASONS {
            reasons.insert(code.to_owned(), 1);
        }
    }

    /// Connections were free and pages waited, but no host might be asked.
    pub fn waited(&self, time: Duration) {
        self.waited_ms.fetch_add(time.as_millis() as u64, Relaxed);
    }

    /// A body of this size is held until [`Metrics::judged`].
    pub fn holds(&self, bytes: usize) {
        self.held.fetch_add(bytes as u64, Relaxed);
    }

    /// A body that was held has been read and judged.
    pub fn judged(&self, bytes: usize, took: Duration) {
        self.held.fetch_sub(bytes as u64, Relaxed);
        self.judged.fetch_add(1, Relaxed);
        self.judging_us.fetch_add(took.as_micros() as u64, Relaxed);
    }

    /// Pages and bytes so far.
    pub fn so_far(&self) -> (u64, u64) {
        (self.pages.load(Relaxed), self.bytes.load(Relaxed))
    }

    /// All of it, as Prometheus reads it.
    pub fn text(&self, round: u64, running: bool, frontier: &Counts) -> String {
        let mut out = String::new();
        let mut one = |name: &str, kind: &str, help: &str, value: &dyn std::fmt::Display| {
            // Writing to a String cannot fail.
            let _ = write!(
                out,
                "# HELP jianzheng_{name} {help}\n# TYPE jianzheng_{name} {kind}\njianzheng_{name} {value}\n"
            );
        };
        let seconds = |ms: &AtomicU64, per: f64| ms.load(Relaxed) as f64 / per;
        one("round", "gauge", "轮次编号", &round);
        one("round_running", "gauge", "本轮是否在进行", &u8::from(running));
        one("pages_total", "counter", "本轮取得的网页", &self.pages.load(Relaxed));
        one("hits_total", "counter", "其中判为线索的", &self.hits.load(Relaxed));
        one("body_bytes_total", "counter", "收到的正文字节（解压前）", &self.bytes.load(Relaxed));
        one("held_body_bytes", "gauge", "等着判断的正文占的字节", &self.held.load(Relaxed));
        one("judged_total", "counter", "读过、判过的正文", &self.judged.load(Relaxed));
        one("judging_seconds_total", "counter", "读和判用的时间", &seconds(&self.judging_us, 1e6));
        one(
            "politeness_wait_seconds_total",
            "counter",
            "有空闲连接而没有网站可问的时间",
            &seconds(&self.waited_ms, 1e3),
        );
        one("queue_waiting", "gauge", "排队的网址", &frontier.waiting);
        one("queue_in_flight", "gauge", "正在看的网址", &frontier.in_flight);
        one("hosts_in_flight", "gauge", "正在看的网站", &frontier.hosts_in_flight);
        one("known_urls", "gauge", "见过的网址", &frontier.seen);
        one("known_hosts", "gauge", "见过的网站", &frontier.hosts);
        out += "# HELP jianzheng_unseen_total 看不到的网页，按原因\n# TYPE jianzheng_unseen_total counter\n";
        for (reason, count) in &*self.reasons.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(out, "jianzheng_unseen_total{{reason=\"{}\"}} {count}", label(reason));
        }
        out +=
            "# HELP jianzheng_fetch_seconds 一次访问的时间，连同站内跳转\n# TYPE jianzheng_fetch_seconds histogram\n";
        let mut sum = 0;
        for (at, count) in self.fetches.iter().enumerate() {
            sum += count.load(Relaxed);
            match CLASSES.get(at) {
                Some(class) => {
                    let _ = writeln!(out, "jianzheng_fetch_seconds_bucket{{le=\"{}\"}} {sum}", *class as f64 / 1e3);
                }
                None => {
                    let _ = writeln!(out, "jianzheng_fetch_seconds_bucket{{le=\"+Inf\"}} {sum}");
                }
            }
        }
        let total = seconds(&self.fetch_ms, 1e3);
        let _ = write!(out, "jianzheng_fetch_seconds_sum {total}\njianzheng_fetch_seconds_count {sum}\n");
        out
    }
}

/// Codes are words of ours; should one ever hold anything else, it must not break the line.
fn label(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// Writes the file again and again, until the task is ended.
pub(super) async fn keep_writing(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(EVERY).await;
        write_once(&shared, true).await;
    }
}

/// Writes the file: a new one beside it, then in its place, so that nobody reads half of it. Without it a round goes on.
pub(super) async fn write_once(shared: &Shared, running: bool) {
    let counts = shared.frontier.counts().await;
    let text = shared.progress.metrics().text(shared.round, running, &counts);
    let folder = shared.store.data().to_owned();
    match tokio::task::spawn_blocking(move || put(&folder, &text)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "metrics could not be written"),
        Err(error) => tracing::warn!(%error, "the thread that writes metrics failed"),
    }
}

fn put(folder: &Path, text: &str) -> std::io::Result<()> {
    let new = folder.join(format!("{FILE}.new"));
    std::fs::write(&new, text)?;
    std::fs::rename(new, folder.join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        for ms in [10, 50, 51, 700, 90_000] {
            metrics.answered(1_000, Duration::from_millis(ms));
        }
        metrics.page(true);
        metrics.page(false);
        metrics.unseen("timeout-head");
        metrics.unseen("timeout-head");
        metrics.unseen("odd\"} 1\nforged_total 9");
        metrics.holds(500);
        metrics.holds(70);
        metrics.judged(500, Duration::from_millis(250));
        metrics.waited(Duration::from_millis(1_500));
        let text = metrics.text(3, true, &Counts { waiting: 7, in_flight: 2, hosts_in_flight: 1, seen: 9, hosts: 4 });
        for line in [
            "jianzheng_round 3",
            "jianzheng_round_running 1",
            "jianzheng_pages_total 2",
            "jianzheng_hits_total 1",
            "jianzheng_body_bytes_total 5000",
            "jianzheng_held_body_bytes 70",
            "jianzheng_judging_seconds_total 0.25",
            "jianzheng_politeness_wait_seconds_total 1.5",
            "jianzheng_queue_waiting 7",
            "jianzheng_unseen_total{reason=\"timeout-head\"} 2",
            "jianzheng_fetch_seconds_bucket{le=\"0.05\"} 2",
            "jianzheng_fetch_seconds_bucket{le=\"0.1\"} 3",
            "jianzheng_fetch_seconds_bucket{le=\"0.5\"} 3",
            "jianzheng_fetch_seconds_bucket{le=\"1\"} 4",
            "jianzheng_fetch_seconds_bucket{le=\"60\"} 4",
            "jianzheng_fetch_seconds_bucket{le=\"+Inf\"} 5",
            "jianzheng_fetch_seconds_sum 90.811",
            "jianzheng_fetch_seconds_count 5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("jianzheng_") && value.parse::<f64>().is_ok(), "{line}");
            let bare = name.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
            assert!(text.contains(&format!("# TYPE {family} ")), "{line}");
        }
    }

    #[test]
    fn reasons_without_end_are_not_kept() {
        let metrics = Metrics::default();
        for n in 0..1_000 {
            metrics.unseen(&n.to_string());
        }
        assert_eq!(metrics.reasons.lock().unwrap().len(), MAX_REASONS);
    }
}
