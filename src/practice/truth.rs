//! What is true about the practice web, and how a round's findings are held against it.
//!
//! The head of `truth.toml` documents the table. It is for the practice summary and for tests; nothing that judges a page may
//! read it. Start at [`Truth::hold_against`].

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserialize;
use url::Url;

use super::PracticeError;
use super::sheet::{Flaw, Placed, Sheet};
use super::web::{Days, days};
use crate::telemetry::escape;

const FILE: &str = "truth.toml";

/// The verdict that is asked of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Exactly `fake_site`.
    FakeSite,
    /// Exactly `seller`.
    Seller,
    /// Exactly `suspicious`.
    Suspicious,
    /// Exactly `official`.
    Official,
    /// Exactly `notice`.
    Notice,
    /// Exactly `benign`.
    Benign,
    /// `suspicious` or worse: an officer has to look.
    Review,
    /// `official`, `notice` or `benign`.
    Innocent,
    /// No verdict: it cannot be seen.
    Unseen,
    /// Nothing is asked of it.
    Any,
}

impl Expect {
    /// Whether something has to be found there.
    pub fn accuses(self) -> bool {
        matches!(self, Expect::FakeSite | Expect::Seller | Expect::Suspicious | Expect::Review)
    }

    /// Whether a page with this `verdict`, or with none that was listed, is as it should be. Lists name hits only, so an
    /// innocent page without a verdict is right.
    pub fn holds(self, verdict: Option<&str>) -> bool {
        match (self, verdict) {
            (Expect::Any, _) => true,
            (expect, None) => !expect.accuses(),
            (Expect::Unseen, Some(_)) => false,
            (Expect::Review, Some(verdict)) => accuses(verdict),
            (Expect::Innocent, Some(verdict)) => !accuses(verdict),
            (Expect::FakeSite, Some(verdict)) => verdict == "fake_site",
            (Expect::Seller, Some(verdict)) => verdict == "seller",
            (Expect::Suspicious, Some(verdict)) => verdict == "suspicious",
            (Expect::Official, Some(verdict)) => verdict == "official",
            (Expect::Notice, Some(verdict)) => verdict == "notice",
            (Expect::Benign, Some(verdict)) => verdict == "benign",
        }
    }

    /// In Chinese.
    pub fn say(self) -> &'static str {
        match self {
            Expect::FakeSite => say(Some("fake_site")),
            Expect::Seller => say(Some("seller")),
            Expect::Suspicious => say(Some("suspicious")),
            Expect::Official => say(Some("official")),
            Expect::Notice => say(Some("notice")),
            Expect::Benign => say(Some("benign")),
            Expect::Review => "至少可疑",
            Expect::Innocent => "清白",
            Expect::Unseen => "看不到",
            Expect::Any => "不论",
        }
    }
}

fn accuses(verdict: &str) -> bool {
    matches!(verdict, "fake_site" | "seller" | "suspicious")
}

fn say(verdict: Option<&str>) -> &'static str {
    match verdict {
        Some("fake_site") => "假冒网站",
        Some("seller") => "卖证",
        Some("suspicious") => "可疑",
        Some("official") => "官方",
        Some("notice") => "警示通报",
        Some("benign") => "无关",
        Some(_) => "不明",
        None => "没有列出",
    }
}

/// What is true about one page on some days. The lists name what must be among what is found; more may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Its address, as in `web.toml`.
    pub url: String,
    /// On which days.
    pub days: Days,
    /// The verdict.
    pub expect: Expect,
    /// One of these is imitated; for officials: the own host. Empty: nothing is asked.
    pub authority: Vec<String>,
    /// The first of `routes`.
    pub route: Option<String>,
    /// All of these are in `routes`, in this order.
    pub routes: Vec<String>,
    /// Certificates.
    pub cert_types: Vec<String>,
    /// Notes.
    pub notes: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// WeChat ids.
    pub wechat: Vec<String>,
    /// QQ numbers.
    pub qq: Vec<String>,
    /// Telegram names.
    pub telegram: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// What must appear nowhere.
    pub secret: Vec<String>,
    /// How it is found where seeds and links do not lead: `engine` or `qr`.
    pub reach: Option<String>,
    /// Contacts that are the platform's own: no case is named after them.
    pub not_target: Vec<String>,
    /// A platform: the case follows the contact, never the host.
    pub shared_host: bool,
    /// Why it is in the practice web.
    pub why: String,
}

