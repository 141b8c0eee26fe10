//! Misspellings: which ones the eye passes over, and how a word is found again with an edit in it.
//!
//! Start at [`slips_of`].

/// Pieces of a long word, laid so that one edit or swap, wherever it falls, leaves one whole.
pub(super) fn chunks_of(look: &str) -> Vec<String> {
    let (length, half) = (look.len(), look.len() / 2);
    let parts = match length {
        0..12 => vec![0..half, length - half..length, half / 2..half / 2 + half],
        _ => vec![0..length / 3, length / 3..length * 2 / 3, length * 2 / 3..length],
    };
    parts.into_iter().filter_map(|part| look.get(part)).map(str::to_owned).collect()
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
