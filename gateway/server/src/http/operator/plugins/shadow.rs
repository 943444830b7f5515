//! What a version would have answered: to the sales of today, and to those of the past.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use jiff::civil::Date;
use purser_core::{
    Timestamp,
    ids::{MerchantId, PluginId, PurchaseId},
};
use purser_store::facts::plugin_shadow::Tally;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{GrantsIn, config_text, granting, places_within, plugin_id};
use crate::{
    app::plugin::{
        self,
        replay::{self, Asked},
        shadow::{self, Watched},
    },
    gateway::Gateway,
    http::{answer, auth::Operator, body::Json, operator::Answered},
    problem::Problem,
};

/// Purchases of one replay over HTTP: about a second. `purser plugin replay` does all at once.
const PURCHASES_MAX: u64 = 2_000;

/// Where a version is to run beside the one that answers.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShadowRequest)]
pub struct ShadowIn {
    /// Countries; all that it covers, if left out.
    #[serde(default)]
    #[schema(max_items = 256)]
    countries: Vec<String>,
    /// Its configuration; if left out, that of the version that answers.
    #[schema(value_type = Value, required = false)]
    config: Option<Value>,
    /// What it is given of what it asks for.
    grants: Option<GrantsIn>,
}

/// What a version would have answered, by country, merchant and currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginTally)]
pub struct TallyOut {
    /// Where the buyers are.
    country: String,
    /// Whose sales.
    #[schema(value_type = String)]
    merchant: MerchantId,
    /// Sales that it was asked about.
    calls: i64,
    /// The same taxes.
    equal: i64,
    /// Other taxes.
    different: i64,
    /// No answer.
    failed: i64,
    /// Its taxes less those that were charged.
    difference: Option<answer::Money>,
}

impl From<Tally> for TallyOut {
    fn from(tally: Tally) -> Self {
        let (different, difference) = (tally.different(), tally.difference());
        let difference = difference.map(answer::Money::from);
        let Tally { country, merchant, calls, equal, failed, .. } = tally;
        Self { country, merchant, calls, equal, different, failed, difference }
    }
}

/// What a version that runs beside the one that answers would have answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginShadow)]
pub struct ShadowOut {
    /// Whether it runs now.
    running: bool,
    /// Where.
    countries: Vec<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// Sales that it was asked about.
    calls: i64,
    /// The same taxes.
    equal: i64,
    /// Other taxes.
    different: i64,
    /// No answer.
    failed: i64,
    /// Purchases that were not looked at, since this gateway could not keep up with them.
    dropped: u64,
    /// By country, merchant and currency.
    differences: Vec<TallyOut>,
    /// The first answers that were others.
    #[schema(value_type = Vec<Object>)]
    examples: Vec<Value>,
}

impl From<Watched> for ShadowOut {
    fn from(Watched { places, tallies, examples, dropped }: Watched) -> Self {
        let sum = |of: fn(&Tally) -> i64| tallies.iter().map(of).fold(0, i64::saturating_add);
        let (calls, equal, failed) =
            (sum(|tally| tally.calls), sum(|tally| tally.equal), sum(|tally| tally.failed));
        Self {
            running: !places.is_empty(),
            started_at: places.first().map(|shadow| shadow.started_at),
            countries: places.into_iter().map(|shadow| shadow.place).collect(),
            calls,
            equal,
            different: calls.saturating_sub(equal).saturating_sub(failed),
            failed,
            dropped,
            differences: tallies.into_iter().map(TallyOut::from).collect(),
            examples: examples
                .iter()
                .filter_map(|document| serde_json::from_str(document).ok())
                .collect(),
        }
    }
}

/// Run a version beside the one that answers: it is asked about real sales after they were paid, and charges nothing. What
/// was recorded of it before is forgotten.
#[utoipa::path(post, path = "/v1/plugins/{id}/shadow", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ShadowIn,
    responses((status = 200, body = ShadowOut), crate::http::openapi::Problems))]
pub async fn plugin_shadow_start(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    Json(input): Json<ShadowIn>,
) -> Answered {
    let ShadowIn { countries, config, grants } = input;
    places_within("countries", &countries)?;
    let wanted = (countries, config.map(config_text), granting(grants));
    let watched = shadow::start(&gateway, plugin_id(&id)?, wanted).await?;
    Ok(HttpResponse::Ok().json(ShadowOut::from(watched)))
}

