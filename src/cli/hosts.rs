//! `hosts`: host names in, what each imitates out, in input order.
//!
//! Nearly all names of ordinary traffic are plain and clean; they are checked and answered from the read buffer without a
//! copy or an allocation. Everything else takes the long way through core. Answers are flushed when the input has to be
//! waited for. Start at [`Answers::line`].

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use jianzheng_core::entities::mask_ids;
use jianzheng_core::host::{Authorities, Standing};
use serde::Serialize;

use super::{
    Context, Exit,
    lines::{self, Line, Lines, MAX_LINE},
    out::OutError,
};

/// 判断一批域名像不像在冒充机关：每行一个域名或网址进，每行一个结论出
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// 只输出仿冒（spoof）和需关注（watch）的
    #[arg(long)]
    flagged: bool,
}

const EXAMPLES: &str = "\
不联网、不读存储。读不懂的一行输出 {\"error\": …, \"line\": 行号}，其余照常，退出码为 1。

例子：
  echo cx.mem.gov.cn.shili.example | jianzheng hosts
  jianzheng hosts --flagged < 域名.txt > 可疑域名.ndjson";

const BUFFER: usize = 256 << 10;
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;
/// Digits of the shortest ID number that is masked.
const ID_DIGITS: usize = 15;

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let answers = Answers {
        authorities: program.rules.authorities(),
        flagged: args.flagged,
        out: BufWriter::with_capacity(BUFFER, io::stdout().lock()),
        clean: true,
    };
    // Not `StdinLock`: its own buffer is a small one.
    let input = BufReader::with_capacity(BUFFER, io::stdin().lock());
    Ok(Exit::when(answers.all(input)?))
}

struct Answers<'r, W: Write> {
    authorities: &'r Authorities,
    flagged: bool,
    out: BufWriter<W>,
    /// No line was bad so far.
    clean: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    host: &'a str,
    verdict: &'a str,
    score: f64,
    near: Option<&'a str>,
    why: &'a [Cow<'a, str>],
}

impl<W: Write> Answers<'_, W> {
    /// Answers every line; whether all could be read.
    fn all(mut self, mut input: impl BufRead) -> Result<bool, OutError> {
        let mut number = 0;
        loop {
            // Whole lines straight from the buffer, until it ends within one.
            let read = match input.fill_buf() {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.bad(&format!("输入读不下去：{error}"), number + 1)?;
                    break;
                }
            };
            if read.is_empty() {
                break;
            }
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', read) {
                number += 1;
                self.line(trimmed(&read[start..end], number), number)?;
                start = end + 1;
            }
            if start > 0 {
                input.consume(start);
                // What follows may have to be waited for.
                self.out.flush()?;
                continue;
            }
            // A line longer than what is buffered: gathered the slow way.
            let mut rest = Vec::new();
            let mut one = Lines::new(&mut input);
            number += 1;
            match one.next(&mut rest, MAX_LINE) {
                Ok(Some(Line::Whole)) => self.line(trimmed(&rest, number), number)?,
                Ok(Some(Line::TooLong)) => self.bad("这一行超过 32 MiB，没有读", number)?,
                Ok(None) => break,
                Err(error) => {
                    self.bad(&format!("输入读不下去：{error}"), number)?;
                    break;
                }
            }
            self.out.flush()?;
        }
        self.out.flush()?;
        Ok(self.clean)
    }

    fn line(&mut self, line: &[u8], number: u64) -> Result<(), OutError> {
        if let Some(name) = plain(line)
            && self.authorities.is_plainly_clean(name)
        {
            return match self.flagged {
                true => Ok(()),
                false => self.plainly_clean(name),
            };
        }
        if lines::is_blank(line) {
            return Ok(());
        }
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            Err(_) => return self.bad("这一行不是 UTF-8 文字", number),
        };
        match self.authorities.judge_line(text) {
            Err(error) => self.bad(&error.to_string(), number),
            Ok(found) if self.flagged && !matches!(found.standing, Standing::Spoof | Standing::Watch) => Ok(()),
            Ok(found) => {
                let row = Row {
                    host: &mask_ids(&found.host),
                    verdict: found.standing.as_str(),
                    score: found.score,
                    near: found.near.as_deref(),
                    why: &found.why.iter().map(|why| mask_ids(why)).collect::<Vec<_>>(),
                };
                serde_json::to_writer(&mut self.out, &row).map_err(io::Error::from)?;
                Ok(self.out.write_all(b"\n")?)
            }
        }
    }

    /// The same line that the long way writes; a plain name needs no escaping.
    fn plainly_clean(&mut self, name: &str) -> Result<(), OutError> {
        self.out.write_all(b"{\"host\":\"")?;
        self.out.write_all(name.as_bytes())?;
        Ok(self.out.write_all(b"\",\"verdict\":\"clean\",\"score\":0.0,\"near\":null,\"why\":[]}\n")?)
    }

    fn bad(&mut self, say: &str, number: u64) -> Result<(), OutError> {
        self.clean = false;
        let line = serde_json::json!({ "error": mask_ids(say), "line": number });
        Ok(writeln!(self.out, "{line}")?)
    }
}

