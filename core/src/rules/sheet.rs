//! Reads a TOML file that officers write, gathering every mistake with its line before giving up.
//!
//! A [`Sheet`] is the file, a [`Part`] one table of it. Asking a part for a key makes the key known; [`Part::finish`] then
//! reports the keys nobody asked for, each with the nearest known one. A wrong value costs that value only, so that one run
//! shows all mistakes. Must not know what the keys mean. Start at [`Sheet::read`].

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;

use super::{problem::Problem, syntax};
use toml::de::{DeTable, DeValue};

/// The file is no TOML.
pub const SYNTAX: &str = "syntax";
const UNKNOWN_KEY: &str = "unknown-key";
const MISSING_KEY: &str = "missing-key";
const WRONG_TYPE: &str = "wrong-type";
/// The type is right, the value is not.
pub const WRONG_VALUE: &str = "bad-value";

/// What a value has to be, as a message says it.
const TEXT: &str = "放在引号里的一段文字";
const WHOLE: &str = "一个整数";
const NUMBER: &str = "一个数";

/// Files of a few pages; more is not something a person wrote.
const MAX_BYTES: usize = 1024 * 1024;

/// One file being read, with the mistakes found so far.
pub struct Sheet<'f> {
    file: &'f str,
    line_starts: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

impl<'f> Sheet<'f> {
    /// Reads `text` with `take`; what it makes counts only when the whole file is without a mistake.
    pub fn read<T>(file: &'f str, text: &str, take: impl FnOnce(&Part<'_>) -> Option<T>) -> Result<T, Vec<Problem>> {
        match Self::take(file, text, take) {
            (Some(made), problems) if problems.is_empty() => Ok(made),
            (_, problems) => Err(problems),
        }
    }

    /// The same, with what could be made in spite of the mistakes: for looking whether files fit together.
    pub fn take<T>(file: &'f str, text: &str, take: impl FnOnce(&Part<'_>) -> Option<T>) -> (Option<T>, Vec<Problem>) {
        // Windows editors put a mark before the first letter.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line_starts = std::iter::once(0).chain(next_lines(text)).collect();
        let sheet = Sheet { file, line_starts, problems: RefCell::new(Vec::new()) };
        // A table of wording is a machine's work.
        let (most, shown) = if crate::wording::Manner::of_file(base_name(file)).is_some() {
            (4 * MAX_BYTES, "4 MiB")
        } else {
            (MAX_BYTES, "1 MiB")
        };
        if text.len() > most {
            sheet.report(
                SYNTAX,
                0,
                format!("文件超过 {shown}，不像是手写的"),
                "拆成几个文件，或检查是否放错了文件".into(),
            );
            return (None, sheet.problems.into_inner());
        }
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let line = |error: &toml::de::Error| sheet.line(error.span().map_or(0, |span| span.start));
            let errors: Vec<(usize, &str)> = errors.iter().map(|error| (line(error), error.message())).collect();
            sheet.problems.borrow_mut().extend(syntax::slips(text, &errors).into_iter().map(|slip| Problem {
                code: SYNTAX,
                file: file.to_owned(),
                line: slip.line,
                say: slip.say,
                advice: slip.advice,
            }));
        }
        let top = Part::new(&sheet, document.get_ref(), 0, String::new());
        // After a syntax error half a table may be missing: complaints about its keys would mislead.
        let made = if errors.is_empty() { take(&top) } else { None };
        if errors.is_empty() {
            top.finish();
        }
        let mut problems = sheet.problems.into_inner();
        problems.sort_by_key(|p| p.line);
        (made, problems)
    }

    fn report(&self, code: &'static str, at: usize, say: String, advice: String) {
        let line = self.line(at);
        self.problems.borrow_mut().push(Problem { code, file: self.file.to_owned(), line, say, advice });
    }
}

impl Sheet<'_> {
    fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }
}

fn next_lines(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1)
}

/// A value and where it stands in the file.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Byte offset in the file.
    pub at: usize,
}

