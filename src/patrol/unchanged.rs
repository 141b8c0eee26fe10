//! Pages that a server says have not changed: asked for with what it called our copy, judged again by the extract we kept.
//!
//! "Not modified" (304) is a look like any other, dated, with the exchange as its capture. It is never a page of its own, and never a
//! sign that something is gone. A hit is always asked for whole: evidence of a later day has to show what stood there that day,
//! and a server that hides its page would be glad to answer "not modified" for ever. For the same reason a copy serves four
//! weeks and no longer, and one that today's rules call a hit is fetched again at once. Start at [`known`].

use std::sync::Arc;

use jianzheng_core::page::Extract;
use jianzheng_core::verdict::Verdict;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::links::{self, From};
use super::visit::{self, Ask};
use super::{Failure, Shared, manners, reading};
use crate::crawl::client::Answer;
use crate::crawl::frontier::{Kind, Lease};
use crate::evidence::Series;
use crate::store::{Capture, Changes, CopyTags, Depicted, Outcome, Unchanged, Via, extract_form};

/// So long a copy is asked about; then the page is fetched whole.
const SERVES: SignedDuration = SignedDuration::from_hours(28 * 24);
/// Bytes of a tag that are kept; longer ones are no server's.
const LONGEST: usize = 256;

/// A page that we have, and what its server called it.
pub(super) struct Known {
    pub(super) tags: CopyTags,
    since: Unchanged,
    extract: Extract,
}

/// What the server calls the page that just came, where it came straight from its own address.
pub(super) fn tags_of(answer: &Answer) -> Option<CopyTags> {
    let field = |name: &str| {
        let value = answer.exchange.header(name).map(|value| value.trim().to_owned())?;
        let plain = !value.is_empty() && value.len() <= LONGEST && value.bytes().all(|b| matches!(b, 0x20..=0x7e));
        plain.then_some(value)
    };
    let straight = answer.exchange.status == 200 && answer.hops.is_empty();
    let tags = CopyTags { etag: field("etag"), modified: field("last-modified") };
    (straight && tags != CopyTags::default()).then_some(tags)
}

/// The copy that a revisit may ask about.
pub(super) async fn known(shared: &Shared, lease: &Lease) -> Result<Option<Known>, Failure> {
    let (Via::Revisit { page: seq } | Via::Seed { last: Some(seq), .. }) = lease.via() else { return Ok(None) };
    if lease.kind() == Kind::Image {
        return Ok(None);
    }
    let Some(page) = shared.store.page(*seq).await? else { return Ok(None) };
    let since = page.unchanged.clone().unwrap_or(Unchanged { page: page.seq, since: page.fetched });
    let Some(tags) = page.copy.filter(|_| page.url == lease.url() && serves(since.since, shared.clock.now())) else {
        return Ok(None);
    };
    let extract = shared.store.extract(*seq).await?.and_then(|bytes| extract_form::unpack(&bytes));
    Ok(extract.map(|extract| Known { tags, since, extract }))
}

/// A clock that was set back makes no copy eternal.
fn serves(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since).abs() < SERVES
}

/// The server says that the copy still is the page.
pub(super) async fn confirmed(
    shared: &Arc<Shared>,
    lease: Lease,
    url: &Url,
    answer: Answer,
    known: Known,
) -> Result<(), Failure> {
    let verdict = reading::judge(&shared.rules, &known.extract, url, &shared.terms);
    if verdict.kind.is_hit() {
        // Other rules than then: what accuses has to be there in full.
        shared.fetcher.rest(manners::hop_pause(shared, url)).await;
        shared.frontier.charge(lease.host(), 1).await;
        return match visit::fetch(shared, &lease, url, Ask::default()).await {
            Ok(answer) => visit::answered(shared, lease, answer).await,
            Err(error) => visit::failed_fetch(shared, lease, &error).await,
        };
    }
    keep(shared, lease, url, answer, known, &verdict).await
}

async fn keep(
    shared: &Arc<Shared>,
    lease: Lease,
    url: &Url,
    answer: Answer,
    known: Known,
    verdict: &Verdict,
) -> Result<(), Failure> {
    shared.host_answered(lease.host());
    let Known { tags, since, extract } = known;
    let status = answer.exchange.status;
    let look = shared.look_of(answer, false, Depicted::default()).await?;
    let capture = Capture::from(shared.keeper.keep(Series::Pages, look.read.encoded).await?);
    let seq = shared.store.page_seq();
    let mut changes = Changes::new();
    shared.host_seen(&mut changes, lease.host(), url).await?;
    let mut page = shared.page(&lease, seq, url.as_str());
    page.outcome = Outcome::Fetched { status };
    page.capture = Some(capture);
    page.copy = Some(tags);
    page.unchanged = Some(since);
    visit::judged_page(shared, &lease, &mut page, &extract, verdict);
    // Its own, so that the next visit finds it when this page's first record has aged out.
    changes.put_extract(seq, extract_form::pack(&extract));
    let shown = shared.page_read(lease.host(), verdict.names_certificates);
    let from = From {
        seq,
        url,
        depth: lease.depth(),
        via: lease.via(),
        shown,
        compares: shared.terms.baselines.have_pictures(),
    };
    let mut found = links::candidates(&from, &extract, verdict, shared.limits);
    shared.rein_in(&mut changes, &lease, &mut found).await?;
    found.extend(visit::revisit(shared, &lease, seq, false));
    changes.put_page(page);
    shared.progress.fetched(false);
    visit::end(shared, lease, seq, found, changes, None).await
}
