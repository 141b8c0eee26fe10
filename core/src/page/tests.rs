//! What a page becomes, case by case.

use super::*;

fn page(html: &str) -> Extract {
    let base = url::Url::parse("http://www.a.example/dir/page.html").unwrap();
    read_text(html, Some(&base))
}

fn check(html: &str, text: &str) {
    assert_eq!(page(html).text, text, "{html}");
}

#[test]
fn text_reads_as_a_browser_shows_it() {
    check("<title> 特种作业 \n 查询</title><body>a  b<p>c\n d</p>e", "特种作业 查询\na b\nc d\ne");
    check("<b>加</b><i>微</i>信<!-- x -->号", "加微信号");
    check("a<br>b<div>c<span> d</span></div>", "a\nb\nc d");
    check("<table><tr><td>低压电工<td>850元<tr><td>焊工</td><td>900元</td></table>", "低压电工\t850元\n焊工\t900元");
    check("<ul><li>a<li>b</ul>c", "a\nb\nc");
    check("&#24494;&#20449;&nbsp;x &lt;b&gt;", "微信\u{a0}x <b>");
    check("a<script>document.write('x')</script><style>b{}</style>c", "ac");
    check("<p>a<b>b<p>c</b>d", "ab\ncd");
    check("x\0y", "xy");
    check("<textarea>a<b></textarea><xmp><i></xmp>", "a<b>\n<i>");
}

#[test]
fn pictures_of_telephones_set_numbers_apart() {
    check(
        "<b>jia_01</b><span class='i-tel'></span><b>13000001234</b><i class='fa fa-phone'></i>13000005678",
        "jia_01 13000001234 13000005678",
    );
    check("<b>130</b><span class='i-num'></span><i class='phone'>0000</i><i>1234</i>", "13000001234");
}

#[test]
fn letters_that_are_shown_last_to_first_are_read_as_shown() {
    let extract = page(
        "<p>电话 <span style='direction:RTL; unicode-bidi: bidi-override'>43210000031</span></p><bdo dir=rtl>证工电</bdo>\
         <p style='direction:rtl'>左右</p>",
    );
    assert_eq!(extract.text, "电话 13000001234\n电工证\n左右");
}

#[test]
fn an_identity_number_is_masked_over_lines_and_cells() {
    check("<p>证号：330212<br>19900101<br>1232</p>", "证号：3302**\n********\n1232");
    check("<tr><td>T330212</td><td>19900101</td><td>1232</td><td>电工</td>", "T3302**\t********\t1232\t电工");
    check(
        "<tr><td>330212<td>20240101<td>1236<tr><td>330203<td>20240102<td>871",
        "330212\t20240101\t1236\n330203\t20240102\t871",
    );
    // Blocks keep their places where masking makes the text shorter.
    let extract = page("<p>３３０２１２<br>１９９００１０１<br>１２３２</p><p>低压电工</p>");
    assert_eq!(&extract.text[extract.blocks[3].at.clone()], "低压电工");
}

#[test]
fn hidden_text_is_kept_apart() {
    let extract = page(
        "<meta name=description content=免考><div style='DISPLAY : none'>包过<p>拿证</div><img alt=电工证 src=a.png>\
         <noscript>请启用</noscript><p hidden>暗</p><p style='font-size:0px'>零</p><p style='font-size:0.9em'>显</p>\
         <script>var t='加微信';</script><span style=opacity:0.5>半</span>",
    );
    assert_eq!(extract.text, "显\n半");
    let of =
        |kind| extract.hidden.iter().find(|h| h.kind == kind).map(|h| h.text.replace('\n', "|")).unwrap_or_default();
    assert_eq!(of(HiddenKind::Meta), "免考|");
    assert_eq!(of(HiddenKind::Element), "包过|拿证|请启用|暗|零|");
    assert_eq!(of(HiddenKind::Attribute), "电工证|");
    assert_eq!(of(HiddenKind::Script), "加微信|");
}

