//! Short words for certificates (电工, 登高, 锅炉) that stand in no row with a paper: whether what stands around them speaks of papers.
//!
//! A lift that is broken and a welder's mask are none; 登高、制冷照常收, 问应急局低压的直说, 工种：低压 are. Weighed are the row the word
//! stands in, papers, exams and offers near, the page's contacts and other certificates, and what the word goes on as. How much each
//! weighs is learned from tests/data/entities (`company.txt`; the test below says how). Start at [`are_papers`].

use super::certificates::Named;
use super::reading::Reading;
use crate::evidence::{Context, Lexicon, Weights};
use crate::rules::Certificate;
use crate::rules::tally::Of;
use std::sync::OnceLock;

/// So many short words of a page are weighed.
const MOST: usize = 200;

/// So much has to speak for a certificate: more than against it.
const SURE: f64 = 0.0;

/// What makes a short word part of a thing's name.
const GOODS: [&str; 20] = [
    "匠",
    "安监局",
    "监察局",
    "开关",
    "柜",
    "配电",
    "线路",
    "加工",
    "配件",
    "工具",
    "电瓶",
    "房",
    "灶",
    "胶",
    "面罩",
    "手套",
    "工程师",
    "程师",
    "炖",
    "广告",
];

/// What speaks of papers in one sign, on nearly every page that does: looked for by itself, up to its first place.
const PAPERS: [&str; 2] = ["证", "考"];

/// How far around a word is looked, in characters.
const AROUND: usize = 30;

/// What a word near a short one says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A paper.
    Paper,
    /// An exam, a course, a renewal.
    Exam,
    /// Somebody offers or asks for it.
    Deal,
    /// What a row of trades is headed by.
    Head,
    /// People go to work with it.
    Work,
    /// A job of that trade.
    Job,
    /// The thing itself, goods, faults, stories.
    Thing,
    /// Driving licences, languages, quarters of the year.
    OtherPaper,
}

/// Words by what they say, set apart by |.
const WORDS: &[(Says, &str)] = &[
    (Says::Paper, "证|本儿|本本|本子|本|牌|卡|正|怔|政|zheng|双证|照|资格|证书|样本|license|certificate"),
    (
        Says::Thing,
        "保证|认证|验证|论证|公证|凭证|本人|本店|本公司|本局|本周|本月|基本|本次|成本|本群|本站|正在|正常|\
         正规|正确|卡片|坏|修好|故障|视频|电影|股|板块|胶带|坏了|灶|锅炖|出风|配件|转让|二手|出租|租赁|厂家|型号|\
         价格|采购|招标|中标|事故|死|伤|起火|爆炸|家里|我家|小区|小时候|安装费|保养|空调房|施工现场|停电|业主|\
         温度|夏天|冬天|品牌|销量|设备有限公司|机器人|批发|直销|现货|面议|定制|维修|上门|停运|检修|电瓶|票价|\
         晚点|地铁|列车|工具|出厂|零售|包邮|发货|回收|公示|评审|职称|工程师|师傅手艺|涨|跌|禁放|燃放|抢修|跳闸|\
         刹车|玩具|开关柜|柜|加工|成套|日结|月薪|改造|手套|面罩|库存|清单|台账|配电|公司|研究院|研究所|专业:|硕士|班次|先进|群演|隐患|排查|通报|登山|徒步|昵称|作业面|停运|门口|走廊|车间|充电位|定置|整车|上牌|出口|产业园|仓库|叉货|卸货|装货|炉|焊机",
    ),
    (
        Says::Exam,
        "考证|考试|考|培训|复审|换证|取证|初训|年审|继续教育|题库|理论|实操|学时|开班|班|学员|报名|学|课|挂科|\
         机考|免考|考核|补考|准考|押题|教材|复训|审证|年检|备考|到期|过期|逾期|刷题|题|证到期|接龙|做个|学个",
    ),
    (
        Says::Deal,
        "办|出|代|包过|包|挂靠|接|收|可查|要的|需要|有|能做|可以做|报|搞|拿|下证|急|全套|全包|一起|都|齐|咨询|问|\
         找我|私|加急|元|块|百|价|免|收件|照常|名额|🈶|🉑|直接|代理|缺|差|价目|报价|价格表|跑腿|加急|统统|三样|两样",
    ),
    (
        Says::Head,
        "工种|项目|范围|承接|主营|主做|业务|类别|证种|经营|开设|开展|常年|专业|科目|品种|类型|种类|服务|方向|\
         代报|承办|招生|可报|可考|能考|作业|选科目|准操|申报|主攻|证书是|代号|培训项目|课程|热门|标签",
    ),
    (Says::Work, "上岗|持证|招|特种|无证|师傅|应急|住建|市监|质监|安监|人社|建委|国网"),
    (
        Says::Job,
        "招聘|诚聘|急招|招工|月薪|底薪|薪资|薪酬|工资|工价|日结|点工|包吃|包住|吃住|两班倒|月休|五险|班组|找活|简历|\
         面试|岗位|应聘|入职|包工|求职|到岗|社保齐全|双休|年薪|劳务市场",
    ),
    (
        Says::OtherPaper,
        "驾校|科二|科目二|驾照|日语|语法|营收|同比|季度|英语|教资|小轿车|年检标|户口本|户口|结婚证|离婚证|行驶证|驾驶证|\
         毕业证|房产证|营业执照|许可证|健康证|身份证|日记本|笔记本|账本|剧本|课本",
    ),
];

