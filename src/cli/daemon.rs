//! `daemon`: rounds, rechecks and digests on schedule, until a signal.

use super::{Context, Exit, stop};
use crate::wiring::StartError;

/// 常驻运行：按时巡查、复看、发清单，直到收到停止信号
#[derive(Debug, clap::Args)]
#[command(
    after_help = "时间表见配置的 [daemon] 和 [digest]。日志在标准错误输出；Ctrl-C 或 SIGTERM 停下，10 秒内退出。\n\n例子：\n  jianzheng daemon\n  jianzheng --config /etc/jianzheng.toml --data /var/lib/jianzheng daemon"
)]
pub(super) struct Args {}

pub(super) async fn run(_: &Args, context: &Context) -> anyhow::Result<Exit> {
    if context.globals.as_of.is_some() {
        let say = "daemon 按真实的时间运行，不能和 --as-of 一起用；要试某一天，用 patrol --as-of".to_owned();
        return Err(StartError::Usage(say).into());
    }
    let (program, rules) = context.load_unwatched()?;
    program.open().await?.daemon(&rules, stop::on_signal()?).await?;
    Ok(Exit::Done)
}
