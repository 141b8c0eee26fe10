//! The clean corpus, pages of innocents that no rule set may accuse; and its counterpart, pages of the guilty that none may let go.
//!
//! They lie in `clean/*.ndjson` and `guilty/*.ndjson` beside the rules, one page a line: `url`, `html`, and for a page that is known to
//! be judged wrongly, `known` with the reason why that is put up with. A set that accuses nobody wrongs no innocent either, so the one
//! proves nothing without the other. Start at [`test()`]; [`line_of`] makes a line of a page that was kept.

use jianzheng_core::rules::{RuleSet, problem::Problem};
use jianzheng_core::verdict::{Kind, PRIOR, Signal, Thresholds, Verdict, score};
use jianzheng_core::wording::Manner;
use jianzheng_core::{entities, page};
use serde::{Deserialize, Serialize};
use url::Url;

/// Rules named of one accused page, the loudest first.
const NAMED: usize = 3;

#[derive(Deserialize, Serialize)]
struct Line {
    url: String,
    html: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known: Option<String>,
}

/// A line of the corpus: the page, its mobile numbers made up ones (130 0000 and the last four digits) where they are written as plain
/// digits. ID numbers must be masked already; names are for a person to change.
pub fn line_of(url: &Url, html: &str, phones: &[String], known: Option<&str>) -> String {
    let mut html = html.to_owned();
    for phone in phones.iter().filter(|phone| phone.len() == 11 && phone.starts_with('1')) {
        html = html.replace(phone.as_str(), &format!("1300000{}", &phone[7..]));
    }
    let line = Line { url: entities::mask_url(url.as_str()).into_owned(), html, known: known.map(str::to_owned) };
    // Three strings always make an object.
    serde_json::to_string(&line).unwrap_or_default()
}

/// Whether two lines are of one page, whatever is put up with.
pub fn is_same_page(a: &str, b: &str) -> bool {
    let page = |line: &str| serde_json::from_str(line).map(|line: Line| (line.url, line.html));
    matches!((page(a), page(b)), (Ok(a), Ok(b)) if a == b)
}

/// Whose pages they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `clean/`: none may be accused.
    Innocents,
    /// `guilty/`: all have to be.
    Guilty,
}

impl Of {
    /// The folder beside the rules.
    pub fn folder(self) -> &'static str {
        match self {
            Of::Innocents => "clean",
            Of::Guilty => "guilty",
        }
    }
}

/// What a rule set makes of one of the corpora.
#[derive(Debug, Default)]
pub struct Tested {
    /// Pages that were judged.
    pub pages: usize,
    /// Of these, judged wrongly as their `known` says.
    pub known: usize,
    /// What does not hold.
    pub failures: Vec<Problem>,
    /// Pages that are judged rightly by now: good news, and a mark to take away.
    pub settled: Vec<Problem>,
}

/// Judges every page of the files, given as (name, text).
pub fn test(of: Of, rules: &RuleSet, thresholds: Thresholds, files: &[(String, String)]) -> Tested {
    let mut tested = Tested::default();
    for (file, text) in files {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let problem = |code, say: String, advice: &str| {
                let (file, advice) = (file.clone(), advice.to_owned());
                Problem { code, file, line: number + 1, say, advice }
            };
            let Some((line, url)) = read(line) else {
                tested.failures.push(unreadable_line(file, number + 1));
                continue;
            };
            let extract = page::read_text(&line.html, Some(&url));
            let verdict = rules.judge(&extract, &url, thresholds);
            let accused = matches!(verdict.kind, Kind::FakeSite | Kind::Seller);
            let wrong = match of {
                Of::Innocents => accused,
                Of::Guilty => !accused || by_rules(&verdict) < thresholds.hit,
            };
            match (wrong, &line.known, of) {
                (true, None, Of::Innocents) => {
                    let advice = "改判得最重的那几条，或者减分；确实一时改不了，在这一行写上 known 和理由";
                    tested.failures.push(problem("clean-page-accused", accusation(&verdict, &url), advice));
                }
                (true, None, Of::Guilty) => {
                    let advice = "看是哪一处改动放过了它：减分的规则收紧一些，删去的说法补回来；确实不该再查的，在这一行写上 known 和理由";
                    tested.failures.push(problem("guilty-page-acquitted", acquittal(&verdict, &url), advice));
                }
                (false, Some(_), _) => {
                    let url = entities::mask_url(url.as_str());
                    let (code, say) = match of {
                        Of::Innocents => {
                            ("clean-page-settled", format!("守法网页 {url} 已不再被冤枉，known 可以去掉了"))
                        }
                        Of::Guilty => ("guilty-page-settled", format!("违法网页 {url} 又判得出来了，known 可以去掉了")),
                    };
                    tested.settled.push(problem(code, say, "删去这一行里的 known"));
                }
                _ => {}
            }
            tested.pages += 1;
            tested.known += usize::from(wrong && line.known.is_some());
        }
    }
    tested.failures.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    tested
}

