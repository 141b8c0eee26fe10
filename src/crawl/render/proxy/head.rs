//! Heads of requests and answers as the filtering proxy needs them: read up to a cap, taken apart, written anew.
//!
//! Field names and values pass as bytes; nothing here decides what may go where. Start at [`read`].

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads up to the empty line that ends a head; what came behind it is given beside it.
///
/// # Errors
/// The other side went away, or the head is longer than `max`.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin), max: usize) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let searched = bytes.len().saturating_sub(3);
        if from.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(at) = bytes[searched..].windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(searched + at + 4);
            return Ok((bytes, rest));
        }
        if bytes.len() > max {
            return Err(io::Error::other("head too long"));
        }
    }
}

/// A first line and the fields behind it.
pub(super) struct Head {
    pub(super) first: String,
    fields: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// Takes a head apart; `None` where its first line is no text. Lines that are no fields are dropped.
    pub(super) fn parse(bytes: &[u8]) -> Option<Head> {
        let mut lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let first = std::str::from_utf8(lines.next()?).ok()?.to_owned();
        let fields = lines.filter_map(|line| {
            let colon = line.iter().position(|b| *b == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?.trim().to_owned();
            Some((name, line[colon + 1..].trim_ascii().to_vec()))
        });
        Some(Head { first, fields: fields.filter(|(name, _)| !name.is_empty()).collect() })
    }

    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// How long the body of this answer is; none where only its end tells.
    pub(super) fn answer_body(&self, to_head: bool) -> Option<u64> {
        let status = self.first.split(' ').nth(1).unwrap_or_default();
        if to_head || matches!(status, "204" | "304") {
            return Some(0);
        }
        if self.get("transfer-encoding").is_some() {
            return None;
        }
        std::str::from_utf8(self.get("content-length")?).ok()?.parse().ok()
    }

    /// How long the body is that a request announces. None where that cannot be told.
    pub(super) fn request_body(&self) -> Option<u64> {
        if self.get("transfer-encoding").is_some() {
            return None;
        }
        match self.get("content-length") {
            None => Some(0),
            Some(length) => std::str::from_utf8(length).ok()?.parse().ok(),
        }
    }

    /// The head anew under another first line: what speaks to a proxy left out, the connection closed after one exchange.
    pub(super) fn closing(&self, first: &str, more: Option<(&str, &str)>) -> Vec<u8> {
        const DROPPED: [&str; 7] = [
            "connection",
            "proxy-connection",
            "keep-alive",
            "proxy-authorization",
            "proxy-authenticate",
            "upgrade",
            "alt-svc",
        ];
        let mut out = format!("{first}\r\n").into_bytes();
        for (name, value) in &self.fields {
            if !DROPPED.iter().any(|dropped| name.eq_ignore_ascii_case(dropped)) {
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b": ");
                out.extend_from_slice(value);
                out.extend_from_slice(b"\r\n");
            }
        }
        if let Some((name, value)) = more {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        out.extend_from_slice(b"Connection: close\r\n\r\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_head_ends_at_its_empty_line_and_not_beyond_its_cap() {
        let mut from = &b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody"[..];
        let (head, rest) = read(&mut from, 100).await.unwrap();
        assert!(head.ends_with(b"\r\n\r\n"));
        assert_eq!(rest, b"body");
        let mut endless = tokio::io::repeat(b'a');
        assert!(read(&mut endless, 100).await.is_err());
    }

    #[test]
    fn what_speaks_to_a_proxy_goes_no_further() {
        let head = Head::parse(
            b"GET http://a/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic x\r\nConnection: keep-alive\r\nX: 1\r\n\r\n",
        );
        let anew = head.unwrap().closing("GET / HTTP/1.1", None);
        assert_eq!(anew, b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nConnection: close\r\n\r\n");
    }

    #[test]
    fn a_body_of_unknown_length_is_none() {
        let length =
            |fields: &str| Head::parse(format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes()).unwrap().request_body();
        assert_eq!(length(""), Some(0));
        assert_eq!(length("Content-Length: 7\r\n"), Some(7));
        assert_eq!(length("Content-Length: seven\r\n"), None);
        assert_eq!(length("Transfer-Encoding: chunked\r\n"), None);
    }
}
