//! Policies, treasury, the check of the books, and the sandbox's clock.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes as Raw, Data},
};
use purser_core::{Timestamp, ids::TradeId, policy::RefundPolicy};
use purser_money::{Currency, Money};
use purser_store::facts::refund_policy::{refund_policy_current, refund_policy_insert};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answered;
use crate::{
    app::{
        check::{self, Proof},
        trade,
    },
    gateway::Gateway,
    http::{
        answer,
        auth::Operator,
        body::{self, Json, MoneyIn},
    },
    problem::Problem,
};

/// More refunds, or days, than any policy means.
const COUNT_MAX: u32 = 1_000_000;
const DAYS_MAX: u32 = 3_650;

/// How far refunds go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundPolicyRequest)]
pub struct PolicyIn {
    /// Refunds in a period.
    #[schema(minimum = 0, maximum = 1_000_000)]
    max_count: u32,
    /// The refund account's total, in the unit of account, above which a vault closes.
    max_total: MoneyIn,
    /// Days after a sale in which it can go back, unless the offer says otherwise; 0 is a final sale.
    #[schema(minimum = 0, maximum = 3_650)]
    window_days: u32,
    /// Days after which the refund account starts anew.
    #[schema(minimum = 1, maximum = 3_650)]
    period_days: u32,
}

/// How far refunds go.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundPolicy)]
pub struct PolicyOut {
    /// Refunds in a period.
    max_count: u32,
    /// The refund account's total above which a vault closes.
    max_total: answer::Money,
    /// Days after a sale in which it can go back.
    window_days: u32,
    /// Days after which the refund account starts anew.
    period_days: u32,
}

impl From<RefundPolicy> for PolicyOut {
    fn from(policy: RefundPolicy) -> Self {
        let RefundPolicy { max_count, max_total, window_days, period_days } = policy;
        Self { max_count, max_total: max_total.into(), window_days, period_days }
    }
}

impl PolicyIn {
    /// The policy that is meant.
    pub(crate) fn read(&self, unit: Currency) -> Result<RefundPolicy, Problem> {
        let within = |value: u32, most: u32, least: u32, field: &str| match (least..=most)
            .contains(&value)
        {
            true => Ok(value),
            false => Err(Problem::malformed(field, format!("from {least} to {most}"))),
        };
        let max_total = self.max_total.any_in(unit, "max_total")?;
        Ok(RefundPolicy {
            max_count: within(self.max_count, COUNT_MAX, 0, "max_count")?,
            max_total,
            window_days: within(self.window_days, DAYS_MAX, 0, "window_days")?,
            period_days: within(self.period_days, DAYS_MAX, 1, "period_days")?,
        })
    }
}

/// Set how far refunds go. A request is judged by the policy in force when it is made.
#[utoipa::path(put, path = "/v1/policies/refunds", tag = "operator", security(("operator" = [])),
    request_body = PolicyIn, responses((status = 200, body = PolicyOut), crate::http::openapi::Problems))]
pub async fn refund_policy_put(
    gateway: Data<Gateway>,
    _operator: Operator,
    Json(input): Json<PolicyIn>,
) -> Answered {
    let (policy, at) = (input.read(gateway.settings.unit_of_account)?, gateway.now());
    gateway.store.change_facts(move |db| refund_policy_insert(db, at, &policy)).await?;
    Ok(HttpResponse::Ok().json(PolicyOut::from(policy)))
}

/// How far refunds go.
#[utoipa::path(get, path = "/v1/policies/refunds", tag = "operator", security(("operator" = [])),
    responses((status = 200, body = PolicyOut), crate::http::openapi::Problems))]
pub async fn refund_policy_get(gateway: Data<Gateway>, _operator: Operator) -> Answered {
    let policy = gateway.store.read(refund_policy_current).await?;
    Ok(HttpResponse::Ok().json(PolicyOut::from(policy)))
}

