//! Where a redirect leads: a `Location` field as browsers read it.
//!
//! Start at [`target`].

use url::Url;

use super::MAX_LOCATION;
use super::answer::FetchError;

/// Where a `Location` leads: resolved against the URL that sent it.
pub(super) fn target(url: &Url, location: &str) -> Result<Url, FetchError> {
    let bad =
        || FetchError::BadRedirect { location: location.chars().take(100).flat_map(char::escape_default).collect() };
    if location.len() > MAX_LOCATION || location.trim().is_empty() {
        return Err(bad());
    }
    let location = location.trim();
    // However many slashes stand before a host, browsers take them for two.
    let bare = location.trim_start_matches(['/', '\\']);
    let next = if location.len() - bare.len() > 2 { url.join(&format!("//{bare}")) } else { url.join(location) };
    let mut next = next.map_err(|_| bad())?;
    strip(&mut next);
    // Relative ones could grow from hop to hop, and signs grow threefold by their coding.
    if next.as_str().len() > MAX_LOCATION { Err(bad()) } else { Ok(next) }
}

/// A `Location` as text. What is not UTF-8 is coded byte by byte, as browsers do: a path in GBK has to stay one.
pub(super) fn location_text(location: &[u8]) -> String {
    match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => location
            .iter()
            .map(|&byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    }
}

/// Removes what is never sent. A URL that can have no user is refused by the guard anyway.
pub(super) fn strip(url: &mut Url) {
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
}
