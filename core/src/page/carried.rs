//! Contacts that an element's attributes carry for a button: data-wx="…", data-clipboard-text="…" under 复制微信号, onclick="copyQQ('…')";
//! and what readers know by a picture alone: <i class="icon-wechat"></i> jia_01.
//!
//! What a value is, the attribute's own name tells, or the words of the element, or the picture before it. A value that none of
//! them speaks of is nobody's contact. Start at [`Carried::see`] and [`Carried::picture`].

use super::extract::cut;
use crate::text::boundary_before;

/// Values that wait for the words of their element, of one page.
const MOST: usize = 64;

/// How far before and behind its place, in bytes, the words of a value's element are looked for.
const BEFORE: usize = 36;
const BEHIND: usize = 60;

/// Values whose name does not say what they are, and where in the text their element stands.
#[derive(Default)]
pub(super) struct Carried {
    waiting: Vec<(String, usize)>,
    /// Pictures of messengers: which, and where in the text they stand.
    pictures: Vec<(&'static str, usize)>,
}

impl Carried {
    /// What an attribute says at once; a value that may be an id waits for the words of its element.
    pub(super) fn see(&mut self, name: &str, value: &str, position: usize) -> Option<String> {
        let script = name.eq_ignore_ascii_case("onclick") || value.starts_with("javascript:");
        let (key, value) = match script {
            true => argument(value)?,
            false => (name, value),
        };
        let value = value.trim();
        if let Some(number) = value.strip_prefix("tel:").filter(|number| is_number(number)) {
            return Some(format!("电话:{number}"));
        }
        if let Some(number) = linked(value) {
            return Some(format!("qq:{number}"));
        }
        // location.href='https://t.me/jia_01'
        if ["t.me/", "telegram.me/", "tg://resolve"].iter().any(|link| value.contains(link)) {
            return Some(value.to_owned());
        }
        if let Some(word) = word_of(key) {
            return fits(word, value).then(|| format!("{word}{value}"));
        }
        // Whose a post is, is no contact.
        if ["uid", "userid", "user-id", "user"].iter().any(|word| key.to_ascii_lowercase().ends_with(word)) {
            return None;
        }
        let holds = ["data-", "value", "copy"]
            .iter()
            .any(|start| key.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)));
        // What is there to be copied may be an id of letters alone, if the button says so.
        let copied = ["clip", "copy"].iter().any(|word| key.to_ascii_lowercase().contains(word)) && is_word(value);
        if holds && (is_id(value) || is_number(value) || copied) && self.waiting.len() < MOST {
            self.waiting.push((value.to_owned(), position));
        }
        None
    }

    /// A picture of a messenger, by its class or by the words for those who do not see it.
    pub(super) fn picture(&mut self, name: &str, position: usize) {
        if let Some(word) = pictured(name).filter(|_| self.pictures.len() < MOST) {
            // Of several in a row, as for sharing a page, none has words of its own but the last.
            self.pictures.retain(|(_, other)| *other != position);
            self.pictures.push((word, position));
        }
    }

    /// What the values are whose element speaks of it. `shift` is what was put before the text since.
    pub(super) fn told(self, text: &str, shift: usize) -> Vec<String> {
        let mut told = Vec::new();
        for (value, position) in self.waiting {
            let at = boundary_before(text, (position + shift).min(text.len()));
            let from = boundary_before(text, at.saturating_sub(BEFORE));
            let behind = cut(&text[at..], BEHIND).trim_start_matches('\n');
            let behind = behind.split('\n').next().unwrap_or("");
            let before = text[from..at].trim_end_matches('\n').rsplit('\n').next().unwrap_or("");
            let word = [behind, before].into_iter().find_map(spoken_of);
            if let Some(word) =
                word.filter(|word| fits(word, &value) || matches!(*word, "微信:" | "电报:") && is_word(&value))
            {
                told.push(format!("{word}{value}"));
            }
        }
        for (word, position) in self.pictures {
            let at = boundary_before(text, (position + shift).min(text.len()));
            let value = behind_picture(cut(&text[at..], BEHIND));
            if fits(word, value) {
                told.push(format!("{word}{value}"));
            }
        }
        told
    }
}

/// The word behind a picture, on its line or alone at the beginning of the next.
fn behind_picture(text: &str) -> &str {
    let rest = text.trim_start_matches([' ', '\t', '\u{A0}']);
    let rest = rest.strip_prefix('\n').unwrap_or(rest).trim_start_matches([' ', '\t', ':', '：']);
    // The picture may itself be a sign of a font made for it.
    let rest = rest.trim_start_matches(|sign: char| matches!(sign, '\u{E000}'..='\u{F8FF}' | ' '));
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@');
    let word = &rest[..rest.bytes().take_while(part).count()];
    let goes_on = rest[word.len()..].starts_with(['.', '/', '=', '(']);
    if goes_on { "" } else { word.trim_start_matches('@') }
}

