//! `baseline`: what protected sites look like, captured, listed and taken away.
//!
//! A page is fetched as `check` fetches one, or read from a saved file. All of them are read before the store is opened, so that
//! nobody waits for a slow site. Start at [`run`].

use std::path::Path;

use jianzheng_core::{likeness, page, page::Extract};
use url::Url;

use super::{
    Context, Exit,
    hits::{actor, day},
    judging::{address, host_of, read_file},
    table::Table,
    visiting::{self, Visiting},
};
use crate::{
    desk::{
        Desk as _,
        baselines::{BaselineRow, NewBaseline},
    },
    patrol::{
        pictures::{self, Depicted},
        reading::{self, Content},
    },
    telemetry::{chinese, escape},
    wiring::{Program, StartError},
};

/// Bytes read of a page file.
const PAGE_BYTES: u64 = 32 << 20;
/// Bytes by which a file that is no text is known.
const HEAD: usize = 1 << 16;

/// 官网样本：记下受保护网站的样子，巡查和 check 拿来比对谁在照抄
#[derive(Debug, clap::Args)]
#[command(after_help = "例子：\n  jianzheng baseline capture http://cx.mem.gov.cn/\n  jianzheng baseline list")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 采集官网样本：文字、版面、脚本样式、统计号、表单、图标和图片的指纹；同一网页再采就替换旧的
    #[command(
        after_help = "只收 rules/authorities.toml 名单里的官网。按巡查的规矩访问，只存指纹，不存网页。\n\n例子：\n  \
        jianzheng baseline capture http://cx.mem.gov.cn/\n  \
        jianzheng baseline capture 另存的网页.html --as http://cx.mem.gov.cn/"
    )]
    Capture {
        /// 官网网址，或者从官网另存的网页文件（.html）
        #[arg(value_name = "URL|FILE", required = true)]
        things: Vec<String>,
        /// 网页文件是从哪个官网存下来的：域名或网址；给文件时必须写
        #[arg(long = "as", value_name = "HOST")]
        host: Option<String>,
        /// 谁采的；不写就是登录名
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// 列出官网样本：哪个官网、哪个网页、能比对什么
    #[command(after_help = "例子：\n  jianzheng baseline list\n  jianzheng --json baseline list")]
    List,
    /// 撤掉一份采错的官网样本；还有未结的线索拿它作依据时不撤
    #[command(
        after_help = "编号看 baseline list。谁撤的记在审计里，编号不再用。\n\n例子：\n  jianzheng baseline remove 3"
    )]
    Remove {
        /// 样本编号
        #[arg(value_name = "ID")]
        id: u64,
        /// 谁撤的；不写就是登录名
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

pub(super) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    match args.command {
        Command::List => list(context).await,
        Command::Remove { id, by } => remove(id, by, context).await,
        Command::Capture { things, host, by } => capture(&things, host.as_deref(), by, context).await,
    }
}

