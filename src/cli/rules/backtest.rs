//! `rules backtest`: what other rules would make of the pages that are kept.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;
use serde::Serialize;

use super::super::{Context, Exit, out::Out, stop, words};
use crate::tuning::backtest::{Count, Moved, Rank, rank};
use crate::tuning::standing::Word;
use crate::wiring::StartError;

/// Pages told of each way that pages moved; with `--json` all of them.
const SHOWN: usize = 50;
/// How often a plain line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Row<'a> {
    event: &'static str,
    url: &'a str,
    title: &'a str,
    hit: Option<u64>,
    /// `right` or `wrong` where an officer said so.
    word: Option<&'static str>,
    was: Called<'a>,
    is: Called<'a>,
    rules: Vec<Difference<'a>>,
}

#[derive(Serialize)]
struct Called<'a> {
    verdict: &'a str,
    score: f64,
}

#[derive(Serialize)]
struct Difference<'a> {
    rule: &'a str,
    before: f64,
    now: f64,
    quote: Option<&'a str>,
}

#[derive(Serialize)]
struct Summary<'a> {
    event: &'static str,
    rules: &'a str,
    wanted: usize,
    judged: usize,
    not_kept: usize,
    listed_more: usize,
    listed_less: usize,
    confirmed: [usize; 2],
    false_alarms: [usize; 2],
    /// By rule on trial: pages it speaks on, confirmed ones, innocent ones.
    on_trial: &'a std::collections::BTreeMap<String, (usize, usize, usize)>,
    pages_per_second: f64,
    cut_off: bool,
}

pub(super) async fn run(
    folder: Option<&Path>,
    since: Option<Date>,
    context: &Context,
    out: &mut Out,
) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let folder = folder.map(|folder| context.cwd.join(folder));
    let since = since
        .map(|day| program.settings.general.timezone.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())))
        .transpose()
        .map_err(|error| StartError::Usage(format!("--since 的日期不能用：{error}")))?;
    let stop = stop::on_signal()?;
    let began = Instant::now();
    let progress = Progress::new();
    let json = out.json;
    let mut groups: Vec<(Rank, Rank, Vec<Moved>, usize)> = Vec::new();
    let mut failed = None;
    let tried = program.backtest(
        folder.as_deref(),
        since,
        &stop,
        |moved| {
            if json {
                failed = failed.take().or(out.object(&row(&moved)).err());
                return;
            }
            let way = (rank(&moved.was.0), rank(moved.is.0));
            let at = groups.iter().position(|group| (group.0, group.1) == way).unwrap_or_else(|| {
                groups.push((way.0, way.1, Vec::new(), 0));
                groups.len() - 1
            });
            groups[at].3 += 1;
            if groups[at].2.len() < SHOWN {
                groups[at].2.push(moved);
            }
        },
        |done, wanted| progress.show(done, wanted),
    );
    let (rules, count) = tried.await?;
    progress.end();
    if let Some(error) = failed {
        return Err(error.into());
    }
    let speed = (count.judged as f64 / began.elapsed().as_secs_f64().max(1e-6)).round();
    if json {
        let moved = |to: fn(Rank, Rank) -> bool| {
            count.moved.iter().filter(|((was, is, _), _)| to(*was, *is)).map(|(_, n)| n).sum::<usize>()
        };
        out.object(&Summary {
            event: "summary",
            rules: rules.hash(),
            wanted: count.wanted,
            judged: count.judged,
            not_kept: count.not_kept,
            listed_more: moved(|was, is| is == Rank::Listed && was != Rank::Listed),
            listed_less: moved(|was, is| was == Rank::Listed && is != Rank::Listed),
            confirmed: [count.confirmed.0, count.confirmed.1],
            false_alarms: [count.false_alarms.0, count.false_alarms.1],
            on_trial: &count.on_trial,
            pages_per_second: speed,
            cut_off: count.cut_off,
        })?;
    } else {
        groups.sort_by_key(|group| std::cmp::Reverse((group.1, group.0)));
        for (was, is, pages, all) in &groups {
            group(out, (*was, *is), pages, *all)?;
        }
        let against = if folder.is_some() { "与现在生效的规则比" } else { "与当初的判定比" };
        summary(out, &count, against, speed)?;
        out.line(rules.hash())?;
    }
    Ok(Exit::when(!count.cut_off))
}

