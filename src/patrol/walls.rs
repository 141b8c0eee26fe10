//! What stands in a page's place: a wall, a request to come with another device, a status that shows no page.
//!
//! "Not to be seen" and "gone" are different things, and telling one for the other accuses or acquits wrongly. The words are data
//! (`rules/words.toml`). Nothing here gets around a wall. Start at [`is_wall_page`].

use jianzheng_core::page::Extract;
use jianzheng_core::rules::{Lists, RuleSet};
use jianzheng_core::schedule::Seen;
use url::Url;

/// Characters at a page's beginning within which a wall says what it is.
const HEAD: usize = 600;
/// Letters of a page that asks for another device; a longer one has something to say besides.
const SHORT: usize = 200;

/// A page that is a wall: one that wants a person, or another device.
pub fn is_wall_page(rules: &RuleSet, extract: &Extract, url: &Url) -> bool {
    says(rules, Lists::Wall, extract) || is_wall(url) || asks_for_other_device(rules, extract)
}

/// A page that says nothing but that it wants to be opened in WeChat or on a telephone.
pub fn asks_for_other_device(rules: &RuleSet, extract: &Extract) -> bool {
    // Common signs are told from marks without the tables of Unicode.
    let counts = |c: &char| matches!(c, '\u{4E00}'..='\u{9FFF}') || c.is_alphanumeric();
    extract.text.chars().filter(counts).take(SHORT).count() < SHORT && says(rules, Lists::OtherDevice, extract)
}

fn says(rules: &RuleSet, list: Lists, extract: &Extract) -> bool {
    let end = extract.text.char_indices().nth(HEAD).map_or(extract.text.len(), |(end, _)| end);
    let head = &extract.text.as_bytes()[..end];
    let words = rules.list(list.name()).unwrap_or_default();
    words.iter().any(|word| memchr::memmem::find(head, word.as_bytes()).is_some())
}

/// An address that leads to a wall.
pub fn is_wall(url: &Url) -> bool {
    let (host, path) = (url.host_str().unwrap_or_default(), url.path().to_ascii_lowercase());
    ["captcha", "verify", "antibot", "antispider", "passport", "login", "punish", "wappass", "challenge"]
        .iter()
        .any(|w| host.contains(w) || path.contains(w))
}

/// Why a page that answered with this status was not seen: a wall or a broken server shows no page.
pub fn refused_by(status: u16) -> Option<String> {
    match status {
        304 => Some("没有问过改动，网站却只答“未改动”（HTTP 304）".to_owned()),
        401 | 403 | 407 | 451 => Some(format!("网站拒绝访问（HTTP {status}）")),
        408 | 425 | 429 => Some(format!("网站要求放慢（HTTP {status}）")),
        500.. => Some(format!("网站出错（HTTP {status}）")),
        _ => None,
    }
}

/// Why an answer with this status counts as not seen though nobody refused anything: it was to show a page and showed none that says
/// anything. "Not found" is an answer, and so is the way elsewhere.
pub fn shows_none(status: u16, onward: bool) -> Option<String> {
    let says_so = matches!(status, 200..300 | 404 | 410) || onward;
    (!says_so).then(|| format!("网站没有给出网页（HTTP {status}）"))
}

/// What a status without a page says about a hit.
pub fn of_status(status: u16, onward: Option<&Url>) -> Seen {
    match (status, onward) {
        (_, Some(target)) if is_wall(target) => Seen::Unseen,
        (_, Some(_)) | (404 | 410, _) => Seen::Missing,
        _ => Seen::Unseen,
    }
}

