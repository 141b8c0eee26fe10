//! Logs: to stderr only, filtered by `JIANZHENG_LOG`, with nothing in them that a terminal or a log reader would obey.
//!
//! Titles, host names and replies of strangers end up in log lines. The fields need no care at the place where they are
//! logged: every record passes [`Escaping`] on its way out, whichever formatter made it, and loses its ID numbers there. Nothing here may write to stdout,
//! which belongs to the answers. Start at [`start`].

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use jianzheng_core::entities::mask_ids;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// The variable that holds the filter, e.g. `JIANZHENG_LOG=jianzheng::crawl=debug`.
pub const VARIABLE: &str = "JIANZHENG_LOG";

/// What is logged when nobody asked for anything: our own news, other people's warnings.
const DEFAULT: &str = "warn,jianzheng=info";

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("环境变量 {VARIABLE} 的写法不对：{0}；例如 {VARIABLE}=info 或 {VARIABLE}=jianzheng::crawl=debug")]
    Filter(String),
    /// Somebody started logging before.
    #[error("日志已经启动过了")]
    Twice,
}

/// What the system says against a file, in Chinese where that is of a frequent kind.
pub fn chinese(error: &io::Error) -> String {
    // The standard library knows no stable name for a ring of symbolic links.
    const LOOP: i32 = 40;
    match error.kind() {
        io::ErrorKind::NotFound => "没有这个文件或目录".to_owned(),
        io::ErrorKind::PermissionDenied => "没有权限".to_owned(),
        io::ErrorKind::NotADirectory => "路径中间有一段不是目录".to_owned(),
        io::ErrorKind::IsADirectory => "它是目录，不是文件".to_owned(),
        io::ErrorKind::StorageFull => "磁盘满了".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "这个盘只能读、不能写".to_owned(),
        io::ErrorKind::InvalidData => "不是 UTF-8 文字，另存为 UTF-8 编码再来".to_owned(),
        _ if error.raw_os_error() == Some(LOOP) => "链接绕成了圈，指来指去没有文件".to_owned(),
        _ => error.to_string(),
    }
}

/// Sends logs to stderr for the rest of the process. `filter` is what [`VARIABLE`] says, if it is set.
pub fn start(filter: Option<&str>) -> Result<(), TelemetryError> {
    let text = filter.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(DEFAULT);
    let subscriber = subscriber(text, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Twice)
}

/// The subscriber behind [`start`], with any way out. No colours: their escapes could not be told from a stranger's.
fn subscriber<W>(filter: &str, out: W) -> Result<impl tracing::Subscriber + Send + Sync, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(filter).map_err(|error| TelemetryError::Filter(escape(&error.to_string()).into()))?;
    Ok(tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter).with_writer(Escaped(out)).finish())
}

/// Makes an [`Escaping`] writer for each record.
struct Escaped<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Escaped<W> {
    type Writer = Escaping<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Escaping(self.0.make_writer())
    }
}

/// A way out that takes one record a write and makes one line of it.
///
/// ID numbers are masked; all control characters are escaped but the newline that ends the record. The formatter hands over each record whole, in
/// one write; a formatter that wrote in pieces would get a line for each piece that ends in a newline, still escaped.
#[derive(Debug)]
pub struct Escaping<W>(pub W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        match text.strip_suffix('\n') {
            // One write again, so that lines of several threads do not mix.
            Some(body) => self.0.write_all(format!("{}\n", escape(&mask_ids(body))).as_bytes())?,
            None => self.0.write_all(escape(&mask_ids(&text)).as_bytes())?,
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `text` with every character that could steer a terminal, break a line or turn the reading order written as `\u{…}`.
///
/// For log lines and for messages on stderr that quote what somebody else wrote.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if steers(c) => write!(out, "\\u{{{:x}}}", u32::from(c)).unwrap_or(()), // a String takes everything
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// C0, DEL and C1; line and paragraph separators; the marks, embeddings, overrides and isolates of bidirectional text.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let out = kept.clone();
        let subscriber = subscriber(filter, move || out.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_hostile_string_stays_on_its_line_and_steers_nothing() {
        let title = "假\u{1b}]0;改标题\u{7}\r\n2026-01-01 INFO 伪造的一行\u{9b}2J\u{202e}gnp.exe\u{2028}";
        let host = "evil\nhost";
        let text = logged("trace", || tracing::warn!(title, host = %host, odd = ?title, "第一行\n第二行 {title}"));
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(text.ends_with('\n'));
        let body = text.trim_end_matches('\n');
        assert!(!body.contains(steers), "{body:?}");
        assert!(body.contains("伪造的一行") && body.contains("第二行"), "{body}");
    }

    #[test]
    fn plain_text_is_left_alone() {
        for text in ["", "第 3 轮：取得 120 页", "a\\nb", "https://例子.example/?q=1"] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_steers_is_written_out() {
        for (text, want) in [
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{0}\u{7f}\u{85}\u{9b}", "\\u{0}\\u{7f}\\u{85}\\u{9b}"),
            ("\u{202e}x\u{2066}y\u{200f}", "\\u{202e}x\\u{2066}y\\u{200f}"),
        ] {
            assert_eq!(escape(text), want);
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_get_through_raw() {
        let mut out = Vec::new();
        let taken = Escaping(&mut out).write(b"a\x9b2J\xff\n").unwrap();
        assert_eq!((taken, out), (6, "a\u{fffd}2J\u{fffd}\n".as_bytes().to_vec()));
    }

    #[test]
    fn our_own_news_and_the_warnings_of_others_are_logged_by_default() {
        let text = logged(DEFAULT, || {
            tracing::info!(target: "jianzheng::patrol", "ours");
            tracing::debug!(target: "jianzheng::patrol", "detail");
            tracing::info!(target: "reqwest", "theirs");
            tracing::warn!(target: "reqwest", "alarm");
        });
        for (word, there) in [("ours", true), ("detail", false), ("theirs", false), ("alarm", true)] {
            assert_eq!(text.contains(word), there, "{word}: {text}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_told_with_its_variable() {
        let Err(error) = subscriber("jianzheng=loud=x", io::sink) else { panic!("taken") };
        assert!(error.to_string().contains(VARIABLE), "{error}");
    }

    proptest! {
        #[test]
        fn nothing_that_steers_is_left(text in any::<String>()) {
            prop_assert!(!escape(&text).contains(steers));
        }
    }
}
