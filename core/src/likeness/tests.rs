//! What a copy is recognised by, what is nobody's copy, and that the index finds what a look at all finds.

use proptest::prelude::*;
use url::Url;

use super::*;
use crate::host::Authorities;
use crate::page::read_text;

const OFFICIAL: &str = "http://cx.mem.gov.cn/";

fn authorities() -> Authorities {
    Authorities::parse("authorities.toml", include_str!("../../../rules/authorities.toml")).unwrap()
}

/// A look-up as an authority has it; `more` stands in its middle.
fn look_up(more: &str) -> String {
    let notes = (1..40)
        .map(|n| {
            format!(
                "<li>第{n}条 查询人应当如实填写证件号码和姓名，结果以发证机关登记为准，有疑问请与第{n}考核点联系。</li>"
            )
        })
        .collect::<String>();
    format!(
        "<title>特种作业操作证查询平台</title><link rel=stylesheet href=/css/czzcx_page.css><script src=/js/czzcx_query.js></script>\
         <script src=/js/sfz_check.js></script><script src=/js/jquery.min.js></script>\
         <script>var hm=document.createElement('script');hm.src='https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef';</script>\
         <div class=header><a href=/>首页</a><a href=/zs>证书</a><a href=/gg>公告</a></div>{more}<h1>特种作业操作证查询</h1>\
         <form action=/query><select name=zjlx><option>身份证</select><input name=zjhm><input name=xm><input name=yzm></form>\
         <ul>{notes}</ul><p>主办单位：某某部门　技术支持：某某中心　网站标识码某某某某</p>"
    )
}

fn prints(html: &str) -> Prints {
    Prints::of(&read_text(html, Some(&Url::parse(OFFICIAL).unwrap())))
}

fn baselines() -> Baselines {
    let picture = |kind, look| Picture { kind, look, url: format!("{OFFICIAL}logo.png") };
    Baselines::new(vec![
        Baseline {
            host: "cx.mem.gov.cn".to_owned(),
            url: OFFICIAL.to_owned(),
            prints: prints(&look_up("")),
            pictures: vec![
                picture(PictureKind::Icon, 0x0F0F_3C3C_AA55_1234),
                picture(PictureKind::Image, 0xFFFF_0000_1234_5678),
                picture(PictureKind::Screen, 0x00FF_FF00_00FF_FF00),
            ],
        },
        Baseline { host: "www.mem.gov.cn".to_owned(), url: "http://www.mem.gov.cn/".to_owned(), ..Baseline::default() },
    ])
}

fn copied(url: &str, html: &str, pictures: &[Picture]) -> Vec<Copied> {
    let url = Url::parse(url).unwrap();
    let extract = Extract { pictures: pictures.to_vec(), ..read_text(html, Some(&url)) };
    baselines().copied(&authorities(), &extract, &url)
}

fn parts(found: &[Copied]) -> Vec<Part> {
    found.iter().map(|copied| copied.part).collect()
}

#[test]
fn a_saved_page_on_another_host_is_told_part_by_part_and_from_where() {
    let found = copied("http://a.example/", &look_up("如需加急请联系右侧的客服人员办理"), &[]);
    assert_eq!(
        parts(&found),
        [Part::Text, Part::Layout, Part::Title, Part::Files, Part::Statistics, Part::Form],
        "{found:#?}"
    );
    assert!(found.iter().all(|copied| copied.host == "cx.mem.gov.cn" && copied.strength > 0.0));
    let said: Vec<String> = found.iter().map(Copied::say).collect();
    assert!(
        said[3]
            .contains("脚本样式与 cx.mem.gov.cn 的相同：3 个文件同名（czzcx_page.css、czzcx_query.js、sfz_check.js）"),
        "{said:#?}"
    );
    assert!(said[4].contains("百度统计 0123456789abcdef"), "{said:#?}");
    assert!(said[5].contains("zjlx、zjhm、xm、yzm"), "{said:#?}");
}

#[test]
fn a_picture_that_looks_like_the_sites_is_told() {
    let picture = |kind, look| Picture { kind, look, url: "http://a.example/x.png".to_owned() };
    let told = |kind, look| copied("http://a.example/", "<p>短", &[picture(kind, look)]);
    let icon = told(PictureKind::Icon, 0x0F0F_3C3C_AA55_1235);
    assert_eq!(parts(&icon), [Part::Icon]);
    assert!(icon[0].say().contains("只差 1 位"), "{}", icon[0].say());
    assert_eq!(parts(&told(PictureKind::Icon, 0xFFFF_0000_1234_5678)), [Part::Picture]);
    assert_eq!(told(PictureKind::Icon, 0xFFFF_0000_0000_0000), []);
    // A screen is held against screens only, and more strictly.
    let screen = told(PictureKind::Screen, 0x00FF_FF00_00FF_FF03);
    assert_eq!(parts(&screen), [Part::Layout]);
    assert!(screen[0].say().contains("浏览器里的第一屏 看起来一样，指纹只差 2 位"), "{}", screen[0].say());
    assert_eq!(told(PictureKind::Screen, 0x00FF_FF00_00FF_FF0F), []);
    assert_eq!(told(PictureKind::Screen, 0xFFFF_0000_1234_5678), []);
    assert_eq!(told(PictureKind::Image, 0x00FF_FF00_00FF_FF00), []);
}

