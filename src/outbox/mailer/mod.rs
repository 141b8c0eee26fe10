//! The last step out of the house: stored bytes go into the outbox folder or to a mail server, and the outcome is told with no
//! more certainty than there is.
//!
//! One recipient a transaction, so that an outcome is one recipient's. The bytes are sent as they were stored. An error before
//! DATA means nothing was delivered; after it, without a final reply, nobody knows, and only the caller may decide to send
//! the same bytes again. This module retries nothing and remembers nothing. Start at [`Mailer::send`].

mod folder;
mod smtp;

use std::{fmt, path::PathBuf, time::Duration};

pub use folder::place;
use lettre::transport::smtp::{
    authentication::Credentials,
    client::{Certificate, CertificateStore, TlsParameters},
    extension::ClientId,
};

/// Where mail goes.
pub enum Mailer {
    /// Into a folder, for people who carry it further themselves.
    Folder(PathBuf),
    /// To a mail server.
    Smtp(Box<Smtp>),
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// STARTTLS, or nothing is sent.
    Required,
    /// TLS from the first byte.
    Wrapper,
    /// None. Whether the settings allow that for this server is checked before they come here.
    None,
}

/// A name and a password for the mail server.
#[derive(Clone)]
pub struct Login {
    /// As the server knows it.
    pub user: String,
    password: String,
}

/// How to reach the mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub tls: MailTls,
    /// Nothing: no AUTH.
    pub login: Option<Login>,
    /// Further trusted roots (PEM), added to those that are built in.
    pub ca_pem: Option<Vec<u8>>,
    /// The name we greet with, usually the right side of our Message-IDs.
    pub hello: String,
    /// For each command and its reply.
    pub step: Duration,
    /// For handing over the message and the server's final word, which it gives when it has stored it.
    pub last_word: Duration,
    /// For everything together.
    pub deadline: Duration,
}

impl SmtpSettings {
    /// With the waits that suit a daily list: long enough for greylisting gateways, short enough for a round.
    pub fn new(host: impl Into<String>, port: u16, tls: MailTls) -> Self {
        Self {
            host: host.into(),
            port,
            tls,
            login: None,
            ca_pem: None,
            hello: "localhost.localdomain".to_owned(),
            step: Duration::from_secs(30),
            last_word: Duration::from_secs(120),
            deadline: Duration::from_secs(300),
        }
    }
}

/// A mail server, its TLS roots read and its names checked.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
}

/// What is certain after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server (or the folder) has it.
    Accepted {
        /// What it said.
        reply: String,
    },
    /// Nothing was delivered; a later attempt may succeed.
    Temporary {
        /// Why not.
        why: String,
    },
    /// Nothing was delivered, and it never will be as it stands.
    Permanent {
        /// Why not.
        why: String,
    },
    /// The message was on its way when the connection ended: it may have been delivered.
    Unknown {
        /// What happened.
        why: String,
    },
}

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The password's file.
    #[error("读不到邮件密码文件 {}：{source}", file.display())]
    Password {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The extra roots or the server's name.
    #[error("邮件服务器 {host} 的 TLS 设置有误：{why}")]
    Tls {
        /// Which server.
        host: String,
        /// What is wrong.
        why: String,
    },
}

/// One message to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// The name of its file in the outbox folder.
    pub file_name: &'a str,
    /// The envelope's sender.
    pub from: &'a str,
    /// The envelope's only recipient.
    pub to: &'a str,
    /// The message as stored.
    pub bytes: &'a [u8],
}

impl Login {
    /// Reads the password from a file; its line end does not count.
    pub fn from_file(user: String, file: PathBuf) -> Result<Self, MailerError> {
        match std::fs::read_to_string(&file) {
            Ok(password) => Ok(Self { user, password: password.trim_end_matches(['\r', '\n']).to_owned() }),
            Err(source) => Err(MailerError::Password { file, source }),
        }
    }
}

impl fmt::Debug for Login {
    /// Never shows the password: settings are logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer for a server.
    pub fn smtp(settings: SmtpSettings) -> Result<Self, MailerError> {
        let failed = |why: lettre::transport::smtp::Error| {
            let host = settings.host.clone();
            MailerError::Tls { host, why: smtp::chain(&why) }
        };
        let tls = match settings.tls {
            MailTls::None => None,
            MailTls::Required | MailTls::Wrapper => {
                let mut tls =
                    TlsParameters::builder(settings.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
                if let Some(pem) = &settings.ca_pem {
                    tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(failed)?);
                }
                Some(tls.build_rustls().map_err(failed)?)
            }
        };
        let credentials =
            settings.login.as_ref().map(|login| Credentials::new(login.user.clone(), login.password.clone()));
        // A greeting must be a plain word: anything else would let a setting inject commands.
        let plain = settings.hello.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        let hello = if plain && !settings.hello.is_empty() {
            settings.hello.clone()
        } else {
            "localhost.localdomain".to_owned()
        };
        Ok(Self::Smtp(Box::new(Smtp { settings, tls, credentials, hello: ClientId::Domain(hello) })))
    }

    /// Sends one message to one recipient. `before_data` is awaited when everything but the message has been agreed: the caller
    /// records the attempt there, and if it cannot, nothing is sent.
    ///
    /// A caller that drops the future after `before_data` has returned must take the outcome for [`Outcome::Unknown`].
    pub async fn send<F, R, E>(&self, mail: Mail<'_>, before_data: F) -> Outcome
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<(), E>>,
        E: fmt::Display,
    {
        match self {
            Self::Folder(folder) => match before_data().await {
                Ok(()) => folder::send(folder, mail),
                Err(e) => Outcome::Temporary { why: not_recorded(&e) },
            },
            Self::Smtp(server) => server.send(mail, before_data).await,
        }
    }
}

fn not_recorded(why: &impl fmt::Display) -> String {
    format!("发送前未能登记本次尝试，因此没有发送：{why}")
}

#[cfg(test)]
mod tests;
