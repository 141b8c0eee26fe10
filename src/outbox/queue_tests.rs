//! Claims about lists: who is told what, once, over several days.

use jianzheng_core::{case::Decision, schedule::Seen};

use super::*;
use crate::{
    cases::{
        decide,
        tests::{Found, SELLER, at, look, open, see},
    },
    store::Hit,
};

const FAKE: Found<'static> =
    Found { url: "http://cx.mem-gov.example.com/q", verdict: "fake_site", score: 96.0, ..SELLER };

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(in crate::outbox) fn contact(name: &str, routes: &[&str], areas: &[&str]) -> Contact {
    Contact {
        unit: format!("示例区{name}"),
        name: "甲".to_owned(),
        email: format!("c{}@example.gov.cn", name.len() + routes.len() * 10 + areas.len() * 100),
        routes: words(routes),
        areas: words(areas),
        confirmed_only: Vec::new(),
    }
}

pub(in crate::outbox) fn edition(contacts: &[Contact]) -> Edition {
    Edition {
        unit: "示例区安委办".to_owned(),
        from: "鉴证巡查 <patrol@example.gov.cn>".to_owned(),
        threshold: 80.0,
        contacts: contacts.to_vec(),
        unseen_sources: vec![("searxng".to_owned(), "被拦截".to_owned())],
        not_looked_at: 3,
        clock_is_set: false,
        practice: false,
    }
}

/// The rows of the contact's list that is made at this hour, as `状态 hit`, sorted; `None`: it got no new one.
pub(in crate::outbox) async fn told(
    store: &Store,
    edition: &Edition,
    contact: &Contact,
    hours: i64,
    extra: bool,
) -> Option<Vec<String>> {
    let before: HashSet<String> = store.digests().map(|digest| digest.unwrap().id).collect();
    let made = make(store, edition, at(hours), extra).await.unwrap();
    assert_eq!(made.failed, []);
    let mut mine =
        made.digests.iter().filter(|digest| digest.id.contains(&contact.key()) && !before.contains(&digest.id));
    let digest = mine.next_back()?.clone();
    assert!(store.data().join(&digest.file).exists());
    let mut rows: Vec<String> =
        store.digest_rows(&digest.id).map(|row| row.unwrap()).map(|row| format!("{} {}", row.state, row.hit)).collect();
    rows.sort();
    assert_eq!(rows.len(), digest.rows as usize);
    Some(rows)
}

fn composed(store: &Store) -> usize {
    store.audit().filter(|row| row.as_ref().unwrap().action == "digest.composed").count()
}

async fn gone(store: &Store, hit: &Hit, hours: i64) {
    look(store, hit.id, Seen::Missing, hours - 6).await;
    look(store, hit.id, Seen::Missing, hours).await;
}

