//! The database itself: opening it, applying a group of rows, and making "written" mean "on the disk".
//!
//! The one file that knows sled's ways. What sled 0.34 does not do and this file does: its `flush` never calls fsync, so every
//! group ends with `sync_data` on a descriptor of our own; messages of more than a quarter of a segment go to side files that
//! are never synced, and a leaf of 16 rows is one message, so segments are large enough for 16 of our largest rows.
//! Only the writer calls [`Engine::apply`]. Start there.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sled::{IVec, Transactional as _, transaction::TransactionError};

use super::{
    error::StoreError,
    extract_files::ExtractFiles,
    tables::Table,
    tx::{Overlay, Rows as Reader},
};

/// The most that a row may hold. Whole leaves of such rows must stay under a quarter of [`SEGMENT`].
pub(super) const ROW_LIMIT: usize = 60 * 1024;
const SEGMENT: usize = 8 << 20;
const CACHE: u64 = 64 << 20;
const OPEN_PATIENCE: Duration = Duration::from_secs(1);

/// The open database.
pub(super) struct Engine {
    db: sled::Db,
    trees: Vec<sled::Tree>,
    file: File,
    extracts: ExtractFiles,
    path: PathBuf,
}

impl Engine {
    /// Opens the database in `path`, which is made where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let db = open_patiently(path)?;
        let fault = |error: sled::Error| open_error(path, &error);
        let trees =
            Table::ALL.iter().map(|table| db.open_tree(table.name())).collect::<Result<_, _>>().map_err(fault)?;
        db.flush().map_err(fault)?;
        let engine = (|| {
            let file = File::open(path.join("db"))?;
            file.sync_all()?;
            let extracts = ExtractFiles::open(path)?;
            // The names of the files are as much part of the promise as their bytes.
            for folder in [Some(path.join("blobs").as_path()), Some(path), path.parent()].into_iter().flatten() {
                File::open(folder)?.sync_all()?;
            }
            Ok(Self { db, trees, file, extracts, path: path.to_owned() })
        })();
        engine.map_err(|error: std::io::Error| StoreError::Open { path: path.to_owned(), say: error.to_string() })
    }

    /// Writes a group of rows, all or none, and returns when they are on the disk.
    pub(super) fn apply(&self, group: &Overlay) -> Result<(), StoreError> {
        // sled asserts here and there; a panic of the writer would leave every caller waiting for ever.
        match catch_unwind(AssertUnwindSafe(|| self.write(group))) {
            Ok(done) => done,
            Err(panic) => Err(StoreError::Broken { say: panic_words(&*panic) }),
        }
    }

    fn write(&self, group: &Overlay) -> Result<(), StoreError> {
        // Before the rows that tell where they stand.
        if !group.extracts().is_empty() {
            self.extracts.append(group.extracts()).map_err(|error| StoreError::of_io(&error))?;
        }
        self.write_rows(group)?;
        // The rows are gone for good, and the set is on the disk: what fails from here on costs room.
        self.extracts.free(group.freed());
        if let Err(error) = self.extracts.turn() {
            tracing::warn!(%error, "no new file of extracts was begun; the last one grows");
        }
        Ok(())
    }

    fn write_rows(&self, group: &Overlay) -> Result<(), StoreError> {
        let mut trees = Vec::new();
        let mut rows: Vec<Vec<(IVec, Option<IVec>)>> = Vec::new();
        for (table, writes) in group.touched() {
            trees.push(self.trees[table as usize].clone());
            rows.push(
                writes.iter().map(|(key, row)| (key.as_slice().into(), row.as_deref().map(IVec::from))).collect(),
            );
        }
        if trees.is_empty() {
            return Ok(());
        }
        // Everything was decided before: the closure only copies, so sled may run it as often as it likes.
        let applied = trees[..].transaction(|views: &Vec<sled::transaction::TransactionalTree>| {
            for (view, rows) in views.iter().zip(&rows) {
                for (key, row) in rows {
                    match row {
                        Some(row) => view.insert(key.clone(), row.clone())?,
                        None => view.remove(key.clone())?,
                    };
                }
            }
            Ok(())
        });
        applied.map_err(|error: TransactionError<()>| match error {
            TransactionError::Storage(error) => StoreError::of_sled(&error),
            TransactionError::Abort(()) => StoreError::Broken { say: "事务被中止".to_owned() },
        })?;
        self.trees[0].flush().map_err(|error| StoreError::of_sled(&error))?;
        self.file.sync_data().map_err(|error| StoreError::of_io(&error))
    }

    /// The rows of a table from `from` on, in the order of their keys, or against it.
    pub(super) fn scan(
        &self,
        table: Table,
        from: std::ops::Bound<Vec<u8>>,
        to: std::ops::Bound<Vec<u8>>,
    ) -> sled::Iter {
        self.trees[table as usize].range((from, to))
    }

    /// Bytes that the database's files take, those of extracts with them.
    pub(super) fn size_on_disk(&self) -> Result<u64, StoreError> {
        let extracts = self.extracts.size_on_disk().map_err(|error| StoreError::of_io(&error))?;
        Ok(extracts + self.db.size_on_disk().map_err(|error| StoreError::of_sled(&error))?)
    }

    /// Where extracts stand.
    pub(super) fn extract_files(&self) -> &ExtractFiles {
        &self.extracts
    }

    /// Files beside the log that sled made for messages over its limit; there should be none, since it never syncs them.
    pub(super) fn unsynced_files(&self) -> usize {
        std::fs::read_dir(self.path.join("blobs")).map_or(0, Iterator::count)
    }
}

