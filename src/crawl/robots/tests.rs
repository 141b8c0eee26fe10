//! The cases of Google's robots_test.cc (github.com/google/robotstxt, Apache-2.0, commit 22b355f) as a table, where they follow
//! RFC 9309; those that Google marks as its own are here only where we share them. Then our own: bounds, and a naive matcher.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn allowed(product: &str, robots: &str, path: &str) -> bool {
    Robots::parse_for(product, robots.as_bytes()).allows(path.as_bytes())
}

/// (robots.txt, product, path, allowed)
#[rustfmt::skip]
const GOOGLE: &[(&str, &str, &str, bool)] = &[
    // ID_LineSyntax_Line
    ("user-agent: FooBot\ndisallow: /\n", "FooBot", "/x/y", false),
    ("foo: FooBot\nbar: /\n", "FooBot", "/x/y", true),
    ("user-agent FooBot\ndisallow /\n", "FooBot", "/x/y", false),
    // ID_LineSyntax_Groups
    (GROUPS, "FooBot", "/x/b", true), (GROUPS, "FooBot", "/z/d", true), (GROUPS, "FooBot", "/y/c", false),
    (GROUPS, "BarBot", "/y/c", true), (GROUPS, "BarBot", "/w/a", true), (GROUPS, "BarBot", "/z/d", false),
    (GROUPS, "BazBot", "/z/d", true),
    (GROUPS, "FooBot", "/foo/bar/", false), (GROUPS, "BarBot", "/foo/bar/", false), (GROUPS, "BazBot", "/foo/bar/", false),
    // ID_LineSyntax_Groups_OtherRules
    ("User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n", "FooBot", "/", false),
    ("User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n", "BarBot", "/", false),
    ("User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n", "FooBot", "/", false),
    ("User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n", "BarBot", "/", false),
    // ID_REPLineNamesCaseInsensitive
    ("USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n", "FooBot", "/x/y", true),
    ("USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n", "FooBot", "/a/b", false),
    ("uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n", "FooBot", "/x/y", true),
    ("uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n", "FooBot", "/a/b", false),
    // ID_UserAgentValueCaseInsensitive
    ("User-Agent: FOO BAR\nAllow: /x/\nDisallow: /\n", "Foo", "/x/y", true),
    ("User-Agent: FOO BAR\nAllow: /x/\nDisallow: /\n", "foo", "/a/b", false),
    ("User-Agent: FoO bAr\nAllow: /x/\nDisallow: /\n", "foo", "/x/y", true),
    // GoogleOnly_AcceptUserAgentUpToFirstSpace
    ("User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n", "Foo", "/x/y", true),
    // ID_GlobalGroups_Secondary
    ("", "FooBot", "/x/y", true),
    ("user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n", "FooBot", "/x/y", false),
    ("user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n", "BarBot", "/x/y", true),
    ("user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\nuser-agent: BazBot\ndisallow: /\n", "QuxBot", "/x/y", true),
    // ID_AllowDisallow_Value_CaseSensitive
    ("user-agent: FooBot\ndisallow: /x/\n", "FooBot", "/x/y", false),
    ("user-agent: FooBot\ndisallow: /X/\n", "FooBot", "/x/y", true),
    // ID_LongestMatch
    ("user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n", "FooBot", "/x/page.html", false),
    ("user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n", "FooBot", "/x/page.html", true),
    ("user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n", "FooBot", "/x/", false),
    ("user-agent: FooBot\ndisallow: \nallow: \n", "FooBot", "/x/page.html", true),
    ("user-agent: FooBot\ndisallow: /\nallow: /\n", "FooBot", "/x/page.html", true),
    ("user-agent: FooBot\ndisallow: /x\nallow: /x/\n", "FooBot", "/x", false),
    ("user-agent: FooBot\ndisallow: /x\nallow: /x/\n", "FooBot", "/x/", true),
    ("user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/page.html\n", "FooBot", "/x/page.html", true),
    ("user-agent: FooBot\nallow: /page\ndisallow: /*.html\n", "FooBot", "/page.html", false),
    ("user-agent: FooBot\nallow: /page\ndisallow: /*.html\n", "FooBot", "/page", true),
    ("user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n", "FooBot", "/x/page.html", true),
    ("user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n", "FooBot", "/x/y.html", false),
    ("User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n", "FooBot", "/x/page", true),
    ("User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n", "FooBot", "/y/page", false),
    // ID_Encoding. Google leaves %62 and raw UTF-8 paths as they are; we compare both sides in one spelling, as §2.2.2 says.
    ("User-agent: FooBot\nDisallow: /\nAllow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par\n", "FooBot",
     "/foo/bar?qux=taz&baz=http://foo.bar?tar&par", true),
    ("User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/ツ\n", "FooBot", "/foo/bar/%E3%83%84", true),
    ("User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/ツ\n", "FooBot", "/foo/bar/ツ", true),
    ("User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%e3%83%84\n", "FooBot", "/foo/bar/%E3%83%84", true),
    ("User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%62%61%7A\n", "FooBot", "/foo/bar/%62%61%7A", true),
    ("User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%62%61%7A\n", "FooBot", "/foo/bar/baz", true),
    // ID_SpecialCharacters
    ("User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n", "FooBot", "/foo/bar/quz", false),
    ("User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n", "FooBot", "/foo/quz", true),
    ("User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n", "FooBot", "/foo//quz", true),
    ("User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n", "FooBot", "/foo/bax/quz", true),
    ("User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n", "FooBot", "/foo/bar", false),
    ("User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n", "FooBot", "/foo/bar/qux", true),
    ("User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n", "FooBot", "/foo/bar/", true),
    ("User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n", "FooBot", "/foo/bar/baz", true),
    ("User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n", "FooBot", "/foo/bar", true),
    ("User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n", "FooBot", "/foo/quz", false),
    // GoogleOnly_DocumentationChecks
    (FISH, "FooBot", "/bar", false), (FISH, "FooBot", "/fish", true), (FISH, "FooBot", "/fish.html", true),
    (FISH, "FooBot", "/fish/salmon.html", true), (FISH, "FooBot", "/fishheads/yummy.html", true),
    (FISH, "FooBot", "/fish.html?id=anything", true), (FISH, "FooBot", "/Fish.asp", false), (FISH, "FooBot", "/catfish", false),
    (FISH, "FooBot", "/?id=fish", false),
    (FISH_STAR, "FooBot", "/bar", false), (FISH_STAR, "FooBot", "/fish", true), (FISH_STAR, "FooBot", "/fishheads", true),
    (FISH_STAR, "FooBot", "/fish.html?id=anything", true), (FISH_STAR, "FooBot", "/Fish.bar", false),
    (FISH_STAR, "FooBot", "/?id=fish", false),
    (FISH_DIR, "FooBot", "/fish/", true), (FISH_DIR, "FooBot", "/fish/?id=anything", true), (FISH_DIR, "FooBot", "/fish", false),
    (FISH_DIR, "FooBot", "/fish.html", false), (FISH_DIR, "FooBot", "/Fish/Salmon.html", false),
    (PHP, "FooBot", "/filename.php", true), (PHP, "FooBot", "/folder/filename.php?parameters", true),
    (PHP, "FooBot", "//folder/any.php.file.html", true), (PHP, "FooBot", "/index?f=filename.php/", true),
    (PHP, "FooBot", "/php/", false), (PHP, "FooBot", "/index?php", false), (PHP, "FooBot", "/windows.PHP", false),
    (PHP_END, "FooBot", "/filename.php", true), (PHP_END, "FooBot", "/folder/filename.php", true),
    (PHP_END, "FooBot", "/filename.php?parameters", false), (PHP_END, "FooBot", "/filename.php/", false),
    (PHP_END, "FooBot", "/filename.php5", false), (PHP_END, "FooBot", "/aaaphpaaa", false),
    ("user-agent: FooBot\ndisallow: /\nallow: /fish*.php\n", "FooBot", "/fishheads/catfish.php?parameters", true),
    ("user-agent: FooBot\ndisallow: /\nallow: /fish*.php\n", "FooBot", "/Fish.PHP", false),
    ("user-agent: FooBot\nallow: /p\ndisallow: /\n", "FooBot", "/page", true),
    ("user-agent: FooBot\nallow: /folder\ndisallow: /folder\n", "FooBot", "/folder/page", true),
    ("user-agent: FooBot\nallow: /page\ndisallow: /*.htm\n", "FooBot", "/page.htm", false),
    ("user-agent: FooBot\nallow: /$\ndisallow: /\n", "FooBot", "/", true),
    ("user-agent: FooBot\nallow: /$\ndisallow: /\n", "FooBot", "/page.html", false),
    // ID_LinesNumbersAreCountedCorrectly: any line end; ID_UTF8ByteOrderMarkIsSkipped; ID_NonStandardLineExample
    ("User-Agent: foo\r\nAllow: /some/path\r\nUser-Agent: bar\r\n\r\nDisallow: /\r\n", "bar", "/x", false),
    ("User-Agent: foo\rAllow: /some/path\rUser-Agent: bar\r\rDisallow: /\r", "bar", "/x", false),
    ("User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\nDisallow: /", "bar", "/x", false),
    ("\u{feff}User-Agent: foo\nDisallow: /AnyValue\n", "foo", "/AnyValue", false),
    ("User-Agent: foo\nAllow: /some/path\nUser-Agent: *\nSitemap: http://foo.bar/sitemap.xml\n", "foo", "/x", true),
];

