//! What stands neither in a page's text nor in its hidden one: its forms, and the name of its host. Read for rules that ask for them
//! (`in = ["表单"]`, `in = ["主机"]`), and only then.
//!
//! A form says little and a name less: what a rule wants nearby (`near`) may stand anywhere on the page, and what it does not want
//! (`unless`) must not stand in the same form or name. Start at [`read`].

use std::ops::Range;

use super::reading::{self, Reading};
use crate::rules::gap::{self, Pieces};
use crate::rules::rule::Place;
use crate::rules::{Wanted, uses};
use crate::text::fold;

/// Forms of a page, and bytes of one that are read.
const FORMS: usize = 64;
const BYTES: usize = 4096;

/// One form, or the name, and which conditions are met in it.
pub(crate) struct Apart {
    place: u8,
    text: String,
    /// Numbers as of [`uses::condition`], each with its words' place in `text`.
    met: Vec<(u32, Range<usize>)>,
}

impl Apart {
    fn met(&self, wanted: &Wanted) -> Option<&Range<usize>> {
        let Wanted::Words(condition) = wanted else { return None };
        let number = uses::condition(*condition) as u32;
        self.met.iter().find(|(met, _)| *met == number).map(|(_, at)| at)
    }
}

/// All of a page, each by itself.
pub(crate) fn read(reading: &Reading) -> Vec<Apart> {
    let mut all = Vec::new();
    for form in reading.extract.forms.iter().take(FORMS) {
        let fields = form.fields.iter().flat_map(|field| [field.label.as_str(), field.name.as_str()]);
        let parts: Vec<&str> = fields.chain([form.action.as_str()]).filter(|part| !part.is_empty()).collect();
        all.push(scanned(reading, Place::Form, crate::page::cut(&parts.join("\n"), BYTES)));
    }
    let shown = crate::host::shown_of(&reading.host.host);
    all.push(scanned(reading, Place::Host, &shown));
    all
}

fn scanned(reading: &Reading, place: Place, text: &str) -> Apart {
    let rules = reading.rules;
    let folded = fold(text);
    let (mut met, mut pieces) = (Vec::new(), Pieces::new(rules.pieces));
    let mut note = |pattern: usize, at: Range<usize>| {
        met.extend(rules.uses.posted(pattern).iter().map(|number| (*number, folded.raw_range(at.clone()))));
    };
    rules.scanner.each_look(folded.as_str(), |pattern, at, look| {
        // Names are glued of words.
        if place == Place::Form && look.is_latin() && !reading::stands_alone(folded.as_str(), &at) {
            return true;
        }
        rules.uses.pieces(pattern).iter().for_each(|piece| pieces.push(*piece, at.clone()));
        if look.is_phrase() {
            note(pattern, at);
        }
        true
    });
    for (number, at) in gap::find(folded.as_str(), &rules.gapped, pieces) {
        note(rules.scanned + number, at);
    }
    Apart { place: place.bit(), text: text.to_owned(), met }
}

/// The words on which a rule rests that asks for such a place, as far as they are met.
pub(crate) fn words<'r>(reading: &'r Reading, index: usize) -> Option<&'r str> {
    let (rule, compiled) = (&reading.rules.rules[index], &reading.rules.compiled[index]);
    let asked = reading.apart().iter().filter(|apart| apart.place & rule.places != 0);
    let fits = |apart: &&Apart| !compiled.unless.iter().any(|wanted| apart.met(wanted).is_some());
    let mut met = asked.filter(fits).filter_map(|apart| {
        let at = compiled.any.iter().find_map(|wanted| apart.met(wanted))?;
        apart.text.get(at.clone())
    });
    met.next()
}

/// Whether words stand in a form or the name.
pub(crate) fn has(reading: &Reading, places: u8, wanted: &Wanted) -> bool {
    reading.apart().iter().any(|apart| apart.place & places != 0 && apart.met(wanted).is_some())
}
