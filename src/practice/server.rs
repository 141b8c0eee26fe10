//! The sockets of the practice web: plain HTTP/1.1 on loopback, by Host header, and nothing besides.
//!
//! A few dozen lines instead of a framework, because bytes must go out exactly as they lie there, a header may be missing, and
//! a connection may have to be closed unanswered. Must not know a page: [`super::site`] does. Start at [`serve`].

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jianzheng_core::cloaking::Guest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::site::{Reply, Site};

const MAX_HEAD: usize = 32 * 1024;
/// A client that keeps a connection open may think this long.
const IDLE: Duration = Duration::from_secs(30);
/// More connections than this wait in the listener's queue.
const MAX_CONNECTIONS: usize = 512;

/// Answers on `listener` until `stop` says true or its sender is gone; open connections are cut then.
pub(super) async fn serve(listener: TcpListener, site: Arc<Site>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut stopped = std::pin::pin!(async move {
        // An error: nobody is left who could say stop, so nobody needs us.
        let _ = stop.wait_for(|stop| *stop).await;
    });
    loop {
        tokio::select! {
            () = &mut stopped => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                // How a client ends its connection is its own affair.
                Ok((stream, _)) => drop(connections.spawn({ let site = site.clone(); async move { converse(stream, &site).await } })),
                // Out of handles, or the client was gone before we looked: neither is cured by asking at once.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
        }
    }
}

/// What a request's head says.
struct Head {
    get: bool,
    head: bool,
    host: String,
    target: String,
    guest: Guest,
    keep: bool,
}

async fn converse(mut stream: TcpStream, site: &Site) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(head) = read_head(&mut stream, &mut buffer).await? {
        let Some(head) = parse(&head) else {
            return write(&mut stream, &plain(400), true, false).await;
        };
        if !head.get && !head.head {
            return write(&mut stream, &plain(405), true, false).await;
        }
        let answer = site.answer(&head.host, &head.target, head.guest);
        sleep(answer.delay).await;
        let Some(reply) = answer.reply else { return Ok(()) };
        write(&mut stream, &reply, head.get, head.keep).await?;
        if !head.keep {
            break;
        }
    }
    stream.shutdown().await
}

/// The bytes up to the blank line; none: the client has gone, or says nothing that ends.
async fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = buffer.split_off(end + 4);
            return Ok(Some(std::mem::replace(buffer, rest)));
        }
        if buffer.len() > MAX_HEAD {
            return Ok(Some(Vec::new()));
        }
        match timeout(IDLE, stream.read_buf(buffer)).await {
            Ok(Ok(0)) | Err(_) => return Ok(None),
            Ok(read) => drop(read?),
        }
        // No method starts so: a TLS client, which would wait for its handshake. https finds nobody here.
        if buffer.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
            return Ok(None);
        }
    }
}

fn parse(head: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    let fields = || text.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    let field = |name: &str| fields().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
    if first.next().is_some() || !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return None;
    }
    let has_body = field("transfer-encoding").is_some() || field("content-length").is_some_and(|length| length != "0");
    // A client that takes us for a proxy sends the whole address.
    let (host, target) = match target.strip_prefix("http://") {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => (field("host")?, target),
    };
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_end_matches('.');
    let asked_to_close = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Some(Head {
        get: method == "GET" && !has_body,
        head: method == "HEAD" && !has_body,
        host: host.to_owned(),
        guest: guest_of(field("user-agent").unwrap_or_default(), field("referer")),
        target: if target.is_empty() { "/".to_owned() } else { target.to_owned() },
        keep: version == "HTTP/1.1" && !asked_to_close,
    })
}

/// Whom a cloaking site takes its guest for.
fn guest_of(agent: &str, referer: Option<&str>) -> Guest {
    if agent.contains("MicroMessenger") {
        Guest::Wechat
    } else if referer.is_some_and(|referer| referer.contains("baidu")) {
        Guest::Searcher
    } else if agent.starts_with("Mozilla/") {
        Guest::Desktop
    } else {
        Guest::Patrol
    }
}

fn plain(status: u16) -> Reply {
    let headers = vec![("Allow".to_owned(), "GET, HEAD".to_owned())];
    Reply { status, headers, body: std::borrow::Cow::Borrowed(b"") }
}

async fn write(stream: &mut TcpStream, reply: &Reply, with_body: bool, keep: bool) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status)).into_bytes();
    for (name, value) in &reply.headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let connection = if keep { "keep-alive" } else { "close" };
    bytes.extend_from_slice(
        format!("Content-Length: {}\r\nConnection: {connection}\r\n\r\n", reply.body.len()).as_bytes(),
    );
    if with_body {
        bytes.extend_from_slice(&reply.body);
    }
    stream.write_all(&bytes).await?;
    stream.flush().await
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        503 => "Service Unavailable",
        _ => "Practice",
    }
}
