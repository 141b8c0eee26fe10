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
async fn serve((certs, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)) -> SocketAddr {
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
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
                    .await
                    .ok()?;
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
    let (settings, _dir) = settings_for(serve(made).await, ca);
    let fetcher = Fetcher::new(settings).unwrap();
    let lenient = fetcher.get(Get::page(url("https://cx.example/"))).await.unwrap();
    assert_eq!((lenient.exchange.body.as_slice(), lenient.exchange.tls_problem), (&b"body"[..], problem));
    assert_eq!(lenient.exchange.tls_leaf_sha256, Some(hex(&leaf)));
    match (fetcher.get(Get::source(url("https://cx.example/"))).await, problem) {
        (Ok(strict), None) => assert_eq!(strict.exchange.tls_leaf_sha256, Some(hex(&leaf))),
        (Err(FetchError::Tls { problem: found, .. }), Some(_)) => assert_eq!(found, problem),
        (strict, _) => panic!("{problem:?}: {strict:?}"),
    }
}

#[tokio::test]
async fn a_certificate_of_a_further_root_is_in_order() {
    let ca = Issuer::new();
    check(ca.issue("cx.example", 2095), Some(&ca), None).await;
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

#[tokio::test]
async fn what_does_not_speak_tls_is_no_tls_connection() {
    let server = Server::start(|_| ok("plain")).await;
    let plain = url(&format!("https://{}/", server.address));
    let error = fetcher().get(Get::page(plain)).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Tls { .. } | FetchError::Connect { .. } | FetchError::Timeout { .. }),
        "{error:?}"
    );
}
