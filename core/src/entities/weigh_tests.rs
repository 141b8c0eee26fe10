//! The table of weights is what the lines of tests/data/entities teach that may be looked at.
//!
//! `LEARN_WEIGHTS=1 cargo test -p jianzheng-core --lib weigh` writes it anew, and prints how families fare that had no part in it.

use super::*;
use crate::entities::{accounts, cues::cues, phones};
use crate::evidence::learn::{self, Example, Line};
use serde_json::Value;

const HEAD: &str =
    "# What each sign around a word weighs for its being a WeChat id: see weigh.rs. Learned; do not edit.\n";

/// Every word of a row that might be an id, what was told by cues included.
fn examples(row: &Value, all: &mut Vec<Example>) {
    let line = Line::read(row);
    let text = line.folded.as_str();
    let (cues, phones) = (cues(text), phones::find(text));
    let mut found = Vec::new();
    accounts::behind_cues(text, &cues, &phones, &mut found);
    let (told, others): (Vec<Found>, Vec<Found>) = found.iter().cloned().partition(|(kind, ..)| *kind == Kind::Wechat);
    let mut around = others;
    around.extend(told.iter().cloned());
    let mut note = |word: &Word, signs: Vec<bool>, counts: f64| {
        let listed = |key: &str| line.lists(key, "wechat", word.id());
        // Of unlabelled pages only what no cue told is an example.
        if !listed("may") {
            let grams = learn::grams(context(word));
            all.push(Example { grams, counts, ..line.example(word.id(), signs, listed("want")) });
        }
    };
    each(text, names_wechat(text, &cues), &phones, &found, |word, signs| note(word, signs, 1.0));
    for (_, value, at) in &told {
        if line.is_labelled()
            && value.starts_with(|sign: char| sign.is_ascii_alphabetic())
            && text[at.clone()] == **value
        {
            let rest: Vec<Found> = found.iter().filter(|other| other.2 != *at).cloned().collect();
            let page = Page { wechat: names_wechat(text, &cues), phones: &phones, found: &rest, odd: 1 };
            let word = Word { text, at: at.clone(), spelt: None };
            let around = Surroundings::of(text, std::iter::once(at)).around(at);
            let signs = signs(&word, &around, &page);
            note(&word, signs, 0.3);
        }
    }
}

#[test]
fn the_table_is_what_the_lines_teach() {
    let all = learn::examples(&["tests/data/entities", "rules/clean"], examples);
    learn::hold(&all, HEAD, &SIGNS, "core/src/entities/weigh.txt", include_str!("weigh.txt"));
}
