//! Which URLs were ever candidates: a set of 64-bit fingerprints in memory.
//!
//! Keyed by numbers that only this store knows, so nobody outside can make two URLs look the same. Ten million take about
//! 150 MB. A set of strings would take ten times as much. Start at [`Seen::insert`].

use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher13;

/// The set.
pub(super) struct Seen {
    keys: (u64, u64),
    prints: hashbrown::HashSet<u64, BuildHasherDefault<AsIs>>,
}

impl Seen {
    pub(super) fn new(keys: (u64, u64)) -> Self {
        Self { keys, prints: hashbrown::HashSet::default() }
    }

    /// Remembers a URL; false where it was known.
    pub(super) fn insert(&mut self, url: &str) -> bool {
        let print = SipHasher13::new_with_keys(self.keys.0, self.keys.1).hash(url.as_bytes());
        self.prints.insert(print)
    }

    pub(super) fn contains(&self, url: &str) -> bool {
        self.prints.contains(&SipHasher13::new_with_keys(self.keys.0, self.keys.1).hash(url.as_bytes()))
    }

    pub(super) fn len(&self) -> usize {
        self.prints.len()
    }
}

/// A fingerprint is a hash already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, print: u64) {
        self.0 = print;
    }
}
