//! Definitions as files say them: the two that are shipped, a third by a file alone, and every mistake told.

use super::*;
use crate::discover::request::{Ask, cookie_visit, request};

fn shipped(name: &str) -> Definition {
    let text = match name {
        "baidu" => include_str!("../../../rules/sources/baidu.toml"),
        "searxng" => include_str!("../../../rules/sources/searxng.toml"),
        _ => include_str!("../../../tests/data/discover/third.toml"),
    };
    Definition::parse(name, &format!("rules/sources/{name}.toml"), text).expect("the definition is right")
}

fn ask(page: u32) -> Ask {
    Ask { source: "x".into(), query: "电工证 代办&a=1".into(), query_id: "q".into(), page }
}

#[test]
fn a_question_becomes_the_request_that_its_file_says() {
    let check = |name: &str, base: &str, page: u32, wanted: &str| {
        let base = Url::parse(base).expect("a fixed address");
        assert_eq!(request(&shipped(name), &base, false, &ask(page)).url.as_str(), wanted);
    };
    let words = "%E7%94%B5%E5%B7%A5%E8%AF%81+%E4%BB%A3%E5%8A%9E%26a%3D1";
    check("baidu", "https://www.baidu.com", 1, &format!("https://www.baidu.com/s?wd={words}&pn=0"));
    check("baidu", "http://127.0.0.1:9/", 3, &format!("http://127.0.0.1:9/s?wd={words}&pn=20"));
    check(
        "third",
        "https://www.third-engine.example",
        2,
        &format!("https://www.third-engine.example/s?q={words}&pn=2"),
    );
    let engines = "baidu%2Csogou%2C360search%2Cquark%2Cbing";
    let tail = format!("q={words}&format=json&engines={engines}&language=zh-CN&pageno=1&safesearch=0");
    check("searxng", "https://s.example/", 1, &format!("https://s.example/search?{tail}"));
    check("searxng", "https://s.example/searx/?old=1#x", 1, &format!("https://s.example/searx/search?{tail}"));
}

#[test]
fn cookies_are_collected_where_the_file_says_so() {
    let base = Url::parse("https://www.baidu.com").expect("a fixed address");
    let visit = cookie_visit(&shipped("baidu"), &base, false).expect("baidu wants cookies");
    assert_eq!(visit.url.as_str(), "https://www.baidu.com/");
    assert!(visit.headers.iter().any(|(name, _)| name == "Accept-Language"));
    assert_eq!(cookie_visit(&shipped("searxng"), &base, true), None);
}

#[test]
fn words_in_the_path_are_escaped() {
    let text = "title='t'\nkind='json'\nurl='https://p.example/'\n[ask]\npath='/find/{query}/{page}'\n[read]\nitems='r'\ntitle='t'\nlink='u'\n";
    let definition = Definition::parse("p", "p.toml", text).expect("a right file");
    let base = definition.url.clone().expect("it has an address");
    let url = request(&definition, &base, false, &Ask { query: "a/../b?c#d 证".into(), ..ask(1) }).url;
    assert_eq!(url.as_str(), "https://p.example/find/a%2F..%2Fb%3Fc%23d%20%E8%AF%81/1");
}

#[test]
fn the_settings_override_the_file() {
    let definition = shipped("baidu");
    let terms = definition.terms(&Overrides::default());
    assert_eq!((terms.enabled, terms.own, terms.budget.daily, terms.budget.pages), (false, false, 200, 2));
    let url = Url::parse("http://127.0.0.1:9/").expect("a fixed address");
    let overrides = Overrides {
        enabled: Some(true),
        url: Some(url.clone()),
        daily: Some(3),
        delay: Some(Duration::ZERO),
        pages: Some(0),
    };
    let terms = definition.terms(&overrides);
    assert_eq!((terms.enabled, terms.own, terms.url), (true, true, Some(url)));
    assert_eq!(terms.budget, Budget { daily: 3, delay: Duration::ZERO, pages: 1 });
    assert_eq!(shipped("searxng").terms(&Overrides::default()).url, None);
}

#[test]
fn every_mistake_is_told_at_once_with_its_line() {
    let text = "\u{feff}title = 7
kind = 'html'
url = 'www.x.example'
enabel = true
[ask]
path = 's'
params = { q = '{query}', n = '{pag}' }
headers = { Cookie = 'a=b', Accept = '中文' }
[budget]
pages = 3
daily = 0
[read]
item = 'div['
title = 'h3 a'
items = 'results'
[zero]
json = 'a'
[[wall]]
say = ''
status = 200
[[wall]]
say = '墙'
[[link]]
path = '/link'
way = 'param'
[[link]]
path = '/x'
way = 'follow'
";
    let problems = Definition::parse("x", "rules/sources/x.toml", text).expect_err("a file full of mistakes");
    let told: Vec<(usize, &str)> = problems.iter().map(|p| (p.line, p.code)).collect();
    let wanted = [
        (1, "wrong-type"),
        (3, "bad-value"),
        (4, "unknown-key"),
        (5, "template"),
        (6, "bad-value"),
        (7, "template"),
        (8, "bad-value"),
        (8, "bad-value"),
        (11, "bad-value"),
        (13, "selector"),
        (15, "unknown-key"),
        (16, "bad-value"),
        (19, "bad-value"),
        (21, "missing-key"),
        (23, "missing-key"),
        (28, "bad-value"),
    ];
    assert_eq!(told, wanted, "{problems:#?}");
    assert!(problems.iter().all(|p| p.file == "rules/sources/x.toml" && !p.advice.is_empty()));
    assert!(problems[2].advice.contains("enabled"), "{}", problems[2].advice);
}

#[test]
fn what_is_missing_is_told_once_each() {
    let codes = |text: &str| {
        let problems = Definition::parse("x", "x.toml", text).expect_err("something is missing");
        problems.iter().map(|p| p.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(""), ["missing-key"; 4]);
    assert_eq!(codes("title = \n kind"), ["syntax"; 2]);
    assert_eq!(codes("title='t'\nkind='html'\n[ask]\npath='/s'\n[read]\n"), ["template", "missing-key", "missing-key"]);
    assert_eq!(codes("title='t'\nkind='json'\n[ask]\npath='/{query}'\n[read]\n"), ["missing-key"; 3]);
}

#[test]
fn a_source_has_a_name_that_fits_settings_and_lists() {
    let text = include_str!("../../../tests/data/discover/third.toml");
    for name in ["", "大", "A", "a b", "a.b"] {
        assert!(Definition::parse(name, "x.toml", text).is_err(), "{name}");
    }
    assert!(Definition::parse("so360", "x.toml", text).is_ok());
}
