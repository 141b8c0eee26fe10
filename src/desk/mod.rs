//! The officers' desk: everything that commands (and later the console) may ask of the program's state, behind one trait.
//!
//! [`Desk`] takes and returns owned rows, so that a command can one day talk to a running daemon instead of opening the store.
//! [`local::LocalDesk`] answers from the store that this process holds. The rows in [`rows`] are the shapes that CONTRACT.md
//! promises. Nothing here prints, and nothing here decides what a page is.

pub mod baselines;
pub mod export;
pub mod host;
pub mod local;
mod near;
pub mod rows;
pub mod verdict_row;

pub use crate::cases::MACHINE;
pub use crate::outbox::sending::unless_stopped;
pub use jianzheng_core::case::Decision;

use std::future::Future;
use std::ops::ControlFlow;

use baselines::{BaselineRow, NewBaseline};
use rows::{AuditLine, CaseDetail, CaseRow, DigestPreview, DigestStatus, HitDetail, HitRow, HostReport};

/// Which hits are wanted.
#[derive(Debug, Clone, Default)]
pub struct HitFilter {
    /// Only of this verdict.
    pub verdict: Option<String>,
    /// Only with this state.
    pub state: Option<String>,
    /// Only with this first route.
    pub route: Option<String>,
    /// Only of this case.
    pub case: Option<u64>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Which cases are wanted.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Only in this state.
    pub state: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those that are open.
    pub open: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Why the desk cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such thing.
    #[error("没有编号为 {id} 的{what}")]
    Missing {
        /// 线索, 案件, 清单.
        what: &'static str,
        /// As it was asked for.
        id: String,
    },
    /// It cannot be done in this state.
    #[error("{0}")]
    Refused(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A digest could not be composed, written or sent.
    #[error("{0}")]
    Mail(String),
}

/// What may be asked. Lists are handed over row by row and end early when the receiver breaks.
pub trait Desk: Send + Sync {
    /// Hits, newest first.
    fn hits(
        &self,
        filter: HitFilter,
        each: &mut (dyn FnMut(HitRow) -> ControlFlow<()> + Send),
    ) -> impl Future<Output = Result<(), DeskError>> + Send;

    /// One hit.
    fn hit(&self, id: u64) -> impl Future<Output = Result<HitRow, DeskError>> + Send;

    /// One hit, with those that say nearly the same.
    fn hit_detail(&self, id: u64) -> impl Future<Output = Result<HitDetail, DeskError>> + Send;

    /// An officer's label on a hit.
    fn label(&self, hit: u64, label: &str, actor: &str) -> impl Future<Output = Result<HitRow, DeskError>> + Send;

    /// Cases, newest first.
    fn cases(
        &self,
        filter: CaseFilter,
        each: &mut (dyn FnMut(CaseRow) -> ControlFlow<()> + Send),
    ) -> impl Future<Output = Result<(), DeskError>> + Send;

    /// One case with its hits, notes and the log of what was decided.
    fn case(&self, id: u64) -> impl Future<Output = Result<CaseDetail, DeskError>> + Send;

    /// Decides about a case.
    fn decide(
        &self,
        case: u64,
        decision: Decision,
        why: Option<&str>,
        actor: &str,
    ) -> impl Future<Output = Result<CaseRow, DeskError>> + Send;

    /// Adds a note to a case.
    fn note(&self, case: u64, text: &str, actor: &str) -> impl Future<Output = Result<CaseRow, DeskError>> + Send;

    /// What today's digests would say, without keeping or sending anything.
    fn digest_preview(&self) -> impl Future<Output = Result<Vec<DigestPreview>, DeskError>> + Send;

    /// Makes today's digests where they are missing and tries every queued or temporary mail once. `extra`: one more digest for
    /// each contact with what is new since its last one.
    fn digest_send(&self, extra: bool) -> impl Future<Output = Result<Vec<DigestStatus>, DeskError>> + Send;

    /// Every digest, newest day first.
    fn digest_status(&self) -> impl Future<Output = Result<Vec<DigestStatus>, DeskError>> + Send;

    /// Sends the same bytes of one digest again, whatever its state.
    fn digest_resend(&self, digest: &str) -> impl Future<Output = Result<DigestStatus, DeskError>> + Send;

    /// What is known of a host.
    fn host(&self, name: &str) -> impl Future<Output = Result<HostReport, DeskError>> + Send;

    /// The log of decisions on one subject, oldest first.
    fn audit(&self, subject: &str) -> impl Future<Output = Result<Vec<AuditLine>, DeskError>> + Send;

    /// Keeps what a protected site looks like, in the place of the earlier baseline of the same page.
    fn keep_baseline(
        &self,
        new: NewBaseline,
        actor: &str,
    ) -> impl Future<Output = Result<BaselineRow, DeskError>> + Send;

    /// Takes a baseline away; refused while hits of open cases rest on a copy of its host.
    fn remove_baseline(&self, id: u64, actor: &str) -> impl Future<Output = Result<BaselineRow, DeskError>> + Send;

    /// All baselines, by number.
    fn baselines(&self) -> impl Future<Output = Result<Vec<BaselineRow>, DeskError>> + Send;
}
