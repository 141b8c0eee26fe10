//! Claims about entities: hits and the traps that look like them. People and numbers are made up.

use super::*;
use crate::text::fold;
use proptest::prelude::*;

/// The values of one kind in a text, in order.
fn values(kind: Kind, raw: &str) -> Vec<String> {
    in_text(raw, &fold(raw)).into_iter().filter(|entity| entity.kind == kind).map(|entity| entity.value).collect()
}

/// Each text holds exactly these values of the kind; all failures are told.
#[track_caller]
fn check(kind: Kind, cases: &[(&str, &[&str])]) {
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(raw, want)| values(kind, raw) != *want)
        .map(|(raw, want)| format!("{raw:?}: {:?}, not {want:?}", values(kind, raw)))
        .collect();
    assert!(wrong.is_empty(), "{kind:?}\n{}", wrong.join("\n"));
}

#[track_caller]
fn none(kind: Kind, cases: &[&str]) {
    check(kind, &cases.iter().map(|raw| (*raw, &[][..])).collect::<Vec<_>>());
}

#[test]
fn mobile_numbers_however_written() {
    let one: &[&str] = &["13000001234"];
    let texts = [
        "13000001234",
        "电话：130-0000-1234",
        "电话130 0000 1234",
        "130.0000.1234",
        "130·0000·1234",
        "1 3 0 0 0 0 0 1 2 3 4",
        "1-3-0-0-0-0-0-1-2-3-4",
        "+86 13000001234",
        "+8613000001234",
        "86-130-0000-1234",
        "0086 130 0000 1234",
        "１３０００００１２３４",
        "𝟭𝟯𝟬0000𝟭𝟮𝟯𝟰",
        "一三零零零零零一二三四",
        "13OOOOO1234",
        "130(电)0000(微)1234",
        "130电0000微1234",
        "130★0000★1234",
        "1️⃣3️⃣0️⃣0️⃣0️⃣0️⃣0️⃣1️⃣2️⃣3️⃣4️⃣",
        "⒔0⓪000⒈⒉⒊⒋",
        "(电话)13000001234",
        "vx13000001234",
        "13000001234vx",
        "电13000 001234",
        "013000001234",
        "咨询热线13000001234一级建造师",
        "13000001234、0574",
    ];
    check(Kind::Phone, &texts.map(|text| (text, one)));
    check(
        Kind::Phone,
        &[
            ("13000001234/13000005678", &["13000001234", "13000005678"]),
            ("13000001234 13000005678", &["13000001234", "13000005678"]),
            ("130 0000 1234 130 0000 5678", &["13000001234", "13000005678"]),
            ("400-000-1234", &["4000001234"]),
            ("全国热线4000001234", &["4000001234"]),
        ],
    );
}

#[test]
fn numbers_that_are_no_phones() {
    none(
        Kind::Phone,
        &[
            "330212199001011234",
            "订单号2026113000001234567",
            "1700000000000",
            "id=13000001234",
            "abc13000001234",
            "13000001234元",
            "15000-200000元/月",
            "139.162.10.200",
            "2026-11-23 10:30",
            "1300 0000 1234 567 8",
            "6222 1300 0001 2345 678",
            "0.13000001234",
            "1.3.0.0.0.0.0.1.2.3.4.5",
            "12350 110 12315 12377 96110 12345",
            "12000001234",
            "13000001234@qq.com",
            "330212 19900101 123X",
            "1 2 3 4 5 6 7 8 9 10 11",
        ],
    );
}

#[test]
fn landlines_need_their_area_code() {
    check(
        Kind::Landline,
        &[
            ("0574-88880000", &["057488880000"]),
            ("（0574）88880000", &["057488880000"]),
            ("(0574)8888 0000", &["057488880000"]),
            ("电话 0574 8888 0000", &["057488880000"]),
            ("057488880000", &["057488880000"]),
            ("010-88880000", &["01088880000"]),
            ("+86-574-88880000", &["057488880000"]),
            ("0335-8888000", &["03358888000"]),
            ("0574-88880000-801", &["057488880000"]),
            ("☎0574—88880000", &["057488880000"]),
        ],
    );
    none(
        Kind::Landline,
        &[
            "88880000",
            "0574-12350",
            "0123-88880000",
            "0574-1888000",
            "20260574-88880000",
            "05748888000000000",
            "0571-12345",
        ],
    );
}

