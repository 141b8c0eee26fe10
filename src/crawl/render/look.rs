//! One page, from an empty tab to what it shows: loaded, settled, read out, photographed.
//!
//! Everything that may hang has its own time, and a page whose script never ends is stopped before the browser is given up. It
//! must not judge what it sees. Start at [`look`].

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chromiumoxide::cdp::browser_protocol::{browser, emulation, fetch, inspector, page, security, target};
use chromiumoxide::cdp::js_protocol::runtime;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::tab::{Fault, Tab};
use super::{Rendered, Screenshot};
use crate::crawl::client::MAX_LOCATION;

/// For a command that the browser answers by itself.
const SOON: Duration = Duration::from_secs(8);
/// The world in which the page is read.
const WORLD: &str = "jianzheng";
/// The viewport, in CSS pixels.
pub(super) const WIDTH: u32 = 1280;
pub(super) const HEIGHT: u32 = 800;

/// What collect.js gives back.
#[derive(Debug, Deserialize)]
struct Collected {
    html: String,
    cut: bool,
    shadows: u32,
    frames: u32,
    status: u16,
    url: String,
}

/// Shows the job's page in a context of its own and takes down what it has become.
pub(super) async fn look(tab: &mut Tab<'_>, agent: &str) -> Result<Rendered, Fault> {
    let context = open(tab, agent).await?;
    let result = shown(tab).await;
    if !matches!(&result, Err(fault) if fault.is_fatal()) {
        tab.session = None;
        // With the context everything of the page goes: cookies, workers, windows.
        tab.call(target::DisposeBrowserContextParams::new(context), SOON).await?;
    }
    result
}

/// A tab with nothing in it, set up before anything can load.
async fn open(tab: &mut Tab<'_>, agent: &str) -> Result<browser::BrowserContextId, Fault> {
    let context = target::CreateBrowserContextParams {
        dispose_on_detach: Some(true),
        proxy_server: Some(format!("http://{}", tab.proxy.address())),
        proxy_bypass_list: Some("<-loopback>".to_owned()),
        ..Default::default()
    };
    let context = tab.call(context, SOON).await?.browser_context_id;

    let mut downloads = browser::SetDownloadBehaviorParams::new(browser::SetDownloadBehaviorBehavior::Deny);
    downloads.browser_context_id = Some(context.clone());
    downloads.events_enabled = Some(true);
    tab.call(downloads, SOON).await?;

    let mut create = target::CreateTargetParams::new("about:blank");
    create.browser_context_id = Some(context.clone());
    let created = tab.call(create, SOON).await?.target_id;
    let mut attach = target::AttachToTargetParams::new(created.clone());
    attach.flatten = Some(true);
    tab.frame = created.inner().clone();
    tab.session = Some(tab.call(attach, SOON).await?.session_id);

    tab.call(page::EnableParams::default(), SOON).await?;
    tab.call(page::SetLifecycleEventsEnabledParams::new(true), SOON).await?;
    tab.call(inspector::EnableParams::default(), SOON).await?;
    tab.call(security::EnableParams::default(), SOON).await?;
    let pausing = fetch::EnableParams { handle_auth_requests: Some(true), ..Default::default() };
    tab.call(pausing, SOON).await?;
    tab.call(emulation::SetUserAgentOverrideParams::new(agent), SOON).await?;
    tab.call(emulation::SetDeviceMetricsOverrideParams::new(WIDTH, HEIGHT, 1.0, false), SOON).await?;
    Ok(context)
}

async fn shown(tab: &mut Tab<'_>) -> Result<Rendered, Fault> {
    let began = Instant::now();
    let mut notes = Vec::new();
    let mut navigate = page::NavigateParams::new(tab.job.url.as_str());
    navigate.referrer = tab.job.guest.as_ref().and_then(|guest| guest.referer.clone());
    let gone = tab.call(navigate, tab.limits.load).await?;
    if gone.is_download == Some(true) {
        return Err(Fault::Load("对方给的是要下载的文件，不是网页".to_owned()));
    }
    if let Some(error) = gone.error_text.filter(|error| !error.is_empty()) {
        return Err(Fault::Load(error.chars().take(100).collect()));
    }
    if !settled(tab, began).await? {
        notes.push(format!("等了 {} 秒页面还在变，按当时的样子取", began.elapsed().as_secs()));
    }
    let (collected, stopped) = collected(tab).await?;
    if stopped {
        notes.push("页面的脚本停不下来，中止以后才取到".to_owned());
    }
    let sensible = |url: &Url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_LOCATION;
    let url = Url::parse(&collected.url).ok().filter(sensible);
    let Some(url) = url else { return Err(Fault::Load("页面停在一个不是网址的地方".to_owned())) };
    let screenshot = match tab.job.screenshot {
        true => match photographed(tab).await {
            Ok(screenshot) => Some(screenshot),
            Err(fault @ (Fault::Gone | Fault::Crashed | Fault::Memory(_))) => return Err(fault),
            Err(_) => None,
        },
        false => None,
    };
    if tab.job.screenshot && screenshot.is_none() {
        notes.push("没有截到图".to_owned());
    }
    told(tab, &collected, screenshot.as_ref(), &mut notes);
    Ok(Rendered {
        url,
        status: collected.status,
        html: collected.html,
        cut: collected.cut,
        screenshot,
        onward: tab.watch.onward.take(),
        requests: tab.watch.requests,
        posts: tab.watch.posts,
        refused: tab.proxy.account().refused(),
        notes,
        browser: String::new(),
        took: began.elapsed(),
    })
}

