//! A round as the settings and the order say: which sources and seeds, which limits, and the summary at its end.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jianzheng_core::place;
use tokio::sync::watch;

use super::{Opened, Program, open, renewing};
use crate::clock::{self, Clock};
use crate::config::Robots;
use crate::crawl::frontier::Politeness;
use crate::desk::Desk;
use crate::discover::outcome::{Outcome, Standing, row};
use crate::discover::{SourceRow, queries, seeds};
use crate::outbox::sending;
use crate::patrol::progress::Progress;
use crate::patrol::{
    self, DigestLine, Ended, Manner, Order, Parts, Quiet, Seed, SourceLine, SourcePlan, Summary, Work, aging, reading,
};
use crate::store::StoreError;

/// Rounds that are looked back at for the standing of sources.
const LOOK_BACK: usize = 30;
/// Seeds of one list.
const SEEDS: usize = 200_000;
/// Bytes of one seed list.
const SEED_BYTES: u64 = 64 << 20;

/// Runs one round and its mails.
pub(super) async fn run(
    opened: &Opened,
    order: Order,
    stop: watch::Receiver<bool>,
    clock: &Clock,
    desk: &impl Desk,
    progress: Arc<Progress>,
) -> anyhow::Result<Summary> {
    let program = &*opened.program();
    let work = work(program, &order, clock, &progress)?;
    let mut manner = manner(program, clock);
    manner.terms.baselines = Arc::new(opened.baselines()?);
    let web = opened.practice.as_ref().map(|(_, web)| web);
    let days = program.settings.keep.innocent_days;
    match aging::let_go(&opened.store, opened.data(), clock, days).await {
        Ok(gone) if gone != aging::Gone::default() => progress.stage(&format!(
            "无关网页已过 {days} 天保存期：清理网页记录 {} 条、原件文件 {} 个（线索的证据不动）",
            gone.pages, gone.files
        )),
        Ok(_) => {}
        // The round is worth more than the room.
        Err(error) => progress.stage(&format!("清理过期的无关网页没有做完：{error}")),
    }
    renewing::tell_if_unproven(program, opened.data(), &progress);
    renewing::tell_doubts(opened, program, &progress).await?;
    renewing::tell_false_alarms(opened, clock, &progress).await?;
    renewing::judge_open_cases(opened, program, clock, &stop, &progress).await?;
    let (stage, unfit) = program.stage();
    if let Some(why) = unfit {
        progress.stage(&why);
    }
    let fetcher = open::fetcher(program, web, clock)?;
    for state in fetcher.try_exits().await {
        if let Some(why) = state.fault {
            progress.stage(&format!("出口代理 {} 用不了（{why}）：走它的网站本轮看不到", state.exit));
        }
    }
    let parts = Parts {
        rules: Arc::clone(&program.rules),
        store: opened.store.clone(),
        frontier: Arc::clone(&opened.frontier),
        fetcher: Arc::new(fetcher),
        robots_cache: Arc::clone(&opened.robots_cache),
        keeper: opened.keeper(clock)?,
        clock: clock.clone(),
        progress,
        stage,
    };
    let ended = patrol::run(parts, manner, work, stop.clone()).await?;
    let mut digests = Vec::new();
    let mut unsent = None;
    let mut ended = ended;
    if !order.no_mail && !ended.cut_off {
        let today = clock::shanghai_date(clock.now()).to_string();
        match sending::unless_stopped(desk.digest_send(false), stop.clone()).await {
            Some(Ok(sent)) => digests = sent.into_iter().filter(|d| d.day == today).collect(),
            Some(Err(error)) => unsent = Some(error.to_string()),
            // The mails are part of the round: it is gone on with, and then they go.
            None => {
                patrol::reopen(&opened.store, ended.round).await?;
                ended.cut_off = true;
            }
        }
    }
    let mut summary = summary(opened, &ended).await?;
    summary.digests = digests
        .into_iter()
        .map(|d| DigestLine { contact: d.contact, email: d.email, state: d.state.to_owned(), file: d.file })
        .collect();
    summary.mail_error = unsent;
    Ok(summary)
}

