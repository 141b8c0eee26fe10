//! Claims about reading host names, the list, and single verdicts; the corpora are in tests/hosts.rs.

use proptest::prelude::*;

use super::{Authorities, NotAHost, Standing, host_of, is_government, registrable};

const RULES: &str = include_str!("../../../rules/authorities.toml");

fn authorities() -> Authorities {
    Authorities::parse("authorities.toml", RULES).expect("the shipped list is right")
}

#[test]
fn a_line_gives_its_host_however_it_is_written() {
    let check = |line: &str, host: &str| assert_eq!(host_of(line).as_deref(), Ok(host), "{line}");
    check("CX.MEM.GOV.CN", "cx.mem.gov.cn");
    check("cx.mem.gov.cn.", "cx.mem.gov.cn");
    check("ｃｘ．ｍｅｍ．ｇｏｖ．ｃｎ", "cx.mem.gov.cn");
    check("cx。mem。gov。cn", "cx.mem.gov.cn");
    check("https://user:p@ss@Demo.example:8443/a@b?c#d", "demo.example");
    check("http://cx.mem.gov.cn@bad.example/", "bad.example");
    check("//demo.example/x", "demo.example");
    check("demo.example:8080/x", "demo.example");
    check("\u{feff} demo.example \r", "demo.example");
    check("例子.example", "xn--fsqu00a.example");
    check("xn--fsqu00a.EXAMPLE", "xn--fsqu00a.example");
    check("http://192.168.1.1:80/", "192.168.1.1");
    check("[2001:DB8::1]:443", "2001:db8::1");
    check("a_b.demo.example", "a_b.demo.example");
    check("-a-.demo.example", "-a-.demo.example");
    check("r3---sn.demo.example", "r3---sn.demo.example");
    check("i♥.example", "xn--i-n3p.example");
    check("*.demo.example", "demo.example");
    check("localhost", "localhost");
}

#[test]
fn what_is_no_host_is_told_why() {
    let check = |line: &str, part: &str| {
        let said = host_of(line).expect_err(line).to_string();
        assert!(said.contains(part), "{line}：{said}");
    };
    check("", "空");
    check("bad host name!!", "不能有");
    check("a..b", "空段");
    check(".", "空");
    check("bad!.example", "“!”");
    check("someone@demo.example", "邮箱");
    check("javascript:alert(1)", "没有主机名");
    check("demo.example:99999", "端口");
    check("[::zz]", "IPv6");
    check("http://", "空");
    check("xn--a.example", "不是有效");
    check(&format!("{}.example", "a".repeat(64)), "63");
    check(&"a.".repeat(200), "253");
    check(&"a".repeat(100_000), "太长");
}

#[test]
fn what_somebody_registered_ends_at_private_suffixes_too() {
    let check = |host: &str, own: &str| assert_eq!(registrable(host), own, "{host}");
    check("a.b.demo.com.cn", "demo.com.cn");
    check("cx.mem.gov.cn", "mem.gov.cn");
    check("x.blog.github.io", "blog.github.io");
    check("192.168.1.1", "192.168.1.1");
    check("2001:db8::1", "2001:db8::1");
    check("localhost", "localhost");
    check("xn--fsqu00a.xn--fiqs8s", "xn--fsqu00a.xn--fiqs8s");
}

#[test]
fn only_the_chinese_government_suffixes_are_government() {
    for host in ["gov.cn", "mem.gov.cn", "a.b.gov.cn.", "xn--vuq861b.xn--zfr164b"] {
        assert!(is_government(host), "{host}");
    }
    for host in ["gov.cn.demo.com", "xgov.cn", "gov.hk", "x.gov.uk", "xn--gmq63b.cn", "gov.com.cn", ""] {
        assert!(!is_government(host), "{host}");
    }
}

#[test]
fn genuine_retired_and_foreign_hosts_stand_where_they_belong() {
    let authorities = authorities();
    let check = |host: &str, standing: Standing, near: Option<&str>| {
        let verdict = authorities.judge(host).expect(host);
        assert_eq!((verdict.standing, verdict.near.as_deref()), (standing, near), "{host} {:?}", verdict.why);
    };
    check("CX.mem.gov.cn.", Standing::Official, Some("cx.mem.gov.cn"));
    check("zscx.osta.org.cn", Standing::Official, Some("zscx.osta.org.cn"));
    check("cnse.e-cqs.cn", Standing::Official, Some("cnse.samr.gov.cn"));
    check("www.cpta.com.cn", Standing::Official, Some("www.cpta.com.cn"));
    check("www.hangzhou.gov.cn", Standing::Official, None);
    check("cx.saws.org.cn", Standing::Watch, Some("cx.mem.gov.cn"));
    check("media.chinasafety.gov.cn", Standing::Watch, Some("cx.mem.gov.cn"));
    check("ajj.jiangsu.gov.cn", Standing::Watch, Some("yjglt.jiangsu.gov.cn"));
    check("www.gov.cn.demo-host.com", Standing::Watch, None);
    check("192.168.1.1", Standing::Clean, None);
    check("2001:db8::1", Standing::Clean, None);
}

