//! Claims about cases, made on a store in a temporary folder.

use std::path::Path;

use jianzheng_core::{
    case::{Contacts, Decision, Kind, target_of},
    schedule::Seen,
};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::store::{Capture, Changes, DigestState, Entities, KindScores, Opts, Reason, Store};

pub(crate) fn open(folder: &Path) -> Store {
    Store::open(folder, Opts { ballast: 0, free_floor: 0, ..Opts::default() }).unwrap()
}

pub(crate) fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_772_400_000).unwrap() + SignedDuration::from_hours(hours)
}

/// A page with a verdict, as the patrol hands it over.
pub(crate) struct Found<'a> {
    pub(crate) url: &'a str,
    pub(crate) verdict: &'a str,
    pub(crate) score: f64,
    pub(crate) phones: &'a [&'a str],
    pub(crate) area: &'a str,
    pub(crate) hours: i64,
    pub(crate) round: u64,
    pub(crate) body: &'a str,
}

pub(crate) const SELLER: Found<'static> = Found {
    url: "http://a.example/1",
    verdict: "seller",
    score: 90.0,
    phones: &["13000001234"],
    area: "330212",
    hours: 0,
    round: 1,
    body: "body",
};

pub(crate) fn found(page: &Found<'_>) -> Sighting {
    let phones: Vec<String> = page.phones.iter().map(|phone| (*phone).to_owned()).collect();
    let host = page.url.split('/').nth(2).unwrap().to_owned();
    let kind = if page.verdict == "fake_site" { Kind::FakeSite } else { Kind::Seller };
    let route = if kind == Kind::FakeSite { "网信" } else { "市监" };
    let contacts = Contacts { phones: &phones, ..Contacts::default() };
    let (target, contacts) = target_of(kind, &host, contacts, false, page.url);
    let time = at(page.hours);
    let capture = Capture {
        sha256: page.body.to_owned(),
        sm3: None,
        warc: "warc/a.warc.gz".to_owned(),
        offset: u64::try_from(page.hours).unwrap(),
        length: 10,
        before: 0,
        after: 0,
        time,
    };
    let hit = Hit {
        id: 0,
        url: page.url.to_owned(),
        final_url: page.url.to_owned(),
        host,
        verdict: page.verdict.to_owned(),
        score: page.score,
        kind_scores: KindScores::default(),
        route: route.to_owned(),
        routes: vec![route.to_owned()],
        authority: None,
        notes: Vec::new(),
        case: 0,
        state: HitState::Up,
        first_seen: time,
        last_seen: time,
        last_look: time,
        missing_since: None,
        source: "searxng".to_owned(),
        query: "电工证".to_owned(),
        chain: vec![format!("搜索，第 {} 轮", page.round)],
        entities: Entities { phones, ..Entities::default() },
        cert_types: Vec::new(),
        areas: vec![page.area.to_owned()],
        title: "快速拿证".to_owned(),
        reasons: vec![Reason {
            rule: "seller.exam-waiver".to_owned(),
            kind: "seller".to_owned(),
            points: 18.0,
            say: "承诺免考".to_owned(),
            quote: Some(page.body.to_owned()),
        }],
        capture: Some(capture),
        captures: Vec::new(),
        rules: "sha256:00".to_owned(),
        first_round: page.round,
        last_round: page.round,
        text: None,
        short_text: None,
        codes: Vec::new(),
        pictures: Vec::new(),
        rendering: None,
        seen_as: None,
        cloaks: Vec::new(),
        label: None,
        robots_ignored: false,
        set_clock: false,
    };
    Sighting { hit, kind, target, contacts, twin: None }
}

pub(crate) async fn see(store: &Store, page: Found<'_>) -> Hit {
    let mut set = Changes::new();
    set.then(sighting(found(&page)));
    let id = store.commit(set).await.unwrap().ids[0];
    store.hit(id).await.unwrap().unwrap()
}