/// What the digest of one day says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayTruth {
    /// The day.
    pub day: u32,
    /// Gone.
    pub gone: Vec<String>,
    /// Back.
    pub back: Vec<Back>,
    /// New on this day; on the first everything is.
    #[serde(default)]
    pub new: Vec<String>,
    /// Not to be seen, which is not gone.
    #[serde(default)]
    pub unseen: Vec<String>,
}

/// A target that is back somewhere else.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Back {
    /// The target, as `cases list` spells it.
    pub target: String,
    /// Where it was.
    pub was: String,
    /// Where it is.
    pub now: String,
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Page by page; an address may stand there once for each stretch of days.
    pub pages: Vec<Expectation>,
    /// Day by day.
    pub days: Vec<DayTruth>,
    /// Addresses that may never be accused.
    pub never_accuse: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageEntry {
    url: String,
    days: Option<String>,
    expect: Expect,
    #[serde(default)]
    authority: Vec<String>,
    route: Option<String>,
    #[serde(default)]
    routes: Vec<String>,
    #[serde(default)]
    cert_types: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    phones: Vec<String>,
    #[serde(default)]
    wechat: Vec<String>,
    #[serde(default)]
    qq: Vec<String>,
    #[serde(default)]
    telegram: Vec<String>,
    #[serde(default)]
    emails: Vec<String>,
    #[serde(default)]
    secret: Vec<String>,
    reach: Option<String>,
    #[serde(default)]
    not_target: Vec<String>,
    #[serde(default)]
    shared_host: bool,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NeverAccuse {
    urls: Vec<String>,
}

impl Truth {
    pub(super) fn load(text: &str) -> Result<Truth, PracticeError> {
        Truth::parse(text).map_err(PracticeError::Data)
    }

    fn parse(text: &str) -> Result<Truth, Vec<Flaw>> {
        let mut sheet = Sheet::read(FILE, text);
        let mut pages: Vec<Expectation> = Vec::new();
        for Placed { entry, at } in sheet.list::<PageEntry>("page") {
            let days = days(&mut sheet, at, entry.days.as_deref());
            if Url::parse(&entry.url).is_err() {
                sheet.flaw(at, format!("{} 不是网址", entry.url));
            }
            if let Some(reach) = entry.reach.as_deref().filter(|reach| !matches!(*reach, "engine" | "qr")) {
                sheet.flaw(at, format!("reach = \"{reach}\" 不认识，只能写 \"engine\" 或 \"qr\""));
            }
            pages.push(Expectation {
                url: entry.url,
                days,
                expect: entry.expect,
                authority: entry.authority,
                route: entry.route,
                routes: entry.routes,
                cert_types: entry.cert_types,
                notes: entry.notes,
                phones: entry.phones,
                wechat: entry.wechat,
                qq: entry.qq,
                telegram: entry.telegram,
                emails: entry.emails,
                secret: entry.secret,
                reach: entry.reach,
                not_target: entry.not_target,
                shared_host: entry.shared_host,
                why: entry.why,
            });
        }
        let days = sheet.list::<DayTruth>("day").into_iter().map(|placed| placed.entry).collect();
        let never_accuse = sheet.part::<NeverAccuse>("never_accuse").map_or_else(Vec::new, |placed| placed.entry.urls);
        let flaws = sheet.finish();
        if flaws.is_empty() { Ok(Truth { pages, days, never_accuse }) } else { Err(flaws) }
    }

    /// What is asked of the pages on `day`.
    pub fn on(&self, day: u32) -> impl Iterator<Item = &Expectation> {
        self.pages.iter().filter(move |page| page.days.contains(day))
    }

    /// Holds findings (address, verdict, score) against what is true on `day`.
    ///
    /// The findings may be hits alone or all verdicts, and may hold those of earlier days: what was true then is not held
    /// against them. Where an address comes twice, the accusation counts.
    pub fn hold_against<U, V>(&self, found: impl IntoIterator<Item = (U, V, f64)>, day: u32) -> Report
    where
        U: AsRef<str>,
        V: AsRef<str>,
    {
        let mut told: HashMap<String, Told> = HashMap::new();
        let mut order = Vec::new();
        for (url, verdict, score) in found {
            let (key, verdict) = (key(url.as_ref()), verdict.as_ref().to_owned());
            let known = told.get(&key).is_some_and(|known| accuses(&known.verdict) || !accuses(&verdict));
            if !known {
                order.push(key.clone());
                told.insert(key, Told { url: url.as_ref().to_owned(), verdict, score });
            }
        }
        let mut report = Report { day, right: 0, wrong: Vec::new() };
        let mut judged = HashSet::new();
        for page in self.on(day) {
            let key = key(&page.url);
            let told = told.get(&key);
            judged.insert(key);
            let verdict = told.map(|told| told.verdict.as_str());
            if page.expect == Expect::Any {
                continue;
            }
            let kept = verdict.is_some_and(|verdict| self.was_true(&page.url, verdict, day));
            if page.expect.holds(verdict) || (kept && !page.expect.accuses()) {
                report.right += 1;
            } else {
                report.wrong.push(Wrong {
                    url: page.url.clone(),
                    expected: page.expect.say(),
                    found: say(verdict),
                    score: told.map(|told| told.score),
                });
            }
        }
        // What the table does not know today is nothing to accuse.
        for told in order.iter().filter(|key| !judged.contains(*key)).filter_map(|key| told.remove(key)) {
            if accuses(&told.verdict) && !self.was_true(&told.url, &told.verdict, day) {
                let (found, score) = (say(Some(&told.verdict)), Some(told.score));
                report.wrong.push(Wrong { url: told.url, expected: "不该列出", found, score });
            }
        }
        report
    }

    /// Whether that verdict was right on a day before.
    fn was_true(&self, url: &str, verdict: &str, day: u32) -> bool {
        let url = key(url);
        let before = self.pages.iter().filter(|page| page.days.over_on(day));
        before.filter(|page| key(&page.url) == url).any(|page| page.expect.holds(Some(verdict)))
    }
}

struct Told {
    url: String,
    verdict: String,
    score: f64,
}

/// One spelling for an address, whichever way it came.
fn key(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    parsed.set_fragment(None);
    let parsed = super::plain(&parsed);
    let host = parsed.host_str().unwrap_or_default();
    super::web::place_of(host, &parsed[url::Position::BeforePath..])
}

/// How a round stands against the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The day.
    pub day: u32,
    /// Pages that are as they should be.
    pub right: usize,
    /// The others.
    pub wrong: Vec<Wrong>,
}

