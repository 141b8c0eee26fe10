//! What a name looks like: characters that the eye takes for one another become one (after UTS 39).
//!
//! A skeleton is for comparing, never for showing. The tables are small and our own: Latin letters and digits as they are
//! swapped in host names, Cyrillic, Greek and other letters with a Latin twin, and traditional forms of the Chinese
//! characters that authorities' names use. Start at [`fold_byte`].

use std::collections::HashMap;
use std::sync::LazyLock;

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

/// The ASCII letter that a foreign letter looks like, or the simplified form of a Chinese character that is written or mistaken
/// for another; else itself.
pub(super) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    FOLDED.get(&c).copied().unwrap_or(c)
}

/// Whether a Chinese character is another one altogether, taken for the one it folds to by its shape or its sound: 营 for 管.
///
/// 菅 and 里 are ordinary characters, so a word counts as written with them only where enough of it is left as it is.
pub(super) fn is_mistaken(c: char) -> bool {
    c > '\u{2e80}' && MISTAKEN.iter().any(|(looks, _)| looks.contains(c))
}

/// Whether a letter belongs to no script that the .cn registry gives names in: it takes ASCII and Chinese characters only.
pub(super) fn is_foreign(c: char) -> bool {
    !c.is_ascii() && c < '\u{2e80}'
}

static FOLDED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let rows = LOOKS.iter().chain(MISTAKEN);
    rows.flat_map(|&(looks, plain)| looks.chars().map(move |c| (c, plain))).collect()
});

/// Look-alike letters, and one character in its several writings: traditional, Japanese, old.
const LOOKS: &[(&str, char)] = &[
    ("аαɑạàáâãäåāăąǎӓӑἀἁάᾳȧⱥɐᴀ", 'a'),
    ("ьḅƅвƀɓƃЬʙ", 'b'),
    ("сϲçćĉċčⅽꮯƈȼⲥᴄ", 'c'),
    ("ԁďđḍɗɖƌᴅ", 'd'),
    ("еёєεéèêëēĕėęěẹẽҽȅȇḗḕḛḝɛἐԑᴇ", 'e'),
    ("ƒſḟϝ", 'f'),
    ("ɡĝğġģǧԍƍɠցɢ", 'g'),
    ("һĥħḥհḣḧḩⱨʜ", 'h'),
    ("іїιɩıìíîïĩīĭįǐịɪȉȋḭḯⅰɨ", 'i'),
    ("јϳĵʝǰɉᴊ", 'j'),
    ("кκķĸḳǩƙꝁᴋ", 'k'),
    ("ⅼӏĺļľŀłḷḻḽƚɭʟ", 'l'),
    ("мⅿṃṁḿɱᴍ", 'm'),
    ("пηńņňŋñṇոǹṅṉṋɲƞɴ", 'n'),
    ("оοσöòóôõøōŏőơǒọօȏȍȯȱɵόὀ०ᴏ", 'o'),
    ("рρṗþṕƥᴘ", 'p'),
    ("ԛգɋ", 'q'),
    ("гŕŗřṛɾȑȓṙṟɍᴦʀ", 'r'),
    ("ѕśŝşšșṣꜱṡȿ", 's'),
    ("тτţťŧṭțṫṯṱƭᴛ", 't'),
    ("υսцµμùúûüũūŭůűųưǔụȕȗṳṵṷʋᴜ", 'u'),
    ("ѵνⅴṽṿᴠ", 'v'),
    ("шωԝŵẁẃẅẇẉẘῳᴡ", 'w'),
    ("хχⅹẋẍ×", 'x'),
    ("уүγýÿŷỳỵẏẙƴɏỹỷʏ", 'y'),
    ("źżžẓᴢẑẕƶȥⱬ", 'z'),
    ("應応", '应'),
    ("務", '务'),
    ("業", '业'),
    ("證証", '证'),
    ("種", '种'),
    ("詢", '询'),
    ("產産", '产'),
    ("監", '监'),
    ("總総縂", '总'),
    ("國囯圀囶囻", '国'),
    ("網罒罓", '网'),
    ("書", '书'),
    ("質", '质'),
    ("設", '设'),
    ("備", '备'),
    ("廳廰", '厅'),
    ("電", '电'),
    ("審", '审'),
    ("級", '级'),
    ("學", '学'),
    ("資", '资'),
    ("員", '员'),
    ("場", '场'),
    ("處処", '处'),
    ("驗験", '验'),
    ("號", '号'),
    ("車", '车'),
    ("崗", '岗'),
    ("鄉", '乡'),
    ("會", '会'),
    ("術", '术'),
    ("職聀", '职'),
    ("評", '评'),
    ("價", '价'),
    ("鑒鑑", '鉴'),
    ("試", '试'),
    ("統", '统'),
    ("臺檯颱", '台'),
    ("線綫", '线'),
    ("聯聨", '联'),
    ("復複", '复'),
    ("査", '查'),
    ("檢検", '检'),
    ("辦", '办'),
    ("東", '东'),
    ("廣広", '广'),
    ("蘇", '苏'),
    ("灣", '湾'),
    ("寧甯", '宁'),
    ("慶", '庆'),
    ("陝", '陕'),
    ("貴", '贵'),
    ("雲", '云'),
    ("遼", '辽'),
    ("龍竜", '龙'),
    ("發髪発", '发'),
    ("認", '认'),
    ("準", '准'),
    ("單", '单'),
    ("組", '组'),
    ("織", '织'),
    ("類", '类'),
    ("報", '报'),
    ("實実", '实'),
    ("層", '层'),
    ("壓", '压'),
    ("熱", '热'),
    ("氣気", '气'),
    ("機", '机'),
    ("濟済", '济'),
    ("門", '门'),
    ("馬", '马'),
    ("烏", '乌'),
    ("廈", '厦'),
    ("張", '张'),
    ("楊", '杨'),
    ("鹽塩", '盐'),
    ("連", '连'),
    ("錦", '锦'),
    ("鐵鉄", '铁'),
    ("銀", '银'),
    ("陽", '阳'),
    ("陰", '阴'),
    ("興", '兴'),
    ("義", '义'),
    ("萬", '万'),
    ("濱浜", '滨'),
    ("齊斉", '齐'),
    ("瀘", '泸'),
    ("長", '长'),
    ("無", '无'),
    ("錫", '锡'),
    ("鎮鎭", '镇'),
    ("溫", '温'),
    ("紹", '绍'),
    ("麗", '丽'),
    ("臨", '临'),
    ("漢", '汉'),
    ("黃", '黄'),
    ("嶽", '岳'),
    ("恵", '惠'),
    ("欽", '钦'),
    ("賀", '贺'),
    ("賓", '宾'),
    ("綿", '绵'),
    ("樂楽", '乐'),
    ("達", '达'),
    ("順", '顺'),
    ("節", '节'),
    ("寶", '宝'),
    ("鹹", '咸'),
    ("嵐", '岚'),
    ("庫", '库'),
    ("區", '区'),
    ("縣県", '县'),
    ("團団", '团'),
    ("關関", '关'),
    ("開", '开'),
    ("檔", '档'),
    ("續続", '续'),
    ("補", '补'),
    ("換", '换'),
    ("訓", '训'),
    ("練", '练'),
    ("師", '师'),
    ("構", '构'),
    ("協", '协'),
    ("華", '华'),
    ("內", '内'),
    ("眞", '真'),
    ("仝", '全'),
    ("敎", '教'),
    ("錄録", '录'),
    ("環", '环'),
    ("規", '规'),
    ("礦鉱", '矿'),
    ("險険", '险'),
    ("勞労", '劳'),
    ("動", '动'),
    ("護", '护'),
    ("衛衞", '卫'),
    ("屬", '属'),
    ("權権", '权'),
    ("責", '责'),
    ("體", '体'),
    ("製", '制'),
    ("轉", '转'),
    ("儲", '储'),
    ("運", '运'),
    ("輸", '输'),
    ("維", '维'),
    ("戶戸", '户'),
    ("晉", '晋'),
    ("魯", '鲁'),
    ("滬", '沪'),
    ("瓊", '琼'),
    ("雙", '双'),
    ("雞鶏", '鸡'),
    ("鶴", '鹤'),
    ("撫", '抚'),
    ("蘆", '芦'),
    ("島", '岛'),
];

