//! The cookies that a source gave, for the host that gave them, for an hour at most.
//!
//! Some sources answer only who carries the cookies of their front page. Nothing is kept on disk. Start at [`Jar`].

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::discover::request::{Reply, Request};

const LIFE: Duration = Duration::from_secs(3600);
const MAX_COOKIES: usize = 50;
const MAX_COOKIE: usize = 4096;

/// Cookies of one host.
pub(super) struct Jar {
    host: Option<String>,
    cookies: Vec<(String, String)>,
    since: Option<Instant>,
}

impl Jar {
    /// An empty jar for the host of `url`.
    pub(super) fn of(url: &Url) -> Jar {
        Jar { host: url.host_str().map(str::to_owned), cookies: Vec::new(), since: None }
    }

    /// Whether the visit that fills it is due; then it is emptied.
    pub(super) fn wants_visit(&mut self) -> bool {
        let due = self.since.is_none_or(|since| since.elapsed() >= LIFE);
        if due {
            self.cookies.clear();
            self.since = Some(Instant::now());
        }
        due
    }

    /// Takes the cookies of a reply.
    pub(super) fn take(&mut self, reply: &Reply) {
        if reply.final_url.host_str() != self.host.as_deref() {
            return;
        }
        for (_, value) in reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let pair = value.split(';').next().unwrap_or_default().trim();
            let Some((name, value)) = pair.split_once('=') else { continue };
            let plain = pair.len() <= MAX_COOKIE && pair.bytes().all(|b| (b'!'..=b'~').contains(&b) && b != b',');
            if !plain || name.is_empty() {
                continue;
            }
            self.cookies.retain(|(known, _)| known != name);
            if self.cookies.len() < MAX_COOKIES {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Puts the cookies on a request to their host.
    pub(super) fn dress(&self, request: &mut Request) {
        if self.cookies.is_empty() || request.url.host_str() != self.host.as_deref() {
            return;
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.headers.push(("Cookie".to_owned(), pairs.join("; ")));
    }
}
