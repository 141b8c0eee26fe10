//! Which way requests leave, and that an exit which is down is never taken for a site that is gone.

use super::*;

/// A forward proxy that answers by itself, and says who it is.
async fn exit(name: &'static str) -> Server {
    Server::start(move |_| ok(name)).await
}

fn routed(routes: &[(&str, Option<Url>)], rest: Option<Url>, table: &[(&str, &Server)]) -> Settings {
    let routes =
        routes.iter().map(|(host, proxy)| Route { hosts: vec![(*host).to_owned()], proxy: proxy.clone() }).collect();
    Settings { routes, proxy: rest, ..named(table) }
}

/// A port of loopback on which nobody listens.
async fn closed() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url(&format!("http://user:secret@{}", listener.local_addr().unwrap()))
}

async fn body(fetcher: &Fetcher, at: &str) -> String {
    String::from_utf8(fetcher.get(Get::page(url(at))).await.unwrap().exchange.body).unwrap()
}

#[tokio::test]
async fn each_host_leaves_by_the_way_of_its_rule() {
    let (cn, rest, site) = (exit("cn").await, exit("rest").await, Server::start(|_| ok("itself")).await);
    let routes = [("near.example", None), ("*.cn", Some(cn.url("/")))];
    let fetcher = Fetcher::new(routed(&routes, Some(rest.url("/")), &[("near.example", &site)])).unwrap();
    assert_eq!(body(&fetcher, "http://cx.a.cn/x").await, "cn");
    assert_eq!(body(&fetcher, "http://b.example/").await, "rest");
    assert_eq!(body(&fetcher, "http://near.example/").await, "itself");
    assert!(cn.heads()[0].starts_with("GET http://cx.a.cn/x HTTP/1.1"), "{:?}", cn.heads());
    assert!(site.heads()[0].starts_with("GET / HTTP/1.1"), "{:?}", site.heads());
    let by = fetcher.get(Get::page(url("http://cx.a.cn/"))).await.unwrap().exchange;
    assert_eq!((by.resolved_by, by.connection.exit), (ResolvedBy::Proxy, Some(format!("http://{}", cn.address))));
    let straight = fetcher.get(Get::page(url("http://near.example/"))).await.unwrap().exchange;
    assert_eq!((straight.resolved_by, straight.connection.exit), (ResolvedBy::Resolver, None));
    assert!(fetcher.try_exits().await.iter().all(|state| state.fault.is_none()));
}

#[tokio::test]
async fn a_redirect_changes_the_way_with_its_host() {
    let site = Server::start(|_| redirect("http://b.cn/")).await;
    let cn = exit("cn").await;
    let fetcher = Fetcher::new(routed(&[("*.cn", Some(cn.url("/")))], None, &[("a.example", &site)])).unwrap();
    assert_eq!(body(&fetcher, "http://a.example/").await, "cn");
}

#[tokio::test]
async fn an_exit_that_is_down_is_said_and_says_nothing_of_the_site() {
    let down = closed().await;
    let site = Server::start(|_| ok("itself")).await;
    let fetcher = Fetcher::new(routed(&[("*.cn", Some(down))], None, &[("a.example", &site)])).unwrap();
    for at in ["http://a.cn/", "https://a.cn/"] {
        let error = fetcher.get(Get::page(url(at))).await.unwrap_err();
        assert_eq!(error.as_code(), "proxy-down", "{at}: {error}");
        assert!(error.to_string().contains("出口代理") && !error.to_string().contains("secret"), "{error}");
    }
    assert_eq!(body(&fetcher, "http://a.example/").await, "itself", "other ways are open");
    let states = fetcher.try_exits().await;
    assert!(states.len() == 1 && states[0].fault.is_some() && !states[0].exit.contains("secret"), "{states:?}");
}

#[tokio::test]
async fn a_host_that_an_open_exit_cannot_reach_is_not_told_to_be_closed() {
    // Takes the CONNECT and leaves.
    let cn = exit("cn").await;
    let fetcher = Fetcher::new(routed(&[("*.cn", Some(cn.url("/")))], None, &[])).unwrap();
    let error = fetcher.get(Get::page(url("https://a.cn/"))).await.unwrap_err();
    assert!(!matches!(error, FetchError::Connect { closed: true, .. } | FetchError::DnsNone { .. }), "{error:?}");
}

#[tokio::test]
async fn an_exit_whose_name_is_lost_is_down_too() {
    let lost = url("http://exit.example:3128");
    let fetcher = Fetcher::new(routed(&[("*.cn", Some(lost))], None, &[])).unwrap();
    assert_eq!(fetcher.get(Get::page(url("http://a.cn/"))).await.unwrap_err().as_code(), "proxy-down");
}

#[tokio::test]
async fn an_exit_is_reached_by_its_name_and_never_asked_as_a_page() {
    // Its address is open to nobody but itself: the names of exits are resolved without the guard.
    let cn = Server::start_at("127.0.0.2:0", |_| ok("cn")).await;
    let named_exit = url("http://exit.example");
    let table: Arc<dyn Lookup> = Arc::new(Table::new([("exit.example".to_owned(), cn.address)]));
    let settings = routed(&[("*.cn", Some(named_exit))], None, &[]);
    let fetcher = Fetcher::new(Settings { lookup: table, ..settings }).unwrap();
    assert_eq!(body(&fetcher, "http://a.cn/").await, "cn");
    let asked = cn.heads().len();
    for page in ["http://exit.example/", "http://EXIT.example.:3128/admin"] {
        let error = fetcher.get(Get::page(url(page))).await.map(|answer| answer.exchange.status).unwrap_err();
        assert_eq!(error.as_code(), "refused-private-name", "{page}");
    }
    assert_eq!(cn.heads().len(), asked);
}

#[tokio::test]
async fn what_was_found_out_about_an_exit_serves_all_who_fail_behind_it() {
    // Takes every connection and leaves without a word.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let exit = url(&format!("http://{}", listener.local_addr().unwrap()));
    let met = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = Arc::clone(&met);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let fetcher = Fetcher::new(routed(&[("*.cn", Some(exit))], None, &[])).unwrap();
    for n in 0..5 {
        let error = fetcher.get(Get::page(url(&format!("https://a{n}.cn/")))).await.unwrap_err();
        assert_ne!(error.as_code(), "proxy-down", "{error}");
    }
    assert!(met.load(std::sync::atomic::Ordering::SeqCst) <= 6, "five visits and one knock");
}
