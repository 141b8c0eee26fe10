//! What a reader of source code sees in a script without running it: strings with Chinese in them, plain redirects.
//!
//! Linear, bounded, and deliberately simple: nothing is evaluated. What has to be run to be seen is for a browser.

use std::sync::LazyLock;

use regex::Regex;

use super::carried::linked;
use super::extract::cut;
use crate::text::boundary_before;

/// Script text that is read of one page, over all its scripts.
pub(super) const CAP: usize = 256 * 1024;

static REDIRECT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?:^|[^\w.])(?:(?:window|self|top|parent|document)\.)?location(?:\.href\s*=|\s*=|\.(?:replace|assign)\s*\()\s*["']([^"'\s]{1,2048})["']"#,
    )
    .expect("a constant pattern")
});

/// Addresses that the script sends its reader to by a plain assignment.
pub(super) fn redirects(script: &str, out: &mut Vec<String>) {
    if memchr::memmem::find(script.as_bytes(), b"location").is_none() {
        return;
    }
    out.extend(REDIRECT.captures_iter(script).take(4).map(|c| c[1].replace("\\/", "/")));
}

/// Longest path that is kept of a script.
const PATH: usize = 128;

/// Paths from the root of its host that stand in a script's strings, `'/prod-api/…'`: what the page asks of its server. Files are left
/// out; pages name too many.
pub(super) fn paths(script: &str) -> impl Iterator<Item = &str> {
    memchr::memchr_iter(b'/', script.as_bytes()).filter_map(move |at| {
        let quote = *script.as_bytes().get(at.checked_sub(1)?)?;
        if !matches!(quote, b'"' | b'\'' | b'`') {
            return None;
        }
        let rest = cut(&script[at..], PATH + 1);
        let path = &rest[..memchr::memchr(quote, rest.as_bytes())?];
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'?' | b'=' | b'&');
        let last = path.split('?').next().unwrap_or(path).rsplit('/').next().unwrap_or(path);
        let is_page = [".do", ".action", ".php", ".aspx", ".jsp"].iter().any(|end| last.ends_with(end));
        (path[1..].contains('/') && !path.starts_with("//") && path.bytes().all(plain))
            .then_some(path)
            .filter(|_| is_page || !last.contains('.'))
    })
}

/// Quoted strings that hold Chinese, escapes undone, joined by line breaks.
pub(super) fn chinese_strings(script: &str) -> String {
    let mut out = String::new();
    if script.is_ascii() && memchr::memmem::find(script.as_bytes(), b"\\u").is_none() {
        return out;
    }
    let mut chars = script.chars();
    let mut string = String::new();
    let mut joined = false;
    while let Some(c) = chars.next() {
        if !matches!(c, '"' | '\'' | '`') {
            continue;
        }
        if !joined {
            string.clear();
        }
        let closed = loop {
            match chars.next() {
                None => break false,
                Some(end) if end == c => break true,
                Some('\n') if c != '`' => break false,
                Some('\\') => match chars.next() {
                    Some('u') => {
                        let mut ahead = chars.clone();
                        let hex: String = ahead.by_ref().take(4).collect();
                        match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
                            Some(decoded) if hex.len() == 4 => {
                                string.push(decoded);
                                chars = ahead;
                            }
                            _ => string.push('u'),
                        }
                    }
                    Some('n' | 'r' | 't') => string.push(' '),
                    Some(other) => string.push(other),
                    None => break false,
                },
                Some(other) => string.push(other),
            }
        };
        joined = closed && string.len() < JOINED && joins(chars.as_str());
        if closed && !joined && string.chars().any(is_chinese) {
            out.push_str(&string);
            out.push('\n');
        }
    }
    out
}

/// Strings put together are read as one up to this many bytes.
const JOINED: usize = 4096;

/// Whether a plus and another string follow: '电话：' + '130…'.
fn joins(rest: &str) -> bool {
    rest.trim_start().strip_prefix('+').is_some_and(|rest| rest.trim_start().starts_with(['"', '\'', '`']))
}

/// The Chinese between the tags of markup that waits in a script element for a template engine, line by line.
pub(super) fn template_text(script: &str) -> String {
    let mut out = String::new();
    for piece in script.split('<').filter_map(|piece| piece.split_once('>')) {
        let text = piece.1.trim();
        if text.chars().any(is_chinese) {
            out.push_str(text);
            out.push('\n');
        }
    }
    out
}

static CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)\b([a-z_]*?(telegram|wechat|weixin|wx|mobile|phone|tel|qq|e?mail)[a-z_]*)["']?\s*[:=]\s*(\[?)\s*["']([+0-9a-z(][-+0-9a-z_ .()@]{4,40})["']"#,
    )
    .expect("a constant pattern")
});

