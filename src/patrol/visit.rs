//! One visit: a lease from the frontier, through robots and the guarded client, to what is kept of it.
//!
//! The order is what makes a crash harmless: the capture is durable first; then page, extract, hit, case, links and the end of
//! the lease are one transaction. Start at [`visit`].

use std::sync::Arc;
use std::time::Duration;

use jianzheng_core::address;
use jianzheng_core::cloaking::Guest;
use jianzheng_core::page::Extract;
use jianzheng_core::schedule::{self, Seen};
use jianzheng_core::verdict::Verdict;
use url::Url;

use super::guests::{self, Look};
use super::links::{self, From};
use super::manners::{Asked, ask_robots, hop_pause, may_go_on};
use super::reading::Content;
use super::rendering::Looked;
use super::traps::TRAP;
use super::{Failure, Shared, disguise, too_large, unchanged, walls, worth};
use crate::cases;
use crate::crawl::client::{Accept, Answer, FetchError, Get, Stage};
use crate::crawl::frontier::{Found, Heard, Kind, Lease};
use crate::crawl::retry;
use crate::crawl::robots::Access;
use crate::evidence::Series;
use crate::store::extract_form;
use crate::store::{Capture, Changes, CopyTags, Depicted, Outcome, Page, Via};

/// Bytes of one picture.
const IMAGE_BYTES: usize = 2 << 20;
/// What waits no longer than this is waited for within the round.
pub const WORTH_WAITING: Duration = Duration::from_secs(60);
/// Failures to connect in a row after which a host is left alone for the round.
const HOST_FAILURES: u32 = 5;
/// What the page of a hit is, that accuses nobody any more.
const TAKEN_DOWN: &str = "本站对不存在的网址也给这一页：原来的网页已经撤下";
const OTHER_PAGE: &str = "本站对不存在的网址给的不是这一页：原来的网页换了内容";
/// Failures that are the host's, or the way's to it.
const NETWORK: [&str; 9] = [
    "dns-none",
    "dns-failed",
    "connect",
    "tls",
    "tls-handshake",
    "tls-unsupported",
    "timeout-connect",
    "timeout-head",
    "broken",
];

/// Fetches, reads, keeps.
///
/// # Errors
/// Only what ends the round: the store or the disk. A page that cannot be had is a result.
pub(super) async fn visit(shared: Arc<Shared>, lease: Lease) -> Result<(), Failure> {
    let Ok(url) = Url::parse(lease.url()) else {
        return fail(&shared, lease, "bad-url", "网址无法解析".into(), None).await;
    };
    if shared.seen_lately(&lease).await? {
        shared.frontier.finish(lease, Vec::new(), Changes::new(), shared.now()).1.await?;
        return Ok(());
    }
    if let Some(why) = shared.is_trapped(&lease).await? {
        return fail(&shared, lease, TRAP, why, None).await;
    }
    if let Err(refusal) = shared.fetcher.check(&url) {
        return fail(&shared, lease, refusal.as_code(), refusal.to_string(), None).await;
    }
    let lease = match place(&shared, lease, &url).await {
        Ok(Some(lease)) => lease,
        Ok(None) => return Ok(()),
        Err(failed) => return failed_fetch(&shared, failed.0, &failed.1).await,
    };
    let lease = match ask_robots(&shared, lease, &url).await? {
        Asked::Allowed(lease) => lease,
        Asked::Later => return Ok(()),
        Asked::Barred(lease, access) => return barred(&shared, lease, &access).await,
    };

    let copy = unchanged::known(&shared, &lease).await?;
    let ask = Ask { copy: copy.as_ref().map(|known| known.tags.clone()), ..Ask::default() };
    match fetch(&shared, &lease, &url, ask).await {
        Ok(answer) => match copy.filter(|_| answer.exchange.status == 304) {
            Some(known) => unchanged::confirmed(&shared, lease, &url, answer, known).await,
            None => answered(&shared, lease, answer).await,
        },
        Err(error) => failed_fetch(&shared, lease, &error).await,
    }
}

/// Tells the frontier which address a lease is about to ask, where it does not know yet: of many names on one server the others then
/// wait. None: it has to wait itself.
async fn place(shared: &Shared, lease: Lease, url: &Url) -> Result<Option<Lease>, Box<(Lease, FetchError)>> {
    if shared.politeness.delay.is_zero() || shared.frontier.is_placed(&lease).await {
        return Ok(Some(lease));
    }
    match shared.fetcher.address(url).await {
        Ok(Some(ip)) if !shared.fetcher.is_units_own(ip) => Ok(shared.frontier.place(lease, ip, shared.now()).await),
        Ok(_) => Ok(Some(lease)),
        Err(error) => Err(Box::new((lease, error))),
    }
}

