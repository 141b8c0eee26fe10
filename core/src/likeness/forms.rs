//! What a form asks for, without the words around it: kinds and names of its fields in their order.
//!
//! A copied look-up keeps the names that the genuine server knew (`sfzh`, `czzh`, `yzm`). A form of one or two fields, or one
//! for logging in, is everybody's.

use crate::page::Form;

/// Forms kept of a page, fields of a form, letters of a name.
const MOST: usize = 6;
const FIELDS: usize = 16;
const NAME: usize = 24;
/// Named fields from which a form is somebody's in particular.
const NAMED: usize = 3;

/// The page's forms, each as `text:sfzh text:xm text:yzm`.
pub(super) fn of(forms: &[Form]) -> Vec<String> {
    let mut shapes: Vec<String> = forms.iter().filter_map(shape).take(MOST).collect();
    shapes.sort_unstable();
    shapes.dedup();
    shapes
}

fn shape(form: &Form) -> Option<String> {
    if form.fields.iter().any(|field| field.kind == "password") {
        return None;
    }
    let asks =
        form.fields.iter().filter(|f| !matches!(f.kind.as_str(), "hidden" | "submit" | "button" | "reset" | "image"));
    let (mut named, mut fields) = (0, Vec::new());
    for field in asks.take(FIELDS) {
        let name: String = field.name.chars().filter(|c| c.is_alphanumeric() || *c == '_').take(NAME).collect();
        named += usize::from(name.chars().filter(|c| c.is_alphabetic()).count() >= 2);
        let kind: String = field.kind.chars().filter(char::is_ascii_lowercase).take(NAME).collect();
        fields.push(format!("{kind}:{}", name.to_lowercase()));
    }
    (named >= NAMED).then(|| fields.join(" "))
}

#[cfg(test)]
mod tests {
    use crate::page::read_text;

    #[test]
    fn a_form_is_told_by_what_it_asks_for() {
        let of = |html: &str| super::of(&read_text(html, None).forms);
        let look_up = "<form><select name=zjlx></select><input name=SFZH><input type=hidden name=t><input name=yzm><input type=submit></form>";
        assert_eq!(of(look_up), ["select:zjlx text:sfzh text:yzm"]);
        assert_eq!(of("<form><input name=q><input name=site></form>"), Vec::<String>::new());
        assert_eq!(
            of("<form><input name=aa><input name=bb><input type=password name=cc></form>"),
            Vec::<String>::new()
        );
    }
}
