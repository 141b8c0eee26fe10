//! Builds the parts of the program and hands them to each other; nobody else builds.
//!
//! Two steps. [`Program::load`] reads what people wrote (arguments, settings, rules) and tells every mistake at once: after it
//! nothing can be wrong with them. [`Program::open`] takes hold of the store and builds what a round needs. Commands that read
//! a stream (`judge`, `hosts`) stop after the first step, which opens no file of DATA and no connection.
//! It must not print, and must not end the process. Start at [`Program::load`].

mod baselines;
mod ids;
mod mail;
mod network;
mod open;
mod rendering;
mod renewing;
mod round;
mod rules;
mod trial;

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use jianzheng_core::rules::{RuleSet, problem::Problem};
use jianzheng_core::verdict::Thresholds;

use crate::{
    cli::Globals,
    clock::{self, Clock},
    config::{self, Mistakes, Settings},
    discover::{
        Overrides, Terms,
        definition::{Definition, Shape},
    },
    patrol::guests,
    tuning::clean::Of,
};

pub use network::fetcher;
pub use open::{Opened, Visitor};
pub use renewing::Renewed;
pub use rules::{RuleFiles, write_built_in};

/// The folder of the store where `--data` names none.
const DATA: &str = "data";
/// The folder below it in which the practice web is worked on.
const PRACTICE: &str = "practice";

/// What a command works with before anything is opened.
#[derive(Clone)]
pub struct Program {
    /// The checked settings.
    pub settings: Settings,
    /// The rules that judge.
    pub rules: Arc<RuleSet>,
    /// What else stands among the rule files.
    pub rule_files: Arc<RuleFiles>,
    /// The calendar clock.
    pub clock: Clock,
    /// The folder of the store in use: DATA, or `DATA/practice` when practising. It may not exist yet.
    pub data: PathBuf,
    /// The day of the practice web, from 1; none outside practice.
    pub practice: Option<u32>,
}

/// Why the program does not start on its work.
#[derive(Debug)]
pub enum StartError {
    /// The arguments do not go together; a Chinese sentence.
    Usage(String),
    /// The settings are wrong.
    Settings(Mistakes),
    /// The rules are wrong.
    Rules(Vec<Problem>),
    /// All is well written, but the store or the network cannot be had; a Chinese sentence.
    State(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Usage(say) | StartError::State(say) => f.write_str(say),
            StartError::Settings(mistakes) => mistakes.fmt(f),
            StartError::Rules(problems) => {
                for (index, problem) in problems.iter().enumerate() {
                    let line = problem.to_string();
                    write!(f, "{}{}", if index > 0 { "\n" } else { "" }, crate::telemetry::escape(&line))?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for StartError {}

impl From<Mistakes> for StartError {
    fn from(mistakes: Mistakes) -> Self {
        StartError::Settings(mistakes)
    }
}

impl From<Vec<Problem>> for StartError {
    fn from(problems: Vec<Problem>) -> Self {
        StartError::Rules(problems)
    }
}

impl Program {
    /// Reads settings and rules. `env` is `std::env::vars_os()`, `cwd` the working folder.
    ///
    /// # Errors
    /// The arguments contradict each other, or everything that is wrong with the settings, or with the rules.
    pub fn load(
        globals: &Globals,
        env: impl Iterator<Item = (OsString, OsString)>,
        cwd: &Path,
    ) -> Result<Program, StartError> {
        Self::load_or(globals, env, cwd, |_, _, problems| Err(problems))
    }

    /// The same for a process that no officer watches: where the rules cannot even be read, those that were proven last are in force, as they
    /// would be had it not been started anew. The second value says what is wrong.
    ///
    /// # Errors
    /// As [`Program::load`]; of the rules where none were ever proven.
    pub fn load_unwatched(
        globals: &Globals,
        env: impl Iterator<Item = (OsString, OsString)>,
        cwd: &Path,
    ) -> Result<(Program, Renewed), StartError> {
        let mut renewed = Renewed::Same;
        let program = Self::load_or(globals, env, cwd, |data, folder, problems| {
            let proven = renewing::proven(data, folder).ok_or_else(|| problems.clone())?;
            renewed = Renewed::Refused(problems);
            Ok(proven)
        })?;
        Ok((program, renewed))
    }

    fn load_or(
        globals: &Globals,
        env: impl Iterator<Item = (OsString, OsString)>,
        cwd: &Path,
        instead: impl FnOnce(&Path, Option<&Path>, Vec<Problem>) -> Result<(RuleSet, RuleFiles), Vec<Problem>>,
    ) -> Result<Program, StartError> {
        if globals.day.is_some() && !globals.practice {
            return Err(StartError::Usage(
                "--day 只和 --practice 一起用，例如 jianzheng --practice --day 2 patrol".into(),
            ));
        }
        let clock = match &globals.as_of {
            None => Clock::system(),
            Some(text) => Clock::starting_at(clock::parse_as_of(text).map_err(|e| StartError::Usage(e.to_string()))?),
        };
        let settings = config::load_knowing(globals.config.as_deref(), env, cwd, rules::source_names)?;
        let data = cwd.join(globals.data.as_deref().unwrap_or(Path::new(DATA)));
        let practice = globals.practice.then(|| globals.day.unwrap_or(1));
        let data = if practice.is_some() { data.join(PRACTICE) } else { data };
        let folder = settings.general.rules.as_deref();
        let (rules, rule_files) = rules::load(folder).or_else(|problems| instead(&data, folder, problems))?;
        let settings = if practice.is_some() { open::practice_settings(&data)? } else { settings };
        Ok(Program { settings, rules: Arc::new(rules), rule_files: Arc::new(rule_files), clock, data, practice })
    }

    /// Where the unit draws its lines.
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { hit: self.settings.digest.threshold, review: self.settings.digest.review_threshold }
    }

    /// The pages that the rules are held against, as files with their names.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn pages(&self, of: Of) -> Result<Vec<(String, String)>, StartError> {
        Ok(rules::pages(of, self.rule_files.folder.as_deref())?)
    }

    /// On which terms a source is asked: the unit's word before the rule file's.
    pub fn terms(&self, source: &Definition) -> Terms {
        let Some(set) = self.settings.source(&source.name) else { return source.terms(&Overrides::default()) };
        source.terms(&Overrides {
            enabled: set.enabled,
            url: set.url.as_deref().and_then(|url| url.parse().ok()),
            daily: set.daily,
            delay: set.delay_ms.map(std::time::Duration::from_millis),
            pages: set.pages,
        })
    }

    /// When pages are looked at as somebody else, and from which engines he comes: those whose result pages are known by a public
    /// address. The unit's own endpoints are never named to a target.
    pub fn disguise(&self) -> guests::Manner {
        let public = |source: &Definition| match (&source.shape, &source.url) {
            (Shape::Html(_), Some(url)) => Some((source.name.clone(), url.to_string())),
            _ => None,
        };
        let engines = self.rule_files.sources.iter().filter_map(public).collect();
        guests::Manner { looks: self.settings.crawl.disguised_looks, engines }
    }
}
