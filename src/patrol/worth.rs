//! What a candidate is worth: the class in which it waits, 0 first to 3 last.
//!
//! The frontier gives three turns of four to the hosts whose best candidate has the best class, and the fourth to whoever waits
//! longest; within a host it goes by class, then by age, and every eighth URL is its least. So this decides what a round that is
//! too short for everything looks at, and nothing is put off for ever. It rests on what is known without a search: where the
//! candidate is from, what its source has yielded, what its host has shown in this round.
//! It must not read a page. Start at [`of_link`] and [`of_result`].

use std::collections::HashMap;

use crate::store::{Store, StoreError};

/// What a person, a QR code or a hit points at; other looks at open cases.
pub(super) const BEST: u8 = 0;
/// One step from what was asked for: redirects, frames, pictures, what such a page links elsewhere.
pub(super) const GOOD: u8 = 1;
/// More of a site that may have something.
pub(super) const FAIR: u8 = 2;
/// More of a site that has shown nothing; pages that were innocent the last time.
pub(super) const LEAST: u8 = 3;

/// Rounds whose results tell what a source yields.
const LOOK_BACK: usize = 30;
/// A source is judged by no fewer results than these.
const RESULTS: u64 = 200;
/// One hit in so many results is a yield.
const PER_HIT: u64 = 200;
/// After so many pages that do not even speak of certificates, a site has shown nothing.
const PATIENCE: u32 = 8;

/// What a source gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Yield {
    results: u64,
    hits: u64,
}

/// What each source gave in the last rounds.
pub(super) fn yields(store: &Store) -> Result<HashMap<String, Yield>, StoreError> {
    let mut yields = HashMap::<String, Yield>::new();
    let mut first = u64::MAX;
    for round in store.rounds().take(LOOK_BACK) {
        let round = round?.id;
        first = first.min(round);
        for ask in store.asks(round) {
            let ask = ask?;
            yields.entry(ask.source).or_default().results += u64::from(ask.hits);
        }
    }
    for hit in store.hits().reversed() {
        let hit = hit?;
        if hit.first_round < first {
            break;
        }
        if let Some(source) = yields.get_mut(&hit.source) {
            source.hits += 1;
        }
    }
    Ok(yields)
}

/// A result of a source that gave so much. One that is new has the benefit of the doubt.
pub(super) fn of_result(source: Yield) -> u8 {
    let barren = source.results >= RESULTS && source.hits * PER_HIT < source.results;
    if barren { GOOD } else { BEST }
}

/// What a host has shown in this round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pages: u32,
    telling: u32,
}

impl Shown {
    /// One page more; `telling`: it speaks of certificates, or is a hit.
    pub(super) fn page(&mut self, telling: bool) {
        self.pages = self.pages.saturating_add(1);
        self.telling = self.telling.saturating_add(u32::from(telling));
    }

    /// Whether it had its chance and showed nothing.
    pub(super) fn is_barren(self) -> bool {
        self.telling == 0 && self.pages >= PATIENCE
    }
}

/// A link on a page: `hit`, whether the page is one; `own`, whether it stays on the host, which has shown so much.
pub(super) fn of_link(hit: bool, own: bool, host: Shown) -> u8 {
    match (hit, own) {
        (true, false) => BEST,
        (true, true) | (false, false) => GOOD,
        (false, true) if host.is_barren() => LEAST,
        (false, true) => FAIR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_judged_by_what_it_gave_once_it_gave_enough() {
        for (results, hits, want) in [(0, 0, BEST), (199, 0, BEST), (200, 0, GOOD), (200, 1, BEST), (1000, 4, GOOD)] {
            assert_eq!(of_result(Yield { results, hits }), want, "{hits} of {results}");
        }
    }

    #[test]
    fn where_a_hit_leads_goes_first_and_a_site_that_shows_nothing_last() {
        let mut shown = Shown::default();
        assert_eq!(of_link(true, false, shown), BEST);
        assert_eq!((of_link(true, true, shown), of_link(false, false, shown)), (GOOD, GOOD));
        (1..PATIENCE).for_each(|_| shown.page(false));
        assert_eq!(of_link(false, true, shown), FAIR, "not yet");
        shown.page(false);
        assert_eq!((of_link(false, true, shown), of_link(false, false, shown)), (LEAST, GOOD));
        shown.page(true);
        assert_eq!(of_link(false, true, shown), FAIR, "there is something after all");
    }

    #[tokio::test]
    async fn what_sources_gave_is_read_from_what_is_kept() {
        use crate::cases::tests::{SELLER, at, open, see};
        use crate::store::{Ask, Changes, Round};
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        see(&store, SELLER).await;
        let hit = store.hits().next().unwrap().unwrap();
        let mut changes = Changes::new();
        for n in [1, 2] {
            changes.put_ask(Ask {
                round: hit.first_round,
                n,
                source: hit.source.clone(),
                query: "低压电工证".to_owned(),
                query_id: "offers.1".to_owned(),
                page: 1,
                begun: at(0),
                outcome: Some("ok".to_owned()),
                why: String::new(),
                next: "done".to_owned(),
                hits: 10,
            });
        }
        changes.put_round(Round {
            id: hit.first_round,
            started: at(0),
            finished: Some(at(0)),
            rules: String::new(),
            day: None,
            first_page: 1,
            cut_off: false,
            max_pages: None,
            sources: vec![hit.source.clone()],
            seeds: Vec::new(),
            prepared: true,
            parts: 1,
            candidates: 0,
        });
        store.commit(changes).await.unwrap();
        assert_eq!(yields(&store).unwrap()[&hit.source], Yield { results: 20, hits: 1 });
    }
}
