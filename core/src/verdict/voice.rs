//! Whose voice speaks: does the page offer, or does it report, warn of or deny an offer?
//!
//! A phrase is reported when a reporting word (谨防, 声称, 骗局 …) stands in its sentence, or when the whole page warns. A contact
//! beside it that one could ring takes that back, because sellers write 谨防受骗 too; but not where the phrase is quoted or
//! denied outright (严禁替考, 不提供代考), and not on a page that is press or authority and warns.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;

use super::reading::{Found, Reading};
use crate::page::Role;
use crate::rules::rule::Place;
use crate::rules::{Fact, Lists};
use crate::text::boundary_before;

/// How far before a phrase a reporting word counts, in characters.
const BEFORE: usize = 60;
/// How far after it.
const AFTER: usize = 30;
/// How near a contact has to be to make the words the page's own again.
const RESTORES: usize = 80;
/// How far before a phrase a denying word settles the matter, in characters.
const DENIES: usize = 10;
/// Longest letter to an office, from its heading to the answer, in bytes.
const LETTER: usize = 3_000;
/// How soon behind the heading of an answer an office speaks, in bytes.
const ANSWERS: usize = 360;
/// Longest stretch that is searched for the end of a sentence or a quotation, in bytes.
const STRETCH: usize = 600;

/// Quotation marks: each kind's two.
const MARKS: [(char, char); 4] = [('“', '”'), ('「', '」'), ('『', '』'), ('‘', '’')];

/// Sentences one after another: phrases come in the order of the text, so that most ask for the sentence of the one before.
struct Sentences<'a> {
    text: &'a str,
    last: Range<usize>,
}

impl Sentences<'_> {
    fn around(&mut self, at: &Range<usize>) -> Range<usize> {
        // Only a whole sentence says so of all within it: one that was cut for its length depends on where it was asked for.
        let whole = self.last.len() < STRETCH && !self.last.is_empty();
        if !(whole && self.last.start <= at.start && at.end <= self.last.end) {
            self.last = sentence(self.text, at);
        }
        self.last.clone()
    }
}

/// The sentence around a range of the text.
pub(crate) fn sentence(text: &str, at: &Range<usize>) -> Range<usize> {
    let mut from = at.start.saturating_sub(STRETCH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let start = last_end(&text.as_bytes()[from..at.start]).map_or(from, |end| from + end);
    let mut to = (at.end + STRETCH).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let end = first_end(&text.as_bytes()[at.end..to]).map_or(to, |end| at.end + end);
    start..end
}

/// Ends of sentences in folded text, as bytes: nearly no byte of a text begins one, and no sign has to be read to tell that.
const SHORT_ENDS: [u8; 4] = [b'!', b'?', b';', b'\n'];
/// 。！？；…
const LONG_ENDS: [[u8; 3]; 5] =
    [[0xE3, 0x80, 0x82], [0xEF, 0xBC, 0x81], [0xEF, 0xBC, 0x9F], [0xEF, 0xBC, 0x9B], [0xE2, 0x80, 0xA6]];

/// By byte: 1 where an end of a sentence may begin with it, 2 where one may end with it.
const END_BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut at = 0;
    while at < SHORT_ENDS.len() {
        bytes[SHORT_ENDS[at] as usize] = 3;
        at += 1;
    }
    let mut at = 0;
    while at < LONG_ENDS.len() {
        bytes[LONG_ENDS[at][0] as usize] |= 1;
        bytes[LONG_ENDS[at][2] as usize] |= 2;
        at += 1;
    }
    bytes
};

/// Where the first sentence of some text ends, before the sign that ends it.
fn first_end(text: &[u8]) -> Option<usize> {
    let begins = |at: &usize| {
        END_BYTES[usize::from(text[*at])] & 1 != 0
            && (text[*at].is_ascii() || text[*at..].first_chunk().is_some_and(|sign| LONG_ENDS.contains(sign)))
    };
    (0..text.len()).find(begins)
}