/// As whom an address is asked for, and beside what.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) guest: Guest,
    pub(super) referer: Option<String>,
    /// The copy that we have.
    pub(super) copy: Option<CopyTags>,
}

impl Default for Ask {
    fn default() -> Self {
        Ask { guest: Guest::Patrol, referer: None, copy: None }
    }
}

/// One GET for a lease, its redirects followed as far as its host and its robots.txt let them lead.
pub(super) async fn fetch(shared: &Shared, lease: &Lease, url: &Url, ask: Ask) -> Result<Answer, FetchError> {
    let image = lease.kind() == Kind::Image;
    let copy = ask.copy.unwrap_or_default();
    let get = Get {
        accept: if image { Accept::Image } else { Accept::Page },
        max_body: if image { IMAGE_BYTES } else { shared.terms.max_body },
        pause: hop_pause(shared, url),
        guest: ask.guest,
        referer: ask.referer,
        if_none_match: copy.etag,
        if_modified_since: copy.modified,
        ..Get::page(url.clone())
    };
    // A redirect within the host is part of the visit; another host has its own robots and its own turn.
    let own = address::host_key(url);
    let known = shared.robots_cache.known(url);
    let go_on = |next: &Url| address::host_key(next) == own && may_go_on(shared.robots, known.as_deref(), next);
    shared.fetcher.get_while(get, &go_on).await
}

async fn barred(shared: &Arc<Shared>, lease: Lease, access: &Access) -> Result<(), Failure> {
    match access {
        Access::Unreachable(error) => failed_fetch(shared, lease, error).await,
        Access::Failing(status) => {
            let say = format!("robots.txt 返回 {status}，按规矩暂不访问");
            fail(shared, lease, "robots-failing", say, Some(Seen::Unseen)).await
        }
        _ => fail(shared, lease, "robots", "网站的 robots.txt 不允许访问".into(), Some(Seen::Unseen)).await,
    }
}

pub(super) async fn failed_fetch(shared: &Arc<Shared>, lease: Lease, error: &FetchError) -> Result<(), Failure> {
    let connecting = matches!(
        error,
        FetchError::DnsNone { .. }
            | FetchError::DnsFailed { .. }
            | FetchError::Connect { .. }
            | FetchError::Handshake { .. }
            | FetchError::Timeout { .. }
    );
    if let FetchError::Timeout { stage: Stage::Head } = error {
        let heard = Heard { waited: shared.fetcher.patience(), ..Heard::default() };
        shared.frontier.heard(lease.host(), heard, shared.now()).await;
    }
    if connecting {
        let failures = shared.host_failed(lease.host());
        if failures == HOST_FAILURES {
            let why = format!("这个网站连续 {failures} 次连接失败（{error}），本轮不再访问");
            shared.frontier.drop_host(lease.host(), &why, shared.now()).await?;
        }
    }
    if retry::worth_retrying(Err(error))
        && lease.attempt() < shared.retries
        && let Some(wait) = retry::backoff(lease.attempt() + 1, shared.spread(lease.url()))
        && wait <= WORTH_WAITING
    {
        shared.frontier.retry(lease, shared.patience(wait), shared.now()).await;
        return Ok(());
    }
    let looks = disguise::look_after(shared, &lease, error).await?;
    let looks = match looks {
        Some(looks) if !looks.looks.is_empty() => {
            let known = shared.known_pictures(&lease).await?;
            return keep_looks(shared, lease, looks, None, known).await;
        }
        Some(looks) => looks.records(&shared.rules),
        None => Vec::new(),
    };
    // A name that is gone or a closed port is a sign that the site is gone, as long as our own line works. Behind a proxy
    // nobody can tell a dead site from a proxy that refuses us: there no port is told to be closed, and no name is asked for.
    let nothing_there = matches!(error, FetchError::DnsNone { .. } | FetchError::Connect { closed: true, .. });
    let gone = nothing_there && shared.line_works().await;
    let seen = if gone { Seen::Missing } else { Seen::Unseen };
    fail_looked(shared, lease, error.as_code(), error.to_string(), Some(seen), looks).await
}

/// Writes down that the URL was not looked at, and why.
async fn fail(shared: &Arc<Shared>, lease: Lease, code: &str, say: String, seen: Option<Seen>) -> Result<(), Failure> {
    fail_looked(shared, lease, code, say, seen, Vec::new()).await
}

