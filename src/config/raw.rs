//! First stage: what was written, where, under which known key. No value is judged here, only names and syntax.
//!
//! A file and the environment end up in one [`Raw`]; a variable replaces the file's value of its key. Values keep their
//! origin (file, line, the folder that relative paths start from), because mistakes about them are found later.
//! Start at [`Raw::read_file`] and [`Raw::read_variable`].

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use jianzheng_core::rules::syntax;

use super::{
    Mistake,
    keys::{self, Key},
    settings::same_source,
};

/// Where a value was written.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The file as the person named it, or the variable.
    pub(super) file: Rc<str>,
    pub(super) line: Option<usize>,
    /// Where relative paths start.
    pub(super) base: Rc<Path>,
}

impl Origin {
    pub(super) fn mistake(&self, key: &str, say: impl Into<String>, advice: impl Into<String>) -> Mistake {
        Mistake {
            file: self.file.to_string(),
            line: self.line,
            key: key.to_owned(),
            say: say.into(),
            advice: advice.into(),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) at: Origin,
}

/// TOML's values, without its spans and lifetimes.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// Saturated: every range of ours is far inside.
    Whole(i64),
    Decimal(f64),
    Switch(bool),
    /// A date or time, as TOML writes it.
    Moment(String),
    List(Vec<Found>),
    Table,
}

/// The keys of one section, by their path in the table of keys.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) at: Origin,
    pub(super) found: BTreeMap<&'static str, Found>,
}

/// Everything that was written under known names, and what is wrong with the names.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) plain: Group,
    pub(super) sources: BTreeMap<String, Group>,
    pub(super) contacts: Vec<Group>,
    pub(super) routes: Vec<Group>,
    pub(super) mistakes: Vec<Mistake>,
    /// Whether a file could not be read as TOML: what is missing may then be missing by that alone.
    pub(super) torn: bool,
}

/// One text that is being read: turns spans into lines and values into [`Found`].
struct Text<'a> {
    file: Rc<str>,
    base: Rc<Path>,
    /// Where each line starts; none for a variable, whose name says enough.
    lines: Option<&'a [usize]>,
}

impl Text<'_> {
    fn at(&self, offset: usize) -> Origin {
        let line = self.lines.map(|starts| starts.partition_point(|start| *start <= offset));
        Origin { file: self.file.clone(), line, base: self.base.clone() }
    }

    fn found(&self, spanned: &Spanned<DeValue<'_>>, at: Origin) -> Found {
        let value =
            match spanned.get_ref() {
                DeValue::String(text) => Value::Text(text.to_string()),
                DeValue::Integer(digits) => Value::Whole(
                    i64::from_str_radix(digits.as_str(), digits.radix())
                        .unwrap_or(if digits.as_str().starts_with('-') { i64::MIN } else { i64::MAX }),
                ),
                DeValue::Float(digits) => Value::Decimal(digits.as_str().parse().unwrap_or(f64::NAN)),
                DeValue::Boolean(switch) => Value::Switch(*switch),
                DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
                DeValue::Array(items) => {
                    Value::List(items.iter().map(|item| self.found(item, self.at(item.span().start))).collect())
                }
                DeValue::Table(_) => Value::Table,
            };
        Found { value, at }
    }
}

impl Raw {
    /// Nothing written yet. `folder` is where relative paths of what is written nowhere would start.
    pub(super) fn new(folder: &Path) -> Self {
        let at = Origin { file: "内置默认值".into(), line: None, base: folder.into() };
        let plain = Group { at, found: BTreeMap::new() };
        Raw {
            plain,
            sources: BTreeMap::new(),
            contacts: Vec::new(),
            routes: Vec::new(),
            mistakes: Vec::new(),
            torn: false,
        }
    }

    /// Takes the text of a file; `folder` is the file's.
    pub(super) fn read_file(&mut self, name: &str, folder: &Path, text: &str) {
        let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let source = Text { file: name.into(), base: folder.into(), lines: Some(&starts) };
        let (document, errors) = DeTable::parse_recoverable(text);
        let before = self.mistakes.len();
        for error in &errors {
            let at = source.at(error.span().map_or(text.len(), |span| span.start));
            let mistake = at.mistake("", syntax::say(error.message()), syntax::advice(error.message()));
            if !self.mistakes[before..].contains(&mistake) {
                self.mistakes.push(mistake);
            }
        }
        self.torn = !errors.is_empty();
        for (name, value) in document.get_ref() {
            self.section(&source, name, value);
        }
    }

