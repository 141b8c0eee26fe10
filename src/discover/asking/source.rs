//! One source's part of a round. Start at [`ask_source`].

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::offset;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use super::cookies::Jar;
use super::lookup::{Behind, resolve};
use super::{End, Ledger, Net, NetError, Next, Now, Order, Record, stopped};
use crate::discover::outcome::{Outcome, SourceCounts};
use crate::discover::reading::{Candidate, Reading, read, sent_to_wall};
use crate::discover::request::{Ask, Reply, Request, cookie_visit, request};

/// A wait that a round still makes; what takes longer is left for a later one.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// What a source may want at most: a longer rest is a mistake or malice.
const LONGEST_REST: Duration = Duration::from_secs(24 * 3600);
/// Failures in a row after which a source is taken for dead in this round.
const GIVE_UP_AFTER: u32 = 10;
/// Redirects followed on the source's own host (http to https, an added slash).
const MAX_SAME_HOST_HOPS: usize = 3;
/// Wait between two link look-ups: each is one small request.
const LOOKUP_DELAY: Duration = Duration::from_secs(1);

/// Why a source is asked no more in this round.
enum Halt {
    /// The program is to park.
    Stop,
    /// The day's budget is used up.
    Budget,
    /// A wall, or a rest the source asked for.
    Wall { why: String, until: Option<Timestamp> },
    /// Nothing but failures.
    Dead,
}

/// Asks one source what this round wants of it. What a former part of the round settled is not asked again.
pub(super) async fn ask_source<N: Net, L: Ledger>(
    net: &N,
    ledger: &L,
    order: &Order<'_>,
    stop: watch::Receiver<bool>,
    now: Now<'_>,
) -> Result<SourceCounts, L::Error> {
    let name = &order.definition.name;
    let Some(base) = order.terms.url.clone() else {
        let why = format!("没有地址，没有问；在设置里写 [sources.{name}] url = \"https://…\"");
        return Ok(SourceCounts { why, ..SourceCounts::none(name) });
    };
    let mut round = Round {
        net,
        ledger,
        order,
        jar: Jar::of(&base),
        base,
        stop,
        now,
        last_sent: None,
        asked_today: ledger.asked_today(name).await?,
        failures: 0,
        history: ledger.history(name).await?,
    };
    round.close_cut_off().await?;
    let halt = round.run().await?;
    Ok(round.summary(halt))
}

/// The state of one source's round.
struct Round<'r, N, L: Ledger> {
    net: &'r N,
    ledger: &'r L,
    order: &'r Order<'r>,
    base: Url,
    stop: watch::Receiver<bool>,
    now: Now<'r>,
    jar: Jar,
    last_sent: Option<Instant>,
    asked_today: u32,
    failures: u32,
    history: Vec<Record<L::Id>>,
}

