//! Genuine names copied: whole in the left labels, in look-alike characters, with another suffix, or a slip of the finger off.
//!
//! Start at [`Authorities::copied`].

use super::authorities::{Authorities, Authority, Stem};
use super::form::{Form, looks};
use super::judge::Weighed;
use super::name::{self, under};
use super::signs::{Role, Word};
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
                } else if (genuine.matches('.').count() >= 2 || genuine.contains('-')) && stands_in(&flat, &copy.flat) {
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
        if !self.is_here(suffix) && !is_beside_gov(suffix) && !matches!(suffix, "com" | "net" | "org") {
            return None;
        }
        let left = look.strip_suffix(&looks(suffix))?.strip_suffix('.')?;
        self.stems.iter().find(|stem| under(left, &stem.look))
    }

    /// Whose main label stands before a suffix that is not its own.
    fn twin(&self, label: &str, suffix: &str) -> Option<usize> {
        let listed = |list: &[String]| list.iter().any(|known| known == suffix);
        // One letter off gov.cn, another country's government: short names are those of ministries there too.
        let second_level = listed(&self.twins) || suffix.ends_with(".cn") || (label.len() > 5 && is_beside_gov(suffix));
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
        // Nothing looks like the v of gov but itself.
        let left =
            host.strip_suffix(suffix).filter(|left| left.contains('v')).unwrap_or_default().trim_end_matches('.');
        if let Some(&near) = self.bare_gov.get(&unadorned(left)) {
            let why = format!("连 gov 照抄{}的真网址，却不在政府后缀之下", self.all[near].name);
            return Some(Weighed { points: 9, near, why: vec![why] });
        }
        let forms = [Some(Form::plain(left)), Form::merged(left)];
        if let Some(near) = forms.iter().flatten().find_map(|form| self.stem_beside_gov(form)) {
            let why = vec![
                format!("“{label}”照抄{}的真网址，点去掉了", self.all[near].name),
                format!("真正的域名是 {own}，不在政府后缀之下"),
            ];
            return Some(Weighed { points: 8, near, why });
        }
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

impl Authorities {
    /// A genuine host's `yjt.zj`, however its labels are joined, and a gov: nothing else in the name or in its last label.
    pub(super) fn stem_beside_gov(&self, form: &Form) -> Option<usize> {
        let name = form.look.strip_prefix("www.").unwrap_or(&form.look);
        let stem = |rest: String| self.stems.iter().find(|stem| stem.glued == glued(&rest)).map(|stem| stem.index);
        let beside = |text: &str| {
            without_gov(text).and_then(stem).or_else(|| GOV_SLIPS.iter().find_map(|gov| stem(without(gov, text)?)))
        };
        beside(name.rsplit('.').next()?).or_else(|| beside(&glued(name)))
    }
}

/// Another country's government suffix, one letter off gov.cn.
fn is_beside_gov(suffix: &str) -> bool {
    suffix.starts_with("gov.") && strsim::osa_distance(suffix, "gov.cn") == 1
}

/// The part of a name left of its suffix as it looks, without its www and what number may follow: in one piece.
fn unadorned(left: &str) -> String {
    let left = left.strip_prefix("www.").unwrap_or(left);
    glued(&looks(left.trim_end_matches(|c: char| c.is_ascii_digit())))
}

/// A genuine host under gov.cn with its gov and without its .cn, in one piece, the gov last and first.
pub(super) fn bare_gov(host: &str) -> Option<[String; 2]> {
    let stem = looks(&glued(host.strip_suffix(".gov.cn")?));
    Some([format!("{stem}gov"), format!("gov{stem}")])
}

/// The labels of genuine hosts in which no word of ours tells of a body, as words of it: beianmps of beian.mps.gov.cn, however they
/// are joined and in either order.
pub(super) fn label_words(all: &[Authority], words: &[Word]) -> Vec<Word> {
    let known =
        |label: &str| words.iter().any(|word| word.role.is_body() && word.points >= 4 && label.contains(&word.text));
    let mut out: Vec<Word> = Vec::new();
    for (authority, host) in all.iter().flat_map(|a| a.hosts.iter().map(move |host| (a, host))) {
        let labels: Vec<&str> = match host.strip_suffix(".gov.cn") {
            Some(stem) => stem.split('.').filter(|label| *label != "www").collect(),
            None => continue,
        };
        if labels.len() < 2 || labels.iter().any(|label| known(label)) {
            continue;
        }
        let turned: Vec<&str> = labels.iter().rev().copied().collect();
        for text in [labels.concat(), labels.join("-"), turned.concat(), turned.join("-")] {
            if words.iter().chain(&out).all(|word| word.text != text) {
                let say = format!("{}真网址的 {}", authority.name, labels.join("."));
                let of = Some(authority.id.clone());
                out.push(Word { points: 4, say, of, ..Word::plain(text, Role::Authority) });
            }
        }
    }
    out
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
        // One edit leaves the first or the last letter in place: most are out before any distance is measured.
        let (a, b) = (self.text.as_bytes(), text.as_bytes());
        let ends = a.first() == b.first() || a.last() == b.last();
        ends && a.len().abs_diff(b.len()) <= 1 && strsim::osa_distance(&self.text, text) == 1
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

/// gov with a letter doubled or two swapped.
const GOV_SLIPS: [&str; 5] = ["ggov", "goov", "govv", "ogv", "gvo"];

/// What is left of a label without its gov, if gov (or govcn) stands at its beginning, its end or between hyphens.
fn without_gov(label: &str) -> Option<String> {
    ["govcn", "gov-cn", "gov"].into_iter().find_map(|gov| without(gov, label))
}

fn without(gov: &str, label: &str) -> Option<String> {
    // Most have none, and no room is asked for them.
    if !label.contains(gov) {
        return None;
    }
    let end = label.strip_suffix(gov).or_else(|| label.strip_prefix(gov)).map(str::to_owned);
    end.or_else(|| label.split_once(&format!("-{gov}-")).map(|(before, after)| format!("{before}{after}")))
}

/// Whether `part` stands in `name` as whole labels, something following it.
pub(super) fn stands_in(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| {
        let end = at + part.len();
        (at == 0 || name.as_bytes()[at - 1] == b'.') && name.as_bytes().get(end).is_none_or(|&b| b == b'.')
    })
}
