//! What single attributes say: where an address leads, where a refresh sends, how an element is seen, what waits for a script.

use std::borrow::Cow;

use url::Url;

use super::extract::cut;
use super::reference::decode_attribute;
use super::style::{Sight, Style};
use super::token::Tokenizer;

/// The attributes of one element, as a browser has them: references replaced, the first of each name.
pub(super) trait Attributes {
    /// The value of the attribute of that name (lower case), if there is one.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;

    /// There is none at all.
    fn is_empty(&self) -> bool;

    /// Shows the name and the value of each that may hold data ([`may_hold_data`]).
    fn each_data(&self, see: &mut dyn FnMut(&str, &str));
}

impl Attributes for Tokenizer<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attribute(name).map(decode_attribute)
    }

    fn is_empty(&self) -> bool {
        self.attributes().is_empty()
    }

    fn each_data(&self, see: &mut dyn FnMut(&str, &str)) {
        for (i, (name, value)) in self.named().enumerate() {
            if may_hold_data(name) && !self.named().take(i).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
                see(name, &decode_attribute(value));
            }
        }
    }
}

/// An absolute address. The common forms are put together by hand: a whole URL parse for each link of a page costs more than
/// reading the page; whoever follows a link parses and checks it anyway.
pub(super) fn absolute(base: Option<&Url>, href: &str) -> String {
    let href = href.trim();
    let lower = |p: &str| href.len() >= p.len() && href.as_bytes()[..p.len()].eq_ignore_ascii_case(p.as_bytes());
    if lower("http://") || lower("https://") {
        return href.to_owned();
    }
    let Some(base) = base else { return href.to_owned() };
    if href.starts_with('/') && !href.starts_with("//") && !href.contains(['\\', '\t', '\n', '\r']) {
        let origin = &base[..url::Position::BeforePath];
        return [origin, href].concat();
    }
    match base.join(href) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.into(),
        _ => href.to_owned(),
    }
}

/// The address in the content of a meta refresh.
pub(super) fn refresh_target(content: &str) -> Option<&str> {
    let at = content.find([';', ','])?;
    let rest = content[at + 1..].trim();
    let rest = if rest.len() >= 3 && rest.is_char_boundary(3) && rest[..3].eq_ignore_ascii_case("url") {
        rest[3..].trim_start().strip_prefix('=')?
    } else {
        rest
    };
    let rest = rest.trim().trim_matches(['\'', '"']).trim();
    (!rest.is_empty()).then_some(rest)
}

/// Site numbers of Baidu's statistics in a script: 32 hexadecimal digits after `hm.js?`.
pub(super) fn baidu_statistics(script: &str) -> impl Iterator<Item = &str> {
    memchr::memmem::find_iter(script.as_bytes(), b"hm.js?")
        .filter_map(|i| script.get(i + 6..i + 38))
        .filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit()))
        .take(4)
}

/// How an element is seen by its own markup and what the page's sheets say of it, in one that is seen so.
pub(super) fn seen(around: Sight, sheet: Style, name: &str, attributes: &dyn Attributes) -> Sight {
    let mut around = around;
    if attributes.get("hidden").is_some() {
        around = around.gone();
    }
    let rtl = || attributes.get("dir").is_some_and(|dir| dir.trim().eq_ignore_ascii_case("rtl"));
    if name.eq_ignore_ascii_case("bdo") && rtl() {
        around = around.turned();
    }
    match attributes.get("style") {
        None if sheet.is_empty() => around,
        style => around.styled(sheet, style.map_or(Style::default(), |style| Style::own(&style)), rtl()),
    }
}

/// Is the element the picture of a telephone or of a messenger, by its class: i-tel, icon_weixin, fa-phone?
pub(super) fn is_contact_icon(attributes: &dyn Attributes) -> bool {
    const ICONS: [&str; 7] = ["i", "ic", "ico", "icon", "iconfont", "fa", "glyphicon"];
    const OF: [&str; 9] = ["tel", "phone", "mobile", "wx", "weixin", "wechat", "vx", "qq", "telegram"];
    let Some(class) = attributes.get("class") else { return false };
    cut(&class, 128).split_ascii_whitespace().any(|name| {
        let is = |piece: &str, words: &[&str]| words.iter().any(|word| piece.eq_ignore_ascii_case(word));
        let has = |words: &[&str]| name.split(['-', '_']).any(|piece| is(piece, words));
        has(&ICONS) && has(&OF)
    })
}

/// The name of an attribute in which page builders keep what scripts will show or copy (data-page, x-data, :value, onclick), or what is
/// said to those who do not see.
pub(super) fn may_hold_data(name: &str) -> bool {
    name.len() > 1
        && (name.starts_with(':')
            || name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data-"))
            || name.eq_ignore_ascii_case("onclick")
            || name.eq_ignore_ascii_case("aria-label")
            || name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-") || start.eq_ignore_ascii_case("v-")))
}

/// Such an attribute's value, if it has words in quotes.
pub(super) fn holds_data(value: &str) -> bool {
    value.len() > 8 && (!value.is_ascii() || value.contains("\\u")) && value.contains(['"', '\'', '`'])
}
