//! Reads a JSON reply. Start at [`read`].

use scraper::Html;
use serde_json::Value;
use url::Url;

use super::{Candidate, Haul, MAX_RESULTS, MAX_SHORT, MAX_SNIPPET, MAX_TITLE, Reading, Sight, Silent};
use super::{clean, refusal, settle, undo_link, web_address};
use crate::discover::definition::{Definition, JsonPath, JsonShape, Mark};
use crate::discover::outcome::Outcome;
use crate::discover::request::{Ask, Reply};

/// Reads the reply `text` that `reply` brought.
pub(super) fn read(definition: &Definition, shape: &JsonShape, ask: &Ask, reply: &Reply, text: &str) -> Reading {
    let json = serde_json::from_str::<Value>(text).ok();
    let items = json.as_ref().and_then(|json| shape.items.of(json)).and_then(Value::as_array);
    let sight = Body { json: json.as_ref(), text, items };
    if let Some(refusal) = refusal(definition, reply, &sight) {
        return refusal;
    }
    let Some(json) = &json else {
        let why = format!("回的不是 JSON，检查地址和 rules/sources/{}.toml", definition.name);
        return Reading::without(Outcome::Broken, why);
    };
    let mut haul = haul(definition, shape, items.map_or(&[], Vec::as_slice), &reply.final_url);
    haul.silent = shape.unresponsive.as_ref().and_then(|path| path.of(json)).map(silent).unwrap_or_default();
    settle(definition, ask, reply, &sight, haul)
}

fn haul(definition: &Definition, shape: &JsonShape, items: &[Value], base: &Url) -> Haul {
    let mut haul = Haul::default();
    for item in items.iter().take(MAX_RESULTS) {
        let title = field(item, &shape.title, MAX_TITLE).unwrap_or_default();
        let link = shape.link.iter().find_map(|path| path.of(item)).and_then(Value::as_str);
        let Some(told) = link.and_then(|link| web_address(base, link)).filter(|_| !title.is_empty()) else {
            haul.results += 1;
            continue;
        };
        let Some(undone) = undo_link(definition, base.host_str(), told) else { continue };
        haul.results += 1;
        haul.found.push(Candidate {
            url: undone.url,
            title,
            snippet: field(item, &shape.snippet, MAX_SNIPPET).unwrap_or_default(),
            date: field(item, &shape.date, MAX_SHORT),
            rank: u32::try_from(haul.found.len() + 1).unwrap_or(u32::MAX),
            ad: undone.ad,
            needs_lookup: undone.needs_lookup,
            engine: field(item, &shape.engine, MAX_SHORT),
        });
    }
    haul.more = !haul.found.is_empty();
    haul
}

/// The first of the paths that holds a text or a number.
fn field(item: &Value, paths: &[JsonPath], most: usize) -> Option<String> {
    paths.iter().filter_map(|path| path.of(item)).find_map(|value| match value {
        Value::String(text) => Some(plain(text, most)).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Some sources mark the query's words with tags and escape the rest.
fn plain(text: &str, most: usize) -> String {
    let head: String = text.chars().take(most.saturating_mul(4)).collect();
    if !head.contains(['<', '&']) {
        return clean(&head, most);
    }
    clean(&Html::parse_fragment(&head).root_element().text().collect::<String>(), most)
}

/// The engines that did not answer: names, or lists of a name and a reason.
fn silent(list: &Value) -> Vec<Silent> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(|t| clean(t, MAX_SHORT)).unwrap_or_default();
    let engines = list.as_array().map_or(&[][..], Vec::as_slice).iter().take(MAX_RESULTS);
    engines
        .map(|engine| match engine {
            Value::Array(pair) => Silent { engine: text(pair.first()), reason: text(pair.get(1)) },
            other => Silent { engine: text(Some(other)), reason: String::new() },
        })
        .filter(|silent| !silent.engine.is_empty())
        .collect()
}

struct Body<'b> {
    json: Option<&'b Value>,
    text: &'b str,
    items: Option<&'b Vec<Value>>,
}

impl Sight for Body<'_> {
    /// Whoever answers a machine with a page has a title to be known by.
    fn title_holds(&self, words: &str) -> bool {
        let title = || {
            let from = self.text.find("<title")?;
            let to = self.text[from..].find("</title")?;
            Some(&self.text[from..from + to])
        };
        self.json.is_none() && title().is_some_and(|title| title.contains(words))
    }

    fn text_holds(&self, words: &str) -> bool {
        self.items.is_none_or(Vec::is_empty) && self.text.contains(words)
    }

    fn mark_holds(&self, mark: &Mark) -> bool {
        match mark {
            Mark::EmptyList => self.items.is_some_and(Vec::is_empty),
            Mark::Json(path, wanted) => {
                let value = self.json.and_then(|json| path.of(json));
                value.is_some_and(|value| match (value, wanted) {
                    (Value::String(text), Some(wanted)) => text == wanted,
                    (Value::Number(number), Some(wanted)) => number.to_string() == *wanted,
                    (Value::Bool(told), Some(wanted)) => told.to_string() == *wanted,
                    (_, Some(_)) => false,
                    (other, None) => something(other),
                })
            }
            _ => false,
        }
    }
}

fn something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(told) => *told,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