#[test]
fn a_verdict_says_what_it_saw() {
    let authorities = authorities();
    let check = |host: &str, parts: &[&str]| {
        let verdict = authorities.judge(host).expect(host);
        let why = verdict.why.join("；");
        assert_eq!(verdict.standing, Standing::Spoof, "{host} {why}");
        assert!(parts.iter().all(|part| why.contains(part)), "{host}：{why}");
        assert!((50.0..=100.0).contains(&verdict.score), "{host} {}", verdict.score);
    };
    check("cx.mem.gov.cn.demo.com", &["cx.mem.gov.cn", "真正的域名却是 demo.com"]);
    check("mem-gov.cn", &["连字符代替点", "mem.gov.cn"]);
    check("cxmem-gov.com", &["应急管理部英文缩写", "gov", "不在政府后缀"]);
    check("nem-gov.cn", &["“nem”", "只差一个字母"]);
    check("cxmem-g0v.com", &["“g0v”", "形近字符"]);
    check("0sta.org.cn", &["形近字符", "osta.org.cn"]);
    check("应急管理局.com", &["整段就是机关的名称"]);
    check("ostaa.org.cn", &["只差一个键"]);
    check("cpta.net.cn", &["只换了后缀"]);
}

#[test]
fn every_mistake_in_the_list_is_told_at_once_with_its_line() {
    let text = "[[authority]]\nid = \"a\"\nnmae = \"甲\"\nname = \"甲\"\nnear = \"x.gov.cn\"\nroute = \"税务\"\n\
                hosts = [{ host = \"X.gov.cn\", checked = \"昨天\", source = \"s\" }]\n\
                [parts]\nauthority = [{ text = \"Mem\", points = 99, say = \"s\", of = \"b\" }]\n";
    let problems = Authorities::parse("a.toml", text).expect_err("nothing here is right");
    let told: String = problems.iter().map(|p| format!("{p}\n")).collect();
    for part in ["第 3 行：", "nmae", "name", "税务", "应写成 x.gov.cn", "昨天", "Mem", "1 到 10", "“b”"]
    {
        assert!(told.contains(part), "{part} 没有说到：\n{told}");
    }
    let broken = Authorities::parse("b.toml", "[[authority]\nid = ").expect_err("no TOML");
    assert!(broken.iter().any(|p| p.code == "toml" && p.line == 1), "{broken:?}");
}

#[test]
fn the_shipped_list_knows_the_bodies_and_their_hosts() {
    let authorities = authorities();
    assert!(authorities.iter().count() >= 38);
    for (host, id) in [("cx.mem.gov.cn", "mem"), ("www.yjt.zj.gov.cn", "yj-zhejiang"), ("x.osta.org.cn", "osta")] {
        assert_eq!(authorities.by_host(host).map(|a| a.id.as_str()), Some(id), "{host}");
    }
    for host in ["mem.gov.cn.demo.com", "xmem.gov.cn", "gov.cn", ""] {
        assert!(authorities.by_host(host).is_none(), "{host}");
    }
}

proptest! {
    #[test]
    fn any_text_is_judged_or_refused_without_panic(text in "\\PC{0,60}|[a-z0-9.-]{1,80}|[cxmegovtzyаосеp0.-]{1,40}") {
        thread_local!(static LIST: Authorities = authorities());
        LIST.with(|list| {
            let first = list.judge(&text);
            if let Ok(verdict) = &first {
                assert!(verdict.host.is_ascii() && (0.0..=100.0).contains(&verdict.score));
                assert_eq!(list.judge(&verdict.host).as_ref().map(|v| v.standing), Ok(verdict.standing));
            }
            if let Ok(host) = host_of(&text) {
                assert_eq!(host_of(&host).as_deref(), Ok(host.as_str()));
                registrable(&host);
            }
        });
    }

    #[test]
    fn any_file_is_read_or_refused_without_panic(text in "\\PC{0,80}|(\\[\\[authority\\]\\]\nid = [a-z\"0-9]{0,5}\n){0,3}") {
        let _: Result<Authorities, _> = Authorities::parse("x.toml", &text);
    }
}

