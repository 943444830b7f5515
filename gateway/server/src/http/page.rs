//! `?limit=1..=100&after=<id>`: which part of a list.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Query};
use purser_store::read::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::Problem;

/// The longest id of a list: a SHA-256 in hexadecimal.
const AFTER_CHARS_MAX: usize = 64;
/// Rows when nothing is said.
const LIMIT: usize = 20;

/// The parameters as clients write them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// How many rows, 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// The id of the last row of the page before: `next` of its answer.
    #[param(max_length = 64)]
    after: Option<String>,
}

/// A checked page.
pub struct PageQuery(pub Page);

impl FromRequest for PageQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<PageQuery, Problem> {
    let malformed =
        |_| Problem::malformed("limit", "the query is `limit` from 1 to 100 and `after`, an id");
    let Query(params) =
        Query::<PageParams>::from_query(request.query_string()).map_err(malformed)?;
    if params.after.as_ref().is_some_and(|after| after.chars().count() > AFTER_CHARS_MAX) {
        return Err(Problem::malformed(
            "after",
            "no id is that long; send `next` of the page before",
        ));
    }
    let page = Page::new(params.after, params.limit.unwrap_or(LIMIT));
    page.map(PageQuery).ok_or_else(|| Problem::malformed("limit", "from 1 to 100"))
}
