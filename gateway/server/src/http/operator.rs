//! The operator's calls, by what they are about.

pub mod books;
pub mod cards;
pub mod merchants;
pub mod plugins;
pub mod rates;

use actix_web::HttpResponse;

use crate::problem::Problem;

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
