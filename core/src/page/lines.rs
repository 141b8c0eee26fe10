//! Writes the visible text: white space folded, one line a block, with the place of each block.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Block, Extract, Role, Zone};

/// The text so far.
pub(super) struct Lines {
    text: String,
    blocks: Vec<Block>,
    /// Where the open line began.
    line: usize,
    role: Role,
    zone: Zone,
    /// White space is due before the next word.
    space: Option<char>,
    cap: usize,
    cut: bool,
    /// A control sign has what follows on the line shown last to first.
    overridden: bool,
}

impl Lines {
    pub(super) fn new(cap: usize) -> Self {
        Self {
            text: String::with_capacity(8192),
            blocks: Vec::with_capacity(128),
            line: 0,
            role: Role::Plain,
            zone: Zone::Main,
            space: None,
            cap,
            cut: false,
            overridden: false,
        }
    }

    /// Adds text to the open line. What a control sign has shown last to first, up to the end of its line, is read as it is shown.
    pub(super) fn push(&mut self, text: &str, role: Role, zone: Zone) {
        match as_shown(text, &mut self.overridden) {
            Cow::Borrowed(text) => self.add(text, role, zone),
            Cow::Owned(text) => self.add(&text, role, zone),
        }
    }

    fn add(&mut self, text: &str, role: Role, zone: Zone) {
        if self.text.len() >= self.cap {
            self.cut |= !text.trim_ascii().is_empty();
            return;
        }
        let mut rest = text;
        loop {
            let word = rest.trim_start_matches(is_space);
            if word.len() < rest.len() && self.text.len() > self.line {
                self.space.get_or_insert(' ');
            }
            if word.is_empty() {
                return;
            }
            let end = first_low(word.as_bytes());
            if self.text.len() == self.line {
                (self.role, self.zone) = (role, zone);
                self.space = None;
            } else if let Some(space) = self.space.take() {
                self.text.push(space);
            }
            let end = if end == 0 { 1 } else { end }; // A control character that is no space.
            let piece = super::extract::cut(&word[..end], self.cap.saturating_sub(self.text.len()));
            self.cut |= piece.len() < end;
            // A NUL, as any control character, is a word of its own.
            if piece != "\0" {
                self.text.push_str(piece);
            }
            rest = &word[end..];
        }
    }

    /// A table cell begins: a tab before its first word.
    pub(super) fn tab(&mut self) {
        if self.text.len() > self.line {
            self.space = Some('\t');
        }
    }

    /// Ends the open line, if it has any text.
    pub(super) fn end_line(&mut self) {
        self.space = None;
        self.overridden = false;
        if self.text.len() > self.line {
            self.blocks.push(Block { at: self.line..self.text.len(), role: self.role, zone: self.zone });
            self.text.push('\n');
            self.line = self.text.len();
        }
    }

    /// Where the next word will stand (or one before it, if white space is due).
    pub(super) fn position(&self) -> usize {
        self.text.len()
    }

    /// Words after `from` on the open line, or, where it has none, on the line before.
    pub(super) fn recent(&self, from: usize) -> &str {
        let here = &self.text[self.line.max(from.min(self.text.len()))..];
        if !here.trim().is_empty() {
            return here.trim();
        }
        match self.blocks.last() {
            Some(block) if from <= block.at.start => self.text[block.at.clone()].trim(),
            _ => "",
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Puts the title's line before the text, masks ID numbers, and hands everything to the extract.
    pub(super) fn finish(mut self, out: &mut Extract) {
        self.end_line();
        if self.text.ends_with('\n') {
            self.text.pop();
        }
        let mut shift = 0;
        if !out.title.is_empty() {
            shift = out.title.len() + 1;
            let mut whole = String::with_capacity(shift + self.text.len());
            whole.push_str(&out.title);
            whole.push('\n');
            whole.push_str(&self.text);
            self.text = whole;
            self.blocks.insert(0, Block { at: 0..out.title.len(), role: Role::Title, zone: Zone::Main });
        }
        let first = usize::from(shift > 0);
        for block in &mut self.blocks[first..] {
            block.at = block.at.start + shift..block.at.end + shift;
        }
        for link in &mut out.links {
            let (start, end) = (link.at.start + shift, (link.at.end + shift).min(self.text.len()));
            let start = start.min(end);
            let text = &self.text[start..end];
            let lead = text.len() - text.trim_start().len();
            link.at = if text.trim().is_empty() { end..end } else { start + lead..start + lead + text.trim().len() };
        }
        let masked = crate::entities::mask_ids(&self.text);
        if let Cow::Owned(masked) = masked {
            if masked.len() != self.text.len() {
                self.follow(&masked, out);
            }
            self.text = masked;
        }
        out.blocks = self.blocks;
        out.text = self.text;
    }

    /// Masking kept the number of characters but not of bytes (full-width digits became asterisks): moves all ranges along.
    fn follow(&mut self, masked: &str, out: &mut Extract) {
        let mut moved = vec![0; self.text.len() + 1];
        let ends = self.text.char_indices().map(|(i, c)| i + c.len_utf8());
        for (old, (new, c)) in ends.zip(masked.char_indices()) {
            moved[old] = new + c.len_utf8();
        }
        for block in &mut self.blocks {
            block.at = moved[block.at.start]..moved[block.at.end];
        }
        for link in &mut out.links {
            link.at = moved[link.at.start]..moved[link.at.end];
        }
    }
}

/// The right-to-left override, and what ends it: pop, or the left-to-right one.
const OVERRIDE: char = '\u{202E}';
const ENDS: [char; 2] = ['\u{202C}', '\u{202D}'];

static OVERRIDES: LazyLock<Finder> = LazyLock::new(|| Finder::new("\u{202E}"));

/// The text as it is shown where control signs turn it; `open`: what came before it had turned it already.
pub(super) fn as_shown<'t>(text: &'t str, open: &mut bool) -> Cow<'t, str> {
    if !*open && OVERRIDES.find(text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|sign| sign == OVERRIDE || ENDS.contains(&sign)) {
        let said = piece.trim_end_matches([OVERRIDE, ENDS[0], ENDS[1]]);
        if *open {
            out.extend(said.chars().rev());
        } else {
            out.push_str(said);
        }
        if said.len() < piece.len() {
            *open = piece.ends_with(OVERRIDE);
        }
    }
    Cow::Owned(out)
}

/// Where the first space or control character stands: eight bytes at a time, for words of Chinese are whole paragraphs.
fn first_low(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::MAX / 255;
    let (eights, rest) = bytes.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        // The high bit of each byte below 0x21, and by a borrow perhaps of some above the first such.
        let low = eight.wrapping_sub(0x21 * EACH) & !eight & (0x80 * EACH);
        if low != 0 {
            return at * 8 + low.trailing_zeros() as usize / 8;
        }
    }
    rest.iter().position(|byte| *byte <= b' ').map_or(bytes.len(), |at| eights.len() * 8 + at)
}

/// HTML's own white space. U+00A0 and U+3000 are content: browsers show them as they are.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}
