//! Telephone numbers in folded text, in the shapes in which people write them.
//!
//! A number is a row of digit groups with small gaps; it counts only as a whole row in a known shape, so that dates, salaries,
//! versions, card and order numbers do not turn into phones. Who the number belongs to is not asked here.
//! Start at [`find`].

use super::{Found, Kind, codes};
use crate::text::next_byte;
use std::ops::Range;

/// A gap between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Signs that set off groups; the first of them.
    Sign(char),
    /// One syllable pushed in: 130电0000微1234.
    Syllable,
    /// Something else: the row ends.
    Wall,
}

impl Gap {
    /// What sets off numbers from each other as often as the groups of one.
    fn breaks(self) -> bool {
        matches!(self, Gap::Sign('\n' | '\t' | ',' | '、'))
    }
}

/// Every telephone number of the text, in order.
pub(super) fn find(text: &str) -> Vec<Found> {
    let groups = groups(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        match number(text, &groups[at..]) {
            Some((kind, digits, used)) => {
                let area = if kind == Kind::Landline { area_code(&digits) } else { None };
                let mut last = at + used - 1;
                let (code, length) =
                    area.map_or_else(Default::default, |area| (digits[..area].to_owned(), digits.len() - area));
                found.push((kind, digits, groups[at].start..groups[last].end));
                // 0551-62000111/62000112: the area code goes for the row.
                while let Some(next) = groups.get(last + 1)
                    && area.is_some()
                    && next.len() == length
                    && super::series::joins(&text[groups[last].end..next.start])
                    && matches!(text.as_bytes()[next.start], b'2'..=b'8')
                    && closes(text, next.end)
                {
                    found.push((Kind::Landline, format!("{code}{}", &text[next.clone()]), next.clone()));
                    last += 1;
                }
                at = last + 1;
            }
            None => at += 1,
        }
    }
    apart(text, &groups, &mut found);
    found.retain(|(.., at)| !is_in_path(text, at) && !codes::is_named(text, at.start));
    found
}

/// Whether the digits are the name of a page: /zs/13000000911.html.
fn is_in_path(text: &str, at: &Range<usize>) -> bool {
    let ending =
        text[at.end..].strip_prefix('.').is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_lowercase()));
    ending && text[..at.start].ends_with('/')
}

/// Landlines whose area code stands by itself: 区号0571，电话85000123.
fn apart(text: &str, groups: &[Range<usize>], found: &mut Vec<Found>) {
    for word in memchr::memmem::find_iter(text.as_bytes(), "区号") {
        let from = groups.partition_point(|group| group.start < word);
        let Some([area, local, ..]) = groups.get(from..) else { return };
        let code = &text[area.clone()];
        let between = text.get(area.end..local.start.min(area.end + 40)).unwrap_or("\n");
        let near = text[word + "区号".len()..area.start].chars().all(|sign| matches!(sign, ' ' | ':' | '是' | '为'));
        let fits = area_code(&format!("{code}00")) == Some(code.len())
            && matches!((code.len(), local.len()), (3, 8) | (4, 7 | 8))
            && matches!(text.as_bytes()[local.start], b'2'..=b'8');
        let taken = found.iter().any(|(.., at)| at.start <= local.start && local.start < at.end);
        if near && fits && !taken && !between.contains(['\n', '。']) && between.len() < 40 && closes(text, local.end) {
            found.push((Kind::Landline, format!("{code}{}", &text[local.clone()]), local.clone()));
        }
    }
    found.sort_by_key(|(.., at)| at.start);
}

/// The runs of ASCII digits. Runs of more digits than any number has are walls, kept as they are.
fn groups(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut groups = Vec::new();
    let mut at = 0;
    while let Some(start) = next_byte(bytes, at, |byte| byte.is_ascii_digit()) {
        at = start;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        groups.push(start..at);
    }
    groups
}

fn gap(text: &str, left: &Range<usize>, right: &Range<usize>) -> Gap {
    let between = text.get(left.end..right.start.min(left.end + 16)).unwrap_or("");
    if left.end + between.len() != right.start {
        return Gap::Wall;
    }
    let mut signs = between.chars();
    let (first, second) = (signs.next(), signs.next());
    if ["后面接", "后面跟", "后面是", "后接", "接着", "再接"].contains(&between) {
        return Gap::Sign('接');
    }
    match (first, second) {
        (Some(sign @ ('\n' | '\t' | ',' | '、')), None) => Gap::Sign(sign),
        (Some('电' | '微' | '薇' | '溦' | '威' | '信' | '话' | '机' | '加' | 'v' | 'w' | 'x' | 'q'), None) => {
            Gap::Syllable
        }
        (Some(first), _) if between.chars().count() <= 3 && between.chars().all(sets_off) => {
            // What is written on both sides ( - ) is told by the sign, not by the spaces.
            Gap::Sign(between.chars().find(|&sign| sign != ' ').unwrap_or(first))
        }
        _ => Gap::Wall,
    }
}

