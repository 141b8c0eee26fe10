//! `host show`: what is known of one host.

use super::{
    Context, Exit,
    hits::{day, near},
    words,
};
use crate::{desk::Desk as _, wiring::StartError};

/// 网站：查看对一个网站知道些什么
#[derive(Debug, clap::Args)]
#[command(after_help = "例子：\n  jianzheng host show www.shili.example")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 看一个网站：域名像不像冒充、robots.txt、上次连上的时间、为什么还在等、线索数
    #[command(
        after_help = "例子：\n  jianzheng host show www.shili.example\n  jianzheng --json host show http://例子.example/a"
    )]
    Show {
        /// 域名或网址；端口特别的，连端口一起写
        #[arg(value_name = "NAME")]
        name: String,
    },
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let Command::Show { name } = &args.command;
    jianzheng_core::host::host_of(name).map_err(|error| StartError::Usage(error.to_string()))?;
    let opened = context.load()?.open().await?;
    let report = opened.desk().host(name).await?;
    let mut out = context.out();
    if out.json {
        out.object(&report)?;
    } else {
        out.line(&format!("网站：{}", report.host))?;
        out.line(&format!("域名：{}", words::standing(&report.verdict)))?;
        report.why.iter().try_for_each(|why| out.line(&format!("  {why}")))?;
        out.line(&format!("robots.txt：{}", robots(&report.robots)))?;
        out.line(&format!("上次连上：{}", report.last_ok.as_deref().map_or("没有连上过".to_owned(), day)))?;
        if report.fails > 0 {
            out.line(&format!("连续失败 {} 次", report.fails))?;
        }
        if let Some(last) = &report.last_round {
            let mib = last.bytes as f64 / f64::from(1 << 20);
            out.line(&format!(
                "第 {} 轮：看了 {} 页，读了 {mib:.1} MiB，占用连接 {} 秒，两次访问之间隔 {:.1} 秒",
                last.round,
                last.pages,
                last.seconds,
                last.interval_ms as f64 / 1000.0
            ))?;
        }
        out.line(&format!("等着看的网址 {} 个，线索 {} 条", report.waiting, report.hits))?;
        if !report.waits.is_empty() {
            out.line("为什么等：")?;
            report.waits.iter().try_for_each(|why| out.line(&format!("  {why}")))?;
        }
        if !report.unseen.is_empty() {
            out.line("最近一轮没有看到的：")?;
            report.unseen.iter().try_for_each(|row| out.line(&format!("  {} 个网址：{}", row.urls, row.why)))?;
        }
        near(&mut out, &report.near)?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// How robots.txt went, in words; a status is told as it is.
fn robots(word: &str) -> String {
    match word {
        "" => "没有问过".to_owned(),
        "rules" => "有规则，按规则访问".to_owned(),
        "none" => "没有，可以访问".to_owned(),
        "ignored" => "按配置不理会".to_owned(),
        "unreachable" => "连不上".to_owned(),
        status => format!("网站出错（HTTP {status}），暂不访问"),
    }
}
