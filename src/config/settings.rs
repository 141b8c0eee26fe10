//! The checked settings: what the rest of the program is told. Every value here has passed its check.
//!
//! No reading, no checking, no wire format; defaults stand in the table of `keys`. Paths are absolute when the working
//! folder was. Start at [`Settings`].

use std::{collections::BTreeMap, fmt, net::IpAddr, path::PathBuf};

use jiff::{civil::Time, tz::TimeZone};
use url::Url;

use super::{
    Cidr, Mailbox, Secret, SecretError,
    secret::{bare_url, read_password},
};
use crate::clock::QuietHours;

/// Everything that can be set. `Settings::default()` is what holds with neither file nor environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The unit that runs the program.
    pub unit: Unit,
    /// Zone, rules, seeds, disk.
    pub general: General,
    /// How the outside is visited.
    pub network: Network,
    /// How far a round goes.
    pub crawl: Crawl,
    /// What was set for each source, by the name as written. Look one up with [`Settings::source`].
    pub sources: BTreeMap<String, SourceSettings>,
    /// How mail leaves.
    pub mail: Mail,
    /// The daily lists.
    pub digest: Digest,
    /// 附件1, in the order of the file.
    pub contacts: Vec<Contact>,
    /// The daemon's timetable.
    pub daemon: Daemon,
    /// How long things are kept.
    pub keep: Keep,
}

impl Settings {
    /// What was set for a source; variables cannot spell `-`, so it and `_` count as one.
    pub fn source(&self, name: &str) -> Option<&SourceSettings> {
        self.sources.iter().find(|(written, _)| same_source(written, name)).map(|(_, source)| source)
    }
}

pub(super) fn same_source(a: &str, b: &str) -> bool {
    a.replace('-', "_").eq_ignore_ascii_case(&b.replace('-', "_"))
}

/// `[unit]`
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Name on lists, letters and reports. Default: empty.
    pub name: String,
    /// Division code of 2, 4 or 6 digits, trailing `00` pairs cut (`330200` → `3302`). Default: empty, everywhere.
    pub division: String,
}

/// `[general]`
#[derive(Clone, Debug, PartialEq)]
pub struct General {
    /// Zone of dates and timetables. Default: Asia/Shanghai.
    pub timezone: TimeZone,
    /// Folder of the rules. Default: none, the set built into the program. Whether it is there is told by who reads it.
    pub rules: Option<PathBuf>,
    /// Seed lists. Default: none. Whether they are there is told by who reads them.
    pub seeds: Vec<PathBuf>,
    /// The round stops before the disk has less than this many MiB free. Default: 256.
    pub free_floor_mb: u64,
}

/// `[network]`
#[derive(Clone, PartialEq)]
pub struct Network {
    /// Forward proxy for all HTTP(S), mail never: http, https, socks5 or socks5h. Default: none.
    pub proxy: Option<Url>,
    /// Hosts that leave by another way than `proxy`; the first that fits counts. Default: none.
    pub routes: Vec<ExitRoute>,
    /// Further trusted roots, a PEM file that exists. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Blocks that the address guard lets through. Default: none.
    pub allow_addresses: Vec<Cidr>,
    /// Milliseconds between two requests to one host, over all names of its registrable domain and of its address; 0 switches all
    /// waits of politeness off. Default: 1000.
    pub host_delay_ms: u64,
    /// Connections at a time over the same. Default: 1.
    pub host_connections: usize,
    /// Hours of each day in which no fetch begins. Default: none.
    pub quiet_hours: Option<QuietHours>,
    /// Connections at a time in all. Default: 64.
    pub connections: usize,
    /// Whether robots.txt governs. Default: obey.
    pub robots: Robots,
    /// When a browser renders pages. Default: auto.
    pub render: Render,
    /// Whether the browser keeps its sandbox. False is a danger: pages then run with this user's rights. Default: true.
    pub render_sandbox: bool,
    /// Seconds to connect. Default: 10.
    pub connect_timeout_s: u64,
    /// Seconds between two pieces of a body. Default: 15.
    pub read_timeout_s: u64,
    /// Seconds for a whole request. Default: 30.
    pub total_timeout_s: u64,
    /// MiB of a body after decompression; the rest is cut. Default: 8.
    pub max_body_mb: u64,
    /// Further tries after a failure that may pass. Default: 2.
    pub retries: u32,
    /// Whom a site's keeper may write to: visible ASCII, no brackets, fit for the User-Agent. Default: none.
    pub user_agent_contact: Option<String>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart without `..`, so that a new field cannot be forgotten. The proxy's credentials stay hidden.
        let Network {
            proxy,
            routes,
            ca_file,
            allow_addresses,
            host_delay_ms,
            host_connections,
            quiet_hours,
            connections,
            robots,
            render,
            render_sandbox,
            connect_timeout_s,
            read_timeout_s,
            total_timeout_s,
            max_body_mb,
            retries,
            user_agent_contact,
        } = self;
        f.debug_struct("Network")
            .field("proxy", &proxy.as_ref().map(|proxy| bare_url(proxy.as_str())))
            .field("routes", routes)
            .field("ca_file", ca_file)
            .field("allow_addresses", allow_addresses)
            .field("host_delay_ms", host_delay_ms)
            .field("host_connections", host_connections)
            .field("quiet_hours", quiet_hours)
            .field("connections", connections)
            .field("robots", robots)
            .field("render", render)
            .field("render_sandbox", render_sandbox)
            .field("connect_timeout_s", connect_timeout_s)
            .field("read_timeout_s", read_timeout_s)
            .field("total_timeout_s", total_timeout_s)
            .field("max_body_mb", max_body_mb)
            .field("retries", retries)
            .field("user_agent_contact", user_agent_contact)
            .finish()
    }
}

