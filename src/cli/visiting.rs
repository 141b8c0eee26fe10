//! Single visits for commands, as a round would make them: guarded client, robots.txt, redirects checked hop by hop.
//!
//! Pages, and of a page its icon and a few pictures for their looks. Nothing is kept and nothing is said. Start at
//! [`Visiting::page`].

use std::time::Duration;

use jianzheng_core::{
    address,
    cloaking::Guest,
    page::{Extract, Picture, PictureKind},
    verdict::Verdict,
};
use url::Url;

use super::judging::host_of;
use crate::{
    config::{Render, Robots},
    crawl::{
        client::{Accept, Answer, Exchange, FetchError, Get},
        decode, picture,
        render::{Job, RenderError, Rendered, Renderer},
        robots::{Access, RobotsCache},
    },
    patrol::{
        guests::{self, Look, Looking, Looks, Way},
        pictures::{self, Depicted},
        reading::{self, Terms},
        rendering,
    },
    wiring::{Program, StartError, Visitor},
};

/// Redirects from host to host that are followed.
const MAX_HOSTS: usize = 10;
/// Bytes of one picture, and pictures of one page with its icon.
const IMAGE_BYTES: usize = 2 << 20;
const PICTURES: usize = 5;

/// Why a page was not seen.
pub(super) struct Unseen {
    pub(super) say: String,
    /// We did not go, rather than got nothing.
    pub(super) ours: bool,
    /// We went, and the connection ended where the answer should have come.
    broken_off: bool,
}

/// A page as a browser showed it.
pub(super) struct Shown {
    pub(super) read: (Extract, Verdict),
    /// It is the stronger reading.
    pub(super) decides: bool,
    /// Where it ended.
    pub(super) end: Url,
    pub(super) browser: String,
    pub(super) notes: Vec<String>,
}

/// What visits are made with.
pub(super) struct Visiting<'p> {
    program: &'p Program,
    visitor: Visitor,
    robots: RobotsCache,
}

/// How a visited page is read.
pub(super) fn terms(program: &Program) -> reading::Terms {
    reading::Terms {
        max_body: (program.settings.network.max_body_mb as usize) << 20,
        thresholds: program.thresholds(),
        practice: program.practice.is_some(),
        ..reading::Terms::default()
    }
}

impl<'p> Visiting<'p> {
    pub(super) async fn new(program: &'p Program) -> Result<Self, StartError> {
        Ok(Self { program, visitor: program.visitor().await?, robots: RobotsCache::default() })
    }

    /// Fetches a page; each host on the way is asked for its robots.txt first.
    pub(super) async fn page(&self, url: &Url) -> Result<Exchange, Unseen> {
        self.fetch(url, Accept::Page, self.max_body(), Guest::Patrol, None).await.map(|answer| answer.exchange)
    }

    /// Looks at a page, as somebody else too where there is cause. Whoever asks about an address by name was told something of it.
    pub(super) async fn looks(&self, url: &Url, terms: &Terms) -> Result<Result<Looks, Unseen>, StartError> {
        match self.fetch(url, Accept::Page, self.max_body(), Guest::Patrol, None).await {
            Ok(answer) => Ok(Ok(self.as_others(url, self.look(answer, terms).await?, terms).await?)),
            Err(unseen) if unseen.broken_off && self.program.disguise().looks > 0 => {
                let guests = self.program.disguise().guests("");
                let looking = Looking::unanswered(&self.program.rules, unseen.say.clone(), guests);
                let looks = self.all_looks(url, looking, terms).await?;
                Ok(if looks.looks.is_empty() { Err(unseen) } else { Ok(looks) })
            }
            Err(unseen) => Ok(Err(unseen)),
        }
    }

    async fn as_others(&self, url: &Url, mut first: Look, terms: &Terms) -> Result<Looks, StartError> {
        let (rules, manner) = (&self.program.rules, self.program.disguise());
        // Redirects were followed to their end; whom they send elsewhere is told by where they left.
        let end = first.final_url.clone();
        if host_of(&end) != host_of(url) {
            (first.final_url, first.onward) = (url.clone(), Some(end.clone()));
        }
        let cause = guests::cause(rules, &first, Way::Trade).filter(|_| manner.looks > 0);
        let Some(cause) = cause else { return Ok(Looks::one(Look { final_url: end, onward: None, ..first })) };
        let looking = Looking::new(rules, first, cause, manner.guests(""));
        let mut looks = self.all_looks(url, looking, terms).await?;
        if looks.best == 0 {
            (looks.looks[0].final_url, looks.looks[0].onward) = (end, None);
        }
        Ok(looks)
    }

    async fn all_looks(&self, url: &Url, mut looking: Looking<'_>, terms: &Terms) -> Result<Looks, StartError> {
        let (looks, mut taken) = (self.program.disguise().looks, 0);
        while taken < looks
            && let Some((guest, referer)) = looking.next_guest()
        {
            taken += 1;
            tokio::time::sleep(self.pause()).await;
            match self.fetch(url, Accept::Page, self.max_body(), guest, referer).await {
                Ok(answer) => looking.saw(self.look(answer, terms).await?),
                Err(unseen) => looking.failed(guest, unseen.say),
            }
        }
        Ok(looking.end(terms))
    }

    /// Reads an answer as a round does.
    async fn look(&self, answer: Answer, terms: &Terms) -> Result<Look, StartError> {
        let (rules, terms) = (std::sync::Arc::clone(&self.program.rules), terms.clone());
        let look =
            tokio::task::spawn_blocking(move || Look::of(answer, &rules, false, &Depicted::default(), &terms)).await;
        look.map_err(|error| StartError::State(format!("处理页面的线程出错：{error}")))
    }

