//! Lists of addresses to start from, as officers write or paste them: one a line.
//!
//! `#` starts a remark; words with `#` before them behind an address are its tags; a bare host stands for `http://`. Files come
//! from any editor: any of UTF-8, UTF-16 with a mark and GB18030, full-width signs, either line end. A bad line costs that line
//! only. Pure. Start at [`parse`].

use std::collections::HashMap;

use encoding_rs::{Encoding, GB18030};
use jianzheng_core::rules::Problem;
use url::{Host, Url};

const BAD_LINE: &str = "bad-line";
const CUT: &str = "cut";

const MAX_BYTES: usize = 64 * 1024 * 1024;
const MAX_LINE: usize = 8 * 1024;
const MAX_TAGS: usize = 20;
/// Bad lines that are told one by one: a wrong file has a million of them.
const MAX_PROBLEMS: usize = 1000;

/// An address to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The address.
    pub url: Url,
    /// Its tags, without `#`.
    pub tags: Vec<String>,
    /// The line where it first stands, the first is 1.
    pub line: usize,
}

/// Reads a seed list; `file` is its name as the person knows it.
pub fn parse(file: &str, bytes: &[u8]) -> (Vec<Seed>, Vec<Problem>) {
    let mut list = List { file, seeds: Vec::new(), known: HashMap::new(), problems: Vec::new() };
    let kept = &bytes[..bytes.len().min(MAX_BYTES)];
    let encoding = Encoding::for_bom(kept).map(|(encoding, _)| encoding);
    let text = match (encoding, std::str::from_utf8(kept)) {
        (Some(encoding), _) => encoding.decode(kept).0,
        (None, Ok(text)) => text.into(),
        (None, Err(_)) => by_lines(kept).into(),
    };
    // A list exported by old programs ends its lines with a bare CR.
    let ends = if text.contains('\n') { '\n' } else { '\r' };
    for (at, line) in text.split(ends).enumerate() {
        list.take(at + 1, line);
    }
    if bytes.len() > MAX_BYTES {
        let say = "文件超过 64 MiB，后面的没有读";
        list.problem(CUT, 0, say.into(), "拆成几个文件，在 general.seeds 里都列上");
    }
    (list.seeds, list.problems)
}

/// Each line by itself: lists are pasted together from files of both kinds.
fn by_lines(bytes: &[u8]) -> String {
    let lines = bytes.split(|b| *b == b'\n').map(|line| match std::str::from_utf8(line) {
        Ok(line) => line.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(line).0.into_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

struct List<'f> {
    file: &'f str,
    seeds: Vec<Seed>,
    known: HashMap<Url, usize>,
    problems: Vec<Problem>,
}

impl List<'_> {
    fn problem(&mut self, code: &'static str, line: usize, say: String, advice: &str) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { code, file: self.file.to_owned(), line, say, advice: advice.to_owned() });
        }
    }

    fn take(&mut self, number: usize, line: &str) {
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if line.is_empty() || line.starts_with(['#', '＃']) {
            return;
        }
        if line.len() > MAX_LINE {
            return self.problem(BAD_LINE, number, "这一行太长，不像一个网址".into(), "一行只写一个网址");
        }
        let mut words = line.split_whitespace();
        let address = words.next().unwrap_or_default();
        let mut tags: Vec<String> = Vec::new();
        for word in words {
            let Some(tag) = word.strip_prefix(['#', '＃']) else {
                let say = format!("网址后面的“{}”不知道是什么", shown(word));
                return self.problem(BAD_LINE, number, say, "一行只写一个网址；标签前加 #，说明前加“# ”（# 后空一格）");
            };
            if tag.is_empty() {
                // A lone mark: the rest is a remark.
                break;
            }
            if tags.len() < MAX_TAGS && !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        match web_address(address) {
            Ok(url) => self.add(url, tags, number),
            Err(why) => {
                let say = format!("“{}”{why}", shown(address));
                self.problem(BAD_LINE, number, say, "写成 http://… 、https://… 或域名，例如 www.example.com");
            }
        }
    }

    /// The same address twice is one seed with the tags of both.
    fn add(&mut self, url: Url, tags: Vec<String>, line: usize) {
        if let Some(known) = self.known.get(&url) {
            let seed = &mut self.seeds[*known];
            for tag in tags {
                if seed.tags.len() < MAX_TAGS && !seed.tags.contains(&tag) {
                    seed.tags.push(tag);
                }
            }
            return;
        }
        self.known.insert(url.clone(), self.seeds.len());
        self.seeds.push(Seed { url, tags, line });
    }
}

/// A word of a bad line as it may be repeated to the person: short, masked, without controls.
fn shown(word: &str) -> String {
    let word = jianzheng_core::entities::mask_url(word);
    let mut shown: String = word.chars().filter(|c| !c.is_control()).take(60).collect();
    if word.chars().count() > 60 {
        shown.push('…');
    }
    shown
}

/// The address that a word means; the error says in Chinese why it is none.
fn web_address(word: &str) -> Result<Url, &'static str> {
    let folded: String = word.chars().map(narrow).collect();
    let lower = folded.to_ascii_lowercase();
    let whole = match lower.split_once("://") {
        Some(("http" | "https", _)) => folded,
        Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+') => {
            return Err("不是 http 或 https 网址");
        }
        _ => format!("http://{folded}"),
    };
    let url = Url::parse(&whole).map_err(|_| "不是网址")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("里带有用户名或口令");
    }
    match url.host() {
        Some(Host::Domain(name)) if name.contains('.') || name == "localhost" => Ok(url),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Ok(url),
        _ => Err("里没有完整的域名"),
    }
}

