//! What is asked: a GET with the headers of one visit, and its head as it goes over the wire.
//!
//! Only GET exists: nothing is ever submitted to a target. It must not connect. Start at [`Get`].

use std::time::Duration;

use jianzheng_core::cloaking::Guest;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::cookies::Jar;
use super::{FetchError, Fetcher};

/// One thing to fetch.
#[derive(Debug, Clone)]
pub struct Get {
    /// Where. A user name, password or fragment in it is not sent.
    pub url: Url,
    /// What kind of answer is wanted.
    pub accept: Accept,
    /// As whom we ask.
    pub guest: Guest,
    /// How its certificate is judged, and whether the unit's own endpoints may be asked.
    pub policy: Policy,
    /// The page that led here.
    pub referer: Option<String>,
    /// Cookies of this visit, from an [`super::Answer`] before.
    pub cookies: Jar,
    /// The `ETag` of the copy we have.
    pub if_none_match: Option<String>,
    /// The `Last-Modified` of the copy we have.
    pub if_modified_since: Option<String>,
    /// Further headers, sent to the origin of `url` only; one of the same name replaces ours.
    pub headers: Vec<(String, String)>,
    /// Body bytes to read, as coded by the server.
    pub max_body: usize,
    /// Redirects to follow, at most [`super::MAX_REDIRECTS`]; 0 returns the first one.
    pub follow: u8,
    /// Waited before a redirect to the same host is followed: to that host it is a request like any other.
    pub pause: Duration,
}

impl Get {
    /// A page of a target, its redirects followed.
    pub fn page(url: Url) -> Get {
        Get {
            url,
            accept: Accept::Page,
            guest: Guest::Patrol,
            policy: Policy::Target,
            referer: None,
            cookies: Jar::default(),
            if_none_match: None,
            if_modified_since: None,
            headers: Vec::new(),
            max_body: 8 << 20,
            follow: super::MAX_REDIRECTS,
            pause: Duration::ZERO,
        }
    }

    /// A request to a source, under strict trust.
    pub fn source(url: Url) -> Get {
        Get { accept: Accept::Source, policy: Policy::Source, ..Get::page(url) }
    }
}

/// What kind of answer is wanted: decides the `Accept` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// A page.
    Page,
    /// A picture.
    Image,
    /// A robots.txt.
    Robots,
    /// A source's reply: JSON, a feed, a result page.
    Source,
}

/// How far the other side is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// A source: its certificate has to be right; the unit's own endpoints are exempt from the guard.
    Source,
    /// A target: a broken certificate is written down and accepted; nothing is exempt.
    Target,
}

/// What browsers ask for; ours names only what it can read.
const BROWSERS: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
const WECHAT: &str = "Mozilla/5.0 (Linux; Android 14; V2303A Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
     Version/4.0 Chrome/142.0.7444.102 Mobile Safari/537.36 MicroMessenger/8.0.65.2960(0x28004142) WeChat/arm64 Weixin \
     NetType/WIFI Language/zh_CN ABI/arm64";
const DESKTOP: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/// What a guest calls himself; none for the patrol, which has a name of its own.
pub fn agent_of(guest: Guest) -> Option<&'static str> {
    match guest {
        Guest::Patrol => None,
        Guest::Desktop | Guest::Searcher => Some(DESKTOP),
        Guest::Wechat => Some(WECHAT),
    }
}

/// The headers of one hop, in the order in which they are sent.
pub(super) fn headers(
    fetcher: &Fetcher,
    get: &Get,
    url: &Url,
    jar: &Jar,
    first: bool,
) -> Result<HeaderMap, FetchError> {
    let mut map = HeaderMap::new();
    let user_agent = agent_of(get.guest).unwrap_or(&fetcher.user_agent);
    let accept = match get.accept {
        Accept::Page if get.guest != Guest::Patrol => BROWSERS,
        Accept::Page => "text/html,application/xhtml+xml,application/xml;q=0.9,image/*;q=0.8,*/*;q=0.5",
        Accept::Image => "image/png,image/jpeg,image/gif,image/webp,image/*;q=0.8,*/*;q=0.5",
        Accept::Robots => "text/plain,*/*;q=0.5",
        Accept::Source => "application/json,text/html,application/xml;q=0.9,*/*;q=0.8",
    };
    put(&mut map, "host", &authority(url))?;
    put(&mut map, "user-agent", user_agent)?;
    put(&mut map, "accept", accept)?;
    put(&mut map, "accept-language", "zh-CN,zh;q=0.9,en;q=0.5")?;
    // br and zstd are read where a server sends them all the same; asked for, they would make evidence that common WARC tools
    // cannot unpack (warcio with the package brotli beside it fails on them).
    put(&mut map, "accept-encoding", "gzip, deflate")?;
    if let Some(referer) = &get.referer {
        put(&mut map, "referer", referer)?;
    }
    if let Some(cookies) = jar.header_for(url) {
        put(&mut map, "cookie", &cookies)?;
    }
    // What we hold is a copy of the first URL, not of whatever it leads to.
    if first {
        for (name, value) in [("if-none-match", &get.if_none_match), ("if-modified-since", &get.if_modified_since)] {
            if let Some(value) = value {
                put(&mut map, name, value)?;
            }
        }
    }
    // A key belongs to the one it was given for.
    if url.origin() == get.url.origin() {
        for (name, value) in &get.headers {
            put(&mut map, name, value)?;
        }
    }
    Ok(map)
}

fn put(map: &mut HeaderMap, name: &str, value: &str) -> Result<(), FetchError> {
    let bad =
        |_| FetchError::BadRequest { why: format!("请求头 {} 的值或名称不能发送", name.escape_default()) };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| bad(e.to_string()))?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|e| bad(e.to_string()))?;
    map.insert(name, value);
    Ok(())
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The head as hyper writes it: the request line (a proxy gets the whole URL of a plain one), names in title case.
pub(super) fn head(url: &Url, headers: &HeaderMap, plain_proxy: bool) -> Vec<u8> {
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut head = if plain_proxy && url.scheme() == "http" {
        format!("GET http://{}{target} HTTP/1.1\r\n", authority(url)).into_bytes()
    } else {
        format!("GET {target} HTTP/1.1\r\n").into_bytes()
    };
    for (name, value) in headers {
        let mut start = true;
        for byte in name.as_str().bytes() {
            head.push(if start { byte.to_ascii_uppercase() } else { byte });
            start = byte == b'-';
        }
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}
