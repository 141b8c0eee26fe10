//! Genuine names copied: whole in the left labels, in look-alike characters, with another suffix, or a slip of the finger off.
//!
//! Start at [`Authorities::copied`].

use super::authorities::{Authorities, Stem};
use super::form::looks;
use super::judge::Weighed;
use super::name::{self, under};
use super::slips::slips_of;

impl Authorities {
    /// A genuine name that looks the same, stands whole in the left labels, or differs by a slip or its suffix.
    pub(super) fn copied(&self, host: &str, shown: &str) -> Option<Weighed> {
        let look = looks(shown);
        if self.copied.is_match(&look.replace(['.', '-', '_'], "")) {
            let flat = look.replace(['-', '_'], ".");
            let glued: Vec<String> = look.split('.').map(|label| label.replace(['-', '_'], "")).collect();
            // Longest first: the most exact copy is the one to name.
            for copy in &self.copies {
                let genuine = &copy.host;
                let named = format!("{}{}", self.all[copy.index].name, if copy.retired { "旧" } else { "" });
                let why = if under(&look, &copy.look) {
                    format!("用形近字符写成 {genuine}（{named}）的样子，实为 {shown}")
                } else if under(&flat, &copy.flat) {
                    format!("用连字符代替点，写成{named}的真网址 {genuine} 的样子")
                } else if genuine.matches('.').count() >= 2 && stands_in(&flat, &copy.flat) {
                    format!("把{named}的真网址 {genuine} 写在左边，真正的域名却是 {}", name::registrable(host))
                } else if genuine.len() > 8 && glued.iter().any(|label| label.contains(&copy.glued)) {
                    format!("把{named}的真网址 {genuine} 连写成一段")
                } else {
                    continue;
                };
                return Some(Weighed { points: 13, near: copy.index, why: vec![why] });
            }
        }
        let own = name::registrable(host);
        if let Some(&near) = self.slips.get(own) {
            let why = format!("{own} 与{}的真网址只差一个键", self.all[near].name);
            return Some(Weighed { points: 9, near, why: vec![why] });
        }
        let (label, suffix) = own.split_once('.')?;
        if let Some(stem) = self.twin_stem(&look, suffix) {
            let why = format!("“{}”与{}的真网址一字不差，只换了后缀 .{suffix}", stem.text, self.all[stem.index].name);
            return Some(Weighed { points: 8, near: stem.index, why: vec![why] });
        }
        let twin = self.twin(label, suffix)?;
        let why = format!("主名“{label}”与{}的真网址相同，只换了后缀 .{suffix}", self.all[twin].name);
        Some(Weighed { points: 8, near: twin, why: vec![why] })
    }

    /// `yjj.cq` of `yjj.cq.gov.cn`, right before another suffix.
    fn twin_stem(&self, look: &str, suffix: &str) -> Option<&Stem> {
        if !self.is_here(suffix) && !matches!(suffix, "com" | "net" | "org") {
            return None;
        }
        let left = look.strip_suffix(&looks(suffix))?.strip_suffix('.')?;
        self.stems.iter().find(|stem| under(left, &stem.look))
    }

    /// Whose main label stands before a suffix that is not its own.
    fn twin(&self, label: &str, suffix: &str) -> Option<usize> {
        let listed = |list: &[String]| list.iter().any(|known| known == suffix);
        // One letter off gov.cn, another country's government: short names are those of ministries there too.
        let beside_gov = label.len() > 5 && suffix.starts_with("gov.") && strsim::osa_distance(suffix, "gov.cn") == 1;
        let second_level = listed(&self.twins) || suffix.ends_with(".cn") || beside_gov;
        match self.keys.get(label) {
            // A three-letter label on a cheap suffix is anybody's; on .org.cn, bj.cn and their like it is a twin.
            Some(&near) if second_level || (label.len() > 3 && listed(&self.likely)) => Some(near),
            // The label of a host given up was never anybody's mark: on .cn it may be a firm.
            None if second_level => self.old_keys.get(label).copied(),
            _ => None,
        }
    }

