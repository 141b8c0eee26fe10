//! What officers say of a case or a hit: decisions, notes, labels. Each is one transaction with its audit row.
//! Start at [`decide`].

use jianzheng_core::case::{self, Decision};
use jianzheng_core::entities::mask_ids;
use jiff::Timestamp;

use super::innocence::{is_innocent, remember, sum_up};
use super::{audit, case_subject, clipped, hit_subject, law, settle, stored};
use crate::store::{Case, CaseNote, Hit, Label, Store, StoreError, Tx};

/// The longest note or reason in characters; a row of the store is bounded.
const NOTE: usize = 4000;
const NAME: usize = 60;

/// Decides about a case. The reason becomes a note, because the audit chain keeps only its digest.
///
/// # Errors
/// There is no such case (`Missing`), the decision does not fit its state (`Refused`, with the way out), or the store failed.
pub async fn decide(
    store: &Store,
    case: u64,
    decision: Decision,
    why: Option<&str>,
    actor: &str,
    now: Timestamp,
) -> Result<Case, StoreError> {
    // An ID number in an officer's words is as much somebody's as one on a page.
    let why = why.map(|why| clipped(&mask_ids(why.trim()), NOTE)).filter(|why| !why.is_empty());
    let actor = named(actor)?;
    store
        .transact(move |tx| {
            let mut case = living(tx, case)?;
            let was = law(case.state);
            let before = case.set_aside_from.map(law);
            let next = case::after_decision(was, before, decision).map_err(StoreError::Refused)?;
            match decision {
                Decision::Confirm if case.confirmed_by.is_none() => {
                    case.doubted = false;
                    case.confirmed_by = Some(actor.clone());
                    case.confirmed_at = Some(now);
                }
                Decision::Confirm => case.doubted = false,
                Decision::Wrong | Decision::Dismiss if was.is_set_aside() => {}
                Decision::Wrong | Decision::Dismiss => case.set_aside_from = Some(case.state),
                Decision::Reopen => case.set_aside_from = None,
            }
            if decision == Decision::Wrong {
                let mut below = u64::MAX;
                while let Some(id) = tx.case_hit_below(case.id, below)? {
                    if let Some(hit) = tx.hit(id)? {
                        remember(&mut case.grounds, &hit.reasons);
                    }
                    below = id;
                }
            }
            if next == was && matches!(decision, Decision::Wrong | Decision::Dismiss) {
                // Said once more: nothing moves, and the log would count it twice.
                let id = tx.put_case(case)?;
                if let Some(text) = why {
                    audit(tx, now, &actor, "case.note", case_subject(id), &text)?;
                    tx.add_note(CaseNote { case: id, n: 0, time: now, actor, text })?;
                }
                return living(tx, id);
            }
            case.state = stored(next);
            let action = format!("case.{}", decision.as_str());
            audit(tx, now, &actor, &action, case_subject(case.id), why.as_deref().unwrap_or_default())?;
            if decision == Decision::Reopen {
                // It may have gone away while nobody was to look at it.
                settle(tx, &mut case, now)?;
            }
            let id = tx.put_case(case)?;
            if let Some(why) = why {
                let text = format!("【{}】{why}", decision.chinese());
                tx.add_note(CaseNote { case: id, n: 0, time: now, actor, text })?;
            }
            living(tx, id)
        })
        .await
}

/// Adds a note to a case.
///
/// # Errors
/// There is no such case, the note is empty, or the store failed.
pub async fn note(store: &Store, case: u64, text: &str, actor: &str, now: Timestamp) -> Result<Case, StoreError> {
    let text = clipped(&mask_ids(text.trim()), NOTE);
    if text.is_empty() {
        return Err(StoreError::Refused("备注是空的：请写明内容".to_owned()));
    }
    let actor = named(actor)?;
    store
        .transact(move |tx| {
            let case = living(tx, case)?.id;
            audit(tx, now, &actor, "case.note", case_subject(case), &text)?;
            tx.add_note(CaseNote { case, n: 0, time: now, actor, text })?;
            living(tx, case)
        })
        .await
}

/// Puts an officer's label on a hit.
///
/// # Errors
/// There is no such hit, the label is empty, or the store failed.
pub async fn label(store: &Store, hit: u64, label: &str, actor: &str, now: Timestamp) -> Result<Hit, StoreError> {
    let label = clipped(&mask_ids(label.trim()), NAME);
    if label.is_empty() {
        return Err(StoreError::Refused("标注是空的：请写明标注".to_owned()));
    }
    let actor = named(actor)?;
    store
        .transact(move |tx| {
            let missing = || StoreError::Missing { what: "线索", key: hit.to_string() };
            // Grounds of an earlier acquittal stay, or two adverts in turn would bring it back for ever.
            let earlier = tx.hit(hit)?.filter(is_innocent).and(tx.label(hit)?);
            let mut grounds = earlier.map(|label| label.grounds).unwrap_or_default();
            remember(&mut grounds, &tx.hit(hit)?.ok_or_else(missing)?.reasons);
            tx.put_label(Label { hit, label: label.clone(), actor: actor.clone(), time: now, grounds })?;
            audit(tx, now, &actor, "hit.label", hit_subject(hit), &label)?;
            let labelled = tx.hit(hit)?.ok_or_else(missing)?;
            // The case rests on the hits that nobody called innocent.
            if let Some(mut case) = super::living_case(tx, labelled.case)?
                && law(case.state).is_open()
            {
                sum_up(tx, &mut case, now)?;
                tx.put_case(case)?;
            }
            Ok(labelled)
        })
        .await
}

fn named(actor: &str) -> Result<String, StoreError> {
    match actor.trim() {
        "" => Err(StoreError::Refused("没有写明操作人：决定必须记在人名下".to_owned())),
        name => Ok(clipped(&mask_ids(name), NAME)),
    }
}

/// A merged case is decided where its hits are now.
fn living(tx: &Tx<'_>, id: u64) -> Result<Case, StoreError> {
    super::living_case(tx, id)?.ok_or_else(|| StoreError::Missing { what: "案件", key: id.to_string() })
}