    fn section(&mut self, text: &Text<'_>, name: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let at = text.at(name.span().start);
        let section: &str = name.get_ref();
        let known = !section.contains('.') && keys::SECTIONS.iter().any(|(known, _)| *known == section);
        match (section, value.get_ref()) {
            ("sources", DeValue::Table(sources)) => {
                for (source, value) in sources {
                    let at = text.at(source.span().start);
                    let shown = format!("sources.{}", source.get_ref());
                    let DeValue::Table(table) = value.get_ref() else {
                        self.mistakes.push(at.mistake(
                            &shown,
                            format!("{shown} 要写成一段"),
                            format!("先写一行 [{shown}]，各项写在它下面。"),
                        ));
                        continue;
                    };
                    let group = self.group(text, "sources.*", &shown, at, table);
                    self.sources.insert(source.get_ref().to_string(), group);
                }
            }
            ("contacts", _) => match self.list(text, "contacts", value, CONTACTS) {
                Some(people) => self.contacts.extend(people),
                None => self.mistakes.push(at.mistake(section, "contacts 要一人一段", CONTACTS)),
            },
            (_, DeValue::Table(table)) if known => {
                let group = self.group(text, section, section, at, table);
                self.plain.found.extend(group.found);
            }
            (_, _) if known => self.mistakes.push(at.mistake(
                section,
                format!("{section} 要写成一段"),
                format!("先写一行 [{section}]，各项写在它下面。"),
            )),
            (_, DeValue::Table(_) | DeValue::Array(_)) => self.mistakes.push(at.mistake(
                section,
                format!("{section} 不是已知的配置段"),
                keys::advice_for_section(section),
            )),
            _ => self.mistakes.push(at.mistake(
                section,
                format!("{section} 不是已知的配置项"),
                keys::advice_for_name("", section),
            )),
        }
    }

