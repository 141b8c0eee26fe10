//! Replies as engines send them, whole, changed and hostile: what is read out of them, and how they count.

use proptest::prelude::*;

use super::*;

fn definition(name: &str) -> Definition {
    let text = match name {
        "baidu" => include_str!("../../../rules/sources/baidu.toml"),
        "searxng" => include_str!("../../../rules/sources/searxng.toml"),
        _ => include_str!("../../../tests/data/discover/third.toml"),
    };
    Definition::parse(name, "x.toml", text).expect("the definition is right")
}

fn golden(file: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/discover").join(file);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn reply(name: &str, status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
    let host = match name {
        "baidu" => "www.baidu.com",
        "searxng" => "searx.example.org",
        _ => "www.third-engine.example",
    };
    Reply {
        status,
        final_url: Url::parse(&format!("https://{host}/s?q=x")).expect("a fixed address"),
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        body,
    }
}

fn ask(query: &str) -> Ask {
    Ask { source: "x".into(), query: query.into(), query_id: "q".into(), page: 1 }
}

fn read_golden(name: &str, file: &str, query: &str) -> Reading {
    read(&definition(name), &ask(query), &reply(name, 200, &[], golden(file)))
}

fn check(name: &str, file: &str, wanted: Outcome, why: &str) {
    let reading = read_golden(name, file, "低压电工证 代办");
    assert_eq!(reading.outcome, wanted, "{file}: {}", reading.why);
    assert!(reading.why.contains(why), "{file}: {}", reading.why);
    assert_eq!(reading.why.is_empty(), wanted == Outcome::Ok, "{file}");
}

#[test]
fn each_answer_of_searxng_ends_as_what_it_is() {
    use Outcome::*;
    check("searxng", "searxng-ok.json", Ok, "");
    check("searxng", "searxng-some-silent.json", Degraded, "baidu（CAPTCHA）、sogou（timeout）");
    check("searxng", "searxng-all-silent.json", Blocked, "都没有回答");
    check("searxng", "searxng-none-but-one-silent.json", Degraded, "不能当作没有");
    check("searxng", "searxng-zero.json", Zero, "引擎说没有");
    check("searxng", "searxng-junk.json", Degraded, "无关");
    check("searxng", "searxng-changed.json", Broken, "版面");
    check("searxng", "baidu-ok.html", Broken, "不是 JSON");
    check("searxng", "baidu-empty.html", Broken, "不是 JSON");
}

#[test]
fn each_answer_of_baidu_ends_as_what_it_is() {
    use Outcome::*;
    check("baidu", "baidu-ok.html", Ok, "");
    check("baidu", "baidu-last-page.html", Ok, "");
    check("baidu", "baidu-zero.html", Zero, "引擎说没有");
    check("baidu", "baidu-empty.html", Broken, "读不出结果");
    check("baidu", "baidu-wall.html", Blocked, "安全验证");
    check("baidu", "baidu-network.html", Blocked, "网络不给力");
    check("baidu", "baidu-changed.html", Broken, "版面");
    check("baidu", "baidu-card-changed.html", Broken, "读不出标题");
    check("baidu", "baidu-junk.html", Degraded, "无关");
}

#[test]
fn a_status_or_a_redirect_tells_before_the_page_does() {
    use Outcome::*;
    let check = |name: &str, status: u16, headers: &[(&str, &str)], body: &str, wanted: Outcome, why: &str| {
        let reading = read(&definition(name), &ask("电工证"), &reply(name, status, headers, body.as_bytes().to_vec()));
        assert_eq!(reading.outcome, wanted, "{status} {headers:?}: {}", reading.why);
        assert!(reading.why.contains(why), "{status} {headers:?}: {}", reading.why);
    };
    let wappass = [("Location", "https://wappass.baidu.com/static/captcha/tuxing.html?x=1")];
    check("baidu", 302, &wappass, "", Blocked, "wappass");
    check("baidu", 302, &[("location", "/static/captcha/tuxing_v2.html")], "", Blocked, "安全验证");
    check("baidu", 302, &[("location", "https://elsewhere.example/")], "", Broken, "elsewhere.example");
    check("baidu", 302, &[], "", Broken, "不明");
    check("baidu", 403, &[], "", Blocked, "403");
    check("baidu", 403, &[], "<p>no</p>", Blocked, "403");
    check("baidu", 429, &[], "", Blocked, "429");
    check("baidu", 401, &[], "", Blocked, "401");
    check("baidu", 404, &[], "<p>没有找到与您输入的</p>", Broken, "404");
    check("baidu", 502, &[], "", Broken, "502");
    check("baidu", 200, &[], "", Broken, "空白页");
    check("searxng", 403, &[], "<h1>Forbidden</h1>", Blocked, "search.formats");
    check("searxng", 429, &[], "Too Many Requests", Blocked, "429");
    check("searxng", 500, &[], "{}", Broken, "500");
    check("third", 200, &[], " \n", Blocked, "境内");
    check("third", 302, &[("location", "https://qcaptcha.third-engine.example/?ret=x")], "", Blocked, "验证");
}

