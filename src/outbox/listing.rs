//! Who is to be told what: each contact's list as a diff against what the same contact was told before.
//!
//! What was told is read from the rows of the lists that were made, never from a mark on the case: a list that was composed and
//! not sent for good told nobody, and a contact that was added today has been told nothing. Every list names what still
//! stands, so the last one is enough for all but the few hits that are not in it; only for those is the past searched.
//! Nothing here writes, composes or sends. Start at `plan`.

use std::collections::{HashMap, HashSet};

use jianzheng_core::{
    entities::mask_url,
    place::{covers, name_of},
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Kind, Reason, Row, RowState};
use crate::{
    cases::{ACQUITTED, is_confirmed, is_doubted, is_innocent, law},
    store::{Case, CaseState, Digest, DigestState, Hit, HitState, Store, StoreError},
};

/// Rows read between two chances for other tasks.
const BREATH: usize = 2_000;

/// What one list told: by case its hits, each with the state it was listed in.
type Told = HashMap<u64, Vec<(u64, RowState)>>;

/// Somebody of 附件1 who gets lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// 单位.
    pub unit: String,
    /// 姓名.
    pub name: String,
    /// Where the lists go.
    pub email: String,
    /// Routes it is told about.
    pub routes: Vec<String>,
    /// Division codes; empty: all.
    pub areas: Vec<String>,
    /// Of its routes those on which it gets only what an officer confirmed.
    pub confirmed_only: Vec<String>,
}

impl Contact {
    /// What its lists are known by: the same that stands in their Message-IDs.
    pub fn key(&self) -> String {
        let who = format!("{}\n{}", self.email.trim().to_lowercase(), self.unit.trim());
        Sha256::digest(who).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Unit and name, as records and summaries show them.
    pub fn shown(&self) -> String {
        [self.unit.trim(), self.name.trim()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Under which of its routes this contact is told of a case; `None`: not at all.
    fn route_of<'a>(&self, case: &'a Case, threshold: f64) -> Option<&'a str> {
        let confirmed = is_confirmed(case);
        if law(case.state).is_set_aside() || is_doubted(case) || !(confirmed || case.score >= threshold) {
            return None;
        }
        let concerned = |a: &String| case.areas.iter().any(|b| covers(a, b));
        if !self.areas.is_empty() && !case.areas.is_empty() && !self.areas.iter().any(concerned) {
            return None;
        }
        let told = |route: &&String| self.routes.contains(route) && (confirmed || !self.confirmed_only.contains(route));
        case.routes.iter().find(told).map(String::as_str)
    }
}

/// Whether nobody stands behind a case any more: other rules or labels took from it what the machine said, and no officer gave
/// their word. Whoever was told of it hears that.
fn no_longer_asserted(case: &Case, threshold: f64) -> bool {
    !law(case.state).is_set_aside() && !is_confirmed(case) && (is_doubted(case) || case.score < threshold)
}

/// Contacts with one mailbox and unit are one: they share the mail and its Message-ID.
pub(super) fn merged(contacts: &[Contact]) -> Vec<Contact> {
    let mut all: Vec<Contact> = Vec::new();
    for contact in contacts.iter().filter(|contact| !contact.email.trim().is_empty() && !contact.routes.is_empty()) {
        let key = contact.key();
        let Some(known) = all.iter_mut().find(|known| known.key() == key) else {
            all.push(contact.clone());
            continue;
        };
        // A route that one of them gets whole is whole for both; so is an area.
        known.confirmed_only.retain(|route| !contact.routes.contains(route) || contact.confirmed_only.contains(route));
        for route in contact.routes.iter().filter(|route| !known.routes.contains(route)).collect::<Vec<_>>() {
            known.routes.push(route.clone());
            if contact.confirmed_only.contains(route) {
                known.confirmed_only.push(route.clone());
            }
        }
        if known.areas.is_empty() || contact.areas.is_empty() {
            known.areas.clear();
        } else {
            known.areas.extend(contact.areas.iter().cloned());
        }
        if known.name != contact.name {
            known.name = format!("{}、{}", known.name, contact.name);
        }
    }
    all
}

/// One line of a list, and whence it is.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) hit: u64,
    pub(super) case: u64,
    pub(super) route: String,
    pub(super) row: Row,
}

