//! What is a host name and which part of it somebody owns. It must not refuse a name that a browser accepts.
//!
//! Start at [`host_of`].

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use thiserror::Error;

/// Longest name that DNS can carry, without the final dot.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// Longest line that is looked at: a URL may be far longer than its host.
const MAX_LINE: usize = 64 * 1024;

/// Why something is not a host name. The message is for the person at the keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotAHost {
    /// Nothing is left after trimming.
    #[error("网址是空的")]
    Empty,
    /// The line is longer than any URL.
    #[error("这一行有 {0} 字节，太长，不像网址")]
    LongLine(usize),
    /// The name is longer than DNS allows.
    #[error("主机名有 {0} 字节，超过 253 字节的上限")]
    LongName(usize),
    /// One label is longer than DNS allows.
    #[error("主机名中的“{0}…”一段超过 63 字节")]
    LongLabel(String),
    /// Two dots in a row, or a leading dot.
    #[error("主机名里有空段（连着两个点，或以点开头）")]
    EmptyLabel,
    /// A character no host name can hold.
    #[error("主机名里不能有“{0}”")]
    BadCharacter(String),
    /// Not valid IDNA (bad Punycode, a forbidden character).
    #[error("“{0}”不是有效的域名（Punycode 或字符不合规）")]
    Idna(String),
    /// A mail address.
    #[error("“{0}”像是邮箱，不是网址")]
    Mail(String),
    /// A URL that has no host, such as `tel:` or `javascript:`.
    #[error("“{0}:”开头的地址没有主机名")]
    NoHost(String),
    /// A bracketed literal that is not IPv6.
    #[error("方括号里不是 IPv6 地址：{0}")]
    BadAddress(String),
    /// What follows the colon is not a port.
    #[error("端口“{0}”不是 0–65535 的数")]
    BadPort(String),
}

