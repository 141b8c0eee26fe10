//! Pages as a browser shows them: headless Chromium, for what a static parse cannot see, and for pictures of hits.
//!
//! The page is hostile and the browser is large, so each lives in a box: every request goes through a proxy of ours that asks
//! the guard ([`proxy`]); the browser runs in its own process group, folder and sandbox, and is killed for what does not end
//! (`browser`, `process`, `profile`); every wait is bounded and memory is watched (`tab`); what comes out is capped
//! (`look`). Absent or refused by the system, it is said and nothing fails. It must not judge, keep, or decide what is worth
//! rendering. Start at [`Renderer::render`].

mod browser;
mod look;
mod process;
mod profile;
pub mod program;
pub mod proxy;
mod tab;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::browser::GetVersionParams;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use super::guard::Refusal;
use browser::Browser;
use proxy::{Allowance, PageProxy, Reach};
use tab::{Fault, Tab};

/// Pixels of height of the first screen, without scrolling.
pub const SCREEN: u32 = look::HEIGHT;

/// Bounds of one page and of the browsers. The defaults are the product's; tests shorten them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Browsers at a time; each shows one page at a time.
    pub browsers: usize,
    /// Pages after which a browser is replaced.
    pub pages: u32,
    /// Age at which a browser is replaced.
    pub age: Duration,
    /// Until the page is loaded.
    pub load: Duration,
    /// From then until it keeps still.
    pub settle: Duration,
    /// How long it has to keep still.
    pub linger: Duration,
    /// For reading it out.
    pub collect: Duration,
    /// For a picture.
    pub picture: Duration,
    /// For all of it; beyond, the browser is killed.
    pub total: Duration,
    /// Bytes of memory of one browser with all its processes; beyond, it is killed.
    pub memory: u64,
    /// Requests of one page.
    pub requests: u32,
    /// Pages that the main frame may go through.
    pub hops: u32,
    /// UTF-16 units of the HTML that comes out.
    pub html: usize,
    /// Pixels of height of a picture.
    pub height: u32,
    /// Bytes of a picture.
    pub png: usize,
    /// What a page may use of the network.
    pub allowance: Allowance,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            browsers: 2,
            pages: 40,
            age: Duration::from_secs(600),
            load: Duration::from_secs(20),
            settle: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            collect: Duration::from_secs(8),
            picture: Duration::from_secs(15),
            total: Duration::from_secs(75),
            memory: 1536 << 20,
            requests: 200,
            hops: 6,
            html: 4 << 20,
            height: 12_000,
            png: 8 << 20,
            allowance: Allowance { connections: 200, received: 32 << 20, sent: 1 << 20 },
        }
    }
}

/// What a [`Renderer`] is built from.
pub struct Settings {
    /// The browser; none: there is none on this machine.
    pub program: Option<PathBuf>,
    /// Whether the browser keeps its sandbox. False is a danger that the unit has to ask for.
    pub sandbox: bool,
    /// Where browsers have their folders: the system's temporary folder.
    pub folder: PathBuf,
    /// How pages get out.
    pub reach: Arc<Reach>,
    /// What the user agent says besides the browser's own: who patrols, and how to reach them.
    pub agent: String,
    /// Bounds.
    pub limits: Limits,
}

/// One page to be rendered.
pub struct Job {
    /// Its address.
    pub url: Url,
    /// Whether a picture is wanted.
    pub screenshot: bool,
    /// Whether the page may go on to another address by itself (what robots.txt of its host says, whose turn it is).
    pub follow: Box<dyn Fn(&Url) -> bool + Send + Sync>,
    /// Whether something that the page is made of may be asked for, as far as the robots.txt of its host is known.
    pub allows: Box<dyn Fn(&Url) -> bool + Send + Sync>,
    /// Whether scripts of the page may ask its own host for data by POST. Only where the page showed nothing without.
    pub data_by_post: bool,
    /// As whom the page is asked for; none: as the patrol.
    pub guest: Option<Disguise>,
}

/// Somebody else than the patrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disguise {
    /// The user agent.
    pub agent: &'static str,
    /// The page that is said to have led here.
    pub referer: Option<String>,
}

/// A picture of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screenshot {
    /// The file.
    pub png: Vec<u8>,
    /// The whole height is on it.
    pub whole: bool,
}

