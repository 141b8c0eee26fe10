//! Politeness as a server sees it: the real program asks servers on loopback that write down what reached them.
//!
//! The servers are one address with several ports: one party, as far as the program can know. In the last test they are names on
//! public addresses, in a network of the test's own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What reached all servers of a test.
#[derive(Default)]
struct Log {
    paths: Mutex<Vec<String>>,
    /// When each request came, and when its answer went.
    times: Mutex<Vec<(Instant, Instant)>>,
    here: AtomicUsize,
    most: AtomicUsize,
    /// What each host's robots.txt says; nothing: there is none.
    robots: Mutex<&'static str>,
}

impl Log {
    fn pages(&self) -> Vec<String> {
        let paths = self.paths.lock().unwrap();
        paths.iter().filter(|path| !path.ends_with("/robots.txt")).cloned().collect()
    }

    fn clear(&self) {
        self.paths.lock().unwrap().clear();
    }
}

/// A server on a port of its own; `answer` makes the response to a path. Gives its host key.
fn serve(log: &Arc<Log>, answer: fn(&str) -> String) -> String {
    serve_at("127.0.0.1:0", log, answer)
}

fn serve_at(place: &str, log: &Arc<Log>, answer: fn(&str) -> String) -> String {
    let listener = TcpListener::bind(place).unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (log, name) = (Arc::clone(log), host.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (log, name) = (Arc::clone(&log), name.clone());
            std::thread::spawn(move || serve_one(stream.unwrap(), &log, &name, answer));
        }
    });
    host
}

fn serve_one(mut stream: TcpStream, log: &Log, name: &str, answer: fn(&str) -> String) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let came = Instant::now();
    let here = log.here.fetch_add(1, Ordering::SeqCst) + 1;
    log.most.fetch_max(here, Ordering::SeqCst);
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    log.paths.lock().unwrap().push(format!("{name}{path}"));
    // Long enough for another request to arrive beside this one, if one were sent.
    std::thread::sleep(Duration::from_millis(60));
    let response = match *log.robots.lock().unwrap() {
        _ if path != "/robots.txt" => answer(&path),
        "" => status("404 Not Found", "", ""),
        rules => status("200 OK", "", rules),
    };
    log.here.fetch_sub(1, Ordering::SeqCst);
    log.times.lock().unwrap().push((came, Instant::now()));
    let _ = stream.write_all(response.as_bytes());
}