/// The same where others were not answered either.
async fn fail_looked(
    shared: &Arc<Shared>,
    lease: Lease,
    code: &str,
    say: String,
    seen: Option<Seen>,
    looks: Vec<guests::Record>,
) -> Result<(), Failure> {
    shared.progress.failed(code);
    let mut changes = Changes::new();
    if NETWORK.contains(&code) {
        shared.host_lost(&mut changes, lease.host()).await?;
    }
    // Its robots.txt is an answer too, and may be all that a host ever says.
    if code.starts_with("robots")
        && let Ok(url) = Url::parse(lease.url())
    {
        shared.host_seen(&mut changes, lease.host(), &url).await?;
    }
    let seq = shared.store.page_seq();
    let mut page = shared.page(&lease, seq, lease.url());
    page.outcome = Outcome::Failed { code: code.to_owned(), say: say.clone() };
    page.looks = looks;
    changes.put_page(page);
    if let (Via::Recheck { hit }, Some(seen)) = (lease.via(), seen) {
        shared.looked(&mut changes, *hit, seen, None);
    }
    let unseen = (lease.kind() != Kind::Image).then_some(say);
    // What could not be seen today is asked again in its turn, or nobody would ever see it.
    let again = revisit(shared, &lease, seq, false).into_iter().collect();
    end(shared, lease, seq, again, changes, unseen).await
}

/// Ends the lease of a page with its changes; `unseen` says why its URL counts as not looked at.
pub(super) async fn end(
    shared: &Arc<Shared>,
    lease: Lease,
    seq: u64,
    found: Vec<Found>,
    changes: Changes,
    unseen: Option<String>,
) -> Result<(), Failure> {
    let mut changes = too_large::unless(shared, &lease, seq, changes);
    // A visit may have asked for more than one page, and its interval begins where it ends.
    if let Some(delay) = Url::parse(lease.url()).ok().and_then(|url| shared.own_delay(&url)) {
        shared.host_turn(&mut changes, lease.host(), delay, delay);
    }
    let pending = match unseen {
        None => shared.frontier.finish(lease, found, changes, shared.now()).1,
        Some(why) => shared.frontier.finish_unseen(lease, why, found, changes, shared.now()),
    };
    pending.await?;
    Ok(())
}

pub(super) async fn answered(shared: &Arc<Shared>, lease: Lease, answer: Answer) -> Result<(), Failure> {
    shared.host_answered(lease.host());
    let heard = Heard {
        address: answer.exchange.ip.filter(|ip| !shared.fetcher.is_units_own(*ip)),
        waited: answer.waited,
        bytes: answer.exchange.body.len() as u64,
    };
    shared.frontier.heard(lease.host(), heard, shared.now()).await;
    shared.progress.metrics().answered(answer.exchange.body.len(), answer.took);
    let status = answer.exchange.status;
    if retry::worth_retrying(Ok(status)) {
        let asked = answer.exchange.header("retry-after").and_then(|v| retry::retry_after(&v, answer.exchange.time));
        if let Some(wait) = asked.filter(|wait| *wait > WORTH_WAITING) {
            let until = shared.clock.now().checked_add(wait).unwrap_or(shared.clock.now());
            let why = format!("网站要求 {} 秒以后再来（HTTP {status}）", wait.as_secs());
            let mut changes = Changes::new();
            if !shared.politeness.delay.is_zero() {
                // What it asks for one page it asks for all, over restarts too.
                shared.frontier.host_until(lease.host(), std::time::Instant::now() + wait).await;
                shared.host_rests(&mut changes, lease.host(), until).await?;
            }
            shared.frontier.defer(lease, until, &why, changes, shared.now()).await?;
            return Ok(());
        }
        let backoff = retry::backoff(lease.attempt() + 1, shared.spread(lease.url()));
        if lease.attempt() < shared.retries
            && let Some(wait) = asked.or(backoff.map(|b| shared.patience(b))).filter(|wait| *wait <= WORTH_WAITING)
        {
            if asked.is_some() {
                shared.host_waits(lease.host(), wait).await?;
            }
            shared.frontier.retry(lease, wait, shared.now()).await;
            return Ok(());
        }
    }
    keep(shared, lease, answer).await
}

