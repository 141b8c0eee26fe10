//! What came back: the exchange as evidence needs it, the way that led there, or why there is nothing.
//!
//! A body that a limit or a broken line cut short is an answer, marked [`Truncated`] and judged by what was read; an error is
//! only what left no head. It must not interpret the body. Start at [`Answer`].

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jianzheng_core::cloaking::Guest;
use jianzheng_core::entities::{mask_ids, mask_url};
use jiff::Timestamp;
use url::Url;

use super::body::Room;
use super::cookies::Jar;
use crate::crawl::guard::Refusal;
use crate::crawl::tls::TlsProblem;

/// The end of a visit.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The last exchange.
    pub exchange: Exchange,
    /// The redirects that led to it, in order.
    pub hops: Vec<Hop>,
    /// Where the last exchange redirects to, when that was not followed: none left, or the caller said no. Not yet checked.
    pub onward: Option<Url>,
    /// The cookies of the visit, for a request that continues it.
    pub cookies: Jar,
    /// From the first request to the last byte, waiting for a free connection not counted.
    pub took: Duration,
    /// From the last request to the end of its response's head.
    pub waited: Duration,
    /// The right to the body's place in memory, where it is large: to be kept as long as the body.
    pub room: Option<Room>,
}

impl Answer {
    /// The URL of the last exchange.
    pub fn final_url(&self) -> &Url {
        &self.exchange.url
    }
}

/// One request and its response, as they went over the wire.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// As whom it was asked.
    pub guest: Guest,
    /// What was asked.
    pub url: Url,
    /// When it was asked.
    pub time: Timestamp,
    /// The request's head, as sent.
    pub request_head: Vec<u8>,
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: &'static str,
    /// The status code.
    pub status: u16,
    /// The reason phrase, as sent where it could be read.
    pub reason: String,
    /// The header fields: names in lower case, values as sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body without its transfer coding, in its content coding.
    pub body: Vec<u8>,
    /// Why the body is not whole.
    pub truncated: Option<Truncated>,
    /// The address that answered; not known behind a proxy.
    pub ip: Option<IpAddr>,
    /// Who found the address.
    pub resolved_by: ResolvedBy,
    /// SHA-256 of the server's certificate (DER), in hex.
    pub tls_leaf_sha256: Option<String>,
    /// What is wrong with that certificate.
    pub tls_problem: Option<TlsProblem>,
    /// What else is known of the connection.
    pub connection: Connection,
}

/// How the connection came about, for evidence.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The proxy that the request left by, without credentials; `None`: straight.
    pub exit: Option<String>,
    /// `TLSv1.3` or `TLSv1.2`.
    pub tls_version: Option<&'static str>,
    /// The certificates that the server showed in its handshake (DER), its own first; shared by all pages of the host.
    pub tls_chain: Arc<[Vec<u8>]>,
}

impl Exchange {
    /// The first field of that name (lower case), as text; bytes beyond ASCII are replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// All `Content-Encoding` fields as [`crate::crawl::decode::decode`] wants them.
    pub fn content_encoding(&self) -> String {
        let fields = self.headers.iter().filter(|(name, _)| name == "content-encoding");
        fields.map(|(_, value)| String::from_utf8_lossy(value)).collect::<Vec<_>>().join(",")
    }
}

/// One redirect that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// What was asked.
    pub url: Url,
    /// The status that redirected.
    pub status: u16,
    /// The `Location` field as sent; bytes beyond UTF-8 are replaced.
    pub location: String,
    /// The address that answered.
    pub ip: Option<IpAddr>,
}

/// Why a body is not whole. The words are WARC-Truncated's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncated {
    /// Longer than was wanted.
    Length,
    /// Too slow, or never ending.
    Time,
    /// The line broke, or the framing was wrong.
    Disconnect,
}

impl Truncated {
    /// The word of WARC 1.1 §5.13.
    pub fn as_code(self) -> &'static str {
        match self {
            Truncated::Length => "length",
            Truncated::Time => "time",
            Truncated::Disconnect => "disconnect",
        }
    }
}

/// Who turned the name into an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolvedBy {
    /// We did.
    Resolver,
    /// The URL holds the address itself.
    Literal,
    /// The proxy did.
    Proxy,
}

impl ResolvedBy {
    /// A short word that never changes.
    pub fn as_code(self) -> &'static str {
        match self {
            ResolvedBy::Resolver => "resolver",
            ResolvedBy::Literal => "literal",
            ResolvedBy::Proxy => "proxy",
        }
    }
}

/// How far a request came before its time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No connection.
    Connect,
    /// A connection, but no complete head.
    Head,
}

