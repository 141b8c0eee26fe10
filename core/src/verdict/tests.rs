//! What pages are found to be: claims about voice, contacts and faces, under the shipped rules.

use super::*;
use crate::page;

/// The shipped rules, compiled in: the core reads no files.
pub(super) fn rules() -> RuleSet {
    rules_with("").unwrap()
}

/// The same with a file of a unit's own.
fn rules_with(local: &str) -> Result<RuleSet, Vec<crate::rules::Problem>> {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    RuleSet::compile(&[
        file("local.toml", local),
        file("authorities.toml", include_str!("../../../rules/authorities.toml")),
        file("certificates.toml", include_str!("../../../rules/certificates.toml")),
        file("fakes.toml", include_str!("../../../rules/fakes.toml")),
        file("notices.toml", include_str!("../../../rules/notices.toml")),
        file("offers.toml", include_str!("../../../rules/offers.toml")),
        file("routing.toml", include_str!("../../../rules/routing.toml")),
        file("wording-fakes.toml", include_str!("../../../rules/wording-fakes.toml")),
        file("wording-offers.toml", include_str!("../../../rules/wording-offers.toml")),
        file("words.toml", include_str!("../../../rules/words.toml")),
    ])
}

fn judged(url: &str, html: &str) -> (Verdict, page::Extract) {
    let url = Url::parse(url).unwrap();
    let extract = page::read_text(html, Some(&url));
    (rules().judge(&extract, &url, Thresholds::default()), extract)
}

fn check(url: &str, html: &str, wanted: Kind) -> Verdict {
    let (verdict, extract) = judged(url, html);
    assert_eq!(verdict.kind, wanted, "{html}\n{:#?}", verdict.signals);
    let text: Vec<char> = extract.text.chars().collect();
    for signal in &verdict.signals {
        if let (Some(at), Some(quote)) = (&signal.at, &signal.quote) {
            assert_eq!(&text[at.clone()].iter().collect::<String>(), quote);
        }
    }
    let sum = |kind| PRIOR + verdict.signals.iter().filter(|s| s.kind == kind).map(|s| s.points).sum::<f64>();
    assert!((score(sum("seller")) - verdict.seller_score).abs() < 0.02);
    assert!((score(sum("fake_site")) - verdict.fake_score).abs() < 0.02);
    verdict
}

const HERE: &str = "http://www.shili.example/a.html";

#[test]
fn an_offer_with_a_contact_is_a_seller_however_it_is_written() {
    for html in [
        "<title>电工证</title><p>低压电工证不用考试，三天拿证，官网可查。电话 130 0000 1234</p>",
        "<p>低壓電工證，不用考試，三天拿證，加薇信：demo_tzzy88</p>",
        "<p>焊 工 证 免丨考丨包丨过，加V❤ demo_tzzy88</p>",
        "<p>高空证办理 人不用来 直接出证 ①③⓪⓪⓪⓪⓪①②③④</p>",
        "<p>特种作业操作证代办 免考试免培训 国网可查 先出证后付款 微信 demo_tzzy88</p>",
        "<p>办理全国焊工证、电工证、登高证，无需考试，一周出证，应急管理部官网可查，需要的加微信demo_tzzy88</p>",
        "<title>电工证快速办理</title><p>快速办理高压电工证，不用本人到场，全程包办，5天下证，联系电话13000001234</p>",
        "<p>出售叉车证，包过包查，价格600，QQ 100002345</p>",
        "<p>免考 电工证 13000001234</p>",
    ] {
        let verdict = check(HERE, html, Kind::Seller);
        assert_eq!(verdict.routes.first(), Some(&"市监"));
    }
}

#[test]
fn words_alone_and_reported_words_convict_nobody() {
    for html in [
        "<title>谨防电工证骗局</title><p>有人声称“电工证免考，三天拿证”，请勿相信。举报电话12350</p>",
        "<p>本校严禁替考。低压电工证开班，学时 88，考点在本校，报名电话 130 0000 1234</p>",
        "<p>低压电工证免考是真的吗？</p>",
        "<p>诚聘电工，须持低压电工证，月薪六千，五险一金，电话 130 0000 1234</p>",
    ] {
        let (verdict, _) = judged(HERE, html);
        assert!(!verdict.kind.is_hit(), "{html}\n{:#?}", verdict.signals);
        assert!(verdict.routes.is_empty());
    }
}

