//! What must survive a kill: rounds, pages, hits, cases, digests, the frontier's URLs, and the log of who decided what.
//!
//! The only folder that knows sled. Reads go to the database directly; writes are change sets ([`Changes`], or
//! [`Store::transact`] where a step needs to read) that one thread applies in the order of their submission, each whole or not
//! at all, and acknowledges when they are on the disk. Rows are small: bodies and pictures belong into files.
//!
//! It must not interpret what it keeps, look at a clock, or hand out anything of sled's. A read may see what was applied and
//! not yet acknowledged; nothing may be told to the outside on the strength of that.
//! Start at [`Store::open`] and [`Changes`]; the records are in [`record`].

mod audit;
mod baselines;
mod cases;
mod changes;
mod digests;
mod engine;
mod error;
mod extract_files;
pub mod extract_form;
mod extract_room;
#[cfg(test)]
mod extract_tests;
mod extracts;
mod hits;
mod hold;
mod hosts;
mod list;
mod near_hits;
mod pages;
mod queue;
pub mod record;
mod rounds;
mod space;
mod tables;
#[cfg(test)]
mod tests;
mod tx;
mod watchdog;
mod writer;

pub use audit::AuditCheck;
pub use changes::{Changes, Committed};
pub use error::StoreError;
pub use list::Listing;
pub use pages::CHAIN;
pub use queue::{FrontierRows, QueueBlock, QueueKey, SLOTS};
pub use record::{
    Ask, AuditRow, Baseline, Capture, Case, CaseNote, CaseState, CopyTags, Depicted, Digest, DigestRow, DigestState,
    Entities, Hit, HitState, HostFacts, HostRound, KeptPicture, Kind, KindScores, Label, Look, MadeUp, NotLooked,
    Outcome, Page, PageText, Reason, Rendering, Round, Unchanged, Via,
};
pub use rounds::RoundCounts;
pub use space::FreeSpace;
pub use tx::Tx;
pub use writer::Pending;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::mpsc;

use engine::Engine;
use record::{Record, decode};
use space::Space;
use tables::{Table, number};
use tx::Rows as _;
use watchdog::Busy;
use writer::Job;

/// What the rows of this program mean together; a store with a greater number is not opened. From 2 on extracts stand in files, from 3 on
/// with their pages' numbers before them; those of older stores are read as they are.
const SCHEMA: u64 = 3;

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct Opts {
    /// Below so many free bytes no new captures and candidates are taken.
    pub free_floor: u64,
    /// Bytes kept in hand for the last small records.
    pub ballast: u64,
    /// How long one operation may take before the process is ended.
    pub hang: Duration,
    /// Who tells the free space; a test's seam.
    pub free: FreeSpace,
}

impl Default for Opts {
    fn default() -> Self {
        Self { free_floor: 512 << 20, ballast: 8 << 20, hang: Duration::from_secs(30), free: space::free_space }
    }
}

/// The store. Clones are the same store; the folder is let go of when the last one is dropped.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    // In the order of their ends: no more sets, then the writer is done, then the database closes, then the folder is free.
    queue: Option<mpsc::UnboundedSender<Job>>,
    writer: Option<JoinHandle<()>>,
    engine: Option<Arc<Engine>>,
    data: PathBuf,
    free: FreeSpace,
    fingerprint_keys: (u64, u64),
    next_page: AtomicU64,
    _hold: File,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue = None;
        // A step may hold the last clone; the writer cannot wait for itself.
        if let Some(writer) = self.writer.take()
            && writer.thread().id() != std::thread::current().id()
        {
            // A writer that panicked has said so in the log; there is nobody left to tell.
            let _ = writer.join();
        }
        self.engine = None;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("data", &self.0.data).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in `data/store`, making what is missing, and holds the folder.
    pub fn open(data: &Path, opts: Opts) -> Result<Self, StoreError> {
        let fault = |error: std::io::Error| StoreError::Open { path: data.to_owned(), say: error.to_string() };
        std::fs::create_dir_all(data).map_err(fault)?;
        let hold = hold::hold(data)?;
        File::open(data).and_then(|folder| folder.sync_all()).map_err(fault)?;
        let engine = Arc::new(Engine::open(&data.join("store"))?);
        if engine.unsynced_files() > 0 {
            tracing::warn!(count = engine.unsynced_files(), "rows outside the synced log");
        }
        let last_page = engine.scan(Table::Pages, std::ops::Bound::Unbounded, std::ops::Bound::Unbounded).next_back();
        let last_page = last_page.transpose().map_err(|error| StoreError::of_sled(&error))?;
        let next_page = last_page.map_or(1, |(key, _)| number(&key) + 1);

        let busy = Arc::new(Busy::new());
        watchdog::spawn(Arc::downgrade(&engine), Arc::downgrade(&busy), opts.hang).map_err(fault)?;
        let (queue, jobs) = mpsc::unbounded_channel();
        let space = Space::new(data, opts.free_floor, opts.ballast, opts.free);
        let written = Arc::clone(&engine);
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer::run(&written, &space, &busy, jobs))
            .map_err(fault)?;
        let mut inner = Inner {
            queue: Some(queue),
            writer: Some(writer),
            engine: Some(engine),
            data: data.to_owned(),
            free: opts.free,
            fingerprint_keys: (0, 0),
            next_page: AtomicU64::new(next_page),
            _hold: hold,
        };
        inner.fingerprint_keys = inner.prepare()?;
        Ok(Self(Arc::new(inner)))
    }

    /// Applies a change set and waits until it is on the disk.
    pub async fn commit(&self, changes: Changes) -> Result<Committed, StoreError> {
        self.submit(changes).await
    }

    /// Queues a change set. Sets are applied in the order of these calls; waiting for the answer comes later.
    pub fn submit(&self, changes: Changes) -> Pending<Committed> {
        self.submit_or_mark(changes, None)
    }

    /// As [`Store::submit`]; `lost` is raised where the set is not applied, before anybody sees the answer.
    pub fn submit_or_mark(&self, changes: Changes, lost: Option<Arc<AtomicBool>>) -> Pending<Committed> {
        let (bulk, bytes) = (changes.is_bulk(), changes.bytes());
        self.0.submit(bulk, bytes, lost, |tx| changes.run(tx))
    }

    /// Runs one step that reads and writes, and waits until what it wrote is on the disk.
    ///
    /// The step is pure: it does no I/O, looks at no clock and does not wait; an error it returns leaves no trace.
    pub async fn transact<T, F>(&self, step: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.0.submit(false, 0, None, step).await
    }

    /// The folder this store lives in.
    pub fn data(&self) -> &Path {
        &self.0.data
    }

    /// Bytes free for us where the store lies.
    pub fn free_space(&self) -> Result<u64, StoreError> {
        (self.0.free)(&self.0.data).map_err(|error| StoreError::of_io(&error))
    }

    /// Bytes that the database takes on disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.engine().size_on_disk()
    }

    /// Files in which sled keeps rows outside of its log. There are none as long as the limits hold; `doctor` asks.
    pub fn unsynced_files(&self) -> usize {
        self.engine().unsynced_files()
    }

    /// The keys of this store's URL fingerprints; nobody outside knows them.
    pub fn fingerprint_keys(&self) -> (u64, u64) {
        self.0.fingerprint_keys
    }

    /// A page number that nobody else gets. One that is not used leaves a gap.
    pub fn page_seq(&self) -> u64 {
        self.0.next_page.fetch_add(1, Ordering::Relaxed)
    }

    /// The next page number, for [`Round::first_page`].
    pub fn next_page_seq(&self) -> u64 {
        self.0.next_page.load(Ordering::Relaxed)
    }

    fn engine(&self) -> &Arc<Engine> {
        self.0.engine()
    }

    fn record<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        self.engine().get(R::TABLE, key)?.map(|row| decode(key, &row)).transpose()
    }

    fn count(&self, table: Table, key: &[u8]) -> Result<u64, StoreError> {
        Ok(self.engine().get(table, key)?.map_or(0, |row| number(&row)))
    }
}

