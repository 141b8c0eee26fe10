//! Why a host is not asked, and how a host stands: for lists, for records, and for whoever looks at one host.
//!
//! Words only; what holds a host up is decided elsewhere. Start at [`Hold`].

use std::{fmt, time::Duration};

/// What keeps a host's URLs waiting longer than its ordinary turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// It is left alone for the rest of the round, for a reason told in Chinese.
    Dropped(String),
    /// It had its share of pages of the round.
    Pages(u32),
    /// It had its share of bytes, in bytes.
    Bytes(u64),
    /// It had its share of our time.
    Time(Duration),
    /// It asked not to be asked again before so long.
    Asked(Duration),
    /// Its crawl-delay is so long.
    CrawlDelay(Duration),
}

impl Hold {
    /// A short word that never changes.
    pub fn as_code(&self) -> &'static str {
        match self {
            Hold::Dropped(_) => "dropped",
            Hold::Pages(_) => "pages",
            Hold::Bytes(_) => "bytes",
            Hold::Time(_) => "time",
            Hold::Asked(_) => "asked",
            Hold::CrawlDelay(_) => "crawl-delay",
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hold::Dropped(why) => f.write_str(why),
            Hold::Pages(pages) => write!(f, "这个网站本轮已看满 {pages} 页（crawl.host_pages）"),
            Hold::Bytes(bytes) => write!(f, "这个网站本轮已读满 {} MiB（crawl.host_mb）", bytes >> 20),
            Hold::Time(time) => write!(f, "这个网站本轮已用满 {} 分钟（crawl.host_minutes）", time.as_secs() / 60),
            Hold::Asked(wait) => write!(f, "网站要求 {} 秒以后再来", wait.as_secs().max(1)),
            Hold::CrawlDelay(delay) => {
                write!(f, "网站的 robots.txt 要求两次访问至少隔 {} 秒", delay.as_secs())
            }
        }
    }
}

/// How a host stands in this round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostState {
    /// URLs that wait, for whatever reason.
    pub waiting: u64,
    /// Pages begun.
    pub pages: u32,
    /// Bytes of bodies, as they came over the wire.
    pub bytes: u64,
    /// How long connections of ours were its.
    pub spent: Duration,
    /// From the end of a fetch to the start of the next one.
    pub interval: Duration,
    /// Whether the interval is longer because its answers have become slow.
    pub slowed: bool,
    /// What keeps its URLs waiting.
    pub hold: Option<Hold>,
}
