//! The same address as somebody else: when a second, disguised look is worth it, which ones are taken, what they come to.
//!
//! Some targets show the patrol a blank page and telephones their offer. A disguised look is taken only with a cause, which is
//! written down; robots.txt is judged as ever, it waits like any other request, and a host gets a few a round
//! (`crawl.disguised_looks`, 0: none). A page that wants a person (a captcha) is a wall and is left alone. Here is what
//! rounds and `check` have in common: [`doubt`], then [`Looking`] step by step. Nothing here fetches or stores.

use std::collections::VecDeque;

use jianzheng_core::cloaking::{self, Cloak, Guest, Sight};
use jianzheng_core::entities::mask_ids;
use jianzheng_core::host::registrable;
use jianzheng_core::rules::{Lists, RuleSet};
use jianzheng_core::verdict::Kind;
use url::Url;

use super::reading::{self, Content, Read, Terms};
use super::walls;
use crate::crawl::client::Answer;
use crate::evidence::Encoded;
use crate::store::{Capture, Depicted, Page};

pub use crate::store::Look as Record;

/// Letters of a title that are told.
const TITLE: usize = 30;

/// How the unit wants it done.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Disguised looks at one domain a round; 0: none.
    pub looks: u32,
    /// Search engines by the names of their sources, and the address that a guest of theirs comes from. Of other sources the first
    /// stands for all: what is hidden from all but searchers is hidden by the largest engine's name.
    pub engines: Vec<(String, String)>,
}

impl Manner {
    /// The guests to look as, each with the page he comes from. The desk comes first: without it nobody could say that WeChat is
    /// shown something of its own.
    pub fn guests(&self, source: &str) -> Vec<(Guest, Option<String>)> {
        let named = self.engines.iter().find(|(name, _)| name == source);
        let engine = named.or(self.engines.first()).map(|(_, address)| address.clone());
        let mut guests = vec![(Guest::Desktop, None), (Guest::Wechat, None)];
        guests.extend(engine.map(|address| (Guest::Searcher, Some(address))));
        guests
    }

    /// The page that a guest comes from.
    pub fn referer(&self, guest: Guest) -> Option<String> {
        self.guests("").into_iter().find(|(one, _)| *one == guest).and_then(|(_, referer)| referer)
    }
}

/// One look, read and judged; its capture is not kept yet.
pub struct Look {
    /// As whom.
    pub guest: Guest,
    /// The status of the last answer.
    pub status: u16,
    /// Where redirects ended.
    pub final_url: Url,
    /// Where the last answer leads, if that was not followed.
    pub onward: Option<Url>,
    /// What it was read as.
    pub read: Read,
    /// The server asks for patience.
    pub patience: bool,
}

impl Look {
    /// Reads an answer: work for a processor, not for the network's threads.
    pub fn of(answer: Answer, rules: &RuleSet, picture: bool, known: &Depicted, terms: &Terms) -> Look {
        let (guest, status) = (answer.exchange.guest, answer.exchange.status);
        let patience = status == 429 || status == 503 && answer.exchange.header("retry-after").is_some();
        let final_url = jianzheng_core::address::canonical(answer.final_url());
        let read = reading::read(rules, answer.exchange, picture, known, terms);
        Look { guest, status, final_url, onward: answer.onward, read, patience }
    }

    fn is_hit(&self) -> bool {
        matches!(&self.read.content, Content::Page(page) if page.1.kind.is_hit())
    }

    fn is_suspicious(&self) -> bool {
        matches!(&self.read.content, Content::Page(page) if page.1.kind == Kind::Suspicious)
    }

