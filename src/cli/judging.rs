//! One page to its verdict, for `judge` and `check`: no network, no store.
//!
//! A line of the stream names its page and may name files; those have to lie below the root that the caller gave, whatever the
//! line says. Start at [`Judging::line`].

use std::{
    borrow::Cow,
    fs::File,
    io::Read as _,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use jianzheng_core::entities::{mask_ids, mask_url};
use jianzheng_core::host;
use jianzheng_core::page;
use jianzheng_core::rules::RuleSet;
use jianzheng_core::verdict::Thresholds;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::crawl::qr;
use crate::desk::verdict_row::VerdictRow;
use crate::patrol::pictures;

/// Bytes read of one page: one more than the extractor reads, so that it can tell what it cut.
const PAGE_BYTES: u64 = (32 << 20) + 1;
/// Bytes read of one picture.
pub(super) const IMAGE_BYTES: u64 = 16 << 20;
/// Pictures of one page that are looked at.
const IMAGES: usize = 64;

/// What judges lines.
pub(super) struct Judging {
    pub(super) rules: Arc<RuleSet>,
    pub(super) thresholds: Thresholds,
    /// Where files named by lines lie.
    pub(super) root: PathBuf,
    /// The visible text is wanted too.
    pub(super) text: bool,
}

#[derive(Deserialize)]
struct Input<'a> {
    /// Given back as it was written, however many digits it has.
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    html: Option<String>,
    file: Option<String>,
    charset: Option<String>,
    #[serde(default)]
    images: Vec<String>,
    final_url: Option<String>,
}

/// The name alone.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
}

impl Judging {
    /// The answer to one line as JSON, or what is wrong with the line.
    pub(super) fn line(&self, line: &[u8]) -> Result<Vec<u8>, String> {
        let whole;
        let input: Input = match serde_json::from_slice(line) {
            Ok(input) => input,
            Err(error) => {
                whole = without_halves(line).ok_or_else(|| unreadable(&error))?;
                // Its name is given back as it was written all the same.
                let Named { id } = serde_json::from_slice(line).map_err(|error| unreadable(&error))?;
                Input { id, ..serde_json::from_slice(&whole).map_err(|error| unreadable(&error))? }
            }
        };
        let asked = input.final_url.as_deref().unwrap_or(&input.url);
        let url = address(asked).ok_or_else(|| format!("网址“{}”写得不对", shown(asked)))?;
        let mut extract = match (&input.html, &input.file) {
            (Some(html), None) => page::read_text(html, Some(&url)),
            (None, Some(file)) => page::read(&self.file(file, PAGE_BYTES)?, input.charset.as_deref(), Some(&url)),
            (Some(_), Some(_)) => return Err("html 和 file 只能写一个".to_owned()),
            (None, None) => return Err("缺少网页内容：写 html，或写 file 指明文件".to_owned()),
        };
        for image in input.images.iter().take(IMAGES) {
            extract.qr.extend(qr::read(&self.file(image, IMAGE_BYTES)?));
        }
        extract = pictures::with_inline(extract);
        let verdict = self.rules.judge(&extract, &url, self.thresholds);
        let mut row = VerdictRow::new(&self.rules, &input.url, host_of(&url), &verdict);
        row.id = Some(input.id.unwrap_or(RawValue::NULL));
        row.text = self.text.then_some(&extract.text);
        serde_json::to_vec(&row).map_err(|error| error.to_string())
    }

    /// A file below the root.
    fn file(&self, named: &str, cap: u64) -> Result<Vec<u8>, String> {
        let outside = || format!("文件“{}”不在 --root 指定的目录里", shown(named));
        let path = Path::new(named);
        if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(outside());
        }
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("找不到文件“{}”", shown(named)),
            _ => format!("文件“{}”读不了：{error}", shown(named)),
        };
        // A symbolic link may lead anywhere: what counts is where it ends.
        let root = self.root.canonicalize().map_err(|error| format!("--root 的目录读不了：{error}"))?;
        let path = root.join(path).canonicalize().map_err(unreadable)?;
        if !path.starts_with(&root) {
            return Err(outside());
        }
        read_file(&path, cap).map_err(unreadable)
    }
}