#[test]
fn an_authoritys_face_convicts_on_a_strangers_host_and_never_on_its_own() {
    let page = "<title>特种作业操作证及安全生产知识和管理能力考核合格信息查询平台</title><h1>中华人民共和国应急管理部</h1>\
                <form>证件号码<input name=no>姓名<input name=n>验证码<input name=c></form>";
    let verdict = check("http://zs-demo.example/", page, Kind::FakeSite);
    assert_eq!((verdict.authority.as_deref(), verdict.routes.as_slice()), (Some("cx.mem.gov.cn"), &["网信"][..]));
    check("https://cx.mem.gov.cn/", page, Kind::Official);
}

#[test]
fn an_official_page_with_a_sellers_offer_is_a_hacked_one() {
    let page = "<title>电工证代办</title><p>电工证免考包过，三天拿证，加微信 demo_tzzy88</p>";
    let verdict = check("http://yjj.shili.gov.cn/upload/a.html", page, Kind::Seller);
    assert!(verdict.notes.contains(&"compromised_official"));
    assert_eq!(verdict.routes.first(), Some(&"网信"));
}

#[test]
fn the_sly_are_weighed_with_one_word_of_the_trade_and_with_none_where_the_text_is_short() {
    let weighed = |html: &str| {
        let (verdict, _) = judged(HERE, html);
        let wording = verdict.signals.iter().find(|signal| signal.rule == Manner::Offer.rule());
        wording.map(|signal| signal.points)
    };
    let sly = weighed("<p>焊的师傅，人不用来，坐家里等快递，老规矩</p>").unwrap();
    let honest = weighed("<p>焊的师傅，明天八点在门口集合，带好手套</p>").unwrap();
    assert!(sly > honest, "{sly} {honest}");
    let none = "师傅，人不用来，坐家里等快递，老规矩。";
    assert!(weighed(&format!("<p>{none}</p>")).is_some());
    assert_eq!(weighed(&format!("<p>{}</p>", none.repeat(20))), None, "nothing tells where to look");
}

#[test]
fn two_items_of_a_category_are_certificates_beside_its_papers() {
    let told = |text: &str| judged(HERE, &format!("<p>{text}</p>")).0.cert_types;
    for text in ["低压高压代报", "出租电工证，本人高压，低压都有，证在手里", "电工证：低压、高压都能办"]
    {
        let types = told(text);
        assert!(types.iter().any(|name| name == "低压电工"), "{text} {types:?}");
        assert!(types.iter().any(|name| name == "高压电工"), "{text} {types:?}");
    }
    assert_eq!(told("要电工证。高压、低压开关柜都有现货"), ["电工作业"]);
    assert!(told("高压，低压都有，厂家直销开关柜").is_empty());
    assert!(told("低压高压代加工").is_empty());
}

#[test]
fn what_is_done_for_a_paper_tells_a_short_word_and_goods_take_a_name_away() {
    let told = |text: &str| judged(HERE, &format!("<p>{text}</p>")).0.cert_types;
    for (text, name) in [
        ("低压实操第几题最难", "低压电工"),
        ("12月11日 煤气（复审）30人", "煤气"),
        ("要考塔吊的莫乱跑", "建筑起重机械司机"),
        ("一千二一本低压", "低压电工"),
    ] {
        assert_eq!(told(text), [name], "{text}");
    }
    for text in ["《钎焊材料选用手册》", "浅谈高处作业安全带的系挂", "高处作业分级"] {
        assert!(told(text).is_empty(), "{text} {:?}", told(text));
    }
}

