//! The frontier's rows: URLs in blocks of up to 64 a host and lane, and beside each block which of them are done.
//!
//! What an entry says is `crawl::frontier`'s matter; here it is bytes with a place. Additions and ends name their place, so
//! sets that touch the same block can be applied one after another without either having read the block.
//! Start at [`FrontierRows`].

use std::sync::Arc;

use super::{
    Store, StoreError,
    list::Listing,
    record::NotLooked,
    tables::{Table, hex},
    tx::{Counter, Rows as _, Tx},
};

/// Places in a block: one bit each of a word.
pub const SLOTS: u8 = 64;

const VERSION: u8 = 1;

/// Where a block lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueKey {
    /// The host's number.
    pub host: u32,
    /// The lane: class and priority.
    pub lane: u8,
    /// The block's number within the lane.
    pub block: u32,
}

/// A block as it stands on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueBlock {
    /// The host key.
    pub host: String,
    /// Entries with their places, in no order.
    pub entries: Vec<(u8, Vec<u8>)>,
    /// The bit of each place that is done.
    pub done: u64,
    /// Places that wait, and until when, in seconds since 1970.
    pub deferred: Vec<(u8, i64)>,
}

/// What the frontier decided, to be put down in the same set as the page that it decided it on.
#[derive(Debug, Default)]
pub struct FrontierRows {
    round: u64,
    adds: Vec<(QueueKey, Arc<str>, u8, Vec<u8>)>,
    done: Vec<(QueueKey, u8, bool, String)>,
    deferred: Vec<(QueueKey, u8, i64)>,
    listed: Vec<NotLooked>,
}

impl FrontierRows {
    /// Nothing yet; what is added counts for this round.
    pub fn new(round: u64) -> Self {
        Self { round, ..Self::default() }
    }

    /// Puts an entry at a free place.
    pub fn add(&mut self, key: QueueKey, host: Arc<str>, place: u8, entry: Vec<u8>) {
        self.adds.push((key, host, place, entry));
    }

    /// Marks a place as done, and its URL as looked at. `closed`: nothing will be added to this block, so it may be swept away
    /// once all is done; only for lanes whose URLs need not be remembered.
    pub fn done(&mut self, key: QueueKey, place: u8, url: String, closed: bool) {
        self.done.push((key, place, closed, url));
    }

    /// Lets a place wait until a time, in seconds since 1970.
    pub fn defer(&mut self, key: QueueKey, place: u8, until: i64) {
        self.deferred.push((key, place, until));
    }

    /// Lists a URL as not looked at in this round.
    pub fn list(&mut self, url: String, why: String) {
        self.listed.push(NotLooked { round: self.round, n: 0, url, why });
    }

    pub(super) fn bytes(&self) -> u64 {
        self.adds.iter().map(|(.., entry)| entry.len() as u64 + 64).sum()
    }

    pub(super) fn is_bulk(&self) -> bool {
        !self.adds.is_empty()
    }
}

