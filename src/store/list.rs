//! Long lists, read a row at a time: a million hits are never in memory together.
//!
//! A listing sees each row that is there from its start to its end once; rows that come or go meanwhile may or may not show.
//! It must not be kept over an await for long, and must end before the store closes. Start at [`Listing`].

use std::{ops::Bound, sync::Arc};

use super::{
    Store, StoreError,
    engine::Engine,
    record::{Record, decode},
    tables::Table,
};

type Read<T> = Box<dyn Fn(&[u8], &[u8]) -> Option<Result<T, StoreError>> + Send>;

/// Rows of one list, in order. An unreadable row is an `Err` in its place; the list goes on behind it.
pub struct Listing<T> {
    rows: sled::Iter,
    newest_first: bool,
    read: Read<T>,
    table: Table,
    engine: Arc<Engine>,
}

impl<T> Listing<T> {
    /// The next `n` rows at most; none left: an empty one.
    pub async fn page(&mut self, n: usize) -> Result<Vec<T>, StoreError> {
        self.by_ref().take(n).collect()
    }

    /// The same list from its other end. Only before the first row was taken.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.newest_first = !self.newest_first;
        self
    }
}

impl<T> Iterator for Listing<T> {
    type Item = Result<T, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = if self.newest_first { self.rows.next_back() } else { self.rows.next() };
            match row? {
                Ok((key, row)) => {
                    self.engine.press(self.table, &key, row.len() / 1024);
                    if let Some(item) = (self.read)(&key, &row) {
                        return Some(item);
                    }
                }
                Err(error) => return Some(Err(StoreError::of_sled(&error))),
            }
        }
    }
}

impl Store {
    /// Records whose keys start with `prefix`, ascending.
    pub(super) fn listing<R: Record + 'static>(&self, prefix: &[u8]) -> Listing<R> {
        self.listing_with(R::TABLE, prefix, |key, row| Some(decode(key, row)))
    }

    /// Records from the key `from` on, ascending.
    pub(super) fn listing_from<R: Record + 'static>(&self, from: &[u8]) -> Listing<R> {
        self.range_with(R::TABLE, Bound::Included(from.to_vec()), Bound::Unbounded, |key, row| Some(decode(key, row)))
    }

    /// Anything that rows with a prefix are read as; `None` leaves a row out.
    pub(super) fn listing_with<T>(
        &self,
        table: Table,
        prefix: &[u8],
        read: impl Fn(&[u8], &[u8]) -> Option<Result<T, StoreError>> + Send + 'static,
    ) -> Listing<T> {
        let end = after_prefix(prefix).map_or(Bound::Unbounded, Bound::Excluded);
        self.range_with(table, Bound::Included(prefix.to_vec()), end, read)
    }

    pub(super) fn range_with<T>(
        &self,
        table: Table,
        from: Bound<Vec<u8>>,
        to: Bound<Vec<u8>>,
        read: impl Fn(&[u8], &[u8]) -> Option<Result<T, StoreError>> + Send + 'static,
    ) -> Listing<T> {
        Listing {
            rows: self.engine().scan(table, from, to),
            newest_first: false,
            read: Box::new(read),
            table,
            engine: Arc::clone(self.engine()),
        }
    }
}

/// The first key behind all keys with this prefix.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_one() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(&[1, 0xFF]), Some(vec![2]));
        assert_eq!(after_prefix(&[0xFF]), None);
        assert_eq!(after_prefix(b""), None);
    }
}
