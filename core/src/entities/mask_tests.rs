//! What is masked and what is left alone, case by case.

use super::*;
use proptest::prelude::*;

#[test]
fn identity_numbers_are_starred_sign_for_sign() {
    let cases = [
        ("证件号330212199001011232完", "证件号3302**********1232完"),
        ("T330212199001011232", "T3302**********1232"),
        ("T330212199001011230", "T3302**********1230"),
        ("33021219900101007X", "3302**********007X"),
        ("33021219900101007x", "3302**********007x"),
        ("３３０２１２１９９００１０１１２３２", "３３０２**********１２３２"),
        ("330212 19900101 1232", "3302** ******** 1232"),
        ("330212-1990-0101-1232", "3302**-****-****-1232"),
        ("330212900101123", "3302********123"),
        ("编号：330212199001011232-01", "编号：3302**********1232-01"),
        ("0330212199001011232", "03302**********1232"),
        // The check sign is wrong, but it is plainly somebody's; or the words say so.
        ("330212199001011234", "3302**********1234"),
        ("330212 19900101 1234", "3302** ******** 1234"),
        ("330212-1990-01-01-1234", "3302**-****-**-**-1234"),
        ("身份证：330212199013011236", "身份证：3302**********1236"),
        ("证件号码 123456789012345678", "证件号码 1234**********5678"),
        ("身份证号123456789012345", "身份证号1234********345"),
        ("330212–19900101–1232", "3302**–********–1232"),
        ("3️⃣30212199001011232", "3️⃣302**********1232"),
    ];
    for (raw, want) in cases {
        let masked = mask_ids(raw);
        assert_eq!(masked, want);
        assert_eq!(masked.chars().count(), raw.chars().count());
    }
}

#[test]
fn identity_numbers_over_lines_and_cells_are_starred() {
    let cases = [
        ("330212\n19900101\n1232", "3302**\n********\n1232"),
        ("姓名\t330212\t1990\t01\t01\t1232\t电工", "姓名\t3302**\t****\t**\t**\t1232\t电工"),
        ("证号330212199\r\n001011232。", "证号3302*****\r\n*****1232。"),
        ("330212 1990\n0101 1232", "3302** ****\n**** 1232"),
        ("T330212\n19900101\n1230", "T3302**\n********\n1230"),
        ("33021219900101\n007x", "3302**********\n007x"),
        ("３３０２１２\n19900101\n１２３２", "３３０２**\n********\n１２３２"),
        // One sign a cell, as forms have it; the numbers around it stay.
        (
            "3\n3\t3\t0\t2\t1\t2\t1\t9\t9\t0\t0\t1\t0\t1\t1\t2\t3\t2\n5",
            "3\n3\t3\t0\t2\t*\t*\t*\t*\t*\t*\t*\t*\t*\t*\t1\t2\t3\t2\n5",
        ),
        ("15000\n330212\t19900101\t1232\n280", "15000\n3302**\t********\t1232\n280"),
        ("身份证号\t330212\t900101\t123", "身份证号\t3302**\t******\t123"),
    ];
    for (raw, want) in cases {
        let masked = mask_ids(raw);
        assert_eq!(masked, want);
        assert_eq!(masked.chars().count(), raw.chars().count());
    }
}

#[test]
fn an_identity_number_cut_in_two_anywhere_is_starred() {
    let number = "330212199001011232";
    for at in 1..18 {
        for between in ["\n", "\t", " \n ", "\r\n\r\n"] {
            let raw = format!("{}{between}{}", &number[..at], &number[at..]);
            let masked = mask_ids(&raw).replace(between, "");
            // What is left after a cut may look like an old number and lose a sign more.
            assert_eq!(&masked[..14], "3302**********", "{raw:?}");
        }
    }
}

#[test]
fn identity_numbers_in_the_source_of_a_page_are_starred() {
    let cases = [
        (
            "<tr>\n  <td>330212</td>\n  <td a=1>19900101</td>\n <td>1232</td></tr>",
            "<tr>\n  <td>3302**</td>\n  <td a=1>********</td>\n <td>1232</td></tr>",
        ),
        ("<p id=330212199001011232>330212<br/>199001011232", "<p id=3302**********1232>3302**<br/>********1232"),
        ("<p id=330212199001011232>", "<p id=3302**********1232>"),
        ("<a href='/q?id=%33%33%30212199001011232'>MzMwMjEy", "<a href='/q?id=3302**********1232'>MzMwMjEy"),
        ("<a href=\"/q?id=MzMwMjEyMTk5MDAxMDExMjMy\">", "<a href=\"/q?id=***\">"),
        ("<b>３３０２１２</b>199001011232<", "<b>３３０２**</b>********1232<"),
    ];
    for (raw, want) in cases {
        assert_eq!(mask_source(raw), want);
    }
    for raw in ["", "<", "<td>330212</td><td>20240101</td><td>1236</td>", "<p>电话 13000001234</p>\n<p>8880000</p>"] {
        assert_eq!(mask_source(raw), raw);
    }
}

