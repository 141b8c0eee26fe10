//! `authorities.toml` → checked parts. Every mistake is told with its line; a file with one mistake is not used at all.
//!
//! core has no serde: the document is walked with its spans, which is also what makes good messages. Start at [`read`].

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::authorities::{Authority, Parsed};
use super::name::host_of;
use super::signs::{MAX_WORD, Role, Word};
use crate::rules::Problem;

const ROUTES: [&str; 6] = ["应急", "市监", "住建", "人社", "教育", "其他"];
const MAX_POINTS: i64 = 10;
/// What a city in Pinyin counts beside a bureau.
const CITY_POINTS: i32 = 3;

pub(super) fn read(file: &str, text: &str) -> Result<Parsed, Vec<Problem>> {
    let mut reader = Reader { file, text, problems: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors.iter().take(50) {
        let span = error.span().unwrap_or(0..0);
        reader.tell("toml", span, format!("TOML 写法有误：{}", error.message()), "请检查引号、括号和等号是否成对");
    }
    let parsed = reader.document(document.get_ref());
    if reader.problems.is_empty() { Ok(parsed) } else { Err(reader.problems) }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn document(&mut self, table: &DeTable<'_>) -> Parsed {
        self.known(table, &["authority", "parts", "cities", "lookalike", "suffix"], "文件顶层");
        let mut retired_notes = HashMap::new();
        let mut all = Vec::new();
        let mut owner: HashMap<String, String> = HashMap::new();
        let mut ids = HashSet::new();
        for (entry, span) in self.tables(table, "authority") {
            let Some(authority) = self.authority(entry, &span, &mut retired_notes) else { continue };
            if !ids.insert(authority.id.clone()) {
                self.tell("duplicate", span.clone(), format!("机关代号“{}”重复", authority.id), "每家机关的 id 须不同");
            }
            for host in authority.hosts.iter().chain(&authority.retired) {
                if let Some(other) = owner.insert(host.clone(), authority.id.clone()) {
                    let say = format!("网址 {host} 在“{other}”和“{}”下都列了", authority.id);
                    self.tell("duplicate", span.clone(), say, "一个网址只能归一家机关，且不能既真又停用");
                }
            }
            all.push(authority);
        }
        if all.is_empty() {
            self.tell("missing", 0..0, "一家机关也没有".to_owned(), "至少写一段 [[authority]]");
        }
        let mut words = self.words(table, &all);
        self.cities(table, &all, &mut words);
        let lookalikes = self.lookalikes(table);
        let (mut likely, mut twins) = (Vec::new(), Vec::new());
        if let Some(suffix) = self.table(table, "suffix") {
            self.known(suffix, &["likely", "twins"], "[suffix]");
            likely = self.strings(suffix, "likely");
            twins = self.strings(suffix, "twins");
        }
        Parsed { all, retired_notes, lookalikes, words, likely, twins }
    }

    fn authority(
        &mut self,
        table: &DeTable<'_>,
        span: &Range<usize>,
        notes: &mut HashMap<String, String>,
    ) -> Option<Authority> {
        let keys = ["id", "name", "names", "near", "route", "place", "hosts", "retired", "titles", "site_codes"];
        self.known(table, &keys, "[[authority]]");
        let id = self.required(table, "id", span);
        let name = self.required(table, "name", span);
        let near = self.required(table, "near", span);
        let route = self.required(table, "route", span);
        if !route.is_empty() && !ROUTES.contains(&route.as_str()) {
            let at = span_of(table, "route", span);
            self.tell("bad-value", at, format!("归口“{route}”不认识"), &format!("可选：{}", ROUTES.join("、")));
        }
        let mut hosts = Vec::new();
        for (entry, at) in self.tables(table, "hosts") {
            self.known(entry, &["host", "checked", "source"], "hosts");
            hosts.extend(self.host(entry, &at));
            self.required(entry, "source", &at);
            let checked = self.required(entry, "checked", &at);
            if !checked.is_empty() && checked.parse::<jiff::civil::Date>().is_err() {
                self.tell("bad-value", at, format!("核对日期“{checked}”不是日期"), "写成 2026-11-23 这样");
            }
        }
        let mut retired = Vec::new();
        for (entry, at) in self.tables(table, "retired") {
            self.known(entry, &["host", "note"], "retired");
            let note = self.required(entry, "note", &at);
            if let Some(host) = self.host(entry, &at) {
                notes.insert(host.clone(), note);
                retired.push(host);
            }
        }
        if !near.is_empty() && !hosts.contains(&near) {
            let at = span_of(table, "near", span);
            self.tell("bad-value", at, format!("near 写的 {near} 不在本机关的 hosts 之内"), "先把它列进 hosts");
        }
        let authority = Authority {
            id,
            name,
            near,
            route,
            names: self.strings(table, "names"),
            hosts,
            retired,
            titles: self.strings(table, "titles"),
            site_codes: self.strings(table, "site_codes"),
            place: self.string(table, "place"),
        };
        // One with a mistake is kept for what points at it; the file is refused anyway.
        (!authority.id.is_empty()).then_some(authority)
    }

    fn words(&mut self, table: &DeTable<'_>, all: &[Authority]) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let Some(parts) = self.table(table, "parts") else {
            self.tell("missing", 0..0, "缺少 [parts] 字样表".to_owned(), "没有字样就认不出冒名网址");
            return words;
        };
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.key()).collect();
        self.known(parts, &roles, "[parts]");
        let mut seen: HashMap<String, &str> = HashMap::new();
        for role in Role::ALL {
            if role.is_plain() {
                for (text, span) in self.spanned_strings(parts, role.key()) {
                    self.word_text(&text, &span, role, &mut seen);
                    words.push(Word::plain(text, role));
                }
                continue;
            }
            for (entry, span) in self.tables(parts, role.key()) {
                let keys: &[&str] = match role {
                    Role::Place => &["text", "points", "of"],
                    _ => &["text", "points", "say", "of", "alone", "typo", "short"],
                };
                self.known(entry, keys, role.key());
                let text = self.required(entry, "text", &span);
                self.word_text(&text, &span, role, &mut seen);
                let points = self.points(entry, &span);
                let say = match role {
                    Role::Place => String::new(),
                    _ => self.required(entry, "say", &span),
                };
                let of = self.string(entry, "of");
                if let Some(of) = &of {
                    let known = match role {
                        Role::Place => all.iter().any(|a| a.place.as_deref() == Some(of)),
                        _ => all.iter().any(|a| a.id == *of),
                    };
                    if !known {
                        let at = span_of(entry, "of", &span);
                        self.tell(
                            "bad-value",
                            at,
                            format!("of 指向的“{of}”不在名录里"),
                            "写上文某机关的 id（属地词写 place）",
                        );
                    }
                }
                let flag = |reader: &mut Self, key| reader.bool(entry, key);
                let (alone, typo, short) = (flag(self, "alone"), flag(self, "typo"), flag(self, "short"));
                words.push(Word { text, role, points, say, of, alone, typo, short });
            }
        }
        words
    }

    /// Cities by the place they belong to: each a place word, in Pinyin also with 市 behind it.
    fn cities(&mut self, table: &DeTable<'_>, all: &[Authority], words: &mut Vec<Word>) {
        let Some(cities) = self.table(table, "cities") else { return };
        let places: Vec<&str> = all.iter().filter_map(|authority| authority.place.as_deref()).collect();
        self.known(cities, &places, "[cities]");
        let mut seen: HashMap<String, &str> = words.iter().map(|word| (word.text.clone(), word.role.key())).collect();
        for (place, _) in cities.iter() {
            let place: &str = place.get_ref();
            for (text, span) in self.spanned_strings(cities, place) {
                self.word_text(&text, &span, Role::Place, &mut seen);
                let points = if text.is_ascii() { CITY_POINTS } else { 1 };
                if text.is_ascii() {
                    words.push(Word::place(format!("{text}shi"), points, place));
                }
                words.push(Word::place(text, points, place));
            }
        }
    }

    fn word_text(&mut self, text: &str, span: &Range<usize>, role: Role, seen: &mut HashMap<String, &'static str>) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c > '\u{2e80}';
        // A single Chinese character is a word; a single Latin letter would match everywhere.
        let long_enough = text.len() >= 2;
        let fit = text.chars().all(plain) && long_enough && text.len() <= MAX_WORD;
        // An empty one was told of already.
        if !text.is_empty() && !fit {
            let say = format!("字样“{text}”不合用");
            self.tell(
                "bad-value",
                span.clone(),
                say,
                "只用小写字母、数字、连字符或汉字，字母至少两个，总长 60 字节以内",
            );
        }
        if let Some(other) = seen.insert(text.to_owned(), role.key()) {
            let say = format!("字样“{text}”在 {other} 和 {} 里重复", role.key());
            self.tell("duplicate", span.clone(), say, "一个字样只留一处");
        }
    }

    fn lookalikes(&mut self, table: &DeTable<'_>) -> HashMap<String, String> {
        let mut out = HashMap::new();
        for (entry, span) in self.tables(table, "lookalike") {
            self.known(entry, &["host", "reason"], "[[lookalike]]");
            let reason = self.required(entry, "reason", &span);
            if let Some(host) = self.host(entry, &span)
                && out.insert(host.clone(), reason).is_some()
            {
                self.tell("duplicate", span, format!("{host} 列了两次"), "留一条即可");
            }
        }
        out
    }

    fn host(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<String> {
        let text = self.required(table, "host", span);
        if text.is_empty() {
            return None;
        }
        let at = span_of(table, "host", span);
        match host_of(&text) {
            Ok(host) if host == text => Some(host),
            Ok(host) => {
                self.tell("bad-value", at, format!("网址“{text}”的写法不规范"), &format!("应写成 {host}"));
                None
            }
            Err(error) => {
                self.tell("bad-value", at, format!("“{text}”不是网址：{error}"), "只写主机名，例如 cx.mem.gov.cn");
                None
            }
        }
    }

    fn points(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> i32 {
        let Some(value) = table.get("points") else {
            self.tell("missing", span.clone(), "缺少 points".to_owned(), "写 1 到 10 的整数");
            return 0;
        };
        let points = value.get_ref().as_integer().and_then(|n| n.as_str().parse::<i64>().ok());
        match points {
            Some(points) if (1..=MAX_POINTS).contains(&points) => points as i32,
            _ => {
                self.tell("bad-value", value.span(), "points 不是 1 到 10 的整数".to_owned(), "写 1 到 10 的整数");
                0
            }
        }
    }

    fn known(&mut self, table: &DeTable<'_>, keys: &[&str], place: &str) {
        for (key, _) in table.iter() {
            let name: &str = key.get_ref();
            if keys.contains(&name) {
                continue;
            }
            let nearest = keys.iter().min_by_key(|known| strsim::osa_distance(known, name)).copied().unwrap_or("");
            let shown: String = name.chars().take(40).collect();
            self.tell(
                "unknown-key",
                key.span(),
                format!("{place} 里不认识的键“{shown}”"),
                &format!("是不是“{nearest}”？"),
            );
        }
    }

    fn required(&mut self, table: &DeTable<'_>, key: &str, span: &Range<usize>) -> String {
        match table.get(key) {
            None => self.tell("missing", span.clone(), format!("缺少 {key}"), "请补上"),
            Some(value) => match value.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() => return text.to_owned(),
                Some(_) => self.tell("bad-value", value.span(), format!("{key} 是空的"), "请填写"),
                None => self.tell("bad-value", value.span(), format!("{key} 应是加引号的文字"), "两边加上引号"),
            },
        }
        String::new()
    }

    fn string(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.tell("bad-value", value.span(), format!("{key} 应是加引号的文字"), "两边加上引号");
        }
        text
    }

    fn bool(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(value) = table.get(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.tell("bad-value", value.span(), format!("{key} 应是 true 或 false"), "不加引号");
            false
        })
    }

    fn strings(&mut self, table: &DeTable<'_>, key: &str) -> Vec<String> {
        self.spanned_strings(table, key).into_iter().map(|(text, _)| text).collect()
    }

    fn spanned_strings(&mut self, table: &DeTable<'_>, key: &str) -> Vec<(String, Range<usize>)> {
        let mut out = Vec::new();
        for value in self.list(table, key) {
            match value.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() => out.push((text.to_owned(), value.span())),
                _ => self.tell("bad-value", value.span(), format!("{key} 里须是不空的文字"), "每项两边加引号"),
            }
        }
        out
    }

    fn table<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some(inner),
            _ => {
                self.tell("bad-value", value.span(), format!("{key} 应是一张表"), &format!("写成 [{key}]"));
                None
            }
        }
    }

    fn tables<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Vec<(&'t DeTable<'i>, Range<usize>)> {
        let mut out = Vec::new();
        for value in self.list(table, key) {
            match value.get_ref() {
                DeValue::Table(inner) => out.push((inner, value.span())),
                _ => self.tell("bad-value", value.span(), format!("{key} 里每项应是一张表"), "写成 { … } 或 [[…]]"),
            }
        }
        out
    }

    fn list<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Vec<&'t Value<'i>> {
        let Some(value) = table.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => {
                self.tell("bad-value", value.span(), format!("{key} 应是一串值"), "用方括号括起来");
                Vec::new()
            }
        }
    }

    fn tell(&mut self, code: &'static str, span: Range<usize>, say: String, advice: &str) {
        let start = span.start.min(self.text.len());
        let line = self.text.as_bytes()[..start].iter().filter(|&&b| b == b'\n').count() + 1;
        self.problems.push(Problem { code, file: self.file.to_owned(), line, say, advice: advice.to_owned() });
    }
}

/// Where the value of `key` stands, else where its table does.
fn span_of(table: &DeTable<'_>, key: &str, whole: &Range<usize>) -> Range<usize> {
    table.get(key).map_or_else(|| whole.clone(), Spanned::span)
}
