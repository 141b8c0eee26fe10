//! The practice web's search engines: a real form of answer from an invented index.
//!
//! Two shapes: SearXNG's JSON, and Baidu's result page (with its JSON, its wall and the links that must be looked up). The
//! head of `web.toml` says how an index answers a query. Pure: how many queries a day brought is the caller's to count. It
//! must not know any source definition; that those can read it is what tests/practice_web.rs holds. Start at [`Engine::answer`].

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use super::web::{Days, Files};

/// Results on one page.
const PAGE: usize = 10;
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// What an engine answers.
pub(super) struct Shown {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Shown {
    fn page(kind: &str, body: String) -> Shown {
        Shown { status: 200, headers: vec![("Content-Type".to_owned(), kind.to_owned())], body }
    }

    fn refusal(status: u16, say: &str) -> Shown {
        Shown { status, ..Shown::page("text/plain; charset=utf-8", say.to_owned()) }
    }

    fn redirect(to: &str) -> Shown {
        let headers = vec![("Location".to_owned(), to.to_owned())];
        Shown { status: 302, headers, body: String::new() }
    }
}

/// One engine.
pub(super) struct Engine {
    pub(super) host: String,
    index: Vec<Entry>,
    shape: Shape,
}

enum Shape {
    Searxng { engines: Vec<String>, unresponsive_after: u32, unresponsive: Vec<(String, String)> },
    Baidu(Box<Baidu>),
}

struct Baidu {
    walls_after: u32,
    wall_url: String,
    page: &'static str,
    item: &'static str,
    ad_item: &'static str,
    zero: &'static str,
    next: &'static str,
}

struct Entry {
    url: String,
    title: String,
    snippet: String,
    words: Vec<String>,
    days: Days,
    ad: bool,
}

/// `[[engine]]` as written.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum EngineEntry {
    Searxng {
        host: String,
        engines: Vec<String>,
        unresponsive_after: u32,
        unresponsive: Vec<(String, String)>,
        index: Vec<IndexEntry>,
    },
    Baidu {
        host: String,
        walls_after: u32,
        wall_url: String,
        wall: String,
        page: String,
        item: String,
        ad_item: String,
        zero: String,
        next: String,
        index: Vec<IndexEntry>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexEntry {
    url: String,
    title: String,
    snippet: String,
    words: Vec<String>,
    days: Option<String>,
    #[serde(default)]
    ad: bool,
}

impl EngineEntry {
    /// Address and file of the wall.
    pub(super) fn wall(&self) -> Option<(&str, &str)> {
        match self {
            EngineEntry::Baidu { wall_url, wall, .. } => Some((wall_url, wall)),
            EngineEntry::Searxng { .. } => None,
        }
    }
}

impl Engine {
    /// The engine, or everything that is wrong with it.
    pub(super) fn checked(entry: EngineEntry, files: Files<'_>) -> Result<Engine, Vec<String>> {
        let mut flaws = Vec::new();
        let mut template = |path: &str| match files(path).map(std::str::from_utf8) {
            Some(Ok(text)) => text,
            Some(Err(_)) => {
                flaws.push(format!("{path} 不是 UTF-8 文字"));
                ""
            }
            None => {
                flaws.push(format!("没有文件 {path}"));
                ""
            }
        };
        let (host, index, shape) = match entry {
            EngineEntry::Searxng { host, engines, unresponsive_after, unresponsive, index } => {
                (host, index, Shape::Searxng { engines, unresponsive_after, unresponsive })
            }
            EngineEntry::Baidu { host, walls_after, wall_url, wall: _, page, item, ad_item, zero, next, index } => {
                let baidu = Baidu {
                    walls_after,
                    wall_url,
                    page: template(&page),
                    item: template(&item),
                    ad_item: template(&ad_item),
                    zero: template(&zero),
                    next: template(&next),
                };
                (host, index, Shape::Baidu(Box::new(baidu)))
            }
        };
        let mut entries = Vec::with_capacity(index.len());
        for IndexEntry { url, title, snippet, words, days, ad } in index {
            let read = days.as_deref().map_or(Some(Days::ALL), Days::parse);
            if read.is_none() || words.is_empty() || title.is_empty() || url::Url::parse(&url).is_err() {
                flaws.push(format!("{host} 的索引里 {url} 的网址、标题、words 或 days 不对"));
            }
            let words = words.iter().map(|word| word.to_ascii_lowercase()).collect();
            entries.push(Entry { url, title, snippet, words, days: read.unwrap_or(Days::ALL), ad });
        }
        if flaws.is_empty() { Ok(Engine { host, index: entries, shape }) } else { Err(flaws) }
    }

    /// Whether a request for `path` is a search, and so counts.
    pub(super) fn is_search(&self, path: &str) -> bool {
        match self.shape {
            Shape::Searxng { .. } => path == "/search",
            Shape::Baidu(_) => path == "/s",
        }
    }

    /// What `target` answers when `asked` searches of this `day`, this one included, have come. None: no page of the engine.
    pub(super) fn answer(&self, target: &str, day: u32, asked: u32) -> Option<Shown> {
        let (path, params) = target.split_once('?').unwrap_or((target, ""));
        let param = |name: &str| {
            form_urlencoded::parse(params.as_bytes()).find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
        };
        match (&self.shape, path) {
            (Shape::Searxng { engines, unresponsive_after, unresponsive }, "/search") => {
                if param("format").as_deref() != Some("json") {
                    return Some(Shown::refusal(403, "Forbidden"));
                }
                let Some(query) = param("q").filter(|q| !q.trim().is_empty()) else {
                    return Some(Shown::refusal(400, "No query"));
                };
                let page = param("pageno").and_then(|page| page.parse().ok()).unwrap_or(1).max(1);
                let silent = if asked > *unresponsive_after { unresponsive.as_slice() } else { &[] };
                Some(self.searxng(&query, page, day, engines, silent))
            }
            (Shape::Baidu(_), "/") => {
                let mut front = Shown::page(HTML, "<!DOCTYPE html><title>百度一下，你就知道</title>".to_owned());
                let cookie = "BAIDUID=DEMO0000000000000000000000000000:FG=1; path=/; max-age=31536000";
                front.headers.push(("Set-Cookie".to_owned(), cookie.to_owned()));
                Some(front)
            }
            (Shape::Baidu(baidu), "/s") if asked > baidu.walls_after => Some(Shown::redirect(&baidu.wall_url)),
            (Shape::Baidu(baidu), "/s") => {
                let query = param("wd").unwrap_or_default();
                let from = param("pn").and_then(|from| from.parse().ok()).unwrap_or(0);
                Some(match param("tn").as_deref() {
                    Some("json") => self.baidu_json(&query, from, day),
                    _ => self.baidu_html(baidu, &query, from, day),
                })
            }
            (Shape::Baidu(_), "/link" | "/baidu.php") => {
                let (rank, query) = param("url").and_then(|token| untoken(&token))?;
                let (ads, items) = self.split(&query, day);
                let list = if path == "/link" { items } else { ads };
                list.get(rank.checked_sub(1)?).map(|entry| Shown::redirect(&entry.url))
            }
            _ => None,
        }
    }

    /// The entries that answer `query`, most words first, then in the order of the file.
    fn matching(&self, query: &str, day: u32) -> Vec<&Entry> {
        let query = query.to_ascii_lowercase();
        let words = |entry: &Entry| entry.words.iter().filter(|word| query.contains(word.as_str())).count();
        let of_today = self.index.iter().filter(|entry| entry.days.contains(day));
        let mut found: Vec<(usize, &Entry)> = of_today.map(|e| (words(e), e)).filter(|(words, _)| *words > 0).collect();
        found.sort_by_key(|(words, _)| usize::MAX - words);
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    fn split(&self, query: &str, day: u32) -> (Vec<&Entry>, Vec<&Entry>) {
        self.matching(query, day).into_iter().partition(|entry| entry.ad)
    }

    fn searxng(&self, query: &str, page: usize, day: u32, engines: &[String], silent: &[(String, String)]) -> Shown {
        let found = self.matching(query, day);
        let speaking: Vec<&String> = engines.iter().filter(|e| silent.iter().all(|(name, _)| name != *e)).collect();
        let results: Vec<_> = found
            .iter()
            .enumerate()
            .skip((page - 1).saturating_mul(PAGE))
            .take(PAGE)
            .map(|(at, entry)| {
                let engine = speaking.get(at % speaking.len().max(1));
                json!({
                    "url": entry.url, "title": entry.title, "content": entry.snippet, "engine": engine,
                    "engines": [engine], "score": 1.0 / (at + 1) as f64, "category": "general",
                })
            })
            .collect();
        let body = json!({
            "query": query, "number_of_results": found.len(), "results": results, "answers": [], "corrections": [],
            "infoboxes": [], "suggestions": [], "unresponsive_engines": silent,
        });
        Shown::page(JSON, body.to_string())
    }

    fn baidu_json(&self, query: &str, from: usize, day: u32) -> Shown {
        let (_, items) = self.split(query, day);
        let entries: Vec<_> = items
            .iter()
            .enumerate()
            .skip(from)
            .take(PAGE)
            .map(|(at, entry)| {
                let time = super::clock(1, super::Part::Night).as_second();
                let (title, abs) = (escaped(&entry.title), escaped(&entry.snippet));
                json!({ "title": title, "url": escaped(&entry.url), "abs": abs, "time": time, "pn": at + 1 })
            })
            .collect();
        Shown::page(JSON, json!({ "feed": { "all": items.len(), "entry": entries } }).to_string())
    }

    fn baidu_html(&self, baidu: &Baidu, query: &str, from: usize, day: u32) -> Shown {
        let (ads, items) = self.split(query, day);
        let count = ads.len() + items.len();
        let rows = |template: &str, entries: &[&Entry], from: usize| {
            let mut rows = String::new();
            for (at, entry) in entries.iter().enumerate().skip(from).take(PAGE) {
                let (rank, token) = ((at + 1).to_string(), token(at + 1, query));
                let values = [
                    ("rank", rank.as_str()),
                    ("url", &entry.url),
                    ("title", &entry.title),
                    ("snippet", &entry.snippet),
                    ("token", &token),
                ];
                rows.push_str(&fill(template, &values, &[]));
            }
            rows
        };
        // Paid results stand in front of the first page only.
        let paid = if from == 0 { rows(baidu.ad_item, &ads, 0) } else { String::new() };
        let found = rows(baidu.item, &items, from);
        if paid.is_empty() && found.is_empty() {
            return Shown::page(HTML, fill(baidu.zero, &[("query", query)], &[]));
        }
        let next = from.saturating_add(PAGE);
        let query_url: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let to_next = [("query_url", query_url.as_str()), ("next_pn", &next.to_string())];
        let next = if next < items.len() { fill(baidu.next, &to_next, &[]) } else { String::new() };
        let values = [("query", query), ("count", &count.to_string())];
        let body = fill(baidu.page, &values, &[("ads", &paid), ("items", &found), ("next", &next)]);
        Shown::page(HTML, body)
    }
}

/// Puts values into a template: `values` HTML-escaped, `whole` as they are. One pass, so that no value is taken for a template.
fn fill(template: &str, values: &[(&str, &str)], whole: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            filled.push_str("{{");
            rest = after;
            continue;
        };
        let of = |list: &[(&str, &str)]| list.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        if let Some(value) = of(whole).or_else(|| of(values).map(|value| escaped(&value))) {
            filled.push_str(&value);
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

/// What the engine's own link carries: enough to find the entry again.
fn token(rank: usize, query: &str) -> String {
    format!("{rank} {query}").bytes().fold(String::new(), |mut hex, byte| {
        // Writing into a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn untoken(token: &str) -> Option<(usize, String)> {
    if !token.is_ascii() || !token.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..token.len()).step_by(2).map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok()).collect();
    let text = String::from_utf8(bytes?).ok()?;
    let (rank, query) = text.split_once(' ')?;
    Some((rank.parse().ok()?, query.to_owned()))
}
