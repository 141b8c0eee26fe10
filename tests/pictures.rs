//! Pictures in rounds, against a site of the test's own on loopback: what of them is fetched, what is kept, and whom they accuse.

#[path = "loopback/mod.rs"]
mod loopback;

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use image::{ImageFormat, Luma};
use jianzheng::crawl::picture;
use jianzheng::store::{Depicted, Hit, Store, extract_form};
use jianzheng::tuning::past::{Judge, extract_of};
use jianzheng_core::likeness::{Baseline, Baselines};
use jianzheng_core::page::{Picture, PictureKind, read_text};
use jianzheng_core::verdict::Thresholds;
use loopback::{Reply, Way, html, round, serve, with};

/// A look-up that wears an authority's name, with one picture more than are fetched of a page.
const FAKE: &str = "<title>特种作业操作证查询 - 应急管理部</title><link rel='shortcut icon' href='/static/mark.png'>\
    <h1>应急管理部特种作业操作证查询平台</h1><p>请输入证件号码和姓名，查询全国特种作业操作证及安全生产知识和管理能力考核合格信息。</p>\
    <form action=/q method=post>证件号码<input name=zjhm>姓名<input name=xm>验证码<input name=yzm><button>查询</button></form>\
    <p>主办单位：应急管理部</p><p>版权所有：应急管理部</p>";

