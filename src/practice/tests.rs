//! Claims about the practice web that need a made-up one, and about its settings and clock.

use jianzheng_core::cloaking::Guest;

use super::web::{AfterGone, Found, Web, place_of};
use super::*;

fn files(path: &str) -> Option<&'static [u8]> {
    match path {
        "pages/error-404.html" => Some(b"404"),
        "pages/parked.html" => Some(b"parked"),
        "a" => Some(b"aaa"),
        "t" => Some("{{query}}|{{count}}|{{ads}}|{{items}}|{{next}}|{{title}}|{{none}}".as_bytes()),
        _ => None,
    }
}

fn web(text: &str) -> Result<Web, Vec<Flaw>> {
    Web::parse(text, &files)
}

fn site(text: &str, day: u32) -> Site {
    Site::new(web(text).unwrap_or_else(|flaws| panic!("{flaws:?}")), day)
}

fn status(site: &Site, host: &str, target: &str) -> Option<u16> {
    site.answer(host, target, Guest::Patrol).reply.map(|reply| reply.status)
}

#[test]
fn every_flaw_is_told_with_its_line() {
    let text = r#"[[page]]
url = "https://a.example/"
file = "a"
[[page]]
url = "http://a.example/"
file = "b"
redirect = "/x"
days = "2-1"
[[page]]
url = "http://a.example"
file = "missing"
status = 42
[[page]]
url = "http://b.example/"
redirect = "http://c.example/\n"
[[page]]
url = "http://b.example/q"
fiel = "a"
[[host]]
name = "A.example"
[[host]]
name = "b.example"
behaviour = "lazy"
[[engine]]
kind = "altavista"
[other]
"#;
    let flaws = web(text).err().expect("nothing in it is right");
    let told = flaws.iter().map(Flaw::to_string).collect::<Vec<_>>().join("\n");
    for (line, claim) in [
        (2, "https://a.example/ 不是完整的 http 网址"),
        (5, "只写一个"),
        (5, "days = \"2-1\" 不对"),
        (10, "没有文件 missing"),
        (10, "状态码 42 不能用"),
        (10, "两条记录说同一天"),
        (14, "状态码却是 200"),
        (14, "报头 Location 里有不能发的字符"),
        (18, "fiel"),
        (20, "A.example 不是小写的主机名"),
        (23, "lazy"),
        (25, "altavista"),
        (26, "不认识 other"),
    ] {
        let near = flaws.iter().any(|flaw| flaw.say.contains(claim) && flaw.line.abs_diff(line) <= 1);
        assert!(near, "line {line}: {claim}\n{told}");
    }
    assert!(matches!(web("[[page]").err().as_deref(), Some([Flaw { line: 1, .. }])));
    let error = PracticeError::Data(flaws).to_string();
    assert!(error.contains("seeds/practice/web.toml 第 26 行") && error.contains("维护"), "{error}");
}

#[test]
fn an_address_changes_with_the_days() {
    let text = r#"
[[page]]
url = "http://a.example/x?y=%2f"
file = "a"
days = "2-3"
after_gone = "parked"
[[page]]
url = "http://a.example/x?y=%2f"
redirect = "/z"
status = 302
days = "5-5"
after_gone = "refused"
[[host]]
name = "h.example"
refused_after_day = 1
"#;
    let web = web(text).unwrap_or_else(|flaws| panic!("{flaws:?}"));
    let on = |day| match web.page_on(&place_of("A.example", "/x?y=%2F"), day) {
        Found::Page(page) => page.status,
        Found::Gone(AfterGone::NotFound) => 404,
        Found::Gone(AfterGone::Parked) => 1,
        Found::Gone(AfterGone::Refused) => 0,
    };
    assert_eq!([1, 2, 3, 4, 5, 6].map(on), [404, 200, 200, 1, 302, 0]);

    let site = Site::new(web, 1);
    assert_eq!(status(&site, "h.example", "/"), Some(404));
    site.set_day(6);
    assert_eq!(status(&site, "h.example", "/"), None);
    assert_eq!(status(&site, "a.example", "/x?y=%2F"), None);
    assert_eq!(status(&site, "elsewhere.example", "/"), None);
    let (open, closed) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
    let hosts: Vec<_> = site.hosts(open, closed);
    assert_eq!(hosts, [("a.example".to_owned(), open), ("h.example".to_owned(), closed)]);
    assert_eq!(site.log().iter().map(|served| served.status).collect::<Vec<_>>(), [Some(404), None, None, None]);
}

