//! What the TOML parser complains about, in Chinese.
//!
//! The parser's own words are fixed English phrases; the frequent ones are translated, any other is quoted. The offending text
//! itself is never shown: a line that cannot be read may well hold a password. Start at [`say`].

/// Phrase of the parser, what is wrong, the way out.
const PHRASES: &[(&str, &str, &str)] = &[
    ("duplicate key", "同一项写了两次", "删去其中一个。"),
    ("string values must be quoted", "文字要加双引号", "例如 name = \"示例\"。"),
    ("missing value for key", "等号后面没有写值", "补上值，或在行首加 # 停用这一行。"),
    ("missing value", "没有写值", "补上值，或在行首加 # 停用这一行。"),
    ("key with no value", "只有键，没有等号和值", "写成 键 = 值，或在行首加 # 停用这一行。"),
    ("missing assignment between key-value pairs", "键和值之间缺等号", "写成 键 = 值。"),
    ("extra assignment between key-value pairs", "多了一个等号", "一行只写一个 键 = 值。"),
    ("extra `=`", "多了一个等号", "一行只写一个 键 = 值。"),
    ("unclosed table", "段名缺右方括号", "写成 [段名]。"),
    ("unclosed array table", "段名缺右方括号", "写成 [[contacts]]。"),
    ("unclosed array", "列表缺右方括号", "写成 [\"甲\", \"乙\"]。"),
    ("unclosed inline table", "缺右花括号", ""),
    ("missing comma between array elements", "列表里两项之间缺逗号", "用半角逗号，例如 [\"甲\", \"乙\"]。"),
    ("extra comma in array", "列表里多了逗号", ""),
    ("missing comma between key-value pairs", "两项之间缺逗号", "用半角逗号。"),
    ("invalid basic string", "双引号里的文字写法不对", "检查结尾的双引号；反斜杠要写成 \\\\，或改用单引号。"),
    ("invalid literal string", "单引号里的文字写法不对", "检查结尾的单引号。"),
    ("missing escaped value", "反斜杠后面的字符不对", "反斜杠要写成 \\\\，或改用单引号。"),
    ("missing opening quote", "文字前面缺引号", "例如 name = \"示例\"。"),
    ("invalid unquoted key", "键里有不能用的字符", "键只用英文字母、数字、- 和 _。"),
    ("unquoted keys cannot be empty", "等号前面没有写键", ""),
    ("unexpected key or value", "一行里写了不止一项，或标点不对", "一行只写一个 键 = 值，标点用半角。"),
    ("unexpected content", "多了读不懂的内容", "标点用半角；说明文字前加 #。"),
    ("unexpected leading zero", "数字前面多了 0", "编号和代码要加双引号，例如 \"0574\"。"),
    ("invalid integer number", "整数写法不对", ""),
    ("invalid float", "小数写法不对", ""),
    ("invalid boolean", "要写 true 或 false", ""),
    ("invalid date-time", "日期或时间写法不对", "时间要加双引号，例如 \"08:30\"。"),
    ("invalid comment character", "注释里有控制字符", "删去它。"),
    ("carriage return must be followed by newline", "换行符不对", "把文件另存为 UTF-8 文本，换行用 LF 或 CRLF。"),
    ("cannot recurse further; max recursion depth met", "括号套得太深", ""),
];

fn row(message: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let phrase = message.split(", expected ").next().unwrap_or(message);
    PHRASES.iter().find(|(known, _, _)| *known == phrase)
}

/// What is wrong, for a mistake's `say`.
#[must_use]
pub fn say(message: &str) -> String {
    match row(message) {
        Some((_, say, _)) => format!("TOML 写法有误：{say}"),
        None => format!("TOML 写法有误（{message}）"),
    }
}

/// The way out, for a mistake's `advice`; may be empty.
#[must_use]
pub fn advice(message: &str) -> &'static str {
    row(message).map_or("", |(_, _, advice)| advice)
}

/// Signs of a Chinese keyboard, and what the parser wants in their place.
const SIGNS: &[(char, char)] = &[
    ('“', '"'),
    ('”', '"'),
    ('‘', '\''),
    ('’', '\''),
    ('＂', '"'),
    ('，', ','),
    ('、', ','),
    ('＝', '='),
    ('［', '['),
    ('］', ']'),
    ('【', '['),
    ('】', ']'),
    ('｛', '{'),
    ('｝', '}'),
    ('＃', '#'),
    ('。', '.'),
];

/// The first sign of a Chinese keyboard in a line that cannot be read, outside of quotes and remarks, and what was meant.
#[must_use]
pub fn chinese_sign(line: &str) -> Option<(char, char)> {
    let mut quote = None;
    for sign in line.chars() {
        match quote {
            Some(open) if sign == open => quote = None,
            Some(_) => {}
            None if sign == '#' => return None,
            None if matches!(sign, '"' | '\'') => quote = Some(sign),
            None => {
                if let Some(found) = SIGNS.iter().find(|(known, _)| *known == sign) {
                    return Some(*found);
                }
            }
        }
    }
    None
}