#[test]
fn wechat_ids_need_a_cue() {
    check(
        Kind::Wechat,
        &[
            ("微信下单：demo_bk77", &["demo_bk77"]),
            ("微信公众号：demo_gzh01", &[]),
            ("微信：abc_12345", &["abc_12345"]),
            ("微信号:ABC-12345", &["abc-12345"]),
            ("➕V：abc_12345", &["abc_12345"]),
            ("v❤abc12345", &["abc12345"]),
            ("VX abc12345", &["abc12345"]),
            ("ⓥⓧ：abc12345", &["abc12345"]),
            ("薇信 abc12345", &["abc12345"]),
            ("加微 abc12345", &["abc12345"]),
            ("加微信abcdefg", &["abcdefg"]),
            ("+v abc12345", &["abc12345"]),
            ("加V：tzzydemo", &["tzzydemo"]),
            ("微信 wxid_a1b2c3d4e5", &["wxid_a1b2c3d4e5"]),
            ("微信/QQ：12345678", &["12345678"]),
            ("微信：12345678", &["12345678"]),
            ("微信id: abc_123", &["abc_123"]),
            ("微信（老师）：tz_demo1", &["tz_demo1"]),
            ("微·信：tz_demo1", &["tz_demo1"]),
            ("微-信 13000001234 tz", &["13000001234"]),
            ("WeChat: tz_demo1", &["tz_demo1"]),
            ("微信\nabc_12345", &["abc_12345"]),
        ],
    );
}

#[test]
fn a_number_with_a_wechat_cue_is_both() {
    for raw in [
        "13000001234微信同号",
        "13000001234（微信同号）",
        "电话：13000001234 微信同步",
        "微信同号：13000001234",
        "电微同步13000001234",
        "13000001234 同微信",
        "13000001234(V同号)",
        "微信：130-0000-1234",
        "VX13000001234",
        "手机/微信 13000001234",
        "加薇13000001234",
        "加微13000001234",
        "v13000001234",
        "微信电话同号 130 0000 1234",
        "13000001234（微信）",
        "13000001234，微信同号",
        "威信：一三零零零零零一二三四",
    ] {
        assert_eq!(values(Kind::Phone, raw), ["13000001234"], "{raw}");
        assert_eq!(values(Kind::Wechat, raw), ["13000001234"], "{raw}");
    }
    for raw in
        ["电话13000001234，微信：abc_12345", "微信 abc_12345，电话13000001234", "微信 abc_12345 电话：13000001234"]
    {
        assert_eq!(values(Kind::Phone, raw), ["13000001234"], "{raw}");
        assert_eq!(values(Kind::Wechat, raw), ["abc_12345"], "{raw}");
    }
    assert!(values(Kind::Wechat, "小微企业咨询电话13000001234").is_empty());
    assert!(values(Kind::Wechat, "电话13000001234").is_empty());
}

#[test]
fn words_and_code_are_no_wechat_ids() {
    none(
        Kind::Wechat,
        &[
            "abc_12345",
            "WeChat official account",
            "微信公众号",
            "微信Android版",
            "weixin-box-12 { color: red }",
            ".vx-header12",
            "https://wx.qq.com/abc12345",
            "微信：abc12345@qq.com",
            "微信支付 https://pay.weixin.qq.com",
            "wx.config12",
            "10kV：abc12345",
            "wx1234567890abcdef",
            "微信wx1234567890abcdef",
            "微信 2026年",
            "V：380",
            "微信群 300人",
            "加VIP会员abc12345",
            "微信扫码：index.html",
            "微芯 PIC16F877",
            "云南威信县",
        ],
    );
}

