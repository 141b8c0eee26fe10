//! The main job, end to end: whole rounds on the practice web by the real program, held against what is true of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

fn jianzheng(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    command.current_dir(data).arg("--data").arg(data).args(["--json", "--practice"]).args(args);
    command
}

fn lines(data: &Path, args: &[&str]) -> Vec<Value> {
    let output = jianzheng(data, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn summary(data: &Path, args: &[&str]) -> Value {
    lines(data, args).pop().unwrap()
}

fn targets(data: &Path, state: &str) -> BTreeSet<String> {
    let cases = lines(data, &["cases", "list"]);
    cases.iter().filter(|c| c["state"] == state).map(|c| c["target"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_round_finds_what_is_there_and_accuses_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let first = summary(data.path(), &["patrol"]);
    let truth = first["truth"].as_str().unwrap();
    assert!(truth.lines().next().unwrap().ends_with("对 0 错"), "{truth}");
    assert_eq!(first["cut_off"], false);
    assert!(first["not_looked_at"].as_u64().unwrap() >= 2, "a barred host and a wall are not looked at: {first}");
    assert!(first["digests"].as_array().unwrap().iter().all(|d| d["state"] == "sent"));
    for source in first["sources"].as_array().unwrap() {
        let sum: u64 = ["ok", "zero", "blocked", "degraded", "broken", "timeout"]
            .iter()
            .map(|k| source[k].as_u64().unwrap())
            .sum();
        assert_eq!(source["asked"].as_u64().unwrap(), sum);
    }

    let again = summary(data.path(), &["patrol"]);
    assert_eq!(again["hits_new"], 0, "{again}");
    let mails = std::fs::read_dir(data.path().join("practice/outbox")).unwrap().count();

    let second = summary(data.path(), &["patrol", "--day", "2"]);
    let by_kind: u64 = second["hits_by_kind"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert!(by_kind > 0 && second["hits_new"] == by_kind, "{second}");
    let truth = second["truth"].as_str().unwrap();
    assert!(truth.lines().next().unwrap().ends_with("对 0 错"), "{truth}");
    let gone: BTreeSet<String> =
        ["closed", "delisted", "vanished"].iter().flat_map(|s| targets(data.path(), s)).collect();
    assert!(gone.contains("wq8zk3vt.test"), "{gone:?}");
    assert!(targets(data.path(), "new").contains("mem-gov-cx.test"));
    let hits = lines(data.path(), &["hits", "list"]);
    for (part, guest) in [("huaxiu-demo.test", "手机微信"), ("jiaju-demo.example", "从搜索结果点进来的人")]
    {
        let hit = hits.iter().find(|h| h["url"].as_str().unwrap().contains(part)).unwrap();
        let told = summary(data.path(), &["hits", "show", &hit["id"].to_string()]);
        assert!(told["chain"].to_string().contains(&format!("以“{guest}”的身份看到")), "{told}");
        assert!(["up", "changed"].contains(&told["state"].as_str().unwrap()), "seen as before, not gone: {told}");
        assert!(told["reasons"].to_string().contains("seller.cloaked"), "{told}");
    }
    let case_of = |part: &str| hits.iter().find(|h| h["url"].as_str().unwrap().contains(part)).unwrap()["case"].clone();
    assert_eq!(
        case_of("bokai-old.test"),
        case_of("anxin-new.example"),
        "back elsewhere with the same WeChat: one seller, one case"
    );
    assert_eq!(
        std::fs::read_dir(data.path().join("practice/outbox")).unwrap().count(),
        2 * mails,
        "one mail a contact and day"
    );
}

#[test]
fn a_killed_round_is_taken_up_again_and_finds_the_same() {
    let whole = tempfile::tempdir().unwrap();
    summary(whole.path(), &["patrol"]);
    let urls = |data: &Path| -> Vec<String> {
        let mut urls: Vec<String> =
            lines(data, &["hits", "list"]).iter().map(|h| h["final_url"].as_str().unwrap().to_owned()).collect();
        urls.sort();
        urls
    };
    let wanted = urls(whole.path());
    let broken = tempfile::tempdir().unwrap();
    for wait in [300, 700, 1_500] {
        let mut child =
            jianzheng(broken.path(), &["patrol"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let end = summary(broken.path(), &["patrol"]);
    assert_eq!(end["cut_off"], false);
    let found = urls(broken.path());
    let distinct: BTreeSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "nothing is found twice");
    assert_eq!(found, wanted);
    assert!(lines(broken.path(), &["evidence", "verify"]).iter().all(|row| row["ok"] == true));
}

#[test]
fn a_false_alarm_is_withdrawn_in_the_next_digest_of_all_who_were_told() {
    let data = tempfile::tempdir().unwrap();
    summary(data.path(), &["patrol"]);
    let cases = lines(data.path(), &["cases", "list"]);
    let case = cases.iter().find(|c| !c["notified"].as_array().unwrap().is_empty()).unwrap();
    let id = case["id"].to_string();
    let told = case["notified"].as_array().unwrap().len();
    lines(data.path(), &["cases", "dismiss", &id, "--wrong"]);
    summary(data.path(), &["patrol", "--day", "2"]);
    let after = lines(data.path(), &["cases", "list"]);
    let after = after.iter().find(|c| c["id"] == case["id"]).unwrap();
    assert_eq!(after["state"], "wrong");
    assert_eq!(after["notified"].as_array().unwrap().len(), 2 * told, "{after}");
}

#[test]
fn two_at_once_are_one_and_a_clear_word() {
    let data = tempfile::tempdir().unwrap();
    let mut first = jianzheng(data.path(), &["patrol"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lock = data.path().join("practice/lock");
    for _ in 0..200 {
        if std::fs::read_to_string(&lock).is_ok_and(|pid| pid.trim() == first.id().to_string()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    let second = jianzheng(data.path(), &["patrol"]).output().unwrap();
    if first.try_wait().unwrap().is_none() {
        assert!(!second.status.success());
        assert!(String::from_utf8_lossy(&second.stderr).contains(&first.id().to_string()));
    }
    first.wait().unwrap();
}

#[test]
fn innocents_age_out_and_the_evidence_of_hits_stays() {
    let data = tempfile::tempdir().unwrap();
    summary(data.path(), &["patrol"]);
    let files = |series: &str| -> BTreeSet<String> {
        let folder = std::fs::read_dir(data.path().join("practice/warc")).unwrap();
        let names = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(&format!("jianzheng-{series}-"))).collect()
    };
    let (pages, hits) = (files("pages"), files("hits"));
    assert!(!pages.is_empty() && !hits.is_empty());

    summary(data.path(), &["patrol", "--day", "20"]);
    assert!(files("pages").is_superset(&pages), "thirty days are not over");

    summary(data.path(), &["patrol", "--day", "60"]);
    assert!(files("pages").is_disjoint(&pages), "{:?}", files("pages"));
    assert!(files("hits").is_superset(&hits));
    assert!(lines(data.path(), &["evidence", "verify"]).iter().all(|row| row["ok"] == true));
}

#[test]
fn seeds_are_looked_at_day_after_day() {
    let data = tempfile::tempdir().unwrap();
    summary(data.path(), &["patrol", "--no-mail"]);
    let hits = lines(data.path(), &["hits", "list"]).len() as u64;
    let host = summary(data.path(), &["host", "show", "hengda-demo.test"]);
    assert!(host["last_ok"].is_string() && host["robots"] != "", "{host}");
    for day in ["3", "5", "7"] {
        let round = summary(data.path(), &["patrol", "--no-mail", "--day", day]);
        // More than the known hits: the innocent seeds too, which may be a seller's tomorrow.
        assert!(round["fetched"].as_u64().unwrap() > hits + 10, "day {day}: {round}");
    }
}

#[test]
fn a_limit_on_pages_ends_the_crawl_and_not_the_sources() {
    let data = tempfile::tempdir().unwrap();
    let all = summary(tempfile::tempdir().unwrap().path(), &["patrol", "--no-mail"]);
    let few = summary(data.path(), &["patrol", "--no-mail", "--max-pages", "4"]);
    assert_eq!(few["fetched"], 4);
    assert_eq!(few["cut_off"], false);
    let asked = |summary: &Value| -> Vec<u64> {
        summary["sources"].as_array().unwrap().iter().map(|source| source["asked"].as_u64().unwrap()).collect()
    };
    assert_eq!(asked(&few), asked(&all));
}
