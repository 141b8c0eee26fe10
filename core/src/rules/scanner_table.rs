//! The tables of `scanner`: a tree of the phrases, what may follow what, and rows of steps laid over each other in one table.
//!
//! Start at [`Trie::new`].

use super::scanner::{NOWHERE, Signs, UNKNOWN};

/// Of no phrase; where the row of what has none begins.
pub(super) const NONE: u32 = u32::MAX;
/// Whose step a free slot is.
const FREE: u32 = NONE - 1;
const ROOT: u32 = 0;

/// Why phrases do not fit into the tables.
#[derive(Debug, thiserror::Error)]
#[error("more than {} different signs", u16::MAX)]
pub(crate) struct TooMany;

/// One step, in a table of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// Where the row begins whose step it is.
    pub(super) row: u32,
    /// Where it leads.
    pub(super) state: u32,
    /// Where the row of that state begins.
    pub(super) next: u32,
}

/// A row: whose it is, and for each sign the state that it leads to.
pub(super) type Row = (u32, Vec<(u16, u32)>);

/// Rows of steps, one over the other: a row's step of a sign stands where the row's beginning and the sign meet. No two begin at one
/// place, so that a row is told by its beginning.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<Slot>,
    /// Where each owner's row begins.
    rows: Vec<u32>,
}

impl Table {
    /// Lays out the rows. `alphabet` is above the number of every sign.
    pub(super) fn new(mut rows: Vec<Row>, alphabet: usize) -> Self {
        let steps: usize = rows.iter().map(|(_, row)| row.len()).sum();
        let owners = rows.iter().map(|(owner, _)| *owner as usize + 1).max().unwrap_or(0);
        // The longest find their place while there is room.
        rows.sort_by_key(|(owner, row)| (std::cmp::Reverse(row.len()), *owner));
        let mut size = (2 * steps).max(alphabet).next_power_of_two();
        loop {
            let slots = vec![Slot { row: FREE, state: NOWHERE, next: NONE }; size];
            let mut table = Table { slots, rows: vec![NONE; owners] };
            let mut taken = vec![false; size];
            if rows.iter().all(|row| table.lay(row, &mut taken)) {
                return table;
            }
            size *= 2;
        }
    }

    fn lay(&mut self, (owner, steps): &Row, taken: &mut [bool]) -> bool {
        let size = self.slots.len() as u32;
        let begin = owner.wrapping_mul(0x9E37_79B1);
        let fits = |row: u32| {
            !taken[row as usize] && steps.iter().all(|(sign, _)| self.slots[self.index(row, *sign)].row == FREE)
        };
        let Some(row) = (0..size).map(|step| begin.wrapping_add(step) & (size - 1)).find(|row| fits(*row)) else {
            return false;
        };
        for (sign, state) in steps {
            let index = self.index(row, *sign);
            self.slots[index] = Slot { row, state: *state, next: NONE };
        }
        taken[row as usize] = true;
        self.rows[*owner as usize] = row;
        true
    }

    fn index(&self, row: u32, sign: u16) -> usize {
        (row ^ u32::from(sign)) as usize & (self.slots.len() - 1)
    }

    /// The slot where a row's step of this sign would be; it may be another's.
    #[inline]
    pub(super) fn at(&self, row: u32, sign: u16) -> Slot {
        self.slots[self.index(row, sign)]
    }

    /// Where each owner's row begins.
    pub(super) fn rows(&self) -> Vec<u32> {
        self.rows.clone()
    }

    /// Writes into each step where the row of its state begins.
    pub(super) fn link(&mut self, rows: &[u32]) {
        for slot in &mut self.slots {
            slot.next = rows.get(slot.state as usize).copied().unwrap_or(NONE);
        }
    }
}

/// A node of the tree.
#[derive(Debug)]
struct Node {
    /// Ascending by sign.
    children: Vec<(u16, u32)>,
    phrase: u32,
    depth: usize,
    /// The node of the longest end of what it stands for that begins a phrase.
    fail: u32,
    /// With the steps of the nodes of two signs and more that it falls back to.
    steps: Vec<(u16, u32)>,
}

/// The phrases as a tree, sign by sign.
pub(super) struct Trie {
    signs: Signs,
    alphabet: usize,
    nodes: Vec<Node>,
    /// Every node behind those above it.
    order: Vec<u32>,
}

impl Trie {
    /// # Errors
    /// There are more signs than numbers.
    pub(super) fn new(phrases: &[String]) -> Result<Self, TooMany> {
        let mut trie =
            Trie { signs: Signs::new(), alphabet: usize::from(UNKNOWN) + 1, nodes: Vec::new(), order: Vec::new() };
        trie.add(0);
        for (phrase, text) in phrases.iter().enumerate() {
            let mut here = ROOT;
            for sign in text.chars() {
                let number = trie.number(sign)?;
                here = trie.child_or_new(here, number);
            }
            trie.nodes[here as usize].phrase = phrase as u32;
        }
        trie.fall_back();
        Ok(trie)
    }

