//! What goes over the wire, and what is kept of it.

use super::*;

#[tokio::test]
async fn the_head_kept_is_the_head_sent() {
    let server = Server::start(|_| ok("hello")).await;
    let mut get = Get::page(server.url("/查询?id=1&b=%20x#part"));
    get.url.set_username("user").unwrap();
    get.referer = Some("http://from.example/".into());
    get.if_none_match = Some("\"abc\"".into());
    get.headers = vec![("x-key".into(), "k".into()), ("user-agent".into(), "own".into())];
    get.cookies.take(&get.url, b"sid=1; Path=/");
    let answer = fetcher().get(get).await.unwrap();
    let sent = &server.heads()[0];
    assert_eq!(String::from_utf8(answer.exchange.request_head).unwrap(), *sent);
    assert!(sent.starts_with("GET /%E6%9F%A5%E8%AF%A2?id=1&b=%20x HTTP/1.1\r\nHost: 127.0.0.1:"), "{sent}");
    for field in
        ["Referer: http://from.example/", "If-None-Match: \"abc\"", "X-Key: k", "User-Agent: own", "Cookie: sid=1"]
    {
        assert!(sent.contains(&format!("\r\n{field}\r\n")), "{field} in {sent}");
    }
    assert!(!sent.to_lowercase().contains("authorization"), "{sent}");
}

#[tokio::test]
async fn we_say_who_we_are_unless_asked_to_look_like_a_browser() {
    let server = Server::start(|_| ok("")).await;
    let fetcher = Fetcher::new(Settings { contact: Some("patrol@example.gov.cn".into()), ..settings() }).unwrap();
    fetcher.get(Get::page(server.url("/"))).await.unwrap();
    fetcher.get(Get { guest: Guest::Desktop, ..Get::page(server.url("/")) }).await.unwrap();
    assert!(server.heads()[0].contains("User-Agent: jianzheng/0.1.0 (+patrol@example.gov.cn)\r\n"));
    assert!(server.heads()[1].contains("User-Agent: Mozilla/5.0 (Windows"));
}

#[tokio::test]
async fn the_response_is_kept_as_it_came() {
    let server = Server::start(|_| {
        let fields = "Content-Encoding: gzip\r\nX-Title: \u{8bc1}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2";
        with("200 Quite Fine", fields, [0x1f, 0x8b, 0, 1, 2])
    })
    .await;
    let answer = fetcher().get(Get::page(server.url("/"))).await.unwrap();
    let exchange = &answer.exchange;
    assert_eq!((exchange.status, exchange.reason.as_str(), exchange.version), (200, "Quite Fine", "HTTP/1.1"));
    assert_eq!(exchange.body, [0x1f, 0x8b, 0, 1, 2], "the content coding is the evidence's");
    assert_eq!(exchange.content_encoding(), "gzip");
    assert_eq!(exchange.header("x-title").as_deref(), Some("证"));
    assert_eq!(exchange.headers.iter().filter(|(name, _)| name == "set-cookie").count(), 2);
    assert_eq!((exchange.ip, exchange.resolved_by), (Some("127.0.0.1".parse().unwrap()), ResolvedBy::Literal));
    assert_eq!((exchange.truncated, exchange.tls_problem), (None, None));
    assert_eq!(answer.cookies.get(&server.url("/"), "b"), Some("2"));
}

#[tokio::test]
async fn a_table_leads_a_name_to_its_own_port_unless_the_url_names_one() {
    let (here, there) = (Server::start(|_| ok("here")).await, Server::start(|_| ok("there")).await);
    let fetcher = Fetcher::new(named(&[("cx.example", &here)])).unwrap();
    let answer = fetcher.get(Get::page(url("http://cx.example/"))).await.unwrap();
    assert_eq!((answer.exchange.body.as_slice(), answer.exchange.resolved_by), (&b"here"[..], ResolvedBy::Resolver));
    assert!(here.heads()[0].contains("\r\nHost: cx.example\r\n"));
    let elsewhere = url(&format!("http://cx.example:{}/", there.address.port()));
    assert_eq!(fetcher.get(Get::page(elsewhere)).await.unwrap().exchange.body, b"there");
    let error = fetcher.get(Get::page(url("http://nobody.example/"))).await.unwrap_err();
    assert_eq!(error, FetchError::DnsNone { name: "nobody.example".into() });
}

