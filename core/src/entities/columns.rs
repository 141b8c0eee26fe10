//! Accounts in tables whose head names their column: 姓名 | 微信 | QQ.
//!
//! Cells of a row are set apart by tabs. A cell counts only as a whole, in a row of as many cells as the head.
//! Start at [`find`].

use super::{Found, Kind, is_hotline, phones, series};

/// Heads with more columns name no accounts.
const WIDEST: usize = 24;

/// Adds the accounts of the text's tables.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    if memchr::memchr(b'\t', text.as_bytes()).is_none() {
        return;
    }
    let mut head: Vec<Option<Kind>> = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let start = at;
        at += line.len() + 1;
        if !line.contains('\t') {
            head.clear();
            continue;
        }
        let kinds: Vec<Option<Kind>> = line.split('\t').take(WIDEST + 1).map(named).collect();
        if kinds.len() <= WIDEST && kinds.iter().any(Option::is_some) {
            head = kinds;
            continue;
        }
        if kinds.len() != head.len() {
            head.clear();
            continue;
        }
        let mut cell_at = start;
        for (cell, kind) in line.split('\t').zip(&head) {
            let word = cell.trim();
            let lead = cell.len() - cell.trim_start().len();
            // 同手机 in the column of WeChat speaks of the row's number.
            if *kind == Some(Kind::Wechat)
                && matches!(word, "同手机" | "同号" | "同电话" | "手机同号" | "同左")
                && let Some(number) = line.split('\t').map(str::trim).find(|cell| phones::is_mobile(cell))
            {
                let at = start + line.find(number).unwrap_or_default();
                found.push((Kind::Wechat, number.to_owned(), at..at + number.len()));
            }
            if let Some(kind) = kind.filter(|kind| fits(word, *kind)) {
                found.push((kind, word.to_owned(), cell_at + lead..cell_at + lead + word.len()));
            }
            cell_at += cell.len() + 1;
        }
    }
}

/// What a column is named to hold.
fn named(cell: &str) -> Option<Kind> {
    match cell.trim() {
        "微信" | "微信号" | "微信号码" | "wechat" | "weixin" | "wx" | "vx" => Some(Kind::Wechat),
        "qq" | "qq号" | "qq号码" | "qq群" | "qq群号" => Some(Kind::Qq),
        _ => None,
    }
}

fn fits(word: &str, kind: Kind) -> bool {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    if kind == Kind::Qq {
        return digits && (5..=11).contains(&word.len()) && !word.starts_with('0') && !is_hotline(word);
    }
    let id = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    phones::is_mobile(word) || id && (6..=20).contains(&word.len()) && series::is_odd(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(Kind, String)> {
        let mut found = Vec::new();
        find(text, &mut found);
        assert!(found.iter().all(|(_, value, at)| text[at.clone()] == **value));
        found.into_iter().map(|(kind, value, _)| (kind, value)).collect()
    }

    #[test]
    fn a_column_is_what_its_head_says() {
        let text = "姓名\t微信\tqq\n甲\tjia_01\t1000200030\n乙\t13000001234\t\n";
        let wanted = [
            (Kind::Wechat, "jia_01".to_owned()),
            (Kind::Qq, "1000200030".to_owned()),
            (Kind::Wechat, "13000001234".to_owned()),
        ];
        assert_eq!(told(text), wanted);
        let same = "姓名\t手机\t微信\n甲\t13000001234\t同手机\n";
        assert_eq!(told(same), [(Kind::Wechat, "13000001234".to_owned())]);
    }

    #[test]
    fn other_tables_hold_no_accounts() {
        assert_eq!(told("班级\t微信投票\n一班\t1200345\n"), []);
        assert_eq!(told("姓名\t微信\n甲\tjia_01\t多一格\n乙\tyi_02\n"), []);
        assert_eq!(told("姓名\t微信\n甲\t没有\n\n乙\tyi_02\n"), []);
    }
}
