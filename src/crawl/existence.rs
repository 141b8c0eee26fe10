//! Which names exist at all: asked of the DNS itself, because getaddrinfo does not tell "no such name" from "nobody answered".
//!
//! Nothing is connected to here. A zone that answers for every name (a wildcard, a provider that catches what is misspelt) says nothing
//! about the name: each zone is asked once for a name that nobody has, and what it says then is held against what it says of the name.
//! Start at [`Existence::ask`].

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::sync::OnceCell;

const TIMEOUT: Duration = Duration::from_secs(4);
const ATTEMPTS: usize = 2;
/// Letters of a name that nobody has.
const NOBODY: usize = 16;

/// What the DNS says of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// It has these addresses, of its own.
    Yes(BTreeSet<IpAddr>),
    /// Its zone answers so for any name.
    Wildcard(BTreeSet<IpAddr>),
    /// There is no such name, or it has no address.
    No,
    /// Nobody answered, of the name or of its zone; why, in Chinese.
    Unknown(String),
}

type Answer = Result<BTreeSet<IpAddr>, String>;

/// Asks, and remembers what zones say of names that nobody has.
pub struct Existence {
    resolver: TokioResolver,
    zones: Mutex<HashMap<String, Arc<OnceCell<Answer>>>>,
}

impl Existence {
    /// Asks this name server, or those that the machine is set up for.
    ///
    /// # Errors
    /// The name servers' settings cannot be used, in Chinese.
    pub fn new(server: Option<SocketAddr>) -> Result<Existence, String> {
        let failed =
            |error: NetError| format!("域名服务器的设置用不了：{error}（用 --dns 换一台，如 --dns 223.5.5.5:53）");
        let mut builder = match server {
            None => TokioResolver::builder_tokio().map_err(failed)?,
            Some(server) => {
                let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
                connections.iter_mut().for_each(|connection| connection.port = server.port());
                let one = NameServerConfig::new(server.ip(), true, connections);
                let config = ResolverConfig::from_name_servers(vec![one]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.timeout = TIMEOUT;
        options.attempts = ATTEMPTS;
        let resolver = builder.build().map_err(failed)?;
        Ok(Existence { resolver, zones: Mutex::default() })
    }

    /// What there is of a name.
    pub async fn ask(&self, name: &str) -> Existing {
        let found = match self.addresses(name).await {
            Err(say) => return Existing::Unknown(say),
            Ok(found) if found.is_empty() => return Existing::No,
            Ok(found) => found,
        };
        // The name's own zone, and those above it up to the suffix: one of them may catch everything.
        let mut zone = name;
        while let Some((_, above)) = zone.split_once('.') {
            zone = above;
            match self.anybody(zone).await {
                Err(say) => return Existing::Unknown(say),
                Ok(anybody) if !anybody.is_disjoint(&found) => return Existing::Wildcard(found),
                Ok(_) => {}
            }
        }
        Existing::Yes(found)
    }

    /// What a zone says of a name that nobody has; asked once.
    async fn anybody(&self, zone: &str) -> Answer {
        let cell = {
            let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(zones.entry(zone.to_owned()).or_default())
        };
        let ask = || async {
            let mut letters = [0u8; NOBODY];
            getrandom::fill(&mut letters).map_err(|error| format!("取不到随机数：{error}"))?;
            let nobody: String = letters.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
            self.addresses(&format!("{nobody}.{zone}")).await
        };
        cell.get_or_init(ask).await.clone()
    }

    async fn addresses(&self, name: &str) -> Answer {
        // The final dot: no search domain of this machine is tried.
        match self.resolver.lookup_ip(format!("{name}.")).await {
            Ok(found) => Ok(found.iter().collect()),
            Err(error) if error.is_no_records_found() => Ok(BTreeSet::new()),
            Err(NetError::Timeout) => Err("域名服务器没有回答".to_owned()),
            Err(error) => Err(format!("域名服务器答错了：{error}")),
        }
    }
}
