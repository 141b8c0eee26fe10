//! When a page is worth a look as somebody else, and what the looks come to.

use jianzheng_core::page;

use super::*;
use jianzheng_core::verdict::Thresholds;

/// The shipped rules.
pub(in crate::patrol) fn shipped() -> RuleSet {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<(String, String)> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    RuleSet::compile(&files).unwrap()
}

const OFFER: &str =
    "<title>快速拿证</title><p>低压电工证免考试免培训，三天出证，官网可查，先出证后付款，加微信 demo_nb88 办理</p>";
const FLOWERS: &str = "<title>示例花店</title><p>鲜花、绿植、开业花篮，当天送到，欢迎订购，节日另有优惠。</p>";

fn look(guest: Guest, status: u16, html: &str) -> Look {
    let url = Url::parse("http://a.example/").unwrap();
    let rules = shipped();
    let extract = page::read_text(html, Some(&url));
    let verdict = rules.judge(&extract, &url, Thresholds::default());
    let words = rules.list(Lists::GuestScript.name()).unwrap();
    let asks_guest = cloaking::looks_at_guest(html.as_bytes(), words);
    let empty = status == 200 && html.is_empty();
    let content = if status == 200 && !empty { Content::Page(Box::new((extract, verdict))) } else { Content::Other };
    let exchange = crate::evidence::Exchange {
        url: url.to_string(),
        request_head: b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
        status,
        reason: String::new(),
        headers: Vec::new(),
        body: html.as_bytes().to_vec(),
        time: jiff::Timestamp::UNIX_EPOCH,
        ip: None,
        resolved_by: crate::evidence::ResolvedBy::Direct,
        tls_leaf_sha256: None,
        tls_problem: None,
        truncated: None,
        notes: Vec::new(),
        vantage: guest.as_code().to_owned(),
        connection: crate::evidence::Connection::default(),
    };
    let encoded = crate::evidence::encode(&exchange, false);
    Look {
        guest,
        status,
        final_url: url,
        onward: None,
        read: Read { encoded, content, status, empty, asks_guest, part: None },
        patience: status == 429,
    }
}

/// The same, of which only the beginning came.
fn half(look: Look) -> Look {
    Look { read: Read { part: Some("断了"), ..look.read }, ..look }
}

/// The same, of which nobody can be sure.
fn doubtful(mut look: Look) -> Look {
    if let Content::Page(page) = &mut look.read.content {
        page.1.kind = Kind::Suspicious;
    }
    look
}

fn sent(target: &str) -> Look {
    Look { onward: Some(Url::parse(target).unwrap()), ..look(Guest::Patrol, 302, "") }
}

#[test]
fn a_disguised_look_needs_a_cause() {
    let rules = shipped();
    let check = |look: Look, way: Way, wanted: Option<Cause>| {
        assert_eq!(cause(&rules, &look, way), wanted, "{} {way:?}", look.say(&rules));
    };
    let own = |status, html| look(Guest::Patrol, status, html);
    check(own(404, ""), Way::Trade, Some(Cause::Missing(404)));
    check(own(403, ""), Way::Trade, Some(Cause::Refused(403)));
    check(own(200, ""), Way::Trade, Some(Cause::Empty));
    check(own(200, "<title>拿证</title><p></p>"), Way::Trade, Some(Cause::Empty));
    check(own(200, FLOWERS), Way::Trade, Some(Cause::Silent));
    check(sent("http://www.baidu.com/"), Way::Trade, Some(Cause::Elsewhere("www.baidu.com".to_owned())));
    check(own(200, "<p>请在微信客户端打开链接</p>"), Way::Trade, Some(Cause::OtherDevice));
    check(own(200, FLOWERS), Way::Hit, Some(Cause::Silent));
    check(
        own(200, "<p>电工证培训，按时上课、考试，每月一期，欢迎来校咨询报名，地址见网站。</p>"),
        Way::Hit,
        Some(Cause::Gone),
    );
    // Nothing was said of these, or nothing is odd about them.
    for way in [Way::Root, Way::Plain] {
        check(own(404, ""), way, None);
        check(own(200, FLOWERS), way, None);
    }
    check(own(200, OFFER), Way::Trade, None);
    check(own(200, "<p>电工证、焊工证培训，按时上课，按时考试，欢迎来校咨询报名。</p>"), Way::Trade, None);
    // A fault may be put on for us; patience is asked of everybody.
    check(own(503, ""), Way::Trade, Some(Cause::Refused(503)));
    check(Look { patience: true, ..own(503, "") }, Way::Trade, None);
    // Where only the host is known, what a page of it does not say and one that is gone mean little.
    for (look, wanted) in [
        (own(403, ""), Some(Cause::Refused(403))),
        (own(200, ""), Some(Cause::Empty)),
        (own(404, ""), None),
        (own(200, FLOWERS), None),
    ] {
        check(look, Way::Accused, wanted);
    }
    // To a site of their own, or to a way in: that is followed or left alone, not looked at again.
    check(sent("http://m.a.example/"), Way::Trade, None);
    check(sent("http://new-shop.example/"), Way::Trade, None);
    check(sent("http://passport.baidu.com/login"), Way::Trade, None);
    // A wall that wants a person stays one.
    check(own(200, "<title>安全验证</title><p>请完成验证后继续访问</p>"), Way::Hit, None);
}