#[test]
fn qq_needs_a_cue() {
    check(
        Kind::Qq,
        &[
            ("QQ：12345678", &["12345678"]),
            ("qq群：123456789", &["123456789"]),
            ("QQ交流群:123456789", &["123456789"]),
            ("扣扣12345678", &["12345678"]),
            ("企鹅：12345678", &["12345678"]),
            ("Q:1234567", &["1234567"]),
            ("QQ①30001234 QQ②30001235", &["30001234", "30001235"]),
            ("QQ①③⓪⓪⓪①②③④", &["130001234"]),
            ("你加他QQ吧，三三零零零零七一八六", &["3300007186"]),
            ("加QQ吧，10000人都在", &[]),
            ("ＱＱ １２３４５６", &["123456"]),
            ("QQ 1 2 3 4 5 6 7", &["1234567"]),
            ("微信/QQ：12345678", &["12345678"]),
            ("群号 123456789", &["123456789"]),
        ],
    );
    none(
        Kind::Qq,
        &[
            "12345678",
            "12345678@qq.com",
            "https://qq.com/12345678",
            "QQ：12350",
            "QQ音乐 2026年",
            "扣1",
            "qq.12345678",
            "微信群号",
            "QQ：01234567",
            "QQ等级10000级",
            "本帖最后由 qq_130004477 于 2026-10-1 编辑",
        ],
    );
}

#[test]
fn telegram_names_need_a_cue() {
    check(
        Kind::Telegram,
        &[
            ("电报 @Tzzy_demo", &["tzzy_demo"]),
            ("飞机号 tzzydemo", &["tzzydemo"]),
            ("飞机：@tzzydemo", &["tzzydemo"]),
            ("✈️@tzzydemo", &["tzzydemo"]),
            ("Telegram: tzzydemo", &["tzzydemo"]),
            ("tg：tzzy_demo", &["tzzy_demo"]),
            ("https://t.me/Tzzy_demo", &["tzzy_demo"]),
            ("t.me/s/tzzy_demo", &["tzzy_demo"]),
        ],
    );
    none(
        Kind::Telegram,
        &[
            "@media screen",
            "abc@tzzydemo.com",
            "飞机票 abc12345",
            "坐飞机 MU12345",
            "telegram channel",
            "t.me/joinchat/abcdef",
            "客服@tzzydemo",
        ],
    );
}

#[test]
fn email_addresses() {
    check(
        Kind::Email,
        &[
            ("邮箱：Demo.User@Example.com。", &["demo.user@example.com"]),
            ("12345678@qq.com", &["12345678@qq.com"]),
            ("ａ＠ｅｘａｍｐｌｅ．ｃｎ", &["a@example.cn"]),
            ("E-mail：sales（at）firm.example", &["sales@firm.example"]),
            ("a@example.com,b@example.com", &["a@example.com", "b@example.com"]),
        ],
    );
    none(
        Kind::Email,
        &[
            "图片（at）firm.example",
            "sales（at）firm.example",
            "邮箱：logo（at）2x.png",
            "@media",
            "logo@2x.png",
            "a@b",
            "@example.com",
            "a@.com",
            "a@-b.com",
        ],
    );
}

#[test]
fn register_numbers_in_their_full_form() {
    check(
        Kind::Icp,
        &[
            ("浙ICP备12345678号-1", &["浙ICP备12345678号-1"]),
            ("浙ICP备 12345678 号 - 1", &["浙ICP备12345678号-1"]),
            ("浙ICP12345678号-1", &["浙ICP备12345678号-1"]),
            ("浙 ICP 备12345678号", &["浙ICP备12345678号"]),
            ("浙ＩＣＰ备１２３４５６７８号－１", &["浙ICP备12345678号-1"]),
            ("浙icp备2026012345号-12", &["浙ICP备2026012345号-12"]),
            ("备案号:浙ICP备12345678-2", &["浙ICP备12345678号-2"]),
            ("京ICP证030173号", &["京ICP证030173号"]),
            ("浙ICP備12345678號-1", &["浙ICP备12345678号-1"]),
        ],
    );
    none(Kind::Icp, &["ICP备案", "浙ICP备123号", "我ICP备12345678号", "epicp12345678"]);
    check(Kind::PoliceRecord, &[("浙公网安备 33021202000001号", &["浙公网安备33021202000001号"])]);
    check(
        Kind::SiteCode,
        &[
            ("网站标识码：3302000001", &["3302000001"]),
            ("政府网站标识码：bm18000002", &["bm18000002"]),
            ("标识码 33020000012", &[]),
        ],
    );
    check(
        Kind::BaiduStat,
        &[("https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef", &["0123456789abcdef0123456789abcdef"])],
    );
}

