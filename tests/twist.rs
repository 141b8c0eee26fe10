//! Claims about `twist`: what it lists, what `hosts` says of it, and what a loopback name server makes of `--resolve`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn jianzheng(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jianzheng"))
        .args(args)
        .env("JIANZHENG_GENERAL__RULES", concat!(env!("CARGO_MANIFEST_DIR"), "/rules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A name server on loopback: `exists` has an address of its own, every name under `catches` has the same one, the rest is not there.
/// A query for `silent` gets no answer at all.
fn name_server(exists: &'static str, catches: &'static str, silent: &'static str) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut query = [0u8; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            let mut name = Vec::new();
            let mut at = 12;
            while query[at] != 0 {
                let label = at + 1..at + 1 + usize::from(query[at]);
                name.push(String::from_utf8_lossy(&query[label.clone()]).to_ascii_lowercase());
                at = label.end;
            }
            let (name, asks_ipv4) = (name.join("."), query[at + 2] == 1);
            if name == silent {
                continue;
            }
            let own = match name.as_str() {
                name if name == exists => Some([203, 0, 113, 7]),
                name if name.strip_suffix(catches).is_some_and(|rest| rest.ends_with('.')) => Some([203, 0, 113, 9]),
                _ => None,
            };
            // Header: an answer, recursion available; no error or no such name; one question, at most one answer.
            let answered = own.filter(|_| asks_ipv4);
            let mut answer = query[..at + 5].to_vec();
            answer[2] = 0x81;
            answer[3] = if own.is_some() { 0x80 } else { 0x83 };
            answer[6..12].copy_from_slice(&[0, u8::from(answered.is_some()), 0, 0, 0, 0]);
            if let Some(ip) = answered {
                answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(ip);
            }
            assert!(length >= at + 5);
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

#[test]
fn what_twist_makes_hosts_finds() {
    let twists = rows(&jianzheng(&["--json", "twist", "cx.mem.gov.cn", "--limit", "5000"], ""));
    assert!(twists.len() > 500, "{}", twists.len());
    let names: Vec<&str> = twists.iter().map(|row| row["host"].as_str().unwrap()).collect();
    let found = rows(&jianzheng(&["hosts"], &names.join("\n")));
    for (twist, host) in twists.iter().zip(&found) {
        assert_eq!(host["verdict"], "spoof", "{twist}");
        assert_eq!((&host["host"], &host["score"], &host["why"]), (&twist["host"], &twist["score"], &twist["why"]));
    }
    assert_eq!(twists.len(), found.len());
}

#[test]
fn only_what_exists_is_listed_and_a_zone_that_catches_all_is_told() {
    let server = name_server("mem-gov.cn", "com", "").to_string();
    let output = jianzheng(&["--json", "twist", "cx.mem.gov.cn", "--limit", "1000", "--resolve", "--dns", &server], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = rows(&output);
    let own: BTreeSet<&str> =
        rows.iter().filter(|row| row["wildcard"] == false).map(|row| row["host"].as_str().unwrap()).collect();
    assert_eq!(own, BTreeSet::from(["mem-gov.cn"]));
    let caught = rows.iter().filter(|row| row["wildcard"] == true);
    assert!(caught.clone().count() > 3 && caught.clone().all(|row| row["addresses"][0] == "203.0.113.9"));
    assert!(caught.into_iter().all(|row| row["host"].as_str().unwrap().ends_with(".com")));
}

#[test]
fn a_silent_name_server_is_no_proof_of_absence() {
    let twists = rows(&jianzheng(&["--json", "twist", "cx.mem.gov.cn", "--limit", "1"], ""));
    let silent: &'static str = Box::leak(twists[0]["host"].as_str().unwrap().to_owned().into_boxed_str());
    let server = name_server("", "nowhere.example", silent).to_string();
    let output = jianzheng(&["--json", "twist", "cx.mem.gov.cn", "--limit", "1", "--resolve", "--dns", &server], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 个域名没有查到结果"));
}

#[test]
fn a_host_of_nobody_is_refused_with_the_way_out() {
    let output = jianzheng(&["twist", "shili.example"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("rules/authorities.toml"));
}
