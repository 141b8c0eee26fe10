//! `rules learn`: labelled pages in, the table of wording out.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::wording::{Labelled, learn};
use serde::Deserialize;

use super::judging::address;
use crate::wiring::StartError;

/// Least and most that wording adds to a page, in decibans. Short blunt adverts have little wording, and some of it is what warnings
/// quote: rules find those, and wording must not talk them away.
const BOUNDS: (f64, f64) = (-12.0, 60.0);

/// A page and what people call it, as the test corpora write it.
#[derive(Deserialize)]
struct Line {
    url: String,
    html: String,
    want: Want,
}

#[derive(Deserialize)]
struct Want {
    verdict: String,
}

/// The table that these files teach. Pages that are neither a seller's nor an innocent's teach nothing.
///
/// # Errors
/// A file cannot be read, or one of its lines.
pub(super) fn table(rules: &RuleSet, files: &[PathBuf]) -> anyhow::Result<String> {
    let mut pages = Vec::new();
    for file in files {
        read(rules, file, &mut pages)?;
    }
    let learned = learn(&pages);
    if learned.pages.0 == 0 || learned.pages.1 == 0 {
        let say = "学不出来：样本里要既有卖证页面（want.verdict 是 seller），也有守法页面".to_owned();
        return Err(StartError::Usage(say).into());
    }
    Ok(learned.to_toml(BOUNDS.0, BOUNDS.1))
}

fn read(rules: &RuleSet, file: &Path, pages: &mut Vec<Labelled>) -> anyhow::Result<()> {
    let shown = file.display();
    let opened = std::fs::File::open(file).with_context(|| format!("样本文件 {shown} 打不开"))?;
    for (number, line) in BufReader::new(opened).lines().enumerate() {
        let line = line.with_context(|| format!("样本文件 {shown} 读不了"))?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = || format!("样本文件 {shown} 第 {} 行读不懂：要有 url、html 和 want.verdict", number + 1);
        let line: Line = serde_json::from_str(&line).with_context(wrong)?;
        let url = address(&line.url).with_context(wrong)?;
        let seller = match line.want.verdict.as_str() {
            "seller" => true,
            "benign" | "notice" | "official" => false,
            _ => continue,
        };
        let extract = page::read_text(&line.html, Some(&url));
        pages.push(Labelled { texts: rules.wording_of(&extract, &url).into(), seller });
    }
    Ok(())
}
