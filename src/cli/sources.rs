//! `sources`: each source's state.

use serde::Serialize;

use super::{Context, Exit, hits::day, table::Table, words};
use crate::clock;

/// 来源：每个来源的状态
#[derive(Debug, clap::Args)]
#[command(after_help = "例子：\n  jianzheng sources list")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 列出来源：开没开、上一轮怎样、问过多少次、带来多少线索
    #[command(after_help = "例子：\n  jianzheng sources list\n  jianzheng --json sources list")]
    List,
}

#[derive(Serialize)]
struct Row {
    source: String,
    enabled: bool,
    state: &'static str,
    why: String,
    asked: u64,
    hits: u64,
    next: Option<String>,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let Command::List = args.command;
    let program = context.load()?;
    let zone = program.settings.general.timezone.clone();
    let opened = program.open().await?;
    let mut out = context.out();
    let mut table = Table::new(&["来源", "状态", "问过", "线索", "下次", "说明"]);
    for row in opened.sources().await? {
        let next = row.next.map(|time| clock::rfc3339_in(time, &zone));
        let row = Row {
            source: row.source,
            enabled: row.enabled,
            state: row.state,
            why: row.why,
            asked: row.asked,
            hits: row.hits,
            next,
        };
        if out.json {
            out.object(&row)?;
            continue;
        }
        let next = row.next.as_deref().map(day).unwrap_or_default();
        let state = words::source_state(row.state).to_owned();
        table.row(&mut out, [row.source, state, row.asked.to_string(), row.hits.to_string(), next, row.why])?;
    }
    if !out.json {
        table.end(&mut out, "规则里没有来源。")?;
    }
    out.flush()?;
    Ok(Exit::Done)
}
