//! Another look at a known hit, and a source that finds it again. Start at [`looked`].

use jianzheng_core::{case, schedule::Seen};
use jiff::Timestamp;

use super::{MACHINE, apply_look, extend_chain, law, living_case, move_case, settle, sighting::add_capture};
use crate::store::{Capture, Hit, HitState, StoreError, Tx};

/// What a look at a hit saw.
#[derive(Debug, Clone)]
pub struct Look {
    /// The hit.
    pub hit: u64,
    /// What was seen.
    pub seen: Seen,
    /// The answer, where one was kept.
    pub capture: Option<Capture>,
    /// The round.
    pub round: u64,
    /// When.
    pub now: Timestamp,
}

/// The step that keeps a look, by the laws of `schedule` and `case`. Where the page was judged again and is a hit, use
/// [`super::sighting`] instead, which keeps the new verdict too.
pub fn looked(look: Look) -> impl FnOnce(&mut Tx<'_>) -> Result<Option<u64>, StoreError> + Send + 'static {
    move |tx| {
        let mut hit = known(tx, look.hit)?;
        let was = hit.state;
        apply_look(tx, &mut hit, look.seen, look.round, look.now)?;
        if let Some(capture) = &look.capture {
            add_capture(&mut hit, capture);
        }
        let (id, is, last_seen) = (hit.case, hit.state, hit.last_seen);
        tx.put_hit(hit)?;
        let Some(mut case) = living_case(tx, id)? else { return Ok(Some(look.hit)) };
        case.last_seen = case.last_seen.max(last_seen);
        if is == HitState::Gone && was != HitState::Gone {
            settle(tx, &mut case, look.now)?;
        } else if was == HitState::Gone && is != HitState::Gone {
            let back = case::after_seen_again(law(case.state));
            move_case(tx, &mut case, back, MACHINE, look.now)?;
        }
        tx.put_case(case)?;
        Ok(Some(look.hit))
    }
}

/// The step for a source or a list that leads to a known hit without a fetch: one more way in. It is no sighting, so nothing else
/// changes, and no round has found it again by that.
pub fn seen_again(
    hit: u64,
    line: String,
) -> impl FnOnce(&mut Tx<'_>) -> Result<Option<u64>, StoreError> + Send + 'static {
    move |tx| {
        let mut known = known(tx, hit)?;
        extend_chain(&mut known.chain, [line]);
        tx.put_hit(known).map(Some)
    }
}

fn known(tx: &Tx<'_>, hit: u64) -> Result<Hit, StoreError> {
    tx.hit(hit)?.ok_or_else(|| StoreError::Missing { what: "线索", key: hit.to_string() })
}
