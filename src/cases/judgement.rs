//! What a verdict leaves in a hit; and the step that judges a case's hits again under other rules.
//!
//! Rules change while cases are open. What was kept of each hit is then judged again, and what changed is written into the case:
//! a hit that the new rules acquit stays, with its new score, and the case goes back to 待复核 unless an officer confirmed it. The machine
//! never closes a case by a change of rules. Start at [`Judgement::of`] and [`rejudged`].

use jianzheng_core::verdict::Verdict;
use jiff::Timestamp;

use super::{MACHINE, audit, clipped, hit_subject, innocence::sum_up, living_case, sighting::fit};
use crate::store::{CaseNote, Entities, Hit, KindScores, Reason, StoreError, Tx};

/// Reasons kept with a hit.
const REASONS: usize = 24;
/// Among a hit's notes: rules that came later do not accuse the page any more.
pub const ACQUITTED: &str = "acquitted";
/// Characters of the note on what changed.
const NOTE: usize = 2000;

/// What a verdict leaves in a hit.
#[derive(Debug, Clone)]
pub struct Judgement {
    verdict: Option<String>,
    score: f64,
    kind_scores: KindScores,
    routes: Vec<String>,
    authority: Option<String>,
    notes: Vec<String>,
    entities: Entities,
    cert_types: Vec<String>,
    areas: Vec<String>,
    reasons: Vec<Reason>,
    rules: String,
}

impl Judgement {
    /// The judgement that a verdict under the rules of that hash is.
    pub fn of(verdict: &Verdict, rules: &str) -> Self {
        let owned = |words: &[&'static str]| words.iter().map(|word| (*word).to_owned()).collect();
        let contacts = verdict.contacts.clone();
        Self {
            verdict: verdict.kind.is_hit().then(|| verdict.kind.as_str().to_owned()),
            score: verdict.score,
            kind_scores: KindScores { fake_site: verdict.fake_score, seller: verdict.seller_score },
            routes: owned(&verdict.routes),
            authority: verdict.authority.clone(),
            notes: owned(&verdict.notes),
            entities: Entities {
                phones: contacts.phones,
                wechat: contacts.wechat,
                qq: contacts.qq,
                telegram: contacts.telegram,
                emails: contacts.emails,
                icp: contacts.icp,
            },
            cert_types: verdict.cert_types.clone(),
            areas: verdict.areas.clone(),
            reasons: reasons(verdict),
            rules: rules.to_owned(),
        }
    }

    /// Puts everything that a judgement decides into a hit.
    pub fn put_into(self, hit: &mut Hit) {
        hit.score = self.score;
        hit.kind_scores = self.kind_scores;
        hit.notes = self.notes;
        hit.entities = self.entities;
        hit.reasons = self.reasons;
        hit.rules = self.rules;
        if let Some(verdict) = self.verdict {
            hit.verdict = verdict;
            hit.route = self.routes.first().cloned().unwrap_or_default();
            hit.routes = self.routes;
            hit.authority = self.authority;
            hit.cert_types = self.cert_types;
            hit.areas = self.areas;
        } else {
            // Whose it would be stays, for the officer who looks at it.
            "suspicious".clone_into(&mut hit.verdict);
            hit.notes.push(ACQUITTED.to_owned());
        }
    }
}

/// What became of a hit under other rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejudged {
    /// The hit.
    pub hit: u64,
    /// Its case.
    pub case: u64,
    /// Its address.
    pub url: String,
    /// What it was called before, and its score.
    pub was: (String, f64),
    /// What it is called now, and its score; `acquitted` where nothing accuses it any more.
    pub is: (String, f64),
    /// The rules that speak otherwise: id, points before, points now, and the page's words.
    pub rules: Vec<(String, f64, f64, Option<String>)>,
}

impl Rejudged {
    /// Whether an officer has to know: it is called otherwise now.
    pub fn matters(&self) -> bool {
        self.was.0 != self.is.0
    }
}

