//! Ids that stand behind no cue that [`super::accounts`] knows: everything around a word that looks like an id is weighed.
//!
//! People call WeChat by any name that sounds like it, by its colour and by its sign, and put half a sentence between the name and the id; no
//! list of cues ends that. What speaks for an id is its shape, a name of WeChat near, somebody asking to be added, a line of its
//! own, other contacts beside it; against it, another thing that has names (an order, a file, a public account). How much each
//! weighs is learned from tests/data/entities (`weigh.txt`; the test below says how). Start at [`find`].

use super::cues::{CUES, Cue, CueHit};
use super::surroundings::{Around, Surroundings, window_before};
use super::words::{Said, Says};
use super::{Found, Kind, accounts, chain, glued, labelled, no_names::is_no_name, series, spelt};
use crate::evidence::{Context, Weights};
use crate::text::next_byte;
use std::ops::Range;
use std::sync::OnceLock;

/// So many words of a page are weighed.
const MOST: usize = 400;

/// So much has to speak for an id: a contact that is none may accuse somebody.
const SURE: f64 = 0.2;

/// Every sign that is weighed, in the order of the table.
const SIGNS: [&str; 72] = [
    "always",
    "shape.line",
    "shape.digit",
    "shape.letters",
    "shape.pinyin",
    "shape.no-vowels",
    "shape.twice",
    "shape.many-digits",
    "shape.many-lines",
    "shape.says-wechat",
    "shape.word",
    "shape.one-letter",
    "nearest.wechat-at-once",
    "nearest.wechat-in-clause",
    "nearest.wechat-in-sentence",
    "nearest.wechat-line-before",
    "nearest.wechat-far",
    "nearest.maybe-at-once",
    "nearest.maybe-in-clause",
    "nearest.maybe-line-before",
    "nearest.other-at-once",
    "nearest.other-in-clause",
    "nearest.other-far",
    "nearest.none",
    "before.wechat",
    "before.other",
    "page.wechat",
    "after.wechat-at-once",
    "after.maybe-at-once",
    "after.wechat-near",
    "after.other-at-once",
    "after.says-of-all",
    "asks.at-once",
    "asks.near",
    "asks.after",
    "person.near",
    "gone.near",
    "mark.colon",
    "mark.brackets",
    "mark.arrow",
    "mark.comma",
    "mark.space",
    "mark.glued",
    "mark.latin-before",
    "mark.latin-after",
    "mark.glued-after",
    "line.own",
    "line.end",
    "line.start",
    "line.clause-end",
    "contact.near",
    "contact.page",
    "wechat.row",
    "code.near",
    "letters.line-and-maybe",
    "letters.wechat",
    "letters.asks",
    "odd.wechat",
    "odd.maybe",
    "odd.asks",
    "odd.person",
    "letters.latin-near",
    "letters.wechat-at-once",
    "letters.maybe-at-once",
    "letters.line-before",
    "letters.own-line",
    "odd.line-before",
    "odd.own-line-and-page",
    "odd.alone-of-page",
    "shape.spelt",
    "plus.clause",
    "plus.papers",
];

/// What sellers of papers say before they ask to be added.
const PAPERS: [&str; 17] = [
    "办证",
    "出证",
    "下证",
    "拿证",
    "换证",
    "代办",
    "办理",
    "工证",
    "空证",
    "高证",
    "操作证",
    "车证",
    "复审",
    "官查",
    "可查",
    "包过",
    "免考",
];

/// A word that might be an id.
struct Word<'a> {
    text: &'a str,
    at: Range<usize>,
    /// Its signs put together, where they are set apart one by one.
    spelt: Option<String>,
}

impl Word<'_> {
    fn id(&self) -> &str {
        self.spelt.as_deref().unwrap_or(&self.text[self.at.clone()])
    }
}