#[test]
fn who_has_leave_is_not_accused() {
    for host in ["cx.mem.gov.cn", "yjt.zj.gov.cn", "mirror.xx.gov.cn", "cdn20.com", "cx.mem.gov.cn.cdn20.com"] {
        assert_eq!(copied(&format!("http://{host}/"), &look_up(""), &[]), [], "{host}");
    }
    assert_ne!(copied("http://cx.mem.gov.cn.a.example/", &look_up(""), &[]), []);
}

#[test]
fn short_pages_and_strangers_are_nobodys_copy() {
    let empty = "<title>404</title><p>页面不存在</p>";
    assert_eq!(prints(empty), Prints { title: prints(empty).title, ..Prints::default() }.with_sample_of(empty));
    assert_eq!(compare(&prints(empty), &prints(empty)), []);
    let other =
        (0..60).map(|n| format!("<p>{n}号菜谱：把土豆切成{n}种丝，放进热油里快炒，加盐出锅。")).collect::<String>();
    assert_eq!(copied("http://a.example/", &format!("<title>家常菜谱大全</title>{other}"), &[]), []);
    // An article that quotes a rule of the page, and a page of the same builder, repeat too little.
    let quoting = format!("{other}<p>查询人应当如实填写证件号码和姓名，结果以发证机关登记为准。</p>");
    assert_eq!(copied("http://a.example/", &quoting, &[]), []);
}

impl Prints {
    /// A small sample is kept; it is too small for [`compare`] to say anything.
    fn with_sample_of(self, html: &str) -> Prints {
        Prints { sample: prints(html).sample, ..self }
    }
}

#[test]
fn a_print_that_a_thousand_share_is_still_answered_soon_and_with_a_bound() {
    let one = Baseline { prints: prints(&look_up("")), host: "cx.mem.gov.cn".to_owned(), ..Baseline::default() };
    let many = Baselines::new(vec![one; 3_000]);
    let url = Url::parse("http://a.example/").unwrap();
    let found = many.copied(&authorities(), &read_text(&look_up(""), Some(&url)), &url);
    assert_eq!(found.len(), 6);
}

#[test]
fn a_million_copies_of_one_page_are_one_entry() {
    let index = Index::new(&vec![7; 1_000_000]);
    let near = index.near(5, 3, 10);
    assert_eq!((near.found.len(), near.cut, near.found[0]), (10, true, (0, 1)));
    assert!(index.bytes() < 6 << 20, "{}", index.bytes());
    // A crowd in one place: the quarter is the same, the numbers are not.
    let crowd: Vec<u64> = (0..60_000u64).map(|n| n << 16 | n << 40).collect();
    assert!(Index::new(&crowd).near(0xFFFF_FFFF_FFFF_0000, 3, 10).cut);
    assert_eq!(Index::default().near(5, 11, 10), Near::default());
}

/// Numbers in heaps, as pages of one template are.
fn heaps() -> impl Strategy<Value = (Vec<u64>, u64)> {
    let heap = (any::<u64>(), proptest::collection::vec(proptest::collection::vec(0u32..64, 0..12), 1..40));
    let flipped = |centre: u64, bits: &[u32]| bits.iter().fold(centre, |number, bit| number ^ (1 << bit));
    (proptest::collection::vec(heap, 1..6), proptest::collection::vec(0u32..64, 0..6)).prop_map(
        move |(heaps, asked)| {
            let asked = flipped(heaps[0].0, &asked);
            let all = heaps.iter().flat_map(|(centre, all)| all.iter().map(move |bits| flipped(*centre, bits)));
            (all.collect(), asked)
        },
    )
}

proptest! {
    #[test]
    fn the_index_finds_what_a_look_at_all_finds((numbers, asked) in heaps(), distance in 0..=FARTHEST) {
        let near = Index::new(&numbers).near(asked, distance, usize::MAX);
        let mut all: Vec<(u32, u32)> = (0u32..).zip(&numbers).map(|(at, number)| (at, (number ^ asked).count_ones())).collect();
        all.retain(|(_, bits)| *bits <= distance);
        let mut found = near.found.clone();
        found.sort_unstable();
        prop_assert!(!near.cut);
        prop_assert_eq!(found, all);
        prop_assert!(near.found.windows(2).all(|two| two[0].1 <= two[1].1));
    }

    #[test]
    fn no_page_panics_and_every_page_is_its_own_copy(html in "(<(p|a|form|input name=a|script src=/x_y.js|title)>[a-z\u{4e00}-\u{4e40} ]{0,40}){0,60}") {
        let prints = prints(&html);
        for (_, strength, _) in compare(&prints, &prints) {
            prop_assert!(strength > 0.99);
        }
    }
}

#[test]
fn a_short_text_has_a_number_of_its_own_and_every_letter_counts() {
    let number = |html: &str| {
        let page = crate::page::read_text(html, None);
        (number_of(&page), exact_number_of(&page))
    };
    let (near, exact) = number("<title>焊工</title><p>焊工证不用考试，电话 13000000133</p>");
    assert!(near.is_none() && exact.is_some());
    assert_eq!(number("<title>焊工</title><div>焊工证 不用考试，<b>电话</b>：13000000133</div>").1, exact);
    assert_ne!(number("<title>焊工</title><p>焊工证不用考试，电话 13000000134</p>").1, exact);
    assert_ne!(number("<title>电工</title><p>焊工证不用考试，电话 13000000133</p>").1, exact);
    assert_eq!(number("<p>404 首页</p>"), (None, None));
    let (near, exact) = number(&format!("<p>{}</p>", "焊工证要考试，先到学校报名，再看书。".repeat(20)));
    assert!(near.is_some() && exact.is_none());
}
