//! Ids that stand some words behind their word (微信另加 jia_01, 微信多少？答：jia_01), and ids behind words that mean WeChat only
//! where an id follows (维：jia_01, 小绿 jia_01).
//!
//! Asked only where nothing stood right behind the word. Only what looks like an id and nothing else counts, in the same
//! clause, and no word between may speak of something else that has a name: a payment, an account to follow, a version.
//! Start at [`wechat`].

use super::cues::Cue;
use super::{Found, Kind, chain, series, spelt};
use std::ops::Range;

/// How far behind its word an id may stand, in characters.
const REACH: usize = 16;

/// What else has a name: no id is behind these.
const OTHERS: [&str; 35] = [
    "公众", "小程", "支付", "名称", "昵称", "截图", "版本", "登录", "登陆", "绑定", "转账", "红包", "关注", "读书",
    "视频", "流水", "订单", "收款", "付款", "通知", "推送", "文章", "机型", "头像", "运动", "小店", "编号", "学号",
    "型号", "密码", "抖音", "快手", "邮箱", "群", "步",
];

/// What leads from the word to the id.
const LEADS: [&str; 25] = [
    "字母", "开头", "前面", "加", "号", "搜", "找", "联系", "咨询", "叫", "多少", "答", "下面", "下方", "另", "改",
    "换", "不变", "备用", "发", "吧", ":", "我", "是", "给",
];

/// The id some words behind one for WeChat that ends at `cue.end`.
pub(super) fn wechat(text: &str, cue: &Range<usize>, kind: Cue, found: &mut Vec<Found>) {
    let rest = &text[cue.end..];
    let Some((gap, _)) = rest.char_indices().take(REACH + 1).find(|(_, sign)| sign.is_ascii_alphanumeric()) else {
        return;
    };
    let between = &rest[..gap];
    let lines = between.bytes().filter(|byte| *byte == b'\n').count();
    // 请输入微信号，如 zhangsan123
    let example = ["如 ", "例如", "比如", "示例"].iter().any(|word| between.contains(word));
    let ends = example || between.contains(['。', '\t', '@', '#']) || lines > 2;
    // Latin letters stand in code as well: there a sentence has to follow.
    let speaks = !between.is_ascii() || !text[cue.clone()].is_ascii();
    if gap == 0 || ends || !speaks || OTHERS.iter().any(|word| between.contains(word)) {
        return;
    }
    let called = kind == Cue::WechatCall || text[..cue.start].ends_with(['加', '+', '扫', '搜']);
    // 文末有老师微信，jia_01。 Behind a comma only what has a line in it: 支持微信，iphone15 has none.
    let alone = !text[..cue.start].trim_end_matches(' ').ends_with(|sign: char| sign.is_ascii_alphanumeric());
    let comma = alone && between.trim() == "," && series::word(text, cue.end + gap).contains(['_', '-']);
    if !(called && lines == 0 || comma || LEADS.iter().any(|word| between.contains(word))) {
        return;
    }
    push(text, cue.end + gap, found);
}

/// The number some words behind one for QQ: QQ是数字30001234, 企鹅群【电梯考证群】30001234.
pub(super) fn qq(text: &str, cue: &Range<usize>, phones: &[Found], found: &mut Vec<Found>) {
    let rest = &text[cue.end..];
    let Some((gap, _)) = rest.char_indices().take(REACH + 1).find(|(_, sign)| sign.is_ascii_digit()) else {
        return;
    };
    let between = &rest[..gap];
    let other = [
        "微信",
        "电话",
        "手机",
        "号码",
        "空间",
        "邮箱",
        "音乐",
        "浏览器",
        "登录",
        "登陆",
        "元",
        "价",
        "会员",
        "人",
        "满",
        "等级",
        "版本",
        "量",
        "数据",
        "阅读",
    ];
    let at = cue.end + gap;
    let digits = rest[gap..].bytes().take(12).take_while(u8::is_ascii_digit).count();
    let is_phone = phones.iter().any(|phone| phone.2.start <= at && at < phone.2.end);
    let fits = (7..=10).contains(&digits)
        && !rest[gap..].starts_with('0')
        && !series::goes_on(&rest[gap + digits..])
        && !rest[gap + digits..]
            .trim_start_matches(' ')
            .starts_with(['元', '块', '年', '月', '人', '个', '万', '天', '位']);
    let han = |sign: char| ('\u{4E00}'..='\u{9FFF}').contains(&sign);
    let speaks = between.contains(han)
        && !between.contains(['。', ';', '\t', '\n', '@', '!', '?', '_', '.'])
        && !between.contains(|sign: char| sign.is_ascii_alphabetic());
    if fits && speaks && !is_phone && !other.iter().any(|word| between.contains(word)) {
        found.push((Kind::Qq, text[at..at + digits].to_owned(), at..at + digits));
    }
}

/// What may stand before a word that means WeChat only there: nothing, a sign, or a call.
fn opens(before: &str) -> bool {
    const CALLS: [&str; 24] = [
        "加", "+", "佳", "嘉", "家", "茄", "伽", "迦", "架", "添", "联系", "咨询", "找", "私", "私我", "滴", "滴我",
        "我", "戳", "戳我", "小", "大", "老师", "我的",
    ];
    let before = before.trim_end_matches(' ');
    before.chars().next_back().is_none_or(|sign| !sign.is_alphanumeric())
        || CALLS.iter().any(|call| before.ends_with(call))
}

