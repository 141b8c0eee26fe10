//! Tokens to an [`Extract`], in one pass with a small stack of open elements and no tree.
//!
//! Text comes out in the order of the source, one line a block, white space folded as browsers fold it. Every cap is a bound on
//! what one page can cost or fill; what a cap cut is noted in [`Extract::limits`] and the page is judged by the rest.
//! Start at [`Extractor::read`]; `lines` writes the text.

use std::borrow::Cow;

use url::Url;

use super::attribute::{absolute, baidu_statistics, holds_data, is_hidden, is_turned, refresh_target};
use super::fingerprint::{self, Simhash};
use super::lines::Lines;
use super::reference::{decode_attribute, decode_into};
use super::script;
use super::tag::{Tag, zone_of_name};
use super::token::{Token, Tokenizer};
use super::{Extract, Field, Fingerprint, Form, Hidden, HiddenKind, Image, Limit, Link, Role, Zone};

/// How much is read of one page.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Source bytes.
    pub bytes: usize,
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
        Self { bytes: 8 << 20, text: 512 << 10, hidden: 64 << 10, depth: 512, links: 2_000, parts: 200 }
    }
}

/// How far back an end tag may look for its start tag. Real pages nest less; it bounds a flood of stray end tags.
const LOOK_BACK: usize = 128;
/// Longest label, in characters.
const LABEL: usize = 24;

struct Open<'s> {
    tag: Tag,
    name: &'s str,
    hidden: bool,
    /// Its letters are shown last to first.
    turned: bool,
    zone: Zone,
    role: Role,
}

/// Reads one page.
pub struct Extractor<'u> {
    base: Option<Cow<'u, Url>>,
    caps: Caps,
    out: Extract,
    lines: Lines,
    title: Option<String>,
    /// Hidden text by kind, in the order of [`HIDDEN`].
    hidden: [String; 4],
    link: Option<usize>,
    form: Option<usize>,
    /// The form that fields outside any form element make.
    loose: Option<usize>,
    /// Text position after the last field, so that its words are nobody else's label.
    after_field: usize,
    fields: usize,
    scripts: usize,
    script_bytes: usize,
    /// Depth of open svg and math elements.
    foreign: usize,
    /// Open elements that the depth cap kept off the stack.
    overflow: usize,
}

const HIDDEN: [HiddenKind; 4] = [HiddenKind::Meta, HiddenKind::Attribute, HiddenKind::Element, HiddenKind::Script];

impl<'u> Extractor<'u> {
    /// An extractor for a page at `base`.
    pub fn new(base: Option<&'u Url>, caps: Caps) -> Self {
        Self {
            base: base.map(Cow::Borrowed),
            caps,
            out: Extract::default(),
            lines: Lines::new(caps.text),
            title: None,
            hidden: Default::default(),
            link: None,
            form: None,
            loose: None,
            after_field: 0,
            fields: 0,
            scripts: 0,
            script_bytes: 0,
            foreign: 0,
            overflow: 0,
        }
    }

    /// Reads the page's source.
    pub fn read(mut self, source: &str) -> Extract {
        let mut tokens = Tokenizer::new(source);
        let mut stack: Vec<Open> = Vec::with_capacity(64);
        let mut shape = Simhash::new();
        let mut tags = 0u64;
        let mut decoded = String::new();
        while let Some(token) = tokens.next_token() {
            match token {
                Token::Text(text) => {
                    let text = if memchr::memchr(b'&', text.as_bytes()).is_some() {
                        decoded.clear();
                        decode_into(text, false, &mut decoded);
                        &decoded
                    } else {
                        text
                    };
                    self.text(text, stack.last());
                }
                Token::Raw(text) => self.raw(text, stack.last()),
                Token::Start { name, self_closing } => {
                    let tag = Tag::of(name);
                    tags = (tags << 16)
                        | name.bytes().fold(0, |h: u64, b| h.wrapping_mul(31) + u64::from(b | 32)) & 0xFFFF;
                    if tags & 1 == 0 {
                        shape.add(tags);
                    }
                    self.start(tag, name, self_closing, &tokens, &mut stack);
                    tokens.set_foreign(self.foreign > 0);
                }
                Token::End { name } => {
                    self.end(Tag::of(name), name, &mut stack);
                    tokens.set_foreign(self.foreign > 0);
                }
                Token::Comment(_) | Token::Doctype(_) => {}
            }
        }
        self.out.fingerprint.shape = shape.finish();
        self.finish()
    }

