//! From a name to the addresses that may be connected to: the guard's second check, at the moment of connecting.
//!
//! What passes here is what is connected to, so that a name server that answers differently the second time (rebinding) gains
//! nothing. IP literals never come here; [`super::guard::Guard::check_url`] has seen them. It must not follow CNAMEs or
//! speak DNS itself: a [`Lookup`] does. Start at [`Resolver`].

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Guard, Refusal};

/// How long an answer is kept. The system resolver tells no TTL; a minute spares it the pages of one host and little more.
const KEEP: Duration = Duration::from_secs(60);
const MAX_KEPT: usize = 8192;
/// Shorter than the time for a connection, so that a silent name server is told from a silent host.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(8);
/// More addresses than this of one name are not tried.
const MAX_ADDRESSES: usize = 16;

/// The future of [`Lookup::lookup`].
pub type Looking<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Where names come from: the system, or a table.
pub trait Lookup: Send + Sync {
    /// The addresses of a name. A port other than 0 is used where the URL has none. No address: the name does not exist.
    fn lookup<'a>(&'a self, name: &'a str) -> Looking<'a>;
}

/// The system's resolver (getaddrinfo: hosts file, search domains, everything the machine is set up for).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup<'a>(&'a self, name: &'a str) -> Looking<'a> {
        Box::pin(async move {
            match tokio::net::lookup_host((name, 0)).await {
                Ok(found) => Ok(found.collect()),
                // getaddrinfo's errors reach us as text only; "try again" is the one that says nothing about the name.
                Err(e) if !e.to_string().contains("Temporary") => Err(io::Error::new(io::ErrorKind::NotFound, e)),
                Err(e) => Err(e),
            }
        })
    }
}

/// A table of names, and nothing else exists: the practice web and tests.
#[derive(Debug, Clone, Default)]
pub struct Table(HashMap<String, SocketAddr>);

impl Table {
    /// Each name with the one place where it answers.
    pub fn new(names: impl IntoIterator<Item = (String, SocketAddr)>) -> Table {
        Table(names.into_iter().collect())
    }
}

impl Lookup for Table {
    fn lookup<'a>(&'a self, name: &'a str) -> Looking<'a> {
        Box::pin(async move { Ok(self.0.get(name.trim_end_matches('.')).copied().into_iter().collect()) })
    }
}

/// Why a name leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Every address of the name is refused; the first reason.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The name does not exist or has no address.
    #[error("域名 {0} 不存在或没有地址")]
    None(String),
    /// Nobody could tell.
    #[error("域名 {0} 暂时解析不了")]
    Failed(String),
}

/// Which names are asked without the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exempt {
    /// Those of the unit's proxies. The client asks no page of such a name.
    Names(Vec<String>),
    /// All: for the client that asks the unit's own endpoints and nothing else.
    Everything,
}

/// An answer and since when it is kept.
type Kept = (Instant, Vec<SocketAddr>);

/// The resolver that reqwest asks.
#[derive(Clone)]
pub struct Resolver {
    guard: Arc<Guard>,
    lookup: Arc<dyn Lookup>,
    exempt: Exempt,
    kept: Arc<Mutex<HashMap<String, Kept>>>,
}

impl Resolver {
    /// A resolver that lets through what `guard` lets through.
    pub fn new(guard: Arc<Guard>, lookup: Arc<dyn Lookup>, exempt: Exempt) -> Resolver {
        Resolver { guard, lookup, exempt, kept: Arc::default() }
    }

    /// Whether a name is let through unchecked, which makes it none that a page may lead to.
    pub fn exempts(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        match &self.exempt {
            Exempt::Names(names) => names.iter().any(|exempt| exempt.eq_ignore_ascii_case(name)),
            Exempt::Everything => true,
        }
    }

