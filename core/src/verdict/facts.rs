//! What the page is found to be, beyond single words: the vocabulary of [`Fact`], established from forms, links, owners and marks.
//!
//! Each fact is one small function of the reading and holds no points; what follows from it is for the rules.

use std::borrow::Cow;

use super::reading::{Found, Reading};
use super::{face, lures, voice};
use crate::host::{self, Standing};
use crate::page::{Extract, Form, Role};
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
    let keepers = reading.rules.list(Lists::CopyKeeper.name()).unwrap_or_default();
    set(Fact::CopyKeeper, keepers.iter().any(|keeper| is_kept_by(&host.host, keeper)));
    set(Fact::NeedsEyes, reading.extract.needs_eyes);
    set(Fact::SoundAlike, reading.sounds_alike);

    let facts = [
        (Fact::Contact, has_contact(reading)),
        (Fact::MainContact, reading.leads.iter().any(|l| l.main)),
        (Fact::QrContact, qr_contact(reading.extract)),
        (Fact::Warning, warns(reading)),
        (Fact::Press, distinct(reading, Lists::Press) >= 2),
        (Fact::Training, distinct(reading, Lists::Training) >= 2),
        (Fact::Hiring, distinct(reading, Lists::Hiring) >= 2),
        (Fact::ResultPage, shows_one_person(reading)),
        (Fact::ResultClaim, reading.list(Lists::ResultClaim).next().is_some()),
        (Fact::SiteCode, site_code(reading)),
        (Fact::StateMark, state_mark(reading)),
        (Fact::OfficialResource, official_resource(reading)),
        (Fact::OfficialPath, official_path(reading)),
        (Fact::OfficialStyles, official_styles(reading)),
        (Fact::FalseLink, false_link(reading)),
        (Fact::LinksToGenuine, links_to_genuine(reading)),
    ];
    for (fact, holds) in facts {
        if holds {
            reading.facts.insert(fact);
        }
    }
    // Whoever compared has left out hosts that have leave; an official page is accused of nothing, whoever compared.
    if reading.host.standing != Standing::Official {
        for copied in reading.copied {
            reading.facts.insert(Fact::of_copy(copied.part));
        }
    }
    if reading.host.standing != Standing::Official {
        for cloak in reading.cloaks {
            reading.facts.insert(Fact::of_cloak(*cloak));
        }
    }
    lures::establish(reading);
    forms(reading);
    face::establish(reading);
    voice::mark(reading);
}

fn under(host: &str, parent: &str) -> bool {
    host == parent || host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a host is one of these names or below it; a star stands for whatever is between: webvpn.*.edu.cn.
fn is_kept_by(host: &str, keeper: &str) -> bool {
    let Some((head, tail)) = keeper.split_once('*') else { return under(host, keeper) };
    let mut labels = std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, rest)| rest));
    host.ends_with(tail) && labels.any(|name| name.starts_with(head) && name.len() > head.len() + tail.len())
}

