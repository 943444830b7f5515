//! The merchant's calls: offers, keys, profile, sales, goodwill refunds, events and webhooks.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes as Raw, Data, Path},
};
use purser_core::{
    Date, Timestamp,
    ids::{ItemId, KeyId},
    tax::Category,
};
use purser_store::{
    facts::{
        api_key::{self, KeyOwner},
        merchant::{Merchant as Row, merchant_get as merchant_read},
        offer_key,
    },
    read::{
        event::events_page,
        sale::{merchant_balances, sale_get as sale_read, sales_page},
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    answer,
    auth::Merchant,
    body::{self, Json, MoneyIn},
    operator::Nothing,
    page::{PageParams, PageQuery, ShortListQuery},
};
use crate::{
    app::merchant::{self, Maker, NewOfferKey, OFFER_LIFE_S, OFFER_LIFE_S_MAX, OfferWish},
    gateway::Gateway,
    problem::Problem,
};

pub mod login_clients;
mod shape;
pub mod webhooks;

pub use shape::{
    ApiKey, Event, MerchantProfile, MerchantTax, NewApiKey, OfferKeyMade, OfferKeyOut, OfferMade,
    Sale, SaleRefund,
};

type Answered = Result<HttpResponse, Problem>;

/// Ids that people choose, titles and addresses, each with its length.
const ID_CHARS_MAX: usize = 128;
const TITLE_CHARS_MAX: usize = 200;
const URL_CHARS_MAX: usize = 2_048;

async fn profile(gateway: &Gateway, merchant: &Merchant) -> Result<Row, Problem> {
    let id = merchant.id;
    let row = gateway.store.read(move |db| merchant_read(db, id)).await?;
    row.ok_or_else(Problem::not_found)
}

/// What is for sale.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = OfferItemRequest)]
pub struct OfferItemIn {
    /// The merchant's own id for it.
    #[schema(min_length = 1, max_length = 128)]
    id: String,
    /// What people read.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// What it is to the tax law.
    #[schema(value_type = Option<shape::CategoryName>)]
    category: Option<String>,
    /// Where it is shown.
    #[schema(format = "uri", max_length = 2048)]
    url: Option<String>,
}

body::parts!(OfferItemIn);

/// An offer to be signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferRequest)]
pub struct OfferIn {
    /// What is for sale.
    item: OfferItemIn,
    /// For how much.
    price: MoneyIn,
    /// Whether the price contains the taxes; it does not, if left out.
    tax_inclusive: Option<bool>,
    /// For how many seconds it is good; an hour, if left out.
    #[schema(minimum = 1, maximum = 31_536_000)]
    expires_in: Option<i64>,
    /// Whether it can be bought only once.
    single_use: Option<bool>,
    /// Days in which it can go back, in place of the gateway's; 0 is a final sale.
    #[schema(minimum = 0, maximum = 3_650)]
    refund_window_days: Option<u32>,
    /// Where the buyer goes after paying; its origin is one of the merchant's.
    #[schema(format = "uri", max_length = 2048)]
    return_url: Option<String>,
}

impl OfferIn {
    /// The offer that is meant.
    pub(crate) fn wish(self, today: Date) -> Result<OfferWish, Problem> {
        let category = self.item.category.as_deref().map(|name| {
            let known = Category::parse(name);
            known.ok_or_else(|| {
                Problem::malformed("item.category", "one of the categories of the contract")
            })
        });
        let expires_in_s = self.expires_in.unwrap_or(OFFER_LIFE_S);
        if !(1..=OFFER_LIFE_S_MAX).contains(&expires_in_s) {
            return Err(Problem::malformed(
                "expires_in",
                format!("from 1 to {OFFER_LIFE_S_MAX} seconds"),
            ));
        }
        let url = |url: Option<String>, field| {
            url.map(|url| body::text(&url, 1..=URL_CHARS_MAX, field)).transpose()
        };
        Ok(OfferWish {
            item_id: body::text(&self.item.id, 1..=ID_CHARS_MAX, "item.id")?,
            title: body::text(&self.item.title, 1..=TITLE_CHARS_MAX, "item.title")?,
            category: category.transpose()?.unwrap_or_default(),
            url: url(self.item.url, "item.url")?,
            price: self.price.positive_on(today, "price")?,
            tax_inclusive: self.tax_inclusive.unwrap_or(false),
            expires_in_s,
            single_use: self.single_use.unwrap_or(false),
            refund_window_days: self.refund_window_days,
            return_url: url(self.return_url, "return_url")?,
        })
    }
}

/// Sign an offer: a convenience, since any JWT library makes one without asking.
#[utoipa::path(post, path = "/v1/offers", tag = "merchant", security(("merchant" = [])), request_body = OfferIn,
    responses((status = 201, body = OfferMade), super::openapi::Problems))]
