//! `hits export`: the fields of `hits list` as NDJSON, CSV or XLSX.
//!
//! One list of fields serves all three, taken from the row's own JSON, so that a field added there is never forgotten here.
//! Tables go through [`crate::outbox::attachments`], which lets no cell run. Start at [`export`].

use jiff::Timestamp;
use serde_json::Value;

use super::rows::HitRow;
use crate::outbox::attachments::{self, Cell, Sheet};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    Ndjson,
    /// RFC 4180 with a byte order mark.
    Csv,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// The format of a word or a file's ending.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The workbook.
    #[error("表格没有做成：{0}")]
    Table(#[from] rust_xlsxwriter::XlsxError),
    /// A row.
    #[error("第 {row} 行写不成 JSON：{why}")]
    Row {
        /// From 1.
        row: usize,
        /// The writer's words.
        why: serde_json::Error,
    },
}

/// Columns, in order: the fields of a line of `hits list`, with those of objects behind a dot.
const COLUMNS: [&str; 34] = [
    "id",
    "url",
    "final_url",
    "host",
    "title",
    "verdict",
    "score",
    "route",
    "routes",
    "authority",
    "notes",
    "case",
    "state",
    "first_seen",
    "last_seen",
    "source",
    "query",
    "chain",
    "entities.phones",
    "entities.wechat",
    "entities.qq",
    "entities.telegram",
    "entities.emails",
    "entities.icp",
    "cert_types",
    "areas",
    "reasons",
    "capture.sha256",
    "capture.sm3",
    "capture.warc",
    "capture.offset",
    "capture.time",
    "label",
    "rules",
];

/// All rows as one file. `created` stands in a workbook as its time of making.
pub fn export(rows: &[HitRow], format: Format, created: Timestamp) -> Result<Vec<u8>, ExportError> {
    let json =
        |row: usize, hit: &HitRow| serde_json::to_value(hit).map_err(|why| ExportError::Row { row: row + 1, why });
    if format == Format::Ndjson {
        let mut out = Vec::new();
        for (n, hit) in rows.iter().enumerate() {
            serde_json::to_writer(&mut out, hit).map_err(|why| ExportError::Row { row: n + 1, why })?;
            out.push(b'\n');
        }
        return Ok(out);
    }
    let values: Vec<Value> = rows.iter().enumerate().map(|(n, hit)| json(n, hit)).collect::<Result<_, _>>()?;
    let cells = values.iter().map(|value| COLUMNS.iter().map(|column| cell(value, column)).collect());
    match format {
        Format::Csv => Ok(attachments::csv(&COLUMNS, cells)),
        Format::Ndjson | Format::Xlsx => {
            let sheet = Sheet { name: "线索", widths: &[8.0, 48.0, 48.0, 24.0, 36.0, 12.0, 8.0], created };
            Ok(attachments::xlsx(&sheet, &COLUMNS, cells)?)
        }
    }
}

fn cell<'a>(row: &'a Value, column: &str) -> Cell<'a> {
    let value = column.split('.').try_fold(row, |value, field| value.get(field));
    match value {
        None | Some(Value::Null) => "".into(),
        Some(Value::String(text)) => text.as_str().into(),
        // Numbers are ours: ids, scores, offsets.
        Some(Value::Number(number)) => number.as_f64().map_or_else(|| number.to_string().into(), Cell::from),
        Some(Value::Array(all)) => all.iter().map(joined).collect::<Vec<_>>().join("；").into(),
        Some(other) => joined(other).into(),
    }
}

/// One element of a list; a reason reads `承诺免考（“不用考試”）`.
fn joined(value: &Value) -> String {
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => match (field("say"), field("quote")) {
            (say, "") => say.to_owned(),
            (say, quote) => format!("{say}（“{quote}”）"),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
