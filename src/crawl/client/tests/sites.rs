//! What a site's robots.txt, or the lack of one, means.

use super::*;
use crate::crawl::robots::{Access, RobotsCache};

async fn access(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Arc<Access> {
    let server = Server::start(reply).await;
    RobotsCache::default().of(&fetcher(), &server.url("/page?x=1"), Duration::ZERO).await
}

#[tokio::test]
async fn each_way_to_answer_has_its_meaning() {
    let allows = |access: &Access| access.allows(&url("http://a.example/private/x"));
    let rules = "User-agent: *\nDisallow: /private";
    let told = access(move |head| if path(head) == "/robots.txt" { ok(rules) } else { panic!("{head}") }).await;
    assert!(!allows(&told) && told.allows(&url("http://a.example/")));
    for status in ["400 Bad", "401 No", "403 No", "404 None", "410 Gone", "304 Same"] {
        assert!(allows(&*access(move |_| with(status, "", rules)).await), "{status}");
    }
    for status in ["429 Slow", "500 Oops", "503 Later"] {
        assert!(!allows(&*access(move |_| with(status, "", "")).await), "{status}");
    }
    let silent = access(|_| Reply::Silence(Vec::new())).await;
    assert!(matches!(*silent, Access::Unreachable(FetchError::Timeout { .. })) && !allows(&silent));
    assert!(allows(&*access(|_| redirect("/robots.txt")).await), "a loop");
    assert!(allows(&*access(|head| redirect(&format!("{}x", path(head)))).await), "no end of redirects");
    assert!(allows(&*access(|_| redirect("http://10.0.0.1/")).await), "a redirect that is refused");
}

#[tokio::test]
async fn five_redirects_are_followed_even_to_another_host() {
    let other = Server::start(|_| ok("User-agent: jianzheng\nDisallow: /")).await;
    let to = other.url("/r").to_string();
    let first = access(move |head| match path(head).len() {
        15.. => redirect(&to),
        _ => redirect(&format!("{}x", path(head))),
    })
    .await;
    assert!(!first.allows(&url("http://a.example/")));
}

#[tokio::test]
async fn it_is_asked_once_and_undone_from_its_coding() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"User-agent: *\nCrawl-delay: 2\nDisallow: /").unwrap();
    let body = gzip.finish().unwrap();
    let server = Server::start(move |_| with("200 OK", "Content-Encoding: gzip", &body)).await;
    let (cache, fetcher) = (RobotsCache::default(), fetcher());
    assert!(cache.known(&server.url("/")).is_none());
    for page in ["/a", "/b", "/c"] {
        assert!(!cache.of(&fetcher, &server.url(page), Duration::ZERO).await.allows(&server.url(page)));
    }
    assert_eq!(cache.known(&server.url("/")).unwrap().crawl_delay(), Some(Duration::from_secs(2)));
    assert_eq!(server.heads().len(), 1);
}

#[tokio::test]
async fn the_address_of_a_name_is_told_before_it_is_asked_and_looked_up_once() {
    let server = Server::start(|_| ok("")).await;
    let page = url(&format!("http://shop.example:{}/", server.address.port()));
    // A second look-up would find the list of answers empty, and panic.
    let once = Turning(Mutex::new(vec![vec![server.address]]));
    let fetcher = Fetcher::new(Settings { lookup: Arc::new(once), ..settings() }).unwrap();
    assert_eq!(fetcher.address(&page).await.unwrap(), Some(server.address.ip()));
    assert_eq!(fetcher.get(Get::page(page)).await.unwrap().exchange.ip, Some(server.address.ip()));
    assert_eq!(fetcher.address(&url("http://203.0.113.7/")).await.unwrap(), Some("203.0.113.7".parse().unwrap()));
    assert_eq!(fetcher.address(&url("http://[2001:db8::7]/")).await.unwrap(), Some("2001:db8::7".parse().unwrap()));
}

#[tokio::test]
async fn a_name_that_leads_nowhere_has_no_address_and_an_exit_resolves_for_itself() {
    let at = |fetcher: Fetcher| async move { fetcher.address(&url("http://shop.example/")).await };
    assert!(matches!(at(Fetcher::new(named(&[])).unwrap()).await, Err(FetchError::DnsNone { .. })));
    let inside = Turning(Mutex::new(vec![vec!["10.0.0.1:0".parse().unwrap()]]));
    let inside = Fetcher::new(Settings { lookup: Arc::new(inside), ..settings() }).unwrap();
    assert!(matches!(at(inside).await, Err(FetchError::Refused(_))));
    let behind =
        Settings { proxy: Some(url("http://127.0.0.1:9")), lookup: Arc::new(Turning(Mutex::default())), ..settings() };
    assert_eq!(at(Fetcher::new(behind).unwrap()).await.unwrap(), None);
}
