//! Two pages' prints beside each other: what the one has of the other, how surely, and how to say it.
//!
//! Each part has its own measure and its own least: below it nothing is said. A number of differing bits is told to people as
//! it is, so that an officer can compare again. Start at [`compare`].

use super::{Prints, sketch};

/// What can be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The visible text.
    Text,
    /// The sequence of tags.
    Layout,
    /// The title.
    Title,
    /// The site's own scripts and style sheets.
    Files,
    /// Ids of visitor statistics.
    Statistics,
    /// What a form asks for.
    Form,
    /// The site's icon.
    Icon,
    /// A picture of the page.
    Picture,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 8] =
        [Part::Text, Part::Layout, Part::Title, Part::Files, Part::Statistics, Part::Form, Part::Icon, Part::Picture];

    /// Its name in Chinese, which examples of rules use too.
    pub fn name(self) -> &'static str {
        match self {
            Part::Text => "文字",
            Part::Layout => "版面",
            Part::Title => "标题",
            Part::Files => "脚本样式",
            Part::Statistics => "统计号",
            Part::Form => "表单",
            Part::Icon => "图标",
            Part::Picture => "图片",
        }
    }

    /// Name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Text => "text",
            Part::Layout => "layout",
            Part::Title => "title",
            Part::Files => "files",
            Part::Statistics => "statistics",
            Part::Form => "form",
            Part::Icon => "icon",
            Part::Picture => "picture",
        }
    }

    /// The part with that Chinese name.
    pub fn from_name(name: &str) -> Option<Part> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// Something that a page has of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    /// What.
    pub part: Part,
    /// How surely, above 0 and up to 1.
    pub strength: f64,
    /// In what it shows, in Chinese.
    pub detail: String,
    /// Host of the page it was copied from.
    pub host: String,
    /// Address of that page.
    pub url: String,
}

impl Copied {
    /// A sentence for people: what was copied, and from where.
    pub fn say(&self) -> String {
        format!("{}与 {} 的相同：{}（样本 {}）", self.part.name(), self.host, self.detail, self.url)
    }

    /// How a reason names the site that was copied.
    pub fn names(host: &str) -> String {
        format!("照抄 {host}。")
    }
}

/// Share of the other's text that a copy repeats.
const TEXT: f64 = 0.6;
/// Bits in which the layout of a copy differs at most. All layouts of one site builder are near each other.
const LAYOUT: u32 = 3;
/// Share that two titles have in common, and the pairs of signs from which a title is more than 首页.
const TITLE: f64 = 0.8;
const TITLE_PAIRS: usize = 6;
/// Names of files in common, and their share of the other's.
const FILES: usize = 3;
const FILES_SHARE: f64 = 0.5;
/// Bits in which two pictures that look alike differ at most.
pub(super) const LOOK: u32 = 6;
/// The same of two first screens: most of a screen is white, and pages of one builder are laid out alike.
pub(super) const SCREEN: u32 = 3;
/// Names told of one finding.
const TOLD: usize = 4;

/// Do these numbers of two pictures mean that they look alike?
pub fn same_picture(a: u64, b: u64) -> bool {
    (a ^ b).count_ones() <= LOOK
}

/// What a page has of another one: each part at most once, with its strength and in what it shows.
pub fn compare(page: &Prints, other: &Prints) -> Vec<(Part, f64, String)> {
    let found = [
        (Part::Text, text(page, other)),
        (Part::Layout, layout(page, other)),
        (Part::Title, title(page, other)),
        (Part::Files, files(page, other)),
        (Part::Statistics, statistics(page, other)),
        (Part::Form, form(page, other)),
    ];
    found.into_iter().filter_map(|(part, found)| found.map(|(strength, detail)| (part, strength, detail))).collect()
}

fn text(page: &Prints, other: &Prints) -> Option<(f64, String)> {
    let share = sketch::repeated(&other.sample, &page.sample).filter(|share| *share >= TEXT)?;
    Some((share, format!("样本正文约 {:.0}% 一字不差", share * 100.0)))
}

fn layout(page: &Prints, other: &Prints) -> Option<(f64, String)> {
    let bits = (page.shape? ^ other.shape?).count_ones();
    let say = if bits == 0 {
        "网页骨架的指纹完全一样".to_owned()
    } else {
        format!("网页骨架的指纹只差 {bits} 位（共 64 位）")
    };
    (bits <= LAYOUT).then(|| (1.0 - f64::from(bits) / 16.0, say))
}

fn title(page: &Prints, other: &Prints) -> Option<(f64, String)> {
    if page.title.len() < TITLE_PAIRS || other.title.len() < TITLE_PAIRS {
        return None;
    }
    let share = sketch::alike(&page.title, &other.title);
    (share >= TITLE).then(|| (share, format!("标题的字约 {:.0}% 相同", share * 100.0)))
}

fn files(page: &Prints, other: &Prints) -> Option<(f64, String)> {
    let both = shared(&page.files, &other.files);
    let share = both.len() as f64 / other.files.len().max(1) as f64;
    (both.len() >= FILES && share >= FILES_SHARE).then(|| (share, listed(&both, "个文件同名")))
}

fn statistics(page: &Prints, other: &Prints) -> Option<(f64, String)> {
    let both = shared(&page.statistics, &other.statistics);
    (!both.is_empty()).then(|| (1.0, listed(&both, "个访问统计编号")))
}

fn form(page: &Prints, other: &Prints) -> Option<(f64, String)> {
    let both = shared(&page.forms, &other.forms);
    let first = both.first()?;
    let fields: Vec<&str> = first.split(' ').filter_map(|field| field.split(':').nth(1)).collect();
    Some((1.0, format!("表单各栏的名字和顺序一样（{}）", fields.join("、"))))
}

fn shared<'a>(page: &'a [String], other: &[String]) -> Vec<&'a str> {
    page.iter().filter(|name| other.contains(name)).map(String::as_str).collect()
}

fn listed(names: &[&str], what: &str) -> String {
    let more = if names.len() > TOLD { "等" } else { "" };
    format!("{} {what}（{}{more}）", names.len(), names[..names.len().min(TOLD)].join("、"))
}
