//! Mail addresses as settings hold them: checked when the settings are read, so that no letter fails on them later.
//!
//! Sending is the business of `outbox`. ASCII addresses only: others need a server with SMTPUTF8, which the district mail
//! servers do not promise, and lettre fails on them only at the time of sending.

use std::{fmt, str::FromStr};

/// A sender: display name and address, `鉴证巡查 <patrol@example.gov.cn>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Display name as people read it, unquoted; may be empty.
    pub name: String,
    /// The bare address.
    pub address: String,
}

/// Why a text is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The address itself does not hold.
    #[error("邮箱地址不对，要像 patrol@example.gov.cn（半角字符，不含空格）")]
    Address,
    /// Angle brackets that do not pair, or more text behind them.
    #[error("写法不对，要像 鉴证巡查 <patrol@example.gov.cn>")]
    Shape,
}

/// A bare address that a mail server will take: ASCII, one `@`, a dotted domain or an address literal.
pub(super) fn address(text: &str) -> Result<String, MailboxError> {
    // The limit is that of RFC 5321 for a path.
    let plausible = text.is_ascii() && text.len() <= 254 && !text.contains(char::is_whitespace);
    // The very check that the mailer makes when it builds the envelope.
    if plausible && text.parse::<lettre::Address>().is_ok() { Ok(text.to_owned()) } else { Err(MailboxError::Address) }
}

impl FromStr for Mailbox {
    type Err = MailboxError;

    /// Takes `name <address>`, `"name" <address>` and a bare address.
    fn from_str(text: &str) -> Result<Self, MailboxError> {
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Mailbox { name: String::new(), address: address(text)? });
        };
        let inner = rest.strip_suffix('>').ok_or(MailboxError::Shape)?;
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        if name.contains(['<', '>', '"', '\\']) || name.chars().any(char::is_control) {
            return Err(MailboxError::Shape);
        }
        Ok(Mailbox { name: name.trim().to_owned(), address: address(inner.trim())? })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { f.write_str(&self.address) } else { write!(f, "{} <{}>", self.name, self.address) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<(&str, &str), MailboxError>) {
        let got = text.parse::<Mailbox>();
        let got = got.as_ref().map(|mailbox| (mailbox.name.as_str(), mailbox.address.as_str())).map_err(|why| *why);
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn senders_are_taken_in_the_usual_spellings() {
        check("鉴证巡查 <patrol@example.gov.cn>", Ok(("鉴证巡查", "patrol@example.gov.cn")));
        check("\"鉴证 巡查\" <patrol@example.gov.cn>", Ok(("鉴证 巡查", "patrol@example.gov.cn")));
        check(" patrol@example.gov.cn ", Ok(("", "patrol@example.gov.cn")));
        check("<patrol@example.gov.cn>", Ok(("", "patrol@example.gov.cn")));
    }

    #[test]
    fn what_no_server_takes_is_refused() {
        for text in [
            "",
            "patrol",
            "a@b@c",
            "巡查@example.gov.cn",
            "a b@example.gov.cn",
            "a@例子.cn",
            "x <>",
            "a@b\r\nBcc: c@d.e",
        ] {
            check(text, Err(MailboxError::Address));
        }
        for text in ["x <a@example.org", "x <a@example.org> y", "a <b> <c@example.org>", "x\r\nBcc: y <a@example.org>"]
        {
            check(text, Err(MailboxError::Shape));
        }
    }
}
