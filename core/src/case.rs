//! The law of a case's life: which state follows from what an officer decides and from what the machine sees.
//!
//! Officers confirm, withdraw, set aside and reopen; the machine only says gone or back. What was decided is never undone by
//! what is seen: a case that is 误报 or 不予处理 stays so until an officer reopens it. Also how a target is named, because
//! one name is one case. Nothing here stores or tells anything. Start at [`State`], then [`target_of`].

use std::net::Ipv4Addr;

use url::Url;

use crate::host::registrable;

/// Contacts by which one case can be found; a page that lists more is a directory, not a seller.
const KEYS: usize = 32;
/// A contact longer than this in bytes is none.
const KEY_BYTES: usize = 120;
/// Routes in the order in which a case names them; 公安 stands last.
const ROUTES: [&str; 6] = ["网信", "市监", "住建", "人社", "平台", "公安"];

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Imitates an authority.
    FakeSite,
    /// Sells certificates without training or exam.
    Seller,
}

impl Kind {
    /// The word in files and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::FakeSite => "fake_site",
            Kind::Seller => "seller",
        }
    }

    /// The word's meaning.
    pub fn parse(word: &str) -> Option<Kind> {
        [Kind::FakeSite, Kind::Seller].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The machine is sure enough to list it.
    New,
    /// An officer must look before it is listed.
    Review,
    /// An officer says that it is so.
    Confirmed,
    /// A body has been asked to act.
    Acting,
    /// A fake that went away after it was told or confirmed.
    Closed,
    /// A seller that went away after it was told or confirmed.
    Delisted,
    /// Gone before anybody was told.
    Vanished,
    /// Was gone and is there again.
    Back,
    /// True, but nothing is to be done.
    Dismissed,
    /// A false alarm.
    Wrong,
}

impl State {
    /// All of them, as CONTRACT.md lists them.
    pub const ALL: [State; 10] = [
        State::New,
        State::Review,
        State::Confirmed,
        State::Acting,
        State::Closed,
        State::Delisted,
        State::Vanished,
        State::Back,
        State::Dismissed,
        State::Wrong,
    ];

    /// The word in files and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::New => "new",
            State::Review => "review",
            State::Confirmed => "confirmed",
            State::Acting => "acting",
            State::Closed => "closed",
            State::Delisted => "delisted",
            State::Vanished => "vanished",
            State::Back => "back",
            State::Dismissed => "dismissed",
            State::Wrong => "wrong",
        }
    }

    /// The word for people.
    pub const fn chinese(self) -> &'static str {
        match self {
            State::New => "新线索",
            State::Review => "待复核",
            State::Confirmed => "已确认",
            State::Acting => "处置中",
            State::Closed => "已关停",
            State::Delisted => "已下架",
            State::Vanished => "自行消失",
            State::Back => "复活",
            State::Dismissed => "不予处理",
            State::Wrong => "误报",
        }
    }

    /// The word's meaning, in either language.
    pub fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == word || state.chinese() == word)
    }

    /// Whether an officer took it off the lists.
    pub const fn is_set_aside(self) -> bool {
        matches!(self, State::Dismissed | State::Wrong)
    }

    /// Whether the target was seen to be gone.
    pub const fn is_gone(self) -> bool {
        matches!(self, State::Closed | State::Delisted | State::Vanished)
    }

    /// Whether it is looked at again and listed, or waits for an officer.
    pub const fn is_open(self) -> bool {
        !self.is_set_aside() && !self.is_gone()
    }
}

/// What an officer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It is what the machine says.
    Confirm,
    /// It is a false alarm (误报): who was told is told so.
    Wrong,
    /// It is true, but nothing is to be done (不予处理).
    Dismiss,
    /// Back to where it was before a wrong or dismissing decision.
    Reopen,
}

impl Decision {
    /// The word in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Decision::Confirm => "confirm",
            Decision::Wrong => "wrong",
            Decision::Dismiss => "dismiss",
            Decision::Reopen => "reopen",
        }
    }

    /// The word for people.
    pub const fn chinese(self) -> &'static str {
        match self {
            Decision::Confirm => "确认",
            Decision::Wrong => "标为误报",
            Decision::Dismiss => "不予处理",
            Decision::Reopen => "重新打开",
        }
    }
}

