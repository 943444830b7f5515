//! Reading what clients send: bounded, strict, and with the field named when it is wrong.

use std::{fmt, future::Future, marker::PhantomData, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Bytes};
use jiff::civil::{Date, date};
use purser_core::{ids::IdError, tender::is_tender};
use purser_money::{Currency, Money};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::ToSchema;

use crate::problem::{self, Problem};

/// Fifty offers of 8 KiB each are the largest body of JSON that makes sense.
pub const JSON_BYTES_MAX: usize = 512 * 1024;

/// How many bytes of JSON a call takes, if it takes less than others.
#[derive(Debug, Clone, Copy)]
pub struct BytesMax(pub usize);

/// The first day that the bundled rates know: no gateway holds what was no money then.
const BOOKS_BEGIN: Date = date(2024, 1, 1);

/// A JSON body. Unknown fields, wrong types and wrong forms are [`problem::MALFORMED_REQUEST`] with the path of
/// the field.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let most = request.app_data::<BytesMax>().map_or(JSON_BYTES_MAX, |most| most.0);
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            let refused = |error| match Problem::of_frame(&error) {
                problem if problem.kind == problem::REQUEST_TOO_LARGE => too_large(most),
                problem => problem,
            };
            parse(&bytes.await.map_err(refused)?).map(Self)
        })
    }
}

fn too_large(most: usize) -> Problem {
    Problem::new(problem::REQUEST_TOO_LARGE)
        .detail(format!("a body of JSON has at most {most} bytes here"))
}

/// Reads a body of JSON.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.len() > JSON_BYTES_MAX {
        return Err(too_large(JSON_BYTES_MAX));
    }
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    // serde takes a list for a struct as well, with its fields in order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::malformed("", "the body is a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| Problem::malformed(field(&error), plain(error.inner())))?;
    reader.end().map_err(|_| Problem::malformed("", "there is something behind the JSON value"))?;
    Ok(value)
}

/// The path of the field at fault. Of one that is missing, serde's path only leads to where it is missing.
fn field(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let at = Some(error.path().to_string()).filter(|at| at != "." && at != "?");
    let text = error.inner().to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match (at, missing) {
        (Some(at), Some((name, _))) => format!("{at}.{name}"),
        (Some(at), None) => at,
        (None, Some((name, _))) => name.to_owned(),
        (None, None) => String::new(),
    }
}

/// What stands where in serde's own words, and what a client is told instead. The value itself is never repeated: a
/// client may have put a secret there.
const EXPECTED: [(&str, &str); 9] = [
    ("a string", "a JSON string"),
    ("a borrowed string", "a JSON string"),
    ("u", "a whole number of JSON, not below zero and not too large"),
    ("i", "a whole number of JSON that is not too large"),
    ("a boolean", "true or false"),
    ("a sequence", "a JSON array"),
    ("struct ", "a JSON object"),
    ("a map", "a JSON object"),
    ("", "a value of the form that /docs shows"),
];

/// What is wrong, in words of the contract: one text for each form that is expected.
fn plain(error: &serde_json::Error) -> &'static str {
    if error.classify() != serde_json::error::Category::Data {
        return "the body is no valid JSON in UTF-8";
    }
    let text = error.to_string();
    let is = |start: &str| text.starts_with(start);
    if is("missing field ") {
        return "this field is needed";
    }
    if is("unknown field ") {
        return "this call knows no such field";
    }
    if is("duplicate field ") {
        return "this field is there twice";
    }
    if is("unknown variant ") {
        return "one of the values that /docs shows";
    }
    if is(&IdError.to_string()) {
        return "an id as this gateway gave it";
    }
    match text.rsplit_once(", expected ").filter(|_| is("invalid ")) {
        Some((_, expected)) => {
            let told = EXPECTED.iter().find(|(start, _)| expected.starts_with(start));
            told.map_or("", |(_, told)| *told)
        }
        // Only times and days are read from text here.
        None => {
            "a time like \"2024-06-28T12:00:00Z\", or where a day is asked for one like \"2024-06-28\""
        }
    }
}