#[tokio::test]
async fn a_host_that_refuses_is_refused_at_the_socket() {
    let text =
        "[[page]]\nurl = \"http://a.example/\"\nfile = \"a\"\n[[host]]\nname = \"a.example\"\nrefused_after_day = 1\n";
    let running = PracticeWeb(web(text).unwrap_or_else(|flaws| panic!("{flaws:?}"))).serve(1).await.unwrap();
    let reached = async || tokio::net::TcpStream::connect(running.hosts()[0].1).await.map(drop).map_err(|e| e.kind());
    assert_eq!(reached().await, Ok(()));
    running.set_day(2);
    assert_eq!(reached().await, Err(io::ErrorKind::ConnectionRefused));
    assert_eq!(reached().await, Err(io::ErrorKind::ConnectionRefused), "nobody else may take the port");
    running.stop().await;
}

#[test]
fn the_first_request_of_a_day_is_that_of_each_day() {
    let text = "[[page]]\nurl = \"http://a.example/\"\nfile = \"a\"\nfirst = { status = 503, headers = { Retry-After = \"1\" } }\n";
    let site = site(text, 1);
    let three = || [(); 3].map(|()| status(&site, "a.example", "/").unwrap());
    assert_eq!(three(), [503, 200, 200]);
    site.set_day(1);
    assert_eq!(three(), [200, 200, 200], "the same day goes on");
    site.set_day(2);
    assert_eq!(three(), [503, 200, 200]);
}

#[test]
fn an_engine_orders_by_words_and_never_takes_a_query_for_a_template() {
    let mut text = String::from(
        "[[engine]]\nkind = \"baidu\"\nhost = \"s.example\"\nwalls_after = 9\nwall_url = \"http://w.example/\"\nwall = \"a\"\n\
         page = \"t\"\nitem = \"t\"\nad_item = \"t\"\nzero = \"t\"\nnext = \"t\"\n",
    );
    for (title, words) in
        [("one", "[\"x\"]"), ("two", "[\"X\", \"y\"]"), ("later", "[\"x\", \"y\", \"z\"]\ndays = \"2-\"")]
    {
        text.push_str(&format!(
            "[[engine.index]]\nurl = \"http://{title}.example/\"\ntitle = \"{title}\"\nsnippet = \"\"\nwords = {words}\n"
        ));
    }
    let site = site(&text, 1);
    let body = |target: &str| {
        String::from_utf8(site.answer("s.example", target, Guest::Patrol).reply.unwrap().body.into_owned()).unwrap()
    };
    let found = body("/s?wd=XYZ%7B%7Bitems%7D%7D%3Cb%3E");
    let (two, one) = (found.find("two").unwrap(), found.find("one").unwrap());
    assert!(two < one && !found.contains("later"), "{found}");
    assert!(found.starts_with("XYZ{{items}}&lt;b&gt;|2||"), "{found}");
    assert!(body("/s?wd=nothing").starts_with("nothing||"), "the page that says none");
    let entries: serde_json::Value = serde_json::from_str(&body("/s?wd=x&tn=json&pn=1")).unwrap();
    assert_eq!(entries["feed"]["all"], 2);
    assert_eq!(entries["feed"]["entry"].as_array().unwrap().len(), 1);
    for token in ["", "zz", "3120", "302078", "f", "ff", "é1", "3939393939393939393939393939393939393939393920"] {
        assert_eq!(status(&site, "s.example", &format!("/link?url={token}")), Some(404), "{token}");
    }
    assert_eq!(status(&site, "s.example", "/link?url=312078"), Some(302));
    site.set_day(2);
    assert!(body("/s?wd=xyz").contains("later"));
}

