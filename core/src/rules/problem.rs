//! One mistake in a file that officers edit, told so that they can find and mend it.
//!
//! Every reader of rules and data files collects these and hands back all of them; none stops at the first. It must not
//! carry the offending text at length: a message ends up on a terminal and in a log.

use std::fmt;

/// One mistake: where it stands, what is wrong, what to do. `say` and `advice` are Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable name of the kind of mistake, e.g. `unknown-key`.
    pub code: &'static str,
    /// File as the caller named it.
    pub file: String,
    /// Line from 1; 0 when the mistake is about the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub say: String,
    /// The way out.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}：{}", self.file, self.say)?;
        } else {
            write!(f, "{} 第 {} 行：{}", self.file, self.line, self.say)?;
        }
        if !self.advice.is_empty() {
            write!(f, "（{}）", self.advice)?;
        }
        write!(f, " [{}]", self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn a_problem_names_file_line_fault_and_way_out() {
        let problem = Problem {
            code: "unknown-key",
            file: "a.toml".into(),
            line: 3,
            say: "不认识的键“nmae”".into(),
            advice: "是不是“name”？".into(),
        };
        assert_eq!(problem.to_string(), "a.toml 第 3 行：不认识的键“nmae”（是不是“name”？） [unknown-key]");
    }
}
