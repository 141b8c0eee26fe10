//! Where a source's own link sends us: `Location`, a `<meta>` refresh, or a script that replaces the address.
//!
//! Pure: one answer in, the next address out. [`crate::discover::asking`] sends the requests, at most [`MAX_HOPS`], only to the
//! source's own hosts; the address found is fetched by the crawler under its own guard. Start at [`next_address`].

use url::Url;

use crate::discover::reading::{decode, web_address};
use crate::discover::request::{MAX_BODY, Reply};

/// Requests spent on one link.
pub const MAX_HOPS: usize = 3;

/// Such answers are a few hundred bytes; the address stands at the front.
const MAX_LOOKED_AT: usize = 64 * 1024;

/// What stands before an address in a script, longest first.
const SCRIPTS: [&str; 4] = ["location.replace(", "location.assign(", "location.href", "location"];

/// The address the answer sends us to.
pub fn next_address(reply: &Reply) -> Option<Url> {
    if let Some(location) = reply.location() {
        return Some(location);
    }
    if !(200..300).contains(&reply.status) || reply.body.len() > MAX_BODY {
        return None;
    }
    let head = &reply.body[..reply.body.len().min(MAX_LOOKED_AT)];
    let text = decode(head, reply.header("content-type"));
    let told = by_script(&text).or_else(|| by_meta(&text))?;
    web_address(&reply.final_url, &told).filter(|url| *url != reply.final_url)
}

fn by_script(text: &str) -> Option<String> {
    SCRIPTS.iter().find_map(|command| {
        text.match_indices(command).find_map(|(at, _)| {
            let rest = text[at + command.len()..].trim_start();
            let rest = if command.ends_with('(') { rest } else { rest.strip_prefix('=')?.trim_start() };
            quoted(rest).map(|address| address.replace("\\/", "/"))
        })
    })
}

fn by_meta(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let from = lower
        .find("http-equiv=\"refresh\"")
        .or_else(|| lower.find("http-equiv='refresh'"))
        .or_else(|| lower.find("http-equiv=refresh"))?;
    let tag_start = lower[..from].rfind('<')?;
    let tag_end = lower[from..].find('>').map_or(lower.len(), |end| from + end);
    let at = tag_start + lower[tag_start..tag_end].find("url=")? + 4;
    // ASCII lower case keeps every offset.
    let rest = text[at..tag_end].trim_start();
    let address = quoted(rest).unwrap_or_else(|| rest.split(['"', '\'', ' ']).next().unwrap_or_default().to_owned());
    Some(address.replace("&amp;", "&"))
}

/// The text between the quotes that `text` starts with.
fn quoted(text: &str) -> Option<String> {
    let mark = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(mark).map(|(inside, _)| inside.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
        Reply {
            status,
            final_url: Url::parse("https://www.engine.example/link?url=abc").expect("a fixed address"),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_link_is_followed_by_header_script_or_meta_and_by_nothing_else() {
        let check = |status, headers: &[(&str, &str)], body: &str, wanted: Option<&str>| {
            let found = next_address(&reply(status, headers, body));
            assert_eq!(found.as_ref().map(Url::as_str), wanted, "{status} {headers:?} {body}");
        };
        check(302, &[("Location", "http://seller.example/a")], "", Some("http://seller.example/a"));
        check(302, &[("location", "/link?url=next")], "", Some("https://www.engine.example/link?url=next"));
        check(302, &[("location", "javascript:alert(1)")], "", None);
        check(302, &[], "", None);
        check(
            200,
            &[],
            "<script>window.location.replace(\"http://seller.example/b\")</script>",
            Some("http://seller.example/b"),
        );
        check(
            200,
            &[],
            "<script>location.href = 'http:\\/\\/seller.example\\/c'</script>",
            Some("http://seller.example/c"),
        );
        check(
            200,
            &[],
            "<META http-equiv=\"refresh\" content=\"0;URL='http://seller.example/d?x=1&amp;y=2'\">",
            Some("http://seller.example/d?x=1&y=2"),
        );
        check(
            200,
            &[],
            "<meta content=\"0; url=http://seller.example/e\" http-equiv=refresh>",
            Some("http://seller.example/e"),
        );
        check(200, &[], "<p>您的 location 不对</p>", None);
        check(404, &[], "<script>location.href='http://seller.example/'</script>", None);
    }

    #[test]
    fn no_body_makes_it_panic() {
        for body in [
            "location",
            "location=",
            "location='",
            "<meta http-equiv=refresh url=",
            "http-equiv=\"refresh\"",
            "location.replace(",
        ] {
            assert_eq!(next_address(&reply(200, &[], body)), None, "{body}");
        }
    }
}