pub(crate) async fn look(store: &Store, hit: u64, seen: Seen, hours: i64) -> Hit {
    let mut set = Changes::new();
    set.then(looked(Look { hit, seen, capture: None, round: 9, now: at(hours) }));
    store.commit(set).await.unwrap();
    store.hit(hit).await.unwrap().unwrap()
}

async fn case_of(store: &Store, hit: &Hit) -> Case {
    store.case(hit.case).await.unwrap().unwrap()
}

fn log(store: &Store) -> Vec<String> {
    store.audit().map(Result::unwrap).map(|row| format!("{} {} {}", row.actor, row.action, row.subject)).collect()
}

#[tokio::test]
async fn two_pages_with_one_telephone_are_one_case_and_later_contacts_lead_there_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let a = see(&store, SELLER).await;
    let b = see(
        &store,
        Found { url: "http://b.example/2", score: 95.0, phones: &["13000005678", "13000001234"], hours: 1, ..SELLER },
    )
    .await;
    let c = see(&store, Found { url: "http://c.example/3", phones: &["13000005678"], hours: 2, ..SELLER }).await;
    assert_eq!((a.case, b.case, c.case), (1, 1, 1));
    let case = case_of(&store, &a).await;
    assert_eq!((case.target.as_str(), case.score, case.state), ("phone:13000001234", 95.0, CaseState::New));
    assert_eq!((case.first_seen, case.last_seen), (at(0), at(2)));
    assert_eq!(store.round_counts(1).await.unwrap().cases_open, 1);
}

#[tokio::test]
async fn a_fake_on_two_paths_of_one_host_is_one_case_with_two_hits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let fake = Found { verdict: "fake_site", phones: &["057488881234"], ..SELLER };
    let a = see(&store, Found { url: "http://cx.mem-gov.example.com/q", ..fake }).await;
    let b = see(&store, Found { url: "http://www.example.com/cert?id=1", verdict: "fake_site", ..SELLER }).await;
    assert_eq!(a.case, b.case);
    assert_eq!(case_of(&store, &a).await.target, "example.com");
    assert_eq!(store.case_hits(a.case).count(), 2);
}

#[tokio::test]
async fn a_page_met_again_is_the_same_hit_with_one_more_way_in_and_its_deciding_capture() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let first = see(&store, SELLER).await;
    let same = see(&store, Found { hours: 7, round: 2, ..SELLER }).await;
    assert_eq!((same.id, same.first_round, same.last_round, same.state), (first.id, 1, 2, HitState::Up));
    assert_eq!(same.chain, ["搜索，第 1 轮", "搜索，第 2 轮"]);
    assert_eq!((same.capture.clone(), same.captures.len()), (first.capture, 2), "the earlier proof stays");
    let weaker =
        see(&store, Found { hours: 14, round: 3, score: 60.0, verdict: "suspicious", body: "less", ..SELLER }).await;
    assert_eq!((weaker.verdict.as_str(), weaker.score, weaker.state), ("seller", 90.0, HitState::Changed));
    assert_eq!(weaker.capture, same.capture);
    let stronger = see(&store, Found { hours: 20, round: 4, score: 99.0, body: "more", ..SELLER }).await;
    assert_eq!((stronger.score, stronger.capture.unwrap().sha256), (99.0, "more".to_owned()));
    for hours in 21..30 {
        see(&store, Found { hours, round: 5, score: 80.0, body: "again", ..SELLER }).await;
    }
    let hit = store.hit(first.id).await.unwrap().unwrap();
    assert_eq!(hit.captures.len(), CAPTURES);
    assert!(hit.captures.contains(hit.capture.as_ref().unwrap()));
    let mut set = Changes::new();
    set.then(seen_again(hit.id, "聚合搜索".to_owned())).then(seen_again(hit.id, "聚合搜索".to_owned()));
    store.commit(set).await.unwrap();
    let again = store.hit(first.id).await.unwrap().unwrap();
    assert_eq!(
        (again.last_round, again.last_seen, again.chain.len()),
        (hit.last_round, hit.last_seen, hit.chain.len() + 1)
    );
    assert_eq!(store.hits_count().await.unwrap(), 1);
}

