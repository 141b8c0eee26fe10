//! What one answer of a source says: an outcome, why, and the candidates in it.
//!
//! Pure and total: any bytes give a [`Reading`]. An empty or unreadable answer is never "nothing found"; only the source's own
//! words are. Order: walls by place and title, the HTTP status, results, walls by text, the source's own "none", and what is
//! left is a changed page. Must not follow a link; [`crate::discover::redirects`] reads those. Start at [`read`].

mod bytes;
mod html;
mod json;
mod relevance;
#[cfg(test)]
mod tests;

use std::time::Duration;

use url::Url;

use crate::discover::definition::{Definition, LinkRule, LinkWay, Mark, Shape, Wall};
use crate::discover::outcome::Outcome;
use crate::discover::request::{Ask, MAX_BODY, Reply};

pub(crate) use bytes::{clean, decode};

/// Results of one answer that are kept; engines give ten to fifty.
const MAX_RESULTS: usize = 200;
const MAX_TITLE: usize = 300;
const MAX_SNIPPET: usize = 600;
const MAX_SHORT: usize = 60;
const MAX_URL: usize = 4096;

/// A page that may be worth fetching, as a source told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its address, or the source's own link to it when `needs_lookup`.
    pub url: Url,
    /// Title as the source shows it.
    pub title: String,
    /// Text as the source shows it.
    pub snippet: String,
    /// Date as the source writes it.
    pub date: Option<String>,
    /// Place among the results of its page, the first is 1.
    pub rank: u32,
    /// Whether it is an advertisement.
    pub ad: bool,
    /// Whether `url` is a link of the source that must be looked up.
    pub needs_lookup: bool,
    /// The engine behind the source that found it.
    pub engine: Option<String>,
}

/// An engine behind a source that did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// Its name.
    pub engine: String,
    /// What the source says of it.
    pub reason: String,
}

/// What one answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// How the ask ended.
    pub outcome: Outcome,
    /// Why, in Chinese; empty when `ok`.
    pub why: String,
    /// The candidates.
    pub found: Vec<Candidate>,
    /// Whether a further page may hold more.
    pub more: bool,
    /// Whether asking once more may help.
    pub retry: bool,
    /// How long the source wants to be left alone.
    pub rest: Option<Duration>,
    /// The engines behind the source that did not answer.
    pub silent: Vec<Silent>,
}

impl Reading {
    /// An answer without results.
    pub(crate) fn without(outcome: Outcome, why: impl Into<String>) -> Reading {
        let why = why.into();
        Reading { outcome, why, found: Vec::new(), more: false, retry: false, rest: None, silent: Vec::new() }
    }
}

/// What the shape found in the body, before anybody judges it.
#[derive(Default)]
struct Haul {
    found: Vec<Candidate>,
    /// Results seen, readable or not; noise and dropped links left out.
    results: usize,
    more: bool,
    silent: Vec<Silent>,
}

/// Reads the answer to `ask`.
pub fn read(definition: &Definition, ask: &Ask, reply: &Reply) -> Reading {
    let mut reading = judge(definition, ask, reply);
    if matches!(reply.status, 429 | 503) {
        reading.rest = reply.header("retry-after").and_then(|v| v.trim().parse().ok()).map(Duration::from_secs);
        reading.retry |= reading.rest.is_some();
    }
    reading
}

fn judge(definition: &Definition, ask: &Ask, reply: &Reply) -> Reading {
    if reply.body.len() > MAX_BODY {
        return Reading::without(Outcome::Broken, "回的内容超过 4 MiB，不像结果页，没有读");
    }
    let text = decode(&reply.body, reply.header("content-type"));
    match &definition.shape {
        Shape::Html(shape) => html::read(definition, shape, ask, reply, &text),
        Shape::Json(shape) => json::read(definition, shape, ask, reply, &text),
    }
}

/// What can be seen of an answer when its marks are looked for.
trait Sight {
    fn title_holds(&self, words: &str) -> bool;
    fn text_holds(&self, words: &str) -> bool;
    fn mark_holds(&self, mark: &Mark) -> bool;
}

