//! Claims about the evidence files; `warcio check` is asked too where it is installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use proptest::prelude::*;

use super::*;

fn exchange(url: &str, body: &[u8]) -> Exchange {
    Exchange {
        url: url.to_owned(),
        request_head: b"GET /cx HTTP/1.1\r\nHost: cx.example.test\r\nUser-Agent: jianzheng\r\n\r\n".to_vec(),
        status: 200,
        reason: "OK".to_owned(),
        headers: vec![("Content-Type".to_owned(), b"text/html; charset=gbk".to_vec())],
        body: body.to_vec(),
        time: "2026-12-05T01:00:00.25Z".parse().unwrap(),
        ip: Some("192.0.2.7".parse().unwrap()),
        resolved_by: ResolvedBy::Direct,
        tls_leaf_sha256: None,
        tls_problem: None,
        truncated: None,
        notes: vec![("robots".to_owned(), "ignored".to_owned())],
        vantage: "宁波".to_owned(),
        connection: Connection::default(),
    }
}

fn header(name: &str, value: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), value.to_vec())
}

fn origin() -> Origin {
    Origin { software: "jianzheng/test".to_owned(), notes: vec![("clock".to_owned(), "set".to_owned())] }
}

fn store(dir: &Path) -> WarcStore {
    WarcStore::open(dir, Series::Hits, origin(), DEFAULT_FILE_BYTES).unwrap()
}

fn warc_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir.join(WARC_DIR)).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".warc.gz"));
    files.sort();
    files
}

/// Every record of every file must hold by our own reader, and by warcio's where it is there.
fn check_files(dir: &Path) {
    let files = warc_files(dir);
    for file in &files {
        let records: Vec<_> = Records::open(file).unwrap().map(Result::unwrap).collect();
        assert_eq!(records[0].kind, "warcinfo", "{}", file.display());
        for record in &records {
            assert_eq!(record.block, Digest::Holds, "{record:?}");
            assert_ne!(record.payload, Digest::Broken, "{record:?}");
            assert_eq!(record.payload == Digest::Holds, record.kind == "response", "{record:?}");
        }
    }
    let warcio = std::env::var("WARCIO").unwrap_or_else(|_| "warcio".to_owned());
    match Command::new(&warcio).arg("check").args(&files).output() {
        // warcio 1.8 with the C package `brotli` beside it fails on every record with Content-Encoding: br, whoever wrote it.
        Ok(out) if String::from_utf8_lossy(&out.stderr).contains("no attribute 'unused_data'") => {
            eprintln!("skipped `warcio check`: this warcio cannot read br");
        }
        Ok(out) => assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout)),
        Err(e) => eprintln!("skipped `warcio check`: {warcio}: {e} (set WARCIO to its path)"),
    }
}

fn odd_exchanges() -> Vec<Exchange> {
    let plain = || exchange("http://cx.example.test/a", b"<p>1</p>");
    let mut odd = vec![
        exchange("http://cx.example.test/empty", b""),
        exchange("http://cx.example.test/binary", &(0..=255).cycle().take(70_000).collect::<Vec<u8>>()),
        exchange("http://查询.example.test/中 文?a=<b>\r\nX: y", b"1"),
        exchange("http://cx.example.test/looks-like-the-end", b"\r\n\r\nWARC/1.1\r\nWARC-Type: response\r\n\r\n"),
        Exchange { headers: vec![], ..plain() },
        Exchange { request_head: vec![], ..plain() },
        Exchange { request_head: b"GET / HTTP/1.1".to_vec(), ..plain() },
        Exchange {
            status: 304,
            reason: String::new(),
            body: vec![],
            headers: vec![header("Content-Length", b"5120")],
            ..plain()
        },
        Exchange { status: 999, reason: "出 错\r\nX-Evil: 1".to_owned(), ..plain() },
        Exchange { headers: vec![header("Transfer-Encoding", b"chunked")], ..plain() },
        Exchange { headers: vec![header("content-length", b"8"), header("Content-Length", b"9")], ..plain() },
        Exchange { headers: vec![header("X-Big", &vec![b'a'; 100_000])], ..plain() },
        Exchange { headers: (0..3000).map(|n| header(&format!("X-{n}"), b"v")).collect(), ..plain() },
        Exchange {
            headers: vec![header("X-Evil", b"a\r\nX-Injected: 1\0\x85\xff"), header("", b""), header(" ", b"")],
            ..plain()
        },
        Exchange { headers: vec![header("Sp ace:\r\nName", "证书".as_bytes())], ..plain() },
        Exchange { ip: None, resolved_by: ResolvedBy::Proxy, ..plain() },
        Exchange { ip: Some("2001:db8::1".parse().unwrap()), truncated: Some(Truncated::Length), ..plain() },
        Exchange {
            tls_leaf_sha256: Some("ab".repeat(32)), tls_problem: Some("过期\r\n证书".to_owned()), ..plain()
        },
        Exchange {
            connection: Connection {
                exit: Some("http://10.0.0.2:3128\r\nX-Evil: 1".to_owned()),
                tls_version: Some("TLSv1.2".to_owned()),
                tls_chain: vec![b"no certificate".to_vec(), vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff], Vec::new()],
            },
            ..plain()
        },
    ];
    for coding in ["gzip", "deflate", "br", "zstd", "identity"] {
        let headers = vec![header("Content-Encoding", coding.as_bytes())];
        odd.push(Exchange { headers, body: b"\x1f\x8b\x08not what it says".to_vec(), ..plain() });
    }
    for n in odd.len()..200 {
        odd.push(exchange(&format!("http://cx.example.test/{n}"), &vec![b'x'; n * 37]));
    }
    odd
}

