//! One GET to a server that may be anything: its redirects followed by us, each hop checked, everything capped.
//!
//! The only place, with [`super::resolver`] and [`super::tls`], that names reqwest. It must not wait for politeness (the
//! frontier does), read robots.txt on its own account (the caller asks [`super::robots`] and passes what it knows as a
//! closure), retry ([`super::retry`] says what is worth it) or undo content codings ([`super::decode`]).
//! Start at [`Fetcher::get`].

mod answer;
mod body;
mod cookies;
mod failure;
mod request;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jianzheng_core::cloaking::Guest;
use jiff::Timestamp;
use reqwest::header::{LOCATION, SET_COOKIE};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use url::Url;

pub use answer::{Answer, Exchange, FetchError, Hop, ResolvedBy, Stage, Truncated};
pub use cookies::Jar;
pub use request::{Accept, Get, Policy};

use super::guard::{Guard, Origin, Refusal};
use super::resolver::{Exempt, Lookup, Resolver, SystemLookup};
use super::tls::{TlsSetupError, Trust};

/// Redirects followed at most, whatever a request asks for.
pub const MAX_REDIRECTS: u8 = 10;
/// Header fields of one response; hyper's own buffer ends a head near 400 KiB, we keep less.
const MAX_FIELDS: usize = 200;
const MAX_HEAD: usize = 64 << 10;
/// A redirect's body is read that far, so that its connection can be used again.
const REDIRECT_BODY: usize = 16 << 10;
const MAX_LOCATION: usize = 8 << 10;

/// Bounds in time. The defaults are the product's; tests shorten them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Name, TCP and TLS.
    pub connect: Duration,
    /// From the start to the end of a response's head.
    pub head: Duration,
    /// Between two pieces of a body.
    pub idle: Duration,
    /// The whole visit with its redirects, pauses between them aside.
    pub total: Duration,
    /// A body slower than `drip_rate` over this long is cut.
    pub drip_window: Duration,
    /// Bytes a second.
    pub drip_rate: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            head: Duration::from_secs(20),
            idle: Duration::from_secs(10),
            total: Duration::from_secs(30),
            drip_window: Duration::from_secs(10),
            drip_rate: 64,
        }
    }
}

/// What a [`Fetcher`] is built from.
#[derive(Clone)]
pub struct Settings {
    /// What may be asked. Whether a proxy resolves names is set from `proxy`.
    pub guard: Guard,
    /// `network.proxy`.
    pub proxy: Option<Url>,
    /// `network.ca_file`.
    pub ca_file: Option<PathBuf>,
    /// `network.connections`: exchanges at a time.
    pub connections: usize,
    /// How to reach us, told in the user agent: a mail address or URL.
    pub contact: Option<String>,
    /// Where names come from.
    pub lookup: Arc<dyn Lookup>,
    /// Bounds in time.
    pub limits: Limits,
    /// The calendar clock that dates exchanges.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            guard: Guard::default(),
            proxy: None,
            ca_file: None,
            connections: 64,
            contact: None,
            lookup: Arc::new(SystemLookup),
            limits: Limits::default(),
            now: Arc::new(Timestamp::now),
        }
    }
}

/// Why no [`Fetcher`] could be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No trust in certificates could be set up.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// The proxy's URL cannot be used.
    #[error("network.proxy {url} 不能用作代理：{why}；写成 http://主机:端口 或 socks5://主机:端口")]
    Proxy {
        /// The URL, its password left out.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// reqwest refuses the set-up.
    #[error("无法建立 HTTP 客户端：{0}")]
    Client(String),
}

/// Fetches, guarded and bounded. Cheap to share; one for the whole program.
pub struct Fetcher {
    guard: Guard,
    trust: Trust,
    /// Strict trust, guarded.
    sources: reqwest::Client,
    /// Trust that only writes down, guarded.
    targets: reqwest::Client,
    /// Strict trust, not guarded: the unit's own endpoints.
    own: reqwest::Client,
    proxied: bool,
    plain_proxy: bool,
    permits: Semaphore,
    user_agent: String,
    limits: Limits,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Fetcher {
    /// Builds the clients. Opens no connection.
    ///
    /// # Errors
    /// The proxy or the file of roots is unusable.
    pub fn new(settings: Settings) -> Result<Fetcher, SetupError> {
        let proxy = settings.proxy.as_ref().map(remote_resolving).transpose()?;
        let guard = settings.guard.behind_proxy(proxy.is_some());
        let proxy_name = proxy.as_ref().and_then(Url::host_str).map(str::to_owned);
        let trust = Trust::new(settings.ca_file.as_deref())?;
        let shared = Arc::new(guard.clone());
        let client = |tls: rustls::ClientConfig, exempt: Exempt| {
            let resolver = Resolver::new(shared.clone(), settings.lookup.clone(), exempt);
            build(tls, resolver, proxy.as_ref(), &settings.limits)
        };
        let exempt = || proxy_name.clone().map_or(Exempt::Nothing, Exempt::Name);
        let contact = settings.contact.filter(|contact| contact.bytes().all(|b| matches!(b, 0x20..=0x7e)));
        let contact = contact.map(|contact| format!(" (+{contact})")).unwrap_or_default();
        Ok(Fetcher {
            sources: client(trust.strict()?, exempt())?,
            targets: client(trust.lenient(proxy_name.clone())?, exempt())?,
            own: client(trust.strict()?, Exempt::Everything)?,
            guard,
            trust,
            proxied: proxy.is_some(),
            plain_proxy: proxy.as_ref().is_some_and(|proxy| proxy.scheme().starts_with("http")),
            permits: Semaphore::new(settings.connections.max(1)),
            user_agent: format!("{}/{}{contact}", super::robots::PRODUCT, env!("CARGO_PKG_VERSION")),
            limits: settings.limits,
            now: settings.now,
        })
    }

    /// Whether a URL may be asked as far as can be told without resolving it: for links, meta refreshes and QR payloads.
    ///
    /// # Errors
    /// The guard's reason.
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        self.guard.check_url(url)
    }

