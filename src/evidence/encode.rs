//! An exchange as WARC records: request, response, metadata and the certificates shown, each a gzip member of its own.
//!
//! Pure and without state that shows, so that the crawler's threads can compress while one thread appends. The head of the
//! response is rebuilt from parsed fields and says so: what would make it untrue of the stored body (Transfer-Encoding, a
//! Content-Length of something else) is kept under another name, bytes that could break the head are escaped, and the metadata
//! record lists both. Warcio's and jwarc's checks read the head as text, so nothing but printable ASCII may stand in it.

use std::{cell::RefCell, fmt::Write as _};

use flate2::{Compress, Compression, FlushCompress, Status};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;

use super::{Exchange, certificate};

/// The prefix under which header fields of the original are kept that would be untrue of the stored body.
pub(super) const ORIGINAL: &str = "X-Jianzheng-Original-";

/// One exchange, ready to be appended.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The gzip members, one after another.
    pub bytes: Vec<u8>,
    /// The name of the main record, a URN in angle brackets.
    pub id: String,
    /// SHA-256 of the body as stored, hex.
    pub sha256: String,
    /// SM3 of the body as stored, hex, where it was asked for.
    pub sm3: Option<String>,
    /// Where the main record's member (a response's, as a rule) begins in `bytes`.
    pub response_at: usize,
    /// How long that member is.
    pub response_len: usize,
    /// When the answer began.
    pub time: Timestamp,
}

/// Both hashes that an evidence package names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// Hex, lower case.
    pub sha256: String,
    /// Hex, lower case.
    pub sm3: String,
}

/// Both hashes of a body that was read back.
pub fn hashes(body: &[u8]) -> Hashes {
    Hashes { sha256: hex(&Sha256::digest(body)), sm3: hex(&Sm3::digest(body)) }
}

/// Turns an exchange into records. `with_sm3` costs four times a SHA-256: ask for it where a hit is likely.
pub fn encode(exchange: &Exchange, with_sm3: bool) -> Encoded {
    let body = exchange.body.as_slice();
    let payload = Sha256::digest(body);
    let sha256 = hex(&payload);
    let sm3 = with_sm3.then(|| hex(&Sm3::digest(body)));
    let url = target_uri(&exchange.url);
    let ids = RecordIds::of(exchange, &payload);
    let date = exchange.time.to_string();
    let mut bytes = Vec::with_capacity(body.len() / 2 + 1024);

    if !exchange.request_head.is_empty() {
        let block = request_block(&exchange.request_head);
        let mut head = RecordHead::new("request", &ids.request, &date);
        head.field("WARC-Target-URI", &url);
        head.field("WARC-Concurrent-To", &ids.response);
        head.field("Content-Type", "application/http; msgtype=request");
        member(&mut bytes, head, &[&block]);
    }

    let http = HttpHead::of(exchange);
    let response_at = bytes.len();
    let mut head = RecordHead::new("response", &ids.response, &date);
    head.field("WARC-Target-URI", &url);
    if let Some(ip) = exchange.ip {
        head.field("WARC-IP-Address", &ip.to_string());
    }
    if let Some(truncated) = exchange.truncated {
        head.field("WARC-Truncated", truncated.as_str());
    }
    head.field("WARC-Payload-Digest", &format!("sha256:{sha256}"));
    head.field("X-Jianzheng-Head", "reconstructed");
    head.field("Content-Type", "application/http; msgtype=response");
    member(&mut bytes, head, &[&http.bytes, body]);
    let response_len = bytes.len() - response_at;

    let block = metadata_block(exchange, &http, sm3.as_deref());
    let mut head = RecordHead::new("metadata", &ids.metadata, &date);
    head.field("WARC-Target-URI", &url);
    head.field("WARC-Concurrent-To", &ids.response);
    head.field("Content-Type", "application/warc-fields");
    member(&mut bytes, head, &[&block]);

    for (at, der) in exchange.connection.tls_chain.iter().enumerate() {
        // Bare DER (RFC 2585): the record's digest is then the fingerprint by which everybody knows the certificate.
        let id = uuid(&[ids.response.as_bytes(), b"certificate", &(at as u64).to_be_bytes()]);
        let mut head = RecordHead::new("metadata", &id, &date);
        head.field("WARC-Target-URI", &url);
        head.field("WARC-Refers-To", &ids.response);
        head.field("Content-Type", "application/pkix-cert");
        member(&mut bytes, head, &[der]);
    }

    Encoded { bytes, id: ids.response, sha256, sm3, response_at, response_len, time: exchange.time }
}

