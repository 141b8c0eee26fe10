//! Claims about settings as a whole: what is taken, what is refused and in which words.

use std::path::{Path, PathBuf};

use jiff::civil::time;
use proptest::prelude::*;

use super::{
    keys::{KEYS, variable},
    *,
};

/// Loads `text` as `jianzheng.toml` of a folder of its own.
fn load_text(text: &str) -> Result<Settings, Mistakes> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jianzheng.toml"), text).unwrap();
    load(None, std::iter::empty::<(&str, &str)>(), folder.path())
}

fn load_env(variables: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let folder = tempfile::tempdir().unwrap();
    load(None, variables.iter().copied(), folder.path())
}

fn told(result: Result<Settings, Mistakes>) -> String {
    result.map_or_else(|mistakes| mistakes.to_string(), |_| String::new())
}

// Defaults, the table of keys, the example file.

#[test]
fn the_built_in_defaults_hold() {
    let (settings, mistakes) = check::check(Raw::new(Path::new("")));
    assert_eq!(mistakes, []);
    assert_eq!(load_text("").unwrap(), settings);
    assert_eq!(load_env(&[]).unwrap(), settings);
    assert_eq!(settings.general.timezone.iana_name(), Some("Asia/Shanghai"));
    assert_eq!(settings.general.free_floor_mb, 256);
    let network = &settings.network;
    assert_eq!((network.host_delay_ms, network.host_connections, network.connections), (1000, 1, 64));
    assert_eq!((network.robots, network.render, network.max_body_mb), (Robots::Obey, Render::Auto, 8));
    assert_eq!((network.total_timeout_s, &network.proxy), (30, &None));
    assert_eq!((settings.crawl.depth, settings.crawl.host_pages, settings.crawl.round_minutes), (2, 500, 0));
    assert_eq!((settings.crawl.host_mb, settings.crawl.host_minutes, network.quiet_hours), (256, 60, None));
    assert_eq!(
        (settings.mail.transport, settings.mail.tls, settings.mail.port),
        (Transport::Outbox, Tls::Required, 25)
    );
    assert_eq!(settings.mail.from.to_string(), "鉴证巡查 <patrol@example.gov.cn>");
    assert_eq!(settings.digest, Digest { at: time(8, 30, 0, 0), threshold: 80.0, review_threshold: 50.0 });
    assert_eq!(settings.daemon.rounds, [time(2, 0, 0, 0), time(14, 0, 0, 0)]);
    assert_eq!((settings.crawl.recheck_hours, settings.keep.innocent_days), (6, 30));
}

#[test]
fn every_known_key_is_read_so_a_wrong_value_is_noticed() {
    for key in KEYS {
        let header = match key.section() {
            "sources.*" => "[sources.baidu]".to_owned(),
            "contacts.*" => "[[contacts]]\nunit = \"甲\"".to_owned(),
            "network.routes.*" => "[[network.routes]]".to_owned(),
            plain => format!("[{plain}]"),
        };
        // A date is right for no key of ours.
        let text = format!("{header}\n{} = 1979-05-27\n", key.name()).replace("unit = \"甲\"\nunit", "\nunit");
        let Err(mistakes) = load_text(&text) else { panic!("{} is known but not read", key.path) };
        let name = format!(".{}", key.name());
        assert!(mistakes.0.iter().any(|m| m.key.ends_with(&name) && m.line.is_some()), "{}: {mistakes}", key.path);
    }
}

const EXAMPLE: &str = "deploy/jianzheng.example.toml";

#[test]
fn the_example_file_is_the_one_that_the_table_writes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLE);
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text, example(), "write it anew: cargo test -p jianzheng write_the_example_file -- --ignored");
}

#[test]
#[ignore = "writes deploy/jianzheng.example.toml after the table of keys changed"]
fn write_the_example_file() {
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLE), example()).unwrap();
}