#[test]
fn the_settings_are_read_by_the_ordinary_reader_and_wait_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jianzheng.toml"), settings()).unwrap();
    std::fs::write(folder.path().join(SEEDS_FILE), seeds()).unwrap();
    let nothing = std::iter::empty::<(&str, &str)>();
    let settings = crate::config::load(None, nothing, folder.path()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    settings.check_sources(&["searxng", "baidu"]).unwrap();
    assert!(settings.general.seeds.iter().all(|seeds| seeds.is_file()), "{:?}", settings.general.seeds);
    assert_eq!((settings.network.host_delay_ms, settings.network.connections), (0, 16));
    assert_eq!(settings.network.render, crate::config::Render::Off);
    assert_eq!(settings.mail.transport, crate::config::Transport::Outbox);
    assert!(settings.network.proxy.is_none());
    for source in ["searxng", "baidu"] {
        let source = settings.source(source).unwrap();
        assert_eq!((source.enabled, source.delay_ms), (Some(true), Some(0)));
        assert!(source.url.as_deref().unwrap().starts_with("http://"), "TLS is not spoken");
    }
    for route in ["网信", "市监", "公安", "住建", "人社", "平台"] {
        let contacts = settings.contacts.iter().filter(|contact| contact.routes.iter().any(|r| r == route));
        assert_eq!(contacts.count(), 1, "{route}");
    }
    assert!(settings.contacts.iter().all(|c| c.email.ends_with(".example") && c.phone.starts_with("0574-8888")));
    assert!(settings.mail.from.to_string().contains(".example>"));
}

#[test]
fn a_day_of_practice_has_its_rounds() {
    let at = |day, part| crate::clock::rfc3339(clock(day, part));
    assert_eq!(at(1, Part::Morning), "2026-03-02T08:30:00+08:00");
    assert_eq!(at(2, Part::Night), "2026-03-03T02:00:00+08:00");
    assert_eq!(at(2, Part::Morning), "2026-03-03T08:30:00+08:00");
    assert_eq!((parts(1), parts(2)), (&[Part::Morning][..], &[Part::Night, Part::Morning][..]));
    assert_eq!(clock(u32::MAX, Part::Night), Timestamp::MAX);
}

#[test]
fn https_becomes_http_and_nothing_else_changes() {
    for (url, wanted) in [
        ("https://www.baidu.com/s?wd=a#b", "http://www.baidu.com/s?wd=a#b"),
        ("http://a.example/", "http://a.example/"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ] {
        assert_eq!(plain(&Url::parse(url).unwrap()).as_str(), wanted);
    }
}

#[test]
fn a_page_may_have_a_face_for_each_guest() {
    let text = r#"
[[page]]
url = "http://a.example/"
file = "a"
guests = { wechat = "t", search = "pages/parked.html" }
"#;
    let site = site(text, 1);
    let shown = |guest| site.answer("a.example", "/", guest).reply.unwrap().body.into_owned();
    assert_eq!([Guest::Patrol, Guest::Desktop].map(shown), [b"aaa".to_vec(), b"aaa".to_vec()]);
    assert_eq!(shown(Guest::Searcher), b"parked");
    assert!(shown(Guest::Wechat).starts_with(b"{{query}}"));
    assert_eq!(site.log()[2].guest, Guest::Searcher);
    let wrong = web(&text.replace("wechat", "telegram")).err().unwrap();
    assert!(wrong[0].say.contains("没有 telegram 这种来客"), "{wrong:?}");
}
