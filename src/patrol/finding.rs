//! From a verdict to a hit: what is written down of a page that an officer should see.
//!
//! Everything goes into the caller's change set, so that page, hit, case and log become true together. What follows from a
//! sighting for its case is the case service's.

use jianzheng_core::case::{self, Contacts};
use jianzheng_core::entities;
use jianzheng_core::likeness;
use jianzheng_core::page::Extract;
use jianzheng_core::schedule::{self, Seen};
use jianzheng_core::verdict::Verdict;
use url::Url;

use super::{Failure, Shared, guests};
use crate::cases;
use crate::config::Robots;
use crate::crawl::frontier::Lease;
use crate::evidence::{self, Series};
use crate::store::{
    Capture, CaseState, Changes, Entities, Hit, HitState, KeptPicture, KindScores, Page, StoreError, Via,
};

/// Hits with nearly the same text that are asked whether an officer called them innocent.
const TWINS: usize = 16;
/// Bits by which the numbers of one page's text differ from day to day, with its dates and adverts.
const SAME_TEXT: u32 = 10;

impl Shared {
    /// A look at a hit that another part of this round, or a fetch on another way, has taken already.
    pub(super) async fn seen_lately(&self, lease: &Lease) -> Result<bool, Failure> {
        let Via::Recheck { hit } = lease.via() else { return Ok(false) };
        let Some(hit) = self.store.hit(*hit).await? else { return Ok(true) };
        Ok(!schedule::due(hit.last_look, self.clock.now(), self.recheck_hours))
    }

    /// Whether a page that accuses nobody is a hit's own page as it stood, which other rules acquitted: then nobody took anything down.
    pub(super) async fn is_acquitted(&self, hit: u64, extract: &Extract) -> Result<bool, Failure> {
        let Some(hit) = self.store.hit(hit).await? else { return Ok(false) };
        let acquitted = hit.state != HitState::Gone && hit.notes.iter().any(|note| note == cases::ACQUITTED);
        let same = match (hit.text_number(), likeness::number_of(extract)) {
            (Some(was), Some(is)) => (was ^ is).count_ones() <= SAME_TEXT,
            // A short page has no number that says anything.
            (None, None) => true,
            _ => false,
        };
        Ok(acquitted && same)
    }

    /// The page is a hit: a new one, or one that is known.
    pub(super) async fn sighted(
        &self,
        changes: &mut Changes,
        lease: &Lease,
        page: &Page,
        extract: &Extract,
        verdict: &Verdict,
    ) -> Result<(), Failure> {
        let hit = self.hit(lease.url(), lease.via(), page, extract, verdict).await?;
        let sighting = self.sighting(hit, verdict).await?;
        changes.then(cases::sighting(sighting));
        Ok(())
    }

