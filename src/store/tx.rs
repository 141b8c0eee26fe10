//! One change set while it is worked out: reads see what the set, and the sets before it in the group, have written.
//!
//! Sets run one after another on the writer's thread, which is the only one that writes: what a step reads cannot change
//! before its writes are applied, so ids, counters, indexes and the audit chain's head are read here and nowhere else. A step is
//! pure: no I/O, no clock, no waiting. The typed steps stand in the files named after their subject. Start at [`Tx`].

use std::{collections::BTreeMap, ops::Bound};

use super::{
    engine::ROW_LIMIT,
    error::StoreError,
    extract_files::Place,
    extracts::{FREED_PLACES, freed_row},
    record::{Record, decode, encode},
    tables::{Table, hex, id_key, number, pair_key},
};

/// What rows can be read from: the database, or a fake in a test.
pub(super) trait Rows {
    /// The row under a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The greatest key from `from` on and below `below`.
    fn last_key(&self, table: Table, from: &[u8], below: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The file, and the place in it, where the next extract will stand.
    fn end_of_extracts(&self) -> (u32, u64);
}

/// Rows written and not yet applied; `None` is a row taken away.
#[derive(Debug, Default, Clone)]
pub(super) struct Overlay {
    tables: [BTreeMap<Vec<u8>, Option<Vec<u8>>>; Table::ALL.len()],
    bytes: usize,
    /// Extracts to be appended, in the order of their places, and how long they are together.
    extracts: Vec<Vec<u8>>,
    extract_bytes: u64,
    /// Places of extracts that are taken away.
    freed: Vec<Place>,
}

impl Overlay {
    /// The tables with writes, and the writes.
    pub(super) fn touched(&self) -> impl Iterator<Item = (Table, &BTreeMap<Vec<u8>, Option<Vec<u8>>>)> {
        Table::ALL.into_iter().zip(&self.tables).filter(|(_, writes)| !writes.is_empty())
    }

    /// Extracts to be appended.
    pub(super) fn extracts(&self) -> &[Vec<u8>] {
        &self.extracts
    }

    /// Places whose rows it takes away.
    pub(super) fn freed(&self) -> &[Place] {
        &self.freed
    }

    /// Writes down whose room is about to be given back, for who opens the store after a kill in between, over what the group before
    /// wrote there: so many rows. Gives how many there are now.
    pub(super) fn note_freed(&mut self, before: u64) -> u64 {
        if self.touched().next().is_none() {
            return before;
        }
        let rows = &mut self.tables[Table::Freed as usize];
        rows.extend((0..before).map(|n| (id_key(n).to_vec(), None)));
        let mut many = 0;
        for places in self.freed.chunks(FREED_PLACES) {
            rows.insert(id_key(many).to_vec(), Some(freed_row(places)));
            many += 1;
        }
        many
    }

    /// About how many bytes it will write.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts the writes of a later set over these.
    pub(super) fn absorb(&mut self, later: Self) {
        self.bytes += later.bytes;
        self.extracts.extend(later.extracts);
        self.extract_bytes += later.extract_bytes;
        self.freed.extend(later.freed);
        for (mine, theirs) in self.tables.iter_mut().zip(later.tables) {
            mine.extend(theirs);
        }
    }

    fn get(&self, table: Table, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.tables[table as usize].get(key)
    }

    fn last_key(&self, table: Table, from: &[u8], below: &[u8]) -> Option<&Vec<u8>> {
        let range = (Bound::Included(from), Bound::Excluded(below));
        self.tables[table as usize].range::<[u8], _>(range).next_back().map(|(key, _)| key)
    }
}

/// A change set at work.
pub struct Tx<'a> {
    base: &'a dyn Rows,
    group: &'a Overlay,
    own: Overlay,
}

impl<'a> Tx<'a> {
    pub(super) fn new(base: &'a dyn Rows, group: &'a Overlay) -> Self {
        Self { base, group, own: Overlay::default() }
    }