/// The state after a decision. `before`: where the case stood when it was set aside, for [`Decision::Reopen`]; unknown, it
/// goes back to an officer's desk. Deciding the same twice is the same as once.
///
/// # Errors
/// Why it cannot be decided in this state and what can be done instead, in Chinese.
pub fn after_decision(state: State, before: Option<State>, decision: Decision) -> Result<State, String> {
    let refused = |way_out: &str| Err(format!("案件现为“{}”，不能{}：{way_out}", state.chinese(), decision.chinese()));
    match (decision, state) {
        (Decision::Confirm, State::Acting) => Ok(State::Acting),
        (Decision::Confirm, state) if state.is_set_aside() => refused("请先重新打开案件（cases dismiss 编号 --undo）"),
        (Decision::Confirm, state) if state.is_gone() => refused("目标已经不在，复活后再确认"),
        (Decision::Confirm, _) => Ok(State::Confirmed),
        (Decision::Wrong, _) => Ok(State::Wrong),
        (Decision::Dismiss, State::Wrong) => {
            refused("误报无须再处理；如判断有误，请先重新打开案件（cases dismiss 编号 --undo）")
        }
        (Decision::Dismiss, _) => Ok(State::Dismissed),
        (Decision::Reopen, state) if state.is_set_aside() => {
            Ok(before.filter(|before| !before.is_set_aside()).unwrap_or(State::Review))
        }
        (Decision::Reopen, _) => refused("只有误报或不予处理的案件才需要重新打开"),
    }
}

/// The state after all hits of a case are gone. `told`: somebody was told of it, or an officer had confirmed it.
pub const fn after_gone(kind: Kind, state: State, told: bool) -> State {
    if !state.is_open() {
        return state;
    }
    match kind {
        _ if !told && !matches!(state, State::Confirmed | State::Acting) => State::Vanished,
        Kind::FakeSite => State::Closed,
        Kind::Seller => State::Delisted,
    }
}

/// The state after a hit of a case was seen up: one that was gone is back, everything else stays.
pub const fn after_seen_again(state: State) -> State {
    if state.is_gone() { State::Back } else { state }
}

/// Contacts on a page, normalised as CONTRACT.md says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contacts<'a> {
    /// Telephone numbers.
    pub phones: &'a [String],
    /// WeChat ids.
    pub wechat: &'a [String],
    /// QQ numbers and groups.
    pub qq: &'a [String],
    /// Telegram names.
    pub telegram: &'a [String],
}