#[test]
fn codes_of_one_letter_are_codes_beside_others_only() {
    let told = |text: &str| judged(HERE, &format!("<p>{text}</p>")).0.cert_types;
    let has = |text: &str, name: &str| told(text).iter().any(|told| told == name);
    for text in ["叉车N1证 1100，电梯 T 1800，安全管理 A 1200", "N1证、T、A 都能报", "叉车N1证三个，A 两个，T 两个"]
    {
        assert!(has(text, "电梯") && has(text, "特种设备安全管理"), "{text}: {:?}", told(text));
    }
    // Answers to choose from, classes of halls, and what is asked and answered.
    for text in ["叉车N1证的考场：A区、B区", "N1证代号是（ ） A. 叉车 B. 电梯 T. 别的", "Q：N1证考几门？ A：两门"]
    {
        assert!(!has(text, "特种设备安全管理"), "{text}: {:?}", told(text));
    }
    // Questions that are counted, and types of machines.
    for text in ["叉车证答疑\nQ1：资料在哪下？\nQ2：多久下证？", "叉车证，另售电动葫芦 Q2-16"]
    {
        assert!(!has(text, "起重机指挥") && !has(text, "起重机司机"), "{text}: {:?}", told(text));
    }
}

#[test]
fn safety_officers_with_letters_are_the_builders() {
    let told = |text: &str| judged(HERE, &format!("<p>{text}</p>")).0.cert_types;
    assert_eq!(told("安全员证代报名，A本B本C本都可以"), ["建筑施工企业三类人员"]);
    assert_eq!(
        told("安全员证报名，主要负责人同期开班").first().map(String::as_str),
        Some("安全生产知识和管理能力考核合格证")
    );
}

#[test]
fn menus_and_feet_name_certificates_where_nothing_else_does() {
    let told = |html: &str| judged(HERE, html).0.cert_types;
    let foot = "<div class=footer><a href=/1>焊工证</a> | <a href=/2>叉车证</a></div>";
    assert_eq!(told(&format!("<p>欢迎光临</p>{foot}")), ["焊接与热切割", "叉车"]);
    assert_eq!(told(&format!("<p>低压电工证报名</p>{foot}")), ["低压电工"]);
}

#[test]
fn what_leads_to_an_imitator_is_told_and_what_only_names_it_is_not() {
    let lure = "http://cx-mem.top/cx";
    for html in [
        format!("<meta http-equiv=refresh content='0;url={lure}'>"),
        format!("<script>location.href='{lure}'</script>"),
        format!("<iframe src='{lure}'></iframe>"),
        format!("<p>查询请点<a href='{lure}'>这里</a></p>"),
        format!("<p>唯一官网 <a href='{lure}'>https://cx.mem.gov.cn/</a></p>"),
    ] {
        let (verdict, _) = judged(HERE, &html);
        assert!(matches!(verdict.kind, Kind::Suspicious | Kind::FakeSite), "{html}: {:?}", verdict.signals);
        assert_eq!(verdict.authority.as_deref(), Some("cx.mem.gov.cn"), "{html}");
        assert!(verdict.signals.iter().any(|signal| signal.say.contains("（cx-mem.top）")), "{html}");
    }
    for html in [
        "<meta http-equiv=refresh content='0;url=http://cx.mem.gov.cn/'>".to_owned(),
        "<p>官网是 <a href='http://cx.mem.gov.cn/'>cx.mem.gov.cn</a>，cx-mem.top 是假的</p>".to_owned(),
        format!("<h1>谨防假冒查询网站</h1><p>不法分子冒用官网，假网址：<a href='{lure}'>cx-mem.top</a></p>"),
        format!("<p>谨防假冒网站 <a href='{lure}'>cx-mem.top</a></p>"),
        "<p>查询请点<a href='http://memory.example/cx'>这里</a></p>".to_owned(),
    ] {
        let (verdict, _) = judged(HERE, &html);
        assert!(matches!(verdict.kind, Kind::Benign | Kind::Notice), "{html}: {:?}", verdict.signals);
    }
}

