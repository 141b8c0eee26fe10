//! Claims about folding and squeezing, one table for each row of FIELD.md §4.2, traps beside them.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<_> = cases.iter().filter(|(raw, want)| fold(raw).as_str() != *want).collect();
    let told: Vec<_> =
        wrong.iter().map(|(raw, want)| format!("{raw:?}: {:?}, not {want:?}", fold(raw).as_str())).collect();
    assert!(wrong.is_empty(), "{}", told.join("\n"));
}

/// Folding leaves these alone.
#[track_caller]
fn same(cases: &[&str]) {
    check(&cases.iter().map(|raw| (*raw, *raw)).collect::<Vec<_>>());
}

#[test]
fn plain_text_stays() {
    same(&[
        "",
        "低压电工证三天拿证,不用考试",
        "2026年11月23日 一级建造师、二级建造师",
        "威信县应急管理局",
        "微芯科技股份有限公司",
        "北斗卫星导航系统",
        "企业维护卫生",
        "企鹅生活在南极",
        "登高公路 10kv 380v",
        "二〇二六年十一月二十三日",
        "第一、第二、第三",
        "价格一千三百元",
        "hello world, look at it: loop oil 12",
        "一二三四五",
        "乾隆 著名",
    ]);
}

#[test]
fn letters_and_digits_in_costume() {
    check(&[
        ("１３８ 𝟭𝟯𝟭 ⓥⓧ ＶＸ", "138 131 vx vx"),
        ("⒔⒑0⒉", "131002"),
        ("⒈⒊⒏", "138"),
        ("⑴⑶⑻⒇", "13820"),
        ("🄂🄄🄀", "130"),
        ("①⑤⑩㉑⓪", "1510210"),
    ]);
    check(&[("❶❸➀⓫", "13111"), ("➓⓿🔟", "10010"), ("🅥🅧 🆅🆇 ⒱⒳ 🄥", "vx vx vx v"), ("1️⃣3️⃣", "13"), ("➕V ✚v", "+v +v")]);
    check(&[("☎0574", "电话0574"), ("㈠", "一"), ("ABC", "abc"), ("\u{3000}\u{A0}", "  "), ("vх Wх", "vx wx")]);
}

#[test]
fn invisible_signs_go() {
    check(&[
        ("低\u{200B}压\u{FEFF}电\u{AD}工", "低压电工"),
        ("办\u{3164}证\u{115F}\u{1160}\u{FFA0}", "办证"),
        ("\u{202E}免\u{2066}考\u{E0041}", "免考"),
        ("1\u{336}3\u{336}", "13"),
        ("a\u{0}b\tc\nd", "ab\tc\nd"),
    ]);
}

#[test]
fn radicals_and_traditional_characters() {
    check(&[
        ("特种作业⼯⽤⻓⻋", "特种作业工用长车"),
        ("電工證 辦證 聯繫 複審 買 開 後 線", "电工证 办证 联系 复审 买 开 后 线"),
        ("乾", "乾"),
    ]);
}

#[test]
fn digits_in_disguise_only_where_they_make_a_number() {
    check(&[
        ("电话一三零零零零零一二三四", "电话13000001234"),
        ("电话١٣٠٠٠٠٠١٢٣٤、۱۳٠०๐০", "电话13000001234、130000"),
        ("壹叁零零零零零壹贰叁肆", "13000001234"),
        ("貳叁肆零零零壹", "2340001"),
        ("幺三洞洞洞洞洞幺两三四", "13000001234"),
        ("13OOOOO1234", "13000001234"),
        ("I3ООΟο○l234", "13000001234"),
        ("l30 0000 l234", "130 0000 1234"),
        ("130〇〇〇〇丨234", "13000001234"),
        ("加丨微丨信丨办丨证", "加微信办证"),
        ("满🔥意🔥给🔥钱", "满意给钱"),
        ("首页丨关于丨联系我们", "首页丨关于丨联系我们"),
        ("好评丨办丨证件", "好评丨办丨证件"),
        ("１３Ｏ０００Ｏ１２３４", "13000001234"),
        ("一三零 零零零零 一二三四", "130 0000 1234"),
        ("1300000一二三四", "13000001234"),
        ("vx13OOOO01234", "vx13000001234"),
        ("一三零零零零零一二三四一级证", "13000001234一级证"),
    ]);
    same(&[
        "13000001234一级建造师",
        "13000001234二维码",
        "证书第一13000001234",
        "2026年一月",
        "loooooool",
        "abc1oo00001234",
        "hello 13000001234",
        "oil 0574 88880000 oil",
        "一室两厅三卫",
        "5○○○○○○○",
        "20261123 一二三",
    ]);
}