#[test]
fn sheets_hide_turn_and_write_as_simple_rules_say() {
    let extract = page(
        "<style>.h,i{display:none} .r{direction:rtl;unicode-bidi:bidi-override} .n:before{content:'1390'}</style>\
         办<span class='a h'>我</span>电<i>花</i>工证 <b class=r>证焊</b> 电话<b class=n>0001234</b><p class=h>暗处的话</p>",
    );
    assert_eq!(extract.text, "办电工证 焊证 电话13900001234");
    let hidden: Vec<_> = extract.hidden.iter().filter(|h| h.kind == HiddenKind::Element).map(|h| &*h.text).collect();
    assert_eq!(hidden, ["我\n花\n暗处的话\n"]);
    // Wherever in the page the sheet stands; but in a comment, for readers without scripts or for printers it is none.
    check("办<i class=h>我</i>证<style>.h{display:none}</style>", "办证");
    check("办<i class=h>我</i>证<style>.b{display:none}</style>", "办我证");
    check("<!--<style>.h{display:none}</style>-->办<i class=h>我</i>证", "办我证");
    check("<noscript><style>.h{display:none}</style></noscript>办<i class=h>我</i>证", "办我证");
    check("<template><style>.h{display:none}</style></template>办<i class=h>我</i>证", "办我证");
    check("<style type=text/x>.h{display:none}</style>办<i class=h>我</i>证", "办我证");
    check("<style media=print>.h{display:none}</style>办<i class=h>我</i>证", "办我证");
    // Gaps between what stands in a row are closed so, and nobody is hidden by it.
    check(
        "<style>.row{font-size:0}</style><div class=row>首页</div><b class=row>暗<i style='font-size:9px'>明</i></b>",
        "首页\n明",
    );
}

#[test]
fn a_page_that_its_sheets_hide_is_read_as_scripts_show_it() {
    let long = "某某学校低压电工班即将开班，学员须参加理论考试和实际操作考试，合格后领取证书。";
    let extract = page(&format!("<style>.page{{display:none}}</style><p>加载中</p><div class=page>{long}</div>"));
    assert_eq!(extract.text, format!("加载中\n{long}"));
    assert!(extract.needs_eyes);
    // Much junk between letters is no page.
    let junk = "<b class=h>天地玄黄</b>".repeat(40);
    check(&format!("<style>.h{{display:none}}</style>办{junk}证"), "办证");
}

#[test]
fn a_frame_may_have_its_document_in_itself() {
    let extract = page(
        "<title>某某</title><style>i{display:none}</style><form action=/a><input name=one><p>前<a href=/x>链\
         <iframe srcdoc=\"<title>内题</title><base href='http://f.example/d/'><style>b{display:none}</style><p>内<i>斜</i><b>暗</b>\
         <a href=y>接</a><form action=cx><input name=sfz></form><meta http-equiv=refresh content='0;url=z'>\
         <iframe srcdoc='&lt;p&gt;深'></iframe>\">无</iframe>后</a><input name=two></form>",
    );
    assert_eq!(extract.text, "某某\n前链\n内斜接\n深\n后");
    let links: Vec<_> = extract.links.iter().map(|l| l.href.as_str()).collect();
    assert_eq!(links, ["http://www.a.example/x", "http://f.example/d/y"]);
    let forms: Vec<(_, Vec<_>)> =
        extract.forms.iter().map(|f| (f.action.as_str(), f.fields.iter().map(|f| f.name.as_str()).collect())).collect();
    assert_eq!(forms, [("http://www.a.example/a", vec!["one", "two"]), ("http://f.example/d/cx", vec!["sfz"])]);
    assert_eq!((extract.redirects.len(), extract.frames), (0, vec!["http://f.example/d/z".to_owned()]));
    // Or in its address, which counts where it has no other.
    let extract = page(
        "<p>前<iframe src=\"data:text/html;charset=utf-8,%3Cp%3E内%3Ca href=y%3E接%3C/a%3E%3Cform%3E%3Cinput name=sfz%3E\">无</iframe>后\
         <iframe srcdoc='<p>文' src='data:text/html,<p>址'></iframe><iframe src='data:image/png;base64,AAAA'></iframe>",
    );
    assert_eq!((extract.text.as_str(), extract.forms.len()), ("前\n内接\n后\n文", 1));
    assert_eq!((extract.links[0].href.as_str(), extract.frames.len()), ("http://www.a.example/dir/y", 0));
    check("<div hidden><iframe src='data:text/html,<p>暗'></iframe></div>明", "明");
    // What is hidden with its frame is hidden, and frames in frames have an end.
    check("<div style='display:none'><iframe srcdoc='<p>暗'></iframe></div>明", "明");
    let mut nested = "最深".to_owned();
    for _ in 0..6 {
        nested = format!("层<iframe srcdoc=\"{}\"></iframe>", nested.replace('&', "&amp;").replace('"', "&quot;"));
    }
    let extract = page(&nested);
    assert_eq!((extract.text.as_str(), extract.limits), ("层\n层\n层\n层", vec![Limit::Depth]));
    let extract = page(&"<iframe srcdoc='<p>字'></iframe>".repeat(200_000));
    assert!(extract.is_cut() && extract.text.len() < 1 << 20);
}

