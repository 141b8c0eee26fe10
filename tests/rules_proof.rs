//! The rules' own proof is put to the proof: each rule is broken on purpose, one condition at a time, and `rules test` has to notice. A
//! mutant that lives means that no example and no page of the clean corpus stands for that condition.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jianzheng::tuning::clean::{self, Of};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use toml::{Table, Value};

/// Mutants that no page can tell from the rule: what their other conditions demand holds this one already.
const SAME: [&str; 9] = [
    "fake.issuer woken by any certificate",
    "fake.watch-host without unless",
    "fake.copied-page woken by any certificate",
    "notice.about-certificates woken by any certificate",
    "seller.no-exam-told without all",
    "seller.no-show without all",
    "seller.stand-in-told without all",
    "seller.insider without all",
    "seller.only-papers without all",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

/// The ways to break a rule, by their names; none where the rule has no such condition.
fn mutants(rule: &Table) -> Vec<(&'static str, Table)> {
    let mut all = Vec::new();
    let mut without = |name, keys: &[&str]| {
        if rule.contains_key(keys[0]) {
            let mut broken = rule.clone();
            keys.iter().for_each(|key| drop(broken.remove(*key)));
            all.push((name, broken));
        }
    };
    without("without near", &["near", "within"]);
    without("without all", &["all"]);
    without("without unless", &["unless"]);
    let mut wide = rule.clone();
    if let Some(Value::Array(any)) = wide.get_mut("any") {
        any.push(Value::String("@证书词".to_owned()));
        all.push(("woken by any certificate", wide));
    }
    let mut silent = rule.clone();
    if let Some(Value::Array(any)) = silent.get_mut("any") {
        *any = vec![Value::String("没有人会这么说的一句话".to_owned())];
        all.push(("woken by nothing", silent));
    }
    all
}

#[test]
fn a_broken_rule_does_not_prove_itself() {
    let shipped = files(&root(), "toml");
    let innocents = files(&root().join("clean"), "ndjson");
    let (mut made, mut alive) = (0, Vec::new());
    for (file, text) in &shipped {
        let table: Table = text.parse().unwrap();
        let Some(Value::Array(rules)) = table.get("rule") else { continue };
        for (at, rule) in rules.iter().enumerate() {
            let rule = rule.as_table().unwrap();
            for (how, mutant) in mutants(rule) {
                let mut broken = table.clone();
                broken["rule"][at] = Value::Table(mutant);
                let mut set: BTreeMap<String, String> = shipped.iter().cloned().collect();
                set.insert(file.clone(), broken.to_string());
                let set: Vec<(String, String)> = set.into_iter().collect();
                made += 1;
                // What does not even compile is noticed too.
                let Ok(set) = RuleSet::compile(&set) else { continue };
                let innocents = clean::test(Of::Innocents, &set, Thresholds::default(), &innocents);
                let noticed =
                    !set.prove().is_empty() || !innocents.failures.is_empty() || !innocents.settled.is_empty();
                if !noticed {
                    alive.push(format!("{} {how}", rule["id"].as_str().unwrap()));
                }
            }
        }
    }
    println!("{made} mutants, {} live", alive.len());
    assert!(made > 200, "only {made} mutants were made");
    let mut same: Vec<&str> = SAME.to_vec();
    same.sort_unstable();
    alive.sort();
    assert_eq!(
        alive, same,
        "a rule lost the example that stood for a condition, or has one more condition than examples"
    );
}

/// A set that accuses nobody wrongs no innocent, so the guilty pages are what it fails at. Without the tables of wording, which a unit may
/// do without, they are found as well.
#[test]
fn no_guilty_page_is_let_go_and_a_rule_that_acquits_everybody_does_not_prove_itself() {
    let mut shipped = files(&root(), "toml");
    let guilty = files(&root().join("guilty"), "ndjson");
    let let_go = |set: &[(String, String)]| {
        let set = RuleSet::compile(set).unwrap();
        assert_eq!(set.prove(), []);
        clean::test(Of::Guilty, &set, Thresholds::default(), &guilty)
    };
    let tested = let_go(&shipped);
    assert!(tested.pages >= 60, "{}", tested.pages);
    assert_eq!(tested.failures, []);
    shipped.retain(|(name, _)| !name.starts_with("wording-"));
    assert_eq!(let_go(&shipped).failures, []);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/diagnostics");
    let acquits = std::fs::read_to_string(folder.join("a-good-rule-that-acquits-everybody.toml")).unwrap();
    shipped.push(("local.toml".to_owned(), acquits));
    let tested = let_go(&shipped);
    assert!(tested.failures.len() > tested.pages / 2, "{:?}", tested.failures);
    assert!(tested.failures[0].say.contains("替它开脱的是 innocent.local-everybody -60"), "{}", tested.failures[0].say);
}

/// The walk in the handbook is one that an officer can go: its page is not found before, its words are no longer held by any list, and
/// with them the page is found.
#[test]
fn the_new_way_of_saying_in_the_handbook_is_found_once_its_words_are_added() {
    let handbook = std::fs::read_to_string(root().join("README.zh-CN.md")).unwrap();
    let (_, said) = handbook.split_once("卖家换了新说法，“").unwrap();
    let said = said.split('”').next().unwrap();
    let (_, words) = handbook.split_once("`words = [` 后面加上").unwrap();
    let words = words.split('`').nth(1).unwrap();
    let url = url::Url::parse("http://www.shili.example/").unwrap();
    let judge = |set: &[(String, String)]| {
        let page = jianzheng_core::page::read_text(&format!("<title>电工证</title><p>{said}</p>"), Some(&url));
        let rules = RuleSet::compile(set).unwrap();
        rules.judge(&page, &url, Thresholds::default())
    };
    let shipped = files(&root(), "toml");
    let before = judge(&shipped);
    assert!(!before.kind.is_hit(), "the handbook's new phrase is an old one by now: {:?}", before.signals);
    let mut own = shipped;
    let list = &mut own.iter_mut().find(|(name, _)| name == "words.toml").unwrap().1;
    let at = list.find("name = \"免考词\"").unwrap();
    let at = at + list[at..].find("words = [").unwrap() + "words = [".len();
    list.insert_str(at, words);
    let after = judge(&own);
    assert!(
        after.kind == jianzheng_core::verdict::Kind::Seller,
        "{} → {}: {:?}",
        before.score,
        after.score,
        after.signals
    );
}

/// What officers are told of their mistakes, word for word. The first line of a case may say as what file it is read. `BLESS=1 cargo test --test rules_proof` writes the answers anew; read them
/// before they are committed.
#[test]
fn every_kind_of_mistake_is_told_as_it_was_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/diagnostics");
    let shipped = files(&root(), "toml");
    let cases = files(&folder, "toml");
    assert!(cases.len() > 12, "only {} mistakes were read", cases.len());
    let mut differ = Vec::new();
    for (name, text) in cases {
        let mut set = shipped.clone();
        let named = text.lines().next().and_then(|line| line.strip_prefix("# 文件："));
        let named = named.unwrap_or("local.toml").to_owned();
        set.retain(|(name, _)| *name != named);
        set.push((named, text));
        let problems = match RuleSet::compile(&set) {
            Err(problems) => problems,
            Ok(set) => [set.prove(), set.held_twice()].concat(),
        };
        let told: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
        let answer = folder.join(name.replace(".toml", ".txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&answer, &told).unwrap();
        }
        let wanted = std::fs::read_to_string(&answer).unwrap_or_default();
        if told != wanted {
            differ.push(format!("{name}\n  wanted: {wanted}\n  told:   {told}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