/// A page that is not as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// Its address.
    pub url: String,
    /// What it is, in Chinese.
    pub expected: &'static str,
    /// What it was taken for, in Chinese.
    pub found: &'static str,
    /// With which score.
    pub score: Option<f64>,
}

impl Report {
    /// One line for the summary.
    pub fn line(&self) -> String {
        format!("与标准答案对照：{} 对 {} 错", self.right, self.wrong.len())
    }
}

/// The line, and one further line for each wrong page.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line())?;
        for wrong in &self.wrong {
            write!(f, "\n  应为 {}，判为 {}", wrong.expected, wrong.found)?;
            if let Some(score) = wrong.score {
                write!(f, "（{score:.1} 分）")?;
            }
            write!(f, "  {}", escape(&wrong.url))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth() -> Truth {
        super::super::truth().unwrap()
    }

    /// Findings that are right in every respect.
    fn perfect(truth: &Truth, day: u32) -> Vec<(String, &'static str, f64)> {
        let verdict = |expect| match expect {
            Expect::FakeSite | Expect::Review => Some("fake_site"),
            Expect::Seller => Some("seller"),
            Expect::Suspicious => Some("suspicious"),
            _ => None,
        };
        truth.on(day).filter_map(|page| Some((page.url.clone(), verdict(page.expect)?, 90.0))).collect()
    }

    #[test]
    fn right_findings_are_right_and_a_changed_one_is_told() {
        let truth = truth();
        let asked = truth.on(1).filter(|page| page.expect != Expect::Any).count();
        let mut found = perfect(&truth, 1);
        let report = truth.hold_against(found.clone(), 1);
        assert_eq!((report.right, report.wrong.len()), (asked, 0), "{report}");
        assert_eq!(report.to_string(), format!("与标准答案对照：{asked} 对 0 错"));

        found[0].1 = "seller";
        let missed = found.pop().unwrap();
        found.push(("http://cx.mem.gov.cn/".to_owned(), "fake_site", 81.25));
        found.push(("http://rili-demo.example/2026/11/?p=3".to_owned(), "suspicious", 55.0));
        let report = truth.hold_against(found, 1);
        assert_eq!((report.right, report.wrong.len()), (asked - 3, 4), "{report}");
        let text = report.to_string();
        for claim in [
            "应为 假冒网站，判为 卖证（90.0 分）  http://cx.mem.gov.cn.zs-demo.example/",
            "应为 官方，判为 假冒网站（81.2 分）  http://cx.mem.gov.cn/",
            "应为 不该列出，判为 可疑（55.0 分）  http://rili-demo.example/2026/11/?p=3",
            &format!("判为 没有列出  {}", missed.0),
        ] {
            assert!(text.contains(claim), "{claim}\n{text}");
        }
    }

    #[test]
    fn hits_of_the_day_before_are_not_held_against_the_second_day() {
        let truth = truth();
        let both: Vec<_> = perfect(&truth, 1).into_iter().chain(perfect(&truth, 2)).collect();
        let report = truth.hold_against(both, 2);
        assert_eq!(report.wrong, [], "{report}");
        // An innocent page that is gone was never a seller's.
        let parked = truth.hold_against([("http://huangye-demo.example/c/dgz.html", "seller", 90.0)], 2);
        assert!(parked.to_string().contains("huangye-demo"), "{parked}");
    }

    #[test]
    fn all_verdicts_may_be_told_and_spelling_does_not_matter() {
        let truth = truth();
        let told = |url: &str, verdict: &str| {
            let report = truth.hold_against([(url, verdict, 1.0)], 1);
            report.wrong.iter().any(|wrong| wrong.score.is_some())
        };
        assert!(!told("https://CX.MEM.gov.cn#top", "official"));
        assert!(told("http://cx.mem.gov.cn/", "benign"));
        assert!(!told("http://member-demo.example/login?next=%2ffeed", "notice"));
        assert!(told("http://barred.example/", "benign"), "nobody may look there");
    }

    #[test]
    fn every_flaw_is_named_with_its_line() {
        let text =
            "[[page]]\nurl = \"a\"\nexpect = \"benign\"\nwhy = \"\"\ndays = \"0-\"\n\n[[page]]\nurl = 1\n\n[[pages]]\n";
        let flaws = Truth::parse(text).unwrap_err();
        let lines: Vec<usize> = flaws.iter().map(|flaw| flaw.line).collect();
        assert_eq!(lines, [1, 1, 8, 10], "{flaws:?}");
        assert!(flaws[3].to_string().contains("truth.toml 第 10 行：不认识 pages"), "{}", flaws[3]);
    }
}
