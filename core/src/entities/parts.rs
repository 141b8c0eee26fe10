//! Ids of which a text gives one part after the other: 前半段 jia，后半段 _01，连起来就是我的微信.
//!
//! Counts only near a name for WeChat, and where a first and a later part are named. Start at [`find`].

use super::words::{Says, said};
use super::{Found, Kind, phones, series};
use crate::text::boundary_before;

/// What the parts are called, by their order in the id.
const LABELS: [(usize, &[&str]); 3] = [
    (
        0,
        &[
            "前半段",
            "前半截",
            "前半部分",
            "前面半截",
            "前面一截",
            "前面一段",
            "第一段",
            "前三位",
            "前几位",
            "前缀",
            "前段",
        ],
    ),
    (1, &["中间", "第二段", "中段"]),
    (2, &["后半段", "后半截", "后半部分", "后面半截", "后面一截", "后面一段", "第三段", "最后", "后缀", "后段"]),
];

/// How far the parts reach behind the first one's name, and how far around them WeChat is named, in bytes.
const REACH: usize = 160;
const AROUND: usize = 120;

/// So many signs stand between a part's name and the part.
const GAP: usize = 6;

/// Adds the id whose first part's name stands at `at`.
pub(super) fn find(text: &str, at: usize, found: &mut Vec<Found>) {
    let end = boundary_before(text, (at + REACH).min(text.len()));
    let mut parts: Vec<(usize, &str)> = Vec::new();
    let mut last = at..at;
    for (here, _) in text[at..end].char_indices().map(|(here, sign)| (at + here, sign)) {
        let label = LABELS.iter().find_map(|(order, words)| {
            words.iter().find(|word| text[here..].starts_with(**word)).map(|word| (*order, word))
        });
        let Some((order, word)) = label.filter(|_| here >= last.end) else { continue };
        let rest = &text[here + word.len()..];
        let Some((gap, _)) = rest
            .char_indices()
            .take(GAP + 1)
            .find(|(_, sign)| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-'))
        else {
            continue;
        };
        let part = series::word(rest, gap);
        if rest[..gap].contains(['。', '!', '?']) || parts.iter().any(|(other, _)| *other == order) {
            break;
        }
        let start = here + word.len() + gap;
        last = if parts.is_empty() { start..start + part.len() } else { last.start..start + part.len() };
        parts.push((order, part));
    }
    parts.sort_by_key(|(order, _)| *order);
    let id: String = parts.iter().map(|(_, part)| *part).collect();
    let from = boundary_before(text, at.saturating_sub(AROUND));
    let near = &text[from..boundary_before(text, (last.end + AROUND).min(text.len()))];
    let fits = parts.len() >= 2
        && (6..=20).contains(&id.len())
        && id.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && !parts.iter().any(|(_, part)| phones::is_mobile(part));
    if fits && said(near).iter().any(|said| matches!(said.says, Says::Wechat | Says::Maybe)) {
        // A part that was taken for the whole is none.
        found.retain(|(kind, _, other)| *kind != Kind::Wechat || other.end <= last.start || last.end <= other.start);
        found.push((Kind::Wechat, id, last));
    }
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    #[test]
    fn parts_make_one_id_near_a_name_for_wechat() {
        let ids = |text: &str| contacts(&in_text(text, &crate::text::fold(text))).wechat;
        assert_eq!(ids("前半段 jia\n后半段 _demo01\n连起来就是我的微信"), ["jia_demo01"]);
        assert_eq!(ids("vx\n前三位：jia\n中间：_demo\n最后：77"), ["jia_demo77"]);
        assert_eq!(ids("绿泡泡：前半段 jia，后半段 demo，中间夹个数字 7"), ["jia7demo"]);
        assert_eq!(ids("「jia」加上「521」加上「kb」，中间没有空格"), [""; 0]);
        assert_eq!(ids("+V 「jia」加上「521」加上「kb」"), ["jia521kb"]);
        assert_eq!(ids("文件名前缀 log，后缀 _2026，别改"), [""; 0]);
        assert_eq!(ids("微信问我，前半段 jia"), [""; 0]);
    }
}
