//! What the page is found to be, beyond single words: the vocabulary of [`Fact`], established from forms, links, owners and marks.
//!
//! Each fact is one small function of the reading and holds no points; what follows from it is for the rules.

use std::borrow::Cow;

use super::reading::{Found, Reading};
use super::voice;
use crate::host::{self, Standing};
use crate::page::{Extract, Form, Role, Zone};
use crate::rules::rule::Place;
use crate::rules::{Fact, Lists, RuleSet};

/// Establishes every fact, then marks reported speech, which some facts decide.
pub(crate) fn establish(reading: &mut Reading) {
    let mut set = |fact, holds: bool| {
        if holds {
            reading.facts.insert(fact);
        }
    };
    let host = &reading.host;
    set(Fact::OfficialHost, host.standing == Standing::Official);
    set(Fact::SpoofHost, host.standing == Standing::Spoof);
    let retired = reading.rules.authorities.iter().any(|a| a.retired.iter().any(|r| under(&host.host, r)));
    set(Fact::RetiredHost, retired);
    set(Fact::WatchHost, host.standing == Standing::Watch && !retired);
    set(Fact::Platform, reading.rules.routing.platform(&host.host).is_some());
    set(Fact::NeedsEyes, reading.extract.needs_eyes);

    let facts = [
        (Fact::Contact, has_contact(reading)),
        (Fact::MainContact, reading.leads.iter().any(|l| l.main)),
        (Fact::QrContact, qr_contact(reading.extract)),
        (Fact::Warning, warns(reading)),
        (Fact::Press, distinct(reading, Lists::Press) >= 2),
        (Fact::Training, distinct(reading, Lists::Training) >= 2),
        (Fact::Hiring, distinct(reading, Lists::Hiring) >= 2),
        (Fact::ResultPage, shows_one_person(reading)),
        (Fact::OwnBrand, reading.list(Lists::Brand).any(|f| f.place == Place::Title.bit())),
        (Fact::LookupTitle, lookup_title(reading)),
        (Fact::SiteCode, site_code(reading)),
        (Fact::StateMark, state_mark(reading)),
        (Fact::OfficialResource, official_resource(reading)),
        (Fact::OfficialPath, official_path(reading)),
        (Fact::FalseLink, false_link(reading)),
        (Fact::LinksToGenuine, links_to_genuine(reading)),
    ];
    for (fact, holds) in facts {
        if holds {
            reading.facts.insert(fact);
        }
    }
    forms(reading);
    face(reading);
    voice::mark(reading);
}

