//! One browser: started with everything off that a patrol does not need, held in a process group of its own, ended by a kill.
//!
//! Its default proxy is a closed port, so that nothing it does by itself reaches anybody; each page gets a proxy of its own
//! ([`super::proxy`]). The sandbox stays on unless the unit's settings say otherwise in so many words. chromiumoxide gives the
//! connection and the protocol's types; its own page handler is not used, because it switches on domains of the protocol (console,
//! log, network) whose messages are as long as a hostile page likes. It must not know what a page is. Start at [`Browser::launch`].

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chromiumoxide::Connection;
use chromiumoxide::types::{EventMessage, Method, MethodId};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::{Instant, timeout};

use super::RenderError;
use super::process::Family;
use super::profile::Profile;

/// From the start of the program to its readiness.
const START: Duration = Duration::from_secs(20);
/// Lines of what it says at its start that are kept to tell why it failed.
const LINES: usize = 30;

/// Everything that a browser does of itself, off; everything that could go around the proxy, off.
const FLAGS: [&str; 42] = [
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--no-service-autorun",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-notifications",
    "--disable-prompt-on-repost",
    "--disable-quic",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--autoplay-policy=user-gesture-required",
    "--block-new-web-contents",
    "--deny-permission-prompts",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    // Frames of all sites in one process: there is nothing to steal in a profile of one page, and a renderer each costs 60 MB.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,\
     AutofillServerCommunication,CertificateTransparencyComponentUpdater,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,\
     NetworkPrediction,Prerender2,WebUSB,GlobalMediaControls",
    "--renderer-process-limit=4",
    "--js-flags=--max-old-space-size=512",
    "--window-size=1280,800",
    "--lang=zh-CN",
    "--accept-lang=zh-CN,zh",
    // As the fetcher does for targets, and for nothing else: this browser asks nobody but targets.
    "--ignore-certificate-errors",
    // The first is what today's Chromium obeys, the second what older ones did. tests/rendering.rs shows that without it packets go out.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-server=http://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

/// A message of the protocol that nobody asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Event {
    pub(super) method: String,
    #[serde(rename = "sessionId", default)]
    pub(super) session: Option<String>,
    #[serde(default)]
    pub(super) params: serde_json::Value,
}

impl Method for Event {
    fn identifier(&self) -> MethodId {
        self.method.clone().into()
    }
}

impl EventMessage for Event {
    fn session_id(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

/// A running browser. Dropping it kills all of its processes and removes its folder.
pub(super) struct Browser {
    pub(super) wire: Connection<Event>,
    pub(super) family: Family,
    /// Pages it has shown.
    pub(super) pages: u32,
    pub(super) born: Instant,
    child: Child,
    _watcher: Option<Child>,
    // Last, so that the folder goes when nobody works in it any more.
    _profile: Profile,
}

impl Browser {
    /// Starts `program` in a fresh folder below `folder`.
    ///
    /// # Errors
    /// It does not start, refuses its sandbox, or does not answer.
    pub(super) async fn launch(program: &Path, sandbox: bool, folder: &Path) -> Result<Browser, RenderError> {
        let start = |why: String| RenderError::Start { why };
        let profile = Profile::new(folder).map_err(|error| start(format!("临时目录建不了：{error}")))?;
        let mut child = command(program, sandbox, profile.path())
            .spawn()
            .map_err(|error| start(format!("{} 启动不了：{error}", program.display())))?;
        let family = Family::of(child.id().unwrap_or_default(), profile.path());
        // From here on a failure must end whatever was started.
        let mut guard = Ended(Some(family.clone()));
        let watcher = watcher(&family);
        let stderr = child.stderr.take().ok_or_else(|| start("读不到它的输出".to_owned()))?;
        let address = match timeout(START, listening(stderr)).await {
            Ok(Ok(address)) => address,
            Ok(Err(said)) => return Err(why(&said)),
            Err(_) => return Err(start(format!("{} 秒没有就绪", START.as_secs()))),
        };
        let wire = match timeout(START, Connection::connect(&address)).await {
            Ok(wire) => wire.map_err(|error| start(format!("接不上它的调试端口：{error}")))?,
            Err(_) => return Err(start("接不上它的调试端口".to_owned())),
        };
        guard.0 = None;
        Ok(Browser { wire, family, pages: 0, born: Instant::now(), child, _watcher: watcher, _profile: profile })
    }

    /// Ends it and waits until it is gone.
    pub(super) async fn end(mut self) {
        self.family.kill();
        // Killed processes end at once; one that the kernel holds back is not waited for.
        let _ = timeout(Duration::from_secs(2), self.child.wait()).await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.family.kill();
    }
}

/// Kills what was started, unless it is taken out.
struct Ended(Option<Family>);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(family) = &self.0 {
            family.kill();
        }
    }
}

