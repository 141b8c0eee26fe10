//! Claims about the store as a whole; those about one part stand in its file.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::{record::samples, tables::id_key, *};

pub(super) fn open(folder: &Path) -> Store {
    Store::open(folder, Opts { ballast: 0, free_floor: 0, ..Opts::default() }).unwrap()
}

pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

pub(super) fn with(change: impl FnOnce(&mut Changes)) -> Changes {
    let mut changes = Changes::new();
    change(&mut changes);
    changes
}

#[test]
fn what_was_acknowledged_is_there_after_the_store_was_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let hit = samples::hit();
    let store = open(folder.path());
    let mut new = hit.clone();
    new.id = 0;
    let done = run(store.commit(with(|set| _ = set.put_hit(new).put_case(Case { id: 0, ..samples::case() }))));
    assert_eq!(done.unwrap().ids, [1, 1]);
    let keys = store.fingerprint_keys();
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.fingerprint_keys(), keys);
    assert_eq!(run(store.hit(1)).unwrap().unwrap(), Hit { id: 1, ..hit.clone() });
    assert_eq!(run(store.hit_by_url(&hit.final_url)).unwrap().unwrap().id, 1);
    assert_eq!(run(store.case_by_target("wechat:tzzy_demo")).unwrap().unwrap().id, 1);
    assert_eq!(store.unsynced_files(), 0);
}

#[test]
fn a_second_holder_is_told_the_first_ones_pid() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let error = Store::open(folder.path(), Opts::default()).unwrap_err();
    assert_eq!(error, StoreError::Held { path: folder.path().to_owned(), pid: Some(std::process::id()) });
    drop(store);
    drop(open(folder.path()));
}

#[test]
fn a_damaged_store_is_an_error_that_says_what_to_do_and_never_an_empty_store() {
    let check = |damage: fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        run(store.commit(with(|set| _ = set.put_case(Case { id: 0, ..samples::case() }).put_extract(1, vec![1; 9]))))
            .unwrap();
        drop(store);
        damage(&folder.path().join("store"));
        let error = Store::open(folder.path(), Opts::default()).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains("备份"), "{error}");
        // Who puts the database back from elsewhere finds the extracts.
        assert!(std::fs::read(folder.path().join("store/extracts/00000001")).unwrap().ends_with(&[1; 9]));
    };
    check(|store| std::fs::write(store.join("db"), vec![0x5A; 1 << 20]).unwrap());
    check(|store| std::fs::write(store.join("db"), b"").unwrap());
    check(|store| {
        for entry in std::fs::read_dir(store).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("snap") || path.ends_with("db") {
                std::fs::remove_file(path).unwrap();
            }
        }
    });
}

#[test]
fn a_set_is_applied_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let set = with(|set| {
        set.put_case(Case { id: 0, ..samples::case() }).update_case(99, |case| {
            case.score = 1.0;
            Ok(())
        });
    });
    assert_eq!(run(store.commit(set)), Err(StoreError::Missing { what: "案件", key: "99".to_owned() }));
    assert_eq!(run(store.case(1)).unwrap(), None);
    assert_eq!(run(store.round_counts(0)).unwrap().cases_open, 0);
}

#[test]
fn a_set_with_a_row_too_large_leaves_nothing_and_another_stands_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let robots = |length: usize| vec![b'x'; length];
    let either = |length: usize| {
        let mut set = with(|set| {
            set.put_case(Case { id: 0, ..samples::case() })
                .put_extract(1, vec![1; 9])
                .then(move |tx| tx.put_row(Table::Robots, b"a.example", robots(length)).map(|()| None));
        })
        .unless_too_large(move |error| {
            assert!(matches!(error, StoreError::TooLarge { table: "robots", .. }), "{error}");
            with(|set| _ = set.put_extract(2, vec![2; 9]))
        });
        set.put_extract(3, vec![3; 9]);
        set
    };
    let kept = |store: &Store| store.extracts(0).map(|read| read.unwrap().0).collect::<Vec<_>>();
    run(store.commit(either(100_000))).unwrap();
    assert_eq!((kept(&store), run(store.case(1)).unwrap()), (vec![2, 3], None));
    run(store.commit(either(10_000))).unwrap();
    assert_eq!((kept(&store), run(store.case(1)).unwrap().is_some()), (vec![1, 2, 3], true));
    // Other faults are nobody's to mend.
    let missing = with(|set| _ = set.update_case(99, |_| Ok(()))).unless_too_large(|_| Changes::new());
    assert!(matches!(run(store.commit(missing)), Err(StoreError::Missing { .. })));
}