    /// Whether a proxy stands between us and every site: then what fails to connect may be the proxy.
    pub fn is_proxied(&self) -> bool {
        self.proxied
    }

    /// Fetches, following redirects wherever the guard lets them lead.
    ///
    /// # Errors
    /// No head of a final response, for the reason told.
    pub async fn get(&self, get: Get) -> Result<Answer, FetchError> {
        self.get_while(get, &|_| true).await
    }

    /// Fetches, following a redirect only where `go_on` agrees (what robots.txt of its host says, where the frontier may go);
    /// else the redirect is the answer, with its target in [`Answer::onward`].
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub async fn get_while(&self, mut get: Get, go_on: &(dyn Fn(&Url) -> bool + Sync)) -> Result<Answer, FetchError> {
        strip(&mut get.url);
        let own = self.own_origin(&get);
        let _permit = self.permits.acquire().await.map_err(|e| FetchError::BadRequest { why: e.to_string() })?;
        let start = Instant::now();
        let mut deadline = start + self.limits.total;
        let (mut url, mut jar) = (get.url.clone(), std::mem::take(&mut get.cookies));
        let mut hops: Vec<Hop> = Vec::new();
        let mut been = HashSet::new();
        loop {
            let is_own = own.is_some() && Origin::of(&url) == own;
            if !is_own {
                self.guard.check_url(&url)?;
            }
            been.insert((url.clone(), jar.header_for(&url)));
            let (exchange, location) = self.exchange(&get, &url, &mut jar, hops.is_empty(), is_own, deadline).await?;
            let onward = location.as_deref().map(|location| target(&url, location)).transpose()?;
            let follows = onward.as_ref().is_some_and(|next| get.follow > 0 && go_on(next));
            match onward {
                Some(next) if follows => {
                    if hops.len() >= usize::from(get.follow.min(MAX_REDIRECTS)) {
                        return Err(FetchError::TooManyRedirects { max: get.follow.min(MAX_REDIRECTS) });
                    }
                    // A redirect to itself that sets a cookie is a door, not a loop.
                    if been.contains(&(next.clone(), jar.header_for(&next))) {
                        return Err(FetchError::RedirectLoop { url: next });
                    }
                    let location = location.unwrap_or_default();
                    if next.host() == url.host() && !get.pause.is_zero() {
                        tokio::time::sleep(get.pause).await;
                        deadline += get.pause;
                    }
                    hops.push(Hop { url, status: exchange.status, location, ip: exchange.ip });
                    url = next;
                }
                onward => return Ok(Answer { exchange, hops, onward, cookies: jar, took: start.elapsed() }),
            }
        }
    }

    /// The endpoint of the unit's that this request starts at. Only what starts there is exempt, and only for a source: a page
    /// that links or redirects to it is not the unit.
    fn own_origin(&self, get: &Get) -> Option<Origin> {
        (get.policy == Policy::Source && self.guard.is_own(&get.url)).then(|| Origin::of(&get.url)).flatten()
    }

    /// One request and its response; the `Location` field if it redirects.
    async fn exchange(
        &self,
        get: &Get,
        url: &Url,
        jar: &mut Jar,
        first: bool,
        is_own: bool,
        deadline: Instant,
    ) -> Result<(Exchange, Option<String>), FetchError> {
        let headers = request::headers(self, get, url, jar, first)?;
        let request_head = request::head(url, &headers, self.plain_proxy);
        let client = match get.policy {
            _ if is_own => &self.own,
            Policy::Source => &self.sources,
            Policy::Target => &self.targets,
        };
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        *request.headers_mut() = headers;
        let time = (self.now)();
        let head_deadline = deadline.min(Instant::now() + self.limits.head);
        let response = timeout_at(head_deadline, client.execute(request))
            .await
            .map_err(|_| FetchError::Timeout { stage: Stage::Head })?
            .map_err(|error| failure::of(&error))?;
        if response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
            > MAX_HEAD
        {
            return Err(FetchError::HeaderTooLarge);
        }
        for cookie in response.headers().get_all(SET_COOKIE) {
            jar.take(url, cookie.as_bytes());
        }
        let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        let location =
            response.headers().get(LOCATION).filter(|_| redirects).map(|location| location_text(location.as_bytes()));
        let mut exchange = self.take_head(get.guest, url, time, request_head, &response);
        let max = if location.is_some() { get.max_body.min(REDIRECT_BODY) } else { get.max_body };
        (exchange.body, exchange.truncated) = body::read(response, max, deadline, &self.limits).await;
        Ok((exchange, location))
    }

