//! Addresses of pages: one spelling for each, so that a page is fetched once and one hit stands for one final URL.
//!
//! [`canonical`] drops what does not choose a page (fragment, tracking parameters, default port), [`resolve`] makes a link
//! absolute, [`trap`] recognises addresses that a site can make without end, [`defang`] makes an address safe to mail.
//! Parameters keep their order: some sites depend on it. Nothing here asks the network.

use std::borrow::Cow;

use url::{Host, Url};

/// Longest address that is followed, in bytes.
pub const LONGEST: usize = 2_048;
/// Path segments beyond which an address is taken for a trap.
const DEEPEST: usize = 12;
/// The same segment so many times is a trap (`/a/b/a/b/a/b`).
const REPEATS: usize = 3;

/// Parameters that say who shared a link or where it was clicked, not which page it is.
fn is_tracking(name: &str) -> bool {
    const WHOLE: [&str; 22] = [
        "spm",
        "scm",
        "fbclid",
        "gclid",
        "msclkid",
        "bd_vid",
        "xsec_token",
        "xsec_source",
        "xhsshare",
        "share_token",
        "sharer_shareid",
        "share_id",
        "share_from",
        "share_source",
        "share_medium",
        "shareuid",
        "from_wecom",
        "timestamp_share",
        "chksm",
        "sharer_sharetime",
        "sharer_shareinfo",
        "hmsr",
    ];
    name.starts_with("utm_") || WHOLE.contains(&name)
}

/// The one spelling of an address. Idempotent.
pub fn canonical(url: &Url) -> Url {
    let mut url = url.clone();
    let route = url.fragment().is_some_and(|f| f.starts_with("!/") || f.starts_with('/'));
    if !route {
        url.set_fragment(None);
    }
    // One dot at the end is the root's. With more it is no name at all, and taking them off could make another host of it:
    // `0x7f.1..` would become 127.0.0.1.
    let rooted = |host: &str| host.strip_suffix('.').filter(|rest| !rest.ends_with('.')).map(str::to_owned);
    if let Some(host) = url.host_str().and_then(rooted) {
        // A host of nothing but a dot stays as it is.
        let _ = url.set_host(Some(&host));
    }
    // Credentials in an address are for no page of ours.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Cow::Owned(path) = upper_escapes(url.path())
        && path != url.path()
    {
        url.set_path(&path);
    }
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| {
                let name = pair.split('=').next().unwrap_or(pair);
                !pair.is_empty() && !is_tracking(&name.to_ascii_lowercase())
            })
            .collect();
        let kept = upper_escapes(&kept.join("&")).into_owned();
        if kept.is_empty() {
            url.set_query(None);
        } else if Some(kept.as_str()) != url.query() {
            url.set_query(Some(&kept));
        }
    }
    url
}

/// `%e4` and `%E4` are the same (RFC 3986 §6.2.2.1); escapes of letters, digits and `-._~` need not be escapes.
fn upper_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    // Where the last sign of percent went that begins no escape.
    let mut bare: Option<usize> = None;
    let mut at = 0;
    while at < bytes.len() {
        let digit = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                let byte = (high * 16 + low) as u8;
                // After a sign of percent that escapes nothing (`%%341`) the digit would make an escape of it.
                let loose = bare.is_some_and(|bare| out.len() - bare <= 2);
                if !loose && (byte.is_ascii_alphanumeric() || b"-_~".contains(&byte)) {
                    out.push(byte);
                } else {
                    out.push(b'%');
                    out.extend([bytes[at + 1].to_ascii_uppercase(), bytes[at + 2].to_ascii_uppercase()]);
                }
                at += 3;
            }
            (byte, ..) => {
                if byte == b'%' {
                    bare = Some(out.len());
                }
                out.push(byte);
                at += 1;
            }
        }
    }
    // Only ASCII was changed.
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A link made absolute: http and https only, of a length that real pages have.
pub fn resolve(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() || href.len() > LONGEST {
        return None;
    }
    let url = base.join(href).ok()?;
    let fits = matches!(url.scheme(), "http" | "https") && url.as_str().len() <= LONGEST && url.has_host();
    fits.then_some(url)
}

/// The host and port that one queue serves: `a.example`, `a.example:8080`, `https://` hosts apart only by an unusual port.
pub fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    match url.port() {
        None => host,
        Some(port) => format!("{host}:{port}"),
    }
}