#[test]
fn a_capture_reads_back_as_it_was_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = store(dir.path());
    let kept = odd_exchanges();
    let captures = store.append(kept.iter().map(|e| encode(e, true)).collect()).unwrap();
    store.sync().unwrap();
    for (exchange, capture) in kept.iter().zip(&captures) {
        let back = read(dir.path(), &capture.warc, capture.offset, usize::MAX).unwrap();
        assert!(back.intact, "{}", exchange.url);
        assert_eq!(back.body, exchange.body);
        assert_eq!((back.status, back.time, back.ip), (exchange.status, exchange.time, exchange.ip));
        assert_eq!(back.truncated, exchange.truncated);
        let both = hashes(&back.body);
        assert_eq!((&both.sha256, Some(&both.sm3)), (&capture.sha256, capture.sm3.as_ref()));
        assert_eq!(back.payload_sha256.as_ref(), Some(&capture.sha256));
        let lengths: Vec<_> = back.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("content-length")).collect();
        assert_eq!(lengths.len(), 1, "{}", exchange.url);
        assert_eq!(lengths[0].1, exchange.body.len().to_string().into_bytes());
        assert!(back.headers.iter().all(|(n, _)| !n.eq_ignore_ascii_case("transfer-encoding") && n != "X-Injected"));
    }
    store.close().unwrap();
    check_files(dir.path());
}

#[test]
fn an_untrue_length_and_a_transfer_coding_are_kept_under_another_name() {
    let odd = Exchange {
        headers: vec![
            header("Transfer-Encoding", b"chunked"),
            header("Content-Length", b"99"),
            header("Server", b"nginx"),
        ],
        ..exchange("http://cx.example.test/", b"1234")
    };
    let dir = tempfile::tempdir().unwrap();
    let mut store = store(dir.path());
    let capture = store.append(vec![encode(&odd, false)]).unwrap().remove(0);
    let back = read(dir.path(), &capture.warc, capture.offset, 100).unwrap();
    let expected = vec![
        header("X-Jianzheng-Original-Transfer-Encoding", b"chunked"),
        header("X-Jianzheng-Original-Content-Length", b"99"),
        header("Server", b"nginx"),
        header("Content-Length", b"4"),
    ];
    assert_eq!(back.headers, expected);
}

#[test]
fn a_read_is_capped_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = store(dir.path());
    let long = encode(&exchange("http://cx.example.test/", &[b'a'; 5000]), false);
    let capture = store.append(vec![long]).unwrap().remove(0);
    let back = read(dir.path(), &capture.warc, capture.offset, 100).unwrap();
    assert_eq!((back.body.len(), back.body_cut, back.intact), (100, true, false));
}

#[test]
fn golden_a_plain_page_kept_through_a_direct_connection() {
    let encoded = encode(&exchange("http://cx.example.test/cx?id=1", b"<p>ok</p>"), true);
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(encoded.bytes.as_slice()), &mut text).unwrap();
    // Hashes in it come from coreutils' sha256sum and `openssl dgst -sm3`, not from this program.
    let golden = include_str!("golden/plain-page.warc.txt").replace('\n', "\r\n");
    assert_eq!(String::from_utf8(text).unwrap(), golden);
}

#[test]
fn the_same_exchange_gives_the_same_bytes() {
    let page = exchange("http://cx.example.test/", b"1");
    assert_eq!(encode(&page, true).bytes, encode(&page, true).bytes);
    let later = Exchange { time: "2026-12-05T01:00:01Z".parse().unwrap(), ..page.clone() };
    assert_ne!(encode(&page, true).bytes, encode(&later, true).bytes);
}