/// Which lists count as told, and what is left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// At or above it a machine's finding is listed.
    pub(super) threshold: f64,
    /// Lists of this day and later do not count.
    pub(super) before: Option<&'a str>,
    /// Only what is news.
    pub(super) news_only: bool,
}

/// The lines for each contact, in the contacts' order.
pub(super) async fn plan(store: &Store, contacts: &[Contact], scope: Scope<'_>) -> Result<Vec<Vec<Line>>, StoreError> {
    let mut pasts = Past::of_all(store, contacts, scope.before).await?;
    let alive: HashSet<u64> = pasts.iter().flat_map(Past::alive).collect();
    let standing = Standing::read(store, contacts, scope.threshold, &alive).await?;
    let mut plans = Vec::with_capacity(contacts.len());
    for (contact, past) in contacts.iter().zip(&mut pasts) {
        let mut lines = Vec::new();
        for entry in &standing.entries {
            let Some(case) = standing.cases.get(&entry.case) else { continue };
            let Some(route) = contact.route_of(case, scope.threshold) else { continue };
            let told = past.last_told(store, entry)?;
            let state = if entry.acquitted { taken_back(told) } else { row_state(entry.state, told) };
            let Some(state) = state else { continue };
            if scope.news_only && matches!(state, RowState::Still | RowState::Unseen) {
                continue;
            }
            let row = match state {
                RowState::Withdrawn => withdrawn(&entry.row, case),
                state => Row { state, ..entry.row.clone() },
            };
            lines.push(Line { hit: entry.hit, case: entry.case, route: route.to_owned(), row });
        }
        for case in &standing.wrong {
            for hit in past.still_accused(store, case)? {
                let Some(hit) = store.hit(hit).await? else { continue };
                let row = withdrawn(&row_of(&hit, case), case);
                let route = case.routes.iter().find(|route| contact.routes.contains(route));
                let route = route.or(contact.routes.first()).cloned().unwrap_or_default();
                lines.push(Line { hit: hit.id, case: case.id, route, row });
            }
        }
        // What was read of the past is of no use to the next contact.
        past.opened = HashMap::new();
        plans.push(lines);
        tokio::task::yield_now().await;
    }
    Ok(plans)
}

/// What is said of a hit that stands as it does, to somebody who was last told `told` of it.
fn row_state(hit: HitState, told: Option<RowState>) -> Option<RowState> {
    let told = told.filter(|told| *told != RowState::Withdrawn);
    match (hit, told) {
        (HitState::Gone, None | Some(RowState::Gone)) => None,
        (HitState::Gone, Some(_)) => Some(RowState::Gone),
        (_, None) => Some(RowState::New),
        (_, Some(RowState::Gone)) => Some(RowState::Back),
        (HitState::Unseen, Some(_)) => Some(RowState::Unseen),
        (_, Some(_)) => Some(RowState::Still),
    }
}

/// What is said of a hit that the rules do not accuse any more: who believes it to be there hears that it is withdrawn.
fn taken_back(told: Option<RowState>) -> Option<RowState> {
    told.filter(|told| !matches!(told, RowState::Withdrawn | RowState::Gone)).map(|_| RowState::Withdrawn)
}

/// A hit as a list may need it.
struct Entry {
    hit: u64,
    case: u64,
    state: HitState,
    /// An officer called this page innocent, or other rules took the machine's word back and no officer gave theirs.
    acquitted: bool,
    first_seen: Timestamp,
    row: Row,
}

/// What there is to tell, for all contacts together.
struct Standing {
    cases: HashMap<u64, Case>,
    wrong: Vec<Case>,
    entries: Vec<Entry>,
}