/// What a page has become.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Where it ended.
    pub url: Url,
    /// The HTTP status of its document; 0 where the browser does not tell.
    pub status: u16,
    /// The document with open shadow roots and frames of its own origin behind it.
    pub html: String,
    /// The HTML is not all of it.
    pub cut: bool,
    /// The picture, where one was wanted and taken.
    pub screenshot: Option<Screenshot>,
    /// Where the page wanted to go and was not let.
    pub onward: Option<Url>,
    /// Requests it made.
    pub requests: u32,
    /// Of those that would have asked the page's own host for data by POST, and were held back.
    pub posts: u32,
    /// Of those the guard refused.
    pub refused: u64,
    /// What a person should know of how it was seen, in Chinese.
    pub notes: Vec<String>,
    /// The browser and its version.
    pub browser: String,
    /// How long it took.
    pub took: Duration,
}

/// Why a page was not rendered. The text is for the officer, the code for records and tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No browser on this machine.
    #[error("没有找到 Chromium，网页没有用浏览器打开")]
    Absent,
    /// The browser refuses to run without its sandbox, or cannot make one.
    #[error("Chromium 的沙箱用不了：{why}；网页没有用浏览器打开")]
    Sandbox {
        /// What stands in the way.
        why: String,
    },
    /// The browser does not start.
    #[error("Chromium 启动不了：{why}")]
    Start {
        /// What it said.
        why: String,
    },
    /// The guard refuses the page's address.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The page cannot be loaded.
    #[error("浏览器打不开这个网页：{why}")]
    Load {
        /// What the browser says.
        why: String,
    },
    /// The page's script never ends, even when told to.
    #[error("页面的脚本停不下来，浏览器已强行结束")]
    Hung,
    /// The page took too much memory.
    #[error("页面占用内存 {mib} MiB，浏览器已强行结束")]
    Memory {
        /// So much.
        mib: u64,
    },
    /// The page, or the browser with it, crashed.
    #[error("页面让浏览器崩溃了")]
    Crashed,
    /// The whole took too long.
    #[error("用浏览器打开超过 {seconds} 秒，已强行结束")]
    Timeout {
        /// The limit.
        seconds: u64,
    },
    /// The browser speaks otherwise than we do.
    #[error("和浏览器说不通：{why}")]
    Protocol {
        /// What failed.
        why: String,
    },
}

impl RenderError {
    /// A short word that never changes.
    pub fn as_code(&self) -> &'static str {
        match self {
            RenderError::Absent => "render-absent",
            RenderError::Sandbox { .. } => "render-sandbox",
            RenderError::Start { .. } => "render-start",
            RenderError::Refused(refusal) => refusal.as_code(),
            RenderError::Load { .. } => "render-load",
            RenderError::Hung => "render-hung",
            RenderError::Memory { .. } => "render-memory",
            RenderError::Crashed => "render-crashed",
            RenderError::Timeout { .. } => "render-timeout",
            RenderError::Protocol { .. } => "render-protocol",
        }
    }

    /// It is the machine's matter and not the page's: every other page will meet the same.
    pub fn is_ours(&self) -> bool {
        matches!(self, RenderError::Absent | RenderError::Sandbox { .. } | RenderError::Start { .. })
    }
}

impl From<Fault> for RenderError {
    fn from(fault: Fault) -> RenderError {
        match fault {
            Fault::Gone | Fault::Crashed => RenderError::Crashed,
            Fault::Hung => RenderError::Hung,
            Fault::Memory(mib) => RenderError::Memory { mib },
            Fault::Load(why) => RenderError::Load { why },
            Fault::Protocol(why) => RenderError::Protocol { why },
        }
    }
}

/// A browser that waits for its next page, with its name and its user agent.
struct Ready {
    browser: Browser,
    product: String,
    agent: String,
}

/// Browsers for pages, at most so many at a time. Cheap while nothing is rendered: the first page starts the first browser.
pub struct Renderer {
    settings: Settings,
    turns: Semaphore,
    waiting: Mutex<Vec<Ready>>,
    /// Why no browser will ever start here; asked once.
    unusable: OnceLock<RenderError>,
    swept: OnceLock<()>,
}

