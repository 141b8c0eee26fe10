//! The table of weights is what the lines of tests/data/entities teach that may be looked at.
//!
//! `LEARN_WEIGHTS=1 cargo test -p jianzheng-core --lib company` writes it anew, and prints how families fare that had no part in it.

use super::super::certificates::{in_rows, named_words};
use super::*;
use crate::evidence::learn::{self, Example};
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
    let listed = |key: &str, name: &str| row[key]["cert_types"].as_array().into_iter().flatten().any(|one| one == name);
    each(&reading, &words, &kept, |named, signs| {
        let certificate = &table[usize::from(named.number)];
        let right = listed("want", certificate.name());
        // Where an item is told its category is not: such a word teaches nothing.
        let item = table.iter().any(|c| c.category == certificate.category && listed("want", c.name()));
        if row["want"].is_object() && (right || !item) && !listed("may", certificate.name()) {
            all.push(Example {
                family: row["family"].as_str().unwrap().to_owned(),
                what: format!(
                    "{} {} {}",
                    row["id"],
                    &reading.folded.as_str()[named.found.at.clone()],
                    certificate.name()
                ),
                signs: signs(),
                grams: learn::grams(context(reading.folded.as_str(), named)),
                right,
                counts: 1.0,
            });
        }
    });
}

#[test]
fn the_table_is_what_the_lines_teach() {
    let rules = crate::verdict::tests::rules();
    let mut all = Vec::new();
    learn::rows("tests/data/entities").iter().for_each(|row| examples(&rules, row, &mut all));
    learn::hold(&all, HEAD, &SIGNS, "core/src/verdict/company.txt", include_str!("company.txt"));
}
mod temporary {
    use crate::text::fold;
    #[test]
    fn temporary_what_changes_on_clean_pages() {
        let rules = crate::verdict::tests::rules();
        for folder in [
            "rules/clean",
            "tests/data/entities",
            "tests/data/pages/ordinary",
            "tests/data/pages/tuned",
            "tests/data/pages/learned",
        ] {
            let (mut rows, mut changed) = (0, 0);
            for row in crate::evidence::learn::rows(folder) {
                let html = match row["html"].as_str() {
                    Some(h) => h.to_owned(),
                    None => match row["text"].as_str() {
                        Some(_) => crate::evidence::learn::html(&row),
                        None => continue,
                    },
                };
                let extract = crate::page::read_text(&html, None);
                let mut folded = fold(&extract.text);
                let before = folded.as_str().to_owned();
                let was = rules.sounds.undo(&mut folded);
                rows += 1;
                if !was && before != folded.as_str() {
                    changed += 1;
                    let (a, b): (Vec<char>, Vec<char>) = (before.chars().collect(), folded.as_str().chars().collect());
                    for at in 0..a.len() {
                        if a[at] != b[at] {
                            let w = at.saturating_sub(8)..(at + 10).min(a.len());
                            println!(
                                "UNDO {folder} {} {} => {}",
                                row["id"],
                                a[w.clone()].iter().collect::<String>().replace('\n', "/"),
                                b[w].iter().collect::<String>().replace('\n', "/")
                            );
                        }
                    }
                }
            }
            println!("UNDO {folder} {rows} rows {changed} changed");
        }
    }
}
