//! The rule files: from the unit's folder, or the set built into the program.
//!
//! Everything officers may write is read and checked here in one go, discovery's sources and queries included, so that a
//! mistake in any file is told before any work begins. File names are relative to the folder, so that the same rules have the
//! same hash wherever they lie; only messages name the folder. Start at [`load`].

use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use jianzheng_core::rules::{RuleSet, problem::Problem};

use crate::discover::{definition::Definition, queries::QueryFile};
use crate::telemetry::chinese;
use crate::tuning::clean::{self, Of};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Where source definitions lie below the folder of rules.
const SOURCES: &str = "sources/";
const QUERIES: &str = "queries.toml";
/// A wrong `general.rules` must not have the whole disk read.
const MAX_FILES: usize = 1000;
const MAX_BYTES: u64 = 4 << 20;
/// Whole pages are long, and each false alarm may add one: a corpus that cannot be read has every set refused.
const MAX_CORPUS_BYTES: u64 = 64 << 20;
/// Folders in folders.
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
            if source.contains('/') {
                let say = "来源只认 sources 目录里的，再下一级的不算".to_owned();
                let advice = "要用就挪到 sources 目录里；是备份就挪到规则目录之外";
                problems.push(whole(name, "misplaced-file", say, advice));
                continue;
            }
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

/// The names of the sources in a folder of rules, or of those built in: names of files, whatever is in them. None where the folder cannot be
/// read: that is told when the rules are, and not of each source.
pub(super) fn source_names(folder: Option<&Path>) -> Option<Vec<String>> {
    if folder.is_some_and(|folder| std::fs::read_dir(folder).is_err()) {
        return None;
    }
    let (files, _) = texts(folder);
    let name = |file: &str| file.strip_prefix(SOURCES)?.strip_suffix(".toml").map(str::to_owned);
    Some(files.iter().filter_map(|(file, _)| name(file)).collect())
}

/// The files of a corpus: those of the folder of rules where it has any page, or those built in. An empty folder would switch the proof
/// off without a word.
///
/// # Errors
/// Files that cannot be read.
pub(super) fn pages(of: Of, folder: Option<&Path>) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    if let Some(own) = folder.map(|folder| folder.join(of.folder())).filter(|folder| folder.is_dir()) {
        let prefix = format!("{}/", own.display());
        read_folder(&own, &prefix, 0, ".ndjson", &mut files, &mut problems);
    }
    if problems.is_empty() && files.iter().all(|(_, text)| text.trim().is_empty()) {
        files.clear();
        BUILT_IN.get_dir(of.folder()).into_iter().for_each(|dir| built_in(dir, ".ndjson", &mut files));
    }
    files.sort();
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// The unit's own lines of the clean corpus.
const OWN_CLEAN: &str = "unit.ndjson";

/// Adds a line to the clean corpus of a folder of rules, which gets the built-in corpus first where it has none. A line of the same page
/// gives way to it. Gives the file, and whether there was such a line.
///
/// # Errors
/// The file that could not be written, and why.
pub(super) fn add_clean(folder: &Path, line: &str) -> Result<(PathBuf, bool), (PathBuf, io::Error)> {
    let corpus = folder.join(Of::Innocents.folder());
    // One line of its own would take the place of all that is built in.
    let has_none = std::fs::read_dir(&corpus).map_or(true, |mut entries| entries.next().is_none());
    if has_none && let Some(dir) = BUILT_IN.get_dir(Of::Innocents.folder()) {
        put_down(dir, folder)?;
    }
    let file = corpus.join(OWN_CLEAN);
    let add = || {
        let before = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let (same, others): (Vec<&str>, Vec<&str>) = before.lines().partition(|old| clean::is_same_page(old, line));
        let text: String = others.into_iter().chain([line]).flat_map(|line| [line, "\n"]).collect();
        let part = corpus.join(format!("{OWN_CLEAN}.part"));
        std::fs::write(&part, text)?;
        std::fs::File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &file)?;
        Ok(!same.is_empty())
    };
    let was_there = add().map_err(|error| (file.clone(), error))?;
    Ok((file, was_there))
}

/// Writes the built-in rules, for a unit to change, into a folder that is not there yet or empty.
///
/// # Errors
/// What stands in the way, and why.
pub fn write_built_in(folder: &Path) -> Result<usize, (PathBuf, io::Error)> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err((folder.to_owned(), io::Error::new(io::ErrorKind::AlreadyExists, "目录里已经有东西，没有动它")));
    }
    put_down(&BUILT_IN, folder)
}

