//! Pages in a real browser, over a web on loopback: what is seen, what is not reached, and that nothing a page does outlives it.
//!
//! Needs Chromium; without it each test says so and passes. The browser runs without its sandbox but in one test, because tests run as
//! root in containers too; that it is never off by itself is `render::browser`'s test.

#[path = "rendering/web.rs"]
mod web;

use std::path::Path;
use std::time::Duration;

use jianzheng::crawl::render::{Disguise, Job, Limits, RenderError};
use url::Url;
use web::{Web, renderer};

fn job(url: &str) -> Job {
    let url = Url::parse(url).unwrap();
    let (follow, allows) = (Box::new(|_: &Url| true), Box::new(|_: &Url| true));
    Job { url, screenshot: false, follow, allows, data_by_post: false, guest: None }
}

/// The pixels of a picture that are of a colour.
fn count(png: &[u8], colour: [u8; 3]) -> usize {
    let picture = image::load_from_memory(png).unwrap().to_rgb8();
    picture.pixels().filter(|pixel| pixel.0 == colour).count()
}

/// Processes that work in a folder.
fn processes_in(folder: &Path) -> Vec<i32> {
    let folder = folder.to_str().unwrap();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(folder))
        })
        .collect()
}

async fn gone(folder: &Path) {
    for _ in 0..100 {
        if processes_in(folder).is_empty() && std::fs::read_dir(folder).unwrap().next().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("left: {:?}, {:?}", processes_in(folder), std::fs::read_dir(folder).unwrap().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_writes_is_seen_and_photographed() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = renderer(&web, folder.path(), Limits::default()) else { return };

    web.page("/written", "<html><body><script>
        setTimeout(() => { document.body.innerHTML = '<p>低压电工证' + '免考代办</p><div style=\"height:3000px;background:#ff0000\"></div>\
        <div style=\"height:50px;background:#0000ff\"></div>' }, 400);
        const shadow = document.createElement('x-box');
        </script></body></html>");
    let seen = renderer.render(&Job { screenshot: true, ..job("http://shop.example/written") }).await.unwrap();
    assert!(seen.html.contains("低压电工证免考代办"), "{}", seen.html);
    assert_eq!((seen.url.as_str(), seen.status), ("http://shop.example/written", 200));
    assert!(seen.browser.contains("Chrom"), "{}", seen.browser);
    let picture = seen.screenshot.unwrap();
    assert!(picture.whole);
    assert!(count(&picture.png, [255, 0, 0]) > 1_000_000, "the long part");
    assert!(count(&picture.png, [0, 0, 255]) > 10_000, "what lies below the first screen");

    web.page(
        "/nested",
        "<body><x-box></x-box><iframe src=/frame></iframe><script>
        document.querySelector('x-box').attachShadow({mode: 'open'}).innerHTML = '<b>影子里的微信号</b>';
        Array.prototype.push = String.prototype.slice = () => 'the page lies';
        </script></body>",
    );
    web.page("/frame", "<body><i>框架里的电话</i></body>");
    let seen = renderer.render(&job("http://shop.example/nested")).await.unwrap();
    assert!(seen.html.contains("影子里的微信号") && seen.html.contains("框架里的电话"), "{}", seen.html);
    assert!(seen.screenshot.is_none());

    let agents = web.agents();
    assert!(
        !agents.is_empty() && agents.iter().all(|a| a.contains("Chrome/") && a.ends_with(" jianzheng/test")),
        "{agents:?}"
    );
    drop(renderer);
    gone(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_by_script_is_followed_where_that_is_allowed_and_told_where_not() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = renderer(&web, folder.path(), Limits::default()) else { return };
    web.page("/go", "<script>setTimeout(() => location['hr' + 'ef'] = '/there', 200)</script>");
    web.page("/there", "<p>到了</p>");
    web.page("/away", "<p>留下</p><script>location['hr' + 'ef'] = 'http://other.example/x?y=1'</script>");
    web.page(
        "/round",
        "<p>转</p><script>setTimeout(() => location['hr' + 'ef'] = '/round?' + Math.random(), 50)</script>",
    );
    web.page("/x", "<p>不该来</p>");

    let seen = renderer.render(&job("http://shop.example/go")).await.unwrap();
    assert_eq!(seen.url.as_str(), "http://shop.example/there");
    assert!(seen.html.contains("到了"));

    let stay =
        Job { follow: Box::new(|url| url.host_str() == Some("shop.example")), ..job("http://shop.example/away") };
    let seen = renderer.render(&stay).await.unwrap();
    assert!(seen.html.contains("留下"), "{}", seen.html);
    assert_eq!(seen.onward.map(String::from).as_deref(), Some("http://other.example/x?y=1"));
    assert_eq!(web.asked("/x"), 0);

    let seen = renderer.render(&job("http://shop.example/round")).await.unwrap();
    assert!(seen.onward.is_some() && web.asked("/round") <= 6, "{} times", web.asked("/round"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reaches_nothing_that_the_guard_refuses() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = renderer(&web, folder.path(), Limits::default()) else { return };
    let inside = web::Inside::start().await;
    let (tcp, udp) = (inside.tcp.port(), inside.udp.port());
    let script = "<body><p>这里</p><img src=http://127.0.0.1:TCP/img><iframe src=http://localhost:TCP/frame></iframe>
        <iframe src=file:///etc/passwd></iframe><link rel=prefetch href=http://127.0.0.1:TCP/pre>
        <link rel=dns-prefetch href=//leak.example><link rel=preconnect href=http://127.0.0.1:TCP>
        <script>
        const hosts = ['127.0.0.1:TCP', '0.0.0.0:TCP', '[::1]:TCP', '169.254.169.254', '2130706433:TCP', 'inside.example',
            'nas.local', '10.0.0.1'];
        for (const host of hosts) {
            fetch('http://' + host + '/fetch', {mode: 'no-cors'}).catch(() => {});
            fetch('https://' + host + '/fetch', {mode: 'no-cors'}).catch(() => {});
            try { new WebSocket('ws://' + host + '/ws'); } catch {}
            navigator.sendBeacon('http://' + host + '/beacon', 'x');
            const e = document.createElement('script'); e.src = 'http://' + host + '/s.js'; document.body.append(e);
            try { new EventSource('http://' + host + '/events'); } catch {}
        }
        const worker = new Worker(URL.createObjectURL(new Blob([
            \"fetch('http://127.0.0.1:TCP/worker', {mode: 'no-cors'}).catch(() => {})\"])));
        const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:UDP'},
            {urls: 'turn:127.0.0.1:TCP?transport=tcp', username: 'a', credential: 'b'}]});
        peer.createDataChannel('x'); peer.createOffer().then(o => peer.setLocalDescription(o));
        window.open('http://127.0.0.1:TCP/popup');
        setTimeout(() => { const f = document.createElement('form'); f.action = 'http://127.0.0.1:TCP/form'; f.method = 'post';
            document.body.append(f); f.submit(); }, 600);
        setTimeout(() => { location['hr' + 'ef'] = 'file:///etc/passwd' }, 300);
        setTimeout(() => { location['hr' + 'ef'] = 'chrome://crash' }, 350);
        </script></body>";
    let script: &'static str =
        Box::leak(script.replace("TCP", &tcp.to_string()).replace("UDP", &udp.to_string()).into_boxed_str());
    web.page("/prying", script);
    web.point("inside.example", inside.tcp);
    let seen = renderer.render(&job("http://shop.example/prying")).await.unwrap();
    assert!(seen.html.contains("这里"), "{}", seen.html);
    assert!(!seen.html.contains("root:"), "a file was read");
    assert!(seen.refused >= 20, "{} refused: {:?}", seen.refused, seen.notes);
    assert!(seen.notes.iter().any(|note| note.contains("169.254.169.254")), "{:?}", seen.notes);
    assert_eq!(inside.met(), (0, 0), "connections, packets");
}

/// Asks a STUN server at this port of loopback, and goes on for as long as that may take.
fn asking_stun(port: u16) -> &'static str {
    let page = "<body><p>电话</p><script>
        const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:PORT'}]});
        peer.createDataChannel('x'); peer.createOffer().then(o => peer.setLocalDescription(o));
        let n = 0; const timer = setInterval(() => { fetch('/tick?' + n); if (++n > 15) clearInterval(timer) }, 200);
        </script></body>";
    Box::leak(page.replace("PORT", &port.to_string()).into_boxed_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reaches_nothing_by_webrtc_and_would_without_our_flag() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(guarded) = renderer(&web, folder.path(), Limits::default()) else { return };
    let inside = web::Inside::start().await;
    web.page("/stun", asking_stun(inside.udp.port()));
    guarded.render(&job("http://shop.example/stun")).await.unwrap();
    assert_eq!(inside.met().1, 0, "packets");
    let scripts = tempfile::tempdir().unwrap();
    let program = web::without_flag(scripts.path(), "--webrtc-ip-handling-policy");
    let unguarded = web::with_program(&web, folder.path(), Some(program));
    unguarded.render(&job("http://shop.example/stun")).await.unwrap();
    assert!(inside.met().1 > 0, "without the flag nothing came either: the claim above says nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_shown_from_within_the_sandbox() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = web::with_sandbox(&web, folder.path()) else { return };
    web.page("/written", "<body><script>document.body.append('沙箱里' + '写的')</script></body>");
    match renderer.render(&job("http://shop.example/written")).await {
        Ok(seen) => assert!(seen.html.contains("沙箱里写的"), "{}", seen.html),
        Err(RenderError::Sandbox { why }) => {
            eprintln!(
                "SKIPPED: no sandbox here ({why}); run the tests as an ordinary user where user namespaces are allowed"
            );
            return;
        }
        Err(error) => panic!("{error}"),
    }
    let status = |pid: i32, name: &str| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    };
    let group = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|fields| fields.split_ascii_whitespace().nth(2).map(str::to_owned))
    };
    let groups: Vec<_> = processes_in(folder.path()).into_iter().map(group).collect();
    let mut renderers = processes_in(Path::new("--type=renderer"));
    renderers.retain(|pid| groups.contains(&group(*pid)));
    assert!(!renderers.is_empty(), "no page has a process");
    for pid in renderers {
        assert_eq!(
            (status(pid, "Seccomp:"), status(pid, "NoNewPrivs:")),
            ("2".into(), "1".into()),
            "{pid} is confined"
        );
        assert_ne!(
            std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok(),
            std::fs::read_link("/proc/self/ns/pid").ok(),
            "{pid} sees our processes"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_says_nothing_and_asks_for_data_by_post_only_where_told_to() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = renderer(&web, folder.path(), Limits::default()) else { return };
    web.page(
        "/talks",
        "<body><p>页面</p><form id=f action=/form method=post><input name=a value=b></form><iframe name=i></iframe><script>
        const say = (method, path) => fetch(path, {method, body: 'x'}).then(r => r.text())
            .then(t => document.body.append(t)).catch(() => {});
        say('POST', '/data'); say('PUT', '/put'); say('DELETE', '/delete');
        fetch('http://other.example/elsewhere', {method: 'POST', body: 'x', mode: 'no-cors'}).catch(() => {});
        new Worker(URL.createObjectURL(new Blob([\"fetch('http://shop.example/worker', {method: 'POST', body: 'x', mode: 'no-cors'}).catch(() => {})\"])));
        navigator.sendBeacon('/beacon', 'x');
        f.target = 'i'; f.submit(); fetch('/asked', {method: 'HEAD'});
        </script></body>",
    );
    web.page("/data", "取来的电工证数据");
    let seen = renderer.render(&job("http://shop.example/talks")).await.unwrap();
    assert_eq!(web.said(), ["HEAD /asked"]);
    assert!(!seen.html.contains("取来的") && seen.posts == 2, "{} posts, {:?}", seen.posts, seen.notes);
    assert!(seen.notes.iter().any(|note| note.contains("都没有发")), "{:?}", seen.notes);
    let asking = Job { data_by_post: true, ..job("http://shop.example/talks") };
    let seen = renderer.render(&asking).await.unwrap();
    assert!(seen.html.contains("取来的电工证数据"), "{}", seen.html);
    let said = web.said();
    assert!(
        said[1..].iter().all(|one| ["HEAD /asked", "POST /data", "POST /worker"].contains(&one.as_str())),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_robots_txt_forbids_is_no_part_of_a_page() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = renderer(&web, folder.path(), Limits::default()) else { return };
    web.page(
        "/",
        "<body><p>页面</p><iframe src=/no/frame></iframe><img src=/no/image><script src=/no/script></script><script>
        fetch('/no/data').catch(() => {}); fetch('/yes').then(r => r.text()).then(t => document.body.append(t));
        </script></body>",
    );
    web.page("/yes", "许可的数据");
    let allows = Box::new(|url: &Url| !url.path().starts_with("/no/"));
    let seen = renderer.render(&Job { allows, ..job("http://shop.example/") }).await.unwrap();
    assert!(seen.html.contains("许可的数据"), "{}", seen.html);
    let asked: usize = ["frame", "image", "script", "data"].iter().map(|part| web.asked(&format!("/no/{part}"))).sum();
    assert_eq!(asked, 0);
    assert!(seen.notes.iter().any(|note| note.contains("网站的 robots.txt 不允许，没有发")), "{:?}", seen.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_shown_what_guests_are_shown() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = renderer(&web, folder.path(), Limits::default()) else { return };
    web.page(
        "/",
        "<body><script>document.body.append(navigator.userAgent + ' from ' + document.referrer)</script></body>",
    );
    let guest = Disguise { agent: "A MicroMessenger/8", referer: Some("http://www.baidu.com/".to_owned()) };
    let seen = renderer.render(&Job { guest: Some(guest), ..job("http://shop.example/") }).await.unwrap();
    assert!(seen.html.contains("A MicroMessenger/8 from http://www.baidu.com/"), "{}", seen.html);
    assert!(web.agents().iter().all(|agent| agent == "A MicroMessenger/8"), "{:?}", web.agents());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_fight_back_are_survived() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        load: Duration::from_secs(2),
        settle: Duration::from_secs(2),
        collect: Duration::from_millis(1500),
        total: Duration::from_secs(20),
        memory: 500 << 20,
        browsers: 1,
        ..Limits::default()
    };
    let Some(renderer) = renderer(&web, folder.path(), limits) else { return };
    web.page("/fine", "<p>好好的一页</p>");
    web.page("/loop", "<p>转圈</p><script>while (true) {}</script>");
    web.page("/again", "<p>又转</p><script>setInterval(() => { while (true) {} }, 1)</script>");
    web.page(
        "/alerts",
        "<p>弹窗</p><script>for (let n = 0; n < 30; n++) alert('第' + n); onbeforeunload = () => 'no'</script>",
    );
    web.page(
        "/hog",
        "<script>const held = []; setInterval(() => { held.push(new Uint8Array(40e6).fill(7)) }, 20)</script>",
    );
    web.page(
        "/download",
        "<p>下载</p><script>const a = document.createElement('a'); a.href = '/file'; a.download = 'x.exe';
        document.body.append(a); a.click(); location['hr' + 'ef'] = '/file'</script>",
    );
    web.file("/file", "application/octet-stream", "MZ");
    let fine = || async {
        let seen = renderer.render(&job("http://shop.example/fine")).await.unwrap();
        assert!(seen.html.contains("好好的一页"), "{}", seen.html);
    };

    let stopped = renderer.render(&job("http://shop.example/loop")).await.unwrap();
    assert!(
        stopped.html.contains("转圈") && stopped.notes.iter().any(|n| n.contains("停不下来")),
        "{:?}",
        stopped.notes
    );
    fine().await;
    // A script that starts anew whenever it is stopped: seen or given up, but never waited for without end.
    let again = renderer.render(&job("http://shop.example/again")).await;
    assert!(matches!(&again, Ok(_) | Err(RenderError::Hung | RenderError::Timeout { .. })), "{again:?}");
    fine().await;

    let alerts = renderer.render(&job("http://shop.example/alerts")).await.unwrap();
    assert!(alerts.html.contains("弹窗") && alerts.notes.iter().any(|n| n.contains("30 次")), "{:?}", alerts.notes);
    fine().await;

    let hog = renderer.render(&job("http://shop.example/hog")).await;
    assert!(matches!(hog, Err(RenderError::Memory { mib }) if mib >= 500), "{hog:?}");
    fine().await;

    let download = renderer.render(&job("http://shop.example/download")).await.unwrap();
    assert!(
        download.html.contains("下载") && download.notes.iter().any(|n| n.contains("没有下载")),
        "{:?}",
        download.notes
    );
    let direct = renderer.render(&job("http://shop.example/file")).await;
    assert!(matches!(direct, Err(RenderError::Load { .. })), "{direct:?}");
    fine().await;

    // Somebody kills the browser while it waits for its next page, and while it shows one.
    kill(folder.path());
    fine().await;
    web.page("/slow", "<p>慢</p><script>setInterval(() => fetch('/fine?' + Math.random()), 100)</script>");
    let slow = job("http://shop.example/slow");
    let (slow, ()) = tokio::join!(renderer.render(&slow), async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        kill(folder.path());
    });
    assert_eq!(slow.unwrap_err(), RenderError::Crashed);
    fine().await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "one browser has one folder");

    // A look that is given up half way leaves nothing either.
    let looking = renderer.render(&job("http://shop.example/slow")).await;
    assert!(looking.is_ok(), "{looking:?}");
    let half = job("http://shop.example/slow");
    assert!(tokio::time::timeout(Duration::from_millis(1200), renderer.render(&half)).await.is_err());
    gone(folder.path()).await;
    fine().await;
    drop(renderer);
    gone(folder.path()).await;
}

fn kill(folder: &Path) {
    let pids = processes_in(folder);
    assert!(!pids.is_empty());
    for pid in pids.into_iter().filter_map(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_replaced_when_it_has_done_enough() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let Some(renderer) = renderer(&web, folder.path(), Limits { pages: 2, ..Limits::default() }) else { return };
    web.page("/a", "<p>一</p><script>document.cookie = 'seen=1'; localStorage.seen = 1</script>");
    web.page("/b", "<p>二</p><script>document.write(document.cookie + localStorage.seen)</script>");
    renderer.render(&job("http://shop.example/a")).await.unwrap();
    let first: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(first.len(), 1);
    let seen = renderer.render(&job("http://shop.example/b")).await.unwrap();
    assert!(
        seen.html.contains("二") && !seen.html.contains("seen=1"),
        "nothing passes from page to page: {}",
        seen.html
    );
    gone(folder.path()).await;
    renderer.render(&job("http://shop.example/a")).await.unwrap();
    let second: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(second.len() == 1 && second != first);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_machine_cannot_do_is_said_once_and_is_no_crash() {
    let web = Web::start().await;
    let folder = tempfile::tempdir().unwrap();
    let absent = web::with_program(&web, folder.path(), None);
    assert_eq!(absent.render(&job("http://shop.example/")).await.unwrap_err(), RenderError::Absent);
    assert_eq!(absent.unusable(), Some(&RenderError::Absent));

    // A program that says what Chromium says where it can make no sandbox.
    let script = folder.path().join("chromium");
    std::fs::write(&script, "#!/bin/sh\necho 'No usable sandbox! Update your kernel' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let refusing = web::with_program(&web, folder.path(), Some(script));
    let error = refusing.render(&job("http://shop.example/")).await.unwrap_err();
    assert!(matches!(&error, RenderError::Sandbox { .. }) && error.to_string().contains("沙箱"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "its folder is gone");

    let inside = refusing.render(&job("http://127.0.0.1/")).await.unwrap_err();
    assert_eq!(inside.as_code(), "refused-address");
    for url in ["file:///etc/passwd", "data:text/html,x", "chrome://crash"] {
        assert_eq!(refusing.render(&job(url)).await.unwrap_err().as_code(), "refused-scheme");
    }
}

/// A seller's page that only a script writes: its bytes stand in the source in a form that no parser reads.
fn written_by_script() -> &'static str {
    let page = include_str!("../seeds/practice/pages/seller-b2b.html");
    let coded: String = page.bytes().map(|byte| format!("%{byte:02X}")).collect();
    Box::leak(
        format!("<html><body><script>document.write(decodeURIComponent('{coded}'))</script></body></html>").into(),
    )
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    command.args(args).current_dir(folder);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JIANZHENG_")) {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_browser_sees_becomes_a_hit_with_its_picture() {
    if !web::is_browser_here() {
        return;
    }
    let web = Web::start().await;
    web.page("/offer", written_by_script());
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}/offer", web.address());
    std::fs::write(folder.path().join("seeds.txt"), format!("{url}\n")).unwrap();
    let settings = |render: &str| {
        format!(
            "[general]\nseeds = [\"seeds.txt\"]\n[network]\nallow_addresses = [\"127.0.0.2/32\"]\nhost_delay_ms = 0\n\
             render = \"{render}\"\nrender_sandbox = false\n[crawl]\ndepth = 0\n"
        )
    };
    let config = folder.path().join("jianzheng.toml");
    let folder = folder.path().to_owned();
    let told = tokio::task::spawn_blocking(move || {
        std::fs::write(&config, settings("off")).unwrap();
        let with = ["--config", "jianzheng.toml"];
        let blind = run(&folder, &[&with[..], &["--json", "check", &url]].concat());
        std::fs::write(&config, settings("auto")).unwrap();
        let seen = run(&folder, &[&with[..], &["check", &url]].concat());
        let patrol = run(&folder, &[&with[..], &["patrol", "--no-mail"]].concat());
        let hits = run(&folder, &[&with[..], &["--json", "hits", "list"]].concat());
        let shown = run(&folder, &[&with[..], &["hits", "show", "1"]].concat());
        let verified = run(&folder, &[&with[..], &["evidence", "verify"]].concat());
        // Changed bytes are found out.
        let hit: serde_json::Value = serde_json::from_str(hits.1.lines().next().unwrap_or("null")).unwrap();
        let picture = &hit["rendering"]["screenshot"];
        let file = folder.join("data").join(picture["warc"].as_str().unwrap_or_default());
        let offset = picture["offset"].as_u64().unwrap_or_default();
        let stored = jianzheng::evidence::read(
            &folder.join("data"),
            picture["warc"].as_str().unwrap_or_default(),
            offset,
            64 << 20,
        );
        let mut bytes = std::fs::read(&file).unwrap_or_default();
        let at = (offset as usize + 600).min(bytes.len().saturating_sub(1));
        bytes[at] ^= 0x55;
        std::fs::write(&file, bytes).unwrap();
        let tampered = run(&folder, &[&with[..], &["evidence", "verify"]].concat());
        (blind, seen, patrol, hit, shown, verified, stored, tampered)
    });
    let (blind, seen, patrol, hit, shown, verified, stored, tampered) = told.await.unwrap();
    assert!(blind.1.contains("\"verdict\":\"benign\""), "{blind:?}");
    assert!(seen.1.contains("渲染后：") && seen.1.contains("用浏览器打开看过"), "{seen:?}");
    assert_eq!(patrol.0, Some(0), "{patrol:?}");
    assert_eq!(hit["verdict"], "seller", "{hit}");
    assert!(hit["reasons"][0]["say"].as_str().unwrap().starts_with("渲染后："), "{hit}");
    assert_eq!((&hit["rendering"]["decided"], &hit["rendering"]["verdict"]), (&true.into(), &"seller".into()));
    assert!(shown.1.contains("浏览器看到：") && shown.1.contains("截图：warc/"), "{shown:?}");
    assert_eq!(verified.0, Some(0), "{verified:?}");
    let stored = stored.unwrap();
    assert!(stored.intact && image::load_from_memory(&stored.body).unwrap().width() == 1280);
    assert_eq!(tampered.0, Some(1), "{tampered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_program_takes_its_browser_with_it() {
    if !web::is_browser_here() {
        return;
    }
    let web = Web::start().await;
    web.page("/slow", "<div id=app></div><script>setInterval(() => fetch('/tick?' + Math.random()), 100)</script>");
    let (folder, browsers) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let url = format!("http://{}/slow", web.address());
    std::fs::write(
        folder.path().join("jianzheng.toml"),
        "[network]\nallow_addresses = [\"127.0.0.2/32\"]\nhost_delay_ms = 0\nrender = \"always\"\nrender_sandbox = false\n",
    )
    .unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    command.args(["--config", "jianzheng.toml", "check", &url]).current_dir(folder.path());
    command.env("TMPDIR", browsers.path()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut program = command.spawn().unwrap();
    for _ in 0..600 {
        if web.asked("/tick") > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(web.asked("/tick") > 0 && !processes_in(browsers.path()).is_empty(), "a browser shows the page");
    program.kill().unwrap();
    program.wait().unwrap();
    for _ in 0..100 {
        if processes_in(browsers.path()).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("left: {:?}", processes_in(browsers.path()));
}
