//! Room that extracts took and need no more: files in which nothing is wanted go, after what is left in them has moved.
//!
//! Pages that accuse nobody go in the order of their days, so a file is nearly empty soon. Its holes are room already, but not
//! in a copy that knows none, nor on such a file system. Bytes wanted of a file are counted as they change, so that most nights
//! read nothing here; no file goes on the word of a counter: the rows are read. It must not touch the file that is appended to, so no
//! place comes into a file that it looks at. Start at [`Store::tidy_extracts`].

use std::{collections::HashSet, ops::Bound};

use super::{
    Changes, Store, StoreError,
    extract_files::Place,
    extracts::{Row, seq_of},
    tables::{Table, pair_key},
    tx::Counter,
};

/// What is left in a file moves when it is less than one part of so many: it is written anew seldom, and what nobody wants is
/// never more than three times what somebody does.
const PARTS: u64 = 4;
/// Bytes that move in one set.
const AT_ONCE: usize = 1 << 20;

impl Store {
    /// Moves what is left in nearly empty files of extracts and removes files in which nothing is wanted; gives how many went. It is for
    /// the time between rounds, and for a thread that may sleep.
    pub fn tidy_extracts(&self) -> Result<usize, StoreError> {
        let mut files = self.nearly_empty()?;
        if files.is_empty() {
            return Ok(0);
        }
        let left = self.places_in(&files)?;
        // First, since moving takes room.
        let mut gone = self.remove_empty(&mut files, &left)?;
        if !left.is_empty() {
            self.move_to_the_end(&left)?;
            let left = self.places_in(&files)?;
            gone += self.remove_empty(&mut files, &left)?;
        }
        Ok(gone)
    }

    fn nearly_empty(&self) -> Result<Vec<u32>, StoreError> {
        let mut files = Vec::new();
        for (file, length) in self.engine().extract_files().full().map_err(|error| StoreError::of_io(&error))? {
            let wanted = self.count(Table::Counters, &pair_key(Counter::ExtractBytes as u64, file.into()))?;
            if length == 0 || wanted < length.div_ceil(PARTS) {
                files.push(file);
            }
        }
        Ok(files)
    }

    /// The pages whose extracts stand in these files. A row that cannot be read is an error: it may speak of one of them.
    fn places_in(&self, files: &[u32]) -> Result<Vec<(u64, Place)>, StoreError> {
        let mut places = Vec::new();
        for row in self.engine().scan(Table::Extracts, Bound::Unbounded, Bound::Unbounded) {
            let (key, row) = row.map_err(|error| StoreError::of_sled(&error))?;
            // Rows of a store of before have the extract in them.
            self.engine().press(Table::Extracts, &key, row.len() / 1024);
            let seq = seq_of(&key);
            if let Row::Placed(place) = Row::of(seq, &row)?
                && files.contains(&place.file)
            {
                places.push((seq, place));
            }
        }
        Ok(places)
    }

    fn move_to_the_end(&self, places: &[(u64, Place)]) -> Result<(), StoreError> {
        let (mut changes, mut bytes) = (Changes::new(), 0);
        for &(seq, place) in places {
            match self.engine().extract_files().read(place) {
                Ok(Some(extract)) => {
                    bytes += extract.len();
                    changes.move_extract(seq, place, extract);
                }
                // It keeps its file. What is wrong with it is said to whom asks for it.
                Ok(None) => tracing::warn!(seq, ?place, "an extract does not stand where its row says"),
                Err(error) => tracing::warn!(seq, ?place, %error, "an extract cannot be read"),
            }
            if bytes >= AT_ONCE {
                self.submit(std::mem::take(&mut changes)).wait()?;
                bytes = 0;
            }
        }
        self.submit(changes).wait().map(|_| ())
    }