fn trimmed(line: &[u8], number: u64) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line }
}

/// The line as a name that needs no reading: lower-case letters, digits, hyphens, labels of proper length, no A-label, and too few
/// digits for an ID number.
fn plain(line: &[u8]) -> Option<&str> {
    if line.len() > LONGEST_NAME {
        return None;
    }
    let mut label = 0;
    let mut digits = 0;
    for &b in line {
        digits += usize::from(b.is_ascii_digit());
        match b {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => label += 1,
            b'.' if label > 0 && label <= LONGEST_LABEL => label = 0,
            _ => return None,
        }
    }
    // An A-label has to be decoded, and its prefix has hyphens in third and fourth place.
    if digits >= ID_DIGITS || label == 0 || label > LONGEST_LABEL || memchr::memmem::find(line, b"xn--").is_some() {
        return None;
    }
    std::str::from_utf8(line).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::Globals;
    use crate::wiring::Program;

    fn answered(input: &[u8], capacity: usize) -> (String, bool) {
        let program = Program::load(&Globals::default(), std::iter::empty(), "/".as_ref()).unwrap();
        let mut out = Vec::new();
        let answers = Answers {
            authorities: program.rules.authorities(),
            flagged: false,
            out: BufWriter::new(&mut out),
            clean: true,
        };
        let clean = answers.all(BufReader::with_capacity(capacity, input)).unwrap();
        (String::from_utf8(out).unwrap(), clean)
    }

    #[test]
    fn the_short_way_answers_as_the_long_way_does() {
        let (short, _) = answered(b"www.shili.example\n", 64);
        let (long, _) = answered("WWW.shili.example\n".as_bytes(), 64);
        assert_eq!(short, long);
    }

    #[test]
    fn lines_longer_than_the_buffer_are_answered_like_others() {
        let input = "www.shili.example\r\n\nhttp://例子.example/a/b?c\nlast.example".as_bytes();
        let (wanted, _) = answered(input, 1 << 16);
        assert_eq!(wanted.lines().count(), 3);
        for capacity in 1..40 {
            assert_eq!(answered(input, capacity).0, wanted, "{capacity}");
        }
    }

    #[test]
    fn a_bad_line_is_told_in_its_place() {
        let (text, clean) = answered(b"a.example\nbad name!!\n\xff\nb.example\n", 64);
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!clean);
        assert_eq!((lines[0]["host"].as_str(), lines[3]["host"].as_str()), (Some("a.example"), Some("b.example")));
        assert_eq!((&lines[1]["line"], &lines[2]["line"]), (&2.into(), &3.into()));
    }

    #[test]
    fn an_id_number_in_a_name_is_masked() {
        let (text, _) = answered(b"q330212199001011232.example\n33-0212-19900101-1232.cx-mem.example\n", 64);
        assert!(!text.contains("19900101") && text.contains("q3302**********1232.example"), "{text}");
    }

    proptest! {
        #[test]
        fn a_plain_name_is_what_core_would_make_of_it(line in "[a-z0-9.-]{0,80}|[a-zA-Z0-9._/:-]{0,40}") {
            if let Some(name) = plain(line.as_bytes()) {
                prop_assert_eq!(jianzheng_core::host::host_of(&line), Ok(name.to_owned()));
            }
        }
    }
}
