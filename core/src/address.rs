//! Addresses: one spelling for each page, traps told from pages, and a form that nobody can click by accident.
//!
//! [`canonical`] gives the spelling under which a page is queued and counted; it must not merge two pages, so parameters keep
//! their order and only those known to track are dropped. [`resolve`] reads a link of a page, [`trap`] says why an address
//! should not be followed, [`defang`] is for every text a person reads. Start at [`canonical`].

use url::{Host, Url};

/// Longest address that is followed, in bytes.
pub const MAX_URL: usize = 2048;
/// Deepest path that is followed.
pub const MAX_DEPTH: usize = 8;

/// Parameters that tell who came from where; the page is the same without them.
const TRACKING: [&str; 26] = [
    "spm",
    "scm",
    "xsec_token",
    "xsec_source",
    "gclid",
    "fbclid",
    "msclkid",
    "yclid",
    "bd_vid",
    "qhclickid",
    "sogou_vid",
    "hmsr",
    "hmpl",
    "hmcu",
    "hmkw",
    "hmci",
    "isappinstalled",
    "nsukey",
    "wxshare_count",
    "sharer_shareinfo",
    "sharer_shareinfo_first",
    "weixin_share_id",
    "appuid",
    "apptime",
    "unlogin",
    "track_id",
];

/// What WeChat writes into `from=` when a page is shared; any other `from` may choose the page.
const SHARED_FROM: [&str; 6] = ["singlemessage", "groupmessage", "timeline", "message", "brandservice", "mpservice"];

/// The one spelling of an address: lower-case host, no default port, no fragment but a route, tracking parameters dropped,
/// percent-encoding in upper case. Parameters keep their order.
pub fn canonical(url: &Url) -> Url {
    let mut out = url.clone();
    if out.fragment().is_some_and(|fragment| !is_route(fragment)) {
        out.set_fragment(None);
    }
    let path = upper_escapes(out.path());
    if path != out.path() {
        out.set_path(&path);
    }
    let query = out.query().map(|query| {
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !tracks(pair)).collect();
        upper_escapes(&kept.join("&"))
    });
    match query.as_deref() {
        Some("") => out.set_query(None),
        Some(query) if out.query() != Some(query) => out.set_query(Some(query)),
        _ => {}
    }
    // A final dot names the same host; the URL crate keeps it.
    let undotted = out.host_str().filter(|host| host.ends_with('.')).map(|host| host.trim_end_matches('.').to_owned());
    if let Some(host) = undotted.filter(|host| !host.is_empty()) {
        // A host that was valid with the dot stays valid without it; should the crate refuse, the dotted name stays.
        let _ = out.set_host(Some(&host));
    }
    out
}

/// The address a link leads to, or `None` where it is no page on the web: another scheme, no host, too long.
pub fn resolve(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if href.len() > MAX_URL {
        return None;
    }
    let url = base.join(href).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.as_str().len() <= MAX_URL).then_some(url)
}

/// Why an address looks like one of endlessly many, in Chinese; `None` for an ordinary one.
pub fn trap(url: &Url) -> Option<&'static str> {
    if url.as_str().len() > MAX_URL {
        return Some("网址过长");
    }
    let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.len() > MAX_DEPTH {
        return Some("目录过深");
    }
    // At most eight segments are left here, so comparing each with each is cheap.
    if segments.iter().any(|one| segments.iter().filter(|other| *other == one).count() >= 3) {
        return Some("目录重复");
    }
    if has_session(url) {
        return Some("会话编号");
    }
    if is_calendar(url, &segments) {
        return Some("日历翻页");
    }
    let pairs = url.query().map_or(0, |query| query.split('&').count());
    (pairs > 24).then_some("参数过多")
}

/// The address in a form that no program turns into a link: `hxxp://bad[.]example/…`.
pub fn defang(url: &str) -> String {
    let mut out = String::with_capacity(url.len() + 16);
    let mut rest = url;
    // Every scheme in the text, not the first alone: a query often carries a second address.
    while let Some(at) = find_scheme(rest) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let letters = from.chars().take_while(char::is_ascii_alphabetic).count();
        out.push_str(match letters {
            5 => "hxxps",
            _ => "hxxp",
        });
        let after = &from[letters..];
        let colon = after.find("//").map_or(0, |slashes| slashes + 2);
        out.push_str(&after[..colon]);
        let host_end = after[colon..].find(['/', '?', '#', '\\', '&']).map_or(after.len(), |end| colon + end);
        push_dotless(&mut out, &after[colon..host_end]);
        rest = &after[host_end..];
    }
    if out.is_empty() {
        // No scheme: the host, if it is one, comes first.
        let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        push_dotless(&mut out, &rest[..host_end]);
        rest = &rest[host_end..];
    }
    // Mail programs link a bare www. too.
    out.push_str(&rest.replace("www.", "www[.]").replace("WWW.", "WWW[.]"));
    out
}

