//! What officers called innocent is not accused again without something new.
//!
//! A label on a hit, or a case called a false alarm, remembers its grounds: the rules that spoke then. A later look, or another page of
//! the same target, joins in silence as long as only these speak. Rules that did not speak then, and together make it at least
//! [`NEW`] decibans likelier, bring the case back to an officer's desk; nobody else hears of it until the officer confirms.
//! Start at [`Doubt`].

use jianzheng_core::case;
use jiff::Timestamp;

use super::{MACHINE, audit, case_subject, hit_subject, is_confirmed, law, move_case};
use crate::store::{Case, CaseNote, CaseState, Hit, Label, Reason, StoreError, Tx};

/// Decibans that rules unheard of before have to bring: ten times likelier.
const NEW: f64 = 10.0;
/// Rules remembered of one acquittal.
const GROUNDS: usize = 64;

/// The label of a page that says nearly word for word what an officer called innocent elsewhere. It is no officer's word: it teaches
/// nothing, and an officer's label takes its place.
pub const TWIN: &str = "twin";

/// Whether an officer called this very page innocent, or one that says the same.
pub fn is_innocent(hit: &Hit) -> bool {
    matches!(hit.label.as_deref(), Some("official" | "notice" | "benign" | TWIN))
}

/// Labels a new hit by its twin, another hit that was called innocent, where no rule speaks that did not speak there. The hit is in the
/// store already and is not put again.
pub(super) fn label_by_twin(tx: &mut Tx<'_>, hit: &mut Hit, twin: u64, now: Timestamp) -> Result<(), StoreError> {
    let Some(other) = tx.hit(twin)? else { return Ok(()) };
    let mut grounds = tx.label(twin)?.map(|label| label.grounds).unwrap_or_default();
    match tx.case(other.case)? {
        Some(case) if case.state == CaseState::Wrong => grounds.extend(case.grounds),
        _ if is_innocent(&other) => {}
        // An officer may have thought better of it since.
        _ => return Ok(()),
    }
    remember(&mut grounds, &other.reasons);
    if Doubt::against(&grounds, &hit.reasons).is_some() {
        return Ok(());
    }
    let actor = MACHINE.to_owned();
    tx.put_label(Label { hit: hit.id, label: TWIN.to_owned(), actor, time: now, grounds })?;
    audit(tx, now, MACHINE, "hit.label", hit_subject(hit.id), &format!("{TWIN} {twin}"))?;
    hit.label = Some(TWIN.to_owned());
    Ok(())
}

/// Whether a case waits for an officer who set it aside before: nobody else is told of it until it is confirmed.
pub fn is_doubted(case: &Case) -> bool {
    case.doubted && !law(case.state).is_set_aside() && !is_confirmed(case)
}

/// The rules that accuse.
fn accusing(reasons: &[Reason]) -> impl Iterator<Item = &Reason> {
    reasons.iter().filter(|reason| reason.points > 0.0 && reason.kind != "notice")
}

/// Adds the rules that accuse to what is remembered.
pub(super) fn remember(grounds: &mut Vec<String>, reasons: &[Reason]) {
    for reason in accusing(reasons) {
        if grounds.len() < GROUNDS && !grounds.contains(&reason.rule) {
            grounds.push(reason.rule.clone());
        }
    }
}

/// Something new against what was called innocent.
pub(super) struct Doubt(Vec<Reason>);

impl Doubt {
    /// What speaks now and did not then; `None` where that is too little.
    pub(super) fn against(grounds: &[String], reasons: &[Reason]) -> Option<Self> {
        let new: Vec<Reason> = accusing(reasons).filter(|reason| !grounds.contains(&reason.rule)).cloned().collect();
        (new.iter().map(|reason| reason.points).sum::<f64>() >= NEW).then_some(Self(new))
    }

    fn told(&self, hit: u64) -> String {
        let rules: Vec<String> = self.0.iter().map(|r| format!("{}（{} {:+.1}）", r.say, r.rule, r.points)).collect();
        format!("【出现新依据】原判为无关，线索 {hit} 又见：{}", rules.join("、"))
    }

