//! The record of a protected site's page, against which pages of strangers are held.

use jianzheng_core::likeness::{self, PRINTS_VERSION, Picture, PictureKind, Prints};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, Table, time};

/// What a page of a protected site looked like when it was captured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its number, from 1; 0 asks the store for the next one, or for that of the same host and address.
    pub id: u64,
    /// The protected host.
    pub host: String,
    /// The page's address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// The authority whose host it is.
    pub authority: String,
    /// When.
    #[serde(with = "time")]
    pub captured: Timestamp,
    /// By whom.
    pub actor: String,
    /// The saved page it was made from; none of one that was fetched.
    pub file: Option<String>,
    /// Prints of the page.
    pub prints: StoredPrints,
    /// Icon and pictures: whether it is the icon, its look in hexadecimal, its address.
    pub pictures: Vec<(bool, String, String)>,
    /// The look of its first screen in hexadecimal, where a browser showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<String>,
}

impl Record for Baseline {
    const TABLE: Table = Table::Baselines;
}

/// Prints as they are kept. Numbers of 64 bits are hexadecimal: other readers of JSON have 53.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPrints {
    /// The way they were made.
    pub version: u16,
    text: Option<String>,
    shape: Option<String>,
    sample: Vec<u32>,
    title: Vec<u32>,
    files: Vec<String>,
    statistics: Vec<String>,
    forms: Vec<String>,
}

/// Bytes of an address that is kept, and pictures of a page.
const ADDRESS: usize = 1024;
const PICTURES: usize = 12;

impl Baseline {
    /// The record to keep; the store numbers it.
    pub fn new(what: likeness::Baseline, title: &str, authority: &str, captured: Timestamp, actor: &str) -> Self {
        let short = |text: &str| {
            text.chars()
                .scan(0, |bytes, c| {
                    *bytes += c.len_utf8();
                    (*bytes <= ADDRESS).then_some(c)
                })
                .collect::<String>()
        };
        let (screens, pictures): (Vec<_>, Vec<_>) =
            what.pictures.into_iter().partition(|picture| picture.kind == PictureKind::Screen);
        Self {
            id: 0,
            host: what.host,
            url: short(&what.url),
            title: title.chars().take(200).collect(),
            authority: authority.to_owned(),
            captured,
            actor: actor.chars().take(64).collect(),
            file: None,
            prints: StoredPrints::from(what.prints),
            pictures: pictures
                .into_iter()
                .take(PICTURES)
                .map(|picture| {
                    (picture.kind == PictureKind::Icon, format!("{:016x}", picture.look), short(&picture.url))
                })
                .collect(),
            screen: screens.first().map(|screen| format!("{:016x}", screen.look)),
        }
    }

    /// The inner form; none where its prints were made in another way than this program's.
    pub fn to_compare(&self) -> Option<likeness::Baseline> {
        let prints = self.prints.to_compare()?;
        let picture = |kind, look: &str, url: &str| {
            Some(Picture { kind, look: u64::from_str_radix(look, 16).ok()?, url: url.to_owned() })
        };
        let kind = |icon: bool| if icon { PictureKind::Icon } else { PictureKind::Image };
        let pictures = self.pictures.iter().filter_map(|(icon, look, url)| picture(kind(*icon), look, url));
        let screen = self.screen.iter().filter_map(|look| picture(PictureKind::Screen, look, &self.url));
        let pictures = pictures.chain(screen).collect();
        Some(likeness::Baseline { host: self.host.clone(), url: self.url.clone(), prints, pictures })
    }
}

impl From<Prints> for StoredPrints {
    fn from(prints: Prints) -> Self {
        let hexadecimal = |number: u64| format!("{number:016x}");
        let Prints { text, shape, sample, title, files, statistics, forms } = prints;
        let (text, shape) = (text.map(hexadecimal), shape.map(hexadecimal));
        Self { version: PRINTS_VERSION, text, shape, sample, title, files, statistics, forms }
    }
}

impl StoredPrints {
    fn to_compare(&self) -> Option<Prints> {
        let number = |text: &Option<String>| text.as_deref().and_then(|text| u64::from_str_radix(text, 16).ok());
        let ascending = |hashes: &[u32]| {
            let mut hashes = hashes.to_vec();
            hashes.sort_unstable();
            hashes
        };
        (self.version == PRINTS_VERSION).then(|| Prints {
            text: number(&self.text),
            shape: number(&self.shape),
            sample: ascending(&self.sample),
            title: ascending(&self.title),
            files: self.files.clone(),
            statistics: self.statistics.clone(),
            forms: self.forms.clone(),
        })
    }
}