/// The host of a line that holds a host name or a URL, as a lower-case A-label; IPv6 without brackets.
///
/// Takes Unicode or Punycode, full-width letters, ideographic dots, user info, port, path, a final dot and a leading `*.`.
///
/// # Errors
/// What is wrong with the line, in Chinese.
pub fn host_of(line: &str) -> Result<String, NotAHost> {
    if line.len() > MAX_LINE {
        return Err(NotAHost::LongLine(line.len()));
    }
    let line = line.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
    if line.is_empty() {
        return Err(NotAHost::Empty);
    }
    let (rest, is_url) = after_scheme(line)?;
    let end = rest.find(['/', '\\', '?', '#', '／', '？', '＃']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host_port = match authority.rfind('@') {
        Some(at) if is_url => &authority[at + 1..],
        Some(_) => return Err(NotAHost::Mail(brief(authority))),
        None => authority,
    };
    if let Some(inner) = host_port.strip_prefix('[') {
        let (literal, port) = inner.split_once(']').ok_or_else(|| NotAHost::BadAddress(brief(host_port)))?;
        check_port(port.strip_prefix(':').unwrap_or(port))?;
        return ipv6(literal).ok_or_else(|| NotAHost::BadAddress(brief(literal)));
    }
    if let Some(address) = ipv6(host_port) {
        return Ok(address);
    }
    let host = match host_port.rsplit_once([':', '：']) {
        Some((host, port)) => {
            check_port(port)?;
            host
        }
        None => host_port,
    };
    to_a_label(host).map(Cow::into_owned)
}

/// The user info of a URL, percent escapes undone: what stands before the last @ of its authority.
pub(super) fn user_of(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("://")?;
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    Some(crate::entities::percent_decoded(user))
}

/// The part that one party registered: public suffix plus one label, private suffixes (github.io …) counted as suffixes.
/// Addresses, single labels and bare suffixes are themselves.
pub fn registrable(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    if is_address(host) {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// Whether the name stands under a suffix that only Chinese government bodies get: the `gov.cn` tree and `.政务`, both given
/// out against proof. `gov.cn.x.com`, `xgov.cn`, `政务.cn` and foreign `gov` suffixes do not.
pub fn is_government(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    under(host, "gov.cn") || under(host, "xn--zfr164b")
}

/// Whether the name stands under a suffix that is given out against proof to bodies that sell nothing: besides the government's those
/// of schools, the army and public welfare (.公益).
pub fn is_vouched_for(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    is_government(host) || ["edu.cn", "mil.cn", "xn--55qw42g"].iter().any(|suffix| under(host, suffix))
}

/// Whether `host` is `parent` or below it.
pub(super) fn under(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent).is_some_and(|left| left.is_empty() || left.ends_with('.'))
}

/// Whether the name is an IP address as a browser would read it in canonical spelling.
pub(super) fn is_address(host: &str) -> bool {
    match host.as_bytes() {
        [] => false,
        bytes if bytes.contains(&b':') => host.parse::<Ipv6Addr>().is_ok(),
        [.., last] => last.is_ascii_digit() && host.parse::<Ipv4Addr>().is_ok(),
    }
}

/// Lower-case A-label of a bare host name; borrowed when it is one already.
pub(super) fn to_a_label(host: &str) -> Result<Cow<'_, str>, NotAHost> {
    let host = host.strip_prefix("*.").unwrap_or(host);
    if host.is_empty() {
        return Err(NotAHost::Empty);
    }
    if let Some(address) = ipv6(host) {
        return Ok(Cow::Owned(address));
    }
    // The longest Unicode spelling of a 253-byte name is far below this; beyond it IDNA would only waste time.
    if host.len() > MAX_NAME * 8 {
        return Err(NotAHost::LongName(host.len()));
    }
    if let Some(bad) = host.chars().find(|&c| c.is_whitespace() || (c.is_ascii() && !is_host_byte(c as u8))) {
        return Err(NotAHost::BadCharacter(bad.escape_debug().to_string()));
    }
    let mut ascii = Uts46::new()
        .to_ascii(host.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| NotAHost::Idna(brief(host)))?;
    if ascii.ends_with('.') {
        ascii = match ascii {
            Cow::Borrowed(name) => Cow::Borrowed(&name[..name.len() - 1]),
            Cow::Owned(mut name) => {
                name.pop();
                Cow::Owned(name)
            }
        };
    }
    if ascii.is_empty() {
        return Err(NotAHost::EmptyLabel);
    }
    if ascii.len() > MAX_NAME {
        return Err(NotAHost::LongName(ascii.len()));
    }
    // UTS 46 can map a full-width sign to an ASCII one, so the check comes once more after it.
    if let Some(bad) = ascii.bytes().find(|&b| !is_host_byte(b)) {
        return Err(NotAHost::BadCharacter(char::from(bad).escape_debug().to_string()));
    }
    for label in ascii.split('.') {
        if label.is_empty() {
            return Err(NotAHost::EmptyLabel);
        }
        if label.len() > MAX_LABEL {
            return Err(NotAHost::LongLabel(brief(label)));
        }
    }
    Ok(ascii)
}

/// Letters, digits, dot, hyphen, and the underscore that DNS and browsers let through.
fn is_host_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')
}

/// What follows `scheme://` or `//`, and whether there was one.
fn after_scheme(line: &str) -> Result<(&str, bool), NotAHost> {
    if let Some(rest) = line.strip_prefix("//") {
        return Ok((rest, true));
    }
    let is_scheme = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    for mark in ["://", "：//", "：／／"] {
        if let Some((scheme, rest)) = line.split_once(mark)
            && is_scheme(scheme)
        {
            return Ok((rest, true));
        }
    }
    if let Some((scheme, _)) = line.split_once(':')
        && ["javascript", "data", "mailto", "tel", "sms", "about", "blob", "file", "weixin"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(NotAHost::NoHost(brief(scheme)));
    }
    Ok((line, false))
}

fn check_port(port: &str) -> Result<(), NotAHost> {
    if port.is_empty() || (port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()) {
        return Ok(());
    }
    Err(NotAHost::BadPort(brief(port)))
}

fn ipv6(text: &str) -> Option<String> {
    if !text.contains(':') {
        return None;
    }
    text.parse::<Ipv6Addr>().ok().map(|address| address.to_string())
}

/// The first signs of hostile text, fit for a message.
fn brief(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}
