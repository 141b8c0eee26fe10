//! Contacts that stand in a link rather than in a text: tel:, mailto:, weixin://, t.me, wpa.qq.com …
//!
//! Links whose payload is only a key to a server (qm.qq.com, u.wechat.com codes) name nobody that one could type; they yield
//! what else they carry, or nothing. Start at [`in_address`].

use super::registered::baidu;
use super::{Entity, Kind, is_hotline, phones};
use crate::text::{boundary_before, fold};

/// Longer links are cut before they are read.
const LONGEST: usize = 4096;

/// What a link lets one call or write to. `at` is `None` in all of them.
#[must_use]
pub fn in_address(href: &str) -> Vec<Entity> {
    let href = &href[..boundary_before(href, LONGEST)];
    let mut found = told(href);
    // /go?url=tel%3A130…, javascript:location.href='tel:130…'
    if leads_on(href) {
        let query = query(href).split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        let quoted = href.split(['\'', '"']).skip(1).step_by(2).take(4);
        let inside = query.take(16).chain(quoted).map(percent_decoded);
        found.extend(inside.filter(|inside| inside.contains(':')).flat_map(|inside| told(&inside)));
    }
    found
}

/// Whether an address may hold another one that carries a contact.
pub(crate) fn leads_on(href: &str) -> bool {
    const SCHEMES: [&str; 7] = ["tel", "sms", "tg", "weixin", "mqq", "tencent", "mailto"];
    if href.get(..11).is_some_and(|scheme| scheme.eq_ignore_ascii_case("javascript:")) {
        return true;
    }
    if memchr::memchr(b'%', href.as_bytes()).is_none() {
        return false;
    }
    let colons = || href.match_indices("%3").filter(|(at, _)| matches!(href.as_bytes().get(at + 2), Some(b'a' | b'A')));
    colons().any(|(at, _)| SCHEMES.iter().any(|scheme| href[..at].ends_with(scheme)))
        || ["t.me", "telegram.me", "qq.com"].iter().any(|host| href.contains(host)) && colons().next().is_some()
}

