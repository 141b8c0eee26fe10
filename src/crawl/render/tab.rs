//! A page's end of the protocol: commands asked one by one, and what comes in between watched and answered.
//!
//! Every wait here is bounded, and while it waits it looks at the memory the browser holds. Requests of the page are counted and
//! judged before they leave ([`Tab::paused`]); where they may lead at all is the proxy's to enforce. Only domains whose messages a page
//! cannot blow up at will are switched on. Start at [`Tab::call`].

use std::time::Duration;

use chromiumoxide::Command;
use chromiumoxide::cdp::browser_protocol::{fetch, network, page, target::SessionId};
use chromiumoxide::error::CdpError;
use chromiumoxide::types::{CallId, Message};
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::browser::{Browser, Event};
use super::proxy::{PageProxy, Reach, is_reading, is_same_origin};
use super::{Job, Limits};
use crate::crawl::client::MAX_LOCATION;

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(200);
/// Challenges answered on one page; more is a loop.
const CHALLENGES: u32 = 8;

/// What ends the rendering of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The browser is gone.
    Gone,
    /// The page's process crashed.
    Crashed,
    /// No answer in time.
    Hung,
    /// Too much memory: so many MiB.
    Memory(u64),
    /// The page cannot be loaded.
    Load(String),
    /// The browser refuses a command.
    Protocol(String),
}

impl Fault {
    /// The browser cannot be trusted with another page.
    pub(super) fn is_fatal(&self) -> bool {
        !matches!(self, Fault::Load(_))
    }
}

/// What has been seen of the page so far.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) loaded: bool,
    /// No connection for half a second.
    pub(super) idle: bool,
    /// Pages the main frame has shown.
    pub(super) navigations: u32,
    pub(super) url: String,
    pub(super) requests: u32,
    pub(super) held_back: u32,
    /// Requests by other methods than reading ones.
    pub(super) unasked: u32,
    /// Of those, what scripts wanted of the page's own host.
    pub(super) posts: u32,
    /// What robots.txt forbids.
    pub(super) barred: u32,
    pub(super) dialogs: u32,
    pub(super) downloads: u32,
    /// Where the page wanted to go and was not let.
    pub(super) onward: Option<Url>,
    /// What is wrong with the certificate.
    pub(super) certificate: Option<String>,
    hops: u32,
    challenges: u32,
    crashed: bool,
}

/// One page in one browser.
pub(super) struct Tab<'a> {
    pub(super) browser: &'a mut Browser,
    pub(super) proxy: &'a PageProxy,
    pub(super) reach: &'a Reach,
    pub(super) job: &'a Job,
    pub(super) limits: &'a Limits,
    pub(super) session: Option<SessionId>,
    /// The main frame, as soon as it is known.
    pub(super) frame: String,
    pub(super) watch: Watch,
    next_look: Instant,
}

