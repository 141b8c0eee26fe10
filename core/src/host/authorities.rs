//! The reviewed list of authorities: whose host is whose, which are retired, which words tell of whom.
//!
//! Built once from `rules/authorities.toml` and never changed. It must not learn hosts from anywhere else: lists found on the
//! web carry invented ones. Start at [`Authorities::parse`].

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::copies::{Beside, bare_gov, beside_gov, label_beside_gov, label_words, local_beside_gov};
use super::form::looks;
use super::name::{registrable, under};
use super::parse;
use super::signs::{Role, Signs, Word};
use super::slips::slips_of;
use crate::rules::Problem;

/// A body whose pages or look-up are imitated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Short name in files and records, e.g. `mem`.
    pub id: String,
    /// Full name in Chinese.
    pub name: String,
    /// Other names and abbreviations a page may use.
    pub names: Vec<String>,
    /// The genuine host to quote when this body is imitated.
    pub near: String,
    /// Which line of authority it belongs to: 应急, 市监, 住建, 人社, 教育 or 其他.
    pub route: String,
    /// Genuine hosts; what lies below them is genuine too.
    pub hosts: Vec<String>,
    /// Hosts it gave up: no longer trusted.
    pub retired: Vec<String>,
    /// Titles of its look-up pages.
    pub titles: Vec<String>,
    /// 政府网站标识码.
    pub site_codes: Vec<String>,
    /// The place word of a local body, as the words of role place name it.
    pub(super) place: Option<String>,
}

/// The checked list, ready to judge.
#[derive(Debug)]
pub struct Authorities {
    pub(super) all: Vec<Authority>,
    /// Genuine host → index in `all`.
    pub(super) genuine: HashMap<String, usize>,
    /// Retired host → index and why.
    pub(super) retired: HashMap<String, (usize, String)>,
    /// Genuine hosts as they are copied.
    pub(super) copies: Vec<Copied>,
    /// Any of them without dots and hyphens: nothing is a copy where this does not match.
    pub(super) copied: AhoCorasick,
    /// Host → why it is innocent.
    pub(super) lookalikes: HashMap<String, String>,
    /// Registrable names one slip of a finger from a genuine one outside gov.cn → index.
    pub(super) slips: HashMap<String, usize>,
    /// Main labels of national bodies' registrable names → index.
    pub(super) keys: HashMap<String, usize>,
    /// Main labels of hosts they gave up, where these are words of ours → index.
    pub(super) old_keys: HashMap<String, usize>,
    /// Short names as they stand beside gov, and together with it: one slip off either is looked for.
    pub(super) beside_gov: Vec<Beside>,
    pub(super) with_gov: Vec<Beside>,
    /// Genuine hosts under gov.cn without dots and without their .cn → index.
    pub(super) bare_gov: HashMap<String, usize>,
    /// `yjt.zj` of `yjt.zj.gov.cn`, longest first.
    pub(super) stems: Vec<Stem>,
    pub(super) likely: Vec<String>,
    pub(super) twins: Vec<String>,
    pub(super) signs: Signs,
}

/// A genuine host in the spellings that copies use, each as it looks.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) host: String,
    pub(super) index: usize,
    /// Given up: old pages still name it.
    pub(super) retired: bool,
    pub(super) look: String,
    /// Hyphens as dots.
    pub(super) flat: String,
    /// Neither.
    pub(super) glued: String,
}

/// What is left of `.gov.cn`.
#[derive(Debug)]
pub(super) struct Stem {
    pub(super) text: String,
    pub(super) look: String,
    /// … without the dots and hyphens.
    pub(super) glued: String,
    pub(super) index: usize,
}

/// What the file says, checked; `Authorities::build` derives the rest.
pub(super) struct Parsed {
    pub(super) all: Vec<Authority>,
    pub(super) retired_notes: HashMap<String, String>,
    pub(super) lookalikes: HashMap<String, String>,
    pub(super) words: Vec<Word>,
    pub(super) likely: Vec<String>,
    pub(super) twins: Vec<String>,
}

impl Authorities {
    /// Reads the list; `file` is its name for messages.
    ///
    /// # Errors
    /// All mistakes in it.
    pub fn parse(file: &str, text: &str) -> Result<Authorities, Vec<Problem>> {
        let parsed = parse::read(file, text)?;
        Authorities::build(parsed).map_err(|say| {
            let advice = "请减少字样的数量或长度".to_owned();
            vec![Problem { code: "words-too-many", file: file.to_owned(), line: 0, say, advice }]
        })
    }