fn told(href: &str) -> Vec<Entity> {
    if plain_web(href).is_some() {
        return Vec::new();
    }
    let plain = fold(&percent_decoded(href));
    let link = plain.as_str().trim();
    let mut found = Vec::new();
    let mut push = |kind, value: &str| found.push(Entity { kind, value: value.to_owned(), at: None });
    let (scheme, rest) = link.split_once(':').unwrap_or(("", link));
    let rest = rest.trim_start_matches('/');
    // An ordinary address may come without a scheme.
    let web = if matches!(scheme, "http" | "https") { rest } else { link.trim_start_matches('/') };
    match scheme {
        "tel" | "sms" | "smsto" | "callto" | "telprompt" | "mobile" | "wtai" => {
            let rest = rest.strip_prefix("wp/mc;").unwrap_or(rest);
            for number in rest.split(['?', ';', '#']).next().unwrap_or("").split(',') {
                if let Some((kind, digits)) = phones::dialled(number) {
                    push(kind, &digits);
                }
            }
        }
        "mailto" => {
            let (to, query) = rest.split_once('?').unwrap_or((rest, ""));
            let also = parameters(query).filter(|(key, _)| matches!(*key, "to" | "cc")).map(|(_, value)| value);
            for address in to.split([',', ';']).chain(also) {
                let mut emails = Vec::new();
                super::mail::find(address, &mut emails);
                emails.iter().for_each(|(kind, value, _)| push(*kind, value));
            }
        }
        "weixin" | "wechat" | "wx" => {
            let id = rest.strip_prefix("contacts/profile/").or_else(|| rest.strip_prefix("dl/chat?"));
            let id = id.unwrap_or("").split(['/', '?', '#', '&']).next().unwrap_or("");
            if phones::is_mobile(id) {
                push(Kind::Phone, id);
            }
            if phones::is_mobile(id) || is_wechat_id(id) {
                push(Kind::Wechat, id);
            }
        }
        "tg" => {
            for (_, name) in parameters(query(rest)).filter(|(key, _)| *key == "domain") {
                if is_telegram_name(name) {
                    push(Kind::Telegram, name);
                }
            }
        }
        "tencent" | "mqqwpa" | "mqqapi" | "mqq" | "mqqopensdkapi" => {
            uins(query(rest)).for_each(|number| push(Kind::Qq, number));
        }
        _ => {
            let (host, path) = web.split_once(['/', '?']).unwrap_or((web, ""));
            let path = path.trim_start_matches('/');
            match host.strip_prefix("www.").unwrap_or(host) {
                "t.me" | "telegram.me" | "telegram.dog" => {
                    let name = path.strip_prefix("s/").unwrap_or(path).split(['/', '?', '#']).next().unwrap_or("");
                    if is_telegram_name(name) && !["joinchat", "share", "addstickers", "proxy", "socks"].contains(&name)
                    {
                        push(Kind::Telegram, name);
                    }
                }
                "wpa.qq.com" | "qm.qq.com" | "wp.qiye.qq.com" | "shang.qq.com" | "jq.qq.com" | "wpa1.qq.com"
                | "wpa.b.qq.com" => {
                    uins(if path.contains('?') { query(path) } else { path }).for_each(|number| push(Kind::Qq, number));
                }
                "user.qzone.qq.com" => {
                    let number = path.split(['/', '?', '#']).next().unwrap_or("");
                    if is_qq(number) {
                        push(Kind::Qq, number);
                    }
                }
                "hm.baidu.com" => {
                    if let Some(id) = path.find("hm.js?").and_then(|at| baidu(path, at + "hm.js?".len())) {
                        push(Kind::BaiduStat, id);
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// An address of the web whose host carries no contact, told without decoding it: nearly all links of a page. What is answered is
/// its beginning, up to its path: no address that begins so carries one.
pub(crate) fn plain_web(href: &str) -> Option<&str> {
    let (scheme, rest) = href.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let length = rest.find(['/', '?', '#'])?;
    let host = &rest.as_bytes()[..length];
    let ends = |tail: &[u8]| host.len() >= tail.len() && host[host.len() - tail.len()..].eq_ignore_ascii_case(tail);
    let plain = host.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && ![&b"t.me"[..], b"telegram.me", b"telegram.dog", b"qq.com", b"hm.baidu.com"].into_iter().any(ends);
    plain.then(|| &href[..scheme.len() + 3 + length + 1])
}

fn query(rest: &str) -> &str {
    rest.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or("")
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

fn uins(query: &str) -> impl Iterator<Item = &str> {
    parameters(query)
        .filter(|(key, value)| matches!(*key, "uin" | "group_code" | "qq" | "group_uin") && is_qq(value))
        .map(|(_, value)| value)
}

fn is_qq(number: &str) -> bool {
    (5..=11).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !number.starts_with('0')
        && !is_hotline(number)
}

fn is_wechat_id(id: &str) -> bool {
    (6..=20).contains(&id.len())
        && id.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn is_telegram_name(name: &str) -> bool {
    (4..=32).contains(&name.len())
        && name.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Undoes %XX; what is no UTF-8 then becomes U+FFFD.
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(href: &str, want: &[(Kind, &str)]) {
        let found: Vec<(Kind, String)> =
            in_address(href).into_iter().map(|entity| (entity.kind, entity.value)).collect();
        let want: Vec<(Kind, String)> = want.iter().map(|(kind, value)| (*kind, (*value).to_owned())).collect();
        assert_eq!(found, want, "{href}");
    }

    #[test]
    fn no_contact_is_an_identity_number() {
        let told = crate::entities::contacts(&in_address("mailto:330212199001011232@demo.example.com"));
        assert_eq!(told.emails, ["3302**********1232@demo.example.com"]);
        let told = crate::entities::contacts(&in_address("weixin://dl/chat?T330212199001011232"));
        assert_eq!(told.wechat, ["t3302**********1232"]);
    }

    #[test]
    fn an_address_may_hold_another() {
        check("http://a.example/go?url=https%3A%2F%2Ft.me%2Fjia_demo01", &[(Kind::Telegram, "jia_demo01")]);
        check("/jump?to=tel%3A13000001234", &[(Kind::Phone, "13000001234")]);
        check("/out?u=http%3A%2F%2Fwpa.qq.com%2Fmsgrd%3Fv%3D3%26uin%3D1000200030", &[(Kind::Qq, "1000200030")]);
        check("javascript:location.href='tel:13000001234'", &[(Kind::Phone, "13000001234")]);
        check("wtai://wp/mc;13000001234", &[(Kind::Phone, "13000001234")]);
        check("http://a.example/go?url=http%3A%2F%2Fb.example%2F13000001234", &[]);
        check("http://a.example/?title=%E7%94%B5%3A13000001234", &[]);
        check("javascript:void(0)", &[]);
    }
}
