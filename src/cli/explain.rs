//! A verdict in words: what it is, why, who is behind it, what to do. For people; programs read the row.

use jianzheng_core::entities::mask_ids;
use jianzheng_core::host::{HostVerdict, Standing};
use jianzheng_core::verdict::{Kind, PRIOR, Thresholds, Verdict};

use super::words;

/// The lines that explain a verdict.
pub(super) fn explain(verdict: &Verdict, name: Option<&HostVerdict>, thresholds: Thresholds) -> Vec<String> {
    let mut lines = vec![format!(
        "结论：{}（{:.1} 分）{}",
        words::kind(verdict.kind.as_str()),
        verdict.score,
        line(verdict, thresholds)
    )];
    for signal in &verdict.signals {
        let kind = words::kind(signal.kind);
        lines.push(format!("  {:+.1}  [{kind}] {}（{}）", signal.points, signal.say, signal.rule));
        if let Some(quote) = &signal.quote {
            lines.push(format!("         原文：“{quote}”"));
        }
    }
    if verdict.signals.is_empty() {
        lines.push("  没有命中任何规则".to_owned());
    }
    lines.push(format!(
        "  合计：仿冒 {:.1} 分，卖证 {:.1} 分（从 {PRIOR:+} 起算，每 +10 表示可能性变为十倍）",
        verdict.fake_score, verdict.seller_score
    ));
    if let Some(authority) = &verdict.authority {
        let word = if verdict.kind.is_hit() { "冒充" } else { "属于" };
        lines.push(format!("{word}：{authority}"));
    }
    if let Some(name) = name.filter(|name| name.standing != Standing::Clean) {
        lines.push(format!("域名：{} {}", mask_ids(&name.host), words::standing(name.standing.as_str())));
        lines.extend(name.why.iter().map(|why| format!("  {why}")));
    }
    let contacts = &verdict.contacts;
    for (name, values) in [
        ("电话", &contacts.phones),
        ("微信", &contacts.wechat),
        ("QQ", &contacts.qq),
        ("Telegram", &contacts.telegram),
        ("邮箱", &contacts.emails),
        ("备案号", &contacts.icp),
        ("证书种类", &verdict.cert_types),
        ("属地", &verdict.areas),
    ] {
        if !values.is_empty() {
            lines.push(format!("{name}：{}", values.join("、")));
        }
    }
    lines.extend(verdict.notes.iter().filter_map(|note| remark(note)).map(|note| format!("注意：{note}")));
    lines.push(format!("建议：{}", advice(verdict)));
    lines
}

fn line(verdict: &Verdict, thresholds: Thresholds) -> String {
    match verdict.kind {
        Kind::FakeSite | Kind::Seller => format!("，达到列入清单的 {} 分", thresholds.hit),
        Kind::Suspicious => format!("，在 {} 和 {} 分之间，须人工复核", thresholds.review, thresholds.hit),
        Kind::Official | Kind::Notice | Kind::Benign => String::new(),
    }
}

fn remark(note: &str) -> Option<&'static str> {
    match note {
        "compromised_official" => Some("这是官方网站上的卖证页面，多半是网站被入侵，请尽快通知网站主管单位"),
        "needs_eyes" => Some("页面有藏起来的内容，或靠脚本、图片显示，机器看不全，请用浏览器打开看一眼"),
        "truncated" => Some("页面太大，后面的部分没有看"),
        "mixed" => Some("页面同时提到几家发证机关的证书"),
        _ => None,
    }
}

fn advice(verdict: &Verdict) -> String {
    let routes = verdict.routes.join("、");
    match verdict.kind {
        Kind::FakeSite | Kind::Seller => {
            format!("核实后移送 {routes} 处置。这是机器的判断，只是线索，以人工核实为准。")
        }
        Kind::Suspicious => format!("请人工打开核实；属实的话移送 {routes}。"),
        Kind::Official => "官方网页，不必处置。".to_owned(),
        Kind::Notice => "是提醒防骗的通报，不必处置。".to_owned(),
        Kind::Benign => "没有发现问题，不必处置。".to_owned(),
    }
}