/// Waits for the page to be loaded and to keep still for a while. False: it never did, within its time.
async fn settled(tab: &mut Tab<'_>, began: Instant) -> Result<bool, Fault> {
    let loaded = tab.watch(began + tab.limits.load, |watch| watch.loaded).await?;
    let end = Instant::now() + tab.limits.settle;
    loop {
        let quiet = tab.watch(end, |watch| watch.loaded && watch.idle).await?;
        let before = (tab.watch.navigations, tab.watch.requests);
        let linger = (Instant::now() + tab.limits.linger).min(end);
        // Nothing but the time ends this: a redirect by a timer, or a list that comes late, shows in the counts.
        tab.watch(linger, |_| false).await?;
        if quiet && before == (tab.watch.navigations, tab.watch.requests) {
            return Ok(true);
        }
        if Instant::now() >= end {
            return Ok(loaded && quiet);
        }
    }
}

/// Reads the page out. True besides: its script had to be stopped for that.
async fn collected(tab: &mut Tab<'_>) -> Result<(Collected, bool), Fault> {
    match collect(tab).await {
        Err(Fault::Hung) => {}
        // The page went elsewhere under our hands: once more, where it is now.
        Err(Fault::Protocol(_)) => return Ok((collect(tab).await?, false)),
        other => return other.map(|collected| (collected, false)),
    }
    tab.call(runtime::TerminateExecutionParams::default(), tab.limits.collect).await?;
    Ok((collect(tab).await?, true))
}

async fn collect(tab: &mut Tab<'_>) -> Result<Collected, Fault> {
    let mut world = page::CreateIsolatedWorldParams::new(page::FrameId::new(tab.frame.clone()));
    world.world_name = Some(WORLD.to_owned());
    let world = tab.call(world, tab.limits.collect).await?.execution_context_id;
    let script = include_str!("collect.js").replace("LIMIT", &tab.limits.html.to_string());
    let mut evaluate = runtime::EvaluateParams::new(script);
    evaluate.context_id = Some(world);
    evaluate.return_by_value = Some(true);
    evaluate.silent = Some(true);
    let answer = tab.call(evaluate, tab.limits.collect).await?;
    let value = answer.result.value.filter(|_| answer.exception_details.is_none());
    let value = value.ok_or_else(|| Fault::Protocol("the page could not be read out".to_owned()))?;
    serde_json::from_value(value).map_err(|error| Fault::Protocol(error.to_string()))
}

/// The page in its whole height, as far as the caps go.
async fn photographed(tab: &mut Tab<'_>) -> Result<Screenshot, Fault> {
    let metrics = tab.call(page::GetLayoutMetricsParams::default(), tab.limits.collect).await?;
    let whole = metrics.css_content_size.height.max(1.0).ceil() as u32;
    let height = whole.min(tab.limits.height);
    // Noise compresses badly: then a picture of half the size is better than none.
    for scale in [1.0, 0.5] {
        let capture = page::CaptureScreenshotParams {
            format: Some(page::CaptureScreenshotFormat::Png),
            capture_beyond_viewport: Some(true),
            clip: Some(page::Viewport { x: 0.0, y: 0.0, width: f64::from(WIDTH), height: f64::from(height), scale }),
            ..Default::default()
        };
        let data = tab.call(capture, tab.limits.picture).await?.data;
        let png = STANDARD.decode(AsRef::<[u8]>::as_ref(&data)).map_err(|e| Fault::Protocol(e.to_string()))?;
        if png.len() <= tab.limits.png {
            return Ok(Screenshot { png, whole: height == whole });
        }
    }
    Err(Fault::Protocol("the picture is too large".to_owned()))
}

/// What a person should know of how the page was seen.
fn told(tab: &Tab<'_>, collected: &Collected, screenshot: Option<&Screenshot>, notes: &mut Vec<String>) {
    let (watch, account) = (&tab.watch, tab.proxy.account());
    let mut note = |is: bool, say: String| notes.extend(is.then_some(say));
    note(watch.navigations > 1, format!("页面自己跳转了 {} 次", watch.navigations.saturating_sub(1)));
    if let Some(onward) = &watch.onward {
        note(true, format!("页面要转到 {onward}，没有跟去"));
    }
    note(watch.dialogs > 0, format!("弹出对话框 {} 次，都关掉了", watch.dialogs));
    note(watch.downloads > 0, format!("要下载文件 {} 次，都没有下载", watch.downloads));
    let told = account.told().join("；");
    note(account.refused() > 0, format!("向不许访问的地址发请求 {} 次，都拦下了：{told}", account.refused()));
    note(watch.barred > 0, format!("网页里 {} 个请求网站的 robots.txt 不允许，没有发", watch.barred));
    note(watch.unasked > 0, format!("要用 GET 以外的方法发请求 {} 次，都没有发", watch.unasked));
    note(tab.job.data_by_post, "不许用 POST 取数据时没有内容，这次许它向本站取".to_owned());
    note(account.is_spent(), "用完了一个页面的流量，后面的没有加载".to_owned());
    note(watch.requests > tab.limits.requests, format!("请求超过 {} 个，后面的没有加载", tab.limits.requests));
    if let Some(error) = &watch.certificate {
        note(true, format!("网站的证书有问题，已照样接受：{error}"));
    }
    note(collected.cut, "页面太长，只取了前面一部分".to_owned());
    note(
        collected.shadows + collected.frames > 0,
        format!("内容里另附影子树 {} 个、同源框架 {} 个", collected.shadows, collected.frames),
    );
    note(screenshot.is_some_and(|shot| !shot.whole), format!("截图只到 {} 像素高", tab.limits.height));
}
