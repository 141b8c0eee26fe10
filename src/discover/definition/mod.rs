//! What a source is: how it is asked and how its answers are to be read, as `rules/sources/NAME.toml` says.
//!
//! An engine is added by such a file alone, so nothing in `discover` may name one. Reading a file checks all of it and
//! reports every mistake at once; a [`Definition`] that exists can be asked. Start at [`Definition::parse`]; what the keys mean
//! to the officer who writes them is told in rules/sources/baidu.toml and searxng.toml.

mod read;
mod template;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use jianzheng_core::rules::Problem;
use scraper::Selector;
use url::Url;

pub use template::{Slots, Template};

/// One source as its file defines it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name in settings, lists and the store: the file's name without `.toml`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Where it is asked unless the unit's settings say otherwise.
    pub url: Option<Url>,
    /// Whether it is asked where the settings are silent.
    pub enabled: bool,
    /// How a question is put.
    pub question: Question,
    /// How much is asked where the settings are silent.
    pub budget: Budget,
    /// How an answer is read.
    pub shape: Shape,
    /// How the source says that there is nothing.
    pub zero: Vec<Mark>,
    /// How it looks when the source refuses to answer.
    pub walls: Vec<Wall>,
    /// What its own links stand for.
    pub links: Vec<LinkRule>,
}

/// How a question is put: always a GET.
#[derive(Debug, Clone)]
pub struct Question {
    /// Path below the source's address.
    pub path: Template,
    /// Query parameters, in the file's order.
    pub params: Vec<(String, Template)>,
    /// Request headers.
    pub headers: Vec<(String, String)>,
    /// A path visited once to be given cookies.
    pub cookies: Option<String>,
    /// What the source calls its first page.
    pub first_page: u32,
    /// The offset of the first page's first result.
    pub first_offset: u32,
    /// How far the offset moves from page to page.
    pub offset_step: u32,
}

/// How much a source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Search requests a day.
    pub daily: u32,
    /// Wait between two of them.
    pub delay: Duration,
    /// Result pages for one query.
    pub pages: u32,
}

/// The terms on which a source is asked: its file, overridden by the unit's settings.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Whether it is asked at all.
    pub enabled: bool,
    /// Its address; none: it cannot be asked.
    pub url: Option<Url>,
    /// Whether the address comes from the unit's settings, so that the address guard lets it through.
    pub own: bool,
    /// How much it is asked.
    pub budget: Budget,
}

/// What the unit's settings say of a source, `[sources.NAME]`; all optional.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `enabled`, or true by `--sources`.
    pub enabled: Option<bool>,
    /// `url`.
    pub url: Option<Url>,
    /// `daily`.
    pub daily: Option<u32>,
    /// `delay_ms`; zero where the settings switch all waits off.
    pub delay: Option<Duration>,
    /// `pages`.
    pub pages: Option<u32>,
}

/// How an answer is read.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A result page.
    Html(Box<HtmlShape>),
    /// A JSON reply.
    Json(Box<JsonShape>),
}

/// Where things stand on a result page. Selectors other than `item`, `next` and `pager` look inside one item.
#[derive(Debug, Clone)]
pub struct HtmlShape {
    /// One result.
    pub item: Css,
    /// Its title.
    pub title: Css,
    /// The element with the link.
    pub link: Css,
    /// Attributes of the item or the link element that hold the real address, tried in order before `href`.
    pub real_link: Vec<String>,
    /// Its text, tried in order; none: the whole item's text.
    pub snippet: Vec<Css>,
    /// Its date.
    pub date: Option<Css>,
    /// Items that are no results.
    pub skip: Vec<Css>,
    /// Items that are advertisements: kept, sellers buy them.
    pub ad: Vec<Css>,
    /// The bar with page numbers.
    pub pager: Option<Css>,
    /// In it, the way to the next page.
    pub next: Option<Css>,
    /// What that way says, where the selector alone does not tell it from the way back.
    pub next_text: Option<String>,
}

