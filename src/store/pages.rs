//! Fetches, and the chain of reasons that led to one. Start at [`Store::chain`].

use super::{
    Store, StoreError,
    list::Listing,
    record::{Page, Via},
    tables::{Table, id_key},
    tx::{Counter, Tx},
};

/// How far back a chain is told.
pub const CHAIN: usize = 8;

impl Tx<'_> {
    /// A fetch.
    pub fn page(&self, seq: u64) -> Result<Option<Page>, StoreError> {
        self.record(&id_key(seq))
    }

    pub(super) fn put_page_row(&mut self, seq: u64, round: u64, counts: bool, row: Vec<u8>) -> Result<(), StoreError> {
        let key = id_key(seq);
        if counts && self.row(Table::Pages, &key)?.is_none() {
            self.add(Counter::Fetched, round, 1)?;
        }
        self.put_row(Table::Pages, &key, row)
    }
}

impl Store {
    /// A fetch.
    pub async fn page(&self, seq: u64) -> Result<Option<Page>, StoreError> {
        self.record(&id_key(seq))
    }

    /// Fetches from a number on, in order; from `Round::first_page` those of a round and of the rounds after it.
    pub fn pages(&self, from: u64) -> Listing<Page> {
        self.listing_from(&id_key(from))
    }

    /// The step before one: why the page was a candidate that it stands on.
    pub async fn before(&self, via: &Via) -> Result<Option<Via>, StoreError> {
        let Some(seq) = via.page() else { return Ok(None) };
        Ok(self.page(seq).await?.map(|page| page.via))
    }

    /// Why a URL is a candidate, step by step back to a seed, a result or a person, at most eight steps.
    pub async fn chain(&self, via: Via) -> Result<Vec<Via>, StoreError> {
        let mut chain = vec![via];
        while chain.len() < CHAIN
            && let Some(via) = chain.last()
            && let Some(before) = self.before(via).await?
        {
            chain.push(before);
        }
        Ok(chain)
    }
}