fn sets_off(sign: char) -> bool {
    matches!(sign,
        ' ' | '-' | '.' | '·' | '•' | '・' | '_' | '*' | '~' | '/' | '|' | '丨' | '(' | ')' | '[' | ']' | '–' | '—' | '―' | '‐' | '−'
        | '\u{2600}'..='\u{27BF}' | '🌀'..='🫿')
}

/// The number that starts with the first group and how many groups it takes.
fn number(text: &str, groups: &[Range<usize>]) -> Option<(Kind, String, usize)> {
    // Mobiles begin with 1, landlines with 0, 400 and 800 numbers with 4 and 8, as 86 does: dates and prices leave here.
    let start = groups.first()?.start;
    if !matches!(text.as_bytes()[start], b'0' | b'1' | b'4' | b'8') || !opens(text, start) {
        return None;
    }
    if !enough(groups) {
        return None;
    }
    // Country code in a group of its own.
    let country = matches!(&text[groups[0].clone()], "86" | "0086")
        && groups.len() > 1
        && matches!(gap(text, &groups[0], &groups[1]), Gap::Sign(_));
    let mut skip = usize::from(country);
    let mut row = Row::read(text, &groups[skip..]);
    // +86 (0)574: the 0 that one dials at home.
    if country && row.sizes.len() > 1 && row.sizes[0] == 1 && row.digits.starts_with('0') {
        row.gaps.remove(0);
        let zero = row.sizes.remove(0);
        row.sizes[0] += zero;
        skip += 1;
    }
    for count in 1..=row.sizes.len() {
        let Some((kind, digits)) = row.take(count, country) else { continue };
        // 1-800-555-0199 is a number of another country.
        if digits.starts_with(['4', '8']) && !country && follows_a_digit(text, groups[0].start) {
            continue;
        }
        let end = groups[skip + count - 1].end;
        if closes(text, end)
            && !row.goes_on(count)
            && (kind == Kind::Landline && !row.is_broken(count)
                || !row.needs_cue(count)
                || has_cue(text, groups[0].start))
        {
            return Some((kind, digits, skip + count));
        }
    }
    None
}

/// Whether the first groups, as far as they stand close together, have as many digits as the shortest number.
fn enough(groups: &[Range<usize>]) -> bool {
    let mut digits = 0;
    for (at, group) in groups.iter().enumerate() {
        if at > 0 && group.start - groups[at - 1].end > 16 {
            return false;
        }
        digits += group.len();
        if digits >= 7 {
            return true;
        }
    }
    false
}

/// The groups that may belong together from one on.
struct Row {
    digits: String,
    sizes: Vec<usize>,
    gaps: Vec<Gap>,
    /// The group after the row, if it is as near as those inside.
    next: Option<(Gap, usize)>,
}

impl Row {
    fn read(text: &str, groups: &[Range<usize>]) -> Self {
        let mut row = Self { digits: String::new(), sizes: Vec::new(), gaps: Vec::new(), next: None };
        for (at, group) in groups.iter().enumerate() {
            if at > 0 {
                let gap = gap(text, &groups[at - 1], group);
                if gap == Gap::Wall {
                    break;
                }
                row.gaps.push(gap);
            }
            if row.digits.len() + group.len() > 15 {
                row.next = row.gaps.pop().map(|gap| (gap, group.len()));
                break;
            }
            row.digits.push_str(&text[group.clone()]);
            row.sizes.push(group.len());
        }
        row
    }