/// Where the last sentence of some text begins, behind the sign that ended the one before.
fn last_end(text: &[u8]) -> Option<usize> {
    let ends = |at: &usize| {
        let last = text[*at - 1];
        END_BYTES[usize::from(last)] & 2 != 0
            && (last.is_ascii() || text[..*at].last_chunk().is_some_and(|sign| LONG_ENDS.contains(sign)))
    };
    (1..=text.len()).rev().find(ends)
}

/// A saying word right before a quotation: 卖家说“免考”.
fn is_said(before: &str) -> bool {
    let before = before.trim_end_matches([':', ' ', '，', ',', '是', '的']);
    ["说", "称", "写着", "叫", "喊", "承诺", "保证", "打出", "宣传", "广告", "标榜", "吹嘘", "话术", "所谓", "什么"]
        .iter()
        .any(|word| before.ends_with(word))
}

/// Core words in the page's own voice, with somebody's number or id in the same block or close by.
fn offers_with_contact(reading: &Reading) -> bool {
    reading.list(Lists::Core).filter(|found| !found.reported && found.block.is_some()).any(|found| {
        reading.leads.iter().filter(|lead| lead.personal && lead.main).any(|lead| {
            (lead.block.is_some() && lead.block == found.block)
                || reading.distance(&lead.at, &found.at, 2 * RESTORES) <= 2 * RESTORES
        })
    })
}

/// What all that [`negated`] looks for before a phrase ends with.
const TURNS: [u32; 8] =
    [number("不"), number("拒"), number("非"), number("勿"), number("没"), number("是"), number("无"), number("何")];

/// By its last byte whether a sign may be one of [`TURNS`]: few others are, and none needs to be read for that.
const MAY_TURN: [bool; 256] = {
    let mut may = [false; 256];
    let mut at = 0;
    while at < TURNS.len() {
        may[(TURNS[at] & 0xFF) as usize] = true;
        at += 1;
    }
    may
};

const fn number(sign: &str) -> u32 {
    match *sign.as_bytes() {
        [first, second, third] => joined([first, second, third]),
        _ => panic!("a sign of three bytes"),
    }
}

const fn joined([first, second, third]: [u8; 3]) -> u32 {
    (first as u32) << 16 | (second as u32) << 8 | third as u32
}

/// A 不, 非 or 拒 right before the phrase turns it round (不代考, 不卖证), unless the phrase begins so itself.
fn negated(text: &str, at: &Range<usize>) -> bool {
    let turns = |c: char| matches!(c, '不' | '拒' | '非' | '勿' | '没');
    const OUTRIGHT: [&str; 7] = ["不是", "并非", "绝无", "从无", "没有任何", "无人", "没人"];
    if OUTRIGHT.iter().any(|word| text[..at.start].ends_with(word)) {
        return true;
    }
    let mut before = text[..at.start].chars().rev();
    let first = before.next();
    // 不得不, 能不能, 要不要 and 查不到不要钱 turn nothing round; 不办证不代考 does.
    let doubled = before.take(2).any(|c| matches!(c, '不' | '没'));
    first.is_some_and(turns) && !doubled && !text[at.clone()].starts_with(['不', '没', '免', '无', '零'])
}

/// The quotation marks of a text, in order: looked up once, because every phrase of a page is asked whether it stands in some.
struct Quotations<'a> {
    text: &'a str,
    /// Where a mark stands, its kind ([`MARKS`]), whether it opens.
    marks: Vec<(usize, usize, bool)>,
}