    fn limit(&mut self, limit: Limit) {
        if !self.out.limits.contains(&limit) {
            self.out.limits.push(limit);
        }
    }

    fn text(&mut self, text: &str, open: Option<&Open>) {
        match open {
            Some(o) if o.tag == Tag::Title && self.foreign == 0 => {
                if self.title.is_none() {
                    self.title = Some(fold_space(text, 4096));
                }
            }
            Some(o) if o.hidden => self.hide(HiddenKind::Element, text),
            Some(o) if o.turned => self.lines.push(&text.chars().rev().collect::<String>(), o.role, o.zone),
            Some(o) => self.lines.push(text, o.role, o.zone),
            None => self.lines.push(text, Role::Plain, Zone::Main),
        }
    }

    fn raw(&mut self, text: &str, open: Option<&Open>) {
        match open.map(|o| o.tag) {
            Some(Tag::Script) => {
                let room = script::CAP.saturating_sub(self.script_bytes);
                let text = cut(text, room);
                self.script_bytes += text.len();
                let mut found = Vec::new();
                script::redirects(text, &mut found);
                for address in found {
                    let address = self.absolute(&address);
                    self.out.redirects.push(address);
                }
                for id in baidu_statistics(text) {
                    self.resource(format!("https://hm.baidu.com/hm.js?{id}"));
                }
                self.data(text);
                if text.trim_start().starts_with('<') {
                    self.hide(HiddenKind::Script, &script::template_text(text));
                }
            }
            // What styles write before and after elements (content: "应急管理厅").
            Some(Tag::Style) => self.hide(HiddenKind::Script, &script::chinese_strings(text)),
            Some(Tag::Frame) => {}
            // xmp, plaintext, CDATA in svg: shown as they stand.
            _ => self.text(text, open),
        }
    }

    /// What a script's text says, or data that waits for one.
    fn data(&mut self, text: &str) {
        let strings = script::chinese_strings(text);
        self.hide(HiddenKind::Script, &strings);
        // Data that speaks Chinese means its numbers; elsewhere only what can be nothing else is taken.
        self.hide(HiddenKind::Script, &script::contacts(text, !strings.is_empty()));
    }

    fn hide(&mut self, kind: HiddenKind, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let cap = self.caps.hidden;
        let index = HIDDEN.iter().position(|k| *k == kind).unwrap_or(2);
        let buffer = &mut self.hidden[index];
        let room = cap.saturating_sub(buffer.len());
        buffer.push_str(cut(text, room));
        buffer.push('\n');
        if text.len() > room {
            self.limit(Limit::Parts);
        }
    }

    fn absolute(&self, href: &str) -> String {
        absolute(self.base.as_deref(), href)
    }