/// Why an address looks like one that a site makes without end, in Chinese; none for ordinary ones.
pub fn trap(url: &Url) -> Option<&'static str> {
    if url.as_str().len() > LONGEST {
        return Some("网址过长");
    }
    let segments: Vec<&str> = url.path_segments().map(|s| s.filter(|s| !s.is_empty()).collect()).unwrap_or_default();
    if segments.len() > DEEPEST {
        return Some("目录层数过多");
    }
    let repeated = segments.iter().enumerate().any(|(i, segment)| {
        segment.parse::<u32>().is_err() && segments[i..].iter().filter(|s| *s == segment).count() >= REPEATS
    });
    if repeated {
        return Some("目录名反复出现");
    }
    None
}

/// The address without the number of a session: a site that writes one into every link has each page under endless addresses.
pub fn without_session(mut url: Url) -> Url {
    const NAMES: [&str; 4] = ["phpsessid", "jsessionid", "aspsessionid", "sessionid"];
    let is_session = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        NAMES.iter().any(|session| name.eq_ignore_ascii_case(session))
    };
    if let Some(query) = url.query()
        && query.split('&').any(is_session)
    {
        let rest: Vec<&str> = query.split('&').filter(|pair| !is_session(pair)).collect();
        let rest = rest.join("&");
        url.set_query((!rest.is_empty()).then_some(rest.as_str()));
    }
    if url.path().contains("))")
        && let Some(path) = url.path_segments().filter(|segments| segments.clone().any(is_cookieless))
    {
        let path = path.filter(|segment| !is_cookieless(segment)).collect::<Vec<_>>().join("/");
        url.set_path(&path);
    }
    while url.path().contains(';')
        && let Some(at) = url.path().to_ascii_lowercase().find(";jsessionid=")
    {
        let path = url.path();
        let end = path[at..].find('/').map_or(path.len(), |slash| at + slash);
        let path = format!("{}{}", &path[..at], &path[end..]);
        url.set_path(&path);
    }
    url
}

/// `(S(lit3py55t21z5v55vlm25s55))`: what ASP.NET writes into the path for whoever takes no cookies.
fn is_cookieless(segment: &str) -> bool {
    let kind = segment.strip_prefix('(').and_then(|rest| rest.strip_prefix(['S', 'A', 'F', 'X']));
    kind.and_then(|rest| rest.strip_prefix('(')?.strip_suffix("))")).is_some_and(|numbers| {
        numbers.len() >= 16 && numbers.bytes().all(|b| b.is_ascii_alphanumeric() || b"()-_".contains(&b))
    })
}

/// An address that nobody opens by accident: `hxxp://a[.]example/x`.
pub fn defang(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].replace('.', "[.]");
    let rest = rest[end..].replace("://", "[://]");
    match scheme {
        Some(scheme) => {
            let scheme = scheme.to_ascii_lowercase();
            let scheme = scheme.strip_prefix("http").map_or_else(|| scheme.clone(), |tail| format!("hxxp{tail}"));
            format!("{scheme}://{host}{rest}")
        }
        None => format!("{host}{rest}"),
    }
}