/// Writes a built-in folder below `root`. Gives how many files.
fn put_down(dir: &Dir<'_>, root: &Path) -> Result<usize, (PathBuf, io::Error)> {
    let place = root.join(dir.path());
    std::fs::create_dir_all(&place).map_err(|error| (place, error))?;
    let mut count = 0;
    for file in dir.files() {
        let place = root.join(file.path());
        std::fs::write(&place, file.contents()).map_err(|error| (place, error))?;
        count += 1;
    }
    for dir in dir.dirs() {
        count += put_down(dir, root)?;
    }
    Ok(count)
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
            let advice = "是不是改了名、挪走了、没有挂上？检查 --rules 或配置 general.rules 写的目录和它的权限；不写就用程序自带的规则";
            let say = match error.kind() {
                io::ErrorKind::NotFound => "没有这个规则目录".to_owned(),
                _ => format!("规则目录读不了：{}", chinese(&error)),
            };
            problems.push(whole(prefix, "unreadable", say, advice));
            return;
        }
    };
    for entry in entries.flatten() {
        let given = entry.file_name();
        let name = given.to_string_lossy();
        // Editors leave such files; none of them is meant.
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let shown = format!("{prefix}{name}");
        if given.to_str().is_none() && (path.is_dir() || name.ends_with(ending)) {
            // What was passed over in silence would be an officer's afternoon.
            let say = "名字不是 UTF-8 编码（多半是从 Windows 的压缩包里解出来的），不会被读到".to_owned();
            problems.push(whole(&shown, "misnamed", say, "用英文另起一个名字；不想用它就移到别的目录"));
        } else if path.is_dir() {
            if depth < MAX_DEPTH {
                read_folder(&path, &format!("{shown}/"), depth + 1, ending, files, problems);
            } else {
                let say = format!("目录套得太深，第 {MAX_DEPTH} 层以下的不会被读到");
                problems.push(whole(&shown, "too-deep", say, "往上挪几层；不想用它就移到别的目录"));
            }
        } else if name.ends_with(ending) {
            if files.len() >= MAX_FILES {
                let advice = "检查 general.rules 是不是写成了别的目录";
                problems.push(whole("", "too-many-files", format!("规则文件超过 {MAX_FILES} 个"), advice));
                return;
            }
            let most = if ending == ".toml" { MAX_BYTES } else { MAX_CORPUS_BYTES };
            match read_file(&path, most) {
                Ok(text) => files.push((shown, text)),
                Err((say, advice)) => problems.push(whole(&shown, "unreadable", say, advice)),
            }
        } else if is_misnamed(&name, ending) {
            let say = format!("文件名不以 {ending} 结尾，不会被读到");
            problems.push(whole(
                &shown,
                "misnamed",
                say,
                &format!("改名，以 {ending}（小写）结尾；不想用它就移到别的目录"),
            ));
        }
    }
}

/// What an editor or a copy made of a name that was meant: `local.toml.txt`, `LOCAL.TOML`, `local.toml(1)`.
fn is_misnamed(name: &str, ending: &str) -> bool {
    let name = name.to_lowercase();
    let copied = |rest: &str| matches!(rest.chars().next(), Some('.' | '(' | '（' | ' '));
    name.ends_with(ending)
        || name.rsplit_once(ending).is_some_and(|(_, rest)| copied(rest) && ![".bak", ".orig", ".rej"].contains(&rest))
}

