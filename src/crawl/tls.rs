//! Two ways to trust a certificate: strictly (sources, keys), and not at all but writing down what was wrong (targets only).
//!
//! A fake look-up with an expired or self-made certificate still has to be captured; what its certificate lacks is evidence. So
//! the lenient verifier runs the strict check first, keeps its outcome, then accepts. Signatures of the handshake are verified either way:
//! the peer holds the key of the certificate it shows. It must not be used for anything that carries a secret.
//! The ring provider is named everywhere, so that no process-wide default is needed. Start at [`Trust`].

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

/// Connections whose certificates are remembered; far more than are open at a time.
const MAX_SEEN: usize = 16_384;
/// Bytes of chains that are remembered. A chain is wanted again within seconds, when its page turns out to accuse somebody.
const MAX_CHAIN_BYTES: usize = 16 << 20;
/// Certificates of one chain, and their bytes; honest ones have three or four of 2 KiB.
const MAX_CHAIN: usize = 10;
const MAX_CHAIN_SIZE: usize = 64 << 10;

/// What is wrong with a server's certificate. The text is for the officer, the code for records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TlsProblem {
    /// No longer valid.
    #[error("证书已过期")]
    Expired,
    /// Not valid yet.
    #[error("证书尚未生效")]
    NotYet,
    /// Made out for other names.
    #[error("证书不是发给这个域名的")]
    WrongName,
    /// Self-signed, or signed by nobody we trust, or sent without the certificates between.
    #[error("证书不是由受信任的机构签发（自签名或证书链不全）")]
    UnknownIssuer,
    /// Taken back by its issuer.
    #[error("证书已被吊销")]
    Revoked,
    /// Unreadable, or not meant for a server.
    #[error("证书格式或用途不对")]
    Malformed,
}

impl TlsProblem {
    /// A short word that never changes.
    pub fn as_code(self) -> &'static str {
        match self {
            TlsProblem::Expired => "expired",
            TlsProblem::NotYet => "not-yet-valid",
            TlsProblem::WrongName => "wrong-name",
            TlsProblem::UnknownIssuer => "unknown-issuer",
            TlsProblem::Revoked => "revoked",
            TlsProblem::Malformed => "malformed",
        }
    }

    /// The problem that a failed check tells of.
    pub fn of(error: &rustls::Error) -> Option<TlsProblem> {
        let rustls::Error::InvalidCertificate(error) = error else { return None };
        Some(match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsProblem::NotYet,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName
            }
            CertificateError::UnknownIssuer => TlsProblem::UnknownIssuer,
            CertificateError::Revoked => TlsProblem::Revoked,
            // webpki's word for a self-signed certificate that says it is a CA, the usual result of `openssl req -x509`.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                TlsProblem::UnknownIssuer
            }
            _ => TlsProblem::Malformed,
        })
    }
}

/// Why no trust could be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The file of further roots cannot be read as PEM.
    #[error("network.ca_file {path:?} 读不出证书：{why}；需要 PEM 格式（-----BEGIN CERTIFICATE-----）")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// The file holds nothing.
    #[error("network.ca_file {path:?} 里没有证书；需要 PEM 格式（-----BEGIN CERTIFICATE-----）")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A certificate in it is unusable as a root, or rustls refuses the set-up.
    #[error("无法建立 TLS 配置：{0}")]
    Rustls(String),
}

/// The roots, and the two configurations made from them.
pub struct Trust {
    provider: Arc<CryptoProvider>,
    strict: Arc<WebPkiServerVerifier>,
    seen: Arc<Seen>,
}

