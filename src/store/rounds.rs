//! Rounds, what their sources were asked, what they left, and their counts. Start at [`Store::round_counts`].

use super::{
    Store, StoreError,
    list::Listing,
    record::{Ask, NotLooked, Round},
    tables::{Table, id_key, pair_key},
    tx::{Counter, Tx},
};

/// The numbers of a round's summary that are not the round's own or a sum of its asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoundCounts {
    /// URLs that it added to the frontier.
    pub candidates: u64,
    /// Page fetches.
    pub fetched: u64,
    /// URLs listed as not looked at.
    pub not_looked_at: u64,
    /// Hits first seen in it.
    pub hits_new: u64,
    /// Older hits seen in it, and not since.
    pub hits_again: u64,
    /// Open cases, now.
    pub cases_open: u64,
}

impl Tx<'_> {
    /// A round.
    pub fn round(&self, id: u64) -> Result<Option<Round>, StoreError> {
        let Some(mut round) = self.record::<Round>(&id_key(id))? else { return Ok(None) };
        round.candidates = self.counted(Counter::Candidates, id)?;
        Ok(Some(round))
    }

    /// Keeps a round; with id 0 a new one.
    pub fn put_round(&mut self, mut round: Round) -> Result<u64, StoreError> {
        if round.id == 0 {
            round.id = self.next_id("round")?;
        }
        self.put_record(&id_key(round.id), &round)?;
        Ok(round.id)
    }

    /// Keeps a search request.
    pub fn put_ask(&mut self, ask: Ask) -> Result<(), StoreError> {
        let key = pair_key(ask.round, ask.n);
        if self.row(Table::Asks, &key)?.is_none() {
            self.add(Counter::Asks, ask.round, 1)?;
        }
        self.put_record(&key, &ask)
    }

    /// Lists a URL as not looked at; once, however often it is said.
    pub fn put_not_looked(&mut self, mut entry: NotLooked) -> Result<(), StoreError> {
        let digest = super::tables::digest_key(&entry.url);
        entry.n = super::tables::number(&digest[..8]);
        let key = pair_key(entry.round, entry.n);
        if self.row(Table::NotLooked, &key)?.is_none() {
            self.add(Counter::NotLooked, entry.round, 1)?;
        }
        self.put_record(&key, &entry)
    }

    /// Strikes a URL from that list, because it was looked at after all; not one that this very set has listed.
    pub fn looked(&mut self, round: u64, url: &str) -> Result<(), StoreError> {
        if self.counted(Counter::NotLooked, round)? == 0 {
            return Ok(());
        }
        let digest = super::tables::digest_key(url);
        let key = pair_key(round, super::tables::number(&digest[..8]));
        if !self.has_put(Table::NotLooked, &key) && self.row(Table::NotLooked, &key)?.is_some() {
            self.delete_row(Table::NotLooked, &key);
            self.add(Counter::NotLooked, round, -1)?;
        }
        Ok(())
    }
}

impl Store {
    /// A round, with the URLs it added so far.
    pub async fn round(&self, id: u64) -> Result<Option<Round>, StoreError> {
        let Some(mut round) = self.record::<Round>(&id_key(id))? else { return Ok(None) };
        round.candidates = self.counter(Counter::Candidates, id)?;
        Ok(Some(round))
    }

    /// The latest round, finished or not.
    pub async fn last_round(&self) -> Result<Option<Round>, StoreError> {
        match self.rounds().next().transpose()? {
            Some(round) => self.round(round.id).await,
            None => Ok(None),
        }
    }

    /// All rounds, latest first. Their `candidates` are not filled in.
    pub fn rounds(&self) -> Listing<Round> {
        self.listing(&[]).reversed()
    }

    /// What a round asked, in order.
    pub fn asks(&self, round: u64) -> Listing<Ask> {
        self.listing(&id_key(round))
    }

    /// How many requests a round wrote down; the next one's number.
    pub async fn asks_count(&self, round: u64) -> Result<u64, StoreError> {
        self.counter(Counter::Asks, round)
    }

    /// What a round did not look at.
    pub fn not_looked(&self, round: u64) -> Listing<NotLooked> {
        self.listing(&id_key(round))
    }

    /// The counts of a round's summary; none of them is a scan.
    pub async fn round_counts(&self, round: u64) -> Result<RoundCounts, StoreError> {
        Ok(RoundCounts {
            candidates: self.counter(Counter::Candidates, round)?,
            fetched: self.counter(Counter::Fetched, round)?,
            not_looked_at: self.counter(Counter::NotLooked, round)?,
            hits_new: self.counter(Counter::HitsNew, round)?,
            hits_again: self.counter(Counter::HitsAgain, round)?,
            cases_open: self.counter(Counter::CasesOpen, 0)?,
        })
    }

    pub(super) fn counter(&self, counter: Counter, of: u64) -> Result<u64, StoreError> {
        self.count(Table::Counters, &pair_key(counter as u64, of))
    }
}
