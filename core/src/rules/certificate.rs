//! The certificates of the trade: what they are called, which body issues them, the words sellers use for them.

use super::problem::Problem;
use super::sheet::{Sheet, WRONG_VALUE};

/// One certificate: an item, or a category where `item` is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Category as the catalogue spells it.
    pub category: String,
    /// Item as the catalogue spells it; empty for the category itself.
    pub item: String,
    /// The route of the issuing body beside 应急: 市监, 住建, 人社; 应急 for the special operations.
    pub body: String,
    /// Words for it, by which sellers are known too.
    pub words: Vec<String>,
    /// Words that say which certificate is meant and tell of no seller: the catalogue's own, long compounds.
    pub also: Vec<String>,
    /// Words that mean it only in a row with another certificate: 焊工, 登高.
    pub short: Vec<String>,
}

impl Certificate {
    /// What verdicts call it.
    pub fn name(&self) -> &str {
        if self.item.is_empty() { &self.category } else { &self.item }
    }
}

/// What people put behind a short name to speak of its paper. 本 and 卡 alone are left out (焊工本人, 空调卡), and 年审 and 年检, which
/// lifts and boilers have themselves.
const PAPERS: [&str; 9] = ["证", "操作证", "上岗证", "作业证", "资格证", "操作本", "工操作证", "复审", "换证"];

/// Trades that sellers write with a letter for one of the signs, the first of its sound: d压, 低y, 电g, 塔d.
const LETTERED: [(&str, [char; 2]); 9] = [
    ("电工", ['d', 'g']),
    ("焊工", ['h', 'g']),
    ("低压", ['d', 'y']),
    ("高压", ['g', 'y']),
    ("登高", ['d', 'g']),
    ("高空", ['g', 'k']),
    ("叉车", ['c', 'c']),
    ("塔吊", ['t', 'd']),
    ("电梯", ['d', 't']),
];

/// Signs of trades that sellers write in their parts or as a picture.
const PARTED: [(&str, &[&str]); 6] = [
    ("焊", &["火旱"]),
    ("低", &["亻氐"]),
    ("设", &["讠殳"]),
    ("工", &["🔨"]),
    ("车", &["🚗", "🚙"]),
    ("证", &["讠正"]),
];

/// A short name in the disguises of single signs.
fn disguised(name: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (trade, letters) in LETTERED.iter().filter(|(trade, _)| name.starts_with(trade)) {
        let rest = &name[trade.len()..];
        let mut signs = trade.chars();
        if let (Some(first), Some(second)) = (signs.next(), signs.next()) {
            all.push(format!("{}{second}{rest}", letters[0]));
            all.push(format!("{first}{}{rest}", letters[1]));
        }
    }
    for (sign, parts) in PARTED.iter().filter(|(sign, _)| name.contains(sign)) {
        all.extend(parts.iter().map(|part| name.replace(sign, part)));
    }
    all
}

/// Names, each with the index of its certificate.
type Written = Vec<(usize, String)>;

/// Names that follow from the short names (登高作业证, 焊工复审, d压), by the number of their certificate; none that the table spells out
/// for any. Those of the second list are short themselves.
pub(super) fn derived(table: &[Certificate]) -> (Written, Written) {
    let mut spelt: std::collections::HashSet<String> =
        table.iter().flat_map(|c| c.words.iter().chain(&c.also).chain(&c.short)).cloned().collect();
    let all = table.iter().enumerate().flat_map(|(number, c)| c.short.iter().map(move |short| (number, short)));
    let long = || {
        let bare = |short: &str| short.chars().count() > 1 && !short.is_ascii() && !short.ends_with(['证', '本']);
        all.clone().filter(move |(_, short)| bare(short))
    };
    let mut shorts: Vec<(usize, String)> = long()
        .flat_map(|(number, short)| disguised(short).into_iter().map(move |name| (number, name)))
        .filter(|(_, name)| spelt.insert(name.clone()))
        .collect();
    let own = long().map(|(number, short)| (number, short.clone()));
    let names: Vec<(usize, String)> = own
        .chain(shorts.iter().cloned())
        .flat_map(|(number, short)| PAPERS.map(|paper| (number, format!("{short}{paper}"))))
        .filter(|(_, name)| !spelt.contains(name))
        .collect();
    // 登高架设 is no short name, and its disguise is none.
    let words = table.iter().enumerate().flat_map(|(number, c)| c.words.iter().map(move |word| (number, word)));
    shorts.extend(
        words
            .filter(|(_, word)| (2..=4).contains(&word.chars().count()))
            .flat_map(|(number, word)| disguised(word).into_iter().map(move |name| (number, name)))
            .filter(|(_, name)| spelt.insert(name.clone())),
    );
    (names, shorts)
}

const BODIES: [&str; 4] = ["应急", "市监", "住建", "人社"];

pub(super) fn read(file: &str, text: &str) -> Result<Vec<Certificate>, Vec<Problem>> {
    Sheet::read(file, text, |top| {
        top.texts("source");
        let mut all = Vec::new();
        for part in top.parts("certificate") {
            let category = part.need_text("category", "写上作业类别，例如 电工作业");
            let item = part.text("item");
            let body = part.need_text("body", "写上发证的条线：应急、市监、住建、人社");
            let words = part.texts("words");
            let (also, short) = (part.texts("also"), part.texts("short"));
            if let Some(body) = &body
                && !BODIES.contains(&body.value.as_str())
            {
                part.report(
                    WRONG_VALUE,
                    body.at,
                    format!("不认识发证条线 {}", body.value),
                    format!("可写：{}", BODIES.join("、")),
                );
            }
            if words.is_empty() {
                part.missing("words", "写上人们怎么叫这种证");
            }
            for word in words.iter().chain(&also) {
                if crate::text::fold(&word.value).as_str().chars().count() < 2 {
                    let say = format!("“{}”只有一个字，几乎哪里都有", word.value);
                    part.report("short-word", word.at, say, "写两个字以上的叫法；与别的证并列时才算的简称写进 short");
                }
            }
            part.finish();
            if let (Some(category), Some(body)) = (category, body) {
                all.push(Certificate {
                    category: category.value,
                    item: item.map(|i| i.value).unwrap_or_default(),
                    body: body.value,
                    words: words.into_iter().map(|w| w.value).collect(),
                    also: also.into_iter().map(|w| w.value).collect(),
                    short: short.into_iter().map(|w| w.value).collect(),
                });
            }
        }
        Some(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_and_a_word_for_papers_make_a_name() {
        let certificate = |item: &str, also: &[&str], short: &[&str]| Certificate {
            category: "甲".to_owned(),
            item: item.to_owned(),
            body: "应急".to_owned(),
            words: vec![format!("{item}证")],
            also: also.iter().map(|&word| word.to_owned()).collect(),
            short: short.iter().map(|&word| word.to_owned()).collect(),
        };
        let table = [certificate("登高", &[], &["登高", "n1"]), certificate("行车", &["登高复审"], &[])];
        let (names, shorts) = derived(&table);
        let told = |all: Vec<(usize, String)>| all.into_iter().map(|(number, name)| format!("{number}{name}"));
        let (names, shorts): (Vec<String>, Vec<String>) = (told(names).collect(), told(shorts).collect());
        assert!(shorts.contains(&"0登g".to_owned()) && names.contains(&"0d高复审".to_owned()), "{shorts:?} {names:?}");
        assert!(names.contains(&"0登高作业证".to_owned()), "{names:?}");
        for spelt in ["登高证", "登高复审", "n1证"] {
            assert!(!names.iter().any(|name| name.ends_with(spelt)), "{names:?}");
        }
    }
}
