//! What declarations do to what readers see: whether they hide it, and whether they show it last to first.
//!
//! The same for an element's own style and for the rules of a sheet ([`super::css`]). Nothing is laid out: only declarations that by
//! themselves take text from readers' sight are known. Start at [`Style::read`].

/// `display: none`.
const GONE: u8 = 1;
/// `visibility: hidden`. What is inside may be seen again.
const UNSEEN: u8 = 2;
/// `font-size: 0`. What is inside may have a size again.
const SMALL: u8 = 4;
/// `opacity: 0`.
const CLEAR: u8 = 8;
/// Far outside of the window.
const AWAY: u8 = 16;
/// `direction: rtl`.
const LEFTWARD: u8 = 32;
/// `unicode-bidi: bidi-override`.
const OVERRIDE: u8 = 64;
/// A template, or for readers without scripts. Nothing inside is shown.
pub(super) const INERT: u8 = 128;

const HIDES: u8 = GONE | UNSEEN | SMALL | CLEAR | AWAY | INERT;
const TURNS: u8 = LEFTWARD | OVERRIDE;

/// Where a text is far outside of the window, in pixels: in a sheet and in an element's own style. Sheets draw wide pictures in from the
/// left by less.
const FAR_IN_SHEET: f32 = 999.0;
const FAR: f32 = 100.0;

/// What some properties are said to be, as bits: which are spoken of, and which of these hide or turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Effects {
    said: u8,
    on: u8,
}

impl Effects {
    fn say(&mut self, bits: u8, on: bool) {
        self.said |= bits;
        if on {
            self.on |= bits;
        } else if bits != AWAY {
            // Of the several properties that put a text away one is enough.
            self.on &= !bits;
        }
    }

    /// What holds where `stronger` has the last word.
    fn under(self, stronger: Effects) -> Effects {
        Effects { said: self.said | stronger.said, on: self.on & !stronger.said | stronger.on }
    }

    /// Only what shows, nothing that hides or turns.
    fn showing(self) -> Effects {
        Effects { said: self.said & !self.on, on: 0 }
    }
}

/// A block of declarations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    plain: Effects,
    important: Effects,
}

impl Style {
    /// An element's own style.
    pub(super) fn own(declarations: &str) -> Style {
        Self::read(declarations, FAR, &mut |_| {})
    }

    /// The declarations of a rule in a sheet; `content` is shown what they write before or after elements.
    pub(super) fn of_rule(declarations: &str, content: &mut dyn FnMut(&str)) -> Style {
        Self::read(declarations, FAR_IN_SHEET, content)
    }

    fn read(declarations: &str, far: f32, content: &mut dyn FnMut(&str)) -> Style {
        let mut style = Style::default();
        // What comes into sight by moving is not hidden for long, and a picture is drawn in from its middle.
        let (mut moves, mut middle) = (false, false);
        let mut rest = declarations;
        while let Some((property, value)) = next(&mut rest) {
            let mut room = [0; 32];
            let Some(name) = room.get_mut(..property.len()) else { continue };
            name.copy_from_slice(property);
            name.make_ascii_lowercase();
            let (value, important) = match value.strip_suffix(|sign: char| matches!(sign, 't' | 'T')) {
                Some(_) => without_important(value),
                None => (value, false),
            };
            let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
            let effects = if important { &mut style.important } else { &mut style.plain };
            match &*name {
                b"display" => effects.say(GONE, is(&["none"])),
                b"visibility" => effects.say(UNSEEN, is(&["hidden", "collapse"])),
                b"opacity" => effects.say(CLEAR, number(value).is_some_and(|(number, _)| number == 0.0)),
                b"font-size" => match number(value) {
                    Some((0.0, _)) => effects.say(SMALL, true),
                    // So much of nothing is nothing.
                    Some((_, "em" | "%" | "ex" | "ch")) => {}
                    None if is(&["inherit", "smaller", "larger"]) => {}
                    _ => effects.say(SMALL, false),
                },
                b"font" if value.starts_with("0/0") => effects.say(SMALL, true),
                b"font" if ["px", "pt", "rem"].iter().any(|unit| value.contains(unit)) => effects.say(SMALL, false),
                b"text-indent" | b"left" | b"top" | b"margin-left" => {
                    let (number, unit) = number(value).unwrap_or_default();
                    let pixels = match unit {
                        "em" | "rem" | "ch" | "ex" => number * 16.0,
                        "pt" => number * 1.33,
                        _ => number,
                    };
                    middle |= name == b"left" && unit == "%" && number > 0.0;
                    effects.say(AWAY, pixels <= -far && !(middle && name == b"margin-left"));
                }
                b"direction" => effects.say(LEFTWARD, is(&["rtl"])),
                b"unicode-bidi" => effects.say(OVERRIDE, is(&["bidi-override", "isolate-override"])),
                b"transition" | b"animation" => moves = true,
                b"content" => content(value),
                _ if name.starts_with(b"animation-") || name.starts_with(b"transition-") => moves = true,
                _ => {}
            }
        }
        if moves {
            for effects in [&mut style.plain, &mut style.important] {
                let brought = CLEAR | UNSEEN | AWAY;
                (effects.said, effects.on) = (effects.said & !brought, effects.on & !brought);
            }
        }
        style
    }

    /// Says nothing that counts.
    pub(super) fn is_empty(self) -> bool {
        self == Style::default()
    }

    /// Hides or turns something.
    pub(super) fn acts(self) -> bool {
        (self.plain.on | self.important.on) != 0
    }

    /// Only what shows: of a rule that may be meant for the element or not.
    pub(super) fn showing(self) -> Style {
        Style { plain: self.plain.showing(), important: self.important.showing() }
    }

