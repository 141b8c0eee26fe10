//! `hits`: what was found, one hit a canonical final URL.

use std::{ops::ControlFlow, path::PathBuf};

use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;

use super::{
    Context, Exit,
    out::{Out, OutError},
    table::Table,
    words,
};
use crate::{
    desk::{
        Desk, HitFilter,
        export::{Format, export},
        rows::{CaptureRow, HitDetail, HitRow, NearRow},
    },
    wiring::StartError,
};

/// 线索：查到的网址，列出、看一条、打标签、导出
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例子：\n  jianzheng hits list --verdict seller\n  jianzheng hits show 7\n  jianzheng hits export --out 线索.xlsx"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 列出线索，新的在前
    #[command(
        after_help = "例子：\n  jianzheng hits list\n  jianzheng hits list --verdict fake_site --state up --limit 20\n  jianzheng --json hits list"
    )]
    List {
        #[command(flatten)]
        filter: Filter,
    },
    /// 看一条线索：依据、联系方式、证据在哪里
    #[command(after_help = "例子：\n  jianzheng hits show 7")]
    Show {
        /// 线索编号
        #[arg(value_name = "ID")]
        id: u64,
    },
    /// 给一条线索打标签：它到底是什么，供以后调整规则
    #[command(
        after_help = "标签写 fake_site、seller、suspicious、official、notice 或 benign。标为 official、notice、benign 的网页不再算进案件：案件得分重算，没有别的网页支持就转待复核，告知过的单位会收到更正。\n整个案件是误报，用 jianzheng cases dismiss --wrong。\n\n例子：\n  jianzheng hits label 7 notice"
    )]
    Label {
        /// 线索编号
        #[arg(value_name = "ID")]
        id: u64,
        /// 它是什么
        #[arg(value_name = "LABEL", value_parser = ["fake_site", "seller", "suspicious", "official", "notice", "benign"])]
        label: String,
        /// 谁打的；不写就是登录名
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// 导出线索：NDJSON、CSV 或 XLSX，字段和 hits list 一样
    #[command(
        after_help = "例子：\n  jianzheng hits export --out 线索.xlsx\n  jianzheng hits export --format csv --verdict seller > 线索.csv"
    )]
    Export {
        /// 格式：ndjson、csv、xlsx；不写就看 --out 的后缀，再不然就是 ndjson
        #[arg(long, value_name = "FORMAT", value_parser = ["ndjson", "csv", "xlsx"])]
        format: Option<String>,
        /// 写进这个文件；不写就写到标准输出
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        filter: Filter,
    },
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// 只要这一类：fake_site、seller、suspicious
    #[arg(long, value_name = "KIND", value_parser = ["fake_site", "seller", "suspicious"])]
    verdict: Option<String>,
    /// 只要这个状态：up、changed、unseen、gone、back
    #[arg(long, value_name = "STATE", value_parser = ["up", "changed", "unseen", "gone", "back"])]
    state: Option<String>,
    /// 只要首先归这家处置的：网信、市监、公安、住建、人社、平台
    #[arg(long, value_name = "ROUTE")]
    route: Option<String>,
    /// 只要这个案件的
    #[arg(long, value_name = "ID")]
    case: Option<u64>,
    /// 最多多少条
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl From<Filter> for HitFilter {
    fn from(filter: Filter) -> Self {
        let Filter { verdict, state, route, case, limit } = filter;
        HitFilter { verdict, state, route, case, limit }
    }
}

