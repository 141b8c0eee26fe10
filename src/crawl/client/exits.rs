//! Which way out a request takes: straight, through `network.proxy`, or through the exit that a rule names for its host.
//!
//! Some sites answer only to addresses of the mainland, so a rule may send them through a proxy there. An exit that is down says
//! nothing about the sites behind it: it is tried before a round and again when something failed behind it, and what failed then is
//! [`super::FetchError::ProxyDown`]. It must not fetch. Start at [`Exits::of`].

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use url::Url;

use super::SetupError;
use crate::crawl::resolver::Lookup;

/// How long what was found out about an exit holds: thousands of pages may fail behind it in that time.
const FRESH: Duration = Duration::from_secs(10);
/// Waiting for an exit to take a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hosts and the way that requests to them take.
#[derive(Debug, Clone)]
pub struct Route {
    /// `example.cn` is that host; `*.example.cn` is it and all below it; `*` is every host. Lower case, A-labels.
    pub hosts: Vec<String>,
    /// The proxy; `None`: straight, whatever `network.proxy` says.
    pub proxy: Option<Url>,
}

impl Route {
    /// Whether it means this URL's host.
    pub fn fits(&self, url: &Url) -> bool {
        let host = host_of(url);
        self.hosts.iter().any(|pattern| fits(pattern, host))
    }
}

/// How an exit was found, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitState {
    /// Its address, without credentials.
    pub exit: String,
    /// Why it is of no use, in Chinese; `None`: it takes connections.
    pub fault: Option<String>,
}

/// A proxy.
pub(super) struct Exit {
    /// In the form that leaves resolving to it.
    url: Url,
    shown: String,
    health: Mutex<Option<(Instant, Option<String>)>>,
}

impl Exit {
    fn new(url: &Url) -> Result<Arc<Exit>, SetupError> {
        let url = remote_resolving(url)?;
        // reqwest finds out by itself where it is asked first; what it would refuse is told before a round instead.
        reqwest::Proxy::all(url.clone()).map_err(|e| unusable(&url, &e.to_string()))?;
        let shown = bare(&url).to_string();
        Ok(Arc::new(Exit { shown: shown.trim_end_matches('/').to_owned(), url, health: Mutex::default() }))
    }

    /// Its address, without credentials.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Its host, where that is a name.
    fn name(&self) -> Option<&str> {
        self.url.host_str().filter(|host| literal(host).is_none())
    }

    /// Whether it gets the whole URL of a plain request.
    pub(super) fn reads_plain_requests(&self) -> bool {
        self.url.scheme().starts_with("http")
    }

    /// Why it is of no use, if it is: found out now, or not long ago.
    pub(super) async fn fault(&self, lookup: &dyn Lookup) -> Option<String> {
        if let Some((at, fault)) = &*self.health.lock().unwrap_or_else(PoisonError::into_inner)
            && at.elapsed() < FRESH
        {
            return fault.clone();
        }
        let fault = match timeout(PATIENCE, self.knock(lookup)).await {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(why),
            Err(_) => Some(format!("{} 秒没有应答", PATIENCE.as_secs())),
        };
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), fault.clone()));
        fault
    }

    /// Connects and leaves again.
    async fn knock(&self, lookup: &dyn Lookup) -> Result<(), String> {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or(1080);
        let places = match literal(host) {
            Some(ip) => vec![SocketAddr::new(ip, port)],
            None => lookup.lookup(host).await.map_err(|e| format!("名称解析不了：{e}"))?,
        };
        let mut why = "名称没有地址".to_owned();
        for mut place in places.into_iter().take(4) {
            if place.port() == 0 {
                place.set_port(port);
            }
            match TcpStream::connect(place).await {
                Ok(_) => return Ok(()),
                Err(error) => why = format!("连接不上：{error}"),
            }
        }
        Err(why)
    }
}

/// Patterns of hosts and their way.
type Rule = (Vec<String>, Option<Arc<Exit>>);

/// All ways out, and which host takes which.
#[derive(Clone, Default)]
pub(super) struct Exits {
    rules: Arc<Vec<Rule>>,
    rest: Option<Arc<Exit>>,
}

impl Exits {
    /// The ways of the settings; the first rule that fits a host counts, and `rest` is for all others.
    ///
    /// # Errors
    /// A proxy's URL cannot be used.
    pub(super) fn new(routes: &[Route], rest: Option<&Url>) -> Result<Exits, SetupError> {
        let rest = rest.map(Exit::new).transpose()?;
        let mut known: Vec<(Url, Arc<Exit>)> = Vec::new();
        let mut rules = Vec::new();
        for route in routes {
            let exit = match &route.proxy {
                None => None,
                Some(url) => match known.iter().find(|(other, _)| other == url) {
                    Some((_, exit)) => Some(Arc::clone(exit)),
                    None => {
                        let exit = Exit::new(url)?;
                        known.push((url.clone(), Arc::clone(&exit)));
                        Some(exit)
                    }
                },
            };
            rules.push((route.hosts.clone(), exit));
        }
        Ok(Exits { rules: Arc::new(rules), rest })
    }

