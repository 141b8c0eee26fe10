//! What the documents say is what the program does: usage, dependencies, lists for officers, names of code, commands of CI.
//!
//! A part of a document that a test holds stands between `<!-- name -->` and `<!-- /name -->`. These tests never correct a
//! document; a failure prints what belongs there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jianzheng_core::case::State;
use jianzheng_core::rules::{Fact, Lists, RuleSet};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands between `<!-- mark -->` and `<!-- /mark -->`.
fn part(document: &str, mark: &str) -> String {
    let text = read(document);
    let (open, close) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let start = text.find(&open).unwrap_or_else(|| panic!("{document} has no {open}")) + open.len();
    let end = text[start..].find(&close).unwrap_or_else(|| panic!("{document} has no {close}"));
    text[start..start + end].to_owned()
}

/// The inside of the code block that a part is.
fn block(part: &str) -> String {
    let inside = part.trim().strip_prefix("```").and_then(|rest| rest.strip_suffix("```")).expect("a code block");
    inside.split_once('\n').expect("a code block of several lines").1.to_owned()
}

/// The first cells of a table, its head left out.
fn first_cells(table: &str) -> Vec<String> {
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.filter_map(|row| row.split('|').nth(1)).map(|cell| cell.trim().to_owned()).collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_usage_in_the_readme_is_what_help_prints() {
    let help = Command::new(env!("CARGO_BIN_EXE_jianzheng"))
        .arg("--help")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let told = block(&part("README.md", "usage"));
    assert!(told.trim_end() == help.trim_end(), "README.md's usage block has to be:\n{help}");
}

#[test]
fn ci_runs_the_test_command_that_the_readme_gives() {
    let readme = read("README.md");
    let (_, rest) = readme.split_once("## Two commands").expect("a chapter of two commands");
    let commands = rest.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of commands");
    let commands: Vec<&str> = commands.lines().collect();
    let [practice, test] = commands[..] else { panic!("two commands, no more: {commands:?}") };
    assert!(practice.starts_with("cargo run --release -- patrol --practice"), "{practice}");
    let ci = read(".ci/run");
    assert!(ci.lines().any(|line| line.trim() == test), ".ci/run has no line `{test}`");
    for step in
        ["cargo fmt --all --check", "cargo clippy --workspace --all-targets -- -D warnings", "set -euo pipefail"]
    {
        assert!(ci.lines().any(|line| line.trim() == step), ".ci/run has no line `{step}`");
    }
}

#[test]
fn every_dependency_is_accounted_for_and_no_other() {
    let mut used = BTreeSet::new();
    for manifest in ["Cargo.toml", "core/Cargo.toml"] {
        let manifest: toml::Table = read(manifest).parse().unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names =
                manifest.get(section).and_then(toml::Value::as_table).into_iter().flat_map(|table| table.keys());
            used.extend(names.cloned());
        }
    }
    let told = read("docs/DEPENDENCIES.md");
    let rows = told.lines().filter(|line| line.starts_with("| `"));
    let told: BTreeSet<String> = rows.filter_map(|row| quoted(row).into_iter().next()).collect();
    assert_eq!(used.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in docs/DEPENDENCIES.md");
    assert_eq!(told.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "in no manifest");
}

#[test]
fn every_table_that_is_built_in_has_its_source() {
    let told = read("core/data/SOURCES.md");
    for entry in std::fs::read_dir(root().join("core/data")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let row = told.lines().find(|line| line.starts_with(&format!("| {name} |")));
        assert!(name == "SOURCES.md" || row.is_some(), "core/data/SOURCES.md does not say where {name} is from");
    }
}

#[test]
fn the_guide_to_rules_knows_every_fact_and_list() {
    let facts: Vec<String> = Fact::ALL.iter().map(|fact| format!("`#{}`", fact.name())).collect();
    assert_eq!(first_cells(&part("rules/README.zh-CN.md", "facts")), facts);
    let lists: Vec<String> = Lists::NAMES.iter().map(|name| format!("@{name}")).collect();
    assert_eq!(quoted(&part("rules/README.zh-CN.md", "lists")), lists);
}

/// All rule files with one more beside them.
fn with(name: &str, text: &str) -> Vec<(String, String)> {
    let mut files = vec![(name.to_owned(), text.to_owned())];
    for entry in std::fs::read_dir(root().join("rules")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "toml") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(path).unwrap()));
        }
    }
    files
}

