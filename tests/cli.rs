//! The program as a person or a script meets it: the real binary, its exit codes, its words. No network, no fixed place.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    command.args(args).current_dir(folder);
    // Whoever runs the tests may have settings of their own.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JIANZHENG_") {
            command.env_remove(name);
        }
    }
    command
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code().expect("ended by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            err: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }

    fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(command(folder, args).stdin(Stdio::null()).output().unwrap())
}

fn fed(folder: &Path, args: &[&str], input: &[u8]) -> Ran {
    let mut child =
        command(folder, args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || {
        // The program may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let ran = Ran::of(child.wait_with_output().unwrap());
    feeder.join().unwrap();
    ran
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

const COMMANDS: &[&str] = &[
    "patrol",
    "daemon",
    "check",
    "judge",
    "hosts",
    "hits",
    "hits list",
    "hits show",
    "hits label",
    "hits export",
    "host",
    "host show",
    "cases",
    "cases list",
    "cases show",
    "cases confirm",
    "cases dismiss",
    "cases note",
    "digest",
    "digest preview",
    "digest send",
    "digest status",
    "digest resend",
    "rules",
    "rules check",
    "rules test",
    "rules list",
    "sources",
    "sources list",
    "evidence",
    "evidence verify",
    "baseline",
    "baseline capture",
    "baseline list",
    "doctor",
    "init",
];

#[test]
fn every_command_has_chinese_help_with_an_example() {
    let folder = folder();
    for command in COMMANDS {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let ran = run(folder.path(), &args);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command}");
        for word in ["用法：", "例子：", "选项", &format!("jianzheng {command}")] {
            assert!(ran.out.contains(word), "{command} lacks {word}:\n{}", ran.out);
        }
        for english in ["Usage", "Options:", "Arguments:", "Commands:", "Print help", "[default", "[possible"] {
            assert!(!ran.out.contains(english), "{command}: {english}\n{}", ran.out);
        }
    }
}

#[test]
fn the_help_names_every_command_and_the_short_flag_says_the_same() {
    let folder = folder();
    let long = run(folder.path(), &["--help"]);
    assert_eq!(long.code, 0);
    for command in COMMANDS.iter().filter(|command| !command.contains(' ')) {
        assert!(long.out.lines().any(|line| line.trim_start().starts_with(command)), "{command}\n{}", long.out);
    }
    assert_eq!(run(folder.path(), &["-h"]).out, long.out);
    assert!(run(folder.path(), &["--version"]).out.starts_with("jianzheng "));
}

#[test]
fn wrong_usage_is_told_in_chinese_with_a_way_out() {
    let folder = folder();
    for (args, words) in [
        (&["nonsense"][..], &["没有“nonsense”这个命令", "jianzheng --help"][..]),
        (&["patorl"], &["是否想写 patrol"]),
        (&["rules", "chekc"], &["是否想写 check", "jianzheng rules --help"]),
        (&["hosts", "--flaged"], &["不认识的选项 --flaged", "是否想写 --flagged", "jianzheng hosts --help"]),
        (&["rules"], &["后面要写一个命令", "check"]),
        (&[], &["后面要写一个命令", "patrol"]),
        (&["hits", "show"], &["缺少参数", "ID"]),
        (&["hits", "show", "abc"], &["“abc”不对", "要写整数"]),
        (&["hits", "list", "--verdict", "selle"], &["“selle”不对", "fake_site", "是否想写 seller"]),
        (&["patrol", "--max-pages", "0"], &["--max-pages", "大于 0 的整数"]),
        (&["patrol", "--practice", "--day", "0"], &["--day", "1 到 3650"]),
        (&["cases", "dismiss", "1", "--wrong", "--undo"], &["--wrong", "不能和", "--undo", "一起用"]),
        (&["rules", "check", "--json", "--json"], &["--json 只能写一次"]),
        (&["--config"], &["--config", "后面要写值"]),
        (&["rules", "explain", "@核心招"], &["没有词表 @核心招", "@核心招揽"]),
        (&["rules", "check", "x\u{1b}[2J"], &["多出来的参数", "u{1b}"]),
        (&["--day", "2", "rules", "check"], &["--practice"]),
        (&["--as-of", "2026-12-05", "rules", "check"], &["--as-of", "例如"]),
        (&["daemon", "--as-of", "2026-12-05T09:00:00+08:00"], &["daemon", "--as-of"]),
        (&["patrol", "--sources", "gogle"], &["没有叫“gogle”的来源", "searxng"]),
        (&["patrol", "--seeds", "none.txt"], &["找不到文件 none.txt"]),
    ] {
        let ran = run(folder.path(), args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        for word in words {
            assert!(ran.err.contains(word), "{args:?} lacks {word}: {}", ran.err);
        }
        assert!(!ran.err.contains('\u{1b}') && !ran.err.contains("error:"), "{args:?}: {}", ran.err);
    }
}

#[test]
fn global_flags_stand_anywhere_on_the_line() {
    let folder = folder();
    for args in [["--json", "rules", "list"], ["rules", "--json", "list"], ["rules", "list", "--json"]] {
        let ran = run(folder.path(), &args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.objects().iter().all(|rule| rule["id"].is_string()), "{args:?}");
    }
}

#[test]
fn all_mistakes_in_the_settings_are_told_at_once() {
    let folder = folder();
    let text = "[network]\nproxi = \"x\"\nhost_delay_ms = \"soon\"\n[digest]\nthreshold = 900\n[sources.gogle]\nenabled = true\n";
    std::fs::write(folder.path().join("bad.toml"), text).unwrap();
    let ran = run(folder.path(), &["--config", "bad.toml", "rules", "check"]);
    assert_eq!(ran.code, 2);
    for word in ["bad.toml 第 2 行", "proxi", "proxy", "host_delay_ms", "threshold"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    let ran = run(folder.path(), &["--config", "bad.toml", "--json", "doctor"]);
    assert_eq!(ran.code, 2);
    assert!(ran.objects().len() >= 3 && ran.objects().iter().all(|row| row["ok"] == false), "{}", ran.out);
    std::fs::write(folder.path().join("bad.toml"), "[sources.gogle]\nenabled = true\n").unwrap();
    let ran = run(folder.path(), &["--config", "bad.toml", "hosts"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("gogle") && ran.err.contains("第 1 行"), "{}", ran.err);
}

#[test]
fn rules_check_tells_every_mistake_with_its_place() {
    let folder = folder();
    let rules = folder.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/rules")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            std::fs::copy(&path, rules.join(path.file_name().unwrap())).unwrap();
        }
    }
    let broken = "[[rule]]\nid = \"seller.demo\"\ntitle = \"演示\"\nkind = \"selle\"\nfamily = \"offer\"\npoints = 99.0\n\
        status = \"在用\"\nauthor = \"测试\"\ndate = \"2026-11-23\"\nfalse_alarms = \"无关的演示页面\"\nany = [\"免考拿证\"]\n\
        hit = [\"免考拿证\"]\nmiss = [\"今天\"]\ncolour = \"red\"\n";
    std::fs::write(rules.join("mine.toml"), broken).unwrap();
    let mut asked = command(folder.path(), &["rules", "check", "--json"]);
    let ran = Ran::of(asked.env("JIANZHENG_GENERAL__RULES", "rules").output().unwrap());
    assert_eq!(ran.code, 2, "{}", ran.err);
    let problems = ran.objects();
    let lines: Vec<u64> = problems.iter().filter_map(|problem| problem["line"].as_u64()).collect();
    for line in [4, 6, 14] {
        assert!(lines.contains(&line), "line {line}: {}", ran.out);
    }
    for problem in &problems {
        assert!(problem["file"].as_str().unwrap().ends_with("rules/mine.toml"), "{problem}");
        assert!(["code", "say", "advice"].iter().all(|field| problem[field].is_string()), "{problem}");
    }
}

#[test]
fn the_shipped_rules_are_sound_and_prove_themselves() {
    let folder = folder();
    let ran = run(folder.path(), &["rules", "check"]);
    assert!(ran.code == 0 && ran.out.contains("没有错误") && ran.out.contains("sha256:"), "{}{}", ran.out, ran.err);
    let ran = run(folder.path(), &["rules", "check", "--json"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let ran = run(folder.path(), &["rules", "test"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

fn page(id: u32, html: &str) -> String {
    serde_json::json!({ "id": id, "url": format!("http://www.shili{id}.example/a"), "html": html }).to_string()
}

const OFFER: &str = "<title>低压电工证代办 免考拿证</title><h1>低压电工证 特种作业证代办</h1><p>不用考试，三天出证，先办证后付款。</p>\
    <p>加微信 tzzy_demo88 或电话 130 0000 1234</p>";

#[test]
fn judge_answers_in_order_with_errors_in_their_place() {
    let folder = folder();
    let mut input = String::new();
    for id in 0..200 {
        // Long and short pages mixed, so that threads finish out of order.
        let html = if id % 7 == 0 { OFFER.repeat(200) } else { "<p>今天晴".to_owned() };
        input.push_str(&page(id, &html));
        input.push('\n');
    }
    input.push_str("\n  \n{not json\n[1]\n");
    input.push_str(&page(200, OFFER));
    let ran = fed(folder.path(), &["judge"], input.as_bytes());
    assert_eq!(ran.code, 1, "{}", ran.err);
    let answers = ran.objects();
    assert_eq!(answers.len(), 203);
    for (id, answer) in answers.iter().take(200).enumerate() {
        assert_eq!(answer["id"], id);
        assert!(answer.get("text").is_none());
    }
    for (answer, line) in answers[200..202].iter().zip([203, 204]) {
        assert!(answer["error"].is_string() && answer["line"] == line, "{answer}");
    }
    assert_eq!(answers[202]["id"], 200);
}

#[test]
fn judge_has_every_field_and_its_sum_is_right() {
    let folder = folder();
    let ran = fed(folder.path(), &["judge", "--text"], page(1, OFFER).as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let verdict = &ran.objects()[0];
    assert_eq!((&verdict["host"], &verdict["verdict"]), (&"www.shili1.example".into(), &"seller".into()), "{verdict}");
    assert_eq!(verdict["route"], verdict["routes"][0]);
    assert!(verdict["authority"].is_null() && verdict["rules"].as_str().unwrap().starts_with("sha256:"));
    let text: Vec<char> = verdict["text"].as_str().unwrap().chars().collect();
    let signals = verdict["signals"].as_array().unwrap();
    assert!(!signals.is_empty());
    let mut odds = verdict["prior"].as_f64().unwrap();
    for signal in signals {
        if signal["kind"] == "seller" {
            odds += signal["points"].as_f64().unwrap();
        }
        if let Some(at) = signal.get("at") {
            let [start, end] = [0, 1].map(|index| at[index].as_u64().unwrap() as usize);
            assert_eq!(text[start..end].iter().collect::<String>(), signal["quote"].as_str().unwrap());
        }
    }
    let score = verdict["kind_scores"]["seller"].as_f64().unwrap();
    assert!((score - 100.0 / (1.0 + 10f64.powf(-odds / 10.0))).abs() < 0.1, "{score} {odds}");
}

#[test]
fn judge_reads_files_and_codes_below_its_root_only() {
    let folder = folder();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let (gbk, _, _) = encoding_rs::GBK.encode("<meta charset=gbk><title>焊工证</title><p>焊工证免考包过");
    std::fs::write(root.join("page.html"), gbk).unwrap();
    let code = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/practice/images/sample-qr.png");
    std::fs::copy(code, root.join("code.png")).unwrap();
    std::fs::write(folder.path().join("secret.html"), "<p>外面").unwrap();
    let input = "{\"id\":1,\"url\":\"http://a.example/\",\"file\":\"page.html\",\"charset\":\"utf-8\",\"images\":[\"code.png\"]}\n\
        {\"id\":2,\"url\":\"http://a.example/\",\"file\":\"../secret.html\"}\n\
        {\"id\":3,\"url\":\"http://a.example/\",\"html\":\"\",\"images\":[\"/etc/hostname\"]}\n";
    let ran = fed(folder.path(), &["judge", "--text", "--root", "root"], input.as_bytes());
    assert_eq!(ran.code, 1);
    let answers = ran.objects();
    assert!(answers[0]["text"].as_str().unwrap().contains("焊工证免考包过"), "{}", answers[0]);
    assert_eq!((&answers[1]["line"], &answers[2]["line"]), (&2.into(), &3.into()));
    assert!(answers[1]["error"].as_str().unwrap().contains("--root"), "{}", answers[1]);
}

/// Writes one line at a time and wants its answer before the next.
fn answers_at_once(args: &[&str], lines: &[&str]) {
    let folder = folder();
    let mut child = command(folder.path(), args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = child.stdout.take().unwrap();
    let (told, answers) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| told.send(line)).ok();
    });
    for line in lines {
        stdin.write_all(line.as_bytes()).unwrap();
        stdin.write_all(b"\n").unwrap();
        stdin.flush().unwrap();
        let wait = std::time::Duration::from_secs(60);
        answers.recv_timeout(wait).expect("no answer waits for more input");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn no_answer_waits_for_more_input() {
    answers_at_once(&["judge"], &[&page(1, OFFER), &page(2, "<p>今天")]);
    answers_at_once(&["hosts"], &["www.shili.example", "http://例子.example/", "cx.mem.gov.cn"]);
}

#[test]
fn hosts_answers_each_line_and_names_the_bad_ones() {
    let folder = folder();
    let input = "cx.mem.gov.cn\nhttp://www.shili.example/x\n\ncx.mem.gov.cn.zz-demo.top\n例子.example\nbad name!!\n";
    let ran = fed(folder.path(), &["hosts"], input.as_bytes());
    assert_eq!(ran.code, 1);
    let answers = ran.objects();
    let verdicts: Vec<&str> = answers.iter().filter_map(|answer| answer["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["official", "clean", "spoof", "clean"]);
    assert_eq!(answers[2]["near"], "cx.mem.gov.cn");
    assert_eq!(answers[3]["host"], "xn--fsqu00a.example");
    assert_eq!(answers[4]["line"], 6);
    let ran =
        fed(folder.path(), &["hosts", "--flagged"], b"www.shili.example\ncx.mem.gov.cn\ncx.mem.gov.cn.zz-demo.top\n");
    assert_eq!((ran.code, ran.objects().len()), (0, 1));
}

#[test]
fn a_reader_that_has_enough_ends_the_program_quietly() {
    let folder = folder();
    let mut child = command(folder.path(), &["hosts"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || while stdin.write_all(b"www.shili.example\n").is_ok() {});
    let ran = Ran::of(child.wait_with_output().unwrap());
    feeder.join().unwrap();
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn check_explains_a_file_in_chinese() {
    let folder = folder();
    std::fs::write(folder.path().join("offer.html"), OFFER).unwrap();
    let args = ["check", "--offline", "offer.html", "--url", "http://www.shili.example/a"];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for word in ["结论：卖证", "原文：“", "tzzy_demo88", "13000001234", "低压电工", "建议：", "市监"]
    {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    let ran = run(folder.path(), &[&args[..], &["--json"]].concat());
    assert_eq!(ran.objects()[0]["verdict"], "seller");
}

#[test]
fn check_reads_the_codes_of_a_picture_and_looks_at_their_links() {
    let folder = folder();
    let code = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/practice/images/sample-qr.png");
    std::fs::copy(code, folder.path().join("code.png")).unwrap();
    let ran = run(folder.path(), &["--json", "check", "--offline", "code.png"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = ran.objects();
    let codes = told[0]["qr"].as_array().unwrap();
    assert!(!codes.is_empty(), "{}", ran.out);
    let links = codes.iter().filter(|code| code.as_str().unwrap().starts_with("http")).count();
    assert_eq!(told.len(), 1 + links, "{}", ran.out);
}

#[test]
fn check_goes_to_no_private_address_and_says_what_it_cannot_find() {
    let folder = folder();
    let ran = run(folder.path(), &["check", "http://127.0.0.1:9/"]);
    assert!(ran.code == 1 && ran.out.contains("看不到："), "{}{}", ran.out, ran.err);
    let ran = run(folder.path(), &["check", "--offline", "http://cx.mem.gov.cn.zz-demo.top/"]);
    assert!(ran.code == 0 && ran.out.contains("仿冒"), "{}{}", ran.out, ran.err);
}

#[test]
fn init_writes_settings_that_hold_and_never_overwrites() {
    let folder = folder();
    let ran = run(folder.path(), &["init"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(run(folder.path(), &["rules", "check"]).code, 0, "what init writes can be read");
    std::fs::write(folder.path().join("jianzheng.toml"), "# mine\n").unwrap();
    let ran = run(folder.path(), &["init"]);
    assert!(ran.code == 1 && ran.err.contains("jianzheng.toml"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(folder.path().join("jianzheng.toml")).unwrap(), "# mine\n");
}

#[test]
fn doctor_names_what_is_missing_and_leaves_no_trace() {
    let folder = folder();
    let ran = run(folder.path(), &["--json", "doctor"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let rows = ran.objects();
    let of = |check: &str| rows.iter().find(|row| row["check"] == check).unwrap_or_else(|| panic!("{check}"));
    for check in ["config", "rules", "clock", "data", "space", "store", "warc", "mail", "network", "browser"] {
        assert_eq!(of(check)["ok"], true, "{}", of(check));
    }
    for check in ["contacts", "sources"] {
        assert!(of(check)["ok"] == false && !of(check)["advice"].as_str().unwrap().is_empty(), "{}", of(check));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn check_looks_as_somebody_else_where_a_page_hides_and_tells_what_each_saw() {
    let folder = tempfile::tempdir().unwrap();
    let hidden = "http://huaxiu-demo.test/";
    let ran = run(folder.path(), &["--practice", "check", hidden]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for said in [
        "换身份再看（缘由：",
        "本程序的名义：网页“花秀鲜花坊",
        "手机微信：网页“特种证加急”",
        "下面按“手机微信”看到的判断",
    ] {
        assert!(ran.out.contains(said), "{said} is not in {}", ran.out);
    }
    let ran = run(folder.path(), &["--json", "--practice", "check", hidden]);
    let told: serde_json::Value = serde_json::from_str(ran.out.trim()).unwrap();
    assert_eq!((told["verdict"].as_str(), told["looks"]["taken"].as_str()), (Some("seller"), Some("wechat")), "{told}");
    assert_eq!(told["looks"]["seen"].as_array().unwrap().len(), 3);
    // What hides nothing is looked at once, and what speaks of the trade by itself too.
    let plain = run(folder.path(), &["--practice", "check", "http://www.anpei-demo.example/"]);
    assert!(!plain.out.contains("换身份"), "{}", plain.out);
}
