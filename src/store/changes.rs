//! A change set: what shall be true together or not at all.
//!
//! Records are owned and whole; putting the same one twice is the same as once. Rows are encoded here, on the caller's
//! thread, where that needs nothing from the store. Start at [`Changes`].

use jiff::Timestamp;

use super::{
    StoreError, extract_files,
    queue::FrontierRows,
    record::{
        Ask, Baseline, Case, CaseNote, Digest, DigestRow, Hit, HostFacts, Label, NotLooked, Page, Record, Round, encode,
    },
    tables::id_key,
    tx::Tx,
};

type Step = Box<dyn FnOnce(&mut Tx<'_>) -> Result<Option<u64>, StoreError> + Send>;

/// Steps that are applied together, in their order, by `Store::commit`.
#[derive(Default)]
pub struct Changes {
    steps: Vec<Step>,
    bulk: bool,
    bytes: u64,
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").field("steps", &self.steps.len()).field("bulk", &self.bulk).finish()
    }
}

/// An acknowledged change set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The numbers of the rounds, hits, cases, notes and audit rows that it put, in its order, whether new or not.
    pub ids: Vec<u64>,
}

impl Changes {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// True where there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Marks the set as one that can wait: it is refused while the disk is nearly full.
    pub fn bulk(&mut self) -> &mut Self {
        self.bulk = true;
        self
    }

    /// Adds a step of one's own; see `Store::transact` for what it may do.
    pub fn then(
        &mut self,
        step: impl FnOnce(&mut Tx<'_>) -> Result<Option<u64>, StoreError> + Send + 'static,
    ) -> &mut Self {
        self.steps.push(Box::new(step));
        self
    }

    /// Adds all steps of another set behind these.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.steps.extend(other.steps);
        self.bulk |= other.bulk;
        self.bytes += other.bytes;
        self
    }

    /// These changes, or, where a row of theirs is larger than the store takes, others in their place. The ids of either are told to
    /// nobody.
    #[must_use]
    pub fn unless_too_large(self, instead: impl FnOnce(&StoreError) -> Self + Send + 'static) -> Self {
        let mut either = Self { steps: Vec::new(), bulk: self.bulk, bytes: self.bytes };
        either.then(move |tx| {
            match tx.whole_or_not(|tx| self.run(tx)) {
                Err(error @ StoreError::TooLarge { .. }) => instead(&error).run(tx)?,
                done => done?,
            };
            Ok(None)
        });
        either
    }

    /// Keeps a fetch. Such a set is refused while the disk is nearly full.
    pub fn put_page(&mut self, page: Page) -> &mut Self {
        let row = encode(&page);
        self.bytes += row.as_ref().map_or(0, |row| row.len() as u64);
        let (seq, round) = (page.seq, page.round);
        let counts = page.kind != super::Kind::Image && page.outcome.is_page();
        self.bulk().then(move |tx| tx.put_page_row(seq, round, counts, row?).map(|()| None))
    }

    /// Keeps the extract of a page.
    pub fn put_extract(&mut self, seq: u64, extract: Vec<u8>) -> &mut Self {
        self.bytes += extract.len() as u64;
        let (owned, check) = extract_files::owned(seq, extract);
        self.bulk().then(move |tx| tx.put_extract(seq, owned, check).map(|()| None))
    }

    /// Writes an extract anew, behind the others, if it still stands where it stood.
    pub(super) fn move_extract(&mut self, seq: u64, from: extract_files::Place, extract: Vec<u8>) -> &mut Self {
        self.bytes += extract.len() as u64;
        let (owned, check) = extract_files::owned(seq, extract);
        self.bulk().then(move |tx| {
            if tx.stands_at(seq, from)? {
                tx.put_extract(seq, owned, check)?;
            }
            Ok(None)
        })
    }

    /// Puts what the frontier decided; `crawl::frontier` alone makes such rows.
    pub fn frontier(&mut self, rows: FrontierRows) -> &mut Self {
        self.bytes += rows.bytes();
        self.bulk |= rows.is_bulk();
        self.then(move |tx| tx.frontier(rows).map(|()| None))
    }

    /// Adds a row to the audit chain. The payload's digest is kept, not the payload.
    pub fn audit(&mut self, time: Timestamp, actor: &str, action: &str, subject: &str, payload: &[u8]) -> &mut Self {
        let digest = super::audit::payload_digest(payload);
        let (actor, action, subject) = (actor.to_owned(), action.to_owned(), subject.to_owned());
        self.then(move |tx| tx.audit(time, actor, action, subject, digest).map(Some))
    }

