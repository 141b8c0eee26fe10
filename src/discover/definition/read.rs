//! From the text of `rules/sources/NAME.toml` to a checked [`Definition`]. Start at [`definition`].

use std::time::Duration;

use jianzheng_core::rules::Problem;
use scraper::Selector;
use url::Url;

use super::{
    Budget, Css, Definition, HtmlShape, JsonPath, JsonShape, LinkRule, LinkWay, Mark, Question, Shape, Template, Wall,
};
use jianzheng_core::rules::sheet::{Part, Placed, Sheet, WRONG_VALUE};

const SELECTOR: &str = "selector";
const TEMPLATE: &str = "template";

/// Headers that belong to the client, not to a file.
const OUR_HEADERS: [&str; 6] =
    ["cookie", "host", "content-length", "connection", "transfer-encoding", "accept-encoding"];

/// See [`Definition::parse`].
pub(super) fn definition(name: &str, file: &str, text: &str) -> Result<Definition, Vec<Problem>> {
    Sheet::read(file, text, |top| {
        let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !good {
            let say = format!("来源的名称取自文件名，{name} 不能用作名称");
            top.report(WRONG_VALUE, 0, say, "文件名只用小写字母、数字和 -，例如 so360.toml");
        }
        let title = top.need_text("title", "写上给人看的名称，例如 title = \"百度网页搜索\"");
        let kind = kind(top);
        let url = top.text("url").map(|url| address(top, &url));
        let enabled = top.flag("enabled").unwrap_or(false);
        let budget = budget(top);
        let question = question(top, budget.pages);
        let shape = shape(top, kind);
        let zero = top.part("zero").map(|part| marks(&part, kind)).unwrap_or_default();
        let walls = top.parts("wall").iter().filter_map(|part| wall(part, kind)).collect();
        let links = top.parts("link").iter().filter_map(link_rule).collect();
        Some(Definition {
            name: name.to_owned(),
            title: title?.value,
            url: url.flatten(),
            enabled,
            question: question?,
            budget,
            shape: shape?,
            zero,
            walls,
            links,
        })
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Json,
}

fn kind(top: &Part<'_>) -> Option<Kind> {
    let kind = top.need_text("kind", "写 kind = \"html\"（结果页）或 kind = \"json\"（接口）")?;
    match kind.value.as_str() {
        "html" => Some(Kind::Html),
        "json" => Some(Kind::Json),
        other => {
            top.report(WRONG_VALUE, kind.at, format!("kind = \"{other}\" 不认识"), "只能写 \"html\" 或 \"json\"");
            None
        }
    }
}

fn address(top: &Part<'_>, url: &Placed<String>) -> Option<Url> {
    let parsed = Url::parse(&url.value).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
    if parsed.is_none() {
        let say = format!("{} 不是完整的网址", url.value);
        top.report(WRONG_VALUE, url.at, say, "写全，例如 \"https://www.example.com\"");
    }
    parsed
}

fn question(top: &Part<'_>, pages: u32) -> Option<Question> {
    let Some(part) = top.part("ask") else {
        top.missing("[ask]", "写明怎样提问：path、params");
        return None;
    };
    let path = part.need_text("path", "写提问的路径，例如 path = \"/s\"");
    if let Some(path) = path.as_ref().filter(|p| !p.value.starts_with('/')) {
        part.report(WRONG_VALUE, path.at, format!("path = \"{}\" 不以 / 开头", path.value), "路径从 / 写起");
    }
    let path = path.and_then(|path| template(&part, &path));
    let params: Vec<(String, Template)> = part
        .pairs("params")
        .into_iter()
        .filter_map(|(name, text)| template(&part, &text).map(|template| (name, template)))
        .collect();
    let mut headers = Vec::new();
    for (name, value) in part.pairs("headers") {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain || OUR_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            let say = format!("请求头 {name} 不能在这里设");
            part.report(WRONG_VALUE, value.at, say, "删去；Cookie 用 cookies = \"/\" 取，其余由程序自己填");
        } else if !value.value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            let say = format!("请求头 {name} 的值里有英文可见字符以外的字符");
            part.report(WRONG_VALUE, value.at, say, "只用英文字母、数字和标点");
        } else {
            headers.push((name, value.value));
        }
    }
    let cookies = part.text("cookies");
    if let Some(cookies) = cookies.as_ref().filter(|c| !c.value.starts_with('/')) {
        let say = format!("cookies = \"{}\" 不以 / 开头", cookies.value);
        part.report(WRONG_VALUE, cookies.at, say, "写提问前先访问的路径，例如 \"/\"");
    }
    let first_page = part.number("first_page", 0..=10).unwrap_or(1);
    let first_offset = part.number("first_offset", 0..=100).unwrap_or(0);
    let offset_step = part.number("offset_step", 1..=100).unwrap_or(10);
    part.finish();
    let path = path?;
    let all = || std::iter::once(&path).chain(params.iter().map(|(_, t)| t));
    if !all().any(Template::holds_query) {
        part.report(
            TEMPLATE,
            part.at(),
            "[ask] 里没有 {query}，问不出任何词",
            "在 params 里写上查询词的参数，例如 q = \"{query}\"",
        );
    }
    if pages > 1 && !all().any(Template::holds_page) {
        let say = format!("要翻 {pages} 页，[ask] 里却没有 {{page}} 或 {{offset}}");
        part.report(TEMPLATE, part.at(), say, "在 params 里写上翻页的参数，或者把 [budget] 的 pages 改成 1");
    }
    Some(Question { path, params, headers, cookies: cookies.map(|c| c.value), first_page, first_offset, offset_step })
}

