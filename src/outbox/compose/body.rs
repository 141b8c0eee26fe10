//! What a digest says, as blocks that are then rendered as text and as HTML.
//!
//! Every text from a page goes through [`said`] on its way here: one line, of bounded length, nothing clickable.

use jianzheng_core::entities::mask_url;

use super::{DigestContent, Ordered, Row, RowState, defang, minute, one_line, shanghai, table::tenths};

/// So many rows stand in the body; all of them are in the attachments.
const BODY_ROWS: usize = 500;
const TITLE_CHARS: usize = 120;
const URL_CHARS: usize = 500;
const REASONS: usize = 6;
const CONTACTS: usize = 12;

/// A piece of the body.
pub(super) enum Block {
    Heading(String),
    Paragraph(String),
    List(Vec<String>),
    Item { head: String, note: Option<&'static str>, fields: Vec<(&'static str, String)> },
}

pub(super) fn subject(content: &DigestContent, ordered: &Ordered<'_>) -> String {
    let practice = if content.practice { "【演练】" } else { "" };
    let unit = said(&content.unit_name, 40);
    let again = match (content.revision, &content.references) {
        (0, _) => String::new(),
        (n, None) => format!("（加发{n}）"),
        (n, Some(_)) => format!("（更正{n}）"),
    };
    let late = if content.late { "（补发）" } else { "" };
    let counts = if ordered.has_news() {
        counts(&ordered.counts, "，")
    } else {
        let of = |state: RowState| match ordered.counts[state as usize] {
            0 => String::new(),
            count => format!("，{} {count}", state.as_str()),
        };
        format!("无新增{}{}", of(RowState::Still), of(RowState::Unseen))
    };
    format!("{practice}{unit} {} 假冒特种作业证网络线索清单{again}{late}：{counts}", content.day)
}

pub(super) fn blocks(content: &DigestContent, ordered: &Ordered<'_>) -> Vec<Block> {
    let mut out = Vec::new();
    opening(&mut out, content, ordered);
    if ordered.has_news() {
        listing(&mut out, ordered);
    } else {
        no_news(&mut out, ordered);
    }
    unseen(&mut out, content);
    closing(&mut out, content, ordered);
    out
}

fn opening(out: &mut Vec<Block>, content: &DigestContent, ordered: &Ordered<'_>) {
    if content.practice {
        out.push(Block::Paragraph("【演练】本邮件来自演练环境，网站、号码和人物均为虚构，请勿据此处置。".to_owned()));
    }
    if content.clock_is_set {
        out.push(Block::Paragraph("注意：本清单在人工设定的时钟下生成，文中时间不是实际时间。".to_owned()));
    }
    let (unit, name) = (said(&content.contact.unit, 60), said(&content.contact.name, 30));
    out.push(Block::Paragraph(format!("{unit} {name}：").replace(" ：", "：")));
    let day = content.day.strftime("%Y年%-m月%-d日");
    let mut opening = format!("以下是{}{day}的网络巡查线索清单。", said(&content.unit_name, 60));
    if content.late {
        let made = shanghai(content.composed_at).strftime("%-m月%-d日 %H:%M");
        opening.push_str(&format!("本清单应在当日发出，因故于 {made} 补发。"));
    }
    if content.references.is_some() {
        opening.push_str("本邮件补充、更正此前发出的清单，以本邮件为准。");
    }
    out.push(Block::Paragraph(opening));
    if ordered.has_news() {
        out.push(Block::Heading(counts(&ordered.counts, "　")));
        let leads = ordered.total() - ordered.counts[RowState::Withdrawn as usize];
        if leads > 0 {
            let machine = leads - ordered.confirmed;
            out.push(Block::Paragraph(format!(
                "所列 {leads} 条线索中，已人工确认 {} 条，仅机器判断 {machine} 条。",
                ordered.confirmed
            )));
        }
    }
}

fn listing(out: &mut Vec<Block>, ordered: &Ordered<'_>) {
    let several = ordered.sections.len() > 1;
    let mut room = BODY_ROWS;
    let mut number = 0;
    for (route, rows) in &ordered.sections {
        if several {
            out.push(Block::Heading(format!("【{}】{} 条", said(route, 20), rows.len())));
        }
        if rows.is_empty() {
            out.push(Block::Paragraph("无。".to_owned()));
        }
        let shown = rows.len().min(room);
        for row in &rows[..shown] {
            number += 1;
            out.push(item(number, row));
        }
        room -= shown;
        if shown < rows.len() {
            out.push(Block::Paragraph(format!(
                "正文只列前 {BODY_ROWS} 条，此处其余 {} 条见附件。",
                rows.len() - shown
            )));
        }
    }
}

fn no_news(out: &mut Vec<Block>, ordered: &Ordered<'_>) {
    out.push(Block::Heading("无新增".to_owned()));
    let several = ordered.sections.len() > 1;
    let mut lines = Vec::new();
    for (route, rows) in &ordered.sections {
        let of = |state| rows.iter().filter(|row| row.state == state).count();
        let route = if several { format!("{}：", said(route, 20)) } else { String::new() };
        for (state, about) in
            [(RowState::Still, "此前通报、现在仍能打开"), (RowState::Unseen, "这次没能看到，情况不明")]
        {
            if of(state) > 0 {
                lines.push(format!("{route}{} {} 条（{about}），明细见附件", state.as_str(), of(state)));
            }
        }
    }
    if lines.is_empty() {
        lines.push("目前没有未了结的线索".to_owned());
    }
    out.push(Block::List(lines));
}

