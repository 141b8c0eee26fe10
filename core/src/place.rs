//! Names of administrative divisions (行政区划) in a text, as their codes of GB/T 2260.
//!
//! 宁波市鄞州区, 宁波鄞州 and 鄞州区 are one place; 鼓楼区 is one only where its city is known, 朝阳 or 长安 only with a suffix, 北京路 and
//! 六安全员 none. Whether the text is *about* a place is not asked. The table is data/divisions.txt. Start at [`find`].

use aho_corasick::{AhoCorasick, Input, MatchKind};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// A division named in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its six digits.
    pub code: &'static str,
    /// Its own official name: 鄞州区.
    pub name: &'static str,
    /// The bytes of the folded text that name it, its city and province in front included.
    pub at: Range<usize>,
}

/// The official name of a code: "330212" is 鄞州区.
#[must_use]
pub fn name_of(code: &str) -> Option<&'static str> {
    let rows = &gazetteer().rows;
    rows.binary_search_by_key(&code, |row| row.code).ok().map(|at| rows[at].name)
}

/// Whether one division lies in the other or is it: either code is a prefix of the other once pairs of zeros at the end are
/// cut. "330200" and "330212" cover each other, "330000" covers both; an empty code is everywhere.
#[must_use]
pub fn covers(a: &str, b: &str) -> bool {
    let (a, b) = (significant(a), significant(b));
    a.starts_with(b) || b.starts_with(a)
}

fn significant(code: &str) -> &str {
    let mut code = code.trim();
    while let Some(shorter) = code.strip_suffix("00").filter(|shorter| shorter.len() % 2 == 0) {
        code = shorter;
    }
    code
}

/// The divisions that a folded text names, in order. A county behind its city is one place.
#[must_use]
pub fn find(folded: &str) -> Vec<Place> {
    let gazetteer = gazetteer();
    let mut places: Vec<Place> = Vec::new();
    let mut at = 0;
    while let Some(hit) = gazetteer.names.find(Input::new(folded).range(at..)) {
        let range = hit.range();
        match gazetteer.choose(folded, &range, hit.pattern().as_usize(), places.last()) {
            Some(row) => {
                at = range.end;
                let mut place = Place { code: row.code, name: row.name, at: range };
                if let Some(last) = places.last()
                    && stands_before(folded, last.at.end, place.at.start)
                    && last.code != place.code
                    && place.code.starts_with(significant(last.code))
                {
                    place.at.start = last.at.start;
                    places.pop();
                }
                places.push(place);
            }
            None => at = range.start + folded[range.start..].chars().next().map_or(1, char::len_utf8),
        }
    }
    places
}

/// How far before an ambiguous county its city may stand, in bytes.
const REACH: usize = 60;

/// Whether nothing but a space or a point stands between two names.
fn stands_before(text: &str, end: usize, start: usize) -> bool {
    let between = &text[end..start];
    between.len() <= 3 && between.chars().all(|sign| matches!(sign, ' ' | '·' | '-' | '.' | '/'))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Province,
    City,
    County,
}

#[derive(Debug)]
struct Row {
    code: &'static str,
    name: &'static str,
    level: Level,
}

/// What a name can mean.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    row: usize,
    /// The name lacks its suffix.
    short: bool,
}

struct Gazetteer {
    /// In order of code.
    rows: Vec<Row>,
    names: AhoCorasick,
    /// For each pattern of `names`, widest division first.
    meanings: Vec<Vec<Meaning>>,
}

fn gazetteer() -> &'static Gazetteer {
    static GAZETTEER: OnceLock<Gazetteer> = OnceLock::new();
    GAZETTEER.get_or_init(|| {
        let rows: Vec<Row> = include_str!("../data/divisions.txt").lines().filter_map(row).collect();
        let mut by_name: HashMap<&'static str, Vec<Meaning>> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            by_name.entry(row.name).or_default().push(Meaning { row: at, short: false });
            if let Some(short) = short_name(row.name, row.level) {
                by_name.entry(short).or_default().push(Meaning { row: at, short: true });
            }
        }
        for (name, code) in [("内蒙", "150000"), ("广西省", "450000"), ("新疆省", "650000")] {
            if let Ok(row) = rows.binary_search_by_key(&code, |row| row.code) {
                by_name.entry(name).or_default().push(Meaning { row, short: true });
            }
        }
        let mut entries: Vec<_> = by_name.into_iter().collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        for (_, meanings) in &mut entries {
            meanings.sort_by_key(|meaning| (meaning.short, rows[meaning.row].level));
        }
        let names = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(entries.iter().map(|(name, _)| name))
            .expect("some six thousand short names are far below the automaton's limits");
        Gazetteer { rows, names, meanings: entries.into_iter().map(|(_, meanings)| meanings).collect() }
    })
}

fn row(line: &'static str) -> Option<Row> {
    let (code, name) = line.split_once(' ')?;
    let level = match significant(code).len() {
        2 => Level::Province,
        4 => Level::City,
        _ => Level::County,
    };
    Some(Row { code, name, level })
}

