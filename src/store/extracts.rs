//! Extracts of pages: opaque bytes, in files beside the database, found by a row each. What is in them is the core's matter.
//!
//! Before there were such files an extract was deflated and cut into rows; those are still read. Start at [`Store::extracts`].

use std::{io::Read as _, ops::Bound};

use flate2::read::DeflateDecoder;

use super::{
    Store, StoreError,
    engine::Engine,
    extract_files::Place,
    list::Listing,
    tables::{Table, hex, id_key, number},
    tx::{Counter, Rows as _, Tx},
};

/// A row that tells the place of an extract, before which its page's number stands.
const OWNED: u8 = 3;
/// A row that tells the place of an extract without that number: of schema 2.
const PLACED: u8 = 2;
/// A row that holds the deflated bytes of one, or a share of them.
const DEFLATED: u8 = 1;
/// More than any extract, less than a bomb.
const INFLATED: u64 = 256 << 20;

/// What a row of the table says.
pub(super) enum Row<'a> {
    Placed(Place),
    /// How many rows there are, and this one's share of the bytes.
    Deflated(u16, &'a [u8]),
}

impl<'a> Row<'a> {
    pub(super) fn of(seq: u64, row: &'a [u8]) -> Result<Self, StoreError> {
        match row {
            [form @ (OWNED | PLACED), rest @ ..] if rest.len() == 20 => {
                let word = |at: usize| u32::from_be_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
                let (at, owner) = (number(&rest[4..12]), (*form == OWNED).then_some(seq));
                Ok(Row::Placed(Place { file: word(0), at, length: word(12), check: word(16), owner }))
            }
            [DEFLATED, high, low, body @ ..] => Ok(Row::Deflated(u16::from_be_bytes([*high, *low]), body)),
            [] | [OWNED | PLACED | DEFLATED, ..] => Err(unreadable(seq, "记录不完整".to_owned())),
            [version, ..] => {
                let key = hex(&chunk_key(seq, 0));
                Err(StoreError::Version { table: Table::Extracts.name(), key, version: *version })
            }
        }
    }
}

fn placed(place: Place) -> Vec<u8> {
    let mut row = Vec::with_capacity(21);
    row.push(if place.owner.is_some() { OWNED } else { PLACED });
    row.extend_from_slice(&place.file.to_be_bytes());
    row.extend_from_slice(&place.at.to_be_bytes());
    row.extend_from_slice(&place.length.to_be_bytes());
    row.extend_from_slice(&place.check.to_be_bytes());
    row
}

/// Places that one row tells of whose room is to be given back.
pub(super) const FREED_PLACES: usize = 2_000;
/// A page's number and the row that told where its extract stood.
const FREED_PLACE: usize = 29;

/// The row that tells of places whose room is to be given back.
pub(super) fn freed_row(places: &[Place]) -> Vec<u8> {
    let one = |place: &Place| [&place.owner.unwrap_or(0).to_be_bytes()[..], &placed(*place)].concat();
    places.iter().flat_map(one).collect()
}

/// The places that such a row tells of.
fn freed_places(row: &[u8]) -> Result<Vec<Place>, StoreError> {
    let mut places = Vec::with_capacity(row.len() / FREED_PLACE);
    for one in row.chunks(FREED_PLACE) {
        let (seq, row) = one.split_at_checked(8).unwrap_or_default();
        if let Row::Placed(place) = Row::of(number(seq), row)? {
            places.push(place);
        }
    }
    Ok(places)
}

/// Gives room back that a kill kept from it: the rows were gone, and the words were not yet.
pub(super) fn free_what_a_kill_left(engine: &Engine) -> Result<(), StoreError> {
    for row in engine.scan(Table::Freed, Bound::Unbounded, Bound::Unbounded) {
        let (_, row) = row.map_err(|error| StoreError::of_sled(&error))?;
        match freed_places(&row) {
            Ok(places) => engine.extract_files().free_the_rest(&places),
            Err(error) => tracing::warn!(%error, "room of extracts was not given back"),
        }
    }
    Ok(())
}

