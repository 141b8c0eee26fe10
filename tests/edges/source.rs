//! A source file without what only people read: comments, texts in quotes, unit tests. Then the names that are left.
//!
//! No parser: a lexer of forty lines knows enough of Rust to see which paths a file names, `use` groups spread out. Start at
//! [`code`], then [`paths`].

/// The source without comments, with every text in quotes emptied, and up to the unit tests at its bottom.
pub fn code(source: &str) -> String {
    let bare = without_words(source);
    let tests = bare.find("#[cfg(test)]\nmod tests {").unwrap_or(bare.len());
    bare[..tests].to_owned()
}

fn without_words(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let cut = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            out.push_str("\"\"");
            quoted(rest)
        } else if let Some(hashes) = raw_string(rest, &out) {
            out.push_str("\"\"");
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
        } else if let Some(end) = character(rest) {
            out.push_str("' '");
            end
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[cut..];
    }
    out
}

/// The length of a text in quotes.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The hashes of a raw string that begins here.
fn raw_string(rest: &str, before: &str) -> Option<usize> {
    let hashes = rest.strip_prefix('r')?;
    let word_goes_on = before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !before.ends_with('b');
    let count = hashes.chars().take_while(|c| *c == '#').count();
    (!word_goes_on && hashes[count..].starts_with('"')).then_some(count)
}

/// The length of a character in quotes; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let mut chars = inner.char_indices();
    match chars.next()?.1 {
        '\\' => inner[2..].find('\'').map(|at| at + 4),
        _ => chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 2),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every name in the code.
pub fn names(code: &str) -> Vec<&str> {
    code.split(|c: char| !is_name(c)).filter(|word| !word.is_empty()).collect()
}

/// Every path that the code names: `std::fs::File`, `crate::store::Hit`. `use a::{b, c::d}` is two of them.
pub fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        let before = code[..at].chars().next_back();
        let starts = rest.starts_with(is_name) && !before.is_some_and(|c| is_name(c) || c == ':');
        if !starts {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        if rest[length..].starts_with("::") {
            at += spread(rest, "", &mut found);
        } else {
            found.push(rest[..length].to_owned());
            at += length;
        }
    }
    found
}

/// Spreads one path with its groups; gives how much of the text it was.
fn spread(text: &str, before: &str, found: &mut Vec<String>) -> usize {
    let length = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let path = format!("{before}{}", &text[..length]);
    let mut at = length;
    if !text[at..].starts_with("::") {
        found.push(path);
        return at;
    }
    at += 2;
    if !text[at..].starts_with('{') {
        if !text[at..].starts_with(is_name) {
            // A glob, or `::<T>`: the path ends here.
            found.push(path);
            return at;
        }
        return at + spread(&text[at..], &format!("{path}::"), found);
    }
    at += 1;
    while at < text.len() && !text[at..].starts_with('}') {
        if text[at..].starts_with(is_name) {
            at += spread(&text[at..], &format!("{path}::"), found);
            // What follows `as` is a new name, not a path of the group.
            if let Some(renamed) = text[at..].strip_prefix(" as ") {
                at += 4 + renamed.find(|c| !is_name(c)).unwrap_or(renamed.len());
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    (at + 1).min(text.len())
}

#[test]
fn words_for_people_are_taken_away_and_groups_are_spread() {
    let source = r##"
//! std::fs in a comment
use std::{fs::File, io::{Read as _, self}, net::Ipv4Addr};
const A: &str = "tokio::spawn \" sled::open"; // sled
const B: (char, &'static str) = ('"', r#"lettre::"x""#);
fn f() { crate::store::Store::open("x"); tokio::spawn(g::<u8>()); }
#[cfg(test)]
mod tests { use reqwest; }
"##;
    let code = code(source);
    let paths = paths(&code);
    for there in [
        "std::fs::File",
        "std::io::Read",
        "std::io::self",
        "std::net::Ipv4Addr",
        "crate::store::Store::open",
        "tokio::spawn",
    ] {
        assert!(paths.iter().any(|path| path == there), "{there}: {paths:?}");
    }
    for away in ["sled", "lettre", "reqwest"] {
        assert!(!code.contains(away), "{away}: {code}");
    }
    assert!(names(&code).contains(&"spawn"));
}
