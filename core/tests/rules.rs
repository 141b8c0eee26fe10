//! The shipped rules: they compile, and every example of every rule holds.

use jianzheng_core::rules::RuleSet;

fn shipped() -> Vec<(String, String)> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push((
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    files
}

#[test]
fn the_shipped_rules_compile_and_prove_themselves() {
    let rules = RuleSet::compile(&shipped()).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(|p| format!("{p}\n")).collect::<String>());
    });
    let failures = rules.prove();
    assert!(failures.is_empty(), "{}", failures.iter().map(|p| format!("{p}\n")).collect::<String>());
    assert!(rules.examples() > 100);
}
