//! Names of scripts and style sheets that are a site's own work.
//!
//! A copy loads `czzcx_query.js` because the page it was saved from does. `jquery.min.js` tells nothing, `style.css` neither;
//! a name with a build's hash in it (`app.3f9a1c07.js`) tells more than any other. The lists are of the web at large, not of sites.

use super::sketch::letters;

/// Names kept of a page.
const MOST: usize = 40;
/// Longest name, in bytes.
const LONGEST: usize = 64;

/// Beginnings of the names of libraries and services that strangers share.
const LIBRARIES: [&str; 59] = [
    "jquery",
    "bootstrap",
    "vue",
    "react",
    "angular",
    "layui",
    "layer",
    "laydate",
    "laypage",
    "element",
    "swiper",
    "axios",
    "lodash",
    "moment",
    "dayjs",
    "echarts",
    "polyfill",
    "modernizr",
    "html5",
    "html5shiv",
    "respond",
    "font-awesome",
    "fontawesome",
    "animate",
    "normalize",
    "wow",
    "superslide",
    "slick",
    "owl",
    "fancybox",
    "lazyload",
    "qrcode",
    "clipboard",
    "jweixin",
    "require",
    "zepto",
    "ueditor",
    "kindeditor",
    "wangeditor",
    "hm",
    "push",
    "gtag",
    "gtm",
    "analytics",
    "json2",
    "md5",
    "crypto",
    "jsencrypt",
    "sm-crypto",
    "base64",
    "core-js",
    "babel",
    "easyui",
    "ztree",
    "select2",
    "datepicker",
    "jiucuo",
    "share",
    "dedeajax",
];

/// Names that everybody gives; they count where a build's hash is in them.
const EVERYDAY: [&str; 58] = [
    "style",
    "styles",
    "main",
    "index",
    "app",
    "site",
    "common",
    "public",
    "global",
    "base",
    "reset",
    "default",
    "layout",
    "theme",
    "menu",
    "nav",
    "header",
    "footer",
    "head",
    "foot",
    "home",
    "list",
    "login",
    "search",
    "page",
    "pc",
    "m",
    "mobile",
    "iconfont",
    "icon",
    "script",
    "scripts",
    "custom",
    "plugin",
    "plugins",
    "util",
    "utils",
    "tool",
    "tools",
    "config",
    "ajax",
    "chunk-vendors",
    "chunk-common",
    "vendor",
    "vendors",
    "runtime",
    "manifest",
    "bundle",
    "all",
    "web",
    "web_style",
    "css",
    "js",
    "form",
    "query",
    "function",
    "init",
    "content",
];

/// The names among these addresses that are the site's own, each once, in the order of the alphabet.
pub(super) fn own(resources: &[String]) -> Vec<String> {
    let mut names: Vec<String> = resources.iter().filter_map(|address| name(address)).collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(MOST);
    names
}

fn name(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next()?;
    let name = path.rsplit(['/', '\\']).next()?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | '@' | '+' | '%');
    // x.js and m.css are nobody's.
    if name.len() > LONGEST || !name.chars().all(plain) || letters(name, 6) < 6 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let stem = name.strip_suffix(".js").or_else(|| name.strip_suffix(".css"))?;
    tells(stem).then(|| name.clone())
}

/// Whether a name without its ending is anybody's in particular.
fn tells(stem: &str) -> bool {
    let plain = stem.trim_end_matches(|c: char| matches!(c, '0'..='9' | '.' | '-' | '_'));
    let plain = ["min", "bundle", "prod", "umd", "global"]
        .iter()
        .fold(plain, |rest, end| rest.strip_suffix(end).filter(|rest| rest.ends_with(['.', '-', '_'])).unwrap_or(rest));
    let plain = plain.trim_end_matches(|c: char| matches!(c, '0'..='9' | '.' | '-' | '_'));
    let word = plain.split('.').next().unwrap_or_default();
    if LIBRARIES.iter().any(|library| plain.starts_with(library) && ends_word(&plain[library.len()..])) {
        return false;
    }
    hashed(stem) || !(EVERYDAY.contains(&plain) || EVERYDAY.contains(&word))
}

/// `bootstrap-table` is of the library's family, `vuemaker` is not.
fn ends_word(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A build's hash is a part of the name: eight signs or more, letters and digits mixed.
fn hashed(stem: &str) -> bool {
    stem.split(['.', '-', '_', '~']).any(|part| {
        part.len() >= 8
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
            && part.bytes().filter(u8::is_ascii_digit).count() >= 2
            && part.bytes().any(|b| b.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_half_the_web_has_tell_nothing() {
        for common in [
            "jquery.min.js",
            "jquery-3.6.0.min.js",
            "jquery.SuperSlide.2.1.1.js",
            "bootstrap.min.css",
            "bootstrap-table.js",
            "vue.global.prod.js",
            "style.css",
            "main2.css",
            "index.js",
            "common.min.js",
            "hm.js",
            "layer.js",
            "swiper-bundle.min.css",
            "app.20210908.js",
            "x.js",
            "html5shiv.min.js",
        ] {
            assert_eq!(own(&[format!("http://a.example/static/{common}?v=3")]), Vec::<String>::new(), "{common}");
        }
    }

    #[test]
    fn a_sites_own_names_are_kept() {
        for (address, name) in [
            ("/static/js/app.3f9a1c07.js", "app.3f9a1c07.js"),
            ("http://a.example/js/CzzCx_Query.js?v=2", "czzcx_query.js"),
            ("/css/chunk-vendors.1ab2c3d4.css#x", "chunk-vendors.1ab2c3d4.css"),
            ("/js/vuemaker.js", "vuemaker.js"),
            ("/assets/index-b3x9f2aq.js", "index-b3x9f2aq.js"),
        ] {
            assert_eq!(own(&[address.to_owned()]), [name], "{address}");
        }
        assert_eq!(own(&["/a/logo.png".to_owned(), format!("/{}.js", "x".repeat(80))]), Vec::<String>::new());
    }
}
