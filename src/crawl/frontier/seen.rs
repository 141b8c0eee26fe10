//! Which URLs were ever candidates: a set of 64-bit fingerprints in memory.
//!
//! Keyed by numbers that only this store knows, so nobody outside can make two URLs look the same, or fall on one place. A table of
//! bare numbers in many small parts, each grown by a quarter when it is full: ten million take some 110 MB, and no more
//! while it grows, where a hash set doubles and holds half as much again while it moves. Start at [`Seen::insert`].

use siphasher::sip::SipHasher13;

/// Parts of the table; the first bits of a fingerprint choose one, so all fill alike.
const PARTS: usize = 1 << PART_BITS;
const PART_BITS: u32 = 10;
/// Places of a part that is used for the first time.
const FIRST: usize = 16;
/// Of so many places one is left empty at least: a search ends at an empty place, some twenty from where it began.
const EMPTY_OF: usize = 7;

/// The set.
pub(super) struct Seen {
    keys: (u64, u64),
    parts: Vec<Part>,
    len: usize,
}

/// A fingerprint lies at the place that its bits choose, or behind it where that is taken. 0 is an empty place.
#[derive(Default)]
struct Part {
    places: Box<[u64]>,
    taken: usize,
}

impl Seen {
    pub(super) fn new(keys: (u64, u64)) -> Self {
        Self { keys, parts: std::iter::repeat_with(Part::default).take(PARTS).collect(), len: 0 }
    }

    /// Remembers a URL; false where it was known.
    pub(super) fn insert(&mut self, url: &str) -> bool {
        let print = self.print(url);
        let is_new = self.parts[part_of(print)].insert(print);
        self.len += usize::from(is_new);
        is_new
    }

    /// Remembers many. Where each will lie is fetched for all of them first: one after the other, each would wait for memory, and most of
    /// the time of an opening went there.
    pub(super) fn insert_all<'a>(&mut self, urls: impl Iterator<Item = &'a str>) {
        let prints: Vec<u64> = urls.map(|url| self.print(url)).collect();
        let near = prints.iter().fold(0, |near, print| near ^ self.parts[part_of(*print)].glance(*print));
        std::hint::black_box(near);
        for print in prints {
            self.len += usize::from(self.parts[part_of(print)].insert(print));
        }
    }

    pub(super) fn contains(&self, url: &str) -> bool {
        let print = self.print(url);
        self.parts[part_of(print)].find(print).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn print(&self, url: &str) -> u64 {
        SipHasher13::new_with_keys(self.keys.0, self.keys.1).hash(url.as_bytes()).max(1)
    }
}

impl Part {
    fn insert(&mut self, print: u64) -> bool {
        let Err(mut at) = self.find(print) else { return false };
        if self.taken >= self.places.len() - self.places.len() / EMPTY_OF {
            self.grow();
            at = self.find(print).unwrap_or_else(|empty| empty);
        }
        self.places[at] = print;
        self.taken += 1;
        true
    }

    /// Where it lies, or the empty place that it would take; 0 while there are no places.
    fn find(&self, print: u64) -> Result<usize, usize> {
        if self.places.is_empty() {
            return Err(0);
        }
        let mut at = self.place(print);
        loop {
            match self.places[at] {
                0 => return Err(at),
                other if other == print => return Ok(at),
                _ => at = if at + 1 == self.places.len() { 0 } else { at + 1 },
            }
        }
    }

    /// Where it would like to lie. The first bits have chosen the part.
    fn place(&self, print: u64) -> usize {
        ((u128::from(print << PART_BITS) * self.places.len() as u128) >> u64::BITS) as usize
    }

    /// What lies at that place.
    fn glance(&self, print: u64) -> u64 {
        self.places.get(self.place(print)).copied().unwrap_or(0)
    }

    fn grow(&mut self) {
        let places = vec![0; (self.places.len() + self.places.len() / 4).max(FIRST)].into_boxed_slice();
        let before = std::mem::replace(&mut self.places, places);
        for print in before.into_iter().filter(|print| *print != 0) {
            let at = self.find(print).unwrap_or_else(|empty| empty);
            self.places[at] = print;
        }
    }
}

fn part_of(print: u64) -> usize {
    (print >> (u64::BITS - PART_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_url_is_new_once_and_the_table_stays_small() {
        let (mut seen, mut model) = (Seen::new((3, 7)), HashSet::new());
        for n in 0..300_000u64 {
            // One in three was there before.
            let url = format!("http://a.example/{}", if n % 3 == 2 { n / 2 } else { n });
            assert_eq!(seen.contains(&url), model.contains(&url), "{url}");
            assert_eq!(seen.insert(&url), model.insert(url));
        }
        assert_eq!(seen.len(), model.len());
        assert!(model.iter().all(|url| seen.contains(url)) && !seen.contains("http://a.example/none"));
        let places: usize = seen.parts.iter().map(|part| part.places.len()).sum();
        assert!(places * 2 < model.len() * 3, "{places} places for {}", model.len());
    }

    #[test]
    fn many_at_once_are_remembered_like_one_by_one() {
        let urls: Vec<String> = (0..20_000u64).map(|n| format!("http://a.example/{}", n * n % 9_973)).collect();
        let (mut many, mut single) = (Seen::new((3, 7)), Seen::new((3, 7)));
        for some in urls.chunks(64) {
            many.insert_all(some.iter().map(String::as_str));
        }
        for url in &urls {
            single.insert(url);
        }
        assert_eq!(many.len(), single.len());
        assert!(urls.iter().all(|url| many.contains(url)) && !many.contains("http://a.example/none"));
    }

    #[test]
    fn whatever_the_prints_are_each_is_found_and_a_search_ends() {
        let mut part = Part::default();
        assert_eq!(part.find(5), Err(0));
        // All fall on the last place, and go on at the first.
        let prints: Vec<u64> = (0..1000).map(|n| (u64::MAX >> PART_BITS) - n).collect();
        assert!(prints.iter().all(|print| part.insert(*print)));
        assert!(prints.iter().all(|print| part.find(*print).is_ok() && !part.insert(*print)));
        assert!(part.find(1).is_err() && part.taken == 1000 && part.places.len() > 1000);
    }
}
