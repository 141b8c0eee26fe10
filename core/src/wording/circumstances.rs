//! What a page shows beside its wording: how many words of the trade, whether one of them is the trade's own, somebody to be reached,
//! talk of a deal, and how long the passage is. Each is learned and weighed like a gram. The same words are a seller's beside 电工证 and
//! a telephone, and a guest's of a hotel where neither stands; a gate that shuts out pages with few words of the trade shuts out who
//! is sly (two words shut out a sixth of the sellers in tests/data/pages/learned).

use super::Gram;

/// Marks a number as a circumstance's, among the grams'.
const MARK: Gram = 1 << 63;
/// More words of the trade than these say no more.
const WORDS: usize = 3;
/// Passages longer than 2 to the power of this are long.
const LONGEST: usize = 10;
/// What a page shows at all or not.
const SHOWN: usize = 8;
/// The most that wording is worth where nothing beside it speaks of an offer, in decibans.
const ALONE: f64 = 24.0;
/// From here on it counts all the same (docs/DETECTION.md says how many reviews are so loud).
const SURE: f64 = 55.0;
/// How many there are.
pub(super) const COUNT: usize = QUOTES + 1;
/// A quotation in the passage: its words are perhaps somebody else's. Not of a page but of a passage's own text.
pub(super) const QUOTES: usize = SHOWN + WORDS + 1 + LONGEST + 1;

/// What a page shows beside its wording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// Different words of the trade in its visible text.
    pub words: usize,
    /// One of them is said by this trade alone.
    pub own: bool,
    /// Somebody can be reached: a contact, or a QR code that speaks or stands beside talk of a deal.
    pub reached: bool,
    /// Something is said around a deal in certificates.
    pub deals: bool,
}

impl Circumstances {
    /// Nothing but one word that other people say too (证书, 本本, 打磨): nobody to be reached, no deal, no word of the trade's own.
    fn are_poor(self) -> bool {
        self.words <= 1 && !(self.own || self.reached || self.deals)
    }

    /// What wording of so many decibans is worth here. Where little beside it speaks of an offer nearly all pages are reviews, novels and chatter: there it
    /// asks for an officer's eyes and accuses nobody by itself, unless it is louder than a review's hardly ever is.
    pub(crate) fn temper(self, points: f64) -> f64 {
        let counts = match self.words {
            // Who looks for his cat names a telephone, too.
            0 => self.deals && points >= SURE,
            _ => !self.are_poor() || points >= SURE,
        };
        if counts { points } else { points.min(ALONE) }
    }

    /// Those of a passage of so many signs, by number below [`COUNT`].
    pub(super) fn of(self, signs: usize) -> [usize; 3] {
        let shown = usize::from(self.own) | usize::from(self.reached) << 1 | usize::from(self.deals) << 2;
        let long = signs.checked_ilog2().unwrap_or(0) as usize;
        [shown, SHOWN + self.words.min(WORDS), SHOWN + WORDS + 1 + long.min(LONGEST)]
    }
}

/// A circumstance as a gram.
pub(super) fn gram(number: usize) -> Gram {
    MARK | number as Gram
}

/// The circumstance that a gram is; none for signs and pairs.
pub(super) fn number(gram: Gram) -> Option<usize> {
    (gram & MARK != 0).then_some((gram & !MARK) as usize)
}

/// How a table's file calls it. No text has such brackets around such words, and no name has white space.
pub(super) fn name(number: usize) -> String {
    if number < SHOWN {
        let has = |bit: usize| if number & bit != 0 { '有' } else { '无' };
        return format!("〔{}本行词{}联系方式{}买卖说法〕", has(1), has(2), has(4));
    }
    if number == QUOTES {
        return "〔有引语〕".to_owned();
    }
    match number - SHOWN {
        words @ 0..WORDS => format!("〔行话词{words}个〕"),
        WORDS => format!("〔行话词{WORDS}个以上〕"),
        long => format!("〔{}字起〕", 1usize << (long - WORDS - 1)),
    }
}

/// The circumstance of that name.
pub(super) fn named(name: &str) -> Option<Gram> {
    name.starts_with('〔').then(|| (0..COUNT).find(|number| self::name(*number) == name).map(gram))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wording_accuses_nobody_by_itself_unless_it_is_very_loud() {
        let told = |words: usize, reached: bool, deals: bool| {
            let page = Circumstances { words, own: false, reached, deals };
            [30.0, 58.0, -20.0].map(|points| page.temper(points))
        };
        assert_eq!(told(0, false, false), [24.0, 24.0, -20.0], "nothing of the trade");
        assert_eq!(told(0, true, false), [24.0, 24.0, -20.0]);
        assert_eq!(told(0, true, true), [24.0, 58.0, -20.0]);
        assert_eq!(told(1, false, false), [24.0, 58.0, -20.0]);
        assert_eq!(told(1, true, false), [30.0, 58.0, -20.0]);
        assert_eq!(told(2, false, false), [30.0, 58.0, -20.0]);
    }
}