/// Reads a regular file up to `cap` bytes; a pipe or a device would never end.
pub(super) fn read_file(path: &Path, cap: u64) -> std::io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(std::io::Error::other("不是普通文件"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(cap).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The address of a page; people leave the scheme out.
pub(super) fn address(text: &str) -> Option<Url> {
    let text = text.trim();
    match Url::parse(text) {
        Ok(url) if url.has_host() => Some(url),
        // `www.example:8080/x` parses as a scheme with a path.
        _ => Url::parse(&format!("http://{text}")).ok().filter(|_| !text.is_empty() && !text.contains("://")),
    }
}

/// The host of a page as a lower-case A-label.
pub(super) fn host_of(url: &Url) -> String {
    host::host_of(url.as_str()).unwrap_or_default()
}

/// The line with U+FFFD for each half of a surrogate pair that stands alone: what programs write that cut a text between two of its
/// UTF-16 units. Nothing where there is none.
fn without_halves(line: &[u8]) -> Option<Vec<u8>> {
    let half = |at: usize| {
        let digits = line.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let unit = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        (0xD800..0xE000).contains(&unit).then_some(unit < 0xDC00)
    };
    let mut out: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(escape) = memchr::memchr(b'\\', &line[at..]) {
        at += escape;
        match half(at) {
            Some(true) if half(at + 6) == Some(false) => at += 12,
            Some(_) => {
                out.get_or_insert_with(|| line.to_vec())[at..at + 6].copy_from_slice(b"\\ufffd");
                at += 6;
            }
            None => at += 2,
        }
        at = at.min(line.len());
    }
    out
}

fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if let Some(field) = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return format!("缺少字段 {field}");
    }
    let at = error.column();
    match error.classify() {
        serde_json::error::Category::Eof => format!("这一行不是合乎要求的 JSON：没写完就断了（第 {at} 个字节）"),
        serde_json::error::Category::Data => {
            format!(
                "这一行不是合乎要求的 JSON：字段的类型不对或重复（第 {at} 个字节），url、html、file、charset、final_url 要写文字，images 要写文字的列表"
            )
        }
        _ => format!("这一行不是合乎要求的 JSON：写法有错（第 {at} 个字节）"),
    }
}

/// The beginning of what somebody wrote, for a message.
fn shown(text: &str) -> String {
    mask_url(&mask_ids(text)).chars().take(80).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judging(root: &Path) -> Judging {
        let globals = crate::cli::Globals::default();
        let program = crate::wiring::Program::load(&globals, std::iter::empty(), root).unwrap();
        Judging { thresholds: program.thresholds(), rules: program.rules, root: root.to_owned(), text: true }
    }

    fn check(judging: &Judging, line: &str, wanted: Result<&str, &str>) {
        let answer = judging.line(line.as_bytes());
        match (answer, wanted) {
            (Ok(json), Ok(word)) => assert!(String::from_utf8(json).unwrap().contains(word), "{line}"),
            (Err(say), Err(word)) => assert!(say.contains(word), "{line}: {say}"),
            (answer, _) => panic!("{line}: {answer:?}"),
        }
    }

    #[test]
    fn a_line_may_only_name_files_below_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret"), "<p>外面的内容").unwrap();
        std::fs::write(root.join("page.html"), "<p>里面的内容").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("out")).unwrap();
        std::os::unix::fs::symlink(root.join("page.html"), root.join("in")).unwrap();
        let judging = judging(&root);
        for (file, wanted) in [
            ("page.html", Ok("里面的内容")),
            ("./page.html", Ok("里面的内容")),
            ("in", Ok("里面的内容")),
            ("../secret", Err("不在 --root")),
            ("out", Err("不在 --root")),
            ("/etc/hostname", Err("不在 --root")),
            ("x/../page.html", Err("不在 --root")),
            ("none.html", Err("找不到文件")),
            (".", Err("不是普通文件")),
        ] {
            check(&judging, &format!(r#"{{"id":1,"url":"http://a.example/","file":"{file}"}}"#), wanted);
        }
    }

    #[test]
    fn a_bad_line_says_what_is_wrong_with_it() {
        let judging = judging(Path::new("."));
        for (line, word) in [
            ("{not json", "不是合乎要求的 JSON"),
            (r#"{"id":1,"html":""}"#, "缺少字段 url"),
            (r#"{"url":"http://a.example/"}"#, "缺少网页内容"),
            (r#"{"url":"http://a.example/","html":"","file":"x"}"#, "只能写一个"),
            (r#"{"url":"http://[::x/","html":""}"#, "写得不对"),
        ] {
            check(&judging, line, Err(word));
        }
    }

    #[test]
    fn half_a_surrogate_pair_costs_one_sign_and_not_the_line() {
        let judging = judging(Path::new("."));
        let line = r#"{"id":"\ud83d","url":"http://a.example/","html":"<p>证\ud83d\\\ude00\ud83d\ude00\\ud83d"}"#;
        check(&judging, line, Ok(r#"{"id":"\ud83d","#));
        check(&judging, line, Ok("\"text\":\"证\u{FFFD}\\\\\u{FFFD}😀\\\\ud83d\""));
        check(&judging, r#"{"url":"http://a.example/","html":"\ud83d"#, Err("没写完就断了"));
    }

    #[test]
    fn the_final_url_has_the_host_that_counts() {
        let judging = judging(Path::new("."));
        let line = r#"{"url":"http://a.example/x","final_url":"https://B.例子.example/y","html":"<p>今天"}"#;
        check(&judging, line, Ok(r#""id":null,"url":"http://a.example/x","host":"b.xn--fsqu00a.example""#));
    }
}
