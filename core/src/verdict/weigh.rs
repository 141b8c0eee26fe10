//! Lets the rules fire and adds up their points, family by family.

use std::ops::Range;

use super::passages::Part;
use super::reading::{Found, Reading};
use super::{Signal, apart, voice};
use crate::likeness::Copied;
use crate::page::HiddenKind;
use crate::rules::rule::{Kind, Place, Rule, Status};
use crate::rules::{Compiled, Fact, Lists, Wanted};
use crate::wording::Manner;

/// Longest quote on either side of the phrase, in characters.
const QUOTE: usize = 24;

/// Family of the rules that go by what a page calls itself.
const FACE: &str = "face";
/// Wording of a look-up from which it accuses where nothing acts as one, in decibans.
const LOUD: f64 = 50.0;
/// What it is worth otherwise: with a name beside it asks for an officer's eyes.
const QUIET: f64 = 12.0;

/// A rule of so many points against it tells plainly that a page is no imitation, in decibans.
const PLAIN: f64 = -30.0;
/// A sentence with two rules of so many points in it offers outright: a promise without exam and what goes with it (免考，官网可查).
const OUTRIGHT: f64 = 18.0;
/// And one with several of fewer: a pass that is assured, and what goes with that (包过，7天拿证，官网可查).
const SAID_OFTEN: f64 = 15.0;
const SEVERAL: usize = 3;
/// Rules of so many points tell where such a sentence may be.
const PROMISES: f64 = 8.0;
/// So many places of such words are looked at.
const PLACES: usize = 16;
/// The most that wording says against an offer that is made outright, in decibans.
const UNSAID: f64 = 0.0;

/// What was weighed.
#[derive(Debug, Default)]
pub(crate) struct Weighed {
    pub(crate) signals: Vec<Signal>,
    /// Families of the rules that fired with points, by their names.
    pub(crate) families: Vec<String>,
    pub(crate) fake: f64,
    pub(crate) seller: f64,
    pub(crate) notice: f64,
    /// How much of it speaks against the page by words that are hidden or made by scripts.
    pub(crate) unseen: f64,
}

/// Where a rule found its reason; none where the reason is a fact.
#[derive(Debug, Clone)]
pub(crate) struct Firing {
    at: Option<(Range<usize>, bool)>,
    /// Words that stand in no text of the page.
    apart: Option<String>,
}

/// What the rules told before the wording is weighed.
#[derive(Debug, Default)]
struct Told {
    /// Something acts as a look-up: a form, a result, an entrance, a copied mark, a host's name.
    acts: bool,
    /// The rules that tell of an offer, by number: promises, terms, haste, service and assurances.
    offers: Vec<usize>,
    /// Something speaks for who offers.
    excused: bool,
    /// Something tells plainly that no look-up is posed as, whatever the words.
    genuine: bool,
}

impl Told {
    fn add(&mut self, index: usize, rule: &Rule, points: f64) {
        match (rule.kind, rule.family.as_str()) {
            (Kind::FakeSite, family) => {
                self.acts |= family != FACE && points > 0.0;
                self.genuine |= rule.points <= PLAIN && rule.status == Status::Live;
            }
            (Kind::Seller, _) if rule.points < 0.0 => self.excused |= rule.status == Status::Live,
            (Kind::Seller, "contact" | "disguise") | (Kind::Notice, _) => {}
            (Kind::Seller, _) if rule.status == Status::Live => self.offers.push(index),
            (Kind::Seller, _) => {}
        }
    }

    /// What the wording of an offer is worth here. One that is made outright is not unsaid by what else is talked of: sellers name the issuing
    /// office and the genuine look-up as honest pages do.
    fn temper(&self, reading: &Reading, points: f64) -> f64 {
        if points < UNSAID && !self.excused && self.outright(reading, |reading, found| reading.pitch(found)).is_some() {
            UNSAID
        } else {
            points
        }
    }

    /// Its passages, and the sentence that offers outright by a call to write among what others say: in a market, one of twenty.
    fn passages(&self, reading: &Reading) -> Vec<Vec<Part>> {
        let mut passages = reading.passages(Manner::Offer);
        if let Some(at) = self.outright(reading, |reading, found| reading.call(found)) {
            passages.push(vec![Part { visible: true, at }]);
            // As they stand in the text: what they share is spelt once.
            passages.sort_by_key(|passage| (!passage[0].visible, passage[0].at.start, passage[0].at.end));
        }
        passages
    }

