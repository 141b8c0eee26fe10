//! Whose each rule's id has been: an id is never used again, even when the rule's text is gone from the files.
//!
//! Hits name the rules that spoke by their ids, so a new rule under an old id would inherit what officers confirmed of another. The
//! register lies beside the store and is added to whenever a round judges by the unit's own rules; nothing is ever taken out of it.
//! Start at [`strangers`].

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jianzheng_core::rules::RuleSet;
use jianzheng_core::rules::problem::Problem;
use jianzheng_core::rules::rule::Rule;
use serde::{Deserialize, Serialize};

use crate::tuning::doubts::{REUSED, reused};
use crate::tuning::standing::Standing;

const FILE: &str = "rule-ids.json";

/// What a rule was when it was last in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    title: String,
    any: Vec<String>,
}

impl Owner {
    fn of(rule: &Rule) -> Self {
        Self { title: rule.title.clone(), any: rule.any.iter().map(ToString::to_string).collect() }
    }

    /// Whether a rule may be what this one became: its title and its words were not both given up.
    fn became(&self, rule: &Rule) -> bool {
        self.title == rule.title || rule.any.iter().any(|item| self.any.contains(&item.to_string()))
    }
}

type Register = BTreeMap<String, Owner>;

fn read(data: &Path) -> Register {
    let text = std::fs::read(data.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Enters the rules that are in force; an id that was another rule's stays that one's.
pub(super) fn enter(rules: &RuleSet, data: &Path) {
    let before = read(data);
    let mut after = before.clone();
    for rule in rules.rules() {
        if after.get(&rule.id).is_none_or(|owner| owner.became(rule)) {
            after.insert(rule.id.clone(), Owner::of(rule));
        }
    }
    if after == before {
        return;
    }
    let (file, part) = (data.join(FILE), data.join(format!("{FILE}.part")));
    let written = serde_json::to_vec(&after).map_err(std::io::Error::from).and_then(|bytes| {
        std::fs::write(&part, bytes)?;
        std::fs::File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &file)
    });
    // The next round enters them.
    if let Err(error) = written {
        tracing::warn!(%error, "register of rule ids not written");
    }
}

/// Rules that stand under another's id, told.
pub(super) fn strangers(rules: &RuleSet, data: &Path) -> Vec<Problem> {
    let register = read(data);
    let mut told = Vec::new();
    for rule in rules.rules() {
        let Some(owner) = register.get(&rule.id).filter(|owner| !owner.became(rule)) else { continue };
        told.push(Problem {
            code: "id-reused",
            file: rule.file.clone(),
            line: rule.line,
            say: reused(rule, &owner.title),
            advice: REUSED.to_owned(),
        });
    }
    told
}

/// What the rules have done, without what others did under their ids.
pub(super) fn own_deeds(
    rules: &RuleSet,
    data: &Path,
    mut standing: HashMap<String, Standing>,
) -> HashMap<String, Standing> {
    let register = read(data);
    for rule in rules.rules() {
        if register.get(&rule.id).is_some_and(|owner| !owner.became(rule)) {
            standing.remove(&rule.id);
        }
    }
    standing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiring::rules;

    fn set(id: &str, title: &str, any: &str) -> RuleSet {
        let (mut files, _) = rules::texts(None);
        files.push((
            "local.toml".to_owned(),
            format!(
                "[[rule]]\nid = \"{id}\"\ntitle = \"{title}\"\nkind = \"seller\"\nfamily = \"waiver\"\npoints = 8\nstatus = \"在用\"\n\
                 author = \"示例区安委办\"\ndate = \"2026-11-27\"\nany = [{any}]\nfalse_alarms = \"书店说直接下本书\"\nhit = [{any}]\nmiss = [\"今天有雨\"]\n"
            ),
        ));
        RuleSet::compile(&files).unwrap()
    }

    #[test]
    fn an_id_stays_with_its_rule_after_the_rule_is_deleted() {
        let data = tempfile::tempdir().unwrap();
        let done = || {
            HashMap::from([("seller.local".to_owned(), Standing { hits: 13, confirmed: 13, ..Standing::default() })])
        };
        let first = set("seller.local", "直接下本", "\"直接下本包寄\"");
        enter(&first, data.path());
        // Changed in its title, then in its words: the same rule still.
        for (title, any) in [("直接出本", "\"直接下本包寄\""), ("直接出本", "\"当天下本包寄\"")] {
            let same = set("seller.local", title, any);
            assert_eq!(strangers(&same, data.path()), []);
            assert_eq!(own_deeds(&same, data.path(), done()), done());
            enter(&same, data.path());
        }
        // Deleted, for a round without it, and another written under its id.
        enter(&rules::load(None).unwrap().0, data.path());
        let other = set("seller.local", "帮忙过审", "\"帮忙过审包寄\"");
        enter(&other, data.path());
        let told = strangers(&other, data.path());
        assert_eq!(told.iter().map(|p| (p.code, p.line)).collect::<Vec<_>>(), [("id-reused", 1)]);
        assert!(told[0].say.contains("“直接出本”"), "{}", told[0].say);
        assert_eq!(own_deeds(&other, data.path(), done()), HashMap::new());
    }
}
