//! Whose face the page wears: the title of a look-up, an authority presented as the page's owner, a name that claims the nation.
//!
//! A name is worn where a site puts its own: in the title, in a heading or the head of the page, on its logo, behind 主办 or 版权所有. An
//! article that speaks of an authority names it in a sentence, and says 关于, 通知 or 怎么查. What follows from a face is for the
//! rules. Start at [`establish`].

use std::ops::Range;

use super::reading::{Found, Reading};
use crate::page::{HiddenKind, Role, Zone};
use crate::place;
use crate::rules::rule::Place;
use crate::rules::{Fact, Lists};

/// Longest line that is a name, in characters.
const NAME: usize = 42;
/// Blocks at the beginning of a page that belong to its head, whatever their elements are called.
const HEAD: usize = 10;
/// What may follow a name in its line: 应急管理局安全生产考试考核系统.
const TAIL: usize = 26;

/// Establishes the facts of faces. Needs the host and the forms.
pub(super) fn establish(reading: &mut Reading) {
    let (platform, heading) = titles(reading);
    let owner = owner(reading);
    reading.face = platform.or(heading).or_else(|| owner.as_ref().and_then(|o| o.authority));
    let named = owner.is_some();
    let brand = reading.list(Lists::Brand).any(|f| f.place == Place::Title.bit());
    let titled = owner.as_ref().is_some_and(|o| o.in_title);
    for (fact, holds) in [
        (Fact::PlatformTitle, platform.is_some()),
        (Fact::PlatformHeading, heading.is_some()),
        (Fact::AuthorityAsOwner, named),
        (Fact::NationalName, national(reading)),
        (Fact::LookupTitle, lookup_title(reading)),
        // A school's name beside an authority's is the school's; an authority's own name is not a brand.
        (Fact::OwnBrand, brand && !titled && platform.is_none()),
    ] {
        if holds {
            reading.facts.insert(fact);
        }
    }
}

/// The look-up's own title, as the site's title and as a heading: the authority whose it is.
fn titles(reading: &Reading) -> (Option<u16>, Option<u16>) {
    let text = reading.folded.as_str();
    let (mut platform, mut heading) = (None, None);
    for (authority, index) in &reading.titles {
        let found = &reading.found[*index as usize];
        let Some(block) = found.block else { continue };
        let line = line_of(reading, block);
        let block = &reading.extract.blocks[block];
        if found.place == Place::Title.bit() {
            if is_sites_name(text, &found.at, &line) {
                platform = platform.or(Some(*authority));
            }
        } else if found.place & (Place::Main.bit() | Place::Side.bit()) != 0
            && (block.role == Role::Heading || block.zone == Zone::Header || is_whole(text, &found.at, &line))
            && !in_genuine_link(reading, found)
        {
            heading = heading.or(Some(*authority));
        }
    }
    (platform, heading)
}

/// An authority that the page presents as its owner.
struct Owner {
    authority: Option<u16>,
    in_title: bool,
}

fn owner(reading: &Reading) -> Option<Owner> {
    let named = reading.names.iter().map(|(authority, index)| (Some(*authority), &reading.found[*index as usize]));
    let agencies = reading.list(Lists::Agency).map(|found| (None, found));
    let mut best: Option<Owner> = None;
    for (authority, found) in named.chain(agencies) {
        let worn = match found.block {
            Some(block) => wears(reading, found, block),
            None => wears_hidden(reading, found),
        };
        let in_title = found.place == Place::Title.bit();
        let better = match &best {
            None => true,
            Some(best) => (best.authority.is_none() && authority.is_some()) || (!best.in_title && in_title),
        };
        if worn && better {
            let authority = authority.or_else(|| resolve(reading, found)).or(best.and_then(|b| b.authority));
            best = Some(Owner { authority, in_title });
        }
    }
    best
}

/// Does the page present this name as its owner's, in visible text?
fn wears(reading: &Reading, found: &Found, block: usize) -> bool {
    let text = reading.folded.as_str();
    let line = line_of(reading, block);
    if owner_word_near(reading, found, block) {
        return true;
    }
    if found.place == Place::Control.bit() || in_genuine_link(reading, found) || is_issuer(reading, found, block) {
        return false;
    }
    let shape = &reading.extract.blocks[block];
    let head = shape.zone == Zone::Header || shape.role == Role::Heading || block < HEAD;
    if found.place == Place::Title.bit() {
        let segment = segment(text, &found.at, &line);
        return !has_article(reading, block) && leads(text, &found.at, &segment);
    }
    head && fits(&text[line.clone()], NAME) && !has_article(reading, block) && leads(text, &found.at, &line)
}