/// Stripes at an angle: a picture of its own for each number.
fn mark(number: u32) -> Vec<u8> {
    let stripe = |x: u32, y: u32| {
        Luma([if ((x * (number % 3 + 1) + y * (number / 3 % 4)) / 11).is_multiple_of(2) { 20 } else { 230u8 }])
    };
    let picture = image::GrayImage::from_fn(64, 64, stripe);
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A small file that says it is a picture of four thousand million pixels.
fn bomb() -> Vec<u8> {
    let mut bytes = mark(4);
    bytes[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    bytes
}

fn png(bytes: &[u8]) -> Reply {
    with("200 OK", "Content-Type: image/png", bytes)
}

/// The authority's icon, as `baseline capture` keeps it.
fn baselines() -> Arc<Baselines> {
    let url = "http://cx.mem.gov.cn/".to_owned();
    let icon = Picture { kind: PictureKind::Icon, look: picture::look(&mark(1)).unwrap(), url: url.clone() };
    let host = "cx.mem.gov.cn".to_owned();
    Arc::new(Baselines::new(vec![Baseline { host, url, pictures: vec![icon], ..Baseline::default() }]))
}

fn hits(store: &Store) -> Vec<Hit> {
    store.hits().map(Result::unwrap).collect()
}

fn rules_of(hit: &Hit) -> Vec<&str> {
    hit.reasons.iter().map(|reason| reason.rule.as_str()).collect()
}

async fn pictures_of(store: &Store, path: &str) -> Vec<Picture> {
    let page = loopback::pages(store).into_iter().find(|page| page.url.ends_with(path)).unwrap();
    let stored = store.extract(page.seq).await.unwrap().unwrap();
    extract_form::unpack(&stored).unwrap().pictures
}

#[tokio::test(flavor = "multi_thread")]
async fn who_copies_an_icon_is_told_so_in_a_round_and_whenever_it_is_judged_again() {
    let images: String = (0..20).map(|n| format!("<img src='/p{n}.png'>")).collect();
    let fake = format!("{FAKE}{images}");
    let (address, log) = serve(move |_, path| match path {
        "/cx" => html(&fake),
        // Shows the same icon, which is not fetched again.
        "/more" => html(FAKE),
        "/static/mark.png" => png(&mark(1)),
        "/p0.png" => png(&bomb()),
        "/p1.png" => with("200 OK", "Content-Type: image/png", b"\x89PNG\r\n\x1a\nnot at all"),
        path if path.starts_with("/p") => png(&mark(path.len() as u32 + path.as_bytes()[2] as u32)),
        _ => with("404 Not Found", "", b""),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let port = address.port();
    let seed = |path: &str| vec![format!("http://cx-zs.example:{port}{path}")];
    let way = || Way { baselines: baselines(), ..Way::all_to(address) };
    let (store, _) = round(folder.path(), &seed("/cx"), way()).await;
    let hit = hits(&store).remove(0);
    assert_eq!(hit.verdict, "fake_site");
    assert!(rules_of(&hit).contains(&"fake.copied-icon"), "{:?}", rules_of(&hit));

    // Few: the icon and eight more. The bomb and the broken one cost themselves only.
    let asked: Vec<String> = log.lock().unwrap().iter().map(|(_, path)| path.clone()).collect();
    let pictures = asked.iter().filter(|path| path.ends_with(".png")).count();
    assert_eq!(pictures, 9, "{asked:?}");
    let kept = pictures_of(&store, "/cx").await;
    assert_eq!(kept.iter().filter(|picture| picture.kind == PictureKind::Icon).count(), 1, "{kept:?}");
    assert!((3..=7).contains(&kept.len()), "{kept:?}");

    // Judged again from what is kept, as new rules and backtests do.
    let judge = Judge { rules: loopback::rules(), baselines: baselines(), thresholds: Thresholds::default() };
    let page = loopback::pages(&store).into_iter().find(|page| page.url.ends_with("/cx")).unwrap();
    let url = page.final_url.parse().unwrap();
    let fires = |extract: &_| judge.judge(extract, &url, &[]).signals.iter().any(|s| s.rule == "fake.copied-icon");
    let stored = store.extract(page.seq).await.unwrap();
    assert!(fires(&extract_of(store.data(), &page, stored.as_deref()).unwrap()));
    // The same where the extract is of an older program and only the hit still knows.
    let mut anew = extract_of(store.data(), &page, None).unwrap();
    assert!(!fires(&anew));
    assert!(Depicted::of_hit(&hit).put_into(&mut anew) && fires(&anew));
    drop(store);

    let (store, _) = round(folder.path(), &seed("/more"), way()).await;
    let more = hits(&store).into_iter().find(|hit| hit.final_url.ends_with("/more")).unwrap();
    assert!(rules_of(&more).contains(&"fake.copied-icon"), "{:?}", rules_of(&more));
    let again = log.lock().unwrap().iter().filter(|(_, path)| path == "/static/mark.png").count();
    assert_eq!(again, 1, "one icon is fetched once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emblem_on_a_page_of_news_accuses_nobody_and_what_says_nothing_is_not_asked_for_its_icon() {
    const NEWS: &str = "<title>本地举行特种作业操作证宣传活动</title><h1>本地举行特种作业操作证宣传活动</h1><p>来源：示例日报 记者 张三</p>\
        <img src=/emblem.png alt=国徽><p>活动现场悬挂国徽，工作人员提醒：查询证书请登录应急管理部官网。</p>";
    // Wears the emblem, and shows the authority's own picture from where it lies.
    const ASSOCIATION: &str = "<title>示例市安全生产协会</title><h1>示例市安全生产协会</h1><img src=http://cx.mem.gov.cn/logo.png>\
        <p>本协会为会员单位提供安全生产咨询。特种作业操作证请到应急管理部官网查询，本协会不办理证书。</p>";
    let (address, log) = serve(|_, path| match path {
        "/news" => html(NEWS),
        "/flowers" => html(
            "<title>示例花店</title><h1>示例花店</h1><p>鲜花、绿植、开业花篮，当天送到，欢迎订购。</p><img src=/p.png>",
        ),
        "/association" => html(ASSOCIATION),
        "/emblem.png" | "/favicon.ico" | "/logo.png" => png(&mark(1)),
        _ => with("404 Not Found", "", b""),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let seeds = [("news.example", "/news"), ("flowers.example", "/flowers"), ("xiehui.example", "/association")];
    let seeds: Vec<String> =
        seeds.iter().map(|(host, path)| format!("http://{host}:{}{path}", address.port())).collect();
    let way = Way { baselines: baselines(), ..Way::all_to(address) };
    let (store, _) = round(folder.path(), &seeds, way).await;
    assert!(hits(&store).is_empty(), "{:?}", hits(&store).iter().map(rules_of).collect::<Vec<_>>());
    let looks = pictures_of(&store, "/news").await;
    assert_eq!(looks.len(), 2, "its icon and its emblem were seen: {looks:?}");
    let copied = baselines().copied(
        loopback::rules().authorities(),
        &jianzheng_core::page::Extract { pictures: looks, ..read_text(NEWS, None) },
        &"http://news.example/news".parse().unwrap(),
    );
    assert_eq!(copied.len(), 2, "and both are the authority's: {copied:?}");
    let asked: Vec<_> = log.lock().unwrap().iter().filter(|(host, _)| host == "flowers.example").cloned().collect();
    assert!(asked.iter().all(|(_, path)| path == "/flowers" || path == "/robots.txt"), "{asked:?}");
    assert!(Path::new(folder.path()).is_dir());
}