#[test]
fn the_first_look_agrees_with_the_verdict() {
    let authorities = authorities();
    for name in ["demo.example", "mem-gov.cn", "cx.mem.gov.cn", "Demo.example", "xn--fsqu00a.example"] {
        if authorities.is_plainly_clean(name) {
            assert_eq!(authorities.judge(name).map(|v| v.standing), Ok(Standing::Clean), "{name}");
        }
    }
    assert!(authorities.is_plainly_clean("demo.example"));
    assert_eq!(authorities.judge("a b").unwrap_err(), NotAHost::BadCharacter(" ".into()));
}

#[test]
fn a_genuine_name_before_an_at_sign_is_a_lure() {
    let authorities = authorities();
    for line in [
        "http://cx.mem.gov.cn@zs8.top/x",
        "https://cx%2Emem%2Egov%2Ecn:80@203.0.113.9/",
        "https://WWW.mem.gov.cn&a=1@b.vip",
    ] {
        let verdict = authorities.judge_line(line).unwrap();
        assert_eq!((verdict.standing, verdict.near.as_deref()), (Standing::Spoof, Some("cx.mem.gov.cn")), "{line}");
    }
    let plain = authorities.judge_line("http://user:word@www.shili.example/").unwrap();
    assert_eq!(plain.standing, Standing::Clean);
}

#[test]
fn short_names_are_told_with_a_slip_only_beside_gov() {
    let authorities = authorities();
    let standing = |name: &str| authorities.judge(name).unwrap().standing;
    for name in ["mems-gov.cn", "cxmom-gov.cn", "cx.mam-gov.cn", "cxmemgv.cn"] {
        assert_eq!(standing(name), Standing::Spoof, "{name}");
    }
    for name in ["mems.cn", "mom.cn", "memo.com", "cxmom.com", "memgo.com"] {
        assert_eq!(standing(name), Standing::Clean, "{name}");
    }
}

#[test]
fn every_look_alike_is_a_spoof_of_the_same_body_and_none_comes_twice() {
    let authorities = authorities();
    for host in ["cx.mem.gov.cn", "yjt.zj.gov.cn", "cnse.samr.gov.cn"] {
        let own = authorities.by_host(host).unwrap().id.clone();
        let twists = authorities.twist(host).unwrap();
        assert!(twists.len() > 200, "{host}: {}", twists.len());
        let mut known = std::collections::HashSet::new();
        for twist in &twists {
            let again = authorities.judge(&twist.verdict.host).unwrap();
            assert_eq!(again, twist.verdict);
            assert_eq!(again.standing, Standing::Spoof);
            assert_eq!(authorities.by_host(again.near.as_deref().unwrap()).unwrap().id, own);
            assert!(known.insert(&twist.verdict.host), "{} twice", twist.verdict.host);
        }
        assert!(twists.is_sorted_by_key(|twist| std::cmp::Reverse((twist.verdict.score.min(99.0) / 10.0) as u8)));
    }
}

