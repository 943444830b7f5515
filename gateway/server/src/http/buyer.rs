//! The buyer's calls: vault, loads, quotes, purchases, refunds, transfers and the transaction log.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Path},
};
use purser_core::{
    card::{code::CardCode, sun::Tap},
    ids::{ItemId, PurchaseId},
};
use purser_store::read::{
    log::log_page,
    purchase::{purchase_get, purchases_page},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    address::address,
    answer,
    auth::Buyer,
    body::{self, Json, MoneyIn},
    page::{PageParams, PageQuery},
};
use crate::{
    app::{
        self,
        basket::{Consumer, OFFERS_MAX, Wish},
        load, purchase, vault,
    },
    gateway::Gateway,
    place::place,
    problem::{self, Problem},
};

type Answered = Result<HttpResponse, Problem>;

/// The vault.
#[utoipa::path(get, path = "/v1/vault", tag = "buyer", security(("buyer" = [])),
    responses((status = 200, body = answer::Vault), super::openapi::Problems))]
pub async fn vault_get(gateway: Data<Gateway>, buyer: Buyer) -> Answered {
    let payer = buyer.payer();
    let view = vault::view(&gateway, &payer, &vault::looking(&gateway, &payer)).await?;
    Ok(HttpResponse::Ok().json(answer::Vault::of(&gateway, view)))
}

/// A pre-paid card, by its printed code or by a tap of its chip.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CardIn {
    /// The printed code. Letters of either case, spaces and hyphens do not matter.
    code: Option<String>,
    /// `picc_data` of the tap's link, hexadecimal.
    picc_data: Option<String>,
    /// `cmac` of the tap's link, hexadecimal.
    cmac: Option<String>,
}

body::parts!(CardIn);

/// A load.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoadRequest)]
pub struct LoadIn {
    /// The card.
    card: CardIn,
    /// How much of it, in its own currency; all of it, if left out.
    amount: Option<MoneyIn>,
}

impl CardIn {
    fn shown(&self) -> Result<load::Shown, Problem> {
        let code = self.code.as_deref().map(CardCode::parse);
        let unreadable = Ok(load::Shown::Unreadable);
        match (code, &self.picc_data, &self.cmac) {
            (Some(Ok(code)), None, None) => Ok(load::Shown::Code(code)),
            (Some(Err(_)), _, _) => unreadable,
            (code, Some(picc_data), Some(cmac)) => match Tap::parse(picc_data, cmac) {
                Ok(tap) => Ok(load::Shown::Tap(Box::new(tap), code.and_then(Result::ok))),
                Err(_) => unreadable,
            },
            (_, Some(_), None) => {
                Err(Problem::malformed("card.cmac", "a tap is picc_data and cmac together"))
            }
            (_, None, Some(_)) => {
                Err(Problem::malformed("card.picc_data", "a tap is picc_data and cmac together"))
            }
            (None, None, None) => {
                Err(Problem::malformed("card", "give `code`, or `picc_data` and `cmac`"))
            }
        }
    }
}

/// Load the vault from a pre-paid card.
#[utoipa::path(post, path = "/v1/vault/loads", tag = "buyer", security(("buyer" = [])),
    params(super::openapi::IdempotencyKey), request_body = LoadIn,
    responses((status = 201, body = answer::Load), super::openapi::Problems))]
pub async fn load_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    buyer: Buyer,
    bytes: Bytes,
) -> Answered {
    let (claim, answered) = buyer.key.claim(&gateway, &request, &bytes)?;
    let record = match answered {
        Some(outcome) => load::loaded(outcome)?,
        None => {
            let input: LoadIn = body::parse(&bytes)?;
            let amount =
                input.amount.as_ref().map(|amount| amount.positive("amount")).transpose()?;
            let asked =
                load::Asked { shown: input.card.shown()?, amount, address: address(&request) };
            load::load(&gateway, &buyer.payer(), claim, &asked).await?
        }
    };
    Ok(HttpResponse::Created().json(answer::Load::from(record)))
}

