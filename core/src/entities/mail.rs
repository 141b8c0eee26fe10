//! E-mail addresses in folded text, plain and in disguise: name(at)host, name [at] host [dot] com, name艾特host, name#host
//! with 换@ beside it, and addresses set apart by spaces.
//!
//! A disguise is undone only where what comes out ends with a suffix that everybody knows; a sentence with a lonely @ is none.
//! Start at [`find`].

use super::{Found, Kind};
use std::ops::Range;

/// Endings of files that stand behind an @ in code (x@2x.png).
const NO_SUFFIX: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "svg", "css", "js", "html", "htm", "json", "ico", "scss", "less", "ts", "vue",
    "php",
];

/// Every address that stands as it is typed, and those whose signs are set apart by spaces.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut last: Range<usize> = 0..0;
    for at in memchr::memchr_iter(b'@', bytes) {
        let local = bytes[last.end..at]
            .iter()
            .rev()
            .take(65)
            .take_while(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(b))
            .count();
        let domain =
            bytes[at + 1..].iter().take(254).take_while(|b| b.is_ascii_alphanumeric() || b".-".contains(b)).count();
        let name = text[at - local..at].trim_start_matches(['.', '-', '+', '%', '_']);
        let host = text[at + 1..at + 1 + domain].trim_end_matches(['.', '-']);
        let suffix = host.rsplit('.').next().unwrap_or("");
        if let Some((start, name)) = super::spelt::before(text, at)
            && let Some((end, host)) = host_after(text, at + 1)
        {
            found.push((Kind::Email, format!("{name}@{host}"), start..end));
            continue;
        }
        // Its signs are set apart, or it is no address at all.
        if (local == 0 && text[..at].ends_with(' ')) || domain == 0 && text[at + 1..].starts_with(' ') {
            found.extend(loose(text, at..at + 1).filter(|address| stands_alone(text, address.2.start)));
            continue;
        }
        let proper = host.contains('.')
            && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
        let suffix_fits = (2..=18).contains(&suffix.len())
            && suffix.bytes().all(|b| b.is_ascii_alphabetic())
            && !NO_SUFFIX.contains(&suffix);
        // jia@qq。com, jia@qq点com.
        if !host.contains('.')
            && ["。", "点", "(", "[", " dot "].iter().any(|dot| text[at + 1 + domain..].starts_with(dot))
        {
            found.extend(loose(text, at..at + 1).filter(|address| stands_alone(text, address.2.start)));
            continue;
        }
        if (1..=64).contains(&name.len()) && !name.ends_with('.') && local < 65 && domain < 254 && proper && suffix_fits
        {
            last = at - name.len()..at + 1 + host.len();
            found.push((Kind::Email, text[last.clone()].to_owned(), last.clone()));
        }
    }
}

/// Suffixes that everybody knows, for addresses in disguise.
const KNOWN: &[&str] = &[
    "com", "cn", "net", "org", "edu", "gov", "hk", "tw", "cc", "vip", "top", "xyz", "info", "me", "io", "co", "club",
    "site",
];

/// What people write for the dot of a host.
const DOTS: &[&str] = &[
    " 点 ", " [dot] ", " (dot) ", " {dot} ", " dot ", " . ", "[dot]", "(dot)", "{dot}", "(.)", "[.]", "点", "。", ".",
];

/// An address whose @ is written as something else, which stands at `sign`.
pub(super) fn at_stand_in(text: &str, sign: Range<usize>, found: &mut Vec<Found>) {
    // "look at home.com" is a sentence: whoever spells the @ spells the dot.
    let spelt = text[sign.clone()] == *" at ";
    let told = loose(text, sign.clone()).filter(|(.., at)| !spelt || text[at.clone()].contains(" dot "));
    found.extend(told.or_else(|| labelled(text, sign).filter(|_| !spelt)));
}

/// The same behind a word for mail, with any suffix: 邮箱：jia(at)firm.example.
fn labelled(text: &str, sign: Range<usize>) -> Option<Found> {
    let (start, name) = name_before(text, sign.start)?;
    let label = text[..start].trim_end_matches([' ', ':', '\t']);
    let length =
        text[sign.end..].bytes().take(64).take_while(|b| b.is_ascii_alphanumeric() || b"-.".contains(b)).count();
    let host = text[sign.end..sign.end + length].trim_end_matches(['.', '-']);
    let (before, suffix) = host.rsplit_once('.')?;
    let proper = before.split('.').all(|part| !part.is_empty() && !part.starts_with('-'))
        && (2..=18).contains(&suffix.len())
        && suffix.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !NO_SUFFIX.contains(&suffix);
    let called = ["mail", "邮箱", "邮件", "邮址"].iter().any(|word| label.ends_with(word));
    (called && length < 64 && proper).then(|| (Kind::Email, format!("{name}@{host}"), start..sign.end + host.len()))
}

/// Signs that people write for @ and explain beside it.
const SIGNS: &str = "#*$&!~^%";

/// How far from its explanation an address may stand, in bytes.
const NEAR: usize = 96;

