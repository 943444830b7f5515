//! The fields of a call, as the served OpenAPI document describes them, and what each of them must not take.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Stands in a body for what is to be tried; it is no text of any example.
const HERE: &str = "@here@";

/// Longer than any text that a field takes, and short of what a body may have.
const TOO_LONG: usize = 5_000;

/// Texts that no amount takes.
const NO_AMOUNTS: [&str; 15] = [
    "",
    "-1",
    "-0.01",
    "+1",
    "1e400",
    "1e3",
    "NaN",
    "inf",
    "1.001",
    "1,00",
    " 1",
    "01",
    ".5",
    "1.",
    "99999999999999999",
];
/// What an amount may be that moves nothing.
const ZEROS: [&str; 2] = ["0", "0.00"];
const NO_CURRENCIES: [&str; 8] = ["", "eur", "EURO", "XXX", "XAU", "ZZZ", "NaN", "E\u{0}R"];

/// One field of an example's body.
pub(crate) struct Field {
    /// Where it is in the body.
    pub pointer: String,
    /// As problems name it: `item.id`, `offers[0]`.
    pub name: String,
    /// Whether a body without it is refused.
    pub required: bool,
    schema: Value,
    nullable: bool,
}

/// A value that a field must not take, as it stands in the JSON.
pub(crate) struct Wrong {
    /// The JSON, which may be none.
    pub raw: String,
    /// Whether only what a text says is wrong.
    pub is_text: bool,
}

/// What a schema can be, behind references and alternatives; without null.
fn variants(document: &Value, schema: &Value) -> Vec<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return variants(document, document.pointer(pointer).expect("a name in the document"));
    }
    match schema["oneOf"].as_array() {
        Some(each) => each.iter().flat_map(|each| variants(document, each)).collect(),
        None if schema["type"] == "null" => Vec::new(),
        None => vec![schema.clone()],
    }
}

fn is_nullable(schema: &Value) -> bool {
    let null = json!("null");
    let type_is_null = |schema: &Value| match &schema["type"] {
        Value::Array(types) => types.contains(&null),
        one => *one == null,
    };
    type_is_null(schema)
        || schema["oneOf"].as_array().is_some_and(|each| each.iter().any(type_is_null))
}

fn is_a(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::Array(types) => types.contains(&json!(name)),
        one => *one == name,
    }
}

/// Every place in a schema, with `[]` for each element of a list: what examples have to show.
pub(crate) fn places(document: &Value, schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    for variant in variants(document, schema) {
        for (name, property) in variant["properties"].as_object().into_iter().flatten() {
            found.insert(format!("{at}/{name}"));
            places(document, property, &format!("{at}/{name}"), found);
        }
        if variant["items"].is_object() {
            found.insert(format!("{at}/[]"));
            places(document, &variant["items"], &format!("{at}/[]"), found);
        }
    }
}

