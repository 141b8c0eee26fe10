//! What is told of rules that are right, and what is let be.

use super::*;

fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// A rule of the unit's own, with something added or replaced.
fn own(any: &str, more: &str) -> String {
    format!(
        "[[family]]\nid = \"local\"\ntitle = \"本地\"\nrest = 3\n[[rule]]\nid = \"seller.local\"\ntitle = \"本地新说法\"\nkind = \"seller\"\n\
         family = \"local\"\npoints = 8\nauthor = \"示例区安委办\"\ndate = \"2026-11-27\"\nany = [\"{any}\"]\nfalse_alarms = \"书店说直接下本书\"\n\
         hit = [\"{any}\"]\nmiss = [\"今天有雨\"]\n{more}\n"
    )
}

fn told(local: &str, words: Option<(&str, &str)>, done: Option<Standing>) -> Vec<Problem> {
    changed(local, words.map(|(before, after)| ("words.toml", before, after)), done)
}

/// The same, with something of any shipped file put in the place of something else.
fn changed(local: &str, change: Option<(&str, &str, &str)>, done: Option<Standing>) -> Vec<Problem> {
    let shipped = files("rules", "toml");
    let mut set = shipped.clone();
    if let Some((file, before, after)) = change {
        let text = set.iter_mut().find(|(name, _)| name == file).unwrap();
        assert!(text.1.contains(before));
        text.1 = text.1.replacen(before, after, 1);
    }
    set.push(("local.toml".to_owned(), local.to_owned()));
    let (set, shipped) = (RuleSet::compile(&set).unwrap(), RuleSet::compile(&shipped).unwrap());
    let standing = done.map(|done| HashMap::from([("seller.local".to_owned(), done)]));
    doubts(&set, &shipped, standing.as_ref(), &files("rules/clean", "ndjson"), &files("rules/guilty", "ndjson"))
}

const LIVE: &str = "status = \"在用\"";

#[test]
fn of_the_shipped_rules_there_is_no_doubt() {
    assert_eq!(told("", None, Some(Standing::default())), []);
}

#[test]
fn a_rule_in_force_that_has_not_earned_it_is_told_what_it_lacks() {
    let rule = own("直接下本包寄", LIVE);
    let check = |done: Standing, wanted: Option<&str>| {
        let doubts = told(&rule, None, Some(done));
        assert_eq!(doubts.len(), usize::from(wanted.is_some()), "{doubts:?}");
        if let Some(wanted) = wanted {
            assert_eq!((doubts[0].code, doubts[0].file.as_str(), doubts[0].line), ("live-unearned", "local.toml", 5));
            assert!(doubts[0].say.ends_with(wanted), "{}", doubts[0].say);
        }
    };
    let done = |confirmed, false_alarms| Standing { hits: 9, confirmed, false_alarms, last_hit: None };
    check(done(2, 0), Some("还没攒够条件：人确认的命中 2 条（要 3 条）"));
    check(done(3, 0), None);
    check(done(3, 1), Some("还没攒够条件：误报 1 条"));
    assert_eq!(told(&rule, None, None), [], "nothing is said where nothing is known");
}

#[test]
fn trial_rules_and_rules_that_somebody_gave_his_word_for_are_let_be() {
    let early = "early = { by = \"示例甲\", date = \"2026-11-27\", why = \"三天内已有五个网站这样写\" }";
    for more in ["status = \"试行\"", &format!("{LIVE}\n{early}")] {
        assert_eq!(told(&own("直接下本包寄", more), None, Some(Standing::default())), [], "{more}");
    }
}

#[test]
fn examples_that_stand_for_no_condition_or_name_somebody_are_told() {
    let rule =
        own("直接下本包寄", "status = \"试行\"\nnear = [\"@证书词\"]").replace("hit = [\"直接", "hit = [\"电工证直接");
    let codes = |rule: &str| told(rule, None, None).iter().map(|doubt| (doubt.code, doubt.line)).collect::<Vec<_>>();
    assert_eq!(codes(&rule), [("miss-unlike", 5)]);
    assert_eq!(codes(&rule.replace("今天有雨", "直接下本包寄，书店")), []);
    // Put together here, so that nobody's number stands in the repository.
    let mobile = ["直接下本包寄，电话", "139", "0000", "5678"].concat();
    assert_eq!(codes(&rule.replace("今天有雨", &mobile)), [("real-number", 16)]);
    assert_eq!(codes(&rule.replace("今天有雨", &mobile.replace("1390000", "1300000"))), []);
    let id = ["直接下本包寄，", "33010219900307", "7712"].concat();
    assert_eq!(codes(&rule.replace("今天有雨", &id)), [("real-number", 16)]);
}