/// The address beside an explanation of its @, whose words stand at `hint`: name#host (#换@).
pub(super) fn around_hint(text: &str, hint: Range<usize>, found: &mut Vec<Found>) {
    let before = text[..hint.start].trim_end_matches(['号', '字', ' ', '"', '\'', '“', '”']);
    let Some(sign) = before.chars().next_back().filter(|&sign| SIGNS.contains(sign)) else { return };
    let explained = before.len() - 1;
    let from = crate::text::boundary_before(text, explained.saturating_sub(NEAR));
    let to = crate::text::boundary_before(text, hint.end.saturating_add(NEAR).min(text.len()));
    let behind = text[hint.end..to].match_indices(sign).map(|(at, _)| hint.end + at);
    let ahead = text[from..explained].rmatch_indices(sign).map(|(at, _)| from + at);
    found.extend(ahead.chain(behind).take(8).find_map(|at| loose(text, at..at + 1)));
}

/// The address around what stands for its @.
fn loose(text: &str, sign: Range<usize>) -> Option<Found> {
    let (start, name) = name_before(text, sign.start)?;
    let (end, host) = host_after(text, sign.end)?;
    Some((Kind::Email, format!("{name}@{host}"), start..end))
}

/// No other Latin word stands right before: "meet us @ home.com" is a sentence.
fn stands_alone(text: &str, start: usize) -> bool {
    !text[..start].trim_end_matches(' ').ends_with(|sign: char| sign.is_ascii_alphanumeric())
}

/// The name that ends at `at`, one space between allowed; letters that are set apart one by one are put together.
fn name_before(text: &str, at: usize) -> Option<(usize, String)> {
    let before = text[..at].strip_suffix(' ').unwrap_or(&text[..at]);
    let length =
        before.bytes().rev().take(65).take_while(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(b)).count();
    let mut start = before.len() - length;
    let mut name = before[start..].to_owned();
    let bytes = before.as_bytes();
    while length == 1 && start >= 2 && bytes[start - 1] == b' ' && bytes[start - 2].is_ascii_alphanumeric() {
        if name.len() > 64 || start >= 3 && bytes[start - 3].is_ascii_alphanumeric() {
            break;
        }
        start -= 2;
        name.insert(0, char::from(bytes[start]));
    }
    let proper = name.starts_with(|sign: char| sign.is_ascii_alphanumeric()) && !name.ends_with(['.', '-']);
    ((2..=64).contains(&name.len()) && proper).then_some((start, name))
}

/// The host that begins at `at`, one space between allowed, as far as it ends with a known suffix.
fn host_after(text: &str, at: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let word =
        |from: usize| bytes[from..].iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let mut here = at + usize::from(bytes.get(at) == Some(&b' '));
    let (mut host, mut best) = (String::new(), None);
    for labels in 1..=6 {
        let length = word(here);
        if !(1..64).contains(&length) {
            break;
        }
        let label = host.len();
        host.push_str(&text[here..here + length]);
        here += length;
        while length == 1 && host.len() - label < 63 && bytes.get(here) == Some(&b' ') && word(here + 1) == 1 {
            host.push(char::from(bytes[here + 1]));
            here += 2;
        }
        if labels > 1 && KNOWN.contains(&&host[label..]) {
            best = Some((here, host.len()));
        }
        let Some(dot) = DOTS.iter().find(|dot| text[here..].starts_with(*dot)) else { break };
        host.push('.');
        here += dot.len();
    }
    let (end, length) = best?;
    host.truncate(length);
    Some((end, host))
}

#[cfg(test)]
mod tests {
    use crate::entities::{Kind, in_text};

    fn told(text: &str) -> Vec<String> {
        let all = in_text(text, &crate::text::fold(text));
        all.into_iter().filter(|entity| entity.kind == Kind::Email).map(|entity| entity.value).collect()
    }

    #[test]
    fn addresses_in_disguise_are_read() {
        let wanted = ["jia@demo.example.com"];
        for text in [
            "邮箱：jia(at)demo.example.com",
            "jia [at] demo [dot] example [dot] com",
            "jia#demo.example.com（#换成@）",
            "把*改成@：jia*demo.example.com",
            "jia艾特demo.example.com",
            "邮箱 j i a @ d e m o . e x a m p l e . c o m 联系",
            "邮箱：jia @ demo . example . com",
            "邮箱：jia@demo。example。com",
            "jia at demo dot example dot com",
        ] {
            assert_eq!(told(text), wanted, "{text}");
        }
        for text in ["2-6-0-0-0@demo.example.com", "邮箱 2·6·0·0·0@demo.example.com", "2 6 0 0 0@demo.example.com"]
        {
            assert_eq!(told(text), ["26000@demo.example.com"], "{text}");
        }
    }

    #[test]
    fn sentences_are_no_addresses() {
        for text in [
            "航班 @ 14:00 起飞",
            "meet us @ home.com today",
            "选择题(a)正确(b)错误",
            "艾特example",
            "C# .net 开发",
            "#换@是什么意思",
            "@ 某某 . com",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
    }
}