    /// Takes those files out of the list, and away, in which nothing is left.
    fn remove_empty(&self, files: &mut Vec<u32>, left: &[(u64, Place)]) -> Result<usize, StoreError> {
        let held: HashSet<u32> = left.iter().map(|(_, place)| place.file).collect();
        let empty: Vec<u32> = files.extract_if(.., |file| !held.contains(file)).collect();
        for &file in &empty {
            let mut changes = Changes::new();
            changes.then(move |tx| {
                tx.forget(Counter::ExtractBytes, file.into());
                Ok(None)
            });
            self.submit(changes).wait()?;
            self.engine().extract_files().remove(file).map_err(|error| StoreError::of_io(&error))?;
        }
        Ok(empty.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        extract_files::FILE_BYTES,
        tests::{open, run, with},
    };

    fn files(folder: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder.join("store/extracts")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Extracts 1 to 4 in a first file that is full, as if it had been written, and 5 in the second one.
    fn two_files(folder: &std::path::Path) -> Store {
        let store = open(folder);
        let put = |store: &Store, seqs: std::ops::RangeInclusive<u64>| {
            let set = with(|set| seqs.for_each(|seq| _ = set.put_extract(seq, vec![seq as u8; 100])));
            run(store.commit(set)).unwrap();
        };
        put(&store, 1..=3);
        drop(store);
        let first = std::fs::File::options().write(true).open(folder.join("store/extracts/00000001")).unwrap();
        first.set_len(FILE_BYTES).unwrap();
        let store = open(folder);
        put(&store, 4..=4);
        put(&store, 5..=5);
        assert_eq!(files(folder), ["00000001", "00000002"]);
        store
    }

    fn wanted(store: &Store, file: u64) -> u64 {
        store.count(Table::Counters, &pair_key(Counter::ExtractBytes as u64, file)).unwrap()
    }

    fn kept(store: &Store) -> Vec<(u64, Vec<u8>)> {
        store.extracts(0).map(Result::unwrap).collect()
    }

    #[test]
    fn what_is_left_in_a_nearly_empty_file_moves_and_the_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let store = two_files(folder.path());
        run(store.commit(with(|set| _ = set.delete_extract(2).put_extract(3, vec![30; 50])))).unwrap();
        assert_eq!((wanted(&store, 1), wanted(&store, 2)), (216, 166));
        let all = kept(&store);
        assert_eq!(all.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 3, 4, 5]);
        assert_eq!(store.tidy_extracts().unwrap(), 1);
        assert_eq!(files(folder.path()), ["00000002"]);
        assert_eq!(kept(&store), all);
        assert_eq!((wanted(&store, 1), wanted(&store, 2)), (0, 382));
        assert_eq!(store.tidy_extracts().unwrap(), 0, "the file that is appended to stays, full or not");
        drop(store);
        let store = open(folder.path());
        assert_eq!(kept(&store), all);
        // What a kill kept from being removed, and what nothing was ever told of.
        std::fs::write(folder.path().join("store/extracts/00000001"), [4; 100]).unwrap();
        std::fs::write(folder.path().join("store/extracts/00000000"), b"").unwrap();
        assert_eq!(store.tidy_extracts().unwrap(), 2);
        assert_eq!((files(folder.path()), kept(&store)), (vec!["00000002".to_owned()], all));
    }

    #[test]
    fn a_file_of_which_enough_is_wanted_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = two_files(folder.path());
        let count = |bytes: u64| {
            run(store.commit(with(|set| {
                set.then(move |tx| {
                    tx.forget(Counter::ExtractBytes, 1);
                    tx.add(Counter::ExtractBytes, 1, bytes as i64).map(|()| None)
                });
            })))
            .unwrap();
        };
        count(FILE_BYTES / PARTS + 27);
        assert_eq!(store.tidy_extracts().unwrap(), 0);
        assert_eq!(files(folder.path()).len(), 2);
        // A counter that is wrong the other way costs a look and loses nothing.
        count(0);
        assert_eq!(store.tidy_extracts().unwrap(), 1);
        assert_eq!(kept(&store).len(), 5);
    }

    #[test]
    fn a_file_stays_where_its_extracts_or_a_row_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = two_files(folder.path());
        let first = folder.path().join("store/extracts/00000001");
        let file = std::fs::File::options().write(true).open(&first).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"x", 250).unwrap();
        assert_eq!(store.tidy_extracts().unwrap(), 0);
        assert_eq!(wanted(&store, 1), 108, "the other three have moved");
        let read: Vec<_> = store.extracts(0).map(|read| read.is_ok()).collect();
        assert_eq!(read, [true, true, false, true, true]);
        // A newer program's row may point anywhere.
        let odd = with(|set| {
            set.delete_extract(3).then(|tx| {
                tx.put_row(Table::Extracts, &[0, 0, 0, 0, 0, 0, 0, 7, 0, 0], vec![9])?;
                Ok(None)
            });
        });
        run(store.commit(odd)).unwrap();
        assert!(matches!(store.tidy_extracts(), Err(StoreError::Version { version: 9, .. })));
        assert!(first.exists());
    }

    #[test]
    fn an_extract_that_was_written_anew_meanwhile_does_not_move() {
        let folder = tempfile::tempdir().unwrap();
        let store = two_files(folder.path());
        let places = store.places_in(&[1]).unwrap();
        let mut changes = Changes::new();
        for (seq, place) in &places {
            changes.move_extract(*seq, *place, vec![*seq as u8; 100]);
        }
        run(store.commit(with(|set| _ = set.put_extract(1, vec![10; 10]).delete_extract(2)))).unwrap();
        run(store.commit(changes)).unwrap();
        assert_eq!(
            kept(&store),
            [(1, vec![10; 10]), (3, vec![3; 100]), (4, vec![4; 100]), (5, vec![5; 100])],
            "neither brought back nor put over"
        );
    }
}