/// The example with the first hash of each `#key = value` and `#[section]` taken away, as its head tells officers to do.
fn uncommented(text: &str) -> String {
    let live = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(live).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_changes_nothing_and_its_commented_defaults_are_the_built_in_ones() {
    assert_eq!(load_text(&example()).unwrap(), Settings::default());
    let mut all = load_text(&uncommented(&example())).unwrap();
    let searxng = all.sources.remove("searxng").unwrap();
    assert_eq!((searxng.enabled, searxng.daily), (Some(true), Some(200)));
    assert_eq!(all.contacts.pop().unwrap().routes, ["网信"]);
    assert_eq!(all.network.routes.pop().unwrap().hosts, ["*.cn"]);
    assert_eq!(all, Settings::default());
}

#[test]
fn the_example_names_every_known_key_once() {
    let text = example();
    for key in KEYS {
        let line = format!("#{} = {}", key.name(), key.default);
        let same = KEYS.iter().filter(|other| format!("#{} = {}", other.name(), other.default) == line).count();
        assert_eq!(text.lines().filter(|written| *written == line).count(), same, "{}", key.path);
    }
}

// Mistakes.

#[test]
fn a_file_with_many_mistakes_gets_them_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many-mistakes.toml");
    std::fs::write(&file, include_str!("golden/many-mistakes.toml")).unwrap();
    let loaded = load(Some(Path::new("many-mistakes.toml")), std::iter::empty::<(&str, &str)>(), folder.path());
    // The folder is a different one each time.
    let text = told(loaded).replace(folder.path().to_str().unwrap(), "/FOLDER");
    assert_eq!(text, include_str!("golden/many-mistakes.txt").trim_end(), "\n{text}");
    assert!(!text.contains("hunter2"), "a secret is shown");
}

