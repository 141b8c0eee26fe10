//! The guarded client, as the settings say.

use crate::{
    clock::Clock,
    config::{Network, Settings},
    crawl::{
        client::{self, Fetcher, Limits, Route, SetupError},
        guard::{Cidr, Guard},
        resolver::{Lookup, SystemLookup},
    },
};
use std::{sync::Arc, time::Duration};

use url::Url;

/// A client for pages and sources, with the system's names.
///
/// # Errors
/// The proxy or the file of roots is unusable.
pub fn fetcher(settings: &Settings, own: impl IntoIterator<Item = Url>, clock: &Clock) -> Result<Fetcher, SetupError> {
    fetcher_knowing(settings, own, clock, Arc::new(SystemLookup))
}

/// A client for pages and sources. `own` are the unit's own endpoints, exempt from the guard by being configured;
/// `lookup` tells what names mean.
///
/// # Errors
/// The proxy or the file of roots is unusable.
pub(super) fn fetcher_knowing(
    settings: &Settings,
    own: impl IntoIterator<Item = Url>,
    clock: &Clock,
    lookup: Arc<dyn Lookup>,
) -> Result<Fetcher, SetupError> {
    let network = &settings.network;
    let clock = clock.clone();
    Fetcher::new(client::Settings {
        guard: Guard::new(allowed(network)).with_own(own),
        proxy: network.proxy.clone(),
        routes: routes(network),
        ca_file: network.ca_file.clone(),
        connections: network.connections,
        contact: network.user_agent_contact.clone(),
        limits: Limits {
            connect: Duration::from_secs(network.connect_timeout_s),
            idle: Duration::from_secs(network.read_timeout_s),
            total: Duration::from_secs(network.total_timeout_s),
            ..Limits::default()
        },
        now: Arc::new(move || clock.now()),
        lookup,
    })
}

/// The settings and the guard each have a type for blocks, because neither may know the other; both read this notation.
pub(super) fn allowed(network: &Network) -> Vec<Cidr> {
    network.allow_addresses.iter().filter_map(|block| block.to_string().parse().ok()).collect()
}

/// Which hosts are reached by which way.
pub(super) fn routes(network: &Network) -> Vec<Route> {
    network.routes.iter().map(|r| Route { hosts: r.hosts.clone(), proxy: r.proxy.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_the_settings_reaches_the_guard() {
        let blocks = ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8", "::ffff:192.0.2.0/120", "0.0.0.0/0", "::/0"];
        let network = Network {
            allow_addresses: blocks.iter().map(|block| block.parse().unwrap()).collect(),
            ..Settings::default().network
        };
        assert_eq!(allowed(&network).len(), blocks.len());
    }
}
