//! What is cause enough for a disguised look, what such looks cost, and which ways and patterns come to an end.

use std::time::Duration;

use jianzheng::store::{HitState, Outcome};

use super::rig::*;

fn guests(unit: &Unit, at: &str) -> Vec<&'static str> {
    unit.site.asked().iter().filter(|head| path(head) == at).map(|head| guest(head)).collect()
}

fn path_of(url: &str) -> String {
    let url: url::Url = url.parse().unwrap();
    format!("{}{}", url.host_str().unwrap(), url.path())
}

fn linked(words: &'static str) -> impl Fn(&str) -> Answer + Send + 'static {
    move |head| match (path(head), guest(head)) {
        ("/robots.txt", _) => missing(),
        ("/", _) => ok(&format!("<title>示例</title><p>本地生活信息，分类浏览，欢迎光临。</p><a href=/x>{words}</a>")),
        (_, "wechat") => ok(OFFER),
        _ => ok(FLOWERS),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_speaks_of_the_trade_is_cause_enough_once() {
    let unit = Unit::new(linked("低压电工证代办")).await;
    unit.round(0, &[("/", "")]).await;
    assert_eq!(unit.hits().len(), 1);
    let unit = Unit::new(linked("联系我们")).await;
    unit.round(0, &[("/", "")]).await;
    assert_eq!((guests(&unit, "/x"), unit.hits().len()), (vec!["named"], 0));
    // Where all looks brought nothing, they are not tried again each week.
    let unit = Unit::new(linked("低压电工证代办")).await;
    unit.site.now_answers(|head| if path(head) == "/x" { ok(FLOWERS) } else { linked("低压电工证代办")(head) });
    unit.round(0, &[("/", "")]).await;
    assert_eq!(guests(&unit, "/x"), ["named", "desktop", "wechat", "search"]);
    unit.round(24 * 9, &[]).await;
    assert_eq!(guests(&unit, "/x"), ["named"]);
}

/// A site that answers the patrol so, and browsers with the offer.
fn refuses_us(status: &'static str) -> impl Fn(&str) -> Answer + Send + 'static {
    move |head| match (path(head), guest(head)) {
        ("/robots.txt", _) => missing(),
        (_, "named") => (status, String::new(), String::new()),
        _ => ok(OFFER),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_refuses_the_patrol_by_whatever_word_is_looked_at_as_others_where_it_was_said_to_be_of_the_trade() {
    for status in ["401 Unauthorized", "406 Not Acceptable", "500 Internal", "503 Service Unavailable", DROPPED] {
        let unit = Unit::new(refuses_us(status)).await;
        unit.round(0, &[("/x", TRADE)]).await;
        assert_eq!(guests(&unit, "/x"), ["named", "desktop"], "{status}");
        let hit = &unit.hits()[0];
        assert_eq!(hit.seen_as.as_deref(), Some("desktop"), "{status}");
        let page = unit.page("/x");
        assert!(!page.looks[0].why.is_empty(), "{status}: {:?}", page.looks);
        assert!(hit.chain[0].contains(&page.looks[0].why), "{status}: {:?}", hit.chain);
        assert_eq!(page.looks[0].capture.is_some(), status != DROPPED, "what came is kept");
        // A look at the hit comes the same way.
        unit.round(24, &[]).await;
        assert_eq!(unit.hits()[0].state, HitState::Up, "{status}");
        // Of what nobody said anything of, nobody looks.
        let unit = Unit::new(refuses_us(status)).await;
        unit.round(0, &[("/x", "")]).await;
        assert_eq!(guests(&unit, "/x"), ["named"], "{status}");
    }
    // Patience is asked of everybody.
    let unit = Unit::new(|head| match (path(head), guest(head)) {
        ("/robots.txt", _) => missing(),
        (_, "named") => ("503 Service Unavailable", "Retry-After: 1\r\n".to_owned(), String::new()),
        _ => ok(OFFER),
    })
    .await;
    unit.round(0, &[("/x", TRADE)]).await;
    assert_eq!(guests(&unit, "/x"), ["named"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_nobody_is_written_down_once_with_all_who_asked() {
    let unit = Unit::new(|head| match path(head) {
        "/robots.txt" => missing(),
        _ => (DROPPED, String::new(), String::new()),
    })
    .await;
    unit.round(0, &[("/x", TRADE)]).await;
    assert_eq!(guests(&unit, "/x"), ["named", "desktop", "wechat", "search"]);
    let page = unit.page("/x");
    assert_eq!(page.looks.len(), 4);
    assert!(page.looks.iter().all(|look| look.capture.is_none() && look.say.contains("没有看成")));
    assert!(matches!(page.outcome, Outcome::Failed { .. }));
    // Where robots.txt is not answered either, nobody may look, as whomever.
    let unit = Unit::new(|_| (DROPPED, String::new(), String::new())).await;
    unit.round(0, &[("/x", TRADE)]).await;
    assert_eq!(guests(&unit, "/x"), [""; 0]);
    assert!(unit.page("/x").looks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_imitates_an_authority_and_a_hit_of_the_host_are_causes() {
    let unit = Unit::new(|head| {
        let host = head.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or_default();
        let port = host.rsplit(':').next().unwrap_or_default();
        match (path(head), guest(head)) {
            ("/robots.txt", _) => missing(),
            ("/", _) if host.starts_with("a.") => ok(&format!(
                "{FLOWERS}<a href='http://{IMITATION}:{port}/y'>更多</a><a href='http://b.example:{port}/z'>更多</a>"
            )),
            ("/offer", _) => ok(OFFER),
            (_, "named") => ("403 Forbidden", String::new(), String::new()),
            _ => ok(OFFER),
        }
    })
    .await;
    unit.round(0, &[("/", ""), ("/offer", "")]).await;
    assert_eq!(guests(&unit, "/y"), ["named", "desktop"], "its name says whose it would be");
    unit.round(24, &[("/later", "")]).await;
    assert_eq!(guests(&unit, "/later"), ["named", "desktop"], "the host has a hit");
    let unheard = unit.page("/z");
    assert!(unheard.looks.is_empty(), "of whom nothing is known nobody looks as others: {:?}", unheard.looks);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_another_guest_was_sent_is_looked_at_as_other_guests_too() {
    let unit = Unit::new(|head| {
        let host = head.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or_default();
        let port = host.rsplit(':').next().unwrap_or_default();
        match (path(head), guest(head), host.starts_with("a.")) {
            ("/robots.txt", ..) => missing(),
            ("/x", "wechat", true) => {
                ("302 Found", format!("Location: http://b.example:{port}/real\r\n"), String::new())
            }
            ("/x", _, true) => ("302 Found", "Location: http://www.baidu.com/\r\n".to_owned(), String::new()),
            ("/y", "wechat", true) => ok(&format!(
                "<title>低压电工证办理</title><meta http-equiv=refresh content='0;url=http://b.example:{port}/refreshed'>\
                 <p>低压电工证办理，正在打开，请稍候，马上就好，不要离开这一页。</p>"
            )),
            ("/y", _, true) => {
                ok(&format!("{FLOWERS}<script>if(/MicroMessenger/.test(navigator.userAgent)){{location.href='/z'}}</script>"))
            }
            ("/real", "wechat", false) => ok(OFFER),
            ("/refreshed", "wechat", false) => ok(&OFFER.replace("demo_nb88", "demo_nb99")),
            _ => ok(FLOWERS),
        }
    })
    .await;
    // Of the second nobody said anything: it is its script that gives cause.
    unit.round(0, &[("/x", TRADE), ("/y", "")]).await;
    let mut ends: Vec<String> = unit
        .hits()
        .iter()
        .filter(|hit| hit.seen_as.as_deref() == Some("wechat"))
        .map(|hit| path_of(&hit.final_url))
        .collect();
    ends.sort();
    assert_eq!(ends, ["b.example/real", "b.example/refreshed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn disguised_looks_wait_their_turn_and_count_as_pages() {
    let quiet = |head: &str| if path(head) == "/robots.txt" { missing() } else { ok(FLOWERS) };
    let mut unit = Unit::new(quiet).await;
    unit.delay = Duration::from_millis(150);
    unit.host_pages = 4;
    unit.round(0, &[("/x", TRADE), ("/1", ""), ("/2", ""), ("/3", "")]).await;
    let times = unit.site.times();
    let asked: Vec<_> = times.iter().map(|(_, head)| (path(head), guest(head))).collect();
    let wanted = [("/robots.txt", "named"), ("/x", "named"), ("/x", "desktop"), ("/x", "wechat"), ("/x", "search")];
    assert_eq!(asked, wanted, "four pages are four pages");
    for pair in times.windows(2) {
        let pause = pair[1].0 - pair[0].0;
        assert!(pause >= unit.delay, "{pause:?} before {}", pair[1].1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_disguised_guest_is_asked_the_patrol_is_asked() {
    let mut unit = Unit::new(|head| match guest(head) {
        _ if path(head) == "/robots.txt" => missing(),
        "desktop" => ("429 Too Many Requests", "Retry-After: 2\r\n".to_owned(), String::new()),
        _ => ok(FLOWERS),
    })
    .await;
    unit.delay = Duration::from_millis(10);
    unit.round(0, &[("/x", TRADE), ("/1", "")]).await;
    let times = unit.site.times();
    let asked: Vec<_> = times.iter().map(|(_, head)| (path(head), guest(head))).collect();
    assert_eq!(asked[1..], [("/x", "named"), ("/x", "desktop"), ("/1", "named")], "who is asked for patience stops");
    assert!(times[3].0 - times[2].0 >= Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn walls_shells_and_offers_that_are_all_alike_are_no_trap() {
    const STEPS: u32 = 14;
    let mut unit = Unit::new(|head| {
        let at = path(head);
        let number = at.split(['_', '.']).nth(1).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
        let kind = at.split('_').next().unwrap_or_default();
        let next =
            if number < STEPS { format!("<a href={kind}_{}.html>下一页</a>", number + 1) } else { String::new() };
        match kind {
            "/wall" => ok(&format!("<title>安全验证</title><p>请完成验证后继续访问</p>{next}")),
            "/shell" => ok(&format!("<title>应用</title><div id=app></div><script src=/a.js></script>{next}")),
            "/offer" => ok(&format!("{OFFER}{next}")),
            "/same" => ok(&format!("{FLOWERS}<p>花束{number}号</p><a href=/same_1.html>首页</a>{next}")),
            _ => missing(),
        }
    })
    .await;
    unit.depth = 20;
    unit.round(0, &[("/wall_1.html", ""), ("/shell_1.html", ""), ("/offer_1.html", ""), ("/same_1.html", "")]).await;
    let asked = unit.site.asked();
    let under = |kind: &str| {
        let ways: std::collections::HashSet<_> =
            asked.iter().map(|head| path(head)).filter(|at| at.starts_with(kind)).collect();
        ways.len() as u32
    };
    assert_eq!((under("/wall_"), under("/shell_"), under("/offer_")), (STEPS, STEPS, STEPS));
    assert_eq!(unit.hits().len() as u32, STEPS);
    assert!((10..STEPS).contains(&under("/same_")), "{}", under("/same_"));
    let told: Vec<String> = unit
        .store
        .not_looked(1)
        .map(|row| row.unwrap())
        .filter(|row| row.why.contains("内容都一样"))
        .map(|row| row.url)
        .collect();
    assert!(
        told.len() == 1 && !told[0].ends_with("/same_1.html"),
        "what was seen is not told to be left out: {told:?}"
    );
}

/// A site whose every page links to a hundred more, no two addresses of one pattern.
fn hundred(of: &str) -> String {
    let seed = of.bytes().fold(7u64, |sum, b| sum.wrapping_mul(131).wrapping_add(u64::from(b)));
    (0..100u64)
        .map(|n| {
            let mut word = seed.wrapping_mul(31).wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let name: String = std::iter::repeat_with(|| {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (b'a' + (word >> 59) as u8 % 26) as char
            })
            .take(9)
            .collect();
            format!("<a href=/{name}>详情</a>")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_offer_at_every_address_is_a_handful_of_hits_and_the_rest_is_listed_with_the_reason() {
    let unit = Unit::new(|head| match path(head) {
        "/robots.txt" => missing(),
        at => ok(&format!("{OFFER}{}", hundred(at))),
    })
    .await;
    unit.round(0, &[("/", "")]).await;
    let hits = unit.hits().len();
    assert!((10..=16).contains(&hits), "{hits}");
    let told =
        unit.store.not_looked(1).filter(|row| row.as_ref().unwrap().why.contains("随便哪个网址都给同一页")).count();
    assert!(told > 80, "{told} of the first page's links");
    assert!(unit.hits().iter().all(|hit| hit.capture.is_some()));
    // Neither the next day nor when what was left comes up again.
    unit.round(24, &[]).await;
    unit.round(24 * 9, &[]).await;
    assert!(unit.hits().len() <= hits + 12, "{} of {hits}", unit.hits().len());
    // A seed is looked at whatever its host.
    unit.round(24 * 10, &[("/named", "")]).await;
    assert!(unit.hits().iter().any(|hit| hit.final_url.ends_with("/named")));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_different_offers_of_one_host_stay_many_hits() {
    let mut unit = Unit::new(|head| match path(head) {
        "/robots.txt" => missing(),
        "/" => ok(&format!("<title>示例</title><p>本地生活信息，分类浏览，欢迎光临。</p>{}", hundred("/"))),
        at => ok(&OFFER.replace("demo_nb88", &format!("demo{}", &at[1..]))),
    })
    .await;
    unit.depth = 1;
    unit.round(0, &[("/", "")]).await;
    assert_eq!(unit.hits().len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_pages_make_by_themselves_goes_ten_steps_and_on_from_there_another_day() {
    let unit = Unit::new(|head| {
        let at = path(head);
        match at.strip_prefix("/r").and_then(|n| n.parse::<u32>().ok()) {
            Some(n) => ok(&format!(
                "<meta http-equiv=refresh content='0;url=/r{}'><p>第{n}站，{}</p>",
                n + 1,
                "请稍候，正在打开".repeat(n as usize)
            )),
            None => missing(),
        }
    })
    .await;
    let furthest = |unit: &Unit| {
        let asked = unit.site.asked();
        asked.iter().filter_map(|head| path(head).strip_prefix("/r")?.parse::<u32>().ok()).max()
    };
    unit.round(0, &[("/r0", "")]).await;
    assert_eq!(furthest(&unit), Some(10));
    assert!(unit.store.not_looked(1).any(|row| row.unwrap().why.contains("不再跟下去")));
    unit.round(24 * 9, &[]).await;
    assert_eq!(furthest(&unit), Some(20), "who comes back begins anew");
}
