//! Names that are places, and words that only look like them.

use super::names::{NAMES, above, short};
use super::*;
use crate::text::fold;
use proptest::prelude::*;

/// The codes found in a text as people write it.
fn codes(raw: &str) -> Vec<&'static str> {
    find(fold(raw).as_str()).iter().map(|place| place.code).collect()
}

fn check(cases: &[(&str, &[&str])]) {
    let wrong: Vec<_> =
        cases.iter().filter(|(raw, want)| codes(raw) != *want).map(|(raw, want)| (raw, want, codes(raw))).collect();
    assert!(wrong.is_empty(), "text, wanted, found: {wrong:#?}");
}

#[test]
fn full_names_tell_the_narrowest_place_once() {
    check(&[
        ("宁波市鄞州区", &["330212"]),
        ("浙江省宁波市", &["330200"]),
        ("浙江省宁波市鄞州区中兴路", &["330212"]),
        ("浙江 - 宁波 - 慈溪市", &["330282"]),
        ("广西壮族自治区南宁市", &["450100"]),
        ("内蒙古自治区呼和浩特市", &["150100"]),
        ("北京市朝阳区", &["110105"]),
        ("恩施土家族苗族自治州", &["422800"]),
        ("恩施州考电工证", &["422800"]),
        ("景宁县和景宁畲族自治县", &["331127", "331127"]),
        ("威信县、上高县", &["530629", "360923"]),
        ("神农架林区", &["429021"]),
        ("苏州工业园区", &["320576"]),
        ("嘉峪关市", &["620200"]),
        ("臺灣省", &["710000"]),
    ]);
}

#[test]
fn short_names_of_provinces_and_prefectures_are_places() {
    check(&[
        ("浙江电工证", &["330000"]),
        ("广西、内蒙古、内蒙、黑龙江都能办", &["450000", "150000", "150000", "230000"]),
        ("宁波电工证 温州焊工证", &["330200", "330300"]),
        ("浙江宁波办理", &["330200"]),
        ("吉林", &["220000"]),
        ("吉林吉林市", &["220200"]),
        ("江西安装电工", &["360000"]),
        ("马鞍山焊工", &["340500"]),
        ("上海南站附近", &["310000"]),
        ("宁波大学生也能报", &["330200"]),
        ("宁波街道办", &["330200"]),
        ("宁波市场", &["330200"]),
        ("其中山东、河南", &["370000", "410000"]),
    ]);
}

#[test]
fn a_list_goes_on_in_the_city_it_began_with() {
    check(&[
        ("宁波、余姚、慈溪", &["330200", "330281", "330282"]),
        ("杭州萧山、余杭和临平", &["330109", "330110", "330113"]),
        ("洛阳、开封", &["410300", "410200"]),
        ("鄞州区 江北区", &["330212", "330205"]),
        ("开封、洛阳", &["410300"]),
        ("宁波、公安", &["330200"]),
        ("宁波、开封", &["330200"]),
    ]);
}

#[test]
fn counties_count_by_their_suffix_or_behind_their_own() {
    check(&[
        ("江浙沪包邮", &["320000", "330000", "310000"]),
        ("长江浙江段", &["330000"]),
        ("风云贵州", &["520000"]),
        ("京津冀高铁", &[]),
        ("义乌、昆山", &["330782", "320583"]),
        ("襄樊市电工证", &["420600"]),
        ("宁波（余姚，慈溪）", &["330281", "330282"]),
        ("盐城市区、东台", &["320900", "320981"]),
        ("上海牌手表", &[]),
        ("慈溪市电工证", &["330282"]),
        ("慈溪电工证", &["330282"]),
        ("象山电工证", &[]),
        ("宁波慈溪电工证", &["330282"]),
        ("浙江慈溪电工证", &["330282"]),
        ("浙江 慈溪", &["330282"]),
        ("宁波江北区", &["330205"]),
        ("台州路桥", &["331004"]),
        ("上海浦东", &["310115"]),
        ("佛山南海办证", &["440605"]),
        ("赣州市章贡区", &["360702"]),
        ("高县", &[]),
        ("宜宾高县", &["511525"]),
        ("大同平城区", &["140213"]),
        ("乐山市中区", &["511102"]),
        ("乐山市市中区", &["511102"]),
        ("江西南昌", &["360100"]),
        ("江西南昌县", &["360121"]),
        ("乌海海南区", &["150303"]),
        ("天津市河北区", &["120105"]),
    ]);
}