    /// The addresses of `name` that may be connected to, IPv4 first. Never empty.
    ///
    /// # Errors
    /// The name does not resolve, or only to addresses that are refused.
    pub async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        if let Some(kept) = self.kept_for(name) {
            return Ok(kept);
        }
        let found = match tokio::time::timeout(LOOKUP_TIMEOUT, self.lookup.lookup(name)).await {
            Ok(Ok(found)) => found,
            Ok(Err(e)) if e.kind() == io::ErrorKind::NotFound => return Err(ResolveError::None(name.to_owned())),
            Ok(Err(_)) | Err(_) => return Err(ResolveError::Failed(name.to_owned())),
        };
        let mut passed = Vec::new();
        let mut refusal = None;
        for mut address in found {
            address.set_ip(address.ip().to_canonical());
            match self.check(name, address) {
                Ok(()) if !passed.contains(&address) => passed.push(address),
                Ok(()) => {}
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        if passed.is_empty() {
            return Err(refusal.map_or_else(|| ResolveError::None(name.to_owned()), ResolveError::Refused));
        }
        // Stable: within a family the order of the name server stays.
        passed.sort_by_key(SocketAddr::is_ipv6);
        passed.truncate(MAX_ADDRESSES);
        self.keep(name, &passed);
        Ok(passed)
    }

    fn check(&self, name: &str, address: SocketAddr) -> Result<(), Refusal> {
        match &self.exempt {
            Exempt::Everything => Ok(()),
            Exempt::Names(own) if own.iter().any(|own| own == name) => Ok(()),
            Exempt::Names(_) => self.guard.check_resolved(name, address.ip()),
        }
    }

    fn kept_for(&self, name: &str) -> Option<Vec<SocketAddr>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).filter(|(since, _)| since.elapsed() < KEEP).map(|(_, addresses)| addresses.clone())
    }

    fn keep(&self, name: &str, addresses: &[SocketAddr]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (since, _)| since.elapsed() < KEEP);
        }
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(name.to_owned(), (Instant::now(), addresses.to_vec()));
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<&'static str>);

    impl Lookup for Fixed {
        fn lookup<'a>(&'a self, _: &'a str) -> Looking<'a> {
            Box::pin(async move { Ok(self.0.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()) })
        }
    }

    fn resolver(found: &[&'static str], allow: &[&str]) -> Resolver {
        let guard = Guard::new(allow.iter().map(|block| block.parse().unwrap()).collect());
        Resolver::new(Arc::new(guard), Arc::new(Fixed(found.to_vec())), Exempt::Names(Vec::new()))
    }

    async fn ips(resolver: &Resolver, name: &str) -> Result<Vec<String>, ResolveError> {
        resolver.addresses(name).await.map(|found| found.iter().map(|address| address.ip().to_string()).collect())
    }

    #[tokio::test]
    async fn only_what_may_be_asked_is_left_and_ipv4_comes_first() {
        let found = ["10.0.0.1", "2400:3200::1", "1.2.3.4", "::1", "::ffff:1.2.3.4", "::ffff:127.0.0.1"];
        assert_eq!(ips(&resolver(&found, &[]), "a.example").await.unwrap(), ["1.2.3.4", "2400:3200::1"]);
    }

    #[tokio::test]
    async fn a_name_with_nothing_but_private_addresses_is_refused() {
        let refused = ips(&resolver(&["192.168.0.1", "fe80::1"], &[]), "a.example").await.unwrap_err();
        assert!(matches!(refused, ResolveError::Refused(Refusal::Address { .. })), "{refused}");
        assert_eq!(ips(&resolver(&[], &[]), "a.example").await.unwrap_err(), ResolveError::None("a.example".into()));
    }

    #[tokio::test]
    async fn localhost_is_open_to_the_allowed_address_only() {
        let localhost = resolver(&["::1", "127.0.0.1"], &["127.0.0.1/32"]);
        assert_eq!(ips(&localhost, "localhost").await.unwrap(), ["127.0.0.1"]);
        assert!(ips(&resolver(&["127.0.0.1"], &[]), "localhost").await.is_err());
        assert!(ips(&resolver(&["1.2.3.4"], &["127.0.0.1/32"]), "nas.lan").await.is_err());
    }

    #[tokio::test]
    async fn a_table_is_the_whole_world() {
        let table = Table::new([("a.example".to_owned(), "127.0.0.1:4000".parse().unwrap())]);
        let guard = Arc::new(Guard::new(vec!["127.0.0.1/32".parse().unwrap()]));
        let resolver = Resolver::new(guard, Arc::new(table), Exempt::Names(Vec::new()));
        assert_eq!(resolver.addresses("a.example").await.unwrap(), ["127.0.0.1:4000".parse().unwrap()]);
        assert!(resolver.addresses("b.example").await.is_err());
    }

    #[tokio::test]
    async fn the_proxy_is_exempt_by_its_name() {
        let guard = Arc::new(Guard::default());
        let lookup: Arc<dyn Lookup> = Arc::new(Fixed(vec!["10.0.0.1"]));
        let resolver = Resolver::new(guard, lookup, Exempt::Names(vec!["proxy.lan".into()]));
        assert!(resolver.addresses("proxy.lan").await.is_ok());
        assert!(resolver.addresses("other.example").await.is_err());
    }
}