async fn list(context: &Context) -> anyhow::Result<Exit> {
    let rows = context.load()?.open().await?.desk().baselines().await?;
    let mut out = context.out();
    let mut table = Table::new(&["编号", "官网", "机关", "采集", "能比对", "网页"]);
    for row in rows {
        if out.json {
            out.object(&row)?;
            continue;
        }
        let parts = comparable(&row);
        table.row(
            &mut out,
            [row.id.to_string(), row.host, row.authority, day(&row.captured).to_owned(), parts, row.url],
        )?;
    }
    if !out.json {
        table.end(&mut out, "还没有官网样本。先采一个：jianzheng baseline capture http://cx.mem.gov.cn/")?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

async fn remove(id: u64, by: Option<String>, context: &Context) -> anyhow::Result<Exit> {
    let row = context.load()?.open().await?.desk().remove_baseline(id, &actor(by)).await?;
    let mut out = context.out();
    if out.json {
        out.object(&row)?;
    } else {
        out.line(&format!("撤掉了 {} 号官网样本：{}（{}）", row.id, row.url, row.authority))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn comparable(row: &BaselineRow) -> String {
    if row.parts.is_empty() { "无，请重新采集".to_owned() } else { row.parts.join("、") }
}

async fn capture(things: &[String], host: Option<&str>, by: Option<String>, context: &Context) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let told = host.map(|host| protected(&program, host)).transpose()?;
    let mut wanted = Vec::new();
    for thing in things {
        // Everything that was written wrong is told before anything is fetched.
        match (context.cwd.join(thing).is_file(), &told) {
            (true, Some(told)) => wanted.push((thing, told.clone(), true)),
            (true, None) => {
                let say = format!("{thing} 是文件：要用 --as 写明它是哪个官网的网页，例如 --as cx.mem.gov.cn");
                return Err(StartError::Usage(say).into());
            }
            (false, told) => {
                if let Some(say) = no_page(&context.cwd.join(thing), thing, told.is_some()) {
                    return Err(StartError::Usage(say).into());
                }
                wanted.push((thing, protected(&program, thing)?, false));
            }
        }
    }
    let mut visiting = None;
    let (mut captured, mut exit) = (Vec::new(), Exit::Done);
    for (thing, url, file) in wanted {
        let new = if file {
            saved(&context.cwd.join(thing), thing, &url)
        } else {
            let visiting = match &mut visiting {
                Some(visiting) => visiting,
                none => none.insert(Visiting::new(&program).await?),
            };
            fetched(&program, visiting, &url).await
        };
        match new {
            Ok(new) => captured.push(new),
            Err(say) => {
                exit = Exit::NotDone;
                eprintln!("{}", escape(&format!("{thing} 没有采到：{say}")));
            }
        }
    }
    drop(visiting);
    let (mut out, actor) = (context.out(), actor(by));
    if !captured.is_empty() {
        let opened = program.open().await?;
        for new in captured {
            let row = opened.desk().keep_baseline(new, &actor).await?;
            if out.json {
                out.object(&row)?;
                continue;
            }
            out.line(&format!("{} 号官网样本：{}（{}）", row.id, row.url, row.authority))?;
            out.line(&format!("  标题：{}", row.title))?;
            out.line(&format!("  能比对：{}", comparable(&row)))?;
        }
    }
    out.flush()?;
    Ok(exit)
}

/// Why a thing that is no file is none that can be asked for either: a folder, or a file whose name was slipped.
fn no_page(path: &Path, named: &str, saved: bool) -> Option<String> {
    if path.is_dir() {
        return Some(format!("“{named}”是目录，要写网页文件或者网址"));
    }
    let ends = |ending: &str| named.to_lowercase().ends_with(ending);
    let as_file = !named.contains("://") && (saved || [".html", ".htm", ".mht", ".mhtml"].into_iter().any(ends));
    as_file.then(|| format!("没有“{named}”这个文件；从官网采集就写完整的网址，例如 http://cx.mem.gov.cn/"))
}

/// The address of a protected site's page, or what is wrong with it.
fn protected(program: &Program, named: &str) -> Result<Url, StartError> {
    let wrong = || StartError::Usage(format!("“{named}”既不是文件，也不是网址；网址写成 http://主机/路径"));
    let url = address(named).filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(wrong)?;
    match is_protected(program, &url) {
        Ok(()) => Ok(url),
        Err(say) => Err(StartError::Usage(say)),
    }
}

fn is_protected(program: &Program, url: &Url) -> Result<(), String> {
    let host = host_of(url);
    match program.rules.authorities().by_host(&host) {
        Some(_) => Ok(()),
        None => Err(format!(
            "{host} 不在受保护的官网名单里，不能当作样本；名单在 rules/authorities.toml，例如 cx.mem.gov.cn"
        )),
    }
}

fn saved(path: &Path, named: &str, url: &Url) -> Result<NewBaseline, String> {
    let bytes = read_file(path, PAGE_BYTES).map_err(|error| format!("文件读不了：{}", chinese(&error)))?;
    if image::guess_format(&bytes).is_ok() {
        return Err("是图片，不是网页".to_owned());
    }
    // Text has no NUL but in UTF-16, which says so at its beginning.
    let is_utf_16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    if !is_utf_16 && bytes.iter().take(HEAD).any(|byte| *byte == 0) {
        return Err("不是网页，是别的文件（程序、压缩包、文档一类）".to_owned());
    }
    let extract = pictures::with_inline(page::read(&bytes, None, Some(url)));
    let file = Path::new(named).file_name().map(|name| name.to_string_lossy().chars().take(200).collect());
    new_baseline(&extract, url, Vec::new(), file)
}

async fn fetched(program: &Program, visiting: &Visiting<'_>, url: &Url) -> Result<NewBaseline, String> {
    let exchange = visiting.page(url).await.map_err(|unseen| unseen.say)?;
    let (end, status) = (exchange.url.clone(), exchange.status);
    // A redirect may lead anywhere.
    is_protected(program, &end).map_err(|say| format!("跳转到 {end}：{say}"))?;
    match reading::read(&program.rules, exchange, false, &Depicted::default(), &visiting::terms(program)).content {
        Content::Page(page) => {
            let mut pictures = visiting.pictures(&page.0, &end).await;
            pictures.extend(visiting.screen(&end).await);
            new_baseline(&page.0, &end, pictures, None)
        }
        _ => Err(format!("对方回答 HTTP {status}，没有看到网页")),
    }
}

fn new_baseline(
    extract: &Extract,
    url: &Url,
    mut pictures: Vec<likeness::Picture>,
    file: Option<String>,
) -> Result<NewBaseline, String> {
    let prints = likeness::Prints::of(extract);
    pictures.extend(extract.pictures.iter().cloned());
    if likeness::compare(&prints, &prints).is_empty() && pictures.is_empty() {
        return Err(
            "网页内容太少，没有可以比对的东西（可能靠脚本显示：用浏览器打开后另存为网页，再用 --as 采集）".to_owned()
        );
    }
    let what = likeness::Baseline { host: host_of(url), url: url.to_string(), prints, pictures };
    Ok(NewBaseline { what, title: extract.title.clone(), file })
}
