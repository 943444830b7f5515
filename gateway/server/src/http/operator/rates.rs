//! Exchange rates.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path, PayloadConfig, Query},
};
use jiff::civil::Date;
use purser_core::ids::RateTableId;
use purser_host::Limits;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answered;
use crate::{
    app::rates,
    gateway::Gateway,
    http::{answer::LegOut, auth::Operator, body},
    problem::Problem,
};

/// The body of an import: as large as a plugin may be given.
pub fn feed_limit() -> PayloadConfig {
    PayloadConfig::new(Limits::default().input_bytes)
}

/// Which feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedParams {
    /// The feed's name, as its currency plugin says.
    #[param(min_length = 1, max_length = 64, example = "ecb-daily")]
    feed: String,
}

/// Rates that were read from a feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatesImported {
    /// The newest table.
    #[schema(value_type = String)]
    id: RateTableId,
    /// The day it is of.
    #[schema(value_type = String, format = Date)]
    as_of: Date,
    /// Who published it.
    source: String,
    /// How many currencies it has a rate for.
    pairs: usize,
    /// How many tables were in the feed.
    tables: usize,
    /// How many of them were not known before.
    new: usize,
    /// How many of those say something else than a table of the same source and day, and are used in its place.
    #[schema(example = 0)]
    corrected: usize,
}

/// Read a feed's bytes, the body, with the plugin that knows the feed.
#[utoipa::path(post, path = "/v1/rates", tag = "operator", security(("operator" = [])), params(FeedParams),
    request_body(content = super::FileBytes, content_type = "application/octet-stream", description = "The feed, as published"),
    responses((status = 201, body = RatesImported), crate::http::openapi::Problems))]
pub async fn rates_import(
    gateway: Data<Gateway>,
    _operator: Operator,
    params: Result<Query<FeedParams>, actix_web::Error>,
    bytes: Bytes,
) -> Answered {
    let params =
        params.map_err(|_| Problem::malformed("feed", "name the feed: ?feed=ecb-daily"))?;
    let imported = rates::import(&gateway, &params.feed, &bytes).await?;
    let (id, table) = (imported.newest.id, imported.newest.table);
    Ok(HttpResponse::Created().json(RatesImported {
        id,
        as_of: table.as_of,
        source: table.source,
        pairs: table.rates.len(),
        tables: imported.tables,
        new: imported.new,
        corrected: imported.corrected,
    }))
}

/// A rate between two currencies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rate)]
pub struct RateOut {
    /// Units of the second for one of the first, for display.
    rate: String,
    /// Every step by a published rate: conversions use these.
    legs: Vec<LegOut>,
    /// Who published them; null between a currency and itself.
    #[schema(required = true)]
    source: Option<String>,
    /// The day they are of.
    #[schema(required = true, value_type = Option<String>, format = Date)]
    as_of: Option<Date>,
    /// Whether they are too old to convert by.
    stale: bool,
}

/// The newest rate between two currencies.
#[utoipa::path(get, path = "/v1/rates/{from}/{to}", tag = "operator", security(("operator" = [])),
    params(("from" = String, Path, example = "EUR"), ("to" = String, Path, example = "USD")),
    responses((status = 200, body = RateOut), crate::http::openapi::Problems))]
pub async fn rate_get(
    gateway: Data<Gateway>,
    _operator: Operator,
    path: Path<(String, String)>,
) -> Answered {
    let (from, to) = path.into_inner();
    let (from, to) = (body::currency(&from, "from")?, body::currency(&to, "to")?);
    let shown = rates::show(&gateway, from, to).await?;
    Ok(HttpResponse::Ok().json(RateOut {
        rate: shown.rate,
        legs: shown.legs.iter().map(Into::into).collect(),
        source: shown.source,
        as_of: shown.as_of,
        stale: shown.stale,
    }))
}
