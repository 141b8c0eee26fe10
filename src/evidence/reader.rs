//! Reading evidence back: one response at an offset, or a whole file record by record with its digests checked.
//!
//! The files are ours, but disks rot and files are copied about: every length is capped before it is believed, a broken
//! member ends the walk with its offset, and a place that is not below `warc/` is refused.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    net::IpAddr,
    os::unix::fs::FileExt as _,
    path::{Component, Path, PathBuf},
};

use flate2::bufread::GzDecoder;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Capture, Encoded, Truncated, WARC_DIR, WarcError, encode::hex, hashes};

/// The longest record or HTTP head that is read; the crawler's own caps lie far below.
const MAX_HEAD: usize = 4 << 20;

/// Types of records that hold what a browser made of a page.
const MADE: [&str; 2] = ["conversion", "resource"];

/// The longest body that is lifted; the crawler's own cap lies far below.
const LONGEST: usize = 256 << 20;

/// A response as it was kept. The head is the rebuilt one (see the `encode` module). What a browser made of a page is read the same way:
/// it has no HTTP head, so its status is 0 and its only field is the type of the record's block.
#[derive(Clone, Debug)]
pub struct Stored {
    /// WARC-Record-ID.
    pub id: String,
    /// WARC-Target-URI: the address with what is not printable ASCII escaped.
    pub url: String,
    /// When the answer began.
    pub time: Timestamp,
    /// HTTP status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// Header fields.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body as stored (content coding kept), at most as long as the limit given.
    pub body: Vec<u8>,
    /// The body is longer than the limit given; nothing was checked then.
    pub body_cut: bool,
    /// Who answered.
    pub ip: Option<IpAddr>,
    /// Why the body was not whole when it was kept.
    pub truncated: Option<Truncated>,
    /// SHA-256 that the record claims for its body, hex.
    pub payload_sha256: Option<String>,
    /// Both digests of the record hold.
    pub intact: bool,
}

/// Whether a digest that a record claims is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// It is.
    Holds,
    /// It is not: the bytes were changed.
    Broken,
    /// The record claims none.
    Absent,
}

/// One record met while walking a file.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where its gzip member begins.
    pub offset: u64,
    /// How long that member is.
    pub length: u64,
    /// WARC-Type.
    pub kind: String,
    /// WARC-Target-URI.
    pub url: Option<String>,
    /// Digest of the whole block.
    pub block: Digest,
    /// Digest of the payload (responses only).
    pub payload: Digest,
    /// SHA-256 of the payload of a response, or of the block of what a browser made, hex.
    pub payload_sha256: Option<String>,
}

/// Reads the response at `offset` of the file `warc` (as a [`super::Capture`] names it), its body up to `limit` bytes.
pub fn read(data_dir: &Path, warc: &str, offset: u64, limit: usize) -> Result<Stored, WarcError> {
    let path = place(data_dir, warc)?;
    let mut file = File::open(&path).map_err(|e| WarcError::io(&path, e))?;
    file.seek(SeekFrom::Start(offset)).map_err(|e| WarcError::io(&path, e))?;
    response(&mut BufReader::new(file), limit).map_err(|e| match e.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => {
            WarcError::Record { file: path, offset, why: e.to_string() }
        }
        _ => WarcError::io(path, e),
    })
}

/// Reads a capture with the request and metadata around it as it was written, to be appended to another file: its body is held
/// against its hash, and SM3 is taken.
///
/// # Errors
/// It is not there, or not what it says.
pub fn lift(data_dir: &Path, capture: &Capture) -> Result<Encoded, WarcError> {
    let stored = read(data_dir, &capture.warc, capture.offset, LONGEST)?;
    let path = place(data_dir, &capture.warc)?;
    let wrong = |why: &str| WarcError::Record { file: path.clone(), offset: capture.offset, why: why.to_owned() };
    let hashes = hashes(&stored.body);
    if hashes.sha256 != capture.sha256 {
        return Err(wrong("原文的 SHA-256 和记录的不同"));
    }
    let from = capture.offset.checked_sub(capture.before).ok_or_else(|| wrong("位置不对"))?;
    let whole = capture.before + capture.length + capture.after;
    let mut bytes = vec![0; usize::try_from(whole).map_err(|_| wrong("太长"))?];
    File::open(&path).and_then(|file| file.read_exact_at(&mut bytes, from)).map_err(|e| WarcError::io(&path, e))?;
    Ok(Encoded {
        bytes,
        id: stored.id,
        sha256: hashes.sha256,
        sm3: Some(hashes.sm3),
        response_at: capture.before as usize,
        response_len: capture.length as usize,
        time: capture.time,
    })
}

