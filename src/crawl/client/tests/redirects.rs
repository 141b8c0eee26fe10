//! Where redirects may lead, and where they may not.

use super::super::*;
use super::*;

#[tokio::test]
async fn a_chain_is_followed_and_told() {
    let server = Server::start(|head| match path(head) {
        "/a" => redirect("b?x=1"),
        "/b?x=1" => with(
            "308 Permanent Redirect",
            "Location: //127.0.0.1:PORT/c#part".replace("PORT", port(head)).as_str(),
            "moved",
        ),
        "/c" => ok("there"),
        other => panic!("{other}"),
    })
    .await;
    let answer = fetcher().get(Get::page(server.url("/a"))).await.unwrap();
    assert_eq!((answer.exchange.body.as_slice(), answer.final_url()), (&b"there"[..], &server.url("/c")));
    let hops: Vec<_> = answer.hops.iter().map(|hop| (hop.url.path(), hop.status, hop.location.len())).collect();
    assert_eq!(hops[..1], [("/a", 302, 5)]);
    assert_eq!((hops.len(), hops[1].1), (2, 308));
    assert_eq!(answer.onward, None);
}

#[tokio::test]
async fn a_redirect_within_the_host_waits_its_turn_and_does_not_pay_for_it() {
    let server = Server::start(|head| match path(head) {
        "/a" => redirect("/b"),
        _ => ok("there"),
    })
    .await;
    let limits = Limits { total: Duration::from_millis(400), ..Limits::default() };
    let fetcher = Fetcher::new(Settings { limits, ..settings() }).unwrap();
    let get = Get { pause: Duration::from_millis(500), ..Get::page(server.url("/a")) };
    let answer = fetcher.get(get).await.unwrap();
    assert!(answer.took >= Duration::from_millis(500), "{:?}", answer.took);
    assert_eq!(answer.exchange.body, b"there");
}

#[tokio::test]
async fn slashes_too_many_lead_where_browsers_go() {
    let server = Server::start(|head| match path(head) {
        "/3" => redirect(&format!("///127.0.0.1:{}/there", port(head))),
        "/4" => redirect(&format!("/\\/\\127.0.0.1:{}/there", port(head))),
        "/0" => redirect("////"),
        path => ok(path),
    })
    .await;
    for at in ["/3", "/4"] {
        let answer = fetcher().get(Get::page(server.url(at))).await.unwrap();
        assert_eq!(answer.final_url(), &server.url("/there"), "{at}");
    }
    assert_eq!(fetcher().get(Get::page(server.url("/0"))).await.unwrap_err().as_code(), "bad-redirect");
}

#[tokio::test]
async fn who_waits_for_his_turn_holds_no_connection() {
    let server = Server::start(|head| match path(head) {
        "/a" => redirect("/b"),
        _ => ok("there"),
    })
    .await;
    let fetcher = Fetcher::new(Settings { connections: 1, ..settings() }).unwrap();
    let first = fetcher.get(Get { pause: Duration::from_secs(3), ..Get::page(server.url("/a")) });
    let second = async {
        while fetcher.resting() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fetcher.get(Get::page(server.url("/c"))).await.unwrap();
        assert_eq!(fetcher.resting(), 1, "the first one waits still");
    };
    let (first, ()) = tokio::join!(first, second);
    assert_eq!((first.unwrap().hops.len(), fetcher.resting()), (1, 0));
}

fn port(head: &str) -> &str {
    head.split("Host: 127.0.0.1:").nth(1).unwrap().split('\r').next().unwrap()
}

#[tokio::test]
async fn a_redirect_to_what_is_ours_is_refused_without_a_connection() {
    let bait = Server::start(|head| redirect(&path(head)[1..])).await;
    // Loopback is open here to one address, to let the bait itself be asked.
    for (to, code) in [
        ("http://127.0.0.2/", "refused-address"),
        ("http://10.0.0.1/", "refused-address"),
        ("http://0300.0250.1/", "refused-address"),
        ("http://169.254.169.254/latest/meta-data/", "refused-address"),
        ("http://[::1]/", "refused-address"),
        ("//192.168.0.1/", "refused-address"),
        ("http://127.0.0.1:6379/", "refused-port"),
        ("file:///etc/passwd", "refused-scheme"),
        ("ftp://a.example/", "refused-scheme"),
        ("javascript:alert(1)", "refused-scheme"),
        ("http://[bad/", "bad-redirect"),
        ("http://a b/", "bad-redirect"),
    ] {
        let error = fetcher().get(Get::page(bait.url(&format!("/{to}")))).await;
        assert_eq!(error.map(|answer| answer.exchange.status).unwrap_err().as_code(), code, "{to}");
    }
}

#[tokio::test]
async fn bytes_of_another_charset_are_asked_for_as_they_came() {
    let server = Server::start(|head| match path(head) {
        "/gbk" => Reply::Bytes(b"HTTP/1.1 302 Found\r\nLocation: /\xd6\xa4?x\r\nContent-Length: 0\r\n\r\n".to_vec()),
        "/utf8" => redirect("/证"),
        path => ok(path),
    })
    .await;
    for (at, to) in [("/gbk", "/%D6%A4?x"), ("/utf8", "/%E8%AF%81")] {
        let answer = fetcher().get(Get::page(server.url(at))).await.unwrap();
        assert_eq!(String::from_utf8(answer.exchange.body).unwrap(), to);
    }
}

