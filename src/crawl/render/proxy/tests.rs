//! Claims about the filtering proxy, without a browser: who is let in, what is reached, how much.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::crawl::client::Route;
use crate::crawl::guard::Guard;
use crate::crawl::resolver::Table;

const ALLOWANCE: Allowance = Allowance { connections: 20, received: 1 << 20, sent: 1 << 16 };

/// A server on `ip` that counts who connects and gives every one of them the same answer.
async fn server(ip: &str, answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((ip, 0)).await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let Ok((head, _)) = head::read(&mut stream, 10_000).await else { return };
                let asked = String::from_utf8_lossy(&head).into_owned();
                let body = if answer.is_empty() { asked } else { answer.to_owned() };
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: keep-alive\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                // Open as long as the other side wants: a server that does not close.
                let _ = stream.read(&mut [0]).await;
            });
        }
    });
    (address, count)
}

/// A proxy to names of a table, with 127.0.0.2 let through and 127.0.0.1 not.
async fn proxy(names: &[(&str, SocketAddr)], allowance: Allowance) -> PageProxy {
    let guard = Guard::new(vec!["127.0.0.2/32".parse().unwrap()]);
    let table = Table::new(names.iter().map(|(name, address)| ((*name).to_owned(), *address)));
    let reach = Reach::new(guard, Arc::new(table), None, &[], Duration::from_secs(3)).unwrap();
    PageProxy::open(Arc::new(reach), allowance).await.unwrap()
}

fn pass_of(proxy: &PageProxy) -> String {
    let (name, word) = proxy.credentials();
    format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(format!("{name}:{word}")))
}

