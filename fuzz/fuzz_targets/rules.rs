//! Any text is a rule file or is refused, with a line that exists.
#![no_main]

use jianzheng_core::rules::RuleSet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.lines().count() + 1;
    for name in ["offers.toml", "words.toml", "authorities.toml", "wording-fakes.toml", "certificates.toml", "routing.toml"] {
        let Err(problems) = RuleSet::compile(&[(name.to_owned(), text.to_owned())]) else { continue };
        for problem in problems {
            assert!(problem.line <= lines, "{name}: line {} of {lines}: {}", problem.line, problem.say);
        }
    }
});