    pub(super) fn into_writes(self) -> Overlay {
        self.own
    }

    /// Does steps of which nothing is left where one of them fails.
    pub(super) fn whole_or_not<T>(
        &mut self,
        steps: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let before = self.own.clone();
        let done = steps(self);
        if done.is_err() {
            self.own = before;
        }
        done
    }

    /// Whether this set has put the row itself.
    pub(super) fn has_put(&self, table: Table, key: &[u8]) -> bool {
        matches!(self.own.get(table, key), Some(Some(_)))
    }

    pub(super) fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.own.get(table, key).or_else(|| self.group.get(table, key)) {
            Some(row) => Ok(row.clone()),
            None => self.base.get(table, key),
        }
    }

    /// The greatest key from `from` on and below `below`, over what this set and those before it have written.
    pub(super) fn last_key(&self, table: Table, from: &[u8], below: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut below = below.to_vec();
        while from < below.as_slice() {
            let written = [&self.own, self.group].into_iter().filter_map(|rows| rows.last_key(table, from, &below));
            let Some(key) = written.cloned().chain(self.base.last_key(table, from, &below)?).max() else { break };
            match self.own.get(table, &key).or_else(|| self.group.get(table, &key)) {
                Some(None) => below = key,
                _ => return Ok(Some(key)),
            }
        }
        Ok(None)
    }

    pub(super) fn put_row(&mut self, table: Table, key: &[u8], row: Vec<u8>) -> Result<(), StoreError> {
        let bytes = row.len() + key.len();
        if bytes > ROW_LIMIT {
            return Err(StoreError::TooLarge { table: table.name(), key: hex(key), bytes, limit: ROW_LIMIT });
        }
        self.own.bytes += bytes;
        self.own.tables[table as usize].insert(key.to_vec(), Some(row));
        Ok(())
    }

    pub(super) fn delete_row(&mut self, table: Table, key: &[u8]) {
        self.own.bytes += key.len();
        self.own.tables[table as usize].insert(key.to_vec(), None);
    }

    /// Appends an extract; gives the file and the place in it.
    pub(super) fn append_extract(&mut self, extract: Vec<u8>) -> (u32, u64) {
        let (file, end) = self.base.end_of_extracts();
        let at = end + self.group.extract_bytes + self.own.extract_bytes;
        self.own.bytes += extract.len();
        self.own.extract_bytes += extract.len() as u64;
        self.own.extracts.push(extract);
        (file, at)
    }

    /// Gives the room of an extract back when the set is on the disk.
    pub(super) fn free_extract(&mut self, place: Place) {
        self.own.freed.push(place);
    }

    pub(super) fn record<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        self.row(R::TABLE, key)?.map(|row| decode(key, &row)).transpose()
    }

    pub(super) fn put_record<R: Record>(&mut self, key: &[u8], record: &R) -> Result<(), StoreError> {
        self.put_row(R::TABLE, key, encode(record)?)
    }

    /// The number under a key, 0 where there is none.
    pub(super) fn count(&self, table: Table, key: &[u8]) -> Result<u64, StoreError> {
        Ok(self.row(table, key)?.map_or(0, |row| number(&row)))
    }

    /// The next number of a series that starts with 1.
    pub(super) fn next_id(&mut self, series: &str) -> Result<u64, StoreError> {
        let next = self.count(Table::Meta, series.as_bytes())? + 1;
        self.put_row(Table::Meta, series.as_bytes(), id_key(next).to_vec())?;
        Ok(next)
    }

    pub(super) fn add(&mut self, counter: Counter, of: u64, by: i64) -> Result<(), StoreError> {
        let key = pair_key(counter as u64, of);
        let now = self.count(Table::Counters, &key)?.saturating_add_signed(by);
        self.put_row(Table::Counters, &key, id_key(now).to_vec())
    }

    /// Counts no longer what something is over with.
    pub(super) fn forget(&mut self, counter: Counter, of: u64) {
        self.delete_row(Table::Counters, &pair_key(counter as u64, of));
    }

    pub(super) fn counted(&self, counter: Counter, of: u64) -> Result<u64, StoreError> {
        self.count(Table::Counters, &pair_key(counter as u64, of))
    }
}