/// Which messenger a picture shows: icon-wechat, fa-qq, 微信图标.
fn pictured(name: &str) -> Option<&'static str> {
    const LONGEST: usize = 128;
    const NOT: [&str; 20] = [
        "share",
        "login",
        "pay",
        "qr",
        "code",
        "ewm",
        "official",
        "gzh",
        "mini",
        "group",
        "close",
        "down",
        "二维码",
        "扫",
        "分享",
        "登录",
        "支付",
        "公众",
        "小程序",
        "群",
    ];
    let name = cut(name, LONGEST).to_ascii_lowercase();
    if NOT.iter().any(|word| name.contains(word)) {
        return None;
    }
    let piece = |words: &[&str]| name.split(|sign: char| !sign.is_alphanumeric()).any(|piece| words.contains(&piece));
    if piece(&["wechat", "weixin", "wx", "vx", "微信", "微信图标", "微信图片"]) {
        Some("微信:")
    } else if piece(&["qq", "qq图标", "qq图片"]) {
        Some("qq:")
    } else if piece(&["telegram", "tg", "电报", "电报图标", "纸飞机"]) || name.contains("paper-plane") {
        Some("电报:")
    } else {
        None
    }
}

/// Whether the address of a picture says that it is the one for Telegram: /i/tg24.png.
pub(super) fn shows_telegram(address: &str) -> bool {
    let file = address.rsplit('/').next().unwrap_or_default();
    let stem = file.split(['.', '?']).next().unwrap_or_default();
    let piece = |piece: &str| matches!(piece.trim_end_matches(|sign: char| sign.is_ascii_digit()), "tg" | "telegram");
    let other = || ["qr", "code", "ewm", "share", "group"].iter().any(|word| stem.contains(word));
    stem.len() <= 32 && stem.split(['-', '_']).any(piece) && !other()
}

/// The number that a link to QQ is for: http://wpa.qq.com/msgrd?v=3&uin=….
pub(super) fn linked(link: &str) -> Option<&str> {
    let (before, rest) = link.split_once("uin=")?;
    let known = ["qq.com/", "tencent:", "mqq"].iter().any(|host| before.contains(host));
    let number = &rest[..rest.bytes().take(12).take_while(u8::is_ascii_digit).count()];
    (known && fits("qq:", number) && before.ends_with(['?', '&', ';'])).then_some(number)
}

/// The name of the function that an element calls, and the quoted value it gives: copyQQ('…'), location='tel:…'.
fn argument(script: &str) -> Option<(&str, &str)> {
    let open = script.find(['\'', '"'])?;
    let quote = &script[open..=open];
    let value = script[open + 1..].split(quote).next()?;
    let before = script[..open].trim_end_matches([' ', '(', '=']);
    let start = before.rfind(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').map_or(0, |at| at + 1);
    Some((&before[start..], value))
}

/// What a name says that its value is, as a reader would be told.
pub(super) fn word_of(name: &str) -> Option<&'static str> {
    const NOT: [&str; 26] = [
        "share", "config", "app", "pay", "map", "login", "img", "pic", "qr", "url", "link", "open", "union", "token",
        "secret", "nonce", "sign", "mini", "sdk", "api", "icon", "logo", "class", "color", "title", "official",
    ];
    let name = cut(name, 64).to_ascii_lowercase();
    if NOT.iter().any(|word| name.contains(word)) {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    // Short words only by themselves: data-tg, not data-target.
    let piece = |words: &[&str]| name.split(['-', '_']).any(|piece| words.contains(&piece));
    if says(&["wechat", "weixin", "wxid"]) || piece(&["wx", "vx", "copywx", "copyvx"]) {
        Some("微信:")
    } else if piece(&["qq", "copyqq", "qqnum", "qqnumber"]) {
        Some("qq:")
    } else if says(&["telegram"]) || piece(&["tg"]) {
        Some("电报:")
    } else if says(&["mobile", "phone"]) || piece(&["tel"]) {
        Some("电话:")
    } else {
        None
    }
}

/// What the words of an element say that it is there for.
fn spoken_of(words: &str) -> Option<&'static str> {
    const NOT: [&str; 13] = [
        "邀请码",
        "激活码",
        "兑换码",
        "口令",
        "密码",
        "公众号",
        "小程序",
        "订单",
        "链接",
        "支付",
        "登录",
        "视频号",
        "公众平台",
    ];
    if NOT.iter().any(|word| words.contains(word)) {
        return None;
    }
    let lower = words.to_ascii_lowercase();
    let says = |of: &[&str]| of.iter().any(|word| lower.contains(word));
    if says(&["微信", "加v", "vx", "v信", "薇信", "加微", "绿泡泡", "微❤", "绿色软件"]) {
        Some("微信:")
    } else if says(&["qq", "扣扣"]) {
        Some("qq:")
    } else if says(&["电报", "telegram", "纸飞机", "飞机号", "复制飞机"])
        || lower.split(|sign: char| !sign.is_ascii_alphanumeric()).any(|piece| piece == "tg")
    {
        Some("电报:")
    } else if says(&["电话", "手机"]) {
        Some("电话:")
    } else {
        None
    }
}