#[test]
fn a_step_that_panics_costs_its_own_set_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let bad = store.submit(with(|set| _ = set.then(|_| panic!("made up"))));
    let good = store.submit(with(|set| _ = set.put_case(Case { id: 0, ..samples::case() })));
    assert_eq!(bad.wait(), Err(StoreError::Closed));
    assert_eq!(good.wait().unwrap().ids, [1]);
}

#[test]
fn changes_of_one_record_by_many_are_all_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    run(store.commit(with(|set| _ = set.put_case(Case { id: 0, score: 0.0, ..samples::case() })))).unwrap();
    let pending: Vec<_> = (0..200)
        .map(|_| {
            store.submit(with(|set| {
                set.update_case(1, |case| {
                    case.score += 1.0;
                    Ok(())
                });
            }))
        })
        .collect();
    for one in pending {
        one.wait().unwrap();
    }
    assert_eq!(run(store.case(1)).unwrap().unwrap().score, 200.0);
}

#[test]
fn the_summary_counts_what_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let hit = |url: &str, first, last| Hit {
        id: 0,
        final_url: url.to_owned(),
        first_round: first,
        last_round: last,
        ..samples::hit()
    };
    run(store.commit(with(|set| {
        set.put_hit(hit("http://a.example/", 1, 1)).put_hit(hit("http://b.example/", 1, 1));
        set.put_case(Case { id: 0, ..samples::case() });
        for kind in [Kind::Page, Kind::Image, Kind::Recheck] {
            let seq = store.page_seq();
            set.put_page(Page { seq, round: 2, kind, ..samples::page() });
        }
    })))
    .unwrap();
    run(store.commit(with(|set| {
        set.update_hit(1, |hit| {
            hit.last_round = 2;
            Ok(())
        })
        .put_hit(hit("http://c.example/", 2, 2));
    })))
    .unwrap();
    let counts = run(store.round_counts(2)).unwrap();
    assert_eq!((counts.fetched, counts.hits_new, counts.hits_again, counts.cases_open), (2, 1, 1, 1));
    run(store.commit(with(|set| {
        set.update_hit(1, |hit| {
            hit.last_round = 3;
            Ok(())
        })
        .update_case(1, |case| {
            case.state = CaseState::Closed;
            Ok(())
        });
    })))
    .unwrap();
    assert_eq!(run(store.round_counts(2)).unwrap().hits_again, 0);
    assert_eq!(run(store.round_counts(3)).unwrap().hits_again, 1);
    assert_eq!(run(store.round_counts(3)).unwrap().cases_open, 0);
    assert_eq!(run(store.hits_count()).unwrap(), 3);
    let newest: Vec<u64> = store.hits().reversed().map(|hit| hit.unwrap().id).collect();
    assert_eq!(newest, [3, 2, 1]);
    assert_eq!(run(store.hits_before(3).page(1)).unwrap()[0].id, 2);
    assert_eq!(store.next_page_seq(), 4);
    drop(store);
    assert_eq!(open(folder.path()).next_page_seq(), 4);
}

#[test]
fn two_hits_cannot_have_one_url_and_a_hit_moves_with_its_case() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let hit = Hit { id: 0, case: 5, ..samples::hit() };
    run(store.commit(with(|set| _ = set.put_hit(hit.clone())))).unwrap();
    let again = run(store.commit(with(|set| _ = set.put_hit(hit))));
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    run(store.commit(with(|set| {
        set.update_hit(1, |hit| {
            hit.case = 6;
            hit.final_url = "http://moved.example/".to_owned();
            Ok(())
        });
    })))
    .unwrap();
    assert_eq!(store.case_hits(5).count(), 0);
    assert_eq!(store.case_hits(6).map(Result::unwrap).collect::<Vec<_>>(), [1]);
    assert_eq!(run(store.hit_by_url(&samples::hit().final_url)).unwrap(), None);
    assert_eq!(run(store.hit_by_url("http://moved.example/")).unwrap().unwrap().id, 1);
}

