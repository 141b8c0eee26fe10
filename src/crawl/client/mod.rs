//! One GET to a server that may be anything: its redirects followed by us, each hop checked, everything capped.
//!
//! The only place, with [`super::resolver`] and [`super::tls`], that names reqwest (`unframed`: what it refuses to read). It must not wait for politeness (the
//! frontier does), read robots.txt on its own account (the caller asks [`super::robots`] and passes what it knows as a
//! closure), retry ([`super::retry`] says what is worth it) or undo content codings ([`super::decode`]).
//! Start at [`Fetcher::get`].

mod answer;
mod body;
mod cookies;
mod exits;
mod failure;
mod location;
mod request;
mod rest;
#[cfg(test)]
mod tests;
mod unframed;

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jianzheng_core::cloaking::Guest;
use jianzheng_core::entities;
use jiff::Timestamp;
use reqwest::header::{LOCATION, SET_COOKIE};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;
use url::Url;

pub use answer::{Answer, Connection, Exchange, FetchError, Hop, ResolvedBy, Stage, Truncated};
pub use body::Room;
pub use cookies::Jar;
pub use exits::{ExitState, Route};
pub use request::{Accept, Get, Policy, agent_of};

use self::exits::{Exit, Exits};
use self::location::{location_text, strip, target};
use self::rest::Resting;
use super::guard::{Guard, Origin, Refusal};
use super::resolver::{Exempt, Lookup, Resolver, SystemLookup};
use super::tls::{TlsSetupError, TlsVersion, Trust};

