//! The two lanes side by side: alike where a page is well formed, apart where a tree repairs it.

use proptest::prelude::*;

use super::*;

fn lanes(html: &str) -> (Extract, Extract) {
    let base = url::Url::parse("http://www.a.example/dir/page.html").unwrap();
    let tokens = read_text(html, Some(&base));
    let tree = read_again(html.as_bytes(), Some("utf-8"), Some(&base), &tokens);
    assert_eq!((tokens.lane, tree.lane), (Lane::Tokens, Lane::Tree));
    (tokens, tree)
}

fn check(html: &str, tokens: &str, tree: &str) {
    let (one, other) = lanes(html);
    assert_eq!((one.text.as_str(), other.text.as_str()), (tokens, tree), "{html}");
}

#[test]
fn a_tree_repairs_what_tokens_leave_as_it_was_written() {
    // Text between a table's rows is shown before the table.
    check("<table>加微信<tr><td>格</table>", "加微信\n格", "加微信\n格");
    check("<table><tr><td>格</td></tr>加微信</table>", "格\n加微信", "加微信\n格");
    // What an inline element opened goes on beyond the block that closed around it.
    check("<div><span hidden>暗</div>明", "明", "明");
    check("<b hidden>暗<p>仍暗</b>明</p>", "", "明");
    check("<noscript><p>无脚本</p></noscript>显", "显", "显");
}

#[test]
fn a_form_in_a_table_has_the_fields_beside_it() {
    let page = "<table><form action=/a><tr><td>证件号码<td><input name=sfz></form></table><input name=q>\
                <table><tr><form action=/b><td><input name=x></td></form></tr></table>";
    let (tokens, tree) = lanes(page);
    let fields = |extract: &Extract| -> Vec<(String, Vec<String>)> {
        let names = |f: &Form| f.fields.iter().map(|f| f.name.clone()).collect();
        extract.forms.iter().map(|f| (f.action.clone(), names(f))).collect()
    };
    assert_eq!(fields(&tokens), fields(&tree));
    assert_eq!(fields(&tree)[0].1, ["sfz"]);
}

#[test]
fn bombs_hurt_the_second_lane_no_more_than_the_first() {
    for bomb in [
        "<div>".repeat(100_000),
        "<ul><li>".repeat(50_000),
        "<p><font color=i>".repeat(30_000),
        "<table><tr><td>".repeat(30_000),
        "<svg>".repeat(50_000),
        format!("<a {}>", "b=1 ".repeat(100_000)),
    ] {
        let (_, tree) = lanes(&format!("<title>t</title><p>before</p>{bomb}"));
        assert!(tree.text.starts_with("t\nbefore"));
        assert!(tree.limits.contains(&Limit::Depth));
    }
}

/// Words, with what references and white space make of them.
fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "字",
        " ",
        "电工证 ",
        "&amp;",
        "\n",
        "&nbsp;",
        "a b",
        "13000000000",
        "３３０２１２１９９００１０１１２３４",
    ])
    .prop_map(str::to_owned)
}

fn wrapped(
    inner: impl Strategy<Value = String>,
    tags: Vec<(&'static str, &'static str)>,
) -> impl Strategy<Value = String> {
    (prop::sample::select(tags), inner).prop_map(|((open, close), inner)| format!("{open}{inner}{close}"))
}

/// Inline content without links.
fn phrase() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => words(),
        1 => prop::sample::select(vec![
            "<br>", "<img src=a.png alt=图 width=3>", "<input name=n placeholder='请输入'>", "<input type=submit value=查询>",
            "<textarea name=t>格</textarea>", "<!-- 注 -->", "<script>var s='暗语';</script>", "<svg><title>标</title><path d='M0'/></svg>",
            "<iframe srcdoc='<style>b{display:none}</style><p>框<b>暗</b><a href=z>接</a><input name=f>'></iframe>",
            "<iframe src='data:text/html,%3Cp%3E框<b>明</b>'>无</iframe>",
            "<select name=s><option>甲</option><option value=1>乙</option></select>", "<noscript><b>无</b></noscript>",
            "<button>钮</button>",
        ]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let inner = prop::collection::vec(inner, 0..3).prop_map(|v| v.concat());
        wrapped(
            inner,
            vec![
                ("<span>", "</span>"),
                ("<b>", "</b>"),
                ("<i style='display:none'>", "</i>"),
                ("<span title=题 data-x='{\"a\":\"数据在此\"}'>", "</span>"),
                ("<label>", "</label>"),
                ("<span class='x h'>", "</span>"),
                ("<em class=r>", "</em>"),
                ("<q>", "</q>"),
            ],
        )
    })
}

/// Inline content in which links may stand.
fn linked() -> impl Strategy<Value = String> {
    let link = wrapped(phrase(), vec![("<a href=/x>", "</a>"), ("<a href='y.html?a=1&amp;b=2' rel=nofollow>", "</a>")]);
    prop::collection::vec(prop_oneof![phrase(), link], 0..3).prop_map(|v| v.concat())
}

/// Blocks.
fn flow() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![wrapped(linked(), vec![("<p>", "</p>"), ("<h2>", "</h2>"), ("<p hidden>", "</p>")]), linked()];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let inner = prop::collection::vec(inner, 0..4).prop_map(|v| v.concat());
        prop_oneof![
            wrapped(inner.clone(), vec![
                ("<div>", "</div>"), ("<div class=sidebar>", "</div>"), ("<section>", "</section>"), ("<nav>", "</nav>"),
                ("<footer>", "</footer>"), ("<blockquote>", "</blockquote>"), ("<ul><li>", "</li></ul>"), ("<ol><li>甲</li>\n<li>", "</li></ol>"),
                ("<dl><dt>名</dt><dd>", "</dd></dl>"), ("<div style='font-size:0'>", "</div>"),
            ]),
            (inner.clone(), inner).prop_map(|(a, b)| format!(
                "<table><thead><tr><th>头</th></tr></thead>\n<tbody><tr><td>{a}</td> <td>{b}</td></tr><tr><td class=foot>尾</td></tr></tbody></table>"
            )),
        ]
    })
}

proptest! {
    #[test]
    fn well_formed_pages_are_the_same_in_both_lanes(
        title in words(), one in flow(), form in flow(), other in flow(), frames in any::<bool>()
    ) {
        let frames = if frames { "<iframe src=f.html>无</iframe>" } else { "" };
        let page = format!(
            "<!doctype html><html><head><meta charset=utf-8><meta name=keywords content='证,查'><title>{title}</title>\
             <link rel=stylesheet href=s.css><style>a:before{{content:'样式'}} .r{{direction:rtl;unicode-bidi:bidi-override}}</style></head>\n<body>{one}\
             <form action=/cx method=post>{form}</form>{frames}{other}<style>.h{{display:none}}</style></body></html>"
        );
        let (tokens, mut tree) = lanes(&page);
        tree.lane = Lane::Tokens;
        prop_assert_eq!(tokens, tree);
    }
}