/// The same place for every element of a list.
pub(crate) fn place(field: &Field) -> String {
    let part =
        |part: &str| if part.parse::<usize>().is_ok() { "[]".into() } else { part.to_owned() };
    field.pointer.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The fields of an example.
pub(crate) fn fields(document: &Value, schema: &Value, example: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    walk(document, schema, example, ("", ""), &mut found);
    found
}

fn walk(
    document: &Value,
    schema: &Value,
    example: &Value,
    (pointer, name): (&str, &str),
    found: &mut Vec<Field>,
) {
    let variants = variants(document, schema);
    let mut add = |property: &Value, value: &Value, pointer: String, name: String, required| {
        let schema = self::variants(document, property).remove(0);
        let nullable = is_nullable(property);
        let at = (pointer.clone(), name.clone());
        found.push(Field { pointer, name, required, schema, nullable });
        walk(document, property, value, (&at.0, &at.1), found);
    };
    match example {
        // What maps names to texts has no fields of its own.
        Value::Object(_) if variants.iter().all(|variant| variant["properties"].is_null()) => {}
        Value::Object(members) => {
            let knows = |variant: &&Value| {
                members.keys().all(|key| variant["properties"].get(key).is_some())
            };
            let variant = variants.iter().find(knows).expect("an example has only known fields");
            for (key, value) in members {
                let dot = if name.is_empty() { "" } else { "." };
                let required =
                    variant["required"].as_array().is_some_and(|all| all.contains(&json!(key)));
                add(
                    &variant["properties"][key],
                    value,
                    format!("{pointer}/{key}"),
                    format!("{name}{dot}{key}"),
                    required,
                );
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                add(
                    &variants[0]["items"],
                    value,
                    format!("{pointer}/{index}"),
                    format!("{name}[{index}]"),
                    false,
                );
            }
        }
        _ => {}
    }
}

/// The example with this JSON in place of one field.
pub(crate) fn with(example: &Value, field: &Field, raw: &str) -> String {
    let mut body = example.clone();
    *body.pointer_mut(&field.pointer).expect("the example has the field") = json!(HERE);
    body.to_string().replacen(&format!("\"{HERE}\""), raw, 1)
}

/// The example without one field.
pub(crate) fn without(example: &Value, field: &Field) -> Value {
    let mut body = example.clone();
    let (parent, key) = field.pointer.rsplit_once('/').expect("a pointer has a slash");
    body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(key);
    body
}

/// Everything that a field must not take.
pub(crate) fn wrong(field: &Field, example: &Value, takes_zero: bool) -> Vec<Wrong> {
    let value = example.pointer(&field.pointer).expect("the example has the field");
    let mut raw: Vec<String> = wrong_types(field, value);
    raw.extend(wrong_numbers(&field.schema));
    raw.extend(wrong_lists(&field.schema, value));
    let texts =
        wrong_texts(field, takes_zero).into_iter().map(|text| (json!(text).to_string(), true));
    let types = raw.into_iter().map(|raw| (raw, false));
    types.chain(texts).map(|(raw, is_text)| Wrong { raw, is_text }).collect()
}

fn wrong_types(field: &Field, value: &Value) -> Vec<String> {
    let schema = &field.schema;
    // Whatever is JSON is taken where the document says nothing of its type.
    if schema.get("type").is_none() && schema.get("enum").is_none() {
        return ["1e400", "-1e400", "NaN", "Infinity", "tru", "'1'"].map(str::to_owned).into();
    }
    let mut raw: Vec<String> =
        ["-1", "1.5", "1e300", "1e400", "-1e400", "NaN", "Infinity", "tru", "'1'"]
            .map(str::to_owned)
            .into();
    if !field.nullable {
        raw.push("null".into());
    }
    if !is_a(schema, "boolean") {
        raw.push("true".into());
    }
    if !is_a(schema, "integer") {
        raw.extend(["0".into(), "7".into()]);
    }
    if !is_a(schema, "object") {
        raw.push(r#"{"deep":{"er":1}}"#.into());
    }
    if !is_a(schema, "string") && schema.get("enum").is_none() {
        raw.extend([r#""""#.into(), r#""1""#.into(), r#""true""#.into()]);
    }
    if !is_a(schema, "array") {
        raw.extend(["[]".into(), json!([value]).to_string()]);
    }
    // A list of what an object holds is no object.
    if let Some(members) = value.as_object() {
        let forwards: Vec<&Value> = members.values().collect();
        let backwards: Vec<&Value> = members.values().rev().collect();
        raw.extend([json!(forwards).to_string(), json!(backwards).to_string()]);
    }
    raw
}

fn wrong_numbers(schema: &Value) -> Vec<String> {
    if !is_a(schema, "integer") {
        return Vec::new();
    }
    let beyond =
        |limit: &str, by: i64| schema[limit].as_i64().map(|limit| (limit + by).to_string());
    let edges = [beyond("minimum", -1), beyond("maximum", 1)].into_iter().flatten();
    edges.chain(["4294967296000".into(), "99999999999999999999".into(), "1.0".into()]).collect()
}

fn wrong_lists(schema: &Value, value: &Value) -> Vec<String> {
    let Some(elements) = value.as_array().filter(|_| is_a(schema, "array")) else {
        return Vec::new();
    };
    let mut raw = Vec::new();
    if schema["minItems"].as_u64().is_some_and(|least| least > 0) {
        raw.push("[]".to_owned());
    }
    let most = schema["maxItems"].as_u64().expect("every list has its longest length");
    let most = usize::try_from(most).unwrap();
    raw.push(json!(vec![&elements[0]; most + 1]).to_string());
    raw
}

fn wrong_texts(field: &Field, takes_zero: bool) -> Vec<String> {
    let schema = &field.schema;
    if !is_a(schema, "string") {
        return Vec::new();
    }
    let mut texts = vec!["x".repeat(TOO_LONG), "\u{0}".into(), "control\u{7}character".into()];
    if let Some(most) = schema["maxLength"].as_u64() {
        texts.push("x".repeat(usize::try_from(most).unwrap() + 1));
    }
    if schema["minLength"].as_u64().is_some_and(|least| least > 0) {
        texts.push(String::new());
    }
    let says_how = ["pattern", "format", "enum"].iter().any(|how| schema.get(how).is_some());
    if says_how {
        texts.extend(["".into(), "NaN".into(), "a-".into(), "no such thing".into(), "💶".into()]);
    }
    match field.pointer.rsplit('/').next() {
        Some("amount") => {
            texts.extend(NO_AMOUNTS.map(str::to_owned));
            if !takes_zero {
                texts.extend(ZEROS.map(str::to_owned));
            }
        }
        Some("currency") => texts.extend(NO_CURRENCIES.map(str::to_owned)),
        _ => {}
    }
    texts
}