#[tokio::test]
async fn what_is_suspicious_waits_for_an_officer_until_a_stronger_verdict_comes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let page = Found { verdict: "suspicious", score: 60.0, ..SELLER };
    let hit = see(&store, page).await;
    assert_eq!(case_of(&store, &hit).await.state, CaseState::Review);
    see(&store, Found { hours: 1, ..SELLER }).await;
    let case = case_of(&store, &hit).await;
    assert_eq!((case.state, case.score), (CaseState::New, 90.0));
    assert_eq!(
        log(&store),
        [
            "machine hit.found hit 1",
            "machine case.review case 1",
            "machine hit.seller hit 1",
            "machine case.new case 1"
        ]
    );
    assert_eq!(store.verify_audit().await.unwrap().broken, None);
}

#[tokio::test]
async fn a_case_is_gone_when_all_its_hits_are_and_back_when_one_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let a = see(&store, SELLER).await;
    let b = see(&store, Found { url: "http://b.example/2", ..SELLER }).await;
    for hours in [6, 12] {
        look(&store, a.id, Seen::Missing, hours).await;
        look(&store, b.id, Seen::Unseen, hours).await;
    }
    assert_eq!(store.hit(a.id).await.unwrap().unwrap().state, HitState::Gone);
    assert_eq!(case_of(&store, &a).await.state, CaseState::New, "a wall is not a takedown");
    look(&store, b.id, Seen::Missing, 18).await;
    look(&store, b.id, Seen::Missing, 24).await;
    assert_eq!(case_of(&store, &a).await.state, CaseState::Vanished, "nobody had been told");
    let back = look(&store, b.id, Seen::There { changed: false }, 30).await;
    assert_eq!((back.state, case_of(&store, &a).await.state), (HitState::Back, CaseState::Back));
    assert_eq!(case_of(&store, &a).await.last_seen, at(30));

    decide(&store, a.case, Decision::Confirm, None, "王工", at(31)).await.unwrap();
    look(&store, b.id, Seen::Missing, 36).await;
    look(&store, b.id, Seen::Missing, 42).await;
    assert_eq!(case_of(&store, &a).await.state, CaseState::Delisted, "an officer had confirmed it");
    let c = see(&store, Found { url: "http://c.example/3", hours: 50, ..SELLER }).await;
    assert_eq!((c.case, case_of(&store, &c).await.state), (a.case, CaseState::Back));
    let again = see(&store, Found { hours: 51, ..SELLER }).await;
    assert_eq!(again.state, HitState::Back);
}

#[tokio::test]
async fn a_case_that_was_told_is_closed_and_rows_without_their_mail_told_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let fake = Found { verdict: "fake_site", ..SELLER };
    let hit = see(&store, fake).await;
    let other = see(&store, Found { url: "http://other.example/", verdict: "fake_site", ..SELLER }).await;
    let row =
        |hit: &Hit| crate::store::DigestRow { hit: hit.id, case: hit.case, state: "新增".to_owned(), url: None };
    let digest = crate::store::Digest {
        id: "2026-03-02.0123456789abcdef.r0".to_owned(),
        day: "2026-03-02".to_owned(),
        contact: "示例区网信办".to_owned(),
        email: "wangxin@example.gov.cn".to_owned(),
        revision: 0,
        state: DigestState::Queued,
        attempts: 0,
        resends: 0,
        next_try: None,
        last_error: None,
        message_id: String::new(),
        file: String::new(),
        sha256: String::new(),
        composed: at(1),
        sent_at: None,
        rows: 1,
        extra: false,
    };
    let mut set = Changes::new();
    set.put_digest_rows(&digest.id, vec![row(&hit)]).put_digest(digest);
    set.put_digest_rows("2026-03-03.0123456789abcdef.r0", vec![row(&other)]);
    store.commit(set).await.unwrap();
    for hours in [6, 12] {
        look(&store, hit.id, Seen::Missing, hours).await;
        look(&store, other.id, Seen::Missing, hours).await;
    }
    assert_eq!(case_of(&store, &hit).await.state, CaseState::Closed);
    assert_eq!(case_of(&store, &other).await.state, CaseState::Vanished);
}

