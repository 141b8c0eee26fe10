//! What the pages of the benches are filled with: sentences of the field's everyday words, the same for the same number.

const WORDS: [&str; 16] = [
    "安全生产",
    "培训",
    "通知",
    "企业",
    "检查",
    "工作",
    "特种设备",
    "管理",
    "电力",
    "施工",
    "报名",
    "服务",
    "时间",
    "地点",
    "人员",
    "单位",
];

/// What a seller's page says.
pub const OFFER: &str =
    "<h1>低压电工证代办</h1><p>不用考试，三天拿证，官网可查。加微信 demo_tzzy88，电话 130 0000 1234</p>";

/// Numbers below the one asked with, in an order that `number` decides.
pub fn numbers(number: usize) -> impl FnMut(usize) -> usize {
    let mut seed = number as u64 * 0x9E37_79B9_7F4A_7C15 + 1;
    move |n| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % n as u64) as usize
    }
}

/// Begins an item and writes a sentence of 24 words into it; the caller ends it.
pub fn sentence(html: &mut String, next: &mut impl FnMut(usize) -> usize) {
    html.push_str("<div class=\"item\"><p style=\"margin:0\">");
    for _ in 0..24 {
        html.push_str(WORDS[next(WORDS.len())]);
        if next(6) == 0 {
            html.push('，');
        }
    }
}