#[derive(Clone, Copy)]
struct Said {
    says: Says,
    /// In characters, from the word.
    away: usize,
}

fn words() -> &'static Lexicon<Says> {
    static ALL: OnceLock<Lexicon<Says>> = OnceLock::new();
    ALL.get_or_init(|| Lexicon::new(WORDS))
}

/// What stands around: in the line before the word, and in its line behind it.
fn around(before: &str, after: &str) -> (Vec<Said>, Vec<Said>) {
    let words = words();
    let told = |window: &str, away: &dyn Fn(std::ops::Range<usize>) -> usize| {
        words.find(window).map(|(says, at)| Said { says, away: away(at) }).collect()
    };
    (told(before, &|at| before[at.end..].chars().count()), told(after, &|at| after[..at.start].chars().count()))
}

fn windows(text: &str, at: std::ops::Range<usize>) -> (&str, &str) {
    let start = text[..at.start].char_indices().rev().take(AROUND).last().map_or(at.start, |(start, _)| start);
    let end = text[at.end..].char_indices().nth(AROUND).map_or(text.len(), |(end, _)| at.end + end);
    (&text[start..at.start], &text[at.end..end])
}

/// Every sign that is weighed, in the order of the table.
const SIGNS: [&str; 72] = [
    "always",
    "row.two",
    "row.three",
    "row.five",
    "row.whole-line",
    "page.certificates",
    "page.same-category",
    "page.generic",
    "page.contact",
    "page.contact-near",
    "page.several",
    "page.many",
    "paper.at-once",
    "paper.after",
    "paper.before",
    "exam.after",
    "exam.before",
    "exam.near-after",
    "deal.after",
    "deal.before",
    "deal.at-once",
    "deal.right-before",
    "head.before",
    "head.right-before",
    "work.near",
    "thing.after",
    "thing.before",
    "thing.at-once",
    "other-paper.near",
    "price.after",
    "next.ends",
    "next.listed",
    "next.han",
    "next.of",
    "next.latin",
    "next.emoji",
    "before.starts",
    "before.listed",
    "before.han",
    "before.colon",
    "before.emoji",
    "goes-on.person",
    "goes-on.works",
    "goes-on.thing",
    "word.letters",
    "word.person",
    "word.short",
    "word.long",
    "body.site",
    "body.skills",
    "body.devices",
    "page.long",
    "row.two-and-contact",
    "listed.contact",
    "exam-or-paper.contact",
    "next.goes-on",
    "before.goes-on",
    "goes-on.contact",
    "thing.and-no-paper",
    "page.speaks-of-papers",
    "column",
    "paper.near",
    "paper.in-line",
    "paper.in-line-and-listed",
    "job.near",
    "job.and-no-paper",
    "page.jobs",
    "page.papers-two",
    "page.papers-four",
    "page.deals",
    "page.deals-two",
    "page.deals-and-contact",
];