/// Full-width letters and signs as ASCII; the Chinese full stop is what an input method makes of a dot.
fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '。' => '.',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_however_it_was_typed() {
        let check = |line: &str, url: &str, tags: &[&str]| {
            let (seeds, problems) = parse("s.txt", line.as_bytes());
            assert_eq!(problems, [], "{line}");
            assert_eq!(seeds.len(), 1, "{line}");
            assert_eq!(seeds[0].url.as_str(), url, "{line}");
            assert_eq!(seeds[0].tags, tags, "{line}");
        };
        check("http://a.example/x", "http://a.example/x", &[]);
        check("\u{feff}https://a.example \r", "https://a.example/", &[]);
        check("a.example/x?q=1#top", "http://a.example/x?q=1#top", &[]);
        check("a.example:8080 #卖家 ＃宁波 #卖家", "http://a.example:8080/", &["卖家", "宁波"]);
        check("a.example #卖家 # 群众举报 2 次", "http://a.example/", &["卖家"]);
        check("　ｈｔｔｐ：／／ａ。example／x　#卖家", "http://a.example/x", &["卖家"]);
        check("办证.example", "http://xn--wfrq34k.example/", &[]);
        check("127.0.0.1:8000/a", "http://127.0.0.1:8000/a", &[]);
        check("http://[::1]/", "http://[::1]/", &[]);
        check("localhost:8000", "http://localhost:8000/", &[]);
        check("HTTP://A.Example/go?to=http://b.example/", "http://a.example/go?to=http://b.example/", &[]);
        check("a.example/go?to=http://b.example/", "http://a.example/go?to=http://b.example/", &[]);
    }

    #[test]
    fn a_bad_line_costs_that_line_only() {
        let text = "# 说明\n\na.example\nftp://b.example/\n你好\nhttp://u:p@c.example/\nd.example 电话 130 0000 1234\njavascript:alert(1)\nhttp://\ne.example\n";
        let (seeds, problems) = parse("线索.txt", text.as_bytes());
        assert_eq!(
            seeds.iter().map(|s| (s.url.host_str().unwrap_or(""), s.line)).collect::<Vec<_>>(),
            [("a.example", 3), ("e.example", 10)]
        );
        assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), [4, 5, 6, 7, 8, 9]);
        assert!(problems.iter().all(|p| p.file == "线索.txt" && p.code == "bad-line" && !p.say.is_empty()));
    }

    #[test]
    fn the_same_address_twice_is_one_seed_with_the_tags_of_both() {
        let (seeds, _) = parse("s.txt", "http://a.example/ #一\r\na.example #二\r\n".as_bytes());
        assert_eq!(seeds.len(), 1);
        assert_eq!((seeds[0].line, seeds[0].tags.join(",")), (1, "一,二".to_owned()));
    }

    #[test]
    fn a_list_may_come_from_any_editor() {
        let text = "a.example #卖家\r\nb.example #假冒\r\n";
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let gb = GB18030.encode(text).0.into_owned();
        let mixed = [gb.as_slice(), "c.example #网络\n".as_bytes()].concat();
        let wanted = parse("s.txt", text.as_bytes()).0;
        assert_eq!(wanted[1].tags, ["假冒"]);
        assert_eq!(parse("s.txt", &utf16).0, wanted);
        assert_eq!(parse("s.txt", &gb).0, wanted);
        assert_eq!(parse("s.txt", &mixed).0[2].tags, ["网络"]);
        assert_eq!(parse("s.txt", text.replace("\r\n", "\r").as_bytes()).0, wanted);
    }

    #[test]
    fn the_shipped_list_is_right() {
        let (seeds, problems) = parse("seeds/start.txt", include_bytes!("../../seeds/start.txt"));
        assert_eq!(problems, []);
        assert_eq!(seeds, [], "what the program ships accuses nobody");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let lines = 1 + bytes.iter().filter(|b| matches!(b, b'\n' | b'\r')).count();
            let (seeds, problems) = parse("s.txt", &bytes);
            // UTF-16 may hide further line ends in half the bytes, never more than there are bytes.
            proptest::prop_assert!(seeds.len() + problems.len() <= lines.max(bytes.len()));
        }
    }
}
