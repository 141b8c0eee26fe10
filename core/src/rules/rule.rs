//! One rule, as a `[[rule]]` table says it.
//!
//! A condition is flat. `any` is what wakes the rule: phrases, word lists (`@名字`) or facts (`#名字`), one of them is enough.
//! A phrase may have gaps (`不用…考`: up to ten characters of the same sentence between). `all` must be on the page besides, `near` must stand within `within` characters of what woke it, `unless` must not stand in
//! the same sentence (a phrase) or be true of the page (a fact). `in` says which parts of the page count. Words in reported
//! speech ("警方提醒：所谓免考都是骗局") wake nothing unless `voice` is 转述也算.

use std::fmt;

use super::fact::Fact;
use super::gap::Piece;
use super::problem::Problem;
use super::sheet;
use super::sheet::{Placed, Sheet, WRONG_VALUE};
use crate::cloaking::Cloak;
use crate::likeness::Part;

/// What a rule speaks for or against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Imitates an authority or its look-up.
    FakeSite,
    /// Sells certificates.
    Seller,
    /// Warns about such offers.
    Notice,
}

impl Kind {
    /// Name in rule files and verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::FakeSite => "fake_site",
            Kind::Seller => "seller",
            Kind::Notice => "notice",
        }
    }
}

/// Whether a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 试行: shown with no points.
    Trial,
    /// 在用.
    Live,
    /// 停用: kept so that its id is never used again.
    Retired,
}

/// Part of the page that a condition may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// 标题.
    Title,
    /// 正文: everything visible that is not menu, side bar or foot.
    Main,
    /// 边栏: menus, side bars, foot.
    Side,
    /// 隐藏: meta tags, alternative texts, hidden elements, strings in scripts.
    Hidden,
    /// 控件: buttons and options.
    Control,
    /// 链接文字: the words of links, wherever they stand.
    LinkText,
    /// 表单: names, labels and addresses of forms.
    Form,
    /// 主机: the host's name.
    Host,
}

