//! A round of asking: each source on its own, its asks in order and spaced, every one written down before it is sent.
//!
//! What is found is handed over before the ask is ended, so that a kill asks again rather than loses. The world comes in
//! through two traits: [`Net`] sends, [`Ledger`] remembers. Must not judge an answer ([`crate::discover::reading`] does) or
//! choose the queries ([`crate::discover::queries`] does). Start at [`ask_all`].

mod cookies;
mod lookup;
mod source;
#[cfg(test)]
mod tests;

use std::future::Future;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::discover::definition::{Definition, Terms};
use crate::discover::outcome::{Outcome, SourceCounts};
use crate::discover::queries::Query;
use crate::discover::reading::Candidate;
use crate::discover::request::{Ask, Reply, Request};

/// Why no reply came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// No whole answer in time.
    #[error("限定时间内没有答完")]
    Timeout,
    /// Nobody listens there, or the connection was torn down.
    #[error("连接被拒绝或中断")]
    Refused,
    /// The name does not resolve.
    #[error("域名解析不到地址")]
    Name,
    /// The secure connection could not be made.
    #[error("安全连接建立失败：{0}")]
    Tls(String),
    /// The address guard does not let us go there.
    #[error("地址不允许访问：{0}")]
    Forbidden(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl NetError {
    /// How an ask ends that fails so.
    pub fn outcome(&self) -> Outcome {
        if *self == NetError::Timeout { Outcome::Timeout } else { Outcome::Broken }
    }

    /// Whether the same request may do better a little later.
    pub fn worth_a_retry(&self) -> bool {
        matches!(self, NetError::Timeout | NetError::Refused | NetError::Name | NetError::Other(_))
    }
}

/// Sends one request, follows nothing.
pub trait Net: Sync {
    /// The reply to a GET, as [`Request`] says.
    fn get(&self, request: Request) -> impl Future<Output = Result<Reply, NetError>> + Send;
}

/// How an ask ended, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// Why, in Chinese; empty when `ok`.
    pub why: String,
    /// What follows from it.
    pub next: Next,
}

/// What follows from an ask's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is settled; a further page may hold more.
    More,
    /// It is settled and was the query's last page.
    Done,
    /// It failed and is asked once more.
    Retry,
    /// The program ended in the middle of it; it is asked again when the round goes on.
    CutOff,
}

/// One ask of this round as the ledger knows it.
#[derive(Debug, Clone)]
pub struct Record<Id> {
    /// Its id.
    pub id: Id,
    /// What was asked.
    pub ask: Ask,
    /// How it ended; none: begun and cut off by a kill.
    pub end: Option<End>,
}

/// Remembers what was asked in this round and today. Every function returns only when the fact is on disk.
pub trait Ledger: Sync {
    /// Names an ask.
    type Id: Copy + Send + Sync;
    /// The store failed: the round cannot go on.
    type Error: Send;

    /// All asks of a source in this round, oldest first, those before a restart included.
    fn history(&self, source: &str) -> impl Future<Output = Result<Vec<Record<Self::Id>>, Self::Error>> + Send;
    /// How many asks of a source were begun today, this round's included.
    fn asked_today(&self, source: &str) -> impl Future<Output = Result<u32, Self::Error>> + Send;
    /// Until when a source wants to be left alone, if it said so.
    fn rests_until(&self, source: &str) -> impl Future<Output = Result<Option<Timestamp>, Self::Error>> + Send;
    /// A source wants to be left alone.
    fn rest(&self, source: &str, until: Timestamp) -> impl Future<Output = Result<(), Self::Error>> + Send;
    /// An ask is about to be sent.
    fn begin(&self, ask: &Ask) -> impl Future<Output = Result<Self::Id, Self::Error>> + Send;
    /// Candidates of an ask; may come twice for the same ask after a kill.
    fn found(&self, ask: &Ask, candidates: Vec<Candidate>) -> impl Future<Output = Result<(), Self::Error>> + Send;
    /// An ask has ended.
    fn end(&self, id: Self::Id, end: End) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What one source is to be asked in this round.
#[derive(Debug, Clone)]
pub struct Order<'d> {
    /// The source.
    pub definition: &'d Definition,
    /// On which terms.
    pub terms: Terms,
    /// Its queries, in order.
    pub queries: Vec<Query>,
}

/// Tells the calendar time, for what is said to people and kept; waits run on the monotonic clock.
pub type Now<'c> = &'c (dyn Fn() -> Timestamp + Send + Sync);

/// Asks every enabled source, all at the same time, each in its own order; true in `stop` parks the work.
///
/// # Errors
/// The first failure of the ledger. The other sources have come to their end by then.
pub async fn ask_all<N: Net, L: Ledger>(
    net: &N,
    ledger: &L,
    orders: &[Order<'_>],
    stop: &watch::Receiver<bool>,
    now: Now<'_>,
) -> Result<Vec<SourceCounts>, L::Error> {
    let enabled = orders.iter().filter(|order| order.terms.enabled);
    let rounds = enabled.map(|order| source::ask_source(net, ledger, order, stop.clone(), now));
    join_all(rounds).await.into_iter().collect()
}

/// Comes back when the work is to be parked; a stop that can no longer be given never comes.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
