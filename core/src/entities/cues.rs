//! The words behind which an account or a registered number may stand, looked for in one pass over a text.
//!
//! A page under judgement is scanned for many other words already: there the cues ride along ([`words`]), and [`leftmost`] chooses among
//! what was found. What stands behind a cue is for `accounts` and `registered`. Start at [`words`].

use super::registered::Mark;
use aho_corasick::{AhoCorasick, MatchKind};
use std::ops::Range;
use std::sync::OnceLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// A Chinese word for WeChat.
    Wechat,
    /// The same with a call in front: any id may follow.
    WechatCall,
    /// Latin letters for WeChat, which stand in code and addresses too.
    WechatLatin,
    /// A bare v set apart from its id by a space.
    WechatLetter,
    /// A word that means WeChat only before an id: 维:, 卫, 小绿:.
    WechatNick,
    /// A call to add somebody that does not say where: only what looks like an id may follow.
    Call,
    /// A call to look for an id, which is one for WeChat only among its words.
    Search,
    Qq,
    /// A bare q before its number.
    QqLetter,
    /// Half of the word for QQ, which means taking off as well.
    QqKnock,
    /// What the ids begin with that WeChat itself gives out.
    WechatOwn,
    /// A group number.
    Group,
    /// The word 群 alone, which crowds and customers have too.
    AnyGroup,
    /// A Chinese word for Telegram.
    Telegram,
    TelegramLatin,
    /// The beginning of a Telegram link.
    TelegramLink,
    /// Says that a telephone number is the WeChat one.
    Same,
    /// A mark in brackets behind an id: jiazi88(微).
    WechatBehind,
    QqBehind,
    /// Says that what stands beside it is to be read backwards.
    Reversed,
    /// Stands for the @ of an address.
    At,
    /// Says that another sign stands for it: #换@.
    SignForAt,
    /// What stands in a register's number, or behind a price.
    Registered(Mark),
}

