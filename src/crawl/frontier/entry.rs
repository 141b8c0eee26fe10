//! How one waiting URL is written: a few bytes, the URL, and why it is a candidate.
//!
//! Only the frontier reads and writes these; the store sees bytes. Start at [`encode`].

use jiff::Timestamp;

use super::Kind;
use crate::store::Via;

/// A URL as the frontier keeps it. Its host, priority and whether it is a recheck are told by where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub url: String,
    pub depth: u8,
    pub kind: Kind,
    pub not_before: Option<Timestamp>,
    pub via: Via,
}

/// Words of a link or title are for people to read; so many bytes of them do.
const WORDS: usize = 240;

/// Kind, depth, seconds of the earliest time, length of the URL, URL, via as JSON.
pub(super) fn encode(entry: &Entry) -> Vec<u8> {
    let via = serde_json::to_vec(&shortened(entry.via.clone())).expect("a Via has only string keys");
    let mut bytes = Vec::with_capacity(entry.url.len() + via.len() + 12);
    bytes.push(match entry.kind {
        Kind::Page => 0,
        Kind::Image => 1,
        Kind::Recheck => 2,
    });
    bytes.push(entry.depth);
    bytes.extend_from_slice(&entry.not_before.map_or(i64::MIN, Timestamp::as_second).to_be_bytes());
    bytes.extend_from_slice(&(entry.url.len() as u16).to_be_bytes());
    bytes.extend_from_slice(entry.url.as_bytes());
    bytes.extend_from_slice(&via);
    bytes
}

/// The entry, or nothing where the bytes are not one.
pub(super) fn decode(bytes: &[u8]) -> Option<Entry> {
    let (url, via) = split(bytes)?;
    let kind = match bytes[0] {
        0 => Kind::Page,
        1 => Kind::Image,
        2 => Kind::Recheck,
        _ => return None,
    };
    let not_before = i64::from_be_bytes(bytes[2..10].try_into().ok()?);
    Some(Entry {
        url: url.to_owned(),
        depth: bytes[1],
        kind,
        not_before: Timestamp::from_second(not_before).ok().filter(|_| not_before != i64::MIN),
        via: serde_json::from_slice(via).ok()?,
    })
}

/// The earliest time, without reading the rest.
pub(super) fn not_before(bytes: &[u8]) -> Option<Timestamp> {
    let second = i64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
    Timestamp::from_second(second).ok().filter(|_| second != i64::MIN)
}

/// The URL alone, without reading the rest.
pub(super) fn url(bytes: &[u8]) -> Option<&str> {
    split(bytes).map(|(url, _)| url)
}

fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (head, body) = bytes.split_first_chunk::<12>()?;
    let (url, via) = body.split_at_checked(usize::from(u16::from_be_bytes([head[10], head[11]])))?;
    Some((std::str::from_utf8(url).ok()?, via))
}

fn shortened(mut via: Via) -> Via {
    let cut = |text: &mut String| cut_to(text, WORDS);
    match &mut via {
        Via::Seed { file, tags, .. } => {
            cut(file);
            tags.truncate(8);
            tags.iter_mut().for_each(cut);
        }
        Via::Source { source, query, title, .. } => {
            cut(source);
            cut(query);
            cut(title);
        }
        Via::Link { text, .. } => cut(text),
        Via::Qr { image, .. } => cut_to(image, 2048),
        Via::Pivot { what, .. } => cut(what),
        Via::Name { from } => cut(from),
        Via::Redirect { .. }
        | Via::Image { .. }
        | Via::Refresh { .. }
        | Via::Frame { .. }
        | Via::Recheck { .. }
        | Via::Revisit { .. }
        | Via::Tip { .. } => {}
    }
    via
}

fn cut_to(text: &mut String, bytes: usize) {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_back_and_cut_bytes_are_nothing() {
        let entry = Entry {
            url: "http://a.example/考证?x=1".to_owned(),
            depth: 3,
            kind: Kind::Image,
            not_before: Some(Timestamp::from_second(1_800_000_000).unwrap()),
            via: Via::Link { page: 9, text: "报名".to_owned() },
        };
        let bytes = encode(&entry);
        assert_eq!(decode(&bytes), Some(entry.clone()));
        assert_eq!(url(&bytes), Some(entry.url.as_str()));
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), None, "cut at {cut}");
        }
        let without = Entry { not_before: None, ..entry };
        assert_eq!(decode(&encode(&without)), Some(without));
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let via = Via::Link { page: 1, text: "证".repeat(1000) };
        let Via::Link { text, .. } = shortened(via) else { unreachable!() };
        assert_eq!(text.chars().count(), WORDS / 3);
    }

    #[test]
    fn an_entry_of_the_first_version_is_read() {
        let bytes =
            [&[0, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 17][..], b"http://a.example/", br#"{"link":{"page":9,"text":"x"}}"#]
                .concat();
        let via = Via::Link { page: 9, text: "x".to_owned() };
        let entry = Entry { url: "http://a.example/".to_owned(), depth: 2, kind: Kind::Page, not_before: None, via };
        assert_eq!(decode(&bytes), Some(entry.clone()));
        assert_eq!(encode(&entry), bytes);
    }
}