/// Is the host an address rather than a name?
pub fn is_literal(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(url: &str, wanted: &str) {
        assert_eq!(canonical(&Url::parse(url).unwrap()).as_str(), wanted);
    }

    #[test]
    fn one_page_has_one_spelling() {
        check("HTTP://WWW.A.example:80/a/../b?x=1#top", "http://www.a.example/b?x=1");
        check("http://a.example./", "http://a.example/");
        check("http://a.example/?utm_source=x&id=3&spm=1", "http://a.example/?id=3");
        check("http://a.example/?utm_source=x", "http://a.example/");
        check("http://a.example/%e4%b8%ad%2d?q=%e4", "http://a.example/%E4%B8%AD-?q=%E4");
        check("http://a.example/#/special?index=0", "http://a.example/#/special?index=0");
        check("http://u:p@a.example/?b=2&a=1", "http://a.example/?b=2&a=1");
        check("http://a.example/a%2Fb%252F", "http://a.example/a%2Fb%252F");
    }

    #[test]
    fn links_are_resolved_or_refused() {
        let base = Url::parse("http://a.example/x/y").unwrap();
        let check = |href: &str, wanted: Option<&str>| {
            assert_eq!(resolve(&base, href).as_ref().map(Url::as_str), wanted, "{href}");
        };
        check(" z?1 ", Some("http://a.example/x/z?1"));
        check("//b.example", Some("http://b.example/"));
        check("javascript:alert(1)", None);
        check("data:text/html,x", None);
        check("ftp://b.example/", None);
        check("http://", None);
        check(&"a".repeat(3_000), None);
    }

    #[test]
    fn traps_are_recognised_and_pages_are_not() {
        let check = |url: &str, trapped: bool| assert_eq!(trap(&Url::parse(url).unwrap()).is_some(), trapped, "{url}");
        check("http://a.example/a/b/a/b/a/b", true);
        check(&format!("http://a.example/{}", "x/".repeat(5)), true);
        check("http://a.example/1/2/3/4/5/6/7/8/9/10/11/12/13", true);
        check("http://a.example/2026/11/11/a.html", false);
        check("http://a.example/cert/query/index.html?id=3", false);
    }

    #[test]
    fn a_page_is_one_page_in_every_session() {
        let check = |url: &str, wanted: &str| {
            assert_eq!(without_session(Url::parse(url).unwrap()).as_str(), wanted);
        };
        check("http://a.example/?PHPSESSID=0123456789abcdef", "http://a.example/");
        check("http://a.example/e?id=5&PHPSESSID=01&x=%e4", "http://a.example/e?id=5&x=%e4");
        check("http://a.example/c;jsessionid=0123/d?a", "http://a.example/c/d?a");
        check("http://a.example/c;JSESSIONID=0123", "http://a.example/c");
        check("http://a.example/(S(lit3py55t21z5v55vlm25s55))/p1.aspx?a", "http://a.example/p1.aspx?a");
        check("http://a.example/x/(A(0123456789abcdef01)S(lit3py55t21z5v55))/", "http://a.example/x/");
        check("http://a.example/f(S(x))/a(b(c))", "http://a.example/f(S(x))/a(b(c))");
        check("http://a.example/?session=1&token=2&sid=3", "http://a.example/?session=1&token=2&sid=3");
    }

    #[test]
    fn a_defanged_address_opens_nowhere() {
        assert_eq!(
            defang("https://a.b.example/x.html?u=http://c.example"),
            "hxxps://a[.]b[.]example/x.html?u=http[://]c.example"
        );
        assert_eq!(defang("cx.mem.example"), "cx[.]mem[.]example");
    }

    #[test]
    fn nothing_that_is_taken_away_makes_something_else() {
        check("http://a.example/%%341?%%35%35", "http://a.example/%%341?%%355");
        check("http://a.example/%4%31x", "http://a.example/%4%31x");
        check("http://0x7f.1../", "http://0x7f.1../");
        let url = Url::parse("http://a.example/x;jsessionid=1/y;jsessionid=2").unwrap();
        assert_eq!(without_session(url).as_str(), "http://a.example/x/y");
    }

    /// Pieces that addresses and attacks on their readers are made of.
    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "a",
            "example",
            ".",
            "..",
            "/",
            "//",
            "\\",
            "%",
            "%2",
            "%2e",
            "%4",
            "1",
            "%31",
            "%C3%A9",
            "é",
            "电",
            "?",
            "&",
            "=",
            "#",
            "#!/",
            ":",
            "@",
            ";jsessionid=",
            "phpsessid=1",
            "utm_x=1",
            "spm",
            "0x7f",
            "127.1",
            "[::1]",
            " ",
            "\t",
            "\u{3002}",
            "xn--",
            "javascript:",
            "http:",
            "https://",
        ])
    }

    proptest! {
        #[test]
        fn an_address_keeps_its_host_and_has_one_spelling(
            host in prop::collection::vec(piece(), 1..4), rest in prop::collection::vec(piece(), 0..12), joined in any::<bool>()
        ) {
            let base = Url::parse("http://www.shili.example/a/b.html?c").unwrap();
            let text = if joined { rest.concat() } else { format!("http://{}/{}", host.concat(), rest.concat()) };
            let Some(url) = resolve(&base, &text) else { return Ok(()) };
            let once = canonical(&url);
            prop_assert_eq!(&canonical(&once), &once);
            prop_assert_eq!(Url::parse(once.as_str()), Ok(once.clone()));
            let named = |url: &Url| url.host_str().map(|host| host.strip_suffix('.').filter(|h| !h.is_empty() && !h.ends_with('.')).unwrap_or(host).to_owned());
            prop_assert_eq!(named(&once), named(&url));
            prop_assert_eq!((once.scheme(), once.port()), (url.scheme(), url.port()));
            let bare = without_session(once.clone());
            prop_assert_eq!(&without_session(bare.clone()), &bare);
            prop_assert_eq!(bare.host_str(), once.host_str());
        }

        #[test]
        fn canonical_is_idempotent(text in "https?://[a-z%.]{1,12}(:[0-9]{1,4})?/[a-zA-Z0-9%./;=&?#!_-]{0,40}") {
            if let Ok(url) = Url::parse(&text) {
                let once = canonical(&url);
                prop_assert_eq!(canonical(&once), once.clone());
                prop_assert!(!defang(once.as_str()).contains("http:"));
                let _ = (trap(&once), host_key(&once));
            }
        }
    }
}
