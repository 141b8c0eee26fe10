//! What a page leads to: which of its links, frames, refreshes, pictures and QR codes become candidates.
//!
//! Links stay on their host down to the depth that is set; from seeds, sources' results and hits one step goes off the host.
//! Nothing is fetched here and nothing is judged.

use jianzheng_core::address;
use jianzheng_core::page::Extract;
use jianzheng_core::verdict::Verdict;
use url::Url;

use super::pictures;
use super::worth::{self, Shown};
use crate::crawl::frontier::{Found, Kind};
use crate::store::Via;

/// Frames of one page that are followed.
const FRAMES: usize = 8;
/// Characters of a link's words that are kept.
const WORDS: usize = 60;

/// The page that is left.
#[derive(Debug)]
pub(super) struct From<'a> {
    /// Its number.
    pub seq: u64,
    /// Its final address.
    pub url: &'a Url,
    /// Steps from a seed or result.
    pub depth: u8,
    /// Why it was a candidate.
    pub via: &'a Via,
    /// What its host has shown, this page included.
    pub shown: Shown,
    /// There are baselines with pictures to compare its own with.
    pub compares: bool,
}

/// Limits of the unit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// `crawl.depth`.
    pub depth: u8,
    /// `crawl.links_per_page`.
    pub links: usize,
}

/// Candidates that the page leads to.
pub(super) fn candidates(from: &From, extract: &Extract, verdict: &Verdict, limits: Limits) -> Vec<Found> {
    let mut found = Vec::with_capacity(extract.links.len().min(limits.links));
    let own_host = address::host_key(from.url);
    let hit = verdict.kind.is_hit();
    let root = from.depth == 0 && !matches!(from.via, Via::Link { .. });
    let mut taken = 0;
    for link in &extract.links {
        if taken >= limits.links {
            break;
        }
        let Some(url) = page_address(from.url, &link.href) else { continue };
        // Most links stay, and then have their page's key.
        let alike = url.host_str() == from.url.host_str() && url.port() == from.url.port();
        let host = if alike { own_host.clone() } else { address::host_key(&url) };
        let same = host == own_host;
        let follow = if same { from.depth < limits.depth } else { root || hit };
        if !follow {
            continue;
        }
        taken += 1;
        let text = extract.text.get(link.at.clone()).unwrap_or_default();
        let depth = (from.depth + 1).min(limits.depth.max(1));
        let priority = worth::of_link(hit, same, from.shown);
        let words = text.char_indices().nth(WORDS).map_or(text, |(end, _)| &text[..end]);
        let via = Via::Link { page: from.seq, text: words.to_owned() };
        found.push(Found { host, url: url.into(), depth, kind: Kind::Page, via, priority, not_before: None });
    }
    for frame in extract.frames.iter().take(FRAMES) {
        if let Some(url) = page_address(from.url, frame) {
            found.push(page(url, from.depth, worth::GOOD, Via::Frame { page: from.seq }));
        }
    }
    for target in extract.redirects.iter().take(FRAMES) {
        if let Some(url) = page_address(from.url, target) {
            found.push(page(url, from.depth, worth::GOOD, Via::Refresh { page: from.seq }));
        }
    }
    if verdict.names_certificates {
        found.extend(pictures::addresses(extract, from.url).into_iter().map(|url| image(from, url)));
    } else if verdict.poses && from.compares {
        // Who looks like an authority without a word of certificates may still wear its icon.
        found.extend(pictures::icon_of(extract, from.url).map(|url| image(from, url)));
    }
    found
}

fn page(url: Url, depth: u8, priority: u8, via: Via) -> Found {
    Found { host: address::host_key(&url), url: url.into(), depth, kind: Kind::Page, via, priority, not_before: None }
}

/// Where QR codes of a picture lead.
pub fn of_codes(seq: u64, image: &Url, depth: u8, payloads: &[String], limits: Limits) -> Vec<Found> {
    payloads
        .iter()
        .filter_map(|payload| Url::parse(payload.trim()).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && address::trap(url).is_none())
        .map(|url| {
            let via = Via::Qr { page: seq, image: image.to_string() };
            page(address::canonical(&url), (depth + 1).min(limits.depth.max(1)), worth::BEST, via)
        })
        .collect()
}

/// Where a redirect to another host leads.
pub fn of_redirect(seq: u64, target: &Url, depth: u8) -> Found {
    page(address::canonical(target), depth, worth::GOOD, Via::Redirect { page: seq })
}

fn image(from: &From, url: Url) -> Found {
    Found { kind: Kind::Image, ..page(url, from.depth, worth::GOOD, Via::Image { page: from.seq }) }
}

/// The canonical address of something that can be a page.
fn page_address(base: &Url, href: &str) -> Option<Url> {
    let url = address::canonical(&address::without_session(address::resolve(base, href)?));
    (address::trap(&url).is_none() && !is_file(url.path())).then_some(url)
}

/// Endings of what is no page.
fn is_file(path: &str) -> bool {
    const ENDINGS: [&str; 28] = [
        "jpg", "jpeg", "png", "gif", "bmp", "webp", "svg", "ico", "css", "js", "zip", "rar", "7z", "gz", "pdf", "doc",
        "docx", "xls", "xlsx", "ppt", "pptx", "mp3", "mp4", "avi", "flv", "exe", "apk", "woff",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.iter().any(|e| ending.eq_ignore_ascii_case(e)))
}