#[test]
fn bracketed_signs_inside_a_number() {
    check(&[
        ("130(电)0000(微)1234", "13000001234"),
        ("130（电）0000【微】1234", "13000001234"),
        ("(电话)13000001234(微信)", "(电话)13000001234(微信)"),
        ("2026(年)11(月)23", "2026(年)11(月)23"),
        ("(0574)88880000", "(0574)88880000"),
    ]);
}

#[test]
fn names_for_wechat_and_qq_only_next_to_a_contact() {
    check(&[
        ("加薇信abc_12345", "加微信abc_12345"),
        ("威信：abc_12345", "微信:abc_12345"),
        ("加维信号abc", "加微信号abc"),
        ("徽信13000001234", "微信13000001234"),
        ("加溦abc12345", "加微abc12345"),
        ("V芯：tz_demo1", "微信:tz_demo1"),
        ("微❤️：tz_demo1", "微信:tz_demo1"),
        ("加卫星13000001234", "加微信13000001234"),
        ("扣扣:12345678", "qq:12345678"),
        ("抠抠12345678", "qq12345678"),
        ("企鹅12345678", "qq12345678"),
        ("+衛星 tz_demo1", "+微信 tz_demo1"),
    ]);
    same(&[
        "云南省昭通市威信县",
        "威芯电子有限公司",
        "微芯 pic16f877 单片机",
        "通信卫星 abs-2a 发射",
        "蔷薇 采薇",
        "小薇:你好",
        "安徽省",
        "企鹅有12345只",
        "环环相扣扣住",
        "10kv芯线",
    ]);
}

#[test]
fn a_range_of_the_folded_text_quotes_the_raw_one() {
    let cases = [
        ("不用考試，三天拿證", "考试,三天", "考試，三天"),
        ("⒔⒑0⒉", "3", "⒔"),
        ("低\u{200B}压\u{200B}电工", "低压", "低\u{200B}压"),
        ("低压\u{200B}电工", "低压", "低压"),
        ("电话１３０(微)００００(电)１２３４谢谢", "13000001234", "１３０(微)００００(电)１２３４"),
        ("請加微❤️abc12345", "微信abc", "微❤️abc"),
        ("ABC電工", "c电", "C電"),
    ];
    for (raw, folded_part, raw_part) in cases {
        let folded = fold(raw);
        let at = folded.as_str().find(folded_part).unwrap_or_else(|| panic!("{folded_part} in {}", folded.as_str()));
        assert_eq!(&raw[folded.raw_range(at..at + folded_part.len())], raw_part, "{raw}");
    }
}

#[test]
fn squeezing_joins_what_was_set_apart() {
    let cases: &[(&str, &str)] = &[
        ("满/意/给/钱", "满意给钱"),
        ("办·证", "办证"),
        ("可以办·证联系我", "可以办证联系我"),
        ("加微-信abc", "加微信"),
        ("特/种 作 业操作证", "特种作业操作证"),
        ("免★考，包🔥过", "免考\n包过"),
        ("首页|关于我们|联系方式", ""),
        ("低压电工/高压电工/焊工作业", ""),
        ("低压 电工 操作证", ""),
        ("没有分开", ""),
        ("办    证", ""),
    ];
    for (raw, want) in cases {
        assert_eq!(squeeze(&fold(raw)).as_str(), *want, "{raw}");
    }
}

#[test]
fn a_squeezed_range_knows_its_separators_and_its_source() {
    let raw = "您好滿/意/给钱。办·證";
    let squeezed = squeeze(&fold(raw));
    assert_eq!(squeezed.as_str(), "您好满意给钱\n办证");
    let at = |part: &str| {
        let start = squeezed.as_str().find(part).unwrap();
        start..start + part.len()
    };
    assert_eq!(&raw[squeezed.raw_range(at("满意给"))], "滿/意/给");
    assert_eq!(&raw[squeezed.raw_range(at("办证"))], "办·證");
    assert!(squeezed.crosses(at("满意")));
    assert!(!squeezed.crosses(at("您好")));
    assert!(!squeezed.crosses(at("给钱")));
    assert!(squeezed.crosses(at("意给钱")));
    assert!(squeezed.crosses(at("办证")));
}

