//! A page was judged a hit: it becomes a new hit or one more sighting of a known one, and joins a case.
//!
//! One canonical final URL is one hit, one target is one case. A contact that leads to a case brings its page there; a contact
//! that already leads elsewhere is not taken away from there, since a page that lists many sellers would otherwise make one
//! case of them all. Merging cases is an officer's decision. Start at [`sighting`].

use jianzheng_core::case::{self, Kind};
use jianzheng_core::schedule::Seen;
use jiff::Timestamp;

use super::innocence::{hold_against, is_doubted, is_innocent, label_by_twin, sum_up};
use super::{
    CAPTURES, MACHINE, apply_look, audit, clipped, extend_chain, hit_subject, law, living_case, move_case, stored,
};
use crate::store::{Capture, Case, Entities, Hit, HitState, StoreError, Tx};

/// Contacts by which a case can be found.
const CONTACTS: usize = 64;
const AREAS: usize = 16;
const REASONS: usize = 24;
/// Contacts of one kind.
const LISTED: usize = 60;
/// What a hit may take of a row of the store, as JSON; captures to come need the rest.
const RECORD: usize = 52 * 1024;

/// A page that was judged fake_site, seller or suspicious.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The hit as this look saw it: complete but `id` and `case`. `last_seen` is the time of the look, `last_round` its round,
    /// `chain` the way that led to it this time.
    pub hit: Hit,
    /// What its case is, or would be if an officer agreed.
    pub kind: Kind,
    /// The target's name, from `jianzheng_core::case::target_of`.
    pub target: String,
    /// Contacts that lead to the case, from the same.
    pub contacts: Vec<String>,
    /// Another hit with nearly the same text that was called innocent.
    pub twin: Option<u64>,
}

