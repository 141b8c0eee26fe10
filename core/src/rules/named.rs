//! What rules name that stands elsewhere, and whether it is there: families, lists, ids; told of rules with other mistakes too.

use std::collections::{BTreeSet, HashMap};

use super::problem::Problem;
use super::rule::{Family, Names, Rule};
use super::words::List;
use crate::wording::Manner;

/// Name of the list that every certificate's words make together.
pub(super) const CERTIFICATE_LIST: &str = "证书词";

/// The rules that nothing is said against, so that their examples are run beside the others' mistakes.
pub(super) fn right_ones(rules: Vec<Rule>, named: &[Names], problems: &[Problem]) -> Vec<Rule> {
    let begins: BTreeSet<(&str, usize)> = named.iter().map(|rule| (rule.file.as_str(), rule.line)).collect();
    let wrong: BTreeSet<(&str, usize)> = problems.iter().map(|problem| (problem.file.as_str(), problem.line)).collect();
    let is_right = |rule: &Rule| {
        let (file, line) = (rule.file.as_str(), rule.line);
        let end = begins.range((file, line + 1)..).next().filter(|(other, _)| *other == file);
        wrong.range((file, line)..(file, end.map_or(usize::MAX, |(_, line)| *line))).next().is_none()
    };
    rules.into_iter().filter(is_right).collect()
}

/// Whether the program knows a file by its name, so that there can be one only.
pub(super) fn is_single(base: &str) -> bool {
    matches!(base, "authorities.toml" | "certificates.toml" | "routing.toml" | "words.toml" | "queries.toml")
        || Manner::of_file(base).is_some()
}

/// A file below the folder that bears the name of one in it.
pub(super) fn copy(file: &str, base: &str) -> Problem {
    Problem {
        code: "misplaced-file",
        file: file.to_owned(),
        line: 0,
        say: format!("{base} 只认规则目录里的那一份，下级目录里又有一份，不知道该听谁的"),
        advice: "是备份就挪到规则目录之外；里面有要用的，抄进规则目录里的那一份；另写的规则就换个文件名".to_owned(),
    }
}

/// Families that are written twice: which of them a rule belongs to, and what the rest of its points is worth, nobody could tell.
pub(super) fn used_families(families: &[Family], problems: &mut Vec<Problem>) {
    let mut seen: HashMap<&str, &Family> = HashMap::new();
    for family in families {
        let Some(first) = seen.insert(&family.id, family) else { continue };
        problems.push(Problem {
            code: "duplicate-family",
            file: family.file.clone(),
            line: family.line,
            say: format!("族 {} 写了两次，另一处是 {} 第 {} 行", family.id, first.file, first.line),
            advice: "只留一处，出厂的那处不动，规则照样归得进去；要另立一族，就换一个 id".to_owned(),
        });
    }
}

/// Rules whose family there is none of; of broken rules too, so that all mistakes are told at once.
pub(super) fn unknown_families(families: &[Family], named: &[Names], problems: &mut Vec<Problem>) {
    for rule in named {
        let Some((family, line)) = rule.family.as_ref().filter(|(id, _)| !families.iter().any(|f| f.id == *id)) else {
            continue;
        };
        let own = format!("要自己立一族，就在这个文件里加一段 [[family]]，写 id = \"{family}\" 和 title、rest");
        problems.push(Problem {
            code: "unknown-family",
            file: rule.file.clone(),
            line: *line,
            say: format!("规则 {} 属于不存在的族 {family}", rule.rule()),
            advice: nearest(family, families.iter().map(|family| family.id.as_str()), &own),
        });
    }
}

/// Lists that rules name and that there are none of; of broken rules too.
pub(super) fn unknown_lists(lists: &[List], named: &[Names], problems: &mut Vec<Problem>) {
    for rule in named {
        for (name, line) in &rule.lists {
            if name == CERTIFICATE_LIST || lists.iter().any(|list| list.name == *name) {
                continue;
            }
            problems.push(unknown_list(&rule.file, *line, &format!("规则 {} 用到", rule.rule()), name, lists));
        }
    }
}

pub(super) fn unknown_list(file: &str, line: usize, who: &str, name: &str, lists: &[List]) -> Problem {
    let known = lists.iter().map(|list| list.name.as_str()).chain([CERTIFICATE_LIST]);
    Problem {
        code: "unknown-list",
        file: file.to_owned(),
        line,
        say: format!("{who}不存在的词表 @{name}"),
        advice: nearest(
            name,
            known,
            &format!("要立新词表，就在 words.toml 里加一段 [[list]]，写 name = \"{name}\" 和 title、words"),
        ),
    }
}

/// Ids that two rules bear, or that are taken; of broken rules too. Which of two came later the files do not say, so both are named.
pub(super) fn used_ids(named: &[Names], problems: &mut Vec<Problem>) {
    let mut seen: HashMap<&str, (&Names, usize)> = HashMap::new();
    for rule in named {
        let Some((id, line)) = &rule.id else { continue };
        let mut report = |say: String, advice: &str| {
            let (file, advice) = (rule.file.clone(), advice.to_owned());
            problems.push(Problem { code: "duplicate-id", file, line: *line, say, advice });
        };
        if let Some(manner) = Manner::ALL.into_iter().find(|manner| manner.rule() == id) {
            report(format!("规则编号 {id} 留给用词的分量（{}）", manner.file()), "换一个编号");
        }
        if let Some((first, at)) = seen.insert(id, (rule, *line)) {
            let say = format!("规则编号 {id} 写了两次，另一处是 {} 第 {at} 行", first.file);
            report(say, "后写的那条换一个编号；停用的编号也不能再用");
        }
    }
}

/// The known name that was meant, where one is near enough to be it, and else how to make one.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>, own: &str) -> String {
    let slips = |known: &str| strsim::osa_distance(known, name);
    known
        .min_by_key(|known| slips(known))
        .filter(|known| slips(known) * 3 <= known.chars().count().max(name.chars().count()))
        .map_or_else(|| own.to_owned(), |near| format!("是不是想写 {near}？{own}"))
}