#[test]
fn merged_cases_are_found_by_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let case = |target: &str| Case { id: 0, target: target.to_owned(), contacts: Vec::new(), ..samples::case() };
    run(store.commit(with(|set| _ = set.put_case(case("wechat:a")).put_case(case("wechat:b"))))).unwrap();
    run(store.commit(with(|set| {
        set.update_case(1, |case| {
            case.contacts.push("wechat:b".to_owned());
            Ok(())
        })
        .update_case(2, |case| {
            case.merged_into = Some(1);
            Ok(())
        });
    })))
    .unwrap();
    assert_eq!(run(store.case_by_target("wechat:b")).unwrap().unwrap().id, 1);
    let note = CaseNote { case: 1, n: 0, ..samples::note() };
    run(store.commit(with(|set| _ = set.add_note(note.clone()).add_note(note)))).unwrap();
    assert_eq!(store.case_notes(1).map(|note| note.unwrap().n).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(run(store.case(1)).unwrap().unwrap().notes, 2);
}

#[test]
fn a_long_digest_is_read_back_row_by_row_and_found_from_its_cases() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let rows: Vec<DigestRow> = (1..=5000)
        .map(|n| DigestRow { hit: n, case: n % 7 + 1, state: "新增".to_owned(), url: Some("\"".repeat(40)) })
        .collect();
    let digest = samples::digest();
    let id = digest.id.clone();
    run(store.commit(with(|set| _ = set.put_digest(digest).put_digest_rows(&id, rows.clone())))).unwrap();
    assert_eq!(store.digest_rows(&id).map(Result::unwrap).collect::<Vec<_>>(), rows);
    assert_eq!(store.case_digests(3).map(Result::unwrap).collect::<Vec<_>>(), std::slice::from_ref(&id));
    assert_eq!(store.digests_of_day("2026-03-02").count(), 1);
    assert_eq!(store.digests_of_day("2026-03-0").count(), 0);
    run(store.commit(with(|set| _ = set.put_digest_rows(&id, rows[..3].to_vec())))).unwrap();
    assert_eq!(store.digest_rows(&id).count(), 3);
    let told = |case| store.case_digests(case).count();
    assert_eq!((told(1), told(2), told(5)), (0, 1, 0), "rows 1 to 3 are of the cases 2 to 4");
}

#[test]
fn a_store_of_a_newer_program_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let newer = with(|set| {
        set.put_extract(1, vec![1; 9]).then(|tx| tx.put_row(Table::Meta, b"schema", id_key(4).to_vec()).map(|()| None));
    });
    run(store.commit(newer)).unwrap();
    drop(store);
    let error = Store::open(folder.path(), Opts::default()).unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("版本是 4") && error.to_string().contains("用写它的那个版本打开"), "{error}");
    assert!(std::fs::read(folder.path().join("store/extracts/00000001")).unwrap().ends_with(&[1; 9]));
}

#[test]
fn the_audit_chain_tells_a_changed_a_missing_and_a_cut_off_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let time = Timestamp::UNIX_EPOCH;
    for n in 0..5 {
        run(store.commit(with(|set| _ = set.audit(time, "officer", "confirm", &format!("case {n}"), b"body"))))
            .unwrap();
    }
    let whole = run(store.verify_audit()).unwrap();
    assert_eq!((whole.rows, &whole.broken), (5, &None));
    let third = store.audit().nth(2).unwrap().unwrap();
    let check = |change: fn(&mut AuditRow), gone: bool| {
        let mut row = third.clone();
        change(&mut row);
        let set = with(|set| {
            set.then(move |tx| {
                if gone {
                    tx.delete_row(Table::Audit, &id_key(3))
                } else {
                    tx.put_record(&id_key(3), &row)?
                }
                Ok(None)
            });
        });
        run(store.commit(set)).unwrap();
        run(store.verify_audit()).unwrap().broken.map(|(row, _)| row)
    };
    assert_eq!(check(|row| row.actor.push('x'), false), Some(3));
    assert_eq!(check(|row| row.digest = row.hash.clone(), false), Some(3));
    assert_eq!(check(|_| (), true), Some(3));
    assert_eq!(check(|_| (), false), None);
    run(store.commit(with(|set| {
        _ = set.then(|tx| {
            tx.delete_row(Table::Audit, &id_key(5));
            Ok(None)
        })
    })))
    .unwrap();
    assert_eq!(run(store.verify_audit()).unwrap().broken.unwrap().0, 5);
}