fn fits(word: &str, value: &str) -> bool {
    match word {
        "qq:" => (5..=11).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()),
        "电话:" => is_number(value),
        "电报:" => is_id(value.trim_start_matches('@')),
        _ => is_id(value) || is_number(value),
    }
}

/// An id that is no word.
fn is_id(value: &str) -> bool {
    (5..=32).contains(&value.len())
        && value.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && value.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
}

/// Letters that may be an id: 6 to 20.
fn is_word(value: &str) -> bool {
    (6..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// A number that one may dial, or a QQ one.
fn is_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    (5..=15).contains(&digits)
        && value.len() <= 24
        && value.bytes().all(|b| b.is_ascii_digit() || b" +-()".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_values_are() {
        let mut carried = Carried::default();
        let mut see = |name: &str, value: &str| carried.see(name, value, 0);
        assert_eq!(see("data-wx", "demo_tz8").as_deref(), Some("微信:demo_tz8"));
        assert_eq!(see("data-wechat-id", "demo_tz8").as_deref(), Some("微信:demo_tz8"));
        assert_eq!(see("data-tg", "demo_tz8").as_deref(), Some("电报:demo_tz8"));
        assert_eq!(see("onclick", "copyQQ('1000200030')").as_deref(), Some("qq:1000200030"));
        assert_eq!(see("onclick", "window.location='tel:13000001234'").as_deref(), Some("电话:13000001234"));
        assert_eq!(
            see("onclick", "location.href='tg://resolve?domain=demo_tz8'").as_deref(),
            Some("tg://resolve?domain=demo_tz8")
        );
        let link = "window.open('http://wpa.qq.com/msgrd?v=3&uin=1000200030&site=qq')";
        assert_eq!(see("onclick", link).as_deref(), Some("qq:1000200030"));
        assert_eq!(see("onclick", "window.open('http://b.example/?uin=1000200030')"), None);
        assert_eq!(see("data-wx-appid", "wx0000000000000001"), None);
        assert_eq!(see("data-target", "box_01"), None);
        assert_eq!(see("onclick", "show('box_01')"), None);
    }

    #[test]
    fn pictures_tell_what_stands_behind_them() {
        let told = |class: &str, text: &str| {
            let mut carried = Carried::default();
            carried.picture(class, 0);
            carried.told(text, 0)
        };
        assert_eq!(told("fa fa-wechat", " demo_tz8\n电话"), ["微信:demo_tz8"]);
        assert_eq!(told("微信图标", "\ndemo_tz8"), ["微信:demo_tz8"]);
        assert_eq!(told("iconfont icon-QQ", "\u{e601} 1000200030"), ["qq:1000200030"]);
        assert_eq!(told("icon-telegram", "@demo_tz8"), ["电报:demo_tz8"]);
        assert_eq!(told("fa fa-paper-plane", "\u{A0}demo_tz8，叉车"), ["电报:demo_tz8"]);
        assert_eq!(told("fa fa-paper-plane", " 发送"), [""; 0]);
        assert_eq!(told("fa fa-paper-plane", " demo_8@mail.example"), [""; 0]);
        assert_eq!(told("icon-weixin-share", "demo_tz8"), [""; 0]);
        assert_eq!(told("微信扫码", "demo_tz8"), [""; 0]);
        assert_eq!(told("icon-weixin", "关注公众号 demo_tz8"), [""; 0]);
        assert_eq!(told("icon-weixin", "demo_tz8.jpg"), [""; 0]);
        let mut row = Carried::default();
        ["icon-weixin", "icon-qq"].iter().for_each(|class| row.picture(class, 0));
        assert_eq!(row.told("demo_tz8", 0), [""; 0]);
    }

    #[test]
    fn a_file_may_name_what_its_picture_shows() {
        assert!(shows_telegram("/i/tg24.png"));
        assert!(shows_telegram("https://a.example/icon-telegram.svg?v=2"));
        assert!(!shows_telegram("/qr/telegram_code.png"));
        assert!(!shows_telegram("/i/target.png"));
        assert!(!shows_telegram("/tg/logo.png"));
    }

    #[test]
    fn words_of_the_element_tell_what_a_value_is() {
        let told = |text: &str, position: usize| {
            let mut carried = Carried::default();
            assert_eq!(carried.see("data-clipboard-text", "demo_tz8", position), None);
            carried.told(text, 0)
        };
        assert_eq!(told("复制微信号", 0), ["微信:demo_tz8"]);
        assert_eq!(told("微信号：\n复制", "微信号：\n".len()), ["微信:demo_tz8"]);
        assert_eq!(told("复制TG号", 0), ["电报:demo_tz8"]);
        assert_eq!(told("复制飞机号", 0), ["电报:demo_tz8"]);
        assert_eq!(told("复制订单号", 0), [""; 0]);
        assert_eq!(told("复制微信公众号", 0), [""; 0]);
        assert_eq!(told("", 99), [""; 0]);
    }
}