/// Bytes of a link to QQ before the key of its number.
const LINK: usize = 64;

/// Bytes of a list of ids that are read: wx: ["…", "…"].
const LIST: usize = 256;

/// {"type": "wechat", "value": "…"}: the name stands in one field and the value in the next.
static TYPED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)["']?(?:type|label|name|key|title|platform|kind|way|channel)["']?\s*:\s*["'](wechat|weixin|wx|vx|微信号?|qq号?|phone|tel|mobile|电话|手机号?|telegram|tg|电报)["']\s*,\s*["']?(?:value|text|content|number|account|id|val|data|desc|num|code)["']?\s*:\s*["']([+0-9a-z][-+0-9a-z_ .()]{4,40})["']"#,
    )
    .expect("a constant pattern")
});

/// What a script's data names as somebody's number or id (`"wechat":"…"`), as a reader would be shown it: 微信:…. Data that does
/// not speak (`speaks`) is asked for numbers of the length of a telephone's and for ids that are no words.
pub(super) fn contacts(script: &str, speaks: bool) -> String {
    let mut out = String::new();
    if !speaks
        && !["tel", "phone", "mobile", "wx", "Wx", "wechat", "Wechat", "weixin", "qq", "Qq", "mail"]
            .iter()
            .any(|key| script.contains(key))
    {
        return out;
    }
    let mut tell = |kind: &str, value: &str| {
        let value = value.trim();
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let marked = digits > 0 || value.contains(['_', '-']);
        let (name, plausible) = match kind.to_ascii_lowercase().trim_end_matches('号') {
            "qq" => ("qq:", marked),
            "mobile" | "phone" | "tel" | "电话" | "手机" => {
                ("电话:", marked && (speaks || (10..=13).contains(&digits)))
            }
            "mail" | "email" => ("邮箱:", value.contains('@')),
            "telegram" | "tg" | "电报" => ("电报:", true),
            _ => ("微信:", marked),
        };
        if plausible {
            out.push_str(name);
            out.push_str(value);
            out.push('\n');
        }
    };
    for found in CONTACT.captures_iter(script).take(32) {
        // qq_map_key, wxShare: settings of what the page is built with.
        if matches!(found[2].to_ascii_lowercase().as_str(), "wx" | "qq") && is_setting(&found[1]) {
            continue;
        }
        tell(&found[2], &found[4]);
        if !found[3].is_empty() {
            let rest = cut(&script[found.get(0).map_or(script.len(), |whole| whole.end())..], LIST);
            let list = rest.split(']').next().unwrap_or("");
            list.split(['"', '\'']).skip(1).step_by(2).take(8).for_each(|value| tell(&found[2], value));
        }
    }
    TYPED.captures_iter(script).take(32).for_each(|found| tell(&found[1], &found[2]));
    for at in memchr::memmem::find_iter(script.as_bytes(), "uin=").take(32) {
        let link = &script
            [boundary_before(script, at.saturating_sub(LINK))..boundary_before(script, (at + 20).min(script.len()))];
        linked(link).into_iter().for_each(|number| tell("qq", number));
    }
    out
}

/// Links to Telegram that a script opens: window.open("https://t.me/jia_01").
pub(super) fn telegram_links(script: &str) -> String {
    const MOST: usize = 8;
    let mut out = String::new();
    let alone = |at: usize| !script[..at].ends_with(|sign: char| sign.is_ascii_alphanumeric() || sign == '-');
    let finder = |host: &'static str| {
        memchr::memmem::find_iter(script.as_bytes(), host).filter(move |at| alone(*at)).map(move |at| at + host.len())
    };
    for end in finder("t.me").chain(finder("telegram.me")).chain(finder("resolve?domain")).take(MOST) {
        let rest = cut(&script[end..], 64);
        let Some(rest) = rest.strip_prefix("\\/").or_else(|| rest.strip_prefix(['/', '='])) else { continue };
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        // What goes on is put together when it runs, or leads elsewhere.
        let ends = rest[length..].starts_with(['"', '\'', '`', '?', ' ', '\n', '<', ';', ',']);
        if length >= 5 && ends {
            out.push_str("t.me/");
            out.push_str(&rest[..length]);
            out.push('\n');
        }
    }
    out
}

fn is_setting(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "share", "config", "app", "pay", "map", "login", "url", "key", "token", "secret", "nonce", "sign", "sdk",
        "api", "version",
    ]
    .iter()
    .any(|word| name.contains(word))
}

