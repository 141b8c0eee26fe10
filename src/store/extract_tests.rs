//! Claims about extracts from the store's border: what is put comes back, or is told as lost, whatever became of the files.

use std::ops::Bound::Unbounded;

use super::{
    tests::{open, run, with},
    *,
};

#[test]
fn extracts_of_any_size_come_back_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let noise = |seed: u64, length: usize| -> Vec<u8> {
        (0..length as u64).map(|n| ((n + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
    };
    let bodies = [noise(1, 0), noise(2, 10), noise(3, 700_000), noise(4, 48 * 1024)];
    for (n, body) in bodies.iter().enumerate() {
        run(store.commit(with(|set| _ = set.put_extract(n as u64 + 1, body.clone())))).unwrap();
    }
    for (n, body) in bodies.iter().enumerate() {
        assert_eq!(run(store.extract(n as u64 + 1)).unwrap().as_ref(), Some(body));
    }
    let all: Vec<_> = store.extracts(2).map(Result::unwrap).collect();
    assert_eq!(all.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(all[1].1, bodies[2]);
    run(store.commit(with(|set| _ = set.delete_extract(3)))).unwrap();
    assert_eq!(run(store.extract(3)).unwrap(), None);
    assert_eq!(store.extracts(1).count(), 3);
    // Several in one set, one put twice, and all of it after the store was opened anew.
    drop(store);
    let store = open(folder.path());
    let set =
        with(|set| _ = set.put_extract(9, noise(5, 900)).put_extract(8, noise(6, 70)).put_extract(9, noise(7, 50)));
    run(store.commit(set)).unwrap();
    drop(store);
    let store = open(folder.path());
    let all: Vec<_> = store.extracts(2).map(Result::unwrap).collect();
    assert_eq!(all, [(2, noise(2, 10)), (4, noise(4, 48 * 1024)), (8, noise(6, 70)), (9, noise(7, 50))]);
}

#[test]
fn an_extract_whose_bytes_are_not_those_of_its_row_is_an_error_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    run(store.commit(with(|set| _ = set.put_extract(1, vec![1; 100]).put_extract(2, vec![2; 100])))).unwrap();
    let file = folder.path().join("store/extracts/00000001");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[99] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let read: Vec<_> = store.extracts(0).collect();
    assert!(matches!(read[0], Err(StoreError::Unreadable { .. })), "{read:?}");
    assert_eq!(read[1].as_ref().unwrap(), &(2, vec![2; 100]));
    assert_eq!(run(store.extract(1)).unwrap(), None, "no reason to end a round");
    // The rows are there and the files are not, as in a copy of the database alone; then the place is given away again.
    drop(store);
    std::fs::remove_file(&file).unwrap();
    let store = open(folder.path());
    assert_eq!(run(store.extract(2)).unwrap(), None);
    run(store.commit(with(|set| _ = set.put_extract(3, vec![3; 100]).put_extract(4, vec![4; 100])))).unwrap();
    run(store.commit(with(|set| _ = set.delete_extract(1).put_extract(2, vec![5; 10])))).unwrap();
    let read: Vec<_> = store.extracts(0).map(Result::unwrap).collect();
    assert_eq!(read, [(2, vec![5; 10]), (3, vec![3; 100]), (4, vec![4; 100])]);
}

#[test]
fn the_same_words_of_another_page_are_neither_handed_out_nor_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    run(store.commit(with(|set| _ = set.put_extract(1, vec![7; 100])))).unwrap();
    drop(store);
    // Rows of today with files of before: the place is given away again, to a page that says the same.
    std::fs::remove_file(folder.path().join("store/extracts/00000001")).unwrap();
    let store = open(folder.path());
    run(store.commit(with(|set| _ = set.put_extract(2, vec![7; 100])))).unwrap();
    let read: Vec<_> = store.extracts(0).collect();
    assert!(matches!(read[..], [Err(StoreError::Unreadable { .. }), Ok((2, _))]), "{read:?}");
    assert_eq!(run(store.extract(1)).unwrap(), None);
    run(store.commit(with(|set| _ = set.delete_extract(1)))).unwrap();
    assert_eq!(run(store.extract(2)).unwrap(), Some(vec![7; 100]));
}

#[test]
fn words_of_what_was_taken_away_are_gone_though_a_kill_came_before_their_room_was_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store/extracts/00000001");
    let words = |seq: u64| format!("<{seq}> word ").repeat(10).into_bytes();
    let told = |bytes: &[u8], seq: u64| memchr::memmem::find(bytes, format!("<{seq}>").as_bytes()).is_some();
    let store = open(folder.path());
    // More than one row tells of.
    let all = extracts::FREED_PLACES as u64 + 500;
    run(store.commit(with(|set| (1..=all + 2).for_each(|seq| _ = set.put_extract(seq, words(seq)))))).unwrap();
    let before = std::fs::read(&file).unwrap();
    run(store.commit(with(|set| {
        (1..=all).for_each(|seq| _ = set.delete_extract(seq));
        set.put_extract(all + 1, words(9_999));
    })))
    .unwrap();
    drop(store);
    let after = std::fs::read(&file).unwrap();
    assert!((1..=all + 1).all(|seq| told(&before, seq) && !told(&after, seq)) && told(&after, all + 2));
    // What the kill would have left: the rows gone and the words there.
    std::fs::write(&file, [&before, &after[before.len()..]].concat()).unwrap();
    let store = open(folder.path());
    assert_eq!(std::fs::read(&file).unwrap(), after);
    let kept: Vec<_> = store.extracts(0).map(Result::unwrap).collect();
    assert_eq!(kept, [(all + 1, words(9_999)), (all + 2, words(all + 2))]);
    // The next set that writes anything takes the note away.
    let notes = |store: &Store| store.range_with(Table::Freed, Unbounded, Unbounded, |_, _| Some(Ok(()))).count();
    assert_eq!(notes(&store), 2);
    run(store.commit(Changes::new())).unwrap();
    assert_eq!(notes(&store), 2);
    run(store.commit(with(|set| _ = set.delete_extract(all + 1)))).unwrap();
    assert_eq!(notes(&store), 1);
    run(store.commit(with(|set| _ = set.put_extract(1, words(1))))).unwrap();
    assert_eq!(notes(&store), 0);
}