    /// The first `count` groups as a number, if they have its shape.
    fn take(&self, count: usize, country: bool) -> Option<(Kind, String)> {
        let sizes = &self.sizes[..count];
        // One below the other, in cells, or listed: only in the one shape in which people break a mobile.
        let broken = self.gaps[..count - 1].iter().filter(|gap| gap.breaks()).count();
        if broken > 0 && (sizes != [3, 4, 4] || self.gaps[0] != self.gaps[1]) {
            return None;
        }
        let mut digits = &self.digits[..sizes.iter().sum()];
        let syllables = self.gaps[..count - 1].contains(&Gap::Syllable);
        if count == 1 {
            // Prefixes written without a gap: 86, 0086, and the 0 of old long-distance habit.
            digits = match digits.len() {
                13 => digits.strip_prefix("86").filter(|rest| is_mobile(rest))?,
                15 => digits.strip_prefix("0086").filter(|rest| is_mobile(rest))?,
                12 if is_mobile(&digits[1..]) && digits.starts_with('0') => &digits[1..],
                _ => digits,
            };
        }
        // +86130 0000 1234.
        if let Some(home) = digits.strip_prefix("86").filter(|home| count > 1 && sizes[0] >= 5 && is_mobile(home)) {
            let home_sizes: Vec<usize> =
                sizes.iter().enumerate().map(|(at, size)| if at == 0 { size - 2 } else { *size }).collect();
            return (mobile_shape(&home_sizes) && !syllables).then(|| (Kind::Phone, home.to_owned()));
        }
        if is_mobile(digits) && mobile_shape(sizes) {
            let fits = !syllables || sizes == [3, 4, 4];
            return fits.then(|| (Kind::Phone, digits.to_owned()));
        }
        if syllables {
            return None;
        }
        if (digits.starts_with("400") || digits.starts_with("800")) && digits.len() == 10 {
            let shape = matches!(sizes, [10] | [3, 3, 4] | [3, 7] | [4, 3, 3] | [3, 4, 3] | [4, 6])
                || sizes.iter().all(|&size| size == 1);
            return shape.then(|| (Kind::Phone, digits.to_owned()));
        }
        let area_given = country && !digits.starts_with('0');
        let with_area = if area_given { format!("0{digits}") } else { digits.to_owned() };
        let area = area_code(&with_area)?;
        let local = &with_area[area..];
        let fits = matches!((area, local.len()), (3, 8) | (4, 7 | 8)) && matches!(local.as_bytes()[0], b'2'..=b'8');
        let first = area - usize::from(area_given);
        let shape = match sizes {
            [_] => true,
            [one, _] => *one == first,
            [one, two, 4] => *one == first && (3..=4).contains(two),
            // 0 5 7 1 8 5 …, 0571-8-5-…
            [one, rest @ ..] => (*one == first || *one == 1) && rest.iter().all(|&size| size == 1),
            [] => false,
        };
        (fits && shape).then_some((Kind::Landline, with_area))
    }

    /// Whether more groups follow in the same manner: then it is a longer number of another kind.
    fn goes_on(&self, count: usize) -> bool {
        let next = match (self.gaps.get(count - 1), self.sizes.get(count)) {
            (Some(&gap), Some(&size)) => (gap, size),
            _ => match self.next {
                Some(next) if count == self.sizes.len() => next,
                _ => return false,
            },
        };
        let Some(&inner) = self.gaps.first().filter(|_| count > 1) else { return false };
        let single = self.sizes[..count].iter().all(|&size| size == 1);
        let cards = self.sizes[..count].iter().take(2).all(|&size| size == 4);
        // 0731-8 0 0 0 0 1 7 7: the area code is set off otherwise than the digits behind it.
        let last = self.gaps[count - 2];
        let behind = count > 3 && self.sizes[1..count].iter().all(|&size| size == 1) && next == (last, 1);
        behind || next.0 == inner && (single && next.1 == 1 || cards || matches!(inner, Gap::Sign('.')) && next.1 < 7)
    }

    /// Its groups stand in lines or cells of their own, or as a list.
    fn is_broken(&self, count: usize) -> bool {
        self.gaps[..count - 1].iter().any(|gap| gap.breaks())
    }

    /// Five and six digits side by side are salaries as often as numbers, and lines of digits prices.
    fn needs_cue(&self, count: usize) -> bool {
        matches!(self.sizes[..count], [5, 6] | [6, 5] | [4, 7]) || self.is_broken(count)
    }
}

fn mobile_shape(sizes: &[usize]) -> bool {
    matches!(
        sizes,
        [_] | [3, 4, 4] | [3, 8] | [7, 4] | [4, 4, 3] | [3, 3, 5] | [3, 5, 3] | [4, 3, 4] | [5, 6] | [6, 5] | [4, 7]
    ) || sizes.len() >= 6 && sizes.iter().all(|&size| size <= 2)
        || sizes.len() == 4 && matches!(sizes, [1, 2, 4, 4] | [3, 4, 2, 2] | [3, 2, 2, 4])
        || matches!(sizes, [3, 2, 2, 2, 2] | [3, 2, 3, 3])
}

pub(super) fn is_mobile(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9 && rest.iter().all(u8::is_ascii_digit))
}

/// The length of the area code that the digits begin with.
fn area_code(digits: &str) -> Option<usize> {
    match digits.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', b'0'..=b'5' | b'7'..=b'9', ..] => Some(3),
        [b'0', b'3'..=b'9', _, _, ..] => Some(4),
        _ => None,
    }
}

