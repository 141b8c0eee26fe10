//! Puts captures on disk: one thread that appends to the WARC files of both series and syncs them for many at a time.
//!
//! A capture is acknowledged when it is durable, so that no hit can point at evidence that a power cut took back. A lone
//! capture waits for one sync; under load dozens share it. Start at [`Keeper::keep`].

use std::path::Path;
use std::sync::Arc;
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

/// The way to the thread. Clones share it; it ends, and closes its file, when the last is gone.
#[derive(Clone)]
pub struct Keeper {
    jobs: mpsc::Sender<Job>,
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
        std::thread::Builder::new()
            .name("warc-writer".into())
            .spawn(move || write(stores, queue))
            .map_err(|source| WarcError::Io { file: data.to_owned(), source })?;
        Ok(Keeper { jobs })
    }

    /// Appends one encoded exchange and waits until it is durable.
    ///
    /// # Errors
    /// The disk is full or fails; nothing of this capture counts then.
    pub async fn keep(&self, series: Series, encoded: Encoded) -> Result<Capture, KeepError> {
        let (done, answer) = oneshot::channel();
        self.jobs.send((series, encoded, done)).await.map_err(|_| KeepError::Stopped)?;
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
