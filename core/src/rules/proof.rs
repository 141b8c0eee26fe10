//! Every rule proves itself: its own examples, each through that one rule.
//!
//! An example is a sentence, or a page with its address. Facts are established as on any page. All failures are told, not the
//! first. Start at [`RuleSet::prove`].

use std::collections::{HashMap, HashSet};

use url::Url;

use super::RuleSet;
use super::problem::Problem;
use super::rule::{Example, Item, Status};
use crate::likeness::{Copied, Part};
use crate::page;
use crate::verdict::Beside;

/// Address of examples that name none: no authority's, reserved for examples (RFC 2606).
const NOWHERE: &str = "http://www.shili.example/";

impl RuleSet {
    /// Runs each rule's examples; gives what does not hold.
    pub fn prove(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.status == Status::Retired {
                continue;
            }
            for (examples, should) in [(&rule.hits, true), (&rule.misses, false)] {
                for example in examples {
                    match self.tries(index, example) {
                        Some(fired) if fired == should => {}
                        Some(_) => problems.push(Problem {
                            code: if should { "example-not-hit" } else { "example-not-missed" },
                            file: rule.file.clone(),
                            line: example.line,
                            say: format!(
                                "规则 {} {}命中例子“{}”，却{}",
                                rule.id,
                                if should { "应当" } else { "不应" },
                                short(&example.html),
                                if should { "没有命中" } else { "命中了" }
                            ),
                            advice: "改规则的词句和条件，或者改例子".into(),
                        }),
                        None => problems.push(Problem {
                            code: "example-address",
                            file: rule.file.clone(),
                            line: example.line,
                            say: format!("规则 {} 的例子里网址写错了", rule.id),
                            advice: "写完整的网址，例如 http://www.shili.example/".into(),
                        }),
                    }
                }
            }
        }
        problems
    }

    /// Phrases that a rule is woken by and that another rule for the same thing holds already: the second one adds nothing but points
    /// that nobody meant.
    pub fn held_twice(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let in_use = || self.rules.iter().enumerate().filter(|(_, rule)| rule.status != Status::Retired);
        let written = |item: &Item| matches!(item, Item::Phrase(_) | Item::Gapped(_)).then(|| item.to_string());
        // By phrase, the rules that hold it, in their order: with it written out, or by a list.
        let mut holders: HashMap<String, Vec<(usize, bool)>> = HashMap::new();
        let phrases: HashSet<String> = in_use().flat_map(|(_, rule)| rule.any.iter().filter_map(written)).collect();
        let mut of_list: HashMap<&str, Vec<String>> = HashMap::new();
        for (index, rule) in in_use() {
            for item in &rule.any {
                if let Item::List(name) = item {
                    let words = of_list.entry(name).or_insert_with(|| {
                        let words = self.list(name).into_iter().flatten();
                        let both = words.flat_map(|word| [word.clone(), crate::text::fold(word).as_str().to_owned()]);
                        both.filter(|word| phrases.contains(word)).collect()
                    });
                    words.iter().for_each(|word| holders.entry(word.clone()).or_default().push((index, true)));
                } else if let Some(phrase) = written(item) {
                    holders.entry(phrase).or_default().push((index, false));
                }
            }
        }
        for (index, rule) in in_use() {
            for phrase in rule.any.iter().filter_map(written) {
                let holds = |(number, by_list): &(usize, bool)| {
                    let other = &self.rules[*number];
                    // Of two that say it themselves the later one is told.
                    let sooner = *by_list || (&other.date, *number) < (&rule.date, index);
                    *number != index && sooner && other.kind == rule.kind && other.points * rule.points > 0.0
                };
                let holder = holders.get(&phrase).and_then(|known| known.iter().find(|known| holds(known)));
                if let Some(holder) = holder.map(|(number, _)| &self.rules[*number]) {
                    problems.push(Problem {
                        code: "phrase-held",
                        file: rule.file.clone(),
                        line: rule.line,
                        say: format!("规则 {} 的“{phrase}”，规则 {} 已经有了", rule.id, holder.id),
                        advice: "删去这里的，或者删去那里的：一句话算两次分没有道理".into(),
                    });
                }
            }
        }
        problems
    }

    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.rules.iter().filter(|r| r.status != Status::Retired).map(|r| r.hits.len() + r.misses.len()).sum()
    }

    fn tries(&self, rule: usize, example: &Example) -> Option<bool> {
        let url = Url::parse(example.url.as_deref().unwrap_or(NOWHERE)).ok()?;
        let mut extract = page::read_text(&example.html, Some(&url));
        extract.qr.clone_from(&example.qr);
        let copied: Vec<Copied> = example.copied.iter().map(|part| of_somebody(*part)).collect();
        Some(self.fires(rule, &extract, &url, Beside { copied: &copied, cloaks: &example.cloaks }))
    }
}

/// What an example says that it copied.
fn of_somebody(part: Part) -> Copied {
    Copied { part, strength: 1.0, detail: String::new(), host: String::new(), url: String::new() }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(30).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
