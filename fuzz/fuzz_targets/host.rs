//! Any line is a host or is refused; a verdict's host, judged again, is judged the same.
#![no_main]

use std::sync::LazyLock;

use jianzheng_core::host::Authorities;
use libfuzzer_sys::fuzz_target;

static AUTHORITIES: LazyLock<Authorities> = LazyLock::new(|| {
    Authorities::parse("authorities.toml", include_str!("../../rules/authorities.toml")).expect("the shipped list")
});

fuzz_target!(|line: &str| {
    // A genuine name before an @ speaks of the line, not of the host; the host alone is judged without it.
    let Ok(verdict) = AUTHORITIES.judge_line(line) else { return };
    assert!((0.0..=100.0).contains(&verdict.score));
    let again = AUTHORITIES.judge(&verdict.host).expect("a host that was judged");
    assert_eq!(again.host, verdict.host);
    assert_eq!(AUTHORITIES.judge(&again.host).expect("a host that was judged"), again);
    if AUTHORITIES.is_plainly_clean(&again.host) {
        assert_eq!(again.standing.as_str(), "clean");
    }
});
