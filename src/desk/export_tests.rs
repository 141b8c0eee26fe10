//! What an exported table holds, read back.

use std::collections::BTreeSet;

use super::*;
use crate::desk::rows::{CaptureRow, EntityRow, ReasonRow};

fn row() -> HitRow {
    let text = str::to_owned;
    HitRow {
        id: 7,
        url: text("http://a.example/x"),
        final_url: text("http://a.example/y"),
        host: text("a.example"),
        title: text("=cmd|' /C calc'!A0"),
        verdict: text("seller"),
        score: 93.5,
        route: text("市监"),
        routes: vec![text("市监"), text("公安")],
        authority: None,
        notes: Vec::new(),
        case: 3,
        state: "up",
        first_seen: text("2026-12-05T09:00:00+08:00"),
        last_seen: text("2026-12-05T09:00:00+08:00"),
        source: text("searxng"),
        query: text("电工证"),
        chain: Vec::new(),
        entities: EntityRow { phones: vec![text("13000001234")], ..EntityRow::default() },
        cert_types: vec![text("低压电工")],
        areas: Vec::new(),
        reasons: vec![ReasonRow {
            rule: text("seller.exam-waiver"),
            kind: text("seller"),
            points: 18.0,
            say: text("承诺免考"),
            quote: Some(text("不用考試")),
        }],
        rendering: None,
        capture: CaptureRow { sha256: "ab".repeat(32), offset: 12, ..CaptureRow::default() },
        label: None,
        rules: text("sha256:00"),
    }
}

fn time() -> Timestamp {
    "2026-12-05T01:00:00Z".parse().unwrap()
}

#[test]
fn every_field_of_a_hit_is_a_column() {
    let Value::Object(fields) = serde_json::to_value(row()).unwrap() else { panic!("a row is an object") };
    let mut names = BTreeSet::new();
    for (name, value) in &fields {
        match value {
            Value::Object(inner) => names.extend(inner.keys().map(|inner| format!("{name}.{inner}"))),
            _ => _ = names.insert(name.clone()),
        }
    }
    assert_eq!(COLUMNS.iter().map(|column| (*column).to_owned()).collect::<BTreeSet<_>>(), names);
}

#[test]
fn a_table_runs_nothing_and_keeps_numbers_whole() {
    let bytes = export(&[row()], Format::Csv, time()).unwrap();
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers().unwrap().clone();
    let record = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| record.get(header.iter().position(|one| one == name).unwrap()).unwrap().to_owned();
    assert!(cell("title").starts_with("'="));
    assert_eq!(cell("entities.phones"), "'13000001234");
    assert_eq!((cell("routes"), cell("reasons")), ("市监；公安".to_owned(), "承诺免考（“不用考試”）".to_owned()));
    assert_eq!((cell("id"), cell("authority")), ("7".to_owned(), String::new()));
    assert!(export(&[row()], Format::Xlsx, time()).unwrap().starts_with(b"PK"));
}

#[test]
fn lines_of_ndjson_are_those_of_the_list() {
    let bytes = export(&[row(), row()], Format::Ndjson, time()).unwrap();
    let lines: Vec<Value> =
        bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect();
    assert_eq!(lines, vec![serde_json::to_value(row()).unwrap(); 2]);
    assert_eq!(Format::parse("XLSX"), Some(Format::Xlsx));
    assert_eq!(Format::parse("pdf"), None);
}
