//! `?limit=1..=100&after=<id>`: which part of a list.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Query};
use purser_core::text::is_plain;
use purser_store::read::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer;
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

/// A checked part of a list that is short enough to be read whole.
pub struct ShortListQuery {
    after: Option<String>,
    limit: usize,
}

impl ShortListQuery {
    /// The part of the rows, newest first, as answers. Behind a row that is not there is nothing.
    pub fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        id: impl Fn(&R) -> String,
        answer: impl FnMut(R) -> T,
    ) -> answer::Page<T> {
        if let Some(after) = &self.after {
            let seen = rows.iter().position(|row| id(row) == *after).map(|at| at.saturating_add(1));
            rows.drain(..seen.unwrap_or(rows.len()));
        }
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(id);
        answer::Page { data: rows.into_iter().map(answer).collect(), next }
    }
}

impl FromRequest for ShortListQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let checked = params(request).and_then(|params| {
            let PageParams { after, limit } = params;
            let limit = limit.unwrap_or(LIMIT);
            // The same limits as of every other list.
            Page::new(None, limit).map(|_| Self { after, limit }).ok_or_else(limit_refused)
        });
        ready(checked)
    }
}

impl FromRequest for PageQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<PageQuery, Problem> {
    let params = params(request)?;
    let page = Page::new(params.after, params.limit.unwrap_or(LIMIT));
    page.map(PageQuery).ok_or_else(limit_refused)
}

fn limit_refused() -> Problem {
    Problem::malformed("limit", "from 1 to 100")
}

fn params(request: &HttpRequest) -> Result<PageParams, Problem> {
    let malformed =
        |_| Problem::malformed("limit", "the query is `limit` from 1 to 100 and `after`, an id");
    let Query(params) =
        Query::<PageParams>::from_query(request.query_string()).map_err(malformed)?;
    let is_no_id = |after: &String| !is_plain(after, AFTER_CHARS_MAX);
    if params.after.as_ref().is_some_and(is_no_id) {
        return Err(Problem::malformed("after", "that is no id; send `next` of the page before"));
    }
    Ok(params)
}
