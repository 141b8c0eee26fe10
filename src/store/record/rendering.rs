//! Record of how a browser showed a page, kept beside the capture of what the server sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Capture, time};

/// What a browser made of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendering {
    /// Where the page ended.
    pub url: String,
    /// When it was shown.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// The browser and its version.
    pub browser: String,
    /// The verdict on what was shown.
    pub verdict: String,
    /// Its score.
    pub score: f64,
    /// It was the stronger one, and decided.
    pub decided: bool,
    /// The HTML, a `conversion` record.
    pub html: Capture,
    /// The picture, a `resource` record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<Capture>,
    /// What a person should know of how it was seen, in Chinese.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
