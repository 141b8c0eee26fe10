//! How an ask ends, the sums of a round, and what a list says of a source.
//!
//! Pure: every number is counted from the records of the asks, so the parts of a cut-off round add up. Must not decide what an
//! answer means; [`crate::discover::reading`] does. Start at [`Outcome`].

use jiff::Timestamp;

/// How one ask ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Results that can be read.
    Ok,
    /// The source says that there is nothing.
    Zero,
    /// A wall: verification, refusal, or every engine behind the source silent.
    Blocked,
    /// Some engines silent, or results that have nothing to do with the query.
    Degraded,
    /// Refused, no such name, server error, unreadable or changed page.
    Broken,
    /// No whole answer in time.
    Timeout,
}

impl Outcome {
    /// All of them, in the order of the summary.
    pub const ALL: [Outcome; 6] =
        [Outcome::Ok, Outcome::Zero, Outcome::Blocked, Outcome::Degraded, Outcome::Broken, Outcome::Timeout];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Zero => "zero",
            Outcome::Blocked => "blocked",
            Outcome::Degraded => "degraded",
            Outcome::Broken => "broken",
            Outcome::Timeout => "timeout",
        }
    }

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|o| o.name() == name)
    }

    /// Whether the source answered as a source should.
    pub fn answered(self) -> bool {
        matches!(self, Outcome::Ok | Outcome::Zero)
    }
}

/// What a round asked of one source. `asked` is the sum of the outcomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// The source's name.
    pub source: String,
    /// Search requests.
    pub asked: u32,
    /// Ended [`Outcome::Ok`].
    pub ok: u32,
    /// Ended [`Outcome::Zero`].
    pub zero: u32,
    /// Ended [`Outcome::Blocked`].
    pub blocked: u32,
    /// Ended [`Outcome::Degraded`].
    pub degraded: u32,
    /// Ended [`Outcome::Broken`].
    pub broken: u32,
    /// Ended [`Outcome::Timeout`].
    pub timeout: u32,
    /// What an officer should know of it, in Chinese; empty when there is nothing to say.
    pub why: String,
}

impl SourceCounts {
    /// Nothing asked yet.
    pub fn none(source: &str) -> SourceCounts {
        SourceCounts { source: source.to_owned(), ..SourceCounts::default() }
    }

    /// Counts one ask.
    pub fn count(&mut self, outcome: Outcome) {
        self.asked += 1;
        *match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Zero => &mut self.zero,
            Outcome::Blocked => &mut self.blocked,
            Outcome::Degraded => &mut self.degraded,
            Outcome::Broken => &mut self.broken,
            Outcome::Timeout => &mut self.timeout,
        } += 1;
    }
}

/// What is known of a source when it is listed.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The source's name.
    pub source: String,
    /// Whether it is asked in rounds.
    pub enabled: bool,
    /// Whether it has an address to be asked at.
    pub has_address: bool,
    /// The outcomes of its last round, oldest first.
    pub last: Vec<Outcome>,
    /// What was said of its last round.
    pub why: String,
    /// Search requests ever sent.
    pub asked: u64,
    /// Hits that it led to.
    pub hits: u64,
    /// When it is asked next.
    pub next: Option<Timestamp>,
}

/// One line of `sources list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// The source's name.
    pub source: String,
    /// Whether it is asked in rounds.
    pub enabled: bool,
    /// `ok`, `blocked`, `degraded`, `broken`, `off` or `never`.
    pub state: &'static str,
    /// Why, in Chinese; empty when all is well.
    pub why: String,
    /// Search requests ever sent.
    pub asked: u64,
    /// Hits that it led to.
    pub hits: u64,
    /// When it is asked next.
    pub next: Option<Timestamp>,
}

/// The line of `sources list` for a source.
pub fn row(standing: &Standing) -> SourceRow {
    let (state, why) = state(standing);
    SourceRow {
        source: standing.source.clone(),
        enabled: standing.enabled,
        state,
        why,
        asked: standing.asked,
        hits: standing.hits,
        next: standing.next.filter(|_| standing.enabled && standing.has_address),
    }
}

fn state(standing: &Standing) -> (&'static str, String) {
    let name = &standing.source;
    if !standing.enabled {
        return ("off", format!("未启用；要用就在设置里写 [sources.{name}] enabled = true"));
    }
    if !standing.has_address {
        return ("off", format!("没有地址；在设置里写 [sources.{name}] url = \"https://…\""));
    }
    let Some(last) = standing.last.last() else {
        return ("never", "还没有问过".to_owned());
    };
    let answered = standing.last.iter().filter(|o| o.answered()).count();
    let failed = standing.last.iter().filter(|o| matches!(o, Outcome::Broken | Outcome::Timeout)).count();
    // A wall ends a round's asking, so it is the last word of the round, whatever came before.
    if *last == Outcome::Blocked {
        return ("blocked", standing.why.clone());
    }
    if failed == standing.last.len() {
        return ("broken", standing.why.clone());
    }
    if answered * 2 <= standing.last.len() || standing.last.contains(&Outcome::Degraded) {
        return ("degraded", standing.why.clone());
    }
    ("ok", String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_the_sum_of_the_outcomes() {
        let mut counts = SourceCounts::none("x");
        for outcome in Outcome::ALL.into_iter().chain([Outcome::Ok, Outcome::Timeout]) {
            counts.count(outcome);
        }
        let sum = counts.ok + counts.zero + counts.blocked + counts.degraded + counts.broken + counts.timeout;
        assert_eq!((counts.asked, sum, counts.ok, counts.timeout), (8, 8, 2, 2));
    }

    #[test]
    fn an_outcome_is_found_by_its_name() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
        }
        assert_eq!(Outcome::from_name("fine"), None);
    }

    #[test]
    fn a_source_is_in_the_state_its_last_round_left_it_in() {
        use Outcome::*;
        let check = |enabled, has_address, last: &[Outcome], wanted: &str| {
            let standing = Standing {
                source: "x".into(),
                enabled,
                has_address,
                last: last.to_vec(),
                why: "原因".into(),
                next: Some(Timestamp::UNIX_EPOCH),
                ..Standing::default()
            };
            let row = row(&standing);
            assert_eq!(row.state, wanted, "{last:?}");
            assert_eq!(row.why.is_empty(), wanted == "ok", "{last:?}");
            assert_eq!(row.next.is_some(), enabled && has_address);
        };
        check(false, true, &[Ok], "off");
        check(true, false, &[], "off");
        check(true, true, &[], "never");
        check(true, true, &[Ok, Zero, Ok, Broken], "ok");
        check(true, true, &[Ok, Ok, Blocked], "blocked");
        check(true, true, &[Broken, Timeout], "broken");
        check(true, true, &[Ok, Ok, Ok, Degraded], "degraded");
        check(true, true, &[Ok, Timeout, Timeout], "degraded");
    }
}
