//! What is read apart from the page's own stream of elements: documents in frames, what is there for readers without scripts, and the page
//! itself once more where its sheets ask for it.

use super::{Extractor, FRAMED, FRAMES, LATE, Open, cut};
use crate::page::css::Sheet;
use crate::page::style::Sight;
use crate::page::tag::Tag;
use crate::page::{Limit, Role, Zone};

impl<'u> Extractor<'u> {
    /// An extractor for the same page that knows its sheets from the beginning.
    pub(in crate::page) fn again(&mut self, sheet: Sheet) -> Extractor<'u> {
        let new = Extractor::new(self.base, self.caps);
        let parts = new.parts.knowing(&mut self.parts);
        Extractor { sheet, knows_sheet: true, parts, ..new }
    }

    /// Whether a sheet spoke of what had been read before it.
    pub(super) fn spoke_late(&self, source: &str) -> bool {
        self.late.len() > LATE
            || self
                .late
                .iter()
                .any(|(name, at)| memchr::memmem::find(&source.as_bytes()[..*at], name.as_bytes()).is_some())
    }

    /// A sheet that hides more than it leaves to be seen is for scripts to undo: what it hides is better read as text, and an eye should
    /// look.
    pub(in crate::page) fn sheet_that_hides_too_much(&mut self) -> Option<Sheet> {
        (!self.sheet.shows_all() && self.sheet_hid > self.parts.lines.position())
            .then(|| std::mem::take(&mut self.sheet).showing_all())
    }

    /// Reads the document that a frame has in itself, where the frame stands. Its sheets, forms and the address that its references are
    /// resolved against are its own.
    pub(super) fn framed(&mut self, document: &str, frame: &Open) {
        if self.frames >= FRAMES {
            return self.parts.limit(Limit::Depth);
        }
        let whole = document.len();
        let document = cut(document, FRAMED.saturating_sub(self.framed_bytes));
        if document.len() < whole {
            self.parts.limit(Limit::Bytes);
        }
        self.framed_bytes += document.len();
        let around = self.parts.enter_frame();
        let state = (self.foreign, self.overflow, self.knows_sheet, self.unscripted);
        let sheet = std::mem::replace(&mut self.sheet, Sheet::of_source(document));
        (self.foreign, self.overflow, self.knows_sheet) = (0, 0, true);
        self.frames += 1;
        let open = Open { tag: Tag::Block(Role::Plain), name: "", after: None, ..*frame };
        let mut stack = vec![open];
        self.feed(document, &mut stack);
        self.pop_to(0, &mut stack);
        self.frames -= 1;
        (self.foreign, self.overflow, self.knows_sheet, self.unscripted) = state;
        self.sheet = sheet;
        self.parts.leave_frame(around);
    }

    /// Reads what is shown only where no script runs, as markup; what is nested in it stays text, or it could nest without end.
    pub(super) fn unscripted(&mut self, source: &str) {
        let (tag, name) = (Tag::NoScript, "noscript");
        let sight = Sight::default().inert();
        let mut stack =
            vec![Open { tag, name, sight, by_sheet: false, zone: Zone::Main, role: Role::Plain, after: None }];
        self.unscripted = true;
        self.feed(source, &mut stack);
        self.pop_to(0, &mut stack);
        self.unscripted = false;
    }
}
