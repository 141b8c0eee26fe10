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
