//! The only way out of the browser: a proxy of our own on loopback that asks the guard before every connection.
//!
//! One for each page that is rendered, on a port of its own, with a password of its own, gone with the page: so everything that a
//! page asked for is on its account, and nothing of it outlives it. CONNECT passes bytes (https, WebSocket); a plain request
//! is sent on its own connection, closed after one exchange, so that no server can answer in the name of another. It must not decide
//! what is worth loading (`tab` beside it does), only what may be reached and how much. Start at [`PageProxy::open`].

mod head;
mod reach;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jianzheng_core::entities::mask_ids;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use url::Url;

pub use reach::{Barred, Reach, UnfitProxy};

use head::Head;

/// Bytes of a request's or an answer's head.
const MAX_HEAD: usize = 64 << 10;
/// What a head may take to come, and what a connection may be silent.
const PATIENCE: Duration = Duration::from_secs(15);
/// Refused addresses of one page that are told by name.
const TOLD: usize = 20;
/// The name that goes with the password.
const USER: &str = "jianzheng";

/// What one page may use of the network.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Connections in all.
    pub connections: u64,
    /// Bytes received and sent in all.
    pub received: u64,
    /// Bytes sent in all.
    pub sent: u64,
}

/// What one page did use, and what was refused.
#[derive(Debug, Default)]
pub struct Account {
    /// Connections that were asked for.
    pub connections: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    refused: AtomicU64,
    /// The allowance is used up.
    spent: AtomicBool,
    told: Mutex<Vec<String>>,
}

impl Account {
    /// How many requests the guard refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether the page was cut off because it used up its allowance.
    pub fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }

    /// The first refused addresses, each with the reason.
    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts a request that goes nowhere. Of its address only host and port are told: the rest may be anything.
    pub(super) fn refuse(&self, url: &Url, why: &dyn std::fmt::Display) {
        let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        self.refuse_named(&format!("{}{port}", url.host_str().unwrap_or(url.scheme())), why);
    }

    fn refuse_named(&self, what: &str, why: &dyn std::fmt::Display) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{}：{why}", mask_ids(what).chars().take(100).collect::<String>());
        if told.len() < TOLD && !told.contains(&line) {
            told.push(line);
        }
    }
}

/// What all connections of a page share.
struct Shared {
    reach: Arc<Reach>,
    allowance: Allowance,
    account: Arc<Account>,
    password: String,
    /// Whose host may be asked by POST.
    posts_to: Arc<OnceLock<Url>>,
}

/// A proxy for one page. Dropping it closes all its connections.
pub struct PageProxy {
    address: SocketAddr,
    password: String,
    account: Arc<Account>,
    posts_to: Arc<OnceLock<Url>>,
    task: AbortHandle,
}

impl PageProxy {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// No port or no randomness is to be had.
    pub async fn open(reach: Arc<Reach>, allowance: Allowance) -> io::Result<PageProxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut secret = [0; 18];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        let password = STANDARD.encode(secret);
        let account = Arc::new(Account::default());
        let address = listener.local_addr()?;
        let posts_to = Arc::<OnceLock<Url>>::default();
        let shared = Shared {
            reach,
            allowance,
            account: account.clone(),
            password: password.clone(),
            posts_to: posts_to.clone(),
        };
        let shared = Arc::new(shared);
        // The connections live in the task's own set, so that they end with it.
        let task = tokio::spawn(accept(listener, shared)).abort_handle();
        Ok(PageProxy { address, password, account, posts_to, task })
    }

    /// Lets plain requests by POST through to this URL's origin. Without, only what reads goes through.
    pub fn with_posts_to(self, url: Option<Url>) -> PageProxy {
        if let Some(url) = url {
            self.posts_to.get_or_init(|| url);
        }
        self
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Name and password, for whoever is let in.
    pub fn credentials(&self) -> (&str, &str) {
        (USER, &self.password)
    }

    /// What the page used.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }
}

impl Drop for PageProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let shared = Arc::clone(&shared);
                    connections.spawn(async move {
                        // Whatever went wrong, the browser sees a closed connection.
                        let _ = serve(stream, &shared).await;
                    });
                }
                // Out of descriptors, for the moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection of the browser: one request.
