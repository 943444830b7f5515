//! Reading what forms send: bounded, strict, made for this visitor, and with the field named when it is wrong.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    web::{Bytes, Data},
};
use purser_core::command::{KeyClaim, Outcome};
use purser_store::idempotency_find;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{csrf, visit};
use crate::{
    app::intent,
    gateway::Gateway,
    problem::{self, Problem},
};

/// Fifty offers of 8 KiB each, percent-encoded, are the largest form that makes sense.
const FORM_BYTES_MAX: usize = 512 * 1024;
/// No form of ours has as many fields.
const FIELDS_MAX: usize = 300;
/// The hidden field with the token of [`csrf`].
pub(super) const TOKEN: &str = "csrf";
/// The hidden field with the idempotency key.
const ONCE: &str = "once";
/// What a person shows and does not intend: it takes no part in what a key belongs to.
const SHOWN: [&str; 2] = ["pin", "password"];

/// Kept with a request whose form has a key: sending it again does not do it again.
pub(super) struct Repeatable;

/// A form that was made for this visitor. Its fields are `String`, `Option<String>` (one that is left empty is absent)
/// or, where a name ends in `[]`, `Vec<String>` under the name without it. Unknown fields need
/// `#[serde(deny_unknown_fields)]` to be refused; a field that is there twice always is.
pub struct Form<T> {
    /// What was filled in.
    pub fields: T,
    once: Option<String>,
    intended: Value,
    path: String,
    gateway: Data<Gateway>,
}

impl<T> Form<T> {
    /// The claim to the form's idempotency key, and what the same form was answered before: however often a button is
    /// pressed or a page is reloaded, it is one command. The scope is whose keys they are: an account's or a
    /// merchant's id, or `operator`.
    pub async fn claim(
        &self,
        scope: impl ToString,
    ) -> Result<(KeyClaim, Option<Outcome>), Problem> {
        let claim = self.key(scope)?;
        let (scope, key) = (claim.scope.clone(), claim.key.clone());
        let stored = self.gateway.store.read(move |db| idempotency_find(db, &scope, &key)).await?;
        let answered = intent::answered(&claim, stored)?;
        Ok((claim, answered))
    }

    /// What the same form was answered before, or else what `run` decides now.
    pub async fn answer(
        &self,
        scope: impl ToString,
        run: impl AsyncFnOnce(KeyClaim) -> Result<Outcome, Problem>,
    ) -> Result<Outcome, Problem> {
        let (claim, answered) = self.claim(scope).await?;
        match answered {
            Some(outcome) => Ok(outcome),
            None => run(claim).await,
        }
    }

    /// The claim alone, for what the teller does not answer.
    pub fn key(&self, scope: impl ToString) -> Result<KeyClaim, Problem> {
        let Some(key) = self.once.clone() else {
            return Err(Problem::new(problem::KEY_MISSING));
        };
        let (scope, body) = (scope.to_string(), self.intended.to_string());
        Ok(intent::claim(&self.gateway, scope, key, "POST", &self.path, body.as_bytes()))
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let bytes = bytes.await.map_err(|error| Problem::of_frame(&error))?;
            let gateway = request.app_data::<Data<Gateway>>().cloned();
            let gateway = gateway.ok_or_else(|| Problem::internal("a route without a gateway"))?;
            csrf::check_source(&gateway, &request)?;
            let mut fields = read(&request, &bytes)?;
            let token = take(&mut fields, TOKEN).unwrap_or_default();
            let cookie = visit::cookie(&gateway, &request);
            csrf::check(&gateway, cookie.as_ref().map_or("", |cookie| cookie.expose()), &token)?;
            let once = take(&mut fields, ONCE).filter(|key| is_key(key));
            if once.is_some() {
                request.extensions_mut().insert(Repeatable);
            }
            let mut intended = fields.clone();
            intended.retain(|name, _| !SHOWN.contains(&name.as_str()));
            // What a page is about may stand in its query.
            let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
            Ok(Self { fields: typed(fields)?, once, intended: intended.into(), path, gateway })
        })
    }
}

/// Reads the fields of a form that anybody may send, without a token: for what other programs post.
pub fn parse<T: DeserializeOwned>(request: &HttpRequest, bytes: &[u8]) -> Result<T, Problem> {
    typed(read(request, bytes)?)
}

/// The same rule as for the header `Idempotency-Key`.
fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn take(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The fields by name. What is left empty is left out: browsers send every field of a form.
fn read(request: &HttpRequest, bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    if bytes.len() > FORM_BYTES_MAX {
        return Err(Problem::new(problem::REQUEST_TOO_LARGE));
    }
    if request.content_type() != "application/x-www-form-urlencoded" {
        return Err(Problem::malformed("Content-Type", "application/x-www-form-urlencoded"));
    }
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(bytes).take(FIELDS_MAX + 1) {
        // Where the bytes are no UTF-8, this stands in their place.
        if value.contains(char::REPLACEMENT_CHARACTER) || name.contains(char::REPLACEMENT_CHARACTER)
        {
            return Err(Problem::malformed("", "the form is text in UTF-8"));
        }
        let (name, value) = (name.into_owned(), value.into_owned());
        if let Some(list) = name.strip_suffix("[]") {
            let entry = fields.entry(list).or_insert_with(|| Value::Array(Vec::new()));
            match entry {
                Value::Array(values) => values.push(value.into()),
                _ => return Err(Problem::malformed(list, "this field is there twice")),
            }
        } else if fields.contains_key(&name) {
            return Err(Problem::malformed(name, "this field is there twice"));
        } else {
            fields.insert(name, value.into());
        }
    }
    if fields.len() > FIELDS_MAX {
        return Err(Problem::malformed("", "the form has too many fields"));
    }
    fields.retain(|_, value| value.as_str() != Some(""));
    Ok(fields)
}

/// The fields of a form as its type has them.
pub(super) fn typed<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let text = error.to_string();
        let named = |start: &str| {
            let rest = text.strip_prefix(start)?;
            rest.split_once('`').map(|(name, _)| name.to_owned())
        };
        if let Some(name) = named("missing field `") {
            return Problem::malformed(name, "this field is needed");
        }
        if let Some(name) = named("unknown field `") {
            return Problem::malformed(name, "this form has no such field");
        }
        Problem::malformed("", "the form cannot be read")
    })
}
/// An amount as the API takes it, of one that a person typed: with a point or with a comma before its decimals.
pub fn typed_amount(text: &str) -> String {
    let text = text.trim();
    let is_decimal = |(_, decimals): (&str, &str)| decimals.len() < 3;
    if !text.contains('.') && text.split_once(',').is_some_and(is_decimal) {
        return text.replace(',', ".");
    }
    text.to_owned()
}
