//! A light tokenizer for HTML, by the rules of the WHATWG standard (§13.2.5), over text that is already decoded.
//!
//! It makes start tags, end tags, text, comments and doctypes and knows the raw-text elements (script with its escaped states,
//! style, title, textarea …). It builds no tree, so what the tree builder repairs (misnested formatting, text moved out of
//! tables) stays as it was written: for reading a page's words that is no loss, and it is why a bomb of nested tags or of
//! attributes costs what its bytes cost and nothing more. It must never copy: every token is a range of the source.
//! Start at [`Tokenizer::next_token`].

use memchr::{memchr, memchr2, memmem};
use std::ops::Range;

/// Attributes kept of one tag; further ones are read over. Real pages stay below 40, bombs have 160,000.
pub const MAX_ATTRIBUTES: usize = 64;

/// One attribute: where its name and its value stand in the source. The value still has its character references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Byte range of the name as written.
    pub name: Range<usize>,
    /// Byte range of the value without quotes; empty where there is none.
    pub value: Range<usize>,
}

/// What the tokenizer found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A start tag, its name as written. Its attributes are in [`Tokenizer::attributes`] until the next call.
    Start {
        /// Name as written, any case.
        name: &'a str,
        /// Written as `<x/>`.
        self_closing: bool,
    },
    /// An end tag, its name as written.
    End {
        /// Name as written, any case.
        name: &'a str,
    },
    /// Text in which character references still have to be replaced.
    Text(&'a str),
    /// Text that is taken as it stands (script, style, CDATA).
    Raw(&'a str),
    /// A comment or what the standard turns into one.
    Comment(&'a str),
    /// A doctype, from after the word to before the `>`.
    Doctype(&'a str),
}

/// How the content of an element is read after its start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Markup.
    Data,
    /// Text with character references up to the element's own end tag (title, textarea).
    RcData,
    /// Text up to the element's own end tag (style, iframe, noframes …).
    RawText,
    /// Script data with its escaped states.
    Script,
    /// Everything that follows is text.
    PlainText,
}

impl Content {
    /// The content model that a start tag of this name switches to in HTML. Scripting is on, as with all readers: what stands in a
    /// `noscript` is text, or a comment that is opened in one could hide what follows it from us and from nobody else.
    pub fn of(name: &str) -> Content {
        let is = |n: &str| name.eq_ignore_ascii_case(n);
        match name.as_bytes().first().map(u8::to_ascii_lowercase) {
            Some(b't') if is("title") || is("textarea") => Content::RcData,
            Some(b's') if is("script") => Content::Script,
            Some(b's') if is("style") => Content::RawText,
            Some(b'i') if is("iframe") => Content::RawText,
            Some(b'n') if is("noscript") || is("noembed") || is("noframes") => Content::RawText,
            Some(b'x') if is("xmp") => Content::RawText,
            Some(b'p') if is("plaintext") => Content::PlainText,
            _ => Content::Data,
        }
    }
}

/// Reads tokens one by one.
pub struct Tokenizer<'a> {
    source: &'a str,
    at: usize,
    attributes: Vec<Attribute>,
    content: Content,
    /// Name of the raw-text element that is open while `content` is not `Data`.
    raw_name: &'a str,
    /// Inside svg or math: titles and styles are markup there, and CDATA sections exist.
    foreign: bool,
}

impl<'a> Tokenizer<'a> {
    /// Starts at the beginning of `source`.
    pub fn new(source: &'a str) -> Self {
        Self { source, at: 0, attributes: Vec::with_capacity(16), content: Content::Data, raw_name: "", foreign: false }
    }

    /// Starts in the middle of an element's content, as a fragment parser does.
    pub fn with_content(source: &'a str, content: Content, element: &'a str) -> Self {
        Self { content, raw_name: element, ..Self::new(source) }
    }

    /// Tells the tokenizer that it stands inside svg or math.
    pub fn set_foreign(&mut self, foreign: bool) {
        self.foreign = foreign;
    }

    /// Goes on reading markup, whatever element was opened: for who looks for tags before it is known what they are in.
    pub(super) fn read_as_markup(&mut self) {
        self.content = Content::Data;
    }

    /// The attributes of the start tag that was returned last, at most [`MAX_ATTRIBUTES`].
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The raw value of the first attribute of that name (lower case), if there is one.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let source = self.source;
        self.attributes
            .iter()
            // Most are told apart by their length.
            .find(|a| a.name.len() == name.len() && source[a.name.clone()].eq_ignore_ascii_case(name))
            .map(|a| &source[a.value.clone()])
    }

    /// The names, as written, and raw values of all its attributes.
    pub fn named(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let source = self.source;
        self.attributes.iter().map(move |a| (&source[a.name.clone()], &source[a.value.clone()]))
    }

    /// How far the source has been read, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next token, or nothing at the end. A tag that the end cuts off is not a tag, as the standard says.
    pub fn next_token(&mut self) -> Option<Token<'a>> {
        match self.content {
            Content::Data => self.data(),
            Content::PlainText => {
                let rest = self.rest();
                self.at = self.source.len();
                (!rest.is_empty()).then_some(Token::Raw(rest))
            }
            _ => self.raw(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn data(&mut self) -> Option<Token<'a>> {
        let bytes = self.source.as_bytes();
        loop {
            let start = self.at;
            if start >= bytes.len() {
                return None;
            }
            // Text runs to the next '<' that opens something.
            let mut look = start;
            let open = loop {
                match memchr(b'<', &bytes[look..]) {
                    None => break bytes.len(),
                    Some(i) => {
                        let lt = look + i;
                        match bytes.get(lt + 1) {
                            Some(b'!' | b'?' | b'/') => break lt,
                            Some(b) if b.is_ascii_alphabetic() => break lt,
                            _ => look = lt + 1,
                        }
                    }
                }
            };
            if open > start {
                self.at = open;
                return Some(Token::Text(&self.source[start..open]));
            }
            match bytes[open + 1] {
                b'!' => return Some(self.declaration(open + 2)),
                b'?' => return Some(self.bogus(open + 1)),
                b'/' => match bytes.get(open + 2) {
                    None => {
                        self.at = bytes.len();
                        return Some(Token::Text(&self.source[open..]));
                    }
                    Some(b'>') => self.at = open + 3,
                    Some(b) if b.is_ascii_alphabetic() => {
                        let (name, _) = self.tag(open + 2)?;
                        return Some(Token::End { name });
                    }
                    Some(_) => return Some(self.bogus(open + 2)),
                },
                _ => {
                    let (name, self_closing) = self.tag(open + 1)?;
                    if !self.foreign {
                        self.content = Content::of(name);
                        self.raw_name = name;
                    }
                    return Some(Token::Start { name, self_closing });
                }
            }
        }
    }

    /// A comment that is none: everything to the next '>'.
    fn bogus(&mut self, from: usize) -> Token<'a> {
        let bytes = self.source.as_bytes();
        let end = memchr(b'>', &bytes[from..]).map_or(bytes.len(), |i| from + i);
        self.at = (end + 1).min(bytes.len());
        Token::Comment(&self.source[from..end])
    }

    fn declaration(&mut self, from: usize) -> Token<'a> {
        let bytes = self.source.as_bytes();
        let after = &bytes[from..];
        if after.starts_with(b"--") {
            return self.comment(from + 2);
        }
        if after.len() >= 7 && after[..7].eq_ignore_ascii_case(b"doctype") {
            let start = from + 7;
            let end = memchr(b'>', &bytes[start..]).map_or(bytes.len(), |i| start + i);
            self.at = (end + 1).min(bytes.len());
            return Token::Doctype(&self.source[start..end]);
        }
        if self.foreign && after.starts_with(b"[CDATA[") {
            let start = from + 7;
            let end = memmem::find(&bytes[start..], b"]]>").map_or(bytes.len(), |i| start + i);
            self.at = (end + 3).min(bytes.len());
            return Token::Raw(&self.source[start..end]);
        }
        self.bogus(from)
    }

    fn comment(&mut self, start: usize) -> Token<'a> {
        let bytes = self.source.as_bytes();
        // `<!-->` and `<!--->` are closed at once.
        for abrupt in [&b">"[..], b"->"] {
            if bytes[start..].starts_with(abrupt) {
                self.at = start + abrupt.len();
                return Token::Comment("");
            }
        }
        let mut look = start;
        while let Some(i) = memmem::find(&bytes[look..], b"--") {
            let dashes = look + i;
            for close in [&b">"[..], b"!>"] {
                if bytes[dashes + 2..].starts_with(close) {
                    self.at = dashes + 2 + close.len();
                    return Token::Comment(&self.source[start..dashes]);
                }
            }
            look = dashes + 1;
        }
        self.at = bytes.len();
        // What the end of the file cuts off keeps neither its dashes nor its bang.
        let rest = &self.source[start..];
        let rest = rest.strip_suffix("--!").or_else(|| rest.strip_suffix("--")).or_else(|| rest.strip_suffix('-'));
        Token::Comment(rest.unwrap_or(&self.source[start..]))
    }

    /// Reads a tag whose name starts at `from`, up to and over its '>'. Nothing when the source ends first.
    fn tag(&mut self, from: usize) -> Option<(&'a str, bool)> {
        let bytes = self.source.as_bytes();
        self.attributes.clear();
        let mut at = from;
        while at < bytes.len() && !matches!(bytes[at], b'\t' | b'\n' | b'\r' | b'\x0c' | b' ' | b'/' | b'>') {
            at += 1;
        }
        let name = from..at;
        let mut self_closing = false;
        loop {
            // Before an attribute's name.
            while at < bytes.len() && matches!(bytes[at], b'\t' | b'\n' | b'\r' | b'\x0c' | b' ') {
                at += 1;
            }
            match bytes.get(at) {
                None => {
                    self.at = bytes.len();
                    return None;
                }
                Some(b'>') => break,
                Some(b'/') => {
                    at += 1;
                    if bytes.get(at) == Some(&b'>') {
                        self_closing = true;
                        break;
                    }
                }
                Some(_) => {
                    let start = at;
                    at += 1; // A '=' here is part of the name.
                    while at < bytes.len()
                        && !matches!(bytes[at], b'\t' | b'\n' | b'\r' | b'\x0c' | b' ' | b'/' | b'>' | b'=')
                    {
                        at += 1;
                    }
                    let key = start..at;
                    while at < bytes.len() && matches!(bytes[at], b'\t' | b'\n' | b'\r' | b'\x0c' | b' ') {
                        at += 1;
                    }
                    let value = if bytes.get(at) == Some(&b'=') {
                        let (value, next) = value(bytes, at + 1);
                        at = next;
                        value
                    } else {
                        at..at
                    };
                    if self.attributes.len() < MAX_ATTRIBUTES {
                        self.attributes.push(Attribute { name: key, value });
                    }
                }
            }
        }
        self.at = at + 1;
        Some((&self.source[name], self_closing))
    }

    /// Text of a raw element, then its end tag.
    fn raw(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let bytes = self.source.as_bytes();
        if start >= bytes.len() {
            return None;
        }
        let end = match self.content {
            Content::Script => script_end(bytes, start, self.raw_name.as_bytes()),
            _ => raw_end(bytes, start, self.raw_name.as_bytes()),
        };
        if end > start {
            self.at = end;
            let text = &self.source[start..end];
            return Some(if self.content == Content::RcData { Token::Text(text) } else { Token::Raw(text) });
        }
        self.content = Content::Data;
        let (name, _) = self.tag(start + 2)?;
        Some(Token::End { name })
    }
}

