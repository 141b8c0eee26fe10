//! What a copy cannot help keeping: the prints of a page, and whose they are.
//!
//! Who imitates a look-up saves its page and changes the address it is sent to. [`Prints`] are what is left of a page when its
//! words are forgotten: numbers of its text, its layout, its title, names of its scripts and style sheets, ids of its visitor
//! statistics, the fields it asks for. [`compare`] tells what one page has of another, [`Baselines`] which protected site a page
//! was copied from, [`Index`] which of a million numbers are near one.
//!
//! Prints are made only where there is something to compare them with; the judge of an ordinary page pays nothing. A short page
//! has no prints of its text and layout, because all short pages are alike. Nothing here convicts: what a copy is worth is for
//! the rules. Start at [`Prints::of`] and [`Baselines::copied`].

mod baselines;
mod compare;
mod files;
mod forms;
mod index;
mod sketch;
mod statistics;
#[cfg(test)]
mod tests;

pub use baselines::{Baseline, Baselines};
pub use compare::{Copied, Part, compare, same_picture};
pub use index::{FARTHEST, Index, Near};

pub use crate::page::{Picture, PictureKind};

use crate::page::Extract;

/// Number of the way that prints are made; prints of another way cannot be compared with these.
pub const PRINTS_VERSION: u16 = 1;

/// Letters from which the text's simhash means something: below, one changed line moves it as far as another page would.
const LETTERS: usize = 200;
/// Letters below which even equal texts mean nothing: 首页, 404.
const SAYING: usize = 12;
/// Parts (blocks, links, images, fields, resources) from which the layout's simhash means something.
const PARTS: usize = 40;
/// Bytes of text that are read for prints; the rest of a long page adds nothing to 64 bits and a sample.
const TEXT: usize = 64 << 10;

/// The prints of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prints {
    /// Simhash of the text; none of a short one.
    pub text: Option<u64>,
    /// Simhash of the sequence of tags; none of a small page.
    pub shape: Option<u64>,
    /// The smallest hashes of the text's shingles, ascending: a sample that two pages draw alike.
    pub sample: Vec<u32>,
    /// Hashes of all pairs of neighbours in the title, ascending.
    pub title: Vec<u32>,
    /// Names of scripts and style sheets that are the site's own, without those that half the web has.
    pub files: Vec<String>,
    /// Ids of visitor statistics, each with the name of its service.
    pub statistics: Vec<String>,
    /// What each form asks for: kind and name of its fields.
    pub forms: Vec<String>,
}

impl Prints {
    /// The prints of a page.
    pub fn of(extract: &Extract) -> Prints {
        let text = crate::page::cut(&extract.text, TEXT);
        let letters = sketch::letters(text, LETTERS);
        Prints {
            text: number_of(extract),
            shape: Some(extract.fingerprint.shape).filter(|shape| *shape != 0 && parts(extract) >= PARTS),
            sample: if letters == 0 { Vec::new() } else { sketch::sample(text) },
            title: sketch::pairs(&extract.title),
            files: files::own(&extract.resources),
            statistics: statistics::of(extract),
            forms: forms::of(&extract.forms),
        }
    }
}

/// Simhash of the page's text, where the text is long enough for one: what near-duplicates are found by.
pub fn number_of(extract: &Extract) -> Option<u64> {
    let number = extract.fingerprint.text;
    (number != 0 && sketch::letters(&extract.text, LETTERS) >= LETTERS).then_some(number)
}

/// A number of every letter of a text that is too short for [`number_of`], its title among them: equal where, and in practice only where, the
/// texts are. None of a text that says next to nothing.
pub fn exact_number_of(extract: &Extract) -> Option<u64> {
    if sketch::letters(&extract.text, LETTERS) >= LETTERS {
        return None;
    }
    let (mut number, mut letters) = (0u64, 0);
    for c in extract.title.chars().chain(extract.text.chars()).filter(|c| crate::page::counts(*c)) {
        number = crate::page::mix(number.rotate_left(5) ^ u64::from(u32::from(c)));
        letters += 1;
    }
    (letters >= SAYING).then_some(number)
}

/// How much there is to lay out. The extract keeps no count of tags; these are what tags were for.
fn parts(extract: &Extract) -> usize {
    let fields: usize = extract.forms.iter().map(|form| form.fields.len()).sum();
    extract.blocks.len() + extract.links.len() + extract.images.len() + extract.resources.len() + fields
}