#[test]
fn only_what_may_pass_is_worth_a_retry_and_a_rest_is_heard() {
    let of = |status: u16, headers: &[(&str, &str)]| {
        let reading = read(&definition("baidu"), &ask("x"), &reply("baidu", status, headers, Vec::new()));
        (reading.retry, reading.rest.map(|rest| rest.as_secs()))
    };
    assert_eq!(of(503, &[]), (true, None));
    assert_eq!(of(503, &[("Retry-After", " 30 ")]), (true, Some(30)));
    assert_eq!(of(429, &[("Retry-After", "3600")]), (true, Some(3600)));
    assert_eq!(of(429, &[("Retry-After", "soon")]), (false, None));
    assert_eq!(of(403, &[]), (false, None));
    assert_eq!(of(200, &[("Retry-After", "30")]), (false, None));
}

#[test]
fn a_result_page_gives_real_addresses_keeps_advertisements_and_leaves_noise_out() {
    let reading = read_golden("baidu", "baidu-ok.html", "低压电工证 代办");
    let told: Vec<(&str, &str, bool, bool)> =
        reading.found.iter().map(|c| (c.title.as_str(), c.url.as_str(), c.ad, c.needs_lookup)).collect();
    let wanted = [
        ("特种作业证快速办理", "http://www.baidu.com/baidu.php?url=demoAd01", true, true),
        ("低压电工证代办 免考拿证", "http://www.bz-demo.example/dg.html?from=1&a=2", false, false),
        ("电工证怎么考", "https://www.baidu.com/link?url=demo0002", false, true),
    ];
    assert_eq!(told, wanted);
    let seller = &reading.found[1];
    assert_eq!(seller.snippet, "官网可查，获取验证码即可登录，加微信 tzzy_demo88");
    assert_eq!((seller.date.as_deref(), seller.rank), (Some("2026年11月2日"), 2));
    assert_eq!(reading.found[2].snippet, "电工证怎么考 先报名培训，再参加考试。");
    assert!(reading.more);
    assert!(!read_golden("baidu", "baidu-last-page.html", "低压电工证").more);
}

#[test]
fn a_json_reply_gives_plain_text_and_decoded_links() {
    let reading = read_golden("searxng", "searxng-ok.json", "低压电工证 代办");
    let told: Vec<(&str, &str, bool)> =
        reading.found.iter().map(|c| (c.title.as_str(), c.url.as_str(), c.needs_lookup)).collect();
    let wanted = [
        ("低压电工证代办 免考 & 包过", "http://www.bz-demo.example/dg.html", false),
        ("低压电工作业培训报名通知", "https://school-demo.example/news/1", false),
        ("电工证", "http://b-demo.example/x?q=1", false),
        ("代办电工证", "http://www.baidu.com/link?url=abcDEF", true),
    ];
    assert_eq!(told, wanted);
    assert_eq!(reading.found[0].engine.as_deref(), Some("baidu"));
    assert_eq!(reading.found[0].date.as_deref(), Some("2026-11-02T00:00:00"));
    assert_eq!(reading.found[1].date, None);
}

