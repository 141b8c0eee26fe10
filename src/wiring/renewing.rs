//! Saved rules become rules in force: compiled aside, proven, and only then used, from the next round on.
//!
//! A set that is wrong, or that does not hold what its own examples and the clean corpus say, leaves the old one in force; why is
//! told on stderr and in the log. Start at [`Opened::renew_rules`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jianzheng_core::rules::{RuleSet, problem::Problem};
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Opened, Program, RuleFiles, ids, rules};
use crate::cases;
use crate::clock::{self, Clock};
use crate::patrol::progress::Progress;
use crate::telemetry::escape;
use crate::tuning::{
    clean::{self, Of},
    past::Judge,
    renewal, standing,
};

/// Mistakes and changed verdicts that are told at once.
const SHOWN: usize = 20;
/// The set that was proven last; a round need not prove it again.
const PROVEN: &str = "rules-proven.json";

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

impl Opened {
    /// For a process that no officer watches: where the rules that were loaded do not prove themselves, those that were proven last are put
    /// in force instead. Where there are none, the loaded ones stay.
    pub fn hold_to_proven_rules(&self) -> Renewed {
        let program = self.program();
        let problems = problems_of(&program, self.data());
        if problems.is_empty() {
            return Renewed::Same;
        }
        if let Some((set, files)) = proven(self.data(), program.rule_files.folder.as_deref()) {
            let old = Program { rules: Arc::new(set), rule_files: Arc::new(files), ..(*program).clone() };
            self.put_in_force(old);
        }
        Renewed::Refused(problems)
    }
}

/// What `rules check` and `rules test` say against a set that compiles.
fn unproven(program: &Program) -> Vec<Problem> {
    let mut problems = program.rules.prove();
    problems.extend(program.rules.held_twice());
    for of in [Of::Innocents, Of::Guilty] {
        match rules::pages(of, program.rule_files.folder.as_deref()) {
            Ok(pages) => problems.extend(clean::test(of, &program.rules, program.thresholds(), &pages).failures),
            Err(unreadable) => problems.extend(unreadable),
        }
    }
    problems
}

/// The set that was proven last, as it is kept beside the store: a daemon that starts on a worse one goes on with it.
#[derive(Serialize, Deserialize)]
struct Proven {
    hash: String,
    files: Vec<(String, String)>,
}

impl Proven {
    fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(data.join(PROVEN)).ok()?).ok()
    }
}

/// The set that was proven last, if it can still be read: a newer program may ask for more.
pub(super) fn proven(data: &Path, folder: Option<&Path>) -> Option<(RuleSet, RuleFiles)> {
    rules::checked(folder, Proven::read(data)?.files, Vec::new()).ok()
}

fn remember(program: &Program, data: &Path) {
    let proven = Proven { hash: program.rules.hash().to_owned(), files: program.rule_files.texts.clone() };
    let (file, part) = (data.join(PROVEN), data.join(format!("{PROVEN}.part")));
    let written = serde_json::to_vec(&proven).map_err(std::io::Error::from).and_then(|bytes| {
        std::fs::write(&part, bytes)?;
        std::fs::File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &file)
    });
    // Without it the set is proven once more, and a daemon has none to fall back upon.
    if let Err(error) = written {
        tracing::warn!(%error, "proven rules not kept");
    }
}

/// What speaks against the rules that were loaded; nothing where they were proven before. Rules built in were proven where they were made.
fn problems_of(program: &Program, data: &Path) -> Vec<Problem> {
    let known = || Proven::read(data).is_some_and(|proven| proven.hash == program.rules.hash());
    if program.rule_files.folder.is_none() || known() {
        return Vec::new();
    }
    let problems = unproven(program);
    if problems.is_empty() {
        remember(program, data);
    }
    problems
}

/// Says so where a unit's own rules do not hold what their examples say. The officer who gave the order may know why, so the round
/// goes on.
pub(super) fn tell_if_unproven(program: &Program, data: &Path, progress: &Progress) {
    let problems = problems_of(program, data);
    if problems.is_empty() {
        return;
    }
    progress.stage(&format!(
        "规则有 {} 处通不过检验（例子不成立、词句重复，冤枉了守法网页，或者放过了违法网页），本轮仍按现在的规则判；详情看 jianzheng rules check 和 rules test",
        problems.len()
    ));
    problems.iter().take(SHOWN).for_each(|problem| progress.stage(&escape(&format!("  {problem}"))));
}

