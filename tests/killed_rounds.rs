//! `kill -9` at moments of chance, over and over, while the real program patrols a web on loopback. What the far side was asked shows
//! that nothing was lost, and that at most what was in flight was asked again.
//!
//! `KILLS=200 cargo test --test killed_rounds` goes on for longer. The store alone, without a network, is tests/store_crash.rs's.

mod loopback;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loopback::{Log, html, serve, with};
use serde_json::Value;

const HOSTS: usize = 4;
const PAGES: usize = 250;
/// Fetches at a time: what may be in flight when the kill comes.
const IN_FLIGHT: usize = 8;

fn patrol(data: &Path, seeds: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    command.current_dir(data);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JIANZHENG_") {
            command.env_remove(name);
        }
    }
    for (name, value) in [
        ("NETWORK__ALLOW_ADDRESSES", "[\"127.0.0.1/32\"]".to_owned()),
        ("NETWORK__HOST_DELAY_MS", "0".to_owned()),
        ("NETWORK__HOST_CONNECTIONS", "4".to_owned()),
        ("NETWORK__CONNECTIONS", IN_FLIGHT.to_string()),
        ("CRAWL__DEPTH", "8".to_owned()),
        ("CRAWL__HOST_PAGES", "1000".to_owned()),
    ] {
        command.env(format!("JIANZHENG_{name}"), value);
    }
    command.args(["--json", "--data"]).arg(data).args(["patrol", "--no-mail", "--seeds"]).arg(seeds);
    command.stderr(Stdio::null());
    command
}

/// Requests for pages, robots.txt aside: each process asks for that itself.
fn asked(log: &Log) -> HashMap<(String, String), usize> {
    let mut counts = HashMap::new();
    for entry in log.lock().unwrap().iter().filter(|(_, path)| path != "/robots.txt") {
        *counts.entry(entry.clone()).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_and_repeat_no_more_than_was_in_flight() {
    let kills: usize = std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let seeds = folder.path().join("seeds.txt");
    let mut logs = Vec::new();
    let mut list = String::new();
    for _ in 0..HOSTS {
        // A tree: what is lost with a page is lost with all below it.
        let (address, log) = serve(|_, path| match path.trim_start_matches('/').parse::<usize>() {
            Ok(n) if n < PAGES => {
                let link = |n: usize| if n < PAGES { format!("<a href=/{n}>第{n}页</a>") } else { String::new() };
                // Words of its own: pages that differ in their numbers only are a trap, and a trap is closed.
                let words: String =
                    (1..40).filter_map(|k| char::from_u32(0x4e00 + (n * 911 * k % 5_000) as u32)).collect();
                html(&format!("<p>第{n}页{words}</p>{}{}", link(2 * n + 1), link(2 * n + 2)))
            }
            _ => with("404 Not Found", "", b""),
        })
        .await;
        list += &format!("http://{address}/0\n");
        logs.push(log);
    }
    std::fs::write(&seeds, list).unwrap();
    let so_far = || logs.iter().map(|log| log.lock().unwrap().len()).sum::<usize>();
    let dice = RandomState::new();
    let mut killed = 0;
    for kill in 0..kills {
        let mut child = patrol(folder.path(), &seeds).stdout(Stdio::null()).spawn().unwrap();
        let chance = dice.hash_one(kill);
        let enough = so_far() + 1 + chance as usize % (HOSTS * PAGES / kills.max(5)).max(10);
        let begun = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if so_far() >= enough {
                break None;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "nothing is asked any more");
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        if let Some(status) = ended {
            assert!(status.success(), "kill {kill}: {status}");
            break;
        }
        tokio::time::sleep(Duration::from_micros(chance >> 32 & 0x3fff)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
    }
    assert!(killed >= kills.min(3), "the round was over before it could be killed: {killed}");
    let output = tokio::task::spawn_blocking({
        let mut command = patrol(folder.path(), &seeds);
        move || command.output().unwrap()
    });
    let output = output.await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&summary["round"], &summary["cut_off"]), (&1.into(), &false.into()), "one round, gone on with");
    assert_eq!(summary["fetched"], HOSTS * PAGES, "each page once in the books: {summary}");
    assert_eq!(summary["not_looked_at"], 0, "{summary}");
    let counts: Vec<_> = logs.iter().map(asked).collect();
    assert!(counts.iter().all(|pages| pages.len() == PAGES), "a page was never asked for");
    let again: usize = counts.iter().flat_map(HashMap::values).map(|times| times - 1).sum();
    assert!(again <= killed * IN_FLIGHT, "{again} requests again after {killed} kills");
    println!("{killed} kills, {again} of {} pages asked for again", HOSTS * PAGES);
}

#[test]
fn an_exit_that_is_down_is_said_by_doctor_and_in_what_was_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let seeds = folder.path().join("seeds.txt");
    std::fs::write(&seeds, "http://shop.cn/\n").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let routes = format!("[{{ hosts = [\"*.cn\"], proxy = \"http://user:hunter2@{closed}\" }}]");
    let with_exit = |mut command: Command| {
        command.env("JIANZHENG_NETWORK__ROUTES", &routes).env("JIANZHENG_NETWORK__RETRIES", "0");
        command.stderr(Stdio::piped()).output().unwrap()
    };
    let round = with_exit(patrol(folder.path(), &seeds));
    let told = String::from_utf8(round.stderr).unwrap();
    assert!(told.contains("出口代理") && told.contains("本轮看不到") && !told.contains("hunter2"), "{told}");
    let text = String::from_utf8(round.stdout).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&summary["fetched"], &summary["not_looked_at"]), (&0.into(), &1.into()), "{summary}");
    let metrics = std::fs::read_to_string(folder.path().join("metrics.prom")).unwrap();
    assert!(metrics.contains("jianzheng_unseen_total{reason=\"proxy-down\"} 1"), "{metrics}");
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    doctor.current_dir(folder.path()).args(["--json", "doctor"]);
    let said = String::from_utf8(with_exit(doctor).stdout).unwrap();
    let row = said.lines().find(|line| line.contains("\"exit\"")).unwrap();
    assert!(row.contains("\"ok\":false") && row.contains("用不了") && !row.contains("hunter2"), "{row}");
}
