//! Taxes on their way to the authority.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes as Raw, Data, Path, Query},
};
use purser_core::{
    account::{Authority, Taxpayer},
    ids::RemittanceId,
    liability::ReturnRow,
    outgoing::Settled,
    period::Period,
};
use purser_money::{Currency, MoneyError};
use purser_store::read::remittance::{FilingSent, StoredRemittance, filing_get, remittances_page};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer,
    auth::{Operator, Viewer},
    body::{self, Json},
    download,
    operator::{FileBytes, Nothing},
    page::{PageParams, PageQuery},
};
use crate::{
    app::{
        liability::{self, Owed, Part},
        outgoing,
        remittance::{self, Wish},
        return_send::{self, Destination},
    },
    gateway::Gateway,
    problem::Problem,
};

type Answered = Result<HttpResponse, Problem>;

/// What a merchant's key needs to see its remittances: they tell of its sales.
const SCOPE: &str = "sales:read";
/// An authorization and a handful of what an authority asks for.
const HEADERS_MAX: usize = 20;
/// A token of OAuth is a kilobyte or two.
const HEADER_CHARS_MAX: usize = 4_096;

/// Tax to be paid over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RemittanceRequest)]
pub struct RemittanceIn {
    /// To whom, as tax plugins name it.
    #[schema(pattern = "^[A-Z0-9-]{1,16}$", example = "DE")]
    authority: String,
    /// A month, or a quarter, of UTC days.
    #[schema(pattern = r"^\d{4}-(0[1-9]|1[0-2]|Q[1-4])$", example = "2026-Q4")]
    period: String,
    /// Who owes: `operator`, or a merchant. Whoever owes there, if it is only one.
    taxpayer: Option<String>,
    /// In which currency. The one that is owed, if it is only one.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
}

impl RemittanceIn {
    fn read(&self) -> Result<Wish, Problem> {
        let authority = Authority::parse(&self.authority).map_err(|_| {
            let detail = "1 to 16 capital letters, digits and hyphens, as tax plugins name it";
            Problem::malformed("authority", detail)
        })?;
        let taxpayer = self.taxpayer.as_deref().map(|text| {
            let known: Result<Taxpayer, _> = text.parse();
            known.map_err(|_| Problem::malformed("taxpayer", "`operator`, or the id of a merchant"))
        });
        let currency = self.currency.as_deref().map(|code| body::currency(code, "currency"));
        Ok(Wish {
            authority,
            period: period(&self.period)?,
            taxpayer: taxpayer.transpose()?,
            currency: currency.transpose()?,
        })
    }
}

fn period(text: &str) -> Result<Period, Problem> {
    text.parse()
        .map_err(|_| Problem::malformed("period", "a month like 2026-10 or a quarter like 2026-Q4"))
}

/// One row of a return.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnRow)]
pub struct RowOut {
    /// The place whose tax it is.
    jurisdiction: String,
    /// What was sold.
    category: String,
    /// Why this rate.
    reason: String,
    /// Percent.
    rate: String,
    /// The net, less what went back.
    base: answer::Money,
    /// The tax on it.
    tax: answer::Money,
    /// The earlier period that it corrects; null in a row of the period itself.
    #[schema(required = true)]
    corrects: Option<String>,
}

impl From<ReturnRow> for RowOut {
    fn from(row: ReturnRow) -> Self {
        let ReturnRow { jurisdiction, category, reason, rate, base, tax, corrects } = row;
        Self {
            jurisdiction,
            category,
            reason,
            rate: rate.to_string(),
            base: base.into(),
            tax: tax.into(),
            corrects: corrects.map(|period| period.to_string()),
        }
    }
}

/// A period's own rows, and those that correct earlier ones.
fn rows(rows: Result<Vec<ReturnRow>, MoneyError>) -> Result<(Vec<RowOut>, Vec<RowOut>), Problem> {
    let rows = rows.map_err(Problem::internal)?;
    let (own, corrections): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.corrects.is_none());
    let out = |rows: Vec<ReturnRow>| rows.into_iter().map(RowOut::from).collect();
    Ok((out(own), out(corrections)))
}

