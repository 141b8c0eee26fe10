//! Values that must never be printed.
//!
//! [`Secret`] hides a password, [`bare_url`] takes the credentials out of an address. Neither protects memory: what can read
//! the process's memory can read the password file as well.

use std::{fmt, fs::File, io::Read as _, path::Path};

/// A password. Neither `Debug` nor `Display` shows it; only [`Secret::expose`] does.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The password itself, to be handed to the server and to nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What stands in the place of a secret.
const HIDDEN: &str = "（已隐藏）";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Why there is no password in the file that should hold one.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("密码文件 {0} 读不了：{1}")]
    Unreadable(String, std::io::Error),
    /// The file is empty, longer than one line, or no text.
    #[error("密码文件 {0} 里要正好有一行密码（UTF-8）")]
    NotOneLine(String),
}

/// Reads the one line of a password file; the line's end is not part of the password, spaces are.
pub(super) fn read_password(file: &Path) -> Result<Secret, SecretError> {
    let shown = || file.display().to_string();
    let mut bytes = Vec::new();
    File::open(file)
        // A device or a wrong file must not be read for ever; no password is as long as this.
        .and_then(|open| open.take(4097).read_to_end(&mut bytes))
        .map_err(|error| SecretError::Unreadable(shown(), error))?;
    let text = String::from_utf8(bytes).map_err(|_| SecretError::NotOneLine(shown()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line).trim_start_matches('\u{feff}');
    if line.is_empty() || line.len() > 1024 || line.contains(char::is_control) {
        return Err(SecretError::NotOneLine(shown()));
    }
    Ok(Secret::new(line))
}

/// `text` without what stands between the scheme and the host's `@`: good enough for every string, address or not.
pub(super) fn bare_url(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{HIDDEN}@{host}{tail}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_to_nobody_who_prints_it() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "（已隐藏） （已隐藏） Some(（已隐藏）)");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn credentials_leave_an_address_and_the_rest_stays() {
        for (text, want) in [
            ("http://me:word@proxy.example:3128/", "http://（已隐藏）@proxy.example:3128/"),
            ("http://a@b:c@proxy.example", "http://（已隐藏）@proxy.example"),
            ("http://proxy.example:3128/@x", "http://proxy.example:3128/@x"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(bare_url(text), want);
        }
    }

    #[test]
    fn a_password_file_holds_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        for (bytes, want) in [
            (&b"hunter2\n"[..], Some("hunter2")),
            (b"hunter2\r\n", Some("hunter2")),
            (b" two words ", Some(" two words ")),
            (b"", None),
            (b"\n", None),
            (b"one\ntwo\n", None),
            (b"\xff\xfe", None),
            (&[b'x'; 5000], None),
        ] {
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(read_password(&file).ok().as_ref().map(Secret::expose), want, "{bytes:?}");
        }
        let missing = read_password(&folder.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("none") && missing.contains("读不了"), "{missing}");
    }
}