#[test]
fn long_hostile_runs_stay_linear() {
    for piece in ["一", "1", "丨", "1丨", "o1", "1(微)", "微", "v❤", "一 ", "1(", "○", "\u{200B}1", "办·", "13o"]
    {
        let text = piece.repeat(200_000 / piece.len());
        let folded = fold(&text);
        assert!(folded.as_str().len() <= 4 * text.len());
        let _ = squeeze(&folded);
    }
}

/// Signs that the folder treats in a special way, so that chance finds their mixtures.
fn tricky() -> impl Strategy<Value = String> {
    let signs: Vec<&'static str> = vec![
        "1", "3", "0", "o", "l", "I", "一", "零", "丨", "○", "(", ")", "（", "微", "信", "❤", "\u{FE0F}", "v", "V",
        "加", "號", "：", "a", "abc12", "⒔", "🄁", "㏂", "\u{200B}", "證", "企", "鹅", "扣", "·", " ", "-", "х", "О",
        "ﷺ", "㎑", "e\u{301}", "\n", "⺀",
    ];
    prop::collection::vec(prop::sample::select(signs), 0..40).prop_map(|signs| signs.concat())
}

fn holds(raw: &str) -> Result<(), TestCaseError> {
    let folded = fold(raw);
    let text = folded.as_str();
    prop_assert!(text.len() <= 4 * raw.len());
    let (mut end, mut from) = (0, 0);
    for (at, sign) in text.char_indices() {
        let range = folded.raw_range(at..at + sign.len_utf8());
        prop_assert!(raw.get(range.clone()).is_some_and(|part| !part.is_empty()), "{sign} at {range:?}");
        prop_assert!(range.start >= from && range.end >= end);
        // What lies between two pieces was deleted, and would be deleted again, but for an odd sign that stood between all others.
        prop_assert!(
            range.start <= end
                || fold(&raw[end..range.start]).as_str().chars().all(|c| "()（）[]【】微信电".contains(c)
                    || c.is_ascii_alphanumeric()
                    || " -·".contains(c)
                    || super::squeeze::is_odd(c))
        );
        (from, end) = (range.start, range.end);
    }
    let mut last = 0;
    for (at, _) in raw.char_indices() {
        let here = folded.folded_from(at);
        prop_assert!(here >= last && text.is_char_boundary(here));
        last = here;
    }
    prop_assert_eq!(folded.folded_from(raw.len()), text.len());
    prop_assert_eq!(folded.raw_range(text.len()..text.len()), raw.len()..raw.len());
    let squeezed = squeeze(&folded);
    for (at, sign) in squeezed.as_str().char_indices() {
        let range = squeezed.raw_range(at..at + sign.len_utf8());
        prop_assert!(raw.get(range.clone()).is_some());
        if sign != '\n' {
            let again = &text[folded.folded_from(range.start)..folded.folded_from(range.end)];
            prop_assert!(again.contains(sign), "{sign} at {range:?}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_piece_has_a_place_in_any_text(raw in any::<String>()) {
        holds(&raw)?;
    }

    #[test]
    fn every_piece_has_a_place_in_tricky_text(raw in tricky()) {
        holds(&raw)?;
    }

    #[test]
    fn folding_one_sign_twice_changes_nothing(sign in any::<char>()) {
        let once = fold(&sign.to_string());
        let again = fold(once.as_str());
        prop_assert_eq!(again.as_str(), once.as_str());
    }

    #[test]
    fn plain_words_fold_to_themselves(raw in "[a-z0-9,.\n办证低压电工考试拿联系地址有限公司第号年月日]{0,60}") {
        let folded = fold(&raw);
        prop_assert_eq!(folded.as_str(), raw.as_str());
        prop_assert_eq!(folded.raw_range(0..raw.len()), 0..raw.len());
    }

    #[test]
    fn no_capital_letter_is_left(raw in "([A-Z]|[ovVxX1０微薇,，\n (]){0,40}") {
        prop_assert!(!fold(&raw).as_str().contains(|sign: char| sign.is_ascii_uppercase()), "{:?}", fold(&raw).as_str());
    }

    #[test]
    fn places_asked_for_one_after_another_are_those_asked_for_alone(raw in tricky(), jumps in prop::collection::vec(0usize..400, 0..20)) {
        let folded = fold(&raw);
        let mut starts = folded.raw_starts();
        for jump in jumps {
            let at = super::boundary_before(folded.as_str(), jump);
            if at < folded.as_str().len() {
                prop_assert_eq!(starts(at), folded.raw_range(at..at).start);
            }
        }
    }
}
