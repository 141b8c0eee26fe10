//! Saved rules become rules in force: compiled aside, proven, and only then used, from the next round on.
//!
//! A set that is wrong, or that does not hold what its own examples and the clean corpus say, leaves the old one in force; why is
//! told on stderr and in the log. Start at [`Opened::renew_rules`].

use std::path::Path;
use std::sync::Arc;

use jianzheng_core::rules::problem::Problem;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use tokio::sync::watch;

use super::{Opened, Program, rules};
use crate::cases;
use crate::clock::{self, Clock};
use crate::patrol::progress::Progress;
use crate::telemetry::escape;
use crate::tuning::{clean, past::Judge, renewal, standing};

/// Mistakes and changed verdicts that are told at once.
const SHOWN: usize = 20;
/// Names the set that was proven last, so that a round need not prove it again.
const PROVEN: &str = "rules-proven";

/// What became of a look at the rule files.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewed {
    /// They are those in force.
    Same,
    /// New ones, in force from the next round.
    InForce,
    /// New ones that are not good enough; the old ones stay in force.
    Refused(Vec<Problem>),
}

impl Opened {
    /// Reads the rule files again, and puts them in force if they are new, right and proven.
    pub fn renew_rules(&self) -> Renewed {
        let program = self.program();
        let Some(folder) = program.rule_files.folder.as_deref() else { return Renewed::Same };
        let (set, files) = match rules::load(Some(folder)) {
            Ok(read) => read,
            Err(problems) => return Renewed::Refused(problems),
        };
        if set.hash() == program.rules.hash() {
            return Renewed::Same;
        }
        let new = Program { rules: Arc::new(set), rule_files: Arc::new(files), ..(*program).clone() };
        let problems = unproven(&new);
        if !problems.is_empty() {
            return Renewed::Refused(problems);
        }
        remember(&new, self.data());
        self.put_in_force(new);
        Renewed::InForce
    }
}

/// What examples and clean corpus say against a set.
fn unproven(program: &Program) -> Vec<Problem> {
    let mut problems = program.rules.prove();
    match rules::clean_pages(program.rule_files.folder.as_deref()) {
        Ok(pages) => problems.extend(clean::test(&program.rules, program.thresholds(), &pages).failures),
        Err(unreadable) => problems.extend(unreadable),
    }
    problems
}

fn remember(program: &Program, data: &Path) {
    // Only a saving of time: without it the set is proven once more.
    if let Err(error) = std::fs::write(data.join(PROVEN), program.rules.hash()) {
        tracing::warn!(%error, "proven rules not noted");
    }
}

/// Says so where a unit's own rules do not hold what their examples say. The officer who gave the order may know why, so the round
/// goes on.
pub(super) fn tell_if_unproven(program: &Program, data: &Path, progress: &Progress) {
    let known = std::fs::read_to_string(data.join(PROVEN)).is_ok_and(|hash| hash == program.rules.hash());
    if program.rule_files.folder.is_none() || known {
        return;
    }
    let problems = unproven(program);
    if problems.is_empty() {
        return remember(program, data);
    }
    progress
        .stage(&format!("规则里有 {} 处自己的例子不成立，本轮仍按它判；详情看 jianzheng rules test", problems.len()));
    problems.iter().take(SHOWN).for_each(|problem| progress.stage(&escape(&format!("  {problem}"))));
}

/// In the first round of each week, which rules officers found to have raised false alarms in the last seven days: one line on stderr
/// and one in `reports/规则误报.txt`.
pub(super) async fn tell_false_alarms(opened: &Opened, clock: &Clock, progress: &Progress) -> anyhow::Result<()> {
    let now = clock.now();
    let monday = {
        let today = clock::shanghai_date(now);
        today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days())
    };
    let folder = opened.data().join("reports");
    let file = folder.join("规则误报.txt");
    let week = format!("{monday} 起的一周");
    if std::fs::read_to_string(&file).is_ok_and(|told| told.lines().any(|line| line.starts_with(&week))) {
        return Ok(());
    }
    let since = now.checked_sub(SignedDuration::from_hours(7 * 24)).unwrap_or(Timestamp::MIN);
    let rules = standing::false_alarms(opened.store(), since).await?;
    let told: Vec<String> = rules.iter().take(SHOWN).map(|(rule, hits)| format!("{rule} {hits} 次")).collect();
    let told = if told.is_empty() { "人没有判出误报".to_owned() } else { told.join("，") };
    let line = format!("{week}开始前七天的规则误报：{told}");
    if !rules.is_empty() {
        progress.stage(&escape(&line));
    }
    let written = std::fs::create_dir_all(&folder).and_then(|()| {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&file)?;
        writeln!(file, "{line}")
    });
    // The round is worth more than the line.
    if let Err(error) = written {
        tracing::warn!(%error, "weekly line of false alarms not written");
    }
    Ok(())
}