#[test]
fn tables_of_numbers_are_left_alone() {
    for raw in [
        // 代码, a date of our days, a count: the check sign fits, but nobody of that age has a permit.
        "330212\t20240101\t1236\n330203\t20240102\t0871\n330212\t20240103\t1237",
        // The date is nobody's day of birth.
        "330212\t19901301\t1232",
        // The check sign does not fit.
        "330212\t19900101\t1234",
        // A cell goes on before or behind.
        "1330212\t19900101\t1232",
        "330212\t19900101\t12325",
        // Phones below each other, prices, years, lists of scores.
        "13000001234\n8880000\n13000005678\n0574-88880000",
        "2018\t2019\t2020\t2021\t2022\n1850\t1990\t2100\t1980\t2050",
        "低压电工\t680\t1200\t30\n高压电工\t780\t1300\t30",
        "1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11\t12\t13\t14\t15\t16\t17\t18",
        "330212\t330213\t330225\t330226\t330281\t330282",
        // Words stand between.
        "330212\n出生19900101\n1232",
        // Of the old kind without a check sign: any three columns may look so, where nothing says what they are.
        "产值\t330212\t900101\t123",
        "证\t33\t0212\t900101\t123",
        "证\t5\n330212\t900101\t123",
    ] {
        assert!(matches!(mask_ids(raw), Cow::Borrowed(_)), "{raw:?}: {:?}", mask_ids(raw));
    }
    assert_eq!(&identity("33021220240101123"), "330212202401011236", "the date alone keeps it");
}

#[test]
fn other_numbers_are_left_alone() {
    for raw in [
        "",
        "330212199013011236",
        "330212199013011236 是订单号",
        "3302121990010112345678",
        "993012199001011236",
        "13000001234 13000005678",
        "202611230000000000",
        "1700000000000",
        "91330212MA2AAAAAXX",
        "992129901011231",
        "3302**********1232",
    ] {
        assert!(matches!(mask_ids(raw), Cow::Borrowed(_)), "{raw}: {}", mask_ids(raw));
    }
}

#[test]
fn identity_numbers_in_addresses_are_starred_however_encoded() {
    let cases = [
        ("http://a.example/q?id=330212199001011232&x=1", "http://a.example/q?id=3302**********1232&x=1"),
        ("http://a.example/cert/T330212199001011232.html", "http://a.example/cert/T3302**********1232.html"),
        ("http://a.example/?id=%33%33%30212199001011232", "http://a.example/?id=3302**********1232"),
        ("http://a.example/?id=MzMwMjEyMTk5MDAxMDExMjMy", "http://a.example/?id=***"),
        ("http://a.example/?id=VDMzMDIxMjE5OTAwMTAxMTIzMg%3D%3D#top", "http://a.example/?id=***#top"),
        ("http://a.example/?id=VDMzMDIxMjE5OTAwMTAxMTIzMg==", "http://a.example/?id=***"),
        ("http://a.example/q/VDMzMDIxMjE5OTAwMTAxMTIzMg==/", "http://a.example/q/***/"),
    ];
    for (url, want) in cases {
        assert_eq!(mask_url(url), want, "{url}");
    }
    for url in
        ["http://a.example/?id=aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=", "https://cx.mem.gov.cn/special?index=0", "%%%", ""]
    {
        assert!(matches!(mask_url(url), Cow::Borrowed(_)), "{url}");
    }
}

proptest! {
    #[test]
    fn no_identity_number_survives(head in 0_u32..1000, day in 1_u32..29, before in "[a-z办证：]{0,5}", after in "[a-z办证，]{0,5}") {
        let number = identity(&format!("330212199001{day:02}{head:03}"));
        let text = format!("{before}{number}{after}");
        prop_assert!(!mask_ids(&text).contains(&number));
        let url = format!("http://a.example/{number}?x={number}");
        prop_assert!(!mask_url(&url).contains(&number));
    }
}

/// Adds the check sign of GB 11643.
fn identity(body: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{body}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize])
}
