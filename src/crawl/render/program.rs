//! Which program renders pages: Chromium as the machine has it, never downloaded by us. Start at [`find`].

use std::path::{Path, PathBuf};

/// Programs that render pages, as distributions name them.
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless_shell"];
/// Debian's `chromium` is a script that adds flags of its own (extensions from elsewhere among them) before this program.
const BARE: &str = "/usr/lib/chromium/chromium";

/// The browser, if there is one. `path` is the variable PATH.
pub fn find(path: &std::ffi::OsStr) -> Option<PathBuf> {
    let found = std::env::split_paths(path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|program| program.is_file())?;
    let is_script = found.file_name().is_some_and(|name| name == NAMES[0]);
    Some(if is_script && Path::new(BARE).is_file() { BARE.into() } else { found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_on_the_path_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find(folder.path().as_os_str()), None);
        std::fs::write(folder.path().join("google-chrome"), b"").unwrap();
        assert_eq!(find(folder.path().as_os_str()), Some(folder.path().join("google-chrome")));
    }
}
