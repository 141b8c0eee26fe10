//! Bytes of a page to what judging needs of it: an [`Extract`].
//!
//! [`read`] decodes ([`charset`]), reads tokens ([`token`]) and makes the extract ([`extract`]): visible text with its blocks,
//! title, links, forms, images, meta data, first fingerprints. [`read_again`] does the same through a tree. A page is read once; the extract is kept, judged, and judged
//! again under new rules without the bytes. This module must not decide anything about guilt, and hostile input is not an
//! error: what was cut is in [`Extract::limits`]. [`tree`] builds real trees for source definitions' selectors, behind caps.

mod attribute;
mod carried;
pub mod charset;
mod css;
pub mod extract;
mod fingerprint;
mod lines;
mod parts;
mod reference;
mod script;
mod style;
mod tag;
pub mod token;
pub mod tree;
mod walk;

pub(crate) use extract::cut;
pub use extract::{Caps, Extractor};
pub(crate) use fingerprint::{counts, mix};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk_tests;

use std::ops::Range;

/// Number of the way that extracts are made. A stored extract of another version is made again from the capture.
pub const EXTRACT_VERSION: u16 = 3;

/// Name in [`Extract::meta`] under which the styles of forms are kept: no meta tag has it.
pub const STYLES: &str = "<class>";

/// What judging needs of a page. All ranges are byte ranges of [`Extract::text`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extract {
    /// Encoding that the bytes were read in.
    pub charset: String,
    /// Title, white space folded; empty where there is none.
    pub title: String,
    /// Visible text: the title's line, then the body's blocks, each on its line. ID numbers are masked, nothing else is changed.
    pub text: String,
    /// The blocks of the text, in order.
    pub blocks: Vec<Block>,
    /// Text that readers do not see: meta descriptions, alternative texts, hidden elements, strings in scripts.
    pub hidden: Vec<Hidden>,
    /// Meta tags by name or property, lower case, with their content; under [`STYLES`] the names of styles around its form fields.
    pub meta: Vec<(String, String)>,
    /// Links, as absolute as the page's own address lets them be.
    pub links: Vec<Link>,
    /// Forms; fields outside any form element make one of their own.
    pub forms: Vec<Form>,
    /// Images in the order of the page.
    pub images: Vec<Image>,
    /// Address of the icon that the page names; empty where it names none.
    pub icon: String,
    /// Addresses of scripts, style sheets and other resources.
    pub resources: Vec<String>,
    /// Addresses of frames.
    pub frames: Vec<String>,
    /// Where a meta refresh or a plain script assignment sends the reader.
    pub redirects: Vec<String>,
    /// First fingerprints of the page.
    pub fingerprint: Fingerprint,
    /// Visible text is so short beside the scripts or images that a person (or a browser) has to look.
    pub needs_eyes: bool,
    /// What was cut off while reading, if anything.
    pub limits: Vec<Limit>,
    /// What QR codes in the page's images say; filled in by whoever has the images.
    pub qr: Vec<String>,
    /// How the page's icon and images look, and the page itself in a browser; filled in by whoever has decoded them.
    pub pictures: Vec<Picture>,
    /// Which lane made it.
    pub lane: Lane,
}

/// A picture by how it looks. Whoever decodes pictures makes the number, and makes none of a picture of one colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What it is to the page.
    pub kind: PictureKind,
    /// Perceptual hash: near numbers are pictures that look alike.
    pub look: u64,
    /// Its address; of a screen, the page's.
    pub url: String,
}

/// What a picture is to its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// The site's icon.
    Icon,
    /// A picture on the page.
    Image,
    /// The first screen of the page as a browser shows it.
    Screen,
}

/// How a page was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lane {
    /// Token by token, as it was written ([`read`]).
    #[default]
    Tokens,
    /// Through a tree, as a browser repairs it ([`read_again`]).
    Tree,
}

/// Something that was more than is read of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Source text beyond the cap.
    Bytes,
    /// Visible text beyond the cap.
    Text,
    /// Elements nested deeper than the cap.
    Depth,
    /// More links than the cap.
    Links,
    /// More form fields, images, resources or hidden texts than the caps.
    Parts,
}

impl Extract {
    /// Some of what readers see was not read.
    pub fn is_cut(&self) -> bool {
        self.limits.iter().any(|limit| matches!(limit, Limit::Bytes | Limit::Text))
    }
}