/// Reads an attribute's value from after its '='; gives its range and where to go on.
fn value(bytes: &[u8], mut at: usize) -> (Range<usize>, usize) {
    while at < bytes.len() && matches!(bytes[at], b'\t' | b'\n' | b'\r' | b'\x0c' | b' ') {
        at += 1;
    }
    match bytes.get(at) {
        Some(&quote @ (b'"' | b'\'')) => {
            let start = at + 1;
            let end = memchr(quote, &bytes[start..]).map_or(bytes.len(), |i| start + i);
            (start..end, (end + 1).min(bytes.len()))
        }
        Some(b'>') | None => (at..at, at),
        Some(_) => {
            let start = at;
            while at < bytes.len() && !matches!(bytes[at], b'\t' | b'\n' | b'\r' | b'\x0c' | b' ' | b'>') {
                at += 1;
            }
            (start..at, at)
        }
    }
}

/// Is there a whole tag name `name` at `at`, followed by what ends a name?
fn names(bytes: &[u8], at: usize, name: &[u8]) -> bool {
    !name.is_empty()
        && bytes.len() > at + name.len()
        && bytes[at..at + name.len()].eq_ignore_ascii_case(name)
        && matches!(bytes[at + name.len()], b'\t' | b'\n' | b'\r' | b'\x0c' | b' ' | b'/' | b'>')
}

