//! What is known of one host, and why it waits: its name, what it answered, how the last round left it, what is found on it.
//!
//! Reads what rounds wrote down: a round in course holds the store, so nobody looks at its memory. It must not decide whether a
//! host may be asked. Start at `report`.

use std::collections::BTreeMap;

use jianzheng_core::{address, entities::mask_ids, host::HostVerdict};
use jiff::{Timestamp, tz::TimeZone};
use url::Url;

use super::{
    DeskError, near,
    rows::{HostReport, HostRoundRow, UnseenRow},
};
use crate::{
    clock::{QuietHours, rfc3339},
    store::{Hit, HostFacts, HostRound, Store},
};

/// Rows between two chances for other tasks.
const BREATH: usize = 500;
/// Reasons of the last round that are told, the most frequent first.
const REASONS: usize = 5;

/// How the unit treats hosts, as far as it explains why one waits.
#[derive(Debug, Clone)]
pub struct Manners {
    /// When no fetch begins.
    pub quiet: Option<QuietHours>,
    /// Whose hours they are.
    pub zone: TimeZone,
    /// Milliseconds between two fetches.
    pub delay_ms: u64,
}

/// What waits of a host.
#[derive(Debug, Default)]
struct Waiting {
    urls: u64,
    /// Of these, put off to a date.
    deferred: u64,
    /// The earliest of the dates, in seconds since 1970.
    first: Option<i64>,
}