#[test]
fn the_examples_in_the_guide_to_rules_compile_and_prove_themselves() {
    // The second example goes on in the first one's family.
    let example: String =
        ["example", "example-places"].map(|name| block(&part("rules/README.zh-CN.md", name))).concat();
    let rules = RuleSet::compile(&with("guide.toml", &example)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let failures: Vec<_> = rules.prove().into_iter().filter(|problem| problem.file == "guide.toml").collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn the_guide_to_rules_tells_every_field_and_no_other() {
    let told: BTreeSet<String> =
        first_cells(&part("rules/README.zh-CN.md", "fields")).iter().flat_map(|cell| quoted(cell)).collect();
    let example: toml::Table = block(&part("rules/README.zh-CN.md", "example")).parse().unwrap();
    let rule = example["rule"].as_array().unwrap()[0].as_table().unwrap();
    // Counts that only the shipped rules carry, and the word for a rule in force before its time: an example with them would be copied.
    let not_shown = ["held", "held_wrong", "early"].map(str::to_owned);
    let shown: BTreeSet<String> = rule.keys().cloned().chain(not_shown).collect();
    // The example compiles, so each of its keys exists; the reader's own calls tell whether one is missing.
    assert_eq!(told, shown, "the table and the example tell the same fields");
    let source = read("core/src/rules/rule.rs");
    let (_, reader) = source.split_once("\nfn rule(").expect("the reader of one rule");
    let reader = reader.split("\n}\n").next().unwrap();
    let calls = [
        "need_text(\"",
        "text(\"",
        "texts(\"",
        "decimal(\"",
        "number(\"",
        "items(part, \"",
        "examples(part, \"",
        "part(\"",
    ];
    for call in calls {
        for key in reader.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(told.contains(key), "rules/README.zh-CN.md does not tell of `{key}`");
        }
    }
}

#[test]
fn officers_are_told_every_state() {
    let cases: Vec<String> = State::ALL.iter().map(|state| state.chinese().to_owned()).collect();
    assert_eq!(first_cells(&part("README.zh-CN.md", "case-states")), cases);
    let mut rows: Vec<&str> = jianzheng::outbox::RowState::ALL.iter().map(|state| state.as_str()).collect();
    let mut told = first_cells(&part("README.zh-CN.md", "states"));
    rows.sort_unstable();
    told.sort();
    assert_eq!(told, rows);
}

/// Whether a function, type, variant or constant of that name is made below a folder or in a file.
fn is_made(place: &Path, name: &str) -> bool {
    if place.is_dir() {
        return std::fs::read_dir(place).unwrap().any(|entry| is_made(&entry.unwrap().path(), name));
    }
    let Ok(text) = std::fs::read_to_string(place) else { return false };
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    // A variant stands on a line of its own.
    if text.lines().any(|line| {
        line.trim().strip_prefix(name).is_some_and(|rest| matches!(rest, "," | " {") || rest.starts_with('('))
    }) {
        return true;
    }
    let mut made = ["fn", "struct", "enum", "trait", "const"].iter().map(|kind| format!("{kind} {name}"));
    made.any(|made| text.match_indices(&made).any(|(at, _)| ends(&text[at + made.len()..])))
}

#[test]
fn the_map_names_only_what_exists() {
    let text = read("docs/ARCHITECTURE.md");
    let mut named = 0;
    for name in quoted(&text.replace("```", "")) {
        let path_like = name.contains('/') && !name.contains(' ') && !name.contains(['<', '*', '{', ':']);
        if path_like {
            let there = ["", "src", "core/src"].iter().any(|base| root().join(base).join(&name).exists());
            assert!(there, "docs/ARCHITECTURE.md names {name}, which is not there");
        }
        let Some((module, item)) = name.rsplit_once("::") else { continue };
        let item = item.trim_end_matches("()");
        if name.contains(' ') || ["std", "tokio"].iter().any(|outside| module.starts_with(outside)) {
            continue;
        }
        named += 1;
        // The longest part of the path that is a folder or a file; what is left is a type, whose file is searched.
        let mut place = PathBuf::new();
        for base in ["src", "core/src"] {
            let mut at = root().join(base);
            for step in module.split("::") {
                let (folder, file) = (at.join(step), at.join(format!("{step}.rs")));
                if folder.is_dir() {
                    at = folder;
                } else if file.is_file() {
                    at = file;
                }
            }
            if at != root().join(base) && place.as_os_str().is_empty() {
                place = at;
            }
        }
        assert!(!place.as_os_str().is_empty(), "docs/ARCHITECTURE.md names {name}: no such module");
        assert!(is_made(&place, item), "docs/ARCHITECTURE.md names {name}: {} makes no {item}", place.display());
    }
    assert!(named > 30, "only {named} names of code were found");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let documents = [
        "README.md",
        "README.zh-CN.md",
        "CHANGELOG.md",
        "deploy/README.md",
        "docs/ARCHITECTURE.md",
        "docs/DEPENDENCIES.md",
        "rules/README.zh-CN.md",
    ];
    for document in documents {
        let text = read(document);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            let there =
                file.contains("://") || file.is_empty() || root().join(document).parent().unwrap().join(file).exists();
            assert!(there, "{document} links to {link}");
        }
    }
}

#[test]
fn the_service_unit_starts_what_exists_and_keeps_its_walls() {
    let unit = read("deploy/jianzheng.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("ExecStart");
    let args: Vec<&str> = start.split_whitespace().skip(1).collect();
    let asked = Command::new(env!("CARGO_BIN_EXE_jianzheng")).args(&args).arg("--help").output().unwrap();
    assert!(asked.status.success(), "{start}: {}", String::from_utf8_lossy(&asked.stderr));
    for wall in [
        "User=jianzheng",
        "ProtectSystem=strict",
        "ReadWritePaths=/var/lib/jianzheng",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "SystemCallFilter=@system-service",
        "Restart=on-failure",
        "TimeoutStopSec=20",
    ] {
        assert!(unit.lines().any(|line| line == wall), "deploy/jianzheng.service lacks {wall}");
    }
}