    /// The sentence that names a certificate or follows on one, says several things of a deal and tells whom to ring or to write to (`near`):
    /// nobody else speaks so. Visas and loans are offered without showing up, too.
    fn outright(
        &self,
        reading: &Reading,
        near: impl Fn(&Reading, &Found) -> Option<Range<usize>>,
    ) -> Option<Range<usize>> {
        let rules = &reading.rules;
        let words = |index: usize| {
            let conditions = rules.compiled[index].any.iter().filter_map(|wanted| match wanted {
                Wanted::Words(condition) => Some(*condition),
                Wanted::Fact(_) => None,
            });
            conditions.flat_map(|condition| reading.condition(condition))
        };
        let own = |found: &&Found| !found.reported && found.block.is_some() && found.place & Place::Side.bit() == 0;
        let promises = self.offers.iter().filter(|index| rules.rules[**index].points >= PROMISES);
        promises.flat_map(|index| words(*index)).filter(own).take(PLACES).find_map(|found| {
            let pitch = near(reading, found).filter(|pitch| reading.names_certificate(pitch))?;
            let within = |found: &Found| own(&found) && pitch.start <= found.at.start && found.at.end <= pitch.end;
            let said = self.offers.iter().filter(|index| words(**index).any(within));
            let said: Vec<f64> = said.map(|index| rules.rules[*index].points).collect();
            let enough = if said.len() >= SEVERAL { SAID_OFTEN } else { OUTRIGHT };
            (said.iter().sum::<f64>() >= enough).then_some(pitch)
        })
    }
}

/// All rules.
pub(crate) fn weigh(reading: &Reading) -> Weighed {
    let rules = &reading.rules.rules;
    let fired: Vec<(usize, Firing)> =
        (0..rules.len()).filter_map(|index| fires(reading, index).map(|f| (index, f))).collect();
    let mut points = vec![0.0; fired.len()];
    for kind in [Kind::FakeSite, Kind::Seller, Kind::Notice] {
        for family in &reading.rules.families {
            for sign in [1.0, -1.0] {
                let mut members: Vec<usize> = (0..fired.len())
                    .filter(|i| {
                        let rule = &rules[fired[*i].0];
                        rule.kind == kind
                            && rule.family == family.id
                            && rule.status == Status::Live
                            && rule.points * sign > 0.0
                    })
                    .collect();
                members
                    .sort_by(|a, b| (rules[fired[*b].0].points * sign).total_cmp(&(rules[fired[*a].0].points * sign)));
                let mut rest = family.rest;
                for (rank, member) in members.into_iter().enumerate() {
                    let own = rules[fired[member].0].points * sign;
                    let added = if rank == 0 { own } else { own.min(rest) };
                    if rank > 0 {
                        rest -= added;
                    }
                    points[member] = added * sign;
                }
            }
        }
    }
    let (mut weighed, mut told) = (Weighed::default(), Told::default());
    for ((index, firing), points) in fired.into_iter().zip(points) {
        let rule = &rules[index];
        match rule.kind {
            Kind::FakeSite => weighed.fake += points,
            Kind::Seller => weighed.seller += points,
            Kind::Notice => weighed.notice += points,
        }
        told.add(index, rule, points);
        if rule.status == Status::Live && !weighed.families.contains(&rule.family) {
            weighed.families.push(rule.family.clone());
        }
        if points > 0.0 && rule.kind != Kind::Notice && is_unseen(reading, firing.at.as_ref()) {
            weighed.unseen += points;
        }
        let mut signal = signal(reading, rule, points, firing);
        if !reading.copied.is_empty() {
            signal.say.push_str(&from_where(reading, &reading.rules.compiled[index]));
        }
        signal.say.push_str(&whereto(reading, &reading.rules.compiled[index]));
        weighed.signals.push(signal);
    }
    for manner in Manner::ALL {
        if let Some((signal, unseen)) = wording(reading, manner, &told) {
            weighed.unseen += if unseen { signal.points } else { 0.0 };
            weighed.signals.push(signal);
        }
    }
    weighed.signals.sort_by(|a, b| b.points.total_cmp(&a.points));
    weighed
}

