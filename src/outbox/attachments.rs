//! Tables for officers' spreadsheets: CSV and XLSX over any headed rows, from a digest or an export.
//!
//! What stands in the cells was written by people who may want it to run: no cell may be a formula, a link or a number that
//! loses digits. CSV has no types, so a cell that a spreadsheet would take for a formula or a long number gets an apostrophe in
//! front; XLSX has types, so a number-like text stays as it is, and a formula-like one carries the apostrophe all the same, because
//! sheets are saved as CSV again. Start at [`csv()`] and [`xlsx()`]; both take the same rows.

use std::borrow::Cow;

use jiff::Timestamp;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

/// What a spreadsheet program lets a cell hold, in UTF-16 units.
const CELL_UNITS: usize = 32_767;
/// Rows on one sheet; the format ends at 1,048,576, and the rest goes to further sheets.
const SHEET_ROWS: u32 = 1_000_000;
const MARK: &str = "'";

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Text of any origin.
    Text(Cow<'a, str>),
    /// A number of our own, never one from a page.
    Number(f64),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// How the XLSX looks besides its cells.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// The tab's name; what the format forbids in it is replaced.
    pub name: &'a str,
    /// Column widths in characters; columns beyond it keep the usual width.
    pub widths: &'a [f64],
    /// Stands in the file as its time of making, so that equal tables are equal files.
    pub created: Timestamp,
}

/// RFC 4180 with a UTF-8 byte order mark, without which Excel reads Chinese as GBK.
pub fn csv<'a>(header: &[&str], rows: impl Iterator<Item = Vec<Cell<'a>>>) -> Vec<u8> {
    let mut out = Vec::from("\u{feff}");
    line(&mut out, header.iter().map(|&title| Cell::from(title)));
    for row in rows {
        line(&mut out, row.into_iter());
    }
    out
}

/// A workbook of strings and numbers with a frozen header row: no formulas, no links.
pub fn xlsx<'a>(
    sheet: &Sheet<'_>,
    header: &[&str],
    rows: impl Iterator<Item = Vec<Cell<'a>>>,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // Measured on 100,000 rows of 15 cells: the usual level takes a third longer and saves a sixth of the size.
    book.set_zip_compression_level(3);
    book.set_properties(&DocProperties::new().set_creation_datetime(&excel_time(sheet.created)?));
    // Streaming through an unnamed temporary file takes half the time and a tenth of the memory; a system without room for
    // temporary files gets the same table from memory.
    let streams = book.set_tempdir(std::env::temp_dir()).is_ok();
    let bold = Format::new().set_bold();
    let mut rows = rows.peekable();
    for number in 1.. {
        let page = if streams { book.add_worksheet_with_constant_memory()? } else { book.add_worksheet() };
        page.set_name(sheet_name(sheet.name, number))?;
        begin(page, sheet, header, &bold)?;
        for (at, row) in (1..=SHEET_ROWS).zip(rows.by_ref()) {
            for (column, cell) in (0..).zip(row) {
                match cell {
                    Cell::Text(text) if text.is_empty() => continue,
                    Cell::Text(text) => page.write_string(at, column, fitting(inert(&text)))?,
                    Cell::Number(number) if number.is_finite() => page.write_number(at, column, number)?,
                    Cell::Number(_) => continue,
                };
            }
        }
        if rows.peek().is_none() {
            break;
        }
    }
    book.save_to_buffer()
}

fn begin(page: &mut Worksheet, sheet: &Sheet<'_>, header: &[&str], bold: &Format) -> Result<(), XlsxError> {
    for (column, title) in (0..).zip(header) {
        page.write_string_with_format(0, column, inert(title), bold)?;
    }
    for (column, width) in (0..).zip(sheet.widths) {
        page.set_column_width(column, *width)?;
    }
    page.set_freeze_panes(1, 0)?;
    Ok(())
}

fn excel_time(time: Timestamp) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::from_timestamp(time.as_second())
}

