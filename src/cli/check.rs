//! `check`: one URL, file or picture, judged and explained.
//!
//! A URL is visited as a round would visit it: guarded client, robots.txt, redirects checked hop by hop. Nothing is kept.
//! Start at [`run`].

use std::{collections::VecDeque, path::Path, sync::Arc};

use jianzheng_core::{
    cloaking::Guest,
    entities::{mask_ids, mask_url},
    host,
    likeness::Baselines,
    page,
    verdict::Verdict,
};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    Context, Exit,
    explain::explain,
    judging::{IMAGE_BYTES, address, host_of, read_file},
    out::Out,
    visiting::{self, Visiting},
    words,
};
use crate::{
    crawl::qr,
    desk::verdict_row::VerdictRow,
    patrol::{
        guests,
        pictures::{self, Depicted},
        reading::{self, Content},
        rendering,
    },
    telemetry::escape,
    wiring::{Program, StartError},
};

/// 判断一个网址、网页文件或图片，用中文说明理由
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// 网址、网页文件（.html）或图片；图片读其中的二维码，逐个判断里面的链接
    #[arg(value_name = "URL|FILE|IMAGE", required = true)]
    things: Vec<String>,
    /// 网页文件是从哪个网址存下来的；不写就只看内容，不看域名
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// 不联网：网址只看域名
    #[arg(long)]
    offline: bool,
    /// 用这个目录的规则判，例如改过还没换上的一份；不写就是现在用的那一套
    #[arg(long, value_name = "DIR")]
    rules: Option<std::path::PathBuf>,
}

const EXAMPLES: &str = "\
网址按巡查的规矩访问：遵守 robots.txt，不访问内网地址，不提交任何内容。结果不存下来。
网页像是在躲巡查时（打不开、空白、一个字不提证书），换成电脑浏览器、手机微信、搜索来客的身份再看，
并说明各看到了什么（设置 crawl.disguised_looks = 0 可关掉）。

例子：
  jianzheng check http://www.shili.example/
  jianzheng check --offline http://www.shili.example/
  jianzheng check 网页.html --url http://www.shili.example/a.html
  jianzheng check 朋友圈截图.png
  jianzheng --json check 网页.html";

/// Stands for the address of a file of which none was told; reserved by RFC 2606, nobody's host.
const NOWHERE: &str = "http://bendi.invalid/";
/// Bytes read of a page file.
const PAGE_BYTES: u64 = 32 << 20;
/// Links of one picture that are visited.
const MAX_LINKS: usize = 10;

/// One thing to look at.
enum Thing {
    Page(String),
    File(String),
}

#[derive(Serialize)]
struct UnseenRow<'a> {
    url: &'a str,
    host: String,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<NameRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    looks: Option<Value>,
}

#[derive(Serialize)]
struct NameRow<'a> {
    verdict: &'a str,
    score: f64,
    near: Option<&'a str>,
    why: &'a [String],
}

struct Checking<'p> {
    program: &'p Program,
    visiting: Option<Visiting<'p>>,
    terms: reading::Terms,
    /// Where files stood on the web.
    told: Url,
    out: Out,
    /// What others were shown of the page at hand, for its row.
    looks: Option<Value>,
    exit: Exit,
}

pub(super) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let program = context.load_with_rules(args.rules.as_deref())?;
    let told = args.url.as_deref().unwrap_or(NOWHERE);
    let told = address(told).ok_or_else(|| StartError::Usage(format!("--url 的网址“{}”写得不对", mask_url(told))))?;
    // A round may hold the store for hours; what the page says by itself is worth telling meanwhile.
    let baselines = program.baselines().unwrap_or_else(|error| {
        eprintln!("{}", escape(&format!("这次没有和官网样本比对：{error}")));
        Baselines::default()
    });
    let visiting = if args.offline { None } else { Some(Visiting::new(&program).await?) };
    let terms = reading::Terms { baselines: Arc::new(baselines), ..visiting::terms(&program) };
    let mut checking =
        Checking { program: &program, visiting, terms, told, out: context.out(), looks: None, exit: Exit::Done };
    let mut things: VecDeque<Thing> = VecDeque::new();
    for thing in args.things {
        let is_file = context.cwd.join(&thing).exists();
        if !is_file && looks_like_a_file(&thing) {
            let say = format!("找不到文件“{thing}”：请写对路径；要看网址，写成 http://主机/路径");
            return Err(StartError::Usage(say).into());
        }
        things.push_back(if is_file { Thing::File(thing) } else { Thing::Page(thing) });
    }
    let mut first = true;
    while let Some(thing) = things.pop_front() {
        if !std::mem::take(&mut first) && !checking.out.json {
            checking.out.line("")?;
        }
        let links = match thing {
            Thing::Page(url) => checking.page(&url).await?,
            Thing::File(name) => checking.file(&name, &context.cwd)?,
        };
        links.into_iter().take(MAX_LINKS).rev().for_each(|link| things.push_front(Thing::Page(link)));
        checking.out.flush()?;
    }
    Ok(checking.exit)
}

