//! Second stage: from what was written to settings that hold, or to everything that is wrong with it.
//!
//! Formats and what must hold between keys are judged here; names were judged before, ranges stand in the table of keys.
//! Reads no file, but looks whether files that are named exist. Start at [`check`].

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use jiff::{civil::Time, tz::TimeZone};
use url::Url;

use super::{
    Cidr, Contact, Crawl, Daemon, Digest, ExitRoute, General, Keep, Mail, Mailbox, Mistake, Network, Render, Robots,
    Settings, SourceSettings, Tls, Transport, Unit,
    keys::{self, ROUTES},
    mailbox,
    raw::{self, Found, Group, Raw},
    reader::{Reader, Wrong},
};
use crate::clock::QuietHours;

/// The settings that hold with these values, and the mistakes that were found on the way, those of the first stage included.
pub(super) fn check(raw: Raw) -> (Settings, Vec<Mistake>) {
    let Raw { plain, sources, contacts, routes, mut mistakes, torn } = raw;
    let named = mistakes.len();
    let defaults = raw::defaults();
    let mut reader = Reader::new(&plain, String::new(), &defaults, &mut mistakes);
    let mut settings = Settings {
        unit: Unit {
            name: reader.text("unit.name"),
            division: reader.optional_as("unit.division", division).unwrap_or_default(),
        },
        general: General {
            timezone: reader.text_as("general.timezone", timezone),
            rules: reader.path("general.rules"),
            seeds: reader.paths("general.seeds"),
            free_floor_mb: reader.whole("general.free_floor_mb"),
        },
        network: network(&mut reader),
        crawl: Crawl {
            depth: reader.whole("crawl.depth"),
            host_pages: reader.whole("crawl.host_pages"),
            host_mb: reader.whole("crawl.host_mb"),
            host_minutes: reader.whole("crawl.host_minutes"),
            round_minutes: reader.whole("crawl.round_minutes"),
            links_per_page: reader.whole("crawl.links_per_page"),
            disguised_looks: reader.whole("crawl.disguised_looks"),
            recheck_hours: reader.whole("crawl.recheck_hours"),
        },
        mail: mail(&mut reader),
        digest: digest(&mut reader),
        daemon: Daemon {
            rounds: {
                let mut rounds = reader.texts_as("daemon.rounds", time);
                rounds.sort_unstable();
                rounds.dedup();
                rounds
            },
        },
        keep: Keep { innocent_days: reader.whole("keep.innocent_days") },
        sources: sources
            .into_iter()
            .map(|(name, group)| {
                let source = source(&group, &name, &defaults, &mut mistakes);
                (name, source)
            })
            .collect(),
        contacts: contacts
            .iter()
            .enumerate()
            .map(|(index, group)| contact(group, index, torn, &defaults, &mut mistakes))
            .collect(),
    };
    settings.network.routes = routes
        .iter()
        .enumerate()
        .filter_map(|(index, group)| exit_route(group, index, torn, &defaults, &mut mistakes))
        .collect();
    if torn {
        // What the parser made up for a line that it could not read is not the person's mistake.
        let unreadable: Vec<_> = mistakes[..named].iter().filter(|m| m.key.is_empty()).filter_map(|m| m.line).collect();
        let made_up = |mistake: &Mistake| mistake.line.is_some_and(|line| unreadable.contains(&line));
        mistakes.retain(|mistake| mistake.key.is_empty() || !made_up(mistake));
    }
    mistakes.sort_by_key(|mistake| mistake.line.unwrap_or(usize::MAX));
    (settings, mistakes)
}

fn network(reader: &mut Reader<'_>) -> Network {
    Network {
        proxy: reader.optional_as("network.proxy", proxy),
        // A list of its own, read afterwards.
        routes: Vec::new(),
        ca_file: existing(reader, "network.ca_file"),
        allow_addresses: reader.texts_as("network.allow_addresses", cidr),
        host_delay_ms: reader.whole("network.host_delay_ms"),
        host_connections: reader.whole("network.host_connections"),
        quiet_hours: reader.optional_as("network.quiet_hours", quiet_hours),
        connections: reader.whole("network.connections"),
        robots: reader.text_as("network.robots", |text| choice(Robots::named(text), Robots::NAMES, text)),
        render: reader.text_as("network.render", |text| choice(Render::named(text), Render::NAMES, text)),
        render_sandbox: reader.switch("network.render_sandbox"),
        connect_timeout_s: reader.whole("network.connect_timeout_s"),
        read_timeout_s: reader.whole("network.read_timeout_s"),
        total_timeout_s: reader.whole("network.total_timeout_s"),
        max_body_mb: reader.whole("network.max_body_mb"),
        retries: reader.whole("network.retries"),
        user_agent_contact: reader.optional_as("network.user_agent_contact", user_agent_contact),
    }
}