#[test]
fn prices_but_not_fines() {
    check(
        Kind::Price,
        &[
            ("850元拿证", &["850"]),
            ("只要 1,300 元", &["1300"]),
            ("￥500", &["500"]),
            ("五百元包过", &["500"]),
            ("一千三百块", &["1300"]),
            ("一千零五十元", &["1050"]),
            ("八百五元", &["850"]),
            ("1300rmb", &["1300"]),
        ],
    );
    none(
        Kind::Price,
        &["罚款5000元", "处以500元罚款", "注册资本1000元", "10元件", "2.50元", "一块", "多元化", "1元", "100000000元"],
    );
}

#[test]
fn entities_quote_the_raw_text() {
    let raw = "請加薇信：ABC_12345，☎１３０-0000-1234";
    let found = in_text(raw, &fold(raw));
    let quotes: Vec<_> = found.iter().map(|entity| (entity.kind, &raw[entity.at.clone().unwrap()])).collect();
    assert_eq!(quotes, [(Kind::Wechat, "ABC_12345"), (Kind::Phone, "１３０-0000-1234")]);
}

#[test]
fn links_name_contacts() {
    let cases: &[(&str, &[(Kind, &str)])] = &[
        ("tel:13000001234", &[(Kind::Phone, "13000001234")]),
        ("tel:+86-130-0000-1234", &[(Kind::Phone, "13000001234")]),
        ("TEL:0574-88880000", &[(Kind::Landline, "057488880000")]),
        ("tel:+8657488880000", &[(Kind::Landline, "057488880000")]),
        ("tel://400-000-1234", &[(Kind::Phone, "4000001234")]),
        ("tel:12350", &[]),
        ("sms:13000001234?body=hi", &[(Kind::Phone, "13000001234")]),
        ("mailto:Demo%40example.com?subject=x", &[(Kind::Email, "demo@example.com")]),
        ("weixin://contacts/profile/tz_demo1", &[(Kind::Wechat, "tz_demo1")]),
        ("weixin://", &[]),
        ("https://t.me/Tzzy_demo?start=1", &[(Kind::Telegram, "tzzy_demo")]),
        ("tg://resolve?domain=tzzy_demo", &[(Kind::Telegram, "tzzy_demo")]),
        ("http://wpa.qq.com/msgrd?v=3&uin=12345678&site=qq&menu=yes", &[(Kind::Qq, "12345678")]),
        ("tencent://message/?uin=12345678&Site=x", &[(Kind::Qq, "12345678")]),
        ("mqqwpa://im/chat?chat_type=wpa&uin=12345678", &[(Kind::Qq, "12345678")]),
        ("https://qm.qq.com/cgi-bin/qm/qr?k=abcdef&group_code=123456789", &[(Kind::Qq, "123456789")]),
        ("https://qm.qq.com/q/AbCdEf", &[]),
        (
            "//hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef",
            &[(Kind::BaiduStat, "0123456789abcdef0123456789abcdef")],
        ),
        ("https://example.com/13000001234", &[]),
        ("javascript:void(0)", &[]),
        ("", &[]),
    ];
    for (href, want) in cases {
        let found = in_address(href);
        let got: Vec<_> = found.iter().map(|entity| (entity.kind, entity.value.as_str())).collect();
        assert_eq!(got, *want, "{href}");
        assert!(found.iter().all(|entity| entity.at.is_none()));
    }
}

