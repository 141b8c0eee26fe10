//! The parser in Chinese: headings, usage lines and the help flag of every command. Start at [`command`].

use clap::{Arg, ArgAction, Command, CommandFactory as _};

const TEMPLATE: &str = "{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";
const OPTIONS: &str = "选项";

/// The whole parser.
pub(super) fn command() -> Command {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let root = super::Cli::command().disable_version_flag(true).arg(version.help("显示版本").help_heading(OPTIONS));
    dress(root, "")
}

fn dress(command: Command, above: &str) -> Command {
    let path = if above.is_empty() { command.get_name().to_owned() } else { format!("{above} {}", command.get_name()) };
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let usage = usage(&command, &path);
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助").help_heading(OPTIONS);
    let command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading("命令")
        .override_usage(usage)
        .help_template(TEMPLATE)
        // No wrapping: the text is the same on every terminal, and a test can compare it with README.
        .term_width(0)
        .mut_args(|arg| {
            let takes_value = arg.get_action().takes_values();
            let arg = arg.hide_default_value(takes_value).hide_possible_values(takes_value);
            match arg.get_help_heading() {
                Some(_) => arg,
                None if arg.is_positional() => arg.help_heading("参数"),
                None => arg.help_heading(OPTIONS),
            }
        })
        .arg(help);
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |sub| dress(sub, &path)))
}

fn usage(command: &Command, path: &str) -> String {
    let mut usage = format!("{path} [选项]");
    if command.has_subcommands() {
        usage.push_str(" 命令");
    }
    for arg in command.get_positionals() {
        let name = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        let more = if matches!(arg.get_action(), ArgAction::Append) { "…" } else { "" };
        usage.push_str(&if arg.is_required_set() { format!(" {name}{more}") } else { format!(" [{name}{more}]") });
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command with the words that lead to it.
    pub(crate) fn all(command: &Command, path: &[String], each: &mut impl FnMut(&[String], &Command)) {
        each(path, command);
        for sub in command.get_subcommands() {
            let path: Vec<String> = path.iter().cloned().chain([sub.get_name().to_owned()]).collect();
            all(sub, &path, each);
        }
    }

    #[test]
    fn the_parser_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_every_argument_too() {
        let root = command();
        all(&root, &[], &mut |path, command| {
            assert!(command.get_about().is_some(), "{path:?}");
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{path:?} {}", arg.get_id());
            }
        });
    }

    #[test]
    fn help_is_chinese_to_the_last_heading() {
        let mut root = command();
        let text = root.render_long_help().to_string();
        for english in ["Usage", "Options", "Commands", "Print", "default", "possible"] {
            assert!(!text.contains(english), "{english}: {text}");
        }
    }
}
