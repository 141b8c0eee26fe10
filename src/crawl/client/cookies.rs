//! Cookies of one visit: kept while its redirects and follow-up requests last, then forgotten.
//!
//! The part of RFC 6265 that a visit needs. No clock: a cookie that does not outlive the visit needs no date, only the sign that
//! it is being deleted. It must not be stored or shared between visits, or targets could tell ours apart. Start at [`Jar`].

use url::{Host, Url};

const MAX_COOKIES: usize = 50;
const MAX_SIZE: usize = 4096;
/// What goes back in one request; servers refuse longer headers anyway.
const MAX_HEADER: usize = 8192;

/// The cookies of one visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jar(Vec<Cookie>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    /// The host that set it, or the domain it named.
    domain: String,
    subdomains: bool,
    path: String,
    secure: bool,
}

impl Jar {
    /// Takes one `Set-Cookie` value that came with the answer to `url`. What is malformed, foreign or too much is dropped.
    pub fn take(&mut self, url: &Url, set_cookie: &[u8]) {
        let Some((cookie, deleted)) = Cookie::read(url, set_cookie) else { return };
        self.0.retain(|old| (&old.name, &old.domain, &old.path) != (&cookie.name, &cookie.domain, &cookie.path));
        if !deleted {
            if self.0.len() == MAX_COOKIES {
                self.0.remove(0);
            }
            self.0.push(cookie);
        }
    }

    /// The `Cookie` header for a request, if any cookie fits.
    pub fn header_for(&self, url: &Url) -> Option<String> {
        let mut fitting: Vec<_> = self.0.iter().filter(|cookie| cookie.fits(url)).collect();
        // Longer paths first (RFC 6265 §5.4).
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut header = String::new();
        for cookie in fitting {
            let part = format!("{}={}", cookie.name, cookie.value);
            if header.len() + part.len() + 2 > MAX_HEADER {
                break;
            }
            if !header.is_empty() {
                header.push_str("; ");
            }
            header.push_str(&part);
        }
        (!header.is_empty()).then_some(header)
    }

    /// The value of a cookie that would be sent to `url`.
    pub fn get(&self, url: &Url, name: &str) -> Option<&str> {
        self.0.iter().find(|cookie| cookie.name == name && cookie.fits(url)).map(|cookie| cookie.value.as_str())
    }
}

impl Cookie {
    fn read(url: &Url, set_cookie: &[u8]) -> Option<(Cookie, bool)> {
        let text = std::str::from_utf8(set_cookie).ok().filter(|text| text.len() <= MAX_SIZE)?;
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || !(name.bytes().chain(value.bytes())).all(|b| matches!(b, 0x20..=0x7e | 0x80..)) {
            return None;
        }
        let host = url.host_str()?;
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: host.to_owned(),
            subdomains: false,
            path: default_path(url).to_owned(),
            secure: false,
        };
        let mut deleted = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    if domain.is_empty() {
                        continue;
                    }
                    // A whole top-level domain is nobody's; of public suffixes below it a visit cannot make anything.
                    if domain != host && !(domain.contains('.') && is_below(url, &domain)) {
                        return None;
                    }
                    cookie.subdomains = true;
                    cookie.domain = domain;
                }
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "secure" => cookie.secure = true,
                "max-age" => deleted = value == "0" || value.starts_with('-'),
                // How servers have always written "delete".
                "expires" => deleted |= value.contains("1970"),
                _ => {}
            }
        }
        Some((cookie, deleted))
    }

    fn fits(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let path = url.path();
        let path_fits = path
            .strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/'));
        path_fits
            && (host == self.domain || (self.subdomains && is_below(url, &self.domain)))
            && (!self.secure || url.scheme() == "https")
    }
}