#[test]
fn shared_names_belong_to_the_city_before_them_or_are_left_out() {
    check(&[
        ("鼓楼区", &[]),
        ("南京鼓楼区", &["320106"]),
        ("福州市鼓楼区", &["350102"]),
        ("福建地区，鼓楼区", &["350000", "350102"]),
        ("江苏地区，鼓楼区", &["320000"]),
        ("江苏徐州的同学都来，江苏也行，鼓楼区", &["320300", "320000", "320302"]),
        ("南京的客户请到本公司办理各类证件，地址在鼓楼区", &["320100", "320106"]),
        ("南京和福州，鼓楼区", &["320100", "350100", "350102"]),
        ("城关区", &[]),
        ("兰州城关区", &["620102"]),
        ("拉萨城关", &["540102"]),
        ("北京朝阳", &["110105"]),
        ("长春朝阳区", &["220104"]),
        ("东莞东城区", &["441900"]),
        ("北京、东莞东城区", &["110000", "441900"]),
        ("东城区", &[]),
        ("洛阳老城区", &["410302"]),
        ("洛阳人都知道这里早就有一片非常大的老城区", &["410300"]),
    ]);
}

#[test]
fn ordinary_words_are_no_places() {
    check(&[
        ("朝阳产业 长安 东方 大同小异 安康 日照时间 开封后 各位来宾 白银 白银市场", &[]),
        ("辽宁朝阳", &["211300"]),
        ("山东日照", &["371100"]),
        ("日照东港区", &["371102"]),
        ("白银市", &["620400"]),
        ("以上海量题库", &[]),
        ("推广安全知识", &[]),
        ("大理石 三明治 复合肥料 十大连锁 经营口碑", &[]),
        ("余额为最新余额", &[]),
        ("4平方 四平方电缆", &[]),
        ("国内江苏", &["320000"]),
        ("造福建设者 隆重庆祝 变成都市", &[]),
        ("扩大理论 集中卫生", &[]),
        ("湖北公安 湖南通道 甘肃合作", &["420000", "430000", "620000"]),
        ("公安县", &["421022"]),
        ("西安区域 海南区域 河北区别", &["610100", "460000", "130000"]),
        ("西湖区域 农贸市场 开发区", &[]),
        ("本市区、新市区、老城区、城区", &[]),
        ("沿海城市 新兴城市 对应城市", &[]),
    ]);
}

#[test]
fn names_borne_by_something_else_do_not_tell_where() {
    check(&[
        ("北京大学 北京理工大学 宁波职业技术学院 南京航空航天大学", &[]),
        ("上海银行 宁波银行 北京时间 宁德时代", &[]),
        ("南京路 南京东路 上海大道 西安街", &[]),
        ("北京烤鸭 兰州拉面 重庆火锅 德州扑克", &[]),
        ("杭州湾大桥", &[]),
        ("北京市海淀区北京大学", &["110108"]),
    ]);
}

#[test]
fn a_chain_is_told_from_its_first_name_to_its_last() {
    let text = "报名：浙江省宁波市鄞州区。";
    let found = find(text);
    assert_eq!(
        found,
        [Place {
            code: "330212", name: "鄞州区", at: "报名：".len().."报名：浙江省宁波市鄞州区".len()
        }]
    );
}

#[test]
fn codes_have_names_padded_or_not() {
    for (code, name) in
        [("33", "浙江省"), ("330000", "浙江省"), ("3302", "宁波市"), ("330200", "宁波市"), ("330212", "鄞州区")]
    {
        assert_eq!(name_of(code), Some(name), "{code}");
    }
    for code in ["", "3", "330", "330212000", "990000", "浙江", "a", "110100", "00"] {
        assert_eq!(name_of(code), None, "{code}");
    }
}

#[test]
fn a_code_covers_what_lies_in_it_and_what_it_lies_in() {
    for (a, b, want) in [
        ("330200", "330212", true),
        ("330000", "330200", true),
        ("330000", "330212", true),
        ("3302", "330212", true),
        ("330203", "330212", false),
        ("330200", "330300", false),
        ("110000", "310000", false),
        ("500000", "500101", true),
        ("", "330212", true),
        ("", "", true),
    ] {
        assert_eq!((covers(a, b), covers(b, a)), (want, want), "{a} {b}");
    }
}

#[test]
fn the_table_is_sorted_and_every_code_has_a_parent() {
    assert!(NAMES.divisions.len() > 3_000);
    assert!(NAMES.divisions.is_sorted_by(|a, b| a.code < b.code));
    for division in &NAMES.divisions {
        assert!(division.code.len() == 6 && division.code.bytes().all(|b| b.is_ascii_digit()), "{division:?}");
        let [city, province] = above(&NAMES, division);
        // Districts of the four municipalities, and counties straight under a province, have no prefecture.
        let straight = ["1101", "1201", "3101", "5001", "5002", "4190", "4290", "4690", "6590"];
        assert!(division.is_province() || province.is_some(), "{division:?}");
        assert!(!division.is_county() || city.is_some() || straight.contains(&&division.code[..4]), "{division:?}");
    }
}