/// The text of a file of at most `most` bytes, or what is wrong with it and the way out.
fn read_file(path: &Path, most: u64) -> Result<String, (String, &'static str)> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    // A pipe would be waited for, and a device never ends.
    let is_file = std::fs::metadata(path).map(|found| found.is_file());
    if matches!(is_file, Ok(false)) {
        return Err(("不是普通文件，是管道、设备一类".to_owned(), "删去它，或者移到别的目录"));
    }
    let read = std::fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err((format!("规则文件读不了：{}", chinese(&error)), "检查文件和它的权限")),
        Ok(length) if length as u64 > most => Err((format!("文件超过 {} MiB", most >> 20), "拆成几个文件")),
        Ok(_) => {
            let text = String::from_utf8(bytes)
                .map_err(|_| ("规则文件不是 UTF-8 文字".to_owned(), "另存为 UTF-8 编码的文字"))?;
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
        // Settings that name sources are not called wrong for it.
        assert_eq!(source_names(Some(Path::new("/nowhere/rules"))), None);
        assert!(source_names(None).unwrap().contains(&"searxng".to_owned()));
    }

    #[test]
    fn a_file_that_an_editor_renamed_is_told() {
        for (name, told) in [
            ("本地.toml.txt", true),
            ("LOCAL.TOML", true),
            ("本地.toml(1)", true),
            ("本地.toml（副本）", true),
            ("local.toml", false),
            ("local.toml.bak", false),
            ("local.toml~", false),
            ("README.zh-CN.md", false),
            ("unit.ndjson", false),
        ] {
            assert_eq!(!name.ends_with(".toml") && is_misnamed(name, ".toml"), told, "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("本地.toml.txt"), "[[rule]]").unwrap();
        let problems = load(Some(folder.path())).unwrap_err();
        assert!(problems.iter().any(|p| p.code == "misnamed" && p.file.ends_with("本地.toml.txt")), "{problems:?}");
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_is_told_and_not_waited_for() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        // "本地.toml" as a Chinese Windows writes it into an archive.
        let gbk = std::ffi::OsStr::from_bytes(b"\xb1\xbe\xb5\xd8.toml");
        std::fs::write(folder.path().join(gbk), "[[rule]]").unwrap();
        std::fs::create_dir_all(folder.path().join("甲/乙/丙/丁")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(folder.path().join("管道.toml")).status().unwrap().success());
        std::os::unix::fs::symlink("圈.toml", folder.path().join("圈.toml")).unwrap();
        let problems = load(Some(folder.path())).unwrap_err();
        for (code, file, say) in [
            ("misnamed", ".toml", "不是 UTF-8 编码"),
            ("too-deep", "甲/乙/丙/丁", "第 3 层以下"),
            ("unreadable", "管道.toml", "不是普通文件"),
            ("unreadable", "圈.toml", "链接绕成了圈"),
        ] {
            let told = |p: &Problem| p.code == code && p.file.ends_with(file) && p.say.contains(say);
            assert!(problems.iter().any(told), "{say}: {problems:?}");
        }
    }

    #[test]
    fn rules_are_put_down_whole_and_never_over_others() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("rules");
        let written = write_built_in(&place).unwrap();
        assert!(written > 20, "{written}");
        let (built_in, _) = load(None).unwrap();
        assert_eq!(load(Some(&place)).unwrap().0.hash(), built_in.hash());
        assert_eq!(pages(Of::Innocents, Some(&place)).unwrap().len(), pages(Of::Innocents, None).unwrap().len());
        assert_eq!(write_built_in(&place).unwrap_err().1.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn the_first_own_line_does_not_take_the_place_of_the_built_in_corpus() {
        let folder = tempfile::tempdir().unwrap();
        let line = |n: u8| format!(r#"{{"url": "http://www.shili.example/{n}", "html": "<p>今天有雨</p>"}}"#);
        let (file, was_there) = add_clean(folder.path(), &line(1)).unwrap();
        assert!(!was_there);
        std::fs::write(&file, std::fs::read_to_string(&file).unwrap().trim_end()).unwrap();
        add_clean(folder.path(), &line(2)).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{}\n{}\n", line(1), line(2)));
        // The same page with a reason takes the place of the line without one.
        let known = line(1).replace('}', r#", "known": "先放着"}"#);
        assert!(add_clean(folder.path(), &known).unwrap().1);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{}\n{known}\n", line(2)));
        std::fs::write(&file, format!("{}\n", line(1))).unwrap();
        assert_eq!(
            pages(Of::Innocents, Some(folder.path())).unwrap().len(),
            pages(Of::Innocents, None).unwrap().len() + 1
        );
    }

    #[test]
    fn an_empty_corpus_does_not_switch_the_proof_off() {
        let folder = tempfile::tempdir().unwrap();
        for of in [Of::Innocents, Of::Guilty] {
            let built_in = pages(of, None).unwrap();
            assert!(!built_in.is_empty());
            let own = folder.path().join(of.folder());
            std::fs::create_dir(&own).unwrap();
            assert_eq!(pages(of, Some(folder.path())).unwrap(), built_in);
            std::fs::write(own.join("unit.ndjson"), "\n").unwrap();
            assert_eq!(pages(of, Some(folder.path())).unwrap(), built_in);
        }
    }

    #[test]
    fn a_corpus_may_be_longer_than_any_rules() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("clean")).unwrap();
        let long = "长".repeat(MAX_BYTES as usize / 3 + 1);
        std::fs::write(folder.path().join("clean").join(OWN_CLEAN), &long).unwrap();
        assert_eq!(pages(Of::Innocents, Some(folder.path())).unwrap()[0].1, long);
        std::fs::write(folder.path().join("local.toml"), &long).unwrap();
        let problems = load(Some(folder.path())).unwrap_err();
        assert!(problems.iter().any(|p| p.file.ends_with("local.toml") && p.say.contains("4 MiB")), "{problems:?}");
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
