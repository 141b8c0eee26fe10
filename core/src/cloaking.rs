//! What one address shows to different guests: whether the difference is one that matters, and what it is called.
//!
//! Innocents too show different things: a layout for telephones, an invitation to their app, a refusal to robots, a challenge to
//! whom they do not know. So a difference counts only where one guest is shown the trade and another is shown *another page
//! in its place*: one with a text of its own and another title that says nothing of the trade, an empty one, "not found", or a way
//! to somewhere else. A wall, a refusal, an error and a page that only a browser can show prove nothing. Nothing here
//! convicts: what hiding is worth is for the rules. Nothing here fetches. Start at [`compare`].

use crate::likeness;
use crate::page::Extract;
use crate::verdict::{Kind, Verdict};

/// Letters below which a page that needs no browser shows nothing.
pub const EMPTY: usize = 20;
/// Bits by which the numbers of one page's text differ from guest to guest, with its adverts and dates.
const SAME_TEXT: u32 = 10;
/// Bytes behind a look at the guest within which a script acts on what it saw.
const REACH: usize = 600;
/// Looks at the guest that are followed in one page.
const LOOKS: usize = 32;

/// As whom a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guest {
    /// By the patrol's own name.
    Patrol,
    /// As a browser on a desk.
    Desktop,
    /// As WeChat on a telephone.
    Wechat,
    /// As a browser that comes from a search engine's results.
    Searcher,
}

impl Guest {
    /// All of them.
    pub const ALL: [Guest; 4] = [Guest::Patrol, Guest::Desktop, Guest::Wechat, Guest::Searcher];

    /// A short word that never changes, for records and evidence.
    pub fn as_code(self) -> &'static str {
        match self {
            Guest::Patrol => "named",
            Guest::Desktop => "desktop",
            Guest::Wechat => "wechat",
            Guest::Searcher => "search",
        }
    }

    /// The same for officers.
    pub fn say(self) -> &'static str {
        match self {
            Guest::Patrol => "本程序的名义",
            Guest::Desktop => "电脑浏览器",
            Guest::Wechat => "手机微信",
            Guest::Searcher => "从搜索结果点进来的人",
        }
    }
}

/// What a guest was shown.
#[derive(Debug, Clone, Copy)]
pub enum Sight<'a> {
    /// A page.
    Page(&'a Extract, &'a Verdict),
    /// "Not found", or an answer with nothing in it.
    Nothing,
    /// The way to another site.
    Elsewhere,
    /// A wall, a refusal, an error, something that is no page: it proves nothing.
    Unknown,
}

/// From whom a page of the trade is hidden, or to whom alone it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cloak {
    /// A browser sees it, the patrol does not.
    Patrol,
    /// WeChat sees it, a browser on a desk does not.
    Wechat,
    /// Who comes from a search engine sees it, who comes of himself does not.
    Searcher,
}

impl Cloak {
    /// All of them.
    pub const ALL: [Cloak; 3] = [Cloak::Patrol, Cloak::Wechat, Cloak::Searcher];

    /// Its name in records and in the examples of rules.
    pub fn name(self) -> &'static str {
        match self {
            Cloak::Patrol => "巡查",
            Cloak::Wechat => "微信",
            Cloak::Searcher => "搜索",
        }
    }

    /// The cloak of that name.
    pub fn from_name(name: &str) -> Option<Cloak> {
        Self::ALL.into_iter().find(|cloak| cloak.name() == name)
    }
}

/// The cloaks of these names; what is none is left out.
pub fn cloaks_of(names: &[String]) -> Vec<Cloak> {
    names.iter().filter_map(|name| Cloak::from_name(name)).collect()
}

/// What looks at one address come to together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Which of the looks saw most; the first of equals.
    pub best: usize,
    /// What it is that the others were spared; empty where the difference does not matter.
    pub cloaks: Vec<Cloak>,
}

