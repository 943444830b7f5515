//! The calls about stamps: quoting, buying, listing and voiding for buyers; verifying for everyone; scanning for vendors
//! and the operator.

pub mod print;
pub mod scan;
mod shape;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes as Raw, Data, Path},
};
use purser_core::{
    ids::{MerchantId, StampId},
    stamp::piece::{Address, ServiceId},
};
use purser_store::read::stamp::stamps_page;
use serde::Deserialize;
use utoipa::ToSchema;

pub use shape::{Stamp, StampKey, StampKeys, StampQuote, StampQuotes, VoidedStamp};

use super::{
    answer,
    auth::{Buyer, Operator},
    body::{self, Json, MoneyIn},
    buyer::pin,
    operator::Nothing,
    page::{PageParams, PageQuery},
};
use crate::{
    app::stamp::{Wish, buy, key, quote, void},
    gateway::Gateway,
    place::place_on_earth,
    problem::Problem,
};

type Answered = Result<HttpResponse, Problem>;

/// Two tonnes: more than any post carries as one piece.
const WEIGHT_G_MAX: u32 = 2_000_000;

/// A piece that is to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StampQuoteRequest)]
pub struct StampQuoteIn {
    /// A merchant that sells postage.
    vendor: String,
    /// From where: a country, optionally with a postcode.
    #[schema(pattern = "^[A-Z]{2}(-[A-Za-z0-9 -]{1,12})?$", example = "DE-10115")]
    origin: String,
    /// To where: a country, optionally with a postcode.
    #[schema(pattern = "^[A-Z]{2}(-[A-Za-z0-9 -]{1,12})?$", example = "FR-75001")]
    destination: String,
    /// Its weight in grams.
    #[schema(minimum = 1, maximum = 2_000_000)]
    weight_g: u32,
    /// One service only; else all that carry the piece.
    #[schema(pattern = "^[A-Za-z0-9-]{1,40}$")]
    service: Option<String>,
}

/// A stamp to be bought.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StampRequest)]
pub struct StampIn {
    /// A merchant that sells postage.
    vendor: String,
    /// From where: a country, optionally with a postcode.
    #[schema(pattern = "^[A-Z]{2}(-[A-Za-z0-9 -]{1,12})?$", example = "DE-10115")]
    origin: String,
    /// To where: a country, optionally with a postcode.
    #[schema(pattern = "^[A-Z]{2}(-[A-Za-z0-9 -]{1,12})?$", example = "FR-75001")]
    destination: String,
    /// Its weight in grams.
    #[schema(minimum = 1, maximum = 2_000_000)]
    weight_g: u32,
    /// One of those that a quote offers.
    #[schema(pattern = "^[A-Za-z0-9-]{1,40}$")]
    service: String,
    /// The most that may leave the vault.
    max_total: Option<MoneyIn>,
    /// The PIN, above the step-up limit.
    pin: Option<String>,
}

/// What is to be sent, as clients write it.
pub(crate) fn wish(
    vendor: &str,
    (origin, destination): (&str, &str),
    weight_g: u32,
    service: Option<&str>,
) -> Result<Wish, Problem> {
    if !(1..=WEIGHT_G_MAX).contains(&weight_g) {
        return Err(Problem::malformed("weight_g", format!("from 1 to {WEIGHT_G_MAX} grams")));
    }
    let id = body::text(vendor, 0..=64, "vendor")?;
    Ok(Wish {
        vendor: id.parse::<MerchantId>().ok(),
        origin: address(origin, "origin")?,
        destination: address(destination, "destination")?,
        weight_g,
        service: service.map(service_id).transpose()?,
    })
}

fn address(text: &str, field: &str) -> Result<Address, Problem> {
    let address =
        Address::parse(text).map_err(|error| Problem::malformed(field, error.to_string()))?;
    place_on_earth(address.country(), field)?;
    Ok(address)
}

/// A service by its name.
pub(crate) fn service_id(text: &str) -> Result<ServiceId, Problem> {
    ServiceId::parse(text).map_err(|error| Problem::malformed("service", error.to_string()))
}

/// What a piece can be sent by, and for how much. Moves nothing and needs no funds.
#[utoipa::path(post, path = "/v1/stamps/quotes", tag = "buyer", security(("buyer" = [])),
    request_body = StampQuoteIn, responses((status = 200, body = StampQuotes), super::openapi::Problems))]
pub async fn stamp_quote(
    gateway: Data<Gateway>,
    buyer: Buyer,
    Json(input): Json<StampQuoteIn>,
) -> Answered {
    let StampQuoteIn { vendor, origin, destination, weight_g, service } = input;
    let wish = wish(&vendor, (&origin, &destination), weight_g, service.as_deref())?;
    let quoted = quote::quote(&gateway, &buyer.payer(), &wish).await?;
    let data = quoted.iter().filter_map(StampQuote::of).collect();
    Ok(HttpResponse::Ok().json(StampQuotes { data }))
}

