//! One made-up person's ID number, put wherever a page can put one. The real program patrols it, tells of it in every way it has, and
//! nothing that it says or writes down for people holds the number; the original in `warc/` does.

mod loopback;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use jianzheng_core::entities::mask_ids;
use loopback::{html, redirect, serve, with};
use mail_parser::MimeHeaders as _;

/// Nobody's: place, date and check sign fit.
const ID: &str = "330212199001011232";
/// The same as base64, as addresses of look-up sites hide it.
const IN_BASE64: &str = "MzMwMjEyMTk5MDAxMDExMjMy";
const IN_PERCENT: &str = "%33%33%30%32%31%32199001011232";
/// A QR code of http://shop-demo.example/v?id= and the number.
const CODE: &str = "iVBORw0KGgoAAAANSUhEUgAAAJQAAACUAQAAAABdRz15AAAA90lEQVR42u1WQQ7EQAgi/YD//yU/cMHpnnrZjRxrJs3EA1FAp+hHEG/unxyAYncR5WvzwjN+zQmvdEBDznWPh1JtAqq5RvBAGDKG508jhKejoEAj/FnUOyL6nqhTqT20rq98CFCxxzN3lBicbgN6SFl5RZjWpBN+oSUREjvQL+n55Yy3C1zjYegTceObhL5eBpyFUAn+tF3csqcjwJ9wDos35ro+y0qbcCYv0a9XgfcVEvqWWYOdXBH/HTT7z2Oc2S8wfzN4qf3XnL0f4c8tD6Lq7Mx7dPM38xfAO2/SaByqT90yVN/3fXOZ7Ii+OCasxPy+/4SL3AfJq4baqvzyaAAAAABJRU5ErkJggg==";

fn page(address: &str) -> String {
    format!(
        "<title>特种作业操作证代办 {ID} 样本</title><meta name=description content='免考拿证 证号T{ID}'>\
         <h1>低压电工证代办 {ID}</h1>\
         <p>不用考试，三天拿证，先出证后付款，微信：tzzy_demo88，电话 13000001234，样本T{ID}不用考试</p>\
         <p>不用考试包拿证 330212<br>19900101<br>1232 先办证后付款，微信 tzzy_demo88</p>\
         <table><tr><td>免考包过</td><td>330212</td><td>1990</td><td>0101</td><td>1232</td><td>直接拿证</td></tr></table>\
         <img src='data:image/png;base64,{CODE}' alt='电工证 {ID}'>\
         <div style='display:none'>包过 {ID} 不用考试 T330212 19900101 1232</div>\
         <script>var s = '不用考试 {ID}'; location.href = '/next?id={IN_PERCENT}';</script>\
         <form action='/q?id={ID}'>证号 {ID}<input name=id placeholder='{ID}' value='{ID}'></form>\
         <a href='mailto:{ID}@demo.example.com'>信</a><a href='weixin://dl/chat?T{ID}'>微信</a>\
         <a href='/cert/{ID}.html'>代办 {ID} 证</a><a href='/loop?id={ID}'>圈</a><a href='/nowhere?id={IN_PERCENT}'>没有</a>\
         <a href='/barred/{ID}'>不许</a><a href='http://{ID}.demo.invalid/?id={IN_BASE64}'>别处</a>\
         <a href='http://{address}/go?id={IN_BASE64}'>转</a><a href='http://{ID}.internal/'>内部</a><a href='/odd'>怪</a>"
    )
}

fn run(folder: &Path, args: &[&str], told: &mut Vec<(String, String)>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jianzheng"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JIANZHENG_") {
            command.env_remove(name);
        }
    }
    command.args(args).current_dir(folder).env("JIANZHENG_LOG", "trace").stdin(Stdio::null());
    let output = command.output().unwrap();
    for (way, bytes) in [("out", &output.stdout), ("err", &output.stderr)] {
        told.push((format!("{args:?} {way}"), String::from_utf8_lossy(bytes).into_owned()));
    }
    output
}

