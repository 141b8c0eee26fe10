//! Certificates: what strict trust refuses, lenient trust writes down.

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;
use crate::crawl::tls::TlsProblem;

struct Issuer(CertifiedIssuer<'static, KeyPair>);

impl Issuer {
    fn new() -> Issuer {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Issuer(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str, last_year: i32) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2015, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let cert = params.signed_by(&key, &self.0).unwrap();
        (vec![cert.der().clone()], key.serialize_der().try_into().unwrap())
    }
}

fn self_signed(name: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    (vec![made.cert.der().clone()], made.signing_key.serialize_der().try_into().unwrap())
}

/// An https server that answers every connection once.
async fn serve(made: (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)) -> SocketAddr {
    serve_saying(made, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody").await
}

async fn serve_saying(
    (certs, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    answer: &'static [u8],
) -> SocketAddr {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certs, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.ok()?;
                while !stream.read_u8().await.ok()?.eq(&b'\n') {}
                stream.write_all(answer).await.ok()?;
                stream.shutdown().await.ok()
            });
        }
    });
    address
}

fn settings_for(address: SocketAddr, ca: Option<&Issuer>) -> (Settings, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let ca_file = ca.map(|ca| {
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, ca.0.pem()).unwrap();
        path
    });
    let lookup = Arc::new(Table::new([("cx.example".to_owned(), address)]));
    (Settings { lookup, ca_file, ..settings() }, dir)
}

async fn check(
    made: (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    ca: Option<&Issuer>,
    problem: Option<TlsProblem>,
) {
    let leaf: [u8; 32] =
        sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), &made.0[0])).into();
    let shown = made.0.clone();
    let (settings, _dir) = settings_for(serve(made).await, ca);
    let fetcher = Fetcher::new(settings).unwrap();
    let lenient = fetcher.get(Get::page(url("https://cx.example/"))).await.unwrap();
    assert_eq!((lenient.exchange.body.as_slice(), lenient.exchange.tls_problem), (&b"body"[..], problem));
    assert_eq!(lenient.exchange.tls_leaf_sha256, Some(hex(&leaf)));
    let line = &lenient.exchange.connection;
    assert_eq!((line.tls_version, line.tls_chain.len(), line.exit.as_deref()), (Some("TLSv1.3"), shown.len(), None));
    assert!(line.tls_chain.iter().zip(&shown).all(|(kept, sent)| kept == sent.as_ref()));
    match (fetcher.get(Get::source(url("https://cx.example/"))).await, problem) {
        (Ok(strict), None) => assert_eq!(strict.exchange.tls_leaf_sha256, Some(hex(&leaf))),
        (Err(FetchError::Tls { problem: found, .. }), Some(_)) => assert_eq!(found, problem),
        (strict, _) => panic!("{problem:?}: {strict:?}"),
    }
}

