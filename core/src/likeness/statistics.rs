//! Ids of visitor statistics: who saves a page saves the id of its owner's account with it.
//!
//! Services of the Chinese web and Google's. The same id on two hosts means one account, or a copy; it may be a rented site
//! builder's, which is why rules give it little.

use crate::page::{Extract, HiddenKind};

/// Ids kept of a page.
const MOST: usize = 12;

/// The ids in the addresses of resources and in what scripts say.
pub(super) fn of(extract: &Extract) -> Vec<String> {
    let scripts = extract.hidden.iter().filter(|hidden| hidden.kind == HiddenKind::Script);
    let strings = scripts.flat_map(|hidden| hidden.text.split(['"', '\'', '`', ' ', '\n', '<', '>', '(', ')']));
    let addresses = extract.resources.iter().map(String::as_str).chain(strings.filter(|s| s.contains(['/', '?'])));
    let mut ids: Vec<String> = addresses.filter_map(id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(MOST);
    ids
}

/// The service and the id that an address tells.
fn id(address: &str) -> Option<String> {
    // Scripts write addresses escaped: z_stat.php%3Fid%3D1.
    let address = crate::page::cut(address, 1024).replace("%3F", "?").replace("%3D", "=").replace("%26", "&");
    let lower = address.to_ascii_lowercase();
    let (_, query) = lower.split_once('?').unwrap_or_default();
    let parameter =
        |names: &[&str]| query.split('&').filter_map(|pair| pair.split_once('=')).find(|pair| names.contains(&pair.0));
    let (service, id) = if lower.contains("hm.baidu.com/hm.js") {
        ("百度统计", query.get(..32).filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit()))?)
    } else if lower.contains("cnzz.com/") {
        ("CNZZ", parameter(&["web_id", "id", "siteid"])?.1)
    } else if let Some((_, file)) = lower.split_once("users.51.la/") {
        ("51LA", file.split(['.', '?']).next()?)
    } else if lower.contains("sdk.51.la/") {
        ("51LA", parameter(&["id"])?.1)
    } else if lower.contains("googletagmanager.com/") || lower.contains("google-analytics.com/") {
        (
            "谷歌统计",
            parameter(&["id", "tid"]).map(|pair| pair.1).filter(|id| id.starts_with("g-") || id.starts_with("ua-"))?,
        )
    } else {
        return None;
    };
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (plain && (5..=40).contains(&id.len())).then(|| format!("{service} {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_the_addresses_of_their_services() {
        let baidu = "0123456789abcdef0123456789abcdef";
        for (address, wanted) in [
            (format!("https://hm.baidu.com/hm.js?{baidu}"), format!("百度统计 {baidu}")),
            ("//s95.cnzz.com/z_stat.php?id=1000000001&web_id=1000000001".to_owned(), "CNZZ 1000000001".to_owned()),
            ("//v1.cnzz.com/z_stat.php%3Fid%3D12345678".to_owned(), "CNZZ 12345678".to_owned()),
            ("https://js.users.51.la/1234567.js".to_owned(), "51LA 1234567".to_owned()),
            ("https://www.googletagmanager.com/gtag/js?id=G-AB12CD34".to_owned(), "谷歌统计 g-ab12cd34".to_owned()),
        ] {
            assert_eq!(id(&address), Some(wanted), "{address}");
        }
        for none in
            ["https://hm.baidu.com/hm.js?xyz", "https://hm.baidu.com/hm.js?", "//c.cnzz.com/", "/hm.js?1", "?id=12345"]
        {
            assert_eq!(id(none), None, "{none}");
        }
    }
}