/// `[[network.routes]]`: the way out for some hosts.
#[derive(Clone, PartialEq)]
pub struct ExitRoute {
    /// `example.cn`, `*.example.cn` (it and all below it), `*`; lower case, A-labels. Never empty.
    pub hosts: Vec<String>,
    /// The proxy, as for [`Network::proxy`]; none (`"direct"`): straight.
    pub proxy: Option<Url>,
}

impl fmt::Debug for ExitRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExitRoute { hosts, proxy } = self;
        f.debug_struct("ExitRoute")
            .field("hosts", hosts)
            .field("proxy", &proxy.as_ref().map(|proxy| bare_url(proxy.as_str())))
            .finish()
    }
}

/// `[crawl]`
#[derive(Clone, Debug, PartialEq)]
pub struct Crawl {
    /// Links followed on one host. Default: 2.
    pub depth: u32,
    /// Pages of one host a round. Default: 500.
    pub host_pages: u32,
    /// MiB of bodies of one host a round, as they come over the wire. Default: 256.
    pub host_mb: u64,
    /// Minutes a round that connections may be one host's, added up. Default: 60.
    pub host_minutes: u64,
    /// Minutes after which a round ends; 0: when the work does. Default: 0.
    pub round_minutes: u64,
    /// Links taken from one page. Default: 200.
    pub links_per_page: u32,
    /// Looks as somebody else at one host a round; 0: none. Default: 6.
    pub disguised_looks: u32,
    /// Hours between two looks at an open case, never below 6. Default: 6.
    pub recheck_hours: u64,
}

/// `[sources.NAME]`: what the unit says about a source; what is `None` stands in the source's rule file.
#[derive(Clone, PartialEq)]
pub struct SourceSettings {
    /// Whether it is asked.
    pub enabled: Option<bool>,
    /// Address of the unit's own endpoint, http or https; may hold credentials.
    pub url: Option<String>,
    /// Requests a day.
    pub daily: Option<u32>,
    /// Milliseconds between two requests.
    pub delay_ms: Option<u64>,
    /// Result pages asked for a query.
    pub pages: Option<u32>,
    /// Where the section stands, for mistakes found later: the file as named, or the variable.
    pub file: String,
    /// Its line there.
    pub line: Option<usize>,
}

impl fmt::Debug for SourceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourceSettings { enabled, url, daily, delay_ms, pages, file, line } = self;
        f.debug_struct("SourceSettings")
            .field("enabled", enabled)
            .field("url", &url.as_deref().map(bare_url))
            .field("daily", daily)
            .field("delay_ms", delay_ms)
            .field("pages", pages)
            .field("file", file)
            .field("line", line)
            .finish()
    }
}