    /// A body's short name one slip of a finger off, where gov is glued to it: mems-gov.cn, cxmom-gov.com, ytj-zj-gov.cn; or the
    /// whole of cxmemgov one slip off. Short names are too near to ordinary words to be told without gov.
    pub(super) fn slipped(&self, host: &str) -> Option<Weighed> {
        let own = name::registrable(host);
        let (label, suffix) = own.split_once('.')?;
        // On .com a short one may be another country's: sam-gov.com is not samr.
        let least = match suffix {
            _ if self.is_here(suffix) => 0,
            "com" | "net" | "org" => 5,
            _ => return None,
        };
        let whole = glued(label);
        let gov_less = without_gov(label).map(|rest| glued(&rest)).filter(|rest| rest.len() >= 2);
        let beside = gov_less
            .as_deref()
            .and_then(|rest| self.beside_gov.iter().find(|form| form.text.len() >= least && form.is_near(rest)));
        let through = || {
            let hyphen = label.contains('-');
            let asked = |form: &&Beside| {
                form.is_near(&whole) && (form.text.len() >= 8 || (least == 0 && hyphen && form.text.len() >= 6))
            };
            self.with_gov.iter().find(asked)
        };
        let form = beside.or_else(through)?;
        let why = vec![
            format!("“{label}”与“{}”加 gov 的写法只差一个字母", form.key),
            format!("真正的域名是 {own}，不在政府后缀之下"),
        ];
        Some(Weighed { points: 8, near: form.near, why })
    }
}

/// A short name as it stands beside gov.
#[derive(Debug)]
pub(super) struct Beside {
    text: String,
    /// What it stands for, for showing.
    key: String,
    near: usize,
    /// Misspelt already: only just so.
    exact: bool,
}

impl Beside {
    fn is_near(&self, text: &str) -> bool {
        if self.exact {
            return self.text == text;
        }
        self.text.len().abs_diff(text.len()) <= 1 && strsim::osa_distance(&self.text, text) == 1
    }
}

/// How a body's short names stand beside gov, and how they do with it: both without hyphens.
pub(super) fn beside_gov(key: &str, near: usize) -> (Vec<Beside>, Vec<Beside>) {
    let beside = |text: String| Beside { text, key: key.to_owned(), near, exact: false };
    let without = [key.to_owned(), format!("cx{key}"), format!("{key}cx")].map(beside).into();
    let with = ["cx{}gov", "{}gov", "cx{}govcn", "{}govcn"].map(|shape| beside(shape.replace("{}", key))).into();
    (without, with)
}

/// The same of a label that is no registered name, cnse or zlaq, by the slips of a finger: one edit of it is anybody's.
pub(super) fn label_beside_gov(label: &str, near: usize) -> Vec<Beside> {
    let beside = |text: String| Beside { text, key: label.to_owned(), near, exact: true };
    slips_of(label).into_iter().flat_map(|slip| [format!("cx{slip}"), format!("{slip}cx"), slip]).map(beside).collect()
}

/// The same of a local body's `yjt.zj`, which imitators also turn round.
pub(super) fn local_beside_gov(stem: &str, near: usize) -> Vec<Beside> {
    let turned = stem.rsplit('.').map(|label| label.replace('-', "")).collect::<String>();
    let beside = |text: String| Beside { text, key: stem.to_owned(), near, exact: false };
    [glued(stem), turned].map(beside).into_iter().filter(|form| form.text.len() >= 5).collect()
}

fn glued(text: &str) -> String {
    text.replace(['-', '_', '.'], "")
}

/// What is left of a label without its gov, if gov (or govcn) stands at its beginning, its end or between hyphens.
fn without_gov(label: &str) -> Option<String> {
    for gov in ["govcn", "gov-cn", "gov"] {
        for (joined, rest) in [
            (label.strip_suffix(gov), None),
            (label.strip_prefix(gov), None),
            (
                label.split_once(&format!("-{gov}-")).map(|(a, _)| a),
                label.split_once(&format!("-{gov}-")).map(|(_, b)| b),
            ),
        ] {
            if let Some(first) = joined {
                return Some(format!("{first}{}", rest.unwrap_or_default()));
            }
        }
    }
    None
}

/// Whether `part` stands in `name` as whole labels, something following it.
pub(super) fn stands_in(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| {
        let end = at + part.len();
        (at == 0 || name.as_bytes()[at - 1] == b'.') && name.as_bytes().get(end).is_none_or(|&b| b == b'.')
    })
}
