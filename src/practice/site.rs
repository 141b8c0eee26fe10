//! What the practice web answers to one request: the page of the day, a behaviour of the host, or an engine.
//!
//! Keeps what a day remembers (who asked first, how many searches) and the log that tests read. Must not touch a socket:
//! [`super::server`] does, and it also waits the delay. Start at [`Site::answer`].

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jianzheng_core::cloaking::Guest;

use super::calendar;
use super::web::{AfterGone, Found, Host, Web, place_of};

/// Log lines that are kept; a practice round makes some hundreds.
const MAX_LOG: usize = 100_000;
const HTML: &str = "text/html; charset=utf-8";

/// One request as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The host that was asked, in lower case.
    pub host: String,
    /// Path and query as they came.
    pub path: String,
    /// Who asked, as far as a server can tell.
    pub guest: Guest,
    /// When it came.
    pub time: Instant,
    /// The status it got; none: the connection was closed unanswered.
    pub status: Option<u16>,
}

/// What goes back.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Cow<'static, [u8]>,
}

impl Reply {
    fn html(status: u16, body: impl Into<Cow<'static, [u8]>>) -> Reply {
        Reply { status, headers: vec![("Content-Type".to_owned(), HTML.to_owned())], body: body.into() }
    }
}

/// An answer and how long to wait before it. No reply: the connection is closed.
pub(super) struct Answer {
    pub(super) delay: Duration,
    pub(super) reply: Option<Reply>,
}

/// The practice web on one of its days.
pub(super) struct Site {
    web: Web,
    today: Mutex<Today>,
    log: Mutex<Vec<Served>>,
}

struct Today {
    day: u32,
    seen: HashSet<String>,
    asked: HashMap<String, u32>,
}

impl Today {
    fn of(day: u32) -> Today {
        Today { day: day.max(1), seen: HashSet::new(), asked: HashMap::new() }
    }
}

impl Site {
    pub(super) fn new(web: Web, day: u32) -> Site {
        Site { web, today: Mutex::new(Today::of(day)), log: Mutex::default() }
    }

    /// Another day begins; the same day goes on.
    pub(super) fn set_day(&self, day: u32) {
        let mut today = self.today();
        if today.day != day.max(1) {
            *today = Today::of(day);
        }
    }

    /// Each name that exists today, with the address where it answers: `open`, or `closed` where it refuses today.
    pub(super) fn hosts(&self, open: SocketAddr, closed: SocketAddr) -> Vec<(String, SocketAddr)> {
        let day = self.today().day;
        let address = |host: &Host| if host.refuses_on(day) { closed } else { open };
        self.web.hosts.iter().map(|(name, host)| (name.clone(), address(host))).collect()
    }

    pub(super) fn log(&self) -> Vec<Served> {
        self.lines().clone()
    }

    /// Answers a GET of `target` (path and query) at `host` by a guest, and writes it down.
    pub(super) fn answer(&self, host: &str, target: &str, guest: Guest) -> Answer {
        let time = Instant::now();
        let host = host.to_ascii_lowercase();
        let answer = self.find(&host, target, guest);
        let status = answer.reply.as_ref().map(|reply| reply.status);
        let mut log = self.lines();
        if log.len() < MAX_LOG {
            log.push(Served { host, path: target.to_owned(), guest, time, status });
        }
        answer
    }

    fn find(&self, name: &str, target: &str, guest: Guest) -> Answer {
        let closed = Answer { delay: Duration::ZERO, reply: None };
        let Some(host) = self.web.hosts.get(name) else { return closed };
        let day = self.today().day;
        if host.refuses_on(day) {
            return closed;
        }
        let mut delay = host.delay;
        let path = target.split('?').next().unwrap_or_default();
        let reply = if path == "/robots.txt" {
            Some(self.robots(host))
        } else if host.endless {
            Some(Reply::html(200, calendar::page(target).into_bytes()))
        } else if let Some(reply) = self.engine(name, path, target, day) {
            Some(reply)
        } else {
            let place = place_of(name, target);
            match self.web.page_on(&place, day) {
                Found::Page(page) => {
                    delay += page.delay;
                    let first = page.first.as_ref().filter(|_| self.today().seen.insert(place));
                    Some(match first {
                        Some(first) => Reply {
                            status: first.status,
                            headers: first.headers.clone().into_iter().collect(),
                            body: Cow::Borrowed(b""),
                        },
                        None => {
                            let body = Cow::Borrowed(page.body_for(guest));
                            Reply { status: page.status, headers: page.headers.clone(), body }
                        }
                    })
                }
                Found::Gone(AfterGone::NotFound) => Some(Reply::html(404, self.web.not_found)),
                Found::Gone(AfterGone::Parked) => Some(Reply::html(200, self.web.parked)),
                Found::Gone(AfterGone::Refused) => None,
            }
        };
        Answer { delay, reply }
    }

    fn robots(&self, host: &Host) -> Reply {
        match &host.robots {
            Some(rules) => Reply {
                status: 200,
                headers: vec![("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())],
                body: Cow::Owned(rules.clone().into_bytes()),
            },
            None => Reply::html(404, self.web.not_found),
        }
    }

    fn engine(&self, name: &str, path: &str, target: &str, day: u32) -> Option<Reply> {
        let engine = self.web.engines.iter().find(|engine| engine.host == name)?;
        let asked = {
            let mut today = self.today();
            let asked = today.asked.entry(name.to_owned()).or_default();
            *asked += u32::from(engine.is_search(path));
            *asked
        };
        let shown = engine.answer(target, day, asked)?;
        Some(Reply { status: shown.status, headers: shown.headers, body: Cow::Owned(shown.body.into_bytes()) })
    }

    fn today(&self) -> MutexGuard<'_, Today> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Served>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