#[tokio::test]
async fn through_a_proxy_no_target_is_resolved_here() {
    struct Nobody;
    impl Lookup for Nobody {
        fn lookup<'a>(&'a self, name: &'a str) -> Looking<'a> {
            panic!("{name} was asked for")
        }
    }
    let proxy =
        Server::start(|head| if path(head).contains("loop") { redirect("http://[::1]/") } else { ok("by proxy") })
            .await;
    let proxied =
        Settings { guard: Guard::default(), proxy: Some(proxy.url("/")), lookup: Arc::new(Nobody), ..settings() };
    let fetcher = Fetcher::new(proxied).unwrap();
    let answer = fetcher.get(Get::page(url("http://cx.example:8080/a?b"))).await.unwrap();
    assert_eq!(answer.exchange.body, b"by proxy");
    assert_eq!((answer.exchange.ip, answer.exchange.resolved_by), (None, ResolvedBy::Proxy));
    assert_eq!(proxy.heads()[0], String::from_utf8(answer.exchange.request_head).unwrap());
    assert!(proxy.heads()[0].starts_with("GET http://cx.example:8080/a?b HTTP/1.1\r\n"), "{}", proxy.heads()[0]);
    for refused in
        ["http://127.0.0.1/", "http://localhost/", "http://0x7f.1/", "http://cx.example/loop", "https://nas.lan/"]
    {
        let error = fetcher.get(Get::page(url(refused))).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused(_)), "{refused}: {error}");
    }
    let error = fetcher.get(Get::page(url("https://cx.example/"))).await.unwrap_err();
    assert!(matches!(error, FetchError::Handshake { .. }), "a proxy that does not know CONNECT: {error:?}");
    assert!(proxy.heads().last().unwrap().starts_with("CONNECT cx.example:443 HTTP/1.1\r\n"));
}

#[test]
fn a_proxy_that_cannot_be_one_is_refused_without_its_password() {
    let say = |proxy: &str| {
        let settings = Settings { proxy: Some(url(proxy)), ..settings() };
        Fetcher::new(settings).err().map(|e| e.to_string())
    };
    let error = say("ftp://u:secret@proxy.example/").unwrap();
    assert!(error.contains("network.proxy") && !error.contains("secret"), "{error}");
    assert_eq!(say("socks5://127.0.0.1:1080"), None);
}

#[tokio::test]
async fn connections_are_shared_out() {
    let server = Server::start(|_| Reply::Silence(Vec::new())).await;
    let fetcher = Arc::new(Fetcher::new(Settings { connections: 2, ..settings() }).unwrap());
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let (fetcher, url) = (fetcher.clone(), server.url("/"));
            tokio::spawn(async move { fetcher.get(Get::page(url)).await.unwrap_err() })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.heads().len(), 2);
    for asked in asked {
        // Waiting for one's turn is not counted as the server's slowness.
        assert_eq!(asked.await.unwrap(), FetchError::Timeout { stage: Stage::Head });
    }
    assert_eq!(server.heads().len(), 4);
}

#[tokio::test]
async fn large_bodies_take_turns_and_small_ones_do_not_wait_for_them() {
    let large = super::super::body::SMALL + 50_000;
    let page = vec![b'x'; large];
    let server =
        Server::start(move |head| if path(head) == "/small" { ok("small") } else { with("200 OK", "", &page) });
    let server = server.await;
    let fetcher = fetcher();
    let get = |at: &str| fetcher.get(Get::page(server.url(at)));
    let mut held = Vec::new();
    for _ in 0..super::super::body::ROOMS {
        held.push(get("/large").await.unwrap());
    }
    assert!(held.iter().all(|answer| answer.exchange.body.len() == large && answer.room.is_some()));
    assert_eq!(get("/small").await.unwrap().exchange.body, b"small");
    let cut = get("/large").await.unwrap().exchange;
    assert_eq!(
        (cut.body.len(), cut.truncated),
        (super::super::body::SMALL, Some(Truncated::Length)),
        "no room in time"
    );
    held.pop();
    assert_eq!(get("/large").await.unwrap().exchange.body.len(), large, "the room came back with its body");
}

#[test]
fn a_fetch_is_told_in_one_line_with_its_address_masked() {
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let kept = Kept::default();
    let out = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || out.clone())
        .finish();
    // While one subscriber alone is alive, a place that logs for the first time asks that of its own thread whether anybody listens:
    // another test's thread, which has none, would answer for everybody. Of two, both are asked.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::start(|_| ok("hello")).await;
            fetcher().get(Get::page(server.url("/cx?id=11010519491231002X"))).await.unwrap();
            fetcher().get(Get::page(url("http://127.0.0.9/"))).await.unwrap_err();
        });
    });
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("fetch{") && line.ends_with("done")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for part in ["host=\"127.0.0.1\"", "guest=\"named\"", "status=200", "bytes=5", "hops=0", "ms="] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    assert!(!text.contains("11010519491231002X"), "{text}");
    assert!(lines[1].contains("error=\"refused-address\""), "{}", lines[1]);
}