#[test]
fn words_that_innocents_use_are_told() {
    let doubts = told(&own("培训", "status = \"试行\""), None, None);
    let [doubt] = doubts.as_slice() else { panic!("{doubts:?}") };
    assert_eq!((doubt.code, doubt.file.as_str()), ("common-word", "local.toml"));
    assert!(doubt.say.starts_with("规则 seller.local 的“培训”太平常"), "{}", doubt.say);
    // And where it was added to a list that wakes shipped rules.
    let doubts = told("", Some(("words = [\"代考\"", "words = [\"报名\", \"代考\"")), None);
    assert!(
        doubts.iter().any(|doubt| doubt.code == "common-word" && doubt.say.contains("的“报名”太平常")),
        "{doubts:?}"
    );
    // Innocents that the rule itself speaks of count against it.
    let earned = Standing { hits: 9, confirmed: 9, false_alarms: 0, last_hit: None };
    let doubts = told(&own("培训", LIVE), None, Some(earned));
    assert!(doubts[0].say.contains("还没攒够条件：守法网页里命中 "), "{doubts:?}");
}

#[test]
fn a_common_word_added_to_a_shipped_rule_is_told() {
    let widened = changed("", Some(("offers.toml", "any = [\"@免考词\"]", "any = [\"@免考词\", \"电话\"]")), None);
    let codes: Vec<_> = widened.iter().map(|doubt| doubt.code).collect();
    assert_eq!(codes, ["rule-widened", "common-word"], "{widened:?}");
    assert!(widened[1].say.starts_with("规则 seller.exam-waiver 的“电话”太平常"), "{}", widened[1].say);
    // What it only says more precisely widens nothing.
    assert_eq!(
        changed("", Some(("offers.toml", "any = [\"@免考词\"]", "any = [\"@免考词\", \"直接下本包寄\"]")), None),
        []
    );
}

#[test]
fn a_rule_that_speaks_for_the_guilty_is_told() {
    let acquits = |any: &str| {
        let rule = own(any, "status = \"试行\"")
            .replace("points = 8", "points = -60")
            .replace("seller.local", "innocent.local");
        told(&rule, None, None).iter().map(|doubt| doubt.code).collect::<Vec<_>>()
    };
    assert_eq!(acquits("电话"), ["acquits-guilty"]);
    assert_eq!(acquits("培训学时证明打印"), [""; 0]);
}

#[test]
fn a_rule_of_the_units_own_does_not_pass_for_a_shipped_one() {
    // Counts that came along with a copied rule earn nothing.
    let copied = told(&own("直接下本包寄", &format!("{LIVE}\nheld = 900")), None, Some(Standing::default()));
    let codes: Vec<_> = copied.iter().map(|doubt| doubt.code).collect();
    assert_eq!(codes, ["held-own", "live-unearned"], "{copied:?}");
    // And neither does the id of a rule that was deleted.
    let set: Vec<(String, String)> = files("rules", "toml");
    let offers = &set.iter().find(|(name, _)| name == "offers.toml").unwrap().1;
    let from = offers.find("[[rule]]\nid = \"seller.exam-waiver\"").unwrap();
    let end = from + 8 + offers[from + 8..].find("[[rule]]").unwrap();
    let new = own("直接下本包寄", LIVE).replace("seller.local", "seller.exam-waiver");
    let reused = changed(&new, Some(("offers.toml", &offers[from..end], "")), Some(Standing::default()));
    let codes: Vec<_> = reused.iter().map(|doubt| doubt.code).collect();
    assert_eq!(codes, ["id-reused", "live-unearned"], "{reused:?}");
}

#[test]
fn a_single_character_in_one_of_the_programs_lists_is_told() {
    let told = told("", Some(("name = \"机关词\"\n", "name = \"机关词\"\n# 加了一个字\n")), None);
    assert_eq!(told, []);
    let words = files("rules", "toml").into_iter().find(|(name, _)| name == "words.toml").unwrap().1;
    let at = words.find("name = \"机关词\"").unwrap();
    let list = &words[at..at + words[at..].find("words = [").unwrap() + "words = [".len()];
    let told = self::told("", Some((list, &format!("{list}\"局\", "))), None);
    assert_eq!(told.iter().map(|doubt| doubt.code).collect::<Vec<_>>(), ["short-word"], "{told:?}");
}
