//! Which encoding a page is read in, whatever it says of itself; and the standard's own cases.

use super::*;

const TEXT: &str =
    "<title>特种作业操作证查询平台</title><p>电工作业、焊接与热切割作业，请输入证件号码和姓名进行查询。</p>";

fn check(bytes: &[u8], header: Option<&str>, charset: &str, told: Told) {
    let decoded = decode(bytes, header);
    assert_eq!((decoded.charset, decoded.told), (charset, told), "{header:?}");
    assert!(decoded.text.contains("特种作业操作证查询平台"), "{}", decoded.text);
}

fn encode(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    encoding.encode(text).0.into_owned()
}

#[test]
fn an_honest_page_is_believed() {
    check(TEXT.as_bytes(), Some("utf-8"), "UTF-8", Told::Header);
    check(&encode(GBK, TEXT), Some("gb2312"), "gb18030", Told::Header);
    check(&encode(GBK, &format!("<meta charset=\"gbk\">{TEXT}")), None, "gb18030", Told::Meta);
    let old = format!("<META http-equiv=Content-Type content='text/html; charset=gb2312'>{TEXT}");
    check(&encode(GBK, &old), None, "gb18030", Told::Meta);
    check(format!("\u{FEFF}{TEXT}").as_bytes(), Some("gbk"), "UTF-8", Told::Mark);
}

#[test]
fn a_wrong_label_loses_to_the_bytes() {
    check(TEXT.as_bytes(), Some("gbk"), "UTF-8", Told::Guess);
    check(&encode(GBK, TEXT), Some("utf-8"), "gb18030", Told::Guess);
    check(&encode(GBK, &format!("<meta charset=gbk>{TEXT}")), Some("utf-8"), "gb18030", Told::Meta);
    check(&encode(GBK, TEXT), Some("nonsense"), "gb18030", Told::Guess);
    check(&encode(GBK, TEXT), Some("iso-8859-1"), "gb18030", Told::Guess);
    check(&encode(GBK, &format!("<meta charset=gb2312>{TEXT}")), Some("iso-8859-1"), "gb18030", Told::Meta);
}

#[test]
fn an_unlabelled_page_is_guessed() {
    check(TEXT.as_bytes(), None, "UTF-8", Told::Guess);
    check(&encode(GBK, TEXT), None, "gb18030", Told::Guess);
    let with_markup = format!("<html><head><meta name=a><link rel=b><body class=c>{TEXT}");
    let wide: Vec<u8> = with_markup.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&wide, None, "UTF-16LE", Told::Guess);
}

#[test]
fn big5_is_read() {
    let text = "<title>特種作業操作證</title><p>不用考試，三天拿證，電工證焊工證高空證全國可查，聯繫電話請加微信。</p>";
    let (bytes, _, _) = encoding_rs::BIG5.encode(text);
    assert_eq!(decode(&bytes, Some("big5")).text, text);
    assert_eq!(decode(&bytes, None).text, text);
}

const TRADITIONAL: &str =
    "<title>特種作業操作證</title><p>不用考試，三天拿證，電工證焊工證高空證全國可查，聯繫電話請加微信。</p>";

#[test]
fn a_page_that_is_cut_within_a_character_is_read_like_the_whole() {
    let page = format!("{TEXT}证");
    for cut in 1..3 {
        check(&page.as_bytes()[..page.len() - cut], None, "UTF-8", Told::Guess);
        check(&page.as_bytes()[..page.len() - cut], Some("utf-8"), "UTF-8", Told::Header);
        check(&page.as_bytes()[..page.len() - cut], Some("iso-8859-1"), "UTF-8", Told::Guess);
    }
    let page = encode(GBK, &page);
    check(&page[..page.len() - 1], None, "gb18030", Told::Guess);
    check(&page[..page.len() - 1], Some("gbk"), "gb18030", Told::Header);
}

#[test]
fn bytes_that_fit_nowhere_do_not_unsay_a_label_or_what_the_rest_is() {
    let strewn: Vec<u8> = TEXT.as_bytes().chunks(24).flat_map(|chunk| [chunk, b"\xFF"].concat()).collect();
    for junk in [&b"\xFF"[..], &[0xFF; 40], &[0xFF; 4000], b"\xFE\x81 \xC3\x28 \xE4"] {
        for hull in ["<!--", "<script>/*", "<style>/*", "<p>"] {
            let shut = match hull {
                "<!--" => "-->",
                "<script>/*" => "*/</SCRIPT>",
                "<style>/*" => "*/</style>",
                _ => "</p>",
            };
            let page = |text: &[u8]| [hull.as_bytes(), junk, shut.as_bytes(), text].concat();
            check(&page(TEXT.as_bytes()), Some("utf-8"), "UTF-8", Told::Header);
            check(&page(TEXT.as_bytes()), None, "UTF-8", Told::Guess);
            check(&page(&encode(GBK, TEXT)), Some("gbk"), "gb18030", Told::Header);
            if hull != "<p>" {
                check(&page(&encode(GBK, TEXT)), None, "gb18030", Told::Guess);
            }
        }
    }
    let decoded = decode(&strewn, Some("utf-8"));
    assert_eq!((decoded.charset, decoded.told), ("UTF-8", Told::Header));
    // A label that nearly nothing bears out is none, whatever stands in a comment.
    let wrong = [b"<!--".as_slice(), TEXT.as_bytes(), b"-->", &encode(GBK, TEXT)].concat();
    check(&wrong, Some("utf-8"), "gb18030", Told::Guess);
}

