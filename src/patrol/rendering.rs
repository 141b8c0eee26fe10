//! Pages seen by a browser beside the static reading: which, in whose turn, and which of the two verdicts decides.
//!
//! The static reading is always made and its capture always kept; what the browser showed stands beside it, as HTML and, of hits, as a
//! picture. Nothing is fetched or drawn here ([`crate::crawl::render`] does), and what cannot be rendered is a note on the page's
//! record, never a failure. Start at [`Stage`]; `check` uses [`wants`] and [`judged`] by themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jianzheng_core::address;
use jianzheng_core::cloaking::Guest;
use jianzheng_core::page::{self, Extract, Picture, PictureKind};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Verdict;
use url::Url;

use super::manners::{hop_pause, may_go_on};
use super::pictures;
use super::reading::{self, Content, Read, Terms};
use super::{Failure, Shared};
use crate::config::Robots;
use crate::crawl::client::agent_of;
use crate::crawl::frontier::Lease;
use crate::crawl::picture;
use crate::crawl::render::{self, Disguise, Job, RenderError, Rendered, Renderer};
use crate::evidence::{self, Series};
use crate::store::{Depicted, Page, Rendering};

/// Pages of one host that are rendered in one round: each is dozens of requests to it.
const HOST_PAGES: u32 = 20;
/// Notes of one page that are kept, and their length.
const NOTES: usize = 12;
const NOTE: usize = 300;
/// What the signals of a verdict begin with that rests on what the browser showed.
pub const MARK: &str = "渲染后：";

/// Whether a page is worth a browser. `always`: each is. Otherwise those whose text a static parse cannot see, and hits, for their
/// picture.
pub fn wants(always: bool, extract: &Extract, verdict: &Verdict) -> bool {
    always || extract.needs_eyes || verdict.kind.is_hit()
}

/// Shows a page; once more, after `pause`, where it showed next to nothing and was kept from asking its own host for data by POST.
///
/// # Errors
/// Why it was not to be seen.
pub async fn render<P: Future<Output = ()>>(
    renderer: &Renderer,
    job: Job,
    pause: impl FnOnce() -> P,
) -> Result<Rendered, RenderError> {
    let rendered = renderer.render(&job).await?;
    if rendered.posts == 0 || !is_blind(&rendered).await {
        return Ok(rendered);
    }
    pause().await;
    // What came is better than nothing, should the second look fail.
    Ok(renderer.render(&Job { data_by_post: true, ..job }).await.unwrap_or(rendered))
}

/// Whether what was shown says next to nothing. It may be megabytes: no work for the network's threads.
async fn is_blind(rendered: &Rendered) -> bool {
    let (html, url) = (rendered.html.clone(), rendered.url.clone());
    tokio::task::spawn_blocking(move || page::read_text(&html, Some(&url)).needs_eyes).await.unwrap_or(false)
}

/// What was shown, read and judged; none where the browser was given an error instead of the page, which was `answered` with a status.
pub fn judged(
    rules: &RuleSet,
    rendered: &Rendered,
    answered: u16,
    known: &Depicted,
    terms: &Terms,
) -> Option<(Extract, Verdict)> {
    if !matches!(rendered.status, 0 | 200..300) && rendered.status != answered {
        return None;
    }
    let mut extract = pictures::with_inline(page::read_text(&rendered.html, Some(&rendered.url)));
    pictures::put_known(known, &mut extract, &rendered.url);
    screen(rendered).put_into(&mut extract);
    let verdict = reading::judge(rules, &extract, &rendered.url, terms);
    Some((extract, verdict))
}

/// How the first screen looks, where a picture was taken.
pub fn screen(rendered: &Rendered) -> Depicted {
    let look = rendered.screenshot.as_ref().and_then(|shot| picture::look_of_top(&shot.png, render::SCREEN));
    let url = rendered.url.to_string();
    Depicted {
        codes: Vec::new(),
        pictures: look.map(|look| Picture { kind: PictureKind::Screen, look, url }).into_iter().collect(),
    }
}

/// Whether the shown page decides: it is the stronger, or as weak and at last something to read.
pub fn decides(static_read: &(Extract, Verdict), shown: &(Extract, Verdict)) -> bool {
    let strength = |verdict: &Verdict| {
        let is_hit = verdict.kind.is_hit();
        (is_hit, is_hit && verdict.kind != jianzheng_core::verdict::Kind::Suspicious, verdict.score)
    };
    let (was, is) = (strength(&static_read.1), strength(&shown.1));
    let both_innocent = !static_read.1.kind.is_hit() && !shown.1.kind.is_hit();
    let more_to_read = static_read.0.needs_eyes && shown.0.text.len() > static_read.0.text.len();
    if both_innocent { more_to_read } else { is > was }
}

