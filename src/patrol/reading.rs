//! What the processor does with an answer: decode, read, judge, encode for keeping. Runs off the network's threads.
//!
//! One function, no I/O: an exchange in, a [`Read`] out. Start at [`read`].

use std::sync::Arc;

use jianzheng_core::cloaking::{self, Cloak, Guest};
use jianzheng_core::likeness::Baselines;
use jianzheng_core::page::{self, Extract, charset};
use jianzheng_core::rules::{Lists, RuleSet};
use jianzheng_core::verdict::{Beside, Thresholds, Verdict};
use url::Url;

use super::pictures;
use crate::crawl::client::{Exchange, ResolvedBy, Truncated};
use crate::crawl::decode;
use crate::crawl::picture::{self, Shown};
use crate::evidence::{self, Encoded};
use crate::store::Depicted;

/// Conditions of keeping that hold for the whole round.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Largest body after decoding.
    pub max_body: usize,
    /// Where the unit draws its lines.
    pub thresholds: Thresholds,
    /// What an expert must know of every exchange: `robots=ignored`, `clock=set`, `ca_file=set`.
    pub notes: Vec<(String, String)>,
    /// The bundled practice web answers.
    pub practice: bool,
    /// What protected sites look like; pages are held against them, where there are any.
    pub baselines: Arc<Baselines>,
}

/// What a body turned out to be.
#[derive(Debug)]
pub enum Content {
    /// A page, read and judged.
    Page(Box<(Extract, Verdict)>),
    /// A picture, with what it shows.
    Image(Shown),
    /// Something else, or nothing.
    Other,
}

/// An exchange, read and ready to be kept.
pub struct Read {
    /// For the WARC file.
    pub encoded: Encoded,
    /// What the body is.
    pub content: Content,
    /// The status that it came with.
    pub status: u16,
    /// A page of which nothing came.
    pub empty: bool,
    /// A script of the page looks at who its guest is and acts on it. Not looked for in what accuses.
    pub asks_guest: bool,
    /// Why only a part of the body came or could be unpacked, in Chinese. Of a part, nobody can say what it does not show.
    pub part: Option<&'static str>,
}

/// Reads an exchange; `known` is what a page's pictures are known to show. What comes with an error is a page as well where it accuses
/// somebody: browsers show it like any other. Where a picture was asked for, a page is none: many servers answer every address with
/// their front page.
pub fn read(rules: &RuleSet, exchange: Exchange, picture: bool, known: &Depicted, terms: &Terms) -> Read {
    let status = exchange.status;
    let empty = (200..300).contains(&status) && exchange.body.is_empty();
    let Unpacked { content, part, asks_guest } = content(rules, &exchange, picture, known, terms);
    let hit = matches!(&content, Content::Page(page) if page.1.kind.is_hit());
    // What somebody else was shown may be the half of a proof.
    let proof = hit || exchange.guest != Guest::Patrol;
    let cut = exchange.truncated.map(|truncated| match truncated {
        Truncated::Length => "网页太大，只取了前面一部分，判断以这一部分为准",
        Truncated::Time => "网页传得太慢，只取到一部分，判断以这一部分为准",
        Truncated::Disconnect => "网页没有传完连接就断了，判断以传到的部分为准",
    });
    let mut kept = to_keep(exchange, terms, hit);
    // The record's body is as it came; what was read of it is less.
    kept.notes.extend(part.map(|part| ("decoded".to_owned(), part.as_code().to_owned())));
    let encoded = evidence::encode(&kept, proof);
    Read { encoded, content, status, empty, asks_guest, part: cut.or(part.map(Part::say)) }
}

/// The content of a body, what of it could not be unpacked, and whether its scripts ask who looks.
struct Unpacked {
    content: Content,
    part: Option<Part>,
    asks_guest: bool,
}

/// Why not all of a body was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    TooLarge,
    Damaged,
}