/// Other characters that pass for one at a glance, by shape or by sound. 官 is in our words too (官网): both fold, so they still match.
const MISTAKEN: &[(&str, char)] = &[
    ("官菅营馆棺", '管'),
    ("里埋狸俚", '理'),
    ("郜陪郎剖邵", '部'),
    ("座庄", '应'),
    ("怠恁", '急'),
    ("届居", '局'),
    ("听", '厅'),
    ("征怔诬", '证'),
    ("杳渣", '查'),
    ("洵殉恂徇", '询'),
    ("蓝篮", '监'),
    ("叔", '督'),
    ("待持恃", '特'),
    ("仲钟肿", '种'),
    ("昨柞咋", '作'),
    ("亚", '业'),
    ("桉按", '安'),
    ("金荃", '全'),
    ("圭", '生'),
    ("严", '产'),
    ("澡燥躁噪", '操'),
    ("拷", '考'),
    ("拭弑", '试'),
    ("圆", '员'),
    ("巿", '市'),
    ("汤扬", '场'),
    ("聪", '总'),
    ("囗", '国'),
    ("稼", '家'),
    ("攻", '政'),
    ("雾", '务'),
    ("俯", '府'),
    ("盾", '质'),
    ("申", '电'),
    ("悍捍", '焊'),
    ("蹬", '登'),
    ("咎", '处'),
    ("吋", '书'),
    ("俭睑", '验'),
    ("该", '核'),
    ("恪", '格'),
    ("给", '合'),
    ("往", '住'),
    ("健", '建'),
    ("没", '设'),
    ("杜", '社'),
    ("堡", '保'),
    ("嶂", '障'),
    ("枝", '技'),
    ("锭", '定'),
    ("倍", '信'),
    ("熄", '息'),
    ("冈", '网'),
    ("㆗", '中'),
    ("芯", '心'),
    ("旷", '矿'),
    ("擦", '察'),
    ("エ", '工'),
];

#[cfg(test)]
mod tests {
    use super::{LOOKS, MISTAKEN, fold_byte, fold_char};

    #[test]
    fn no_character_looks_like_two_things() {
        let mut seen = std::collections::BTreeMap::new();
        for (looks, plain) in LOOKS.iter().chain(MISTAKEN) {
            for c in looks.chars() {
                assert!(seen.insert(c, plain).is_none(), "{c} 列了两次");
                assert_eq!(fold_char(*plain), *plain, "{plain} 自己又折成别的字");
            }
        }
    }

    #[test]
    fn cyrillic_and_digits_become_what_they_look_like() {
        assert_eq!("сх.мem".chars().map(fold_char).collect::<String>(), "cx.mem");
        assert_eq!("g0v".bytes().map(|b| fold_byte(b) as char).collect::<String>(), "gov");
    }
}