    /// The authorities in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Authority> {
        self.all.iter()
    }

    /// Whose genuine host this is, or lies below. The host is a lower-case A-label.
    pub fn by_host(&self, host: &str) -> Option<&Authority> {
        let (index, _) = self.genuine_of(host)?;
        Some(&self.all[index])
    }

    pub(super) fn genuine_of(&self, host: &str) -> Option<(usize, &str)> {
        parents(host).find_map(|name| self.genuine.get_key_value(name).map(|(key, &index)| (index, key.as_str())))
    }

    pub(super) fn retired_of(&self, host: &str) -> Option<(usize, &str)> {
        parents(host).find_map(|name| self.retired.get(name).map(|(index, note)| (*index, note.as_str())))
    }

    pub(crate) fn innocent_of(&self, host: &str) -> Option<&str> {
        parents(host).find_map(|name| self.lookalikes.get(name).map(String::as_str))
    }

    fn build(parsed: Parsed) -> Result<Authorities, String> {
        let mut genuine = HashMap::new();
        let mut retired = HashMap::new();
        let mut slips = HashMap::new();
        let mut keys = HashMap::new();
        let mut old_keys = HashMap::new();
        let mut bare = HashMap::new();
        let mut stems = Vec::new();
        let mut copies = Vec::new();
        let mut wake: Vec<String> = Vec::new();
        for (index, authority) in parsed.all.iter().enumerate() {
            for host in &authority.hosts {
                genuine.insert(host.clone(), index);
                copies.push(Copied::new(host, index, false));
                for text in bare_gov(host).into_iter().flatten() {
                    bare.entry(text).or_insert(index);
                }
                if let Some(stem) = host.strip_suffix(".gov.cn").filter(|stem| stem.contains('.')) {
                    let look = looks(stem);
                    let glued = look.replace(['.', '-'], "");
                    stems.push(Stem { text: stem.to_owned(), look, glued, index });
                }
                let own = registrable(host);
                let label = own.split('.').next().unwrap_or(own);
                let known = |word: &Word| word.role.is_body() && word.text == label;
                if authority.place.is_none() && parsed.words.iter().any(known) {
                    keys.entry(label.to_owned()).or_insert(index);
                    // All 300-odd edits of a four-letter label would hit innocents: .com.cn is full of four-letter names.
                    if !under(own, "gov.cn") {
                        for slip in slips_of(label) {
                            slips.insert(format!("{slip}{}", &own[label.len()..]), index);
                        }
                    }
                }
                if !under(host, "gov.cn") {
                    wake.push(host.clone());
                }
            }
            for host in &authority.retired {
                let note = parsed.retired_notes.get(host).cloned().unwrap_or_default();
                retired.insert(host.clone(), (index, note));
                copies.push(Copied::new(host, index, true));
                let own = registrable(host);
                let label = own.split('.').next().unwrap_or(own);
                if label.len() > 7 && parsed.words.iter().any(|word| word.role == Role::Authority && word.text == label)
                {
                    old_keys.insert(label.to_owned(), index);
                }
                wake.push(host.clone());
            }
        }
        let (mut beside, mut with_gov) = (Vec::new(), Vec::new());
        for (key, &near) in &keys {
            let (without, with) = beside_gov(key, near);
            beside.extend(without);
            with_gov.extend(with);
        }
        for (label, near) in further_labels(&parsed.all, &keys, &parsed.words) {
            if label.len() > 5 {
                beside.extend(beside_gov(label, near).0);
            } else {
                beside.extend(label_beside_gov(label, near));
            }
        }
        beside.extend(stems.iter().flat_map(|stem: &Stem| local_beside_gov(&stem.text, stem.index)));
        slips.retain(|host, _| !genuine.contains_key(host) && !parsed.lookalikes.contains_key(host));
        wake.extend(slips.keys().cloned());
        wake.extend(stems.iter().map(|stem: &Stem| stem.text.clone()));
        stems.sort_by_key(|stem| std::cmp::Reverse(stem.text.len()));
        copies.sort_by(|a: &Copied, b| b.host.len().cmp(&a.host.len()).then_with(|| a.host.cmp(&b.host)));
        let copied = AhoCorasick::new(copies.iter().map(|copy| &copy.glued)).map_err(|error| error.to_string())?;
        let labels = label_words(&parsed.all, &parsed.words);
        Ok(Authorities {
            signs: Signs::build(parsed.words.into_iter().chain(labels).collect(), &wake)?,
            all: parsed.all,
            genuine,
            copies,
            copied,
            retired,
            lookalikes: parsed.lookalikes,
            slips,
            keys,
            old_keys,
            beside_gov: beside,
            with_gov,
            bare_gov: bare,
            stems,
            likely: parsed.likely,
            twins: parsed.twins,
        })
    }
}

impl Copied {
    fn new(host: &str, index: usize, retired: bool) -> Copied {
        let look = looks(host);
        let (flat, glued) = (look.replace('-', "."), look.replace(['.', '-'], ""));
        Copied { host: host.to_owned(), index, retired, look, flat, glued }
    }
}

/// Words of national bodies that are labels of their hosts further left (cnse, zlaq) or of hosts given up.
fn further_labels<'a>(all: &'a [Authority], keys: &HashMap<String, usize>, words: &[Word]) -> Vec<(&'a str, usize)> {
    let mut labels: Vec<(&str, usize)> = Vec::new();
    for (index, authority) in all.iter().enumerate().filter(|(_, authority)| authority.place.is_none()) {
        let hosts = authority.hosts.iter().chain(&authority.retired);
        labels.extend(hosts.flat_map(|host| host.split('.')).map(|label| (label, index)));
    }
    let known =
        |label: &str| words.iter().any(|word| word.role == Role::Authority && word.points >= 4 && word.text == label);
    labels.retain(|(label, _)| label.len() > 3 && !keys.contains_key(*label) && known(label));
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// The name itself and every name above it, longest first.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, rest)| rest))
}
