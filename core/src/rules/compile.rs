//! All files to one immutable set: cross-checks between files, then one automaton over every phrase.
//!
//! A mistake is possible here and nowhere later.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::certificate::{self, Certificate};
use super::gap::{Gapped, Piece};
use super::named::{self, CERTIFICATE_LIST};
use super::problem::Problem;
use super::routing::Routing;
use super::rule::{self, Family, Item, Rule, Status};
use super::scanner::Scanner;
use super::tally;
use super::uses::Uses;
use super::words::{self, List, Lists};
use crate::entities;
use crate::host::Authorities;
use crate::text::Sounds;
use crate::wording::{Manner, Wording};

/// What a phrase is there for. Indices into the set's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Condition item number of the set.
    Condition(u32),
    /// Word of one of the program's own lists.
    List(u8),
    /// Word of a certificate.
    Certificate(u16),
    /// Word that only says which certificate is meant.
    CertificateName(u16),
    /// Word that means a certificate only in company.
    CertificateShort(u16),
    /// Name of an authority.
    AuthorityName(u16),
    /// Title of an authority's look-up.
    AuthorityTitle(u16),
    /// Word behind which a contact may stand, by its number among the entities' cues.
    Cue(u16),
    /// Word that a page counts, by its number among those.
    Tally(u8),
}

/// A rule with its conditions as numbers of condition items.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) any: Vec<Wanted>,
    pub(crate) all: Vec<Wanted>,
    pub(crate) near: Vec<Wanted>,
    pub(crate) unless: Vec<Wanted>,
}

/// A condition item as the judge looks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Phrases with this condition number.
    Words(u32),
    /// A fact.
    Fact(super::Fact),
}

/// Checked rules, ready to judge.
pub struct RuleSet {
    pub(crate) hash: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) compiled: Vec<Compiled>,
    pub(crate) families: Vec<Family>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) routing: Routing,
    pub(crate) authorities: Authorities,
    /// What the wording of pages is worth, by [`Manner`]; empty where the unit has no such file.
    pub(crate) wording: [Wording; 2],
    /// Words that are undone where a page spells them by their sound.
    pub(crate) sounds: Sounds,
    pub(crate) scanner: Scanner,
    /// What each phrase is there for: the scanned ones first, those with gaps behind them.
    pub(crate) uses: Uses,
    /// The scanned phrases that rules, lists, tables or the entities ask for.
    texts: Vec<String>,
    /// Number of scanned phrases.
    pub(crate) scanned: usize,
    /// Number of pieces.
    pub(crate) pieces: usize,
    /// Phrases with gaps.
    pub(crate) gapped: Vec<Gapped>,
    /// Names of the condition items, for messages and tests.
    pub(crate) conditions: usize,
    lists: Vec<Vec<String>>,
    /// Every list by its name as it is written, for people.
    named: Vec<(String, Vec<String>)>,
}

