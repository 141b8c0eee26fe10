//! What one sign stands for by itself, wherever it stands.
//!
//! Own tables come before NFKC where NFKC would break a number (⒔ is "13", not "13." ; 🄂 is "1", not "1,") or leaves the sign
//! alone (❶ 🅥 ➕ ☎). Nothing here looks at neighbours: digits written as letters or words are `digits`, contact words are
//! `aliases`. Start at [`fold_sign`].

use unicode_normalization::UnicodeNormalization;

/// What becomes of a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It stays as it is.
    Keep,
    /// It is invisible and goes.
    Drop,
    /// It is this one.
    One(char),
    /// It is a few of them.
    Few(Few),
}

/// A short text without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Few {
    bytes: [u8; 16],
    len: u8,
}

impl Few {
    const EMPTY: Self = Self { bytes: [0; 16], len: 0 };

    /// Appends, or says that there is no room.
    fn push(&mut self, sign: char) -> bool {
        let start = usize::from(self.len);
        if start + sign.len_utf8() > self.bytes.len() {
            return false;
        }
        self.len += sign.encode_utf8(&mut self.bytes[start..]).len() as u8;
        true
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// First and last code point of the table of simplified forms.
pub(super) const FIRST: usize = 0x3400;
pub(super) const LAST: usize = 0x9FFF;

/// The simplified character of each of U+3400–9FFF, 0 where it is its own. From data/simplified.txt.
static SIMPLIFIED: [u16; LAST - FIRST + 1] = {
    let pairs = include_bytes!("../../data/simplified.txt");
    let mut table = [0; LAST - FIRST + 1];
    let mut at = 0;
    while at + 6 <= pairs.len() {
        table[three(pairs, at) as usize - FIRST] = three(pairs, at + 3);
        at += 6;
    }
    table
};

/// The character of three UTF-8 bytes: all of the table's have three.
const fn three(bytes: &[u8], at: usize) -> u16 {
    (bytes[at] as u16 & 0x0F) << 12 | (bytes[at + 1] as u16 & 0x3F) << 6 | (bytes[at + 2] as u16 & 0x3F)
}

/// Whether a character of U+3400–9FFF has another simplified form.
pub(super) const fn changes(code: usize) -> bool {
    SIMPLIFIED[code - FIRST] != 0
}

/// The simplified form of a character of U+3400–9FFF, if it differs.
#[inline]
pub(super) fn simplified(code: u32) -> Option<char> {
    match SIMPLIFIED.get((code as usize).wrapping_sub(FIRST)) {
        Some(&other) if other != 0 => char::from_u32(u32::from(other)),
        _ => None,
    }
}

/// U+2E80–2EF3: CJK radicals, which NFKC leaves alone.
const RADICALS: &str = "⺀厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵⺚旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗纟纟罓罒㓁冗𦉫羊𦍌\
𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅长镸长门𨸏阝雨青韦页风飞食𩙿饣饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龟亀龟";

/// Whether the sign draws nothing: format characters, fillers, joiners, variation selectors, tags, strike-through marks and
/// the ring of a keycap; control characters other than white space.
fn invisible(sign: char) -> bool {
    matches!(sign,
        '\0'..='\u{8}' | '\u{B}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{AD}' | '\u{34F}'
        | '\u{305}' | '\u{332}'..='\u{338}' | '\u{61C}' | '\u{70F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{20D0}'..='\u{20F0}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The number that an enclosed or dotted sign shows, where NFKC has none or a wrong one.
fn number(sign: char) -> Option<u32> {
    let code = sign as u32;
    Some(match sign {
        '⒈'..='⒛' => code - 0x2487,
        '⑴'..='⒇' => code - 0x2473,
        '❶'..='❿' => code - 0x2775,
        '➀'..='➉' => code - 0x277F,
        '➊'..='➓' => code - 0x2789,
        '⓫'..='⓴' => code - 0x24E0,
        '⓵'..='⓾' => code - 0x24F4,
        '⓿' | '🄀' | '🄋' | '🄌' => 0,
        '🄁'..='🄊' => code - 0x1F101,
        '🔟' => 10,
        _ => return digit_of_others(code),
    })
}

/// The digit that another script writes so: ٣, ۳, ३, ๓ …
fn digit_of_others(code: u32) -> Option<u32> {
    const ZEROS: [u32; 20] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20,
        0x1040, 0x17E0, 0x1810, 0x1946, 0xA620,
    ];
    ZEROS.into_iter().map(|zero| code.wrapping_sub(zero)).find(|digit| *digit < 10)
}

/// The letter that an enclosed sign shows, where NFKC has none or sets it in brackets.
fn letter(sign: char) -> Option<char> {
    let code = sign as u32;
    // Small capitals are letters of phonetic alphabets, which NFKC leaves alone: ᴠx, ǫǫ.
    if let Some(small) = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡ_ʏᴢ".chars().position(|small| small == sign && sign != '_')
    {
        return char::from_u32(u32::from(b'a') + small as u32);
    }
    let first = match sign {
        '⒜'..='⒵' => 0x249C,
        '🄐'..='🄩' => 0x1F110,
        '🅐'..='🅩' => 0x1F150,
        '🅰'..='🆉' => 0x1F170,
        '🇦'..='🇿' => 0x1F1E6,
        _ => return None,
    };
    char::from_u32(u32::from(b'a') + code - first)
}

/// What the sign becomes.
pub(super) fn fold_sign(sign: char) -> Sign {
    let code = sign as u32;
    match sign {
        '\t' | '\n' | '\r' | '\u{C}' | ' '..='@' | '['..='~' => return Sign::Keep,
        'A'..='Z' => return Sign::One(sign.to_ascii_lowercase()),
        '\u{3400}'..='\u{9FFF}' => return simplified(code).map_or(Sign::Keep, Sign::One),
        // Signs of everyday Chinese text that NFKC leaves alone; here for speed only.
        '。' | '、' | '《' | '》' | '“' | '”' | '‘' | '’' | '—' | '·' | '「' | '」' | '【' | '】' => {
            return Sign::Keep;
        }
        '！'..='～' => {
            let ascii = char::from_u32(code - 0xFEE0).unwrap_or(sign);
            return Sign::One(ascii.to_ascii_lowercase());
        }
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            return Sign::One(' ');
        }
        '\u{85}' | '\u{2028}' | '\u{2029}' => return Sign::One('\n'),
        '➕' | '✚' | '✛' | '✜' | '╋' | '┼' | '⨁' | '⊕' => return Sign::One('+'),
        '➖' => return Sign::One('-'),
        '☎' | '☏' | '✆' | '📞' | '📱' | '📲' => return few("电话"),
        '\u{3220}'..='\u{3229}' => {
            // (一) in one sign: without its brackets, like the circled one.
            return "一二三四五六七八九十".chars().nth((code - 0x3220) as usize).map_or(Sign::Keep, Sign::One);
        }
        '\u{2E80}'..='\u{2EF3}' => {
            return match RADICALS.chars().nth((code - 0x2E80) as usize) {
                Some(whole) if whole != sign => Sign::One(whole),
                _ => Sign::Keep,
            };
        }
        // Surrogates of the private kind, Hangul and kana syllables, which have no compatibility form.
        '\u{AC00}'..='\u{D7A3}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{E000}'..='\u{F8FF}' => {
            return Sign::Keep;
        }
        _ => {}
    }
    if invisible(sign) {
        return Sign::Drop;
    }
    if let Some(letter) = letter(sign) {
        return Sign::One(letter);
    }
    if let Some(number) = number(sign) {
        let mut digits = Few::EMPTY;
        if number >= 10 {
            digits.push((b'0' + (number / 10) as u8) as char);
        }
        let last = (b'0' + (number % 10) as u8) as char;
        if digits.len == 0 {
            return Sign::One(last);
        }
        digits.push(last);
        return Sign::Few(digits);
    }
    compatible(sign)
}

fn few(text: &str) -> Sign {
    let mut out = Few::EMPTY;
    text.chars().all(|sign| out.push(sign));
    Sign::Few(out)
}

/// NFKC of the sign by itself, each part folded once more; what grows beyond a few characters is left as it is.
fn compatible(sign: char) -> Sign {
    let mut out = Few::EMPTY;
    for part in std::iter::once(sign).nfkc() {
        let fits = if part == sign {
            out.push(part)
        } else {
            match fold_sign(part) {
                Sign::Keep => out.push(part),
                Sign::Drop => true,
                Sign::One(other) => out.push(other),
                Sign::Few(more) => more.as_str().chars().all(|sign| out.push(sign)),
            }
        };
        if !fits {
            return Sign::Keep;
        }
    }
    let mut parts = out.as_str().chars();
    match (parts.next(), parts.next()) {
        (None, _) => Sign::Drop,
        (Some(only), None) if only == sign => Sign::Keep,
        (Some(only), None) => Sign::One(only),
        _ => Sign::Few(out),
    }
}

/// The digit that a sign shows by itself: 3, ３, 𝟛, ③, ❸, ⒊.
pub(crate) fn digit(sign: char) -> Option<u8> {
    if sign.is_ascii() {
        return sign.is_ascii_digit().then(|| sign as u8 - b'0');
    }
    match fold_sign(sign) {
        Sign::One(one) if one.is_ascii_digit() => Some(one as u8 - b'0'),
        _ => None,
    }
}

/// The Latin letter that a Cyrillic or Greek one passes for.
pub(super) fn look_alike(sign: char) -> Option<char> {
    Some(match sign {
        'а' | 'А' | 'α' | 'Α' => 'a',
        'В' | 'в' | 'Β' => 'b',
        'с' | 'С' => 'c',
        'е' | 'Е' | 'ё' | 'Ε' => 'e',
        'Н' | 'Η' => 'h',
        'і' | 'І' | 'ι' | 'Ι' => 'i',
        'ј' | 'Ј' => 'j',
        'К' | 'к' | 'Κ' | 'κ' => 'k',
        'М' | 'м' | 'Μ' => 'm',
        'Ν' => 'n',
        'о' | 'О' | 'ο' | 'Ο' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ѕ' | 'Ѕ' => 's',
        'Т' | 'т' | 'Τ' | 'τ' => 't',
        'ѵ' | 'Ѵ' | 'ν' => 'v',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'у' | 'У' | 'Υ' => 'y',
        'Ζ' => 'z',
        'ԛ' => 'q',
        'ԝ' => 'w',
        _ => return None,
    })
}
