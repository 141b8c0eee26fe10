//! What is known of a host, kept over rounds: its facts and its robots.txt. Start at [`Store::host`].

use super::{
    Store, StoreError,
    list::Listing,
    record::HostFacts,
    tables::{Table, hex},
    tx::{Rows as _, Tx},
};

const ROBOTS_VERSION: u8 = 1;

impl Tx<'_> {
    /// What is known of a host.
    pub fn host(&self, host: &str) -> Result<Option<HostFacts>, StoreError> {
        self.record(host.as_bytes())
    }

    /// Keeps what is known of a host.
    pub fn put_host(&mut self, facts: HostFacts) -> Result<(), StoreError> {
        self.put_record(facts.host.as_bytes(), &facts)
    }

    /// Keeps the body of a host's robots.txt; the caller has cut it to what fits.
    pub fn put_robots(&mut self, host: &str, body: &[u8]) -> Result<(), StoreError> {
        self.put_row(Table::Robots, host.as_bytes(), [&[ROBOTS_VERSION], body].concat())
    }
}

impl Store {
    /// What is known of a host.
    pub async fn host(&self, host: &str) -> Result<Option<HostFacts>, StoreError> {
        self.record(host.as_bytes())
    }

    /// All hosts, by name.
    pub fn hosts(&self) -> Listing<HostFacts> {
        self.listing(&[])
    }

    /// The body of a host's robots.txt, as last fetched.
    pub async fn robots(&self, host: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(mut row) = self.engine().get(Table::Robots, host.as_bytes())? else { return Ok(None) };
        match row.first().copied() {
            Some(ROBOTS_VERSION) => Ok(Some(row.split_off(1))),
            version => Err(StoreError::Version {
                table: Table::Robots.name(),
                key: hex(host.as_bytes()),
                version: version.unwrap_or(0),
            }),
        }
    }
}
