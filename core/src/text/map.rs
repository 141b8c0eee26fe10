//! Where each byte of a folded text stood in the text it was made from.
//!
//! A map is a list of runs, each of equal cells: `raw_step` bytes before became `folded_step` bytes after. Plain text is one
//! run of 1:1 bytes (its characters kept their length, so boundaries agree), a deletion is a jump between two runs, an
//! expanded sign is a cell that cannot be cut. It must not know what was folded or why. Start at [`OffsetMap::range`].

use std::ops::Range;

/// One run of equal cells; it lasts until the next run's `folded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    folded: u32,
    raw: u32,
    raw_step: u8,
    folded_step: u8,
}

impl Run {
    /// Where the raw text goes on from the cell at `folded`.
    fn start(self, folded: usize) -> usize {
        let bytes = folded - self.folded as usize;
        // Most runs are plain text, and a division is dear.
        let cells = if self.folded_step == 1 { bytes } else { bytes / usize::from(self.folded_step) };
        self.raw as usize + cells * usize::from(self.raw_step)
    }
}

/// Where the last place stood that was looked up.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    runs: &'a [Run],
    at: usize,
}

impl Cursor<'_> {
    /// The start of what [`OffsetMap::range`] says of a place within the folded text, at a character boundary.
    pub(super) fn start(&mut self, folded: usize) -> usize {
        while self.runs.get(self.at + 1).is_some_and(|next| next.folded as usize <= folded) {
            self.at += 1;
        }
        while self.at > 0 && self.runs[self.at].folded as usize > folded {
            self.at -= 1;
        }
        self.runs.get(self.at).map_or(0, |run| run.start(folded))
    }
}

/// Runs in order of both offsets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OffsetMap {
    runs: Vec<Run>,
}

impl OffsetMap {
    /// Says that the next cell of the folded text, at `folded`, stands for `raw_step` bytes at `raw`.
    pub(super) fn push(&mut self, folded: usize, raw: usize, raw_step: usize, folded_step: usize) {
        debug_assert!(folded_step > 0 && raw_step <= 255 && folded_step <= 255);
        let (folded, raw, raw_step, folded_step) = (folded as u32, raw as u32, raw_step as u8, folded_step as u8);
        if let Some(last) = self.runs.last()
            && (last.raw_step, last.folded_step) == (raw_step, folded_step)
            && last.start(folded as usize) == raw as usize
        {
            return;
        }
        self.runs.push(Run { folded, raw, raw_step, folded_step });
    }

    /// Makes room for so many runs.
    pub(super) fn reserve(&mut self, runs: usize) {
        self.runs.reserve(runs);
    }

    /// Where the raw text stands of a stretch of the folded one that was copied as it is; none of one that was not.
    pub(super) fn copied(&self, folded: Range<usize>) -> Option<usize> {
        let after = self.runs.partition_point(|run| run.folded as usize <= folded.start);
        let run = self.runs[after.checked_sub(1)?];
        let whole = self.runs.get(after).is_none_or(|next| folded.end <= next.folded as usize);
        (whole && run.raw_step == 1 && run.folded_step == 1).then(|| run.start(folded.start))
    }

    /// Forgets every cell at or after `raw`.
    pub(super) fn truncate(&mut self, raw: usize) {
        while self.runs.last().is_some_and(|run| run.raw as usize >= raw) {
            self.runs.pop();
        }
    }

    /// Looks up one place after another; near the one before, it is a step or two.
    pub(super) fn cursor(&self) -> Cursor<'_> {
        Cursor { runs: &self.runs, at: 0 }
    }

    fn run_at(&self, folded: usize) -> Option<Run> {
        let after = self.runs.partition_point(|run| run.folded as usize <= folded);
        after.checked_sub(1).map(|at| self.runs[at])
    }

    /// The bytes before folding that cover `range` of `text`, the folded text. `end` is the raw text's length.
    pub(super) fn range(&self, text: &str, range: Range<usize>, end: usize) -> Range<usize> {
        let start = boundary_before(text, range.start);
        let stop = boundary_after(text, range.end);
        let from = match self.run_at(start) {
            Some(run) if start < text.len() => run.start(start),
            _ => end,
        };
        if stop <= start {
            return from..from;
        }
        // The end is looked up by its last byte, so that what was deleted right after it stays outside.
        let to = match self.run_at(stop - 1) {
            Some(run) => {
                run.raw as usize
                    + (stop - run.folded as usize).div_ceil(usize::from(run.folded_step)) * usize::from(run.raw_step)
            }
            None => end,
        };
        from..to.max(from)
    }

    /// Where the raw offset stands in `text`; what was deleted stands where the text goes on.
    pub(super) fn folded_from(&self, text: &str, raw: usize) -> usize {
        let after = self.runs.partition_point(|run| run.raw as usize <= raw);
        let next = self.runs.get(after).map_or(text.len(), |run| run.folded as usize);
        let Some(run) = after.checked_sub(1).map(|at| self.runs[at]) else { return 0 };
        let cells = (raw - run.raw as usize).checked_div(usize::from(run.raw_step)).unwrap_or(0);
        let at = (run.folded as usize + cells * usize::from(run.folded_step)).min(next);
        boundary_before(text, at)
    }
}

/// The last character boundary at or before `at`, within the text.
pub(crate) fn boundary_before(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where the next byte of a kind stands, from a place on. Most of a text has none, and that is told of many bytes at once.
#[inline]
pub(crate) fn next_byte(bytes: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = from;
    // Not any(): without branches the compiler looks at all of them in one step.
    while bytes[at..].first_chunk::<32>().is_some_and(|chunk| !chunk.iter().fold(false, |any, byte| any | is(*byte))) {
        at += 32;
    }
    bytes[at..].iter().position(|byte| is(*byte)).map(|on| at + on)
}

/// The first character boundary at or after `at`, within the text.
fn boundary_after(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