impl Checking<'_> {
    /// Looks at an address; gives the links to look at besides.
    async fn page(&mut self, named: &str) -> anyhow::Result<Vec<String>> {
        let Some(url) = address(named) else {
            self.exit = Exit::NotDone;
            let say = "既不是文件，也不是网址；文件请写对路径，网址写成 http://主机/路径";
            self.unseen(named, None, say)?;
            return Ok(Vec::new());
        };
        let looks = match &self.visiting {
            None => {
                self.unseen(named, Some(&url), "没有联网，只看了域名")?;
                return Ok(Vec::new());
            }
            Some(visiting) => visiting.looks(&url, &self.terms).await?,
        };
        let looks = match looks {
            Ok(looks) => looks,
            Err(unseen) => {
                self.exit = self.exit.and(Exit::when(!unseen.ours));
                self.unseen(named, Some(&url), &unseen.say)?;
                return Ok(Vec::new());
            }
        };
        let (looks, _, seen) = looks.take_apart(&self.program.rules);
        self.tell_looks(&looks, seen.guest)?;
        let (end, status) = (seen.final_url, seen.status);
        let terms = &self.terms;
        match seen.content {
            Content::Page(page) => {
                let mut read = *page;
                // The browser is no disguise: what somebody else is shown it would not be.
                let shown = match self.visiting.as_ref().filter(|_| seen.guest == Guest::Patrol) {
                    Some(visiting) => visiting.shown(&read, (&end, status), terms).await,
                    None => None,
                };
                let (mut end, mut remarks) = (end, Vec::new());
                match shown {
                    Some(Ok(shown)) => {
                        remarks.push(format!("用浏览器打开看过（{}）", shown.browser));
                        remarks.extend(shown.notes);
                        if shown.decides {
                            (read, end) = ((shown.read.0, rendering::marked(shown.read.1)), shown.end);
                        }
                    }
                    Some(Err(why)) => remarks.push(why),
                    None => {}
                }
                let (mut extract, mut verdict) = read;
                // Looking at pictures costs requests: only where a baseline has some, and the page is worth them.
                if terms.baselines.have_pictures()
                    && (verdict.names_certificates || verdict.poses || verdict.kind.is_hit())
                    && let Some(visiting) = &self.visiting
                {
                    let pictures = visiting.pictures(&extract, &end).await;
                    Depicted { codes: Vec::new(), pictures }.put_into(&mut extract);
                    let is_shown = verdict.signals.iter().any(|signal| signal.say.starts_with(rendering::MARK));
                    verdict = reading::judge_all(&self.program.rules, &extract, &end, &seen.cloaks, terms);
                    if is_shown {
                        verdict = rendering::marked(verdict);
                    }
                }
                if end != url && !self.out.json {
                    self.out.line(&format!("{} 跳转到 {}", mask_url(named), mask_url(end.as_str())))?;
                }
                self.verdict(named, &end, &verdict)?;
                if !self.out.json {
                    remarks.iter().try_for_each(|remark| self.out.line(&format!("注意：{remark}")))?;
                }
                if let Some(onward) = extract.redirects.first().filter(|_| !self.out.json) {
                    let onward = mask_url(onward);
                    self.out.line(&format!("注意：页面自己会转到 {onward}，可以再查一次那个网址"))?;
                }
                Ok(Vec::new())
            }
            Content::Image(shown) => self.codes(named, &shown.codes),
            Content::Other => {
                let say = match status {
                    200..300 => "对方给的不是网页".to_owned(),
                    status => format!("对方回答 HTTP {status}，没有看到网页"),
                };
                self.unseen(named, Some(&url), &say)?;
                Ok(Vec::new())
            }
        }
    }

    /// Tells what others were shown, where the address was looked at as somebody else too.
    fn tell_looks(&mut self, looks: &[guests::Record], best: Guest) -> anyhow::Result<()> {
        let Some(own) = looks.first() else { return Ok(()) };
        if self.out.json {
            let told = |look: &guests::Record| json!({ "guest": look.guest, "say": look.say, "verdict": look.verdict });
            let rows: Vec<_> = looks.iter().map(told).collect();
            self.looks = Some(json!({ "why": own.why, "taken": best.as_code(), "seen": rows }));
            return Ok(());
        }
        self.out.line(&format!("换身份再看（缘由：{}）", own.why))?;
        for look in looks {
            self.out.line(&format!("  {}：{}", guests::guest(&look.guest), look.say))?;
        }
        self.out.line(&format!("下面按“{}”看到的判断。", best.say()))?;
        Ok(())
    }

    /// Looks at a file; gives the links to look at besides.
    fn file(&mut self, named: &str, cwd: &Path) -> anyhow::Result<Vec<String>> {
        let bytes = match read_file(&cwd.join(named), PAGE_BYTES.max(IMAGE_BYTES)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.exit = Exit::NotDone;
                self.unseen(named, None, &format!("文件读不了：{error}"))?;
                return Ok(Vec::new());
            }
        };
        if image::guess_format(&bytes).is_ok() {
            return self.codes(named, &qr::read(&bytes));
        }
        let extract = pictures::with_inline(page::read(&bytes, None, Some(&self.told)));
        let verdict = reading::judge(&self.program.rules, &extract, &self.told, &self.terms);
        if !self.out.json {
            self.out.line(&format!("文件：{named}"))?;
        }
        let told = self.told.clone();
        self.verdict(told.as_str(), &told, &verdict)?;
        Ok(Vec::new())
    }

    /// Tells what a picture's codes say; gives the links among them.
    fn codes(&mut self, named: &str, codes: &[String]) -> anyhow::Result<Vec<String>> {
        let masked: Vec<_> = codes.iter().map(|code| mask_url(code)).collect();
        if self.out.json {
            self.out.object(&json!({ "file": named, "qr": masked }))?;
        } else if codes.is_empty() {
            self.out.line(&format!("图片 {named}：没有读到二维码"))?;
        } else {
            self.out.line(&format!("图片 {named}：读到 {} 个二维码", codes.len()))?;
            masked.iter().try_for_each(|code| self.out.line(&format!("  {code}")))?;
        }
        let is_link = |code: &&String| {
            let code = code.trim().to_ascii_lowercase();
            code.starts_with("http://") || code.starts_with("https://")
        };
        Ok(codes.iter().filter(is_link).cloned().collect())
    }

    fn verdict(&mut self, named: &str, url: &Url, verdict: &Verdict) -> anyhow::Result<()> {
        if self.out.json {
            let looks = self.looks.take();
            let row = VerdictRow { looks, ..VerdictRow::new(&self.program.rules, named, host_of(url), verdict) };
            return Ok(self.out.object(&row)?);
        }
        if url.as_str() == NOWHERE {
            self.out.line("网址：没有告诉（--url），只看内容")?;
        } else {
            self.out.line(&format!("网址：{}", mask_url(url.as_str())))?;
        }
        let name = self.program.rules.authorities().judge(&host_of(url)).ok();
        explain(verdict, name.as_ref(), self.program.thresholds()).iter().try_for_each(|line| self.out.line(line))?;
        Ok(())
    }

    /// Tells why a page was not seen, and what its name says.
    fn unseen(&mut self, named: &str, url: Option<&Url>, say: &str) -> anyhow::Result<()> {
        let masked = mask_url(named);
        let named = masked.as_ref();
        let host = url.map(host_of).unwrap_or_default();
        let name = host::host_of(&host).and_then(|host| self.program.rules.authorities().judge(&host)).ok();
        let host = mask_ids(&host).into_owned();
        if self.out.json {
            let name = name.as_ref().map(|name| NameRow {
                verdict: name.standing.as_str(),
                score: name.score,
                near: name.near.as_deref(),
                why: &name.why,
            });
            return Ok(self.out.object(&UnseenRow { url: named, host, error: say, name, looks: self.looks.take() })?);
        }
        self.out.line(&format!("网址：{named}"))?;
        self.out.line(&format!("看不到：{say}"))?;
        if let Some(name) = name {
            self.out.line(&format!("域名：{} {}", mask_ids(&name.host), words::standing(name.standing.as_str())))?;
            name.why.iter().try_for_each(|why| self.out.line(&format!("  {why}")))?;
        }
        Ok(())
    }
}

/// A path that is plainly no address: nothing on the web ends so without a host before it, or begins so.
fn looks_like_a_file(thing: &str) -> bool {
    const ENDS: [&str; 12] =
        [".html", ".htm", ".mhtml", ".txt", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".ico", ".eml"];
    let lower = thing.to_ascii_lowercase();
    !thing.contains("://")
        && (thing.starts_with(['/', '.', '~']) || (!thing.contains('/') && ENDS.iter().any(|end| lower.ends_with(end))))
}