fn status(line: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {line}\r\nContent-Type: text/html\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn small(path: &str) -> String {
    status("200 OK", "", &format!("<title>{path}</title><p>天气晴"))
}

fn large(_: &str) -> String {
    status("200 OK", "", &"天气晴。".repeat(50_000))
}

fn busy(_: &str) -> String {
    status("429 Too Many Requests", "Retry-After: 3600\r\n", "")
}

/// One command of the program on `data`, at a set time, with further settings; its lines of JSON.
fn run(data: &Path, now: &str, settings: &[(&str, &str)], args: &[&str]) -> Vec<Value> {
    let output = command(data, now, settings, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn command(data: &Path, now: &str, settings: &[(&str, &str)], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    command.current_dir(data).arg("--data").arg(data).args(["--json", "--as-of", now]).args(args);
    command.env("JIANZHENG_NETWORK__ALLOW_ADDRESSES", "[\"127.0.0.0/8\"]").env("JIANZHENG_NETWORK__RENDER", "off");
    command.envs(settings.iter().copied());
    command
}

fn patrol(data: &Path, now: &str, settings: &[(&str, &str)], urls: &[String]) -> Value {
    std::fs::write(data.join("seeds.txt"), urls.join("\n")).unwrap();
    run(data, now, settings, &["patrol", "--seeds", "seeds.txt", "--no-mail"]).pop().unwrap()
}

fn pages(hosts: &[&String], each: u32) -> Vec<String> {
    hosts.iter().flat_map(|host| (0..each).map(move |n| format!("http://{host}/{n}"))).collect()
}

const DELAY: &str = "JIANZHENG_NETWORK__HOST_DELAY_MS";
const MORNING: &str = "2026-12-05T09:00:00+08:00";

#[test]
fn all_ports_of_an_address_are_asked_one_after_the_other() {
    let (data, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let hosts = [serve(&log, small), serve(&log, small), serve(&log, small)];
    let urls = pages(&hosts.each_ref(), 3);
    let summary = patrol(data.path(), MORNING, &[(DELAY, "30")], &urls);
    assert_eq!((&summary["fetched"], log.pages().len()), (&Value::from(9), 9), "{summary}");
    assert_eq!(log.most.load(Ordering::SeqCst), 1, "never two at once");
    // No delay, no such waits: the same web, with all its ports at once.
    let data = tempfile::tempdir().unwrap();
    patrol(data.path(), MORNING, &[(DELAY, "0")], &urls);
    assert!(log.most.load(Ordering::SeqCst) > 1);
}

#[test]
fn quiet_hours_are_quiet_and_what_was_left_is_listed_and_comes_later() {
    let (data, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let host = serve(&log, small);
    let settings = [(DELAY, "10"), ("JIANZHENG_NETWORK__QUIET_HOURS", "22:00-06:00")];
    let summary = patrol(data.path(), "2026-12-05T02:00:00+08:00", &settings, &pages(&[&host], 3));
    assert_eq!((&summary["fetched"], &summary["not_looked_at"]), (&Value::from(0), &Value::from(3)), "{summary}");
    assert_eq!(log.pages(), [""; 0]);
    let show = |now| run(data.path(), now, &settings, &["host", "show", &host]).pop().unwrap();
    let night = show("2026-12-05T05:00:00+08:00");
    assert!(night["waits"].to_string().contains("安静时段（22:00-06:00）"), "{night}");
    assert!(night["unseen"][0]["why"].as_str().unwrap().contains("安静时段"), "{night}");
    assert_eq!((&night["waiting"], &night["unseen"][0]["urls"]), (&Value::from(3), &Value::from(3)));
    assert!(!show("2026-12-05T06:00:00+08:00")["waits"].to_string().contains("安静时段"));
    let summary = patrol(data.path(), "2026-12-05T06:00:00+08:00", &settings, &pages(&[&host], 3));
    assert_eq!((&summary["fetched"], &summary["not_looked_at"]), (&Value::from(3), &Value::from(0)), "{summary}");
}

#[test]
fn a_long_retry_after_holds_the_whole_host_over_restarts() {
    let (data, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let host = serve(&log, busy);
    let urls = pages(&[&host], 4);
    let settings = [(DELAY, "10")];
    let summary = patrol(data.path(), MORNING, &settings, &urls);
    assert_eq!((log.pages().len(), &summary["not_looked_at"]), (1, &Value::from(4)), "{summary}");
    let report = run(data.path(), MORNING, &settings, &["host", "show", &host]).pop().unwrap();
    assert!(report["waits"][0].as_str().unwrap().starts_with("网站要求 2026-12-05 10:00 以前"), "{report}");
    assert_eq!((&report["last_round"]["hold"], &report["waiting"]), (&Value::from("asked"), &Value::from(4)));
    log.clear();
    patrol(data.path(), "2026-12-05T09:30:00+08:00", &settings, &urls);
    assert_eq!(log.pages(), [""; 0], "half an hour is not an hour");
    patrol(data.path(), "2026-12-05T10:05:00+08:00", &settings, &urls);
    assert_eq!(log.pages().len(), 1, "asked once more, and told the same");
}

/// Begins a round of seeds.txt and kills it once that is so and the answer has had its time.
fn killed_when(data: &Path, is_so: impl Fn() -> bool) {
    let args = ["patrol", "--seeds", "seeds.txt", "--no-mail"];
    let mut begun = command(data, MORNING, &[(DELAY, "10")], &args)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(2));
    begun.kill().unwrap();
    begun.wait().unwrap();
}

#[test]
fn a_crawl_delay_holds_over_a_kill() {
    let (data, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    *log.robots.lock().unwrap() = "User-agent: *\nCrawl-delay: 5\n";
    let host = serve(&log, small);
    std::fs::write(data.path().join("seeds.txt"), pages(&[&host], 3).join("\n")).unwrap();
    let asked = || log.paths.lock().unwrap().len();
    // After its robots.txt, after a page, and after the robots.txt of the process that follows.
    for requests in [1, 3, 4] {
        killed_when(data.path(), || asked() >= requests);
        assert_eq!(asked(), requests, "{:?}", log.paths.lock().unwrap());
    }
    let paths = log.paths.lock().unwrap().clone();
    let kinds: Vec<_> = paths.iter().map(|path| path.ends_with("/robots.txt")).collect();
    assert_eq!(kinds, [true, true, false, true], "{paths:?}");
    for pair in log.times.lock().unwrap().windows(2) {
        let pause = pair[1].0 - pair[0].1;
        assert!(pause >= Duration::from_millis(4_500), "{pause:?} {paths:?}");
    }
}

#[test]
fn a_short_retry_after_holds_over_a_kill() {
    fn soon(_: &str) -> String {
        status("503 Service Unavailable", "Retry-After: 8\r\n", "")
    }
    let (data, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let host = serve(&log, soon);
    std::fs::write(data.path().join("seeds.txt"), pages(&[&host], 1).join("\n")).unwrap();
    killed_when(data.path(), || !log.pages().is_empty());
    let killed = Instant::now();
    killed_when(data.path(), || log.pages().len() > 1);
    // The whole host had to wait, though nobody remembered having asked it.
    let times = log.times.lock().unwrap();
    assert_eq!(log.pages().len(), 2, "{:?}", log.paths.lock().unwrap());
    let again = times.last().unwrap().0 - killed;
    assert!(again >= Duration::from_secs(7), "{again:?}");
}

#[test]
fn a_host_that_sends_too_much_is_left_for_the_next_round() {
    let (data, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let host = serve(&log, large);
    // Pages of 600,000 bytes.
    let settings = [(DELAY, "10"), ("JIANZHENG_CRAWL__HOST_MB", "1")];
    let summary = patrol(data.path(), MORNING, &settings, &pages(&[&host], 5));
    assert_eq!((&summary["fetched"], &summary["not_looked_at"]), (&Value::from(2), &Value::from(3)), "{summary}");
    let report = run(data.path(), MORNING, &settings, &["host", "show", &host]).pop().unwrap();
    assert_eq!(
        (&report["last_round"]["hold"], &report["last_round"]["bytes"]),
        (&Value::from("bytes"), &Value::from(1_200_000))
    );
    assert_eq!(report["unseen"][0]["why"], "这个网站本轮已读满 1 MiB（crawl.host_mb）", "{report}");
    log.clear();
    patrol(data.path(), "2026-12-05T14:00:00+08:00", &settings, &pages(&[&host], 5));
    assert_eq!(log.pages().len(), 2, "the next round goes on");
}

/// A network with two public addresses and a hosts file that gives names to them, both nobody else's: only the kernel's loopback
/// carries it. The program takes loopback's own addresses for the unit's, whose servers owe each other nothing.
const NETWORK: &str = "set -e
ip link set lo up
ip addr add 1.2.3.4/32 dev lo
ip addr add 1.2.3.5/32 dev lo
printf '1.2.3.4 one.example two.example three.example\\n1.2.3.5 four.example\\n' > hosts
mount --bind hosts /etc/hosts
exec \"$0\" \"$@\"";
const INSIDE: &str = "POLITENESS_INSIDE_A_NETWORK";

/// Runs a test of this file inside such a network. Where this machine lets nobody have one, that is said aloud.
fn inside_a_network(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let unshare = |program: &str, args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net", "--mount", "sh", "-c", NETWORK, program]).args(args);
        command.current_dir(folder.path()).env(INSIDE, "1").output()
    };
    if !unshare("true", &[]).is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no network of one's own to be had here (unshare, ip), {test} was not run");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let output = unshare(this.to_str().unwrap(), &["--exact", test, "--nocapture", "--include-ignored"]).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn names_on_one_server_wait_for_each_other_from_the_first_request_on() {
    inside_a_network("names_on_public_addresses");
}

#[test]
#[ignore = "inside a network of its own: names_on_one_server_wait_for_each_other_from_the_first_request_on runs it"]
fn names_on_public_addresses() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let (data, log, other) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()), Arc::new(Log::default()));
    serve_at("1.2.3.4:80", &log, small);
    serve_at("1.2.3.5:80", &other, small);
    let names = ["one.example", "two.example", "three.example", "four.example"].map(str::to_owned);
    let summary = patrol(data.path(), MORNING, &[(DELAY, "200")], &pages(&names.each_ref(), 1));
    assert_eq!(&summary["fetched"], &Value::from(4), "{summary}");
    assert_eq!((log.pages().len(), other.pages().len()), (3, 1));
    assert_eq!(log.most.load(Ordering::SeqCst), 1, "nobody had answered yet, and still they never met");
    let times = log.times.lock().unwrap();
    // Each page with its robots.txt before it.
    assert_eq!(times.len(), 6);
    for pair in times.windows(2) {
        let pause = pair[1].0 - pair[0].1;
        assert!(pause >= Duration::from_millis(200), "{pause:?}");
    }
    let fourth = other.times.lock().unwrap()[0].0;
    assert!(fourth < times[1].0, "another server's name waits for none of them");
}
