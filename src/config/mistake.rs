//! What is wrong with the settings, told to the person at the keyboard.
//!
//! A mistake is data (where, which key, what, way out), so that `doctor` can list it as well; nothing here decides what is
//! wrong. Start at [`Mistakes`].

use std::fmt;

use crate::telemetry::escape;

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file as the person named it, or the environment variable.
    pub file: String,
    /// Line in that file, counted from 1; none for variables and for a file that cannot be read.
    pub line: Option<usize>,
    /// The key concerned, e.g. `network.proxy`; empty where no single key is.
    pub key: String,
    /// What is wrong, in Chinese, without full stop.
    pub say: String,
    /// The way out, a Chinese sentence; may be empty.
    pub advice: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // File names, keys and values are whatever somebody typed or pasted: they reach a terminal here.
        write!(f, "{}", escape(&self.file))?;
        if let Some(line) = self.line {
            write!(f, " 第 {line} 行")?;
        }
        write!(f, "：{}", escape(&self.say))?;
        match self.advice.as_str() {
            "" => f.write_str("。"),
            // A guess continues the sentence, an instruction starts afresh.
            guess if guess.starts_with("是否") => write!(f, "，{}", escape(guess)),
            advice => write!(f, "；{}", escape(advice)),
        }
    }
}

/// Everything that is wrong with the settings, in the order of the file, then the variables. Never empty as an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
