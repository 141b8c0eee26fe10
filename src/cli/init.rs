//! `init`: puts down the commented example settings, or the built-in rules for a unit to change; never overwrites.

use std::{fs::OpenOptions, io::Write as _, path::PathBuf};

use anyhow::Context as _;

use super::{Context, Exit};
use crate::config;

/// 写一份带说明的配置示例 jianzheng.toml，或者把程序自带的规则抄出来；已有的不动
#[derive(Debug, clap::Args)]
#[command(
    after_help = "写在当前目录；用 --config 可以指定别的文件名。\n\n例子：\n  jianzheng init\n  jianzheng --config /etc/jianzheng.toml init\n  jianzheng init --rules rules"
)]
pub(super) struct Args {
    /// 不写配置，而是把程序自带的规则抄进这个目录，供本单位修改；目录要么还没有，要么是空的
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    match &args.rules {
        Some(folder) => rules(folder, context),
        None => settings(context),
    }
}

fn rules(folder: &std::path::Path, context: &Context) -> anyhow::Result<Exit> {
    let written = crate::wiring::write_built_in(&context.cwd.join(folder));
    let files = written.map_err(|(place, error)| anyhow::anyhow!("写不了 {}：{error}", place.display()))?;
    let mut out = context.out();
    if out.json {
        out.object(&serde_json::json!({ "folder": folder.display().to_string(), "files": files }))?;
    } else {
        out.line(&format!(
            "抄好了 {files} 个文件，在 {0}。下一步：在配置 [general] 里写 rules = \"{0}\"，照 {0}/README.zh-CN.md 修改，再运行 jianzheng rules check。",
            folder.display()
        ))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn settings(context: &Context) -> anyhow::Result<Exit> {
    let named = context.globals.config.as_deref().unwrap_or("jianzheng.toml".as_ref());
    let path = context.cwd.join(named);
    let shown = named.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            anyhow::bail!("已经有 {shown}，没有动它；想重新生成就先把它改名")
        }
        Err(error) => return Err(error).with_context(|| format!("写不了 {shown}")),
    };
    file.write_all(config::example().as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("写不完 {shown}"))?;
    let mut out = context.out();
    if out.json {
        out.object(&serde_json::json!({ "file": path.display().to_string() }))?;
    } else {
        out.line(&format!("写好了 {shown}。下一步：填 [unit] 和 [[contacts]]，再运行 jianzheng doctor 检查。"))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}