/// The step that keeps a sighting; its number is the hit's. Put it behind the page's own row in one change set.
pub fn sighting(sighting: Sighting) -> impl FnOnce(&mut Tx<'_>) -> Result<Option<u64>, StoreError> + Send + 'static {
    move |tx| keep(tx, sighting).map(Some)
}

fn keep(tx: &mut Tx<'_>, sighting: Sighting) -> Result<u64, StoreError> {
    let Sighting { hit: seen, kind, target, contacts, twin } = sighting;
    let now = seen.last_seen;
    let (hit, before) = match tx.hit_by_url(&seen.final_url)? {
        Some(known) => (again(tx, known.clone(), seen)?, Some(known)),
        None => {
            let mut hit = first(seen);
            hit.id = tx.put_hit(hit.clone())?;
            audit(tx, now, MACHINE, "hit.found", hit_subject(hit.id), &hit.final_url)?;
            if let Some(twin) = twin {
                label_by_twin(tx, &mut hit, twin, now)?;
            }
            (hit, None)
        }
    };
    join(tx, hit, Newcomer { kind, target, contacts, before }, now)
}

/// A hit on its first day.
fn first(mut hit: Hit) -> Hit {
    let chain = std::mem::take(&mut hit.chain);
    extend_chain(&mut hit.chain, chain);
    hit.id = 0;
    hit.case = 0;
    hit.state = HitState::Up;
    hit.missing_since = None;
    // Those of the other looks at the same time first, so that the deciding one is the last to go.
    let beside = std::mem::take(&mut hit.captures);
    for capture in beside.iter().chain(&hit.capture.clone()) {
        add_capture(&mut hit, capture);
    }
    fit(&mut hit);
    hit
}

/// A known hit, seen once more.
fn again(tx: &mut Tx<'_>, mut hit: Hit, mut seen: Hit) -> Result<Hit, StoreError> {
    let changed = reads_otherwise(&hit, &seen);
    apply_look(tx, &mut hit, Seen::There { changed }, seen.last_round, seen.last_seen)?;
    extend_chain(&mut hit.chain, seen.chain.iter().cloned());
    if let Some(capture) = &seen.capture {
        add_capture(&mut hit, capture);
    }
    hit.robots_ignored |= seen.robots_ignored;
    hit.set_clock |= seen.set_clock;
    // Whatever the verdict, the latest picture is the better one, and one is better than none.
    hit.rendering = seen.rendering.take().or(hit.rendering.take());
    // Pictures come after their page, often after the hit.
    if !seen.codes.is_empty() {
        hit.codes = std::mem::take(&mut seen.codes);
    }
    if !seen.pictures.is_empty() {
        hit.pictures = std::mem::take(&mut seen.pictures);
    }
    if decides(&hit, &seen) {
        if hit.verdict != seen.verdict {
            audit(tx, seen.last_seen, MACHINE, &format!("hit.{}", seen.verdict), hit_subject(hit.id), &hit.verdict)?;
        }
        // The same body judged the same way is the same evidence; the earlier capture proves more.
        let same_body = |a: &Capture, b: &Capture| a.sha256 == b.sha256;
        let proven = hit.capture.as_ref().zip(seen.capture.as_ref()).is_some_and(|(a, b)| same_body(a, b));
        let capture = if proven { hit.capture.take() } else { seen.capture.or(hit.capture.take()) };
        hit = Hit {
            verdict: seen.verdict,
            score: seen.score,
            kind_scores: seen.kind_scores,
            route: seen.route,
            routes: seen.routes,
            authority: seen.authority,
            notes: seen.notes,
            entities: seen.entities,
            cert_types: seen.cert_types,
            areas: seen.areas,
            title: seen.title,
            text: seen.text,
            short_text: seen.short_text,
            seen_as: seen.seen_as,
            cloaks: seen.cloaks,
            reasons: seen.reasons,
            rules: seen.rules,
            capture,
            ..hit
        };
    }
    fit(&mut hit);
    Ok(hit)
}

/// Whether a person would read another offer or another face. Bytes differ with every advertisement and date.
fn reads_otherwise(was: &Hit, is: &Hit) -> bool {
    let quotes = |hit: &Hit| -> Vec<_> { hit.reasons.iter().map(|r| (r.rule.clone(), r.quote.clone())).collect() };
    let same_body = was.captures.iter().zip(&is.capture).any(|(a, b)| a.sha256 == b.sha256);
    let mut fitted = is.clone();
    fit(&mut fitted);
    !same_body
        && (was.title != fitted.title
            || was.entities != fitted.entities
            || was.cert_types != fitted.cert_types
            || (was.rules == fitted.rules && quotes(was) != quotes(&fitted)))
}

/// The later verdict counts where it is as strong, or where other rules speak; a weaker one does not soften what was found.
fn decides(was: &Hit, is: &Hit) -> bool {
    let strength = |hit: &Hit| (hit.verdict != "suspicious", hit.score);
    was.rules != is.rules || strength(is) >= strength(was)
}

/// Keeps the five latest captures, of which one is the deciding one.
pub(super) fn add_capture(hit: &mut Hit, capture: &Capture) {
    let same_place = |a: &Capture, b: &Capture| a.warc == b.warc && a.offset == b.offset;
    if hit.captures.iter().any(|known| same_place(known, capture)) {
        return;
    }
    hit.captures.push(capture.clone());
    trim_captures(hit);
}

fn trim_captures(hit: &mut Hit) {
    while hit.captures.len() > CAPTURES {
        let spare = hit.captures.iter().position(|one| Some(one) != hit.capture.as_ref()).unwrap_or(0);
        hit.captures.remove(spare);
    }
}

/// Cuts what a hostile page could make too large for a row: every text to a length, and where that is not enough, the lists.
pub(super) fn fit(hit: &mut Hit) {
    hit.areas.truncate(AREAS);
    hit.title = clipped(&hit.title, 300);
    hit.query = clipped(&hit.query, 200);
    for list in lists(hit) {
        list.iter_mut().for_each(|one| *one = clipped(one, 80));
    }
    if hit.reasons.len() > REASONS {
        hit.reasons.sort_by(|a, b| b.points.abs().total_cmp(&a.points.abs()));
    }
    for reason in &mut hit.reasons {
        reason.say = clipped(&reason.say, 60);
        reason.quote = reason.quote.take().map(|quote| clipped(&quote, 200));
    }
    trim_captures(hit);
    let mut most = LISTED;
    loop {
        lists(hit).into_iter().for_each(|list| list.truncate(most));
        hit.reasons.truncate(most.min(REASONS));
        if most == 0 || serde_json::to_vec(hit).is_ok_and(|row| row.len() <= RECORD) {
            break;
        }
        most /= 2;
    }
}

fn lists(hit: &mut Hit) -> [&mut Vec<String>; 7] {
    let Entities { phones, wechat, qq, telegram, emails, icp } = &mut hit.entities;
    [phones, wechat, qq, telegram, emails, icp, &mut hit.cert_types]
}

/// What a hit brings to its case.
struct Newcomer {
    kind: Kind,
    target: String,
    contacts: Vec<String>,
    /// The hit as it was kept before this look.
    before: Option<Hit>,
}

/// Brings a hit to its case, which is opened where there is none, and puts both.
fn join(tx: &mut Tx<'_>, mut hit: Hit, newcomer: Newcomer, now: Timestamp) -> Result<u64, StoreError> {
    let known = if hit.case == 0 { None } else { living_case(tx, hit.case)? };
    let joined = hit.case == 0;
    let found = match known {
        Some(case) => Some(case),
        None => find(tx, &newcomer)?,
    };
    let is_new = found.is_none();
    let mut case = match found {
        Some(case) => case,
        None => opened(&hit, &newcomer, now),
    };
    let innocent = is_innocent(&hit);
    let was_gone = newcomer.before.as_ref().is_some_and(|before| before.state == HitState::Gone);
    let strength = |hit: &Hit| (hit.verdict != "suspicious", hit.score);
    let weaker = newcomer.before.as_ref().is_some_and(|before| strength(&hit) < strength(before));
    if !innocent {
        case.score = case.score.max(hit.score);
    }
    case.routes = case::united_routes(&case.routes, &hit.routes);
    case.route = case.routes.first().cloned().unwrap_or_default();
    for area in &hit.areas {
        if case.areas.len() < AREAS && !case.areas.contains(area) {
            case.areas.push(area.clone());
        }
    }
    for contact in &newcomer.contacts {
        let known = *contact == case.target || case.contacts.contains(contact);
        if !known && case.contacts.len() < CONTACTS && tx.case_by_target(contact)?.is_none() {
            case.contacts.push(contact.clone());
        }
    }
    case.first_seen = case.first_seen.min(hit.first_seen);
    case.last_seen = case.last_seen.max(hit.last_seen);
    if is_new {
        case.id = tx.put_case(case.clone())?;
        audit(tx, now, MACHINE, &format!("case.{}", case.state), super::case_subject(case.id), &case.target)?;
    } else {
        if (joined || was_gone || hit.state == HitState::Back) && law(case.state).is_gone() {
            let back = case::after_seen_again(law(case.state));
            move_case(tx, &mut case, back, MACHINE, now)?;
        }
        let strong = hit.verdict != "suspicious" && !innocent;
        let reasons = newcomer.before.as_ref().map_or(&[][..], |before| &before.reasons);
        hold_against(tx, &mut case, &mut hit, reasons, now)?;
        if strong && law(case.state) == case::State::Review && !is_doubted(&case) {
            case.kind = newcomer.kind.as_str().to_owned();
            move_case(tx, &mut case, case::State::New, MACHINE, now)?;
        }
        tx.put_case(case.clone())?;
    }
    hit.case = case.id;
    let id = tx.put_hit(hit)?;
    // What other rules call less, the case rests on less.
    if weaker {
        sum_up(tx, &mut case, now)?;
        tx.put_case(case)?;
    }
    Ok(id)
}

/// The case that the target or a contact leads to; one that an officer set aside only where no other is found.
fn find(tx: &Tx<'_>, newcomer: &Newcomer) -> Result<Option<Case>, StoreError> {
    let mut set_aside = None;
    for key in std::iter::once(&newcomer.target).chain(&newcomer.contacts) {
        let Some(case) = tx.case_by_target(key)? else { continue };
        let Some(case) = living_case(tx, case.id)? else { continue };
        if !law(case.state).is_set_aside() {
            return Ok(Some(case));
        }
        set_aside.get_or_insert(case);
    }
    Ok(set_aside)
}

fn opened(hit: &Hit, newcomer: &Newcomer, now: Timestamp) -> Case {
    let innocent = is_innocent(hit);
    let state = if hit.verdict == "suspicious" || innocent { case::State::Review } else { case::State::New };
    Case {
        id: 0,
        kind: newcomer.kind.as_str().to_owned(),
        target: newcomer.target.clone(),
        state: stored(state),
        score: if innocent { 0.0 } else { hit.score },
        route: String::new(),
        routes: Vec::new(),
        areas: Vec::new(),
        first_seen: hit.first_seen.min(now),
        last_seen: hit.last_seen,
        supervised: false,
        confirmed_by: None,
        confirmed_at: None,
        contacts: Vec::new(),
        notes: 0,
        merged_into: None,
        set_aside_from: None,
        grounds: Vec::new(),
        doubted: false,
    }
}
