//! Before the first fetch: the round's record, its seeds, and the looks that are due.
//!
//! A round that was cut off is taken up again instead of beginning another. Everything here may be done twice without harm:
//! known seeds are not added again, and a look that was taken already is skipped when its turn comes.

use std::collections::HashMap;
use std::sync::Arc;

use jianzheng_core::address;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::schedule;

use super::{Failure, Manner, Parts, Shared, Work, worth};
use crate::crawl::frontier::{Found, Kind};
use crate::store::{Changes, Hit, Round, Store, StoreError, Via};

/// Candidates in one change set.
const AT_ONCE: usize = 1_000;

/// Begins a round, or takes the last one up again if it was cut off.
pub(super) async fn begin(parts: &Parts, manner: &Manner, work: &Work) -> Result<Round, Failure> {
    let last = parts.store.last_round().await?.filter(|round| round.finished.is_none() && round.day == manner.day);
    let round = match last {
        Some(mut round) => {
            parts.progress.stage(&format!("接着做上次没做完的第 {} 轮", round.id));
            round.parts += 1;
            round.cut_off = false;
            round.rules = parts.rules.hash().to_owned();
            round
        }
        None => Round {
            id: 0,
            started: parts.clock.now(),
            finished: None,
            rules: parts.rules.hash().to_owned(),
            day: manner.day,
            first_page: parts.store.next_page_seq(),
            cut_off: false,
            max_pages: work.max_pages,
            sources: work.sources.iter().map(|s| s.definition.name.clone()).collect(),
            seeds: work.seeds.iter().map(|s| s.file.clone()).fold(Vec::new(), |mut files, file| {
                if !files.contains(&file) {
                    files.push(file);
                }
                files
            }),
            prepared: false,
            parts: 1,
            candidates: 0,
        },
    };
    let mut changes = Changes::new();
    changes.put_round(round.clone());
    let committed = parts.store.commit(changes).await?;
    Ok(Round { id: committed.ids.first().copied().unwrap_or(round.id), ..round })
}

/// Puts seeds and due looks into the frontier.
pub(super) async fn fill(shared: &Arc<Shared>, round: &Round, work: &Work) -> Result<(), Failure> {
    shared.remember_rests().await?;
    let mut found = Vec::new();
    let mut changes = Changes::new();
    for seed in &work.seeds {
        let url = address::canonical(&seed.url);
        let via = Via::Seed { file: seed.file.clone(), line: seed.line, tags: seed.tags.clone(), last: None };
        if !round.prepared
            && let Some(hit) = shared.store.hit_by_url(url.as_str()).await?
        {
            shared.again(&mut changes, &hit, &via);
        }
        found.push(Found {
            host: address::host_key(&url),
            url: url.into(),
            depth: 0,
            kind: Kind::Page,
            via,
            priority: worth::BEST,
            not_before: None,
        });
        if found.len() >= AT_ONCE {
            add(shared, &mut found, &mut changes).await?;
        }
    }
    add(shared, &mut found, &mut changes).await?;
    if round.prepared {
        return Ok(());
    }
    let now = shared.clock.now();
    let mut looks = 0u64;
    for hit in shared.store.hits() {
        let hit = hit?;
        if schedule::due(hit.last_look, now, shared.recheck_hours) && watched(shared, &hit).await? {
            looks += 1;
            found.push(look(&hit));
        }
        if found.len() >= AT_ONCE {
            add(shared, &mut found, &mut changes).await?;
        }
    }
    let id = round.id;
    changes.update_round(id, |round| {
        round.prepared = true;
        Ok(())
    });
    add(shared, &mut found, &mut changes).await?;
    shared.progress.stage(&format!(
        "第 {id} 轮：种子网址 {} 个，到期复看 {looks} 个，搜索来源 {} 个",
        work.seeds.len(),
        work.sources.len()
    ));
    Ok(())
}

/// Hosts with hits, each with the case of its newest. What others put on a shared host says nothing of the rest of it.
pub(super) fn accused(store: &Store, rules: &RuleSet) -> Result<HashMap<String, u64>, StoreError> {
    let mut hosts = HashMap::new();
    for hit in store.hits() {
        let hit = hit?;
        if rules.routing().platform(&hit.host).is_none()
            && let Ok(url) = url::Url::parse(&hit.final_url)
        {
            hosts.insert(address::host_key(&url), hit.case);
        }
    }
    Ok(hosts)
}

async fn add(shared: &Arc<Shared>, found: &mut Vec<Found>, changes: &mut Changes) -> Result<(), Failure> {
    let (_, pending) = shared.frontier.add(std::mem::take(found), std::mem::take(changes), shared.now());
    pending.await?;
    Ok(())
}

/// Open cases are watched, and those that are gone, in case they come back; what officers set aside is left alone.
async fn watched(shared: &Shared, hit: &Hit) -> Result<bool, Failure> {
    use crate::store::CaseState::{Dismissed, Wrong};
    let case = shared.store.case(hit.case).await?;
    Ok(case.is_none_or(|case| !matches!(case.state, Dismissed | Wrong)))
}

fn look(hit: &Hit) -> Found {
    let host = url::Url::parse(&hit.final_url).map(|url| address::host_key(&url)).unwrap_or_else(|_| hit.host.clone());
    Found {
        url: hit.final_url.clone(),
        host,
        depth: 0,
        kind: Kind::Recheck,
        via: Via::Recheck { hit: hit.id },
        priority: worth::BEST,
        not_before: None,
    }
}