/// A process that is killed runs no destructor.
fn kill(store: WarcStore) {
    std::mem::forget(store);
}

fn file_in_hand_of_a_killed_process(dir: &Path, synced: bool) -> (Vec<u8>, Vec<Capture>) {
    let mut store = store(dir);
    let mut captures = Vec::new();
    for n in 0..3 {
        let small = exchange(&format!("http://cx.example.test/{n}"), b"<p>page</p>");
        captures.extend(store.append(vec![encode(&small, false)]).unwrap());
        if synced && n == 0 {
            store.sync().unwrap();
        }
    }
    kill(store);
    (fs::read(&warc_files(dir)[0]).unwrap(), captures)
}

#[test]
fn a_file_cut_at_any_byte_is_whole_again_after_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, _) = file_in_hand_of_a_killed_process(dir.path(), false);
    let file = warc_files(dir.path()).remove(0);
    let marker = fs::read(dir.path().join("warc/open-hits")).unwrap();
    fs::remove_file(dir.path().join("warc/open-hits")).unwrap();
    let ends: Vec<_> = Records::open(&file).unwrap().map(|r| r.map(|r| r.offset + r.length).unwrap()).collect();
    assert_eq!((ends.len(), ends.last()), (10, Some(&(whole.len() as u64))));
    for length in 0..=whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        fs::write(dir.path().join("warc/open-hits"), &marker).unwrap();
        let opened = store(dir.path());
        let kept = ends.iter().copied().rfind(|end| *end <= length as u64).unwrap_or(0);
        let now = fs::metadata(&file).map_or(0, |meta| meta.len());
        assert_eq!(now, kept, "cut at {length}");
        assert_eq!(opened.repaired().is_some(), kept != length as u64 || length == 0, "cut at {length}");
        if kept > 0 {
            assert_eq!(
                Records::open(&file).unwrap().filter(Result::is_ok).count() as u64,
                ends.iter().filter(|e| **e <= kept).count() as u64
            );
        }
    }
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    fs::write(dir.path().join("warc/open-hits"), &marker).unwrap();
    store(dir.path());
    check_files(dir.path());
}

#[test]
fn a_repair_never_touches_what_was_synced() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, captures) = file_in_hand_of_a_killed_process(dir.path(), true);
    let file = warc_files(dir.path()).remove(0);
    // A disk fault inside the synced part must not make the repair throw away what follows it.
    let mut rotten = whole.clone();
    rotten[captures[0].offset as usize + 20] ^= 0xff;
    let half = b"\x1f\x8b\x08 half a record";
    rotten.extend_from_slice(half);
    fs::write(&file, &rotten).unwrap();
    let opened = store(dir.path());
    assert_eq!(opened.repaired().unwrap().cut, half.len() as u64);
    assert_eq!(fs::read(&file).unwrap(), &rotten[..whole.len()]);
    assert!(read(dir.path(), &captures[1].warc, captures[1].offset, 100).unwrap().intact);
}

#[test]
fn without_a_readable_marker_the_torn_tail_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, _) = file_in_hand_of_a_killed_process(dir.path(), true);
    let file = warc_files(dir.path()).remove(0);
    fs::write(&file, [whole.as_slice(), b"tail"].concat()).unwrap();
    fs::write(dir.path().join("warc/open-hits"), "0000").unwrap();
    let opened = store(dir.path());
    let aside = opened.repaired().unwrap().set_aside.clone().unwrap();
    assert_eq!(fs::read(aside).unwrap(), b"tail");
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[test]
fn a_closed_file_needs_no_repair_and_each_start_begins_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let mut store = store(dir.path());
        assert_eq!(store.repaired(), None);
        store.append(vec![encode(&exchange("http://cx.example.test/", b"1"), false)]).unwrap();
    }
    assert_eq!(warc_files(dir.path()).len(), 3);
    store(dir.path()).close().unwrap();
    assert_eq!(warc_files(dir.path()).len(), 3, "a start without a capture leaves no empty file");
    check_files(dir.path());
}

#[test]
fn files_rotate_by_size_and_by_day() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = WarcStore::open(dir.path(), Series::Hits, origin(), 2000).unwrap();
    let page = exchange("http://cx.example.test/", b"1");
    let tomorrow = Exchange { time: "2026-12-06T00:00:00Z".parse().unwrap(), ..page.clone() };
    let mut group = vec![encode(&page, false); 6];
    group.push(encode(&tomorrow, false));
    let captures = store.append(group).unwrap();
    store.close().unwrap();
    for capture in &captures {
        assert!(read(dir.path(), &capture.warc, capture.offset, 10).unwrap().intact);
    }
    let last = &captures[6].warc;
    assert!(last.contains("20261206") && captures[..6].iter().all(|c| c.warc != *last));
    assert!(warc_files(dir.path()).len() > 2);
    check_files(dir.path());
}