impl std::fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleSet").field("hash", &self.hash).field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl RuleSet {
    /// Checks and compiles rule files, given as (name, text). Files of `sources/` and `queries.toml` count for the hash only;
    /// discovery reads them.
    ///
    /// # Errors
    /// Every mistake in every file.
    pub fn compile(files: &[(String, String)]) -> Result<RuleSet, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut families: Vec<Family> = Vec::new();
        let mut rules: Vec<Rule> = Vec::new();
        let mut names = Vec::new();
        let mut lists: Vec<List> = Vec::new();
        let mut certificates = Vec::new();
        let mut routing = Routing::default();
        let mut authorities = None;
        let mut wording: [Wording; 2] = Default::default();
        // Names that a broken file would have told are not called unknown.
        let (mut lists_known, mut families_known) = (true, true);
        let mut sorted: Vec<&(String, String)> = files.iter().collect();
        sorted.sort();
        let mut hash = Sha256::new();
        for (name, text) in sorted {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name.as_bytes());
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
            let mut failed = |found: Vec<Problem>| problems.extend(found);
            match name.rsplit('/').next().unwrap_or(name) {
                _ if name.starts_with("sources/") || !name.ends_with(".toml") => {}
                // Of these there is one each, and a copy beside it (a folder of last week's) must not quietly take its place.
                base if base != name && (named::is_single(base) || files.iter().any(|(other, _)| other == base)) => {
                    failed(vec![named::copy(name, base)]);
                }
                "queries.toml" => {}
                "authorities.toml" => match Authorities::parse(name, text) {
                    Ok(read) => authorities = Some(read),
                    Err(found) => failed(found),
                },
                "certificates.toml" => certificate::read(name, text).map_or_else(failed, |read| certificates = read),
                "routing.toml" => Routing::read(name, text).map_or_else(failed, |read| routing = read),
                "words.toml" => {
                    let (read, found) = words::read(name, text);
                    lists_known = found.is_empty();
                    lists = read.unwrap_or_default();
                    failed(found);
                }
                other => match Manner::of_file(other) {
                    Some(own) => Wording::read(name, text).map_or_else(failed, |read| wording[own as usize] = read),
                    None => {
                        let (read, found) = rule::read(name, text);
                        families_known &= read.is_some();
                        let read = read.unwrap_or_default();
                        families.extend(read.families);
                        rules.extend(read.rules);
                        names.extend(read.names);
                        failed(found);
                    }
                },
            }
        }
        // Each name that would have stood there would be called unknown, and the one mistake be lost among them.
        lists_known &= !lists.is_empty();
        for (present, file) in [
            (authorities.is_some(), "authorities.toml"),
            (!certificates.is_empty(), "certificates.toml"),
            (!lists.is_empty(), "words.toml"),
        ] {
            if !present && !problems.iter().any(|p| p.file.ends_with(file)) {
                problems.push(Problem {
                    code: "missing-file",
                    file: file.to_owned(),
                    line: 0,
                    say: format!("规则目录里缺少 {file}，或者它是空的"),
                    advice: "从安装包的 rules 目录复制一份".into(),
                });
            }
        }
        if families_known {
            named::unknown_families(&families, &names, &mut problems);
        }
        if lists_known {
            named::unknown_lists(&lists, &names, &mut problems);
        }
        named::used_families(&families, &mut problems);
        named::used_ids(&names, &mut problems);
        cross_check(&rules, &lists, (lists_known, families_known), &mut problems);
        let Some(authorities) = authorities else { return Err(problems) };
        if !problems.is_empty() {
            // Examples lean on words, certificates and sites: where those are wrong they say nothing.
            let of_rules: HashSet<&str> = names.iter().map(|rule: &rule::Names| rule.file.as_str()).collect();
            if families_known && problems.iter().all(|problem| of_rules.contains(problem.file.as_str())) {
                let right = named::right_ones(rules, &names, &problems);
                let set = build(String::new(), families, right, lists, certificates, routing, authorities);
                problems.extend(set.map(|set| set.prove()).unwrap_or_default());
            }
            return Err(problems);
        }
        let hash = format!("sha256:{}", hex(&hash.finalize()));
        let set = build(hash, families, rules, lists, certificates, routing, authorities);
        let set = set.map(|set| RuleSet { wording, ..set });
        set.map_err(|say| {
            vec![Problem {
                code: "too-large", file: "rules".into(), line: 0, say, advice: "减少词句的数量".into()
            }]
        })
    }

    /// SHA-256 over all files: what a verdict names.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The protected bodies.
    pub fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// Certificates that are sold.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Market places and the like.
    pub fn routing(&self) -> &Routing {
        &self.routing
    }

    /// Whether a phrase is one that the set looks for already, or a part of one.
    pub fn knows(&self, phrase: &str) -> bool {
        let length = phrase.chars().count();
        let mut known = false;
        self.scanner.each(phrase, |number, at| {
            known |= number < self.texts.len() && phrase[at].chars().count() + 1 >= length;
            !known
        });
        known || self.texts.iter().any(|text| text.contains(phrase))
    }

    /// Whether there is a table of what wording is worth.
    pub fn weighs_wording(&self, manner: Manner) -> bool {
        !self.wording[manner as usize].is_empty()
    }

    /// How the points of each family are added up.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The words of a list as they are written, those of lists within it too; none where there is no such list.
    pub fn list(&self, name: &str) -> Option<&[String]> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, words)| words.as_slice())
    }

    /// The names of all lists.
    pub fn list_names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(name, _)| name.as_str())
    }

    /// The words of one of the program's own lists, folded.
    pub fn words(&self, list: Lists) -> &[String] {
        &self.lists[list as usize]
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn cross_check(
    rules: &[Rule],
    lists: &[List],
    (lists_known, families_known): (bool, bool),
    problems: &mut Vec<Problem>,
) {
    let mut report = |rule: &Rule, line, code, say: String, advice: String| {
        problems.push(Problem { code, file: rule.file.clone(), line, say, advice });
    };
    for rule in rules {
        for item in rule.any.iter().chain(&rule.all).chain(&rule.near).chain(&rule.unless) {
            let (names, whole): (Vec<&String>, bool) = match item {
                Item::List(name) => (vec![name], true),
                Item::Gapped(pieces) => {
                    let lists = pieces.iter().filter_map(|p| if let Piece::List(name) = p { Some(name) } else { None });
                    (lists.collect(), false)
                }
                _ => continue,
            };
            for name in names.into_iter().filter(|name| *name != CERTIFICATE_LIST) {
                let line = rule.list_lines.iter().find(|(n, _)| n == name).map_or(rule.line, |(_, line)| *line);
                let Some(list) = lists.iter().find(|l| l.name == *name) else { continue };
                let short = list.words.iter().find(|word| crate::text::fold(word).as_str().chars().count() < 2);
                if let Some(short) = short.filter(|_| whole) {
                    let say = format!("规则 {} 直接用词表 @{name}，里面的“{short}”只有一个字，几乎哪里都有", rule.id);
                    report(rule, line, "short-word", say, "单字词只能用在带省略号的说法里，例如 @甲…@乙".into());
                }
                let nested = list.words.iter().find(|word| word.contains(super::gap::SIGN));
                if let Some(nested) = nested.filter(|_| !whole) {
                    let say = format!("规则 {} 把词表 @{name} 放在省略号旁边，里面的“{nested}”自己又带省略号", rule.id);
                    report(rule, line, "nested-gap", say, "带省略号的说法放到另一个词表里".into());
                }
            }
        }
    }
    for list in lists {
        for name in list.words.iter().filter_map(|word| words::included(word)) {
            let known = lists.iter().find(|l| l.name == name);
            let nests = known.is_some_and(|l| l.words.iter().any(|word| words::included(word).is_some()));
            match known {
                None if name != CERTIFICATE_LIST => {
                    let who = format!("词表 {} 引用了", list.name);
                    problems.push(named::unknown_list(&list.file, list.line, &who, name, lists));
                }
                Some(_) if nests => problems.push(Problem {
                    code: "nested-list",
                    file: list.file.clone(),
                    line: list.line,
                    say: format!("词表 {} 引用的 @{name} 自己又引用了别的词表", list.name),
                    advice: "把要用的词表一个一个写出来".to_owned(),
                }),
                _ => {}
            }
        }
    }
    for (kind, say) in [(rule::Kind::Seller, "卖家"), (rule::Kind::FakeSite, "假冒网站")] {
        if families_known && !rules.iter().any(|r| r.kind == kind && r.status == Status::Live && r.points > 0.0) {
            problems.push(Problem {
                code: "no-rules",
                file: "rules".to_owned(),
                line: 0,
                say: format!("没有一条在用的{say}规则，什么都查不出来"),
                advice: "从安装包的 rules 目录复制一份".into(),
            });
        }
    }
    for name in Lists::NAMES.into_iter().filter(|_| lists_known) {
        if !lists.iter().any(|l| l.name == name) {
            problems.push(Problem {
                code: "missing-list",
                file: "words.toml".into(),
                line: 0,
                say: format!("缺少词表 {name}，程序判断页面特征要用它"),
                advice: "从安装包的 words.toml 里抄回来".into(),
            });
        }
    }
}

/// Phrases of the automaton while it grows.
#[derive(Default)]
struct Phrases {
    number: HashMap<String, usize>,
    texts: Vec<String>,
    uses: Vec<Vec<Use>>,
    piece_of: Vec<Vec<u16>>,
    /// Pieces of phrases with gaps, by number: the patterns that are it were told when it was made.
    pieces: Vec<Piece>,
    gapped: Vec<Gapped>,
}

impl Phrases {
    fn add(&mut self, phrase: &str, purpose: Use, lists: &[(&str, Vec<&str>)]) {
        if let Some(pieces) = Piece::parse(phrase) {
            return self.add_gapped(&pieces, purpose, lists);
        }
        if let Some(number) = self.pattern(phrase)
            && !self.uses[number].contains(&purpose)
        {
            self.uses[number].push(purpose);
        }
    }

    fn pattern(&mut self, phrase: &str) -> Option<usize> {
        let folded = crate::text::fold(phrase);
        let phrase = folded.as_str().trim();
        if phrase.is_empty() {
            return None;
        }
        Some(*self.number.entry(phrase.to_owned()).or_insert_with(|| {
            self.texts.push(phrase.to_owned());
            self.uses.push(Vec::new());
            self.piece_of.push(Vec::new());
            self.texts.len() - 1
        }))
    }

    fn add_gapped(&mut self, pieces: &[Piece], purpose: Use, lists: &[(&str, Vec<&str>)]) {
        let pieces: Vec<u16> = pieces.iter().map(|piece| self.piece(piece, lists)).collect();
        match self.gapped.iter_mut().find(|known| known.pieces == pieces) {
            Some(known) if known.uses.contains(&purpose) => {}
            Some(known) => known.uses.push(purpose),
            None => self.gapped.push(Gapped { pieces, uses: vec![purpose] }),
        }
    }

    fn piece(&mut self, piece: &Piece, lists: &[(&str, Vec<&str>)]) -> u16 {
        if let Some(number) = self.pieces.iter().position(|known| known == piece) {
            return number as u16;
        }
        let number = self.pieces.len() as u16;
        self.pieces.push(piece.clone());
        let words: Vec<&str> = match piece {
            Piece::Word(word) => vec![word],
            Piece::List(name) => lists.iter().filter(|(n, _)| n == name).flat_map(|(_, words)| words.clone()).collect(),
        };
        for word in words {
            if let Some(pattern) = self.pattern(word) {
                self.piece_of[pattern].push(number);
            }
        }
        number
    }
}

fn build(
    hash: String,
    families: Vec<Family>,
    rules: Vec<Rule>,
    lists: Vec<List>,
    certificates: Vec<Certificate>,
    routing: Routing,
    authorities: Authorities,
) -> Result<RuleSet, String> {
    let mut phrases = Phrases::default();
    // One condition number a distinct item, so that ten rules near @证书词 look for it once.
    let mut conditions: Vec<Item> = Vec::new();
    let mut number = |item: &Item| match item {
        Item::Fact(fact) => Wanted::Fact(*fact),
        _ => {
            let index = conditions.iter().position(|known| known == item).unwrap_or_else(|| {
                conditions.push(item.clone());
                conditions.len() - 1
            });
            Wanted::Words(index as u32)
        }
    };
    let compiled = rules
        .iter()
        .map(|rule| {
            let mut numbers = |items: &[Item]| items.iter().map(&mut number).collect::<Vec<_>>();
            if rule.status == Status::Retired {
                return Compiled { any: vec![], all: vec![], near: vec![], unless: vec![] };
            }
            Compiled {
                any: numbers(&rule.any),
                all: numbers(&rule.all),
                near: numbers(&rule.near),
                unless: numbers(&rule.unless),
            }
        })
        .collect();
    // Every list by its name, that of the certificates' words among them; a word @名字 stands for all words of that list.
    let certificate_words = || certificates.iter().flat_map(|c| &c.words).map(String::as_str);
    let mut named: Vec<(&str, Vec<&str>)> = vec![(CERTIFICATE_LIST, certificate_words().collect())];
    for list in &lists {
        let mut words: Vec<&str> = Vec::new();
        for word in &list.words {
            match words::included(word) {
                Some(CERTIFICATE_LIST) => words.extend(certificate_words()),
                Some(name) => {
                    let whole = lists.iter().filter(|l| l.name == name).flat_map(|l| &l.words);
                    words.extend(whole.map(String::as_str).filter(|w| words::included(w).is_none()));
                }
                None => words.push(word),
            }
        }
        named.push((&list.name, words));
    }
    for (index, item) in conditions.iter().enumerate() {
        let purpose = Use::Condition(index as u32);
        match item {
            Item::Phrase(phrase) => phrases.add(phrase, purpose, &named),
            Item::Gapped(pieces) => phrases.add_gapped(pieces, purpose, &named),
            Item::List(name) => {
                let words = named.iter().filter(|(n, _)| n == name).flat_map(|(_, words)| words);
                words.for_each(|word| phrases.add(word, purpose, &named));
            }
            Item::Fact(_) => {}
        }
    }
    let own_lists: Vec<Vec<String>> = Lists::NAMES
        .iter()
        .map(|name| {
            let words = named.iter().filter(|(n, _)| n == name).flat_map(|(_, words)| words);
            words.map(|w| crate::text::fold(w).as_str().to_owned()).collect()
        })
        .collect();
    for (index, name) in Lists::NAMES.iter().enumerate().filter(|(index, _)| Lists::ALL[*index].is_in_text()) {
        let words = named.iter().filter(|(n, _)| n == name).flat_map(|(_, words)| words);
        words.for_each(|w| phrases.add(w, Use::List(index as u8), &named));
    }
    for (index, certificate) in certificates.iter().enumerate() {
        certificate.words.iter().for_each(|w| phrases.add(w, Use::Certificate(index as u16), &named));
        certificate.also.iter().for_each(|w| phrases.add(w, Use::CertificateName(index as u16), &named));
        certificate.short.iter().for_each(|w| phrases.add(w, Use::CertificateShort(index as u16), &named));
    }
    let (derived, disguised) = certificate::derived(&certificates);
    disguised.iter().for_each(|(index, name)| phrases.add(name, Use::CertificateShort(*index as u16), &named));
    derived.iter().for_each(|(index, name)| phrases.add(name, Use::CertificateName(*index as u16), &named));
    for (index, authority) in authorities.iter().enumerate() {
        let names = std::iter::once(&authority.name).chain(&authority.names);
        names.for_each(|n| phrases.add(n, Use::AuthorityName(index as u16), &named));
        authority.titles.iter().for_each(|t| phrases.add(t, Use::AuthorityTitle(index as u16), &named));
    }
    // The entities' own words ride along: one pass over a page finds everything.
    entities::cue_words().for_each(|(number, word)| phrases.add(word, Use::Cue(number), &[]));
    // And what a page only counts.
    let asked = phrases.texts.len();
    tally::words().for_each(|(number, word)| phrases.add(word, Use::Tally(number), &[]));
    let owned = |(name, words): &(&str, Vec<&str>)| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        ((*name).to_owned(), words)
    };
    let written = named.iter().map(owned).collect();
    let mut uses = Uses::default();
    let scanned = phrases.texts.iter().zip(&phrases.uses).zip(&phrases.piece_of);
    scanned.for_each(|((text, own), pieces)| uses.push(text, own, pieces));
    phrases.gapped.iter().for_each(|phrase| uses.push("", &phrase.uses, &[]));
    let scanner = Scanner::new(&phrases.texts, |phrase| uses.look(phrase));
    let scanner = scanner.map_err(|error| format!("词句太多，装不进一张表：{error}"))?;
    // 登高架设 is written by its sound as well as 登高. 等级证 is left out with its body: 登记证 is another paper;
    // and 厂家直供 and 公司所 sound as 架子工 and 司索 do.
    let told = certificates.iter().filter(|certificate| certificate.body != "人社");
    let names = told.flat_map(|c| c.words.iter().chain(&c.also).chain(&c.short));
    let names = names.chain(derived.iter().map(|(_, name)| name)).map(String::as_str);
    let names = names.filter(|name| !["架子", "司索"].iter().any(|ordinary| name.starts_with(ordinary)));
    let sounds = Sounds::new(own_lists[Lists::SoundAlike as usize].iter().map(String::as_str), names);
    let scanned = phrases.texts.len();
    phrases.texts.truncate(asked);
    Ok(RuleSet {
        hash,
        rules,
        compiled,
        families,
        certificates,
        routing,
        authorities,
        wording: Default::default(),
        sounds,
        scanner,
        uses,
        scanned,
        texts: phrases.texts,
        pieces: phrases.pieces.len(),
        gapped: phrases.gapped,
        conditions: conditions.len(),
        lists: own_lists,
        named: written,
    })
}