    fn max_body(&self) -> usize {
        (self.program.settings.network.max_body_mb as usize) << 20
    }

    /// How the page's icon and its first pictures look; what cannot be had or says nothing is left out.
    pub(super) async fn pictures(&self, extract: &Extract, url: &Url) -> Vec<Picture> {
        let icon = pictures::icon_of(extract, url);
        let mut found: Vec<Picture> = Vec::new();
        for address in pictures::addresses(extract, url).into_iter().take(PICTURES) {
            tokio::time::sleep(self.pause()).await;
            let image = self.fetch(&address, Accept::Image, IMAGE_BYTES, Guest::Patrol, None).await;
            let Ok(Answer { exchange, .. }) = image else { continue };
            if !(200..300).contains(&exchange.status) {
                continue;
            }
            let body = decode::decode(&exchange.content_encoding(), &exchange.body, IMAGE_BYTES);
            let kind = if icon.as_ref() == Some(&address) { PictureKind::Icon } else { PictureKind::Image };
            found.extend(picture::look(&body.bytes).map(|look| Picture { kind, look, url: address.into() }));
        }
        found
    }

    /// The page as a browser shows it, where it is worth that: judged, with what a person should know; or why it was not shown.
    pub(super) async fn shown(
        &self,
        read: &(Extract, Verdict),
        (url, status): (&Url, u16),
        terms: &reading::Terms,
    ) -> Option<Result<Shown, String>> {
        let renderer = self.visitor.renderer.as_ref()?;
        let network = &self.program.settings.network;
        if !rendering::wants(network.render == Render::Always, &read.0, &read.1) {
            return None;
        }
        let rendered = match self.rendered(renderer, url, terms.baselines.have_pictures()).await {
            Ok(rendered) => rendered,
            Err(error) => return Some(Err(error.to_string())),
        };
        let known = Depicted { codes: read.0.qr.clone(), pictures: Vec::new() };
        let Some(shown) = rendering::judged(&self.program.rules, &rendered, status, &known, terms) else {
            return Some(Err(format!("浏览器得到的是 HTTP {}，和程序得到的不同", rendered.status)));
        };
        let decides = rendering::decides(read, &shown);
        let end = rendered.url.clone();
        Some(Ok(Shown { read: shown, decides, end, browser: rendered.browser, notes: rendered.notes }))
    }

    /// How the first screen of a page looks; nothing where it cannot be shown.
    pub(super) async fn screen(&self, url: &Url) -> Option<Picture> {
        let renderer = self.visitor.renderer.as_ref()?;
        let rendered = self.rendered(renderer, url, true).await.ok()?;
        rendering::screen(&rendered).pictures.pop()
    }

    async fn rendered(&self, renderer: &Renderer, url: &Url, screenshot: bool) -> Result<Rendered, RenderError> {
        tokio::time::sleep(self.pause()).await;
        let known = self.robots.known(url).filter(|_| self.program.settings.network.robots == Robots::Obey);
        let (own, from) = (address::host_key(url), url.clone());
        let rules = known.clone();
        let follow =
            move |next: &Url| address::host_key(next) == own && rules.as_ref().is_none_or(|access| access.allows(next));
        let allows =
            move |part: &Url| part.origin() != from.origin() || known.as_ref().is_none_or(|access| access.allows(part));
        let job = Job {
            url: url.clone(),
            screenshot,
            follow: Box::new(follow),
            allows: Box::new(allows),
            data_by_post: false,
            guest: None,
        };
        rendering::render(renderer, job, || tokio::time::sleep(self.pause())).await
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(self.program.settings.network.host_delay_ms)
    }

    async fn fetch(
        &self,
        url: &Url,
        accept: Accept,
        max_body: usize,
        guest: Guest,
        referer: Option<String>,
    ) -> Result<Answer, Unseen> {
        let fetcher = &self.visitor.fetcher;
        let obey = self.program.settings.network.robots == Robots::Obey;
        let pause = self.pause();
        let refused = |error: FetchError| Unseen {
            ours: matches!(error, FetchError::Refused(_)),
            broken_off: matches!(error, FetchError::Broken { .. }),
            say: error.to_string(),
        };
        let barred = |say: String, ours: bool| Unseen { say, ours, broken_off: false };
        let mut url = url.clone();
        for _ in 0..MAX_HOSTS {
            fetcher.check(&url).map_err(|refusal| barred(refusal.to_string(), true))?;
            let access = if obey { Some(self.robots.of(fetcher, &url, pause).await) } else { None };
            if let Some(access) = access.as_ref().filter(|access| !access.allows(&url)) {
                return Err(match &**access {
                    Access::Unreachable(error) => barred(error.to_string(), false),
                    Access::Failing(status) => barred(format!("robots.txt 返回 {status}，按规矩暂不访问"), false),
                    _ => barred("网站的 robots.txt 不允许访问".to_owned(), true),
                });
            }
            let host = url.host_str().map(str::to_owned);
            let go_on = |next: &Url| {
                next.host_str() == host.as_deref() && access.as_ref().is_none_or(|access| access.allows(next))
            };
            let get = Get { accept, max_body, pause, guest, referer: referer.clone(), ..Get::page(url.clone()) };
            let answer = fetcher.get_while(get, &go_on).await.map_err(refused)?;
            match answer.onward {
                Some(next) if (300..400).contains(&answer.exchange.status) => url = next,
                onward => return Ok(Answer { onward, ..answer }),
            }
        }
        Err(barred(format!("跳转超过 {MAX_HOSTS} 次"), false))
    }
}