#[test]
fn a_page_that_only_sends_on_has_to_be_looked_at() {
    let notes = |html: &str| judged(HERE, html).0.notes;
    assert!(notes("<meta http-equiv=refresh content='0;url=http://b.example/'>").contains(&"needs_eyes"));
    let text = "这里说的是办事指南，".repeat(20);
    assert!(!notes(&format!("<meta http-equiv=refresh content='30;url=/'><p>{text}</p>")).contains(&"needs_eyes"));
}

#[test]
fn a_sellers_offer_on_a_schools_page_is_a_broken_in_one() {
    let page = "<title>电工证代办</title><p>电工证免考包过，三天拿证，加微信 demo_tzzy88</p>";
    for host in ["www.shili.edu.cn", "oa.shili.mil.cn", "shili.xn--55qw42g"] {
        let (verdict, _) = judged(&format!("http://{host}/x.php?a=1"), page);
        assert!(verdict.notes.contains(&"compromised_official"), "{host} {:?}", verdict.notes);
        assert_eq!(verdict.routes.first(), Some(&"网信"), "{host}");
    }
    for host in ["www.shili.example", "edu.cn.shili.example", "shiliedu.cn", "www.shili.edu.kg"] {
        let (verdict, _) = judged(&format!("http://{host}/x.php?a=1"), page);
        assert_eq!((verdict.kind, verdict.notes.contains(&"compromised_official")), (Kind::Seller, false), "{host}");
    }
    let (honest, _) = judged("http://www.shili.edu.cn/", "<p>电工证培训班报名，学时满后统一考试</p>");
    assert!(honest.notes.is_empty(), "{:?}", honest.notes);
}

#[test]
fn what_a_clone_keeps_of_the_genuine_look_up_speaks() {
    let points = |url: &str, html: &str| {
        let rules = ["fake.official-path", "fake.official-api", "fake.official-styles"];
        let (verdict, _) = judged(url, html);
        verdict.signals.iter().filter(|s| rules.contains(&s.rule.as_str())).map(|s| s.points).sum::<f64>()
    };
    let shell = "<title>查询</title><div id=app></div>";
    assert!(points(HERE, &format!("{shell}<script>axios.get(\"/prod-api/certsearch/code\")</script>")) >= 20.0);
    assert!(points("http://shili.example/cms/html/certQuery/certQuery.do?method=x", "<p>查询</p>") > 0.0);
    let form = |names: [&str; 3]| {
        let [a, b, c] = names;
        format!("<div class='{a}'><div class='{b} x'><form class=el-form><input><input class={c}></form></div></div>")
    };
    assert!(points(HERE, &form(["tz-query", "q-kd", "yzm-style"])) > 0.0);
    for (url, html) in [
        (HERE, format!("{shell}<script>axios.get('/prod-api/user/login')</script>")),
        (HERE, form(["tz-query", "row", "yzm"])),
        (HERE, "<p>接口是 /prod-api/certsearch/code，样式是 tz-query、q-kd、yzm-style</p>".to_owned()),
        ("https://cx.mem.gov.cn/", format!("{shell}<script>axios.get('/prod-api/certsearch/code')</script>")),
    ] {
        assert_eq!(points(url, &html), 0.0, "{url} {html}");
    }
}

