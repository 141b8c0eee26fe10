//! Misspellings: which ones the eye passes over, and how a word is found again with an edit in it.
//!
//! Start at [`slips_of`].

use std::ops::Range;

/// Both ends of a long word, with a letter or two between them: one edit or swap, wherever it falls, leaves one end whole. An end
/// that is an ordinary word by itself takes in two letters more.
pub(super) fn chunks_of(look: &str, ordinary: &dyn Fn(&str) -> bool) -> Vec<String> {
    let (length, end) = (look.len(), look.len().saturating_sub(1) / 2);
    let longer = |part: Range<usize>, other: Range<usize>| match look.get(part) {
        Some(chunk) if ordinary(chunk) => look.get(other),
        chunk => chunk,
    };
    let ends = [
        longer(0..end, 0..length.min(end + 2)),
        longer(length - end..length, (length - end).saturating_sub(2)..length),
    ];
    ends.into_iter().flatten().map(str::to_owned).collect()
}

/// Spellings one slip of the finger away, which the eye passes over: a letter doubled, two swapped, the hyphen lost, the key
/// beside.
pub(super) fn slips_of(label: &str) -> Vec<String> {
    const KEYS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let bytes = label.as_bytes();
    let mut out = Vec::new();
    for at in 0..bytes.len() {
        let (left, right) = label.split_at(at);
        out.push(format!("{left}{}{right}", char::from(bytes[at])));
        if let Some(&next) = bytes.get(at + 1)
            && next != bytes[at]
        {
            out.push(format!("{left}{}{}{}", char::from(next), char::from(bytes[at]), &label[at + 2..]));
        }
        if bytes[at] == b'-' {
            out.push(format!("{left}{}", &label[at + 1..]));
        }
        for row in KEYS {
            let Some(key) = row.bytes().position(|key| key == bytes[at]) else { continue };
            for beside in [key.checked_sub(1), Some(key + 1)].into_iter().flatten() {
                if let Some(&other) = row.as_bytes().get(beside) {
                    out.push(format!("{left}{}{}", char::from(other), &label[at + 1..]));
                }
            }
        }
    }
    out.retain(|slip| slip != label && !slip.starts_with('-') && !slip.ends_with('-'));
    out
}

/// Of those, the letter doubled and the two swapped: what is left looks most like the name.
pub(super) fn stumbles_of(label: &str) -> Vec<String> {
    let sorted = |text: &str| {
        let mut letters: Vec<u8> = text.bytes().collect();
        letters.sort_unstable();
        letters
    };
    let letters = sorted(label);
    slips_of(label)
        .into_iter()
        .filter(|slip| {
            (slip.len() > label.len() && !slip.contains(label))
                || (slip.len() == label.len() && sorted(slip) == letters)
        })
        .collect()
}
