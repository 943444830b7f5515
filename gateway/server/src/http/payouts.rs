//! Money on its way to merchants' banks, and the statements that say how it came to be owed.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes as Raw, Data, Path},
};
use purser_core::{
    ids::{MerchantId, PayoutId},
    outgoing::Settled,
    period::Month,
};
use purser_store::read::{
    payout::{StoredPayout, payouts_page},
    statement::{Statement, StatementLine},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer,
    auth::{Merchant, Operator, Viewer},
    body, download,
    operator::{FileBytes, Nothing},
    page::{PageParams, PageQuery},
};
use crate::{
    app::{outgoing, payout, statement},
    gateway::Gateway,
    problem::Problem,
};

type Answered = Result<HttpResponse, Problem>;

/// What a merchant's key needs.
const SCOPE: &str = "payouts:read";

/// A payout to be prepared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PayoutRequest)]
pub struct PayoutIn {
    /// To whom.
    #[schema(example = "merch_00000000000000000000000001")]
    merchant: String,
    /// In which currency: all that the merchant is owed in it, as far as it is told.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

/// Money on its way to a merchant's bank.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payout)]
pub struct PayoutOut {
    /// Its name.
    #[schema(value_type = String)]
    id: PayoutId,
    /// To whom.
    #[schema(value_type = String)]
    merchant: MerchantId,
    /// How much.
    amount: answer::Money,
    /// What became of it: `prepared`, `confirmed` or `failed`.
    #[schema(pattern = "^(prepared|confirmed|failed)$")]
    status: &'static str,
    /// When it was prepared.
    #[schema(value_type = String, format = DateTime)]
    created_at: purser_core::Timestamp,
    /// When that became of it; null while it is under way.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    settled_at: Option<purser_core::Timestamp>,
}

impl From<StoredPayout> for PayoutOut {
    fn from(StoredPayout { record, settled }: StoredPayout) -> Self {
        Self {
            id: record.id,
            merchant: record.merchant,
            amount: record.amount.into(),
            status: settled.map_or("prepared", |(settled, _)| settled.name()),
            created_at: record.at,
            settled_at: settled.map(|(_, at)| at),
        }
    }
}

/// Set all that a merchant is owed in one currency, as far as it is told, apart for its bank.
#[utoipa::path(post, path = "/v1/payouts", tag = "operator", security(("operator" = [])),
    params(super::openapi::IdempotencyKey), request_body = PayoutIn,
    responses((status = 201, body = PayoutOut), super::openapi::Problems))]
pub async fn payout_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    bytes: Raw,
) -> Answered {
    let (claim, answered) = operator.key.claim(&gateway, &request, &bytes)?;
    let id = match answered {
        Some(outcome) => payout::paid_out(outcome)?,
        None => {
            let input: PayoutIn = body::parse(&bytes)?;
            let merchant = input.merchant.parse();
            let merchant =
                merchant.map_err(|_| Problem::malformed("merchant", "the id of a merchant"))?;
            let to = (merchant, body::currency(&input.currency, "currency")?);
            payout::pay_out(&gateway, operator.facts_version, claim, to).await?
        }
    };
    // The same key gets the same answer, whatever became of it since.
    let stored = StoredPayout { settled: None, ..payout::get(&gateway, id).await? };
    Ok(HttpResponse::Created().json(PayoutOut::from(stored)))
}

/// The bank has paid: the money leaves the float, and the merchant is told.
#[utoipa::path(post, path = "/v1/payouts/{id}/confirm", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), super::openapi::IdempotencyKey),
    responses((status = 200, body = PayoutOut), super::openapi::Problems))]
pub async fn payout_confirm(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    settle(&gateway, &request, &operator, (&id, &bytes), Settled::Confirmed).await
}

/// The bank has not paid: the merchant is owed it again, and is told.
#[utoipa::path(post, path = "/v1/payouts/{id}/fail", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), super::openapi::IdempotencyKey),
    responses((status = 200, body = PayoutOut), super::openapi::Problems))]
pub async fn payout_fail(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    settle(&gateway, &request, &operator, (&id, &bytes), Settled::Failed).await
}

async fn settle(
    gateway: &Gateway,
    request: &HttpRequest,
    operator: &Operator,
    (id, bytes): (&str, &[u8]),
    settled: Settled,
) -> Answered {
    let (claim, answered) = operator.key.claim(gateway, request, bytes)?;
    let outcome = match answered {
        Some(outcome) => outcome,
        None => {
            let Nothing {} = body::parse(bytes)?;
            let id = id.parse().map_err(|_| Problem::not_found())?;
            payout::settle(gateway, operator.facts_version, claim, id, settled).await?
        }
    };
    let id = outgoing::settled(outcome)?.parse().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().json(PayoutOut::from(payout::get(gateway, id).await?)))
}

/// Payouts: a merchant's own, or all for the operator.
#[utoipa::path(get, path = "/v1/payouts", tag = "merchant", security(("operator" = []), ("merchant" = [])),
    params(PageParams), responses((status = 200, body = answer::Page<PayoutOut>), super::openapi::Problems))]