#[test]
fn what_styles_hide_or_turn_and_frames_hold_is_read() {
    let offer = "低压电工证，不用考试，三天拿证，官网可查";
    for html in [
        "<style>.h{display:none}</style><p>低压电<i class=h>我在</i>工证，不用<i class=h>天</i>考试，三天拿证，电话130<b class=h>88</b>00001234".to_owned(),
        format!(
            "<style>.r{{direction:rtl;unicode-bidi:bidi-override}}</style><p>{offer}，电话<b class=r>43210000031</b>"
        ),
        format!("<style>.n:after{{content:'00001234'}}</style><p>{offer}，电话<b class=n>130</b>"),
        format!("<iframe srcdoc=\"&lt;p&gt;{offer}，电话13000001234\"></iframe>"),
        format!("<p>{offer}，电话\u{202E}43210000031\u{202C}"),
        format!("<p>{offer}，电话١٣٠٠٠٠٠١٢٣٤"),
    ] {
        let verdict = check(HERE, &html, Kind::Seller);
        assert_eq!(verdict.contacts.phones, ["13000001234"], "{html}");
        assert!(!verdict.notes.contains(&"needs_eyes"), "{html}");
    }
    let shop = "本店出售鲜花，欢迎光临，地址在人民路，营业时间早九点到晚六点，预订请提前一天，送货上门。";
    let hidden = |words: &str| {
        format!("<style>.h{{display:none}}</style><p>{words}</p><div class=h>{offer}，电话13000001234</div>")
    };
    assert!(check(HERE, &hidden("欢迎光临"), Kind::Seller).notes.contains(&"needs_eyes"));
    assert!(judged(HERE, &hidden(shop)).0.notes.contains(&"needs_eyes"));
    let menu = "<style>.sub{display:none}</style><p>某某学校</p><ul class=sub><li>电工证培训<li>焊工证复审</ul>";
    assert!(!check(HERE, menu, Kind::Benign).notes.contains(&"needs_eyes"));
}

#[test]
fn what_was_not_read_is_told() {
    let long = "<p>床前明月光，疑是地上霜。</p>".repeat(20_000);
    let verdict = check(HERE, &format!("{long}<p>电工证不用考试，电话13000001234"), Kind::Benign);
    assert_eq!(verdict.notes, ["needs_eyes", "truncated"]);
    let menu = "<a href=/a>电工证报名</a>".repeat(10_000);
    let verdict = judged(HERE, &format!("{menu}<p>电工证不用考试，三天拿证，电话13000001234")).0;
    assert_eq!(verdict.notes, ["needs_eyes", "truncated"]);
    let scripts = format!("<script>{}</script>", "var a=1;".repeat(2 << 20));
    let verdict = check(HERE, &format!("{scripts}<p>电工证不用考试，三天拿证，电话13000001234"), Kind::Seller);
    assert!(!verdict.notes.contains(&"truncated"));
}

#[test]
fn what_a_code_says_is_read_and_that_there_is_one_accuses_nobody() {
    let with_code = |html: &str, code: &str| {
        let url = Url::parse(HERE).unwrap();
        let extract = page::Extract { qr: vec![code.to_owned()], ..page::read_text(html, Some(&url)) };
        rules().judge(&extract, &url, Thresholds::default())
    };
    let picture = "<title>电工证</title><p>扫码了解</p><img src=a.png>";
    let verdict = with_code(picture, "低压电工证免考，三天拿证，加微信demo_tzzy88");
    assert_eq!((verdict.kind, verdict.contacts.wechat), (Kind::Seller, vec!["demo_tzzy88".to_owned()]));
    for html in [
        "<title>招电工 有电工证</title><p>扫码联系</p><img src=a.png>",
        "<title>特种作业操作证办理指南</title><p>扫码进入办事大厅</p><img src=a.png>",
        "<title>低压电工培训报名</title><p>扫码关注公众号了解开班时间</p><img src=a.png>",
        "<title>电工证怎么查询真伪</title><p>扫描下方二维码关注本报</p><img src=a.png>",
    ] {
        for code in ["https://u.wechat.com/demo", "tel:13000001234", "http://weixin.qq.com/r/demo"] {
            let verdict = with_code(html, code);
            assert!(verdict.score < Thresholds::default().hit, "{html} {code}: {:#?}", verdict.signals);
        }
    }
}