impl Standing {
    async fn read(
        store: &Store,
        contacts: &[Contact],
        threshold: f64,
        alive: &HashSet<u64>,
    ) -> Result<Self, StoreError> {
        let mut standing = Self { cases: HashMap::new(), wrong: Vec::new(), entries: Vec::new() };
        for (n, case) in store.cases().enumerate() {
            let case = case?;
            if case.merged_into.is_some() {
                continue;
            }
            if case.state == CaseState::Wrong || no_longer_asserted(&case, threshold) {
                // Most that are under the line were never told to anybody.
                if store.case_digests(case.id).next().is_some() {
                    standing.wrong.push(case);
                }
            } else if contacts.iter().any(|contact| contact.route_of(&case, threshold).is_some()) {
                standing.cases.insert(case.id, case);
            }
            if n % BREATH == BREATH - 1 {
                tokio::task::yield_now().await;
            }
        }
        for (n, hit) in store.hits().enumerate() {
            let hit = hit?;
            let told = hit.state != HitState::Gone || alive.contains(&hit.id);
            if told && let Some(case) = standing.cases.get(&hit.case) {
                let row = row_of(&hit, case);
                standing.entries.push(Entry {
                    hit: hit.id,
                    case: hit.case,
                    state: hit.state,
                    acquitted: is_innocent(&hit)
                        || (!is_confirmed(case) && hit.notes.iter().any(|note| note == ACQUITTED)),
                    first_seen: hit.first_seen,
                    row,
                });
            }
            if n % BREATH == BREATH - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok(standing)
    }
}

/// What one contact was told.
struct Past {
    /// Ids of its lists, newest first.
    lists: Vec<String>,
    /// When the newest was composed.
    newest: Option<Timestamp>,
    /// What the newest whole list and the extras after it say of each hit.
    last: HashMap<u64, RowState>,
    /// Rows of older lists, read when they were needed.
    opened: HashMap<String, Told>,
}

impl Past {
    async fn of_all(store: &Store, contacts: &[Contact], before: Option<&str>) -> Result<Vec<Self>, StoreError> {
        let keys: HashMap<String, usize> =
            contacts.iter().enumerate().map(|(at, contact)| (contact.key(), at)).collect();
        let mut lists: Vec<Vec<Digest>> = contacts.iter().map(|_| Vec::new()).collect();
        for digest in store.digests() {
            let digest = digest?;
            let told = digest.state != DigestState::Permanent && before.is_none_or(|day| digest.day.as_str() < day);
            if told && let Some(&at) = digest.id.split('.').nth(1).and_then(|key| keys.get(key)) {
                lists[at].push(digest);
            }
        }
        let mut pasts = Vec::with_capacity(contacts.len());
        for mut lists in lists {
            lists.sort_by(|a, b| (&b.day, b.revision).cmp(&(&a.day, a.revision)));
            let mut last = HashMap::new();
            for list in &lists {
                for row in store.digest_rows(&list.id) {
                    let row = row?;
                    if let Some(state) = state_of(&row.state) {
                        last.entry(row.hit).or_insert(state);
                    }
                }
                if !list.extra {
                    break;
                }
            }
            let newest = lists.first().map(|list| list.composed);
            let lists = lists.into_iter().map(|list| list.id).collect();
            pasts.push(Self { lists, newest, last, opened: HashMap::new() });
            tokio::task::yield_now().await;
        }
        Ok(pasts)
    }

    /// Hits that the contact believes to be there.
    fn alive(&self) -> impl Iterator<Item = u64> + '_ {
        let there = |state: &RowState| !matches!(state, RowState::Gone | RowState::Withdrawn);
        self.last.iter().filter(move |(_, state)| there(state)).map(|(hit, _)| *hit)
    }

    /// What the contact was last told of a hit.
    fn last_told(&mut self, store: &Store, entry: &Entry) -> Result<Option<RowState>, StoreError> {
        if let Some(state) = self.last.get(&entry.hit) {
            return Ok(Some(*state));
        }
        if self.newest.is_none_or(|newest| entry.first_seen > newest) {
            return Ok(None);
        }
        for list in self.lists_of(store, entry.case)? {
            let rows = self.rows(store, &list)?.get(&entry.case);
            if let Some((_, state)) = rows.into_iter().flatten().find(|(hit, _)| *hit == entry.hit) {
                return Ok(Some(*state));
            }
        }
        Ok(None)
    }

