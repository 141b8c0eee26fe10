//! What takes hold of the world: the store, the crawler, the desk.
//!
//! Start at [`Program::open`].

use std::ops::ControlFlow;

use tokio::sync::watch;

use super::{Program, StartError};
use crate::{
    config::{Settings, Transport},
    crawl::client::Fetcher,
    desk::{
        CaseFilter, Decision, Desk, DeskError, HitFilter,
        rows::{AuditLine, CaseDetail, CaseRow, DigestPreview, DigestStatus, HitRow, HostReport},
    },
    discover::outcome::SourceRow,
    patrol::{Order, Summary},
    store::AuditCheck,
};

/// The settings under which practice runs, whatever the file says: mail to the outbox, no waits.
pub(super) fn practice_settings(mut settings: Settings) -> Settings {
    settings.mail.transport = Transport::Outbox;
    settings.network.host_delay_ms = 0;
    settings
}

/// What `check` visits pages with; what keeps the practice web alive lives as long.
pub struct Visitor {
    /// The guarded client.
    pub fetcher: Fetcher,
}

/// The parts that hold the store. While it lives no other process can open the same folder.
pub struct Opened {
    desk: Closed,
}

impl Program {
    /// Takes hold of the store and builds what a round needs.
    ///
    /// # Errors
    /// Another process holds the folder, or it cannot be opened.
    pub async fn open(&self) -> Result<Opened, StartError> {
        Err(StartError::State(NOT_YET.to_owned()))
    }

    /// What single pages are visited with, without the store.
    ///
    /// # Errors
    /// The proxy or the file of roots is unusable.
    pub async fn visitor(&self) -> Result<Visitor, StartError> {
        if self.practice.is_some() {
            return Err(StartError::State(NOT_YET.to_owned()));
        }
        let fetcher = super::fetcher(&self.settings, [], &self.clock).map_err(|e| StartError::State(e.to_string()))?;
        Ok(Visitor { fetcher })
    }
}

impl Opened {
    /// The officers' desk.
    pub fn desk(&self) -> &impl Desk {
        &self.desk
    }

    /// One round. Progress goes to stderr.
    pub async fn patrol(&self, _order: Order, _stop: watch::Receiver<bool>) -> anyhow::Result<Summary> {
        anyhow::bail!(NOT_YET)
    }

    /// Rounds on schedule, until stopped.
    pub async fn daemon(&self, _stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        anyhow::bail!(NOT_YET)
    }

    /// Each source's state.
    pub async fn sources(&self) -> anyhow::Result<Vec<SourceRow>> {
        anyhow::bail!(NOT_YET)
    }

    /// Walks the audit chain.
    pub async fn verify_audit(&self) -> anyhow::Result<AuditCheck> {
        anyhow::bail!(NOT_YET)
    }
}

const NOT_YET: &str = "存储还没有接上";

/// Stands where the desk will.
struct Closed;

fn closed<T>() -> Result<T, DeskError> {
    Err(DeskError::Refused(NOT_YET.to_owned()))
}

type Each<'a, T> = &'a mut (dyn FnMut(T) -> ControlFlow<()> + Send);

impl Desk for Closed {
    async fn hits(&self, _: HitFilter, _: Each<'_, HitRow>) -> Result<(), DeskError> {
        closed()
    }
    async fn hit(&self, _: u64) -> Result<HitRow, DeskError> {
        closed()
    }
    async fn label(&self, _: u64, _: &str, _: &str) -> Result<HitRow, DeskError> {
        closed()
    }
    async fn cases(&self, _: CaseFilter, _: Each<'_, CaseRow>) -> Result<(), DeskError> {
        closed()
    }
    async fn case(&self, _: u64) -> Result<CaseDetail, DeskError> {
        closed()
    }
    async fn decide(&self, _: u64, _: Decision, _: Option<&str>, _: &str) -> Result<CaseRow, DeskError> {
        closed()
    }
    async fn note(&self, _: u64, _: &str, _: &str) -> Result<CaseRow, DeskError> {
        closed()
    }
    async fn digest_preview(&self) -> Result<Vec<DigestPreview>, DeskError> {
        closed()
    }
    async fn digest_send(&self, _: bool) -> Result<Vec<DigestStatus>, DeskError> {
        closed()
    }
    async fn digest_status(&self) -> Result<Vec<DigestStatus>, DeskError> {
        closed()
    }
    async fn digest_resend(&self, _: &str) -> Result<DigestStatus, DeskError> {
        closed()
    }
    async fn host(&self, _: &str) -> Result<HostReport, DeskError> {
        closed()
    }
    async fn audit(&self, _: &str) -> Result<Vec<AuditLine>, DeskError> {
        closed()
    }
}