/// What the page shows wherever the word stands.
struct Page {
    certificates: bool,
    generic: bool,
    contact: bool,
    several: usize,
    long: bool,
    /// How many different words for papers, exams or whoever issues them there are anywhere, and for dealing in them.
    papers: usize,
    deals: usize,
    /// Jobs are offered or sought anywhere.
    jobs: bool,
    /// Places of contacts in the folded text, in order.
    contacts: Vec<usize>,
    /// Places of what is told to be a paper, in order.
    told: Vec<std::ops::Range<usize>>,
}

fn is_emoji(sign: char) -> bool {
    matches!(sign, '\u{2190}'..='\u{21FF}' | '\u{2500}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{FE0F}' | '🌀'..='🫿' | '🈚'..='🉑')
}

fn lists(sign: char) -> bool {
    matches!(
        sign,
        '、' | '/'
            | '|'
            | '·'
            | '+'
            | ','
            | '&'
            | '和'
            | '及'
            | '或'
            | '与'
            | '跟'
            | '丨'
            | '━'
            | ' '
            | '\t'
            | ';'
            | '#'
            | '【'
            | '】'
            | '('
            | ')'
    )
}

/// Whether two words stand in one row: signs of a list or prices between, no sentence.
fn in_row(between: &str) -> bool {
    let rest = between.trim_start_matches(['工', '证', '类', '作', '业', '本', '正']);
    let fits = |sign: char| {
        lists(sign) || is_emoji(sign) || sign.is_ascii_digit() || matches!(sign, '\n' | '元' | '块' | '¥' | ':' | '.')
    };
    // Between two words may lie half a page, of which the first sign decides.
    rest.chars().all(fits) && rest.chars().count() <= 8
}