    /// Hits of a case that nobody stands behind, of which the contact was told and that it has not heard to be withdrawn. That a page is
    /// gone takes no accusation back, but where no officer called it wrong there is nothing to correct either.
    fn still_accused(&mut self, store: &Store, case: &Case) -> Result<Vec<u64>, StoreError> {
        let all = store.case_hits(case.id).collect::<Result<Vec<u64>, _>>()?;
        let mut told: HashMap<u64, RowState> = HashMap::new();
        for list in self.lists_of(store, case.id)? {
            let rows = self.rows(store, &list)?.get(&case.id).map_or(&[][..], Vec::as_slice);
            for (hit, state) in rows {
                told.entry(*hit).or_insert(*state);
            }
            // What older lists say of the same hits is out of date.
            if all.iter().all(|hit| told.contains_key(hit)) {
                break;
            }
        }
        let wrong = case.state == CaseState::Wrong;
        let stands = |state: RowState| state != RowState::Withdrawn && (wrong || state != RowState::Gone);
        let mut hits: Vec<u64> = told.into_iter().filter(|(_, state)| stands(*state)).map(|(hit, _)| hit).collect();
        hits.sort_unstable();
        Ok(hits)
    }

    /// This contact's lists with a case, newest first.
    fn lists_of(&self, store: &Store, case: u64) -> Result<Vec<String>, StoreError> {
        if self.lists.is_empty() {
            return Ok(Vec::new());
        }
        let listed: HashSet<String> = store.case_digests(case).collect::<Result<_, _>>()?;
        Ok(self.lists.iter().filter(|list| listed.contains(*list)).cloned().collect())
    }

    fn rows(&mut self, store: &Store, list: &str) -> Result<&Told, StoreError> {
        if !self.opened.contains_key(list) {
            let mut rows = Told::new();
            for row in store.digest_rows(list) {
                let row = row?;
                if let Some(state) = state_of(&row.state) {
                    rows.entry(row.case).or_default().push((row.hit, state));
                }
            }
            self.opened.insert(list.to_owned(), rows);
        }
        Ok(&self.opened[list])
    }
}

fn state_of(word: &str) -> Option<RowState> {
    RowState::ALL.into_iter().find(|state| state.as_str() == word)
}

/// The row that takes one back. What it was listed as is told by its case: the hit says by now what other rules make of it, and what they
/// rest on was never listed.
fn withdrawn(row: &Row, case: &Case) -> Row {
    let kind = if case.kind == "fake_site" { Kind::FakeSite } else { Kind::Seller };
    let reasons = if case.state == CaseState::Wrong { row.reasons.clone() } else { Vec::new() };
    Row { state: RowState::Withdrawn, kind, reasons, ..row.clone() }
}

