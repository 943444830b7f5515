//! The operator's calls, by what they are about.

pub mod books;
pub mod cards;
pub mod merchants;
pub mod plugins;
pub mod rates;

use actix_web::HttpResponse;

use super::auth::Operator;
use crate::{
    app::intent,
    gateway::Gateway,
    problem::{self, Problem},
};

type Answered = Result<HttpResponse, Problem>;

/// A file as it is.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "only described here; handlers take the bytes")]
pub struct FileBytes(Vec<u8>);

/// The body of a call that needs none: nothing, or an empty object.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Whose idempotency keys an operator's are.
const SCOPE: &str = "operator";

fn not_found() -> Problem {
    Problem::new(problem::NOT_FOUND)
}

/// The key of a request, and what it answered before.
fn keyed(
    gateway: &Gateway,
    request: &actix_web::HttpRequest,
    operator: &Operator,
    body: &[u8],
) -> Result<(purser_core::command::KeyClaim, Option<purser_core::command::Outcome>), Problem> {
    let key = operator.key_required()?;
    let claim = intent::claim(
        gateway,
        SCOPE.to_owned(),
        key,
        request.method().as_str(),
        request.path(),
        body,
    );
    let answered = intent::answered(&claim, operator.stored.clone())?;
    Ok((claim, answered))
}