#[test]
fn the_engines_that_did_not_answer_are_told_one_by_one() {
    let reading = read_golden("searxng", "searxng-some-silent.json", "低压电工证");
    let told: Vec<(&str, &str)> = reading.silent.iter().map(|s| (s.engine.as_str(), s.reason.as_str())).collect();
    assert_eq!(told, [("baidu", "CAPTCHA"), ("sogou", "timeout")]);
    assert_eq!(reading.found.len(), 1, "what the others found is kept");
}

#[test]
fn several_engines_turned_away_without_a_result_are_a_wall_even_if_more_were_asked_for() {
    let body =
        r#"{"results": [], "unresponsive_engines": [["baidu", "CAPTCHA"], ["bing", "Suspended: too many requests"]]}"#;
    let reading = read(&definition("searxng"), &ask("x"), &reply("searxng", 200, &[], body.into()));
    assert_eq!(reading.outcome, Outcome::Blocked);
}

#[test]
fn results_without_relevance_are_not_handed_on() {
    assert_eq!(read_golden("baidu", "baidu-junk.html", "低压电工证 代办").found, []);
    assert_eq!(read_golden("searxng", "searxng-junk.json", "低压电工证 代办").found, []);
}

#[test]
fn a_third_engine_needs_a_file_and_nothing_else() {
    let reading = read_golden("third", "third-ok.html", "焊工证 免考");
    assert_eq!(reading.outcome, Outcome::Ok, "{}", reading.why);
    let told: Vec<(&str, bool)> = reading.found.iter().map(|c| (c.url.as_str(), c.ad)).collect();
    let wanted = [
        ("http://hg-demo.example/1", false),
        ("http://hg-demo.example/2", false),
        ("http://b-demo.example/x?q=1", false),
        ("http://hg-demo.example/3", true),
    ];
    assert_eq!(told, wanted);
    assert_eq!(reading.found[0].date.as_deref(), Some("3天前"));
    assert!(reading.found.iter().all(|c| !c.needs_lookup));
    let none = "<p>找不到和您查询的“x”相符的网页</p>".as_bytes().to_vec();
    assert_eq!(read(&definition("third"), &ask("x"), &reply("third", 200, &[], none)).outcome, Outcome::Zero);
}

#[test]
fn an_answer_that_is_too_large_or_too_deep_costs_no_time() {
    let large = reply("baidu", 200, &[], vec![b'<'; MAX_BODY + 1]);
    assert_eq!(read(&definition("baidu"), &ask("x"), &large).outcome, Outcome::Broken);
    let deep = reply("baidu", 200, &[], "<div><p><b>".repeat(100_000).into_bytes());
    assert_eq!(read(&definition("baidu"), &ask("x"), &deep).outcome, Outcome::Broken);
    let nested = reply("searxng", 200, &[], "[".repeat(1_000_000).into_bytes());
    assert_eq!(read(&definition("searxng"), &ask("x"), &nested).outcome, Outcome::Broken);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_it_panic_or_say_that_there_is_nothing(body in prop::collection::vec(any::<u8>(), 0..300), status in 100u16..600) {
        for name in ["baidu", "searxng", "third"] {
            let reading = read(&definition(name), &ask("电工证"), &reply(name, status, &[], body.clone()));
            prop_assert_ne!(reading.outcome, Outcome::Zero);
            prop_assert_ne!(reading.outcome, Outcome::Ok);
        }
    }

    /// Pieces of true pages in any order, cut anywhere.
    #[test]
    fn no_mangled_page_makes_it_panic(cuts in prop::collection::vec((0usize..12, 0usize..1500, 0usize..400), 0..8)) {
        let files = ["baidu-ok.html", "searxng-ok.json", "baidu-zero.html", "third-ok.html", "searxng-some-silent.json", "baidu-junk.html"];
        let mut body = Vec::new();
        for (file, from, length) in cuts {
            let whole = golden(files[file % files.len()]);
            body.extend(whole.iter().skip(from).take(length));
        }
        for name in ["baidu", "searxng", "third"] {
            let reading = read(&definition(name), &ask("电工证"), &reply(name, 200, &[], body.clone()));
            let may_find = matches!(reading.outcome, Outcome::Ok | Outcome::Degraded);
            prop_assert!(may_find || reading.found.is_empty());
            prop_assert!(reading.found.iter().all(|c| matches!(c.url.scheme(), "http" | "https") && !c.title.is_empty()));
        }
    }
}
