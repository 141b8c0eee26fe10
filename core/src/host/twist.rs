//! Look-alikes of a protected host, from the same words and tricks that the judge knows.
//!
//! What is made here the judge calls a spoof of the same body: a candidate that it does not is thrown away, so no name is listed that
//! a patrol would pass by. Ranked by how sure the judge is of the name, then by how plain the trick is and how dear the suffix to
//! those who imitate. It must not ask the network; whoever wants to know which of them exist resolves them. Start at
//! [`Authorities::twist`].

use std::collections::HashSet;

use super::authorities::{Authorities, Authority};
use super::judge::{HostVerdict, Standing};
use super::name::{host_of, registrable, to_a_label};
use super::signs::Role;
use super::slips::slips_of;

/// Most look-alikes that are told.
const MOST: usize = 5_000;
/// Words of one kind that a name is joined with: the weightiest.
const WORDS: usize = 14;
/// Suffixes, the dearest first, that every shape is tried with; the rarer shapes get some of them.
const SUFFIXES: usize = 24;
const FEW: usize = 6;

/// How a look-alike was made, the plain tricks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trick {
    /// The whole name as labels of somebody's own.
    Below,
    /// Dots made hyphens, or left out.
    Joined,
    /// Another suffix than gov.cn.
    Suffix,
    /// The body's name joined with a word of looking up or of the trade.
    Word,
    /// Letters or digits that look alike.
    Alike,
    /// The body's Chinese name.
    Chinese,
    /// A slip of the finger, or a letter left out.
    Slip,
    /// One bit of the name flipped, as a faulty memory does.
    Bit,
}

impl Trick {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Trick::Below => "below",
            Trick::Joined => "joined",
            Trick::Suffix => "suffix",
            Trick::Word => "word",
            Trick::Slip => "slip",
            Trick::Alike => "alike",
            Trick::Bit => "bit",
            Trick::Chinese => "chinese",
        }
    }

    /// What it does, in Chinese.
    pub fn say(self) -> &'static str {
        match self {
            Trick::Below => "整个真网址写在自己域名的左边",
            Trick::Joined => "点改成连字符或去掉",
            Trick::Suffix => "换后缀",
            Trick::Word => "机关名配上查询、行业的字样",
            Trick::Slip => "错一个字母",
            Trick::Alike => "用长得像的字符",
            Trick::Bit => "错一个比特",
            Trick::Chinese => "用机关的中文名",
        }
    }
}

/// A name that imitates a protected host.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookalike {
    /// How it was made.
    pub trick: Trick,
    /// What `hosts` says of it.
    pub verdict: HostVerdict,
}

