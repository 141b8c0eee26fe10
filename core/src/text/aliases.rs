//! Names that stand in for WeChat and QQ: 薇信, 威芯, V信, 微❤, 扣扣, 企鹅.
//!
//! 威信 is a county, 微芯 a chip maker, 卫星 a satellite: a name is a contact word only where a contact stands, next to 加, 联系, 号, a
//! colon or an id. Start at [`alias_at`].

use super::digits::numeral;
use super::signs::{Sign, fold_sign, simplified};

/// How much must point at a contact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// A made-up word: any one sign of a contact.
    Any,
    /// A real word as well: an id and a call, or an id behind a mark.
    Two,
    /// The same, or such an id behind a space as well: no maker of chips and no satellite is called so.
    TwoOrSpaced,
    /// The same, or digits right behind it.
    TwoOrDigits,
}

const ALIASES: &[(&str, &str, Need)] = &[
    ("薇信", "微信", Need::Any),
    ("徽信", "微信", Need::Any),
    ("溦信", "微信", Need::Any),
    ("嶶信", "微信", Need::Any),
    ("薇芯", "微信", Need::Any),
    ("溦芯", "微信", Need::Any),
    ("徽芯", "微信", Need::Any),
    ("v信", "微信", Need::Any),
    ("v芯", "微信", Need::Any),
    ("v❤", "微信", Need::Any),
    ("v♥", "微信", Need::Any),
    ("微❤", "微信", Need::Any),
    ("微♥", "微信", Need::Any),
    ("薇❤", "微信", Need::Any),
    ("威❤", "微信", Need::Any),
    ("微亻言", "微信", Need::Any),
    ("w❤", "微信", Need::Any),
    ("w♥", "微信", Need::Any),
    ("w信", "微信", Need::Any),
    ("w芯", "微信", Need::Any),
    ("v乄", "微信", Need::Any),
    ("微乄", "微信", Need::Any),
    ("徴信", "微信", Need::Any),
    ("徵信", "微信", Need::TwoOrSpaced),
    ("葳信", "微信", Need::Any),
    ("崴信", "微信", Need::Any),
    ("巍信", "微信", Need::Any),
    ("微♡", "微信", Need::Any),
    ("v♡", "微信", Need::Any),
    ("维❤", "微信", Need::Any),
    ("徽❤", "微信", Need::Any),
    ("卫❤", "微信", Need::Any),
    ("伟❤", "微信", Need::Any),
    ("唯❤", "微信", Need::Any),
    ("维♥", "微信", Need::Any),
    ("徽♥", "微信", Need::Any),
    ("威♥", "微信", Need::Any),
    ("薇♥", "微信", Need::Any),
    ("v心", "微信", Need::Any),
    ("w心", "微信", Need::Any),
    ("葳芯", "微信", Need::Any),
    ("危信", "微信", Need::TwoOrSpaced),
    ("危芯", "微信", Need::TwoOrSpaced),
    ("危心", "微信", Need::TwoOrSpaced),
    ("韦信", "微信", Need::TwoOrSpaced),
    ("唯心", "微信", Need::TwoOrSpaced),
    ("唯芯", "微信", Need::TwoOrSpaced),
    ("伟芯", "微信", Need::TwoOrSpaced),
    ("伟心", "微信", Need::TwoOrSpaced),
    ("魏芯", "微信", Need::TwoOrSpaced),
    ("尾信", "微信", Need::TwoOrSpaced),
    ("卫心", "微信", Need::TwoOrSpaced),
    ("微心", "微信", Need::TwoOrSpaced),
    ("薇心", "微信", Need::Two),
    ("威心", "微信", Need::TwoOrSpaced),
    ("维心", "微信", Need::TwoOrSpaced),
    ("维芯", "微信", Need::Two),
    ("围信", "微信", Need::TwoOrSpaced),
    ("卫信", "微信", Need::TwoOrSpaced),
    ("伟信", "微信", Need::TwoOrSpaced),
    ("未信", "微信", Need::TwoOrSpaced),
    ("味信", "微信", Need::TwoOrSpaced),
    ("薇新", "微信", Need::Two),
    ("威新", "微信", Need::Two),
    ("微新", "微信", Need::Two),
    ("徽心", "微信", Need::Two),
    ("威信", "微信", Need::TwoOrSpaced),
    ("威芯", "微信", Need::Two),
    ("微芯", "微信", Need::Two),
    ("维信", "微信", Need::TwoOrSpaced),
    ("唯信", "微信", Need::TwoOrSpaced),
    ("魏信", "微信", Need::TwoOrSpaced),
    ("卫星", "微信", Need::Two),
    ("卫芯", "微信", Need::TwoOrSpaced),
    ("扣扣", "qq", Need::Any),
    ("抠抠", "qq", Need::Any),
    ("叩叩", "qq", Need::Any),
    ("蔻蔻", "qq", Need::Any),
    ("企鹅", "qq", Need::TwoOrDigits),
    ("茄克", "qq", Need::TwoOrDigits),
    ("溦", "微", Need::Any),
    ("嶶", "微", Need::Any),
    ("薇", "微", Need::Two),
    ("徽", "微", Need::Two),
];

