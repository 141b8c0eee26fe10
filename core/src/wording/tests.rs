//! Claims about learning and weighing words.

use proptest::prelude::*;

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

proptest! {
    #[test]
    fn stretches_that_are_spelt_together_weigh_as_each_by_itself(
        text in "[电焊工证,人不用来货到付款按时上课0-9“” \n]{0,400}",
        cuts in prop::collection::vec((0usize..1_200, 0usize..300), 0..6),
    ) {
        static LEARNED: std::sync::LazyLock<Wording> = std::sync::LazyLock::new(learned);
        let mut stretches: Vec<Range<usize>> = cuts
            .iter()
            .map(|(start, long)| boundary_before(&text, *start)..boundary_before(&text, start + long))
            .collect();
        stretches.sort_by_key(|at| (at.start, at.end));
        let alone: Vec<f64> = stretches.iter().map(|at| LEARNED.weigh(&[&text[at.clone()]], None)).collect();
        prop_assert_eq!(LEARNED.weigh_stretches(&text, &stretches, None), alone);
    }
}

#[test]
fn a_table_is_the_same_each_time_and_reads_back() {
    let (first, second) = (learn(Manner::Offer, &pages()), learn(Manner::Offer, &pages()));
    assert_eq!(first, second);
    assert_eq!(first.pages, (8, 8));
    let wording = Wording::read("wording-offers.toml", &first.to_toml(-20.0, 30.0)).unwrap();
    let grams: usize = first.weights.values().map(Vec::len).sum();
    let alone = |points: &[i16]| points.iter().filter(|points| **points != 0).count();
    let (everywhere, outside) = (&wording.everywhere, &wording.outside);
    let pairs =
        everywhere.pairs.iter().filter(|(_, _, known)| known.points != 0).count() + outside.pairs.iter().count();
    let signs = alone(&everywhere.alone) + alone(&outside.alone) + pairs;
    let circumstances = wording.circumstances.iter().filter(|points| **points != 0).count();
    let words = wording.words.alone.iter().filter(|points| **points != 0).count() + wording.words.pairs.len();
    assert_eq!(signs + words + circumstances, grams);
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
    assert!(0.0 < often && often < once + 3.0, "{once} {often}");
}

#[test]
fn of_a_few_words_nobody_can_tell_the_manner() {
    let wording = learned();
    let (few, many) = ("嘉兴叉车证，人不用来", "嘉兴叉车证，人不用来，".repeat(20));
    let (few, many) = (points(&wording, few).unwrap(), points(&wording, &many).unwrap());
    assert!(0.0 < few && few < many / 2.0 && many > 10.0, "{few} {many}");
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
        assert_eq!(gram::named(&name, &Vocabulary::default()), Some(circumstances::gram(number)));
    }
    for (own, words, signs) in [(false, 0, 0), (true, 9, usize::MAX)] {
        let page = Circumstances { words, own, reached: own, deals: own };
        assert!(page.of(signs).into_iter().all(|number| number < circumstances::COUNT));
    }
}

/// Whole texts, guilty or not, as they are.
fn whole(texts: &[(&str, bool)]) -> Vec<Labelled> {
    let labelled = |(text, guilty): &(&str, bool)| {
        let texts = vec![fold(text).as_str().to_owned()];
        Labelled { passages: vec![Passage { texts, page: None }], guilty: *guilty }
    };
    texts.iter().map(labelled).collect()
}

#[test]
fn a_sellers_words_in_quotation_marks_weigh_less() {
    let offers = ["电工证照片发来就行，七天到手", "焊工证照片发来就行，五天到手", "登高证照片发来就行，九天到手"];
    let reports = [
        "民警说，孙某发来“照片发来就行，七天到手”",
        "记者收到“照片发来就行，五天到手”",
        "老周念道：“照片发来就行，九天到手”",
    ];
    let pages: Vec<(&str, bool)> =
        offers.map(|text| (text, true)).into_iter().chain(reports.map(|text| (text, false))).collect();
    let learned = learn(Manner::Offer, &whole(&pages.repeat(3)));
    assert!(learned.weights.values().flatten().any(|name| name == "〔有引语〕"), "{:?}", learned.weights);
    let wording = Wording::read("wording-offers.toml", &learned.to_toml(-60.0, 60.0)).unwrap();
    let weigh = |text: &str| wording.weigh(&[fold(text).as_str()], None);
    assert!(weigh("制冷证照片发来就行，六天到手") > weigh("有人发来“照片发来就行，六天到手”给我"));
}