/// A page that is no hit any more: taken down, or a wall in its place?
pub fn innocent_now(rules: &RuleSet, extract: &Extract, url: &Url) -> Seen {
    let wall = is_wall_page(rules, extract, url) || (extract.needs_eyes && extract.text.len() < 60);
    if wall { Seen::Unseen } else { Seen::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patrol::guests::tests::shipped;

    #[test]
    fn a_wall_is_unseen_and_a_page_without_the_offer_is_missing() {
        let rules = shipped();
        let url = Url::parse("http://a.example/x").unwrap();
        let check = |html: &str, wanted: Seen| {
            let extract = jianzheng_core::page::read_text(html, Some(&url));
            assert_eq!(innocent_now(&rules, &extract, &url), wanted, "{html}");
        };
        check("<h1>请在微信客户端打开链接</h1>", Seen::Unseen);
        check("<title>安全验证</title><p>拖动滑块完成拼图</p>", Seen::Unseen);
        check("<p>您的访问过于频繁，请稍后再试</p>", Seen::Unseen);
        check("<h1>示例花店</h1><p>鲜花绿植，当天送到。</p>", Seen::Missing);
        // Whoever has something to say besides is no wall.
        let long = "本店经营鲜花绿植开业花篮，当天送到。".repeat(20);
        check(&format!("<p>{long}</p><p>看更多优惠，请在微信客户端打开本页。</p>"), Seen::Missing);
        let to_wall = Url::parse("http://passport.a.example/").unwrap();
        let elsewhere = Url::parse("http://b.example/").unwrap();
        let seen = [(302, Some(&to_wall)), (302, Some(&elsewhere)), (404, None), (410, None), (403, None), (304, None)];
        let wanted = [Seen::Unseen, Seen::Missing, Seen::Missing, Seen::Missing, Seen::Unseen, Seen::Unseen];
        assert_eq!(seen.map(|(status, onward)| of_status(status, onward)), wanted);
    }

    #[test]
    fn an_address_that_leads_to_a_wall_is_known_by_its_host_or_its_path() {
        for wall in [
            "https://wappass.baidu.com/static/x",
            "https://passport.58.com/",
            "http://callback.58.com/antibot/verifycode?x=1",
            "http://www.a.example/user/Login.aspx",
            "https://a.example/_____tmd_____/punish?x5=1",
            "http://a.example/CAPTCHA",
            "http://a.example/antispider/",
            "http://weixin.sogou.com/antispider/?from=1",
            "https://challenge.a.example/",
            "https://a.example/cdn-cgi/challenge-platform/h",
            "http://verify.meituan.com/",
        ] {
            assert!(is_wall(&Url::parse(wall).unwrap()), "{wall}");
        }
        // Words of a question are the page's matter, not its place.
        for page in [
            "http://a.example/",
            "http://a.example/list_2.html",
            "http://a.example/s?wd=login",
            "http://cert.example/cx",
        ] {
            assert!(!is_wall(&Url::parse(page).unwrap()), "{page}");
        }
    }

    #[test]
    fn each_word_for_a_wall_is_one_by_itself() {
        for word in
            ["captcha", "verify", "antibot", "antispider", "passport", "login", "punish", "wappass", "challenge"]
        {
            assert!(is_wall(&Url::parse(&format!("http://a.example/{word}/1")).unwrap()), "{word}");
            assert!(is_wall(&Url::parse(&format!("http://{word}.a.example/")).unwrap()), "{word}");
        }
    }

    #[test]
    fn a_status_is_a_page_a_refusal_or_nothing_at_all() {
        let why = |status| refused_by(status).unwrap_or_default();
        for status in [401, 403, 407, 451] {
            assert!(why(status).contains("拒绝"), "{status}");
        }
        for status in [408, 425, 429] {
            assert!(why(status).contains("放慢"), "{status}");
        }
        for status in [500, 502, 503, 520, 599] {
            assert!(why(status).contains("出错"), "{status}");
        }
        assert!(why(304).contains("未改动"));
        for status in [200, 204, 206, 301, 400, 404, 410] {
            assert_eq!(refused_by(status), None, "{status}");
        }
        // Of what is neither there nor gone nor elsewhere nothing was seen.
        for status in [101, 300, 302, 400, 405, 406, 412, 418, 444, 468, 493] {
            assert!(shows_none(status, false).is_some_and(|why| why.contains(&status.to_string())), "{status}");
        }
        for (status, onward) in [(200, false), (204, false), (404, false), (410, false), (302, true)] {
            assert_eq!(shows_none(status, onward), None, "{status}");
        }
        // What is not said to be missing is not missing.
        for status in [200, 204, 304, 400, 401, 403, 429, 451, 500, 503] {
            assert_eq!(of_status(status, None), Seen::Unseen, "{status}");
        }
    }

    #[test]
    fn a_wall_far_down_a_page_and_a_shell_with_much_to_say_are_no_walls() {
        let rules = shipped();
        let check = |html: &str, url: &str, wanted: Seen| {
            let url = Url::parse(url).unwrap();
            let extract = jianzheng_core::page::read_text(html, Some(&url));
            assert_eq!(innocent_now(&rules, &extract, &url), wanted, "{html}");
        };
        let long = "本店经营鲜花绿植开业花篮，当天送到。".repeat(60);
        check(&format!("<p>{long}</p><p>拖动滑块完成拼图</p>"), "http://a.example/", Seen::Missing);
        check("<h1>示例花店</h1>", "http://a.example/login", Seen::Unseen);
        // What scripts fill shows nothing to be judged, until it says something itself.
        check("<div id=app></div><script src=/a.js></script>", "http://a.example/", Seen::Unseen);
        let shell =
            "<p>示例花店，鲜花绿植，开业花篮，当天送到，节日另有优惠，欢迎订购。</p><script src=/a.js></script>";
        assert!(jianzheng_core::page::read_text(shell, None).needs_eyes);
        check(shell, "http://a.example/", Seen::Missing);
    }
}
