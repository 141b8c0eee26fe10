//! A change of the rules, tried on what is kept. Start at [`Program::backtest`]; [`Program::suggest`] asks the
//! labels what to change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jianzheng_core::rules::RuleSet;
use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;

use super::{Program, StartError, baselines, rules};
use crate::store::{Store, StoreError};
use crate::tuning::backtest::{self, Count, Moved, Trial};
use crate::tuning::past::{self, Judge};
use crate::tuning::suggest::{self, Advice, Examples};
use crate::tuning::{
    clean::{self, Of},
    standing,
};

/// Lines of labelled files that are told.
const SHOWN: usize = 20;

impl Program {
    /// Judges the kept pages again: by the rules of `folder` against those in force, or, without a folder, by those in force against
    /// what was said of each page when it came.
    ///
    /// # Errors
    /// The rules of the folder are wrong, or the store cannot be had.
    pub async fn backtest(
        &self,
        folder: Option<&Path>,
        since: Option<Timestamp>,
        stop: &watch::Receiver<bool>,
        each: impl FnMut(Moved),
        done: impl Fn(usize, usize),
    ) -> Result<(Arc<RuleSet>, Count), StartError> {
        let (new, old) = match folder {
            Some(folder) => (Arc::new(rules::load(Some(folder))?.0), Some(Arc::clone(&self.rules))),
            None => (Arc::clone(&self.rules), None),
        };
        let store = self.kept()?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let baselines = Arc::new(baselines::of(&store).map_err(|error| StartError::State(error.to_string()))?);
        let judge = Judge { rules: Arc::clone(&new), baselines, thresholds: self.thresholds() };
        let trial = Trial { new: judge, old, since, threads };
        let count = backtest::run(&store, trial, stop, each, done).await;
        Ok((new, count.map_err(|error| StartError::State(error.to_string()))?))
    }

    /// What officers' labels say of the rules, with the patch that a person may apply: labels on hits, pages of `labelled` files given as
    /// (name, text), and the clean corpus, whose pages are innocent.
    ///
    /// # Errors
    /// The store cannot be had, or a labelled page cannot be read.
    pub async fn suggest(&self, labelled: &[(String, String)]) -> Result<(Advice, String), StartError> {
        let mut examples = match self.kept_store()? {
            Some(store) => suggest::examples(&store).await.map_err(|error| StartError::State(error.to_string()))?,
            None => Examples::default(),
        };
        let clean = self.pages(Of::Innocents)?;
        let mut wrong = Vec::new();
        for (name, text) in labelled {
            for (line, example) in suggest::of_lines(text) {
                match example {
                    Ok(example) => examples.labelled.push(example),
                    Err(say) => wrong.push(format!("样本文件 {name} 第 {line} 行{say}")),
                }
            }
        }
        if !wrong.is_empty() {
            let more = wrong.len().saturating_sub(SHOWN);
            wrong.truncate(SHOWN);
            wrong.extend((more > 0).then(|| format!("还有 {more} 行也不对")));
            return Err(StartError::Usage(wrong.join("\n")));
        }
        // Lines of the clean corpus that cannot be read are told by `rules test`.
        let innocents = clean.iter().flat_map(|(_, text)| suggest::of_lines(text));
        examples.labelled.extend(innocents.filter_map(|(_, example)| example.ok()));
        let advice = suggest::suggest(&self.rules, self.thresholds(), &examples);
        let (files, problems) = rules::texts(self.rule_files.folder.as_deref());
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let patch = suggest::patch(&self.rules, &advice, &files);
        Ok((advice, patch))
    }

    /// The kept page of a hit as a line of the clean corpus.
    ///
    /// # Errors
    /// The store cannot be had, there is no such hit, or its page cannot be read any more.
    pub async fn clean_line(&self, hit: u64, known: Option<&str>) -> Result<String, StartError> {
        let state = |error: StoreError| StartError::State(error.to_string());
        let store = self.kept()?;
        let hit_row = store.hit(hit).await.map_err(state)?;
        let hit_row =
            hit_row.ok_or_else(|| StartError::Usage(format!("没有线索 {hit}；有哪些看 jianzheng hits list")))?;
        let case = store.case(hit_row.case).await.map_err(state)?;
        // A slip in the number would make a guilty page the measure of innocence, and no rules would ever be taken again.
        if standing::word(&hit_row, case.as_ref()) != Some(standing::Word::Wrong) {
            return Err(StartError::Usage(format!(
                "线索 {hit} 还没有人判为误报，不能当守法网页：先 jianzheng hits label {hit} benign --by 姓名，或 jianzheng cases dismiss {} --wrong --why 理由",
                hit_row.case
            )));
        }
        let kept = hit_row.capture.as_ref().and_then(|capture| past::source_of(&self.data, capture));
        let unread =
            || StartError::State(format!("线索 {hit} 的网页读不出来；证据是否完好看 jianzheng evidence verify"));
        let html = kept.ok_or_else(unread)?;
        let url = Url::parse(&hit_row.final_url).map_err(|_| unread())?;
        Ok(clean::line_of(&url, &html, &hit_row.entities.phones, known))
    }

    /// Adds a line to the clean corpus of the unit's own rules; a folder without one gets what is built in first, or that would
    /// no longer count. Gives the file, and whether the page was in it already.
    ///
    /// # Errors
    /// The rules are those built in, or the file cannot be written.
    pub fn add_clean_line(&self, line: &str) -> Result<(PathBuf, bool), StartError> {
        let Some(folder) = &self.rule_files.folder else {
            let say = "现在用的是程序自带的规则，加不进去：先 jianzheng init --rules rules 抄一份出来，在配置 [general] 里写 rules = \"rules\"";
            return Err(StartError::Usage(say.to_owned()));
        };
        rules::add_clean(folder, line)
            .map_err(|(file, error)| StartError::State(format!("写不了 {}：{error}", file.display())))
    }

    /// The store, which has to be there already.
    fn kept(&self) -> Result<Store, StartError> {
        self.kept_store()?.ok_or_else(|| {
            StartError::State(format!("{} 里还没有巡查过的数据：先跑一轮 jianzheng patrol", self.data.display()))
        })
    }
}
