//! JSON that says one thing only: an object that names a member twice is refused, at any depth.
//!
//! RFC 8259 leaves open which of two equal names counts, so a signed text could mean one price here
//! and another in the merchant's shop.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor},
};

/// Reads JSON whose objects name no member twice, without anything after it.
pub(crate) fn from_json<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    // The parser's own limit of 128 levels keeps the recursion shallow.
    serde_json::from_slice::<Unambiguous>(json).ok()?;
    serde_json::from_slice(json).ok()
}

/// Any JSON value of which only the shape matters.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Shape)
    }
}

struct Shape;

impl<'de> Visitor<'de> for Shape {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unambiguous, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a name occurs twice"));
            }
            map.next_value::<Unambiguous>()?;
        }
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Unambiguous, A::Error> {
        while values.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_unit<E: Error>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn reads(json: &str) -> bool {
        from_json::<Value>(json.as_bytes()).is_some()
    }

    #[test]
    fn a_name_may_occur_once_in_each_object() {
        assert!(reads(r#"{"a":1,"b":{"a":[{"a":null},{"a":true}]},"c":-1.5}"#));
        assert!(!reads(r#"{"a":1,"a":1}"#));
        assert!(!reads(r#"{"a":1,"\u0061":2}"#), "escaped");
        assert!(!reads(r#"{"x":[{"a":1,"b":2,"a":3}]}"#), "nested");
    }

    #[test]
    fn nothing_may_follow_and_nesting_is_bounded() {
        assert!(!reads("{} {}"));
        assert!(!reads(r#"{"a":1e400}"#));
        assert!(!reads(&"[".repeat(100_000)));
        assert!(!reads(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))));
    }
}
