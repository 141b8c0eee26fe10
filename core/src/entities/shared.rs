//! Telephone numbers that serve as WeChat ids where no phrase of [`super::same`] says so: 号同手机, 加微直接搜我手机号, 📱＝💬.
//!
//! Weighed are the names of WeChat around a number, the words for being the same, and what speaks against it. How much each weighs is
//! learned from tests/data/entities (`shared.txt`; the test below says how). Start at [`find`].

use super::words::{Says as Name, said};
use super::{Found, Kind, phones};
use crate::evidence::{Lexicon, Weights};
use std::ops::Range;
use std::sync::OnceLock;

/// So many numbers of a page are weighed.
const MOST: usize = 200;

/// So much has to speak for a number's being an id too.
const SURE: f64 = 1.0;

/// How far around a number is looked, in characters.
const AROUND: usize = 28;

/// What a word near a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// That one thing is another.
    Same,
    /// The telephone, or this number.
    Telephone,
    /// That it is not so.
    Not,
    /// Somebody is to be added, or sought.
    Asks,
}

/// Words by what they say, set apart by |.
const WORDS: &[(Says, &str)] = &[
    (
        Says::Same,
        "同|同号|一样|一致|就是|也是|即|=|都是|全是|跟着|同步|通用|是同|同一|直接搜|可以搜|都能|都行|绑的|注册|\
         same|一模一样|一个号|是一个|也这个|也这|统一|共用|相同|可加|能加|可直接加|直接加|也能加|也可加|就能搜|搜得到|能搜到|也用|也行|均可|都可",
    ),
    (
        Says::Telephone,
        "手机|电话|号码|这个|此号|本号|它|左|上面|打不通|打的|此电|该号|tel|phone|mobile|📱|📞|☎|手机号|这号|这组",
    ),
    (
        Says::Not,
        "不同|不是|没|非|未|不一样|别|另|only|停|不加|微信支付|公众号|小程序|扫码|不用|微信群|同期|微不足道|小微|\
         微企|或打|或致电|或拨|被封|二维码|主页",
    ),
    (Says::Asks, "加|搜|添加|找|+"),
];

/// What stands where, in characters from the number.
struct Around {
    names: Vec<(bool, usize)>,
    words: Vec<(Says, usize)>,
}

fn words() -> &'static Lexicon<Says> {
    static ALL: OnceLock<Lexicon<Says>> = OnceLock::new();
    ALL.get_or_init(|| Lexicon::new(WORDS))
}

fn look(window: &str, away: impl Fn(Range<usize>) -> usize) -> Around {
    let words = words();
    let names = said(window).into_iter().filter(|said| matches!(said.says, Name::Wechat | Name::Maybe));
    Around {
        names: names.map(|said| (said.says == Name::Wechat, away(said.at))).collect(),
        words: words.find(window).map(|(says, at)| (says, away(at))).collect(),
    }
}

/// Every sign that is weighed, in the order of the table.
const SIGNS: [&str; 26] = [
    "always",
    "before.name",
    "before.name-near",
    "before.maybe",
    "before.maybe-near",
    "before.same",
    "before.same-near",
    "before.telephone",
    "before.not",
    "before.name-and-same",
    "after.name",
    "after.name-near",
    "after.maybe-near",
    "after.same",
    "after.same-near",
    "after.telephone",
    "after.not",
    "after.name-and-same",
    "id.near",
    "other-number.near",
    "other-number.between",
    "qq.near",
    "name-beside-same",
    "before.asked",
    "after.asked",
    "after.this",
];

fn signs(text: &str, at: &Range<usize>, phones: &[Found], found: &[Found]) -> Vec<bool> {
    let start = text[..at.start].char_indices().rev().take(AROUND).last().map_or(at.start, |(start, _)| start);
    let end = text[at.end..].char_indices().nth(AROUND).map_or(text.len(), |(end, _)| at.end + end);
    let near = |other: &Range<usize>| other.start >= start && other.end <= end && other != at;
    // What stands beyond another number speaks of that one.
    let here = phones.partition_point(|phone| phone.2.start < at.start);
    let (earlier, later) =
        (here.checked_sub(1).map(|before| phones[before].2.end), phones.get(here + 1).map(|phone| phone.2.start));
    let (own_start, own_end) = (earlier.unwrap_or(0).max(start), later.unwrap_or(end).min(end).max(at.end));
    let (before, after) = (&text[own_start.min(at.start)..at.start], &text[at.end..own_end]);
    let left = look(before, |hit| before[hit.end..].chars().count());
    let right = look(after, |hit| after[..hit.start].chars().count());
    let name = |side: &Around, most: usize| side.names.iter().any(|(sure, away)| *sure && *away <= most);
    let maybe = |side: &Around, most: usize| side.names.iter().any(|(_, away)| *away <= most);
    let word =
        |side: &Around, says: Says, most: usize| side.words.iter().any(|(said, away)| *said == says && *away <= most);
    let both = |side: &Around| !side.names.is_empty() && word(side, Says::Same, AROUND);
    let beside = |side: &Around| {
        let same =
            |away: usize| side.words.iter().any(|(said, other)| *said == Says::Same && other.abs_diff(away) <= 4);
        side.names.iter().any(|(_, away)| same(*away))
    };
    // Somebody asks right before the name: 加我v, 搜微信.
    let asked = |side: &Around, ahead: bool| {
        let asks = |away: usize| {
            side.words.iter().any(|(said, other)| {
                *said == Says::Asks
                    && if ahead {
                        (1..=3).contains(&other.saturating_sub(away))
                    } else {
                        (1..=3).contains(&away.saturating_sub(*other))
                    }
            })
        };
        side.names.iter().any(|(_, away)| *away <= 10 && asks(*away))
    };
    let of = |kind: Kind| found.iter().any(|(other, _, at)| *other == kind && near(at));
    let others = phones.iter().filter(|phone| near(&phone.2)).count();
    vec![
        true,
        name(&left, AROUND),
        name(&left, 4),
        maybe(&left, AROUND),
        maybe(&left, 3),
        word(&left, Says::Same, AROUND),
        word(&left, Says::Same, 3),
        word(&left, Says::Telephone, 6),
        word(&left, Says::Not, AROUND),
        both(&left),
        name(&right, AROUND),
        name(&right, 4),
        maybe(&right, 3),
        word(&right, Says::Same, AROUND),
        word(&right, Says::Same, 4),
        word(&right, Says::Telephone, AROUND),
        word(&right, Says::Not, AROUND),
        both(&right),
        of(Kind::Wechat),
        others > 0,
        earlier.is_some_and(|earlier| earlier > start),
        of(Kind::Qq),
        beside(&left) || beside(&right),
        maybe(&left, 10) && (word(&left, Says::Asks, 3) || asked(&left, true)),
        maybe(&right, 8) && asked(&right, false),
        maybe(&right, 4) && word(&right, Says::Telephone, 1),
    ]
}

