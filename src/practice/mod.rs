//! The bundled practice web: an invented piece of the world that `--practice` patrols, and the truth about it.
//!
//! What it holds lies in `seeds/practice` and is compiled in; a page is added there, never here. It answers on loopback only:
//! [`Running::hosts`] is the whole world for the resolver, so no name of it, and no other, ever reaches the real net. Must not
//! know rules or verdict code: it is what those are tested with. Start at [`PracticeWeb`].

mod calendar;
mod engine;
mod server;
mod sheet;
mod site;
#[cfg(test)]
mod tests;
mod truth;
mod web;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use jiff::{SignedDuration, Timestamp};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

pub use sheet::Flaw;
pub use site::Served;
pub use truth::{Back, DayTruth, Expect, Expectation, Report, Truth, Wrong};
pub use web::Days;

use site::Site;
use web::Web;

static BUNDLE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/seeds/practice");

/// The name under which [`settings`] expects [`seeds`] beside itself.
pub const SEEDS_FILE: &str = "seeds.txt";

/// Why there is no practice web.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// Its own files are flawed: everything that is.
    #[error("随程序带的演练网有 {} 处写错，没法演练；请把下面的话告诉维护的人：\n{}", .0.len(), lines(.0))]
    Data(Vec<Flaw>),
    /// No port on loopback.
    #[error("演练网要在本机（127.0.0.1）开一个端口，没有开成：{0}；检查本机的防护软件是否拦住了本程序")]
    Listen(#[source] io::Error),
}

fn lines(flaws: &[Flaw]) -> String {
    flaws.iter().map(Flaw::to_string).collect::<Vec<_>>().join("\n")
}

/// The practice web, checked and ready to be served.
pub struct PracticeWeb(Web);

impl PracticeWeb {
    /// Reads what is compiled in.
    ///
    /// # Errors
    /// Every flaw of `web.toml`.
    pub fn load() -> Result<PracticeWeb, PracticeError> {
        let files = |path: &str| BUNDLE.get_file(path).map(include_dir::File::contents);
        Web::parse(text("web.toml"), &files).map(PracticeWeb).map_err(PracticeError::Data)
    }

    /// Serves it on a port of its own, as it is on `day`.
    ///
    /// # Errors
    /// No port on loopback.
    pub async fn serve(self, day: u32) -> Result<Running, PracticeError> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(anywhere).await.map_err(PracticeError::Listen)?;
        let open = listener.local_addr().map_err(PracticeError::Listen)?;
        // Bound and not listening: whoever connects is refused, and nobody else can take the port.
        let refusing = TcpSocket::new_v4().map_err(PracticeError::Listen)?;
        refusing.bind(anywhere).map_err(PracticeError::Listen)?;
        let closed = refusing.local_addr().map_err(PracticeError::Listen)?;
        let site = Arc::new(Site::new(self.0, day));
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(server::serve(listener, site.clone(), stopped));
        Ok(Running { open, closed, site, stop, serving, _refusing: refusing })
    }
}

/// The practice web as it is being served; dropped, it ends.
pub struct Running {
    open: SocketAddr,
    closed: SocketAddr,
    site: Arc<Site>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    _refusing: TcpSocket,
}

impl Running {
    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.open
    }

    /// Each name that exists, with where it answers, for [`crate::crawl::resolver::Table`]; a host that refuses on this day
    /// has an address that refuses connections. Ask again after [`Running::set_day`].
    pub fn hosts(&self) -> Vec<(String, SocketAddr)> {
        self.site.hosts(self.open, self.closed)
    }

    /// Another day: counts of searches and of first requests start anew. The day that it already is goes on.
    pub fn set_day(&self, day: u32) {
        self.site.set_day(day);
    }

    /// The requests so far, oldest first.
    pub fn log(&self) -> Vec<Served> {
        self.site.log()
    }

    /// Stops; open connections are cut.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // It cannot fail but by a panic in it, which has told of itself.
        let _ = self.serving.await;
    }
}

/// The address as the practice web answers it: it speaks no TLS, so https becomes http.
pub fn plain(url: &Url) -> Url {
    let mut plain = url.clone();
    if plain.scheme() == "https" {
        // http and https may be exchanged for each other by the URL standard; should that fail, the address stays.
        let _ = plain.set_scheme("http");
    }
    plain
}

/// The practice settings, for the ordinary reader. [`seeds`] must lie beside them as [`SEEDS_FILE`].
pub fn settings() -> &'static str {
    text("settings.toml")
}

/// Where the practice patrol starts: a seed list.
pub fn seeds() -> &'static str {
    text(SEEDS_FILE)
}

/// What is true about the practice web.
///
/// # Errors
/// Every flaw of `truth.toml`.
pub fn truth() -> Result<Truth, PracticeError> {
    Truth::load(text("truth.toml"))
}

/// A bundled text; a missing one reads as empty, which the tests of this module would notice.
fn text(path: &str) -> &'static str {
    BUNDLE.get_file(path).and_then(include_dir::File::contents_utf8).unwrap_or_default()
}

/// Which round of a practice day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// At 02:00; on the first day there is none.
    Night,
    /// At 08:30; the mail goes out after it.
    Morning,
}

/// The rounds of `day`, in order.
pub fn parts(day: u32) -> &'static [Part] {
    if day <= 1 { &[Part::Morning] } else { &[Part::Night, Part::Morning] }
}

/// When that round begins. Day 1 is 2026-03-02, in Shanghai.
pub fn clock(day: u32, part: Part) -> Timestamp {
    /// 2026-03-02T00:00:00+08:00
    const FIRST: Timestamp = Timestamp::constant(1_772_380_800, 0);
    let hours = i64::from(day.max(1) - 1) * 24;
    let minutes = match part {
        Part::Night => 2 * 60,
        Part::Morning => 8 * 60 + 30,
    };
    // Days beyond the end of the calendar all begin at its end.
    FIRST.saturating_add(SignedDuration::from_mins(hours * 60 + minutes)).unwrap_or(Timestamp::MAX)
}
