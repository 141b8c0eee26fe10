//! A server that does everything wrong, on a loopback port of the system's choosing, and what we make of it.

mod exits;
mod hostile;
mod redirects;
mod sites;
mod tls;
mod wire;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::crawl::resolver::{Looking, Table};

/// What the server does once it has read a request's head.
pub(super) enum Reply {
    /// Sends this and closes.
    Bytes(Vec<u8>),
    /// Sends this, then waits for the other side to leave.
    Silence(Vec<u8>),
    /// Sends the first, then the second over and over with a pause between.
    Again(Vec<u8>, Vec<u8>, Duration),
}

/// A whole response with a right `Content-Length`.
pub(super) fn ok(body: &str) -> Reply {
    with("200 OK", "Content-Type: text/html", body)
}

pub(super) fn with(status: &str, fields: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

pub(super) fn redirect(to: &str) -> Reply {
    with("302 Found", &format!("Location: {to}"), "")
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_at("127.0.0.1:0", answer).await
    }

    pub(super) async fn start_at(place: &str, answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind(place).await.unwrap();
        let server = Server { address: listener.local_addr().unwrap(), heads: Arc::default() };
        let (heads, answer) = (server.heads.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, heads.clone(), answer.clone()));
            }
        });
        server
    }

    /// The request heads so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub(super) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }
}

async fn talk(
    mut stream: TcpStream,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Arc<impl Fn(&str) -> Reply + Send + Sync + 'static>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    heads.lock().unwrap().push(head.clone());
    match answer(&head) {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await.ok()?,
        Reply::Silence(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            stream.read_u8().await.ok()?;
        }
        Reply::Again(first, bytes, pause) => {
            stream.write_all(&first).await.ok()?;
            loop {
                stream.write_all(&bytes).await.ok()?;
                tokio::time::sleep(pause).await;
            }
        }
    }
    stream.shutdown().await.ok()
}

/// The path in a request head.
pub(super) fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// Loopback open, everything short.
pub(super) fn settings() -> Settings {
    Settings {
        guard: Guard::new(vec!["127.0.0.1/32".parse().unwrap()]),
        limits: Limits {
            connect: Duration::from_secs(2),
            head: Duration::from_millis(600),
            idle: Duration::from_millis(400),
            total: Duration::from_secs(2),
            drip_window: Duration::from_millis(300),
            drip_rate: 1000,
        },
        ..Settings::default()
    }
}

pub(super) fn fetcher() -> Fetcher {
    Fetcher::new(settings()).unwrap()
}

/// Names that lead to servers of the test.
pub(super) fn named(names: &[(&str, &Server)]) -> Settings {
    let table = Table::new(names.iter().map(|(name, server)| ((*name).to_owned(), server.address)));
    Settings { lookup: Arc::new(table), ..settings() }
}

pub(super) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// Answers with the next list at each call: a name server that changes its mind.
pub(super) struct Turning(Mutex<Vec<Vec<SocketAddr>>>);

impl Lookup for Turning {
    fn lookup<'a>(&'a self, _: &'a str) -> Looking<'a> {
        Box::pin(async move { Ok(self.0.lock().unwrap().remove(0)) })
    }
}
