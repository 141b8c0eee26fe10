//! Any bytes are the headers of an answer: a Content-Type, then a Location or Refresh, then the body that they speak of.
#![no_main]

use jianzheng_core::address;
use jianzheng_core::page::{self, charset};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |b| *b == b'\n');
    let kind = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let target = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let body = parts.next().unwrap_or_default();
    let label = charset::of_content_type(&kind);
    assert!(label.is_none_or(|label| kind.contains(label) && !label.is_empty()));
    let decoded = charset::decode(body, label);
    // A byte becomes one character at most, and a character three bytes of text (four only where it took two bytes or more).
    assert!(decoded.text.len() <= 3 * body.len(), "{} of {}", decoded.text.len(), body.len());
    let base = Url::parse("http://www.shili.example/a/b.html").expect("a constant address");
    if let Some(url) = address::resolve(&base, &target) {
        assert!(matches!(url.scheme(), "http" | "https") && url.has_host());
    }
    let refresh = format!("<meta http-equiv=refresh content=\"{}\">", target.replace('"', "&quot;"));
    let extract = page::read_text(&refresh, Some(&base));
    assert!(extract.redirects.iter().all(|to| !to.is_empty()));
});