fn row_of(hit: &Hit, case: &Case) -> Row {
    let entities = &hit.entities;
    let kinds = [
        ("电话", &entities.phones),
        ("微信", &entities.wechat),
        ("QQ", &entities.qq),
        ("电报", &entities.telegram),
        ("邮箱", &entities.emails),
        ("备案", &entities.icp),
    ];
    let contacts = kinds.iter().flat_map(|(kind, all)| all.iter().map(move |one| format!("{kind} {one}"))).collect();
    let reasons = hit.reasons.iter().filter(|reason| reason.points > 0.0);
    Row {
        state: RowState::New,
        case: case.id.to_string(),
        kind: match hit.verdict.as_str() {
            "fake_site" => Kind::FakeSite,
            "seller" => Kind::Seller,
            _ => Kind::Suspicious,
        },
        target: mask_url(&case.target).into_owned(),
        url: hit.final_url.clone(),
        title: hit.title.clone(),
        reasons: reasons
            .map(|reason| Reason { say: reason.say.clone(), quote: reason.quote.clone().unwrap_or_default() })
            .collect(),
        contacts,
        cert_types: hit.cert_types.clone(),
        areas: hit.areas.iter().map(|code| name_of(code).unwrap_or(code).to_owned()).collect(),
        score: hit.score,
        confirmed: is_confirmed(case),
        first_seen: hit.first_seen,
        last_seen: hit.last_seen,
        sha256: hit.capture.as_ref().map(|capture| capture.sha256.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_changed_since_it_was_told() {
        use RowState::*;
        let table = [
            (HitState::Up, None, Some(New)),
            (HitState::Unseen, None, Some(New)),
            (HitState::Gone, None, None),
            (HitState::Up, Some(New), Some(Still)),
            (HitState::Changed, Some(Still), Some(Still)),
            (HitState::Back, Some(Still), Some(Still)),
            (HitState::Unseen, Some(New), Some(Unseen)),
            (HitState::Up, Some(Unseen), Some(Still)),
            (HitState::Gone, Some(Unseen), Some(Gone)),
            (HitState::Gone, Some(Gone), None),
            (HitState::Back, Some(Gone), Some(Back)),
            (HitState::Up, Some(Back), Some(Still)),
            (HitState::Up, Some(Withdrawn), Some(New)),
            (HitState::Gone, Some(Withdrawn), None),
        ];
        for (hit, told, expected) in table {
            assert_eq!(row_state(hit, told), expected, "{hit} {told:?}");
        }
    }

    #[test]
    fn two_people_of_one_mailbox_and_unit_get_one_list_with_what_either_may_see() {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let contact = |name: &str, routes: &[&str], areas: &[&str], confirmed: &[&str]| Contact {
            unit: "示例区联合办".to_owned(),
            name: name.to_owned(),
            email: "Lian@example.gov.cn".to_owned(),
            routes: words(routes),
            areas: words(areas),
            confirmed_only: words(confirmed),
        };
        let two = [
            contact("甲", &["公安"], &["330212"], &["公安"]),
            contact("乙", &["市监", "公安"], &[], &[]),
            Contact { email: String::new(), ..contact("丙", &["市监"], &[], &[]) },
        ];
        let one = merged(&two);
        assert_eq!(one.len(), 1);
        assert_eq!((one[0].routes.clone(), one[0].areas.clone()), (words(&["公安", "市监"]), vec![]));
        assert_eq!((one[0].name.as_str(), one[0].confirmed_only.len()), ("甲、乙", 0));
    }

    #[test]
    fn the_police_hear_only_of_what_an_officer_confirmed() {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let contact = Contact {
            unit: "示例区".to_owned(),
            name: String::new(),
            email: "a@example.gov.cn".to_owned(),
            routes: words(&["市监", "公安"]),
            areas: words(&["330200"]),
            confirmed_only: words(&["公安"]),
        };
        let case = |state, score, routes: &[&str], areas: &[&str]| Case {
            id: 1,
            kind: "seller".to_owned(),
            target: "phone:13000001234".to_owned(),
            state,
            score,
            route: String::new(),
            routes: words(routes),
            areas: words(areas),
            first_seen: Timestamp::UNIX_EPOCH,
            last_seen: Timestamp::UNIX_EPOCH,
            supervised: false,
            confirmed_by: None,
            confirmed_at: None,
            contacts: Vec::new(),
            notes: 0,
            merged_into: None,
            set_aside_from: None,
            grounds: Vec::new(),
            doubted: false,
        };
        use CaseState::*;
        let table = [
            (case(New, 90.0, &["市监", "公安"], &["330212"]), Some("市监")),
            (case(New, 90.0, &["公安"], &["330212"]), None),
            (case(Confirmed, 60.0, &["公安"], &["330212"]), Some("公安")),
            (case(Review, 60.0, &["市监"], &["330212"]), None),
            (case(New, 80.0, &["市监"], &[]), Some("市监")),
            (case(New, 90.0, &["市监"], &["320000"]), None),
            (case(Wrong, 90.0, &["市监"], &[]), None),
            (case(Dismissed, 90.0, &["市监"], &[]), None),
            (case(Back, 90.0, &["网信"], &[]), None),
            // Something new was found where an officer had seen a false alarm: nobody else hears of it yet.
            (Case { doubted: true, ..case(Review, 99.0, &["市监"], &[]) }, None),
        ];
        for (case, expected) in table {
            assert_eq!(contact.route_of(&case, 80.0), expected, "{case:?}");
        }
    }
}
