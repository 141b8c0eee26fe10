//! Mail out of the house: a digest becomes bytes, the bytes become a file or a delivery, and every outcome has a name.
//!
//! [`compose()`] turns owned content into the message, byte for byte the same for the same content, so that it can be stored
//! once and sent again unchanged. [`Mailer::send`] gives stored bytes to the outbox folder or to a mail server and says
//! what is certain of the outcome. [`attachments`] writes tables that no spreadsheet will run. [`backoff`] says when to try
//! again.
//!
//! [`queue`] makes each contact's list of the day from the store (who is told what: [`listing`]), and [`sending`] sends it and
//! accounts for every attempt (DESIGN.md, decision 6). Only these three know the store; [`compose()`] and [`Mailer`] take
//! everything as arguments and keep nothing. Nothing here reads the settings, decides about a case, or masks ID numbers: that
//! is done before content comes here.

pub mod attachments;
pub mod backoff;
mod compose;
pub mod listing;
mod mailer;
pub mod queue;
pub mod sending;
pub mod unseen;

#[cfg(test)]
mod taken_back_tests;

pub use self::{
    compose::{
        ComposeError, Composed, DigestContent, Kind, Reason, Recipient, Row, RowState, Section, UnseenSource, compose,
        defang, preview as compose_preview,
    },
    mailer::{Login, Mail, MailTls, Mailer, MailerError, Outcome, Smtp, SmtpSettings, place},
};