/// Reads the answer, keeps the capture, then everything else in one transaction.
async fn keep(shared: &Arc<Shared>, lease: Lease, answer: Answer) -> Result<(), Failure> {
    let tags = unchanged::tags_of(&answer);
    let known = shared.known_pictures(&lease).await?;
    let first = shared.look_of(answer, lease.kind() == Kind::Image, known.clone()).await?;
    let looks = disguise::look_on(shared, &lease, first).await?;
    keep_looks(shared, lease, looks, tags, known).await
}

/// Keeps what looks came to, of which one at least was answered. `tags`: what the server calls this copy.
async fn keep_looks(
    shared: &Arc<Shared>,
    lease: Lease,
    mut looks: guests::Looks,
    tags: Option<CopyTags>,
    known: Depicted,
) -> Result<(), Failure> {
    let picture = lease.kind() == Kind::Image;
    let shown = looks.to_be_shown();
    let one = &mut looks.looks[shown];
    let referer = shared.disguise.referer(one.guest);
    let looked = shared.look(&lease, &one.final_url, (one.guest, referer), &known, &mut one.read).await?;
    if matches!(&one.read.content, Content::Page(page) if page.1.kind.is_hit()) {
        looks.best = shown;
    }
    let looked = if looks.best == shown { looked } else { Looked::No };
    let (looks, encoded, seen) = looks.take_apart(&shared.rules);
    let series = series(&lease, &seen.content);
    let mut captures = Vec::with_capacity(encoded.len());
    for one in encoded {
        captures.push(Capture::from(shared.keeper.keep(series, one).await?));
    }
    let (status, onward, capture) = (seen.status, seen.onward, captures[seen.best].clone());
    let final_url = looked.end().map_or(seen.final_url, address::canonical);
    let seq = shared.store.page_seq();
    let mut changes = Changes::new();
    let mut found = Vec::new();
    shared.host_seen(&mut changes, lease.host(), &final_url).await?;
    let mut page = shared.page(&lease, seq, final_url.as_str());
    page.outcome = Outcome::Fetched { status };
    page.capture = Some(capture.clone());
    page.looks = guests::with_captures(looks, &captures);
    page.cloaks = seen.cloaks.iter().map(|cloak| cloak.name().to_owned()).collect();
    let accuses = matches!(&seen.content, Content::Page(judged) if judged.1.kind.is_hit());
    let unseen = match picture || accuses {
        true => None,
        false => walls::refused_by(status).or_else(|| walls::shows_none(status, onward.is_some())),
    };
    if let Some(target) = onward.as_ref().or(looked.onward()) {
        found.push(links::of_redirect(seq, target, lease.depth()));
    }
    found.extend(seen.ways.iter().map(|target| links::of_redirect(seq, target, lease.depth())));
    shared.keep_look(series, looked, &mut page).await?;
    let (mut hit, mut turn) = (false, None);
    match seen.content {
        Content::Page(judged) => {
            let (extract, verdict) = *judged;
            hit = verdict.kind.is_hit();
            judged_page(shared, &lease, &mut page, &extract, &verdict);
            // Of several looks nobody knows which one the server would call unchanged.
            page.copy = tags.filter(|_| seen.part.is_none() && !hit && page.looks.is_empty());
            changes.put_extract(seq, extract_form::pack(&extract));
            let shown = shared.page_read(lease.host(), hit || verdict.names_certificates);
            let from = From {
                seq,
                url: &final_url,
                depth: lease.depth(),
                via: lease.via(),
                shown,
                compares: shared.terms.baselines.have_pictures(),
            };
            found.extend(links::candidates(&from, &extract, &verdict, shared.limits));
            found.extend(links::of_codes(seq, &final_url, lease.depth(), &extract.qr, shared.limits));
            shared.read_under_pattern(lease.host(), &final_url, &extract, hit);
            found = shared.without_traps(&mut changes, found).await;
            if hit {
                shared.offered(&mut changes, &lease, &final_url, (&extract, &verdict)).await?;
                page.note = seen.part.map(str::to_owned);
                shared.sighted(&mut changes, &lease, &page, &extract, &verdict).await?;
            } else if let Via::Recheck { hit } = lease.via() {
                let saw = match walls::innocent_now(&shared.rules, &extract, &final_url) {
                    _ if seen.part.is_some() => Seen::Unseen,
                    Seen::Missing if shared.is_acquitted(*hit, &extract).await? => Seen::There { changed: false },
                    saw => shared.unless_hidden(*hit, saw, seen.cut).await?,
                };
                if saw == Seen::Missing {
                    let soft = shared.is_soft_404(&mut changes, &lease, &final_url, &extract).await?;
                    page.note = soft.map(|soft| if soft { TAKEN_DOWN } else { OTHER_PAGE }.to_owned());
                }
                shared.looked(&mut changes, *hit, saw, Some(&capture));
                if let Some(note) = &page.note {
                    changes.then(cases::seen_again(*hit, format!("复看：{note}")));
                }
            }
        }
        Content::Image(shown) => {
            if let Via::Image { page: on } = lease.via() {
                found.extend(links::of_codes(*on, &final_url, lease.depth(), &shown.codes, shared.limits));
                turn = Some(shared.page_turn(*on).await);
                shared.pictured(&mut changes, &lease, *on, &shown).await?;
            }
        }
        Content::Other => {
            if let Via::Recheck { hit } = lease.via() {
                let barred = onward.as_ref().is_some_and(|target| shared.fetcher.check(target).is_err());
                let saw = if barred { Seen::Unseen } else { walls::of_status(status, onward.as_ref()) };
                let saw = shared.unless_hidden(*hit, saw, seen.cut).await?;
                shared.looked(&mut changes, *hit, saw, Some(&capture));
            }
        }
    }
    shared.rein_in(&mut changes, &lease, &mut found).await?;
    if onward.is_none() {
        found.extend(revisit(shared, &lease, seq, hit));
    }
    shared.counted(&page);
    changes.put_page(page);
    shared.progress.fetched(hit);
    let ended = end(shared, lease, seq, found, changes, unseen).await;
    drop(turn);
    ended
}