#[tokio::test]
async fn each_contact_hears_of_its_routes_and_places_and_of_every_change_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let net = contact("网信办", &["网信"], &[]);
    let market = contact("市监局", &["市监"], &["330200"]);
    let both = edition(&[net.clone(), market.clone()]);
    let fake = see(&store, FAKE).await;
    let near = see(&store, SELLER).await;
    see(&store, Found { url: "http://far.example/", phones: &["13000005555"], area: "320000", ..SELLER }).await;
    let doubtful = see(
        &store,
        Found { url: "http://s.example/", phones: &["13000006666"], verdict: "suspicious", score: 60.0, ..SELLER },
    )
    .await;
    assert_eq!(told(&store, &both, &net, 1, false).await.unwrap(), [format!("新增 {}", fake.id)]);
    let days = |day: i64| day * 24;
    let listed: Vec<_> = store.digests().map(|digest| digest.unwrap()).filter(|d| d.email == market.email).collect();
    let rows: Vec<u64> = store.digest_rows(&listed[0].id).map(|row| row.unwrap().hit).collect();
    assert_eq!(rows, [near.id], "nothing from another province, nothing that an officer has not looked at");
    assert_eq!(told(&store, &both, &net, 2, false).await, None, "one list a day");
    assert_eq!(composed(&store), 2);

    // The second day: one gone, one behind a wall, one new, one confirmed by an officer.
    gone(&store, &near, days(1) - 1).await;
    look(&store, fake.id, Seen::Unseen, days(1) - 1).await;
    let new =
        see(&store, Found { url: "http://new.example/", phones: &["13000007777"], hours: days(1) - 1, ..SELLER }).await;
    decide(&store, doubtful.case, Decision::Confirm, None, "王工", at(days(1) - 1)).await.unwrap();
    let expected = [format!("已消失 {}", near.id), format!("新增 {}", new.id), format!("新增 {}", doubtful.id)];
    let mut expected: Vec<String> = expected.into();
    expected.sort();
    assert_eq!(told(&store, &both, &market, days(1), false).await.unwrap(), expected);
    let second: Vec<_> = store.digests().map(|digest| digest.unwrap()).filter(|d| d.email == net.email).collect();
    let states: Vec<String> = store.digest_rows(&second[1].id).map(|row| row.unwrap().state).collect();
    assert_eq!(states, ["看不到"]);

    // The third day: what is gone is not told again, and what was an error is withdrawn.
    decide(&store, fake.case, Decision::Wrong, None, "王工", at(days(2) - 1)).await.unwrap();
    assert_eq!(told(&store, &both, &net, days(2), false).await.unwrap(), [format!("更正 {}", fake.id)]);
    // The fourth: the withdrawal was told once; the seller is back.
    look(&store, near.id, Seen::There { changed: false }, days(3) - 1).await;
    let back = told(&store, &both, &market, days(3), false).await.unwrap();
    assert!(back.contains(&format!("复活 {}", near.id)) && back.contains(&format!("仍在 {}", new.id)), "{back:?}");
    let fourth = store.digests().map(|digest| digest.unwrap()).filter(|d| d.email == net.email).last().unwrap();
    assert_eq!(fourth.rows, 0);
    let market_fifth = told(&store, &both, &market, days(4), false).await.unwrap();
    assert!(market_fifth.iter().all(|row| row.starts_with("仍在")), "{market_fifth:?}");
    assert_eq!(store.verify_audit().await.unwrap().broken, None);
}

