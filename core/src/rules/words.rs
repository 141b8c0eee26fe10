//! Named word lists: `[[list]]` tables that rules, and other lists, refer to with an `@`, and the facts' own vocabulary.

use super::problem::Problem;
use super::sheet::{Sheet, WRONG_VALUE};

/// A named list of phrases.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    /// File and line, for messages.
    pub(super) file: String,
    pub(super) line: usize,
}

/// The list that a word stands for: `@名字` in a list means all words of that list.
pub(super) fn included(word: &str) -> Option<&str> {
    word.strip_prefix('@').filter(|name| !name.contains(super::gap::SIGN))
}

/// Reads the `[[list]]` tables of a file.
pub(super) fn read(file: &str, text: &str) -> (Option<Vec<List>>, Vec<Problem>) {
    Sheet::take(file, text, |top| {
        let mut lists: Vec<List> = Vec::new();
        for part in top.parts("list") {
            let name = part.need_text("name", "给这组词起个名字，规则里用 @名字 引用");
            part.need_text("title", "用一句话说明这组词是什么");
            let words = part.texts("words");
            if words.is_empty() {
                part.missing("words", "写上这组词");
            }
            part.finish();
            let Some(name) = name else { continue };
            if lists.iter().any(|l| l.name == name.value) {
                part.report(WRONG_VALUE, name.at, format!("词表 {} 写了两次", name.value), "合并成一个，或者改名");
            }
            for word in &words {
                if let Some(sign) = super::gap::mistyped(&word.value) {
                    part.report("gap-sign", word.at, format!("“{}”里的“{sign}”不是省略号", word.value), "省略号写成 …");
                }
            }
            let words = words.into_iter().map(|w| w.value).collect();
            lists.push(List { name: name.value, words, file: file.to_owned(), line: part.line() });
        }
        Some(lists)
    })
}

/// The lists that the program itself asks for, by their place in [`Lists::NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Lists {
    /// Words that report, warn or deny.
    Reporting,
    /// Marks of press.
    Press,
    /// Marks of real training.
    Training,
    /// Marks of hiring.
    Hiring,
    /// Labels of one person's certificate.
    ResultLabel,
    /// Words in front of a page's owner.
    Owner,
    /// What makes a title one of a look-up.
    LookupTitle,
    /// What makes a title a site's name after an authority's name.
    SiteWord,
    /// Fields that ask for an ID or certificate number.
    NumberField,
    /// Fields that ask for a name.
    NameField,
    /// Fields that ask for a captcha.
    CaptchaField,
    /// Paths of the genuine look-up's interface.
    OfficialPath,
    /// Names that the genuine look-up gave its styles.
    OfficialStyles,
    /// Names of state marks in images.
    StateMark,
    /// Words in a title that name a company or a school.
    Brand,
    /// Words right before a phrase that deny or forbid it, whatever stands beside.
    Denying,
    /// What a body is called behind the name of its place: 应急管理局.
    Agency,
    /// Words that make a line one about something, not the name of it.
    Article,
    /// Words with which a name claims the whole nation.
    National,
    /// What such a name is about, beside the certificates themselves.
    Trade,
    /// Words that refuse what stands in the same sentence, before or behind: 我这办不了.
    Refusing,
    /// The core of an offer: without one nobody sells.
    Core,
    /// Words of the trade: where they stand closest, the wording of an offer is weighed, and how many there are counts.
    Trail,
    /// Those of them that only this trade has: whether there is one counts beside the wording.
    OwnTrail,
    /// What is said around a deal in certificates: whether there is any counts beside the wording.
    Deal,
    /// Words of looking certificates up, near which the wording of a fake is weighed.
    CheckTrail,
    /// Words that sellers write with others of the same sound.
    SoundAlike,
    /// What a script asks to know who its guest is, as it is written in source.
    GuestScript,
    /// Sites to which a page sends whom it does not want to see it.
    BigSite,
    /// Sites that show other sites' pages as they were, or hand them on: archives, caches, translators, schools' gateways.
    CopyKeeper,
    /// What stands before a letter from a reader, and before what was answered to it.
    Letter,
    /// See [`Lists::Letter`].
    Reply,
    /// What tells that such a letter complains or asks, or that something is done about it.
    Complaint,
    /// What a page of such letters is called.
    LetterBox,
    /// How whoever names no number asks to be written to.
    Private,
    /// How a look-up tells what it found.
    ResultClaim,
    /// What stands in a page's place for whom it does not know.
    Wall,
    /// What stands in a page's place for who does not come with WeChat or a telephone.
    OtherDevice,
}

impl Lists {
    /// All of them.
    pub const ALL: [Lists; 38] = [
        Lists::Reporting,
        Lists::Press,
        Lists::Training,
        Lists::Hiring,
        Lists::ResultLabel,
        Lists::Owner,
        Lists::LookupTitle,
        Lists::SiteWord,
        Lists::NumberField,
        Lists::NameField,
        Lists::CaptchaField,
        Lists::OfficialPath,
        Lists::OfficialStyles,
        Lists::StateMark,
        Lists::Brand,
        Lists::Denying,
        Lists::Agency,
        Lists::Article,
        Lists::National,
        Lists::Trade,
        Lists::Refusing,
        Lists::Core,
        Lists::Trail,
        Lists::OwnTrail,
        Lists::Deal,
        Lists::CheckTrail,
        Lists::SoundAlike,
        Lists::GuestScript,
        Lists::BigSite,
        Lists::CopyKeeper,
        Lists::Letter,
        Lists::Reply,
        Lists::Complaint,
        Lists::LetterBox,
        Lists::Private,
        Lists::ResultClaim,
        Lists::Wall,
        Lists::OtherDevice,
    ];

    /// Their names in the files, in the same order.
    pub const NAMES: [&'static str; 38] = [
        "转述词",
        "新闻词",
        "培训词",
        "招聘词",
        "结果字段",
        "主办词",
        "查询标题词",
        "网站词",
        "证号字段",
        "姓名字段",
        "验证码字段",
        "官方路径",
        "官方样式",
        "标识图",
        "自有品牌词",
        "否定词",
        "机关词",
        "文章词",
        "国字号词",
        "行当词",
        "拒绝词",
        "核心招揽",
        "行话词",
        "本行词",
        "买卖说法",
        "查验词",
        "谐音词",
        "探客脚本",
        "大站",
        "存档站",
        "来信词",
        "答复词",
        "查处话",
        "信箱词",
        "私联话",
        "查到话",
        "挡客话",
        "换端话",
    ];

    /// Whether its words are looked for in the text of pages; of the others each has a reader of its own.
    pub(crate) fn is_in_text(self) -> bool {
        !matches!(
            self,
            Lists::OfficialStyles
                | Lists::SoundAlike
                | Lists::GuestScript
                | Lists::BigSite
                | Lists::CopyKeeper
                | Lists::Wall
                | Lists::OtherDevice
        )
    }

    /// The list's name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}
