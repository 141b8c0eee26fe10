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
use crate::crawl::client::{Accept, Exchange, FetchError, Fetcher, Get};
use crate::crawl::decode::decode;
use crate::crawl::guard::Origin;

/// RFC 9309 §2.4.
const KEEP: Duration = Duration::from_secs(24 * 3600);
/// A site may shorten that by `Cache-Control`, but not so far that every page of it costs two requests.
const KEEP_LEAST: Duration = Duration::from_secs(10 * 60);
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
        let (access, keep) = ask(fetcher, url, pause).await;
        let access = Arc::new(access);
        if let Some(origin) = Origin::of(url) {
            let now = Instant::now();
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MAX_KEPT {
                kept.retain(|_, (until, _)| now < *until);
            }
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(origin, (now + keep, access.clone()));
        }
        access
    }
}

/// What the host says, and for how long that holds.
async fn ask(fetcher: &Fetcher, url: &Url, pause: Duration) -> (Access, Duration) {
    let mut place = url.clone();
    place.set_path("/robots.txt");
    place.set_query(None);
    let get = Get { accept: Accept::Robots, max_body: MAX_BYTES + 1, follow: REDIRECTS, pause, ..Get::page(place) };
    match fetcher.get(get).await {
        Ok(answer) => match answer.exchange.status {
            200..=299 => {
                let exchange = &answer.exchange;
                let body = decode(&exchange.content_encoding(), &exchange.body, MAX_BYTES + 1).bytes;
                (Access::Rules(Robots::parse(&body)), keep(exchange))
            }
            // As Google has it: "slow down" is not "come in".
            status @ (429 | 500..) => (Access::Failing(status), KEEP_FAILED),
            _ => (Access::Unrestricted, keep(&answer.exchange)),
        },
        Err(FetchError::TooManyRedirects { .. } | FetchError::RedirectLoop { .. } | FetchError::BadRedirect { .. }) => {
            (Access::Unrestricted, KEEP)
        }
        // A redirect into a private network, a usual way to shake robots off. Where the host itself is refused, so is its page.
        Err(FetchError::Refused(_)) => (Access::Unrestricted, KEEP),
        Err(error) => (Access::Unreachable(error), KEEP_FAILED),
    }
}

/// How long an answer holds: a day, or less where its `Cache-Control` (RFC 9111 §5.2.2) says so.
fn keep(exchange: &Exchange) -> Duration {
    exchange.header("cache-control").and_then(|value| fresh_for(&value)).unwrap_or(KEEP).clamp(KEEP_LEAST, KEEP)
}

