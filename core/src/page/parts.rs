//! What single elements of a page say: links, forms and their fields, images, meta data, scripts, hidden text.
//!
//! All caps on numbers are kept here; how elements nest is `extract`'s matter. Start at [`Parts`].

use std::borrow::Cow;

use url::Url;

use super::attribute::{Attributes, absolute, baidu_statistics, holds_data, refresh_target};
use super::carried::{Carried, shows_telegram, word_of};
use super::extract::{Caps, cut, fold_space};
use super::lines::Lines;
use super::script;
use super::tag::Tag;
use super::{Extract, Field, Form, Hidden, HiddenKind, Image, Limit, Link, Role, STYLES, Zone};

/// Longest label, in characters.
const LABEL: usize = 24;

/// Longest address, in bytes, that is kept or that others are resolved against. Each link takes over what stands in the base: one of a
/// megabyte would make gigabytes of two thousand links.
const ADDRESS: usize = 4096;

/// Elements with names of styles that are kept for the field that may follow.
const AROUND: usize = 4;
/// Bytes of such names, of one element and of one page.
const STYLE: usize = 64;
const STYLES_KEPT: usize = 512;
/// Paths in scripts that are kept of one page.
const PATHS: usize = 16;

/// Bytes of a picture that is written into the page.
const INLINE: usize = 64 << 10;
const HIDDEN: [HiddenKind; 4] = [HiddenKind::Meta, HiddenKind::Attribute, HiddenKind::Element, HiddenKind::Script];

/// What the elements read so far have said, and the text that they stand in.
pub(super) struct Parts<'u> {
    pub(super) lines: Lines,
    base: Option<Cow<'u, Url>>,
    caps: Caps,
    out: Extract,
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
    /// Names of styles of the last elements, in turn, and those that fields were found to stand in.
    styles: [String; AROUND],
    turn: usize,
    field_styles: String,
    /// Paths found in scripts.
    paths: usize,
    carried: Carried,
    /// What the page's data said, one after the other; and when the page was read before.
    told: Vec<[String; 2]>,
    told_before: std::vec::IntoIter<[String; 2]>,
    /// Frames around what is read.
    frames: usize,
}

/// What is open around a frame, for when it ends.
pub(super) struct Around<'u> {
    base: Option<Cow<'u, Url>>,
    link: Option<usize>,
    form: Option<usize>,
    loose: Option<usize>,
}

impl<'u> Parts<'u> {
    pub(super) fn new(base: Option<&'u Url>, caps: Caps) -> Self {
        Self {
            lines: Lines::new(caps.text),
            // Of a page whose own address is that long, what is named from the root is still found.
            base: match base {
                Some(base) if base.as_str().len() > ADDRESS => base.join("/").ok().map(Cow::Owned),
                base => base.map(Cow::Borrowed),
            },
            caps,
            out: Extract::default(),
            hidden: Default::default(),
            link: None,
            form: None,
            loose: None,
            after_field: 0,
            fields: 0,
            scripts: 0,
            script_bytes: 0,
            styles: Default::default(),
            turn: 0,
            field_styles: String::new(),
            paths: 0,
            carried: Carried::default(),
            told: Vec::new(),
            told_before: Vec::new().into_iter(),
            frames: 0,
        }
    }

    pub(super) fn limit(&mut self, limit: Limit) {
        if !self.out.limits.contains(&limit) {
            self.out.limits.push(limit);
        }
    }

    /// Where a reference leads; none where that is longer than an address may be, so that neither a long base nor the coding of signs makes
    /// of many small references more than the page has.
    fn absolute(&self, href: &str) -> Option<String> {
        Some(absolute(self.base.as_deref(), href)).filter(|address| address.len() <= ADDRESS)
    }