impl Tx<'_> {
    /// Keeps an extract, as [`super::extract_files::owned`] makes it.
    pub(super) fn put_extract(&mut self, seq: u64, owned: Vec<u8>, check: u32) -> Result<(), StoreError> {
        self.delete_extract(seq)?;
        let length = u32::try_from(owned.len()).map_err(|_| StoreError::TooLarge {
            table: Table::Extracts.name(),
            key: hex(&id_key(seq)),
            bytes: owned.len(),
            limit: u32::MAX as usize,
        })?;
        let (file, at) = self.append_extract(owned);
        self.add(Counter::ExtractBytes, file.into(), length.into())?;
        let place = Place { file, at, length, check, owner: Some(seq) };
        self.put_row(Table::Extracts, &chunk_key(seq, 0), placed(place))
    }

    /// Whether the row of an extract still tells this place.
    pub(super) fn stands_at(&self, seq: u64, place: Place) -> Result<bool, StoreError> {
        Ok(self.row(Table::Extracts, &chunk_key(seq, 0))?.is_some_and(|row| row == placed(place)))
    }

    /// Takes an extract away.
    pub(super) fn delete_extract(&mut self, seq: u64) -> Result<(), StoreError> {
        let Some(first) = self.row(Table::Extracts, &chunk_key(seq, 0))? else { return Ok(()) };
        let rows = match Row::of(seq, &first) {
            Ok(Row::Placed(place)) => {
                self.add(Counter::ExtractBytes, place.file.into(), -i64::from(place.length))?;
                self.free_extract(place);
                1
            }
            Ok(Row::Deflated(rows, _)) => rows,
            // What cannot be read goes as well.
            Err(_) => 1,
        };
        for n in 0..rows {
            self.delete_row(Table::Extracts, &chunk_key(seq, n));
        }
        Ok(())
    }
}

impl Store {
    /// The extract of a page. One that is damaged is none, and the log says so: it is made again from the capture, and a round does
    /// not end because of one page.
    pub async fn extract(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match read(self.engine(), seq) {
            Err(error @ StoreError::Unreadable { .. }) => {
                tracing::warn!(%error, "an extract is lost");
                Ok(None)
            }
            read => read,
        }
    }

    /// The extracts of all pages from a number on, in order, each with its page's number.
    pub fn extracts(&self, from: u64) -> Listing<(u64, Vec<u8>)> {
        let engine = std::sync::Arc::clone(self.engine());
        let from = Bound::Included(chunk_key(from, 0).to_vec());
        self.range_with(Table::Extracts, from, Bound::Unbounded, move |key, _| {
            let (seq, chunk) = (seq_of(key), key.get(8..)?);
            if chunk != [0, 0] {
                return None;
            }
            Some(read(&engine, seq).transpose()?.map(|extract| (seq, extract)))
        })
    }
}

fn read(engine: &Engine, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let mut packed = Vec::new();
    let mut before = None;
    let mut n = 0;
    loop {
        let Some(row) = engine.get(Table::Extracts, &chunk_key(seq, n))? else {
            // The first may be missing, a later one not.
            return if n == 0 { Ok(None) } else { Err(unreadable(seq, "缺少后面的部分".to_owned())) };
        };
        match Row::of(seq, &row)? {
            Row::Placed(place) => {
                let found = engine.extract_files().read(place);
                if let Some(extract) = found.map_err(|error| unreadable(seq, error.to_string()))? {
                    return Ok(Some(extract));
                }
                // Freed between the two looks: then the row is another one now, or gone.
                if before == Some(place) {
                    return Err(unreadable(seq, "摘要文件里的内容与记录不符".to_owned()));
                }
                before = Some(place);
            }
            Row::Deflated(rows, body) => {
                packed.extend_from_slice(body);
                n += 1;
                if n >= rows {
                    return inflate(seq, &packed).map(Some);
                }
            }
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

/// The page whose row stands under a key.
pub(super) fn seq_of(key: &[u8]) -> u64 {
    number(key.get(..8).unwrap_or_default())
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
        let kept = crate::store::record::samples::kept_bytes("extract.v1", b"");
        let Row::Deflated(1, body) = Row::of(1, &kept).unwrap() else { panic!("not a row of the first version") };
        assert_eq!(inflate(1, body).unwrap(), "特种作业操作证".as_bytes());
    }

    #[test]
    fn the_place_of_an_extract_is_read_as_it_was_written() {
        let place = Place { file: 3, at: 1 << 40, length: 70_000, check: 0xDEAD_BEEF, owner: None };
        for (name, place) in [("extract.v2", place), ("extract.v3", Place { owner: Some(1), ..place })] {
            let kept = crate::store::record::samples::kept_bytes(name, &placed(place));
            assert!(matches!(Row::of(1, &kept), Ok(Row::Placed(read)) if read == place));
            assert_eq!(kept, placed(place));
            assert!(matches!(Row::of(1, &kept[..20]), Err(StoreError::Unreadable { .. })));
        }
        assert!(matches!(Row::of(1, &[4]), Err(StoreError::Version { version: 4, .. })));
        // As it is written down until its room was given back.
        let freed = [Place { owner: Some(7), ..place }, place];
        let kept = crate::store::record::samples::kept_bytes("freed.v1", &freed_row(&freed));
        assert_eq!((freed_places(&kept).unwrap(), kept.len()), (freed.to_vec(), 2 * FREED_PLACE));
        assert!(freed_places(&kept[..40]).is_err() && freed_places(&kept[..30]).is_err());
        assert!(freed_row(&[place; FREED_PLACES]).len() + 8 < crate::store::engine::ROW_LIMIT);
    }
}
