//! `rules`: check the files, prove every example, list and explain what there is, try a change, ask the labels, learn the wording.

mod backtest;
mod learn;
mod list;
mod suggest;

use std::path::PathBuf;

use jianzheng_core::rules::problem::Problem;
use jianzheng_core::wording::Manner;
use serde::Serialize;

use super::{Context, Exit, out::Out};
use crate::tuning::{
    clean::{self, Of},
    standing,
};
use crate::wiring::{Program, StartError};

/// 规则：检查、自证、解释、试改、提建议
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例子：\n  jianzheng rules check\n  jianzheng rules test\n  jianzheng rules list\n  jianzheng rules explain seller.exam-waiver"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 检查规则文件，一次指出所有错误
    #[command(
        after_help = "有错误退出码为 2。规则目录由配置项 general.rules 指定，不写就检查程序自带的一套。\n\n例子：\n  \
        jianzheng rules check\n  jianzheng rules check --rules rules-new --json"
    )]
    Check {
        /// 要检查的规则目录；不写就是现在用的那一套
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// 用每条规则自带的例子检验它，再用整套规则去判一批守法网页和违法网页：一个也不许冤枉，一个也不许放过
    #[command(
        after_help = "守法网页在规则目录的 clean/*.ndjson，违法网页在 guilty/*.ndjson（没有就用程序自带的），每行一个：url、html。\n\
        一时改不了的冤案和漏网的，在那一行写上 known 和理由。有一处不成立，退出码为 1。\n\n例子：\n  jianzheng rules test\n  \
        jianzheng rules test --rules rules-new"
    )]
    Test {
        /// 要检验的规则目录；不写就是现在用的那一套
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// 列出所有规则：分值、状态、命中过多少、误报过多少
    #[command(
        after_help = "命中、确认、误报从数据目录里的线索和人的判定数出来；没有数据就写“—”。\n\n例子：\n  jianzheng rules list\n  \
        jianzheng rules list --time\n  jianzheng rules list --rules rules-new\n  jianzheng rules list --json | head"
    )]
    List {
        /// 要列出的规则目录；不写就是现在用的那一套
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
        /// 量一量每条规则在一页上花多少时间
        #[arg(long)]
        time: bool,
    },
    /// 把一条规则用大白话讲清楚：什么会触发、值多少、做过什么
    #[command(
        after_help = "例子：\n  jianzheng rules explain seller.exam-waiver\n  jianzheng rules explain @免考词\n  \
        jianzheng rules explain seller.local-photo-only --rules rules-new"
    )]
    Explain {
        /// 规则目录，例如还没换上去的那一套；不写就是现在用的那一套
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
        /// 规则编号（rules list 里有），或者 @词表
        #[arg(value_name = "ID")]
        id: String,
    },
    /// 拿改过的规则重判留存的网页，看谁会多列、谁会少列、是哪条规则干的；什么都不改
    #[command(after_help = "不写 --rules：拿现在的规则与当初的判定比；写了：拿那个目录的规则与现在的规则比。\n\
        同一网址只判一次。Ctrl-C 随时可停，停了退出码为 1。要打开数据目录，守护进程在跑时先停下它，或者用 --data 指向备份的一份拷贝。\n\n例子：\n  \
        jianzheng rules backtest --rules rules-new\n  jianzheng rules backtest --rules rules-new --since 2026-11-01\n  \
        jianzheng --practice rules backtest --rules rules-new --json")]
    Backtest {
        /// 要试的规则目录
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
        /// 只判这一天以来取回的网页
        #[arg(long, value_name = "DAY", value_parser = day)]
        since: Option<jiff::civil::Date>,
    },
    /// 从人的判定看规则：哪条分值该改、缺什么词句、哪条没用；只提建议，写成补丁，由人来改
    #[command(
        after_help = "根据：线索上的标签和案件的决定、守法网页，和另给的样本文件（每行一个：url、html、want.verdict；不写 want 的当作守法网页）。\n\n例子：\n  \
        jianzheng rules suggest\n  jianzheng rules suggest --out 建议.patch\n  \
        jianzheng rules suggest 样本.ndjson --json"
    )]
    Suggest {
        /// 把补丁写进这个文件
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// 另外的样本文件
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// 把一条线索留存的网页写成一行守法网页，供 rules test 以后一直检验
    #[command(
        after_help = "线索先用 hits label 标过，或者案件判了误报。证件号已打码，手机号已换成编造的；人名请自己改。\n\n例子：\n  \
        jianzheng rules clean 12\n  jianzheng rules clean 12 --add\n  jianzheng rules clean 12 --add --known 'offers.toml 下月改版时一起改'"
    )]
    Clean {
        /// 线索编号
        #[arg(value_name = "HIT")]
        hit: u64,
        /// 直接加进本单位规则目录的 clean/unit.ndjson；不写就印出来
        #[arg(long)]
        add: bool,
        /// 规则一时改不了：为什么先放着
        #[arg(long, value_name = "WHY")]
        known: Option<String>,
    },
    /// 从标好的网页样本学用词的分量，写成 wording-offers.toml 或 wording-fakes.toml（印在标准输出）
    #[command(
        after_help = "每行一个网页：{\"url\", \"html\", \"want\": {\"verdict\": \"seller\"、\"fake_site\" 或 \"benign\" \"notice\" \"official\"}}，其余的判定不学；不写 want 的是守法网页。\n\
        同样的样本、同样的顺序，学出来一字不差。\n\n例子：\n  jianzheng rules learn 样本/*.ndjson rules/clean/*.ndjson > 新的.toml\n  \
        jianzheng rules learn --fakes 样本/*.ndjson rules/clean/*.ndjson > 新的-假冒.toml\n看过没问题，再换掉 rules/wording-offers.toml、rules/wording-fakes.toml。"
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
    /// `error`, or `note` where nothing has to be done.
    level: &'static str,
}

fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "要写日期，例如 2026-11-01".to_owned())
}

pub(super) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let mut out = context.out();
    let folder = match &args.command {
        Command::Check { rules }
        | Command::Test { rules }
        | Command::List { rules, .. }
        | Command::Explain { rules, .. } => rules.as_deref(),
        _ => None,
    };
    let loaded = match (context.load_with_rules(folder), &args.command) {
        (Err(StartError::Rules(problems)), Command::Check { .. }) => {
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
        Command::Check { .. } => {
            // A rule that its own examples contradict is a mistake like any other.
            let mut problems = rules.prove();
            problems.extend(rules.held_twice());
            for of in [Of::Innocents, Of::Guilty] {
                problems.extend(match loaded.pages(of) {
                    Ok(pages) => clean::unreadable(&pages),
                    Err(StartError::Rules(found)) => found,
                    Err(error) => return Err(error.into()),
                });
            }
            problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            if let Some(folder) = &files.folder {
                problems.iter_mut().for_each(|p| p.file = folder.join(&p.file).display().to_string());
            }
            tell(&mut out, &problems)?;
            let notes = if problems.is_empty() { doubts(&mut out, &loaded).await? } else { 0 };
            if !out.json && !problems.is_empty() {
                out.line(&format!("规则有 {} 处错误。", problems.len()))?;
            } else if !out.json {
                if notes > 0 {
                    out.line(&format!("有 {notes} 处提醒，不算错误。"))?;
                }
                out.line(&format!(
                    "没有错误：{place}，{} 个文件，{} 条规则，{} 家机关，{} 个来源。",
                    files.count,
                    rules.rules().len(),
                    rules.authorities().iter().len(),
                    files.sources.len()
                ))?;
                out.line(rules.hash())?;
            }
            if problems.is_empty() { Exit::Done } else { Exit::Wrong }
        }
        Command::Test { .. } => {
            // Before what was asked for: what stands last is what is read.
            doubts(&mut out, &loaded).await?;
            test(&mut out, &loaded, &place)?
        }
        Command::List { time, .. } => {
            let known = known(&loaded, *time).await?;
            list::list(&mut out, rules, &known)?;
            Exit::Done
        }
        Command::Explain { id, .. } => {
            let known = known(&loaded, true).await?;
            list::explain(&mut out, rules, id, &known)?
        }
        Command::Suggest { out: to, files } => suggest::run(files, to.as_deref(), context, &mut out).await?,
        Command::Backtest { rules, since } => backtest::run(rules.as_deref(), *since, context, &mut out).await?,
        Command::Clean { hit, add, known } => {
            let line = loaded.clean_line(*hit, known.as_deref()).await?;
            if *add {
                let (file, was_there) = loaded.add_clean_line(&line)?;
                if out.json {
                    out.object(&serde_json::json!({ "file": file.display().to_string() }))?;
                } else {
                    let done = if was_there { "这一页原来就有，换好了" } else { "加好了" };
                    out.line(&format!(
                        "{done}，在 {} 最后一行。人名请自己改；再运行 jianzheng rules test。",
                        file.display()
                    ))?;
                }
            } else {
                out.bytes(format!("{line}\n").as_bytes())?;
            }
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

/// Every example by its own rule, then the innocents and the guilty by all of them.
fn test(out: &mut Out, program: &Program, place: &str) -> anyhow::Result<Exit> {
    let rules = &program.rules;
    let failures = rules.prove();
    tell(out, &failures)?;
    let mut tested = Vec::new();
    for of in [Of::Innocents, Of::Guilty] {
        let pages = clean::test(of, rules, program.thresholds(), &program.pages(of)?);
        tell(out, &pages.failures)?;
        for settled in &pages.settled {
            if out.json { out.object(&row(settled, "note"))? } else { out.line(&settled.to_string())? }
        }
        tested.push((of, pages));
    }
    if !out.json {
        out.line(&match failures.len() {
            0 => format!("{} 个例子全部成立（{place}）。", rules.examples()),
            failed => format!("{} 个例子里有 {failed} 个不成立（{place}）。", rules.examples()),
        })?;
        for (of, pages) in &tested {
            let put_up_with = match (pages.known, of) {
                (0, _) => String::new(),
                (known, Of::Innocents) => format!("，另有 {known} 个是已知的冤案"),
                (known, Of::Guilty) => format!("，另有 {known} 个是说明过不再查的"),
            };
            let (all, failed) = (pages.pages, pages.failures.len());
            out.line(&match (of, failed) {
                (Of::Innocents, 0) => format!("{all} 个守法网页没有新的冤案{put_up_with}。"),
                (Of::Innocents, _) => format!("{all} 个守法网页里有 {failed} 处不成立{put_up_with}。"),
                (Of::Guilty, 0) => format!("{all} 个违法网页都还判得出来{put_up_with}。"),
                (Of::Guilty, _) => format!("{all} 个违法网页里有 {failed} 个漏了网{put_up_with}。"),
            })?;
        }
    }
    Ok(Exit::when(failures.is_empty() && tested.iter().all(|(_, pages)| pages.failures.is_empty())))
}

/// What is kept of the rules' past; where that cannot be read now, the rules are listed without it and stderr says why.
async fn known(program: &Program, time: bool) -> anyhow::Result<list::Known> {
    let standing = match program.standing().await {
        Ok(standing) => standing,
        Err(error) => {
            eprintln!("读不到线索，命中和误报暂缺：{}", crate::telemetry::escape(&error.to_string()));
            None
        }
    };
    let times = if time { standing::time_of_rules(&program.rules, &program.pages(Of::Innocents)?) } else { Vec::new() };
    Ok(list::Known { standing, times, shipped: program.shipped()? })
}

/// Tells what may be said against rules that are right, and how many such notes there are.
async fn doubts(out: &mut Out, program: &Program) -> anyhow::Result<usize> {
    let (mut notes, unread) = program.doubts().await?;
    if let Some(error) = unread {
        eprintln!("读不到线索，没有查在用的规则攒够了条件没有：{}", crate::telemetry::escape(&error.to_string()));
    }
    if let Some(folder) = &program.rule_files.folder {
        notes.iter_mut().for_each(|note| note.file = folder.join(&note.file).display().to_string());
    }
    for note in &notes {
        if out.json {
            out.object(&row(note, "note"))?;
        } else {
            out.line(&format!("提醒：{note}"))?;
        }
    }
    Ok(notes.len())
}

fn row<'a>(problem: &'a Problem, level: &'static str) -> ProblemRow<'a> {
    let Problem { code, file, line, say, advice } = problem;
    ProblemRow { code, file, line: *line, say, advice, level }
}

fn tell(out: &mut Out, problems: &[Problem]) -> anyhow::Result<()> {
    for problem in problems {
        if out.json {
            out.object(&row(problem, "error"))?;
        } else {
            out.line(&problem.to_string())?;
        }
    }
    Ok(())
}
