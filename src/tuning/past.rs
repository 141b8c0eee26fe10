//! Pages as they were kept, ready to be judged again: the stored extract, or one made anew from the capture.
//!
//! Start at [`extract_of`], then [`Judge::judge`]; [`source_of`] gives the page itself.

use std::path::Path;
use std::sync::Arc;

use jianzheng_core::cloaking::cloaks_of;
use jianzheng_core::entities;
use jianzheng_core::likeness::Baselines;
use jianzheng_core::page::{self, Extract, charset};
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::{Beside, Thresholds, Verdict};
use url::Url;

use crate::crawl::decode;
use crate::evidence;
use crate::store::{Capture, Page, extract_form};

/// Bytes of a body that are read again, before and after unpacking; the extractor's own cap lies below.
const BODY: usize = 32 << 20;

/// What pages are judged by.
#[derive(Clone)]
pub struct Judge {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// What protected sites look like.
    pub baselines: Arc<Baselines>,
    /// Where the unit draws its lines.
    pub thresholds: Thresholds,
}

impl Judge {
    /// The verdict on a kept page. Of its pictures counts what the extract tells. `cloaks`: the names of those
    /// that were found when it was fetched.
    pub fn judge(&self, extract: &Extract, url: &Url, cloaks: &[String]) -> Verdict {
        let copied = self.baselines.copied(self.rules.authorities(), extract, url);
        let beside = Beside { copied: &copied, cloaks: &cloaks_of(cloaks) };
        self.rules.judge_knowing(extract, url, beside, self.thresholds)
    }
}

/// What judging needs of a kept page. `stored` is what the store holds under its number; where that is of an older program's
/// making, the capture is read again. Nothing where neither is to be had.
pub fn extract_of(data: &Path, page: &Page, stored: Option<&[u8]>) -> Option<Extract> {
    stored.and_then(extract_form::unpack).or_else(|| from_capture(data, page))
}

fn from_capture(data: &Path, page: &Page) -> Option<Extract> {
    // "Not modified" has no body of its own.
    let capture = page.capture.as_ref().filter(|_| page.unchanged.is_none())?;
    let (bytes, charset) = body_of(data, capture)?;
    let url = Url::parse(&page.final_url).ok()?;
    Some(page::read(&bytes, charset.as_deref(), Some(&url)))
}

/// The source of a kept page as text, ID and T-numbers masked; as much of it as is read of a page.
pub fn source_of(data: &Path, capture: &Capture) -> Option<String> {
    let (mut bytes, charset) = body_of(data, capture)?;
    bytes.truncate(page::Caps::default().bytes);
    let text = charset::decode(&bytes, charset.as_deref()).text;
    Some(entities::mask_source(&text))
}

/// A kept body without its content coding, and the charset that its header tells.
fn body_of(data: &Path, capture: &Capture) -> Option<(Vec<u8>, Option<String>)> {
    let kept = evidence::read(data, &capture.warc, capture.offset, BODY).ok()?;
    let field = |name: &str| {
        let values = kept.headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        values.join(",")
    };
    let body = decode::decode(&field("content-encoding"), &kept.body, BODY);
    let kind = field("content-type").to_ascii_lowercase();
    Some((body.bytes.into_owned(), charset::of_content_type(&kind).map(str::to_owned)))
}