/// The first byte of ‘’“”, with which few other signs begin.
const CURLED: u8 = 0xE2;
/// What opens the others: 、 and 。 begin as they do.
static CORNERS: LazyLock<[memmem::Finder<'static>; 2]> = LazyLock::new(|| ["「", "『"].map(memmem::Finder::new));

impl<'a> Quotations<'a> {
    fn of(text: &'a str) -> Self {
        let mut marks = Vec::new();
        let mut see = |at: usize| {
            let mark = text.get(at..at + 3).and_then(|sign| sign.chars().next());
            let kind = MARKS.iter().position(|(open, close)| mark == Some(*open) || mark == Some(*close));
            marks.extend(kind.map(|kind| (at, kind, mark == Some(MARKS[kind].0))));
        };
        let bytes = text.as_bytes();
        memchr::memchr_iter(CURLED, bytes).for_each(&mut see);
        // What nothing opens closes nothing.
        if CORNERS.iter().any(|open| open.find(bytes).is_some()) {
            for mark in ["「", "」", "『", "』"] {
                memmem::find_iter(bytes, mark).for_each(&mut see);
            }
            marks.sort_unstable();
        }
        Self { text, marks }
    }

    fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The quotation marks around a range, if it stands in some, within its line.
    fn around(&self, at: &Range<usize>) -> Option<Range<usize>> {
        let before = self.marks.partition_point(|(mark, ..)| *mark < at.start);
        // By kind: whether its last mark before the range was seen, and where it opens.
        let mut seen = [false; MARKS.len()];
        let mut opened: Option<(usize, usize)> = None;
        for &(mark, kind, opens) in self.marks[..before].iter().rev() {
            if mark + STRETCH < at.start || seen == [true; MARKS.len()] {
                break;
            }
            if !std::mem::replace(&mut seen[kind], true) && opens && opened.is_none_or(|(other, _)| kind < other) {
                let ends = memchr::memchr(b'\n', &self.text.as_bytes()[mark..at.start]).is_some();
                opened = if ends { opened } else { Some((kind, mark)) };
            }
        }
        let (kind, start) = opened?;
        let mut to = (at.end + STRETCH).min(self.text.len());
        while !self.text.is_char_boundary(to) {
            to -= 1;
        }
        let behind = self.marks.partition_point(|(mark, ..)| *mark < at.end);
        let mut closing = self.marks[behind..].iter().filter(|(_, other, opens)| *other == kind && !opens);
        let to = closing.next().map_or(to, |(mark, ..)| to.min(*mark));
        let end = memchr::memchr(b'\n', &self.text.as_bytes()[at.end..to]).map_or(to, |line| at.end + line);
        Some(start..end)
    }
}

/// Letters to an office or a board of complaints that complain or ask, or whose answer tells what is done: what they tell was seen elsewhere,
/// whoever is named there. It is the office's host, or the page is called so, or an office is named at once in the answer. Sellers write to
/// offices, too, to be read by others: letters without complaint stay.
fn letters(reading: &Reading) -> Vec<Range<usize>> {
    // A heading begins its line, or its cell.
    let text = reading.folded.as_str();
    let heads = |list: Lists| {
        let begins = |at: &usize| {
            let before = text[..*at].trim_end_matches([' ', '【', '[', '(']).chars().next_back();
            before.is_none_or(|sign| matches!(sign, '\n' | '\t' | '|'))
        };
        let places = reading.list(list).filter(|found| found.block.is_some()).map(|found| found.at.start);
        let mut places: Vec<usize> = places.filter(begins).collect();
        places.sort_unstable();
        places
    };
    let mut letters = heads(Lists::Letter);
    let replies = heads(Lists::Reply);
    let official = reading.facts.has(Fact::OfficialHost);
    let headed = |found: &Found| {
        let heading = found.block.is_some_and(|block| reading.extract.blocks[block].role == Role::Heading);
        found.place == Place::Title.bit() || heading && found.place == Place::Main.bit()
    };
    let boxed = reading.list(Lists::LetterBox).any(headed);
    if boxed && (official || !replies.is_empty()) {
        // The page of one letter, whatever its parts are called: from its own matter on.
        let own = reading.found.iter().filter(|found| found.place == Place::Main.bit()).map(|found| found.at.start);
        letters.extend(own.min());
    }
    let within = |list: Lists, at: &Range<usize>| {
        let own = |found: &&Found| found.block.is_some() && found.place & Place::Side.bit() == 0;
        reading.list(list).filter(own).any(|found| at.start <= found.at.start && found.at.end <= at.end)
    };
    let names = |at: &Range<usize>| {
        let named = |(_, index): &(u16, u32)| at.contains(&reading.found[*index as usize].at.start);
        within(Lists::Agency, at) || reading.names.iter().any(named)
    };
    let letter = |head: usize| {
        let reply = replies.get(replies.partition_point(|reply| *reply <= head)).copied();
        let reply = reply.filter(|reply| reply - head <= LETTER);
        let end = reply.unwrap_or_else(|| boundary_before(text, head + LETTER));
        let answer = end..boundary_before(text, end + ANSWERS);
        let printed = official || boxed || reply.is_some() && names(&answer);
        let complains = within(Lists::Complaint, &(head..answer.end));
        (printed && complains).then_some(head..end)
    };
    letters.into_iter().filter_map(letter).collect()
}

/// Marks what is reported. Needs the facts `Warning`, `Press` and `OfficialHost`.
pub(crate) fn mark(reading: &mut Reading) {
    let places = |list: Lists| {
        let mut places: Vec<Range<usize>> =
            reading.list(list).filter(|f| f.block.is_some()).map(|f| f.at.clone()).collect();
        places.sort_unstable_by_key(|at| (at.start, at.end));
        places
    };
    let (cues, denials, refusals) = (places(Lists::Reporting), places(Lists::Denying), places(Lists::Refusing));
    let letters = letters(reading);
    let silent = cues.is_empty() && denials.is_empty() && refusals.is_empty();
    let warning = reading.facts.has(Fact::Warning);
    let trusted = warning && (reading.facts.has(Fact::OfficialHost) || reading.facts.has(Fact::Press));
    let text = reading.folded.as_str();
    let quotations = Quotations::of(text);
    let quotes = !quotations.is_empty();
    let mut sentences = Sentences { text, last: 0..0 };
    let mut marks = Vec::new();
    for (index, found) in reading.found.iter().enumerate() {
        if found.block.is_none() {
            // Descriptions in the head repeat what the page says.
            if warning && trusted {
                marks.push(index);
            }
            continue;
        }
        if letters.iter().any(|letter| letter.start <= found.at.start && found.at.end <= letter.end) {
            marks.push(index);
            continue;
        }
        let (before, behind) = (&text.as_bytes()[..found.at.start], &text.as_bytes()[found.at.end..]);
        // 包拿证吗？ and 有没有免考的 ask.
        let sign = before.last_chunk().map_or(0, |sign| joined(*sign));
        let asks = behind.first_chunk().is_some_and(|sign| joined(*sign) == const { number("吗") })
            || sign == const { number("有") } && before.ends_with("有没有".as_bytes());
        let plain = silent && !quotes && !warning && !asks;
        // Nearly every phrase of a page is told to be no denial by the one sign before it.
        let turns = MAY_TURN[(sign & 0xFF) as usize] && TURNS.contains(&sign);
        if plain && !(turns && negated(text, &found.at)) {
            continue;
        }
        // Of most phrases none of these stands so near that it could be in the same sentence.
        let near = |places: &[Range<usize>]| {
            let from = places.partition_point(|place| place.start + STRETCH < found.at.start);
            places.get(from).is_some_and(|place| place.start < found.at.end + STRETCH)
        };
        let alone = !(near(&cues) || near(&refusals) || near(&denials));
        let sentence = if alone { found.at.clone() } else { sentences.around(&found.at) };
        let from = cues.partition_point(|c| c.end <= sentence.start);
        let quoted = quotations.around(&found.at);
        let said = quoted.as_ref().is_some_and(|q| is_said(&text[..q.start]));
        let told = said
            || asks
            || !alone
                && cues[from..].iter().take_while(|c| c.start < sentence.end).any(|cue| {
                    let limit = if cue.start < found.at.start { BEFORE } else { AFTER };
                    // A reporting word that is part of the phrase itself says nothing about it.
                    let inside = cue.start >= found.at.start && cue.end <= found.at.end;
                    !inside && reading.distance(cue, &found.at, limit) <= limit
                });
        let within = |places: &[Range<usize>], denies: &dyn Fn(&Range<usize>) -> bool| {
            let from = places.partition_point(|place| place.start < sentence.start);
            places[from..]
                .iter()
                .take_while(|place| place.start < sentence.end)
                .any(|place| place.end <= sentence.end && denies(place))
        };
        let denies =
            |place: &Range<usize>| place.end <= found.at.start && reading.distance(place, &found.at, DENIES) <= DENIES;
        let denied = negated(text, &found.at) || !alone && (within(&refusals, &|_| true) || within(&denials, &denies));
        if !told && !denied && !warning {
            continue;
        }
        if trusted || denied || (told && quoted.is_some()) {
            marks.push(index);
            continue;
        }
        let restored = reading.leads.iter().any(|lead| {
            lead.personal
                && lead.main
                && quoted.as_ref().is_none_or(|q| lead.at.start < q.start || lead.at.end > q.end)
                && (lead.block.is_some() && lead.block == found.block
                    || reading.distance(&lead.at, &found.at, RESTORES) <= RESTORES
                    || (found.place == Place::Title.bit() && quoted.is_none()))
        });
        if !restored {
            marks.push(index);
        }
    }
    for index in marks {
        reading.found[index].reported = true;
    }
    reading.letters = letters;
    if offers_with_contact(reading) {
        reading.facts.insert(Fact::OfferWithContact);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sentences_end_at_the_ends_that_are_read_sign_by_sign(text in "[免考。！？!?；;\n…、，“”‘’「」『』aé🀄]{0,40}") {
            const ENDS: [char; 9] = ['。', '！', '？', '!', '?', '；', ';', '\n', '…'];
            let behind = |at: usize| at + text[at..].chars().next().map_or(0, char::len_utf8);
            prop_assert_eq!(first_end(text.as_bytes()), text.find(ENDS));
            prop_assert_eq!(last_end(text.as_bytes()), text.rfind(ENDS).map(behind));
        }

        #[test]
        fn every_mark_of_a_quotation_is_found(text in "[免考。、“”‘’「」『』…—aé🀄]{0,40}") {
            let kind = |sign| MARKS.iter().position(|(open, close)| [*open, *close].contains(&sign));
            let all = text.char_indices().filter_map(|(at, sign)| Some((at, kind(sign)?, MARKS[kind(sign)?].0 == sign)));
            // Corners count only where one opens.
            let corners = text.contains(['「', '『']);
            let wanted: Vec<_> = all.filter(|(_, kind, _)| corners || !matches!(kind, 1 | 2)).collect();
            prop_assert_eq!(Quotations::of(&text).marks, wanted);
        }
    }

    #[test]
    fn sentences_end_where_they_end() {
        let check = |text: &str, word: &str, wanted: &str| {
            let at = text.find(word).unwrap();
            assert_eq!(&text[sentence(text, &(at..at + word.len()))], wanted);
        };
        check("一。谨防免考骗局！三", "免考", "谨防免考骗局");
        check("谨防\n免考", "免考", "免考");
        check("免考", "免考", "免考");
    }

    #[test]
    fn a_denial_turns_a_phrase_round_and_a_doubling_does_not() {
        let check = |text: &str, word: &str, wanted: bool| {
            let at = text.find(word).unwrap();
            assert_eq!(negated(text, &(at..at + word.len())), wanted, "{text}");
        };
        check("不办证不代考不卖课", "代考", true);
        check("这不是免考", "免考", true);
        check("没有任何代考", "代考", true);
        check("要不要代考", "代考", false);
        check("查不到不要钱", "要钱", false);
        check("保证代考", "代考", false);
    }

    #[test]
    fn a_sentence_asked_for_again_is_the_same() {
        let text = "一、免考。二、代考和包过；三";
        let mut sentences = Sentences { text, last: 0..0 };
        for word in ["免考", "代考", "包过", "免考", "三"] {
            let at = text.find(word).unwrap();
            let at = at..at + word.len();
            assert_eq!(sentences.around(&at), sentence(text, &at), "{word}");
        }
    }

    #[test]
    fn quotations_are_found_within_their_line() {
        let check = |text: &str, word: &str, wanted: Option<&str>| {
            let at = text.find(word).unwrap();
            assert_eq!(Quotations::of(text).around(&(at..at + word.len())).map(|r| &text[r]), wanted);
        };
        check("声称“免考、包过”的", "免考", Some("“免考、包过"));
        check("“甲”免考“乙”", "免考", None);
        check("“甲\n免考”", "免考", None);
        check("免考", "免考", None);
    }
}
