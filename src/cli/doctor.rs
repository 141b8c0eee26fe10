//! `doctor`: would a round work here? One check a line, each with its way out.

use std::{path::Path, time::Duration};

use serde::Serialize;

use super::{Context, Exit, out::Out};
use crate::{
    clock,
    config::{Render, Settings, Transport},
    crawl::render::RenderError,
    evidence::WARC_DIR,
    store::StoreError,
    wiring::{self, Program, StartError},
};

/// 体检：检查配置、规则、磁盘、存储、联络员、来源、邮件，逐项给出办法
#[derive(Debug, clap::Args)]
#[command(
    after_help = "有一项不行，退出码为 1；配置或规则写错，退出码为 2。\n\n例子：\n  jianzheng doctor\n  jianzheng doctor --net\n  jianzheng --json doctor"
)]
pub(super) struct Args {
    /// 也试着连一下邮件服务器
    #[arg(long)]
    net: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    check: &'static str,
    ok: bool,
    say: String,
    advice: String,
}

fn good(check: &'static str, say: impl Into<String>) -> Row {
    Row { check, ok: true, say: say.into(), advice: String::new() }
}

fn bad(check: &'static str, say: impl Into<String>, advice: impl Into<String>) -> Row {
    Row { check, ok: false, say: say.into(), advice: advice.into() }
}

/// Bodies to which findings of the two kinds go first; without a contact for them a list reaches nobody.
const ROUTES: [&str; 3] = ["网信", "市监", "公安"];
/// Waiting for the mail server.
const CONNECT: Duration = Duration::from_secs(5);
pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let mut out = context.out();
    let program = match context.load() {
        Ok(program) => program,
        Err(error) => {
            let rows = unstarted(&error);
            tell(&mut out, &rows)?;
            // Told above, each with its place; what remains is the exit code.
            return Ok(Exit::Wrong);
        }
    };
    let mut rows = vec![
        good("config", "配置没有错误"),
        good("rules", format!("{} 条规则，{} 个文件，没有错误", program.rules.rules().len(), program.rule_files.count)),
        time(&program),
    ];
    rows.extend(disk(&program));
    rows.push(store(&program));
    rows.push(warc(&program.data.join(WARC_DIR)));
    rows.push(contacts(&program.settings));
    rows.push(sources(&program));
    rows.extend(
        program.settings.general.seeds.iter().filter(|seeds| !seeds.is_file()).map(|seeds| {
            bad("seeds", format!("找不到起始网址清单 {}", seeds.display()), "检查 general.seeds 写的路径")
        }),
    );
    rows.push(mail(&program.settings, args.net).await);
    rows.extend(network(&program).await);
    rows.push(browser(&program).await);
    tell(&mut out, &rows)?;
    Ok(Exit::when(rows.iter().all(|row| row.ok)))
}

fn tell(out: &mut Out, rows: &[Row]) -> anyhow::Result<()> {
    for row in rows {
        if out.json {
            out.object(row)?;
            continue;
        }
        out.line(&format!("{}  {}：{}", if row.ok { "正常" } else { "不行" }, title(row.check), row.say))?;
        if !row.advice.is_empty() {
            out.line(&format!("      办法：{}", row.advice))?;
        }
    }
    Ok(out.flush()?)
}

fn title(check: &str) -> &str {
    match check {
        "config" => "配置",
        "rules" => "规则",
        "clock" => "时钟",
        "data" => "数据目录",
        "space" => "磁盘空间",
        "store" => "存储",
        "warc" => "证据文件",
        "contacts" => "联络员",
        "sources" => "来源",
        "seeds" => "起始网址",
        "mail" => "邮件",
        "network" => "网络设置",
        "exit" => "出口代理",
        "browser" => "浏览器",
        other => other,
    }
}

fn unstarted(error: &StartError) -> Vec<Row> {
    match error {
        StartError::Settings(mistakes) => mistakes
            .0
            .iter()
            .map(|mistake| {
                let place = mistake.line.map_or(mistake.file.clone(), |line| format!("{} 第 {line} 行", mistake.file));
                bad("config", format!("{place}：{}", mistake.say), mistake.advice.clone())
            })
            .collect(),
        StartError::Rules(problems) => problems
            .iter()
            .map(|problem| {
                let say = format!("{} 第 {} 行：{}", problem.file, problem.line, problem.say);
                bad("rules", say, problem.advice.clone())
            })
            .collect(),
        StartError::Usage(say) | StartError::State(say) => vec![bad("config", say.clone(), "看 jianzheng --help")],
    }
}

