//! The simple rules of a page's own style sheets: what classes, ids and elements they hide, turn or write words around.
//!
//! Known are selectors of one element without conditions (`.a`, `#a`, `p`, `p.a.b`, lists of them). Of a rule with more to its selector
//! (`.tabs .on`, `.tab:first-child`), or for windows of some size, it is not known whom it means: only what it shows again counts, for
//! whoever it may mean. Everything is capped, linear in the sheet, and a few look-ups an element. Start at [`Sheet::add`] and
//! [`Sheet::of`].

use std::collections::HashMap;

mod source;

use self::source::{blocks, escaped, name, past_brackets, split};
use super::attribute::Attributes;
use super::extract::cut;
use super::style::{Sight, Style};
use super::token::{Token, Tokenizer};

/// Bytes of all sheets of a page that are read.
const BYTES: usize = 128 << 10;
/// Rules that are kept of a page, and of those under one name.
const RULES: usize = 1024;
const ALIKE: usize = 16;
/// Classes of an element that are looked up, and that a selector may ask for.
const CLASSES: usize = 12;
const ASKED: usize = 4;
/// Rules that may mean one element.
const CLOSE: usize = 32;
/// Bytes of a rule's selectors and of an element's classes.
const NAMES: usize = 1024;
/// Bytes of what is written around an element.
const WORDS: usize = 256;

/// Before or after an element's own content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// Whom a rule means: the last part of its selector.
#[derive(Debug, Clone, Default)]
struct Target {
    element: String,
    id: String,
    classes: Vec<String>,
    side: Option<Side>,
    /// Nothing else is asked for.
    alone: bool,
    /// By the standard's order: ids, classes, elements.
    weight: u32,
}

#[derive(Debug, Clone)]
struct Rule {
    target: Target,
    style: Style,
    /// The value of `content`, as written.
    words: String,
}

/// The rules of a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    rules: Vec<Rule>,
    /// Rules by the id, else the first class, else the element that they ask for.
    ids: HashMap<String, Vec<u16>>,
    classes: HashMap<String, Vec<u16>>,
    elements: HashMap<String, Vec<u16>>,
    /// Which names they may be, by first byte and length: most of a page's are not worth a look-up.
    names: [u64; 4],
    bytes: usize,
    /// Some rule hides, turns or writes.
    acts: bool,
    /// What the rules hide is shown all the same.
    shows_all: bool,
}

/// What the sheets do to an element.
#[derive(Debug, Default)]
pub(super) struct Styled {
    pub(super) style: Style,
    /// Words written before and after its content.
    pub(super) before: String,
    pub(super) after: String,
}

/// Whether a style element holds a sheet, for readers at a screen of any size.
pub(super) fn is_sheet(attributes: &dyn Attributes) -> bool {
    let of_styles = |kind: &str| kind.is_empty() || kind.trim().eq_ignore_ascii_case("text/css");
    attributes.get("media").is_none_or(|media| is_for_screens(&media))
        && attributes.get("type").is_none_or(|kind| of_styles(&kind))
}

fn is_for_screens(media: &str) -> bool {
    let media = cut(media.trim(), NAMES).to_ascii_lowercase();
    let screen = |medium: &str| matches!(medium.trim().trim_start_matches("only ").trim(), "" | "all" | "screen");
    media.split(',').any(screen)
}

impl Sheet {
    /// Adds the text of a style element; gives the names of those that something new is said of.
    pub(super) fn add(&mut self, text: &str) -> Vec<String> {
        let text = cut(text, BYTES.saturating_sub(self.bytes));
        self.bytes += text.len();
        let before = self.rules.len();
        blocks(text, &mut |selectors, declarations, certain| self.add_block(selectors, declarations, certain));
        self.rules[before..].iter().map(|rule| rule.target.name().to_owned()).collect()
    }

    /// The sheets of a whole document.
    pub(super) fn of_source(source: &str) -> Sheet {
        let mut sheet = Sheet::default();
        let mut tokens = Tokenizer::new(source);
        let mut counts = false;
        while let Some(token) = tokens.next_token() {
            match token {
                Token::Start { name, .. } => {
                    counts = name.eq_ignore_ascii_case("style") && is_sheet(&tokens);
                }
                Token::Raw(text) if counts => _ = sheet.add(text),
                _ => {}
            }
        }
        sheet
    }