/// Says so where rules of the unit's own count without having earned it, or wake at words that innocents use as well: they count
/// all the same.
pub(super) async fn tell_doubts(opened: &Opened, program: &Program, progress: &Progress) -> anyhow::Result<()> {
    if program.rule_files.folder.is_none() {
        return Ok(());
    }
    let done = standing::of_hits(opened.store()).await?;
    ids::enter(&program.rules, opened.data());
    let done = ids::own_deeds(&program.rules, opened.data(), done);
    // A corpus that cannot be read was told already.
    let doubts = program.doubts_given(Some(&done)).unwrap_or_default();
    if !doubts.is_empty() {
        progress.stage(&format!("规则有 {} 处提醒，照常计分；详情看 jianzheng rules check", doubts.len()));
        doubts.iter().take(SHOWN).for_each(|doubt| progress.stage(&escape(&format!("  {doubt}"))));
    }
    Ok(())
}

/// In the first round of each week, which rules officers found to have raised false alarms in the week before: one line on stderr
/// and one in `reports/规则误报.txt`.
pub(super) async fn tell_false_alarms(opened: &Opened, clock: &Clock, progress: &Progress) -> anyhow::Result<()> {
    // A clock that was set by hand, but for practice, would use up weeks that are still to come.
    if clock.is_set() && opened.program().practice.is_none() {
        return Ok(());
    }
    let today = clock::shanghai_date(clock.now());
    let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let zone = clock::shanghai();
    let begins = |day: jiff::civil::Date| zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN);
    let (since, until) = (begins(monday.saturating_sub(7.days())), begins(monday));
    let folder = opened.data().join("reports");
    let file = folder.join("规则误报.txt");
    let week = format!("{} 起的一周", monday.saturating_sub(7.days()));
    if std::fs::read_to_string(&file).is_ok_and(|told| told.lines().any(|line| line.starts_with(&week))) {
        return Ok(());
    }
    let rules = standing::false_alarms(opened.store(), since..until).await?;
    let told: Vec<String> = rules.iter().take(SHOWN).map(|(rule, hits)| format!("{rule} {hits} 次")).collect();
    let told = if told.is_empty() { "人没有判出误报".to_owned() } else { told.join("，") };
    let line = format!("{week}，规则误报：{told}");
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
    let hash = program.rules.hash().trim_start_matches("sha256:");
    let name = format!("{}-规则变更-{}.txt", clock::shanghai_date(now), hash.get(..8).unwrap_or(hash));
    let mut report = Report::new(opened.data(), &name, program.rules.hash(), clock);
    let mut shown = 0;
    let renewal = renewal::judge_open_cases(&opened.store, &judge, now, stop, |change| {
        report.write(&renewal::report(change));
        if shown == 0 {
            progress.stage("规则有变，按新规则重判未结案件的线索：");
        }
        shown += 1;
        if shown <= SHOWN {
            progress.stage(&escape(&format!("  案件 {}：{}", change.case, cases::told(change))));
        }
    });
    let renewal = renewal.await?;
    if renewal.judged + renewal.not_kept == 0 {
        return Ok(());
    }
    let not_kept = match renewal.not_kept {
        0 => String::new(),
        hits => format!("；{hits} 条没有留存原件，等下次复查"),
    };
    progress.stage(&format!(
        "规则有变：重判未结案件的线索 {} 条，判定有变 {} 条{not_kept}",
        renewal.judged, renewal.changed
    ));
    if renewal.changed > 0 {
        progress.stage(&match report.problem {
            None => format!("  全部变化写在 reports/{name}，也记在各案件的备注里"),
            Some(error) => format!("  reports/{name} 写不进去（{error}），变化已记在各案件的备注里"),
        });
    }
    Ok(())
}

/// The list of what changed, written line by line: what was told once is not told again after a kill.
struct Report {
    folder: PathBuf,
    file: PathBuf,
    head: Option<String>,
    problem: Option<std::io::Error>,
}