#[test]
fn what_cannot_be_read_as_toml_is_told_together_with_what_is_wrong_elsewhere() {
    let text = told(load_text(
        "[network]\nhost_delay_ms = \nproxi = \"x\"\n[mail]\nhost = mail\nport = 25\nport = 26\n[digest]\nthreshold = 900\n",
    ));
    for part in [
        "jianzheng.toml 第 2 行：TOML 写法有误",
        "jianzheng.toml 第 3 行：network.proxi 不是已知的配置项，是否想写 proxy？",
        "jianzheng.toml 第 5 行：TOML 写法有误：文字要加双引号",
        "jianzheng.toml 第 7 行：TOML 写法有误：同一项写了两次",
        "jianzheng.toml 第 9 行：digest.threshold 要写 0 到 100 的数，现在是 900",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(text.lines().filter(|line| line.contains("第 5 行")).count(), 1, "{text}");
}

#[test]
fn a_line_that_cannot_be_read_hides_no_mistake_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jianzheng.toml"), "[mail\n").unwrap();
    let env = [("JIANZHENG_MAIL__PROT", "1"), ("JIANZHENG_MAIL__PORT", "soon")];
    let text = told(load(None, env.into_iter(), folder.path()));
    assert!(text.contains("jianzheng.toml 第 1 行：TOML 写法有误：段名缺右方括号"), "{text}");
    assert!(text.contains("JIANZHENG_MAIL__PROT：") && text.contains("JIANZHENG_MAIL__PORT：mail.port"), "{text}");
}

/// `text` gets exactly one mistake, at `line`, with these words.
fn refuse(text: &str, line: usize, words: &str) {
    let mistakes = load_text(text).expect_err(text);
    assert_eq!(mistakes.0.len(), 1, "{text}\n{mistakes}");
    assert_eq!(mistakes.0[0].line, Some(line), "{text}\n{mistakes}");
    assert!(mistakes.to_string().contains(words), "{words} is missing in {mistakes}");
}

#[test]
fn unknown_names_get_the_nearest_known_one() {
    refuse("[network]\nproxi = \"x\"", 2, "network.proxi 不是已知的配置项，是否想写 proxy？");
    refuse("[network]\nhost-delay-ms = 1", 2, "是否想写 host_delay_ms？");
    refuse("[crawl]\nthreshold = 1", 2, "是否想写 digest.threshold？");
    refuse("proxy = \"http://x\"", 1, "是否想写 network.proxy 或 network.routes.proxy？");
    refuse("\"\" = 1", 1, "可用的段");
    refuse("[mail]\npassword = \"hunter2\"", 2, "是否想写 password_file？");
    refuse("[crawl]\nname = 1", 2, "是否想写 unit.name 或 contacts.name？");
    refuse("[keep]\nx = 1", 2, "这一段可写：innocent_days。");
    refuse("[maill]\nport = 1", 1, "maill 不是已知的配置段，是否想写 mail？");
    refuse("[weather]\nport = 1", 1, "可用的段：unit、general");
    refuse("[sources.baidu]\nulr = \"x\"", 2, "sources.baidu.ulr 不是已知的配置项，是否想写 url？");
    refuse("[[contacts]]\nunit = \"甲\"\nmail = \"x\"", 3, "contacts[1].mail 不是已知的配置项，是否想写 email？");
    refuse("network = 3", 1, "network 要写成一段；先写一行 [network]");
    refuse("[sources]\nbaidu = true", 2, "sources.baidu 要写成一段");
    refuse("[contacts]\nunit = \"甲\"", 1, "[[contacts]]");
    refuse(&format!("{} = 1", "x".repeat(5000)), 1, "不是已知的配置项");
}

#[test]
fn wrong_values_are_told_with_what_would_be_right() {
    for (text, words) in [
        ("[unit]\ndivision = 330212", "加上双引号，写成 \"330212\"。"),
        ("[unit]\ndivision = \"3302121\"", "2、4 或 6 位"),
        ("[unit]\nname = \"甲\\n乙\"", "控制字符"),
        ("[general]\ntimezone = \"Asia/Shanghia\"", "是否想写 Asia/Shanghai？"),
        ("[general]\ntimezone = \"shanghai\"", "是否想写 Asia/Shanghai？"),
        ("[general]\nseeds = \"seeds/start.txt\"", "要写列表"),
        ("[general]\nseeds = [\"\"]", "空的路径"),
        ("[network]\nhost_delay_ms = -1", "0 到 3600000 的整数，现在是 -1"),
        ("[network]\nhost_delay_ms = 99999999999999999999", "整数"),
        ("[network]\nconnections = true", "现在是 true"),
        ("[network]\nquiet_hours = \"0-6\"", "例如 \"00:00-06:00\""),
        ("[network]\nquiet_hours = \"06:00-06:00\"", "起止不同"),
        ("[network]\nca_file = \"none.pem\"", "不存在"),
        ("[network]\nca_file = \".\"", "不是文件"),
        ("[network]\nrender = \"of\"", "只能写 \"auto\"、\"off\"、\"always\"，现在是文字 \"of\"，是否想写 off？"),
        ("[network]\nallow_addresses = [\"127.0.0.1/33\"]", "斜杠后面"),
        ("[network]\nproxy = \"127.0.0.1:3128\"", "要写代理的地址"),
        ("[network]\nroutes = 3", "network.routes 要一条一段"),
        ("[network]\nroutes = [3]", "network.routes[1] 要写成一段"),
        ("[network]\nproxy = \"http://127.0.0.1/x\"", "不再写路径"),
        ("[network]\nuser_agent_contact = \"a)b\"", "括号"),
        ("[sources.x]\nurl = \"ftp://x\"", "https://"),
        ("[sources.x]\ndaily = 1.5", "整数，现在是 1.5"),
        ("[sources.x]\nenabled = 1", "要写 true 或 false"),
        ("[mail]\nport = 0", "1 到 65535"),
        ("[mail]\nhost = \"smtp://mail\"", "不带 smtp://"),
        ("[mail]\nfrom = \"巡查 <patrol>\"", "邮箱地址不对"),
        ("[digest]\nat = \"24:00\"", "要写 时:分"),
        ("[digest]\nat = \"8:30\"", "08:30"),
        ("[digest]\nthreshold = nan", "0 到 100"),
        ("[digest]\nthreshold = \"80\"", "现在是文字 \"80\""),
        ("[daemon]\nrounds = \"02:00\"", "要写列表，现在是文字 \"02:00\"；例如 [\"02:00\", \"14:00\"]。"),
    ] {
        refuse(text, 2, words);
    }
}

#[test]
fn what_must_hold_between_keys_is_checked() {
    refuse(
        "[digest]\nthreshold = 40",
        2,
        "不能小于 digest.review_threshold，现在 threshold 是 40，review_threshold 是 50",
    );
    refuse("[digest]\nthreshold = 40\nreview_threshold = 45", 3, "不能大于 digest.threshold");
    assert_eq!(told(load_text("[digest]\nthreshold = 60\nreview_threshold = 60")), "");
    refuse("[mail]\nuser = \"me\"", 2, "没有密码文件");
    for (host, networks, allowed) in [
        ("127.0.0.1", "", true),
        ("127.8.8.8", "", true),
        ("::1", "", true),
        ("localhost", "", true),
        ("10.1.2.3", "", false),
        ("10.1.2.3", "\"10.1.0.0/16\"", true),
        ("10.2.2.3", "\"10.1.0.0/16\"", false),
        ("mail.example.gov.cn", "", false),
        ("mail.example.gov.cn", "\"10.1.0.0/16\"", true),
    ] {
        let text = format!("[mail]\nhost = \"{host}\"\ntls = \"none\"\nplaintext_networks = [{networks}]");
        match allowed {
            true => assert_eq!(told(load_text(&text)), "", "{host} {networks}"),
            false => refuse(&text, 3, "mail.tls 只准用于本机"),
        }
    }
}

#[test]
fn a_contact_that_gets_lists_has_a_unit_and_an_address() {
    refuse("[[contacts]]\nroutes = [\"网信\"]\nemail = \"a@example.org\"", 1, "contacts[1].unit 没有写");
    refuse("[[contacts]]\nunit = \"甲\"\nroutes = [\"网信\"]", 1, "contacts[1].email 没有写");
    refuse(
        "[[contacts]]\nunit = \"甲\"\nroutes = [\"网信办\"]",
        3,
        "可写：网信、市监、公安、住建、人社、平台、通信管理局。",
    );
    refuse("[[contacts]]\nunit = \"甲\"\nareas = [\"3\"]", 3, "行政区划代码");
    assert_eq!(told(load_text("[[contacts]]\nunit = \"甲\"\nname = \"只列名单\"")), "");
}

#[test]
fn files_that_cannot_be_read_are_told_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("gbk.toml", b"[unit]\nname = \"\xca\xbe\xc0\xfd\"\n");
    put("bom.toml", "\u{feff}[unit]\r\nname = \"示例\"\r\n".as_bytes());
    for (name, words) in [
        ("none.toml", "none.toml：找不到配置文件"),
        (".", "目录"),
        ("gbk.toml", "gbk.toml 第 2 行：这里不是 UTF-8 文字"),
        ("bom.toml", ""),
    ] {
        let text = told(load(Some(Path::new(name)), std::iter::empty::<(&str, &str)>(), folder.path()));
        assert!(text.contains(words) && text.is_empty() == words.is_empty(), "{name}: {text}");
    }
}

