//! Whether a site answers addresses that were never there with a page: the probe, one a host in some days.
//!
//! Where a hit's address shows an innocent page with status 200, an officer wants to know whether the page was taken down (the site
//! shows the same for any address nobody ever made) or its words were changed. So the site is asked once for a made-up address
//! beside the hit's. Robots and the host's turn hold as ever. A page that only a browser can show proves nothing: a shell that is
//! filled by script is the same under all addresses while the offer stands. Start at [`Shared::is_soft_404`].

use std::sync::{Arc, PoisonError};

use jianzheng_core::address;
use jianzheng_core::page::Extract;
use jiff::SignedDuration;
use url::Url;

use super::manners::{hop_pause, may_go_on};
use super::reading::Content;
use super::traps::Text;
use super::visit::{Ask, fetch};
use super::{Failure, Shared, walls};
use crate::crawl::frontier::Lease;
use crate::store::{Changes, Depicted, MadeUp};

/// So long what a host answered holds.
const HOLDS: SignedDuration = SignedDuration::from_hours(72);

impl Shared {
    /// Whether the page that an address shows (an innocent one at a hit's, or the same offer once more) is what the host shows for any
    /// address; none where nobody can tell.
    pub(super) async fn is_soft_404(
        self: &Arc<Self>,
        changes: &mut Changes,
        lease: &Lease,
        url: &Url,
        extract: &Extract,
    ) -> Result<Option<bool>, Failure> {
        if extract.needs_eyes {
            return Ok(None);
        }
        let known = self.store.host(lease.host()).await?.and_then(|facts| facts.made_up);
        let fresh = known.filter(|known| self.clock.now().duration_since(known.time).abs() < HOLDS);
        let made_up = match fresh {
            Some(known) => known,
            None => match self.probe(lease, url).await? {
                Some(answer) => {
                    self.host_made_up(changes, lease.host(), answer.clone()).await?;
                    answer
                }
                None => return Ok(None),
            },
        };
        Ok(Some(made_up.text.is_some_and(|text| Text::from(text).is_as(Text::of(extract)))))
    }

    /// Asks for an address beside `url` that nobody ever made. A wall, a refusal, part of a page and a shell tell nothing of what the
    /// site shows there.
    async fn probe(self: &Arc<Self>, lease: &Lease, url: &Url) -> Result<Option<MadeUp>, Failure> {
        let probe = made_up(url, self.round);
        let first = self.probed.lock().unwrap_or_else(PoisonError::into_inner).insert(lease.host().to_owned());
        let access = self.robots_cache.known(url);
        let barred = !may_go_on(self.robots, access.as_deref(), &probe);
        if !first || barred || self.fetcher.check(&probe).is_err() {
            return Ok(None);
        }
        self.fetcher.rest(hop_pause(self, url)).await;
        self.frontier.charge(lease.host(), 1).await;
        let Ok(answer) = fetch(self, lease, &probe, Ask::default()).await else { return Ok(None) };
        let look = self.look_of(answer, false, Depicted::default()).await?;
        let text = match &look.read.content {
            Content::Page(page) => {
                let shows = look.read.part.is_none()
                    && !page.0.needs_eyes
                    && !walls::is_wall_page(&self.rules, &page.0, &look.final_url);
                if !shows {
                    return Ok(None);
                }
                Some(Text::of(&page.0).into())
            }
            _ => {
                let to_wall = look.onward.as_ref().is_some_and(walls::is_wall);
                if to_wall || walls::refused_by(look.status).is_some() {
                    return Ok(None);
                }
                None
            }
        };
        Ok(Some(MadeUp { time: self.clock.now(), status: look.status, text }))
    }
}

/// An address in the same folder and with the same ending, of a name that is no word.
fn made_up(url: &Url, round: u64) -> Url {
    let mut probe = url.clone();
    probe.set_query(None);
    let path = url.path();
    let folder = &path[..path.rfind('/').map_or(0, |at| at + 1)];
    let name = &path[folder.len()..];
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let number = url.as_str().bytes().fold(round.wrapping_add(0x9E37_79B9_7F4A_7C15), |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    probe.set_path(&format!("{folder}x{number:016x}{ending}"));
    address::canonical(&probe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_address_lies_beside_the_real_one() {
        let of = |url: &str, round| made_up(&Url::parse(url).unwrap(), round).to_string();
        let probe = of("http://a.example:8080/sell/88.html?x=1", 3);
        assert!(probe.starts_with("http://a.example:8080/sell/x") && probe.ends_with(".html"), "{probe}");
        assert_eq!(probe, of("http://a.example:8080/sell/88.html?x=1", 3));
        assert_ne!(probe, of("http://a.example:8080/sell/88.html?x=1", 4));
        assert!(of("http://a.example/", 1).starts_with("http://a.example/x"));
    }
}