#[test]
fn an_accented_page_with_a_stray_byte_keeps_its_label() {
    let page = [&b"\xE9"[..], "<p>Les élèves ont étudié à l'école élémentaire.</p>".as_bytes()].concat();
    assert_eq!(decode(&page, Some("utf-8")).charset, "UTF-8");
}

#[test]
fn gbk_and_big5_are_told_apart_whatever_the_label() {
    let (gbk, big5) = (encode(GBK, TEXT), encode(BIG5, TRADITIONAL));
    check(&gbk, Some("big5"), "gb18030", Told::Guess);
    check(&encode(GBK, &format!("<meta charset=gbk>{TEXT}")), Some("big5"), "gb18030", Told::Meta);
    for label in ["gbk", "gb2312", "gb18030", "utf-8"] {
        assert_eq!(decode(&big5, Some(label)).text, TRADITIONAL, "{label}");
        let page = [format!("<meta charset={label}>").as_bytes(), &big5].concat();
        assert!(decode(&page, None).text.ends_with(TRADITIONAL), "{label}");
    }
    // Of each its own label is right.
    assert_eq!(decode(&big5, Some("big5")).told, Told::Header);
    check(&gbk, Some("gbk"), "gb18030", Told::Header);
    assert_eq!(decode(&encode(GBK, TRADITIONAL), Some("gbk")).text, TRADITIONAL);
    // Signs of one's own in the private area are no Big5.
    let own = [&b"\xAA\xA1\xAA\xA2\xAA\xA3\xAA\xA4\xAA\xA5"[..], &gbk].concat();
    check(&own, Some("gbk"), "gb18030", Told::Header);
}

#[test]
fn what_stands_behind_much_ascii_is_read_too() {
    let page = [&b"<div class=x> ".repeat(6_000)[..], &encode(GBK, TEXT)].concat();
    check(&page, None, "gb18030", Told::Guess);
    let page = [&b"\xA9<br>"[..], &b"<div class=x> ".repeat(6_000), &encode(GBK, TEXT)].concat();
    check(&page, None, "gb18030", Told::Guess);
}

#[test]
fn utf_16_is_told_by_its_zeros_though_a_sign_has_one_too() {
    let page = format!("<html><head><title>一</title><body class=c><p>一一</p>{TEXT}");
    let little: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = page.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for label in [None, Some("utf-8"), Some("gbk")] {
        check(&little, label, "UTF-16LE", Told::Guess);
        check(&big, label, "UTF-16BE", Told::Guess);
    }
    // Zeros that readers do not see make no other page of one in UTF-8.
    let page = [&b"<\0b\0r\0>\0".repeat(64)[..], TEXT.as_bytes()].concat();
    check(&page, Some("utf-8"), "UTF-8", Told::Header);
}

#[test]
fn a_content_type_gives_its_charset() {
    assert_eq!(of_content_type("text/html; charset=GBK"), Some("GBK"));
    assert_eq!(of_content_type("text/html;Charset=\"utf-8\"; x=y"), Some("utf-8"));
    assert_eq!(of_content_type("text/html"), None);
    assert_eq!(of_content_type("text/html; charset="), None);
}

/// What html5lib holds of a `<meta>` (and of nothing, which is windows-1252 there).
#[test]
fn a_meta_tag_is_found_as_the_standard_says() {
    // What we state differently: this page writes its tag by a script, and no script runs here.
    const SCRIPTED: &[u8] = b"document.write('<meta charset=\"ISO-8859-' + '2\">')";
    let files: [&[u8]; 2] = [
        include_bytes!("../../tests/data/html5lib/encoding/tests1.dat"),
        include_bytes!("../../tests/data/html5lib/encoding/tests2.dat"),
    ];
    let (mut held, mut scripted) = (0, 0);
    for case in files.iter().flat_map(|file| split(file, b"#data\n")).filter(|case| !case.is_empty()) {
        let [page, wanted] = split(case, b"\n#encoding\n")[..] else { panic!("no encoding in {case:?}") };
        let found =
            Encoding::for_bom(page).map(|(encoding, _)| encoding).or_else(|| meta(page)).unwrap_or(WINDOWS_1252);
        if memchr::memmem::find(page, SCRIPTED).is_some() {
            assert_eq!(found, WINDOWS_1252);
            scripted += 1;
            continue;
        }
        let wanted = Encoding::for_label(wanted.trim_ascii()).unwrap();
        assert_eq!(found, wanted, "{}", String::from_utf8_lossy(page));
        held += 1;
    }
    assert_eq!((held, scripted), (81, 1));
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(i) = memchr::memmem::find(rest, by) {
        parts.push(&rest[..i]);
        rest = &rest[i + by.len()..];
    }
    parts.push(rest);
    parts
}

