//! What a site asks of robots: RFC 9309, read with the tolerance for slips that Google's parser has.
//!
//! Pure: fetching and keeping is [`access`]. Hostile input costs time and memory in proportion to its size and no more: see
//! `matcher`. It must not look at `Sitemap` or anything else that is not a wish about robots. Start at [`Robots::parse`].

pub mod access;
mod matcher;
#[cfg(test)]
mod tests;

use std::time::Duration;

use url::Url;

pub use access::{Access, RobotsCache};
use matcher::Rules;

/// The name by which a site can address us.
pub const PRODUCT: &str = "jianzheng";
/// RFC 9309 §2.5 wants at least 500 KiB read; we read that much and no more.
pub const MAX_BYTES: usize = 500 << 10;
/// A longer wish is cut to this. Whoever asks for more than a minute parks the host (the frontier's decision).
pub const MAX_CRAWL_DELAY: Duration = Duration::from_secs(3600);
/// Google cuts lines here; no honest rule is longer.
const MAX_LINE: usize = 2083 * 8;

/// The rules of one robots.txt that concern us.
#[derive(Debug, Clone, Default)]
pub struct Robots {
    rules: Rules,
    crawl_delay: Option<Duration>,
    cut: bool,
}

impl Robots {
    /// Reads a robots.txt. Never fails: a line that is no rule is no rule.
    pub fn parse(body: &[u8]) -> Robots {
        Robots::parse_for(PRODUCT, body)
    }

    fn parse_for(product: &str, body: &[u8]) -> Robots {
        let mut cut = body.len() > MAX_BYTES;
        let body = &body[..body.len().min(MAX_BYTES)];
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);

        // Groups that name us are merged, wherever they stand; those for `*` count only if there is none.
        let (mut ours, mut anyones) = (Group::default(), Group::default());
        let (mut for_us, mut for_all, mut named, mut in_rules) = (false, false, false, false);
        for line in body.split(|&b| b == b'\n' || b == b'\r') {
            cut |= line.len() > MAX_LINE;
            let Some((key, value)) = directive(&line[..line.len().min(MAX_LINE)]) else { continue };
            match key {
                Key::UserAgent => {
                    if std::mem::take(&mut in_rules) {
                        (for_us, for_all) = (false, false);
                    }
                    for_all |= value == b"*" || matches!(value, [b'*', b, ..] if b.is_ascii_whitespace());
                    if product_token(value).eq_ignore_ascii_case(product.as_bytes()) {
                        (for_us, named) = (true, true);
                    }
                }
                Key::Rule { allow } => {
                    in_rules = true;
                    for (group, _) in [(&mut ours, for_us), (&mut anyones, for_all)].into_iter().filter(|(_, on)| *on) {
                        group.rules.add(allow, value);
                    }
                }
                // Not a rule of RFC 9309, so it does not end the list of names above it.
                Key::CrawlDelay => {
                    for (group, _) in [(&mut ours, for_us), (&mut anyones, for_all)].into_iter().filter(|(_, on)| *on) {
                        group.crawl_delay = seconds(value).max(group.crawl_delay);
                    }
                }
            }
        }
        let mut group = if named { ours } else { anyones };
        cut |= group.rules.finish();
        Robots { rules: group.rules, crawl_delay: group.crawl_delay, cut }
    }

    /// Whether the URL may be fetched. `/robots.txt` itself always may.
    pub fn allowed(&self, url: &Url) -> bool {
        match url.query() {
            None => self.allows(url.path().as_bytes()),
            Some(query) => self.allows(format!("{}?{query}", url.path()).as_bytes()),
        }
    }

    fn allows(&self, path: &[u8]) -> bool {
        path == b"/robots.txt" || self.rules.allow(path)
    }

    /// The pause the site asks for between two requests, at most [`MAX_CRAWL_DELAY`].
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// Whether something was left unread: beyond [`MAX_BYTES`], an endless line, or more wildcard rules than anyone needs.
    pub fn cut(&self) -> bool {
        self.cut
    }
}

#[derive(Default)]
struct Group {
    rules: Rules,
    crawl_delay: Option<Duration>,
}

#[derive(Clone, Copy)]
enum Key {
    UserAgent,
    Rule { allow: bool },
    CrawlDelay,
}

/// One line taken apart. Frequent misspellings and a space for the colon count, as they do with Google: the site's wish is clear.
fn directive(line: &[u8]) -> Option<(Key, &[u8])> {
    let line = line.split(|&b| b == b'#').next().unwrap_or_default().trim_ascii();
    let (key, value) = match line.iter().position(|&b| b == b':') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => {
            let at = line.iter().position(u8::is_ascii_whitespace)?;
            // Two words make a directive; a sentence is prose.
            let value = line[at..].trim_ascii();
            if value.iter().any(u8::is_ascii_whitespace) {
                return None;
            }
            (&line[..at], value)
        }
    };
    let key = match key.trim_ascii().to_ascii_lowercase().as_slice() {
        b"user-agent" | b"useragent" | b"user agent" => Key::UserAgent,
        b"allow" => Key::Rule { allow: true },
        b"disallow" | b"dissallow" | b"dissalow" | b"disalow" | b"diasllow" | b"disallaw" => Key::Rule { allow: false },
        b"crawl-delay" | b"crawldelay" | b"crawl delay" => Key::CrawlDelay,
        _ => return None,
    };
    Some((key, value.trim_ascii()))
}

/// The product of a `User-agent` value: letters, `-`, `_`; a version behind it is not part of it.
fn product_token(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|b| !(b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))).unwrap_or(value.len());
    &value[..end]
}

fn seconds(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    let cut = seconds.clamp(0.0, MAX_CRAWL_DELAY.as_secs_f64());
    // NaN passes through clamp; Duration refuses it.
    Duration::try_from_secs_f64(cut).ok()
}
