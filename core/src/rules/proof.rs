//! Every rule proves itself: its own examples, each through that one rule.
//!
//! An example is a sentence, or a page with its address. Facts are established as on any page. All failures are told, not the
//! first. Start at [`RuleSet::prove`].

use url::Url;

use super::RuleSet;
use super::problem::Problem;
use super::rule::{Example, Item, Rule, Status};
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
        let in_use = |rule: &&Rule| rule.status != Status::Retired;
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| in_use(rule)) {
            for item in &rule.any {
                let phrase = match item {
                    Item::Phrase(phrase) => phrase.clone(),
                    Item::Gapped(_) => item.to_string(),
                    Item::List(_) | Item::Fact(_) => continue,
                };
                let same = |other: &&Rule| other.kind == rule.kind && other.points * rule.points > 0.0;
                let mut others = self.rules.iter().enumerate().filter(|(number, _)| *number != index);
                let holder = others.find(|(number, other)| {
                    in_use(other)
                        && same(other)
                        && other.any.iter().any(|held| match held {
                            // Of two that say it themselves the later one is told.
                            Item::Phrase(_) | Item::Gapped(_) => {
                                (&other.date, *number) < (&rule.date, index) && held.to_string() == phrase
                            }
                            Item::List(name) => self
                                .list(name)
                                .into_iter()
                                .flatten()
                                .any(|word| word == &phrase || crate::text::fold(word).as_str() == phrase),
                            Item::Fact(_) => false,
                        })
                });
                if let Some((_, holder)) = holder {
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