fn row(moved: &Moved) -> Row<'_> {
    Row {
        event: "moved",
        url: &moved.url,
        title: &moved.title,
        hit: moved.hit,
        word: moved.word.map(|word| if word == Word::Right { "right" } else { "wrong" }),
        was: Called { verdict: &moved.was.0, score: moved.was.1 },
        is: Called { verdict: moved.is.0, score: moved.is.1 },
        rules: moved
            .rules
            .iter()
            .map(|(rule, before, now, quote)| Difference { rule, before: *before, now: *now, quote: quote.as_deref() })
            .collect(),
    }
}

fn group(out: &mut Out, way: (Rank, Rank), pages: &[Moved], all: usize) -> anyhow::Result<()> {
    let title = match way {
        (Rank::Listed, Rank::Listed) => "仍列入清单，类别变了",
        (_, Rank::Listed) => "新列入清单",
        (Rank::Listed, Rank::Review) => "从清单退回待复核",
        (Rank::Listed, Rank::Innocent) => "不再列入清单",
        (_, Rank::Review) => "新转待复核",
        (_, Rank::Innocent) => "不再待复核",
    };
    out.line(&format!("{title}：{all} 个网页"))?;
    for page in pages {
        let said = match page.word {
            Some(Word::Right) => "  【人已确认】",
            Some(Word::Wrong) => "  【人判为误报】",
            None => "",
        };
        let title: String = page.title.chars().take(40).collect();
        let (was, is) = (words::kind(&page.was.0), words::kind(page.is.0));
        out.line(&format!("  {was} {:.1} → {is} {:.1}  {}  {title}{said}", page.was.1, page.is.1, page.url))?;
        for (rule, before, now, quote) in page.rules.iter().take(3) {
            let quote = quote.as_ref().map_or(String::new(), |quote| format!("  “{quote}”"));
            out.line(&format!("      {rule} {before:+.1} → {now:+.1}{quote}"))?;
        }
    }
    if all > pages.len() {
        out.line(&format!("  ……另有 {} 个，用 --json 看全部", all - pages.len()))?;
    }
    Ok(out.line("")?)
}

fn summary(out: &mut Out, count: &Count, against: &str, speed: f64) -> anyhow::Result<()> {
    let moved: usize = count.moved.values().sum();
    out.line(&format!("重判 {} 个网页（{against}），判定有变 {moved} 个；每秒 {speed:.0} 个。", count.judged))?;
    let (before, now) = count.confirmed;
    if before + now > 0 {
        let lost = count
            .moved
            .iter()
            .filter(|((was, is, word), _)| *word == Some(Word::Right) && *was == Rank::Listed && *is != Rank::Listed);
        let lost: usize = lost.map(|(_, n)| n).sum();
        let warn =
            if lost > 0 { format!("——其中 {lost} 条会漏掉，改之前想清楚") } else { String::new() };
        out.line(&format!("人已确认的：原来列入 {before} 条，现在列入 {now} 条{warn}。"))?;
    }
    let (before, now) = count.false_alarms;
    if before + now > 0 {
        out.line(&format!("人判为误报的：原来列入 {before} 条，现在列入 {now} 条。"))?;
    }
    for (rule, (pages, right, wrong)) in &count.on_trial {
        out.line(&format!("试行的 {rule}：出现在 {pages} 个网页上（人已确认 {right}、判为误报 {wrong}），不计分。"))?;
    }
    if count.wanted == 0 {
        out.line("没有要判的网页：看看 --since 的日期，演练的数据要加 --practice。")?;
    }
    if count.not_kept > 0 {
        out.line(&format!("有 {} 个网页没有留存摘录和原件，判不了。", count.not_kept))?;
    }
    if count.cut_off {
        let left = count.wanted - count.judged - count.not_kept;
        out.line(&format!("中途停下，还有 {left} 个网页没有判，上面的数不全。"))?;
    }
    Ok(())
}

/// Where the trial stands: a bar on a terminal, a plain line now and then elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    last: std::cell::Cell<Instant>,
}

impl Progress {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} 个网页，还要 {eta}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, last: std::cell::Cell::new(Instant::now()) }
    }

    fn show(&self, done: usize, wanted: usize) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(wanted as u64);
                bar.set_position(done as u64);
            }
            None if self.last.get().elapsed() >= LINE_EVERY => {
                self.last.set(Instant::now());
                eprintln!("已重判 {done}/{wanted} 个网页");
            }
            None => {}
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