/// Says of every signal that it is of the shown page.
pub fn marked(mut verdict: Verdict) -> Verdict {
    for signal in &mut verdict.signals {
        signal.say = format!("{MARK}{}", signal.say);
    }
    verdict
}

/// What a round renders with.
pub struct Stage {
    renderer: Renderer,
    always: bool,
    /// Pages rendered, by host.
    shown: Mutex<HashMap<String, u32>>,
}

/// What came of a look, to be kept once the page's own capture is.
pub(super) enum Looked {
    /// Nothing was asked for.
    No,
    /// It could not be had; why.
    Not(String),
    /// It was shown.
    Yes(Box<Shown>),
}

/// A page that was shown.
pub(super) struct Shown {
    rendered: Rendered,
    verdict: &'static str,
    score: f64,
    decided: bool,
    response: String,
}

impl Stage {
    /// Renders where [`wants`] says so.
    pub fn new(renderer: Renderer, always: bool) -> Stage {
        Stage { renderer, always, shown: Mutex::default() }
    }

    /// One more page of a host; false when it has had its share.
    fn takes(&self, host: &str) -> bool {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let count = shown.entry(host.to_owned()).or_default();
        *count += 1;
        *count <= HOST_PAGES
    }
}

impl Shared {
    /// Shows the page in a browser where it is worth it, and puts the verdict on that in the place of the other where it decides.
    pub(super) async fn look(
        self: &Arc<Self>,
        lease: &Lease,
        url: &Url,
        (guest, referer): (Guest, Option<String>),
        known: &Depicted,
        read: &mut Read,
    ) -> Result<Looked, Failure> {
        let Some(stage) = &self.stage else { return Ok(Looked::No) };
        let Content::Page(static_read) = &read.content else { return Ok(Looked::No) };
        if !wants(stage.always, &static_read.0, &static_read.1) {
            return Ok(Looked::No);
        }
        let failed = |error: &RenderError| Ok(Looked::Not(error.to_string()));
        if let Some(error) = stage.renderer.unusable() {
            return failed(error);
        }
        if !stage.takes(lease.host()) {
            return Ok(Looked::Not(format!("这个网站本轮用浏览器打开过 {HOST_PAGES} 页，不再打开")));
        }
        // The browser's requests are requests to this host: they wait their turn, which the lease holds meanwhile.
        self.fetcher.rest(hop_pause(self, url)).await;
        let guest = agent_of(guest).map(|agent| Disguise { agent, referer });
        let job = Job {
            url: url.clone(),
            screenshot: true,
            follow: self.follow(url),
            allows: self.allows(),
            data_by_post: false,
            guest,
        };
        let rendered = match render(&stage.renderer, job, || self.fetcher.rest(hop_pause(self, url))).await {
            Ok(rendered) => rendered,
            Err(error) => {
                tracing::debug!(code = error.as_code(), host = lease.host(), "not rendered");
                return failed(&error);
            }
        };
        let (work, known, status) = (Arc::clone(self), known.clone(), read.status);
        let (rendered, shown) = tokio::task::spawn_blocking(move || {
            let shown = judged(&work.rules, &rendered, status, &known, &work.terms);
            (rendered, shown)
        })
        .await
        .map_err(|error| Failure::Broken(format!("处理页面的线程出错：{error}")))?;
        let Some(shown) = shown else {
            return Ok(Looked::Not(format!("浏览器得到的是 HTTP {}，和程序得到的不同", rendered.status)));
        };
        let decided = decides(static_read, &shown);
        let (verdict, score) = (shown.1.kind.as_str(), shown.1.score);
        if decided {
            read.content = Content::Page(Box::new((shown.0, marked(shown.1))));
        }
        let response = read.encoded.id.clone();
        Ok(Looked::Yes(Box::new(Shown { rendered, verdict, score, decided, response })))
    }

    /// Where a page may go on to by itself: on its own host, as far as robots.txt lets it. Other hosts have their own turn.
    fn follow(self: &Arc<Self>, url: &Url) -> Box<dyn Fn(&Url) -> bool + Send + Sync> {
        let (own, robots, known) = (address::host_key(url), self.robots, self.robots_cache.known(url));
        Box::new(move |next| address::host_key(next) == own && may_go_on(robots, known.as_deref(), next))
    }

    /// What a page may be made of: all but what a robots.txt forbids that was read. Those of hosts that nobody crawls are not asked for.
    fn allows(&self) -> Box<dyn Fn(&Url) -> bool + Send + Sync> {
        let (robots, cache) = (self.robots, Arc::clone(&self.robots_cache));
        Box::new(move |url| robots == Robots::Ignore || cache.known(url).is_none_or(|access| access.allows(url)))
    }