impl<N: Net, L: Ledger> Round<'_, N, L> {
    /// Ends the asks that a kill cut off: they count, and are asked again.
    async fn close_cut_off(&mut self) -> Result<(), L::Error> {
        for record in self.history.iter_mut().filter(|record| record.end.is_none()) {
            let why = "上次运行在等回答时中断，已重问".to_owned();
            let end = End { outcome: Outcome::Broken, why, next: Next::CutOff };
            self.ledger.end(record.id, end.clone()).await?;
            record.end = Some(end);
        }
        Ok(())
    }

    async fn run(&mut self) -> Result<Option<(Halt, usize)>, L::Error> {
        if let Some(halt) = self.halted_before().await? {
            return Ok(Some((halt, self.order.queries.len())));
        }
        for (at, query) in self.order.queries.iter().enumerate() {
            for page in 1..=self.order.terms.budget.pages {
                let source = self.order.definition.name.clone();
                let ask = Ask { source, query: query.text.clone(), query_id: query.id.clone(), page };
                let next = match self.settle(&ask).await? {
                    Ok(next) => next,
                    Err(halt) => return Ok(Some((halt, self.order.queries.len() - at))),
                };
                if next != Next::More {
                    break;
                }
            }
        }
        Ok(None)
    }

    /// A wall met before a restart, or a rest that lasts, still stands.
    async fn halted_before(&mut self) -> Result<Option<Halt>, L::Error> {
        let until = self.ledger.rests_until(&self.order.definition.name).await?.filter(|until| *until > (self.now)());
        if until.is_some() {
            let why = "对方要求暂时不要再问".to_owned();
            return Ok(Some(Halt::Wall { why, until }));
        }
        let settled = |end: &&End| matches!(end.next, Next::Done | Next::More);
        let walled =
            self.history.iter().filter_map(|r| r.end.as_ref()).filter(settled).find(|e| e.outcome == Outcome::Blocked);
        Ok(walled.map(|end| Halt::Wall { why: end.why.clone(), until: None }))
    }

    /// Asks until the ask is settled, unless it is already.
    async fn settle(&mut self, ask: &Ask) -> Result<Result<Next, Halt>, L::Error> {
        let mut retried = false;
        let mut known = None;
        for end in self.history.iter().filter(|record| record.ask == *ask).filter_map(|record| record.end.as_ref()) {
            retried |= end.next == Next::Retry;
            known = Some(end.next);
        }
        if let Some(next @ (Next::Done | Next::More)) = known {
            return Ok(Ok(next));
        }
        let mut wait = self.order.terms.budget.delay;
        loop {
            if self.asked_today >= self.order.terms.budget.daily {
                return Ok(Err(Halt::Budget));
            }
            if self.visit_for_cookies().await.is_none() || self.pause(wait).await.is_none() {
                return Ok(Err(Halt::Stop));
            }
            let (end, rest) = self.ask_once(ask, retried).await?;
            let halt = self.halt_after(&end, rest).await?;
            let next = end.next;
            if let Some(halt) = halt {
                return Ok(Err(halt));
            }
            if next != Next::Retry {
                return Ok(Ok(next));
            }
            retried = true;
            wait = self.order.terms.budget.delay.max(rest.unwrap_or_default());
        }
    }

    async fn halt_after(&mut self, end: &End, rest: Option<Duration>) -> Result<Option<Halt>, L::Error> {
        match end.next {
            Next::CutOff => return Ok(Some(Halt::Stop)),
            Next::Retry => {}
            Next::Done | Next::More => {
                let until = match rest.filter(|rest| *rest > LONGEST_WAIT) {
                    Some(rest) => (self.now)().checked_add(rest.min(LONGEST_REST)).ok(),
                    None => None,
                };
                if let Some(until) = until {
                    self.ledger.rest(&self.order.definition.name, until).await?;
                }
                if until.is_some() || end.outcome == Outcome::Blocked {
                    return Ok(Some(Halt::Wall { why: end.why.clone(), until }));
                }
            }
        }
        self.failures = match end.outcome {
            Outcome::Broken | Outcome::Timeout => self.failures + 1,
            _ => 0,
        };
        Ok((self.failures >= GIVE_UP_AFTER).then_some(Halt::Dead))
    }

    /// One search request, written down before and after.
    async fn ask_once(&mut self, ask: &Ask, retried: bool) -> Result<(End, Option<Duration>), L::Error> {
        let id = self.ledger.begin(ask).await?;
        self.asked_today += 1;
        self.last_sent = Some(Instant::now());
        let mut stop = self.stop.clone();
        let answer = tokio::select! {
            biased;
            () = stopped(&mut stop) => None,
            answer = self.answer(ask) => Some(answer),
        };
        let (end, rest) = match answer {
            None => {
                let why = "等回答时程序被叫停，续跑时重问".to_owned();
                (End { outcome: Outcome::Broken, why, next: Next::CutOff }, None)
            }
            Some(reading) => {
                let may_wait = reading.rest.is_none_or(|rest| rest <= LONGEST_WAIT);
                let next = match (reading.retry && !retried && may_wait, reading.more) {
                    (true, _) => Next::Retry,
                    (false, true) => Next::More,
                    (false, false) => Next::Done,
                };
                if !reading.found.is_empty() {
                    // Before the end: a kill in between asks again, and finds the same again.
                    self.ledger.found(ask, reading.found).await?;
                }
                (End { outcome: reading.outcome, why: reading.why, next }, reading.rest)
            }
        };
        self.ledger.end(id, end.clone()).await?;
        self.history.push(Record { id, ask: ask.clone(), end: Some(end.clone()) });
        Ok((end, rest))
    }

    /// The answer to an ask, links looked up.
    async fn answer(&mut self, ask: &Ask) -> Reading {
        let definition = self.order.definition;
        let first = request(definition, &self.base, self.order.terms.own, ask);
        match self.send(first).await {
            Ok(reply) => {
                let mut reading = read(definition, ask, &reply);
                self.look_up(&mut reading.found).await;
                reading
            }
            Err(error) => {
                let mut reading = Reading::without(error.outcome(), error.to_string());
                reading.retry = error.worth_a_retry();
                reading
            }
        }
    }

    /// Sends a request with cookies and follows redirects within the source's own host, unless they lead to a wall.
    async fn send(&mut self, first: Request) -> Result<Reply, NetError> {
        let plain = first.clone();
        let mut dressed = first;
        self.jar.dress(&mut dressed);
        let mut reply = self.net.get(dressed).await?;
        self.jar.take(&reply);
        for _ in 0..MAX_SAME_HOST_HOPS {
            let Some(to) = reply.location().filter(|to| self.may_follow(&reply.final_url, to)) else { break };
            if sent_to_wall(self.order.definition, &reply) {
                break;
            }
            let mut next = Request { url: to, ..plain.clone() };
            self.jar.dress(&mut next);
            reply = self.net.get(next).await?;
            self.jar.take(&reply);
        }
        Ok(reply)
    }

    /// The same host and never from https to http; where the guard was lifted by the settings, the same port too.
    fn may_follow(&self, from: &Url, to: &Url) -> bool {
        let upgrade = from.scheme() == "http" && to.scheme() == "https";
        let same_port = from.port_or_known_default() == to.port_or_known_default();
        let default_ports = from.port().is_none() && to.port().is_none();
        from.host_str() == to.host_str()
            && (from.scheme() == to.scheme() && same_port || upgrade && (same_port || default_ports))
    }

    async fn look_up(&self, found: &mut [Candidate]) {
        let pause = LOOKUP_DELAY.min(self.order.terms.budget.delay);
        let (definition, own) = (self.order.definition, self.order.terms.own);
        for candidate in found.iter_mut().filter(|candidate| candidate.needs_lookup) {
            sleep(pause).await;
            match resolve(self.net, definition, &self.base, own, &self.jar, &candidate.url).await {
                Behind::Address(url) => {
                    candidate.url = url;
                    candidate.needs_lookup = false;
                }
                Behind::Nothing => {}
                // The links stay as they are: whoever fetches them may have better luck.
                Behind::Refused => return,
            }
        }
    }

    /// Visits the page that gives cookies when it is due. None: to be parked.
    async fn visit_for_cookies(&mut self) -> Option<()> {
        let Some(visit) = cookie_visit(self.order.definition, &self.base, self.order.terms.own) else {
            return Some(());
        };
        if !self.jar.wants_visit() {
            return Some(());
        }
        let mut stop = self.stop.clone();
        let reply = tokio::select! {
            biased;
            () = stopped(&mut stop) => return None,
            reply = self.net.get(visit) => reply,
        };
        self.last_sent = Some(Instant::now());
        // Without the cookies the ask itself will show what the source thinks of us.
        if let Ok(reply) = reply {
            self.jar.take(&reply);
        }
        Some(())
    }

    /// Waits until `wait` has passed since the last request. None: to be parked.
    async fn pause(&mut self, wait: Duration) -> Option<()> {
        let until = self.last_sent.map(|sent| sent + wait);
        tokio::select! {
            biased;
            () = stopped(&mut self.stop) => None,
            () = sleep_until(until.unwrap_or_else(Instant::now)) => Some(()),
        }
    }

    /// The sums of the round, former parts included, and what an officer should know.
    fn summary(&self, halt: Option<(Halt, usize)>) -> SourceCounts {
        let mut counts = SourceCounts::none(&self.order.definition.name);
        for end in self.history.iter().filter_map(|record| record.end.as_ref()) {
            counts.count(end.outcome);
            if !end.outcome.answered() {
                counts.why.clone_from(&end.why);
            }
        }
        let daily = self.order.terms.budget.daily;
        let more = match halt {
            None => return counts,
            Some((Halt::Stop, left)) => format!("被叫停，余下 {left} 个查询词续跑时再问"),
            Some((Halt::Budget, left)) => format!("今日额度 {daily} 次已用完，余下 {left} 个查询词以后再问"),
            Some((Halt::Dead, left)) => {
                format!("接连 {GIVE_UP_AFTER} 次失败，本轮不再问（余下 {left} 个查询词），下一轮再试")
            }
            Some((Halt::Wall { why, until }, left)) => {
                counts.why = why;
                let when = until.map_or("下一轮再试".to_owned(), |until| format!("{} 之后再试", beijing(until)));
                format!("本轮不再问（余下 {left} 个查询词），{when}")
            }
        };
        if !counts.why.is_empty() {
            counts.why.push('；');
        }
        counts.why.push_str(&more);
        counts
    }
}

fn beijing(time: Timestamp) -> String {
    offset(8).to_datetime(time).strftime("%m-%d %H:%M").to_string()
}
