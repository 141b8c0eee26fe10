//! Trying whether a part could be built, without keeping it: for `doctor`.

use super::Program;
use crate::store::{Opts, Store, StoreError};

impl Program {
    /// Opens the store and lets go of it again.
    ///
    /// # Errors
    /// Why it cannot be opened; [`StoreError::Held`] where another process works with it.
    pub fn try_store(&self) -> Result<(), StoreError> {
        Store::open(&self.data, Opts::default()).map(drop)
    }
}