/// The plain digits of a dialled number (a tel: link): what [`find`] would make of it.
pub(super) fn dialled(number: &str) -> Option<(Kind, String)> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if number.chars().any(|sign| !sign.is_ascii_digit() && !sets_off(sign) && sign != '+') || digits.len() > 15 {
        return None;
    }
    let digits = if number.trim_start().starts_with('+') || digits.starts_with("0086") {
        let home = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86"))?;
        if is_mobile(home) || home.starts_with(['0', '4', '8']) { home.to_owned() } else { format!("0{home}") }
    } else {
        digits
    };
    let size = [digits.len()];
    Row { digits, sizes: size.to_vec(), gaps: Vec::new(), next: None }.take(1, false)
}

/// Whether a number can begin here: not inside a word, a decimal, a parameter.
fn opens(text: &str, start: usize) -> bool {
    let mut before = text[..start].chars().rev();
    match before.next() {
        None => true,
        Some(sign) if sign.is_ascii_alphanumeric() || sign == '_' => {
            let count =
                text[..start].bytes().rev().take(9).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            matches!(
                &text[start - count..start],
                "v" | "vx"
                    | "wx"
                    | "w"
                    | "q"
                    | "qq"
                    | "t"
                    | "tel"
                    | "phone"
                    | "mobile"
                    | "mob"
                    | "call"
                    | "wechat"
                    | "weixin"
                    | "vv"
            )
        }
        Some('.') => !before.next().is_some_and(|sign| sign.is_ascii_digit()),
        Some('=' | '#' | '%' | '&') => before.next().is_some_and(|sign| !sign.is_ascii()),
        Some('¥' | '$' | '€') => false,
        Some(_) => true,
    }
}

/// Whether a digit and a line stand right before.
fn follows_a_digit(text: &str, start: usize) -> bool {
    let before = text[..start].strip_suffix('-');
    before.is_some_and(|before| before.ends_with(|sign: char| sign.is_ascii_digit()))
}

/// What is counted or paid, behind an amount.
const UNITS: [&str; 13] =
    ["次", "元", "万元", "亿", "股", "吨", "平方", "千瓦", "美元", "港元", "人民币", "人次", "册"];

/// Whether a number can end here.
fn closes(text: &str, end: usize) -> bool {
    if let Some(rest) = text[end..].strip_prefix(' ')
        && UNITS.iter().any(|unit| rest.starts_with(unit))
    {
        return false;
    }
    let mut after = text[end..].chars();
    match after.next() {
        None => true,
        // 130…＝微信
        Some('=') => after.next().is_some_and(|sign| !sign.is_ascii()),
        Some('@' | '元' | '块' | '股' | '吨' | '%') => false,
        Some('.') => !after.next().is_some_and(|sign| sign.is_ascii_digit()),
        Some(sign) if sign.is_ascii_alphanumeric() || sign == '_' => {
            let word: String =
                text[end..].chars().take(8).take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '_').collect();
            matches!(word.as_str(), "v" | "vx" | "wx" | "w" | "q" | "qq" | "wechat" | "weixin")
                || word.len() == 8 && ["vx", "wx", "qq"].iter().any(|label| word.starts_with(label))
        }
        Some(_) => true,
    }
}

/// Whether something close before says that a number to call comes.
fn has_cue(text: &str, start: usize) -> bool {
    let from = text[..start].char_indices().rev().take(8).last().map_or(start, |(at, _)| at);
    let before = &text[from..start];
    ["电", "话", "手机", "微", "联系", "tel", "vx", "wx", "v", "热线", "咨询", "拨"]
        .iter()
        .any(|cue| before.contains(cue))
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn phones(text: &str) -> Vec<String> {
        contacts(&in_text(text, &crate::text::fold(text))).phones
    }

    #[test]
    fn a_mobile_may_be_listed_or_stand_in_cells() {
        for text in [
            "电话：130，0000，1234",
            "电 130、0000、1234",
            "电话↓\n130\t0000\t1234",
            "①13000001234",
            "电话②１３０００００１２３４",
            "壹仨零-零零零零-1234",
            "打幺三洞洞洞洞洞幺两三四",
        ] {
            assert_eq!(phones(text), ["13000001234"], "{text}");
        }
        assert_eq!(phones("①13000001234②13000005678"), ["13000001234", "13000005678"]);
        assert_eq!(phones("①30 0000 1234"), ["13000001234"]);
    }

    #[test]
    fn lists_of_amounts_and_names_of_pages_are_none() {
        for text in [
            "收 130，1000，1234 三笔",
            "编号130、0000、1234",
            "页面 /zs/13000001234.html 不存在",
            "浏览 13000001234 次",
        ] {
            assert!(phones(text).is_empty(), "{text}: {:?}", phones(text));
        }
    }
}
