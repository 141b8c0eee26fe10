//! What could not be seen since the last lists, for the next ones: a wall is not "nothing found" (DESIGN.md, decision 4).
//! Start at [`since_last_lists`].

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::store::{Store, StoreError};

/// Reasons named for one source.
const REASONS: usize = 3;

/// Rounds that are looked back at, at most.
const ROUNDS: usize = 60;

/// Sources that did not answer every request since the lists of the day before `today`, with how often and why, and how many
/// URLs were not looked at in the last round.
pub async fn since_last_lists(store: &Store, today: Date) -> Result<(Vec<(String, String)>, u64), StoreError> {
    let Some(last) = store.last_round().await? else { return Ok((Vec::new(), 0)) };
    let today = today.to_string();
    let mut before = None;
    for digest in store.digests().reversed() {
        let digest = digest?;
        if digest.day < today {
            before = Some(digest.composed);
            break;
        }
    }
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    for (n, round) in store.rounds().take(ROUNDS).enumerate() {
        let round = round?;
        let told = before.is_some_and(|before| round.finished.is_some_and(|end| end <= before));
        if n > 0 && told {
            break;
        }
        for ask in store.asks(round.id) {
            let ask = ask?;
            let word = match ask.outcome.as_deref() {
                Some("ok" | "zero") => None,
                Some("blocked") => Some("被拦截"),
                Some("degraded") => Some("结果不全"),
                Some("timeout") => Some("超时"),
                Some(_) => Some("出错"),
                None => Some("中断"),
            };
            let source = sources.entry(ask.source).or_default();
            source.asked += 1;
            if let Some(word) = word {
                *source.failed.entry(word).or_default() += 1;
                if source.reasons.len() < REASONS && !ask.why.is_empty() && !source.reasons.contains(&ask.why) {
                    source.reasons.push(ask.why);
                }
            }
        }
    }
    let unseen = sources.into_iter().filter(|(_, source)| !source.failed.is_empty());
    let unseen = unseen.map(|(name, source)| (name, source.say())).collect();
    Ok((unseen, store.round_counts(last.id).await?.not_looked_at))
}

#[derive(Default)]
struct Source {
    asked: u64,
    failed: BTreeMap<&'static str, u64>,
    reasons: Vec<String>,
}

impl Source {
    fn say(&self) -> String {
        let failed: Vec<String> = self.failed.iter().map(|(word, n)| format!("{word} {n} 次")).collect();
        let mut say = format!("查询 {} 次，{}", self.asked, failed.join("、"));
        if !self.reasons.is_empty() {
            say.push_str(&format!("（{}）", self.reasons.join("；")));
        }
        say
    }
}