/// What may stand between such a word and its id.
fn leads_on(sign: char) -> bool {
    matches!(sign,
        ' ' | ':' | ';' | '=' | '-' | '~' | '+' | '】' | ']' | '[' | '(' | ')' | '"' | '“' | '”' | '「'
        | '联' | '系' | '咨' | '询' | '号' | '信' | '书' | '标' | '绿' | '泡' | '色' | '软' | '件' | '圈' | '搜' | '加' | '是' | '我'
        | '\u{2190}'..='\u{21FF}' | '\u{25A0}'..='\u{27BF}' | '\u{FE0F}' | '🌀'..='🫿')
}

/// The id behind a word that means WeChat only before one: 维：jia_01.
pub(super) fn nick(text: &str, cue: Range<usize>, found: &mut Vec<Found>) {
    const MOST: usize = 6;
    let rest = &text[cue.end..];
    // Nearly every one of these is part of another word (维修, 卫生, 绿化): one look tells.
    if !rest.starts_with(|sign: char| sign.is_ascii_alphanumeric() || leads_on(sign)) || !opens(&text[..cue.start]) {
        return;
    }
    // 卫星 BD3_2026: satellites have names as well.
    let called = text[..cue.start].ends_with(|sign: char| sign == '+' || sign.is_alphanumeric());
    if text[cue.clone()].starts_with("卫星") && !called && !rest.starts_with([':', '号', '联']) {
        return;
    }
    let Some((gap, sign)) = rest.char_indices().take(MOST + 1).find(|(_, sign)| !leads_on(*sign)) else { return };
    let arrows = rest[..gap].ends_with(|sign: char| !sign.is_alphanumeric() && sign != ' ');
    let gap = gap + usize::from(sign == '\n' && arrows);
    if rest[gap..].starts_with(|sign: char| sign.is_ascii_alphanumeric()) {
        push(text, cue.end + gap, found);
    }
}

/// The id that begins here, if it looks like nothing else.
fn push(text: &str, at: usize, found: &mut Vec<Found>) {
    if let Some((id, end)) = spelt::id(text, at).or_else(|| chain::read(text, at)).or_else(|| spelt::pieces(text, at)) {
        found.push((Kind::Wechat, id, at..end));
        return;
    }
    let word = series::word(text, at);
    let id = word.trim_end_matches(['-', '_']);
    let fits = (6..=20).contains(&id.len()) && series::is_odd(id) && !series::is_labelled(id);
    if fits && !series::goes_on_at(text, at, at + word.len()) {
        found.push((Kind::Wechat, id.to_owned(), at..at + id.len()));
    }
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    fn check(text: &str, wechat: &[&str]) {
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        assert_eq!(all.wechat, wechat, "{text}");
    }

    #[test]
    fn words_may_stand_between_a_word_and_its_id() {
        check("微信另加 jia_demo01", &["jia_demo01"]);
        check("老师微信多少？答：jia_demo01", &["jia_demo01"]);
        check("加我微信，我姓何 jia_demo01", &["jia_demo01"]);
        check("微信扫一扫 添加 jia_demo01", &["jia_demo01"]);
        check("文末有老师微信，jia_demo01，别加错", &["jia_demo01"]);
        check("客服微信（24h）：jia_demo01", &["jia_demo01"]);
        check("微信（jia_demo01）", &["jia_demo01"]);
        check("原电话停用，微信客服不变 jia_demo01。", &["jia_demo01"]);
        check("加我另一个号 jia-demo，这个号不安全", &["jia-demo"]);
        check("电话打不通就加：jia_demo", &["jia_demo"]);
        check("满200人，先加群主 jia_demo", &["jia_demo"]);
        check("能，v【jia-demo】", &["jia-demo"]);
        check("微信支付方式不变 abc_123", &[]);
        check("抖音被封了，加我另一个号 abc_123", &[]);
        check("加我另一个号 2026年", &[]);
        check("let v[abc_123] = 1, v【第1条】", &[]);
        check("jia_demo01 微信，yi-demo02（微信号）", &["jia_demo01", "yi-demo02"]);
    }

    #[test]
    fn other_things_of_wechat_have_names_too() {
        for text in [
            "微信支付请认准 pay_demo01",
            "微信公众号是 gzh_demo01",
            "收货微信昵称叫 nick_demo01",
            "微信扫码，下一步 step_2_pay",
            "微信。下文 abc_1234",
            "weixin ... add abc_1234",
            "支持微信，iphone15 有货",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn words_that_mean_wechat_only_before_an_id() {
        check("维：jia_demo01", &["jia_demo01"]);
        check("➕卫 jia_demo01", &["jia_demo01"]);
        check("私我卫星 jia_demo01", &["jia_demo01"]);
        check("小绿：jia_demo01", &["jia_demo01"]);
        for text in ["三维 model_2026", "运维 ops_2026", "维修 fix_2026", "卫星 BD3_202612 升空", "门卫 gate_2026a"]
        {
            check(text, &[]);
        }
    }
}
