//! Any text is folded and squeezed; what is found in the result stands in the raw text, in order and on character boundaries.
#![no_main]

use jianzheng_core::text::{fold, squeeze};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    let folded = fold(raw);
    let text = folded.as_str();
    let mut before = 0;
    for (at, sign) in text.char_indices() {
        let place = folded.raw_range(at..at + sign.len_utf8());
        assert!(raw.get(place.clone()).is_some(), "{place:?} is no text of {raw:?}");
        assert!(before <= place.start, "{raw:?} goes back at {at}");
        before = place.start;
    }
    let mut last = 0;
    for (at, _) in raw.char_indices() {
        let here = folded.folded_from(at);
        assert!(last <= here && text.is_char_boundary(here));
        last = here;
    }
    let squeezed = squeeze(&folded);
    for (at, sign) in squeezed.as_str().char_indices() {
        let place = squeezed.raw_range(at..at + sign.len_utf8());
        assert!(raw.get(place.clone()).is_some(), "{place:?} is no text of {raw:?}");
    }
});