/// Whether one rule fires, and where.
pub(crate) fn fires(reading: &Reading, index: usize) -> Option<Firing> {
    let (rule, compiled) = (&reading.rules.rules[index], &reading.rules.compiled[index]);
    // Most of hundreds of rules have nothing on the page that could wake them.
    let wakes = |wanted: &Wanted| match wanted {
        Wanted::Fact(fact) => reading.facts.has(*fact),
        Wanted::Words(condition) => reading.has_condition(*condition),
    };
    let asks_apart = rule.places & Place::APART != 0;
    let apart = if asks_apart { apart::words(reading, index) } else { None };
    // All are asked, without a choice that the processor would have to guess.
    if apart.is_none() && !compiled.any.iter().fold(false, |any, wanted| any | wakes(wanted)) {
        return None;
    }
    // Where words are wanted nearby that stand nowhere, no phrase needs to be looked at.
    let is_apart = |wanted: &Wanted| asks_apart && apart::has(reading, rule.places, wanted);
    let nowhere = |wanted: &Wanted| match wanted {
        Wanted::Words(condition) => !reading.has_condition(*condition) && !is_apart(wanted),
        Wanted::Fact(_) => false,
    };
    if !compiled.near.is_empty() && compiled.near.iter().all(nowhere) {
        return None;
    }
    if rule.status == Status::Retired || !compiled.all.iter().all(|w| on_page(reading, w, rule.reported)) {
        return None;
    }
    if compiled.unless.iter().any(|w| matches!(w, Wanted::Fact(f) if reading.facts.has(*f))) {
        return None;
    }
    let mut fact = false;
    // Visible words make a better reason than hidden ones, and words a better one than a fact.
    let mut best: Option<&Found> = None;
    for wanted in &compiled.any {
        match wanted {
            Wanted::Fact(f) => fact |= reading.facts.has(*f),
            Wanted::Words(condition) => {
                let found = reading.condition(*condition).find(|found| counts(reading, rule, compiled, found));
                best = match (best, found) {
                    (Some(b), Some(f)) if rank(f) < rank(b) => Some(f),
                    (None, f) => f,
                    (b, _) => b,
                };
            }
        }
    }
    if let Some(found) = best {
        return Some(Firing { at: Some((found.at.clone(), found.block.is_none())), apart: None });
    }
    let on_page_or_apart = |w: &Wanted| on_page(reading, w, rule.reported) || is_apart(w);
    let near_fact = compiled.near.is_empty() || compiled.near.iter().any(on_page_or_apart);
    if let Some(words) = apart.filter(|_| near_fact) {
        return Some(Firing { at: None, apart: Some(words.to_owned()) });
    }
    let clear = !compiled.unless.iter().any(|w| on_page(reading, w, true));
    (fact && near_fact && clear).then_some(Firing { at: None, apart: None })
}

/// Main text first, then the title, then the rest, hidden text last.
fn rank(found: &Found) -> u8 {
    match found.place {
        p if p == Place::Main.bit() => 0,
        p if p == Place::Title.bit() => 1,
        p if p == Place::Hidden.bit() => 3,
        _ => 2,
    }
}

fn counts(reading: &Reading, rule: &Rule, compiled: &crate::rules::Compiled, found: &Found) -> bool {
    if found.reported && !rule.reported {
        return false;
    }
    let in_link = || rule.places & Place::LinkText.bit() != 0 && reading.is_in_link(found);
    if found.place & rule.places == 0 && !in_link() {
        return false;
    }
    let near = compiled.near.is_empty()
        || compiled.near.iter().any(|w| is_near(reading, w, found, rule.within, rule.reported));
    if !near {
        return false;
    }
    let visible = found.block.is_some();
    let text = if visible { reading.folded.as_str() } else { reading.hidden.as_str() };
    let sentence = voice::sentence(text, &found.at);
    !compiled.unless.iter().any(|w| match w {
        Wanted::Fact(_) => false, // looked at before
        Wanted::Words(c) => reading.condition(*c).any(|other| {
            other.block.is_some() == visible && other.at.start < sentence.end && other.at.end > sentence.start
        }),
    })
}

