//! A table as a file: `wording-offers.toml` or `wording-fakes.toml`, written by `jianzheng rules learn` and readable by anybody.

use std::fmt::Write;

use rustc_hash::FxHashSet;

use super::gram::{self, Gram, Parts};
use super::learning::{Learned, STEP};
use super::vocabulary::{self, Vocabulary};
use super::{Manner, Wording};
use crate::rules::problem::Problem;
use crate::rules::sheet::{Sheet, WRONG_VALUE};
use crate::text::fold;

/// Most decibans of one sign or pair: more than that would be a rule.
pub(super) const HEAVIEST: f64 = 20.0;
/// Most signs, pairs and words.
const MOST_WORDS: usize = 500_000;
/// Most different signs in them: their numbers have 16 bits, and the words' signs, of which there are 20,992 at most, have some of these.
const MOST_SIGNS: usize = 40_000;
/// Most decibans of a stretch in which nothing is known.
pub(super) const BASE: f64 = 200.0;
/// Most signs that a passage may be asked to have.
const FULLEST: f64 = 1_000.0;
/// Most decibans of a page's wording as a whole.
const FAMILY: f64 = 200.0;

impl Wording {
    /// Reads the file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn read(file: &str, text: &str) -> Result<Wording, Vec<Problem>> {
        Sheet::read(file, text, |top| {
            let say = top.need_text("say", "写一句用词像违法页面时告诉人的话");
            let against = top.need_text("say_against", "写一句用词不像违法页面时告诉人的话");
            let base = top.decimal("base", -BASE..=BASE);
            let full = top.decimal("full", 1.0..=FULLEST);
            let even = top.decimal("even", 1.0..=FULLEST);
            let least = top.decimal("least", -FAMILY..=0.0);
            let most = top.decimal("most", 0.0..=FAMILY);
            for (key, value) in [("base", base), ("full", full), ("least", least), ("most", most)] {
                if value.is_none() && !top.has(key) {
                    top.missing(key, "用 jianzheng rules learn 重新生成这个文件");
                }
            }
            let mut words = Vec::new();
            if let Some(given) = top.text("vocabulary") {
                for word in given.value.split(' ').filter(|word| !word.is_empty()) {
                    if Vocabulary::is_word(word) {
                        words.push(word.to_owned());
                    } else {
                        let say = format!("词表里的“{word}”不是两到四个汉字的词");
                        top.report(WRONG_VALUE, given.at, say, "用 jianzheng rules learn 重新生成这个文件");
                    }
                }
                if words.len() > vocabulary::MOST {
                    let say = format!("词表里有 {} 个词，超过 {} 个", words.len(), vocabulary::MOST);
                    top.report(WRONG_VALUE, given.at, say, "用 jianzheng rules learn 重新生成这个文件");
                }
            }
            let vocabulary = Vocabulary::of(words);
            let mut weights: Vec<(Gram, f64)> = Vec::new();
            let mut known = FxHashSet::default();
            for part in top.parts("weight") {
                let points = part.decimal("points", -HEAVIEST..=HEAVIEST);
                let words = part.need_text("words", "写上这些字和字对，用空格隔开");
                part.finish();
                let (Some(points), Some(words)) = (points, words) else { continue };
                for word in words.value.split(' ').filter(|word| !word.is_empty()) {
                    let Some(gram) = gram::named(word, &vocabulary) else {
                        let say = format!("“{word}”不是一个字、两个字或词表里的词");
                        part.report(WRONG_VALUE, words.at, say, "这里只能写一个字或相邻的两个字；更长的说法写成规则");
                        continue;
                    };
                    let text = gram::text(gram, &vocabulary);
                    if fold(&text).as_str() != text {
                        let say = format!("“{word}”不是规整以后的写法，网页里找不到它");
                        part.report(WRONG_VALUE, words.at, say, "写成小写、简体、半角");
                    }
                    weights.push((gram, points));
                    if !known.insert(gram) {
                        part.report(WRONG_VALUE, words.at, format!("“{word}”写了两次"), "留下一处");
                    }
                }
            }
            if weights.len() > MOST_WORDS {
                let say = format!("字和字对有 {} 个，超过 {MOST_WORDS} 个", weights.len());
                top.report(WRONG_VALUE, top.at(), say, "用 jianzheng rules learn 重新生成这个文件");
            }
            let signs: FxHashSet<char> = weights
                .iter()
                .filter_map(|(gram, _)| match gram::parts(*gram) {
                    Parts::Signs { first, second, .. } => Some(first.into_iter().chain([second])),
                    _ => None,
                })
                .flatten()
                .collect();
            if signs.len() > MOST_SIGNS {
                let say = format!("用到 {} 个不同的字，超过 {MOST_SIGNS} 个", signs.len());
                top.report(WRONG_VALUE, top.at(), say, "用 jianzheng rules learn 重新生成这个文件");
                return None;
            }
            if weights.is_empty() {
                top.missing("weight", "用 jianzheng rules learn 重新生成这个文件");
            }
            Some(Wording::new(
                vocabulary,
                &weights,
                (base?, full?, even),
                (least?, most?),
                (say?.value, against?.value),
            ))
        })
    }
}

impl Learned {
    /// The file, with the bounds that its wording may reach.
    pub fn to_toml(&self, least: f64, most: f64) -> String {
        let (guilty, others) = self.pages;
        let (called, say, say_against, near) = match self.manner {
            Manner::Offer => (
                "卖证",
                "用词接近已知的免考办证广告",
                "用词不像免考办证广告",
                "有词表 @行话词 的词，就只掂量它们最密的一段；外〈〉里是网页引用别人的话时引号外面的字，〔〕里是网页另外的情形",
            ),
            Manner::Fake => (
                "假冒查询",
                "用词和栏目接近已知的假冒证书查询页",
                "用词和栏目不像假冒证书查询页",
                "只在词表 @查验词 的词附近算",
            ),
        };
        let option = if self.manner == Manner::Fake { " --fakes" } else { "" };
        let mut out = format!(
            "# 用词的分量：单字、相邻的两个字、【词】和【相邻的+两个词】各值多少分（分贝，与规则的分相加），由 jianzheng rules learn{option} 从 {guilty} 个{called}页面和\n\
             # {others} 个其他页面学来，数字一律当作 0，␤ 是空白。{near}。不要手改分数：改样本，重新学。\n\
             say = \"{say}\"\n\
             say_against = \"{say_against}\"\n\
             # 什么字都不认识时的分；满这么多个字才全算；总分的下限、上限\n\
             base = {:.1}\nfull = {:.1}\nleast = {least:.1}\nmost = {most:.1}\n",
            self.base, self.full
        );
        if let Some(even) = self.even {
            let _ = write!(out, "# 多少个字的段落里每个字词按所写的分算：更短的加重，更长的减轻\neven = {even:.1}\n");
        }
        if !self.vocabulary.is_empty() {
            let words = self.vocabulary.join(" ");
            // Into a String nothing can fail.
            let _ = write!(
                out,
                "# 认得的词，由样本里统计得来；网页按它从左到右、先长后短切成词\nvocabulary = \"{words}\"\n"
            );
        }
        for (steps, words) in self.weights.iter().rev() {
            let words = words.join(" ").replace('\\', "\\\\").replace('"', "\\\"");
            let _ = write!(out, "\n[[weight]]\npoints = {:.1}\nwords = \"{words}\"\n", f64::from(*steps) * STEP);
        }
        out
    }
}