/// Only `warc/NAME.warc.gz` is a place; a stored string must never lead elsewhere.
fn place(data_dir: &Path, warc: &str) -> Result<PathBuf, WarcError> {
    let parts: Vec<_> = Path::new(warc).components().collect();
    match parts.as_slice() {
        [Component::Normal(folder), Component::Normal(name)]
            if *folder == WARC_DIR && name.to_str().is_some_and(|name| name.ends_with(".warc.gz")) =>
        {
            Ok(data_dir.join(WARC_DIR).join(name))
        }
        _ => Err(WarcError::Place(warc.to_owned())),
    }
}

fn response(file: &mut impl BufRead, limit: usize) -> io::Result<Stored> {
    let mut record = Member::open(file)?;
    let kind = record.head.get("WARC-Type").unwrap_or_default().to_owned();
    let mut block = Sha256::new();
    let http = match kind.as_str() {
        "response" => record.http_head(&mut block)?,
        kind if MADE.contains(&kind) => {
            let kind = record.head.get("Content-Type").unwrap_or_default().as_bytes().to_vec();
            HttpHead { status: 0, reason: String::new(), fields: Fields(vec![("Content-Type".to_owned(), kind)]) }
        }
        _ => return Err(invalid("记录不是 response")),
    };
    let mut body = Vec::new();
    let wanted = record.left.min(limit as u64);
    record.block(wanted, |bytes| {
        block.update(bytes);
        body.extend_from_slice(bytes);
    })?;
    let body_cut = record.left > 0;
    let payload = format!("sha256:{}", hex(&Sha256::digest(&body)));
    let claimed = record.head.get("WARC-Payload-Digest");
    let mut intact = false;
    if !body_cut {
        let block = format!("sha256:{}", hex(&block.finalize()));
        // The block of what was made is its payload.
        let payload_holds = claimed == Some(payload.as_str()) || (claimed.is_none() && MADE.contains(&kind.as_str()));
        intact = payload_holds && record.head.get("WARC-Block-Digest") == Some(block.as_str());
    }
    let time = record.head.get("WARC-Date").and_then(|date| date.parse().ok());
    let stored = Stored {
        id: record.head.get("WARC-Record-ID").unwrap_or_default().to_owned(),
        url: record.head.get("WARC-Target-URI").unwrap_or_default().to_owned(),
        time: time.ok_or_else(|| invalid("WARC-Date 不可读"))?,
        status: http.status,
        reason: http.reason,
        headers: http.fields.0,
        body,
        body_cut,
        ip: record.head.get("WARC-IP-Address").and_then(|ip| ip.parse().ok()),
        truncated: record.head.get("WARC-Truncated").map(Truncated::from_word),
        payload_sha256: claimed.and_then(|c| c.strip_prefix("sha256:")).map(str::to_owned),
        intact,
    };
    if !body_cut {
        record.finish()?;
    }
    Ok(stored)
}

/// Walks a file from a record's beginning. After the first error the walk is over.
pub struct Records {
    path: PathBuf,
    file: Counted<BufReader<File>>,
    over: bool,
}

impl Records {
    /// Walks the whole file.
    pub fn open(path: &Path) -> Result<Self, WarcError> {
        Self::open_at(path, 0)
    }

    /// Walks from `offset`, where a record begins.
    pub fn open_at(path: &Path, offset: u64) -> Result<Self, WarcError> {
        let mut file = File::open(path).map_err(|e| WarcError::io(path, e))?;
        file.seek(SeekFrom::Start(offset)).map_err(|e| WarcError::io(path, e))?;
        let file = Counted { inner: BufReader::with_capacity(1 << 16, file), at: offset };
        Ok(Self { path: path.to_owned(), file, over: false })
    }

    fn step(&mut self) -> io::Result<Option<Record>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let offset = self.file.at;
        let mut record = Member::open(&mut self.file)?;
        let mut block = Sha256::new();
        let mut payload = None;
        if record.head.get("WARC-Type") == Some("response") {
            record.http_head(&mut block)?;
            payload = Some(Sha256::new());
        }
        let all = record.left;
        record.block(all, |bytes| {
            block.update(bytes);
            if let Some(payload) = &mut payload {
                payload.update(bytes);
            }
        })?;
        let payload = payload.map(|payload| hex(&payload.finalize()));
        let check = |name: &str, found: Option<&str>| match (record.head.get(name), found) {
            (Some(claimed), Some(found)) if claimed.strip_prefix("sha256:") == Some(found) => Digest::Holds,
            (Some(_), Some(_)) => Digest::Broken,
            _ => Digest::Absent,
        };
        let block = hex(&block.finalize());
        let made = record.head.get("WARC-Type").is_some_and(|kind| MADE.contains(&kind));
        let found = Record {
            offset,
            length: 0,
            kind: record.head.get("WARC-Type").unwrap_or_default().to_owned(),
            url: record.head.get("WARC-Target-URI").map(str::to_owned),
            block: check("WARC-Block-Digest", Some(&block)),
            payload: check("WARC-Payload-Digest", payload.as_deref()),
            payload_sha256: payload.or(made.then_some(block)),
        };
        record.finish()?;
        Ok(Some(Record { length: self.file.at - offset, ..found }))
    }
}