fn is_near(reading: &Reading, wanted: &Wanted, found: &Found, within: usize, reported: bool) -> bool {
    match wanted {
        Wanted::Words(condition) => {
            let mut others = reading.condition(*condition);
            // What is reported or refused (电工证我这办不了) stands near nothing that is offered.
            let told = |other: &Found| other.reported && !reported;
            others.any(|other| {
                !told(other)
                    && match (found.block, other.block) {
                        // What the title speaks of, the page's own matter speaks of.
                        (Some(_), Some(_)) if other.place == Place::Title.bit() && found.place != Place::Side.bit() => {
                            true
                        }
                        (Some(_), Some(_)) => reading.distance(&found.at, &other.at, within) <= within,
                        // In hidden text (a description, a list of key words) everything is near.
                        (None, None) => reading.hidden_kind(found.at.start) == reading.hidden_kind(other.at.start),
                        _ => false,
                    }
            })
        }
        Wanted::Fact(Fact::Contact | Fact::MainContact) if found.block.is_some() => {
            // A title speaks of the whole page.
            let whole = found.place == Place::Title.bit();
            reading.leads.iter().any(|lead| {
                (lead.main && whole)
                    || (lead.block.is_some() && lead.block == found.block)
                    || (lead.main && reading.distance(&found.at, &lead.at, within) <= within)
            })
        }
        Wanted::Fact(fact) => reading.facts.has(*fact),
    }
}

/// Whether it is on the page, outside menus and feet; `reported`: also where it is the words of somebody else.
fn on_page(reading: &Reading, wanted: &Wanted, reported: bool) -> bool {
    match wanted {
        Wanted::Fact(fact) => reading.facts.has(*fact),
        Wanted::Words(condition) => reading
            .condition(*condition)
            .any(|found| found.place & Place::Side.bit() == 0 && (reported || !found.reported)),
    }
}

/// What the wording of the page is worth as one manner: the passage counts that speaks loudest.
fn wording(reading: &Reading, manner: Manner, told: &Told) -> Option<(Signal, bool)> {
    let table = &reading.rules.wording[manner as usize];
    if table.is_empty() {
        return None;
    }
    let page = reading.circumstances(manner);
    let passages = match manner {
        Manner::Offer => told.passages(reading),
        Manner::Fake => reading.passages(manner),
    };
    let points: Vec<f64> = match manner {
        // Each is one stretch of the text.
        Manner::Offer => {
            let alike = passages.chunk_by(|one, other| one[0].visible == other[0].visible);
            let stretches = |alike: &[Vec<Part>]| alike.iter().map(|passage| passage[0].at.clone()).collect::<Vec<_>>();
            let weigh =
                |alike: &[Vec<Part>]| table.weigh_stretches(reading.text(alike[0][0].visible), &stretches(alike), page);
            alike.flat_map(weigh).collect()
        }
        Manner::Fake => {
            let texts = |passage: &Vec<Part>| passage.iter().map(|part| reading.text_of(part)).collect::<Vec<_>>();
            passages.iter().map(|passage| table.weigh(&texts(passage), page)).collect()
        }
    };
    let heard = |(points, passage): (f64, Vec<Part>)| match manner {
        Manner::Offer if reading.is_printed_letter(&passage[0]) => (points.min(0.0), passage),
        _ => (points, passage),
    };
    let (points, passage) = points.into_iter().zip(passages).map(heard).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let points = match manner {
        Manner::Offer => told.temper(reading, page.map_or(points, |page| page.temper(points))),
        Manner::Fake if told.genuine => points.min(QUIET),
        Manner::Fake => temper(reading, points, told.acts),
    };
    let kind = match manner {
        Manner::Offer => Kind::Seller,
        Manner::Fake => Kind::FakeSite,
    };
    let mut signal = Signal {
        rule: manner.rule().to_owned(),
        kind: kind.as_str(),
        points: tenth(points),
        say: table.say(points).to_owned(),
        quote: None,
        at: None,
    };
    let mut unseen = false;
    if points > 0.0 {
        let clause = passage.iter().find_map(|part| {
            let at = table.clause(reading.text_of(part))?;
            Some((part.at.start + at.start..part.at.start + at.end, !part.visible))
        });
        unseen = is_unseen(reading, clause.as_ref());
        quote(reading, &mut signal, clause);
    }
    Some((signal, unseen))
}

/// Whether it is hidden by styles or made by scripts.
fn is_unseen(reading: &Reading, at: Option<&(Range<usize>, bool)>) -> bool {
    let kind = |at: &Range<usize>| reading.hidden_kind(at.start);
    at.is_some_and(|(at, hidden)| *hidden && matches!(kind(at), HiddenKind::Element | HiddenKind::Script))
}

