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
        let ran = run(folder.path(), &["--practice", "baseline", "capture", "http://cx.mem.gov.cn/", "--by", "officer"]);
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
        (&["none.html"], "不在受保护的官网名单里"),
    ] {
        let ran = run(folder.path(), &[&["baseline", "capture"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(say), "{args:?}: {}", ran.err);
    }
    assert!(!folder.path().join("data").exists(), "nothing is kept of what was refused");
    let ran = run(folder.path(), &["baseline", "capture", "cx.html", "empty.html", "--as", "cx.mem.gov.cn"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("empty.html 没有采到：网页内容太少"), "{}", ran.err);
    assert!(ran.out.contains("能比对：文字、版面、标题、脚本样式、统计号、表单"), "{}", ran.out);
    let ran = run(folder.path(), &["--json", "baseline", "list"]);
    assert_eq!(objects(&ran)[0]["file"], "cx.html");
}