#[tokio::test]
async fn a_page_that_an_officer_labels_innocent_is_withdrawn_and_the_rest_of_its_case_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let market = contact("市监局", &["市监"], &[]);
    let all = edition(std::slice::from_ref(&market));
    let one = see(&store, SELLER).await;
    let two = see(&store, Found { url: "http://b.example/2", ..SELLER }).await;
    assert_eq!(told(&store, &all, &market, 1, false).await.unwrap().len(), 2);
    crate::cases::label(&store, one.id, "benign", "王工", at(20)).await.unwrap();
    let mut expected = [format!("更正 {}", one.id), format!("仍在 {}", two.id)];
    expected.sort();
    assert_eq!(told(&store, &all, &market, 24, false).await.unwrap(), expected);
    assert_eq!(told(&store, &all, &market, 48, false).await.unwrap(), [format!("仍在 {}", two.id)]);
    // The last page too: the case rests on nothing.
    crate::cases::label(&store, two.id, "notice", "王工", at(50)).await.unwrap();
    assert_eq!(told(&store, &all, &market, 72, false).await.unwrap(), [format!("更正 {}", two.id)]);
    assert_eq!(told(&store, &all, &market, 96, false).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_withdrawal_reaches_all_who_were_told_whatever_they_would_be_told_now() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let net = contact("网信办", &["网信"], &[]);
    let late = contact("新来的", &["网信"], &[]);
    let fake = see(&store, FAKE).await;
    let second = see(&store, Found { url: "http://www.example.com/b", ..FAKE }).await;
    told(&store, &edition(std::slice::from_ref(&net)), &net, 1, false).await.unwrap();
    gone(&store, &second, 20).await;
    told(&store, &edition(std::slice::from_ref(&net)), &net, 24, false).await.unwrap();
    decide(&store, fake.case, Decision::Wrong, None, "王工", at(30)).await.unwrap();
    let moved = Contact { areas: words(&["320000"]), routes: words(&["市监"]), ..net.clone() };
    let now = Edition { threshold: 100.0, ..edition(&[moved, late.clone()]) };
    let mut expected = [format!("更正 {}", fake.id), format!("更正 {}", second.id)];
    expected.sort();
    assert_eq!(told(&store, &now, &net, 48, false).await.unwrap(), expected);
    let nothing = store.digests().map(|digest| digest.unwrap()).filter(|d| d.email == late.email).last().unwrap();
    assert_eq!(nothing.rows, 0, "who was told nothing has nothing to forget");
    assert_eq!(told(&store, &now, &net, 72, false).await.unwrap(), Vec::<String>::new());
    // Reopened, it is news again; wrong once more, it is withdrawn once more.
    decide(&store, fake.case, Decision::Reopen, None, "王工", at(73)).await.unwrap();
    let again = edition(std::slice::from_ref(&net));
    assert_eq!(told(&store, &again, &net, 96, false).await.unwrap(), [format!("新增 {}", fake.id)]);
    decide(&store, fake.case, Decision::Wrong, None, "王工", at(97)).await.unwrap();
    assert_eq!(told(&store, &again, &net, 120, false).await.unwrap(), [format!("更正 {}", fake.id)]);
    assert_eq!(told(&store, &again, &net, 144, false).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_later_round_finds_waits_for_tomorrow_unless_an_extra_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let market = contact("市监局", &["市监"], &[]);
    let edition = edition(std::slice::from_ref(&market));
    let old = see(&store, SELLER).await;
    told(&store, &edition, &market, 1, false).await.unwrap();
    assert_eq!(told(&store, &edition, &market, 2, true).await, None, "an extra needs news");
    let new = see(&store, Found { url: "http://b.example/", phones: &["13000005555"], hours: 2, ..SELLER }).await;
    assert_eq!(told(&store, &edition, &market, 3, false).await, None);
    assert_eq!(told(&store, &edition, &market, 3, true).await.unwrap(), [format!("新增 {}", new.id)]);
    assert_eq!(told(&store, &edition, &market, 4, true).await, None);
    let extra = store.digests().last().unwrap().unwrap();
    assert!(extra.extra && extra.id.ends_with(".r1") && extra.revision == 1);
    let mut expected = [format!("仍在 {}", old.id), format!("仍在 {}", new.id)];
    expected.sort();
    assert_eq!(told(&store, &edition, &market, 24, false).await.unwrap(), expected);
}

#[tokio::test]
async fn a_kill_between_the_file_and_the_job_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let market = contact("市监局", &["市监"], &[]);
    let hit = see(&store, SELLER).await;
    // What such a kill leaves: rows and a file that no job names, another day's too, and half a file.
    let day = shanghai_date(at(1)).to_string();
    let (today, earlier) = (format!("{day}.{}.r0", market.key()), format!("2020-01-01.{}.r0", market.key()));
    let row = DigestRow { hit: hit.id, case: hit.case, state: "仍在".to_owned(), url: None };
    let mut set = Changes::new();
    set.put_digest_rows(&today, vec![row.clone(), row.clone()]).put_digest_rows(&earlier, vec![row]);
    store.commit(set).await.unwrap();
    let outbox = store.data().join(OUTBOX_DIR);
    for name in [format!("{today}.eml"), format!("{earlier}.eml"), format!(".{today}.eml.part"), "通知.eml".to_owned()]
    {
        place(&outbox, "x", b"half").unwrap();
        std::fs::rename(outbox.join("x"), outbox.join(name)).unwrap();
    }
    let edition = edition(std::slice::from_ref(&market));
    assert_eq!(told(&store, &edition, &market, 1, false).await.unwrap(), [format!("新增 {}", hit.id)]);
    let digest = store.digest(&today).await.unwrap().unwrap();
    assert_eq!(digest.message_id, format!("<{day}.daily.{}.0@example.gov.cn>", market.key()));
    let mut files: Vec<String> =
        std::fs::read_dir(&outbox).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, [format!("{today}.eml"), "通知.eml".to_owned()], "only files with a name of ours are swept");
    drop(store);
    let store = open(folder.path());
    assert_eq!(told(&store, &edition, &market, 2, false).await, None);
    assert!(outbox.join(format!("{today}.eml")).exists());
}