fn holds(mark: &Mark, reply: &Reply, sight: &impl Sight) -> bool {
    let places = || [Some(reply.final_url.clone()), reply.location()].into_iter().flatten();
    match mark {
        Mark::Host(host) => places().any(|url| url.host_str().is_some_and(|h| is_below(h, host))),
        Mark::Path(path) => places().any(|url| url.path().starts_with(path.as_str())),
        Mark::Status(status) => reply.status == *status,
        Mark::EmptyBody => reply.body.iter().all(u8::is_ascii_whitespace),
        Mark::Title(words) => sight.title_holds(words),
        Mark::Text(words) => sight.text_holds(words),
        Mark::Element(_) | Mark::Json(..) | Mark::EmptyList => sight.mark_holds(mark),
    }
}

/// Whether a reply sends us to one of the source's walls.
pub(crate) fn sent_to_wall(definition: &Definition, reply: &Reply) -> bool {
    struct Nothing;
    impl Sight for Nothing {
        fn title_holds(&self, _: &str) -> bool {
            false
        }
        fn text_holds(&self, _: &str) -> bool {
            false
        }
        fn mark_holds(&self, _: &Mark) -> bool {
            false
        }
    }
    reply.location().is_some()
        && definition.walls.iter().any(|wall| wall.marks.iter().all(|mark| holds(mark, reply, &Nothing)))
}