    /// Keeps the rows of a digest, and by them which cases it told.
    pub fn put_digest_rows(&mut self, digest: &str, rows: Vec<DigestRow>) -> &mut Self {
        let digest = digest.to_owned();
        self.then(move |tx| tx.put_digest_rows(&digest, &rows).map(|()| None))
    }

    /// Keeps the body of a host's robots.txt.
    pub fn put_robots(&mut self, host: &str, body: Vec<u8>) -> &mut Self {
        let host = host.to_owned();
        self.then(move |tx| tx.put_robots(&host, &body).map(|()| None))
    }

    /// Takes the extract of a page away, when its time is over or by order.
    pub fn delete_extract(&mut self, seq: u64) -> &mut Self {
        self.then(move |tx| tx.delete_extract(seq).map(|()| None))
    }

    /// Takes what a page of a protected site looked like away.
    pub fn delete_baseline(&mut self, host: &str, url: &str) -> &mut Self {
        let (host, url) = (host.to_owned(), url.to_owned());
        self.then(move |tx| {
            tx.delete_baseline(&host, &url);
            Ok(None)
        })
    }

    /// Takes the record of a fetch away; counts of its round stay.
    pub fn delete_page(&mut self, seq: u64) -> &mut Self {
        self.then(move |tx| {
            tx.delete_row(Page::TABLE, &id_key(seq));
            Ok(None)
        })
    }

    pub(super) fn is_bulk(&self) -> bool {
        self.bulk
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn run(self, tx: &mut Tx<'_>) -> Result<Committed, StoreError> {
        let mut ids = Vec::new();
        for step in self.steps {
            ids.extend(step(tx)?);
        }
        Ok(Committed { ids })
    }
}

/// Puts that are the step of the same name.
macro_rules! puts {
    ($($(#[$doc:meta])* $name:ident($record:ty) -> $id:expr;)*) => {
        impl Changes {
            $($(#[$doc])*
            pub fn $name(&mut self, record: $record) -> &mut Self {
                self.then(move |tx| tx.$name(record).map($id))
            })*
        }
    };
}

puts! {
    /// Keeps a round; with id 0 a new one.
    put_round(Round) -> Some;
    /// Keeps a search request.
    put_ask(Ask) -> |()| None;
    /// Lists a URL as not looked at.
    put_not_looked(NotLooked) -> |()| None;
    /// Keeps a hit; with id 0 a new one.
    put_hit(Hit) -> Some;
    /// Keeps a case; with id 0 a new one.
    put_case(Case) -> Some;
    /// Adds a note to a case.
    add_note(CaseNote) -> Some;
    /// Keeps a digest.
    put_digest(Digest) -> |()| None;
    /// Keeps what is known of a host.
    put_host(HostFacts) -> |()| None;
    /// Keeps an officer's label, also in its hit.
    put_label(Label) -> |()| None;
    /// Keeps what a protected site looks like.
    put_baseline(Baseline) -> Some;
}

/// Read, change, put back, with nobody in between.
macro_rules! updates {
    ($($(#[$doc:meta])* $name:ident, $get:ident($key:ty), $put:ident, $record:ty, $what:literal;)*) => {
        impl Changes {
            $($(#[$doc])*
            pub fn $name(
                &mut self,
                key: $key,
                change: impl FnOnce(&mut $record) -> Result<(), StoreError> + Send + 'static,
            ) -> &mut Self {
                self.then(move |tx| {
                    let missing = StoreError::Missing { what: $what, key: key.to_string() };
                    let mut record = tx.$get(key)?.ok_or(missing)?;
                    change(&mut record)?;
                    tx.$put(record)?;
                    Ok(None)
                })
            })*
        }
    };
}

updates! {
    /// Changes a round as it stands when the set is applied; the change is pure and may refuse.
    update_round, round(u64), put_round, Round, "巡查轮次";
    /// Changes a hit as it stands when the set is applied; the change is pure and may refuse.
    update_hit, hit(u64), put_hit, Hit, "线索";
    /// Changes a case as it stands when the set is applied; the change is pure and may refuse.
    update_case, case(u64), put_case, Case, "案件";
    /// Changes a digest as it stands when the set is applied; the change is pure and may refuse.
    update_digest, digest_owned(String), put_digest, Digest, "清单";
}