#[tokio::test]
async fn loops_and_endless_chains_end() {
    let server = Server::start(|head| match path(head) {
        "/self" => redirect("/self"),
        "/ping" => redirect("/pong"),
        "/pong" => redirect("/ping"),
        path => redirect(&format!("{path}x")),
    })
    .await;
    let fetcher = fetcher();
    for (at, code, asked) in
        [("/self", "redirect-loop", 1), ("/ping", "redirect-loop", 2), ("/x", "too-many-redirects", 11)]
    {
        let before = server.heads().len();
        assert_eq!(fetcher.get(Get::page(server.url(at))).await.unwrap_err().as_code(), code);
        assert_eq!(server.heads().len() - before, asked, "{at}");
    }
}

#[tokio::test]
async fn a_redirect_to_itself_that_sets_a_cookie_is_a_door() {
    let server = Server::start(|head| {
        if head.contains("Cookie: pass=1") {
            ok("inside")
        } else {
            with("302 Found", "Location: /\r\nSet-Cookie: pass=1", "")
        }
    })
    .await;
    let answer = fetcher().get(Get::page(server.url("/"))).await.unwrap();
    assert_eq!(answer.exchange.body, b"inside");
    let again = Get { cookies: answer.cookies, ..Get::page(server.url("/")) };
    assert!(fetcher().get(again).await.unwrap().hops.is_empty(), "the visit goes on with its cookies");
    assert_eq!(fetcher().get(Get::page(server.url("/"))).await.unwrap().hops.len(), 1, "the next visit starts without");
}

#[tokio::test]
async fn what_is_not_to_be_followed_is_the_answer() {
    let server = Server::start(|head| if path(head) == "/a" { redirect("/b") } else { redirect("/c") }).await;
    let answer = fetcher().get(Get { follow: 0, ..Get::page(server.url("/a")) }).await.unwrap();
    assert_eq!((answer.exchange.status, answer.onward), (302, Some(server.url("/b"))));
    let answer = fetcher().get_while(Get::page(server.url("/a")), &|next| next.path() != "/c").await.unwrap();
    assert_eq!((answer.hops.len(), answer.onward), (1, Some(server.url("/c"))));
    let plain = Server::start(|_| with("302 Found", "", "no location")).await;
    assert_eq!(fetcher().get(Get::page(plain.url("/"))).await.unwrap().onward, None);
}

#[tokio::test]
async fn keys_and_conditions_do_not_travel_to_another_origin() {
    let there = Server::start(|_| ok("")).await;
    let to = there.url("/").to_string();
    let here = Server::start(move |_| redirect(&to)).await;
    let mut get = Get::page(here.url("/"));
    get.headers = vec![("authorization".into(), "Bearer k".into())];
    get.if_modified_since = Some("Sun, 06 Nov 1994 08:49:37 GMT".into());
    fetcher().get(get).await.unwrap();
    assert!(here.heads()[0].contains("Authorization: Bearer k") && here.heads()[0].contains("If-Modified-Since"));
    assert!(!there.heads()[0].contains("Authorization") && !there.heads()[0].contains("If-Modified-Since"));
}

#[tokio::test]
async fn a_name_server_that_turns_round_gains_nothing() {
    let server = Server::start(|_| redirect("http://again.example/")).await;
    let (good, bad) = (server.address, SocketAddr::from(([10, 0, 0, 1], server.address.port())));
    let turning = |answers| {
        let lookup = Turning(Mutex::new(answers));
        Fetcher::new(Settings { lookup: Arc::new(lookup), ..settings() }).unwrap()
    };
    // What is checked is what is connected to: of a mixed answer only the part that passed.
    let fetcher = turning(vec![vec![bad, good]]);
    let answer = fetcher.get(Get { follow: 0, ..Get::page(url("http://turn.example/")) }).await.unwrap();
    assert_eq!(answer.exchange.ip, Some(good.ip()));
    // Asked again, it is checked again.
    let error = turning(vec![vec![good], vec![bad]]).get(Get::page(url("http://turn.example/"))).await.unwrap_err();
    assert_eq!(error.as_code(), "refused-address");
    assert!(error.to_string().contains("10.0.0.1"), "{error}");
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn the_units_own_endpoint_is_open_to_its_source_and_to_nobody_who_points_there() {
    let own = Server::start_at("127.0.0.2:0", |head| match path(head) {
        "/out" => redirect("http://127.0.0.3/"),
        "/search" => redirect("/results"),
        _ => ok("results"),
    })
    .await;
    let to = own.url("/results").to_string();
    let page = Server::start(move |_| redirect(&to)).await;
    let guard = settings().guard.with_own([own.url("/")]);
    let fetcher = Fetcher::new(Settings { guard, ..settings() }).unwrap();
    assert_eq!(fetcher.get(Get::source(own.url("/search"))).await.unwrap().exchange.body, b"results");
    let asked = own.heads().len();
    for (get, what) in [
        (Get::page(own.url("/results")), "a page's link to it"),
        (Get::page(page.url("/")), "a page's redirect to it"),
        (Get::source(page.url("/")), "another source's redirect to it"),
        (Get::source(url(&format!("http://127.0.0.2:{}/", page.address.port()))), "another port of its host"),
    ] {
        let error = fetcher.get(get).await.map(|answer| answer.exchange.status).unwrap_err();
        assert_eq!(error.as_code(), "refused-address", "{what}");
    }
    assert_eq!(own.heads().len(), asked);
    let error = fetcher.get(Get::source(own.url("/out"))).await.unwrap_err();
    assert_eq!(error.as_code(), "refused-address", "its own way out");
}

#[test]
fn relative_redirects_do_not_grow_without_end() {
    let mut url = Url::parse("http://a.example/").unwrap();
    let step = format!("{}/", "电".repeat(500));
    let mut hops = 0;
    while let Ok(next) = target(&url, &step) {
        (url, hops) = (next, hops + 1);
        assert!(url.as_str().len() <= MAX_LOCATION && hops < 10);
    }
    assert!(hops > 0 && target(&url, "/").is_ok());
}
