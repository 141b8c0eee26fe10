//! The life of each target: sightings become hits, hits join cases, looks and officers move them.
//!
//! The laws stand in `jianzheng_core::case` and `jianzheng_core::schedule`; here they meet the store. [`sighting`],
//! [`seen_again`] and [`looked`] are steps for the caller's change set, so that a page, its hit, its case and the row in the
//! audit chain are one transaction; [`decide`], [`note`] and [`label`] are an officer's whole acts. Every change of a state
//! writes an audit row. Nothing here fetches, judges, reads a clock or tells anybody. Start at [`sighting`].

mod decide;
mod innocence;
mod judgement;
mod look;
mod sighting;
#[cfg(test)]
pub(crate) mod tests;

use jianzheng_core::{case, schedule};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::store::{Case, CaseState, Hit, HitState, StoreError, Tx};

pub use decide::{decide, label, note};
pub use innocence::{TWIN, is_doubted, is_innocent};
pub use judgement::{ACQUITTED, Judgement, Rejudged, differences, reasons, rejudged, told};
pub use look::{Look, looked, seen_again};
pub use sighting::{Sighting, sighting};

/// Who acts where no person does.
pub const MACHINE: &str = "machine";

/// Captures that a hit keeps, the deciding one among them.
const CAPTURES: usize = 5;
/// Ways to a hit that are told.
const CHAIN: usize = 20;

/// The subject of a case's audit rows.
pub fn case_subject(id: u64) -> String {
    format!("case {id}")
}

/// The subject of a hit's audit rows.
pub fn hit_subject(id: u64) -> String {
    format!("hit {id}")
}

/// The law's word for a stored state.
pub fn law(state: CaseState) -> case::State {
    match state {
        CaseState::New => case::State::New,
        CaseState::Review => case::State::Review,
        CaseState::Confirmed => case::State::Confirmed,
        CaseState::Acting => case::State::Acting,
        CaseState::Closed => case::State::Closed,
        CaseState::Delisted => case::State::Delisted,
        CaseState::Vanished => case::State::Vanished,
        CaseState::Back => case::State::Back,
        CaseState::Dismissed => case::State::Dismissed,
        CaseState::Wrong => case::State::Wrong,
    }
}

fn stored(state: case::State) -> CaseState {
    match state {
        case::State::New => CaseState::New,
        case::State::Review => CaseState::Review,
        case::State::Confirmed => CaseState::Confirmed,
        case::State::Acting => CaseState::Acting,
        case::State::Closed => CaseState::Closed,
        case::State::Delisted => CaseState::Delisted,
        case::State::Vanished => CaseState::Vanished,
        case::State::Back => CaseState::Back,
        case::State::Dismissed => CaseState::Dismissed,
        case::State::Wrong => CaseState::Wrong,
    }
}

fn law_of_hit(state: HitState) -> schedule::State {
    match state {
        HitState::Up => schedule::State::Up,
        HitState::Changed => schedule::State::Changed,
        HitState::Unseen => schedule::State::Unseen,
        HitState::Gone => schedule::State::Gone,
        HitState::Back => schedule::State::Back,
    }
}

fn stored_of_hit(state: schedule::State) -> HitState {
    match state {
        schedule::State::Up => HitState::Up,
        schedule::State::Changed => HitState::Changed,
        schedule::State::Unseen => HitState::Unseen,
        schedule::State::Gone => HitState::Gone,
        schedule::State::Back => HitState::Back,
    }
}

/// Whether an officer's word stands behind a case.
pub fn is_confirmed(case: &Case) -> bool {
    let state = law(case.state);
    !state.is_set_aside()
        && (case.confirmed_by.is_some() || matches!(state, case::State::Confirmed | case::State::Acting))
}

/// The case that took over a case's hits, or itself.
fn living_case(tx: &Tx<'_>, id: u64) -> Result<Option<Case>, StoreError> {
    let mut case = tx.case(id)?;
    // Merges of merges are short; a ring, which only a damaged store has, must not hang the writer.
    for _ in 0..32 {
        match case.as_ref().and_then(|case| case.merged_into) {
            Some(next) => case = tx.case(next)?,
            None => break,
        }
    }
    Ok(case)
}