impl Part {
    /// The word in the evidence.
    fn as_code(self) -> &'static str {
        match self {
            Part::TooLarge => "truncated; reason=length",
            Part::Damaged => "truncated; reason=damaged",
        }
    }

    fn say(self) -> &'static str {
        match self {
            Part::TooLarge => "网页解压后太大，只读了前面一部分，判断以这一部分为准",
            Part::Damaged => "网页的压缩数据不完整或已损坏，判断以读出的部分为准",
        }
    }
}

fn content(rules: &RuleSet, exchange: &Exchange, picture: bool, known: &Depicted, terms: &Terms) -> Unpacked {
    let all = |content| Unpacked { content, part: None, asks_guest: false };
    let error = !(200..300).contains(&exchange.status);
    let refresh = exchange.header("refresh").and_then(|value| page::refreshed_to(&value, &exchange.url));
    let nothing = exchange.body.is_empty() && refresh.is_none();
    if nothing || error && (picture || !shows_error(exchange)) {
        return all(Content::Other);
    }
    let kind = exchange.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let body = decode::decode(&exchange.content_encoding(), &exchange.body, terms.max_body);
    if is_image(&kind, &body.bytes, picture) {
        return all(Content::Image(picture::read(&body.bytes)));
    }
    if picture || !(exchange.body.is_empty() || is_text(&kind, &body.bytes)) {
        return all(Content::Other);
    }
    let part = match (body.truncated, body.problem) {
        (true, _) => Some(Part::TooLarge),
        (false, Some(decode::Problem::Damaged)) => Some(Part::Damaged),
        (false, _) => None,
    };
    let extract = page::read(&body.bytes, charset::of_content_type(&kind), Some(&exchange.url));
    let mut extract = pictures::with_inline(extract);
    extract.redirects.splice(0..0, refresh.map(String::from));
    pictures::put_known(known, &mut extract, &exchange.url);
    let verdict = judge(rules, &extract, &exchange.url, terms);
    if error && !verdict.kind.is_hit() {
        return all(Content::Other);
    }
    let words = rules.list(Lists::GuestScript.name()).unwrap_or_default();
    let asks_guest = !verdict.kind.is_hit() && cloaking::looks_at_guest(&body.bytes, words);
    Unpacked { content: Content::Page(Box::new((extract, verdict))), part, asks_guest }
}

/// Whether browsers show what came with a status that is no success: all of it but where they go elsewhere, or have it already.
fn shows_error(exchange: &Exchange) -> bool {
    match exchange.status {
        301 | 302 | 303 | 307 | 308 => exchange.header("location").is_none(),
        status => status >= 300 && status != 304,
    }
}

/// Judges a page beside the baselines.
pub fn judge(rules: &RuleSet, extract: &Extract, url: &Url, terms: &Terms) -> Verdict {
    judge_all(rules, extract, url, &[], terms)
}

/// The same for a page that some guests are spared.
pub fn judge_all(rules: &RuleSet, extract: &Extract, url: &Url, cloaks: &[Cloak], terms: &Terms) -> Verdict {
    let copied = terms.baselines.copied(rules.authorities(), extract, url);
    rules.judge_knowing(extract, url, Beside { copied: &copied, cloaks }, terms.thresholds)
}