    fn take_head(
        &self,
        guest: Guest,
        url: &Url,
        time: Timestamp,
        request_head: Vec<u8>,
        response: &reqwest::Response,
    ) -> Exchange {
        let literal = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(ip.into()),
            Some(url::Host::Ipv6(ip)) => Some(ip.into()),
            _ => None,
        };
        let (ip, resolved_by) = match literal {
            Some(_) => (literal, ResolvedBy::Literal),
            None if self.proxied => (None, ResolvedBy::Proxy),
            None => (response.remote_addr().map(|address| address.ip()), ResolvedBy::Resolver),
        };
        let shown = (url.scheme() == "https").then(|| {
            let leaf = response.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| info.peer_certificate());
            self.trust.shown_by(url.host_str().unwrap_or_default(), leaf)
        });
        let shown = shown.flatten();
        let reason = match response.extensions().get::<hyper::ext::ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => response.status().canonical_reason().unwrap_or_default().to_owned(),
        };
        Exchange {
            guest,
            url: url.clone(),
            time,
            request_head,
            version: if response.version() == reqwest::Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" },
            status: response.status().as_u16(),
            reason,
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: Vec::new(),
            truncated: None,
            ip,
            resolved_by,
            tls_leaf_sha256: shown.map(|shown| hex(&shown.leaf_sha256)),
            tls_problem: shown.and_then(|shown| shown.problem),
        }
    }
}

fn build(
    tls: rustls::ClientConfig,
    resolver: Resolver,
    proxy: Option<&Url>,
    limits: &Limits,
) -> Result<reqwest::Client, SetupError> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .tls_info(true)
        .dns_resolver(resolver)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        // Before any proxy of ours: this is also what keeps HTTP_PROXY unread.
        .no_proxy()
        .http1_only()
        .http1_title_case_headers()
        // Sloppy servers are targets too.
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_max_headers(MAX_FIELDS)
        .tcp_nodelay(true)
        .connect_timeout(limits.connect)
        .pool_max_idle_per_host(4)
        .pool_idle_timeout(Duration::from_secs(15));
    if let Some(url) = proxy {
        builder = builder.proxy(reqwest::Proxy::all(url.clone()).map_err(|e| unusable_proxy(url, &e.to_string()))?);
    }
    builder.build().map_err(|e| SetupError::Client(e.to_string()))
}

/// The proxy in the form that leaves resolving to it, as the contract has it for every kind.
fn remote_resolving(url: &Url) -> Result<Url, SetupError> {
    let scheme = match url.scheme() {
        "socks5" => "socks5h",
        "socks4" => "socks4a",
        scheme @ ("http" | "https" | "socks5h" | "socks4a") => scheme,
        _ => return Err(unusable_proxy(url, "不支持这种代理")),
    };
    if url.host_str().unwrap_or_default().is_empty() {
        return Err(unusable_proxy(url, "缺少主机名"));
    }
    let rest = &url.as_str()[url.scheme().len()..];
    Url::parse(&format!("{scheme}{rest}")).map_err(|e| unusable_proxy(url, &e.to_string()))
}

fn unusable_proxy(url: &Url, why: &str) -> SetupError {
    let mut shown = url.clone();
    // Fails only where there can be no password.
    let _ = shown.set_password(None);
    SetupError::Proxy { url: shown.to_string(), why: why.to_owned() }
}

/// Where a `Location` leads: resolved against the URL that sent it.
fn target(url: &Url, location: &str) -> Result<Url, FetchError> {
    let bad =
        || FetchError::BadRedirect { location: location.chars().take(100).flat_map(char::escape_default).collect() };
    if location.len() > MAX_LOCATION || location.trim().is_empty() {
        return Err(bad());
    }
    let mut next = url.join(location.trim()).map_err(|_| bad())?;
    strip(&mut next);
    Ok(next)
}

/// A `Location` as text. What is not UTF-8 is coded byte by byte, as browsers do: a path in GBK has to stay one.
fn location_text(location: &[u8]) -> String {
    match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => location
            .iter()
            .map(|&byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    }
}

/// Removes what is never sent. A URL that can have no user is refused by the guard anyway.
fn strip(url: &mut Url) {
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
