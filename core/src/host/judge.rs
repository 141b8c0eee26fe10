//! What a host name's signs add up to.
//!
//! The order matters: an address or a government name is settled first, then what the file says about the name itself
//! (retired, genuine, innocent), then a genuine name copied whole, then the sum of signs. One kind of sign never convicts.
//! Start at [`Authorities::judge`].

use std::borrow::Cow;

use super::authorities::{Authorities, Authority, Stem};
use super::copies::stands_in;
use super::form::{Form, looks};
use super::name::{self, NotAHost, is_address, is_government, under};
use super::signs::{Glance, Role, Sign};
use super::skeleton::is_foreign;

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
pub(super) struct Weighed {
    pub(super) points: i32,
    pub(super) near: usize,
    pub(super) why: Vec<String>,
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
        // Nobody gives out mém.gov.cn: it is a forgery, in writing if not in the DNS.
        if host.contains("xn--") && is_government(&host) {
            let shown = shown_of(&host).into_owned();
            if shown.chars().any(is_foreign) {
                return self.forged(host, &shown);
            }
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
        let shown = shown_of(&host);
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

    /// A name under gov.cn with letters that are not given out there.
    fn forged(&self, host: String, shown: &str) -> HostVerdict {
        let copy =
            self.copied(&host, shown).or_else(|| self.summed(&host, shown)).filter(|signs| signs.points >= SPOOF);
        let mut why = vec![format!("{shown} 里有 gov.cn 之下不会有的外文字母")];
        let (standing, points, near) = match copy {
            Some(copy) => {
                why.splice(0..0, copy.why);
                (Standing::Spoof, copy.points, Some(self.all[copy.near].near.clone()))
            }
            None => (Standing::Watch, SPOOF - 1, None),
        };
        HostVerdict { host, standing, score: score(points), near, why }
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
        // Of equals the last: as it is written, then.
        [merged, plain].into_iter().flatten().max_by_key(|weighed| weighed.points)
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
        let stem = self.stem_in(form);
        let mut kinds: Vec<(i32, &Sign)> = body.into_iter().collect();
        kinds.extend([Role::Trade, Role::Cert, Role::Lookup, Role::Gov].into_iter().filter_map(of));
        let wild_gov = self.misspelt_gov(form, suffix, &signs);
        let named = body.or(of(Role::Trade)).or(of(Role::Cert)).is_some();
        // A genuine host's labels name its body, be they words of ours or not: safety.hangzhou.
        let by_stem = stem.filter(|_| body.is_none());
        // 应急 and yjj alone tell little: the place counts beside them where they, too, claim to be an office or answer for papers.
        let claims = points_of(Role::Gov) >= 4 || points_of(Role::Cert) >= 4 || points_of(Role::Lookup) >= 3;
        // gov.cn-jl.xyz is meant to be read as 吉林's, whichever of its bodies.
        let office = points_of(Role::Bureau) >= 4 || (of(Role::Bureau).is_some() && claims);
        if office || (body.is_none() && cut_suffix(form)) {
            // One letter off a place is off other words too: it says whose a body is, not that there is one.
            kinds.extend(of(Role::Place).filter(|(_, sign)| !sign.misspelt));
        }
        // China, or 国家, is before half the names of the country: beside a weak word it takes another sign to count.
        let strong =
            [Role::Authority, Role::Bureau, Role::Trade, Role::Cert].into_iter().any(|role| points_of(role) >= 4);
        if named && (strong || points_of(Role::Gov).max(points_of(Role::Lookup)) >= 3) {
            kinds.extend(of(Role::Nation));
        }
        // Two words of one body (cnse, samr), or two bodies, are no accident, though of one kind.
        if let Some((held, first)) = body
            && let Some(second) = signs.iter().find(|sign| self.second_body(first, held, sign))
        {
            kinds.push((self.signs.words[second.word].points.min(3), second));
        }
        // 特种作业 and 安全生产 in one name are no accident either, nor is a genuine look-up's label (zscx) with another word for it.
        let other = |first: &Sign, least: i32| {
            signs.iter().find(|sign| {
                let (a, b) = (&self.signs.words[first.word], &self.signs.words[sign.word]);
                first.word != sign.word && first.span != sign.span && a.role == b.role && b.points >= least
            })
        };
        if let Some((5.., first)) = of(Role::Trade)
            && let Some(second) = other(first, 4)
        {
            kinds.push((1, second));
        }
        let label_of_lookup = |sign: &Sign| self.signs.words[sign.word].of.is_some() && !sign.misspelt;
        let twice = of(Role::Lookup)
            .filter(|&(_, first)| label_of_lookup(first))
            .and_then(|(_, first)| other(first, 2))
            .map(|second| (self.signs.words[second.word].points.min(3), second));
        kinds.extend(twice);
        let mut points: i32 = kinds.iter().map(|(points, _)| points).sum();
        let mut count = kinds.len();
        if let Some(stem) = by_stem {
            points += 4;
            count += 1;
            why.push(format!("照抄{}真网址的 {}", self.all[stem.index].name, stem.text));
        }
        if let Some(label) = wild_gov {
            points += 3;
            count += 1;
            why.push(format!("“{label}.cn”像是 gov.cn 拼错"));
        }
        if let Some(told) = self.forgery(form, &signs, suffix) {
            points += 3;
            count += 1;
            why.push(told);
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
        let only_gov_and_short_lookup = body.or(twice).is_none()
            && stem.is_none()
            && of(Role::Trade).is_none()
            && of(Role::Cert).is_none_or(|(_, sign)| self.signs.words[sign.word].short)
            && points_of(Role::Gov) < 6
            && (of(Role::Gov).is_none() || of(Role::Lookup).is_none_or(|(_, sign)| self.signs.words[sign.word].short));
        if only_gov_and_short_lookup {
            return None;
        }
        if let Some(stem) = stem.filter(|_| by_stem.is_none()) {
            points += 2;
            why.push(format!("左边照抄真网址的 {}", stem.text));
        }
        if self.is_here(suffix) {
            points += 1;
        }
        // memcertificate.org is anybody's, and memquery is of memory.
        let weak_lookup = of(Role::Lookup).is_some_and(|(_, sign)| {
            let word = &self.signs.words[sign.word];
            let glued = word.points < 3 && word.text.len() > 4 && body.is_some_and(|(_, body)| !body.whole);
            word.short && word.text.len() > 3 && (glued || !(self.is_here(suffix) || matches!(suffix, "com" | "net")))
        });
        if count == 2 && weak_lookup {
            points -= 2;
        }
        if points < SPOOF - 1 {
            return None;
        }
        why.splice(0..0, kinds.iter().map(|(_, sign)| self.tell(form, sign)));
        let near = stem.map(|stem| stem.index).or(suffix_place).or_else(|| self.near_of(&signs, form)).unwrap_or(0);
        why.push(format!("真正的域名是 {}，不在政府后缀之下", name::registrable(host)));
        Some(Weighed { points, near, why })
    }

    /// Another word for the same body, or another body: the short ones only as pieces of their own, as costamem has both osta and mem.
    fn second_body(&self, first: &Sign, held: i32, second: &Sign) -> bool {
        let (a, b) = (&self.signs.words[first.word], &self.signs.words[second.word]);
        let same = a.role == Role::Authority && b.role == Role::Authority && a.of.is_some() && a.of == b.of;
        let whole = |sign: &Sign| sign.whole || sign.span.len() > 5;
        first.word != second.word
            && first.span != second.span
            && b.role.is_body()
            && (same || (held >= 4 && b.points >= 3 && whole(first) && whole(second)))
    }

    /// A telling word that is written as nobody writes it but to deceive: in letters .cn does not give out, or a long one with
    /// digits in it or a key missed.
    fn forgery(&self, form: &Form, signs: &[Sign], suffix: &str) -> Option<String> {
        let here = self.is_here(suffix);
        signs.iter().find_map(|sign| {
            let word = &self.signs.words[sign.word];
            let long = word.text.len() > 7;
            let common = matches!(suffix, "com" | "net" | "org");
            let told =
                matches!(word.role, Role::Authority | Role::Bureau | Role::Trade | Role::Cert) && word.text.is_ascii();
            let odd = sign.foreign && (here || (common && word.text.len() > 3) || long);
            let swapped = long && !sign.foreign && (sign.disguised || (sign.stumbled && sign.whole));
            (told && (odd || swapped)).then(|| format!("“{}”这样写只为骗过眼睛", form.written(sign.span.clone())))
        })
    }

    /// A suffix that imitators here use: under .cn, or listed.
    pub(super) fn is_here(&self, suffix: &str) -> bool {
        suffix == "cn" || suffix.ends_with(".cn") || self.likely.iter().any(|likely| likely == suffix)
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
        if let Some(index) = self.stem_beside_gov(form).or_else(|| self.neighbours(signs, form)) {
            return Some(index);
        }
        let named =
            |role: Role| signs.iter().map(|sign| &self.signs.words[sign.word]).filter(move |word| word.role == role);
        let by_id = |id: &str| self.all.iter().position(|authority| authority.id == id);
        if let Some(word) = named(Role::Authority).max_by_key(|word| word.points) {
            return by_id(word.of.as_deref()?);
        }
        let bureau = named(Role::Bureau).next().is_some();
        if (bureau || cut_suffix(form))
            && let Some(place) = named(Role::Place).max_by_key(|word| word.points)
        {
            let here = |authority: &Authority| authority.place == place.of;
            return self.all.iter().position(here);
        }
        let trade = || named(Role::Trade).chain(named(Role::Cert));
        // A look-up's own label tells of it only where nothing else does: tzzyzscx is 应急's.
        let lookup = || named(Role::Lookup).find_map(|word| word.of.as_deref());
        let of = trade().find_map(|word| word.of.as_deref());
        of.or_else(|| if bureau || trade().next().is_some() { None } else { lookup() }).and_then(by_id)
    }

    /// Bureau and place that stand together as in a genuine host: ajjsx is 绍兴's, though sx is 山西's elsewhere.
    fn neighbours(&self, signs: &[Sign], form: &Form) -> Option<usize> {
        let of = |role: Role| signs.iter().filter(move |sign| self.signs.words[sign.word].role == role);
        of(Role::Bureau).find_map(|bureau| {
            let near = of(Role::Place).find(|place| {
                let between = form.look.get(bureau.span.end..place.span.start);
                between.is_some_and(|between| matches!(between, "" | "-" | "_" | "."))
            })?;
            let text = format!("{}.{}", self.signs.words[bureau.word].text, self.signs.words[near.word].text);
            self.stems.iter().find(|stem| stem.text == text).map(|stem| stem.index)
        })
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
        let own = name::registrable(shown);
        let cut = own.starts_with("cn-")
            && shown.strip_suffix(own).is_some_and(|left| left == "gov." || left.ends_with(".gov."));
        if !foreign && !cut && !shown.contains(".gov.cn.") && !shown.starts_with("gov.cn.") {
            return None;
        }
        let why = vec!["借用政府后缀 gov.cn 的字样，未见与证书有关的字样".to_owned()];
        Some((Standing::Watch, score(SPOOF - 1), None, why))
    }
}

/// `gov.cn-jl` of gov.cn-jl.xyz: the suffix, with the dot before it and the name's own label glued to its end.
fn cut_suffix(form: &Form) -> bool {
    form.look
        .rsplit_once('.')
        .is_some_and(|(left, own)| own.starts_with("cn-") && (left == "gov" || left.ends_with(".gov")))
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

/// The name in Unicode.
pub(crate) fn shown_of(host: &str) -> Cow<'_, str> {
    if !host.contains("xn--") {
        return Cow::Borrowed(host);
    }
    let reader = idna::uts46::Uts46::new();
    let (shown, _) = reader.to_unicode(host.as_bytes(), idna::AsciiDenyList::EMPTY, idna::uts46::Hyphens::Allow);
    shown
}

/// Points to 0–100: 50 at the lowest that is watched, about 70 at the lowest spoof.
fn score(points: i32) -> f64 {
    let odds = f64::from(points - (SPOOF - 1)) * 0.35;
    let score = 100.0 / (1.0 + 10f64.powf(-odds));
    (score * 10.0).round() / 10.0
}
