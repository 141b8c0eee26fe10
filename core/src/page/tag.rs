//! What the extractor has to know of each element: does it break lines, is it void, where does it put its content.
//!
//! Names that are not here are inline and plain, as browsers treat unknown elements.

use super::{Role, Zone};

/// The elements that matter to reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    A,
    Area,
    Base,
    Br,
    Button,
    /// Any block element without further meaning.
    Block(Role),
    /// A block element that is a part of the page.
    Part(Zone),
    Cell,
    Form,
    Frame,
    Image,
    Input,
    Label,
    Link,
    Meta,
    /// Shown only where something else is not: noscript, noframes, noembed.
    NoScript,
    Option,
    Script,
    Select,
    Style,
    /// svg or math: titles in there are markup.
    Foreign,
    Template,
    TextArea,
    Title,
    /// A void element of no interest.
    Void,
    /// An inline element, known or not.
    Inline,
}

impl Tag {
    /// The element of that name, any case. Allocates nothing.
    pub(super) fn of(name: &str) -> Tag {
        let mut lower = [0u8; 10];
        let Some(room) = lower.get_mut(..name.len()) else {
            return Tag::Inline;
        };
        room.copy_from_slice(name.as_bytes());
        room.make_ascii_lowercase();
        match &*room {
            b"div" | b"p" | b"ul" | b"ol" | b"dl" | b"table" | b"tr" | b"section" | b"article" | b"main" | b"pre"
            | b"center" | b"body" | b"html" | b"head" | b"fieldset" | b"legend" | b"figure" | b"figcaption"
            | b"address" | b"tbody" | b"thead" | b"tfoot" | b"caption" | b"details" | b"summary" | b"dialog"
            | b"hgroup" | b"frameset" | b"marquee" | b"menu" | b"dir" | b"xmp" | b"listing" | b"plaintext"
            | b"optgroup" => Tag::Block(Role::Plain),
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Tag::Block(Role::Heading),
            b"li" | b"dt" | b"dd" => Tag::Block(Role::Item),
            b"blockquote" => Tag::Block(Role::Quote),
            b"td" | b"th" => Tag::Cell,
            b"header" => Tag::Part(Zone::Header),
            b"nav" => Tag::Part(Zone::Nav),
            b"aside" => Tag::Part(Zone::Aside),
            b"footer" => Tag::Part(Zone::Footer),
            b"a" => Tag::A,
            b"area" => Tag::Area,
            b"base" => Tag::Base,
            b"br" | b"hr" => Tag::Br,
            b"button" => Tag::Button,
            b"form" => Tag::Form,
            b"iframe" | b"frame" => Tag::Frame,
            b"img" | b"image" => Tag::Image,
            b"input" => Tag::Input,
            b"label" => Tag::Label,
            b"link" => Tag::Link,
            b"meta" => Tag::Meta,
            b"noscript" | b"noframes" | b"noembed" => Tag::NoScript,
            b"option" => Tag::Option,
            b"script" => Tag::Script,
            b"select" => Tag::Select,
            b"style" => Tag::Style,
            b"svg" | b"math" => Tag::Foreign,
            b"template" => Tag::Template,
            b"textarea" => Tag::TextArea,
            b"title" => Tag::Title,
            b"col" | b"embed" | b"source" | b"track" | b"wbr" | b"param" | b"basefont" | b"bgsound" | b"keygen" => {
                Tag::Void
            }
            _ => Tag::Inline,
        }
    }

    /// Has no content and no end tag.
    pub(super) fn is_void(self, name: &str) -> bool {
        matches!(self, Tag::Area | Tag::Base | Tag::Br | Tag::Image | Tag::Input | Tag::Link | Tag::Meta | Tag::Void)
            || (self == Tag::Frame && name.eq_ignore_ascii_case("frame"))
    }

    /// Begins and ends a line of text.
    pub(super) fn breaks(self) -> bool {
        matches!(self, Tag::Block(_) | Tag::Part(_) | Tag::Form | Tag::Option | Tag::Title | Tag::Select)
    }

    /// Cannot stand in a paragraph: a `<p>` that is open right before it has ended, though nobody wrote so.
    pub(super) fn closes_paragraphs(self) -> bool {
        matches!(self, Tag::Block(_) | Tag::Part(_) | Tag::Form)
    }

    /// A start tag of this kind closes an open one of the same kind (`<li>` after `<li>`), so that a list without end tags does
    /// not nest.
    pub(super) fn closes_its_like(self) -> bool {
        matches!(self, Tag::Block(Role::Item) | Tag::Cell | Tag::Option | Tag::A)
    }
}

/// The part of the page that a class or id names, if it names one. Builders' habits, seen over many sites: whole words only
/// where the word is short, so that "unavailable" is no nav.
pub(super) fn zone_of_name(name: &str) -> Option<Zone> {
    if name.is_empty() || name.len() > 120 {
        return None;
    }
    name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).find_map(|word| {
        let mut lower = [0u8; 16];
        let room = lower.get_mut(..word.len())?;
        room.copy_from_slice(word.as_bytes());
        room.make_ascii_lowercase();
        let word: &[u8] = room;
        match word {
            b"footer" | b"foot" | b"copyright" | b"bottom" | b"beian" | b"foooter" => Some(Zone::Footer),
            b"nav" | b"navbar" | b"menu" | b"breadcrumb" | b"crumb" | b"crumbs" | b"topbar" | b"navigation" => {
                Some(Zone::Nav)
            }
            b"sidebar" | b"aside" | b"related" | b"recommend" | b"friendlink" | b"friendlinks" | b"flink" | b"side"
            | b"yqlj" | b"hotnews" | b"sider" => Some(Zone::Aside),
            b"header" | b"masthead" => Some(Zone::Header),
            _ if word.ends_with(b"footer") => Some(Zone::Footer),
            _ if word.ends_with(b"sidebar") => Some(Zone::Aside),
            _ => None,
        }
    })
}
