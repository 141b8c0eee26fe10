//! Servers that lie, stall, flood and break off.

use super::*;
use crate::crawl::decode::decode;

async fn get(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Result<Answer, FetchError> {
    let server = Server::start(reply).await;
    let get = Get { max_body: 100_000, ..Get::page(server.url("/")) };
    let start = Instant::now();
    let answer = fetcher().get(get).await;
    assert!(start.elapsed() < Duration::from_secs(3), "took {:?}", start.elapsed());
    answer
}

async fn body(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (usize, Option<Truncated>) {
    let answer = get(reply).await.unwrap();
    (answer.exchange.body.len(), answer.exchange.truncated)
}

async fn code(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> &'static str {
    get(reply).await.map(|answer| answer.exchange.status).unwrap_err().as_code()
}

fn raw(text: impl Into<String>) -> Reply {
    Reply::Bytes(text.into().into_bytes())
}

#[tokio::test]
async fn huge_heads_are_refused() {
    assert_eq!(
        code(move |_| raw(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(900_000)))).await,
        "header-too-large"
    );
    assert_eq!(
        code(move |_| raw(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(100_000)))).await,
        "header-too-large"
    );
    assert_eq!(
        code(move |_| raw(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: a\r\n".repeat(5000)))).await,
        "header-too-large"
    );
    let endless =
        |_: &str| Reply::Again(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: a\r\n".repeat(1000), Duration::from_millis(1));
    assert_eq!(code(endless).await, "header-too-large");
}

#[tokio::test]
async fn a_head_that_never_comes_or_never_ends_times_out() {
    assert_eq!(code(|_| Reply::Silence(Vec::new())).await, "timeout-head");
    assert_eq!(code(|_| Reply::Silence(b"HTTP/1.1 200 OK\r\nX: ".to_vec())).await, "timeout-head");
    let drip = |_: &str| Reply::Again(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), b"a".to_vec(), Duration::from_millis(20));
    assert_eq!(code(drip).await, "timeout-head");
}

#[tokio::test]
async fn a_length_that_is_none_is_left_aside_as_browsers_do() {
    let said = |answer: &Answer| -> Vec<String> {
        let fields = answer.exchange.headers.iter().filter(|(name, _)| name == "content-length");
        fields.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
    };
    for (fields, lengths) in [
        ("Content-Length: -5", &["-5"][..]),
        ("content-length: much", &["much"]),
        ("Content-Length: 5\r\nX: y\r\nContent-Length: 9000", &["5", "9000"]),
        ("Content-Length: 5, 9", &["5, 9"]),
    ] {
        let head = format!("HTTP/1.1 200 Fine\r\nContent-Type: text/html\r\n{fields}\r\nSet-Cookie: a=b\r\n\r\n");
        let server = Server::start(move |_| raw(format!("{head}a whole page"))).await;
        let answer = fetcher().get(Get::page(server.url("/x?y"))).await.unwrap();
        let exchange = &answer.exchange;
        assert_eq!(
            (exchange.status, &*exchange.reason, &*exchange.body),
            (200, "Fine", &b"a whole page"[..]),
            "{fields}"
        );
        assert_eq!((exchange.truncated, exchange.ip), (None, Some(server.address.ip())));
        assert_eq!(
            (said(&answer), exchange.header("content-type").as_deref()),
            (lengths.iter().map(|l| (*l).to_owned()).collect(), Some("text/html"))
        );
        let heads = server.heads();
        assert_eq!((heads.len(), &heads[0]), (2, &heads[1]), "asked once more, in the same words");
        assert_eq!(heads[0].as_bytes(), exchange.request_head);
        // A source is spoken to by its own client alone.
        let source = Get { policy: Policy::Source, ..Get::page(server.url("/")) };
        assert_eq!(fetcher().get(source).await.unwrap_err().as_code(), "broken");
    }
    // What else the head says holds: pieces are pieces, another address is another address.
    let pieces = "HTTP/1.1 200 OK\r\nContent-Length: -1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n\r\n";
    assert_eq!(body(move |_| raw(pieces)).await, (4, None));
    let moved = get(|head| match path(head) {
        "/" => raw("HTTP/1.1 302 Found\r\nContent-Length: x\r\nLocation: /there\r\n\r\n"),
        _ => ok("there"),
    });
    assert_eq!(moved.await.unwrap().exchange.body, b"there");
}

#[tokio::test]
async fn without_a_length_the_limits_hold_as_ever() {
    let head = |more: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n{more}");
    let endless = move |_: &str| Reply::Again(head("\r\n").into(), vec![b'a'; 50_000], Duration::from_millis(1));
    assert_eq!(body(endless).await, (100_000, Some(Truncated::Length)));
    let drip = move |_: &str| Reply::Again(head("\r\n").into(), b"a".to_vec(), Duration::from_millis(20));
    assert_eq!(body(drip).await.1, Some(Truncated::Time));
    // The first answer is refused for its length when its head is whole; the next one's has no end.
    let count = std::sync::atomic::AtomicUsize::new(0);
    let second = move |bytes: &str| {
        let (first, more) = (head("\r\n"), head(bytes));
        move |count: usize| if count == 0 { raw(first.clone()) } else { Reply::Silence(more.clone().into()) }
    };
    let silent = second("X: ");
    let silent = code(move |_| silent(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst)));
    assert_eq!(silent.await, "timeout-head");
    let count = std::sync::atomic::AtomicUsize::new(0);
    let large = second(&format!("X: {}\r\n\r\n", "a".repeat(900_000)));
    let large = code(move |_| large(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst)));
    assert_ne!(large.await, "timeout-head");
}