pub async fn payouts_list(
    gateway: Data<Gateway>,
    viewer: Viewer,
    PageQuery(page): PageQuery,
) -> Answered {
    let merchant = viewer.merchant(SCOPE)?;
    let found = gateway.store.read(move |db| payouts_page(db, merchant, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(found, PayoutOut::from)))
}

/// The file for the operator's bank: reference, merchant, name, amount, currency. The gateway keeps no bank account.
#[utoipa::path(get, path = "/v1/payouts/{id}/file", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = FileBytes, content_type = "text/csv"), super::openapi::Problems))]
pub async fn payout_file(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
) -> Answered {
    let id: PayoutId = id.parse().map_err(|_| Problem::not_found())?;
    let file = payout::bank_file(&gateway, id).await?;
    download::file(download::CSV, &format!("{id}.csv"), file)
}

/// One change of what a merchant is owed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementLine)]
pub struct LineOut {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: purser_core::Timestamp,
    /// `sale`, `refund`, `payout` or `payout-failed`.
    #[schema(pattern = "^(sale|refund|payout|payout-failed)$")]
    kind: &'static str,
    /// The item, refund or payout.
    object: String,
    /// What was sold or went back; empty for a payout.
    title: String,
    /// By how much, below zero where less is owed.
    amount: answer::Money,
    /// What is owed then.
    balance: answer::Money,
}

/// A month in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Statement)]
pub struct StatementOut {
    /// What was owed when the month began.
    opening: answer::Money,
    /// What changed it, oldest first.
    lines: Vec<LineOut>,
    /// What was owed when the month ended, or is owed now: opening and lines together.
    closing: answer::Money,
}

/// A merchant's month.
#[derive(Debug, Serialize, ToSchema)]
pub struct Statements {
    /// Whose.
    #[schema(value_type = String)]
    merchant: MerchantId,
    /// Which.
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}$", example = "2026-10")]
    month: Month,
    /// One for each currency.
    data: Vec<StatementOut>,
}

impl From<StatementLine> for LineOut {
    fn from(line: StatementLine) -> Self {
        let StatementLine { at, kind, object, title, amount, balance } = line;
        let (amount, balance) = (amount.into(), balance.into());
        Self { at, kind: kind.name(), object, title, amount, balance }
    }
}

impl From<Statement> for StatementOut {
    fn from(Statement { opening, lines, closing }: Statement) -> Self {
        let lines = lines.into_iter().map(LineOut::from).collect();
        Self { opening: opening.into(), lines, closing: closing.into() }
    }
}

impl Statements {
    /// A month of these.
    pub(crate) fn of(merchant: MerchantId, month: Month, statements: Vec<Statement>) -> Self {
        let data = statements.into_iter().map(StatementOut::from).collect();
        Self { merchant, month, data }
    }
}

async fn read(
    gateway: &Gateway,
    merchant: &Merchant,
    month: &str,
) -> Result<(Month, Vec<Statement>), Problem> {
    merchant.require(SCOPE)?;
    let month = month.parse().map_err(|_| Problem::not_found())?;
    Ok((month, statement::statement(gateway, merchant.id, month).await?))
}

/// A month of what the merchant is owed, line by line, by UTC days.
#[utoipa::path(get, path = "/v1/statements/{month}", tag = "merchant", security(("merchant" = [])),
    params(("month" = String, Path, example = "2026-10")),
    responses((status = 200, body = Statements), super::openapi::Problems))]
pub async fn statement_get(
    gateway: Data<Gateway>,
    merchant: Merchant,
    month: Path<String>,
) -> Answered {
    let (month, statements) = read(&gateway, &merchant, &month).await?;
    Ok(HttpResponse::Ok().json(Statements::of(merchant.id, month, statements)))
}

/// The same, under the name that says what it is.
#[utoipa::path(get, path = "/v1/statements/{month}.json", tag = "merchant", security(("merchant" = [])),
    params(("month" = String, Path, example = "2026-10")),
    responses((status = 200, body = Statements), super::openapi::Problems))]
pub async fn statement_json(
    gateway: Data<Gateway>,
    merchant: Merchant,
    month: Path<String>,
) -> Answered {
    statement_get(gateway, merchant, month).await
}

/// The same as a table.
#[utoipa::path(get, path = "/v1/statements/{month}.csv", tag = "merchant", security(("merchant" = [])),
    params(("month" = String, Path, example = "2026-10")),
    responses((status = 200, body = FileBytes, content_type = "text/csv"), super::openapi::Problems))]
pub async fn statement_csv(
    gateway: Data<Gateway>,
    merchant: Merchant,
    month: Path<String>,
) -> Answered {
    let (month, statements) = read(&gateway, &merchant, &month).await?;
    let table = statement::table(month, &statements)?;
    download::file(download::CSV, &format!("statement-{month}.csv"), table)
}