fn sheet_name(name: &str, number: u32) -> String {
    let plain: String = name.chars().filter(|c| !"[]:*?/\\'".contains(*c) && !c.is_control()).take(24).collect();
    let plain = if plain.is_empty() { "Sheet".to_owned() } else { plain };
    if number == 1 { plain } else { format!("{plain} {number}") }
}

/// One line of CSV; quoted is also what a locale's semicolon or a tab would split.
fn line<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = Cell<'a>>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Number(number) if number.is_finite() => out.extend_from_slice(number.to_string().as_bytes()),
            Cell::Number(_) => {}
            Cell::Text(text) => quoted(out, &text),
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    let text = inert(text);
    let mark = if reads_as_number(&text) { MARK } else { "" };
    if !text.bytes().any(|b| matches!(b, b',' | b';' | b'"' | b' ')) {
        out.extend_from_slice(mark.as_bytes());
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(mark.as_bytes());
    for piece in text.split_inclusive('"') {
        out.extend_from_slice(piece.as_bytes());
        if piece.ends_with('"') {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

/// The text on one line, without what cannot be seen, and with a mark where a spreadsheet would begin to calculate.
pub fn inert(text: &str) -> Cow<'_, str> {
    let clean = one_line(text);
    let changed = matches!(clean, Cow::Owned(_));
    if starts_formula(text) || (changed && starts_formula(&clean)) {
        return Cow::Owned(format!("{MARK}{clean}"));
    }
    clean
}

/// Control characters as spaces; direction marks and characters without width go, because they make one text look like
/// another.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) || !text.chars().any(|c| c.is_control() || unseen(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !unseen(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect())
}

fn unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Quotes and blanks in front do not save a cell: some programs strip them before they look.
fn starts_formula(text: &str) -> bool {
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return false;
    }
    if text.starts_with(['\t', '\r', '\n', '\0']) {
        return true;
    }
    let quote = |c: char| c.is_whitespace() || c.is_control() || unseen(c) || "\"'`“”‘’＂＇".contains(c);
    let first = text.chars().find(|c| !quote(*c));
    first.is_some_and(|c| "=+-@＝＋－＠﹦﹢﹣﹫−".contains(c))
}

/// Eleven digits and more become 1.3E+10 in a narrow column, sixteen lose digits, a leading zero goes, 12e5 is a power.
fn reads_as_number(text: &str) -> bool {
    let text = text.trim();
    let digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    let mut digits = 0;
    let mut powers = 0;
    for c in text.chars() {
        match c {
            c if digit(c) => digits += 1,
            'e' | 'E' if digits > 0 => powers += 1,
            '.' | ',' | ' ' | '-' => {}
            _ => return false,
        }
    }
    digits >= 11 || (digits > 0 && powers == 1) || (digits >= 2 && text.starts_with(['0', '０']) && !text.contains('.'))
}

