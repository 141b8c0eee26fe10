//! Host names against corpora: spoofs by family, deliberate near misses, ordinary names.
//!
//! `data/hosts_spoof.txt` and `data/hosts_near_miss.txt`: `family<TAB>host<TAB>near or -`. A family that starts with
//! `held-` was written after the words and weights were settled and is never tuned against. `data/hosts_unseen_*.txt`, `kind<TAB>host`,
//! are by another hand: the kinds of [`LOOKED_AT`] were read to see which classes were missing, the others never.
//! `data/hosts_near_miss_opened.txt` are innocents of those classes, written before they were opened.

use std::collections::BTreeMap;

use jianzheng_core::host::{Authorities, Standing, host_of};

const RULES: &str = include_str!("../../rules/authorities.toml");

fn authorities() -> Authorities {
    match Authorities::parse("rules/authorities.toml", RULES) {
        Ok(authorities) => authorities,
        Err(problems) => panic!("{}", problems.iter().map(|p| format!("{p}\n")).collect::<String>()),
    }
}

fn rows(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let mut cells = line.split('\t');
        (cells.next().unwrap(), cells.next().expect(line), cells.next().unwrap_or("-"))
    })
}

fn flagged(standing: Standing) -> bool {
    matches!(standing, Standing::Spoof | Standing::Watch)
}

#[test]
fn spoofs_are_found_in_every_family() {
    let authorities = authorities();
    let mut families: BTreeMap<&str, (usize, usize, Vec<String>)> = BTreeMap::new();
    for (family, host, near) in rows(include_str!("data/hosts_spoof.txt")) {
        let verdict = authorities.judge(host).unwrap_or_else(|e| panic!("{host}: {e}"));
        let entry = families.entry(family).or_default();
        entry.0 += 1;
        let right = near == "-" || verdict.near.as_deref() == Some(near);
        if verdict.standing == Standing::Spoof && right {
            entry.1 += 1;
            assert!(!verdict.why.is_empty() && verdict.near.is_some(), "{host} 没有说明原因");
        } else {
            entry.2.push(format!("{host} {} {} {:?}", verdict.standing.as_str(), verdict.score, verdict.near));
        }
    }
    let (mut all, mut found) = (0, 0);
    for (family, (count, hit, missed)) in &families {
        println!("{family:<28} {hit:>4}/{count:<4} {:5.1} %", 100.0 * *hit as f64 / *count as f64);
        for miss in missed {
            println!("    漏 {miss}");
        }
        all += count;
        found += hit;
    }
    println!("合计 {found}/{all}");
    for (family, (count, hit, _)) in &families {
        assert!(*hit as f64 >= 0.8 * *count as f64, "{family}：{hit}/{count}");
    }
    assert!(found as f64 >= 0.95 * all as f64, "{found}/{all}");
}

#[test]
fn near_misses_are_let_pass() {
    let authorities = authorities();
    let (mut all, mut wrong) = (0, Vec::new());
    for (family, host, _) in rows(include_str!("data/hosts_near_miss.txt")) {
        let verdict = authorities.judge(host).unwrap_or_else(|e| panic!("{host}: {e}"));
        all += 1;
        if flagged(verdict.standing) {
            wrong.push(format!("{family} {host} {} {:?}", verdict.standing.as_str(), verdict.why));
        }
    }
    println!("{} of {all} near misses flagged\n{}", wrong.len(), wrong.join("\n"));
    assert!(wrong.len() * 50 <= all, "{wrong:#?}");
}

/// Kinds of the unseen spoofs whose misses were read: each second one of those found worst, then each second of the others.
const LOOKED_AT: &str = "city_yjj_gov latin_diacritic idn_variant_hanzi authority_plus_cert pinyin_anjian initials_combined \
    concat_all genuine_left_labels leftlabel_govcn_hyphenjoin govcn_glued_tail glued_gov_dot_cn country_tld_lookalike \
    pinyin_tezhongzuoye pinyin_zhengshuchaxun gov_prefix digit_swap rn_for_m gov_misspelt transposed_letter cyrillic_many \
    fullwidth_labels_wrong_tail idn_authority idn_province punycode province_bureau_gov zhongguo_word china_word \
    mobile_prefix free_hosting_hyphen dynamic_dns combined_bodies tail_path_lookalike english_words";

