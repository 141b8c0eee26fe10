//! Findings: one a canonical final URL, listed by number, counted by round. Start at [`Tx::put_hit`].

use super::{
    Store, StoreError,
    list::Listing,
    record::{Hit, Label},
    tables::{Table, digest_key, id_key, number, pair_key},
    tx::{Counter, Tx},
};

impl Tx<'_> {
    /// A hit.
    pub fn hit(&self, id: u64) -> Result<Option<Hit>, StoreError> {
        self.record(&id_key(id))
    }

    /// The hit with this canonical final URL.
    pub fn hit_by_url(&self, final_url: &str) -> Result<Option<Hit>, StoreError> {
        match self.count(Table::HitUrls, &digest_key(final_url))? {
            0 => Ok(None),
            id => self.hit(id),
        }
    }

    /// The newest hit of a case with a number below `below`: a step at a time over its hits, newest first.
    pub fn case_hit_below(&self, case: u64, below: u64) -> Result<Option<u64>, StoreError> {
        let key = self.last_key(Table::CaseHits, &id_key(case), &pair_key(case, below))?;
        Ok(key.map(|key| number(key.get(8..).unwrap_or_default())))
    }

    /// Keeps a hit; with id 0 a new one. Its URL must not be another hit's.
    pub fn put_hit(&mut self, mut hit: Hit) -> Result<u64, StoreError> {
        let url_key = digest_key(&hit.final_url);
        let holder = self.count(Table::HitUrls, &url_key)?;
        if holder != 0 && holder != hit.id {
            return Err(StoreError::Conflict { what: "线索网址", key: hit.final_url });
        }
        if hit.id == 0 {
            hit.id = self.next_id("hit")?;
        }
        let before = self.hit(hit.id)?;
        self.count_hit(before.as_ref(), &hit)?;
        self.put_near(before.as_ref(), &hit)?;
        if let Some(before) = &before {
            if before.final_url != hit.final_url {
                self.delete_row(Table::HitUrls, &digest_key(&before.final_url));
            }
            if before.case != hit.case {
                self.delete_row(Table::CaseHits, &pair_key(before.case, hit.id));
            }
        }
        self.put_row(Table::HitUrls, &url_key, id_key(hit.id).to_vec())?;
        if hit.case != 0 {
            self.put_row(Table::CaseHits, &pair_key(hit.case, hit.id), Vec::new())?;
        }
        self.put_record(&id_key(hit.id), &hit)?;
        Ok(hit.id)
    }

    /// The label on a hit.
    pub fn label(&self, hit: u64) -> Result<Option<Label>, StoreError> {
        self.record(&id_key(hit))
    }

    /// Keeps an officer's label, also in its hit.
    pub fn put_label(&mut self, label: Label) -> Result<(), StoreError> {
        let mut hit =
            self.hit(label.hit)?.ok_or_else(|| StoreError::Missing { what: "线索", key: label.hit.to_string() })?;
        hit.label = Some(label.label.clone());
        self.put_hit(hit)?;
        self.put_record(&id_key(label.hit), &label)
    }

    /// A hit counts as new in its first round, and as seen again in the last of the others.
    fn count_hit(&mut self, before: Option<&Hit>, hit: &Hit) -> Result<(), StoreError> {
        let again = |hit: &Hit| (hit.last_round != hit.first_round).then_some(hit.last_round);
        match before {
            None => {
                self.add(Counter::Hits, 0, 1)?;
                self.add(Counter::HitsNew, hit.first_round, 1)?;
            }
            Some(before) if before.first_round != hit.first_round => {
                self.add(Counter::HitsNew, before.first_round, -1)?;
                self.add(Counter::HitsNew, hit.first_round, 1)?;
            }
            Some(_) => {}
        }
        let (was, is) = (before.and_then(again), again(hit));
        if was != is {
            if let Some(round) = was {
                self.add(Counter::HitsAgain, round, -1)?;
            }
            if let Some(round) = is {
                self.add(Counter::HitsAgain, round, 1)?;
            }
        }
        Ok(())
    }
}

impl Store {
    /// A hit.
    pub async fn hit(&self, id: u64) -> Result<Option<Hit>, StoreError> {
        self.record(&id_key(id))
    }

    /// The hit with this canonical final URL.
    pub async fn hit_by_url(&self, final_url: &str) -> Result<Option<Hit>, StoreError> {
        match self.count(Table::HitUrls, &digest_key(final_url))? {
            0 => Ok(None),
            id => self.hit(id).await,
        }
    }

    /// How many hits there are.
    pub async fn hits_count(&self) -> Result<u64, StoreError> {
        self.counter(Counter::Hits, 0)
    }

    /// All hits, by number; `reversed()` gives the newest first.
    pub fn hits(&self) -> Listing<Hit> {
        self.listing(&[])
    }

    /// Hits with numbers below `id`, newest first: the next page of a list.
    pub fn hits_before(&self, id: u64) -> Listing<Hit> {
        let (from, to) = (std::ops::Bound::Unbounded, std::ops::Bound::Excluded(id_key(id).to_vec()));
        self.range_with(Table::Hits, from, to, |key, row| Some(super::record::decode(key, row))).reversed()
    }

    /// The numbers of a case's hits, in order.
    pub fn case_hits(&self, case: u64) -> Listing<u64> {
        self.listing_with(Table::CaseHits, &id_key(case), |key, _| key.get(8..).map(|hit| Ok(number(hit))))
    }

    /// The label on a hit.
    pub async fn label(&self, hit: u64) -> Result<Option<Label>, StoreError> {
        self.record(&id_key(hit))
    }

    /// All labels, by hit.
    pub fn labels(&self) -> Listing<Label> {
        self.listing(&[])
    }
}