/// The words of the text that have the shape of an id and are no part of an address, a name or code.
fn shaped(text: &str) -> impl Iterator<Item = Word<'_>> {
    let bytes = text.as_bytes();
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(start) = next_byte(bytes, from, |byte| byte.is_ascii_alphabetic()) {
            // 88_jia is no id, and neither is its end.
            let begins = !bytes[from..start].iter().rev().take_while(|byte| part(byte)).any(u8::is_ascii_digit);
            from = start + bytes[start..].iter().take_while(|byte| part(byte)).count();
            from = start + glued::seam(&text[start..from], &text[from..]);
            let end = start + text[start..from].trim_end_matches(['-', '_']).len();
            if begins
                && !text[end..].trim_start_matches(' ').starts_with(|sign: char| sign.is_ascii_alphanumeric())
                && let Some((id, end)) = chain::read(text, start)
                && stands_free(text, start..end)
            {
                from = end;
                return Some(Word { text, at: start..end, spelt: Some(id) });
            }
            // qq30001234, qq_30001: a number of QQ, and what forums call whoever came in with one.
            if series::is_labelled(&text[start..end]) || text[start..end].starts_with("qq_") {
                continue;
            }
            if begins && (6..=20).contains(&(end - start)) && stands_free(text, start..end) {
                return Some(Word { text, at: start..end, spelt: None });
            }
            if begins
                && end - start == 1
                && let Some((id, end)) = spelt::id(text, start).filter(|(id, _)| series::is_odd(id))
            {
                from = end;
                if stands_free(text, start..end) {
                    return Some(Word { text, at: start..end, spelt: Some(id) });
                }
            }
        }
        None
    })
}

fn stands_free(text: &str, at: Range<usize>) -> bool {
    let mut back = text[..at.start].chars().rev();
    let (last, before) = (back.next(), back.next());
    let alnum = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric());
    let joined = match last {
        Some('@' | '#' | '\\' | '$' | '%' | '&' | '?' | '_') => true,
        // v.jia_01
        Some('.') => !(before == Some('v') && back.next().is_none_or(|sign| !sign.is_ascii_alphanumeric())),
        Some('/' | ':') => alnum(before) && last == Some('/') || matches!(before, Some('/' | ':' | '\'' | '"')),
        Some('=' | '\'' | '"') => alnum(before),
        _ => false,
    };
    let mut after = text[at.end..].chars();
    let (next, second) = (after.next(), after.next());
    let goes_on = match next {
        Some('@' | '{' | '\\') => true,
        Some('.' | '(' | '[') => second.is_some_and(|sign| sign.is_ascii_alphanumeric()),
        Some('=') => second.is_some_and(|sign| sign.is_ascii() && sign != '='),
        Some('/' | ':') => second == Some('/'),
        _ => false,
    };
    // wx and 16 hexadecimal digits are an app's.
    let id = &text[at.clone()];
    let app = id.len() == 18 && id.starts_with("wx") && id[2..].bytes().all(|byte| byte.is_ascii_hexdigit());
    !joined && !goes_on && !app
}

/// Whether letters are syllables of Chinese, two and more: dianzhangzai. English words seldom are.
pub(super) fn is_pinyin(letters: &str) -> bool {
    const RHYMES: [&str; 34] = [
        "iang", "iong", "uang", "ang", "eng", "ing", "ong", "iao", "ian", "uai", "uan", "ai", "ei", "ao", "ou", "an",
        "en", "er", "ia", "ie", "iu", "in", "ua", "uo", "ui", "un", "ue", "ve", "a", "o", "e", "i", "u", "v",
    ];
    let bytes = letters.as_bytes();
    // Which prefixes are whole syllables.
    let mut reached = [false; 32];
    reached[0] = true;
    for at in 0..bytes.len().min(24) {
        if !reached[at] {
            continue;
        }
        let initial = match bytes[at..] {
            [b'z' | b'c' | b's', b'h', ..] => 2,
            [b'a' | b'e' | b'i' | b'o' | b'u' | b'v', ..] => 0,
            _ => 1,
        };
        let rest = &bytes[at + initial..];
        // Most letters begin no rhyme, and are not asked for one by one.
        if let [b'a' | b'e' | b'i' | b'o' | b'u' | b'v', ..] = rest {
            for rhyme in RHYMES.iter().filter(|rhyme| rest.starts_with(rhyme.as_bytes())) {
                reached[(at + initial + rhyme.len()).min(31)] = true;
            }
        }
    }
    reached.get(letters.len()).is_some_and(|whole| *whole)
}

/// What is known of the whole page.
struct Page<'a> {
    wechat: bool,
    phones: &'a [Found],
    found: &'a [Found],
    /// How many of its words have the shape of an id with a digit or a line in it.
    odd: usize,
}

/// Marks that stand between a name and what it names.
fn is_mark(sign: char) -> bool {
    matches!(
        sign,
        ' ' | '\t'
            | ':'
            | '-'
            | '~'
            | '='
            | '|'
            | '/'
            | '('
            | '['
            | '【'
            | '「'
            | '〔'
            | '《'
            | '"'
            | '“'
            | '\''
            | '>'
            | '!'
            | ','
            | '.'
            | '·'
            | '─'
            | '…'
            | '号'
            | '是'
            | '丨'
    ) || matches!(sign, '\u{2190}'..='\u{21FF}' | '\u{2500}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{FE0F}' | '🌀'..='🫿')
}

