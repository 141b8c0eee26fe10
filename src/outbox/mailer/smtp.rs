//! One transaction with a mail server, command by command.
//!
//! lettre's own `send` cannot tell a failure before DATA from one after it, and that is the whole difference between "try
//! again" and "may have arrived twice"; so MAIL, RCPT, DATA and the message are given one by one. Up to RCPT a broken connection is
//! temporary; a 5xx to MAIL, RCPT, DATA or the message is permanent; a 5xx before MAIL (greeting, AUTH) is about us and not
//! about the recipient, hence temporary. From the first byte of DATA on, no reply means unknown.

use std::{error::Error as _, fmt, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::Mechanism,
        client::AsyncSmtpConnection,
        commands::{Data, Mail as MailCommand, Rcpt},
        extension::{Extension, MailParameter},
        response::{Response, Severity},
    },
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Mail, MailTls, Outcome, Smtp, not_recorded};
use crate::outbox::attachments::one_line;

/// A polite end is worth no more.
const FAREWELL: Duration = Duration::from_secs(2);
/// What of a server's words is kept.
const REPLY_CHARS: usize = 300;

impl Smtp {
    pub(super) async fn send<F, R, E>(&self, mail: Mail<'_>, before_data: F) -> Outcome
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<(), E>>,
        E: fmt::Display,
    {
        let end = Instant::now() + self.settings.deadline;
        let (from, to) = match (address(mail.from), address(mail.to)) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(why), _) | (_, Err(why)) => return Outcome::Permanent { why },
        };
        let mut server = match timeout_at(end, self.connect()).await {
            Ok(Ok(server)) => server,
            Ok(Err(why)) => return Outcome::Temporary { why },
            Err(_) => return Outcome::Temporary { why: self.slow("连接") },
        };
        let outcome = match timeout_at(end, self.agree(&mut server, from, to, mail.bytes)).await {
            Ok(Ok(())) => match before_data().await {
                Ok(()) => match timeout_at(end, self.hand_over(&mut server, mail.bytes)).await {
                    Ok(outcome) => outcome,
                    Err(_) => Outcome::Unknown { why: self.slow("传输") },
                },
                Err(e) => Outcome::Temporary { why: not_recorded(&e) },
            },
            Ok(Err(outcome)) => outcome,
            Err(_) => Outcome::Temporary { why: self.slow("协商") },
        };
        let _ = timeout(FAREWELL, server.abort()).await;
        outcome
    }

    /// Greeting, protection, login.
    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let settings = &self.settings;
        let wrapper = self.tls.clone().filter(|_| settings.tls == MailTls::Wrapper);
        let place = (settings.host.as_str(), settings.port);
        let connection = AsyncSmtpConnection::connect_tokio1(place, Some(settings.step), &self.hello, wrapper, None);
        let mut server = self.step("连接", connection).await?;
        if let (MailTls::Required, Some(tls)) = (settings.tls, self.tls.clone()) {
            if !server.can_starttls() {
                return Err(format!("{} 没有提供 STARTTLS，为保护清单没有发送", self.place()));
            }
            self.step("STARTTLS", server.starttls(tls, &self.hello)).await?;
        }
        if let Some(credentials) = &self.credentials {
            self.step("登录", server.auth(&[Mechanism::Plain, Mechanism::Login], credentials)).await?;
        }
        Ok(server)
    }

    /// MAIL and RCPT: what is refused here concerns this message or this recipient.
    async fn agree(
        &self,
        server: &mut AsyncSmtpConnection,
        from: Address,
        to: Address,
        bytes: &[u8],
    ) -> Result<(), Outcome> {
        let mut parameters = Vec::new();
        if !(from.as_ref() as &str).is_ascii() || !(to.as_ref() as &str).is_ascii() {
            if !server.server_info().supports_feature(Extension::SmtpUtfEight) {
                let why = format!("{} 不支持中文等非 ASCII 邮箱地址（SMTPUTF8），请改用普通地址：{to}", self.place());
                return Err(Outcome::Permanent { why });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes.is_ascii() {
            // Composed mail is seven-bit; only a damaged file gets here.
            return Err(Outcome::Permanent {
                why: "邮件文件含有 8 位字节，不是本程序写的".to_owned()
            });
        }
        let step = self.settings.step;
        let mail = timeout(step, server.command(MailCommand::new(Some(from), parameters))).await;
        self.before("MAIL", mail)?;
        let rcpt = timeout(step, server.command(Rcpt::new(to, Vec::new()))).await;
        self.before("RCPT", rcpt)
    }

    fn before(&self, step: &str, reply: Timed<Response>) -> Result<(), Outcome> {
        match reply {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(e)) if e.is_permanent() => Err(Outcome::Permanent { why: self.said(step, &e) }),
            Ok(Err(e)) => Err(Outcome::Temporary { why: self.said(step, &e) }),
            Err(_) => Err(Outcome::Temporary { why: self.slow(step) }),
        }
    }

    /// DATA and the message.
    async fn hand_over(&self, server: &mut AsyncSmtpConnection, bytes: &[u8]) -> Outcome {
        match timeout(self.settings.step, server.command(Data)).await {
            Ok(Ok(reply)) if reply.code().severity == Severity::PositiveIntermediate => {}
            // A server that says 250 to DATA does not speak of this command: nothing was handed over.
            Ok(Ok(reply)) => {
                return Outcome::Temporary {
                    why: format!("{} 对 DATA 的答复异常：{}", self.place(), words(&reply))
                };
            }
            other => return self.after("DATA", other),
        }
        // lettre ends the message with a line end of its own; ours is stored, and the two must not add up.
        let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        match timeout(self.settings.last_word, server.message(bytes)).await {
            Ok(Ok(reply)) if reply.code().severity == Severity::PositiveCompletion => {
                Outcome::Accepted { reply: words(&reply) }
            }
            Ok(Ok(reply)) => {
                Outcome::Unknown { why: format!("{} 的最后答复异常：{}", self.place(), words(&reply)) }
            }
            other => self.after("正文", other),
        }
    }

    fn after(&self, step: &str, reply: Timed<Response>) -> Outcome {
        match reply {
            Ok(Err(e)) if e.is_permanent() => Outcome::Permanent { why: self.said(step, &e) },
            Ok(Err(e)) if e.is_transient() => Outcome::Temporary { why: self.said(step, &e) },
            Ok(Err(e)) => {
                Outcome::Unknown { why: format!("{}；可能已送达，也可能没有", self.said(step, &e)) }
            }
            Ok(Ok(reply)) => Outcome::Unknown { why: words(&reply) },
            Err(_) => Outcome::Unknown { why: format!("{}；可能已送达，也可能没有", self.slow(step)) },
        }
    }

    async fn step<T>(&self, name: &str, action: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
        match timeout(self.settings.step, action).await {
            Ok(done) => done.map_err(|e| self.said(name, &e)),
            Err(_) => Err(self.slow(name)),
        }
    }

    fn place(&self) -> String {
        format!("邮件服务器 {}:{}", self.settings.host, self.settings.port)
    }

    fn said(&self, step: &str, why: &Error) -> String {
        format!("{} 在{step}一步失败：{}", self.place(), in_chinese(why))
    }

    fn slow(&self, step: &str) -> String {
        format!("{} 在{step}一步没有及时答复", self.place())
    }
}

