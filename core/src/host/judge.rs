//! What a host name's signs add up to.
//!
//! The order matters: an address or a government name is settled first, then what the file says about the name itself
//! (retired, genuine, innocent), then a genuine name copied whole, then the sum of signs. One kind of sign never convicts.
//! Start at [`Authorities::judge`].

use std::borrow::Cow;

use super::authorities::{Authorities, Authority, Stem};
use super::form::{Form, looks};
use super::name::{self, NotAHost, is_address, is_government, under};
use super::signs::{Glance, Role, Sign};

/// From here on a name is a spoof; a point below it is watched.
const SPOOF: i32 = 7;

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Imitates an authority.
    Spoof,
    /// A retired official host, or too little to call.
    Watch,
    /// Under a protected host or a genuine government suffix.
    Official,
    /// Nothing found.
    Clean,
}

impl Standing {
    /// The word in files and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Spoof => "spoof",
            Standing::Watch => "watch",
            Standing::Official => "official",
            Standing::Clean => "clean",
        }
    }
}

/// What is said of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct HostVerdict {
    /// Lower-case A-label.
    pub host: String,
    /// What it is.
    pub standing: Standing,
    /// How sure the name alone makes us that it imitates, 0 to 100.
    pub score: f64,
    /// The genuine host it imitates, or whose it is.
    pub near: Option<String>,
    /// Reasons in Chinese.
    pub why: Vec<String>,
}

/// The sum of one reading of a name.
struct Weighed {
    points: i32,
    near: usize,
    why: Vec<String>,
}

impl Authorities {
    /// Judges a bare host name: Unicode or A-label, upper case and a final dot allowed. IP addresses are clean.
    ///
    /// # Errors
    /// The input is no host name.
    pub fn judge(&self, host: &str) -> Result<HostVerdict, NotAHost> {
        let name = match self.signs.glance(host) {
            Glance::Asleep if !is_government(host) => return Ok(clean(host.to_owned(), Vec::new())),
            Glance::Asleep | Glance::Awake if !host.contains("xn--") => Cow::Borrowed(host),
            _ => name::to_a_label(host)?,
        };
        Ok(self.verdict(name.into_owned()))
    }

    /// Judges a line that holds a host name or a URL. A genuine name in front of an @ (`http://cx.mem.gov.cn@x.top/`) is what
    /// people read and not where they get: it tells of a spoof whatever the host is called.
    ///
    /// # Errors
    /// What is wrong with the line, in Chinese.
    pub fn judge_line(&self, line: &str) -> Result<HostVerdict, NotAHost> {
        let verdict = self.judge(&name::host_of(line)?)?;
        let clean = matches!(verdict.standing, Standing::Clean | Standing::Watch);
        let Some((shown, authority)) = name::user_of(line).filter(|_| clean).and_then(|user| {
            let name = user.split([':', '/', '&', '?', '%', '\\']).next().unwrap_or_default().to_ascii_lowercase();
            let (index, _) = self.genuine_of(&name)?;
            Some((name, &self.all[index]))
        }) else {
            return Ok(verdict);
        };
        let why =
            vec![format!("把{}的真网址 {shown} 写在 @ 前面", authority.name), format!("真正去的是 {}", verdict.host)];
        Ok(HostVerdict {
            standing: Standing::Spoof,
            score: score(13),
            near: Some(authority.near.clone()),
            why,
            ..verdict
        })
    }

    /// Whether a lower-case ASCII name is clean at first sight, without allocating; `false` means: judge it.
    pub fn is_plainly_clean(&self, host: &str) -> bool {
        self.signs.glance(host) == Glance::Asleep && !is_government(host)
    }

