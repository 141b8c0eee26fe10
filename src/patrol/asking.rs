//! Discovery's two doors for a round: the net that sends its requests, the ledger that remembers them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jianzheng_core::address;
use jiff::Timestamp;

use super::{Shared, worth};
use crate::clock;
use crate::crawl::client::{FetchError, Get};
use crate::crawl::decode;
use crate::crawl::frontier::{Found, Kind};
use crate::discover::asking::{End, Ledger, Net, NetError, Next, Record};
use crate::discover::outcome::Outcome;
use crate::discover::reading::Candidate;
use crate::discover::request::{Ask, MAX_BODY, Reply, Request};
use crate::store::{self, Changes, HostFacts, StoreError, Via};

impl Net for Arc<Shared> {
    async fn get(&self, request: Request) -> Result<Reply, NetError> {
        let get = Get { headers: request.headers, max_body: MAX_BODY + 1, follow: 0, ..Get::source(request.url) };
        let answer = self.fetcher.get(get).await.map_err(|error| match error {
            FetchError::Refused(why) => NetError::Forbidden(why.to_string()),
            FetchError::DnsNone { .. } | FetchError::DnsFailed { .. } => NetError::Name,
            FetchError::Connect { .. } => NetError::Refused,
            FetchError::Tls { why, .. } | FetchError::TlsUnsupported { why } | FetchError::Handshake { why } => {
                NetError::Tls(why)
            }
            FetchError::Timeout { .. } => NetError::Timeout,
            other => NetError::Other(other.to_string()),
        })?;
        let exchange = answer.exchange;
        if exchange.truncated.is_some_and(|t| t == crate::crawl::client::Truncated::Time) {
            return Err(NetError::Timeout);
        }
        let body = decode::decode(&exchange.content_encoding(), &exchange.body, MAX_BODY + 1).bytes.into_owned();
        let headers = exchange
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect();
        Ok(Reply { status: exchange.status, final_url: exchange.url, headers, body })
    }
}

/// What was asked in this round, kept in the store.
pub(super) struct Asked {
    shared: Arc<Shared>,
    next: AtomicU64,
    /// Results by ask, until the ask ends.
    results: Mutex<std::collections::HashMap<Ask, u32>>,
}

impl Asked {
    pub(super) async fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let next = shared.store.asks_count(shared.round).await? + 1;
        Ok(Self { shared, next: AtomicU64::new(next), results: Mutex::default() })
    }
}

/// Under which name the store keeps until when a source is left alone. No host has such a name.
pub fn name_of_rest(source: &str) -> String {
    format!("source:{source}")
}

fn of_record(ask: &store::Ask) -> Ask {
    Ask { source: ask.source.clone(), query: ask.query.clone(), query_id: ask.query_id.clone(), page: ask.page }
}

fn next_word(next: Next) -> &'static str {
    match next {
        Next::More => "more",
        Next::Done => "done",
        Next::Retry => "retry",
        Next::CutOff => "cut-off",
    }
}

fn next_of(word: &str) -> Next {
    match word {
        "more" => Next::More,
        "retry" => Next::Retry,
        "cut-off" => Next::CutOff,
        _ => Next::Done,
    }
}

impl Ledger for Asked {
    type Id = u64;
    type Error = StoreError;

    async fn history(&self, source: &str) -> Result<Vec<Record<u64>>, StoreError> {
        let asks = self.shared.store.asks(self.shared.round).collect::<Result<Vec<_>, _>>()?;
        let of_source = asks.into_iter().filter(|ask| ask.source == source);
        Ok(of_source
            .map(|ask| Record {
                id: ask.n,
                end: ask.outcome.as_deref().and_then(Outcome::from_name).map(|outcome| End {
                    outcome,
                    why: ask.why.clone(),
                    next: next_of(&ask.next),
                }),
                ask: of_record(&ask),
            })
            .collect())
    }

    async fn asked_today(&self, source: &str) -> Result<u32, StoreError> {
        let today = clock::shanghai_date(self.shared.clock.now());
        let mut asked = 0;
        for round in self.shared.store.rounds() {
            let round = round?;
            let mut any_today = clock::shanghai_date(round.started) == today;
            for ask in self.shared.store.asks(round.id) {
                let ask = ask?;
                if clock::shanghai_date(ask.begun) == today {
                    any_today = true;
                    asked += u32::from(ask.source == source);
                }
            }
            if !any_today {
                break;
            }
        }
        Ok(asked)
    }

    async fn rests_until(&self, source: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.shared.store.host(&name_of_rest(source)).await?.and_then(|facts| facts.not_before))
    }

    async fn rest(&self, source: &str, until: Timestamp) -> Result<(), StoreError> {
        let facts = HostFacts { host: name_of_rest(source), not_before: Some(until), ..HostFacts::default() };
        let mut changes = Changes::new();
        changes.put_host(facts);
        self.shared.store.commit(changes).await.map(|_| ())
    }

    async fn begin(&self, ask: &Ask) -> Result<u64, StoreError> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let record = store::Ask {
            round: self.shared.round,
            n,
            source: ask.source.clone(),
            query: ask.query.clone(),
            query_id: ask.query_id.clone(),
            page: ask.page,
            begun: self.shared.clock.now(),
            outcome: None,
            why: String::new(),
            next: String::new(),
            hits: 0,
        };
        let mut changes = Changes::new();
        changes.put_ask(record);
        self.shared.store.commit(changes).await?;
        self.shared.progress.asked();
        Ok(n)
    }

    async fn found(&self, ask: &Ask, candidates: Vec<Candidate>) -> Result<(), StoreError> {
        let shared = &self.shared;
        *self.results.lock().unwrap_or_else(PoisonError::into_inner).entry(ask.clone()).or_default() +=
            candidates.len() as u32;
        let mut found = Vec::with_capacity(candidates.len());
        let mut changes = Changes::new();
        let priority = worth::of_result(shared.yields.get(&ask.source).copied().unwrap_or_default());
        for candidate in candidates {
            let url = address::canonical(&candidate.url);
            let via = Via::Source {
                source: ask.source.clone(),
                query: ask.query.clone(),
                page: ask.page,
                rank: candidate.rank,
                title: candidate.title,
                ad: candidate.ad,
            };
            if let Some(hit) = shared.store.hit_by_url(url.as_str()).await? {
                shared.again(&mut changes, &hit, &via);
            }
            found.push(Found {
                host: address::host_key(&url),
                url: url.into(),
                depth: 0,
                kind: Kind::Page,
                via,
                priority,
                not_before: None,
            });
        }
        let (_, pending) = shared.frontier.add(found, changes, shared.now());
        pending.await?;
        shared.wake.notify_one();
        Ok(())
    }

    async fn end(&self, id: u64, end: End) -> Result<(), StoreError> {
        let asks = self.shared.store.asks(self.shared.round);
        let mut ask = None;
        for row in asks {
            let row = row?;
            if row.n == id {
                ask = Some(row);
                break;
            }
        }
        let Some(mut ask) = ask else { return Ok(()) };
        let found = self.results.lock().unwrap_or_else(PoisonError::into_inner).remove(&of_record(&ask));
        ask.outcome = Some(end.outcome.name().to_owned());
        ask.why = end.why;
        ask.next = next_word(end.next).to_owned();
        ask.hits = found.unwrap_or(ask.hits);
        let mut changes = Changes::new();
        changes.put_ask(ask);
        self.shared.store.commit(changes).await.map(|_| ())
    }
}
