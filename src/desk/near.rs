//! Hits that say nearly the same as one: the same seller's page on another host, or one template. Start at [`of`].

use jianzheng_core::entities::{mask_ids, mask_url};

use super::rows::NearRow;
use crate::store::{Hit, Store, StoreError};

/// Hits told of one, and those that are looked at to choose them.
const TOLD: usize = 20;
const LOOKED_AT: usize = 200;

/// The hits nearest to this one that are wanted, nearest first.
pub(super) async fn of(store: &Store, hit: &Hit, wanted: impl Fn(&Hit) -> bool) -> Result<Vec<NearRow>, StoreError> {
    let Some(text) = hit.text_number() else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for (id, bits) in store.near_hits(text, LOOKED_AT).await? {
        if rows.len() == TOLD {
            break;
        }
        if let Some(other) = store.hit(id).await?.filter(&wanted) {
            let final_url = mask_url(&other.final_url).into_owned();
            let host = mask_ids(&other.host).into_owned();
            rows.push(NearRow { hit: id, host, final_url, case: other.case, bits });
        }
    }
    Ok(rows)
}
