//! Latin words that look like names of accounts and are none. Start at [`is_no_name`].

use rustc_hash::FxHashSet;
use std::sync::LazyLock;

/// Whether a word is one of those; in small letters.
pub(super) fn is_no_name(word: &str) -> bool {
    static ALL: LazyLock<FxHashSet<&str>> = LazyLock::new(|| NO_NAMES.iter().copied().collect());
    ALL.contains(word)
}

/// Words that stand behind a cue in menus, adverts and code but name nobody.
const NO_NAMES: &[&str] = &[
    "wechat",
    "weixin",
    "official",
    "account",
    "android",
    "iphone",
    "windows",
    "login",
    "logout",
    "button",
    "qrcode",
    "contact",
    "service",
    "online",
    "mobile",
    "telephone",
    "phone",
    "hidden",
    "footer",
    "header",
    "image",
    "images",
    "follow",
    "public",
    "index",
    "html",
    "https",
    "http",
    "javascript",
    "function",
    "return",
    "undefined",
    "object",
    "string",
    "display",
    "block",
    "share",
    "click",
    "email",
    "e-mail",
    "address",
    "website",
    "telegram",
    "channel",
    "support",
    "group",
    "download",
    "miniprogram",
    "mini",
    "program",
    "username",
    "handle",
    "server",
    "scan",
    "code",
    "group-chat",
    "wechatpay",
    "alipay",
    "payment",
    "copyright",
];
