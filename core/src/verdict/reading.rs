//! A page under judgement: its folded text and everything that was found in it, in one scan.
//!
//! The text is scanned as folded and, where single characters stand between separators, once more with these gone. Hidden text
//! is scanned apart. What is found keeps its place in the page's own text, so that quotes come from there.

use std::cell::OnceCell;
use std::ops::Range;

use url::Url;

use super::apart::{self, Apart};
use super::lures::Lure;
use super::postings::Postings;
use crate::cloaking::Cloak;
use crate::entities::{self, Entity};
use crate::host::{HostVerdict, Standing};
use crate::likeness::Copied;
use crate::page::{Extract, HiddenKind, Link, Role, Zone};
use crate::rules::gap::{self, Pieces};
use crate::rules::rule::Place;
use crate::rules::tally::Tally;
use crate::rules::{FactSet, Lists, RuleSet, Use, uses};
use crate::text::{Folded, fold, squeeze};

/// Phrases noted of one page.
const MOST: usize = 4_000;

/// Room made for phrases before any is found: an ordinary page of the trade has no more.
const USUAL: usize = 1_024;

/// A phrase found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Pattern number in the automaton.
    pub(crate) pattern: u32,
    /// Where it stands: in the folded visible text, or in the folded hidden text.
    pub(crate) at: Range<usize>,
    /// Index of its block; none for hidden text.
    pub(crate) block: Option<usize>,
    /// Part of the page, as a bit of [`Place`].
    pub(crate) place: u8,
    /// It is the words of somebody else, reported or denied here.
    pub(crate) reported: bool,
}

/// A contact, as evidence of an offer: no hotlines, no mail addresses.
#[derive(Debug, Clone)]
pub(crate) struct Lead {
    /// Where it stands in the folded visible text.
    pub(crate) at: Range<usize>,
    pub(crate) block: Option<usize>,
    /// In the page's own matter, not in menus, side bars or foot.
    pub(crate) main: bool,
    /// A number or id of a person, rather than a landline.
    pub(crate) personal: bool,
}

