//! A hit's address that shows something innocent: taken down, changed, or not to be told.

use std::time::Duration;

use jianzheng::config::Robots;
use jianzheng::store::HitState;

use super::rig::*;

const GONE: &str = "<title>信息不存在</title><p>您要找的信息已经被发布者删除，看看别的吧。</p>";

/// A unit with two hits of a site, `/sell/1.html` and `/sell/2.html`.
async fn with_hits() -> Unit {
    let unit = Unit::new(|head| match path(head) {
        "/sell/1.html" => ok(OFFER),
        "/sell/2.html" => ok(&OFFER.replace("demo_nb88", "demo_nb99")),
        _ => missing(),
    })
    .await;
    unit.round(0, &[("/sell/1.html", ""), ("/sell/2.html", "")]).await;
    assert_eq!(unit.hits().len(), 2);
    unit.site.asked();
    unit
}

fn is_known(head: &str) -> bool {
    matches!(path(head), "/robots.txt" | "/sell/1.html" | "/sell/2.html")
}

fn probes(unit: &Unit) -> usize {
    unit.site.asked().iter().filter(|head| !is_known(head)).count()
}

fn note(unit: &Unit) -> Option<String> {
    unit.page("/sell/1.html").note
}

/// What is said of hits whose addresses show `page` while any other address is answered with `other`.
async fn said(page: &'static str, other: Answer) -> (Option<String>, usize, HitState) {
    let unit = with_hits().await;
    unit.site.now_answers(move |head| match path(head) {
        "/robots.txt" => missing(),
        _ if is_known(head) => ok(page),
        _ => other.clone(),
    });
    unit.round(24, &[]).await;
    (note(&unit), probes(&unit), unit.hits()[0].state)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_shows_nothing_tells_nothing_of_the_hit() {
    let wall = "<title>安全验证</title><p>请完成验证后继续访问</p>";
    let shell = "<p>您要找的信息已经被发布者删除，看看别的吧，也许有您要的东西。</p><script src=/a.js></script>";
    let refused = |status: &'static str| (status, String::new(), "<p>稍后再来</p>".to_owned());
    let half = ("200 OK", HALF.to_owned(), GONE.to_owned());
    for (what, other) in [
        ("a wall", ok(wall)),
        ("a shell", ok(shell)),
        ("half a page", half),
        ("a refusal", refused("403 Forbidden")),
        ("a fault", refused("503 Service Unavailable")),
        ("the way to a wall", ("302 Found", "Location: http://passport.a.example/\r\n".to_owned(), String::new())),
    ] {
        let (note, probes, _) = said(FLOWERS, other).await;
        assert_eq!((note, probes), (None, 1), "{what}");
    }
    let (told, ..) = said(FLOWERS, missing()).await;
    assert!(told.unwrap().contains("换了内容"), "a plain 404 tells");
    let (told, ..) = said(GONE, ok(GONE)).await;
    assert!(told.unwrap().contains("已经撤下"));
    // The hit's own address shows a wall, or what a script fills: nothing to be held against anything.
    for page in [wall, shell] {
        let (note, probes, state) = said(page, ok(page)).await;
        assert_eq!((note, probes), (None, 0), "{page}");
        assert_ne!(state, HitState::Gone);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_asked_once_in_a_round_however_it_answers() {
    let unit = with_hits().await;
    unit.site.now_answers(|head| match path(head) {
        "/robots.txt" => missing(),
        _ if is_known(head) => ok(FLOWERS),
        _ => (DROPPED, String::new(), String::new()),
    });
    unit.round(24, &[]).await;
    assert_eq!((note(&unit), probes(&unit)), (None, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probe_waits_its_turn_and_minds_robots_as_the_unit_does() {
    let mut unit = with_hits().await;
    let barring = |head: &str| match path(head) {
        "/robots.txt" => ("200 OK", String::new(), "User-agent: *\nDisallow: /sell/x\n".to_owned()),
        _ => ok(GONE),
    };
    unit.site.now_answers(barring);
    unit.round(24, &[]).await;
    assert_eq!((note(&unit), probes(&unit)), (None, 0));
    let mut free = with_hits().await;
    free.site.now_answers(barring);
    (free.robots, free.delay) = (Robots::Ignore, Duration::from_millis(150));
    free.round(24, &[]).await;
    assert!(note(&free).unwrap().contains("已经撤下"));
    let times = free.site.times();
    assert_eq!(times.iter().filter(|(_, head)| !is_known(head)).count(), 1);
    assert!(times.windows(2).all(|pair| pair[1].0 - pair[0].0 >= free.delay), "{times:?}");
    unit.robots = Robots::Obey;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_a_site_shows_for_any_address_is_told_from_a_changed_one() {
    let unit = with_hits().await;
    unit.site.now_answers(|head| match path(head) {
        "/robots.txt" => missing(),
        "/sell/2.html" => ok(FLOWERS),
        _ => ok(GONE),
    });
    unit.round(24, &[]).await;
    assert!(unit.page("/sell/1.html").note.unwrap().contains("已经撤下"));
    assert!(unit.page("/sell/2.html").note.unwrap().contains("换了内容"));
    let told: String = unit.hits().iter().flat_map(|hit| hit.chain.clone()).collect();
    assert!(told.contains("复看：本站对不存在的网址也给这一页") && told.contains("换了内容"), "{told}");
    let probes =
        |asked: &[String]| asked.iter().filter(|head| !["/sell/1.html", "/sell/2.html"].contains(&path(head))).count();
    assert_eq!(probes(&unit.site.asked()), 1, "one probe a host");
    let port = unit.site.address.port();
    let facts = unit.store.host(&format!("a.example:{port}")).await.unwrap().unwrap();
    assert!(facts.made_up.is_some_and(|answer| answer.status == 200 && answer.text.is_some()));
    unit.round(48, &[]).await;
    assert_eq!(probes(&unit.site.asked()), 0, "and not again the next day");
    assert!(unit.hits().iter().all(|hit| hit.state == HitState::Gone));
}
