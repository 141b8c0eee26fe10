//! What pictures of a page are known to show, kept with hits and hosts: a picture is fetched once, and judged with again and again.
//! Start at [`Depicted`].

use jianzheng_core::page::{Extract, Picture, PictureKind};
use serde::{Deserialize, Serialize};

use super::{Hit, HostFacts};

/// Pictures of one page and of one host whose looks are kept.
const PICTURES: usize = 16;
/// Letters of a picture's address that are kept.
const ADDRESS: usize = 512;
/// Letters of one code.
const CODE: usize = 2048;

/// How a picture looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPicture {
    /// It is the site's icon.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub icon: bool,
    /// Perceptual hash in hexadecimal.
    pub look: String,
    /// Its address.
    pub url: String,
}

impl KeptPicture {
    /// None of a screen, which each look takes anew, nor of a picture inside the page, which each reading decodes.
    pub fn of(picture: &Picture) -> Option<KeptPicture> {
        let fetched = picture.kind != PictureKind::Screen && !picture.url.starts_with("data:");
        fetched.then(|| KeptPicture {
            icon: picture.kind == PictureKind::Icon,
            look: format!("{:016x}", picture.look),
            url: picture.url.clone(),
        })
    }

    fn to_picture(&self) -> Option<Picture> {
        let kind = if self.icon { PictureKind::Icon } else { PictureKind::Image };
        Some(Picture { kind, look: u64::from_str_radix(&self.look, 16).ok()?, url: self.url.clone() })
    }
}

/// What pictures show: of one picture as it was decoded, or of a page as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depicted {
    /// What their QR codes say.
    pub codes: Vec<String>,
    /// How they look.
    pub pictures: Vec<Picture>,
}

impl Depicted {
    /// What is known of a hit's page.
    pub fn of_hit(hit: &Hit) -> Depicted {
        let pictures = hit.pictures.iter().filter_map(KeptPicture::to_picture).collect();
        Depicted { codes: hit.codes.clone(), pictures }
    }

    /// What is known of pictures that a host's pages share.
    pub fn of_host(facts: &HostFacts) -> Depicted {
        let pictures = facts.pictures.iter().filter_map(KeptPicture::to_picture).collect();
        Depicted { codes: Vec::new(), pictures }
    }

    /// Puts what is new to it into a page's extract; false where nothing was.
    pub fn put_into(&self, extract: &mut Extract) -> bool {
        let before = (extract.qr.len(), extract.pictures.len());
        for code in &self.codes {
            let code: String = code.chars().take(CODE).collect();
            if !extract.qr.contains(&code) {
                extract.qr.push(code);
            }
        }
        for picture in &self.pictures {
            let url = picture.url.chars().take(ADDRESS).collect();
            let picture = Picture { url, ..picture.clone() };
            if extract.pictures.len() < PICTURES && !extract.pictures.contains(&picture) {
                extract.pictures.push(picture);
            }
        }
        before != (extract.qr.len(), extract.pictures.len())
    }
}

impl HostFacts {
    /// Keeps a picture among those that the host's pages may share, the icon before others; false where it is known.
    pub fn keep_picture(&mut self, picture: KeptPicture) -> bool {
        if self.pictures.contains(&picture) {
            return false;
        }
        self.pictures.retain(|known| known.url != picture.url);
        match picture.icon {
            true => self.pictures.insert(0, picture),
            false => self.pictures.push(picture),
        }
        self.pictures.truncate(PICTURES);
        true
    }
}
