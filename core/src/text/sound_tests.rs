//! What is heard, sign by sign, and what is undone of it.

use proptest::prelude::*;

use super::*;
use crate::text::fold;

const NAMES: [&str; 12] =
    ["电工证", "焊工证", "焊工", "高压", "低压", "叉车", "登高架设", "起重复审", "高空作业", "高空", "司索", "电梯"];

fn undone(text: &str) -> (bool, String) {
    let sounds = Sounds::new(
        [
            "电工证",
            "焊工证",
            "特种作业",
            "操作证",
            "登高证",
            "免考",
            "官网可查",
            "焊工",
            "高压",
            "叉车",
            "低压",
            "登高",
            "司索",
            "电梯",
            "高空",
        ],
        NAMES,
    );
    let mut folded = fold(text);
    let was = sounds.undo(&mut folded);
    (was, folded.as_str().to_owned())
}

proptest! {
    #[test]
    fn what_is_heard_is_what_is_heard_sign_by_sign(
        words in prop::collection::btree_set("[电工垫公证正焊高压]{2,5}", 1..30),
        text in "[电工垫公证正焊高压汉搞鸭a,🀄]{0,60}",
    ) {
        let words: Vec<String> = words.into_iter().collect();
        let sounds = Sounds::new(words.iter().map(String::as_str), words.iter().map(String::as_str));
        let signs: Vec<(usize, char)> = text.char_indices().collect();
        let (mut wanted, mut at) = (Vec::new(), 0);
        while at < signs.len() {
            let alike = |word: &&String| {
                let long = word.chars().count();
                signs.get(at..at + long).is_some_and(|there| {
                    there.iter().zip(word.chars()).all(|((_, sign), own)| {
                        sound(*sign) == sound(own) && (sound(own) != 0 || *sign == own)
                    })
                })
            };
            let Some(long) = words.iter().filter(alike).map(|word| word.chars().count()).max() else {
                at += 1;
                continue;
            };
            wanted.push((signs[at].0, long));
            at += long;
        }
        for (starts, words) in [(&sounds.any, &sounds.all), (&sounds.asked, &sounds.names)] {
            let mut hearing = Hearing::new(words);
            starts.each(&text, |at, start| hearing.hear(&text, at, start));
            let told: Vec<(usize, usize)> =
                hearing.heard.iter().map(|one| (one.at, words.words[usize::from(one.word)].signs.len())).collect();
            prop_assert_eq!(told, wanted.clone());
        }
    }
}

#[test]
fn words_that_are_spelt_by_sound_are_written_out() {
    let (was, text) = undone("垫工正 悍工正 等高正,特总作业曹作正,免烤,官王可察");
    assert!(was);
    assert_eq!(text, "电工证 焊工证 登高证,特种作业操作证,免考,官网可查");
}

#[test]
fn ordinary_words_that_sound_alike_stay() {
    for text in ["电工正在施工,焊工正在休息", "电工证 焊工证 特种作业操作证 免考", "店面公证处,汉宫征集", "电工政策"]
    {
        assert_eq!(undone(text), (false, text.to_owned()));
    }
}

#[test]
fn one_name_by_its_sound_is_written_out_where_papers_are_dealt_in() {
    for (text, meant) in [
        ("汉工正全国联网", "焊工证全国联网"),
        ("搞压、悍工、差车,三样起步", "高压、焊工、叉车,三样起步"),
        ("灯高架社那个", "登高架设那个"),
        ("地鸭的复审", "低压的复审"),
        ("糕空作业,两米以上", "高空作业,两米以上"),
    ] {
        assert_eq!(undone(text), (false, meant.to_owned()));
    }
}

#[test]
fn what_sounds_like_a_name_and_means_itself_stays() {
    for text in [
        "电工正在考试,持证上岗",
        "高雅、抵押、查车",
        "其中复审的两本,其中正在办理",
        "考证的讲师说,高空风大",
        "考证一点题都不用看",
        "一个电工挣两百六,持证",
        "含公证、转让,官网可查",
        "他搞丫头",
        "抵押证书可查",
        "汉宫正门,上网可查",
        "差车站两公里",
    ] {
        assert_eq!(undone(text), (false, text.to_owned()));
    }
}

#[test]
fn quotes_still_come_from_the_page() {
    let sounds = Sounds::new(["电工证", "焊工证"], []);
    let raw = "ＡＢ:垫宫正,悍宫正!";
    let mut folded = fold(raw);
    assert!(sounds.undo(&mut folded));
    let at = folded.as_str().find("焊工证").unwrap();
    assert_eq!(&raw[folded.raw_range(at..at + 9)], "悍宫正");
}