    fn start<'s>(
        &mut self,
        tag: Tag,
        name: &'s str,
        self_closing: bool,
        tokens: &Tokenizer<'s>,
        stack: &mut Vec<Open<'s>>,
    ) {
        if tag.closes_its_like() {
            self.close_like(tag, stack);
        }
        if tag.breaks() {
            self.lines.end_line();
        }
        let (mut hidden, mut turned, mut zone, mut role) =
            stack.last().map_or((false, false, Zone::Main, Role::Plain), |o| (o.hidden, o.turned, o.zone, o.role));
        match tag {
            Tag::A | Tag::Area => self.open_link(tag, zone, tokens),
            Tag::Base => {
                if let Some(href) = tokens.attribute("href") {
                    let address = self.absolute(&decode_attribute(href));
                    if let Ok(url) = Url::parse(&address) {
                        self.base = Some(Cow::Owned(url));
                    }
                }
            }
            Tag::Br => self.lines.end_line(),
            Tag::Block(r) => {
                role = if r == Role::Plain { role } else { r };
                if matches!(role, Role::Control) {
                    role = Role::Plain;
                }
            }
            Tag::Part(z) => zone = z,
            Tag::Cell => {
                self.lines.tab();
                role = Role::Item;
            }
            Tag::Button | Tag::Option => {
                self.lines.end_line();
                role = Role::Control;
            }
            Tag::Form => self.open_form(tokens),
            Tag::Frame => {
                if let Some(src) = tokens.attribute("src").filter(|s| !s.trim().is_empty()) {
                    let address = self.absolute(&decode_attribute(src));
                    if self.out.frames.len() < self.caps.parts {
                        self.out.frames.push(address);
                    }
                }
            }
            Tag::Image => self.image(tokens),
            Tag::Input | Tag::Select | Tag::TextArea => self.field(tag, name, tokens),
            Tag::Link => {
                if let Some(href) = tokens.attribute("href") {
                    let href = self.absolute(&decode_attribute(href));
                    self.resource(href);
                }
            }
            Tag::Meta => self.meta(tokens),
            Tag::Script => {
                self.scripts += 1;
                if let Some(src) = tokens.attribute("src") {
                    let src = self.absolute(&decode_attribute(src));
                    self.resource(src);
                }
            }
            Tag::Template | Tag::NoScript => hidden = true,
            Tag::Foreign if !self_closing => self.foreign += 1,
            _ => {}
        }
        if tag.is_void(name) || (self_closing && self.foreign > 0) {
            return;
        }
        if !tokens.attributes().is_empty() {
            hidden = hidden || is_hidden(tokens);
            turned = turned || is_turned(name, tokens);
            if zone == Zone::Main && (tag.breaks() || tag == Tag::Cell) {
                zone = ["class", "id"]
                    .into_iter()
                    .filter_map(|a| tokens.attribute(a))
                    .find_map(zone_of_name)
                    .unwrap_or(zone);
            }
            if let Some(title) = tokens.attribute("title").filter(|t| !t.is_ascii() || t.contains('&')) {
                self.hide(HiddenKind::Attribute, &decode_attribute(title));
            }
            for (_, value) in tokens.named().filter(|(name, value)| holds_data(name, value)) {
                let room = script::CAP.saturating_sub(self.script_bytes);
                let value = cut(value, room);
                self.script_bytes += value.len();
                self.data(&decode_attribute(value));
            }
        }
        if stack.len() >= self.caps.depth {
            self.overflow += 1;
            self.limit(Limit::Depth);
            return;
        }
        stack.push(Open { tag, name, hidden, turned, zone, role });
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
            self.lines.end_line();
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
            _ if tag.breaks() => self.lines.end_line(),
            _ => {}
        }
    }

    fn pop_to(&mut self, index: usize, stack: &mut Vec<Open>) {
        for open in stack.drain(index..).rev() {
            match open.tag {
                Tag::A => self.close_link(),
                Tag::Form => self.form = None,
                Tag::Foreign => self.foreign = self.foreign.saturating_sub(1),
                Tag::Button => self.lines.end_line(),
                _ => {}
            }
            if open.tag.breaks() {
                self.lines.end_line();
            }
        }
    }

    fn open_link(&mut self, tag: Tag, zone: Zone, tokens: &Tokenizer) {
        self.close_link();
        let Some(href) = tokens.attribute("href") else { return };
        let href = decode_attribute(href);
        let href = href.trim();
        if href.is_empty() || href.starts_with('#') || href.len() > 4096 {
            return;
        }
        if self.out.links.len() >= self.caps.links {
            self.limit(Limit::Links);
            return;
        }
        let nofollow = tokens.attribute("rel").is_some_and(|r| r.to_ascii_lowercase().contains("nofollow"));
        let here = self.lines.position();
        let href = self.absolute(href);
        self.out.links.push(Link { href, at: here..here, zone, nofollow });
        if tag == Tag::A {
            self.link = Some(self.out.links.len() - 1);
        }
    }

    fn close_link(&mut self) {
        if let Some(index) = self.link.take() {
            let link = &mut self.out.links[index];
            link.at.end = self.lines.position().max(link.at.start);
        }
    }

    fn open_form(&mut self, tokens: &Tokenizer) {
        self.form = None;
        if self.out.forms.len() >= self.caps.parts {
            return self.limit(Limit::Parts);
        }
        let action = tokens.attribute("action").map(|a| decode_attribute(a).trim().to_owned()).unwrap_or_default();
        let action = if action.is_empty() { action } else { self.absolute(&action) };
        let post = tokens.attribute("method").is_some_and(|m| m.trim().eq_ignore_ascii_case("post"));
        self.out.forms.push(Form { action, post, fields: Vec::new() });
        self.form = Some(self.out.forms.len() - 1);
    }

    fn field(&mut self, tag: Tag, name: &str, tokens: &Tokenizer) {
        let text = |a: &str| tokens.attribute(a).map(decode_attribute).unwrap_or_default().into_owned();
        let kind = match tag {
            Tag::Input => tokens.attribute("type").map_or("text".into(), |t| cut(t.trim(), 16).to_ascii_lowercase()),
            _ => name.to_ascii_lowercase(),
        };
        let value = text("value");
        if matches!(kind.as_str(), "submit" | "button" | "reset") && !value.trim().is_empty() {
            self.lines.end_line();
            self.lines.push(&value, Role::Control, Zone::Main);
            self.lines.end_line();
        }
        if kind == "image" {
            self.image(tokens);
        }
        let placeholder = text("placeholder");
        self.hide(HiddenKind::Attribute, &placeholder);
        if self.fields >= self.caps.parts {
            return self.limit(Limit::Parts);
        }
        self.fields += 1;
        let before = if kind == "hidden" { String::new() } else { self.label() };
        let label = [before, placeholder, text("title"), text("aria-label")]
            .iter()
            .map(|s| s.trim())
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let name = Some(text("name")).filter(|n| !n.is_empty()).unwrap_or_else(|| text("id"));
        let field = Field { name: cut(&name, 64).to_owned(), kind, label: cut(&label, 256).to_owned() };
        self.after_field = self.lines.position();
        let form = self.form.or(self.loose).unwrap_or_else(|| {
            self.out.forms.push(Form::default());
            let index = self.out.forms.len() - 1;
            self.loose = Some(index);
            index
        });
        self.out.forms[form].fields.push(field);
    }

    /// The words right before this place that no field has claimed yet.
    fn label(&self) -> String {
        let words = self.lines.recent(self.after_field);
        let mut tail: Vec<char> = words.chars().rev().take(LABEL).collect();
        tail.reverse();
        tail.into_iter().collect()
    }

    fn image(&mut self, tokens: &Tokenizer) {
        let alt = tokens.attribute("alt").map(decode_attribute).unwrap_or_default();
        self.hide(HiddenKind::Attribute, &alt);
        // Lazy loaders keep the real address in an attribute of their own.
        let src = ["data-original", "data-src", "data-lazy-src", "src"]
            .into_iter()
            .filter_map(|a| tokens.attribute(a))
            .find(|s| !s.trim().is_empty());
        let Some(src) = src else { return };
        if self.out.images.len() >= self.caps.parts {
            return self.limit(Limit::Parts);
        }
        let src = decode_attribute(src);
        // A picture inside the page is kept whole, up to what a QR code may need.
        let src = if src.trim_start().starts_with("data:") {
            cut(src.trim(), 64 << 10).to_owned()
        } else {
            self.absolute(src.trim())
        };
        let number = |a: &str| {
            let digits = tokens.attribute(a).unwrap_or_default().trim();
            digits.trim_end_matches("px").parse().unwrap_or(0)
        };
        let size = (number("width"), number("height"));
        self.out.images.push(Image { src, alt: fold_space(&alt, 256), size });
    }

    fn meta(&mut self, tokens: &Tokenizer) {
        let Some(content) = tokens.attribute("content") else { return };
        let content = decode_attribute(content);
        if tokens.attribute("http-equiv").is_some_and(|h| h.trim().eq_ignore_ascii_case("refresh")) {
            if let Some(address) = refresh_target(&content) {
                let address = self.absolute(address);
                self.out.redirects.push(address);
            }
            return;
        }
        let Some(name) = tokens.attribute("name").or_else(|| tokens.attribute("property")) else { return };
        if self.out.meta.len() < self.caps.parts {
            if matches!(name.to_ascii_lowercase().as_str(), "description" | "keywords" | "og:title" | "og:description")
            {
                self.hide(HiddenKind::Meta, &content);
            }
            self.out.meta.push((cut(name, 64).to_ascii_lowercase(), cut(&content, 1024).to_owned()));
        }
    }

    fn resource(&mut self, address: String) {
        if self.out.resources.len() < self.caps.parts && !address.starts_with("data:") {
            self.out.resources.push(cut(&address, 1024).to_owned());
        }
    }

    fn finish(mut self) -> Extract {
        self.close_link();
        let Self { mut out, lines, title, hidden, scripts, .. } = self;
        if lines.is_cut() && !out.limits.contains(&Limit::Text) {
            out.limits.push(Limit::Text);
        }
        out.title = title.unwrap_or_default();
        lines.finish(&mut out);
        out.hidden = HIDDEN
            .into_iter()
            .zip(hidden)
            .filter(|(_, text)| !text.is_empty())
            .map(|(kind, text)| Hidden { kind, text: crate::entities::mask_ids(&text).into_owned() })
            .collect();
        out.title = crate::entities::mask_ids(&out.title).into_owned();
        out.fingerprint = Fingerprint { text: fingerprint::of_text(&out.text), ..out.fingerprint };
        let words = out.text.len() - out.title.len();
        out.needs_eyes = words < 120 && (scripts > 0 || !out.images.is_empty() || !out.frames.is_empty());
        out
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
fn fold_space(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for word in cut(text, most).split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