fn mail(reader: &mut Reader<'_>) -> Mail {
    let mail = Mail {
        transport: reader.text_as("mail.transport", |text| choice(Transport::named(text), Transport::NAMES, text)),
        host: reader.text_as("mail.host", host),
        port: reader.whole("mail.port"),
        tls: reader.text_as("mail.tls", |text| choice(Tls::named(text), Tls::NAMES, text)),
        plaintext_networks: reader.texts_as("mail.plaintext_networks", cidr),
        user: reader.optional_as("mail.user", |text| Ok(text.to_owned())),
        password_file: existing(reader, "mail.password_file"),
        from: reader.text_as("mail.from", sender),
        timeout_s: reader.whole("mail.timeout_s"),
    };
    if mail.tls == Tls::None {
        let allowed = match mail.host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => mail.plaintext_allowed(address),
            // A name: which address it stands for is only known when it is connected to, and is checked there.
            Err(_) => mail.host.eq_ignore_ascii_case("localhost") || !mail.plaintext_networks.is_empty(),
        };
        if !allowed {
            let say = "只准用于本机和 mail.plaintext_networks 里的地址，mail.host 不在其中";
            let advice = "改用 \"required\" 或 \"wrapper\"，或把服务器所在的内网网段写进 mail.plaintext_networks。";
            reader.wrong("mail.tls", Wrong::new(say, advice));
        }
    }
    match (&mail.user, reader.path("mail.password_file")) {
        (Some(_), None) => {
            reader.wrong(
                "mail.user",
                Wrong::new("写了登录名而没有密码文件", "把密码存进一个文件，写上 mail.password_file。"),
            );
        }
        (None, Some(_)) if !wrote(reader, "mail.user") => {
            reader.wrong("mail.password_file", Wrong::new("写了密码文件而没有登录名", "写上 mail.user，或把它空着。"));
        }
        _ => {}
    }
    mail
}

fn wrote(reader: &Reader<'_>, path: &str) -> bool {
    use raw::Value;
    reader.written(path).is_some_and(|found| !matches!(&found.value, Value::Text(text) if text.is_empty()))
}

fn digest(reader: &mut Reader<'_>) -> Digest {
    let at = reader.text_as("digest.at", time);
    let before = reader.mistakes();
    let digest = Digest {
        at,
        threshold: reader.score("digest.threshold"),
        review_threshold: reader.score("digest.review_threshold"),
    };
    // Comparing with a default that stands in for a wrong value would tell a mistake that nobody made.
    if reader.mistakes() == before && digest.review_threshold > digest.threshold {
        let key = ["digest.review_threshold", "digest.threshold"].into_iter().find(|key| reader.written(key).is_some());
        let say = match key {
            Some("digest.threshold") => "不能小于 digest.review_threshold",
            _ => "不能大于 digest.threshold",
        };
        let now =
            format!("{say}，现在 threshold 是 {}，review_threshold 是 {}", digest.threshold, digest.review_threshold);
        reader.wrong(key.unwrap_or("digest.review_threshold"), Wrong::new(now, ""));
    }
    digest
}

fn source(
    group: &Group,
    name: &str,
    defaults: &BTreeMap<&'static str, Found>,
    mistakes: &mut Vec<Mistake>,
) -> SourceSettings {
    let mut reader = Reader::new(group, format!("sources.{name}"), defaults, mistakes);
    SourceSettings {
        enabled: reader.optional_switch("sources.*.enabled"),
        url: reader.optional_as("sources.*.url", endpoint),
        daily: reader.optional_whole("sources.*.daily"),
        delay_ms: reader.optional_whole("sources.*.delay_ms"),
        pages: reader.optional_whole("sources.*.pages"),
        file: group.at.file.to_string(),
        line: group.at.line,
    }
}

