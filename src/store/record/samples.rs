//! One made-up record of each kind, and the proof that the stored forms are read for ever.
//!
//! `tests/data/records/NAME.vN.json` is what version N of the program wrote. A file is never changed: a new version adds one.
//! To make the files of a new version: `BLESS=1 cargo test records_of_every_version`.

use std::path::PathBuf;

use jianzheng_core::likeness;

use super::*;
use crate::store::tables::id_key;

fn time(day: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_772_400_000 + day * 86_400).unwrap()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(in crate::store) fn round() -> Round {
    Round {
        id: 3,
        started: time(0),
        finished: Some(time(1)),
        rules: "sha256:00".to_owned(),
        day: Some(2),
        first_page: 17,
        cut_off: true,
        max_pages: Some(500),
        sources: words(&["searxng"]),
        seeds: words(&["seeds/start.txt"]),
        prepared: true,
        parts: 2,
        candidates: 0,
    }
}

pub(in crate::store) fn ask() -> Ask {
    Ask {
        round: 3,
        n: 4,
        source: "searxng".to_owned(),
        query: "低压电工证 免考".to_owned(),
        query_id: "offers.1".to_owned(),
        page: 1,
        begun: time(0),
        outcome: Some("ok".to_owned()),
        why: String::new(),
        next: "more".to_owned(),
        hits: 10,
    }
}

pub(in crate::store) fn not_looked() -> NotLooked {
    NotLooked { round: 3, n: 5, url: "http://a.example/".to_owned(), why: "等待超过 60 秒".to_owned() }
}

pub(in crate::store) fn capture() -> Capture {
    Capture {
        sha256: "ab".repeat(32),
        sm3: Some("cd".repeat(32)),
        warc: "warc/2026-03-02.warc.gz".to_owned(),
        offset: 1234,
        length: 567,
        before: 0,
        after: 0,
        time: time(0),
    }
}

pub(in crate::store) fn page() -> Page {
    Page {
        seq: 17,
        round: 3,
        url: "http://a.example/x".to_owned(),
        final_url: "http://a.example/y".to_owned(),
        host: "a.example".to_owned(),
        via: Via::Source {
            source: "searxng".to_owned(),
            query: "电工证".to_owned(),
            page: 1,
            rank: 2,
            title: "快速拿证".to_owned(),
            ad: true,
        },
        depth: 1,
        fetched: time(0),
        outcome: Outcome::Fetched { status: 200 },
        capture: Some(capture()),
        verdict: Some("seller".to_owned()),
        score: 93.5,
        rules: "sha256:00".to_owned(),
        extract: true,
        charset: "gbk".to_owned(),
        kind: Kind::Page,
        rendering: None,
        unrendered: None,
        looks: Vec::new(),
        cloaks: Vec::new(),
        copy: None,
        unchanged: None,
        note: None,
    }
}

/// A page that telephones are shown and the patrol is not.
fn cloaked_page() -> Page {
    let seen = Look {
        guest: "wechat".to_owned(),
        why: String::new(),
        say: "网页“快速拿证”".to_owned(),
        final_url: "http://a.example/y".to_owned(),
        verdict: Some("seller".to_owned()),
        score: 93.5,
        capture: Some(capture()),
    };
    let spared = Look {
        guest: "named".to_owned(),
        why: "搜索结果讲的是证书，打开是空白页".to_owned(),
        say: "空白页".to_owned(),
        verdict: None,
        score: 0.0,
        capture: None,
        ..seen.clone()
    };
    Page { looks: vec![spared, seen], cloaks: words(&["巡查"]), ..page() }
}

fn unchanged_page() -> Page {
    let modified = Some("Mon, 02 Mar 2026 00:00:00 GMT".to_owned());
    Page {
        outcome: Outcome::Fetched { status: 304 },
        copy: Some(CopyTags { etag: Some("\"33a64df5\"".to_owned()), modified }),
        unchanged: Some(Unchanged { page: 12, since: time(0) }),
        note: Some("本站对不存在的网址也给这一页".to_owned()),
        ..page()
    }
}

pub(in crate::store) fn hit() -> Hit {
    Hit {
        id: 8,
        url: "http://a.example/x".to_owned(),
        final_url: "http://a.example/y".to_owned(),
        host: "a.example".to_owned(),
        verdict: "seller".to_owned(),
        score: 93.5,
        kind_scores: KindScores { fake_site: 1.0, seller: 93.5 },
        route: "市监".to_owned(),
        routes: words(&["市监", "公安"]),
        authority: None,
        notes: words(&["compromised_official"]),
        case: 5,
        state: HitState::Up,
        first_seen: time(0),
        last_seen: time(1),
        last_look: time(2),
        missing_since: Some(time(2)),
        source: "searxng".to_owned(),
        query: "电工证".to_owned(),
        chain: words(&["搜索“电工证”第 1 页第 2 条"]),
        entities: Entities { phones: words(&["13000001234"]), wechat: words(&["tzzy_demo"]), ..Entities::default() },
        cert_types: words(&["低压电工"]),
        areas: words(&["330212"]),
        title: "快速拿证".to_owned(),
        reasons: vec![Reason {
            rule: "seller.exam-waiver".to_owned(),
            kind: "seller".to_owned(),
            points: 18.0,
            say: "承诺免考".to_owned(),
            quote: Some("不用考試，三天拿證".to_owned()),
        }],
        capture: Some(capture()),
        captures: vec![capture()],
        rules: "sha256:00".to_owned(),
        first_round: 1,
        last_round: 3,
        codes: Vec::new(),
        pictures: Vec::new(),
        rendering: None,
        text: None,
        short_text: None,
        seen_as: None,
        cloaks: Vec::new(),
        label: Some("seller".to_owned()),
        robots_ignored: false,
        set_clock: true,
    }
}