/// Sends a request's head and reads all that comes.
async fn ask(proxy: &PageProxy, request: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut said)).await;
    read.expect("the proxy ends what it began").unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn nobody_is_let_in_without_the_password() {
    let (web, asked) = server("127.0.0.2", "").await;
    let proxy = proxy(&[("a.example", web)], ALLOWANCE).await;
    for pass in ["", "Proxy-Authorization: Basic amlhbnpoZW5nOmd1ZXNz\r\n", "Proxy-Authorization: Basic \r\n"] {
        let said = ask(&proxy, &format!("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n{pass}\r\n")).await;
        assert!(said.starts_with("HTTP/1.1 407 ") && said.contains("Basic realm="), "{said}");
        let said = ask(&proxy, &format!("CONNECT a.example:443 HTTP/1.1\r\n{pass}\r\n")).await;
        assert!(said.starts_with("HTTP/1.1 407 "), "{said}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_plain_request_goes_on_its_own_connection_which_ends_with_it() {
    let (web, asked) = server("127.0.0.2", "").await;
    let proxy = proxy(&[("a.example", web)], ALLOWANCE).await;
    let pass = pass_of(&proxy);
    let second = format!("GET http://a.example/second HTTP/1.1\r\nHost: a.example\r\n{pass}\r\n");
    let said =
        ask(&proxy, &format!("GET http://a.example/x?y=1 HTTP/1.1\r\nHost: a.example\r\n{pass}\r\n{second}")).await;
    assert!(said.contains("\r\nConnection: close\r\n") && !said.contains("keep-alive\r\n\r\n"), "{said}");
    assert!(said.contains("GET /x?y=1 HTTP/1.1\r\n") && !said.contains("Proxy-Authorization"), "{said}");
    assert!(!said.contains("/second"), "what came behind was for somebody else");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_the_guard_refuses_is_neither_connected_to_nor_tunnelled() {
    let (inside, asked) = server("127.0.0.1", "secret").await;
    let proxy = proxy(&[("inside.example", inside), ("rebound.example", inside)], ALLOWANCE).await;
    let pass = pass_of(&proxy);
    let hosts = [
        inside.to_string(),
        format!("[::ffff:127.0.0.1]:{}", inside.port()),
        format!("2130706433:{}", inside.port()),
        "169.254.169.254:80".to_owned(),
        "10.0.0.1:80".to_owned(),
        "inside.example:80".to_owned(),
        "a.example:6379".to_owned(),
    ];
    for host in &hosts {
        for request in [format!("GET http://{host}/ HTTP/1.1"), format!("CONNECT {host} HTTP/1.1")] {
            let said = ask(&proxy, &format!("{request}\r\nHost: x\r\n{pass}\r\n")).await;
            assert!(said.starts_with("HTTP/1.1 403 "), "{request}: {said}");
        }
    }
    // Where addresses are let through by settings, a private name is asked for, and its address would be judged.
    for host in ["localhost:80", "nas.local:80"] {
        let said = ask(&proxy, &format!("CONNECT {host} HTTP/1.1\r\nHost: x\r\n{pass}\r\n")).await;
        assert!(said.starts_with("HTTP/1.1 502 "), "{said}");
    }
    for target in ["file:///etc/passwd", "ftp://a.example/", "data:text/html,x", "/etc/passwd"] {
        let said = ask(&proxy, &format!("GET {target} HTTP/1.1\r\nHost: x\r\n{pass}\r\n")).await;
        assert!(said.starts_with("HTTP/1.1 403 "), "{target}: {said}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(proxy.account().refused(), 2 * hosts.len() as u64 + 4);
    assert!(proxy.account().told().iter().any(|line| line.contains("169.254.169.254")));
}

#[tokio::test]
async fn a_page_that_has_used_up_its_allowance_gets_no_more() {
    let big: &'static str = Box::leak("x".repeat(300_000).into_boxed_str());
    let (web, _) = server("127.0.0.2", big).await;
    let few = Allowance { received: 500_000, ..ALLOWANCE };
    let proxy = proxy(&[("a.example", web)], few).await;
    let get = format!("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n{}\r\n", pass_of(&proxy));
    assert!(ask(&proxy, &get).await.len() > 300_000);
    assert!(ask(&proxy, &get).await.len() < 300_000);
    assert!(proxy.account().is_spent());
    assert!(ask(&proxy, &get).await.starts_with("HTTP/1.1 429 "));
}

#[tokio::test]
async fn connections_are_counted() {
    let (web, asked) = server("127.0.0.2", "").await;
    let proxy = proxy(&[("a.example", web)], Allowance { connections: 2, ..ALLOWANCE }).await;
    let get = format!("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n{}\r\n", pass_of(&proxy));
    for expected in ["200", "200", "429"] {
        assert!(ask(&proxy, &get).await.starts_with(&format!("HTTP/1.1 {expected} ")));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn with_the_page_its_connections_end() {
    let (web, _) = server("127.0.0.2", "").await;
    let proxy = proxy(&[("a.example", web)], ALLOWANCE).await;
    let mut tunnel = TcpStream::connect(proxy.address()).await.unwrap();
    let connect = format!("CONNECT a.example:443 HTTP/1.1\r\n{}\r\n", pass_of(&proxy));
    tunnel.write_all(connect.as_bytes()).await.unwrap();
    assert!(head::read(&mut tunnel, 1000).await.unwrap().0.starts_with(b"HTTP/1.1 200 "));
    let address = proxy.address();
    drop(proxy);
    let end = timeout(Duration::from_secs(5), tunnel.read(&mut [0])).await.expect("the tunnel is closed");
    assert!(matches!(end, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn behind_the_units_proxy_names_are_left_to_it() {
    let (outer, asked) = server("127.0.0.1", "").await;
    let url = Url::parse(&format!("http://user:p%40ss@{outer}")).unwrap();
    let nothing = Arc::new(Table::default());
    let reach = Reach::new(Guard::default(), nothing, Some(&url), &[], Duration::from_secs(3)).unwrap();
    let proxy = PageProxy::open(Arc::new(reach), ALLOWANCE).await.unwrap();
    let pass = pass_of(&proxy);
    let said = ask(&proxy, &format!("GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\n{pass}\r\n")).await;
    let word = STANDARD.encode("user:p@ss");
    assert!(said.contains("GET http://a.example/x HTTP/1.1\r\n"), "{said}");
    assert!(said.contains(&format!("Proxy-Authorization: Basic {word}\r\n")), "{said}");
    let said = ask(&proxy, &format!("CONNECT 127.0.0.1:443 HTTP/1.1\r\n{pass}\r\n")).await;
    assert!(said.starts_with("HTTP/1.1 403 "), "a literal is judged all the same: {said}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let https = Url::parse("https://proxy.example").unwrap();
    assert!(Reach::new(Guard::default(), Arc::new(Table::default()), Some(&https), &[], Duration::ZERO).is_err());
}

#[tokio::test]
async fn a_host_with_an_exit_of_its_own_is_reached_by_it_and_no_other_is() {
    let (outer, asked) = server("127.0.0.1", "").await;
    let exit = Url::parse(&format!("http://{outer}")).unwrap();
    let route = Route { hosts: vec!["*.cn".to_owned()], proxy: Some(exit.clone()) };
    let straight = Route { hosts: vec!["*".to_owned()], proxy: None };
    let nothing = Arc::new(Table::default());
    let routes = [route, straight];
    let reach = Reach::new(Guard::default(), nothing, Some(&exit), &routes, Duration::from_secs(3)).unwrap();
    let proxy = PageProxy::open(Arc::new(reach), ALLOWANCE).await.unwrap();
    let pass = pass_of(&proxy);
    let get = |host: &str| format!("GET http://{host}/x HTTP/1.1\r\nHost: {host}\r\n{pass}\r\n");
    let said = ask(&proxy, &get("a.shili.cn")).await;
    assert!(said.contains("GET http://a.shili.cn/x HTTP/1.1\r\n"), "{said}");
    let said = ask(&proxy, &get("a.example")).await;
    assert!(!said.starts_with("HTTP/1.1 200"), "no such name here, and the exit is not asked: {said}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_socks_proxy_is_asked_for_the_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("socks5://u:w@{}", listener.local_addr().unwrap())).unwrap();
    let far = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 4];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(&[5, 2]).await.unwrap();
        let mut user = [0; 5];
        stream.read_exact(&mut user).await.unwrap();
        stream.write_all(&[1, 0]).await.unwrap();
        let mut ask = vec![0; 5 + 9 + 2];
        stream.read_exact(&mut ask).await.unwrap();
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        (hello, user, ask)
    });
    let reach =
        Reach::new(Guard::default(), Arc::new(Table::default()), Some(&url), &[], Duration::from_secs(3)).unwrap();
    let proxy = PageProxy::open(Arc::new(reach), ALLOWANCE).await.unwrap();
    let said = ask(&proxy, &format!("CONNECT a.example:8443 HTTP/1.1\r\n{}\r\n", pass_of(&proxy))).await;
    assert!(said.ends_with("\r\n\r\nhello"), "{said}");
    let (hello, user, asked) = far.await.unwrap();
    assert_eq!((&hello[..], &user[..]), (&[5, 2, 0, 2][..], &[1, 1, b'u', 1, b'w'][..]));
    assert_eq!(asked, [&[5, 1, 0, 3, 9][..], b"a.example", &8443u16.to_be_bytes()].concat());
}