/// A body in memory, counted until it has been read or its visit was dropped.
struct Held {
    shared: Arc<Shared>,
    bytes: usize,
    since: std::time::Instant,
}

impl Held {
    fn of(shared: &Arc<Shared>, bytes: usize) -> Held {
        shared.progress.metrics().holds(bytes);
        Held { shared: Arc::clone(shared), bytes, since: std::time::Instant::now() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.progress.metrics().judged(self.bytes, self.since.elapsed());
    }
}

impl Shared {
    /// Reads an answer when the processors have a turn for it. Its body is gone then: another large one may come.
    pub(super) async fn look_of(
        self: &Arc<Self>,
        answer: Answer,
        picture: bool,
        known: Depicted,
    ) -> Result<Look, Failure> {
        let (work, held) = (Arc::clone(self), Held::of(self, answer.exchange.body.len()));
        self.think(move || {
            let look = Look::of(answer, &work.rules, picture, &known, &work.terms);
            drop(held);
            look
        })
        .await
    }
}

/// Accusing pages, other looks at them and pictures that say something are kept for good.
fn series(lease: &Lease, content: &Content) -> Series {
    let accuses = match content {
        Content::Page(judged) => judged.1.kind.is_hit(),
        Content::Image(shown) => !shown.codes.is_empty(),
        Content::Other => false,
    };
    if accuses || matches!(lease.via(), Via::Recheck { .. }) { Series::Hits } else { Series::Pages }
}

pub(super) fn judged_page(shared: &Shared, lease: &Lease, page: &mut Page, extract: &Extract, verdict: &Verdict) {
    page.verdict = Some(verdict.kind.as_str().to_owned());
    page.score = verdict.score;
    page.rules = shared.rules.hash().to_owned();
    page.extract = true;
    page.charset = extract.charset.clone();
    tracing::debug!(url = %jianzheng_core::entities::mask_url(lease.url()), verdict = verdict.kind.as_str(), score = verdict.score, "judged");
}

/// When the page is looked at again of itself, visit after visit; pictures are not, and hits have their own calendar.
pub(super) fn revisit(shared: &Shared, lease: &Lease, seq: u64, hit: bool) -> Option<Found> {
    if hit || lease.kind() == Kind::Image || matches!(lease.via(), Via::Recheck { .. }) {
        return None;
    }
    let (known, via) = match lease.via() {
        // A seed stays one, however often it is looked at.
        Via::Seed { file, line, tags, .. } => {
            let seed = Via::Seed { file: file.clone(), line: *line, tags: tags.clone(), last: Some(seq) };
            (schedule::Found::Root, seed)
        }
        Via::Source { .. } => (schedule::Found::Root, Via::Revisit { page: seq }),
        _ => (schedule::Found::Innocent, Via::Revisit { page: seq }),
    };
    let when = schedule::next_visit(known, shared.clock.now())?;
    Some(Found {
        url: lease.url().to_owned(),
        host: lease.host().to_owned(),
        depth: lease.depth(),
        kind: Kind::Recheck,
        via,
        priority: worth::LEAST,
        not_before: Some(when),
    })
}
