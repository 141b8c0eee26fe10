//! The edges of DESIGN.md, read out of the source itself: who may name what, and what no file may be.
//!
//! Each claim is a table, so that a new edge is a new row. Comments, texts in quotes and unit tests do not count as naming:
//! [`source::code`] takes them away. These tests must not run the program; what it prints is tests/documents.rs's.

#[path = "edges/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use source::{code, names, paths};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Rust files below a folder, relative to the workspace, sorted.
fn files(folder: &str) -> Vec<String> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                into.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let mut names: Vec<String> =
        found.iter().map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/")).collect();
    names.sort();
    names
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn is_test(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.ends_with("_tests.rs") || name.contains("/tests/")
}

/// The program's own files with their code, unit tests taken away.
fn production(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for name in files(folder).into_iter().filter(|name| !is_test(name)) {
        let code = code(&read(&name));
        found.push((name, code));
    }
    assert!(found.len() > 10, "{folder}: only {} files were read", found.len());
    found
}

fn none(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn core_depends_on_nothing_that_does_io() {
    const ALLOWED: [&str; 20] = [
        "aho-corasick",
        "daachorse",
        "pinyin",
        "chardetng",
        "encoding_rs",
        "idna",
        "jiff",
        "markup5ever",
        "memchr",
        "psl",
        "regex",
        "rustc-hash",
        "scraper",
        "sha2",
        "strsim",
        "thiserror",
        "toml",
        "unicode-normalization",
        "unicode-width",
        "url",
    ];
    let manifest: toml::Table = read("core/Cargo.toml").parse().unwrap();
    let strangers =
        manifest["dependencies"].as_table().unwrap().keys().filter(|name| !ALLOWED.contains(&name.as_str()));
    none(
        strangers
            .map(|name| format!("core/Cargo.toml: {name} is not on the list of what core may depend on"))
            .collect(),
    );
    for section in ["build-dependencies", "target", "features"] {
        assert!(!manifest.contains_key(section), "core/Cargo.toml: no [{section}]");
    }
    assert!(!root().join("core/build.rs").exists(), "core has no build script");
}

#[test]
fn no_dependency_is_idle() {
    let mut idle = Vec::new();
    for (manifest, folders) in [("core/Cargo.toml", ["core/src", "core/tests"]), ("Cargo.toml", ["src", "tests"])] {
        let table: toml::Table = read(manifest).parse().unwrap();
        let code: String = folders.iter().flat_map(|folder| files(folder)).map(|name| read(&name)).collect();
        for section in ["dependencies", "dev-dependencies"] {
            for name in table[section].as_table().unwrap().keys() {
                if !code.contains(&format!("{}::", name.replace('-', "_"))) {
                    idle.push(format!("{manifest}: nobody names {name}"));
                }
            }
        }
    }
    none(idle);
}

#[test]
fn core_touches_neither_files_nor_net_nor_clock() {
    const FORBIDDEN: [&str; 14] = [
        "std::fs",
        "std::env",
        "std::io",
        "std::os",
        "std::process",
        "std::thread",
        "std::time::Instant",
        "std::time::SystemTime",
        "std::path",
        "std::random",
        "tokio",
        "tracing",
        "serde",
        "jiff::Zoned::now",
    ];
    let mut broken = Vec::new();
    for (name, code) in production("core/src") {
        for path in paths(&code) {
            let address = ["IpAddr", "Ipv4Addr", "Ipv6Addr"].iter().any(|kind| path == format!("std::net::{kind}"));
            let net = path.starts_with("std::net") && !address;
            let forbidden = FORBIDDEN.iter().any(|f| path == *f || path.starts_with(&format!("{f}::")));
            if net || forbidden || path.ends_with("::now") {
                broken.push(format!("{name}: {path}"));
            }
        }
        for word in names(&code) {
            if ["println", "eprintln", "print", "eprint", "dbg"].contains(&word) {
                broken.push(format!("{name}: {word}"));
            }
        }
    }
    none(broken);
}

/// What only these may name, in `src`. An entry that ends in a slash is a folder.
const ONLY: [(&[&str], &[&str]); 11] = [
    (&["sled"], &["src/store/"]),
    // mailbox.rs asks lettre whether an address is one; it sends nothing.
    (&["lettre"], &["src/outbox/", "src/config/mailbox.rs"]),
    (&["rust_xlsxwriter", "csv"], &["src/outbox/", "src/desk/export.rs"]),
    // doctor.rs counts the machine's roots; it connects to nothing by itself.
    (&["reqwest", "hyper", "rustls", "webpki_roots", "rustls_native_certs"], &["src/crawl/", "src/cli/doctor.rs"]),
    // The proxy that every request of a browser goes through listens on loopback, and connects to what the guard lets it.
    (&["TcpStream", "TcpListener", "TcpSocket"], &["src/practice/", "src/crawl/"]),
    (&["chromiumoxide"], &["src/crawl/render/"]),
    (&["UdpSocket", "UnixStream", "UnixListener"], &[]),
    (&["rqrr", "image"], &["src/crawl/qr.rs", "src/crawl/picture.rs", "src/cli/check.rs", "src/cli/baseline.rs"]),
    (&["image_hasher"], &["src/crawl/picture.rs"]),
    (&["clap"], &["src/cli/"]),
    (&["include_dir"], &["src/practice/", "src/wiring/"]),
];

#[test]
fn each_outside_crate_has_one_home() {
    let mut broken = Vec::new();
    let mut met = vec![false; ONLY.len()];
    for (name, code) in production("src") {
        let words = paths(&code);
        for (row, (crates, homes)) in ONLY.iter().enumerate() {
            let named = words.iter().find(|path| {
                crates.iter().any(|one| path.starts_with(&format!("{one}::")) || is_type(one) && path.ends_with(one))
            });
            let Some(named) = named else { continue };
            met[row] = true;
            if !homes.iter().any(|home| name == *home || home.ends_with('/') && name.starts_with(home)) {
                broken.push(format!("{name} names {named}, which is for {homes:?} only"));
            }
        }
    }
    none(broken);
    let unused = ONLY.iter().zip(met).filter(|((_, homes), met)| !met && !homes.is_empty());
    none(unused.map(|((crates, _), _)| format!("nobody names {crates:?}: take the row out")).collect());
}

fn is_type(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// Which parts of the program, or which one thing of a part, each part may name. One direction, as DESIGN.md draws it; `clock` and `telemetry` are for all.
const MAY_NAME: [(&str, &[&str]); 15] = [
    ("clock", &[]),
    ("telemetry", &[]),
    ("config", &[]),
    ("evidence", &[]),
    ("store", &[]),
    ("discover", &[]),
    ("crawl", &["store"]),
    ("cases", &["store"]),
    ("tuning", &["cases", "crawl::decode", "evidence", "store"]),
    ("outbox", &["cases", "store"]),
    ("practice", &["config", "crawl"]),
    ("patrol", &["cases", "config", "crawl", "discover", "evidence", "store"]),
    ("desk", &["cases", "evidence", "outbox", "store", "tuning"]),
    ("daemon", &["patrol", "store", "wiring"]),
    // Of what is kept, commands know the desk's rows; these two look at evidence files and at why a store did not open.
    ("cli", &["config", "crawl", "desk", "evidence", "patrol", "practice", "store::StoreError", "tuning", "wiring"]),
];

#[test]
fn parts_name_only_what_lies_before_them() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for (name, code) in production("src") {
        let part = name.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
        // wiring joins everything; lib.rs and main.rs are the table of contents and the door.
        if ["wiring", "lib", "main"].contains(&part) {
            continue;
        }
        let Some((_, may)) = MAY_NAME.iter().find(|(one, _)| *one == part) else {
            broken.push(format!("{name}: {part} is not in the table of parts"));
            continue;
        };
        for path in paths(&code) {
            let Some(named) = path.strip_prefix("crate::") else { continue };
            let other = named.split("::").next().unwrap_or_default();
            let known = MAY_NAME.iter().any(|(one, _)| *one == other) || other == "wiring";
            seen += 1;
            if known
                && other != part
                && !["clock", "telemetry"].contains(&other)
                && !may.iter().any(|one| covers(one, named))
            {
                broken.push(format!("{name}: {part} names {path}"));
            }
        }
    }
    none(broken);
    assert!(seen > 50, "only {seen} names of parts were found");
}

fn covers(allowed: &str, named: &str) -> bool {
    named.strip_prefix(allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What is built once, and handed round. The core is built from data, so `RuleSet::compile` is among them.
const BUILT: [&str; 12] = [
    "Store::open",
    "Frontier::open",
    "Fetcher::new",
    "Keeper::start",
    "LocalDesk::new",
    "RuleSet::compile",
    "PracticeWeb::load",
    "Mailer::smtp",
    "Mailer::outbox",
    "RobotsCache::new",
    "Renderer::new",
    "Reach::new",
];

#[test]
fn only_wiring_builds() {
    let mut broken = Vec::new();
    let mut in_wiring = 0;
    for (name, code) in production("src") {
        for path in paths(&code) {
            let Some(built) = BUILT.iter().find(|built| path == **built || path.ends_with(&format!("::{built}")))
            else {
                continue;
            };
            if name.starts_with("src/wiring/") {
                in_wiring += 1;
            } else {
                broken.push(format!("{name} builds with {built}"));
            }
        }
    }
    none(broken);
    assert!(in_wiring >= 5, "wiring builds only {in_wiring} of the parts: the table is out of date");
}

#[test]
fn a_process_ends_in_main_by_a_second_signal_or_by_the_watchdog() {
    let mut broken = Vec::new();
    for (name, code) in production("src").into_iter().chain(production("core/src")) {
        for path in paths(&code) {
            let ends = ["process::exit", "process::abort"].iter().any(|end| path.ends_with(end));
            if ends && !["src/store/watchdog.rs", "src/cli/stop.rs"].contains(&name.as_str()) {
                broken.push(format!("{name}: {path}"));
            }
        }
    }
    none(broken);
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let mut broken = Vec::new();
    for name in ["core/src", "core/tests", "core/benches", "src", "tests", "benches"].iter().flat_map(|f| files(f)) {
        let text = read(&name);
        if !text.starts_with("//!") {
            broken.push(format!("{name} does not begin with //!"));
        }
        if text.lines().count() > 600 {
            broken.push(format!("{name} has {} lines, more than 600", text.lines().count()));
        }
    }
    none(broken);
}

#[test]
fn there_are_no_drawers() {
    const DRAWERS: [&str; 8] = ["utils", "util", "helpers", "helper", "common", "types", "manager", "misc"];
    let mut broken = Vec::new();
    for name in ["core", "src", "tests", "benches"].iter().flat_map(|folder| files(folder)) {
        if name.trim_end_matches(".rs").split('/').any(|part| DRAWERS.contains(&part)) {
            broken.push(format!("{name}: name the file for what it holds"));
        }
    }
    none(broken);
}

/// Hosts and contacts of the practice web, and the words of the tables that hold them.
fn practice_names() -> Vec<String> {
    let mut found = Vec::new();
    let web: toml::Table = read("seeds/practice/web.toml").parse().unwrap();
    let truth: toml::Table = read("seeds/practice/truth.toml").parse().unwrap();
    let tables = |table: &toml::Table, key: &str| -> Vec<toml::Table> {
        let all = table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        all.into_iter().filter_map(|one| one.as_table().cloned()).collect()
    };
    let mut hosts: Vec<String> = Vec::new();
    for page in tables(&web, "page").iter().chain(&tables(&truth, "page")) {
        let url = url::Url::parse(page["url"].as_str().unwrap()).unwrap();
        hosts.extend(url.host_str().map(str::to_owned));
    }
    for host in tables(&web, "host").iter().chain(&tables(&web, "engine")) {
        hosts.extend(host.get("host").or(host.get("name")).and_then(|one| one.as_str()).map(str::to_owned));
    }
    // The rest are stand-ins for genuine sites, which rules may well name.
    hosts.retain(|host| [".example", ".test", ".shili.gov.cn"].iter().any(|end| host.ends_with(end)));
    found.extend(hosts);
    for page in tables(&truth, "page") {
        for key in ["phones", "wechat", "qq", "telegram", "emails"] {
            let all = page.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
            found.extend(all.iter().filter_map(|one| one.as_str()).map(str::to_owned));
        }
    }
    found.sort();
    found.dedup();
    assert!(found.len() > 60, "only {} names of the practice web were found", found.len());
    found
}

/// As it stands, and without what people put between digits.
fn both_ways(text: &str) -> String {
    let lower = text.to_lowercase();
    let bare: String = lower.chars().filter(|c| !matches!(c, ' ' | '-' | '－' | '.' | '·')).collect();
    format!("{lower}\n{bare}")
}

#[test]
fn no_rule_knows_the_practice_web() {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            // Pages of the clean corpus judge nothing, and people who make up numbers hit upon the same ones.
            if path.is_dir() && path.file_name().is_some_and(|name| name != "clean") {
                walk(&path, into);
            } else if path.is_file() {
                into.push(path);
            }
        }
    }
    let mut rules = Vec::new();
    walk(&root().join("rules"), &mut rules);
    assert!(rules.len() > 8, "only {} rule files were read", rules.len());
    let known = practice_names();
    let mut broken = Vec::new();
    for path in rules {
        let text = both_ways(&fs::read_to_string(&path).unwrap());
        for name in known.iter().filter(|name| text.contains(&name.to_lowercase())) {
            broken.push(format!("{}: {name} is of the practice web", path.display()));
        }
    }
    none(broken);
}
