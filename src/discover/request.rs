//! One question to one source, the request that puts it, and the reply that comes back.
//!
//! Pure: the request is built here and sent by [`crate::discover::asking::Net`]. Start at [`request`].

use url::Url;

use crate::discover::definition::{Definition, Slots};

/// The largest reply of a source that is read; result pages are a tenth of it.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// One search request: a page of results for a query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ask {
    /// The source's name.
    pub source: String,
    /// The query's words.
    pub query: String,
    /// The query's id in the plan.
    pub query_id: String,
    /// The page of results, the first is 1.
    pub page: u32,
}

/// A GET to send. Redirects are never followed by whoever sends it, no cookie is added, and at most [`MAX_BODY`] + 1 bytes of the
/// body are read: one more than allowed tells that it was too large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The address.
    pub url: Url,
    /// Headers of this source, cookies included.
    pub headers: Vec<(String, String)>,
    /// Whether the unit itself configured this address, so that the address guard lets it through.
    pub own: bool,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The address that answered.
    pub final_url: Url,
    /// Headers, names in any case.
    pub headers: Vec<(String, String)>,
    /// The body, content coding removed.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Where a redirect sends us.
    pub fn location(&self) -> Option<Url> {
        if !(300..400).contains(&self.status) {
            return None;
        }
        self.final_url.join(self.header("location")?.trim()).ok().filter(|u| matches!(u.scheme(), "http" | "https"))
    }
}

/// The request that puts `ask` to the source at `base`.
pub fn request(definition: &Definition, base: &Url, own: bool, ask: &Ask) -> Request {
    let question = &definition.question;
    let turn = ask.page.saturating_sub(1);
    let slots = Slots {
        query: &ask.query,
        page: question.first_page.saturating_add(turn),
        offset: question.first_offset.saturating_add(turn.saturating_mul(question.offset_step)),
    };
    let path = question.path.fill(slots, percent_escape);
    let mut url = below(base, &path);
    if !question.params.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in &question.params {
            pairs.append_pair(name, &value.fill(slots, str::to_owned));
        }
    }
    Request { url, headers: question.headers.clone(), own }
}

/// The visit that collects cookies, where the source wants one.
pub fn cookie_visit(definition: &Definition, base: &Url, own: bool) -> Option<Request> {
    let path = definition.question.cookies.as_ref()?;
    Some(Request { url: below(base, path), headers: definition.question.headers.clone(), own })
}

/// `path` below `base`, whose own path is kept: an instance may live in a folder.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    let folder = base.path().trim_end_matches('/').to_owned();
    let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
    url.set_path(&format!("{folder}{path}"));
    url.set_query(query);
    url
}

fn percent_escape(words: &str) -> String {
    words.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
        escaped
    })
}