    fn number(&mut self, sign: char) -> Result<u16, TooMany> {
        let next = u16::try_from(self.alphabet).map_err(|_| TooMany)?;
        let number = self.signs.place(sign);
        if *number == UNKNOWN {
            *number = next;
            self.alphabet += 1;
        }
        Ok(*number)
    }

    fn add(&mut self, depth: usize) -> u32 {
        self.nodes.push(Node { children: Vec::new(), phrase: NONE, depth, fail: ROOT, steps: Vec::new() });
        self.nodes.len() as u32 - 1
    }

    fn child_or_new(&mut self, node: u32, sign: u16) -> u32 {
        let children = &self.nodes[node as usize].children;
        match children.binary_search_by_key(&sign, |(own, _)| *own) {
            Ok(at) => children[at].1,
            Err(at) => {
                let child = self.add(self.nodes[node as usize].depth + 1);
                self.nodes[node as usize].children.insert(at, (sign, child));
                child
            }
        }
    }

    fn child(&self, node: u32, sign: u16) -> Option<u32> {
        let children = &self.nodes[node as usize].children;
        children.binary_search_by_key(&sign, |(own, _)| *own).ok().map(|at| children[at].1)
    }

    fn node(&self, node: u32) -> &Node {
        &self.nodes[node as usize]
    }

    /// Finds what each node falls back to, level by level, and gathers the steps of those.
    fn fall_back(&mut self) {
        self.order.push(ROOT);
        let mut next = 0;
        while let Some(&node) = self.order.get(next) {
            next += 1;
            for (sign, child) in self.node(node).children.clone() {
                let mut falls = std::iter::successors((node != ROOT).then(|| self.node(node).fail), |&fail| {
                    (fail != ROOT).then(|| self.node(fail).fail)
                });
                let fail = falls.find_map(|fail| self.child(fail, sign)).unwrap_or(ROOT);
                self.nodes[child as usize].fail = fail;
                self.order.push(child);
            }
            let own = self.node(node);
            let mut steps = own.children.clone();
            let fail = self.node(own.fail);
            if fail.depth >= 2 {
                steps.extend(fail.steps.iter().filter(|(sign, _)| self.child(node, *sign).is_none()));
            }
            self.nodes[node as usize].steps = steps;
        }
    }

    /// Above the number of every sign.
    pub(super) fn alphabet(&self) -> usize {
        self.alphabet
    }

    /// Phrases that end where a node does, the longest first.
    fn phrases(&self, node: u32) -> impl Iterator<Item = u32> {
        let nodes = std::iter::successors(Some(node), |&node| (node != ROOT).then(|| self.node(node).fail));
        nodes.map(|node| self.node(node).phrase).filter(|phrase| *phrase != NONE)
    }

    /// The state of each node, and the first of those at which phrases end. One sign that is no phrase is [`NOWHERE`].
    pub(super) fn numbered(&self) -> (Vec<u32>, u32) {
        let tells = |node: &&u32| self.phrases(**node).next().is_some();
        let silent = self.order.iter().filter(|node| !tells(node) && self.node(**node).depth >= 2);
        let telling = NOWHERE + 1 + silent.clone().count() as u32;
        let mut numbers = vec![NOWHERE; self.nodes.len()];
        for (node, state) in silent.chain(self.order.iter().filter(tells)).zip(NOWHERE + 1..) {
            numbers[*node as usize] = state;
        }
        (numbers, telling)
    }

    /// The steps from nodes of two signs and more.
    pub(super) fn steps(&self, numbers: &[u32]) -> Vec<Row> {
        let rows = self.order.iter().filter(|node| self.node(**node).depth >= 2 && !self.node(**node).steps.is_empty());
        rows.map(|node| {
            let steps = self.node(*node).steps.iter();
            (numbers[*node as usize], steps.map(|(sign, to)| (*sign, numbers[*to as usize])).collect())
        })
        .collect()
    }

    /// The steps from one sign to two, by the number of the sign.
    pub(super) fn pairs(&self, numbers: &[u32]) -> Vec<Row> {
        let row = |(first, node): &(u16, u32)| {
            let children = self.node(*node).children.iter();
            (u32::from(*first), children.map(|(sign, to)| (*sign, numbers[*to as usize])).collect())
        };
        self.node(ROOT).children.iter().map(row).collect()
    }

    /// By number of the sign: its state, where it is a phrase by itself.
    pub(super) fn singles(&self, numbers: &[u32]) -> Vec<u32> {
        let mut singles = vec![NOWHERE; self.alphabet];
        for (sign, node) in &self.node(ROOT).children {
            singles[usize::from(*sign)] = numbers[*node as usize];
        }
        singles
    }

    /// The phrases of each state from `telling` on.
    pub(super) fn told(&self, numbers: &[u32], telling: u32) -> Vec<Vec<u32>> {
        let ends = self.order.iter().filter(|node| numbers[**node as usize] >= telling);
        ends.map(|node| self.phrases(*node).collect()).collect()
    }

    pub(super) fn into_signs(self) -> Signs {
        self.signs
    }
}
