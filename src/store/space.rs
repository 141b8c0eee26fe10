//! Room on the disk: how much is left, and a ballast that can be thrown off for the last small records.
//!
//! A database that runs out of room in the middle of a write is broken until it is opened again, so room is looked at before
//! each group and the group refused while there is still some. Start at [`Space::admit`].

use std::{
    cell::Cell,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::error::StoreError;

/// Beyond the bytes of a group: a new segment of the database, twice.
const SLACK: u64 = 16 << 20;

/// Tells how many bytes are free for us where a path lies.
pub type FreeSpace = fn(&Path) -> io::Result<u64>;

/// What the file system says.
pub(super) fn free_space(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// The writer's view of the disk.
pub(super) struct Space {
    folder: PathBuf,
    ballast: PathBuf,
    ballast_bytes: u64,
    floor: u64,
    free: FreeSpace,
    /// Whether the ballast may be missing.
    light: Cell<bool>,
}

impl Space {
    pub(super) fn new(folder: &Path, floor: u64, ballast_bytes: u64, free: FreeSpace) -> Self {
        Self {
            folder: folder.to_owned(),
            ballast: folder.join("ballast"),
            ballast_bytes,
            floor,
            free,
            light: Cell::new(true),
        }
    }

    /// Whether a group of so many bytes may be written. `bulk` is what can wait: new captures and candidates.
    pub(super) fn admit(&self, bytes: u64, bulk: bool) -> Result<(), StoreError> {
        let free = self.free()?;
        let need = bytes.saturating_mul(3) + SLACK;
        if bulk && free < self.floor.max(need) {
            return Err(self.full(free, self.floor.max(need)));
        }
        if free >= need {
            return Ok(());
        }
        let _ = fs::remove_file(&self.ballast);
        self.light.set(true);
        let free = self.free()?;
        // The slack is what a group may take at worst; small records seldom do, and are worth the try.
        if free >= bytes.saturating_mul(3) + SLACK / 2 { Ok(()) } else { Err(self.full(free, need)) }
    }

    /// Puts the ballast back where it is missing and there is room again.
    pub(super) fn restore_ballast(&self) {
        if self.ballast_bytes == 0 || !self.light.get() {
            return;
        }
        let there = fs::metadata(&self.ballast).is_ok_and(|meta| meta.len() == self.ballast_bytes);
        let room = || self.free().is_ok_and(|free| free > self.floor.max(SLACK) + 2 * self.ballast_bytes);
        if !there && room() {
            match self.write_ballast() {
                Ok(()) => self.light.set(false),
                Err(error) => {
                    tracing::debug!(%error, "no ballast");
                    let _ = fs::remove_file(&self.ballast);
                }
            }
        } else {
            self.light.set(!there);
        }
    }

    fn write_ballast(&self) -> io::Result<()> {
        // Written, not only reserved: some file systems take back what was only reserved.
        let mut file = File::create(&self.ballast)?;
        let block = vec![0xA5; 1 << 16];
        let mut left = self.ballast_bytes;
        while left > 0 {
            let part = left.min(block.len() as u64);
            file.write_all(&block[..part as usize])?;
            left -= part;
        }
        Ok(())
    }

    fn free(&self) -> Result<u64, StoreError> {
        (self.free)(&self.folder)
            .map_err(|error| StoreError::Broken { say: format!("查不到剩余空间：{error}") })
    }

    fn full(&self, free: u64, need: u64) -> StoreError {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        StoreError::Full {
            say: format!("{} 剩余 {} MiB，需要 {} MiB", self.folder.display(), mib(free), mib(need))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_stop_at_the_floor_and_small_records_go_on_until_the_ballast_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let space = |free| Space::new(folder.path(), 100 << 20, 1 << 20, free);
        space(|_| Ok(1 << 40)).restore_ballast();
        let ballast = folder.path().join("ballast");
        assert_eq!(fs::metadata(&ballast).unwrap().len(), 1 << 20);
        assert!(space(|_| Ok(1 << 40)).admit(1000, true).is_ok());
        assert!(matches!(space(|_| Ok(50 << 20)).admit(1000, true), Err(StoreError::Full { .. })));
        assert!(space(|_| Ok(50 << 20)).admit(1000, false).is_ok());
        assert!(ballast.exists());
        assert!(space(|_| Ok(9 << 20)).admit(1000, false).is_ok());
        assert!(!ballast.exists(), "thrown off");
        assert!(matches!(space(|_| Ok(1 << 20)).admit(1000, false), Err(StoreError::Full { .. })));
        space(|_| Ok(1 << 20)).restore_ballast();
        assert!(!ballast.exists(), "no room for it yet");
    }
}