    /// Keeps what was shown, behind the page's own capture, and writes it into the page's record.
    pub(super) async fn keep_look(&self, series: Series, looked: Looked, page: &mut Page) -> Result<(), Failure> {
        let shown = match looked {
            Looked::No => return Ok(()),
            Looked::Not(why) => {
                page.unrendered = Some(why);
                return Ok(());
            }
            Looked::Yes(shown) => *shown,
        };
        let rendered = shown.rendered;
        let time = self.clock.now();
        let mut notes = self.terms.notes.clone();
        notes.push(("requests".to_owned(), rendered.requests.to_string()));
        notes.push(("refused".to_owned(), rendered.refused.to_string()));
        notes.extend(rendered.notes.iter().map(|note| ("note".to_owned(), note.clone())));
        let (url, browser) = (rendered.url.to_string(), rendered.browser.clone());
        let (html, cut) = (rendered.html, rendered.cut);
        // A picture shows what accuses; of innocents nobody needs one.
        let picture = rendered.screenshot.filter(|_| series == Series::Hits);
        let encoded = tokio::task::spawn_blocking(move || {
            let records = evidence::Rendering { url: &url, time, response: &shown.response, browser: &browser, notes };
            (records.html(html.as_bytes(), cut), picture.map(|picture| records.picture(&picture.png)))
        });
        let (html, picture) = encoded.await.map_err(|error| Failure::Broken(format!("处理页面的线程出错：{error}")))?;
        let html = self.keeper.keep(series, html).await?.into();
        let screenshot = match picture {
            Some(picture) => Some(self.keeper.keep(series, picture).await?.into()),
            None => None,
        };
        let clipped = |note: &String| note.chars().take(NOTE).collect();
        page.rendering = Some(Rendering {
            url: address::canonical(&rendered.url).into(),
            time,
            browser: rendered.browser,
            verdict: shown.verdict.to_owned(),
            score: shown.score,
            decided: shown.decided,
            html,
            screenshot,
            notes: rendered.notes.iter().take(NOTES).map(clipped).collect(),
        });
        Ok(())
    }
}

impl Looked {
    /// Where the page ended, if that is what was judged.
    pub(super) fn end(&self) -> Option<&Url> {
        match self {
            Looked::Yes(shown) if shown.decided => Some(&shown.rendered.url),
            _ => None,
        }
    }

    /// Where the page wanted to go and was not let: another host, with its own turn.
    pub(super) fn onward(&self) -> Option<&Url> {
        match self {
            Looked::Yes(shown) => shown.rendered.onward.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jianzheng_core::verdict::Kind;

    fn read(kind: Kind, score: f64, text: &str, needs_eyes: bool) -> (Extract, Verdict) {
        let mut extract = page::read_text(&format!("<p>{text}</p>"), None);
        extract.needs_eyes = needs_eyes;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<(String, String)> = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        let rules = RuleSet::compile(&files).unwrap();
        let url = "http://a.example/".parse().unwrap();
        let verdict = rules.judge(&extract, &url, Default::default());
        (extract, Verdict { kind, score, ..verdict })
    }

    #[test]
    fn the_stronger_of_the_two_decides() {
        let empty = read(Kind::Benign, 0.0, "", true);
        let seller = read(Kind::Seller, 95.0, "电工证代办", false);
        let perhaps = read(Kind::Suspicious, 60.0, "电工证", false);
        let plain = read(Kind::Benign, 5.0, "一篇不短的文章", false);
        assert!(decides(&empty, &seller) && decides(&perhaps, &seller) && decides(&plain, &perhaps));
        assert!(!decides(&seller, &perhaps), "a weaker one softens nothing");
        assert!(!decides(&seller, &plain) && !decides(&seller, &seller));
        // Of two innocents the one that can be read is kept.
        assert!(decides(&empty, &plain) && !decides(&plain, &empty));
        assert!(!decides(&plain, &read(Kind::Benign, 9.0, "别的一篇不短的文章，长一些", false)));
    }

    #[test]
    fn hits_and_what_cannot_be_read_are_worth_a_browser() {
        let (extract, verdict) = read(Kind::Benign, 0.0, "一篇文章", false);
        assert!(!wants(false, &extract, &verdict) && wants(true, &extract, &verdict));
        let (extract, verdict) = read(Kind::Benign, 0.0, "", true);
        assert!(wants(false, &extract, &verdict));
        let (extract, verdict) = read(Kind::Suspicious, 60.0, "电工证", false);
        assert!(wants(false, &extract, &verdict));
    }
}
