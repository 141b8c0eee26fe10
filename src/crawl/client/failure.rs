//! From what reqwest reports to a [`FetchError`]: the cause lies somewhere down its chain of sources.
//!
//! It must not leak the text of a page or an address of ours into a message beyond what the libraries say. Start at [`of`].

use std::error::Error;

use super::answer::{FetchError, Stage};
use crate::crawl::resolver::ResolveError;
use crate::crawl::tls::TlsProblem;

/// The failure of a request that got no head.
pub(super) fn of(error: &reqwest::Error) -> FetchError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut deepest = error.to_string();
    while let Some(cause) = next {
        if let Some(found) = known(cause) {
            return found;
        }
        deepest = cause.to_string();
        next = match cause.downcast_ref::<std::io::Error>() {
            // An io::Error passes over what it wraps when asked for its source.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    let why: String = deepest.chars().take(200).collect();
    if error.is_timeout() {
        FetchError::Timeout { stage: if error.is_connect() { Stage::Connect } else { Stage::Head } }
    } else if error.is_connect() {
        FetchError::Connect { why }
    } else if error.is_builder() {
        FetchError::BadRequest { why }
    } else {
        FetchError::Broken { why }
    }
}

fn known(cause: &(dyn Error + 'static)) -> Option<FetchError> {
    if let Some(error) = cause.downcast_ref::<ResolveError>() {
        return Some(match error.clone() {
            ResolveError::Refused(refusal) => FetchError::Refused(refusal),
            ResolveError::None(name) => FetchError::DnsNone { name },
            ResolveError::Failed(name) => FetchError::DnsFailed { name },
        });
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        let problem = TlsProblem::of(error);
        let why = problem.map_or_else(|| error.to_string(), |problem| problem.to_string());
        return Some(FetchError::Tls { problem, why });
    }
    // hyper has a word for this on its server side only; a test holds the text.
    let too_large = |error: &&hyper::Error| error.is_parse() && error.to_string() == "message head is too large";
    cause.downcast_ref::<hyper::Error>().filter(too_large).map(|_| FetchError::HeaderTooLarge)
}