/// The record that opens each file: who wrote it, with what, under which conditions.
pub(super) fn warcinfo(file_name: &str, software: &str, notes: &[(String, String)], time: Timestamp) -> Vec<u8> {
    let mut block = Fields::default();
    block.add("software", software);
    block.add("format", "WARC File Format 1.1");
    block.add("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/");
    for (name, value) in notes {
        block.add(name, value);
    }
    let id = uuid(&[b"warcinfo", file_name.as_bytes(), time.to_string().as_bytes()]);
    let mut head = RecordHead::new("warcinfo", &id, &time.to_string());
    head.field("WARC-Filename", &one_line(file_name));
    head.field("Content-Type", "application/warc-fields");
    let mut bytes = Vec::new();
    member(&mut bytes, head, &[block.0.as_bytes()]);
    bytes
}

struct RecordIds {
    request: String,
    response: String,
    metadata: String,
}

impl RecordIds {
    /// Names made from the content: the same exchange gives the same records, and no randomness is needed.
    fn of(exchange: &Exchange, payload: &[u8]) -> Self {
        let time = exchange.time.as_nanosecond().to_be_bytes();
        let id = |role: &[u8]| uuid(&[role, exchange.url.as_bytes(), &time, payload]);
        Self { request: id(b"request"), response: id(b"response"), metadata: id(b"metadata") }
    }
}

/// A version 8 UUID (RFC 9562) over the parts, as a URN in angle brackets.
pub(super) fn uuid(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut id: [u8; 16] = [0; 16];
    id.copy_from_slice(&hasher.finalize()[..16]);
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    let h = hex(&id);
    format!("<urn:uuid:{}-{}-{}-{}-{}>", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

pub(super) struct RecordHead(String);

impl RecordHead {
    pub(super) fn new(kind: &str, id: &str, date: &str) -> Self {
        Self(format!("WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {id}\r\nWARC-Date: {date}\r\n"))
    }

    /// `value` must be one line already: everything that comes here has gone through [`one_line`] or [`target_uri`].
    pub(super) fn field(&mut self, name: &str, value: &str) {
        debug_assert!(!value.contains(['\r', '\n', '\0']), "a head must stay one line a field");
        let _ = write!(self.0, "{name}: {value}\r\n");
    }
}

/// Writes one record as one gzip member.
pub(super) fn member(out: &mut Vec<u8>, mut head: RecordHead, block: &[&[u8]]) {
    let mut hasher = Sha256::new();
    block.iter().for_each(|part| hasher.update(part));
    head.field("WARC-Block-Digest", &format!("sha256:{}", hex(&hasher.finalize())));
    let length: usize = block.iter().map(|part| part.len()).sum();
    head.field("Content-Length", &length.to_string());
    head.0.push_str("\r\n");
    let mut parts = vec![head.0.as_bytes()];
    parts.extend(block);
    parts.push(b"\r\n\r\n");
    gzip(out, &parts);
}

thread_local! {
    /// The state of a deflater is some 200 KB: made once a thread, reset for each member (PERFORMANCE.md).
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new_gzip(Compression::new(1), 15));
}

fn gzip(out: &mut Vec<u8>, parts: &[&[u8]]) {
    DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            let mut rest = *part;
            while !rest.is_empty() {
                out.reserve(rest.len() / 2 + 512);
                let before = deflate.total_in();
                let flush = if last { FlushCompress::Finish } else { FlushCompress::None };
                let status = deflate.compress_vec(rest, out, flush);
                // Deflating into memory cannot fail: the only error is a misuse of the stream, which this loop excludes.
                let status = status.expect("deflate state is reset before each member");
                rest = &rest[(deflate.total_in() - before) as usize..];
                if status == Status::StreamEnd {
                    return;
                }
            }
        }
        loop {
            out.reserve(512);
            let status = deflate.compress_vec(&[], out, FlushCompress::Finish).expect("see above");
            if status == Status::StreamEnd {
                return;
            }
        }
    });
}

/// The request as sent, closed by exactly one empty line so that a reader finds the end of the head.
fn request_block(head: &[u8]) -> Vec<u8> {
    let end = head.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |at| at + 1);
    let mut block = head[..end].to_vec();
    block.extend_from_slice(b"\r\n\r\n");
    block
}

/// The rebuilt head of a response and what had to be changed in it.
struct HttpHead {
    bytes: Vec<u8>,
    renamed: Vec<&'static str>,
    escaped: Vec<String>,
}