fn under(host: &str, parent: &str) -> bool {
    host == parent || host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

fn has_contact(reading: &Reading) -> bool {
    use crate::entities::Kind;
    reading
        .entities
        .iter()
        .any(|e| matches!(e.kind, Kind::Phone | Kind::Landline | Kind::Wechat | Kind::Qq | Kind::Telegram))
}

fn qr_contact(extract: &Extract) -> bool {
    use crate::entities::{Kind, in_address};
    extract
        .qr
        .iter()
        .flat_map(|q| in_address(q))
        .any(|e| matches!(e.kind, Kind::Wechat | Kind::Qq | Kind::Telegram | Kind::Phone))
        || extract.qr.iter().any(|q| {
            let q = q.to_ascii_lowercase();
            [
                "u.wechat.com/",
                "weixin.qq.com/r/",
                "weixin.qq.com/g/",
                "work.weixin.qq.com/ca",
                "qm.qq.com/",
                "weixin://",
            ]
            .iter()
            .any(|p| q.contains(p))
        })
}

/// How many different words of a list the visible page has outside its foot and side.
fn distinct(reading: &Reading, list: Lists) -> usize {
    let mut patterns: Vec<u32> = reading
        .list(list)
        .filter(|f| f.place & (Place::Title.bit() | Place::Main.bit()) != 0)
        .map(|f| f.pattern)
        .collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns.len()
}

/// A reporting word in the title or a heading, or so many in the text that the page is about wrong-doing.
fn warns(reading: &Reading) -> bool {
    let mut lines = Vec::new();
    let mut distinct = Vec::new();
    for cue in reading.list(Lists::Reporting) {
        let Some(block) = cue.block else { continue };
        if cue.place == Place::Title.bit()
            || (reading.extract.blocks[block].role == Role::Heading && cue.place == Place::Main.bit())
        {
            return true;
        }
        if cue.place == Place::Main.bit() {
            lines.push(voice::sentence(reading.folded.as_str(), &cue.at).start);
            distinct.push(cue.pattern);
        }
    }
    lines.sort_unstable();
    lines.dedup();
    distinct.sort_unstable();
    distinct.dedup();
    lines.len() >= 3 && distinct.len() >= 3
}

/// Labels of a certificate, each with its value: in five or more lines or cells, with a person's name among them.
fn shows_one_person(reading: &Reading) -> bool {
    let mut labels: Vec<(u32, usize)> = reading
        .list(Lists::ResultLabel)
        .filter(|f| f.place & Place::Main.bit() != 0)
        .filter_map(|f| f.block.map(|b| (f.pattern, cell(reading, f, b))))
        .collect();
    labels.sort_unstable();
    labels.dedup_by_key(|(pattern, _)| *pattern);
    let mut cells: Vec<usize> = labels.iter().map(|(_, cell)| *cell).collect();
    cells.sort_unstable();
    cells.dedup();
    labels.len() >= 5 && cells.len() >= 4 && reading.extract.text.chars().count() < 3_000
}

/// Where the cell or line of a phrase begins.
fn cell(reading: &Reading, found: &Found, block: usize) -> usize {
    let start = reading.folded.folded_from(reading.extract.blocks[block].at.start);
    let before = &reading.folded.as_str()[start..found.at.start.max(start)];
    before.rfind(['\t', ' ', '，', ',', '；']).map_or(start, |i| start + i + 1)
}

/// A title that is a look-up's: about certificates or safety, and about looking up.
fn lookup_title(reading: &Reading) -> bool {
    let in_title = |f: &Found| f.place == Place::Title.bit();
    let about = reading.certificates.iter().any(|(_, i)| in_title(&reading.found[*i as usize]))
        || reading.names.iter().any(|(_, i)| in_title(&reading.found[*i as usize]));
    about && reading.list(Lists::LookupTitle).any(in_title)
}

fn site_code(reading: &Reading) -> bool {
    use crate::entities::Kind;
    reading.entities.iter().any(|e| e.kind == Kind::SiteCode)
        || reading.extract.meta.iter().any(|(name, content)| name == "siteidcode" && !content.trim().is_empty())
}

fn state_mark(reading: &Reading) -> bool {
    let words = reading.rules.words(Lists::StateMark);
    reading.extract.images.iter().any(|image| {
        let src = image.src.get(..512).unwrap_or(&image.src).to_ascii_lowercase();
        words.iter().any(|w| (w.len() >= 4 && src.contains(w.as_str())) || image.alt.contains(w.as_str()))
    }) || link_hosts(reading.extract).any(|h| h == "bszs.conac.cn")
}

fn official_resource(reading: &Reading) -> bool {
    let own = &reading.host.host;
    let images = reading.extract.images.iter().map(|i| &i.src);
    images.chain(&reading.extract.resources).filter_map(|a| host_of(a)).any(|h| *h != **own && host::is_government(&h))
}

fn official_path(reading: &Reading) -> bool {
    let words = reading.rules.words(Lists::OfficialPath);
    let addresses =
        reading.extract.forms.iter().map(|f| &f.action).chain(reading.extract.images.iter().map(|i| &i.src));
    addresses.chain(&reading.extract.resources).any(|a| {
        let a = a.get(..512).unwrap_or(a).to_ascii_lowercase();
        words.iter().any(|w| a.contains(w.as_str()))
    })
}

/// The words of a link are an official address, its target is not.
fn false_link(reading: &Reading) -> bool {
    reading.extract.links.iter().any(|link| {
        let words = reading.extract.text[link.at.clone()].trim();
        // Most links are words, not addresses.
        if !words.contains(['.', '。', '．']) || words.len() > 200 || words.contains(char::is_whitespace) {
            return false;
        }
        let Some(target) = host_of(&link.href) else { return false };
        host::host_of(words).is_ok_and(|shown| {
            shown.contains('.') && host::is_government(&shown) && !host::is_government(&target) && *target != *shown
        })
    })
}

fn links_to_genuine(reading: &Reading) -> bool {
    link_hosts(reading.extract).any(|h| *h != *reading.host.host && reading.rules.authorities.by_host(&h).is_some())
}

/// Hosts that the page links to; of links in a row to the same host one.
fn link_hosts(extract: &Extract) -> impl Iterator<Item = Cow<'_, str>> {
    let mut last: Cow<'_, str> = Cow::Borrowed("");
    extract.links.iter().filter_map(|link| host_of(&link.href)).filter(move |host| {
        let new = *host != last;
        if new {
            last = host.clone();
        }
        new
    })
}

/// Host of an absolute http(s) address, lower case.
fn host_of(address: &str) -> Option<Cow<'_, str>> {
    let (scheme, rest) = address.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.bytes().position(|b| matches!(b, b'/' | b'?' | b'#' | b'\\')).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.rsplit('@').next()?.split(':').next()?;
    let upper = host.bytes().any(|b| b.is_ascii_uppercase());
    (!host.is_empty()).then(|| if upper { Cow::Owned(host.to_ascii_lowercase()) } else { Cow::Borrowed(host) })
}

