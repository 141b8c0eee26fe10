//! A change of the rules, tried on what is kept. Start at [`Program::backtest`].

use std::path::Path;
use std::sync::Arc;

use jianzheng_core::rules::RuleSet;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Program, StartError, rules};
use crate::store::Store;
use crate::tuning::backtest::{self, Count, Moved, Trial};

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
        let trial = Trial { new: Arc::clone(&new), old, thresholds: self.thresholds(), since, threads };
        let count = backtest::run(&store, trial, stop, each, done).await;
        Ok((new, count.map_err(|error| StartError::State(error.to_string()))?))
    }

    /// The store, which has to be there already.
    fn kept(&self) -> Result<Store, StartError> {
        self.kept_store()?.ok_or_else(|| {
            StartError::State(format!("{} 里还没有巡查过的数据：先跑一轮 jianzheng patrol", self.data.display()))
        })
    }
}