/// The signs around a word, in the order of [`SIGNS`].
fn signs(word: &Word, around: &Around, page: &Page) -> Vec<bool> {
    use Says::{Asks, Gone, Maybe, Other, Person, Wechat};
    let (at, id) = (word.at.clone(), word.id());
    let Around { before, after, told, follows } = around;
    let (before, after) = (*before, *after);
    let names = |says: Says| matches!(says, Wechat | Maybe | Other);
    // Wechat/WhatsApp: jia_01 goes for the first as well.
    let shared = |said: &Said| {
        let others = before[..said.at.start].trim_end_matches(' ');
        let first = others.strip_suffix(['/', '|', '和']).map_or("", |rest| rest.trim_end_matches(' '));
        told.iter().any(|earlier| earlier.says == Wechat && earlier.at.end == first.len() && !first.is_empty())
    };
    let nearest = told.iter().rev().find(|said| names(said.says) && !(said.says == Other && shared(said)));
    let between = nearest.map_or("", |said| &before[said.at.end..]);
    let lines = between.bytes().filter(|byte| *byte == b'\n').count();
    let at_once = nearest.is_some() && between.chars().all(is_mark);
    let sentence = !between.contains(['。', '!', '?', '\n']);
    let clause = sentence && !between.contains([',', ';']) && between.chars().count() <= 12;
    let is = |says: Says| nearest.is_some_and(|said| said.says == says);
    let line_before =
        lines > 0 && between.trim_matches(|sign: char| is_mark(sign) || sign == '\n').chars().count() <= 4;
    let gap = |said: &Said| before[said.at.end..].chars().count();
    let near = |says: Says, most: usize| told.iter().any(|said| said.says == says && gap(said) <= most);
    let next = |says: Says, most: usize| {
        follows.iter().any(|said| said.says == says && after[..said.at.start].chars().count() <= most)
    };
    let bare = before.trim_end_matches([' ', '"', '“', '「', '【', '(', '[', '〔', ':', '\t']);
    let last = before.chars().next_back();
    let mark = before.trim_end_matches(' ').chars().next_back();
    let (next_sign, after_spaces) = (after.chars().next(), after.trim_start_matches(' ').chars().next());
    let own_line = bare.is_empty() || bare.ends_with('\n');
    let ends_line = after.trim_start_matches([' ', '。', '!', ')', '】', ']', '~']).starts_with('\n')
        || after.trim_start_matches(' ').is_empty();
    let letters = id.bytes().all(|byte| byte.is_ascii_alphabetic());
    let stem: String = id.chars().filter(char::is_ascii_alphabetic).collect();
    let vowels = id.bytes().filter(|byte| b"aeiou".contains(byte)).count();
    let parts = id.split(['_', '-']).count();
    let line_end = after.find('\n').unwrap_or(after.len());
    let of_all = follows.iter().any(|said| {
        matches!(said.says, Wechat | Maybe)
            && ["以上", "都", "均", "就是", "上面", "这个", "是我", "都是", "(", "的"]
                .iter()
                .any(|word| after[..said.at.start].ends_with(word))
    });
    let latin = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_alphanumeric());
    let is_near = |found: &[Found]| {
        let here = found.partition_point(|other| other.2.start + 160 < at.start);
        found[here..]
            .iter()
            .take_while(|other| other.2.start < at.end + 160)
            .any(|other| !(other.2.start < at.end && at.start < other.2.end))
    };
    let contact = is_near(page.phones)
        || page.found.iter().any(|(kind, _, other)| *kind == Kind::Qq && other.start.abs_diff(at.start) < 160);
    let row = page
        .found
        .iter()
        .any(|(kind, value, other)| *kind == Kind::Wechat && value != id && other.start.abs_diff(at.start) < 120);
    let code = before[before.len() - before.chars().rev().take(16).map(char::len_utf8).sum::<usize>()..]
        .contains(['{', ';', '='])
        || after[..line_end].contains(['{', '}']);
    let person = near(Person, 6)
        || (0..=4).any(|back| {
            let start = before.trim_end_matches([' ', ':', '(']).char_indices().rev().nth(back).map(|(start, _)| start);
            start.is_some_and(|start| {
                labelled::person(before, start)
                    .is_some_and(|length| start + length >= before.trim_end_matches([' ', ':', '(']).len())
            })
        });
    let latin_near = latin(mark)
        || latin(after_spaces)
        || latin(before.trim_end_matches(|sign: char| !sign.is_alphanumeric()).chars().next_back())
            && between.chars().count() > 3;
    // 官网可查+jia_01: the clause that a plus ends.
    let plus = before
        .trim_end_matches(' ')
        .strip_suffix('+')
        .map(|clause| clause.trim_end_matches(' '))
        .filter(|clause| clause.ends_with(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign)))
        .map(|clause| clause.rsplit(['\n', '。', ',']).next().unwrap_or_default());
    let wechat = is(Wechat) && (at_once || sentence);
    let maybe = is(Maybe) && (at_once || clause);
    vec![
        true,
        id.contains(['_', '-']),
        id.bytes().any(|byte| byte.is_ascii_digit()),
        letters,
        letters && is_pinyin(&stem),
        letters && vowels == 0,
        letters
            && id.len() >= 6
            && (2..=id.len() / 2).any(|length| {
                id.is_char_boundary(length)
                    && id[length..].starts_with(&id[..length.min(id.len() - length)])
                    && id.len() - length >= length
            }),
        id.bytes().filter(u8::is_ascii_digit).count() >= 6,
        parts > 3,
        id.split(['_', '-']).any(|part| matches!(part, "wx" | "vx" | "weixin" | "wechat")),
        is_no_name(id) || id.split(['_', '-']).all(is_no_name),
        id.split(['_', '-']).next().is_some_and(|first| first.len() == 1),
        is(Wechat) && at_once,
        is(Wechat) && !at_once && clause,
        is(Wechat) && !at_once && !clause && sentence,
        is(Wechat) && !at_once && line_before,
        is(Wechat) && !at_once && !sentence && !line_before,
        is(Maybe) && at_once,
        is(Maybe) && !at_once && clause,
        is(Maybe) && !at_once && line_before,
        is(Other) && at_once,
        is(Other) && !at_once && clause,
        is(Other) && !at_once && !clause,
        nearest.is_none(),
        told.iter().any(|said| said.says == Wechat),
        told.iter().any(|said| said.says == Other),
        page.wechat,
        next(Wechat, 4),
        next(Maybe, 2),
        next(Wechat, 20),
        next(Other, 3),
        of_all,
        near(Asks, 1),
        near(Asks, 8),
        next(Asks, 8),
        person,
        near(Gone, 8),
        mark == Some(':'),
        matches!(mark, Some('(' | '[' | '【' | '「' | '〔' | '《' | '“')),
        mark.is_some_and(
            |sign| matches!(sign, '\u{2190}'..='\u{21FF}' | '\u{2500}'..='\u{27BF}' | '>' | '🌀'..='🫿' | '\u{FE0F}'),
        ),
        matches!(mark, Some(',' | '、' | ';')),
        last == Some(' '),
        last.is_some_and(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign)),
        latin(mark),
        latin(after_spaces),
        next_sign.is_some_and(|sign| ('\u{4E00}'..='\u{9FFF}').contains(&sign)),
        own_line && ends_line,
        ends_line,
        own_line,
        matches!(after_spaces, None | Some('。' | ',' | ';' | '!' | ')' | '】' | '\n' | '?')),
        contact,
        !page.phones.is_empty(),
        row,
        code,
        letters && maybe && own_line,
        letters && wechat,
        letters && near(Asks, 8),
        !letters && wechat,
        !letters && maybe,
        !letters && near(Asks, 8),
        !letters && person,
        letters && latin_near,
        letters && is(Wechat) && at_once,
        letters && is(Maybe) && at_once,
        letters && is(Wechat) && line_before,
        letters && own_line && ends_line,
        !letters && line_before && !is(Other),
        !letters && own_line && ends_line && page.wechat,
        !letters && page.odd == 1 && page.wechat,
        word.spelt.is_some(),
        plus.is_some() && !letters,
        plus.is_some_and(|clause| PAPERS.iter().any(|word| clause.contains(word))) && !letters,
    ]
}