fn manner(program: &Program, clock: &Clock) -> Manner {
    let settings = &program.settings;
    let (network, crawl) = (&settings.network, &settings.crawl);
    let mut notes = Vec::new();
    let mut note = |name: &str, value: &str| notes.push((name.to_owned(), value.to_owned()));
    if network.robots == Robots::Ignore {
        note("robots", "ignored");
    }
    if clock.is_set() {
        note("clock", "set");
    }
    if network.ca_file.is_some() {
        note("ca_file", "set");
    }
    Manner {
        robots: network.robots,
        politeness: Politeness {
            delay: Duration::from_millis(network.host_delay_ms),
            connections: network.host_connections as u32,
            host_pages: crawl.host_pages,
            host_bytes: crawl.host_mb << 20,
            host_time: Duration::from_secs(crawl.host_minutes * 60),
        },
        quiet: network.quiet_hours.map(|hours| Quiet { hours, zone: settings.general.timezone.clone() }),
        connections: network.connections,
        retries: network.retries,
        depth: crawl.depth.min(250) as u8,
        links: crawl.links_per_page as usize,
        recheck_hours: crawl.recheck_hours,
        minutes: (crawl.round_minutes > 0).then(|| Duration::from_secs(crawl.round_minutes * 60)),
        terms: reading::Terms {
            max_body: (network.max_body_mb as usize) << 20,
            thresholds: program.thresholds(),
            notes,
            practice: program.practice.is_some(),
            baselines: Arc::default(),
        },
        disguise: program.disguise(),
        day: program.practice,
    }
}

fn work(program: &Program, order: &Order, clock: &Clock, progress: &Progress) -> anyhow::Result<Work> {
    Ok(Work {
        sources: sources(program, order, clock)?,
        seeds: seed_lists(program, order, progress)?,
        max_pages: order.max_pages,
    })
}

fn sources(program: &Program, order: &Order, clock: &Clock) -> anyhow::Result<Vec<SourcePlan>> {
    let known = &program.rule_files.sources;
    if let Some(wanted) = &order.sources {
        for name in wanted {
            if !known.iter().any(|s| s.name == *name) {
                let names: Vec<&str> = known.iter().map(|s| s.name.as_str()).collect();
                bail!("没有名为 {name} 的搜索来源；可用的有：{}", names.join("、"));
            }
        }
    }
    let plan = queries::plan(&program.rule_files.queries, &places(program), &[]);
    let day = queries::day_number(clock::shanghai_date(clock.now()));
    let mut plans = Vec::new();
    for definition in known {
        let mut terms = program.terms(definition);
        if let Some(wanted) = &order.sources {
            terms.enabled = wanted.contains(&definition.name);
        }
        if !terms.enabled {
            continue;
        }
        // Nobody waits where the unit switched all waits off.
        if program.settings.network.host_delay_ms == 0 {
            terms.budget.delay = Duration::ZERO;
        }
        let budget = (terms.budget.daily / terms.budget.pages.max(1)).max(1) as usize;
        let queries = plan.of_day(day, budget);
        plans.push(SourcePlan { definition: Arc::new(definition.clone()), terms, queries });
    }
    Ok(plans)
}

/// Names of the unit's place, the narrowest first.
fn places(program: &Program) -> Vec<String> {
    let code = &program.settings.unit.division;
    [6, 4, 2]
        .into_iter()
        .filter_map(|digits| code.get(..digits))
        .filter_map(place::name_of)
        .map(str::to_owned)
        .collect()
}

fn seed_lists(program: &Program, order: &Order, progress: &Progress) -> anyhow::Result<Vec<Seed>> {
    let lists: &[PathBuf] = order.seeds.as_deref().unwrap_or(&program.settings.general.seeds);
    let mut all = Vec::new();
    for path in lists {
        let shown = path.display().to_string();
        let bytes = match std::fs::metadata(path) {
            Ok(facts) if facts.len() > SEED_BYTES => bail!("种子清单 {shown} 超过 64 MiB，不像是清单"),
            _ => std::fs::read(path),
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            // A list that was named on the command line has to be there; the default one may not have been written yet.
            Err(error) if order.seeds.is_some() => return Err(error).context(format!("读不到种子清单 {shown}")),
            Err(_) => {
                progress.stage(&format!("没有种子清单 {shown}，本轮不从种子出发"));
                continue;
            }
        };
        let (seeds, problems) = seeds::parse(&shown, &bytes);
        for problem in problems {
            progress.stage(&crate::telemetry::escape(&problem.to_string()));
        }
        if let Some(over) = seeds.len().checked_sub(SEEDS).filter(|over| *over > 0) {
            let say = format!("{shown}：一个清单最多取 {SEEDS} 个网址，后面的 {over} 个没有取；拆成几个文件，都列上");
            progress.stage(&crate::telemetry::escape(&say));
        }
        let name = path.file_name().map_or_else(|| shown.clone(), |n| n.to_string_lossy().into_owned());
        all.extend(seeds.into_iter().take(SEEDS).map(|seed| Seed {
            file: name.clone(),
            line: seed.line as u32,
            url: seed.url,
            tags: seed.tags,
        }));
    }
    Ok(all)
}