    /// What follows stands in a document of its own.
    pub(super) fn enter_frame(&mut self) -> Around<'u> {
        self.frames += 1;
        self.lines.end_line();
        let (link, form, loose) = (self.link.take(), self.form.take(), self.loose.take());
        Around { base: self.base.clone(), link, form, loose }
    }

    pub(super) fn leave_frame(&mut self, around: Around<'u>) {
        self.close_link();
        self.lines.end_line();
        self.frames -= 1;
        (self.base, self.link, self.form, self.loose) = (around.base, around.link, around.form, around.loose);
    }

    /// Notes that the page leads on by itself.
    fn redirect(&mut self, href: &str) {
        if self.frames > 0 {
            // Only the frame is led on.
            return self.frame_address(href);
        }
        if self.out.redirects.len() >= self.caps.parts {
            return self.limit(Limit::Parts);
        }
        match self.absolute(href) {
            Some(address) => self.out.redirects.push(address),
            // Where it leads is not known then, and that is said.
            None => self.limit(Limit::Parts),
        }
    }

    pub(super) fn base(&mut self, attributes: &dyn Attributes) {
        if let Some(href) = attributes.get("href") {
            let url = self.absolute(&href).and_then(|address| Url::parse(&address).ok());
            if let Some(url) = url {
                self.base = Some(Cow::Owned(url));
            }
        }
    }

    pub(super) fn frame(&mut self, attributes: &dyn Attributes) {
        // What the address itself holds is no other page.
        let leads = |src: &str| {
            let src = src.trim_start();
            !src.is_empty() && !src.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
        };
        if let Some(src) = attributes.get("src").filter(|src| leads(src)) {
            self.frame_address(&src);
        }
    }

    fn frame_address(&mut self, href: &str) {
        if self.out.frames.len() < self.caps.parts {
            match self.absolute(href) {
                Some(address) => self.out.frames.push(address),
                None => self.limit(Limit::Parts),
            }
        }
    }

    pub(super) fn sheet(&mut self, attributes: &dyn Attributes) {
        if let Some(href) = attributes.get("href") {
            let icon = attributes
                .get("rel")
                .is_some_and(|rel| rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("icon")));
            if icon && self.out.icon.is_empty() {
                self.out.icon = match href.trim().starts_with("data:") {
                    true => cut(href.trim(), INLINE).to_owned(),
                    false => self.absolute(href.trim()).unwrap_or_default(),
                };
            }
            self.absolute(&href).into_iter().for_each(|href| self.resource(href));
        }
    }

    pub(super) fn script(&mut self, attributes: &dyn Attributes) {
        self.scripts += 1;
        if let Some(src) = attributes.get("src") {
            self.absolute(&src).into_iter().for_each(|src| self.resource(src));
        }
    }

    /// The text of a script.
    pub(super) fn script_text(&mut self, text: &str) {
        let room = script::CAP.saturating_sub(self.script_bytes);
        let text = cut(text, room);
        self.script_bytes += text.len();
        let mut found = Vec::new();
        script::redirects(text, &mut found);
        for address in found {
            self.redirect(&address);
        }
        for path in script::paths(text).take(PATHS - self.paths) {
            self.paths += 1;
            self.absolute(path).into_iter().for_each(|path| self.resource(path));
        }
        for id in baidu_statistics(text) {
            self.resource(format!("https://hm.baidu.com/hm.js?{id}"));
        }
        self.data(text);
        self.hide(HiddenKind::Script, &script::telegram_links(text));
        if text.trim_start().starts_with('<') {
            self.hide(HiddenKind::Script, &script::template_text(text));
        }
    }

    /// What styles write before and after elements (content: "应急管理厅").
    pub(super) fn style_text(&mut self, text: &str) {
        self.hide(HiddenKind::Script, &script::chinese_strings(text));
    }

    /// Names of an element's styles, which a field may stand in.
    pub(super) fn style(&mut self, names: &str) {
        let slot = &mut self.styles[self.turn % AROUND];
        slot.clear();
        slot.push_str(cut(names, STYLE));
        self.turn += 1;
    }

    /// Keeps the names of the styles around a field, each once.
    fn keep_styles(&mut self, own: &str) {
        let kept = &mut self.field_styles;
        for name in self.styles.iter().map(String::as_str).chain([cut(own, STYLE)]).flat_map(str::split_whitespace) {
            let known = kept.split(' ').any(|one| one == name);
            if !known && kept.len() + name.len() < STYLES_KEPT {
                kept.push_str(name);
                kept.push(' ');
            }
        }
    }

    /// Attributes that any element may have: a title, and data that waits for a script.
    pub(super) fn common(&mut self, attributes: &dyn Attributes) {
        if let Some(title) = attributes.get("title").filter(|t| !t.is_ascii()) {
            self.hide(HiddenKind::Attribute, &title);
        }
        let mut data = Vec::new();
        let mut said = Vec::new();
        let here = self.lines.position();
        attributes.each_data(&mut |name, value| {
            if name.eq_ignore_ascii_case("aria-label") {
                said.extend((!value.is_ascii()).then(|| value.to_owned()));
                return;
            }
            // What a button does may speak to the reader as well: copyWx('jia_01');alert('微信号已复制').
            let data_too = holds_data(value);
            if value.len() < 128 && (!data_too || name.eq_ignore_ascii_case("onclick")) {
                said.extend(self.carried.see(name, value, here));
            }
            if data_too {
                data.push(value.to_owned());
            }
        });
        said.iter().for_each(|text| self.hide(HiddenKind::Attribute, text));
        for value in data {
            let room = script::CAP.saturating_sub(self.script_bytes);
            let value = cut(&value, room);
            self.script_bytes += value.len();
            self.data(value);
        }
    }

    /// What a script's text says, or data that waits for one.
    fn data(&mut self, text: &str) {
        let told = self.told_before.next().unwrap_or_else(|| {
            let strings = script::chinese_strings(text);
            // Data that speaks Chinese means its numbers; elsewhere only what can be nothing else is taken.
            let contacts = script::contacts(text, !strings.is_empty());
            [strings, contacts]
        });
        told.iter().for_each(|said| self.hide(HiddenKind::Script, said));
        self.told.push(told);
    }

    /// For who reads the same page again: what its data says is known.
    pub(super) fn knowing(mut self, before: &mut Parts) -> Self {
        self.told_before = std::mem::take(&mut before.told).into_iter();
        self
    }

    pub(super) fn hide(&mut self, kind: HiddenKind, text: &str) {
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

    pub(super) fn open_link(&mut self, tag: Tag, zone: Zone, attributes: &dyn Attributes) {
        self.close_link();
        let Some(href) = attributes.get("href") else { return };
        let href = href.trim();
        if href.len() < 128 && href.starts_with("javascript:") {
            let told = self.carried.see("href", href, self.lines.position());
            told.iter().for_each(|text| self.hide(HiddenKind::Attribute, text));
        }
        if href.is_empty() || href.starts_with('#') || href.len() > ADDRESS {
            return;
        }
        if self.out.links.len() >= self.caps.links {
            self.limit(Limit::Links);
            return;
        }
        let nofollow = attributes.get("rel").is_some_and(|r| r.to_ascii_lowercase().contains("nofollow"));
        let here = self.lines.position();
        // Its words count even where nobody can follow it.
        let href = self.absolute(href).unwrap_or_else(|| href.to_owned());
        self.out.links.push(Link { href, at: here..here, zone, nofollow });
        if tag == Tag::A {
            self.link = Some(self.out.links.len() - 1);
        }
    }

    pub(super) fn close_link(&mut self) {
        if let Some(index) = self.link.take() {
            let link = &mut self.out.links[index];
            link.at.end = self.lines.position().max(link.at.start);
        }
    }

    /// Fields from here on are of no form.
    pub(super) fn close_form(&mut self) {
        self.form = None;
    }

    pub(super) fn open_form(&mut self, attributes: &dyn Attributes) {
        self.form = None;
        if self.out.forms.len() >= self.caps.parts {
            return self.limit(Limit::Parts);
        }
        let action = attributes.get("action").map(|a| a.trim().to_owned()).unwrap_or_default();
        let action = if action.is_empty() { action } else { self.absolute(&action).unwrap_or_default() };
        let post = attributes.get("method").is_some_and(|m| m.trim().eq_ignore_ascii_case("post"));
        self.out.forms.push(Form { action, post, fields: Vec::new() });
        self.form = Some(self.out.forms.len() - 1);
    }

    pub(super) fn field(&mut self, tag: Tag, name: &str, attributes: &dyn Attributes) {
        let text = |a: &str| attributes.get(a).unwrap_or_default().into_owned();
        let kind = match tag {
            Tag::Input => attributes.get("type").map_or("text".into(), |t| cut(t.trim(), 16).to_ascii_lowercase()),
            _ => name.to_ascii_lowercase(),
        };
        let value = text("value");
        if matches!(kind.as_str(), "submit" | "button" | "reset") && !value.trim().is_empty() {
            self.lines.end_line();
            self.lines.push(&value, Role::Control, Zone::Main);
            self.lines.end_line();
        }
        if kind == "image" {
            self.image(attributes);
        }
        if word_of(&text("id")).or_else(|| word_of(&text("name"))).is_some() || attributes.get("readonly").is_some() {
            let key = [text("id"), text("name")].into_iter().find(|key| word_of(key).is_some());
            let told = self.carried.see(key.as_deref().unwrap_or("value"), &value, self.lines.position());
            told.iter().for_each(|text| self.hide(HiddenKind::Attribute, text));
        }
        let placeholder = text("placeholder");
        self.hide(HiddenKind::Attribute, &placeholder);
        if self.fields >= self.caps.parts {
            return self.limit(Limit::Parts);
        }
        self.fields += 1;
        if kind != "hidden" {
            self.keep_styles(&text("class"));
        }
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

    /// A picture that may stand for a messenger's name.
    pub(super) fn picture(&mut self, name: &str) {
        self.carried.picture(name, self.lines.position());
    }

    pub(super) fn image(&mut self, attributes: &dyn Attributes) {
        let alt = attributes.get("alt").unwrap_or_default();
        // What is said for those who do not see it: short, or it is a caption.
        if !alt.is_empty() && alt.len() <= 16 {
            self.picture(&alt);
        } else if let Some(title) = attributes.get("title").filter(|title| !title.is_empty() && title.len() <= 16) {
            self.picture(&title);
        } else if attributes.get("src").is_some_and(|src| src.len() < ADDRESS && shows_telegram(&src)) {
            self.picture("telegram");
        }
        self.hide(HiddenKind::Attribute, &alt);
        // Lazy loaders keep the real address in an attribute of their own.
        let src = ["data-original", "data-src", "data-lazy-src", "src"]
            .into_iter()
            .filter_map(|a| attributes.get(a))
            .find(|s| !s.trim().is_empty());
        let Some(src) = src else { return };
        if self.out.images.len() >= self.caps.parts {
            return self.limit(Limit::Parts);
        }
        // A picture inside the page is kept whole, up to what a QR code may need.
        let src = if src.trim_start().starts_with("data:") {
            cut(src.trim(), INLINE).to_owned()
        } else {
            match self.absolute(src.trim()) {
                Some(src) => src,
                None => return self.limit(Limit::Parts),
            }
        };
        let number = |a: &str| {
            let digits = attributes.get(a).unwrap_or_default();
            digits.trim().trim_end_matches("px").parse().unwrap_or(0)
        };
        let size = (number("width"), number("height"));
        self.out.images.push(Image { src, alt: fold_space(&alt, 256), size });
    }

    pub(super) fn meta(&mut self, attributes: &dyn Attributes) {
        let Some(content) = attributes.get("content") else { return };
        if attributes.get("http-equiv").is_some_and(|h| h.trim().eq_ignore_ascii_case("refresh")) {
            if let Some(address) = refresh_target(&content) {
                self.redirect(address);
            }
            return;
        }
        let Some(name) = attributes.get("name").or_else(|| attributes.get("property")) else { return };
        if self.out.meta.len() < self.caps.parts {
            if matches!(name.to_ascii_lowercase().as_str(), "description" | "keywords" | "og:title" | "og:description")
            {
                self.hide(HiddenKind::Meta, &content);
            }
            self.out.meta.push((cut(&name, 64).to_ascii_lowercase(), cut(&content, 1024).to_owned()));
        }
    }

    fn resource(&mut self, address: String) {
        if self.out.resources.len() < self.caps.parts && !address.starts_with("data:") {
            self.out.resources.push(cut(&address, 1024).to_owned());
        }
    }

    pub(super) fn finish(mut self, title: Option<String>) -> Extract {
        self.close_link();
        let carried = std::mem::take(&mut self.carried);
        let shift = title.as_ref().filter(|title| !title.is_empty()).map_or(0, |title| title.len() + 1);
        let Self { mut out, lines, mut hidden, scripts, field_styles, .. } = self;
        if lines.is_cut() && !out.limits.contains(&Limit::Text) {
            out.limits.push(Limit::Text);
        }
        out.title = title.unwrap_or_default();
        lines.finish(&mut out);
        for told in carried.told(&out.text, shift) {
            // Set apart from what other attributes say.
            hidden[1].push_str("。\n");
            hidden[1].push_str(&told);
            hidden[1].push('\n');
        }
        out.hidden = HIDDEN
            .into_iter()
            .zip(hidden)
            .filter(|(_, text)| !text.is_empty())
            .map(|(kind, text)| Hidden { kind, text: crate::entities::mask_ids(&text).into_owned() })
            .collect();
        out.title = crate::entities::mask_ids(&out.title).into_owned();
        out.fingerprint.text = super::fingerprint::of_text(&out.text);
        let names = field_styles.trim_end();
        if !names.is_empty() {
            out.meta.push((STYLES.to_owned(), names.to_owned()));
        }
        let words = out.text.len() - out.title.len();
        let elsewhere = !out.images.is_empty() || !out.frames.is_empty() || !out.redirects.is_empty();
        out.needs_eyes = words < 120 && (scripts > 0 || elsewhere);
        out
    }
}
