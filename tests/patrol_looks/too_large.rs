//! Pages of which more would have to be written down than one record holds.

use jianzheng::store::{HitState, Outcome};

use super::rig::*;

/// Sends everybody on to an address that takes twice its length in a record; with several looks that is more than a record.
fn sends_far(head: &str) -> Answer {
    let far = format!("/far?{}", "\\".repeat(8_000));
    match path(head) {
        "/x" => ("302 Found", format!("Location: {far}\r\n"), String::new()),
        "/robots.txt" => missing(),
        _ => ok(FLOWERS),
    }
}

fn not_looked(unit: &Unit, round: u64) -> Vec<(String, String)> {
    let all = unit.store.not_looked(round).map(Result::unwrap);
    all.map(|entry| (entry.url.rsplit_once('/').unwrap().1.to_owned(), entry.why)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_no_record_holds_ends_by_itself_and_the_round_goes_on() {
    let mut unit = Unit::new(sends_far).await;
    let round = unit.round(0, &[("/x", TRADE), ("/y", "")]).await;
    let asked = unit.site.asked();
    assert_eq!(asked.iter().filter(|head| path(head) == "/x").count(), 4, "as everybody");
    let page = unit.page("/x");
    assert!(matches!(&page.outcome, Outcome::Failed { code, .. } if code == "record-too-large"), "{page:?}");
    assert!(page.looks.is_empty() && page.capture.is_none());
    assert_eq!(unit.page("/y").outcome, Outcome::Fetched { status: 200 });
    let listed = not_looked(&unit, round);
    assert!(matches!(&listed[..], [(url, why)] if url == "x" && why.contains("超过一条记录的上限")), "{listed:?}");
    let counts = unit.store.round_counts(round).await.unwrap();
    assert_eq!((counts.fetched, counts.not_looked_at), (1, 1));
    // It is done with for this round, and comes again in its turn.
    unit.round(1, &[]).await;
    assert!(unit.site.asked().is_empty());
    unit.looks = 0;
    let weeks = unit.round(24 * 40, &[]).await;
    assert_eq!(unit.page("/x").outcome, Outcome::Fetched { status: 200 });
    assert!(unit.page("/x").final_url.len() > 8_000 && not_looked(&unit, weeks).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_whose_page_no_record_holds_is_unseen_and_not_gone() {
    let unit = Unit::new(|head| if path(head) == "/x" { ok(OFFER) } else { missing() }).await;
    unit.round(0, &[("/x", TRADE)]).await;
    assert_eq!(unit.hits()[0].state, HitState::Up);
    unit.site.now_answers(sends_far);
    for hours in [24, 48] {
        unit.round(hours, &[]).await;
        assert!(matches!(&unit.page("/x").outcome, Outcome::Failed { code, .. } if code == "record-too-large"));
        assert_eq!(unit.hits()[0].state, HitState::Unseen);
    }
}