impl Authorities {
    /// Look-alikes of a protected host, the likeliest first; none where the host is nobody's of the list.
    pub fn twist(&self, host: &str) -> Option<Vec<Lookalike>> {
        let host = host_of(host).ok()?;
        let authority = self.by_host(&host)?;
        let mut made = Candidates { all: Vec::new(), known: HashSet::new() };
        self.shapes(&host, authority, &mut made);
        let mut out: Vec<(usize, Lookalike)> = made
            .all
            .into_iter()
            .filter_map(|(trick, name)| {
                let verdict = self.judge(&name).ok()?;
                let same =
                    verdict.near.as_deref().and_then(|near| self.by_host(near)).is_some_and(|of| of.id == authority.id);
                (verdict.standing == Standing::Spoof && same).then(|| (self.dear(&name), Lookalike { trick, verdict }))
            })
            .collect();
        // Sure names first, by tens: above that the sum of signs says little. Then the plain tricks under the dear suffixes.
        let rank = |(dear, lookalike): &(usize, Lookalike)| {
            let tens = (lookalike.verdict.score.min(99.0) / 10.0) as usize;
            (std::cmp::Reverse(tens), dear + 2 * lookalike.trick as usize, lookalike.verdict.host.len())
        };
        out.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.1.verdict.host.cmp(&b.1.verdict.host)));
        out.truncate(MOST);
        Some(out.into_iter().map(|(_, lookalike)| lookalike).collect())
    }

    /// How far down the list of likely suffixes a name's suffix stands; .com, which is everybody's, beside the first.
    fn dear(&self, name: &str) -> usize {
        let place = |suffix: &String| name.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'));
        let last = if name.ends_with(".com") { 0 } else { self.likely.len() };
        self.likely.iter().rposition(place).unwrap_or(last)
    }

    fn shapes(&self, host: &str, authority: &Authority, made: &mut Candidates) {
        let likely = self.likely.iter().map(String::as_str).chain(["net", "org"]);
        let dear: Vec<&str> = ["com"].into_iter().chain(likely.take(SUFFIXES)).collect();
        let few = &dear[..FEW.min(dear.len())];
        // cx.mem of cx.mem.gov.cn, and mem of it; cnse.e-cqs of cnse.e-cqs.cn.
        let suffix = registrable(host).split_once('.').map_or("", |(_, suffix)| suffix);
        let stem = match host.strip_suffix(".gov.cn") {
            Some(stem) => stem,
            None => host.strip_suffix(suffix).map_or(host, |stem| stem.trim_end_matches('.')),
        };
        let body = stem.rsplit('.').next().unwrap_or(stem);
        let dashed = stem.replace('.', "-");
        let glued = stem.replace('.', "");
        let government = host.ends_with(".gov.cn");

        let joined = [dashed.clone(), glued.clone()];
        for suffix in &dear {
            made.add(Trick::Below, format!("{host}.{suffix}"));
            if government {
                for word in ["cx", "zs", "chaxun", "gov-cn", "mem", "vip"] {
                    made.add(Trick::Below, format!("{stem}.gov.cn.{word}.{suffix}"));
                    made.add(Trick::Below, format!("{stem}.gov.cn-{word}.{suffix}"));
                }
                for tail in ["gov-cn", "govcn", "gov"] {
                    for own in joined.iter().chain([&body.to_owned()]) {
                        made.add(Trick::Joined, format!("{own}-{tail}.{suffix}"));
                        made.add(Trick::Joined, format!("{own}{tail}.{suffix}"));
                    }
                    made.add(Trick::Joined, format!("{stem}-{tail}.{suffix}"));
                    made.add(Trick::Joined, format!("{tail}-{dashed}.{suffix}"));
                }
                made.add(Trick::Suffix, format!("{stem}.gov.{suffix}"));
            }
            made.add(Trick::Suffix, format!("{stem}.{suffix}"));
            made.add(Trick::Joined, format!("{dashed}.{suffix}"));
            made.add(Trick::Joined, format!("{glued}.{suffix}"));
            let mut turned: Vec<&str> = stem.split('.').collect();
            turned.reverse();
            made.add(Trick::Joined, format!("{}.{suffix}", turned.join("-")));
            made.add(Trick::Joined, format!("{}.{suffix}", turned.concat()));
        }
        for word in self.telling() {
            for suffix in few {
                for own in [&dashed, &glued, &body.to_owned()] {
                    for name in [
                        format!("{own}-{word}"),
                        format!("{word}-{own}"),
                        format!("{own}{word}"),
                        format!("{word}{own}"),
                    ] {
                        made.add(Trick::Word, format!("{name}.{suffix}"));
                    }
                }
                made.add(Trick::Word, format!("{word}.{stem}.{suffix}"));
            }
        }
        let tails: &[&str] = if government { &["-gov-cn", "-gov", "gov", "govcn"] } else { &[""] };
        for tail in tails {
            let base = format!("{}{tail}", if tail.starts_with('g') { &glued } else { &dashed });
            for suffix in few {
                let omitted = (0..base.len()).map(|at| format!("{}{}", &base[..at], &base[at + 1..]));
                for name in slips_of(&base).into_iter().chain(omitted) {
                    made.add(Trick::Slip, format!("{name}.{suffix}"));
                }
                for name in alike(&base) {
                    made.add(Trick::Alike, format!("{name}.{suffix}"));
                }
                for name in flipped(&base) {
                    made.add(Trick::Bit, format!("{name}.{suffix}"));
                }
            }
        }
        // The genuine name with one sign changed where it need not be registered under gov.cn.
        for (trick, names) in [(Trick::Alike, alike(host)), (Trick::Slip, slips_of(host)), (Trick::Bit, flipped(host))]
        {
            names.into_iter().for_each(|name| made.add(trick, name));
        }
        for name in std::iter::once(&authority.name).chain(&authority.names) {
            for word in ["", "查询", "证书查询", "特种作业查询", "官网", "网"] {
                for suffix in ["cn", "com", "中国", "网址", "公司", "top"] {
                    made.add(Trick::Chinese, format!("{name}{word}.{suffix}"));
                }
            }
        }
    }

    /// The weightiest words of looking up, of certificates and of the trade, as they are written in names.
    fn telling(&self) -> Vec<&str> {
        let mut out = Vec::new();
        for role in [Role::Lookup, Role::Cert, Role::Trade, Role::Gov] {
            let mut words: Vec<_> =
                self.signs.words.iter().filter(|word| word.role == role && word.text.is_ascii()).collect();
            words.sort_by_key(|word| (std::cmp::Reverse(word.points), word.text.len()));
            out.extend(words.into_iter().take(WORDS).map(|word| word.text.as_str()));
        }
        out
    }
}

/// Names made so far, none twice.
struct Candidates {
    all: Vec<(Trick, String)>,
    known: HashSet<String>,
}

impl Candidates {
    fn add(&mut self, trick: Trick, name: String) {
        let Ok(name) = to_a_label(&name).map(std::borrow::Cow::into_owned) else { return };
        if self.known.insert(name.clone()) {
            self.all.push((trick, name));
        }
    }
}

/// Spellings with one sign, or two, exchanged for what looks like it.
fn alike(name: &str) -> Vec<String> {
    const PAIRS: [(&str, &str); 18] = [
        ("o", "0"),
        ("l", "1"),
        ("i", "1"),
        ("i", "l"),
        ("m", "rn"),
        ("m", "nn"),
        ("w", "vv"),
        ("d", "cl"),
        ("g", "q"),
        ("u", "v"),
        ("e", "е"),
        ("o", "о"),
        ("c", "с"),
        ("x", "х"),
        ("y", "у"),
        ("a", "а"),
        ("g", "ɡ"),
        ("v", "ν"),
    ];
    let mut out = Vec::new();
    for (plain, other) in PAIRS {
        out.extend(
            name.match_indices(plain).map(|(at, _)| format!("{}{other}{}", &name[..at], &name[at + plain.len()..])),
        );
    }
    out
}

/// Names one flipped bit away that are still names.
fn flipped(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, byte) in name.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric()) {
        for bit in 0..7 {
            let other = byte ^ (1 << bit);
            if other.is_ascii_lowercase() || other.is_ascii_digit() {
                out.push(format!("{}{}{}", &name[..at], char::from(other), &name[at + 1..]));
            }
        }
    }
    out
}