#[tokio::test]
async fn what_an_officer_set_aside_stays_silent_with_all_its_hits_and_comes_back_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let hit = see(&store, SELLER).await;
    decide(&store, 1, Decision::Confirm, None, "王工", at(1)).await.unwrap();
    decide(&store, 1, Decision::Wrong, Some("是培训机构的正常招生"), "李工", at(2)).await.unwrap();
    let more = see(&store, Found { url: "http://b.example/2", hours: 3, ..SELLER }).await;
    assert_eq!(more.case, hit.case);
    assert_eq!(case_of(&store, &hit).await.state, CaseState::Wrong);
    let why = decide(&store, 1, Decision::Confirm, None, "王工", at(4)).await.unwrap_err().to_string();
    assert!(why.contains("误报") && why.contains("重新打开"), "{why}");
    // Another contact of the same page leads away from the case that was set aside.
    see(&store, Found { url: "http://c.example/3", phones: &["13000009999"], hours: 4, ..SELLER }).await;
    let both =
        see(&store, Found { url: "http://d.example/4", phones: &["13000001234", "13000009999"], hours: 5, ..SELLER })
            .await;
    assert_eq!(both.case, 2);

    let case = decide(&store, 1, Decision::Reopen, None, "李工", at(6)).await.unwrap();
    assert_eq!((case.state, case.set_aside_from), (CaseState::Confirmed, None));
    decide(&store, 1, Decision::Dismiss, Some("已移送"), "李工", at(7)).await.unwrap();
    for hours in [8, 14] {
        look(&store, hit.id, Seen::Missing, hours).await;
        look(&store, more.id, Seen::Missing, hours).await;
    }
    assert_eq!(case_of(&store, &hit).await.state, CaseState::Dismissed);
    let case = decide(&store, 1, Decision::Reopen, None, "李工", at(20)).await.unwrap();
    assert_eq!(case.state, CaseState::Delisted, "it went away while it was set aside");
    let notes: Vec<_> = store.case_notes(1).map(|note| note.unwrap().text).collect();
    assert_eq!(notes, ["【标为误报】是培训机构的正常招生", "【不予处理】已移送"]);
    let decisions: Vec<_> = log(&store).into_iter().filter(|row| !row.starts_with(MACHINE)).collect();
    assert_eq!(
        decisions,
        [
            "王工 case.confirm case 1",
            "李工 case.wrong case 1",
            "李工 case.reopen case 1",
            "李工 case.dismiss case 1",
            "李工 case.reopen case 1"
        ]
    );
    assert_eq!(store.verify_audit().await.unwrap().broken, None);
}

/// The page, with one more rule that speaks.
fn with_rule(page: &Found<'_>, rule: &str, points: f64) -> Sighting {
    let mut sighting = found(page);
    let reason = sighting.hit.reasons[0].clone();
    sighting.hit.reasons.push(Reason { rule: rule.to_owned(), points, ..reason });
    sighting
}