#[test]
fn every_row_is_found_behind_its_parents() {
    let mut wrong = Vec::new();
    for division in &NAMES.divisions {
        let [city, province] = above(&NAMES, division).map(|row| row.and_then(|row| NAMES.division(row)));
        let mut chain = String::new();
        for parent in [province, city].into_iter().flatten().filter(|parent| parent.code != division.code) {
            chain.push_str(parent.name);
        }
        chain.push_str(division.name);
        let found = codes(&chain);
        // 嘉峪关市 is its own only district.
        if found != [division.code] && division.code != "620201" {
            wrong.push((chain, division.code, found));
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn short_cities_lead_to_their_counties() {
    let mut wrong = Vec::new();
    for division in NAMES.divisions.iter().filter(|division| division.is_county()) {
        let [Some(city), _] = above(&NAMES, division).map(|row| row.and_then(|row| NAMES.division(row))) else {
            continue;
        };
        // 海南 alone is the province, whatever lies in 青海; 嘉峪关市 is its own only district.
        if city.name == "海南藏族自治州" || division.code == "620201" {
            continue;
        }
        let text = format!("{}{}", short(city.name), division.name);
        if codes(&text) != [division.code] {
            wrong.push((text, division.code));
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn every_word_in_the_lists_is_a_name_in_the_table() {
    let shorts = |county: bool| -> Vec<String> {
        NAMES
            .divisions
            .iter()
            .filter(|division| division.is_county() == county)
            .map(|division| short(division.name))
            .collect()
    };
    let full: Vec<String> = NAMES.divisions.iter().map(|division| division.name.to_owned()).collect();
    for (list, names) in [
        (words::WEAK, shorts(false)),
        (words::WORDS, shorts(true)),
        (words::NEAR, full.clone()),
        (words::EARLIER, full),
    ] {
        let strange: Vec<_> = list.split_whitespace().filter(|word| !names.iter().any(|name| name == word)).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
}

#[test]
fn folding_leaves_the_names_as_they_are() {
    for Division { name, .. } in &NAMES.divisions {
        assert_eq!(fold(name).as_str(), *name);
    }
}

#[test]
fn peoples_are_no_part_of_a_short_name() {
    for (name, want) in [
        ("恩施土家族苗族自治州", "恩施"),
        ("克孜勒苏柯尔克孜自治州", "克孜勒苏"),
        ("内蒙古自治区", "内蒙古"),
        ("新疆维吾尔自治区", "新疆"),
        ("广西壮族自治区", "广西"),
        ("东乡族自治县", "东乡"),
        ("双江拉祜族佤族布朗族傣族自治县", "双江"),
        ("管城回族区", "管城"),
        ("香港特别行政区", "香港"),
        ("兴安盟", "兴安"),
    ] {
        assert_eq!(short(name), want, "{name}");
    }
    for division in &NAMES.divisions {
        assert!(!short(division.name).contains('族'), "{division:?}");
    }
}

#[test]
fn places_without_end_are_cut() {
    assert_eq!(find(&"宁波、".repeat(MOST + 1)).len(), MOST);
}

proptest! {
    #[test]
    fn whatever_comes_in_the_places_are_real_and_in_order(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("浙江".to_owned()), Just("宁波市".to_owned()), Just("鼓楼区".to_owned()), Just("西安区".to_owned()),
                Just("老城区".to_owned()), Just("日照".to_owned()), Just("市".to_owned()), Just("大学".to_owned()),
                Just(" - ".to_owned()), Just("江浙沪".to_owned()), Just("昆山".to_owned()), Just("国内".to_owned()), Just("朝阳".to_owned()), "\\PC{0,4}", "[东南西北中山海河江城州区县市]{0,6}",
            ],
            0..24,
        )
    ) {
        let text = pieces.concat();
        let found = find(&text);
        for place in &found {
            prop_assert!(text.get(place.at.clone()).is_some_and(|name| !name.is_empty()));
            prop_assert_eq!(name_of(place.code), Some(place.name));
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].at.end <= pair[1].at.start || pair[0].at == pair[1].at));
    }

    #[test]
    fn covering_is_mutual_and_takes_any_text(a in "\\PC{0,8}", b in "[0-9]{0,8}") {
        prop_assert_eq!(covers(&a, &b), covers(&b, &a));
        let _ = name_of(&a);
    }
}
