//! The table of weights is what the lines of tests/data/entities teach that may be looked at.
//!
//! `LEARN_WEIGHTS=1 cargo test -p jianzheng-core --lib qq_weigh` writes it anew, and prints how families fare that had no part in it.

use super::*;
use crate::entities::{accounts, cues::cues, phones};
use crate::evidence::learn::{self, Example, Line};
use crate::text;
use serde_json::Value;

const HEAD: &str =
    "# What each sign around a number weighs for its being a QQ one: see qq_weigh.rs. Learned; do not edit.\n";

/// Every number of a row that might be one; what a cue told counts less.
fn examples(row: &Value, all: &mut Vec<Example>) {
    let line = Line::read(row);
    let text = line.folded.as_str();
    let (cues, phones) = (cues(text), phones::find(text));
    let mut found = Vec::new();
    accounts::behind_cues(text, &cues, &phones, &mut found);
    let listed = |key: &str, id: &str| line.lists(key, "qq", id);
    let mut weighed = Vec::new();
    each(text, &cues, &phones, &found, |number, signs| weighed.push((number.clone(), signs)));
    // What is part of a number in groups is no example of a number that is none.
    let part = |number: &Number| {
        weighed.iter().any(|(whole, _)| {
            listed("want", &whole.digits) && whole.at.start <= number.at.start && number.at.end <= whole.at.end
        })
    };
    for (number, signs) in &weighed {
        let right = listed("want", &number.digits);
        let told = found.iter().any(|(kind, _, at)| *kind == Kind::Qq && *at == number.at);
        if !listed("may", &number.digits) && (right || !part(number)) {
            let (grams, counts) = (learn::grams(context(text, number)), if told { 0.5 } else { 1.0 });
            all.push(Example { grams, counts, ..line.example(&number.digits, signs.clone(), right) });
        }
    }
}

#[test]
fn the_table_is_what_the_lines_teach() {
    let all = learn::examples(&["tests/data/entities", "rules/clean"], examples);
    learn::hold(&all, HEAD, &SIGNS, "core/src/entities/qq_weigh.txt", include_str!("qq_weigh.txt"));
}

fn qq(text: &str) -> Vec<String> {
    crate::entities::contacts(&crate::entities::in_text(text, &text::fold(text))).qq
}

#[test]
fn the_name_may_stand_far_from_its_number_or_be_asked_for() {
    for text in [
        "甲：师傅你那个扣扣多少来着\n乙：300012340",
        "资料在我Q里，300012340，加的时候写名字",
        "急事可以在他的Q上留话，300012340，他每天看",
        "补交方式：发到教务处的扣扣上\n300012340\n发完说一声",
        "我的口口号是 300012340，对就是那个企鹅",
        "老客走老路子：寇寇→→ 300012340 ←←",
        "加Q三零零零\n一二三四零\n（分两行写的，上下连起来）",
        "扣扣前五位30001，后四位2340。两截拼一起",
        "抠，3oooo1234（o是零）",
    ] {
        let digits = if text.contains("oooo") { "300001234" } else { "300012340" };
        assert_eq!(qq(text), [digits], "{text}");
    }
}

#[test]
fn the_name_of_an_address_is_one_where_it_is_said_to_be() {
    for text in ["Email：300012340@qq.com（QQ同）", "投简历请发300012340@qq.com，同号也是我的QQ"] {
        assert_eq!(qq(text), ["300012340"], "{text}");
    }
    for text in ["QQ邮箱：300012340@qq.com", "发到300012340@qq.com，微信同号 jia_demo01"] {
        assert!(qq(text).is_empty(), "{text}: {:?}", qq(text));
    }
}

#[test]
fn other_things_near_a_name_have_numbers_too() {
    for text in [
        "QQ音乐和网易云都下架了，专辑编号 300012340",
        "QQ群里有人问，快递单号300012340到哪了",
        "扣扣我就行。工号 300012340",
        "加QQ领资料，共 3000123 人领过",
        "球球大作战玩家ID：300012340，求师徒",
        "QQ登录后支付 300012340 元",
        "去看企鹅，票号 300012340",
        "快手号 300012340；qq空间早关了",
        "微信 300012340\n本店不用QQ",
        "QQ 上发过了，收货电话 85000123",
        "群众举报编号 20261127",
    ] {
        assert!(qq(text).is_empty(), "{text}: {:?}", qq(text));
    }
}
