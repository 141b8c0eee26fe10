//! What the words around a number say: a name for QQ, of which there is no end either, a group, another thing that has numbers.
//! Start at [`said`].

use crate::evidence::Lexicon;
use crate::text::syllable;
use std::ops::Range;
use std::sync::OnceLock;

/// What a word near a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// A name for QQ, and nothing else.
    Qq,
    /// What means QQ as well: a letter, a sign of its sound.
    Maybe,
    /// A group, wherever.
    Group,
    /// Another way to reach somebody.
    Contact,
    Mail,
    /// Another thing that has numbers.
    Thing,
    /// Asks to be added, asked, found.
    Asks,
    /// Asks which number it is.
    Which,
    /// That one number is another, or which part of it.
    Same,
    /// That the number's pieces make one.
    Joined,
    /// That it is not so.
    Not,
    /// The number is no longer good.
    Gone,
    /// A word that only looks like a name: 扣款, 连衣裙, 人群.
    Nothing,
}

/// Words by what they say, set apart by |.
const WORDS: &[(Says, &str)] = &[
    (
        Says::Qq,
        "qq|q q|q_q|q.q|q-q|q/q|qq号|qq号码|扣扣|扣 扣|扣扣号|口口号|口 口|企鹅|小企鹅|企 鹅|企鹅号|🐧|oicq|q号|扣号|鹅号|\
         秋秋|球球|丘丘|qiuqiu|koukou|q我|扣我|小q|tencent|qlogo|qq群|qq裙|q群|q裙|扣群|扣裙|扣扣群|扣扣裙|企鹅群|企鹅裙|\
         鹅群|鹅裙|qq同邮箱|qq同邮|q同邮箱|qq即邮箱|q即邮箱",
    ),
    (Says::Maybe, "q|扣|抠|叩|鹅|口口|kk|扣x|x鹅"),
    (Says::Group, "群|裙|君羊|峮|qun|讨论组|群号|群号码|群聊|群id|裙id|群组"),
    (
        Says::Contact,
        "微信|微信群|微信号|weixin|wechat|vx|wx|v信|v|微|薇|威信|绿泡泡|电话|手机|座机|热线|tel|phone|mobile|致电|拨打|传真|\
         fax|telegram|tg|电报|飞机|纸飞机|whatsapp|钉钉|钉钉群|飞书|skype|抖音|快手|小红书|微博|公众号|支付宝|蝙蝠|陌陌|探探|闲鱼|淘宝|旺旺|拼多多|b站|知乎|贴吧|steam|line|yy|视频号|📞|☎|📱|联系方式",
    ),
    (Says::Mail, "qq邮箱|qq邮件|qq mail|q邮|邮箱|邮件|email|e-mail|mail|电邮|邮址|@"),
    (
        Says::Thing,
        "编号|单号|订单|运单|快递|型号|批号|货号|密码|口令|解压码|提取码|验证码|积分|学号|工号|考号|准考证|证号|证书|身份证|卡号|\
         账户|开户|银行|税号|信用代码|备案|许可|执照|版本|文件|金额|价格|价|元|阅读|浏览|播放|点击|粉丝|人数|编码|代码|条码|isbn|\
         邮编|邮政编码|区号|面积|产量|数量|库存|销量|日期|时间|生日|出生|金币|装备|等级|uid|用户|会员号|房间|坐标|图纸|图号|车牌|\
         工单|流水|尾号|包裹|取件|彩票|股|基金|国标|昵称|注册资本|楼层|桩号|资产|端口|下载|收藏|钥匙|序号|序列号|激活码|邀请码|\
         游戏|区服|音乐|空间|浏览器|登录|登陆|合同|发票|预约|挂号|病历|档案|索书|批次|票号|帖号|报告|考勤|玩家|id|编码|弹幕|钢板|牌号|保证金|尾款|余额|编制|里程|量|推荐|战力|公会|炉号|学籍|规格|代号|书号|定价|邮购",
    ),
    (
        Says::Asks,
        "加|搜|找|联系|咨询|私|滴|问|戳|扫|聊|复制|输入|添|报名|+|客服|老师|号|进|入|喊|留言|招呼|敲|传|发|移步|念",
    ),
    (Says::Which, "多少|几号|发一下|发我|报一下|有吗|有没有|是啥|是什么|?|哪个"),
    (Says::Same, "同|同号|一样|一致|就是|也是|即|=|都是|通用|这个|此号|本号|前面|前缀|去掉|后缀|那串|那组|数字|发件"),
    (
        Says::Joined,
        "连起来|连着|拼|接起来|接上|合起来|空格|中间|去掉|分两行|分三|三段|两段|顿号|竖线|隔开|前半|后半|位|零是|是零",
    ),
    (Says::Not, "不是|别加|勿|不加|没有|无|假|骗|冒充|打错|错|停|非本"),
    (
        Says::Nothing,
        "扣1|扣2|扣6|扣一|扣字|扣题|扣分|扣款|扣钱|扣除|扣税|扣费|扣了|扣完|扣掉|折扣|克扣|纽扣|扣子|扣件|搭扣|扣押|扣留|卡扣|锁扣|扣板|\
         回扣|扣发|扣工资|代扣|抵扣|帝企鹅|企鹅馆|看企鹅|企鹅服|企鹅号作者|大鹅|天鹅|烧鹅|鹅肉|鹅蛋|养鹅|球球大作战|裙子|连衣裙|半身裙|\
         短裙|长裙|裙摆|围裙|人群|群众|群体|群岛|客群|社群|集群|种群|族群|机群|楼群|群发|群居|q版|q弹|q1|q2|q3|q4|q235|q345|q系列",
    ),
    (Says::Gone, "停用|被封|旧|失效|注销|不用了|被盗|丢了|原来|满了"),
];

