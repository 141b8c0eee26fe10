//! `patrol`: one round, and what came of it.

use std::path::PathBuf;

use super::{Context, Exit, out::Out, stop, table::Table, words};
use crate::{
    patrol::{Order, Summary},
    wiring::{Program, StartError},
};

/// 巡查一轮：找线索、抓取、判断、留证、复看，做好当天的清单
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// 起始网址清单，代替配置里的 general.seeds；可以写几次
    #[arg(long, value_name = "FILE")]
    seeds: Vec<PathBuf>,
    /// 只问这些来源，这一轮把它们打开；用逗号隔开
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    sources: Vec<String>,
    /// 最多抓取多少个网页
    #[arg(long, value_name = "N", value_parser = pages)]
    max_pages: Option<u64>,
    /// 不做也不发当天的清单
    #[arg(long)]
    no_mail: bool,
}

const EXAMPLES: &str = "\
中断（Ctrl-C、断电、被杀）以后再运行一次，就接着做同一轮。
--json 时最后一行是本轮的总结（event 为 summary）。

例子：
  jianzheng patrol --practice                    先在演练网上走一轮
  jianzheng patrol --seeds seeds/start.txt --no-mail
  jianzheng patrol --sources searxng --max-pages 200";

fn pages(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|pages| *pages > 0).ok_or_else(|| "要写大于 0 的整数".to_owned())
}

pub(super) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let order = order(args, context, &program)?;
    let opened = program.open().await?;
    let summary = opened.patrol(order, stop::on_signal()?).await?;
    let mut out = context.out();
    if out.json {
        out.object(&summary)?;
    } else {
        show(&mut out, &summary)?;
        let data = program.data.display();
        out.line("")?;
        let practice = if program.practice.is_some() { " --practice" } else { "" };
        out.line(&format!("数据在 {data}：证据在 warc/，清单在 outbox/；看线索用 jianzheng{practice} hits list"))?;
    }
    out.flush()?;
    let mailed = summary.mail_error.is_none() && summary.digests.iter().all(|digest| digest.state == "sent");
    Ok(Exit::when(!summary.cut_off && mailed))
}

fn order(args: Args, context: &Context, program: &Program) -> Result<Order, StartError> {
    let known: Vec<&str> = program.rule_files.sources.iter().map(|source| source.name.as_str()).collect();
    let sources: Vec<String> = args.sources.into_iter().map(|name| name.trim().to_owned()).collect();
    for name in &sources {
        if !known.contains(&name.as_str()) {
            let say = format!("--sources：没有叫“{name}”的来源；可用的来源：{}", known.join("、"));
            return Err(StartError::Usage(say));
        }
    }
    let seeds: Vec<PathBuf> = args.seeds.iter().map(|seeds| context.cwd.join(seeds)).collect();
    for (seeds, named) in seeds.iter().zip(&args.seeds) {
        if !seeds.is_file() {
            return Err(StartError::Usage(format!("--seeds：找不到文件 {}", named.display())));
        }
    }
    Ok(Order {
        seeds: (!seeds.is_empty()).then_some(seeds),
        sources: (!sources.is_empty()).then_some(sources),
        max_pages: args.max_pages,
        no_mail: args.no_mail,
    })
}

fn show(out: &mut Out, summary: &Summary) -> anyhow::Result<()> {
    let end = match (&summary.why, summary.cut_off) {
        (Some(why), _) => format!("没有做完：{why}。再运行一次就接着做"),
        (None, true) => "没有做完就停下了，再运行一次就接着做".to_owned(),
        (None, false) => "做完了".to_owned(),
    };
    out.line(&format!("第 {} 轮{end}。", summary.round))?;
    let kinds: Vec<String> =
        summary.hits_by_kind.iter().map(|(kind, count)| format!("{} {count}", words::kind(kind))).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!("（{}）", kinds.join("，")) };
    out.line(&format!(
        "新发现线索 {} 条{kinds}，再次见到 {} 条，未结案件 {} 件。",
        summary.hits_new, summary.hits_again, summary.cases_open
    ))?;
    out.line(&format!(
        "候选网址 {} 个，抓取 {} 页，没有看成的 {} 个。",
        summary.candidates, summary.fetched, summary.not_looked_at
    ))?;
    if !summary.sources.is_empty() {
        out.line("")?;
        let mut table = Table::new(&["来源", "问了", "有结果", "无结果", "被拦", "不全", "出错", "超时", "说明"]);
        for s in &summary.sources {
            let [asked, ok, zero, blocked, degraded, broken, timeout] =
                [s.asked, s.ok, s.zero, s.blocked, s.degraded, s.broken, s.timeout].map(|count| count.to_string());
            table.row(out, [s.source.clone(), asked, ok, zero, blocked, degraded, broken, timeout, s.why.clone()])?;
        }
        table.end(out, "")?;
    }
    if !summary.digests.is_empty() {
        out.line("")?;
        let mut table = Table::new(&["清单发给", "邮箱", "状态", "文件"]);
        for digest in &summary.digests {
            let state = words::mail_state(&digest.state).to_owned();
            table.row(out, [digest.contact.clone(), digest.email.clone(), state, digest.file.clone()])?;
        }
        table.end(out, "")?;
    }
    if let Some(why) = &summary.mail_error {
        out.line(&format!("清单没有做成或没有发出：{why}"))?;
    }
    if let Some(truth) = &summary.truth {
        out.line("")?;
        for line in truth.lines() {
            out.line(line)?;
        }
    }
    Ok(())
}