/// `[mail]`
#[derive(Clone, PartialEq)]
pub struct Mail {
    /// Where letters go. Default: outbox.
    pub transport: Transport,
    /// Name or address of the server. Default: 127.0.0.1.
    pub host: String,
    /// Its port. Default: 25.
    pub port: u16,
    /// How the connection is protected. Default: required.
    pub tls: Tls,
    /// Blocks to which `tls = "none"` is allowed, besides loopback. Default: none.
    pub plaintext_networks: Vec<Cidr>,
    /// Log-in name. Default: none, no log-in.
    pub user: Option<String>,
    /// A file that exists and holds the password, read at use with [`Mail::password`]. Default: none.
    pub password_file: Option<PathBuf>,
    /// The sender. Default: 鉴证巡查 <patrol@example.gov.cn>.
    pub from: Mailbox,
    /// Seconds for one letter in all. Default: 60.
    pub timeout_s: u64,
}

impl Mail {
    /// The password as it stands in its file now; `None` when no file is set.
    pub fn password(&self) -> Result<Option<Secret>, SecretError> {
        self.password_file.as_deref().map(read_password).transpose()
    }

    /// Whether a letter may go unprotected to this address. With a host *name* and `tls = "none"` the mailer has to ask
    /// this for the address that it really connects to.
    pub fn plaintext_allowed(&self, address: IpAddr) -> bool {
        address.to_canonical().is_loopback() || self.plaintext_networks.iter().any(|block| block.contains(address))
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mail { transport, host, port, tls, plaintext_networks, user, password_file, from, timeout_s } = self;
        f.debug_struct("Mail")
            .field("transport", transport)
            .field("host", host)
            .field("port", port)
            .field("tls", tls)
            .field("plaintext_networks", plaintext_networks)
            .field("user", &user.as_ref().map(|user| Secret::new(user.as_str())))
            .field("password_file", password_file)
            .field("from", from)
            .field("timeout_s", timeout_s)
            .finish()
    }
}

/// `[digest]`
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// Time of day of the lists. Default: 08:30.
    pub at: Time,
    /// Score from which a target is listed. Default: 80.
    pub threshold: f64,
    /// Score from which an officer looks; never above `threshold`. Default: 50.
    pub review_threshold: f64,
}

/// `[[contacts]]`: one person of 附件1.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// 单位. Never empty.
    pub unit: String,
    /// 姓名
    pub name: String,
    /// 联系方式
    pub phone: String,
    /// Address of the lists. Empty only where `routes` is: such a person stands in 附件1 and gets no mail.
    pub email: String,
    /// 职务
    pub duty: String,
    /// 备注
    pub note: String,
    /// Bodies whose list it gets, spelled as CONTRACT.md does; no doubles.
    pub routes: Vec<String>,
    /// Division codes, trailing `00` pairs cut; empty: everywhere.
    pub areas: Vec<String>,
    /// Only what an officer confirmed, as written; ask [`Contact::confirmed_only`] for what holds.
    pub confirmed_only: Option<bool>,
}

impl Contact {
    /// Whether this contact's list for `route` holds confirmed cases only: as written, else for 公安 yes, for others no.
    pub fn confirmed_only(&self, route: &str) -> bool {
        self.confirmed_only.unwrap_or(route == "公安")
    }
}

/// `[daemon]`
#[derive(Clone, Debug, PartialEq)]
pub struct Daemon {
    /// Times of day at which a round starts, in order, no doubles. Default: 02:00 and 14:00.
    pub rounds: Vec<Time>,
}

/// `[keep]`
#[derive(Clone, Debug, PartialEq)]
pub struct Keep {
    /// Days that bodies of innocent pages are kept. Default: 30.
    pub innocent_days: u64,
}

/// A setting that is one of a few words: the enum, its words, and the way from one to the other, all from one list.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// The words as settings spell them.
            pub const NAMES: &'static [&'static str] = &[$($word),+];

            /// The choice with this word.
            pub fn named(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// Its word.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

choice! {
    /// Whether robots.txt governs.
    Robots {
        /// It does.
        Obey = "obey",
        /// An order of the unit says it does not; written into evidence.
        Ignore = "ignore",
    }
}

choice! {
    /// When a headless browser renders a page.
    Render {
        /// Where the page needs it.
        Auto = "auto",
        /// Never.
        Off = "off",
        /// For every page.
        Always = "always",
    }
}

choice! {
    /// Where letters go.
    Transport {
        /// Into the outbox folder, nowhere else.
        Outbox = "outbox",
        /// To the mail server.
        Smtp = "smtp",
    }
}

choice! {
    /// How the connection to the mail server is protected.
    Tls {
        /// STARTTLS, or no mail.
        Required = "required",
        /// TLS from the first byte.
        Wrapper = "wrapper",
        /// Not at all: only to loopback and [`Mail::plaintext_networks`].
        None = "none",
    }
}
