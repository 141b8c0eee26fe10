//! The log of who decided what: a chain of hashes in which nothing can be changed, left out or put in between unnoticed.
//!
//! The chain runs over digests of payloads, so a payload may be forgotten by order and the chain still verifies. Cutting off
//! the end shows only against a head that was written down elsewhere, which is why digests and packages name it.
//! Start at [`Store::verify_audit`].

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    Store, StoreError,
    list::Listing,
    record::AuditRow,
    tables::{Table, hex, id_key},
    tx::Tx,
};

/// What a walk over the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCheck {
    /// Rows that hold.
    pub rows: u64,
    /// The hash of the last row that holds; 64 zeros for an empty chain.
    pub head: String,
    /// The first row that does not hold, and why, in Chinese.
    pub broken: Option<(u64, String)>,
}

/// The digest of a payload as the chain keeps it.
pub(super) fn payload_digest(payload: &[u8]) -> String {
    hex(&Sha256::digest(payload))
}

impl Tx<'_> {
    /// Adds a row behind the chain's head and gives its number. `digest`: SHA-256 of the payload, in hexadecimal.
    pub fn audit(
        &mut self,
        time: Timestamp,
        actor: String,
        action: String,
        subject: String,
        digest: String,
    ) -> Result<u64, StoreError> {
        let head = self.count(Table::Meta, b"audit")?;
        let prev = match head {
            0 => origin(),
            _ => match self.record::<AuditRow>(&id_key(head))? {
                Some(row) => row.hash,
                None => return Err(StoreError::Missing { what: "审计记录", key: head.to_string() }),
            },
        };
        let seq = self.next_id("audit")?;
        let mut row = AuditRow { seq, time, actor, action, subject, digest, prev, hash: String::new() };
        row.hash = row_hash(&row);
        self.put_record(&id_key(seq), &row)?;
        Ok(seq)
    }
}

impl Store {
    /// The log, in order.
    pub fn audit(&self) -> Listing<AuditRow> {
        self.listing(&[])
    }

    /// Walks the chain from its start to where it is said to end.
    pub async fn verify_audit(&self) -> Result<AuditCheck, StoreError> {
        let last = self.count(Table::Meta, b"audit")?;
        let mut check = AuditCheck { rows: 0, head: origin(), broken: None };
        for row in self.audit() {
            let expected = check.rows + 1;
            let say = match &row {
                Err(error @ (StoreError::Unreadable { .. } | StoreError::Version { .. })) => Some(error.to_string()),
                Err(error) => return Err(error.clone()),
                Ok(row) if row.seq != expected => Some(format!("应为第 {expected} 条，实为第 {} 条", row.seq)),
                Ok(row) if row.prev != check.head => Some("与上一条的哈希接不上".to_owned()),
                Ok(row) if row.hash != row_hash(row) => Some("内容与其哈希不符".to_owned()),
                Ok(_) => None,
            };
            match (row, say) {
                (Ok(row), None) => {
                    check.rows = expected;
                    check.head = row.hash;
                }
                (_, say) => {
                    check.broken = Some((expected, say.unwrap_or_default()));
                    return Ok(check);
                }
            }
        }
        if check.rows < last {
            check.broken = Some((check.rows + 1, format!("应有 {last} 条，只有 {} 条", check.rows)));
        }
        Ok(check)
    }
}

fn origin() -> String {
    "0".repeat(64)
}

/// Each field with its length before it, so that no two rows spell the same bytes.
fn row_hash(row: &AuditRow) -> String {
    let mut hash = Sha256::new();
    for field in
        [&row.prev, &row.seq.to_string(), &row.time.to_string(), &row.actor, &row.action, &row.subject, &row.digest]
    {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hex(&hash.finalize())
}
