//! What a browser made of a page, as WARC records: the HTML as a `conversion` of the response it came from, the picture as a `resource`.
//!
//! Pure, like [`super::encode`]. The response itself is never replaced by them: they say what a person would have seen, and the
//! metadata beside them says by which browser and under which conditions. Start at [`Rendering::html`].

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;

use super::Encoded;
use super::encode::{Fields, RecordHead, hex, member, one_line, target_uri, uuid};

/// A page as a browser showed it.
#[derive(Clone, Debug)]
pub struct Rendering<'a> {
    /// Where it ended, unmasked.
    pub url: &'a str,
    /// When it was shown.
    pub time: Timestamp,
    /// The record of the response that it was made from: [`Encoded::id`].
    pub response: &'a str,
    /// The browser and its version.
    pub browser: &'a str,
    /// What an expert must know besides, by name.
    pub notes: Vec<(String, String)>,
}

impl Rendering<'_> {
    /// The HTML, with a metadata record behind it. `cut`: it is not all of it.
    pub fn html(&self, html: &[u8], cut: bool) -> Encoded {
        let sha256 = Sha256::digest(html);
        let sm3 = hex(&Sm3::digest(html));
        let id = self.id(b"conversion", &sha256);
        let date = self.time.to_string();
        let url = target_uri(self.url);
        let mut bytes = Vec::with_capacity(html.len() / 2 + 1024);
        let mut head = RecordHead::new("conversion", &id, &date);
        head.field("WARC-Target-URI", &url);
        head.field("WARC-Refers-To", &one_line(self.response));
        if cut {
            head.field("WARC-Truncated", "length");
        }
        head.field("Content-Type", "text/html; charset=utf-8");
        member(&mut bytes, head, &[html]);
        let response_len = bytes.len();

        let mut block = Fields::default();
        block.add("rendered_by", self.browser);
        block.add("payload_sm3", &sm3);
        for (name, value) in &self.notes {
            block.add(name, value);
        }
        let mut head = RecordHead::new("metadata", &self.id(b"conversion-metadata", &sha256), &date);
        head.field("WARC-Target-URI", &url);
        head.field("WARC-Concurrent-To", &id);
        head.field("Content-Type", "application/warc-fields");
        member(&mut bytes, head, &[block.0.as_bytes()]);
        Encoded { bytes, id, sha256: hex(&sha256), sm3: Some(sm3), response_at: 0, response_len, time: self.time }
    }

    /// The picture, under the name that web archives give to full-page pictures.
    pub fn picture(&self, png: &[u8]) -> Encoded {
        let sha256 = Sha256::digest(png);
        let id = self.id(b"picture", &sha256);
        let mut bytes = Vec::with_capacity(png.len() + 1024);
        let mut head = RecordHead::new("resource", &id, &self.time.to_string());
        head.field("WARC-Target-URI", &format!("urn:fullPage:{}", target_uri(self.url)));
        head.field("WARC-Concurrent-To", &one_line(self.response));
        head.field("Content-Type", "image/png");
        member(&mut bytes, head, &[png]);
        let response_len = bytes.len();
        let sm3 = Some(hex(&Sm3::digest(png)));
        Encoded { bytes, id, sha256: hex(&sha256), sm3, response_at: 0, response_len, time: self.time }
    }

    fn id(&self, role: &[u8], payload: &[u8]) -> String {
        uuid(&[role, self.url.as_bytes(), &self.time.as_nanosecond().to_be_bytes(), payload])
    }
}
