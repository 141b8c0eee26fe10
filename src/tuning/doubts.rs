//! Doubts about a rule set that is right: rules of the unit's own that count without having earned it, words that innocents use as well.
//!
//! They stop nobody: an officer may know more than the counts do. They are told wherever rules are looked at until the reason is gone or
//! somebody's word stands in the file (`early`). Rules that came with the program are held to their own counts (tests/rules_standing.rs);
//! what a unit changed of them is its own. Start at [`doubts`].

use std::collections::{BTreeMap, HashMap, HashSet};

use jianzheng_core::rules::problem::Problem;
use jianzheng_core::rules::rule::{Item, Kind, Rule, Status};
use jianzheng_core::rules::{Lists, RuleSet};
use jianzheng_core::{entities, page, text};

use super::clean;
use super::standing::{EARNED, Standing};

/// One in so many pages of the clean corpus has a word that is too common to wake a rule, and no fewer than so many pages.
const COMMON: usize = 20;
const FEWEST: usize = 4;
/// Words of one rule or list that are named.
const NAMED: usize = 20;

/// What a rule that counts lacks to have earned it, in Chinese; nothing of rules that came with the program (`shipped`, see
/// [`is_shipped`]: what a file says of itself is no proof), of those that speak against an accusation, and of those that somebody gave his
/// word for.
pub fn lacks(rule: &Rule, shipped: bool, done: Standing, innocents: usize) -> Option<String> {
    if rule.status != Status::Live || shipped || rule.early.is_some() || !accuses(rule) {
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

fn accuses(rule: &Rule) -> bool {
    rule.points > 0.0 && rule.kind != Kind::Notice
}

/// Whether it is the rule of that name that came with the program, whatever a unit made of it.
pub fn is_shipped(rule: &Rule, shipped: &RuleSet) -> bool {
    original(rule, shipped).is_some()
}

fn original<'a>(rule: &Rule, shipped: &'a RuleSet) -> Option<&'a Rule> {
    shipped.rules().iter().find(|other| other.id == rule.id && is_same(other, &rule.title, &rule.any))
}

/// Whether a rule may be what once bore its id: an officer changes titles and words, but not all of both.
fn is_same(rule: &Rule, title: &str, any: &[Item]) -> bool {
    rule.title == title || rule.any.iter().any(|item| any.contains(item))
}

