//! Taxes on their way to the authority.

pub mod shape;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes as Raw, Data, Path, Query},
};
use purser_core::{
    account::{Authority, Taxpayer},
    ids::RemittanceId,
    outgoing::Settled,
    period::Period,
};
use purser_store::{
    filing_claim::Repetition,
    read::remittance::{StoredRemittance, filing_get, remittances_page},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    answer,
    auth::{Operator, Viewer},
    body, download,
    operator::{FileBytes, Nothing},
    page::{PageParams, PageQuery},
};
use shape::{Liabilities, Liability, RemittanceOut, SentOut};

use crate::{
    app::{
        liability::{self, Part},
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
const HEADER_BYTES_MAX: usize = 4_096;
/// Longer than any that is registered.
const HEADER_NAME_BYTES_MAX: usize = 100;
/// What makes the message: only the gateway writes it.
const HEADERS_OF_OURS: [&str; 7] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
];

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
    /// What is meant to be remitted.
    pub(crate) fn read(&self) -> Result<Wish, Problem> {
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

/// A month or a quarter.
pub(crate) fn period(text: &str) -> Result<Period, Problem> {
    text.parse()
        .map_err(|_| Problem::malformed("period", "a month like 2026-10 or a quarter like 2026-Q4"))
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
    /// Sends it although the authority accepted it before, or may have it.
    #[serde(default)]
    again: bool,
}

impl SendIn {
    /// Where it is meant to be sent.
    pub(crate) fn read(self) -> Result<Destination, Problem> {
        let url = body::text(&self.url, 1..=crate::outbound::URL_CHARS_MAX, "url")?;
        if self.headers.len() > HEADERS_MAX {
            return Err(Problem::malformed("headers", format!("at most {HEADERS_MAX}")));
        }
        let headers = self.headers.into_iter().map(header).collect::<Result<_, Problem>>()?;
        let repetition = if self.again { Repetition::Wanted } else { Repetition::Refused };
        Ok(Destination { url, headers, repetition })
    }
}

/// A header that the authority asks for; those of the message itself are the gateway's.
fn header((name, value): (String, String)) -> Result<(String, String), Problem> {
    let name = name.to_ascii_lowercase();
    let token = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let good = (1..=HEADER_NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(token)
        && value.len() <= HEADER_BYTES_MAX
        && value.bytes().all(visible);
    if !good || HEADERS_OF_OURS.contains(&name.as_str()) {
        let detail = "names and values of visible ASCII, and none of the message itself";
        return Err(Problem::malformed("headers", detail));
    }
    Ok((name, value))
}

/// Send a return to its authority: a POST of the file that the plugin wrote, with its media type. What is answered is
/// kept, and answered again to the same key; whether the remittance is confirmed or has failed is still the operator's to
/// say. Of several requests at once one sends, and what the authority has accepted, or may have received, is sent again only
/// with `again`.
#[utoipa::path(post, path = "/v1/tax/remittances/{id}/send", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), super::openapi::IdempotencyKey), request_body = SendIn,
    responses((status = 200, body = SentOut), super::openapi::Problems))]
pub async fn return_send_now(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    // The teller has answered no such request: it sends nothing.
    let (claim, _) = operator.key.claim(&gateway, &request, &bytes)?;
    let sent = match return_send::answered(&gateway, &claim).await? {
        Some(sent) => sent,
        None => {
            let to = body::parse::<SendIn>(&bytes)?.read()?;
            let id: RemittanceId = id.parse().map_err(|_| Problem::not_found())?;
            return_send::send(&gateway, claim, id, to).await?
        }
    };
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
