//! Numbers and names that a word before them calls something else: 批号 QQ20251017, 缴费码 13000007711, 编号 WX-CC-0417.
//!
//! Such a thing may be shaped like an account or a telephone number to the last digit; only its name tells. Start at [`is_named`].

/// What bears numbers of its own. 号码 and 账号 are not among them: people call their telephone so.
const CODES: [&str; 40] = [
    "编号",
    "编码",
    "单号",
    "订单号",
    "运单",
    "型号",
    "机型",
    "批号",
    "批次",
    "货号",
    "序列号",
    "流水号",
    "出厂号",
    "卡号",
    "票号",
    "文号",
    "证号",
    "学号",
    "工号",
    "考号",
    "合同号",
    "案号",
    "标准号",
    "索书号",
    "信用代码",
    "项目代码",
    "国库代码",
    "代码",
    "条码",
    "条形码",
    "缴费码",
    "取件码",
    "提货码",
    "激活码",
    "校验码",
    "识别码",
    "码格式",
    "积分",
    "sku",
    "isbn",
];

/// How much of the text before is looked at, in bytes.
const NEAR: usize = 40;

/// Whether the word right before a place names what has codes. Letters glued to the place are part of the code: 批号 W13000000721.
pub(super) fn is_named(text: &str, at: usize) -> bool {
    let from = crate::text::boundary_before(text, at.saturating_sub(NEAR));
    let glued = text[from..at].trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    // 订单号(如 QQ1125001)
    let before = glued.trim_end_matches([' ', ':', '\t', '=', '是', '为', '如', '(', '上', '的', '写']);
    CODES.iter().any(|word| before.ends_with(word))
}

#[cfg(test)]
mod tests {
    use crate::entities::{contacts, in_text};

    #[test]
    fn what_is_called_a_code_is_no_account() {
        for text in [
            "批号\tQQ20251017",
            "订单号（如 QQ1125001）",
            "读者证号：QQ13000007",
            "检测报告上写的编号 WX-CC-0417",
            "缴费码 13000007711 请妥善保管",
            "出厂编号 030250047338",
            "批号 W13000000721",
            "激活码格式：VX-XXXX-XXXX",
        ] {
            let all = contacts(&in_text(text, &crate::text::fold(text)));
            assert!(all.qq.is_empty() && all.wechat.is_empty() && all.phones.is_empty(), "{text}: {all:?}");
        }
    }

    #[test]
    fn what_is_reported_or_ordered_is_dialled() {
        for text in ["发现隐患请及时报告：13000001234", "承接订单 13000001234", "电话-13000001234.wx同号"]
        {
            let all = contacts(&in_text(text, &crate::text::fold(text)));
            assert_eq!(all.phones, ["13000001234"], "{text}");
        }
    }

    #[test]
    fn what_stands_beside_a_code_still_is() {
        let text = "编号已登记，QQ20251017；订单请发微信 jia_demo01，手机号13000001234";
        let all = contacts(&in_text(text, &crate::text::fold(text)));
        assert_eq!(
            (all.qq, all.wechat, all.phones),
            (vec!["20251017".to_owned()], vec!["jia_demo01".to_owned()], vec!["13000001234".to_owned()])
        );
    }
}