impl Status {
    const ALL: [(&'static str, Status); 3] =
        [("试行", Status::Trial), ("在用", Status::Live), ("停用", Status::Retired)];

    /// Name in rule files.
    pub fn as_str(self) -> &'static str {
        Status::ALL.iter().find(|(_, status)| *status == self).map_or("", |(name, _)| name)
    }
}

impl Place {
    const ALL: [(&'static str, Place); 8] = [
        ("标题", Place::Title),
        ("正文", Place::Main),
        ("边栏", Place::Side),
        ("隐藏", Place::Hidden),
        ("控件", Place::Control),
        ("链接文字", Place::LinkText),
        ("表单", Place::Form),
        ("主机", Place::Host),
    ];

    /// What stands neither in the visible text nor in the hidden one.
    pub(crate) const APART: u8 = 1 << Place::Form as u8 | 1 << Place::Host as u8;

    /// The names of the parts that a rule looks at.
    pub fn names(places: u8) -> Vec<&'static str> {
        Place::ALL.iter().filter(|(_, place)| places & place.bit() != 0).map(|(name, _)| *name).collect()
    }

    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Something a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A phrase, to be found in folded text.
    Phrase(String),
    /// A phrase with gaps.
    Gapped(Vec<Piece>),
    /// A word list.
    List(String),
    /// A fact.
    Fact(Fact),
}

impl Item {
    /// Whether it is the word list of that name, or a phrase that has it for a piece.
    pub fn names_list(&self, name: &str) -> bool {
        match self {
            Item::List(list) => list == name,
            Item::Gapped(pieces) => pieces.iter().any(|piece| matches!(piece, Piece::List(list) if list == name)),
            Item::Phrase(_) | Item::Fact(_) => false,
        }
    }
}

/// As an officer writes it.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Phrase(phrase) => f.write_str(phrase),
            Item::List(name) => write!(f, "@{name}"),
            Item::Fact(fact) => write!(f, "#{}", fact.name()),
            Item::Gapped(pieces) => {
                for (index, piece) in pieces.iter().enumerate() {
                    if index > 0 {
                        write!(f, "{}", super::gap::SIGN)?;
                    }
                    match piece {
                        Piece::Word(word) => f.write_str(word)?,
                        Piece::List(name) => write!(f, "@{name}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

/// An example: a sentence, or a whole page with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Address, where the rule looks at it.
    pub url: Option<String>,
    /// Page source or plain text.
    pub html: String,
    /// What QR codes of its pictures say.
    pub qr: Vec<String>,
    /// What it has copied of a protected site: a baseline is no part of the rules, so the example says it.
    pub copied: Vec<Part>,
    /// From whom the page is hidden: looks as others are no part of the rules either.
    pub cloaks: Vec<Cloak>,
    /// Line in the file.
    pub line: usize,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Stable name, never used again after retirement.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// What it speaks for.
    pub kind: Kind,
    /// Signals of a family tell the same thing.
    pub family: String,
    /// Decibans; negative for what speaks against.
    pub points: f64,
    /// Whether it counts.
    pub status: Status,
    /// Who wrote it.
    pub author: String,
    /// The day it was written, as the file says.
    pub date: String,
    /// What a verdict says when it fires.
    pub say: String,
    /// One of these wakes it.
    pub any: Vec<Item>,
    /// These have to be there too.
    pub all: Vec<Item>,
    /// One of these has to be near.
    pub near: Vec<Item>,
    /// How near, in characters.
    pub within: usize,
    /// None of these may be there.
    pub unless: Vec<Item>,
    /// Which parts of the page count, as bits of [`Place`].
    pub places: u8,
    /// Words in reported speech count as well.
    pub reported: bool,
    /// What may set it off wrongly.
    pub false_alarms: String,
    /// Of a shipped rule: on how many guilty and how many innocent pages it spoke that nobody who wrote rules had looked at.
    pub held: Option<(u32, u32)>,
    /// Who put it in force before it had earned it.
    pub early: Option<Early>,
    /// What it must hit.
    pub hits: Vec<Example>,
    /// What it must miss.
    pub misses: Vec<Example>,
    /// File and line, for messages.
    pub file: String,
    /// Line of the table.
    pub line: usize,
    /// The lists it names, and where.
    pub(super) list_lines: Vec<(String, usize)>,
}

/// An officer's word that a rule counts before it has earned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Early {
    /// Who says so.
    pub by: String,
    /// The day, as the file says.
    pub date: String,
    /// Why.
    pub why: String,
}

/// How the points of a family are added up.
#[derive(Debug, Clone)]
pub struct Family {
    /// Its name.
    pub id: String,
    /// What signals after the strongest may add together, in decibans.
    pub rest: f64,
    /// File and line, for messages.
    pub(super) file: String,
    /// Line of its id.
    pub(super) line: usize,
}

/// What a rule names that stands elsewhere, told of rules with other mistakes too; each with its line.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) id: Option<(String, usize)>,
    pub(super) family: Option<(String, usize)>,
    pub(super) lists: Vec<(String, usize)>,
    pub(super) file: String,
    /// Line of the table.
    pub(super) line: usize,
}

impl Names {
    /// As a message calls the rule.
    pub(super) fn rule(&self) -> &str {
        self.id.as_ref().map_or("（没有编号的）", |(id, _)| id)
    }
}

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) families: Vec<Family>,
    pub(super) rules: Vec<Rule>,
    pub(super) names: Vec<Names>,
}

/// Reads a file of `[[family]]` and `[[rule]]` tables, and tells every mistake in it.
pub(super) fn read(file: &str, text: &str) -> (Option<Tables>, Vec<Problem>) {
    Sheet::take(file, text, |top| {
        let mut tables = Tables::default();
        for part in top.parts("family") {
            let id = part.need_text("id", "给这一族起个英文短名");
            part.need_text("title", "说明这一族说的是什么");
            let rest = part.decimal("rest", 0.0..=20.0);
            part.finish();
            if let Some(id) = id {
                // Without its number it is wrong, but not unknown.
                let (file, line) = (file.to_owned(), part.line_of(id.at));
                tables.families.push(Family { id: id.value, rest: rest.unwrap_or(0.0), file, line });
            }
        }
        for part in top.parts("rule") {
            let read = rule(file, &part, &mut tables.names);
            tables.rules.extend(read);
        }
        if top.has("list") {
            let say = "词表不能写在这个文件里";
            top.report(
                "misplaced",
                top.at_of("list"),
                say,
                "把 [[list]] 连同它的词挪到 words.toml 里，规则里照样用 @名字",
            );
        }
        Some(tables)
    })
}

