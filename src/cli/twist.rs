//! `twist`: look-alikes of a protected host, ranked; with `--resolve` those that exist.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jianzheng_core::host::Lookalike;
use serde::Serialize;

use super::{Context, Exit, table::Table};
use crate::crawl::existence::{Existence, Existing};
use crate::telemetry::escape;
use crate::wiring::StartError;

/// Names asked for at once.
const AT_ONCE: usize = 64;

/// 列出一个受保护域名的仿冒样子，最像的在前；加 --resolve 只列真有人注册、能解析的
#[derive(Debug, clap::Args)]
#[command(
    after_help = "列出的每个域名，hosts 命令都会判为仿冒。--resolve 只查域名解析，不访问网站；来者不拒的泛解析会注明。\n\n例子：\n  \
    jianzheng twist cx.mem.gov.cn --limit 50\n  jianzheng --json twist cx.mem.gov.cn --resolve > 已注册.ndjson\n  \
    jianzheng twist yjt.zj.gov.cn --resolve --dns 223.5.5.5:53"
)]
pub(super) struct Args {
    /// 受保护的域名或网址，须在 rules/authorities.toml 的真网址之内
    #[arg(value_name = "HOST")]
    host: String,
    /// 查哪些真的存在，只列这些
    #[arg(long)]
    resolve: bool,
    /// 用这台域名服务器查，如 223.5.5.5:53；不写就用本机设置的
    #[arg(long, value_name = "IP:PORT", requires = "resolve")]
    dns: Option<SocketAddr>,
    /// 最多列（查）多少个
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    limit: u32,
}

#[derive(Serialize)]
struct Row<'a> {
    host: &'a str,
    trick: &'static str,
    score: f64,
    near: Option<&'a str>,
    why: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<Vec<IpAddr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wildcard: Option<bool>,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let mut twists = program.rules.authorities().twist(&args.host).ok_or_else(|| {
        let say =
            format!("{} 不是受保护的域名：要写 rules/authorities.toml 里机关的真网址，例如 cx.mem.gov.cn", args.host);
        StartError::Usage(say)
    })?;
    twists.truncate(args.limit as usize);
    let mut out = context.out();
    let mut table = Table::new(&["域名", "分", "做法", "解析"]);
    let mut unanswered: Vec<&str> = Vec::new();
    let answers = if args.resolve { Some(resolve(args, &twists).await?) } else { None };
    for (index, twist) in twists.iter().enumerate() {
        let (addresses, wildcard) = match answers.as_ref().map(|answers| &answers[index]) {
            None => (None, None),
            Some(Existing::Yes(found)) => (Some(found), Some(false)),
            Some(Existing::Wildcard(found)) => (Some(found), Some(true)),
            Some(Existing::No) => continue,
            Some(Existing::Unknown(say)) => {
                unanswered.push(say);
                continue;
            }
        };
        let verdict = &twist.verdict;
        if out.json {
            out.object(&Row {
                host: &verdict.host,
                trick: twist.trick.as_str(),
                score: verdict.score,
                near: verdict.near.as_deref(),
                why: &verdict.why,
                addresses: addresses.map(|found| found.iter().copied().collect()),
                wildcard,
            })?;
            continue;
        }
        let found = addresses.map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        let found = match wildcard {
            Some(true) => format!("泛解析 {}", found.unwrap_or_default()),
            _ => found.unwrap_or_default(),
        };
        let score = format!("{:.0}", verdict.score);
        table.row(&mut out, [verdict.host.clone(), score, twist.trick.say().to_owned(), found])?;
    }
    if !out.json {
        table.end(
            &mut out,
            match (args.resolve, unanswered.is_empty()) {
                (false, _) => "想不出会被认作仿冒它的域名。",
                (true, true) => "这些仿冒域名都还没有人用。",
                (true, false) => "有回答的里面，没有已经有人用的；没有回答的不算没有。",
            },
        )?;
    }
    out.flush()?;
    if let Some(first) = unanswered.first() {
        let (count, first) = (unanswered.len(), escape(first));
        eprintln!("{count} 个域名没有查到结果（第一个：{first}）。过一会儿再查，或者用 --dns 换一台。");
    }
    Ok(Exit::when(unanswered.is_empty()))
}

/// What the DNS says of each, in their order.
async fn resolve(args: &Args, twists: &[Lookalike]) -> anyhow::Result<Vec<Existing>> {
    let existence = Existence::new(args.dns).map_err(anyhow::Error::msg).context("查不了域名")?;
    // On stderr, and nowhere if that is no terminal.
    let bar = ProgressBar::new(twists.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("查域名 {bar:30} {pos}/{len} 还要 {eta}") {
        bar.set_style(style);
    }
    let asked = stream::iter(twists).map(|twist| async {
        let answer = existence.ask(&twist.verdict.host).await;
        bar.inc(1);
        answer
    });
    let answers = asked.buffered(AT_ONCE).collect().await;
    bar.finish_and_clear();
    Ok(answers)
}
