//! What a word says of what may stand behind it: the kinds of cues, whose words are in [`super::cues`].

use super::registered::Mark;

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
    /// A call to add another number of somebody who was written to already, somewhere or other.
    CallOther,
    /// A call to look for an id, which is one for WeChat only among its words.
    Search,
    Qq,
    /// A bare q before its number.
    QqLetter,
    /// Half of the word for QQ, which means taking off as well.
    QqKnock,
    /// Names QQ, but says nothing of what follows right behind it.
    QqName,
    /// Stands before the number in links to QQ.
    QqLink,
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
    /// The same without its slash, or as people say it.
    TelegramSaid,
    /// The second half of a Chinese word for Telegram, of which a sign may part the first.
    TelegramHalf,
    /// What Telegram is called where its name is not let through, and other things as well.
    TelegramHint,
    /// Says that a telephone number is the WeChat one.
    Same,
    /// A mark in brackets behind an id: jiazi88(微).
    WechatBehind,
    QqBehind,
    /// Names the first part of an id that is given in parts.
    Part,
    /// Says that what stands beside it is to be read backwards.
    Reversed,
    /// Stands for the @ of an address.
    At,
    /// Says that another sign stands for it: #换@.
    SignForAt,
    /// What stands in a register's number, or behind a price.
    Registered(Mark),
}