fn time(program: &Program) -> Row {
    let now = program.clock.now();
    let shown = clock::rfc3339_in(now, &program.settings.general.timezone);
    let year = clock::shanghai_date(now).year();
    match (program.clock.is_set(), year) {
        (true, _) => good("clock", format!("拨到了 {shown}（--as-of）")),
        (false, 2025..=2100) => good("clock", shown),
        (false, _) => {
            bad("clock", format!("机器的时间是 {shown}，不像真的"), "先对时（timedatectl set-ntp true）再取证")
        }
    }
}

/// The folder can be written to, and has room.
fn disk(program: &Program) -> Vec<Row> {
    let data = &program.data;
    if let Some(file) = data.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir()) {
        return vec![bad("data", format!("{} 是一个文件，不是目录", file.display()), "检查 --data 写的路径")];
    }
    let Some(there) = data.ancestors().find(|folder| folder.is_dir()) else {
        return vec![bad("data", format!("{} 和它的上级都不存在", data.display()), "检查 --data 写的路径")];
    };
    let writable = match there {
        there if there == data => std::fs::File::create_new(data.join(".doctor"))
            .map(|_| ())
            .and_then(|()| std::fs::remove_file(data.join(".doctor"))),
        _ => rustix::fs::access(there, rustix::fs::Access::WRITE_OK).map_err(std::io::Error::from),
    };
    let state = match writable {
        Ok(()) if there == data => good("data", data.display().to_string()),
        Ok(()) => good("data", format!("{} 还没有，第一次巡查时建", data.display())),
        Err(error) => bad("data", format!("{} 不能写：{error}", there.display()), "换一个 --data，或改目录的权限"),
    };
    let floor = program.settings.general.free_floor_mb;
    let space = match rustix::fs::statvfs(there) {
        Err(error) => bad("space", format!("问不到剩余空间：{error}"), "检查磁盘"),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize) >> 20;
            let say = format!("剩余 {free} MiB，低于 {floor} MiB 时停止抓取");
            if free > floor { good("space", say) } else { bad("space", say, "清理磁盘，或换一个 --data") }
        }
    };
    vec![state, space]
}

fn store(program: &Program) -> Row {
    if !program.data.is_dir() {
        return good("store", "还没有，第一次巡查时建");
    }
    match program.try_store() {
        Ok(()) => good("store", "打得开"),
        Err(StoreError::Held { pid, .. }) => {
            let who = pid.map_or("别的进程".to_owned(), |pid| format!("进程 {pid}"));
            good("store", format!("{who}正在用它"))
        }
        Err(error) => bad("store", error.to_string(), "按上面说的做；不要删除数据目录"),
    }
}

fn warc(folder: &Path) -> Row {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return good("warc", "还没有证据"),
        Err(error) => return bad("warc", format!("{} 读不了：{error}", folder.display()), "检查目录的权限"),
        Ok(entries) => entries,
    };
    let sizes: Vec<u64> = entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).collect();
    let mib = sizes.iter().sum::<u64>() >> 20;
    good("warc", format!("{} 个文件，{mib} MiB；核对用 jianzheng evidence verify", sizes.len()))
}

fn contacts(settings: &Settings) -> Row {
    let receive: Vec<_> = settings.contacts.iter().filter(|contact| !contact.routes.is_empty()).collect();
    if receive.is_empty() {
        return bad("contacts", "没有收清单的联络员", "在配置里按例子写 [[contacts]]，写上 email 和 routes");
    }
    let covered = |route: &str| receive.iter().any(|contact| contact.routes.iter().any(|own| own == route));
    let missing: Vec<&str> = ROUTES.into_iter().filter(|route| !covered(route)).collect();
    match missing.is_empty() {
        true => good("contacts", format!("{} 位，网信、市监、公安都有人收", receive.len())),
        false => bad("contacts", format!("{}没有人收清单", missing.join("、")), "在 [[contacts]] 的 routes 里补上"),
    }
}

