//! From what reqwest reports to a [`FetchError`]: the cause lies somewhere down its chain of sources.
//!
//! It must not leak the text of a page or an address of ours into a message beyond what the libraries say. Start at [`of`].

use std::error::Error;
use std::io::ErrorKind;

use super::answer::{FetchError, Stage};
use crate::crawl::resolver::ResolveError;
use crate::crawl::tls::TlsProblem;

/// The failure of a request that got no head.
pub(super) fn of(error: &reqwest::Error) -> FetchError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut deepest = error.to_string();
    let mut system = None;
    while let Some(cause) = next {
        if let Some(found) = known(cause) {
            return found;
        }
        deepest = cause.to_string();
        system = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(system);
        next = match cause.downcast_ref::<std::io::Error>() {
            // An io::Error passes over what it wraps when asked for its source.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    // reqwest names the URL where nothing lies below.
    let why: String = jianzheng_core::entities::mask_url(&deepest).chars().take(200).collect();
    if error.is_timeout() {
        FetchError::Timeout { stage: if error.is_connect() { Stage::Connect } else { Stage::Head } }
    } else if error.is_connect() {
        // A connection that is refused was never there; one that is reset or ends was, and broke in the handshake.
        let secure = error.url().is_some_and(|url| url.scheme() == "https");
        match system {
            Some(ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
            | Some(ErrorKind::BrokenPipe)
                if secure =>
            {
                FetchError::Handshake { why }
            }
            kind => FetchError::Connect { why, closed: kind == Some(ErrorKind::ConnectionRefused) },
        }
    } else if error.is_builder() {
        FetchError::BadRequest { why }
    } else {
        FetchError::Broken { why }
    }
}

/// Whether the answer was refused for its length: a word, a negative one, two that differ.
pub(super) fn is_of_length(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        // hyper has no word for it either; a test holds the text.
        let of_length = |error: &hyper::Error| error.is_parse() && error.to_string() == "invalid content-length parsed";
        if cause.downcast_ref::<hyper::Error>().is_some_and(of_length) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// A name that leads nowhere.
pub(super) fn of_resolving(error: ResolveError) -> FetchError {
    match error {
        ResolveError::Refused(refusal) => FetchError::Refused(refusal),
        ResolveError::None(name) => FetchError::DnsNone { name },
        ResolveError::Failed(name) => FetchError::DnsFailed { name },
    }
}

fn known(cause: &(dyn Error + 'static)) -> Option<FetchError> {
    if let Some(error) = cause.downcast_ref::<ResolveError>() {
        return Some(of_resolving(error.clone()));
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(of_tls(error));
    }
    // hyper has a word for this on its server side only; a test holds the text.
    let too_large = |error: &&hyper::Error| error.is_parse() && error.to_string() == "message head is too large";
    cause.downcast_ref::<hyper::Error>().filter(too_large).map(|_| FetchError::HeaderTooLarge)
}

/// What a handshake ended with. That nothing is in common shows in several ways: the other side's alert, its hello, a key or a
/// signature of a kind that is not known here (SM2), a record of another protocol (TLCP has version 1.1 of its own).
fn of_tls(error: &rustls::Error) -> FetchError {
    use rustls::{AlertDescription, CertificateError, Error as Tls, InvalidMessage};
    #[expect(deprecated, reason = "still sent by rustls where it has no context to give")]
    let nothing_in_common = match error {
        Tls::PeerIncompatible(_) | Tls::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => true,
        Tls::AlertReceived(alert) => matches!(
            alert,
            AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity
        ),
        Tls::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithm
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => true,
        _ => false,
    };
    if nothing_in_common {
        return FetchError::TlsUnsupported { why: error.to_string() };
    }
    let problem = TlsProblem::of(error);
    let why = match (problem, error) {
        (Some(problem), _) => problem.to_string(),
        (None, Tls::InvalidMessage(_)) => format!("对方没有按 TLS 应答（{error}）"),
        (None, _) => error.to_string(),
    };
    FetchError::Tls { problem, why }
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError, PeerIncompatible};

    use super::*;

    #[test]
    fn what_a_handshake_ended_with_is_old_foreign_or_broken() {
        use rustls::Error as Tls;
        let code = |error: Tls| (of_tls(&error).as_code(), TlsProblem::of(&error).map(TlsProblem::as_code));
        // Nothing in common: a site of old TLS or of 国密, not one that is gone.
        for alert in [
            AlertDescription::ProtocolVersion,
            AlertDescription::HandshakeFailure,
            AlertDescription::InsufficientSecurity,
        ] {
            assert_eq!(code(Tls::AlertReceived(alert)).0, "tls-unsupported", "{alert:?}");
        }
        let foreign = CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: Vec::new(),
            public_key_algorithm_id: Vec::new(),
        };
        for error in [
            Tls::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            Tls::InvalidMessage(InvalidMessage::UnknownProtocolVersion),
            Tls::InvalidCertificate(foreign),
        ] {
            assert_eq!(code(error.clone()).0, "tls-unsupported", "{error}");
        }
        // Broken, or refused: that is the site's fault.
        for error in [
            Tls::AlertReceived(AlertDescription::InternalError),
            Tls::AlertReceived(AlertDescription::UnrecognisedName),
            Tls::InvalidMessage(InvalidMessage::InvalidContentType),
            Tls::DecryptError,
        ] {
            assert_eq!(code(error.clone()), ("tls", None), "{error}");
        }
        let self_made =
            CertificateError::Other(OtherError(std::sync::Arc::new(std::io::Error::other("CaUsedAsEndEntity"))));
        for (problem, wanted) in [
            (CertificateError::Expired, "expired"),
            (CertificateError::NotValidYet, "not-yet-valid"),
            (CertificateError::NotValidForName, "wrong-name"),
            (CertificateError::UnknownIssuer, "unknown-issuer"),
            (self_made, "unknown-issuer"),
            (CertificateError::Revoked, "revoked"),
            (CertificateError::BadEncoding, "malformed"),
            (CertificateError::InvalidPurpose, "malformed"),
        ] {
            assert_eq!(code(Tls::InvalidCertificate(problem.clone())), ("tls", Some(wanted)), "{problem:?}");
        }
    }
}