impl<'a> Tab<'a> {
    pub(super) fn new(
        browser: &'a mut Browser,
        proxy: &'a PageProxy,
        reach: &'a Reach,
        job: &'a Job,
        limits: &'a Limits,
    ) -> Tab<'a> {
        let (frame, watch) = (String::new(), Watch::default());
        Tab { browser, proxy, reach, job, limits, session: None, frame, watch, next_look: Instant::now() }
    }

    /// Asks a command of the page (of the browser, before there is a page) and waits for its answer.
    pub(super) async fn call<C: Command>(&mut self, command: C, patience: Duration) -> Result<C::Response, Fault> {
        let until = Instant::now() + patience;
        let id = self.send(&command)?;
        loop {
            let Some(message) = self.next(until).await? else { return Err(Fault::Hung) };
            match message {
                Message::Response(answer) if answer.id == id => {
                    if let Some(error) = answer.error {
                        return Err(Fault::Protocol(format!("{}: {}", command.identifier(), error.message)));
                    }
                    let unreadable =
                        |error: serde_json::Error| Fault::Protocol(format!("{}: {error}", command.identifier()));
                    return C::response_from_value(answer.result.unwrap_or_default()).map_err(unreadable);
                }
                Message::Response(_) => {}
                Message::Event(event) => self.seen(event)?,
            }
        }
    }

    /// Watches until `enough`, or until the time is over; false then.
    pub(super) async fn watch(&mut self, until: Instant, enough: impl Fn(&Watch) -> bool) -> Result<bool, Fault> {
        loop {
            if enough(&self.watch) {
                return Ok(true);
            }
            match self.next(until).await? {
                None => return Ok(false),
                Some(Message::Event(event)) => self.seen(event)?,
                Some(Message::Response(_)) => {}
            }
        }
    }

    /// Sends a command whose answer is not waited for.
    fn send<C: Command>(&mut self, command: &C) -> Result<CallId, Fault> {
        let params = serde_json::to_value(command).map_err(|error| Fault::Protocol(error.to_string()))?;
        let sent = self.browser.wire.submit_command(command.identifier(), self.session.clone(), params);
        sent.map_err(|error| Fault::Protocol(error.to_string()))
    }

    /// The next message; none when the time is over.
    async fn next(&mut self, until: Instant) -> Result<Option<Message<Event>>, Fault> {
        loop {
            if self.watch.crashed {
                return Err(Fault::Crashed);
            }
            let now = Instant::now();
            if now >= self.next_look {
                self.next_look = now + LOOK;
                let memory = self.browser.family.memory();
                if memory > self.limits.memory {
                    return Err(Fault::Memory(memory >> 20));
                }
            }
            if now >= until {
                return Ok(None);
            }
            tokio::select! {
                // A page that floods us with events must not put off the looks and the end of the time.
                biased;
                () = sleep_until(until.min(self.next_look)) => {}
                message = self.browser.wire.next() => match message {
                    Some(Ok(message)) => return Ok(Some(message)),
                    // Written for another version of the protocol than the browser's; nothing that is waited for.
                    Some(Err(CdpError::InvalidMessage(..))) => {}
                    Some(Err(_)) | None => return Err(Fault::Gone),
                },
            }
        }
    }

    /// Takes an event in, and answers it where it waits for an answer.
    fn seen(&mut self, event: Event) -> Result<(), Fault> {
        let params = &event.params;
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        if event.method == "Browser.downloadWillBegin" {
            self.watch.downloads += 1;
        }
        let ours = self.session.as_ref().map(AsRef::as_ref);
        if event.method == "Target.detachedFromTarget" && ours == Some(text("sessionId")) {
            return Err(Fault::Crashed);
        }
        if event.session.as_deref() != ours {
            return Ok(());
        }
        let main = self.frame == text("frameId");
        match event.method.as_str() {
            "Fetch.requestPaused" => self.paused(params)?,
            "Fetch.authRequired" => self.challenged(params)?,
            "Page.loadEventFired" => self.watch.loaded = true,
            "Page.lifecycleEvent" if main && text("name") == "networkIdle" => self.watch.idle = true,
            "Page.lifecycleEvent" if main && text("name") == "init" => {
                (self.watch.loaded, self.watch.idle) = (false, false);
            }
            "Page.frameNavigated" => {
                let frame = params.get("frame").unwrap_or(&Value::Null);
                if frame.get("parentId").is_none() {
                    self.watch.navigations += 1;
                    self.watch.url = frame.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
                }
            }
            "Page.javascriptDialogOpening" => {
                self.watch.dialogs += 1;
                // Whoever asks whether to stay is told to let go; everything else gets no.
                let leave = text("type") == "beforeunload";
                self.send(&page::HandleJavaScriptDialogParams::new(leave))?;
            }
            "Security.visibleSecurityStateChanged" => {
                let error = params.pointer("/visibleSecurityState/certificateSecurityState/certificateNetworkError");
                if let Some(error) = error.and_then(Value::as_str) {
                    self.watch.certificate = Some(error.chars().take(60).collect());
                }
            }
            "Inspector.targetCrashed" => self.watch.crashed = true,
            _ => {}
        }
        Ok(())
    }

    /// A request of the page, before it is made.
    fn paused(&mut self, params: &Value) -> Result<(), Fault> {
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        let request = fetch::RequestId::new(text("requestId"));
        let url = params.pointer("/request/url").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
        self.watch.requests += 1;
        let kind = text("resourceType");
        let method = params.pointer("/request/method").and_then(Value::as_str);
        let asks = url.as_ref().is_some_and(|url| self.only_asks(method.unwrap_or_default(), kind, url));
        let goes = asks && url.is_some_and(|url| self.may_go(&url, kind, text("frameId")));
        if goes {
            self.send(&fetch::ContinueRequestParams::new(request))?;
            return Ok(());
        }
        self.watch.held_back += 1;
        // "Aborted" leaves the page where it is; another reason would put an error page in its place.
        self.send(&fetch::FailRequestParams::new(request, network::ErrorReason::Aborted))?;
        Ok(())
    }

    /// No form is sent, ours or theirs, and nothing else is said to anybody: a look reads. What scripts of the page ask its own host
    /// for by POST may be the page itself, so that goes where the job says so.
    fn only_asks(&mut self, method: &str, kind: &str, url: &Url) -> bool {
        if is_reading(method) && (kind != "Document" || method == "GET") {
            return true;
        }
        let data = method == "POST" && matches!(kind, "XHR" | "Fetch") && is_same_origin(url, &self.job.url);
        self.watch.posts += u32::from(data);
        let goes = data && self.job.data_by_post;
        self.watch.unasked += u32::from(!goes);
        goes
    }

    fn may_go(&mut self, url: &Url, kind: &str, frame: &str) -> bool {
        if self.watch.requests > self.limits.requests {
            return false;
        }
        if let Err(refusal) = self.reach.check(url) {
            self.proxy.account().refuse(url, &refusal);
            return false;
        }
        // Films and beacons show nothing of a page.
        if matches!(kind, "Media" | "Ping" | "CSPViolationReport" | "Prefetch") {
            return false;
        }
        if kind != "Document" || frame != self.frame {
            let barred = !(self.job.allows)(url);
            self.watch.barred += u32::from(barred);
            return !barred;
        }
        self.watch.hops += 1;
        let first = self.watch.hops == 1;
        let goes = first || (self.watch.hops <= self.limits.hops && (self.job.follow)(url));
        // A longer one leads nowhere, and is nothing to write down.
        if !goes && url.as_str().len() <= MAX_LOCATION {
            self.watch.onward.get_or_insert_with(|| url.clone());
        }
        goes
    }

    /// Somebody wants a password: our own proxy gets it, a site does not.
    fn challenged(&mut self, params: &Value) -> Result<(), Fault> {
        let request = params.get("requestId").and_then(Value::as_str).unwrap_or_default();
        let source = params.pointer("/authChallenge/source").and_then(Value::as_str);
        self.watch.challenges += 1;
        let ours = source == Some("Proxy") && self.watch.challenges <= CHALLENGES;
        let mut response = fetch::AuthChallengeResponse::new(match ours {
            true => fetch::AuthChallengeResponseResponse::ProvideCredentials,
            false => fetch::AuthChallengeResponseResponse::CancelAuth,
        });
        if ours {
            let (name, word) = self.proxy.credentials();
            (response.username, response.password) = (Some(name.to_owned()), Some(word.to_owned()));
        }
        self.send(&fetch::ContinueWithAuthParams::new(fetch::RequestId::new(request), response))?;
        Ok(())
    }
}

/// Asks the browser itself one thing.
pub(super) async fn ask<C: Command>(browser: &mut Browser, command: C) -> Result<C::Response, Fault> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let params = serde_json::to_value(&command).map_err(|error| Fault::Protocol(error.to_string()))?;
    let sent = browser.wire.submit_command(command.identifier(), None, params);
    let id = sent.map_err(|error| Fault::Protocol(error.to_string()))?;
    let answered = async {
        while let Some(message) = browser.wire.next().await {
            match message {
                Ok(Message::Response(answer)) if answer.id == id => {
                    let result = answer.result.unwrap_or_default();
                    return C::response_from_value(result).map_err(|error| Fault::Protocol(error.to_string()));
                }
                Ok(_) | Err(CdpError::InvalidMessage(..)) => {}
                Err(_) => return Err(Fault::Gone),
            }
        }
        Err(Fault::Gone)
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap_or(Err(Fault::Hung))
}