    /// The same, but hiding nothing.
    pub(super) fn showing_all(self) -> Sheet {
        Sheet { shows_all: true, ..self }
    }

    pub(super) fn shows_all(&self) -> bool {
        self.shows_all
    }

    /// Whether any element may be seen in another way than without it.
    pub(super) fn acts(&self) -> bool {
        self.acts
    }

    fn add_block(&mut self, selectors: &str, declarations: &str, certain: bool) {
        let mut words = String::new();
        let style = Style::of_rule(declarations, &mut |value| words = cut(value, WORDS).to_owned());
        if style.is_empty() && words.is_empty() {
            return;
        }
        if Sight::default().styled(style, Style::default(), false).is_hidden() {
            words = "none".to_owned();
        }
        for selector in split(cut(selectors, NAMES), |sign| sign == ',') {
            let Some(target) = Target::read(selector).filter(|_| self.rules.len() < RULES) else { continue };
            let certain = certain && target.alone;
            let rule = match target.side {
                Some(_) if certain => Rule { target, style: Style::default(), words: words.clone() },
                Some(_) => continue,
                None => Rule { target, style: if certain { style } else { style.showing() }, words: String::new() },
            };
            let (of, name) = match &rule.target {
                target if !target.id.is_empty() => (&mut self.ids, target.name()),
                target if !target.classes.is_empty() => (&mut self.classes, target.name()),
                target => (&mut self.elements, target.name()),
            };
            if name.is_empty() || rule.style.is_empty() && rule.words.is_empty() {
                continue;
            }
            let (word, bit) = mark(name);
            self.names[word] |= bit;
            let alike = of.entry(name.to_owned()).or_default();
            if alike.len() < ALIKE {
                alike.push(self.rules.len() as u16);
                self.acts |= rule.style.acts() || !rule.words.is_empty();
                self.rules.push(rule);
            }
        }
    }

    /// What is said of an element of that name; `blocks`: it stands on lines of its own.
    pub(super) fn of(&self, name: &str, blocks: bool, attributes: &dyn Attributes) -> Styled {
        let class = attributes.get("class").unwrap_or_default();
        let id = attributes.get("id").unwrap_or_default();
        let own = || cut(&class, NAMES).split_ascii_whitespace().take(CLASSES);
        let mut numbers: Vec<u16> = Vec::new();
        let mut look = |of: &HashMap<String, Vec<u16>>, name: &str| {
            let (word, bit) = mark(name);
            if self.names[word] & bit != 0 && numbers.len() < CLOSE {
                numbers.extend(of.get(name).into_iter().flatten());
            }
        };
        if !self.ids.is_empty() {
            look(&self.ids, id.trim());
        }
        own().for_each(|class| look(&self.classes, class));
        match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            _ if self.elements.is_empty() => {}
            true => look(&self.elements, &name.to_ascii_lowercase()),
            false => look(&self.elements, name),
        }
        let mut styled = Styled::default();
        if numbers.is_empty() {
            return styled;
        }
        let means = |target: &Target| {
            (target.element.is_empty() || target.element.eq_ignore_ascii_case(name))
                && (target.id.is_empty() || target.id == id.trim())
                && target.classes.iter().all(|class| own().any(|own| own == class))
        };
        numbers.retain(|number| means(&self.rules[*number as usize].target));
        // The stronger has the last word, and of equals the later.
        numbers.sort_unstable_by_key(|number| (self.rules[*number as usize].target.weight, *number));
        for rule in numbers.into_iter().map(|number| &self.rules[number as usize]) {
            match rule.target.side {
                Some(Side::Before) => styled.before = written(&rule.words, attributes),
                Some(Side::After) => styled.after = written(&rule.words, attributes),
                None => styled.style = styled.style.under(if blocks { rule.style.of_block() } else { rule.style }),
            }
        }
        if self.shows_all {
            styled.style = styled.style.without_hiding();
        }
        styled
    }
}

/// Where a name is marked among those of which something is said.
fn mark(name: &str) -> (usize, u64) {
    let mark = name.as_bytes().first().map_or(0, |first| usize::from(*first) + 37 * name.len()) & 255;
    (mark / 64, 1 << (mark % 64))
}

