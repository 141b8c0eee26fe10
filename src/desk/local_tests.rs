//! What the desk answers from a store with something in it.

use super::*;
use crate::{
    cases::tests::{Found, SELLER, at, open, see},
    outbox::listing::Contact,
    store::{Changes, HostFacts},
};

fn rules() -> Arc<RuleSet> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    Arc::new(RuleSet::compile(&files).unwrap())
}

fn desk(store: &Store) -> LocalDesk {
    let contact = Contact {
        unit: "示例区市监局".to_owned(),
        name: "甲".to_owned(),
        email: "shijian@example.gov.cn".to_owned(),
        routes: vec!["市监".to_owned()],
        areas: Vec::new(),
        confirmed_only: Vec::new(),
    };
    let edition = Edition {
        unit: "示例区安委办".to_owned(),
        from: "patrol@example.gov.cn".to_owned(),
        threshold: 80.0,
        contacts: vec![contact],
        unseen_sources: Vec::new(),
        not_looked_at: 0,
        clock_is_set: true,
        practice: false,
    };
    let mailer = Mailer::Folder(store.data().join(queue::OUTBOX_DIR));
    let manners = Manners { quiet: None, zone: crate::clock::shanghai(), delay_ms: 1000 };
    LocalDesk::new(store.clone(), Office { edition, mailer, clock: Clock::starting_at(at(1)), rules: rules(), manners })
}

async fn hits(desk: &LocalDesk, filter: HitFilter) -> Vec<u64> {
    let mut ids = Vec::new();
    desk.hits(filter, &mut |row| {
        ids.push(row.id);
        ControlFlow::Continue(())
    })
    .await
    .unwrap();
    ids
}

#[tokio::test]
async fn officers_see_what_was_found_decided_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    see(&store, SELLER).await;
    see(&store, Found { url: "http://b.example/2", ..SELLER }).await;
    see(&store, Found { url: "http://cx.mem-gov.example.com/?id=330212199001010002", verdict: "fake_site", ..SELLER })
        .await;
    let desk = desk(&store);
    assert_eq!(hits(&desk, HitFilter::default()).await, [3, 2, 1]);
    assert_eq!(hits(&desk, HitFilter { case: Some(1), ..HitFilter::default() }).await, [2, 1]);
    assert_eq!(
        hits(&desk, HitFilter { verdict: Some("seller".to_owned()), limit: Some(1), ..HitFilter::default() }).await,
        [2]
    );
    assert!(!desk.hit(3).await.unwrap().final_url.contains("19900101"), "an ID number leaves only as evidence");
    assert!(desk.hit(1).await.unwrap().first_seen.ends_with("+08:00"));
    assert!(matches!(desk.hit(9).await, Err(DeskError::Missing { what: "线索", .. })));

    let sent = desk.digest_send(false).await.unwrap();
    assert_eq!((sent.len(), sent[0].state, sent[0].rows, sent[0].attempts), (1, "sent", 2, 1));
    assert_eq!(desk.digest_status().await.unwrap().len(), 1);
    let confirmed = desk.decide(1, Decision::Confirm, Some("已核实"), "王工").await.unwrap();
    assert_eq!((confirmed.state, confirmed.hits, confirmed.notified.len()), ("confirmed", 2, 1));
    let case = desk.case(1).await.unwrap();
    assert_eq!((case.sightings.len(), case.notes[0].text.as_str()), (2, "【确认】已核实"));
    let actions: Vec<&str> = case.history.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["case.new", "case.confirm"]);

    let mut open_sellers = Vec::new();
    let filter = CaseFilter { open: true, kind: Some("seller".to_owned()), ..CaseFilter::default() };
    let mut each = |row: CaseRow| {
        open_sellers.push(row.target);
        ControlFlow::Continue(())
    };
    desk.cases(filter, &mut each).await.unwrap();
    assert_eq!(open_sellers, ["phone:13000001234"]);
    let unknown = CaseFilter { state: Some("lost".to_owned()), ..CaseFilter::default() };
    assert!(matches!(desk.cases(unknown, &mut |_| ControlFlow::Break(())).await, Err(DeskError::Refused(_))));
    let refused = desk.decide(1, Decision::Reopen, None, "王工").await.unwrap_err();
    assert!(matches!(refused, DeskError::Refused(_)), "{refused}");
}

#[tokio::test]
async fn a_host_is_reported_with_what_its_name_says_and_what_was_found_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    see(&store, SELLER).await;
    let desk = desk(&store);
    let report = desk.host("http://A.example/x").await.unwrap();
    assert_eq!((report.host.as_str(), report.verdict.as_str(), report.hits), ("a.example", "clean", 1));
    assert_eq!(desk.host("cx.mem.gov.cn").await.unwrap().verdict, "official");
    assert!(matches!(desk.host("  ").await, Err(DeskError::Refused(_))));
}