pub(super) const CUES: &[(&str, Cue)] = &[
    ("微信", Cue::Wechat),
    ("加微信", Cue::WechatCall),
    ("加微", Cue::WechatCall),
    ("+微", Cue::WechatCall),
    ("+微信", Cue::WechatCall),
    ("微:", Cue::WechatCall),
    ("微号", Cue::WechatCall),
    ("微 信", Cue::Wechat),
    ("微-信", Cue::Wechat),
    ("微·信", Cue::Wechat),
    ("微丨信", Cue::Wechat),
    ("微|信", Cue::Wechat),
    ("微/信", Cue::Wechat),
    ("微.信", Cue::Wechat),
    ("微_信", Cue::Wechat),
    ("微*信", Cue::Wechat),
    ("微~信", Cue::Wechat),
    ("加v", Cue::WechatCall),
    ("+v", Cue::WechatCall),
    ("加vx", Cue::WechatCall),
    ("+vx", Cue::WechatCall),
    ("加wx", Cue::WechatCall),
    ("+wx", Cue::WechatCall),
    ("v信", Cue::Wechat),
    ("微讯", Cue::Wechat),
    ("微x", Cue::Wechat),
    ("w❤x", Cue::WechatLatin),
    ("w♥x", Cue::WechatLatin),
    ("v❤x", Cue::WechatLatin),
    ("wei信", Cue::WechatLatin),
    ("微xin", Cue::Wechat),
    ("wei:", Cue::WechatLatin),
    ("wei:xin", Cue::WechatLatin),
    ("wei❤xin", Cue::WechatLatin),
    ("wei xin", Cue::WechatLatin),
    ("微 xin", Cue::Wechat),
    ("v 信", Cue::Wechat),
    ("薇 信", Cue::Wechat),
    ("威 信 号", Cue::Wechat),
    ("加威", Cue::WechatCall),
    ("+威", Cue::WechatCall),
    ("+薇", Cue::WechatCall),
    ("加徽", Cue::WechatCall),
    ("+徽", Cue::WechatCall),
    ("徽:", Cue::WechatCall),
    ("v.x", Cue::WechatLatin),
    ("w.x", Cue::WechatLatin),
    ("v/x", Cue::WechatLatin),
    ("v-x", Cue::WechatLatin),
    ("v x", Cue::WechatLatin),
    ("w x", Cue::WechatLatin),
    ("v号", Cue::WechatLatin),
    ("v我", Cue::WechatLatin),
    ("企微", Cue::Wechat),
    ("weixin://contacts/profile/", Cue::WechatCall),
    ("weixin://dl/chat?", Cue::WechatCall),
    ("wxid_", Cue::WechatOwn),
    ("v", Cue::WechatLetter),
    ("加我", Cue::Call),
    ("请加", Cue::Call),
    ("加好友", Cue::Call),
    ("+我", Cue::Call),
    ("群加", Cue::Call),
    ("加群主", Cue::Call),
    ("先加", Cue::Call),
    ("或加", Cue::Call),
    ("可加", Cue::Call),
    ("直接加", Cue::Call),
    ("另加", Cue::Call),
    ("可以加", Cue::Call),
    ("微 x", Cue::Wechat),
    ("薇 x", Cue::Wechat),
    ("加老师", Cue::Call),
    ("加客服", Cue::Call),
    ("搜", Cue::Search),
    ("搜索", Cue::Search),
    ("输入", Cue::Search),
    ("查找", Cue::Search),
    ("绿泡泡", Cue::WechatCall),
    ("绿泡", Cue::WechatCall),
    ("绿标", Cue::WechatCall),
    ("绿标软件", Cue::WechatCall),
    ("绿色聊天软件", Cue::WechatCall),
    ("绿色的软件", Cue::WechatCall),
    ("绿色软件", Cue::WechatCall),
    ("绿色app", Cue::WechatCall),
    ("绿色图标", Cue::WechatCall),
    ("加薇", Cue::WechatCall),
    ("薇:", Cue::WechatCall),
    ("维", Cue::WechatNick),
    ("卫", Cue::WechatNick),
    ("伟", Cue::WechatNick),
    ("威", Cue::WechatNick),
    ("危", Cue::WechatNick),
    ("唯", Cue::WechatNick),
    ("徽", Cue::WechatNick),
    ("徴", Cue::WechatNick),
    ("绿", Cue::WechatNick),
    ("卫星", Cue::WechatNick),
    ("卫 星", Cue::WechatNick),
    ("🛰", Cue::WechatNick),
    ("微❤", Cue::Wechat),
    ("薇❤", Cue::Wechat),
    ("威❤", Cue::Wechat),
    ("维❤", Cue::Wechat),
    ("徽❤", Cue::Wechat),
    ("v❤", Cue::WechatLatin),
    ("微\n信", Cue::Wechat),
    ("v/信", Cue::Wechat),
    ("v\n:", Cue::WechatLatin),
    ("v=", Cue::WechatLetter),
    ("vx=", Cue::WechatLetter),
    ("wx=", Cue::WechatLetter),
    ("vx-", Cue::WechatLetter),
    ("wx-", Cue::WechatLetter),
    ("jia微", Cue::WechatCall),
    ("jia v", Cue::WechatLatin),
    ("jiav", Cue::WechatLatin),
    ("微我", Cue::WechatCall),
    ("威我", Cue::WechatCall),
    ("薇我", Cue::WechatCall),
    ("威:", Cue::WechatCall),
    // Among a page's phrases these two stand without their space.
    ("微 ", Cue::WechatCall),
    ("薇 ", Cue::WechatCall),
    ("w:", Cue::WechatLatin),
    ("v:", Cue::WechatLatin),
    ("vx", Cue::WechatLatin),
    ("wx", Cue::WechatLatin),
    ("vv:", Cue::WechatLatin),
    ("wxh:", Cue::WechatLatin),
    ("vxh:", Cue::WechatLatin),
    ("weixin", Cue::WechatLatin),
    ("wechat", Cue::WechatLatin),
    ("qq", Cue::Qq),
    ("q群", Cue::Group),
    ("君羊", Cue::Group),
    ("君羊号", Cue::Group),
    ("峮", Cue::Group),
    ("qun号", Cue::Group),
    ("qun:", Cue::Group),
    ("扣裙", Cue::Group),
    ("q裙", Cue::Group),
    ("qq裙", Cue::Group),
    ("裙聊", Cue::Group),
    ("qq群", Cue::Group),
    ("群号", Cue::Group),
    ("群", Cue::AnyGroup),
    ("群聊", Cue::AnyGroup),
    ("裙:", Cue::Group),
    ("裙号", Cue::Group),
    ("企鹅裙", Cue::Group),
    ("q:", Cue::Qq),
    ("扣扣", Cue::Qq),
    ("q q", Cue::Qq),
    ("q号", Cue::Qq),
    ("球球", Cue::Qq),
    ("秋秋", Cue::Qq),
    ("丘丘", Cue::Qq),
    ("企鹅号", Cue::Qq),
    ("企鹅群", Cue::Group),
    ("企鹅:", Cue::Qq),
    ("oicq", Cue::Qq),
    ("🐧", Cue::Qq),
    ("企鹅", Cue::QqKnock),
    ("口口", Cue::QqKnock),
    ("扣我", Cue::QqKnock),
    ("q我", Cue::QqKnock),
    ("q❤", Cue::QqKnock),
    ("q♥", Cue::QqKnock),
    ("秋秋号", Cue::Qq),
    ("qiuqiu", Cue::Qq),
    ("扣号", Cue::Qq),
    ("q", Cue::QqLetter),
    ("扣", Cue::QqKnock),
    ("抠", Cue::QqKnock),
    ("电报", Cue::Telegram),
    ("飞机", Cue::Telegram),
    ("纸飞机", Cue::Telegram),
    ("✈", Cue::Telegram),
    ("小飞机", Cue::Telegram),
    ("飞鸡", Cue::Telegram),
    ("纸飞鸡", Cue::Telegram),
    ("灰机", Cue::Telegram),
    ("蓝飞机", Cue::Telegram),
    ("飞ji", Cue::Telegram),
    ("电bao", Cue::Telegram),
    ("电抱", Cue::Telegram),
    ("电豹", Cue::Telegram),
    ("dian报", Cue::Telegram),
    ("telegrame", Cue::TelegramLatin),
    ("telegarm", Cue::TelegramLatin),
    ("telegrm", Cue::TelegramLatin),
    ("telgram", Cue::TelegramLatin),
    ("tele:", Cue::TelegramLatin),
    ("tele号", Cue::TelegramLatin),
    ("t·g", Cue::TelegramLatin),
    ("t.g", Cue::TelegramLatin),
    ("t-g", Cue::TelegramLatin),
    ("telegram", Cue::TelegramLatin),
    ("t g", Cue::TelegramLatin),
    ("tg", Cue::TelegramLatin),
    ("t.me/", Cue::TelegramLink),
    ("telegram.me/", Cue::TelegramLink),
    ("telegram.dog/", Cue::TelegramLink),
    ("tg://resolve?domain=", Cue::TelegramLink),
    ("电话就是微信", Cue::Same),
    ("卫星同号", Cue::Same),
    ("同卫星", Cue::Same),
    ("微信是手机", Cue::Same),
    ("微信是电话", Cue::Same),
    ("微信号是手机", Cue::Same),
    ("微信号是电话", Cue::Same),
    ("微信号就是手机", Cue::Same),
    ("微信号就是电话", Cue::Same),
    ("微信用手机", Cue::Same),
    ("微信:手机号", Cue::Same),
    ("微信:电话号", Cue::Same),
    ("微信:上面", Cue::Same),
    ("微信号:上面", Cue::Same),
    ("微信也是上面", Cue::Same),
    ("微信就是上面", Cue::Same),
    ("微信就是这个", Cue::Same),
    ("微信同qq", Cue::Same),
    ("微信即手机", Cue::Same),
    ("微信即电话", Cue::Same),
    ("电话就是微", Cue::Same),
    ("手机就是微信", Cue::Same),
    ("电话即微信", Cue::Same),
    ("手机即微信", Cue::Same),
    ("手机号即微信", Cue::Same),
    ("手机号就是微信", Cue::Same),
    ("微信就是电话", Cue::Same),
    ("微信就是手机", Cue::Same),
    ("微信同号", Cue::Same),
    ("微信:同号", Cue::Same),
    ("微信:同上", Cue::Same),
    ("微信:同手机", Cue::Same),
    ("微信:同电话", Cue::Same),
    ("微信号:同手机", Cue::Same),
    ("微信号:同上", Cue::Same),
    ("微信\n同号", Cue::Same),
    ("微信:\n同号", Cue::Same),
    ("微信:\n同上", Cue::Same),
    ("微信\n同手机", Cue::Same),
    ("微信同手机", Cue::Same),
    ("微信同电话", Cue::Same),
    ("微信一样", Cue::Same),
    ("微信一个号", Cue::Same),
    ("微信同一个号", Cue::Same),
    ("微信都是这个", Cue::Same),
    ("微信都是同", Cue::Same),
    ("微信也用这个", Cue::Same),
    ("微信同步", Cue::Same),
    ("也是微信", Cue::Same),
    ("也是微", Cue::Same),
    ("也是薇", Cue::Same),
    ("也是v", Cue::Same),
    ("也是绿泡泡", Cue::Same),
    ("绿泡泡也是", Cue::Same),
    ("微信也是", Cue::Same),
    ("同微信", Cue::Same),
    ("同绿泡泡", Cue::Same),
    ("同vx", Cue::Same),
    ("同v", Cue::Same),
    ("同微", Cue::Same),
    ("微电同", Cue::Same),
    ("电微同", Cue::Same),
    ("v电同", Cue::Same),
    ("(微)", Cue::WechatBehind),
    ("(威)", Cue::WechatBehind),
    ("(薇)", Cue::WechatBehind),
    ("(微信)", Cue::WechatBehind),
    ("(微信号)", Cue::WechatBehind),
    ("(微信,", Cue::WechatBehind),
    ("(微信、", Cue::WechatBehind),
    ("(微信 ", Cue::WechatBehind),
    ("(薇信)", Cue::WechatBehind),
    ("(威信)", Cue::WechatBehind),
    ("(v信)", Cue::WechatBehind),
    ("(徽)", Cue::WechatBehind),
    ("(v)", Cue::WechatBehind),
    ("(vx)", Cue::WechatBehind),
    ("(wx)", Cue::WechatBehind),
    ("(w)", Cue::WechatBehind),
    ("(扣)", Cue::QqBehind),
    ("(qq)", Cue::QqBehind),
    ("(q)", Cue::QqBehind),
    ("倒过来", Cue::Reversed),
    ("倒着", Cue::Reversed),
    ("反过来", Cue::Reversed),
    ("反着", Cue::Reversed),
    ("倒序", Cue::Reversed),
    ("倒写", Cue::Reversed),
    ("从后往前", Cue::Reversed),
    ("从右往左", Cue::Reversed),
    (" at ", Cue::At),
    ("◎", Cue::At),
    ("(at)", Cue::At),
    ("[at]", Cue::At),
    ("{at}", Cue::At),
    ("<at>", Cue::At),
    ("(a)", Cue::At),
    ("[a]", Cue::At),
    ("(@)", Cue::At),
    ("[@]", Cue::At),
    ("艾特", Cue::At),
    ("圈a", Cue::At),
    ("换@", Cue::SignForAt),
    ("换成@", Cue::SignForAt),
    ("换为@", Cue::SignForAt),
    ("改@", Cue::SignForAt),
    ("改成@", Cue::SignForAt),
    ("改为@", Cue::SignForAt),
    // Looked for in the same pass over the text.
    ("icp", Cue::Registered(Mark::Icp)),
    ("公网安备", Cue::Registered(Mark::Police)),
    ("标识码", Cue::Registered(Mark::SiteCode)),
    ("hm.js?", Cue::Registered(Mark::BaiduStat)),
    ("元", Cue::Registered(Mark::Unit)),
    ("块", Cue::Registered(Mark::Unit)),
    ("rmb", Cue::Registered(Mark::Unit)),
    // ￥ was folded to it.
    ("¥", Cue::Registered(Mark::Yuan)),
];