/// Where things stand in a JSON reply. Paths other than `items`, `unresponsive` start at one item; the first that holds wins.
#[derive(Debug, Clone)]
pub struct JsonShape {
    /// The list of results.
    pub items: JsonPath,
    /// Its title.
    pub title: Vec<JsonPath>,
    /// Its address.
    pub link: Vec<JsonPath>,
    /// Its text.
    pub snippet: Vec<JsonPath>,
    /// Its date.
    pub date: Vec<JsonPath>,
    /// Which engine behind the source found it.
    pub engine: Vec<JsonPath>,
    /// The list of engines behind the source that did not answer: names, or lists of name and reason.
    pub unresponsive: Option<JsonPath>,
    /// The engines behind the source that are asked.
    pub engines: Vec<String>,
}

/// A CSS selector that remembers how it was written.
#[derive(Clone)]
pub struct Css {
    /// As written.
    pub text: String,
    /// Compiled.
    pub selector: Selector,
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Css({})", self.text)
    }
}

/// A path into JSON: names and numbers with dots between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(pub Vec<String>);

impl JsonPath {
    /// What stands at the path.
    pub fn of<'v>(&self, value: &'v serde_json::Value) -> Option<&'v serde_json::Value> {
        self.0.iter().try_fold(value, |here, step| match here {
            serde_json::Value::Array(list) => step.parse::<usize>().ok().and_then(|at| list.get(at)),
            _ => here.get(step),
        })
    }
}

/// Something an answer shows.
#[derive(Debug, Clone)]
pub enum Mark {
    /// The host that answered or that the answer sends us to is this one or below it.
    Host(String),
    /// The path of either starts so.
    Path(String),
    /// The HTTP status.
    Status(u16),
    /// The page's title holds this.
    Title(String),
    /// The page's text outside the results holds this.
    Text(String),
    /// The page has such an element.
    Element(Css),
    /// The JSON reply has this at the path; no value: anything but null, false, zero and empty.
    Json(JsonPath, Option<String>),
    /// The JSON reply has an empty list of results.
    EmptyList,
    /// The body is empty.
    EmptyBody,
}

/// A wall: all its marks hold at once.
#[derive(Debug, Clone)]
pub struct Wall {
    /// The marks, at least one.
    pub marks: Vec<Mark>,
    /// What to tell the officer.
    pub say: String,
}

/// What a source's own links stand for.
#[derive(Debug, Clone)]
pub struct LinkRule {
    /// Hosts of such links, and those below them; none: the source's own.
    pub hosts: Vec<String>,
    /// Start of their path.
    pub path: String,
    /// How the real address is found.
    pub way: LinkWay,
    /// Whether such a link is an advertisement.
    pub ad: bool,
}

/// How the real address behind a link is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkWay {
    /// It is the real address.
    Keep,
    /// It leads to nothing of use: the result is left out.
    Drop,
    /// Ask for it and see where it sends us, without following.
    Lookup,
    /// It stands in this query parameter.
    Param(String),
    /// It stands in this query parameter as base64url behind a prefix.
    Base64 {
        /// The parameter.
        param: String,
        /// What precedes the base64.
        prefix: String,
    },
}

impl Definition {
    /// Reads the definition of source `name` from the text of its file.
    ///
    /// # Errors
    /// Every mistake of the file, in its order.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Definition, Vec<Problem>> {
        read::definition(name, file, text)
    }

    /// The terms on which the source is asked.
    pub fn terms(&self, overrides: &Overrides) -> Terms {
        Terms {
            enabled: overrides.enabled.unwrap_or(self.enabled),
            url: overrides.url.clone().or_else(|| self.url.clone()),
            own: overrides.url.is_some(),
            budget: Budget {
                daily: overrides.daily.unwrap_or(self.budget.daily),
                delay: overrides.delay.unwrap_or(self.budget.delay),
                pages: overrides.pages.unwrap_or(self.budget.pages).max(1),
            },
        }
    }
}