    /// The site that the page sends its reader to, if it is not its own.
    fn sent_to(&self, rules: &RuleSet) -> Option<Url> {
        let by_page = match &self.read.content {
            Content::Page(page) if cloaking::is_empty(&page.0) => page.0.redirects.first(),
            _ => None,
        };
        let by_page = by_page.and_then(|to| self.final_url.join(to).ok());
        let target = self.onward.clone().or(by_page)?;
        let (own, other) = (self.final_url.host_str()?, target.host_str()?);
        let big = |site: &String| other == site || other.strip_suffix(site.as_str()).is_some_and(|o| o.ends_with('.'));
        let sites = rules.list(Lists::BigSite.name()).unwrap_or_default();
        let elsewhere = registrable(own) != registrable(other) && !walls::is_wall(&target);
        (elsewhere && sites.iter().any(big)).then_some(target)
    }

    /// What this guest was shown, as far as it proves anything.
    pub fn sight(&self, rules: &RuleSet) -> Sight<'_> {
        match &self.read.content {
            _ if self.sent_to(rules).is_some() => Sight::Elsewhere,
            _ if self.onward.is_some() => Sight::Unknown,
            Content::Page(page) if !page.1.kind.is_hit() => {
                let (extract, verdict) = &**page;
                let proves = self.read.part.is_none() && !walls::is_wall_page(rules, extract, &self.final_url);
                if proves { Sight::Page(extract, verdict) } else { Sight::Unknown }
            }
            Content::Page(page) => Sight::Page(&page.0, &page.1),
            Content::Other if self.read.empty || matches!(self.status, 404 | 410) => Sight::Nothing,
            Content::Other | Content::Image(_) => Sight::Unknown,
        }
    }

    /// The same in Chinese.
    fn say(&self, rules: &RuleSet) -> String {
        if let Some(target) = self.sent_to(rules).or_else(|| self.onward.clone()) {
            return format!("转到 {}", mask_ids(target.host_str().unwrap_or_default()));
        }
        match &self.read.content {
            Content::Page(page) if walls::is_wall_page(rules, &page.0, &self.final_url) => {
                "验证或换设备的提示".to_owned()
            }
            Content::Page(page) if cloaking::is_empty(&page.0) => "空白页".to_owned(),
            Content::Page(page) if page.0.title.trim().is_empty() => "没有标题的网页".to_owned(),
            Content::Page(page) => format!("网页“{}”", page.0.title.trim().chars().take(TITLE).collect::<String>()),
            Content::Other if self.read.empty => "空白页".to_owned(),
            Content::Image(_) => "图片".to_owned(),
            Content::Other if (200..300).contains(&self.status) => "不是网页的东西".to_owned(),
            Content::Other => format!("HTTP {}", self.status),
        }
    }
}

/// Why an address is looked at as somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// "Not found", though it was said to be there.
    Missing(u16),
    /// We are refused, by a fault too.
    Refused(u16),
    /// The connection ends where the answer should come.
    BrokenOff,
    /// The page is empty.
    Empty,
    /// We are sent to a site that has nothing to do with it.
    Elsewhere(String),
    /// The page says nothing of what it was said to be about.
    Silent,
    /// It wants WeChat or a telephone.
    OtherDevice,
    /// A script looks at who its guest is.
    Script,
    /// It is suspicious and no more: what is missing may be what others are shown.
    Suspicious,
    /// A hit seems to be gone.
    Gone,
}

impl Cause {
    /// In Chinese.
    pub fn say(&self) -> String {
        match self {
            Cause::Missing(status) => format!("网站答没有这一页（HTTP {status}）"),
            Cause::Refused(status) if *status >= 500 => format!("网站对巡查只答出错（HTTP {status}）"),
            Cause::BrokenOff => "网站收到巡查的请求就断开连接".to_owned(),
            Cause::Refused(status) => format!("网站拒绝巡查访问（HTTP {status}）"),
            Cause::Empty => "打开是空白".to_owned(),
            Cause::Elsewhere(host) => format!("打开就被打发到 {}", mask_ids(host)),
            Cause::Silent => "网页里关于证书一个字没提".to_owned(),
            Cause::OtherDevice => "网页要求用微信或手机打开".to_owned(),
            Cause::Script => "网页脚本先看来客是谁，再决定给什么".to_owned(),
            Cause::Suspicious => "网页可疑，还缺要紧的内容".to_owned(),
            Cause::Gone => "已列入的网页看起来没有了".to_owned(),
        }
    }
}