/// What is to be priced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuoteRequest)]
pub struct QuoteIn {
    /// The merchants' signed offers, compact JWS each.
    #[schema(min_items = 1, max_items = 50)]
    offers: Vec<String>,
    /// Where the buyer consumes; the account's country, if left out.
    #[schema(pattern = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$", example = "DE")]
    country: Option<String>,
    /// A business buyer's tax number, for reverse charge.
    #[schema(max_length = 32)]
    tax_id: Option<String>,
}

/// What is to be bought.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseRequest)]
pub struct PurchaseIn {
    /// The merchants' signed offers, compact JWS each.
    #[schema(min_items = 1, max_items = 50)]
    offers: Vec<String>,
    /// Where the buyer consumes; the account's country, if left out.
    #[schema(pattern = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$", example = "DE")]
    country: Option<String>,
    /// A business buyer's tax number, for reverse charge.
    #[schema(max_length = 32)]
    tax_id: Option<String>,
    /// The most that may leave the vault.
    max_total: Option<MoneyIn>,
    /// The PIN, above the step-up limit.
    pin: Option<String>,
}

fn wish(
    buyer: &Buyer,
    offers: Vec<String>,
    country: Option<&str>,
    tax_id: Option<String>,
) -> Result<Wish, Problem> {
    if offers.is_empty() || offers.len() > OFFERS_MAX {
        return Err(Problem::malformed("offers", format!("1 to {OFFERS_MAX} offers")));
    }
    let country = match country {
        Some(text) => Some(place(text, "country")?),
        None => buyer.country.clone(),
    };
    let country = country.ok_or_else(|| {
        let problem = Problem::new(problem::TAX_COUNTRY_UNSUPPORTED).field("country");
        problem
            .detail("neither the request nor the account names a country, and taxes depend on it")
    })?;
    let tax_id = tax_id.map(|tax_id| body::text(&tax_id, 1..=32, "tax_id")).transpose()?;
    Ok(Wish { offers, consumer: Consumer { country, tax_id } })
}

/// Longer than any PIN: what has another form is a wrong one, but what nobody types is no PIN at all.
const PIN_CHARS_MAX: usize = 64;

/// A PIN as it was typed.
pub(crate) fn pin(pin: Option<String>) -> Result<Option<String>, Problem> {
    pin.map(|pin| body::text(&pin, 0..=PIN_CHARS_MAX, "pin")).transpose()
}

/// What a purchase would cost. Moves nothing and needs no funds.
#[utoipa::path(post, path = "/v1/quotes", tag = "buyer", security(("buyer" = [])), request_body = QuoteIn,
    responses((status = 200, body = answer::Quote), super::openapi::Problems))]
pub async fn quote_create(
    gateway: Data<Gateway>,
    buyer: Buyer,
    Json(input): Json<QuoteIn>,
) -> Answered {
    let wish = wish(&buyer, input.offers, input.country.as_deref(), input.tax_id)?;
    let basket = app::quote::quote(&gateway, &buyer.payer(), &wish).await?;
    Ok(HttpResponse::Ok().json(answer::Quote::from(&basket)))
}

/// Buy: 1 to 50 offers of one or several merchants, all or nothing.
#[utoipa::path(post, path = "/v1/purchases", tag = "buyer", security(("buyer" = [])),
    params(super::openapi::IdempotencyKey), request_body = PurchaseIn,
    responses((status = 201, body = answer::Purchase), super::openapi::Problems))]
pub async fn purchase_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    buyer: Buyer,
    bytes: Bytes,
) -> Answered {
    let (claim, answered) = buyer.key.claim(&gateway, &request, &bytes)?;
    let stored = match answered {
        Some(outcome) => purchase::paid(&gateway, buyer.account, outcome).await?,
        None => {
            let input: PurchaseIn = body::parse(&bytes)?;
            let unit = gateway.settings.unit_of_account;
            let max_total = input
                .max_total
                .as_ref()
                .map(|most| most.positive_in(unit, "max_total"))
                .transpose()?;
            let wish = wish(&buyer, input.offers, input.country.as_deref(), input.tax_id)?;
            let agreement = purchase::Agreement { wish, max_total, pin: pin(input.pin)? };
            purchase::purchase(&gateway, &buyer.payer(), claim, &agreement).await?
        }
    };
    Ok(HttpResponse::Created().json(answer::Purchase::from(stored)))
}