/// A return that can be downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Return {
    /// What it is.
    #[schema(example = "text/csv; charset=utf-8")]
    media_type: String,
    /// What it is called.
    file_name: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// Where it is downloaded.
    #[schema(format = "uri")]
    url: String,
}

/// A time that a return was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnSent)]
pub struct SentOut {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: purser_core::Timestamp,
    /// Where to, without the query.
    url: String,
    /// Whether the answer was one of success, 200 to 299.
    accepted: bool,
    /// The status that was answered; null if nothing was.
    #[schema(required = true)]
    status: Option<u16>,
    /// The beginning of the answer, or why there is none.
    answer: String,
}

impl From<FilingSent> for SentOut {
    fn from(FilingSent { at, url, status, answer, .. }: FilingSent) -> Self {
        let accepted = status.is_some_and(|status| (200..300).contains(&status));
        Self { at, url, accepted, status, answer }
    }
}

/// Tax that was set apart for its authority.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Remittance)]
pub struct RemittanceOut {
    /// Its name.
    #[schema(value_type = String)]
    id: RemittanceId,
    /// To whom.
    authority: String,
    /// Who owes: `operator`, or a merchant.
    taxpayer: String,
    /// In which currency.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$")]
    currency: Currency,
    /// What for.
    period: String,
    /// The net of all rows, corrections included.
    base: answer::Money,
    /// The tax of all rows, corrections included: what the ledger's tax account was posted by them.
    tax: answer::Money,
    /// The rows that correct earlier periods.
    corrections: Vec<RowOut>,
    /// The rows of the period itself.
    lines: Vec<RowOut>,
    /// What earlier returns left: below zero for what more went back than was sold.
    carried: answer::Money,
    /// What is paid: tax and what was carried, but never less than nothing.
    payable: answer::Money,
    /// The return.
    r#return: Return,
    /// What became of it: `prepared`, `confirmed` or `failed`.
    #[schema(pattern = "^(prepared|confirmed|failed)$")]
    status: &'static str,
    /// When it was prepared.
    #[schema(value_type = String, format = DateTime)]
    created_at: purser_core::Timestamp,
    /// When that became of it; null while it is under way.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    settled_at: Option<purser_core::Timestamp>,
    /// The last times that its return was sent, newest first. Only where one remittance is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<Vec<SentOut>>,
}

impl RemittanceOut {
    fn of(gateway: &Gateway, stored: StoredRemittance) -> Result<Self, Problem> {
        let StoredRemittance { record, media_type, file_name, hash, settled } = stored;
        let account = record.account;
        let (lines, corrections) = rows(record.lines.rows(record.period, account.currency))?;
        let url = format!("{}/v1/tax/remittances/{}/return", gateway.issuer, record.id);
        let sha256 = data_encoding::HEXLOWER.encode(&hash);
        Ok(Self {
            id: record.id,
            authority: account.authority.as_str().to_owned(),
            taxpayer: account.taxpayer.to_string(),
            currency: account.currency,
            period: record.period.to_string(),
            base: record.base.into(),
            tax: record.tax.into(),
            corrections,
            lines,
            carried: record.carried.into(),
            payable: record.paid.into(),
            r#return: Return { media_type, file_name, sha256, url },
            status: settled.map_or("prepared", |(settled, _)| settled.name()),
            created_at: record.at,
            settled_at: settled.map(|(_, at)| at),
            sent: None,
        })
    }
}

/// Set the tax of a period apart for its authority, and have its return written by the plugin that assessed the sales.
#[utoipa::path(post, path = "/v1/tax/remittances", tag = "operator", security(("operator" = [])),
    params(super::openapi::IdempotencyKey), request_body = RemittanceIn,
    responses((status = 201, body = RemittanceOut), super::openapi::Problems))]
pub async fn remittance_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    bytes: Raw,
) -> Answered {
    let (claim, answered) = operator.key.claim(&gateway, &request, &bytes)?;
    let id = match answered {
        Some(outcome) => remittance::remitted(outcome)?,
        None => {
            let wish = body::parse::<RemittanceIn>(&bytes)?.read()?;
            remittance::remit(&gateway, operator.facts_version, claim, wish).await?
        }
    };
    // The same key gets the same answer, whatever became of it since.
    let stored = StoredRemittance { settled: None, ..remittance::get(&gateway, id).await? };
    Ok(HttpResponse::Created().json(RemittanceOut::of(&gateway, stored)?))
}

