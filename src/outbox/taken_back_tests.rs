//! What contacts hear when an accusation is taken back, by an officer or by other rules: once, whatever else happens, and nothing of
//! what stands.

use jianzheng_core::case::Decision;
use jianzheng_core::schedule::Seen;

use super::queue::tests::{contact, edition, told};
use crate::cases::tests::{Found, SELLER, at, found, look, open, see};
use crate::cases::{Sighting, decide, label};
use crate::store::{CaseState, Changes, Hit, Reason, Store};

/// The page, with one more rule that speaks.
fn with_rule(page: Found<'_>) -> Sighting {
    let mut sighting = found(&page);
    let reason = sighting.hit.reasons[0].clone();
    sighting.hit.reasons.push(Reason { rule: "seller.maker".to_owned(), points: 12.0, ..reason });
    sighting
}

async fn see_it(store: &Store, sighting: Sighting) {
    let mut set = Changes::new();
    set.then(crate::cases::sighting(sighting));
    store.commit(set).await.unwrap();
}

async fn gone(store: &Store, hit: &Hit, hours: i64) {
    look(store, hit.id, Seen::Missing, hours - 6).await;
    look(store, hit.id, Seen::Missing, hours).await;
}

async fn state(store: &Store, case: u64) -> CaseState {
    store.case(case).await.unwrap().unwrap().state
}

/// A store in which the market's office was told of two pages of one seller.
struct Desk {
    _folder: tempfile::TempDir,
    store: Store,
    one: Hit,
    two: Hit,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let one = see(&store, SELLER).await;
        let two = see(&store, Found { url: "http://b.example/2", ..SELLER }).await;
        let desk = Self { _folder: folder, store, one, two };
        assert_eq!(desk.told(1, false).await.len(), 2);
        desk
    }

    async fn told(&self, hours: i64, extra: bool) -> Vec<String> {
        let market = contact("市监局", &["市监"], &[]);
        let all = edition(std::slice::from_ref(&market));
        told(&self.store, &all, &market, hours, extra).await.unwrap()
    }

    fn row(word: &str, hit: &Hit) -> String {
        format!("{word} {}", hit.id)
    }
}

#[tokio::test]
async fn more_guilt_on_a_page_called_innocent_takes_nothing_back_from_the_others() {
    let desk = Desk::new().await;
    label(&desk.store, desk.one.id, "benign", "王工", at(20)).await.unwrap();
    let mut rows = vec![Desk::row("更正", &desk.one), Desk::row("仍在", &desk.two)];
    rows.sort();
    assert_eq!(desk.told(24, false).await, rows);
    see_it(&desk.store, with_rule(Found { hours: 30, round: 3, ..SELLER })).await;
    assert_eq!(desk.told(48, false).await, [Desk::row("仍在", &desk.two)]);
    assert_eq!(state(&desk.store, desk.two.case).await, CaseState::New);
    // What is new was written down once, for the officer.
    see_it(&desk.store, with_rule(Found { hours: 60, round: 4, ..SELLER })).await;
    assert_eq!(desk.store.case_notes(desk.one.case).count(), 1);
}

