//! What the words around a name say: a name for Telegram, another house or thing that has names, somebody asking to be written to. Start at
//! [`said`].

use crate::entities::telegram::half;
use crate::evidence::Lexicon;
use std::ops::Range;
use std::sync::OnceLock;

/// What a word near a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// A name for Telegram, and nothing else.
    Telegram,
    /// What means Telegram as well: an aeroplane, two letters, the colour.
    Maybe,
    /// Another house that people have names at.
    House,
    /// A thing that has a number or a name of its own.
    Thing,
    /// Asks to be written to, or to look for a name.
    Asks,
    /// What is there to be joined.
    Room,
    /// Somebody who is written to.
    Person,
    /// Says that what follows is a name.
    Called,
    /// The name is no longer good, or a fraud's.
    Gone,
    /// Somebody is spoken of, or to, and offers nothing.
    Bystander,
    /// Aeroplanes.
    Sky,
    /// Programs.
    Code,
}

/// Words by what they say, set apart by |.
const WORDS: &[(Says, &str)] = &[
    (
        Says::Telegram,
        "telegram|telegrame|telegarm|telgram|telegrm|telagram|te le gr am|tele gram|t e l e g r a m|纸飞机|纸飞鸡|纸灰机|纸风机|电报|电 报|\
         电-报|电·报|电.报|电/报|电_报|电*报|电bao|电抱|电豹|dian报|tele|小飞机|蓝飞机|白飞机|飞机号|飞机群|飞机频道|飞机用户名|飞机账号|飞机联系|\
         飞机客服|飞机私|飞机搜|飞机找|飞机我|加飞机|用飞机|走飞机|发飞机|上飞机聊|飞机聊|tg群|tg频道|tg号|tg名|t.me|telegram.me",
    ),
    (
        Says::Maybe,
        "tg|飞机|飞 机|✈|🛩|飞鸡|灰机|飞ji|飞x|t.g|t-g|t_g|t·g|t/g|t g|蓝色图标|蓝色软件|蓝色app|小蓝|蓝标|蓝色那个|蓝色的软件|\
         dianbao|feiji|境外软件|境外聊天|外网",
    ),
    (
        Says::House,
        "微信|weixin|wechat|vx|wx|v信|威信|薇信|wei❤|微❤|v❤|微♥|加v|加微|💬|💚|🛰|微博|围脖|抖音|快手|小红书|红书|闲鱼|淘宝|qq|q|扣扣|扣|企鹅|\
         知乎|豆瓣|贴吧|b站|bilibili|哔哩|头条|视频号|公众号|公号|twitter|推特|x|ins|instagram|insta|facebook|脸书|fb|github|gitee|git|\
         discord|whatsapp|signal|skype|line|youtube|油管|tiktok|钉钉|飞书|steam|土豆|potato|蝙蝠|超话|新浪|pinterest|站酷|reddit|linkedin|\
         领英|邮箱|邮件|email|论坛|论坛id|游戏|游戏id|网名|弈城|歪歪|yy|lofter|twitch|绿泡泡|绿泡|v|直播间|微信号|抖音号|快手号|小红书号|豆瓣id|\
         站内信|forum",
    ),
    (
        Says::Thing,
        "编号|型号|单号|订单|机型|展品|样品|图册|系列|工号|学号|车牌|批号|货号|款号|密码|口令|提取码|邀请码|验证码|文件|版本|变量|目录|昵称|\
         公会|战队|段位|区服|角色|存档|代号|序列号|证号|卡号|报告|货架|模型|底座|印着|签名|会议号|取件码|行李牌|展签|范文|片单|房间号|主播id|\
         主播|选手|文章id|柜台|集合点|wifi|类名|记账人|充电器|接收机|电池|耳机|复查单|仓库|包名|报头|图标|按钮|课题|项目|运单|快递|型|示例|举例|\
         例如|比如|格式",
    ),
    (
        Says::Asks,
        "加|搜|找|联系|咨询|私|滴|问|戳|聊|复制|添|➕|+|点|进|订阅|关注|认准|来|发|走|移步|艾特|敲|撩|add|dm|contact|reach|ping|msg|message|text",
    ),
    (Says::Room, "频道|群|群组|机器人|链接|置顶|交流|讨论|channel|group"),
    (
        Says::Person,
        "客服|老师|店主|掌柜|校长|主任|经理|姐|哥|总|助理|小编|群主|楼主|版主|管理|主号|小号|大号|备用|新号|顾问|前台|师傅|老板|本人|我|商务|\
         担保|唯一|值班|技术|admin|support|mod|交易员|供需|机器人",
    ),
    (
        Says::Called,
        "账号|帐号|用户名|名字|名|号|id|叫|handle|username|是|为|连着写|连写|合起来|拼起来|连起来|就是|也就是|同名|全名|号码",
    ),
    (Says::Gone, "停用|被封|原|旧|失效|注销|不用了|作废|跑路|假冒|冒充|骗子|被骗|丢了|举报|假的|自称|高仿|诈骗|勿"),
    (
        Says::Bystander,
        "转发|回复|谢谢|感谢|看到|网友|博主|up主|记者|通讯员|楼上|层主|谢邀|from|评论|提到|请|提醒|所有人|全体成员|作者|设计|拍的|关注了|主演",
    ),
    (
        Says::Sky,
        "航班|机票|航空|机场|航模|登机|无人机|机长|遥控|翼展|起飞|乘|坐飞机|开飞机|打飞机|乘飞机|飞机票|飞机模型|飞机耳机|飞机杯|飞机大战|飞机餐|飞机师|\
         飞机维修|飞机设计|飞机吧|飞机稿|飞机场|飞机晚点|飞机降落|飞机皮肤|航拍飞机|遥控飞机|开飞机的|修飞机|飞机配件|街机|机库|客机|战机|展厅|飞行|值机|\
         译|报社|报纸|发报|电码|报房|译电|电报局|电报码|电报机|电报员|电报体|电报大楼|电报挂号|电报编码|封电报|架纸飞机|折纸飞机|叠纸飞机|纸飞机比赛|\
         纸飞机贴纸|甘油|玻璃化|公会|液压|tg值|tg系列|tg战队|tg高",
    ),
    (
        Says::Code,
        "npm|pip|import|config|token|代码|源码|变量|函数|字段|测试|issue|issues|readme|pytest|作用域|tests|属性|git|开源|server|port|代理|语言包|\
         安装包|客户端|运行|配置|导入",
    ),
];

fn words() -> &'static Lexicon<Says> {
    static ALL: OnceLock<Lexicon<Says>> = OnceLock::new();
    ALL.get_or_init(|| Lexicon::new(WORDS))
}

/// What the words of a window say, in their order, and where they stand. Letters are a word only by themselves.
pub(super) fn said(window: &str) -> Vec<(Says, Range<usize>)> {
    let latin = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric() || sign == '_');
    let words = words().find(window).filter(|(_, at)| {
        let word = window[at.clone()].as_bytes();
        (!word[0].is_ascii_alphanumeric() || !latin(window[..at.start].chars().next_back()))
            && (!word[word.len() - 1].is_ascii_alphanumeric() || !latin(window[at.end..].chars().next()))
    });
    let mut all: Vec<(Says, Range<usize>)> = words.collect();
    // 电🐤报
    all.extend(
        window.match_indices('报').filter_map(|(at, _)| Some((Says::Telegram, half(window, at)?..at + "报".len()))),
    );
    all.sort_by_key(|(_, at)| at.start);
    all
}
