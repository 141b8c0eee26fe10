//! `rules suggest`: what officers' labels say of the rules, and a patch for a person to apply.

use std::path::PathBuf;

use anyhow::anyhow;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::rules::rule::Kind;
use serde::Serialize;

use super::super::{Context, Exit, out::Out, table::Table, words};
use crate::telemetry::chinese;
use crate::tuning::suggest::{Advice, ENOUGH, Points};
use crate::wiring::StartError;

/// Bytes of one file of labelled pages.
const BYTES: u64 = 256 << 20;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Row<'a> {
    Points { rule: &'a str, now: f64, then: Option<f64>, low: f64, high: f64, guilty: usize, innocent: usize },
    Phrase { kind: &'a str, phrase: &'a str, z: f64, guilty: usize, innocent: usize },
    TooFew { kind: &'a str, guilty: usize, innocent: usize, needed: usize },
    Idle { rule: &'a str },
    OnlyInnocents { rule: &'a str, innocent: usize },
    Summary { pages: &'a std::collections::BTreeMap<String, usize>, patch: &'a str },
}

pub(super) async fn run(
    files: &[PathBuf],
    to: Option<&std::path::Path>,
    context: &Context,
    out: &mut Out,
) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let mut labelled = Vec::new();
    for file in files {
        let shown = file.display().to_string();
        let path = context.cwd.join(file);
        let unread = |error: std::io::Error| anyhow!("样本文件 {shown} 读不了：{}", chinese(&error));
        let found = std::fs::metadata(&path).map_err(unread)?;
        if !found.is_file() {
            return Err(StartError::Usage(format!("{shown} 不是文件")).into());
        }
        let size = found.len();
        if size > BYTES {
            return Err(StartError::Usage(format!("样本文件 {shown} 超过 256 MiB，拆成几个再来")).into());
        }
        let text = std::fs::read_to_string(&path).map_err(unread)?;
        labelled.push((shown, text));
    }
    let (advice, patch) = program.suggest(&labelled).await?;
    if let Some(to) = to {
        std::fs::write(context.cwd.join(to), &patch)
            .map_err(|error| anyhow!("写不了 {}：{}", to.display(), chinese(&error)))?;
    }
    if out.json {
        json(out, &program.rules, &advice, &patch)?;
    } else {
        people(out, &program.rules, &advice)?;
        match to {
            _ if patch.is_empty() => {}
            Some(to) => out.line(&format!(
                "改分的补丁写在 {}。看过以后，在规则目录里执行 patch -p1 < 补丁，或照着手改；再跑 rules check、rules test、rules backtest。",
                to.display()
            ))?,
            None => {
                out.line("改分的补丁如下（--out 文件名 可以存下来；在规则目录里 patch -p1 < 补丁，或照着手改）：")?;
                out.lines(&patch)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn json(out: &mut Out, rules: &RuleSet, advice: &Advice, patch: &str) -> anyhow::Result<()> {
    let id = |number: usize| rules.rules()[number].id.as_str();
    for Points { says, now, then } in &advice.points {
        let (low, high) = says.interval;
        let (guilty, innocent) = says.labels;
        out.object(&Row::Points { rule: id(says.rule), now: *now, then: *then, low, high, guilty, innocent })?;
    }
    for (kind, phrase) in &advice.phrases {
        let (guilty, innocent) = phrase.pages;
        out.object(&Row::Phrase { kind: kind.as_str(), phrase: &phrase.text, z: phrase.z, guilty, innocent })?;
    }
    for &(kind, guilty, innocent) in &advice.too_few {
        out.object(&Row::TooFew { kind: kind.as_str(), guilty, innocent, needed: ENOUGH })?;
    }
    for rule in &advice.idle {
        out.object(&Row::Idle { rule: id(*rule) })?;
    }
    for (rule, innocent) in &advice.only_innocents {
        out.object(&Row::OnlyInnocents { rule: id(*rule), innocent: *innocent })?;
    }
    Ok(out.object(&Row::Summary { pages: &advice.pages, patch })?)
}

fn people(out: &mut Out, rules: &RuleSet, advice: &Advice) -> anyhow::Result<()> {
    let id = |number: usize| rules.rules()[number].id.clone();
    let pages: Vec<String> = advice.pages.iter().map(|(called, n)| format!("{} {n} 页", words::kind(called))).collect();
    out.line(&format!("根据人的判定和守法网页：{}。", pages.join("、")))?;
    let guilty = |kind: Kind| advice.pages.get(kind.as_str()).copied().unwrap_or(0);
    if guilty(Kind::Seller) + guilty(Kind::FakeSite) == 0 {
        out.line("还没有人确认过的线索，学不出什么：先用 hits label 或 cases confirm 判几条。")?;
    }
    for &(kind, guilty, innocent) in &advice.too_few {
        out.line(&format!(
            "{}的标注还太少，学不出分值和词句：违法的 {guilty} 页、守法的 {innocent} 页，各要 {ENOUGH} 页以上。",
            words::kind(kind.as_str())
        ))?;
    }
    if !advice.points.is_empty() {
        out.line("建议改的分值（括号里是九成五的把握落在哪里；标注少，区间就宽）：")?;
        let mut table = Table::new(&["规则", "现在", "建议", "区间", "违法页", "守法页"]);
        for Points { says, now, then } in &advice.points {
            let (low, high) = says.interval;
            table.row(
                out,
                [
                    id(says.rule),
                    format!("{now:+}"),
                    then.map_or_else(|| "改试行".to_owned(), |then| format!("{then:+}")),
                    format!("（{low:+.1} 到 {high:+.1}）"),
                    says.labels.0.to_string(),
                    says.labels.1.to_string(),
                ],
            )?;
        }
        table.end(out, "")?;
    }
    if !advice.phrases.is_empty() {
        out.line("规则里还没有、违法网页爱说的话（挑有意思的加进 words.toml 里意思相同的词表）：")?;
        for (kind, phrase) in &advice.phrases {
            let (guilty, innocent) = phrase.pages;
            let kind = words::kind(kind.as_str());
            out.line(&format!("  “{}”  {kind} {guilty} 页、守法 {innocent} 页", phrase.text))?;
        }
    }
    if !advice.only_innocents.is_empty() {
        out.line("只在守法网页上出现的规则（留神误报）：")?;
        for (rule, innocent) in &advice.only_innocents {
            out.line(&format!("  {}  守法 {innocent} 页", id(*rule)))?;
        }
    }
    if !advice.idle.is_empty() {
        let idle: Vec<String> = advice.idle.iter().map(|rule| id(*rule)).collect();
        out.line(&format!("在这些网页上从没出现过的规则：{}", idle.join("、")))?;
    }
    Ok(())
}