/// Peoples in the names of autonomous divisions: the short name ends before the first.
const PEOPLES: [&str; 41] = [
    "朝鲜族", "土家族", "苗族", "侗族", "布依族", "彝族", "藏族", "羌族", "哈尼族", "壮族", "傣族", "白族", "景颇族", "傈僳族", "回族", "蒙古", "哈萨克",
    "柯尔克孜", "维吾尔", "满族", "畲族", "黎族", "瑶族", "仫佬族", "毛南族", "各族", "水族", "仡佬族", "纳西族", "拉祜族", "佤族", "布朗族", "独龙族",
    "怒族", "普米族", "撒拉族", "保安族", "东乡族", "裕固族", "土族", "锡伯",
];

/// The name without what it is: 浙江, 宁波, 鄞州, 恩施.
fn short_name(name: &'static str, level: Level) -> Option<&'static str> {
    let base = ["特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "林区", "省", "市", "区", "县", "盟", "旗"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))?;
    // 内蒙古 is a name with a people in it, so a people counts only behind at least two characters of its own.
    let cut = PEOPLES.iter().filter_map(|people| base.find(people)).filter(|&at| at >= 6).min().unwrap_or(base.len());
    let base = if level == Level::Province && base.starts_with("内蒙古") { base } else { &base[..cut] };
    (base.chars().count() >= 2).then_some(base)
}

/// Short names of cities that are words, mountains, goods or names of other things: they need their suffix.
const WORDS: &[&str] = &[
    "朝阳", "中山", "大同", "长治", "三明", "和田", "白山", "黄山", "玉树", "阿里", "白银", "来宾", "普洱", "日照", "德州", "北海", "海东", "海西", "海北", "黄南",
    "通化", "四平", "大理", "红河", "怒江", "文山", "天水", "中卫", "东方", "平安", "安康", "吉安", "随州", "孝感", "兴安", "山南", "凉山", "运城", "自贡",
];

/// What may not follow a short name, because the two make another word: 大连接, 保定金, 六安全.
const FOLLOWERS: &[(&str, &str)] = &[
    ("大连", "接续锁带"),
    ("保定", "期金量位点做额"),
    ("新乡", "村"),
    ("大庆", "典"),
    ("常德", "行"),
    ("北京", "时"),
    ("上海", "滩"),
    ("海口", "径"),
    ("河池", "塘"),
    ("南通", "道过知"),
    ("长春", "藤"),
    ("天津", "饭"),
    ("金华", "火"),
    ("本溪", "水"),
];

impl Gazetteer {
    /// Which of a name's meanings holds here, if one does.
    fn choose(&self, text: &str, at: &Range<usize>, pattern: usize, last: Option<&Place>) -> Option<&Row> {
        let meanings = &self.meanings[pattern];
        let adjacent = last.filter(|last| stands_before(text, last.at.end, at.start));
        // Right behind the division that it lies in, a name means what lies there, with or without suffix.
        if let Some(outer) = adjacent {
            let inside = |meaning: &&Meaning| {
                let code = self.rows[meaning.row].code;
                code != outer.code && code.starts_with(significant(outer.code))
            };
            let mut there = meanings.iter().filter(inside);
            if let (Some(only), None) = (there.next(), there.next()) {
                return Some(&self.rows[only.row]);
            }
        }
        let name = &text[at.clone()];
        let whole: Vec<&Row> = meanings.iter().filter(|meaning| !meaning.short).map(|meaning| &self.rows[meaning.row]).collect();
        match whole[..] {
            [] => {}
            // 城区, 郊区, 矿区 are words as well.
            [only] if name.chars().count() >= 3 => return (!inside_word(text, at, name)).then_some(only),
            _ => {
                let near = last.filter(|last| at.start - last.at.end <= REACH)?;
                let mut fitting = whole.iter().filter(|row| lies_near(row.code, near.code));
                return match (fitting.next(), fitting.next()) {
                    (Some(only), None) if name.chars().count() >= 3 => Some(only),
                    _ => None,
                };
            }
        }
        let widest = meanings.iter().map(|meaning| &self.rows[meaning.row]).min_by_key(|row| row.level)?;
        let known = widest.level != Level::County && !WORDS.contains(&name);
        (known && !continues(text, at.end, name)).then_some(widest)
    }
}

/// Whether a county may be meant after its neighbour, city or province was named.
fn lies_near(county: &str, named: &str) -> bool {
    let outer = significant(named);
    county.starts_with(&outer[..outer.len().min(4)])
}

/// Whether the first characters of a whole name end a word: 营运城市.
fn inside_word(text: &str, at: &Range<usize>, name: &str) -> bool {
    name.starts_with("运城") && text[..at.start].ends_with(['营', '客', '货', '航', '承', '海', '空'])
}

/// Whether what follows a short name makes another word or a street of it.
fn continues(text: &str, end: usize, name: &str) -> bool {
    let mut after = text[end..].chars();
    let (first, second) = (after.next(), after.next());
    let street = |sign: Option<char>| matches!(sign, Some('路' | '街' | '巷' | '弄'));
    if street(first) || matches!(first, Some('东' | '西' | '南' | '北' | '中' | '大')) && (street(second) || second == Some('道')) {
        return true;
    }
    let Some(first) = first else { return false };
    name.ends_with('安') && "全装排置检监".contains(first)
        || FOLLOWERS.iter().any(|(word, next)| *word == name && next.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(cases: &[(&str, &[&str])]) {
        let codes = |text: &str| find(text).iter().map(|place| place.code).collect::<Vec<_>>();
        let wrong: Vec<_> = cases.iter().filter(|(text, want)| codes(text) != *want).collect();
        let told: Vec<_> = wrong.iter().map(|(text, want)| format!("{text}: {:?}, not {want:?}", find(text))).collect();
        assert!(wrong.is_empty(), "{}", told.join("\n"));
    }

    #[test]
    fn whole_names() {
        check(&[
            ("浙江省", &["330000"]),
            ("宁波市鄞州区", &["330212"]),
            ("浙江省宁波市鄞州区应急管理局", &["330212"]),
            ("浙江省 宁波市 鄞州区", &["330212"]),
            ("鄞州区应急管理局", &["330212"]),
            ("北京市朝阳区", &["110105"]),
            ("内蒙古自治区呼和浩特市", &["150100"]),
            ("恩施土家族苗族自治州", &["422800"]),
            ("云南省昭通市威信县", &["530629"]),
            ("江西省上高县", &["360923"]),
            ("香港特别行政区", &["810000"]),
            ("东莞市", &["441900"]),
            ("杭州市、宁波市", &["330100", "330200"]),
        ]);
    }

    #[test]
    fn short_names() {
        check(&[
            ("宁波电工证", &["330200"]),
            ("浙江宁波鄞州", &["330212"]),
            ("宁波鄞州电工证", &["330212"]),
            ("宁波市鄞州", &["330212"]),
            ("浙江安吉", &["330523"]),
            ("北京朝阳", &["110105"]),
            ("广西南宁", &["450100"]),
            ("内蒙古", &["150000"]),
            ("吉林", &["220000"]),
            ("吉林市", &["220200"]),
            ("吉林吉林", &["220200"]),
            ("朝阳市", &["211300"]),
            ("恩施办证", &["422800"]),
            ("新疆乌鲁木齐", &["650100"]),
            ("全国通用 上海 广东 江苏", &["310000", "440000", "320000"]),
        ]);
    }

    #[test]
    fn names_that_are_several_or_words() {
        check(&[
            ("鼓楼区", &[]),
            ("南京市鼓楼区", &["320106"]),
            ("福州鼓楼区", &["350102"]),
            ("徐州鼓楼", &["320302"]),
            ("南京市应急管理局驻鼓楼区办事处", &["320100", "320106"]),
            ("鄞州", &[]),
            ("长安", &[]),
            ("朝阳产业", &[]),
            ("大同小异 日照时间 白银期货 来宾登记", &[]),
            ("最大连接数", &[]),
            ("六安全员 确保定期 十六安装", &[]),
            ("上海路 北京东路 中山大道 北京时间", &[]),
            ("主城区 老矿区 城区", &[]),
            ("营运城市", &[]),
            ("低压电工作业", &[]),
            ("", &[]),
        ]);
    }

    #[test]
    fn a_place_knows_its_name_and_where_it_stands() {
        let text = "在浙江省宁波市鄞州区办证";
        let places = find(text);
        assert_eq!(places[0].name, "鄞州区");
        assert_eq!(&text[places[0].at.clone()], "浙江省宁波市鄞州区");
    }

    #[test]
    fn codes_have_names() {
        assert_eq!(name_of("330212"), Some("鄞州区"));
        assert_eq!(name_of("330000"), Some("浙江省"));
        assert_eq!(name_of("000000"), None);
        assert_eq!(name_of(""), None);
    }

    #[test]
    fn areas_cover_what_lies_in_them() {
        let cases = [
            ("330200", "330212", true),
            ("330212", "330200", true),
            ("330000", "330212", true),
            ("330000", "330200", true),
            ("330212", "330212", true),
            ("330200", "330100", false),
            ("330212", "330211", false),
            ("320000", "330000", false),
            ("", "330212", true),
            ("330100", "330110", true),
        ];
        for (a, b, want) in cases {
            assert_eq!(covers(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_whole() {
        let rows = &gazetteer().rows;
        assert!(rows.len() > 3300);
        assert!(rows.is_sorted_by_key(|row| row.code));
        assert!(rows.iter().all(|row| row.code.len() == 6 && !row.name.is_empty()));
        for row in rows {
            let text = format!("{}应急管理局", row.name);
            assert!(find(&text).iter().all(|place| text.get(place.at.clone()).is_some()));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(words in prop::collection::vec(prop::sample::select(vec![
            "宁波", "市", "鄞州", "区", "鼓楼", "吉林", "省", " ", "路", "大连", "接", "城区", "a", "·", "北京", "朝阳", "海南",
        ]), 0..30)) {
            let text = words.concat();
            let mut end = 0;
            for place in find(&text) {
                prop_assert!(place.at.start >= end && text.get(place.at.clone()).is_some());
                end = place.at.end;
            }
        }
    }
}
