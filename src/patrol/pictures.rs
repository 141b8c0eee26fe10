//! Pictures of pages in a round: which are fetched, what they say and how they look, and the pages judged again with that.
//!
//! A picture is fetched once, like any other address, with its host's turn and its robots.txt; it comes after its page. What it shows
//! goes into the page's extract, so that whoever judges the page again sees it, into the hit's record for later looks, and into the
//! host's for other pages that show the same. Start at [`addresses`] and `Shared::pictured`.

use jianzheng_core::address;
use jianzheng_core::cloaking::cloaks_of;
use jianzheng_core::page::{Extract, Picture, PictureKind};
use url::Url;

use super::rendering::marked;
use super::{Failure, Shared, reading};
use crate::cases;
use crate::crawl::frontier::Lease;
use crate::crawl::picture::Shown;
use crate::crawl::{picture, qr};
use crate::store::{Changes, HostFacts, KeptPicture, Page, Via, extract_form};

pub use crate::store::Depicted;

/// Pictures of one page that are fetched, its icon aside.
const IMAGES: usize = 8;
/// Narrower and lower pictures hold no QR code that a phone could read.
const SMALL: u32 = 40;
/// Pictures written into one page that are decoded.
const INLINE: usize = 4;
/// Where browsers look for an icon of which the page says nothing.
const ICON: &str = "/favicon.ico";

/// Where the icon of a page lies; none where it is written into the page.
pub fn icon_of(extract: &Extract, url: &Url) -> Option<Url> {
    let named = if extract.icon.is_empty() { ICON } else { &extract.icon };
    address::resolve(url, named).map(|icon| address::canonical(&icon))
}

/// The pictures of a page that are worth fetching, each once, its icon first.
pub fn addresses(extract: &Extract, url: &Url) -> Vec<Url> {
    let large = |(w, h): (u32, u32)| (w == 0 || w >= SMALL) && (h == 0 || h >= SMALL);
    let images = extract.images.iter().filter(|image| large(image.size));
    let images = images.filter_map(|image| address::resolve(url, &image.src)).map(|image| address::canonical(&image));
    let icon = icon_of(extract, url);
    let room = IMAGES + usize::from(icon.is_some());
    let mut found: Vec<Url> = Vec::new();
    for address in icon.into_iter().chain(images) {
        if found.len() >= room {
            break;
        }
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// Decodes the pictures that are written into the page itself.
pub fn with_inline(mut extract: Extract) -> Extract {
    let images = extract.images.iter().map(|image| (PictureKind::Image, image.src.as_str()));
    let sources = std::iter::once((PictureKind::Icon, extract.icon.as_str())).chain(images);
    let inline = sources.filter_map(|(kind, source)| Some((kind, qr::data_url(source)?))).take(INLINE);
    let mut depicted = Depicted::default();
    for (kind, bytes) in inline {
        let Shown { codes, look } = picture::read(&bytes);
        depicted.codes.extend(codes);
        depicted.pictures.extend(look.map(|look| Picture { kind, look, url: "data:".to_owned() }));
    }
    depicted.put_into(&mut extract);
    extract
}

/// What is known of the page's pictures, as far as it still shows any.
pub fn put_known(known: &Depicted, extract: &mut Extract, url: &Url) {
    let shows_any = !extract.images.is_empty();
    let (icon, mut pictures) = (icon_of(extract, url), known.pictures.clone());
    pictures.retain_mut(|picture| {
        let is_icon = icon.as_ref().is_some_and(|icon| icon.as_str() == picture.url);
        picture.kind = if is_icon { PictureKind::Icon } else { PictureKind::Image };
        let shows =
            |src: &str| address::resolve(url, src).is_some_and(|src| address::canonical(&src).as_str() == picture.url);
        is_icon || extract.images.iter().any(|image| shows(&image.src))
    });
    let codes = if shows_any { known.codes.clone() } else { Vec::new() };
    Depicted { codes, pictures }.put_into(extract);
}

impl Shared {
    /// What pictures of a page are known to show before it is fetched: those of its hit, and those that its host's pages share.
    pub(super) async fn known_pictures(&self, lease: &Lease) -> Result<Depicted, Failure> {
        let mut known = Depicted::default();
        if let Some(facts) = self.store.host(lease.host()).await? {
            known = Depicted::of_host(&facts);
        }
        if let Via::Recheck { hit } = lease.via()
            && let Some(hit) = self.store.hit(*hit).await?
        {
            let of_hit = Depicted::of_hit(&hit);
            known.codes = of_hit.codes;
            known.pictures.splice(0..0, of_hit.pictures);
        }
        Ok(known)
    }

    /// A picture of a page came after the page: what it shows belongs to it, and it is judged again with that. The caller holds the
    /// page's turn until the change set is committed, since another picture of it changes the same records.
    pub(super) async fn pictured(
        &self,
        changes: &mut Changes,
        lease: &Lease,
        seq: u64,
        shown: &Shown,
    ) -> Result<(), Failure> {
        let Some(mut page) = self.store.page(seq).await? else { return Ok(()) };
        let Some(mut extract) = self.store.extract(seq).await?.and_then(|bytes| extract_form::unpack(&bytes)) else {
            return Ok(());
        };
        let Ok(url) = Url::parse(&page.final_url) else { return Ok(()) };
        let is_icon = icon_of(&extract, &url).is_some_and(|icon| icon.as_str() == lease.url());
        let kind = if is_icon { PictureKind::Icon } else { PictureKind::Image };
        let picture = shown.look.map(|look| Picture { kind, look, url: lease.url().to_owned() });
        if let Some(kept) = picture.as_ref().and_then(KeptPicture::of) {
            share(changes, page.host.clone(), kept);
        }
        let depicted = Depicted { codes: shown.codes.clone(), pictures: picture.into_iter().collect() };
        if !depicted.put_into(&mut extract) {
            return Ok(());
        }
        changes.put_extract(seq, extract_form::pack(&extract));
        let speaks = !shown.codes.is_empty() || self.terms.baselines.have_pictures();
        if speaks {
            self.judged_again(changes, &mut page, &extract, &url).await?;
            changes.put_page(page);
        }
        Ok(())
    }

    async fn judged_again(
        &self,
        changes: &mut Changes,
        page: &mut Page,
        extract: &Extract,
        url: &Url,
    ) -> Result<(), Failure> {
        let mut verdict = reading::judge_all(&self.rules, extract, url, &cloaks_of(&page.cloaks), &self.terms);
        if page.rendering.as_ref().is_some_and(|rendering| rendering.decided) {
            verdict = marked(verdict);
        }
        page.verdict = Some(verdict.kind.as_str().to_owned());
        page.score = verdict.score;
        if verdict.kind.is_hit() {
            page.capture = self.for_good(page.capture.take()).await?;
            let hit = self.hit(&page.url, &page.via, page, extract, &verdict).await?;
            let sighting = self.sighting(hit, &verdict).await?;
            changes.then(cases::sighting(sighting));
        }
        Ok(())
    }
}

/// Keeps a picture for other pages of the host.
fn share(changes: &mut Changes, host: String, picture: KeptPicture) {
    changes.then(move |tx| {
        let mut facts = tx.host(&host)?.unwrap_or_else(|| HostFacts { host, ..HostFacts::default() });
        match facts.keep_picture(picture) {
            true => tx.put_host(facts).map(|()| None),
            false => Ok(None),
        }
    });
}
