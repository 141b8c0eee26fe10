//! html5lib's tokenizer tests against the byte tokenizer: all of them, but for their error reports.
//!
//! What a token of ours leaves to its reader (references, line ends, NULs, case) is done here as the extractor does it, by the same
//! functions of `reference`. What our tokenizer states differently, and nothing else, is taken out of the comparison:
//!
//! - the parts of a doctype (name, identifiers, quirks): nobody reads them; that there is one, and where it ends, is compared;
//! - the raw-text elements of HTML: the tokenizer switches by the names of start tags itself, which in the standard is the tree
//!   builder's part. The tests know no tree builder, so here the switch is undone after each start tag;
//! - lone surrogates: a decoded page cannot hold one and no `str` can. How many tests have one is counted;
//! - attributes beyond [`MAX_ATTRIBUTES`](super::MAX_ATTRIBUTES) are not kept: no test has so many.
//!
//! Foreign content is told by whoever counts svg and math, which is outside these tests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Content, Token, Tokenizer};
use crate::page::reference::{decode_attribute, decode_into, unify_lines, without_nul};

const FILES: [(&str, &str); 13] = [
    ("contentModelFlags", include_str!("../../../tests/data/html5lib/tokenizer/contentModelFlags.test")),
    ("domjs", include_str!("../../../tests/data/html5lib/tokenizer/domjs.test")),
    ("entities", include_str!("../../../tests/data/html5lib/tokenizer/entities.test")),
    ("escapeFlag", include_str!("../../../tests/data/html5lib/tokenizer/escapeFlag.test")),
    ("namedEntities", include_str!("../../../tests/data/html5lib/tokenizer/namedEntities.test")),
    ("numericEntities", include_str!("../../../tests/data/html5lib/tokenizer/numericEntities.test")),
    ("pendingSpecChanges", include_str!("../../../tests/data/html5lib/tokenizer/pendingSpecChanges.test")),
    ("test1", include_str!("../../../tests/data/html5lib/tokenizer/test1.test")),
    ("test2", include_str!("../../../tests/data/html5lib/tokenizer/test2.test")),
    ("test3", include_str!("../../../tests/data/html5lib/tokenizer/test3.test")),
    ("test4", include_str!("../../../tests/data/html5lib/tokenizer/test4.test")),
    ("unicodeChars", include_str!("../../../tests/data/html5lib/tokenizer/unicodeChars.test")),
    ("unicodeCharsProblematic", include_str!("../../../tests/data/html5lib/tokenizer/unicodeCharsProblematic.test")),
];

/// A token as html5lib writes it.
#[derive(Debug, PartialEq)]
enum Seen {
    Doctype,
    Start(String, BTreeMap<String, String>, bool),
    End(String),
    Comment(String),
    Text(String),
}

/// One test in one of its initial states.
struct Case {
    name: String,
    input: String,
    state: String,
    last_start: String,
    wanted: Vec<Seen>,
}

