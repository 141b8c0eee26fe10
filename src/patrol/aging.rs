//! What is let go: pages that accuse nobody, `keep.innocent_days` after they were fetched.
//!
//! Rows first, then files: a kill in between leaves files that nobody needs, and the next time takes them. Hits, their captures and
//! their extracts stay. It must not run while a round writes. Start at [`let_go`].

use std::collections::HashSet;
use std::path::Path;

use jiff::ToSpan;
use jiff::tz::Offset;

use super::Failure;
use crate::clock::Clock;
use crate::evidence::{self, WarcError};
use crate::store::{Changes, Outcome, Store, StoreError};

/// Rows in one change set.
const AT_ONCE: usize = 500;

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gone {
    /// Rows of pages, with their extracts.
    pub pages: u64,
    /// Evidence files.
    pub files: usize,
}

/// Lets go of what is older than `days`.
///
/// # Errors
/// The store or the evidence folder failed; what went before is gone, the rest is for the next time.
pub async fn let_go(store: &Store, data: &Path, clock: &Clock, days: u64) -> Result<Gone, Failure> {
    let (store, data, clock) = (store.clone(), data.to_owned(), clock.clone());
    // Every row is read: nothing for the thread on which the daemon keeps its hours.
    let work = tokio::task::spawn_blocking(move || let_go_here(&store, &data, &clock, days));
    work.await.map_err(|error| Failure::Broken(format!("清理过期网页的线程出错：{error}")))?
}

fn let_go_here(store: &Store, data: &Path, clock: &Clock, days: u64) -> Result<Gone, Failure> {
    let today = Offset::UTC.to_datetime(clock.now()).date();
    let before = today.saturating_sub(i64::try_from(days).unwrap_or(i64::MAX).min(36_500).days());
    let mut wanted = HashSet::new();
    for hit in store.hits() {
        let hit = hit?;
        let shown = hit.rendering.into_iter().flat_map(|shown| [Some(shown.html), shown.screenshot]).flatten();
        wanted.extend(hit.capture.into_iter().chain(hit.captures).chain(shown).map(|capture| capture.warc));
    }
    let files = evidence::aged(data, before, clock.is_set(), &wanted).map_err(broken)?;
    let names: HashSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let mut gone = Gone { pages: 0, files: files.len() };
    let mut seqs = Vec::new();
    for page in store.pages(0) {
        let page = page?;
        if Offset::UTC.to_datetime(page.fetched).date() >= before {
            break;
        }
        let over = match (&page.capture, &page.outcome) {
            (Some(capture), _) => names.contains(capture.warc.as_str()),
            // What left no capture has no file to tell by which clock it was dated.
            (None, Outcome::Failed { .. }) => !clock.is_set(),
            (None, Outcome::Fetched { .. }) => false,
        };
        let accuses = page.verdict.as_deref().is_some_and(|v| matches!(v, "fake_site" | "seller" | "suspicious"));
        if over && !accuses {
            seqs.push(page.seq);
        }
    }
    for some in seqs.chunks(AT_ONCE) {
        let mut changes = Changes::new();
        for seq in some {
            changes.delete_extract(*seq).delete_page(*seq);
        }
        store.submit(changes).wait()?;
        gone.pages += some.len() as u64;
    }
    evidence::remove(data, &files).map_err(broken)?;
    // What went is gone, whether or not its room can be had today (a nearly full disk lets nothing be moved).
    match store.tidy_extracts() {
        Err(error) if error.is_fatal() && !matches!(error, StoreError::Full { .. }) => return Err(error.into()),
        Err(error) => tracing::warn!(%error, "the room of extracts could not be tidied"),
        Ok(_) => {}
    }
    Ok(gone)
}

fn broken(error: WarcError) -> Failure {
    Failure::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::task::Poll;

    use jiff::Timestamp;

    use super::*;
    use crate::store::{Opts, Page};

    fn page(seq: u64, outcome: Outcome) -> Page {
        let kept = include_bytes!("../../tests/data/records/page.v1.json");
        let page: Page = serde_json::from_slice(kept).unwrap();
        Page { seq, fetched: Timestamp::UNIX_EPOCH, outcome, capture: None, verdict: None, ..page }
    }

    #[tokio::test]
    async fn rows_are_read_on_a_thread_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Opts { ballast: 0, free_floor: 0, ..Opts::default() }).unwrap();
        let mut changes = Changes::new();
        for seq in 1..=500 {
            // Whose capture is not known is kept.
            changes.put_page(page(seq, Outcome::Fetched { status: 200 }));
        }
        store.commit(changes).await.unwrap();
        let clock = Clock::system();
        let mut work = std::pin::pin!(let_go(&store, folder.path(), &clock, 30));
        let waits = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx).is_pending())).await;
        assert!(waits, "all was read before anybody else had a turn");
        assert_eq!(work.await.unwrap(), Gone::default());
    }

    #[tokio::test]
    async fn what_is_over_goes_though_its_room_cannot_be_tidied() {
        static FREE: AtomicU64 = AtomicU64::new(1 << 40);
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let free = |_: &Path| Ok(FREE.load(Ordering::Relaxed));
            Store::open(folder.path(), Opts { ballast: 0, free_floor: 1 << 30, free, ..Opts::default() }).unwrap()
        };
        let failed = || Outcome::Failed { code: "timeout-head".to_owned(), say: String::new() };
        let store = open();
        let mut changes = Changes::new();
        for seq in 1..=4 {
            changes.put_page(page(seq, failed())).put_extract(seq, vec![seq as u8; 100]);
        }
        changes.put_page(page(5, Outcome::Fetched { status: 200 })).put_extract(5, vec![5; 100]);
        store.commit(changes).await.unwrap();
        drop(store);
        // As if the file were full: another one is begun, and what is left in this one has to move.
        let first = folder.path().join("store/extracts/00000001");
        std::fs::File::options().write(true).open(&first).unwrap().set_len(256 << 20).unwrap();
        let store = open();
        let mut changes = Changes::new();
        changes.put_extract(6, vec![6; 100]);
        store.commit(changes).await.unwrap();

        // Room for what takes things away, and none for what can wait.
        FREE.store(1 << 29, Ordering::Relaxed);
        let clock = Clock::system();
        let gone = let_go(&store, folder.path(), &clock, 30).await.unwrap();
        assert_eq!((gone, first.exists()), (Gone { pages: 4, files: 0 }, true));
        assert_eq!((store.pages(0).count(), store.extracts(0).count()), (1, 2));
        assert_eq!(store.extract(5).await.unwrap(), Some(vec![5; 100]));
        FREE.store(1 << 40, Ordering::Relaxed);
        assert_eq!(let_go(&store, folder.path(), &clock, 30).await.unwrap(), Gone::default());
        assert_eq!((store.extract(5).await.unwrap(), first.exists()), (Some(vec![5; 100]), false));
    }
}
