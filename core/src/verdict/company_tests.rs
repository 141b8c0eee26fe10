//! The table of weights is what the lines of tests/data/entities teach that may be looked at.
//!
//! `LEARN_WEIGHTS=1 cargo test -p jianzheng-core --lib company` writes it anew, and prints how families fare that had no part in it.

use super::super::certificates::{in_rows, named_words};
use super::*;
use crate::evidence::learn::{self, Example, Line};
use crate::page;
use crate::rules::RuleSet;
use serde_json::Value;
use url::Url;

const HEAD: &str =
    "# What each sign around a short word weighs for its being a certificate: see company.rs. Learned; do not edit.\n";

fn examples(rules: &RuleSet, row: &Value, all: &mut Vec<Example>) {
    let url = Url::parse("http://www.passages.example/1.html").unwrap();
    let extract = page::read_text(&learn::html(row), Some(&url));
    let reading = Reading::new(rules, &extract, &url);
    let table = &rules.certificates;
    let words = named_words(&reading);
    let kept = in_rows(reading.folded.as_str(), table, words.clone());
    let line = Line::read(row);
    let listed = |key: &str, name: &str| line.lists(key, "cert_types", name);
    each(&reading, &words, &kept, |named, signs| {
        let certificate = &table[usize::from(named.number)];
        let right = listed("want", certificate.name());
        // Where an item is told its category is not: such a word teaches nothing.
        let item = table.iter().any(|c| c.category == certificate.category && listed("want", c.name()));
        if line.is_labelled() && (right || !item) && !listed("may", certificate.name()) {
            let text = reading.folded.as_str();
            let what = format!("{} {}", &text[named.found.at.clone()], certificate.name());
            let grams = learn::grams(context(text, named));
            all.push(Example { grams, ..line.example(&what, signs(), right) });
        }
    });
}

#[test]
fn the_table_is_what_the_lines_teach() {
    let rules = crate::verdict::tests::rules();
    let all = learn::examples(&["tests/data/entities"], |row, all| examples(&rules, row, all));
    learn::hold(&all, HEAD, &SIGNS, "core/src/verdict/company.txt", include_str!("company.txt"));
}