/// The authority has the money: it leaves the float.
#[utoipa::path(post, path = "/v1/tax/remittances/{id}/confirm", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), super::openapi::IdempotencyKey),
    responses((status = 200, body = RemittanceOut), super::openapi::Problems))]
pub async fn remittance_confirm(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    settle(&gateway, &request, &operator, (&id, &bytes), Settled::Confirmed).await
}

/// The money did not get there, or the return was refused: the tax is owed again, and the period is free.
#[utoipa::path(post, path = "/v1/tax/remittances/{id}/fail", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), super::openapi::IdempotencyKey),
    responses((status = 200, body = RemittanceOut), super::openapi::Problems))]
pub async fn remittance_fail(
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
            remittance::settle(gateway, operator.facts_version, claim, id, settled).await?
        }
    };
    let id = outgoing::settled(outcome)?.parse().map_err(Problem::internal)?;
    let stored = remittance::get(gateway, id).await?;
    Ok(HttpResponse::Ok().json(RemittanceOut::of(gateway, stored)?))
}

/// A remittance that the caller may see. Somebody else's is unknown.
async fn visible(
    gateway: &Gateway,
    viewer: &Viewer,
    id: &str,
) -> Result<StoredRemittance, Problem> {
    let merchant = viewer.merchant(SCOPE)?;
    let id: RemittanceId = id.parse().map_err(|_| Problem::not_found())?;
    let stored = remittance::get(gateway, id).await?;
    let owed_by = stored.record.account.taxpayer;
    let is_own = merchant.is_none_or(|merchant| owed_by == Taxpayer::Merchant(merchant));
    if is_own { Ok(stored) } else { Err(Problem::not_found()) }
}

/// Remittances: a merchant's own, or all for the operator.
#[utoipa::path(get, path = "/v1/tax/remittances", tag = "merchant", security(("operator" = []), ("merchant" = [])),
    params(PageParams), responses((status = 200, body = answer::Page<RemittanceOut>), super::openapi::Problems))]
pub async fn remittances_list(
    gateway: Data<Gateway>,
    viewer: Viewer,
    PageQuery(page): PageQuery,
) -> Answered {
    let taxpayer = viewer.merchant(SCOPE)?.map(Taxpayer::Merchant);
    let found = gateway.store.read(move |db| remittances_page(db, taxpayer, &page)).await?;
    let data = found.rows.into_iter().map(|stored| RemittanceOut::of(&gateway, stored));
    let data = data.collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(answer::Page { data, next: found.next }))
}

/// One remittance, with the times that its return was sent.
#[utoipa::path(get, path = "/v1/tax/remittances/{id}", tag = "merchant", security(("operator" = []), ("merchant" = [])),
    params(("id" = String, Path)), responses((status = 200, body = RemittanceOut), super::openapi::Problems))]
pub async fn remittance_get(gateway: Data<Gateway>, viewer: Viewer, id: Path<String>) -> Answered {
    let stored = visible(&gateway, &viewer, &id).await?;
    let sent = return_send::list(&gateway, stored.record.id).await?;
    let mut out = RemittanceOut::of(&gateway, stored)?;
    out.sent = Some(sent.into_iter().map(SentOut::from).collect());
    Ok(HttpResponse::Ok().json(out))
}

/// The return of a remittance, as the plugin wrote it.
#[utoipa::path(get, path = "/v1/tax/remittances/{id}/return", tag = "merchant",
    security(("operator" = []), ("merchant" = [])), params(("id" = String, Path)),
    responses((status = 200, body = FileBytes, content_type = "application/octet-stream"), super::openapi::Problems))]
pub async fn return_get(gateway: Data<Gateway>, viewer: Viewer, id: Path<String>) -> Answered {
    let id = visible(&gateway, &viewer, &id).await?.record.id;
    let filing = gateway.store.read(move |db| filing_get(db, id)).await?;
    let filing = filing.ok_or_else(|| Problem::internal("a remittance has no return"))?;
    download::file(&filing.media_type, &filing.file_name, filing.body)
}

