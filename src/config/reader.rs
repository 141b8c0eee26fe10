//! Takes values out of a group with their kind and range checked, gathering mistakes instead of stopping at the first.
//!
//! A wrong value is told once and the default stands in for it, so that one mistake hides no other. Formats are given by the
//! caller as functions from text. Start at [`Reader`].

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    Mistake,
    keys::{self, Key, Kind},
    raw::{Found, Group, Value},
};
use crate::telemetry::escape;

/// Why a value is wrong: what it has to be, and the way out; both Chinese.
pub(super) struct Wrong {
    pub(super) say: String,
    pub(super) advice: String,
}

impl Wrong {
    pub(super) fn new(say: impl Into<String>, advice: impl Into<String>) -> Self {
        Wrong { say: say.into(), advice: advice.into() }
    }
}

/// Reads the keys of one group.
pub(super) struct Reader<'a> {
    group: &'a Group,
    /// The section as the person sees it: `network`, `sources.baidu`, `contacts[2]`; empty for the plain keys.
    shown: String,
    defaults: &'a BTreeMap<&'static str, Found>,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        group: &'a Group,
        shown: String,
        defaults: &'a BTreeMap<&'static str, Found>,
        mistakes: &'a mut Vec<Mistake>,
    ) -> Self {
        Reader { group, shown, defaults, mistakes }
    }

    /// Whether somebody wrote this key.
    pub(super) fn written(&self, path: &str) -> Option<&'a Found> {
        self.group.found.get(path)
    }

    /// Notes a mistake at this key, or at the section where the key is not written.
    pub(super) fn wrong(&mut self, path: &str, wrong: Wrong) {
        let at = self.written(path).map_or(&self.group.at, |found| &found.at).clone();
        let shown = self.shown_path(path);
        self.mistakes.push(at.mistake(&shown, format!("{shown} {}", wrong.say), wrong.advice));
    }

    fn shown_path(&self, path: &str) -> String {
        match path.rsplit_once('.') {
            Some((_, name)) if !self.shown.is_empty() => format!("{}.{name}", self.shown),
            _ => path.to_owned(),
        }
    }

    /// What is written, read; a wrong value is noted. `None` also where nothing is written.
    fn take<T>(&mut self, path: &str, read: impl Fn(&Key, &Found) -> Result<T, Wrong>) -> Option<T> {
        let found = self.written(path)?;
        match read(row(path), found) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.wrong(path, wrong);
                None
            }
        }
    }

    /// As [`Reader::take`], with the built-in default in the place of what is missing or wrong.
    fn take_or_default<T>(&mut self, path: &str, read: impl Fn(&Key, &Found) -> Result<T, Wrong>) -> T {
        if let Some(value) = self.take(path, &read) {
            return value;
        }
        self.defaults.get(path).and_then(|found| read(row(path), found).ok()).expect(
            "every key outside sources and contacts has a default that its own reader takes; a test reads them all",
        )
    }

    pub(super) fn text(&mut self, path: &str) -> String {
        self.take_or_default(path, text)
    }

    pub(super) fn text_as<T>(&mut self, path: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> T {
        self.take_or_default(path, |key, found| {
            parse(&text(key, found)?).map_err(|wrong| with_value(key, found, wrong))
        })
    }

    /// Empty text means none.
    pub(super) fn optional_as<T>(&mut self, path: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        self.take(path, |key, found| match text(key, found)?.as_str() {
            "" => Ok(None),
            some => parse(some).map(Some).map_err(|wrong| with_value(key, found, wrong)),
        })
        .flatten()
    }

    /// Text of a key without a built-in default; empty where nothing is written.
    pub(super) fn text_or_empty(&mut self, path: &str) -> String {
        self.take(path, text).unwrap_or_default()
    }

    pub(super) fn whole<N: TryFrom<u64>>(&mut self, path: &str) -> N {
        self.take_or_default(path, whole)
    }

    pub(super) fn optional_whole<N: TryFrom<u64>>(&mut self, path: &str) -> Option<N> {
        self.take(path, whole)
    }

    pub(super) fn optional_switch(&mut self, path: &str) -> Option<bool> {
        self.take(path, switch)
    }

    pub(super) fn switch(&mut self, path: &str) -> bool {
        self.take_or_default(path, switch)
    }

    /// How many mistakes there are so far: tells whether reading something added one.
    pub(super) fn mistakes(&self) -> usize {
        self.mistakes.len()
    }

    pub(super) fn score(&mut self, path: &str) -> f64 {
        self.take_or_default(path, |key, found| {
            let number = match found.value {
                Value::Whole(number) => number as f64,
                Value::Decimal(number) => number,
                _ => f64::NAN,
            };
            // Not a number is in no range.
            if (0.0..=100.0).contains(&number) {
                Ok(number)
            } else {
                Err(with_value(key, found, Wrong::new("要写 0 到 100 的数", "")))
            }
        })
    }

    pub(super) fn path(&mut self, path: &str) -> Option<PathBuf> {
        self.take(path, |key, found| {
            let text = text(key, found)?;
            Ok((!text.is_empty()).then(|| found.at.base.join(text)))
        })
        .flatten()
    }

    pub(super) fn paths(&mut self, path: &str) -> Vec<PathBuf> {
        self.items(path, |item, text| match text {
            "" => Err(Wrong::new("里有空的路径", "删去这一项。")),
            text => Ok(item.at.base.join(text)),
        })
    }

    pub(super) fn texts_as<T>(&mut self, path: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Vec<T> {
        self.items(path, |_, text| parse(text))
    }

    /// Every item of a list by itself, so that all wrong ones are told, each with its own line.
    fn items<T>(&mut self, path: &str, parse: impl Fn(&Found, &str) -> Result<T, Wrong>) -> Vec<T> {
        let key = row(path);
        let shown = self.shown_path(path);
        let Some(found) = self.written(path).or_else(|| self.defaults.get(path)) else { return Vec::new() };
        let Value::List(items) = &found.value else {
            let example = format!("例如 {}。", if key.default == "[]" { r#"["甲", "乙"]"# } else { key.default });
            self.wrong(path, with_value(key, found, Wrong::new("要写列表", example)));
            return Vec::new();
        };
        let mut taken = Vec::with_capacity(items.len());
        for item in items {
            match text(key, item).and_then(|text| parse(item, &text).map_err(|wrong| with_value(key, item, wrong))) {
                Ok(value) => taken.push(value),
                Err(wrong) => {
                    self.mistakes.push(item.at.mistake(&shown, format!("{shown} {}", wrong.say), wrong.advice));
                }
            }
        }
        taken
    }
}

fn row(path: &str) -> &'static Key {
    keys::find(path).expect("only paths of the table of keys are read; a test reads them all")
}

fn text(key: &Key, found: &Found) -> Result<String, Wrong> {
    let text = match (&found.value, key.kind) {
        (Value::Text(text), _) => text.clone(),
        // TOML has times of its own: `at = 08:30` says what it means. Its printer may add seconds.
        (Value::Moment(moment), Kind::Time | Kind::Times) => {
            moment.strip_suffix(":00").filter(|rest| rest.len() == 5).unwrap_or(moment).to_owned()
        }
        (Value::Whole(number), _) if key.kind != Kind::Private => {
            return Err(with_value(key, found, Wrong::new("要写文字", format!("加上双引号，写成 \"{number}\"。"))));
        }
        _ => return Err(with_value(key, found, Wrong::new("要写文字", "文字要加双引号。"))),
    };
    // Names, notes and addresses end up in mail headers, tables and terminals.
    if text.contains(char::is_control) {
        return Err(Wrong::new("里有换行、制表符或其他控制字符", "写成一行，删去这些字符。"));
    }
    if text.chars().count() > 1000 {
        return Err(Wrong::new("太长了", "最多 1000 个字。"));
    }
    Ok(text)
}

fn switch(key: &Key, found: &Found) -> Result<bool, Wrong> {
    match found.value {
        Value::Switch(switch) => Ok(switch),
        _ => Err(with_value(key, found, Wrong::new("要写 true 或 false", ""))),
    }
}

fn whole<N: TryFrom<u64>>(key: &Key, found: &Found) -> Result<N, Wrong> {
    let Kind::Whole(least, most) = key.kind else {
        return Err(Wrong::new("不是整数项", ""));
    };
    let number = match found.value {
        Value::Whole(number) => u64::try_from(number).ok(),
        _ => None,
    };
    number
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| with_value(key, found, Wrong::new(format!("要写 {least} 到 {most} 的整数"), "")))
}

/// The mistake with what stands there now, unless that may be a secret.
fn with_value(key: &Key, found: &Found, wrong: Wrong) -> Wrong {
    if key.kind == Kind::Private {
        return wrong;
    }
    let now = match &found.value {
        Value::Text(text) => {
            let clipped: String = text.chars().take(40).collect();
            let more = if clipped.len() < text.len() { "…" } else { "" };
            format!("文字 \"{}{more}\"", escape(&clipped))
        }
        Value::Whole(number) => format!(" {number}"),
        Value::Decimal(number) => format!(" {number}"),
        Value::Switch(switch) => format!(" {switch}"),
        Value::Moment(moment) => format!(" {moment}"),
        Value::List(_) => "列表".to_owned(),
        Value::Table => "一段".to_owned(),
    };
    Wrong::new(format!("{}，现在是{now}", wrong.say), wrong.advice)
}
