//! What each shop sees of the buyer, and taking back what it was allowed to see.

use askama::Template;
use purser_core::ids::MerchantId;
use serde::Deserialize;

use crate::{
    app::{
        oidc::consent,
        shops::{self, Shop},
    },
    pages::{
        Answered,
        form::Form,
        shell::{Flash, Shell},
        visit::BuyerVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "wallet/shops.html")]
struct ShopsPage<'a> {
    shell: &'a Shell,
    shops: Vec<Shop>,
    /// Whether shops that are paid in one purchase are told at different times.
    apart: bool,
}

/// A shop that shall see nothing more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawForm {
    #[serde(default)]
    shop: String,
}

/// The shops.
pub async fn page(visit: BuyerVisit) -> Answered {
    let shops = shops::shops(&visit.gateway, visit.payer.account).await?;
    let apart = !visit.gateway.settings.shops_told_within.is_zero();
    visit.show(&ShopsPage { shell: &visit.shell, shops, apart }).send()
}

/// Takes back what was agreed to at a shop.
pub async fn withdraw(visit: BuyerVisit, form: Form<WithdrawForm>) -> Answered {
    let shop: MerchantId = form.fields.shop.parse().map_err(|_| Problem::not_found())?;
    // Whoever presses twice has taken it back all the same.
    consent::withdraw(&visit.gateway, visit.payer.account, shop).await?;
    Ok(visit.go_saying("/wallet/shops", &Flash::good("wallet-shop-withdrawn")))
}
