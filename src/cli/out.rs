//! The way to stdout: JSON lines for programs, lines and tables for people.
//!
//! With `--json` nothing but objects leaves here. For people, every string may come from a stranger, so each line is escaped.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

/// Stdout does not take what it is given.
#[derive(Debug, thiserror::Error)]
#[error("写不出结果：{0}")]
pub(super) struct OutError(#[from] io::Error);

impl OutError {
    /// Nobody reads any more.
    pub(super) fn is_broken_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Where answers go.
pub(super) struct Out {
    sink: BufWriter<Box<dyn Write + Send>>,
    /// One object a line, nothing else.
    pub(super) json: bool,
}

impl Out {
    pub(super) fn stdout(json: bool) -> Out {
        Out::to(Box::new(io::stdout()), json)
    }

    pub(super) fn to(sink: Box<dyn Write + Send>, json: bool) -> Out {
        Out { sink: BufWriter::with_capacity(64 << 10, sink), json }
    }

    /// One object on its line.
    pub(super) fn object(&mut self, object: &impl Serialize) -> Result<(), OutError> {
        serde_json::to_writer(&mut self.sink, object).map_err(io::Error::from)?;
        Ok(self.sink.write_all(b"\n")?)
    }

    /// A line for people; controls in it are escaped.
    pub(super) fn line(&mut self, text: &str) -> Result<(), OutError> {
        self.sink.write_all(crate::telemetry::escape(text).as_bytes())?;
        Ok(self.sink.write_all(b"\n")?)
    }

    /// Several lines for people, each escaped.
    pub(super) fn lines(&mut self, text: &str) -> Result<(), OutError> {
        text.lines().try_for_each(|line| self.line(line))
    }

    /// Bytes as they are: a file that was asked for on stdout.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), OutError> {
        Ok(self.sink.write_all(bytes)?)
    }

    /// Hands over what is held back.
    pub(super) fn flush(&mut self) -> Result<(), OutError> {
        Ok(self.sink.flush()?)
    }
}