/// What a version would have answered, and the difference in money.
#[utoipa::path(get, path = "/v1/plugins/{id}/shadow", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ShadowOut), crate::http::openapi::Problems))]
pub async fn plugin_shadow_get(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
) -> Answered {
    let watched = shadow::watched(&gateway, plugin_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(ShadowOut::from(watched)))
}

/// Run a version beside nothing any more. What was recorded stays.
#[utoipa::path(delete, path = "/v1/plugins/{id}/shadow", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ShadowOut), crate::http::openapi::Problems))]
pub async fn plugin_shadow_stop(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
) -> Answered {
    let watched = shadow::stop(&gateway, plugin_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(ShadowOut::from(watched)))
}

/// Past decisions to be made again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplayRequest)]
pub struct ReplayIn {
    /// The installed version that makes them; if left out, the same, to prove that it answers the same for the same fuel.
    #[schema(value_type = Option<String>)]
    with: Option<PluginId>,
    /// Its configuration; if left out, that of each decision.
    #[schema(value_type = Value, required = false)]
    config: Option<Value>,
    /// Of purchases from this day on.
    #[schema(value_type = Option<String>, format = Date)]
    since: Option<Date>,
    /// And until this one.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Where the replay before ended: its `next`.
    #[schema(value_type = Option<String>)]
    after: Option<PurchaseId>,
}

/// What came of a replay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginReplay)]
pub struct ReplayOut {
    /// Purchases that were looked at.
    purchases: u64,
    /// Decisions that were made again.
    calls: i64,
    /// The same taxes.
    equal: i64,
    /// Other taxes.
    different: i64,
    /// No answer.
    failed: i64,
    /// Decisions of the very same file whose output or fuel was not the same to the unit. There should be none.
    inexact: u64,
    /// By country, merchant and currency.
    differences: Vec<TallyOut>,
    /// The first answers that were others.
    #[schema(value_type = Vec<Object>)]
    examples: Vec<Value>,
    /// Where to go on with `after`; none when all was looked at.
    #[schema(value_type = Option<String>)]
    next: Option<PurchaseId>,
}

impl From<replay::Report> for ReplayOut {
    fn from(report: replay::Report) -> Self {
        let sum =
            |of: fn(&Tally) -> i64| report.tallies.values().map(of).fold(0, i64::saturating_add);
        let (calls, equal, failed) =
            (sum(|tally| tally.calls), sum(|tally| tally.equal), sum(|tally| tally.failed));
        let examples = report.examples.iter();
        Self {
            purchases: report.purchases,
            calls,
            equal,
            different: calls.saturating_sub(equal).saturating_sub(failed),
            failed,
            inexact: report.inexact,
            examples: examples.filter_map(|example| serde_json::to_value(example).ok()).collect(),
            differences: report.tallies.into_values().map(TallyOut::from).collect(),
            next: report.next,
        }
    }
}

/// Make past decisions of a plugin again, by another version, and see the difference in money before it is enabled. At most
/// 2,000 purchases at a time: `next` says where to go on.
#[utoipa::path(post, path = "/v1/plugins/{id}/replay", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)), request_body = ReplayIn,
    responses((status = 200, body = ReplayOut), crate::http::openapi::Problems))]
pub async fn plugin_replay(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    Json(input): Json<ReplayIn>,
) -> Answered {
    let ReplayIn { with, config, since, until, after } = input;
    let of = plugin::get(&gateway, plugin_id(&id)?).await?;
    let other = match with {
        None => of.clone(),
        Some(with) => plugin::get(&gateway, with).await.map_err(|problem| problem.field("with"))?,
    };
    if other.role != of.role {
        return Err(Problem::malformed("with", format!("a {} plugin decided that", of.role)));
    }
    let with = plugin::load::plugin(&gateway, &other).await?;
    let config = config.map(config_text).map(Into::into);
    let asked = Asked { of, with, config, since, until };
    let report = replay::replay(&gateway, &asked, after, PURCHASES_MAX).await?;
    Ok(HttpResponse::Ok().json(ReplayOut::from(report)))
}