impl Trust {
    /// Mozilla's roots (built in, so that a machine without ca-certificates works), the machine's own, and those of `ca_file`.
    ///
    /// # Errors
    /// `ca_file` is named but cannot be used. Unreadable roots of the machine are no error: the built-in ones remain.
    pub fn new(ca_file: Option<&Path>) -> Result<Trust, TlsSetupError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = ca_file {
            let failed = |why: String| TlsSetupError::CaFile { path: path.to_owned(), why };
            let certs = CertificateDer::pem_file_iter(path)
                .and_then(|certs| certs.collect::<Result<Vec<_>, _>>())
                .map_err(|e| failed(e.to_string()))?;
            if certs.is_empty() {
                return Err(TlsSetupError::NoCertificate { path: path.to_owned() });
            }
            for cert in certs {
                roots.add(cert).map_err(|e| failed(e.to_string()))?;
            }
        }
        let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|e| TlsSetupError::Rustls(e.to_string()))?;
        Ok(Trust { provider, strict, seen: Arc::default() })
    }

    /// A broken certificate ends the connection.
    ///
    /// # Errors
    /// rustls refuses the set-up.
    pub fn strict(&self) -> Result<ClientConfig, TlsSetupError> {
        self.config(Vec::new(), false)
    }

    /// A broken certificate is written down and accepted, except those of `never`: a proxy is no target.
    ///
    /// # Errors
    /// rustls refuses the set-up.
    pub fn lenient(&self, never: Vec<String>) -> Result<ClientConfig, TlsSetupError> {
        self.config(never, true)
    }

    fn config(&self, never: Vec<String>, lenient: bool) -> Result<ClientConfig, TlsSetupError> {
        let never = never.iter().map(|host| bare(host).to_owned()).collect();
        let verifier = Recorder { strict: self.strict.clone(), seen: self.seen.clone(), lenient, never };
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| TlsSetupError::Rustls(e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session shows no certificate, and one of the strict side must never vouch for the lenient.
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    /// What the last handshake with that host showed, or the one with that very certificate where it is known.
    pub fn shown_by(&self, host: &str, leaf: Option<&[u8]>) -> Option<Shown> {
        self.seen.get(bare(host), leaf.map(|leaf| Sha256::digest(leaf).into()))
    }
}

/// A host as rustls names it: an IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The version of TLS that a connection came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 5246.
    V12,
    /// RFC 8446.
    V13,
}

impl TlsVersion {
    /// As it is written by everybody else.
    pub fn as_str(self) -> &'static str {
        match self {
            TlsVersion::V12 => "TLSv1.2",
            TlsVersion::V13 => "TLSv1.3",
        }
    }
}

/// A certificate a host showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// SHA-256 of the leaf certificate (DER).
    pub leaf_sha256: [u8; 32],
    /// What the strict check found.
    pub problem: Option<TlsProblem>,
    /// The certificates as they came (DER), the leaf first; what exceeds the limits on chains is left out.
    pub chain: Arc<[Vec<u8>]>,
    /// The version with which it was shown last, once the handshake has come so far.
    pub version: Option<TlsVersion>,
}

/// What was shown in handshakes: reqwest tells a response's leaf only where no proxy is in between, and never the chain,
/// without which the check could not be made again afterwards. A handshake of its own for the chain would ask the target once more
/// and might be shown another one; no session is resumed, so every connection shows its chain here.
#[derive(Default)]
struct Seen(Mutex<SeenInner>);

#[derive(Default)]
struct SeenInner {
    shown: HashMap<String, Vec<Shown>>,
    order: VecDeque<String>,
    bytes: usize,
    versions: HashMap<[u8; 32], TlsVersion>,
}

impl SeenInner {
    fn forget_oldest(&mut self) {
        let Some(all) = self.order.pop_front().and_then(|oldest| self.shown.remove(&oldest)) else { return };
        self.bytes -= all.iter().map(|shown| bytes_of(&shown.chain)).sum::<usize>();
    }
}

fn bytes_of(chain: &[Vec<u8>]) -> usize {
    chain.iter().map(Vec::len).sum()
}

impl Seen {
    /// A host behind several servers may show several certificates at a time.
    const PER_HOST: usize = 8;

    fn put(&self, host: String, shown: Shown) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = match inner.shown.remove(&host) {
            Some(all) => all,
            None => {
                inner.order.push_back(host.clone());
                Vec::new()
            }
        };
        inner.bytes -= all.iter().map(|shown| bytes_of(&shown.chain)).sum::<usize>();
        all.retain(|other| other.leaf_sha256 != shown.leaf_sha256);
        if all.len() == Self::PER_HOST {
            all.remove(0);
        }
        all.push(shown);
        inner.bytes += all.iter().map(|shown| bytes_of(&shown.chain)).sum::<usize>();
        inner.shown.insert(host, all);
        while inner.order.len() > 1 && (inner.order.len() > MAX_SEEN || inner.bytes > MAX_CHAIN_BYTES) {
            inner.forget_oldest();
        }
    }

    /// The handshake with this certificate went on in this version.
    fn put_version(&self, leaf: &CertificateDer<'_>, version: TlsVersion) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.versions.len() >= MAX_SEEN {
            inner.versions.clear();
        }
        inner.versions.insert(Sha256::digest(leaf).into(), version);
    }

    fn get(&self, host: &str, leaf: Option<[u8; 32]>) -> Option<Shown> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = inner.shown.get(host)?;
        let shown = match leaf {
            Some(leaf) => all.iter().find(|shown| shown.leaf_sha256 == leaf),
            None => all.last(),
        }?;
        Some(Shown { version: inner.versions.get(&shown.leaf_sha256).copied(), ..shown.clone() })
    }
}

