//! Fetching robots.txt and what its absence means (RFC 9309 §2.3.1), kept for a day at most.
//!
//! No robots.txt means everything is allowed; a server that fails means nothing is, for a while. Engine pages that a unit switched on are
//! not governed by it, and `network.robots = "ignore"` is the caller's to honour: neither comes here. Start at [`RobotsCache::of`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::{MAX_BYTES, Robots};
use crate::crawl::client::{Accept, FetchError, Fetcher, Get};
use crate::crawl::decode::decode;
use crate::crawl::guard::Origin;

/// RFC 9309 §2.4.
const KEEP: Duration = Duration::from_secs(24 * 3600);
/// A server that fails is asked again sooner, or an hour's outage would cost a day's patrol.
const KEEP_FAILED: Duration = Duration::from_secs(15 * 60);
/// RFC 9309 §2.3.1.2: at least five are followed, beyond that it counts as not there.
const REDIRECTS: u8 = 5;
const MAX_KEPT: usize = 20_000;

/// What a host's robots.txt means for us.
#[derive(Debug, Clone)]
pub enum Access {
    /// It was read.
    Rules(Robots),
    /// There is none (4xx, redirects without end): everything is allowed.
    Unrestricted,
    /// The host fails (5xx, 429): nothing is allowed until it answers.
    Failing(u16),
    /// The host cannot be reached: nothing is allowed, and nothing would come of it.
    Unreachable(FetchError),
}

impl Access {
    /// Whether the URL may be fetched.
    pub fn allows(&self, url: &Url) -> bool {
        match self {
            Access::Rules(robots) => robots.allowed(url),
            Access::Unrestricted => true,
            Access::Failing(_) | Access::Unreachable(_) => url.path() == "/robots.txt",
        }
    }

    /// The pause the site asks for.
    pub fn crawl_delay(&self) -> Option<Duration> {
        match self {
            Access::Rules(robots) => robots.crawl_delay(),
            _ => None,
        }
    }

    fn keep(&self) -> Duration {
        match self {
            Access::Rules(_) | Access::Unrestricted => KEEP,
            Access::Failing(_) | Access::Unreachable(_) => KEEP_FAILED,
        }
    }
}

/// What was learned of each origin, for as long as it holds.
#[derive(Default)]
pub struct RobotsCache(Mutex<HashMap<Origin, (Instant, Arc<Access>)>>);

impl RobotsCache {
    /// What is known without asking.
    pub fn known(&self, url: &Url) -> Option<Arc<Access>> {
        let origin = Origin::of(url)?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&origin).filter(|(until, _)| Instant::now() < *until).map(|(_, access)| access.clone())
    }

    /// What the URL's host says, asking it if need be. The request is the caller's to pace, like every other to that host;
    /// `pause` is for the redirects on its way.
    pub async fn of(&self, fetcher: &Fetcher, url: &Url, pause: Duration) -> Arc<Access> {
        if let Some(known) = self.known(url) {
            return known;
        }
        let access = Arc::new(ask(fetcher, url, pause).await);
        if let Some(origin) = Origin::of(url) {
            let now = Instant::now();
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MAX_KEPT {
                kept.retain(|_, (until, _)| now < *until);
            }
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(origin, (now + access.keep(), access.clone()));
        }
        access
    }
}

async fn ask(fetcher: &Fetcher, url: &Url, pause: Duration) -> Access {
    let mut place = url.clone();
    place.set_path("/robots.txt");
    place.set_query(None);
    let get = Get { accept: Accept::Robots, max_body: MAX_BYTES + 1, follow: REDIRECTS, pause, ..Get::page(place) };
    match fetcher.get(get).await {
        Ok(answer) => match answer.exchange.status {
            200..=299 => {
                let exchange = &answer.exchange;
                Access::Rules(Robots::parse(&decode(&exchange.content_encoding(), &exchange.body, MAX_BYTES + 1).bytes))
            }
            // As Google has it: "slow down" is not "come in".
            status @ (429 | 500..) => Access::Failing(status),
            _ => Access::Unrestricted,
        },
        Err(FetchError::TooManyRedirects { .. } | FetchError::RedirectLoop { .. } | FetchError::BadRedirect { .. }) => {
            Access::Unrestricted
        }
        // A redirect into a private network, a usual way to shake robots off. Where the host itself is refused, so is its page.
        Err(FetchError::Refused(_)) => Access::Unrestricted,
        Err(error) => Access::Unreachable(error),
    }
}