impl Engine {
    /// Asks for a row some more times, for as many as its size is worth.
    ///
    /// sled notes accesses in 256 queues and looks for pages to evict only when one of them has 64 notes, so some 16,000
    /// leaves can pile up that were read once each; with rows of 4 KiB that is a gigabyte. Asking again for large rows fills
    /// the queues in proportion to the memory taken: a random read is worth one note a 256 bytes, and in a scan, which
    /// passes by the other rows of the leaf as well, one a KiB.
    pub(super) fn press(&self, table: Table, key: &[u8], notes: usize) {
        for _ in 0..notes.min(32) {
            // Only the access counts; what it finds was answered already.
            let _ = self.trees[table as usize].get(key);
        }
    }
}

impl Reader for Engine {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.trees[table as usize].get(key).map_err(|error| StoreError::of_sled(&error))?;
        if let Some(row) = &row {
            self.press(table, key, row.len() / 256);
        }
        Ok(row.map(|row| row.to_vec()))
    }

    fn last_key(&self, table: Table, from: &[u8], below: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let last = self.trees[table as usize].range(from..below).next_back().transpose();
        Ok(last.map_err(|error| StoreError::of_sled(&error))?.map(|(key, _)| key.to_vec()))
    }

    fn end_of_extracts(&self) -> (u32, u64) {
        self.extracts.end()
    }
}

/// A process that has just ended may still hold sled's lock for a moment.
fn open_patiently(path: &Path) -> Result<sled::Db, StoreError> {
    let begun = Instant::now();
    loop {
        let config = sled::Config::new().path(path).cache_capacity(CACHE).segment_size(SEGMENT).flush_every_ms(None);
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(error)) if is_lock(&error) && begun.elapsed() < OPEN_PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(Err(error)) => return Err(open_error(path, &error)),
            Err(panic) => return Err(StoreError::Corrupt { path: path.to_owned(), say: panic_words(&*panic) }),
        }
    }
}

fn is_lock(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(io) if io.kind() == std::io::ErrorKind::WouldBlock || io.to_string().contains("could not acquire lock"))
}

fn open_error(path: &Path, error: &sled::Error) -> StoreError {
    let path = path.to_owned();
    match error {
        sled::Error::Io(io)
            if !matches!(io.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof) =>
        {
            StoreError::Open { path, say: io.to_string() }
        }
        other => StoreError::Corrupt { path, say: other.to_string() },
    }
}

/// What a panic said.
pub(super) fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("内部断言失败：{}", words.unwrap_or("无说明"))
}