/// Lines that cannot be read, for a check that judges nothing.
pub fn unreadable(files: &[(String, String)]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, text) in files {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && read(line).is_none());
        problems.extend(lines.map(|(number, _)| unreadable_line(file, number + 1)));
    }
    problems
}

fn unreadable_line(file: &str, line: usize) -> Problem {
    Problem {
        code: "clean-page-unreadable",
        file: file.to_owned(),
        line,
        say: "这一行读不懂：要有完整的 url 和 html".to_owned(),
        advice: r#"每行一个 JSON 对象，例如 {"url": "http://www.shili.example/", "html": "<p>…</p>"}；html 里的双引号写成 \"，换行写成 \n"#
            .to_owned(),
    }
}

/// Page and address of every line that can be read.
pub(super) fn pages(files: &[(String, String)]) -> impl Iterator<Item = (String, Url)> {
    files.iter().flat_map(|(_, text)| text.lines()).filter_map(read).map(|(line, url)| (line.html, url))
}

fn read(line: &str) -> Option<(Line, Url)> {
    let line: Line = serde_json::from_str(line).ok()?;
    let url = Url::parse(&line.url).ok()?;
    Some((line, url))
}

fn accusation(verdict: &Verdict, url: &Url) -> String {
    let url = entities::mask_url(url.as_str());
    let kind = if verdict.kind == Kind::Seller { "卖证" } else { "仿冒网站" };
    let own = verdict.signals.iter().filter(|signal| signal.points > 0.0 && signal.kind == verdict.kind.as_str());
    let rules: Vec<String> = own.take(NAMED).map(|s| format!("{} {:+}", s.rule, s.points)).collect();
    format!("守法网页 {url} 被判为{kind}（{:.0} 分），判得最重的是 {}", verdict.score, rules.join("、"))
}

/// The score of a page by the rules alone. The wording was learned from pages like these and knows them whatever is done to the rules; of
/// pages that nobody has seen yet it is less sure.
fn by_rules(verdict: &Verdict) -> f64 {
    let of = |kind: &str| {
        let own = verdict.signals.iter().filter(|signal| signal.kind == kind);
        let rules = own.filter(|signal| Manner::ALL.iter().all(|manner| manner.rule() != signal.rule));
        score(PRIOR + rules.map(|signal| signal.points).sum::<f64>())
    };
    of(Kind::Seller.as_str()).max(of(Kind::FakeSite.as_str()))
}

