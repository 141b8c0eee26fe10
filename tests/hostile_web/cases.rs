//! The cases: what a host answers to `/`, and what has to become of it.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::filler;
use super::loopback::{Reply, html, redirect, with};

/// What has to become of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It counts as not looked at, under this code.
    Failed(&'static str),
    /// It came, with this status, and was judged so (empty: nothing to judge came).
    Judged(u16, &'static str),
}
use End::{Failed, Judged};

pub const SELLER: End = Judged(200, "seller");

/// A seller's page. What makes it one comes first, so that a part of it is enough.
pub fn offer() -> String {
    format!("<!DOCTYPE html><html><head><meta charset=utf-8><title>办证</title></head><body>{}", filler::OFFER)
}

/// The head of a good answer without a length, and the seller's page behind it.
fn opened(fields: &str) -> Arc<[u8]> {
    let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{fields}\r\n{}", offer()).into_bytes().into()
}

fn raw(bytes: impl AsRef<[u8]>) -> Reply {
    Reply::Bytes(bytes.as_ref().into())
}

fn coded(coding: &str, body: &[u8]) -> Reply {
    with("200 OK", &format!("Content-Type: text/html; charset=utf-8\r\nContent-Encoding: {coding}"), body)
}

/// The offer, then spaces that no page needs.
fn bomb() -> Vec<u8> {
    let mut page = offer().into_bytes();
    page.resize(64 << 20, b' ');
    page
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = GzEncoder::new(Vec::new(), Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut coder = ZlibEncoder::new(Vec::new(), Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut coder = DeflateEncoder::new(Vec::new(), Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// RFC 7932 by hand: 22 bytes for each 16 MiB of the letter A, as in the unit tests of the decoder.
fn brotli(blocks: usize) -> Vec<u8> {
    let fields: &[(u64, u32)] = &[
        (0, 1),
        (2, 2),
        ((1 << 24) - 1, 24),
        (0, 1),
        (0, 1),
        (0, 1),
        (0, 1),
        (0, 2),
        (0, 4),
        (0, 2),
        (0, 1),
        (0, 1),
        (1, 2),
        (0, 2),
        (u64::from(b'A'), 8),
        (1, 2),
        (0, 2),
        (399, 10),
        (1, 2),
        (0, 2),
        (16, 6),
        ((1 << 24) - 1 - 2118, 24),
        (0, 1),
    ];
    let mut bits = vec![false];
    for &(value, width) in fields.iter().cycle().take(fields.len() * blocks).chain(&[(3, 2)]) {
        bits.extend((0..width).map(|at| value >> at & 1 == 1));
    }
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, &bit| sum << 1 | u8::from(bit))).collect()
}

/// A name, what its host answers to `/`, and what has to become of that.
pub type Case = (&'static str, Reply, End);

pub fn heads() -> Vec<Case> {
    let line = Duration::from_millis(1);
    let slow = Duration::from_millis(100);
    let head: Arc<[u8]> = b"HTTP/1.1 200 OK\r\nX: ".as_slice().into();
    let body = offer();
    let fold = format!("HTTP/1.1 200 OK\r\nX-Fold: a\r\n b\r\n\tc\r\nContent-Type: text/html\r\n\r\n{body}");
    let two = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nContent-Length: 9000\r\n\r\n{body}"
    );
    let smuggled = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    vec![
        (
            "head-endless",
            Reply::Again(b"HTTP/1.1 200 OK\r\n".as_slice().into(), b"X: a\r\n".repeat(500).into(), line),
            Failed("header-too-large"),
        ),
        ("head-one-field", raw([&head[..], &vec![b'a'; 200_000], b"\r\n\r\n"].concat()), Failed("header-too-large")),
        (
            "head-many-fields",
            raw(format!("HTTP/1.1 200 OK\r\n{}\r\n{body}", "X: a\r\n".repeat(3000))),
            Failed("header-too-large"),
        ),
        (
            "head-cookies",
            with("200 OK", "Set-Cookie: a=b; Path=/; Domain=example\r\n".repeat(150).trim_end(), b""),
            Judged(200, ""),
        ),
        ("head-drip", Reply::Again(Arc::clone(&head), b"a".as_slice().into(), slow), Failed("timeout-head")),
        ("head-never", Reply::Silence(Arc::default()), Failed("timeout-head")),
        ("head-half", Reply::Silence(head), Failed("timeout-head")),
        (
            "head-continues",
            Reply::Again(Arc::default(), b"HTTP/1.1 100 Continue\r\n\r\n".as_slice().into(), line),
            Failed("timeout-head"),
        ),
        ("head-empty", raw(""), Failed("broken")),
        ("head-nul", raw(format!("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n{body}")), Failed("broken")),
        ("head-status", raw(format!("HTTP/1.1 20x OK\r\n\r\n{body}")), Failed("broken")),
        ("head-http09", raw(&body), Failed("broken")),
        ("head-ssh", raw("SSH-2.0-OpenSSH_9.9\r\n"), Failed("broken")),
        ("head-two-lengths", raw(two), SELLER),
        (
            "head-minus",
            raw(format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: -5\r\n\r\n{body}")),
            SELLER,
        ),
        ("head-fold", raw(fold), SELLER),
        ("head-smuggled", raw(smuggled), SELLER),
        ("head-status-999", with("999 Odd", "Content-Type: text/html", body.as_bytes()), Judged(999, "seller")),
        ("head-location", redirect(&format!("/{}", "x".repeat(20_000))), Failed("bad-redirect")),
    ]
}

pub fn bodies() -> Vec<Case> {
    let body = offer();
    let fast = vec![b'x'; 60_000].into();
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\nzz\r\nbad",
        body.len()
    );
    let kind = |kind: &str, body: &[u8]| with("200 OK", &format!("Content-Type: {kind}"), body);
    let gbk = encoding_rs::GBK.encode(&body.replace("<meta charset=utf-8>", "")).0.into_owned();
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(body.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\0\0\0".as_slice();
    vec![
        ("body-stops", Reply::Silence(opened("")), SELLER),
        ("body-drip", Reply::Again(opened(""), b"x".as_slice().into(), Duration::from_millis(50)), SELLER),
        ("body-endless", Reply::Again(opened(""), fast, Duration::ZERO), SELLER),
        ("body-short", raw(opened("Content-Length: 100000")), SELLER),
        ("body-huge-length", raw(opened("Content-Length: 18446744073709551000")), SELLER),
        ("body-bad-chunk", raw(chunks), SELLER),
        ("code-gzip", coded("gzip", &gzip(&bomb())), SELLER),
        ("code-zlib", coded("deflate", &zlib(&bomb())), SELLER),
        ("code-deflate", coded("deflate", &deflate(&bomb())), SELLER),
        ("code-zstd", coded("zstd", &zstd(&bomb())), SELLER),
        ("code-br", coded("br", &brotli(64)), Judged(200, "benign")),
        ("code-gzip-gzip", coded("gzip, gzip", &gzip(&gzip(&bomb()))), SELLER),
        ("code-three", coded("zstd, deflate, gzip", &gzip(&zlib(&zstd(body.as_bytes())))), SELLER),
        ("code-five", coded("gzip,gzip,gzip,gzip,gzip", body.as_bytes()), SELLER),
        ("code-none", coded("gzip", body.as_bytes()), SELLER),
        ("code-unknown", coded("x-own", body.as_bytes()), SELLER),
        ("code-cut", coded("gzip", &gzip(body.as_bytes())[..200]), SELLER),
        ("type-image", kind("image/png", body.as_bytes()), Judged(200, "")),
        ("type-none", with("200 OK", "", body.as_bytes()), SELLER),
        ("type-stream", kind("application/octet-stream", body.as_bytes()), SELLER),
        ("type-picture-as-page", kind("text/html", png), Judged(200, "benign")),
        ("type-picture-bomb", kind("image/png", png), Judged(200, "")),
        ("charset-lies", kind("text/html; charset=gbk", body.as_bytes()), SELLER),
        ("charset-silent", kind("text/html", &gbk), SELLER),
        ("charset-made-up", kind("text/html; charset=x-nonsense", body.as_bytes()), SELLER),
        ("charset-wide", kind("text/html; charset=utf-8", &wide), SELLER),
        ("nul-between", kind("text/html", body.replace('，', "，\0").as_bytes()), SELLER),
        ("nul-only", kind("text/html", &vec![0; 500_000]), Judged(200, "benign")),
    ]
}

/// Pages that are hard to read, or lead to too much.
pub fn floods() -> Vec<Case> {
    let page = |more: &str| html(&(offer() + more));
    let links: String = (0..40_000).map(|n| format!("<a href=/l{n}>{n}</a>")).collect();
    let hosts: String = (0..20_000).map(|n| format!("<a href=//h{n}.flood.example/>x</a>")).collect();
    let pictures: String = (0..3_000).map(|n| format!("<img src=/p{n}.png>")).collect();
    let frames: String = (0..3_000).map(|n| format!("<iframe src=/f{n}></iframe>")).collect();
    vec![
        ("flood-links", page(&links), SELLER),
        ("flood-hosts", page(&hosts), SELLER),
        ("flood-pictures", page(&pictures), SELLER),
        ("flood-frames", page(&frames), SELLER),
        ("deep", page(&"<div>".repeat(100_000)), SELLER),
        ("deep-lists", page(&"<ul><li>".repeat(60_000)), SELLER),
        ("deep-formats", page(&"<p><font color=i>".repeat(20_000)), SELLER),
        ("attributes", page(&format!("<p {}>", (0..60_000).map(|n| format!("a{n}=1 ")).collect::<String>())), SELLER),
        ("comment", page(&format!("<!--{}", "-".repeat(800_000))), SELLER),
        ("script", page(&format!("<script>{}", "</scrip".repeat(100_000))), SELLER),
        ("entities", page(&"&CounterClockwiseContourIntegral;&#x1F600&amp".repeat(10_000)), SELLER),
        ("one-word", page(&"啊".repeat(250_000)), SELLER),
        ("refresh", page("<meta http-equiv=refresh content='0;url=/'>"), SELLER),
    ]
}