impl Target {
    /// The last part of a selector; none where it is for no element as it stands.
    fn read(selector: &str) -> Option<Target> {
        let selector = selector.trim();
        let joins = |sign: char| sign.is_ascii_whitespace() || matches!(sign, '>' | '+' | '~');
        let last = split(selector, joins).last()?;
        let mut target = Target { alone: last.len() == selector.len(), ..Target::default() };
        let mut rest = last;
        if !rest.starts_with(['.', '#', '[', ':', '*']) {
            (target.element, rest) = name(rest);
            target.element.make_ascii_lowercase();
        }
        while let Some(sign) = rest.chars().next() {
            rest = &rest[sign.len_utf8()..];
            let word;
            match sign {
                '.' | '#' => {
                    (word, rest) = name(rest);
                    if word.is_empty() {
                        return None;
                    }
                    if sign == '.' { target.classes.push(word) } else { target.id = word }
                }
                ':' => {
                    let doubled = rest.starts_with(':');
                    (word, rest) = name(rest.trim_start_matches(':'));
                    match word.to_ascii_lowercase().as_str() {
                        "before" => target.side = Some(Side::Before),
                        "after" => target.side = Some(Side::After),
                        // Other parts of an element, and what a pointer makes of one.
                        _ if doubled => return None,
                        "hover" | "focus" | "active" | "visited" | "focus-within" | "focus-visible" | "link" => {
                            return None;
                        }
                        _ => target.alone = false,
                    }
                    rest = past_brackets(rest);
                }
                '[' => {
                    target.alone = false;
                    rest = rest.split_once(']').map_or("", |(_, rest)| rest);
                }
                '*' => {}
                _ => return None,
            }
        }
        if target.classes.len() > ASKED {
            return None;
        }
        // What is hidden as a whole, scripts will show; and no page is one word.
        if matches!(target.element.as_str(), "html" | "body") {
            return None;
        }
        let ids = u32::from(!target.id.is_empty());
        target.weight = ids << 16 | (target.classes.len() as u32) << 8 | u32::from(!target.element.is_empty());
        Some(target)
    }

    fn name(&self) -> &str {
        match self {
            target if !target.id.is_empty() => &target.id,
            target => target.classes.first().unwrap_or(&target.element),
        }
    }
}