/// Ends the browser at once if this program is killed: a shell that waits for the end of a pipe whose other end is ours alone.
///
/// The kernel's own signal at a parent's death would have to be asked for between fork and exec, which is unsafe code, and comes when
/// the thread that started the browser ends. Without a shell the browser is swept at the next start, as its folder is anyway.
fn watcher(family: &Family) -> Option<Child> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "read -r _; kill -s KILL -- \"-$0\""]).arg(family.leader().to_string());
    // In a group of its own, so that what ends the browser, or stops us with the terminal's key, leaves it to its work.
    command.env_clear().current_dir("/").process_group(0).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().ok()
}

fn command(program: &Path, sandbox: bool, profile: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(FLAGS);
    if !sandbox {
        command.arg("--no-sandbox");
    }
    let mut folder = std::ffi::OsString::from("--user-data-dir=");
    folder.push(profile);
    command.arg(folder).arg("about:blank");
    // Nothing of the caller's surroundings: no proxy, no keys, no desktop, no home.
    command.env_clear();
    for kept in ["PATH", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.env("HOME", profile).env("TMPDIR", profile).env("LANG", "zh_CN.UTF-8");
    command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:").env("DBUS_SYSTEM_BUS_ADDRESS", "disabled:");
    command.current_dir(profile).process_group(0).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Waits for the line that tells the address; what was said until then if it never comes. Reads on afterwards, so that the browser
/// never waits for a reader.
async fn listening(stderr: ChildStderr) -> Result<String, Vec<String>> {
    let mut lines = BufReader::new(stderr).lines();
    let mut said = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = line.strip_prefix("DevTools listening on ") {
            let address = address.trim().to_owned();
            if !address.starts_with("ws://127.0.0.1:") {
                break;
            }
            tokio::spawn(async move {
                let mut rest = lines.into_inner();
                let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
            });
            return Ok(address);
        }
        if said.len() < LINES {
            said.push(line.chars().take(300).collect());
        }
    }
    Err(said)
}

/// What it said, as a reason.
fn why(said: &[String]) -> RenderError {
    let about_sandbox = said.iter().find(|line| line.to_ascii_lowercase().contains("sandbox"));
    match about_sandbox {
        Some(line) if line.contains("root") => {
            RenderError::Sandbox { why: "以 root 身份运行时它不肯带沙箱启动".to_owned() }
        }
        Some(_) => RenderError::Sandbox { why: "系统不让它建沙箱（用户命名空间不可用）".to_owned() },
        None => {
            let last = said.last().map_or("什么也没说就退出了", String::as_str);
            RenderError::Start { why: last.to_owned() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_goes_only_by_the_units_word() {
        let args = |sandbox| -> Vec<String> {
            let command = command(Path::new("chromium"), sandbox, Path::new("/tmp/x"));
            command.as_std().get_args().map(|arg| arg.to_string_lossy().into_owned()).collect()
        };
        assert!(!args(true).iter().any(|arg| arg.contains("no-sandbox")));
        assert!(args(false).contains(&"--no-sandbox".to_owned()));
    }

    #[test]
    fn a_refused_sandbox_is_told_from_other_failures() {
        let root = "[1:1:ERROR:zygote_host_impl_linux.cc:103] Running as root without --no-sandbox is not supported.";
        assert!(matches!(why(&[root.to_owned()]), RenderError::Sandbox { why } if why.contains("root")));
        assert!(matches!(why(&["No usable sandbox!".to_owned()]), RenderError::Sandbox { .. }));
        assert!(matches!(why(&["cannot open shared object".to_owned()]), RenderError::Start { .. }));
        assert!(matches!(why(&[]), RenderError::Start { .. }));
    }
}
