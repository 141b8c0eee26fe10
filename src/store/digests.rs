//! Mailed lists: the job, and the rows that say which case was told to whom. Start at [`Tx::put_digest_rows`].

use super::{
    Store, StoreError,
    engine::ROW_LIMIT,
    list::Listing,
    record::{Digest, DigestRow, DigestRows, decode},
    tables::{Table, hex, text_key},
    tx::Tx,
};

/// Rows of a list in one row of the store: as many as this many bytes of JSON hold.
const CHUNK: usize = 32 * 1024;

impl Tx<'_> {
    /// A digest.
    pub fn digest(&self, id: &str) -> Result<Option<Digest>, StoreError> {
        self.record(id.as_bytes())
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
        let mut chunks = 0;
        let mut start = 0;
        while start < rows.len() {
            let mut bytes = 0;
            let fits = rows[start..].iter().take_while(|row| {
                bytes += row_bytes(row);
                bytes <= CHUNK
            });
            let end = start + fits.count().max(1);
            self.put_record(&chunk_key(digest, chunks), &DigestRows(rows[start..end].to_vec()))?;
            chunks += 1;
            start = end;
        }
        while self.row(Table::DigestRows, &chunk_key(digest, chunks))?.is_some() {
            self.delete_row(Table::DigestRows, &chunk_key(digest, chunks));
            chunks += 1;
        }
        for row in rows {
            self.put_row(Table::CaseDigests, &text_key(row.case, digest), Vec::new())?;
        }
        Ok(())
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

    /// The rows of a digest, in order, a chunk of them at a time.
    pub fn digest_rows(&self, id: &str) -> impl Iterator<Item = Result<DigestRow, StoreError>> + use<> {
        let chunks = self.listing_with(Table::DigestRows, &chunk_prefix(id), |key, row| {
            let rows = if row.len() > ROW_LIMIT {
                Err(StoreError::Unreadable { table: "digest_rows", key: hex(key), say: "记录过大".to_owned() })
            } else {
                decode::<DigestRows>(key, row)
            };
            Some(rows)
        });
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