#[tokio::test]
async fn what_was_refused_for_good_told_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let market = contact("市监局", &["市监"], &[]);
    let edition = edition(std::slice::from_ref(&market));
    let hit = see(&store, SELLER).await;
    told(&store, &edition, &market, 1, false).await.unwrap();
    let id = store.digests().next().unwrap().unwrap().id;
    let mut set = Changes::new();
    set.update_digest(id, |digest| {
        digest.state = DigestState::Permanent;
        Ok(())
    });
    store.commit(set).await.unwrap();
    assert_eq!(told(&store, &edition, &market, 24, false).await.unwrap(), [format!("新增 {}", hit.id)]);
}

#[tokio::test]
async fn a_preview_keeps_nothing_and_a_bad_address_costs_only_its_own_list() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let market = contact("市监局", &["市监"], &[]);
    let bad = Contact { email: "不是邮箱".to_owned(), ..contact("住建局", &["市监"], &[]) };
    let edition = edition(&[bad.clone(), market.clone()]);
    see(&store, SELLER).await;
    for _ in 0..2 {
        let previews = preview(&store, &edition, at(1)).await.unwrap();
        assert_eq!((previews.len(), previews[1].rows), (2, 1));
        assert!(previews[1].subject.contains("新增 1") && previews[1].text.contains("a[.]example"), "{previews:?}");
        assert!(previews[1].text.contains("searxng：被拦截"), "{}", previews[1].text);
    }
    assert_eq!(store.digests().count(), 0);
    let made = make(&store, &edition, at(1), false).await.unwrap();
    assert_eq!((made.digests.len(), made.failed.len()), (1, 1));
    assert!(made.failed[0].1.contains("不是邮箱"), "{:?}", made.failed);
    assert_eq!(preview(&store, &edition, at(2)).await.unwrap()[1].rows, 1, "what today's list says, made or not");
}

#[tokio::test]
async fn a_hundred_lists_asked_for_twice_are_composed_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    see(&store, SELLER).await;
    let contacts: Vec<Contact> = (0..100)
        .map(|n| Contact { email: format!("c{n}@example.gov.cn"), ..contact("市监局", &["市监"], &[]) })
        .collect();
    let edition = edition(&contacts);
    for _ in 0..2 {
        let made = make(&store, &edition, at(1), false).await.unwrap();
        assert_eq!(made.digests.len(), 100);
        assert_eq!(made.digests[99].email, "c99@example.gov.cn", "in the contacts' order");
    }
    assert_eq!(composed(&store), 100);
    let ids: HashSet<String> = store.digests().map(|digest| digest.unwrap().message_id).collect();
    assert_eq!(ids.len(), 100);
}

/// `cargo test --release a_digest_of_100_000 -- --ignored --nocapture`
#[tokio::test]
#[ignore = "takes a minute; prints how long"]
async fn a_digest_of_100_000_open_cases() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let market = contact("市监局", &["市监"], &[]);
    for chunk in 0..100u32 {
        let mut set = Changes::new();
        for n in 0..1000u32 {
            let number = format!("1300{:07}", chunk * 1000 + n);
            let url = format!("http://{number}.example/");
            let page = Found { url: &url, phones: &[&number], ..SELLER };
            set.then(crate::cases::sighting(crate::cases::tests::found(&page)));
        }
        store.commit(set).await.unwrap();
    }
    let edition = edition(std::slice::from_ref(&market));
    for day in 0..3i64 {
        let begun = std::time::Instant::now();
        let plans =
            plan(&store, std::slice::from_ref(&market), Scope { threshold: 80.0, before: None, news_only: false });
        assert_eq!(plans.await.unwrap()[0].len(), 100_000);
        let planned = begun.elapsed();
        let made = make(&store, &edition, at(1 + day * 24), false).await.unwrap();
        eprintln!("day {day}: planned in {planned:?}, planned, composed and kept in {:?}", begun.elapsed() - planned);
        assert_eq!(made.digests[0].rows, 100_000);
    }
}