/// What the forms ask for.
fn forms(reading: &mut Reading) {
    let asks = |form: &Form, list: Lists| asks(reading.rules, form, list);
    let mut number = false;
    let mut lookup = false;
    let mut captcha = false;
    for form in &reading.extract.forms {
        // Signing up and logging in ask for passwords; a look-up does not.
        if form.fields.iter().any(|f| f.kind == "password") {
            continue;
        }
        let n = asks(form, Lists::NumberField);
        number |= n;
        lookup |= n && asks(form, Lists::NameField);
        captcha |= n && asks(form, Lists::CaptchaField);
    }
    for (fact, holds) in [(Fact::NumberForm, number && !lookup), (Fact::LookupForm, lookup), (Fact::Captcha, captcha)] {
        if holds {
            reading.facts.insert(fact);
        }
    }
}

fn asks(rules: &RuleSet, form: &Form, list: Lists) -> bool {
    let words = rules.words(list);
    form.fields.iter().filter(|f| !matches!(f.kind.as_str(), "submit" | "button" | "reset" | "image")).any(|field| {
        let label = crate::text::fold(&field.label);
        let name = field.name.to_ascii_lowercase();
        words.iter().any(|w| label.as_str().contains(w.as_str()) || (w.is_ascii() && name.contains(w.as_str())))
    })
}

/// Whose face the page wears: the look-up's title, or an authority presented as the page's owner.
fn face(reading: &mut Reading) {
    let text = reading.folded.as_str();
    let mut platform = None;
    let mut heading = None;
    for (authority, index) in &reading.titles {
        let found = &reading.found[*index as usize];
        let Some(block) = found.block else { continue };
        let block = &reading.extract.blocks[block];
        let range = reading.folded.folded_from(block.at.start)..reading.folded.folded_from(block.at.end);
        if found.place == Place::Title.bit() && is_sites_name(text, &found.at, &range) {
            platform = platform.or(Some(*authority));
        } else if found.place & (Place::Main.bit() | Place::Side.bit()) != 0
            && (block.role == Role::Heading || block.zone == Zone::Header || is_whole(text, &found.at, &range))
        {
            heading = heading.or(Some(*authority));
        }
    }
    let mut owner = None;
    for (authority, index) in &reading.names {
        let found = &reading.found[*index as usize];
        let Some(block) = found.block else { continue };
        if owns(reading, found, block) {
            owner = owner.or(Some(*authority));
        }
    }
    reading.face = platform.or(heading).or(owner);
    for (fact, holds) in [
        (Fact::PlatformTitle, platform.is_some()),
        (Fact::PlatformHeading, heading.is_some()),
        (Fact::AuthorityAsOwner, owner.is_some()),
    ] {
        if holds {
            reading.facts.insert(fact);
        }
    }
}

/// In a title the phrase is the site's own name when it begins it (after an authority's name at most) and little follows.
/// "…查询平台使用指南 - 某某网" is an article about it.
fn is_sites_name(text: &str, phrase: &std::ops::Range<usize>, title: &std::ops::Range<usize>) -> bool {
    let before = text[title.start..phrase.start].trim_matches(|c: char| !c.is_alphanumeric()).chars().count();
    let after = text[phrase.end..title.end].trim_start();
    let rest = after.trim_matches(|c: char| !c.is_alphanumeric()).chars().count();
    let separated = after.starts_with(['-', '_', '|', '—', '–', '(', '（', '·', '首']);
    before <= 12 && (rest <= 2 || (separated && rest <= 16))
}

/// The phrase is its whole line.
fn is_whole(text: &str, phrase: &std::ops::Range<usize>, line: &std::ops::Range<usize>) -> bool {
    let rest = text[line.start..phrase.start].chars().chain(text[phrase.end..line.end].chars());
    rest.filter(|c| c.is_alphanumeric()).count() <= 2
}

/// Does the page present this name as its owner: after 主办 or 版权所有, as a heading of its own in the page's head, as a title
/// that is a site's name?
fn owns(reading: &Reading, found: &Found, block: usize) -> bool {
    let text = reading.folded.as_str();
    let line = &reading.extract.blocks[block];
    let range = reading.folded.folded_from(line.at.start)..reading.folded.folded_from(line.at.end);
    if found.place == Place::Title.bit() {
        let after = &text[found.at.end..range.end];
        let site_word = reading.list(Lists::SiteWord).any(|w| w.block == Some(block) && w.at.start >= found.at.end)
            && after.chars().count() <= 30;
        let before = text[range.start..found.at.start].chars().filter(|c| c.is_alphanumeric()).count();
        return before == 0 && (site_word || is_whole(text, &found.at, &range));
    }
    let after_owner_word = reading
        .list(Lists::Owner)
        .any(|w| w.block == Some(block) && w.at.end <= found.at.start && reading.distance(&w.at, &found.at, 14) <= 14);
    if after_owner_word {
        return true;
    }
    let head = line.zone == Zone::Header || line.role == Role::Heading || block < 6;
    head && found.place != Place::Control.bit() && is_whole(text, &found.at, &range)
}
