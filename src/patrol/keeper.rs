//! Puts captures on disk: one thread that appends to the WARC files and syncs them for many at a time.
//!
//! A capture is acknowledged when it is durable, so that no hit can point at evidence that a power cut took back. A lone
//! capture waits for one sync; under load dozens share it. Start at [`Keeper::keep`].

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::evidence::{Capture, Encoded, Origin, WarcError, WarcStore};

/// Captures that share one sync at most; bounds what an error takes along.
const GROUP: usize = 256;
/// Captures that may wait for the thread before callers wait.
const WAITING: usize = 512;

type Job = (Encoded, oneshot::Sender<Result<Capture, Arc<WarcError>>>);

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
        let store = WarcStore::open(data, origin, crate::evidence::DEFAULT_FILE_BYTES)?;
        if let Some(repair) = store.repaired() {
            tracing::warn!(file = %repair.file.display(), kept = repair.kept, cut = repair.cut, "evidence file had a torn end");
        }
        let (jobs, queue) = mpsc::channel(WAITING);
        std::thread::Builder::new()
            .name("warc-writer".into())
            .spawn(move || write(store, queue))
            .map_err(|source| WarcError::Io { file: data.to_owned(), source })?;
        Ok(Keeper { jobs })
    }

    /// Appends one encoded exchange and waits until it is durable.
    ///
    /// # Errors
    /// The disk is full or fails; nothing of this capture counts then.
    pub async fn keep(&self, encoded: Encoded) -> Result<Capture, KeepError> {
        let (done, answer) = oneshot::channel();
        self.jobs.send((encoded, done)).await.map_err(|_| KeepError::Stopped)?;
        Ok(answer.await.map_err(|_| KeepError::Stopped)??)
    }
}

fn write(mut store: WarcStore, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        let (encoded, waiting): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let kept = store.append(encoded).and_then(|captures| store.sync().map(|()| captures));
        match kept {
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
    if let Err(error) = store.close() {
        tracing::error!(%error, "closing the evidence file");
    }
}