#[test]
fn links_are_absolute_and_know_their_words() {
    let extract = page(
        "<title>t</title><a href='/x?a=1&amp;b=2'> 查 询 </a><a href=y.html>y</a><a href=//b.example/>b</a><a href='tel:13000000000'>打</a>\
         <a href='#x'>no</a><a href='javascript:;'>js</a><nav><a rel='nofollow' href=HTTP://C.example>c</a></nav>",
    );
    let found: Vec<_> = extract.links.iter().map(|l| (l.href.as_str(), &extract.text[l.at.clone()])).collect();
    assert_eq!(
        found,
        [
            ("http://www.a.example/x?a=1&b=2", "查 询"),
            ("http://www.a.example/dir/y.html", "y"),
            ("http://b.example/", "b"),
            ("tel:13000000000", "打"),
            ("javascript:;", "js"),
            ("HTTP://C.example", "c")
        ]
    );
    assert!(extract.links[5].nofollow);
    assert_eq!(extract.links[5].zone, Zone::Nav);
    assert_eq!(page("<base href=http://z.example/q/><a href=w>w</a>").links[0].href, "http://z.example/q/w");
}

#[test]
fn forms_know_what_their_fields_ask() {
    let extract = page(
        "<form action=/cx method=POST><table><tr><td>证件号码：<td><input name=sfz><tr><td>姓名<td><input name=xm placeholder=请输入姓名>\
         </table>验证码 <input id=yzm><img src=/code><input type=hidden name=k><input type=submit value=查询></form>\
         <div>手机号</div><div><input name=tel></div>",
    );
    let form = &extract.forms[0];
    assert_eq!((form.action.as_str(), form.post), ("http://www.a.example/cx", true));
    let fields: Vec<_> = form.fields.iter().map(|f| (f.name.as_str(), f.kind.as_str(), f.label.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("sfz", "text", "证件号码："),
            ("xm", "text", "姓名 请输入姓名"),
            ("yzm", "text", "验证码"),
            ("k", "hidden", ""),
            ("", "submit", "查询")
        ]
    );
    assert_eq!(extract.forms[1].fields[0].label, "手机号");
    assert!(extract.text.contains("查询"));
}

#[test]
fn parts_of_a_page_are_told_apart() {
    let extract = page(
        "<div class='top-nav nav'>首页</div><div id=content><p>正文</div><div class=sidebar>推荐</div><footer>版权</footer>\
         <div class=unavailable>仍是正文</div><div class='site-footer'><p>技术支持</p></div>",
    );
    let zones: Vec<_> = extract.blocks.iter().map(|b| (&extract.text[b.at.clone()], b.zone)).collect();
    assert_eq!(
        zones,
        [
            ("首页", Zone::Nav),
            ("正文", Zone::Main),
            ("推荐", Zone::Aside),
            ("版权", Zone::Footer),
            ("仍是正文", Zone::Main),
            ("技术支持", Zone::Footer)
        ]
    );
}

#[test]
fn frames_refreshes_and_statistics_are_seen() {
    let extract = page(
        "<meta http-equiv=Refresh content=\"0; URL='/new'\"><iframe src=f.html>x</iframe><script src=//cdn.example/a.js></script>\
         <script>var u='hm.js?0123456789abcdef0123456789abcdef';location.href='http://b.example/';</script>",
    );
    assert_eq!(extract.redirects, ["http://www.a.example/new", "http://b.example/"]);
    assert_eq!(extract.frames, ["http://www.a.example/dir/f.html"]);
    assert_eq!(
        extract.resources,
        ["http://cdn.example/a.js", "https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef"]
    );
    assert!(extract.needs_eyes);
}

#[test]
fn what_only_the_end_of_a_paragraph_ends_is_ended() {
    let extract = page("<p style=display:none>暗<p>明<p class=footer>脚<div>文</div>");
    assert_eq!(extract.text, "明\n脚\n文");
    assert_eq!(extract.blocks[2].zone, Zone::Main);
    // A comment that is opened where no script runs hides nothing from who runs scripts.
    check("<noscript><!--</noscript>办证<noscript>--></noscript>", "办证");
    // A script stays one however deep it stands, and the title has no NUL.
    let deep = format!("<title>a\0b</title><p>c{}<script>var x='文';</script>", "<div>".repeat(600));
    assert_eq!(page(&deep).text, "a\u{FFFD}b\nc");
}

