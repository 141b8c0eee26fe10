//! What officers' labels say of the rules: other points, phrases that no rule has, rules that are idle or only hurt innocents.
//!
//! Only suggests. The patch changes lines of rule files when a person applies it, and the next `rules test` and `rules backtest` say
//! what comes of it. Start at [`examples`], then [`suggest`].

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jianzheng_core::page::{self, Extract};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::rules::contrast::{self, Phrase};
use jianzheng_core::rules::refit::{self, Labelled, Suggestion};
use jianzheng_core::rules::rule::{Kind, Status};
use jianzheng_core::verdict::Thresholds;
use jianzheng_core::wording::Manner;
use serde::Deserialize;
use url::Url;

use super::past::extract_of;
use super::standing::called;
use crate::store::{Depicted, Store, StoreError};

/// Labels that have to speak of a rule before its points are touched.
const LABELS: usize = 5;
/// Guilty pages of a kind, and innocent ones, from which on anything is learned: from three confirmed hits a fit makes points of what
/// they happen to share.
pub const ENOUGH: usize = 10;
/// Decibans by which points have to be off.
const OFF: f64 = 1.0;
/// Phrases told of one kind.
const PHRASES: usize = 20;
/// Kept pages of innocents against which phrases have to stand out, besides the clean corpus.
const BACKGROUND: usize = 1_000;
/// Labelled hits that are asked, the newest first: their pages are held in memory.
const MOST: usize = 5_000;
/// Lines of a file around a changed one.
const AROUND: usize = 2;

/// A page and what people call it.
pub struct Example {
    /// The page.
    pub extract: Extract,
    /// Its address.
    pub url: Url,
    /// fake_site, seller, official, notice or benign.
    pub called: String,
}

/// Labelled pages, and pages that nobody labelled but the rules call benign.
#[derive(Default)]
pub struct Examples {
    /// What people called something.
    pub labelled: Vec<Example>,
    /// Visible text of pages called benign by the rules alone.
    pub background: Vec<String>,
}

/// A line of a labelled file, as `rules learn` reads them too.
#[derive(Deserialize)]
struct Line {
    url: String,
    html: String,
    want: Option<Want>,
}

#[derive(Deserialize)]
struct Want {
    verdict: String,
}

/// What a page can be called; `suspicious` teaches nothing.
pub const VERDICTS: [&str; 6] = ["fake_site", "seller", "benign", "notice", "official", "suspicious"];

/// The pages of an NDJSON text, each with its line; an error says what is wrong with one. A line that says nothing of what it is, is
/// innocent: so are those of the clean corpus.
pub fn of_lines(text: &str) -> impl Iterator<Item = (usize, Result<Example, String>)> + '_ {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| (number + 1, of_line(line)))
}

fn of_line(line: &str) -> Result<Example, String> {
    let unread =
        || "读不懂：每行一个 JSON 对象，要有 url、html；违法的再写 want.verdict，不写的当作守法网页".to_owned();
    let line: Line = serde_json::from_str(line).map_err(|_| unread())?;
    let url = Url::parse(&line.url).map_err(|_| unread())?;
    let called = line.want.map_or_else(|| "benign".to_owned(), |want| want.verdict);
    if !VERDICTS.contains(&called.as_str()) {
        return Err(format!("的 want.verdict 不认识“{called}”，可写：{}", VERDICTS.join("、")));
    }
    let extract = page::read_text(&line.html, Some(&url));
    Ok(Example { extract, url, called })
}

/// Hits that officers said something of, with their pages as they were kept.
///
/// # Errors
/// The store failed.
pub async fn examples(store: &Store) -> Result<Examples, StoreError> {
    let mut wanted: BTreeMap<String, (String, String, Depicted)> = BTreeMap::new();
    for hit in store.hits().reversed() {
        let hit = hit?;
        let case = store.case(hit.case).await?;
        if wanted.len() >= MOST {
            break;
        }
        if let (Some(called), Some(capture)) = (called(&hit, case.as_ref()), &hit.capture) {
            let of = (capture.sha256.clone(), called.to_owned(), Depicted::of_hit(&hit));
            wanted.insert(hit.final_url.clone(), of);
        }
    }
    let mut examples = Examples::default();
    for (n, page) in store.pages(0).reversed().enumerate() {
        let page = page?;
        if n % 500 == 499 {
            tokio::task::yield_now().await;
        }
        let decides = |of: &(String, String, Depicted)| page.capture.as_ref().is_some_and(|c| c.sha256 == of.0);
        let label =
            if wanted.get(&page.final_url).is_some_and(decides) { wanted.remove(&page.final_url) } else { None };
        let benign = page.verdict.as_deref() == Some("benign") && examples.background.len() < BACKGROUND;
        if label.is_none() && !benign {
            if wanted.is_empty() && examples.background.len() >= BACKGROUND {
                break;
            }
            continue;
        }
        let stored = store.extract(page.seq).await?;
        let Some(mut extract) = extract_of(store.data(), &page, stored.as_deref()) else { continue };
        match (label, Url::parse(&page.final_url)) {
            (Some((_, called, depicted)), Ok(url)) => {
                depicted.put_into(&mut extract);
                examples.labelled.push(Example { extract, url, called });
            }
            (None, _) => examples.background.push(extract.text),
            _ => {}
        }
    }
    Ok(examples)
}