#[tokio::test]
async fn what_was_taken_back_and_then_went_away_is_still_taken_back() {
    let desk = Desk::new().await;
    for hit in [&desk.one, &desk.two] {
        label(&desk.store, hit.id, "benign", "王工", at(5)).await.unwrap();
        gone(&desk.store, hit, 20).await;
    }
    assert_eq!(desk.told(24, false).await, [Desk::row("更正", &desk.one), Desk::row("更正", &desk.two)]);
    assert_eq!(desk.told(48, false).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_list_of_withdrawals_alone_does_not_hide_what_is_left_to_withdraw() {
    let desk = Desk::new().await;
    label(&desk.store, desk.one.id, "benign", "王工", at(2)).await.unwrap();
    assert_eq!(desk.told(3, true).await, [Desk::row("更正", &desk.one)]);
    decide(&desk.store, desk.one.case, Decision::Wrong, None, "王工", at(4)).await.unwrap();
    assert_eq!(desk.told(24, false).await, [Desk::row("更正", &desk.two)]);
    assert_eq!(desk.told(48, false).await, Vec::<String>::new());
}

#[tokio::test]
async fn false_alarms_of_an_earlier_program_stay_what_they_are() {
    let desk = Desk::new().await;
    decide(&desk.store, desk.one.case, Decision::Wrong, None, "王工", at(4)).await.unwrap();
    let mut set = Changes::new();
    set.update_case(desk.one.case, |case| {
        case.grounds.clear();
        Ok(())
    });
    desk.store.commit(set).await.unwrap();
    see(&desk.store, Found { hours: 30, round: 3, ..SELLER }).await;
    assert_eq!(state(&desk.store, desk.one.case).await, CaseState::Wrong);
    see_it(&desk.store, with_rule(Found { hours: 40, round: 4, ..SELLER })).await;
    assert_eq!(state(&desk.store, desk.one.case).await, CaseState::Review, "from now on what is new is new");
}

#[tokio::test]
async fn a_doubt_outlives_a_decision_that_is_undone() {
    let desk = Desk::new().await;
    decide(&desk.store, desk.one.case, Decision::Wrong, None, "王工", at(4)).await.unwrap();
    assert_eq!(desk.told(24, false).await.len(), 2, "both are withdrawn");
    see_it(&desk.store, with_rule(Found { hours: 30, round: 3, ..SELLER })).await;
    assert_eq!(desk.told(48, false).await, Vec::<String>::new());
    decide(&desk.store, desk.one.case, Decision::Dismiss, None, "王工", at(49)).await.unwrap();
    decide(&desk.store, desk.one.case, Decision::Reopen, None, "王工", at(50)).await.unwrap();
    see_it(&desk.store, with_rule(Found { hours: 60, round: 4, ..SELLER })).await;
    assert_eq!(desk.told(72, false).await, Vec::<String>::new(), "no officer has said that it is one");
    decide(&desk.store, desk.one.case, Decision::Confirm, None, "王工", at(73)).await.unwrap();
    assert_eq!(desk.told(96, false).await.len(), 2);
}

#[tokio::test]
async fn a_page_that_other_rules_call_less_does_not_come_back_as_what_it_was() {
    let desk = Desk::new().await;
    for hit in [&desk.one, &desk.two] {
        gone(&desk.store, hit, 20).await;
    }
    assert_eq!(desk.told(24, false).await.len(), 2);
    let mut weaker = found(&Found { hours: 40, round: 4, verdict: "suspicious", score: 55.0, body: "x", ..SELLER });
    weaker.hit.rules = "sha256:01".to_owned();
    see_it(&desk.store, weaker).await;
    let case = desk.store.case(desk.one.case).await.unwrap().unwrap();
    // The other page is gone, and counts as what it was.
    assert_eq!(case.state, CaseState::Back);
    let mut weaker = found(&Found {
        url: "http://b.example/2",
        hours: 41,
        round: 4,
        verdict: "suspicious",
        score: 52.0,
        body: "x",
        ..SELLER
    });
    weaker.hit.rules = "sha256:01".to_owned();
    see_it(&desk.store, weaker).await;
    let case = desk.store.case(desk.one.case).await.unwrap().unwrap();
    assert_eq!((case.state, case.score), (CaseState::Review, 55.0));
    assert_eq!(
        desk.told(48, false).await,
        Vec::<String>::new(),
        "nobody hears 复活 of what an officer has to see first"
    );
}

#[tokio::test]
async fn the_machine_undoes_no_decision_that_nothing_is_to_be_done() {
    let desk = Desk::new().await;
    label(&desk.store, desk.one.id, "benign", "王工", at(2)).await.unwrap();
    decide(&desk.store, desk.one.case, Decision::Confirm, None, "王工", at(4)).await.unwrap();
    decide(&desk.store, desk.one.case, Decision::Dismiss, Some("已移送"), "王工", at(5)).await.unwrap();
    see_it(&desk.store, with_rule(Found { hours: 40, round: 4, ..SELLER })).await;
    let case = desk.store.case(desk.one.case).await.unwrap().unwrap();
    assert_eq!((case.state, case.confirmed_by.as_deref()), (CaseState::Dismissed, Some("王工")));
}