/// Where a return is sent to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnSendRequest)]
pub struct SendIn {
    /// By https to a public host; in the sandbox also by http to this machine.
    #[schema(format = "uri", max_length = 2048)]
    url: String,
    /// Headers that the authority asks for, such as `authorization`. They are not kept.
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
}

impl SendIn {
    fn read(self) -> Result<Destination, Problem> {
        let url = body::text(&self.url, 1..=crate::outbound::URL_CHARS_MAX, "url")?;
        if self.headers.len() > HEADERS_MAX {
            return Err(Problem::malformed("headers", format!("at most {HEADERS_MAX}")));
        }
        let header = |(name, value): (String, String)| {
            let name = body::text(&name, 1..=100, "headers")?.to_ascii_lowercase();
            Ok((name, body::text(&value, 0..=HEADER_CHARS_MAX, "headers")?))
        };
        let headers = self.headers.into_iter().map(header).collect::<Result<Vec<_>, Problem>>()?;
        if headers.iter().any(|(name, _)| name == "content-type") {
            return Err(Problem::malformed("headers", "the content type is that of the return"));
        }
        Ok(Destination { url, headers })
    }
}

/// Send a return to its authority: a POST of the file that the plugin wrote, with its media type. What is answered is
/// kept; whether the remittance is confirmed or has failed is still the operator's to say.
#[utoipa::path(post, path = "/v1/tax/remittances/{id}/send", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)), request_body = SendIn,
    responses((status = 200, body = SentOut), super::openapi::Problems))]
pub async fn return_send_now(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    Json(input): Json<SendIn>,
) -> Answered {
    let id: RemittanceId = id.parse().map_err(|_| Problem::not_found())?;
    let sent = return_send::send(&gateway, id, input.read()?).await?;
    Ok(HttpResponse::Ok().json(SentOut::from(sent)))
}

/// Which liabilities.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LiabilitiesParams {
    /// A month or a quarter.
    #[param(pattern = r"^\d{4}-(0[1-9]|1[0-2]|Q[1-4])$", example = "2026-Q4")]
    period: String,
}

/// What is owed to one authority.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liability {
    /// To whom.
    authority: String,
    /// By whom: `operator`, or a merchant.
    taxpayer: String,
    /// In which currency.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$")]
    currency: Currency,
    /// The net of all rows, corrections included.
    base: answer::Money,
    /// The tax of all rows, corrections included.
    tax: answer::Money,
    /// The rows that correct earlier periods.
    corrections: Vec<RowOut>,
    /// The rows of the period itself.
    lines: Vec<RowOut>,
    /// What earlier returns left.
    carried: answer::Money,
    /// What would be paid.
    payable: answer::Money,
    /// What the tax account holds, other periods included.
    balance: answer::Money,
}

/// What is owed for a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liabilities {
    /// The period.
    period: String,
    /// What no remittance has told of yet.
    data: Vec<Liability>,
}

impl Liability {
    fn of(owed: Owed) -> Result<Self, Problem> {
        let (lines, corrections) = rows(owed.rows())?;
        Ok(Self {
            authority: owed.account.authority.as_str().to_owned(),
            taxpayer: owed.account.taxpayer.to_string(),
            currency: owed.account.currency,
            base: owed.base.into(),
            tax: owed.tax.into(),
            corrections,
            lines,
            carried: owed.carried.into(),
            payable: owed.payable.into(),
            balance: owed.holds.into(),
        })
    }
}

/// What is owed for a period, to each authority, by each taxpayer and in each currency, and not told of yet.
#[utoipa::path(get, path = "/v1/tax/liabilities", tag = "operator", security(("operator" = [])),
    params(LiabilitiesParams), responses((status = 200, body = Liabilities), super::openapi::Problems))]
pub async fn liabilities_get(
    gateway: Data<Gateway>,
    _operator: Operator,
    request: HttpRequest,
) -> Answered {
    let query = Query::<LiabilitiesParams>::from_query(request.query_string());
    let Query(params) = query
        .map_err(|_| Problem::malformed("period", "the query is `period`, a month or a quarter"))?;
    let period = period(&params.period)?;
    let part = Part { period, authority: None, taxpayer: None, currency: None };
    let owed = liability::owed(&gateway, part).await?;
    let data = owed.into_iter().map(Liability::of).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(Liabilities { period: period.to_string(), data }))
}
