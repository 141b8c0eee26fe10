//! Mail out of the house: a digest becomes bytes, the bytes become a file or a delivery, and every outcome has a name.
//!
//! [`compose()`] turns owned content into the message, byte for byte the same for the same content, so that it can be stored
//! once and sent again unchanged. [`Mailer::send`] gives stored bytes to the outbox folder or to a mail server and says
//! what is certain of the outcome. [`attachments`] writes tables that no spreadsheet will run. [`backoff`] says when to try
//! again.
//!
//! Nothing here reads the store or the settings, knows who must be told, or keeps the queue: the caller owns the job, its
//! attempts and its states (DESIGN.md, decision 6). Nothing here masks ID numbers: that is done before content comes here.

pub mod attachments;
pub mod backoff;
mod compose;
mod mailer;

pub use self::{
    compose::{
        ComposeError, Composed, DigestContent, Kind, Reason, Recipient, Row, RowState, Section, UnseenSource, compose,
        defang,
    },
    mailer::{Login, Mail, MailTls, Mailer, MailerError, Outcome, Smtp, SmtpSettings, place},
};