#[test]
fn an_offer_among_honest_words_is_one_and_naming_the_issuer_does_not_unsay_it() {
    let law = "<p>根据《特种作业人员安全技术培训考核管理规定》，特种作业人员必须经专门的安全技术培训并考核合格，取得特种作业操作证后，方可上岗作业。</p>";
    let query = "<p>证书查询方法：登录应急管理部官网 cx.mem.gov.cn，输入证件号码、姓名、验证码，点击查询。</p>";
    let offer = "<p>想省事的私我，低压电工证全程代办，本人不参加考试，七天收到卡，官网可查。微信 jia_demo01</p>";
    for html in [
        format!("<h1>低压电工证怎么考</h1>{law}{query}{offer}{law}"),
        "<p>办理瓦检员证，应急局发证，免培训免考试，7天拿证，官网可查，电话13000001234</p>".to_owned(),
    ] {
        assert_eq!(judged(HERE, &html).0.kind, Kind::Seller, "{html}");
    }
    let honest = "<p>低压电工证到期复审可在政务服务网全程网办，本人不用到场，咨询电话 0571-87000000</p>";
    for html in [format!("<h1>低压电工证怎么考</h1>{law}{query}"), format!("<h1>复审通知</h1>{law}{honest}")]
    {
        assert!(!judged(HERE, &html).0.kind.is_hit(), "{html}");
    }
}

#[test]
fn only_what_poses_as_an_authoritys_look_up_is_a_fake_one() {
    let form = "<form>证件号码<input name=zjhm>姓名<input name=xm>验证码<input name=yzm><button>查询</button></form>";
    let fake = format!("<title>特种作业操作证查询</title><h1>应急管理部特种作业操作证查询平台</h1>{form}");
    assert_eq!(judged(HERE, &fake).0.kind, Kind::FakeSite);
    for html in [
        format!("<title>图书借阅证查询</title><h1>图书借阅证查询</h1>{form}"),
        format!(
            "<title>示例学校-结业证书查询</title><h1>结业证书查询</h1>{form}<p>本查询仅限我校颁发的结业证，特种作业操作证请登录应急管理部网站查询。</p>"
        ),
    ] {
        assert!(!judged(HERE, &html).0.kind.is_hit(), "{html} {:#?}", judged(HERE, &html).0.signals);
    }
}

#[test]
fn an_assured_pass_in_days_with_somebody_to_ring_is_an_offer_whoever_issues() {
    for offer in [
        "<p>代办制冷证，国家应急管理部认可，包过，7天拿证，先办后付，加微信demo_zl88</p>",
        "<p>代办焊工证，应急管理局颁发，免考，三天出证，cx.mem.gov.cn可查，价格500，微信 demo_hg88</p>",
    ] {
        check("http://www.banzheng.example/", offer, Kind::Seller);
    }
    // Nobody to ring; no certificate; a pass alone.
    for ordinary in [
        "<p>国家应急管理部认可的制冷证，包过，7天拿证是骗人的</p>",
        "<p>代办签证，包过，7天出签，先办后付，加微信demo_qz88</p>",
        "<p>制冷证培训班开课，老师说认真学包过，咨询0574-87654321</p>",
    ] {
        check("http://www.ordinary.example/", ordinary, Kind::Benign);
    }
}

#[test]
fn a_letter_that_an_office_answers_offers_nothing_and_what_stands_below_it_may() {
    let letter = "<h1>局长信箱</h1><p>来信：有人说低压电工证不用考试，交1200就能拿，微信demo_dgz88，怎么没人管？</p>\
                  <p>答复：市应急管理局已转执法队核查。</p>";
    check("http://www.shili.gov.cn/xinfang/1.html", letter, Kind::Official);
    check("http://www.luntan.example/1.html", letter, Kind::Benign);
    let sold = format!("{letter}<p>低压电工证不用考试，三天拿证，微信demo_dgz99</p>");
    check("http://www.shili.gov.cn/xinfang/1.html", &sold, Kind::Seller);
    let unanswered = "<p>来信：低压电工证不用考试，三天拿证，微信demo_dgz99</p>";
    check("http://www.luntan.example/1.html", unanswered, Kind::Seller);
}