impl Tx<'_> {
    pub(super) fn frontier(&mut self, rows: FrontierRows) -> Result<(), StoreError> {
        if !rows.adds.is_empty() {
            self.add(Counter::Candidates, rows.round, i64::try_from(rows.adds.len()).unwrap_or(i64::MAX))?;
        }
        let mut open: Option<(QueueKey, Vec<u8>)> = None;
        for (key, host, place, entry) in rows.adds {
            // Neighbours mostly go to the same block.
            let mut row = match open.take() {
                Some((at, row)) if at == key => row,
                other => {
                    if let Some((at, row)) = other {
                        self.put_row(Table::Blocks, &disk_key(at), row)?;
                    }
                    self.row(Table::Blocks, &disk_key(key))?.unwrap_or_else(|| new_block(&host))
                }
            };
            push_entry(&mut row, key, place, &entry)?;
            open = Some((key, row));
        }
        if let Some((at, row)) = open {
            self.put_row(Table::Blocks, &disk_key(at), row)?;
        }
        for (key, place, until) in rows.deferred {
            let (done, mut deferred) = self.marks(key)?;
            deferred.retain(|(at, _)| *at != place);
            deferred.push((place, until));
            self.put_row(Table::Done, &disk_key(key), marks_row(done, &deferred))?;
        }
        for (key, place, closed, url) in rows.done {
            let (mut done, mut deferred) = self.marks(key)?;
            done |= 1 << (place % SLOTS);
            deferred.retain(|(at, _)| *at != place);
            if closed && self.swept(key, done)? {
                self.delete_row(Table::Blocks, &disk_key(key));
                self.delete_row(Table::Done, &disk_key(key));
            } else {
                self.put_row(Table::Done, &disk_key(key), marks_row(done, &deferred))?;
            }
            self.looked(rows.round, &url)?;
        }
        for entry in rows.listed {
            self.put_not_looked(entry)?;
        }
        Ok(())
    }

    fn marks(&self, key: QueueKey) -> Result<(u64, Vec<(u8, i64)>), StoreError> {
        match self.row(Table::Done, &disk_key(key))? {
            Some(row) => read_marks(&disk_key(key), &row),
            None => Ok((0, Vec::new())),
        }
    }

    /// Whether nothing of a block is left to do.
    fn swept(&self, key: QueueKey, done: u64) -> Result<bool, StoreError> {
        let Some(row) = self.row(Table::Blocks, &disk_key(key))? else { return Ok(true) };
        let block = read_block(&disk_key(key), &row)?;
        Ok(block.entries.iter().all(|(place, _)| done & 1 << (place % SLOTS) != 0))
    }
}

impl Store {
    /// A block, with what is done of it. A block of which nothing is on disk yet is empty.
    pub fn queue_block(&self, key: QueueKey) -> Result<QueueBlock, StoreError> {
        let disk = disk_key(key);
        let mut block = match self.engine().get(Table::Blocks, &disk)? {
            Some(row) => read_block(&disk, &row)?,
            None => QueueBlock::default(),
        };
        // After the block: a mark that came in between is of an entry that was read.
        if let Some(row) = self.engine().get(Table::Done, &disk)? {
            (block.done, block.deferred) = read_marks(&disk, &row)?;
        }
        Ok(block)
    }

    /// All blocks, by host, lane and number, without what is done of them.
    pub fn queue_blocks(&self) -> Listing<(QueueKey, QueueBlock)> {
        self.listing_with(Table::Blocks, &[], |key, row| Some(read_block(key, row).map(|block| (key_of(key), block))))
    }

    /// What is done of all blocks of which anything is, in the same order.
    pub fn queue_marks(&self) -> Listing<(QueueKey, u64)> {
        self.listing_with(Table::Done, &[], |key, row| Some(read_marks(key, row).map(|(done, _)| (key_of(key), done))))
    }
}

fn disk_key(key: QueueKey) -> [u8; 9] {
    let mut disk = [0; 9];
    disk[..4].copy_from_slice(&key.host.to_be_bytes());
    disk[4] = key.lane;
    disk[5..].copy_from_slice(&key.block.to_be_bytes());
    disk
}

fn key_of(disk: &[u8]) -> QueueKey {
    let word =
        |from: usize| disk.get(from..from + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes);
    QueueKey { host: word(0), lane: disk.get(4).copied().unwrap_or(0), block: word(5) }
}

/// A block is a version byte, the host with its length before it, and entries: place, length, bytes.
fn new_block(host: &str) -> Vec<u8> {
    let host = &host.as_bytes()[..host.len().min(usize::from(u16::MAX))];
    let mut row = vec![VERSION];
    row.extend_from_slice(&(host.len() as u16).to_be_bytes());
    row.extend_from_slice(host);
    row
}

fn push_entry(row: &mut Vec<u8>, key: QueueKey, place: u8, entry: &[u8]) -> Result<(), StoreError> {
    let length = u16::try_from(entry.len()).map_err(|_| StoreError::TooLarge {
        table: Table::Blocks.name(),
        key: hex(&disk_key(key)),
        bytes: entry.len(),
        limit: usize::from(u16::MAX),
    })?;
    row.push(place);
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(entry);
    Ok(())
}

