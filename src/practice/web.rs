//! What stands in `web.toml`, checked: which address answers with what on which day.
//!
//! The head of that file documents the format. Reading checks all of it, so that a [`Web`] that exists can be served. Must not
//! serve or count anything: [`super::site`] does. Start at [`Web::parse`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jianzheng_core::cloaking::Guest;
use serde::Deserialize;
use url::Url;

use super::engine::{Engine, EngineEntry};
use super::sheet::{Flaw, Placed, Sheet};

const FILE: &str = "web.toml";
/// How long a slow host thinks.
const SLOW: Duration = Duration::from_millis(1200);
/// Longer delays would stop a practice round for nothing.
const MAX_DELAY_MS: u64 = 5000;

/// From a path below `seeds/practice` to the bytes there.
pub(super) type Files<'f> = &'f dyn Fn(&str) -> Option<&'static [u8]>;

/// The days on which something holds, the first day is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days {
    /// From this day on.
    pub from: u32,
    /// The last day; none: for good.
    pub to: Option<u32>,
}

impl Days {
    /// Every day.
    pub const ALL: Days = Days { from: 1, to: None };

    /// Reads `N-` or `N-M`, both ends included.
    pub(super) fn parse(text: &str) -> Option<Days> {
        let (from, to) = text.split_once('-')?;
        let days = Days {
            from: from.parse().ok()?,
            to: match to {
                "" => None,
                to => Some(to.parse().ok()?),
            },
        };
        (days.from >= 1 && days.to.is_none_or(|to| days.from <= to)).then_some(days)
    }

    /// Whether `day` is one of them.
    pub fn contains(self, day: u32) -> bool {
        self.from <= day && !self.over_on(day)
    }

    /// Whether all of them lie before `day`.
    pub(super) fn over_on(self, day: u32) -> bool {
        self.to.is_some_and(|to| to < day)
    }

    fn meets(self, other: Days) -> bool {
        let last = |days: Days| days.to.unwrap_or(u32::MAX);
        self.from <= last(other) && other.from <= last(self)
    }
}

/// The checked practice web.
pub(super) struct Web {
    /// By [`place_of`]; entries of one address never share a day.
    pub(super) pages: HashMap<String, Vec<Page>>,
    /// Every name that exists.
    pub(super) hosts: BTreeMap<String, Host>,
    pub(super) engines: Vec<Engine>,
    pub(super) not_found: &'static [u8],
    pub(super) parked: &'static [u8],
}

/// What one address answers on some days.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) days: Days,
    pub(super) after_gone: AfterGone,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: &'static [u8],
    pub(super) delay: Duration,
    pub(super) first: Option<First>,
    /// What these guests are shown instead.
    pub(super) guests: Vec<(Guest, &'static [u8])>,
}

impl Page {
    /// The body for a guest.
    pub(super) fn body_for(&self, guest: Guest) -> &'static [u8] {
        self.guests.iter().find(|(own, _)| *own == guest).map_or(self.body, |(_, body)| body)
    }
}

/// What the first request of a day gets instead.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct First {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// What an address answers when its days are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum AfterGone {
    #[default]
    #[serde(rename = "404")]
    NotFound,
    #[serde(rename = "refused")]
    Refused,
    #[serde(rename = "parked")]
    Parked,
}

/// A name and what is peculiar to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Host {
    pub(super) robots: Option<String>,
    pub(super) delay: Duration,
    /// Every path answers, and leads to five more.
    pub(super) endless: bool,
    pub(super) refused_after: Option<u32>,
}

