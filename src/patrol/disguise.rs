//! A round's disguised looks: the cause, the host's turn, the cap, and what is missing where the cap held them back.
//!
//! A look waits as any other request to the host does, goes through the same robots.txt, and is counted to the host's pages. What a
//! look means is [`super::guests`]' matter. Start at [`look_on`].

use std::sync::{Arc, PoisonError};

use jianzheng_core::host::{Standing, registrable};
use jianzheng_core::schedule::Seen;
use jianzheng_core::verdict;
use url::Url;

use super::guests::{self, Cause, Look, Looking, Looks, Way};
use super::manners::{hop_pause, may_go_on};
use super::visit::{Ask, WORTH_WAITING, fetch};
use super::{Failure, Shared};
use crate::crawl::client::FetchError;
use crate::crawl::frontier::{Kind, Lease};
use crate::crawl::retry;
use crate::store::{CHAIN, CaseState, StoreError, Via};

/// Goes on from the patrol's own look where there is cause.
pub(super) async fn look_on(shared: &Arc<Shared>, lease: &Lease, first: Look) -> Result<Looks, Failure> {
    let url = Url::parse(lease.url()).ok().filter(|_| lease.kind() != Kind::Image);
    let (Some(url), Some(doubt)) = (url, guests::doubt(&shared.rules, &first)) else { return Ok(Looks::one(first)) };
    let (way, source) = way(shared, lease).await?;
    let Some(cause) = guests::cause_of(&shared.rules, &first, Some(doubt), way) else { return Ok(Looks::one(first)) };
    let looking = Looking::new(&shared.rules, first, cause, shared.disguise.guests(&source));
    all_looks(shared, lease, &url, looking).await
}

/// The same where the connection ended when the patrol itself had asked.
pub(super) async fn look_after(
    shared: &Arc<Shared>,
    lease: &Lease,
    error: &FetchError,
) -> Result<Option<Looks>, Failure> {
    let url = Url::parse(lease.url()).ok().filter(|_| lease.kind() != Kind::Image);
    let Some(url) = url.filter(|_| matches!(error, FetchError::Broken { .. })) else { return Ok(None) };
    // It may have been robots.txt that was not answered, and then nobody may look.
    if !may_go_on(shared.robots, shared.robots_cache.known(&url).as_deref(), &url) {
        return Ok(None);
    }
    let (way, source) = way(shared, lease).await?;
    if !Cause::BrokenOff.holds(way, false) || !shared.may_disguise(&url) {
        return Ok(None);
    }
    let looking = Looking::unanswered(&shared.rules, error.to_string(), shared.disguise.guests(&source));
    all_looks(shared, lease, &url, looking).await.map(Some)
}

async fn all_looks(shared: &Arc<Shared>, lease: &Lease, url: &Url, mut looking: Looking<'_>) -> Result<Looks, Failure> {
    while shared.may_disguise(url)
        && let Some((guest, referer)) = looking.next_guest()
    {
        shared.disguised_once(url);
        shared.fetcher.rest(hop_pause(shared, url)).await;
        shared.frontier.charge(lease.host(), 1).await;
        match fetch(shared, lease, url, Ask { guest, referer, copy: None }).await {
            Ok(answer) => {
                // What a disguised guest is asked, the patrol is asked.
                let asked =
                    answer.exchange.header("retry-after").filter(|_| matches!(answer.exchange.status, 429 | 503));
                if let Some(wait) = asked.and_then(|value| retry::retry_after(&value, answer.exchange.time)) {
                    shared.host_waits(lease.host(), wait.min(WORTH_WAITING)).await?;
                }
                let known = shared.known_pictures(lease).await?;
                looking.saw(shared.look_of(answer, false, known).await?);
            }
            Err(error) => looking.failed(guest, error.to_string()),
        }
    }
    Ok(looking.end(&shared.terms))
}

