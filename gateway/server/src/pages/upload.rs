//! Files that are uploaded with a form (RFC 7578): bounded, made for this visitor, and the file last, so that nothing large
//! is read of a form that was not.

use std::{future::Future, pin::Pin};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::TryStreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    csrf,
    form::{TOKEN, typed},
    visit,
};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// No form with a file has as many inputs.
const FIELDS_MAX: usize = 20;
/// A word or two.
const FIELD_BYTES_MAX: usize = 4 * 1024;
/// The input with the file.
const FILE: &str = "file";

/// A form with a file that was made for this visitor. Its fields are read as those of [`super::form::Form`].
pub struct Upload<T> {
    /// What was filled in.
    pub fields: T,
    /// The file.
    pub file: Vec<u8>,
}

/// What a form with a file is.
pub trait UploadForm: DeserializeOwned {
    /// How large the file may be.
    fn file_bytes_max() -> usize;
}

impl<T: UploadForm + 'static> FromRequest for Upload<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parts = Multipart::new(request.headers(), payload.take());
        let request = request.clone();
        Box::pin(async move { read(&request, parts).await })
    }
}

async fn read<T: UploadForm>(
    request: &HttpRequest,
    mut parts: Multipart,
) -> Result<Upload<T>, Problem> {
    let gateway = request.app_data::<Data<Gateway>>().cloned();
    let gateway = gateway.ok_or_else(|| Problem::internal("a route without a gateway"))?;
    csrf::check_source(&gateway, request)?;
    let cookie = visit::cookie(&gateway, request);
    let mut fields = Map::new();
    while let Some(part) = parts.try_next().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == FILE {
            let Some(Value::String(token)) = fields.remove(TOKEN) else {
                return Err(Problem::new(problem::FORM_EXPIRED));
            };
            csrf::check(&gateway, cookie.as_ref().map_or("", |cookie| cookie.expose()), &token)?;
            let file = bytes(part, T::file_bytes_max()).await?;
            return Ok(Upload { fields: typed(fields)?, file });
        }
        let text = String::from_utf8(bytes(part, FIELD_BYTES_MAX).await?);
        let text = text.map_err(|_| Problem::malformed(name.clone(), "text in UTF-8"))?;
        if fields.len() >= FIELDS_MAX || fields.contains_key(&name) {
            return Err(Problem::malformed(name, "this field is there twice, or one too many"));
        }
        if !text.is_empty() {
            fields.insert(name, text.into());
        }
    }
    Err(Problem::malformed(FILE, "choose a file; it is the last part of the form"))
}

async fn bytes(mut part: Field, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
        if bytes.len().saturating_add(chunk.len()) > most {
            let detail = format!("this part of the form has at most {most} bytes");
            return Err(Problem::new(problem::REQUEST_TOO_LARGE).detail(detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn unreadable(_: MultipartError) -> Problem {
    Problem::malformed("", "the form cannot be read: multipart/form-data with its boundary")
}
