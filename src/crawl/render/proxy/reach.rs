//! How the filtering proxy gets out: the guard's word on the URL, our resolver's addresses, the unit's own proxies if it has any.
//!
//! It must not speak HTTP with the far side (its caller does), only make the connection. Behind `network.proxy` and the exits of
//! `network.routes` names are left to that proxy, as for every other request. Start at [`Reach::open`].

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

use crate::crawl::client::Route;
use crate::crawl::guard::{Guard, Refusal};
use crate::crawl::resolver::{Exempt, Lookup, ResolveError, Resolver};

use super::head;

/// Bytes of a proxy's answer to CONNECT.
const MAX_ANSWER: usize = 16 << 10;

/// Why a request of a page goes nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// The guard says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody answers there.
    #[error("{0}")]
    Unreachable(String),
}

/// Why pages cannot be rendered behind this proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "代理是 {0}:// 的，浏览器渲染只能经 http:// 或 socks5:// 代理出去：改 network.proxy 或 network.routes，或者 render = \"off\""
)]
pub struct UnfitProxy(String);

/// The unit's own proxy.
#[derive(Clone)]
enum Upstream {
    Http { authorization: Option<String> },
    Socks { user: Option<(String, String)> },
}

/// A connection, and what is still to be said on it.
pub(super) struct Opened {
    pub(super) stream: TcpStream,
    /// A plain request goes to an HTTP proxy: in absolute form, with this `Proxy-Authorization`.
    pub(super) absolute: Option<Option<String>>,
}

/// A proxy of the unit's.
type Exit = (Url, Upstream);

/// Opens connections for pages. Cheap to share.
pub struct Reach {
    guard: Guard,
    /// For hosts that are reached through an exit, which resolves their names.
    guard_of_exits: Guard,
    resolver: Resolver,
    routes: Vec<(Route, Option<Exit>)>,
    rest: Option<Exit>,
    connect: Duration,
}

impl Reach {
    /// Lets pages reach what `guard` lets through, with names from `lookup`, each host by the way that the settings name for it.
    ///
    /// # Errors
    /// A kind of proxy that is not spoken here.
    pub fn new(
        guard: Guard,
        lookup: Arc<dyn Lookup>,
        proxy: Option<&Url>,
        routes: &[Route],
        connect: Duration,
    ) -> Result<Reach, UnfitProxy> {
        let exit = |url: &Url| Ok((url.clone(), Upstream::of(url)?));
        let rest = proxy.map(exit).transpose()?;
        let routes = routes.iter().map(|route| Ok((route.clone(), route.proxy.as_ref().map(exit).transpose()?)));
        let routes = routes.collect::<Result<Vec<_>, UnfitProxy>>()?;
        let exits = routes.iter().filter_map(|(_, exit)| exit.as_ref()).chain(&rest);
        let names = exits.filter_map(|(url, _)| url.host_str()).map(str::to_owned).collect();
        let resolver = Resolver::new(Arc::new(guard.clone()), lookup, Exempt::Names(names));
        Ok(Reach { guard_of_exits: guard.clone().behind_proxy(true), guard, resolver, routes, rest, connect })
    }

    /// The exit that a request to this URL takes; none: straight.
    fn exit_of(&self, url: &Url) -> Option<&Exit> {
        let route = self.routes.iter().find(|(route, _)| route.fits(url));
        route.map_or(self.rest.as_ref(), |(_, exit)| exit.as_ref())
    }

    /// Whether a URL may be asked, as far as can be told without resolving it.
    pub(in super::super) fn check(&self, url: &Url) -> Result<(), Refusal> {
        if self.exit_of(url).is_some() {
            return self.guard_of_exits.check_url(url);
        }
        // The names of exits are resolved unchecked; asked as a page, an exit is a machine of ours.
        if self.resolver.exempts(url.host_str().unwrap_or_default()) {
            return Err(Refusal::PrivateName { name: url.host_str().unwrap_or_default().to_owned() });
        }
        self.guard.check_url(url)
    }

    /// A connection to the URL's host. `tunnel`: bytes are going to pass unread (CONNECT); otherwise one plain request is.
    pub(super) async fn open(&self, url: &Url, tunnel: bool) -> Result<Opened, Barred> {
        self.check(url)?;
        let unreachable = |why: io::Error| Barred::Unreachable(format!("连不上：{why}"));
        let connecting = async {
            let Some((proxy, kind)) = self.exit_of(url) else {
                return Ok(Opened { stream: self.direct(url).await?, absolute: None });
            };
            let mut stream = self.direct(proxy).await?;
            let (host, port) = (host_of(url)?, port_of(url)?);
            match kind {
                Upstream::Http { authorization } if !tunnel => {
                    return Ok(Opened { stream, absolute: Some(authorization.clone()) });
                }
                Upstream::Http { authorization } => {
                    connect(&mut stream, &host, port, authorization.as_deref()).await.map_err(unreachable)?;
                }
                Upstream::Socks { user } => {
                    socks(&mut stream, &host, port, user.as_ref()).await.map_err(unreachable)?;
                }
            }
            Ok(Opened { stream, absolute: None })
        };
        match timeout(self.connect, connecting).await {
            Ok(opened) => opened,
            Err(_) => Err(Barred::Unreachable("连接超时".to_owned())),
        }
    }