    /// The exit that a request to this URL takes; `None`: straight.
    pub(super) fn of(&self, url: &Url) -> Option<&Arc<Exit>> {
        let host = host_of(url);
        let rule = self.rules.iter().find(|(hosts, _)| hosts.iter().any(|pattern| fits(pattern, host)));
        rule.map_or(self.rest.as_ref(), |(_, exit)| exit.as_ref())
    }

    /// Every exit once.
    pub(super) fn all(&self) -> Vec<&Arc<Exit>> {
        let mut all: Vec<&Arc<Exit>> = Vec::new();
        for exit in self.rules.iter().filter_map(|(_, exit)| exit.as_ref()).chain(&self.rest) {
            if !all.iter().any(|other| other.url == exit.url) {
                all.push(exit);
            }
        }
        all
    }

    /// The names of exits: resolved without the guard, so never to be asked as pages.
    pub(super) fn names(&self) -> Vec<String> {
        self.all().into_iter().filter_map(|exit| exit.name()).map(str::to_owned).collect()
    }

    /// What reqwest asks for each request.
    pub(super) fn as_proxy(&self) -> Option<reqwest::Proxy> {
        if self.all().is_empty() {
            return None;
        }
        let exits = self.clone();
        Some(reqwest::Proxy::custom(move |url| exits.of(url).map(|exit| exit.url.clone())))
    }
}

fn host_of(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether a rule's word for hosts means this one.
fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        None => pattern == "*" || pattern == host,
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// The proxy in the form that leaves resolving to it, as the contract has it for every kind.
fn remote_resolving(url: &Url) -> Result<Url, SetupError> {
    let scheme = match url.scheme() {
        "socks5" => "socks5h",
        "socks4" => "socks4a",
        scheme @ ("http" | "https" | "socks5h" | "socks4a") => scheme,
        _ => return Err(unusable(url, "不支持这种代理")),
    };
    if url.host_str().unwrap_or_default().is_empty() {
        return Err(unusable(url, "缺少主机名"));
    }
    let rest = &url.as_str()[url.scheme().len()..];
    Url::parse(&format!("{scheme}{rest}")).map_err(|e| unusable(url, &e.to_string()))
}

fn bare(url: &Url) -> Url {
    let mut shown = url.clone();
    // Fails only where there can be no user.
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    shown
}

fn unusable(url: &Url, why: &str) -> SetupError {
    SetupError::Proxy { url: bare(url).to_string(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exits(routes: &[(&[&str], Option<&str>)], rest: Option<&str>) -> Exits {
        let routes: Vec<Route> = routes
            .iter()
            .map(|(hosts, proxy)| Route {
                hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
                proxy: proxy.map(|proxy| proxy.parse().unwrap()),
            })
            .collect();
        Exits::new(&routes, rest.map(|rest| rest.parse().unwrap()).as_ref()).unwrap()
    }

    #[test]
    fn the_first_rule_that_fits_a_host_is_its_way() {
        let exits = exits(
            &[
                (&["nei.example.cn", "10.1.2.3"], None),
                (&["*.cn", "*.xn--fiqs8s"], Some("http://user:secret@cn-exit.example:3128")),
                (&["*.example.com"], Some("socks5://other.example")),
            ],
            Some("http://rest.example:8080"),
        );
        let way = |url: &str| exits.of(&url.parse().unwrap()).map(|exit| exit.shown().to_owned());
        let cn = Some("http://cn-exit.example:3128".to_owned());
        for (url, want) in [
            ("http://a.cn/", cn.clone()),
            ("https://cx.a.gov.cn./x", cn.clone()),
            ("http://CN/", cn.clone()),
            ("http://证书.中国/", cn),
            ("http://acn/", Some("http://rest.example:8080".to_owned())),
            ("http://nei.example.cn:8080/", None),
            ("http://10.1.2.3/", None),
            ("http://x.nei.example.cn/", Some("http://cn-exit.example:3128".to_owned())),
            ("http://a.example.com/", Some("socks5h://other.example".to_owned())),
            ("http://b.example/", Some("http://rest.example:8080".to_owned())),
        ] {
            assert_eq!(way(url), want, "{url}");
        }
        assert_eq!(exits.names(), ["cn-exit.example", "other.example", "rest.example"]);
    }

    #[test]
    fn no_rule_and_no_proxy_is_straight() {
        let exits = exits(&[], None);
        assert!(exits.of(&"http://a.cn/".parse().unwrap()).is_none() && exits.as_proxy().is_none());
    }

    #[test]
    fn socks_leaves_resolving_to_the_exit() {
        assert_eq!(remote_resolving(&"socks5://127.0.0.1:1080".parse().unwrap()).unwrap().scheme(), "socks5h");
        let error = remote_resolving(&"ftp://u:secret@proxy.example/".parse().unwrap()).unwrap_err().to_string();
        assert!(!error.contains("secret") && !error.contains("u@"), "{error}");
        assert!(remote_resolving(&"socks5:///somewhere".parse().unwrap()).is_err(), "nowhere to go");
    }
}