fn signs(text: &str, table: &[Certificate], all: &[Named], number: usize, page: &Page) -> Vec<bool> {
    use Says::{Deal, Exam, Head, Job, OtherPaper, Paper, Thing, Work};
    let named = &all[number];
    let at = named.found.at.clone();
    let word = &text[at.clone()];
    let joined = |a: &Named, b: &Named| {
        text.get(a.found.at.end..b.found.at.start).is_some_and(in_row) || b.found.at.start <= a.found.at.end
    };
    let mut first = number;
    while first > 0 && number - first < 12 && joined(&all[first - 1], &all[first]) {
        first -= 1;
    }
    let mut last = number;
    while last + 1 < all.len() && last - number < 12 && joined(&all[last], &all[last + 1]) {
        last += 1;
    }
    let mut numbers: Vec<u16> = all[first..=last].iter().map(|named| named.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let row = all[first].found.at.start..all[last].found.at.end.max(at.end);
    let (own_before, own_after) = windows(text, at.clone());
    let line = |before: &str| before.rfind('\n').map_or(0, |line| line + 1);
    let end = |after: &str| after.find('\n').unwrap_or(after.len());
    let alone = row == at;
    let (row_before, row_after) = if alone { (own_before, own_after) } else { windows(text, row.clone()) };
    let (far_before, far_after) = around(row_before, row_after);
    let (own_before_line, own_after_line) = (&own_before[line(own_before)..], &own_after[..end(own_after)]);
    // What is said in the word's line. No word reaches over the end of one: of a word alone it is known already.
    let in_line = |said: &[Said], line: &str| {
        let long = line.chars().count();
        said.iter().filter(|said| said.away < long).copied().collect::<Vec<_>>()
    };
    let (before, after) = if alone {
        (in_line(&far_before, own_before_line), in_line(&far_after, own_after_line))
    } else {
        around(own_before_line, own_after_line)
    };
    let near = |said: &[Said], says: Says, most: usize| said.iter().any(|said| said.says == says && said.away <= most);
    let either =
        |says: Says, most: usize, before: &[Said], after: &[Said]| near(before, says, most) || near(after, says, most);
    let next = own_after.chars().next();
    let last_sign = own_before.trim_end_matches(' ').chars().next_back();
    let han = |sign: Option<char>| sign.is_some_and(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign) && !lists(sign));
    let certificate = &table[usize::from(named.number)];
    let same =
        all.iter().any(|other| !other.short && table[usize::from(other.number)].category == certificate.category);
    let price = {
        let rest =
            own_after.trim_start_matches(|sign: char| !sign.is_ascii_digit() && !matches!(sign, '\n' | '。' | ','));
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        // 焊工两千, 登高一千八
        let near: String = own_after.chars().take(7).collect();
        let said = near.find(['千', '百']).is_some_and(|at| {
            near[..at].ends_with(|sign: char| "一二两三四五六七八九".contains(sign))
                && !near[..at].contains(['\n', '。', ','])
        });
        said || (3..=4).contains(&digits) && own_after.chars().count() - rest.chars().count() <= 6
    };
    let contact_near = page.contacts.iter().any(|contact| contact.abs_diff(at.start) < 180);
    let whole_line =
        (row_before.is_empty() || row_before.ends_with('\n')) && (row_after.is_empty() || row_after.starts_with('\n'));
    let next_listed = next.is_some_and(lists);
    let goes_on = |words: &[&str]| words.iter().any(|word| own_after.starts_with(word));
    // 叉车电瓶, 初级工程师: what follows belongs to another word, unless it speaks of papers.
    let begins =
        |said: &[Said]| said.iter().any(|said| said.away == 0 && !matches!(said.says, Thing | OtherPaper | Job));
    let next_goes_on = han(next)
        && next != Some('的')
        && !begins(&after)
        && !goes_on(&[
            "工", "司机", "员", "作业", "操作", "类", "工种", "四", "三", "两", "这", "那", "我", "要", "要的",
        ]);
    // In a table or a list of lines it is the beginnings that are alike.
    let begins_line = |at: usize| text[..at].trim_end_matches(' ').chars().next_back().is_none_or(|sign| sign == '\n');
    let beside = |other: usize, lines: &std::ops::Range<usize>| {
        lines.len() < 240
            && text[lines.clone()].bytes().filter(|byte| *byte == b'\n').count() <= 2
            && begins_line(other)
    };
    let column = begins_line(at.start)
        && (all[..number]
            .iter()
            .rev()
            .take(6)
            .any(|other| beside(other.found.at.start, &(other.found.at.start..at.start)))
            || all[number + 1..].iter().take(6).any(|other| {
                other.found.at.start > at.end && beside(other.found.at.start, &(at.start..other.found.at.start))
            }));
    let nearest = |told: &std::ops::Range<usize>| {
        let between =
            if told.start < at.start { told.end.min(at.start)..at.start } else { at.end.min(told.start)..told.start };
        (between.len() <= 180).then(|| text.get(between)).flatten()
    };
    let here = page.told.partition_point(|told| told.start < at.start);
    let around = &page.told[here.saturating_sub(3)..(here + 3).min(page.told.len())];
    let paper_near = around.iter().filter_map(nearest).any(|between| between.chars().count() <= 16);
    let paper_in_line = around.iter().filter_map(nearest).any(|between| !between.contains('\n'));
    let before_goes_on = han(last_sign) && !begins(&before);
    vec![
        true,
        numbers.len() >= 2,
        numbers.len() >= 3,
        numbers.len() >= 5,
        whole_line,
        page.certificates,
        same,
        page.generic,
        page.contact,
        contact_near,
        page.several >= 2,
        page.several >= 4,
        near(&after, Paper, 1),
        near(&far_after, Paper, 8),
        near(&far_before, Paper, 8),
        near(&far_after, Exam, 12),
        near(&far_before, Exam, 12),
        near(&after, Exam, 2),
        near(&far_after, Deal, 10),
        near(&far_before, Deal, 10),
        near(&after, Deal, 1),
        near(&before, Deal, 1),
        near(&far_before, Head, 10),
        near(&far_before, Head, 1),
        either(Work, 15, &far_before, &far_after),
        near(&far_after, Thing, 10),
        near(&far_before, Thing, 10),
        near(&after, Thing, 1),
        either(OtherPaper, 30, &far_before, &far_after),
        price,
        next.is_none_or(|sign| matches!(sign, '。' | '\n' | '!' | '?' | ')' | '】' | '~')),
        next_listed,
        han(next),
        next == Some('的'),
        next.is_some_and(|sign| sign.is_ascii_alphabetic()),
        next.is_some_and(is_emoji),
        last_sign.is_none_or(|sign| matches!(sign, '\n' | '。' | '!' | '?' | '(' | '【')),
        last_sign.is_some_and(lists),
        han(last_sign),
        last_sign == Some(':'),
        last_sign.is_some_and(is_emoji),
        goes_on(&["工", "司机", "师傅", "员", "人员"]),
        goes_on(&["作业", "操作", "类", "工种", "项目", "专业", "特种"]),
        goes_on(&[
            "机", "锅", "灶", "胶", "器", "柜", "线", "房", "维修", "厂", "设备", "公司", "费", "车", "梯", "坏",
            "平台", "水", "气", "管", "面罩", "工程", "板", "系统",
        ]),
        word.is_ascii(),
        word.ends_with(['工', '员', '机', '人']),
        word.chars().count() <= 2,
        word.chars().count() >= 4,
        certificate.body == "住建",
        certificate.body == "人社",
        certificate.body == "市监",
        page.long,
        numbers.len() >= 2 && page.contact,
        next_listed && page.contact,
        page.contact && (either(Exam, 12, &far_before, &far_after) || either(Paper, 8, &far_before, &far_after)),
        next_goes_on,
        before_goes_on,
        next_goes_on && page.contact,
        either(Thing, 20, &far_before, &far_after)
            && !either(Paper, 12, &far_before, &far_after)
            && !either(Exam, 12, &far_before, &far_after),
        page.papers > 0,
        column,
        paper_near,
        paper_in_line,
        paper_in_line && (next_listed || last_sign.is_some_and(lists)),
        either(Job, 30, &far_before, &far_after),
        either(Job, 30, &far_before, &far_after)
            && !either(Paper, 12, &far_before, &far_after)
            && !either(Exam, 12, &far_before, &far_after),
        page.jobs,
        page.papers >= 2,
        page.papers >= 4,
        page.deals >= 1,
        page.deals >= 2,
        page.deals >= 1 && page.contact,
    ]
}