/// A part of a body that is an object. serde takes a list for a struct as well, with its fields in order; so a part
/// has `#[serde(remote = "Self")]`, and `parts!` makes it readable from objects only.
pub trait Part: Sized {
    /// Reads it from what was found to be an object.
    fn read<'de, D: Deserializer<'de>>(object: D) -> Result<Self, D::Error>;
}

/// Reads a part from an object.
pub fn part<'de, T: Part, D: Deserializer<'de>>(reader: D) -> Result<T, D::Error> {
    reader.deserialize_map(PartVisitor(PhantomData))
}

struct PartVisitor<T>(PhantomData<T>);

impl<'de, T: Part> Visitor<'de> for PartVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::read(MapAccessDeserializer::new(members))
    }
}

/// Makes types [`Part`]s.
macro_rules! parts {
    ($($part:ty),+) => {$(
        impl $crate::http::body::Part for $part {
            fn read<'de, D: serde::Deserializer<'de>>(object: D) -> Result<Self, D::Error> {
                <$part>::deserialize(object)
            }
        }

        impl<'de> serde::Deserialize<'de> for $part {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                $crate::http::body::part(reader)
            }
        }
    )+};
}
pub(crate) use parts;

/// An amount as clients write it. What is wrong with it is said when it is used, under its field's name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = MoneyInput)]
pub struct MoneyIn {
    /// `(0|[1-9]\d{0,14})(\.\d+)?`, with at most the currency's decimals.
    #[schema(pattern = r"^(0|[1-9]\d{0,14})(\.\d+)?$", example = "12.34")]
    amount: String,
    /// Three capital letters of ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

parts!(MoneyIn);

impl MoneyIn {
    /// The amount, above zero, in a currency that something new may be in on that day.
    pub fn positive_on(&self, today: Date, field: &str) -> Result<Money, Problem> {
        let money = self.positive(field)?;
        if is_tender(money.currency(), today) {
            return Ok(money);
        }
        Err(unknown_currency(&format!("{field}.currency")))
    }

    /// The amount, above zero.
    pub fn positive(&self, field: &str) -> Result<Money, Problem> {
        let money = self.any(field)?;
        if money.is_positive() {
            return Ok(money);
        }
        let problem = Problem::new(problem::INVALID_AMOUNT).field(format!("{field}.amount"));
        Err(problem.detail("the amount must be above zero"))
    }

    /// The amount, zero or more.
    pub fn any(&self, field: &str) -> Result<Money, Problem> {
        let currency = currency(&self.currency, &format!("{field}.currency"))?;
        Money::parse(&self.amount, currency).map_err(|error| Problem::amount(field, error))
    }

    /// The amount, zero or more, in one certain currency.
    pub fn any_in(&self, currency: Currency, field: &str) -> Result<Money, Problem> {
        held_in(self.any(field)?, currency, field)
    }

