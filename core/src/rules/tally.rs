//! Words of which a page counts how many different ones it has: they tell what kind of page it is, wherever they stand.
//!
//! They ride along in the one pass over a page, because asking for each of them by itself is a pass for each. No rule names them and none of
//! them accuses; who counts them weighs what a short word for a certificate means. Start at [`Tally`].

/// What a word speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Papers, exams and whoever issues them.
    Papers,
    /// Dealing in them.
    Deals,
    /// Jobs that are offered or sought.
    Jobs,
}

/// The words, folded; their places are their numbers.
const WORDS: [(Of, &str); 39] = [
    (Of::Papers, "培训"),
    (Of::Papers, "复审"),
    (Of::Papers, "持证"),
    (Of::Papers, "特种"),
    (Of::Papers, "题库"),
    (Of::Papers, "取证"),
    (Of::Papers, "应急"),
    (Of::Papers, "上岗"),
    (Of::Deals, "包过"),
    (Of::Deals, "代报"),
    (Of::Deals, "代办"),
    (Of::Deals, "代考"),
    (Of::Deals, "办理"),
    (Of::Deals, "办证"),
    (Of::Deals, "免考"),
    (Of::Deals, "官网"),
    (Of::Deals, "可查"),
    (Of::Deals, "挂靠"),
    (Of::Deals, "报名"),
    (Of::Deals, "收费"),
    (Of::Deals, "名额"),
    (Of::Deals, "下证"),
    (Of::Deals, "拿证"),
    (Of::Deals, "出证"),
    (Of::Deals, "初训"),
    (Of::Deals, "加急"),
    (Of::Deals, "联网"),
    (Of::Jobs, "招聘"),
    (Of::Jobs, "诚聘"),
    (Of::Jobs, "急招"),
    (Of::Jobs, "月薪"),
    (Of::Jobs, "包吃"),
    (Of::Jobs, "包住"),
    (Of::Jobs, "五险"),
    (Of::Jobs, "班组"),
    (Of::Jobs, "找活"),
    (Of::Jobs, "简历"),
    (Of::Jobs, "岗位"),
    (Of::Jobs, "工资"),
];

/// Each word and its number.
pub(super) fn words() -> impl Iterator<Item = (u8, &'static str)> {
    (0..).zip(WORDS).map(|(number, (_, word))| (number, word))
}

/// Which of the words a page has, as bits.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally(u64);

impl Tally {
    /// Adds a word by its number; a number that no word has adds nothing.
    #[inline]
    pub(crate) fn add(&mut self, number: u8) {
        self.0 |= 1u64.checked_shl(u32::from(number)).unwrap_or(0);
    }

    /// How many different words speak of something.
    pub(crate) fn count(self, of: Of) -> usize {
        words().zip(WORDS).filter(|((number, _), (own, _))| *own == of && self.0 >> number & 1 != 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_counts_once_for_what_it_speaks_of() {
        let number = |word: &str| words().find(|(_, own)| *own == word).unwrap().0;
        let mut tally = Tally::default();
        ["代办", "岗位", "代办", "可查"].iter().for_each(|word| tally.add(number(word)));
        tally.add(u8::MAX);
        assert_eq!([Of::Papers, Of::Deals, Of::Jobs].map(|of| tally.count(of)), [0, 2, 1]);
    }

    #[test]
    fn the_words_are_in_folded_form() {
        assert!(words().all(|(_, word)| crate::text::fold(word).as_str() == word));
    }
}
