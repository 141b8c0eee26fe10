//! A calendar without an end, which a crawler has to survive: every page leads to five that no other page leads to.
//!
//! Page n leads to 5n+1 … 5n+5, so an address always shows the same page, and nothing has to be remembered. No trade words
//! may stand on it. Start at [`page`].

/// The page at `target`, a path with its query.
pub(super) fn page(target: &str) -> String {
    let number = number(target);
    let month = |n: u64| (n % 12 + 1, 2026 + n / 12 % 100);
    let (mon, year) = month(number.wrapping_add(10));
    let mut links = String::new();
    for step in 1..=5 {
        let next = number.wrapping_mul(5).wrapping_add(step);
        let (mon, year) = month(next.wrapping_add(10));
        links.push_str(&format!("<li><a href=\"/{year}/{mon:02}/?p={next}\">{year}年{mon}月 第{step}周</a></li>"));
    }
    format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{year}年{mon}月 月历</title></head>\
         <body><h1>{year}年{mon}月</h1><ul>{links}</ul></body></html>"
    )
}

fn number(target: &str) -> u64 {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let told = query.split('&').find_map(|pair| pair.strip_prefix("p=")).and_then(|n| n.parse().ok());
    told.unwrap_or_else(|| match path {
        "/" | "/2026/11/" => 0,
        // Anything else starts somewhere of its own, far away from the tree that hangs on 0.
        other => other
            .bytes()
            .fold(1 << 40, |hash: u64, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)) & ((1 << 50) - 1)),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn links(page: &str) -> Vec<String> {
        page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn no_page_leads_where_another_has_led() {
        let mut seen = HashSet::from(["/2026/11/".to_owned()]);
        let mut row = vec!["/2026/11/".to_owned()];
        for _ in 0..5 {
            row = row.iter().flat_map(|target| links(&page(target))).collect();
            assert!(row.iter().all(|target| seen.insert(target.clone())));
        }
        assert_eq!(seen.len(), 1 + 5 + 25 + 125 + 625 + 3125);
    }

    #[test]
    fn any_target_has_a_page_and_always_the_same() {
        for target in ["/", "", "/x", "/?p=18446744073709551615", "/?p=-1", "/favicon.ico", "/2026/11/?p="] {
            assert_eq!(page(target), page(target));
            assert_eq!(links(&page(target)).len(), 5, "{target}");
        }
    }
}
