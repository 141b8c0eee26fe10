//! The protected sites' prints, and which of them a page was copied from.
//!
//! Candidates come from what a page has in common with any baseline (a list by print) and from the indexes of layouts and
//! pictures; only they are compared, so a page costs the same with ten baselines and with ten thousand. Who has leave to look
//! like an authority is told here once: a host of the government or of the list of authorities, a host of the list of
//! innocents (archives that keep copies openly), and the captured site itself. Start at [`Baselines::copied`].

use rustc_hash::FxHashMap;
use url::Url;

use super::compare::{Copied, LOOK, Part, SCREEN, compare};
use super::{Index, Prints};
use crate::host::{self, Authorities};
use crate::page::{Extract, Picture, PictureKind, mix};

/// Baselines that are compared with one page, the ones with most in common first.
const COMPARED: usize = 32;
/// Baselines told of one print; a print that more have says nothing of whose it is.
const OWNERS: usize = 1_000;
/// Pictures or layouts near one that are taken.
const NEAR: usize = 64;

/// What a protected site looked like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The site's host.
    pub host: String,
    /// The page that was captured.
    pub url: String,
    /// Its prints.
    pub prints: Prints,
    /// Its icon and pictures, and its first screen where a browser showed it.
    pub pictures: Vec<Picture>,
}

/// All baselines, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Baselines {
    all: Vec<Baseline>,
    /// A print's hash → whose it is.
    owners: FxHashMap<u64, Vec<u32>>,
    shapes: Index,
    shape_of: Vec<u32>,
    looks: Index,
    /// Which baseline's, and which of its pictures.
    look_of: Vec<(u32, u32)>,
}

impl Baselines {
    /// These baselines.
    pub fn new(all: Vec<Baseline>) -> Baselines {
        let mut owners: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        let (mut shapes, mut shape_of, mut looks, mut look_of) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, baseline) in (0u32..).zip(&all) {
            for key in keys(&baseline.prints) {
                let of = owners.entry(key).or_default();
                if of.len() < OWNERS {
                    of.push(number);
                }
            }
            if let Some(shape) = baseline.prints.shape {
                shapes.push(shape);
                shape_of.push(number);
            }
            for (nth, picture) in (0u32..).zip(&baseline.pictures) {
                looks.push(picture.look);
                look_of.push((number, nth));
            }
        }
        let (shapes, looks) = match all.is_empty() {
            true => (Index::default(), Index::default()),
            false => (Index::new(&shapes), Index::new(&looks)),
        };
        Baselines { all, owners, shapes, shape_of, looks, look_of }
    }

    /// There are none: nothing has to be made of a page.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Some of them have pictures, so that a page's own are worth decoding.
    pub fn have_pictures(&self) -> bool {
        !self.looks.is_empty()
    }

    /// What the page at `url` has of a protected site: each part once, from where it shows most. Of its pictures only those
    /// count that somebody decoded. Empty for a page whose host has leave.
    pub fn copied(&self, authorities: &Authorities, extract: &Extract, url: &Url) -> Vec<Copied> {
        let host = host::host_of(url.as_str()).unwrap_or_default();
        if self.is_empty() || has_leave(authorities, &host) {
            return Vec::new();
        }
        let mut found = self.of_prints(&Prints::of(extract));
        found.extend(self.of_pictures(&extract.pictures));
        found.retain(|copied| !same_site(&host, &copied.host));
        found.sort_by(|a, b| a.part.cmp(&b.part).then(b.strength.total_cmp(&a.strength)));
        found.dedup_by_key(|copied| copied.part);
        found
    }

    fn of_prints(&self, prints: &Prints) -> Vec<Copied> {
        let mut common: FxHashMap<u32, u32> = FxHashMap::default();
        for key in keys(prints) {
            for owner in self.owners.get(&key).into_iter().flatten() {
                *common.entry(*owner).or_default() += 1;
            }
        }
        if let Some(shape) = prints.shape {
            for (place, _) in self.shapes.near(shape, 3, NEAR).found {
                *common.entry(self.shape_of[place as usize]).or_default() += 1;
            }
        }
        let mut candidates: Vec<(u32, u32)> = common.into_iter().map(|(owner, count)| (count, owner)).collect();
        candidates.sort_unstable_by_key(|(count, owner)| (u32::MAX - count, *owner));
        let mut found = Vec::new();
        for (_, owner) in candidates.into_iter().take(COMPARED) {
            let baseline = &self.all[owner as usize];
            let parts = compare(prints, &baseline.prints).into_iter();
            found.extend(parts.map(|(part, strength, detail)| baseline.copied(part, strength, detail)));
        }
        found
    }

    fn of_pictures(&self, pictures: &[Picture]) -> Vec<Copied> {
        let mut found = Vec::new();
        for picture in pictures {
            for (place, bits) in self.looks.near(picture.look, LOOK, NEAR).found {
                let (owner, nth) = self.look_of[place as usize];
                let baseline = &self.all[owner as usize];
                let theirs = &baseline.pictures[nth as usize];
                let screen = (picture.kind == PictureKind::Screen, theirs.kind == PictureKind::Screen);
                let (part, name) = match screen {
                    (true, true) if bits <= SCREEN => (Part::Layout, "浏览器里的第一屏"),
                    (true, _) | (_, true) => continue,
                    _ => {
                        let icons = picture.kind == PictureKind::Icon && theirs.kind == PictureKind::Icon;
                        // A picture of the page that looks like the site's icon is a copy of a picture.
                        let part = if icons { Part::Icon } else { Part::Picture };
                        (part, crate::page::cut(theirs.url.rsplit('/').next().unwrap_or_default(), 64))
                    }
                };
                let detail = match bits {
                    0 => format!("{name} 看起来一样"),
                    bits => format!("{name} 看起来一样，指纹只差 {bits} 位（共 64 位）"),
                };
                found.push(baseline.copied(part, 1.0 - f64::from(bits) / 16.0, detail));
            }
        }
        found
    }
}

impl Baseline {
    fn copied(&self, part: Part, strength: f64, detail: String) -> Copied {
        Copied { part, strength, detail, host: self.host.clone(), url: self.url.clone() }
    }
}

/// May this host look like an authority?
fn has_leave(authorities: &Authorities, host: &str) -> bool {
    host::is_government(host) || authorities.by_host(host).is_some() || authorities.innocent_of(host).is_some()
}

fn same_site(a: &str, b: &str) -> bool {
    let below = |host: &str, parent: &str| host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    a == b || below(a, b) || below(b, a)
}

/// A hash of each print of a page, the kind of print in it.
fn keys(prints: &Prints) -> Vec<u64> {
    let number = |kind: u64| move |hash: &u32| mix(u64::from(*hash) | kind << 40);
    let text = |kind: u64| move |text: &String| text.bytes().fold(mix(kind << 40), |sum, b| mix(sum ^ u64::from(b)));
    let samples = prints.sample.iter().map(number(1)).chain(prints.title.iter().map(number(2)));
    let names = prints.files.iter().map(text(3)).chain(prints.statistics.iter().map(text(4)));
    samples.chain(names).chain(prints.forms.iter().map(text(5))).collect()
}