impl Contacts<'_> {
    /// `phone:…`, `wechat:…`, `qq:…`, `telegram:…`, without repeats and at most 32 of them.
    fn keys(self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        let kinds = [("phone", self.phones), ("wechat", self.wechat), ("qq", self.qq), ("telegram", self.telegram)];
        for (kind, values) in kinds {
            for value in values.iter().filter(|value| !value.is_empty() && value.len() <= KEY_BYTES).take(KEYS) {
                let key = format!("{kind}:{value}");
                if keys.len() < KEYS && !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }
}

/// How a finding's target is named, and every contact that leads to it.
///
/// `host`: a lower-case A-label, with `:port` where that is not the scheme's own. `platform`: the host is shared by people who
/// have nothing to do with each other, and must not become a target. A fake leads nowhere by its contacts: it copies the
/// authority's own.
pub fn target_of(kind: Kind, host: &str, contacts: Contacts<'_>, platform: bool, url: &str) -> (String, Vec<String>) {
    let keys = match kind {
        Kind::FakeSite => Vec::new(),
        Kind::Seller => contacts.keys(),
    };
    let target = match keys.first() {
        Some(contact) => contact.clone(),
        None if platform => format!("url:{url}"),
        None => owner(host, url),
    };
    (target, keys)
}

/// The registrable name; an address is its own owner, and each of its ports another one, which the URL tells where the host
/// does not.
fn owner(host: &str, url: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.contains(':') => name,
        _ => host,
    };
    let is_v6 = host.starts_with('[') || host.matches(':').count() > 1;
    if !is_v6 && name.parse::<Ipv4Addr>().is_err() {
        return registrable(name).to_owned();
    }
    let has_port = host.len() > name.len() || host.contains("]:");
    match Url::parse(url).ok().and_then(|url| url.port()) {
        Some(port) if !has_port && is_v6 && !host.starts_with('[') => format!("[{host}]:{port}"),
        Some(port) if !has_port => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}

/// Both lists of routes as one, in the order in which a case names them.
pub fn united_routes(a: &[String], b: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for route in a.iter().chain(b) {
        if !all.contains(route) {
            all.push(route.clone());
        }
    }
    all.sort_by_key(|route| ROUTES.iter().position(|one| one == route).unwrap_or(ROUTES.len()));
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_words_are_the_contracts() {
        let english: Vec<_> = State::ALL.iter().map(|state| state.as_str()).collect();
        assert_eq!(english.join(" "), "new review confirmed acting closed delisted vanished back dismissed wrong");
        let chinese: Vec<_> = State::ALL.iter().map(|state| state.chinese()).collect();
        assert_eq!(chinese.join(" "), "新线索 待复核 已确认 处置中 已关停 已下架 自行消失 复活 不予处理 误报");
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
            assert_eq!(State::parse(state.chinese()), Some(state));
        }
        assert_eq!(Kind::parse("seller"), Some(Kind::Seller));
        assert_eq!(Kind::parse("suspicious"), None);
    }

    #[test]
    fn officers_may_do_this_and_nothing_else() {
        use Decision::*;
        use State::*;
        let table = [
            (Confirm, vec![New, Review, Confirmed, Back], Some(Confirmed)),
            (Confirm, vec![Acting], Some(Acting)),
            (Confirm, vec![Closed, Delisted, Vanished, Dismissed, State::Wrong], None),
            (Decision::Wrong, State::ALL.to_vec(), Some(State::Wrong)),
            (
                Dismiss,
                vec![New, Review, Confirmed, Acting, Closed, Delisted, Vanished, Back, Dismissed],
                Some(Dismissed),
            ),
            (Dismiss, vec![State::Wrong], None),
            (Reopen, vec![New, Review, Confirmed, Acting, Closed, Delisted, Vanished, Back], None),
            (Reopen, vec![Dismissed, State::Wrong], Some(Review)),
        ];
        for (decision, states, expected) in table {
            for state in states {
                let got = after_decision(state, None, decision);
                assert_eq!(got.as_ref().ok().copied(), expected, "{decision:?} in {state:?}");
                if let Err(why) = got {
                    assert!(why.contains(state.chinese()) && why.contains('：'), "{why}");
                }
            }
        }
        assert_eq!(after_decision(State::Wrong, Some(Confirmed), Reopen), Ok(Confirmed));
        assert_eq!(after_decision(State::Wrong, Some(Dismissed), Reopen), Ok(Review));
    }

    #[test]
    fn what_goes_away_is_closed_delisted_or_vanished() {
        use State::*;
        let table = [
            (Kind::FakeSite, New, false, Vanished),
            (Kind::FakeSite, New, true, Closed),
            (Kind::FakeSite, Confirmed, false, Closed),
            (Kind::Seller, Acting, false, Delisted),
            (Kind::Seller, Review, false, Vanished),
            (Kind::Seller, Back, true, Delisted),
            (Kind::Seller, Wrong, true, Wrong),
            (Kind::Seller, Dismissed, true, Dismissed),
            (Kind::FakeSite, Closed, true, Closed),
        ];
        for (kind, state, told, expected) in table {
            assert_eq!(after_gone(kind, state, told), expected, "{kind:?} {state:?} {told}");
        }
    }

    #[test]
    fn targets_are_named_by_who_stands_behind_them() {
        let none = Contacts::default();
        let (phones, wechat) = (words(&["13000001234", "13000005678"]), words(&["tzzy_demo"]));
        let qq = words(&["10000001"]);
        let all = Contacts { phones: &phones, wechat: &wechat, qq: &qq, telegram: &[] };
        let url = "https://post.example/x/1";
        let check = |kind, host: &str, contacts, platform, target: &str, keys: &[&str]| {
            assert_eq!(target_of(kind, host, contacts, platform, url), (target.to_owned(), words(keys)), "{host}");
        };
        check(Kind::FakeSite, "cx.mem-gov.example.com", none, false, "example.com", &[]);
        check(Kind::FakeSite, "cx.mem-gov.example.com:8080", all, false, "example.com", &[]);
        check(Kind::FakeSite, "one.github.io", none, false, "one.github.io", &[]);
        check(Kind::FakeSite, "192.0.2.7:8080", none, false, "192.0.2.7:8080", &[]);
        check(Kind::FakeSite, "192.0.2.7", none, false, "192.0.2.7", &[]);
        check(Kind::FakeSite, "[2001:db8::1]:8080", none, false, "[2001:db8::1]:8080", &[]);
        check(Kind::FakeSite, "post.example", none, true, "url:https://post.example/x/1", &[]);
        let keys = ["phone:13000001234", "phone:13000005678", "wechat:tzzy_demo", "qq:10000001"];
        check(Kind::Seller, "post.example", all, true, "phone:13000001234", &keys);
        let later = Contacts { wechat: &wechat, ..none };
        check(Kind::Seller, "post.example", later, true, "wechat:tzzy_demo", &["wechat:tzzy_demo"]);
        check(Kind::Seller, "www.shop.example.cn", none, false, "example.cn", &[]);
        check(Kind::Seller, "post.example", none, true, "url:https://post.example/x/1", &[]);
    }

    #[test]
    fn each_port_of_an_address_is_another_target_even_where_only_the_url_tells_it() {
        for (host, url, expected) in [
            ("192.0.2.7", "http://192.0.2.7:8080/q", "192.0.2.7:8080"),
            ("192.0.2.7", "http://192.0.2.7/q", "192.0.2.7"),
            ("192.0.2.7:8080", "http://192.0.2.7:8080/q", "192.0.2.7:8080"),
            ("[2001:db8::1]", "http://[2001:db8::1]:81/", "[2001:db8::1]:81"),
            ("2001:db8::1", "http://[2001:db8::1]:81/", "[2001:db8::1]:81"),
            ("cx.a.example", "http://cx.a.example:8080/", "a.example"),
        ] {
            assert_eq!(target_of(Kind::FakeSite, host, Contacts::default(), false, url).0, expected, "{host} {url}");
        }
    }

    #[test]
    fn a_directory_does_not_become_a_key_ring() {
        let phones: Vec<String> = (0..1000).map(|n| format!("1300000{n:04}")).chain(["x".repeat(500)]).collect();
        let (_, keys) =
            target_of(Kind::Seller, "a.example", Contacts { phones: &phones, ..Contacts::default() }, false, "");
        assert_eq!(keys.len(), KEYS);
    }

    #[test]
    fn police_stands_last_among_the_routes() {
        let united = united_routes(&words(&["市监", "公安"]), &words(&["住建", "市监", "网信", "消防"]));
        assert_eq!(united, words(&["网信", "市监", "住建", "公安", "消防"]));
    }

    proptest! {
        #[test]
        fn what_an_officer_set_aside_only_an_officer_brings_back(
            start in prop::sample::select(State::ALL.to_vec()),
            events in prop::collection::vec(0..3u8, 0..20),
        ) {
            let mut state = start;
            for event in events {
                let next = match event {
                    0 => after_gone(Kind::Seller, state, true),
                    1 => after_gone(Kind::FakeSite, state, false),
                    _ => after_seen_again(state),
                };
                // The same event twice is the same as once.
                prop_assert_eq!(match event {
                    0 => after_gone(Kind::Seller, next, true),
                    1 => after_gone(Kind::FakeSite, next, false),
                    _ => after_seen_again(next),
                }, next);
                prop_assert_eq!(state.is_set_aside(), next.is_set_aside());
                state = next;
            }
        }

        #[test]
        fn any_host_has_an_owner(host in ".{0,60}", platform: bool) {
            let (target, keys) = target_of(Kind::Seller, &host, Contacts::default(), platform, "http://a.example/");
            prop_assert!(keys.is_empty());
            prop_assert!(platform || host.contains(target.as_str()));
        }
    }
}
