//! Merchants, and signing them up.

use actix_web::HttpResponse;
use askama::Template;
use purser_store::facts::merchant::{Merchant, merchant_list};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::merchant::{SignedUp, sign_up},
    http::operator::merchants::MerchantIn,
    pages::{
        Answered,
        call::{self, given, lines, number},
        form::Form,
        made::Made,
        shell::Shell,
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

pub(super) const LIST: &str = "/operator/merchants";

#[derive(Template)]
#[template(path = "operator/merchants.html")]
struct MerchantsPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    merchants: Vec<Merchant>,
    form: &'a MerchantForm,
}

/// A merchant to be signed up. Its inputs are named as the fields of the API.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MerchantForm {
    name: String,
    country: String,
    fee_percent: String,
    #[serde(rename = "tax.taxpayer")]
    taxpayer: String,
    #[serde(rename = "tax.registrations")]
    registrations: String,
    return_origins: String,
    stamps_plugin: String,
    void_hold_days: String,
}

/// The list.
pub async fn page(visit: OperatorVisit) -> Answered {
    show(&visit, Faults::default(), &MerchantForm::default()).await
}

/// Signs a merchant up, and shows its keys this once.
pub async fn create(visit: OperatorVisit, form: Form<MerchantForm>) -> Answered {
    match signed_up(&visit, &form.fields).await {
        Ok(SignedUp { merchant, secret_key, offer_key }) => {
            let offer_secret = offer_key.secret.map(|secret| secret.expose().to_owned());
            let made = Made {
                title: visit.shell.say("op-merchant-made").arg("name", &merchant.name).to_string(),
                lead: visit.shell.t("op-merchant-made-lead"),
                shown: vec![
                    (visit.shell.t("op-merchant-id"), merchant.id.to_string()),
                    (visit.shell.t("desk-key"), secret_key.expose().to_owned()),
                    ("kid".to_owned(), offer_key.row.kid),
                    (visit.shell.t("op-offer-secret"), offer_secret.unwrap_or_default()),
                ],
                back: format!("{LIST}/{}", merchant.id),
            };
            made.show(&visit)
        }
        Err(problem) => show(&visit, visit.mend(problem)?, &form.fields).await,
    }
}

async fn signed_up(visit: &OperatorVisit, form: &MerchantForm) -> Result<SignedUp, Problem> {
    let merchant: MerchantIn = call::body(&json!({
        "name": form.name,
        "country": form.country,
        "fee_percent": given(&form.fee_percent),
        "tax": {
            "taxpayer": given(&form.taxpayer),
            "registrations": registrations(&form.registrations),
        },
        "return_origins": lines(&form.return_origins),
        "stamps_plugin": given(&form.stamps_plugin),
        "void_hold_days": number::<u32>(&form.void_hold_days, "void_hold_days")?,
    }))?;
    sign_up(&visit.gateway, merchant.read(&visit.gateway)?).await
}

/// Registrations, one on each line: authority, scheme, number.
pub(super) fn registrations(said: &str) -> Vec<Value> {
    let read = |line: String| {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (authority, scheme) = (word(), word());
        let number = words.collect::<Vec<_>>().join(" ");
        json!({ "authority": authority, "scheme": scheme, "number": number })
    };
    lines(said).into_iter().map(read).collect()
}

async fn show(
    visit: &OperatorVisit,
    faults: Faults,
    form: &MerchantForm,
) -> Result<HttpResponse, Problem> {
    let merchants = visit.gateway.store.read(merchant_list).await?;
    let page = MerchantsPage { shell: &visit.shell, faults, merchants, form };
    visit.show(&page).about(&page.faults).send()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_is_a_line_of_three_words_and_a_number_may_have_blanks() {
        let read = registrations("DE vat DE136695976\r\n\r\nGB  vat GB 123 4567 89\nFR");
        assert_eq!(
            read,
            [
                json!({ "authority": "DE", "scheme": "vat", "number": "DE136695976" }),
                json!({ "authority": "GB", "scheme": "vat", "number": "GB 123 4567 89" }),
                json!({ "authority": "FR", "scheme": "", "number": "" }),
            ]
        );
    }
}
