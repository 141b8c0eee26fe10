//! The attachments' fifteen columns, a promise to whoever reads them by machine.

use jiff::Timestamp;
use rust_xlsxwriter::XlsxError;

use super::{Ordered, Row, RowState, minute};
use crate::outbox::attachments::{self, Cell, Sheet};

pub(super) const HEADER: [&str; 15] = [
    "状态",
    "案件",
    "类别",
    "目标",
    "网址",
    "标题",
    "依据",
    "联系方式",
    "证书种类",
    "属地",
    "得分",
    "复核",
    "首次发现",
    "最近发现",
    "证据SHA256",
];

const WIDTHS: [f64; 15] = [8.0, 12.0, 18.0, 24.0, 48.0, 36.0, 48.0, 28.0, 18.0, 14.0, 8.0, 12.0, 17.0, 17.0, 66.0];

pub(super) fn csv(ordered: &Ordered<'_>) -> Vec<u8> {
    attachments::csv(&HEADER, rows(ordered))
}

pub(super) fn xlsx(ordered: &Ordered<'_>, created: Timestamp) -> Result<Vec<u8>, XlsxError> {
    attachments::xlsx(&Sheet { name: "线索清单", widths: &WIDTHS, created }, &HEADER, rows(ordered))
}

fn rows<'a>(ordered: &Ordered<'a>) -> impl Iterator<Item = Vec<Cell<'a>>> {
    ordered.sections.iter().flat_map(|(_, rows)| rows.iter().map(|row| cells(row)))
}

fn cells(row: &Row) -> Vec<Cell<'_>> {
    let mut reasons = String::new();
    if row.state == RowState::Withdrawn {
        // A table is read without the body beside it.
        reasons.push_str("此前所列现予撤回，请勿据此处置；原列依据：");
    }
    for (at, reason) in row.reasons.iter().enumerate() {
        reasons.push_str(if at > 0 { "；" } else { "" });
        reasons.push_str(&super::body::reason(&reason.say, &reason.quote));
    }
    vec![
        row.state.as_str().into(),
        row.case.as_str().into(),
        row.kind.as_str().into(),
        row.target.as_str().into(),
        row.url.as_str().into(),
        row.title.as_str().into(),
        reasons.into(),
        row.contacts.join("；").into(),
        row.cert_types.join("、").into(),
        row.areas.join("、").into(),
        tenths(row.score).into(),
        // A withdrawal is an officer's word.
        super::body::checked(row.confirmed || row.state == RowState::Withdrawn).into(),
        minute(row.first_seen).into(),
        minute(row.last_seen).into(),
        row.sha256.as_str().into(),
    ]
}

/// One place; what is below 100 never becomes 100, which would read as certainty.
pub(super) fn tenths(score: f64) -> f64 {
    let rounded = (score * 10.0).round() / 10.0;
    if score < 100.0 { rounded.min(99.9) } else { rounded }
}