const GROUPS: &str = "allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\n\n\n\
    allow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n";
const FISH: &str = "user-agent: FooBot\ndisallow: /\nallow: /fish\n";
const FISH_STAR: &str = "user-agent: FooBot\ndisallow: /\nallow: /fish*\n";
const FISH_DIR: &str = "user-agent: FooBot\ndisallow: /\nallow: /fish/\n";
const PHP: &str = "user-agent: FooBot\ndisallow: /\nallow: /*.php\n";
const PHP_END: &str = "user-agent: FooBot\ndisallow: /\nallow: /*.php$\n";

#[test]
fn google_and_we_read_the_same_rules() {
    let wrong: Vec<_> =
        GOOGLE.iter().filter(|(robots, product, path, want)| allowed(product, robots, path) != *want).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_site_addresses_us_by_our_name_with_or_without_a_version() {
    for name in ["jianzheng", "Jianzheng/0.1", "JIANZHENG", "jianzheng (patrol)"] {
        let robots = Robots::parse(format!("User-agent: {name}\nDisallow: /\nUser-agent: *\nAllow: /").as_bytes());
        assert!(!robots.allows(b"/x"), "{name}");
    }
    for name in ["jianzhengbot", "jian", "x jianzheng", ""] {
        let robots = Robots::parse(format!("User-agent: {name}\nDisallow: /").as_bytes());
        assert!(robots.allows(b"/x"), "{name:?}");
    }
}

#[test]
fn a_group_that_only_names_us_overrides_the_one_for_everybody() {
    assert!(Robots::parse(b"User-agent: *\nDisallow: /\nUser-agent: jianzheng\nDisallow:\n").allows(b"/x"));
    assert!(Robots::parse(b"User-agent: *\nDisallow: /\nUser-agent: jianzheng").allows(b"/x"));
}

#[test]
fn robots_txt_itself_may_always_be_read() {
    let robots = Robots::parse(b"User-agent: *\nDisallow: /");
    assert!(robots.allowed(&Url::parse("http://a.example/robots.txt").unwrap()));
    assert!(!robots.allowed(&Url::parse("http://a.example/robots.txt.bak").unwrap()));
}

#[test]
fn coded_stars_and_dollars_are_characters() {
    #[rustfmt::skip]
    let cases = [
        ("/a%2Ab", "/a*b", false), ("/a%2Ab", "/a%2ab", false), ("/a%2Ab", "/axb", true), ("/a*b", "/axb", false),
        ("/a%24", "/a$", false), ("/a%24", "/a", true), ("/a$b", "/a$b", false), ("/a$b", "/a", true), ("/a$", "/ab", true),
        ("/%7Ejoe", "/~joe", false), ("/a%2Fb", "/a/b", true), ("/证", "/%E8%AF%81书", false), ("*", "/x", false),
        ("/*/*/*$", "/a/b/c", false), ("/a**b", "/axxb", false), ("no-slash", "/no-slash", true), ("/%zz", "/%zz", false),
    ];
    for (rule, path, want) in cases {
        let got = allowed("a", &format!("User-agent: a\nDisallow: {rule}"), path);
        assert_eq!(got, want, "{rule} on {path}");
    }
}

#[test]
fn length_is_measured_as_written() {
    assert!(allowed("a", "User-agent: a\nDisallow: /b/\nAllow: **a", "/b/a"), "three octets each: allow wins");
    assert!(!allowed("a", "User-agent: a\nDisallow: /b/\nAllow: *a", "/b/a"));
}

#[test]
fn crawl_delay_is_read_and_held_within_reason() {
    for (value, want) in [
        ("10", Some(10_000)),
        ("0.5", Some(500)),
        ("1e9", Some(3_600_000)),
        ("-3", Some(0)),
        ("NaN", None),
        ("inf", Some(3_600_000)),
        ("x", None),
    ] {
        let robots = Robots::parse(format!("User-agent: *\nCrawl-delay: {value}\nDisallow: /x").as_bytes());
        assert_eq!(robots.crawl_delay().map(|delay| delay.as_millis()), want, "{value}");
        assert!(!robots.allows(b"/x"));
    }
    assert_eq!(Robots::parse(b"User-agent: other\nCrawl-delay: 9").crawl_delay(), None);
}

#[test]
fn what_lies_beyond_the_limits_is_not_read_and_that_is_told() {
    let mut long = b"User-agent: *\nDisallow: /x\n".to_vec();
    long.extend(std::iter::repeat_n(b'#', MAX_BYTES));
    long.extend(b"\nDisallow: /y\n");
    let robots = Robots::parse(&long);
    assert!(robots.cut() && !robots.allows(b"/x") && robots.allows(b"/y"));
    assert!(!Robots::parse(b"User-agent: *\nDisallow: /x\n").cut());
    assert!(!Robots::parse(&[0xff, 0xfe, 0, b'U', 0, b'\n']).cut());
}

/// Half a megabyte of rules made to be slow: every one has to be tried, each against the whole path.
#[test]
fn fifteen_thousand_wildcard_rules_answer_within_a_millisecond() {
    let rules: String = (0..15_000).map(|n| format!("Disallow: /*a*a*a*a*a*a*{n:05}\n")).collect();
    let robots = Robots::parse(format!("User-agent: *\n{rules}").as_bytes());
    let path = format!("/{}", "a".repeat(2047));
    let best = (0..20)
        .map(|_| {
            let start = Instant::now();
            assert!(robots.allows(path.as_bytes()));
            start.elapsed()
        })
        .min();
    assert!(robots.cut());
    // 0.8 ms in the development profile on two shared cores; the bound leaves room for a busy machine.
    assert!(best < Some(Duration::from_millis(4)), "{best:?}");
}

/// The definition, without any cleverness: try all, take the longest, allow first.
fn naive(rules: &[(bool, String)], path: &str) -> bool {
    fn glob(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => true,
            [b'$'] => path.is_empty(),
            [b'*', rest @ ..] => (0..=path.len()).any(|at| glob(rest, &path[at..])),
            [byte, rest @ ..] => path.first() == Some(byte) && glob(rest, &path[1..]),
        }
    }
    rules
        .iter()
        .filter(|(_, pattern)| !pattern.is_empty() && glob(pattern.as_bytes(), path.as_bytes()))
        .map(|(allow, pattern)| (pattern.len(), *allow))
        .max()
        .is_none_or(|(_, allow)| allow)
}

proptest! {
    #[test]
    fn it_agrees_with_the_naive_matcher(
        rules in proptest::collection::vec((any::<bool>(), "/?(([ab/]|[ab]\\*){0,6}|\\*[ab]{0,3}\\*[ab])\\$?"), 0..12),
        path in "/[ab/]{0,10}",
    ) {
        let text: String =
            rules.iter().map(|(allow, rule)| format!("{}: {rule}\n", if *allow { "Allow" } else { "Disallow" })).collect();
        prop_assert_eq!(allowed("a", &format!("User-agent: a\n{text}"), &path), naive(&rules, &path), "{}", text);
    }

    #[test]
    fn rubbish_is_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..400), path in ".{0,40}") {
        let body = [b"User-agent: *\nDisallow: ", &body[..]].concat();
        Robots::parse(&body).allows(path.as_bytes());
    }
}