pub(in crate::store) fn label() -> Label {
    Label { hit: 8, label: "seller".to_owned(), actor: "officer".to_owned(), time: time(3), grounds: Vec::new() }
}

pub(in crate::store) fn case() -> Case {
    Case {
        id: 5,
        kind: "seller".to_owned(),
        target: "phone:13000001234".to_owned(),
        state: CaseState::Confirmed,
        score: 93.5,
        route: "市监".to_owned(),
        routes: words(&["市监"]),
        areas: words(&["330212"]),
        first_seen: time(0),
        last_seen: time(1),
        supervised: true,
        confirmed_by: Some("officer".to_owned()),
        confirmed_at: Some(time(2)),
        contacts: words(&["wechat:tzzy_demo"]),
        notes: 0,
        merged_into: None,
        set_aside_from: None,
        grounds: Vec::new(),
        doubted: false,
    }
}

pub(in crate::store) fn note() -> CaseNote {
    CaseNote { case: 5, n: 1, time: time(2), actor: "officer".to_owned(), text: "已电话核实".to_owned() }
}

pub(in crate::store) fn digest() -> Digest {
    Digest {
        id: "2026-03-02.0123456789abcdef.r0".to_owned(),
        day: "2026-03-02".to_owned(),
        contact: "示例区网信办".to_owned(),
        email: "wangxin@example.gov.cn".to_owned(),
        revision: 0,
        state: DigestState::Temporary,
        attempts: 1,
        resends: 0,
        next_try: Some(time(0)),
        last_error: Some("451 稍后再试".to_owned()),
        message_id: "<2026-03-02.0123456789abcdef.r0@example.gov.cn>".to_owned(),
        file: "outbox/2026-03-02.0123456789abcdef.r0.eml".to_owned(),
        sha256: "ef".repeat(32),
        composed: time(0),
        sent_at: None,
        rows: 2,
        extra: false,
    }
}

fn digest_rows() -> DigestRows {
    let row = DigestRow { hit: 8, case: 5, state: "新增".to_owned(), url: None };
    let moved = DigestRow { url: Some("http://a.example/old".to_owned()), ..row.clone() };
    DigestRows(vec![row, moved])
}

fn host_round() -> HostRound {
    HostRound {
        round: 3,
        pages: 500,
        bytes: 12_345_678,
        spent_ms: 90_000,
        interval_ms: 4_000,
        slowed: true,
        hold: "pages".to_owned(),
        why: "这个网站本轮已看满 500 页（crawl.host_pages）".to_owned(),
    }
}

fn host() -> HostFacts {
    HostFacts {
        host: "a.example:8080".to_owned(),
        robots_fetched: Some(time(0)),
        robots: "200".to_owned(),
        fails: 1,
        last_ok: Some(time(0)),
        not_before: Some(time(1)),
        delay_ms: Some(2000),
        turn: None,
        last: None,
        made_up: None,
        pictures: Vec::new(),
    }
}

fn pictures() -> Vec<KeptPicture> {
    let picture = |icon, look: &str| KeptPicture { icon, look: look.to_owned(), url: "http://a.example/i".to_owned() };
    vec![picture(true, "00000000000000ff"), picture(false, "ffffffffffffffff")]
}

fn audit() -> AuditRow {
    AuditRow {
        seq: 1,
        time: time(0),
        actor: "officer".to_owned(),
        action: "case.confirm".to_owned(),
        subject: "case 5".to_owned(),
        digest: "01".repeat(32),
        prev: "0".repeat(64),
        hash: "23".repeat(32),
    }
}

pub(in crate::store) fn baseline() -> Baseline {
    let prints = likeness::Prints {
        text: Some(0x0123_4567_89AB_CDEF),
        shape: Some(1),
        sample: vec![3, 5],
        title: vec![7],
        files: words(&["czzcx_query.js"]),
        statistics: words(&["百度统计 0123456789abcdef0123456789abcdef"]),
        forms: words(&["text:zjhm text:xm text:yzm"]),
    };
    let icon = likeness::Picture {
        kind: likeness::PictureKind::Icon,
        look: 255,
        url: "http://cx.mem.gov.cn/favicon.ico".to_owned(),
    };
    let what = likeness::Baseline {
        host: "cx.mem.gov.cn".to_owned(),
        url: "http://cx.mem.gov.cn/".to_owned(),
        prints,
        pictures: vec![icon],
    };
    let record = Baseline::new(what, "特种作业操作证查询平台", "应急管理部", time(0), "officer");
    Baseline { id: 2, file: Some("cx.html".to_owned()), ..record }
}