/// Where the number stands in a text, however cut or encoded.
fn leaks(text: &str) -> Option<String> {
    for part in text.lines().flat_map(|line| line.split("\\n")) {
        let plain = part.replace("%33", "3").replace("%30", "0").replace("%32", "2").replace("%31", "1");
        let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
        let whole = |text: &str| text.contains(ID) || text.contains("199001011232");
        if whole(&digits) || part.contains(IN_BASE64) {
            let at =
                ["199001011232", IN_BASE64, "%33", "0101"].iter().filter_map(|one| part.find(one)).min().unwrap_or(0);
            let start = part[..at].char_indices().rev().nth(100).map_or(0, |(at, _)| at);
            return Some(part[start..].chars().take(300).collect());
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_way_out_tells_an_identity_number() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let own = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let known = std::sync::Arc::clone(&own);
    let (address, log) = serve(move |_, path| {
        let address = known.get().map_or("", String::as_str);
        match path {
            "/robots.txt" => with(
                "200 OK",
                "Content-Type: text/plain",
                format!("User-agent: *\nDisallow: /barred/{ID}\n").as_bytes(),
            ),
            "/nowhere" => with("404 Not Found", "", b""),
            "/odd" => redirect(&format!("http://[{ID}")),
            path if path.starts_with("/loop") => redirect(&format!("/loop?id={ID}")),
            path if path.starts_with("/go") => redirect(&format!("/cert/T{ID}?id={IN_PERCENT}")),
            path if path.starts_with("/nowhere") => with("404 Not Found", "", b""),
            _ => html(&page(address)),
        }
    })
    .await;
    own.set(address.to_string()).unwrap();
    let seed = format!("http://{address}/cert/T{ID}?id={IN_PERCENT}&q={IN_BASE64}");
    std::fs::write(folder.join("seeds.txt"), format!("{seed}\nhttp://bad {ID}\n")).unwrap();
    std::fs::write(folder.join("code.png"), base64::engine::general_purpose::STANDARD.decode(CODE).unwrap()).unwrap();
    std::fs::write(
        folder.join("jianzheng.toml"),
        "[general]\nseeds = [\"seeds.txt\"]\n[unit]\nname = \"示例区应急管理局\"\n[network]\nallow_addresses = [\"127.0.0.1/32\"]\nhost_delay_ms = 0\n\
         retries = 0\n[crawl]\ndepth = 3\n[[contacts]]\nunit = \"示例区市场监管局\"\nname = \"示例乙\"\nemail = \"shijian@qu-demo.example\"\n\
         routes = [\"市监\", \"网信\"]\n",
    )
    .unwrap();
    let looked = folder.to_owned();
    let told = tokio::task::spawn_blocking(move || everything(&looked, &seed)).await.unwrap();
    assert!(log.lock().unwrap().iter().any(|(_, path)| path.contains(ID)), "the page was asked for as it is");

    let all: String = told.iter().map(|(_, text)| text.as_str()).collect();
    for said in ["3302**********1232", "tzzy_demo88", "特种作业操作证代办"] {
        assert!(all.contains(said), "{said}");
    }
    let found: Vec<String> =
        told.iter().filter_map(|(way, text)| leaks(text).map(|line| format!("{way}: {line}"))).collect();
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
    // It is a test of masking, not of losing: the original has it.
    let warc = folder.join("data/warc");
    let original = std::fs::read_dir(warc).unwrap().flat_map(|entry| {
        let mut text = Vec::new();
        let file = std::fs::File::open(entry.unwrap().path()).unwrap();
        std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(file), &mut text).unwrap();
        text
    });
    assert!(String::from_utf8_lossy(&original.collect::<Vec<u8>>()).contains(&format!("<h1>低压电工证代办 {ID}</h1>")));
}

/// Every command that tells of pages, and every mail, as text with where it came from.
fn everything(folder: &Path, seed: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    let round = run(folder, &["--json", "patrol"], &mut told);
    assert!(round.status.success(), "{}", String::from_utf8_lossy(&round.stderr));
    for file in ["hits.csv", "hits.xlsx", "hits.ndjson"] {
        run(folder, &["hits", "export", "--out", file], &mut told);
    }
    let host = seed.split('/').nth(2).unwrap();
    let words = format!("当事人证号 {ID}");
    run(folder, &["cases", "note", "1", &words], &mut told);
    run(folder, &["cases", "confirm", "1", "--why", &words], &mut told);
    run(folder, &["hits", "label", "1", "seller"], &mut told);
    let looped = format!("http://{host}/loop?id={ID}");
    let named = format!("http://{ID}.demo.invalid/");
    let asked: [&[&str]; 15] = [
        &["patrol"],
        &["hits", "list"],
        &["hits", "show", "1"],
        &["cases", "list"],
        &["cases", "show", "1"],
        &["host", "show", host],
        &["digest", "preview"],
        &["digest", "status"],
        &["evidence", "verify"],
        &["rules", "backtest"],
        &["rules", "clean", "1"],
        &["check", seed],
        &["check", &looped],
        &["check", &named],
        &["check", "--offline", "code.png"],
    ];
    for args in asked {
        run(folder, args, &mut told);
        run(folder, &[&["--json"], args].concat(), &mut told);
    }
    let page = serde_json::json!({ "id": 1, "url": format!("http://{ID}.demo.example/{ID}"), "html": page(host) });
    std::fs::write(folder.join("pages.ndjson"), page.to_string()).unwrap();
    let judged = Command::new(env!("CARGO_BIN_EXE_jianzheng"))
        .args(["judge", "--text"])
        .current_dir(folder)
        .stdin(std::fs::File::open(folder.join("pages.ndjson")).unwrap())
        .output()
        .unwrap();
    told.push(("judge".to_owned(), String::from_utf8(judged.stdout).unwrap()));
    for file in ["hits.csv", "hits.ndjson"] {
        told.push((file.to_owned(), std::fs::read_to_string(folder.join(file)).unwrap()));
    }
    mails(folder, &mut told);
    told
}

/// What the mails say. Their tables have addresses whole, because whoever acts needs them; nothing else of them has.
fn mails(folder: &Path, told: &mut Vec<(String, String)>) {
    let mut any = false;
    for entry in std::fs::read_dir(folder.join("data/outbox")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "eml") {
            continue;
        }
        any = true;
        let bytes = std::fs::read(&path).unwrap();
        let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        told.push(("mail: subject".to_owned(), mail.subject().unwrap().to_owned()));
        for n in 0..mail.text_body_count() {
            told.push(("mail: text".to_owned(), mail.body_text(n).unwrap().into_owned()));
        }
        for n in 0..mail.html_body_count() {
            told.push(("mail: html".to_owned(), mail.body_html(n).unwrap().into_owned()));
        }
        for part in mail.attachments().filter(|part| part.attachment_name().is_some_and(|name| name.ends_with(".csv")))
        {
            let table = String::from_utf8_lossy(part.contents()).into_owned();
            let cells = table.split("\",\"").flat_map(|cell| cell.split(',')).filter(|cell| !cell.contains("http"));
            told.push(("mail: table".to_owned(), cells.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(any, "a mail was made");
}

#[test]
fn what_counts_as_a_leak() {
    for text in [ID, IN_BASE64, IN_PERCENT, "330212 19900101 1232", "T330212-19900101-1232"] {
        assert!(leaks(text).is_some(), "{text}");
    }
    assert!(leaks(&mask_ids(ID)).is_none());
}
