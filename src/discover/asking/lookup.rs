//! Finds the address behind a source's own link by asking the source, never by following it.
//!
//! Every request goes to a host of the source's link rules; the address it ends at is not asked here. Start at [`resolve`].

use url::Url;

use super::cookies::Jar;
use super::{Net, NetError};
use crate::discover::definition::{Definition, LinkWay};
use crate::discover::reading::{rule_for, sent_to_wall};
use crate::discover::redirects::{MAX_HOPS, next_address};
use crate::discover::request::Request;

/// What came of a link.
pub(super) enum Behind {
    /// The real address.
    Address(Url),
    /// The source does not tell of this one.
    Nothing,
    /// The source tells nothing at all: ask no more.
    Refused,
}

/// Looks up `link`, a link of the source that lives at `base`.
pub(super) async fn resolve<N: Net>(
    net: &N,
    definition: &Definition,
    base: &Url,
    own: bool,
    jar: &Jar,
    link: &Url,
) -> Behind {
    let own_host = base.host_str();
    let leads_on = |url: &Url| {
        rule_for(definition, own_host, url).is_some_and(|rule| !matches!(rule.way, LinkWay::Keep | LinkWay::Drop))
    };
    let mut url = link.clone();
    for _ in 0..MAX_HOPS {
        let headers = definition.question.headers.clone();
        let ours = own && url.host_str() == own_host && url.port_or_known_default() == base.port_or_known_default();
        let mut request = Request { url: url.clone(), headers, own: ours };
        jar.dress(&mut request);
        let reply = match net.get(request).await {
            Ok(reply) => reply,
            Err(NetError::Forbidden(_)) => return Behind::Nothing,
            Err(_) => return Behind::Refused,
        };
        if matches!(reply.status, 401 | 403 | 429) || sent_to_wall(definition, &reply) {
            return Behind::Refused;
        }
        match next_address(&reply) {
            Some(next) if leads_on(&next) => url = next,
            Some(next) => return Behind::Address(next),
            None => return Behind::Nothing,
        }
    }
    Behind::Nothing
}