fn item(number: usize, row: &Row) -> Block {
    let head = match row.state {
        RowState::Withdrawn => format!("{number}. [更正] 撤回：原列为{}", row.kind.as_str()),
        state => format!("{number}. [{}] {}　{}", state.as_str(), row.kind.as_str(), checked(row.confirmed)),
    };
    let note = match row.state {
        RowState::Withdrawn => Some(
            "此前清单所列的这一条现予撤回：经复核或按新规则重判，不应列入。请勿再据此处置；已经处置的，请停止并恢复，并告知我们。",
        ),
        RowState::Unseen => Some("这次没能看到（被拦截、超时或证书有误），情况不明，不表示已经消失。"),
        RowState::Gone => Some("相隔六小时以上的两次查看中均已不在。"),
        RowState::Back => Some("此前已消失，现在又能打开。"),
        RowState::New | RowState::Still => None,
    };
    let mut reasons: Vec<String> = Vec::new();
    for one in row.reasons.iter().take(REASONS) {
        reasons.push(reason(&said(&one.say, 60), &said(&one.quote, TITLE_CHARS)));
    }
    if row.reasons.len() > REASONS {
        reasons.push("等".to_owned());
    }
    let mut contacts: Vec<String> = row.contacts.iter().take(CONTACTS).map(|contact| said(contact, 60)).collect();
    if row.contacts.len() > CONTACTS {
        contacts.push("等".to_owned());
    }
    let names = |names: &[String]| names.iter().take(CONTACTS).map(|n| said(n, 30)).collect::<Vec<_>>().join("、");
    let reasons_title = if row.state == RowState::Withdrawn { "原列依据" } else { "依据" };
    let fields = [
        ("标题", said(&row.title, TITLE_CHARS)),
        ("网址", said(&mask_url(&row.url), URL_CHARS)),
        ("目标", said(&row.target, TITLE_CHARS)),
        (reasons_title, reasons.join("；")),
        ("联系方式", contacts.join("；")),
        ("证书种类", names(&row.cert_types)),
        ("属地", names(&row.areas)),
        ("得分", format!("{:.1}", tenths(row.score))),
        ("首次发现", minute(row.first_seen)),
        ("最近发现", minute(row.last_seen)),
        ("案件", said(&row.case, 40)),
        ("证据SHA256", said(&row.sha256, 64)),
    ];
    Block::Item { head, note, fields: fields.into_iter().filter(|(_, value)| !value.is_empty()).collect() }
}

fn unseen(out: &mut Vec<Block>, content: &DigestContent) {
    let mut lines = Vec::new();
    for source in &content.unseen_sources {
        lines.push(format!("{}：{}", said(&source.source, 40), said(&source.why, TITLE_CHARS)));
    }
    if content.not_looked_at > 0 {
        lines.push(format!("另有 {} 个网址这一轮没有来得及查看", content.not_looked_at));
    }
    if !lines.is_empty() {
        out.push(Block::Heading("没有看到的部分（看不到不等于没有）".to_owned()));
        out.push(Block::List(lines));
    }
}

fn closing(out: &mut Vec<Block>, content: &DigestContent, ordered: &Ordered<'_>) {
    out.push(Block::Heading("说明".to_owned()));
    let mut lines = vec![format!(
        "本清单由程序自动巡查、比对形成，所列均为有待核实的线索，不是对任何单位或个人的认定；请依职责核查后处理。得分满分 100，\
         达到 {} 的列入；「仅机器判断」的尚未经人工复核。",
        tenths(content.threshold)
    )];
    if ordered.has_news() {
        lines.push(
            "为防误点，正文里的网址、域名作了改写（http 写作 hxxp，点写作 [.]）；完整网址在附件的两份表格（XLSX、CSV，内容相同）\
             里，请勿直接打开。"
                .to_owned(),
        );
    } else {
        lines.push("附件两份表格（XLSX、CSV）内容相同，其中网址是完整的，请勿直接打开。".to_owned());
    }
    lines.push("核查、处置情况请直接回复本邮件。".to_owned());
    out.push(Block::List(lines));
}

/// 承诺免考（“不用考試”）.
pub(super) fn reason(say: &str, quote: &str) -> String {
    match (say.is_empty(), quote.is_empty()) {
        (_, true) => say.to_owned(),
        (true, false) => format!("“{quote}”"),
        (false, false) => format!("{say}（“{quote}”）"),
    }
}

pub(super) fn checked(confirmed: bool) -> &'static str {
    if confirmed { "已人工确认" } else { "仅机器判断" }
}

fn counts(counts: &[usize], between: &str) -> String {
    let told = RowState::ALL.iter().zip(counts).filter(|(_, n)| **n > 0);
    told.map(|(state, n)| format!("{} {n}", state.as_str())).collect::<Vec<_>>().join(between)
}

/// Someone else's words as they may stand in a body.
fn said(text: &str, chars: usize) -> String {
    let line = one_line(text);
    let line = line.trim();
    match line.char_indices().nth(chars) {
        None => defang(line),
        Some((end, _)) => defang(&line[..end]) + "…",
    }
}