#[tokio::test]
async fn a_page_without_a_length_is_read_over_the_same_trust() {
    let made = self_signed("cx.example");
    let chain = made.0.clone();
    let (settings, _dir) =
        settings_for(serve_saying(made, b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nbody").await, None);
    let exchange = Fetcher::new(settings).unwrap().get(Get::page(url("https://cx.example/"))).await.unwrap().exchange;
    assert_eq!((exchange.body.as_slice(), exchange.tls_problem), (&b"body"[..], Some(TlsProblem::UnknownIssuer)));
    assert_eq!(
        (exchange.connection.tls_chain.len(), exchange.connection.tls_chain[0].as_slice()),
        (1, chain[0].as_ref())
    );
}

#[tokio::test]
async fn a_certificate_of_a_further_root_is_in_order() {
    let ca = Issuer::new();
    check(ca.issue("cx.example", 2095), Some(&ca), None).await;
    let (mut chain, key) = ca.issue("cx.example", 2095);
    chain.push(ca.0.der().clone());
    check((chain, key), Some(&ca), None).await;
}

#[tokio::test]
async fn each_fault_is_refused_strictly_and_told_leniently() {
    let ca = Issuer::new();
    check(self_signed("cx.example"), None, Some(TlsProblem::UnknownIssuer)).await;
    check(ca.issue("cx.example", 2095), None, Some(TlsProblem::UnknownIssuer)).await;
    check(ca.issue("other.example", 2095), Some(&ca), Some(TlsProblem::WrongName)).await;
    check(ca.issue("cx.example", 2016), Some(&ca), Some(TlsProblem::Expired)).await;
}

#[tokio::test]
async fn through_a_tunnel_the_certificate_is_told_as_well() {
    let target = serve(self_signed("cx.example")).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
        let mut server = TcpStream::connect(target).await.unwrap();
        tokio::io::copy_bidirectional(&mut client, &mut server).await
    });
    let fetcher = Fetcher::new(Settings { proxy: Some(url(&format!("http://{proxy}"))), ..settings() }).unwrap();
    let answer = fetcher.get(Get::page(url("https://cx.example/"))).await.unwrap();
    assert_eq!(answer.exchange.tls_problem, Some(TlsProblem::UnknownIssuer));
    assert_eq!((answer.exchange.tls_leaf_sha256.unwrap().len(), answer.exchange.resolved_by), (64, ResolvedBy::Proxy));
}

/// A server that reads a hello and answers with these bytes.
async fn answering(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 5];
                stream.read_exact(&mut head).await.ok()?;
                let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
                stream.read_exact(&mut hello).await.ok()?;
                stream.write_all(bytes).await.ok()?;
                stream.shutdown().await.ok()
            });
        }
    });
    address
}

async fn refused(bytes: &'static [u8]) -> FetchError {
    let fetcher = Fetcher::new(settings_for(answering(bytes).await, None).0).unwrap();
    fetcher.get(Get::page(url("https://cx.example/"))).await.map(|answer| answer.exchange.status).unwrap_err()
}

/// A hello of TLS 1.0 with an RSA key exchange, as a server of 2005 sends it: version, random, no session, suite, no compression.
const HELLO_OF_TLS_1_0: &[u8] = &[
    22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 0, 0, 0x2f, 0,
];

#[tokio::test]
async fn what_speaks_only_what_we_do_not_is_unsupported_and_not_gone() {
    let cases: [(&[u8], &str); 6] = [
        (&[21, 3, 1, 0, 2, 2, 70], "alert: protocol version, as a server of TLS 1.0 sends it"),
        (&[21, 3, 3, 0, 2, 2, 40], "alert: handshake failure, as one with 国密 suites alone sends it"),
        (&[21, 3, 3, 0, 2, 2, 71], "alert: insufficient security"),
        (&[21, 1, 1, 0, 2, 2, 40], "an alert of TLCP (GB/T 38636), which has version 1.1 of its own"),
        (HELLO_OF_TLS_1_0, "a hello of TLS 1.0"),
        (&[22, 3, 0, 0, 4, 2, 0, 0, 0], "a record of SSL 3 without a hello in it"),
    ];
    for (bytes, what) in &cases[..5] {
        let error = refused(bytes).await;
        assert_eq!(error.as_code(), "tls-unsupported", "{what}: {error:?}");
        assert!(error.to_string().contains("国密") && !crate::crawl::retry::worth_retrying(Err(&error)), "{error}");
    }
    assert_eq!(refused(cases[5].0).await.as_code(), "tls", "{}", cases[5].1);
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_neither_a_closed_port_nor_a_verdict_on_the_site() {
    let error = refused(b"").await;
    assert_eq!(error.as_code(), "tls-handshake", "{error:?}");
    assert!(crate::crawl::retry::worth_retrying(Err(&error)), "it may be the line");
}

#[tokio::test]
async fn what_does_not_speak_tls_is_said_to_answer_otherwise() {
    let error = refused(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(error.as_code(), "tls", "{error:?}");
    assert!(error.to_string().contains("没有按 TLS 应答"), "{error}");
}
