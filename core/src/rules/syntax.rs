//! What the TOML parser complains about, in Chinese.
//!
//! The parser's own words are fixed English phrases, and each has its Chinese; nobody who edits a rule is to read the parser's. The
//! offending text itself is never shown: a line that cannot be read may well hold a password. The parser tells where it stumbled, which
//! is often lines behind the slip, and stumbles on: [`slips`] looks at the lines and tells what was done, once. Start there, or at
//! [`say`] for a single complaint.

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
    ("invalid boolean", "值的写法不对", "真假写小写的 true 或 false；文字要加双引号。"),
    ("invalid value", "值的写法不对", "文字要加双引号；数字直接写。"),
    ("invalid key-value pair", "这一行读不懂", "写成 键 = 值，或在行首加 # 停用这一行。"),
    ("invalid multi-line basic string", UNCLOSED_TEXT, ONE_QUOTE),
    ("invalid multi-line literal string", UNCLOSED_TEXT, ONE_QUOTE),
    ("keys cannot be multi-line basic strings", "键不能写在三个引号里", "键只用英文字母、数字、- 和 _。"),
    ("keys cannot be multi-line literal strings", "键不能写在三个引号里", "键只用英文字母、数字、- 和 _。"),
    ("unexpected `=` in array", "列表缺右方括号", "写成 [\"甲\", \"乙\"]。"),
    ("invalid inline table element", "花括号里的写法不对", "写成 { html = \"…\" }，两项之间用半角逗号。"),
    ("missing key for inline table element", "花括号里缺键", "写成 { html = \"…\" }。"),
    ("extra comma in inline table", "花括号里多了逗号", ""),
    ("missing table open", "段名缺左方括号", "写成 [段名]。"),
    ("too few unicode value digits", "反斜杠后面的字符不对", "反斜杠要写成 \\\\，或改用单引号。"),
    ("unexpected content between comment and newline", "注释里有读不懂的字符", "删去它。"),
    ("invalid date-time", "日期或时间写法不对", "时间要加双引号，例如 \"08:30\"。"),
    ("invalid comment character", "注释里有控制字符", "删去它。"),
    ("carriage return must be followed by newline", "换行符不对", "把文件另存为 UTF-8 文本，换行用 LF 或 CRLF。"),
    ("cannot recurse further; max recursion depth met", "括号套得太深", ""),
];

const UNCLOSED_TEXT: &str = "三个引号开了头，没有收尾";
const ONE_QUOTE: &str = "一行写得下的，前后各用一个双引号；写几行的，末尾也写三个。";

/// What the parser says of numbers, of which it has a dozen complaints, and of dates.
const NUMBERS: [&str; 11] = [
    "invalid fraction",
    "invalid mantissa",
    "invalid exponent",
    "invalid octal number",
    "invalid binary number",
    "invalid hexadecimal number",
    "redundant numeric sign",
    "redundant integer number prefix",
    "unexpected sign",
    "radix must be lowercase",
    "`_` may only go between digits",
];
const NUMBER: (&str, &str) = ("数字的写法不对", "只写半角的数字，不带单位和标点，例如 points = 8。");
const DATE: (&str, &str) = ("日期、时间要加双引号", "例如 date = \"2026-11-23\"。");
const UNREADABLE: &str = "这里读不懂";

fn row(message: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let phrase = message.split(", expected ").next().unwrap_or(message);
    PHRASES.iter().find(|(known, _, _)| *known == phrase)
}

/// What is wrong, and the way out, which may be empty.
fn told(message: &str) -> (&'static str, &'static str) {
    if let Some((_, say, advice)) = row(message) {
        return (say, advice);
    }
    let begins = |known: &str| message.starts_with(known);
    if NUMBERS.into_iter().any(begins) {
        return NUMBER;
    }
    if ["invalid date", "invalid time", "invalid month", "invalid year"].into_iter().any(begins) {
        return DATE;
    }
    (UNREADABLE, "")
}