impl Limit {
    /// Stable name for records.
    pub fn as_str(self) -> &'static str {
        match self {
            Limit::Bytes => "bytes",
            Limit::Text => "text",
            Limit::Depth => "depth",
            Limit::Links => "links",
            Limit::Parts => "parts",
        }
    }

    /// The limit of that name.
    pub fn from_name(name: &str) -> Option<Limit> {
        [Limit::Bytes, Limit::Text, Limit::Depth, Limit::Links, Limit::Parts].into_iter().find(|l| l.as_str() == name)
    }
}

/// A run of text without a line break in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Where it stands in the text.
    pub at: Range<usize>,
    /// What kind of block.
    pub role: Role,
    /// Which part of the page it is in.
    pub zone: Zone,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// The title element.
    Title,
    /// A heading.
    Heading,
    /// A list item or table cell.
    Item,
    /// Words on a button or an option to choose.
    Control,
    /// Quoted (blockquote, q).
    Quote,
    /// Anything else.
    #[default]
    Plain,
}

/// Part of the page, by its elements and the names that page builders give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// What the page is about.
    #[default]
    Main,
    /// Head of the page.
    Header,
    /// Menus and bread crumbs.
    Nav,
    /// Side bars, related items, friendly links.
    Aside,
    /// Foot of the page: copyright, ICP number, site builder.
    Footer,
}

/// Text that is not visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Where it was.
    pub kind: HiddenKind,
    /// The text, ID numbers masked.
    pub text: String,
}

/// Where hidden text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenKind {
    /// A meta description or keywords.
    Meta,
    /// An image's alternative text, a title attribute, a placeholder.
    Attribute,
    /// An element that styles hide, a template, a noscript.
    Element,
    /// A string in a script.
    Script,
    /// The words of a QR code: not among [`Extract::hidden`], but among [`Extract::qr`].
    Code,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute address for http(s); as written (trimmed) for other schemes.
    pub href: String,
    /// Its text's place in the visible text; may be empty.
    pub at: Range<usize>,
    /// Which part of the page it is in.
    pub zone: Zone,
    /// `rel=nofollow`.
    pub nofollow: bool,
}

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Absolute address it is sent to; empty where the page does not say.
    pub action: String,
    /// Sent by POST.
    pub post: bool,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name or id.
    pub name: String,
    /// Its type, lower case: text, password, hidden, select, textarea, submit …
    pub kind: String,
    /// The words before it, its placeholder and its title, joined.
    pub label: String,
}

/// An image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Absolute address, or the beginning of a data: URL.
    pub src: String,
    /// Alternative text.
    pub alt: String,
    /// Width and height as written, 0 where not.
    pub size: (u32, u32),
}

/// First fingerprints: equal numbers mean equal content, near numbers (few differing bits) near content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Simhash of the visible text.
    pub text: u64,
    /// Simhash of the sequence of tags.
    pub shape: u64,
}

/// Reads a page. `header_charset` is what the HTTP header said (it may be wrong), `base` the page's own address.
pub fn read(bytes: &[u8], header_charset: Option<&str>, base: Option<&url::Url>) -> Extract {
    let caps = Caps::default();
    let beyond = bytes.len() > caps.bytes;
    let decoded = charset::decode(&bytes[..bytes.len().min(caps.bytes)], header_charset);
    let mut extract = Extractor::new(base, caps).read(&decoded.text);
    extract.charset = decoded.charset.to_owned();
    if beyond && !extract.limits.contains(&Limit::Bytes) {
        extract.limits.push(Limit::Bytes);
    }
    extract
}

/// Where the value of a `Refresh` header sends the reader: browsers follow it like a meta tag of that name.
pub fn refreshed_to(header: &str, base: &url::Url) -> Option<url::Url> {
    base.join(attribute::refresh_target(header)?).ok().filter(|target| matches!(target.scheme(), "http" | "https"))
}

/// Reads a page again through a tree, in two to three times the time: for pages that `first`, what [`read`] made of them, gave a
/// reason for.
pub fn read_again(bytes: &[u8], header_charset: Option<&str>, base: Option<&url::Url>, first: &Extract) -> Extract {
    let caps = Caps::default();
    let decoded = charset::decode(&bytes[..bytes.len().min(caps.bytes)], header_charset);
    // A tree takes many times the room of its source.
    let source = cut(&decoded.text, caps.markup);
    let mut extract = walk::read(Extractor::new(base, caps), source);
    extract.charset.clone_from(&first.charset);
    extract.fingerprint.shape = first.fingerprint.shape;
    if bytes.len() > caps.bytes || source.len() < decoded.text.len() {
        extract.limits.push(Limit::Bytes);
    }
    extract
}

/// Reads a page that is text already.
pub fn read_text(html: &str, base: Option<&url::Url>) -> Extract {
    read(html.as_bytes(), Some("utf-8"), base)
}
