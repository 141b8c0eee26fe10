//! The rule files: from the unit's folder, or the set built into the program.
//!
//! Everything officers may write is read and checked here in one go, discovery's sources and queries included, so that a
//! mistake in any file is told before any work begins. File names are relative to the folder, so that the same rules have the
//! same hash wherever they lie; only messages name the folder. Start at [`load`].

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use jianzheng_core::rules::{RuleSet, problem::Problem};

use crate::discover::{definition::Definition, queries::QueryFile};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Where source definitions lie below the folder of rules.
const SOURCES: &str = "sources/";
const QUERIES: &str = "queries.toml";
/// A wrong `general.rules` must not have the whole disk read.
const MAX_FILES: usize = 1000;
const MAX_BYTES: u64 = 4 << 20;
const MAX_DEPTH: usize = 3;

/// What stands among the rule files besides the rules that judge.
#[derive(Debug)]
pub struct RuleFiles {
    /// The unit's folder; none for the set built in.
    pub folder: Option<PathBuf>,
    /// How many files were read.
    pub count: usize,
    /// The sources, by name.
    pub sources: Vec<Definition>,
    /// What sources are asked.
    pub queries: QueryFile,
    /// The files as they were read, by name.
    pub texts: Vec<(String, String)>,
}

/// Where the clean corpus lies below the folder of rules.
const CLEAN: &str = "clean";

/// The rule files as they are written, by name.
pub(super) fn texts(folder: Option<&Path>) -> (Vec<(String, String)>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    match folder {
        None => built_in(&BUILT_IN, ".toml", &mut files),
        Some(folder) => read_folder(folder, "", 0, ".toml", &mut files, &mut problems),
    }
    files.sort();
    (files, problems)
}

/// Reads and checks the rules of `folder`, or those built in.
///
/// # Errors
/// Every mistake in every file.
pub(super) fn load(folder: Option<&Path>) -> Result<(RuleSet, RuleFiles), Vec<Problem>> {
    let (files, problems) = texts(folder);
    checked(folder, files, problems)
}

/// Checks files that were read from `folder`, now or when they were last proven.
///
/// # Errors
/// Every mistake in every file, after those that were found while reading.
pub(super) fn checked(
    folder: Option<&Path>,
    files: Vec<(String, String)>,
    mut problems: Vec<Problem>,
) -> Result<(RuleSet, RuleFiles), Vec<Problem>> {
    let mut sources = Vec::new();
    let mut queries = None;
    for (name, text) in &files {
        if let Some(source) = name.strip_prefix(SOURCES).and_then(|name| name.strip_suffix(".toml")) {
            Definition::parse(source, name, text)
                .map_or_else(|found| problems.extend(found), |read| sources.push(read));
        } else if name == QUERIES {
            QueryFile::parse(name, text).map_or_else(|found| problems.extend(found), |read| queries = Some(read));
        }
    }
    if queries.is_none() && !problems.iter().any(|problem| problem.file == QUERIES) {
        let say = format!("规则目录里缺少 {QUERIES}");
        problems.push(whole(QUERIES, "missing-file", say, "从安装包的 rules 目录复制一份"));
    }
    let rules = RuleSet::compile(&files).map_err(|found| problems.extend(found));
    match (rules, queries) {
        (Ok(rules), Some(queries)) if problems.is_empty() => {
            let folder = folder.map(Path::to_owned);
            Ok((rules, RuleFiles { folder, count: files.len(), sources, queries, texts: files }))
        }
        _ => {
            // What a file that cannot be read would have told is missed everywhere: only that it cannot be read is to the point.
            if problems.iter().any(|problem| problem.code == "unreadable") {
                const FOLLOWS: [&str; 6] =
                    ["unknown-list", "unknown-family", "missing-file", "missing-list", "no-rules", "nested-list"];
                problems.retain(|problem| !FOLLOWS.contains(&problem.code));
            }
            problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            if let Some(folder) = folder {
                for problem in &mut problems {
                    problem.file = folder.join(&problem.file).display().to_string();
                }
            }
            Err(problems)
        }
    }
}

/// The names of the sources in a folder of rules, or of those built in: names of files, whatever is in them.
pub(super) fn source_names(folder: Option<&Path>) -> Vec<String> {
    let (files, _) = texts(folder);
    let name = |file: &str| file.strip_prefix(SOURCES)?.strip_suffix(".toml").map(str::to_owned);
    files.iter().filter_map(|(file, _)| name(file)).collect()
}