/// One table of the file.
pub struct Part<'t> {
    sheet: &'t Sheet<'t>,
    table: &'t DeTable<'t>,
    at: usize,
    name: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t> Part<'t> {
    fn new(sheet: &'t Sheet<'t>, table: &'t DeTable<'t>, at: usize, name: String) -> Part<'t> {
        Part { sheet, table, at, name, asked: RefCell::new(Vec::new()) }
    }

    /// Is the key there at all?
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Is the key there, with a list of nothing?
    pub fn has_empty(&self, key: &str) -> bool {
        self.table.get(key).and_then(|value| value.get_ref().as_array()).is_some_and(|items| items.is_empty())
    }

    /// The line where the table starts.
    pub fn line(&self) -> usize {
        self.sheet.line(self.at)
    }

    /// The line of a place in the file.
    pub fn line_of(&self, at: usize) -> usize {
        self.sheet.line(at)
    }

    /// Where a key of the table stands, whoever reads it; the key counts as known.
    pub fn at_of(&self, key: &'static str) -> usize {
        self.raw(key).map_or(self.at, |(_, at)| at)
    }

    /// Where the table starts.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Writes a mistake down.
    pub fn report(&self, code: &'static str, at: usize, say: impl Display, advice: impl Display) {
        self.sheet.report(code, at, say.to_string(), advice.to_string());
    }

    /// Writes down that a key is missing that must be there.
    pub fn missing(&self, key: &str, advice: impl Display) {
        self.report(MISSING_KEY, self.at, format!("{}缺少 {key}", self.place()), advice);
    }

    /// Where a key stands, as a message begins with it: `[[rule]] 里 points`.
    fn place_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("[{}] 里 {key}", self.name) }
    }

    fn place(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!("[{}] 里", self.name) }
    }

    fn raw(&self, key: &'static str) -> Option<(&'t DeValue<'t>, usize)> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).map(|v| (v.get_ref(), v.span().start))
    }

    fn wrong_type(&self, key: &str, at: usize, wanted: &str) {
        let advice = match wanted {
            NUMBER | WHOLE => format!("数字不加引号，用半角，例如 {key} = 8"),
            TEXT => format!("例如 {key} = \"…\""),
            _ => "照同一目录里别的文件的写法改".to_owned(),
        };
        self.report(WRONG_TYPE, at, format!("{} 应当是{wanted}", self.place_of(key)), advice);
    }

    /// A text without blanks around it; an empty one is a mistake.
    pub fn text(&self, key: &'static str) -> Option<Placed<String>> {
        let (value, at) = self.raw(key)?;
        let Some(text) = value.as_str() else {
            self.wrong_type(key, at, TEXT);
            return None;
        };
        let text = text.trim();
        if text.is_empty() {
            self.report(WRONG_VALUE, at, format!("{} 是空的", self.place_of(key)), "写上内容，或者删去这一行");
            return None;
        }
        Some(Placed { value: text.to_owned(), at })
    }

    /// A text that must be there.
    pub fn need_text(&self, key: &'static str, advice: &str) -> Option<Placed<String>> {
        if self.table.get(key).is_none() {
            self.missing(key, advice);
        }
        self.text(key)
    }

    /// A whole number within `range`.
    pub fn number(&self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let (value, at) = self.raw(key)?;
        let Some(number) = value.as_integer() else {
            self.wrong_type(key, at, WHOLE);
            return None;
        };
        let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|n| u32::try_from(n).ok());
        let Some(parsed) = parsed.filter(|n| range.contains(n)) else {
            let say = format!("{} = {} 超出范围", self.place_of(key), number.as_str());
            self.report(WRONG_VALUE, at, say, format!("写 {} 到 {} 之间的整数", range.start(), range.end()));
            return None;
        };
        Some(parsed)
    }

    /// A number, with or without a decimal point, within `range`.
    pub fn decimal(&self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let (value, at) = self.raw(key)?;
        let written = match (value.as_integer(), value.as_float()) {
            (Some(number), _) if number.radix() == 10 => number.as_str(),
            (_, Some(number)) => number.as_str(),
            _ => {
                self.wrong_type(key, at, NUMBER);
                return None;
            }
        };
        let parsed = written.replace('_', "").parse::<f64>().ok().filter(|n| range.contains(n));
        if parsed.is_none() {
            let say = format!("{} = {written} 超出范围", self.place_of(key));
            self.report(WRONG_VALUE, at, say, format!("写 {} 到 {} 之间的数", range.start(), range.end()));
        }
        parsed
    }

    /// true or false.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let (value, at) = self.raw(key)?;
        if value.as_bool().is_none() {
            self.wrong_type(key, at, " true 或 false（不加引号）");
        }
        value.as_bool()
    }

    /// One text or a list of texts.
    pub fn texts(&self, key: &'static str) -> Vec<Placed<String>> {
        let Some((value, at)) = self.raw(key) else { return Vec::new() };
        self.texts_of(key, value, at)
    }

    fn texts_of(&self, key: &str, value: &DeValue<'_>, at: usize) -> Vec<Placed<String>> {
        if let Some(text) = value.as_str() {
            return vec![Placed { value: text.to_owned(), at }];
        }
        let Some(array) = value.as_array() else {
            self.wrong_type(key, at, "一段文字，或者一组文字 [\"…\", \"…\"]");
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(array.len());
        for item in array {
            match item.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() => {
                    texts.push(Placed { value: text.trim().to_owned(), at: item.span().start });
                }
                _ => self.wrong_type(key, item.span().start, "一组文字，每一项放在引号里、不为空"),
            }
        }
        texts
    }

    /// A list whose items are texts, or tables that `take` reads: `["…", { html = "…" }]`.
    pub fn texts_or_tables<T>(
        &self,
        key: &'static str,
        take: impl Fn(&Part<'_>) -> Option<T>,
    ) -> Vec<Result<Placed<String>, T>> {
        let Some((value, at)) = self.raw(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            return self.texts_of(key, value, at).into_iter().map(Ok).collect();
        };
        let mut found = Vec::with_capacity(array.len());
        for item in array {
            let at = item.span().start;
            match item.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => {
                    found.push(Ok(Placed { value: text.trim().to_owned(), at }));
                }
                DeValue::Table(table) => {
                    found.extend(take(&Part::new(self.sheet, table, at, key.to_owned())).map(Err));
                }
                _ => self.wrong_type(key, at, "一组例子，每个是一段文字或 { url = \"…\", html = \"…\" }"),
            }
        }
        found
    }

    /// A table of texts, in the order of the file.
    pub fn pairs(&self, key: &'static str) -> Vec<(String, Placed<String>)> {
        self.entries(key, |name, value, at| match value.as_str() {
            Some(text) => Some(Placed { value: text.to_owned(), at }),
            None => {
                self.wrong_type(&format!("{key}.{name}"), at, TEXT);
                None
            }
        })
    }

    /// A table of lists of texts, in the order of the file.
    pub fn lists(&self, key: &'static str) -> Vec<(String, Placed<Vec<Placed<String>>>)> {
        self.entries(key, |name, value, at| {
            Some(Placed { value: self.texts_of(&format!("{key}.{name}"), value, at), at })
        })
    }

    fn entries<T>(
        &self,
        key: &'static str,
        take: impl Fn(&str, &DeValue<'_>, usize) -> Option<Placed<T>>,
    ) -> Vec<(String, Placed<T>)> {
        let Some((value, at)) = self.raw(key) else { return Vec::new() };
        let Some(table) = value.as_table() else {
            self.wrong_type(key, at, "一个表 [名称] 或 { 名 = \"值\" }");
            return Vec::new();
        };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        entries
            .into_iter()
            .filter_map(|(name, value)| {
                let name = name.get_ref().as_ref();
                take(name, value.get_ref(), value.span().start).map(|taken| (name.to_owned(), taken))
            })
            .collect()
    }

    /// A table below this one.
    pub fn part(&self, key: &'static str) -> Option<Part<'t>> {
        let (value, at) = self.raw(key)?;
        let Some(table) = value.as_table() else {
            self.wrong_type(key, at, &format!("一个表，以 [{key}] 开头"));
            return None;
        };
        Some(Part::new(self.sheet, table, at, key.to_owned()))
    }

    /// The tables of a list `[[key]]`.
    pub fn parts(&self, key: &'static str) -> Vec<Part<'t>> {
        let Some((value, at)) = self.raw(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            self.wrong_type(key, at, &format!("一个或几个表，各以 [[{key}]] 开头"));
            return Vec::new();
        };
        let mut parts = Vec::with_capacity(array.len());
        for item in array {
            match item.get_ref().as_table() {
                Some(table) => parts.push(Part::new(self.sheet, table, item.span().start, format!("[{key}]"))),
                None => self.wrong_type(key, item.span().start, &format!("一个表，以 [[{key}]] 开头")),
            }
        }
        parts
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(&self) {
        let known = self.asked.borrow();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let likeness = |known: &str| strsim::jaro_winkler(known, name);
            let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let advice = match nearest {
                // Of what is like nothing, the nearest would lead astray.
                Some(nearest) if likeness(nearest) > 0.7 => format!("最接近的是 {nearest}；不需要就删去这一行"),
                Some(_) => format!("这里可以写 {}；不需要就删去这一行", known.join("、")),
                None => "删去这一行".to_owned(),
            };
            self.report(UNKNOWN_KEY, key.span().start, format!("{}不认识 {name}", self.place()), advice);
        }
    }
}

/// The last part of a file's path, whichever system wrote it.
fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}
