//! `digest`: the daily lists, before and after they leave.

use super::{Context, Exit, out::Out, stop, table::Table, words};
use crate::desk::{
    self, Desk,
    rows::{DigestPreview, DigestStatus},
};

/// 每日清单：预览、发送、查状态、重发
#[derive(Debug, clap::Args)]
#[command(after_help = "例子：\n  jianzheng digest preview\n  jianzheng digest send\n  jianzheng digest status")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 看今天的清单会写什么，不保存也不发
    #[command(after_help = "例子：\n  jianzheng digest preview")]
    Preview,
    /// 补做今天缺的清单，把待发的信各试一次
    #[command(
        after_help = "有信没有发成，退出码为 1。\n\n例子：\n  jianzheng digest send\n  jianzheng digest send --extra"
    )]
    Send {
        /// 给每位联络员再做一份，只写上一份之后的新情况
        #[arg(long)]
        extra: bool,
    },
    /// 列出每份清单发到哪里、发成没有
    #[command(after_help = "例子：\n  jianzheng digest status\n  jianzheng --json digest status")]
    Status,
    /// 不管状态如何，把一份清单原样再发一次
    #[command(
        after_help = "清单编号见 jianzheng digest status。\n\n例子：\n  jianzheng digest resend 2026-12-05.1ae1adac1a574370.r0"
    )]
    Resend {
        /// 清单编号
        #[arg(value_name = "DIGEST")]
        digest: String,
    },
}

pub(super) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let opened = context.load()?.open().await?;
    let desk = opened.desk();
    let mut out = context.out();
    let exit = match args.command {
        Command::Preview => {
            preview(&mut out, &desk.digest_preview().await?)?;
            Exit::Done
        }
        Command::Send { extra } => {
            let sending_all = desk.digest_send(extra);
            let Some(sent) = desk::unless_stopped(sending_all, stop::on_signal()?).await else {
                eprintln!("已停下：没有发完的下次接着发；已开始传送而没有答复的记为“不明”。");
                return Ok(Exit::NotDone);
            };
            let sent = sent?;
            status(&mut out, &sent, "没有要发的清单：配置里没有收信的联络员，或没有新的情况。")?;
            Exit::when(sent.iter().all(|digest| digest.state == "sent"))
        }
        Command::Status => {
            status(&mut out, &desk.digest_status().await?, "还没有做过清单。")?;
            Exit::Done
        }
        Command::Resend { digest } => {
            let sent = desk.digest_resend(&digest).await?;
            // A mail that was sent once stays 已发: what counts is whether it went now.
            let done = sent.state == "sent" && sent.why.is_none();
            status(&mut out, &[sent], "")?;
            Exit::when(done)
        }
    };
    out.flush()?;
    Ok(exit)
}

fn preview(out: &mut Out, all: &[DigestPreview]) -> anyhow::Result<()> {
    for digest in all {
        if out.json {
            out.object(digest)?;
            continue;
        }
        out.line(&format!("收信：{} <{}>", digest.contact, digest.email))?;
        out.line(&format!("主题：{}", digest.subject))?;
        out.line(&format!("{} 行", digest.rows))?;
        out.line("")?;
        out.lines(&digest.text)?;
        out.line("————————")?;
    }
    if all.is_empty() && !out.json {
        out.line("今天没有要写的清单：配置里没有收信的联络员，或今天的已经做好了。")?;
    }
    Ok(())
}

fn status(out: &mut Out, all: &[DigestStatus], empty: &str) -> anyhow::Result<()> {
    let mut table = Table::new(&["清单", "日期", "联络员", "邮箱", "状态", "试过", "行数", "说明"]);
    for digest in all {
        if out.json {
            out.object(digest)?;
            continue;
        }
        table.row(
            out,
            [
                digest.digest.clone(),
                digest.day.clone(),
                digest.contact.clone(),
                digest.email.clone(),
                words::mail_state(digest.state).to_owned(),
                digest.attempts.to_string(),
                digest.rows.to_string(),
                digest.why.clone().unwrap_or_default(),
            ],
        )?;
    }
    if !out.json {
        table.end(out, empty)?;
    }
    Ok(())
}
