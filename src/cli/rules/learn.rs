//! `rules learn`: labelled pages in, the table of wording out.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::wording::{Labelled, Manner, learn};
use serde::Deserialize;

use crate::cli::judging::address;
use crate::telemetry::chinese;
use crate::tuning::suggest::VERDICTS;
use crate::wiring::StartError;

/// Least and most that wording adds to a page, in decibans. An honest school's words may outweigh two or three phrases that sellers have
/// too; they do not outweigh a whole offer that rules read, or a seller would buy himself off with them. Of a look-up's imitation the
/// words are all there is.
fn bounds(manner: Manner) -> (f64, f64) {
    match manner {
        Manner::Offer => (-24.0, 60.0),
        Manner::Fake => (-15.0, 60.0),
    }
}

/// A page and what people call it, as the test corpora write it.
#[derive(Deserialize)]
struct Line {
    url: String,
    html: String,
    /// Pages of the clean corpus say nothing: they are innocent.
    want: Option<Want>,
}

#[derive(Deserialize)]
struct Want {
    verdict: String,
}

/// The table that these files teach. Pages that are neither a seller's nor an innocent's teach nothing.
///
/// # Errors
/// A file cannot be read, or one of its lines.
pub(super) fn table(rules: &RuleSet, manner: Manner, files: &[PathBuf]) -> anyhow::Result<String> {
    let mut pages = Vec::new();
    for file in files {
        read(rules, manner, file, &mut pages)?;
    }
    let learned = learn(manner, &pages);
    if learned.pages.0 == 0 || learned.pages.1 == 0 {
        let guilty = match manner {
            Manner::Offer => "卖证页面（want.verdict 是 seller）",
            Manner::Fake => "假冒页面（want.verdict 是 fake_site）",
        };
        let say = format!("学不出来：样本里要既有{guilty}，也有守法页面");
        return Err(StartError::Usage(say).into());
    }
    let (least, most) = bounds(manner);
    Ok(learned.to_toml(least, most))
}

fn read(rules: &RuleSet, manner: Manner, file: &Path, pages: &mut Vec<Labelled>) -> anyhow::Result<()> {
    let shown = file.display();
    let unread = |error: std::io::Error| anyhow!("样本文件 {shown} 读不了：{}", chinese(&error));
    let opened = std::fs::File::open(file).map_err(unread)?;
    for (number, line) in BufReader::new(opened).lines().enumerate() {
        let line = line.map_err(unread)?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |say: &str| StartError::Usage(format!("样本文件 {shown} 第 {} 行{say}", number + 1));
        let unread =
            || wrong("读不懂：每行一个 JSON 对象，要有 url、html；违法的再写 want.verdict，不写的当作守法网页");
        let line: Line = serde_json::from_str(&line).map_err(|_| unread())?;
        let url = address(&line.url).ok_or_else(unread)?;
        let called = line.want.as_ref().map_or("benign", |want| want.verdict.as_str());
        if !VERDICTS.contains(&called) {
            let say = format!("的 want.verdict 不认识“{called}”，可写：{}", VERDICTS.join("、"));
            return Err(wrong(&say).into());
        }
        let guilty = match (manner, called) {
            (Manner::Offer, "seller") | (Manner::Fake, "fake_site") => true,
            // Who sells does not pose; who poses may also sell.
            (_, "benign" | "notice" | "official") | (Manner::Fake, "seller") => false,
            _ => continue,
        };
        let extract = page::read_text(&line.html, Some(&url));
        pages.push(Labelled { passages: rules.wording_of(manner, &extract, &url), guilty });
    }
    Ok(())
}