fn is_chinese(c: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_redirects_are_seen() {
        let check = |script: &str, wanted: &[&str]| {
            let mut out = Vec::new();
            redirects(script, &mut out);
            assert_eq!(out, wanted, "{script}");
        };
        check("window.location.href='http://a.example/x';", &["http://a.example/x"]);
        check("location.replace(\"/m/\")", &["/m/"]);
        check("if(a){location = '/b'}", &["/b"]);
        check("var mylocation='x'; el.location_id = 'y'; location.hash", &[]);
        check("self.location.href = 'http:\\/\\/c.example\\/'", &["http://c.example/"]);
    }

    #[test]
    fn paths_asked_of_the_server_are_seen() {
        let check = |script: &str, wanted: &[&str]| assert_eq!(paths(script).collect::<Vec<_>>(), wanted, "{script}");
        check("axios.get('/prod-api/certsearch/code')", &["/prod-api/certsearch/code"]);
        check("$.post(\"/cms/certQuery.do?method=x\", a)", &["/cms/certQuery.do?method=x"]);
        check("x='/static/js/app.js'; y='/logo'; z=a/b/c; '//b.example/x'; `/a/${b}`; '/a/b", &[]);
        check("'/查询/证书'", &[]);
    }

    #[test]
    fn contacts_in_data_are_named() {
        let data = r#"{"tel":"13000001234","wechat":"demo_tz8","kfWeixinId":"demo-kf1","telHide":"130****1234","qq":"1000200030"}"#;
        assert_eq!(contacts(data, true), "电话:13000001234\n微信:demo_tz8\n微信:demo-kf1\nqq:1000200030\n");
        assert_eq!(contacts("var telephone = document.title; wx.config({debug:true})", true), "");
        let plain = r#"var shop={"tel":"0571-89000292",wx:'kf_demo8',email:"a@b.example.com","phoneWidth":"320px-5"};"#;
        assert_eq!(contacts(plain, false), "电话:0571-89000292\n微信:kf_demo8\n邮箱:a@b.example.com\n");
    }

    #[test]
    fn contacts_may_be_typed_listed_and_called_as_one_likes() {
        let typed = r#"[{"type":"wechat","value":"demo_tz8"},{"label":"QQ","text":"1000200030"}]"#;
        assert_eq!(contacts(typed, true), "微信:demo_tz8\nqq:1000200030\n");
        assert_eq!(contacts(r#"const wxList=["demo_tz8","demo_tz9"]"#, false), "微信:demo_tz8\n微信:demo_tz9\n");
        assert_eq!(contacts(r#"{"contactWx":"demo_tz8"}"#, false), "微信:demo_tz8\n");
        let link = "var kf='http://wpa.qq.com/msgrd?v=3&uin=1000200030&site=qq';";
        assert_eq!(contacts(link, false), "qq:1000200030\n");
        assert_eq!(contacts("var u='http://b.example/qq?uin=1000200030';", false), "");
        assert_eq!(contacts(r#"var qq_map_key="ABCDE-12345",wxShare="share_2026""#, true), "");
    }

    #[test]
    fn links_to_telegram_are_read_in_scripts() {
        let check = |script: &str, wanted: &str| assert_eq!(telegram_links(script), wanted, "{script}");
        check("window.open('https://t.me/jia_demo01')", "t.me/jia_demo01\n");
        check(r#"var u="https:\/\/telegram.me\/jia_demo01?start=1""#, "t.me/jia_demo01\n");
        check("location='tg://resolve?domain=jia_demo01'", "t.me/jia_demo01\n");
        check("'https://t.me/' + name; `https://t.me/${name}`; 'https://t.me/share/url?url='", "");
        check("list.me/jia_demo01; format.message", "");
    }

    #[test]
    fn templates_show_their_text() {
        let template = "<div><h3>某某应急管理厅</h3>{{#if ok}}<td>{{xm}}</td><td>操作证号</td></div>";
        assert_eq!(template_text(template), "某某应急管理厅\n操作证号\n");
        assert_eq!(template_text("if (a < b && c > d) {}"), "");
    }

    #[test]
    fn chinese_strings_are_read_with_their_escapes() {
        assert_eq!(chinese_strings(r#"var a="免考";b='x';c="\u62ff\u8bc1\"好\"""#), "免考\n拿证\"好\"\n");
        assert_eq!(chinese_strings("document.write('不用考试"), "");
        assert_eq!(chinese_strings("w('电话：' + '130' +\n\"00001234\"); x('a' + 'b')"), "电话：13000001234\n");
        assert_eq!(chinese_strings("don't 中文"), "");
        assert_eq!(chinese_strings(r#"x="\u12"; y="中""#), "中\n");
    }
}