/// A trade that covers a position.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TradeRequest)]
pub struct TradeIn {
    /// What was given away.
    sold: MoneyIn,
    /// What was received, in another currency.
    bought: MoneyIn,
}

impl TradeIn {
    /// What was given away and what was received.
    pub(crate) fn read(&self) -> Result<(Money, Money), Problem> {
        let (sold, bought) = (self.sold.positive("sold")?, self.bought.positive("bought")?);
        if sold.currency() == bought.currency() {
            return Err(Problem::malformed("bought.currency", "a trade is between two currencies"));
        }
        Ok((sold, bought))
    }
}

/// A trade that was booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trade)]
pub struct TradeOut {
    /// Its name.
    #[schema(value_type = String)]
    id: TradeId,
    /// What was given away.
    sold: answer::Money,
    /// What was received.
    bought: answer::Money,
}

/// Book a trade at a bank that covers a currency position.
#[utoipa::path(post, path = "/v1/treasury/trades", tag = "operator", security(("operator" = [])),
    params(crate::http::openapi::IdempotencyKey), request_body = TradeIn,
    responses((status = 201, body = TradeOut), crate::http::openapi::Problems))]
pub async fn trade_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    bytes: Raw,
) -> Answered {
    let (claim, answered) = operator.key.claim(&gateway, &request, &bytes)?;
    let (sold, bought) = body::parse::<TradeIn>(&bytes)?.read()?;
    let id = match answered {
        Some(outcome) => trade::traded(outcome)?,
        None => trade::trade(&gateway, operator.facts_version, claim, (sold, bought)).await?,
    };
    Ok(HttpResponse::Created().json(TradeOut { id, sold: sold.into(), bought: bought.into() }))
}

/// What a check of the books found.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckReport {
    /// Whether the books are proved.
    ok: bool,
    /// What was checked.
    checks: Vec<CheckOut>,
}

/// One thing that was checked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check)]
pub struct CheckOut {
    /// What.
    name: &'static str,
    /// Whether it is so.
    ok: bool,
    /// How many rows were looked at.
    examined: u64,
    /// The first bad row, and what is wrong with it.
    #[schema(required = true)]
    detail: Option<String>,
}

impl From<Proof> for CheckReport {
    fn from(Proof { ok, checks }: Proof) -> Self {
        let check = |purser_store::Check { name, ok, examined, detail }| CheckOut {
            name,
            ok,
            examined,
            detail,
        };
        Self { ok, checks: checks.into_iter().map(check).collect() }
    }
}

/// Prove the books from nothing but the database.
#[utoipa::path(get, path = "/v1/check", tag = "operator", security(("operator" = [])),
    responses((status = 200, body = CheckReport), crate::http::openapi::Problems))]
pub async fn check_get(gateway: Data<Gateway>, _operator: Operator) -> Answered {
    Ok(HttpResponse::Ok().json(CheckReport::from(check::check(&gateway, |_| {}).await?)))
}

/// A new time for the sandbox.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockRequest)]
pub struct ClockIn {
    /// Not before what the clock says.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
}

/// The sandbox's time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clock)]
pub struct ClockOut {
    /// What the clock says.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
}

/// Move the sandbox's clock forward. It ticks on from there.
#[utoipa::path(post, path = "/v1/sandbox/clock", tag = "operator", security(("operator" = [])),
    request_body = ClockIn, responses((status = 200, body = ClockOut), crate::http::openapi::Problems))]
pub async fn clock_set(
    gateway: Data<Gateway>,
    _operator: Operator,
    Json(input): Json<ClockIn>,
) -> Answered {
    if !gateway.settings.sandbox {
        return Err(Problem::not_found().detail("only a sandbox's clock can be set"));
    }
    gateway
        .clock
        .set(input.now)
        .map_err(|backwards| Problem::malformed("now", backwards.to_string()))?;
    // What was to be tried again until now is tried now.
    gateway.deliveries.notify_one();
    Ok(HttpResponse::Ok().json(ClockOut { now: gateway.now() }))
}
