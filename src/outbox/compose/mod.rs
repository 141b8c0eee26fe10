//! A digest as a mail: what one contact is told on one day.
//!
//! Everything comes in as one owned [`DigestContent`]; out comes the whole message with a Message-ID made from day, contact and
//! revision. Equal content gives equal bytes. The words are neutral (疑似) and say that a machine found leads; hostile
//! addresses can be read but not clicked in the bodies, and are whole in the attachments.
//!
//! It chooses no recipient and no row, and it masks nothing: the caller does, before. Start at [`compose()`], then `body` for
//! what is said, `table` for the attachments' columns, `message` for the headers.

mod body;
mod defang;
mod message;
mod render;
mod table;

use std::{panic::resume_unwind, thread};

use jiff::{Timestamp, civil::Date, tz::Offset};
use sha2::{Digest as _, Sha256};

pub use self::defang::defang;
use super::attachments::one_line;

/// What one contact is told on one day.
#[derive(Clone, Debug)]
pub struct DigestContent {
    /// The day it is for.
    pub day: Date,
    /// 0 for the day's own digest; later ones for extras and corrections.
    pub revision: u32,
    /// To whom.
    pub contact: Recipient,
    /// Who sends it: the unit's name.
    pub unit_name: String,
    /// `鉴证巡查 <patrol@example.gov.cn>`.
    pub from: String,
    /// When it was composed; goes into Date.
    pub composed_at: Timestamp,
    /// One for each route of the contact.
    pub sections: Vec<Section>,
    /// What could not be looked at.
    pub unseen_sources: Vec<UnseenSource>,
    /// Addresses that waited and were not fetched.
    pub not_looked_at: u64,
    /// At or above it a machine's finding is listed.
    pub threshold: f64,
    /// The calendar clock was set by hand (`--as-of`).
    pub clock_is_set: bool,
    /// It comes from the practice web.
    pub practice: bool,
    /// The right side of the Message-ID.
    pub message_id_host: String,
    /// Message-ID of the earlier digest that this one corrects or adds to.
    pub references: Option<String>,
    /// Its day had passed when it was made.
    pub late: bool,
}

/// A contact from 附件1.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// 单位.
    pub unit: String,
    /// 姓名.
    pub name: String,
    /// Where the mail goes.
    pub email: String,
    /// The routes it is told about.
    pub routes: Vec<String>,
}

/// What concerns one route.
#[derive(Clone, Debug)]
pub struct Section {
    /// 网信, 市监 …
    pub route: String,
    /// In any order.
    pub rows: Vec<Row>,
}

/// A source that gave no answer.
#[derive(Clone, Debug)]
pub struct UnseenSource {
    /// Its name.
    pub source: String,
    /// What stood in the way.
    pub why: String,
}

/// One address.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is new about it.
    pub state: RowState,
    /// The case's id.
    pub case: String,
    /// What it seems to be.
    pub kind: Kind,
    /// The case's target.
    pub target: String,
    /// The address, whole.
    pub url: String,
    /// The page's title.
    pub title: String,
    /// Why it is listed.
    pub reasons: Vec<Reason>,
    /// 电话, 微信 … as an officer reads them.
    pub contacts: Vec<String>,
    /// 低压电工 …
    pub cert_types: Vec<String>,
    /// Names of places.
    pub areas: Vec<String>,
    /// 0 to 100.
    pub score: f64,
    /// An officer has confirmed it.
    pub confirmed: bool,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// Of the deciding capture, hex.
    pub sha256: String,
}

/// One signal in an officer's words.
#[derive(Clone, Debug)]
pub struct Reason {
    /// 承诺免考.
    pub say: String,
    /// The words on the page; may be empty.
    pub quote: String,
}

/// What became of an address since it was last told; in the order in which a digest lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowState {
    /// 新增.
    New,
    /// 复活.
    Back,
    /// 更正: the earlier listing was wrong and is withdrawn.
    Withdrawn,
    /// 已消失.
    Gone,
    /// 看不到.
    Unseen,
    /// 仍在.
    Still,
}

impl RowState {
    /// All, in order.
    pub const ALL: [Self; 6] = [Self::New, Self::Back, Self::Withdrawn, Self::Gone, Self::Unseen, Self::Still];

    /// The word in 状态.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "新增",
            Self::Back => "复活",
            Self::Withdrawn => "更正",
            Self::Gone => "已消失",
            Self::Unseen => "看不到",
            Self::Still => "仍在",
        }
    }

    /// Nothing of the kind: a short mail will do.
    fn is_news(self) -> bool {
        !matches!(self, Self::Unseen | Self::Still)
    }
}

/// What a target seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Poses as an authority or its look-up.
    FakeSite,
    /// Offers a certificate without training or exam.
    Seller,
    /// An officer must look.
    Suspicious,
}

impl Kind {
    /// The word in 类别.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FakeSite => "疑似假冒查询网站",
            Self::Seller => "疑似兜售证书",
            Self::Suspicious => "可疑，待核",
        }
    }
}