/// What `Cache-Control` allows; nothing where it says nothing of it.
fn fresh_for(value: &str) -> Option<Duration> {
    let mut directives = value.split(',').map(|one| one.trim().to_ascii_lowercase());
    let seconds = |one: String| match one.as_str() {
        "no-store" | "no-cache" => Some(0),
        _ => one.strip_prefix("max-age=")?.trim_matches('"').parse().ok(),
    };
    directives.find_map(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::crawl::client::Settings;
    use crate::crawl::guard::Guard;

    /// A host on loopback that answers each path, with how the last request began.
    async fn host(answer: fn(&str) -> String) -> (Url, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/shop/1.html?q=1", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap().to_owned();
                let text = format!("HTTP/1.1 {}", answer(&path));
                log.lock().unwrap().push(path);
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        (url, asked)
    }

    fn with(status: &str, fields: &str, body: &str) -> String {
        format!("{status}\r\n{fields}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    fn fetcher() -> Fetcher {
        let guard = Guard::new(vec!["127.0.0.1/32".parse().unwrap()]);
        Fetcher::new(Settings { guard, ..Settings::default() }).unwrap()
    }

    async fn asked(answer: fn(&str) -> String) -> (Access, Duration, bool, Vec<String>) {
        let (url, paths) = host(answer).await;
        let (access, keep) = ask(&fetcher(), &url, Duration::ZERO).await;
        let allows = access.allows(&url);
        assert!(access.allows(&url.join("/robots.txt").unwrap()));
        let paths = paths.lock().unwrap().clone();
        (access, keep, allows, paths)
    }

    #[tokio::test]
    async fn what_a_host_answers_for_its_robots_opens_or_shuts_it() {
        const BARRED: &str = "User-agent: *\nDisallow: /shop/\nCrawl-delay: 7\n";
        let (access, keep, allows, paths) = asked(|_| with("200 OK", "", BARRED)).await;
        assert!(matches!(access, Access::Rules(_)) && !allows && keep == KEEP);
        assert_eq!((paths, access.crawl_delay()), (vec!["/robots.txt".to_owned()], Some(Duration::from_secs(7))));
        // None there is none: everything is allowed.
        for answer in [|_: &str| with("404 Not Found", "", BARRED), |_: &str| with("403 Forbidden", "", "")] {
            let (access, keep, allows, _) = asked(answer).await;
            assert!(matches!(access, Access::Unrestricted) && allows && keep == KEEP, "{access:?}");
        }
        // Who fails or asks for patience has said neither yes nor no, and is asked again soon.
        for answer in [
            |_: &str| with("500 Internal Server Error", "", ""),
            |_: &str| with("503 Service Unavailable", "", ""),
            |_: &str| with("429 Too Many Requests", "", ""),
        ] {
            let (access, keep, allows, _) = asked(answer).await;
            assert!(matches!(access, Access::Failing(_)) && !allows && keep == KEEP_FAILED, "{access:?}");
        }
        let (access, keep, allows, _) = asked(|_| String::new()).await;
        assert!(matches!(access, Access::Unreachable(_)) && !allows && keep == KEEP_FAILED, "{access:?}");
    }

    #[tokio::test]
    async fn redirects_to_robots_are_followed_five_times_and_lead_to_nothing_forbidden() {
        let (access, _, allows, paths) = asked(|path| match path {
            "/r5" => with("200 OK", "", "User-agent: *\nDisallow: /\n"),
            _ => {
                let next = path.trim_start_matches("/r").parse::<u32>().unwrap_or(0) + 1;
                with("302 Found", &format!("Location: /r{next}\r\n"), "")
            }
        })
        .await;
        assert!(matches!(access, Access::Rules(_)) && !allows && paths.len() == 6, "{access:?} {paths:?}");
        let endless = |path: &str| with("302 Found", &format!("Location: {path}x\r\n"), "");
        let (access, _, allows, _) = asked(endless).await;
        assert!(matches!(access, Access::Unrestricted) && allows, "{access:?}");
        let inside = |_: &str| with("302 Found", "Location: http://10.0.0.1/robots.txt\r\n", "");
        let (access, _, allows, _) = asked(inside).await;
        assert!(matches!(access, Access::Unrestricted) && allows, "{access:?}");
    }

    #[tokio::test]
    async fn an_answer_holds_as_long_as_its_host_says_within_reason() {
        let keep = |answer| async move { asked(answer).await.1 };
        assert_eq!(keep(|_| with("200 OK", "Cache-Control: no-store\r\n", "")).await, KEEP_LEAST);
        assert_eq!(keep(|_| with("200 OK", "Cache-Control: max-age=7200\r\n", "")).await, Duration::from_secs(7200));
        assert_eq!(keep(|_| with("200 OK", "Cache-Control: max-age=99999999\r\n", "")).await, KEEP);
        assert_eq!(
            keep(|_| with("404 Not Found", "Cache-Control: max-age=3600\r\n", "")).await,
            Duration::from_secs(3600)
        );
    }

    #[tokio::test]
    async fn a_host_is_asked_once_until_its_answer_is_old() {
        let (url, paths) = host(|_| with("200 OK", "", "User-agent: *\nDisallow: /\n")).await;
        let (cache, fetcher) = (RobotsCache::default(), fetcher());
        assert!(cache.known(&url).is_none());
        for _ in 0..3 {
            assert!(!cache.of(&fetcher, &url, Duration::ZERO).await.allows(&url));
        }
        assert_eq!(paths.lock().unwrap().len(), 1);
        assert!(cache.known(&url).is_some() && cache.known(&url.join("https://127.0.0.1/").unwrap()).is_none());
        cache.0.lock().unwrap().values_mut().for_each(|(until, _)| *until = Instant::now());
        assert!(cache.known(&url).is_none());
        cache.of(&fetcher, &url, Duration::ZERO).await;
        assert_eq!(paths.lock().unwrap().len(), 2);
        // However many hosts there are, and however long they hold.
        let far = Instant::now() + KEEP;
        for n in 0..MAX_KEPT {
            let origin = Origin::of(&Url::parse(&format!("http://h{n}.example/")).unwrap()).unwrap();
            cache.0.lock().unwrap().insert(origin, (far, Arc::new(Access::Unrestricted)));
        }
        let (next, _) = host(|_| with("404 Not Found", "", "")).await;
        cache.of(&fetcher, &next, Duration::ZERO).await;
        assert!(cache.0.lock().unwrap().len() <= MAX_KEPT);
    }

    #[test]
    fn cache_control_says_how_long_the_rules_hold() {
        for (value, want) in [
            ("max-age=3600", Some(3600)),
            ("public, Max-Age=60, must-revalidate", Some(60)),
            ("max-age=\"5\"", Some(5)),
            ("no-cache", Some(0)),
            ("private, no-store", Some(0)),
            ("public", None),
            ("max-age=soon", None),
            ("", None),
        ] {
            assert_eq!(fresh_for(value).map(|time| time.as_secs()), want, "{value:?}");
        }
    }
}
