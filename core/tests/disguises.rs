//! What of an offer is still seen when its text is disguised by one trick throughout: the verdict, the contacts; and whether an
//! innocent who writes so is accused.
//!
//! Taken are the pages of tests/data/pages/tuned that are called sellers in plain text and those of rules/clean that are not, as
//! text, a paragraph a line. Each trick of the field (full width, circled, split by tags …), and some of them together, is applied by a machine to all of it. The rules were
//! tuned to these pages in plain: what is measured is the disguise. `cargo test -p jianzheng-core --test disguises -- --nocapture` prints the
//! table of docs/DETECTION.md.

use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::{Kind, Thresholds, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use url::Url;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

fn is_han(sign: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&sign)
}

/// Every sign by itself.
fn signs(text: &str, with: impl Fn(char) -> String) -> String {
    text.chars().map(with).collect()
}

/// Every run of seven digits or more.
fn numbers(text: &str, with: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_digit()) {
        let length = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
        let (before, run) = (&rest[..start], &rest[start..start + length]);
        out.push_str(before);
        out.push_str(&if length >= 7 { with(run) } else { run.to_owned() });
        rest = &rest[start + length..];
    }
    out + rest
}

/// Words for words.
fn words(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Signs for signs: each pair of the list.
fn exchanged(text: &str, pairs: &str) -> String {
    let pairs: Vec<char> = pairs.chars().filter(|sign| *sign != ' ').collect();
    let other = |sign: char| pairs.chunks(2).find(|pair| pair[0] == sign).map_or(sign, |pair| pair[1]);
    text.chars().map(other).collect()
}

/// Something between each two Chinese signs.
fn between(text: &str, what: &str) -> String {
    let mut out = String::new();
    let mut last = ' ';
    for sign in text.chars() {
        if is_han(last) && is_han(sign) {
            out.push_str(what);
        }
        out.push(sign);
        last = sign;
    }
    out
}

fn full_width(sign: char) -> String {
    char::from_u32(sign as u32 + 0xFEE0).filter(|_| sign.is_ascii_graphic()).unwrap_or(sign).to_string()
}

fn circled(sign: char) -> String {
    let one = match sign {
        '0' => '⓪',
        '1'..='9' => char::from_u32('①' as u32 + sign as u32 - '1' as u32).unwrap(),
        'a'..='z' => char::from_u32('ⓐ' as u32 + sign as u32 - 'a' as u32).unwrap(),
        'A'..='Z' => char::from_u32('Ⓐ' as u32 + sign as u32 - 'A' as u32).unwrap(),
        other => other,
    };
    one.to_string()
}

fn keycap(sign: char) -> String {
    if sign.is_ascii_digit() { format!("{sign}\u{FE0F}\u{20E3}") } else { sign.to_string() }
}

fn spelt(run: &str) -> String {
    run.bytes()
        .map(|digit| ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"][usize::from(digit - b'0')])
        .collect()
}

fn alike(run: &str) -> String {
    // Two digits in front stay, as sellers leave them, so that people see a number.
    run[..2].to_owned() + &run[2..].replace('0', "O").replace('1', "l")
}

fn set_apart(run: &str, with: &str) -> String {
    run.chars().map(String::from).collect::<Vec<_>>().join(with)
}

const TRADITIONAL: &str = "证證 办辦 电電 压壓 联聯 络絡 话話 号號 学學 习習 费費 价價 钱錢 询詢 业業 网網 应應 实實 发發 从從 过過 还還 \
    动動 单單 员員 师師 务務 资資 国國 机機 车車 险險 无無 训訓 试試 专專 质質 货貨 当當 时時 间間 备備 厅廳 种種 紧緊 门門 \
    个個 说說 这這 对對 后後 来來 们們 会會 样樣 开開 关關 长長 条條 边邊 报報 级級 驾駕 检檢 验驗 拟擬 监監 总總 为為 么麼 见見";

const RADICALS: &str = "工⼯ 用⽤ 人⼈ 手⼿ 高⾼ 火⽕ 长⻓ 车⻋ 金⾦ 力⼒ 口⼝ 日⽇ 一⼀ 二⼆ 十⼗ 大⼤ 小⼩ 心⼼ 文⽂ 方⽅ 月⽉ 见⻅ 门⻔ 页⻚ 风⻛ \
    食⻝ 水⽔ 木⽊ 土⼟ 石⽯ 立⽴ 行⾏ 言⾔ 走⾛ 身⾝ 面⾯ 音⾳ 首⾸ 入⼊ 子⼦ 女⼥ 山⼭ 比⽐ 气⽓ 生⽣ 田⽥ 目⽬ 至⾄";

const CALLS: &[(&str, &str)] =
    &[("微信", "薇芯"), ("加微", "加薇"), ("QQ", "扣扣"), ("qq", "扣扣"), ("VX", "V芯"), ("vx", "v芯")];

const INITIALS: &[(&str, &str)] = &[
    ("电工证", "dgz"),
    ("焊工证", "hgz"),
    ("叉车证", "ccz"),
    ("高空证", "gkz"),
    ("特种作业", "tzzy"),
    ("微信", "wx"),
    ("操作证", "czz"),
];

const EMOJI: &[(&str, &str)] =
    &[("电话", "☎️"), ("手机", "📱"), ("QQ", "🐧"), ("加", "➕"), ("，", "🔥"), ("、", "✨"), ("。", "💯")];

/// A trick: its name, and the body of a page that says the same.
type Trick = (&'static str, fn(&str) -> String);

fn paragraphs(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.lines().map(|line| format!("<p>{line}</p>\n")).collect()
}

const TRICKS: &[Trick] = &[
    ("plain", paragraphs),
    ("full width", |text| paragraphs(&signs(text, full_width))),
    ("circled", |text| paragraphs(&signs(text, circled))),
    ("keycap", |text| paragraphs(&signs(text, keycap))),
    ("digit words", |text| paragraphs(&numbers(text, spelt))),
    ("letters for digits", |text| paragraphs(&numbers(text, alike))),
    ("digits set apart", |text| paragraphs(&numbers(text, |run| set_apart(run, "-")))),
    ("traditional", |text| paragraphs(&exchanged(text, TRADITIONAL))),
    ("radicals", |text| paragraphs(&exchanged(text, RADICALS))),
    ("zero width", |text| paragraphs(&between(text, "\u{200B}"))),
    ("interleaved", |text| paragraphs(&between(text, "丨"))),
    ("homophones", |text| paragraphs(&words(text, CALLS))),
    ("initials", |text| paragraphs(&words(text, INITIALS))),
    ("emoji", |text| paragraphs(&words(text, EMOJI))),
    ("split by tags", |text| {
        let split = |line: &str| {
            let signs: String = line
                .chars()
                .map(|sign| match sign {
                    '<' => "&lt;".to_owned(),
                    '&' => "&amp;".to_owned(),
                    sign => format!("<b>{sign}</b><!--{sign}-->"),
                })
                .collect();
            format!("<p>{signs}</p>\n")
        };
        text.lines().map(split).collect()
    }),
    ("traditional, full width", |text| paragraphs(&signs(&exchanged(text, TRADITIONAL), full_width))),
    ("homophones, spaced digits", |text| paragraphs(&numbers(&words(text, CALLS), |run| set_apart(run, " ")))),
    ("homophones, digit words", |text| paragraphs(&numbers(&words(text, CALLS), spelt))),
    ("initials, circled", |text| paragraphs(&signs(&words(text, INITIALS), circled))),
    ("interleaved, traditional", |text| paragraphs(&between(&exchanged(text, TRADITIONAL), "丨"))),
    ("interleaved by a dot, digit words", |text| paragraphs(&between(&numbers(text, spelt), "·"))),
    ("homophones, interleaved, circled", |text| paragraphs(&signs(&between(&words(text, CALLS), "丨"), circled))),
    ("emoji, zero width, letters for digits", |text| {
        paragraphs(&between(&words(&numbers(text, alike), EMOJI), "\u{200B}"))
    }),
    ("reversed by CSS", |text| {
        let turned: Vec<String> = text.lines().map(|line| line.chars().rev().collect()).collect();
        paragraphs(&turned.join("\n")).replace("<p>", "<p style=\"direction:rtl;unicode-bidi:bidi-override\">")
    }),
];

fn judge(rules: &RuleSet, url: &Url, body: &str) -> Verdict {
    let html = format!("<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body>{body}</body></html>");
    rules.judge(&page::read_text(&html, Some(url)), url, Thresholds::default())
}

fn contacts(verdict: &Verdict) -> BTreeSet<String> {
    let known = &verdict.contacts;
    let all = [("phone", &known.phones), ("wechat", &known.wechat), ("qq", &known.qq), ("mail", &known.emails)];
    all.into_iter().flat_map(|(kind, list)| list.iter().map(move |value| format!("{kind}:{value}"))).collect()
}

/// Texts of pages with the address they stand at.
fn texts(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<(Url, String)> {
    let mut all = Vec::new();
    for (name, lines) in files(folder, "ndjson") {
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}"));
            if wanted(row["want"]["verdict"].as_str().unwrap()) {
                let url = Url::parse(row["url"].as_str().unwrap()).unwrap();
                let text = page::read_text(row["html"].as_str().unwrap(), Some(&url)).text;
                all.push((url, text));
            }
        }
    }
    all
}

/// What is left of 100 under a trick.
struct Left {
    trick: &'static str,
    sellers: usize,
    of_sellers: usize,
    contacts: usize,
    of_contacts: usize,
    accused: usize,
}

/// A share with Wilson's interval of 95 %.
fn share(part: usize, of: usize) -> String {
    let (z, n) = (1.96_f64, of as f64);
    let p = part as f64 / n;
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    format!("{part} of {of}, {:.0} % ({:.0}–{:.0} %)", p * 100.0, (middle - half) * 100.0, (middle + half) * 100.0)
}

#[test]
fn offers_in_disguise_are_seen_and_innocents_are_not_accused_for_it() {
    let rules = RuleSet::compile(&files("rules", "toml")).expect("the shipped rules");
    let is_seller = |verdict: &Verdict| verdict.kind == Kind::Seller;
    let accused = |verdict: &Verdict| matches!(verdict.kind, Kind::Seller | Kind::FakeSite);
    let plain = |(url, text): (Url, String)| {
        let verdict = judge(&rules, &url, &paragraphs(&text));
        (url, text, verdict)
    };
    let sellers: Vec<_> = texts("tests/data/pages/tuned", |verdict| verdict == "seller")
        .into_iter()
        .map(plain)
        .filter(|(.., verdict)| is_seller(verdict))
        .collect();
    let innocents: Vec<_> = texts("rules/clean", |verdict| !matches!(verdict, "seller" | "fake_site"))
        .into_iter()
        .map(plain)
        .filter(|(.., verdict)| !accused(verdict))
        .collect();
    assert!(sellers.len() > 100 && innocents.len() > 100, "{} {}", sellers.len(), innocents.len());
    let mut all = Vec::new();
    for (trick, disguise) in TRICKS {
        let mut left = Left { trick, sellers: 0, of_sellers: sellers.len(), contacts: 0, of_contacts: 0, accused: 0 };
        for (url, text, plain) in &sellers {
            let verdict = judge(&rules, url, &disguise(text));
            left.sellers += usize::from(is_seller(&verdict));
            let wanted = contacts(plain);
            left.of_contacts += wanted.len();
            left.contacts += wanted.intersection(&contacts(&verdict)).count();
        }
        left.accused = innocents.iter().filter(|(url, text, _)| accused(&judge(&rules, url, &disguise(text)))).count();
        println!(
            "| {trick} | {} | {} | {} |",
            share(left.sellers, left.of_sellers),
            share(left.contacts, left.of_contacts),
            share(left.accused, innocents.len())
        );
        all.push(left);
    }
    for left in &all {
        let floor = FLOORS.iter().find(|(trick, ..)| *trick == left.trick).unwrap_or_else(|| panic!("{}", left.trick));
        assert!(left.sellers * 100 >= floor.1 * left.of_sellers, "{}: {} sellers", left.trick, left.sellers);
        assert!(left.contacts * 100 >= floor.2 * left.of_contacts, "{}: {} contacts", left.trick, left.contacts);
        assert!(left.accused <= floor.3, "{}: {} innocents accused", left.trick, left.accused);
    }
}

/// Of a hundred sellers and a hundred contacts seen in plain so many at least, and so many innocents at most.
const FLOORS: &[(&str, usize, usize, usize)] = &[
    ("plain", 100, 100, 0),
    ("full width", 99, 99, 1),
    ("circled", 99, 99, 1),
    ("keycap", 99, 99, 1),
    ("digit words", 99, 97, 1),
    ("letters for digits", 99, 95, 1),
    ("digits set apart", 99, 96, 1),
    ("traditional", 99, 99, 1),
    ("radicals", 99, 99, 1),
    ("zero width", 99, 99, 1),
    ("interleaved", 98, 95, 1),
    ("homophones", 99, 96, 1),
    ("initials", 99, 96, 1),
    ("emoji", 97, 98, 3),
    ("split by tags", 99, 99, 1),
    ("traditional, full width", 99, 99, 1),
    ("homophones, spaced digits", 99, 94, 1),
    ("homophones, digit words", 99, 95, 1),
    ("initials, circled", 99, 96, 1),
    ("interleaved, traditional", 98, 95, 1),
    ("interleaved by a dot, digit words", 99, 90, 1),
    ("homophones, interleaved, circled", 98, 93, 1),
    ("emoji, zero width, letters for digits", 97, 94, 3),
    ("reversed by CSS", 99, 99, 1),
];
