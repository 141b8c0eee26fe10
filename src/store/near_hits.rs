//! Which hits say nearly the same as one: rows by each quarter of the text's number, kept with the hit.
//!
//! Numbers that differ in three bits or fewer have an equal quarter, so a question reads four ranges of the table and no hit that is
//! far away; the core's index answers the same in memory ([`jianzheng_core::likeness::Index`]). A range is read up to a cap. Start
//! at [`Store::near_hits`].

use super::{
    Store, StoreError,
    record::Hit,
    tables::{Table, id_key, number},
    tx::Tx,
};

/// Differing bits of texts that say nearly the same.
const NEAR: u32 = 3;
const BANDS: u32 = 4;
/// Rows read of one range: a template with more hits is told by the first of them.
const CROWD: usize = 2_000;

impl Tx<'_> {
    /// Puts the rows of a hit's text in the place of those that its earlier form had.
    pub(super) fn put_near(&mut self, before: Option<&Hit>, hit: &Hit) -> Result<(), StoreError> {
        let (was, is) = (before.and_then(Hit::near_number), hit.near_number());
        if was == is {
            return Ok(());
        }
        if let Some(text) = was {
            for band in 0..BANDS {
                self.delete_row(Table::HitTexts, &key(band, text, hit.id));
            }
        }
        if let Some(text) = is {
            for band in 0..BANDS {
                self.put_row(Table::HitTexts, &key(band, text, hit.id), id_key(text).to_vec())?;
            }
        }
        Ok(())
    }
}

impl Store {
    /// Numbers of the hits whose texts differ from this one in three bits or fewer, with how many; the nearest first, at most `most`.
    pub async fn near_hits(&self, text: u64, most: usize) -> Result<Vec<(u64, u32)>, StoreError> {
        let mut found: Vec<(u32, u64)> = Vec::new();
        for band in 0..BANDS {
            let prefix = &key(band, text, 0)[..PREFIX];
            let rows = self.listing_with(Table::HitTexts, prefix, |key, row| {
                key.get(PREFIX..).map(|hit| Ok((number(hit), number(row))))
            });
            for row in rows.take(CROWD) {
                let (hit, other) = row?;
                let bits = (text ^ other).count_ones();
                if bits <= NEAR {
                    found.push((bits, hit));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found.into_iter().take(most).map(|(bits, hit)| (hit, bits)).collect())
    }
}

const PREFIX: usize = 3;

fn key(band: u32, text: u64, hit: u64) -> Vec<u8> {
    let quarter = (text >> (16 * band)) as u16;
    [&[band as u8][..], &quarter.to_be_bytes(), &id_key(hit)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Changes, record::samples, tests::open};

    fn hit(n: u64, text: u64) -> Hit {
        Hit { id: n, final_url: format!("http://a.example/{n}"), text: Some(format!("{text:016x}")), ..samples::hit() }
    }

    async fn put(store: &Store, hits: Vec<Hit>) {
        let mut changes = Changes::new();
        for hit in hits {
            changes.put_hit(hit);
        }
        store.commit(changes).await.unwrap();
    }

    #[tokio::test]
    async fn near_hits_are_found_in_any_quarter_and_follow_what_a_hit_says_now() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let text = 0x0123_4567_89AB_CDEF_u64;
        let far = text ^ 0x0001_0001_0001_0001;
        let near = [text ^ 1, text ^ (1 << 20) ^ (1 << 40), text ^ (1 << 63) ^ (1 << 33) ^ (1 << 17), far];
        let hits = (1..).zip([text].into_iter().chain(near)).map(|(_, text)| hit(0, text));
        let hits = hits.zip(1u64..).map(|(hit, n)| Hit { final_url: format!("http://a.example/{n}"), ..hit }).collect();
        put(&store, hits).await;
        assert_eq!(store.near_hits(text, 9).await.unwrap(), [(1, 0), (2, 1), (3, 2), (4, 3)]);
        assert_eq!(store.near_hits(text, 2).await.unwrap(), [(1, 0), (2, 1)]);
        // Another text now, and one too short to tell.
        put(&store, vec![hit(2, far), Hit { text: None, ..hit(3, text) }]).await;
        assert_eq!(store.near_hits(text, 9).await.unwrap(), [(1, 0), (4, 3)]);
        assert_eq!(store.near_hits(far, 9).await.unwrap(), [(2, 0), (5, 0)]);
        // A short one is found by all of its letters.
        put(&store, vec![Hit { text: None, short_text: Some(format!("{text:016x}")), ..hit(4, text) }]).await;
        assert_eq!(store.near_hits(text, 9).await.unwrap(), [(1, 0), (4, 0)]);
    }
}