    /// The groups of a section that repeats as a list; `None`: it is no list.
    fn list(
        &mut self,
        text: &Text<'_>,
        section: &str,
        value: &Spanned<DeValue<'_>>,
        advice: &str,
    ) -> Option<Vec<Group>> {
        let DeValue::Array(items) = value.get_ref() else { return None };
        let mut groups = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let at = text.at(item.span().start);
            let shown = format!("{section}[{}]", index + 1);
            match item.get_ref() {
                DeValue::Table(table) => groups.push(self.group(text, &format!("{section}.*"), &shown, at, table)),
                _ => self.mistakes.push(at.mistake(&shown, format!("{shown} 要写成一段"), advice)),
            }
        }
        Some(groups)
    }

    /// The known keys of one table; the unknown ones become mistakes. `section` as in the table of keys, `shown` as written.
    fn group(&mut self, text: &Text<'_>, section: &str, shown: &str, at: Origin, table: &DeTable<'_>) -> Group {
        let mut group = Group { at, found: BTreeMap::new() };
        for (name, value) in table {
            let at = text.at(name.span().start);
            if section == "network" && name.get_ref() == "routes" {
                match self.list(text, ROUTES, value, ROUTES_ADVICE) {
                    Some(routes) => self.routes.extend(routes),
                    None => self.mistakes.push(at.mistake(ROUTES, format!("{ROUTES} 要一条一段"), ROUTES_ADVICE)),
                }
                continue;
            }
            match keys::find(&format!("{section}.{}", name.get_ref())) {
                Some(key) => {
                    group.found.insert(key.path, text.found(value, at));
                }
                None => {
                    let shown = format!("{shown}.{}", name.get_ref());
                    let advice = keys::advice_for_name(section, name.get_ref());
                    self.mistakes.push(at.mistake(&shown, format!("{shown} 不是已知的配置项"), advice));
                }
            }
        }
        group
    }

    /// Takes a variable whose name starts with the prefix, `rest` being what follows it. Relative paths start at `folder`.
    pub(super) fn read_variable(&mut self, name: &str, rest: &str, value: &str, folder: &Path) {
        let text = Text { file: name.into(), base: folder.into(), lines: None };
        let path = rest.to_lowercase().replace("__", ".");
        // Only capitals: otherwise two variables could mean one key, and which one won would be chance.
        let capitals = !rest.contains(char::is_lowercase);
        let plain = keys::find(&path).filter(|key| capitals && !key.repeats());
        if let Some(key) = plain {
            self.plain.found.insert(key.path, variable_value(&text, key, value));
            return;
        }
        let of_source = path.strip_prefix("sources.").and_then(|tail| tail.rsplit_once('.')).filter(|_| capitals);
        if let Some((source, leaf)) = of_source.filter(|(source, _)| !source.is_empty()) {
            match keys::find(&format!("sources.*.{leaf}")) {
                Some(key) => {
                    let found = variable_value(&text, key, value);
                    let written = self.sources.keys().find(|written| same_source(written, source)).cloned();
                    let group = self
                        .sources
                        .entry(written.unwrap_or_else(|| source.to_owned()))
                        .or_insert_with(|| Group { at: text.at(0), found: BTreeMap::new() });
                    group.found.insert(key.path, found);
                }
                None => self.mistakes.push(text.at(0).mistake(
                    &path,
                    format!("{path} 不是已知的配置项"),
                    keys::advice_for_name("sources.*", leaf),
                )),
            }
            return;
        }
        if rest == "CONTACTS" {
            match DeValue::parse(value) {
                Ok(list) if list.get_ref().is_array() => {
                    self.contacts.clear();
                    self.section(&text, &Spanned::new(0..0, "contacts".into()), &list);
                }
                _ => self.mistakes.push(text.at(0).mistake(
                    "contacts",
                    "contacts 在环境变量里要写成 TOML 列表",
                    r#"例如 [{ unit = "区网信办", email = "wangxin@example.gov.cn", routes = ["网信"] }]。"#,
                )),
            }
            return;
        }
        if rest == "NETWORK__ROUTES" {
            let list = DeValue::parse(value).ok();
            match list.and_then(|list| self.list(&text, ROUTES, &list, ROUTES_ADVICE)) {
                Some(routes) => self.routes = routes,
                None => self.mistakes.push(text.at(0).mistake(
                    ROUTES,
                    format!("{ROUTES} 在环境变量里要写成 TOML 列表"),
                    r#"例如 [{ hosts = ["*.cn"], proxy = "http://10.0.0.2:3128" }]。"#,
                )),
            }
            return;
        }
        let say = "没有这个环境变量对应的配置项";
        self.mistakes.push(text.at(0).mistake("", say, keys::advice_for_variable(name)));
    }
}

/// The list of ways out, which stands within `[network]`.
const ROUTES: &str = "network.routes";
const ROUTES_ADVICE: &str = "每条先写一行 [[network.routes]]，hosts 和 proxy 写在它下面。";
const CONTACTS: &str = "每人先写一行 [[contacts]]，各项写在它下面。";

/// A variable's text as TOML; where the key wants text, what is not quoted is taken as it is.
fn variable_value(text: &Text<'_>, key: &Key, value: &str) -> Found {
    let at = text.at(0);
    let trimmed = value.trim();
    let quoted =
        ['"', '\''].iter().any(|quote| trimmed.len() >= 2 && trimmed.starts_with(*quote) && trimmed.ends_with(*quote));
    if key.kind.wants_text() && !quoted {
        return Found { value: Value::Text(value.to_owned()), at };
    }
    match DeValue::parse(trimmed) {
        Ok(parsed) => text.found(&parsed, at),
        // Not TOML: the check of the kind says what the key wants instead.
        Err(_) => Found { value: Value::Text(value.to_owned()), at },
    }
}

/// The built-in defaults, as if somebody had written them all.
pub(super) fn defaults() -> BTreeMap<&'static str, Found> {
    let text = Text { file: "内置默认值".into(), base: PathBuf::new().into(), lines: None };
    let plain = keys::KEYS.iter().filter(|key| !key.repeats());
    plain.map(|key| (key.path, variable_value(&text, key, key.default))).collect()
}