fn template(part: &Part<'_>, text: &Placed<String>) -> Option<Template> {
    Template::parse(&text.value)
        .map_err(|unknown| {
            let say = format!("\"{}\" 里的 {unknown} 不认识", text.value);
            part.report(
                TEMPLATE,
                text.at,
                say,
                "花括号里只能写 {query}（查询词）、{page}（页码）、{offset}（起始条数）",
            );
        })
        .ok()
}

fn budget(top: &Part<'_>) -> Budget {
    let part = top.part("budget");
    let number = |key, range, default| part.as_ref().and_then(|p| p.number(key, range)).unwrap_or(default);
    let budget = Budget {
        daily: number("daily", 1..=1_000_000, 100),
        delay: Duration::from_millis(u64::from(number("delay_ms", 0..=3_600_000, 5000))),
        pages: number("pages", 1..=50, 1),
    };
    if let Some(part) = part {
        part.finish();
    }
    budget
}

fn shape(top: &Part<'_>, kind: Option<Kind>) -> Option<Shape> {
    let Some(part) = top.part("read") else {
        top.missing("[read]", "写明怎样读结果");
        return None;
    };
    let shape = match kind? {
        Kind::Html => html_shape(&part).map(|shape| Shape::Html(Box::new(shape))),
        Kind::Json => json_shape(&part).map(|shape| Shape::Json(Box::new(shape))),
    };
    part.finish();
    shape
}

fn html_shape(part: &Part<'_>) -> Option<HtmlShape> {
    let need = |key| part.need_text(key, "写一个 CSS 选择器").and_then(|text| css(part, text));
    let may = |key| part.text(key).and_then(|text| css(part, text));
    let all = |key| part.texts(key).into_iter().filter_map(|text| css(part, text)).collect();
    let item = need("item");
    let title = need("title");
    let link = may("link");
    let real_link = part.texts("real_link").into_iter().map(|t| t.value.to_ascii_lowercase()).collect();
    let (snippet, date, skip, ad) = (all("snippet"), may("date"), all("skip"), all("ad"));
    let (pager, next) = (may("pager"), may("next"));
    let next_text = part.text("next_text").map(|text| text.value);
    let title = title?;
    Some(HtmlShape {
        item: item?,
        link: link.unwrap_or_else(|| title.clone()),
        title,
        real_link,
        snippet,
        date,
        skip,
        ad,
        pager,
        next,
        next_text,
    })
}

fn json_shape(part: &Part<'_>) -> Option<JsonShape> {
    let paths = |key| part.texts(key).into_iter().map(|text| json_path(&text.value)).collect::<Vec<_>>();
    let items = part.need_text("items", "写结果列表在 JSON 里的位置，例如 items = \"data.results\"");
    let (title, link) = (paths("title"), paths("link"));
    for (key, paths) in [("title", &title), ("link", &link)] {
        if paths.is_empty() {
            part.missing(key, "写它在一条结果里的位置，例如 \"url\"");
        }
    }
    let shape = JsonShape {
        title,
        link,
        snippet: paths("snippet"),
        date: paths("date"),
        engine: paths("engine"),
        unresponsive: part.text("unresponsive").map(|text| json_path(&text.value)),
        engines: part.texts("engines").into_iter().map(|text| text.value).collect(),
        items: json_path(&items?.value),
    };
    Some(shape)
}

