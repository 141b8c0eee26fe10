//! Phrases that tell two kinds of pages apart: log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008).
//!
//! The prior is what all pages together say, so that words that are common everywhere have to be far more common on one side. A page
//! counts a phrase once, however often it says it: one loud page is one page. Start at [`phrases`].

use std::collections::{HashMap, HashSet};

use crate::text::fold;

/// Characters of a phrase.
const SHORTEST: usize = 3;
const LONGEST: usize = 7;
/// Guilty pages on which a phrase has to stand.
const PAGES: usize = 3;
/// Weight of the prior, in pages.
const PRIOR: f64 = 20.0;
/// Standard deviations by which a phrase has to stand out.
const STANDS_OUT: f64 = 2.0;
/// Guilty pages to each innocent one with a phrase: what many innocents say makes no rule.
const FOR_EACH: usize = 4;
/// Grams that are held at a time.
const HELD: usize = 2_000_000;
/// Characters of a page that are read.
const READ: usize = 20_000;

/// A phrase that stands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Phrase {
    /// The phrase, folded.
    pub text: String,
    /// By how many standard deviations it is more frequent among the guilty.
    pub z: f64,
    /// Guilty and innocent pages with it.
    pub pages: (usize, usize),
}

/// Phrases that guilty pages say and innocents do not, the clearest first, at most `most`. `known` says whether a phrase is one that the
/// rules have already.
pub fn phrases<'a>(
    guilty: impl IntoIterator<Item = &'a str>,
    innocent: impl IntoIterator<Item = &'a str>,
    known: impl Fn(&str) -> bool,
    most: usize,
) -> Vec<Phrase> {
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    let (mut many, mut few) = (0usize, 0usize);
    for text in guilty {
        many += 1;
        grams(text, |gram| counts.entry(gram.to_owned()).or_default().0 += 1);
        // Of many pages most grams stand on one: what is rare so far goes, or all the web's would be held.
        if counts.len() > HELD {
            counts.retain(|_, (pages, _)| *pages >= PAGES);
        }
    }
    // What fewer guilty pages say is not asked for, so the innocents need not be counted for it.
    counts.retain(|_, (pages, _)| *pages >= PAGES);
    for text in innocent {
        few += 1;
        grams(text, |gram| {
            if let Some((_, pages)) = counts.get_mut(gram) {
                *pages += 1;
            }
        });
    }
    if many == 0 || few == 0 {
        return Vec::new();
    }
    let all = (many + few) as f64;
    let mut found: Vec<Phrase> = counts
        .into_iter()
        .filter_map(|(text, (a, b))| {
            let prior = PRIOR * (a + b) as f64 / all;
            let odds = |pages: usize, of: usize| {
                let with = pages as f64 + prior;
                with / (of as f64 + PRIOR - with)
            };
            let variance = 1.0 / (a as f64 + prior) + 1.0 / (b as f64 + prior);
            let z = (odds(a, many) / odds(b, few)).ln() / variance.sqrt();
            (z >= STANDS_OUT && a >= FOR_EACH * b).then_some(Phrase { text, z, pages: (a, b) })
        })
        .collect();
    // The longer of two that say the same of the same pages says more.
    found.sort_by(|a, b| {
        b.z.total_cmp(&a.z).then_with(|| b.text.len().cmp(&a.text.len())).then_with(|| a.text.cmp(&b.text))
    });
    let mut chosen: Vec<Phrase> = Vec::new();
    for phrase in found {
        if chosen.len() == most {
            break;
        }
        let told = chosen.iter().any(|other| overlap(&other.text, &phrase.text));
        if !told && !known(&phrase.text) {
            chosen.push(phrase);
        }
    }
    chosen
}

/// Whether one holds the other, or they share all but one character: the same saying, cut elsewhere.
fn overlap(a: &str, b: &str) -> bool {
    let (long, short) = if a.chars().count() >= b.chars().count() { (a, b) } else { (b, a) };
    let without_first = short.char_indices().nth(1).map_or("", |(at, _)| &short[at..]);
    let without_last = short.char_indices().last().map_or("", |(at, _)| &short[..at]);
    long.contains(short)
        || (short.chars().count() > SHORTEST && (long.contains(without_first) || long.contains(without_last)))
}

/// Every distinct phrase of Chinese signs and digits of a text, within clauses.
fn grams(text: &str, mut each: impl FnMut(&str)) {
    let cut = text.char_indices().nth(READ).map_or(text.len(), |(at, _)| at);
    let folded = fold(&text[..cut]);
    let mut seen: HashSet<&str> = HashSet::new();
    for clause in folded.as_str().split(|c: char| !matches!(c, '\u{4E00}'..='\u{9FFF}')) {
        let starts: Vec<usize> = clause.char_indices().map(|(at, _)| at).chain([clause.len()]).collect();
        for (from, start) in starts.iter().enumerate() {
            for end in starts.iter().skip(from + SHORTEST).take(LONGEST - SHORTEST + 1) {
                let gram = &clause[*start..*end];
                if seen.insert(gram) {
                    each(gram);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_guilty_say_is_told_once_and_the_longest_way() {
        let guilty: Vec<String> =
            (0..8).map(|n| format!("第{n}家，电工证全程代跑腿，加微信。今天天气不错。")).collect();
        let innocent: Vec<String> =
            (0..30).map(|n| format!("第{n}篇，电工证培训报名，请看通知。今天天气不错。")).collect();
        let texts = |pages: &'static [String]| pages.iter().map(String::as_str);
        let (guilty, innocent): (&'static [String], &'static [String]) = (guilty.leak(), innocent.leak());
        let found = phrases(texts(guilty), texts(innocent), |_| false, 10);
        assert_eq!(found[0].pages, (8, 0), "{found:?}");
        assert!(found.iter().any(|phrase| phrase.text.contains("代跑腿")), "{found:?}");
        assert!(found.iter().all(|phrase| !phrase.text.contains("天气")), "{found:?}");
        assert!(found.iter().filter(|phrase| phrase.text.contains("跑腿")).count() <= 2, "{found:?}");
        let known = phrases(texts(guilty), texts(innocent), |phrase| phrase.contains("跑腿"), 10);
        assert!(known.iter().all(|phrase| !phrase.text.contains("跑腿")), "{known:?}");
        assert!(phrases(texts(guilty), [], |_| false, 10).is_empty(), "against nothing nothing stands out");
    }

    #[test]
    fn one_loud_page_is_one_page() {
        let loud = "交给我来办。".repeat(100);
        assert!(phrases([loud.as_str()], ["平常的一页"], |_| false, 10).is_empty());
    }
}
