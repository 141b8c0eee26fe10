//! One process at a time: the lock on DATA, which says who holds it.
//!
//! The kernel lets go of the lock when the process ends, however it ends; the file stays. Start at [`hold`].

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use super::error::StoreError;

/// Takes the lock for as long as the file lives, and writes our pid into it.
pub(super) fn hold(data: &Path) -> Result<File, StoreError> {
    let path = data.join("lock");
    let open = |error: io::Error| StoreError::Open { path: path.clone(), say: error.to_string() };
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(open)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // The holder writes its pid right after it took the lock: none is read only in between.
            let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(StoreError::Held { path: data.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(open(error)),
    }
    (|| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        file.sync_all()
    })()
    .map_err(open)?;
    Ok(file)
}