#[test]
fn a_message_cannot_steer_the_terminal() {
    let text = told(load_text("[network]\n\"\\u001b[2Jx\" = 1\nrobots = \"\\u202e\"\n"));
    assert!(text.contains("\\u{1b}[2Jx") && text.contains("\\u{202e}"), "{text}");
    assert_eq!(told(load_env(&[("JIANZHENG_\u{1b}[2J", "")])).matches('\u{1b}').count(), 0);
}

// What is taken.

#[test]
fn ways_out_are_taken_in_their_order_and_hide_their_passwords() {
    let text = "[[network.routes]]\nhosts = [\"*.CN\", \"*.中国\", \"10.1.2.3\"]\nproxy = \"http://u:hunter2@10.0.0.2:3128\"\n\
                [[network.routes]]\nhosts = [\"*\"]\nproxy = \"direct\"\n";
    let network = load_text(text).unwrap().network;
    assert_eq!(network.routes[0].hosts, ["*.cn", "*.xn--fiqs8s", "10.1.2.3"]);
    assert_eq!(network.routes[0].proxy.as_ref().unwrap().port(), Some(3128));
    assert_eq!((network.routes[1].hosts.as_slice(), &network.routes[1].proxy), (&["*".to_owned()][..], &None));
    assert!(!format!("{network:?}").contains("hunter2"));
    let list = "[{ hosts = [\"a.cn\"], proxy = \"socks5://x.example\" }]";
    assert_eq!(load_env(&[("JIANZHENG_NETWORK__ROUTES", list)]).unwrap().network.routes[0].hosts, ["a.cn"]);
    for (text, line, words) in [
        ("proxy = \"direct\"", 1, "network.routes[1].hosts 没有写"),
        ("hosts = [\"*.cn\"]", 1, "network.routes[1].proxy 没有写"),
        ("hosts = [\"http://a.cn\"]\nproxy = \"direct\"", 2, "不是网站名"),
        ("hosts = [\"a.*.cn\"]\nproxy = \"direct\"", 2, "不是网站名"),
        ("hosts = [\"*.cn\"]\nproxy = \"ftp://u:hunter2@x\"", 3, "要写代理的地址"),
        ("hosts = [\"*.cn\"]\nproxi = \"x\"\nproxy = \"direct\"", 3, "是否想写 proxy？"),
    ] {
        refuse(&format!("[[network.routes]]\n{text}"), line, words);
    }
    assert!(told(load_env(&[("JIANZHENG_NETWORK__ROUTES", "x")])).contains("要写成 TOML 列表"));
}