/// The files of the clean corpus: those of the folder of rules where it has any, or those built in.
///
/// # Errors
/// Files that cannot be read.
pub(super) fn clean_pages(folder: Option<&Path>) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let own = folder.map(|folder| folder.join(CLEAN)).filter(|folder| folder.is_dir());
    match own {
        Some(own) => {
            let prefix = format!("{}/", own.display());
            read_folder(&own, &prefix, 0, ".ndjson", &mut files, &mut problems);
        }
        None => BUILT_IN.get_dir(CLEAN).into_iter().for_each(|dir| built_in(dir, ".ndjson", &mut files)),
    }
    files.sort();
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn built_in(dir: &Dir<'_>, ending: &str, files: &mut Vec<(String, String)>) {
    for file in dir.files() {
        // Other files are for people; what is not UTF-8 cannot be built in: a test reads every file.
        if let (Some(name), Some(text)) = (file.path().to_str(), file.contents_utf8())
            && name.ends_with(ending)
        {
            files.push((name.replace('\\', "/"), text.to_owned()));
        }
    }
    dir.dirs().for_each(|dir| built_in(dir, ending, files));
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    ending: &str,
    files: &mut Vec<(String, String)>,
    problems: &mut Vec<Problem>,
) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let advice = "检查 general.rules 写的目录和它的权限；不写这一项就用程序自带的规则";
            problems.push(whole(prefix, "unreadable", format!("规则目录读不了：{error}"), advice));
            return;
        }
    };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        // Editors leave such files; none of them is meant.
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let shown = format!("{prefix}{name}");
        if path.is_dir() {
            if depth < MAX_DEPTH {
                read_folder(&path, &format!("{shown}/"), depth + 1, ending, files, problems);
            }
        } else if name.ends_with(ending) {
            if files.len() >= MAX_FILES {
                let advice = "检查 general.rules 是不是写成了别的目录";
                problems.push(whole("", "too-many-files", format!("规则文件超过 {MAX_FILES} 个"), advice));
                return;
            }
            match read_file(&path) {
                Ok(text) => files.push((shown, text)),
                Err(say) => problems.push(whole(&shown, "unreadable", say, "另存为 UTF-8 编码的文字，并检查权限")),
            }
        }
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("规则文件读不了：{error}")),
        Ok(length) if length as u64 > MAX_BYTES => Err("规则文件超过 4 MiB".to_owned()),
        Ok(_) => {
            let text = String::from_utf8(bytes).map_err(|_| "规则文件不是 UTF-8 文字".to_owned())?;
            Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
        }
    }
}

fn whole(file: &str, code: &'static str, say: String, advice: &str) -> Problem {
    Problem { code, file: file.to_owned(), line: 0, say, advice: advice.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
    }

    #[test]
    fn the_built_in_rules_are_those_of_the_folder() {
        let (built_in, inside) = load(None).unwrap();
        let (read, outside) = load(Some(&shipped())).unwrap();
        assert_eq!(built_in.hash(), read.hash(), "touch src/wiring/rules.rs: a file was added since it was compiled");
        assert_eq!(inside.count, outside.count);
        assert!(inside.sources.iter().any(|source| source.name == "searxng"));
    }

    #[test]
    fn a_missing_folder_is_told_with_its_name() {
        let problems = load(Some(Path::new("/nowhere/rules"))).unwrap_err();
        assert!(
            problems.iter().any(|p| p.code == "unreadable" && p.file.starts_with("/nowhere/rules")),
            "{problems:?}"
        );
    }

    #[test]
    fn mistakes_in_several_kinds_of_files_are_told_together() {
        let folder = tempfile::tempdir().unwrap();
        let copy = |name: &str| std::fs::copy(shipped().join(name), folder.path().join(name)).unwrap();
        for name in ["authorities.toml", "certificates.toml", "words.toml", "routing.toml"] {
            copy(name);
        }
        std::fs::create_dir(folder.path().join("sources")).unwrap();
        std::fs::write(folder.path().join("sources/demo.toml"), "kind = 'html'\n").unwrap();
        std::fs::write(folder.path().join("offers.toml"), "[[rule]]\nid = 'seller.demo'\n").unwrap();
        std::fs::write(folder.path().join("queries.toml"), b"\xff\xfe").unwrap();
        let problems = load(Some(folder.path())).unwrap_err();
        for file in ["sources/demo.toml", "offers.toml", "queries.toml"] {
            assert!(problems.iter().any(|p| p.file.ends_with(file)), "{file}: {problems:?}");
        }
    }
}
