//! The folder a browser works in: fresh, ours alone, gone when the browser is.
//!
//! Named beyond guessing below the system's temporary folder, with the owner written in, so that what a killed program left is found
//! and swept at the next start. It must not hold anything that is evidence. Start at [`Profile::new`].

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::process::{self, Process};

/// How the folders' names begin.
const PREFIX: &str = "jianzheng-render-";
/// The file that names the owner.
const OWNER: &str = "owner";
/// Folders that one sweep looks at.
const SWEPT: usize = 1000;

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Profile {
    path: PathBuf,
}

impl Profile {
    /// Makes one below `folder`.
    pub(super) fn new(folder: &Path) -> io::Result<Profile> {
        // Short, because the browser puts a socket below it, whose whole path may have 107 bytes.
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(io::Error::other)?;
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("{PREFIX}{name}"));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        let profile = Profile { path };
        if let Some(own) = Process::own() {
            fs::write(profile.path.join(OWNER), format!("{} {}", own.pid, own.started))?;
        }
        Ok(profile)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes a folder in which processes that are being ended may still write for a moment.
fn remove(path: &Path) {
    for _ in 0..100 {
        match fs::remove_dir_all(path) {
            Ok(()) => return,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    tracing::warn!(folder = %path.display(), "a browser's folder could not be removed; the next start tries again");
}

/// Ends browsers and removes folders whose owner was killed. Touches nothing that is not this user's own.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| is_profile(path)).take(SWEPT) {
        let own = fs::symlink_metadata(&path)
            .is_ok_and(|facts| facts.is_dir() && facts.uid() == rustix::process::geteuid().as_raw());
        if own && is_left(&path) {
            process::end_those_of(&path);
            remove(&path);
        }
    }
}

/// Nobody works there any more. A folder without an owner may be a moment old: it is left alone for a while.
fn is_left(path: &Path) -> bool {
    const MOMENT: Duration = Duration::from_secs(60);
    match owner(path) {
        Some(owner) => !owner.is_alive(),
        None => fs::metadata(path)
            .and_then(|facts| facts.modified())
            .is_ok_and(|made| made.elapsed().is_ok_and(|age| age > MOMENT)),
    }
}

fn is_profile(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX))
}

fn owner(path: &Path) -> Option<Process> {
    let text = fs::read_to_string(path.join(OWNER)).ok()?;
    let (pid, started) = text.split_once(' ')?;
    Some(Process { pid: pid.parse().ok()?, started: started.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_what_nobody_owns_and_leaves_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Profile::new(folder.path()).unwrap();
        let dead = folder.path().join(format!("{PREFIX}dead"));
        fs::create_dir(&dead).unwrap();
        // This process's number, but of another start.
        fs::write(dead.join(OWNER), format!("{} 1", std::process::id())).unwrap();
        let other = folder.path().join("something-else");
        fs::create_dir(&other).unwrap();
        sweep(folder.path());
        assert!(ours.path().is_dir() && other.is_dir() && !dead.exists());
        let path = ours.path().to_owned();
        drop(ours);
        assert!(!path.exists());
    }
}
