//! Names what the points say: kind, routes, authority, certificates, places.

use super::certificates;
use super::reading::Reading;
use super::weigh::Weighed;
use super::{Kind, PRIOR, Thresholds, Verdict, score};
use crate::entities;
use crate::place;
use crate::rules::Fact;
use crate::rules::rule::Place;

/// Points from which a page that accuses nobody is called a warning.
const NOTICE: f64 = 10.0;
/// Points from which words that are hidden or made by scripts ask for an eye on a page that is no hit.
const UNSEEN: f64 = 20.0;
/// Places told of one page.
const AREAS: usize = 8;
/// Family of the signals that tell of making or organised selling.
const CRIME: &str = "crime";

pub(crate) fn decide(reading: &Reading, weighed: Weighed, thresholds: Thresholds) -> Verdict {
    // Points are shown with one digit; the scores are made of what is shown.
    let sum = |kind: &str| PRIOR + weighed.signals.iter().filter(|s| s.kind == kind).map(|s| s.points).sum::<f64>();
    let (fake, seller) = (round(score(sum("fake_site"))), round(score(sum("seller"))));
    let official = reading.facts.has(Fact::OfficialHost);
    let best = fake.max(seller);
    let towards = if fake >= seller { Kind::FakeSite } else { Kind::Seller };
    let kind = if best >= thresholds.hit {
        towards
    } else if best >= thresholds.review {
        Kind::Suspicious
    } else if weighed.notice >= NOTICE && (official || reading.facts.has(Fact::Warning)) {
        Kind::Notice
    } else if official {
        Kind::Official
    } else {
        Kind::Benign
    };
    let certificates = certificates::told(reading);
    let looked_up =
        reading.certificates.first().map(|(number, _)| reading.rules.certificates[*number as usize].body.as_str());
    let mut notes = Vec::new();
    let compromised = official && kind.is_hit() && towards == Kind::Seller;
    if compromised {
        notes.push("compromised_official");
    }
    // An eye should see what was not read, and an offer that readers do not see, whatever stands around it.
    let unseen = weighed.unseen >= if kind.is_hit() { 0.1 } else { UNSEEN };
    if reading.facts.has(Fact::NeedsEyes) || reading.is_cut || unseen {
        notes.push("needs_eyes");
    }
    if reading.is_cut {
        notes.push("truncated");
    }
    let bodies: Vec<&str> = certificates.iter().map(|c| c.1).collect();
    if bodies.contains(&"应急") && bodies.iter().any(|b| *b != "应急") {
        notes.push("mixed");
    }
    let routes = if kind.is_hit() { routes(reading, &weighed, towards, compromised, &bodies) } else { Vec::new() };
    Verdict {
        kind,
        score: best,
        fake_score: fake,
        seller_score: seller,
        routes,
        authority: authority(reading, kind, towards, looked_up),
        poses: reading.face.is_some() || reading.facts.has(Fact::LookupForm) || reading.facts.has(Fact::NumberForm),
        names_certificates: !reading.certificates.is_empty() || !reading.titles.is_empty(),
        cert_types: certificates.into_iter().map(|c| c.0).collect(),
        notes,
        contacts: entities::contacts(&reading.entities),
        areas: if kind.is_hit() { areas(reading) } else { Vec::new() },
        signals: weighed.signals,
    }
}

fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

fn routes(
    reading: &Reading,
    weighed: &Weighed,
    towards: Kind,
    compromised: bool,
    bodies: &[&str],
) -> Vec<&'static str> {
    if towards == Kind::FakeSite {
        return vec!["网信"];
    }
    let mut routes = Vec::new();
    if compromised {
        routes.push("网信");
    }
    routes.push("市监");
    for body in ["住建", "人社"] {
        if bodies.contains(&body) {
            routes.push(body);
        }
    }
    if reading.facts.has(Fact::Platform) {
        routes.push("平台");
    }
    if weighed.families.iter().any(|f| f == CRIME) {
        routes.push("公安");
    }
    routes
}

/// Whose face, name or, where a page wears neither, whose certificates: a look-up of 应急 certificates stands in for the
/// body that issues them.
fn authority(reading: &Reading, kind: Kind, towards: Kind, looked_up: Option<&str>) -> Option<String> {
    let authorities = &reading.rules.authorities;
    let of_body = |body: &str| authorities.iter().find(|a| a.route == body).map(|a| a.near.clone());
    match kind {
        Kind::FakeSite | Kind::Suspicious if towards == Kind::FakeSite => reading
            .face
            .and_then(|f| authorities.iter().nth(f as usize))
            .map(|a| a.near.clone())
            .or_else(|| reading.host.near.clone())
            .or_else(|| looked_up.and_then(of_body)),
        Kind::Official | Kind::Notice => {
            let own = authorities.by_host(&reading.host.host).map(|a| a.near.clone());
            own.or_else(|| reading.facts.has(Fact::OfficialHost).then(|| reading.host.host.clone()))
        }
        _ => None,
    }
}

/// Places in the title and the main text; a city tells more than its province.
fn areas(reading: &Reading) -> Vec<String> {
    let mut codes: Vec<&str> = Vec::new();
    for found in place::find(reading.folded.as_str()) {
        let raw = reading.folded.raw_range(found.at.clone());
        let own = reading.block_of(raw.start).is_some_and(|b| reading.place_of(b) != Place::Side);
        if own && !codes.contains(&found.code) {
            codes.push(found.code);
        }
    }
    let narrower =
        |code: &str| codes.iter().any(|c| *c != code && place::covers(code, c) && specific(c) > specific(code));
    codes.iter().filter(|c| !narrower(c)).take(AREAS).map(|c| (*c).to_owned()).collect()
}

/// Number of digits of a code that say something.
fn specific(code: &str) -> usize {
    code.trim_end_matches("00").len()
}