/// A way out; `None` where it is so wrong that there is none.
fn exit_route(
    group: &Group,
    index: usize,
    torn: bool,
    defaults: &BTreeMap<&'static str, Found>,
    mistakes: &mut Vec<Mistake>,
) -> Option<ExitRoute> {
    const HOSTS: &str = "network.routes.*.hosts";
    const PROXY: &str = "network.routes.*.proxy";
    let mut reader = Reader::new(group, format!("network.routes[{}]", index + 1), defaults, mistakes);
    let hosts = reader.texts_as(HOSTS, host_pattern);
    let way = reader.optional_as(PROXY, |text| match text {
        "direct" => Ok(None),
        text => proxy(text).map(Some),
    });
    if !torn && hosts.is_empty() && reader.written(HOSTS).is_none() {
        reader.wrong(HOSTS, Wrong::new("没有写", "写上哪些网站走这条，例如 hosts = [\"*.cn\"]。"));
    }
    if !torn && !wrote(&reader, PROXY) {
        reader.wrong(PROXY, Wrong::new("没有写", "写上代理的地址，或 proxy = \"direct\"（直连）。"));
    }
    (!hosts.is_empty()).then_some(())?;
    Some(ExitRoute { hosts, proxy: way? })
}

/// A host, or a host and all below it, or all; in the form that URLs have.
fn host_pattern(text: &str) -> Result<String, Wrong> {
    let wrong =
        || Wrong::new("里有不是网站名的内容", "写 \"example.cn\"、\"*.example.cn\" 或 \"*\"，不带 http:// 和端口。");
    let (wild, host) = match text.strip_prefix("*.") {
        Some(host) => ("*.", host),
        None if text == "*" => return Ok(text.to_owned()),
        None => ("", text),
    };
    if host.is_empty() || host.contains(['/', ':', '@', '*', ' ']) && !host.starts_with('[') {
        return Err(wrong());
    }
    let host = url::Host::parse(host.trim_end_matches('.')).map_err(|_| wrong())?;
    Ok(format!("{wild}{host}"))
}

fn contact(
    group: &Group,
    index: usize,
    torn: bool,
    defaults: &BTreeMap<&'static str, Found>,
    mistakes: &mut Vec<Mistake>,
) -> Contact {
    let mut reader = Reader::new(group, format!("contacts[{}]", index + 1), defaults, mistakes);
    let mut routes = reader.texts_as("contacts.*.routes", route);
    let mut seen = Vec::new();
    routes.retain(|route| {
        !seen.contains(route) && {
            seen.push(route.clone());
            true
        }
    });
    let contact = Contact {
        unit: reader.text_or_empty("contacts.*.unit"),
        name: reader.text_or_empty("contacts.*.name"),
        phone: reader.text_or_empty("contacts.*.phone"),
        email: reader.optional_as("contacts.*.email", email).unwrap_or_default(),
        duty: reader.text_or_empty("contacts.*.duty"),
        note: reader.text_or_empty("contacts.*.note"),
        routes,
        areas: reader.texts_as("contacts.*.areas", division),
        confirmed_only: reader.optional_switch("contacts.*.confirmed_only"),
    };
    let blank = |reader: &Reader<'_>, path| !wrote(reader, path);
    if !torn && blank(&reader, "contacts.*.unit") {
        reader.wrong("contacts.*.unit", Wrong::new("没有写", "写上单位名称，例如 unit = \"区网信办\"。"));
    }
    if !torn
        && blank(&reader, "contacts.*.email")
        && reader.written("contacts.*.routes").is_some()
        && !contact.routes.is_empty()
    {
        let advice = "写上收清单的邮箱；只列入附件1、不收清单的，把 routes 空着。";
        reader.wrong("contacts.*.email", Wrong::new("没有写", advice));
    }
    contact
}

/// A path to a file that has to be there when the settings are read.
fn existing(reader: &mut Reader<'_>, path: &str) -> Option<PathBuf> {
    let file = reader.path(path)?;
    if !file.is_file() {
        let say = format!("指的文件不存在或不是文件：{}", file.display());
        reader.wrong(path, Wrong::new(say, "相对路径从配置文件所在目录算起（写在环境变量里的，从当前目录算起）。"));
        return None;
    }
    Some(file)
}

fn choice<T>(found: Option<T>, names: &[&str], text: &str) -> Result<T, Wrong> {
    found.ok_or_else(|| {
        let words = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join("、");
        let advice = keys::nearest(text, names.iter().copied()).map(|near| format!("是否想写 {near}？"));
        Wrong::new(format!("只能写 {words}"), advice.unwrap_or_default())
    })
}

