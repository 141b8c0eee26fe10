//! Accounts in tables whose head names their column: 姓名 | 微信 | QQ.
//!
//! Cells of a row are set apart by tabs. A cell counts only as a whole, in a row of as many cells as the head.
//! Start at [`find`].

use super::cues::CueHit;
use super::no_names::is_no_name;
use super::qq_words::{self, Says};
use super::{Found, Kind, is_hotline, phones, series};

/// Heads with more columns name no accounts.
const WIDEST: usize = 24;

/// Adds the accounts of the text's tables. Whatever names a column is one of the cues, so that only lines with some are asked.
pub(super) fn find(text: &str, cues: &[CueHit], found: &mut Vec<Found>) {
    let mut cues = cues.iter().map(|(_, at)| at).peekable();
    let mut head: Vec<Option<Kind>> = Vec::new();
    let mut apart = '\t';
    let mut at = 0;
    while at < text.len() {
        if head.is_empty() {
            // The line of the next cue.
            while cues.next_if(|cue| cue.end <= at).is_some() {}
            let Some(cue) = cues.peek() else { return };
            let before = &text.as_bytes()[at..cue.start.max(at)];
            at = memchr::memrchr(b'\n', before).map_or(at, |line| at + line + 1);
        }
        let start = at;
        let line =
            &text[start..memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |line| start + line)];
        at += line.len() + 1;
        while cues.next_if(|cue| cue.end <= start).is_some() {}
        let cued = cues.peek().is_some_and(|cue| cue.start < start + line.len());
        // 批次,工种,联系微信: tables of plain text are set apart by other signs.
        let apart_by = |sign: &char| cued && memchr::memchr(*sign as u8, line.as_bytes()).is_some();
        let signs = ['\t', '|', ','].into_iter().find(apart_by);
        // Sentences have commas too: what is no head by the length of its cells is not read cell by cell.
        let may_head = |sign: &char| {
            (*sign == '\t' || line.split(*sign).all(|cell| cell.chars().count() <= 8))
                && (2..=WIDEST).contains(&line.split(*sign).take(WIDEST + 1).count())
        };
        if let Some(sign) = signs.filter(may_head) {
            let kinds: Vec<Option<Kind>> = line.split(sign).map(named).collect();
            if kinds.iter().any(Option::is_some) {
                (head, apart) = (kinds, sign);
                continue;
            }
        }
        if head.is_empty() || !line.contains(apart) {
            head.clear();
            continue;
        }
        // A cell that spans rows leaves the next ones shorter.
        if line.split(apart).count() != head.len() {
            continue;
        }
        let mut cell_at = start;
        for (cell, kind) in line.split(apart).zip(&head) {
            let word = cell.trim();
            let lead = cell.len() - cell.trim_start().len();
            // 同手机 in the column of WeChat speaks of the row's number.
            if *kind == Some(Kind::Wechat)
                && matches!(word, "同手机" | "同号" | "同电话" | "手机同号" | "同左")
                && let Some((number, said)) = line
                    .split(apart)
                    .map(|cell| (cell.trim().replace([' ', '-'], ""), cell.trim()))
                    .find(|(number, _)| phones::is_mobile(number))
            {
                let at = start + line.find(said).unwrap_or_default();
                found.push((Kind::Wechat, number, at..at + said.len()));
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
    const LONGEST: usize = 6;
    let cell = cell.trim();
    let other =
        || ["公众", "支付", "名称", "昵称", "群", "投票", "扫码", "通知"].iter().any(|word| cell.contains(word));
    match cell {
        "wechat" | "weixin" | "wx" | "vx" | "v" | "v信" | "薇信" | "微" => Some(Kind::Wechat),
        "qq" | "qq号" | "qq号码" | "qq群" | "qq群号" => Some(Kind::Qq),
        // 咨询微信, 老师微信号.
        _ if cell.len() <= 4 * LONGEST && cell.contains("微信") && cell.chars().count() <= LONGEST && !other() => {
            Some(Kind::Wechat)
        }
        // 对接人q号, 扣号.
        _ if cell.len() <= 4 * LONGEST && cell.chars().count() <= LONGEST && !other() => {
            let says = qq_words::said(cell);
            let qq = says.iter().any(|said| said.says == Says::Qq);
            (qq && says.iter().all(|said| said.says == Says::Qq || said.says == Says::Asks)).then_some(Kind::Qq)
        }
        _ => None,
    }
}

fn fits(word: &str, kind: Kind) -> bool {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    if kind == Kind::Qq {
        return digits && (5..=11).contains(&word.len()) && !word.starts_with('0') && !is_hotline(word);
    }
    let id = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let letters = word.bytes().all(|byte| byte.is_ascii_alphabetic()) && !is_no_name(word);
    phones::is_mobile(word) || id && (6..=20).contains(&word.len()) && (series::is_odd(word) || letters)
}

#[cfg(test)]
mod tests {
    use super::super::cues;
    use super::*;

    fn told(text: &str) -> Vec<(Kind, String)> {
        let mut found = Vec::new();
        find(text, &cues::cues(text), &mut found);
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
        let plain = "工种,咨询微信\n电工,jia_demo\n焊工,yidemo";
        assert_eq!(told(plain), [(Kind::Wechat, "jia_demo".to_owned()), (Kind::Wechat, "yidemo".to_owned())]);
    }

    #[test]
    fn other_tables_hold_no_accounts() {
        assert_eq!(told("地点,微信\n一班,二班,abc_123\n"), []);
        assert_eq!(told("班级\t微信投票\n一班\t1200345\n"), []);
        assert_eq!(told("姓名\t微信\n甲\tjia_01\t多一格\n"), []);
        assert_eq!(told("姓名\t微信\n甲\t没有\n\n乙\tyi_02\n"), []);
    }
}