fn is_below(url: &Url, domain: &str) -> bool {
    matches!(url.host(), Some(Host::Domain(host)) if host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

fn default_path(url: &Url) -> &str {
    match url.path().rfind('/') {
        None | Some(0) => "/",
        Some(at) => &url.path()[..at],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(set: &[(&str, &str)], url: &str, want: Option<&str>) {
        let mut jar = Jar::default();
        for (from, cookie) in set {
            jar.take(&Url::parse(from).unwrap(), cookie.as_bytes());
        }
        assert_eq!(jar.header_for(&Url::parse(url).unwrap()).as_deref(), want, "{set:?} to {url}");
    }

    #[test]
    fn a_cookie_goes_back_where_it_belongs_and_nowhere_else() {
        let at = "http://www.a.example/x/y";
        check(&[(at, "k=v")], "http://www.a.example/x/z", Some("k=v"));
        check(&[(at, "k=v")], "http://www.a.example/", None);
        check(&[(at, "k=v; Path=/")], "http://www.a.example/", Some("k=v"));
        check(&[(at, "k=v; path=/x")], "http://www.a.example/xy", None);
        check(&[(at, "k=v; path=/")], "http://b.www.a.example/", None);
        check(&[(at, "k=v; path=/; Domain=.a.example")], "http://b.a.example/", Some("k=v"));
        check(&[(at, "k=v; path=/; domain=example")], "http://www.a.example/", None);
        check(&[(at, "k=v; path=/; domain=bank.example")], "http://www.a.example/", None);
        check(&[(at, "k=v; path=/; domain=a.example")], "http://evila.example/", None);
        check(&[("http://1.2.3.4/", "k=v; domain=3.4")], "http://1.2.3.4/", None);
        check(&[(at, "k=v; path=/; secure")], "http://www.a.example/", None);
        check(&[(at, "k=v; path=/; secure")], "https://www.a.example/", Some("k=v"));
    }

    #[test]
    fn a_later_cookie_replaces_and_an_expired_one_deletes() {
        let at = "http://a.example/";
        check(&[(at, "k=1"), (at, "k=2")], at, Some("k=2"));
        check(&[(at, "k=1"), (at, "k=; Max-Age=0")], at, None);
        check(&[(at, "k=1"), (at, "k=; expires=Thu, 01 Jan 1970 00:00:00 GMT")], at, None);
        check(&[(at, "a=1; path=/"), (at, "b=2; path=/x")], "http://a.example/x", Some("b=2; a=1"));
    }

    #[test]
    fn a_flood_of_cookies_is_held_within_bounds() {
        let url = Url::parse("http://a.example/").unwrap();
        let mut jar = Jar::default();
        for n in 0..500 {
            jar.take(&url, format!("k{n}={}", "v".repeat(1000)).as_bytes());
        }
        jar.take(&url, format!("big={}", "v".repeat(5000)).as_bytes());
        jar.take(&url, b"nul=\0");
        jar.take(&url, b"no equals sign");
        assert_eq!(jar.0.len(), MAX_COOKIES);
        assert!(jar.header_for(&url).unwrap().len() <= MAX_HEADER);
        assert_eq!(jar.get(&url, "nul"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_set_no_header_is_broken_by_it_and_no_stranger_gets_it(
            set in prop::collection::vec("[ -~\\t\\r\\n\\x00\\x7f\u{80}-\u{9f}é电;=,.]{0,40}|k=v; ?(domain|path|max-age)=[a-z./-]{0,12}", 0..8)
        ) {
            let url = Url::parse("https://www.a.example/x/y").unwrap();
            let mut jar = Jar::default();
            set.iter().for_each(|value| jar.take(&url, value.as_bytes()));
            if let Some(header) = jar.header_for(&url) {
                prop_assert!(header.len() <= MAX_HEADER && !header.contains(['\r', '\n', '\0', '\t', '\x7f']), "{header:?}");
            }
            for stranger in ["https://b.example/x/y", "https://evila.example/x/y", "https://example/x/y", "https://1.2.3.4/x/y"] {
                prop_assert_eq!(jar.header_for(&Url::parse(stranger).unwrap()), None);
            }
        }
    }
}