/// What a value of `content` writes: its strings and the attributes that it names. Pictures of a font, and signs alone, are no words.
fn written(value: &str, attributes: &dyn Attributes) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(sign) = rest.chars().next() {
        let after = &rest[sign.len_utf8()..];
        rest = match sign {
            '"' | '\'' => {
                let mut inside = after;
                loop {
                    let Some(next) = inside.chars().next() else { break "" };
                    inside = &inside[next.len_utf8()..];
                    match next {
                        '\\' => inside = escaped(inside, &mut out),
                        _ if next == sign => break inside,
                        _ => out.push(next),
                    }
                }
            }
            'a' if after.starts_with("ttr(") => {
                let (name, after) = after[4..].split_once(')').unwrap_or((&after[4..], ""));
                let value = attributes.get(&name.trim().to_ascii_lowercase()).unwrap_or_default();
                out.push_str(cut(&value, WORDS));
                after
            }
            _ => after,
        };
    }
    out.retain(|sign| !matches!(sign, '\u{E000}'..='\u{F8FF}'));
    if out.chars().any(char::is_alphanumeric) { out } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sheets' word on the first element of a page's source.
    fn of(sheet: &str, element: &str) -> (bool, String, String) {
        let mut rules = Sheet::default();
        rules.add(sheet);
        let mut tokens = Tokenizer::new(element);
        let Some(Token::Start { name, .. }) = tokens.next_token() else { panic!("{element}") };
        let styled = rules.of(name, false, &tokens);
        let sight = Sight::default().styled(styled.style, Style::default(), false);
        (sight.is_hidden(), styled.before, styled.after)
    }

    fn hides(sheet: &str, element: &str) -> bool {
        of(sheet, element).0
    }

    #[test]
    fn simple_selectors_hide_whom_they_mean() {
        for (sheet, element) in [
            (".h{display:none}", "<p class='a h'>"),
            ("#h { color:red; display : none }", "<p id=h>"),
            ("i{font-size:0}", "<I>"),
            ("p.h, i.h{visibility:hidden!important}", "<i class=h>"),
            (".a.b{display:none}", "<i class='b a'>"),
            ("/* x{ */ <!-- .h{display:none/**/} -->", "<i class=h>"),
            ("@media screen{.h{display:none}}", "<i class=h>"),
            ("@charset 'utf-8';@font-face{src:url(x;y)}.h{display:none}", "<i class=h>"),
            (".x{content:'}'} .h{display:none}", "<i class=h>"),
            (".h{display:block} .h{display:none}", "<i class=h>"),
            (".h.h{display:none} .h{display:block}", "<i class=h>"),
            (".\\31 0\\:h{display:none}", "<i class='10:h'>"),
            (".h{display:none; &:hover{display:block} }", "<i class=h>"),
        ] {
            assert!(hides(sheet, element), "{sheet} {element}");
        }
    }

    #[test]
    fn what_may_be_shown_is_not_hidden() {
        for (sheet, element) in [
            (".h{display:none}", "<p class=hh>"),
            ("p.h{display:none}", "<i class=h>"),
            (".nav .h{display:none}", "<i class=h>"),
            (".h:not(.on){display:none}", "<i class=h>"),
            (".h:hover,.h::selection{display:none}", "<i class=h>"),
            (".h[data-x]{display:none}", "<i class=h>"),
            ("@media print{.h{display:none}}", "<i class=h>"),
            ("@media (max-width:600px){.h{display:none}}", "<i class=h>"),
            ("@keyframes a{from{opacity:0}}", "<from>"),
            (".tab{display:none}.tab.on{display:block}", "<i class='tab on'>"),
            (".tab{display:none}.tabs>.tab:first-child{display:block}", "<i class=tab>"),
            (".tab{display:none}@media (min-width:9px){.tab{display:block}}", "<i class=tab>"),
            ("body{display:none} html{opacity:0} *{font-size:0}", "<body>"),
            (".h{opacity:0;transition:opacity 1s}", "<i class=h>"),
            (".h{left:50%;margin-left:-960px}", "<i class=h>"),
        ] {
            assert!(!hides(sheet, element), "{sheet} {element}");
        }
    }

    #[test]
    fn words_are_written_around_elements() {
        let written = |sheet: &str, element: &str| {
            let (_, before, after) = of(sheet, element);
            [before, after]
        };
        assert_eq!(written(".a:before{content:\"139\"}", "<i class=a>"), ["139", ""]);
        assert_eq!(written(".a::after{content:'\\5fae\\4fe1 x'}", "<i class=a>"), ["", "微信x"]);
        assert_eq!(written("i::after{content:'a' attr(data-n) \"b\"}", "<i data-n=7>"), ["", "a7b"]);
        assert_eq!(written(".a:before{content:'\\e601'}.a:after{content:' » '}", "<i class=a>"), ["", ""]);
        assert_eq!(written(".a:before{content:'x'}.a:before{content:none}", "<i class=a>"), ["", ""]);
        assert_eq!(written(".a:before{content:'x';font-size:0}", "<i class=a>"), ["", ""]);
        assert_eq!(written(".b .a:before{content:'x'}.a:hover::before{content:'y'}", "<i class=a>"), ["", ""]);
    }

    #[test]
    fn a_sheet_costs_no_more_than_its_bytes() {
        for cut_off in
            [".a{content:'中", ".a{display:none", "中", ".中{b:\\", "@media", "@x{中", ".a:before{content:\"\\中"]
        {
            Sheet::default().add(cut_off);
        }
        for bomb in ["{", "}", ".a{display:none}", "/*", "'", "\\", "@media{", "a,", ".a.a.a.a", "(", "[", ":not("] {
            let mut sheet = Sheet::default();
            sheet.add(&bomb.repeat(100_000));
            assert!(sheet.rules.len() <= RULES && sheet.bytes <= BYTES, "{bomb}");
        }
        let many: String = (0..5000).map(|i| format!(".a{i}{{display:none}}")).collect();
        let mut sheet = Sheet::default();
        sheet.add(&many);
        assert!(sheet.rules.len() <= RULES);
        let mut alike = Sheet::default();
        alike.add(&".a{display:none}".repeat(1000));
        assert_eq!(alike.rules.len(), ALIKE);
    }
}