    fn verdict(&self, host: String) -> HostVerdict {
        if is_address(&host) {
            return clean(host, Vec::new());
        }
        if let Some((index, note)) = self.retired_of(&host) {
            let authority = &self.all[index];
            let why = vec![format!("{}已停用的旧网址，不再可信：{note}", authority.name)];
            return HostVerdict {
                host,
                standing: Standing::Watch,
                score: 50.0,
                near: Some(authority.near.clone()),
                why,
            };
        }
        if let Some((index, genuine)) = self.genuine_of(&host) {
            let authority = &self.all[index];
            let why = vec![format!("{genuine} 是{}的真网址", authority.name)];
            return HostVerdict {
                host,
                standing: Standing::Official,
                score: 0.0,
                near: Some(authority.near.clone()),
                why,
            };
        }
        if is_government(&host) {
            let why = vec!["在政府专用后缀（.gov.cn、.政务）之下".to_owned()];
            return HostVerdict { host, standing: Standing::Official, score: 0.0, near: None, why };
        }
        if let Some(reason) = self.innocent_of(&host) {
            let why = vec![format!("名录列为无辜：{reason}")];
            return clean(host, why);
        }
        let shown: Cow<'_, str> = if host.contains("xn--") {
            idna::uts46::Uts46::new()
                .to_unicode(host.as_bytes(), idna::AsciiDenyList::EMPTY, idna::uts46::Hyphens::Allow)
                .0
                .into_owned()
                .into()
        } else {
            Cow::Borrowed(host.as_str())
        };
        let spoof = |weighed: Weighed| {
            let near = self.all[weighed.near].near.clone();
            let standing = if weighed.points >= SPOOF { Standing::Spoof } else { Standing::Watch };
            (standing, score(weighed.points), Some(near), weighed.why)
        };
        let signs = self.copied(&host, &shown).or_else(|| self.summed(&host, &shown));
        let found = match signs {
            Some(signs) if signs.points >= SPOOF => Some(signs),
            weak => self.slipped(&host).or(weak),
        }
        .map(spoof);
        let found = found.or_else(|| self.borrowed_suffix(&shown));
        match found {
            Some((standing, score, near, why)) => HostVerdict { host, standing, score, near, why },
            None => clean(host, Vec::new()),
        }
    }

    /// A genuine name that looks the same, stands whole in the left labels, or differs by a slip or its suffix.
    fn copied(&self, host: &str, shown: &str) -> Option<Weighed> {
        let look = looks(shown);
        if self.copied.is_match(&look.replace(['.', '-', '_'], "")) {
            let flat = look.replace(['-', '_'], ".");
            let glued: Vec<String> = look.split('.').map(|label| label.replace(['-', '_'], "")).collect();
            // Longest first: the most exact copy is the one to name.
            for copy in &self.copies {
                let (genuine, named) = (&copy.host, &self.all[copy.index].name);
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
        let near = *self.keys.get(label)?;
        let listed = |list: &[String]| list.iter().any(|known| known == suffix);
        // A three-letter label on a cheap suffix is anybody's; on .org.cn and its like it is a twin.
        if listed(&self.twins) || (label.len() > 3 && listed(&self.likely)) {
            let why = format!("主名“{label}”与{}的真网址相同，只换了后缀 .{suffix}", self.all[near].name);
            return Some(Weighed { points: 8, near, why: vec![why] });
        }
        None
    }

    /// A national body's short name one slip of a finger off, where gov is glued to it: mems-gov.cn, cxmom-gov.com; or the whole
    /// of cxmemgov one slip off. Short names are too near to ordinary words to be told without gov.
    fn slipped(&self, host: &str) -> Option<Weighed> {
        let own = name::registrable(host);
        let (label, suffix) = own.split_once('.')?;
        if suffix != "cn" && !suffix.ends_with(".cn") && !self.likely.iter().any(|likely| likely == suffix) {
            return None;
        }
        let left = host.strip_suffix(own).unwrap_or_default().trim_end_matches('.');
        let glued = |text: &str| text.replace(['-', '_', '.'], "");
        let whole = glued(label);
        let gov_less = without_gov(label);
        for (key, &near) in &self.keys {
            let forms = [key.clone(), format!("cx{key}"), format!("{key}cx")];
            let slip = |a: &str, b: &str| strsim::osa_distance(a, b) == 1;
            let beside_gov = gov_less.as_deref().is_some_and(|rest| {
                let rest = glued(rest);
                forms.iter().any(|form| slip(&rest, form) && rest.len() >= 2) || (left == "cx" && slip(&rest, key))
            });
            let through = ["cx{}gov", "{}gov", "cx{}govcn", "{}govcn"].iter().any(|shape| {
                let form = shape.replace("{}", key);
                slip(&whole, &form) && (form.len() >= 8 || (label.contains('-') && form.len() >= 6))
            });
            if beside_gov || through {
                let why = vec![
                    format!("“{label}”与“{key}”加 gov 的写法只差一个字母"),
                    format!("真正的域名是 {own}，不在政府后缀之下"),
                ];
                return Some(Weighed { points: 8, near, why });
            }
        }
        None
    }

    /// The signs in the name, read as written and with `rn` as m; the heavier reading counts.
    fn summed(&self, host: &str, shown: &str) -> Option<Weighed> {
        let suffix = psl::suffix_str(host).unwrap_or("");
        // The suffix has as many labels in both spellings.
        let keep = host.split('.').count().saturating_sub(suffix.split('.').count());
        let left: Vec<&str> = shown.split('.').take(keep).collect();
        let left = left.join(".");
        let merged = Form::merged(&left).and_then(|form| self.weigh(&form, host, suffix));
        let plain = self.weigh(&Form::plain(&left), host, suffix);
        [plain, merged].into_iter().flatten().max_by_key(|weighed| weighed.points)
    }

    fn weigh(&self, form: &Form, host: &str, suffix: &str) -> Option<Weighed> {
        let signs = self.signs.read(form);
        if signs.is_empty() {
            return None;
        }
        let mut why = Vec::new();
        let mut best: [Option<(i32, &Sign)>; Role::ALL.len()] = [None; Role::ALL.len()];
        for sign in &signs {
            let word = &self.signs.words[sign.word];
            let mut points = word.points - i32::from(sign.misspelt);
            if word.role == Role::Gov && followed_by_cn(form, sign) {
                points = points.max(6);
            }
            let slot = &mut best[word.role as usize];
            if slot.is_none_or(|(held, _)| points > held) {
                *slot = Some((points, sign));
            }
        }
        let of = |role: Role| best[role as usize];
        let points_of = |role: Role| of(role).map_or(0, |(points, _)| points);
        // Authority and bureau both name a body: one kind of sign.
        let body = [of(Role::Authority), of(Role::Bureau)].into_iter().flatten().max_by_key(|(points, _)| *points);
        let mut kinds: Vec<(i32, &Sign)> = body.into_iter().collect();
        kinds.extend([Role::Trade, Role::Cert, Role::Lookup, Role::Gov].into_iter().filter_map(of));
        let wild_gov = self.misspelt_gov(form, suffix, &signs);
        if points_of(Role::Bureau) >= 4 {
            kinds.extend(of(Role::Place));
        }
        // Two words of one body (cnse, samr) are no accident, though of one kind.
        if let Some((_, first)) = of(Role::Authority)
            && let Some(second) = signs.iter().find(|sign| self.same_body(first, sign))
        {
            kinds.push((self.signs.words[second.word].points.min(3), second));
        }
        let mut points: i32 = kinds.iter().map(|(points, _)| points).sum();
        let mut count = kinds.len();
        if let Some(label) = wild_gov {
            points += 3;
            count += 1;
            why.push(format!("“{label}.cn”像是 gov.cn 拼错"));
        }
        let suffix_place = if points_of(Role::Bureau) >= 4 { self.place_suffix(suffix) } else { None };
        if suffix_place.is_some() {
            points += 1;
            count += 1;
            why.push(format!("后缀 .{suffix} 是属地后缀，人人可注册"));
        }
        let alone = signs.iter().find(|sign| sign.alone);
        if count < 2 {
            let sign = alone?;
            why.push(self.tell(form, sign));
            let near = self.near_of(&signs, form).unwrap_or(0);
            why.push("整段就是机关的名称，却不在政府后缀之下".to_owned());
            return Some(Weighed { points: self.signs.words[sign.word].points.max(SPOOF), near, why });
        }
        let only_gov_and_short_lookup = body.is_none()
            && of(Role::Trade).is_none()
            && of(Role::Cert).is_none()
            && points_of(Role::Gov) < 6
            && of(Role::Lookup).is_none_or(|(_, sign)| self.signs.words[sign.word].short);
        if only_gov_and_short_lookup {
            return None;
        }
        let stem = body.and_then(|_| self.stem_in(form));
        if let Some(stem) = stem {
            points += 2;
            why.push(format!("左边照抄真网址的 {}", stem.text));
        }
        if self.likely.iter().any(|likely| likely == suffix) || suffix.ends_with(".cn") {
            points += 1;
        }
        if points < SPOOF - 1 {
            return None;
        }
        why.splice(0..0, kinds.iter().map(|(_, sign)| self.tell(form, sign)));
        let near = stem.map(|stem| stem.index).or(suffix_place).or_else(|| self.near_of(&signs, form)).unwrap_or(0);
        why.push(format!("真正的域名是 {}，不在政府后缀之下", name::registrable(host)));
        Some(Weighed { points, near, why })
    }

    fn same_body(&self, first: &Sign, second: &Sign) -> bool {
        let (a, b) = (&self.signs.words[first.word], &self.signs.words[second.word]);
        first.word != second.word && b.role == Role::Authority && a.of.is_some() && a.of == b.of
    }

    /// The local body of `gd.cn` and its like, which anybody may register under.
    fn place_suffix(&self, suffix: &str) -> Option<usize> {
        let text = suffix.strip_suffix(".cn")?;
        let word = self.signs.words.iter().find(|word| word.role == Role::Place && word.text == text)?;
        self.all.iter().position(|authority| authority.place == word.of)
    }

    /// `mem.goc.cn`: the registered label is one letter off gov and a body stands left of it as a label of its own.
    fn misspelt_gov<'f>(&self, form: &'f Form, suffix: &str, signs: &[Sign]) -> Option<&'f str> {
        if suffix != "cn" {
            return None;
        }
        let (rest, label) = form.look.rsplit_once('.')?;
        let whole = |sign: &&Sign| {
            let word = &self.signs.words[sign.word];
            let free = |at: Option<&u8>| at.is_none_or(|&b| matches!(b, b'.' | b'-'));
            let bytes = form.look.as_bytes();
            word.role.is_body()
                && sign.span.end <= rest.len()
                && free(sign.span.start.checked_sub(1).and_then(|at| bytes.get(at)))
                && free(bytes.get(sign.span.end))
        };
        (strsim::osa_distance(label, "gov") == 1 && signs.iter().any(|sign| whole(&sign))).then_some(label)
    }

    /// `yjt.zj` of `yjt.zj.gov.cn`, standing in the name with dots or hyphens.
    fn stem_in(&self, form: &Form) -> Option<&Stem> {
        let flat = form.look.replace(['-', '_'], ".");
        self.stems.iter().find(|stem| stands_in(&flat, &stem.look))
    }

    /// The body that the signs speak of; the first in the file is the one whose look-up covers the country.
    fn near_of(&self, signs: &[Sign], form: &Form) -> Option<usize> {
        if let Some(stem) = self.stem_in(form) {
            return Some(stem.index);
        }
        let named =
            |role: Role| signs.iter().map(|sign| &self.signs.words[sign.word]).filter(move |word| word.role == role);
        let by_id = |id: &str| self.all.iter().position(|authority| authority.id == id);
        if let Some(word) = named(Role::Authority).max_by_key(|word| word.points) {
            return by_id(word.of.as_deref()?);
        }
        if named(Role::Bureau).next().is_some()
            && let Some(place) = named(Role::Place).max_by_key(|word| word.points)
        {
            let here = |authority: &Authority| authority.place == place.of;
            return self.all.iter().position(here);
        }
        let trade = named(Role::Trade).chain(named(Role::Cert)).find_map(|word| word.of.as_deref());
        trade.and_then(by_id)
    }

    fn tell(&self, form: &Form, sign: &Sign) -> String {
        let word = &self.signs.words[sign.word];
        let written = form.written(sign.span.clone());
        match (sign.misspelt, sign.disguised) {
            (true, _) => format!("“{written}”与“{}”（{}）只差一个字母", word.text, word.say),
            (_, true) => format!("“{written}”用形近字符冒充“{}”（{}）", word.text, word.say),
            _ if word.role == Role::Place => format!("“{written}”：属地"),
            _ => format!("“{written}”：{}", word.say),
        }
    }

    /// gov.cn in the left labels, or in foreign letters, with no word of ours: somebody else's body is imitated.
    fn borrowed_suffix(&self, shown: &str) -> Option<(Standing, f64, Option<String>, Vec<String>)> {
        let foreign = under(&looks(shown), "gov.cn") && !shown.is_ascii();
        if !foreign && !shown.contains(".gov.cn.") && !shown.starts_with("gov.cn.") {
            return None;
        }
        let why = vec!["借用政府后缀 gov.cn 的字样，未见与证书有关的字样".to_owned()];
        Some((Standing::Watch, score(SPOOF - 1), None, why))
    }
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
fn stands_in(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| {
        let end = at + part.len();
        (at == 0 || name.as_bytes()[at - 1] == b'.') && name.as_bytes().get(end).is_none_or(|&b| b == b'.')
    })
}

/// Whether `.cn` or `-cn` follows as a piece of its own.
fn followed_by_cn(form: &Form, sign: &Sign) -> bool {
    let rest = &form.look[sign.span.end..];
    let rest = rest.strip_prefix(['.', '-']).and_then(|rest| rest.strip_prefix("cn"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

fn clean(host: String, why: Vec<String>) -> HostVerdict {
    HostVerdict { host, standing: Standing::Clean, score: 0.0, near: None, why }
}

/// Points to 0–100: 50 at the lowest that is watched, about 70 at the lowest spoof.
fn score(points: i32) -> f64 {
    let odds = f64::from(points - (SPOOF - 1)) * 0.35;
    let score = 100.0 / (1.0 + 10f64.powf(-odds));
    (score * 10.0).round() / 10.0
}