/// A page under judgement.
pub(crate) struct Reading<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) extract: &'a Extract,
    pub(crate) host: HostVerdict,
    /// Path and query of its own address.
    pub(crate) path: &'a str,
    pub(crate) folded: Folded,
    pub(crate) hidden: Folded,
    hidden_kinds: Vec<(usize, HiddenKind)>,
    /// Words of the trade were spelt by their sound.
    pub(crate) sounds_alike: bool,
    pub(crate) found: Vec<Found>,
    /// Something that readers see was not read, or not weighed.
    pub(crate) is_cut: bool,
    /// By condition and own list ([`uses`]): indices into `found`.
    posted: Postings,
    /// Certificates: (index of certificate, index into `found`).
    pub(crate) certificates: Vec<(u16, u32)>,
    /// What only says which certificate is meant, and what means one only in company, alike.
    pub(crate) certificate_names: Vec<(u16, u32)>,
    pub(crate) certificate_shorts: Vec<(u16, u32)>,
    /// Authorities' names and look-up titles: (index of authority, index into `found`).
    pub(crate) names: Vec<(u16, u32)>,
    pub(crate) titles: Vec<(u16, u32)>,
    /// Words that tell what kind of page it is.
    pub(crate) tally: Tally,
    /// Where a contact may stand, for the entities.
    cues: Vec<entities::CueHit>,
    pub(crate) entities: Vec<Entity>,
    pub(crate) leads: Vec<Lead>,
    /// Blocks of menus and feet that are the page's own matter all the same ([`Self::promote`]).
    pub(super) promoted: Vec<usize>,
    /// Letters to an office and complaints that the page prints, found by [`super::voice`].
    pub(super) letters: Vec<Range<usize>>,
    pub(crate) facts: FactSet,
    /// What the page was found to have copied of protected sites, by who had baselines.
    pub(crate) copied: &'a [Copied],
    /// From whom it is hidden, by who looked as different guests.
    pub(crate) cloaks: &'a [Cloak],
    /// Hosts of imitators to which the page leads, found by [`super::lures`].
    pub(crate) lures: Vec<Lure>,
    /// Authority whose face the page wears, found by [`super::facts`].
    pub(crate) face: Option<u16>,
    apart: OnceCell<Vec<Apart>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(rules: &'a RuleSet, extract: &'a Extract, url: &'a Url) -> Self {
        let host_name = url.host_str().unwrap_or_default();
        let host = rules.authorities.judge(host_name.trim_matches(['[', ']'])).unwrap_or_else(|_| HostVerdict {
            host: host_name.to_owned(),
            standing: Standing::Clean,
            score: 0.0,
            near: None,
            why: Vec::new(),
        });
        let mut hidden_text = String::new();
        let mut hidden_kinds = Vec::new();
        for part in &extract.hidden {
            hidden_kinds.push((hidden_text.len(), part.kind));
            hidden_text.push_str(&part.text);
            hidden_text.push('\n');
        }
        for payload in extract.qr.iter().filter(|payload| speaks(payload)) {
            hidden_kinds.push((hidden_text.len(), HiddenKind::Code));
            hidden_text.push_str(&entities::mask_ids(payload));
            hidden_text.push('\n');
        }
        let (mut folded, mut hidden) = (fold(&extract.text), fold(&hidden_text));
        let sounds_alike = rules.sounds.undo(&mut folded) | rules.sounds.undo(&mut hidden);
        let mut reading = Self {
            rules,
            extract,
            host,
            path: &url[url::Position::BeforePath..],
            folded,
            hidden,
            sounds_alike,
            hidden_kinds,
            found: Vec::with_capacity(USUAL),
            is_cut: extract.is_cut(),
            posted: Postings::new(uses::condition(rules.conditions as u32)),
            certificates: Vec::new(),
            certificate_names: Vec::new(),
            certificate_shorts: Vec::new(),
            names: Vec::new(),
            titles: Vec::new(),
            tally: Tally::default(),
            cues: Vec::new(),
            entities: Vec::new(),
            leads: Vec::new(),
            promoted: Vec::new(),
            letters: Vec::new(),
            facts: FactSet::default(),
            copied: &[],
            cloaks: &[],
            lures: Vec::new(),
            face: None,
            apart: OnceCell::new(),
        };
        reading.scan();
        reading.find_entities(&hidden_text);
        reading.promote();
        reading
    }

    fn scan(&mut self) {
        let rules = self.rules;
        let folded = std::mem::take(&mut self.folded);
        let text = folded.as_str();
        let mut raw_start = folded.raw_starts();
        let mut block_at = blocks(self.extract);
        let mut cues = Vec::new();
        let mut pieces = Pieces::new(rules.pieces);
        rules.scanner.each_look(text, |pattern, at, look| {
            if let Some(number) = look.cue() {
                cues.push((number, at.clone()));
            }
            self.tally.add(look.tally());
            if look.is_latin() && !stands_alone(text, &at) {
                return true;
            }
            if let Some(piece) = look.piece() {
                pieces.push(piece, at.clone());
            } else if look.is_piece() {
                rules.uses.pieces(pattern).iter().for_each(|piece| pieces.push(*piece, at.clone()));
            }
            // A page that is all phrases is judged by the first of them; its contacts are read to the end.
            if look.is_phrase() {
                if self.found.len() < MOST {
                    let block = block_at(raw_start(at.start));
                    self.note(pattern, at, block);
                } else {
                    self.is_cut = true;
                }
            }
            true
        });
        for (number, at) in gap::find(text, &rules.gapped, pieces) {
            let block = block_at(raw_start(at.start));
            self.note(rules.scanned + number, at, block);
        }
        // Disguised by separators: found only in the copy without them, and only if one was removed inside the phrase.
        let mut squeezed = squeeze(&folded);
        rules.sounds.undo_apart(&mut squeezed);
        rules.scanner.each_look(squeezed.as_str(), |pattern, at, look| {
            if squeezed.crosses(at.clone()) && look.is_phrase() {
                let raw = squeezed.raw_range(at);
                let at = folded.folded_from(raw.start)..folded.folded_from(raw.end);
                self.note(pattern, at, block_at(raw.start));
            }
            self.found.len() < MOST
        });
        drop(raw_start);
        self.folded = folded;
        self.cues = cues;
        self.scan_hidden();
    }

    fn scan_hidden(&mut self) {
        let rules = self.rules;
        let hidden = std::mem::take(&mut self.hidden);
        if hidden.as_str().is_empty() {
            return;
        }
        let mut pieces = Pieces::new(rules.pieces);
        rules.scanner.each_look(hidden.as_str(), |pattern, at, look| {
            if look.is_latin() && !stands_alone(hidden.as_str(), &at) {
                return true;
            }
            rules.uses.pieces(pattern).iter().for_each(|piece| pieces.push(*piece, at.clone()));
            if look.is_phrase() && self.found.len() < 2 * MOST {
                self.note(pattern, at, None);
            }
            true
        });
        for (number, at) in gap::find(hidden.as_str(), &rules.gapped, pieces) {
            self.note(rules.scanned + number, at, None);
        }
        self.hidden = hidden;
    }

    /// Writes down a phrase and what it is there for; it is hidden where it has no block.
    fn note(&mut self, pattern: usize, at: Range<usize>, block: Option<usize>) {
        let place = block.map_or(Place::Hidden, |b| self.place_of(b)).bit();
        let index = self.found.len() as u32;
        self.found.push(Found { pattern: pattern as u32, at, block, place, reported: false });
        for list in self.rules.uses.posted(pattern) {
            self.posted.push(*list as usize, index);
        }
        for purpose in self.rules.uses.of(pattern) {
            match *purpose {
                Use::Certificate(c) => self.certificates.push((c, index)),
                Use::CertificateName(c) => self.certificate_names.push((c, index)),
                Use::CertificateShort(c) => self.certificate_shorts.push((c, index)),
                Use::AuthorityName(a) => self.names.push((a, index)),
                Use::AuthorityTitle(a) => self.titles.push((a, index)),
                Use::Condition(_) | Use::List(_) | Use::Cue(_) | Use::Tally(_) => {}
            }
        }
    }

    /// The block at a byte of the page's text.
    pub(crate) fn block_of(&self, raw: usize) -> Option<usize> {
        let index = self.extract.blocks.partition_point(|b| b.at.end <= raw);
        self.extract.blocks.get(index).filter(|b| b.at.start <= raw).map(|_| index)
    }

    pub(crate) fn place_of(&self, block: usize) -> Place {
        let promoted = self.promoted.contains(&block);
        let block = &self.extract.blocks[block];
        match (block.role, block.zone) {
            (Role::Title, _) => Place::Title,
            _ if promoted => Place::Main,
            (Role::Control, Zone::Main) => Place::Control,
            (_, Zone::Main | Zone::Header) => Place::Main,
            _ => Place::Side,
        }
    }

    fn find_entities(&mut self, hidden_text: &str) {
        let extract = self.extract;
        let mut all = entities::in_scanned(&extract.text, &self.folded, std::mem::take(&mut self.cues));
        for entity in &all {
            if let Some(at) = &entity.at {
                self.leads.extend(self.lead(entity, at));
            }
        }
        let mut plain: Option<&str> = None;
        for link in &extract.links {
            if plain.is_some_and(|origin| link.href.starts_with(origin)) && !entities::leads_on(&link.href) {
                continue;
            }
            plain = entities::plain_web(&link.href);
            for mut entity in entities::in_address(&link.href) {
                entity.at = None;
                let at = link.at.start.min(extract.text.len())..link.at.end;
                self.leads.extend(self.lead(&entity, &at));
                all.push(entity);
            }
        }
        for address in extract.redirects.iter().chain(&extract.frames) {
            all.extend(entities::in_address(address));
        }
        if !hidden_text.is_empty() {
            all.extend(entities::in_text(hidden_text, &self.hidden).into_iter().map(|e| Entity { at: None, ..e }));
        }
        for payload in &extract.qr {
            let before = all.len();
            all.extend(entities::in_address(payload));
            // What speaks was read with the hidden text.
            if all.len() == before && !speaks(payload) {
                let folded = fold(payload);
                all.extend(entities::in_text(payload, &folded).into_iter().map(|e| Entity { at: None, ..e }));
            }
        }
        self.entities = all;
    }

    fn lead(&self, entity: &Entity, raw: &Range<usize>) -> Option<Lead> {
        use entities::Kind;
        let personal = match entity.kind {
            Kind::Phone | Kind::Wechat | Kind::Qq | Kind::Telegram => true,
            // An office's own telephone stands on every page of it.
            Kind::Landline if self.host.standing != Standing::Official => false,
            _ => return None,
        };
        let block = self.block_of(raw.start).or_else(|| self.block_of(raw.start.saturating_sub(1)));
        let main = block.is_some_and(|b| self.place_of(b) != Place::Side);
        Some(Lead { at: self.folded.folded_from(raw.start)..self.folded.folded_from(raw.end), block, main, personal })
    }

    /// What kind of hidden text stands at this byte of the folded hidden text.
    pub(crate) fn hidden_kind(&self, at: usize) -> HiddenKind {
        let raw = self.hidden.raw_range(at..at).start;
        let index = self.hidden_kinds.partition_point(|(start, _)| *start <= raw);
        self.hidden_kinds.get(index.wrapping_sub(1)).map_or(HiddenKind::Element, |(_, kind)| *kind)
    }

    /// Number of characters between two ranges of the folded visible text, as far as `most`.
    pub(crate) fn distance(&self, a: &Range<usize>, b: &Range<usize>, most: usize) -> usize {
        let (from, to) = if a.end <= b.start { (a.end, b.start) } else { (b.end, a.start) };
        if to <= from {
            return 0;
        }
        // A character has four bytes at most.
        if to - from > most * 4 {
            return usize::MAX;
        }
        self.folded.as_str().get(from..to).map_or(usize::MAX, |s| s.chars().count())
    }

    /// Places of the words of one of the program's own lists.
    pub(crate) fn list(&self, list: Lists) -> impl Iterator<Item = &Found> {
        self.posted.of(uses::list(list)).map(|i| &self.found[i as usize])
    }

    /// The folded text that can be seen, or the hidden one.
    pub(crate) fn text(&self, visible: bool) -> &str {
        if visible { self.folded.as_str() } else { self.hidden.as_str() }
    }

    /// Whether the words of a condition stand anywhere.
    pub(crate) fn has_condition(&self, condition: u32) -> bool {
        self.posted.has(uses::condition(condition))
    }

    /// Forms and name, read when a rule asks first.
    pub(crate) fn apart(&self) -> &[Apart] {
        self.apart.get_or_init(|| apart::read(self))
    }

    /// Whether visible words stand in a link.
    pub(crate) fn is_in_link(&self, found: &Found) -> bool {
        let raw = self.folded.raw_range(found.at.clone());
        let holds = |link: &Link| link.at.start <= raw.start && raw.end <= link.at.end;
        found.block.is_some() && self.extract.links.iter().any(holds)
    }

    /// Places of the words of a condition.
    pub(crate) fn condition(&self, condition: u32) -> impl Iterator<Item = &Found> {
        self.posted.of(uses::condition(condition)).map(|i| &self.found[i as usize])
    }
}

/// Whether a code's payload is words rather than an address or a key.
pub(super) fn speaks(payload: &str) -> bool {
    payload.chars().any(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign))
}

/// The blocks at bytes of the page's text, asked for one after another: [`Reading::block_of`], which is a step or two from the one
/// before.
fn blocks(extract: &Extract) -> impl FnMut(usize) -> Option<usize> {
    let blocks = &extract.blocks;
    let mut at = 0;
    move |raw| {
        while blocks.get(at).is_some_and(|block| block.at.end <= raw) {
            at += 1;
        }
        while at > 0 && blocks[at - 1].at.end > raw {
            at -= 1;
        }
        blocks.get(at).filter(|block| block.at.start <= raw).map(|_| at)
    }
}

/// A phrase of Latin letters or digits must not be part of a longer word, nor of a name like dgz_88.
pub(super) fn stands_alone(text: &str, at: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let sign = |b: u8| b.is_ascii_alphanumeric();
    let word = |b: u8| sign(b) || b == b'_';
    let starts = sign(bytes[at.start]) && at.start > 0 && word(bytes[at.start - 1]);
    let ends = sign(bytes[at.end - 1]) && at.end < bytes.len() && word(bytes[at.end]);
    !starts && !ends
}