/// The words around, of which the table has many as they stand.
fn context<'t>(word: &Word<'t>) -> Context<'t> {
    const FAR: usize = 12;
    Context { word: "", ..Context::of(word.text, word.at.clone(), FAR) }
}

fn weights() -> &'static Weights {
    static TABLE: OnceLock<Weights> = OnceLock::new();
    TABLE.get_or_init(|| Weights::read(include_str!("weigh.txt"), &SIGNS))
}

/// Whether what stands between a name for WeChat and the word speaks of something else, however many signs are for it.
fn is_elsewhere(around: &Around) -> bool {
    let Around { before, told, .. } = around;
    let Some(nearest) = told.iter().rev().find(|said| matches!(said.says, Says::Wechat | Says::Maybe | Says::Other))
    else {
        return false;
    };
    let (name, between) = (&before[nearest.at.clone()], &before[nearest.at.end..]);
    let ahead = &before[..nearest.at.start];
    let latin = between
        .split(|sign: char| !sign.is_ascii_alphabetic())
        .any(|word| word.len() > 2 && !matches!(word, "hao" | "num" | "tel" | "xin"));
    // 微信扫码，下一步 step_2; 支持微信，iphone15; 微信。下文 abc_123.
    let other = between.contains("扫码") || between.contains('步') || ahead.ends_with("支持");
    let ended =
        between.contains('。') && !told.iter().any(|said| said.says == Says::Asks && said.at.start >= nearest.at.end);
    // model v abc_123, 版本 v build_2026.
    let letter = name.len() == 1
        && (ahead.trim_end_matches(' ').ends_with(|sign: char| sign.is_ascii_alphanumeric())
            || ahead.trim_end_matches(' ').ends_with("版本"));
    // 卫星 BD3_2026, 微芯 PIC16F877: what has a meaning of its own opens no line as a name.
    let plain = matches!(name, "卫星" | "威信" | "微芯" | "维信" | "维新" | "唯心");
    let opens = plain && (ahead.is_empty() || ahead.ends_with('\n')) && between.trim() == "" && !between.contains('\n');
    latin || other || ended || letter || opens || between.contains(['[', '{'])
}

