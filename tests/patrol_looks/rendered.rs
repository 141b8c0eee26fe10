//! A shell that only another guest is given, shown in a browser that poses as that guest, from the seed to the hit.

use std::sync::Arc;
use std::time::Duration;

use jianzheng::crawl::guard::Guard;
use jianzheng::crawl::render::proxy::Reach;
use jianzheng::crawl::render::{Limits, Renderer, Settings, program};

use super::rig::*;

fn renderer(unit: &Unit) -> Renderer {
    let guard = Guard::new(vec!["127.0.0.1/32".parse().unwrap()]);
    let reach = Reach::new(guard, unit.names(), None, &[], Duration::from_secs(5)).unwrap();
    let folder = unit.folder.path().join("browser");
    std::fs::create_dir_all(&folder).unwrap();
    Renderer::new(Settings {
        program: program::find(&std::env::var_os("PATH").unwrap_or_default()),
        sandbox: false,
        folder,
        reach: Arc::new(reach),
        agent: "jianzheng/test".to_owned(),
        limits: Limits::default(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_for_wechat_alone_is_shown_to_a_browser_that_poses_as_wechat() {
    if program::find(&std::env::var_os("PATH").unwrap_or_default()).is_none() {
        eprintln!("SKIPPED: no Chromium on this machine, nothing was rendered");
        return;
    }
    let mut unit = Unit::new(|head| {
        let coded: String = OFFER.bytes().map(|byte| format!("%{byte:02X}")).collect();
        match (path(head), guest(head)) {
            ("/robots.txt", _) => missing(),
            ("/x", "wechat") => ok("<html><body><div id=app></div><script src=/fill.js></script></body></html>"),
            // The script too is for that guest alone.
            ("/fill.js", "wechat") => ok(&format!("document.body.innerHTML = decodeURIComponent('{coded}')")),
            ("/fill.js", _) => missing(),
            _ => ok(FLOWERS),
        }
    })
    .await;
    unit.renderer = Some(renderer);
    unit.round(0, &[("/x", TRADE)]).await;
    let page = unit.page("/x");
    assert_eq!(page.unrendered, None);
    let rendering = page.rendering.as_ref().expect("it was rendered");
    assert!(rendering.decided && rendering.verdict == "seller" && rendering.screenshot.is_some(), "{rendering:?}");
    assert_eq!(page.verdict.as_deref(), Some("seller"));
    let hit = &unit.hits()[0];
    assert_eq!(hit.seen_as.as_deref(), Some("wechat"), "{hit:?}");
    assert!(hit.reasons.iter().all(|reason| reason.say.starts_with("渲染后：")), "{:?}", hit.reasons);
    let shown =
        jianzheng::evidence::read(unit.folder.path(), &rendering.html.warc, rendering.html.offset, 1 << 20).unwrap();
    assert!(shown.intact && String::from_utf8_lossy(&shown.body).contains("demo_nb88"));
    // Nobody was asked as anybody else than the static looks said.
    let asked = unit.site.asked();
    assert!(asked.iter().filter(|head| path(head) == "/fill.js").all(|head| guest(head) == "wechat"), "{asked:?}");
}