#[test]
fn words_and_their_neighbours_are_learned_and_weighed() {
    // 包过 and 电工 stand between ever new neighbours, on many pages; the order of words tells, their signs do not.
    let between = ["天", "地", "玄", "黄", "宇", "宙", "洪", "荒"];
    let mut texts = Vec::new();
    for (at, sign) in between.iter().enumerate() {
        let other = between[(at + 3) % between.len()];
        texts.push((format!("{sign}包过电工{other}"), true));
        texts.push((format!("{sign}电工包过{other}"), false));
        texts.push((format!("{sign}包过{other}，{other}电工{sign}"), false));
    }
    let pages: Vec<(&str, bool)> = texts.iter().map(|(text, guilty)| (text.as_str(), *guilty)).collect();
    let learned = learn(Manner::Offer, &whole(&pages));
    assert_eq!(learned.vocabulary, ["包过", "电工"]);
    assert!(
        learned.weights.range(1..).any(|(_, names)| names.iter().any(|name| name == "【包过+电工】")),
        "{:?}",
        learned.weights
    );

    let vocabulary = Vocabulary::of(learned.vocabulary);
    let weights = ["【包过+电工】", "外〈车〉"].map(|name| (gram::named(name, &vocabulary).unwrap(), 5.0));
    let say = (String::new(), String::new());
    let wording = Wording::new(vocabulary, &weights, (0.0, 1.0, None), (-60.0, 60.0), say);
    let weigh = |text: &str| wording.weigh(&[text], None);
    assert_eq!((weigh("日包过电工月,包过电工"), weigh("日电工包过月"), weigh("日包过,电工月")), (5.0, 0.0, 0.0));
    assert_eq!((weigh("叉车"), weigh("叉车“照片发来就行”"), weigh("“叉车照片发来”")), (0.0, 5.0, 0.0));
}

#[test]
fn every_gram_has_a_name_of_its_own_and_is_found_by_it() {
    let vocabulary = Vocabulary::of(["免考", "包过", "一条龙"].map(String::from));
    let passage = ["免考+包过,一条龙++外〈免〉", "他说:“免考包过一条龙”,【一+】 〔有引语〕"];
    let (grams, _) = gram::all(&passage, &vocabulary);
    let names: Vec<String> = grams.iter().map(|gram| gram::name(*gram, &vocabulary)).collect();
    for (gram, name) in grams.iter().zip(&names) {
        assert_eq!(gram::named(name, &vocabulary), Some(*gram), "{name}");
        assert!(!name.contains(char::is_whitespace), "{name}");
    }
    let different = |all: &[String]| all.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(different(&names), grams.iter().collect::<std::collections::BTreeSet<_>>().len());
    for name in
        ["免考", "外〈免考〉", "外〈免〉", "【免考】", "【免考+包过】", "【一条龙++】", "【++一条龙】", "〔有引语〕"]
    {
        assert!(gram::named(name, &vocabulary).is_some(), "{name}");
    }
    for name in ["", "免考包", "【保过】", "【一】", "【一+二】", "【免考+】", "外〈〉", "外〈免考包〉", "〔无〕"]
    {
        assert_eq!(gram::named(name, &vocabulary), None, "{name}");
    }
}

#[test]
fn a_gram_counts_by_the_root_of_the_length() {
    let (vocabulary, say) = (Vocabulary::default(), (String::new(), String::new()));
    let weights = [(gram::named("免考", &vocabulary).unwrap(), 5.0)];
    let wording = Wording::new(vocabulary, &weights, (0.0, 1.0, Some(40.0)), (-60.0, 60.0), say);
    let weigh = |signs: usize| wording.weigh(&[&format!("免考{}", "月".repeat(signs - 2))], None);
    assert_eq!([2, 10, 40, 160].map(weigh), [10.0, 10.0, 5.0, 2.5]);
}

#[test]
fn more_signs_than_there_are_numbers_are_a_mistake_and_no_crash() {
    let signs: Vec<String> = ('\u{3400}'..='\u{9FFF}').chain('\u{20000}'..='\u{2A6DF}').map(String::from).collect();
    assert!(signs.len() > usize::from(u16::MAX));
    let text = format!(
        "say = \"a\"\nsay_against = \"b\"\nbase = 0.0\nfull = 9.0\nleast = -3.0\nmost = 9.0\n[[weight]]\npoints = 1.0\nwords = \"{}\"\n",
        signs.join(" ")
    );
    let problems = Wording::read("wording-offers.toml", &text).unwrap_err();
    assert!(problems.iter().any(|problem| problem.say.contains("个不同的字")), "{} problems", problems.len());
}