async fn see_it(store: &Store, one: Sighting) -> Hit {
    let mut set = Changes::new();
    set.then(sighting(one));
    let id = store.commit(set).await.unwrap().ids[0];
    store.hit(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_false_alarm_comes_back_to_the_officer_only_with_something_new() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let hit = see(&store, SELLER).await;
    decide(&store, 1, Decision::Confirm, None, "王工", at(1)).await.unwrap();
    decide(&store, 1, Decision::Wrong, None, "李工", at(2)).await.unwrap();
    // The same page, and another page of the same telephone: the same grounds, and a little more.
    see(&store, Found { hours: 3, round: 2, ..SELLER }).await;
    let other = Found { url: "http://b.example/2", hours: 4, ..SELLER };
    see_it(&store, with_rule(&other, "seller.days", 4.0)).await;
    assert_eq!(case_of(&store, &hit).await.state, CaseState::Wrong);
    assert_eq!(store.cases().count(), 1);
    // Now it says something else too.
    let third = Found { url: "http://c.example/3", hours: 5, ..SELLER };
    see_it(&store, with_rule(&third, "seller.maker", 12.0)).await;
    let case = case_of(&store, &hit).await;
    assert_eq!(case.state, CaseState::Review);
    assert!(is_doubted(&case) && !is_confirmed(&case), "{case:?}");
    let told: Vec<_> = store.case_notes(1).map(|note| note.unwrap().text).collect();
    assert!(told.iter().any(|note| note.contains("出现新依据") && note.contains("seller.maker")), "{told:?}");
    // Seen again it stays on the desk, and only the officer's word makes it a case.
    see(&store, Found { hours: 6, round: 3, ..SELLER }).await;
    assert!(is_doubted(&case_of(&store, &hit).await));
    let case = decide(&store, 1, Decision::Confirm, None, "王工", at(7)).await.unwrap();
    assert!(is_confirmed(&case) && !is_doubted(&case));
    // Called a false alarm once more, what was new then is old now.
    decide(&store, 1, Decision::Wrong, None, "李工", at(8)).await.unwrap();
    see_it(&store, with_rule(&Found { hours: 9, ..third }, "seller.maker", 12.0)).await;
    assert_eq!(case_of(&store, &hit).await.state, CaseState::Wrong);
    assert_eq!(store.verify_audit().await.unwrap().broken, None);
}

#[tokio::test]
async fn a_page_labelled_innocent_weighs_nothing_until_it_says_something_new() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let hit = see(&store, SELLER).await;
    let other = see(&store, Found { url: "http://b.example/2", score: 85.0, hours: 1, ..SELLER }).await;
    label(&store, hit.id, "benign", "王工", at(2)).await.unwrap();
    let case = case_of(&store, &hit).await;
    assert_eq!((case.state, case.score), (CaseState::New, 85.0), "the other page still accuses");
    label(&store, other.id, "notice", "王工", at(2)).await.unwrap();
    let case = case_of(&store, &hit).await;
    assert_eq!((case.state, case.score), (CaseState::Review, 0.0));
    let again = see(&store, Found { hours: 8, round: 2, ..SELLER }).await;
    assert_eq!(again.label.as_deref(), Some("benign"));
    let case = case_of(&store, &hit).await;
    assert_eq!((case.state, case.score), (CaseState::Review, 0.0));
    // A label taken back counts again.
    label(&store, other.id, "seller", "王工", at(9)).await.unwrap();
    assert_eq!(case_of(&store, &hit).await.score, 85.0);
    label(&store, other.id, "benign", "王工", at(9)).await.unwrap();
    let new = see_it(&store, with_rule(&Found { hours: 15, round: 3, ..SELLER }, "seller.maker", 12.0)).await;
    assert_eq!(new.label, None);
    let case = case_of(&store, &hit).await;
    assert_eq!((case.state, case.score), (CaseState::Review, 90.0));
    assert!(is_doubted(&case));
}

