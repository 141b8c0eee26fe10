//! Elements and text to an [`Extract`], in one pass with a small stack of open elements.
//!
//! Both lanes come through here: tokens as they stand in the source ([`Extractor::read`]), or what a tree builder made of them
//! (`walk`, which opens and closes elements itself). What single elements say is `parts`' matter, how text is laid out `lines`'.
//! Text comes out in the order of the source, one line a block, white space folded as browsers fold it. Every cap is a bound on
//! what one page can cost or fill; what a cap cut is noted in [`Extract::limits`] and the page is judged by the rest.
//! Start at [`Extractor::read`].

use url::Url;

mod data_url;
mod within;

use super::attribute::{Attributes, is_contact_icon, seen};
use super::css::{Sheet, Styled, is_sheet};
use super::fingerprint::Simhash;
use super::lines::as_shown;
use super::parts::Parts;
use super::reference::{decode_into, without_nul};
use super::style::{Sight, Style};
use super::tag::{Tag, zone_of_name};
use super::token::{Attribute, Content, Token, Tokenizer};
use super::{Extract, HiddenKind, Limit, Role, Zone};

/// How much is read of one page.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Source bytes.
    pub bytes: usize,
    /// Bytes of tags and text among them: scripts, styles, comments and what is written into attributes as data are read over.
    pub markup: usize,
    /// Bytes of visible text.
    pub text: usize,
    /// Bytes of each kind of hidden text.
    pub hidden: usize,
    /// Open elements.
    pub depth: usize,
    /// Links.
    pub links: usize,
    /// Form fields, images, resources, frames, meta tags: of each.
    pub parts: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            markup: 8 << 20,
            text: 512 << 10,
            hidden: 64 << 10,
            depth: 512,
            links: 2_000,
            parts: 200,
        }
    }
}

/// How far back an end tag may look for its start tag. Real pages nest less; it bounds a flood of stray end tags.
const LOOK_BACK: usize = 128;

/// An element that is open.
pub(super) struct Open<'s> {
    tag: Tag,
    name: &'s str,
    sight: Sight,
    /// The page's sheets hide it, and nothing else does.
    by_sheet: bool,
    zone: Zone,
    role: Role,
    /// Words that a sheet writes after its content.
    after: Option<Box<str>>,
}

/// A piece of text of so many bytes that a sheet hides is no junk between the letters of others.
const PASSAGE: usize = 60;

/// Names that sheets speak of behind text are looked for before them, up to so many.
const LATE: usize = 32;

/// A value of an attribute that is longer than this is data.
const DATA: usize = 4096;

/// Frames in frames whose documents are read, and bytes of all of them.
const FRAMES: usize = 3;
const FRAMED: usize = 1 << 20;

/// Reads one page.
pub struct Extractor<'u> {
    caps: Caps,
    base: Option<&'u Url>,
    /// The rules of the page's style elements.
    sheet: Sheet,
    /// All of them are known, and none is added.
    knows_sheet: bool,
    /// The style element that is open holds one of them.
    sheet_counts: bool,
    /// Whom sheets spoke of behind text, and where in the source they stand.
    late: Vec<(String, usize)>,
    /// Bytes of passages that sheets hide.
    sheet_hid: usize,
    pub(super) parts: Parts<'u>,
    title: Option<String>,
    /// Depth of open svg and math elements.
    foreign: usize,
    /// Open elements that the depth cap kept off the stack.
    overflow: usize,
    /// What is read is shown only where no script runs.
    unscripted: bool,
    /// Frames around what is read, and bytes of documents read in frames.
    frames: usize,
    framed_bytes: usize,
    /// Where in the source the text of the last raw element began.
    position: usize,
    /// Bytes of tags and text read.
    markup: usize,
}

/// Bytes of an attribute that do not count: the most of a long value is a picture or other data.
fn data(attribute: &Attribute) -> usize {
    attribute.value.len().saturating_sub(DATA)
}

/// The sequence of a page's tags as a near-hash; the same in both lanes, since it is of the source.
struct Shape {
    hash: Simhash,
    last: u64,
}

impl Shape {
    fn add(&mut self, name: &str) {
        let name = name.bytes().fold(0, |h: u64, b| h.wrapping_mul(31) + u64::from(b | 32)) & 0xFFFF;
        self.last = (self.last << 16) | name;
        if self.last & 1 == 0 {
            self.hash.add(self.last);
        }
    }
}