/// Holds looks at one address against each other.
pub fn compare(looks: &[(Guest, Sight<'_>)]) -> Compared {
    let mut best = 0;
    for (at, (_, sight)) in looks.iter().enumerate() {
        if strength(sight) > looks.get(best).map_or((0, 0.0), |(_, most)| strength(most)) {
            best = at;
        }
    }
    let Some((seen_by, Sight::Page(extract, verdict))) = looks.get(best) else { return Compared::default() };
    let mut cloaks = Vec::new();
    if speaks(verdict) {
        let spared = |guest: Guest| looks.iter().any(|(other, sight)| *other == guest && hides(sight, extract));
        let at_desk = spared(Guest::Desktop);
        match seen_by {
            Guest::Wechat if at_desk => cloaks.push(Cloak::Wechat),
            Guest::Searcher if at_desk => cloaks.push(Cloak::Searcher),
            // What a browser at a desk is spared too is not hidden from the patrol in particular.
            Guest::Desktop | Guest::Wechat | Guest::Searcher if spared(Guest::Patrol) => cloaks.push(Cloak::Patrol),
            _ => {}
        }
    }
    Compared { best, cloaks }
}

/// How much a look saw: what is worse first, then the score.
fn strength(sight: &Sight<'_>) -> (u8, f64) {
    let Sight::Page(extract, verdict) = sight else { return (0, 0.0) };
    let rank = match verdict.kind {
        Kind::FakeSite | Kind::Seller => 4,
        Kind::Suspicious => 3,
        _ if verdict.names_certificates => 2,
        _ if letters(extract) >= EMPTY => 1,
        _ => 0,
    };
    // Scores of innocents are no order of anything.
    (rank, if rank >= 3 { verdict.score } else { 0.0 })
}

/// The page is about certificates, whatever it says of them.
fn speaks(verdict: &Verdict) -> bool {
    verdict.kind.is_hit() || verdict.names_certificates
}

/// Whether this is what somebody is shown instead of the page.
fn hides(sight: &Sight<'_>, page: &Extract) -> bool {
    match sight {
        Sight::Nothing | Sight::Elsewhere => true,
        Sight::Unknown => false,
        Sight::Page(extract, verdict) => {
            !speaks(verdict) && !extract.needs_eyes && (is_empty(extract) || is_another(extract, page))
        }
    }
}

/// Another page, not the same one in another layout.
fn is_another(one: &Extract, other: &Extract) -> bool {
    let same_title = !one.title.is_empty() && one.title == other.title;
    let near = match (likeness::number_of(one), likeness::number_of(other)) {
        (Some(one), Some(other)) => (one ^ other).count_ones() <= SAME_TEXT,
        _ => false,
    };
    !same_title && !near
}

/// Whether the page shows nothing, and no browser would make it show more.
pub fn is_empty(extract: &Extract) -> bool {
    !extract.needs_eyes && letters(extract) < EMPTY && extract.images.is_empty() && extract.frames.is_empty()
}

fn letters(extract: &Extract) -> usize {
    let title = extract.title.len().min(extract.text.len());
    let body = extract.text.get(title..).unwrap_or(&extract.text);
    body.chars().filter(|c| c.is_alphanumeric()).take(EMPTY).count()
}

/// Whether a script of the page looks at who its guest is (one of `words`, such as the name of a browser) and then sends him somewhere
/// or writes the page anew. Asking alone is no cause: half the web asks, to share a page in WeChat or to count its visitors.
pub fn looks_at_guest(source: &[u8], words: &[String]) -> bool {
    const ACTS: [&[u8]; 6] =
        [b"location.href", b"location.replace", b"location.assign", b"location =", b"location=", b"document.write"];
    words.iter().filter(|word| !word.is_empty()).any(|word| {
        memchr::memmem::find_iter(source, word.as_bytes()).take(LOOKS).any(|at| {
            let behind = &source[at..source.len().min(at + REACH)];
            ACTS.iter().any(|act| memchr::memmem::find(behind, act).is_some())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::Contacts;
    use crate::page;
    use url::Url;

    const OFFER: &str = "<title>快速拿证</title><p>低压电工证不用考试三天出证，包过，加微信 demo_nb88 办理</p>";
    const SCHOOL: &str =
        "<title>示例培训学校</title><p>焊工证、电工证培训，每月开班，学时不够不能考试，欢迎来校咨询。</p>";
    const FLOWERS: &str =
        "<title>示例花店</title><p>鲜花、绿植、开业花篮，当天送到，欢迎订购，节日另有优惠，老客八折。</p>";
    const APP: &str =
        "<title>下载客户端</title><p>请点右上角，在浏览器中打开，下载示例学校的手机应用，学习更方便快捷。</p>";
    const EMPTY_PAGE: &str = "<title>快速拿证</title><p></p>";
    const PLAIN: &str = "<p>鲜花、绿植、开业花篮，当天送到，欢迎订购，节日另有优惠，老客八折。</p>";
    const PLAIN_OFFER: &str = "<p>低压电工证不用考试三天出证，包过，加微信 demo_nb88 办理</p>";
    const PICTURE: &str = "<p>欢迎</p><img src=/a.png>";
    const FRAME: &str = "<p>欢迎</p><iframe src=/a.html></iframe>";
    const SCRIPTED: &str = "<div id=app></div><script src=/a.js></script><script src=/b.js></script>";

    enum Shown {
        Page(&'static str),
        Bare(Sight<'static>),
    }
    use Guest::*;
    use Shown::{Bare, Page};

    /// The words of these pages are what the rules would go by.
    fn judged(html: &str) -> (Extract, Verdict) {
        let url = Url::parse("http://a.example/").unwrap();
        let (extract, offers) = (page::read_text(html, Some(&url)), html.contains("不用考试"));
        let verdict = Verdict {
            kind: if offers { Kind::Seller } else { Kind::Benign },
            score: if offers { 90.0 } else { 1.0 },
            fake_score: 0.0,
            seller_score: 0.0,
            routes: Vec::new(),
            authority: None,
            cert_types: Vec::new(),
            poses: false,
            names_certificates: html.contains("电工证"),
            notes: Vec::new(),
            contacts: Contacts::default(),
            areas: Vec::new(),
            signals: Vec::new(),
        };
        (extract, verdict)
    }

    fn check(looks: &[(Guest, Shown)], best: Guest, cloaks: &[Cloak]) {
        let pages: Vec<_> =
            looks.iter().map(|(_, s)| if let Page(html) = s { Some(judged(html)) } else { None }).collect();
        let sights: Vec<(Guest, Sight<'_>)> = looks
            .iter()
            .zip(&pages)
            .map(|((guest, shown), page)| match (shown, page) {
                (Bare(sight), _) => (*guest, *sight),
                (_, Some((extract, verdict))) => (*guest, Sight::Page(extract, verdict)),
                (_, None) => unreachable!(),
            })
            .collect();
        let compared = compare(&sights);
        assert_eq!((looks[compared.best].0, compared.cloaks.as_slice()), (best, cloaks));
    }

    #[test]
    fn a_page_hidden_from_one_guest_is_cloaked() {
        let missing = || Bare(Sight::Nothing);
        check(&[(Patrol, Page(FLOWERS)), (Desktop, Page(OFFER))], Desktop, &[Cloak::Patrol]);
        check(&[(Patrol, missing()), (Desktop, Page(OFFER))], Desktop, &[Cloak::Patrol]);
        check(
            &[(Patrol, Page(EMPTY_PAGE)), (Desktop, Page(EMPTY_PAGE)), (Wechat, Page(OFFER))],
            Wechat,
            &[Cloak::Wechat],
        );
        let elsewhere = || Bare(Sight::Elsewhere);
        check(&[(Patrol, elsewhere()), (Desktop, elsewhere()), (Searcher, Page(OFFER))], Searcher, &[Cloak::Searcher]);
        // Whether a desk is spared it too was not looked at.
        check(&[(Patrol, Page(FLOWERS)), (Wechat, Page(OFFER))], Wechat, &[Cloak::Patrol]);
    }

    #[test]
    fn innocents_who_show_different_things_hide_nothing() {
        check(&[(Patrol, Page(SCHOOL)), (Desktop, Page(SCHOOL)), (Wechat, Page(APP))], Patrol, &[]);
        check(&[(Patrol, Bare(Sight::Unknown)), (Desktop, Page(SCHOOL))], Desktop, &[]);
        check(&[(Patrol, Page(FLOWERS)), (Desktop, Page(APP))], Patrol, &[]);
        check(&[(Patrol, Page(SCRIPTED)), (Desktop, Page(SCHOOL))], Desktop, &[]);
        // The same page with its matter loaded later, or laid out for a telephone.
        let bare = "<title>示例培训学校</title><p>本校坐落在江边，交通便利，环境优美，欢迎各位前来参观。</p>";
        check(&[(Patrol, Page(bare)), (Desktop, Page(SCHOOL))], Desktop, &[]);
        // The worse page is shown to us: nothing is hidden.
        check(&[(Patrol, Page(OFFER)), (Desktop, Page(FLOWERS)), (Wechat, Bare(Sight::Nothing))], Patrol, &[]);
        check(&[(Patrol, Bare(Sight::Nothing)), (Desktop, Bare(Sight::Nothing))], Patrol, &[]);
        // A shop that shows nothing of the trade hides nothing that matters, from whomever.
        check(&[(Patrol, Bare(Sight::Nothing)), (Desktop, Page(FLOWERS))], Desktop, &[]);
        check(&[(Patrol, Page(EMPTY_PAGE)), (Desktop, Page(FLOWERS)), (Wechat, Page(APP))], Desktop, &[]);
        // Pages without titles that say nearly the same.
        check(&[(Patrol, Page(PLAIN)), (Desktop, Page(PLAIN_OFFER))], Desktop, &[Cloak::Patrol]);
        // Little text beside a picture or a frame is a page that shows something else than text.
        check(&[(Patrol, Page(PICTURE)), (Desktop, Page(OFFER))], Desktop, &[]);
        check(&[(Patrol, Page(FRAME)), (Desktop, Page(OFFER))], Desktop, &[]);
    }

    #[test]
    fn what_came_from_a_search_needs_a_desk_that_was_spared_it() {
        check(&[(Patrol, Page(SCHOOL)), (Searcher, Page(OFFER))], Searcher, &[]);
        check(&[(Patrol, Page(FLOWERS)), (Searcher, Page(OFFER))], Searcher, &[Cloak::Patrol]);
        check(&[(Patrol, Page(FLOWERS)), (Desktop, Page(SCHOOL)), (Searcher, Page(OFFER))], Searcher, &[Cloak::Patrol]);
        check(&[(Patrol, Page(FLOWERS)), (Desktop, Page(SCHOOL)), (Wechat, Page(OFFER))], Wechat, &[Cloak::Patrol]);
    }

    #[test]
    fn a_page_is_empty_where_it_shows_nothing_and_a_browser_would_not_show_more() {
        let empty = |html: &str| is_empty(&page::read_text(html, None));
        assert!(empty(EMPTY_PAGE) && empty("<title>一个长长的标题，长过二十个字，还没有完，还要再长</title>"));
        for html in [FLOWERS, SCRIPTED, PICTURE, FRAME] {
            assert!(!empty(html), "{html}");
        }
        let extract = Extract { needs_eyes: false, ..page::read_text(PICTURE, None) };
        assert!(!is_empty(&extract), "a picture is something");
        let extract = Extract { needs_eyes: false, ..page::read_text(FRAME, None) };
        assert!(!is_empty(&extract), "a frame is something");
        assert_eq!(compare(&[]), Compared::default());
    }

    #[test]
    fn a_school_that_one_guest_sees_more_of_outweighs_nothing() {
        check(&[(Patrol, Page(SCHOOL)), (Desktop, Page(OFFER))], Desktop, &[]);
        check(&[(Patrol, Page(OFFER)), (Desktop, Page(SCHOOL))], Patrol, &[]);
    }

    #[test]
    fn a_script_looks_at_its_guest_when_it_acts_on_what_it_saw() {
        let words = ["MicroMessenger".to_owned(), "document.referrer".to_owned()];
        let check = |script: &str, wanted: bool| {
            assert_eq!(looks_at_guest(script.as_bytes(), &words), wanted, "{script}");
        };
        check("if(navigator.userAgent.indexOf('MicroMessenger')<0){location.href='/shop'}", true);
        check("var r=document.referrer;if(r.indexOf('search')>0){document.write('<h1>x</h1>')}", true);
        check("if(/MicroMessenger/.test(ua)){wx.config({})}", false);
        check("_hmt.push(['r', document.referrer])", false);
        check("location.href='/a'; var isWx = /MicroMessenger/i.test(ua);", false);
        check(&format!("/MicroMessenger/{}location.href='/a'", " ".repeat(REACH)), false);
        assert!(!looks_at_guest(b"location.href", &[String::new()]));
    }

    #[test]
    fn names_lead_back() {
        assert!(Cloak::ALL.into_iter().all(|cloak| Cloak::from_name(cloak.name()) == Some(cloak)));
        let codes: std::collections::HashSet<_> = Guest::ALL.iter().map(|guest| guest.as_code()).collect();
        assert_eq!(codes.len(), Guest::ALL.len());
    }
}