#[test]
fn the_keys_that_drivers_use_are_taken_as_the_contract_shows_them() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conf")).unwrap();
    std::fs::write(folder.path().join("conf/extra-ca.pem"), "").unwrap();
    std::fs::write(folder.path().join("conf/contract.toml"), include_str!("golden/contract.toml")).unwrap();
    let file = PathBuf::from("conf/contract.toml");
    let settings = load(Some(&file), std::iter::empty::<(&str, &str)>(), folder.path()).unwrap();
    assert_eq!(settings.unit, Unit { name: "示例区安委办".into(), division: "330212".into() });
    assert_eq!(settings.general.rules, Some(folder.path().join("conf/rules")));
    assert_eq!(settings.general.seeds, [folder.path().join("conf/seeds/start.txt")]);
    assert_eq!(settings.network.proxy.as_ref().map(url::Url::as_str), Some("http://127.0.0.1:3128/"));
    assert_eq!(settings.network.ca_file, Some(folder.path().join("conf/extra-ca.pem")));
    assert_eq!(settings.source("searxng").unwrap().url.as_deref(), Some("https://searx.example.org"));
    let baidu = settings.source("baidu").unwrap();
    assert_eq!(
        (baidu.enabled, baidu.daily, baidu.delay_ms, baidu.pages),
        (Some(false), Some(200), Some(5000), Some(2))
    );
    assert_eq!((baidu.file.as_str(), baidu.line), ("conf/contract.toml", Some(27)));
    assert_eq!((&settings.mail.user, &settings.mail.password_file), (&None, &None));
    let contact = &settings.contacts[0];
    assert_eq!(
        (contact.email.as_str(), contact.routes.as_slice()),
        ("wangxin@example.gov.cn", &["网信".to_owned()][..])
    );
    assert_eq!(contact.confirmed_only, Some(false));
}

#[test]
fn only_the_police_get_confirmed_cases_alone_unless_told_otherwise() {
    for (line, police, others) in
        [("", true, false), ("confirmed_only = false", false, false), ("confirmed_only = true", true, true)]
    {
        let settings = load_text(&format!("[[contacts]]\nunit = \"甲\"\n{line}")).unwrap();
        let contact = &settings.contacts[0];
        assert_eq!((contact.confirmed_only("公安"), contact.confirmed_only("市监")), (police, others), "{line}");
    }
}

#[test]
fn usual_spellings_mean_what_they_say() {
    let settings = load_text(
        "digest.at = 07:05\n[daemon]\nrounds = [\"14:00\", 02:00, \"14:00\"]\n[unit]\ndivision = \"330200\"\n[mail]\nhost = \"[::1]\"\n\
         [[contacts]]\nunit = \"甲\"\nareas = [\"330000\", \"3302\"]\nroutes = [\"网信\", \"网信\"]\nemail = \"a@example.org\"",
    )
    .unwrap();
    assert_eq!(settings.digest.at, time(7, 5, 0, 0));
    assert_eq!(settings.daemon.rounds, [time(2, 0, 0, 0), time(14, 0, 0, 0)]);
    assert_eq!((settings.unit.division.as_str(), settings.mail.host.as_str()), ("3302", "::1"));
    assert_eq!(
        (&settings.contacts[0].areas[..], settings.contacts[0].routes.len()),
        (&["33".into(), "3302".into()][..], 1)
    );
}

