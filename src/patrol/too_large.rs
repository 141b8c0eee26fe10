//! Pages of which more would have to be written down than a record of the store holds.
//!
//! What a page's addresses and answers come to is its site's doing: such a page is one that was not looked at, with the reason, and
//! ends no round. Start at [`unless`].

use std::sync::Arc;

use jianzheng_core::schedule::Seen;

use super::Shared;
use crate::crawl::frontier::{Kind, Lease};
use crate::store::{Changes, NotLooked, Outcome, Via};

const CODE: &str = "record-too-large";
const SAY: &str = "这一页要记下的东西（网址、跳转、各次查看）超过一条记录的上限，没有保存";

/// The changes of a page, or that it was not looked at and why.
pub(super) fn unless(shared: &Arc<Shared>, lease: &Lease, seq: u64, changes: Changes) -> Changes {
    let (shared, mut page) = (Arc::clone(shared), shared.page(lease, seq, lease.url()));
    changes.unless_too_large(move |error| {
        tracing::warn!(%error, seq, "a page cannot be kept");
        shared.progress.failed(CODE);
        let mut instead = Changes::new();
        if page.kind != Kind::Image {
            let (round, url, why) = (page.round, page.url.clone(), SAY.to_owned());
            instead.put_not_looked(NotLooked { round, n: 0, url, why });
        }
        if let Via::Recheck { hit } = page.via {
            shared.looked(&mut instead, hit, Seen::Unseen, None);
        }
        page.outcome = Outcome::Failed { code: CODE.to_owned(), say: SAY.to_owned() };
        instead.put_page(page);
        instead
    })
}
