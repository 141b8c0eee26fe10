//! The second lane: a page read again through a tree, for what only a tree builder repairs.
//!
//! html5ever closes what was left open, undoes misnesting and moves text out of tables, as browsers do; the [`Extractor`] gets the
//! result as the same events that the token lane gives it. It takes two to three times as long as the tokens, so it must be asked only
//! for pages that the first lane gave a reason for, and it is built behind the caps of [`tree`]. Start at [`read`].

use std::borrow::Cow;

use scraper::node::Element;
use scraper::{Html, Node};

use super::attribute::{Attributes, may_hold_data};
use super::css::{Sheet, is_sheet};
use super::extract::{Extractor, Open};
use super::tag::Tag;
use super::{Extract, Lane, Limit, tree};

impl Attributes for Element {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attrs().find(|(n, _)| *n == name).map(|(_, value)| Cow::Borrowed(value))
    }

    fn is_empty(&self) -> bool {
        self.attrs().next().is_none()
    }

    fn each_data(&self, see: &mut dyn FnMut(&str, &str)) {
        // The tree keeps attributes by a hash of their names; the order must not hang on it.
        let mut data: Vec<_> = self.attrs().filter(|(name, _)| may_hold_data(name)).collect();
        data.sort_unstable();
        data.into_iter().for_each(|(name, value)| see(name, value));
    }
}

/// Around these a form cannot stand: the tree builder puts it there empty, and its fields lie beside it.
fn of_table(name: &str) -> bool {
    matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr")
}

/// Reads a page's source through a tree. The shape of its tags is not made again.
pub(super) fn read(mut extractor: Extractor, source: &str) -> Extract {
    let capped = tree::capped(source);
    let html = Html::parse_document(&capped);
    extractor = extractor.again(sheet(&html));
    walk(&mut extractor, &html);
    if let Some(sheet) = extractor.sheet_that_hides_too_much() {
        extractor = extractor.again(sheet);
        walk(&mut extractor, &html);
    }
    if let Cow::Owned(_) = capped {
        extractor.parts.limit(Limit::Depth);
    }
    let mut extract = extractor.finish();
    extract.lane = Lane::Tree;
    extract
}

/// The style elements of a tree, but for those in templates.
fn sheet(html: &Html) -> Sheet {
    let mut sheet = Sheet::default();
    for node in html.tree.root().descendants() {
        let Node::Element(element) = node.value() else { continue };
        let counts = element.name() == "style"
            && is_sheet(element)
            && !node.ancestors().any(|around| around.value().as_element().is_some_and(|e| e.name() == "template"));
        if counts {
            node.children().filter_map(|child| child.value().as_text()).for_each(|text| _ = sheet.add(text));
        }
    }
    sheet
}

fn walk<'h>(extractor: &mut Extractor, html: &'h Html) {
    let mut stack: Vec<Open<'h>> = Vec::with_capacity(64);
    // Of each element around: it was put on the stack.
    let mut opened: Vec<bool> = Vec::with_capacity(64);
    // How many elements are around the table whose stray form is open.
    let mut form_until = None;
    let root = html.tree.root();
    let mut node = root;
    loop {
        // Down, as long as there is something below; else on, or up to where it goes on.
        let mut next = node.first_child();
        while next.is_none() && node != root {
            if let Node::Element(element) = node.value() {
                let open = opened.pop() == Some(true);
                let mut around = node.ancestors().map(|n| n.value().as_element().map_or("", Element::name));
                let stray =
                    element.name() == "form" && !node.has_children() && around.clone().next().is_some_and(of_table);
                if stray {
                    form_until = around.position(|name| name == "table").map(|up| opened.len().saturating_sub(up + 1));
                }
                if open {
                    extractor.pop(!stray, &mut stack);
                }
                if form_until == Some(opened.len()) {
                    form_until = None;
                    extractor.parts.close_form();
                }
            }
            next = node.next_sibling();
            if next.is_none() {
                node = node.parent().unwrap_or(root);
            }
        }
        let Some(here) = next else { break };
        node = here;
        match node.value() {
            Node::Element(element) => {
                let tag = Tag::of(element.name());
                opened.push(extractor.open(tag, element.name(), false, element, &mut stack));
            }
            Node::Text(text) => match node.parent().and_then(|p| p.value().as_element()).map(|e| Tag::of(e.name())) {
                Some(Tag::Script | Tag::Style | Tag::Frame | Tag::NoScript) => extractor.raw(text, &stack),
                _ => extractor.text(text, &stack),
            },
            _ => {}
        }
    }
}
