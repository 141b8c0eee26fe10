//! The table of weights is what the lines of tests/data/entities teach that may be looked at.
//!
//! `LEARN_WEIGHTS=1 cargo test -p jianzheng-core --lib handles` writes it anew, and prints how families fare that had no part in it.

use super::*;
use crate::entities::{accounts, contacts, cues::cues, in_text, phones, telegram};
use crate::evidence::learn::{self, Example, Line};
use serde_json::Value;

const HEAD: &str =
    "# What each sign around a word weighs for its being a Telegram name: see handles/. Learned; do not edit.\n";

/// Every word of a row that might be a name, what was told by cues included.
fn examples(row: &Value, all: &mut Vec<Example>) {
    let line = Line::read(row);
    let text = line.folded.as_str();
    let (cues, phones) = (cues(text), phones::find(text));
    let mut found = Vec::new();
    accounts::behind_cues(text, &cues, &phones, &mut found);
    telegram::in_parts(text, &mut found);
    if !speaks_of_it(text, &cues, &found) {
        return;
    }
    each(text, &cues, &phones, &found, |name, signs| {
        let listed = |key: &str| line.lists(key, "telegram", name.id());
        if !listed("may") {
            let grams = learn::grams(context(name));
            all.push(Example { grams, ..line.example(name.id(), signs, listed("want")) });
        }
    });
}

#[test]
fn the_table_is_what_the_lines_teach() {
    let all = learn::examples(&["tests/data/entities", "rules/clean"], examples);
    learn::hold(&all, HEAD, &SIGNS, "core/src/entities/handles/weights.txt", include_str!("weights.txt"));
}

fn check(text: &str, wanted: &[&str]) {
    let all = contacts(&in_text(text, &crate::text::fold(text)));
    assert_eq!(all.telegram, wanted, "{text}");
}

#[test]
fn names_stand_far_from_the_word_for_telegram() {
    check("账号在Telegram上，名字叫 jia_demo01", &["jia_demo01"]);
    check("甲：加我电报\n乙：多少\n甲：jia_demo01", &["jia_demo01"]);
    check("纸飞机不变，还是 jia_demo01", &["jia_demo01"]);
    check("老群没了，新的公开群搜 @jia_demo01，都在电报上", &["jia_demo01"]);
    check("在线咨询\n电报客服\njia_demo01", &["jia_demo01"]);
    check("现在只用Telegram，找我搜 jia_demo01", &["jia_demo01"]);
}

#[test]
fn names_may_be_given_in_pieces_and_links_in_words() {
    check("飞机：jia\n_demo\n_01\n三行连着写", &["jia_demo_01"]);
    check("电报号是 jia，中间一个下划线，后面是0101", &["jia_0101"]);
    check("小飞机账号：【jiade】+【_mo01】", &["jiade_mo01"]);
    check("telegram ⇒ j i a d e /下划线/ 0 1 0 1", &["jiade_0101"]);
    check("电🐤报：jia_demo01", &["jia_demo01"]);
    check("备用：t点me斜杠jia_demo01", &["jia_demo01"]);
    check("t . me / jia_demo01（空格去掉）", &["jia_demo01"]);
    check("t.me 后面加斜杠再加 jia_demo01", &["jia_demo01"]);
    check("飞机群 t.me/+abcDEF3151", &[]);
}

#[test]
fn other_houses_aeroplanes_and_things_have_names_too() {
    check("微博 @jia_demo01 在飞机上拍的日出", &[]);
    check("小飞机遥控的，型号 FX_1301，翼展一米二", &[]);
    check("X上看到 @jia_demo01 说电报又更新了", &[]);
    check("游戏昵称 TG_demo1231，公会 TG", &[]);
    check("纸飞机比赛的机型 demo_2024 飞了二十米", &[]);
    check("电报局旧址，展签编号 demo_0031", &[]);
    check("飞机晚点，会议号 demo_88210", &[]);
    check("微博 @jia_demo01，客服 @yi_demo02", &[]);
}