fn json_path(text: &str) -> JsonPath {
    JsonPath(text.split('.').map(|step| step.trim().to_owned()).collect())
}

fn css(part: &Part<'_>, text: Placed<String>) -> Option<Css> {
    match Selector::parse(&text.value) {
        Ok(selector) => Some(Css { text: text.value, selector }),
        Err(error) => {
            let say = format!("选择器 {} 写得不对（{error}）", text.value);
            part.report(SELECTOR, text.at, say, "检查括号、引号和空格；可先在浏览器里用 document.querySelectorAll 试");
            None
        }
    }
}

/// The marks of `[zero]` or of one `[[wall]]`.
fn marks(part: &Part<'_>, kind: Option<Kind>) -> Vec<Mark> {
    let values = |key| part.texts(key).into_iter().map(|t| t.value);
    let mut marks: Vec<Mark> = Vec::new();
    marks.extend(values("host").map(|host| Mark::Host(host.to_ascii_lowercase())));
    marks.extend(values("path").map(Mark::Path));
    marks.extend(part.number("status", 100..=599).and_then(|s| u16::try_from(s).ok()).map(Mark::Status));
    marks.extend(values("title").map(Mark::Title));
    marks.extend(values("text").map(Mark::Text));
    marks.extend(part.texts("element").into_iter().filter_map(|text| css(part, text)).map(Mark::Element));
    let equals = part.text("json_is").map(|t| t.value);
    marks.extend(part.text("json").map(|path| Mark::Json(json_path(&path.value), equals)));
    if part.flag("empty_list") == Some(true) {
        marks.push(Mark::EmptyList);
    }
    if part.flag("empty_body") == Some(true) {
        marks.push(Mark::EmptyBody);
    }
    for mark in &marks {
        let wanted = match mark {
            Mark::Element(_) => Kind::Html,
            Mark::Json(..) | Mark::EmptyList => Kind::Json,
            _ => continue,
        };
        if kind.is_some_and(|kind| kind != wanted) {
            let (say, advice) = match wanted {
                Kind::Html => ("element 只能用于 kind = \"html\"", "改用 json"),
                Kind::Json => ("json、empty_list 只能用于 kind = \"json\"", "改用 element 或 text"),
            };
            part.report(WRONG_VALUE, part.at(), say, advice);
        }
    }
    if marks.is_empty() {
        part.missing("标记", "至少写一项：host、path、status、title、text、element、json、empty_list、empty_body");
    }
    part.finish();
    marks
}

fn wall(part: &Part<'_>, kind: Option<Kind>) -> Option<Wall> {
    let say = part.need_text("say", "写一句给人看的话，例如 say = \"要求安全验证\"");
    let marks = marks(part, kind);
    Some(Wall { marks, say: say?.value })
}

fn link_rule(part: &Part<'_>) -> Option<LinkRule> {
    let hosts = part.texts("host").into_iter().map(|t| t.value.to_ascii_lowercase()).collect();
    let path = part.need_text("path", "写这种链接的路径开头，例如 path = \"/link\"");
    let way = part.need_text("way", "写怎样找到真实网址：keep、drop、lookup、param、base64");
    let param = part.text("param");
    let prefix = part.text("prefix");
    let ad = part.flag("ad").unwrap_or(false);
    let need_param = || {
        if param.is_none() {
            part.missing("param", "写真实网址在哪个参数里，例如 param = \"url\"");
        }
        param.as_ref().map(|p| p.value.clone())
    };
    let way = way.and_then(|way| match way.value.as_str() {
        "keep" => Some(LinkWay::Keep),
        "drop" => Some(LinkWay::Drop),
        "lookup" => Some(LinkWay::Lookup),
        "param" => need_param().map(LinkWay::Param),
        "base64" => need_param().map(|param| LinkWay::Base64 {
            param,
            prefix: prefix.as_ref().map(|p| p.value.clone()).unwrap_or_default(),
        }),
        other => {
            let advice = "keep 就是真实网址、drop 丢弃、lookup 去问一次、param 在参数里、base64 在参数里且编了码";
            part.report(WRONG_VALUE, way.at, format!("way = \"{other}\" 不认识"), advice);
            None
        }
    });
    part.finish();
    Some(LinkRule { hosts, path: path?.value, way: way?, ad })
}
