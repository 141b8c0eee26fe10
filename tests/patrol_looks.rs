//! Rounds against a site of the test's own on loopback: looks as somebody else, copies that have not changed, traps, soft 404s.
//! What the site was asked is what is claimed, beside what the store keeps of it.

#[path = "patrol_looks/causes.rs"]
mod causes;
#[path = "patrol_looks/rendered.rs"]
mod rendered;
#[path = "patrol_looks/rig.rs"]
mod rig;
#[path = "patrol_looks/too_large.rs"]
mod too_large;
#[path = "patrol_looks/vanished.rs"]
mod vanished;

use std::collections::HashMap;

use jianzheng::store::{HitState, Outcome};
use jianzheng_core::verdict::Thresholds;
use rig::*;

fn only_wechat(head: &str) -> Answer {
    match (path(head), guest(head)) {
        ("/robots.txt", _) => missing(),
        (_, "wechat") => ok(OFFER),
        _ => ok(FLOWERS),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_wechat_is_shown_is_found_kept_whole_and_not_gone_the_next_day() {
    let unit = Unit::new(only_wechat).await;
    unit.round(0, &[("/x", TRADE)]).await;
    let guests: Vec<_> = unit.site.asked().iter().map(|head| guest(head)).collect();
    assert_eq!(guests, ["named", "desktop", "wechat"], "the desk before WeChat, and no more once it was seen");
    let page = unit.page("/x");
    assert_eq!(page.looks.iter().map(|look| look.guest.as_str()).collect::<Vec<_>>(), guests);
    assert!(page.looks.iter().all(|look| look.capture.is_some()) && page.looks[0].why.contains("一个字没提"));
    assert_eq!((page.verdict.as_deref(), page.cloaks.as_slice()), (Some("seller"), &["微信".to_owned()][..]));
    let hit = &unit.hits()[0];
    assert_eq!((hit.seen_as.as_deref(), hit.state), (Some("wechat"), HitState::Up));
    assert_eq!(hit.capture, page.looks[2].capture, "the verdict rests on the look that saw it");
    assert_eq!(hit.captures.len(), 3, "the others prove the difference");
    assert!(
        hit.chain[0].contains("以“手机微信”的身份看到") && hit.chain[0].contains("网页“示例花店”"),
        "{:?}",
        hit.chain
    );
    assert!(hit.reasons.iter().any(|reason| reason.rule == "seller.cloaked"), "{:?}", hit.reasons);
    for capture in &hit.captures {
        let kept = jianzheng::evidence::read(unit.folder.path(), &capture.warc, capture.offset, 1 << 20).unwrap();
        assert!(!kept.body.is_empty());
    }

    unit.round(24, &[]).await;
    assert_eq!(unit.hits()[0].state, HitState::Up);
    assert!(unit.site.asked().iter().any(|head| guest(head) == "wechat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_that_only_others_see_is_not_missed_by_who_may_not_look_as_they_do() {
    let mut unit = Unit::new(only_wechat).await;
    unit.round(0, &[("/x", TRADE)]).await;
    unit.site.asked();
    unit.looks = 0;
    for hours in [24, 48, 72] {
        unit.round(hours, &[]).await;
        assert!(unit.site.asked().iter().all(|head| guest(head) == "named"));
    }
    assert_eq!(unit.hits()[0].state, HitState::Unseen);
    unit.looks = 6;
    unit.site.now_answers(|_| missing());
    for hours in [96, 120] {
        unit.round(hours, &[]).await;
    }
    assert_eq!(unit.hits()[0].state, HitState::Gone, "everybody looked, and nobody sees it");
}

#[tokio::test(flavor = "multi_thread")]
async fn disguised_looks_have_a_cause_a_cap_and_the_patrols_own_robots() {
    let unit = Unit::new(|head| match path(head) {
        "/robots.txt" => ("200 OK", String::new(), "User-agent: jianzheng\nDisallow: /barred\n".to_owned()),
        _ => ok(FLOWERS),
    })
    .await;
    let seeds: Vec<String> = (0..5).map(|n| format!("/x{n}")).collect();
    let mut all: Vec<(&str, &str)> = seeds.iter().map(|rest| (rest.as_str(), TRADE)).collect();
    // Nobody said anything of the second, and the first is not for us.
    all.extend([("/barred", TRADE), ("/plain", "")]);
    unit.round(0, &all).await;
    let asked = unit.site.asked();
    let mut count: HashMap<&str, usize> = HashMap::new();
    asked.iter().for_each(|head| *count.entry(guest(head)).or_default() += 1);
    assert_eq!(count["named"], 6, "{count:?}");
    assert_eq!(count["desktop"] + count["wechat"] + count["search"], 6, "{count:?}");
    assert!(asked.iter().all(|head| path(head) != "/barred"));
    assert!(asked.iter().filter(|head| path(head) == "/plain").all(|head| guest(head) == "named"));
    assert!(unit.hits().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_only_searchers_are_sent_is_followed() {
    let unit = Unit::new(|head| match (path(head), guest(head)) {
        ("/robots.txt", _) => missing(),
        ("/x", "search") => ("302 Found", "Location: /real\r\n".to_owned(), String::new()),
        ("/x", _) => ("302 Found", "Location: http://www.baidu.com/\r\n".to_owned(), String::new()),
        ("/real", _) => ok(OFFER),
        _ => missing(),
    })
    .await;
    unit.round(0, &[("/x", TRADE)]).await;
    let hit = &unit.hits()[0];
    assert!(hit.final_url.ends_with("/real"), "{}", hit.final_url);
    assert_eq!(hit.seen_as.as_deref(), Some("search"));
    let page = unit.page("/x");
    assert_eq!((page.looks[0].say.as_str(), page.cloaks.as_slice()), ("转到 www.baidu.com", &["搜索".to_owned()][..]));
}

/// A page with a tag, which it answers for.
fn tagged(head: &str) -> Answer {
    let fields = "ETag: \"v1\"\r\nLast-Modified: Mon, 21 Sep 2026 00:00:00 GMT\r\n".to_owned();
    match path(head) {
        "/robots.txt" => missing(),
        _ if head.contains("If-None-Match: \"v1\"\r\n") => ("304 Not Modified", fields, String::new()),
        "/offer" => ("200 OK", fields, OFFER.to_owned()),
        _ => ("200 OK", fields, format!("{FLOWERS}<a href=/more>更多</a>")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_seen_and_judged_by_what_we_kept() {
    let mut unit = Unit::new(tagged).await;
    unit.round(0, &[("/x", ""), ("/offer", "")]).await;
    let first = unit.page("/x");
    assert!(first.copy.is_some() && first.unchanged.is_none());
    assert!(unit.page("/offer").copy.is_none(), "what accuses is always asked for whole");
    unit.site.asked();

    for day in [1, 2] {
        let round = unit.round(24 * day, &[]).await;
        let asked = unit.site.asked();
        let of = |rest: &str| asked.iter().find(|head| path(head) == rest).unwrap();
        assert!(of("/x").contains("If-None-Match: \"v1\"\r\n") && of("/x").contains("If-Modified-Since: Mon, 21 Sep"));
        assert!(!of("/offer").contains("If-"), "{}", of("/offer"));
        let page = unit.page("/x");
        assert_eq!((page.round, &page.outcome), (round, &Outcome::Fetched { status: 304 }));
        assert_eq!(page.unchanged.as_ref().unwrap().page, first.seq);
        assert_eq!((&page.verdict, page.extract), (&first.verdict, true));
        assert!(unit.store.extract(page.seq).await.unwrap().is_some());
        assert!(page.capture.is_some() && page.capture != first.capture, "the answer of that day is its evidence");
        assert_eq!(unit.hits()[0].state, HitState::Up);
    }

    // Rules that see something in it want the page itself.
    unit.thresholds = Thresholds { hit: 0.0, review: 0.0 };
    unit.round(72, &[]).await;
    let asked = unit.site.asked();
    let of_x: Vec<_> =
        asked.iter().filter(|head| path(head) == "/x").map(|head| head.contains("If-None-Match")).collect();
    assert_eq!(of_x, [true, false]);
    assert_eq!(unit.page("/x").outcome, Outcome::Fetched { status: 200 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_serves_four_weeks_and_a_304_that_nobody_asked_for_shows_nothing() {
    let unit = Unit::new(tagged).await;
    unit.round(0, &[("/x", ""), ("/offer", "")]).await;
    unit.round(24 * 20, &[]).await;
    unit.site.asked();
    unit.round(24 * 29, &[]).await;
    assert!(unit.site.asked().iter().all(|head| !head.contains("If-None-Match")));
    assert_eq!(unit.page("/x").outcome, Outcome::Fetched { status: 200 });

    unit.site.now_answers(|_| ("304 Not Modified", String::new(), String::new()));
    for day in [30, 31, 32] {
        unit.round(24 * day, &[]).await;
    }
    assert_eq!(unit.hits()[0].state, HitState::Unseen, "never gone by a 304");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_end_ends_and_its_offers_are_all_seen() {
    let unit = Unit::new(|head| {
        let at = path(head);
        let number: u32 = at.trim_start_matches("/list_").trim_end_matches(".html").parse().unwrap_or(1);
        match at {
            "/robots.txt" => missing(),
            at if at.starts_with("/list_") => {
                let word = ["焊机", "吊车", "扳手", "电缆", "水泵"][number as usize % 5].repeat(number as usize);
                let next = if number < 40 { format!("<a href=/list_{}.html>下一页</a>", number + 1) } else { String::new() };
                ok(&format!("<title>二手</title><p>转让{word}，八成新，可以上门看货。</p>{next}"))
            }
            at => {
                // Each link carries a session of its own, and the page says the same everywhere.
                let seed = at.bytes().fold(7u64, |sum, b| sum.wrapping_mul(131).wrapping_add(u64::from(b)));
                let links: String =
                    (0..5u64).map(|n| format!("<a href='/e?s=a{:015x}'>活动</a>", seed.wrapping_mul(31 + n) >> 8)).collect();
                ok(&format!("<title>活动</title><p>本周活动安排，欢迎参加，名额有限，先到先得。</p>{links}<a href=/list_1.html>二手</a>"))
            }
        }
    })
    .await;
    unit.round(0, &[("/", "")]).await;
    // A visit goes eight steps from its seed; later seeds go on where the list was left.
    for day in 1..=4 {
        unit.round(24 * day, &[(&format!("/list_{}.html", day * 9), "")]).await;
    }
    let asked = unit.site.asked();
    let under = |start: &str| asked.iter().filter(|head| path(head).starts_with(start)).count();
    let lists: std::collections::HashSet<&str> =
        asked.iter().map(|head| path(head)).filter(|at| at.starts_with("/list_")).collect();
    assert_eq!(lists.len(), 40, "every page of the list");
    assert!(under("/e?") < 250, "{} of them", under("/e?"));
    let told: Vec<String> = unit.store.not_looked(1).map(|row| row.unwrap().why).collect();
    assert_eq!(told.iter().filter(|why| why.contains("/e?s=*") && why.contains("内容都一样")).count(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_for_all_but_wechat_is_not_gone() {
    let unit = Unit::new(|head| if path(head) == "/robots.txt" { missing() } else { ok(OFFER) }).await;
    unit.round(0, &[("/x", "")]).await;
    unit.site.now_answers(|head| match path(head) {
        "/robots.txt" => missing(),
        _ => ok("<title>提示</title><h3>请在微信客户端打开链接</h3>"),
    });
    for day in [1, 2, 3] {
        unit.round(24 * day, &[]).await;
    }
    assert_eq!(unit.hits()[0].state, HitState::Unseen);
}