fn fitting(text: Cow<'_, str>) -> Cow<'_, str> {
    // A character has at least as many bytes as UTF-16 units.
    if text.len() <= CELL_UNITS {
        return text;
    }
    const CUT: &str = "…（过长，已截断）";
    let room = CELL_UNITS - CUT.encode_utf16().count();
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > room
    });
    match end {
        Some((end, _)) if text.encode_utf16().count() > CELL_UNITS => Cow::Owned(format!("{}{CUT}", &text[..end])),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader, Xlsx};

    use super::*;

    fn sheet() -> Sheet<'static> {
        Sheet { name: "清单", widths: &[10.0, 40.0], created: "2026-12-05T00:30:00Z".parse().unwrap() }
    }

    fn rows<'a>(texts: &'a [&'a str]) -> impl Iterator<Item = Vec<Cell<'a>>> {
        texts.iter().map(|text| vec![Cell::from(*text), Cell::from(93.5)])
    }

    fn read_csv(bytes: &[u8]) -> Vec<Vec<String>> {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text);
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    fn read_xlsx(bytes: Vec<u8>) -> Vec<Vec<Data>> {
        let mut book = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        let name = book.sheet_names()[0].clone();
        let formulas = book.worksheet_formula(&name).unwrap();
        assert_eq!(formulas.used_cells().count(), 0, "no cell may be a formula");
        book.worksheet_range(&name).unwrap().rows().map(<[Data]>::to_vec).collect()
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        let hostile = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "＋1",
            "－1",
            "＠A",
            "\"=1",
            "'=1",
            " =1",
            "“＝1”",
            "\u{200b}=1",
            "\u{feff}+1",
            "\u{202e}=1",
            "\0=1",
            "=cmd|' /C calc'!A0",
            "=HYPERLINK(\"http://a.example\",\"点\")",
        ];
        let csv = read_csv(&csv(&["标题", "得分"], rows(&hostile)));
        let xlsx = read_xlsx(xlsx(&sheet(), &["标题", "得分"], rows(&hostile)).unwrap());
        for ((text, csv), xlsx) in hostile.iter().zip(&csv[1..]).zip(&xlsx[1..]) {
            assert!(csv[0].starts_with('\''), "{text:?} became {:?}", csv[0]);
            assert_eq!(xlsx[0], Data::String(csv[0].clone()), "{text:?}");
        }
    }

    #[test]
    fn ordinary_cells_stay_as_they_are() {
        let plain =
            ["不用考试，三天拿证", "http://cx.example.test/?a=1&b=2", "a\"b", "1,5", "a=b", "3.5", "2000", "0.5", ""];
        let csv = read_csv(&csv(&["标题", "得分"], rows(&plain)));
        for (text, csv) in plain.iter().zip(&csv[1..]) {
            assert_eq!(csv[0], *text);
            assert_eq!(csv[1], "93.5");
        }
        let xlsx = read_xlsx(xlsx(&sheet(), &["标题", "得分"], rows(&plain)).unwrap());
        assert_eq!(xlsx[1][0], Data::String(plain[0].to_owned()));
        assert_eq!(xlsx[1][1], Data::Float(93.5));
    }

    #[test]
    fn long_numbers_are_text() {
        let numbers = ["13000001234", "330212199001010000", "057488881234", "007", "12e5", "6222 0000 0000 0000"];
        let csv = read_csv(&csv(&["号码", "得分"], rows(&numbers)));
        let xlsx = read_xlsx(xlsx(&sheet(), &["号码", "得分"], rows(&numbers)).unwrap());
        for ((number, csv), xlsx) in numbers.iter().zip(&csv[1..]).zip(&xlsx[1..]) {
            assert_eq!(csv[0], format!("'{number}"));
            assert_eq!(xlsx[0], Data::String((*number).to_owned()));
        }
    }

    #[test]
    fn a_cell_stays_on_one_line_and_in_its_column() {
        let odd = ["a\r\nb\tc", "x\",\"y", "a;b,c"];
        let csv = read_csv(&csv(&["标题", "得分"], rows(&odd)));
        assert_eq!(csv[1..].iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["a  b c", "x\",\"y", "a;b,c"]);
        assert!(csv.iter().all(|row| row.len() == 2));
    }

    #[test]
    fn a_cell_longer_than_the_format_allows_is_cut_and_says_so() {
        let long = "证".repeat(40_000);
        let xlsx = read_xlsx(xlsx(&sheet(), &["标题", "得分"], rows(&[&long])).unwrap());
        let Data::String(cell) = &xlsx[1][0] else { panic!("not a text: {:?}", xlsx[1][0]) };
        assert!(cell.ends_with("已截断）") && cell.encode_utf16().count() <= CELL_UNITS);
    }

    #[test]
    fn equal_tables_are_equal_files() {
        let table = || xlsx(&sheet(), &["标题", "得分"], rows(&["a", "b"])).unwrap();
        assert_eq!(table(), table());
    }
}
