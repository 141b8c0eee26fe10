//! Doubts about a rule set that is right: rules of the unit's own that count without having earned it, words that innocents use as well.
//!
//! They stop nobody: an officer may know more than the counts do. They are told wherever rules are looked at until the reason is gone or
//! somebody's word stands in the file (`early`). Rules that came with the program are held to their own counts (tests/rules_standing.rs).
//! Start at [`doubts`].

use std::collections::{BTreeMap, HashMap, HashSet};

use jianzheng_core::rules::RuleSet;
use jianzheng_core::rules::problem::Problem;
use jianzheng_core::rules::rule::{Item, Kind, Rule, Status};
use jianzheng_core::{entities, page, text};

use super::clean;
use super::standing::{EARNED, Standing};

/// One in so many pages of the clean corpus has a word that is too common to wake a rule, and no fewer than so many pages.
const COMMON: usize = 20;
const FEWEST: usize = 4;
/// Words of one rule or list that are named.
const NAMED: usize = 20;

/// What a rule that counts lacks to have earned it, in Chinese; nothing of shipped rules, of those that speak against an accusation, and
/// of those that somebody gave his word for.
pub fn lacks(rule: &Rule, done: Standing, innocents: usize) -> Option<String> {
    let accuses = rule.points > 0.0 && rule.kind != Kind::Notice;
    if rule.status != Status::Live || rule.held.is_some() || rule.early.is_some() || !accuses {
        return None;
    }
    let mut lacking = Vec::new();
    if done.confirmed < EARNED {
        lacking.push(format!("人确认的命中 {} 条（要 {EARNED} 条）", done.confirmed));
    }
    if done.false_alarms > 0 {
        lacking.push(format!("误报 {} 条", done.false_alarms));
    }
    if innocents > 0 {
        lacking.push(format!("守法网页里命中 {innocents} 页"));
    }
    (!lacking.is_empty()).then(|| lacking.join("，"))
}

/// All doubts about a set: `standing` is what its rules have done (none where nothing is known of that, and then nothing is said of it),
/// `pages` the clean corpus by file, `shipped` the set that came with the program, whose words were weighed where they were written.
pub fn doubts(
    rules: &RuleSet,
    shipped: Option<&RuleSet>,
    standing: Option<&HashMap<String, Standing>>,
    pages: &[(String, String)],
) -> Vec<Problem> {
    let asked: Vec<usize> = (0..rules.rules().len()).filter(|rule| is_own(&rules.rules()[*rule])).collect();
    let words = waking_words(rules, shipped);
    if asked.is_empty() && words.is_empty() {
        return Vec::new();
    }
    let mut spoke: HashMap<usize, usize> = HashMap::new();
    let mut holds = vec![0; words.len()];
    let mut all = 0;
    for (html, url) in clean::pages(pages) {
        let extract = page::read_text(&html, Some(&url));
        all += 1;
        rules.rule_by_rule(&extract, &url, |rule, look| {
            if asked.binary_search(&rule).is_ok() && look() {
                *spoke.entry(rule).or_default() += 1;
            }
        });
        let folded = text::fold(&extract.text);
        for (word, pages) in words.iter().zip(&mut holds) {
            *pages += usize::from(folded.as_str().contains(word.folded.as_str()));
        }
    }
    let mut doubts: Vec<Problem> = Vec::new();
    for rule in asked.iter().map(|index| &rules.rules()[*index]) {
        doubts.extend(of_examples(rule, rules));
    }
    for (index, rule) in asked.iter().map(|index| (*index, &rules.rules()[*index])) {
        let Some(standing) = standing else { continue };
        let done = standing.get(&rule.id).copied().unwrap_or_default();
        let Some(lacks) = lacks(rule, done, spoke.get(&index).copied().unwrap_or(0)) else { continue };
        doubts.push(Problem {
            code: "live-unearned",
            file: rule.file.clone(),
            line: rule.line,
            say: format!("规则 {} 在用，还没攒够条件：{lacks}", rule.id),
            advice: "先写 status = \"试行\"；等不得的，由定的人在规则里写 early = { by = \"姓名\", date = \"日期\", why = \"理由\" }"
                .to_owned(),
        });
    }
    let mut named: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for (word, pages) in words.iter().zip(holds) {
        let told = named.entry((&word.file, word.line)).or_default();
        if pages < FEWEST || pages * COMMON < all || *told == NAMED {
            continue;
        }
        *told += 1;
        doubts.push(Problem {
            code: "common-word",
            file: word.file.clone(),
            line: word.line,
            say: format!("{}的“{}”太平常：{all} 个守法网页里 {pages} 个都有", word.of, word.written),
            advice: "换成更长、只有卖家才说的词句；或者把它挪到 near，由不平常的词句来触发".to_owned(),
        });
    }
    doubts
}

