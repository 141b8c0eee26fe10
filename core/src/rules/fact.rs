//! What can be true of a page beyond the words on it. Rules name these facts with a `#`, in Chinese, because officers write them.
//!
//! How each is established is in [`crate::verdict::facts`]; this is the vocabulary only.

use crate::cloaking::Cloak;
use crate::likeness::Part;

macro_rules! facts {
    ($($(#[doc = $doc:literal])* $name:ident = $chinese:literal,)*) => {
        /// Something that a page was found to be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Fact { $($(#[doc = $doc])* $name,)* }

        impl Fact {
            /// All of them.
            pub const ALL: &'static [Fact] = &[$(Fact::$name,)*];

            /// The name that rule files use.
            pub fn name(self) -> &'static str {
                match self { $(Fact::$name => $chinese,)* }
            }
        }
    };
}

facts! {
    /// The host is a protected body's own, or under a genuine government suffix.
    OfficialHost = "官方网站",
    /// The host was official once and is given up.
    RetiredHost = "退役官网",
    /// The host's name plainly imitates an authority's.
    SpoofHost = "仿冒域名",
    /// The host's name has something of an authority's, too little to call.
    WatchHost = "疑似仿冒域名",
    /// A form asks for an ID or certificate number and a name.
    LookupForm = "查询表单",
    /// A form asks for an ID or certificate number, alone.
    NumberForm = "证号表单",
    /// A form asks for a captcha.
    Captcha = "验证码",
    /// The page shows one person's certificate.
    ResultPage = "个人证书结果",
    /// The page says that this is what a look-up found, or that the certificate is a true one.
    ResultClaim = "自称查验结果",
    /// The title is, or begins with, the title of an authority's look-up.
    PlatformTitle = "平台标题",
    /// A heading is the title of an authority's look-up.
    PlatformHeading = "平台名作大标题",
    /// The title is that of some look-up of certificates.
    LookupTitle = "查询类标题",
    /// The page presents an authority as its owner.
    AuthorityAsOwner = "自称机关",
    /// The page carries a government site's identification code.
    SiteCode = "网站标识码",
    /// The page carries the mark of party and state bodies, or the national emblem.
    StateMark = "党政机关标识",
    /// The page loads pictures, styles or scripts from an official host.
    OfficialResource = "引用官方资源",
    /// The page uses paths of the genuine look-up's interface.
    OfficialPath = "官方接口路径",
    /// A link shows an official address and leads elsewhere.
    FalseLink = "链接名不符实",
    /// The page sends its reader on, by itself or by a form, to a host whose name imitates an authority's.
    SentToSpoof = "转去仿冒域名",
    /// A link, or a QR code, leads to such a host, and the page does not report it.
    LinkToSpoof = "链接到仿冒域名",
    /// A link whose words are an official address leads to such a host.
    FalseLinkToSpoof = "官网字样连到仿冒域名",
    /// The look-up's styles are called as the genuine one's are.
    OfficialStyles = "官方样式名",
    /// A link leads to a genuine look-up.
    LinksToGenuine = "指向真官网",
    /// There is a contact that is not a hotline, anywhere.
    Contact = "联系方式",
    /// There is such a contact in the page's own matter.
    MainContact = "正文联系方式",
    /// Core words of an offer, in the page's own voice, stand right beside a person's number or id.
    OfferWithContact = "招揽带联系方式",
    /// A QR code on the page leads to a contact.
    QrContact = "二维码联系方式",
    /// The page warns: its title or many of its sentences report wrong-doing.
    Warning = "警示页",
    /// The page has the marks of press: source, reporter, editor.
    Press = "新闻页",
    /// The page has the marks of real training: hours, classes, examination dates.
    Training = "培训机构",
    /// The page looks for workers.
    Hiring = "招聘页",
    /// The site's name sounds like the nation's own register of certificates, though it names no body.
    NationalName = "国字号名义",
    /// The title names a company or school as owner.
    OwnBrand = "自有品牌",
    /// Readers see what a static reading cannot.
    NeedsEyes = "需人眼",
    /// Several words of the trade are spelt with others of the same sound.
    SoundAlike = "谐音躲避",
    /// The host is a shared market place or board.
    Platform = "平台站",
    /// The host shows other sites' pages as they were, or hands them on.
    CopyKeeper = "存档站",
    /// The page repeats the text of a captured page of a protected site.
    CopiedText = "抄官网文字",
    /// The page is laid out as a captured page of a protected site.
    CopiedLayout = "抄官网版面",
    /// The page has the title of a captured page of a protected site.
    CopiedTitle = "抄官网标题",
    /// The page loads scripts and style sheets of the names that a protected site gave its own.
    CopiedFiles = "抄官网脚本样式",
    /// The page reports to the statistics account of a protected site.
    CopiedStatistics = "抄官网统计号",
    /// A form asks for the same fields by the same names as a protected site's.
    CopiedForm = "抄官网表单",
    /// The site's icon looks like a protected site's.
    CopiedIcon = "抄官网图标",
    /// A picture of the page looks like a protected site's.
    CopiedPicture = "抄官网图片",
    /// A browser is shown the page, the patrol something else.
    HiddenFromPatrol = "避开巡查",
    /// WeChat is shown the page, a browser on a desk something else.
    WechatOnly = "只给微信看",
    /// Who comes from a search engine is shown the page, others something else.
    SearchersOnly = "只给搜索来客看",
}

impl Fact {
    /// The fact of that name.
    pub fn from_name(name: &str) -> Option<Fact> {
        Self::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// What a page is found to have copied, where somebody had baselines to hold it against.
    pub fn of_copy(part: Part) -> Fact {
        match part {
            Part::Text => Fact::CopiedText,
            Part::Layout => Fact::CopiedLayout,
            Part::Title => Fact::CopiedTitle,
            Part::Files => Fact::CopiedFiles,
            Part::Statistics => Fact::CopiedStatistics,
            Part::Form => Fact::CopiedForm,
            Part::Icon => Fact::CopiedIcon,
            Part::Picture => Fact::CopiedPicture,
        }
    }

    /// What looks as different guests found.
    pub fn of_cloak(cloak: Cloak) -> Fact {
        match cloak {
            Cloak::Patrol => Fact::HiddenFromPatrol,
            Cloak::Wechat => Fact::WechatOnly,
            Cloak::Searcher => Fact::SearchersOnly,
        }
    }

    /// Its bit in a [`FactSet`].
    fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// A set of facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FactSet(u64);

impl FactSet {
    /// Adds a fact.
    pub fn insert(&mut self, fact: Fact) {
        self.0 |= fact.bit();
    }

    /// Is it in?
    pub fn has(self, fact: Fact) -> bool {
        self.0 & fact.bit() != 0
    }
}

const _: () = assert!(Fact::ALL.len() <= 64);