/// Where the end tag of a raw-text element opens.
fn raw_end(bytes: &[u8], start: usize, name: &[u8]) -> usize {
    memmem::find_iter(&bytes[start..], b"</")
        .map(|i| start + i)
        .find(|&i| names(bytes, i + 2, name))
        .unwrap_or(bytes.len())
}

/// Where the end tag of a script opens: `<!-- <script> </script>` inside a script does not end it (§13.2.5.20 ff.). `name` is the
/// element's own; the pair that stands inside is called script whatever that is.
fn script_end(bytes: &[u8], start: usize, name: &[u8]) -> usize {
    #[derive(PartialEq)]
    enum Escape {
        No,
        Once,
        Twice,
    }
    let mut state = Escape::No;
    let mut at = start;
    while let Some(i) = memchr2(b'<', b'-', &bytes[at..]) {
        at += i;
        let here = &bytes[at..];
        if here.starts_with(b"-->") && state != Escape::No {
            state = Escape::No;
            at += 3;
        } else if here.starts_with(b"<!--") && state == Escape::No {
            state = Escape::Once;
            at += 2; // the dashes may also close it: `<!-->`
        } else if state == Escape::Twice && here.starts_with(b"</") && names(bytes, at + 2, b"script") {
            state = Escape::Once;
            at += 8;
        } else if state != Escape::Twice && here.starts_with(b"</") && names(bytes, at + 2, name) {
            return at;
        } else if state == Escape::Once && here.starts_with(b"<") && names(bytes, at + 1, b"script") {
            state = Escape::Twice;
            at += 7;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod conformance_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, wanted: &[&str]) {
        let mut tokenizer = Tokenizer::new(html);
        let mut found = Vec::new();
        while let Some(token) = tokenizer.next_token() {
            found.push(match token {
                Token::Start { name, self_closing } => {
                    let mut s = format!("<{name}");
                    for a in tokenizer.attributes() {
                        s += &format!(" {}={}", &html[a.name.clone()], &html[a.value.clone()]);
                    }
                    s + if self_closing { "/>" } else { ">" }
                }
                Token::End { name } => format!("</{name}>"),
                Token::Text(t) => format!("T:{t}"),
                Token::Raw(t) => format!("R:{t}"),
                Token::Comment(t) => format!("C:{t}"),
                Token::Doctype(t) => format!("D:{t}"),
            });
        }
        assert_eq!(found, wanted, "{html}");
    }

    #[test]
    fn tags_and_attributes_are_read_as_the_standard_says() {
        check("a<b>c</b>", &["T:a", "<b>", "T:c", "</b>"]);
        check("<a href=x title='1>2' b = \"q\" c>", &["<a href=x title=1>2 b=q c=>"]);
        check("<br/><img src=a/>", &["<br/>", "<img src=a/>"]);
        check("<a =x=y>", &["<a =x=y>"]);
        check("<a b=>c", &["<a b=>", "T:c"]);
        check("<p a='x'b='y'>", &["<p a=x b=y>"]);
        check("<div", &[]);
        check("<div a='x", &[]);
        check("1 < 2 <3 a<>b", &["T:1 < 2 <3 a<>b"]);
        check("</>a</ b>c</", &["T:a", "C: b", "T:c", "T:</"]);
    }

    #[test]
    fn comments_close_where_browsers_close_them() {
        check(
            "<!---->a<!-->b<!--->c<!-- x --!>d<!-- - -- -->e",
            &["C:", "T:a", "C:", "T:b", "C:", "T:c", "C: x ", "T:d", "C: - -- ", "T:e"],
        );
        check("<!doctype html><?php x ?><!foo>", &["D: html", "C:?php x ?", "C:foo"]);
        check("<!-- never closed <b>", &["C: never closed <b>"]);
    }

    #[test]
    fn raw_text_ends_only_at_its_own_end_tag() {
        check("<title>a<b>&amp;</title>x", &["<title>", "T:a<b>&amp;", "</title>", "T:x"]);
        check("<style>a</b></styles></STYLE >x", &["<style>", "R:a</b></styles>", "</STYLE>", "T:x"]);
        check("<script>if(a</b/)</script>x", &["<script>", "R:if(a</b/)", "</script>", "T:x"]);
        check(
            "<script><!--<script></script>--></script>x",
            &["<script>", "R:<!--<script></script>-->", "</script>", "T:x"],
        );
        check("<script><!--></script>x", &["<script>", "R:<!-->", "</script>", "T:x"]);
        check("<textarea>", &["<textarea>"]);
    }

    #[test]
    fn a_bomb_of_attributes_keeps_only_some() {
        let bomb = format!("<a {}>x", "b=1 ".repeat(100_000));
        let mut tokenizer = Tokenizer::new(&bomb);
        assert!(matches!(tokenizer.next_token(), Some(Token::Start { name: "a", .. })));
        assert_eq!(tokenizer.attributes().len(), MAX_ATTRIBUTES);
        assert_eq!(tokenizer.next_token(), Some(Token::Text("x")));
    }
}