/// A hit's word for itself.
fn called(hit: &Hit) -> String {
    if hit.notes.iter().any(|note| note == ACQUITTED) { ACQUITTED.to_owned() } else { hit.verdict.clone() }
}

/// Rules whose points differ between two lists of reasons, the largest difference first: id, points before and now, words of the page.
pub fn differences(was: Vec<Reason>, is: &[Reason]) -> Vec<(String, f64, f64, Option<String>)> {
    let mut all: Vec<(String, f64, f64, Option<String>)> =
        was.into_iter().map(|reason| (reason.rule, reason.points, 0.0, reason.quote)).collect();
    for reason in is {
        match all.iter_mut().find(|known| known.0 == reason.rule) {
            Some(known) => (known.2, known.3) = (reason.points, reason.quote.clone().or(known.3.take())),
            None => all.push((reason.rule.clone(), 0.0, reason.points, reason.quote.clone())),
        }
    }
    all.retain(|(_, before, now, _)| (before - now).abs() > 0.05);
    all.sort_by(|a, b| (b.1 - b.2).abs().total_cmp(&(a.1 - a.2).abs()));
    all
}

/// The reasons of a verdict, as they are kept.
pub fn reasons(verdict: &Verdict) -> Vec<Reason> {
    let signals = verdict.signals.iter().take(REASONS);
    signals
        .map(|signal| Reason {
            rule: signal.rule.clone(),
            kind: signal.kind.to_owned(),
            points: signal.points,
            say: signal.say.clone(),
            quote: signal.quote.clone(),
        })
        .collect()
}

/// The words for what became of a hit, for people.
pub fn told(change: &Rejudged) -> String {
    let word = |word: &str| match word {
        "fake_site" => "仿冒网站",
        "seller" => "卖证",
        "suspicious" => "可疑",
        _ => "不再够线",
    };
    let rules: Vec<String> =
        change.rules.iter().take(3).map(|(rule, was, is, _)| format!("{rule} {was:+.1} → {is:+.1}")).collect();
    let rules = if rules.is_empty() { String::new() } else { format!("：{}", rules.join("，")) };
    let url = jianzheng_core::entities::mask_url(&change.url);
    let ((was, before), (is, now)) = (&change.was, &change.is);
    format!("线索 {}（{url}）由{} {before:.1} 分变为{} {now:.1} 分{rules}", change.hit, word(was), word(is))
}

/// The step that keeps what other rules make of a case's hits; gives what changed through `tell`. Done twice it is as done once.
///
/// # Errors
/// The store failed.
pub fn rejudged(
    tx: &mut Tx<'_>,
    case: u64,
    judgements: Vec<(u64, Judgement)>,
    now: Timestamp,
) -> Result<Vec<Rejudged>, StoreError> {
    let mut changes = Vec::new();
    for (id, judgement) in judgements {
        let Some(mut hit) = tx.hit(id)?.filter(|hit| hit.rules != judgement.rules) else { continue };
        let (was, reasons) = ((called(&hit), hit.score), hit.reasons.clone());
        judgement.put_into(&mut hit);
        fit(&mut hit);
        let rules = differences(reasons, &hit.reasons);
        let change = Rejudged { hit: id, case, url: hit.final_url.clone(), was, is: (called(&hit), hit.score), rules };
        if change.matters() {
            audit(tx, now, MACHINE, "hit.rejudged", hit_subject(id), &told(&change))?;
        }
        tx.put_hit(hit)?;
        changes.push(change);
    }
    let Some(mut case) = living_case(tx, case)? else { return Ok(changes) };
    sum_up(tx, &mut case, now)?;
    let id = tx.put_case(case)?;
    let said: Vec<String> = changes.iter().filter(|change| change.matters()).map(told).collect();
    if !said.is_empty() {
        let text = clipped(&format!("【规则变更重判】{}", said.join("；")), NOTE);
        tx.add_note(CaseNote { case: id, n: 0, time: now, actor: MACHINE.to_owned(), text })?;
    }
    Ok(changes)
}
