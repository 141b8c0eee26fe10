//! Exit codes, and what is said on the way out. Start at [`of`].

use super::out::OutError;
use crate::wiring::StartError;

/// How the program ends; the numbers are CONTRACT.md's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; a finding is a result.
    Done = 0,
    /// Something asked for was not done, or a check does not hold.
    NotDone = 1,
    /// Usage, settings or rules are wrong.
    Wrong = 2,
}

impl Exit {
    /// The worse of two.
    pub(super) fn and(self, other: Exit) -> Exit {
        if other as u8 > self as u8 { other } else { self }
    }

    /// Done where `good`.
    pub(super) fn when(good: bool) -> Exit {
        if good { Exit::Done } else { Exit::NotDone }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        (exit as u8).into()
    }
}

/// The exit code of a command's end; an error is told on stderr here and nowhere else.
pub(super) fn of(end: anyhow::Result<Exit>) -> Exit {
    let error = match end {
        Ok(exit) => return exit,
        Err(error) => error,
    };
    // Whoever reads us has had enough: `jianzheng hosts | head`.
    if error.downcast_ref::<OutError>().is_some_and(OutError::is_broken_pipe) {
        return Exit::Done;
    }
    let start = error.downcast_ref::<StartError>();
    match start {
        Some(StartError::Settings(mistakes)) => {
            eprintln!("配置有 {} 处错误：\n{mistakes}", mistakes.0.len());
        }
        Some(StartError::Rules(problems)) => {
            let advice = "用 jianzheng rules check 随时检查";
            eprintln!("规则有 {} 处错误：\n{}\n{advice}", problems.len(), StartError::Rules(problems.clone()));
        }
        // Messages may quote what a page or a file says.
        _ => eprintln!("{}", format!("{error:#}").lines().map(crate::telemetry::escape).collect::<Vec<_>>().join("\n")),
    }
    match start {
        Some(StartError::Usage(_) | StartError::Settings(_) | StartError::Rules(_)) => Exit::Wrong,
        Some(StartError::State(_)) | None => Exit::NotDone,
    }
}