#[test]
fn a_full_disk_takes_back_the_half_written_record() {
    // /dev/full stands for a disk without room; the file in hand is swapped for it, so that every write fails.
    let dir = tempfile::tempdir().unwrap();
    let mut store = store(dir.path());
    store.append(vec![encode(&exchange("http://cx.example.test/", b"1"), false)]).unwrap();
    let before = fs::metadata(&warc_files(dir.path())[0]).unwrap().len();
    assert!(store.swap_file_for_a_full_disk());
    let refused = store.append(vec![encode(&exchange("http://cx.example.test/2", b"2"), false)]);
    assert!(matches!(refused, Err(WarcError::Full { .. })), "{refused:?}");
    assert_eq!(fs::metadata(&warc_files(dir.path())[0]).unwrap().len(), before);
    kill(store);
    check_files(dir.path());
}

#[test]
fn a_place_outside_the_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for warc in
        ["../x.warc.gz", "warc/../x.warc.gz", "/etc/passwd", "warc/open-hits", "x.warc.gz", "warc/a/b.warc.gz", ""]
    {
        assert!(matches!(read(dir.path(), warc, 0, 10), Err(WarcError::Place(_))), "{warc}");
    }
}

#[test]
fn an_offset_that_is_no_record_is_an_error_not_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = store(dir.path());
    let capture = store.append(vec![encode(&exchange("http://cx.example.test/", b"1"), false)]).unwrap().remove(0);
    for offset in [0, capture.offset - 1, capture.offset + 1, capture.offset + capture.length, 1 << 40] {
        let refused = read(dir.path(), &capture.warc, offset, 10);
        assert!(matches!(refused, Err(WarcError::Record { .. })), "{offset}: {refused:?}");
    }
}

