//! Evidence: what a server answered, byte for byte, in WARC 1.1 files that outsiders' tools can read.
//!
//! An [`Exchange`] becomes an [`Encoded`] (pure, so that many threads can do it), [`WarcStore::append`] puts it behind what
//! is already kept, and [`WarcStore::sync`] makes it durable: only after that may a hit be acknowledged (DESIGN.md,
//! decision 7). [`Rendering`] makes records of what a browser showed. [`read`] gets one body back, [`Records`] walks a whole file and checks every digest.
//!
//! Nothing here changes what is already kept, masks, judges or talks to the network. Evidence is unmasked on purpose; what
//! leaves the house goes through the packages and the digest. Start at [`encode`], then at [`WarcStore`].

mod age;
mod certificate;
mod encode;
mod reader;
mod rendered;
mod repair;
mod writer;

use std::{net::IpAddr, path::PathBuf};

use jiff::Timestamp;

pub use self::{
    age::{Aged, aged, remove},
    encode::{Encoded, Hashes, encode, hashes},
    reader::{Digest, Record, Records, Stored, lift, read},
    rendered::Rendering,
    repair::Repair,
    writer::{Capture, DEFAULT_FILE_BYTES, Origin, WarcStore},
};

/// The folder below DATA in which all WARC files lie.
pub const WARC_DIR: &str = "warc";

/// Which row of files a capture belongs to: what accuses is kept apart from what may be thrown away one day, because a file
/// can only go as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Series {
    /// Pages that accuse somebody.
    Hits,
    /// All others.
    Pages,
}

impl Series {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hits, Self::Pages];

    /// The word in the names of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hits => "hits",
            Self::Pages => "pages",
        }
    }
}

/// One request and its answer, as the crawler saw them.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The address that was asked, unmasked.
    pub url: String,
    /// Request line and header fields as sent; empty when they are not known (then no request record is written).
    pub request_head: Vec<u8>,
    /// HTTP status code.
    pub status: u16,
    /// Reason phrase, often empty.
    pub reason: String,
    /// Header fields in the order received; values are raw bytes.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body: transfer coding removed, content coding kept.
    pub body: Vec<u8>,
    /// When the answer began.
    pub time: Timestamp,
    /// The address that answered, where it is known (behind a proxy it is not).
    pub ip: Option<IpAddr>,
    /// Who turned the name into an address.
    pub resolved_by: ResolvedBy,
    /// SHA-256 of the server's leaf certificate, hex.
    pub tls_leaf_sha256: Option<String>,
    /// Why that certificate would not have been trusted.
    pub tls_problem: Option<String>,
    /// Why the body is not whole.
    pub truncated: Option<Truncated>,
    /// What an expert must know besides: `robots=ignored`, `clock=set`, `ca_file=set` …
    pub notes: Vec<(String, String)>,
    /// From where it was looked at.
    pub vantage: String,
    /// How the connection came about.
    pub connection: Connection,
}

/// How the connection came about.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The proxy that was left by, without credentials.
    pub exit: Option<String>,
    /// `TLSv1.3` …
    pub tls_version: Option<String>,
    /// The certificates that the server showed (DER), its own first, where they are to be kept: a record each.
    pub tls_chain: Vec<Vec<u8>>,
}

/// Who turned the name into an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolvedBy {
    /// This program.
    Direct,
    /// The forward proxy.
    Proxy,
    /// Nobody: the bundled practice web answered.
    Practice,
}

impl ResolvedBy {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Proxy => "proxy",
            Self::Practice => "practice",
        }
    }
}

/// Why a body is not whole; the words are those of WARC-Truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncated {
    /// It reached our cap.
    Length,
    /// It took too long.
    Time,
    /// The peer went away.
    Disconnect,
    /// Something else.
    Unspecified,
}

impl Truncated {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Time => "time",
            Self::Disconnect => "disconnect",
            Self::Unspecified => "unspecified",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "length" => Self::Length,
            "time" => Self::Time,
            "disconnect" => Self::Disconnect,
            _ => Self::Unspecified,
        }
    }
}

/// What can go wrong with evidence files; the texts are for the person who runs the server.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// The disk (or a quota) is full. What was half written has been taken back.
    #[error("磁盘已满，证据没有写入 {}：请腾出空间后重试", file.display())]
    Full {
        /// The file that could not grow.
        file: PathBuf,
    },
    /// Any other failure of the file system.
    #[error("证据文件 {} 读写失败：{source}", file.display())]
    Io {
        /// Which file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The place asked for is no evidence file of ours.
    #[error("「{0}」不是证据文件的位置，应形如 warc/….warc.gz")]
    Place(String),
    /// There is no whole record at that offset.
    #[error("证据文件 {} 在第 {offset} 字节处没有完整的记录：{why}", file.display())]
    Record {
        /// Which file.
        file: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        why: String,
    },
}

impl WarcError {
    fn io(file: impl Into<PathBuf>, source: std::io::Error) -> Self {
        let file = file.into();
        if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
            Self::Full { file }
        } else {
            Self::Io { file, source }
        }
    }
}

#[cfg(test)]
mod tests;
