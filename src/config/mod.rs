//! Settings: the file `jianzheng.toml`, the environment, the built-in defaults.
//!
//! What was written becomes settings in two stages: `raw` (names and syntax, with file and line) and `check` (values, and what
//! holds between them). All mistakes are gathered and told at once, in Chinese; deciding the exit code is the caller's. The
//! TOML form stays in here. Neither the process's environment nor its folder is read: both come in as arguments.
//! Start at [`load`]; the table of all keys is `keys`.

mod check;
mod cidr;
mod example;
mod keys;
mod mailbox;
mod mistake;
mod raw;
mod reader;
mod secret;
mod settings;

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

pub use cidr::{Cidr, CidrError};
pub use example::example;
pub use mailbox::{Mailbox, MailboxError};
pub use mistake::{Mistake, Mistakes};
pub use secret::{Secret, SecretError};
pub use settings::{
    Contact, Crawl, Daemon, Digest, ExitRoute, General, Keep, Mail, Network, Render, Robots, Settings, SourceSettings,
    Tls, Transport, Unit,
};

use raw::Raw;

/// What the names of our environment variables start with.
const PREFIX: &str = "JIANZHENG_";

/// Variables with that prefix which are no settings.
const OTHER_VARIABLES: &[&str] = &[crate::telemetry::VARIABLE];

/// The file that is read when none is named, if it is there.
const DEFAULT_FILE: &str = "jianzheng.toml";

/// No file written by people is larger; a wrong path must not be read into memory for ever.
const FILE_LIMIT: u64 = 4 << 20;

/// Reads the settings: defaults, then the file, then the environment (`std::env::vars_os()`).
///
/// `file` is what `--config` named, relative to `cwd`; without it `jianzheng.toml` in `cwd` is read when it exists.
pub fn load<K, V>(file: Option<&Path>, env: impl Iterator<Item = (K, V)>, cwd: &Path) -> Result<Settings, Mistakes>
where
    K: Into<OsString>,
    V: Into<OsString>,
{
    let raw = read(file, env, cwd);
    let (settings, mistakes) = check::check(raw);
    if mistakes.is_empty() { Ok(settings) } else { Err(Mistakes(mistakes)) }
}

/// The same, and the names of sources are checked along, so that all mistakes are told at once. `known` gives the names of the
/// sources in the folder of rules that the settings name, or nothing where it cannot be read.
pub fn load_knowing<K, V>(
    file: Option<&Path>,
    env: impl Iterator<Item = (K, V)>,
    cwd: &Path,
    known: impl FnOnce(Option<&Path>) -> Option<Vec<String>>,
) -> Result<Settings, Mistakes>
where
    K: Into<OsString>,
    V: Into<OsString>,
{
    let (settings, mut mistakes) = check::check(read(file, env, cwd));
    if !settings.sources.is_empty()
        && let Some(known) = known(settings.general.rules.as_deref())
    {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        if let Err(more) = settings.check_sources(&known) {
            mistakes.extend(more.0);
        }
    }
    if mistakes.is_empty() { Ok(settings) } else { Err(Mistakes(mistakes)) }
}

fn read<K, V>(file: Option<&Path>, env: impl Iterator<Item = (K, V)>, cwd: &Path) -> Raw
where
    K: Into<OsString>,
    V: Into<OsString>,
{
    let mut raw = Raw::new(cwd);
    match file {
        Some(file) => read_file(&mut raw, file, cwd),
        // A dangling link counts as there: somebody meant a file to be read.
        None if cwd.join(DEFAULT_FILE).symlink_metadata().is_ok() => read_file(&mut raw, Path::new(DEFAULT_FILE), cwd),
        None => {}
    }
    read_environment(&mut raw, env, cwd);
    raw
}

impl Default for Settings {
    fn default() -> Self {
        check::check(Raw::new(Path::new(""))).0
    }
}

impl Settings {
    /// What is wrong with the names of sources, once the rules have told which there are.
    pub fn check_sources(&self, known: &[&str]) -> Result<(), Mistakes> {
        let unknown =
            self.sources.iter().filter(|(name, _)| !known.iter().any(|known| settings::same_source(known, name)));
        let mut mistakes: Vec<Mistake> = unknown
            .map(|(name, source)| Mistake {
                file: source.file.clone(),
                line: source.line,
                key: format!("sources.{name}"),
                say: format!("sources.{name}：没有叫 {name} 的来源"),
                advice: match keys::nearest(name, known.iter().copied()) {
                    Some(near) => format!("是否想写 {near}？"),
                    None if known.is_empty() => "规则目录的 sources 里一个来源也没有。".to_owned(),
                    None => format!("可用的来源：{}。", known.join("、")),
                },
            })
            .collect();
        mistakes.sort_by_key(|mistake| mistake.line.unwrap_or(usize::MAX));
        if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes)) }
    }
}

fn read_file(raw: &mut Raw, named: &Path, cwd: &Path) {
    let path = cwd.join(named);
    let shown = named.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|open| open.take(FILE_LIMIT + 1).read_to_end(&mut bytes));
    let (line, say, advice) = match (read, std::str::from_utf8(&bytes)) {
        (Err(error), _) => {
            let say = match error.kind() {
                io::ErrorKind::NotFound => "找不到配置文件".to_owned(),
                io::ErrorKind::IsADirectory => "这是目录，不是配置文件".to_owned(),
                io::ErrorKind::PermissionDenied => "没有权限读这个配置文件".to_owned(),
                _ => format!("配置文件读不了：{error}"),
            };
            (None, say, "检查 --config 后面的路径和文件的权限。")
        }
        (Ok(length), _) if length as u64 > FILE_LIMIT => {
            (None, "配置文件超过 4 MiB".to_owned(), "检查是不是写错了路径。")
        }
        (Ok(_), Err(error)) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            (
                Some(line),
                "这里不是 UTF-8 文字".to_owned(),
                "用编辑器另存为 UTF-8 编码（记事本：另存为，编码选 UTF-8）。",
            )
        }
        (Ok(_), Ok(text)) => {
            let folder = path.parent().unwrap_or(cwd);
            raw.read_file(&shown, folder, text);
            return;
        }
    };
    raw.mistakes.push(Mistake { file: shown, line, key: String::new(), say, advice: advice.to_owned() });
}

fn read_environment<K, V>(raw: &mut Raw, env: impl Iterator<Item = (K, V)>, cwd: &Path)
where
    K: Into<OsString>,
    V: Into<OsString>,
{
    let mut ours: Vec<(String, OsString)> = env
        .map(|(name, value)| (name.into().to_string_lossy().into_owned(), value.into()))
        .filter(|(name, _)| name.starts_with(PREFIX) && !OTHER_VARIABLES.contains(&name.as_str()))
        .collect();
    // The system's order is chance; mistakes are told in the same order each time.
    ours.sort();
    for (name, value) in &ours {
        match value.to_str() {
            Some(value) => raw.read_variable(name, &name[PREFIX.len()..], value, cwd),
            None => raw.mistakes.push(Mistake {
                file: name.clone(),
                line: None,
                key: String::new(),
                say: "值不是 UTF-8 文字".to_owned(),
                advice: "换成 UTF-8 再设一次。".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
