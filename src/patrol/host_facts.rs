//! What a round learns about a host besides its pages: when it last answered, what its robots.txt came to, how often it failed.
//!
//! For `host show`, so that an officer can tell a dead site from one that was never asked. One record per host and round, and one
//! per failure: it goes into the change set of the page that taught it. Start at [`Shared::host_seen`].

use std::sync::PoisonError;

use url::Url;

use super::Shared;
use crate::config::Robots;
use crate::crawl::robots::Access;
use crate::store::{Changes, HostFacts, MadeUp, StoreError};

impl Shared {
    /// The host answered. Only its first answer of the round is written down.
    pub(super) async fn host_seen(&self, changes: &mut Changes, host: &str, url: &Url) -> Result<(), StoreError> {
        if !self.greeted.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned()) {
            return Ok(());
        }
        let mut facts = self.facts(host).await?;
        let now = self.clock.now();
        (facts.fails, facts.last_ok) = (0, Some(now));
        if self.robots == Robots::Ignore {
            facts.robots = "ignored".to_owned();
        } else if let Some(access) = self.robots_cache.known(url) {
            (facts.robots_fetched, facts.robots) = (Some(now), word(&access));
            facts.delay_ms = access.crawl_delay().map(|delay| delay.as_millis() as u64);
        }
        changes.put_host(facts);
        Ok(())
    }

    /// The host could not be reached, or broke off.
    pub(super) async fn host_lost(&self, changes: &mut Changes, host: &str) -> Result<(), StoreError> {
        self.greeted.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
        let mut facts = self.facts(host).await?;
        facts.fails = facts.fails.saturating_add(1);
        changes.put_host(facts);
        Ok(())
    }

    /// What the host answers for a made-up address. Called behind [`Shared::host_seen`] of the same set, whose facts it keeps.
    pub(super) async fn host_made_up(
        &self,
        changes: &mut Changes,
        host: &str,
        made_up: MadeUp,
    ) -> Result<(), StoreError> {
        let facts = self.facts(host).await?;
        changes.then(move |tx| {
            let facts = tx.host(&facts.host)?.unwrap_or(facts);
            tx.put_host(HostFacts { made_up: Some(made_up), ..facts }).map(|()| None)
        });
        Ok(())
    }

    async fn facts(&self, host: &str) -> Result<HostFacts, StoreError> {
        let known = self.store.host(host).await?;
        Ok(known.unwrap_or_else(|| HostFacts { host: host.to_owned(), ..HostFacts::default() }))
    }
}

fn word(access: &Access) -> String {
    match access {
        Access::Rules(_) => "rules".to_owned(),
        Access::Unrestricted => "none".to_owned(),
        Access::Failing(status) => status.to_string(),
        Access::Unreachable(_) => "unreachable".to_owned(),
    }
}
