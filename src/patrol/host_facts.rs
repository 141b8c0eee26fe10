//! What a round learns about a host besides its pages: when it last answered, what its robots.txt came to, how often it failed,
//! until when it wants to be left alone, when its crawl-delay lets it be asked next, and how it stood at the round's end.
//!
//! For `host show`, so that an officer can tell a dead site from one that was never asked, and for the next round. One record per
//! host and round, and one per failure: it goes into the change set of the page that taught it; the ends come together at the
//! round's. Start at [`Shared::host_seen`].

use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::Shared;
use crate::config::Robots;
use crate::crawl::retry::MAX_RETRY_AFTER;
use crate::crawl::robots::{Access, MAX_CRAWL_DELAY};
use crate::store::{Changes, HostFacts, HostRound, MadeUp, StoreError};

/// Records in one change set.
const AT_ONCE: usize = 500;

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

    /// The host asked to be left alone until then.
    pub(super) async fn host_rests(
        &self,
        changes: &mut Changes,
        host: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut facts = self.facts(host).await?;
        facts.not_before = Some(until);
        changes.put_host(facts);
        Ok(())
    }

    /// The host asks for patience that the round has: nothing is asked of it meanwhile, nor by who takes the round up after a kill.
    pub(super) async fn host_waits(&self, host: &str, wait: Duration) -> Result<(), StoreError> {
        let now = self.now();
        self.frontier.host_until(host, now.mono + wait).await;
        if self.politeness.delay.is_zero() {
            return Ok(());
        }
        let mut changes = Changes::new();
        self.host_rests(&mut changes, host, now.wall.checked_add(wait).unwrap_or(now.wall)).await?;
        self.store.commit(changes).await.map(drop)
    }

    /// The interval that the host's robots.txt asks for, where it is longer than the unit's own.
    pub(super) fn own_delay(&self, url: &Url) -> Option<Duration> {
        self.longer(self.robots_cache.known(url)?.crawl_delay())
    }

    fn longer(&self, delay: Option<Duration>) -> Option<Duration> {
        let pause = self.politeness.delay;
        delay.filter(|delay| !pause.is_zero() && *delay > pause)
    }

    /// The host is asked now, and not again before `wait` is over, nor by who takes the round up after a kill: it goes down before the
    /// request does. Only for hosts with an interval of their own, of which there is one request in many seconds.
    pub(super) async fn host_asked(&self, host: &str, delay: Duration, wait: Duration) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        self.host_turn(&mut changes, host, delay, wait);
        self.store.commit(changes).await.map(drop)
    }

    /// As [`Shared::host_asked`], before its robots.txt of this round has told: by what it told last.
    pub(super) async fn host_greeted(&self, host: &str) -> Result<(), StoreError> {
        let known = self.store.host(host).await?.and_then(|facts| facts.delay_ms).map(Duration::from_millis);
        match self.longer(known) {
            Some(delay) => self.host_asked(host, delay, delay).await,
            None => Ok(()),
        }
    }

    /// The same in a set that is made anyway.
    pub(super) fn host_turn(&self, changes: &mut Changes, host: &str, delay: Duration, wait: Duration) {
        let (host, now) = (host.to_owned(), self.clock.now());
        let turn = now.checked_add(wait).unwrap_or(now);
        changes.then(move |tx| {
            let facts = tx.host(&host)?.unwrap_or_else(|| HostFacts { host, ..HostFacts::default() });
            tx.put_host(HostFacts { delay_ms: Some(millis(delay)), turn: Some(turn), ..facts }).map(|()| None)
        });
    }

    /// Leaves those hosts alone that asked for it in an earlier round or before a restart, and whose time has not come.
    pub(super) async fn remember_rests(&self) -> Result<(), StoreError> {
        if self.politeness.delay.is_zero() {
            return Ok(());
        }
        let now = self.now();
        for facts in self.store.hosts() {
            let facts = facts?;
            let wait = |until: Option<Timestamp>| {
                let wait = Duration::try_from(until?.duration_since(now.wall)).ok()?;
                (!wait.is_zero()).then_some(wait)
            };
            if let Some(wait) = wait(facts.not_before) {
                self.frontier.host_until(&facts.host, now.mono + wait.min(MAX_RETRY_AFTER)).await;
            }
            if let (Some(wait), Some(delay)) = (wait(facts.turn), facts.delay_ms) {
                let delay = Duration::from_millis(delay);
                self.frontier.host_turn(&facts.host, delay, now.mono + wait.min(MAX_CRAWL_DELAY)).await;
            }
        }
        Ok(())
    }

    /// Writes down how each host stands that this round asked for anything.
    pub(super) async fn tell_hosts(&self) -> Result<(), StoreError> {
        for some in self.frontier.host_states(self.now()).await.chunks(AT_ONCE) {
            let mut changes = Changes::new();
            for (host, state) in some {
                let mut facts = self.facts(host).await?;
                facts.last = Some(HostRound {
                    round: self.round,
                    pages: state.pages,
                    bytes: state.bytes,
                    spent_ms: millis(state.spent),
                    interval_ms: millis(state.interval),
                    slowed: state.slowed,
                    hold: state.hold.as_ref().map(|hold| hold.as_code().to_owned()).unwrap_or_default(),
                    why: state.hold.as_ref().map(ToString::to_string).unwrap_or_default(),
                });
                changes.put_host(facts);
            }
            self.store.commit(changes).await?;
        }
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

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn word(access: &Access) -> String {
    match access {
        Access::Rules(_) => "rules".to_owned(),
        Access::Unrestricted => "none".to_owned(),
        Access::Failing(status) => status.to_string(),
        Access::Unreachable(_) => "unreachable".to_owned(),
    }
}