type Timed<T> = Result<Result<T, Error>, tokio::time::error::Elapsed>;

fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| format!("「{}」不是可用的邮箱地址", one_line(text)))
}

/// What went wrong, in Chinese; the server's own words stand behind it in brackets.
fn in_chinese(error: &Error) -> String {
    let said = chain(error);
    let has = |word: &str| said.contains(word);
    let what = if let Some(code) = error.status() {
        let kind = if error.is_permanent() { "拒绝" } else { "暂时不收" };
        format!("服务器{kind}（{code}）")
    } else if has("UnknownIssuer") {
        "服务器的证书不是可信机构签发的：自建证书把根证书写进 network.ca_file".to_owned()
    } else if has("NotValidForName") {
        "服务器的证书不是发给这个名字的：mail.host 要写证书上的名字".to_owned()
    } else if has("Expired") || has("NotValidYet") {
        "服务器的证书过期或还没有生效".to_owned()
    } else if error.is_tls() || has("tls") || has("TLS") || has("certificate") {
        "加密连接没有谈成：检查 mail.tls 和端口".to_owned()
    } else if has("authentication mechanism") {
        "服务器不提供用户名密码登录（PLAIN、LOGIN）".to_owned()
    } else if has("Connection refused") {
        "端口没有服务".to_owned()
    } else if has("incomplete") || has("reset") || has("closed") || has("broken pipe") {
        "连接中途断开".to_owned()
    } else if error.is_timeout() || has("timed out") {
        "没有及时答复".to_owned()
    } else if has("lookup") || has("resolve") || has("Name or service") {
        "找不到这台服务器：检查 mail.host".to_owned()
    } else {
        "没有谈成".to_owned()
    };
    format!("{what}（{said}）")
}

/// An error with its causes, on one line and not too long: the words are the server's.
pub(super) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push('：');
            text.push_str(&said);
        }
        cause = inner.source();
    }
    one_line(&text).chars().take(REPLY_CHARS).collect()
}

fn words(reply: &Response) -> String {
    let text: Vec<&str> = reply.message().collect();
    one_line(&format!("{} {}", reply.code(), text.join(" "))).chars().take(REPLY_CHARS).collect()
}