/// A digest ready to be stored and sent.
#[derive(Clone, Debug)]
pub struct Composed {
    /// With its angle brackets.
    pub message_id: String,
    /// Before encoding.
    pub subject: String,
    /// For MAIL FROM: the address in `from`.
    pub envelope_from: String,
    /// For RCPT TO.
    pub envelope_to: String,
    /// The message; seven-bit, lines of at most 998 bytes.
    pub eml: Vec<u8>,
    /// Of `eml`, hex.
    pub sha256: String,
}

/// Why there is no mail. What is wrong stands in the settings or the contacts, never in a page.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// `mail.from`.
    #[error("发件人「{0}」不是邮箱地址，应形如：鉴证巡查 <patrol@example.gov.cn>")]
    From(String),
    /// A contact's e-mail.
    #[error("联络员 {unit} {name} 的邮箱「{email}」不可用，请在联络员名单中更正")]
    To {
        /// 单位.
        unit: String,
        /// 姓名.
        name: String,
        /// As written.
        email: String,
    },
    /// The host of the Message-ID, or one that is referred to.
    #[error("「{0}」不能用在 Message-ID 里：只能是英文字母、数字、点和连字符")]
    MessageId(String),
    /// The XLSX.
    #[error("附件表格没有做成：{0}")]
    Table(#[from] rust_xlsxwriter::XlsxError),
    /// The mail's frame.
    #[error("邮件没有做成：{0}")]
    Message(#[from] lettre::error::Error),
}

/// Makes the mail.
pub fn compose(content: &DigestContent) -> Result<Composed, ComposeError> {
    let ordered = Ordered::of(content);
    let subject = body::subject(content, &ordered);
    let (from, to) = message::mailboxes(content)?;
    let message_id = message_id(content)?;
    let blocks = body::blocks(content, &ordered);
    // The two tables are nearly all of the work on a long list.
    let (csv, xlsx) = thread::scope(|scope| {
        let csv = scope.spawn(|| table::csv(&ordered));
        let xlsx = table::xlsx(&ordered, content.composed_at);
        (csv.join().unwrap_or_else(|panic| resume_unwind(panic)), xlsx)
    });
    let parts = message::Parts {
        message_id: message_id.clone(),
        subject: subject.clone(),
        text: render::text(&blocks),
        html: render::html(&blocks),
        csv,
        xlsx: xlsx?,
    };
    let (envelope_from, envelope_to) = (from.email.to_string(), to.email.to_string());
    let eml = message::assemble(content, parts, from, to)?;
    let sha256 = hex(&Sha256::digest(&eml));
    Ok(Composed { message_id, subject, envelope_from, envelope_to, eml, sha256 })
}

/// Subject and text part as [`compose()`] would write them, for a look before anything is made.
pub fn preview(content: &DigestContent) -> (String, String) {
    let ordered = Ordered::of(content);
    (body::subject(content, &ordered), render::text(&body::blocks(content, &ordered)))
}

/// The content's rows in the order in which they are told: by state, then score, then address.
struct Ordered<'a> {
    sections: Vec<(&'a str, Vec<&'a Row>)>,
    counts: [usize; RowState::ALL.len()],
    confirmed: usize,
}

impl<'a> Ordered<'a> {
    fn of(content: &'a DigestContent) -> Self {
        let mut ordered = Self { sections: Vec::new(), counts: [0; RowState::ALL.len()], confirmed: 0 };
        for section in &content.sections {
            let mut rows: Vec<&Row> = section.rows.iter().collect();
            rows.sort_by(|a, b| {
                a.state.cmp(&b.state).then(b.score.total_cmp(&a.score)).then_with(|| a.url.cmp(&b.url))
            });
            for row in &rows {
                ordered.counts[row.state as usize] += 1;
                ordered.confirmed += usize::from(row.confirmed && row.state != RowState::Withdrawn);
            }
            ordered.sections.push((&section.route, rows));
        }
        ordered
    }

    fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    fn has_news(&self) -> bool {
        RowState::ALL.iter().any(|state| state.is_news() && self.counts[*state as usize] > 0)
    }
}

/// `<day.list.contact.revision@host>`: the same digest has the same name however often it is made.
fn message_id(content: &DigestContent) -> Result<String, ComposeError> {
    let host = &content.message_id_host;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    if host.is_empty() || !host.bytes().all(fits) || host.starts_with('.') || host.ends_with('.') {
        return Err(ComposeError::MessageId(one_line(host).into_owned()));
    }
    let list = if content.practice { "practice" } else { "daily" };
    let contact = format!("{}\n{}", content.contact.email.trim().to_lowercase(), content.contact.unit.trim());
    let contact = &hex(&Sha256::digest(contact))[..16];
    Ok(format!("<{}.{list}.{contact}.{}@{host}>", content.day, content.revision))
}

/// People's time. Shanghai has been eight hours ahead without summer time since 1991.
fn shanghai(time: Timestamp) -> jiff::civil::DateTime {
    const EAST8: Offset = Offset::constant(8);
    EAST8.to_datetime(time)
}

fn minute(time: Timestamp) -> String {
    shanghai(time).strftime("%Y-%m-%d %H:%M").to_string()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

#[cfg(test)]
mod tests;