/// Why there is no answer. Its words end up in lists and logs, so addresses in them are masked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The guard said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The name does not exist.
    #[error("域名 {} 不存在或没有地址", mask_ids(name))]
    DnsNone {
        /// The name.
        name: String,
    },
    /// Nobody could tell what the name means.
    #[error("域名 {} 暂时解析不了", mask_ids(name))]
    DnsFailed {
        /// The name.
        name: String,
    },
    /// No connection, to the host or to the proxy.
    #[error("连接不上：{why}")]
    Connect {
        /// What the system said.
        why: String,
        /// The port itself said that nobody listens there.
        closed: bool,
    },
    /// The exit that a rule or `network.proxy` names is down: nothing is known of the site.
    #[error("出口代理 {proxy} 用不了（{why}），网站本身没有看到")]
    ProxyDown {
        /// The proxy, without credentials.
        proxy: String,
        /// What is wrong with it.
        why: String,
    },
    /// The site speaks nothing that we do: SSL 3 to TLS 1.1 or 国密 only, or keys that nobody trusts any more.
    #[error("网站的加密方式本程序不支持（只用旧版 TLS 或国密算法）：{why}")]
    TlsUnsupported {
        /// What rustls said.
        why: String,
    },
    /// The other side went away in the midst of the handshake: an old or 国密 site that does not say so, or a line that is cut.
    #[error("加密连接建立到一半被断开（可能只支持旧版 TLS 或国密，也可能线路不通）：{why}")]
    Handshake {
        /// What the system said.
        why: String,
    },
    /// No TLS connection: a certificate that strict trust refuses, or nothing in common.
    #[error("TLS 连接失败：{why}")]
    Tls {
        /// What is wrong with the certificate, if that is it.
        problem: Option<TlsProblem>,
        /// What rustls said.
        why: String,
    },
    /// No head in time.
    #[error("{}", match stage { Stage::Connect => "连接超时", Stage::Head => "连接后迟迟没有应答" })]
    Timeout {
        /// How far it came.
        stage: Stage,
    },
    /// More redirects than the request follows.
    #[error("跳转超过 {max} 次")]
    TooManyRedirects {
        /// The limit.
        max: u8,
    },
    /// A redirect to where we have been, with the same cookies.
    #[error("循环跳转：又回到 {}", mask_url(url.as_str()))]
    RedirectLoop {
        /// The URL met twice.
        url: Url,
    },
    /// A redirect to what is no URL.
    #[error("跳转目标不是网址：{}", mask_url(location))]
    BadRedirect {
        /// The `Location` field, cut and escaped.
        location: String,
    },
    /// The response's head exceeds the limits.
    #[error("应答头过大")]
    HeaderTooLarge,
    /// The connection was lost before the head was whole, or the head is not HTTP.
    #[error("应答不完整或不是 HTTP：{why}")]
    Broken {
        /// What hyper said.
        why: String,
    },
    /// The request itself cannot be sent.
    #[error("请求发不出去：{why}")]
    BadRequest {
        /// What is wrong with it.
        why: String,
    },
}

impl FetchError {
    /// Whether a proxy in between could be what failed.
    pub(super) fn may_be_the_exits(&self) -> bool {
        matches!(
            self,
            FetchError::Connect { .. }
                | FetchError::DnsNone { .. }
                | FetchError::DnsFailed { .. }
                | FetchError::Timeout { .. }
                | FetchError::Handshake { .. }
                | FetchError::Broken { .. }
        )
    }

    /// A short word that never changes, for records and the accounts of sources.
    pub fn as_code(&self) -> &'static str {
        match self {
            FetchError::Refused(refusal) => refusal.as_code(),
            FetchError::DnsNone { .. } => "dns-none",
            FetchError::DnsFailed { .. } => "dns-failed",
            FetchError::Connect { .. } => "connect",
            FetchError::ProxyDown { .. } => "proxy-down",
            FetchError::TlsUnsupported { .. } => "tls-unsupported",
            FetchError::Handshake { .. } => "tls-handshake",
            FetchError::Tls { .. } => "tls",
            FetchError::Timeout { stage: Stage::Connect } => "timeout-connect",
            FetchError::Timeout { stage: Stage::Head } => "timeout-head",
            FetchError::TooManyRedirects { .. } => "too-many-redirects",
            FetchError::RedirectLoop { .. } => "redirect-loop",
            FetchError::BadRedirect { .. } => "bad-redirect",
            FetchError::HeaderTooLarge => "header-too-large",
            FetchError::Broken { .. } => "broken",
            FetchError::BadRequest { .. } => "bad-request",
        }
    }
}
