//! What is wrong with the arguments, in Chinese: clap finds it, this says it. Start at [`tell`].

use std::{ffi::OsString, io::Write as _};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Exit;
use crate::telemetry::escape;

/// Prints help, version or the mistake, and says how the program ends.
pub(super) fn tell(error: &clap::Error, args: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Whoever closed the pipe does not want the rest of the help.
            let _ = write!(std::io::stdout(), "{}", error.render());
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let path = path(args);
            eprintln!("{path} 后面要写一个命令。\n");
            eprint!("{}", help_of(args));
            Exit::Wrong
        }
        _ => {
            eprintln!("{}\n看用法：{} --help", explain(error), path(args));
            Exit::Wrong
        }
    }
}

fn explain(error: &clap::Error) -> String {
    let arg = texts(error, ContextKind::InvalidArg).join("、");
    let value = texts(error, ContextKind::InvalidValue).join("");
    let what = match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with('-') => format!("不认识的选项 {arg}"),
        ErrorKind::UnknownArgument => format!("多出来的参数“{arg}”"),
        ErrorKind::InvalidSubcommand => {
            format!("没有“{}”这个命令", texts(error, ContextKind::InvalidSubcommand).join(""))
        }
        ErrorKind::MissingRequiredArgument => format!("缺少参数 {arg}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} 后面要写值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let valid = texts(error, ContextKind::ValidValue);
            let mut what = format!("{arg} 的值“{value}”不对");
            if !valid.is_empty() {
                what.push_str(&format!("，可写：{}", valid.join("、")));
            }
            if let Some(why) = std::error::Error::source(error) {
                // Our own parsers speak Chinese; what does not is the number parser of the standard library.
                let why = why.to_string();
                what.push_str(&format!("，{}", if why.is_ascii() { "要写整数" } else { &why }));
            }
            what
        }
        ErrorKind::ArgumentConflict => match texts(error, ContextKind::PriorArg).join("、") {
            prior if prior.is_empty() || prior == arg => format!("{arg} 只能写一次"),
            prior => format!("{arg} 不能和 {prior} 一起用"),
        },
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{arg} 的值个数不对")
        }
        ErrorKind::NoEquals => format!("{arg} 和它的值之间要写 ="),
        ErrorKind::InvalidUtf8 => "有一个参数不是 UTF-8 文字".to_owned(),
        _ => "参数写得不对".to_owned(),
    };
    let near: Vec<String> = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .flat_map(|kind| texts(error, kind))
        .take(3)
        .collect();
    // What was typed or pasted reaches a terminal here.
    let what = escape(&what).into_owned();
    if near.is_empty() { format!("{what}。") } else { format!("{what}，是否想写 {}？", near.join(" 或 ")) }
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// The command that was meant, as far as its words are right: `jianzheng rules`.
fn path(args: &[OsString]) -> String {
    let root = super::dress::command();
    let mut command = &root;
    let mut path = root.get_name().to_owned();
    for word in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(sub) = command.find_subcommand(word) {
            path.push(' ');
            path.push_str(sub.get_name());
            command = sub;
        }
    }
    path
}

/// The help of the command that was meant.
fn help_of(args: &[OsString]) -> String {
    let words = path(args);
    let asked = words.split(' ').map(str::to_owned).chain(["--help".to_owned()]);
    match super::dress::command().try_get_matches_from(asked) {
        Err(help) if help.kind() == ErrorKind::DisplayHelp => help.render().to_string(),
        _ => String::new(),
    }
}