    /// Brings the case back to an officer's desk; nobody else hears of it until the officer confirms.
    fn raise(&self, tx: &mut Tx<'_>, case: &mut Case, hit: u64, now: Timestamp) -> Result<(), StoreError> {
        // The officer's last word was not the confirmation.
        (case.confirmed_by, case.confirmed_at) = (None, None);
        case.doubted = true;
        move_case(tx, case, case::State::Review, MACHINE, now)?;
        self.write_down(tx, case, hit, now)
    }

    fn write_down(&self, tx: &mut Tx<'_>, case: &Case, hit: u64, now: Timestamp) -> Result<(), StoreError> {
        let text = self.told(hit);
        audit(tx, now, MACHINE, "case.something-new", case_subject(case.id), &text)?;
        tx.add_note(CaseNote { case: case.id, n: 0, time: now, actor: MACHINE.to_owned(), text })?;
        Ok(())
    }
}

/// Holds a sighting against what officers called innocent: the hit, where it is labelled so, or its whole case. `before` are the hit's
/// reasons before this look. What is new is remembered, so that it is told once. Neither hit nor case is put.
pub(super) fn hold_against(
    tx: &mut Tx<'_>,
    case: &mut Case,
    hit: &mut Hit,
    before: &[Reason],
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = law(case.state);
    if is_innocent(hit) {
        let Some(mut label) = tx.label(hit.id)? else { return Ok(()) };
        let mut grounds = label.grounds.clone();
        if grounds.is_empty() {
            // Labelled by a program that did not write them down.
            remember(&mut grounds, before);
        }
        let known: Vec<String> = grounds.iter().chain(&case.grounds).cloned().collect();
        let doubt = Doubt::against(&known, &hit.reasons).filter(|_| state != case::State::Dismissed);
        if doubt.is_some() {
            remember(&mut grounds, &hit.reasons);
        }
        if grounds != label.grounds {
            label.grounds = grounds;
            tx.put_label(label)?;
        }
        let Some(doubt) = doubt else { return Ok(()) };
        if state == case::State::Wrong || (state == case::State::Review && case.score == 0.0) {
            remember(&mut case.grounds, &hit.reasons);
            hit.label = None;
            case.score = case.score.max(hit.score);
            return doubt.raise(tx, case, hit.id, now);
        }
        // The case stands on other pages; of this one the officer reads in the notes.
        return doubt.write_down(tx, case, hit.id, now);
    }
    if state != case::State::Wrong {
        return Ok(());
    }
    if case.grounds.is_empty() {
        // Called a false alarm by a program that did not write them down: what its pages showed so far.
        remember(&mut case.grounds, before);
        let mut below = u64::MAX;
        while let Some(id) = tx.case_hit_below(case.id, below)? {
            if let Some(other) = tx.hit(id)?.filter(|other| other.id != hit.id) {
                remember(&mut case.grounds, &other.reasons);
            }
            below = id;
        }
    }
    if let Some(doubt) = Doubt::against(&case.grounds, &hit.reasons).filter(|_| !case.grounds.is_empty()) {
        remember(&mut case.grounds, &hit.reasons);
        doubt.raise(tx, case, hit.id, now)?;
    }
    Ok(())
}

/// Sums a case up from the hits that nobody called innocent: its score, and whether it goes back to an officer's desk. The case is not
/// put.
pub(super) fn sum_up(tx: &mut Tx<'_>, case: &mut Case, now: Timestamp) -> Result<(), StoreError> {
    let (mut score, mut strong, mut below) = (0.0f64, false, u64::MAX);
    while let Some(id) = tx.case_hit_below(case.id, below)? {
        if let Some(hit) = tx.hit(id)?.filter(|hit| !is_innocent(hit)) {
            score = score.max(hit.score);
            strong |= hit.verdict != "suspicious";
        }
        below = id;
    }
    case.score = score;
    let state = law(case.state);
    if strong && state == case::State::Review && !is_doubted(case) {
        move_case(tx, case, case::State::New, MACHINE, now)?;
    } else if !strong && !is_confirmed(case) && matches!(state, case::State::New | case::State::Back) {
        move_case(tx, case, case::State::Review, MACHINE, now)?;
    }
    Ok(())
}
