//! A host name as the eye takes it, with the way back to what was written.
//!
//! Two readings of one name are possible: each character alone, or `rn` run together to m. Start at [`Form::plain`].

use std::ops::Range;

use super::skeleton::{fold_byte, fold_char, merged};

/// Names longer than this many bytes after decoding are cut: no A-label of 253 bytes gives more.
const MAX_TEXT: usize = 1024;

/// A name as it looks, each byte with what was really written there.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) look: String,
    /// Per byte of `look`: the written character, `'\0'` inside a character, [`MERGED`] for two that run together.
    raw: Vec<char>,
}

/// Stands for two letters that run together.
pub(super) const MERGED: char = '\u{1}';

impl Form {
    /// The name with each character folded.
    pub(super) fn plain(name: &str) -> Form {
        let mut form = Form { look: String::new(), raw: Vec::new() };
        for c in name.chars() {
            if form.look.len() >= MAX_TEXT {
                break;
            }
            form.push(look_of(c), c);
        }
        form
    }

    /// The same with `rn` read as m and so on; `None` where no such pair stands.
    pub(super) fn merged(name: &str) -> Option<Form> {
        let mut form = Form { look: String::new(), raw: Vec::new() };
        let mut chars = name.chars().map(|c| (fold_char(c), c)).peekable();
        let mut any = false;
        while let Some((c, written)) = chars.next() {
            if form.look.len() >= MAX_TEXT {
                break;
            }
            let pair = chars.peek().and_then(|&(next, _)| {
                let (first, second) = (u8::try_from(c).ok()?, u8::try_from(next).ok()?);
                merged(first, second)
            });
            match pair {
                Some(one) => {
                    chars.next();
                    any = true;
                    form.push(char::from(fold_byte(one)), MERGED);
                }
                None => form.push(look_of(c), written),
            }
        }
        any.then_some(form)
    }

    /// What was written, for showing; letters that run together as the one they make.
    pub(super) fn written(&self, span: Range<usize>) -> String {
        let mut out = String::new();
        for at in span {
            match self.raw[at] {
                '\0' => {}
                MERGED => out.push(char::from(self.look.as_bytes()[at])),
                c => out.push(c),
            }
        }
        out
    }

    fn push(&mut self, look: char, written: char) {
        self.look.push(look);
        self.raw.push(written);
        self.raw.resize(self.look.len(), '\0');
    }

    /// What was written at a byte of `look`.
    pub(super) fn raw(&self, at: usize) -> char {
        self.raw[at]
    }

    /// A letter that needs explaining: separators and digits do not.
    pub(super) fn counts(&self, at: usize) -> bool {
        let raw = self.raw[at];
        raw != '\0' && !raw.is_ascii_digit() && !matches!(raw, '-' | '_' | '.')
    }
}

/// How a character looks.
pub(super) fn look_of(c: char) -> char {
    let c = fold_char(c);
    match u8::try_from(c).map(fold_byte) {
        Ok(look) if c.is_ascii() && look != 0 => char::from(look),
        _ => c,
    }
}

/// How a whole name looks.
pub(super) fn looks(name: &str) -> String {
    name.chars().map(look_of).collect()
}