/// A store that a program of before wrote.
fn kept_store(folder: &Path, name: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stores").join(name);
    std::fs::create_dir_all(folder.join("store/extracts")).unwrap();
    for file in ["conf", "db", "made", "extracts/00000001"] {
        if kept.join(file).exists() {
            std::fs::copy(kept.join(file), folder.join("store").join(file)).unwrap();
        }
    }
}

fn words(store: &Store, seq: u64) -> String {
    extract_form::unpack(&run(store.extract(seq)).unwrap().unwrap()).unwrap().text
}

fn schema(store: &Store) -> u64 {
    store.count(Table::Meta, b"schema").unwrap()
}

#[test]
fn a_store_of_before_the_numbers_is_read_and_goes_on_and_gets_them_as_its_extracts_move() {
    let folder = tempfile::tempdir().unwrap();
    kept_store(folder.path(), "schema-2");
    let read = |store: &Store| {
        let second = run(store.extract(2)).unwrap();
        (words(store, 1), second, words(store, 3), store.extracts(0).filter(Result::is_ok).count())
    };
    let all = ("低压电工证 1".to_owned(), Some(vec![2; 3_000]), "低压电工证 3".to_owned(), 3);
    for _ in ["opened first", "opened again"] {
        let store = open(folder.path());
        assert_eq!((read(&store), schema(&store)), (all.clone(), 3));
        assert_eq!((store.pages(0).count(), run(store.verify_audit()).unwrap().broken), (3, None));
    }
    // As if the file were full: what stands in it moves.
    let file = std::fs::File::options().write(true).open(folder.path().join("store/extracts/00000001")).unwrap();
    file.set_len(extract_files::FILE_BYTES).unwrap();
    let store = open(folder.path());
    run(store.commit(with(|set| _ = set.put_extract(9, vec![9; 9]).delete_extract(9)))).unwrap();
    let owned = |store: &Store| {
        let rows = store.range_with(Table::Extracts, Unbounded, Unbounded, |_, row| Some(Ok(row[0] == 3)));
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(owned(&store), [false; 3]);
    assert_eq!(store.tidy_extracts().unwrap(), 1);
    assert_eq!((read(&store), owned(&store)), (all, vec![true; 3]));
}

#[test]
fn a_store_of_before_the_files_is_read_and_goes_on_and_is_no_longer_opened_by_the_program_of_before() {
    let folder = tempfile::tempdir().unwrap();
    // Written by the last program that deflated extracts into rows; the second extract is in two of them.
    kept_store(folder.path(), "schema-1");
    let mut state = 5u64;
    let second: Vec<u8> = (0..50_000)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect();
    let extract_rows =
        |store: &Store| store.range_with(Table::Extracts, Unbounded, Unbounded, |_, _| Some(Ok(()))).count();
    for _ in ["opened first", "opened again"] {
        let store = open(folder.path());
        assert_eq!(schema(&store), 3, "what the program of before refuses");
        assert_eq!((store.pages(0).count(), run(store.verify_audit()).unwrap().broken), (3, None));
        assert_eq!((words(&store, 1), words(&store, 3)), ("低压电工证 1".to_owned(), "低压电工证 3".to_owned()));
        assert_eq!(run(store.extract(2)).unwrap().unwrap(), second);
        assert_eq!(extract_rows(&store), 4);
    }
    let store = open(folder.path());
    run(store.commit(with(|set| _ = set.put_extract(2, vec![2; 100]).delete_extract(3)))).unwrap();
    assert_eq!(extract_rows(&store), 2, "no row of the old second extract is left");
    assert_eq!(run(store.extract(2)).unwrap(), Some(vec![2; 100]));
    assert_eq!(store.tidy_extracts().unwrap(), 0);
    assert_eq!(words(&store, 1), "低压电工证 1");
}