/// The newest form is what is written now, and every form reads as the sample (`older` says what of it was not told yet).
fn check<R: Record + PartialEq + std::fmt::Debug>(name: &str, sample: &R) {
    let file =
        |version| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/records/{name}.v{version}.json"));
    let written = encode(sample).unwrap();
    if std::env::var_os("BLESS").is_some() && !file(R::VERSION).exists() {
        std::fs::write(file(R::VERSION), [&written[1..], b"\n"].concat()).unwrap();
    }
    for version in 1..=R::VERSION {
        let kept = std::fs::read(file(version)).unwrap_or_else(|error| panic!("{}: {error}", file(version).display()));
        let kept = kept.trim_ascii_end();
        let row = [&[version], kept].concat();
        assert_eq!(&decode::<R>(&id_key(1), &row).unwrap(), sample, "{name} v{version}");
        if version == R::VERSION {
            assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&row), "{name}: the writer changed");
        }
    }
}

/// The same for rows that are not JSON: the kept bytes, made from `written` where the newest version has none yet.
pub(in crate::store) fn kept_bytes(name: &str, written: &[u8]) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/records/{name}.bin"));
    if std::env::var_os("BLESS").is_some() && !file.exists() {
        std::fs::write(&file, written).unwrap();
    }
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn records_of_every_version_are_read_and_the_newest_is_what_is_written() {
    check("round", &round());
    check("ask", &ask());
    check("not_looked", &not_looked());
    check("page", &page());
    check("page_cloaked", &cloaked_page());
    check("page_unchanged", &unchanged_page());
    check("hit", &hit());
    check("hit_cloaked", &Hit { seen_as: Some("wechat".to_owned()), cloaks: words(&["微信"]), ..hit() });
    check("hit_text", &Hit { text: Some("0123456789abcdef".to_owned()), ..hit() });
    check("hit_short_text", &Hit { short_text: Some("0123456789abcdef".to_owned()), ..hit() });
    check("label", &label());
    check("case", &case());
    check("case_note", &note());
    check("digest", &digest());
    check("digest_rows", &digest_rows());
    check("host", &host());
    check("host_round", &HostFacts { last: Some(host_round()), ..host() });
    check("host_turn", &HostFacts { turn: Some(time(2)), ..host() });
    let text = Some(PageText { letters: u64::MAX, number: Some(1) });
    check("host_made_up", &HostFacts { made_up: Some(MadeUp { time: time(1), status: 200, text }), ..host() });
    check("host_pictures", &HostFacts { pictures: pictures(), ..host() });
    check("hit_pictures", &Hit { pictures: pictures(), ..hit() });
    check("baseline_screen", &Baseline { screen: Some("00ff".to_owned()), ..baseline() });
    check("audit", &audit());
    check("baseline", &baseline());
}

#[test]
fn every_way_to_a_candidate_has_its_spelling() {
    let vias = [
        Via::Seed { file: "seeds/start.txt".to_owned(), line: 3, tags: words(&["平台"]), last: None },
        Via::Link { page: 1, text: "报名".to_owned() },
        Via::Redirect { page: 1 },
        Via::Qr { page: 1, image: "http://a.example/q.png".to_owned() },
        Via::Image { page: 1 },
        Via::Refresh { page: 1 },
        Via::Frame { page: 1 },
        Via::Recheck { hit: 1 },
        Via::Revisit { page: 1 },
        Via::Tip { tip: 1 },
        Via::Pivot { case: 1, what: "phone:13000001234".to_owned() },
        Via::Name { from: "ct".to_owned() },
    ];
    for via in vias {
        check(&format!("page_via_{}", spelling(&via)), &Page { via, ..page() });
    }
    let again = Via::Seed { file: "seeds/start.txt".to_owned(), line: 3, tags: Vec::new(), last: Some(16) };
    check("page_via_seed_again", &Page { via: again, ..page() });
}

fn spelling(via: &Via) -> String {
    let json = serde_json::to_value(via).unwrap();
    json.as_object().unwrap().keys().next().unwrap().clone()
}

#[test]
fn the_words_outsiders_see_are_the_contracts() {
    let words: Vec<&str> = CaseState::ALL.iter().map(|state| state.as_str()).collect();
    let contract = "new review confirmed acting closed delisted vanished back dismissed wrong";
    assert_eq!(words.join(" "), contract);
    assert_eq!(HitState::parse("unseen"), Some(HitState::Unseen));
    assert_eq!(DigestState::parse("lost"), None);
    assert_eq!(serde_json::to_string(&DigestState::Temporary).unwrap(), "\"temporary\"");
}