impl Inner {
    fn engine(&self) -> &Arc<Engine> {
        self.engine.as_ref().expect("the engine is taken only when the store is dropped")
    }

    fn submit<T: Send + 'static>(
        &self,
        bulk: bool,
        bytes: u64,
        lost: Option<Arc<AtomicBool>>,
        step: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Pending<T> {
        let (job, pending) = writer::job(bulk, bytes, lost, step);
        if let Some(queue) = &self.queue {
            // Where the writer is gone the job is dropped, and its caller reads `Closed`.
            let _ = queue.send(job);
        }
        pending
    }

    /// Writes what a new store needs, refuses a store of another program, and gives the fingerprint keys.
    fn prepare(&self) -> Result<(u64, u64), StoreError> {
        let engine = self.engine();
        let path = self.data.join("store");
        // sled takes what it cannot read for the end of its log, and a log without a beginning for an empty one: this file
        // says that there was something.
        let made = path.join("made");
        let stored = |name: &[u8]| engine.get(Table::Meta, name).map(|row| row.map(|row| number(&row)));
        if let (Some(schema), Some(a), Some(b)) =
            (stored(b"schema")?, stored(b"fingerprint_a")?, stored(b"fingerprint_b")?)
        {
            match schema {
                SCHEMA => {}
                // Before anything of the newer kind is in it: a program of before would take that for a fault of the disk.
                1..SCHEMA => self.submit(false, 0, None, put_schema).wait()?,
                _ => {
                    let say = format!("存储格式版本是 {schema}，本程序只认识 {SCHEMA}：请用写它的那个版本打开");
                    return Err(StoreError::Open { path, say });
                }
            }
            extracts::free_what_a_kill_left(engine)?;
            return Ok((a, b));
        }
        if made.exists() {
            return Err(StoreError::Corrupt { path, say: "数据库文件读不出任何记录".to_owned() });
        }
        let random =
            || getrandom::u64().map_err(|error| StoreError::Broken { say: format!("取不到随机数：{error}") });
        let (a, b) = (random()?, random()?);
        let keys = self.submit(false, 0, None, move |tx| {
            put_schema(tx)?;
            for (name, value) in [("fingerprint_a", a), ("fingerprint_b", b)] {
                tx.put_row(Table::Meta, name.as_bytes(), value.to_be_bytes().to_vec())?;
            }
            Ok((a, b))
        });
        let keys = keys.wait()?;
        let fault = |error: std::io::Error| StoreError::Open { path: made.clone(), say: error.to_string() };
        std::fs::write(&made, "鉴证的存储。请勿改动这个目录里的文件。\n").map_err(fault)?;
        for file in [&made, &path] {
            File::open(file).and_then(|file| file.sync_all()).map_err(fault)?;
        }
        Ok(keys)
    }
}

fn put_schema(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.put_row(Table::Meta, b"schema", SCHEMA.to_be_bytes().to_vec())
}