/// The same in what is not visible: the words of a logo, and of a page that scripts will make.
fn wears_hidden(reading: &Reading, found: &Found) -> bool {
    let scripted = reading.facts.has(Fact::NeedsEyes);
    match reading.hidden_kind(found.at.start) {
        HiddenKind::Attribute => {}
        HiddenKind::Script | HiddenKind::Element if scripted => {}
        _ => return false,
    }
    let text = reading.hidden.as_str();
    let start = text[..found.at.start].rfind('\n').map_or(0, |i| i + 1);
    let end = text[found.at.end..].find('\n').map_or(text.len(), |i| found.at.end + i);
    let article = reading.list(Lists::Article).any(|a| a.block.is_none() && a.at.start >= start && a.at.end <= end);
    !article && fits(&text[start..end], NAME) && leads(text, &found.at, &(start..end))
}

/// The name begins its line but for a few signs (中华人民共和国, the name of its place), and little follows.
fn leads(text: &str, name: &Range<usize>, line: &Range<usize>) -> bool {
    let before = text[line.start..name.start].trim_matches(|c: char| !c.is_alphanumeric());
    let after = text[name.end..line.end].trim_matches(|c: char| !c.is_alphanumeric());
    let sentence = text[line.clone()].contains(['。', '?', '!', ';', '“', '"']);
    fits(before, 14) && fits(after, TAIL) && !sentence && is_place_or_nation(before)
}

/// What may stand before a body's name in its own name: nothing, the nation, a place.
fn is_place_or_nation(before: &str) -> bool {
    let before = before.trim_start_matches("欢迎访问").trim_start_matches("欢迎来到");
    before.is_empty()
        || ["中华人民共和国", "国家", "中国", "全国"].contains(&before)
        || place::find(before).last().is_some_and(|place| place.at.end == before.len())
        || before.ends_with(['省', '市', '区', '县', '州', '盟', '旗'])
}