    /// Connects to the first address of the URL's host that answers. Literals of pages have passed the guard; the proxy's own
    /// address is the unit's word.
    async fn direct(&self, url: &Url) -> Result<TcpStream, Barred> {
        let port = port_of(url)?;
        let addresses = match url.host() {
            Some(Host::Ipv4(ip)) => vec![SocketAddr::new(IpAddr::V4(ip), port)],
            Some(Host::Ipv6(ip)) => vec![SocketAddr::new(IpAddr::V6(ip).to_canonical(), port)],
            // In the address of a SOCKS proxy an IPv4 literal is a name to `Url`; a page's address never has such a name.
            Some(Host::Domain(name)) if name.parse::<IpAddr>().is_ok() => {
                name.parse().map(|ip| vec![SocketAddr::new(ip, port)]).unwrap_or_default()
            }
            Some(Host::Domain(name)) => self.resolver.addresses(name).await.map_err(|error| match error {
                ResolveError::Refused(refusal) => Barred::Refused(refusal),
                error => Barred::Unreachable(error.to_string()),
            })?,
            None => return Err(Refusal::NoHost.into()),
        };
        let mut why = io::Error::from(io::ErrorKind::NotFound);
        for mut address in addresses {
            if address.port() == 0 {
                address.set_port(port);
            }
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // A delay at worst.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => why = error,
            }
        }
        Err(Barred::Unreachable(format!("连不上：{why}")))
    }
}

impl Upstream {
    fn of(url: &Url) -> Result<Upstream, UnfitProxy> {
        let user = (!url.username().is_empty())
            .then(|| (percent_decoded(url.username()), percent_decoded(url.password().unwrap_or_default())));
        match url.scheme() {
            "http" => Ok(Upstream::Http {
                authorization: user.map(|(name, word)| format!("Basic {}", STANDARD.encode(format!("{name}:{word}")))),
            }),
            "socks5" | "socks5h" => Ok(Upstream::Socks { user }),
            scheme => Err(UnfitProxy(scheme.to_owned())),
        }
    }
}

fn host_of(url: &Url) -> Result<String, Barred> {
    url.host_str().map(str::to_owned).ok_or(Barred::Refused(Refusal::NoHost))
}

/// The port; a proxy without one listens where its kind does.
fn port_of(url: &Url) -> Result<u16, Barred> {
    let usual = || url.scheme().starts_with("socks").then_some(1080);
    url.port_or_known_default().or_else(usual).ok_or(Barred::Refused(Refusal::NoHost))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match pair.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Asks an HTTP proxy for a tunnel.
async fn connect(stream: &mut TcpStream, host: &str, port: u16, authorization: Option<&str>) -> io::Result<()> {
    let mut ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(authorization) = authorization {
        ask.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
    }
    ask.push_str("\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let (answer, rest) = head::read(stream, MAX_ANSWER).await?;
    let line = String::from_utf8_lossy(&answer);
    let status = line.split_ascii_whitespace().nth(1).unwrap_or_default().to_owned();
    // What a proxy sends before the far side could have been asked is not the far side's.
    if !status.starts_with('2') || !rest.is_empty() {
        return Err(io::Error::other(format!("代理回答 {}", status.chars().take(3).collect::<String>())));
    }
    Ok(())
}

/// Asks a SOCKS 5 proxy for a tunnel (RFC 1928, RFC 1929); the name is left to it.
async fn socks(stream: &mut TcpStream, host: &str, port: u16, user: Option<&(String, String)>) -> io::Result<()> {
    let refused = |what: &str| io::Error::other(format!("SOCKS 代理{what}"));
    let methods: &[u8] = if user.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    stream.write_all(methods).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    match (chosen, user) {
        ([5, 0], _) => {}
        ([5, 2], Some((name, word))) => {
            let (name, word) = (short(name)?, short(word)?);
            let ask = [&[1, name.len() as u8][..], name, &[word.len() as u8], word].concat();
            stream.write_all(&ask).await?;
            let mut answer = [0; 2];
            stream.read_exact(&mut answer).await?;
            if answer[1] != 0 {
                return Err(refused("不认用户名和密码"));
            }
        }
        _ => return Err(refused("要别的登录方式")),
    }
    let mut ask = vec![5, 1, 0];
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ask.extend([&[1][..], &ip.octets()].concat()),
        Ok(IpAddr::V6(ip)) => ask.extend([&[4][..], &ip.octets()].concat()),
        Err(_) => {
            let name = short(host)?;
            ask.extend([&[3, name.len() as u8][..], name].concat());
        }
    }
    ask.extend(port.to_be_bytes());
    stream.write_all(&ask).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    if answer[1] != 0 {
        return Err(refused("连不上对方"));
    }
    let bound = match answer[3] {
        1 => 4,
        4 => 16,
        _ => usize::from(stream.read_u8().await?),
    };
    let mut rest = vec![0; bound + 2];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

/// What SOCKS can say in one piece.
fn short(text: &str) -> io::Result<&[u8]> {
    match text.len() {
        1..=255 => Ok(text.as_bytes()),
        _ => Err(io::Error::other("SOCKS 代理说不了这么长的名字")),
    }
}
