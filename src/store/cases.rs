//! Targets: found by their name or by any contact of theirs. Start at [`Tx::put_case`].

use std::collections::BTreeSet;

use super::{
    Store, StoreError,
    list::Listing,
    record::{Case, CaseNote},
    tables::{Table, digest_key, id_key, number, pair_key},
    tx::{Counter, Tx},
};

impl Tx<'_> {
    /// A case.
    pub fn case(&self, id: u64) -> Result<Option<Case>, StoreError> {
        self.record(&id_key(id))
    }

    /// The case that a target or contact leads to.
    pub fn case_by_target(&self, target: &str) -> Result<Option<Case>, StoreError> {
        match self.count(Table::Targets, &digest_key(target))? {
            0 => Ok(None),
            id => self.case(id),
        }
    }

    /// Keeps a case; with id 0 a new one.
    ///
    /// Its target and contacts lead to it from now on where they are new to it; what it has lost leads nowhere. A target or
    /// contact that leads to another case is taken over, which is how cases merge.
    pub fn put_case(&mut self, mut case: Case) -> Result<u64, StoreError> {
        if case.id == 0 {
            case.id = self.next_id("case")?;
        }
        let before = self.case(case.id)?;
        let had: BTreeSet<&str> = before.iter().flat_map(Case::keys).collect();
        let has: BTreeSet<&str> = case.keys().collect();
        for gone in had.difference(&has) {
            let key = digest_key(gone);
            if self.count(Table::Targets, &key)? == case.id {
                self.delete_row(Table::Targets, &key);
            }
        }
        for new in has.difference(&had) {
            self.put_row(Table::Targets, &digest_key(new), id_key(case.id).to_vec())?;
        }
        let was_open = before.as_ref().is_some_and(|case| case.state.is_open());
        match (was_open, case.state.is_open()) {
            (false, true) => self.add(Counter::CasesOpen, 0, 1)?,
            (true, false) => self.add(Counter::CasesOpen, 0, -1)?,
            _ => {}
        }
        case.notes = before.map_or(case.notes, |before| before.notes);
        self.put_record(&id_key(case.id), &case)?;
        Ok(case.id)
    }

    /// Adds a note to a case and gives its number.
    pub fn add_note(&mut self, mut note: CaseNote) -> Result<u64, StoreError> {
        let mut case =
            self.case(note.case)?.ok_or_else(|| StoreError::Missing { what: "案件", key: note.case.to_string() })?;
        case.notes += 1;
        note.n = case.notes;
        self.put_record(&id_key(case.id), &case)?;
        self.put_record(&pair_key(note.case, note.n), &note)?;
        Ok(note.n)
    }
}

impl Store {
    /// A case.
    pub async fn case(&self, id: u64) -> Result<Option<Case>, StoreError> {
        self.record(&id_key(id))
    }

    /// The case that a target or contact leads to.
    pub async fn case_by_target(&self, target: &str) -> Result<Option<Case>, StoreError> {
        match self.count(Table::Targets, &digest_key(target))? {
            0 => Ok(None),
            id => self.case(id).await,
        }
    }

    /// All cases, by number; `reversed()` gives the newest first.
    pub fn cases(&self) -> Listing<Case> {
        self.listing(&[])
    }

    /// The notes on a case, in order.
    pub fn case_notes(&self, case: u64) -> Listing<CaseNote> {
        self.listing(&id_key(case))
    }

    /// How many hits a case has.
    pub async fn case_hits_count(&self, case: u64) -> Result<u64, StoreError> {
        self.listing_with(Table::CaseHits, &id_key(case), |key, _| Some(Ok(number(&key[8.min(key.len())..]))))
            .try_fold(0, |sum, hit| hit.map(|_| sum + 1))
    }
}