/// Judges the open cases by the rules in force where they were judged by others, and lists what changed.
pub(super) async fn judge_open_cases(
    opened: &Opened,
    program: &Program,
    clock: &Clock,
    stop: &watch::Receiver<bool>,
    progress: &Progress,
) -> anyhow::Result<()> {
    let now = clock.now();
    let judge = Judge {
        rules: Arc::clone(&program.rules),
        baselines: Arc::new(opened.baselines()?),
        thresholds: program.thresholds(),
    };
    let renewal = renewal::judge_open_cases(&opened.store, &judge, now, stop).await?;
    if renewal.judged + renewal.not_kept == 0 {
        return Ok(());
    }
    progress.stage(&format!(
        "规则有变：按新规则重判未结案件的线索 {} 条，判定有变 {} 条{}",
        renewal.judged,
        renewal.changes.len(),
        if renewal.not_kept > 0 {
            format!("；{} 条没有留存原件，等下次复查", renewal.not_kept)
        } else {
            String::new()
        }
    ));
    for change in renewal.changes.iter().take(SHOWN) {
        progress.stage(&escape(&format!("  案件 {}：{}", change.case, cases::told(change))));
    }
    let report = renewal.report(program.rules.hash(), now);
    if !report.is_empty() {
        let hash = program.rules.hash().trim_start_matches("sha256:");
        let day = clock::shanghai_date(now);
        let name = format!("{day}-规则变更-{}.txt", hash.get(..8).unwrap_or(hash));
        let folder = opened.data().join("reports");
        let file = folder.join(&name);
        // A round that was cut off writes the rest of the list behind the first part.
        let written = std::fs::create_dir_all(&folder).and_then(|()| {
            use std::io::Write as _;
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&file)?;
            file.write_all(report.as_bytes())?;
            file.sync_all()
        });
        match written {
            Ok(()) => progress.stage(&format!("  全部变化写在 reports/{name}，也记在各案件的备注里")),
            Err(error) => progress.stage(&format!("  reports/{name} 写不进去（{error}），变化已记在各案件的备注里")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Globals;

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn saved_rules_are_in_force_only_when_they_are_good() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("rules");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"), &folder);
        let env = [("JIANZHENG_GENERAL__RULES".into(), folder.clone().into_os_string())];
        let program = Program::load(&Globals::default(), env.into_iter(), home.path()).unwrap();
        let opened = program.open().await.unwrap();
        assert_eq!(opened.renew_rules(), Renewed::Same);
        let offers = std::fs::read_to_string(folder.join("offers.toml")).unwrap();
        let save = |text: &str| std::fs::write(folder.join("offers.toml"), text).unwrap();
        let first = opened.program().rules.hash().to_owned();

        // A mistake, then an example that does not hold, then a word that accuses every innocent who leaves a number.
        let guilty = offers.replacen("points = 4\n", "points = 30\n", 9);
        let told = [
            (format!("{offers}\n[[rule]]\nid = 1\n"), "wrong-type"),
            (offers.replacen("hit = [", "hit = [\"今天有雨\", ", 1), "example-not-hit"),
            (guilty, "clean-page-accused"),
        ];
        for (text, code) in told {
            assert_ne!(text, offers);
            save(&text);
            let Renewed::Refused(problems) = opened.renew_rules() else { panic!("{code}: taken") };
            assert!(problems.iter().any(|problem| problem.code == code), "{code}: {problems:?}");
            assert_eq!(opened.program().rules.hash(), first);
        }
        save(&format!("# 一句说明\n{offers}"));
        assert_eq!(opened.renew_rules(), Renewed::InForce);
        assert_ne!(opened.program().rules.hash(), first);
        assert_eq!(opened.renew_rules(), Renewed::Same);
    }
}