/// What is suggested of one rule's points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Points {
    /// What the labels say.
    pub says: Suggestion,
    /// Points now.
    pub now: f64,
    /// Points that are suggested, in halves; `None` where it had better go on trial.
    pub then: Option<f64>,
}

/// Everything that the labels say.
#[derive(Debug, Default)]
pub struct Advice {
    /// Labelled pages by what they are called.
    pub pages: BTreeMap<String, usize>,
    /// Rules whose points should be others.
    pub points: Vec<Points>,
    /// Phrases that no rule has, with the kind they tell.
    pub phrases: Vec<(Kind, Phrase)>,
    /// Kinds of which there are not enough pages to learn from: how many are guilty of it and how many innocent.
    pub too_few: Vec<(Kind, usize, usize)>,
    /// Rules, by number, that spoke on none of the pages.
    pub idle: Vec<usize>,
    /// Rules that spoke on innocents only, on how many.
    pub only_innocents: Vec<(usize, usize)>,
}

/// Asks the labels. Both kinds are learned apart: who sells does not pose.
pub fn suggest(rules: &RuleSet, thresholds: Thresholds, examples: &Examples) -> Advice {
    let mut advice = Advice::default();
    let mut spoke = vec![(0usize, 0usize); rules.rules().len()];
    for example in &examples.labelled {
        *advice.pages.entry(example.called.clone()).or_default() += 1;
    }
    let mut asked = Vec::new();
    for (kind, manner) in [(Kind::Seller, Manner::Offer), (Kind::FakeSite, Manner::Fake)] {
        let mut pages: Vec<Labelled> = Vec::new();
        for example in &examples.labelled {
            let guilty = match example.called.as_str() {
                called if called == kind.as_str() => true,
                "benign" | "notice" | "official" => false,
                _ => continue,
            };
            let verdict = rules.judge(&example.extract, &example.url, thresholds);
            let mut page = Labelled { guilty, offset: 0.0, fired: Vec::new() };
            for signal in verdict.signals.iter().filter(|signal| signal.kind == kind.as_str()) {
                if signal.rule == manner.rule() {
                    page.offset += signal.points;
                }
                let Some(number) = rules.rules().iter().position(|rule| rule.id == signal.rule) else { continue };
                let rule = &rules.rules()[number];
                let of = &mut spoke[number];
                if guilty {
                    of.0 += 1
                } else {
                    of.1 += 1
                }
                // On trial it counts nothing yet; what it would be worth is asked all the same.
                let share = if rule.status == Status::Live { signal.points / rule.points } else { 1.0 };
                if share > 0.05 {
                    page.fired.push((number, share));
                }
            }
            pages.push(page);
        }
        let guilty = pages.iter().filter(|page| page.guilty).count();
        let innocent = pages.len() - guilty;
        if guilty < ENOUGH || innocent < ENOUGH {
            advice.too_few.extend((guilty > 0).then_some((kind, guilty, innocent)));
            continue;
        }
        asked.push(kind);
        // Guilty pages are far more frequent among the labelled than on the web: the sample's own odds take the place of the prior.
        let odds = 10.0 * (guilty as f64 / innocent as f64).log10();
        pages.iter_mut().for_each(|page| page.offset += odds);
        let now: Vec<f64> = rules.rules().iter().map(|rule| rule.points).collect();
        advice.points.extend(refit::refit(&now, &pages).into_iter().filter_map(|says| points(rules, says)));
        let texts = |wanted: bool| {
            let of = move |example: &&Example| match wanted {
                true => example.called == kind.as_str(),
                false => matches!(example.called.as_str(), "benign" | "notice" | "official"),
            };
            examples.labelled.iter().filter(of).map(|example| example.extract.text.as_str())
        };
        let innocent = texts(false).chain(examples.background.iter().map(String::as_str));
        let phrases = contrast::phrases(texts(true), innocent, |phrase| rules.knows(phrase), PHRASES);
        advice.phrases.extend(phrases.into_iter().map(|phrase| (kind, phrase)));
    }
    for (number, rule) in rules.rules().iter().enumerate() {
        // Where hardly anybody guilty was labelled, every rule would look as if it spoke on nobody but innocents.
        if rule.status == Status::Retired || rule.points < 0.0 || !asked.contains(&rule.kind) {
            continue;
        }
        match spoke[number] {
            (0, 0) => advice.idle.push(number),
            (0, innocents) => advice.only_innocents.push((number, innocents)),
            _ => {}
        }
    }
    advice
}