    /// A hit elsewhere with nearly the same text that an officer called innocent; none for a page that is known itself.
    async fn innocent_twin(&self, hit: &Hit) -> Result<Option<u64>, Failure> {
        let Some(text) = hit.text_number() else { return Ok(None) };
        if self.store.hit_by_url(&hit.final_url).await?.is_some() {
            return Ok(None);
        }
        for (id, _) in self.store.near_hits(text, TWINS).await? {
            let Some(other) = self.store.hit(id).await? else { continue };
            let wrong = self.store.case(other.case).await?.is_some_and(|case| case.state == CaseState::Wrong);
            // A twin of a twin leads to no officer's word of its own.
            let called = cases::is_innocent(&other) && other.label.as_deref() != Some(cases::TWIN);
            if wrong || called {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The hit with its target: the seller behind it, or the host that imitates.
    pub(super) async fn sighting(&self, hit: Hit, verdict: &Verdict) -> Result<cases::Sighting, Failure> {
        let kind = if verdict.fake_score >= verdict.seller_score { case::Kind::FakeSite } else { case::Kind::Seller };
        let platform = self.rules.routing().platform(&hit.host).is_some();
        let contacts = Contacts {
            phones: &hit.entities.phones,
            wechat: &hit.entities.wechat,
            qq: &hit.entities.qq,
            telegram: &hit.entities.telegram,
        };
        // A hacked official page is not its owner's doing: the case follows the seller.
        let (target, contacts) = case::target_of(kind, &hit.host, contacts, platform, &hit.final_url);
        let twin = self.innocent_twin(&hit).await?;
        Ok(cases::Sighting { hit, kind, target, contacts, twin })
    }

    pub(super) async fn hit(
        &self,
        url: &str,
        via: &Via,
        page: &Page,
        extract: &Extract,
        verdict: &Verdict,
    ) -> Result<Hit, Failure> {
        let ways = self.store.chain(via.clone()).await?;
        let (source, query) = ways.iter().find_map(origin).unwrap_or_default();
        let mut chain = Vec::with_capacity(ways.len());
        for way in &ways {
            chain.push(entities::mask_ids(&self.sentence(way).await?).into_owned());
        }
        chain.extend(page.note.clone());
        if let Some(line) = guests::sentence(page) {
            chain.insert(0, entities::mask_ids(&line).into_owned());
        }
        // Where redirects led here, the hit was found by the address that began them.
        let mut found_by = url.to_owned();
        for way in &ways {
            let Via::Redirect { page } = way else { break };
            if let Some(before) = self.store.page(*page).await? {
                found_by = before.url;
            }
        }
        let now = self.clock.now();
        let host = Url::parse(&page.final_url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
        let mut hit = Hit {
            id: 0,
            url: entities::mask_url(&found_by).into_owned(),
            final_url: page.final_url.clone(),
            host,
            verdict: String::new(),
            score: 0.0,
            kind_scores: KindScores::default(),
            route: String::new(),
            routes: Vec::new(),
            authority: None,
            notes: Vec::new(),
            case: 0,
            state: HitState::Up,
            first_seen: now,
            last_seen: now,
            last_look: now,
            missing_since: None,
            source,
            query,
            chain,
            entities: Entities::default(),
            cert_types: Vec::new(),
            areas: Vec::new(),
            title: extract.title.chars().take(200).collect(),
            reasons: Vec::new(),
            capture: page.capture.clone(),
            captures: page.looks.iter().filter_map(|look| look.capture.clone()).collect(),
            rules: String::new(),
            first_round: self.round,
            last_round: self.round,
            text: likeness::number_of(extract).map(|number| format!("{number:016x}")),
            codes: extract.qr.iter().take(8).cloned().collect(),
            pictures: extract.pictures.iter().filter_map(KeptPicture::of).collect(),
            rendering: page.rendering.clone(),
            seen_as: page.seen_as().map(|look| look.guest.clone()),
            cloaks: page.cloaks.clone(),
            label: None,
            robots_ignored: self.robots == Robots::Ignore,
            set_clock: self.clock.is_set(),
        };
        cases::Judgement::of(verdict, self.rules.hash()).put_into(&mut hit);
        Ok(hit)
    }

    /// A look at a hit found it missing, or saw nothing.
    pub(super) fn looked(&self, changes: &mut Changes, hit: u64, seen: Seen, capture: Option<&Capture>) {
        changes.then(cases::looked(cases::Look {
            hit,
            seen,
            capture: capture.cloned(),
            round: self.round,
            now: self.clock.now(),
        }));
    }

    /// A known hit came up again on another way.
    pub(super) fn again(&self, changes: &mut Changes, hit: &Hit, via: &Via) {
        let line = entities::mask_ids(&plain(via).unwrap_or_default()).into_owned();
        changes.then(cases::seen_again(hit.id, line));
    }

    /// The capture of a page that turned out to accuse somebody, moved to where nothing is thrown away.
    pub(super) async fn for_good(&self, capture: Option<Capture>) -> Result<Option<Capture>, Failure> {
        let Some(capture) = capture else { return Ok(None) };
        let (data, old) = (self.store.data().to_owned(), evidence::Capture::from(capture.clone()));
        let lifted = tokio::task::spawn_blocking(move || evidence::lift(&data, &old)).await;
        match lifted.map_err(|error| Failure::Broken(format!("读取证据的线程出错：{error}")))? {
            Ok(encoded) => Ok(Some(self.keeper.keep(Series::Hits, encoded).await?.into())),
            // It stays where it is, and its file stays with it.
            Err(error) => {
                tracing::error!(%error, "evidence of a late hit could not be copied");
                Ok(Some(capture))
            }
        }
    }

    /// One step of the way to a page, in Chinese.
    async fn sentence(&self, via: &Via) -> Result<String, StoreError> {
        if let Some(plain) = plain(via) {
            return Ok(plain);
        }
        let page = match via.page() {
            Some(seq) => self.store.page(seq).await?.map(|page| page.final_url),
            None => None,
        };
        let page =
            page.map(|url| entities::mask_url(&url).into_owned()).unwrap_or_else(|| "（已删除的页面）".to_owned());
        Ok(match via {
            Via::Link { text, .. } if text.trim().is_empty() => format!("{page} 上的链接"),
            Via::Link { text, .. } => format!("{page} 上的链接“{}”", text.trim()),
            Via::Redirect { .. } => format!("由 {page} 跳转而来"),
            Via::Qr { image, .. } => format!("{page} 上的二维码（图片 {}）", entities::mask_url(image)),
            Via::Image { .. } => format!("{page} 上的图片"),
            Via::Refresh { .. } => format!("由 {page} 自动跳转而来"),
            Via::Frame { .. } => format!("嵌在 {page} 的框架里"),
            Via::Revisit { .. } => format!("{page} 到期复看"),
            _ => page,
        })
    }
}

/// A way that tells of itself, without another page.
fn plain(via: &Via) -> Option<String> {
    Some(match via {
        Via::Seed { file, line, tags, .. } if tags.is_empty() => format!("种子清单 {file} 第 {line} 行"),
        Via::Seed { file, line, tags, .. } => format!("种子清单 {file} 第 {line} 行（{}）", tags.join("、")),
        Via::Source { source, query, page, rank, ad, .. } => {
            let ad = if *ad { "，广告" } else { "" };
            format!("{source} 搜索“{query}”第 {page} 页第 {rank} 条{ad}")
        }
        Via::Recheck { hit } => format!("线索 {hit} 到期复看"),
        Via::Tip { tip } => format!("举报 {tip}"),
        Via::Pivot { case, what } => format!("与案件 {case} 共用 {what}"),
        Via::Name { from } => format!("新出现的域名（{from}）"),
        _ => return None,
    })
}

/// The source and query at the beginning of a way.
fn origin(via: &Via) -> Option<(String, String)> {
    match via {
        Via::Source { source, query, .. } => Some((source.clone(), query.clone())),
        Via::Seed { .. } => Some(("seeds".to_owned(), String::new())),
        Via::Tip { .. } => Some(("tips".to_owned(), String::new())),
        Via::Name { from } => Some((from.clone(), String::new())),
        _ => None,
    }
}