/// What is wrong, for a mistake's `say`.
#[must_use]
pub fn say(message: &str) -> String {
    format!("TOML 写法有误：{}", told(message).0)
}

/// The way out, for a mistake's `advice`; may be empty.
#[must_use]
pub fn advice(message: &str) -> &'static str {
    told(message).1
}

/// One slip of the pen.
#[derive(Debug, PartialEq, Eq)]
pub struct Slip {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub say: String,
    /// The way out.
    pub advice: String,
}

/// Slips that are told of one file: more would be read by nobody.
const TOLD: usize = 50;
/// Places that are looked at for what ran away.
const FEW: usize = 20;

/// What was slipped in a text on which the parser stumbled: `errors` are its complaints, each with its line. A line is told once, and what
/// follows from a bracket or quotation mark that was never closed is not told at all: from there on the parser reads something else.
#[must_use]
pub fn slips(text: &str, errors: &[(usize, &str)]) -> Vec<Slip> {
    let lines: Vec<&str> = text.lines().collect();
    let line = |number: usize| lines.get(number.saturating_sub(1)).copied().unwrap_or_default();
    // Of several the first is why there are others. A hostile line may have as many as it has letters.
    let runaways = errors.iter().filter(|(_, message)| is_runaway(message));
    let runaways: Vec<_> = runaways.take(FEW).chain(errors.last().filter(|(_, last)| is_runaway(last))).collect();
    let open = runaways.iter().filter_map(|(at, message)| opened(&lines, *at, message)).min_by_key(|slip| slip.line);
    let noticed = runaways.first().map_or(usize::MAX, |(at, _)| *at);
    let until = open.as_ref().map_or(noticed, |slip| slip.line);
    // A mark that was not closed in the line where the bracket stands is why the bracket did not count.
    let is_quote =
        |message: &str| message.starts_with("invalid basic string") || message.starts_with("invalid literal");
    let quote = errors.iter().find(|(at, message)| open.is_some() && *at >= until && is_quote(message));
    let mut slips: Vec<Slip> = Vec::new();
    for (at, message) in errors.iter().filter(|(at, _)| *at < until) {
        if slips.len() < TOLD && slips.iter().all(|slip| slip.line != *at) {
            slips.push(slip(*at, line(*at), message));
        }
    }
    match (quote, open) {
        (Some((at, message)), _) => slips.push(slip(*at, line(*at), message)),
        (None, Some(open)) => slips.push(open),
        (None, None) => {
            let torn = errors.iter().find(|(at, _)| *at == until);
            slips.extend(torn.map(|(at, message)| slip(*at, line(*at), message)));
        }
    }
    slips.sort_by_key(|slip| slip.line);
    slips
}

/// Whether the parser is inside of something that ended long ago for whoever wrote it.
fn is_runaway(message: &str) -> bool {
    ["unexpected `=` in array", "unclosed array", "invalid inline table element", "unclosed inline table"]
        .into_iter()
        .chain(["invalid multi-line"])
        .any(|known| message.starts_with(known) && !message.starts_with("unclosed array table"))
}

/// Where what runs away was opened, looking back from the line where it was noticed.
fn opened(lines: &[&str], noticed: usize, message: &str) -> Option<Slip> {
    let before = || lines.iter().enumerate().take(noticed).rev().map(|(number, line)| (number + 1, *line));
    let opens =
        |sign: char| before().find(|(_, line)| value_of(line).is_some_and(|(_, value)| value.starts_with(sign)));
    if message.starts_with("invalid multi-line") {
        let marks = |line: &str| line.matches("\"\"\"").count() + line.matches("'''").count();
        let (line, _) = before().find(|(_, line)| marks(line) % 2 == 1)?;
        return Some(Slip {
            line, say: UNCLOSED_TEXT.to_owned(), advice: ONE_QUOTE.trim_end_matches('。').to_owned()
        });
    }
    if message.contains("inline table") {
        let (line, _) = before().find(|(_, line)| line.matches('{').count() > line.matches('}').count())?;
        let advice = "写成 { html = \"…\" }，花括号要成对".to_owned();
        return Some(Slip { line, say: "花括号 { 没有配上 }".to_owned(), advice });
    }
    // The line in which it was noticed begins something new, if it is not the one that was never closed.
    let (line, _) = match message.starts_with("unclosed") {
        true => opens('[')?,
        false => before()
            .skip(1)
            .find(|(_, line)| value_of(line).is_some_and(|(_, value)| value.starts_with('[') && !is_closed(value)))?,
    };
    let key = value_of(lines.get(line - 1)?).map_or("", |(key, _)| key);
    let say = format!("{key} 的列表缺右方括号 ]，下面几行跟着都读不对");
    Some(Slip { line, say, advice: format!("在这一项的末尾补上 ]，写成 {key} = [\"甲\", \"乙\"]") })
}