    /// The amount, above zero and in one certain currency.
    pub fn positive_in(&self, currency: Currency, field: &str) -> Result<Money, Problem> {
        held_in(self.positive(field)?, currency, field)
    }
}

fn held_in(money: Money, currency: Currency, field: &str) -> Result<Money, Problem> {
    if money.currency() == currency {
        return Ok(money);
    }
    let problem = Problem::new(problem::INVALID_AMOUNT).field(format!("{field}.currency"));
    Err(problem.detail(format!("the amount must be in {currency}")))
}

/// A currency that cards and positions can be held in: also one that the euro has replaced since the books began.
pub fn currency(code: &str, field: &str) -> Result<Currency, Problem> {
    let known = Currency::parse(code).ok().filter(|currency| is_tender(*currency, BOOKS_BEGIN));
    known.ok_or_else(|| unknown_currency(field))
}

fn unknown_currency(field: &str) -> Problem {
    Problem::new(problem::UNKNOWN_CURRENCY).field(field).detail(
        "not an active currency of ISO 4217 with a minor unit; use three capital letters like EUR",
    )
}

/// Text of bounded length without control characters.
pub fn text(
    value: &str,
    length: std::ops::RangeInclusive<usize>,
    field: &str,
) -> Result<String, Problem> {
    let count = value.chars().count();
    if length.contains(&count) && !value.chars().any(char::is_control) {
        return Ok(value.to_owned());
    }
    let (least, most) = length.into_inner();
    Err(Problem::malformed(
        field,
        format!("{least} to {most} characters, without control characters"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[allow(dead_code)]
        price: MoneyIn,
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let check = |json: &str, field: &str| {
            let problem = parse::<Body>(json.as_bytes()).unwrap_err();
            assert_eq!(problem.kind, problem::MALFORMED_REQUEST);
            assert_eq!(problem.field.as_deref(), Some(field), "{json}: {}", problem.detail);
        };
        check(r#"{"price": 5}"#, "price");
        check(r#"{"price": {"amount": 5, "currency": "EUR"}}"#, "price.amount");
        check(r#"{"price": {"amount": 1e400, "currency": "EUR"}}"#, "price.amount");
        check(r#"{"price": ["5", "EUR"]}"#, "price");
        check(r#"{"price": {"amount": "5"}}"#, "price.currency");
        check("{}", "price");
        check("", "price");
        check(r#"{"price": {"amount": "5", "currency": "EUR", "extra": 1}}"#, "price.extra");
        check(r#"[{"amount": "5", "currency": "EUR"}]"#, "");
        check(r#"{"price": {"amount": "5", "currency": "EUR"}, "extra": 1}"#, "extra");
        check("{", "");
        check("[]", "");
    }

    #[test]
    fn what_is_expected_is_said_in_words_of_the_contract() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code)]
        struct Forms {
            text: Option<String>,
            count: Option<u32>,
            flag: Option<bool>,
            list: Option<Vec<String>>,
            money: Option<MoneyIn>,
            time: Option<jiff::Timestamp>,
            day: Option<Date>,
        }
        let check = |json: &str, field: &str, told: &str| {
            let problem = parse::<Forms>(json.as_bytes()).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{json}");
            assert!(problem.detail.contains(told), "{json}: {}", problem.detail);
            for word in
                ["u32", "struct", "sequence", "map", "serde", "jiff", "parse", "line", "secret"]
            {
                assert!(!problem.detail.contains(word), "{json}: {}", problem.detail);
            }
        };
        check(r#"{"text": 5}"#, "text", "string");
        check(r#"{"count": "secret, expected a string"}"#, "count", "whole number");
        check(r#"{"count": -1}"#, "count", "whole number");
        check(r#"{"count": 5000000000}"#, "count", "whole number");
        check(r#"{"flag": "secret"}"#, "flag", "true or false");
        check(r#"{"list": "secret"}"#, "list", "array");
        check(r#"{"list": [1]}"#, "list[0]", "string");
        check(r#"{"money": 1}"#, "money", "object");
        check(r#"{"money": {"amount": "1"}}"#, "money.currency", "needed");
        check(r#"{"time": 1}"#, "time", "");
        check(r#"{"time": "secret"}"#, "time", "2024-06-28T12:00:00Z");
        check(r#"{"time": "9999-12-31T23:59:59Z"}"#, "time", "2024-06-28T12:00:00Z");
        check(r#"{"day": "2024-02-30"}"#, "day", "2024-06-28");
        check(r#"{"secret": 1}"#, "secret", "no such field");
    }

    #[test]
    fn what_the_client_sent_is_not_repeated() {
        let problem = parse::<Body>(br#"{"price": "my secret"}"#).unwrap_err();
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }
}
