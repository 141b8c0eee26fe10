//! `cases`: the life of each target, and what officers decide about it.

use std::ops::ControlFlow;

use super::{
    Context, Exit,
    hits::{actor, day},
    out::{Out, OutError},
    table::Table,
    words,
};
use crate::desk::{
    CaseFilter, Decision, Desk,
    rows::{CaseDetail, CaseRow},
};

/// 案件：一个假网站或一个卖家一件，列出、看一件、确认、销掉、记一笔
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例子：\n  jianzheng cases list --open\n  jianzheng cases show 12\n  jianzheng cases confirm 12\n  jianzheng cases dismiss 12 --wrong --why 是机关自己的查询页"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 列出案件，新的在前
    #[command(
        after_help = "例子：\n  jianzheng cases list --open\n  jianzheng cases list --kind seller --state review\n  jianzheng --json cases list"
    )]
    List {
        /// 只要这个状态：new、review、confirmed、acting、closed、delisted、vanished、back、dismissed、wrong
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
        /// 只要这一类：fake_site、seller
        #[arg(long, value_name = "KIND", value_parser = ["fake_site", "seller"])]
        kind: Option<String>,
        /// 只要没有了结的
        #[arg(long)]
        open: bool,
        /// 最多多少件
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 看一件案件：线索、告知过谁、记事、谁作过什么决定
    #[command(after_help = "例子：\n  jianzheng cases show 12")]
    Show {
        /// 案件编号
        #[arg(value_name = "ID")]
        id: u64,
    },
    /// 确认：看过了，确实是这样
    #[command(
        after_help = "例子：\n  jianzheng cases confirm 12\n  jianzheng cases confirm 12 13 14 --by 张三 --why 已电话核实"
    )]
    Confirm {
        #[command(flatten)]
        which: Which,
    },
    /// 销掉：不予处理，或用 --wrong 记为误报（已经告知过的单位会收到更正）
    #[command(
        after_help = "不予处理：情况属实，但不必处置。误报（--wrong）：机器看错了，下一份清单会向告知过的单位更正。\n\n例子：\n  jianzheng cases dismiss 12 --why 已另案处理\n  jianzheng cases dismiss 12 --wrong --why 是机关自己的查询页\n  jianzheng cases dismiss 12 --undo"
    )]
    Dismiss {
        #[command(flatten)]
        which: Which,
        /// 记为误报
        #[arg(long)]
        wrong: bool,
        /// 撤销先前的销案或误报，回到原来的状态
        #[arg(long, conflicts_with = "wrong")]
        undo: bool,
    },
    /// 给案件记一笔
    #[command(after_help = "例子：\n  jianzheng cases note 12 已电话通知平台下架")]
    Note {
        /// 案件编号
        #[arg(value_name = "ID")]
        id: u64,
        /// 记什么
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        /// 谁记的；不写就是登录名
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

const STATES: [&str; 10] =
    ["new", "review", "confirmed", "acting", "closed", "delisted", "vanished", "back", "dismissed", "wrong"];

#[derive(Debug, clap::Args)]
struct Which {
    /// 案件编号，可以写几个
    #[arg(value_name = "ID", required = true)]
    ids: Vec<u64>,
    /// 理由，写进记录
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// 谁作的决定；不写就是登录名
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(super) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let opened = context.load()?.open().await?;
    let desk = opened.desk();
    let mut out = context.out();
    let exit = match args.command {
        Command::List { state, kind, open, limit } => {
            list(desk, CaseFilter { state, kind, open, limit }, &mut out).await?;
            Exit::Done
        }
        Command::Show { id } => {
            show(&mut out, &desk.case(id).await?)?;
            Exit::Done
        }
        Command::Confirm { which } => decide(desk, Decision::Confirm, which, &mut out).await?,
        Command::Dismiss { which, wrong, undo } => {
            let decision = match (wrong, undo) {
                (_, true) => Decision::Reopen,
                (true, false) => Decision::Wrong,
                (false, false) => Decision::Dismiss,
            };
            decide(desk, decision, which, &mut out).await?
        }
        Command::Note { id, text, by } => {
            let case = desk.note(id, &text.join(" "), &actor(by)).await?;
            told(&mut out, &case)?;
            Exit::Done
        }
    };
    out.flush()?;
    Ok(exit)
}

/// Each case on its own: one that cannot be decided does not keep the others from it.
async fn decide(desk: &impl Desk, decision: Decision, which: Which, out: &mut Out) -> anyhow::Result<Exit> {
    let actor = actor(which.by);
    let mut exit = Exit::Done;
    for id in which.ids {
        match desk.decide(id, decision, which.why.as_deref(), &actor).await {
            Ok(case) => told(out, &case)?,
            Err(error) => {
                exit = exit.and(Exit::NotDone);
                eprintln!("案件 {id}：{}", crate::telemetry::escape(&error.to_string()));
            }
        }
    }
    Ok(exit)
}

fn told(out: &mut Out, case: &CaseRow) -> Result<(), OutError> {
    match out.json {
        true => out.object(case),
        false => out.line(&format!("案件 {}（{}）：{}。", case.id, case.target, words::case_state(case.state))),
    }
}

async fn list(desk: &impl Desk, filter: CaseFilter, out: &mut Out) -> anyhow::Result<()> {
    let mut table = Table::new(&["编号", "类别", "状态", "得分", "归口", "线索", "已告知", "最近看到", "目标"]);
    let mut failed: Result<(), OutError> = Ok(());
    desk.cases(filter, &mut |row| {
        failed = if out.json { out.object(&row) } else { add(&mut table, out, row) };
        if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    failed?;
    if !out.json {
        table.end(out, "没有案件。")?;
    }
    Ok(())
}

fn add(table: &mut Table, out: &mut Out, row: CaseRow) -> Result<(), OutError> {
    let state = words::case_state(row.state).to_owned();
    table.row(
        out,
        [
            row.id.to_string(),
            words::kind(&row.kind).to_owned(),
            if row.supervised { format!("{state} 督办") } else { state },
            format!("{:.1}", row.score),
            row.route,
            row.hits.to_string(),
            row.notified.len().to_string(),
            day(&row.last_seen),
            row.target,
        ],
    )
}

fn show(out: &mut Out, detail: &CaseDetail) -> anyhow::Result<()> {
    if out.json {
        return Ok(out.object(detail)?);
    }
    let case = &detail.case;
    out.line(&format!("案件 {}：{}，{}", case.id, words::kind(&case.kind), words::case_state(case.state)))?;
    out.line(&format!("目标：{}", case.target))?;
    out.line(&format!("得分：{:.1}；归口：{}", case.score, case.routes.join("、")))?;
    out.line(&format!("首次发现 {}，最近看到 {}", day(&case.first_seen), day(&case.last_seen)))?;
    for (name, values) in [("联系方式", &detail.contacts), ("属地", &case.areas)] {
        if !values.is_empty() {
            out.line(&format!("{name}：{}", values.join("、")))?;
        }
    }
    out.line(&format!("线索 {} 条：", case.hits))?;
    for hit in &detail.sightings {
        let state = words::hit_state(hit.state);
        out.line(&format!("  {}  {}  {:.1}  {}", hit.id, state, hit.score, hit.final_url))?;
    }
    for (name, lines) in [
        (
            "告知：",
            case.notified
                .iter()
                .map(|n| format!("{}  {}  {}", day(&n.time), n.contact, words::mail_state(n.state)))
                .collect(),
        ),
        (
            "记事：",
            detail
                .notes
                .iter()
                .map(|note| format!("{}  {}：{}", day(&note.time), words::actor(&note.actor), note.text))
                .collect(),
        ),
        (
            "经过：",
            detail
                .history
                .iter()
                .map(|line| {
                    format!("{}  {}  {}", day(&line.time), words::actor(&line.actor), words::action(&line.action))
                })
                .collect::<Vec<_>>(),
        ),
    ] {
        if !lines.is_empty() {
            out.line(name)?;
            lines.iter().try_for_each(|line| out.line(&format!("  {line}")))?;
        }
    }
    Ok(())
}