fn is_below(host: &str, parent: &str) -> bool {
    let rest = host.strip_suffix(parent);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The wall that the answer shows, and the HTTP statuses that mean the same for every source.
fn refusal(definition: &Definition, reply: &Reply, sight: &impl Sight) -> Option<Reading> {
    let stands = |wall: &&Wall| wall.marks.iter().all(|mark| holds(mark, reply, sight));
    if let Some(wall) = definition.walls.iter().find(stands) {
        return Some(Reading::without(Outcome::Blocked, wall.say.clone()));
    }
    let broken = |why: String| Some(Reading::without(Outcome::Broken, why));
    match reply.status {
        200..=299 => None,
        300..=399 => {
            let to = reply.location().and_then(|url| url.host_str().map(str::to_owned));
            broken(format!(
                "被改道到{}，没有跟去",
                to.map_or("不明的地方".to_owned(), |host| format!(
                    " {}",
                    clean(&jianzheng_core::entities::mask_ids(&host), MAX_SHORT)
                ))
            ))
        }
        status @ (401 | 403 | 429) => {
            let say = if status == 429 { "嫌问得太勤" } else { "拒绝回答" };
            Some(Reading::without(Outcome::Blocked, format!("{say}（HTTP {status}）")))
        }
        status @ 500.. => {
            let mut reading = Reading::without(Outcome::Broken, format!("对方服务器出错（HTTP {status}）"));
            reading.retry = true;
            Some(reading)
        }
        status => {
            broken(format!("提问的地址不对或已改变（HTTP {status}），检查 rules/sources/{}.toml", definition.name))
        }
    }
}

/// Judges what the body held, once walls and statuses are out of the way.
fn settle(definition: &Definition, ask: &Ask, reply: &Reply, sight: &impl Sight, haul: Haul) -> Reading {
    let Haul { found, results, more, silent } = haul;
    let names = || {
        let told = silent.iter().map(|s| match s.reason.is_empty() {
            true => s.engine.clone(),
            false => format!("{}（{}）", s.engine, s.reason),
        });
        told.take(12).collect::<Vec<_>>().join("、")
    };
    if found.is_empty() && !silent.is_empty() {
        let (outcome, why) = if all_silent(definition, &silent) {
            (Outcome::Blocked, format!("背后的引擎都没有回答：{}", names()))
        } else {
            (Outcome::Degraded, format!("没有结果，而有的引擎没有回答：{}；不能当作没有", names()))
        };
        return Reading { silent, ..Reading::without(outcome, why) };
    }
    if results == 0 {
        if definition.zero.iter().any(|mark| holds(mark, reply, sight)) {
            return Reading::without(Outcome::Zero, "引擎说没有找到");
        }
        let why = if holds(&Mark::EmptyBody, reply, sight) {
            "回了空白页，不能当作没有".to_owned()
        } else {
            format!("读不出结果，也没说没有：版面可能变了，检查 rules/sources/{}.toml", definition.name)
        };
        return Reading::without(Outcome::Broken, why);
    }
    if found.is_empty() {
        let why = format!(
            "有 {results} 条结果，但读不出标题和网址：版面可能变了，检查 rules/sources/{}.toml",
            definition.name
        );
        return Reading::without(Outcome::Broken, why);
    }
    if !relevance::any_relevant(&ask.query, &found) {
        let why = format!("{} 条结果都与“{}”无关，没有采用", found.len(), clean(&ask.query, MAX_SHORT));
        return Reading { silent, ..Reading::without(Outcome::Degraded, why) };
    }
    let (outcome, why) = match silent.is_empty() {
        true => (Outcome::Ok, String::new()),
        false => (Outcome::Degraded, format!("有的引擎没有回答：{}", names())),
    };
    Reading { found, more, silent, ..Reading::without(outcome, why) }
}

/// Whether nobody behind the source answered. The reply names only the silent ones: those we asked for are known from the
/// definition, but an instance may not have them all, so several that were all turned away, with no result, count as all.
fn all_silent(definition: &Definition, silent: &[Silent]) -> bool {
    const TURNED_AWAY: [&str; 6] = ["captcha", "denied", "too many", "suspended", "forbidden", "blocked"];
    let Shape::Json(shape) = &definition.shape else { return false };
    let asked = shape.engines.iter();
    let named = |engine: &String| silent.iter().any(|s| s.engine.eq_ignore_ascii_case(engine));
    let turned_away = |s: &Silent| {
        let reason = s.reason.to_ascii_lowercase();
        TURNED_AWAY.iter().any(|word| reason.contains(word))
    };
    asked.clone().all(named) || (silent.len() > 1 && silent.iter().all(turned_away))
}

/// What a link of a result stands for.
struct Link {
    url: Url,
    ad: bool,
    needs_lookup: bool,
}

/// Undoes the source's own link, as far as that needs no asking. None: the result is to be left out.
fn undo_link(definition: &Definition, own_host: Option<&str>, mut url: Url) -> Option<Link> {
    let mut ad = false;
    // A decoded link may be a link of the source again; three turns are more than any engine takes.
    for _ in 0..3 {
        let Some(rule) = rule_for(definition, own_host, &url) else { break };
        ad |= rule.ad;
        let hidden = match &rule.way {
            LinkWay::Keep => break,
            LinkWay::Drop => return None,
            LinkWay::Lookup => return Some(Link { url, ad, needs_lookup: true }),
            LinkWay::Param(param) => param_of(&url, param),
            LinkWay::Base64 { param, prefix } => param_of(&url, param)
                .and_then(|value| value.strip_prefix(prefix.as_str()).and_then(bytes::base64url))
                .and_then(|bytes| String::from_utf8(bytes).ok()),
        };
        // What cannot be decoded may still be found by asking.
        let Some(real) = hidden.and_then(|text| web_address(&url, &text)) else {
            return Some(Link { url, ad, needs_lookup: true });
        };
        url = real;
    }
    Some(Link { url, ad, needs_lookup: false })
}

/// The rule for a link, if it is one of the source's own. `own_host` is where the source is asked: where the settings moved it,
/// that host stands for the file's.
pub(crate) fn rule_for<'d>(definition: &'d Definition, own_host: Option<&str>, url: &Url) -> Option<&'d LinkRule> {
    let host = url.host_str()?;
    let default_host = definition.url.as_ref().and_then(Url::host_str);
    definition.links.iter().find(|rule| {
        let below = |host: &str| rule.hosts.iter().any(|parent| is_below(host, parent));
        let moved = own_host == Some(host) && (rule.hosts.is_empty() || default_host.is_some_and(below));
        (moved || below(host)) && url.path().starts_with(rule.path.as_str())
    })
}

fn param_of(url: &Url, param: &str) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == param).map(|(_, value)| value.into_owned())
}

/// An http address written in a page at `base`.
pub(crate) fn web_address(base: &Url, text: &str) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_URL {
        return None;
    }
    base.join(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