/// GBK and GB18030 by the Encoding standard, as WPT's legacy-mb-schinese holds browsers to it: sequences that are broken give back
/// what does not belong to them, so that no byte of markup is swallowed.
#[test]
fn chinese_bytes_become_what_browsers_make_of_them() {
    let cases: [(&[u8], &str); 16] = [
        (b"\x82\x30\xC3", "\u{FFFD}"),
        (b"\x82\x30\xC3\x53", "\u{FFFD}0\u{80A7}"),
        (b"\x83\x30\xFF\x33", "\u{FFFD}0\u{FFFD}3"),
        (b"\x82\xFF\xC3\x33", "\u{FFFD}\u{FFFD}"),
        (b"\xFF\x30\xC3\x33", "\u{FFFD}0\u{FFFD}"),
        (b"\x80", "\u{20AC}"),
        (b"\x81<p>", "\u{FFFD}<p>"),
        (b"\xB5\xE7\xB9\xA4\xD6\xA4", "电工证"),
        (b"\x81\x40", "\u{4E02}"),
        (b"\xFE\x50", "\u{2E81}"),
        (b"\x81\x30\x81\x30", "\u{80}"),
        (b"\x82\x35\x8F\x33", "\u{9FA6}"),
        (b"\x90\x30\x81\x30", "\u{10000}"),
        (b"\x95\x32\x82\x36", "\u{20000}"),
        (b"\xE3\x32\x9A\x35", "\u{10FFFF}"),
        (b"\xE3\x32\x9A\x36", "\u{FFFD}"),
    ];
    for (bytes, wanted) in cases {
        for label in ["gbk", "gb18030"] {
            let encoding = known(label).map(widen).unwrap();
            assert_eq!(encoding.decode_without_bom_handling(bytes).0, wanted, "{label} {bytes:02X?}");
        }
    }
    // 2022: these stood in the private use area before.
    assert_eq!(GB18030.decode_without_bom_handling(b"\xA6\xD9\xFE\x59").0, "\u{FE10}\u{9FB4}");
}

#[test]
fn every_label_of_the_standard_is_known() {
    let gbk = [
        "chinese",
        "csgb2312",
        "csiso58gb231280",
        "gb2312",
        "gb_2312",
        "gb_2312-80",
        "gbk",
        "iso-ir-58",
        "x-gbk",
        " GBK\t",
    ];
    assert!(gbk.into_iter().all(|label| known(label) == Some(GBK)));
    assert_eq!(known("gb18030"), Some(GB18030));
    assert!(
        ["big5", "big5-hkscs", "cn-big5", "csbig5", "x-x-big5"]
            .into_iter()
            .all(|l| known(l).is_some_and(|e| e.name() == "Big5"))
    );
    assert!(
        ["hz-gb-2312", "iso-2022-cn", "replacement", "gbk2312", ""].into_iter().all(|label| known(label).is_none())
    );
}

#[test]
fn no_label_hides_a_page() {
    let gbk = encode(GBK, TEXT);
    for label in
        ["hz-gb-2312", "iso-2022-cn", "replacement", "utf-16", "utf-16be", "x-user-defined", "windows-1252", "us-ascii"]
    {
        check(&gbk, Some(label), "gb18030", Told::Guess);
        check(TEXT.as_bytes(), Some(label), "UTF-8", Told::Guess);
    }
    for label in ["hz-gb-2312", "utf-16", "gb2312\0", "utf-7"] {
        assert!(
            decode(&encode(GBK, &format!("<meta charset={label}>{TEXT}")), None).text.contains("特种作业操作证"),
            "{label}"
        );
    }
    let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(&wide, Some("utf-16be"), "UTF-16BE", Told::Header);
    let marked: Vec<u8> = [0xFF, 0xFE].into_iter().chain(TEXT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    check(&marked, Some("gbk"), "UTF-16LE", Told::Mark);
}

#[test]
fn an_old_phones_page_says_its_encoding_in_xml() {
    let page = format!("<?xml version=\"1.0\" encoding='gb2312'?>{TEXT}");
    check(&encode(GBK, &page), None, "gb18030", Told::Meta);
    let page = format!("<?xml version=\"1.0\"?><meta charset=gbk>{TEXT}");
    check(&encode(GBK, &page), None, "gb18030", Told::Meta);
}