fn has_contact(reading: &Reading) -> bool {
    use crate::entities::Kind;
    reading.entities.iter().any(|e| {
        matches!(e.kind, Kind::Phone | Kind::Landline | Kind::Wechat | Kind::Qq | Kind::Telegram | Kind::Email)
    })
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

/// Labels of a certificate, each with its value: five of them in four or more lines or cells, or four and an ID number that was
/// masked. A field's name in a program (操作项目 czxm) is no value.
fn shows_one_person(reading: &Reading) -> bool {
    let text = reading.folded.as_str();
    let mut labels: Vec<(u32, usize)> = reading
        .list(Lists::ResultLabel)
        .filter(|f| f.place & Place::Main.bit() != 0 && !names_a_field(&text[f.at.end..]))
        .filter_map(|f| f.block.map(|b| (f.pattern, cell(reading, f, b))))
        .collect();
    labels.sort_unstable();
    labels.dedup_by_key(|(pattern, _)| *pattern);
    let mut cells: Vec<usize> = labels.iter().map(|(_, cell)| *cell).collect();
    cells.sort_unstable();
    cells.dedup();
    if labels.len() < 4 || cells.len() < 4 || reading.extract.text.chars().count() >= 3_000 {
        return false;
    }
    labels.len() >= 5 || text.contains("******")
}

fn names_a_field(after: &str) -> bool {
    let word = after.trim_start_matches(' ').bytes().take_while(|b| b.is_ascii_alphabetic() || *b == b'_').count();
    word >= 3
}

/// Where the cell or line of a phrase begins.
fn cell(reading: &Reading, found: &Found, block: usize) -> usize {
    let start = reading.folded.folded_from(reading.extract.blocks[block].at.start);
    let before = &reading.folded.as_str()[start..found.at.start.max(start)];
    before.rfind(['\t', ' ', '，', ',', '；']).map_or(start, |i| start + i + 1)
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
    let extract = reading.extract;
    let addresses = extract.forms.iter().map(|f| &f.action).chain(extract.images.iter().map(|i| &i.src));
    let addresses = addresses.chain(&extract.resources).chain(&extract.frames).chain(&extract.redirects);
    addresses.map(String::as_str).chain([reading.path]).any(|a| {
        let a = a.get(..512).unwrap_or(a).to_ascii_lowercase();
        words.iter().any(|w| a.contains(w.as_str()))
    })
}

/// Two of the names that the genuine look-up gave its styles: one may be anybody's.
fn official_styles(reading: &Reading) -> bool {
    let words = reading.rules.words(Lists::OfficialStyles);
    let names = reading.extract.meta.iter().filter(|(name, _)| name == crate::page::STYLES);
    let mut names: Vec<&str> = names.flat_map(|(_, names)| names.split(' ')).collect();
    names.retain(|name| words.iter().any(|word| word.eq_ignore_ascii_case(name)));
    names.sort_unstable();
    names.dedup();
    names.len() >= 2
}

/// The words of a link are an official address, its target is not.
fn false_link(reading: &Reading) -> bool {
    reading.extract.links.iter().any(|link| {
        let words = reading.extract.text[link.at.clone()].trim();
        // Most links are words, not addresses.
        if !words.contains(['.', '。', '．']) || words.len() > 200 || words.contains(char::is_whitespace) {
            return false;
        }
        if !may_be_government(words) {
            return false;
        }
        let Some(target) = host_of(&link.href) else { return false };
        host::host_of(words).is_ok_and(|shown| {
            shown.contains('.') && host::is_government(&shown) && !host::is_government(&target) && *target != *shown
        })
    })
}

/// Whether an address may turn out to be the government's once it is read as browsers do. Cheap, for the words of every link: of Chinese
/// signs none becomes a Latin letter, of others some do (ⓖⓞⓥ), and these are not looked at here.
fn may_be_government(words: &str) -> bool {
    let lists = |part: &str| words.as_bytes().windows(part.len()).any(|w| w.eq_ignore_ascii_case(part.as_bytes()));
    let plain = |sign: char| sign.is_ascii() || ('\u{3000}'..='\u{9FFF}').contains(&sign) || !sign.is_alphanumeric();
    !words.chars().all(plain) || words.contains('政') || lists("gov") || lists("xn--") || words.contains('%')
}

fn links_to_genuine(reading: &Reading) -> bool {
    link_hosts(reading.extract).any(|h| *h != *reading.host.host && reading.rules.authorities.by_host(&h).is_some())
}

/// Whether an address leads to a protected body's own host.
pub(super) fn is_genuine_address(reading: &Reading, address: &str) -> bool {
    host_of(address).is_some_and(|h| host::is_government(&h) || reading.rules.authorities.by_host(&h).is_some())
}

/// Hosts that the page links to; of links in a row to the same host one.
fn link_hosts(extract: &Extract) -> impl Iterator<Item = Cow<'_, str>> {
    // The address before up to its path: most links of a page go to one host, and begin alike.
    let mut origin: Option<&str> = None;
    extract.links.iter().filter_map(move |link| {
        if origin.is_some_and(|origin| link.href.starts_with(origin)) {
            return None;
        }
        let host = host_of(&link.href)?;
        origin = self::origin(&link.href);
        Some(host)
    })
}

/// What an address has before its path, the sign included that ends it: whatever begins so is on the same host.
pub(super) fn origin(address: &str) -> Option<&str> {
    address.match_indices('/').nth(2).map(|(at, _)| &address[..=at])
}

/// Host of an absolute http(s) address, lower case.
pub(super) fn host_of(address: &str) -> Option<Cow<'_, str>> {
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
    // Short Latin words (xm, sfz) would stand in others that are written together.
    const LONG: usize = 5;
    let words = rules.words(list);
    form.fields.iter().filter(|f| !matches!(f.kind.as_str(), "submit" | "button" | "reset" | "image")).any(|field| {
        let label = crate::text::fold(&field.label);
        let name = field.name.to_ascii_lowercase();
        // 证　号, 姓 名: signs are set apart so that labels are of one width. Holder's name, real_name: as one word.
        let (label, closed) = (label.as_str(), letters(label.as_str()));
        let joined = letters(&name);
        words.iter().any(|word| match word.is_ascii() {
            true => {
                label.contains(word.as_str())
                    || name.contains(word.as_str())
                    || word.len() >= LONG && (closed.contains(word.as_str()) || joined.contains(word.as_str()))
            }
            false => closed.contains(word.as_str()),
        })
    })
}

/// The letters and digits of a text, without what stands between.
fn letters(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).collect()
}