/// A word near a number: what it says and where it stands in the window.
pub(super) struct Said {
    pub(super) says: Says,
    pub(super) at: Range<usize>,
}

fn words() -> &'static Lexicon<Says> {
    static ALL: OnceLock<Lexicon<Says>> = OnceLock::new();
    ALL.get_or_init(|| Lexicon::new(WORDS))
}

/// What the words of a window say, in their order.
pub(super) fn said(window: &str) -> Vec<Said> {
    let letter = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphabetic() || sign == '_');
    // Letters are a word only by themselves; the number may be glued to them.
    let alone = |at: &Range<usize>| {
        let (before, after) = (&window[..at.start], &window[at.end..]);
        let inside = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '@' | '.' | '/');
        // Q/CC is a standard's.
        let code =
            &window[at.clone()] == "q" && after.strip_prefix('/').is_some_and(|rest| letter(rest.chars().next()));
        !window.as_bytes()[at.start].is_ascii_alphabetic()
            || !before.ends_with(inside) && !letter(after.chars().next()) && !code
    };
    let mut all: Vec<Said> =
        words().find(window).map(|(says, at)| Said { says, at }).filter(|said| alone(&said.at)).collect();
    let mut alike = Vec::new();
    sounding(window, &mut alike);
    alike.retain(|like| all.iter().all(|said| said.at.end <= like.at.start || like.at.end <= said.at.start));
    if !alike.is_empty() {
        all.extend(alike);
        all.sort_by_key(|said| said.at.start);
    }
    all
}

/// Names made up of signs that sound like 扣扣, 秋秋 and 企鹅, whichever they are: 蔻蔻, 邱邱, 企额.
fn sounding(window: &str, all: &mut Vec<Said>) {
    let mut before: Option<(usize, &str)> = None;
    for (at, sign) in window.char_indices() {
        let sounds = if sign.is_ascii() { "" } else { syllable(sign).unwrap_or_default() };
        let end = at + sign.len_utf8();
        match (before, sounds) {
            (Some((start, "kou")), "kou") | (Some((start, "qiu")), "qiu") => {
                all.push(Said { says: Says::Qq, at: start..end });
            }
            (Some((start, "qi")), "e") => all.push(Said { says: Says::Maybe, at: start..end }),
            _ => {}
        }
        before = matches!(sounds, "kou" | "qiu" | "qi").then_some((at, sounds));
    }
}