impl Renderer {
    /// Starts nothing yet.
    pub fn new(settings: Settings) -> Renderer {
        let turns = Semaphore::new(settings.limits.browsers.max(1));
        Renderer { settings, turns, waiting: Mutex::default(), unusable: OnceLock::new(), swept: OnceLock::new() }
    }

    /// Shows a page and takes down what it has become.
    ///
    /// # Errors
    /// Why it was not to be seen; the browser is as good as new for the next page.
    pub async fn render(&self, job: &Job) -> Result<Rendered, RenderError> {
        self.settings.reach.check(&job.url)?;
        let protocol = |why: String| RenderError::Protocol { why };
        let _turn = self.turns.acquire().await.map_err(|error| protocol(error.to_string()))?;
        let mut first = true;
        loop {
            let (mut ready, fresh) = self.ready().await?;
            let proxy = PageProxy::open(self.settings.reach.clone(), self.settings.limits.allowance);
            let proxy = proxy.await.map(|proxy| proxy.with_posts_to(job.data_by_post.then(|| job.url.clone())));
            let proxy = proxy.map_err(|error| protocol(error.to_string()))?;
            ready.browser.pages += 1;
            let looking = async {
                let mut tab = Tab::new(&mut ready.browser, &proxy, &self.settings.reach, job, &self.settings.limits);
                let agent = job.guest.as_ref().map_or(ready.agent.as_str(), |guest| guest.agent);
                let looked = look::look(&mut tab, agent).await;
                (looked, tab.watch.requests > 0)
            };
            let Ok((looked, begun)) = timeout(self.settings.limits.total, looking).await else {
                ready.browser.end().await;
                return Err(RenderError::Timeout { seconds: self.settings.limits.total.as_secs() });
            };
            match looked {
                Ok(mut rendered) => {
                    rendered.browser.clone_from(&ready.product);
                    self.done_with(ready).await;
                    return Ok(rendered);
                }
                // It died while it waited, which no page is to blame for.
                Err(Fault::Gone) if !fresh && !begun && std::mem::take(&mut first) => ready.browser.end().await,
                Err(fault) => {
                    if fault.is_fatal() {
                        ready.browser.end().await;
                    } else {
                        self.done_with(ready).await;
                    }
                    return Err(fault.into());
                }
            }
        }
    }

    /// Starts a browser to see whether it works; its name and version. For `doctor`.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn probe(&self) -> Result<String, RenderError> {
        let (ready, _) = self.ready().await?;
        let product = ready.product.clone();
        self.done_with(ready).await;
        Ok(product)
    }

    /// Why no browser will start here, once one was tried.
    pub fn unusable(&self) -> Option<&RenderError> {
        self.unusable.get()
    }

    /// A browser that waits, or a new one; true: it is new.
    async fn ready(&self) -> Result<(Ready, bool), RenderError> {
        if let Some(error) = self.unusable.get() {
            return Err(error.clone());
        }
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(ready) = waiting {
            return Ok((ready, false));
        }
        match self.start().await {
            Ok(ready) => Ok((ready, true)),
            Err(error) => {
                if error.is_ours() && self.unusable.set(error.clone()).is_ok() {
                    tracing::warn!(code = error.as_code(), "pages are not rendered: {error}");
                }
                Err(error)
            }
        }
    }

    async fn start(&self) -> Result<Ready, RenderError> {
        let program = self.settings.program.as_ref().ok_or(RenderError::Absent)?;
        let folder = &self.settings.folder;
        self.swept.get_or_init(|| profile::sweep(folder));
        let mut browser = Browser::launch(program, self.settings.sandbox, folder).await?;
        let version = tab::ask(&mut browser, GetVersionParams::default()).await;
        let version = version.map_err(|fault| RenderError::Start { why: RenderError::from(fault).to_string() })?;
        // Not hidden that it is a patrol; only "Headless", which many sites turn away, is left out.
        let own = version.user_agent.replace("HeadlessChrome", "Chrome");
        let agent = format!("{own} {}", self.settings.agent);
        Ok(Ready { browser, product: version.product, agent })
    }

    /// Keeps a browser for the next page, or replaces it when it has done enough.
    async fn done_with(&self, ready: Ready) {
        let limits = &self.settings.limits;
        if ready.browser.pages >= limits.pages || ready.browser.born.elapsed() >= limits.age {
            ready.browser.end().await;
            return;
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(ready);
    }
}