/// The purchases of this account.
#[utoipa::path(get, path = "/v1/purchases", tag = "buyer", security(("buyer" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<answer::Purchase>), super::openapi::Problems))]
pub async fn purchases_list(
    gateway: Data<Gateway>,
    buyer: Buyer,
    PageQuery(page): PageQuery,
) -> Answered {
    let account = buyer.account;
    let rows = gateway.store.read(move |db| purchases_page(db, account, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, answer::Purchase::from)))
}

/// One purchase.
#[utoipa::path(get, path = "/v1/purchases/{id}", tag = "buyer", security(("buyer" = [])),
    responses((status = 200, body = answer::Purchase), super::openapi::Problems))]
pub async fn purchase_get_one(gateway: Data<Gateway>, buyer: Buyer, id: Path<String>) -> Answered {
    let account = buyer.account;
    let id: PurchaseId = id.parse().map_err(|_| Problem::not_found())?;
    let stored = gateway.store.read(move |db| purchase_get(db, account, id)).await?;
    Ok(HttpResponse::Ok().json(answer::Purchase::from(stored.ok_or_else(Problem::not_found)?)))
}

/// What is to go back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundRequest)]
pub struct RefundIn {
    /// The item's id.
    item: String,
}

/// Take an item back: exactly what was charged for it, at once.
#[utoipa::path(post, path = "/v1/refunds", tag = "buyer", security(("buyer" = [])),
    params(super::openapi::IdempotencyKey), request_body = RefundIn,
    responses((status = 201, body = answer::Refund), super::openapi::Problems))]
pub async fn refund_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    buyer: Buyer,
    bytes: Bytes,
) -> Answered {
    let (claim, answered) = buyer.key.claim(&gateway, &request, &bytes)?;
    let refunded = match answered {
        Some(outcome) => app::refund::refunded(outcome)?,
        None => {
            let input: RefundIn = body::parse(&bytes)?;
            let item = input.item.parse::<ItemId>().ok();
            app::refund::refund(&gateway, &buyer.payer(), claim, item).await?
        }
    };
    Ok(HttpResponse::Created().json(answer::Refund::of(&gateway, refunded)))
}

/// A payment to another buyer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TransferRequest)]
pub struct TransferIn {
    /// The other's handle. Letters of either case, blanks and hyphens do not matter.
    to: String,
    /// How much, in the unit of account.
    amount: MoneyIn,
    /// The PIN, above the step-up limit.
    pin: Option<String>,
}

/// Pay another buyer.
#[utoipa::path(post, path = "/v1/transfers", tag = "buyer", security(("buyer" = [])),
    params(super::openapi::IdempotencyKey), request_body = TransferIn,
    responses((status = 201, body = answer::Transfer), super::openapi::Problems))]
pub async fn transfer_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    buyer: Buyer,
    bytes: Bytes,
) -> Answered {
    let (claim, answered) = buyer.key.claim(&gateway, &request, &bytes)?;
    let transferred = match answered {
        Some(outcome) => app::transfer::transferred(outcome)?,
        None => {
            let input: TransferIn = body::parse(&bytes)?;
            let amount = input.amount.positive_in(gateway.settings.unit_of_account, "amount")?;
            let to = app::transfer::handle(&input.to);
            let asked = app::transfer::Asked { to, amount, pin: pin(input.pin)? };
            app::transfer::transfer(&gateway, &buyer.payer(), claim, &asked).await?
        }
    };
    Ok(HttpResponse::Created().json(answer::Transfer::from(transferred)))
}

/// The transaction log.
#[utoipa::path(get, path = "/v1/transactions", tag = "buyer", security(("buyer" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<answer::Transaction>), super::openapi::Problems))]
pub async fn transactions_list(
    gateway: Data<Gateway>,
    buyer: Buyer,
    PageQuery(page): PageQuery,
) -> Answered {
    let account = buyer.account;
    let rows = gateway.store.read(move |db| log_page(db, account, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, answer::Transaction::from)))
}