proptest! {
    #[test]
    fn any_exchange_reads_back_and_never_breaks_the_head(
        url in ".{0,60}", reason in ".{0,20}", status in 0u16..1000,
        headers in prop::collection::vec((".{0,12}", prop::collection::vec(any::<u8>(), 0..40)), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let odd = Exchange { status, reason, headers, ..exchange(&url, &body) };
        let encoded = encode(&odd, false);
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        let capture = store.append(vec![encoded]).unwrap().remove(0);
        let back = read(dir.path(), &capture.warc, capture.offset, usize::MAX).unwrap();
        prop_assert!(back.intact);
        prop_assert_eq!(back.body, body);
        prop_assert_eq!(back.status, status);
        let added = back.headers.len() - odd.headers.len();
        prop_assert!(added <= 1);
    }
}

#[test]
fn a_capture_is_lifted_whole_into_the_other_series() {
    let dir = tempfile::tempdir().unwrap();
    let origin = || Origin { software: "test".into(), notes: Vec::new() };
    let mut pages = WarcStore::open(dir.path(), Series::Pages, origin(), DEFAULT_FILE_BYTES).unwrap();
    let both =
        ["a", "b"].map(|name| encode(&exchange(&format!("http://cx.example.test/{name}"), name.as_bytes()), false));
    let kept = pages.append(both.to_vec()).unwrap();
    pages.close().unwrap();

    let lifted = lift(dir.path(), &kept[1]).unwrap();
    assert_eq!(lifted.bytes, both[1].bytes, "request, response and metadata, byte for byte");
    assert_eq!(lifted.sm3, Some(hashes(b"b").sm3));
    let mut hits = store(dir.path());
    let moved = hits.append(vec![lifted]).unwrap().remove(0);
    hits.close().unwrap();
    assert_eq!(read(dir.path(), &moved.warc, moved.offset, 100).unwrap().body, b"b");

    let wrong = Capture { sha256: "00".repeat(32), ..kept[0].clone() };
    assert!(lift(dir.path(), &wrong).is_err());
    check_files(dir.path());
}

#[test]
fn the_certificates_that_were_shown_are_records_of_their_own_and_go_with_the_capture() {
    let dir = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(vec!["cx.example.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    let chain = vec![made.der().to_vec(), b"another".to_vec()];
    let connection = Connection { tls_version: Some("TLSv1.3".to_owned()), tls_chain: chain.clone(), exit: None };
    let shown = Exchange { connection, ..exchange("https://cx.example.test/", b"1234") };
    let mut store = store(dir.path());
    let mut captures =
        store.append(vec![encode(&shown, true), encode(&exchange("http://b.test/", b"5"), true)]).unwrap();
    // Moved to another place, as the capture of a late hit is.
    store.sync().unwrap();
    captures.extend(store.append(vec![lift(dir.path(), &captures[0]).unwrap()]).unwrap());
    store.close().unwrap();
    check_files(dir.path());
    let file = &warc_files(dir.path())[0];
    let mut text = String::new();
    for capture in [&captures[0], &captures[2]] {
        let from = capture.offset - capture.before;
        let mut records = Records::open_at(file, from).unwrap().map(Result::unwrap);
        let kinds: Vec<String> = records.by_ref().take(5).map(|record| record.kind).collect();
        assert_eq!(kinds, ["request", "response", "metadata", "metadata", "metadata"]);
        let end = capture.offset + capture.length + capture.after;
        assert!(records.next().is_none_or(|next| next.offset == end), "what belongs to it ends with it");
        let bytes = fs::read(file).unwrap()[from as usize..end as usize].to_vec();
        std::io::Read::read_to_string(&mut LossyText(flate2::read::MultiGzDecoder::new(&*bytes)), &mut text).unwrap();
    }
    let fingerprint = hashes(&chain[0]).sha256;
    for (part, times) in [
        (format!("WARC-Block-Digest: sha256:{fingerprint}"), 1),
        (format!("tls_certificate_1_sha256: {fingerprint}"), 1),
        ("tls_certificate_1_not_before: 1975-01-01T00:00:00Z".to_owned(), 1),
        ("tls_version: TLSv1.3".to_owned(), 1),
        ("Content-Type: application/pkix-cert".to_owned(), 2),
        ("WARC-Refers-To: <urn:uuid:".to_owned(), 2),
    ] {
        assert_eq!(text.matches(&part).count(), 2 * times, "{part}, here and where it was moved to");
    }
    assert!(!text.contains("tls_certificate_2_subject"), "what cannot be read is kept and not described");
}

/// Bytes of a certificate are no text.
struct LossyText<R>(R);

impl<R: std::io::Read> std::io::Read for LossyText<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(into)?;
        into[..read].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        Ok(read)
    }
}

#[test]
fn what_a_browser_showed_stands_beside_the_response_it_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let mut warc = store(dir.path());
    let response = encode(&exchange("http://cx.example.test/cx", b"<script src=a.js></script>"), true);
    let rendering = Rendering {
        url: "http://cx.example.test/cx\r\nX: y",
        time: "2026-12-05T01:00:09Z".parse().unwrap(),
        response: &response.id.clone(),
        browser: "Chrome/156.0",
        notes: vec![("note".to_owned(), "弹窗\n一次".to_owned())],
    };
    let (html, png) = ("<p>低压电工证</p>".as_bytes(), b"\x89PNG\r\n\x1a\n\0\0");
    let captures = warc.append(vec![response, rendering.html(html, true), rendering.picture(png)]).unwrap();
    warc.sync().unwrap();
    warc.close().unwrap();
    check_files(dir.path());
    for (capture, body, kind) in
        [(&captures[1], html, "text/html; charset=utf-8"), (&captures[2], &png[..], "image/png")]
    {
        let stored = read(dir.path(), &capture.warc, capture.offset, 1 << 20).unwrap();
        assert!(stored.intact && stored.body == body && stored.status == 0, "{stored:?}");
        assert_eq!(stored.headers, [header("Content-Type", kind.as_bytes())]);
        assert_eq!((&hashes(body).sha256, Some(&hashes(body).sm3)), (&capture.sha256, capture.sm3.as_ref()));
        assert_eq!(lift(dir.path(), capture).unwrap().id, stored.id);
        let record =
            Records::open_at(&dir.path().join(&capture.warc), capture.offset).unwrap().next().unwrap().unwrap();
        assert_eq!(record.payload_sha256.as_ref(), Some(&capture.sha256));
    }
    let whole = fs::read(dir.path().join(&captures[1].warc)).unwrap();
    let mut text = String::new();
    let member = &whole[captures[1].offset as usize..];
    std::io::Read::read_to_string(&mut flate2::bufread::GzDecoder::new(member), &mut text).unwrap();
    let response = read(dir.path(), &captures[0].warc, captures[0].offset, 1 << 20).unwrap();
    assert!(text.contains("WARC-Type: conversion\r\n") && text.contains("WARC-Truncated: length\r\n"), "{text}");
    assert!(text.contains(&format!("WARC-Refers-To: {}\r\n", response.id)), "{text}");
}
