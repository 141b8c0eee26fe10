//! Which evidence files are old enough to go: files of the [`Series::Pages`] whose day is past and that nobody points at.
//!
//! A file goes whole or stays whole; nothing is ever cut out of one. Start at [`aged`].

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use super::{Series, WARC_DIR, WarcError, repair::sync_dir};

/// A file whose time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aged {
    /// As hits name it, relative to DATA.
    pub name: String,
    path: PathBuf,
}

/// Files of other pages that were begun before `day` (UTC, as records are dated) and are not in `wanted`. Files written under
/// a set clock are told by a set clock only: a slip of `--as-of` must not throw real evidence away.
///
/// # Errors
/// The folder cannot be read.
pub fn aged(data_dir: &Path, before: Date, set_clock: bool, wanted: &HashSet<String>) -> Result<Vec<Aged>, WarcError> {
    let dir = data_dir.join(WARC_DIR);
    let entries = match fs::read_dir(&dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|e| WarcError::io(&dir, e))?,
    };
    let mut aged = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| WarcError::io(&dir, e))?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{WARC_DIR}/{file}");
        let old = day_of(file, set_clock).is_some_and(|day| day < before);
        if old && !wanted.contains(&name) {
            aged.push(Aged { name, path });
        }
    }
    aged.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(aged)
}

/// Removes the files, durably.
///
/// # Errors
/// A file cannot be removed; those before it are gone.
pub fn remove(data_dir: &Path, aged: &[Aged]) -> Result<(), WarcError> {
    let dir = data_dir.join(WARC_DIR);
    for file in aged {
        match fs::remove_file(&file.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(WarcError::io(&file.path, error));
            }
            _ => {}
        }
    }
    if aged.is_empty() { Ok(()) } else { sync_dir(&dir).map_err(|e| WarcError::io(dir, e)) }
}

/// The day in a file's name, if it is one of the series and of the same kind of clock.
fn day_of(file: &str, set_clock: bool) -> Option<Date> {
    let rest = file.strip_prefix("jianzheng-")?.strip_prefix(Series::Pages.as_str())?;
    let rest = if set_clock { rest.strip_prefix("-set-")? } else { rest.strip_prefix('-')? };
    let stamp = rest.strip_suffix(".warc.gz")?.get(..8)?;
    Date::strptime("%Y%m%d", stamp).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str], set_clock: bool, wanted: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(WARC_DIR)).unwrap();
        for name in names {
            fs::write(folder.path().join(WARC_DIR).join(name), b"x").unwrap();
        }
        let wanted = wanted.iter().map(|name| format!("{WARC_DIR}/{name}")).collect();
        let found = aged(folder.path(), jiff::civil::date(2026, 3, 2), set_clock, &wanted).unwrap();
        remove(folder.path(), &found).unwrap();
        let mut left: Vec<String> = fs::read_dir(folder.path().join(WARC_DIR))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        left
    }

    const OLD: &str = "jianzheng-pages-20260301T235959Z-7-000.warc.gz";
    const NEW: &str = "jianzheng-pages-20260302T000000Z-7-000.warc.gz";
    const HITS: &str = "jianzheng-hits-20200101T000000Z-7-000.warc.gz";
    const SET: &str = "jianzheng-pages-set-20200101T000000Z-7-000.warc.gz";

    #[test]
    fn only_old_files_of_innocents_go() {
        assert_eq!(of(&[OLD, NEW, HITS, SET, "open-pages", "x"], false, &[]), [HITS, NEW, SET, "open-pages", "x"]);
    }

    #[test]
    fn a_file_that_a_hit_points_at_stays() {
        assert_eq!(of(&[OLD, HITS], false, &[OLD]), [HITS, OLD]);
    }

    #[test]
    fn a_set_clock_throws_away_only_what_a_set_clock_dated() {
        assert_eq!(of(&[OLD, SET, HITS], true, &[]), [HITS, OLD]);
    }
}