pub async fn offer_create(
    gateway: Data<Gateway>,
    merchant: Merchant,
    Json(input): Json<OfferIn>,
) -> Answered {
    merchant.require("offers")?;
    let row = profile(&gateway, &merchant).await?;
    let offer = merchant::offer_sign(&gateway, &row, input.wish(gateway.clock.today())?).await?;
    let pay_url = format!("{}/pay?offer={offer}", gateway.issuer);
    Ok(HttpResponse::Created().json(OfferMade { offer, pay_url }))
}

/// The keys that offers are checked with.
#[utoipa::path(get, path = "/v1/offer-keys", tag = "merchant", security(("merchant" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<OfferKeyOut>), super::openapi::Problems))]
pub async fn offer_keys_list(
    gateway: Data<Gateway>,
    merchant: Merchant,
    list: ShortListQuery,
) -> Answered {
    merchant.require("keys")?;
    let id = merchant.id;
    let rows = gateway.store.read(move |db| offer_key::offer_key_list(db, id)).await?;
    Ok(HttpResponse::Ok().json(list.page(rows, |row| row.kid.clone(), OfferKeyOut::from)))
}

/// A key for offers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferKeyRequest)]
pub struct OfferKeyIn {
    /// `HS256`: the gateway makes a secret. `EdDSA`: the merchant has the private key.
    #[schema(pattern = "^(HS256|EdDSA)$")]
    alg: String,
    /// With `EdDSA`: a public Ed25519 key as PEM, JWK or base64url.
    #[schema(max_length = 2048)]
    public_key: Option<String>,
}

/// Make or register a key for offers. Several live at once, for rotation. A secret is shown this once.
#[utoipa::path(post, path = "/v1/offer-keys", tag = "merchant", security(("merchant" = [])), request_body = OfferKeyIn,
    responses((status = 201, body = OfferKeyMade), super::openapi::Problems))]
pub async fn offer_key_create(
    gateway: Data<Gateway>,
    merchant: Merchant,
    Json(input): Json<OfferKeyIn>,
) -> Answered {
    merchant.require("keys")?;
    let OfferKeyIn { alg, public_key } = input;
    let key = NewOfferKey::wanted(&gateway, merchant.id, (&alg, public_key.as_deref()))?;
    let key = merchant::offer_key_add(&gateway, key).await?;
    Ok(HttpResponse::Created().json(OfferKeyMade::from(key)))
}

/// Delete a key: offers signed with it are refused from now on.
#[utoipa::path(delete, path = "/v1/offer-keys/{kid}", tag = "merchant", security(("merchant" = [])),
    params(("kid" = String, Path)), responses((status = 204), super::openapi::Problems))]
pub async fn offer_key_delete(
    gateway: Data<Gateway>,
    merchant: Merchant,
    kid: Path<String>,
) -> Answered {
    merchant.require("keys")?;
    let kid: KeyId = kid.parse().map_err(|_| Problem::not_found())?;
    let (id, kid) = (merchant.id, kid.to_string());
    if merchant::offer_key_remove(&gateway, id, kid).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::not_found())
}

/// The keys for the API, without the keys themselves.
#[utoipa::path(get, path = "/v1/api-keys", tag = "merchant", security(("merchant" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<ApiKey>), super::openapi::Problems))]
pub async fn api_keys_list(
    gateway: Data<Gateway>,
    merchant: Merchant,
    list: ShortListQuery,
) -> Answered {
    merchant.require("keys")?;
    let owner = KeyOwner::Merchant(merchant.id);
    let rows = gateway.store.read(move |db| api_key::api_key_list(db, owner)).await?;
    Ok(HttpResponse::Ok().json(list.page(rows, |row| row.id.to_string(), ApiKey::from)))
}

/// A key for the API.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyRequest)]
pub struct ApiKeyIn {
    /// What it may do.
    #[schema(value_type = Vec<shape::Scope>, min_items = 1, max_items = 7)]
    scopes: Vec<String>,
    /// When it ends; never, if left out. A key that ends makes none that ends later.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Make a key for the API. It is shown this once. A key makes no key that may do more than itself, or for longer.
#[utoipa::path(post, path = "/v1/api-keys", tag = "merchant", security(("merchant" = [])), request_body = ApiKeyIn,
    responses((status = 201, body = NewApiKey), super::openapi::Problems))]