/// How much is known of an address before it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is a hit.
    Hit,
    /// It is one that was no more than suspicious, whoever looked.
    Suspect,
    /// A result, a tag, a person or a link said that it is about the trade, or its host's name imitates an authority's.
    Trade,
    /// Nothing was said of it, but its host has a hit.
    Accused,
    /// A seed or result of which nothing was said.
    Root,
    /// Anything else.
    Plain,
}

/// What is odd about a look, if anything; whether that is worth another one, [`cause`] says.
pub fn doubt(rules: &RuleSet, look: &Look) -> Option<Cause> {
    if look.is_suspicious() {
        return Some(Cause::Suspicious);
    }
    if look.is_hit() || matches!(look.read.content, Content::Image(_)) {
        return None;
    }
    match look.sight(rules) {
        Sight::Elsewhere => {
            let host = look.sent_to(rules).and_then(|target| target.host_str().map(str::to_owned));
            Some(Cause::Elsewhere(host.unwrap_or_default()))
        }
        Sight::Nothing if look.read.empty => Some(Cause::Empty),
        Sight::Nothing => Some(Cause::Missing(look.status)),
        Sight::Page(extract, _) if cloaking::is_empty(extract) => Some(Cause::Empty),
        Sight::Page(..) if look.read.asks_guest => Some(Cause::Script),
        Sight::Page(_, verdict) => (!verdict.names_certificates).then_some(Cause::Silent),
        Sight::Unknown if refuses(look.status) && !look.patience => Some(Cause::Refused(look.status)),
        Sight::Unknown => match &look.read.content {
            Content::Page(page) if walls::asks_for_other_device(rules, &page.0) => Some(Cause::OtherDevice),
            _ => None,
        },
    }
}

/// A refusal that may be meant for us alone: none that wants patience or the law, which hold for everybody. A server that fails fails
/// for everybody too, or only for whom it does not want; a browser's look tells which.
fn refuses(status: u16) -> bool {
    (400..600).contains(&status) && !matches!(status, 407 | 408 | 425 | 429 | 451)
}

impl Cause {
    /// Whether the cause is one, on this way. `names`: the page speaks of certificates.
    pub(super) fn holds(&self, way: Way, names: bool) -> bool {
        match way {
            Way::Hit | Way::Trade => true,
            Way::Suspect => *self != Cause::Suspicious,
            // Most pages of a site that also sells certificates are about something else, and many are gone.
            Way::Accused => !matches!(self, Cause::Silent | Cause::Missing(_)),
            Way::Root => matches!(self, Cause::Script | Cause::Suspicious),
            Way::Plain => *self == Cause::Suspicious || *self == Cause::Script && names,
        }
    }
}

/// Why the address is worth looks as somebody else, or nothing.
pub fn cause(rules: &RuleSet, look: &Look, way: Way) -> Option<Cause> {
    cause_of(rules, look, doubt(rules, look), way)
}

/// The same where it is known what is odd.
pub fn cause_of(rules: &RuleSet, look: &Look, doubt: Option<Cause>, way: Way) -> Option<Cause> {
    let names = matches!(&look.read.content, Content::Page(page) if page.1.names_certificates);
    let cause = doubt.filter(|cause| cause.holds(way, names));
    // A hit that reads as an innocent page of the trade now is as gone as an empty one.
    let gone =
        || matches!(way, Way::Hit | Way::Suspect) && !look.is_hit() && matches!(look.sight(rules), Sight::Page(..));
    cause.or_else(|| gone().then_some(Cause::Gone))
}

/// A series of looks at one address, step by step.
pub struct Looking<'r> {
    rules: &'r RuleSet,
    cause: Cause,
    looks: Vec<Look>,
    failed: Vec<(Guest, String)>,
    left: VecDeque<(Guest, Option<String>)>,
}

