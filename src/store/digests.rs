//! Mailed lists: the job, and the rows that say which case was told to whom. Start at [`Tx::put_digest_rows`].

use std::collections::BTreeMap;

use super::{
    Store, StoreError,
    list::Listing,
    record::{Digest, DigestRow, DigestRows, decode},
    tables::{Table, id_key, text_key},
    tx::Tx,
};

/// Rows of a list in one row of the store: as many as this many bytes of JSON hold.
const CHUNK: usize = 32 * 1024;

/// Cases that share a row of the index from case to digests, a bit each: a list of 100,000 cases would else be as many rows.
const NEIGHBOURS: u64 = 16;

fn bit(case: u64) -> u16 {
    1 << (case % NEIGHBOURS)
}

impl Tx<'_> {
    /// A digest.
    pub fn digest(&self, id: &str) -> Result<Option<Digest>, StoreError> {
        self.record(id.as_bytes())
    }

    /// The newest of the digests that list a case, or of those before the digest `before`; its mail may never have been kept.
    pub fn case_digest_before(&self, case: u64, before: Option<&str>) -> Result<Option<String>, StoreError> {
        let neighbours = case / NEIGHBOURS;
        let mut below = before.map_or_else(|| id_key(neighbours + 1).to_vec(), |id| text_key(neighbours, id));
        while let Some(key) = self.last_key(Table::CaseDigests, &id_key(neighbours), &below)? {
            let told = self.row(Table::CaseDigests, &key)?.unwrap_or_default();
            if told.as_slice().try_into().map_or(0, u16::from_be_bytes) & bit(case) != 0 {
                return Ok(Some(String::from_utf8_lossy(key.get(8..).unwrap_or_default()).into_owned()));
            }
            below = key;
        }
        Ok(None)
    }

    pub(super) fn digest_owned(&self, id: String) -> Result<Option<Digest>, StoreError> {
        self.digest(&id)
    }

    /// Keeps a digest.
    pub fn put_digest(&mut self, digest: Digest) -> Result<(), StoreError> {
        self.put_record(digest.id.as_bytes(), &digest)
    }

    /// Keeps the rows of a digest, and by them which cases it told. Rows kept before under that id are replaced.
    pub fn put_digest_rows(&mut self, digest: &str, rows: &[DigestRow]) -> Result<(), StoreError> {
        let mut told = BTreeMap::<u64, u16>::new();
        for row in rows {
            *told.entry(row.case / NEIGHBOURS).or_default() |= bit(row.case);
        }
        let mut chunks = 0;
        let mut start = 0;
        while start < rows.len() {
            let mut bytes = 0;
            let fits = rows[start..].iter().take_while(|row| {
                bytes += row_bytes(row);
                bytes <= CHUNK
            });
            let end = start + fits.count().max(1);
            self.forget_chunk(digest, chunks)?;
            self.put_record(&chunk_key(digest, chunks), &DigestRows(rows[start..end].to_vec()))?;
            chunks += 1;
            start = end;
        }
        while self.forget_chunk(digest, chunks)? {
            chunks += 1;
        }
        for (neighbours, cases) in told {
            self.put_row(Table::CaseDigests, &text_key(neighbours, digest), cases.to_be_bytes().to_vec())?;
        }
        Ok(())
    }

    /// Takes a chunk away, and that its cases were told; false where there is none.
    fn forget_chunk(&mut self, digest: &str, chunk: u32) -> Result<bool, StoreError> {
        let key = chunk_key(digest, chunk);
        let Some(DigestRows(rows)) = self.record(&key)? else { return Ok(false) };
        for row in rows {
            self.delete_row(Table::CaseDigests, &text_key(row.case / NEIGHBOURS, digest));
        }
        self.delete_row(Table::DigestRows, &key);
        Ok(true)
    }
}

impl Store {
    /// A digest.
    pub async fn digest(&self, id: &str) -> Result<Option<Digest>, StoreError> {
        self.record(id.as_bytes())
    }

    /// All digests, by day.
    pub fn digests(&self) -> Listing<Digest> {
        self.listing(&[])
    }

    /// The digests of a day, `2026-03-02`.
    pub fn digests_of_day(&self, day: &str) -> Listing<Digest> {
        self.listing(format!("{day}.").as_bytes())
    }

    /// The ids of the digests that told a case, by day.
    pub fn case_digests(&self, case: u64) -> Listing<String> {
        self.listing_with(Table::CaseDigests, &id_key(case / NEIGHBOURS), move |key, cases| {
            let told = cases.try_into().map_or(0, u16::from_be_bytes) & bit(case) != 0;
            let id = key.get(8..).filter(|_| told)?;
            Some(Ok(String::from_utf8_lossy(id).into_owned()))
        })
    }

    /// The rows of a digest, in order, a chunk of them at a time.
    pub fn digest_rows(&self, id: &str) -> impl Iterator<Item = Result<DigestRow, StoreError>> + use<> {
        let chunks =
            self.listing_with(Table::DigestRows, &chunk_prefix(id), |key, row| Some(decode::<DigestRows>(key, row)));
        chunks.flat_map(|chunk| match chunk {
            Ok(DigestRows(rows)) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }
}

/// At least what the row takes as JSON: six bytes for a character is the worst that escaping does.
fn row_bytes(row: &DigestRow) -> usize {
    100 + row.state.len() * 2 + row.url.as_ref().map_or(0, |url| escaped(url))
}

fn escaped(text: &str) -> usize {
    text.bytes().map(|byte| if byte < 0x20 || byte == b'"' || byte == b'\\' { 6 } else { 1 }).sum()
}

/// NUL cannot be in an id, so no id is another's prefix here.
fn chunk_prefix(digest: &str) -> Vec<u8> {
    [digest.as_bytes(), &[0]].concat()
}

fn chunk_key(digest: &str, chunk: u32) -> Vec<u8> {
    [digest.as_bytes(), &[0], &chunk.to_be_bytes()].concat()
}