/// The chain as it came, within the limits.
fn chain(leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Arc<[Vec<u8>]> {
    let mut room = MAX_CHAIN_SIZE;
    let fits = |cert: &&CertificateDer<'_>| {
        let enough = cert.len() <= room;
        room -= if enough { cert.len() } else { room };
        enough
    };
    std::iter::once(leaf).chain(others).take(MAX_CHAIN).take_while(fits).map(|cert| cert.to_vec()).collect()
}

/// Runs the strict check, writes its outcome down, and keeps to it unless lenient.
struct Recorder {
    strict: Arc<WebPkiServerVerifier>,
    seen: Arc<Seen>,
    lenient: bool,
    never: Vec<String>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("lenient", &self.lenient).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let strict = self.strict.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let host = server_name.to_str();
        let problem = strict.as_ref().err().map(|e| TlsProblem::of(e).unwrap_or(TlsProblem::Malformed));
        let shown = Shown {
            leaf_sha256: Sha256::digest(end_entity).into(),
            problem,
            chain: chain(end_entity, intermediates),
            version: None,
        };
        self.seen.put(host.to_string(), shown);
        match strict {
            Err(_) if self.lenient && !self.never.iter().any(|never| *never == *host) => {
                Ok(ServerCertVerified::assertion())
            }
            strict => strict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.seen.put_version(cert, TlsVersion::V12);
        self.strict.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.seen.put_version(cert, TlsVersion::V13);
        self.strict.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_without_certificates_says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, "not a certificate").unwrap();
        let say = Trust::new(Some(&path)).err().unwrap().to_string();
        assert!(say.contains("ca.pem") && say.contains("PEM"), "{say}");
        let say = Trust::new(Some(&dir.path().join("none.pem"))).err().unwrap().to_string();
        assert!(say.contains("none.pem"), "{say}");
    }

    #[test]
    fn the_newest_certificate_of_a_host_is_told_and_old_hosts_are_forgotten() {
        let seen = Seen::default();
        let shown = |n: u8| Shown {
            leaf_sha256: [n; 32],
            problem: Some(TlsProblem::Expired),
            chain: Arc::default(),
            version: None,
        };
        for n in 0..20 {
            seen.put("a.example".into(), shown(n));
        }
        assert_eq!(seen.get("a.example", None), Some(shown(19)));
        assert_eq!(seen.get("a.example", Some([15; 32])), Some(shown(15)));
        assert_eq!(seen.get("a.example", Some([0; 32])), None);
        for n in 0..MAX_SEEN {
            seen.put(format!("{n}.example"), shown(1));
        }
        assert_eq!(seen.get("a.example", None), None);
    }

    #[test]
    fn chains_are_kept_within_their_room_and_the_newest_stays() {
        let seen = Seen::default();
        for n in 0..2_000u32 {
            let mut leaf = [0; 32];
            leaf[..4].copy_from_slice(&n.to_be_bytes());
            let chain = vec![vec![0; MAX_CHAIN_SIZE]].into();
            seen.put(format!("{n}.example"), Shown { leaf_sha256: leaf, problem: None, chain, version: None });
            assert!(seen.0.lock().unwrap().bytes <= MAX_CHAIN_BYTES);
            assert_eq!(seen.get(&format!("{n}.example"), None).unwrap().chain.len(), 1);
        }
        assert!(seen.get("0.example", None).is_none());
        let cert = |bytes: usize| CertificateDer::from(vec![1; bytes]);
        let long = |bytes: usize, count: usize| chain(&cert(bytes), &vec![cert(bytes); count]).len();
        assert_eq!((long(1_000, 3), long(1_000, 100), long(30 << 10, 9)), (4, MAX_CHAIN, 2));
    }
}