#[test]
fn contacts_are_listed_once_in_order() {
    let raw = "QQ群：123456789，电话13000005678，13000001234微信同号，再说一遍13000005678，0574-88880000，浙ICP备12345678号-1";
    let mut all = in_address("tel:13000001234");
    all.extend(in_address("mailto:demo@example.com"));
    all.extend(in_text(raw, &fold(raw)));
    let got = contacts(&all);
    assert_eq!(got.phones, ["13000005678", "13000001234", "057488880000"]);
    assert_eq!(got.wechat, ["13000001234"]);
    assert_eq!(got.qq, ["123456789"]);
    assert_eq!(got.emails, ["demo@example.com"]);
    assert_eq!(got.icp, ["浙ICP备12345678号-1"]);
    assert!(got.telegram.is_empty());
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(raw in any::<String>()) {
        let folded = fold(&raw);
        for entity in in_text(&raw, &folded) {
            prop_assert!(raw.get(entity.at.unwrap()).is_some());
        }
        let _ = in_address(&raw);
        prop_assert_eq!(mask_ids(&raw).chars().count(), raw.chars().count());
        let _ = mask_url(&raw);
        let _ = mask_source(&raw);
    }

    #[test]
    fn tricky_text_is_read_without_harm(parts in prop::collection::vec(prop::sample::select(vec![
        "微信", "v", "vx", "qq", "群", "电报", "t.me/", "@", "abc_12345", "13000001234", "130", "0574", "-", " ", "：", "号", "icp", "浙", "备",
        "12345678", "公网安备", "标识码", "bm", "元", "¥", "八百", "同号", "(", ")", "\n", "1", "☎", "86", "+", ".", ",", "hm.js?", "330212199001011232",
        "tel:", "mailto:", "%33", "http://", "/", "?", "=", "&", "维", "卫星", "绿", "小", "加", "下划线", "加数字", "拼音", "后面接", "满了加",
        "<td>", "</td>", "\t", "330212", "19900101", "1232", "备用", "王老师", "都是微信", "加微信", "同qq", "🛰", "👇", "—", "2", "jia", "tel%3A", "javascript:", "'", "飞机", "找", "多少", "答",
    ]), 0..30)) {
        let raw = parts.concat();
        for entity in in_text(&raw, &fold(&raw)) {
            prop_assert!(raw.get(entity.at.unwrap()).is_some());
        }
        let _ = in_address(&raw);
        prop_assert_eq!(mask_ids(&raw).chars().count(), raw.chars().count());
        let _ = mask_source(&raw);
        let _ = mask_url(&raw);
    }
}

#[test]
fn long_hostile_texts_stay_linear() {
    for piece in [
        "1",
        "1 ",
        "微信",
        "qq ",
        "@",
        "a@",
        "元",
        "icp",
        "130 ",
        "t.me/",
        "微信：",
        "v",
        "330212199001011232",
        "330212\n19900101\n1232\n",
        "3\n",
        "abc_1",
        " 13000001234",
        "微信同号13000001234",
        "qq30001234微信同号",
        "维 ",
        "加微信(",
        "jia下划线",
        "微信：王老师 jia_01|",
        "飞机找",
        "加微信就是这个号 ",
        "qq30001234\n微信:同上\n",
        "微信a b c d ",
        "微信ab【1】【2】【3】",
        "qq27900 00381 ",
        "邮箱a(at)b.",
    ] {
        let text = piece.repeat(300_000 / piece.len());
        let folded = fold(&text);
        assert!(in_text(&text, &folded).len() <= MOST);
        let _ = mask_ids(&text);
        let _ = mask_url(&text);
    }
}

#[test]
fn numbers_that_are_said_to_be_the_wechat_ones() {
    check(
        Kind::Wechat,
        &[
            ("电话就是微信，加一下备注\n130-0000-2217", &["13000002217"]),
            ("手机（微信一样）13000000088", &["13000000088"]),
            ("联盟管理 阿峰：13000007765 也是薇", &["13000007765"]),
            ("130 0000 8842 绿泡泡也是这个", &["13000008842"]),
            ("加我：jiazi_demo2020（威）", &["jiazi_demo2020"]),
            ("威信dg_lz_demo，老板要的多了价再说", &["dg_lz_demo"]),
            ("绿色app搜 xiaoyu-demo77 说豆瓣来的", &["xiaoyu-demo77"]),
            ("也是微不足道的事，13000001234", &[]),
        ],
    );
    check(Kind::Qq, &[("群：1000600071（扣），自己看", &["1000600071"]), ("OICQ：\n1000500060", &["1000500060"])]);
}
