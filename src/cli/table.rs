//! Aligned columns for people. Chinese signs are two columns wide, so widths are measured, not counted.
//!
//! Rows come in batches: each batch is aligned by its own widths, so that a list of a million rows is never held whole.

use unicode_width::UnicodeWidthStr as _;

use super::out::{Out, OutError};
use crate::telemetry::escape;

/// Rows aligned together.
const BATCH: usize = 400;
/// A wider cell pushes its row instead of widening the column.
const WIDEST: usize = 44;
const GAP: &str = "  ";

/// A table on its way out.
pub(super) struct Table {
    header: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
    count: usize,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Table {
        Table { header: Some(header.iter().map(|&title| title.to_owned()).collect()), rows: Vec::new(), count: 0 }
    }

    /// Adds a row; its cells may hold anything.
    pub(super) fn row<const N: usize>(&mut self, out: &mut Out, cells: [String; N]) -> Result<(), OutError> {
        self.rows.push(cells.iter().map(|cell| escape(cell).into_owned()).collect());
        self.count += 1;
        if self.rows.len() >= BATCH { self.print(out) } else { Ok(()) }
    }

    /// Prints what is left, or `empty` where there was no row.
    pub(super) fn end(mut self, out: &mut Out, empty: &str) -> Result<(), OutError> {
        if self.count == 0 {
            return out.line(empty);
        }
        self.print(out)
    }

    fn print(&mut self, out: &mut Out) -> Result<(), OutError> {
        let rows: Vec<Vec<String>> = self.header.take().into_iter().chain(self.rows.drain(..)).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            widths.filter(|width| *width <= WIDEST).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                line.push_str(cell);
                if at + 1 < row.len() {
                    line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width())));
                    line.push_str(GAP);
                }
            }
            out.line(line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn shown(rows: &[[&str; 3]]) -> String {
        let kept = Kept::default();
        let mut out = Out::to(Box::new(kept.clone()), false);
        let mut table = Table::new(&["编号", "类别", "目标"]);
        rows.iter().for_each(|row| table.row(&mut out, row.map(str::to_owned)).unwrap());
        table.end(&mut out, "还没有").unwrap();
        out.flush().unwrap();
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn columns_stand_under_each_other_though_chinese_is_wide() {
        assert_eq!(
            shown(&[["7", "仿冒网站", "a.example"], ["12", "卖证", "微信 demo"]]),
            "编号  类别      目标\n7     仿冒网站  a.example\n12    卖证      微信 demo\n"
        );
    }

    #[test]
    fn a_hostile_cell_stays_in_its_row() {
        let text = shown(&[["1", "卖证", "a\u{1b}[2J\nb"]]);
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn no_rows_are_told_in_words() {
        assert_eq!(shown(&[]), "还没有\n");
    }
}