/// Calls `each` for every word of the text that might be an id and was not found to be anything, with its signs.
fn each(text: &str, wechat: bool, phones: &[Found], found: &[Found], mut each: impl FnMut(&Word, Vec<bool>)) {
    let mut taken: Vec<(Range<usize>, bool)> =
        found.iter().map(|(kind, _, at)| (at.clone(), *kind == Kind::Wechat)).collect();
    taken.sort_unstable_by_key(|(at, _)| at.start);
    let words: Vec<Word> = shaped(text).collect();
    let odd = words.iter().filter(|word| series::is_odd(word.id())).take(3).count();
    let page = Page { wechat, phones, found, odd };
    let free = |word: &Word| {
        let here = taken.partition_point(|(at, _)| at.start < word.at.end);
        // Right behind an id stands what was no part of its row: 微信 jia_01 iphone15.
        !taken[..here].iter().rev().take(4).any(|(at, id)| {
            at.end > word.at.start || *id && word.text[at.end..word.at.start].trim_matches(' ').is_empty()
        })
    };
    // In a sentence of Latin words a word of letters is one more of them.
    let lone = |word: &Word| {
        series::is_odd(word.id())
            || !word.text[..word.at.start].trim_end_matches(' ').ends_with(|sign: char| sign.is_ascii_lowercase())
            || !word.text[..word.at.start].ends_with(' ')
            || !window_before(word.text, word.at.start).is_ascii()
    };
    let weighed: Vec<&Word> = words.iter().filter(|word| free(word) && lone(word)).take(MOST).collect();
    let surroundings = Surroundings::of(text, weighed.iter().map(|word| &word.at));
    for word in weighed {
        let around = surroundings.around(&word.at);
        if !is_elsewhere(&around) {
            each(word, signs(word, &around, &page));
        }
    }
}

/// Whether a text names WeChat in a way that is no other word's.
fn names_wechat(text: &str, cues: &[CueHit]) -> bool {
    cues.iter().any(|(number, at)| {
        let cue = CUES[usize::from(*number)].1;
        matches!(cue, Cue::Wechat | Cue::WechatCall)
            || cue == Cue::WechatLatin && !accounts::inside_word(text, at.clone(), cue)
    })
}

/// Adds the ids that everything around them speaks for. `found` holds what the cues told already.
pub(super) fn find(text: &str, cues: &[CueHit], phones: &[Found], found: &mut Vec<Found>) {
    let mut more = Vec::new();
    each(text, names_wechat(text, cues), phones, found, |word, signs| {
        if weights().weigh_in(&signs, context(word)) > SURE {
            more.push((Kind::Wechat, word.id().to_owned(), word.at.clone()));
        }
    });
    found.extend(more);
}

#[cfg(test)]
#[path = "weigh_tests.rs"]
mod tests;