/// What politeness counts as one server: the host, with scheme and port where the port is not the scheme's own.
pub fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or("").trim_end_matches('.');
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => host.to_owned(),
    }
}

/// `#!/…` and `#/…` choose the page in a one-page program.
fn is_route(fragment: &str) -> bool {
    fragment.starts_with('/') || fragment.starts_with("!/")
}

fn tracks(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_")
        || name.starts_with("share_")
        || TRACKING.contains(&name.as_str())
        || (name == "from" && SHARED_FROM.contains(&value.to_ascii_lowercase().as_str()))
}

/// `%e4` and `%E4` are the same byte.
fn upper_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        if let Some(digits) = rest.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit())) {
            out.push_str(&digits.to_ascii_uppercase());
            rest = &rest[2..];
        }
    }
    out.push_str(rest);
    out
}

fn has_session(url: &Url) -> bool {
    const NAMES: [&str; 8] =
        ["jsessionid", "phpsessid", "sessionid", "session_id", "aspsessionid", "sid", "cfid", "zenid"];
    let long = |value: &str| value.len() >= 16 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if url.path().to_ascii_lowercase().contains(";jsessionid=") {
        return true;
    }
    url.query().unwrap_or("").split('&').filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        NAMES.iter().any(|known| name == *known || (known.len() > 8 && name.starts_with(known))) && long(value)
    })
}

/// Pages that turn a calendar: a year and month far from any news, or a parameter that says it outright.
fn is_calendar(url: &Url, segments: &[&str]) -> bool {
    let words = segments.iter().any(|segment| {
        let segment = segment.to_ascii_lowercase();
        segment == "calendar" || segment == "rili" || segment.starts_with("calendar.")
    });
    let dated = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits >= 4 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    };
    let month = url.query().unwrap_or("").split('&').filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        matches!(name.to_ascii_lowercase().as_str(), "month" | "year" | "date" | "day" | "ym") && dated(value)
    });
    let in_path = segments.iter().any(|segment| dated(segment));
    words && (month || in_path)
}

/// Where `http:` or `https:` followed by slashes begins, in any case.
fn find_scheme(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, "//").find_map(|slashes| {
        let before = &bytes[..slashes];
        let scheme = |name: &[u8]| {
            let start = before.len().checked_sub(name.len())?;
            before[start..].eq_ignore_ascii_case(name).then_some(start)
        };
        scheme(b"https:").or_else(|| scheme(b"http:"))
    })
}

fn push_dotless(out: &mut String, host: &str) {
    for c in host.chars() {
        match c {
            // The browser reads the ideographic dots as dots too.
            '.' | '。' | '．' | '｡' => out.push_str("[.]"),
            c => out.push(c),
        }
    }
}

