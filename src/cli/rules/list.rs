//! `rules list` and `rules explain`: what rules there are, what they say in plain words, what they have done.

use std::collections::HashMap;
use std::time::Duration;

use jianzheng_core::entities::mask_ids;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::rules::rule::{Example, Item, Place, Rule, Status};
use jianzheng_core::wording::Manner;
use serde::Serialize;

use super::super::{Exit, out::Out, table::Table, words};
use crate::clock::shanghai_date;
use crate::tuning::doubts::{is_shipped, lacks};
use crate::tuning::standing::{EARNED, Standing};
use crate::wiring::StartError;

/// Words of a list that are shown.
const WORDS: usize = 12;
/// Characters of an example that are shown.
const EXAMPLE: usize = 120;

/// What is known of the rules besides their files.
pub(super) struct Known {
    /// By id; none where nothing was ever kept or another process holds it.
    pub(super) standing: Option<HashMap<String, Standing>>,
    /// By place in the set; empty where it was not asked for.
    pub(super) times: Vec<Duration>,
    /// The set that came with the program; none where it is the one in force.
    pub(super) shipped: Option<RuleSet>,
}

impl Known {
    fn of(&self, id: &str) -> Option<Standing> {
        self.standing.as_ref().map(|all| all.get(id).copied().unwrap_or_default())
    }

    fn is_shipped(&self, rule: &Rule) -> bool {
        self.shipped.as_ref().is_none_or(|set| is_shipped(rule, set))
    }

    /// The counts that a rule came with; what a unit's own rule says of itself is no proof.
    fn held(&self, rule: &Rule) -> Option<(u32, u32)> {
        rule.held.filter(|_| self.is_shipped(rule))
    }

    /// What a rule lacks to have earned its points, so far as anything is known of that.
    fn lacks(&self, rule: &Rule) -> Option<String> {
        lacks(rule, self.is_shipped(rule), self.of(&rule.id)?, 0)
    }

    fn micros(&self, rule: usize) -> Option<f64> {
        self.times.get(rule).map(|time| (time.as_secs_f64() * 1e8).round() / 100.0)
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    kind: &'a str,
    family: &'a str,
    points: f64,
    status: &'a str,
    say: &'a str,
    author: &'a str,
    date: &'a str,
    false_alarms: &'a str,
    /// Guilty and innocent pages of the held-out families that it spoke on; null for a unit's own rules.
    held: Option<(u32, u32)>,
    /// What a rule of the unit's own that counts lacks to have earned it; null where nothing does, or nothing is known.
    lacks: Option<String>,
    /// Who put it in force before it had earned it.
    early: Option<EarlyRow<'a>>,
    file: &'a str,
    line: usize,
    /// Hits it had a part in; null where nothing is known of any.
    hits: Option<u64>,
    confirmed: Option<u64>,
    wrong: Option<u64>,
    last_hit: Option<String>,
    /// Mean time of a look at a page; null where it was not measured.
    micros: Option<f64>,
}

#[derive(Serialize)]
struct EarlyRow<'a> {
    by: &'a str,
    date: &'a str,
    why: &'a str,
}

fn row<'a>(rule: &'a Rule, index: usize, known: &Known) -> Row<'a> {
    let done = known.of(&rule.id);
    Row {
        id: &rule.id,
        title: &rule.title,
        kind: rule.kind.as_str(),
        family: &rule.family,
        points: rule.points,
        status: rule.status.as_str(),
        say: &rule.say,
        author: &rule.author,
        date: &rule.date,
        false_alarms: &rule.false_alarms,
        held: known.held(rule),
        lacks: known.lacks(rule),
        early: rule.early.as_ref().map(|early| EarlyRow { by: &early.by, date: &early.date, why: &early.why }),
        file: &rule.file,
        line: rule.line,
        hits: done.map(|d| d.hits),
        confirmed: done.map(|d| d.confirmed),
        wrong: done.map(|d| d.false_alarms),
        last_hit: done.and_then(|d| d.last_hit).map(|time| time.to_string()),
        micros: known.micros(index),
    }
}

