//! Forms that say what a body of the API says. They are read by the same rules, and what is wrong is named alike: an
//! input has the name of the field, `price.amount`.

use std::str::FromStr;

use jiff::civil::Date;
use purser_core::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{http::body, problem::Problem};

/// The form of a button that needs no more said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Reads what a form says as the body of a call.
pub fn body<T: DeserializeOwned>(said: &Value) -> Result<T, Problem> {
    body::parse(said.to_string().as_bytes())
}

/// What was filled in; an input that was left empty says nothing.
pub fn given(said: &str) -> Option<&str> {
    Some(said).filter(|said| !said.is_empty())
}

/// A whole number that was filled in.
pub fn number<T: FromStr>(said: &str, field: &str) -> Result<Option<T>, Problem> {
    let read = |text: &str| {
        let number = text.trim().parse();
        number.map_err(|_| {
            Problem::malformed(field, "a whole number, not below zero and not too large")
        })
    };
    given(said).map(read).transpose()
}

/// A day that was filled in.
pub fn date(said: &str, field: &str) -> Result<Option<Date>, Problem> {
    let read = |text: &str| {
        let date = text.trim().parse();
        date.map_err(|_| Problem::malformed(field, "a day like 2024-06-28"))
    };
    given(said).map(read).transpose()
}

/// The last second of a day in UTC that was filled in.
pub fn end_of_day(said: &str, field: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(day) = date(said, field)? else { return Ok(None) };
    let end: Result<Timestamp, _> = format!("{day}T23:59:59Z").parse();
    end.map(Some).map_err(|_| Problem::malformed(field, "a day like 2024-06-28"))
}

/// What stands on lines of its own.
pub fn lines(said: &str) -> Vec<String> {
    let lines = said.lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What is set apart by blanks or commas.
pub fn words(said: &str) -> Vec<String> {
    let apart = |char: char| char.is_whitespace() || matches!(char, ',' | ';' | '、' | '،');
    let words = said.split(apart);
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_read_or_named() {
        assert_eq!(number::<u32>(" 7 ", "count").unwrap(), Some(7));
        assert_eq!(number::<u32>("", "count").unwrap(), None);
        let refused = number::<u32>("-1", "count").unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("count"));
        let end = end_of_day("2024-06-28", "expires_at").unwrap().unwrap();
        assert_eq!(end.to_string(), "2024-06-28T23:59:59Z");
        assert!(end_of_day("2024-02-30", "expires_at").is_err());
        assert!(end_of_day("2024-06-28T00:00:00Z x", "expires_at").is_err());
        assert_eq!(lines(" a \r\n\r\nb c"), ["a", "b c"]);
        assert_eq!(words("DE, FR،AT\nIT"), ["DE", "FR", "AT", "IT"]);
    }
}
