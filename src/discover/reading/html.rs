//! Reads a result page. Start at [`read`].

use std::collections::HashSet;

use jianzheng_core::page::tree;
use scraper::node::Node;
use scraper::{ElementRef, Html};
use url::Url;

use super::{Candidate, Haul, MAX_RESULTS, MAX_SHORT, MAX_SNIPPET, MAX_TITLE, Reading, Sight};
use super::{clean, refusal, settle, undo_link, web_address};
use crate::discover::definition::{Css, Definition, HtmlShape, Mark};
use crate::discover::request::{Ask, Reply};

/// Text of a page that is searched for a source's words.
const MAX_TEXT: usize = 256 * 1024;

/// Reads the page `text` that `reply` brought.
pub(super) fn read(definition: &Definition, shape: &HtmlShape, ask: &Ask, reply: &Reply, text: &str) -> Reading {
    // Whoever answers is not to be trusted with the tree builder's time: core's caps stand before it.
    let page = tree::parse(text);
    let results = results(&page, shape);
    let sight = Page { html: &page, has_results: !results.is_empty() };
    if let Some(refusal) = refusal(definition, reply, &sight) {
        return refusal;
    }
    let haul = haul(definition, shape, &page, &results, &reply.final_url);
    settle(definition, ask, reply, &sight, haul)
}

/// The outermost items that are no noise: cards stand within cards, and what is in one belongs to it.
fn results<'p>(page: &'p Html, shape: &HtmlShape) -> Vec<ElementRef<'p>> {
    let noise = |item: &ElementRef<'_>| shape.skip.iter().any(|css| css.selector.matches(item));
    let mut items = HashSet::new();
    let mut results = Vec::new();
    // In the page's order, so an item is known before what it holds.
    for item in page.select(&shape.item.selector) {
        let within = item.ancestors().any(|ancestor| items.contains(&ancestor.id()));
        items.insert(item.id());
        if within || noise(&item) {
            continue;
        }
        results.push(item);
        if results.len() == MAX_RESULTS {
            break;
        }
    }
    results
}

fn haul(definition: &Definition, shape: &HtmlShape, page: &Html, results: &[ElementRef<'_>], base: &Url) -> Haul {
    let mut haul = Haul::default();
    for item in results {
        let title = first_text(*item, &shape.title, MAX_TITLE).unwrap_or_default();
        let link = item.select(&shape.link.selector).next();
        let href = link.and_then(|link| link.attr("href")).and_then(|href| web_address(base, href));
        let real = shape.real_link.iter().find_map(|name| {
            let value = item.attr(name).or_else(|| link.and_then(|link| link.attr(name)))?;
            web_address(base, value)
        });
        let Some(told) = real.or_else(|| href.clone()).filter(|_| !title.is_empty()) else {
            haul.results += 1;
            continue;
        };
        let own_host = base.host_str();
        let Some(undone) = undo_link(definition, own_host, told) else { continue };
        haul.results += 1;
        let ad_link = href.and_then(|href| undo_link(definition, own_host, href)).is_some_and(|link| link.ad);
        let ad_mark =
            shape.ad.iter().any(|css| css.selector.matches(item) || item.select(&css.selector).next().is_some());
        // The same address with the same title is one result.
        if haul.found.iter().any(|seen: &Candidate| seen.url == undone.url && seen.title == title) {
            continue;
        }
        let snippet = shape.snippet.iter().find_map(|css| first_text(*item, css, MAX_SNIPPET));
        haul.found.push(Candidate {
            url: undone.url,
            title,
            snippet: snippet.unwrap_or_else(|| visible(*item, MAX_SNIPPET)),
            date: shape.date.as_ref().and_then(|css| first_text(*item, css, MAX_SHORT)),
            rank: u32::try_from(haul.found.len() + 1).unwrap_or(u32::MAX),
            ad: undone.ad || ad_link || ad_mark,
            needs_lookup: undone.needs_lookup,
            engine: None,
        });
    }
    haul.more = !haul.found.is_empty() && has_next(page, shape);
    haul
}

/// Whether there is a way on. A page without a bar of page numbers tells nothing, so it may.
fn has_next(page: &Html, shape: &HtmlShape) -> bool {
    let Some(bar) = shape.pager.as_ref().and_then(|css| page.select(&css.selector).next()) else { return true };
    let Some(next) = &shape.next else { return true };
    let says_so = |link: &ElementRef<'_>| {
        shape.next_text.as_ref().is_none_or(|words| visible(*link, MAX_SHORT).contains(words.as_str()))
    };
    bar.select(&next.selector).any(|link| says_so(&link))
}

fn first_text(item: ElementRef<'_>, css: &Css, most: usize) -> Option<String> {
    item.select(&css.selector).map(|element| visible(element, most)).find(|text| !text.is_empty())
}

/// Text below an element that a person sees, as one line.
fn visible(element: ElementRef<'_>, most: usize) -> String {
    let mut text = String::new();
    for node in element.descendants() {
        let Node::Text(piece) = node.value() else { continue };
        let hidden = node.parent().is_some_and(|parent| match parent.value() {
            Node::Element(parent) => matches!(parent.name(), "script" | "style" | "noscript" | "template"),
            _ => false,
        });
        if !hidden {
            text.push_str(piece);
        }
        // Four bytes a character, and blanks that will collapse.
        if text.len() > most.saturating_mul(8) {
            break;
        }
    }
    clean(&text, most)
}

struct Page<'p> {
    html: &'p Html,
    has_results: bool,
}

impl Sight for Page<'_> {
    fn title_holds(&self, words: &str) -> bool {
        let mut elements = self.html.root_element().descendent_elements();
        elements
            .find(|e| e.value().name() == "title")
            .is_some_and(|title| title.text().any(|text| text.contains(words)))
    }

    /// A result may say anything, 获取验证码 included: words count only on a page without results.
    fn text_holds(&self, words: &str) -> bool {
        !self.has_results && visible(self.html.root_element(), MAX_TEXT).contains(words)
    }

    fn mark_holds(&self, mark: &Mark) -> bool {
        matches!(mark, Mark::Element(css) if self.html.select(&css.selector).next().is_some())
    }
}