/// Redirects followed at most, whatever a request asks for.
pub const MAX_REDIRECTS: u8 = 10;
/// Header fields of one response; hyper's own buffer ends a head near 400 KiB, we keep less.
const MAX_FIELDS: usize = 200;
const MAX_HEAD: usize = 64 << 10;
/// A redirect's body is read that far, so that its connection can be used again.
const REDIRECT_BODY: usize = 16 << 10;
/// Longest address that anybody may lead us to, in bytes.
pub(crate) const MAX_LOCATION: usize = 8 << 10;

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
    /// `network.routes`: hosts that leave by another exit.
    pub routes: Vec<Route>,
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
            routes: Vec::new(),
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
    #[error(
        "{url} 不能用作代理（network.proxy 或 network.routes）：{why}；写成 http://主机:端口 或 socks5://主机:端口"
    )]
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
    /// For what leaves straight, and for what an exit resolves.
    guard: Guard,
    guard_of_exits: Guard,
    exits: Exits,
    exit_names: Vec<String>,
    lookup: Arc<dyn Lookup>,
    trust: Trust,
    /// Strict trust, guarded.
    sources: reqwest::Client,
    /// Trust that only writes down, guarded.
    targets: reqwest::Client,
    /// The trust of `targets`, for connections that reqwest does not make.
    lenient: tokio_rustls::TlsConnector,
    /// The resolver of `targets`: what it told is what is connected to.
    names: Resolver,
    /// Strict trust, not guarded: the unit's own endpoints.
    own: reqwest::Client,
    permits: Semaphore,
    resting: Resting,
    rooms: Arc<Semaphore>,
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
        let exits = Exits::new(&settings.routes, settings.proxy.as_ref())?;
        let exit_names = exits.names();
        let guard = settings.guard;
        let trust = Trust::new(settings.ca_file.as_deref())?;
        let shared = Arc::new(guard.clone());
        let resolver = |exempt: Exempt| Resolver::new(shared.clone(), settings.lookup.clone(), exempt);
        let client = |tls: rustls::ClientConfig, resolver: Resolver| build(tls, resolver, &exits, &settings.limits);
        let exempt = || Exempt::Names(exit_names.clone());
        let contact = settings.contact.filter(|contact| contact.bytes().all(|b| matches!(b, 0x20..=0x7e)));
        let contact = contact.map(|contact| format!(" (+{contact})")).unwrap_or_default();
        let names = resolver(exempt());
        Ok(Fetcher {
            sources: client(trust.strict()?, resolver(exempt()))?,
            targets: client(trust.lenient(exit_names.clone())?, names.clone())?,
            lenient: Arc::new(trust.lenient(exit_names.clone())?).into(),
            names,
            own: client(trust.strict()?, resolver(Exempt::Everything))?,
            guard_of_exits: guard.clone().behind_proxy(true),
            guard,
            trust,
            exits,
            exit_names,
            lookup: settings.lookup,
            permits: Semaphore::new(settings.connections.max(1)),
            resting: Resting::default(),
            rooms: Arc::new(Semaphore::new(body::ROOMS)),
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
        if self.exits.of(url).is_some() {
            return self.guard_of_exits.check_url(url);
        }
        // The resolver lets the names of exits through unchecked; asked as a page, an exit is a machine of ours.
        let host = url.host_str().unwrap_or_default();
        if self.exit_names.iter().any(|name| name == host.strip_suffix('.').unwrap_or(host)) {
            return Err(Refusal::PrivateName { name: host.to_owned() });
        }
        self.guard.check_url(url)
    }

    /// Whether the unit itself let this address through, so that it is its own network's and owes nobody else's politeness.
    pub fn is_units_own(&self, ip: IpAddr) -> bool {
        self.guard.allows(ip.to_canonical())
    }

    /// The address that a page's request will be made to first, as it resolves now; the request then looks nothing up again. None
    /// where an exit resolves it.
    ///
    /// # Errors
    /// The name leads nowhere, as the request would find.
    pub async fn address(&self, url: &Url) -> Result<Option<IpAddr>, FetchError> {
        let name = match url.host() {
            Some(url::Host::Domain(name)) if self.exits.of(url).is_none() => name,
            Some(url::Host::Ipv4(ip)) => return Ok(Some(ip.into())),
            Some(url::Host::Ipv6(ip)) => return Ok(Some(ip.into())),
            _ => return Ok(None),
        };
        let addresses = self.names.addresses(name).await.map_err(failure::of_resolving)?;
        Ok(addresses.first().map(|address| address.ip()))
    }

    /// Waits a pause of politeness out in the midst of a visit. Meanwhile the visit counts as no exchange: others may go on.
    pub async fn rest(&self, pause: Duration) {
        self.resting.rest(pause).await;
    }

    /// Visits that wait a pause out.
    pub fn resting(&self) -> usize {
        self.resting.count()
    }

    /// How long the head of an answer is waited for.
    pub fn patience(&self) -> Duration {
        self.limits.head
    }

    /// Tries every proxy by connecting to it. What was found holds for a few seconds.
    pub async fn try_exits(&self) -> Vec<ExitState> {
        let mut states = Vec::new();
        for exit in self.exits.all() {
            states.push(ExitState { exit: exit.shown().to_owned(), fault: exit.fault(&*self.lookup).await });
        }
        states
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
    pub async fn get_while(&self, get: Get, go_on: &(dyn Fn(&Url) -> bool + Sync)) -> Result<Answer, FetchError> {
        let span = tracing::debug_span!(
            "fetch",
            url = %entities::mask_url(get.url.as_str()),
            host = get.url.host_str(),
            guest = get.guest.as_code(),
            status = Empty,
            bytes = Empty,
            hops = Empty,
            error = Empty,
            ms = Empty,
        );
        let start = Instant::now();
        let result = self.visit(get, go_on).instrument(span.clone()).await;
        match &result {
            Ok(answer) => {
                span.record("status", answer.exchange.status)
                    .record("bytes", answer.exchange.body.len())
                    .record("hops", answer.hops.len());
            }
            Err(error) => {
                span.record("error", error.as_code());
            }
        }
        span.record("ms", start.elapsed().as_millis() as u64);
        span.in_scope(|| tracing::debug!("done"));
        result
    }

    async fn visit(&self, mut get: Get, go_on: &(dyn Fn(&Url) -> bool + Sync)) -> Result<Answer, FetchError> {
        strip(&mut get.url);
        let own = self.own_origin(&get);
        let mut permit = self.permit().await?;
        let start = Instant::now();
        let mut deadline = start + self.limits.total;
        let (mut url, mut jar) = (get.url.clone(), std::mem::take(&mut get.cookies));
        let mut hops: Vec<Hop> = Vec::new();
        let mut been = HashSet::new();
        loop {
            let is_own = own.is_some() && Origin::of(&url) == own;
            if !is_own {
                self.check(&url)?;
            }
            been.insert((url.clone(), jar.header_for(&url)));
            let (exchange, location, waited, room) =
                self.exchange(&get, &url, &mut jar, hops.is_empty(), is_own, deadline).await?;
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
                        let since = Instant::now();
                        drop(permit);
                        self.rest(get.pause).await;
                        permit = self.permit().await?;
                        deadline += since.elapsed();
                    }
                    hops.push(Hop { url, status: exchange.status, location, ip: exchange.ip });
                    url = next;
                }
                onward => {
                    let took = start.elapsed();
                    drop(permit);
                    return Ok(Answer { exchange, hops, onward, cookies: jar, took, waited, room });
                }
            }
        }
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, FetchError> {
        self.permits.acquire().await.map_err(|e| FetchError::BadRequest { why: e.to_string() })
    }

    /// The endpoint of the unit's that this request starts at. Only what starts there is exempt, and only for a source: a page
    /// that links or redirects to it is not the unit.
    fn own_origin(&self, get: &Get) -> Option<Origin> {
        (get.policy == Policy::Source && self.guard.is_own(&get.url)).then(|| Origin::of(&get.url)).flatten()
    }

    /// One request and its response; the `Location` field if it redirects; what the head was waited for; the room of a large body.
    async fn exchange(
        &self,
        get: &Get,
        url: &Url,
        jar: &mut Jar,
        first: bool,
        is_own: bool,
        mut deadline: Instant,
    ) -> Result<(Exchange, Option<String>, Duration, Option<Room>), FetchError> {
        let headers = request::headers(self, get, url, jar, first)?;
        let exit = self.exits.of(url);
        let request_head = request::head(url, &headers, exit.is_some_and(|exit| exit.reads_plain_requests()));
        let client = match get.policy {
            _ if is_own => &self.own,
            Policy::Source => &self.sources,
            Policy::Target => &self.targets,
        };
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        *request.headers_mut() = headers;
        let mut time = (self.now)();
        let mut asked = Instant::now();
        let head_deadline = deadline.min(asked + self.limits.head);
        let may_ask_anew = exit.is_none() && get.policy == Policy::Target;
        let mut unframed = None;
        let response = match timeout_at(head_deadline, client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if may_ask_anew && failure::is_of_length(&error) => {
                self.rest(get.pause).await;
                deadline += get.pause;
                (time, asked) = ((self.now)(), Instant::now());
                let headers = request::headers(self, get, url, jar, first)?;
                let asking = unframed::ask(self, url, headers);
                let answered = timeout_at(deadline.min(asked + self.limits.head), asking).await;
                let (response, line) = answered.map_err(|_| FetchError::Timeout { stage: Stage::Head })??;
                unframed = Some(line);
                response
            }
            Ok(Err(error)) => return Err(self.behind(exit, failure::of(&error)).await),
            Err(_) => return Err(self.behind(exit, FetchError::Timeout { stage: Stage::Head }).await),
        };
        let waited = asked.elapsed();
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
        let mut exchange = self.take_head(get.guest, url, time, request_head, exit, &response);
        if let Some(unframed) = &unframed {
            exchange.ip = Some(unframed.ip);
            exchange.headers.extend(unframed.fields.iter().cloned());
        }
        let max = if location.is_some() { get.max_body.min(REDIRECT_BODY) } else { get.max_body };
        let body = body::read(response, max, deadline, &self.limits, &self.rooms).await;
        (exchange.body, exchange.truncated) = (body.bytes, body.truncated);
        Ok((exchange, location, waited, body.room))
    }

    /// What failed behind an exit that is down says nothing about the site.
    async fn behind(&self, exit: Option<&Arc<Exit>>, error: FetchError) -> FetchError {
        let Some(exit) = exit.filter(|_| error.may_be_the_exits()) else { return error };
        match (exit.fault(&*self.lookup).await, error) {
            (Some(why), _) => FetchError::ProxyDown { proxy: exit.shown().to_owned(), why },
            (None, FetchError::Connect { why, .. }) => {
                FetchError::Connect { why: format!("经代理 {}：{why}", exit.shown()), closed: false }
            }
            // No other name than the exit's is resolved here.
            (None, error @ (FetchError::DnsNone { .. } | FetchError::DnsFailed { .. })) => {
                FetchError::ProxyDown { proxy: exit.shown().to_owned(), why: error.to_string() }
            }
            (None, error) => error,
        }
    }

    fn take_head(
        &self,
        guest: Guest,
        url: &Url,
        time: Timestamp,
        request_head: Vec<u8>,
        exit: Option<&Arc<Exit>>,
        response: &reqwest::Response,
    ) -> Exchange {
        let literal = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(ip.into()),
            Some(url::Host::Ipv6(ip)) => Some(ip.into()),
            _ => None,
        };
        let (ip, resolved_by) = match literal {
            Some(_) => (literal, ResolvedBy::Literal),
            None if exit.is_some() => (None, ResolvedBy::Proxy),
            None => (response.remote_addr().map(|address| address.ip()), ResolvedBy::Resolver),
        };
        let shown = (url.scheme() == "https").then(|| {
            let leaf = response.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| info.peer_certificate());
            self.trust.shown_by(url.host_str().unwrap_or_default(), leaf)
        });
        let shown = shown.flatten();
        let connection = Connection {
            exit: exit.map(|exit| exit.shown().to_owned()),
            tls_version: shown.as_ref().and_then(|shown| shown.version).map(TlsVersion::as_str),
            tls_chain: shown.as_ref().map(|shown| Arc::clone(&shown.chain)).unwrap_or_default(),
        };
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
            tls_leaf_sha256: shown.as_ref().map(|shown| hex(&shown.leaf_sha256)),
            tls_problem: shown.and_then(|shown| shown.problem),
            connection,
        }
    }
}

fn build(
    tls: rustls::ClientConfig,
    resolver: Resolver,
    exits: &Exits,
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
    if let Some(proxy) = exits.as_proxy() {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|e| SetupError::Client(e.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