pub(super) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let clock = program.clock.clone();
    let opened = program.open().await?;
    let desk = opened.desk();
    let mut out = context.out();
    match args.command {
        Command::List { filter } => list(desk, filter.into(), &mut out).await?,
        Command::Show { id } => show(&mut out, &desk.hit_detail(id).await?)?,
        Command::Label { id, label, by } => {
            let hit = desk.label(id, &label, &actor(by)).await?;
            match out.json {
                true => out.object(&hit)?,
                false => {
                    out.line(&format!("线索 {id} 标为：{}。", words::kind(&label)))?;
                    if let Ok(case) = desk.case(hit.case).await {
                        let case = case.case;
                        let state = words::case_state(case.state);
                        out.line(&format!("它所在的案件 {}：{state}，现在 {:.1} 分。", case.id, case.score))?;
                    }
                }
            }
        }
        Command::Export { format, out: file, filter } => {
            let ending = file.as_deref().and_then(|file| file.extension()?.to_str());
            let format = format.as_deref().or(ending).map_or(Some(Format::Ndjson), Format::parse);
            let format = format
                .ok_or_else(|| StartError::Usage("看不出要什么格式：用 --format 写 ndjson、csv 或 xlsx".into()))?;
            let mut rows = Vec::new();
            desk.hits(filter.into(), &mut |row| {
                rows.push(row);
                ControlFlow::Continue(())
            })
            .await?;
            let bytes = export(&rows, format, clock.now())?;
            match file {
                None => out.bytes(&bytes)?,
                Some(file) => {
                    write(&context.cwd.join(&file), &bytes)
                        .await
                        .with_context(|| format!("写不了 {}", file.display()))?;
                    eprintln!(
                        "导出 {} 条线索到 {}。",
                        rows.len(),
                        crate::telemetry::escape(&file.display().to_string())
                    );
                }
            }
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Whole or not at all: a half-written table would be taken for the whole one.
async fn write(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let mut file = tokio::fs::File::create(&beside).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    tokio::fs::rename(&beside, path).await
}

/// Who acts: as said, else as logged in.
pub(super) fn actor(said: Option<String>) -> String {
    let login = || std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok();
    said.or_else(login).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or("值班员".into())
}

async fn list(desk: &impl Desk, filter: HitFilter, out: &mut Out) -> anyhow::Result<()> {
    let mut table = Table::new(&["编号", "类别", "得分", "归口", "状态", "案件", "最近看到", "网址"]);
    let mut failed: Result<(), OutError> = Ok(());
    desk.hits(filter, &mut |row| {
        failed = if out.json { out.object(&row) } else { add(&mut table, out, row) };
        if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    failed?;
    if !out.json {
        table.end(out, "还没有线索。先巡查一轮：jianzheng patrol")?;
    }
    Ok(())
}

fn add(table: &mut Table, out: &mut Out, row: HitRow) -> Result<(), OutError> {
    table.row(
        out,
        [
            row.id.to_string(),
            words::kind(&row.verdict).to_owned(),
            format!("{:.1}", row.score),
            row.route,
            words::hit_state(row.state).to_owned(),
            row.case.to_string(),
            day(&row.last_seen),
            row.final_url,
        ],
    )
}

/// `2026-12-05T09:00:00+08:00` as people read it in a list.
pub(super) fn day(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

fn show(out: &mut Out, detail: &HitDetail) -> anyhow::Result<()> {
    if out.json {
        return Ok(out.object(detail)?);
    }
    let hit = &detail.hit;
    let mut line = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => out.line(&format!("{name}：{value}")),
    };
    line("线索", &hit.id.to_string())?;
    line("类别", &format!("{}（{:.1} 分，{}）", words::kind(&hit.verdict), hit.score, words::hit_state(hit.state)))?;
    line("网址", &hit.final_url)?;
    if hit.url != hit.final_url {
        line("从这里进来", &hit.url)?;
    }
    line("标题", &hit.title)?;
    line("冒充", hit.authority.as_deref().unwrap_or_default())?;
    line("案件", &hit.case.to_string())?;
    line("归口", &hit.routes.join("、"))?;
    line("证书种类", &hit.cert_types.join("、"))?;
    line("属地", &hit.areas.join("、"))?;
    let entities = &hit.entities;
    for (name, values) in [
        ("电话", &entities.phones),
        ("微信", &entities.wechat),
        ("QQ", &entities.qq),
        ("Telegram", &entities.telegram),
        ("邮箱", &entities.emails),
        ("备案号", &entities.icp),
    ] {
        line(name, &values.join("、"))?;
    }
    line("来源", [hit.source.as_str(), hit.query.as_str()].join(" ").trim())?;
    line("怎么找到的", &hit.chain.join(" → "))?;
    line("首次发现", &day(&hit.first_seen))?;
    line("最近看到", &day(&hit.last_seen))?;
    line("标签", hit.label.as_deref().map_or("", words::kind))?;
    line("证据", &format!("{} 第 {} 字节（{}）", hit.capture.warc, hit.capture.offset, day(&hit.capture.time)))?;
    line("SHA-256", &hit.capture.sha256)?;
    line("SM3", &hit.capture.sm3)?;
    if let Some(shown) = &hit.rendering {
        let decided = if shown.decided { "，按它判断" } else { "" };
        let mut line = |name: &str, say: String| out.line(&format!("{name}：{say}"));
        line(
            "浏览器看到",
            format!("{}（{:.1} 分{decided}，{}）", words::kind(&shown.verdict), shown.score, shown.browser),
        )?;
        let place = |row: &CaptureRow| format!("{} 第 {} 字节，SHA-256 {}", row.warc, row.offset, row.sha256);
        line("渲染后的网页", place(&shown.html))?;
        line("截图", shown.screenshot.as_ref().map_or("没有".to_owned(), place))?;
        shown.notes.iter().try_for_each(|note| line("浏览器说明", note.clone()))?;
    }
    out.line("依据：")?;
    for reason in &hit.reasons {
        let quote = reason.quote.as_ref().map_or(String::new(), |quote| format!("：“{quote}”"));
        out.line(&format!("  {:+.1}  {}{quote}（{}）", reason.points, reason.say, reason.rule))?;
    }
    near(out, &detail.near)
}

/// Hits elsewhere that say nearly the same.
pub(super) fn near(out: &mut Out, rows: &[NearRow]) -> anyhow::Result<()> {
    if !rows.is_empty() {
        out.line("内容几乎一样的线索：")?;
    }
    for row in rows {
        let how =
            if row.bits == 0 { "文字指纹一样".to_owned() } else { format!("文字指纹差 {} 位", row.bits) };
        out.line(&format!("  线索 {}（案件 {}，{how}）{}", row.hit, row.case, row.final_url))?;
    }
    Ok(())
}
