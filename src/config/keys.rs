//! The one table of settings: every key with its kind, its default and what an officer is told about it.
//!
//! The unknown-key check, the nearest-name advice, the built-in defaults, the environment's names and the example file all
//! read this table, so they cannot drift apart. It holds no checking beyond kind and range: formats (a time zone, a mailbox)
//! are the business of `check`. Start at [`KEYS`].

use strsim::damerau_levenshtein;

/// What a key's value has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// One line of text.
    Text,
    /// One line of text that may carry credentials: no message ever shows it.
    Private,
    /// A path; empty means none.
    Path,
    /// Several paths.
    Paths,
    /// Several texts.
    Texts,
    /// A time of day, quoted or as TOML's own `08:30`.
    Time,
    /// Several times of day.
    Times,
    /// A whole number within bounds, both ends included.
    Whole(u64, u64),
    /// A score: any number from 0 to 100.
    Score,
    /// true or false.
    Switch,
    /// One of a few words.
    OneOf(&'static [&'static str]),
}

impl Kind {
    /// Whether the environment's unquoted text is taken as it is.
    pub(super) fn wants_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Private | Kind::Path | Kind::Time | Kind::OneOf(_))
    }
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Key {
    /// `section.name`; the section is `sources.*` or `contacts.*` where a name or a place in the list stands between.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// The default as TOML text. In the two sections with `*` nothing is built in: there it is a made-up value to show.
    pub(super) default: &'static str,
    /// What the example file tells about it.
    pub(super) say: &'static str,
}

impl Key {
    pub(super) fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// Whether the section repeats, so that the key has no built-in default.
    pub(super) fn repeats(&self) -> bool {
        self.path.contains('*')
    }
}

/// The sections in the order of the example file, each with its opening line there.
pub(super) const SECTIONS: &[(&str, &str)] = &[
    ("unit", "本单位。"),
    ("general", "总的设置。"),
    ("network", "网络与礼貌：怎样访问外面的网站。"),
    (
        "network.routes",
        "按网站走不同的出口代理（例如国内出口），一条一段，写在前面的先算；没有说到的走 network.proxy。",
    ),
    ("crawl", "一轮巡查走多远。"),
    ("sources", "线索来源，一个来源一段，来源名见 rules/sources/*.toml；不写的项用规则里的默认值。"),
    ("mail", "发信。"),
    ("digest", "每日清单。"),
    ("daemon", "常驻运行（jianzheng daemon）的时间表。"),
    ("keep", "保存期限。"),
    ("contacts", "联络员（附件1），一人一段。"),
];

/// The bodies a contact can stand for.
pub(super) const ROUTES: &[&str] = &["网信", "市监", "公安", "住建", "人社", "平台", "通信管理局"];

const fn key(path: &'static str, kind: Kind, default: &'static str, say: &'static str) -> Key {
    Key { path, kind, default, say }
}

