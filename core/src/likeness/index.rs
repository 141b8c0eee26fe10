//! Which of many 64-bit numbers are near one: a table for each quarter of the number instead of a look at all.
//!
//! Numbers that differ in at most `d` bits have a quarter in which they differ in at most `d / 4` (pigeonholes; Manku 2007).
//! So each of four tables lists the numbers by one quarter, and a question looks into the places of its own quarters and those
//! `d / 4` bits beside. Equal numbers are kept once, so that a million copies of one page cost one entry; a place that is
//! crowded all the same is read up to a cap, and the answer says so. Start at [`Index::new`].

/// Quarters of a number, and bits of each.
const BANDS: usize = 4;
const BITS: u32 = 16;
/// Farthest distance that can be asked for; at the next one the places beside outnumber what they save.
pub const FARTHEST: u32 = 11;
/// Numbers looked at in one place of one table.
const CROWD: usize = 20_000;

/// An index, complete from the beginning.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// The numbers, ascending, each once.
    values: Vec<u64>,
    /// Where the owners of each value begin among `owners`, and the end of the last.
    firsts: Vec<u32>,
    /// Places of the numbers in the list that the index was made from, by value.
    owners: Vec<u32>,
    tables: Vec<Table>,
}

/// The values by one of their quarters.
#[derive(Debug, Clone)]
struct Table {
    /// Where the values with each quarter begin among `order`, and the end of the last.
    starts: Vec<u32>,
    /// Indices into the values.
    order: Vec<u32>,
}

/// What is near.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Near {
    /// Place in the list that the index was made from, and the number of differing bits; the nearest first.
    pub found: Vec<(u32, u32)>,
    /// There may be more: a place was crowded, or more were found than asked for.
    pub cut: bool,
}

impl Index {
    /// An index over these numbers. More than four thousand million are not taken.
    pub fn new(numbers: &[u64]) -> Index {
        let numbers = &numbers[..numbers.len().min(u32::MAX as usize - 1)];
        let mut owners: Vec<u32> = (0..numbers.len() as u32).collect();
        owners.sort_unstable_by_key(|owner| (numbers[*owner as usize], *owner));
        let mut values: Vec<u64> = Vec::with_capacity(numbers.len());
        let mut firsts: Vec<u32> = Vec::with_capacity(numbers.len() + 1);
        for (at, owner) in owners.iter().enumerate() {
            let value = numbers[*owner as usize];
            if values.last() != Some(&value) {
                values.push(value);
                firsts.push(at as u32);
            }
        }
        firsts.push(owners.len() as u32);
        let tables = (0..BANDS).map(|band| Table::new(&values, band)).collect();
        Index { values, firsts, owners, tables }
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// It holds none.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(|table| table.starts.len() + table.order.len()).sum();
        self.values.len() * 8 + (self.firsts.len() + self.owners.len() + tables) * 4
    }

    /// The numbers that differ from this one in at most `distance` bits ([`FARTHEST`] at most), at most `most` of them.
    pub fn near(&self, number: u64, distance: u32, most: usize) -> Near {
        let distance = distance.min(FARTHEST);
        let beside = distance / BANDS as u32;
        let mut near = Near::default();
        let mut values: Vec<(u32, u32)> = Vec::new();
        for (band, table) in self.tables.iter().enumerate() {
            let own = quarter(number, band);
            for mask in masks(beside) {
                let (place, crowded) = table.place(own ^ mask);
                near.cut |= crowded;
                for index in place {
                    let differing = self.values[*index as usize] ^ number;
                    // What an earlier table gave is not taken again.
                    let known = (0..band).any(|earlier| quarter(differing, earlier).count_ones() <= beside);
                    if !known && differing.count_ones() <= distance {
                        values.push((differing.count_ones(), *index));
                    }
                }
            }
        }
        values.sort_unstable();
        for (distance, index) in values {
            let (from, to) = (self.firsts[index as usize] as usize, self.firsts[index as usize + 1] as usize);
            let room = most - near.found.len();
            near.cut |= to - from > room;
            near.found.extend(self.owners[from..to].iter().take(room).map(|owner| (*owner, distance)));
        }
        near
    }
}

impl Table {
    fn new(values: &[u64], band: usize) -> Table {
        let mut starts = vec![0u32; (1 << BITS) + 1];
        for value in values {
            starts[usize::from(quarter(*value, band)) + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut next = starts.clone();
        let mut order = vec![0u32; values.len()];
        for (index, value) in values.iter().enumerate() {
            let place = &mut next[usize::from(quarter(*value, band))];
            order[*place as usize] = index as u32;
            *place += 1;
        }
        Table { starts, order }
    }

    /// The values with this quarter, and whether some were left out.
    fn place(&self, quarter: u16) -> (&[u32], bool) {
        let (from, to) = (self.starts[usize::from(quarter)] as usize, self.starts[usize::from(quarter) + 1] as usize);
        (&self.order[from..to.min(from + CROWD)], to - from > CROWD)
    }
}

fn quarter(number: u64, band: usize) -> u16 {
    (number >> (BITS * band as u32)) as u16
}

/// Every quarter with at most so many bits, none first.
fn masks(bits: u32) -> impl Iterator<Item = u16> {
    let two = (0..BITS).flat_map(|a| (0..a).map(move |b| (1u16 << a) | (1 << b)));
    let one = (0..BITS).map(|a| 1u16 << a);
    std::iter::once(0).chain(one.filter(move |_| bits >= 1)).chain(two.filter(move |_| bits >= 2))
}