/// Buy a stamp: a purchase of one item, and the mark to print.
#[utoipa::path(post, path = "/v1/stamps", tag = "buyer", security(("buyer" = [])),
    params(super::openapi::IdempotencyKey), request_body = StampIn,
    responses((status = 201, body = Stamp), super::openapi::Problems))]
pub async fn stamp_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    buyer: Buyer,
    bytes: Raw,
) -> Answered {
    let (claim, answered) = buyer.key.claim(&gateway, &request, &bytes)?;
    let stamp = match answered {
        Some(outcome) => buy::bought(&gateway, buyer.account, outcome).await?,
        None => {
            let input: StampIn = body::parse(&bytes)?;
            let StampIn { vendor, origin, destination, weight_g, service, max_total, pin: typed } =
                input;
            let unit = gateway.settings.unit_of_account;
            let max_total =
                max_total.as_ref().map(|most| most.positive_in(unit, "max_total")).transpose()?;
            let wish = wish(&vendor, (&origin, &destination), weight_g, None)?;
            let service = service_id(&service)?;
            let agreement = buy::Agreement { wish, service, max_total, pin: pin(typed)? };
            buy::buy(&gateway, &buyer.payer(), claim, &agreement).await?
        }
    };
    Ok(HttpResponse::Created().json(Stamp::from(&stamp)))
}

/// The stamps of this account.
#[utoipa::path(get, path = "/v1/stamps", tag = "buyer", security(("buyer" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<Stamp>), super::openapi::Problems))]
pub async fn stamps_list(
    gateway: Data<Gateway>,
    buyer: Buyer,
    PageQuery(page): PageQuery,
) -> Answered {
    let account = buyer.account;
    let rows = gateway.store.read(move |db| stamps_page(db, account, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, |row| Stamp::from(&row))))
}

/// One stamp.
#[utoipa::path(get, path = "/v1/stamps/{id}", tag = "buyer", security(("buyer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = Stamp), super::openapi::Problems))]
pub async fn stamp_get_one(gateway: Data<Gateway>, buyer: Buyer, id: Path<String>) -> Answered {
    let id: StampId = id.parse().map_err(|_| Problem::not_found())?;
    let stamp = void::own(&gateway, buyer.account, id).await?;
    Ok(HttpResponse::Ok().json(Stamp::from(&stamp)))
}

/// Give a stamp back that was not used: a refund of its item, under the same rules.
#[utoipa::path(post, path = "/v1/stamps/{id}/void", tag = "buyer", security(("buyer" = [])),
    params(("id" = String, Path), super::openapi::IdempotencyKey),
    responses((status = 200, body = VoidedStamp), super::openapi::Problems))]
pub async fn stamp_void(
    gateway: Data<Gateway>,
    request: HttpRequest,
    buyer: Buyer,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    let (claim, answered) = buyer.key.claim(&gateway, &request, &bytes)?;
    let voided = match answered {
        Some(outcome) => void::voided(&gateway, buyer.account, outcome).await?,
        None => {
            let Nothing {} = body::parse(&bytes)?;
            let id: StampId = id.parse().map_err(|_| Problem::not_found())?;
            void::void(&gateway, &buyer.payer(), claim, id).await?
        }
    };
    Ok(HttpResponse::Ok().json(VoidedStamp::from(voided)))
}

/// The public keys of all vendors: all that is needed to check stamps offline.
#[utoipa::path(get, path = "/v1/stamps/keys", tag = "everyone",
    responses((status = 200, body = StampKeys, description = "A JWK set (RFC 7517)")))]
pub async fn stamp_keys(gateway: Data<Gateway>) -> Answered {
    let keys = key::all(&gateway).await?.into_iter().map(StampKey::from).collect();
    Ok(HttpResponse::Ok().json(StampKeys { keys }))
}

/// A vendor whose key is to be replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StampKeyRequest)]
pub struct StampKeyIn {
    /// A merchant that sells postage.
    vendor: String,
}

/// Give a vendor a new key. It signs from now on, and the old ones go on verifying.
#[utoipa::path(post, path = "/v1/stamps/keys", tag = "operator", security(("operator" = [])),
    request_body = StampKeyIn, responses((status = 201, body = StampKey), super::openapi::Problems))]
pub async fn stamp_key_create(
    gateway: Data<Gateway>,
    _operator: Operator,
    Json(input): Json<StampKeyIn>,
) -> Answered {
    let vendor = body::text(&input.vendor, 0..=64, "vendor")?;
    let vendor: MerchantId = vendor.parse().map_err(|_| Problem::not_found().field("vendor"))?;
    let key = key::rotate(&gateway, vendor).await?;
    Ok(HttpResponse::Created().json(StampKey::from(key)))
}