    /// What holds where `later` is as strong or stronger.
    pub(super) fn under(self, later: Style) -> Style {
        Style { plain: self.plain.under(later.plain), important: self.important.under(later.important) }
    }

    /// The same of a block, in which nothing is small for good: that is how sheets close the gaps between what stands in a row.
    pub(super) fn of_block(mut self) -> Style {
        for effects in [&mut self.plain, &mut self.important] {
            effects.on &= !SMALL;
        }
        self
    }

    /// Turns nothing, or hides nothing.
    pub(super) fn without_hiding(mut self) -> Style {
        for effects in [&mut self.plain, &mut self.important] {
            (effects.said, effects.on) = (effects.said & TURNS, effects.on & TURNS);
        }
        self
    }
}

/// How an element is seen: what hides it, itself or from around.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sight(u8);

impl Sight {
    /// Never shown, whatever styles say.
    pub(super) fn inert(self) -> Sight {
        Sight(self.0 | INERT)
    }

    /// Turned by an attribute.
    pub(super) fn turned(self) -> Sight {
        Sight(self.0 | TURNS)
    }

    /// Gone by an attribute.
    pub(super) fn gone(self) -> Sight {
        Sight(self.0 | GONE)
    }

    /// Of an element in this one that `sheet` speaks of, and its `own` style; `leftward`: an attribute turns its direction.
    pub(super) fn styled(self, sheet: Style, own: Style, leftward: bool) -> Sight {
        let start = Effects { said: TURNS, on: if leftward { LEFTWARD } else { 0 } };
        let effects = start.under(sheet.plain).under(own.plain).under(sheet.important).under(own.important);
        let seen_again = effects.said & !effects.on & (UNSEEN | SMALL);
        let hidden = self.0 & !TURNS & !seen_again | effects.on & HIDES;
        // What stands in turned letters is turned with them.
        let turned = self.is_turned() || effects.on & TURNS == TURNS;
        Sight(hidden | if turned { TURNS } else { 0 })
    }

    /// Readers do not see it.
    pub(super) fn is_hidden(self) -> bool {
        self.0 & HIDES != 0
    }

    /// Nobody is ever shown it: styles in it are none.
    pub(super) fn is_inert(self) -> bool {
        self.0 & INERT != 0
    }

    /// Its letters are shown last to first.
    pub(super) fn is_turned(self) -> bool {
        self.0 & TURNS == TURNS
    }
}

/// The next declaration of a property that may count, and what follows it.
fn next<'t>(rest: &mut &'t str) -> Option<(&'t [u8], &'t str)> {
    loop {
        let text = rest.trim_ascii_start();
        let first = text.bytes().next()?;
        let (declaration, after) = match memchr::memchr(b';', text.as_bytes()) {
            Some(end) => (&text[..end], &text[end + 1..]),
            None => (text, ""),
        };
        *rest = after;
        // Most properties neither hide nor turn.
        if !matches!(first | 32, b'd' | b'v' | b'f' | b'o' | b't' | b'l' | b'm' | b'u' | b'a' | b'c') {
            continue;
        }
        if let Some(colon) = declaration.bytes().position(|byte| byte == b':') {
            return Some((declaration.as_bytes()[..colon].trim_ascii_end(), declaration[colon + 1..].trim_ascii()));
        }
    }
}

fn without_important(value: &str) -> (&str, bool) {
    match value.rsplit_once('!') {
        Some((value, word)) if word.trim_ascii().eq_ignore_ascii_case("important") => (value.trim_ascii_end(), true),
        _ => (value, false),
    }
}

/// The number that a value begins with, and its unit.
fn number(value: &str) -> Option<(f32, &str)> {
    let end = value.bytes().position(|byte| !byte.is_ascii_digit() && !matches!(byte, b'-' | b'+' | b'.'));
    let (number, unit) = value.split_at(end.unwrap_or(value.len()));
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(own: &str) -> Sight {
        Sight::default().styled(Style::default(), Style::own(own), false)
    }

    #[test]
    fn declarations_hide_or_do_not() {
        for hides in [
            "display:none",
            " COLOR:red; Display : None !important ",
            "visibility:hidden",
            "font-size:0",
            "font-size:0.0em",
            "opacity: 0",
            "text-indent:-9999px",
            "position:absolute;left:-999em",
            "font:0/0 a",
            "display:block;display:none",
            "display:none!important;display:block",
        ] {
            assert!(sight(hides).is_hidden(), "{hides}");
        }
        for shows in [
            "",
            "display:block",
            "font-size:0.9em",
            "opacity:.5",
            "text-indent:-1.5em",
            "left:-20px",
            "display:none;display:block",
            "left:50%;margin-left:-480px",
            "opacity:0;transition:opacity .3s",
            "display",
        ] {
            assert!(!sight(shows).is_hidden(), "{shows}");
        }
    }

    #[test]
    fn what_is_inside_may_be_seen_again() {
        let inside =
            |around: &str, own: &str| sight(around).styled(Style::default(), Style::own(own), false).is_hidden();
        assert!(inside("display:none", "display:block"));
        assert!(inside("font-size:0", ""));
        assert!(inside("font-size:0", "font-size:2em"));
        assert!(!inside("font-size:0", "font-size:14px"));
        assert!(!inside("visibility:hidden", "visibility:visible"));
    }

    #[test]
    fn letters_are_turned_by_direction_and_override_together() {
        assert!(sight("direction:rtl;unicode-bidi:bidi-override").is_turned());
        assert!(!sight("direction:rtl").is_turned());
        assert!(Sight::default().styled(Style::default(), Style::own("unicode-bidi:bidi-override"), true).is_turned());
    }
}
