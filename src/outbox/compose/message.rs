//! Headers and parts of the message.
//!
//! Everything is base64, so that the whole is seven-bit with short lines and no server has a reason to rewrap it. Boundaries
//! come from the Message-ID instead of chance. lettre names an attachment by RFC 2231 only, which old Outlook and Foxmail
//! do not show, so an ASCII name stands beside it.

use std::{
    fmt::Write as _,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Message,
    error::Error,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
};
use sha2::{Digest as _, Sha256};

use super::{ComposeError, DigestContent, hex, one_line};

pub(super) struct Parts {
    pub(super) message_id: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    pub(super) csv: Vec<u8>,
    pub(super) xlsx: Vec<u8>,
}

const XLSX_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) fn mailboxes(content: &DigestContent) -> Result<(Mailbox, Mailbox), ComposeError> {
    let from = one_line(&content.from);
    let from: Mailbox = from.trim().parse().map_err(|_| ComposeError::From(from.clone().into_owned()))?;
    let contact = &content.contact;
    let email = contact.email.trim().parse().map_err(|_| ComposeError::To {
        unit: one_line(&contact.unit).into_owned(),
        name: one_line(&contact.name).into_owned(),
        email: one_line(&contact.email).into_owned(),
    })?;
    let name = one_line(contact.name.trim()).trim().to_owned();
    Ok((from, Mailbox::new(Some(name).filter(|name| !name.is_empty()), email)))
}

pub(super) fn assemble(
    content: &DigestContent,
    parts: Parts,
    from: Mailbox,
    to: Mailbox,
) -> Result<Vec<u8>, ComposeError> {
    let list = if content.practice { "practice" } else { "daily" };
    let seed = hex(&Sha256::digest(&parts.message_id));
    let mut message = Message::builder()
        .from(from)
        .to(to)
        .subject(parts.subject)
        .date(UNIX_EPOCH + Duration::from_secs(content.composed_at.as_second().max(0).unsigned_abs()))
        .message_id(Some(parts.message_id))
        // List-Id breaks clients when it is encoded; the host was checked with the Message-ID and is plain ASCII.
        .raw_header(plain("List-Id", format!("<{list}.jianzheng.{}>", content.message_id_host)))
        .raw_header(plain("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(earlier) = &content.references {
        let earlier = reference(earlier)?;
        message = message.in_reply_to(earlier.clone()).references(earlier);
    }
    let bodies = MultiPart::alternative()
        .boundary(format!("b-{}", &seed[..24]))
        .singlepart(part(ContentType::TEXT_PLAIN, parts.text.into_bytes())?)
        .singlepart(part(ContentType::TEXT_HTML, parts.html.into_bytes())?);
    let names = |extension: &str| {
        let revision = if content.revision > 0 { format!("-{}", content.revision) } else { String::new() };
        Disposition {
            ascii: format!("jianzheng-{}{revision}.{extension}", content.day),
            title: format!("线索清单-{}{revision}.{extension}", content.day),
        }
    };
    let whole = MultiPart::mixed()
        .boundary(format!("m-{}", &seed[..24]))
        .multipart(bodies)
        .singlepart(attachment(XLSX_TYPE, names("xlsx"), parts.xlsx)?)
        .singlepart(attachment("text/csv; charset=utf-8", names("csv"), parts.csv)?);
    Ok(message.multipart(whole)?.formatted())
}

fn part(kind: ContentType, bytes: Vec<u8>) -> Result<SinglePart, ComposeError> {
    // Only seven-bit encodings refuse bytes, and base64 is none of them.
    let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
        .map_err(|_| ComposeError::Message(Error::NonAsciiChars))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

fn attachment(kind: &str, names: Disposition, bytes: Vec<u8>) -> Result<SinglePart, ComposeError> {
    let kind = ContentType::parse(kind).map_err(|_| ComposeError::Message(Error::NonAsciiChars))?;
    let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
        .map_err(|_| ComposeError::Message(Error::NonAsciiChars))?;
    Ok(SinglePart::builder().header(kind).header(names).body(body))
}

/// Content-Disposition with both names.
#[derive(Clone)]
struct Disposition {
    ascii: String,
    title: String,
}

impl Header for Disposition {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self { ascii: text.to_owned(), title: text.to_owned() })
    }

    fn display(&self) -> HeaderValue {
        let title: String = self.title.bytes().fold(String::new(), |mut out, b| {
            if b.is_ascii_alphanumeric() || b == b'-' || b == b'.' {
                out.push(char::from(b));
            } else {
                let _ = write!(out, "%{b:02X}");
            }
            out
        });
        let value = format!("attachment; filename=\"{}\";\r\n filename*=utf-8''{title}", self.ascii);
        HeaderValue::dangerous_new_pre_encoded(Self::name(), value.clone(), value)
    }
}

/// `value` is ours, short and plain ASCII.
fn plain(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

/// A Message-ID from the store: still, nothing that could end a header line goes into one.
fn reference(id: &str) -> Result<String, ComposeError> {
    let inner = id.trim().strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id.trim());
    if inner.is_empty() || inner.len() > 250 || !inner.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>') {
        return Err(ComposeError::MessageId(one_line(id).into_owned()));
    }
    Ok(format!("<{inner}>"))
}
