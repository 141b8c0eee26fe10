//! Baselines as an officer meets them: captured from the practice web and from files, and pages held against them. The real
//! binary; no network.

use std::{path::Path, process::Command};

use serde_json::Value;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    command.args(args).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JIANZHENG_") {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn objects(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// A look-up as an authority's own site shows it.
const LOOK_UP: &str = include_str!("data/pages/look-up.html");

#[test]
fn a_page_of_the_practice_web_is_captured_and_listed_and_captured_again_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let ran =
            run(folder.path(), &["--practice", "baseline", "capture", "http://cx.mem.gov.cn/", "--by", "officer"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("1 号官网样本：http://cx.mem.gov.cn/（应急管理部）"), "{}", ran.out);
    }
    let rows = objects(&run(folder.path(), &["--practice", "--json", "baseline", "list"]));
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["host"], &rows[0]["actor"]), (&Value::from("cx.mem.gov.cn"), &Value::from("officer")));
    assert!(rows[0]["parts"].as_array().unwrap().contains(&Value::from("文字")), "{}", rows[0]);
}

#[test]
fn only_a_protected_site_is_a_baseline_and_a_file_says_of_which() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cx.html"), LOOK_UP).unwrap();
    std::fs::write(folder.path().join("empty.html"), "<p>正在加载").unwrap();
    for (args, say) in [
        (&["http://www.shili.example/"][..], "www.shili.example 不在受保护的官网名单里"),
        (&["cx.html"], "要用 --as 写明"),
        (&["cx.html", "--as", "cx.mem.gov.cn.zs-demo.example"], "不在受保护的官网名单里"),
        (&["none.html"], "没有“none.html”这个文件"),
        (&["none.html", "--as", "cx.mem.gov.cn"], "没有“none.html”这个文件"),
        (&["."], "“.”是目录"),
    ] {
        let ran = run(folder.path(), &[&["baseline", "capture"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(say), "{args:?}: {}", ran.err);
    }
    assert!(!folder.path().join("data").exists(), "nothing is kept of what was refused");
    std::fs::write(folder.path().join("binary.html"), [LOOK_UP.as_bytes(), b"\0\x01"].concat()).unwrap();
    let ran =
        run(folder.path(), &["baseline", "capture", "cx.html", "empty.html", "binary.html", "--as", "cx.mem.gov.cn"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("binary.html 没有采到：不是网页"), "{}", ran.err);
    assert!(ran.err.contains("empty.html 没有采到：网页内容太少"), "{}", ran.err);
    assert!(ran.out.contains("能比对：文字、版面、标题、脚本样式、统计号、表单"), "{}", ran.out);
    let ran = run(folder.path(), &["--json", "baseline", "list"]);
    assert_eq!(objects(&ran)[0]["file"], "cx.html");
}

/// What `check` says of the look-up, saved on another host or changed in some way.
fn checked(folder: &Path, html: &str, url: &str) -> Value {
    std::fs::write(folder.join("page.html"), html).unwrap();
    let ran = run(folder, &["--json", "check", "--offline", "page.html", "--url", url]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    objects(&ran).remove(0)
}

fn copies(row: &Value) -> Vec<(String, String)> {
    let signals = row["signals"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    signals
        .map(|signal| (text(&signal["rule"]), text(&signal["say"])))
        .filter(|(rule, _)| rule.starts_with("fake.copied-"))
        .collect()
}

#[test]
fn check_names_what_was_copied_and_from_where_and_innocents_copied_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("cx.html"), LOOK_UP).unwrap();
    let before = checked(folder, LOOK_UP, "http://a.example/");
    assert_eq!(copies(&before), []);
    let ran = run(folder, &["baseline", "capture", "cx.html", "--as", "http://cx.mem.gov.cn/"]);
    assert_eq!(ran.code, 0, "{}", ran.err);

    let copy = checked(folder, LOOK_UP, "http://a.example/");
    assert_eq!(copy["verdict"], "fake_site", "{copy}");
    assert!(copy["score"].as_f64() > before["score"].as_f64());
    let said = copies(&copy);
    let whole = said.iter().find(|(rule, _)| rule == "fake.copied-page").unwrap_or_else(|| panic!("{said:?}"));
    for word in [
        "文字与 cx.mem.gov.cn 的相同：样本正文约 100% 一字不差",
        "版面与 cx.mem.gov.cn 的相同",
        "czzcx_query.js",
        "百度统计 0123456789abcdef",
    ] {
        assert!(whole.1.contains(word), "{word}: {}", whole.1);
    }
    assert!(said.iter().any(|(rule, _)| rule == "fake.copied-statistics"), "{said:?}");

    // Who has leave to look so.
    for url in [
        "http://cx.mem.gov.cn/",
        "http://yjt.zj.gov.cn/mirror/",
        "http://web.archive.org/web/2026/http://cx.mem.gov.cn/",
    ] {
        assert_eq!(copies(&checked(folder, LOOK_UP, url)), [], "{url}");
    }
    // The same account or the same layout alone accuses nobody.
    let account = "<title>土豆丝的做法</title><p>把土豆切成丝</p><script src='https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef'></script>";
    let other: String =
        LOOK_UP.chars().map(|c| if ('\u{4e00}'..='\u{9fff}').contains(&c) { '菜' } else { c }).collect();
    let other = other.replace("name=\"zj", "name=\"q").replace("czzcx", "menu").replace("hm.js?0123", "hm.js?ffff");
    for (html, rule) in [(account, "fake.copied-statistics"), (other.as_str(), "fake.copied-layout")] {
        let row = checked(folder, html, "http://a.example/");
        let said = copies(&row);
        assert_eq!((said.len(), said[0].0.as_str(), row["verdict"].as_str()), (1, rule, Some("benign")), "{row}");
    }
    // Programs that read a stream have no store.
    let line = serde_json::json!({ "url": "http://a.example/", "html": LOOK_UP }).to_string();
    let judged = {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_jianzheng"))
            .arg("judge")
            .current_dir(folder)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    assert!(!judged.contains("fake.copied-"), "{judged}");
}

#[test]
fn a_baseline_taken_away_accuses_nobody_any_more_and_its_number_is_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("cx.html"), LOOK_UP).unwrap();
    let capture = |id: &str| {
        let ran = run(folder, &["baseline", "capture", "cx.html", "--as", "http://cx.mem.gov.cn/"]);
        assert!(ran.out.starts_with(&format!("{id} 号官网样本")), "{}{}", ran.out, ran.err);
    };
    capture("1");
    assert!(!copies(&checked(folder, LOOK_UP, "http://a.example/")).is_empty());
    let ran = run(folder, &["baseline", "remove", "1", "--by", "officer"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "撤掉了 1 号官网样本：http://cx.mem.gov.cn/（应急管理部）\n"),
        "{}",
        ran.err
    );
    assert_eq!(copies(&checked(folder, LOOK_UP, "http://a.example/")), []);
    let again = run(folder, &["baseline", "remove", "1"]);
    assert!(again.code != 0 && again.err.contains("没有编号为 1 的官网样本"), "{} {}", again.code, again.err);
    capture("2");
}