impl HttpHead {
    fn of(exchange: &Exchange) -> Self {
        let mut out = format!("HTTP/1.1 {:03}", exchange.status);
        let reason = one_line(&exchange.reason);
        if !reason.is_empty() {
            out.push(' ');
            escape_into(&mut out, reason.as_bytes(), |_| false);
        }
        out.push_str("\r\n");
        let (mut renamed, mut escaped) = (Vec::new(), Vec::new());
        let length = exchange.body.len().to_string();
        let mut has_length = false;
        for (name, value) in &exchange.headers {
            let same_length = value.trim_ascii() == length.as_bytes() && !has_length;
            let original = if name.eq_ignore_ascii_case("transfer-encoding") {
                Some("Transfer-Encoding")
            } else if name.eq_ignore_ascii_case("content-length") && !same_length {
                Some("Content-Length")
            } else {
                None
            };
            if let Some(original) = original {
                renamed.push(original);
                out.push_str(ORIGINAL);
                out.push_str(original);
            } else {
                has_length |= name.eq_ignore_ascii_case("content-length");
                let touched = escape_into(&mut out, name.as_bytes(), |b| !is_token(b));
                if name.is_empty() {
                    out.push_str("X-Jianzheng-Nameless");
                }
                if touched || name.is_empty() {
                    escaped.push(name.clone());
                }
            }
            out.push_str(": ");
            if escape_into(&mut out, value.trim_ascii(), |_| false) {
                escaped.push(name.clone());
            }
            out.push_str("\r\n");
        }
        if !has_length {
            let _ = write!(out, "Content-Length: {length}\r\n");
        }
        out.push_str("\r\n");
        escaped.dedup();
        Self { bytes: out.into_bytes(), renamed, escaped }
    }
}

/// Printable ASCII as it is, everything else and what `also` names as %XX. True if something was escaped.
fn escape_into(out: &mut String, bytes: &[u8], also: impl Fn(u8) -> bool) -> bool {
    let mut touched = false;
    for &b in bytes {
        if (b' '..=b'~').contains(&b) && !also(b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
            touched = true;
        }
    }
    touched
}

/// What RFC 9110 allows in a field's name.
fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// An address as WARC-Target-URI wants it: one word of printable ASCII.
pub(super) fn target_uri(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    escape_into(&mut out, url.trim().as_bytes(), |b| matches!(b, b' ' | b'<' | b'>'));
    out
}

/// Control characters as spaces, ends trimmed.
pub(super) fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// `name: value` lines (application/warc-fields).
#[derive(Default)]
pub(super) struct Fields(pub(super) String);

impl Fields {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        escape_into(&mut self.0, name.as_bytes(), |b| !is_token(b));
        let _ = write!(self.0, ": {}\r\n", one_line(value));
    }
}

fn metadata_block(exchange: &Exchange, http: &HttpHead, sm3: Option<&str>) -> Vec<u8> {
    let mut block = Fields::default();
    block.add("head", "reconstructed");
    for name in &http.renamed {
        block.add("head-renamed", &format!("{name} -> {ORIGINAL}{name}"));
    }
    for name in &http.escaped {
        let mut line = String::new();
        escape_into(&mut line, name.as_bytes(), |b| !is_token(b));
        block.add("head-escaped", &line);
    }
    block.add("resolved_by", exchange.resolved_by.as_str());
    block.add("vantage", &exchange.vantage);
    if let Some(leaf) = &exchange.tls_leaf_sha256 {
        block.add("tls_leaf_sha256", leaf);
    }
    if let Some(problem) = &exchange.tls_problem {
        block.add("tls_problem", problem);
    }
    let connection = &exchange.connection;
    for (name, value) in [("exit", &connection.exit), ("tls_version", &connection.tls_version)] {
        if let Some(value) = value {
            block.add(name, value);
        }
    }
    for (at, der) in connection.tls_chain.iter().enumerate() {
        let mut add = |what: &str, value: &str| block.add(&format!("tls_certificate_{}_{what}", at + 1), value);
        add("sha256", &hex(&Sha256::digest(der)));
        if let Some(read) = certificate::read(der) {
            add("subject", &read.subject);
            add("issuer", &read.issuer);
            add("not_before", &read.not_before);
            add("not_after", &read.not_after);
        }
    }
    if let Some(sm3) = sm3 {
        block.add("payload_sm3", sm3);
    }
    for (name, value) in &exchange.notes {
        block.add(name, value);
    }
    block.0.into_bytes()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}