/// Who spoke for a guilty page, and how little was left against it.
fn acquittal(verdict: &Verdict, url: &Url) -> String {
    let url = entities::mask_url(url.as_str());
    let is_rule = |signal: &&Signal| Manner::ALL.iter().all(|manner| manner.rule() != signal.rule);
    let mut against: Vec<_> = verdict.signals.iter().filter(is_rule).filter(|signal| signal.points < 0.0).collect();
    against.sort_by(|a, b| a.points.total_cmp(&b.points));
    let rules: Vec<String> = against.iter().take(NAMED).map(|s| format!("{} {:+}", s.rule, s.points)).collect();
    let why = match rules.as_slice() {
        [] => "没有规则替它开脱，是指认它的规则少了".to_owned(),
        rules => format!("替它开脱的是 {}", rules.join("、")),
    };
    let left = by_rules(verdict).min(verdict.score);
    format!("违法网页 {url} 靠规则判不出来了（不算用词的分量，{left:.0} 分），{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> RuleSet {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<(String, String)> = files
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        RuleSet::compile(&files).unwrap()
    }

    const SELLER: &str = r#""url": "http://www.shili.example/", "html": "<h1>电工证代办</h1><p>不用考试，三天拿证，先出证后付款，微信：shili_dianti，电话 13000000123</p>""#;

    #[test]
    fn a_kept_page_becomes_a_line_with_numbers_of_nobody() {
        let url = Url::parse("http://www.shili.example/a?id=1").unwrap();
        // Put together here, so that nobody's number stands in the repository.
        let mobile = ["139", "0000", "5678"].concat();
        let html = &format!("<p title=\"a\">报名电话 {mobile}、0571-88880000\n</p>");
        let line = line_of(&url, html, &[mobile, "057188880000".into()], Some("先放着"));
        let (made, address) = read(&line).unwrap();
        assert_eq!(made.html, "<p title=\"a\">报名电话 13000005678、0571-88880000\n</p>");
        assert_eq!((made.known.as_deref(), address), (Some("先放着"), url.clone()));
        assert!(!line.contains('\n'));
        assert!(!line_of(&url, html, &[], None).contains("known"));
    }

    #[test]
    fn an_accused_innocent_is_told_with_the_rules_that_did_it() {
        let text = format!(
            "{{{SELLER}}}\n\n{{\"url\": \"http://www.shili.example/b\", \"html\": \"<p>今天有雨</p>\", \"known\": \"旧账\"}}\nnot json\n\
             {{{SELLER}, \"known\": \"先这样\"}}\n"
        );
        let tested = test(Of::Innocents, &shipped(), Thresholds::default(), &[("clean/a.ndjson".into(), text)]);
        let told: Vec<_> = tested.failures.iter().map(|p| (p.code, p.line)).collect();
        assert_eq!(told, [("clean-page-accused", 1), ("clean-page-unreadable", 4)], "{:?}", tested.failures);
        assert!(tested.failures[0].say.contains("seller."), "{}", tested.failures[0].say);
        assert_eq!((tested.pages, tested.known), (3, 1));
        assert_eq!((tested.settled.len(), tested.settled[0].line), (1, 3));
    }

    #[test]
    fn guilty_pages_are_told_when_a_set_lets_them_go() {
        let text = format!(
            "{{{SELLER}}}\n{{\"url\": \"http://www.shili.example/a\", \"html\": \"<p>今天有雨</p>\"}}\n\
             {{\"url\": \"http://www.shili.example/b\", \"html\": \"<p>今天有雨</p>\", \"known\": \"旧账\"}}\n{{{SELLER}, \"known\": \"先这样\"}}\n"
        );
        let tested = test(Of::Guilty, &shipped(), Thresholds::default(), &[("guilty/a.ndjson".into(), text)]);
        let told: Vec<_> = tested.failures.iter().map(|p| (p.code, p.line)).collect();
        assert_eq!(told, [("guilty-page-acquitted", 2)], "{:?}", tested.failures);
        assert!(tested.failures[0].say.contains("指认它的规则少了"), "{}", tested.failures[0].say);
        assert_eq!((tested.pages, tested.known), (4, 1));
        assert_eq!(tested.settled.iter().map(|p| (p.code, p.line)).collect::<Vec<_>>(), [("guilty-page-settled", 4)]);
    }
}
