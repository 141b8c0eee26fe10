//! Any text is a link or none; its one spelling is found at once, keeps its host, and reads back as itself.
#![no_main]

use jianzheng_core::address::{canonical, defang, host_key, resolve, trap, without_session};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|link: &str| {
    let base = Url::parse("http://www.shili.example/a/b.html?id=1").expect("a constant address");
    let Some(url) = resolve(&base, link) else { return };
    let once = canonical(&url);
    assert_eq!(canonical(&once), once);
    assert_eq!(Url::parse(once.as_str()), Ok(once.clone()));
    let host = |url: &Url| url.host_str().map(|host| host.trim_end_matches('.').to_owned());
    assert_eq!(host(&once), host(&url));
    assert_eq!((once.scheme(), once.port()), (url.scheme(), url.port()));
    let bare = without_session(once.clone());
    assert_eq!(without_session(bare.clone()), bare);
    assert_eq!(host(&bare), host(&once));
    let defanged = defang(once.as_str());
    assert!(!defanged.contains("http://") && !defanged.contains("https://"));
    assert!(host_key(&once).len() <= once.as_str().len());
    let _ = trap(&once);
});