#[test]
fn a_script_that_asks_who_looks_is_a_cause_where_the_page_may_matter() {
    let rules = shipped();
    let asks =
        format!("{FLOWERS}<script>if(!/MicroMessenger/.test(navigator.userAgent)){{location.href='/x'}}</script>");
    let check = |way, wanted| assert_eq!(cause(&rules, &look(Guest::Patrol, 200, &asks), way), wanted, "{way:?}");
    check(Way::Root, Some(Cause::Script));
    check(Way::Trade, Some(Cause::Script));
    check(Way::Plain, None);
}

#[test]
fn what_is_suspicious_and_no_more_is_looked_at_as_others_once() {
    let rules = shipped();
    let own = || doubtful(look(Guest::Patrol, 200, FLOWERS));
    for way in [Way::Trade, Way::Root, Way::Plain, Way::Hit] {
        assert_eq!(cause(&rules, &own(), way), Some(Cause::Suspicious), "{way:?}");
    }
    assert_eq!(cause(&rules, &own(), Way::Suspect), None);
    assert_eq!(cause(&rules, &look(Guest::Patrol, 404, ""), Way::Suspect), Some(Cause::Missing(404)));
    let mut looking = Looking::new(&rules, own(), Cause::Suspicious, Manner::default().guests(""));
    let (guest, _) = looking.next_guest().unwrap();
    looking.saw(doubtful(look(guest, 200, FLOWERS)));
    let (guest, _) = looking.next_guest().unwrap();
    assert_eq!(guest, Guest::Wechat);
    looking.saw(look(guest, 200, OFFER));
    assert!(looking.next_guest().is_none());
    let looks = looking.end(&Terms::default());
    assert_eq!((looks.best, looks.cloaks.as_slice()), (2, &[][..]), "nobody was shown another page in its place");
    assert_eq!(looks.take_apart(&rules).0[0].why, Cause::Suspicious.say());
}

#[test]
fn the_look_that_saw_most_counts_and_is_judged_with_what_the_others_tell() {
    let rules = shipped();
    let terms = Terms::default();
    let manner = Manner { looks: 3, engines: vec![("baidu".to_owned(), "https://www.baidu.com/".to_owned())] };
    let mut looking = Looking::new(&rules, look(Guest::Patrol, 200, FLOWERS), Cause::Silent, manner.guests("searxng"));
    let (guest, from) = looking.next_guest().unwrap();
    assert_eq!((guest, from), (Guest::Desktop, None));
    looking.saw(look(guest, 200, FLOWERS));
    let (guest, _) = looking.next_guest().unwrap();
    assert_eq!(guest, Guest::Wechat);
    looking.saw(look(guest, 200, OFFER));
    assert!(looking.next_guest().is_none(), "it was seen");
    let looks = looking.end(&terms);
    assert_eq!(
        (looks.looks.len(), looks.best, looks.cloaks.as_slice(), looks.cut),
        (3, 2, &[Cloak::Wechat][..], false)
    );
    let rests_on_it = |look: &Look| match &look.read.content {
        Content::Page(page) => page.1.signals.iter().any(|signal| signal.rule == "seller.cloaked"),
        _ => unreachable!(),
    };
    assert!(rests_on_it(&looks.looks[2]));
    assert!(!rests_on_it(&look(Guest::Wechat, 200, OFFER)));
    let (records, encoded, taken) = looks.take_apart(&rules);
    assert_eq!((records.len(), encoded.len(), taken.best), (3, 3, 2));
    assert_eq!(records[0].why, Cause::Silent.say());
    assert_eq!(records[0].say, "网页“示例花店”");
    assert_eq!(records[2].verdict.as_deref(), Some("seller"));
}

#[test]
fn nobody_says_that_nobody_sees_it_while_somebody_was_not_asked() {
    let rules = shipped();
    let guests = || Manner::default().guests("");
    assert_eq!(guests().len(), 2, "without an engine nobody comes from one");
    let begun = || Looking::new(&rules, look(Guest::Patrol, 404, ""), Cause::Missing(404), guests());
    assert!(begun().end(&Terms::default()).cut);
    let mut all = begun();
    while let Some((guest, _)) = all.next_guest() {
        all.saw(look(guest, 404, ""));
    }
    assert!(!all.end(&Terms::default()).cut);
    let mut broken = begun();
    while let Some((guest, _)) = broken.next_guest() {
        broken.failed(guest, "连接超时".to_owned());
    }
    let ended = broken.end(&Terms::default());
    assert!(ended.cut);
    assert!(ended.take_apart(&rules).0[1].say.contains("连接超时"));
    // A server that fails for a browser too fails.
    let mut failing = begun();
    let (guest, _) = failing.next_guest().unwrap();
    failing.saw(look(guest, 502, ""));
    assert!(failing.next_guest().is_none());
    // Who is asked to go more slowly stops.
    let mut slow = begun();
    let (guest, _) = slow.next_guest().unwrap();
    slow.saw(look(guest, 429, ""));
    assert!(slow.next_guest().is_none());
}