/// A division code of 2, 4 or 6 digits. `330200` and `330000` are how tables pad `3302` and `33`; places match by prefix, so
/// the padding goes.
fn division(text: &str) -> Result<String, Wrong> {
    if !matches!(text.len(), 2 | 4 | 6) || !text.bytes().all(|byte| byte.is_ascii_digit()) || text.starts_with("00") {
        return Err(Wrong::new("要写 2、4 或 6 位数字的行政区划代码", "例如 \"330212\"。"));
    }
    let mut code = text;
    while let Some(shorter) = code.strip_suffix("00").filter(|shorter| shorter.len() >= 2) {
        code = shorter;
    }
    Ok(code.to_owned())
}

fn time(text: &str) -> Result<Time, Wrong> {
    let wrong = || Wrong::new("要写 时:分", "两位数字、半角冒号，例如 \"08:30\"。");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str| match digits.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(((tens - b'0') * 10 + (ones - b'0')) as i8),
        _ => None,
    };
    let (Some(hour), Some(minute)) = (number(hour), number(minute)) else { return Err(wrong()) };
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

fn quiet_hours(text: &str) -> Result<QuietHours, Wrong> {
    let wrong = || Wrong::new("要写 时:分-时:分，起止不同", "两位数字、半角冒号和减号，例如 \"00:00-06:00\"。");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let read = |text: &str| time(text.trim()).map_err(|_| wrong());
    let hours = QuietHours { from: read(from)?, to: read(to)? };
    if hours.from == hours.to { Err(wrong()) } else { Ok(hours) }
}

fn timezone(text: &str) -> Result<TimeZone, Wrong> {
    TimeZone::get(text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        let near = keys::nearest_or_longer(text, names.iter().map(String::as_str)).unwrap_or("Asia/Shanghai");
        Wrong::new("不是已知的时区", format!("是否想写 {near}？"))
    })
}

fn cidr(text: &str) -> Result<Cidr, Wrong> {
    text.parse().map_err(|why: super::CidrError| {
        Wrong::new(format!("里有不是网段（CIDR）的内容：{why}"), "例如 \"127.0.0.1/32\"。")
    })
}

fn sender(text: &str) -> Result<Mailbox, Wrong> {
    text.parse().map_err(|why: super::MailboxError| Wrong::new(why.to_string(), ""))
}

fn email(text: &str) -> Result<String, Wrong> {
    mailbox::address(text).map_err(|why| Wrong::new(why.to_string(), ""))
}

fn route(text: &str) -> Result<String, Wrong> {
    if ROUTES.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("里有不认识的部门", format!("可写：{}。", ROUTES.join("、"))))
}

/// A name or address of a server: no scheme, no port, no spaces.
fn host(text: &str) -> Result<String, Wrong> {
    let wrong = || {
        Wrong::new(
            "要写服务器的名字或 IP 地址",
            "不带 smtp://、端口和空格，例如 \"mail.example.gov.cn\"；端口写在 mail.port。",
        )
    };
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(bare.to_owned());
    }
    let plausible = text.is_ascii() && !text.contains(['/', ':', '@', ' ', '[', ']']);
    match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) if plausible => Ok(name),
        _ => Err(wrong()),
    }
}

/// No message quotes the address: it may hold credentials.
fn proxy(text: &str) -> Result<Url, Wrong> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
            && url.has_host()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
    });
    url.ok_or_else(|| {
        Wrong::new(
            "要写代理的地址（http、https、socks5 或 socks5h）",
            "例如 \"http://127.0.0.1:3128\"，端口后面不再写路径。",
        )
    })
}

fn endpoint(text: &str) -> Result<String, Wrong> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        Some(_) => Ok(text.to_owned()),
        None => Err(Wrong::new("要写 http:// 或 https:// 开头的地址", "例如 \"https://searx.example.org\"。")),
    }
}

/// Goes into a header of every request: visible ASCII without what would end the comment it stands in.
fn user_agent_contact(text: &str) -> Result<String, Wrong> {
    let fits = text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()\\\"<>".contains(&byte));
    if fits {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("要写邮箱或网址（半角字符，不含空格和括号，最多 200 个字符）", "例如 \"patrol@example.gov.cn\"。"))
}