/// A cue found in a text, by its number among [`words`].
pub(crate) type CueHit = (u16, Range<usize>);

/// The words behind which an account or a registered number may stand, by number.
pub(crate) fn words() -> impl Iterator<Item = (u16, &'static str)> {
    CUES.iter().enumerate().map(|(number, (word, _))| (number as u16, *word))
}

/// Looks for the cues in a text that nobody else scans.
pub(super) fn cues(text: &str) -> Vec<CueHit> {
    automaton().find_iter(text).map(|hit| (hit.pattern().as_u32() as u16, hit.range())).collect()
}

/// Of all cues, overlapping ones included, those that count: the first, and of two that begin together the longer.
pub(super) fn leftmost(mut all: Vec<CueHit>) -> Vec<CueHit> {
    all.sort_unstable_by_key(|(_, at)| (at.start, std::cmp::Reverse(at.end)));
    let mut end = 0;
    all.retain(|(_, at)| {
        let counts = at.start >= end;
        if counts {
            end = at.end;
        }
        counts
    });
    all
}

fn automaton() -> &'static AhoCorasick {
    static CUE: OnceLock<AhoCorasick> = OnceLock::new();
    CUE.get_or_init(|| {
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(CUES.iter().map(|(word, _)| word))
            .expect("the cues are a short constant list, far below the automaton's limits")
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_cues_are_in_folded_form() {
        for (word, _) in super::CUES {
            assert_eq!(crate::text::fold(word).as_str(), *word);
        }
    }
}
