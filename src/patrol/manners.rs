//! Whether a visit may go on, and what it has to wait: robots.txt and the pauses within a host.
//!
//! It must not fetch a page. Start at [`ask_robots`].

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Shared;
use super::visit::WORTH_WAITING;
use crate::config::Robots;
use crate::crawl::frontier::Lease;
use crate::crawl::robots::Access;
use crate::store::StoreError;

/// Whether robots.txt of a host lets a visit go on to another of its addresses. Rules that have grown old meanwhile let nothing: the
/// address is a candidate then, and asks for them anew.
pub(super) fn may_go_on(robots: Robots, known: Option<&Access>, next: &Url) -> bool {
    robots == Robots::Ignore || known.is_some_and(|access| access.allows(next))
}

/// What a redirect within the host has to wait: what any other page of it would.
pub(super) fn hop_pause(shared: &Shared, url: &Url) -> Duration {
    let delay = shared.politeness.delay;
    if delay.is_zero() {
        return delay;
    }
    let asked = shared.robots_cache.known(url).and_then(|access| access.crawl_delay());
    asked.map_or(delay, |asked| asked.max(delay).min(WORTH_WAITING))
}

/// What robots.txt makes of a visit.
pub(super) enum Asked {
    Allowed(Lease),
    /// The file itself was fetched just now, and the page waits its turn in the frontier.
    Later,
    Barred(Lease, Arc<Access>),
}

pub(super) async fn ask_robots(shared: &Arc<Shared>, lease: Lease, url: &Url) -> Result<Asked, StoreError> {
    if shared.robots == Robots::Ignore {
        return Ok(Asked::Allowed(lease));
    }
    let known = shared.robots_cache.known(url);
    let fresh = known.is_none();
    let pause = shared.politeness.delay;
    let access = match known {
        Some(access) => access,
        None => {
            shared.host_greeted(lease.host()).await?;
            shared.robots_cache.of(&shared.fetcher, url, pause).await
        }
    };
    let (host, delay) = (lease.host().to_owned(), shared.own_delay(url));
    if fresh {
        // Also where it has none any more, or the page is barred: others of the host are not.
        shared.frontier.host_delay(&host, delay.unwrap_or_default()).await;
    }
    if !access.allows(url) {
        return Ok(Asked::Barred(lease, access));
    }
    // The request for robots.txt was a request to this host: the page waits its turn, and nobody else waits with it. It is the round's
    // first, which is worth waiting for even where the site wants hours between two.
    let waits = fresh && !pause.is_zero();
    if waits && pause <= WORTH_WAITING {
        let wait = delay.unwrap_or(pause).min(WORTH_WAITING);
        if let Some(delay) = delay {
            shared.host_asked(&host, delay, wait).await?;
        }
        shared.frontier.put_back(lease, wait, shared.now()).await;
        return Ok(Asked::Later);
    }
    if waits {
        shared.fetcher.rest(pause).await;
    }
    if let Some(delay) = delay {
        shared.host_asked(&host, delay, delay).await?;
    }
    Ok(Asked::Allowed(lease))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_goes_on_where_the_rules_are_known_and_let_it() {
        let (open, shut) = ("http://a.example/x".parse().unwrap(), "http://a.example/shut/x".parse().unwrap());
        let rules = Access::Rules(crate::crawl::robots::Robots::parse(b"User-agent: *\nDisallow: /shut/\n"));
        let on = |robots, known: Option<&Access>| [&open, &shut].map(|next| may_go_on(robots, known, next));
        assert_eq!(on(Robots::Obey, Some(&rules)), [true, false]);
        assert_eq!(on(Robots::Obey, Some(&Access::Unrestricted)), [true, true]);
        assert_eq!(on(Robots::Obey, None), [false, false], "rules of which nobody knows any more");
        assert_eq!((on(Robots::Ignore, None), on(Robots::Ignore, Some(&rules))), ([true, true], [true, true]));
    }
}