/// Whether the address names its server by number; such a host has no registrable name.
pub fn is_bare_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::{canonical, defang, host_key, is_bare_address, resolve, trap};

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    #[test]
    fn one_page_has_one_spelling() {
        let check = |from: &str, to: &str| assert_eq!(canonical(&url(from)).as_str(), to, "{from}");
        check("HTTP://Demo.EXAMPLE:80/a/../b/./c", "http://demo.example/b/c");
        check("https://demo.example:443", "https://demo.example/");
        check("https://demo.example:8443/#top", "https://demo.example:8443/");
        check("https://demo.example/#/special?index=0", "https://demo.example/#/special?index=0");
        check("https://demo.example/#!/safety", "https://demo.example/#!/safety");
        check("https://demo.example/?", "https://demo.example/");
        check("https://demo.example/?utm_source=x&b=2&a=1&spm=a.b", "https://demo.example/?b=2&a=1");
        check("https://demo.example/p?from=timeline&isappinstalled=0", "https://demo.example/p");
        check("https://demo.example/p?from=beijing", "https://demo.example/p?from=beijing");
        check("https://demo.example/%e8%af%81?q=%e6%9f%a5", "https://demo.example/%E8%AF%81?q=%E6%9F%A5");
        check("https://demo.example./x", "https://demo.example/x");
        check("https://demo.example/a?x=1&x=2", "https://demo.example/a?x=1&x=2");
        check("https://demo.example/e?id=1&share_uid=9&xsec_token=k", "https://demo.example/e?id=1");
        check("http://应急.example/", "http://xn--extu8a.example/");
    }

    #[test]
    fn only_web_links_are_followed() {
        let base = url("https://demo.example/a/b.html");
        let check = |href: &str, to: Option<&str>| {
            assert_eq!(resolve(&base, href).as_ref().map(Url::as_str), to, "{href}");
        };
        check(" \n c.html\t", Some("https://demo.example/a/c.html"));
        check("//other.example/x", Some("https://other.example/x"));
        check("../d?x=1", Some("https://demo.example/d?x=1"));
        check("JavaScript:alert(1)", None);
        check("data:text/html,x", None);
        check("mailto:a@demo.example", None);
        check("ftp://demo.example/", None);
        check("weixin://dl/x", None);
        check("http://", None);
        check(&"a".repeat(3000), None);
        check(&"证".repeat(300), None);
    }

    #[test]
    fn endless_addresses_are_traps_and_pages_are_not() {
        let check = |text: &str, want: Option<&str>| assert_eq!(trap(&url(text)), want, "{text}");
        check("http://demo.example/1/2/3/4/5/6/7/8/9", Some("目录过深"));
        check("http://demo.example/1/2/3/4/5/6/7/8", None);
        check("http://demo.example/a/b/a/b/a", Some("目录重复"));
        check("http://demo.example/x;jsessionid=0123", Some("会话编号"));
        check("http://demo.example/?PHPSESSID=0123456789abcdef", Some("会话编号"));
        check("http://demo.example/?sid=12", None);
        check("http://demo.example/calendar/2031/07", Some("日历翻页"));
        check("http://demo.example/calendar?month=2031-07", Some("日历翻页"));
        check("http://demo.example/2026/11/23/news.html", None);
        check("http://demo.example/calendar", None);
        check(&format!("http://demo.example/?{}", "a=1&".repeat(40)), Some("参数过多"));
    }

    #[test]
    fn a_defanged_address_cannot_be_clicked() {
        assert_eq!(defang("http://cx.demo.example/a.html?x=1"), "hxxp://cx[.]demo[.]example/a.html?x=1");
        assert_eq!(defang("HTTPS://demo.example:8443/"), "hxxps://demo[.]example:8443/");
        assert_eq!(defang("demo.example/a.b"), "demo[.]example/a.b");
        assert_eq!(defang("http://a.example/?u=http://b.example/"), "hxxp://a[.]example/?u=hxxp://b[.]example/");
        assert_eq!(defang("http://1.2.3.4/"), "hxxp://1[.]2[.]3[.]4/");
    }

    #[test]
    fn a_server_is_its_host_and_odd_port() {
        assert_eq!(host_key(&url("https://demo.example/x")), "demo.example");
        assert_eq!(host_key(&url("http://demo.example./x")), "demo.example");
        assert_eq!(host_key(&url("http://demo.example:8080/x")), "http://demo.example:8080");
        assert!(is_bare_address(&url("http://0x7f.1/")) && !is_bare_address(&url("http://demo.example/")));
    }

    fn address() -> impl Strategy<Value = String> {
        let piece = "[a-zA-Z0-9%./?&=#!;:@证 _-]{0,40}";
        ("(http|https)", "[a-z0-9.-]{1,20}", piece).prop_map(|(scheme, host, rest)| format!("{scheme}://{host}/{rest}"))
    }

    proptest! {
        #[test]
        fn canonical_settles_at_once(text in address()) {
            if let Ok(url) = Url::parse(&text) {
                let once = canonical(&url);
                prop_assert_eq!(canonical(&once), once.clone());
                // What is kept must read back as itself.
                prop_assert_eq!(Url::parse(once.as_str()).unwrap(), once);
            }
        }

        #[test]
        fn nothing_panics_and_nothing_stays_clickable(text in "\\PC{0,80}|.{0,20}https?://[a-z.。/:]{0,30}.{0,10}") {
            let base = Url::parse("http://demo.example/").unwrap();
            if let Some(url) = resolve(&base, &text) {
                trap(&url);
                host_key(&canonical(&url));
            }
            let safe = defang(&text).to_ascii_lowercase();
            prop_assert!(!safe.contains("http://") && !safe.contains("https://"), "{}", safe);
        }
    }
}