/// What is counted as it changes, because counting it afresh would read a whole table. The numbers are those on disk.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counter {
    /// Fetches of a round that count against `--max-pages`.
    Fetched = 1,
    /// URLs that a round added to the frontier.
    Candidates = 2,
    /// Hits first seen in a round.
    HitsNew = 3,
    /// Older hits that a round was the last to see.
    HitsAgain = 4,
    /// URLs that a round listed as not looked at.
    NotLooked = 5,
    /// Open cases (of 0).
    CasesOpen = 6,
    /// Hits (of 0).
    Hits = 7,
    /// Search requests of a round.
    Asks = 8,
    /// Bytes of a file of extracts that are still wanted.
    ExtractBytes = 9,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl Rows for Nothing {
        fn get(&self, _: Table, _: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            Ok(None)
        }

        fn last_key(&self, _: Table, _: &[u8], _: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            Ok(None)
        }

        fn end_of_extracts(&self) -> (u32, u64) {
            (1, 0)
        }
    }

    /// Keys 1, 3 and 5.
    struct Odd;
    impl Rows for Odd {
        fn get(&self, _: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            Ok(matches!(number(key), 1 | 3 | 5).then(Vec::new))
        }

        fn last_key(&self, _: Table, from: &[u8], below: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            let keys = [5, 3, 1].map(id_key).into_iter();
            Ok(keys.map(|key| key.to_vec()).find(|key| from <= key.as_slice() && key.as_slice() < below))
        }

        fn end_of_extracts(&self) -> (u32, u64) {
            (1, 0)
        }
    }

    #[test]
    fn keys_are_walked_from_the_last_over_all_layers() {
        let mut group = Overlay::default();
        let mut first = Tx::new(&Odd, &group);
        first.put_row(Table::Hits, &id_key(4), Vec::new()).unwrap();
        first.put_row(Table::Hits, &id_key(2), Vec::new()).unwrap();
        first.delete_row(Table::Hits, &id_key(5));
        let writes = first.into_writes();
        group.absorb(writes);
        let mut tx = Tx::new(&Odd, &group);
        tx.delete_row(Table::Hits, &id_key(2));
        tx.put_row(Table::Hits, &id_key(7), Vec::new()).unwrap();
        let mut keys = Vec::new();
        let mut below = id_key(9).to_vec();
        while let Some(key) = tx.last_key(Table::Hits, &id_key(2), &below).unwrap() {
            keys.push(number(&key));
            below = key;
        }
        assert_eq!(keys, [7, 4, 3]);
        assert_eq!(tx.last_key(Table::Hits, &id_key(9), &id_key(2)).unwrap(), None);
    }

    #[test]
    fn a_set_sees_its_own_writes_and_those_of_the_sets_before() {
        let mut group = Overlay::default();
        let mut first = Tx::new(&Nothing, &group);
        assert_eq!(first.next_id("x").unwrap(), 1);
        assert_eq!(first.next_id("x").unwrap(), 2);
        let writes = first.into_writes();
        group.absorb(writes);
        let mut second = Tx::new(&Nothing, &group);
        assert_eq!(second.next_id("x").unwrap(), 3);
        second.delete_row(Table::Meta, b"x");
        assert_eq!(second.next_id("x").unwrap(), 1);
    }

    #[test]
    fn a_row_over_the_limit_is_a_typed_error_and_writes_nothing() {
        let group = Overlay::default();
        let mut tx = Tx::new(&Nothing, &group);
        let error = tx.put_row(Table::Hits, &id_key(1), vec![0; ROW_LIMIT]).unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { table: "hits", .. }), "{error}");
        assert_eq!(tx.into_writes().touched().count(), 0);
    }
}