/// What the wording of a look-up is worth here. Notices of a new look-up, entries of encyclopedias and lists of links have the words of one without
/// being one: where nothing acts as a look-up (a form, a result, an entrance, a copied mark, a host's name) only very loud wording accuses.
/// And whoever names neither an office nor a certificate of the trade poses as nobody's look-up, whatever can be looked up there.
fn temper(reading: &Reading, points: f64, acts: bool) -> f64 {
    let names_somebody = !reading.names.is_empty()
        || !reading.titles.is_empty()
        || !reading.certificates.is_empty()
        || [Lists::Agency, Lists::National, Lists::Trade, Lists::OwnTrail]
            .into_iter()
            .any(|list| reading.list(list).next().is_some())
        || reading.facts.has(Fact::SpoofHost);
    if !names_somebody {
        return points.min(0.0);
    }
    // Lists of links name one office after the other, and lead to them.
    let leads_there = reading.facts.has(Fact::LinksToGenuine);
    if acts || points >= LOUD && !leads_there { points } else { points.min(QUIET) }
}

/// What a rule that rests on copies rests on, in brackets: what was copied, and from where.
fn from_where(reading: &Reading, compiled: &Compiled) -> String {
    let asked = |fact: Fact| {
        let mut asked = compiled.any.iter().chain(&compiled.all).chain(&compiled.near);
        asked.any(|wanted| *wanted == Wanted::Fact(fact))
    };
    let copies: Vec<&Copied> = reading.copied.iter().filter(|c| asked(Fact::of_copy(c.part))).collect();
    let Some(first) = copies.first() else { return String::new() };
    // Records keep the beginning of a long sentence: what and from where come first, in what it shows after that.
    let parts: Vec<&str> = copies.iter().filter(|c| c.host == first.host).map(|c| c.part.name()).collect();
    let said: Vec<String> = copies.iter().map(|copied| copied.say()).collect();
    format!("（{}{}{}）", parts.join("、"), Copied::names(&first.host), said.join("；"))
}

/// Where a rule that rests on lures is led to, in brackets.
fn whereto(reading: &Reading, compiled: &Compiled) -> String {
    let asked = |fact: Fact| compiled.any.contains(&Wanted::Fact(fact));
    let hosts: Vec<&str> = reading.lures.iter().filter(|l| asked(l.fact)).map(|l| l.host.as_str()).collect();
    if hosts.is_empty() { String::new() } else { format!("（{}）", hosts.join("、")) }
}

fn tenth(points: f64) -> f64 {
    (points * 10.0).round() / 10.0
}

fn signal(reading: &Reading, rule: &Rule, points: f64, firing: Firing) -> Signal {
    let mut signal = Signal {
        rule: rule.id.clone(),
        kind: rule.kind.as_str(),
        points: tenth(points),
        say: rule.say.clone(),
        quote: firing.apart,
        at: None,
    };
    let at = firing.at.map(|(at, hidden)| {
        let text = if hidden { reading.hidden.as_str() } else { reading.folded.as_str() };
        (clause(text, &at), hidden)
    });
    quote(reading, &mut signal, at);
    signal
}

/// Quotes a clause of the folded text, visible or hidden.
fn quote(reading: &Reading, signal: &mut Signal, clause: Option<(Range<usize>, bool)>) {
    match clause {
        Some((at, false)) => {
            let raw = reading.folded.raw_range(at);
            let text = &reading.extract.text;
            let start = text[..raw.start].chars().count();
            let length = text[raw.clone()].chars().count();
            signal.quote = Some(text[raw].to_owned());
            signal.at = Some(start..start + length);
        }
        Some((at, true)) => signal.quote = Some(reading.hidden.as_str()[at].to_owned()),
        None => {}
    }
}

/// The phrase with the words around it, up to the next stop or [`QUOTE`] characters, blanks trimmed.
fn clause(text: &str, at: &Range<usize>) -> Range<usize> {
    const STOPS: [char; 14] = ['。', '，', ',', '！', '!', '？', '?', '；', ';', '\n', '\t', '…', '|', '丨'];
    let before = text[..at.start].char_indices().rev().take(QUOTE).take_while(|(_, c)| !STOPS.contains(c));
    let start = before.last().map_or(at.start, |(i, _)| i);
    let after = text[at.end..].char_indices().take(QUOTE).take_while(|(_, c)| !STOPS.contains(c));
    let end = after.last().map_or(at.end, |(i, c)| at.end + i + c.len_utf8());
    let lead = text[start..at.start].len() - text[start..at.start].trim_start().len();
    let tail = text[at.end..end].len() - text[at.end..end].trim_end().len();
    start + lead..end - tail
}