fn weights() -> &'static Weights {
    static TABLE: OnceLock<Weights> = OnceLock::new();
    TABLE.get_or_init(|| Weights::read(include_str!("shared.txt"), &SIGNS))
}

/// Calls `each` for the mobile numbers that nothing said yet to be ids as well, with their signs.
fn each(text: &str, phones: &[Found], found: &[Found], mut each: impl FnMut(&Found, Vec<bool>)) {
    let told: std::collections::HashSet<&str> =
        found.iter().filter(|(kind, ..)| *kind == Kind::Wechat).map(|(_, value, _)| value.as_str()).collect();
    let mobile =
        |phone: &&Found| phone.0 == Kind::Phone && phones::is_mobile(&phone.1) && !told.contains(phone.1.as_str());
    let at = |name: &str| SIGNS.iter().position(|sign| *sign == name);
    let (before, after) = (at("before.not"), at("after.not"));
    let names = [at("before.maybe"), at("after.name"), at("after.maybe-near")];
    let id = at("id.near");
    let same = [
        "before.same",
        "after.same",
        "before.name-near",
        "before.maybe-near",
        "before.asked",
        "after.asked",
        "after.this",
    ]
    .map(at);
    for phone in phones.iter().filter(mobile).take(MOST) {
        let signs = signs(text, &phone.2, phones, found);
        let there = |sign: Option<usize>| sign.is_some_and(|sign| signs[sign]);
        // No weight of other signs makes good for a name that is not there, or for words that say it is not so.
        if names.into_iter().any(there) && same.into_iter().any(there) && !there(before) && !there(after) && !there(id)
        {
            each(phone, signs);
        }
    }
}

/// Adds the numbers that everything around them says to be ids as well.
pub(super) fn find(text: &str, phones: &[Found], found: &mut Vec<Found>) {
    let mut more = Vec::new();
    each(text, phones, found, |(_, digits, at), signs| {
        if weights().weigh(&signs) > SURE {
            more.push((Kind::Wechat, digits.clone(), at.clone()));
        }
    });
    found.extend(more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::{accounts, cues::cues, weigh};
    use crate::evidence::learn::{self, Example, Line};
    use serde_json::Value;

    const HEAD: &str = "# What each sign around a mobile number weighs for its being a WeChat id: see shared.rs. Learned; do not edit.\n";

    fn examples(row: &Value, all: &mut Vec<Example>) {
        let line = Line::read(row);
        let text = line.folded.as_str();
        let (cues, phones) = (cues(text), phones::find(text));
        let mut found = Vec::new();
        accounts::behind_cues(text, &cues, &phones, &mut found);
        weigh::find(text, &cues, &phones, &mut found);
        // Numbers that a phrase told are examples too, of less weight.
        let rest: Vec<Found> = found
            .iter()
            .filter(|(kind, value, _)| *kind != Kind::Wechat || !phones::is_mobile(value))
            .cloned()
            .collect();
        each(text, &phones, &rest, |(_, digits, _), signs| {
            let listed = |key: &str| line.lists(key, "wechat", digits);
            if line.is_labelled() && !listed("may") {
                let told = found.iter().any(|(kind, value, _)| *kind == Kind::Wechat && value == digits);
                let counts = if told { 0.3 } else { 1.0 };
                all.push(Example { counts, ..line.example(digits, signs, listed("want")) });
            }
        });
    }

    #[test]
    fn the_table_is_what_the_lines_teach() {
        let all = learn::examples(&["tests/data/entities"], examples);
        learn::hold(&all, HEAD, &SIGNS, "core/src/entities/shared.txt", include_str!("shared.txt"));
    }
}
