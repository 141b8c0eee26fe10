//! Claims about learning and weighing words.

use super::*;
use crate::text::fold;

fn page(text: &str, guilty: bool) -> Labelled {
    Labelled { passages: passages(text).into_iter().map(|texts| Passage { texts, page: None }).collect(), guilty }
}

/// The stretches around 证.
fn passages(text: &str) -> Vec<Vec<String>> {
    let text = fold(text).as_str().to_owned();
    let places: Vec<usize> = text.match_indices('证').map(|(at, _)| at).collect();
    stretches(Manner::Offer, &text, &places).into_iter().map(|at| vec![text[at].to_owned()]).collect()
}

/// Pages of two manners of speaking.
fn pages() -> Vec<Labelled> {
    let mut pages = Vec::new();
    for place in ["杭州", "宁波", "温州", "绍兴"] {
        pages.push(page(&format!("{place}电工证，人不用来，货到付款"), true));
        pages.push(page(&format!("{place}焊工证：人不用来，发照片就行"), true));
        pages.push(page(&format!("{place}电工证培训，周末上课，按时考试"), false));
        pages.push(page(&format!("{place}焊工证年审通知，按时上课"), false));
    }
    pages
}

fn learned() -> Wording {
    Wording::read("wording-offers.toml", &learn(Manner::Offer, &pages()).to_toml(-20.0, 30.0)).unwrap()
}

fn points(wording: &Wording, text: &str) -> Option<f64> {
    let passages = passages(text);
    passages.first().map(|parts| wording.weigh(&parts.iter().map(String::as_str).collect::<Vec<_>>(), None))
}

#[test]
fn what_was_learned_tells_one_manner_from_the_other() {
    let wording = learned();
    assert!(points(&wording, "嘉兴叉车证，人不用来").unwrap() > 0.0);
    assert!(points(&wording, "嘉兴叉车证，按时上课").unwrap() < 0.0);
    assert_eq!(points(&wording, "人不用来，货到付款"), None, "nothing is said of the trade");
}

#[test]
fn a_table_is_the_same_each_time_and_reads_back() {
    let (first, second) = (learn(Manner::Offer, &pages()), learn(Manner::Offer, &pages()));
    assert_eq!(first, second);
    assert_eq!(first.pages, (8, 8));
    let wording = Wording::read("wording-offers.toml", &first.to_toml(-20.0, 30.0)).unwrap();
    let words: usize = first.weights.values().map(Vec::len).sum();
    let alone = wording.alone.iter().filter(|points| **points != 0.0).count();
    assert_eq!(alone + wording.pairs.len(), words);
}

#[test]
fn the_clause_that_says_most_is_quoted() {
    let wording = learned();
    let text = "嘉兴电工证，人不用来，请看地图";
    let folded = fold(text);
    let clause = wording.clause(folded.as_str()).unwrap();
    assert_eq!(&folded.as_str()[clause], "人不用来");
}

#[test]
fn texts_that_are_read_as_one_weigh_as_one() {
    let wording = learned();
    let (one, other) = ("嘉兴叉车证,人不用来", "嘉兴叉车证,人不用来,货到付款");
    assert!(wording.weigh(&[one, other], None) > wording.weigh(&[one], None));
    assert_eq!(wording.weigh(&[one, ""], None), wording.weigh(&[one], None));
}

#[test]
fn length_and_repetition_accuse_nobody() {
    let wording = learned();
    let full = "嘉兴叉车证，人不用来，".repeat(20);
    let (once, often) = (points(&wording, &full).unwrap(), points(&wording, &full.repeat(50)).unwrap());
    assert!((once - often).abs() < 3.0, "{once} {often}");
}

#[test]
fn of_a_few_words_nobody_can_tell_the_manner() {
    let wording = learned();
    let (few, many) = ("嘉兴叉车证，人不用来", "嘉兴叉车证，人不用来，".repeat(20));
    let (few, many) = (points(&wording, few).unwrap(), points(&wording, &many).unwrap());
    assert!(0.0 < few && few < many / 3.0 && many > 10.0, "{few} {many}");
}

#[test]
fn stretches_cover_what_is_around_and_no_more() {
    let text = "甲".repeat(20_000);
    for places in [vec![], vec![0], vec![30_000], vec![59_999], (0..60_000).step_by(300).collect()] {
        let all = stretches(Manner::Offer, &text, &places);
        let (reach, most) = Manner::Offer.reach();
        assert!(all.len() <= most && all.iter().all(|at| at.len() <= 2 * reach && text.get(at.clone()).is_some()));
        assert_eq!(all.is_empty(), places.is_empty());
        if let [only] = places[..] {
            assert!(all[0].start <= only && only < all[0].end);
        }
    }
}

#[test]
fn of_many_stretches_those_that_speak_most_of_the_trade_are_taken() {
    let text = "甲".repeat(20_000);
    let mut places: Vec<usize> = (0..60_000).step_by(3_000).collect();
    places.extend([30_300, 30_400, 30_500]);
    places.sort_unstable();
    assert!(stretches(Manner::Offer, &text, &places).iter().any(|at| at.start <= 30_300 && 30_500 < at.end));
}

#[test]
fn every_mistake_in_the_file_is_told() {
    let text = "say = \"a\"\nsay_against = \"b\"\nbase = 0.0\nfull = 9.0\nleast = 3.0\nmost = 9.0\n\
                [[weight]]\npoints = 1.0\nwords = \"人不 人不用 Ａ證\"\n[[weight]]\npoints = 99.0\nwords = \"人不\"\n";
    let problems = Wording::read("wording-offers.toml", text).unwrap_err();
    let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
    assert_eq!(lines, [5, 9, 9, 11], "{problems:#?}");
}

/// A page of those, as somebody who can be reached or not.
fn reached(text: &str, reached: bool) -> Circumstances {
    Circumstances {
        words: text.matches('证').count(), own: text.contains('工'), reached, deals: text.contains("到付")
    }
}

#[test]
fn what_a_page_shows_beside_its_wording_is_learned_and_weighed() {
    let mut pages = Vec::new();
    for place in ["杭州", "宁波", "温州", "绍兴"] {
        for (can_be, guilty) in [(true, true), (false, false)] {
            let texts = vec![format!("{place}电工证，人不用来")];
            let page = Some(reached(&texts[0], can_be));
            pages.push(Labelled { passages: vec![Passage { texts, page }], guilty });
        }
    }
    let wording = Wording::read("wording-offers.toml", &learn(Manner::Offer, &pages).to_toml(-20.0, 30.0)).unwrap();
    let text = "嘉兴电工证，人不用来";
    let weigh = |page| wording.weigh(&[text], page);
    assert!(weigh(Some(reached(text, true))) > weigh(Some(reached(text, false))), "the words are the same");
}

#[test]
fn every_circumstance_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<String> = (0..circumstances::COUNT).map(circumstances::name).collect();
    assert_eq!(names.len(), circumstances::COUNT);
    for number in 0..circumstances::COUNT {
        let name = circumstances::name(number);
        assert!(!name.contains(char::is_whitespace), "{name}");
        assert_eq!(gram(&name), Some(circumstances::gram(number)));
    }
    for (own, words, signs) in [(false, 0, 0), (true, 9, usize::MAX)] {
        let page = Circumstances { words, own, reached: own, deals: own };
        assert!(page.of(signs).into_iter().all(|number| number < circumstances::COUNT));
    }
}