fn rule(file: &str, part: &sheet::Part<'_>, names: &mut Vec<Names>) -> Option<Rule> {
    let id = part.need_text("id", "起一个不重复的英文名，例如 seller.exam-waiver");
    if let Some(id) = &id
        && !id.value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
    {
        let advice = "只用英文小写字母、数字、点和短横，例如 seller.exam-waiver";
        part.report(WRONG_VALUE, id.at, format!("编号“{}”写法不对", id.value), advice);
    }
    let title = part.need_text("title", "用一句中文说明这条规则");
    let kind = part.need_text("kind", "写 fake_site、seller 或 notice").and_then(|k| {
        let kinds = [("seller", Kind::Seller), ("fake_site", Kind::FakeSite), ("notice", Kind::Notice)];
        choose(part, &k, "kind", &kinds, "seller（卖家）、fake_site（假冒）、notice（警示）")
    });
    let family = part.need_text("family", "写上它属于哪一族");
    let points = part.decimal("points", -60.0..=30.0);
    let status =
        part.need_text("status", "写 试行、在用 或 停用").and_then(|s| choice(part, &s, "status", &Status::ALL));
    let author = part.need_text("author", "写上是谁写的");
    let date = part.need_text("date", "写上日期，例如 \"2026-11-23\"");
    check_date(part, date.as_ref());
    let say = part.text("say");
    let false_alarms = part.need_text("false_alarms", "用一句实在的话写明什么情况会误报");
    check_sentence(part, "false_alarms", false_alarms.as_ref(), "用一句实在的话写明哪种守法网页也会这么说");
    let mut lines = Vec::new();
    let any = items(part, "any", &mut lines);
    let all = items(part, "all", &mut lines);
    let near = items(part, "near", &mut lines);
    let unless = items(part, "unless", &mut lines);
    let placed = |name: &Option<Placed<String>>| name.as_ref().map(|name| (name.value.clone(), part.line_of(name.at)));
    names.push(Names {
        id: placed(&id),
        family: placed(&family),
        lists: lines.clone(),
        file: file.to_owned(),
        line: part.line(),
    });
    let within = part.number("within", 1..=2000).unwrap_or(60) as usize;
    let mut places = 0;
    for place in part.texts("in") {
        if let Some(place) = choice(part, &place, "in", &Place::ALL) {
            places |= place.bit();
        }
    }
    if places == 0 {
        places = Place::Title.bit() | Place::Main.bit();
    }
    let reported = part
        .text("voice")
        .is_some_and(|v| choice(part, &v, "voice", &[("本页", false), ("转述也算", true)]).unwrap_or(false));
    let (held, held_wrong) = (part.number("held", 0..=1_000_000), part.number("held_wrong", 0..=1_000_000));
    let early = part.part("early").and_then(|part| early(&part));
    let hits = examples(part, "hit");
    let misses = examples(part, "miss");
    let nothing_of = |key: &str| !part.has(key) || part.has_empty(key);
    if nothing_of("any") {
        part.missing("any", "写上触发它的词句、@词表 或 #页面特征");
    }
    let retired = status == Some(Status::Retired);
    if nothing_of("hit") && !retired {
        part.missing("hit", "至少写一个它必须命中的例子");
    }
    if nothing_of("miss") && !retired {
        part.missing("miss", "至少写一个它绝不能命中的例子");
    }
    if points == Some(0.0) {
        part.report(WRONG_VALUE, part.at(), "points 是 0，规则不起作用", "想先看看效果，用 status = \"试行\"");
    }
    if points.is_none() && !part.has("points") {
        part.missing("points", "写上分值，+10 分表示可能性变为十倍");
    }
    part.finish();
    let title = title?.value;
    Some(Rule {
        id: id?.value,
        list_lines: lines,
        say: say.map_or_else(|| title.clone(), |s| s.value),
        title,
        kind: kind?,
        family: family?.value,
        points: points?,
        status: status?,
        author: author?.value,
        date: date?.value,
        any,
        all,
        near,
        within,
        unless,
        places,
        reported,
        false_alarms: false_alarms?.value,
        held: held.map(|held| (held, held_wrong.unwrap_or(0))),
        early,
        hits,
        misses,
        file: file.to_owned(),
        line: part.line(),
    })
}

fn check_date(part: &sheet::Part<'_>, date: Option<&Placed<String>>) {
    if let Some(date) = date.filter(|date| date.value.parse::<jiff::civil::Date>().is_err()) {
        part.report(WRONG_VALUE, date.at, format!("“{}”不是日期", date.value), "写成 \"2026-11-23\" 这样");
    }
}

/// A sentence that people are to learn something from.
fn check_sentence(part: &sheet::Part<'_>, key: &str, sentence: Option<&Placed<String>>, advice: &str) {
    const SHORTEST: usize = 6;
    const NOTHING: [&str; 6] =
        ["没有发现误报", "目前没有误报", "暂时没有误报", "暂未发现误报", "没有已知误报", "unknown"];
    let Some(sentence) = sentence else { return };
    let words: String = sentence.value.to_lowercase().chars().filter(|sign| sign.is_alphanumeric()).collect();
    if words.chars().count() < SHORTEST || NOTHING.contains(&words.as_str()) {
        let say = format!("{key} 写的“{}”什么也没说明", sentence.value);
        part.report(WRONG_VALUE, sentence.at, say, advice);
    }
}

