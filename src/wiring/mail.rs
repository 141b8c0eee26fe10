//! Mail as the settings say: who gets lists, and the way they leave.

use std::path::Path;
use std::time::Duration;

use super::{Program, StartError};
use crate::clock::Clock;
use crate::config::{self, Settings, Transport};
use crate::outbox::listing::Contact;
use crate::outbox::queue::{Edition, OUTBOX_DIR};
use crate::outbox::{Login, MailTls, Mailer, SmtpSettings};

/// Contacts that have routes; the others stand in the list of contacts only.
pub(super) fn contacts(settings: &Settings) -> Vec<Contact> {
    let listed = settings.contacts.iter().filter(|c| !c.routes.is_empty());
    listed
        .map(|c| Contact {
            unit: c.unit.clone(),
            name: c.name.clone(),
            email: c.email.clone(),
            routes: c.routes.clone(),
            areas: c.areas.clone(),
            confirmed_only: c.routes.iter().filter(|r| c.confirmed_only(r)).cloned().collect(),
        })
        .collect()
}

/// What all lists have in common.
pub(super) fn edition(program: &Program, clock: &Clock) -> Edition {
    let settings = &program.settings;
    Edition {
        unit: settings.unit.name.clone(),
        from: sender(settings),
        threshold: settings.digest.threshold,
        contacts: contacts(settings),
        unseen_sources: Vec::new(),
        not_looked_at: 0,
        clock_is_set: clock.is_set() && program.practice.is_none(),
        practice: program.practice.is_some(),
    }
}

fn sender(settings: &Settings) -> String {
    let from = &settings.mail.from;
    let special = |c: char| matches!(c, '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '@' | '[' | '\\' | ']' | '.');
    match from.name.as_str() {
        "" => from.address.clone(),
        // A quoted string of RFC 5322.
        name if name.contains(special) => {
            format!("\"{}\" <{}>", name.replace('\\', "\\\\").replace('"', "\\\""), from.address)
        }
        name => format!("{name} <{}>", from.address),
    }
}

/// The way out.
pub(super) fn mailer(settings: &Settings, data: &Path) -> Result<Mailer, StartError> {
    let mail = &settings.mail;
    if mail.transport == Transport::Outbox {
        return Ok(Mailer::Folder(data.join(OUTBOX_DIR)));
    }
    let state = |error: &dyn std::fmt::Display| StartError::State(error.to_string());
    let tls = match mail.tls {
        config::Tls::Required => MailTls::Required,
        config::Tls::Wrapper => MailTls::Wrapper,
        config::Tls::None => MailTls::None,
    };
    let mut smtp = SmtpSettings::new(mail.host.clone(), mail.port, tls);
    if let (Some(user), Some(file)) = (&mail.user, &mail.password_file) {
        smtp.login = Some(Login::from_file(user.clone(), file.clone()).map_err(|e| state(&e))?);
    }
    if let Some(file) = &settings.network.ca_file {
        smtp.ca_pem = Some(std::fs::read(file).map_err(|e| state(&format!("读不到 {}：{e}", file.display())))?);
    }
    if let Some((_, host)) = mail.from.address.rsplit_once('@') {
        smtp.hello = host.to_owned();
    }
    // The whole of one mail; no step of it may take longer.
    smtp.deadline = Duration::from_secs(mail.timeout_s);
    smtp.step = smtp.step.min(smtp.deadline);
    smtp.last_word = smtp.last_word.min(smtp.deadline);
    Mailer::smtp(smtp).map_err(|e| state(&e))
}