async fn summary(opened: &Opened, ended: &Ended) -> Result<Summary, StoreError> {
    let store = &opened.store;
    let mut lines: BTreeMap<String, SourceLine> = BTreeMap::new();
    if let Some(round) = store.round(ended.round).await? {
        for source in round.sources {
            lines.insert(source.clone(), SourceLine::none(source));
        }
    }
    for ask in store.asks(ended.round) {
        let ask = ask?;
        let line = lines.entry(ask.source.clone()).or_insert_with(|| SourceLine::none(ask.source.clone()));
        // An ask without an end was cut off; if the round goes on, it is asked again as another one.
        line.count(ask.outcome.as_deref().unwrap_or("broken"));
        if !ask.why.is_empty() {
            line.why = ask.why;
        }
    }
    let counts = store.round_counts(ended.round).await?;
    let mut hits_by_kind = BTreeMap::new();
    for hit in store.hits().reversed() {
        let hit = hit?;
        if hit.first_round < ended.round {
            break;
        }
        *hits_by_kind.entry(hit.verdict).or_default() += 1;
    }
    Ok(Summary {
        event: "summary",
        round: ended.round,
        cut_off: ended.cut_off,
        why: ended.why.as_ref().map(ToString::to_string),
        sources: lines.into_values().collect(),
        candidates: counts.candidates,
        fetched: counts.fetched,
        not_looked_at: counts.not_looked_at,
        hits_new: counts.hits_new,
        hits_again: counts.hits_again,
        hits_by_kind,
        cases_open: counts.cases_open,
        digests: Vec::new(),
        mail_error: None,
        truth: None,
    })
}

/// The standing of every source, from the last rounds that asked it.
pub(super) async fn standing(opened: &Opened) -> Result<Vec<SourceRow>, StoreError> {
    let program = opened.program();
    let mut last: HashMap<String, (Vec<Outcome>, String)> = HashMap::new();
    let mut asked: HashMap<String, u64> = HashMap::new();
    for round in opened.store.rounds().take(LOOK_BACK) {
        let mut here: HashMap<String, (Vec<Outcome>, String)> = HashMap::new();
        for ask in opened.store.asks(round?.id) {
            let ask = ask?;
            *asked.entry(ask.source.clone()).or_default() += 1;
            let of = here.entry(ask.source).or_default();
            of.0.push(ask.outcome.as_deref().and_then(Outcome::from_name).unwrap_or(Outcome::Broken));
            if !ask.why.is_empty() {
                of.1 = ask.why;
            }
        }
        for (source, outcomes) in here {
            last.entry(source).or_insert(outcomes);
        }
    }
    let mut hits: HashMap<String, u64> = HashMap::new();
    for hit in opened.store.hits() {
        *hits.entry(hit?.source).or_default() += 1;
    }
    let (hours, now) = (opened.hours(), opened.now());
    let mut rows = Vec::new();
    for source in &program.rule_files.sources {
        let terms = program.terms(source);
        let (outcomes, why) = last.remove(&source.name).unwrap_or_default();
        let rests = opened.store.host(&patrol::name_of_rest(&source.name)).await?.and_then(|facts| facts.not_before);
        rows.push(row(&Standing {
            source: source.name.clone(),
            enabled: terms.enabled,
            has_address: terms.url.is_some(),
            last: outcomes,
            why,
            asked: asked.get(&source.name).copied().unwrap_or(0),
            hits: hits.get(&source.name).copied().unwrap_or(0),
            // A source that rests is asked in the first round after its rest.
            next: hours.next_round(rests.map_or(now, |rests| rests.max(now))),
        }));
    }
    Ok(rows)
}
