//! What the words around an id say: a name for WeChat, of which there is no end, another thing that has names, somebody asking to
//! be added. Start at [`said`].

use crate::evidence::Lexicon;
use crate::text::syllable;
use std::ops::Range;
use std::sync::OnceLock;

/// What a word near an id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// A name for WeChat, and nothing else.
    Wechat,
    /// What means WeChat as well: a sign, a letter, a name of its sound.
    Maybe,
    /// Another thing or place that has names.
    Other,
    /// Asks to be added, rung, asked.
    Asks,
    /// Somebody who is written to.
    Person,
    /// The id is no longer good.
    Gone,
}

/// Words by what they say, set apart by |.
const WORDS: &[(Says, &str)] = &[
    (
        Says::Wechat,
        "微信|lv泡泡|weixin|wei xin|wechat|vx|wx|v信|w信|绿泡泡|绿泡|绿信|绿色软件|绿色图标|绿色app|绿色聊天|绿标|\
         绿色的|绿的|绿软|小绿|绿色那个|绿色那个软件|绿颜色|聊天软件|绿色泡泡|微友|微那边|绿油油|威聊|薇聊|微聊|聊聊号|个人号|私人号|威信|企微",
    ),
    (Says::Maybe, "微|薇|威|徽|绿|v|w|vv|vvv|wei|💬|🛰|📡|💚|🟢|❤|♥|🍀|➕|🌿|🫧"),
    (
        Says::Other,
        "公众号|公众平台|发布人|发布者|会员名|批号|公号|视频号|小程序|抖音|快手|小红书|红书|闲鱼|淘宝|旺旺|微博|围脖|钉钉|企信|qq|扣扣|\
         企鹅|电报|纸飞机|飞机|telegram|tg|蝙蝠|skype|line|whatsapp|steam|epic|b站|知乎|贴吧|头条|用户|登录|账号|\
         账户|帐号|昵称|密码|wifi|wi-fi|型号|编号|单号|订单|提取码|券码|口令|文件|版本|设备|域名|网址|网站|邮箱|\
         邮件|学号|工号|代码|编码|商户|店铺|店铺id|校验|标准|文献|作者|转载|编辑|译者|设计|来源|摄影|队|游戏|\
         王者|支付|名单|奖|座|车牌|机型|软件|系统|服务器|目录|变量|参数|字段|插件|仓库|频道|直播间|收款|二维码图|\
         原始id|appid|指数|http|服务号|订阅号|驱动|激活码|邀请码|识别码|课程|考场|考号|门禁|论坛|网盘|终端|函数|\
         会员|积分|工单|命令|关注|收藏|回复|up主|召唤师|区服|开发者|步骤|房间|座位|示例|格式|占位|例如|钥匙|音箱|\
         手表|手机壳|内存|主板|显卡|型|微店|战队|芯片|停产|淘口令|图纸|附件|微调|脚本|报错|v型|v带|v槽|v认证|大v|蓝v|黄v|vlog|vpn|vlan|薇诺娜|威士忌",
    ),
    (
        Says::Asks,
        "加|搜|找|联系|咨询|私|滴|问|戳|扫|聊|复制|粘贴|输入|添|办理|报名|来|+|佳|十|jia|号|叫|认准|整个就是|连起来|合起来|拼起来|记一下|联系方式|怎么加|怎么联系|勿扰",
    ),
    (
        Says::Person,
        "客服|老师|店长|店主|掌柜|财务|校长|主任|经理|工|姐|哥|总|助理|小编|群主|楼主|组长|主号|小号|大号|备用|\
         新号|现用|现在用|改用|以后用|都用|换号|顾问|前台|妹|叔|嫂|师傅|教练|老板|阿|老|小|本人|我",
    ),
    (Says::Gone, "停用|被封|原|旧|失效|注销|不用了"),
];

/// A word near an id: what it says and where it stands in the window.
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
    let words = words();
    let latin = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric() || sign == '_');
    let mut all: Vec<Said> = words
        .find(window)
        .map(|(says, at)| Said { says, at })
        // Letters are a word only by themselves.
        .filter(|said| {
            !window.as_bytes()[said.at.start].is_ascii_alphabetic()
                || !latin(window[..said.at.start].chars().next_back()) && !latin(window[said.at.end..].chars().next())
        })
        .filter(|said| {
            let doubtful = ["威信", "绿泡泡", "绿泡", "微", "薇", "威", "徽", "绿"].contains(&&window[said.at.clone()]);
            !doubtful || is_name(window, said.at.clone())
        })
        .collect();
    let mut alike = Vec::new();
    sounding(window, &mut alike);
    alike.retain(|like| all.iter().all(|said| said.at.end <= like.at.start || like.at.end <= said.at.start));
    all.extend(alike);
    all.sort_by_key(|said| said.at.start);
    all
}

/// Whether a word that means other things as well is used as a name for WeChat: 威信县, 北斗卫星, 薇薇新娘 go on, or something goes on as them.
fn is_name(window: &str, at: Range<usize>) -> bool {
    let han = |sign: char| ('\u{4E00}'..='\u{9FFF}').contains(&sign);
    let before = window[..at.start].chars().next_back();
    let after = window[at.end..].chars().next();
    before.is_none_or(|sign| {
        !han(sign) || "加搜找系询我私滴佳添的个师回或以走换十人长家员们姐哥总主号用是小大".contains(sign)
    }) && after.is_none_or(|sign| !han(sign) || "号回加搜是我联私聊吧里上找咨码为也同信不就都一跟和直".contains(sign))
}

/// Names made up of signs that sound like 微信, whichever they are: 蔚欣, 维新, 🛰星.
fn sounding(window: &str, all: &mut Vec<Said>) {
    // Signs of everyday words that sound alike.
    const COMMON: &str = "为位未委喂围违尾味胃";
    let mut before: Option<(usize, bool)> = None;
    for (at, sign) in window.char_indices() {
        if sign.is_ascii() {
            before = before.filter(|_| sign == ' ');
            continue;
        }
        let sounds = syllable(sign).unwrap_or_default();
        let second = matches!(sounds, "xin" | "xing") || matches!(sign, '❤' | '♥' | '♡');
        if let Some((start, rare)) = before.filter(|(start, _)| second && is_name(window, *start..at + sign.len_utf8()))
        {
            let says = if rare { Says::Wechat } else { Says::Maybe };
            all.push(Said { says, at: start..at + sign.len_utf8() });
        }
        if sounds == "wei" || sign == '徽' || sign == '🛰' {
            let rare = !COMMON.contains(sign);
            if rare && sign != '🛰' && is_name(window, at..at + sign.len_utf8()) {
                all.push(Said { says: Says::Maybe, at: at..at + sign.len_utf8() });
            }
            before = Some((at, rare));
        } else if sign != '\u{FE0F}' {
            before = None;
        }
    }
}