/// All keys, by section, in the order of the example file.
#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key("unit.name", Kind::Text, r#""""#, "单位名称，写在清单、函件和报表上，例如 \"示例区安委办\"。"),
    key("unit.division", Kind::Text, r#""""#, "行政区划代码，2、4 或 6 位数字，例如 \"330212\"；空着表示不限地区。"),

    key("general.timezone", Kind::Text, r#""Asia/Shanghai""#, "时区，IANA 名称。日期、每日清单和时间表都按它算。"),
    key("general.rules", Kind::Path, r#""""#, "规则目录；空着用程序自带的一套。相对路径从本文件所在目录算起。"),
    key("general.seeds", Kind::Paths, "[]", "起始网址清单，例如 [\"seeds/start.txt\"]。"),
    key("general.free_floor_mb", Kind::Whole(0, 16_777_216), "256", "磁盘剩余空间低于这个数（MiB）之前，本轮停止抓取。"),

    key("network.proxy", Kind::Private, r#""""#, "正向代理，例如 \"http://127.0.0.1:3128\"；所有 HTTP(S) 都走它，发信不走；不读 HTTP_PROXY。"),
    key("network.ca_file", Kind::Path, r#""""#, "另外信任的根证书（PEM）；用了会写进证据。"),
    key("network.allow_addresses", Kind::Texts, "[]", "地址防护放行的网段（CIDR），例如 [\"127.0.0.1/32\"]；一般空着。"),
    key("network.host_delay_ms", Kind::Whole(0, 3_600_000), "1000", "同一网站两次访问之间至少隔多少毫秒；同一注册域名、同一 IP 下的各个网站合起来算；0 关掉所有礼貌性等待。"),
    key("network.host_connections", Kind::Whole(1, 64), "1", "同一网站同时最多几个连接；合起来算的办法同上。"),
    key("network.connections", Kind::Whole(1, 4096), "64", "总共同时最多几个连接。"),
    key("network.quiet_hours", Kind::Text, r#""""#, "每天的安静时段，例如 \"00:00-06:00\"（可以跨零点）；这段时间不开始任何新的访问，没看完的列为没有看到；空着不设。"),
    key("network.robots", Kind::OneOf(super::Robots::NAMES), r#""obey""#, "robots.txt：\"obey\" 遵守；\"ignore\" 不遵守（须有单位的决定，会写进证据）。"),
    key("network.render", Kind::OneOf(super::Render::NAMES), r#""auto""#, "用无界面 Chromium 打开网页：\"auto\" 需要时、\"off\" 从不、\"always\" 总是。"),
    key("network.render_sandbox", Kind::Switch, "true", "浏览器带不带沙箱。false 很危险：网页一旦攻破浏览器，就有本程序的全部权限；只在容器等与别处隔开的机器上用。"),
    key("network.connect_timeout_s", Kind::Whole(1, 600), "10", "连接超时（秒）。"),
    key("network.read_timeout_s", Kind::Whole(1, 600), "15", "读取时两段数据之间最多等多少秒。"),
    key("network.total_timeout_s", Kind::Whole(1, 600), "30", "一次访问从头到尾最多多少秒。"),
    key("network.max_body_mb", Kind::Whole(1, 256), "8", "一个网页解压后最多读多少 MiB，多的截掉。"),
    key("network.retries", Kind::Whole(0, 10), "2", "连不上或对方出错时再试几次。"),
    key("network.user_agent_contact", Kind::Text, r#""""#, "写进 User-Agent 的联系方式（邮箱或网址），方便网站管理员联系；空着不写。"),

    key("network.routes.*.hosts", Kind::Texts, r#"["*.cn"]"#, "哪些网站：\"example.cn\" 一个，\"*.example.cn\" 连同它下面的，\"*\" 全部。"),
    key("network.routes.*.proxy", Kind::Private, r#""http://10.0.0.2:3128""#, "走哪个代理，写法同 network.proxy；\"direct\" 直连。代理不通时这些网站算看不到，不算消失。"),

    key("crawl.depth", Kind::Whole(0, 8), "2", "在同一网站内顺着链接走几层。"),
    key("crawl.host_pages", Kind::Whole(1, 100_000), "500", "一轮里同一网站最多看多少页。"),
    key("crawl.host_mb", Kind::Whole(1, 1_048_576), "256", "一轮里同一网站最多读多少 MiB（传输的字节数）。"),
    key("crawl.host_minutes", Kind::Whole(1, 10_080), "60", "一轮里同一网站最多占用连接多少分钟（各次访问相加）。"),
    key("crawl.round_minutes", Kind::Whole(0, 10_080), "0", "一轮最长多少分钟；0 表示做完为止。"),
    key("crawl.links_per_page", Kind::Whole(1, 10_000), "200", "一页最多取多少个链接。"),
    key("crawl.disguised_looks", Kind::Whole(0, 100), "6", "网页像是在躲巡查时，换成电脑浏览器、手机微信、搜索来客的身份再看：一轮里同一网站最多几次；0 表示从不换身份。"),
    key("crawl.recheck_hours", Kind::Whole(6, 168), "6", "未结的案件隔多少小时复看一次，不少于 6（“已消失”须隔 6 小时看两次）。"),

    key("sources.*.enabled", Kind::Switch, "true", "是否启用。搜索引擎的结果页算人工检索，由单位决定是否打开。"),
    key("sources.*.url", Kind::Private, r#""https://searx.example.org""#, "来源的地址，自建的（如 SearXNG）才要写。"),
    key("sources.*.daily", Kind::Whole(0, 1_000_000), "200", "一天最多问多少次。"),
    key("sources.*.delay_ms", Kind::Whole(0, 3_600_000), "5000", "两次询问之间至少隔多少毫秒。"),
    key("sources.*.pages", Kind::Whole(1, 100), "2", "每个检索词看几页结果。"),

    key("mail.transport", Kind::OneOf(super::Transport::NAMES), r#""outbox""#, "\"outbox\" 只把信写进 outbox 目录；\"smtp\" 发出去。"),
    key("mail.host", Kind::Text, r#""127.0.0.1""#, "邮件服务器的名字或地址。"),
    key("mail.port", Kind::Whole(1, 65_535), "25", "端口：一般 25 或 587 配 required，465 配 wrapper。"),
    key("mail.tls", Kind::OneOf(super::Tls::NAMES), r#""required""#, "\"required\" 必须 STARTTLS；\"wrapper\" 一连上就加密；\"none\" 不加密，只准用于本机和 plaintext_networks。"),
    key("mail.plaintext_networks", Kind::Texts, "[]", "准许不加密发信的内网网段（CIDR），例如 [\"10.1.0.0/16\"]。"),
    key("mail.user", Kind::Private, r#""""#, "登录名；空着不登录。"),
    key("mail.password_file", Kind::Path, r#""""#, "存放密码的文件（只有密码一行）；密码不写在本文件里。"),
    key("mail.from", Kind::Text, r#""鉴证巡查 <patrol@example.gov.cn>""#, "发件人：名称 <邮箱>。"),
    key("mail.timeout_s", Kind::Whole(1, 600), "60", "一封信从连接到发完最多多少秒。"),

    key("digest.at", Kind::Time, r#""08:30""#, "每日清单几点发（时:分）。"),
    key("digest.threshold", Kind::Score, "80", "得分不低于它的直接列入清单；低于它的先由人工复核。"),
    key("digest.review_threshold", Kind::Score, "50", "得分不低于它的列为待复核；不能大于 threshold。"),

    key("daemon.rounds", Kind::Times, r#"["02:00", "14:00"]"#, "每天几点开始一轮巡查。"),

    key("keep.innocent_days", Kind::Whole(0, 3650), "30", "判为无关的网页原文保存多少天。"),

    key("contacts.*.unit", Kind::Text, r#""区网信办""#, "单位，必写。"),
    key("contacts.*.name", Kind::Text, r#""示例""#, "姓名。"),
    key("contacts.*.phone", Kind::Text, r#""0574-88880000""#, "联系方式。"),
    key("contacts.*.email", Kind::Text, r#""wangxin@example.gov.cn""#, "收清单的邮箱；写了 routes 就必须有。"),
    key("contacts.*.duty", Kind::Text, r#""联络员""#, "职务。"),
    key("contacts.*.note", Kind::Text, r#""""#, "备注。"),
    key("contacts.*.routes", Kind::Texts, r#"["网信"]"#, "收哪几条线的清单：网信、市监、公安、住建、人社、平台、通信管理局；几条线合成一封信，各占一节。"),
    key("contacts.*.areas", Kind::Texts, "[]", "只收这些地区的（行政区划代码，2、4 或 6 位）；空着收全部。"),
    key("contacts.*.confirmed_only", Kind::Switch, "false", "只收人工确认过的；不写时公安为 true，其他为 false。"),
];

/// The key with this path, where a name or a place in a list is written `*`.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Section as written in [`SECTIONS`] → section as written in paths.
pub(super) fn path_of_section(section: &str) -> String {
    match section {
        "sources" | "contacts" | "network.routes" => format!("{section}.*"),
        plain => plain.to_owned(),
    }
}

/// The variable that overrides a key: `mail.port` → `JIANZHENG_MAIL__PORT`.
pub(super) fn variable(path: &str) -> String {
    format!("{}{}", super::PREFIX, path.replace('.', "__").to_uppercase())
}

/// Advice for a name that no key of `section` (as in paths) has.
pub(super) fn advice_for_name(section: &str, name: &str) -> String {
    let here = KEYS.iter().filter(|key| key.section() == section);
    if let Some(near) = nearest_or_longer(name, here.clone().map(Key::name)) {
        return format!("是否想写 {near}？");
    }
    let elsewhere = KEYS.iter().filter(|key| key.section() != section);
    match nearest_or_longer(name, elsewhere.clone().map(Key::name)) {
        Some(near) => {
            let paths: Vec<_> =
                elsewhere.filter(|key| key.name() == near).map(|key| key.path.replace(".*", "")).collect();
            format!("是否想写 {}？", paths.join(" 或 "))
        }
        None if section.is_empty() => advice_for_section(name),
        None => format!("这一段可写：{}。", here.map(Key::name).collect::<Vec<_>>().join("、")),
    }
}

/// Advice for a section that does not exist.
pub(super) fn advice_for_section(name: &str) -> String {
    match nearest(name, SECTIONS.iter().map(|(section, _)| *section)) {
        Some(near) => format!("是否想写 {near}？"),
        None => {
            format!("可用的段：{}。", SECTIONS.iter().map(|(section, _)| *section).collect::<Vec<_>>().join("、"))
        }
    }
}

/// Advice for a variable that overrides nothing.
pub(super) fn advice_for_variable(variable_name: &str) -> String {
    let plain: Vec<String> = KEYS.iter().filter(|key| !key.repeats()).map(|key| variable(key.path)).collect();
    match nearest(&variable_name.to_uppercase(), plain.iter().map(String::as_str)) {
        Some(near) => format!("是否想写 {near}？"),
        None => format!("写法是 {}段名__键名，例如 {}。", super::PREFIX, variable("mail.port")),
    }
}

/// The candidate that `written` was most likely meant to be, if one is near enough to be worth naming.
///
/// Edit distance at most a third of the word (at least one): `proxi` → `proxy`, but `x` → nothing.
pub(super) fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    // Longer than any name we know: not a slip of the pen, and not worth a quadratic comparison.
    if length > 80 {
        return None;
    }
    let lower = written.to_lowercase().replace('-', "_");
    candidates
        .map(|candidate| {
            let simple = candidate.to_lowercase().replace('-', "_");
            (damerau_levenshtein(&lower, &simple), candidate)
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| {
            *distance <= (length.max(candidate.chars().count()) / 3).min(length.saturating_sub(1))
        })
        .map(|(_, candidate)| candidate)
}

/// As [`nearest`], or else the shortest candidate that the written word is a part of: `password` → `password_file`.
pub(super) fn nearest_or_longer<'a>(
    written: &str,
    candidates: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    nearest(written, candidates.clone()).or_else(|| {
        let lower = written.to_lowercase();
        // Less than a word says nothing.
        let longer = candidates.filter(|candidate| lower.len() >= 4 && candidate.to_lowercase().contains(&lower));
        longer.min_by_key(|candidate| candidate.len())
    })
}