#[test]
fn who_is_not_answered_at_all_is_written_down_first_and_no_look_of_his_counts() {
    let rules = shipped();
    let begun = || Looking::unanswered(&rules, "连接断了".to_owned(), Manner::default().guests(""));
    let mut looking = begun();
    while let Some((guest, _)) = looking.next_guest() {
        looking.failed(guest, "也断了".to_owned());
    }
    let looks = looking.end(&Terms::default());
    let told: Vec<_> = looks.records(&rules).into_iter().map(|look| (look.guest, look.say, look.why)).collect();
    assert!(looks.looks.is_empty() && told.len() == 3, "{told:?}");
    assert_eq!(told[0].0, "named");
    assert!(told[0].1.contains("连接断了") && told[0].2 == Cause::BrokenOff.say(), "{told:?}");

    let mut looking = begun();
    let (guest, _) = looking.next_guest().unwrap();
    looking.saw(look(guest, 200, OFFER));
    assert!(looking.next_guest().is_none());
    let (records, encoded, taken) = looking.end(&Terms::default()).take_apart(&rules);
    assert_eq!((records.len(), encoded.len(), taken.best, taken.guest), (2, 1, 0, Guest::Desktop));
    assert!(taken.cloaks.is_empty(), "a line that broke proves nothing");
    let capture = Capture {
        sha256: "ab".repeat(32),
        sm3: None,
        warc: "warc/2026-03-02.warc.gz".to_owned(),
        offset: 7,
        length: 1,
        before: 0,
        after: 0,
        time: jiff::Timestamp::UNIX_EPOCH,
    };
    let kept = with_captures(records, std::slice::from_ref(&capture));
    assert_eq!((kept[0].capture.as_ref(), kept[1].capture.as_ref()), (None, Some(&capture)));
}

#[test]
fn what_came_in_part_and_what_leads_on_proves_nothing() {
    let rules = shipped();
    let nothing = |look: &Look| matches!(look.sight(&rules), Sight::Unknown);
    assert!(!nothing(&look(Guest::Desktop, 200, FLOWERS)));
    assert!(nothing(&half(look(Guest::Desktop, 200, FLOWERS))), "the offer may stand in the rest");
    assert!(matches!(half(look(Guest::Desktop, 200, OFFER)).sight(&rules), Sight::Page(..)), "what is there is there");
    // An answer without a body that leads on is the way to something, not an empty page.
    let mut on = sent("http://m.a.example/");
    on.read.empty = true;
    assert!(nothing(&on));
    assert_eq!(doubt(&rules, &on), None);
    // Within one's own house nobody is sent away, however large the house is.
    let mut at_home = sent("http://www.baidu.com/");
    at_home.final_url = Url::parse("http://tieba.baidu.com/p/1").unwrap();
    assert!(nothing(&at_home));
    for (status, wanted) in [
        (401, Some(Cause::Refused(401))),
        (403, Some(Cause::Refused(403))),
        (404, Some(Cause::Missing(404))),
        (406, Some(Cause::Refused(406))),
        (407, None),
        (429, None),
        (451, None),
    ] {
        assert_eq!(cause(&rules, &look(Guest::Patrol, status, ""), Way::Trade), wanted, "{status}");
    }
}

#[test]
fn a_browser_is_shown_what_accuses_or_else_what_needs_it() {
    let shell = "<div id=app></div><script src=/a.js></script>";
    let rules = shipped();
    let shown = |looks: &[(Guest, &str)]| {
        let mut looks = looks.iter().map(|(guest, html)| look(*guest, 200, html));
        let mut looking = Looking::new(&rules, looks.next().unwrap(), Cause::Silent, Vec::new());
        looks.for_each(|look| looking.saw(look));
        let looks = looking.end(&Terms::default());
        looks.looks[looks.to_be_shown()].guest
    };
    assert_eq!(shown(&[(Guest::Patrol, FLOWERS)]), Guest::Patrol);
    assert_eq!(shown(&[(Guest::Patrol, FLOWERS), (Guest::Wechat, shell)]), Guest::Wechat);
    assert_eq!(shown(&[(Guest::Patrol, FLOWERS), (Guest::Desktop, shell), (Guest::Wechat, OFFER)]), Guest::Wechat);
    assert_eq!(shown(&[(Guest::Patrol, shell), (Guest::Wechat, shell)]), Guest::Patrol);
}
