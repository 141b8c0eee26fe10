//! Reads the bundled TOML files and gathers what is wrong with them.
//!
//! The files are our own, so a flaw means that a page was added carelessly: it is told with file and line, all flaws at once.
//! Within one entry the first flaw of form hides the others. Must not know what an entry means. Start at [`Sheet::read`].

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// One thing that is wrong with the practice web's own files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The file, below `seeds/practice`.
    pub file: &'static str,
    /// Its line, counted from 1.
    pub line: usize,
    /// What is wrong, in Chinese.
    pub say: String,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seeds/practice/{} 第 {} 行：{}", self.file, self.line, self.say)
    }
}

/// One file being read, with the flaws found so far.
pub(super) struct Sheet<'t> {
    file: &'static str,
    text: &'t str,
    table: DeTable<'t>,
    known: Vec<&'static str>,
    flaws: Vec<Flaw>,
}

/// An entry and where it stands.
pub(super) struct Placed<T> {
    pub(super) entry: T,
    pub(super) at: usize,
}

impl<'t> Sheet<'t> {
    /// Reads `text`; a file that is no TOML has that flaw and no entries.
    pub(super) fn read(file: &'static str, text: &'t str) -> Sheet<'t> {
        let mut sheet = Sheet { file, text, table: DeTable::new(), known: Vec::new(), flaws: Vec::new() };
        match DeTable::parse(text) {
            Ok(table) => sheet.table = table.into_inner(),
            Err(error) => sheet.flaw(start(&error), format!("不是合法的 TOML：{}", first_line(&error))),
        }
        sheet
    }

    /// Writes a flaw down.
    pub(super) fn flaw(&mut self, at: usize, say: impl Into<String>) {
        let line = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        self.flaws.push(Flaw { file: self.file, line, say: say.into() });
    }

    /// The tables `[[key]]`; those that cannot be read are left out.
    pub(super) fn list<T: DeserializeOwned>(&mut self, key: &'static str) -> Vec<Placed<T>> {
        self.known.push(key);
        let Some(value) = self.table.get(key).cloned() else { return Vec::new() };
        let at = value.span().start;
        match value.into_inner() {
            DeValue::Array(array) => array.into_iter().filter_map(|item| self.entry(key, item)).collect(),
            _ => {
                self.flaw(at, format!("{key} 要写成一个或几个 [[{key}]]"));
                Vec::new()
            }
        }
    }

    /// The table `[key]`, if it is there and can be read.
    pub(super) fn part<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<Placed<T>> {
        self.known.push(key);
        let value = self.table.get(key).cloned()?;
        self.entry(key, value)
    }

    fn entry<T: DeserializeOwned>(&mut self, key: &str, value: Spanned<DeValue<'t>>) -> Option<Placed<T>> {
        let at = value.span().start;
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(entry) => Some(Placed { entry, at }),
            Err(error) => {
                let place = error.span().map_or(at, |span| span.start);
                self.flaw(place, format!("[[{key}]] 读不懂：{}", first_line(&error)));
                None
            }
        }
    }

    /// Everything that is wrong, in the order of the file; tables that nobody asked for are.
    pub(super) fn finish(mut self) -> Vec<Flaw> {
        let strange: Vec<(usize, String)> = self
            .table
            .iter()
            .filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref()))
            .map(|(key, _)| (key.span().start, format!("不认识 {}", key.get_ref())))
            .collect();
        for (at, say) in strange {
            self.flaw(at, say);
        }
        self.flaws.sort_by_key(|flaw| flaw.line);
        self.flaws
    }
}

fn start(error: &toml::de::Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

fn first_line(error: &toml::de::Error) -> &str {
    error.message().lines().next().unwrap_or_default()
}
