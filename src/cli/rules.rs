//! `rules`: check the files, prove every example, list what there is, learn the wording.

use std::path::PathBuf;

use jianzheng_core::rules::{problem::Problem, rule::Status};
use jianzheng_core::wording::Manner;
use serde::Serialize;

use super::{Context, Exit, learn, out::Out, table::Table, words};
use crate::wiring::StartError;

/// 规则：检查、自证、列出
#[derive(Debug, clap::Args)]
#[command(after_help = "例子：\n  jianzheng rules check\n  jianzheng rules test\n  jianzheng rules list --json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 检查规则文件，一次指出所有错误
    #[command(
        after_help = "有错误退出码为 2。规则目录由配置项 general.rules 指定，不写就检查程序自带的一套。\n\n例子：\n  \
        jianzheng rules check\n  JIANZHENG_GENERAL__RULES=rules jianzheng rules check --json"
    )]
    Check,
    /// 用每条规则自带的例子检验它：该命中的命中，不该命中的不命中
    #[command(after_help = "有例子不成立退出码为 1。\n\n例子：\n  jianzheng rules test")]
    Test,
    /// 列出所有规则
    #[command(after_help = "例子：\n  jianzheng rules list\n  jianzheng rules list --json | head")]
    List,
    /// 从标好的网页样本学用词的分量，写成 wording-offers.toml 或 wording-fakes.toml（印在标准输出）
    #[command(
        after_help = "每行一个网页：{\"url\", \"html\", \"want\": {\"verdict\": \"seller\"、\"fake_site\" 或 \"benign\" \"notice\" \"official\"}}，其余的判定不学。\n\
        同样的样本、同样的顺序，学出来一字不差。\n\n例子：\n  jianzheng rules learn tests/data/pages/tuned/*.ndjson > rules/wording-offers.toml\n  \
        jianzheng rules learn --fakes tests/data/pages/tuned/*.ndjson > rules/wording-fakes.toml"
    )]
    Learn {
        /// 学假冒查询页的用词；不写就学卖证广告的
        #[arg(long)]
        fakes: bool,
        /// 样本文件
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Serialize)]
struct ProblemRow<'a> {
    code: &'a str,
    file: &'a str,
    line: usize,
    say: &'a str,
    advice: &'a str,
}

#[derive(Serialize)]
struct RuleRow<'a> {
    id: &'a str,
    title: &'a str,
    kind: &'a str,
    family: &'a str,
    points: f64,
    status: &'a str,
    say: &'a str,
    false_alarms: &'a str,
    file: &'a str,
    line: usize,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let mut out = context.out();
    let loaded = match (context.load(), &args.command) {
        (Err(StartError::Rules(problems)), Command::Check) => {
            tell(&mut out, &problems)?;
            if !out.json {
                out.line(&format!("规则有 {} 处错误。", problems.len()))?;
            }
            out.flush()?;
            return Ok(Exit::Wrong);
        }
        (loaded, _) => loaded?,
    };
    let (rules, files) = (&loaded.rules, &loaded.rule_files);
    let place = files.folder.as_ref().map_or("程序自带的规则".to_owned(), |folder| folder.display().to_string());
    let exit = match &args.command {
        Command::Check => {
            if !out.json {
                out.line(&format!(
                    "没有错误：{place}，{} 个文件，{} 条规则，{} 家机关，{} 个来源。",
                    files.count,
                    rules.rules().len(),
                    rules.authorities().iter().len(),
                    files.sources.len()
                ))?;
                out.line(rules.hash())?;
            }
            Exit::Done
        }
        Command::Test => {
            let failures = rules.prove();
            tell(&mut out, &failures)?;
            if !out.json {
                out.line(&match failures.len() {
                    0 => format!("{} 个例子全部成立（{place}）。", rules.examples()),
                    failed => format!("{} 个例子里有 {failed} 个不成立（{place}）。", rules.examples()),
                })?;
            }
            Exit::when(failures.is_empty())
        }
        Command::List => {
            list(&mut out, rules.rules())?;
            Exit::Done
        }
        Command::Learn { fakes, files } => {
            let files: Vec<PathBuf> = files.iter().map(|file| context.cwd.join(file)).collect();
            let manner = if *fakes { Manner::Fake } else { Manner::Offer };
            out.bytes(learn::table(rules, manner, &files)?.as_bytes())?;
            Exit::Done
        }
    };
    out.flush()?;
    Ok(exit)
}

fn tell(out: &mut Out, problems: &[Problem]) -> anyhow::Result<()> {
    for problem in problems {
        if out.json {
            let Problem { code, file, line, say, advice } = problem;
            out.object(&ProblemRow { code, file, line: *line, say, advice })?;
        } else {
            out.line(&problem.to_string())?;
        }
    }
    Ok(())
}

fn list(out: &mut Out, rules: &[jianzheng_core::rules::rule::Rule]) -> anyhow::Result<()> {
    let mut table = Table::new(&["编号", "说的是", "分值", "状态", "标题"]);
    for rule in rules {
        let status = match rule.status {
            Status::Trial => "试行",
            Status::Live => "在用",
            Status::Retired => "停用",
        };
        if out.json {
            out.object(&RuleRow {
                id: &rule.id,
                title: &rule.title,
                kind: rule.kind.as_str(),
                family: &rule.family,
                points: rule.points,
                status,
                say: &rule.say,
                false_alarms: &rule.false_alarms,
                file: &rule.file,
                line: rule.line,
            })?;
        } else {
            let kind = words::kind(rule.kind.as_str()).to_owned();
            let points = format!("{:+}", rule.points);
            table.row(out, [rule.id.clone(), kind, points, status.to_owned(), rule.title.clone()])?;
        }
    }
    if !out.json {
        table.end(out, "没有规则。")?;
    }
    Ok(())
}
