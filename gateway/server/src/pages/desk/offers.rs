//! An offer maker: for merchants who want to sell something before any program of theirs signs offers.

use actix_web::http::StatusCode;
use askama::Template;
use purser_core::tax::Category;
use serde::Deserialize;
use serde_json::json;

use super::scope;
use crate::{
    app::merchant::offer_sign,
    http::merchant::OfferIn,
    pages::{
        Answered,
        call::{self, given, number},
        form::{Form, typed_amount},
        qr,
        shell::Shell,
        shown::Faults,
        visit::MerchantVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "desk/offers.html")]
struct OffersPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    form: &'a OfferForm,
}

impl OffersPage<'_> {
    fn categories(&self) -> [Category; 11] {
        Category::ALL
    }

    fn lives(&self) -> [&'static str; 5] {
        LIVES.map(|(name, _)| name)
    }
}

/// How long an offer may be good for: its message, and seconds.
const LIVES: [(&str, i64); 5] = [
    ("hour", 3_600),
    ("day", 86_400),
    ("week", 604_800),
    ("month", 2_592_000),
    ("year", 31_536_000),
];

#[derive(Template)]
#[template(path = "desk/offer.html")]
struct OfferPage<'a> {
    shell: &'a Shell,
    title: &'a str,
    pay_url: String,
    offer: String,
    snippet: String,
    qr: Option<String>,
}

/// A link that a merchant puts into a page of its own.
#[derive(Template)]
#[template(path = "desk/snippet.html")]
struct Snippet<'a> {
    pay_url: &'a str,
    text: String,
}

/// What is to be offered. Its inputs are named as the fields of the API.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfferForm {
    #[serde(rename = "item.id")]
    item_id: String,
    #[serde(rename = "item.title")]
    item_title: String,
    #[serde(rename = "item.category")]
    item_category: String,
    #[serde(rename = "item.url")]
    item_url: String,
    #[serde(rename = "price.amount")]
    price_amount: String,
    #[serde(rename = "price.currency")]
    price_currency: String,
    tax_inclusive: String,
    expires_in: String,
    single_use: String,
    refund_window_days: String,
    return_url: String,
}

/// The form.
pub async fn page(visit: MerchantVisit) -> Answered {
    visit.require(scope::OFFERS)?;
    let form = OfferForm { tax_inclusive: "yes".to_owned(), ..OfferForm::default() };
    visit.show(&OffersPage { shell: &visit.shell, faults: Faults::default(), form: &form }).send()
}

/// Signs the offer, and shows what to do with it.
pub async fn create(visit: MerchantVisit, form: Form<OfferForm>) -> Answered {
    visit.require(scope::OFFERS)?;
    match signed(&visit, &form.fields).await {
        Ok((offer, price)) => {
            let pay_url = format!("{}/pay?offer={offer}", visit.gateway.issuer);
            let text = visit.shell.say("desk-pay-button").arg("price", price).to_string();
            let snippet =
                Snippet { pay_url: &pay_url, text }.render().map_err(Problem::internal)?;
            let page = OfferPage {
                shell: &visit.shell,
                title: &form.fields.item_title,
                qr: qr::svg(&pay_url, &visit.shell.t("desk-pay-qr")).ok(),
                pay_url,
                offer,
                snippet,
            };
            visit.show(&page).status(StatusCode::CREATED).send()
        }
        Err(problem) => {
            let faults = visit.mend(problem)?;
            let page = OffersPage { shell: &visit.shell, faults, form: &form.fields };
            visit.show(&page).about(&page.faults).send()
        }
    }
}

async fn signed(visit: &MerchantVisit, form: &OfferForm) -> Result<(String, String), Problem> {
    let life = LIVES.iter().find(|(name, _)| *name == form.expires_in).map(|(_, seconds)| seconds);
    let offer: OfferIn = call::body(&json!({
        "item": {
            "id": form.item_id,
            "title": form.item_title,
            "category": given(&form.item_category),
            "url": given(&form.item_url),
        },
        "price": { "amount": typed_amount(&form.price_amount), "currency": form.price_currency },
        "tax_inclusive": !form.tax_inclusive.is_empty(),
        "expires_in": life,
        "single_use": !form.single_use.is_empty(),
        "refund_window_days": number::<u32>(&form.refund_window_days, "refund_window_days")?,
        "return_url": given(&form.return_url),
    }))?;
    let wish = offer.wish(visit.gateway.clock.today())?;
    let price = visit.shell.money(&wish.price);
    let merchant = visit.profile().await?;
    Ok((offer_sign(&visit.gateway, &merchant, wish).await?, price))
}