#[tokio::test]
async fn what_is_not_http_is_broken() {
    for bytes in [
        "",
        "\0\0\0\0",
        "SSH-2.0-OpenSSH_9\r\n",
        "HTTP/1.1 200",
        "HTTP/1.1 9x9 OK\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "<html>",
    ] {
        assert_eq!(code(move |_| raw(bytes)).await, "broken", "{bytes:?}");
    }
}

#[tokio::test]
async fn a_reset_is_broken_and_a_closed_port_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let rude = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // Closing with the request unread makes the system send a reset.
        stream.readable().await.unwrap();
    });
    let ask = || Get::page(url(&format!("http://{address}/")));
    assert_eq!(fetcher().get(ask()).await.unwrap_err().as_code(), "broken");
    rude.await.unwrap();
    assert_eq!(fetcher().get(ask()).await.unwrap_err().as_code(), "connect");
}

#[tokio::test]
async fn a_body_without_end_is_cut_by_length() {
    let endless = |_: &str| Reply::Again(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 30_000], Duration::ZERO);
    assert_eq!(body(endless).await, (100_000, Some(Truncated::Length)));
    assert_eq!(
        body(|_| with("200 OK", "", "x".repeat(100_000))).await,
        (100_000, None),
        "exactly as much as is wanted is whole"
    );
    assert_eq!(body(|_| with("200 OK", "", "x".repeat(100_001))).await, (100_000, Some(Truncated::Length)));
}

#[tokio::test]
async fn a_body_that_stalls_or_drips_is_cut_by_time() {
    assert_eq!(body(|_| Reply::Silence(b"HTTP/1.1 200 OK\r\n\r\nhalf".to_vec())).await, (4, Some(Truncated::Time)));
    let drip = |_: &str| Reply::Again(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), b"x".to_vec(), Duration::from_millis(10));
    let start = Instant::now();
    let (len, truncated) = body(drip).await;
    assert!(len < 100 && truncated == Some(Truncated::Time), "{len} {truncated:?}");
    assert!(start.elapsed() < Duration::from_millis(1500), "by its pace, before the total time is up");
    let slow = |_: &str| Reply::Again(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 50], Duration::from_millis(20));
    let (len, truncated) = body(slow).await;
    assert!(len > 2000 && truncated == Some(Truncated::Time), "quick enough, but never ending: {len} {truncated:?}");
}

#[tokio::test]
async fn a_wrong_length_or_bad_chunks_keep_what_came() {
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nonly this";
    assert_eq!(body(move |_| raw(short)).await, (9, Some(Truncated::Disconnect)));
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nonly this";
    assert_eq!(body(move |_| raw(long)).await, (4, None));
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551000\r\n\r\nx";
    assert_eq!(body(move |_| raw(huge)).await, (1, Some(Truncated::Disconnect)));
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nzz\r\nbad";
    assert_eq!(body(move |_| raw(chunks)).await, (4, Some(Truncated::Disconnect)));
    let size = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx";
    assert_eq!(body(move |_| raw(size)).await, (0, Some(Truncated::Disconnect)));
    let nuls = "HTTP/1.1 200 OK\r\n\r\na\0b\0";
    assert_eq!(get(move |_| raw(nuls)).await.unwrap().exchange.body, b"a\0b\0");
}

#[tokio::test]
async fn sloppy_heads_are_read_all_the_same() {
    let sloppy = "HTTP/1.0 200\r\nBad Header: x\r\nX-Fold: a\r\n b\r\nContent-Type : text/html\r\n\r\nbody";
    let exchange = get(move |_| raw(sloppy)).await.unwrap().exchange;
    assert_eq!((exchange.version, exchange.body.as_slice()), ("HTTP/1.0", &b"body"[..]));
    assert_eq!(exchange.header("content-type").as_deref(), Some("text/html"));
}

#[tokio::test]
async fn a_bomb_is_kept_small_and_opened_with_care() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b' '; 50 << 20]).unwrap();
    let bomb = gzip.finish().unwrap();
    let exchange = get(move |_| with("200 OK", "Content-Encoding: gzip", &bomb)).await.unwrap().exchange;
    let decoded = decode(&exchange.content_encoding(), &exchange.body, 8 << 20);
    assert!(decoded.truncated && decoded.bytes.len() <= 8 << 20);
}

#[tokio::test]
async fn a_name_server_that_never_answers_is_a_connect_timeout() {
    struct Hanging;
    impl Lookup for Hanging {
        fn lookup<'a>(&'a self, _: &'a str) -> Looking<'a> {
            Box::pin(std::future::pending())
        }
    }
    let limits = Limits { connect: Duration::from_millis(200), ..settings().limits };
    let fetcher = Fetcher::new(Settings { lookup: Arc::new(Hanging), limits, ..settings() }).unwrap();
    let error = fetcher.get(Get::page(url("http://slow.example/"))).await.unwrap_err();
    assert_eq!(error, FetchError::Timeout { stage: Stage::Connect });
}
