//! The baselines that pages are held against, read from the store once a round or a command.

use jianzheng_core::likeness::Baselines;

use super::{Opened, Program, StartError};
use crate::store::{Store, StoreError};

impl Program {
    /// The baselines kept in the store, for a command that needs nothing else of it. There are none where there is no store.
    ///
    /// # Errors
    /// Another process holds the store, or it cannot be read.
    pub fn baselines(&self) -> Result<Baselines, StartError> {
        if !self.data.join("store").is_dir() {
            return Ok(Baselines::default());
        }
        let read = Store::open(&self.data, self.store_opts()).and_then(|store| of(&store));
        read.map_err(|error| StartError::State(error.to_string()))
    }
}

impl Opened {
    /// The baselines as they stand now.
    pub(super) fn baselines(&self) -> Result<Baselines, StoreError> {
        of(&self.store)
    }
}

/// Those whose prints are of this program's making; `baseline list` names the others.
pub(super) fn of(store: &Store) -> Result<Baselines, StoreError> {
    let mut all = Vec::new();
    for kept in store.baselines() {
        all.extend(kept?.to_compare());
    }
    Ok(Baselines::new(all))
}