/// What was said of the address before it was looked at, and the source that said it.
async fn way(shared: &Shared, lease: &Lease) -> Result<(Way, String), StoreError> {
    if let Via::Recheck { hit } = lease.via() {
        let hit = shared.store.hit(*hit).await?;
        // Who was no more than suspicious when others looked too is not looked at by all of them each time.
        let suspect = hit.as_ref().is_some_and(|hit| hit.verdict == verdict::Kind::Suspicious.as_str());
        let way = if suspect { Way::Suspect } else { Way::Hit };
        return Ok((way, hit.map(|hit| hit.source).unwrap_or_default()));
    }
    let said = |words: &str| if shared.rules.speaks_of_trade(words) { Way::Trade } else { Way::Root };
    let (mut way, mut source) = (Way::Plain, String::new());
    let mut step = lease.via().clone();
    // Step by step: most pages are links without a word of the trade, of which one step tells everything.
    for at in 0..CHAIN {
        match &step {
            // What the last time looked like somebody else brought nothing then; it is not tried each time.
            Via::Revisit { page } if shared.store.page(*page).await?.is_some_and(|page| !page.looks.is_empty()) => {
                return Ok((way, source));
            }
            Via::Redirect { page } | Via::Refresh { page } => {
                // A way that only somebody else was shown.
                if at == 0 && shared.store.page(*page).await?.is_some_and(|page| page.seen_as().is_some()) {
                    way = Way::Trade;
                }
            }
            Via::Revisit { .. } | Via::Frame { .. } => {}
            Via::Source { source: name, title, .. } => {
                source.clone_from(name);
                way = if way == Way::Trade { way } else { said(title) };
                break;
            }
            Via::Seed { tags, .. } => {
                way = if way == Way::Trade { way } else { said(&tags.join(" ")) };
                break;
            }
            Via::Link { text, .. } => {
                if way != Way::Trade && at == 0 && said(text) == Way::Trade {
                    way = Way::Trade;
                }
                if way == Way::Plain {
                    break;
                }
            }
            Via::Tip { .. } | Via::Pivot { .. } => {
                way = Way::Trade;
                break;
            }
            Via::Name { .. } | Via::Qr { .. } | Via::Image { .. } | Via::Recheck { .. } => break,
        }
        let Some(before) = shared.store.before(&step).await? else { break };
        step = before;
    }
    let way = match way {
        Way::Root | Way::Plain if shared.imitates(lease.url()) => Way::Trade,
        Way::Root | Way::Plain if shared.is_accused(lease.host()).await? => Way::Accused,
        way => way,
    };
    Ok((way, source))
}

impl Shared {
    /// Whether the host's name imitates an authority's.
    fn imitates(&self, url: &str) -> bool {
        let url = Url::parse(url).ok();
        let verdict = url.as_ref().and_then(Url::host_str).map(|host| self.rules.authorities().judge(host));
        verdict.is_some_and(|verdict| verdict.is_ok_and(|verdict| verdict.standing == Standing::Spoof))
    }

    /// Whether the host had a hit before this part of the round that no officer set aside; shared hosts are nobody's.
    async fn is_accused(&self, host: &str) -> Result<bool, StoreError> {
        let Some(case) = self.accused.get(host) else { return Ok(false) };
        let case = self.store.case(*case).await?;
        Ok(case.is_none_or(|case| !matches!(case.state, CaseState::Dismissed | CaseState::Wrong)))
    }

    fn may_disguise(&self, url: &Url) -> bool {
        let taken = self.disguised.lock().unwrap_or_else(PoisonError::into_inner).get(domain(url)).copied();
        taken.unwrap_or(0) < self.disguise.looks
    }

    fn disguised_once(&self, url: &Url) {
        let mut taken = self.disguised.lock().unwrap_or_else(PoisonError::into_inner);
        *taken.entry(domain(url).to_owned()).or_default() += 1;
    }

    /// A hit that only somebody else is shown is not missing while not everybody could look.
    pub(super) async fn unless_hidden(&self, hit: u64, seen: Seen, cut: bool) -> Result<Seen, StoreError> {
        let hidden =
            cut && seen == Seen::Missing && self.store.hit(hit).await?.is_some_and(|hit| hit.seen_as.is_some());
        Ok(if hidden { Seen::Unseen } else { seen })
    }
}

fn domain(url: &Url) -> &str {
    registrable(url.host_str().unwrap_or_default())
}
