//! The command line: one file per command, no logic of its own.
//!
//! [`main`] parses, runs one command and gives the exit code. Commands ask [`crate::wiring`] for what they work with and the
//! [desk](crate::desk) for what is kept; what they print goes through `out`, which escapes what strangers wrote. The doc
//! comments on arguments are the help texts, hence Chinese. Start at `Command`.

mod baseline;
mod cases;
mod check;
mod daemon;
mod digest;
mod doctor;
mod dress;
mod evidence;
mod exit;
mod explain;
mod hits;
mod host;
mod hosts;
mod init;
mod judge;
mod judging;
mod lines;
mod out;
mod patrol;
mod rules;
mod sources;
mod stop;
mod table;
mod twist;
mod usage;
mod visiting;
mod words;

use std::{ffi::OsString, path::PathBuf};

use clap::{FromArgMatches as _, Parser, Subcommand};

pub use exit::Exit;

use crate::wiring::{Program, Renewed, StartError};
use out::Out;

/// 鉴证：巡查网上的假冒证书查询网站和兜售特种作业操作证的人
#[derive(Debug, Parser)]
#[command(name = "jianzheng", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
例子：
  jianzheng init                                写一份配置示例 jianzheng.toml
  jianzheng patrol --practice                   在演练网上巡查一轮，不碰真网
  jianzheng patrol --seeds seeds/start.txt      按起始网址巡查一轮
  jianzheng check http://www.shili.example/     判断一个网址并说明理由
  jianzheng hits list                           看发现的线索
  jianzheng cases confirm 12                    确认 12 号案件

退出码：0 做完（查到、被拦、对方打不开都算结果）；1 有要求没有做到；2 用法、配置或规则写错。
每个命令都有自己的帮助，例如 jianzheng patrol --help。";

/// What may stand anywhere on the line.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "通用选项")]
pub struct Globals {
    /// 配置文件；不写就用当前目录的 jianzheng.toml，没有则用内置默认值
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// 数据目录：存储、证据、清单都在里面；不写就是 data
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// 标准输出每行一个 JSON 对象，供程序读
    #[arg(long, global = true)]
    pub json: bool,
    /// 把日历时钟拨到这个时间再开始，例如 2026-12-05T09:00:00+08:00
    #[arg(long, global = true, value_name = "TIME")]
    pub as_of: Option<String>,
    /// 在自带的演练网上做，数据放在 数据目录/practice，不碰真网、不发真信
    #[arg(long, global = true)]
    pub practice: bool,
    /// 演练网的第几天，从 1 算起，和 --practice 一起用
    #[arg(long, global = true, value_name = "N", value_parser = day)]
    pub day: Option<u32>,
}

fn day(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(day @ 1..=3650) => Ok(day),
        _ => Err("要写 1 到 3650 的整数".to_owned()),
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
enum Command {
    Patrol(patrol::Args),
    Daemon(daemon::Args),
    Check(check::Args),
    Judge(judge::Args),
    Hosts(hosts::Args),
    Twist(twist::Args),
    Hits(hits::Args),
    Host(host::Args),
    Cases(cases::Args),
    Digest(digest::Args),
    Rules(rules::Args),
    Sources(sources::Args),
    Evidence(evidence::Args),
    Baseline(baseline::Args),
    Doctor(doctor::Args),
    Init(init::Args),
}

/// What each command gets besides its own arguments.
struct Context {
    globals: Globals,
    cwd: PathBuf,
}

impl Context {
    /// Settings and rules, checked.
    fn load(&self) -> Result<Program, StartError> {
        Program::load(&self.globals, std::env::vars_os(), &self.cwd)
    }

    /// The same for a process that no officer watches.
    fn load_unwatched(&self) -> Result<(Program, Renewed), StartError> {
        Program::load_unwatched(&self.globals, std::env::vars_os(), &self.cwd)
    }

    /// The same with the rules of another folder, which is told like one that settings name.
    fn load_with_rules(&self, folder: Option<&std::path::Path>) -> Result<Program, StartError> {
        let own = folder.map(|folder| ("JIANZHENG_GENERAL__RULES".into(), self.cwd.join(folder).into_os_string()));
        Program::load(&self.globals, std::env::vars_os().chain(own), &self.cwd)
    }

    /// The way out to stdout, in JSON where `--json` says so.
    fn out(&self) -> Out {
        Out::stdout(self.globals.json)
    }
}

/// Runs the program with the process's own arguments.
pub fn main() -> Exit {
    let args: Vec<OsString> = std::env::args_os().collect();
    let parsed = dress::command().try_get_matches_from(&args).and_then(|found| Cli::from_arg_matches(&found));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error, &args),
    };
    if let Err(error) = crate::telemetry::start(std::env::var(crate::telemetry::VARIABLE).ok().as_deref()) {
        eprintln!("{error}");
        return Exit::Wrong;
    }
    let cwd = match std::env::current_dir() {
        Ok(cwd) => cwd,
        Err(error) => {
            eprintln!("当前目录读不了：{error}；换一个目录再运行");
            return Exit::NotDone;
        }
    };
    exit::of(run(cli, cwd))
}

fn run(cli: Cli, cwd: PathBuf) -> anyhow::Result<Exit> {
    let context = Context { globals: cli.globals, cwd };
    match cli.command {
        Command::Judge(args) => judge::run(&args, &context),
        Command::Hosts(args) => hosts::run(&args, &context),
        Command::Twist(args) => wait(twist::run(&args, &context)),
        Command::Rules(args) => wait(rules::run(args, &context)),
        Command::Init(args) => init::run(&args, &context),
        Command::Patrol(args) => wait(patrol::run(args, &context)),
        Command::Daemon(args) => wait(daemon::run(&args, &context)),
        Command::Check(args) => wait(check::run(args, &context)),
        Command::Hits(args) => wait(hits::run(args, &context)),
        Command::Host(args) => wait(host::run(&args, &context)),
        Command::Cases(args) => wait(cases::run(args, &context)),
        Command::Digest(args) => wait(digest::run(args, &context)),
        Command::Sources(args) => wait(sources::run(&args, &context)),
        Command::Evidence(args) => wait(evidence::run(&args, &context)),
        Command::Baseline(args) => wait(baseline::run(args, &context)),
        Command::Doctor(args) => wait(doctor::run(&args, &context)),
    }
}

/// Runs what has to wait for the store or the network; commands that read a stream need no runtime.
fn wait(work: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
