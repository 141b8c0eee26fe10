//! Any bytes are a page: read and judged, its ranges are text, and each quote stands where the verdict says.
#![no_main]

use std::sync::LazyLock;

use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use libfuzzer_sys::fuzz_target;
use url::Url;

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules");
    let files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the rules' folder")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ext| ext == "toml"))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(entry.path()).expect("a rule file"))
        })
        .collect();
    RuleSet::compile(&files).expect("the shipped rules")
});

fuzz_target!(|bytes: &[u8]| {
    let url = Url::parse("http://www.shili.example/a/b.html?id=1").expect("a constant address");
    let extract = page::read(bytes, None, Some(&url));
    for block in &extract.blocks {
        assert!(extract.text.get(block.at.clone()).is_some());
    }
    for link in &extract.links {
        assert!(extract.text.get(link.at.clone()).is_some());
    }
    let verdict = RULES.judge(&extract, &url, Thresholds::default());
    for signal in &verdict.signals {
        if let (Some(at), Some(quote)) = (&signal.at, &signal.quote) {
            let there: String = extract.text.chars().skip(at.start).take(at.len()).collect();
            assert_eq!(&there, quote, "{}", signal.rule);
        }
    }
});