fn early(part: &sheet::Part<'_>) -> Option<Early> {
    let by = part.need_text("by", "写上是谁定的");
    let date = part.need_text("date", "写上日期，例如 \"2026-11-23\"");
    check_date(part, date.as_ref());
    let why = part.need_text("why", "用一句实在的话写明为什么等不得");
    check_sentence(part, "why", why.as_ref(), "用一句实在的话写明为什么等不得");
    part.finish();
    Some(Early { by: by?.value, date: date?.value, why: why?.value })
}

fn choice<T: Copy>(part: &sheet::Part<'_>, word: &Placed<String>, key: &str, choices: &[(&str, T)]) -> Option<T> {
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    choose(part, word, key, choices, &names.join("、"))
}

/// The same, where the words that may stand there have to be told with what they mean.
fn choose<T: Copy>(
    part: &sheet::Part<'_>,
    word: &Placed<String>,
    key: &str,
    choices: &[(&str, T)],
    told: &str,
) -> Option<T> {
    let found = choices.iter().find(|(name, _)| *name == word.value).map(|(_, value)| *value);
    if found.is_none() {
        part.report(WRONG_VALUE, word.at, format!("{key} 不能是 {}", word.value), format!("可写：{told}"));
    }
    found
}

fn items(part: &sheet::Part<'_>, key: &'static str, lines: &mut Vec<(String, usize)>) -> Vec<Item> {
    part.texts(key)
        .into_iter()
        .filter_map(|word| {
            if let Some(name) = word.value.strip_prefix('#') {
                let fact = Fact::from_name(name);
                if fact.is_none() {
                    let nearest = Fact::ALL
                        .iter()
                        .max_by(|a, b| strsim::jaro(a.name(), name).total_cmp(&strsim::jaro(b.name(), name)))
                        .map_or("", |f| f.name());
                    part.report(
                        "unknown-fact",
                        word.at,
                        format!("不认识页面特征 #{name}"),
                        format!("最接近的是 #{nearest}"),
                    );
                }
                return fact.map(Item::Fact);
            }
            if let Some(sign) = super::gap::mistyped(&word.value) {
                part.report("gap-sign", word.at, format!("“{}”里的“{sign}”不是省略号", word.value), "省略号写成 …");
                return None;
            }
            if let Some(pieces) = Piece::parse(&word.value) {
                let letters: usize = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Word(word) => word.chars().count(),
                        Piece::List(_) => 2,
                    })
                    .sum();
                if pieces.len() < 2 || letters < 3 {
                    part.report(
                        "gap-length",
                        word.at,
                        format!("“{}”太短，几乎哪里都有", word.value),
                        "省略号两边都要有字，加起来至少三个字，例如 \"不用…考\"",
                    );
                    return None;
                }
                let lists = pieces.iter().filter_map(|p| if let Piece::List(name) = p { Some(name) } else { None });
                lines.extend(lists.map(|name| (name.clone(), part.line_of(word.at))));
                return Some(Item::Gapped(pieces));
            }
            if let Some(name) = word.value.strip_prefix('@') {
                lines.push((name.to_owned(), part.line_of(word.at)));
                return Some(Item::List(name.to_owned()));
            }
            let folded = crate::text::fold(&word.value);
            let count = folded.as_str().chars().count();
            if !(2..=40).contains(&count) {
                part.report(
                    "phrase-length",
                    word.at,
                    format!("“{}”{}", word.value, if count < 2 { "太短，几乎哪里都有" } else { "太长" }),
                    "写 2 到 40 个字的词句",
                );
                return None;
            }
            Some(Item::Phrase(folded.as_str().to_owned()))
        })
        .collect()
}

fn examples(part: &sheet::Part<'_>, key: &'static str) -> Vec<Example> {
    part.texts_or_tables(key, |table| {
        let url = table.text("url");
        let html = table.need_text("html", "写上页面内容");
        let qr = table.texts("qr").into_iter().map(|q| q.value).collect();
        let parts = Part::ALL.map(|part| (part.name(), part));
        let copied = table.texts("copied").iter().filter_map(|name| choice(table, name, "copied", &parts)).collect();
        let guests = Cloak::ALL.map(|cloak| (cloak.name(), cloak));
        let cloaks = table.texts("cloaked").iter().filter_map(|name| choice(table, name, "cloaked", &guests)).collect();
        table.finish();
        html.map(|html| Example { url: url.map(|u| u.value), html: html.value, qr, copied, cloaks, line: table.line() })
    })
    .into_iter()
    .map(|example| match example {
        Ok(text) => {
            let line = part.line_of(text.at);
            Example { url: None, html: text.value, qr: Vec::new(), copied: Vec::new(), cloaks: Vec::new(), line }
        }
        Err(example) => example,
    })
    .collect()
}