// The environment.

#[test]
fn a_variable_overrides_its_key_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conf")).unwrap();
    let text = "[mail]\nport = 26\nhost = \"10.0.0.1\"\n[general]\nseeds = [\"b.txt\"]\nrules = \"rules\"\n[sources.ct-logs]\npages = 3\n\
                [[contacts]]\nunit = \"甲\"\n";
    std::fs::write(folder.path().join("conf/jz.toml"), text).unwrap();
    let env = [
        ("JIANZHENG_MAIL__PORT", "2525"),
        ("JIANZHENG_GENERAL__SEEDS", "['a.txt']"),
        ("JIANZHENG_UNIT__DIVISION", "330212"),
        ("JIANZHENG_UNIT__NAME", "\"示例\""),
        ("JIANZHENG_MAIL__FROM", "\"巡查\" <patrol@example.org>"),
        ("JIANZHENG_SOURCES__SEARXNG__URL", "http://127.0.0.1:8080/"),
        ("JIANZHENG_SOURCES__CT_LOGS__ENABLED", "false"),
        ("JIANZHENG_DIGEST__AT", "09:15"),
        ("JIANZHENG_CONTACTS", "[{unit='乙', email='b@example.org', routes=['市监']}]"),
        ("JIANZHENG_LOG", "debug"),
        ("PATH", "/bin"),
    ];
    let settings = load(Some(Path::new("conf/jz.toml")), env.into_iter(), folder.path()).unwrap();
    assert_eq!((settings.mail.port, settings.mail.host.as_str()), (2525, "10.0.0.1"));
    assert_eq!(settings.general.seeds, [folder.path().join("a.txt")], "from the environment: at the working folder");
    assert_eq!(settings.general.rules, Some(folder.path().join("conf/rules")), "from the file: at the file's folder");
    assert_eq!((settings.unit.division.as_str(), settings.unit.name.as_str()), ("330212", "示例"));
    assert_eq!(settings.mail.from.name, "巡查");
    assert_eq!(settings.source("searxng").unwrap().url.as_deref(), Some("http://127.0.0.1:8080/"));
    assert_eq!(settings.source("ct-logs").map(|source| (source.enabled, source.pages)), Some((Some(false), Some(3))));
    assert_eq!(settings.sources.len(), 2);
    assert_eq!(settings.digest.at, time(9, 15, 0, 0));
    assert_eq!(settings.contacts.iter().map(|contact| contact.unit.as_str()).collect::<Vec<_>>(), ["乙"]);
}