/// Puts a look's result into a hit, and says what that does to its case.
fn apply_look(
    tx: &mut Tx<'_>,
    hit: &mut Hit,
    seen: schedule::Seen,
    round: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (state, missing) = schedule::after_look(law_of_hit(hit.state), hit.missing_since, seen, now);
    let (was, is) = (hit.state, stored_of_hit(state));
    hit.state = is;
    hit.missing_since = missing;
    hit.last_look = hit.last_look.max(now);
    if matches!(seen, schedule::Seen::There { .. }) {
        hit.last_seen = hit.last_seen.max(now);
        hit.last_round = hit.last_round.max(round);
    }
    if was != is {
        audit(tx, now, MACHINE, &format!("hit.{is}"), hit_subject(hit.id), was.as_str())?;
    }
    Ok(())
}

/// Moves a case to a state, with its audit row, where that is another one. The case is not put.
fn move_case(
    tx: &mut Tx<'_>,
    case: &mut Case,
    state: case::State,
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if law(case.state) == state {
        return Ok(());
    }
    let was = std::mem::replace(&mut case.state, stored(state));
    audit(tx, now, actor, &format!("case.{}", state.as_str()), case_subject(case.id), was.as_str())?;
    Ok(())
}

/// What the machine sees of a case as a whole: it is gone when each of its hits is.
fn settle(tx: &mut Tx<'_>, case: &mut Case, now: Timestamp) -> Result<(), StoreError> {
    let state = law(case.state);
    if !state.is_open() || !all_gone(tx, case.id)? {
        return Ok(());
    }
    let kind = case::Kind::parse(&case.kind).unwrap_or(case::Kind::Seller);
    let told = is_confirmed(case) || was_told(tx, case.id)?;
    move_case(tx, case, case::after_gone(kind, state, told), MACHINE, now)
}

fn all_gone(tx: &Tx<'_>, case: u64) -> Result<bool, StoreError> {
    let mut below = u64::MAX;
    while let Some(id) = tx.case_hit_below(case, below)? {
        if tx.hit(id)?.is_some_and(|hit| hit.state != HitState::Gone) {
            return Ok(false);
        }
        below = id;
    }
    Ok(below != u64::MAX)
}

/// Whether a list with this case is on its way or has arrived. Rows without their mail, and mail refused for good, told nobody.
fn was_told(tx: &Tx<'_>, case: u64) -> Result<bool, StoreError> {
    let mut before: Option<String> = None;
    while let Some(id) = tx.case_digest_before(case, before.as_deref())? {
        if tx.digest(&id)?.is_some_and(|digest| digest.state != crate::store::DigestState::Permanent) {
            return Ok(true);
        }
        before = Some(id);
    }
    Ok(false)
}

/// One row of the chain; `payload` is what was, or an officer's reason.
fn audit(
    tx: &mut Tx<'_>,
    now: Timestamp,
    actor: &str,
    action: &str,
    subject: String,
    payload: &str,
) -> Result<u64, StoreError> {
    let digest = Sha256::digest(payload.as_bytes());
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    tx.audit(now, actor.to_owned(), action.to_owned(), subject, digest)
}

/// Adds lines that are not there yet, as many as are told.
fn extend_chain(chain: &mut Vec<String>, lines: impl IntoIterator<Item = String>) {
    for line in lines {
        let line = clipped(&line, 200);
        if chain.len() < CHAIN && !line.is_empty() && !chain.contains(&line) {
            chain.push(line);
        }
    }
}

/// At most so many characters of a text, none of which commands a terminal or takes six bytes in a record.
fn clipped(text: &str, chars: usize) -> String {
    let mut plain = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
    let mut out: String = plain.by_ref().take(chars).collect();
    if plain.next().is_some() {
        out.push('…');
    }
    out
}