/// What rounds file a host under: its name, with the port where somebody wrote one that is not the scheme's.
pub(super) fn key_of(written: &str, host: &str) -> String {
    let written = written.trim();
    let url = if written.contains("://") { Url::parse(written) } else { Url::parse(&format!("http://{written}")) };
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    match url.ok().and_then(|url| url.port()) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// The report on a host, given what its name says.
pub(super) async fn report(
    store: &Store,
    verdict: HostVerdict,
    manners: &Manners,
    host: String,
    now: Timestamp,
) -> Result<HostReport, DeskError> {
    let (mut hits, mut latest) = (0, None);
    for (n, hit) in store.hits().enumerate() {
        let hit = hit?;
        // Asked by its name alone, a host is meant with all its ports.
        let key = filed_under(&hit);
        if key == host || key.strip_prefix(&host).is_some_and(|port| port.starts_with(':')) {
            hits += 1;
            latest = Some(hit);
        }
        if n % BREATH == BREATH - 1 {
            tokio::task::yield_now().await;
        }
    }
    let near = match &latest {
        Some(hit) => near::of(store, hit, |other| other.host != hit.host).await?,
        None => Vec::new(),
    };
    // What is known of an unusual port is known of the host, where it has no other.
    let facts = match (store.host(&host).await?, &latest) {
        (Some(facts), _) => Some(facts),
        (None, Some(hit)) => store.host(&filed_under(hit)).await?,
        (None, None) => None,
    };
    let key = facts.as_ref().map_or_else(|| host.clone(), |facts| facts.host.clone());
    let facts = facts.unwrap_or_default();
    let waiting = waiting(store, &key, now)?;
    let waits = waits(&facts, &waiting, manners, now);
    Ok(HostReport {
        verdict: verdict.standing.as_str().to_owned(),
        why: verdict.why.iter().map(|why| mask_ids(why).into_owned()).collect(),
        robots: facts.robots,
        fails: facts.fails,
        last_ok: facts.last_ok.map(rfc3339),
        not_before: facts.not_before.map(rfc3339),
        waiting: waiting.urls,
        waits,
        last_round: facts.last.map(round_row),
        unseen: unseen(store, &key).await?,
        hits,
        near,
        host: mask_ids(&host).into_owned(),
    })
}

/// What rounds file the host of a hit under.
fn filed_under(hit: &Hit) -> String {
    Url::parse(&hit.final_url).map_or_else(|_| hit.host.clone(), |url| address::host_key(&url))
}

fn waiting(store: &Store, host: &str, now: Timestamp) -> Result<Waiting, DeskError> {
    let mut waiting = Waiting::default();
    for block in store.queue_blocks() {
        let (key, block) = block?;
        if block.host != host {
            continue;
        }
        // Once more, with what is done and put off of it.
        let block = store.queue_block(key)?;
        let open = |place: u8| block.done & (1 << place) == 0;
        waiting.urls += block.entries.iter().filter(|(place, _)| open(*place)).count() as u64;
        for (_, until) in block.deferred.iter().filter(|(place, until)| open(*place) && *until > now.as_second()) {
            waiting.deferred += 1;
            waiting.first = Some(waiting.first.map_or(*until, |first| first.min(*until)));
        }
    }
    Ok(waiting)
}

/// Why what waits was not looked at yet, in Chinese, from what holds now to what the last round left. Nothing waits: no reason.
fn waits(facts: &HostFacts, waiting: &Waiting, manners: &Manners, now: Timestamp) -> Vec<String> {
    if waiting.urls == 0 {
        return Vec::new();
    }
    let mut waits = Vec::new();
    let shown = |time: Timestamp| manners.zone.to_datetime(time).strftime("%Y-%m-%d %H:%M").to_string();
    let seconds = |ms: u64| format!("{:.1} 秒", ms as f64 / 1000.0);
    if let Some(quiet) = manners.quiet.filter(|quiet| quiet.hold(manners.zone.to_datetime(now).time())) {
        waits.push(format!("现在是安静时段（{quiet}），不开始新的访问"));
    }
    // A delay of none switches these waits off.
    let polite = manners.delay_ms > 0;
    if let Some(until) = facts.not_before.filter(|until| polite && *until > now) {
        waits.push(format!("网站要求 {} 以前不要再来", shown(until)));
    }
    if let Some(first) = waiting.first.and_then(|first| Timestamp::from_second(first).ok()) {
        waits.push(format!("{} 个网址推迟到 {} 或更晚", waiting.deferred, shown(first)));
    }
    if let Some(delay) = facts.delay_ms.filter(|delay| polite && *delay > manners.delay_ms) {
        waits.push(format!("robots.txt 要求两次访问至少隔 {}", seconds(delay)));
    }
    match facts.robots.as_str() {
        "unreachable" => waits.push("robots.txt 连不上，暂不访问".to_owned()),
        status if status.bytes().all(|b| b.is_ascii_digit()) && !status.is_empty() => {
            waits.push(format!("robots.txt 返回 {status}，按规矩暂不访问"));
        }
        _ => {}
    }
    if facts.fails > 0 {
        waits.push(format!("连续 {} 次连不上", facts.fails));
    }
    if let Some(HostRound { round, interval_ms, slowed, why, .. }) = &facts.last {
        if *slowed {
            waits.push(format!("第 {round} 轮里它越来越慢，两次访问之间放宽到 {}", seconds(*interval_ms)));
        }
        if !why.is_empty() {
            waits.push(format!("第 {round} 轮：{why}"));
        }
    }
    if waits.is_empty() {
        waits.push("没有特别的原因，下一轮轮到时就看".to_owned());
    }
    waits
}

fn round_row(last: HostRound) -> HostRoundRow {
    HostRoundRow {
        round: last.round,
        pages: last.pages,
        bytes: last.bytes,
        seconds: last.spent_ms / 1000,
        interval_ms: last.interval_ms,
        slowed: last.slowed,
        hold: last.hold,
    }
}

/// What the last round did not see of the host, by reason.
async fn unseen(store: &Store, host: &str) -> Result<Vec<UnseenRow>, DeskError> {
    let Some(round) = store.last_round().await? else { return Ok(Vec::new()) };
    let mut reasons = BTreeMap::<String, u64>::new();
    for (n, entry) in store.not_looked(round.id).enumerate() {
        let entry = entry?;
        if Url::parse(&entry.url).is_ok_and(|url| address::host_key(&url) == host) {
            *reasons.entry(entry.why).or_default() += 1;
        }
        if n % BREATH == BREATH - 1 {
            tokio::task::yield_now().await;
        }
    }
    let mut rows: Vec<UnseenRow> = reasons.into_iter().map(|(why, urls)| UnseenRow { why, urls }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.urls));
    rows.truncate(REASONS);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}:00+08:00").parse().unwrap()
    }

    fn manners() -> Manners {
        let quiet = QuietHours { from: "22:00".parse().unwrap(), to: "06:00".parse().unwrap() };
        Manners { quiet: Some(quiet), zone: crate::clock::shanghai(), delay_ms: 1000 }
    }

    #[test]
    fn a_host_is_filed_under_its_name_and_an_unusual_port() {
        for (written, host, want) in [
            ("A.example", "a.example", "a.example"),
            ("a.example:8080", "a.example", "a.example:8080"),
            (" http://a.example:80/x ", "a.example", "a.example"),
            ("https://a.example:8443/x", "a.example", "a.example:8443"),
            ("203.0.113.7:81", "203.0.113.7", "203.0.113.7:81"),
            ("http://[2001:db8::1]:81/", "2001:db8::1", "[2001:db8::1]:81"),
        ] {
            assert_eq!(key_of(written, host), want, "{written}");
        }
    }

    #[test]
    fn each_reason_to_wait_is_told_and_only_while_it_holds() {
        let waiting = Waiting { urls: 9, deferred: 2, first: Some(at("2026-12-05T12:00").as_second()) };
        let last = HostRound {
            round: 3,
            interval_ms: 8500,
            slowed: true,
            why: "这个网站本轮已看满 500 页（crawl.host_pages）".to_owned(),
            ..HostRound::default()
        };
        let facts = HostFacts {
            robots: "503".to_owned(),
            fails: 4,
            not_before: Some(at("2026-12-05T10:30")),
            delay_ms: Some(20_000),
            last: Some(last),
            ..HostFacts::default()
        };
        let told = waits(&facts, &waiting, &manners(), at("2026-12-05T05:00"));
        let want = [
            "现在是安静时段（22:00-06:00），不开始新的访问",
            "网站要求 2026-12-05 10:30 以前不要再来",
            "2 个网址推迟到 2026-12-05 12:00 或更晚",
            "robots.txt 要求两次访问至少隔 20.0 秒",
            "robots.txt 返回 503，按规矩暂不访问",
            "连续 4 次连不上",
            "第 3 轮里它越来越慢，两次访问之间放宽到 8.5 秒",
            "第 3 轮：这个网站本轮已看满 500 页（crawl.host_pages）",
        ];
        assert_eq!(told, want);
        let later = waits(&facts, &waiting, &manners(), at("2026-12-05T10:30"));
        assert_eq!(later, want[2..], "neither hour holds any more");
        let off = Manners { delay_ms: 0, quiet: None, ..manners() };
        assert_eq!(waits(&facts, &waiting, &off, at("2026-12-05T05:00"))[0], want[2], "no delay, no such wait");
        let nothing = Waiting::default();
        assert_eq!(waits(&facts, &nothing, &manners(), at("2026-12-05T05:00")), [""; 0]);
        let plain = HostFacts { robots: "rules".to_owned(), ..HostFacts::default() };
        let some = Waiting { urls: 1, ..nothing };
        assert_eq!(waits(&plain, &some, &off, at("2026-12-05T05:00")), ["没有特别的原因，下一轮轮到时就看"]);
    }
}