#[test]
fn look_alikes_are_of_many_kinds() {
    let twists = authorities().twist("https://cx.mem.gov.cn/").unwrap();
    let tricks: std::collections::HashSet<super::Trick> = twists.iter().map(|twist| twist.trick).collect();
    assert!(tricks.len() >= 7, "{tricks:?}");
    let names: Vec<&str> = twists.iter().map(|twist| twist.verdict.host.as_str()).collect();
    for name in ["cx.mem.gov.cn.com", "mem-gov.cn", "cx-mem-gov-cn.top"] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn look_alikes_of_a_host_outside_gov_cn_bear_its_own_name() {
    let twists = authorities().twist("zscx.osta.org.cn").unwrap();
    assert!(twists.len() > 300, "{}", twists.len());
    assert!(twists.iter().filter(|twist| twist.verdict.host.contains("osta")).count() > 300);
}

#[test]
fn a_list_with_few_suffixes_still_has_look_alikes() {
    let text = include_str!("../../../rules/authorities.toml");
    let start = text.find("likely = [").unwrap();
    let end = start + text[start..].find(']').unwrap() + 1;
    let short = format!("{}likely = [\"cn\"]{}", &text[..start], &text[end..]);
    let authorities = Authorities::parse("authorities.toml", &short).unwrap();
    assert!(!authorities.twist("cx.mem.gov.cn").unwrap().is_empty());
}

#[test]
fn a_host_of_nobody_has_no_look_alikes() {
    assert_eq!(authorities().twist("shili.example"), None);
}

#[test]
fn letters_that_gov_cn_does_not_give_out_are_forged() {
    let authorities = authorities();
    let check = |host: &str, standing: Standing| {
        let verdict = authorities.judge(host).expect(host);
        assert_eq!(verdict.standing, standing, "{host} {:?}", verdict.why);
    };
    for host in ["cx.mém.gov.cn", "cx.\u{43c}em.gov.cn", "chinas\u{430}fety.gov.cn", "sámr.cn", "c\u{445}mem.com.cn"]
    {
        check(host, Standing::Spoof);
    }
    check("shílì.gov.cn", Standing::Watch);
    check("示例.gov.cn", Standing::Official);
    check("mémoire.example", Standing::Clean);
}

#[test]
fn a_character_mistaken_for_another_does_not_hide_a_long_word() {
    let authorities = authorities();
    let standing = |host: &str| authorities.judge(host).expect(host).standing;
    for host in ["应急营理部.com", "應急管理局.cn", "市场监督官理总局.com"] {
        assert_eq!(standing(host), Standing::Spoof, "{host}");
    }
    for host in ["管网.com", "馆方.cn", "操澡正.com"] {
        assert_eq!(standing(host), Standing::Clean, "{host}");
    }
}

#[test]
fn a_city_is_its_provinces_and_an_unknown_place_is_told() {
    let authorities = authorities();
    let verdict = authorities.judge("yjj.wuhangov.top").unwrap();
    assert_eq!((verdict.standing, verdict.near.as_deref()), (Standing::Spoof, Some("yjt.hubei.gov.cn")));
    assert_eq!(authorities.judge("yjj.wuhan.gov.cn").unwrap().standing, Standing::Official);
    let wrong = RULES.replace("[cities]\n", "[cities]\nnowhere = [\"x y\", \"Wuhan\"]\n");
    let problems = Authorities::parse("a.toml", &wrong).expect_err("no such place");
    assert!(problems.iter().any(|problem| problem.to_string().contains("nowhere")), "{problems:?}");
}

#[test]
fn nation_words_count_only_beside_a_body_or_a_paper() {
    let authorities = authorities();
    let standing = |host: &str| authorities.judge(host).expect(host).standing;
    for host in ["guojiaanjianju.cn", "zhongguoyjglb.cn", "chinayingji-gov.com"] {
        assert_eq!(standing(host), Standing::Spoof, "{host}");
    }
    for host in ["zhongguoyingji.com", "guojiadili.cn", "chinagov.com", "quanguochaxun.com"] {
        assert_eq!(standing(host), Standing::Clean, "{host}");
    }
}

#[test]
fn a_genuine_hosts_labels_beside_gov_are_told_whatever_they_mean() {
    let authorities = authorities();
    let check = |host: &str, near: &str| {
        let verdict = authorities.judge(host).expect(host);
        let found = (verdict.standing, verdict.near.as_deref());
        assert_eq!(found, (Standing::Spoof, Some(near)), "{host} {:?}", verdict.why);
    };
    for host in
        ["safety-hangzhou-gov.ren", "safety.hangzhougov.com", "safety.hangzhou.gov.xyz", "hangzhou-safety-gov.cn"]
    {
        check(host, "safety.hangzhou.gov.cn");
    }
    for host in ["zsyjzhoushan-gov.pro", "gov-zsyj-zhoushan.xin", "zsyj-zhoushan-tzzy.tk", "zsyj.zhoushan.gov.co"] {
        check(host, "zsyj.zhoushan.gov.cn");
    }
    for host in [
        "beian-mpsg0v.com",
        "beianmiitgov.biz",
        "gov-zfwzgl.cc",
        "beian-gov.fun",
        "b\u{e9}ian-mps-gov.com",
        "conac.vip",
    ] {
        check(host, "beian.miit.gov.cn");
    }
    check("yjjqz-gov.work", "yjj.qz.gov.cn");
    for host in [
        "safety-hangzhou.com",
        "hangzhousafety.cn",
        "beian.cn",
        "icpbeian.com",
        "beiancx.top",
        "zsyj.com",
        "yjjqz.com",
        "miit.org",
        "mps.net",
        "mem.gov.ma",
    ] {
        assert_eq!(authorities.judge(host).expect(host).standing, Standing::Clean, "{host}");
    }
}

#[test]
fn whose_body_is_imitated_is_told_by_its_place_though_misspelt() {
    let authorities = authorities();
    let near = |host: &str| {
        let verdict = authorities.judge(host).expect(host);
        assert_eq!(verdict.standing, Standing::Spoof, "{host} {:?}", verdict.why);
        verdict.near.expect(host)
    };
    for (host, wanted) in [
        ("ajjsx-gov.org", "ajj.sx.gov.cn"),
        ("ajj-sx-tzzy.com", "ajj.sx.gov.cn"),
        ("yjglj-eijing-gov.com", "yjglj.beijing.gov.cn"),
        ("yjt-fjian-gov.com", "yjt.fujian.gov.cn"),
        ("yjt-shanaxi-gov.top", "yjt.shaanxi.gov.cn"),
        ("yjt-sahndong-gov.top", "yjt.shandong.gov.cn"),
        ("yjt4hgov.sbs", "yjt.ah.gov.cn"),
        ("yjgl-hebei-gov.cn", "yjgl.hebei.gov.cn"),
        ("yjt-shanxi-gov.cn", "yjt.shanxi.gov.cn"),
        ("zscxgov.com", "zscx.osta.org.cn"),
        ("tzzyzscx.cn", "cx.mem.gov.cn"),
    ] {
        assert_eq!(near(host), wanted, "{host}");
    }
    // One letter off a place is off other words too.
    assert_eq!(authorities.judge("yjtanhua.com").unwrap().standing, Standing::Clean);
}

#[test]
fn a_suffix_glued_to_a_name_is_watched_and_with_a_place_a_spoof() {
    let authorities = authorities();
    let told = |host: &str| {
        let verdict = authorities.judge(host).expect(host);
        (verdict.standing, verdict.near)
    };
    assert_eq!(told("gov.cn-jl.xyz"), (Standing::Spoof, Some("yjt.jl.gov.cn".to_owned())));
    assert_eq!(told("www.gov.cn-beijingcx.top"), (Standing::Spoof, Some("yjglj.beijing.gov.cn".to_owned())));
    assert_eq!(told("gov.cn-shili.xyz"), (Standing::Watch, None));
    for host in ["gov.cn-hangzhou.log.aliyuncs.com", "www.cn-hebei.com", "gov.cnshili.com", "xgov.cn-shili.com"] {
        assert_eq!(told(host).0, Standing::Clean, "{host}");
    }
}

#[test]
fn two_words_of_the_trade_or_of_a_look_up_are_no_accident() {
    let authorities = authorities();
    let standing = |host: &str| authorities.judge(host).expect(host).standing;
    for host in ["tezhongzuoye-aqsc.wang", "tzzyaqks.cn", "zscxchaxun.com", "zscx-cx.cn", "teshuzuoye-query.top"] {
        assert_eq!(standing(host), Standing::Spoof, "{host}");
    }
    for host in ["tzzypx.cn", "aqscpx.com", "zscx.cn", "zscxw.com", "teshuzuoye.com", "zscxzscx.com", "chaxunquery.com"]
    {
        assert_eq!(standing(host), Standing::Clean, "{host}");
    }
}

proptest! {
    #[test]
    fn a_genuine_host_with_its_dots_changed_and_another_suffix_is_its_bodys_spoof(
        which in any::<proptest::sample::Index>(),
        joint in proptest::sample::select(vec!["", "-", "."]),
        glue in proptest::sample::select(vec!["", "-"]),
        first in any::<bool>(),
        suffix in proptest::sample::select(vec!["com", "net", "top", "xyz", "com.cn", "vip", "biz"]),
    ) {
        thread_local!(static LIST: Authorities = authorities());
        LIST.with(|list| {
            let hosts: Vec<&str> =
                list.iter().flat_map(|a| &a.hosts).filter_map(|host| host.strip_suffix(".gov.cn")).collect();
            let stem = which.get(&hosts).split('.').filter(|label| *label != "www").collect::<Vec<_>>().join(joint);
            let name = if first { format!("gov{glue}{stem}.{suffix}") } else { format!("{stem}{glue}gov.{suffix}") };
            // gov-yjj.cq.top has its own labels cut through, and says less.
            prop_assume!(!first || joint != ".");
            let verdict = list.judge(&name).unwrap();
            let own = &list.by_host(&format!("{}.gov.cn", which.get(&hosts))).unwrap().id;
            let near = verdict.near.as_deref().and_then(|near| list.by_host(near)).map(|body| &body.id);
            prop_assert_eq!((verdict.standing, near), (Standing::Spoof, Some(own)), "{} {:?}", name, verdict.why);
            Ok(())
        })?;
    }
}
