//! What the store keeps: one struct a table, written as a version byte and JSON.
//!
//! These types are the stored form and private to no one, but they are not the core's: the services convert. A field may be
//! added with `#[serde(default)]`; anything else needs a new version, whose predecessor `Record::older` still reads, and a
//! new sample under `tests/data/records`. Start at [`Hit`] and [`Page`].

/// A closed set of words that outsiders see, spelt the same on disk.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word, as CONTRACT.md spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The word's meaning, where it is one of these.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

mod baseline;
mod case;
mod digest;
mod hit;
mod host;
mod page;
mod pictures;
mod rendering;
mod round;
#[cfg(test)]
pub(super) mod samples;
pub(super) mod time;

pub use baseline::{Baseline, StoredPrints};
pub use case::{Case, CaseNote};
pub use digest::{Digest, DigestRow};
pub use hit::{Entities, Hit, KindScores, Label, Reason};
pub use host::{AuditRow, HostFacts, HostRound, MadeUp, PageText};
pub use page::{Capture, CopyTags, Kind, Look, Outcome, Page, Unchanged, Via};
pub use pictures::{Depicted, KeptPicture};
pub use rendering::Rendering;
pub use round::{Ask, NotLooked, Round};

pub(super) use digest::DigestRows;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    error::StoreError,
    tables::{Table, hex},
};

words! {
    /// What the last look at a hit found.
    HitState {
        /// Still there.
        Up = "up",
        /// There, but another text.
        Changed = "changed",
        /// Could not be looked at: a wall, a timeout, a TLS error.
        Unseen = "unseen",
        /// Gone, by two looks at least six hours apart.
        Gone = "gone",
        /// Was gone and is there again.
        Back = "back",
    }
}

words! {
    /// Where a case stands.
    CaseState {
        /// 新线索.
        New = "new",
        /// 待复核.
        Review = "review",
        /// 已确认.
        Confirmed = "confirmed",
        /// 处置中.
        Acting = "acting",
        /// 已关停.
        Closed = "closed",
        /// 已下架.
        Delisted = "delisted",
        /// 自行消失.
        Vanished = "vanished",
        /// 复活.
        Back = "back",
        /// 不予处理.
        Dismissed = "dismissed",
        /// 误报.
        Wrong = "wrong",
    }
}

words! {
    /// How far a digest's mail came.
    DigestState {
        /// Composed, not tried.
        Queued = "queued",
        /// Taken by the server, or in place in the outbox.
        Sent = "sent",
        /// Refused for now.
        Temporary = "temporary",
        /// Refused for good.
        Permanent = "permanent",
        /// Cut off after DATA: may or may not have arrived.
        Unknown = "unknown",
    }
}

impl CaseState {
    /// Whether somebody still has to act or watch for the first time.
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Review | Self::Confirmed | Self::Acting | Self::Back)
    }
}

/// A struct that is one table's row.
pub(super) trait Record: Serialize + DeserializeOwned {
    /// Its table.
    const TABLE: Table;
    /// What the first byte of a row says that this program writes.
    const VERSION: u8 = 1;

    /// Reads a row of an older version; `None`: there never was such a version.
    fn older(_version: u8, _body: &[u8]) -> Option<serde_json::Result<Self>> {
        None
    }
}

/// The row of a record.
pub(super) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    let mut row = Vec::with_capacity(512);
    row.push(R::VERSION);
    serde_json::to_writer(&mut row, record).map_err(|error| StoreError::Unreadable {
        table: R::TABLE.name(),
        key: String::new(),
        say: error.to_string(),
    })?;
    Ok(row)
}

/// The record of a row.
pub(super) fn decode<R: Record>(key: &[u8], row: &[u8]) -> Result<R, StoreError> {
    let table = R::TABLE.name();
    let unreadable = |say: String| StoreError::Unreadable { table, key: hex(key), say };
    let (&version, body) = row.split_first().ok_or_else(|| unreadable("空记录".to_owned()))?;
    let read = if version == R::VERSION { Some(serde_json::from_slice(body)) } else { R::older(version, body) };
    match read {
        Some(Ok(record)) => Ok(record),
        Some(Err(error)) => Err(unreadable(error.to_string())),
        None => Err(StoreError::Version { table, key: hex(key), version }),
    }
}