fn points(rules: &RuleSet, says: Suggestion) -> Option<Points> {
    let now = rules.rules()[says.rule].points;
    let halves = (says.points * 2.0).round() / 2.0;
    let then = halves.clamp(-60.0, 30.0);
    let off = (then - now).abs() >= OFF && says.labels.0 + says.labels.1 >= LABELS;
    // A rule that would change sides says something else than its title does.
    let then = if then * now.signum() < 0.5 { None } else { Some(then) };
    let on_trial = rules.rules()[says.rule].status == Status::Trial;
    (off && !(on_trial && then.is_none())).then_some(Points { says, now, then })
}

/// The suggested points as a unified diff of the rule files, given as (name, text); to be applied in the folder of rules.
pub fn patch(rules: &RuleSet, advice: &Advice, files: &[(String, String)]) -> String {
    let mut changes: BTreeMap<&str, BTreeMap<usize, String>> = BTreeMap::new();
    for points in &advice.points {
        let rule = &rules.rules()[points.says.rule];
        let Some((_, text)) = files.iter().find(|(name, _)| *name == rule.file) else { continue };
        let (key, value) = match points.then {
            Some(then) => ("points", format!("points = {then}")),
            None => ("status", "status = \"试行\"".to_owned()),
        };
        let own = text.lines().enumerate().skip(rule.line).take_while(|(_, line)| !line.trim_start().starts_with("[["));
        let is_key =
            |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
        if let Some((at, line)) = own.into_iter().find(|(_, line)| is_key(line)) {
            // What an officer wrote behind the value stays.
            let comment = line.find('#').map_or(String::new(), |at| format!("  {}", &line[at..]));
            changes.entry(&rule.file).or_default().insert(at, format!("{value}{comment}"));
        }
    }
    let mut diff = String::new();
    for (name, changed) in changes {
        let text = files.iter().find(|(file, _)| file == name).map_or("", |(_, text)| text.as_str());
        // Lines keep the carriage return of Windows editors, or the patch would not apply.
        let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
        let unended = !text.ends_with('\n');
        let _ = write!(diff, "--- a/{name}\n+++ b/{name}\n");
        let mut hunks: Vec<(usize, usize)> = Vec::new();
        for at in changed.keys() {
            let (start, end) = (at.saturating_sub(AROUND), (at + AROUND + 1).min(lines.len()));
            match hunks.last_mut() {
                Some(last) if start <= last.1 => last.1 = end,
                _ => hunks.push((start, end)),
            }
        }
        for (start, end) in hunks {
            let count = end - start;
            let _ = writeln!(diff, "@@ -{},{count} +{},{count} @@", start + 1, start + 1);
            for (at, line) in lines.iter().enumerate().take(end).skip(start) {
                let end = if unended && at + 1 == lines.len() { "\n\\ No newline at end of file" } else { "" };
                let returns = if line.ends_with('\r') { "\r" } else { "" };
                let _ = match changed.get(&at) {
                    Some(new) => write!(diff, "-{line}{end}\n+{new}{returns}{end}\n"),
                    None => writeln!(diff, " {line}{end}"),
                };
            }
        }
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> (RuleSet, Vec<(String, String)>) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        (RuleSet::compile(&files).unwrap(), files)
    }

    fn page(called: &str, number: usize, text: &str) -> String {
        let line = serde_json::json!({
            "url": format!("http://h{number}.shili.example/"), "html": format!("<title>第{number}页</title><p>{text}</p>"),
            "want": {"verdict": called}
        });
        format!("{line}\n")
    }

    fn labelled() -> Examples {
        let mut text = String::new();
        for number in 0..12 {
            text += &page("seller", number, "低压电工证代办，包打点到位，三天拿证，微信：shili_dadian");
            text += &page(
                "benign",
                100 + number,
                "高处作业证培训报名，三天拿证是骗局？不是，三天拿证就是三天拿证，电话 13000000123",
            );
        }
        Examples {
            labelled: of_lines(&text).map(|(_, example)| example.unwrap()).collect(),
            background: vec!["今天有雨".into(); 20],
        }
    }

    #[test]
    fn labels_move_points_and_find_the_phrase_that_no_rule_has() {
        let (rules, files) = shipped();
        let advice = suggest(&rules, Thresholds::default(), &labelled());
        assert_eq!(advice.pages, BTreeMap::from([("seller".to_owned(), 12), ("benign".to_owned(), 12)]));
        let said = |phrase: &(Kind, Phrase)| phrase.0 == Kind::Seller && phrase.1.text.contains("打点到位");
        assert!(advice.phrases.iter().any(said), "{:?}", advice.phrases);
        assert!(advice.phrases.iter().all(|(_, phrase)| !rules.knows(&phrase.text)));
        assert!(!advice.points.is_empty());
        for points in &advice.points {
            let (low, high) = points.says.interval;
            assert!(low <= points.says.points && points.says.points <= high, "{points:?}");
            assert!(points.says.labels.0 + points.says.labels.1 >= LABELS);
        }

        // The patch does to the files what it says, by a tool that everybody has.
        let patch = patch(&rules, &advice, &files);
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        std::fs::write(folder.path().join("advice.patch"), &patch).unwrap();
        let git = std::process::Command::new("git")
            .args(["apply", "--unidiff-zero", "advice.patch"])
            .current_dir(folder.path())
            .env("GIT_CEILING_DIRECTORIES", folder.path())
            .output()
            .unwrap();
        assert!(git.status.success(), "{}\n{patch}", String::from_utf8_lossy(&git.stderr));
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let changed: Vec<_> = files.iter().map(|(name, _)| (name.clone(), read(name))).collect();
        let changed = RuleSet::compile(&changed).unwrap();
        for points in &advice.points {
            let rule = &changed.rules()[points.says.rule];
            match points.then {
                Some(then) => assert_eq!(rule.points, then, "{}", rule.id),
                None => assert_eq!(rule.status, Status::Trial, "{}", rule.id),
            }
        }
    }

    #[test]
    fn a_patch_fits_files_of_windows_editors_and_without_a_last_line_end() {
        let (rules, files) = shipped();
        let advice = suggest(&rules, Thresholds::default(), &labelled());
        let text = |name: &str| files.iter().find(|(file, _)| file == name).unwrap().1.replace('\n', "\r\n");
        let windows =
            vec![("offers.toml".to_owned(), text("offers.toml")), ("fakes.toml".to_owned(), text("fakes.toml"))];
        let patch = patch(&rules, &advice, &windows);
        let headers = |line: &&str| !line.starts_with("---") && !line.starts_with("+++") && !line.starts_with("@@");
        assert!(patch.lines().count() > 5);
        assert!(
            patch.split('\n').filter(headers).filter(|l| !l.is_empty()).all(|line| line.ends_with('\r')),
            "{patch:?}"
        );
    }

    #[test]
    fn a_handful_of_confirmed_hits_teaches_nothing_and_that_is_said() {
        let (rules, _) = shipped();
        let mut few = labelled();
        let mut guilty = 0;
        few.labelled.retain(|example| {
            guilty += usize::from(example.called == "seller");
            example.called != "seller" || guilty < ENOUGH
        });
        let advice = suggest(&rules, Thresholds::default(), &few);
        assert!(advice.points.is_empty() && advice.phrases.is_empty());
        assert_eq!(advice.too_few, [(Kind::Seller, ENOUGH - 1, 12)]);
    }

    #[test]
    fn without_both_kinds_nothing_is_suggested() {
        let (rules, _) = shipped();
        let mut one_sided = labelled();
        one_sided.labelled.retain(|example| example.called == "seller");
        let advice = suggest(&rules, Thresholds::default(), &one_sided);
        assert!(advice.points.is_empty() && advice.phrases.is_empty());
    }
}
