//! Chinese words for the codes of CONTRACT.md. A code without a word is shown as it is.

use std::borrow::Cow;

/// What a page or a case is.
pub(super) fn kind(code: &str) -> &str {
    match code {
        "fake_site" => "仿冒网站",
        "seller" => "卖证",
        "suspicious" => "可疑",
        "official" => "官方网页",
        "notice" => "警示通报",
        "benign" => "无关",
        "twin" => "与判为无关的网页一样",
        other => other,
    }
}

/// What a host name is.
pub(super) fn standing(code: &str) -> &str {
    match code {
        "spoof" => "仿冒",
        "watch" => "关注",
        "official" => "官方",
        "clean" => "未见异常",
        other => other,
    }
}

/// What became of a page.
pub(super) fn hit_state(code: &str) -> &str {
    match code {
        "up" => "在线",
        "changed" => "有变",
        "unseen" => "看不到",
        "gone" => "已消失",
        "back" => "复活",
        other => other,
    }
}

/// What became of a case.
pub(super) fn case_state(code: &str) -> &str {
    match code {
        "new" => "新线索",
        "review" => "待复核",
        "confirmed" => "已确认",
        "acting" => "处置中",
        "closed" => "已关停",
        "delisted" => "已下架",
        "vanished" => "自行消失",
        "back" => "复活",
        "dismissed" => "不予处理",
        "wrong" => "误报",
        other => other,
    }
}

/// What became of a mail.
pub(super) fn mail_state(code: &str) -> &str {
    match code {
        "queued" => "待发",
        "sent" => "已发",
        "temporary" => "暂时没发成",
        "permanent" => "发不出去",
        "unknown" => "是否送达不明",
        other => other,
    }
}

/// What became of a source.
pub(super) fn source_state(code: &str) -> &str {
    match code {
        "ok" => "正常",
        "blocked" => "被拦",
        "degraded" => "部分可用",
        "broken" => "故障",
        "off" => "未启用",
        "never" => "没问过",
        other => other,
    }
}

/// Who did it.
pub(super) fn actor(actor: &str) -> &str {
    if actor == crate::desk::MACHINE { "程序" } else { actor }
}

/// What was done to a case, as the log of decisions names it.
pub(super) fn action(action: &str) -> Cow<'_, str> {
    let Some(word) = action.strip_prefix("case.") else { return Cow::Borrowed(action) };
    match word {
        "note" => "记事".into(),
        "confirm" => "确认".into(),
        "dismiss" => "不予处理".into(),
        "reopen" => "重新打开".into(),
        "something-new" => "出现新依据".into(),
        state => format!("转为“{}”", case_state(state)).into(),
    }
}
