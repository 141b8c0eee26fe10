//! What a name looks like: characters that the eye takes for one another become one (after UTS 39).
//!
//! A skeleton is for comparing, never for showing. The tables are small and our own: Latin letters and digits as they are
//! swapped in host names, Cyrillic, Greek and other letters with a Latin twin, and traditional forms of the Chinese
//! characters that authorities' names use. Start at [`fold_byte`].

/// Bytes of a lower-case host name, each as it looks; 0 for a byte that no such name holds.
///
/// Digits stand for the letters they replace (0 o, 1 l, 2 z, 3 e, 4 a, 5 s, 6 and 9 g, 7 t, 8 b); i joins l, q joins g.
const TABLE: [u8; 256] = table();

const fn table() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut letter = b'a';
    while letter <= b'z' {
        table[letter as usize] = letter;
        letter += 1;
    }
    table[b'i' as usize] = b'l';
    table[b'q' as usize] = b'g';
    table[b'.' as usize] = b'.';
    table[b'-' as usize] = b'-';
    table[b'_' as usize] = b'_';
    let look = *b"olzeasgtbg";
    let mut digit = 0;
    while digit < 10 {
        table[b'0' as usize + digit] = look[digit];
        digit += 1;
    }
    table
}

/// What a byte of a lower-case ASCII name looks like; 0 when the byte does not belong in one.
pub(super) const fn fold_byte(b: u8) -> u8 {
    TABLE[b as usize]
}

/// Two letters that run together to one: `rn` and `nn` for m, `vv` for w, `cl` for d.
pub(super) const fn merged(first: u8, second: u8) -> Option<u8> {
    match (first, second) {
        (b'r' | b'n', b'n') => Some(b'm'),
        (b'v', b'v') => Some(b'w'),
        (b'c', b'l') => Some(b'd'),
        _ => None,
    }
}

/// The ASCII letter that a foreign letter looks like, or the simplified form of a traditional character; else itself.
pub(super) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    LOOKS.iter().find(|(look, _)| look.contains(c)).map_or(c, |&(_, plain)| plain)
}

const LOOKS: &[(&str, char)] = &[
    ("аαɑạàáâãäåāăąǎӓӑ", 'a'),
    ("ьḅƅв", 'b'),
    ("сϲçćĉċčⅽꮯ", 'c'),
    ("ԁďđḍɗ", 'd'),
    ("еёєεéèêëēĕėęěẹẽҽ", 'e'),
    ("ƒſ", 'f'),
    ("ɡĝğġģǧԍ", 'g'),
    ("һĥħḥհ", 'h'),
    ("іїιɩıìíîïĩīĭįǐịɪ", 'i'),
    ("јϳĵʝ", 'j'),
    ("кκķĸḳ", 'k'),
    ("ⅼӏĺļľŀłḷ", 'l'),
    ("мⅿṃṁ", 'm'),
    ("пηńņňŋñṇո", 'n'),
    ("оοσöòóôõøōŏőơǒọօ", 'o'),
    ("рρṗþ", 'p'),
    ("ԛգ", 'q'),
    ("гŕŗřṛɾ", 'r'),
    ("ѕśŝşšșṣꜱ", 's'),
    ("тτţťŧṭț", 't'),
    ("υսцµμùúûüũūŭůűųưǔụ", 'u'),
    ("ѵνⅴ", 'v'),
    ("шωԝŵẁẃẅ", 'w'),
    ("хχⅹ", 'x'),
    ("уүγýÿŷỳỵ", 'y'),
    ("źżžẓᴢ", 'z'),
    ("應", '应'),
    ("務", '务'),
    ("業", '业'),
    ("證証", '证'),
    ("種", '种'),
    ("詢", '询'),
    ("產産", '产'),
    ("監", '监'),
    ("總", '总'),
    ("國", '国'),
    ("網", '网'),
    ("書", '书'),
    ("質", '质'),
    ("設", '设'),
    ("備", '备'),
    ("廳", '厅'),
    ("電", '电'),
    ("審", '审'),
    ("級", '级'),
    ("學", '学'),
    ("資", '资'),
    ("員", '员'),
    ("場", '场'),
    ("處", '处'),
    ("驗", '验'),
    ("號", '号'),
    ("車", '车'),
    ("崗", '岗'),
    ("鄉", '乡'),
    ("會", '会'),
    ("術", '术'),
    ("職", '职'),
    ("評", '评'),
    ("價", '价'),
    ("鑒鑑", '鉴'),
    ("試", '试'),
    ("統", '统'),
    ("臺", '台'),
    ("線", '线'),
    ("聯", '联'),
    ("復複", '复'),
];

#[cfg(test)]
mod tests {
    use super::{LOOKS, fold_byte, fold_char};

    #[test]
    fn no_character_looks_like_two_things() {
        let mut seen = std::collections::BTreeMap::new();
        for (looks, plain) in LOOKS {
            for c in looks.chars() {
                assert!(seen.insert(c, plain).is_none(), "{c} 列了两次");
            }
        }
    }

    #[test]
    fn cyrillic_and_digits_become_what_they_look_like() {
        assert_eq!("сх.мem".chars().map(fold_char).collect::<String>(), "cx.mem");
        assert_eq!("g0v".bytes().map(|b| fold_byte(b) as char).collect::<String>(), "gov");
    }
}