async fn serve(mut browser: TcpStream, shared: &Shared) -> io::Result<()> {
    let (bytes, rest) = timeout(PATIENCE, head::read(&mut browser, MAX_HEAD)).await??;
    let Some(request) = Head::parse(&bytes) else { return say(&mut browser, "400 Bad Request", "").await };
    if !is_let_in(&request, &shared.password) {
        let challenge = "Proxy-Authenticate: Basic realm=\"jianzheng\"\r\n";
        return say(&mut browser, "407 Proxy Authentication Required", challenge).await;
    }
    let mut words = request.first.split(' ');
    let (Some(method), Some(target), Some(_), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return say(&mut browser, "400 Bad Request", "").await;
    };
    let tunnel = method == "CONNECT";
    let url = match tunnel {
        true => Url::parse(&format!("https://{target}/")),
        false => Url::parse(target),
    };
    let Some(url) = url.ok().filter(|url| tunnel || url.scheme() == "http") else {
        shared.account.refuse_named(target, &"不是 http 或 https 网址");
        return say(&mut browser, "403 Forbidden", "").await;
    };
    let posts = method == "POST" && shared.posts_to.get().is_some_and(|own| is_same_origin(&url, own));
    if !tunnel && !is_reading(method) && !posts {
        return say(&mut browser, "405 Method Not Allowed", "").await;
    }
    let number = shared.account.connections.fetch_add(1, Ordering::Relaxed);
    if number >= shared.allowance.connections || shared.account.is_spent() {
        shared.account.spent.store(true, Ordering::Relaxed);
        return say(&mut browser, "429 Too Many Requests", "").await;
    }
    let opened = match shared.reach.open(&url, tunnel).await {
        Ok(opened) => opened,
        Err(Barred::Refused(refusal)) => {
            shared.account.refuse(&url, &refusal);
            return say(&mut browser, "403 Forbidden", "").await;
        }
        Err(Barred::Unreachable(_)) => return say(&mut browser, "502 Bad Gateway", "").await,
    };
    let mut server = opened.stream;
    if tunnel {
        browser.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        server.write_all(&rest).await?;
        let (mut from_browser, mut to_browser) = browser.split();
        let (mut from_server, mut to_server) = server.split();
        // Half a closed connection may still answer, so both directions go on until both are done.
        let up = async {
            pass(&mut from_browser, &mut to_server, u64::MAX, shared, true).await?;
            to_server.shutdown().await
        };
        let down = async {
            pass(&mut from_server, &mut to_browser, u64::MAX, shared, false).await?;
            to_browser.shutdown().await
        };
        let both = async { tokio::try_join!(up, down) };
        return tokio::select! { done = both => done.map(|_| ()), () = exhausted(shared) => Ok(()) };
    }
    let Some(body) = request.request_body() else { return say(&mut browser, "411 Length Required", "").await };
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let head = match &opened.absolute {
        None => request.closing(&format!("{method} {path} HTTP/1.1"), None),
        Some(authorization) => {
            let more = authorization.as_deref().map(|word| ("Proxy-Authorization", word));
            request.closing(&format!("{method} {} HTTP/1.1", &url[..url::Position::AfterQuery]), more)
        }
    };
    server.write_all(&head).await?;
    shared.account.sent.fetch_add(head.len() as u64, Ordering::Relaxed);
    let begun = &rest[..rest.len().min(usize::try_from(body).unwrap_or(usize::MAX))];
    server.write_all(begun).await?;
    let (mut from_browser, mut to_browser) = browser.split();
    let (mut from_server, mut to_server) = server.split();
    let down = async {
        let (rest, body) = answer(&mut from_server, &mut to_browser, method == "HEAD").await?;
        let body = body.unwrap_or(u64::MAX);
        let rest = &rest[..rest.len().min(usize::try_from(body).unwrap_or(usize::MAX))];
        to_browser.write_all(rest).await?;
        // A server that keeps the connection open is not waited for.
        pass(&mut from_server, &mut to_browser, body - rest.len() as u64, shared, false).await?;
        to_browser.shutdown().await
    };
    let up = async {
        // Not one byte more than the body: what follows was meant for somebody else.
        let _ = pass(&mut from_browser, &mut to_server, body - begun.len() as u64, shared, true).await;
        // The answer ends the exchange, whether or not all of the question was wanted.
        std::future::pending::<io::Result<()>>().await
    };
    tokio::select! { done = down => done, done = up => done, () = exhausted(shared) => Ok(()) }
}

/// Passes the head of the answer on, and tells the browser that the connection ends with it. Gives what came of the body, and
/// how long it is.
async fn answer(
    server: &mut (impl AsyncRead + Unpin),
    browser: &mut (impl AsyncWrite + Unpin),
    to_head: bool,
) -> io::Result<(Vec<u8>, Option<u64>)> {
    let mut bytes = Vec::new();
    // "Continue" and "early hints" come before the answer; nothing asked for them.
    for _ in 0..8 {
        let (head, rest) = {
            let mut from = bytes.as_slice().chain(&mut *server);
            timeout(PATIENCE, head::read(&mut from, MAX_HEAD)).await??
        };
        let parsed = Head::parse(&head).ok_or(io::ErrorKind::InvalidData)?;
        let status = parsed.first.split(' ').nth(1).unwrap_or_default();
        if !status.starts_with('1') {
            browser.write_all(&parsed.closing(&parsed.first, None)).await?;
            return Ok((rest, parsed.answer_body(to_head)));
        }
        bytes = rest;
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Methods that only ask.
pub(super) fn is_reading(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

pub(super) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Waits until the page has used up what it may.
async fn exhausted(shared: &Shared) {
    while !shared.account.is_spent() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Passes at most `most` bytes on, on the page's account.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut most: u64,
    shared: &Shared,
    up: bool,
) -> io::Result<()> {
    let (count, cap) = match up {
        true => (&shared.account.sent, shared.allowance.sent),
        false => (&shared.account.received, shared.allowance.received),
    };
    let mut buffer = vec![0; 16 << 10];
    while most > 0 {
        let wanted = buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        let read = match timeout(PATIENCE, from.read(&mut buffer[..wanted])).await {
            Ok(read) => read?,
            // A silent WebSocket, or a drip: the page has no more time than this.
            Err(_) => return Ok(()),
        };
        if read == 0 {
            return Ok(());
        }
        if count.fetch_add(read as u64, Ordering::Relaxed) + read as u64 > cap {
            shared.account.spent.store(true, Ordering::Relaxed);
            return Ok(());
        }
        to.write_all(&buffer[..read]).await?;
        most -= read as u64;
    }
    Ok(())
}

fn is_let_in(request: &Head, password: &str) -> bool {
    let given = request.get("proxy-authorization").and_then(|given| given.strip_prefix(b"Basic "));
    let given = given.and_then(|given| STANDARD.decode(given).ok()).unwrap_or_default();
    let wanted = format!("{USER}:{password}");
    // As long for a wrong guess as for a right one.
    given.len() == wanted.len() && given.iter().zip(wanted.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

async fn say(browser: &mut TcpStream, status: &str, fields: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n");
    browser.write_all(head.as_bytes()).await?;
    browser.shutdown().await
}