#[tokio::test]
async fn a_page_that_says_what_was_called_innocent_is_not_accused_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let hit = see(&store, SELLER).await;
    let elsewhere = Found { url: "http://other.example/", phones: &["13000009999"], hours: 3, ..SELLER };
    label(&store, hit.id, "benign", "王工", at(1)).await.unwrap();
    let same = see_it(&store, Sighting { twin: Some(hit.id), ..found(&elsewhere) }).await;
    let case = case_of(&store, &same).await;
    assert_eq!((same.label.as_deref(), case.state, case.score), (Some(TWIN), CaseState::Review, 0.0));
    // With something new it is what it is.
    let third = Found { url: "http://third.example/", phones: &["13000008888"], hours: 4, ..SELLER };
    let worse = Sighting { twin: Some(hit.id), ..with_rule(&third, "seller.maker", 12.0) };
    let worse = see_it(&store, worse).await;
    assert_eq!((worse.label.clone(), case_of(&store, &worse).await.state), (None, CaseState::New));
    // The officer thinks better of it: the next one like it is accused.
    label(&store, hit.id, "seller", "王工", at(5)).await.unwrap();
    let fourth = Found { url: "http://fourth.example/", phones: &["13000007777"], hours: 6, ..SELLER };
    let next = see_it(&store, Sighting { twin: Some(hit.id), ..found(&fourth) }).await;
    assert_eq!((next.label.clone(), case_of(&store, &next).await.state), (None, CaseState::New));
    assert_eq!(store.verify_audit().await.unwrap().broken, None);
}

#[tokio::test]
async fn a_dismissal_said_twice_is_one_decision() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    see(&store, SELLER).await;
    for (hours, why) in [(1, None), (2, None), (3, Some("培训机构的招生"))] {
        let case = decide(&store, 1, Decision::Wrong, why, "王工", at(hours)).await.unwrap();
        assert_eq!(case.state, CaseState::Wrong);
    }
    let decisions: Vec<_> = log(&store).into_iter().filter(|row| !row.starts_with(MACHINE)).collect();
    assert_eq!(decisions, ["王工 case.wrong case 1", "王工 case.note case 1"]);
    let notes: Vec<_> = store.case_notes(1).map(|note| note.unwrap().text).collect();
    assert_eq!(notes, ["培训机构的招生"]);
    assert!(decide(&store, 1, Decision::Reopen, None, "王工", at(4)).await.is_ok());
}

#[tokio::test]
async fn acts_of_nobody_on_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    see(&store, SELLER).await;
    let missing = decide(&store, 7, Decision::Confirm, None, "王工", at(1)).await.unwrap_err();
    assert_eq!(missing, StoreError::Missing { what: "案件", key: "7".to_owned() });
    assert!(matches!(decide(&store, 1, Decision::Confirm, None, " ", at(1)).await, Err(StoreError::Refused(_))));
    assert!(matches!(note(&store, 1, "  ", "王工", at(1)).await, Err(StoreError::Refused(_))));
    assert_eq!(note(&store, 1, "已电话核实", "王工", at(1)).await.unwrap().notes, 1);
    assert_eq!(label(&store, 1, "seller", "王工", at(1)).await.unwrap().label.as_deref(), Some("seller"));
    assert!(matches!(label(&store, 9, "seller", "王工", at(1)).await, Err(StoreError::Missing { .. })));
}

#[tokio::test]
async fn the_largest_page_still_fits_into_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut sighting = found(&SELLER);
    let long = "\u{1}证".repeat(3000);
    let many = vec![long.clone(); 500];
    let hit = &mut sighting.hit;
    (hit.title, hit.query) = (long.clone(), long.clone());
    let lists = &mut hit.entities;
    (lists.phones, lists.wechat, lists.qq) = (many.clone(), many.clone(), many.clone());
    (hit.chain, hit.cert_types) = ((0..500).map(|n| format!("{n}{long}")).collect(), many);
    let reason = Reason { say: long.clone(), quote: Some(long), ..hit.reasons[0].clone() };
    hit.reasons = vec![reason; 300];
    let mut set = Changes::new();
    set.then(super::sighting(sighting));
    store.commit(set).await.unwrap();
}