#[test]
fn kinds_that_nobody_looked_at_are_found_nearly_as_well() {
    let authorities = authorities();
    let found = |looked_at: bool| {
        let rows = rows(include_str!("data/hosts_unseen_spoof.txt"));
        let mine = |kind: &str| LOOKED_AT.split(' ').any(|known| known == kind) == looked_at;
        let half: Vec<&str> = rows.filter(|(kind, _, _)| mine(kind)).map(|(_, host, _)| host).collect();
        let spoof = |host: &&&str| authorities.judge(host).is_ok_and(|verdict| verdict.standing == Standing::Spoof);
        (half.iter().filter(spoof).count(), half.len())
    };
    let ((seen, of_seen), (held, of_held)) = (found(true), found(false));
    println!("looked at: {seen} of {of_seen}, held: {held} of {of_held}");
    assert!(seen >= 560 && of_seen == 561, "{seen} of {of_seen}");
    assert!(held >= 527 && of_held == 544, "{held} of {of_held}");
}

#[test]
fn innocents_of_the_classes_that_were_opened_are_let_pass() {
    let authorities = authorities();
    let (mut all, mut wrong) = (0, Vec::new());
    for (kind, host, _) in rows(include_str!("data/hosts_near_miss_opened.txt")) {
        all += 1;
        let verdict = authorities.judge(host).unwrap_or_else(|e| panic!("{host}: {e}"));
        if flagged(verdict.standing) {
            wrong.push(format!("{kind} {host} {} {:?}", verdict.standing.as_str(), verdict.why));
        }
    }
    println!("{} of {all} flagged\n{}", wrong.len(), wrong.join("\n"));
    assert!(all >= 490 && wrong.len() <= 5, "{wrong:#?}");
}

#[test]
fn names_are_read_as_unicode_says() {
    let shown = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\\u{") {
            let (code, left) = after.split_once('}').expect(text);
            out.push_str(before);
            out.push(u32::from_str_radix(code, 16).ok().and_then(char::from_u32).expect(text));
            rest = left;
        }
        out + rest
    };
    let (mut all, mut wrong) = (0, Vec::new());
    for (is, name, told) in rows(include_str!("data/idna_conformance.txt")) {
        all += 1;
        let host = host_of(&shown(name));
        let right = match is {
            "ok" => host.as_deref() == Ok(told),
            _ => host.is_err(),
        };
        if !right {
            wrong.push(format!("{is} {name} {told}: {host:?}"));
        }
    }
    assert!(all > 900);
    assert!(wrong.is_empty(), "{} of {all}\n{}", wrong.len(), wrong.join("\n"));
}

/// A step back from what was counted when these names came (docs/DETECTION.md); not a goal.
#[test]
fn names_that_nobody_looked_at_are_judged_no_worse_than_before() {
    let authorities = authorities();
    let standing = |host: &str| authorities.judge(host).map(|verdict| verdict.standing);
    let spoofs: Vec<_> = rows(include_str!("data/hosts_unseen_spoof.txt")).map(|(_, host, _)| standing(host)).collect();
    let found = spoofs.iter().filter(|standing| matches!(standing, Ok(Standing::Spoof))).count();
    println!("{found} of {} unseen spoofs found", spoofs.len());
    assert!(found >= 1087, "{found}");
    let near = rows(include_str!("data/hosts_unseen_near_miss.txt"));
    let wrong: Vec<&str> = near.map(|(_, host, _)| host).filter(|host| standing(host).is_ok_and(flagged)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Ordinary names as they are and with their last label changed to .cn and .com.cn, which the list itself leaves out.
fn flagged_in(authorities: &Authorities, list: &str) -> (usize, Vec<String>) {
    let (mut all, mut wrong) = (0, Vec::new());
    for name in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        for host in [name.to_owned(), format!("{stem}.cn"), format!("{stem}.com.cn")] {
            let Ok(verdict) = authorities.judge(&host) else {
                wrong.push(format!("{host} 读不出"));
                continue;
            };
            all += 1;
            if flagged(verdict.standing) {
                wrong.push(format!("{host} {} {} {:?}", verdict.standing.as_str(), verdict.score, verdict.why));
            }
        }
    }
    (all, wrong)
}

#[test]
fn ordinary_names_are_clean() {
    let (all, wrong) = flagged_in(&authorities(), include_str!("data/hosts_ordinary.txt"));
    assert!(all > 50_000);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `JIANZHENG_HOST_LIST=file cargo test --release -p jianzheng-core --test hosts -- --ignored --nocapture a_whole_list`
#[test]
#[ignore = "needs a list of ordinary names in JIANZHENG_HOST_LIST"]
fn a_whole_list_of_ordinary_names() {
    let path = std::env::var("JIANZHENG_HOST_LIST").expect("JIANZHENG_HOST_LIST names the file");
    let list = std::fs::read_to_string(path).expect("the list can be read");
    let (all, wrong) = flagged_in(&authorities(), &list);
    println!("{} of {all} flagged\n{}", wrong.len(), wrong.join("\n"));
    assert!(wrong.len() * 100_000 <= all, "{} of {all}", wrong.len());
}