#[test]
fn wrong_variables_are_told_by_their_name() {
    for (name, value, words) in [
        ("JIANZHENG_MAIL__PROT", "1", "没有这个环境变量对应的配置项，是否想写 JIANZHENG_MAIL__PORT？"),
        ("JIANZHENG_MAIL_PORT", "1", "是否想写 JIANZHENG_MAIL__PORT？"),
        ("JIANZHENG_mail__port", "1", "是否想写 JIANZHENG_MAIL__PORT？"),
        ("JIANZHENG_", "1", "没有这个环境变量"),
        ("JIANZHENG_MAIL__PORT", "soon", "mail.port 要写 1 到 65535 的整数，现在是文字 \"soon\""),
        ("JIANZHENG_MAIL__PORT", "", "mail.port 要写 1 到 65535 的整数"),
        ("JIANZHENG_MAIL__PORT", "\"25\"", "整数"),
        ("JIANZHENG_GENERAL__SEEDS", "a.txt", "general.seeds 要写列表"),
        ("JIANZHENG_GENERAL__TIMEZONE", "Mars", "不是已知的时区"),
        ("JIANZHENG_SOURCES__BAIDU__URLL", "x", "是否想写 url？"),
        ("JIANZHENG_SOURCES__BAIDU", "x", "没有这个环境变量"),
        ("JIANZHENG_SOURCES__*__URL", "ftp://x", "https://"),
        ("JIANZHENG_CONTACTS", "x", "要写成 TOML 列表"),
        ("JIANZHENG_CONTACTS", "[{name='甲'}]", "contacts[1].unit 没有写"),
    ] {
        let mistakes = load_env(&[(name, value)]).expect_err(name);
        assert_eq!(mistakes.0.len(), 1, "{mistakes}");
        let text = mistakes.to_string();
        assert!(text.starts_with(&format!("{name}：")) && text.contains(words), "{name}={value}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_told_unless_it_is_none_of_ours() {
    use std::os::unix::ffi::OsStringExt as _;
    let env = |name: &str| std::iter::once((OsString::from(name), OsString::from_vec(vec![0xff])));
    assert!(load(None, env("OTHER"), Path::new("/nowhere")).is_ok());
    let mistakes = load(None, env("JIANZHENG_UNIT__NAME"), Path::new("/nowhere")).unwrap_err();
    assert!(mistakes.to_string().contains("UTF-8"), "{mistakes}");
}

#[test]
fn every_plain_key_can_be_set_by_its_default_through_its_variable() {
    for key in KEYS.iter().filter(|key| !key.repeats()) {
        let settings = load_env(&[(&variable(key.path), key.default)]);
        assert_eq!(settings, Ok(Settings::default()), "{}", key.path);
    }
}

// Secrets and sources.

#[test]
fn no_secret_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pw"), "hunter2\n").unwrap();
    let text = "[network]\nproxy = \"http://me:hunter2@127.0.0.1:3128\"\n[mail]\nuser = \"hunter2\"\npassword_file = \"pw\"\n\
                [sources.searxng]\nurl = \"https://me:hunter2@searx.example.org\"\n";
    std::fs::write(folder.path().join("jianzheng.toml"), text).unwrap();
    let settings = load(None, std::iter::empty::<(&str, &str)>(), folder.path()).unwrap();
    let password = settings.mail.password().unwrap().unwrap();
    assert_eq!(password.expose(), "hunter2");
    let shown = format!("{settings:?} {settings:#?} {password} {password:?}");
    assert!(
        !shown.contains("hunter2") && shown.contains("127.0.0.1:3128") && shown.contains("searx.example.org"),
        "{shown}"
    );
    let wrong = text.replace("http:", "ftp:").replace("https:", "ftp:").replace("\"hunter2\"", "[\"hunter2\"]");
    assert!(!told(load_text(&wrong)).contains("hunter2"));
    assert!(!told(load_env(&[("JIANZHENG_NETWORK__PROXY", "x://hunter2")])).contains("hunter2"));
}

#[test]
fn sources_that_no_rule_knows_are_told_with_the_nearest_that_one_does() {
    let text = "[sources.baidoo]\nenabled = true\n[sources.ct_logs]\nenabled = true\n[sources.bing]\n";
    let settings = load_text(text).unwrap();
    let mistakes = settings.check_sources(&["baidu", "ct-logs", "searxng"]).unwrap_err().to_string();
    assert_eq!(
        mistakes,
        "jianzheng.toml 第 1 行：sources.baidoo：没有叫 baidoo 的来源，是否想写 baidu？\n\
         jianzheng.toml 第 5 行：sources.bing：没有叫 bing 的来源；可用的来源：baidu、ct-logs、searxng。"
    );
    assert_eq!(settings.check_sources(&["baidoo", "ct-logs", "bing"]), Ok(()));
}

proptest! {
    #[test]
    fn any_text_gives_settings_or_mistakes(text in "(?s)(\\[|\\]|=|\"|'|\\{|\\}|,|#|\n|[a-z]{1,4}|[0-9.:-]{1,5}|network|mail|contacts|sources|port|.){0,60}") {
        if let Err(mistakes) = load_text(&text) {
            prop_assert!(!mistakes.0.is_empty());
            prop_assert_eq!(mistakes.to_string().lines().count(), mistakes.0.len());
        }
    }

    #[test]
    fn any_value_of_any_variable_gives_settings_or_mistakes(row in 0..KEYS.len(), value in any::<String>()) {
        if let Err(mistakes) = load_env(&[(&variable(KEYS[row].path), &value)]) {
            prop_assert!(!mistakes.0.is_empty());
        }
    }
}
