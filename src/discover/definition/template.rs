//! Text with places for the question: `{query}`, `{page}`, `{offset}`.

/// A checked template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Query,
    Page,
    Offset,
}

/// What is put in the places.
#[derive(Debug, Clone, Copy)]
pub struct Slots<'q> {
    /// The query's words.
    pub query: &'q str,
    /// The page as the source counts.
    pub page: u32,
    /// The offset of the page's first result.
    pub offset: u32,
}

impl Template {
    /// Checks a template; what stands in unknown braces is the error.
    pub(super) fn parse(text: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            let close = from.find('}').ok_or_else(|| from.to_owned())?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(match &from[1..close] {
                "query" => Piece::Query,
                "page" => Piece::Page,
                "offset" => Piece::Offset,
                other => return Err(format!("{{{other}}}")),
            });
            rest = &from[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Template(pieces))
    }

    /// Whether the query's words have a place in it.
    pub(super) fn holds_query(&self) -> bool {
        self.0.contains(&Piece::Query)
    }

    /// Whether the page has a place in it.
    pub(super) fn holds_page(&self) -> bool {
        self.0.iter().any(|p| matches!(p, Piece::Page | Piece::Offset))
    }

    /// The text with its places filled; `escape` is applied to the query's words only.
    pub fn fill(&self, slots: Slots<'_>, escape: impl Fn(&str) -> String) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Query => filled.push_str(&escape(slots.query)),
                Piece::Page => filled.push_str(&slots.page.to_string()),
                Piece::Offset => filled.push_str(&slots.offset.to_string()),
            }
        }
        filled
    }
}