/// Whether a value closes as many brackets as it opens, outside of its quotations.
fn is_closed(value: &str) -> bool {
    let (mut open, mut quote) = (0, None);
    for sign in value.chars() {
        match (quote, sign) {
            (Some(mark), _) if sign == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '#') => break,
            (None, '[') => open += 1,
            (None, ']') => open -= 1,
            _ => {}
        }
    }
    quote.is_none() && open <= 0
}

/// Key and value of a line `key = value`.
fn value_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    is_key(key).then(|| (key, value.trim()))
}

/// Whether it may be shown: what stands in the place of a key, and is one.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// One complaint, as the line itself explains it.
fn slip(number: usize, line: &str, message: &str) -> Slip {
    let told = |say: String, advice: String| Slip { line: number, say, advice };
    if let Some((sign, meant)) = chinese_sign(line) {
        let say = format!("用了中文标点（{sign}），程序只认英文的 {meant}");
        return told(say, "切到英文输入法，把这一行的标点重打一遍".to_owned());
    }
    let trimmed = line.trim();
    if trimmed.starts_with('[') && value_of(line).is_none() && !trimmed.contains('"') {
        let name = Some(trimmed.trim_matches(['[', ']', ' '])).filter(|name| is_key(name)).unwrap_or("段名");
        let double = trimmed.starts_with("[[") || trimmed.ends_with("]]");
        let meant = if double { format!("[[{name}]]") } else { format!("[{name}]") };
        return told("段名的方括号没有配成对".to_owned(), format!("写成 {meant}，这一行不写别的"));
    }
    if let Some((key, value)) = value_of(line).filter(|_| !message.starts_with("duplicate")) {
        let first = value.chars().next();
        let is_number =
            |sign: char| sign.is_ascii_digit() || ('０'..='９').contains(&sign) || "+-.＋－．".contains(sign);
        let is_date = message.starts_with("invalid date") || message.starts_with("invalid time");
        match first {
            None | Some('#') => {
                let say = format!("{key} 的等号后面没有写值");
                return told(say, "补上值，或在行首加 # 停用这一行".to_owned());
            }
            Some(sign) if is_number(sign) && !is_date => {
                let say = format!("{key} 后面的数字写法不对");
                return told(say, format!("只写半角的数字，不带单位和标点，例如 {key} = 8"));
            }
            Some(_) if message.starts_with("string values") => {
                let advice = format!("是文字就加双引号，写成 {key} = \"…\"；是数字就写半角的，写成 {key} = 8");
                return told(format!("{key} 后面的值读不懂"), advice);
            }
            Some(_) => {}
        }
    } else if let Some((key, _)) = trimmed.split_once([':', '：']).filter(|_| value_of(line).is_none())
        && is_key(key.trim())
    {
        return told("键和值之间要用等号".to_owned(), format!("把冒号改成等号，写成 {} = …", key.trim()));
    }
    let advice = match advice(message).trim_end_matches('。') {
        "" => "检查引号、方括号、等号是否成对，文字要放在引号里",
        advice => advice,
    };
    told(say(message), advice.to_owned())
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