/// All doubts about a set: `standing` is what its rules have done (none where nothing is known of that, and then nothing is said of it),
/// `innocents` and `guilty` the corpora by file, `shipped` the set that came with the program, whose words were weighed where they were
/// written.
pub fn doubts(
    rules: &RuleSet,
    shipped: &RuleSet,
    standing: Option<&HashMap<String, Standing>>,
    innocents: &[(String, String)],
    guilty: &[(String, String)],
) -> Vec<Problem> {
    let in_use = || rules.rules().iter().enumerate().filter(|(_, rule)| rule.status != Status::Retired);
    let own: Vec<usize> = in_use().filter(|(_, rule)| !is_shipped(rule, shipped)).map(|(at, _)| at).collect();
    let asked: Vec<usize> = own.iter().copied().filter(|at| accuses(&rules.rules()[*at])).collect();
    let changed: HashMap<usize, usize> = in_use()
        .filter_map(|(at, rule)| {
            let before = original(rule, shipped).filter(|before| accuses(rule) && is_changed(rule, before))?;
            Some((at, shipped.rules().iter().position(|other| std::ptr::eq(other, before))?))
        })
        .collect();
    let words = waking_words(rules, shipped, &own);
    let mut doubts = of_names(rules, shipped, &own);
    doubts.extend(short_words(rules, shipped));
    if !own.is_empty() || !words.is_empty() || !changed.is_empty() {
        let mut spoke: HashMap<usize, usize> = HashMap::new();
        let mut before: HashMap<usize, usize> = HashMap::new();
        let mut holds = vec![0; words.len()];
        let mut all = 0;
        for (html, url) in clean::pages(innocents) {
            let extract = page::read_text(&html, Some(&url));
            all += 1;
            rules.rule_by_rule(&extract, &url, |rule, look| {
                if (asked.binary_search(&rule).is_ok() || changed.contains_key(&rule)) && look() {
                    *spoke.entry(rule).or_default() += 1;
                }
            });
            if !changed.is_empty() {
                shipped.rule_by_rule(&extract, &url, |rule, look| {
                    if changed.values().any(|other| *other == rule) && look() {
                        *before.entry(rule).or_default() += 1;
                    }
                });
            }
            let folded = text::fold(&extract.text);
            for (word, pages) in words.iter().zip(&mut holds) {
                *pages += usize::from(folded.as_str().contains(word.folded.as_str()));
            }
        }
        for rule in asked.iter().map(|index| &rules.rules()[*index]) {
            doubts.extend(of_examples(rule, rules));
        }
        for (index, rule) in asked.iter().map(|index| (*index, &rules.rules()[*index])) {
            let Some(standing) = standing else { continue };
            let done = standing.get(&rule.id).copied().unwrap_or_default();
            let Some(lacks) = lacks(rule, false, done, spoke.get(&index).copied().unwrap_or(0)) else { continue };
            doubts.push(Problem {
                code: "live-unearned",
                file: rule.file.clone(),
                line: rule.line,
                say: format!("规则 {} 在用，还没攒够条件：{lacks}", rule.id),
                advice: "先写 status = \"试行\"；等不得的，由定的人在规则里写 early = { by = \"姓名\", date = \"日期\", why = \"理由\" }"
                    .to_owned(),
            });
        }
        for (now, was) in &changed {
            let (now, was) = (*now, before.get(was).copied().unwrap_or(0));
            let (rule, pages) = (&rules.rules()[now], spoke.get(&now).copied().unwrap_or(0));
            if pages < was + FEWEST || (pages - was) * COMMON < all {
                continue;
            }
            doubts.push(Problem {
                code: "rule-widened",
                file: rule.file.clone(),
                line: rule.line,
                say: format!("出厂的规则 {} 改过以后，{all} 个守法网页里命中 {pages} 个，原来是 {was} 个", rule.id),
                advice: "看看加了哪句平常话、删了哪个条件；新说法另写一条规则，先试行".to_owned(),
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
        doubts.extend(acquitting(rules, &own, guilty));
    }
    doubts
}

/// Own rules that speak for everybody: what takes points away wherever it stands lets the guilty go, on trial without anybody seeing it.
fn acquitting(rules: &RuleSet, own: &[usize], guilty: &[(String, String)]) -> Vec<Problem> {
    let asked: Vec<usize> = own.iter().copied().filter(|at| !accuses(&rules.rules()[*at])).collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let (mut spoke, mut all) = (HashMap::<usize, usize>::new(), 0);
    for (html, url) in clean::pages(guilty) {
        let extract = page::read_text(&html, Some(&url));
        all += 1;
        rules.rule_by_rule(&extract, &url, |rule, look| {
            if asked.binary_search(&rule).is_ok() && look() {
                *spoke.entry(rule).or_default() += 1;
            }
        });
    }
    let mut doubts = Vec::new();
    for (rule, pages) in asked.iter().map(|at| (&rules.rules()[*at], spoke.get(at).copied().unwrap_or(0))) {
        if pages >= FEWEST && pages * COMMON >= all {
            doubts.push(Problem {
                code: "acquits-guilty",
                file: rule.file.clone(),
                line: rule.line,
                say: format!("规则 {} 替人开脱，{all} 个违法网页里却命中 {pages} 个", rule.id),
                advice: "换成只有守法网页才说的话，或者用 near、all、unless 收紧；卖家也说的话开脱不了谁".to_owned(),
            });
        }
    }
    doubts
}

/// Whether what a rule looks for is not what it looked for when it came with the program.
fn is_changed(rule: &Rule, before: &Rule) -> bool {
    let looks = |rule: &Rule| {
        let Rule { any, all, near, unless, within, places, reported, .. } = rule.clone();
        (any, all, near, unless, within, places, reported)
    };
    looks(rule) != looks(before)
}

/// Own rules that pass for others: under an id that came with the program, or with counts that only the program's makers can have.
fn of_names(rules: &RuleSet, shipped: &RuleSet, own: &[usize]) -> Vec<Problem> {
    let mut doubts = Vec::new();
    for rule in own.iter().map(|at| &rules.rules()[*at]) {
        let mut doubt = |code, say: String, advice: &str| {
            let (file, advice) = (rule.file.clone(), advice.to_owned());
            doubts.push(Problem { code, file, line: rule.line, say, advice });
        };
        if let Some(first) = shipped.rules().iter().find(|first| first.id == rule.id) {
            doubt("id-reused", reused(rule, &first.title), REUSED);
        }
        if rule.held.is_some() {
            let say = format!("规则 {} 写了 held，那是出厂规则的检验结果，自己写的规则没有，不算数", rule.id);
            doubt("held-own", say, "删去 held、held_wrong 两行；多半是抄出厂的规则带过来的");
        }
    }
    doubts
}

/// That an id was another rule's before.
pub(crate) fn reused(rule: &Rule, title: &str) -> String {
    format!("规则编号 {} 从前是另一条规则“{title}”的，它的命中、确认不算到这一条头上", rule.id)
}

/// The way out of that.
pub(crate) const REUSED: &str = "换一个编号：旧清单上的依据还要查得到它说的是什么；编号停用、删去以后都不能再用";

/// Single characters that a unit added to the program's own lists: they are in every page.
fn short_words(rules: &RuleSet, shipped: &RuleSet) -> Vec<Problem> {
    let mut doubts = Vec::new();
    for list in Lists::NAMES {
        let before: HashSet<&String> = shipped.list(list).into_iter().flatten().collect();
        for word in rules.list(list).into_iter().flatten().filter(|word| !before.contains(word)) {
            if text::fold(word).as_str().chars().count() == 1 {
                doubts.push(Problem {
                    code: "short-word",
                    file: "words.toml".to_owned(),
                    line: 0,
                    say: format!("词表 @{list} 里的“{word}”只有一个字，几乎哪里都有"),
                    advice: "程序自己要用这张表：写两个字以上的词".to_owned(),
                });
            }
        }
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
        let id = entities::mask_ids(&example.html) != example.html;
        if mobile || id {
            let what = match (mobile, id) {
                (true, true) => "手机号和证件号",
                (true, false) => "手机号",
                _ => "证件号",
            };
            let say = format!("规则 {} 的例子里有像真的{what}", rule.id);
            doubts.push(doubt("real-number", example.line, say, "换成编造的：电话写 130 0000 开头的，证件号不写"));
        }
    }
    doubts
}

/// A word that wakes a rule by itself.
struct Word {
    written: String,
    folded: String,
    of: String,
    file: String,
    line: usize,
}

/// Words of the unit's own by which rules are woken: phrases of its rules, those that it added to shipped ones, and what it added to lists
/// that wake any rule.
fn waking_words(rules: &RuleSet, shipped: &RuleSet, own: &[usize]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut lists = HashSet::new();
    for (at, rule) in rules.rules().iter().enumerate() {
        if rule.status == Status::Retired || !accuses(rule) {
            continue;
        }
        let came_with = original(rule, shipped).filter(|_| own.binary_search(&at).is_err());
        for item in &rule.any {
            match item {
                Item::Phrase(phrase) if came_with.is_none_or(|before| !before.any.contains(item)) => words.push(Word {
                    written: phrase.clone(),
                    folded: phrase.clone(),
                    of: format!("规则 {} ", rule.id),
                    file: rule.file.clone(),
                    line: rule.line,
                }),
                Item::List(name) => _ = lists.insert(name.as_str()),
                _ => {}
            }
        }
    }
    let mut lists: Vec<&str> = lists.into_iter().collect();
    lists.sort_unstable();
    for name in lists {
        let before: HashSet<&String> = shipped.list(name).into_iter().flatten().collect();
        for word in rules.list(name).into_iter().flatten().filter(|word| !before.contains(word)) {
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
#[path = "doubts_tests.rs"]
mod tests;