impl Host {
    pub(super) fn refuses_on(&self, day: u32) -> bool {
        self.refused_after.is_some_and(|last| last < day)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageEntry {
    url: String,
    file: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    days: Option<String>,
    #[serde(default)]
    after_gone: AfterGone,
    redirect: Option<String>,
    #[serde(default)]
    delay_ms: u64,
    first: Option<First>,
    #[serde(default)]
    guests: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostEntry {
    name: String,
    behaviour: Option<Behaviour>,
    robots: Option<String>,
    refused_after_day: Option<u32>,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Behaviour {
    Slow,
    Loop,
}

impl Web {
    /// Reads `text`; what it names is looked up in `files`.
    pub(super) fn parse(text: &str, files: Files<'_>) -> Result<Web, Vec<Flaw>> {
        let mut sheet = Sheet::read(FILE, text);
        let mut web = Web {
            pages: HashMap::new(),
            hosts: BTreeMap::new(),
            engines: Vec::new(),
            not_found: needed(&mut sheet, files, 0, "pages/error-404.html"),
            parked: needed(&mut sheet, files, 0, "pages/parked.html"),
        };
        for placed in sheet.list::<PageEntry>("page") {
            web.add_page(&mut sheet, files, placed);
        }
        let mut named = BTreeSet::new();
        for Placed { entry, at } in sheet.list::<HostEntry>("host") {
            if !named.insert(entry.name.clone()) {
                sheet.flaw(at, format!("主机 {} 写了两次", entry.name));
            }
            web.add_host(&mut sheet, entry, at);
        }
        for Placed { entry, at } in sheet.list::<EngineEntry>("engine") {
            web.add_engine(&mut sheet, files, entry, at);
        }
        let flaws = sheet.finish();
        if flaws.is_empty() { Ok(web) } else { Err(flaws) }
    }

    fn add_page(&mut self, sheet: &mut Sheet<'_>, files: Files<'_>, Placed { entry, at }: Placed<PageEntry>) {
        let Some((host, place)) = place_of_url(&entry.url) else {
            return sheet.flaw(at, format!("{} 不是完整的 http 网址", entry.url));
        };
        let days = days(sheet, at, entry.days.as_deref());
        let status = entry.status.unwrap_or(200);
        let statuses = std::iter::once(status).chain(entry.first.as_ref().map(|first| first.status));
        for status in statuses.filter(|status| !(200..=599).contains(status)) {
            sheet.flaw(at, format!("{} 的状态码 {status} 不能用", entry.url));
        }
        if entry.delay_ms > MAX_DELAY_MS {
            sheet.flaw(at, format!("{} 的 delay_ms 超过 {MAX_DELAY_MS}", entry.url));
        }
        let mut headers: Vec<(String, String)> = entry.headers.into_iter().collect();
        let body = match (&entry.file, entry.redirect) {
            (Some(file), None) => needed(sheet, files, at, file),
            (None, Some(to)) => {
                if !(300..400).contains(&status) {
                    sheet.flaw(at, format!("{} 写了 redirect，状态码却是 {status}", entry.url));
                }
                headers.push(("Location".to_owned(), to));
                b""
            }
            _ => {
                sheet.flaw(at, format!("{} 要写 file 或 redirect，只写一个", entry.url));
                b""
            }
        };
        headers.extend(entry.kind.map(|kind| ("Content-Type".to_owned(), kind)));
        let firsts = entry.first.iter().flat_map(|first| &first.headers);
        let lines = headers.iter().map(|(n, v)| (n, v)).chain(firsts);
        if let Some((name, _)) = lines.into_iter().find(|(name, value)| !plain_header(name, value)) {
            sheet.flaw(at, format!("{} 的报头 {name} 里有不能发的字符", entry.url));
        }
        let mut guests = Vec::new();
        for (code, file) in &entry.guests {
            match Guest::ALL.into_iter().find(|guest| guest.as_code() == code) {
                Some(guest) => guests.push((guest, needed(sheet, files, at, file))),
                None => sheet.flaw(at, format!("{} 的 guests 里没有 {code} 这种来客", entry.url)),
            }
        }
        let page = Page {
            guests,
            days,
            after_gone: entry.after_gone,
            status,
            headers,
            body,
            delay: Duration::from_millis(entry.delay_ms),
            first: entry.first,
        };
        let others = self.pages.entry(place).or_default();
        if others.iter().any(|other| other.days.meets(days)) {
            sheet.flaw(at, format!("{} 有两条记录说同一天", entry.url));
        }
        others.push(page);
        self.hosts.entry(host).or_default();
    }

    fn add_host(&mut self, sheet: &mut Sheet<'_>, entry: HostEntry, at: usize) {
        if Url::parse(&format!("http://{}/", entry.name)).ok().and_then(|u| u.host_str().map(str::to_owned))
            != Some(entry.name.clone())
        {
            return sheet.flaw(at, format!("{} 不是小写的主机名", entry.name));
        }
        let host = self.hosts.entry(entry.name).or_default();
        host.robots = entry.robots;
        host.delay = if entry.behaviour == Some(Behaviour::Slow) { SLOW } else { Duration::ZERO };
        host.endless = entry.behaviour == Some(Behaviour::Loop);
        host.refused_after = entry.refused_after_day;
    }

    fn add_engine(&mut self, sheet: &mut Sheet<'_>, files: Files<'_>, entry: EngineEntry, at: usize) {
        if let Some((url, body)) = entry.wall() {
            let body = needed(sheet, files, at, body);
            match place_of_url(url) {
                Some((host, place)) => {
                    let html = ("Content-Type".to_owned(), "text/html; charset=utf-8".to_owned());
                    let wall = Page {
                        guests: Vec::new(),
                        days: Days::ALL,
                        after_gone: AfterGone::NotFound,
                        status: 200,
                        headers: vec![html],
                        body,
                        delay: Duration::ZERO,
                        first: None,
                    };
                    self.pages.entry(place).or_default().push(wall);
                    self.hosts.entry(host).or_default();
                }
                None => sheet.flaw(at, format!("wall_url {url} 不是完整的 http 网址")),
            }
        }
        match Engine::checked(entry, files) {
            Ok(engine) => {
                self.hosts.entry(engine.host.clone()).or_default();
                self.engines.push(engine);
            }
            Err(flaws) => flaws.into_iter().for_each(|say| sheet.flaw(at, say)),
        }
    }

    /// What the address answers on `day`: the page of that day, or what became of it.
    pub(super) fn page_on(&self, place: &str, day: u32) -> Found<'_> {
        let entries = self.pages.get(place).map_or(&[][..], Vec::as_slice);
        if let Some(page) = entries.iter().find(|page| page.days.contains(day)) {
            return Found::Page(page);
        }
        let last = entries.iter().filter(|page| page.days.over_on(day)).max_by_key(|page| page.days.to);
        Found::Gone(last.map_or(AfterGone::NotFound, |page| page.after_gone))
    }
}

/// What [`Web::page_on`] found.
pub(super) enum Found<'w> {
    Page(&'w Page),
    /// Never there, not yet there, or there no more.
    Gone(AfterGone),
}

pub(super) fn days(sheet: &mut Sheet<'_>, at: usize, written: Option<&str>) -> Days {
    let Some(written) = written else { return Days::ALL };
    Days::parse(written).unwrap_or_else(|| {
        sheet.flaw(at, format!("days = \"{written}\" 不对，要写成 \"1-\" 或 \"1-1\""));
        Days::ALL
    })
}

fn needed(sheet: &mut Sheet<'_>, files: Files<'_>, at: usize, path: &str) -> &'static [u8] {
    files(path).unwrap_or_else(|| {
        sheet.flaw(at, format!("没有文件 {path}"));
        b""
    })
}

fn plain_header(name: &str, value: &str) -> bool {
    let token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    token && value.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// Host and place of a whole http address.
fn place_of_url(url: &str) -> Option<(String, String)> {
    let parsed = Url::parse(url).ok().filter(|url| url.scheme() == "http" && url.port().is_none())?;
    let host = parsed.host_str()?.to_owned();
    let rest = url.strip_prefix("http://")?;
    let target = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
    let place = place_of(&host, target);
    Some((host, place))
}

/// The one spelling of an address: host in lower case, no empty path, percent-encoding in upper case.
pub(super) fn place_of(host: &str, target: &str) -> String {
    let slash = if target.starts_with('/') { "" } else { "/" };
    let mut place = format!("{}{slash}", host.to_ascii_lowercase());
    let mut escaped = 0;
    for letter in target.chars() {
        place.push(if escaped > 0 { letter.to_ascii_uppercase() } else { letter });
        escaped = if letter == '%' { 2 } else { i32::max(escaped - 1, 0) };
    }
    place
}
