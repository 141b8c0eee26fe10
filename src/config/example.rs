//! The example file, written from the table of keys: what `init` puts down and `deploy/jianzheng.example.toml` holds.
//!
//! Defaults stand as `#key = value` with no space after the hash, what people read as `# …`; so an officer takes away one
//! character to change a setting, and a test can do the same to all of them. Start at [`example`].

use std::fmt::Write as _;

use super::keys::{KEYS, SECTIONS, path_of_section};

const HEAD: &str = "\
# 鉴证（jianzheng）配置示例。
#
# 复制为工作目录下的 jianzheng.toml，要改哪一项就删去它行首的 # 再改；没有 # 的行照旧保留。
# 不改的项不必写，等号后面就是内置默认值；[sources.…]、[[network.routes]] 和 [[contacts]] 没有默认值，写的是例子。
# 相对路径从本文件所在目录算起。写错的键和值会一次全部指出来，带行号。
# 任何一项都可以用环境变量临时改，例如 JIANZHENG_MAIL__PORT=2525。
";

/// The text of the example file.
pub fn example() -> String {
    let mut out = HEAD.to_owned();
    for (section, say) in SECTIONS {
        let header = match *section {
            "sources" => "#[sources.searxng]".to_owned(),
            list @ ("contacts" | "network.routes") => format!("#[[{list}]]"),
            plain => format!("[{plain}]"),
        };
        line(&mut out, format_args!(""));
        line(&mut out, format_args!("# {say}"));
        line(&mut out, format_args!("{header}"));
        let path = path_of_section(section);
        for key in KEYS.iter().filter(|key| key.section() == path) {
            line(&mut out, format_args!("# {}", key.say));
            line(&mut out, format_args!("#{} = {}", key.name(), key.default));
        }
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    writeln!(out, "{text}").unwrap_or(());
}