/// Lone surrogates are no Unicode: a page that was decoded cannot hold one, and no `str` can.
fn unescape(text: &str, twice: bool) -> Option<String> {
    if !twice {
        return Some(text.to_owned());
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(i) = rest.find("\\u") {
        out.push_str(&rest[..i]);
        let code = u32::from_str_radix(&rest[i + 2..i + 6], 16).unwrap();
        out.push(char::from_u32(code)?);
        rest = &rest[i + 6..];
    }
    out.push_str(rest);
    Some(out)
}

fn push_text(tokens: &mut Vec<Seen>, more: &str) {
    match tokens.last_mut() {
        Some(Seen::Text(text)) => text.push_str(more),
        _ if more.is_empty() => {}
        _ => tokens.push(Seen::Text(more.to_owned())),
    }
}

fn wanted(output: &Value, twice: bool) -> Option<Vec<Seen>> {
    let mut tokens = Vec::new();
    for token in output.as_array().unwrap() {
        let text = |i: usize| unescape(token[i].as_str().unwrap(), twice);
        match token[0].as_str().unwrap() {
            "DOCTYPE" => tokens.push(Seen::Doctype),
            "StartTag" => {
                let attributes = token[2].as_object().unwrap().iter();
                let attributes = attributes
                    .map(|(k, v)| Some((unescape(k, twice)?, unescape(v.as_str().unwrap(), twice)?)))
                    .collect::<Option<_>>()?;
                tokens.push(Seen::Start(text(1)?, attributes, token.get(3).is_some()));
            }
            "EndTag" => tokens.push(Seen::End(text(1)?)),
            "Comment" => tokens.push(Seen::Comment(text(1)?)),
            "Character" => push_text(&mut tokens, &text(1)?),
            other => panic!("a token of kind {other}"),
        }
    }
    Some(tokens)
}

/// The cases of a file, and how many of its tests no `str` can hold.
fn cases(file: &str, text: &str) -> (Vec<Case>, usize) {
    let tests: Value = serde_json::from_str(text).unwrap();
    let mut cases = Vec::new();
    let mut no_text = 0;
    for test in tests["tests"].as_array().unwrap() {
        let twice = test["doubleEscaped"] == true;
        let states = match test.get("initialStates") {
            Some(states) => states.as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect(),
            None => vec!["Data state"],
        };
        let input = unescape(test["input"].as_str().unwrap(), twice);
        for state in states {
            let (Some(input), Some(wanted)) = (input.clone(), wanted(&test["output"], twice)) else {
                no_text += 1;
                continue;
            };
            cases.push(Case {
                name: format!("{file}: {} ({state})", test["description"].as_str().unwrap()),
                input,
                state: state.to_owned(),
                last_start: test["lastStartTag"].as_str().unwrap_or_default().to_owned(),
                wanted,
            });
        }
    }
    (cases, no_text)
}

fn lower(name: &str) -> String {
    without_nul(name).to_ascii_lowercase()
}

fn seen(case: &Case) -> Vec<Seen> {
    let content = match case.state.as_str() {
        "Data state" | "CDATA section state" => Content::Data,
        "PLAINTEXT state" => Content::PlainText,
        "RCDATA state" => Content::RcData,
        "RAWTEXT state" => Content::RawText,
        "Script data state" => Content::Script,
        other => panic!("a state {other}"),
    };
    let in_cdata = case.state == "CDATA section state";
    let source = if in_cdata { format!("<![CDATA[{}", case.input) } else { case.input.clone() };
    let mut tokenizer = Tokenizer::with_content(&source, content, &case.last_start);
    tokenizer.set_foreign(in_cdata);
    let mut tokens = Vec::new();
    loop {
        let content = tokenizer.content;
        let Some(token) = tokenizer.next_token() else { return tokens };
        tokenizer.set_foreign(false);
        match token {
            Token::Start { name, self_closing } => {
                let mut attributes = BTreeMap::new();
                for (name, value) in tokenizer.named() {
                    attributes.entry(lower(name)).or_insert_with(|| decode_attribute(value).into_owned());
                }
                tokens.push(Seen::Start(lower(name), attributes, self_closing));
                // Switching the content is the tree builder's part in the standard; the tests have none.
                tokenizer.read_as_markup();
            }
            Token::End { name } => tokens.push(Seen::End(lower(name))),
            Token::Comment(text) => tokens.push(Seen::Comment(without_nul(&unify_lines(text)).into_owned())),
            Token::Doctype(_) => tokens.push(Seen::Doctype),
            Token::Text(text) => {
                let mut decoded = String::new();
                let text = unify_lines(text);
                // Of NULs in markup's text the standard leaves the choice to the tree builder; elsewhere they are replaced.
                let text = if content == Content::Data { text } else { without_nul(&text).into_owned().into() };
                decode_into(&text, false, &mut decoded);
                push_text(&mut tokens, &decoded);
            }
            Token::Raw(text) if in_cdata => push_text(&mut tokens, &unify_lines(text)),
            Token::Raw(text) => push_text(&mut tokens, &without_nul(&unify_lines(text))),
        }
    }
}

#[test]
fn tokens_are_those_of_the_standard() {
    let mut wrong = Vec::new();
    let mut runs = 0;
    let mut no_text = 0;
    for (file, text) in FILES {
        let (cases, unreadable) = cases(file, text);
        no_text += unreadable;
        for case in cases {
            runs += 1;
            let seen = seen(&case);
            if seen != case.wanted {
                wrong.push(format!("{}\n  {:?}\n  wanted {:?}\n  seen   {seen:?}", case.name, case.input, case.wanted));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {runs} runs:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert_eq!((runs, no_text), (7026, 4));
}