#[test]
fn a_genuine_page_in_an_archive_is_no_imitation_and_a_host_that_calls_itself_one_is_no_archive() {
    let page = "<title>特种作业操作证及安全生产知识和管理能力考核合格信息查询平台</title>\
                <form>证件号码<input>姓名<input>验证码<input></form>";
    for kept in [
        "https://web.archive.org/web/2020/http://cx.mem.gov.cn/",
        "https://webvpn.daxue.edu.cn/http/cx.mem.gov.cn/",
        "https://cx-mem-gov-cn.translate.goog/special",
    ] {
        check(kept, page, Kind::Benign);
    }
    for other in
        ["https://web.archive.org.example/http://cx.mem.gov.cn/", "https://webvpn.edu.cn.example/http/cx.mem.gov.cn/"]
    {
        check(other, page, Kind::FakeSite);
    }
}

/// A rule of a unit's own that looks for these words in these places, with more lines of its own.
fn own_rule(places: &str, more: &str) -> String {
    format!(
        r#"
[[family]]
id = "local"
title = "本地见过的说法"
rest = 3

[[rule]]
id = "seller.own"
title = "本地的词"
kind = "seller"
family = "local"
points = 8
status = "试行"
author = "示例区安委办"
date = "2026-11-23"
any = ["出证通道", "chuzheng", "交…定金"]
in = [{places}]
false_alarms = "别的行业也可能说出证通道，所以先试行"
hit = ["x"]
miss = ["y"]
{more}
"#
    )
}

#[test]
fn a_rule_may_look_at_links_forms_and_the_hosts_name() {
    let pages = [
        ("链接文字", "http://a.example/", "<nav><a href=/x>出证通道</a></nav><p>首页"),
        ("表单", "http://a.example/", "<p>首页<form action=/tj><label>出证通道<input name=a></form>"),
        ("表单", "http://a.example/", "<form><input placeholder='请先交 200 元定金' name=a></form>"),
        ("表单", "http://a.example/", "<form action=http://b.example/chuzheng/tj><input name=a></form>"),
        ("主机", "http://www.kuaisuchuzheng.example/", "<p>首页"),
        ("主机", "http://xn--79q912lozcsg.example/", "<p>首页"),
    ];
    let quote = |rule: &str, url: &str, html: &str| {
        let set = rules_with(rule).unwrap();
        let url = Url::parse(url).unwrap();
        let extract = page::read_text(html, Some(&url));
        let verdict = set.judge(&extract, &url, Thresholds::default());
        let signal = verdict.signals.into_iter().find(|signal| signal.rule == "seller.own")?;
        if let Some(at) = &signal.at {
            let text: Vec<char> = extract.text.chars().collect();
            assert_eq!(Some(text[at.clone()].iter().collect::<String>()), signal.quote);
        }
        signal.quote
    };
    for (place, url, html) in pages {
        for asked in ["链接文字", "表单", "主机"] {
            let found = quote(&own_rule(&format!("\"{asked}\""), ""), url, html);
            assert_eq!(found.is_some(), asked == place, "{asked} {url} {html}: {found:?}");
        }
        assert_eq!(quote(&own_rule("\"标题\"", ""), url, html), None, "{html}");
    }
    // Nearby is anywhere on the page; what is not wanted is not wanted in the same form.
    let form = "<p>电工证</p><form><label>出证通道<input name=a></form>";
    let asked = |more: &str, html: &str| quote(&own_rule("\"表单\"", more), "http://a.example/", html);
    assert_eq!(asked("near = [\"电工证\"]", form).as_deref(), Some("出证通道"));
    assert_eq!(asked("near = [\"焊工证\"]", form), None);
    assert_eq!(asked("near = [\"name\"]", &form.replace("name=a", "name=name")).as_deref(), Some("出证通道"));
    assert_eq!(asked("unless = [\"电工证\"]", form).as_deref(), Some("出证通道"));
    assert_eq!(asked("unless = [\"培训\"]", &form.replace("通道<", "通道（培训）<")), None);
}

#[test]
fn a_place_that_is_none_is_told_with_those_that_are() {
    let problems = rules_with(&own_rule("\"链接\"", "")).unwrap_err();
    let told = format!("{problems:?}");
    assert!(told.contains("链接文字") && told.contains("表单") && told.contains("主机"), "{told}");
}