/// Every rule on its line; behind them what wording is worth where there is a table of it.
pub(super) fn list(out: &mut Out, rules: &RuleSet, known: &Known) -> anyhow::Result<()> {
    let mut table =
        Table::new(&["编号", "说的是", "分值", "状态", "留出", "命中", "确认", "误报", "最近命中", "耗时", "标题"]);
    for (index, rule) in rules.rules().iter().enumerate() {
        if out.json {
            out.object(&row(rule, index, known))?;
            continue;
        }
        let done = known.of(&rule.id);
        let count = |of: fn(Standing) -> u64| done.map_or_else(|| "—".to_owned(), |done| of(done).to_string());
        table.row(
            out,
            [
                rule.id.clone(),
                words::kind(rule.kind.as_str()).to_owned(),
                format!("{:+}", rule.points),
                status(rule, known),
                known.held(rule).map_or_else(|| "—".to_owned(), |(guilty, innocent)| format!("{guilty}/{innocent}")),
                count(|d| d.hits),
                count(|d| d.confirmed),
                count(|d| d.false_alarms),
                done.and_then(|d| d.last_hit).map_or_else(|| "—".to_owned(), |time| shanghai_date(time).to_string()),
                known.micros(index).map_or_else(|| "—".to_owned(), |micros| format!("{micros:.2} 微秒")),
                rule.title.clone(),
            ],
        )?;
    }
    if !out.json {
        table.end(out, "没有规则。")?;
        for manner in Manner::ALL.into_iter().filter(|manner| rules.weighs_wording(*manner)) {
            let done = known.of(manner.rule()).unwrap_or_default();
            out.line(&format!(
                "另有 {}：用词的分量，从样本学来（{}），命中 {}、确认 {}、误报 {}",
                manner.rule(),
                manner.file(),
                done.hits,
                done.confirmed,
                done.false_alarms
            ))?;
        }
    }
    Ok(())
}

/// One rule in plain words.
pub(super) fn explain(out: &mut Out, rules: &RuleSet, id: &str, known: &Known) -> anyhow::Result<Exit> {
    if let Some(manner) = Manner::ALL.into_iter().find(|manner| manner.rule() == id) {
        let say = format!(
            "{id}：用词的分量。不是一条写出来的规则，而是 {} 里每个字、每两个字各记的小分，从人标好的网页样本里学来；\
            怎么重学，看规则目录的 README.zh-CN.md 第八节。",
            manner.file()
        );
        if out.json {
            out.object(&serde_json::json!({ "id": id, "file": manner.file(), "say": say }))?;
        } else {
            out.line(&say)?;
        }
        return Ok(Exit::Done);
    }
    if let Some(name) = id.strip_prefix('@') {
        return explain_list(out, rules, name);
    }
    let Some((index, rule)) = rules.rules().iter().enumerate().find(|(_, rule)| rule.id == id) else {
        let nearest = nearest(id, rules.rules().iter().map(|rule| rule.id.as_str()));
        let nearest = nearest.map_or(String::new(), |id| format!("，最接近的是 {id}"));
        return Err(
            StartError::Usage(format!("没有编号为 {id} 的规则{nearest}；全部编号看 jianzheng rules list")).into()
        );
    };
    if out.json {
        out.object(&row(rule, index, known))?;
        return Ok(Exit::Done);
    }
    let family = rules.families().iter().find(|family| family.id == rule.family);
    out.line(&format!("{}  {}", rule.id, rule.title))?;
    out.line(&format!("  写在：{} 第 {} 行，{} 写于 {}", rule.file, rule.line, rule.author, rule.date))?;
    out.line(&format!("  状态：{}{}", rule.status.as_str(), meaning(rule)))?;
    if let Some(early) = &rule.early {
        out.line(&format!("  提前在用：{} 于 {} 定的，{}", early.by, early.date, early.why))?;
    }
    out.line(&format!("  分值：{}", worth(rule)))?;
    if let Some(family) = family {
        let rest = format!("同族的别的规则也命中时，除最高的一条，其余合起来最多再算 {} 分", family.rest);
        out.line(&format!("  归族：{}（{rest}）", rule.family))?;
    }
    let voice = if rule.reported { "，引用别人的话也算" } else { "，只算本页自己说的话" };
    out.line(&format!("  看哪里：{}{voice}", Place::names(rule.places).join("、")))?;
    items(out, rules, "有其中一个就触发", &rule.any)?;
    items(out, rules, &format!("触发处 {} 字以内还要有其中一个", rule.within), &rule.near)?;
    items(out, rules, "页面上还必须都有", &rule.all)?;
    items(out, rules, "有其中一个就不算", &rule.unless)?;
    examples(out, "必须命中", &rule.hits)?;
    examples(out, "绝不命中", &rule.misses)?;
    out.line(&format!("  已知误报：{}", rule.false_alarms))?;
    if let Some((guilty, innocent)) = known.held(rule) {
        let few = if rule.points > 0.0 && u64::from(guilty) < EARNED { "；还没有充分检验过" } else { "" };
        out.line(&format!("  出厂检验：在没有照着它写的网页上，命中违法的 {guilty} 页、守法的 {innocent} 页{few}"))?;
    }
    if let Some(done) = known.of(&rule.id) {
        let last = done.last_hit.map_or_else(|| "从未".to_owned(), |time| shanghai_date(time).to_string());
        out.line(&format!(
            "  至今：命中 {} 条线索，其中人已确认 {}、判为误报 {}，最近一次 {last}",
            done.hits, done.confirmed, done.false_alarms
        ))?;
        out.line(&format!("  {}", advice(rule, known, done)))?;
    }
    if let Some(micros) = known.micros(index) {
        out.line(&format!("  耗时：每页 {micros:.2} 微秒"))?;
    }
    Ok(Exit::Done)
}

