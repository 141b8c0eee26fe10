//! Lines of a stream, capped: a line that is too long costs that line and no memory. Start at [`Lines::next`].

use std::io::{self, BufRead};

/// What CONTRACT.md lets one line have.
pub(super) const MAX_LINE: usize = 32 << 20;

/// Reads lines and counts them.
pub(super) struct Lines<R> {
    input: R,
    number: u64,
}

/// One line of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It is in the buffer, without its end.
    Whole,
    /// It was longer than allowed and has been skipped.
    TooLong,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Lines { input, number: 0 }
    }

    /// Number of the line read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Puts the next line in `buffer`; none at the stream's end. Waits only while no whole line is there.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>, cap: usize) -> io::Result<Option<Line>> {
        buffer.clear();
        let mut begun = false;
        let mut too_long = false;
        loop {
            let read = match self.input.fill_buf() {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if read.is_empty() {
                if !begun {
                    return Ok(None);
                }
                break;
            }
            begun = true;
            let end = memchr::memchr(b'\n', read);
            let part = &read[..end.unwrap_or(read.len())];
            too_long |= buffer.len() + part.len() > cap;
            if too_long {
                buffer.clear();
            } else {
                buffer.extend_from_slice(part);
            }
            let used = end.map_or(read.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        if buffer.last() == Some(&b'\r') {
            buffer.pop();
        }
        // Notepad and PowerShell begin a file with a mark.
        if self.number == 1 && buffer.starts_with(b"\xef\xbb\xbf") {
            buffer.drain(..3);
        }
        Ok(Some(if too_long { Line::TooLong } else { Line::Whole }))
    }
}

/// Nothing but white space.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8], cap: usize) -> Vec<(u64, String)> {
        // A tiny buffer, so that lines come in pieces.
        let mut lines = Lines::new(io::BufReader::with_capacity(3, input));
        let mut buffer = Vec::new();
        let mut all = Vec::new();
        while let Some(line) = lines.next(&mut buffer, cap).unwrap() {
            let text = match line {
                Line::Whole => String::from_utf8_lossy(&buffer).into_owned(),
                Line::TooLong => "(too long)".to_owned(),
            };
            all.push((lines.number(), text));
        }
        all
    }

    #[test]
    fn lines_come_whole_and_counted_whatever_ends_them() {
        let all = read(b"\xef\xbb\xbfone\r\n\ntwo words\nlast", 100);
        let wanted = ["one", "", "two words", "last"];
        assert_eq!(all, (1..).zip(wanted.map(str::to_owned)).collect::<Vec<_>>());
    }

    #[test]
    fn a_line_beyond_the_cap_costs_that_line_only() {
        let all: Vec<String> = read(b"12345\n123456\n1\n", 5).into_iter().map(|(_, text)| text).collect();
        assert_eq!(all, ["12345", "(too long)", "1"]);
    }
}
