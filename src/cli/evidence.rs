//! `evidence`: does what was kept still say what it said?
//!
//! Three looks: every record of every WARC file holds its own digests; every hit's capture stands where the hit says, with
//! the hash the hit names (a file that is gone fails here); the log of decisions is an unbroken chain.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use jianzheng_core::entities::mask_url;
use serde::Serialize;

use super::{
    Context, Exit,
    out::{Out, OutError},
};
use crate::{
    desk::{Desk as _, HitFilter},
    evidence::{Digest, Records, WARC_DIR},
};

/// 证据：核对留存的原件和记录有没有被动过
#[derive(Debug, clap::Args)]
#[command(after_help = "例子：\n  jianzheng evidence verify")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 重读全部 WARC 核对摘要，核对每条线索的证据，核对决定记录的哈希链
    #[command(
        after_help = "有一项不符，退出码为 1。\n\n例子：\n  jianzheng evidence verify\n  jianzheng --json evidence verify"
    )]
    Verify,
}

#[derive(Serialize)]
struct Row<'a> {
    item: &'a str,
    ok: bool,
    say: &'a str,
}

/// What is told, and whether all was well.
struct Tally<'o> {
    out: &'o mut Out,
    exit: Exit,
}

impl Tally<'_> {
    fn tell(&mut self, item: &str, ok: bool, say: &str) -> Result<(), OutError> {
        self.exit = self.exit.and(Exit::when(ok));
        match self.out.json {
            true => self.out.object(&Row { item, ok, say })?,
            false => self.out.line(&format!("{}  {item}：{say}", if ok { "相符" } else { "不符" }))?,
        }
        // A large archive takes minutes; each file is told when it was read.
        self.out.flush()
    }
}

/// Where responses stand, and the hash each holds: by file and offset.
type Captures = HashMap<(String, u64), String>;

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let Command::Verify = args.command;
    let program = context.load()?;
    let mut out = context.out();
    let mut tally = Tally { out: &mut out, exit: Exit::Done };
    if !program.data.is_dir() {
        tally.tell("data", true, &format!("还没有数据目录 {}，没有可核对的", program.data.display()))?;
        return Ok(tally.exit);
    }
    let mut captures = Captures::new();
    for file in files(&program.data.join(WARC_DIR))? {
        walk(&file, &mut captures, &mut tally)?;
    }
    let opened = program.open().await?;
    let mut hits = 0u64;
    let mut lost: Vec<(u64, String)> = Vec::new();
    opened
        .desk()
        .hits(HitFilter::default(), &mut |hit| {
            hits += 1;
            let shown = hit.rendering.into_iter().flat_map(|shown| [Some(shown.html), shown.screenshot]).flatten();
            for capture in std::iter::once(hit.capture).chain(shown) {
                let say = match captures.get(&(capture.warc.clone(), capture.offset)) {
                    Some(sha256) if *sha256 == capture.sha256 => continue,
                    Some(_) => "原件的 SHA-256 和线索里记的不同",
                    None => "找不到原件",
                };
                lost.push((hit.id, format!("{say}（{} 第 {} 字节）", capture.warc, capture.offset)));
            }
            ControlFlow::Continue(())
        })
        .await?;
    for (id, say) in &lost {
        tally.tell(&format!("hit {id}"), false, say)?;
    }
    if lost.is_empty() {
        tally.tell("hits", true, &format!("{hits} 条线索的原件都在，摘要相符"))?;
    }
    let audit = opened.verify_audit().await?;
    match &audit.broken {
        None => tally.tell("audit", true, &format!("{} 条决定记录首尾相接，链头 {}", audit.rows, audit.head))?,
        Some((row, why)) => tally.tell("audit", false, &format!("第 {row} 条决定记录断开：{why}"))?,
    }
    Ok(tally.exit)
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.to_str().is_some_and(|name| name.ends_with(".warc.gz")));
    files.sort();
    Ok(files)
}

fn walk(file: &Path, captures: &mut Captures, tally: &mut Tally<'_>) -> Result<(), OutError> {
    let name = format!("{WARC_DIR}/{}", file.file_name().unwrap_or_default().to_string_lossy());
    let records = match Records::open(file) {
        Ok(records) => records,
        Err(error) => return tally.tell(&name, false, &error.to_string()),
    };
    let mut count = 0u64;
    let mut broken: Vec<String> = Vec::new();
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                broken.push(error.to_string());
                break;
            }
        };
        count += 1;
        if record.block == Digest::Broken || record.payload == Digest::Broken {
            let url = mask_url(record.url.as_deref().unwrap_or(""));
            broken.push(format!("第 {} 字节的 {} 记录和它的摘要不符：{url}", record.offset, record.kind));
        } else if let Some(sha256) = record.payload_sha256 {
            captures.insert((name.clone(), record.offset), sha256);
        }
    }
    match broken.is_empty() {
        true => tally.tell(&name, true, &format!("{count} 条记录，摘要都对")),
        false => broken.iter().try_for_each(|say| tally.tell(&name, false, say)),
    }
}