impl<'u> Extractor<'u> {
    /// An extractor for a page at `base`.
    pub fn new(base: Option<&'u Url>, caps: Caps) -> Self {
        Self {
            caps,
            base,
            sheet: Sheet::default(),
            knows_sheet: false,
            sheet_counts: true,
            late: Vec::new(),
            sheet_hid: 0,
            parts: Parts::new(base, caps),
            title: None,
            foreign: 0,
            overflow: 0,
            unscripted: false,
            frames: 0,
            framed_bytes: 0,
            position: 0,
            markup: 0,
        }
    }

    /// Reads the page's source, token by token.
    pub fn read(mut self, source: &str) -> Extract {
        let shape = self.feed(source, &mut Vec::with_capacity(64));
        if self.sheet.acts() && self.spoke_late(source) {
            let sheet = std::mem::take(&mut self.sheet);
            self = self.again(sheet);
            self.feed(source, &mut Vec::with_capacity(64));
        }
        if let Some(sheet) = self.sheet_that_hides_too_much() {
            self = self.again(sheet);
            self.feed(source, &mut Vec::with_capacity(64));
        }
        let mut extract = self.finish();
        extract.fingerprint.shape = shape;
        extract
    }

    /// Reads markup into what is open; gives the shape of its tags.
    fn feed<'s>(&mut self, source: &'s str, stack: &mut Vec<Open<'s>>) -> u64 {
        let mut tokens = Tokenizer::new(source);
        let mut shape = Shape { hash: Simhash::new(), last: 0 };
        let mut decoded = String::new();
        let mut from = tokens.position();
        while let Some(token) = tokens.next_token() {
            let bytes = tokens.position() - std::mem::replace(&mut from, tokens.position());
            self.markup += match token {
                Token::Start { .. } => bytes - tokens.attributes().iter().map(data).sum::<usize>(),
                Token::Text(_) | Token::End { .. } => bytes,
                Token::Raw(_) | Token::Comment(_) | Token::Doctype(_) => 0,
            };
            if self.markup > self.caps.markup {
                self.parts.limit(Limit::Bytes);
                break;
            }
            match token {
                Token::Text(text) => {
                    let text = if memchr::memchr(b'&', text.as_bytes()).is_some() {
                        decoded.clear();
                        decode_into(text, false, &mut decoded);
                        &decoded
                    } else {
                        text
                    };
                    self.text(text, stack);
                }
                Token::Raw(text) => {
                    self.position = tokens.position() - text.len();
                    self.raw(text, stack);
                }
                Token::Start { name, self_closing } => {
                    let tag = Tag::of(name);
                    shape.add(name);
                    if tag.closes_its_like() {
                        self.close_like(tag, stack);
                    } else if tag.closes_paragraphs() && stack.last().is_some_and(|o| o.name.eq_ignore_ascii_case("p"))
                    {
                        self.pop(true, stack);
                    }
                    self.open(tag, name, self_closing, &tokens, stack);
                    tokens.set_foreign(self.foreign > 0);
                }
                Token::End { name } => {
                    self.end(Tag::of(name), name, stack);
                    tokens.set_foreign(self.foreign > 0);
                }
                Token::Comment(_) | Token::Doctype(_) => {}
            }
        }
        shape.hash.finish()
    }

    /// Text of whatever element is open.
    pub(super) fn text(&mut self, text: &str, stack: &[Open]) {
        match stack.last() {
            Some(o) if o.tag == Tag::Title && self.foreign == 0 => {
                if self.frames > 0 {
                    // Nobody is shown the title of a frame.
                    self.parts.hide(HiddenKind::Attribute, text);
                } else if self.title.is_none() {
                    self.title = Some(fold_space(&as_shown(&without_nul(text), &mut false), 4096));
                }
            }
            // Inside svg these are markup, but no more to be seen.
            Some(o) if matches!(o.tag, Tag::Script | Tag::Style) => self.raw(text, stack),
            Some(o) if o.sight.is_hidden() => {
                if o.by_sheet && text.len() >= PASSAGE {
                    self.sheet_hid += text.trim_ascii().len();
                }
                self.parts.hide(HiddenKind::Element, text);
            }
            Some(o) if o.sight.is_turned() => {
                self.parts.lines.push(&text.chars().rev().collect::<String>(), o.role, o.zone)
            }
            Some(o) => self.parts.lines.push(text, o.role, o.zone),
            None => self.parts.lines.push(text, Role::Plain, Zone::Main),
        }
    }

    /// Text that is no markup: of scripts, styles, frames, or shown as it stands.
    pub(super) fn raw(&mut self, text: &str, stack: &[Open]) {
        match stack.last().map(|o| o.tag) {
            Some(Tag::Script) => self.parts.script_text(text),
            Some(Tag::Style) => {
                self.parts.style_text(text);
                if !self.knows_sheet && self.sheet_counts && !stack.iter().any(|o| o.sight.is_inert()) {
                    let spoken_of = self.sheet.add(text);
                    if self.parts.lines.position() > 0 && self.late.len() <= LATE {
                        self.late.extend(spoken_of.into_iter().map(|name| (name, self.position)));
                    }
                }
            }
            Some(Tag::Frame) => {}
            Some(Tag::NoScript) if !self.unscripted => self.unscripted(text),
            // xmp, plaintext, CDATA in svg: shown as they stand.
            _ => self.text(text, stack),
        }
    }

    /// An element begins. Says whether it is open now: void elements and those that are too deep are not.
    pub(super) fn open<'s>(
        &mut self,
        tag: Tag,
        name: &'s str,
        self_closing: bool,
        attributes: &dyn Attributes,
        stack: &mut Vec<Open<'s>>,
    ) -> bool {
        if tag.breaks() {
            self.parts.lines.end_line();
        }
        let (mut sight, mut by_sheet, mut zone, mut role) = stack
            .last()
            .map_or((Sight::default(), false, Zone::Main, Role::Plain), |o| (o.sight, o.by_sheet, o.zone, o.role));
        match tag {
            Tag::A | Tag::Area => self.parts.open_link(tag, zone, attributes),
            Tag::Base => self.parts.base(attributes),
            Tag::Br => self.parts.lines.end_line(),
            Tag::Block(r) => {
                role = if r == Role::Plain { role } else { r };
                if matches!(role, Role::Control) {
                    role = Role::Plain;
                }
            }
            Tag::Part(z) => zone = z,
            Tag::Cell => {
                self.parts.lines.tab();
                role = Role::Item;
            }
            Tag::Button | Tag::Option => {
                self.parts.lines.end_line();
                role = Role::Control;
            }
            Tag::Form => self.parts.open_form(attributes),
            Tag::Frame => self.parts.frame(attributes),
            Tag::Image => self.parts.image(attributes),
            Tag::Input | Tag::Select | Tag::TextArea => self.parts.field(tag, name, attributes),
            Tag::Link => self.parts.sheet(attributes),
            Tag::Meta => self.parts.meta(attributes),
            Tag::Script => self.parts.script(attributes),
            Tag::Style => self.sheet_counts = is_sheet(attributes),
            Tag::Template | Tag::NoScript => sight = sight.inert(),
            Tag::Foreign if !self_closing => self.foreign += 1,
            _ => {}
        }
        if matches!(tag, Tag::Image | Tag::Input) && !attributes.is_empty() {
            self.parts.common(attributes);
        }
        if tag.is_void(name) || (self_closing && self.foreign > 0) {
            return false;
        }
        let styled = match self.sheet.acts() {
            true => self.sheet.of(name, tag.breaks() || tag == Tag::Cell, attributes),
            false => Styled::default(),
        };
        if !attributes.is_empty() || !styled.style.is_empty() {
            let around = sight;
            sight = seen(around, styled.style, name, attributes);
            by_sheet |= sight.is_hidden()
                && !around.is_hidden()
                && !styled.style.is_empty()
                && !seen(around, Style::default(), name, attributes).is_hidden();
        }
        if !attributes.is_empty() {
            // A picture of a telephone sets the number behind it apart from what stands before.
            if !sight.is_hidden() && matches!(name, "i" | "b" | "em" | "span") && is_contact_icon(attributes) {
                self.parts.lines.push(" ", role, zone);
                attributes.get("class").iter().for_each(|class| self.parts.picture(class));
            }
            if zone == Zone::Main && (tag.breaks() || tag == Tag::Cell) {
                let class = attributes.get("class");
                class.iter().for_each(|names| self.parts.style(names));
                zone = class
                    .and_then(|name| zone_of_name(&name))
                    .or_else(|| attributes.get("id").and_then(|name| zone_of_name(&name)))
                    .unwrap_or(zone);
            }
            self.parts.common(attributes);
        }
        // What holds only text ends by itself, and its text has to be known for what it is.
        if stack.len() >= self.caps.depth && Content::of(name) == Content::Data {
            self.overflow += 1;
            self.parts.limit(Limit::Depth);
            return false;
        }
        let after = Some(styled.after).filter(|words| !words.is_empty()).map(String::into_boxed_str);
        stack.push(Open { tag, name, sight, by_sheet, zone, role, after });
        if !styled.before.is_empty() {
            self.text(&styled.before, stack);
        }
        if tag == Tag::Frame
            && let Some(frame) = stack.last()
            && let Some(document) = document_of(attributes)
        {
            self.framed(&document, frame);
        }
        true
    }

    /// `<li>` ends an open `<li>` of the same list; lists and tables inside it are not looked through.
    fn close_like(&mut self, tag: Tag, stack: &mut Vec<Open>) {
        let found = stack.iter().rposition(|o| {
            o.tag == tag || matches!(o.tag, Tag::Block(Role::Plain) | Tag::Cell | Tag::Part(_) | Tag::Select)
        });
        if let Some(i) = found
            && stack[i].tag == tag
            && stack.len() - i <= LOOK_BACK
        {
            self.pop_to(i, stack);
        }
    }

    fn end(&mut self, tag: Tag, name: &str, stack: &mut Vec<Open>) {
        if tag == Tag::Br || (name.eq_ignore_ascii_case("p") && stack.is_empty()) {
            self.parts.lines.end_line();
            return;
        }
        if self.overflow > 0 && stack.last().is_none_or(|o| !o.name.eq_ignore_ascii_case(name)) {
            self.overflow -= 1;
            return;
        }
        let block = tag.breaks() || matches!(tag, Tag::Cell | Tag::Foreign);
        let found = stack.iter().enumerate().rev().take(LOOK_BACK).find_map(|(i, o)| {
            if o.tag == tag && o.name.eq_ignore_ascii_case(name) {
                return Some(Some(i));
            }
            // An inline element's end tag does not end the block around it.
            let wall = if block { o.tag == Tag::Foreign } else { o.tag.breaks() || o.tag == Tag::Cell };
            wall.then_some(None)
        });
        match found {
            Some(Some(i)) => self.pop_to(i, stack),
            _ if tag.breaks() => self.parts.lines.end_line(),
            _ => {}
        }
    }

    fn pop_to(&mut self, index: usize, stack: &mut Vec<Open>) {
        while stack.len() > index {
            self.pop(true, stack);
        }
    }

    /// The innermost open element ends. Where it is a form and its element ends before its fields do (`ends_form` is false), these
    /// still belong to it.
    pub(super) fn pop(&mut self, ends_form: bool, stack: &mut Vec<Open>) {
        if let Some(words) = stack.last_mut().and_then(|open| open.after.take()) {
            self.text(&words, stack);
        }
        let Some(open) = stack.pop() else { return };
        match open.tag {
            Tag::A => self.parts.close_link(),
            Tag::Form if ends_form => self.parts.close_form(),
            Tag::Foreign => self.foreign = self.foreign.saturating_sub(1),
            Tag::Button => self.parts.lines.end_line(),
            _ => {}
        }
        if open.tag.breaks() {
            self.parts.lines.end_line();
        }
    }

    /// What was read.
    pub(super) fn finish(self) -> Extract {
        let mut extract = self.parts.finish(self.title);
        extract.needs_eyes |= self.sheet.shows_all();
        extract
    }
}

/// The document that a frame has in itself: as one attribute, which counts before the other, or in its address.
fn document_of(attributes: &dyn Attributes) -> Option<String> {
    match attributes.get("srcdoc") {
        Some(document) => Some(document.into_owned()),
        None => data_url::document(&attributes.get("src")?),
    }
}

/// At most `most` bytes of the text, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// White space folded to single spaces, at most `most` bytes.
pub(super) fn fold_space(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for word in cut(text, most).split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
