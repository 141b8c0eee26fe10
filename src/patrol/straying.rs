//! How far a way may stray from where it began: what pages lead to by their own doing, without end if they like.
//!
//! Depth bounds the links within a host. Redirects, refreshes, frames, codes and links to other hosts cost no depth, and a name server that
//! answers for every name makes new hosts for nothing: of such steps only so many follow one another, and only so many hosts of one
//! domain come in by links in a round. What is left out is listed as not looked at. Start at [`Shared::rein_in`].

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::PoisonError;

use jianzheng_core::entities::mask_ids;
use jianzheng_core::host::registrable;

use super::Shared;
use crate::crawl::client::MAX_REDIRECTS;
use crate::crawl::frontier::{Found, Lease};
use crate::store::{Changes, NotLooked, StoreError, Via};

/// Steps in a row that a page made by itself; as many as redirects within one visit.
const MAX_STEPS: u8 = MAX_REDIRECTS;
/// Pages that are looked back at for them.
const LOOK_BACK: usize = 64;
/// Hosts of one registrable domain that come in by links in a round.
const MAX_HOSTS: usize = 500;
/// Of one page, so many that were left out are listed.
const LISTED: usize = 20;

impl Shared {
    /// Leaves out of `found` what strays too far, and lists it.
    pub(super) async fn rein_in(
        &self,
        changes: &mut Changes,
        lease: &Lease,
        found: &mut Vec<Found>,
    ) -> Result<(), StoreError> {
        let strays = |found: &Found| {
            is_own_doing(&found.via) || (matches!(found.via, Via::Link { .. }) && found.host != lease.host())
        };
        if !found.iter().any(strays) {
            return Ok(());
        }
        let far = self.steps(lease).await? >= MAX_STEPS;
        let mut left_out = Vec::new();
        found.retain(|found| {
            let why = if !strays(found) {
                return true;
            } else if far {
                format!("一连 {MAX_STEPS} 步都是网页自己引向别处（跳转、框架、二维码、换网站），不再跟下去")
            } else if !self.takes_in(&found.host) {
                format!("本轮从 {} 下面已经收进 {MAX_HOSTS} 个网站，不再增加", mask_ids(registrable(bare(&found.host))))
            } else {
                return true;
            };
            left_out.push((found.url.clone(), why));
            false
        });
        for (url, why) in left_out.into_iter().take(LISTED) {
            changes.put_not_looked(NotLooked { round: self.round, n: 0, url, why });
        }
        Ok(())
    }

    /// Steps in a row, back from this page, that pages made by themselves.
    async fn steps(&self, lease: &Lease) -> Result<u8, StoreError> {
        let (mut via, mut host, mut steps) = (lease.via().clone(), lease.host().to_owned(), 0);
        for _ in 0..LOOK_BACK {
            // A page that is known from earlier is where a way begins.
            let Some(seq) = via.page().filter(|_| !matches!(via, Via::Revisit { .. })) else { break };
            let Some(page) = self.store.page(seq).await? else { break };
            steps += u8::from(is_own_doing(&via) || page.host != host);
            if steps >= MAX_STEPS {
                break;
            }
            (via, host) = (page.via, page.host);
        }
        Ok(steps)
    }

    /// Whether one more host of its domain comes in; one that is in already always does.
    fn takes_in(&self, host: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        host.hash(&mut hasher);
        let mut domains = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
        let hosts = domains.entry(registrable(bare(host)).to_owned()).or_default();
        hosts.contains(&hasher.finish()) || (hosts.len() < MAX_HOSTS && hosts.insert(hasher.finish()))
    }
}

/// What a page does without anybody following a link.
fn is_own_doing(via: &Via) -> bool {
    matches!(via, Via::Redirect { .. } | Via::Refresh { .. } | Via::Frame { .. } | Via::Qr { .. })
}

/// A queue's name without its port.
fn bare(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_make_no_hosts() {
        for (key, name) in [
            ("a.example:8080", "a.example"),
            ("a.example", "a.example"),
            ("[::1]:80", "[::1]"),
            ("[2001:db8::7]", "[2001:db8::7]"),
        ] {
            assert_eq!(bare(key), name);
        }
    }
}