/// The part of a title between signs that set parts off.
fn segment(text: &str, name: &Range<usize>, title: &Range<usize>) -> Range<usize> {
    const SIGNS: [char; 12] = ['-', '_', '|', '—', '–', '·', ' ', '丨', '/', '>', '»', ','];
    let start = text[title.start..name.start].rfind(SIGNS).map_or(title.start, |i| {
        let at = title.start + i;
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[name.end..title.end].find(SIGNS).map_or(title.end, |i| name.end + i);
    start..end
}

/// 主办, 版权所有, © before the name, or 承办, 主办 right behind it.
fn owner_word_near(reading: &Reading, found: &Found, block: usize) -> bool {
    let line = line_of(reading, block);
    if reading.folded.as_str()[line].chars().count() > 160 || has_article(reading, block) {
        return false;
    }
    reading.list(Lists::Owner).any(|word| {
        word.block == Some(block)
            && if word.at.end <= found.at.start {
                reading.distance(&word.at, &found.at, 14) <= 14
            } else {
                word.at.start >= found.at.end && reading.distance(&found.at, &word.at, 12) <= 12
            }
    })
}

/// Whether a certificate's field names it: 发证机关：浙江省应急管理厅 is whose the certificate is, not whose the page.
fn is_issuer(reading: &Reading, found: &Found, block: usize) -> bool {
    reading.list(Lists::ResultLabel).any(|label| {
        label.block == Some(block) && label.at.end <= found.at.start && reading.distance(&label.at, &found.at, 2) <= 2
    })
}

fn has_article(reading: &Reading, block: usize) -> bool {
    reading.list(Lists::Article).any(|word| word.block == Some(block))
}

/// The name is the words of a link to somebody's genuine host: a directory's entry.
fn in_genuine_link(reading: &Reading, found: &Found) -> bool {
    let raw = reading.folded.raw_range(found.at.clone());
    reading.extract.links.iter().any(|link| {
        link.at.start <= raw.start && raw.end <= link.at.end && super::facts::is_genuine_address(reading, &link.href)
    })
}

/// Which authority of the list a body's name means where it stands: by its line of authority and the place before it, else the
/// narrowest one above that place, else the national one.
fn resolve(reading: &Reading, found: &Found) -> Option<u16> {
    let text = match found.block {
        Some(_) => reading.folded.as_str(),
        None => reading.hidden.as_str(),
    };
    let word = &text[found.at.clone()];
    let line = line_of_authority(word);
    let from = text[..found.at.start].char_indices().rev().take(16).last().map_or(found.at.start, |(i, _)| i);
    let before = &text[from..found.at.start];
    let places = place::find(before);
    let code = places.last().filter(|place| place.at.end == before.len()).map(|place| place.code);
    let authorities = reading.rules.authorities.iter().enumerate().filter(|(_, a)| a.route == line);
    match code {
        None => authorities.into_iter().next().map(|(index, _)| index as u16),
        Some(code) => {
            let mut near: Vec<(usize, u16)> = authorities
                .filter_map(|(index, a)| {
                    let own = place::find(&a.name).first().map_or("", |place| place.code);
                    let bare = own.trim_end_matches("00");
                    code.starts_with(bare).then_some((bare.len(), index as u16))
                })
                .collect();
            near.sort_by_key(|(length, index)| (std::cmp::Reverse(*length), *index));
            near.first().map(|(_, index)| *index)
        }
    }
}

/// The line of authority, as authorities.toml names it, that a body's name tells.
fn line_of_authority(word: &str) -> &'static str {
    if word.contains("住") || word.contains("建") {
        "住建"
    } else if word.contains("市场") || word.contains("质") {
        "市监"
    } else if word.contains("人社") || word.contains("人力") {
        "人社"
    } else {
        "应急"
    }
}

/// A name that claims the whole nation for a register of certificates: 全国特种作业证书查询中心.
fn national(reading: &Reading) -> bool {
    let text = reading.folded.as_str();
    reading.list(Lists::National).any(|found| {
        let Some(block) = found.block else { return false };
        let shape = &reading.extract.blocks[block];
        let line = line_of(reading, block);
        let title = found.place == Place::Title.bit();
        let part = if title { segment(text, &found.at, &line) } else { line };
        let named = title || shape.zone == Zone::Header || shape.role == Role::Heading || block < HEAD;
        let begins = || text[part.start..found.at.start].chars().all(|c| !c.is_alphanumeric());
        let within = |f: &Found| f.block == Some(block) && f.at.start >= part.start && f.at.end <= part.end;
        let site = reading.list(Lists::SiteWord).chain(reading.list(Lists::LookupTitle)).any(within);
        let about = reading.certificates.iter().any(|(_, i)| within(&reading.found[*i as usize]))
            || reading.list(Lists::Trade).any(within);
        named
            && begins()
            && site
            && about
            && fits(&text[part], NAME)
            && !has_article(reading, block)
            && !in_genuine_link(reading, found)
    })
}

/// A title that is a look-up's: about certificates or an authority, and about looking up; not an article about how to.
fn lookup_title(reading: &Reading) -> bool {
    let in_title = |f: &Found| f.place == Place::Title.bit();
    let about = reading.certificates.iter().any(|(_, i)| in_title(&reading.found[*i as usize]))
        || reading.names.iter().any(|(_, i)| in_title(&reading.found[*i as usize]))
        || reading.list(Lists::Agency).any(in_title)
        || reading.list(Lists::Trade).any(in_title);
    about && reading.list(Lists::LookupTitle).any(in_title) && !reading.list(Lists::Article).any(in_title)
}

fn line_of(reading: &Reading, block: usize) -> Range<usize> {
    let block = &reading.extract.blocks[block];
    reading.folded.folded_from(block.at.start)..reading.folded.folded_from(block.at.end)
}

/// In a title the phrase is the site's own name when it begins it (after an authority's name at most) and little follows.
/// "…查询平台使用指南 - 某某网" is an article about it.
fn is_sites_name(text: &str, phrase: &Range<usize>, title: &Range<usize>) -> bool {
    let before = text[title.start..phrase.start].trim_matches(|c: char| !c.is_alphanumeric());
    let after = text[phrase.end..title.end].trim_start();
    let rest = after.trim_matches(|c: char| !c.is_alphanumeric());
    let separated = after.starts_with(['-', '_', '|', '—', '–', '(', '（', '·', '首']);
    fits(before, 12) && (fits(rest, 2) || (separated && fits(rest, 16)))
}

/// Whether a text has at most so many characters. A line of a megabyte with a name at each place must not be counted at each of them.
fn fits(text: &str, most: usize) -> bool {
    text.len() <= 4 * most && text.chars().count() <= most
}

/// The phrase is its whole line.
fn is_whole(text: &str, phrase: &Range<usize>, line: &Range<usize>) -> bool {
    let rest = text[line.start..phrase.start].chars().chain(text[phrase.end..line.end].chars());
    rest.filter(|c| c.is_alphanumeric()).take(3).count() <= 2
}