/// What a series of looks came to.
pub struct Looks {
    /// All that brought an answer, the patrol's own first; none where nobody was answered.
    pub looks: Vec<Look>,
    /// The one that saw most.
    pub best: usize,
    /// From whom that is hidden.
    pub cloaks: Vec<Cloak>,
    /// Why there is more than one.
    pub cause: Option<Cause>,
    /// Looks without an answer, and why.
    pub failed: Vec<(Guest, String)>,
    /// Not everybody could be tried: nobody can say that nobody sees it.
    pub cut: bool,
}

impl<'r> Looking<'r> {
    /// Begins with the patrol's own look.
    pub fn new(rules: &'r RuleSet, first: Look, cause: Cause, guests: Vec<(Guest, Option<String>)>) -> Self {
        Looking { rules, cause, looks: vec![first], failed: Vec::new(), left: guests.into() }
    }

    /// Begins where the patrol's own look brought no answer.
    pub fn unanswered(rules: &'r RuleSet, why: String, guests: Vec<(Guest, Option<String>)>) -> Self {
        let failed = vec![(Guest::Patrol, why)];
        Looking { rules, cause: Cause::BrokenOff, looks: Vec::new(), failed, left: guests.into() }
    }

    /// As whom to look next; none where it was seen, or the site asks for less.
    pub fn next_guest(&mut self) -> Option<(Guest, Option<String>)> {
        if let Some(last) = self.looks.last() {
            let fails = last.guest != Guest::Patrol && last.status >= 500;
            if last.is_hit() && !last.is_suspicious() || last.patience || fails {
                return None;
            }
        }
        self.left.pop_front()
    }

    /// Takes a look.
    pub fn saw(&mut self, look: Look) {
        self.looks.push(look);
    }

    /// Takes a look that brought no answer.
    pub fn failed(&mut self, guest: Guest, why: String) {
        self.failed.push((guest, why));
    }

    /// Holds the looks against each other and judges the best with what that tells.
    pub fn end(self, terms: &Terms) -> Looks {
        let Looking { rules, cause, mut looks, failed, left } = self;
        if looks.is_empty() {
            return Looks { looks, best: 0, cloaks: Vec::new(), cause: Some(cause), failed, cut: true };
        }
        let sights: Vec<_> = looks.iter().map(|look| (look.guest, look.sight(rules))).collect();
        let cloaking::Compared { best, cloaks } = cloaking::compare(&sights);
        let Look { final_url, read, .. } = &mut looks[best];
        if !cloaks.is_empty()
            && let Content::Page(page) = &mut read.content
        {
            page.1 = reading::judge_all(rules, &page.0, final_url, &cloaks, terms);
        }
        let cut = (!left.is_empty() || !failed.is_empty()) && !looks[best].is_hit();
        Looks { looks, best, cloaks, cause: Some(cause), failed, cut }
    }
}

impl Looks {
    /// The patrol's own look and no other.
    pub fn one(look: Look) -> Looks {
        Looks { looks: vec![look], best: 0, cloaks: Vec::new(), cause: None, failed: Vec::new(), cut: false }
    }

    /// The look whose page a browser is to show: the best, unless it accuses nobody and needs no browser while another guest was given
    /// a shell that only a script fills.
    pub fn to_be_shown(&self) -> usize {
        let is_shell = |look: &Look| matches!(&look.read.content, Content::Page(page) if page.0.needs_eyes);
        let best = &self.looks[self.best];
        if best.is_hit() || is_shell(best) {
            return self.best;
        }
        self.looks.iter().position(is_shell).unwrap_or(self.best)
    }

    /// The records of all looks without their captures, if there is more than one; the patrol's own first, answered or not.
    pub fn records(&self, rules: &RuleSet) -> Vec<Record> {
        let Some(cause) = &self.cause else { return Vec::new() };
        let failed = |own: bool| {
            let those = self.failed.iter().filter(move |(guest, _)| (*guest == Guest::Patrol) == own);
            those.map(|(guest, why)| unanswered(*guest, why))
        };
        let mut records: Vec<Record> = failed(true).collect();
        records.extend(self.looks.iter().map(|look| record(rules, look)));
        records.extend(failed(false));
        records[0].why = cause.say();
        records
    }

