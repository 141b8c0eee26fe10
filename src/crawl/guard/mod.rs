//! Which addresses and URLs may be asked: every URL we follow was chosen by somebody who may want us to knock at our own door.
//!
//! Pure: no resolving, no connecting. It must not know why a URL is wanted, only where it leads. A URL is checked before any
//! connection ([`Guard::check_url`]: scheme, port, IP literals, private names), and what a name resolves to is checked where the
//! connection is made ([`Guard::check_resolved`], called by [`super::resolver`]), so that a second, different answer of the
//! same name server gains nothing. A resolver never sees an IP literal, which is why the first check exists.
//! Start at [`Guard::check_url`]; the table of blocks is in [`blocks`].

pub mod blocks;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

pub use blocks::{Cidr, CidrError};

/// Why something may not be asked. The text is for the officer, the code for records and tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not http or https.
    #[error("不访问 {scheme}: 开头的网址，只访问 http 和 https")]
    Scheme {
        /// The scheme of the URL.
        scheme: String,
    },
    /// No host in the URL.
    #[error("网址里没有主机名")]
    NoHost,
    /// A port that belongs to another protocol or to an administration or database service.
    #[error("不访问端口 {port}：它属于数据库、管理或其他非网页服务")]
    Port {
        /// The port asked for.
        port: u16,
    },
    /// An address inside a block that is not the public internet.
    #[error("{ip} 属于{block}，不是公网地址；确需访问时把它写进 network.allow_addresses")]
    Address {
        /// The address.
        ip: IpAddr,
        /// What its block is.
        block: &'static str,
    },
    /// A name that only means something inside a private network.
    #[error(
        "{} 是内部网络的名称，不访问；确需访问时把它的地址写进 network.allow_addresses",
        jianzheng_core::entities::mask_ids(name)
    )]
    PrivateName {
        /// The host name.
        name: String,
    },
}

impl Refusal {
    /// A short word that never changes.
    pub fn as_code(&self) -> &'static str {
        match self {
            Refusal::Scheme { .. } => "refused-scheme",
            Refusal::NoHost => "refused-no-host",
            Refusal::Port { .. } => "refused-port",
            Refusal::Address { .. } => "refused-address",
            Refusal::PrivateName { .. } => "refused-private-name",
        }
    }
}

/// Scheme, host and port: what the unit names when it configures an endpoint of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of a URL that has a host and a port (http, https).
    pub fn of(url: &Url) -> Option<Origin> {
        Some(Origin {
            scheme: url.scheme().to_owned(),
            host: bare_name(url.host_str()?).to_owned(),
            port: url.port_or_known_default()?,
        })
    }
}

/// The rules of one unit: what it lets through beyond the public internet, and whether a proxy resolves names.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow: Vec<Cidr>,
    own: Vec<Origin>,
    behind_proxy: bool,
}

impl Guard {
    /// A guard that lets `allow` through besides the public internet (`network.allow_addresses`).
    pub fn new(allow: Vec<Cidr>) -> Guard {
        Guard { allow, own: Vec::new(), behind_proxy: false }
    }

    /// Names are resolved by a proxy, so that private names can be judged by their spelling only.
    #[must_use]
    pub fn behind_proxy(mut self, yes: bool) -> Guard {
        self.behind_proxy = yes;
        self
    }

    /// Endpoints of the unit's own (its SearXNG): exempt by being configured, see [`Guard::is_own`].
    #[must_use]
    pub fn with_own(mut self, urls: impl IntoIterator<Item = Url>) -> Guard {
        self.own.extend(urls.into_iter().filter_map(|url| Origin::of(&url)));
        self
    }

    /// Whether the URL leads to an endpoint the unit configured. Exemption is for requests that start there: a page that
    /// links or redirects to it is not exempt, which is for the caller to keep ([`super::client::Fetcher`] does).
    pub fn is_own(&self, url: &Url) -> bool {
        Origin::of(url).is_some_and(|origin| self.own.contains(&origin))
    }

    /// Whether the URL may be asked at all. Run on every hop, before any connection.
    ///
    /// # Errors
    /// The reason for refusing.
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme { scheme: url.scheme().chars().take(32).collect() });
        }
        let host = url.host().ok_or(Refusal::NoHost)?;
        let port = url.port_or_known_default().ok_or(Refusal::NoHost)?;
        if blocks::is_foreign_port(port) {
            return Err(Refusal::Port { port });
        }
        match host {
            Host::Ipv4(ip) => self.check_address(IpAddr::V4(ip)),
            Host::Ipv6(ip) => self.check_address(IpAddr::V6(ip)),
            Host::Domain(name) => self.check_name(name),
        }
    }

    /// Whether a name may be asked for, before it is resolved (here or by the proxy).
    fn check_name(&self, name: &str) -> Result<(), Refusal> {
        let name = bare_name(name);
        if name.is_empty() {
            return Err(Refusal::NoHost);
        }
        // Without a proxy a private name goes on to the resolver, where its addresses have to be allowed one by one.
        if !is_private_name(name) || (!self.behind_proxy && !self.allow.is_empty()) {
            return Ok(());
        }
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        if is_localhost(name) && loopback.iter().any(|&ip| self.allows(ip)) {
            return Ok(());
        }
        Err(Refusal::PrivateName { name: name.to_owned() })
    }

    /// Whether a connection to `ip`, to which `name` resolved, may be made.
    ///
    /// # Errors
    /// The reason for refusing.
    pub fn check_resolved(&self, name: &str, ip: IpAddr) -> Result<(), Refusal> {
        // A private name on a public address is a search domain's or a resolver's doing, and not what the page meant.
        if is_private_name(bare_name(name)) && !self.allows(ip.to_canonical()) {
            return Err(Refusal::PrivateName { name: bare_name(name).to_owned() });
        }
        self.check_address(ip)
    }

    /// Whether an address may be connected to.
    ///
    /// # Errors
    /// The block it lies in.
    pub fn check_address(&self, ip: IpAddr) -> Result<(), Refusal> {
        // ::ffff:a.b.c.d reaches the IPv4 host itself, so it is judged as that host.
        let ip = ip.to_canonical();
        let Some(block) = blocks::special(ip) else { return Ok(()) };
        if !self.allows(ip) {
            return Err(Refusal::Address { ip, block });
        }
        // Who allows a translation prefix means the internet behind it, not the translator's own network.
        match blocks::translated(ip) {
            Some(inner) => self.check_address(IpAddr::V4(inner)),
            None => Ok(()),
        }
    }

    /// Whether the unit lets the address through by a block of its own.
    pub fn allows(&self, ip: IpAddr) -> bool {
        self.allow.iter().any(|block| block.contains(ip))
    }
}

/// A host name without the root's dot.
fn bare_name(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Names that resolve, if at all, inside somebody's network. `name` is lower case, as [`Url`] makes it.
fn is_private_name(name: &str) -> bool {
    !name.contains('.')
        || blocks::PRIVATE_SUFFIXES
            .iter()
            .any(|suffix| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')))
}