/// Whether a word of the list can begin with this sign.
pub(super) const fn leads(sign: char) -> bool {
    matches!(
        sign,
        '薇' | '徽'
            | '溦'
            | '嶶'
            | 'v'
            | 'w'
            | '围'
            | '伟'
            | '未'
            | '味'
            | '徴'
            | '徵'
            | '葳'
            | '崴'
            | '巍'
            | '危'
            | '韦'
            | '尾'
            | '微'
            | '威'
            | '维'
            | '唯'
            | '魏'
            | '卫'
            | '扣'
            | '抠'
            | '叩'
            | '蔻'
            | '企'
            | '茄'
    )
}

/// Whether a word of the list can begin with these two signs: 企业, 卫生 and 维修 are told by their second sign, before anything
/// is set up.
fn may_begin(first: char, second: char) -> bool {
    match first {
        '微' => matches!(second, '芯' | '亻' | '乄' | '心' | '新'),
        '威' => matches!(second, '信' | '芯' | '心' | '新'),
        '维' => matches!(second, '信' | '心' | '芯'),
        '唯' | '伟' | '危' => matches!(second, '信' | '芯' | '心'),
        '魏' => matches!(second, '信' | '芯'),
        '围' | '未' | '味' | '韦' | '尾' => second == '信',
        '卫' => matches!(second, '星' | '芯' | '信' | '心'),
        '扣' | '抠' | '叩' | '蔻' => second == first,
        '企' => second == '鹅',
        '茄' => second == '克',
        _ => true,
    }
}

/// Whether a contact word may begin at `at`, where the first sign of one stands: one look at the next tells mostly.
pub(super) fn may_stand(raw: &str, at: usize) -> bool {
    let mut signs = raw[at..].chars();
    if let (Some(first), Some(second @ '\u{4E00}'..='\u{9FFF}')) = (signs.next(), signs.next()) {
        let second = if second == '丨' { signs.next().unwrap_or(second) } else { second };
        let simple = |sign: char| simplified(sign as u32).unwrap_or(sign);
        return may_begin(simple(first), simple(second));
    }
    true
}

/// The contact word at `at`, where one may stand ([`may_stand`]), and the end of what it stands for. `before` is the folded text up to
/// there.
pub(super) fn alias_at(raw: &str, at: usize, before: &str) -> Option<(usize, &'static str)> {
    let mut window = Window::new(&raw[at..]);
    let (word, canonical, need) = *ALIASES.iter().find(|(word, ..)| window.starts_with(word))?;
    let length = word.chars().count();
    window.fill(length + 16);
    let after = &window.signs[length..];
    let called = called(before);
    let marked = marked(after);
    let id = id_length(after);
    let id_now = after.first().is_some_and(char::is_ascii_alphanumeric);
    let contact = match need {
        Need::Any => called || marked || id >= 5 || before.ends_with('/') || before.ends_with("电"),
        Need::Two => (called && (marked || id >= 5)) || (marked && id >= 5) || glued_id(after),
        Need::TwoOrSpaced => {
            let spaced = usize::from(after.first() == Some(&' '));
            (called && (marked || id >= 5)) || (marked && id >= 5) || glued_id(&after[spaced..])
        }
        Need::TwoOrDigits => {
            let digits = after.iter().take_while(|sign| sign.is_ascii_digit()).count();
            (called && (marked || id >= 5)) || (marked && id >= 5) || (id_now && (6..=10).contains(&digits))
        }
    };
    contact.then(|| (at + window.ends[length - 1], canonical))
}

