//! Puts captures on disk: one thread that appends to the WARC files of both series and syncs them for many at a time.
//!
//! A capture is acknowledged when it is durable, so that no hit can point at evidence that a power cut took back. A lone
//! capture waits for one sync; under load dozens share it. Start at [`Keeper::keep`].

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::evidence::{Capture, DEFAULT_FILE_BYTES, Encoded, Origin, Series, WarcError, WarcStore};
use crate::store;

/// Captures that share one sync at most; bounds what an error takes along.
const GROUP: usize = 256;
/// Captures that may wait for the thread before callers wait.
const WAITING: usize = 512;
/// How long further captures are waited for where the group before was one of several, as the store's writer does.
const GATHERING: Duration = Duration::from_millis(5);

type Job = (Series, Encoded, oneshot::Sender<Result<Capture, Arc<WarcError>>>);

/// The way to the thread. Clones share it; when the last goes, it waits until the thread has closed its files, so that
/// whoever opens the folder next finds no file that is just being renamed.
#[derive(Clone)]
pub struct Keeper {
    writer: Arc<Writer>,
}

struct Writer {
    /// Both are there until the drop.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes evidence ended in a panic");
        }
    }
}

/// Why a capture was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeepError {
    /// The file system failed.
    #[error(transparent)]
    Warc(#[from] Arc<WarcError>),
    /// The thread is gone, which only happens when the program ends.
    #[error("证据写入已经停止")]
    Stopped,
}

impl KeepError {
    /// The disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, KeepError::Warc(error) if matches!(**error, WarcError::Full { .. }))
    }
}

impl Keeper {
    /// Opens the WARC folder below `data`, repairs what a kill left, and starts the thread.
    ///
    /// # Errors
    /// The folder cannot be made or read, or the thread not started.
    pub fn start(data: &Path, origin: Origin) -> Result<Keeper, WarcError> {
        let open = |series| WarcStore::open(data, series, origin.clone(), DEFAULT_FILE_BYTES);
        let stores = [open(Series::Hits)?, open(Series::Pages)?];
        for repair in stores.iter().filter_map(WarcStore::repaired) {
            tracing::warn!(file = %repair.file.display(), kept = repair.kept, cut = repair.cut, "evidence file had a torn end");
        }
        let (jobs, queue) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("warc-writer".into())
            .spawn(move || write(stores, queue))
            .map_err(|source| WarcError::Io { file: data.to_owned(), source })?;
        Ok(Keeper { writer: Arc::new(Writer { jobs: Some(jobs), thread: Some(thread) }) })
    }

    /// Appends one encoded exchange and waits until it is durable.
    ///
    /// # Errors
    /// The disk is full or fails; nothing of this capture counts then.
    pub async fn keep(&self, series: Series, encoded: Encoded) -> Result<Capture, KeepError> {
        let (done, answer) = oneshot::channel();
        let jobs = self.writer.jobs.as_ref().ok_or(KeepError::Stopped)?;
        jobs.send((series, encoded, done)).await.map_err(|_| KeepError::Stopped)?;
        Ok(answer.await.map_err(|_| KeepError::Stopped)??)
    }
}

fn write(mut stores: [WarcStore; 2], mut queue: mpsc::Receiver<Job>) {
    let mut company = false;
    while let Some(first) = queue.blocking_recv() {
        if company {
            std::thread::sleep(GATHERING);
        }
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        company = group.len() > 1;
        let (hits, pages): (Vec<Job>, Vec<Job>) = group.into_iter().partition(|job| job.0 == Series::Hits);
        for (store, jobs) in stores.iter_mut().zip([hits, pages]) {
            if !jobs.is_empty() {
                write_group(store, jobs);
            }
        }
    }
    for store in stores {
        if let Err(error) = store.close() {
            tracing::error!(%error, "closing the evidence file");
        }
    }
}

fn write_group(store: &mut WarcStore, jobs: Vec<Job>) {
    let (encoded, waiting): (Vec<_>, Vec<_>) = jobs.into_iter().map(|(_, encoded, done)| (encoded, done)).unzip();
    match store.append(encoded).and_then(|captures| store.sync().map(|()| captures)) {
        Ok(captures) => {
            for (done, capture) in waiting.into_iter().zip(captures) {
                // Whoever asked may have been stopped; the capture is harmless.
                let _ = done.send(Ok(capture));
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for done in waiting {
                let _ = done.send(Err(error.clone()));
            }
        }
    }
}

impl From<Capture> for store::Capture {
    fn from(c: Capture) -> Self {
        let Capture { sha256, sm3, warc, offset, length, before, after, time } = c;
        Self { sha256, sm3, warc, offset, length, before, after, time }
    }
}

impl From<store::Capture> for Capture {
    fn from(c: store::Capture) -> Self {
        let store::Capture { sha256, sm3, warc, offset, length, before, after, time } = c;
        Self { sha256, sm3, warc, offset, length, before, after, time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Connection, Exchange, ResolvedBy, encode};

    fn exchange() -> Exchange {
        Exchange {
            url: "http://a.example/".to_owned(),
            request_head: b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
            status: 200,
            reason: "OK".to_owned(),
            headers: Vec::new(),
            body: vec![b'x'; 1 << 16],
            time: "2026-12-05T01:00:00Z".parse().unwrap(),
            ip: None,
            resolved_by: ResolvedBy::Direct,
            tls_leaf_sha256: None,
            tls_problem: None,
            truncated: None,
            notes: Vec::new(),
            vantage: String::new(),
            connection: Connection::default(),
        }
    }

    #[tokio::test]
    async fn the_files_are_closed_when_the_last_keeper_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..20 {
            let keeper = Keeper::start(folder.path(), Origin { software: "test".into(), notes: Vec::new() }).unwrap();
            let other = keeper.clone();
            keeper.keep(Series::Pages, encode(&exchange(), false)).await.unwrap();
            drop(keeper);
            other.keep(Series::Pages, encode(&exchange(), false)).await.unwrap();
            drop(other);
            let names = std::fs::read_dir(folder.path().join("warc")).unwrap();
            let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
            assert!(
                !names.is_empty() && names.iter().all(|name| !name.to_string_lossy().starts_with("open")),
                "{names:?}"
            );
        }
    }
}