#[test]
fn bombs_cost_no_more_than_their_bytes() {
    for bomb in [
        "<div>".repeat(400_000),
        "<ul><li>".repeat(200_000),
        "<p><font color=i>".repeat(100_000),
        "</b>".repeat(500_000),
        "<a href=x>y".repeat(100_000),
        "<input>".repeat(100_000),
        "<svg>".repeat(300_000),
        format!("<a {}>", "b=1 ".repeat(400_000)),
        "<".repeat(2_000_000),
        "<!--".repeat(400_000),
        "&".repeat(2_000_000),
        "<script>'".repeat(200_000),
        "<noscript>".repeat(200_000),
        format!("<style>{}</style>{}", ".a{display:block}".repeat(9999), "<b class='a a a a a a a a'>".repeat(100_000)),
        "<style>.before{display:none}</style>".repeat(100_000),
        "<iframe srcdoc='<b>x'>".repeat(100_000),
    ] {
        let extract = page(&format!("<title>t</title><p>before</p>{bomb}"));
        assert!(extract.text.starts_with("t\nbefore"));
        assert!(extract.text.len() <= (512 << 10) + 16);
    }
}

#[test]
fn what_is_no_text_leaves_its_room_to_the_text() {
    let megabytes = |piece: &str| piece.repeat((10 << 20) / piece.len());
    for filler in [
        format!("<script>{}</script>", megabytes("var a=1;")),
        format!("<style>{}</style>", megabytes(".a{b:c}")),
        format!("<!--{}-->", megabytes("字")),
        format!("<img src='data:image/png;base64,{}'>", megabytes("AAAA")),
    ] {
        let extract = page(&format!("{filler}<p>末尾"));
        assert_eq!((extract.text.as_str(), extract.is_cut()), ("末尾", false), "{}", &filler[..9]);
    }
    for filler in ["床前明月光，", "<b class='a'></b>"] {
        let extract = page(&format!("<p>{}<p>末尾", megabytes(filler)));
        assert!(!extract.text.contains("末尾") && extract.is_cut());
    }
}

#[test]
fn letters_that_a_control_sign_turns_are_read_as_shown() {
    check("<p>电话\u{202E}43210<b>000031</b>\u{202C}微信</p>1234", "电话01234130000微信\n1234");
    check("<title>\u{202E}证工电</title><p>&#8238;证焊<p>焊证", "电工证\n焊证\n焊证");
    check("电\u{202A}工\u{202C}证", "电\u{202A}工\u{202C}证");
}

#[test]
fn every_range_is_a_range_of_the_text() {
    use proptest::prelude::*;
    let piece = prop_oneof![
        Just("<p>"),
        Just("</p>"),
        Just("<a href=x>"),
        Just("</a>"),
        Just("<div class=footer>"),
        Just("</div>"),
        Just("<td>"),
        Just("<li>"),
        Just("字 "),
        Just("&nbsp;"),
        Just("&#x4e2d"),
        Just("<b"),
        Just("<input placeholder=名>"),
        Just("<svg><title>"),
        Just("</svg>"),
        Just("<title>题"),
        Just("</title>"),
        Just("<script>"),
        Just("</script>"),
        Just("330212199001011234"),
        Just("３３０２１２１９９００１０１１２３４"),
        Just("<br>"),
        Just("\n\t"),
        Just("<!--"),
        Just("-->"),
        Just("<button>钮"),
        Just("\u{0}"),
    ];
    proptest!(|(pieces in proptest::collection::vec(piece, 0..60))| {
        let extract = page(&pieces.concat());
        let mut last = 0;
        for block in &extract.blocks {
            prop_assert!(block.at.start >= last && !extract.text[block.at.clone()].is_empty());
            prop_assert!(!extract.text[block.at.clone()].contains('\n'));
            last = block.at.end;
        }
        for link in &extract.links {
            prop_assert!(extract.text.get(link.at.clone()).is_some());
        }
    });
}

#[test]
fn what_page_builders_keep_in_attributes_styles_and_templates_is_read() {
    let html = r#"<style>.a:before{content:"某某应急管理厅"}</style>
        <div x-data='{dw:"操作证查询"}' data-page="{&quot;issuer&quot;:&quot;发证机关&quot;}" data-tip="纯文字" :title="name"></div>
        <script type="text/template"><td>有效期限</td></script>"#;
    let extract = read_text(html, None);
    let hidden: Vec<&str> =
        extract.hidden.iter().filter(|h| h.kind == HiddenKind::Script).map(|h| h.text.as_str()).collect();
    let hidden = hidden.join("\n");
    for words in ["某某应急管理厅", "操作证查询", "发证机关", "有效期限"] {
        assert!(hidden.contains(words), "{words}: {hidden}");
    }
    assert!(!extract.text.contains("操作证"));
}