/// The words around, of which the table has many as they stand.
fn context<'t>(text: &'t str, named: &Named) -> Context<'t> {
    const FAR: usize = 12;
    Context::of(text, named.found.at.clone(), FAR)
}

fn weights() -> &'static Weights {
    static TABLE: OnceLock<Weights> = OnceLock::new();
    TABLE.get_or_init(|| Weights::read(include_str!("company.txt"), &SIGNS))
}

/// Whether nothing stands between a word's signs, v/信/号 is no 信号; and whether it is no part of another, as in 微信号.
fn is_whole(text: &str, at: std::ops::Range<usize>) -> bool {
    let word = &text[at.clone()];
    word.chars().all(char::is_alphanumeric)
        && !(word.starts_with("信号") && text[..at.start].ends_with(['微', '威', '薇', '徽', 'v', 'w']))
}

/// Calls `each` for every short word of the visible page that is not among `kept`, with what works out its signs.
fn each<'r>(
    reading: &Reading,
    all: &[Named<'r>],
    kept: &[Named<'r>],
    mut each: impl FnMut(&Named<'r>, &dyn Fn() -> Vec<bool>),
) {
    use crate::entities::Kind;
    let table = &reading.rules.certificates;
    let text = reading.folded.as_str();
    let is_kept =
        |named: &Named| kept.iter().any(|other| other.found.at == named.found.at && other.number == named.number);
    let short = all.iter().enumerate().filter(|(_, named)| {
        named.short && named.found.block.is_some() && !is_kept(named) && is_whole(text, named.found.at.clone())
    });
    let mut short = short.take(MOST).peekable();
    if short.peek().is_none() {
        return;
    }
    let is_contact =
        |kind: Kind| matches!(kind, Kind::Phone | Kind::Landline | Kind::Wechat | Kind::Qq | Kind::Telegram);
    let contacts = reading.entities.iter().filter(|entity| is_contact(entity.kind));
    let generic = |named: &&Named| table[usize::from(named.number)].category == super::certificates::GENERIC;
    let mut several: Vec<u16> = all.iter().map(|named| named.number).collect();
    several.sort_unstable();
    several.dedup();
    let holds = |word: &&&str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    let page = Page {
        certificates: !kept.is_empty() && kept.iter().any(|named| !generic(&named)),
        generic: all.iter().any(|named| generic(&named)),
        contact: contacts.clone().next().is_some(),
        several: several.len(),
        long: text.len() > 3000,
        papers: reading.tally.count(Of::Papers) + PAPERS.iter().filter(holds).count(),
        deals: reading.tally.count(Of::Deals),
        jobs: reading.tally.count(Of::Jobs) > 0,
        contacts: contacts
            .filter_map(|entity| entity.at.as_ref().map(|at| reading.folded.folded_from(at.start)))
            .take(64)
            .collect(),
        told: {
            let mut told: Vec<_> = kept.iter().map(|named| named.found.at.clone()).collect();
            told.sort_unstable_by_key(|at| at.start);
            told
        },
    };
    // 高压、低压开关柜: the last of a row tells what all are.
    let goods = |number: usize| {
        let mut last = number;
        while last + 1 < all.len()
            && last - number < 4
            && text
                .get(all[last].found.at.end..all[last + 1].found.at.start)
                .is_some_and(|between| matches!(between, "、" | "/" | "" | "," | "和"))
        {
            last += 1;
        }
        GOODS.iter().any(|word| text[all[last].found.at.end..].starts_with(word))
    };
    for (number, named) in short.filter(|(number, _)| !goods(*number)) {
        each(named, &|| signs(text, table, all, number, &page));
    }
}

/// The short words that are papers by what stands around them. Of a certificate that a word before tells already no other is asked, but for
/// what has letters: codes speak for their neighbours, and licences are told apart later.
pub(super) fn are_papers<'r>(reading: &Reading, all: &[Named<'r>], kept: &[Named<'r>]) -> Vec<Named<'r>> {
    let text = reading.folded.as_str();
    let mut more: Vec<Named> = Vec::new();
    let known = |more: &[Named], named: &Named| {
        let letters = |named: &Named| text[named.found.at.clone()].starts_with(|sign: char| sign.is_ascii());
        let tells = |other: &Named| {
            other.number == named.number && other.found.at.start <= named.found.at.start && !letters(other)
        };
        !letters(named) && kept.iter().chain(more).any(tells)
    };
    each(reading, all, kept, |named, signs| {
        if !known(&more, named) && weights().weigh_in(&signs(), context(text, named)) > SURE {
            more.push(*named);
        }
    });
    more
}

#[cfg(test)]
#[path = "company_tests.rs"]
mod tests;