pub async fn api_key_create(
    gateway: Data<Gateway>,
    merchant: Merchant,
    Json(input): Json<ApiKeyIn>,
) -> Answered {
    merchant.require("keys")?;
    let scopes = merchant::scopes(&input.scopes)?;
    for scope in &scopes {
        merchant.require(scope)?;
    }
    let maker = Maker { owner: merchant.id, expires_at: merchant.key_expires_at };
    let (row, key) = merchant::api_key_add(&gateway, maker, scopes, input.expires_at).await?;
    Ok(HttpResponse::Created().json(NewApiKey::of(row, &key)))
}

/// Delete a key for the API: it stops working at once.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", tag = "merchant", security(("merchant" = [])),
    params(("id" = String, Path)), responses((status = 204), super::openapi::Problems))]
pub async fn api_key_delete(
    gateway: Data<Gateway>,
    merchant: Merchant,
    id: Path<String>,
) -> Answered {
    merchant.require("keys")?;
    let id: KeyId = id.parse().map_err(|_| Problem::not_found())?;
    let owner = KeyOwner::Merchant(merchant.id);
    if gateway.store.write(move |db| api_key::api_key_delete(db, owner, id)).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::not_found())
}

/// The merchant's profile and what it is owed.
#[utoipa::path(get, path = "/v1/merchant", tag = "merchant", security(("merchant" = [])),
    responses((status = 200, body = MerchantProfile), super::openapi::Problems))]
pub async fn merchant_get(gateway: Data<Gateway>, merchant: Merchant) -> Answered {
    let id = merchant.id;
    let row = profile(&gateway, &merchant).await?;
    let balances = gateway.store.read(move |db| merchant_balances(db, id)).await?;
    Ok(HttpResponse::Ok().json(MerchantProfile::of(row, balances)))
}

/// What was sold, an item each.
#[utoipa::path(get, path = "/v1/sales", tag = "merchant", security(("merchant" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<Sale>), super::openapi::Problems))]
pub async fn sales_list(
    gateway: Data<Gateway>,
    merchant: Merchant,
    PageQuery(page): PageQuery,
) -> Answered {
    merchant.require("sales:read")?;
    let id = merchant.id;
    let rows = gateway.store.read(move |db| sales_page(db, id, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, Sale::from)))
}

/// One item that was sold.
#[utoipa::path(get, path = "/v1/sales/{item}", tag = "merchant", security(("merchant" = [])),
    params(("item" = String, Path)), responses((status = 200, body = Sale), super::openapi::Problems))]
pub async fn sale_get(gateway: Data<Gateway>, merchant: Merchant, item: Path<String>) -> Answered {
    merchant.require("sales:read")?;
    let (id, item) = (merchant.id, item.parse::<ItemId>().map_err(|_| Problem::not_found())?);
    let sale = gateway.store.read(move |db| sale_read(db, id, item)).await?;
    Ok(HttpResponse::Ok().json(Sale::from(sale.ok_or_else(Problem::not_found)?)))
}

/// Give the money for an item back, of the merchant's own accord: outside all limits of refunds.
#[utoipa::path(post, path = "/v1/sales/{item}/refund", tag = "merchant", security(("merchant" = [])),
    params(("item" = String, Path), super::openapi::IdempotencyKey),
    responses((status = 201, body = SaleRefund), super::openapi::Problems))]
pub async fn sale_refund(
    gateway: Data<Gateway>,
    request: HttpRequest,
    merchant: Merchant,
    item: Path<String>,
    bytes: Raw,
) -> Answered {
    merchant.require("sales:refund")?;
    let (claim, answered) = merchant.key.claim(&gateway, &request, &bytes)?;
    let (refund, item) = match answered {
        Some(outcome) => merchant::refunded(&gateway, merchant.id, outcome).await?,
        None => {
            let Nothing {} = body::parse(&bytes)?;
            let item: ItemId = item.parse().map_err(|_| Problem::not_found())?;
            merchant::goodwill(&gateway, merchant.id, merchant.facts_version, claim, item).await?
        }
    };
    Ok(HttpResponse::Created().json(SaleRefund {
        id: refund,
        item: item.id,
        amount: item.gross.into(),
    }))
}

/// What happened to the merchant's sales.
#[utoipa::path(get, path = "/v1/events", tag = "merchant", security(("merchant" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<Event>), super::openapi::Problems))]
pub async fn events_list(
    gateway: Data<Gateway>,
    merchant: Merchant,
    PageQuery(page): PageQuery,
) -> Answered {
    merchant.require("sales:read")?;
    let id = merchant.id;
    let rows = gateway.store.read(move |db| events_page(db, id, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, Event::from)))
}