impl Iterator for Records {
    type Item = Result<Record, WarcError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let offset = self.file.at;
        match self.step() {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => {
                self.over = true;
                None
            }
            Err(e) => {
                self.over = true;
                let file = self.path.clone();
                Some(Err(match e.kind() {
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => {
                        WarcError::Record { file, offset, why: e.to_string() }
                    }
                    _ => WarcError::io(file, e),
                }))
            }
        }
    }
}

/// One gzip member being read: its record head is parsed, `left` bytes of the block are still to come.
struct Member<R> {
    gzip: BufReader<GzDecoder<R>>,
    head: Fields,
    left: u64,
}

impl<R: BufRead> Member<R> {
    fn open(file: R) -> io::Result<Self> {
        let mut gzip = BufReader::new(GzDecoder::new(file));
        let lines = head_lines(&mut gzip, MAX_HEAD)?;
        let text = String::from_utf8(lines).map_err(|_| invalid("记录头不是文本"))?;
        let mut lines = text.lines();
        if lines.next() != Some("WARC/1.1") {
            return Err(invalid("不是 WARC/1.1 记录"));
        }
        let head = Fields::parse(lines);
        let left = head.get("Content-Length").and_then(|n| n.parse().ok());
        let left = left.ok_or_else(|| invalid("记录头没有可读的 Content-Length"))?;
        Ok(Self { gzip, head, left })
    }

    /// The HTTP head that opens the block of a response.
    fn http_head(&mut self, block: &mut Sha256) -> io::Result<HttpHead> {
        let cap = self.left.min(MAX_HEAD as u64) as usize;
        let bytes = head_lines(&mut (&mut self.gzip).take(self.left), cap)?;
        self.left -= bytes.len() as u64;
        block.update(&bytes);
        let text = String::from_utf8(bytes).map_err(|_| invalid("HTTP 头不是文本"))?;
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().splitn(3, ' ');
        let status = words.nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| invalid("HTTP 状态行不可读"))?;
        Ok(HttpHead { status, reason: words.next().unwrap_or_default().to_owned(), fields: Fields::parse(lines) })
    }

    fn block(&mut self, wanted: u64, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut wanted = wanted;
        while wanted > 0 {
            let bytes = self.gzip.fill_buf()?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = bytes.len().min(usize::try_from(wanted).unwrap_or(usize::MAX));
            each(&bytes[..taken]);
            self.gzip.consume(taken);
            wanted -= taken as u64;
            self.left -= taken as u64;
        }
        Ok(())
    }

    /// The record must end with its two empty lines and the member with it; reading on also checks gzip's own checksum.
    fn finish(mut self) -> io::Result<()> {
        let mut end = [0; 4];
        self.gzip.read_exact(&mut end)?;
        if &end != b"\r\n\r\n" || self.gzip.read(&mut [0])? != 0 {
            return Err(invalid("记录的长度与记录头不符"));
        }
        Ok(())
    }
}

struct HttpHead {
    status: u16,
    reason: String,
    fields: Fields,
}

struct Fields(Vec<(String, Vec<u8>)>);

impl Fields {
    fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let field =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        Self(lines.filter_map(field).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).and_then(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// Lines up to and with the empty one.
fn head_lines(from: &mut impl BufRead, cap: usize) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    loop {
        let before = lines.len();
        from.by_ref().take((cap - before) as u64).read_until(b'\n', &mut lines)?;
        match &lines[before..] {
            b"\r\n" => return Ok(lines),
            line if line.ends_with(b"\n") => {}
            _ if lines.len() >= cap => return Err(invalid("记录头过长")),
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Knows how far it has read: a gzip decoder over [`BufRead`] takes not one byte more than its member.
struct Counted<R> {
    inner: R,
    at: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.inner.consume(n);
        self.at += n as u64;
    }
}