/// What the examples of a rule lack: one that stands for its conditions, numbers of nobody.
fn of_examples(rule: &Rule, rules: &RuleSet) -> Vec<Problem> {
    let doubt = |code, line, say: String, advice: &str| {
        let (file, advice) = (rule.file.clone(), advice.to_owned());
        Problem { code, file, line, say, advice }
    };
    let mut doubts = Vec::new();
    let mut waking: Vec<String> = Vec::new();
    let mut only_words = true;
    for item in &rule.any {
        match item {
            Item::Phrase(phrase) => waking.push(phrase.clone()),
            Item::List(name) => {
                let words = rules.list(name).into_iter().flatten();
                waking.extend(words.map(|word| text::fold(word).as_str().to_owned()).filter(|word| !word.is_empty()));
            }
            // Whether a page wakes these is not told by its words alone.
            Item::Gapped(_) | Item::Fact(_) => only_words = false,
        }
    }
    let wakes = |html: &str| {
        let folded = text::fold(html);
        waking.iter().any(|word| folded.as_str().contains(word.as_str()))
    };
    let has_conditions = !(rule.near.is_empty() && rule.all.is_empty() && rule.unless.is_empty());
    if only_words && has_conditions && !rule.misses.iter().any(|miss| wakes(&miss.html)) {
        let say = format!("规则 {} 的 miss 里没有一个说到触发它的词句，看不出 near、all、unless 管不管用", rule.id);
        let advice = "挑一句最像的守法的话写进 miss：有触发的词句，但缺了条件或者带着排除的词";
        doubts.push(doubt("miss-unlike", rule.line, say, advice));
    }
    for example in rule.hits.iter().chain(&rule.misses) {
        let folded = text::fold(&example.html);
        let mobile = entities::in_text(&example.html, &folded)
            .into_iter()
            .filter(|found| found.kind == entities::Kind::Phone && found.value.len() == 11)
            .any(|found| found.value.starts_with('1') && !found.value.starts_with("1300000"));
        if mobile || entities::mask_ids(&example.html) != example.html {
            let what = if mobile { "手机号" } else { "证件号" };
            let say = format!("规则 {} 的例子里有像真的{what}", rule.id);
            doubts.push(doubt("real-number", example.line, say, "换成编造的：电话写 130 0000 开头的，证件号不写"));
        }
    }
    doubts
}

/// A rule of the unit's own that wakes and adds points.
fn is_own(rule: &Rule) -> bool {
    rule.held.is_none() && rule.status != Status::Retired && rule.points > 0.0 && rule.kind != Kind::Notice
}

/// A word that wakes a rule by itself.
struct Word {
    written: String,
    folded: String,
    of: String,
    file: String,
    line: usize,
}

/// Words of the unit's own by which rules are woken: phrases of its rules, and what it added to lists that wake any rule.
fn waking_words(rules: &RuleSet, shipped: Option<&RuleSet>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut lists = HashSet::new();
    for rule in rules.rules().iter().filter(|rule| rule.status != Status::Retired && rule.points > 0.0) {
        for item in &rule.any {
            match item {
                Item::Phrase(phrase) if is_own(rule) => words.push(Word {
                    written: phrase.clone(),
                    folded: phrase.clone(),
                    of: format!("规则 {} ", rule.id),
                    file: rule.file.clone(),
                    line: rule.line,
                }),
                Item::List(name) if rule.kind != Kind::Notice => _ = lists.insert(name.as_str()),
                _ => {}
            }
        }
    }
    let mut lists: Vec<&str> = lists.into_iter().collect();
    lists.sort_unstable();
    for name in lists {
        let before: HashSet<&String> = shipped.and_then(|set| set.list(name)).into_iter().flatten().collect();
        let own = rules.list(name).into_iter().flatten().filter(|word| shipped.is_some() && !before.contains(word));
        for word in own {
            let folded = text::fold(word).as_str().to_owned();
            // Words with a gap are read piece by piece, and what folds to nothing is in no page.
            if folded.is_empty() || word.contains('…') {
                continue;
            }
            words.push(Word {
                written: word.clone(),
                folded,
                of: format!("词表 @{name} "),
                file: "words.toml".to_owned(),
                line: 0,
            });
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|found| found == ending))
            .map(|path| {
                (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
            })
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
        let shipped = files("rules", "toml");
        let mut set = shipped.clone();
        if let Some((before, after)) = words {
            let words = set.iter_mut().find(|(name, _)| name == "words.toml").unwrap();
            assert!(words.1.contains(before));
            words.1 = words.1.replacen(before, after, 1);
        }
        set.push(("local.toml".to_owned(), local.to_owned()));
        let (set, shipped) = (RuleSet::compile(&set).unwrap(), RuleSet::compile(&shipped).unwrap());
        let standing = done.map(|done| HashMap::from([("seller.local".to_owned(), done)]));
        doubts(&set, Some(&shipped), standing.as_ref(), &files("rules/clean", "ndjson"))
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
                assert_eq!(
                    (doubts[0].code, doubts[0].file.as_str(), doubts[0].line),
                    ("live-unearned", "local.toml", 5)
                );
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
        let rule = own("直接下本包寄", "status = \"试行\"\nnear = [\"@证书词\"]")
            .replace("hit = [\"直接", "hit = [\"电工证直接");
        let codes =
            |rule: &str| told(rule, None, None).iter().map(|doubt| (doubt.code, doubt.line)).collect::<Vec<_>>();
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
}
