//! Real trees, for the selectors of source definitions, behind caps.
//!
//! html5ever's time is quadratic in nesting and in the attributes of one tag, so a page is counted by the light tokenizer first;
//! one that goes beyond the caps is rewritten without what is too deep or too much. Nothing here judges a page.

use std::borrow::Cow;

use scraper::Html;

use super::token::{MAX_ATTRIBUTES, Token, Tokenizer};

/// Elements that may be open at a time.
pub const DEPTH: usize = 256;
/// Tags that a tree is built of.
pub const TAGS: usize = 100_000;

/// Parses a page into a tree, within the caps.
pub fn parse(html: &str) -> Html {
    Html::parse_document(&capped(html))
}

/// The page itself where it keeps within the caps, else a copy without what is too deep, too many or too much in one tag.
pub fn capped(html: &str) -> Cow<'_, str> {
    if fits(html) { Cow::Borrowed(html) } else { Cow::Owned(rewrite(html)) }
}

const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

fn is_void(name: &str) -> bool {
    VOID.iter().any(|v| name.eq_ignore_ascii_case(v))
}

/// Formatting elements are copied by the tree builder into every block that they were left open in ("active formatting
/// elements"): a few hundred of them make half a million nodes. More than this many left open is no real page.
const FORMATTING: usize = 32;

fn is_formatting(name: &str) -> bool {
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
        .iter()
        .any(|f| name.eq_ignore_ascii_case(f))
}

/// Counts as a tree builder would, but never less: an end tag lowers the count by one only.
#[derive(Default)]
struct Count {
    depth: usize,
    formatting: usize,
    tags: usize,
}

impl Count {
    /// May this start tag be built?
    fn start(&mut self, name: &str, attributes: usize) -> bool {
        if self.tags >= TAGS || self.depth >= DEPTH || attributes >= MAX_ATTRIBUTES {
            return false;
        }
        let formatting = is_formatting(name);
        if formatting && self.formatting >= FORMATTING {
            return false;
        }
        self.tags += 1;
        if !is_void(name) {
            self.depth += 1;
            self.formatting += usize::from(formatting);
        }
        true
    }

    fn end(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        if is_formatting(name) {
            self.formatting = self.formatting.saturating_sub(1);
        }
    }
}

fn fits(html: &str) -> bool {
    let mut tokens = Tokenizer::new(html);
    let mut count = Count::default();
    while let Some(token) = tokens.next_token() {
        match token {
            Token::Start { name, .. } if !count.start(name, tokens.attributes().len()) => return false,
            Token::End { name } => count.end(name),
            _ => {}
        }
    }
    true
}

fn rewrite(html: &str) -> String {
    let mut out = String::with_capacity(html.len().min(1 << 20));
    let mut tokens = Tokenizer::new(html);
    let mut count = Count::default();
    // How many start tags were left out and still wait for their end tag.
    let mut dropped = 0usize;
    while let Some(token) = tokens.next_token() {
        match token {
            Token::Start { name, .. } => {
                // A raw-text element goes through at any depth, or its content would be read as markup.
                let raw = super::token::Content::of(name) != super::token::Content::Data;
                if count.start(name, 0) || raw {
                    out.push('<');
                    out.push_str(name);
                    for attribute in tokens.attributes() {
                        let (key, value) = (&html[attribute.name.clone()], &html[attribute.value.clone()]);
                        let quote = if value.contains('"') { '\'' } else { '"' };
                        out.extend([" ", key, "="]);
                        out.push(quote);
                        out.push_str(value);
                        out.push(quote);
                    }
                    out.push('>');
                } else if !is_void(name) {
                    dropped += 1;
                }
            }
            Token::End { name } => {
                if dropped > 0
                    && !matches!(
                        super::token::Content::of(name),
                        super::token::Content::RcData | super::token::Content::RawText | super::token::Content::Script
                    )
                {
                    dropped -= 1;
                } else {
                    count.end(name);
                    out.extend(["</", name, ">"]);
                }
            }
            Token::Text(text) | Token::Raw(text) => out.push_str(text),
            Token::Comment(_) => {}
            Token::Doctype(text) => out.extend(["<!doctype", text, ">"]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Selector;

    fn text(html: &Html, selector: &str) -> String {
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).flat_map(|e| e.text()).collect()
    }

    #[test]
    fn an_ordinary_page_is_not_touched() {
        let page = "<!doctype html><title>a</title><div class=x><p>b<br>c<ul><li>d<li>e</ul></div>";
        assert!(matches!(capped(page), Cow::Borrowed(_)));
        assert_eq!(text(&parse(page), "div.x li"), "de");
    }

    #[test]
    fn bombs_are_defused_and_what_stands_around_them_is_kept() {
        let bombs = [
            "<div>".repeat(50_000),
            "<ul><li>".repeat(50_000),
            "<p><font color=i>".repeat(10_000),
            format!("<a {}>", "b=1 ".repeat(160_000)),
        ];
        for bomb in bombs {
            let page = format!("<h1>before</h1>{bomb}<script>var a='</div>'</script>after");
            let html = parse(&page);
            assert_eq!(text(&html, "h1"), "before");
            assert!(html.tree.nodes().count() < 10_000, "{}", html.tree.nodes().count());
            assert!(html.root_element().text().any(|t| t.contains("after")));
        }
    }
}
