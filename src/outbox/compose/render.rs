//! The same blocks as plain text and as HTML without links, pictures or styles from elsewhere.

use super::body::Block;

pub(super) fn text(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Heading(text) => push_line(&mut out, &["== ", text, " =="]),
            Block::Paragraph(text) => push_line(&mut out, &[text]),
            Block::List(lines) => lines.iter().for_each(|line| push_line(&mut out, &["- ", line])),
            Block::Item { head, note, fields } => {
                push_line(&mut out, &[head]);
                if let Some(note) = note {
                    push_line(&mut out, &["   ", note]);
                }
                for (name, value) in fields {
                    push_line(&mut out, &["   ", name, "：", value]);
                }
            }
        }
        out.push_str("\r\n");
    }
    out
}

fn push_line(out: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| out.push_str(piece));
    out.push_str("\r\n");
}

/// `format-detection` keeps phones from making numbers into links.
const BEGIN: &str = "<!DOCTYPE html>\r\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
    <meta name=\"format-detection\" content=\"telephone=no,address=no,email=no,url=no\"></head>\r\n\
    <body style=\"font-family:sans-serif;font-size:14px;line-height:1.6\">\r\n";

pub(super) fn html(blocks: &[Block]) -> String {
    let mut out = String::from(BEGIN);
    for block in blocks {
        match block {
            Block::Heading(text) => element(&mut out, "<h3 style=\"font-size:15px\">", text, "</h3>\r\n"),
            Block::Paragraph(text) => element(&mut out, "<p>", text, "</p>\r\n"),
            Block::List(lines) => {
                out.push_str("<ul>\r\n");
                lines.iter().for_each(|line| element(&mut out, "<li>", line, "</li>\r\n"));
                out.push_str("</ul>\r\n");
            }
            Block::Item { head, note, fields } => {
                out.push_str("<div style=\"border-top:1px solid #ccc;padding:6px 0\">\r\n");
                element(&mut out, "<b>", head, "</b>\r\n");
                if let Some(note) = note {
                    element(&mut out, "<div>", note, "</div>\r\n");
                }
                out.push_str("<table cellpadding=\"2\">\r\n");
                for (name, value) in fields {
                    element(&mut out, "<tr><td style=\"color:#666;white-space:nowrap\" valign=\"top\">", name, "</td>");
                    element(&mut out, "<td style=\"word-break:break-all\">", value, "</td></tr>\r\n");
                }
                out.push_str("</table></div>\r\n");
            }
        }
    }
    out.push_str("</body></html>\r\n");
    out
}

fn element(out: &mut String, open: &str, text: &str, close: &str) {
    out.push_str(open);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out.push_str(close);
}