/// The name that is most like the one asked for, if it is like it at all.
fn nearest<'a>(asked: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro(name, asked);
    names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|name| likeness(name) > 0.65)
}

/// A word list: all its words, those of lists in it included, and who uses it.
fn explain_list(out: &mut Out, rules: &RuleSet, name: &str) -> anyhow::Result<Exit> {
    let Some(words) = rules.list(name) else {
        let nearest = nearest(name, rules.list_names());
        let nearest = nearest.map_or(String::new(), |name| format!("，最接近的是 @{name}"));
        return Err(StartError::Usage(format!("没有词表 @{name}{nearest}；词表在规则目录的 words.toml 里")).into());
    };
    let used_by = |rule: &&Rule| {
        [&rule.any, &rule.near, &rule.all, &rule.unless].into_iter().flatten().any(|item| item.names_list(name))
    };
    let rules: Vec<&str> = rules.rules().iter().filter(used_by).map(|rule| rule.id.as_str()).collect();
    if out.json {
        out.object(&serde_json::json!({ "list": name, "words": words, "rules": rules }))?;
        return Ok(Exit::Done);
    }
    out.line(&format!("@{name}  {} 个词（里面引用的词表已经展开）", words.len()))?;
    out.line(&format!("  {}", words.join("、")))?;
    out.line(&match rules.is_empty() {
        true => "  没有规则直接用它：可能在别的词表里，或者由程序自己使用。".to_owned(),
        false => format!("  用它的规则：{}", rules.join("、")),
    })?;
    Ok(Exit::Done)
}

/// The status as the table shows it; of a rule in force, whether it has yet to earn it, or somebody gave his word.
fn status(rule: &Rule, known: &Known) -> String {
    let name = rule.status.as_str();
    match (&rule.early, known.lacks(rule)) {
        (Some(_), _) if rule.status == Status::Live => format!("{name}（提前）"),
        (_, Some(_)) => format!("{name}（没攒够）"),
        _ => name.to_owned(),
    }
}

fn meaning(rule: &Rule) -> &'static str {
    match rule.status {
        Status::Trial => "，只显示、不计分",
        Status::Live => "，计分",
        Status::Retired => "，不再看，编号不能再用",
    }
}

fn worth(rule: &Rule) -> String {
    let times = 10f64.powf(rule.points.abs() / 10.0);
    let kind = words::kind(rule.kind.as_str());
    match rule.points > 0.0 {
        true => format!("{:+}，“是{kind}”的可能性变为 {times:.1} 倍", rule.points),
        false => format!("{:+}，“是{kind}”的可能性降到 {times:.1} 分之一", rule.points),
    }
}

/// Whether a trial rule may go live, and whether a live one still earns it.
fn advice(rule: &Rule, known: &Known, done: Standing) -> String {
    if let Some(lacks) = known.lacks(rule).filter(|_| done.false_alarms == 0) {
        return format!("在用，还没攒够条件：{lacks}；先改回试行，等不得就由定的人写上 early");
    }
    match rule.status {
        _ if done.false_alarms > 0 => {
            "有过误报：看看那几条线索，把冤枉的那句话改编进 miss，再收紧条件或者减分".to_owned()
        }
        Status::Trial if done.confirmed >= EARNED => {
            "够条件转在用：把 status 改成 \"在用\"，先跑一遍 rules backtest".to_owned()
        }
        Status::Trial => format!("转在用的条件：确认 {EARNED} 条、没有误报，现在确认 {} 条", done.confirmed),
        Status::Live if done.hits == 0 => "还没有命中过：词句是不是过时了？".to_owned(),
        _ => "没有要改的".to_owned(),
    }
}

fn items(out: &mut Out, rules: &RuleSet, title: &str, items: &[Item]) -> anyhow::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    out.line(&format!("  {title}："))?;
    for item in items {
        let words = match item {
            Item::List(name) => rules.list(name),
            _ => None,
        };
        let shown = words.map_or_else(String::new, |words| {
            let some: Vec<&str> = words.iter().take(WORDS).map(String::as_str).collect();
            let more = if words.len() > WORDS { format!(" …… 共 {} 个", words.len()) } else { String::new() };
            format!("（{}{more}）", some.join("、"))
        });
        out.line(&format!("    {item}{shown}"))?;
    }
    Ok(())
}

fn examples(out: &mut Out, title: &str, examples: &[Example]) -> anyhow::Result<()> {
    if !examples.is_empty() {
        out.line(&format!("  {title}的例子："))?;
    }
    for example in examples {
        let html = mask_ids(&example.html);
        let mut text: String = html.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = text.char_indices().nth(EXAMPLE) {
            text.truncate(cut);
            text.push('…');
        }
        let at = example.url.as_ref().map_or(String::new(), |url| format!("（{url}）"));
        out.line(&format!("    {text}{at}"))?;
    }
    Ok(())
}