#[tokio::test]
async fn a_host_with_an_unusual_port_is_reported_by_either_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    see(&store, Found { url: "http://a.example:8080/x", ..SELLER }).await;
    let mut changes = Changes::new();
    changes.put_host(HostFacts {
        host: "a.example:8080".to_owned(),
        robots: "rules".to_owned(),
        ..HostFacts::default()
    });
    store.commit(changes).await.unwrap();
    let desk = desk(&store);
    for name in ["a.example:8080", "http://a.example:8080/x", "a.example"] {
        let report = desk.host(name).await.unwrap();
        assert_eq!((report.hits, report.robots.as_str()), (1, "rules"), "{name}");
    }
    let report = desk.host("a.example:81").await.unwrap();
    assert_eq!((report.hits, report.robots.as_str()), (0, ""));
}

#[tokio::test]
async fn a_missing_sm3_is_taken_from_the_body_that_was_kept() {
    use crate::evidence::{Connection, Exchange, Origin, ResolvedBy, WarcStore, encode, hashes};
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut warc = WarcStore::open(
        folder.path(),
        crate::evidence::Series::Hits,
        Origin { software: "test".to_owned(), notes: Vec::new() },
        1 << 20,
    )
    .unwrap();
    let exchange = Exchange {
        url: "http://a.example/".to_owned(),
        request_head: Vec::new(),
        status: 200,
        reason: "OK".to_owned(),
        headers: Vec::new(),
        body: "快速拿证".into(),
        time: at(0),
        ip: None,
        resolved_by: ResolvedBy::Practice,
        tls_leaf_sha256: None,
        tls_problem: None,
        truncated: None,
        notes: Vec::new(),
        vantage: String::new(),
        connection: Connection::default(),
    };
    let kept = warc.append(vec![encode(&exchange, false)]).unwrap().remove(0);
    warc.sync().unwrap();
    let capture = Capture {
        sha256: kept.sha256,
        sm3: None,
        warc: kept.warc,
        offset: kept.offset,
        length: kept.length,
        before: 0,
        after: 0,
        time: kept.time,
    };
    let desk = desk(&store);
    assert_eq!(desk.capture_row(capture.clone()).sm3, hashes(&exchange.body).sm3);
    assert_eq!(desk.capture_row(Capture { sha256: "00".repeat(32), ..capture.clone() }).sm3, "");
    assert_eq!(desk.capture_row(Capture { warc: "../etc/passwd".to_owned(), ..capture }).sm3, "");
}

#[tokio::test]
async fn a_baseline_stays_while_an_open_case_rests_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    see(&store, Found { url: "http://cx.mem-gov.example.com/", verdict: "fake_site", ..SELLER }).await;
    let desk = desk(&store);
    let html = "<title>特种作业操作证查询平台</title><script src='/czzcx_query.js'></script>";
    let prints = jianzheng_core::likeness::Prints::of(&jianzheng_core::page::read_text(html, None));
    for host in ["cx.mem.gov.cn", "www.mem.gov.cn"] {
        let what = jianzheng_core::likeness::Baseline {
            host: host.to_owned(),
            url: format!("http://{host}/"),
            prints: prints.clone(),
            pictures: Vec::new(),
        };
        desk.keep_baseline(NewBaseline { what, title: String::new(), file: None }, "示例甲").await.unwrap();
    }
    let mut changes = Changes::new();
    changes.update_hit(1, |hit| {
        hit.reasons[0].say = "照抄官网（标题照抄 cx.mem.gov.cn。标题与 cx.mem.gov.cn 的相同）".to_owned();
        Ok(())
    });
    store.commit(changes).await.unwrap();
    let DeskError::Refused(say) = desk.remove_baseline(1, "示例甲").await.unwrap_err() else {
        panic!("not refused")
    };
    assert!(say.contains("还有 1 条未结的线索拿 cx.mem.gov.cn 的样本作依据（线索 1）"), "{say}");
    assert_eq!(desk.remove_baseline(2, "示例甲").await.unwrap().host, "www.mem.gov.cn");
    desk.decide(1, Decision::Wrong, Some("样本采错了"), "示例甲").await.unwrap();
    desk.remove_baseline(1, "示例甲").await.unwrap();
    assert!(desk.baselines().await.unwrap().is_empty());
    let rows = desk.audit("baseline cx.mem.gov.cn").await.unwrap();
    assert_eq!(rows.len(), 2, "captured and taken away");
}