    /// The records as of [`Looks::records`], and what is still to be kept of each look that was answered, of which there is one at least.
    pub fn take_apart(self, rules: &RuleSet) -> (Vec<Record>, Vec<Encoded>, Taken) {
        let records = self.records(rules);
        let Looks { looks, best, cloaks, cut, .. } = self;
        let mut encoded = Vec::new();
        let mut taken = None;
        let ways = looks.iter().enumerate().filter(|(at, _)| *at != best).filter_map(|(_, look)| look.onward.clone());
        let ways: Vec<Url> = ways.collect();
        for (at, look) in looks.into_iter().enumerate() {
            let Look { guest, status, final_url, onward, read, .. } = look;
            encoded.push(read.encoded);
            if at == best {
                taken = Some(Taken {
                    best,
                    guest,
                    status,
                    final_url,
                    onward,
                    ways: ways.clone(),
                    content: read.content,
                    part: read.part,
                    cloaks: cloaks.clone(),
                    cut,
                });
            }
        }
        (records, encoded, taken.expect("the best is one of the looks"))
    }
}

/// The look that counts, after its capture was taken out.
pub struct Taken {
    /// Its place among the looks that were answered.
    pub best: usize,
    /// As whom it was taken.
    pub guest: Guest,
    /// The status of its last answer.
    pub status: u16,
    /// Where its redirects ended.
    pub final_url: Url,
    /// Where its last answer leads.
    pub onward: Option<Url>,
    /// Where the answers of other looks lead: who is sent elsewhere alone may be sent to what nobody else is shown.
    pub ways: Vec<Url>,
    /// What it is.
    pub content: Content,
    /// Why not all of it was read.
    pub part: Option<&'static str>,
    /// From whom it is hidden.
    pub cloaks: Vec<Cloak>,
    /// Not everybody could be tried.
    pub cut: bool,
}

fn record(rules: &RuleSet, look: &Look) -> Record {
    let verdict = match &look.read.content {
        Content::Page(page) => Some((page.1.kind.as_str().to_owned(), page.1.score)),
        _ => None,
    };
    Record {
        guest: look.guest.as_code().to_owned(),
        why: String::new(),
        say: look.say(rules),
        final_url: look.final_url.to_string(),
        score: verdict.as_ref().map_or(0.0, |(_, score)| *score),
        verdict: verdict.map(|(kind, _)| kind),
        capture: None,
    }
}

fn unanswered(guest: Guest, why: &str) -> Record {
    Record {
        guest: guest.as_code().to_owned(),
        why: String::new(),
        say: format!("没有看成：{why}"),
        final_url: String::new(),
        verdict: None,
        score: 0.0,
        capture: None,
    }
}

/// Puts the captures to the looks that were answered, in their order.
pub fn with_captures(mut looks: Vec<Record>, captures: &[Capture]) -> Vec<Record> {
    let answered = looks.iter_mut().filter(|look| !look.final_url.is_empty());
    for (look, capture) in answered.zip(captures) {
        look.capture = Some(capture.clone());
    }
    looks
}

/// How a page was seen that the patrol itself is not shown, for the officer.
pub fn sentence(page: &Page) -> Option<String> {
    let seen = page.seen_as()?;
    let own = page.looks.first()?;
    Some(format!(
        "以“{}”的身份看到；以{}看到的是：{}。换身份的缘由：{}",
        guest(&seen.guest),
        Guest::Patrol.say(),
        own.say,
        own.why
    ))
}

/// The guest of a code, for people.
pub fn guest(code: &str) -> &'static str {
    Guest::ALL.into_iter().find(|guest| guest.as_code() == code).map_or("别的来客", Guest::say)
}

#[cfg(test)]
#[path = "guests_tests.rs"]
pub(super) mod tests;
