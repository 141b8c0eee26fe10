//! Extracts of pages: opaque bytes, deflated, cut into rows. What is in them is the core's matter.
//!
//! Start at [`Store::extracts`].

use std::cell::RefCell;
use std::io::Read as _;

use flate2::{Compress, Compression, FlushCompress, Status, read::DeflateDecoder};

use super::{
    Store, StoreError,
    list::Listing,
    tables::{Table, hex, id_key, number},
    tx::{Rows, Tx},
};

const VERSION: u8 = 1;
/// Bytes of a row; well under the store's limit.
const CHUNK: usize = 48 * 1024;
/// More than any extract, less than a bomb.
const INFLATED: u64 = 256 << 20;

/// An extract, ready to be written.
pub(super) struct Packed(Vec<u8>);

thread_local! {
    /// The state of a deflater is some 200 KB: made once a thread, reset for each extract.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(1), false));
}

impl Packed {
    pub(super) fn new(extract: &[u8]) -> Self {
        DEFLATE.with_borrow_mut(|deflate| {
            deflate.reset();
            let mut packed = Vec::with_capacity(extract.len() / 2 + 64);
            loop {
                let rest = &extract[deflate.total_in() as usize..];
                // Deflating into memory cannot fail: the only error is a misuse of the stream, which this loop excludes.
                let status = deflate.compress_vec(rest, &mut packed, FlushCompress::Finish);
                if status.expect("deflate state is reset before each extract") == Status::StreamEnd {
                    return Self(packed);
                }
                packed.reserve(rest.len() / 2 + 64);
            }
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.len() as u64
    }
}

impl Tx<'_> {
    /// Keeps an extract: rows (seq, chunk) of a version byte, how many rows there are, and their share of the bytes.
    pub(super) fn put_extract(&mut self, seq: u64, packed: Packed) -> Result<(), StoreError> {
        self.delete_extract(seq)?;
        let chunks = packed.0.chunks(CHUNK);
        let count = u16::try_from(chunks.len()).map_err(|_| StoreError::TooLarge {
            table: Table::Extracts.name(),
            key: hex(&id_key(seq)),
            bytes: packed.0.len(),
            limit: CHUNK * usize::from(u16::MAX),
        })?;
        for (n, chunk) in (0..count).zip(chunks) {
            let mut row = Vec::with_capacity(chunk.len() + 3);
            row.push(VERSION);
            row.extend_from_slice(&count.to_be_bytes());
            row.extend_from_slice(chunk);
            self.put_row(Table::Extracts, &chunk_key(seq, n), row)?;
        }
        Ok(())
    }

    /// Takes an extract away.
    pub(super) fn delete_extract(&mut self, seq: u64) -> Result<(), StoreError> {
        let Some(first) = self.row(Table::Extracts, &chunk_key(seq, 0))? else { return Ok(()) };
        let count = first.get(1..3).map_or(1, |n| u16::from_be_bytes([n[0], n[1]]));
        for n in 0..count {
            self.delete_row(Table::Extracts, &chunk_key(seq, n));
        }
        Ok(())
    }
}

impl Store {
    /// The extract of a page.
    pub async fn extract(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        read(self.engine().as_ref(), seq)
    }

    /// The extracts of all pages from a number on, in order, each with its page's number.
    pub fn extracts(&self, from: u64) -> Listing<(u64, Vec<u8>)> {
        let engine = std::sync::Arc::clone(self.engine());
        let from = std::ops::Bound::Included(chunk_key(from, 0).to_vec());
        self.range_with(Table::Extracts, from, std::ops::Bound::Unbounded, move |key, row| {
            let (seq, chunk) = (number(key.get(..8)?), key.get(8..)?);
            if chunk != [0, 0] {
                return None;
            }
            // Nearly all extracts are one row, which is at hand already.
            match row {
                [VERSION, 0, 1, body @ ..] => Some(inflate(seq, body).map(|extract| (seq, extract))),
                _ => Some(read(engine.as_ref(), seq).transpose()?.map(|extract| (seq, extract))),
            }
        })
    }
}

fn read(rows: &impl Rows, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let mut packed = Vec::new();
    let mut n = 0;
    loop {
        let key = chunk_key(seq, n);
        let Some(row) = rows.get(Table::Extracts, &key)? else {
            // The first may be missing, a later one not.
            return if n == 0 { Ok(None) } else { Err(unreadable(seq, "缺少后面的部分".to_owned())) };
        };
        let [version, high, low, body @ ..] = row.as_slice() else {
            return Err(unreadable(seq, "记录不完整".to_owned()));
        };
        if *version != VERSION {
            return Err(StoreError::Version { table: Table::Extracts.name(), key: hex(&key), version: *version });
        }
        packed.extend_from_slice(body);
        n += 1;
        if n >= u16::from_be_bytes([*high, *low]) {
            return inflate(seq, &packed).map(Some);
        }
    }
}

fn inflate(seq: u64, packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut extract = Vec::with_capacity(packed.len() * 3);
    let mut inflate = DeflateDecoder::new(packed).take(INFLATED);
    inflate.read_to_end(&mut extract).map_err(|error| unreadable(seq, error.to_string()))?;
    Ok(extract)
}

fn unreadable(seq: u64, say: String) -> StoreError {
    StoreError::Unreadable { table: Table::Extracts.name(), key: hex(&id_key(seq)), say }
}

fn chunk_key(seq: u64, chunk: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&seq.to_be_bytes());
    key[8..].copy_from_slice(&chunk.to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_of_the_first_version_is_read() {
        // What is written may change with the deflater; what is read may not.
        let body = Packed::new("特种作业操作证".as_bytes()).0;
        let row = [&[VERSION, 0, 1], &body[..]].concat();
        let kept = crate::store::record::samples::kept_bytes("extract.v1", &row);
        assert_eq!(kept[..3], [1, 0, 1]);
        assert_eq!(inflate(1, &kept[3..]).unwrap(), "特种作业操作证".as_bytes());
    }
}