fn read_block(key: &[u8], row: &[u8]) -> Result<QueueBlock, StoreError> {
    let cut = || unreadable(Table::Blocks, key, "记录不完整");
    let body = check_version(Table::Blocks, key, row)?;
    let (length, body) = body.split_first_chunk::<2>().ok_or_else(cut)?;
    let (host, mut body) = body.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(cut)?;
    let mut entries = Vec::with_capacity(usize::from(SLOTS));
    while let Some(([place, high, low], rest)) = body.split_first_chunk::<3>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))).ok_or_else(cut)?;
        entries.push((*place, entry.to_vec()));
        body = rest;
    }
    if !body.is_empty() {
        return Err(cut());
    }
    Ok(QueueBlock { host: String::from_utf8_lossy(host).into_owned(), entries, done: 0, deferred: Vec::new() })
}

/// Marks are a version byte, a word of bits, and waits: place, seconds.
fn marks_row(done: u64, deferred: &[(u8, i64)]) -> Vec<u8> {
    let mut row = vec![VERSION];
    row.extend_from_slice(&done.to_be_bytes());
    for (place, until) in deferred {
        row.push(*place);
        row.extend_from_slice(&until.to_be_bytes());
    }
    row
}

fn read_marks(key: &[u8], row: &[u8]) -> Result<(u64, Vec<(u8, i64)>), StoreError> {
    let body = check_version(Table::Done, key, row)?;
    let (done, body) = body.split_first_chunk::<8>().ok_or_else(|| unreadable(Table::Done, key, "记录不完整"))?;
    let waits =
        body.chunks_exact(9).map(|wait| (wait[0], i64::from_be_bytes(wait[1..].try_into().unwrap_or_default())));
    Ok((u64::from_be_bytes(*done), waits.collect()))
}

fn check_version<'a>(table: Table, key: &[u8], row: &'a [u8]) -> Result<&'a [u8], StoreError> {
    match row.split_first() {
        Some((&VERSION, body)) => Ok(body),
        Some((&version, _)) => Err(StoreError::Version { table: table.name(), key: hex(key), version }),
        None => Err(unreadable(table, key, "空记录")),
    }
}

fn unreadable(table: Table, key: &[u8], say: &str) -> StoreError {
    StoreError::Unreadable { table: table.name(), key: hex(key), say: say.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_reads_back_and_a_cut_one_is_told() {
        let key = QueueKey { host: 7, lane: 5, block: 9 };
        assert_eq!(key_of(&disk_key(key)), key);
        let mut row = new_block("a.example:8080");
        push_entry(&mut row, key, 3, b"three").unwrap();
        push_entry(&mut row, key, 1, b"").unwrap();
        let block = read_block(&disk_key(key), &row).unwrap();
        assert_eq!(block.host, "a.example:8080");
        assert_eq!(block.entries, [(3, b"three".to_vec()), (1, Vec::new())]);
        for cut in 0..row.len() {
            // A cut exactly behind an entry leaves a shorter block; any other is an error, never a panic.
            let _ = read_block(&disk_key(key), &row[..cut]);
        }
        assert!(matches!(read_block(b"k", &[9]), Err(StoreError::Version { version: 9, .. })));
        assert_eq!(read_marks(b"k", &marks_row(5, &[(2, -1)])).unwrap(), (5, vec![(2, -1)]));
    }

    #[test]
    fn blocks_and_marks_of_every_version_are_read() {
        let key = QueueKey { host: 1, lane: 3, block: 0 };
        let mut row = new_block("a.example");
        push_entry(&mut row, key, 0, b"first").unwrap();
        push_entry(&mut row, key, 1, b"second").unwrap();
        let kept = crate::store::record::samples::kept_bytes("frontier_block.v1", &row);
        assert_eq!(kept, row);
        let entries = [(0, b"first".to_vec()), (1, b"second".to_vec())];
        assert_eq!(read_block(&disk_key(key), &kept).unwrap().entries, entries);
        let row = marks_row(5, &[(1, 1_772_400_000)]);
        let kept = crate::store::record::samples::kept_bytes("frontier_done.v1", &row);
        assert_eq!(kept, row);
        assert_eq!(read_marks(&disk_key(key), &kept).unwrap(), (5, vec![(1, 1_772_400_000)]));
    }
}