/// A picture by its magic number. Who asks for one (`picture`) takes it whatever it is called, as browsers do.
fn is_image(kind: &str, body: &[u8], picture: bool) -> bool {
    let magic = [&b"\x89PNG"[..], b"\xff\xd8\xff", b"GIF8", b"BM", b"\0\0\x01\0"].iter().any(|m| body.starts_with(m))
        || (body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WEBP"));
    magic && (picture || kind.starts_with("image/") || !kind.contains("html"))
}

/// Served as text, or served as nothing in particular and looking like a page.
fn is_text(kind: &str, body: &[u8]) -> bool {
    if kind.contains("html") || kind.contains("xml") || kind.starts_with("text/plain") {
        return true;
    }
    let unsaid = kind.is_empty() || kind.starts_with("application/octet-stream") || kind.starts_with("text/");
    unsaid && body.iter().take(1024).any(|b| *b == b'<') && !body.iter().take(1024).any(|b| *b == 0)
}

/// `hit`: it accuses somebody, so all that the server showed of itself is kept.
fn to_keep(exchange: Exchange, terms: &Terms, hit: bool) -> evidence::Exchange {
    let connection = exchange.connection;
    evidence::Exchange {
        url: exchange.url.into(),
        request_head: exchange.request_head,
        status: exchange.status,
        reason: exchange.reason,
        headers: exchange.headers,
        body: exchange.body,
        time: exchange.time,
        ip: exchange.ip,
        resolved_by: match exchange.resolved_by {
            _ if terms.practice => evidence::ResolvedBy::Practice,
            ResolvedBy::Proxy => evidence::ResolvedBy::Proxy,
            ResolvedBy::Resolver | ResolvedBy::Literal => evidence::ResolvedBy::Direct,
        },
        tls_leaf_sha256: exchange.tls_leaf_sha256,
        tls_problem: exchange.tls_problem.map(|p| p.as_code().to_owned()),
        truncated: exchange.truncated.map(|t| match t {
            Truncated::Length => evidence::Truncated::Length,
            Truncated::Time => evidence::Truncated::Time,
            Truncated::Disconnect => evidence::Truncated::Disconnect,
        }),
        notes: terms.notes.clone(),
        vantage: exchange.guest.as_code().to_owned(),
        connection: evidence::Connection {
            exit: connection.exit,
            tls_version: connection.tls_version.map(str::to_owned),
            tls_chain: if hit { connection.tls_chain.to_vec() } else { Vec::new() },
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    const OFFER: &str =
        "<title>快速拿证</title><p>低压电工证免考试免培训，三天出证，官网可查，先出证后付款，加微信 demo_nb88 办理</p>";

    fn whole(encoding: &str, body: Vec<u8>, truncated: Option<Truncated>) -> bool {
        let fields = [("content-type", "text/html"), ("content-encoding", encoding)];
        got(200, &fields, body, truncated, false).part.is_none()
    }

    fn got(status: u16, fields: &[(&str, &str)], body: Vec<u8>, truncated: Option<Truncated>, picture: bool) -> Read {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let files: Vec<(String, String)> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
            .collect();
        let files: Vec<_> =
            files.into_iter().map(|(name, text)| (name.rsplit('/').next().unwrap().to_owned(), text)).collect();
        let rules = RuleSet::compile(&files).unwrap();
        let exchange = Exchange {
            guest: Guest::Patrol,
            url: "http://a.example/".parse().unwrap(),
            time: jiff::Timestamp::UNIX_EPOCH,
            request_head: Vec::new(),
            version: "HTTP/1.1",
            status,
            reason: String::new(),
            headers: fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
            body,
            truncated,
            ip: None,
            resolved_by: ResolvedBy::Resolver,
            tls_leaf_sha256: None,
            tls_problem: None,
            connection: crate::crawl::client::Connection::default(),
        };
        let terms = Terms { max_body: 1 << 20, ..Terms::default() };
        read(&rules, exchange, picture, &Depicted::default(), &terms)
    }

    #[test]
    fn what_comes_with_an_error_is_a_page_where_it_accuses() {
        let html = [("content-type", "text/html; charset=utf-8")];
        let is_page = |status, fields: &[(&str, &str)], body: &str| {
            matches!(got(status, fields, body.into(), None, false).content, Content::Page(_))
        };
        for status in [200, 300, 302, 400, 403, 404, 405, 410, 412, 418, 444, 493, 500, 503] {
            assert!(is_page(status, &html, OFFER), "{status}");
        }
        let sent = [html[0], ("location", "http://b.example/")];
        assert!(!is_page(302, &sent, OFFER) && !is_page(304, &html, OFFER));
        // An error that accuses nobody is what its status says, and a picture is none.
        let plain = "<title>404</title><p>没有这一页，可以回到首页看看别的内容。</p>";
        assert!(is_page(200, &html, plain) && !is_page(404, &html, plain) && !is_page(418, &html, plain));
        assert!(matches!(got(404, &html, OFFER.into(), None, true).content, Content::Other));
        assert_eq!(got(418, &html, OFFER.into(), None, false).status, 418);
    }

    #[test]
    fn a_refresh_header_sends_on_like_a_tag() {
        let sent = |value: &str| {
            let fields = [("content-type", "text/html"), ("refresh", value)];
            let body = "<meta http-equiv=refresh content='9;url=/later'><p>正在打开</p>";
            match got(200, &fields, body.into(), None, false).content {
                Content::Page(page) => page.0.redirects.clone(),
                _ => Vec::new(),
            }
        };
        assert_eq!(sent("0; URL='http://b.example/x'"), ["http://b.example/x", "http://a.example/later"]);
        assert_eq!(sent("3;/next"), ["http://a.example/next", "http://a.example/later"]);
        let bare = got(200, &[("refresh", "0;url=/next")], Vec::new(), None, false).content;
        assert!(matches!(bare, Content::Page(page) if page.0.redirects == ["http://a.example/next"]));
        for none in ["5", "0; url=", "0; url=javascript:alert(1)"] {
            assert_eq!(sent(none), ["http://a.example/later"], "{none}");
        }
    }

    #[test]
    fn a_picture_is_one_whatever_it_is_called_where_one_was_asked_for() {
        let mut png = std::io::Cursor::new(Vec::new());
        image::GrayImage::new(8, 8).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let html = [("content-type", "text/html; charset=utf-8")];
        let read = |picture| got(200, &html, png.get_ref().clone(), None, picture).content;
        assert!(matches!(read(true), Content::Image(_)));
        // Opened as a page it is what it is called: signs without sense.
        assert!(matches!(read(false), Content::Page(_)));
    }

    #[test]
    fn of_a_part_nobody_says_that_it_is_all() {
        let page = b"<p>".iter().chain(b"text ".repeat(400).iter()).copied().collect::<Vec<u8>>();
        assert!(whole("identity", page.clone(), None));
        for cut in [Truncated::Time, Truncated::Disconnect, Truncated::Length] {
            assert!(!whole("identity", page.clone(), Some(cut)));
        }
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        // Noise, so that half of it is half of the stream.
        let noise: Vec<u8> = (0..4000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 90 + 33).collect();
        packed.write_all(b"<p>").unwrap();
        packed.write_all(&noise).unwrap();
        let packed = packed.finish().unwrap();
        assert!(whole("gzip", packed.clone(), None));
        assert!(!whole("gzip", packed[..packed.len() / 2].to_vec(), None));
    }

    #[test]
    fn what_was_not_unpacked_is_told_and_stands_in_the_evidence() {
        let fields = [("content-type", "text/html"), ("content-encoding", "gzip")];
        let told = |page: Vec<u8>| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(&page).unwrap();
            let read = got(200, &fields, packed.finish().unwrap(), None, false);
            let mut record = Vec::new();
            flate2::read::MultiGzDecoder::new(&read.encoded.bytes[..]).read_to_end(&mut record).unwrap();
            let says = |words: &[u8]| memchr::memmem::find(&record, words).is_some();
            // The record holds all that came: to call it truncated would make a part of whole evidence.
            assert!(!says(b"WARC-Truncated"));
            (read.part, says(b"decoded: truncated; reason=length"))
        };
        assert_eq!(told(OFFER.into()), (None, false));
        let (part, noted) = told([OFFER.as_bytes(), &vec![b' '; 3 << 20]].concat());
        assert!(part.is_some_and(|part| part.contains("解压后太大")) && noted, "{part:?} {noted}");
    }
}