impl Report {
    fn new(data: &Path, name: &str, rules: &str, clock: &Clock) -> Self {
        let folder = data.join("reports");
        let set = if clock.is_set() { "（时钟为人工设定）" } else { "" };
        let time = clock::rfc3339(clock.now());
        let head = format!("规则变更后重判未结案件\n规则：{rules}\n时间：{time}{set}\n\n");
        Self { file: folder.join(name), folder, head: Some(head), problem: None }
    }

    fn write(&mut self, lines: &str) {
        use std::io::Write as _;
        let text = format!("{}{lines}", self.head.take().unwrap_or_default());
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.file)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        });
        if let Err(error) = written {
            self.problem.get_or_insert(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Globals;
    use crate::wiring::StartError;

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

        // A mistake, then an example that does not hold, then a word that accuses every innocent who leaves a number, then one that
        // acquits every seller who leaves one.
        let guilty = offers.replacen("points = 4\n", "points = 30\n", 9);
        const HELD: &str = include_str!("../../tests/data/diagnostics/a-phrase-held-by-another-rule.toml");
        const ACQUITS: &str = include_str!("../../tests/data/diagnostics/a-good-rule-that-acquits-everybody.toml");
        let told = [
            (format!("{offers}\n[[rule]]\nid = 1\n"), "wrong-type"),
            (offers.replacen("hit = [", "hit = [\"今天有雨\", ", 1), "example-not-hit"),
            (guilty, "clean-page-accused"),
            (format!("{offers}\n{HELD}"), "phrase-held"),
            (format!("{offers}\n{ACQUITS}"), "guilty-page-acquitted"),
        ];
        for (text, code) in told {
            assert_ne!(text, offers);
            save(&text);
            let Renewed::Refused(problems) = opened.renew_rules() else { panic!("{code}: taken") };
            assert!(problems.iter().any(|problem| problem.code == code), "{code}: {problems:?}");
            assert_eq!(opened.program().rules.hash(), first);
        }
        // A process that starts on a set that is no good goes on with the one that was.
        save(&offers);
        assert_eq!(opened.hold_to_proven_rules(), Renewed::Same, "proven, and kept");
        drop(opened);
        save(&offers.replacen("hit = [", "hit = [\"今天有雨\", ", 1));
        let env = [("JIANZHENG_GENERAL__RULES".into(), folder.clone().into_os_string())];
        let opened = Program::load(&Globals::default(), env.into_iter(), home.path()).unwrap().open().await.unwrap();
        assert_ne!(opened.program().rules.hash(), first);
        assert!(matches!(opened.hold_to_proven_rules(), Renewed::Refused(problems) if problems.len() == 1));
        assert_eq!(opened.program().rules.hash(), first);
        assert!(matches!(opened.renew_rules(), Renewed::Refused(_)));

        // And where they cannot even be read, or are gone: a machine that starts anew in the night goes on patrolling.
        drop(opened);
        save(&format!("{offers}\n[[rule]\n"));
        let env = [("JIANZHENG_GENERAL__RULES".into(), folder.clone().into_os_string())];
        assert!(matches!(
            Program::load(&Globals::default(), env.clone().into_iter(), home.path()),
            Err(StartError::Rules(_))
        ));
        let unwatched = || Program::load_unwatched(&Globals::default(), env.clone().into_iter(), home.path());
        let (program, renewed) = unwatched().unwrap();
        assert!(matches!(renewed, Renewed::Refused(problems) if problems.iter().any(|p| p.code == "syntax")));
        assert_eq!(program.rules.hash(), first);
        let away = home.path().join("elsewhere");
        std::fs::rename(&folder, &away).unwrap();
        assert_eq!(unwatched().unwrap().0.rules.hash(), first);
        std::fs::rename(&away, &folder).unwrap();
        std::fs::rename(home.path().join("data").join(PROVEN), home.path().join("away.json")).unwrap();
        assert!(matches!(unwatched(), Err(StartError::Rules(_))), "none was ever proven");
        std::fs::rename(home.path().join("away.json"), home.path().join("data").join(PROVEN)).unwrap();

        let opened = program.open().await.unwrap();
        assert!(matches!(opened.renew_rules(), Renewed::Refused(_)));
        save(&format!("# 一句说明\n{offers}"));
        assert_eq!(opened.renew_rules(), Renewed::InForce);
        assert_ne!(opened.program().rules.hash(), first);
        assert_eq!(opened.renew_rules(), Renewed::Same);
    }
}