fn sources(program: &Program) -> Row {
    let mut asked = Vec::new();
    let mut without = Vec::new();
    for source in &program.rule_files.sources {
        let terms = program.terms(source);
        match (terms.enabled, terms.url.is_some()) {
            (true, true) => asked.push(source.name.as_str()),
            (true, false) => without.push(source.name.as_str()),
            (false, _) => {}
        }
    }
    if let Some(name) = without.first() {
        let say = format!("{} 打开了却没有地址", without.join("、"));
        return bad("sources", say, format!("写上 [sources.{name}] url = \"https://…\""));
    }
    match (asked.is_empty(), program.settings.general.seeds.is_empty()) {
        (false, _) => good("sources", format!("打开了 {}", asked.join("、"))),
        (true, false) => good("sources", "没有打开搜索来源，只看起始网址清单"),
        (true, true) => bad(
            "sources",
            "没有打开任何来源，也没有起始网址，巡查不会有收获",
            "写 [sources.searxng] enabled = true 和 url，或写 general.seeds",
        ),
    }
}

async fn mail(settings: &Settings, net: bool) -> Row {
    let mail = &settings.mail;
    if mail.transport == Transport::Outbox {
        return good("mail", "只写进 outbox 目录，不外发（mail.transport = \"outbox\"）");
    }
    if let Err(error) = mail.password() {
        return bad("mail", error.to_string(), "检查 mail.password_file");
    }
    let server = format!("{}:{}", mail.host, mail.port);
    if !net {
        return good("mail", format!("{server}，加密方式 {}；加 --net 试着连一下", mail.tls.name()));
    }
    match tokio::time::timeout(CONNECT, tokio::net::TcpStream::connect((mail.host.as_str(), mail.port))).await {
        Ok(Ok(_)) => good("mail", format!("{server} 连得上")),
        Ok(Err(error)) => bad("mail", format!("{server} 连不上：{error}"), "检查 mail.host、mail.port 和防火墙"),
        Err(_) => bad("mail", format!("{server} 5 秒没有应答"), "检查 mail.host、mail.port 和防火墙"),
    }
}

/// The client can be built: its trusted roots and its proxies, which have to take connections.
async fn network(program: &Program) -> Vec<Row> {
    let network = &program.settings.network;
    let fetcher = match wiring::fetcher(&program.settings, [], &program.clock) {
        Ok(fetcher) => fetcher,
        Err(error) => return vec![bad("network", error.to_string(), "检查配置的 [network] 一段")],
    };
    let own = rustls_native_certs::load_native_certs().certs.len();
    let roots = match own {
        0 => "本机没有根证书，用程序自带的一套".to_owned(),
        count => format!("本机根证书 {count} 个"),
    };
    let extra = if network.ca_file.is_some() { "，另加 ca_file" } else { "" };
    let proxy = if network.proxy.is_some() { "经代理" } else { "直连" };
    let mut rows = vec![good("network", format!("{proxy}；{roots}{extra}；robots.txt：{}", network.robots.name()))];
    rows.extend(fetcher.try_exits().await.into_iter().map(|state| match state.fault {
        None => good("exit", format!("{} 连得上", state.exit)),
        Some(why) => bad(
            "exit",
            format!("{} 用不了：{why}", state.exit),
            "检查 network.proxy、[[network.routes]] 和代理；不通的时候，走它的网站都算看不到",
        ),
    }));
    rows
}

/// The browser is started for once: whether it is there, which one, and whether its sandbox works.
async fn browser(program: &Program) -> Row {
    let network = &program.settings.network;
    let renderer = match program.renderer() {
        Ok(None) => return good("browser", "不用（network.render = \"off\"）：靠脚本才显示的网页看不全"),
        Ok(Some(renderer)) => renderer,
        Err(error) => {
            return bad("browser", error.to_string(), "改用 http:// 或 socks5:// 代理，或写 network.render = \"off\"");
        }
    };
    let unseen = "靠脚本才显示的网页看不全，会注明需人眼看（needs_eyes），线索没有截图";
    match renderer.probe().await {
        Ok(product) if network.render_sandbox => good("browser", format!("{product}，沙箱可用")),
        Ok(product) => good(
            "browser",
            format!("{product}，没有沙箱（network.render_sandbox = false）：网页攻破浏览器就有本程序的权限"),
        ),
        Err(error) if network.render == Render::Always => {
            let advice = match error {
                RenderError::Sandbox { .. } => "换普通用户运行，并允许用户命名空间；或把 network.render 改为 \"auto\"",
                _ => "装上 chromium 和中文字体，或把 network.render 改为 \"auto\"",
            };
            bad("browser", error.to_string(), advice)
        }
        Err(error) => good("browser", format!("{error}：{unseen}")),
    }
}