/// Something asks to be called right before.
fn called(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '我', '的', '老', '师', ':']);
    ["加", "+", "扫", "添", "联系", "咨询"].iter().any(|call| before.ends_with(call))
}

/// 号, a colon or 同号 follows.
fn marked(after: &[char]) -> bool {
    matches!(after.iter().find(|&&sign| sign != ' '), Some('号' | ':' | '同'))
}

/// An id with a digit or a line in it follows at once: 威信dg_lz8. Counties and chip makers are not followed by one.
fn glued_id(after: &[char]) -> bool {
    let id: Vec<char> =
        after.iter().copied().take_while(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-')).collect();
    let odd = id.iter().any(|sign| sign.is_ascii_digit() || matches!(sign, '_' | '-'));
    id.len() >= 6 && odd && id[0].is_ascii_alphabetic()
}

/// The length of the id that follows behind marks, as far as the window shows.
fn id_length(after: &[char]) -> usize {
    let marks = after
        .iter()
        .take(4)
        .take_while(|sign| matches!(sign, ' ' | ':' | '】' | '号' | '码' | '是' | '为' | '同'))
        .count();
    let named = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-') || numeral(sign).is_some();
    after[marks..].iter().take_while(|&&sign| named(sign)).count()
}

/// The next few signs, folded each by itself, with where each ends.
struct Window<'a> {
    rest: std::str::CharIndices<'a>,
    signs: Vec<char>,
    ends: Vec<usize>,
}

impl<'a> Window<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.char_indices(), signs: Vec::new(), ends: Vec::new() }
    }

    /// Reads on until `count` signs are there, past at most as many invisible ones.
    fn fill(&mut self, count: usize) {
        if self.signs.len() >= count {
            return;
        }
        for (at, sign) in self.rest.by_ref().take(count * 2) {
            // 薇丨芯: the sign that stands between all others.
            if sign == '丨' && self.signs.len() == 1 {
                continue;
            }
            let end = at + sign.len_utf8();
            match fold_sign(sign) {
                Sign::Keep => self.signs.push(sign),
                Sign::One(one) => self.signs.push(one),
                Sign::Few(few) => self.signs.extend(few.as_str().chars()),
                // A variation selector belongs to the heart before it.
                Sign::Drop => {
                    if let Some(last) = self.ends.last_mut() {
                        *last = end;
                    }
                }
            }
            self.ends.resize(self.signs.len(), end);
            if self.signs.len() >= count {
                return;
            }
        }
    }

    fn starts_with(&mut self, word: &str) -> bool {
        self.fill(1);
        if self.signs.first().copied() != word.chars().next() {
            return false;
        }
        let count = word.chars().count();
        while self.signs.len() < count {
            let before = self.signs.len();
            self.fill(before + 1);
            if self.signs.len() == before {
                return false;
            }
        }
        self.signs.iter().copied().take(count).eq(word.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_the_list_is_turned_away_by_its_second_sign() {
        for (word, ..) in ALIASES {
            let signs: Vec<char> = word.chars().collect();
            assert!(leads(signs[0]), "{word}");
            assert!(
                signs
                    .get(1)
                    .is_none_or(|second| may_begin(signs[0], *second) || !('\u{4E00}'..='\u{9FFF}').contains(second)),
                "{word}"
            );
        }
    }
}
