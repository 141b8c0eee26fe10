//! Answers whose length is none: `Content-Length: -5`, a word, two that differ. hyper refuses such a head as a whole; browsers leave
//! the field aside and read to the end of the connection. So the address is asked once more, on a connection of its own whose head
//! loses the field before hyper reads it; everything else stays hyper's.
//!
//! Addresses are the guarded resolver's, trust and limits the fetcher's. It must not be used behind an exit, nor for sources: those
//! are spoken to by reqwest alone. Start at [`ask`].

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::client::conn::http1;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

use super::answer::{FetchError, Stage};
use super::{Fetcher, MAX_FIELDS, MAX_HEAD, failure};

/// An answer on a connection of its own, which ends with this.
pub(super) struct Unframed {
    pub(super) ip: IpAddr,
    /// The fields for the length, as they came.
    pub(super) fields: Vec<(String, Vec<u8>)>,
    _driver: Driver,
}

/// Asks for the URL, which the guard has let through.
pub(super) async fn ask(
    fetcher: &Fetcher,
    url: &Url,
    headers: HeaderMap,
) -> Result<(reqwest::Response, Unframed), FetchError> {
    let broken = |why: String| FetchError::Broken { why };
    let connecting = timeout(fetcher.limits.connect, connect(fetcher, url));
    let connected = connecting.await.map_err(|_| FetchError::Timeout { stage: Stage::Connect })?;
    let (line, ip) = connected?;
    let lengths = Lengths::default();
    let line = Eased { line, head: Vec::new(), given: 0, whole: false, lengths: Arc::clone(&lengths) };
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .max_headers(MAX_FIELDS)
        .handshake(line)
        .await
        .map_err(|error| broken(error.to_string()))?;
    let driver = Driver(tokio::spawn(async move { drop(connection.await) }));
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = hyper::Request::new(reqwest::Body::default());
    *request.uri_mut() = target.parse().map_err(|_| FetchError::BadRequest { why: "网址不能发送".to_owned() })?;
    *request.headers_mut() = headers;
    let response = sender.send_request(request).await.map_err(|error| broken(error.to_string()))?;
    let response = reqwest::Response::from(response.map(reqwest::Body::wrap));
    let lengths = std::mem::take(&mut *lengths.lock().unwrap_or_else(PoisonError::into_inner));
    let fields = lengths.into_iter().map(|length| (CONTENT_LENGTH.as_str().to_owned(), length)).collect();
    Ok((response, Unframed { ip, fields, _driver: driver }))
}

/// What reads and writes a connection; it ends with the answer, read or not.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Line for S {}

/// A connection to the first address that answers, in TLS where the URL says so.
async fn connect(fetcher: &Fetcher, url: &Url) -> Result<(Box<dyn Line>, IpAddr), FetchError> {
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses = match url.host() {
        Some(Host::Ipv4(ip)) => vec![SocketAddr::new(ip.into(), port)],
        Some(Host::Ipv6(ip)) => vec![SocketAddr::new(ip.into(), port)],
        Some(Host::Domain(name)) => fetcher.names.addresses(name).await.map_err(failure::of_resolving)?,
        None => Vec::new(),
    };
    let mut fault = io::Error::from(io::ErrorKind::NotFound);
    for mut address in addresses {
        if address.port() == 0 {
            address.set_port(port);
        }
        let stream = match TcpStream::connect(address).await {
            Ok(stream) => stream,
            Err(error) => {
                fault = error;
                continue;
            }
        };
        if url.scheme() != "https" {
            return Ok((Box::new(stream), address.ip()));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| FetchError::BadRequest { why: error.to_string() })?;
        let stream = fetcher.lenient.connect(name, stream).await;
        let stream = stream.map_err(|error| FetchError::Handshake { why: error.to_string() })?;
        return Ok((Box::new(stream), address.ip()));
    }
    Err(FetchError::Connect { why: fault.to_string(), closed: false })
}

/// The values of the fields that were taken out of a head.
type Lengths = Arc<Mutex<Vec<Vec<u8>>>>;

/// A line whose first head loses its `Content-Length`.
struct Eased {
    line: Box<dyn Line>,
    /// The beginning of what comes, and how much of it was given on.
    head: Vec<u8>,
    given: usize,
    /// The head in it is whole, and eased.
    whole: bool,
    lengths: Lengths,
}

impl hyper::rt::Read for Eased {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut out: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut room = [0; 8 << 10];
        while !this.whole {
            let mut read = ReadBuf::new(&mut room);
            ready!(Pin::new(&mut this.line).poll_read(cx, &mut read))?;
            this.head.extend_from_slice(read.filled());
            if let Some(end) = end_of_head(&this.head) {
                ease(&mut this.head, end, &this.lengths);
                this.whole = true;
            }
            // What has no end is hyper's to refuse.
            this.whole |= read.filled().is_empty() || this.head.len() > MAX_HEAD;
        }
        let waiting = &this.head[this.given..];
        if !waiting.is_empty() {
            let now = waiting.len().min(out.remaining());
            out.put_slice(&waiting[..now]);
            this.given += now;
            return Poll::Ready(Ok(()));
        }
        let most = room.len().min(out.remaining());
        let mut read = ReadBuf::new(&mut room[..most]);
        ready!(Pin::new(&mut this.line).poll_read(cx, &mut read))?;
        out.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Eased {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(cx)
    }
}

/// Where the empty line that ends a head ends.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let lines = memchr::memchr_iter(b'\n', bytes);
    lines.map(|at| at + 1).find_map(|at| match &bytes[at..] {
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

/// Takes the fields out of the head that ends there.
fn ease(bytes: &mut Vec<u8>, end: usize, lengths: &Lengths) {
    let mut eased = Vec::with_capacity(bytes.len());
    for line in bytes[..end].split_inclusive(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default().trim_ascii();
        match parts.next() {
            Some(value) if name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str().as_bytes()) => {
                lengths.lock().unwrap_or_else(PoisonError::into_inner).push(value.trim_ascii().to_vec());
            }
            _ => eased.extend_from_slice(line),
        }
    }
    eased.extend_from_slice(&bytes[end..]);
    *bytes = eased;
}
