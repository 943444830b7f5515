//! Faults as responses.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use purser_core::login::{error::ErrorCode, params::TooMuch};

use super::shape::OauthError;
use crate::app::oidc::fault::Fault;

/// A fault, and what the client is asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    fault: Fault,
    challenge: String,
}

impl Refusal {
    /// No token at all is shown: there is nothing to be said of it (RFC 6750, section 3.1).
    pub(super) fn no_token() -> Self {
        let fault = Fault::new(ErrorCode::InvalidToken, "this takes `Authorization: Bearer`");
        Self { challenge: "Bearer".to_owned(), fault }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let challenge = match fault.error {
            ErrorCode::InvalidToken => {
                format!("Bearer error=\"{}\"", ErrorCode::InvalidToken.name())
            }
            _ => "Basic realm=\"login client\"".to_owned(),
        };
        Self { fault, challenge }
    }
}

impl From<TooMuch> for Refusal {
    fn from(much: TooMuch) -> Self {
        Fault::new(ErrorCode::InvalidRequest, much.to_string()).into()
    }
}

/// The response, whichever it is. A refusal is no error of the frame's, which would be told as a problem document.
pub(super) fn answer(answered: Result<HttpResponse, Refusal>) -> HttpResponse {
    answered.unwrap_or_else(|Refusal { fault, challenge }| {
        let status = status(fault.error);
        let mut response = HttpResponse::build(status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        if let Some(wait) = fault.retry_after {
            response.insert_header((RETRY_AFTER, wait.as_secs().max(1).to_string()));
        }
        response.json(OauthError::from(fault))
    })
}

fn status(error: ErrorCode) -> StatusCode {
    match error {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidGrant
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::UnsupportedResponseType
        | ErrorCode::InvalidScope
        | ErrorCode::AccessDenied
        | ErrorCode::LoginRequired
        | ErrorCode::ConsentRequired
        | ErrorCode::RequestNotSupported
        | ErrorCode::RequestUriNotSupported
        | ErrorCode::RegistrationNotSupported => StatusCode::BAD_REQUEST,
    }
}
