//! Problems as responses.

use actix_web::{
    Error, HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Map, Value};

use super::answer::Quote;
use crate::problem::{self, Problem};

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// `type` is relative to the gateway here; the middleware makes it absolute and adds the request id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        if let Some(wait) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, wait.as_secs().max(1).to_string()));
        }
        if self.status_code() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.json(self.members())
    }
}

impl Problem {
    /// What the frame met before any handler did: a body or an address that it cannot read.
    pub fn of_frame(error: &Error) -> Self {
        match error.as_response_error().status_code() {
            status if status.is_server_error() => Self::internal(error),
            StatusCode::NOT_FOUND => Self::new(problem::NOT_FOUND),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(problem::REQUEST_TOO_LARGE),
            _ => Self::malformed("", "the body was cut short, or the address is malformed"),
        }
    }

    /// The members of the problem document.
    pub fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("type".into(), format!("/problems/{}", self.kind.name()).into());
        members.insert("title".into(), self.kind.title().into());
        members.insert("status".into(), self.kind.status().into());
        members.insert("detail".into(), self.detail.clone().into());
        if let Some(field) = &self.field {
            members.insert("field".into(), field.clone().into());
        }
        members.extend(self.with.clone());
        if let Some(basket) = &self.basket {
            let quote = serde_json::to_value(Quote::from(&**basket)).unwrap_or_default();
            members.insert("quote".into(), quote);
        }
        members
    }

    /// The same with the whole address that explains it.
    pub fn document(&self, issuer: &str) -> Map<String, Value> {
        let mut members = self.members();
        members.insert("type".into(), format!("{issuer}/problems/{}", self.kind.name()).into());
        members
    }
}