#[test]
fn a_row_of_a_newer_program_is_told_by_table_and_key_and_the_list_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    run(store.commit(with(|set| {
        set.put_case(Case { id: 0, ..samples::case() }).then(|tx| {
            tx.put_row(Table::Cases, &id_key(2), vec![9, b'{'])?;
            tx.put_row(Table::Cases, &id_key(3), vec![1, b'{'])?;
            Ok(None)
        });
    })))
    .unwrap();
    let error = run(store.case(2)).unwrap_err();
    assert_eq!(error, StoreError::Version { table: "cases", key: "0000000000000002".to_owned(), version: 9 });
    let list: Vec<_> = store.cases().collect();
    assert!(list[0].is_ok() && list[1].is_err() && matches!(list[2], Err(StoreError::Unreadable { .. })));
}

#[test]
fn rows_of_the_largest_size_stay_in_the_synced_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for n in 0..200u64 {
        let key = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let set = with(|set| {
            set.then(move |tx| {
                tx.put_row(Table::Robots, &id_key(key), vec![n as u8; 60 * 1024 - 8])?;
                Ok(None)
            });
        });
        run(store.commit(set)).unwrap();
    }
    assert_eq!(store.unsynced_files(), 0);
    assert!(store.size_on_disk().unwrap() > 8 << 20);
}

#[test]
fn a_nearly_full_disk_refuses_captures_and_takes_them_again_when_there_is_room() {
    static FREE: AtomicU64 = AtomicU64::new(1 << 40);
    let folder = tempfile::tempdir().unwrap();
    let opts =
        Opts { free_floor: 1 << 30, ballast: 1 << 16, free: |_| Ok(FREE.load(Ordering::Relaxed)), ..Opts::default() };
    let store = Store::open(folder.path(), opts).unwrap();
    let page = |store: &Store| {
        let seq = store.page_seq();
        run(store.commit(with(|set| _ = set.put_page(Page { seq, ..samples::page() }))))
    };
    page(&store).unwrap();
    FREE.store(1 << 29, Ordering::Relaxed);
    assert!(matches!(page(&store), Err(StoreError::Full { .. })));
    run(store.commit(with(|set| _ = set.put_digest(samples::digest())))).unwrap();
    FREE.store(1 << 40, Ordering::Relaxed);
    page(&store).unwrap();
}

#[test]
fn the_way_to_a_page_is_told_back_to_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let seed = Via::Seed { file: "seeds/start.txt".to_owned(), line: 3, tags: Vec::new(), last: None };
    let mut via = seed.clone();
    for seq in 1..=12u64 {
        let page = Page { seq, via: via.clone(), ..samples::page() };
        run(store.commit(with(|set| _ = set.put_page(page)))).unwrap();
        via = Via::Link { page: seq, text: "下一页".to_owned() };
    }
    let short = run(store.chain(Via::Qr { page: 2, image: "http://a.example/q.png".to_owned() })).unwrap();
    assert_eq!(short.len(), 3);
    assert_eq!(short[2], seed);
    assert_eq!(run(store.chain(via)).unwrap().len(), 8);
    assert_eq!(run(store.chain(Via::Redirect { page: 77 })).unwrap().len(), 1);
}

#[test]
fn a_set_walks_a_cases_digests_and_hits_from_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let row = |case| DigestRow { hit: 1, case, state: "新增".to_owned(), url: None };
    let hit = |n: u64| Hit { id: 0, case: 5, final_url: format!("http://a.example/{n}"), ..samples::hit() };
    run(store.commit(with(|set| {
        set.put_digest_rows("2026-03-02.a.r0", vec![row(1), row(2)]).put_digest_rows("2026-03-03.a.r0", vec![row(2)]);
        set.put_digest_rows("2026-03-04.a.r0", vec![row(2), row(17)]).put_hit(hit(1)).put_hit(hit(2));
    })))
    .unwrap();
    let digests = |case| {
        run(store.transact(move |tx| {
            let mut all: Vec<String> = Vec::new();
            while let Some(id) = tx.case_digest_before(case, all.last().map(String::as_str))? {
                all.push(id);
            }
            Ok(all)
        }))
        .unwrap()
    };
    assert_eq!(digests(2), ["2026-03-04.a.r0", "2026-03-03.a.r0", "2026-03-02.a.r0"]);
    assert_eq!(digests(1), ["2026-03-02.a.r0"]);
    assert_eq!((digests(17).len(), digests(3).len()), (1, 0));
    let hits =
        run(store
            .transact(|tx| Ok((tx.case_hit_below(5, u64::MAX)?, tx.case_hit_below(5, 2)?, tx.case_hit_below(5, 1)?))));
    assert_eq!(hits.unwrap(), (Some(2), Some(1), None));
}
